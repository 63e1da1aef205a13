"""Masks, depth and lines on the road: on scenes whose answer is known by construction, and against the boxes."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.actors import Actor, ActorKind, Behaviour
from sim.camera import Camera
from sim.generate import generate_world
from sim.light import Light, TimeOfDay
from sim.maps import SemanticClass
from sim.percept import ObjectKind
from sim.render import Painter
from sim.render.labels import KIND_CLASSES
from sim.render.solids import SCENERY_CLASSES
from sim.road import CentreLine, Edge, Road, RoadNetwork, StopLine, build_path
from sim.signs import Mount, Sign, SignKind, Weathering
from sim.spec import RoadSpec, WorldSpec
from sim.truth import SignAttributes
from sim.vehicle import EgoState
from sim.world import Scene, Scenery, SceneryKind, World, place_ego

CAMERA = Camera()
PAINTER = Painter(CAMERA)
LIGHT = Light(TimeOfDay.DAY, 0.0, (1.0, 1.0, 1.0), (90, 140, 220), (200, 210, 230), 3000.0, 1.0)
SIGN_M = 0.76
BUSY = WorldSpec(
    junctions=(1, 2),
    distractors=(3, 10),
    parked=(1, 4),
    oncoming=(1, 3),
    lead_share=0.5,
    hidden_share=0.5,
    trees=(10, 20),
)


def make_world(signs=(), scenery=(), actors=(), lines=(), curvature_per_m=0.0):
    """Return a road along x, straight for 40 m, with the ego's camera at x = 40 m in the middle of its lane."""
    sections = [(40.0, 0.0, 0.0), (260.0, curvature_per_m, curvature_per_m)]
    road = Road(build_path(sections), 3.5, Edge.VERGE, CentreLine.SOLID, False, True, 0.0)
    scene = Scene(12, RoadNetwork(road, (), tuple(lines)), tuple(signs), tuple(scenery), LIGHT, 3, 10.0, 250.0)
    world = World(scene, EgoState(0, 0, 0, 0), tuple(actors))
    return place_ego(world, 40.0 - world.geometry.camera_forward_m, 0.0, 0.0, 8.0)


def sign_ahead(ahead_m, **changes):
    """Return a stop sign on the camera's axis, square to it; its face hangs 4 cm before its post."""
    bottom_m = CAMERA.height_m - 0.5 * SIGN_M
    sign = Sign(100, SignKind.STOP, 40.0 + ahead_m + 0.04, -1.75, bottom_m, SIGN_M, SIGN_M, pi, applies_to_ego=True)
    return replace(sign, **changes)


def wall(ahead_m, right_m, wide_m):
    """Return a thin wall across the view, from `right_m` right of the camera on, for `wide_m`."""
    return Scenery(SceneryKind.BUILDING, 40.0 + ahead_m, -1.75 - right_m - 0.5 * wide_m, pi, 0.01, wide_m, 9.0, 5)


def box_of(mask, scale):
    """Return the tight box of a mask in frame pixels."""
    rows, columns = np.nonzero(mask)
    return (columns.min() / scale, rows.min() / scale, (columns.max() + 1) / scale, (rows.max() + 1) / scale)


@pytest.mark.parametrize("ahead_m", [10.0, 20.0, 40.0])
def test_a_sign_straight_ahead_has_the_mask_and_the_depth_of_an_octagon_there(ahead_m):
    maps = PAINTER.maps(make_world([sign_ahead(ahead_m)]), instances=True, semantics=True, depth=True)

    mask = maps.instances == 100
    size_px = SIGN_M * CAMERA.focal_px / ahead_m
    half_px = 0.5 * size_px
    expected = (336 - half_px, 144 - half_px, 336 + half_px, 144 + half_px)
    # Edges lie within a map pixel, half a frame pixel; a regular octagon fills 2 (sqrt(2) - 1) of its square.
    np.testing.assert_allclose(box_of(mask, maps.scale), expected, atol=0.75)
    area_px = mask.sum() / maps.scale**2
    assert area_px == pytest.approx(2 * (2**0.5 - 1) * size_px**2, abs=2 * size_px)
    assert (maps.semantics[mask] == SemanticClass.STOP_SIGN).all()
    np.testing.assert_allclose(maps.depth_m[mask], ahead_m, rtol=1e-5)


def test_a_wall_before_half_a_sign_takes_exactly_that_half_of_its_mask():
    sign = sign_ahead(20.0)

    alone = PAINTER.maps(make_world([sign]), instances=True).instances == 100
    behind = PAINTER.maps(make_world([sign], [wall(10.0, 0.0, 6.0)]), instances=True, semantics=True, depth=True)

    mask = behind.instances == 100
    expected = alone.copy()
    expected[:, 336 * behind.scale :] = False
    assert np.count_nonzero(mask ^ expected) <= np.count_nonzero(alone.any(axis=1)), "more than the edge's own column"
    hidden = alone & ~mask
    assert (behind.semantics[hidden] == SemanticClass.BUILDING).all()
    np.testing.assert_allclose(behind.depth_m[hidden], 10.0, atol=0.02)


def test_a_sign_is_labelled_with_what_it_is_like_and_what_hides_it():
    marks = Weathering(fade=0.6, stickers=0.3)
    sign = sign_ahead(20.0, wear=0.4, tilt_rad=0.05, facing_rad=pi + 0.3, weathering=marks, mount=Mount.ISLAND)

    alone = PAINTER.look(make_world([sign]), frame=False)[1].objects[0]
    walled = PAINTER.look(make_world([sign], [wall(10.0, 0.0, 6.0)]), frame=False)[1].objects[0]
    car = Actor(1, ActorKind.CAR, Behaviour.PARKED, 55.0, -2.5, 0.0, 0.0)
    parked = PAINTER.look(make_world([sign], actors=[car]), frame=False)[1].objects

    expected = SignAttributes(SIGN_M, 0.4, 0.05, pytest.approx(0.3), "island", ("fade", "stickers"), None)
    assert alone.sign == expected
    assert walled.sign == replace(alone.sign, occluder="building")
    assert {thing.kind: thing.sign and thing.sign.occluder for thing in parked} == {
        ObjectKind.STOP_SIGN: "vehicle",
        ObjectKind.VEHICLE: None,
    }


def test_ground_depth_at_a_row_is_that_of_the_flat_road():
    maps = PAINTER.maps(make_world(), depth=True)

    rows_px = (np.arange(len(maps.depth_m)) + 0.5) / maps.scale
    below = rows_px > CAMERA.centre_v_px
    expected_m = CAMERA.focal_px * CAMERA.height_m / (rows_px[below] - CAMERA.centre_v_px)
    np.testing.assert_allclose(maps.depth_m[below], np.broadcast_to(expected_m[:, None], maps.depth_m[below].shape))
    assert np.isinf(maps.depth_m[~below]).all()


def test_a_raised_pavement_is_nearer_than_the_road_in_its_row_by_its_share_of_the_cameras_height():
    world = make_world()
    network = world.scene.network
    road = replace(network.ego_road, edge=Edge.KERB, kerb_m=0.14, pavement_m=2.6)
    world = replace(world, scene=replace(world.scene, network=replace(network, ego_road=road)))

    maps = PAINTER.maps(world, semantics=True, depth=True)

    ahead_m, right_m = 12.0, 3.0
    u_px = CAMERA.centre_u_px + CAMERA.focal_px * right_m / ahead_m
    v_px = CAMERA.centre_v_px + CAMERA.focal_px * (CAMERA.height_m - 0.14) / ahead_m
    place = round(v_px * maps.scale), round(u_px * maps.scale)
    assert maps.semantics[place] == SemanticClass.PAVEMENT
    assert maps.depth_m[place] == pytest.approx(ahead_m, rel=0.01)


def test_a_stop_without_a_painted_line_has_no_outline():
    spec = WorldSpec(road=RoadSpec(line_missing_share=1.0))

    assert PAINTER.stop_line(generate_world(1, spec)) is None


def test_a_slanted_wall_has_the_depth_of_its_plane_in_every_column():
    """A wall turned by 45 degrees: a ray to the right by t meets it at depth D / (1 + t) or D / (1 - t)."""
    turned = Scenery(SceneryKind.BUILDING, 60.0, -1.75, pi + pi / 4, 0.02, 30.0, 9.0, 5)

    maps = PAINTER.maps(make_world(scenery=[turned]), semantics=True, depth=True)

    row = maps.scale * 130
    seen = maps.semantics[row] == SemanticClass.BUILDING
    aside = ((np.flatnonzero(seen) + 0.5) / maps.scale - 336) / CAMERA.focal_px
    slopes = [np.abs(maps.depth_m[row][seen] - 20.0 / (1 + turn * aside)).max() for turn in (-1, 1)]
    assert seen.sum() > 200
    assert min(slopes) < 0.05


def test_each_pixel_is_told_what_it_shows():
    line = StopLine(60.0, 0.5, 0)
    tree = Scenery(SceneryKind.TREE, 70.0, 8.0, 0.0, 4.0, 4.0, 7.0, 128)
    pole = Scenery(SceneryKind.POLE, 60.0, -8.0, 0.0, 0.3, 0.3, 7.0, 1)
    car = Actor(1, ActorKind.CAR, Behaviour.PARKED, 58.0, 1.75, 0.0, 0.0)
    back = sign_ahead(25.0, sign_id=101, y_m=-5.0, facing_rad=0.0)

    maps = PAINTER.maps(make_world([back], [tree, pole], [car], [line]), instances=True, semantics=True)

    def seen_at(ahead_m, right_m, z_m):
        u, v = CAMERA.project(np.array([right_m, CAMERA.height_m - z_m, ahead_m]))
        return SemanticClass(maps.semantics[int(v * maps.scale), int(u * maps.scale)])

    assert maps.semantics[0, 0] == SemanticClass.SKY
    assert seen_at(20.25, 0.0, 0.0) is SemanticClass.STOP_LINE
    assert seen_at(12.0, 0.0, 0.0) is SemanticClass.ROAD
    assert seen_at(12.0, -1.75, 0.0) is SemanticClass.MARKING
    assert seen_at(30.0, 9.0, 0.0) is SemanticClass.TERRAIN
    assert seen_at(30.0, -9.75, 4.5) is SemanticClass.VEGETATION
    assert seen_at(20.0, 6.25, 3.0) is SemanticClass.POLE
    assert seen_at(25.0, 3.25, 1.4) is SemanticClass.POLE, "the back of a sign is no sign"
    assert seen_at(15.8, -3.5, 0.6) is SemanticClass.VEHICLE
    assert set(np.unique(maps.instances)) == {0, 1}


def test_every_kind_has_a_class():
    assert set(SCENERY_CLASSES) == set(SceneryKind)
    assert set(KIND_CLASSES) == set(ObjectKind)


def test_maps_that_are_not_asked_for_are_not_made_and_one_has_the_frames_size_if_wished():
    maps = PAINTER.maps(make_world([sign_ahead(20.0)]), instances=True)

    assert maps.semantics is None
    assert maps.depth_m is None
    thinned = maps.at_frame_size(maps.instances)
    assert thinned.shape == (288, 672)
    assert (thinned == 100).sum() == pytest.approx((maps.instances == 100).sum() / maps.scale**2, rel=0.05)


def test_the_lane_lies_where_a_circle_puts_it():
    radius_m = 100.0

    lane = PAINTER.lane(make_world(curvature_per_m=1 / radius_m))

    # Camera in the lane's middle, looking along it where the bend begins; the road's own line is 1.75 m to the left.
    angles = np.linspace(0.0, 60.0 / radius_m, len(lane.centre.points_m))
    for line, right_m in ((lane.left, 0.0), (lane.centre, 1.75), (lane.right, 3.5)):
        reach_m = radius_m + right_m
        expected = np.stack([reach_m * np.sin(angles), radius_m + 1.75 - reach_m * np.cos(angles)], axis=1)
        # Its centre line is sampled every 0.5 m, within a centimetre or two of a circle.
        np.testing.assert_allclose(line.points_m, expected, atol=0.05)


def test_lane_pixels_are_the_pinholes_and_what_is_behind_a_wall_is_not_visible():
    lane = PAINTER.lane(make_world(scenery=[wall(20.5, -3.0, 6.0)]))
    clear = PAINTER.lane(make_world())

    assert np.isnan(lane.centre.pixels[0]).all()
    np.testing.assert_allclose(lane.right.pixels[30], (336 + 720 * 1.75 / 30, 144 + 720 * 1.4 / 30))
    # The frame's lower edge sees the road at 7 m; the wall stands at 20.5 m.
    assert lane.centre.visible.tolist() == [7 < s < 20.5 for s in range(61)]
    assert clear.centre.visible.tolist() == [s > 7 for s in range(61)]


def test_the_stop_lines_outline_is_what_is_drawn():
    line = StopLine(60.0, 0.5, 0)
    car = Actor(1, ActorKind.CAR, Behaviour.WITH_EGO, 54.0, -1.75, 0.0, 0.0, 54.0, -1.75)

    alone = PAINTER.stop_line(make_world(lines=[line]))
    behind = PAINTER.stop_line(make_world(lines=[line], actors=[car]))

    # Across the lane from 12 cm right of the road's middle to 15 cm inside its edge.
    assert alone.points_m[:, 0].min() == pytest.approx(20.0)
    assert alone.points_m[:, 0].max() == pytest.approx(20.5)
    assert (alone.points_m[:, 1].min(), alone.points_m[:, 1].max()) == pytest.approx((-1.6, 1.63))
    np.testing.assert_allclose(alone.pixels[:, 1].max(), 144 + 720 * 1.4 / 20.0)
    assert alone.visible_fraction == pytest.approx(1.0, abs=0.1)
    assert behind.visible_fraction < 0.3
    assert PAINTER.stop_line(make_world()) is None


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), back_m=st.floats(4.0, 60.0), offset_m=st.floats(-0.8, 0.8))
def test_boxes_and_fractions_are_those_of_the_masks(seed, back_m, offset_m):
    world = generate_world(seed, BUSY)
    world = place_ego(world, max(world.scene.network.stop_lines[0].s_m - back_m, 3.0), offset_m, 0.0, 8.0)

    _, truth = PAINTER.look(world, frame=False)
    maps = PAINTER.maps(world, instances=True, semantics=True, depth=True)

    assert set(np.unique(maps.instances)) - {0} <= {thing.instance_id for thing in truth.objects}
    for thing in truth.objects:
        mask = maps.instances == thing.instance_id
        whole = PAINTER.maps(_alone(world, thing.instance_id), instances=True).instances == thing.instance_id
        assert box_of(mask, maps.scale) == thing.box
        assert box_of(whole, maps.scale) == thing.amodal_box
        assert not (mask & ~whole).any(), "a thing shows where it would not be, were it alone"
        assert thing.visible_fraction == mask.sum() / whole.sum()
    assert (maps.depth_m > 0).all()
    assert np.isinf(maps.depth_m[maps.semantics == SemanticClass.SKY]).all()


def _alone(world, instance_id):
    """Return the world with one labelled thing in it and nothing else that stands."""
    signs = tuple(sign for sign in world.scene.signs if sign.sign_id == instance_id)
    actors = tuple(actor for actor in world.actors if actor.actor_id == instance_id)
    return replace(world, scene=replace(world.scene, signs=signs, scenery=()), actors=actors)
