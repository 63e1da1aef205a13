"""How other road users move: car-following in a lane, a stop at each stop sign, and nothing that surprises.

Along the ego road (`s_m`, `d_m`); world poses follow from it. Pure functions, cheap enough for every 20 Hz step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, pi

from sim.actors import Actor, Behaviour
from sim.following import COMFORT_BRAKE_MPS2, idm_accel
from sim.road import RoadNetwork
from sim.vehicle import wrap_angle

MAX_BRAKE_MPS2 = 8.0
"""No actor brakes harder, however late it sees its leader."""

STOP_SHORT_M = 0.75
"""Where an actor means to stand with its front before a stop line."""

ARRIVED_M = 0.25
"""So near its place at the line, and so slow, an actor puts its foot down and stands."""

HOLD_S = 2.0
"""How long it stands there."""

STANDSTILL_MPS = 0.05

SAME_LANE_M = 1.6
"""Actors whose centres are laterally farther apart than this pass each other."""


@dataclass(frozen=True, slots=True)
class EgoSpan:
    """Where the ego is on its road, as far as other drivers care.

    Attributes:
        rear_s_m: Arc length of its rear bumper.
        front_s_m: Arc length of its front bumper.
        d_m: Its place left of the road's centre line.
        speed_mps: Its speed along the road.
    """

    rear_s_m: float
    front_s_m: float
    d_m: float
    speed_mps: float


def step_actors(actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan, dt_s: float) -> tuple[Actor, ...]:
    """Return all actors, `dt_s` later; each reacts to where the others were."""
    if all(actor.behaviour is Behaviour.PARKED for actor in actors):
        return actors
    return tuple(
        actor if actor.behaviour is Behaviour.PARKED else _step_actor(actor, actors, network, ego, dt_s)
        for actor in actors
    )


def _step_actor(actor: Actor, actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan, dt_s: float) -> Actor:
    with_ego = actor.behaviour is Behaviour.WITH_EGO
    gap_m, leader_speed_mps = _leader(actor, actors, ego, 1.0 if with_ego else -1.0)
    accel = idm_accel(actor.speed_mps, max(actor.cruise_mps, 0.1), gap_m, leader_speed_mps)
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
        direction: 1 along the ego road, -1 against it.

    Returns:
        The gap from front to rear in metres, infinity with nothing ahead, and the leader's speed.
    """
    best_gap_m, best_speed_mps = inf, 0.0
    half_m = 0.5 * actor.size_m[0]
    for other in actors:
        if other is actor or other.behaviour is not actor.behaviour or abs(other.d_m - actor.d_m) > SAME_LANE_M:
            continue
        ahead_m = direction * (other.s_m - actor.s_m)
        gap_m = ahead_m - half_m - 0.5 * other.size_m[0]
        if ahead_m > 0.0 and gap_m < best_gap_m:
            best_gap_m, best_speed_mps = gap_m, other.speed_mps
    if abs(ego.d_m - actor.d_m) <= SAME_LANE_M:
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
    path = network.ego_road.path
    with_ego = actor.behaviour is Behaviour.WITH_EGO
    speed_mps = max(0.0, actor.speed_mps + max(accel_mps2, -MAX_BRAKE_MPS2) * dt_s)
    travel_m = 0.5 * (actor.speed_mps + speed_mps) * dt_s
    s_m = actor.s_m
    if travel_m > 0.0:
        # Beside the centre line of a curve, a metre driven is more or less than a metre of arc length.
        travel_m /= max(0.2, 1.0 - actor.d_m * path.mean_curvature(s_m, 1.0))
        s_m += travel_m if with_ego else -travel_m
    x_m, y_m = path.position(s_m, actor.d_m)
    heading_rad = path.heading(s_m) if with_ego else path.heading(s_m) + pi
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
