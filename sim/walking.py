"""How people on foot move: they wait at the kerb, cross at the crosswalk, and stroll along the road."""

from __future__ import annotations

from dataclasses import replace
from math import inf, pi, sin

from sim.actors import Actor, Behaviour
from sim.right_of_way import EgoSpan
from sim.road import RoadNetwork

PAST_KERB_M = 1.2
"""Who has crossed walks on this far from the carriageway's edge."""

EASY_BRAKE_MPS2 = 2.5
"""Nobody steps out before a car that would have to brake harder than this."""

BEFORE_KERB_M = 1.5
MOST_SKEW = 0.12
"""Who strolls stops so far before a crossing road, and a little more, since that road may cross at a slant."""

SPARE_S = 2.0
"""Time that who waits for a gap leaves between stepping off the road and the next car."""

IN_THE_LANE_M = 1.5
"""Nobody walks nearer than this to the middle of a car that is not about to stop."""


def step_walker(actor: Actor, actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan, dt_s: float) -> Actor:
    """Return someone on foot, `dt_s` later."""
    if actor.behaviour is Behaviour.STROLLING:
        return _stroll(actor, network, dt_s)
    road = network.ego_road
    towards = 1.0 if sin(actor.heading_rad - road.path.heading(actor.s_m)) > 0.0 else -1.0
    across_m = towards * actor.d_m
    released = actor.released
    if across_m >= road.half_width_m + PAST_KERB_M:
        return actor if actor.speed_mps == 0.0 else replace(actor, speed_mps=0.0)
    if released < 0:
        if not _steps_out(actor, actors, network, ego):
            return actor
        released = max(actor.junction, 0)
    walks = not _would_be_hit(actor, towards, ego)
    speed_mps = actor.cruise_mps if walks else 0.0
    d_m = actor.d_m + towards * speed_mps * dt_s
    x_m, y_m = road.path.position(actor.s_m, d_m)
    return replace(actor, x_m=x_m, y_m=y_m, d_m=d_m, speed_mps=speed_mps, released=released)


def _stroll(actor: Actor, network: RoadNetwork, dt_s: float) -> Actor:
    path = network.ego_road.path
    with_ego = actor.d_m < 0.0
    towards = 1.0 if with_ego else -1.0
    for junction in network.junctions:
        kerb_m = towards * (junction.s_m - actor.s_m) - junction.half_length_m
        if 0.0 < kerb_m < BEFORE_KERB_M + abs(actor.d_m) * MOST_SKEW:
            return actor if actor.speed_mps == 0.0 else replace(actor, speed_mps=0.0)
    s_m = actor.s_m + towards * actor.cruise_mps * dt_s
    x_m, y_m = path.position(s_m, actor.d_m)
    return replace(actor, x_m=x_m, y_m=y_m, s_m=s_m, heading_rad=path.heading(s_m) + (0.0 if with_ego else pi))


def _steps_out(actor: Actor, actors: tuple[Actor, ...], network: RoadNetwork, ego: EgoSpan) -> bool:
    """Return whether someone at the kerb sets off: at its cue, if the ego can stop with ease, or into a gap."""
    ahead_m = actor.s_m - ego.front_s_m
    if actor.cue_s > 0.0 and ahead_m > max(actor.cue_s * ego.speed_mps, 2.0):
        return False
    stopping_m = ego.speed_mps**2 / (2.0 * EASY_BRAKE_MPS2) + 4.0
    if actor.cue_s > 0.0 and stopping_m < ahead_m and all(_can_stop(other, actor) for other in actors):
        return True
    needed_s = 2.0 * network.ego_road.half_width_m / actor.cruise_mps + SPARE_S
    if ego.rear_s_m < actor.s_m and (ahead_m < 0.5 or ahead_m < ego.speed_mps * needed_s):
        return False
    return all(_leaves_time(other, actor, needed_s) for other in actors)


def _leaves_time(other: Actor, walker: Actor, needed_s: float) -> bool:
    if other.behaviour not in (Behaviour.WITH_EGO, Behaviour.ONCOMING):
        return True
    direction = 1.0 if other.behaviour is Behaviour.WITH_EGO else -1.0
    ahead_m = direction * (walker.s_m - other.s_m)
    half_m = 0.5 * other.size_m[0]
    return ahead_m < -half_m or ahead_m - half_m > max(other.speed_mps * needed_s, 0.5)


def _can_stop(other: Actor, walker: Actor) -> bool:
    """Return whether a driver other than the ego can stop with ease before someone who sets off, or has passed."""
    return _leaves_time(other, walker, other.speed_mps / (2.0 * EASY_BRAKE_MPS2) + 1.0)


def _would_be_hit(actor: Actor, towards: float, ego: EgoSpan) -> bool:
    """Return whether the next steps lead before, or into, an ego that does not stop: who sees that, stands."""
    if ego.rear_s_m > actor.s_m + 0.5 or ego.front_s_m < actor.s_m - max(1.2 * ego.speed_mps, 0.5):
        return False
    to_ego_m = towards * (ego.d_m - actor.d_m)
    return 0.0 < to_ego_m - IN_THE_LANE_M < 1.0


def walker_ahead_m(actor: Actor, actors: tuple[Actor, ...], direction: float) -> float:
    """Return the gap from an actor's front to the nearest walker on its lane; infinity with none.

    Args:
        actor: One that drives on the ego road.
        actors: All actors.
        direction: 1 along the ego road, -1 against it.
    """
    nearest_m = inf
    for other in actors:
        if other.behaviour is Behaviour.WALKING and other.released >= 0 and abs(other.d_m - actor.d_m) < 2.2:
            ahead_m = direction * (other.s_m - actor.s_m) - 0.5 * actor.size_m[0] - 0.5
            if ahead_m > 0.0:
                nearest_m = min(nearest_m, ahead_m)
    return nearest_m
