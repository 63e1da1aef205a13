from dataclasses import replace
from pathlib import Path

import pytest

from sim.errors import RecipeError
from sim.recording import Part, Placement, Recipe, load_recipe
from sim.seeding import Stream, derive_seed
from sim.spec import WorldSpec

SHIPPED = sorted((Path(__file__).parents[2] / "datasets").glob("*.toml"))
MINIMAL = 'name = "x"\nseed = 1\ncount = 2\n'


def written(tmp_path: Path, text: str, name: str = "recipe.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_recipes_are_these() -> None:
    assert [path.stem for path in SHIPPED] == [
        *("afar", "bends", "course", "demo", "hour", "lanes", "lessons"),
        *("ood_country", "ood_wear", "ood_weather", "reading"),
        *("rich", "rich_test", "second_look", "standard", "stratified", "test", "test_hard", "test_night"),
        *("test_one_size", "test_standard", "underway", "underway_test", "validation"),
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recipe_loads_and_is_named_like_its_file(path: Path) -> None:
    assert load_recipe(path).name == path.stem


def test_no_two_shipped_recipes_share_a_world() -> None:
    seeds: set[int] = set()
    for recipe in map(load_recipe, SHIPPED):
        own = {derive_seed(recipe.seed, Stream.RECIPE, index) for index in range(recipe.count)}
        assert len(own) == recipe.count
        assert not own & seeds
        seeds |= own


@pytest.mark.parametrize("name", ["test.toml", "validation.toml"])
def test_test_and_training_frames_come_from_the_same_worlds_save_for_trainings_extra_lookalikes(name: str) -> None:
    standard, test = (load_recipe(SHIPPED[0].with_name(each)) for each in ("standard.toml", name))
    assert (test.placement, test.camera) == (standard.placement, standard.camera)
    worlds = {part.name: part.world for part in standard.parts}
    del worlds["lookalikes"]
    assert {part.name: part.world for part in test.parts} == worlds


def test_without_a_mixture_the_recipe_is_its_only_part(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, MINIMAL + "[world]\ndistractors = [7, 7]\n"))
    assert recipe.parts == (Part(name="plain", weight=1.0, world=WorldSpec(distractors=(7, 7))),)


def test_a_part_takes_what_it_does_not_give_from_the_shared_world(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + '[world]\ntrees = [3, 3]\nparked = [1, 1]\n[[mixture]]\nname = "a"\nweight = 1\nworld = {parked = [2, 2]}\n'
    )
    assert load_recipe(written(tmp_path, text)).parts[0].world == WorldSpec(trees=(3, 3), parked=(2, 2))


def test_a_recipe_extends_another_key_by_key(tmp_path: Path) -> None:
    written(tmp_path, MINIMAL + "jpeg_quality = 80\n[world]\ntrees = [3, 3]\nparked = [1, 1]\n", "base.toml")
    found = load_recipe(written(tmp_path, 'extends = "base.toml"\nseed = 9\n[world]\nparked = [2, 2]\n'))
    assert found == Recipe(name="x", seed=9, count=2, jpeg_quality=80, world=WorldSpec(trees=(3, 3), parked=(2, 2)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "unknown key 'colour'"),
        ("[world]\ndistractor = [1, 2]", "unknown key 'world.distractor'. Did you mean 'distractors'?"),
        ("[camera]\nfocal = 1.0", "unknown key 'camera.focal'"),
        ("[camera]\nwidth_px = 100", "multiple of 16"),
        ("[placement]\nbands = [[9.0, 3.0, 1.0]]", "bands"),
        ("[placement]\nbands = []", "bands"),
        ("[placement]\nno_sign_share = 0.7\npast_sign_share = 0.7", "at most 1 together"),
        ("[placement]\noffset_m = 50.0", "offset_m"),
        ("[placement]\nelapsed_s = -1.0", "elapsed_s"),
        ('[[mixture]]\nname = "a"\nweight = 1\nworld = { tree = [1, 2] }', "Did you mean 'trees'?"),
        ('[[mixture]]\nname = "a"\nweight = 0', "weight"),
        ('[[mixture]]\nname = "a"', "'mixture.0.weight' is missing"),
        ('[[mixture]]\nname="a"\nweight=1\n[[mixture]]\nname="a"\nweight=1', "different names"),
        ("mixture = 3", "mixture"),
        ("world = 3", "world"),
        ("jpeg_quality = 101", "jpeg_quality"),
        ("frames_per_shard = 0", "frames_per_shard"),
        ('extends = "../elsewhere.toml"', "extends"),
        ('extends = "none.toml"', "no such file"),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(written(tmp_path, MINIMAL + text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_extends_one_that_extends(tmp_path: Path) -> None:
    written(tmp_path, 'name = "first"\nseed = 1\ncount = 5\n[world]\nparked = [1, 1]\ntrees = [3, 3]\n', "first.toml")
    written(tmp_path, 'extends = "first.toml"\nseed = 2\n[world]\nparked = [2, 2]\n', "second.toml")
    found = load_recipe(written(tmp_path, 'extends = "second.toml"\nname = "third"\n'))
    assert (found.name, found.seed, found.count) == ("third", 2, 5)
    assert (found.world.parked, found.world.trees) == ((2, 2), (3, 3))


def test_a_recipe_does_not_extend_itself_in_the_end(tmp_path: Path) -> None:
    written(tmp_path, 'extends = "recipe.toml"\n', "base.toml")
    with pytest.raises(RecipeError, match="does not extend this one"):
        load_recipe(written(tmp_path, 'extends = "base.toml"\n'))


def test_the_fingerprint_follows_all_that_fixes_the_bytes() -> None:
    recipe = Recipe(name="x", seed=1, count=2)
    assert recipe.sha256 == replace(recipe, description="another").sha256
    others = [
        replace(recipe, seed=2),
        replace(recipe, count=3),
        replace(recipe, jpeg_quality=90),
        replace(recipe, placement=Placement(offset_m=0.1)),
        replace(recipe, world=WorldSpec(trees=(1, 1))),
    ]
    assert len({recipe.sha256, *(other.sha256 for other in others)}) == 6


def test_the_fingerprint_does_not_tell_1_from_1_0() -> None:
    whole = Placement(bands=((5, 10, 1),))
    assert (
        Recipe(name="x", seed=1, count=2, placement=whole).sha256
        == Recipe(name="x", seed=1, count=2, placement=Placement(bands=((5.0, 10.0, 1.0),))).sha256
    )


def test_another_size_is_checked() -> None:
    recipe = Recipe(name="x", seed=1, count=2)
    assert recipe.with_size(seed=5, count=7) == Recipe(name="x", seed=5, count=7)
    with pytest.raises(RecipeError, match="Expected count to be within"):
        recipe.with_size(count=0)
