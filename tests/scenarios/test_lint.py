"""Scenario files checked without driving: faults by key, the schema, families, and the world's distractors."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from scenarios.lint import json_schema, lint, scenario_files
from scenarios.outcomes import Outcome
from scenarios.run import make_eyes, run_scenario
from scenarios.scenario import CATALOGUE_DIR, choose, find_scenario, load_catalogue, load_scenario, start_world
from sim.actors import Behaviour
from sim.errors import ScenarioError
from sim.recording.recipe import Recipe
from sim.signs import SignKind
from sim.spec import SignSpec, WorldSpec

GOOD = 'title = "A title"\ndescription = "A sentence."\n'
CATALOGUE = load_catalogue()


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_every_wrong_key_of_a_file_is_named(tmp_path):
    path = written(tmp_path, GOOD + "[world]\njunction = [1, 1]\ndusk_share = 'much'\n[expect]\ndwel_s = 2.0\n")
    messages = [fault.message for fault in lint([path])]
    assert len(messages) == 3
    text = "\n".join(messages)
    assert "unknown key 'world.junction'. Did you mean 'junctions'?" in text
    assert "key 'world.dusk_share': " in text
    assert "Received: 'much'." in text
    assert "unknown key 'expect.dwel_s'. Did you mean 'dwell_s'?" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[world]\npreset = "nigth"\n', "key 'world.preset': Expected a preset: one of backlight, clear"),
        (
            '[world.sign]\nkinds = ["stop"]\n',
            "Expected kinds to be of signs that are no stop signs. Received: ['stop'].",
        ),
        ('[world.sign]\nkinds = ["stopp"]\n', "key 'world.sign.kinds.0'"),
        ("required = false\n", "Expected not_required_because to say why"),
        ('not_required_because = "It is."\n', "Expected not_required_because to say why"),
        ('family = "Two Words"\n', "Expected family to be a word in small letters. Received: 'Two Words'."),
        (
            "[start]\nfollower_gap_m = [1.0, 3.0]\n",
            "Expected follower_gap_m to be within 2 to 25 m. Received: [1.0, 3.0].",
        ),
        ("[world.road]\nlanes = [0, 1]\n", "Expected lanes to be at least 1. Received: [0, 1]."),
    ],
)
def test_a_fault_says_what_was_expected_and_what_came(tmp_path, text, told):
    (fault,) = lint([written(tmp_path, GOOD + text)])
    assert told in fault.message
    assert str(tmp_path) not in fault.message


def test_the_catalogue_has_no_fault_and_a_folder_without_scenarios_is_refused(tmp_path):
    files = scenario_files([])
    assert len(files) > len(CATALOGUE) >= 40
    assert lint(files) == []
    with pytest.raises(ScenarioError, match="Received: none"):
        scenario_files([tmp_path])


def known(schema, definitions, value, where):
    """Return the keys of a file that its schema does not know."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if not isinstance(value, dict):
        return []
    found = [f"{where}.{key}" for key in value if key not in schema["properties"]]
    for key, inner in value.items():
        found += known(schema["properties"].get(key, {}), definitions, inner, f"{where}.{key}")
    return found


def test_the_schema_knows_every_key_of_the_catalogue_and_says_what_it_means():
    schema = json_schema()
    definitions = schema["$defs"]
    for path in CATALOGUE_DIR.glob("*.toml"):
        assert known(schema, definitions, tomllib.loads(path.read_text()), path.stem) == []
    assert known(schema, definitions, {"wrld": 1, "world": {"junction": 1}}, "x") == ["x.wrld", "x.world.junction"]
    assert schema["required"] == ["title", "description"]
    assert "name" not in schema["properties"]
    assert "night" in definitions["WorldSpec"]["properties"]["preset"]["enum"]
    meanings = definitions["WorldSpec"]["properties"]
    assert meanings["junctions"]["description"] == "How many roads cross the route."
    assert all(part["additionalProperties"] is False for part in definitions.values() if "properties" in part)
    undocumented = [
        key for part in (schema, *definitions.values()) for key, value in part.get("properties", {}).items()
        if "description" not in value
    ]  # fmt: skip
    assert undocumented == []


def test_the_catalogue_has_the_families_that_a_release_is_gated_on():
    families = {scenario.family for scenario in CATALOGUE}
    assert families >= {
        "approach", "curves", "occlusion", "light_and_weather", "signs", "right_of_way", "people", "lead_vehicles",
        "several_signs", "phantoms", "school_bus", "missing_line", "rolling_pressure",
    }  # fmt: skip
    assert "other" not in families


def test_every_kind_of_distractor_is_a_phantom_somewhere():
    kinds = {kind for scenario in CATALOGUE if scenario.family == "phantoms" for kind in scenario.world.sign.kinds}
    assert kinds == set(SignKind) - {SignKind.STOP}


def test_phantoms_are_of_the_kinds_that_the_scenario_names_and_stand_beside_no_stop_sign():
    scenario = find_scenario("phantom_octagons", CATALOGUE)
    seen = set()
    for seed in range(8):
        world = start_world(scenario, seed)
        kinds = {sign.kind for sign in world.scene.signs if sign.kind is not SignKind.STOP}
        assert kinds <= set(scenario.world.sign.kinds)
        assert not any(sign.applies_to_ego for sign in world.scene.signs)
        seen |= kinds
    assert seen == set(scenario.world.sign.kinds)


def test_kinds_that_are_named_are_part_of_a_recipes_hash():
    recipe = Recipe(name="x", seed=1, count=1)
    named = [replace(recipe, world=WorldSpec(sign=SignSpec(kinds=(kind,)))) for kind in (SignKind.SALE, SignKind.YIELD)]
    assert len({recipe.sha256, *(one.sha256 for one in named)}) == 3


def test_a_follower_begins_behind_the_ego_and_never_touches_one_that_stops():
    scenario = find_scenario("tailgater", CATALOGUE)
    world = start_world(scenario, 3)
    follower = world.actors[-1]
    gap_m = world.bumper_s_m - 4.6 - follower.s_m - 0.5 * follower.size_m[0]
    assert follower.behaviour is Behaviour.WITH_EGO
    assert 4.0 <= gap_m <= 8.0
    gaps_m = []

    def watch(tick):
        behind = tick.world.actors[-1]
        gaps_m.append(tick.world.bumper_s_m - 4.6 - behind.s_m - 0.5 * behind.size_m[0])

    verdict = run_scenario(scenario, 3, make_eyes("oracle"), on_tick=watch)
    assert verdict.outcome is Outcome.HELD
    assert 0.3 < min(gaps_m) < 8.0


def test_families_are_chosen_by_name_and_a_wrong_one_is_answered_with_the_nearest():
    assert {one.family for one in choose(CATALOGUE, families=["curves", "people"])} == {"curves", "people"}
    assert all(one.required for one in choose(CATALOGUE, required=True))
    with pytest.raises(ScenarioError, match="Did you mean 'phantoms'"):
        choose(CATALOGUE, families=["phantom"])
    with pytest.raises(ScenarioError, match="required of the network"):
        choose(CATALOGUE, families=["turns"], required=True)


def test_a_preset_lies_under_the_scenarios_own_keys(tmp_path):
    scenario = load_scenario(written(tmp_path, GOOD + '[world]\npreset = "night"\n[world.light]\nrain_share = 0.5\n'))
    assert scenario.world.light.night_share == 1.0
    assert scenario.world.light.rain_share == 0.5
