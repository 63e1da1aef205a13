"""The camera's picture and its labels, on scenes whose answer is known by construction."""

from __future__ import annotations

import os
from dataclasses import replace
from math import pi
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.actors import Actor, ActorKind, Behaviour
from sim.camera import Camera
from sim.generate import generate_world
from sim.light import Light, TimeOfDay
from sim.percept import ObjectKind
from sim.render import Painter
from sim.render.faces import LOOKS, OCTAGON, outline, textures
from sim.road import CentreLine, Edge, Road, RoadNetwork, StopLine, build_path
from sim.signs import Sign, SignKind
from sim.spec import WorldSpec
from sim.vehicle import EgoState
from sim.world import Scene, Scenery, SceneryKind, World, place_ego

GOLDEN = Path(__file__).parent / "golden"
CAMERA = Camera()
LIGHT = Light(TimeOfDay.DAY, 0.0, (1.0, 1.0, 1.0), (90, 140, 220), (200, 210, 230), 3000.0, 1.0)


@pytest.fixture(scope="module")
def painter():
    return Painter(CAMERA)


def make_world(signs=(), scenery=(), actors=(), lines=(), s_m=40.0):
    """Return a straight road along x with the ego's camera at `s_m`."""
    road = Road(build_path([(300.0, 0.0, 0.0)]), 3.5, Edge.VERGE, CentreLine.SOLID, False, True, 0.0)
    network = RoadNetwork(road, (), tuple(lines))
    scene = Scene(12, network, tuple(signs), tuple(scenery), LIGHT, 3, 10.0, 250.0)
    world = World(scene, EgoState(0, 0, 0, 0), tuple(actors))
    return place_ego(world, s_m - world.geometry.camera_forward_m, 0.0, 0.0, 8.0)


def stop_sign(ahead_m, right_m=4.0, z_m=2.2, **changes):
    """Return a stop sign facing the camera, `ahead_m` of it and `right_m` of the lane's centre."""
    usual = Sign(100, SignKind.STOP, 40.0 + ahead_m, -1.75 - right_m, z_m, 0.76, 0.76, pi, applies_to_ego=True)
    return replace(usual, **changes)


def test_a_sign_is_labelled_where_the_pinhole_puts_it(painter):
    world = make_world([stop_sign(20.0)])

    _, truth = painter.look(world)

    (seen,) = truth.objects
    centre_u = 336 + 720 * 4.0 / 20.0
    centre_v = 144 - 720 * (2.2 + 0.38 - 1.4) / 20.0
    half = 0.5 * 0.76 * 720 / 20.0
    expected = (centre_u - half, centre_v - half, centre_u + half, centre_v + half)
    assert seen.kind is ObjectKind.STOP_SIGN
    assert seen.applies_to_ego
    assert seen.distance_m == pytest.approx(20.0)
    assert seen.visible_fraction == 1.0
    assert not seen.truncated
    # The face hangs 4 cm before its post, and a box is tight to half a pixel at each side.
    np.testing.assert_allclose(seen.box, expected, atol=1.0)


def test_the_label_covers_the_red_pixels_and_nothing_else(painter):
    world = make_world([stop_sign(15.0)])

    frame, truth = painter.look(world)

    x0, y0, x1, y1 = truth.objects[0].box
    red = (frame.rgb[..., 0].astype(int) > 110) & (frame.rgb[..., 1] < 90) & (frame.rgb[..., 2] < 90)
    rows, columns = np.nonzero(red)
    assert red.sum() > 300
    assert x0 - 1 <= columns.min() <= x0 + 4
    assert x1 - 5 <= columns.max() <= x1 + 1
    assert y0 - 1 <= rows.min() <= y0 + 4
    assert y1 - 5 <= rows.max() <= y1 + 1


def test_half_a_sign_behind_a_building_is_half_visible(painter):
    # A wall that ends at the middle of the sign, as seen from the camera: 2.0 m right at 10 m is 4.0 m right at 20 m.
    wall = Scenery(SceneryKind.BUILDING, 50.0, -1.75 - 2.0 - 3.0, pi, 0.01, 6.0, 9.0, 5)
    world = make_world([stop_sign(20.0)], [wall])

    _, truth = painter.look(world)

    (seen,) = truth.objects
    assert seen.visible_fraction == pytest.approx(0.5, abs=0.05)
    assert seen.box[2] - seen.box[0] == pytest.approx(0.5 * (seen.amodal_box[2] - seen.amodal_box[0]), abs=1.0)


def test_a_sign_wholly_hidden_is_not_labelled(painter):
    wall = Scenery(SceneryKind.BUILDING, 52.0, -6.0, pi, 4.0, 12.0, 9.0, 5)

    _, truth = painter.look(make_world([stop_sign(20.0)], [wall]))

    assert truth.objects == ()


def test_a_thing_behind_a_sign_hides_nothing_of_it(painter):
    wall = Scenery(SceneryKind.BUILDING, 75.0, -6.0, pi, 8.0, 12.0, 9.0, 5)

    _, truth = painter.look(make_world([stop_sign(20.0)], [wall]))

    assert truth.objects[0].visible_fraction == 1.0


def test_the_back_of_a_sign_is_no_sign(painter):
    _, truth = painter.look(make_world([stop_sign(20.0, facing_rad=0.0)]))

    assert truth.objects == ()


def test_a_sign_cut_by_the_frame_says_so(painter):
    _, truth = painter.look(make_world([stop_sign(8.6)]))

    assert truth.objects[0].truncated
    assert truth.objects[0].box[2] == 672.0


def test_a_car_hides_the_stop_line(painter):
    line = StopLine(60.0, 0.5, 0)
    car = Actor(1, ActorKind.CAR, Behaviour.WITH_EGO, 54.0, -1.75, 0.0, 0.0, 54.0, -1.75)

    _, alone = painter.look(make_world(lines=[line]))
    _, behind = painter.look(make_world(lines=[line], actors=[car]))

    assert alone.stop_line.visible
    assert alone.stop_line.distance_m == pytest.approx(20.0)
    assert alone.stop_line.gap_m == pytest.approx(20.0 - 1.9)
    assert not behind.stop_line.visible
    assert behind.objects[0].kind is ObjectKind.VEHICLE


def test_the_lane_is_told_from_under_the_camera(painter):
    world = make_world()
    moved = place_ego(world, world.ego_s_m, 0.6, -0.05, 8.0)

    lane = painter.look(moved, frame=False)[1].lane

    assert lane.heading_rad == pytest.approx(-0.05)
    assert lane.offset_m == pytest.approx(0.6 - 1.7 * np.sin(0.05), abs=1e-6)
    assert lane.curvature_per_m == pytest.approx(0.0)
    assert lane.width_m == 3.5


def test_what_is_not_asked_for_is_not_made(painter):
    world = make_world([stop_sign(20.0)])

    assert painter.look(world, frame=False)[0] is None
    assert painter.look(world, truth=False)[1] is None


def test_the_same_world_gives_the_same_bytes_whoever_paints_and_whatever_was_painted_before(painter):
    world = generate_world(5, WorldSpec(distractors=(4, 8)))
    first = painter.look(world)
    painter.look(generate_world(6, WorldSpec()))

    again, other = painter.look(world), Painter(CAMERA).look(world)

    assert first[0].rgb.tobytes() == again[0].rgb.tobytes() == other[0].rgb.tobytes()
    assert first[1] == again[1] == other[1]


def test_edges_are_smooth(painter):
    """A nearly upright edge steps gradually: it must show many levels between dark and bright."""
    wall = Scenery(SceneryKind.BUILDING, 70.0, 8.0, pi + 0.03, 4.0, 9.0, 12.0, 4)

    frame, _ = painter.look(make_world([], [wall]))

    blurred = cv2.Laplacian(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY), cv2.CV_32F)
    assert np.unique(frame.rgb[100]).size > 20
    assert np.abs(blurred).max() > 10


def test_a_stop_sign_has_eight_sides_and_a_hexagon_six():
    assert len(OCTAGON) == 8
    assert len(outline(SignKind.STOP)) == 8
    assert len(outline(SignKind.RED_HEXAGON)) == 6
    lengths = [np.hypot(*(np.subtract(a, b))) for a, b in zip(OCTAGON, OCTAGON[1:] + OCTAGON[:1], strict=True)]
    np.testing.assert_allclose(lengths, lengths[0])


@pytest.mark.parametrize("kind", [kind for kind in SignKind if kind is not SignKind.SIGN_BACK])
def test_every_face_can_be_drawn_and_is_not_blank(kind):
    for look in range(LOOKS):
        face = textures(kind, look, 1, 1.0)[0]
        shown = face[..., 3] > 200
        assert shown.mean() > 0.3
        assert face[shown][:, :3].std() > 8


@pytest.mark.parametrize("seed", [3, 44])
def test_golden_pictures(painter, seed, tmp_path):
    """Pictures as they ought to look; `UPDATE_GOLDEN=1` renews them, to be looked at before they are kept."""
    world = generate_world(seed, WorldSpec(distractors=(3, 6), parked=(1, 2), oncoming=(1, 2)))
    line = world.scene.network.stop_lines[0]
    frame, _ = painter.look(place_ego(world, line.s_m - 22.0, 0.0, 0.0, 8.0))
    path = GOLDEN / f"world-{seed}.png"
    if os.environ.get("UPDATE_GOLDEN"):
        cv2.imwrite(str(path), cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR))
    golden = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)

    difference = np.abs(frame.rgb.astype(int) - golden.astype(int))
    # Another processor's floating point may move an edge by a hair; a changed drawing changes whole areas.
    changed = (difference.max(axis=2) > 24).mean()
    if changed > 0.002:
        picture = np.vstack([golden, frame.rgb, np.clip(4 * difference, 0, 255).astype(np.uint8)])
        cv2.imwrite(str(tmp_path / "difference.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        pytest.fail(f"{changed:.1%} of the pixels changed: see {tmp_path / 'difference.png'}")
