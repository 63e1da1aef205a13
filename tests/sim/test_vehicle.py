"""The ego car: limits, known motions, and what must hold of any drive."""

from __future__ import annotations

from dataclasses import replace
from math import atan, cos, exp, hypot, pi, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.render.projection import MOST_PITCH_RAD
from sim.spec.sensor import MOST_PITCH_PER_MPS2
from sim.vehicle import (
    PHYSICS_PER_STEP,
    STEP_S,
    Control,
    EgoState,
    Suspension,
    VehicleGeometry,
    VehicleLimits,
    step_vehicle,
    wrap_angle,
)

GEOMETRY, LIMITS = VehicleGeometry(), VehicleLimits()
DT_S = STEP_S / PHYSICS_PER_STEP

states = st.builds(
    EgoState,
    x_m=st.floats(-100, 100),
    y_m=st.floats(-100, 100),
    heading_rad=st.floats(-3.1, 3.1),
    speed_mps=st.floats(0, LIMITS.max_speed_mps),
    accel_mps2=st.floats(-LIMITS.max_brake_mps2, LIMITS.max_accel_mps2),
    steer_rad=st.floats(-LIMITS.max_steer_rad, LIMITS.max_steer_rad),
)
controls = st.builds(Control, accel_mps2=st.floats(-50, 50), steer_rad=st.floats(-5, 5))


def go(ego: EgoState, control: Control, seconds: float) -> EgoState:
    for _ in range(round(seconds / DT_S)):
        ego = step_vehicle(ego, control, DT_S, GEOMETRY, LIMITS)
    return ego


@given(states, controls)
def test_no_step_exceeds_what_the_car_can_do(ego: EgoState, control: Control):
    after = step_vehicle(ego, control, DT_S, GEOMETRY, LIMITS)
    assert 0.0 <= after.speed_mps <= LIMITS.max_speed_mps
    assert -LIMITS.max_brake_mps2 - 1e-9 <= after.accel_mps2 <= LIMITS.max_accel_mps2 + 1e-9
    assert abs(after.steer_rad) <= LIMITS.max_steer_rad + 1e-9
    assert abs(after.steer_rad - ego.steer_rad) <= LIMITS.max_steer_rate_radps * DT_S + 1e-9
    if 0.0 < after.speed_mps < LIMITS.max_speed_mps:
        assert abs(after.accel_mps2 - ego.accel_mps2) <= LIMITS.max_jerk_mps3 * DT_S + 1e-9


@given(states, controls)
def test_the_car_never_rolls_backwards_nor_sideways(ego: EgoState, control: Control):
    after = step_vehicle(ego, control, DT_S, GEOMETRY, LIMITS)
    dx, dy = after.x_m - ego.x_m, after.y_m - ego.y_m
    middle = ego.heading_rad + 0.5 * wrap_angle(after.heading_rad - ego.heading_rad)
    assert dx * cos(middle) + dy * sin(middle) >= -1e-9
    assert abs(-dx * sin(middle) + dy * cos(middle)) < 1e-9


@given(states, controls)
def test_no_step_goes_farther_than_its_speeds_allow(ego: EgoState, control: Control):
    after = step_vehicle(ego, control, DT_S, GEOMETRY, LIMITS)
    way_m = hypot(after.x_m - ego.x_m, after.y_m - ego.y_m)
    assert way_m <= max(ego.speed_mps, after.speed_mps) * DT_S + 1e-9


@given(states, controls)
def test_a_mirrored_drive_is_the_mirror_image(ego: EgoState, control: Control):
    mirrored = EgoState(ego.x_m, -ego.y_m, -ego.heading_rad, ego.speed_mps, ego.accel_mps2, -ego.steer_rad)
    one = step_vehicle(ego, control, DT_S, GEOMETRY, LIMITS)
    two = step_vehicle(mirrored, Control(control.accel_mps2, -control.steer_rad), DT_S, GEOMETRY, LIMITS)
    assert (two.x_m, two.y_m, two.steer_rad) == pytest.approx((one.x_m, -one.y_m, -one.steer_rad))
    assert wrap_angle(two.heading_rad + one.heading_rad) == pytest.approx(0.0, abs=1e-9)


def test_a_straight_drive_at_constant_speed_covers_speed_times_time():
    after = go(EgoState(1.0, 2.0, 0.5, 10.0), Control(), 3.0)
    assert (after.x_m, after.y_m) == pytest.approx((1.0 + 30.0 * cos(0.5), 2.0 + 30.0 * sin(0.5)))
    assert after.heading_rad == pytest.approx(0.5)


def test_a_held_wheel_drives_a_circle_of_the_bicycles_radius():
    radius_m, speed = 20.0, 5.0
    steer = atan(GEOMETRY.wheelbase_m / radius_m)
    ego = EgoState(0.0, 0.0, 0.0, speed, 0.0, steer)
    quarter = go(ego, Control(0.0, steer), 0.5 * pi * radius_m / speed)
    assert (quarter.x_m, quarter.y_m) == pytest.approx((radius_m, radius_m), abs=0.03)
    assert quarter.heading_rad == pytest.approx(0.5 * pi, abs=0.003)
    once_round = go(ego, Control(0.0, steer), 2.0 * pi * radius_m / speed)
    assert (once_round.x_m, once_round.y_m) == pytest.approx((0.0, 0.0), abs=0.05)


def test_braking_to_rest_takes_the_distance_of_the_textbook():
    after = go(EgoState(0.0, 0.0, 0.0, 20.0, -4.0), Control(-4.0), 6.0)
    assert after.speed_mps == 0.0
    assert after.x_m == pytest.approx(20.0**2 / (2 * 4.0), abs=0.05)


def test_a_standing_car_stays_where_it_is_under_the_brake():
    ego = EgoState(3.0, 4.0, 1.0, 0.0)
    after = go(ego, Control(-8.0, 0.4), 2.0)
    assert (after.x_m, after.y_m, after.heading_rad, after.speed_mps) == (3.0, 4.0, 1.0, 0.0)


def test_acceleration_follows_the_wish_with_its_lag():
    after = go(EgoState(0.0, 0.0, 0.0, 10.0), Control(1.0), LIMITS.accel_lag_s)
    assert after.accel_mps2 == pytest.approx(1.0 - 2.718281828**-1, abs=0.02)


@given(st.floats(-1000, 1000))
def test_a_wrapped_angle_is_the_same_direction_within_half_a_turn(angle: float):
    wrapped = wrap_angle(angle)
    assert -pi <= wrapped <= pi
    assert (cos(wrapped), sin(wrapped)) == pytest.approx((cos(angle), sin(angle)), abs=1e-9)


SPRINGS = Suspension(pitch_per_mps2=0.0045)


def braked(ego: EgoState, control: Control, seconds: float) -> list[EgoState]:
    """Return every physics step of a drive on springs."""
    states_ = [ego]
    for _ in range(round(seconds / DT_S)):
        states_.append(step_vehicle(states_[-1], control, DT_S, GEOMETRY, LIMITS, SPRINGS))
    return states_


def test_under_steady_braking_the_nose_settles_down_by_its_share_of_the_braking():
    drive = braked(EgoState(0.0, 0.0, 0.0, 30.0), Control(-3.5), 3.0)

    assert drive[-1].pitch_rad == pytest.approx(0.0045 * 3.5, rel=0.01)
    assert drive[-1].pitch_rate_radps == pytest.approx(0.0, abs=1e-3)


def test_the_nose_rises_when_the_car_accelerates():
    assert braked(EgoState(0.0, 0.0, 0.0, 5.0), Control(2.0), 3.0)[-1].pitch_rad == pytest.approx(-0.009, rel=0.01)


def test_a_sudden_brake_overshoots_and_swings_as_the_damped_oscillator_of_the_textbook():
    drive = braked(EgoState(0.0, 0.0, 0.0, 39.0, -4.0), Control(-4.0), 2.0)

    pitches = [ego.pitch_rad for ego in drive]
    peak = max(pitches)
    root = sqrt(1 - SPRINGS.damping**2)
    # A step's response is greatest half a damped period after it, by exp(-pi z / sqrt(1 - z^2)) more than at rest.
    assert pitches.index(peak) * DT_S == pytest.approx(0.5 / (SPRINGS.frequency_hz * root), abs=0.01)
    assert peak == pytest.approx(0.018 * (1 + exp(-pi * SPRINGS.damping / root)), rel=0.02)


def test_a_car_that_has_stopped_swings_back_and_comes_to_rest_level():
    stopping = braked(EgoState(0.0, 0.0, 0.0, 7.0), Control(-3.5), 2.4)
    standing = braked(stopping[-1], Control(-3.5), 4.0)

    assert stopping[-1].speed_mps == 0.0
    assert min(ego.pitch_rad for ego in standing) < -0.001
    assert standing[-1].pitch_rad == pytest.approx(0.0, abs=1e-5)


@given(states, controls)
def test_pitch_changes_nothing_of_the_motion_and_there_is_none_without_springs(ego: EgoState, control: Control):
    rigid = step_vehicle(ego, control, DT_S, GEOMETRY, LIMITS)
    sprung = step_vehicle(ego, control, DT_S, GEOMETRY, LIMITS, SPRINGS)

    assert (rigid.pitch_rad, rigid.pitch_rate_radps) == (0.0, 0.0)
    assert replace(sprung, pitch_rad=0.0, pitch_rate_radps=0.0) == rigid


@given(states)
def test_the_hardest_braking_stays_within_the_pitch_that_is_drawn(ego: EgoState):
    softest = Suspension(MOST_PITCH_PER_MPS2)
    ego = replace(ego, speed_mps=40.0, accel_mps2=0.0)
    for _ in range(400):
        ego = step_vehicle(ego, Control(-20.0), DT_S, GEOMETRY, LIMITS, softest)
        assert abs(ego.pitch_rad) < MOST_PITCH_RAD
