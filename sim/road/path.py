"""Curves in plan: lines, arcs and clothoids, there and back between world and road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import atan2, cos, hypot, sin

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

SAMPLE_M = 0.5
"""Distance between the samples of a centre line; over it, every curve of a road is straight to some 3 mm."""

TIGHT_PER_M = 0.021
"""From this curvature on, a bend is drawn from shorter pieces."""

TURN_PER_M = 0.06
"""From this curvature on, from shorter ones still."""


Values = NDArray[np.float64]
Frames = tuple[Values, Values, Values, Values]
"""x, y, and the x and y of the normal to the left, at many places."""


@compiled
def _before(s_m: Values, x_m: Values, y_m: Values, heading_rad: Values, curvature_per_m: Values) -> Values:
    """Return, for each arc length, x and y of the sample before it, the way past that and the heading, shape (4, n)."""
    found = np.empty((4, len(s_m)))
    for place in range(len(s_m)):
        index = min(max(int(s_m[place] / SAMPLE_M), 0), len(x_m) - 1)
        beyond = s_m[place] - index * SAMPLE_M
        found[0, place], found[1, place], found[2, place] = x_m[index], y_m[index], beyond
        found[3, place] = heading_rad[index] + beyond * curvature_per_m[index]
    return found


@compiled
def _stations(start_m: float, end_m: float, heading_rad: Values, curvature_per_m: Values) -> Values:
    sharpest_per_m = 0.0
    for index in range(max(int(start_m / SAMPLE_M), 0), min(max(int(end_m / SAMPLE_M) + 1, 0), len(curvature_per_m))):
        sharpest_per_m = max(sharpest_per_m, abs(curvature_per_m[index]))
    step_m = 4.0 if sharpest_per_m <= TIGHT_PER_M else 1.5 if sharpest_per_m <= TURN_PER_M else 1.0
    second_m = start_m + step_m
    inner = max(int(np.ceil((end_m - 0.5 - second_m) / step_m)), 0)
    gap_m = second_m + step_m - second_m
    stations = np.empty(inner + 2)
    stations[0], stations[-1] = start_m, end_m
    for number in range(inner):
        stations[number + 1] = second_m + number * gap_m
    # On a straight, its ends are enough.
    kept, last = 1, len(heading_rad) - 1
    here_rad = heading_rad[min(max(int(start_m / SAMPLE_M), 0), last)]
    bent = False
    for number in range(1, inner + 2):
        there_rad = heading_rad[min(max(int(stations[number] / SAMPLE_M), 0), last)]
        bends = abs(there_rad - here_rad) > 1e-6
        if number > 1 and (bent or bends):
            stations[kept] = stations[number - 1]
            kept += 1
        bent, here_rad = bends, there_rad
    stations[kept] = end_m
    return stations[: kept + 1]


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A curve in plan, sampled every `SAMPLE_M`.

    Attributes:
        x_m: World x of each sample, shape (n,).
        y_m: World y of each sample, shape (n,).
        heading_rad: Direction at each sample, counter-clockwise from x, unwrapped, shape (n,).
        curvature_per_m: Curvature at each sample, positive to the left, shape (n,).
    """

    x_m: NDArray[np.float64] = field(repr=False)
    y_m: NDArray[np.float64] = field(repr=False)
    heading_rad: NDArray[np.float64] = field(repr=False)
    curvature_per_m: NDArray[np.float64] = field(repr=False)

    @property
    def length_m(self) -> float:
        """Arc length from the first sample to the last."""
        return SAMPLE_M * (len(self.x_m) - 1)

    def _at(self, s_m: float) -> tuple[int, float]:
        """Return the sample before `s_m` and the distance past it; beyond the ends, the end's straight continuation."""
        index = min(max(int(s_m / SAMPLE_M), 0), len(self.x_m) - 1)
        return index, s_m - index * SAMPLE_M

    def position(self, s_m: float, d_m: float = 0.0) -> tuple[float, float]:
        """Return the world x and y of the point `s_m` along the path and `d_m` to its left."""
        index, beyond_m = self._at(s_m)
        start_rad, curvature_per_m = float(self.heading_rad[index]), self._curvature(s_m, index)
        heading = start_rad + 0.5 * beyond_m * curvature_per_m
        x = self.x_m[index] + beyond_m * cos(heading)
        y = self.y_m[index] + beyond_m * sin(heading)
        normal = start_rad + beyond_m * curvature_per_m
        return float(x - d_m * sin(normal)), float(y + d_m * cos(normal))

    def heading(self, s_m: float) -> float:
        """Return the path's direction at `s_m`."""
        index, beyond_m = self._at(s_m)
        return float(self.heading_rad[index] + beyond_m * self._curvature(s_m, index))

    def _curvature(self, s_m: float, index: int) -> float:
        return float(self.curvature_per_m[index]) if 0.0 <= s_m <= self.length_m else 0.0

    def mean_curvature(self, s_m: float, ahead_m: float) -> float:
        """Return the mean curvature over the next `ahead_m` metres."""
        return (self.heading(s_m + ahead_m) - self.heading(s_m)) / ahead_m

    def sharpest_per_m(self, start_m: float, end_m: float) -> float:
        """Return the largest size of the curvature between two arc lengths; 0 where there is no path."""
        first, last = int(start_m / SAMPLE_M), int(end_m / SAMPLE_M) + 1
        return float(np.abs(self.curvature_per_m[max(first, 0) : max(last, 0)]).max(initial=0.0))

    def frames(self, s_m: NDArray[np.float64]) -> Frames:
        """Return x, y, and the x and y of the normal to the left, each of shape (n,), at many arc lengths at once."""
        x, y, beyond, heading = _before(s_m, self.x_m, self.y_m, self.heading_rad, self.curvature_per_m)
        cosine, sine = np.cos(heading), np.sin(heading)
        return x + beyond * cosine, y + beyond * sine, -sine, cosine

    def stations(self, start_m: float, end_m: float) -> NDArray[np.float64]:
        """Return arc lengths, few on straights, so close in bends that these look round (2 cm at a radius of 100 m)."""
        return _stations(start_m, end_m, self.heading_rad, self.curvature_per_m)

    def beside(self, s_m: NDArray[np.float64], d_m: float) -> NDArray[np.float64]:
        """Return the world positions, shape (n, 2), of points `d_m` left of the path at many arc lengths."""
        x, y, normal_x, normal_y = self.frames(s_m)
        return np.stack([x + d_m * normal_x, y + d_m * normal_y], axis=1)

    def project(self, x_m: float, y_m: float, near_s_m: float | None = None) -> tuple[float, float]:
        """Return `s_m` and `d_m` of the path's point nearest to a world position.

        Args:
            x_m: World x.
            y_m: World y.
            near_s_m: If given, search only within 30 m of this arc length.
        """
        first, last = 0, len(self.x_m)
        if near_s_m is not None:
            first = max(0, min(int((near_s_m - 30.0) / SAMPLE_M), last - 2))
            last = min(last, max(int((near_s_m + 30.0) / SAMPLE_M), first + 2))
        dx = self.x_m[first:last] - x_m
        dy = self.y_m[first:last] - y_m
        index = first + int(np.argmin(dx * dx + dy * dy))
        heading = float(self.heading_rad[index])
        ahead_x, ahead_y = x_m - float(self.x_m[index]), y_m - float(self.y_m[index])
        along = ahead_x * cos(heading) + ahead_y * sin(heading)
        left = -ahead_x * sin(heading) + ahead_y * cos(heading)
        curvature = self._curvature(index * SAMPLE_M + along, index)
        if abs(curvature) > 1e-9:
            beside = 1.0 - left * curvature
            left = (1.0 - hypot(along * curvature, beside)) / curvature
            along = atan2(along * curvature, beside) / curvature
        return index * SAMPLE_M + along, left


def build_path(
    sections: Sequence[tuple[float, float, float]], x_m: float = 0.0, y_m: float = 0.0, heading_rad: float = 0.0
) -> Path:
    """Join sections whose curvature changes linearly (lines, arcs and clothoids) into a path.

    Args:
        sections: Length in metres, curvature at the start and at the end in 1/m, of each section.
        x_m: Where the path starts.
        y_m: Where the path starts.
        heading_rad: The direction in which it starts.

    Raises:
        ValueError: If there is no section, or one is not longer than 0.
    """
    if not sections or any(length <= 0 for length, _, _ in sections):
        raise ValueError(f"Expected sections of positive length. Received: {list(sections)}.")
    ends = np.cumsum([0.0] + [length for length, _, _ in sections])
    count = int(np.ceil(ends[-1] / SAMPLE_M)) + 1
    s = SAMPLE_M * np.arange(count)
    which = np.minimum(np.searchsorted(ends, s, side="right") - 1, len(sections) - 1)
    table = np.asarray(sections, dtype=np.float64)
    share = np.clip((s - ends[which]) / table[which, 0], 0.0, 1.0)
    curvature = table[which, 1] + share * (table[which, 2] - table[which, 1])
    heading = heading_rad + SAMPLE_M * np.concatenate([[0.0], np.cumsum(curvature[:-1])])
    middle = heading[:-1] + 0.5 * SAMPLE_M * curvature[:-1]
    return Path(
        x_m + SAMPLE_M * np.concatenate([[0.0], np.cumsum(np.cos(middle))]),
        y_m + SAMPLE_M * np.concatenate([[0.0], np.cumsum(np.sin(middle))]),
        heading,
        curvature,
    )
