import json
from dataclasses import replace

import pytest

from scenarios.replay import PARTS, read_bundle, record_bundle, replay_setup, write_bundle
from scenarios.scenario import FAULTS_DIR, find_scenario, load_catalogue
from sim.errors import ScenarioError
from sim.loop import BlindEyes, OracleEyes
from sim.viewer.session import run_headless

STRAIGHT = find_scenario("straight", load_catalogue())


@pytest.fixture(scope="module")
def bundle():
    return record_bundle(STRAIGHT, 2, BlindEyes())


def compared(bundle):
    setup, comparison, changes = replay_setup(bundle)
    run_headless(setup, bundle.run_seed, max_steps=5000)
    return comparison, changes


def test_the_same_seed_gives_the_same_digest_at_each_tick(bundle):
    again = record_bundle(STRAIGHT, 2, BlindEyes())
    assert again == bundle
    assert len(bundle.ticks) > 100
    assert len({tick[0] for tick in bundle.ticks}) == len(bundle.ticks)
    assert record_bundle(STRAIGHT, 3, BlindEyes()).ticks[0] != bundle.ticks[0]


def test_a_fault_replays_to_the_same_digests():
    scenario = find_scenario("dropped_frames", load_catalogue(FAULTS_DIR))
    short = replace(scenario, expect=replace(scenario.expect, route_finished_s=5.0))
    first, second = (record_bundle(short, 1, OracleEyes()) for _ in range(2))
    assert first.ticks == second.ticks


def test_a_bundle_comes_back_from_the_disk_as_it_was_and_replays_without_a_difference(bundle, tmp_path):
    path = write_bundle(bundle, tmp_path)
    back = read_bundle(path)
    assert back == bundle
    comparison, changes = compared(back)
    assert (comparison.difference, changes) == (None, ())
    assert comparison.verdict.reason == bundle.reason


@pytest.mark.parametrize("part", range(len(PARTS)))
def test_the_first_tick_and_part_that_differ_are_found(bundle, part):
    if PARTS[part] == "frame":
        pytest.skip("blind eyes look at no frame")
    changed = list(bundle.ticks)
    for tick in (40, 41, 70):
        changed[tick] = tuple("0" if index >= part else each for index, each in enumerate(changed[tick]))
    comparison, _ = compared(replace(bundle, ticks=tuple(changed)))
    assert comparison.difference.tick == 40
    assert comparison.difference.part == PARTS[part]
    assert "tick 40" in comparison.difference.sentence


@pytest.mark.parametrize("ticks", [50, 5000])
def test_a_drive_that_is_shorter_or_longer_differs(bundle, ticks):
    longer = (bundle.ticks + (("", "", "", ""),) * ticks)[:ticks]
    comparison, _ = compared(replace(bundle, ticks=longer))
    assert comparison.difference.part == "length"
    assert comparison.difference.tick == min(ticks, len(bundle.ticks))


def test_what_is_not_as_it_was_is_said(bundle):
    versions = {**bundle.versions, "numpy": "1.0"}
    _, _, changes = replay_setup(replace(bundle, versions=versions, weights_sha256="ab" * 32))
    assert any("weights differ" in change for change in changes)
    assert any("numpy differs: recorded 1.0" in change for change in changes)


def test_a_bundle_that_is_none_is_one_clear_line(bundle, tmp_path):
    with pytest.raises(ScenarioError, match="no such file"):
        read_bundle(tmp_path / "nothing.replay.json")
    path = write_bundle(bundle, tmp_path)
    path.write_text(path.read_text()[:200])
    with pytest.raises(ScenarioError, match="Expected a replay bundle"):
        read_bundle(path)
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(ScenarioError, match="format 1"):
        read_bundle(path)
