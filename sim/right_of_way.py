"""Who may enter a junction: first come, first served where all stop; a gap in the traffic where only some do.

California VC 21800: at an all-way stop, who arrives first goes first, and of two who arrive at once, the one on the
right. VC 21802: who alone has a stop sign yields to all that is near enough to be a hazard.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from sim.actors import EGO_ID, Actor, Behaviour
from sim.road import RoadNetwork, StopLine

TIE_S = 0.5
"""Who comes to a stand within so short a time of another arrives at once, as far as drivers can tell."""

GAP_S = 6.0
"""The gap in crossing traffic that a driver takes; the critical gap of passenger cars that cross a two-lane road from a
stop is 6.5 s, of those that turn right 6.2 s (Highway Capacity Manual 2010, exhibit 19-10)."""

PATIENCE_S = 6.0
"""Who has been let go first and stands for so long gives up its turn."""

CLEAR_M = 0.6
"""Left between a body in the junction and the path of one that enters."""

COMMITTED_BRAKE_MPS2 = 3.0
"""One that would have to brake harder than this to stop before its line is taken to be on its way in."""

AT_LINE_M = 4.0
"""Who stands no farther than this before its line waits there."""

STANDSTILL_MPS = 0.05


@dataclass(frozen=True, slots=True)
class EgoSpan:
    """Where the ego is on its road, as far as other drivers care.

    Attributes:
        rear_s_m: Arc length of its rear bumper.
        front_s_m: Arc length of its front bumper.
        d_m: Its place left of the road's centre line.
        speed_mps: Its speed along the road.
        stood_s: For how long it has stood.
    """

    rear_s_m: float
    front_s_m: float
    d_m: float
    speed_mps: float
    stood_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Claim:
    """One who is at a junction or comes to it.

    Attributes:
        who: Its instance id.
        side: Where it comes from, counter-clockwise in quarter turns: 0 as the ego, 1 from the ego's right, 2 oncoming,
            3 from the ego's left.
        to_line_m: Its front to its stop line; below 0 past it, infinity where it need not stop.
        to_zone_m: Its front to the area that both roads share; 0 or less within.
        gone: Whether it has left that area.
        speed_mps: Its speed.
        stood_s: For how long it has stood at its line.
    """

    who: int
    side: int
    to_line_m: float
    to_zone_m: float
    gone: bool
    speed_mps: float
    stood_s: float

    @property
    def inside(self) -> bool:
        """Whether it is in the area that both roads share, or can no longer stop before it."""
        if self.gone:
            return False
        if self.to_zone_m <= CLEAR_M:
            return True
        stops = self.to_line_m < inf
        return stops and self.to_line_m < self.speed_mps**2 / (2.0 * COMMITTED_BRAKE_MPS2) - 1.0

    def crosses(self, other: Claim) -> bool:
        """Return whether the two are on different roads."""
        return (self.side - other.side) % 2 == 1


def direction_of(actor: Actor) -> float:
    """Return 1 for an actor that drives along its road's path, -1 against it."""
    if actor.behaviour is Behaviour.CROSSING:
        return 1.0 if actor.d_m < 0.0 else -1.0
    return 1.0 if actor.behaviour is Behaviour.WITH_EGO else -1.0


def next_gate(actor: Actor, network: RoadNetwork) -> tuple[int, float]:
    """Return the junction at whose line an actor that takes turns must stop next, and its front's distance to the line.

    Returns:
        The junction's index and the distance in metres; -1 and infinity where nothing asks for a stop.
    """
    direction = direction_of(actor)
    front_m = actor.s_m + direction * 0.5 * actor.size_m[0]
    best, best_m = -1, inf
    for index in range(len(network.junctions)):
        line_s_m = _line_s_m(actor, index, network)
        if line_s_m is not None:
            to_line_m = direction * (line_s_m - front_m)
            if 0.0 <= to_line_m < best_m:
                best, best_m = index, to_line_m
    return best, best_m


def _ego_line(network: RoadNetwork, junction: int) -> StopLine | None:
    return next((line for line in network.stop_lines if line.junction == junction and line.stop_controlled), None)


def _line_s_m(actor: Actor, index: int, network: RoadNetwork) -> float | None:
    """Return where on its road an actor must stop at a junction, or None where it need not."""
    junction = network.junctions[index]
    if actor.behaviour is Behaviour.CROSSING:
        if index != actor.junction or not junction.all_way:
            return None
        back_m = network.ego_road.half_width_m + junction.crossing_stop_m
        return junction.middle_m - direction_of(actor) * back_m
    line = _ego_line(network, index)
    if line is None:
        return None
    return line.s_m if actor.behaviour is Behaviour.WITH_EGO else 2.0 * junction.s_m - line.s_m


def _claim(actor: Actor, index: int, network: RoadNetwork) -> Claim | None:
    """Return an actor's claim to a junction, or None if it never comes there."""
    junction = network.junctions[index]
    direction = direction_of(actor)
    if actor.behaviour is Behaviour.CROSSING:
        if actor.junction != index:
            return None
        middle_m, half_m = junction.middle_m, network.ego_road.half_width_m
        side = 1 if direction > 0.0 else 3
    elif actor.behaviour in (Behaviour.WITH_EGO, Behaviour.ONCOMING):
        middle_m, half_m = junction.s_m, junction.half_length_m
        side = 0 if direction > 0.0 else 2
    else:
        return None
    length_m = actor.size_m[0]
    front_m = direction * (actor.s_m - middle_m) + 0.5 * length_m
    line_s_m = _line_s_m(actor, index, network) if actor.takes_turns else None
    to_line_m = inf if line_s_m is None else direction * (line_s_m - middle_m) - front_m
    if actor.released == index:
        to_line_m = min(to_line_m, -0.01)
    return Claim(
        actor.actor_id, side, to_line_m, -half_m - front_m, front_m - length_m > half_m + CLEAR_M, actor.speed_mps,
        actor.held_s,
    )  # fmt: skip


def crossing_claims(index: int, actors: tuple[Actor, ...], network: RoadNetwork) -> tuple[Claim, ...]:
    """Return the claims to a junction of all who drive on its crossing road."""
    claims = (_claim(actor, index, network) for actor in actors if actor.behaviour is Behaviour.CROSSING)
    return tuple(claim for claim in claims if claim is not None)


def _ego_claim(ego: EgoSpan, index: int, network: RoadNetwork) -> Claim:
    junction, line = network.junctions[index], _ego_line(network, index)
    half_m = junction.half_length_m
    to_line_m = inf if line is None else line.s_m - ego.front_s_m
    gone = ego.rear_s_m > junction.s_m + half_m + CLEAR_M
    stood_s = ego.stood_s if -1.0 < to_line_m < AT_LINE_M else 0.0
    return Claim(EGO_ID, 0, to_line_m, junction.s_m - half_m - ego.front_s_m, gone, ego.speed_mps, stood_s)


def _others(actor: Actor, index: int, actors: tuple[Actor, ...], ego: EgoSpan, network: RoadNetwork) -> list[Claim]:
    """Return the claims of all whose way crosses the actor's at a junction."""
    own = _claim(actor, index, network)
    if own is None:
        return []
    claims = [_claim(other, index, network) for other in actors if other is not actor]
    return [
        claim
        for claim in (*claims, _ego_claim(ego, index, network))
        if claim is not None and not claim.gone and own.crosses(claim)
    ]


def arrived_before(
    actor: Actor, index: int, actors: tuple[Actor, ...], ego: EgoSpan, network: RoadNetwork
) -> tuple[int, ...]:
    """Return who has the right of way over an actor that has just come to a stand at its line.

    Who stands at its line already came first; of two who come at once, the one to the right of the other goes first.
    """
    own = _claim(actor, index, network)
    first: list[int] = []
    for claim in _others(actor, index, actors, ego, network):
        waiting = 0.0 <= claim.to_line_m < AT_LINE_M and claim.speed_mps <= STANDSTILL_MPS
        on_the_right = own is not None and (claim.side - own.side) % 4 == 1
        if waiting and (claim.stood_s > TIE_S or on_the_right):
            first.append(claim.who)
    return tuple(first)


def may_enter(actor: Actor, index: int, actors: tuple[Actor, ...], ego: EgoSpan, network: RoadNetwork) -> bool:
    """Return whether an actor that stands at its line may go: nobody is in the way, and nobody else's turn is first."""
    patient = actor.held_s < PATIENCE_S + actor.actor_id % 4
    for claim in _others(actor, index, actors, ego, network):
        if claim.inside or claim.to_line_m < 0.0:
            return False
        if claim.to_line_m == inf:
            if claim.to_zone_m < GAP_S * max(claim.speed_mps, 0.5):
                return False
        elif patient and claim.who in (actor.yields_to or ()):
            return False
    return True


def blocked_ahead_m(actor: Actor, actors: tuple[Actor, ...], ego: EgoSpan, network: RoadNetwork) -> float:
    """Return how far before an actor lies a junction that someone else is in; infinity where none is.

    For those who need not stop: the right of way is no right to drive into others.
    """
    nearest_m = inf
    for index in range(len(network.junctions)):
        own = _claim(actor, index, network)
        if own is None or own.gone or own.to_zone_m <= 0.0 or 0.0 <= own.to_line_m < inf:
            continue
        if own.to_zone_m < nearest_m and any(
            c.to_zone_m <= CLEAR_M for c in _others(actor, index, actors, ego, network)
        ):
            nearest_m = own.to_zone_m
    return nearest_m
