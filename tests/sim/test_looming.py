"""A sign's size told by its growth, and a driver that takes each frame at its word."""

from __future__ import annotations

import pytest

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.looming import FEWEST, Looming
from sim.control.odometry import Travel
from sim.control.stopline import LineTrack
from sim.control.stopping import next_stop
from sim.control.tracking import update_tracks
from sim.percept import Detection, ObjectKind, Percept
from sim.vehicle import VehicleGeometry

CAMERA, GEOMETRY = Camera(), VehicleGeometry()


def _approached(size_m, from_m=45.0, to_m=20.0, step_m=0.45):
    looming, depth_m = Looming(), from_m
    while depth_m > to_m:
        # Rounded to whole pixels: a detector knows no better.
        looming = looming.driven(step_m).seen(float(round(CAMERA.focal_px * size_m / depth_m)))
        depth_m -= step_m
    return looming


@pytest.mark.parametrize("size_m", [0.46, 0.61, 0.76, 0.91, 1.22])
def test_a_stop_sign_of_any_size_is_never_taken_for_something_else(size_m):
    looming = _approached(size_m)

    low_m, high_m = looming.size_m(CAMERA.focal_px)
    assert low_m <= size_m <= high_m
    assert not looming.is_no_sign(CAMERA.focal_px)


@pytest.mark.parametrize("size_m", [0.28, 1.92, 2.4])
def test_a_shirt_and_a_billboard_are_told_from_a_sign(size_m):
    assert _approached(size_m).is_no_sign(CAMERA.focal_px)


def test_nothing_is_said_before_enough_way_and_frames():
    looming = Looming()
    for _ in range(FEWEST + 3):
        looming = looming.driven(0.1).seen(30.0)

    assert looming.size_m(CAMERA.focal_px) is None
    assert not looming.is_no_sign(CAMERA.focal_px)


def _see(tracks, depth_m, *, sign, taken_for=1.0, size_m=0.76, **options):
    side = CAMERA.focal_px * size_m / depth_m
    u, v = CAMERA.centre_u_px + 0.1 * CAMERA.focal_px, CAMERA.centre_v_px - 20.0
    box = (u - side / 2, v - side / 2, u + side / 2, v + side / 2)
    found = (Detection(ObjectKind.STOP_SIGN, box, 0.9, taken_for * depth_m, 0.1 * depth_m),) if sign else ()
    travel = Travel(0.45, 0.0, 0.05, 9.0)
    return update_tracks(tracks, Percept(0, found), travel, LaneBelief(), CAMERA, GEOMETRY, 1, **options)[0]


@pytest.mark.parametrize(("speed_mps", "moves"), [(0.0, False), (7.0, True), (9.0, True)])
def test_a_picture_on_a_lorry_moves_along_and_asks_for_no_stop(speed_mps, moves):
    tracks, depth_m = (), 32.0
    for _ in range(24):
        depth_m -= 0.45 - 0.05 * speed_mps
        tracks = _see(tracks, depth_m, sign=True)

    assert tracks[0].believed
    assert tracks[0].moves is moves
    assert (next_stop(tracks, (), 1.5, 0.7) is None) is moves
    # A stop line says that there is something to stop for, whatever moves before it.
    assert next_stop(tracks, (LineTrack(tracks[0].x_m - 1.0, 0.3, 3.0),), 1.5, 0.7) is not None


@pytest.mark.parametrize("taken_for", [0.8, 0.9, 1.25, 1.6])
def test_a_sign_of_another_size_than_it_is_taken_for_does_not_move(taken_for):
    tracks, depth_m = (), 45.0
    for _ in range(70):
        depth_m -= 0.45
        tracks = _see(tracks, depth_m, sign=True, taken_for=taken_for)

    assert tracks[0].believed
    assert not tracks[0].moves


def test_a_driver_without_memory_believes_one_frame_and_forgets_with_the_next():
    believed = _see((), 30.0, sign=True, at_its_word=True)
    assert believed[0].believed

    assert _see(believed, 29.5, sign=False, at_its_word=True) == ()


def test_the_standard_driver_believes_no_single_frame_and_does_not_forget_what_it_believes():
    tracks, depth_m = _see((), 40.0, sign=True), 40.0
    assert not tracks[0].believed
    for _ in range(20):
        depth_m -= 0.45
        tracks = _see(tracks, depth_m, sign=True)
    assert tracks[0].believed

    assert _see(tracks, depth_m - 0.45, sign=False)[0].believed


@pytest.mark.parametrize("checks_size", [False, True])
def test_what_growth_tells_of_a_size_counts_only_where_it_is_asked_for(checks_size):
    tracks, depth_m = (), 45.0
    for _ in range(30):
        tracks = _see(tracks, depth_m, sign=True, size_m=2.4, checks_size=checks_size)
        depth_m -= 0.45

    assert tracks[0].looming.frames > 20
    assert tracks[0].wrong_size is checks_size
