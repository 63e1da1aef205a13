"""What a drive came to: each expectation held against what happened, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

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


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation held against what happened.

    Attributes:
        expectation: Which.
        outcome: `Outcome.HELD`, or how it was broken.
        sentence: What happened, with numbers.
    """

    expectation: Expectation
    outcome: Outcome
    sentence: str

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
    """

    stop_gaps_m: tuple[float | None, ...]
    dwells_s: tuple[float, ...]
    max_brake_mps2: float
    max_jerk_mps3: float
    max_offset_m: float
    route_s: float | None
    min_distance_m: float | None


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
    def simulated_s(self) -> float:
        """How long the drive was, in its own time."""
        return self.steps * STEP_S


def leading_outcome(findings: tuple[Finding, ...]) -> Outcome:
    """Return the weightiest outcome among findings; `Outcome.HELD` if there is none."""
    return min((finding.outcome for finding in findings), key=lambda outcome: outcome.weight, default=Outcome.HELD)
