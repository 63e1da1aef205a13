"""A sign's size told by its growth, and a driver that takes each frame at its word."""

from __future__ import annotations

import pytest

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.looming import FEWEST, Looming
from sim.control.odometry import Travel, carry
from sim.control.stopline import LineTrack
from sim.control.stopping import dismissal, next_stop
from sim.control.tracking import coast_tracks, update_tracks
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


@pytest.mark.parametrize(("size_m", "to_m"), [(0.28, 8.0), (1.92, 20.0), (2.4, 20.0)])
def test_a_shirt_and_a_billboard_are_told_from_a_sign(size_m, to_m):
    assert _approached(size_m, to_m=to_m).is_no_sign(CAMERA.focal_px)


def test_nothing_is_said_before_enough_way_and_frames():
    looming = Looming()
    for _ in range(FEWEST + 3):
        looming = looming.driven(0.1).seen(30.0)

    assert looming.size_m(CAMERA.focal_px) is None
    assert not looming.is_no_sign(CAMERA.focal_px)


@pytest.mark.parametrize(("size_m", "seen_m"), [(1.22, 0.75), (0.46, 0.75), (0.91, 0.61)])
def test_a_sign_of_another_size_than_it_seems_is_as_far_away_as_its_growth_says(size_m, seen_m):
    assert _approached(size_m, to_m=12.0).stretch(seen_m, CAMERA.focal_px) == pytest.approx(size_m / seen_m, rel=0.12)


@pytest.mark.parametrize("seen_m", [0.72, 0.76, 0.80])
def test_a_sign_that_is_about_what_it_seems_is_taken_where_it_seems_to_be(seen_m):
    assert _approached(0.76).stretch(seen_m, CAMERA.focal_px) == pytest.approx(1.0, abs=0.02)


def test_what_moves_along_or_was_hardly_seen_is_not_stretched():
    assert Looming().stretch(0.75, CAMERA.focal_px) == 1.0
    assert _approached(0.75, step_m=0.45, to_m=42.0).stretch(0.4, CAMERA.focal_px) == 1.0
    assert _approached(2.4).stretch(0.75, CAMERA.focal_px) == 1.0


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


@pytest.mark.parametrize(("size_m", "seen_m", "until_m"), [(1.22, 0.75, 12.0), (0.46, 0.75, 7.5)])
def test_a_large_sign_and_a_small_one_are_followed_where_they_are(size_m, seen_m, until_m):
    tracks, depth_m = (), 55.0
    while depth_m > until_m:
        depth_m -= 0.45
        tracks = _see(tracks, depth_m, sign=True, size_m=size_m, taken_for=seen_m / size_m)

    assert len(tracks) == 1
    assert tracks[0].x_m == pytest.approx(depth_m, rel=0.12)
    assert tracks[0].y_m == pytest.approx(-0.1 * depth_m, rel=0.15)


@pytest.mark.parametrize("turn_rad", [-0.006, 0.0, 0.006])
def test_a_size_is_told_on_a_bend_too(turn_rad):
    """Where the car turns, a sign at the roadside comes nearer by up to a tenth more, or less, than the car drives."""
    tracks, x_m, y_m = (), 45.0, -5.0
    travel = Travel(0.45, turn_rad, 0.05, 9.0)
    for step in range(50):
        side, u = CAMERA.focal_px * 1.22 / x_m, CAMERA.centre_u_px - CAMERA.focal_px * y_m / x_m
        box = (u - side / 2, 130.0 - side / 2, u + side / 2, 130.0 + side / 2)
        found = (Detection(ObjectKind.STOP_SIGN, box, 0.9, 0.62 * x_m, 0.1 * x_m),)
        tracks = update_tracks(tracks, Percept(step, found), travel, LaneBelief(), CAMERA, GEOMETRY, 1)[0]
        x_m, y_m = carry(x_m, y_m, travel, GEOMETRY.camera_forward_m)

    low_m, high_m = tracks[0].looming.size_m(CAMERA.focal_px)
    assert 2.0 / (1.0 / low_m + 1.0 / high_m) == pytest.approx(1.22, rel=0.05)


def test_a_size_is_told_by_eyes_that_see_every_fourth_frame():
    tracks, depth_m = (), 45.0
    travel = Travel(0.45, 0.0, 0.05, 9.0)
    for step in range(68):
        depth_m -= 0.45
        if step % 4:
            tracks = coast_tracks(tracks, travel, GEOMETRY)
        else:
            tracks = _see(tracks, depth_m, sign=True, checks_size=True)

    assert [(each.wrong_size, each.moves) for each in tracks] == [(False, False)]
    assert tracks[0].stretch == pytest.approx(1.0, abs=0.02)
    assert tracks[0].looming.way_m == pytest.approx(67 * 0.45, rel=0.05)


def test_what_was_believed_nearer_than_it_is_goes_when_it_is_seen_where_it_is():
    tracks, depth_m = (), 50.0
    for step in range(30):
        depth_m -= 0.45
        tracks = _see(tracks, depth_m, sign=True, taken_for=0.55 if step < 12 else 1.0)
        if step == 11:
            assert tracks[0].believed

    assert [round(each.x_m / depth_m, 1) for each in tracks] == [1.0]


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


@pytest.mark.parametrize(
    ("size_m", "speed_mps", "to_m", "says"),
    [(2.4, 0.0, 25.0, "slowly"), (0.25, 0.0, 6.0, "at most 0"), (0.76, 8.0, 43.6, "slowly"), (0.76, 0.0, 25.0, "")],
)
def test_the_driver_says_why_what_looks_like_a_sign_is_none(size_m, speed_mps, to_m, says):
    tracks, depth_m = (), 45.0
    while depth_m > to_m:
        depth_m -= 0.45 - 0.05 * speed_mps
        tracks = _see(tracks, depth_m, sign=True, size_m=size_m, taken_for=0.76 / size_m, checks_size=True)

    sentence = dismissal(tracks, CAMERA.focal_px)
    assert says in sentence
    assert bool(says) is bool(sentence)
    assert dismissal((), CAMERA.focal_px) == ""
