from dataclasses import replace

import pytest

from scenarios.scenario import (
    CATALOGUE_DIR,
    Scenario,
    find_scenario,
    load_catalogue,
    load_scenario,
    start_world,
    world_seed,
)
from sim.errors import ScenarioError
from sim.seeding import Stream, derive_seed
from sim.signs import SignKind
from sim.spec import WorldSpec

GOOD = 'title = "A title"\ndescription = "A sentence."\n'

CATALOGUE = load_catalogue()
IDS = [scenario.name for scenario in CATALOGUE]


def written(tmp_path, text, name="mine.toml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_scenario_is_named_by_its_file_and_filled_with_defaults(tmp_path):
    scenario = load_scenario(written(tmp_path, GOOD))
    assert scenario == Scenario(name="mine", title="A title", description="A sentence.")
    assert scenario.world == WorldSpec()
    assert scenario.expect.bumper_gap_m == (0.0, 1.5)
    assert scenario.expect.dwell_s == 2.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "[expect]\ndwel_s = 3.0\n", ("expect.dwel_s", "Did you mean 'dwell_s'?")),
        (GOOD + "[world]\njunction = [1, 1]\n", ("world.junction", "Did you mean 'junctions'?")),
        (GOOD + "[start]\noffset = [0, 1]\n", ("start.offset", "Did you mean 'offset_m'?")),
        (GOOD + "[expects]\n", ("'expects'", "Did you mean 'expect'?")),
        ('title = "A title"\n', ("'description'", "missing")),
        (GOOD + 'name = "other"\n', ("'name'", "Delete that line")),
        (GOOD.replace("A title", " "), ("title", "Received: nothing")),
        (GOOD + "[expect]\ndwell_s = -1\n", ("dwell_s", "Received: -1")),
        (GOOD + "[expect]\nroute_finished_s = inf\n", ("route_finished_s", "Received: inf")),
        (GOOD + "[expect]\nlane_kept_m = nan\n", ("lane_kept_m", "Received: nan")),
        (GOOD + "[expect]\nbumper_gap_m = [2.0, 1.0]\n", ("bumper_gap_m", "Received: [2.0, 1.0]")),
        (GOOD + "[expect]\nno_contact = 3\n", ("no_contact", "Received: 3")),
        (GOOD + "[start]\nheading_rad = [0.1, -0.1]\n", ("heading_rad", "Received: [0.1, -0.1]")),
        (GOOD + "[start]\nspeed_share = [0.5, 3.0]\n", ("speed_share", "Received: [0.5, 3.0]")),
        (GOOD + "[world]\ndusk_share = 2.0\n", ("dusk_share", "Received: 2.0")),
        ("title = \n", ("TOML",)),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_file_and_key(tmp_path, text, told):
    path = written(tmp_path, text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    for part in told:
        assert part in message


def test_an_unknown_name_is_answered_with_the_nearest():
    assert find_scenario("curve", CATALOGUE).name == "curve"
    with pytest.raises(ScenarioError, match=r"Received: 'two_sign'\. Did you mean 'two_signs'\?"):
        find_scenario("two_sign", CATALOGUE)
    with pytest.raises(ScenarioError, match="Known scenarios: all_way, "):
        find_scenario("xyzzy", CATALOGUE)


def test_a_catalogue_is_a_folder_or_one_file(tmp_path):
    one = written(tmp_path, GOOD, "b.toml")
    written(tmp_path, GOOD, "a.toml")
    assert [scenario.name for scenario in load_catalogue(tmp_path)] == ["a", "b"]
    assert [scenario.name for scenario in load_catalogue(one)] == ["b"]


def test_an_empty_or_missing_catalogue_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="Received: none"):
        load_catalogue(tmp_path)
    with pytest.raises(ScenarioError, match="no such file"):
        load_catalogue(tmp_path / "nowhere")


def test_the_catalogue_has_what_a_first_catalogue_must_have():
    assert {"straight", "curve", "dusk", "hidden", "distractors", "two_signs", "lead_car", "empty_road"} <= set(IDS)
    assert len({scenario.title for scenario in CATALOGUE}) == len(CATALOGUE) >= 8
    assert sorted(path.stem for path in CATALOGUE_DIR.glob("*.toml")) == IDS


@pytest.mark.parametrize("scenario", CATALOGUE, ids=IDS)
def test_every_world_of_a_scenario_has_signs_or_none_as_it_says(scenario):
    for run_seed in range(4):
        world = start_world(scenario, run_seed)
        lines = world.scene.network.stop_lines
        obeyed = [sign for sign in world.scene.signs if sign.applies_to_ego and sign.kind is SignKind.STOP]
        twins = 2 if scenario.world.sign.second_share == 1.0 else 1
        assert len(lines) <= len(obeyed) <= twins * len(lines)
        if scenario.world.controlled_share == 1.0:
            assert len(lines) >= scenario.world.junctions[0]
        elif scenario.world.controlled_share == 0.0:
            assert not any(line.stop_controlled for line in lines)
        assert not world.finished


def test_the_same_run_seed_starts_the_same_world_and_another_another():
    scenario = find_scenario("curve", CATALOGUE)
    one, again, other = (start_world(scenario, seed) for seed in (3, 3, 4))
    assert one.ego == again.ego
    assert one.actors == again.actors
    assert one.scene.signs == again.scene.signs
    assert one.ego != other.ego
    assert one.scene.seed != other.scene.seed


def test_the_start_is_drawn_within_what_the_scenario_says():
    scenario = find_scenario("straight", CATALOGUE)
    worlds = [start_world(scenario, seed) for seed in range(30)]
    offsets = [world.lane_offset_m for world in worlds]
    assert all(-0.2 <= offset_m <= 0.2 for offset_m in offsets)
    assert max(offsets) > 0.1
    assert min(offsets) < -0.1
    assert all(0.8 <= world.ego.speed_mps / world.scene.speed_limit_mps <= 1.0 for world in worlds)


def test_worlds_of_scenarios_come_from_a_stream_that_nothing_else_draws_from():
    scenario = find_scenario("straight", CATALOGUE)
    judged = {world_seed(scenario, seed) for seed in range(200)}
    assert len(judged) == 200
    for purpose in Stream:
        if purpose is not Stream.SCENARIO:
            others = {derive_seed(seed, purpose, index) for seed in range(5) for index in range(500)}
            assert not judged & others


def test_no_two_scenarios_share_a_world():
    seeds = [world_seed(scenario, seed) for scenario in CATALOGUE for seed in range(50)]
    assert len(set(seeds)) == len(seeds)


def test_only_a_scenario_whose_every_world_has_a_sign_needs_sight():
    scenario = find_scenario("straight", CATALOGUE)
    assert scenario.needs_sight
    assert not find_scenario("empty_road", CATALOGUE).needs_sight
    assert not replace(scenario, world=replace(scenario.world, controlled_share=0.5)).needs_sight
    assert not replace(scenario, expect=replace(scenario.expect, stops_at_every_sign=False)).needs_sight
