"""Routes that turn left or right at stops: where they lead, what stands there, and how they are driven."""

from __future__ import annotations

from dataclasses import replace
from math import cos, degrees, hypot, pi, sin

import numpy as np
import pytest

from sim.control import DriverConfig
from sim.generate import generate_world
from sim.generate.endless import CLEAR_M, lay_ahead, start_endless
from sim.generate.turns import MOST_AWAY_RAD, TURN_SKEW_RAD, comes_near, road_points
from sim.loop import OracleEyes, drive
from sim.render.ground import build_ground
from sim.road import SAMPLE_M
from sim.road.corners import find_corners
from sim.signs import Role
from sim.spec import RoadSpec, TrafficSpec, WorldSpec
from sim.vehicle import wrap_angle
from sim.world import World, place_ego

SPEC = WorldSpec(
    junctions=(3, 3),
    all_way_share=0.5,
    crosswalk_share=0.4,
    oncoming=(1, 2),
    parked=(1, 3),
    lane_width_m=(2.7, 3.7),
    road=RoadSpec(turn_share=1.0, t_share=0.4, kerb_share=0.6, corner_share=0.7, other_line_share=0.7),
)
WORLDS = [generate_world(seed, SPEC) for seed in range(30)]


def _turns(world: World):
    return [junction for junction in world.scene.network.junctions if junction.turn]


def _driven(world: World, seconds: float):
    ticks = drive(world, OracleEyes(), DriverConfig(cruise_mps=world.scene.speed_limit_mps))
    for tick in ticks:
        yield tick.world
        if tick.world.finished or tick.world.time_s > seconds:
            return


def test_every_stop_turns_and_both_ways_come_up():
    sides = [junction.turn for world in WORLDS for junction in _turns(world)]
    assert len(sides) == 3 * len(WORLDS)
    assert 0.3 < np.mean(np.array(sides) > 0) < 0.7


def test_turns_are_square_and_as_tight_as_a_junctions():
    for world in WORLDS:
        road = world.scene.network.ego_road
        for junction in _turns(world):
            start_m, end_m = junction.s_m - junction.half_length_m, junction.s_m + junction.half_length_m
            turned = junction.turn * (road.path.heading(end_m) - road.path.heading(start_m))
            assert turned == pytest.approx(pi / 2, abs=TURN_SKEW_RAD + 0.03), degrees(turned)
            middle_radius_m = 1.0 / road.path.sharpest_per_m(start_m, end_m)
            assert 7.9 < middle_radius_m - junction.turn * road.lane_centre_d_m < 14.0


def test_a_turn_begins_past_the_line_and_the_crosswalk():
    for world in WORLDS:
        network = world.scene.network
        for line in network.stop_lines:
            junction = network.junctions[line.junction]
            assert network.ego_road.path.sharpest_per_m(line.s_m - 1.0, junction.near_edge_s_m - 0.5) < 0.01
            assert junction.near_edge_s_m >= line.s_m + line.thickness_m


def test_the_arms_meet_where_the_route_would_have_gone_straight():
    for world in WORLDS:
        network = world.scene.network
        for junction in _turns(world):
            assert junction.onward is not None
            straight, at_m = junction.straight(network.ego_road)
            assert straight.path.position(at_m) == pytest.approx(
                junction.road.path.position(junction.middle_m), abs=0.1
            )
            assert junction.leads_on or junction.arms
            assert junction.turn not in junction.arms
            before_m = junction.near_edge_s_m - 3.0
            assert abs(straight.path.project(*network.ego_road.path.position(before_m))[1]) < 0.1
            after_m = junction.s_m + junction.half_length_m + 3.0
            assert abs(junction.road.path.project(*network.ego_road.path.position(after_m))[1]) < 0.15


def test_the_route_never_comes_back_on_itself():
    for world in WORLDS:
        path = world.scene.network.ego_road.path
        points = np.stack([path.x_m, path.y_m], axis=1)[::4]
        s_m = 4 * SAMPLE_M * np.arange(len(points))
        away_m = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
        assert away_m[np.abs(s_m[:, None] - s_m[None, :]) > 60.0].min() > 25.0
        assert np.abs(path.heading_rad).max() < MOST_AWAY_RAD + 0.5


def test_the_lane_leads_through_a_turn_without_a_jump():
    road = WORLDS[0].scene.network.ego_road
    s_m = np.arange(30.0, WORLDS[0].scene.route_end_s_m, 0.1)
    places = np.array([road.path.position(float(s), road.lane_centre_d_m) for s in s_m])
    steps_m = np.hypot(*np.diff(places, axis=0).T)
    assert steps_m.max() < 0.1 * 1.3
    assert np.abs(np.diff([road.path.heading(float(s)) for s in s_m])).max() < 0.012


def test_the_sign_stands_right_of_the_approach_and_faces_it():
    for world in WORLDS:
        network = world.scene.network
        own = [sign for sign in world.scene.signs if sign.role is Role.OWN]
        assert len(own) == len(network.stop_lines)
        for sign in own:
            assert sign.stop_line is not None
            line_s_m = network.stop_lines[sign.stop_line].s_m
            heading = network.ego_road.path.heading(line_s_m - 1.0)
            x_m, y_m = network.ego_road.path.position(line_s_m)
            left_m = -(sign.x_m - x_m) * sin(heading) + (sign.y_m - y_m) * cos(heading)
            assert left_m < -network.ego_road.half_width_m
            assert abs(wrap_angle(sign.facing_rad - heading - pi)) < 0.3


def test_nothing_stands_on_any_roadway():
    for world in WORLDS:
        network = world.scene.network
        for road in (network.ego_road, *network.side_roads):
            places = road_points(road, *road.span_m)
            for thing in (*world.scene.scenery, *world.scene.signs):
                near_m = np.hypot(*(places - (thing.x_m, thing.y_m)).T).min()
                assert near_m > road.half_width_m, thing
            for actor in world.actors:
                if actor.speed_mps == 0.0 and actor.s_m > 0.0:
                    assert np.hypot(*(places - (actor.x_m, actor.y_m)).T).min() > road.half_width_m


def test_arms_end_before_they_reach_other_roads():
    for world in WORLDS:
        network = world.scene.network
        for junction in network.junctions:
            for road in (junction.road, junction.onward):
                assert road is not None
                first_m, last_m = road.span_m
                for end_m in (first_m, last_m):
                    if abs(end_m - 0.5 * road.path.length_m) > 20.0:
                        x_m, y_m = road.path.position(end_m)
                        near_m = np.hypot(network.ego_road.path.x_m - x_m, network.ego_road.path.y_m - y_m).min()
                        assert near_m > 12.0


def test_a_corner_between_arms_touches_both():
    found = 0
    for world in WORLDS:
        network = world.scene.network
        for junction, corners in zip(network.junctions, find_corners(network), strict=True):
            straight, _ = junction.straight(network.ego_road)
            assert (junction.turn, -1.0) not in {(corner.side, corner.way) for corner in corners}
            for corner in corners:
                found += 1
                edge = corner.side * straight.half_width_m
                x_m, y_m = straight.path.position(corner.ego_s_m, edge)
                assert hypot(corner.x_m - x_m, corner.y_m - y_m) == pytest.approx(junction.corner_m, abs=0.1)
        build_ground(world.scene)
    assert found > 50


def test_without_turns_worlds_are_as_they_were():
    plain = replace(SPEC, road=replace(SPEC.road, turn_share=0.0))
    wide = replace(plain, road=replace(plain.road, turn_radius_m=(12.0, 13.0)))
    for seed in range(5):
        one, two = generate_world(seed, plain), generate_world(seed, wide)
        assert one.scene.network.ego_road.path.x_m.tobytes() == two.scene.network.ego_road.path.x_m.tobytes()
        assert one.scene.signs == two.scene.signs
        assert one.scene.scenery == two.scene.scenery
        assert not _turns(one)


def test_roads_of_several_lanes_go_straight_on():
    spec = replace(SPEC, road=replace(SPEC.road, lanes=(2, 2)))
    assert not any(_turns(generate_world(seed, spec)) for seed in range(5))


def test_a_radius_that_no_car_can_turn_is_refused():
    with pytest.raises(ValueError, match="turn_radius_m"):
        RoadSpec(turn_radius_m=(4.0, 5.0))


@pytest.mark.parametrize("seed", range(4))
def test_perfect_eyes_stop_at_each_line_and_keep_the_lane_through_each_turn(seed):
    world = generate_world(seed, replace(SPEC, parked=(0, 0), oncoming=(0, 1)))
    lines = {line.s_m for line in world.scene.network.stop_lines}
    stood: set[float] = set()
    worst_m = hardest_mps2 = 0.0
    for moment in _driven(world, 120.0):
        if moment.ego.speed_mps < 0.05:
            stood |= {s_m for s_m in lines if 0.0 <= s_m - moment.bumper_s_m < 2.0}
        worst_m = max(worst_m, abs(moment.lane_offset_m))
        steer = np.tan(abs(moment.ego.steer_rad)) / moment.geometry.wheelbase_m
        hardest_mps2 = max(hardest_mps2, moment.ego.speed_mps**2 * float(steer))
    assert moment.finished
    assert stood == lines
    assert worst_m < 0.35
    assert hardest_mps2 < 2.2


def test_others_slow_down_for_a_turn_and_keep_their_lane():
    spec = replace(SPEC, oncoming=(2, 2), lead_share=1.0, parked=(0, 0), traffic=TrafficSpec())
    world = generate_world(3, spec)
    path = world.scene.network.ego_road.path
    for moment in _driven(world, 60.0):
        for actor in moment.actors:
            if actor.speed_mps > 0.0:
                sharpest_per_m = path.sharpest_per_m(actor.s_m - 0.5, actor.s_m + 0.5)
                assert actor.speed_mps**2 * sharpest_per_m < 3.0
                assert path.project(actor.x_m, actor.y_m, actor.s_m)[1] == pytest.approx(actor.d_m, abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_a_road_without_end_turns_and_keeps_clear_of_itself(seed):
    spec = replace(SPEC, junctions=(1, 2), after_m=(30.0, 60.0))
    world = lay_ahead(start_endless(seed, spec), spec)
    for _ in range(8):
        road = world.scene.network.ego_road
        s_m = world.scene.route_end_s_m
        assert not comes_near(road_points(road, s_m - 60.0, s_m), road_points(road, 0.0, s_m - 160.0), CLEAR_M - 10.0)
        assert np.hypot(np.diff(road.path.x_m), np.diff(road.path.y_m)) == pytest.approx(SAMPLE_M, abs=1e-3)
        for thing in world.scene.scenery:
            along_m, aside_m = road.path.project(thing.x_m, thing.y_m)
            assert along_m < 0.0 or abs(aside_m) > road.half_width_m
        assert _turns(world)
        world = lay_ahead(place_ego(world, world.ego_s_m + 150.0, 0.0, 0.0, 8.0), spec)
