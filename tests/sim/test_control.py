"""The driver's parts: odometry, lane belief, tracks, lines, speed and steering, each with known answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import cos, hypot, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.camera import Camera
from sim.control import DriverConfig, DriverMemory, Phase, Track, decide
from sim.control.lane import LaneBelief, update_lane
from sim.control.longitudinal import (
    BRISK_URGENCY,
    StopProfile,
    curve_speed_mps,
    free_accel,
    gentle_accel,
    limit_jerk,
    speed_for,
    stop_accel,
    stop_urgency,
)
from sim.control.odometry import Travel, carry, measure_travel
from sim.control.steering import steer
from sim.control.stopline import LineTrack, update_lines
from sim.control.stopping import next_stop, vehicle_ahead
from sim.control.tracking import update_tracks
from sim.percept import Box, Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.vehicle import STEP_S, EgoState, OwnMotion, VehicleGeometry, VehicleLimits, step_vehicle
from sim.vehicle import Control as Asked

GEOMETRY, CAMERA, CONFIG = VehicleGeometry(), Camera(), DriverConfig()
STRAIGHT = LaneEstimate(0.0, 0.0, 0.0, 1.0)
STILL = Travel(0.0, 0.0, STEP_S, 0.0)


def box_at(depth: float, left: float, width: float = 0.76, bottom: float = 2.1, height: float = 0.76) -> Box:
    scale = CAMERA.focal_px / depth
    u, v = CAMERA.centre_u_px - scale * left, CAMERA.centre_v_px + scale * (CAMERA.height_m - bottom)
    return u - 0.5 * scale * width, v - scale * height, u + 0.5 * scale * width, v


def sign(depth: float, left: float = -3.5, score: float = 0.95) -> Detection:
    return Detection(ObjectKind.STOP_SIGN, box_at(depth, left), score, depth, 0.07 * depth)


def car(near_m: float, left: float = 0.0) -> Detection:
    box = box_at(near_m, left, 1.8, 0.0, 1.5)
    return Detection(ObjectKind.VEHICLE, box, 0.95, near_m + 2.2, 0.05 * near_m)


def see(percepts: list[Percept], speed: float = 0.0, memory: DriverMemory | None = None) -> DriverMemory:
    memory = memory or DriverMemory()
    for percept in percepts:
        memory, _ = decide(memory, percept, OwnMotion(speed, 0.0), STEP_S, CONFIG)
    return memory


def approach(depth: float, speed: float, frames: int, seen: set[int] | None = None, **more: float) -> list[Percept]:
    """Percepts of a drive towards a sign at constant speed; `seen` picks the frames in which it is detected."""
    percepts: list[Percept] = []
    for i in range(frames):
        here = depth - speed * STEP_S * i
        found = (sign(here, **more),) if here > 8.5 and (seen is None or i in seen) else ()
        percepts.append(Percept(i, found, STRAIGHT))
    return percepts


# Odometry


@given(st.floats(-5, 60), st.floats(-10, 10), st.floats(0, 15), st.floats(-0.4, 0.4), st.integers(1, 40))
def test_a_fixed_point_carried_by_odometry_stays_where_it_is(
    x: float, y: float, speed: float, wheel: float, steps: int
):
    ego = EgoState(0.0, 0.0, 0.3, speed, 0.0, wheel)
    cam = ego.ahead(GEOMETRY.camera_forward_m)
    world = cam[0] + x * cos(0.3) - y * sin(0.3), cam[1] + x * sin(0.3) + y * cos(0.3)
    before = ego.own_motion
    for _ in range(steps):
        for _ in range(10):
            ego = step_vehicle(ego, Asked(0.0, wheel), STEP_S / 10, GEOMETRY, VehicleLimits())
        x, y = carry(x, y, measure_travel(before, ego.own_motion, STEP_S, GEOMETRY), GEOMETRY.camera_forward_m)
        before = ego.own_motion
    cam = ego.ahead(GEOMETRY.camera_forward_m)
    dx, dy = world[0] - cam[0], world[1] - cam[1]
    true = dx * cos(ego.heading_rad) + dy * sin(ego.heading_rad), -dx * sin(ego.heading_rad) + dy * cos(ego.heading_rad)
    assert hypot(x - true[0], y - true[1]) < 0.02


def test_the_first_moment_has_no_travel():
    assert measure_travel(None, OwnMotion(10.0, 0.1), STEP_S, GEOMETRY) == Travel(0.0, 0.0, 0.0, 10.0)


# Lane


def test_a_lane_belief_settles_on_what_is_seen_and_smooths_its_noise():
    belief = LaneBelief()
    for i in range(60):
        noise = 0.1 * (-1) ** i
        belief = update_lane(belief, LaneEstimate(0.5 + noise, 0.02, 0.004, 1.0), STILL, 1.7)
    assert belief.offset_m == pytest.approx(0.5, abs=0.03)
    assert belief.heading_rad == pytest.approx(0.02, abs=0.002)
    assert belief.curvature_per_m == pytest.approx(0.004, abs=0.0005)


def test_an_unsure_lane_moves_the_belief_less_and_a_very_unsure_one_not_at_all():
    start = LaneBelief(offset_var=0.01, curvature_var=1e-6)
    moves = [update_lane(start, LaneEstimate(1.0, 0.0, 0.0, c), STILL, 1.7).offset_m for c in (1.0, 0.5, 0.1)]
    assert moves[0] > moves[1] > moves[2] == 0.0


def test_with_no_lane_seen_the_curve_fades_and_the_time_is_counted():
    belief = LaneBelief(curvature_per_m=0.01, curvature_here_per_m=0.01)
    for _ in range(40):
        belief = update_lane(belief, None, Travel(0.5, 0.0, STEP_S, 10.0), 1.7)
    assert belief.curvature_per_m == pytest.approx(0.01 / 2.718281828)
    assert (belief.unseen_s, belief.unseen_m) == pytest.approx((2.0, 20.0))


def test_the_lanes_centre_bends_with_its_curvature():
    assert LaneBelief(curvature_per_m=0.01, curvature_here_per_m=0.01).centre_y_m(20.0) == pytest.approx(2.0)
    assert LaneBelief(offset_m=0.5, heading_rad=0.1).centre_y_m(10.0) == pytest.approx(-1.5)


# Steering


@given(st.floats(-1.0, 1.0), st.floats(-0.1, 0.1), st.floats(3.0, 15.0))
def test_steering_brings_the_car_back_to_a_straight_lane(offset: float, heading: float, speed: float):
    ego, asked = EgoState(0.0, offset, heading, speed), 0.0
    for _ in range(200):
        cam_y = ego.ahead(GEOMETRY.camera_forward_m)[1]
        asked = steer(LaneBelief(cam_y, ego.heading_rad), speed, asked, STEP_S, GEOMETRY)
        for _ in range(10):
            ego = step_vehicle(ego, Asked(0.0, asked), STEP_S / 10, GEOMETRY, VehicleLimits())
    assert abs(ego.y_m) < 0.05
    assert abs(ego.heading_rad) < 0.02


def test_on_a_centred_curve_the_wheel_is_turned_to_the_curves_radius():
    k, c = 0.01, GEOMETRY.camera_forward_m
    # The rear axle is on the lane and along it; the camera, straight ahead, is already right of the bend.
    on_it = LaneBelief(-0.5 * k * c * c, -k * c, k, k)
    angle = 0.0
    for _ in range(20):
        angle = steer(on_it, 8.0, angle, STEP_S, GEOMETRY)
    assert angle == pytest.approx(GEOMETRY.wheelbase_m * k, rel=0.05)


# Tracks


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [12.0, 20.0, 35.0, 50.0])
def test_a_flicker_is_never_believed(frames: int, depth: float):
    speed = 9.0
    memory = DriverMemory()
    for percept in approach(depth, speed, 30, set(range(frames)), score=1.0):
        memory, control = decide(memory, percept, OwnMotion(speed, 0.0), STEP_S, CONFIG)
        assert memory.stop_at_m is None
        assert control.accel_mps2 > -0.1


def test_a_real_sign_is_believed_within_half_a_second():
    percepts = approach(50.0, 9.0, 10)
    assert see(percepts[:5], 9.0).stop_at_m is None
    assert see(percepts[:10], 9.0).stop_at_m is not None


@pytest.mark.parametrize("missed", [5, 10, 19])
def test_a_sign_missed_for_up_to_a_second_is_not_released(missed: int):
    seen = set(range(30)) | set(range(30 + missed, 60))
    memory = DriverMemory()
    for percept in approach(60.0, 8.0, 60, seen):
        memory = see([percept], 8.0, memory)
        if percept.step >= 12:
            assert memory.stop_at_m is not None


def test_a_sign_that_has_gone_though_it_ought_to_be_seen_is_dropped():
    memory = see(approach(40.0, 1.0, 100, set(range(15))), 1.0)
    assert memory.stop_at_m is None
    assert not memory.tracks


def test_a_sign_behind_a_vehicle_is_not_given_up():
    bus = Detection(ObjectKind.VEHICLE, (300.0, 60.0, 620.0, 250.0), 0.9, 8.0, 0.5)
    percepts = approach(60.0, 8.0, 120, set(range(20)))
    hidden = [replace(each, detections=(*each.detections, bus)) if each.step >= 20 else each for each in percepts]
    assert see(percepts, 8.0).stop_at_m is None
    assert see(hidden, 8.0).stop_at_m == pytest.approx(see(percepts[:20], 8.0).stop_at_m - 8.0 * STEP_S * 100, abs=0.5)


def test_a_sign_that_has_left_the_view_is_remembered_by_odometry():
    memory = see(approach(20.0, 5.0, 70), 5.0)
    (track,) = memory.tracks
    assert track.x_m == pytest.approx(20.0 - 5.0 * STEP_S * 69, abs=0.3)
    assert track.unseen_s > 1.0
    assert track.believed


def test_a_sign_that_faded_in_plain_view_is_not_carried_on_unless_a_line_speaks_for_it():
    percepts = approach(25.0, 9.0, 40, set(range(12)))
    lined = [replace(each, stop_line=StopLineEstimate(24.0 - 0.45 * each.step, 0.3, 0.9)) for each in percepts[:34]]
    assert see(percepts[:30], 9.0).stop_at_m is not None
    assert see(percepts, 9.0).stop_at_m is None
    assert see(percepts[34:], 9.0, see(lined, 9.0)).stop_at_m is not None


def test_a_tracks_distance_sharpens_as_the_car_approaches():
    errors = [1.0, -1.2, 0.8, -0.7, 1.1, -0.9, 1.3, -1.4]
    tracks: tuple[Track, ...] = ()
    spreads: list[float] = []
    for i in range(80):
        depth = 50.0 - 0.45 * i
        found = sign(depth)
        found = replace(found, distance_m=depth * (1 + 0.07 * errors[i % 8]))
        travel = Travel(0.45, 0.0, STEP_S, 9.0)
        tracks, _ = update_tracks(tracks, Percept(i, (found,)), travel, LaneBelief(), CAMERA, GEOMETRY, 1)
        spreads.append(tracks[0].spread_m)
    assert tracks[0].x_m == pytest.approx(50.0 - 0.45 * 79, rel=0.05)
    assert spreads[-1] < 0.4 * spreads[5]


def test_a_vehicles_speed_is_found_from_its_distance():
    tracks: tuple[Track, ...] = ()
    for i in range(60):
        # The own car drives 10 m/s, the other 4: the gap closes by 0.3 m a step.
        found = car(35.0 - 0.3 * i)
        tracks, _ = update_tracks(
            tracks, Percept(i, (found,)), Travel(0.5, 0.0, STEP_S, 10.0), LaneBelief(), CAMERA, GEOMETRY, 1
        )
    assert tracks[0].speed_mps == pytest.approx(4.0, abs=0.7)
    assert tracks[0].x_m == pytest.approx(35.0 - 0.3 * 59, abs=1.0)


def test_two_signs_one_behind_the_other_are_two_tracks():
    both = Percept(0, (sign(15.0), sign(60.0)), STRAIGHT)
    assert len(see([both] * 10).tracks) == 2


def test_a_distractor_makes_no_track():
    found = replace(sign(20.0), kind=ObjectKind.DISTRACTOR)
    assert see([Percept(0, (found,), STRAIGHT)] * 20).tracks == ()


def contested(score: float, rival_score: float) -> list[Percept]:
    """Percepts of standing before a thing that is hot as a stop sign and as a distractor."""
    rival = replace(sign(30.0), kind=ObjectKind.DISTRACTOR, score=rival_score)
    return [Percept(i, (sign(30.0, score=score), rival), STRAIGHT) for i in range(60)]


def test_what_is_as_likely_something_else_is_never_believed_however_long_it_is_seen():
    assert see(contested(0.45, 0.5)).stop_at_m is None
    assert see(contested(0.6, 0.6)).stop_at_m is None


def test_what_is_rather_a_stop_sign_than_something_else_is_believed():
    assert see(contested(0.8, 0.35)).stop_at_m is not None


def test_a_distractor_elsewhere_does_not_speak_against_a_sign():
    elsewhere = replace(sign(30.0, left=-5.5), kind=ObjectKind.DISTRACTOR)
    assert see([Percept(i, (sign(30.0, score=0.6), elsewhere), STRAIGHT) for i in range(20)]).stop_at_m is not None


def test_a_believed_sign_that_turns_out_to_be_something_else_is_let_go():
    memory = see([Percept(i, (sign(30.0),), STRAIGHT) for i in range(12)])
    assert memory.stop_at_m is not None
    assert see(contested(0.3, 0.9), memory=memory).stop_at_m is None


# In the way


def test_a_sign_below_another_is_not_taken_for_it():
    board = Detection(ObjectKind.STOP_SIGN, box_at(20.0, -5.5, bottom=3.0), 0.95, 20.0, 1.4)
    shirt = Detection(ObjectKind.STOP_SIGN, box_at(20.0, -5.5, bottom=0.4), 0.95, 20.0, 1.4)
    tracks: tuple[Track, ...] = ()
    for found in (board, board, shirt):
        tracks, _ = update_tracks(tracks, Percept(0, (found,)), STILL, LaneBelief(), CAMERA, GEOMETRY, 1 + len(tracks))
    (high,) = (track for track in tracks if track.track_id == 1)
    assert high.unseen_s > 0.0
    assert high.rise_m == pytest.approx(3.38, abs=0.1)


def test_a_vehicle_far_behind_another_is_not_taken_for_it():
    tracks: tuple[Track, ...] = ()
    for _ in range(12):
        tracks, _ = update_tracks(tracks, Percept(0, (car(18.0, -2.6),)), STILL, LaneBelief(), CAMERA, GEOMETRY, 1)
    # In the same direction, and its distance hardly known.
    far = replace(car(55.0, -3.5), distance_spread_m=25.0)
    tracks, _ = update_tracks(tracks, Percept(0, (far,)), STILL, LaneBelief(), CAMERA, GEOMETRY, 2)
    near = next(track for track in tracks if track.track_id == 1)
    assert near.unseen_s > 0.0
    assert near.x_m == pytest.approx(18.0, abs=0.5)


def test_what_comes_towards_the_car_is_not_followed():
    track = Track(1, ObjectKind.VEHICLE, 20.0, 0.0, 0.5, 4.0, 2.0, 0.0, -8.0, in_place=1.0, believed=True)
    assert vehicle_ahead((track,)) is None
    assert vehicle_ahead((replace(track, speed_mps=3.0),)) is not None


# Lines


def stop_sign_track(x_m: float) -> Track:
    return Track(1, ObjectKind.STOP_SIGN, x_m, -3.5, 1.0, 4.0, 2.0, 0.0, in_place=1.0, believed=True)


def test_a_bare_line_asks_for_no_stop():
    line = StopLineEstimate(20.0, 0.5, 1.0)
    memory = see([Percept(i, (), STRAIGHT, line) for i in range(40)])
    assert memory.lines[0].believed
    assert memory.stop_at_m is None
    assert memory.phase is Phase.CRUISING


def test_the_stop_is_at_the_line_that_belongs_to_the_sign():
    lines = (LineTrack(18.0, 0.2, 3.0),)
    stop = next_stop((stop_sign_track(20.0),), lines, 1.9, 0.7)
    assert stop is not None
    assert stop.in_m == pytest.approx(18.0 - 1.9 - 0.7)
    far = next_stop((stop_sign_track(60.0),), lines, 1.9, 0.7)
    assert far is not None
    assert far.line_m is None
    assert far.in_m < 60.0 - 1.9


def test_a_line_is_carried_on_when_it_has_left_the_view():
    lines = update_lines((), StopLineEstimate(9.0, 0.2, 1.0), STILL, 1.7)
    for _ in range(5):
        lines = update_lines(lines, StopLineEstimate(9.0, 0.2, 1.0), STILL, 1.7)
    for _ in range(60):
        lines = update_lines(lines, None, Travel(0.1, 0.0, STEP_S, 2.0), 1.7)
    assert lines[0].x_m == pytest.approx(3.0, abs=0.05)
    assert lines[0].believed


def test_a_handled_sign_asks_no_more():
    assert next_stop((replace(stop_sign_track(5.0), handled=True),), (), 1.9, 0.7) is None


# Speed


@given(st.floats(0.5, 20.0), st.floats(1.0, 4.0))
def test_a_stop_by_the_profile_takes_the_profiles_distance(speed: float, brake: float):
    profile = StopProfile(brake)
    expected, way, dt = profile.distance_m(speed), 0.0, 0.001
    while speed > 0.0:
        after = speed - profile.brake_at(speed) * dt
        way += 0.5 * (speed + max(after, 0.0)) * dt
        speed = after
    assert way == pytest.approx(expected, rel=0.01, abs=0.01)


@given(st.floats(0.0, 20.0), st.floats(-5.0, 200.0))
def test_a_stop_is_never_asked_for_harder_than_allowed_nor_with_the_engine(speed: float, way: float):
    profile = StopProfile(2.0)
    urgency = stop_urgency(speed, way, profile)
    assert 0.0 <= urgency <= 10.0
    assert -6.0 <= stop_accel(speed, urgency, profile, 6.0) <= 0.0


@given(st.floats(15.0, 120.0), st.floats(0.7, 2.0))
def test_a_speed_for_an_urgency_has_that_urgency(way: float, urgency: float):
    profile = StopProfile(2.0)
    assert stop_urgency(speed_for(way, urgency, profile), way, profile) == pytest.approx(urgency, rel=1e-6)


@pytest.mark.parametrize("speed", [6.0, 9.0, 11.2, 13.4])
@pytest.mark.parametrize("seen_from", [52.0, 65.0, 80.0])
def test_braked_gently_while_it_may_be_nothing_a_stop_is_comfortable_afterwards(speed: float, seen_from: float):
    profile, way, hardest, began_at = StopProfile(2.0), seen_from, 0.0, speed
    while way > 22.0:
        accel = gentle_accel(speed, way, way - 22.0, profile)
        hardest = max(hardest, -accel)
        way -= speed * STEP_S
        speed = speed + accel * STEP_S
    assert stop_urgency(speed, way, profile) <= 1.05 * BRISK_URGENCY
    if seen_from >= 65.0 or began_at <= 11.2:
        assert hardest <= 1.0


def octagons(score_within: Callable[[float], float], speed: float, depth: float = 75.0) -> tuple[list[float], float]:
    """Return what was asked for, step by step, on the way to something that scores so, and how fast it is passed."""
    memory, asked = DriverMemory(), []
    config = replace(CONFIG, cruise_mps=speed, sure_score=0.85)
    for step in range(400):
        seen = (sign(depth, score=score_within(depth)),) if depth > 8.5 else ()
        memory, control = decide(memory, Percept(step, seen, STRAIGHT), OwnMotion(speed, 0.0), STEP_S, config)
        asked.append(control.accel_mps2)
        speed = max(speed + control.accel_mps2 * STEP_S, 0.0)
        depth -= speed * STEP_S
        if depth < 3.0 or speed < 0.05:
            break
    return asked, speed


@pytest.mark.parametrize("speed", [8.0, 11.2, 13.4])
def test_what_cannot_be_read_yet_is_braked_for_so_gently_that_a_mistake_is_none(speed: float):
    asked, passed_at = octagons(lambda depth: 0.95 if depth > 27.0 else 0.05, speed)

    assert passed_at > 5.0
    harder = [accel < -1.0 for accel in asked]
    longest = max(len(run) for run in "".join("x" if each else " " for each in harder).split(" "))
    assert longest * STEP_S <= 0.5


@pytest.mark.parametrize("speed", [8.0, 11.2, 13.4])
def test_what_can_be_read_and_is_a_stop_sign_is_stopped_for_in_comfort(speed: float):
    asked, passed_at = octagons(lambda depth: 0.97, speed)

    assert passed_at < 0.05
    assert min(asked) >= -2.9


@given(st.floats(-8, 3), st.floats(-8, 3), st.booleans())
def test_the_wish_never_jumps(wanted: float, before: float, surprised: bool):
    now = limit_jerk(wanted, before, STEP_S, surprised=surprised)
    assert abs(now - before) <= 20.0 * STEP_S + 1e-9
    assert min(wanted, before) <= now <= max(wanted, before)


def test_curves_are_taken_at_under_two_metres_a_second_squared():
    for k in (0.005, 0.01, 0.03, -0.03):
        assert curve_speed_mps(0.0, k) ** 2 * abs(k) <= 2.0
    assert curve_speed_mps(0.0, 0.0) > 40.0


def test_on_a_free_road_there_is_no_hunting_between_gas_and_brake():
    assert abs(free_accel(10.0, 10.0, 1.4)) < 0.03
    assert free_accel(9.0, 10.0, 1.4) > 0.0 > free_accel(11.0, 10.0, 1.4)


# Deciding


def test_with_nothing_seen_for_long_the_car_slows_down_gently_and_says_why():
    memory, speed = DriverMemory(), 10.0
    slowest = 0.0
    for step in range(400):
        memory, control = decide(memory, Percept(step), OwnMotion(speed, 0.0), STEP_S, CONFIG)
        speed = max(0.0, speed + control.accel_mps2 * STEP_S)
        slowest = min(slowest, control.accel_mps2)
        if step == 60:
            assert "no lane seen" in memory.reason
    assert speed < 0.5
    assert slowest > -1.5


def test_the_car_follows_and_says_so():
    memory = see([Percept(i, (car(14.0),), STRAIGHT) for i in range(20)], 5.0)
    assert memory.phase is Phase.FOLLOWING
    assert memory.reason.startswith("Following: car 1")


def test_the_car_waits_at_the_line_while_a_vehicle_stands_right_ahead():
    line = StopLineEstimate(12.0, 0.2, 1.0)
    memory = see([Percept(i, (sign(12.0),), STRAIGHT, line) for i in range(20)])
    held = replace(memory, phase=Phase.HOLDING, held_s=CONFIG.hold_s)
    blocked = see(
        [Percept(i, (sign(12.0), car(7.5)), STRAIGHT, line) for i in range(30)], 0.0, replace(held, held_s=0.0)
    )
    blocked = see([Percept(i, (sign(12.0), car(7.5)), STRAIGHT, line) for i in range(60)], 0.0, blocked)
    assert blocked.phase is Phase.HOLDING
    assert "waiting" in blocked.reason
    assert see([Percept(0, (sign(12.0),), STRAIGHT, line)], 0.0, held).phase is Phase.LEAVING


def test_while_holding_the_brake_is_on():
    held = DriverMemory(phase=Phase.HOLDING, own=OwnMotion(0.0, 0.0))
    after, control = decide(held, Percept(0, (), STRAIGHT), OwnMotion(0.0, 0.0), STEP_S, CONFIG)
    assert control.accel_mps2 < -1.0
    assert after.reason.startswith("Holding: stopped")
    assert "of 2.2 s" in after.reason


def test_deciding_is_a_pure_function():
    percept = Percept(0, (sign(30.0), car(20.0)), STRAIGHT, StopLineEstimate(28.0, 1.0, 0.9))
    memory = see([percept] * 10, 3.0)
    assert decide(memory, percept, OwnMotion(3.0, 0.0), STEP_S, CONFIG) == decide(
        memory, percept, OwnMotion(3.0, 0.0), STEP_S, CONFIG
    )


@pytest.mark.parametrize("wrong", [{"cruise_mps": 0.0}, {"hold_s": -1.0}, {"comfort_brake_mps2": 0.5}])
def test_a_driver_that_cannot_drive_is_refused(wrong: dict[str, float]):
    with pytest.raises(ValueError, match="Expected"):
        DriverConfig(**wrong)


def bus_arm(depth: float, left: float = 3.0, share: float = 1.0, too_far: float = 1.4) -> Detection:
    """A school bus's arm, believed to be farther away than it is; folded, it shows a share of its width."""
    box = box_at(depth, left, 0.46 * share, 1.13, 0.46)
    return Detection(ObjectKind.STOP_SIGN, box, 0.95, too_far * depth, 0.1 * depth)


def towards(arm: Callable[[float], Detection], speed: float = 6.0, depth: float = 30.0, until: float = 11.0):
    """Return the tracks after a drive towards an arm, and how far it is then."""
    tracks: tuple[Track, ...] = ()
    travel = Travel(speed * STEP_S, 0.0, STEP_S, speed)
    while depth > until:
        depth -= speed * STEP_S
        percept = Percept(0, (arm(depth),))
        tracks, _ = update_tracks(tracks, percept, travel, LaneBelief(), CAMERA, GEOMETRY, 1)
    return tracks, depth


def test_a_school_bus_arm_is_as_far_as_its_size_says_whatever_the_eyes_believe():
    (track,), depth = towards(bus_arm)
    assert track.believed
    assert track.x_m == pytest.approx(depth, rel=0.05)
    # On a post, at the right, the same box is a sign of a size that only the eyes can tell, until it has grown.
    (beside,), depth = towards(lambda depth: bus_arm(depth, left=-3.5), depth=20.0, until=15.0)
    assert beside.x_m == pytest.approx(1.4 * depth, rel=0.1)


def test_a_folded_arm_is_no_sign_however_sure_the_eyes_are():
    assert towards(lambda depth: bus_arm(depth, share=0.5), depth=15.0, until=9.0)[0] == ()
    # Half hidden behind a pole, a sign at the roadside is as narrow, and is one.
    assert towards(lambda depth: bus_arm(depth, left=-3.5, share=0.5), depth=15.0, until=9.0)[0] != ()


def test_an_arm_that_is_folded_while_the_car_waits_lets_it_go():
    waits = DriverConfig(cruise_mps=8.0, yields=True)
    memory, went = DriverMemory(), []
    for i in range(120):
        found = bus_arm(9.0, share=1.0 if i < 60 else 0.4)
        memory, asked = decide(memory, Percept(i, (found,), STRAIGHT), OwnMotion(0.0, 0.0), STEP_S, waits)
        went.append(asked.accel_mps2 > 0.0)
    assert not any(went[20:62])
    assert went[-1]


def test_before_a_school_bus_the_last_of_a_walking_pace_is_braked_gently():
    waits = DriverConfig(cruise_mps=8.0, yields=True)
    memory = DriverMemory()
    hardest = 0.0
    for i in range(60):
        # It turns out to be a little nearer than was believed: the place to stand is behind the bumper already.
        found = bus_arm(9.0 if i < 30 else 8.2, too_far=1.0)
        memory, asked = decide(memory, Percept(i, (found,), STRAIGHT), OwnMotion(0.8, 0.0), STEP_S, waits)
        hardest = min(hardest, asked.accel_mps2)
    assert -2.0 <= hardest < -0.5
