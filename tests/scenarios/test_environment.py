"""The Gymnasium environment: by Gymnasium's own rules, and by what a step is paid."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from scenarios.environment import ENVIRONMENT_ID, StopSignEnv
from scenarios.outcomes import Outcome
from scenarios.rewards import CONTACT, FULL_STOP, PROGRESS_PER_M, Paymaster
from scenarios.scenario import Expectations, Scenario, find_scenario, load_catalogue, start_world
from sim.errors import ScenarioError
from sim.spec import WorldSpec
from sim.vehicle import STEP_S

README = Path(__file__).parents[2] / "README.md"
COAST = np.zeros(2, np.float32)
BRAKE = np.array([-1.0, 0.0], np.float32)


@pytest.fixture(autouse=True)
def screenless(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.mark.parametrize("options", [{}, {"size": (48, 112), "with_speed": True, "world": "town"}])
def test_it_passes_gymnasiums_check_without_a_warning(options):
    check_env(gymnasium.make(ENVIRONMENT_ID, **options).unwrapped)


def test_it_is_made_with_gymnasiums_wrappers_and_steps_in_them_without_a_warning():
    env = gymnasium.make(ENVIRONMENT_ID, size=(96, 224))
    env.reset(seed=1)

    for _ in range(3):
        image, reward, terminated, truncated, info = env.step(env.action_space.sample())

    assert image.shape == (96, 224, 3)
    assert not (terminated or truncated)
    assert reward == pytest.approx(sum(info["reward_parts"].values()))


def test_the_same_seed_gives_the_same_runs_and_goes_on_to_others():
    first, second = StopSignEnv(size=(48, 112)), StopSignEnv(size=(48, 112))

    runs = [first.reset(seed=5)[1]["run_seed"], *(first.reset()[1]["run_seed"] for _ in range(3))]

    assert len(set(runs)) == 4
    assert [second.reset(seed=5)[1]["run_seed"], *(second.reset()[1]["run_seed"] for _ in range(3))] == runs
    assert second.reset(seed=6)[1]["run_seed"] != runs[0]


def test_a_run_seed_shows_that_run_of_the_scenario():
    env = StopSignEnv("town", render_mode="rgb_array")

    image, info = env.reset(options={"run_seed": 3})

    world = start_world(find_scenario("town", load_catalogue()), 3)
    assert info["speed_mps"] == world.ego.speed_mps
    assert image.shape == (288, 672, 3)
    assert image.std() > 5, "the picture is blank"
    np.testing.assert_array_equal(env.render(), image)


def test_the_window_shows_what_the_camera_sees_and_closes_twice():
    import pygame

    env = StopSignEnv(render_mode="human")
    env.reset(seed=1)
    env.step(COAST)

    shown = pygame.surfarray.array3d(pygame.display.get_surface())
    assert env.render() is None
    assert shown.shape == (1344, 576, 3)
    assert shown.std() > 5, "the window is blank"
    env.close()
    env.close()


def test_worlds_of_ones_own_can_be_driven_and_an_unknown_scenario_is_answered_with_the_nearest():
    env = StopSignEnv(WorldSpec(junctions=(0, 0)))

    _, info = env.reset(seed=2)

    assert info["stop_gap_m"] == float("inf")
    with pytest.raises(ScenarioError, match="Did you mean 'straight'"):
        StopSignEnv("strait")


@pytest.mark.parametrize(
    ("options", "words"), [({"size": (300, 672)}, "288 and 672"), ({"render_mode": "ascii"}, "rgb_array")]
)
def test_a_wrong_option_is_answered_with_what_was_expected(options, words):
    with pytest.raises(ValueError, match=words):
        StopSignEnv(**options)


def test_a_wrong_action_and_a_step_before_reset_are_refused():
    env = StopSignEnv(size=(48, 112))

    with pytest.raises(ValueError, match="reset"):
        env.step(COAST)
    env.reset(seed=1)
    for wrong in ([0.0], [np.nan, 0.0], [0.0, 0.0, 0.0]):
        with pytest.raises(ValueError, match="two finite numbers"):
            env.step(np.array(wrong, np.float32))


def drive(env, policy, **how):
    """Drive to the end and return the reward's parts summed, the last info, and how it ended."""
    _, info = env.reset(**how)
    sums = dict.fromkeys(info["reward_parts"], 0.0)
    for _ in range(2000):
        _, _, terminated, truncated, info = env.step(policy(info))
        sums = {name: sums[name] + part for name, part in info["reward_parts"].items()}
        if terminated or truncated:
            return sums, info, terminated
    raise AssertionError("the drive did not end")


def keep_lane(pedals):
    return lambda info: np.clip(
        [pedals(info), -0.3 * info["lane_offset_m"] - 1.5 * info["lane_heading_rad"]], -1.0, 1.0
    ).astype(np.float32)


def test_who_drives_through_is_paid_for_the_way_and_charged_for_the_line():
    env = StopSignEnv(size=(16, 16))

    sums, info, terminated = drive(
        env, keep_lane(lambda info: 0.1 * (info["speed_limit_mps"] - info["speed_mps"])), seed=3
    )

    assert terminated, "the route's end"
    assert sums["stop"] == -FULL_STOP
    assert sums["progress"] > 8.0
    assert sums["phantom"] == 0.0
    assert "without a full stop" in info["verdict"]


def test_who_stands_for_nothing_is_charged_until_the_time_is_up():
    nothing = WorldSpec(junctions=(0, 0), oncoming=(0, 0), parked=(0, 0))
    short = Expectations(route_finished_s=8.0)
    env = StopSignEnv(Scenario(title="Nothing", description="Nothing.", world=nothing, expect=short), size=(16, 16))

    sums, info, terminated = drive(env, lambda _: BRAKE, seed=3)

    assert not terminated
    assert sums["phantom"] < -10.0
    assert sums["comfort"] < 0.0, "it braked at 8 m/s2"
    assert sums["stop"] == 0.0
    assert info["speed_mps"] == 0.0


def test_who_leaves_the_road_is_stopped_there():
    env = StopSignEnv(size=(16, 16))

    sums, info, terminated = drive(env, lambda _: np.array([0.0, 0.2], np.float32), seed=3)

    assert terminated
    assert sums["lane"] < -0.1
    assert abs(info["lane_offset_m"]) > 1.5


def test_the_way_is_paid_by_the_metre_and_speeding_is_not():
    world = start_world(find_scenario("empty_road", load_catalogue()), 0)
    paymaster = Paymaster(Expectations(), world)
    limit_mps = world.scene.speed_limit_mps
    from sim.world import place_ego

    slow = paymaster.pay(place_ego(world, world.ego_s_m + 0.2, 0.0, 0.0, 4.0))
    fast = paymaster.pay(place_ego(world, world.ego_s_m + 3.0, 0.0, 0.0, 50.0))

    assert slow.progress == pytest.approx(0.2 * PROGRESS_PER_M, rel=0.01)
    assert fast.progress == pytest.approx(limit_mps * STEP_S * PROGRESS_PER_M)


def test_running_into_another_car_ends_the_drive_and_is_charged_once():
    env = StopSignEnv("lead_car", size=(16, 16))

    sums, info, terminated = drive(env, keep_lane(lambda _: 1.0), seed=1)

    assert terminated
    assert sums["contact"] == -CONTACT
    assert info["verdict"].startswith("Touched")


def test_the_agent_in_the_readme_drives_and_every_expectation_holds(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (program,) = [block for block in blocks if "gymnasium.make" in block]

    exec(compile(program, "README.md", "exec"), {})

    total, verdict = capsys.readouterr().out.strip().split(": ")
    assert verdict == Outcome.HELD.value
    assert float(total) > FULL_STOP


def test_reward_for_standing_comes_bit_by_bit():
    env = StopSignEnv(size=(16, 16))
    _, info = env.reset(seed=7)
    stops = []

    def pedals(info):
        wanted_mps = min(8.0, (3.0 * max(info["stop_gap_m"] - 0.5, 0.0)) ** 0.5)
        return 0.5 * (wanted_mps - info["speed_mps"])

    policy = keep_lane(pedals)
    while sum(stops) < FULL_STOP - 1e-6 and len(stops) < 800:
        _, _, _, _, info = env.step(policy(info))
        stops.append(info["reward_parts"]["stop"])

    assert sum(stops) == pytest.approx(FULL_STOP)
    rising = [b >= a for a, b in pairwise(np.cumsum(stops))]
    assert all(rising)
    assert max(stops) < 0.1 * FULL_STOP
