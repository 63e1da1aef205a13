"""Who goes first at a junction, and who crosses the road on foot when."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, sin

import pytest

from sim.actors import Actor, ActorKind, Behaviour
from sim.geometry import Rectangle, rectangles_overlap
from sim.right_of_way import EgoSpan, crossing_claims, next_gate
from sim.road import CentreLine, Edge, Junction, Road, RoadNetwork, StopLine, build_path
from sim.traffic import STOP_SHORT_M, step_actors
from sim.vehicle import STEP_S

NOBODY = EgoSpan(-1000.0, -995.0, -1.75, 0.0)
CENTRE_M, LINE_M = 100.0, 92.0


def roads(*, all_way: bool = True, ego_stops: bool = True) -> RoadNetwork:
    """An ego road along x, crossed at x = 100 by a road along y."""
    ego = Road(build_path([(300.0, 0.0, 0.0)]), 3.5, Edge.KERB, CentreLine.SOLID, True, True, 0.0)
    across = replace(ego, path=build_path([(140.0, 0.0, 0.0)], CENTRE_M, -70.0, pi / 2))
    lines = (StopLine(LINE_M, 0.4, 0),) if ego_stops else ()
    return RoadNetwork(ego, (Junction(CENTRE_M, across, 94.0, all_way),), lines)


def crosser(number: int, network: RoadNetwork, to_line_m: float, *, from_right: bool, speed: float = 6.0) -> Actor:
    """A car on the crossing road, its front `to_line_m` before its stop line."""
    towards = 1.0 if from_right else -1.0
    path = network.junctions[0].road.path
    s_m = 70.0 - towards * (3.5 + 2.5 + to_line_m + 2.05)
    x, y = path.position(s_m, -towards * 1.75)
    heading = path.heading(s_m) + (0.0 if from_right else pi)
    return Actor(number, ActorKind.HATCHBACK, Behaviour.CROSSING, x, y, heading, speed, s_m, -towards * 1.75, 7.0,
                 junction=0, takes_turns=True)  # fmt: skip


def oncoming(number: int, network: RoadNetwork, to_line_m: float) -> Actor:
    s_m = 2 * CENTRE_M - LINE_M + to_line_m + 2.05
    x, y = network.ego_road.path.position(s_m, 1.75)
    return Actor(number, ActorKind.HATCHBACK, Behaviour.ONCOMING, x, y, pi, 6.0, s_m, 1.75, 8.0, takes_turns=True)


def run(actors, network, seconds, ego=NOBODY):
    moments = [actors]
    for step in range(round(seconds / STEP_S)):
        span = ego(step * STEP_S) if callable(ego) else ego
        moments.append(step_actors(moments[-1], network, span, STEP_S))
    return moments


def entered_at(moments, number, network):
    """Return the first step at which an actor is in the junction."""
    for step, actors in enumerate(moments):
        mine = next(actor for actor in actors if actor.actor_id == number)
        if mine.behaviour is Behaviour.CROSSING:
            claim = next(c for c in crossing_claims(0, actors, network) if c.who == number)
            inside = claim.to_zone_m <= 0.0
        else:
            inside = abs(mine.s_m - CENTRE_M) < 3.5 + 0.5 * mine.size_m[0]
        if inside:
            return step
    return None


def touching(moments) -> bool:
    for actors in moments:
        bodies = [Rectangle(a.x_m, a.y_m, a.heading_rad, *a.size_m[:2]) for a in actors]
        if any(rectangles_overlap(one, other) for k, one in enumerate(bodies) for other in bodies[k + 1 :]):
            return True
    return False


@pytest.mark.parametrize("from_right", [True, False])
def test_crossing_cars_drive_on_their_own_right_and_stop_at_their_own_line(from_right):
    network = roads()
    car = crosser(1, network, 30.0, from_right=from_right)
    assert next_gate(car, network) == (0, pytest.approx(30.0))
    moments = run((car,), network, 30.0)
    standing = next(m[0] for m in moments if m[0].speed_mps == 0.0)
    assert next_gate(standing, network)[1] == pytest.approx(STOP_SHORT_M, abs=0.3)
    last = moments[-1][0]
    assert (last.y_m > 20.0) if from_right else (last.y_m < -20.0)
    assert last.x_m == pytest.approx(CENTRE_M + (1.75 if from_right else -1.75), abs=0.01)


@pytest.mark.parametrize("first_from_right", [True, False])
def test_who_comes_first_goes_first(first_from_right):
    network = roads()
    early = crosser(1, network, 8.0, from_right=first_from_right)
    late = oncoming(2, network, 22.0)
    moments = run((early, late), network, 30.0)
    assert entered_at(moments, 1, network) < entered_at(moments, 2, network)
    swapped = run((crosser(1, network, 25.0, from_right=first_from_right), oncoming(2, network, 8.0)), network, 30.0)
    assert entered_at(swapped, 2, network) < entered_at(swapped, 1, network)
    assert not touching(moments)
    assert not touching(swapped)


def test_of_two_who_come_at_once_the_one_on_the_right_goes_first():
    # Seen from an oncoming driver, who looks along -x, the ego's left is on the right.
    network = roads()
    other = replace(oncoming(2, network, STOP_SHORT_M), speed_mps=0.0)
    from_left = crosser(1, network, STOP_SHORT_M, from_right=False, speed=0.0)
    from_right = crosser(1, network, STOP_SHORT_M, from_right=True, speed=0.0)
    moments = run((from_left, other), network, 30.0)
    assert entered_at(moments, 1, network) < entered_at(moments, 2, network)
    moments = run((from_right, other), network, 30.0)
    assert entered_at(moments, 2, network) < entered_at(moments, 1, network)


def test_a_full_junction_empties_without_contact_or_deadlock():
    network = roads()
    actors = (
        crosser(1, network, 10.0, from_right=True),
        crosser(2, network, 10.0, from_right=False),
        oncoming(3, network, 10.0),
        crosser(4, network, 25.0, from_right=True),
        crosser(5, network, 27.0, from_right=False),
    )
    moments = run(actors, network, 60.0)
    assert not touching(moments)
    assert all(entered_at(moments, number, network) is not None for number in range(1, 6))


def ego_standing_since(start_s):
    """Return an ego that has stood at its line since a time, and never goes."""
    return lambda time_s: EgoSpan(LINE_M - 5.2, LINE_M - 0.6, -1.75, 0.0, max(0.0, time_s - start_s))


def test_crossing_cars_wait_for_an_ego_that_came_first_until_it_gives_up_its_turn():
    network = roads()
    car = crosser(1, network, 10.0, from_right=True)
    with_ego = entered_at(run((car,), network, 30.0, ego_standing_since(0.0)), 1, network)
    alone = entered_at(run((car,), network, 30.0), 1, network)
    assert with_ego - alone > 2.0 / STEP_S
    assert with_ego is not None


def test_crossing_cars_do_not_wait_for_an_ego_that_came_later():
    network = roads()
    car = crosser(1, network, 3.0, from_right=True, speed=3.0)
    late = entered_at(run((car,), network, 30.0, ego_standing_since(6.0)), 1, network)
    assert late == entered_at(run((car,), network, 30.0), 1, network)


def test_who_must_stop_lets_an_ego_with_the_right_of_way_pass():
    network = roads(ego_stops=False)
    car = crosser(1, network, 6.0, from_right=True, speed=4.0)

    def passing(time_s):
        return EgoSpan(50.0 + 9.0 * time_s, 54.6 + 9.0 * time_s, -1.75, 9.0)

    step = entered_at(run((car,), network, 30.0, passing), 1, network)
    assert passing(step * STEP_S).rear_s_m > CENTRE_M + 3.5


def test_who_need_not_stop_still_brakes_for_an_ego_in_the_junction():
    network = roads(all_way=False)
    car = crosser(1, network, 40.0, from_right=True)
    ego = EgoSpan(98.0, 102.6, -1.75, 0.0)
    last = run((car,), network, 30.0, ego)[-1][0]
    assert last.speed_mps < 0.1
    assert entered_at(run((car,), network, 30.0, ego), 1, network) is None


def walker(cue_s: float = 0.0, side: float = -1.0) -> Actor:
    turn = 0.5 * pi if side < 0 else -0.5 * pi
    return Actor(1, ActorKind.PEDESTRIAN, Behaviour.WALKING, 95.0, side * 4.3, turn, 0.0, 95.0, side * 4.3, 1.3,
                 junction=0, cue_s=cue_s)  # fmt: skip


def driving_ego(time_s: float) -> EgoSpan:
    return EgoSpan(40.0 + 9.0 * time_s, 44.6 + 9.0 * time_s, -1.75, 9.0)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_people_cross_an_empty_road_to_the_other_kerb_and_stay_there(side):
    last = run((walker(side=side),), roads(), 20.0)[-1][0]
    assert side * last.d_m < -4.0
    assert last.speed_mps == 0.0
    assert last.s_m == 95.0


def test_who_waits_for_a_gap_lets_the_ego_pass_first():
    for step, (now,) in enumerate(run((walker(),), roads(), 15.0, driving_ego)):
        if driving_ego(step * STEP_S).rear_s_m < 95.0:
            assert now.d_m == -4.3
    assert now.d_m > 4.0


def test_the_bold_set_off_on_their_cue_and_not_before():
    moments = run((walker(cue_s=3.5),), roads(), 6.0, driving_ego)
    step = next(step for step, (now,) in enumerate(moments) if now.speed_mps > 0.0)
    assert (95.0 - driving_ego(step * STEP_S).front_s_m) / 9.0 == pytest.approx(3.5, abs=0.1)


def test_nobody_sets_off_before_an_ego_that_could_not_stop():
    fast = EgoSpan(80.0, 84.6, -1.75, 12.0)
    assert step_actors((walker(cue_s=5.0),), roads(), fast, STEP_S)[0].d_m == -4.3


def test_a_stop_arm_is_folded_in_its_time_and_then_the_bus_drives_on():
    bus = Actor(1, ActorKind.SCHOOL_BUS, Behaviour.ONCOMING, 150.0, 2.0, pi, 0.0, 150.0, 2.0, 8.0, arm_out_s=3.0)
    moments = run((bus,), roads(ego_stops=False), 8.0)
    out = [m[0].arm_out for m in moments]
    assert sum(out) * STEP_S == pytest.approx(3.0, abs=2 * STEP_S)
    assert all(m[0].speed_mps == 0.0 for m in moments if m[0].arm_out)
    assert moments[-1][0].s_m < 149.0


def test_a_turn_about_the_junction_keeps_its_sides():
    # Cars from the right look along +y, those from the left along -y.
    network = roads()
    assert sin(crosser(1, network, 5.0, from_right=True).heading_rad) == pytest.approx(1.0)
    assert cos(oncoming(2, network, 5.0).heading_rad) == pytest.approx(-1.0)
