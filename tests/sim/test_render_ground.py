"""Flat ground, and kerbs that are not: what is built, where it is left out, and what the truth says of a stop."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np
import pytest

from sim.camera import Camera
from sim.generate import generate_world
from sim.render import Painter
from sim.render.gaps import between, chipped, ego_gaps
from sim.render.ground import NOT_PAINTED, build_ground
from sim.render.markings import crosswalk_patches, symbol_outlines, symbol_patches
from sim.render.projection import View, project_ground
from sim.road import (
    CentreLine,
    Crosswalk,
    CrosswalkStyle,
    Edge,
    Road,
    StopMark,
    Symbol,
    SymbolKind,
    WornStretch,
    build_path,
)
from sim.road.sizes import CROSSWALK_DEPTH_M, LEGEND_HEIGHT_M, LEGEND_WIDTH_M
from sim.seeding import Stream, stream
from sim.spec import RoadSpec, WorldSpec
from sim.world import place_ego

TOWN = WorldSpec(kerb_share=1.0, curvature_per_m=(0.0, 0.0), distractors=(0, 0), trees=(0, 0), buildings=(0, 0))
STRAIGHT = Road(build_path([(200.0, 0.0, 0.0)]), 3.4, Edge.KERB, CentreLine.SOLID, True, True, 0.0)


def _area_m2(points):
    x, y = points[:, 0], points[:, 1]
    return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


def test_kerbs_stand_up_only_where_they_are_asked_for():
    level = build_ground(generate_world(1, TOWN).scene)
    assert level.heights_m is None
    world = generate_world(1, replace(TOWN, road=RoadSpec(kerb_share=1.0)))
    raised = build_ground(world.scene)
    assert set(np.unique(raised.heights_m)) == {0.0, world.scene.network.ego_road.kerb_m}


def test_a_raised_point_is_seen_higher_by_its_height():
    world = generate_world(1, replace(TOWN, road=RoadSpec(kerb_share=1.0)))
    ground = build_ground(world.scene)
    view = View.of(world, Camera(), 1)
    raised = project_ground(view, ground, 2.0)
    level = project_ground(view, replace(ground, heights_m=None), 2.0)
    rise_px = np.array(level.points)[:, 1] - np.array(raised.points)[:, 1]
    depth_m = Camera().focal_px * Camera().height_m / (np.array(level.points)[:, 1] - Camera().centre_v_px)
    heights_m = rise_px * depth_m / Camera().focal_px
    high = world.scene.network.ego_road.kerb_m
    assert np.all(np.isclose(heights_m, 0.0, atol=1e-6) | np.isclose(heights_m, high, atol=1e-6))
    assert np.count_nonzero(heights_m > 0.5 * high) > 20


@pytest.mark.parametrize(("crosswalk_share", "mark"), [(1.0, StopMark.CROSSWALK), (0.0, StopMark.CROSSING_ROAD)])
def test_with_no_line_the_truth_names_the_place_to_stop_and_no_line(crosswalk_share, mark):
    spec = replace(TOWN, crosswalk_share=crosswalk_share, road=RoadSpec(line_missing_share=1.0))
    world = generate_world(4, spec)
    line = world.scene.network.stop_lines[0]
    world = place_ego(world, line.s_m - 20.0, 0.0, 0.0, 5.0)
    _, truth = Painter(Camera()).look(world, frame=False)
    assert build_ground(world.scene).lines == (NOT_PAINTED,)
    assert truth.stop_line is None
    assert truth.stop_place.mark is mark
    assert truth.stop_place.gap_m == pytest.approx(line.s_m - world.bumper_s_m)
    assert truth.stop_place.distance_m == pytest.approx(20.0 - world.geometry.camera_forward_m, abs=0.05)


def test_with_a_line_the_truth_names_it_as_the_place_to_stop():
    world = generate_world(4, TOWN)
    world = place_ego(world, world.scene.network.stop_lines[0].s_m - 20.0, 0.0, 0.0, 5.0)
    _, truth = Painter(Camera()).look(world, frame=False)
    assert truth.stop_place.mark is StopMark.LINE
    assert (truth.stop_place.distance_m, truth.stop_place.gap_m) == (
        truth.stop_line.distance_m,
        truth.stop_line.gap_m,
    )


def test_the_lines_of_a_priority_road_lead_on_through_its_bend():
    spec = WorldSpec(controlled_share=0.0, road=RoadSpec(bend_share=1.0))
    for seed in range(10):
        network = generate_world(seed, spec).scene.network
        gaps = ego_gaps(network)
        outer, inner = (gaps.right, gaps.left) if -1.0 in network.junctions[0].arms else (gaps.left, gaps.right)
        assert gaps.centre == []
        assert inner == []
        assert len(outer) == 1


def test_what_is_left_between_gaps_is_all_the_rest():
    assert list(between(0.0, 100.0, [(20.0, 30.0), (50.0, 60.0)])) == [(0.0, 20.0), (30.0, 50.0), (60.0, 100.0)]
    assert list(between(0.0, 100.0, [])) == [(0.0, 100.0)]
    assert list(between(0.0, 100.0, [(-5.0, 120.0)])) == []


def test_of_a_worn_stretch_less_is_left_the_more_it_is_worn():
    def left_m(wear):
        road = replace(STRAIGHT, worn=(WornStretch(50.0, 150.0, wear),))
        pieces = chipped(road, (0.0, 200.0), stream(1, Stream.MARKINGS))
        return sum(end - start for (start, end), _ in pieces if 50.0 <= start < 150.0)

    assert left_m(0.0) == pytest.approx(100.0)
    assert 20.0 < left_m(0.5) < 80.0
    assert left_m(1.0) == 0.0


@pytest.mark.parametrize("style", CrosswalkStyle)
def test_crosswalks_lie_on_the_road_and_each_style_has_its_paint(style):
    patches = list(crosswalk_patches(STRAIGHT, Crosswalk(50.0, style)))
    across = sum(np.ptp(patch.points_m[:, 1]) > np.ptp(patch.points_m[:, 0]) for patch in patches)
    assert across == (0 if style is CrosswalkStyle.ZEBRA else 2)
    assert (len(patches) - across > 3) == (style is not CrosswalkStyle.TWO_LINES)
    for patch in patches:
        assert (
            50.0 - 1e-9 <= patch.points_m[:, 0].min() <= patch.points_m[:, 0].max() <= 50.0 + CROSSWALK_DEPTH_M + 1e-9
        )
        assert np.abs(patch.points_m[:, 1]).max() <= STRAIGHT.half_width_m


def test_the_word_stop_is_as_large_as_the_rules_say_and_is_read_from_left_to_right():
    letters = symbol_outlines(SymbolKind.STOP)
    everything = np.concatenate(letters)
    assert np.ptp(everything[:, 0]) == pytest.approx(LEGEND_WIDTH_M)
    assert np.ptp(everything[:, 1]) == pytest.approx(LEGEND_HEIGHT_M)
    assert [letter[:, 0].mean() for letter in letters] == sorted(letter[:, 0].mean() for letter in letters)
    # T has its bar at the far end; P its bowl: both are heavier far from the reader than near.
    assert letters[1][:, 1].mean() > 0.0
    assert letters[3][:, 1].mean() > 0.0


def test_arrows_point_where_they_say():
    right, left = symbol_outlines(SymbolKind.RIGHT)[0], symbol_outlines(SymbolKind.LEFT)[0]
    assert right[:, 0].max() > -right[:, 0].min()
    assert left == pytest.approx(right * np.array([-1.0, 1.0]))
    straight = symbol_outlines(SymbolKind.STRAIGHT)[0]
    assert straight[straight[:, 1].argmax(), 0] == 0.0


@pytest.mark.parametrize("against", [False, True])
def test_a_symbol_lies_on_its_lane_and_looks_at_its_readers(against):
    road = replace(
        STRAIGHT,
        path=build_path([(100.0, 0.0, 0.0)], heading_rad=pi / 2),
        symbols=(Symbol(SymbolKind.STRAIGHT, 40.0, -1.7, against),),
    )
    (patch,) = symbol_patches(road)
    tip = patch.points_m[symbol_outlines(SymbolKind.STRAIGHT)[0][:, 1].argmax()]
    assert tip == pytest.approx([1.7, 40.0 + (-1.45 if against else 1.45)], abs=0.01)
    assert _area_m2(patch.points_m) > 0.3
