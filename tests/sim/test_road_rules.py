"""Roads of every kind keep the rules: sizes, places to stop, signs, and what is painted."""

from __future__ import annotations

from dataclasses import replace
from math import hypot

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.generate import generate_world
from sim.road import Edge, StopMark, SymbolKind
from sim.road import sizes as rules
from sim.road.corners import find_corners
from sim.signs import MIN_BEHIND_KERB_M
from sim.spec import RoadSpec, WorldSpec

ROAD = RoadSpec(
    lanes=(1, 3),
    one_way_share=0.3,
    parking_lane_share=0.4,
    kerb_share=0.8,
    corner_share=0.8,
    driveways=(0, 4),
    t_share=0.3,
    end_share=0.3,
    bend_share=0.5,
    line_missing_share=0.5,
    ladder_share=0.3,
    two_line_share=0.3,
    far_crosswalk_share=0.5,
    other_line_share=0.6,
    legend_share=0.5,
    arrow_share=0.5,
    worn_stretches=(0, 3),
)
SPEC = WorldSpec(
    junctions=(1, 3), controlled_share=0.7, lane_width_m=(2.7, 3.7), curvature_per_m=(0.0, 0.006), road=ROAD
)
worlds = st.integers(0, 2**31).map(lambda seed: generate_world(seed, SPEC))
few = settings(max_examples=50)


def test_the_table_of_sizes_says_what_the_rules_say():
    foot_m, inch_m = 0.3048, 0.0254
    assert pytest.approx(rules.LANE_WIDTH_M, abs=0.06) == (9 * foot_m, 12 * foot_m)
    assert 4 * inch_m <= rules.LINE_M <= 6 * inch_m
    assert pytest.approx(10 * foot_m, abs=0.05) == rules.DASH_M
    assert pytest.approx(40 * foot_m, abs=0.25) == rules.DASH_M + rules.DASH_GAP_M
    assert 6 * foot_m <= rules.CROSSWALK_DEPTH_M
    assert 6 * inch_m <= rules.CROSSWALK_LINE_M <= 24 * inch_m
    assert 12 * inch_m <= rules.CROSSWALK_BAR_M <= 24 * inch_m
    assert 12 * inch_m <= rules.CROSSWALK_BAR_GAP_M <= 60 * inch_m
    assert pytest.approx(8 * foot_m, abs=0.05) == rules.LEGEND_HEIGHT_M
    assert pytest.approx(9.5 * foot_m, abs=0.05) == rules.ARROW_LENGTH_M
    assert rules.KERB_HEIGHT_M[1] <= 6 * inch_m
    assert rules.SIGN_TO_CROSSWALK_M[0] >= 4 * foot_m - 0.02
    assert 6 * foot_m - 0.03 <= rules.SIGN_TO_CROSSING_ROAD_M[0] < rules.SIGN_TO_CROSSING_ROAD_M[1] <= 50 * foot_m


@few
@given(worlds)
def test_roads_are_as_wide_as_what_lies_across_them(world):
    network = world.scene.network
    for road in (network.ego_road, *(junction.road for junction in network.junctions)):
        assert rules.LANE_WIDTH_M[0] <= road.lane_width_m <= rules.LANE_WIDTH_M[1]
        assert road.lanes_along + road.lanes_against >= 1
        lanes_m = (road.lanes_along + road.lanes_against) * road.lane_width_m
        assert 2 * road.half_width_m == pytest.approx(lanes_m + road.parking_right_m + road.parking_left_m)
        for parking_m in (road.parking_right_m, road.parking_left_m):
            assert parking_m == 0.0 or rules.PARKING_LANE_M[0] <= parking_m <= rules.PARKING_LANE_M[1]
        assert road.kerb_m == 0.0 or rules.KERB_HEIGHT_M[0] <= road.kerb_m <= rules.KERB_HEIGHT_M[1]
        assert road.kerb_m == 0.0 or road.edge is Edge.KERB


@few
@given(worlds)
def test_the_ego_lane_lies_within_its_own_half_of_the_road(world):
    road = world.scene.network.ego_road
    right_m, left_m = (road.lane_centre_d_m + side * 0.5 * road.lane_width_m for side in (-1, 1))
    assert right_m == pytest.approx(-road.half_width_m + road.parking_right_m)
    assert left_m <= road.divider_d_m + 1e-9
    assert road.oncoming_d_m is None or road.oncoming_d_m > road.divider_d_m
    assert (road.oncoming_d_m is None) == (road.lanes_against == 0)


@few
@given(worlds)
def test_each_stop_is_at_the_first_legal_place_that_is_there(world):
    network = world.scene.network
    for line in network.stop_lines:
        junction = network.junctions[line.junction]
        if line.mark is StopMark.CROSSWALK:
            assert line.s_m == junction.crosswalk_s_m
        elif line.mark is StopMark.CROSSING_ROAD:
            assert junction.crosswalk_s_m is None
            assert line.s_m == pytest.approx(junction.near_edge_s_m)
        assert line.painted == (line.thickness_m > 0.0)


@few
@given(worlds)
def test_a_sign_without_a_line_stands_just_before_what_marks_the_place(world):
    network = world.scene.network
    spans = {
        StopMark.LINE: (-1.5, 9.0),
        StopMark.CROSSWALK: rules.SIGN_TO_CROSSWALK_M,
        StopMark.CROSSING_ROAD: rules.SIGN_TO_CROSSING_ROAD_M,
    }
    for sign in world.scene.signs:
        if sign.applies_to_ego:
            line = network.stop_lines[sign.stop_line]
            low_m, high_m = spans[line.mark]
            before_m = line.s_m - network.ego_road.path.project(sign.x_m, sign.y_m)[0]
            assert low_m - 0.05 <= before_m <= high_m + 0.05


@few
@given(worlds)
def test_signs_stand_clear_of_rounded_corners(world):
    network = world.scene.network
    corners = [corner for its in find_corners(network) for corner in its]
    for sign in world.scene.signs:
        if not sign.applies_to_ego:
            continue
        for corner in corners:
            s_m = network.ego_road.path.project(sign.x_m, sign.y_m)[0]
            beyond_tangent = corner.way < 0 and corner.side < 0 and corner.ego_s_m < s_m < corner.ego_s_m + 12.0
            if beyond_tangent:
                off_m = hypot(sign.x_m - corner.x_m, sign.y_m - corner.y_m)
                assert off_m <= corner.radius_m - 0.5 * MIN_BEHIND_KERB_M + 0.06


@few
@given(worlds)
def test_a_corner_touches_both_edges(world):
    network = world.scene.network
    for junction, corners in zip(network.junctions, find_corners(network), strict=True):
        for corner in corners:
            assert corner.radius_m == pytest.approx(junction.corner_m, abs=0.02)
            start, end = corner.arc(corner.radius_m)[[0, -1]]
            d_m = network.ego_road.path.project(*start, corner.ego_s_m)[1]
            assert d_m == pytest.approx(corner.side * network.ego_road.half_width_m, abs=0.02)
            d_m = junction.road.path.project(*end)[1]
            assert d_m == pytest.approx(-corner.way * junction.road.half_width_m, abs=0.02)


@few
@given(worlds)
def test_no_stop_sign_faces_an_arm_that_is_not_there(world):
    for junction in world.scene.network.junctions:
        first, last = junction.road.span_m
        for sign in world.scene.signs:
            s_m, d_m = junction.road.path.project(sign.x_m, sign.y_m)
            if sign.kind == "stop" and not sign.applies_to_ego and abs(d_m) < 3.0 + junction.road.half_width_m:
                near = abs(s_m - junction.middle_m) < 12.0
                assert not near or first - 12.0 < s_m < last + 12.0


def test_where_the_road_ends_the_route_ends_at_the_stop_and_only_turns_are_shown():
    spec = replace(SPEC, controlled_share=1.0, road=replace(ROAD, end_share=1.0, arrow_share=1.0))
    for seed in range(20):
        world = generate_world(seed, spec)
        network = world.scene.network
        last = network.junctions[-1]
        assert not last.ahead
        assert len(last.arms) == 2
        assert 0.0 < world.scene.route_end_s_m - network.stop_lines[-1].s_m <= 2.0
        assert network.ego_road.path.length_m == pytest.approx(last.s_m, abs=0.5)
        arrows = [s for s in network.ego_road.symbols if s.s_m > network.stop_lines[-1].s_m - 30.0]
        assert not {s.kind for s in arrows} & {
            SymbolKind.STRAIGHT,
            SymbolKind.STRAIGHT_LEFT,
            SymbolKind.STRAIGHT_RIGHT,
        }


def test_a_bend_turns_the_road_and_is_joined_on_its_outer_side():
    spec = WorldSpec(junctions=(1, 1), controlled_share=0.0, curvature_per_m=(0.0, 0.0), road=RoadSpec(bend_share=1.0))
    for seed in range(20):
        network = generate_world(seed, spec).scene.network
        path, junction = network.ego_road.path, network.junctions[0]
        turn_rad = path.heading(path.length_m) - path.heading(0.0)
        assert 0.45 <= abs(turn_rad) <= 1.35
        assert junction.arms == ((-1.0,) if turn_rad > 0 else (1.0,))
        assert path.sharpest_per_m(0.0, path.length_m) <= 1 / 28.0 + 1e-9


@pytest.mark.parametrize(
    "wrong", [{"lanes": (0, 1)}, {"bend_radius_m": (5.0, 10.0)}, {"ladder_share": 0.7, "two_line_share": 0.7}]
)
def test_impossible_roads_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RoadSpec(**wrong)
