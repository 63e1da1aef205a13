"""What becomes of a sign's scores over time: true signs are believed, what only looks like one is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.camera import Camera
from sim.control import DriverConfig, DriverMemory, decide
from sim.control.longitudinal import StopProfile, stop_urgency
from sim.loop import SURE_SCORE
from sim.percept import Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.vehicle import STEP_S, OwnMotion

CAMERA = Camera()
SPEED_MPS = 10.0
LANE = LaneEstimate(0.0, 0.0, 0.0, 0.95)

Score = Callable[[float], float]


def drive_towards(
    score_at: Score,
    *,
    from_m: float = 70.0,
    line: bool = False,
    aside_m: float = 3.5,
    sure_score: float = SURE_SCORE,
    braked_mps2: float = 1.0,
    obeys: bool = False,
    board: bool = False,
) -> tuple[float | None, float]:
    """Drive past a sign; return where the car first braked, and for how long.

    Args:
        score_at: The sign's score at a depth; 0 is a miss.
        from_m: Where it is first in sight.
        line: Whether a stop line is seen before it.
        aside_m: How far right of the lane's centre it stands.
        sure_score: What the driver is told of its eyes.
        braked_mps2: What counts as braking.
        obeys: Whether the car does what is asked; a steady speed if not.
        board: Whether a board is seen around it, or behind it.
    """
    config = DriverConfig(cruise_mps=SPEED_MPS, sure_score=sure_score)
    memory, first_m, braking_s = DriverMemory(), None, 0.0
    x_m, step, speed_mps = from_m, 0, SPEED_MPS
    while x_m > 6.0 and speed_mps > 0.5:
        score, detections = score_at(x_m), ()
        if score > 0.0:
            detections = (_sign(x_m, aside_m, score),)
            if board:
                detections += (_board_around(detections[0]),)
        seen = StopLineEstimate(x_m - 1.5, 0.03 * x_m, 0.95) if line and x_m < 28.0 else None
        memory, control = decide(
            memory, Percept(step, detections, LANE, seen), OwnMotion(speed_mps, 0.0), STEP_S, config
        )
        if control.accel_mps2 < -braked_mps2:
            first_m = x_m if first_m is None else first_m
            braking_s += STEP_S
        speed_mps += control.accel_mps2 * STEP_S if obeys else 0.0
        x_m, step = x_m - speed_mps * STEP_S, step + 1
    return first_m, braking_s


def _sign(x_m: float, aside_m: float, score: float) -> Detection:
    u, v, px = (
        CAMERA.centre_u_px + CAMERA.focal_px * aside_m / x_m,
        CAMERA.centre_v_px - CAMERA.focal_px * (2.5 - CAMERA.height_m) / x_m,
        0.5 * 0.76 * CAMERA.focal_px / x_m,
    )
    return Detection(ObjectKind.STOP_SIGN, (u - px, v - px, u + px, v + px), score, x_m, 0.05 * x_m)


def _board_around(sign: Detection) -> Detection:
    u0, v0, u1, v1 = sign.box
    px = 0.4 * (u1 - u0)
    return Detection(ObjectKind.DISTRACTOR, (u0 - 3.0 * px, v0 - px, u1 + px, v1 + px), 0.6, 40.0, 8.0)


def scores(seed: int, middle: float, spread: float, missed: float = 0.0) -> Score:
    """Return scores whose log-odds wander about a middle, as alike from frame to frame as a network's are."""
    rng = np.random.default_rng(seed)
    state = float(rng.normal())

    def score(_: float) -> float:
        nonlocal state
        state = 0.6 * state + 0.8 * float(rng.normal())
        if rng.random() < missed:
            return 0.0
        return float(1.0 / (1.0 + np.exp(-(middle + spread * state))))

    return score


@pytest.mark.parametrize("middle", [6.0, 4.5])
@pytest.mark.parametrize("seed", range(5))
def test_a_sign_seen_as_signs_are_is_braked_for_in_time(seed: int, middle: float):
    """4.5 is what a faded sign scores within 40 m: 0.989 in the middle of its frames."""
    first_m, _ = drive_towards(scores(seed, middle, 1.0, missed=0.03), braked_mps2=0.5)

    assert first_m is not None
    assert first_m > 35.0  # 25 m of braking in comfort, and 5 m before it begins; gently, until it can be read


@pytest.mark.parametrize("seed", range(5))
def test_what_flickers_all_the_way_is_not_braked_for(seed: int):
    """0.57 in the middle, nine in ten between 0.1 and 0.94; a third of the frames missed."""
    _, braking_s = drive_towards(scores(seed, 0.3, 1.5, missed=0.3), obeys=True)

    assert braking_s < 0.5


@pytest.mark.parametrize("seed", range(5))
def test_a_driver_that_is_told_nothing_of_its_eyes_brakes_for_a_flicker(seed: int):
    """Weaker eyes score true signs no higher than that: there the doubt would cost stops."""
    first_m, _ = drive_towards(scores(seed, 0.3, 1.5, missed=0.3), sure_score=DriverConfig().sure_score)

    assert first_m is not None


def test_what_was_believed_from_afar_is_given_up_when_it_is_no_sign_near_by():
    _, steady_s = drive_towards(lambda x_m: 0.97, obeys=True)
    _, braking_s = drive_towards(lambda x_m: 0.95 if x_m > 45.0 else 0.70, obeys=True)

    assert braking_s < 0.5 < steady_s


def test_a_sign_by_a_stop_line_is_believed_with_less():
    def lukewarm(x_m: float) -> float:
        return 0.85

    without_m, _ = drive_towards(lukewarm, from_m=30.0)
    with_m, _ = drive_towards(lukewarm, from_m=30.0, line=True)

    assert without_m is None
    assert with_m is not None
    assert with_m > 15.0


@pytest.mark.parametrize(("score", "stops"), [(0.95, False), (0.999, True)])
def test_a_sign_within_a_board_must_be_as_sure_as_true_ones_are(score: float, *, stops: bool):
    on_board_m, _ = drive_towards(lambda x_m: score, from_m=45.0, board=True)
    alone_m, _ = drive_towards(lambda x_m: score, from_m=45.0)

    assert alone_m is not None
    assert (on_board_m is not None) is stops


def test_a_sign_is_not_given_up_as_it_leaves_the_frame():
    """The scores of what is half out of the frame fall, and say nothing."""
    memory, config = DriverMemory(), DriverConfig(cruise_mps=SPEED_MPS, sure_score=SURE_SCORE)
    x_m, step = 40.0, 0
    while x_m > 7.0:
        box = _sign(x_m, 4.0, 1.0).box
        cut = box[2] > CAMERA.width_px - 24.0
        percept = Percept(step, (_sign(x_m, 4.0, 0.55 if cut else 0.99),), LANE)
        memory, _ = decide(memory, percept, OwnMotion(SPEED_MPS, 0.0), STEP_S, config)
        x_m, step = x_m - SPEED_MPS * STEP_S, step + 1

    assert cut
    assert any(track.believed and not track.doubtful for track in memory.tracks)


def test_a_late_stop_does_not_reckon_twice_with_the_way_of_reaction():
    profile = StopProfile(2.0)
    fresh, braking = stop_urgency(10.0, 16.0, profile), stop_urgency(10.0, 16.0, profile, 4.0)
    comfortable = stop_urgency(10.0, 40.0, profile)

    assert 1.0 < braking < fresh
    assert stop_urgency(10.0, 40.0, profile, 2.0) == comfortable < 1.0


@pytest.mark.parametrize("score", [0.0, 1.0, -0.5])
def test_a_share_that_is_none_is_refused(score: float):
    with pytest.raises(ValueError, match="Expected sure_score to be above 0 and below 1"):
        DriverConfig(sure_score=score)
