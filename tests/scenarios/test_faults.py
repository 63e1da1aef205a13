from dataclasses import replace

import numpy as np
import pytest

from scenarios.run import driver_for, run_scenario
from scenarios.scenario import FAULTS_DIR, fault_of, find_scenario, load_catalogue, load_scenario, start_world
from sim.control.watchdog import Trouble
from sim.errors import ScenarioError
from sim.faults import Fault, FaultyLine, draw_fault, spoil
from sim.health import measure_health
from sim.loop import Capture, OracleEyes, drive
from sim.percept import LaneEstimate, Percept
from sim.spec.faults import FaultKind, FaultSpec
from sim.vehicle import STEP_S, OwnMotion

FAULTS = load_catalogue(FAULTS_DIR)
NOTICED = {
    "camera_gone": Trouble.NO_PICTURE,
    "dropped_frames": Trouble.NO_PICTURE,
    "frozen_picture": Trouble.FROZEN,
    "late_picture": Trouble.LATE,
    "no_numbers": Trouble.NO_NUMBERS,
    "slow_perception": Trouble.LATE,
    "stuck_steering": Trouble.STEERING,
}
IN_PICTURE = {
    "blurred_picture": Trouble.BLUR,
    "half_black": Trouble.BLACK,
    "overexposed": Trouble.GLARE,
}


def states(scenario, run_seed=0, *, fault=None, steps=10_000):
    world = start_world(scenario, run_seed)
    found = []
    for tick in drive(world, OracleEyes(), driver_for(world.scene.speed_limit_mps), fault=fault):
        found.append((tick.world.ego, tick.control, tick.memory.reason))
        if tick.world.finished or len(found) >= steps:
            return found
    raise AssertionError


@pytest.mark.parametrize("name", [*NOTICED, *IN_PICTURE])
def test_the_driver_notices_says_so_and_does_what_must_hold(name):
    scenario = find_scenario(name, FAULTS)
    fault = fault_of(scenario, start_world(scenario, 0))
    reasons = []
    verdict = run_scenario(
        scenario, 0, OracleEyes(), on_tick=lambda tick: reasons.append((tick.world.step, tick.memory.reason))
    )
    assert verdict.passed, verdict.reason
    first = next(step for step, reason in reasons if (NOTICED | IN_PICTURE)[name] in reason)
    assert first >= fault.start_step
    assert first - fault.start_step < 1.5 / STEP_S
    assert all(str(trouble) not in reason for step, reason in reasons if step < fault.start_step for trouble in Trouble)


def test_a_fault_that_never_comes_changes_nothing():
    scenario = find_scenario("camera_gone", FAULTS)
    never = Fault(FaultKind.LATE, 100_000, 100_001, 0.2, 0)
    assert states(scenario, fault=never) == states(scenario)


def test_a_camera_that_stays_away_leaves_the_car_standing():
    scenario = find_scenario("camera_gone", FAULTS)
    for_ever = Fault(FaultKind.DROPPED, 20, 100_000, 1.0, 0)
    last = states(scenario, fault=for_ever, steps=400)[-100:]
    assert all(ego.speed_mps == 0.0 for ego, _, _ in last)
    assert "Safe stop: standing: no new picture, for" in last[-1][2]


def test_a_driver_without_a_watchdog_would_fail(monkeypatch):
    scenario = find_scenario("camera_gone", FAULTS)
    monkeypatch.setattr("sim.control.watchdog.BLIND_S", 1e9)
    verdict = run_scenario(scenario, 0, OracleEyes())
    assert not verdict.passed


def test_the_same_seed_draws_the_same_fault_and_another_another():
    spec = FaultSpec(kind=FaultKind.BLURRED, strength=(1.0, 9.0))
    assert draw_fault(spec, 3) == draw_fault(spec, 3)
    assert draw_fault(spec, 3).strength != draw_fault(spec, 4).strength


def test_lost_frames_are_the_same_ones_in_each_run():
    fault = Fault(FaultKind.DROPPED, 2, 60, 0.5, 9)

    def arrived():
        line = FaultyLine(fault, lambda step, capture: Percept(step))
        return [line.look(step, Capture(None, None))[1].step for step in range(60)]

    assert arrived() == arrived()
    assert 15 < len(set(arrived())) < 45


@pytest.mark.parametrize(("kind", "oldest"), [(FaultKind.LATE, 4), (FaultKind.SLOW, 8)])
def test_percepts_are_as_old_as_the_fault_says_and_never_go_back(kind, oldest):
    line = FaultyLine(Fault(kind, 10, 60, 0.2, 0), lambda step, capture: Percept(step))
    stamps = [line.look(step, Capture(None, None))[1].step for step in range(60)]
    assert stamps == sorted(stamps)
    ages = [step - stamp for step, stamp in enumerate(stamps)]
    assert max(ages[:10]) == 0
    assert max(ages) <= oldest
    assert min(ages[20:]) >= 4


def test_a_stuck_sensor_stays_and_speed_goes_on():
    line = FaultyLine(Fault(FaultKind.STUCK_STEERING, 2, 4, 1.0, 0), lambda step, capture: Percept(step))
    felt = [line.feel(step, OwnMotion(step, 0.1 * step)) for step in range(6)]
    assert [own.steer_rad for own in felt] == pytest.approx([0.0, 0.1, 0.1, 0.1, 0.4, 0.5])
    assert [own.speed_mps for own in felt] == list(range(6))


def test_answers_that_are_no_numbers_have_a_lane_to_be_caught_by():
    seen = Percept(0, lane=LaneEstimate(0.1, 0.0, 0.0, 1.0))
    line = FaultyLine(Fault(FaultKind.NO_NUMBERS, 0, 9, 1.0, 0), lambda step, capture: seen)
    lane = line.look(0, Capture(None, None))[1].lane
    assert lane is not None
    assert np.isnan(lane.offset_m)


def test_health_tells_a_sound_picture_from_spoilt_ones():
    rgb = np.random.default_rng(0).normal(120.0, 12.0, (240, 672, 3)).clip(0, 255).astype(np.uint8)
    sound = measure_health(rgb)
    assert (sound.black_share, sound.white_share) == (0.0, 0.0)
    nothing = np.zeros((240, 672), np.float32)
    half = nothing.copy()
    half[:, :336] = 1.0
    assert measure_health(spoil(rgb, Fault(FaultKind.HALF_BLACK, 0, 1, 0.5, 0), half)).black_share == 0.5
    assert measure_health(spoil(rgb, Fault(FaultKind.OVEREXPOSED, 0, 1, 9.0, 0), nothing)).white_share > 0.9
    blurred = measure_health(spoil(rgb, Fault(FaultKind.BLURRED, 0, 1, 3.0, 0), nothing))
    assert blurred.sharpness < 0.2 * sound.sharpness


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('kind = "dropt"', "key 'fault.kind'"),
        ('kind = "late"\nstrength = [0.2, 9.0]', "within 0.05 to 2"),
        ('kind = "frozen"\nstrength = [1.0, 1.0]', "has none"),
        ('kind = "late"\nbegins = [1, 2]', "unknown key 'fault.begins'"),
    ],
)
def test_a_wrong_fault_is_one_clear_line(tmp_path, table, message):
    path = tmp_path / "wrong.toml"
    path.write_text(f'title = "a"\ndescription = "b"\n[fault]\n{table}\n')
    with pytest.raises(ScenarioError, match=message):
        load_scenario(path)


def test_a_safe_stop_without_a_fault_is_refused():
    plain = replace(FAULTS[0], fault=None, expect=replace(FAULTS[0].expect, safe_stop_s=0.0))
    with pytest.raises(ValueError, match=r"\[fault\]"):
        replace(plain, expect=replace(plain.expect, safe_stop_s=3.0))
