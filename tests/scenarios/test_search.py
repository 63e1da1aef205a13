import math
from dataclasses import replace

import pytest

from scenarios.outcomes import Expectation, Finding, Metrics, Outcome, Verdict
from scenarios.run import run_scenario
from scenarios.scenario import FAULTS_DIR, find_scenario, load_catalogue, load_scenario
from scenarios.search import OTHER_SEEDS, choose, hunt, parameters_of, pin, telling, write_scenario
from scenarios.search_benchmark import Hunted, WornSight, benchmark_search, compare
from sim.errors import RollingStopError, ScenarioError
from sim.loop import BlindEyes, OracleEyes
from sim.percept import ObjectKind

STRAIGHT = find_scenario("straight", load_catalogue())
LATE = find_scenario("late_picture", load_catalogue(FAULTS_DIR))


def hilly(scenario, run_seed, eyes):
    """A cheap drive: fails where the approach is short and the lane is wide, whatever the rest."""
    world = scenario.world
    approach_m, lane_m = (0.5 * sum(span) for span in (world.approach_m, world.lane_width_m))
    low, high = STRAIGHT.world.approach_m
    margin = math.hypot((approach_m - low) / (high - low), (3.7 - lane_m) / 0.7) - 0.15
    outcome = Outcome.HELD if margin >= 0 else Outcome.LEFT_LANE
    finding = Finding(Expectation.LANE_KEPT, outcome, f"{margin:.3f}", 0.6 * margin)
    return Verdict(scenario.name, run_seed, eyes.name, outcome, (finding,), Metrics((), (), 0, 0, 0, None, None), 1)


def test_margins_are_negative_exactly_where_a_run_fails():
    held = run_scenario(STRAIGHT, 0, OracleEyes())
    assert held.passed
    assert 0.0 <= held.margin <= 1.0
    failed = run_scenario(STRAIGHT, 0, BlindEyes())
    assert failed.margin < 0.0
    assert all((finding.robustness < 0.0) != finding.held for finding in (*held.findings, *failed.findings))


def test_a_margin_tells_how_far_from_the_limit():
    limit_m = 2.0
    wide = replace(STRAIGHT, expect=replace(STRAIGHT.expect, lane_kept_m=limit_m))
    verdict = run_scenario(wide, 0, OracleEyes())
    lane = next(each for each in verdict.findings if each.expectation is Expectation.LANE_KEPT)
    assert lane.margin == pytest.approx(limit_m - verdict.metrics.max_offset_m)


def test_all_that_is_open_is_a_parameter_and_pins_stay_within():
    parameters = {each.path: each for each in parameters_of(LATE)}
    assert {"world.approach_m", "world.parked", "start.offset_m", "fault.start_s"} <= set(parameters)
    assert "world.junctions" not in parameters  # it is pinned as it is
    assert parameters["world.parked"].whole
    assert not any(path.startswith("expect") for path in parameters)
    pinned = pin(LATE, {"world.approach_m": 77.0, "world.parked": 0, "world.kerb_share": 1})
    assert pinned.world.approach_m == (77.0, 77.0)
    assert pinned.world.parked == (0, 0)
    assert pinned.world.kerb_share == 1.0
    assert len(parameters_of(pinned)) == len(parameters) - 3


def test_what_makes_no_difference_is_not_searched():
    telling_ones = {each.path for each in telling(STRAIGHT, parameters_of(STRAIGHT))}
    assert {"world.approach_m", "world.speed_limit_mps", "world.sign_wear", "start.offset_m"} <= telling_ones
    # In clear air by day.
    assert not any(path.startswith(("world.light", "world.sensor")) for path in telling_ones)
    late = {each.path for each in telling(LATE, parameters_of(LATE))}
    assert "fault.start_s" in late


def test_optimisation_finds_what_random_draws_seldom_meet_and_shrinks_it_to_what_matters():
    pytest.importorskip("optuna", exc_type=ImportError)
    found = hunt(STRAIGHT, BlindEyes(), budget=300, seed=1, drive=hilly)
    assert found.found is not None
    counts = {each.path for each in parameters_of(STRAIGHT) if each.whole}
    assert set(found.found.pins) - counts == {"world.approach_m", "world.lane_width_m"}
    assert found.found.first_pins > 10
    assert found.found.others_failed == OTHER_SEEDS
    assert not hilly(found.found.scenario, found.found.run_seed, BlindEyes()).passed


def test_the_same_seed_hunts_the_same_way():
    pytest.importorskip("optuna", exc_type=ImportError)
    first, second = (hunt(STRAIGHT, BlindEyes(), budget=25, seed=3, drive=hilly) for _ in range(2))
    assert first == second


def test_random_draws_need_no_pins_and_what_is_found_fails_from_its_file(tmp_path):
    found = hunt(STRAIGHT, BlindEyes(), budget=3, sampler="random")
    assert found.trials == 1
    fewest = {each.path: each.low for each in parameters_of(STRAIGHT) if each.whole}
    assert found.found.pins.items() <= fewest.items()
    path = write_scenario(found.found.scenario, tmp_path)
    again = run_scenario(load_scenario(path), found.found.run_seed, BlindEyes())
    assert (again.outcome, again.findings) == (found.found.verdict.outcome, found.found.verdict.findings)


def test_a_scenario_comes_back_from_its_file_as_it_was(tmp_path):
    pinned = replace(pin(LATE, {"world.approach_m": 77.125, "fault.start_s": 1.25}), name="one", description='a "b"\\c')
    assert load_scenario(write_scenario(pinned, tmp_path)) == pinned


def test_nothing_is_found_where_nothing_fails():
    always = Verdict("x", 0, "blind", Outcome.HELD, (), Metrics((), (), 0, 0, 0, None, None), 1)
    found = hunt(STRAIGHT, BlindEyes(), budget=5, sampler="random", drive=lambda *_: always)
    assert (found.found, found.trials, found.lowest_margin) == (None, 5, 1.0)


def test_a_missing_optuna_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(RollingStopError, match=r"Expected optuna .*"):
        hunt(STRAIGHT, BlindEyes(), budget=1)


def test_what_is_searched_is_found_by_name_or_path():
    assert choose("late_picture") == (LATE,)
    assert choose(str(FAULTS_DIR)) == load_catalogue(FAULTS_DIR)
    with pytest.raises(ScenarioError, match="Received: 'nowhere'"):
        choose("nowhere")


def test_a_guided_search_is_held_against_random_draws_by_failures_for_each_run():
    advantage = compare(Hunted("guided", (10, 20, 30), 3), Hunted("random", (100, 100, 100), 1))
    assert advantage.ratio == pytest.approx(15.0)
    assert advantage.low < advantage.ratio < advantage.high
    assert compare(Hunted("guided", (10,), 0), Hunted("random", (10,), 0)).ratio is None
    only = compare(Hunted("guided", (10,), 1), Hunted("random", (10,), 0))
    assert (only.ratio, only.high) == (None, None)
    assert only.low > 0.0


def test_eyes_of_worn_sight_see_worn_signs_late_and_nothing_else_wrong():
    seen: dict[float, float] = {}
    for wear in (0.0, 0.4):
        world = replace(STRAIGHT.world, sign_wear=(wear, wear), crosswalk_share=0.0)
        firsts = []

        def note(tick, firsts=firsts):
            signs = [each for each in tick.percept.detections if each.kind is ObjectKind.STOP_SIGN]
            firsts += [each.distance_m for each in signs[:1]]

        run_scenario(replace(STRAIGHT, world=world), 5, WornSight(50.0), on_tick=note)
        seen[wear] = firsts[0]
    assert 48.0 < seen[0.0] < 50.0
    assert 28.0 < seen[0.4] < 30.0


@pytest.mark.slow
def test_the_benchmark_searches_both_ways_and_comes_out_the_same_with_more_workers():
    pytest.importorskip("cmaes", exc_type=ImportError)
    one, two = (benchmark_search(searches=2, budget=12, sights_m=(40.0,), workers=workers) for workers in (1, 2))
    assert one == two
    assert one.guided.failures == one.random.failures == 2
