"""Where the rules put signs of every style and mount, and what is told of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.camera import Camera
from sim.config import parse
from sim.errors import RecipeError
from sim.generate import generate_world
from sim.generate.distractors import FORMS, LOOKALIKES
from sim.generate.sign_styles import FOREIGN
from sim.percept import ObjectKind
from sim.render import Painter
from sim.road import Edge
from sim.signs import (
    AS_NEW,
    CONDITIONS,
    ISLAND_M,
    MIN_BEHIND_KERB_M,
    MIN_OVERHEAD_M,
    PADDLE_HEIGHT_M,
    PADDLE_WIDTH_M,
    STAND_HEIGHT_M,
    STOP_WIDTHS_M,
    VERGE_OFFSET_M,
    Mount,
    Role,
    Sign,
    SignKind,
    StopStyle,
    Weathering,
)
from sim.spec import RoadSpec, SignSpec, WorldSpec
from sim.world import place_ego

EVERYTHING = SignSpec(
    foreign_share=0.3,
    highway_share=0.6,
    plated_share=0.25,
    lit_share=0.2,
    board_share=0.1,
    second_share=0.5,
    overhead_share=0.2,
    island_share=0.2,
    temporary_share=0.2,
    paddle_share=0.2,
    faded_share=0.4,
    dirty_share=0.4,
    rusty_share=0.3,
    holed_share=0.3,
    sticker_share=0.3,
    graffiti_share=0.3,
    snow_share=0.3,
    glare_share=0.3,
    distractors=(3, 9),
    lookalike_share=0.3,
)
PLAIN = WorldSpec(junctions=(1, 2), distractors=(1, 4))
few = settings(max_examples=40)
seeds = st.integers(0, 2**31)


def _world(seed, **changes):
    return generate_world(seed, replace(PLAIN, sign=SignSpec(**changes)))


def _own(world):
    return [sign for sign in world.scene.signs if sign.role is Role.OWN]


def _road_place(world, sign):
    return world.scene.network.ego_road.path.project(sign.x_m, sign.y_m)


def test_there_are_twenty_variants_of_stop_signs_and_twenty_five_kinds_of_distractors():
    worlds = [generate_world(seed, replace(PLAIN, sign=EVERYTHING)) for seed in range(250)]
    signs = [sign for world in worlds for sign in world.scene.signs]

    variants = {sign.face for sign in signs if sign.kind is SignKind.STOP}
    kinds = {sign.kind for sign in signs if sign.kind is not SignKind.STOP}

    # Only the arm of a school bus does not stand at the road.
    assert len(variants) >= 20
    assert set(StopStyle) - {StopStyle(str(face)) for face in variants if face is not SignKind.STOP} == {
        StopStyle.PLAIN,
        StopStyle.BUS_ARM,
    }
    assert kinds == set(FORMS)
    assert len(kinds) >= 25


def test_the_plain_world_has_plain_signs_on_posts():
    for seed in range(40):
        for sign in generate_world(seed, PLAIN).scene.signs:
            assert (sign.style, sign.mount, sign.weathering) == (StopStyle.PLAIN, Mount.POST, AS_NEW)
            assert sign.face is sign.kind


@few
@given(seeds)
def test_styles_and_weathering_move_no_sign(seed):
    """Looks draw from streams of their own: with mounts and twins off, every sign stays where it was."""
    looks = dict.fromkeys(("foreign_share", "highway_share", "dirty_share", "sticker_share", "snow_share"), 0.5)

    before, after = generate_world(seed, PLAIN).scene.signs, _world(seed, **looks).scene.signs

    assert [(s.x_m, s.y_m, s.facing_rad, s.look) for s in before] == [
        (s.x_m, s.y_m, s.facing_rad, s.look) for s in after
    ]


@few
@given(seeds)
def test_one_condition_changes_nothing_of_the_others(seed):
    some = _world(seed, dirty_share=0.5, holed_share=0.5).scene.signs
    more = _world(seed, dirty_share=0.5, holed_share=0.5, rusty_share=1.0).scene.signs

    assert [replace(sign.weathering, rust=0.0) for sign in more] == [sign.weathering for sign in some]


@few
@given(seeds)
def test_the_same_seed_gives_the_same_signs(seed):
    spec = replace(PLAIN, sign=EVERYTHING)

    assert generate_world(seed, spec).scene.signs == generate_world(seed, spec).scene.signs


@few
@given(seeds)
def test_ids_are_unique(seed):
    signs = generate_world(seed, replace(PLAIN, sign=EVERYTHING)).scene.signs

    assert len({sign.sign_id for sign in signs}) == len(signs)


@few
@given(seeds)
def test_a_world_is_one_country(seed):
    stops = [s for s in _world(seed, foreign_share=1.0).scene.signs if s.kind is SignKind.STOP]

    assert len({sign.style for sign in stops}) == 1
    assert stops[0].style in FOREIGN


@few
@given(seeds)
def test_a_twin_stands_at_the_left_by_the_rules_of_the_right(seed):
    world = _world(seed, second_share=1.0)
    road = world.scene.network.ego_road
    lines = range(len(world.scene.network.stop_lines))

    by_line = {line: [sign for sign in _own(world) if sign.stop_line == line] for line in lines}

    for first, second in by_line.values():
        beside_m = _road_place(world, second)[1] - road.half_width_m - 0.5 * second.width_m
        assert second.applies_to_ego
        assert (second.style, second.facing_rad) == (first.style, first.facing_rad)
        assert _road_place(world, second)[0] == pytest.approx(_road_place(world, first)[0], abs=0.1)
        if road.edge is Edge.KERB:
            assert beside_m >= MIN_BEHIND_KERB_M - 0.01
        else:
            assert VERGE_OFFSET_M[0] - 0.01 <= beside_m <= VERGE_OFFSET_M[1] + 0.01


@few
@given(seeds)
def test_an_overhead_sign_hangs_over_the_lane_and_its_mast_stands_off_the_road(seed):
    world = _world(seed, overhead_share=1.0)
    road = world.scene.network.ego_road

    for sign in _own(world):
        s_m, d_m = _road_place(world, sign)
        assert sign.mount is Mount.MAST_ARM
        assert sign.bottom_m >= MIN_OVERHEAD_M
        assert d_m == pytest.approx(road.lane_centre_d_m, abs=0.01)
        assert -d_m + sign.reach_m >= road.half_width_m + MIN_BEHIND_KERB_M - 0.01
        assert abs(s_m - world.scene.network.stop_lines[sign.stop_line].s_m) < 2.0


@few
@given(seeds)
def test_an_island_lies_on_the_centre_line_before_the_stop_line(seed):
    world = _world(seed, island_share=1.0)

    for sign in _own(world):
        s_m, d_m = _road_place(world, sign)
        line = world.scene.network.stop_lines[sign.stop_line]
        assert sign.mount is Mount.ISLAND
        assert d_m == pytest.approx(0.0, abs=0.01)
        assert s_m + 0.5 * ISLAND_M[0] <= line.s_m + line.thickness_m
        assert line.s_m - s_m < 5.0


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_on_a_wide_road_an_island_lies_between_the_directions_and_a_mast_reaches_over_the_ego_s_lane(lanes):
    road_spec = RoadSpec(lanes=(lanes, lanes), parking_lane_share=0.5)
    for seed in range(8):
        islands = generate_world(seed, replace(PLAIN, road=road_spec, sign=SignSpec(island_share=1.0)))
        road = islands.scene.network.ego_road
        places = [(sign.mount, road.path.project(sign.x_m, sign.y_m)[1]) for sign in _own(islands)]
        middles = [d_m for mount, d_m in places if mount is Mount.ISLAND]
        assert middles == pytest.approx([road.divider_d_m] * len(middles), abs=0.01)
        # From the right one of several lanes the island is far: a second sign stands at the right.
        assert sum(mount is Mount.POST and d_m < -road.half_width_m for mount, d_m in places) == (
            len(middles) if lanes > 1 else 0
        )
        masts = generate_world(seed, replace(PLAIN, road=road_spec, sign=SignSpec(overhead_share=1.0)))
        for sign in _own(masts):
            _, d_m = road.path.project(sign.x_m, sign.y_m)
            assert d_m == pytest.approx(road.lane_centre_d_m, abs=0.01)
            assert sign.reach_m > abs(-road.half_width_m - d_m)


def test_a_one_way_street_has_no_island():
    spec = replace(PLAIN, road=RoadSpec(one_way_share=1.0), sign=SignSpec(island_share=1.0))

    assert {sign.mount for seed in range(8) for sign in _own(generate_world(seed, spec))} == {Mount.POST}


@few
@given(seeds)
def test_a_temporary_sign_stands_low_and_off_the_carriageway(seed):
    world = _world(seed, temporary_share=1.0)
    road = world.scene.network.ego_road

    for sign in _own(world):
        _, d_m = _road_place(world, sign)
        assert sign.mount is Mount.STAND
        assert sign.style in (StopStyle.TEMPORARY, StopStyle.WORKS)
        assert STAND_HEIGHT_M[0] <= sign.bottom_m <= STAND_HEIGHT_M[1]
        assert sign.width_m in STOP_WIDTHS_M
        assert -d_m - 0.5 * sign.width_m >= road.half_width_m + 0.1


@few
@given(seeds)
def test_a_guard_holds_a_paddle_at_the_edge_of_the_road(seed):
    world = _world(seed, paddle_share=1.0)
    road = world.scene.network.ego_road

    for sign in _own(world):
        _, d_m = _road_place(world, sign)
        assert sign.mount is Mount.HAND
        assert sign.style is StopStyle.PADDLE
        assert PADDLE_WIDTH_M <= sign.width_m <= STOP_WIDTHS_M[0]
        assert PADDLE_HEIGHT_M[0] <= sign.bottom_m <= PADDLE_HEIGHT_M[1]
        assert road.half_width_m < -d_m < road.half_width_m + 1.0


@few
@given(seeds)
def test_the_signs_of_the_crossing_road_do_not_apply(seed):
    world = generate_world(seed, replace(PLAIN, controlled_share=0.5, sign=EVERYTHING))
    stops = [sign for sign in world.scene.signs if sign.kind is SignKind.STOP]

    for sign in stops:
        assert sign.applies_to_ego == (sign.role is Role.OWN)
        assert sign.attributes["role"] == str(sign.role)
    crossing = [sign for sign in stops if sign.role is Role.CROSSING]
    assert len(crossing) == 2 * sum(junction.all_way for junction in world.scene.network.junctions)
    for sign in crossing:
        s_m, _ = _road_place(world, sign)
        across = np.cos(sign.facing_rad - world.scene.network.ego_road.path.heading(s_m))
        assert abs(across) < 0.5


@few
@given(seeds)
def test_an_all_way_plate_hangs_at_all_way_stops_alone(seed):
    world = generate_world(seed, replace(PLAIN, sign=SignSpec(plated_share=1.0)))
    junctions = world.scene.network.junctions

    for sign in _own(world):
        line = world.scene.network.stop_lines[sign.stop_line]
        if sign.style in (StopStyle.ALL_WAY, StopStyle.FOUR_WAY):
            assert junctions[line.junction].all_way
        else:
            assert sign.style is StopStyle.STREET_NAMES


@few
@given(seeds)
def test_distractors_keep_off_the_carriageway_and_off_each_other(seed):
    world = generate_world(seed, replace(PLAIN, sign=EVERYTHING))
    road = world.scene.network.ego_road

    for sign in world.scene.signs:
        if sign.kind is not SignKind.STOP:
            s_m, d_m = _road_place(world, sign)
            assert abs(d_m) - 0.5 * sign.width_m > road.half_width_m
            assert not sign.applies_to_ego
            assert sign.stop_line is None
            assert all(abs(s_m - j.s_m) > j.road.half_width_m for j in world.scene.network.junctions)


def test_lookalikes_are_drawn_as_often_as_the_recipe_says():
    spec = SignSpec(distractors=(8, 8), lookalike_share=1.0)
    signs = [sign for seed in range(40) for sign in generate_world(seed, replace(PLAIN, sign=spec)).scene.signs]

    added = Counter(sign.kind for sign in signs if sign.mount is not Mount.POST)

    assert set(added) <= set(LOOKALIKES)


@pytest.mark.parametrize(
    ("share", "name"), [("rusty_share", "rust"), ("holed_share", "holes"), ("glare_share", "glare")]
)
def test_a_condition_comes_as_often_as_the_recipe_says(share, name):
    signs = [sign for seed in range(60) for sign in _world(seed, **{share: 0.3}).scene.signs]

    found = sum(name in sign.weathering.conditions for sign in signs)

    # Four standard deviations of a binomial.
    assert abs(found / len(signs) - 0.3) < 4 * (0.3 * 0.7 / len(signs)) ** 0.5


def test_a_sign_tells_what_recall_is_told_by():
    marks = Weathering(fade=0.6, stickers=0.3)
    sign = Sign(
        104, SignKind.STOP, 0, 0, 2.1, 0.76, 0.76, pi, 0.05, style=StopStyle.ARRET, weathering=marks, role=Role.CROSSING
    )

    assert sign.attributes == {
        "variant": "stop_arret",
        "role": "crossing",
        "mount": "post",
        "width_m": 0.76,
        "wear": "worn",
        "conditions": "fade+stickers",
        "tilt_rad": 0.05,
        "applies_to_ego": False,
    }
    assert replace(sign, style=StopStyle.PLAIN, weathering=AS_NEW).attributes["variant"] == "stop"
    assert replace(sign, weathering=AS_NEW).wear_class == "new"


def test_conditions_are_named_by_what_is_drawn():
    assert AS_NEW.conditions == ()
    for name in CONDITIONS:
        assert Weathering(**{name: 0.01}).conditions == Weathering(**{name: 1.0}).conditions == (name,)


@pytest.mark.parametrize(
    "changes",
    [
        {"overhead_share": 0.6, "paddle_share": 0.6},
        {"plated_share": 0.6, "lit_share": 0.3, "board_share": 0.2},
        {"fade": (0.2, 1.4)},
        {"snow": (0.5, 0.2)},
        {"rusty_share": 1.2},
        {"distractors": (4, 2)},
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValueError, match=r"Expected .* Received: "):
        SignSpec(**changes)


@pytest.mark.parametrize(
    ("style", "mount"),
    [
        (StopStyle.ALL_WAY, Mount.POST),
        (StopStyle.STREET_NAMES, Mount.POST),
        (StopStyle.BACKING_BOARD, Mount.POST),
        (StopStyle.BEACON, Mount.POST),
        (StopStyle.TEMPORARY, Mount.STAND),
        (StopStyle.PADDLE, Mount.HAND),
        (StopStyle.HIGHWAY, Mount.ISLAND),
    ],
)
def test_what_holds_a_sign_and_is_fixed_to_it_is_no_part_of_its_box(style, mount):
    world = place_ego(generate_world(3, PLAIN), 10.0, 0.0, 0.0, 8.0)
    x_m, y_m = world.scene.network.lane_position(30.0, -3.5)
    facing = world.ego.heading_rad + pi
    bare = Sign(100, SignKind.STOP, x_m, y_m, 2.1, 0.76, 0.76, facing, mount=Mount.NOTHING)
    painter = Painter(Camera())

    boxes = []
    for sign in (bare, replace(bare, style=style, mount=mount)):
        scene = replace(world.scene, signs=(sign,), scenery=())
        _, truth = painter.look(replace(world, scene=scene, actors=()), frame=False)
        (seen,) = (item for item in truth.objects if item.kind is ObjectKind.STOP_SIGN)
        assert seen.visible_fraction == 1.0
        assert seen.variant == str(sign.face)
        boxes.append(seen.box)

    np.testing.assert_allclose(boxes[1], boxes[0], atol=0.5)


def test_a_recipe_sets_signs_in_a_table_of_their_own():
    spec = parse({"sign": {"foreign_share": 0.2, "fade": [0.1, 0.6]}}, WorldSpec, RecipeError, "recipe.toml")

    assert spec.sign == SignSpec(foreign_share=0.2, fade=(0.1, 0.6))
    with pytest.raises(RecipeError, match=r"sign\.foriegn_share.*foreign_share"):
        parse({"sign": {"foriegn_share": 0.2}}, WorldSpec, RecipeError, "recipe.toml")


def test_the_ground_s_haze_does_not_show_on_a_face_before_it():
    """A wall-high face crosses the horizon, where the ground behind it is hazy: its door keeps one red throughout."""
    world = place_ego(generate_world(3, replace(PLAIN, visibility_m=(400.0, 400.0))), 10.0, 0.0, 0.0, 8.0)
    x_m, y_m = world.scene.network.lane_position(32.0)
    facing = world.ego.heading_rad + pi
    door = Sign(100, SignKind.RED_DOOR, x_m, y_m, 0.0, 2.4, 3.0, facing, mount=Mount.NOTHING)
    light = replace(world.scene.light, visibility_m=400.0)

    scene = replace(world.scene, signs=(door,), scenery=(), light=light)
    frame, truth = Painter(Camera()).look(replace(world, scene=scene, actors=()))

    x0, _, x1, _ = truth.objects[0].box
    # The stile between the panels runs through the horizon.
    stile = frame.rgb[134:156, int(0.5 * (x0 + x1)), 0].astype(float)
    assert np.ptp(np.convolve(stile, np.ones(5) / 5, "valid")) < 14
