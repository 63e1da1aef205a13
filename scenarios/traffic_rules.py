"""Rules about who goes first: right of way at junctions, people on foot, school buses."""

from __future__ import annotations

from math import inf, sin

from scenarios.moment import Moment
from scenarios.outcomes import Expectation, Finding, Outcome
from sim.actors import Actor, ActorKind, Behaviour
from sim.render.road_users import arm_place
from sim.right_of_way import TIE_S, Claim, crossing_claims
from sim.world import World

AT_LINE_M = 4.0
"""A stand with the bumper no farther than this before the line is the ego's arrival at the junction."""

GIVEN_UP_S = 8.0
"""After a stand this long the ego may take the turn of those who came first and have not gone."""

CUT_OFF_S = 2.0
"""Entering before one that need not stop and would be there sooner than this takes its right of way."""

BESIDE_PERSON_M = 1.5
"""Middle of the car to someone on foot, sideways: 0.3 m are left between the two."""

BEFORE_PERSON_S = 1.0
"""Nearer in time than this to someone on the road in its path, the ego endangers them."""

IN_FRONT_M = 3.5
"""Nobody drives past in front of someone who crosses and is this near to its path's middle."""

SLOW_MPS = 1.0

CAUSE_BUS_M = 60.0
CAUSE_PERSON_M = 45.0
KERB_M = 2.0
"""Front bumper to a school bus's arm or to someone on foot within which these are a cause to brake; people count on the
carriageway and up to the third beside it."""


class RightOfWayRule:
    """Nobody's turn taken: at each junction, at the moment when the ego enters it."""

    def __init__(self, world: World) -> None:
        self._lines = {line.junction: line.s_m for line in world.scene.network.stop_lines if line.stop_controlled}
        self._arrived_s: dict[int, float] = {}
        self._left_s: dict[int, float] = {}
        self._entered: set[int] = set()
        self._met = False
        self._taken: str | None = None

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        network, time_s = moment.world.scene.network, moment.world.time_s
        for index, junction in enumerate(network.junctions):
            if index in self._entered:
                continue
            line_s_m = self._lines.get(index)
            if line_s_m is not None and moment.speed_mps < 0.05 and 0.0 <= line_s_m - moment.bumper_s_m <= AT_LINE_M:
                self._arrived_s.setdefault(index, time_s)
                self._left_s[index] = time_s
            if moment.bumper_s_m >= junction.near_edge_s_m:
                self._entered.add(index)
                self._judge(moment, index)

    def _judge(self, moment: Moment, index: int) -> None:
        world = moment.world
        kinds = {actor.actor_id: actor.kind.value for actor in world.actors}
        for claim in crossing_claims(index, world.actors, world.scene.network):
            self._met = True
            why = self._wrong(claim, index, world.time_s)
            if why is not None and self._taken is None:
                self._taken = f"Entered junction {index + 1} at {world.time_s:.1f} s {why.format(kinds[claim.who])}."

    def _wrong(self, claim: Claim, index: int, time_s: float) -> str | None:
        """Return how a crossing vehicle's right of way is taken, or None."""
        if claim.gone:
            return None
        if claim.to_zone_m <= 0.0:
            return "with a {} in it"
        if claim.to_line_m == inf:
            return "too near before a {}" if claim.to_zone_m < CUT_OFF_S * claim.speed_mps else None
        if index not in self._lines:
            return None  # without a stop sign of its own the ego goes before those who have one
        arrived_s = self._arrived_s.get(index, time_s)
        waited_s = self._left_s.get(index, time_s) - arrived_s
        first = claim.stood_s > 0.0 and time_s - claim.stood_s < arrived_s - TIE_S
        return "before a {} that had come first" if first and waited_s < GIVEN_UP_S else None

    def findings(self) -> tuple[Finding, ...]:
        """Say whose right of way was taken; nothing where nobody crossed."""
        if self._taken is not None:
            return (Finding(Expectation.RIGHT_OF_WAY, Outcome.RIGHT_OF_WAY_TAKEN, self._taken),)
        if not self._met:
            return ()
        return (Finding(Expectation.RIGHT_OF_WAY, Outcome.HELD, "Let everyone go first whose turn it was."),)


class PeopleRule:
    """Nobody on foot in the ego's path, or about to be in it, is made to jump or to stand."""

    def __init__(self) -> None:
        self._met = False
        self._ahead: set[int] = set()
        self._endangered: str | None = None

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        world = moment.world
        length_m = world.geometry.front_m + world.geometry.rear_m
        for actor in world.actors:
            if not actor.on_foot or not _on_the_road(actor, world, 0.0):
                continue
            ahead_m = actor.s_m - moment.bumper_s_m
            self._met = self._met or ahead_m < CAUSE_PERSON_M
            aside_m = abs(actor.d_m - world.scene.network.ego_road.lane_centre_d_m - moment.offset_m)
            self._see_passing(actor, ahead_m, aside_m, moment)
            near = -length_m <= ahead_m <= BEFORE_PERSON_S * moment.speed_mps and aside_m < BESIDE_PERSON_M
            if near and moment.speed_mps > SLOW_MPS and self._endangered is None:
                self._endangered = (
                    f"Came within {max(ahead_m, 0.0):.1f} m of a {actor.kind.value} on the road "
                    f"at {moment.speed_mps:.1f} m/s, at {world.time_s:.1f} s."
                )

    def _see_passing(self, actor: Actor, ahead_m: float, aside_m: float, moment: Moment) -> None:
        """Note it if the ego drives past in front of someone who is about to be in its path."""
        if ahead_m > 0.0:
            self._ahead.add(actor.actor_id)
        elif actor.actor_id in self._ahead:
            self._ahead.discard(actor.actor_id)
            road = moment.world.scene.network.ego_road
            towards = sin(actor.heading_rad - road.path.heading(actor.s_m))
            comes = towards * (road.lane_centre_d_m - actor.d_m) > 0.0
            if comes and aside_m < IN_FRONT_M and moment.speed_mps > SLOW_MPS and self._endangered is None:
                self._endangered = (
                    f"Drove past {aside_m:.1f} m in front of a {actor.kind.value} who was crossing, "
                    f"at {moment.speed_mps:.1f} m/s, at {moment.world.time_s:.1f} s."
                )

    def findings(self) -> tuple[Finding, ...]:
        """Say who was endangered; nothing where nobody was on the road."""
        if self._endangered is not None:
            return (Finding(Expectation.PEOPLE_SAFE, Outcome.PERSON_ENDANGERED, self._endangered),)
        if not self._met:
            return ()
        return (Finding(Expectation.PEOPLE_SAFE, Outcome.HELD, "Kept clear of everyone on foot."),)


class SchoolBusRule:
    """No school bus passed while its stop arm is out."""

    def __init__(self) -> None:
        self._met = False
        self._passed: str | None = None
        self._ahead: set[int] = set()

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        for actor in moment.world.actors:
            if actor.kind is not ActorKind.SCHOOL_BUS:
                continue
            if _arm_ahead_m(actor, moment) > 0.0:
                self._ahead.add(actor.actor_id)
                self._met = self._met or actor.arm_out
            elif actor.actor_id in self._ahead:
                self._ahead.discard(actor.actor_id)
                if actor.arm_out and self._passed is None:
                    self._passed = (
                        f"Passed a school bus with its stop arm out at {moment.world.time_s:.1f} s, "
                        f"at {moment.speed_mps:.1f} m/s."
                    )

    def findings(self) -> tuple[Finding, ...]:
        """Say whether one was passed; nothing where none showed its arm."""
        if self._passed is not None:
            return (Finding(Expectation.SCHOOL_BUS, Outcome.PASSED_SCHOOL_BUS, self._passed),)
        if not self._met:
            return ()
        return (Finding(Expectation.SCHOOL_BUS, Outcome.HELD, "Waited until the school bus had folded its arm."),)


def is_cause(actor: Actor, moment: Moment) -> bool:
    """Return whether someone on foot, or a school bus with its arm out, is a cause to brake."""
    if actor.arm_out:
        return 0.0 < _arm_ahead_m(actor, moment) < CAUSE_BUS_M
    if not actor.on_foot or actor.behaviour is not Behaviour.WALKING:
        return False
    return -2.0 < actor.s_m - moment.bumper_s_m < CAUSE_PERSON_M and _on_the_road(actor, moment.world, KERB_M)


def _on_the_road(actor: Actor, world: World, margin_m: float) -> bool:
    return abs(actor.d_m) < world.scene.network.ego_road.half_width_m + margin_m


def _arm_ahead_m(actor: Actor, moment: Moment) -> float:
    s_m, _ = moment.world.scene.network.ego_road.path.project(*arm_place(actor), near_s_m=actor.s_m)
    return s_m - moment.bumper_s_m
