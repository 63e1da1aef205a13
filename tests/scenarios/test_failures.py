from dataclasses import replace

import pytest

from scenarios.failures import explain_failures, keep_failures
from scenarios.film import record_run
from scenarios.replay import read_bundle, record_bundle
from scenarios.run import run_catalogue
from scenarios.scenario import find_scenario, load_catalogue
from scenarios.why import explain
from sim.loop import BlindEyes

STRAIGHT = find_scenario("straight", load_catalogue())
SHORT = replace(STRAIGHT, expect=replace(STRAIGHT.expect, route_finished_s=1.0))


@pytest.fixture(scope="module")
def failed():
    results = run_catalogue([SHORT], "blind", runs=3, seed=3)
    assert len(results.failures) == 3
    return results


def test_each_failure_leaves_its_bundle_and_the_first_ones_a_film(failed, tmp_path):
    told = []
    kept = keep_failures(failed, tmp_path, films=2, workers=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [(each.verdict.seed, each.film.name) for each in kept] == [(3, "straight-3.mp4"), (4, "straight-4.mp4")]
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"straight-{seed}.replay.json" for seed in (3, 4, 5)),
        "straight-3.mp4",
        "straight-4.mp4",
    }
    for seed in (3, 4, 5):
        assert read_bundle(tmp_path / f"straight-{seed}.replay.json") == record_bundle(SHORT, seed, BlindEyes())


def test_films_are_the_same_whoever_makes_them(failed, tmp_path):
    here, alone = tmp_path / "here", tmp_path / "alone.mp4"
    here.mkdir()
    (kept,) = keep_failures(failed, here, films=1)
    record_run(SHORT, 3, BlindEyes(), alone)
    assert kept.film.read_bytes() == alone.read_bytes()
    assert kept.plot.speed


def test_causes_come_in_the_order_of_the_failures(failed):
    assert explain_failures(failed, workers=2) == [explain(SHORT, seed, BlindEyes()) for seed in (3, 4, 5)]


def test_nothing_is_kept_where_nothing_failed(failed, tmp_path):
    held = replace(failed, verdicts=())
    assert keep_failures(held, tmp_path, films=3, workers=2) == []
    assert explain_failures(held) == []
    assert list(tmp_path.iterdir()) == []
