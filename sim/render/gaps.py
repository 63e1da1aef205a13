"""Where the lines along a road are left out: at junctions, and where they are worn away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sim.road import Bar, Crosswalk, Junction, Road, RoadNetwork
from sim.road.sizes import CROSSWALK_DEPTH_M

Span = tuple[float, float]

CHIP_M = (0.4, 1.6)
"""Length of what is left of a worn line, or missing from it, in one piece."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """Stretches without lines, in order.

    Attributes:
        centre: Of the centre line and the lines between lanes.
        right: Of the right edge's lines.
        left: Of the left edge's lines.
    """

    centre: list[Span]
    right: list[Span]
    left: list[Span]


def ego_gaps(network: RoadNetwork) -> Gaps:
    """Return the gaps in the ego road's lines.

    Where it has priority and a road joins it from one side, its lines lead on but for that side's edge.
    """
    gaps = Gaps([], [], [])
    for index, junction in enumerate(network.junctions):
        stops = [line.s_m for line in network.stop_lines if line.junction == index]
        start_m = junction.near_edge_s_m - max(1.0, junction.corner_m)
        end_m = 2 * junction.s_m - junction.near_edge_s_m + max(1.0, junction.corner_m)
        if not junction.ahead:
            end_m = network.ego_road.path.length_m
        end_m = max([end_m, *_ends(network.ego_road, junction.s_m, end_m + 8.0)])
        gap = (min([start_m, *stops]), end_m)
        both = len(junction.arms) == 2
        if both or stops:
            gaps.centre.append(gap)
        for side, edge in ((-1.0, gaps.right), (1.0, gaps.left)):
            if side in junction.arms or junction.turn:
                edge.append(gap)
    return gaps


def _ends(road: Road, first_m: float, last_m: float) -> Iterator[float]:
    """Yield the far ends of what is painted across a road within a stretch."""
    for thing in (*road.crosswalks, *road.bars):
        if first_m < thing.s_m < last_m:
            yield _far_end(thing)


def _far_end(thing: Crosswalk | Bar) -> float:
    return thing.s_m + (CROSSWALK_DEPTH_M if isinstance(thing, Crosswalk) else thing.thickness_m)


def crossing_gaps(ego_road: Road, junction: Junction) -> Gaps:
    """Return the gaps in a crossing road's lines: the junction, out to what is painted across."""
    road, middle_m = junction.road, junction.middle_m
    clear_m = ego_road.half_width_m + max(2.0, junction.corner_m)
    start_m = min([middle_m - clear_m, *(thing.s_m for thing in (*road.crosswalks, *road.bars))])
    end_m = max([middle_m + clear_m, *(_far_end(thing) for thing in (*road.crosswalks, *road.bars))])
    if junction.turn:
        # The arm that the ego's road turns into is that road.
        start_m, end_m = (road.span_m[0], end_m) if junction.turn < 0 else (start_m, road.span_m[1])
    gap = [(start_m, end_m)]
    if junction.leads_on:
        return Gaps(gap, gap, gap)
    # The road that another ends at leads on: its far edge, to the right of its path, is whole.
    return Gaps(gap, [], gap)


def onward_gaps(junction: Junction) -> Gaps:
    """Return the gaps in the lines of the road that leads straight on where the ego's turns."""
    if junction.onward is None:
        return Gaps([], [], [])
    road = junction.onward
    start_m, end_m = road.span_m
    if junction.leads_on:
        clear_m = junction.road.half_width_m + max(2.0, junction.corner_m)
        far_m = 0.5 * road.path.length_m + clear_m
        end_m = max([far_m, *(_far_end(thing) for thing in (*road.crosswalks, *road.bars))])
    gap = [(start_m, end_m)]
    return Gaps(
        gap,
        gap if -1.0 in (*junction.arms, junction.turn) else [],
        gap if 1.0 in (*junction.arms, junction.turn) else [],
    )


def between(first_m: float, last_m: float, gaps: list[Span]) -> Iterator[Span]:
    """Yield what is left of a stretch without the gaps."""
    at_m = first_m
    for start_m, end_m in gaps:
        if start_m > at_m:
            yield at_m, start_m
        at_m = max(at_m, end_m)
    if last_m > at_m:
        yield at_m, last_m


def chipped(road: Road, span: Span, rng: np.random.Generator) -> Iterator[tuple[Span, float]]:
    """Yield the pieces that are left of a line, and how worn each is: where much is worn, more of them are missing."""
    start_m, end_m = span
    cuts = sorted({start_m, end_m, *(s for w in road.worn for s in (w.start_s_m, w.end_s_m) if start_m < s < end_m)})
    for first_m, last_m in pairwise(cuts):
        wear = road.wear_at(first_m)
        if not any(w.start_s_m <= first_m < w.end_s_m for w in road.worn):
            yield (first_m, last_m), wear
            continue
        at_m = first_m
        while at_m < last_m:
            to_m = min(at_m + float(rng.uniform(*CHIP_M)), last_m)
            if rng.random() >= wear:
                yield (at_m, to_m), wear
            at_m = to_m
