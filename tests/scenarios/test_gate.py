"""Comparing results with others and with a baseline, three eyes, and the page that shows all of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from scenarios.baseline import Latency, Tolerance, hold_against, load_baseline, make_baseline, updated, write_baseline
from scenarios.compare import compare, load_results, recorded
from scenarios.outcomes import Expectation, Finding, Metrics, Outcome, Verdict
from scenarios.page import FilmedFailure, write_page
from scenarios.report import summarise_families, tally, to_json, to_junit, write_json
from scenarios.run import Results
from scenarios.scenario import Scenario
from scenarios.scoring import CarlaScore
from scenarios.three_eyes import ThreeEyes
from scenarios.trace import Band, Plot, Point, Trace
from sim.errors import ScenarioError
from sim.viewer.film import Film

CURVE = Scenario(name="curve", title="A curve", description="One.", family="curves")
NIGHT = Scenario(
    name="night", title="By <night>", description="Two.", family="dark", required=False,
    not_required_because="Never seen.",
)  # fmt: skip


def results(failed=(), eyes="network", scenarios=(CURVE, NIGHT), runs=3):
    verdicts = []
    for scenario in scenarios:
        for seed in range(runs):
            fails = (scenario.name, seed) in failed
            outcome = Outcome.ROLLED_THROUGH if fails else Outcome.HELD
            finding = Finding(Expectation.STOPS, outcome, f"Crossed the line of {seed}." if fails else "Stopped.")
            metrics = Metrics((0.5,), (2.0,), 2.0, 3.0, 0.1, 14.0, None, CarlaScore(100.0, int(fails)))
            verdicts.append(Verdict(scenario.name, seed, eyes, outcome, (finding,), metrics, 280))
    return Results(eyes, 0, runs, tuple(scenarios), tuple(verdicts))


def test_families_are_counted_together_with_their_bounds_and_scores():
    other = replace(CURVE, name="bend")
    counted = summarise_families(results({("curve", 1)}, scenarios=(CURVE, other, NIGHT)))
    assert list(counted) == ["curves", "dark"]
    assert (counted["curves"].passes, counted["curves"].runs) == (5, 6)
    assert counted["curves"].low == pytest.approx(0.3588, abs=1e-4)  # R: binom.test(5, 6)$conf.int
    assert counted["curves"].carla_stops == 5
    assert counted["curves"].driving_score_2_0 == pytest.approx((5 * 100 + 80) / 6)
    assert counted["curves"].driving_score_2_1 == pytest.approx((5 * 100 + 80) / 6)


def test_only_what_is_required_counts_and_with_the_networks_eyes_alone():
    failed = {("night", 0)}
    assert results(failed).counted_failures == ()
    assert len(results(failed, eyes="oracle").counted_failures) == 1
    assert len(results({("curve", 0), ("night", 0)}).counted_failures) == 1
    junit = to_junit(results(failed)).decode()
    assert '<skipped message="Not required of the network: Never seen. Crossed the line of 0."' in junit
    assert 'failures="0"' in junit
    assert 'failures="1"' in to_junit(results(failed, eyes="oracle")).decode()


def test_two_results_are_paired_by_scenario_and_seed(tmp_path):
    first, second = results({("curve", 0), ("night", 2)}), results({("curve", 0), ("curve", 1), ("curve", 2)})
    write_json(first, tmp_path / "results.json")
    comparison = compare(load_results(tmp_path), recorded(second))
    found = comparison.all
    assert (found.runs, found.both, found.only_first, found.only_second, found.neither) == (6, 2, 2, 1, 1)
    assert found.p_value == 1.0
    assert [(run.scenario, run.seed) for run in comparison.worse] == [("curve", 1), ("curve", 2)]
    assert [(run.scenario, run.seed) for run in comparison.better] == [("night", 2)]
    assert comparison.families["curves"].only_first == 2
    assert comparison.left_out == 0
    assert json.loads(json.dumps(comparison.to_dict()))["families"]["dark"]["only_second"] == 1


def test_runs_of_a_scenario_that_says_something_else_now_are_left_out():
    changed = replace(CURVE, world=replace(CURVE.world, approach_m=(50.0, 60.0)))
    comparison = compare(recorded(results()), recorded(results(scenarios=(changed, NIGHT))))
    assert (comparison.all.runs, comparison.left_out) == (3, 3)
    with pytest.raises(ScenarioError, match="none in common"):
        compare(recorded(results(scenarios=(CURVE,))), recorded(results(scenarios=(changed,))))


@pytest.mark.parametrize(
    ("text", "told"), [(None, "no such file"), ("{", "to be JSON"), ('{"eyes": "x"}', "'scenarios' is missing")]
)
def test_a_file_that_holds_no_results_gets_one_clear_line(tmp_path, text, told):
    path = tmp_path / "results.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ScenarioError, match=re.escape(told)):
        load_results(path)


def test_a_digest_is_of_what_is_driven_and_not_of_its_words():
    assert replace(CURVE, title="Other", family="other").digest == CURVE.digest
    assert replace(CURVE, yields=True).digest != CURVE.digest
    assert replace(CURVE, expect=replace(CURVE.expect, dwell_s=1.0)).digest != CURVE.digest


def test_a_baseline_is_read_as_it_was_written_and_says_why(tmp_path):
    made = make_baseline(results({("night", 1)}), "The first one.", latency=Latency(machine="m", median_ms=8.0))
    path = tmp_path / "deep" / "baseline.json"
    write_baseline(made, path)
    assert load_baseline(path) == made
    assert made.scenarios["night"].failed == (1,)
    with pytest.raises(ScenarioError, match="reason"):
        make_baseline(results(), " ")
    path.write_text(path.read_text().replace('"passes": 3', '"pases": 3'))
    with pytest.raises(ScenarioError, match=r"'scenarios\.curve\.passes' is missing"):
        load_baseline(path)
    with pytest.raises(ScenarioError, match="--update-baseline"):
        load_baseline(tmp_path / "none.json")


def test_the_gate_is_open_for_the_same_and_names_what_got_worse():
    baseline = make_baseline(results({("night", 1)}), "The first one.")
    assert hold_against(baseline, results({("night", 1)})).open
    better = hold_against(baseline, results())
    assert better.open
    assert better.better[0] == "night: 3 of 3 runs held, 2 before."
    gate = hold_against(baseline, results({("curve", 0), ("curve", 2), ("night", 1)}))
    assert not gate.open
    assert gate.worse == (
        "curve: 1 of 3 runs held, 3 before; failed anew: seed 0, 2.",
        "curve: driving score 2.0 86.7, 100.0 before.",
        "curve: driving score 2.1 86.7, 100.0 before.",
    )


def test_what_is_tolerated_does_not_close_the_gate():
    baseline = make_baseline(results(), "The first one.", tolerance=Tolerance(passes=1, driving_score=7.0))
    assert hold_against(baseline, results({("curve", 0)})).open
    assert not hold_against(baseline, results({("curve", 0), ("curve", 1)})).open
    with pytest.raises(ValueError, match="Expected passes"):
        Tolerance(passes=-1)


def test_a_scenario_that_is_gone_or_changed_closes_the_gate_and_a_new_one_does_not():
    baseline = make_baseline(results(), "The first one.")
    gone = hold_against(baseline, results(scenarios=(CURVE,)))
    assert gone.worse == ("night: in the baseline, and no longer driven.",)
    changed = hold_against(baseline, results(scenarios=(replace(CURVE, yields=True), NIGHT)))
    assert changed.worse == ("curve: the scenario says something else than when the baseline was made.",)
    new = hold_against(baseline, results(scenarios=(CURVE, NIGHT, replace(CURVE, name="bend"))))
    assert new.open
    assert new.notes == ("bend: not in the baseline.",)
    with pytest.raises(ScenarioError, match="Leave --eyes"):
        hold_against(baseline, results(runs=2))


@pytest.mark.parametrize(
    ("machine", "median_ms", "opens", "told"),
    [
        ("m", 11.0, True, ""),
        ("m", 12.5, False, "Latency: 12.5 ms a frame, 8.0 before."),
        ("other", 99.0, True, "Latency: not compared, for this is another machine (other; then m)."),
    ],
)
def test_latency_is_held_against_the_same_machines_alone(machine, median_ms, opens, told):
    baseline = make_baseline(results(), "The first one.", latency=Latency(machine="m", median_ms=8.0))
    gate = hold_against(baseline, results(), Latency(machine=machine, median_ms=median_ms))
    assert gate.open is opens
    assert told in ("", *gate.worse, *gate.notes)
    assert hold_against(baseline, results()).notes == ("Latency: not measured now.",)


def test_a_new_baseline_keeps_what_is_tolerated():
    old = make_baseline(results(), "Old.", latency=Latency(machine="m", median_ms=8.0), tolerance=Tolerance(passes=2))
    new = updated(old, results({("curve", 0)}), "New weights.", None)
    assert (new.reason, new.tolerance, new.latency) == ("New weights.", old.tolerance, old.latency)
    assert new.scenarios["curve"].passes == 2


def three_eyes(network, blind=None):
    everything = {(name, seed) for name in ("curve", "night") for seed in range(3)}
    blind_results = results(everything if blind is None else blind, eyes="blind")
    return ThreeEyes(results(eyes="oracle"), blind_results, results(network))


def test_three_eyes_tell_what_perception_costs():
    three = three_eyes({("night", 0), ("night", 1)})
    assert three.points_lost == pytest.approx(100.0 - (4 * 100 + 2 * 80) / 6)
    assert three.passes_lost_percent == pytest.approx(100 / 3)
    assert three.headline.startswith(
        "Lost to perception: 6.7 points of driving score (perfect eyes 100.0, the network 9"
    )
    assert three.held
    assert not three_eyes({("curve", 0)}).held
    toothless = three_eyes(set(), blind={("curve", 0)})
    assert not toothless.held
    assert len(toothless.toothless) == 5
    assert json.loads(json.dumps(three.to_dict()))["points_lost_to_perception"] == pytest.approx(three.points_lost)


def test_a_trace_becomes_lines_within_the_plot():
    trace = Trace()
    for step in range(40):
        phase = "Cruising" if step < 20 else "Stopping"
        trace.points.append(Point(40.0 + step, 8.0 - 0.2 * step, min(1.0, step / 30), phase))
    plot = trace.plot()
    assert [band.phase for band in plot.bands] == ["Cruising", "Stopping"]
    numbers = [tuple(map(float, pair.split(","))) for pair in plot.speed.split()]
    assert len(numbers) == 40
    assert all(0.0 <= x <= 640.0 and 0.0 <= y <= 150.0 for x, y in numbers)
    assert numbers[0][1] < numbers[-1][1]
    with pytest.raises(ValueError, match="one step"):
        Trace().plot()


@pytest.fixture
def page(tmp_path):
    failed = results({("curve", 1), ("night", 0)})
    film = tmp_path / "curve-1.mp4"
    with Film(film) as reel:
        for step in range(20):
            reel.add(np.full((48, 64, 3), 10 * step, np.uint8))
    plot = Plot("0,10 320,75 640,140", "0,150 640,20", (Band(0.0, 640.0, "Cruising"),), (500.0,), 9.0, 40.0, 120.0)
    gate = hold_against(make_baseline(results(), "The first one."), failed)
    verdict = failed.failures[0]
    path = tmp_path / "index.html"
    three = three_eyes({("curve", 1), ("night", 0)})
    write_page(failed, path, failures=[FilmedFailure(verdict, film, plot)], three=three, gate=gate)
    return path


def test_the_page_needs_no_other_file_and_holds_tables_film_and_plot(page):
    text = page.read_text()
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert "data:video/mp4;base64," in text
    assert "By &lt;night&gt;" in text
    assert "Not required of the network: Never seen." in text
    assert "Lost to perception: 6.7 points" in text
    assert "curve: 2 of 3 runs held, 3 before; failed anew: seed 1." in text
    assert "Not filmed" in text
    assert tally(results({("curve", 1)}).verdicts).passes == 5
    assert to_json(results())["required_held"] is True


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the page is checked as text alone")
@pytest.mark.slow
def test_a_browser_shows_the_page_and_filters_it(page, tmp_path):
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000", "--dump-dom",
        f"file://{page}#family=curves",
    ]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    rows = re.findall(r"<tr data-kind=\"scenario\" data-family=\"(\w+)\"[^>]*?( hidden=\"\")?>", dom)
    assert rows == [("curves", ""), ("dark", ' hidden=""')]
    assert "1 scenarios shown" in dom
