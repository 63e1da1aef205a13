"""The roads: the ego's, bent by arcs and clothoids, and those that cross it or join it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import cos, fsum, pi, sin

import numpy as np

from sim.generate.drawing import count, uniform
from sim.generate.layout import (
    Bend,
    Kerbs,
    Section,
    arm_crosswalks,
    bar_before,
    draw_arms,
    draw_bar_thickness,
    draw_bend,
    draw_corner,
    draw_crosswalk_style,
    draw_driveways,
    draw_kerbs,
    draw_section,
    draw_symbols,
    draw_worn,
    stop_setback_m,
)
from sim.generate.turns import LINE_TO_TURN_M, Turn, clear_arms, draw_turn, lay_turn
from sim.road import (
    CentreLine,
    CrosswalkStyle,
    Edge,
    Junction,
    Road,
    RoadNetwork,
    StopLine,
    StopMark,
    Symbol,
    SymbolKind,
    build_path,
)
from sim.road.sizes import CROSSWALK_DEPTH_M, LEGEND_HEIGHT_M, LEGEND_TO_STOP_M
from sim.seeding import Stream, stream
from sim.signs import LINE_TO_CROSSING_ROAD_M, MIN_LINE_TO_CROSSWALK_M, STOP_LINE_THICKNESS_M
from sim.spec import WorldSpec

START_BUMPER_S_M = 40.0
"""Where the ego's front bumper stands at the start: far enough from the path's own beginning to look back."""

BEYOND_ROUTE_M = 160.0
"""Road drawn past the route's end, out to where haze and perspective leave nothing to see."""

ARM_M = 70.0
"""Length of a crossing road to either side."""

PAST_TURN_M = 15.0
"""A route that turns at its last stop leads on past the turn for so long at least."""

PAST_LAST_STOP_M = 1.0
"""Where the ego's road ends at a stop, the route ends so far beyond the stopping place: it has been left."""

MOST_SKEW_RAD = 0.1
"""A crossing road is out of the square by this at most, but in a bend."""

BEND_ARM_RAD = 0.45
"""In a bend, the road that joins comes from somewhat nearer to straight ahead than the bend's normal."""


@dataclass(frozen=True, slots=True)
class _Approach:
    """One junction before there is a path: everything that is measured along the ego road."""

    line_s_m: float
    thickness_m: float
    controlled: bool
    crosswalk_s_m: float | None
    centre_s_m: float
    lane_width_m: float
    section: Section
    all_way: bool
    mark: StopMark
    stop_s_m: float
    bend: Bend | None
    ends: bool = False
    turn: Turn | None = None

    @property
    def half_width_m(self) -> float:
        """Middle of the crossing road to its edge."""
        return self.section.half_width_m(self.lane_width_m)

    @property
    def near_s_m(self) -> float:
        """Where the crossing road, or the turn, begins."""
        return self.centre_s_m - (self.half_width_m if self.turn is None else 0.5 * self.turn.bend.length_m)

    @property
    def far_s_m(self) -> float:
        """Where the crossing road, the bend or the turn is passed."""
        curve = self.curve
        return self.centre_s_m + (self.half_width_m if curve is None else 0.5 * curve.length_m)

    @property
    def curve(self) -> Bend | None:
        """How the ego's road bends or turns here."""
        return self.bend if self.turn is None else self.turn.bend

    @property
    def curve_s_m(self) -> float:
        """Where that begins."""
        return self.centre_s_m - 0.5 * self.turn.bend.length_m if self.turn is not None else self.line_s_m


def draw_roads(rng: np.random.Generator, seed: int, spec: WorldSpec, in_town: bool) -> tuple[RoadNetwork, float]:
    """Return the roads, and the arc length on the ego road at which the route ends.

    Args:
        rng: For where the roads lie, and what they have always had.
        seed: Of the world, for all that `WorldSpec.road` adds.
        spec: What the world may be.
        in_town: Whether there are kerbs.
    """
    layout, paint = stream(seed, Stream.ROAD_LAYOUT), stream(seed, Stream.MARKINGS)
    lane_width_m = uniform(rng, spec.lane_width_m)
    section = draw_section(layout, spec.road, in_town, ego=True)
    kerbs = draw_kerbs(layout, spec.road, in_town)
    approaches = list(_approaches(rng, layout, seed, spec, in_town, section, lane_width_m))
    last_s_m = approaches[-1].centre_s_m if approaches else START_BUMPER_S_M + uniform(rng, spec.approach_m)
    end_s_m = last_s_m + uniform(rng, spec.after_m)
    if approaches and approaches[-1].bend is not None:
        end_s_m = max(end_s_m, approaches[-1].far_s_m + 5.0)
    if approaches and approaches[-1].turn is not None:
        end_s_m = max(end_s_m, approaches[-1].far_s_m + PAST_TURN_M)
    ends = bool(approaches) and approaches[-1].controlled and layout.random() < spec.road.end_share
    if ends and approaches[-1].turn is None:
        approaches[-1] = replace(approaches[-1], ends=True)
        end_s_m = approaches[-1].stop_s_m + PAST_LAST_STOP_M
    curvatures = [_draw_curvature(rng, spec) for _ in approaches or [None]]
    approaches = _turned(approaches, curvatures)
    path = build_path(list(_sections(approaches, curvatures, end_s_m)))
    wear = uniform(rng, spec.marking_wear)
    yellow = bool(rng.random() < 0.6)
    style = list(CentreLine)[int(rng.integers(len(CentreLine)))]
    if section.lanes_along > 1 and section.lanes_against:
        style = CentreLine.DOUBLE
    edge = Edge.KERB if in_town else Edge.VERGE
    edge_lines = bool(rng.random() < (0.4 if in_town else 0.9))
    road = Road(
        path, lane_width_m, edge, style, yellow, edge_lines, wear,
        section.lanes_along, section.lanes_against, section.parking_right_m, section.parking_left_m,
        kerbs.height_m, kerbs.pavement_m,
    )  # fmt: skip
    lines = tuple(
        StopLine(
            approach.stop_s_m,
            approach.thickness_m if approach.mark is StopMark.LINE else 0.0,
            index,
            mark=approach.mark,
        )
        for index, approach in enumerate(approaches)
        if approach.controlled
    )
    junctions: list[Junction] = []
    for approach in approaches:
        junction, road = _junction(rng, layout, paint, spec, road, approach, kerbs)
        junctions.append(junction)
    junctions = clear_arms(road, junctions)
    road = _furnish(layout, paint, spec, road, lines, junctions, end_s_m)
    return RoadNetwork(road, tuple(junctions), lines), end_s_m


def _approaches(
    rng: np.random.Generator,
    layout: np.random.Generator,
    seed: int,
    spec: WorldSpec,
    in_town: bool,
    ego_section: Section,
    ego_lane_width_m: float,
) -> Iterator[_Approach]:
    s_m = START_BUMPER_S_M + uniform(rng, spec.approach_m)
    for index in range(count(rng, spec.junctions)):
        controlled = bool(rng.random() < spec.controlled_share)
        thickness_m = uniform(rng, STOP_LINE_THICKNESS_M)
        lane_width_m = uniform(rng, spec.lane_width_m)
        section = draw_section(layout, spec.road, in_town, ego=False)
        turn = draw_turn(seed, index, spec.road) if controlled else None
        if (ego_section.lanes_along, ego_section.lanes_against) != (1, 1):
            turn = None  # from one lane of several, or in a one-way street, not every turn is one's own to make
        if turn is not None:
            lane_width_m, section = ego_lane_width_m, ego_section
        half_width_m = section.half_width_m(lane_width_m)
        crosswalk_s_m = None
        if rng.random() < spec.crosswalk_share:
            crosswalk_s_m = s_m + thickness_m + float(rng.uniform(MIN_LINE_TO_CROSSWALK_M, MIN_LINE_TO_CROSSWALK_M + 1))
            edge_s_m = crosswalk_s_m + CROSSWALK_DEPTH_M + float(rng.uniform(0.3, 1.0))
        else:
            edge_s_m = s_m + uniform(rng, LINE_TO_CROSSING_ROAD_M)
            if turn is not None:
                edge_s_m = s_m + LINE_TO_TURN_M
        all_way = bool(rng.random() < spec.all_way_share) if controlled else True
        bend = draw_bend(layout, spec.road)
        mark, stop_s_m = StopMark.LINE, s_m
        if layout.random() < spec.road.line_missing_share:
            mark = StopMark.CROSSING_ROAD if crosswalk_s_m is None else StopMark.CROSSWALK
            stop_s_m = edge_s_m if crosswalk_s_m is None else crosswalk_s_m
        if controlled:
            bend = None
        elif bend is not None:
            edge_s_m, crosswalk_s_m = s_m + 0.5 * bend.length_m - half_width_m, None
        centre_s_m = edge_s_m + (half_width_m if turn is None else 0.5 * turn.bend.length_m)
        approach = _Approach(
            s_m, thickness_m, controlled, crosswalk_s_m, centre_s_m, lane_width_m, section, all_way, mark, stop_s_m,
            bend, turn=turn,
        )  # fmt: skip
        yield approach
        s_m = max(approach.far_s_m + 30.0, s_m + uniform(rng, spec.spacing_m))


def _draw_curvature(rng: np.random.Generator, spec: WorldSpec) -> float:
    return uniform(rng, spec.curvature_per_m) * (1.0 if rng.random() < 0.5 else -1.0)


def _approach_sections(length_m: float, curvature_per_m: float) -> Iterator[tuple[float, float, float]]:
    """Yield a clothoid in, an arc and a clothoid out, or one straight where there is no room or need for them."""
    if abs(curvature_per_m) > 1e-4 and length_m > 25.0:
        ramp_m = min(20.0, 0.35 * length_m)
        yield ramp_m, 0.0, curvature_per_m
        yield length_m - 2 * ramp_m, curvature_per_m, curvature_per_m
        yield ramp_m, curvature_per_m, 0.0
    elif length_m > 0:
        yield length_m, 0.0, 0.0


def _turned(approaches: list[_Approach], curvatures: list[float]) -> list[_Approach]:
    """Return the approaches with the side of each turn settled, so that the route does not come back on itself."""
    found: list[_Approach] = []
    at_m, away_rad = START_BUMPER_S_M - 5.0, 0.0
    for approach, curvature in zip(approaches, curvatures, strict=False):
        sections = _approach_sections(approach.line_s_m - at_m, curvature)
        away_rad += fsum(0.5 * length_m * (first + last) for length_m, first, last in sections)
        if approach.turn is not None:
            approach = replace(approach, turn=approach.turn.turned(away_rad))
        away_rad += approach.curve.turn_rad if approach.curve is not None else 0.0
        at_m = max(approach.far_s_m + 5.0, approach.line_s_m)
        found.append(approach)
    return found


def _sections(
    approaches: list[_Approach], curvatures: list[float], end_s_m: float
) -> Iterator[tuple[float, float, float]]:
    """Bend each approach: a clothoid in, an arc, a clothoid out that ends at the stop line, then straight across.

    Where the ego's road has priority and bends, it bends across; where it turns, it turns past the line; where it ends,
    it ends in the crossing's middle.
    """
    at_m = 0.0
    targets = [a.line_s_m for a in approaches] or [end_s_m]
    leaves = [a.centre_s_m if a.ends else a.far_s_m + 5.0 for a in approaches] or [end_s_m]
    curves = [(a.curve, a.curve_s_m) for a in approaches] or [(None, end_s_m)]
    for curvature, line_s_m, leave_s_m, (curve, curve_s_m) in zip(curvatures, targets, leaves, curves, strict=True):
        start_m = max(at_m, START_BUMPER_S_M - 5.0)
        if start_m > at_m:
            yield start_m - at_m, 0.0, 0.0
        yield from _approach_sections(line_s_m - start_m, curvature)
        at_m = max(leave_s_m, line_s_m)
        straight_s_m = line_s_m
        if curve is not None:
            if curve_s_m > line_s_m:
                yield curve_s_m - line_s_m, 0.0, 0.0
            yield from curve.sections()
            straight_s_m = curve_s_m + curve.length_m
        if leave_s_m > straight_s_m:
            yield leave_s_m - straight_s_m, 0.0, 0.0
    if not (approaches and approaches[-1].ends):
        yield max(end_s_m - at_m, 0.0) + BEYOND_ROUTE_M, 0.0, 0.0


def _junction(
    rng: np.random.Generator,
    layout: np.random.Generator,
    paint: np.random.Generator,
    spec: WorldSpec,
    ego_road: Road,
    approach: _Approach,
    kerbs: Kerbs,
) -> tuple[Junction, Road]:
    """Return a junction, and the ego's road with what it adds to that."""
    x_m, y_m = ego_road.path.position(approach.centre_s_m)
    heading = ego_road.path.heading(approach.centre_s_m) + pi / 2 + float(rng.uniform(-MOST_SKEW_RAD, MOST_SKEW_RAD))
    if approach.bend is not None:
        heading += BEND_ARM_RAD if approach.bend.turn_rad > 0 else -BEND_ARM_RAD
    path = build_path([(2 * ARM_M, 0.0, 0.0)], x_m - ARM_M * cos(heading), y_m - ARM_M * sin(heading), heading)
    right, left = draw_arms(layout, spec.road, approach.bend)
    if approach.ends:
        right = left = True
    extent_m = None if right and left else (0.0 if right else ARM_M, ARM_M if right else 2 * ARM_M)
    section = approach.section
    road = Road(
        path, approach.lane_width_m, ego_road.edge, ego_road.centre_line, ego_road.yellow_centre, ego_road.edge_lines,
        ego_road.wear, section.lanes_along, section.lanes_against, section.parking_right_m, section.parking_left_m,
        kerbs.height_m, kerbs.pavement_m, extent_m,
    )  # fmt: skip
    to_edge_m = approach.near_s_m - approach.stop_s_m
    in_town = ego_road.edge is Edge.KERB
    corner_m = draw_corner(layout, spec.road, kerbs, in_town, to_edge_m)
    style = draw_crosswalk_style(paint, spec.road)
    junction = Junction(
        approach.centre_s_m, road, approach.crosswalk_s_m, approach.all_way, style, corner_m, not approach.ends
    )
    if approach.turn is not None:
        junction = lay_turn(ego_road, junction, approach.turn, ARM_M)
    return _cross(paint, spec, ego_road, junction, style, approach)


def _cross(
    paint: np.random.Generator,
    spec: WorldSpec,
    ego_road: Road,
    junction: Junction,
    style: CrosswalkStyle,
    approach: _Approach,
) -> tuple[Junction, Road]:
    """Paint the crosswalks of a junction's other arms, and the stop lines of the others who stop there."""
    road, middle_m, half_m = junction.road, junction.middle_m, ego_road.half_width_m
    arms = [(middle_m + side * half_m, side) for side in junction.arms]
    crosswalks, has = arm_crosswalks(paint, spec.road, style, arms if approach.bend is None else [])
    thickness_m = draw_bar_thickness(paint, spec.road)
    back_m = stop_setback_m(paint, any(has))
    if junction.all_way and thickness_m is not None:
        bars = (bar_before(road, edge_m, way, back_m, thickness_m) for edge_m, way in arms)
        road = replace(road, bars=tuple(bar for bar in bars if bar is not None))
        junction = replace(junction, crossing_stop_m=back_m)
    road = replace(road, crosswalks=crosswalks)
    far = [(approach.far_s_m, 1.0)] if junction.ahead and approach.bend is None else []
    crosswalks, has = arm_crosswalks(paint, spec.road, style, far)
    ego_road = replace(ego_road, crosswalks=(*ego_road.crosswalks, *crosswalks))
    if approach.controlled and junction.all_way and far and thickness_m is not None:
        bar = bar_before(ego_road, *far[0], stop_setback_m(paint, any(has)), thickness_m)
        ego_road = replace(ego_road, bars=(*ego_road.bars, *([bar] if bar is not None else [])))
    return replace(junction, road=road, onward=_stop_onward(junction, thickness_m)), ego_road


def _stop_onward(junction: Junction, thickness_m: float | None) -> Road | None:
    """Return the road straight on, where the ego's turns, with the stop line of those who come from there."""
    road = junction.onward
    if road is None or not junction.leads_on or not junction.all_way or thickness_m is None:
        return road
    edge_m = 0.5 * road.path.length_m + junction.road.half_width_m
    bar = bar_before(road, edge_m, 1.0, junction.crossing_stop_m, thickness_m)
    return road if bar is None else replace(road, bars=(bar,))


def _furnish(
    layout: np.random.Generator,
    paint: np.random.Generator,
    spec: WorldSpec,
    road: Road,
    lines: tuple[StopLine, ...],
    junctions: list[Junction],
    end_s_m: float,
) -> Road:
    """Add symbols, worn stretches and driveways to the ego's road."""
    symbols: list[Symbol] = []
    for line in lines:
        junction = junctions[line.junction]
        sides = (*junction.arms, junction.turn) if junction.turn else junction.arms
        own = draw_symbols(paint, spec.road, road, line, sides, ahead=junction.leads_on)
        words = [symbol for symbol in own if symbol.kind is SymbolKind.STOP]
        symbols += own
        if words and junction.all_way and junction.ahead and road.oncoming_d_m is not None:
            mirrored_m = 2 * junction.s_m - words[-1].s_m
            bars_m = [bar.s_m + bar.thickness_m for bar in road.bars if 0.0 < bar.s_m - junction.s_m < 25.0]
            s_m = max([mirrored_m, *(bar_m + LEGEND_TO_STOP_M[0] + 0.5 * LEGEND_HEIGHT_M for bar_m in bars_m)])
            symbols.append(Symbol(SymbolKind.STOP, s_m, road.oncoming_d_m, against=True))
    crossings = [(junction.s_m, junction.half_length_m) for junction in junctions]
    return replace(
        road,
        symbols=tuple(symbols),
        worn=draw_worn(paint, spec.road, START_BUMPER_S_M, end_s_m),
        driveways=draw_driveways(layout, spec.road, START_BUMPER_S_M, end_s_m, crossings),
    )
