"""Roads in plan: centre lines, lanes, junctions and the stop lines on them.

Along a road `s_m`, left of it `d_m`. Traffic keeps to the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import atan2, cos, hypot, sin

import numpy as np
from numpy.typing import NDArray

SAMPLE_M = 0.5
"""Distance between the samples of a centre line; over it, every curve of a road is straight to under 2 mm."""


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
        heading = self.heading_rad[index] + 0.5 * beyond_m * self._curvature(s_m, index)
        x = self.x_m[index] + beyond_m * cos(heading)
        y = self.y_m[index] + beyond_m * sin(heading)
        normal = self.heading(s_m)
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


class Edge(StrEnum):
    """What borders a road."""

    KERB = "kerb"
    VERGE = "verge"


class CentreLine(StrEnum):
    """What divides the two directions."""

    DASHED = "dashed"
    SOLID = "solid"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class Road:
    """One two-lane road.

    Attributes:
        path: Its centre line; the ego's direction of travel is along it.
        lane_width_m: Width of each of the two lanes.
        edge: Kerb (towns) or verge (country).
        centre_line: How the middle is marked.
        yellow_centre: Whether the middle is marked in yellow (North America) or white.
        edge_lines: Whether the outer edges are marked.
        wear: From 0 (fresh markings) to 1 (gone).
    """

    path: Path
    lane_width_m: float
    edge: Edge
    centre_line: CentreLine
    yellow_centre: bool
    edge_lines: bool
    wear: float

    @property
    def half_width_m(self) -> float:
        """Centre line to the edge of the carriageway."""
        return self.lane_width_m

    @property
    def lane_centre_d_m(self) -> float:
        """Where the centre of the lane along the path lies: to the right, so negative."""
        return -0.5 * self.lane_width_m


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop line across the ego lane.

    Attributes:
        s_m: Arc length on the ego road of the near edge, where the front bumper must not be past.
        thickness_m: Along the road, 0.3 to 0.6 m.
        junction: Which junction it belongs to.
        stop_controlled: Whether a stop sign stands at it; a bare line asks for no stop.
    """

    s_m: float
    thickness_m: float
    junction: int
    stop_controlled: bool = True


@dataclass(frozen=True, slots=True)
class Junction:
    """Where a road crosses the ego road.

    Attributes:
        s_m: Arc length on the ego road of the crossing's centre.
        road: The crossing road; its path runs from the ego's right to its left.
        crosswalk_s_m: Where the near crosswalk starts on the ego road, or None.
        all_way: Whether the crossing road stops too.
    """

    s_m: float
    road: Road
    crosswalk_s_m: float | None
    all_way: bool

    @property
    def near_edge_s_m(self) -> float:
        """Arc length on the ego road of the crossing road's near edge, measured on the road's centre."""
        return self.s_m - self.road.half_width_m


@dataclass(frozen=True, slots=True)
class RoadNetwork:
    """The ego road, the roads that cross it, and the stop lines in the order in which they are met."""

    ego_road: Road
    junctions: tuple[Junction, ...]
    stop_lines: tuple[StopLine, ...]

    def next_stop_line(self, bumper_s_m: float) -> StopLine | None:
        """Return the first stop line that is not behind `bumper_s_m`."""
        return next((line for line in self.stop_lines if line.s_m >= bumper_s_m), None)

    def lane_position(self, s_m: float, d_m: float = 0.0) -> tuple[float, float]:
        """Return the world position of a point of the ego lane, `d_m` left of its centre."""
        return self.ego_road.path.position(s_m, self.ego_road.lane_centre_d_m + d_m)
