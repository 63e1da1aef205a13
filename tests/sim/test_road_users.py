"""Road users in the picture and in the labels, and worlds that have them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import pi

import numpy as np
import pytest

from sim.actors import ARM_ID_OFFSET, CARS, ON_FOOT, SIZES_M, Actor, ActorKind, Behaviour
from sim.camera import Camera
from sim.generate import generate_world
from sim.light import Light, TimeOfDay
from sim.percept import ObjectKind
from sim.render import Painter
from sim.render.bodies import SECTORS
from sim.render.people import POSES, walker
from sim.render.road_users import ARM_WIDTH_M
from sim.road import CentreLine, Edge, Road, RoadNetwork, build_path
from sim.spec import TrafficSpec, WorldSpec
from sim.truth import perfect_percept
from sim.vehicle import EgoState
from sim.world import Scene, World, place_ego

LIGHT = Light(TimeOfDay.DAY, 0.0, (1.0, 1.0, 1.0), (90, 140, 220), (200, 210, 230), 3000.0, 1.0)
NEW = tuple(kind for kind in ActorKind if kind not in (ActorKind.CAR, ActorKind.VAN, ActorKind.LORRY))
BUSY = TrafficSpec(
    varied_share=1.0, crossing=(1, 3), pedestrians=(1, 3), strollers=(1, 3), cyclists=(1, 2), lorry_at_sign_share=1.0,
    school_bus_share=0.5,
)  # fmt: skip


@pytest.fixture(scope="module")
def painter():
    return Painter(Camera())


def look(painter, *actors):
    """Return the frame and truth of a straight road along x with the camera at x = 40 in the right lane."""
    road = Road(build_path([(300.0, 0.0, 0.0)]), 3.5, Edge.VERGE, CentreLine.SOLID, False, True, 0.0)
    scene = Scene(12, RoadNetwork(road, (), ()), (), (), LIGHT, 3, 10.0, 250.0)
    world = World(scene, EgoState(0, 0, 0, 0), actors)
    return painter.look(place_ego(world, 40.0 - world.geometry.camera_forward_m, 0.0, 0.0, 8.0))


def actor(kind, ahead_m=20.0, turn_rad=0.0, **changes):
    usual = Actor(1, kind, Behaviour.PARKED, 40.0 + ahead_m, -1.75, turn_rad, 0.0)
    return replace(usual, **changes)


@pytest.mark.parametrize("kind", NEW)
@pytest.mark.parametrize("turn_rad", [0.0, pi / 2, pi])
def test_each_is_labelled_as_what_it_is_with_a_box_of_its_own_size(painter, kind, turn_rad):
    _, truth = look(painter, actor(kind, 30.0, turn_rad))

    seen = next(thing for thing in truth.objects if thing.instance_id == 1)
    length, width, height = SIZES_M[kind]
    across, along = (length, width) if turn_rad == pi / 2 else (width, length)
    near_m = 30.0 - 0.5 * along
    assert seen.kind is (ObjectKind.PEDESTRIAN if kind in ON_FOOT else ObjectKind.VEHICLE)
    assert seen.variant == kind.value
    assert seen.distance_m == pytest.approx(30.0)
    assert seen.visible_fraction > 0.85
    tall = seen.box[3] - seen.box[1]
    wide = seen.box[2] - seen.box[0]
    assert 0.8 * 720 * height / 30.0 < tall < 1.12 * 720 * height / near_m
    if kind not in ON_FOOT:
        assert 0.75 * 720 * across / 30.0 < wide < 1.45 * 720 * across / near_m


def test_people_are_passed_on_by_perfect_eyes(painter):
    _, truth = look(painter, actor(ActorKind.CHILD, 15.0))
    (seen,) = perfect_percept(truth).detections
    assert seen.kind is ObjectKind.PEDESTRIAN
    assert seen.distance_m == pytest.approx(15.0)


def test_a_stop_arm_that_is_out_applies_and_is_red_where_its_label_is(painter):
    bus = actor(ActorKind.SCHOOL_BUS, 22.0, pi, y_m=2.0, arm_out_s=5.0)
    frame, truth = look(painter, bus)

    arm = next(thing for thing in truth.objects if thing.instance_id == ARM_ID_OFFSET + 1)
    assert (arm.kind, arm.variant, arm.applies_to_ego) == (ObjectKind.STOP_SIGN, "school_bus_arm_out", True)
    x0, y0, x1, y1 = arm.box
    assert x1 - x0 == pytest.approx(720 * ARM_WIDTH_M / arm.distance_m, abs=1.5)
    inside = frame.rgb[int(y0) : int(y1), int(x0) : int(x1)].astype(int)
    assert (inside[..., 0] > inside[..., 1] + 40).mean() > 0.4
    assert any(d.kind is ObjectKind.STOP_SIGN for d in perfect_percept(truth).detections)


def test_a_folded_stop_arm_applies_to_nobody(painter):
    _, ahead = look(painter, actor(ActorKind.SCHOOL_BUS, 22.0, pi, y_m=2.0))
    _, aside = look(painter, actor(ActorKind.SCHOOL_BUS, 22.0, pi / 2))
    assert not any(thing.applies_to_ego for thing in (*ahead.objects, *aside.objects))
    assert not any(d.kind is ObjectKind.STOP_SIGN for d in perfect_percept(ahead).detections)
    assert "school_bus_arm_folded" in {thing.variant for thing in aside.objects}


def test_an_arm_is_seen_from_ahead_and_from_behind(painter):
    # From behind and to the left, so that the bus does not hide it.
    for turn in (0.0, pi):
        _, truth = look(
            painter, actor(ActorKind.SCHOOL_BUS, 25.0, turn, y_m=-1.75 - 4.0 * (turn == 0.0), arm_out_s=1.0)
        )
        assert any(thing.variant == "school_bus_arm_out" for thing in truth.objects)


def test_a_walker_moves_its_legs_and_a_standing_one_does_not():
    poses = [walker(ActorKind.PEDESTRIAN, 0, pose).mesh(2).anchors_m for pose in range(POSES)]
    assert all(not np.array_equal(a, b) for a, b in pairwise(poses))
    strides = [points[:, 0].max() - points[:, 0].min() for points in poses]
    assert max(strides) > min(strides) + 0.3


def test_every_side_shows_the_same_faces_in_another_order():
    body = walker(ActorKind.CHILD, 4, 1)
    faces = [np.sort(body.mesh(sector).anchors_m, axis=0) for sector in range(SECTORS)]
    for other in faces[1:]:
        np.testing.assert_allclose(other, faces[0])


def test_worlds_are_the_same_where_nothing_is_asked_for():
    plain = WorldSpec(oncoming=(1, 3), parked=(1, 3), lead_share=0.5)
    for seed in range(20):
        with_traffic = generate_world(seed, replace(plain, traffic=TrafficSpec(pedestrians=(2, 2))))
        without = generate_world(seed, plain)
        assert with_traffic.actors[: len(without.actors)] == without.actors


def test_road_users_stand_clear_of_one_another_with_ids_of_their_own():
    kinds: set[ActorKind] = set()
    spec = WorldSpec(junctions=(1, 2), crosswalk_share=1.0, oncoming=(1, 3), parked=(0, 3), traffic=BUSY)
    for seed in range(40):
        world = generate_world(seed, spec)
        ids = [actor.actor_id for actor in world.actors]
        assert len(set(ids)) == len(ids)
        assert max(ids) < 100
        kinds |= {actor.kind for actor in world.actors}
    assert kinds >= {
        *CARS,
        ActorKind.BUS,
        ActorKind.BOX_LORRY,
        ActorKind.CYCLIST,
        ActorKind.CHILD,
        ActorKind.SCHOOL_BUS,
    }


def test_the_same_seed_gives_the_same_road_users():
    spec = WorldSpec(crosswalk_share=1.0, traffic=BUSY)
    assert generate_world(7, spec).actors == generate_world(7, spec).actors


def test_a_speed_of_nothing_is_refused():
    with pytest.raises(ValueError, match="Expected walk_mps"):
        TrafficSpec(walk_mps=(0.0, 1.0))
