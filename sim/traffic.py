"""How other road users move: car-following in a lane, a stop at each stop sign, and nothing that surprises.

Along each one's road (`s_m`, `d_m`); world poses follow from it. Pure functions, cheap enough for every 20 Hz step.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf, pi

from sim.actors import Actor, Behaviour
from sim.following import COMFORT_BRAKE_MPS2, idm_accel
from sim.right_of_way import (
    STANDSTILL_MPS,
    EgoSpan,
    arrived_before,
    blocked_ahead_m,
    direction_of,
    may_enter,
    next_gate,
)
from sim.road import RoadNetwork
from sim.vehicle import wrap_angle
from sim.walking import step_walker, walker_ahead_m

MAX_BRAKE_MPS2 = 8.0
"""No actor brakes harder, however late it sees its leader."""

STOP_SHORT_M = 0.75
"""Where an actor means to stand with its front before a stop line."""

ARRIVED_M = 0.25
"""So near its place at the line, and so slow, an actor puts its foot down and stands."""

TURN_LATERAL_MPS2 = 2.0
TURN_BRAKE_MPS2 = 1.5
TURN_AHEAD_M = 40.0
"""How hard an actor turns, how it slows down for that, and how far ahead it looks."""

HOLD_S = 2.0
"""How long it stands there."""

SAME_LANE_M = 1.6
"""Actors whose centres are laterally farther apart than this pass each other."""


def step_actors(actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan, dt_s: float) -> tuple[Actor, ...]:
    """Return all actors, `dt_s` later; each reacts to where the others were."""
    if all(actor.behaviour is Behaviour.PARKED for actor in actors):
        return actors
    return tuple(_step(actor, actors, network, ego, dt_s) for actor in actors)


def _step(actor: Actor, actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan, dt_s: float) -> Actor:
    if actor.behaviour is Behaviour.PARKED:
        return actor
    if actor.on_foot:
        return step_walker(actor, actors, network, ego, dt_s)
    if actor.arm_out:
        return replace(actor, arm_out_s=max(0.0, actor.arm_out_s - dt_s))
    if actor.takes_turns or actor.behaviour is Behaviour.CROSSING:
        return _step_in_turn(actor, actors, network, ego, dt_s)
    return _step_actor(actor, actors, network, ego, dt_s)


def _step_in_turn(actor: Actor, actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan, dt_s: float) -> Actor:
    """Return a vehicle that heeds its own stop signs and everyone's right of way, `dt_s` later."""
    accel = _free_accel(actor, actors, network, ego)
    if actor.behaviour is not Behaviour.CROSSING:
        accel = min(accel, _before(actor, walker_ahead_m(actor, actors, direction_of(actor))))
    accel = min(accel, _before(actor, blocked_ahead_m(actor, actors, ego, network)))
    held_s, released, yields_to = actor.held_s, actor.released, actor.yields_to
    gate, to_line_m = next_gate(actor, network)
    if gate >= 0 and gate != released:
        if to_line_m <= STOP_SHORT_M + ARRIVED_M and actor.speed_mps <= STANDSTILL_MPS:
            if yields_to is None:
                yields_to = arrived_before(actor, gate, actors, ego, network)
            held_s += dt_s
            accel = -MAX_BRAKE_MPS2
            if held_s >= HOLD_S - 1e-9 and may_enter(actor, gate, actors, ego, network):
                held_s, released, yields_to = 0.0, gate, None
        else:
            accel = min(accel, _line_accel(actor, to_line_m))
    return replace(_move(actor, accel, network, dt_s, held_s, actor.served), released=released, yields_to=yields_to)


def _before(actor: Actor, gap_m: float) -> float:
    """Return the acceleration before something that stands in the way."""
    return idm_accel(actor.speed_mps, max(actor.cruise_mps, 0.1), gap_m, 0.0) if gap_m < inf else inf


def _free_accel(actor: Actor, actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan) -> float:
    gap_m, leader_speed_mps = _leader(actor, actors, ego, direction_of(actor))
    wished_mps = min(max(actor.cruise_mps, 0.1), turning_mps(actor, network))
    return idm_accel(actor.speed_mps, wished_mps, gap_m, leader_speed_mps)


def turning_mps(actor: Actor, network: RoadNetwork) -> float:
    """Return how fast an actor may be before and in a turn of the ego road; infinity with none near."""
    if actor.behaviour is Behaviour.CROSSING:
        return inf
    allowed_mps = inf
    for junction in network.junctions:
        to_turn_m = abs(actor.s_m - junction.s_m) - junction.half_length_m
        beyond = direction_of(actor) * (actor.s_m - junction.s_m) > junction.half_length_m
        if junction.turn and not beyond and to_turn_m < TURN_AHEAD_M:
            sharpest_per_m = network.ego_road.path.sharpest_per_m(
                junction.s_m - junction.half_length_m, junction.s_m + junction.half_length_m
            )
            turning_mps2 = TURN_LATERAL_MPS2 / sharpest_per_m
            allowed_mps = min(allowed_mps, (turning_mps2 + 2.0 * TURN_BRAKE_MPS2 * max(to_turn_m, 0.0)) ** 0.5)
    return allowed_mps


def _step_actor(actor: Actor, actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan, dt_s: float) -> Actor:
    with_ego = actor.behaviour is Behaviour.WITH_EGO
    accel = _free_accel(actor, actors, network, ego)
    held_s, served = actor.held_s, actor.served
    if with_ego:
        line, to_line_m = _next_line(actor, network)
        arrived = to_line_m <= STOP_SHORT_M + ARRIVED_M
        if arrived and actor.speed_mps <= STANDSTILL_MPS:
            held_s += dt_s
            accel = -MAX_BRAKE_MPS2
            if held_s >= HOLD_S - 1e-9:
                held_s, served = 0.0, line + 1
        elif to_line_m < inf:
            accel = min(accel, _line_accel(actor, to_line_m))
    return _move(actor, accel, network, dt_s, held_s, served)


def _leader(actor: Actor, actors: tuple[Actor, ...], ego: EgoSpan, direction: float) -> tuple[float, float]:
    """Return the gap to what drives ahead in the same lane, and its speed along the actor's direction.

    Args:
        actor: Who asks.
        actors: All actors.
        ego: The ego.
        direction: 1 along the actor's road, -1 against it.

    Returns:
        The gap from front to rear in metres, infinity with nothing ahead, and the leader's speed.
    """
    best_gap_m, best_speed_mps = inf, 0.0
    half_m = 0.5 * actor.size_m[0]
    for other in actors:
        if other is actor or other.behaviour is not actor.behaviour or abs(other.d_m - actor.d_m) > SAME_LANE_M:
            continue
        if other.junction != actor.junction:
            continue
        ahead_m = direction * (other.s_m - actor.s_m)
        gap_m = ahead_m - half_m - 0.5 * other.size_m[0]
        if ahead_m > 0.0 and gap_m < best_gap_m:
            best_gap_m, best_speed_mps = gap_m, other.speed_mps
    if actor.behaviour is not Behaviour.CROSSING and abs(ego.d_m - actor.d_m) <= SAME_LANE_M:
        ahead_m = direction * (0.5 * (ego.rear_s_m + ego.front_s_m) - actor.s_m)
        gap_m = ahead_m - half_m - 0.5 * (ego.front_s_m - ego.rear_s_m)
        if ahead_m > 0.0 and gap_m < best_gap_m:
            best_gap_m, best_speed_mps = gap_m, direction * ego.speed_mps
    return best_gap_m, best_speed_mps


def _next_line(actor: Actor, network: RoadNetwork) -> tuple[int, float]:
    """Return the index of the next line at which to stop, and its distance from the actor's front; infinity if none."""
    front_s_m = actor.front_s_m
    for index, line in enumerate(network.stop_lines):
        if index >= actor.served and line.stop_controlled and line.s_m >= front_s_m:
            return index, line.s_m - front_s_m
    return len(network.stop_lines), inf


def _line_accel(actor: Actor, to_line_m: float) -> float:
    """Return the acceleration that brings the actor to rest before a line.

    The braking term of the Intelligent Driver Model for a standing obstacle, without its gaps: with the deceleration
    k = v^2 / (2 s) that is needed, it brakes with k^2 / b, hardly at all from afar, and settles near k = b. Unlike the
    whole model, it arrives in finite time.
    """
    left_m = to_line_m - STOP_SHORT_M
    if left_m <= ARRIVED_M:
        return -COMFORT_BRAKE_MPS2 if actor.speed_mps > 0.0 else 0.0
    needed = actor.speed_mps**2 / (2.0 * left_m)
    return 0.5 - needed**2 / COMFORT_BRAKE_MPS2


def _move(actor: Actor, accel_mps2: float, network: RoadNetwork, dt_s: float, held_s: float, served: int) -> Actor:
    crossing = actor.behaviour is Behaviour.CROSSING
    path = (network.junctions[actor.junction].road if crossing else network.ego_road).path
    along = direction_of(actor) > 0.0
    speed_mps = max(0.0, actor.speed_mps + max(accel_mps2, -MAX_BRAKE_MPS2) * dt_s)
    travel_m = 0.5 * (actor.speed_mps + speed_mps) * dt_s
    s_m = actor.s_m
    if travel_m > 0.0:
        # Beside the centre line of a curve, a metre driven is more or less than a metre of arc length.
        travel_m /= max(0.2, 1.0 - actor.d_m * path.mean_curvature(s_m, 1.0))
        s_m += travel_m if along else -travel_m
    x_m, y_m = path.position(s_m, actor.d_m)
    heading_rad = path.heading(s_m) if along else path.heading(s_m) + pi
    return replace(
        actor,
        x_m=x_m,
        y_m=y_m,
        heading_rad=wrap_angle(heading_rad),
        speed_mps=speed_mps,
        s_m=s_m,
        held_s=held_s,
        served=served,
    )
