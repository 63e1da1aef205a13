import json
from xml.etree import ElementTree

import pytest

from scenarios.outcomes import Expectation, Finding, Metrics, Outcome, Verdict
from scenarios.report import failure_line, pass_interval, summarise, to_json, to_junit, write_json, write_junit
from scenarios.run import Results
from scenarios.scenario import Scenario
from sim.errors import StorageError

METRICS = Metrics((0.6,), (2.2,), 2.0, 3.0, 0.1, 14.0, None)


def verdict(name, seed, outcome=Outcome.HELD, sentence="Fine."):
    findings = (
        Finding(Expectation.STOPS, outcome, sentence),
        Finding(Expectation.NO_CONTACT, Outcome.HELD, "Touched nothing."),
    )
    return Verdict(name, seed, "oracle", outcome, findings, METRICS, 280)


@pytest.fixture
def results():
    names = ("curve", "straight")
    scenarios = tuple(Scenario(name=name, title=name.title(), description="One.") for name in names)
    rolled = 'Crossed stop line 1 at 4.2 m/s² without a "full" stop & <left>.'
    verdicts = (
        verdict("curve", 5),
        verdict("curve", 6),
        verdict("straight", 5),
        verdict("straight", 6, Outcome.ROLLED_THROUGH, rolled),
    )
    return Results("oracle", 5, 2, scenarios, verdicts)


@pytest.mark.parametrize(
    ("passes", "runs", "low", "high"),
    [
        # Closed forms: with all passed, low = (alpha / 2) ** (1 / n).
        (100, 100, 0.025 ** (1 / 100), 1.0),
        (0, 10, 0.0, 1 - 0.025 ** (1 / 10)),
        # From R: binom.test(95, 100)$conf.int and binom.test(7, 20)$conf.int.
        (95, 100, 0.8871651, 0.9835681),
        (7, 20, 0.1539092, 0.5921885),
    ],
)
def test_intervals_are_those_of_clopper_and_pearson(passes, runs, low, high):
    assert pass_interval(passes, runs) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(("passes", "runs"), [(-1, 3), (4, 3), (0, 0)])
def test_an_impossible_count_is_refused(passes, runs):
    with pytest.raises(ValueError, match="Expected 0 <= passes <= runs"):
        pass_interval(passes, runs)


def test_the_summary_has_a_row_for_each_scenario(results):
    curve, straight = summarise(results)
    assert (curve.passes, curve.runs, curve.outcomes) == (2, 2, ())
    assert (straight.passes, straight.runs, straight.outcomes) == (1, 2, ((Outcome.ROLLED_THROUGH, 1),))
    assert not results.passed
    assert [failed.seed for failed in results.failures] == [6]
    assert failure_line(results.failures[0]).startswith("straight, seed 6: Crossed stop line 1")


def test_junit_is_well_formed_and_says_why_a_run_failed(results, tmp_path):
    path = tmp_path / "out" / "junit.xml"
    write_junit(results, path)
    root = ElementTree.parse(path).getroot()
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures")) == ("4", "1")
    assert [suite.get("name") for suite in root] == ["curve", "straight"]
    assert [case.get("name") for case in root[1]] == ["straight[oracle] seed 5", "straight[oracle] seed 6"]
    (failure,) = root.iter("failure")
    assert failure.get("type") == "ROLLED_THROUGH"
    assert failure.get("message") == results.failures[0].reason
    assert float(root[0][0].get("time")) == pytest.approx(14.0)
    assert to_junit(results) == path.read_bytes()


def test_json_holds_everything_in_plain_values(results, tmp_path):
    path = tmp_path / "results.json"
    write_json(results, path)
    read = json.loads(path.read_text())
    assert read == json.loads(json.dumps(to_json(results)))
    assert [row["passes"] for row in read["scenarios"]] == [2, 1]
    failed = read["verdicts"][3]
    assert (failed["seed"], failed["outcome"], failed["passed"]) == (6, "ROLLED_THROUGH", False)
    assert failed["findings"][0] == {
        "expectation": "stops_at_every_sign",
        "held": False,
        "outcome": "ROLLED_THROUGH",
        "sentence": results.failures[0].reason,
    }
    assert failed["metrics"]["stop_gaps_m"] == [0.6]


def test_a_report_that_cannot_be_written_is_a_storage_error(results, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        write_junit(results, tmp_path / "file" / "junit.xml")
