"""Who went first: the rules, on drives whose verdict is known."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import pytest

from scenarios.moment import moment_of
from scenarios.outcomes import Outcome
from scenarios.rules import has_cause
from scenarios.scenario import load_catalogue
from scenarios.traffic_rules import PeopleRule, RightOfWayRule, SchoolBusRule, is_cause
from sim.actors import Actor, ActorKind, Behaviour
from sim.generate import generate_world
from sim.spec import WorldSpec
from sim.world import World, place_ego

SPEC = WorldSpec(
    curvature_per_m=(0.0, 0.0), all_way_share=1.0, crosswalk_share=1.0, oncoming=(0, 0), parked=(0, 0),
    lane_width_m=(3.5, 3.5),
)  # fmt: skip


def world_at(bumper_s_m: float, speed_mps: float, *actors: Actor, seed: int = 3) -> World:
    world = generate_world(seed, SPEC)
    placed = place_ego(replace(world, actors=actors), bumper_s_m - world.geometry.front_m, 0.0, 0.0, speed_mps)
    return replace(placed, step=round(bumper_s_m * 10))


def walker(s_m: float, d_m: float, heading_rad: float = 0.5 * pi) -> Actor:
    x, y = generate_world(3, SPEC).scene.network.ego_road.path.position(s_m, d_m)
    return Actor(1, ActorKind.CHILD, Behaviour.WALKING, x, y, heading_rad, 1.2, s_m, d_m, 1.2, released=0, junction=0)


def outcome(rule, *worlds: World):
    for world in worlds:
        rule.see(moment_of(world))
    return [finding.outcome for finding in rule.findings()]


def test_someone_in_the_path_within_a_second_is_endangered_and_before_a_standing_car_is_not():
    assert outcome(PeopleRule(), world_at(60.0, 8.0, walker(66.0, -1.75))) == [Outcome.PERSON_ENDANGERED]
    assert outcome(PeopleRule(), world_at(60.0, 0.0, walker(63.0, -1.75))) == [Outcome.HELD]
    assert outcome(PeopleRule(), world_at(60.0, 8.0, walker(90.0, -1.75))) == [Outcome.HELD]


def test_driving_past_in_front_of_someone_is_no_yielding_and_behind_them_is():
    def pass_by(d_m: float):
        return outcome(PeopleRule(), *(world_at(s_m, 8.0, walker(60.0, d_m, -0.5 * pi)) for s_m in (50.0, 59.9, 60.1)))

    assert pass_by(1.0) == [Outcome.PERSON_ENDANGERED]
    assert pass_by(-3.45) == [Outcome.HELD]


def test_people_beside_the_road_are_nobodys_business():
    assert outcome(PeopleRule(), world_at(60.0, 8.0, walker(62.0, -5.0))) == []


def waiting(stood_s: float) -> Actor:
    """A car that stands at the line of the crossing road, from the ego's right."""
    junction = generate_world(3, SPEC).scene.network.junctions[0]
    s_m = 70.0 - (3.5 + 2.5 + 0.7 + 2.05)
    x, y = junction.road.path.position(s_m, -1.75)
    heading = junction.road.path.heading(s_m)
    return Actor(1, ActorKind.HATCHBACK, Behaviour.CROSSING, x, y, heading, 0.0, s_m, -1.75, 7.0, stood_s, junction=0,
                 takes_turns=True)  # fmt: skip


def enter(actor: Actor, *, standing_since_s: float):
    """Return the outcome of an ego that stands at its line until 20 s, and enters the junction at 22 s."""
    network = generate_world(3, SPEC).scene.network
    line_s_m, edge_s_m = network.stop_lines[0].s_m, network.junctions[0].near_edge_s_m
    stood = [
        replace(world_at(line_s_m - 0.7, 0.0, actor), step=round(20 * time_s)) for time_s in (standing_since_s, 20.0)
    ]
    inside = replace(world_at(edge_s_m + 0.1, 3.0, actor), step=440)
    return outcome(RightOfWayRule(inside), *stood, inside)


def test_entering_before_one_that_stood_first_takes_its_turn():
    assert enter(waiting(stood_s=8.0), standing_since_s=17.0) == [Outcome.RIGHT_OF_WAY_TAKEN]
    assert enter(waiting(stood_s=3.0), standing_since_s=17.0) == [Outcome.HELD]
    assert enter(waiting(stood_s=15.0), standing_since_s=10.0) == [Outcome.HELD]


def test_entering_with_someone_inside_takes_the_right_of_way():
    inside = replace(waiting(0.0), s_m=70.0, released=0, speed_mps=3.0)
    assert enter(inside, standing_since_s=17.0) == [Outcome.RIGHT_OF_WAY_TAKEN]


def test_without_a_sign_of_its_own_the_ego_goes_before_one_that_waits_at_its_line():
    free = generate_world(3, replace(SPEC, controlled_share=0.0))
    edge_s_m = free.scene.network.junctions[0].near_edge_s_m
    there = place_ego(replace(free, actors=(waiting(8.0),)), edge_s_m + 0.1 - free.geometry.front_m, 0.0, 0.0, 8.0)
    assert outcome(RightOfWayRule(there), replace(there, step=200)) == [Outcome.HELD]


def bus(arm_out_s: float) -> Actor:
    x, y = generate_world(3, SPEC).scene.network.ego_road.path.position(75.0, 2.0)
    heading = generate_world(3, SPEC).scene.network.ego_road.path.heading(75.0) + pi
    return Actor(1, ActorKind.SCHOOL_BUS, Behaviour.ONCOMING, x, y, heading, 0.0, 75.0, 2.0, 8.0, arm_out_s=arm_out_s)


@pytest.mark.parametrize(("arm_out_s", "expected"), [(5.0, [Outcome.PASSED_SCHOOL_BUS]), (0.0, [])])
def test_a_school_bus_may_be_passed_only_with_its_arm_folded(arm_out_s, expected):
    worlds = [world_at(s_m, 8.0, bus(arm_out_s)) for s_m in (60.0, 70.0, 80.0)]
    assert outcome(SchoolBusRule(), *worlds) == expected


def test_an_arm_and_someone_crossing_are_causes_to_brake():
    assert is_cause(bus(3.0), moment_of(world_at(50.0, 8.0)))
    assert not is_cause(bus(0.0), moment_of(world_at(50.0, 8.0)))
    assert is_cause(walker(70.0, -4.0), moment_of(world_at(50.0, 8.0)))
    assert not is_cause(walker(70.0, -9.0), moment_of(world_at(50.0, 8.0)))


def test_every_traffic_scenario_needs_sight():
    scenarios = {scenario.name: scenario for scenario in load_catalogue()}
    for name in ("all_way", "pedestrian", "children", "school_bus", "two_way_stop"):
        assert scenarios[name].yields
        assert scenarios[name].needs_sight
    assert not scenarios["school_bus_passing"].needs_sight


@pytest.mark.parametrize(("d_m", "cause"), [(-8.0, True), (-25.0, False), (6.0, False)])
def test_who_is_about_to_drive_across_is_a_cause_to_slow_down(d_m: float, cause: bool):
    x, y = world_at(30.0, 3.0).scene.network.ego_road.path.position(42.0, d_m)
    car = Actor(1, ActorKind.HATCHBACK, Behaviour.CROSSING, x, y, 0.5 * pi, 4.0, 42.0, d_m, 4.0, released=0, junction=0)
    assert not has_cause(moment_of(world_at(30.0, 3.0)))
    assert has_cause(moment_of(world_at(30.0, 3.0, car))) is cause
