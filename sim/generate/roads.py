"""The roads: the ego's, bent by arcs and clothoids, and those that cross it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from sim.generate.drawing import count, uniform
from sim.road import CentreLine, Edge, Junction, Road, RoadNetwork, StopLine, build_path
from sim.signs import LINE_TO_CROSSING_ROAD_M, MIN_LINE_TO_CROSSWALK_M, STOP_LINE_THICKNESS_M
from sim.spec import WorldSpec

START_BUMPER_S_M = 40.0
"""Where the ego's front bumper stands at the start: far enough from the path's own beginning to look back."""

BEYOND_ROUTE_M = 160.0
"""Road drawn past the route's end, out to where haze and perspective leave nothing to see."""

CROSSWALK_DEPTH_M = 2.7


@dataclass(frozen=True, slots=True)
class _Approach:
    """One junction before there is a path: everything that is measured along the ego road."""

    line_s_m: float
    thickness_m: float
    controlled: bool
    crosswalk_s_m: float | None
    centre_s_m: float
    half_width_m: float
    all_way: bool


def draw_roads(rng: np.random.Generator, spec: WorldSpec, in_town: bool) -> tuple[RoadNetwork, float]:
    """Return the roads, and the arc length on the ego road at which the route ends."""
    lane_width_m = uniform(rng, spec.lane_width_m)
    approaches = list(_approaches(rng, spec))
    last_s_m = approaches[-1].centre_s_m if approaches else START_BUMPER_S_M + uniform(rng, spec.approach_m)
    end_s_m = last_s_m + uniform(rng, spec.after_m)
    path = build_path(list(_sections(rng, spec, approaches, end_s_m)))
    wear = uniform(rng, spec.marking_wear)
    yellow = bool(rng.random() < 0.6)
    style = list(CentreLine)[int(rng.integers(len(CentreLine)))]
    edge = Edge.KERB if in_town else Edge.VERGE
    road = Road(path, lane_width_m, edge, style, yellow, bool(rng.random() < (0.4 if in_town else 0.9)), wear)
    junctions = tuple(_junction(rng, road, approach) for approach in approaches)
    lines = tuple(
        StopLine(approach.line_s_m, approach.thickness_m, index)
        for index, approach in enumerate(approaches)
        if approach.controlled
    )
    return RoadNetwork(road, junctions, lines), end_s_m


def _approaches(rng: np.random.Generator, spec: WorldSpec) -> Iterator[_Approach]:
    s_m = START_BUMPER_S_M + uniform(rng, spec.approach_m)
    for _ in range(count(rng, spec.junctions)):
        controlled = bool(rng.random() < spec.controlled_share)
        thickness_m = uniform(rng, STOP_LINE_THICKNESS_M)
        half_width_m = uniform(rng, spec.lane_width_m)
        crosswalk_s_m = None
        if rng.random() < spec.crosswalk_share:
            crosswalk_s_m = s_m + thickness_m + float(rng.uniform(MIN_LINE_TO_CROSSWALK_M, MIN_LINE_TO_CROSSWALK_M + 1))
            edge_s_m = crosswalk_s_m + CROSSWALK_DEPTH_M + float(rng.uniform(0.3, 1.0))
        else:
            edge_s_m = s_m + uniform(rng, LINE_TO_CROSSING_ROAD_M)
        all_way = bool(rng.random() < spec.all_way_share) if controlled else True
        centre_s_m = edge_s_m + half_width_m
        yield _Approach(s_m, thickness_m, controlled, crosswalk_s_m, centre_s_m, half_width_m, all_way)
        s_m = max(centre_s_m + half_width_m + 30.0, s_m + uniform(rng, spec.spacing_m))


def _sections(
    rng: np.random.Generator, spec: WorldSpec, approaches: list[_Approach], end_s_m: float
) -> Iterator[tuple[float, float, float]]:
    """Bend each approach: a clothoid in, an arc, a clothoid out that ends at the stop line, then straight across."""
    at_m = 0.0
    targets = [a.line_s_m for a in approaches] or [end_s_m]
    leaves = [a.centre_s_m + a.half_width_m + 5.0 for a in approaches] or [end_s_m]
    for line_s_m, leave_s_m in zip(targets, leaves, strict=True):
        curvature = uniform(rng, spec.curvature_per_m) * (1.0 if rng.random() < 0.5 else -1.0)
        start_m = max(at_m, START_BUMPER_S_M - 5.0)
        length_m = line_s_m - start_m
        if start_m > at_m:
            yield start_m - at_m, 0.0, 0.0
        if abs(curvature) > 1e-4 and length_m > 25.0:
            ramp_m = min(20.0, 0.35 * length_m)
            yield ramp_m, 0.0, curvature
            yield length_m - 2 * ramp_m, curvature, curvature
            yield ramp_m, curvature, 0.0
        elif length_m > 0:
            yield length_m, 0.0, 0.0
        if leave_s_m > line_s_m:
            yield leave_s_m - line_s_m, 0.0, 0.0
        at_m = max(leave_s_m, line_s_m)
    yield max(end_s_m - at_m, 0.0) + BEYOND_ROUTE_M, 0.0, 0.0


def _junction(rng: np.random.Generator, ego_road: Road, approach: _Approach) -> Junction:
    x_m, y_m = ego_road.path.position(approach.centre_s_m)
    heading = ego_road.path.heading(approach.centre_s_m) + pi / 2 + float(rng.uniform(-0.1, 0.1))
    reach_m = 70.0
    path = build_path([(2 * reach_m, 0.0, 0.0)], x_m - reach_m * cos(heading), y_m - reach_m * sin(heading), heading)
    road = Road(
        path,
        approach.half_width_m,
        ego_road.edge,
        ego_road.centre_line,
        ego_road.yellow_centre,
        ego_road.edge_lines,
        ego_road.wear,
    )
    return Junction(approach.centre_s_m, road, approach.crosswalk_s_m, approach.all_way)
