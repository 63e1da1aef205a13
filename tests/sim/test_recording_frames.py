from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.actors import Behaviour
from sim.camera import Camera
from sim.geometry import Rectangle, rectangles_overlap
from sim.percept import ObjectKind
from sim.recording import ATTRIBUTES, Part, Placement, Recipe
from sim.recording.frames import CLEARANCE_M, draw_example, encode_jpeg, sample_world
from sim.render import Painter
from sim.spec import TrafficSpec, WorldSpec
from sim.world import World

RECIPE = Recipe(
    name="small",
    seed=11,
    count=1000,
    camera=Camera(336, 144, 360.0),
    world=WorldSpec(lead_share=0.5, lead_gap_m=(2.0, 30.0), parked=(2, 6), oncoming=(1, 3), junctions=(1, 2)),
)


def camera_s_m(world: World) -> float:
    return world.ego_s_m + world.geometry.camera_forward_m


def sign_distances_m(recipe: Recipe, indices: range) -> list[float]:
    found: list[float] = []
    for index in indices:
        world, _ = sample_world(recipe, index)
        path = world.scene.network.ego_road.path
        own = [path.project(s.x_m, s.y_m)[0] for s in world.scene.signs if s.applies_to_ego]
        found.append(min((s - camera_s_m(world) for s in own if s > camera_s_m(world)), default=-1.0))
    return found


def test_a_frame_depends_on_recipe_and_index_alone() -> None:
    painter = Painter(RECIPE.camera)
    forwards = [draw_example(RECIPE, index, painter) for index in range(4)]
    backwards = [draw_example(RECIPE, index, painter) for index in (3, 2, 1, 0)]
    alone = draw_example(replace(RECIPE, count=5), 2)
    assert forwards == backwards[::-1]
    assert forwards[2] == alone
    assert len({example.image for example in forwards}) == 4
    assert draw_example(replace(RECIPE, seed=12), 2) != alone


def test_the_picture_is_an_rgb_jpeg_that_says_it_is_synthetic() -> None:
    example = draw_example(RECIPE, 0)
    assert example.image[:4] == b"\xff\xd8\xff\xfe"
    assert b"Synthetic image drawn by Rolling Stop: recipe small, seed 11, index 0." in example.image
    decoded = cv2.imdecode(np.frombuffer(example.image, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (144, 336, 3)
    assert decoded.std() > 5.0, "the frame is blank"
    assert set(example.attributes) == set(ATTRIBUTES)


def test_red_stays_red_through_the_jpeg_and_at_full_resolution() -> None:
    rgb = np.full((32, 32, 3), 128, np.uint8)
    rgb[:, ::2] = (200, 20, 20)  # stripes one pixel wide: halved colour would smear them
    decoded = cv2.cvtColor(cv2.imdecode(np.frombuffer(encode_jpeg(rgb, 95, ""), np.uint8), 1), cv2.COLOR_BGR2RGB)
    assert np.abs(decoded.astype(int) - rgb).mean() < 4.0


def test_the_labels_are_those_of_the_picture() -> None:
    """The middle of a stop sign that is large and unhidden is red or white, whatever the light."""
    painter, seen = Painter(RECIPE.camera), 0
    for index in range(60):
        example = draw_example(RECIPE, index, painter)
        frame = cv2.cvtColor(cv2.imdecode(np.frombuffer(example.image, np.uint8), 1), cv2.COLOR_BGR2RGB)
        for found in example.truth.objects:
            width_px = found.box[2] - found.box[0]
            own = found.kind is ObjectKind.STOP_SIGN and found.applies_to_ego
            if not own or found.visible_fraction < 0.95 or found.truncated or width_px < 12:
                continue
            x0, y0, x1, y1 = (round(edge) for edge in found.box)
            red, green, blue = frame[y0:y1, x0:x1].reshape(-1, 3).mean(axis=0)
            assert red > 1.2 * green
            assert red > 1.2 * blue
            assert width_px * found.distance_m / RECIPE.camera.focal_px == pytest.approx(0.76, abs=0.2)
            seen += 1
    assert seen >= 8


def test_distances_are_drawn_by_band_and_weight() -> None:
    placement = Placement(
        bands=((10.0, 20.0, 3.0), (40.0, 50.0, 1.0)), no_sign_share=0.0, past_sign_share=0.0, heading_rad=0.0
    )
    world = WorldSpec(junctions=(1, 1), approach_m=(60.0, 80.0))
    found = sign_distances_m(replace(RECIPE, placement=placement, world=world), range(200))
    near = [9.0 < distance < 21.0 for distance in found]
    far = [39.0 < distance < 51.0 for distance in found]
    assert all(a or b for a, b in zip(near, far, strict=True))
    assert 0.65 < np.mean(near) < 0.85


def test_shares_without_a_sign_and_past_the_last_are_kept() -> None:
    placement = replace(RECIPE.placement, no_sign_share=0.3, past_sign_share=0.2)
    recipe = replace(RECIPE, placement=placement)
    bare = past = 0
    for index in range(200):
        world, _ = sample_world(recipe, index)
        path = world.scene.network.ego_road.path
        own = [path.project(s.x_m, s.y_m)[0] for s in world.scene.signs if s.applies_to_ego]
        bare += not own
        past += bool(own) and camera_s_m(world) > max(own)
    assert 0.2 < bare / 200 < 0.4
    assert 0.12 < past / 200 < 0.28


def test_after_some_time_people_are_on_the_road_and_cars_in_the_junction() -> None:
    traffic = TrafficSpec(pedestrians=(2, 2), bold_share=0.7, crossing=(2, 2), crossing_m=(5.0, 10.0), strollers=(1, 1))
    world = replace(RECIPE.world, crosswalk_share=1.0, traffic=traffic)
    start = replace(RECIPE, world=world)
    later = replace(start, placement=replace(RECIPE.placement, elapsed_s=10.0))
    crossed = {0: 0, 1: 0}
    entered = {0: 0, 1: 0}
    for index in range(40):
        worlds = [sample_world(recipe, index)[0] for recipe in (start, later)]
        for number, found in enumerate(worlds):
            road = found.scene.network.ego_road
            for actor in found.actors:
                if actor.behaviour is Behaviour.WALKING:
                    crossed[number] += abs(actor.d_m) < road.half_width_m
                if actor.behaviour is Behaviour.CROSSING:
                    entered[number] += abs(road.path.project(actor.x_m, actor.y_m)[1]) < road.half_width_m
        stays = (Behaviour.PARKED, Behaviour.WITH_EGO, Behaviour.ONCOMING)
        before, after = ({a.actor_id: a for a in w.actors if a.behaviour in stays} for w in worlds)
        assert before == after
        assert worlds[0].ego == worlds[1].ego
    assert crossed[0] == entered[0] == 0
    assert crossed[1] > 20
    assert entered[1] > 2, entered


def test_a_part_may_have_a_placement_of_its_own() -> None:
    near = Placement(bands=((10.0, 12.0, 1.0),), no_sign_share=0.0, past_sign_share=0.0, heading_rad=0.0)
    world = WorldSpec(junctions=(1, 1), approach_m=(60.0, 80.0))
    parts = (Part(name="near", weight=1.0, world=world, placement=near), Part(name="any", weight=1.0, world=world))
    recipe = replace(RECIPE, mixture=parts)
    assert recipe.sha256 != replace(RECIPE, mixture=(replace(parts[0], placement=None), parts[1])).sha256
    found: dict[str, list[float]] = {"near": [], "any": []}
    for index in range(80):
        found[sample_world(recipe, index)[1].name] += sign_distances_m(recipe, range(index, index + 1))
    assert all(9.0 < distance < 13.0 for distance in found["near"])
    assert max(found["any"]) > 40.0


def test_a_mixture_is_drawn_by_weight_and_named() -> None:
    parts = (
        Part(name="bare", weight=1.0, world=WorldSpec(distractors=(0, 0))),
        Part(name="full", weight=3.0, world=WorldSpec(distractors=(12, 12))),
    )
    recipe = replace(RECIPE, mixture=parts)
    names = [sample_world(recipe, index)[1].name for index in range(200)]
    assert 0.65 < names.count("full") / 200 < 0.85
    world, part = next(pair for pair in (sample_world(recipe, index) for index in range(50)) if pair[1].name == "bare")
    assert part is parts[0]
    assert all(str(sign.kind) == "stop" for sign in world.scene.signs)


@given(index=st.integers(0, 10**9))
@settings(max_examples=60)
def test_the_ego_stands_in_its_lane_on_the_road_and_in_nobody(index: int) -> None:
    world, _ = sample_world(RECIPE, index)
    assert abs(world.lane_offset_m) <= RECIPE.placement.offset_m + 1e-9
    assert abs(world.lane_heading_rad) <= RECIPE.placement.heading_rad + 1e-9
    assert 0.0 < world.ego_s_m < world.scene.route_end_s_m
    centre = world.ego.ahead(0.5 * (world.geometry.front_m - world.geometry.rear_m))
    ego = Rectangle(*centre, world.ego.heading_rad, 4.6, world.geometry.width_m)
    for actor in world.actors:
        body = Rectangle(actor.x_m, actor.y_m, actor.heading_rad, *actor.size_m[:2])
        assert not rectangles_overlap(ego, body)


def test_the_car_ahead_comes_along_in_its_lane() -> None:
    seen = 0
    for index in range(60):
        world, _ = sample_world(RECIPE, index)
        for actor in (a for a in world.actors if a.behaviour is Behaviour.WITH_EGO):
            gap_m = actor.s_m - 0.5 * actor.size_m[0] - (world.ego_s_m + world.geometry.front_m)
            assert CLEARANCE_M <= gap_m + 0.1 <= 30.2
            s_m, d_m = world.scene.network.ego_road.path.project(actor.x_m, actor.y_m)
            assert (s_m, d_m) == pytest.approx((actor.s_m, actor.d_m), abs=0.02)
            seen += 1
    assert seen > 15


@pytest.mark.parametrize(
    ("other", "meet"),
    [
        ((3.9, 0.0, 0.0, 4.0, 2.0), True),
        ((4.1, 0.0, 0.0, 4.0, 2.0), False),
        ((0.0, 2.9, np.pi / 2, 4.0, 2.0), True),
        ((0.0, 3.1, np.pi / 2, 4.0, 2.0), False),
        ((3.0, 2.2, np.pi / 4, 4.0, 2.0), True),
        ((2.2, 2.0, -np.pi / 4, 4.0, 2.0), True),
        ((2.6, 2.2, -np.pi / 4, 4.0, 2.0), False),
        ((3.3, 2.9, np.pi / 4, 1.0, 4.0), False),
        ((0.0, 0.0, 1.0, 0.5, 0.5), True),
    ],
)
def test_rectangles_overlap_unless_an_axis_parts_them(
    other: tuple[float, float, float, float, float], meet: bool
) -> None:
    here = Rectangle(0.0, 0.0, 0.0, 4.0, 2.0)
    assert rectangles_overlap(here, Rectangle(*other)) is meet
    assert rectangles_overlap(Rectangle(*other), here) is meet


def test_worlds_differ_from_frame_to_frame() -> None:
    seeds = [sample_world(RECIPE, index)[0].scene.seed for index in range(50)]
    assert all(a != b for a, b in pairwise(sorted(seeds)))
