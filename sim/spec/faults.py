"""What may befall camera, network and sensors during a drive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any, ClassVar

from sim.config import STRICT
from sim.spec.spans import Span, check_spec


class FaultKind(StrEnum):
    """What breaks; the value is its name in a scenario file."""

    DROPPED = "dropped"
    FROZEN = "frozen"
    LATE = "late"
    SLOW = "slow"
    BLURRED = "blurred"
    DIRTY = "dirty"
    HALF_BLACK = "half_black"
    OVEREXPOSED = "overexposed"
    NO_NUMBERS = "no_numbers"
    STUCK_STEERING = "stuck_steering"


STRENGTHS: dict[FaultKind, tuple[float, float, float]] = {
    FaultKind.DROPPED: (0.0, 1.0, 1.0),
    FaultKind.LATE: (0.05, 2.0, 0.2),
    FaultKind.SLOW: (0.05, 2.0, 0.2),
    FaultKind.BLURRED: (0.5, 20.0, 6.0),
    FaultKind.DIRTY: (0.0, 0.9, 0.15),
    FaultKind.HALF_BLACK: (0.1, 1.0, 0.5),
    FaultKind.OVEREXPOSED: (1.0, 50.0, 8.0),
}
"""Least, most and usual strength of each kind that has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """The distributions of one fault; each run draws from them.

    Attributes:
        kind: What breaks:
            "dropped": frames never arrive; the strength is the share of them that is lost.
            "frozen": the camera sends the same picture again and again, with new time stamps.
            "late": each percept is of a moment that lies back by the strength, in seconds.
            "slow": perception takes the strength, in seconds, for a frame, and skips those that come meanwhile.
            "blurred": the strength is the blur's standard deviation in pixels.
            "dirty": opaque dirt on the lens; the strength is the share of the picture that it hides.
            "half_black": from one side on, the picture is black; the strength is the share of its width.
            "overexposed": the strength is the gain on all brightness.
            "no_numbers": the network's answers are NaN.
            "stuck_steering": the steering sensor stays where it was.
        start_s: When it sets in.
        duration_s: How long it lasts.
        strength: How bad it is, as above; the usual one if not given.

    Raises:
        ValueError: If a span is upside down or negative, or a strength is out of its kind's range or has no meaning.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    kind: FaultKind
    start_s: Span = (2.0, 4.0)
    duration_s: Span = (2.0, 4.0)
    strength: Span | None = None

    def __post_init__(self) -> None:
        check_spec(self)
        if not (isfinite(self.start_s[1]) and isfinite(self.duration_s[1])):
            raise ValueError("Expected start_s and duration_s to be finite. Received: infinity or no number.")
        if self.strength is None:
            return
        if self.kind not in STRENGTHS:
            raise ValueError(f"Expected no strength: a fault '{self.kind}' has none. Received: {list(self.strength)}.")
        least, most, _ = STRENGTHS[self.kind]
        if not (least <= self.strength[0] <= self.strength[1] <= most):
            raise ValueError(
                f"Expected the strength of '{self.kind}' to be within {least:g} to {most:g}. "
                f"Received: {list(self.strength)}."
            )

    @property
    def strengths(self) -> Span:
        """From where to where the strength is drawn; 1 where there is none."""
        if self.strength is not None:
            return self.strength
        usual = STRENGTHS.get(self.kind, (1.0, 1.0, 1.0))[2]
        return (usual, usual)
