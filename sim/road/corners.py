"""The rounded corners where the edges of two roads meet."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray

from sim.road.network import Junction, RoadNetwork
from sim.road.section import Road

_SEARCH_M = 32.0
_STEP_M = 0.25
_ARC_POINTS = 7


@dataclass(frozen=True, slots=True)
class Corner:
    """An arc from the ego road's edge to the crossing road's.

    Where the ego road turns, the road that leads straight on stands in its place.

    Attributes:
        side: Of the ego road: 1 left, -1 right.
        way: 1 beyond the crossing road, -1 before it.
        x_m: World x of the arc's centre, on the pavement.
        y_m: World y of the arc's centre.
        radius_m: Of the arc.
        start_rad: Direction from the centre to where the arc leaves the ego road.
        sweep_rad: From there to where it meets the crossing road; signed.
        ego_s_m: Arc length on the ego road at which its edge leaves it.
        crossing_s_m: Arc length on the crossing road at which its edge meets it.
    """

    side: float
    way: float
    x_m: float
    y_m: float
    radius_m: float
    start_rad: float
    sweep_rad: float
    ego_s_m: float
    crossing_s_m: float

    def arc(self, radius_m: float) -> NDArray[np.float64]:
        """Return points, shape (n, 2), on an arc about the same centre, from the ego road to the crossing road."""
        turns = self.start_rad + self.sweep_rad * np.linspace(0.0, 1.0, _ARC_POINTS)
        return np.stack([self.x_m + radius_m * np.cos(turns), self.y_m + radius_m * np.sin(turns)], axis=1)


def find_corners(network: RoadNetwork) -> tuple[tuple[Corner, ...], ...]:
    """Return the rounded corners of each junction."""
    return tuple(junction_corners(network.ego_road, junction) for junction in network.junctions)


def junction_corners(ego_road: Road, junction: Junction) -> tuple[Corner, ...]:
    """Return the rounded corners of a junction; none where its corners are points."""
    if junction.corner_m <= 0.0:
        return ()
    ways = (-1.0, 1.0) if junction.leads_on else (-1.0,)
    places = [(side, way) for side in junction.arms for way in ways]
    if junction.turn and junction.leads_on:
        places.append((junction.turn, 1.0))
    corners = (_corner(*junction.straight(ego_road), junction, side, way) for side, way in places)
    return tuple(corner for corner in corners if corner is not None)


def _corner(ego_road: Road, at_s_m: float, junction: Junction, side: float, way: float) -> Corner | None:
    """Return the circle that touches both edges; None where the roads do not meet.

    Its centre is a radius beyond the ego road's edge and, the crossing road being straight, on a line.

    Args:
        ego_road: The ego's, or the one that leads straight on where that turns.
        at_s_m: Arc length on it of the crossing road's middle.
        junction: Where they meet.
        side: Of `ego_road`.
        way: 1 beyond the crossing road, -1 before it.
    """
    radius_m, path, crossing = junction.corner_m, ego_road.path, junction.road
    s = np.arange(at_s_m - _SEARCH_M, at_s_m + _SEARCH_M, _STEP_M)
    places = path.beside(s, side * (ego_road.half_width_m + radius_m))
    origin = crossing.path.position(junction.middle_m)
    heading = crossing.path.heading(junction.middle_m)
    # The crossing road runs from right to left: its left edge is the one met first.
    d = -(places[:, 0] - origin[0]) * sin(heading) + (places[:, 1] - origin[1]) * cos(heading)
    beyond = -way * d - (crossing.half_width_m + radius_m)
    roots = np.flatnonzero(np.sign(beyond[:-1]) != np.sign(beyond[1:]))
    if not len(roots):
        return None
    expected_m = at_s_m + way * (crossing.half_width_m + radius_m)
    k = int(roots[np.argmin(np.abs(s[roots] - expected_m))])
    ego_s_m = float(s[k] + _STEP_M * beyond[k] / (beyond[k] - beyond[k + 1]))
    x_m, y_m = path.position(ego_s_m, side * (ego_road.half_width_m + radius_m))
    along_m = (x_m - origin[0]) * cos(heading) + (y_m - origin[1]) * sin(heading)
    crossing_s_m = junction.middle_m + along_m
    from_x, from_y = path.position(ego_s_m, side * ego_road.half_width_m)
    to_x, to_y = crossing.path.position(crossing_s_m, -way * crossing.half_width_m)
    start_rad = atan2(from_y - y_m, from_x - x_m)
    sweep_rad = (atan2(to_y - y_m, to_x - x_m) - start_rad + pi) % (2 * pi) - pi
    return Corner(side, way, x_m, y_m, hypot(from_x - x_m, from_y - y_m), start_rad, sweep_rad, ego_s_m, crossing_s_m)
