"""What may yet turn out to be a stop sign: the driver eases off for it, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import pytest

from sim.camera import Camera
from sim.control import DriverConfig, DriverMemory, decide
from sim.control.lane import LaneBelief
from sim.control.longitudinal import GENTLE_BRAKE_MPS2, StopProfile, stop_urgency
from sim.control.odometry import Travel
from sim.control.suspicion import NOTHING, SUSPECT_SHARE, Suspicion, update_suspicion, wary_accel
from sim.loop import SURE_SCORE
from sim.percept import Detection, LaneEstimate, ObjectKind, Percept
from sim.vehicle import STEP_S, OwnMotion

CAMERA = Camera()
SPEED_MPS = 10.0
LANE = LaneEstimate(0.0, 0.0, 0.0, 0.95)
STEP = Travel(SPEED_MPS * STEP_S, 0.0, STEP_S, SPEED_MPS)


def sign(
    x_m: float, score: float, aside_m: float = 3.5, kind: ObjectKind = ObjectKind.STOP_SIGN, wide: float = 1.0
) -> Detection:
    u = CAMERA.centre_u_px + CAMERA.focal_px * aside_m / x_m
    v = CAMERA.centre_v_px - CAMERA.focal_px * (2.5 - CAMERA.height_m) / x_m
    px = 0.5 * wide * 0.76 * CAMERA.focal_px / x_m
    return Detection(kind, (u - px, v - px, u + px, v + px), score, x_m, 0.05 * x_m)


def seen_for(frames: int, score: float, from_m: float = 40.0, **more: float) -> Suspicion:
    suspicion = NOTHING
    for i in range(frames):
        found = sign(from_m - i * STEP.distance_m, score, **more)
        suspicion = update_suspicion(suspicion, (found,), (), LaneBelief(), STEP, CAMERA)
    return suspicion


def approach(scores: list[float], *, eases_off: bool, at_its_word: bool = False) -> tuple[list[float], list[str]]:
    """Drive towards a sign of these scores, over and over; return the speeds and the reasons."""
    config = DriverConfig(cruise_mps=SPEED_MPS, sure_score=SURE_SCORE, eases_off=eases_off, at_its_word=at_its_word)
    memory, x_m, speed_mps, step = DriverMemory(), 55.0, SPEED_MPS, 0
    speeds: list[float] = []
    reasons: list[str] = []
    while x_m > 14.0:
        score = scores[step % len(scores)]
        rival = sign(x_m, 0.8, kind=ObjectKind.DISTRACTOR)
        percept = Percept(step, (sign(x_m, score), rival), LANE)
        memory, control = decide(memory, percept, OwnMotion(speed_mps, 0.0), STEP_S, config)
        speed_mps = max(speed_mps + control.accel_mps2 * STEP_S, 0.0)
        x_m, step = x_m - speed_mps * STEP_S, step + 1
        speeds.append(speed_mps)
        reasons.append(memory.reason)
    return speeds, reasons


def test_a_sign_that_the_eyes_are_unsure_of_is_come_to_slowly_and_said():
    unsure = [0.3, 0.5, 0.2, 0.6]
    wary, reasons = approach(unsure, eases_off=True)
    unwary, _ = approach(unsure, eases_off=False)
    assert unwary[-1] > 0.99 * SPEED_MPS
    assert wary[-1] < 0.75 * SPEED_MPS
    profile = StopProfile(2.0)
    assert stop_urgency(wary[-1], 10.0, profile) < 1.5 < stop_urgency(unwary[-1], 10.0, profile)
    assert any("easing off, what may be a stop sign" in each for each in reasons)


def test_it_never_brakes_as_for_a_stop():
    speeds, _ = approach([0.5], eases_off=True)
    braking = [(before - after) / STEP_S for before, after in pairwise(speeds)]
    assert 0.5 < max(braking) <= GENTLE_BRAKE_MPS2 + 1e-9


def test_a_driver_that_takes_frames_at_their_word_suspects_nothing():
    _, reasons = approach([0.3, 0.4], eases_off=True, at_its_word=True)
    assert not any("easing off" in each for each in reasons)


def test_a_flicker_is_no_suspicion_and_what_stays_is():
    assert not seen_for(4, 1.0).felt
    assert seen_for(12, 0.4).felt


def test_what_is_hardly_like_one_is_none():
    assert not seen_for(60, SUSPECT_SHARE - 0.03).felt


def test_it_is_not_dropped_the_moment_that_it_is_less_likely_and_is_after_a_while():
    suspicion = seen_for(20, 0.4, 50.0)
    assert suspicion.felt
    for frame in range(40):
        before, suspicion = suspicion, update_suspicion(suspicion, (), (), LaneBelief(), STEP, CAMERA)
        if frame == 3:
            assert suspicion.felt
        assert suspicion == NOTHING or suspicion.share < before.share
    assert not suspicion.felt


def test_its_depth_goes_with_the_car_and_what_was_passed_is_forgotten():
    before = Suspicion(30.0, 0.5, 1.0, True)
    blind = update_suspicion(before, None, (), LaneBelief(), STEP, CAMERA)
    assert (blind.x_m, blind.share) == (30.0 - STEP.distance_m, 0.5)
    assert update_suspicion(Suspicion(9.2, 0.5, 1.0, True), None, (), LaneBelief(), STEP, CAMERA) == NOTHING
    assert inf == NOTHING.x_m


def test_a_flicker_elsewhere_does_not_inherit_what_was_suspected():
    before = Suspicion(50.0, 0.4, 1.0, True)
    near = update_suspicion(before, (sign(12.0, 0.9),), (), LaneBelief(), STEP, CAMERA)
    assert near.x_m == 50.0 - STEP.distance_m
    weak = update_suspicion(Suspicion(50.0, 0.05), (sign(12.0, 0.9),), (), LaneBelief(), STEP, CAMERA)
    assert weak.x_m == pytest.approx(12.0) and weak.share < 0.1


@pytest.mark.parametrize("aside_m", [-8.0, 25.0])
def test_what_stands_where_no_sign_for_the_lane_does_is_no_suspect(aside_m: float):
    assert seen_for(20, 0.9, 30.0, aside_m=aside_m) == NOTHING


def test_what_is_printed_on_a_board_is_no_suspect():
    board = sign(30.0, 0.7, kind=ObjectKind.DISTRACTOR, wide=2.0)
    assert update_suspicion(NOTHING, (sign(30.0, 0.9), board), (), LaneBelief(), STEP, CAMERA) == NOTHING


def test_a_sign_already_obeyed_is_no_suspect():
    config = DriverConfig(cruise_mps=SPEED_MPS)
    memory = DriverMemory()
    for step in range(12):
        memory, _ = decide(memory, Percept(step, (sign(30.0, 0.95),), LANE), OwnMotion(0.0, 0.0), STEP_S, config)
    obeyed = tuple(replace(each, handled=True) for each in memory.tracks)
    assert obeyed
    assert update_suspicion(NOTHING, (sign(30.0, 0.9),), obeyed, LaneBelief(), STEP, CAMERA) == NOTHING
    assert update_suspicion(NOTHING, (sign(30.0, 0.9),), memory.tracks, LaneBelief(), STEP, CAMERA) != NOTHING


def test_nearly_slow_enough_it_hardly_brakes():
    profile = StopProfile(2.0)
    fast, slow = (wary_accel(Suspicion(30.0, 0.5, 1.0, True), speed, profile, 3.0) for speed in (10.0, 5.0))
    assert -GENTLE_BRAKE_MPS2 <= fast < -0.5 and slow == 0.0
