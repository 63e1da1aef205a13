"""What an engineer types to gate a release, and what comes back."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from scenarios.outcomes import Outcome
from scenarios.scenario import CATALOGUE_DIR
from tests.commands import run


@pytest.fixture
def straight(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(CATALOGUE_DIR / "straight.toml", folder)
    return folder


def test_scenarios_are_listed_by_family_and_as_json(monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "scenarios", "list", "--family", "curves", "--json")
    assert status == 0
    assert {one["name"] for one in json.loads(out)} == {"curve", "priority_bend", "sharp_curve"}
    status, out, _ = run(monkeypatch, capsys, "scenarios", "list", "--family", "curves")
    assert status == 0
    assert "sharp_curve" in out
    status, _, err = run(monkeypatch, capsys, "scenarios", "list", "--family", "curve")
    assert status == 2
    assert "Did you mean 'curves'?" in err


def test_lint_names_each_fault_and_leaves_with_status_two(monkeypatch, capsys, straight):
    assert run(monkeypatch, capsys, "scenarios", "lint", straight)[0] == 0
    wrong = straight / "wrong.toml"
    wrong.write_text('title = "T"\ndescription = "D."\n[world]\njunction = [1, 1]\n[expect]\ndwell_s = "long"\n')
    status, _, err = run(monkeypatch, capsys, "scenarios", "lint", straight)
    assert status == 2
    assert f"{wrong}: unknown key 'world.junction'. Did you mean 'junctions'?" in err
    assert f"{wrong}: key 'expect.dwell_s': " in err
    assert "Received: 'long'." in err
    assert "2 files, 2 faults." in err


def test_the_schema_is_printed_as_json(monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "scenarios", "schema")
    assert status == 0
    assert json.loads(out)["title"] == "Rolling Stop scenario"


def test_a_baseline_is_made_with_a_reason_and_closes_the_gate_for_what_got_worse(
    monkeypatch, capsys, straight, tmp_path
):
    baseline, drive = tmp_path / "baseline.json", ("test", straight, "-j", 1)
    status, _, err = run(monkeypatch, capsys, *drive, "--baseline", baseline, "-q")
    assert status == 2
    assert "no such file" in err
    status, _, err = run(monkeypatch, capsys, *drive, "--baseline", baseline, "--update-baseline", "-q")
    assert status == 2
    assert "--reason" in err
    make = ("--eyes", "oracle", "--seed", 7, "--baseline", baseline, "--update-baseline", "--reason", "The first one.")
    assert run(monkeypatch, capsys, *drive, *make, "-q")[0] == 0
    assert json.loads(baseline.read_text())["reason"] == "The first one."
    before = baseline.read_bytes()
    status, out, _ = run(monkeypatch, capsys, *drive, "--baseline", baseline, "-q")
    assert (status, out) == (0, "Nothing got worse.\n")
    assert baseline.read_bytes() == before

    import scenarios.run

    drive_well = scenarios.run.run_catalogue

    def drive_badly(*words, **more):
        results = drive_well(*words, **more)
        failed = tuple(replace(verdict, outcome=Outcome.STOPPED_LATE) for verdict in results.verdicts)
        return replace(results, verdicts=failed)

    monkeypatch.setattr("scenarios.run.run_catalogue", drive_badly)
    status, out, _ = run(monkeypatch, capsys, *drive, "--baseline", baseline)
    assert status == 1
    assert "Worse: straight: 0 of 1 runs held, 1 before; failed anew: seed 7." in out
    assert "1 things got worse than the baseline." in out


def test_two_tests_are_compared_run_by_run(monkeypatch, capsys, straight, tmp_path):
    seeing, blind = tmp_path / "seeing", tmp_path / "blind"
    drive = ("test", straight, "-j", 1, "--films", 0, "-q")
    assert run(monkeypatch, capsys, *drive, "--eyes", "oracle", "--out", seeing)[0] == 0
    assert (seeing / "index.html").exists()
    status, out, _ = run(
        monkeypatch, capsys, *drive, "--eyes", "blind", "--out", blind, "--against", seeing / "results.json", "--json"
    )
    assert status == 1
    assert json.loads(out)["comparison"]["all"]["only_first"] == 1
    status, out, _ = run(monkeypatch, capsys, "compare-runs", seeing, blind)
    assert status == 0
    assert "Worse: straight, seed 0: Crossed stop line 1" in out


def test_a_claim_is_driven_until_it_is_proven_or_refuted(monkeypatch, capsys, straight):
    drive = ("test", straight, "-j", 1, "--until-proven", 0.9, "--json")
    status, out, err = run(monkeypatch, capsys, *drive, "--eyes", "oracle")
    assert status == 0
    assert json.loads(out)["proof"]["claim"] == "PROVEN"
    assert "laid down now: 2 runs without a failure prove it" in err
    status, out, _ = run(
        monkeypatch, capsys, "test", straight, "-j", 1, "--until-proven", 0.01, "--eyes", "blind", "-q"
    )
    assert status == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--until-proven", "0"],
        ["--until-proven", "0.1", "--runs", "3"],
        ["--latency"],
        ["--baseline", "b.json", "--runs", "3"],
        ["--family", "nothing_like_it"],
    ],
)
def test_options_that_clash_are_refused_before_anything_is_driven(monkeypatch, capsys, words):
    monkeypatch.setattr("scenarios.run.run_catalogue", lambda *_, **__: pytest.fail("driven"))
    status, _, err = run(monkeypatch, capsys, "test", *words)
    assert status == 2
    assert "Expected" in err


def test_all_eyes_drive_the_same_runs_and_tell_what_perception_costs(monkeypatch, capsys, straight, tmp_path):
    import scenarios.run

    drive_really = scenarios.run.run_catalogue

    def drive_with_borrowed_eyes(chosen, name, **more):
        # No network is loaded here: it sees as the oracle does.
        return replace(drive_really(chosen, "oracle" if name == "network" else name, **more), eyes=name)

    monkeypatch.setattr("scenarios.run.run_catalogue", drive_with_borrowed_eyes)
    status, out, _ = run(
        monkeypatch, capsys, "test", straight, "--eyes", "all", "-j", 1, "--out", tmp_path / "out", "-q"
    )
    assert status == 0
    assert "Lost to perception: 0.0 points of driving score" in out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"index.html", "results.json", "results-oracle.json", "results-blind.json"}
