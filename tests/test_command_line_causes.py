import json

import pytest

from tests.commands import run

SHORT = """
title = "Short"
description = "One sign, soon."

[world]
approach_m = [40.0, 45.0]
after_m = [5.0, 5.0]
distractors = [0, 0]
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "short.toml"
    path.write_text(SHORT)
    return path


def test_a_failed_run_leaves_a_bundle_that_replays_alike(monkeypatch, capsys, scenario, tmp_path):
    out = tmp_path / "out"
    words = ("--eyes", "blind", "-j", 1, "-q", "--films", 0, "--out", out)
    status, printed, _ = run(monkeypatch, capsys, "test", scenario, *words)
    assert status == 1

    bundle = out / "short-0.replay.json"
    film = tmp_path / "again.mp4"
    status, printed, _ = run(monkeypatch, capsys, "replay", bundle, "--headless", "-q", "--json", "--record", film)
    answer = json.loads(printed)
    assert (status, answer["difference"], answer["changes"]) == (0, None, [])
    assert answer["recorded"] == answer["verdict"]
    assert answer["driven"] == answer["ticks"]
    assert film.stat().st_size > 10_000

    raw = json.loads(bundle.read_text())
    raw["ticks"][30][3] = "changed"
    bundle.write_text(json.dumps(raw))
    status, _, said = run(monkeypatch, capsys, "replay", bundle, "--headless")
    assert status == 1
    assert "Differs first at tick 30, in the driver." in said


def test_causes_are_a_table_for_people_and_a_file_for_programs(monkeypatch, capsys, scenario, tmp_path):
    words = ("--eyes", "blind", "-j", 1, "--why", "--films", 0, "--out", tmp_path)
    status, printed, _ = run(monkeypatch, capsys, "test", scenario, *words)
    assert status == 1
    why = json.loads((tmp_path / "why.json").read_text())
    assert why["causes"] == {"NOT_DETECTED": 1}
    assert why["failures"][0]["scenario"] == "short"
    assert "not detected" in printed
    assert "Passes with what was missed." in " ".join(printed.split())


def test_a_missing_bundle_is_one_line(monkeypatch, capsys, tmp_path):
    status, _, said = run(monkeypatch, capsys, "replay", tmp_path / "none.json", "--headless")
    assert status == 2
    assert "no such file" in said


def test_a_search_saves_what_it_finds_as_a_scenario_that_fails(monkeypatch, capsys, scenario, tmp_path):
    out = tmp_path / "found"
    words = ("--eyes", "blind", "--budget", 4, "--sampler", "random", "-q", "--json", "--out", out)
    status, printed, _ = run(monkeypatch, capsys, "search", scenario, *words)
    answer = json.loads(printed)["hunts"][0]
    assert status == 1
    assert answer["found"]["outcome"] == "ROLLED_THROUGH"
    status, printed, _ = run(
        monkeypatch, capsys, "test", answer["path"], "--eyes", "blind", "-j", 1, "-q", "--seed", answer["found"]["seed"]
    )
    assert status == 1
    assert answer["found"]["reason"] in printed


def test_a_search_for_what_is_not_there_is_one_line(monkeypatch, capsys):
    status, _, said = run(monkeypatch, capsys, "search", "nowhere", "--eyes", "oracle")
    assert status == 2
    assert "Received: 'nowhere'" in said
