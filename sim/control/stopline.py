"""Stop lines followed over time. A line alone asks for nothing; it tells where to stop for a sign."""

from __future__ import annotations

from dataclasses import dataclass

from sim.control.odometry import Travel, carry
from sim.percept import StopLineEstimate

MIN_CONFIDENCE = 0.35
"""Estimates less sure than this are not taken up."""

FIRST_LOG_ODDS = -1.5
MOST_LOG_ODDS = 4.0
DROPPED_LOG_ODDS = -2.5
MAX_GAIN = 0.7
MISS = 0.15
"""As for signs; a line is believed after fewer frames, since alone it does nothing."""

VISIBLE_M = (7.8, 28.0)
"""Depths between which a line in the camera's view ought to be seen."""

MIN_RELATIVE_SD = 0.012
MIN_SD_M = 0.08
"""However often it has been seen, a line's place is known no better than this when seen: errors are alike."""


@dataclass(frozen=True, slots=True)
class LineTrack:
    """A stop line believed to be there.

    Attributes:
        x_m: Depth of its near edge from the camera.
        spread_m: One standard deviation of `x_m`.
        log_odds: Belief that it is real, as the logarithm of odds.
    """

    x_m: float
    spread_m: float
    log_odds: float

    @property
    def believed(self) -> bool:
        """Whether it is to be acted upon."""
        return self.log_odds > 0.0


def update_lines(
    lines: tuple[LineTrack, ...], seen: StopLineEstimate | None, travel: Travel, camera_forward_m: float
) -> tuple[LineTrack, ...]:
    """Return the lines after the car has moved and looked, nearest first."""
    if seen is not None and seen.confidence < MIN_CONFIDENCE:
        seen = None
    after: list[LineTrack] = []
    for line in lines:
        # The middle of the lane is straight ahead, near enough: a line lies across it.
        x_m, _ = carry(line.x_m, 0.0, travel, camera_forward_m)
        spread_m = line.spread_m + 0.004 * travel.distance_m
        if seen is not None and abs(seen.distance_m - x_m) < 1.0 + 3.0 * max(spread_m, 0.04 * x_m):
            after.append(_update(LineTrack(x_m, spread_m, line.log_odds), seen))
            seen = None
            continue
        missed = MISS if VISIBLE_M[0] < x_m < VISIBLE_M[1] else 0.0
        if line.log_odds - missed > DROPPED_LOG_ODDS and x_m > -15.0:
            after.append(LineTrack(x_m, spread_m, line.log_odds - missed))
    if seen is not None:
        noise_m = max(seen.distance_spread_m, 0.03 * seen.distance_m)
        after.append(LineTrack(seen.distance_m, noise_m, FIRST_LOG_ODDS + MAX_GAIN * seen.confidence))
    return tuple(sorted(after, key=_depth)) if len(after) > 1 else tuple(after)


def coast_lines(lines: tuple[LineTrack, ...], travel: Travel, camera_forward_m: float) -> tuple[LineTrack, ...]:
    """Return the lines after the car has moved without looking."""
    return tuple(
        LineTrack(
            carry(line.x_m, 0.0, travel, camera_forward_m)[0], line.spread_m + 0.004 * travel.distance_m, line.log_odds
        )
        for line in lines
    )


def _depth(line: LineTrack) -> float:
    return line.x_m


def _update(line: LineTrack, seen: StopLineEstimate) -> LineTrack:
    noise_m = max(seen.distance_spread_m, 0.02 * seen.distance_m, 0.1)
    gain = line.spread_m**2 / (line.spread_m**2 + noise_m**2)
    x_m = line.x_m + gain * (seen.distance_m - line.x_m)
    spread_m = max((1.0 - gain) ** 0.5 * line.spread_m, MIN_RELATIVE_SD * seen.distance_m, MIN_SD_M)
    return LineTrack(x_m, spread_m, min(line.log_odds + MAX_GAIN * seen.confidence, MOST_LOG_ODDS))
