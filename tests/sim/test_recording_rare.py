"""Rare cases made frequent, splits that share no sign, conditions held out, and what a card says of it all."""

from collections import Counter
from dataclasses import replace

import pytest

from sim.camera import Camera
from sim.generate.light import draw_light, draw_weather
from sim.light import Sky
from sim.recording import SHIPPED_RECIPES, Recipe, generate_dataset, load_preset, load_recipe
from sim.recording.frames import draw_example, sample_world, split_of
from sim.recording.recipe import Part, Placement, Stratify
from sim.seeding import Stream, stream
from sim.signs import SignKind
from sim.spec import LightSpec, WorldSpec
from sim.spec.light import SKIES, WEATHERS

CAMERA = Camera(160, 64, 170.0)
RECIPE = Recipe(name="x", seed=3, count=40, camera=CAMERA, world=load_preset("standard"))


def own_stop_signs(world):
    return [sign for sign in world.scene.signs if sign.kind is SignKind.STOP and sign.applies_to_ego]


def test_a_recipe_that_wishes_for_nothing_keeps_its_fingerprint_and_its_worlds():
    wish = replace(RECIPE, stratify=Stratify(tries=1), split="train")
    assert RECIPE.sha256 != wish.sha256
    assert load_recipe(SHIPPED_RECIPES / "standard.toml").sha256 == (
        "39ffb77905cd35b9a2bbce93c9b061a01089cd3337f71b324f442e2142573f0d"
    )


def test_rare_weather_is_as_frequent_as_wished():
    recipe = replace(RECIPE, stratify=Stratify(weather={"snow": 1.0, "fog": 1.0}, tries=200))
    found = [sample_world(recipe, index)[0].scene.light.family for index in range(30)]
    usual = [sample_world(RECIPE, index)[0].scene.light.family for index in range(30)]
    assert set(found) == {"snow", "fog"}
    assert min(found.count("snow"), found.count("fog")) >= 8
    assert usual.count("snow") + usual.count("fog") < 15


FAMILIES = [
    *("plain", "sunny", "overcast", "backlight", "dusk", "night", "rain", "fog", "snow"),
    *("dusk_rain", "dusk_fog", "dusk_snow", "night_rain", "night_fog", "night_snow"),
]


@pytest.mark.parametrize("preset", ["standard", "hard", "night_rain", "clear"])
def test_the_shares_of_the_families_are_those_of_the_worlds_that_are_drawn(preset):
    light = load_preset(preset).light
    shares = {family: light.share_of(family) for family in FAMILIES}
    assert sum(shares.values()) == pytest.approx(1.0)
    spec = WorldSpec(light=light)
    plain = draw_light(stream(0, Stream.LIGHT), spec)
    drawn = Counter(draw_weather(seed, spec, plain, 0.0).family for seed in range(3000))
    for family, share in shares.items():
        assert abs(drawn[family] / 3000 - share) < 4 * (share * (1 - share) / 3000) ** 0.5 + 1e-9, family


@pytest.mark.parametrize("family", FAMILIES)
def test_one_family_alone_is_drawn_and_nothing_else_of_the_light_changes(family):
    light = load_preset("standard").light
    only = light.only(family)
    spec = WorldSpec(light=only)
    plain = draw_light(stream(0, Stream.LIGHT), spec)
    assert {draw_weather(seed, spec, plain, 0.0).family for seed in range(30)} == {family}
    assert only.share_of(family) == 1.0
    shares = {f"{name}_share": getattr(light, f"{name}_share") for name in (*SKIES, *WEATHERS)}
    assert replace(only, **shares) == light


def test_the_rarest_weather_that_is_wished_for_is_met_at_the_first_try():
    recipe = replace(RECIPE, stratify=Stratify(weather={"night_fog": 1.0}, tries=1))
    assert {sample_world(recipe, index)[0].scene.light.family for index in range(12)} == {"night_fog"}


def test_parts_come_as_often_as_they_have_the_weather_and_none_that_never_has():
    dry, wet = load_preset("sunny"), WorldSpec(light=LightSpec(rain_share=0.25))
    soaked = WorldSpec(light=LightSpec(rain_share=1.0))
    parts = (Part(name="dry", weight=5.0, world=dry), Part(name="wet", weight=4.0, world=wet))
    recipe = replace(RECIPE, mixture=(*parts, Part(name="soaked", weight=3.0, world=soaked)))
    wished = replace(recipe, stratify=Stratify(weather={"rain": 1.0}, tries=1))
    found = Counter(sample_world(wished, index)[1].name for index in range(60))
    assert set(found) == {"wet", "soaked"}
    assert 33 <= found["soaked"] <= 55


def test_a_weather_that_no_part_has_leaves_the_worlds_as_they_come():
    recipe = replace(RECIPE, world=WorldSpec(), stratify=Stratify(weather={"snow": 1.0}, tries=2))
    assert {sample_world(recipe, index)[0].scene.light.family for index in range(4)} == {"plain"}


def test_hidden_signs_are_as_frequent_as_wished():
    bands = Placement(bands=((15.0, 40.0, 1.0),), no_sign_share=0.0, past_sign_share=0.0)
    world = WorldSpec(hidden_share=0.2, hidden_fraction=(0.2, 0.6))
    plain = replace(RECIPE, camera=Camera(336, 144, 360.0), world=world, placement=bands)
    wished = replace(plain, stratify=Stratify(occlusion={"part": 1.0}, tries=60))

    def hidden(recipe):
        number = 0
        for index in range(10):
            signs = [o for o in draw_example(recipe, index).truth.objects if o.kind == "stop_sign" and o.applies_to_ego]
            nearest = min(signs, key=lambda o: o.distance_m, default=None)
            number += nearest is not None and 0.5 <= nearest.visible_fraction < 0.95
        return number

    assert hidden(wished) >= 8
    assert hidden(plain) <= 6


def test_a_wished_frame_depends_on_its_index_alone():
    recipe = replace(RECIPE, stratify=Stratify(weather={"rain": 1.0, "any": 1.0}, occlusion={"part": 1.0, "any": 2.0}))
    late = draw_example(recipe, 4)
    draw_example(recipe, 1)
    assert draw_example(recipe, 4) == late


def test_a_wish_leaves_the_share_of_frames_without_a_sign_as_it_is():
    recipe = replace(RECIPE, stratify=Stratify(variant={"stop_pare": 1.0}, tries=2))
    without = sum(not own_stop_signs(sample_world(recipe, index)[0]) for index in range(120))
    assert 5 <= without <= 35


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"weather": {"hail": 1.0}}, "Expected weather of plain"),
        ({"variant": {"halt": 1.0}}, "Expected variant of stop"),
        ({"occlusion": {"all": 1.0}}, "Expected occlusion of none, part, most"),
        ({"weather": {"snow": 0.0}}, "positive"),
        ({"tries": 0}, "within 1 to 1000"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(wish, words):
    assert str(Sky.PLAIN) == "plain"
    with pytest.raises(ValueError, match=words):
        Stratify(**wish)


def test_splits_of_one_seed_share_no_world_and_no_sign():
    worlds, looks = {}, {}
    for split in ("train", "validation", "test"):
        found = [sample_world(replace(RECIPE, split=split), index)[0] for index in range(25)]
        assert {split_of(world.scene.seed) for world in found} == {split}
        worlds[split] = {world.scene.seed for world in found}
        looks[split] = {(sign.x_m, sign.y_m, sign.wear, sign.tilt_rad) for w in found for sign in own_stop_signs(w)}
        assert looks[split]
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert not worlds[one] & worlds[other]
        assert not looks[one] & looks[other]


def test_eight_worlds_in_ten_are_for_training():
    found = [split_of(seed) for seed in range(2000)]
    assert 0.77 < found.count("train") / 2000 < 0.83
    assert 0.08 < found.count("test") / 2000 < 0.12


def test_what_is_held_out_is_in_no_world_of_the_standard_recipe():
    standard = load_recipe(SHIPPED_RECIPES / "standard.toml")
    usual = [sample_world(standard, index)[0] for index in range(60)]
    country = load_recipe(SHIPPED_RECIPES / "ood_country.toml")
    weather = load_recipe(SHIPPED_RECIPES / "ood_weather.toml")
    wear = load_recipe(SHIPPED_RECIPES / "ood_wear.toml")

    def faces(worlds):
        return {str(sign.face) for world in worlds for sign in own_stop_signs(world)}

    def families(worlds):
        return {world.scene.light.family for world in worlds}

    def wears(worlds):
        return [sign.wear for world in worlds for sign in own_stop_signs(world)]

    def drawn(recipe):
        return [sample_world(recipe, index)[0] for index in range(20)]

    assert not faces(drawn(country)) & faces(usual)
    assert not families(drawn(weather)) & families(usual)
    assert min(wears(drawn(wear))) > max(wears(usual))


def test_the_card_counts_what_the_shards_hold(tmp_path):
    recipe = replace(RECIPE, count=12, frames_per_shard=5, description="For the card.")
    made = generate_dataset(recipe, tmp_path / "set")
    card = (made.path / "README.md").read_text()
    examples = list(made.examples())
    seen = sum(any(o.kind == "stop_sign" and o.applies_to_ego for o in e.truth.objects) for e in examples)
    assert "For the card." in card
    assert "| frames | 12 |" in card
    assert f"| with a stop sign for the car in sight | {seen} (" in card
    for family in {str(e.attributes["light_family"]) for e in examples}:
        number = sum(e.attributes["light_family"] == family for e in examples)
        assert f"| {family.replace('_', ' ')} | {number} |" in card
    assert "**Every picture is synthetic**" in card
    assert "## Known limits" in card


def test_each_picture_and_each_shard_say_where_they_come_from(tmp_path):
    import pyarrow.parquet as pq

    made = generate_dataset(replace(RECIPE, count=1), tmp_path / "set")
    (example,) = made.examples()
    source = b"http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
    assert b"http://ns.adobe.com/xap/1.0/\x00" in example.image[:1000]
    assert b'Iptc4xmpExt:DigitalSourceType="' + source + b'"' in example.image[:1000]
    assert pq.read_schema(made.shard_paths[0]).metadata[b"digital_source_type"] == source
