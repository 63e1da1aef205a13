"""A sign's size told by its growth, and a driver that takes each frame at its word."""

from __future__ import annotations

import pytest

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.looming import FEWEST, Looming
from sim.control.odometry import Travel
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


def _see(tracks, depth_m, *, sign, **options):
    side = CAMERA.focal_px * 0.76 / depth_m
    u, v = CAMERA.centre_u_px + 0.1 * CAMERA.focal_px, CAMERA.centre_v_px - 20.0
    box = (u - side / 2, v - side / 2, u + side / 2, v + side / 2)
    found = (Detection(ObjectKind.STOP_SIGN, box, 0.9, depth_m, 0.05 * depth_m),) if sign else ()
    travel = Travel(0.45, 0.0, 9.0, 0.05)
    return update_tracks(tracks, Percept(0, found), travel, LaneBelief(), CAMERA, GEOMETRY, 1, **options)[0]


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


def test_growth_is_followed_only_where_it_is_asked_for():
    tracks, sized, depth_m = (), (), 45.0
    for _ in range(30):
        tracks, sized = _see(tracks, depth_m, sign=True), _see(sized, depth_m, sign=True, checks_size=True)
        depth_m -= 0.45

    assert tracks[0].looming == Looming()
    assert sized[0].looming.frames > 20
    assert not sized[0].wrong_size
