"""Light, weather and sensor as they are drawn: shares, families, and presets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.errors import RecipeError
from sim.generate import ROUND_CROWN, generate_world
from sim.light import Light, Sky, TimeOfDay, Weather
from sim.recording import load_preset, load_recipe, preset_names
from sim.recording.presets import PRESETS
from sim.spec import LightSpec, SensorSpec, WorldSpec
from sim.spec.light import SKIES, WEATHERS
from sim.world import SceneryKind

PLAIN = Light(TimeOfDay.DAY, 0.0, (1.0, 1.0, 1.0), (90, 140, 220), (200, 210, 230), 3000.0, 1.0)


def lights(spec: LightSpec, count: int = 60) -> list[Light]:
    return [generate_world(seed, WorldSpec(light=spec)).scene.light for seed in range(count)]


def test_by_default_light_is_even_and_the_sensor_plain():
    for light in lights(LightSpec(), 20):
        assert light.family == "plain"
        assert not light.modelled
        assert light.sensor is None


@pytest.mark.parametrize("family", [*SKIES, *WEATHERS])
def test_a_share_of_one_gives_that_family_alone(family: str):
    spec = LightSpec(**{f"{family}_share": 1.0})
    assert {light.family for light in lights(spec, 10)} == {family}


def test_rain_at_night_is_a_family_of_its_own():
    assert {light.family for light in lights(LightSpec(night_share=1.0, rain_share=1.0), 5)} == {"night_rain"}


def test_shares_are_met():
    found = [light.family for light in lights(LightSpec(sunny_share=0.5, night_share=0.25), 400)]
    assert found.count("sunny") == pytest.approx(200, abs=40)
    assert found.count("night") == pytest.approx(100, abs=35)


def test_shares_of_more_than_one_together_are_refused():
    with pytest.raises(ValueError, match="all skies to be at most 1 together"):
        LightSpec(sunny_share=0.7, night_share=0.6)
    with pytest.raises(ValueError, match="all weathers"):
        LightSpec(rain_share=0.7, fog_share=0.6)


def test_a_sight_of_no_length_is_refused():
    with pytest.raises(ValueError, match="fog_visibility_m to be 5 m or more"):
        LightSpec(fog_visibility_m=(0.0, 50.0))


def test_a_jpeg_quality_of_nought_is_refused():
    with pytest.raises(ValueError, match="jpeg_quality to be within 1 to 100"):
        SensorSpec(jpeg_quality=(0, 50))


def test_weather_shifts_nothing_but_light():
    hard = load_preset("hard")
    for seed in range(8):
        plain = generate_world(seed, replace(hard, light=LightSpec(), sensor=SensorSpec()))
        changed = generate_world(seed, hard)
        assert changed.scene.signs == plain.scene.signs
        assert changed.actors == plain.actors
        assert [t.x_m for t in changed.scene.scenery] == [t.x_m for t in plain.scene.scenery]


def test_the_same_seed_gives_the_same_light():
    spec = WorldSpec(light=LightSpec(sunny_share=0.5, rain_share=0.5), sensor=SensorSpec(modelled_share=1.0))
    for seed in range(5):
        assert generate_world(seed, spec).scene.light == generate_world(seed, spec).scene.light


def test_a_low_sun_stands_ahead():
    for seed in range(10):
        scene = generate_world(seed, WorldSpec(light=LightSpec(backlight_share=1.0))).scene
        ahead = scene.network.ego_road.path.heading(4.0)
        assert abs(scene.light.sun_heading_rad - ahead) <= 0.36


def test_autumn_and_red_walls_change_looks_but_no_crown():
    plain = WorldSpec(kerb_share=1.0, trees=(12, 12), hidden_share=1.0)
    red = replace(plain, light=LightSpec(autumn_share=1.0, red_walls_share=1.0))
    turned = walls = 0
    for seed in range(12):
        before, after = (generate_world(seed, spec).scene.scenery for spec in (plain, red))
        for one, two in zip(before, after, strict=True):
            assert replace(one, look=0) == replace(two, look=0)
            if one.kind is SceneryKind.TREE:
                assert one.look // ROUND_CROWN == two.look // ROUND_CROWN
                turned += two.look % 24 in (4, 5, 6)
            elif one.kind is SceneryKind.BUILDING:
                walls += two.look % 10 in (0, 6, 7)
    assert turned > 60
    assert walls > 25


def test_night_has_headlights_and_fog_by_day_has_none():
    (night,) = lights(LightSpec(night_share=1.0), 1)
    (fog,) = lights(LightSpec(fog_share=1.0), 1)
    assert night.headlights > 0
    assert night.time_of_day is TimeOfDay.NIGHT
    assert fog.headlights == 0
    assert fog.visibility_m <= 200


@pytest.mark.parametrize("sky", list(Sky))
@pytest.mark.parametrize("weather", list(Weather))
def test_every_light_has_a_family(sky: Sky, weather: Weather):
    family = replace(PLAIN, sky=sky, weather=weather).family
    assert str(weather) in family or str(sky) == family


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_gives_all_shares_so_that_one_may_lie_over_another(name: str):
    load_preset(name)
    recipe = (PRESETS / f"{name}.toml").read_text()
    for share in (*SKIES, *WEATHERS):
        assert f"\n{share}_share = " in recipe


def test_eight_families_or_more_come_in_the_standard_preset():
    families = {generate_world(seed, load_preset("standard")).scene.light.family for seed in range(150)}
    assert len(families) >= 8


def recipe_file(tmp_path, text: str):
    path = tmp_path / "some.toml"
    path.write_text('name = "some"\nseed = 1\ncount = 10\n' + text)
    return path


def test_a_recipe_builds_on_a_preset_and_changes_keys_of_it(tmp_path):
    path = recipe_file(tmp_path, '[world]\npreset = "rain"\ntrees = [0, 1]\n[world.light]\nautumn_share = 1.0\n')
    world = load_recipe(path).world
    assert world.trees == (0, 1)
    assert world.light == replace(load_preset("rain").light, autumn_share=1.0)


def test_a_part_of_a_mixture_may_have_a_preset_of_its_own(tmp_path):
    parts = (
        '[[mixture]]\nname = "a"\nweight = 1.0\n[[mixture]]\nname = "b"\nweight = 1.0\nworld = { preset = "night" }\n'
    )
    day, night = load_recipe(recipe_file(tmp_path, '[world]\npreset = "standard"\n' + parts)).mixture
    assert day.world == load_preset("standard")
    assert night.world.light.night_share == 1.0
    assert night.world.light.sunny_share == 0.0


def test_an_unknown_preset_is_named_with_a_near_one(tmp_path):
    with pytest.raises(RecipeError, match=r"Received: 'raim'. Did you mean 'rain'"):
        load_recipe(recipe_file(tmp_path, '[world]\npreset = "raim"\n'))


def test_a_wrong_key_in_a_nested_table_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"world.light.rain_shares'. Did you mean 'rain_share'"):
        load_recipe(recipe_file(tmp_path, "[world.light]\nrain_shares = 1.0\n"))
