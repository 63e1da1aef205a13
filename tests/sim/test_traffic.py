"""Other road users: they follow, they stop at stop signs, they keep apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.actors import Actor, ActorKind, Behaviour
from sim.following import COMFORT_BRAKE_MPS2, MAX_ACCEL_MPS2, MIN_GAP_M, TIME_GAP_S, idm_accel
from sim.right_of_way import EgoSpan
from sim.road import CentreLine, Edge, Path, Road, RoadNetwork, StopLine, build_path
from sim.traffic import HOLD_S, step_actors
from sim.vehicle import STEP_S, wrap_angle

NOBODY = EgoSpan(-1000.0, -995.0, -1.75, 0.0)


def network(*lines_m: float, path: Path | None = None) -> RoadNetwork:
    road = Road(path or build_path([(600.0, 0.0, 0.0)]), 3.5, Edge.KERB, CentreLine.SOLID, True, True, 0.0)
    return RoadNetwork(road, (), tuple(StopLine(s_m, 0.4, i) for i, s_m in enumerate(lines_m)))


def actor(number: int, how: Behaviour, s_m: float, speed: float, cruise: float, roads: RoadNetwork) -> Actor:
    d_m = -1.75 if how is Behaviour.WITH_EGO else 1.75
    x, y = roads.ego_road.path.position(s_m, d_m)
    heading = wrap_angle(roads.ego_road.path.heading(s_m) + (0.0 if how is Behaviour.WITH_EGO else pi))
    return Actor(number, ActorKind.CAR, how, x, y, heading, speed, s_m, d_m, cruise)


def history(
    actors: tuple[Actor, ...], roads: RoadNetwork, seconds: float, ego: EgoSpan = NOBODY
) -> list[tuple[Actor, ...]]:
    moments = [actors]
    for _ in range(round(seconds / STEP_S)):
        moments.append(step_actors(moments[-1], roads, ego, STEP_S))
    return moments


def test_idm_on_a_free_road_has_the_accelerations_of_its_equation():
    assert idm_accel(0.0, 10.0, inf, 0.0) == MAX_ACCEL_MPS2
    assert idm_accel(10.0, 10.0, inf, 0.0) == 0.0
    assert idm_accel(5.0, 10.0, inf, 0.0) == pytest.approx(MAX_ACCEL_MPS2 * (1 - 0.5**4))


def test_idm_is_at_rest_at_its_equilibrium_gap():
    speed, cruise = 8.0, 12.0
    gap = (MIN_GAP_M + speed * TIME_GAP_S) / (1 - (speed / cruise) ** 4) ** 0.5
    assert idm_accel(speed, cruise, gap, speed) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(0, 20), st.floats(1, 20), st.floats(0.5, 100), st.floats(0, 20))
def test_idm_brakes_harder_the_nearer_and_the_slower_the_leader(v: float, cruise: float, gap: float, leader: float):
    here = idm_accel(v, cruise, gap, leader)
    assert idm_accel(v, cruise, gap + 1.0, leader) >= here
    assert idm_accel(v, cruise, gap, leader + 1.0) >= here
    assert here <= MAX_ACCEL_MPS2


def test_a_car_stops_half_to_one_metre_before_the_line_holds_and_goes_on():
    roads = network(120.0)
    moments = history((actor(1, Behaviour.WITH_EGO, 40.0, 9.0, 10.0, roads),), roads, 30.0)
    standing = [m[0] for m in moments if m[0].speed_mps == 0.0]
    assert HOLD_S <= len(standing) * STEP_S <= HOLD_S + 0.5
    gap = 120.0 - standing[0].front_s_m
    assert 0.5 <= gap <= 1.0
    assert moments[-1][0].served == 1
    assert moments[-1][0].s_m > 150.0
    assert moments[-1][0].speed_mps > 8.0


def test_a_stop_is_comfortable():
    roads = network(120.0)
    moments = history((actor(1, Behaviour.WITH_EGO, 40.0, 10.0, 10.0, roads),), roads, 15.0)
    changes = [(b[0].speed_mps - a[0].speed_mps) / STEP_S for a, b in pairwise(moments)]
    assert min(changes) > -1.6 * COMFORT_BRAKE_MPS2
    assert max(changes) <= MAX_ACCEL_MPS2 + 1e-9


def test_every_stop_line_is_served_once_and_a_bare_one_not_at_all():
    roads = network(100.0, 180.0, 260.0)
    lines = (roads.stop_lines[0], replace(roads.stop_lines[1], stop_controlled=False), roads.stop_lines[2])
    roads = replace(roads, stop_lines=lines)
    moments = history((actor(1, Behaviour.WITH_EGO, 40.0, 9.0, 10.0, roads),), roads, 60.0)
    stops: list[float] = []
    for before, now in pairwise(moments):
        if now[0].speed_mps == 0.0 < before[0].speed_mps:
            stops.append(now[0].front_s_m)
    assert stops == pytest.approx([99.25, 259.25], abs=0.3)


def test_a_car_that_starts_past_a_line_stops_at_the_next():
    roads = network(30.0, 120.0)
    moments = history((actor(1, Behaviour.WITH_EGO, 40.0, 9.0, 10.0, roads),), roads, 12.0)
    assert moments[-1][0].front_s_m == pytest.approx(119.25, abs=0.3)


@pytest.mark.parametrize("gap_m", [6.0, 15.0, 40.0])
def test_a_queue_keeps_apart_through_a_stop(gap_m: float):
    roads = network(150.0)
    first = actor(1, Behaviour.WITH_EGO, 90.0, 8.0, 9.0, roads)
    second = actor(2, Behaviour.WITH_EGO, 90.0 - 4.4 - gap_m, 8.0, 11.0, roads)
    for one, two in history((first, second), roads, 40.0):
        assert one.s_m - two.s_m - 4.4 > 1.0


def test_a_car_stops_behind_an_ego_that_stands():
    roads = network()
    ego = EgoSpan(100.0, 104.6, -1.75, 0.0)
    last = history((actor(1, Behaviour.WITH_EGO, 40.0, 9.0, 10.0, roads),), roads, 30.0, ego)[-1][0]
    assert last.speed_mps < 0.1
    assert 1.0 < 100.0 - last.front_s_m < 4.0


def test_oncoming_cars_drive_against_the_road_in_the_other_lane_and_mind_no_one_in_the_ego_lane():
    roads = network(100.0)
    ego = EgoSpan(80.0, 84.6, -1.75, 5.0)
    last = history((actor(1, Behaviour.ONCOMING, 150.0, 9.0, 9.0, roads),), roads, 10.0, ego)[-1][0]
    assert last.s_m == pytest.approx(150.0 - 90.0, abs=0.5)
    assert (last.d_m, last.y_m) == pytest.approx((1.75, 1.75))
    assert abs(last.heading_rad) == pytest.approx(pi)


def test_an_oncoming_car_brakes_for_an_ego_in_its_own_lane():
    roads = network()
    ego = EgoSpan(80.0, 84.6, 1.5, 0.0)
    last = history((actor(1, Behaviour.ONCOMING, 150.0, 9.0, 9.0, roads),), roads, 30.0, ego)[-1][0]
    assert last.speed_mps < 0.1
    assert last.s_m - 2.2 > 84.6


def test_the_parked_never_move():
    roads = network()
    parked = Actor(1, ActorKind.VAN, Behaviour.PARKED, 5.0, -6.0, 0.1, 0.0)
    moving = actor(2, Behaviour.WITH_EGO, 40.0, 9.0, 10.0, roads)
    assert history((parked, moving), roads, 5.0)[-1][0] is parked
    alone = (parked,)
    assert step_actors(alone, roads, NOBODY, STEP_S) is alone


@given(st.sampled_from([Behaviour.WITH_EGO, Behaviour.ONCOMING]), st.floats(-0.02, 0.02))
def test_on_a_curve_a_car_moves_at_its_own_speed_and_keeps_to_its_lane(how: Behaviour, curvature: float):
    roads = network(path=build_path([(300.0, curvature, curvature)]))
    before = (actor(1, how, 150.0, 8.0, 8.0, roads),)
    after = step_actors(before, roads, NOBODY, STEP_S)
    way_m = ((after[0].x_m - before[0].x_m) ** 2 + (after[0].y_m - before[0].y_m) ** 2) ** 0.5
    assert way_m == pytest.approx(8.0 * STEP_S, abs=0.01)
    assert roads.ego_road.path.project(after[0].x_m, after[0].y_m, 150.0)[1] == pytest.approx(before[0].d_m, abs=0.01)
