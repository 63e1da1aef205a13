"""What a drive came to: each expectation held against what happened, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from scenarios.scoring import CarlaScore
from sim.vehicle import STEP_S


class Outcome(Enum):
    """What a drive, or one rule of it, came to; the value is the sentence that a person reads.

    In order of weight: the first that applies is the verdict's.
    """

    CONTACT = "Touched another road user."
    PERSON_ENDANGERED = "Came too near to someone on foot."
    PASSED_SCHOOL_BUS = "Passed a school bus with its stop arm out."
    RIGHT_OF_WAY_TAKEN = "Took another road user's right of way."
    NO_SAFE_STOP = "Did not come to a stand after a fault."
    ROLLED_THROUGH = "Crossed the stop line without a full stop."
    STOPPED_LATE = "Stopped past the stop line."
    STOPPED_SHORT = "Stopped too far before the stop line."
    STOPPED_BRIEFLY = "Did not stand at the stop line for long enough."
    LINE_NOT_REACHED = "Did not reach the stop line."
    LEFT_LANE = "Left the middle of the lane."
    PHANTOM_STOP = "Stopped, or braked hard, with nothing to stop for."
    OUT_OF_TIME = "Did not reach the route's end in time."
    BRAKED_HARD = "Braked harder than is comfortable."
    JERKY = "Changed its acceleration faster than is comfortable."
    HELD = "All that was expected held."

    @property
    def weight(self) -> int:
        """Place in the order of weight; 0 weighs most."""
        return list(Outcome).index(self)


class Expectation(StrEnum):
    """What a finding is about; the value is the key in a scenario file."""

    STOPS = "stops_at_every_sign"
    NO_PHANTOM_STOP = "no_phantom_stop"
    LANE_KEPT = "lane_kept_m"
    NO_CONTACT = "no_contact"
    RIGHT_OF_WAY = "right_of_way"
    PEOPLE_SAFE = "people_safe"
    SCHOOL_BUS = "school_bus_stop"
    COMFORT_BRAKE = "comfort_brake_mps2"
    COMFORT_JERK = "comfort_jerk_mps3"
    ROUTE_FINISHED = "route_finished_s"
    SAFE_STOP = "safe_stop_s"


MARGIN_UNITS: dict[Expectation, tuple[float, str]] = {
    Expectation.STOPS: (0.7, "m inside of where the bumper must be; m of braking missed, where it rolled through"),
    Expectation.NO_PHANTOM_STOP: (0.5, "s that it might have braked longer for nothing"),
    Expectation.LANE_KEPT: (0.6, "m to the limit"),
    Expectation.NO_CONTACT: (2.0, "m to the nearest other body"),
    Expectation.COMFORT_BRAKE: (1.0, "m/s2 to the limit"),
    Expectation.COMFORT_JERK: (3.0, "m/s3 to the limit"),
    Expectation.ROUTE_FINISHED: (10.0, "s to spare; m that were left, where it was not reached"),
    Expectation.SAFE_STOP: (2.0, "s to spare"),
}
"""Of each expectation whose margin is measured: a comfortable margin, and what it is in."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation held against what happened.

    Attributes:
        expectation: Which.
        outcome: `Outcome.HELD`, or how it was broken.
        sentence: What happened, with numbers.
        margin: How far it was from breaking, in the unit of `MARGIN_UNITS`; negative by how far it was broken. None
            where nothing but yes or no is known.
    """

    expectation: Expectation
    outcome: Outcome
    sentence: str
    margin: float | None = None

    @property
    def robustness(self) -> float:
        """The margin as a share of what is comfortable: negative if and only if it is broken, and never above 1."""
        if self.margin is None:
            return 1.0 if self.held else -1.0
        share = self.margin / MARGIN_UNITS[self.expectation][0]
        return min(max(share, 0.0), 1.0) if self.held else min(share, -1e-6)

    @property
    def held(self) -> bool:
        """Whether the expectation was met."""
        return self.outcome is Outcome.HELD


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was measured of a drive, whatever was expected.

    Attributes:
        stop_gaps_m: For each controlled line, front bumper to line while it stood there longest, or None.
        dwells_s: For each controlled line, how long it stood there.
        max_brake_mps2: Strongest braking.
        max_jerk_mps3: Fastest change of acceleration over 0.3 s.
        max_offset_m: Farthest that the car's centre was from the lane's.
        route_s: When the route's end was reached, or None.
        min_distance_m: Nearest that the car's body came to another's, or None if none came within 30 m.
        carla: What it came to by CARLA's rules.
    """

    stop_gaps_m: tuple[float | None, ...]
    dwells_s: tuple[float, ...]
    max_brake_mps2: float
    max_jerk_mps3: float
    max_offset_m: float
    route_s: float | None
    min_distance_m: float | None
    carla: CarlaScore | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one run.

    Attributes:
        scenario: Its name.
        seed: The run seed: the same scenario and run seed give the same world.
        eyes: "network", "oracle" or "blind".
        outcome: `Outcome.HELD`, or the weightiest way in which an expectation was broken.
        findings: One for each expectation, and for the stops one for each controlled line.
        metrics: What was measured.
        steps: How many 20 Hz steps were driven.
    """

    scenario: str
    seed: int
    eyes: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    metrics: Metrics
    steps: int

    @property
    def passed(self) -> bool:
        """Whether all that was expected held."""
        return self.outcome is Outcome.HELD

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The expectations that did not hold, the weightiest first."""
        return tuple(sorted((f for f in self.findings if not f.held), key=lambda finding: finding.outcome.weight))

    @property
    def reason(self) -> str:
        """What a person reads: how the weightiest broken expectation was broken, or that all held."""
        return self.broken[0].sentence if self.broken else self.outcome.value

    @property
    def margin(self) -> float:
        """The least robustness among the findings: negative if and only if the run failed, 1 at its best."""
        return min((finding.robustness for finding in self.findings), default=1.0)

    @property
    def simulated_s(self) -> float:
        """How long the drive was, in its own time."""
        return self.steps * STEP_S


def leading_outcome(findings: tuple[Finding, ...]) -> Outcome:
    """Return the weightiest outcome among findings; `Outcome.HELD` if there is none."""
    return min((finding.outcome for finding in findings), key=lambda outcome: outcome.weight, default=Outcome.HELD)
