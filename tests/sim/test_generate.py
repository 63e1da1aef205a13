from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.actors import Behaviour
from sim.generate import START_BUMPER_S_M, generate_world
from sim.road import Edge
from sim.signs import (
    LINE_TO_CROSSING_ROAD_M,
    MIN_BEHIND_KERB_M,
    MIN_HEIGHT_COUNTRY_M,
    MIN_HEIGHT_TOWN_M,
    MIN_LINE_TO_CROSSWALK_M,
    STOP_LINE_THICKNESS_M,
    STOP_WIDTHS_M,
    VERGE_OFFSET_M,
    SignKind,
)
from sim.spec import WorldSpec

SPEC = WorldSpec(
    junctions=(1, 3),
    curvature_per_m=(0.0, 0.008),
    usual_sign_share=0.5,
    distractors=(2, 8),
    lead_share=0.5,
    dusk_share=0.5,
)
worlds = st.integers(0, 2**31).map(lambda seed: generate_world(seed, SPEC))
few = settings(max_examples=60)


def _own_signs(world):
    return [sign for sign in world.scene.signs if sign.applies_to_ego]


@few
@given(st.integers(0, 2**62))
def test_the_same_seed_gives_the_same_world(seed):
    first, second = generate_world(seed, SPEC), generate_world(seed, SPEC)

    assert first.scene.signs == second.scene.signs
    assert first.scene.scenery == second.scene.scenery
    assert first.actors == second.actors
    assert first.ego == second.ego
    assert first.scene.network.stop_lines == second.scene.network.stop_lines


def test_other_seeds_give_other_worlds():
    assert len({generate_world(seed, SPEC).scene.signs for seed in range(50)}) == 50


@few
@given(worlds)
def test_each_stop_line_has_its_sign_and_each_own_sign_its_line(world):
    assert [sign.stop_line for sign in _own_signs(world)] == list(range(len(world.scene.network.stop_lines)))
    assert all(sign.kind is SignKind.STOP for sign in _own_signs(world))


@few
@given(worlds)
def test_stop_signs_stand_where_the_rules_put_them(world):
    road = world.scene.network.ego_road
    for sign in _own_signs(world):
        s_m, d_m = road.path.project(sign.x_m, sign.y_m)
        beside_m = -d_m - road.half_width_m - 0.5 * sign.width_m
        line = world.scene.network.stop_lines[sign.stop_line]
        assert sign.width_m in STOP_WIDTHS_M
        assert abs(s_m - line.s_m) < 2.0
        if road.edge is Edge.KERB:
            assert beside_m >= MIN_BEHIND_KERB_M - 0.01
            assert sign.bottom_m >= MIN_HEIGHT_TOWN_M
        else:
            assert VERGE_OFFSET_M[0] - 0.01 <= beside_m <= VERGE_OFFSET_M[1] + 0.01
            assert sign.bottom_m >= MIN_HEIGHT_COUNTRY_M


@few
@given(worlds)
def test_stop_lines_lie_where_the_rules_put_them(world):
    network = world.scene.network
    for line in network.stop_lines:
        junction = network.junctions[line.junction]
        assert STOP_LINE_THICKNESS_M[0] <= line.thickness_m <= STOP_LINE_THICKNESS_M[1]
        if junction.crosswalk_s_m is not None:
            assert junction.crosswalk_s_m - (line.s_m + line.thickness_m) >= MIN_LINE_TO_CROSSWALK_M - 1e-9
        else:
            low, high = LINE_TO_CROSSING_ROAD_M
            assert low - 1e-9 <= junction.near_edge_s_m - line.s_m <= high + 1e-9


@few
@given(worlds)
def test_the_ego_starts_in_its_lane_before_everything(world):
    assert world.bumper_s_m == pytest.approx(START_BUMPER_S_M, abs=0.01)
    assert world.lane_offset_m == pytest.approx(0.0, abs=0.01)
    assert all(line.s_m > world.bumper_s_m + 50 for line in world.scene.network.stop_lines)


@few
@given(worlds)
def test_nothing_stands_on_the_road(world):
    path = world.scene.network.ego_road.path
    half_m = world.scene.network.ego_road.half_width_m
    for thing in (*world.scene.scenery, *world.scene.signs):
        assert abs(path.project(thing.x_m, thing.y_m)[1]) > half_m
    for actor in world.actors:
        if actor.behaviour is Behaviour.PARKED:
            assert abs(path.project(actor.x_m, actor.y_m)[1]) > half_m


@few
@given(worlds)
def test_labelled_things_have_ids_of_their_own(world):
    ids = [sign.sign_id for sign in world.scene.signs] + [actor.actor_id for actor in world.actors]

    assert len(set(ids)) == len(ids)


def test_a_spec_without_control_has_no_stop_line_and_no_sign_for_the_ego():
    for seed in range(30):
        world = generate_world(seed, WorldSpec(junctions=(2, 2), controlled_share=0.0))
        assert not world.scene.network.stop_lines
        assert not _own_signs(world)
        assert len(world.scene.network.junctions) == 2


@pytest.mark.parametrize("wrong", [{"approach_m": (80.0, 60.0)}, {"dusk_share": 1.5}, {"trees": (-1, 4)}])
def test_an_impossible_spec_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WorldSpec(**wrong)
