"""One rule for each expectation.

A rule is shown each moment of a drive once, in order, keeps a few numbers, and in the end says what it found. It judges
by the world's truth alone: what the driver saw or meant is no excuse and no charge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import ceil, copysign, hypot, sin

from scenarios.moment import Moment
from scenarios.outcomes import Expectation, Finding, Outcome
from scenarios.scenario import Expectations
from scenarios.traffic_rules import is_cause
from sim.actors import Actor
from sim.geometry import Rectangle, rectangle_gap_m
from sim.road import StopLine, StopMark
from sim.vehicle import STEP_S
from sim.world import World

FULL_STOP_MPS = 0.05
"""Below it, the car stands: the complete cessation of movement that the law asks for, as far as a sensor can tell."""

LINE_WATCH_M = (-5.0, 30.0)
"""Bumper to stop line: where the way in which a line was taken is watched, for the sentence that tells of it."""

PHANTOM_SPEED_MPS = 0.5
PHANTOM_BRAKE_MPS2 = 1.0
PHANTOM_BRAKE_S = 0.5
"""Slower than this, or braking harder than this for longer than this, asks for a cause."""

CAUSE_LINE_M = (-3.0, 60.0)
"""Bumper to a controlled line within which the line is a cause: from stopping sight distance at 30 mph (61 m, AASHTO)
to a stop just past the line, which is a late stop and no phantom."""

CAUSE_ACTOR_M = 40.0
"""Bumper to the body of a car in the ego's way within which it is a cause."""

CAUSE_SIDE_M = 0.3
"""A body counts as in the ego's way if it reaches within this much of the path that the ego's own body takes."""

CAUSE_ACROSS = 0.5
CAUSE_CROSSING_M = 20.0
CAUSE_CROSSING_S = 3.0
"""A car that heads across the ego's road by more than 30 degrees (its sine), no farther ahead than this, is a cause if
it reaches the ego's way within so long."""

CAUSE_BEND_M = (-10.0, 30.0)
CAUSE_LATERAL_MPS2 = 1.5
"""Bumper to a bend within which it is a cause, if at the speed driven its lateral acceleration would be above this."""

CAUSE_LINGERS_S = 3.5
"""Someone on foot, or a school bus, is a cause for this long after they are gone: so long it takes to see it and go,
and nobody blames a car that gives a child a moment more."""

NEAR_ACTOR_M = 30.0
"""Farther than this, centre to centre, cars are not measured against each other."""

JERK_WINDOW_S = 0.3
"""Over which the change of acceleration is taken: shorter ones are shed by seat and suspension."""


def stop_name(line: StopLine, number: int) -> str:
    """Return what a person calls a stopping place: the third one met is "crosswalk 3" where no line is painted."""
    return f"{_MARK_NAMES[line.mark]} {number}"


_MARK_NAMES = {
    StopMark.LINE: "stop line",
    StopMark.CROSSWALK: "crosswalk",
    StopMark.CROSSING_ROAD: "the edge of crossing road",
}


class LineWatch:
    """How one legal stopping place, in short a line, was taken.

    Attributes:
        dwell_steps: The longest unbroken stand in the right place.
        stop_gap_m: Bumper to line during it, or None.
    """

    def __init__(self, line: StopLine, number: int, expect: Expectations) -> None:
        self.dwell_steps = 0
        self.stop_gap_m: float | None = None
        self._line = line
        self._name = stop_name(line, number)
        self._expect = expect
        self._gap_m = expect.bumper_gap_m if line.painted else expect.unpainted_gap_m
        self._standing_steps = 0
        self._nearest_short_m: float | None = None
        self._late_gap_m: float | None = None
        self._slowest_mps = float("inf")
        self._crossed_mps: float | None = None
        self._last_gap_m = float("inf")

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        gap_m, speed_mps = self._line.s_m - moment.bumper_s_m, moment.speed_mps
        if gap_m < 0 and self._crossed_mps is None:
            self._crossed_mps = speed_mps
        self._last_gap_m = gap_m
        if not LINE_WATCH_M[0] <= gap_m <= LINE_WATCH_M[1]:
            return
        if gap_m >= 0:
            self._slowest_mps = min(self._slowest_mps, speed_mps)
        self._note_stand(gap_m, stands=speed_mps < FULL_STOP_MPS)

    def _note_stand(self, gap_m: float, *, stands: bool) -> None:
        low_m, high_m = self._gap_m
        if not stands:
            self._standing_steps = 0
        elif gap_m < low_m:
            self._late_gap_m = gap_m
        elif gap_m > high_m:
            self._nearest_short_m = gap_m
        else:
            self._standing_steps += 1
            if self._standing_steps > self.dwell_steps:
                self.dwell_steps, self.stop_gap_m = self._standing_steps, gap_m

    def finding(self) -> Finding:
        """Say how the line was taken."""
        outcome, sentence = self._judge()
        return Finding(Expectation.STOPS, outcome, sentence, self._margin(outcome))

    def _margin(self, outcome: Outcome) -> float:
        low_m, high_m = self._gap_m
        match outcome:
            case Outcome.STOPPED_LATE:
                return (self._late_gap_m or 0.0) - low_m
            case Outcome.STOPPED_SHORT:
                return high_m - (self._nearest_short_m or high_m)
            case Outcome.LINE_NOT_REACHED:
                return -self._last_gap_m
            case Outcome.ROLLED_THROUGH:
                return -((self._crossed_mps or 0.0) ** 2) / (2.0 * self._expect.comfort_brake_mps2)
            case _:
                gap_m = low_m if self.stop_gap_m is None else self.stop_gap_m
                inside_m = min(gap_m - low_m, high_m - gap_m)
                return inside_m if outcome is Outcome.HELD else self.dwell_steps * STEP_S - self._expect.dwell_s

    def _judge(self) -> tuple[Outcome, str]:
        name, expect = self._name, self._expect
        low_m, high_m = self._gap_m
        # A stand seen in n steps lasted between n - 1 and n + 1 of them: one step is forgiven.
        needed_steps = ceil(expect.dwell_s / STEP_S - 1e-9) - 1
        if self.stop_gap_m is not None:
            stood = f"Stopped {self.stop_gap_m:.2f} m before {name} for {self.dwell_steps * STEP_S:.2f} s"
            if self.dwell_steps >= needed_steps:
                return Outcome.HELD, f"{stood}."
            return Outcome.STOPPED_BRIEFLY, f"{stood}; expected {expect.dwell_s:g} s."
        if self._late_gap_m is not None:
            where = f"{abs(self._late_gap_m):.2f} m {'past' if self._late_gap_m < 0 else 'before'} {name}"
            return Outcome.STOPPED_LATE, f"Stopped {where}; expected {low_m:g} to {high_m:g} m before it."
        if self._nearest_short_m is not None:
            return (
                Outcome.STOPPED_SHORT,
                f"Stopped {self._nearest_short_m:.2f} m before {name}; expected {low_m:g} to {high_m:g} m.",
            )
        if self._crossed_mps is None:
            return (
                Outcome.LINE_NOT_REACHED,
                f"Ended {self._last_gap_m:.1f} m before {name}, never having stopped at it.",
            )
        return (
            Outcome.ROLLED_THROUGH,
            f"Crossed {name} at {self._crossed_mps:.1f} m/s without a full stop; "
            f"slowest before it {min(self._slowest_mps, self._crossed_mps):.1f} m/s.",
        )


class StopRule:
    """A full stop at each controlled line, painted or not: bumper in the right place, for long enough."""

    def __init__(self, lines: Sequence[StopLine], expect: Expectations) -> None:
        controlled = [line for line in lines if line.stop_controlled]
        self.watches = tuple(LineWatch(line, number, expect) for number, line in enumerate(controlled, start=1))

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        for watch in self.watches:
            watch.see(moment)

    def findings(self) -> tuple[Finding, ...]:
        """Say how each line was taken."""
        return tuple(watch.finding() for watch in self.watches)


class PhantomStopRule:
    """No stop and no hard braking with nothing to stop for."""

    def __init__(self) -> None:
        self._under_way = False
        self._braking_steps = 0
        self._longest_steps = 0
        self._phantom: str | None = None
        self._excused_until_s = 0.0

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        ego = moment.world.ego
        slow = ego.speed_mps < PHANTOM_SPEED_MPS
        stopping = slow and self._under_way
        braking = ego.accel_mps2 < -PHANTOM_BRAKE_MPS2
        # A drive may begin at rest: only a car that has moved can stop.
        self._under_way = self._under_way or not slow
        time_s = moment.world.time_s
        if any(is_cause(actor, moment) for actor in moment.world.actors):
            self._excused_until_s = time_s + CAUSE_LINGERS_S
        if (
            self._phantom is not None
            or not (stopping or braking)
            or time_s < self._excused_until_s
            or has_cause(moment)
        ):
            self._braking_steps = 0
            return
        self._braking_steps = self._braking_steps + 1 if braking else 0
        self._longest_steps = max(self._longest_steps, self._braking_steps)
        at = f"at {moment.world.time_s:.1f} s, with no stop sign or car to stop for"
        if stopping:
            self._phantom = f"Slowed to {ego.speed_mps:.1f} m/s {at}."
        elif self._braking_steps * STEP_S > PHANTOM_BRAKE_S:
            self._phantom = f"Braked at {-ego.accel_mps2:.1f} m/s\N{SUPERSCRIPT TWO} {at}."

    def findings(self) -> tuple[Finding, ...]:
        """Say where it stopped for nothing, if it did."""
        if self._phantom is None:
            spare_s = PHANTOM_BRAKE_S - self._longest_steps * STEP_S
            held = "Stopped and braked for good reasons only."
            return (Finding(Expectation.NO_PHANTOM_STOP, Outcome.HELD, held, spare_s),)
        return (Finding(Expectation.NO_PHANTOM_STOP, Outcome.PHANTOM_STOP, self._phantom),)


def has_cause(moment: Moment) -> bool:
    """Return whether a controlled line, a vehicle in the way, or a sharp bend is near enough ahead to brake for."""
    world = moment.world
    near_m, far_m = CAUSE_LINE_M
    if any(
        line.stop_controlled and near_m <= line.s_m - moment.bumper_s_m <= far_m
        for line in world.scene.network.stop_lines
    ):
        return True
    return _is_before_bend(moment) or any(_is_in_the_way(actor, moment) for actor in world.actors)


def _is_before_bend(moment: Moment) -> bool:
    """Return whether a bend within reach asks for less speed; one that stands is never slowed by a bend."""
    near_m, far_m = (moment.bumper_s_m + reach_m for reach_m in CAUSE_BEND_M)
    sharpest_per_m = moment.world.scene.network.ego_road.path.sharpest_per_m(near_m, far_m)
    return sharpest_per_m * moment.speed_mps**2 > CAUSE_LATERAL_MPS2


def _is_in_the_way(actor: Actor, moment: Moment) -> bool:
    world = moment.world
    if hypot(actor.x_m - world.ego.x_m, actor.y_m - world.ego.y_m) > CAUSE_ACTOR_M + 15.0:
        return False
    road = world.scene.network.ego_road
    s_m, d_m = road.path.project(actor.x_m, actor.y_m)
    length_m, width_m, _ = actor.size_m
    ahead_m = s_m - 0.5 * length_m - moment.bumper_s_m
    beside_m = abs(d_m - road.lane_centre_d_m) - 0.5 * (width_m + world.geometry.width_m)
    if not -length_m <= ahead_m <= CAUSE_ACTOR_M:
        return False
    if beside_m < CAUSE_SIDE_M:
        return True
    # Whoever drives across the lane, or is about to, is in the way before it is on it.
    away_rad = actor.heading_rad - road.path.heading(s_m)
    aside_mps = -copysign(actor.speed_mps * sin(away_rad), d_m - road.lane_centre_d_m)
    crosses = abs(sin(away_rad)) > CAUSE_ACROSS
    return crosses and ahead_m < CAUSE_CROSSING_M and beside_m - 0.5 * length_m < CAUSE_CROSSING_S * aside_mps


class LaneRule:
    """The car's centre near the lane's."""

    def __init__(self, limit_m: float) -> None:
        self.max_offset_m = 0.0
        self._limit_m = limit_m
        self._at_s = 0.0

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        if abs(moment.offset_m) > self.max_offset_m:
            self.max_offset_m, self._at_s = abs(moment.offset_m), moment.world.time_s

    def findings(self) -> tuple[Finding, ...]:
        """Say how far the car strayed."""
        strayed = f"Strayed {self.max_offset_m:.2f} m from the lane's centre at {self._at_s:.1f} s"
        spare_m = self._limit_m - self.max_offset_m
        if spare_m >= 0.0:
            return (Finding(Expectation.LANE_KEPT, Outcome.HELD, f"{strayed}.", spare_m),)
        strayed = f"{strayed}; expected {self._limit_m:g} m at most."
        return (Finding(Expectation.LANE_KEPT, Outcome.LEFT_LANE, strayed, spare_m),)


class ContactRule:
    """No other road user touched: oriented rectangles, every step."""

    def __init__(self) -> None:
        self.touched: str | None = None
        self.min_distance_m: float | None = None
        self.touched_on_foot: dict[int, bool] = {}

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        ego = footprint_of_ego(moment.world)
        for actor in moment.world.actors:
            if hypot(actor.x_m - ego.x_m, actor.y_m - ego.y_m) > NEAR_ACTOR_M:
                continue
            length_m, width_m, _ = actor.size_m
            gap_m = rectangle_gap_m(ego, Rectangle(actor.x_m, actor.y_m, actor.heading_rad, length_m, width_m))
            if self.min_distance_m is None or gap_m < self.min_distance_m:
                self.min_distance_m = gap_m
            if gap_m == 0.0:
                self.touched_on_foot[actor.actor_id] = actor.on_foot
            if gap_m == 0.0 and self.touched is None:
                self.touched = (
                    f"Touched a {actor.kind.value} ({actor.behaviour.value.replace('_', ' ')}) "
                    f"at {moment.world.time_s:.1f} s, at {moment.speed_mps:.1f} m/s."
                )

    def findings(self) -> tuple[Finding, ...]:
        """Say what was touched, if anything."""
        if self.touched is not None:
            return (Finding(Expectation.NO_CONTACT, Outcome.CONTACT, self.touched),)
        near = "no other car was near" if self.min_distance_m is None else f"nearest {self.min_distance_m:.2f} m"
        return (Finding(Expectation.NO_CONTACT, Outcome.HELD, f"Touched nothing; {near}.", self.min_distance_m),)


def footprint_of_ego(world: World) -> Rectangle:
    """Return the ground that the ego's body covers."""
    geometry = world.geometry
    x_m, y_m = world.ego.ahead(0.5 * (geometry.front_m - geometry.rear_m))
    length_m = geometry.front_m + geometry.rear_m
    return Rectangle(x_m, y_m, world.ego.heading_rad, length_m, geometry.width_m)


class ComfortRule:
    """Braking and jerk within what passengers bear without holding on."""

    def __init__(self, brake_limit_mps2: float, jerk_limit_mps3: float) -> None:
        self.max_brake_mps2 = 0.0
        self.max_jerk_mps3 = 0.0
        self._brake_limit_mps2 = brake_limit_mps2
        self._jerk_limit_mps3 = jerk_limit_mps3
        self._brake_at_s = 0.0
        self._jerk_at_s = 0.0
        self._accels_mps2: deque[float] = deque(maxlen=round(JERK_WINDOW_S / STEP_S) + 1)

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        accel_mps2, time_s = moment.world.ego.accel_mps2, moment.world.time_s
        if -accel_mps2 > self.max_brake_mps2:
            self.max_brake_mps2, self._brake_at_s = -accel_mps2, time_s
        self._accels_mps2.append(accel_mps2)
        if len(self._accels_mps2) == self._accels_mps2.maxlen:
            jerk_mps3 = abs(accel_mps2 - self._accels_mps2[0]) / JERK_WINDOW_S
            if jerk_mps3 > self.max_jerk_mps3:
                self.max_jerk_mps3, self._jerk_at_s = jerk_mps3, time_s

    def findings(self) -> tuple[Finding, ...]:
        """Say how hard it braked, and how suddenly."""
        braked = f"Braked at up to {self.max_brake_mps2:.2f} m/s\N{SUPERSCRIPT TWO}, at {self._brake_at_s:.1f} s"
        jerk = f"Jerk of up to {self.max_jerk_mps3:.1f} m/s\N{SUPERSCRIPT THREE}, at {self._jerk_at_s:.1f} s"
        return (
            _limit(Expectation.COMFORT_BRAKE, Outcome.BRAKED_HARD, self.max_brake_mps2, self._brake_limit_mps2, braked),
            _limit(Expectation.COMFORT_JERK, Outcome.JERKY, self.max_jerk_mps3, self._jerk_limit_mps3, jerk),
        )


def _limit(expectation: Expectation, broken: Outcome, value: float, limit: float, happened: str) -> Finding:
    if value <= limit:
        return Finding(expectation, Outcome.HELD, f"{happened}.", limit - value)
    return Finding(expectation, broken, f"{happened}; expected {limit:g} at most.", limit - value)


class RouteRule:
    """The route's end reached in time."""

    def __init__(self, limit_s: float) -> None:
        self.finished_s: float | None = None
        self._limit_s = limit_s
        self._left_m = float("inf")

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        self._left_m = moment.world.scene.route_end_s_m - moment.bumper_s_m
        if self._left_m <= 0 and self.finished_s is None:
            self.finished_s = moment.world.time_s

    def findings(self) -> tuple[Finding, ...]:
        """Say when the end was reached, or how much was left."""
        if self.finished_s is not None and self.finished_s <= self._limit_s:
            finished, spare_s = f"Finished after {self.finished_s:.1f} s.", self._limit_s - self.finished_s
            return (Finding(Expectation.ROUTE_FINISHED, Outcome.HELD, finished, spare_s),)
        sentence = (
            f"Had {max(self._left_m, 0.0):.1f} m of the route left when it ended; expected {self._limit_s:g} s at most."
        )
        return (Finding(Expectation.ROUTE_FINISHED, Outcome.OUT_OF_TIME, sentence, -max(self._left_m, 0.0)),)


class SafeStopRule:
    """A stand soon after a fault has set in."""

    def __init__(self, start_step: int, limit_s: float) -> None:
        self._start_step = start_step
        self._limit_s = limit_s
        self.stood_after_s: float | None = None

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        late_steps = moment.world.step - self._start_step
        if late_steps >= 0 and moment.speed_mps < FULL_STOP_MPS and self.stood_after_s is None:
            self.stood_after_s = late_steps * STEP_S

    def findings(self) -> tuple[Finding, ...]:
        """Say how soon the car stood."""
        at = f"the fault at {self._start_step * STEP_S:.1f} s"
        if self.stood_after_s is None:
            return (Finding(Expectation.SAFE_STOP, Outcome.NO_SAFE_STOP, f"Never stood after {at}."),)
        sentence = f"Stood {self.stood_after_s:.1f} s after {at}"
        spare_s = self._limit_s - self.stood_after_s
        if spare_s >= 0.0:
            return (Finding(Expectation.SAFE_STOP, Outcome.HELD, f"{sentence}.", spare_s),)
        late = f"{sentence}; expected {self._limit_s:g} s at most."
        return (Finding(Expectation.SAFE_STOP, Outcome.NO_SAFE_STOP, late, spare_s),)
