import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios.outcomes import Outcome
from scenarios.run import make_eyes, run_catalogue, run_scenario
from scenarios.scenario import find_scenario, load_catalogue
from sim.errors import WeightsError
from sim.loop import BlindEyes, OracleEyes

ROOT = Path(__file__).parents[2]
CATALOGUE = load_catalogue()
SOME = [find_scenario(name, CATALOGUE) for name in ("curve", "hidden", "lead_car", "empty_road")]
"""A few; `pytest scenarios/` drives them all."""
STRAIGHT = find_scenario("straight", CATALOGUE)


@pytest.mark.parametrize("scenario", SOME, ids=lambda scenario: scenario.name)
def test_the_oracle_passes(scenario):
    for run_seed in range(3):
        verdict = run_scenario(scenario, run_seed, OracleEyes())
        assert verdict.passed, verdict.reason


@pytest.mark.parametrize("scenario", [s for s in SOME if s.needs_sight], ids=lambda scenario: scenario.name)
def test_the_blind_fail_for_a_stop_not_made_or_a_car_not_seen(scenario):
    for run_seed in range(2):
        verdict = run_scenario(scenario, run_seed, BlindEyes())
        assert verdict.outcome in (Outcome.ROLLED_THROUGH, Outcome.CONTACT)


def test_the_same_run_comes_to_the_same_verdict_however_often():
    scenario = find_scenario("town", CATALOGUE)
    assert run_scenario(scenario, 5, OracleEyes()) == run_scenario(scenario, 5, OracleEyes())


def test_results_do_not_depend_on_the_number_of_workers():
    scenarios = (STRAIGHT, find_scenario("empty_road", CATALOGUE))
    seen = []
    alone = run_catalogue(scenarios, "oracle", runs=2, seed=40, progress=lambda done, total: seen.append((done, total)))
    together = run_catalogue(scenarios, "oracle", runs=2, seed=40, workers=2)
    assert alone == together
    assert [(v.scenario, v.seed) for v in alone.verdicts] == [
        ("straight", 40),
        ("straight", 41),
        ("empty_road", 40),
        ("empty_road", 41),
    ]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_each_tick_is_shown_once_in_order_and_the_run_ends_at_the_routes_end():
    steps = []
    verdict = run_scenario(STRAIGHT, 0, OracleEyes(), on_tick=lambda tick: steps.append(tick.world.step))
    assert steps == list(range(verdict.steps))
    assert verdict.metrics.route_s == pytest.approx(steps[-1] / 20)


def test_a_run_is_cut_when_its_time_is_up():
    hurried = replace(STRAIGHT, expect=replace(STRAIGHT.expect, route_finished_s=2.0))
    verdict = run_scenario(hurried, 0, OracleEyes())
    assert verdict.steps == 41
    assert {finding.outcome for finding in verdict.broken} == {Outcome.LINE_NOT_REACHED, Outcome.OUT_OF_TIME}


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"runs": 1, "workers": 0}, {"runs": 1, "seed": -1}])
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="Expected runs and workers"):
        run_catalogue((STRAIGHT,), "oracle", **wrong)


def test_unknown_eyes_are_refused():
    with pytest.raises(ValueError, match="one of network, oracle, blind"):
        make_eyes("third")
    with pytest.raises(ValueError, match="one of network, oracle, blind"):
        run_catalogue((STRAIGHT,), "third", runs=1)


def test_judging_loads_no_tensorflow_and_opens_no_window():
    program = (
        "import sys, scenarios.report\n"
        "heavy = {'tensorflow', 'keras', 'albumentations', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "pygame = sys.modules.get('pygame')\n"
        "assert pygame is None or not pygame.display.get_init()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_missing_weights_are_one_clear_line_from_a_worker_too(tmp_path):
    nowhere = tmp_path / "nothing.npz"
    with pytest.raises(WeightsError, match="no such file") as here:
        run_catalogue((STRAIGHT,), "network", runs=1, weights=nowhere)
    with pytest.raises(WeightsError, match="no such file") as there:
        run_catalogue((STRAIGHT,), "network", runs=2, weights=nowhere, workers=2)
    assert str(here.value) == str(there.value)
