"""Contact sheets, counts and the search for frames that are alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import RecipeError
from sim.maps import SemanticClass
from sim.percept import ObjectKind
from sim.recording import Part, Recipe, generate_dataset
from sim.show.alike import ALIKE_BITS, Nearest, nearest_pair, perceptual_hash
from sim.show.contact import check_sheet_path, draw_sheet, write_sheet
from sim.show.groups import BANDS, GroupBy, band_of, choose
from sim.show.shots import open_source
from sim.show.stats import count_shots
from sim.spec import WorldSpec
from sim.viewer.overlays import CLASS_COLOURS, Region, depth_in_colours, masks_over
from sim.viewer.palette import KIND_STYLES

RECIPE = """
name = "tiny"
seed = 5
count = 40

[world]
distractors = [2, 6]

[[mixture]]
name = "fair"
weight = 0.5

[[mixture]]
name = "foul"
weight = 0.5
world = { dusk_share = 1.0, visibility_m = [100.0, 200.0] }
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return open_source([str(path)])


def test_a_recipes_shots_are_the_frames_that_it_would_generate(source, tmp_path):
    foul = WorldSpec(distractors=(2, 6), dusk_share=1.0, visibility_m=(100.0, 200.0))
    parts = (
        Part(name="fair", weight=0.5, world=WorldSpec(distractors=(2, 6))),
        Part(name="foul", weight=0.5, world=foul),
    )
    made = generate_dataset(Recipe(name="tiny", seed=5, count=6, mixture=parts), tmp_path / "set")

    drawn = list(islice(source.shots(), 6))
    stored = list(open_source([str(made.path)]).shots())

    for one, other in zip(drawn, stored, strict=True):
        assert one.name == other.name
        lane = replace(one.truth.lane, here_per_m=0.0)
        assert replace(one.truth, stop_place=None, lane=lane) == other.truth, "shards keep neither of the two"
        assert one.attributes == other.attributes
        assert np.abs(one.picture().astype(int) - other.picture()).mean() < 4, "but for the JPEG, the same picture"
        assert other.world is None


def test_seeds_take_turns_and_are_those_of_the_standard_recipe():
    shots = list(islice(open_source(["3", "4"]).shots(), 4))

    assert [shot.name for shot in shots] == ["seed 3, 0", "seed 4, 0", "seed 3, 1", "seed 4, 1"]
    assert shots[2].truth == next(islice(open_source([], seed=3).shots(), 1, None)).truth


@pytest.mark.parametrize(
    ("words", "seed", "message"),
    [
        (["nothing"], None, r"Expected a recipe \(.toml\), a data set's folder, or seeds"),
        (["1", "x"], None, "one recipe, one data set, or seeds"),
        (["1"], 2, "either seeds or --seed"),
        (["missing.toml"], None, "no such file"),
    ],
)
def test_what_is_no_source_is_answered_with_one_clear_line(words, seed, message):
    with pytest.raises(RecipeError, match=message):
        open_source(words, seed)


def test_groups_hold_what_their_headings_say(source):
    by_part = choose(source.shots(), 6, GroupBy.PART)
    by_time = choose(source.shots(), 6, GroupBy.TIME)
    by_distance = choose(source.shots(), 12, GroupBy.DISTANCE)

    assert list(by_part) == ["fair", "foul"]
    assert [len(members) for members in by_part.values()] == [3, 3]
    assert all(shot.attributes["part"] == name for name, members in by_part.items() for shot, _ in members)
    assert all(shot.attributes["time_of_day"] == name for name, members in by_time.items() for shot, _ in members)
    for heading, members in by_distance.items():
        for shot, _ in members:
            own = [o.distance_m for o in shot.truth.objects if o.kind is ObjectKind.STOP_SIGN and o.applies_to_ego]
            assert heading == (band_of(min(own)) if own else "no stop sign in sight")
    bands = [heading for heading in by_distance if heading in BANDS]
    assert bands == sorted(bands, key=BANDS.index), "nearest first"


def test_by_variant_each_thing_is_shown_where_it_is_seen_best(source):
    groups = choose(source.shots(), 10, GroupBy.VARIANT)

    assert set(groups) <= {"stop_sign", "distractor"}
    for heading, members in groups.items():
        for shot, thing in members:
            assert thing in shot.truth.objects
            assert thing.kind == heading
            assert thing.visible_fraction > 0.7
    variants = [thing.variant for _, thing in groups["distractor"]]
    assert len(set(variants)) >= 6


def test_bands_follow_each_other_without_a_gap():
    assert [band_of(d) for d in (0.5, 8.0, 14.9, 15.0, 89.9, 90.0)] == [
        "under 8 m", "8-15 m", "8-15 m", "15-25 m", "55-90 m", "over 90 m",
    ]  # fmt: skip


def test_a_sheet_has_a_cell_for_each_frame_and_labels_change_only_what_they_cover(source, tmp_path):
    groups = choose(source.shots(), 5)

    plain = draw_sheet(source, groups, columns=2)
    labelled = draw_sheet(source, groups, columns=2, labels=True)
    full = draw_sheet(source, groups, columns=2, masks=True, depth=True)

    assert plain.shape == labelled.shape
    assert plain.shape[1] == full.shape[1] < 1000
    assert full.shape[0] > 2.5 * plain.shape[0]
    changed = (plain != labelled).any(axis=2)
    assert 0.001 < changed.mean() < 0.3
    orange = (labelled == KIND_STYLES[ObjectKind.STOP_SIGN].colour).all(axis=2)
    assert orange.any()
    for name in ("sheet.png", "sheet.jpg"):
        write_sheet(plain, tmp_path / name)
        again = cv2.cvtColor(cv2.imread(str(tmp_path / name)), cv2.COLOR_BGR2RGB)
        assert np.abs(again.astype(int) - plain).mean() < 4


def test_masks_of_a_data_set_and_a_strange_suffix_are_refused(tmp_path):
    made = generate_dataset(Recipe(name="tiny", seed=5, count=2), tmp_path / "set")
    stored = open_source([str(made.path)])

    with pytest.raises(RecipeError, match="Show its recipe"):
        draw_sheet(stored, choose(stored.shots(), 2), columns=2, depth=True)
    with pytest.raises(RecipeError, match=r"Try sheet\.png"):
        check_sheet_path(tmp_path / "sheet.gif")


def test_overlays_show_the_maps_that_they_are_made_of(source):
    shot = next(shot for shot in source.shots() if shot.truth.objects)
    camera, painter = source.painter.camera, source.painter
    region = Region((0, 0, camera.width_px, camera.height_px), (camera.width_px, camera.height_px))
    maps = painter.maps(shot.world, instances=True, semantics=True, depth=True)

    coloured = masks_over(np.zeros((288, 672, 3), np.uint8), region, maps, shot.truth)
    depth = depth_in_colours(region, maps).astype(int)

    classes = maps.at_frame_size(maps.semantics)
    inner = cv2.erode((classes == SemanticClass.ROAD).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    road = 0.72 * np.array(CLASS_COLOURS[SemanticClass.ROAD])
    assert (np.abs(coloured[inner] - road).max(axis=1) < 2).mean() > 0.97, "all but outlines and far markings"
    assert (depth[280, 300:, 0] > depth[280, 300:, 2]).all(), "red near"
    assert (depth[0] < 20).all(), "dark in the sky"


def test_the_counts_are_those_of_the_truth(source):
    stats = count_shots(source, 20)

    shots = list(islice(source.shots(), 20))
    things = [thing for shot in shots for thing in shot.truth.objects]
    own = [thing for thing in things if thing.kind is ObjectKind.STOP_SIGN and thing.applies_to_ego]
    assert stats.frames == 20
    assert stats.with_sign == sum(any(thing in own for thing in shot.truth.objects) for shot in shots)
    assert sum(stats.distances.values()) == sum(stats.visible.values()) == len(own)
    assert sum(sum(variants.values()) for variants in stats.variants.values()) == len(things)
    assert stats.parts["fair"] + stats.parts["foul"] == sum(stats.weather.values()) == 20
    assert stats.weather == Counter(str(shot.attributes["light_family"]) for shot in shots)
    assert sum(stats.mounts.values()) == len(own)
    assert sum(stats.occluders.values()) == sum(thing.visible_fraction < 1 for thing in own)
    assert stats.conditions["none"] == sum(not thing.sign.conditions for thing in own)
    assert stats.nearest is not None
    assert not stats.nearest[2].alike
    assert stats.to_dict()["distractors"] == dict(
        sorted(stats.variants["distractor"].items(), key=lambda item: (-item[1], item[0]))
    )


def test_counts_do_not_depend_on_the_number_of_processes(source):
    assert count_shots(source, 40, workers=2) == count_shots(source, 40)


def test_one_frame_drawn_twice_with_other_noise_is_alike_and_two_worlds_are_not(source):
    shots = list(islice(source.shots(), 12))
    hashes = [perceptual_hash(shot.picture()) for shot in shots]
    noisy = [perceptual_hash(source.painter.look(replace(shot.world, step=99), truth=False)[0].rgb) for shot in shots]

    for first, second in zip(hashes, noisy, strict=True):
        pair = nearest_pair(np.array([first, second]))
        assert pair.alike
    assert nearest_pair(np.array(hashes)).bits > 2 * ALIKE_BITS


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 700))
def test_the_nearest_pair_is_found_wherever_it_lies(seed, count):
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, (count, 4), np.uint64, endpoint=False)
    first, second = sorted(rng.choice(count, 2, replace=False).tolist())
    hashes[second] = hashes[first] ^ np.array([1, 0, 4, 0], np.uint64)

    assert nearest_pair(hashes) == Nearest(first, second, 2)


def test_of_one_frame_there_is_no_pair():
    assert nearest_pair(np.zeros((1, 4), np.uint64)) is None
