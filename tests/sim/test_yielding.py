"""For whom the driver waits, from tracks alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.odometry import Travel
from sim.control.stopline import LineTrack
from sim.control.track import Track
from sim.control.yielding import (
    ARM_GAP_M,
    PATIENCE_S,
    PERSON_GAP_M,
    Cause,
    Crosser,
    crossing_before,
    must_let_through,
    next_yield,
    update_crossers,
)
from sim.percept import ObjectKind

LANE = LaneBelief()
BUMPER_M = 1.9
STILL = Travel(0.0, 0.0, 0.05, 0.0)


def person(x_m: float, y_m: float, aside_mps: float = 0.0, **changes: float) -> Track:
    track = Track(1, ObjectKind.PEDESTRIAN, x_m, y_m, 0.2, 4.0, 1.0, 0.0, believed=True, aside_mps=aside_mps)
    return replace(track, **changes)


def sign(x_m: float, y_m: float, rise_m: float) -> Track:
    return Track(2, ObjectKind.STOP_SIGN, x_m, y_m, 0.2, 4.0, 1.0, 0.0, believed=True, rise_m=rise_m)


def vehicle(x_m: float, y_m: float, aside_mps: float, speed_mps: float = 0.0, number: int = 3) -> Track:
    return Track(number, ObjectKind.VEHICLE, x_m, y_m, 0.2, 4.0, 1.0, 0.0, speed_mps, half_length_m=1.0, believed=True,
                 aside_mps=aside_mps)  # fmt: skip


def wait(*tracks: Track, speed_mps: float = 8.0, lines: tuple[LineTrack, ...] = ()):
    return next_yield(tracks, lines, LANE, speed_mps, BUMPER_M, 0.7, Camera())


def test_it_waits_three_metres_before_someone_in_the_lane():
    found = wait(person(30.0, 0.5))
    assert found is not None
    assert (found.cause, found.in_m) == (Cause.PERSON, pytest.approx(30.0 - BUMPER_M - PERSON_GAP_M))


@pytest.mark.parametrize(("y_m", "aside_mps"), [(-3.5, 1.3), (4.0, -1.3)])
def test_it_waits_for_someone_who_walks_towards_the_lane_from_either_side(y_m, aside_mps):
    assert wait(person(25.0, y_m, aside_mps)) is not None


@pytest.mark.parametrize(
    ("y_m", "aside_mps"), [(-3.5, 0.0), (-3.5, -1.3), (4.0, 1.3), (1.7, 1.3), (-9.0, 1.3)],
    ids=["stands at the kerb", "walks off to the right", "walks off to the left", "has passed", "is far off"],
)  # fmt: skip
def test_it_does_not_wait_for_someone_who(y_m, aside_mps):
    assert wait(person(25.0, y_m, aside_mps)) is None


def test_it_passes_before_someone_slow_when_it_is_quick_and_near():
    slow = person(12.0, 5.5, -0.5)
    assert wait(slow, speed_mps=12.0) is None


def test_it_waits_at_the_line_where_one_belongs_to_the_crosswalk():
    found = wait(person(20.0, 0.0), lines=(LineTrack(16.0, 0.1, 3.0),))
    assert found is not None
    assert found.in_m == pytest.approx(16.0 - BUMPER_M - 0.7)


def test_someone_no_longer_seen_is_no_longer_waited_for():
    assert wait(person(20.0, 0.0, unseen_s=1.5)) is None
    assert wait(person(20.0, 0.0, believed=False)) is None


def test_it_stops_twenty_feet_before_a_school_bus_arm_and_takes_no_roadside_sign_for_one():
    found = wait(sign(30.0, 2.0, 1.36))
    assert found is not None
    assert (found.cause, found.in_m) == (Cause.SCHOOL_BUS, pytest.approx(30.0 - BUMPER_M - ARM_GAP_M))
    assert wait(sign(30.0, -3.5, 1.36)) is None
    assert wait(sign(30.0, 2.0, 1.9)) is None


def test_it_stops_where_it_still_sees_the_arm_however_far_aside():
    camera = Camera()
    for y_m in (2.0, 3.5, 5.0):
        found = wait(sign(30.0, y_m, 1.4))
        assert found is not None
        stands_m = 30.0 - found.in_m
        outer_px = camera.focal_px * (y_m + 0.2) / stands_m
        assert outer_px < 0.87 * camera.centre_u_px


def seen(*tracks: Track, before: tuple[Crosser, ...] = (), standing: bool = False, line_m: float | None = 5.0):
    return update_crossers(before, tracks, STILL, LANE, line_m, 1.7, standing=standing)


def test_who_waited_before_the_car_stood_goes_first_until_patience_ends():
    waiting = seen(vehicle(14.0, -6.5, 0.0))
    assert must_let_through(waiting, 0.0)
    out_of_sight = seen(before=waiting, standing=True)
    assert must_let_through(out_of_sight, PATIENCE_S - 0.1)
    assert not must_let_through(out_of_sight, PATIENCE_S)


def test_who_comes_to_wait_later_waits():
    assert not must_let_through(seen(vehicle(14.0, -6.5, 0.0), standing=True), 0.0)


@pytest.mark.parametrize("y_m", [3.4, -3.3, 0.0], ids=["oncoming", "parked", "ahead"])
def test_who_stands_on_the_own_road_has_no_turn(y_m):
    assert seen(vehicle(14.0, y_m, 0.0)) == ()


def test_whoever_drives_across_is_let_through_and_then_forgotten():
    crossers = seen(vehicle(12.0, -4.5, 4.0), standing=True)
    assert must_let_through(crossers, 100.0)
    for _ in range(60):
        crossers = seen(before=crossers, standing=True)
    assert not must_let_through(crossers, 100.0)


def test_who_waited_out_of_sight_and_drives_through_the_picture_is_not_waited_for_twice():
    waiting = seen(vehicle(14.0, -6.5, 0.0))
    driving = seen(vehicle(13.0, -3.0, 4.0, number=9), before=waiting, standing=True)
    assert [crosser.track_id for crosser in driving] == [9]


def test_without_a_line_nobody_is_remembered():
    assert seen(vehicle(14.0, -6.5, 0.0), line_m=None) == ()


def crosses(x_m: float, y_m: float, aside_mps: float, speed_mps: float = 2.0):
    return crossing_before([vehicle(x_m, y_m, aside_mps)], LANE, speed_mps, BUMPER_M, 2.2)


def test_who_drives_across_after_the_car_has_set_off_is_waited_for():
    found = crosses(10.0, 6.0, -3.0)
    assert found is not None
    assert found.cause is Cause.TRAFFIC
    assert found.in_m == pytest.approx(10.0 - BUMPER_M - 3.0)


@pytest.mark.parametrize(
    ("x_m", "y_m", "aside_mps", "speed_mps"),
    [
        (10.0, 6.0, 0.2, 2.0),  # stands
        (10.0, 6.0, 3.0, 2.0),  # drives away
        (10.0, 20.0, -3.0, 2.0),  # is far
        (6.0, 3.0, -3.0, 4.0),  # too near to stop for in comfort
    ],
)
def test_the_car_goes_on_before_who(x_m: float, y_m: float, aside_mps: float, speed_mps: float):
    assert crosses(x_m, y_m, aside_mps, speed_mps) is None
