"""Vehicles across the way just ahead, and what the driver does about them."""

from __future__ import annotations

import pytest

from sim.camera import Camera
from sim.control import DriverConfig, DriverMemory, Phase, Track, decide
from sim.control.driver import ENTERING_MPS, LOOKS_S
from sim.control.lane import LaneBelief
from sim.control.obstruction import MOST_SCORE, NEAR_M, Obstruction, update_obstruction
from sim.control.odometry import Travel
from sim.control.ranging import HALF_CAR_M, whole_of
from sim.control.tracking import update_tracks
from sim.percept import Box, Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.vehicle import STEP_S, OwnMotion, VehicleGeometry

CAMERA, GEOMETRY, LANE = Camera(), VehicleGeometry(), LaneBelief()
BUMPER_M = GEOMETRY.camera_to_bumper_m
LORRY_M = 3.2
STRAIGHT = LaneEstimate(0.0, 0.0, 0.0, 1.0)


def seen(side_m: float, right_m: float, left_m: float, score: float = 0.5) -> Detection:
    """A lorry whose side shows at a depth, between two places left of the camera, as far as the frame shows it."""
    box: Box = (
        max(CAMERA.centre_u_px - left_m / side_m * CAMERA.focal_px, 0.0),
        max(CAMERA.centre_v_px - (LORRY_M - CAMERA.height_m) / side_m * CAMERA.focal_px, 40.0),
        min(CAMERA.centre_u_px - right_m / side_m * CAMERA.focal_px, float(CAMERA.width_px)),
        CAMERA.centre_v_px + CAMERA.height_m / side_m * CAMERA.focal_px,
    )
    return Detection(ObjectKind.VEHICLE, box, score, side_m + 1.2, 0.1 * side_m)


def believe(*frames: Detection | None, tracks: tuple[Track, ...] = ()) -> Obstruction:
    belief = Obstruction()
    for found in frames:
        detections = () if found is None else (found,)
        belief = update_obstruction(belief, detections, tracks, LANE, CAMERA, BUMPER_M, 0.0, STEP_S)
    return belief


def test_a_lorry_that_comes_from_the_left_is_in_the_way_as_soon_as_it_shows():
    lorry = seen(8.0, 2.5, 10.0)
    assert not believe(lorry).believed  # one frame is no proof
    assert believe(lorry, lorry).believed
    assert believe(lorry, lorry).x_m == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize(
    "found",
    [
        seen(8.0, -9.0, -2.0),  # waits on the right
        seen(8.0, 4.0, 10.0),  # not yet near, on the left
        seen(11.0, 1.7, 4.3),  # comes towards the car in its own lane, whole in the picture
        seen(BUMPER_M + NEAR_M + 0.5, -2.0, 3.0),  # far enough to be followed
        seen(BUMPER_M - 0.5, -0.5, 5.0),  # passes by
    ],
)
def test_what_is_elsewhere_is_not_in_the_way(found: Detection):
    assert believe(found, found, found, found) == Obstruction()


def test_the_belief_fades_soon_after_it_has_passed_and_is_carried_with_the_car():
    lorry = seen(8.0, -3.0, 4.0, 0.9)
    assert believe(*[lorry] * 9).score == MOST_SCORE
    assert believe(*[lorry] * 9, *[None] * 6).believed
    assert not believe(*[lorry] * 9, *[None] * 14).believed
    assert believe(*[lorry] * 9, *[None] * 40) == Obstruction()
    driven = update_obstruction(believe(lorry, lorry), None, (), LANE, CAMERA, BUMPER_M, 0.1, STEP_S)
    assert driven.x_m == pytest.approx(7.9, abs=0.1)


def test_who_has_come_towards_the_car_for_a_while_passes_by():
    passing = seen(5.0, 1.7, 5.0, 0.9)
    oncoming = Track(1, ObjectKind.VEHICLE, 4.0, 3.0, 0.3, 4.0, 2.0, 0.0, -5.0, half_length_m=2.2, believed=True)
    assert believe(passing, passing).believed
    assert not believe(passing, passing, tracks=(oncoming,)).believed


def test_who_stands_at_the_side_does_not_drive_off_towards_the_lane_as_the_frame_cuts_it():
    tracks: tuple[Track, ...] = ()
    side_m, speed_mps = 22.0, 2.0
    fastest = 0.0
    while side_m > 9.0:
        side_m -= speed_mps * STEP_S
        waiting = seen(side_m, -9.4, -4.6, 0.95)
        travel = Travel(speed_mps * STEP_S, 0.0, STEP_S, speed_mps)
        tracks, _ = update_tracks(tracks, Percept(0, (waiting,)), travel, LANE, CAMERA, GEOMETRY, 1)
        if side_m < 13.0:
            assert len(tracks) == 1
            fastest = max(fastest, abs(tracks[0].aside_mps))
    assert fastest < 0.6
    assert tracks[0].y_m == pytest.approx(-7.0, abs=1.5)


def test_half_of_what_is_cut_is_as_wide_as_it_was():
    whole, cut = seen(20.0, -6.0, -2.0), seen(10.0, -8.0, -2.0)
    bearing, half_m = whole_of(whole, 0.0, CAMERA)
    assert bearing * whole.distance_m == pytest.approx(-4.0, rel=0.1)
    assert half_m == pytest.approx(2.0, rel=0.1)
    bearing, kept_m = whole_of(cut, 3.0, CAMERA)
    assert kept_m == 3.0
    assert bearing * cut.distance_m == pytest.approx(-2.0 * cut.distance_m / 10.0 - 3.0, abs=0.05)
    bearing, kept_m = whole_of(cut, 0.0, CAMERA)
    assert kept_m == 0.0
    assert bearing * cut.distance_m == pytest.approx(-2.0 * cut.distance_m / 10.0 - HALF_CAR_M, abs=0.05)


def stood_at_line(config: DriverConfig, across: Detection | None = None) -> tuple[DriverMemory, int]:
    """Return what is remembered when the car sets off from its line, and for how many steps it had stood."""
    memory, steps = DriverMemory(), 0
    depth_m, scale = 3.5, CAMERA.focal_px / 3.5
    u_px, v_px = CAMERA.centre_u_px + 1.4 * scale, CAMERA.centre_v_px - 0.7 * scale
    half_px = 0.38 * scale
    sign = Detection(
        ObjectKind.STOP_SIGN, (u_px - half_px, v_px - half_px, u_px + half_px, v_px + half_px), 0.95, depth_m, 0.1
    )
    line = StopLineEstimate(BUMPER_M + 0.7, 0.1, 0.95)
    for step in range(400):
        found = (sign,) if across is None else (sign, across)
        memory, asked = decide(memory, Percept(step, found, STRAIGHT, line), OwnMotion(0.0, 0.0), STEP_S, config)
        if memory.phase is Phase.HOLDING:
            steps += 1
        elif steps > 0:
            assert asked.accel_mps2 > -1.5
            return memory, steps
    return memory, steps


def test_whoever_minds_others_looks_longer_before_setting_off():
    _, plain = stood_at_line(DriverConfig())
    _, careful = stood_at_line(DriverConfig(yields=True))
    assert plain * STEP_S == pytest.approx(2.2, abs=0.1)
    assert careful * STEP_S == pytest.approx(2.2 + LOOKS_S, abs=0.1)


def test_it_does_not_set_off_before_a_vehicle_across_the_way():
    memory, steps = stood_at_line(DriverConfig(yields=True), seen(7.0, -3.0, 4.0))
    assert memory.phase is Phase.HOLDING
    assert steps > 350
    assert "a vehicle is across the way" in memory.reason


def test_once_under_way_it_stops_for_a_vehicle_that_shows_then_goes_on_no_faster_than_it_can_stop():
    config = DriverConfig(yields=True)
    memory, _ = stood_at_line(config)
    speed_mps, asked_mps2, fastest_mps, slowest_mps = 0.0, 0.0, 0.0, 9.0
    left_m = 0.0
    for step in range(300):
        lorry = seen(max(8.0 - left_m, 3.2), -3.0, 4.0)
        shows = 30 <= step < 90
        percept = Percept(step, (lorry,) if shows else (), STRAIGHT)
        memory, asked = decide(memory, percept, OwnMotion(speed_mps, 0.0), STEP_S, config)
        asked_mps2 = asked.accel_mps2
        speed_mps = max(speed_mps + asked_mps2 * STEP_S, 0.0)
        left_m += speed_mps * STEP_S
        if left_m < 6.0:
            fastest_mps = max(fastest_mps, speed_mps)
        if 40 < step < 95:
            slowest_mps = min(slowest_mps, speed_mps)
    assert fastest_mps <= ENTERING_MPS
    assert slowest_mps < 0.3
    assert left_m > 6.0  # and on it went
