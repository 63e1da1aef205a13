"""All that never moves, as polygons and lines in the world's plan: made once a scene, then only turned and shifted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from sim.render.gaps import Gaps, between, crossing_gaps, ego_gaps, onward_gaps
from sim.render.kerbs import corner_patches
from sim.render.markings import (
    bar_patches,
    crosswalk_patches,
    lane_patches,
    parking_patches,
    symbol_patches,
)
from sim.render.patches import Patch, Surface
from sim.road import CentreLine, Crosswalk, Edge, Path, Road, RoadNetwork
from sim.road.corners import find_corners
from sim.road.sizes import DASH_GAP_M, DASH_M
from sim.viewer.palette import (
    MAP_BUILDING,
    MAP_BUILDING_EDGE,
    MAP_KERB,
    MAP_MARKING,
    MAP_ROAD,
    MAP_TREE,
    MAP_YELLOW_MARKING,
    Rgb,
    mix,
)
from sim.world import Scene, Scenery, SceneryKind

CHUNK_M = 16.0
"""Roads are cut into pieces of this length, so that those off the map cost nothing."""

STEP_M = 2.0
"""Between the points of an edge; a curve of 25 m radius strays under 2 cm between them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One polygon, or one line where `width_m` is set.

    Attributes:
        points_m: World positions, shape (n, 2).
        colour: Its colour.
        width_m: Width of the line, or None for a filled polygon.
    """

    points_m: NDArray[np.float64]
    colour: Rgb
    width_m: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MapGeometry:
    """The pieces of one scene in the order in which they are painted, with their points in one array.

    Attributes:
        pieces: What to paint.
        points_m: All their points, shape (n, 2).
        ends: Where each piece's points end in `points_m`, shape (pieces,).
        centres_m: The middle of each piece, shape (pieces, 2).
        radii_m: From there to its farthest point, shape (pieces,).
    """

    pieces: tuple[Piece, ...]
    points_m: NDArray[np.float64]
    ends: NDArray[np.intp]
    centres_m: NDArray[np.float64]
    radii_m: NDArray[np.float64]


def build_geometry(scene: Scene) -> MapGeometry:
    """Return what the map shows of a scene: roads, markings, stop lines, crosswalks and scenery."""
    network = scene.network
    corners = find_corners(network)
    crossings = network.side_roads
    pieces: list[Piece] = []
    for road in (*crossings, network.ego_road):
        pieces += _kerbs(road)
    for road in (*crossings, network.ego_road):
        pieces += _carriageway(road)
    pieces += [
        Piece(patch.points_m, MAP_ROAD)
        for patch in corner_patches(network, corners)
        if patch.surface is Surface.ASPHALT
    ]
    pieces += _markings(network.ego_road, ego_gaps(network))
    for junction in network.junctions:
        pieces += _markings(junction.road, crossing_gaps(network.ego_road, junction))
        if junction.onward is not None:
            pieces += _markings(junction.onward, onward_gaps(junction))
    pieces += _lines_across(network)
    paint = [patch for road in (*crossings, network.ego_road) for patch in _painted(road)]
    pieces += [Piece(patch.points_m, mix(MAP_MARKING, MAP_ROAD, 0.3 + 0.6 * patch.wear)) for patch in paint]
    pieces += [piece for item in scene.scenery for piece in _scenery(item)]
    points = [piece.points_m for piece in pieces]
    centres = np.array([p.mean(axis=0) for p in points])
    radii = np.array([np.linalg.norm(p - c, axis=1).max() for p, c in zip(points, centres, strict=True)])
    return MapGeometry(tuple(pieces), np.concatenate(points), np.cumsum([len(p) for p in points]), centres, radii)


def _along(path: Path, d_m: float, first_s_m: float, last_s_m: float) -> NDArray[np.float64]:
    """Return points beside a path, shape (n, 2), from one arc length to another."""
    count = max(2, int(np.ceil((last_s_m - first_s_m) / STEP_M)) + 1)
    return np.array([path.position(float(s), d_m) for s in np.linspace(first_s_m, last_s_m, count)])


def _chunks(first_s_m: float, last_s_m: float) -> list[tuple[float, float]]:
    """Cut a stretch into pieces of at most `CHUNK_M`."""
    count = max(1, int(np.ceil((last_s_m - first_s_m) / CHUNK_M)))
    cuts = np.linspace(first_s_m, last_s_m, count + 1).tolist()
    return list(pairwise(cuts))


def _painted(road: Road) -> Iterator[Patch]:
    """Yield what is painted across a road or on its lanes."""
    for crosswalk in road.crosswalks:
        yield from crosswalk_patches(road, crosswalk)
    yield from bar_patches(road)
    yield from symbol_patches(road)


def _band(road: Road, half_m: float, colour: Rgb) -> list[Piece]:
    """Return a strip along a road as polygons that overlap a little, so that no seam shows."""
    path = road.path
    return [
        Piece(np.concatenate([_along(path, half_m, a, b + 0.2), _along(path, -half_m, a, b + 0.2)[::-1]]), colour)
        for a, b in _chunks(*road.span_m)
    ]


def _kerbs(road: Road) -> list[Piece]:
    return _band(road, road.half_width_m + 0.35, MAP_KERB) if road.edge is Edge.KERB else []


def _carriageway(road: Road) -> list[Piece]:
    return _band(road, road.half_width_m, MAP_ROAD)


def _markings(road: Road, gaps: Gaps) -> list[Piece]:
    """Return the lines along a road, left out where another road crosses."""
    worn = 0.7 * road.wear
    centre = mix(MAP_YELLOW_MARKING if road.yellow_centre else MAP_MARKING, MAP_ROAD, worn)
    edge = mix(MAP_MARKING, MAP_ROAD, worn + 0.2)
    middle, two_way = road.divider_d_m, road.lanes_along > 0 and road.lanes_against > 0
    pieces: list[Piece] = []
    for first, last in between(*road.span_m, gaps.centre) if two_way else ():
        if road.centre_line is CentreLine.DASHED:
            starts = np.arange(first, last, DASH_M + DASH_GAP_M).tolist()
            spans = [(s, min(s + DASH_M, last)) for s in starts]
        else:
            spans = _chunks(first, last)
        sides = (middle + 0.12, middle - 0.12) if road.centre_line is CentreLine.DOUBLE else (middle,)
        pieces += [Piece(_along(road.path, d, a, b), centre, 0.12) for a, b in spans for d in sides]
    inset = road.half_width_m - 0.15
    for side, cuts in ((1.0, gaps.left), (-1.0, gaps.right)) if road.edge_lines else ():
        for first, last in between(*road.span_m, cuts):
            pieces += [Piece(_along(road.path, side * inset, a, b), edge, 0.1) for a, b in _chunks(first, last)]
    for patch in (*lane_patches(road, gaps.centre), *_parking(road, gaps)):
        pieces.append(Piece(patch.points_m, edge))
    return pieces


def _parking(road: Road, gaps: Gaps) -> Iterator[Patch]:
    yield from parking_patches(road, -1.0, gaps.right)
    yield from parking_patches(road, 1.0, gaps.left)


def _across(path: Path, s_m: float, depth_m: float, right_m: float, left_m: float, colour: Rgb) -> Piece:
    """Return a rectangle on the road from `s_m` on, between two distances left of its centre line."""
    corners = [(s_m, right_m), (s_m, left_m), (s_m + depth_m, left_m), (s_m + depth_m, right_m)]
    return Piece(np.array([path.position(s, d) for s, d in corners]), colour)


def _lines_across(network: RoadNetwork) -> list[Piece]:
    """Return stop lines (the ego lane's) and crosswalks."""
    road = network.ego_road
    right_m = road.lane_centre_d_m - 0.5 * road.lane_width_m + 0.15
    pieces = [
        _across(road.path, line.s_m, max(line.thickness_m, 0.5), right_m, road.divider_d_m - 0.15, MAP_MARKING)
        for line in network.stop_lines
        if line.painted
    ]
    for junction in network.junctions:
        if junction.crosswalk_s_m is not None:
            patches = crosswalk_patches(road, Crosswalk(junction.crosswalk_s_m, junction.crosswalk_style))
            pieces += [Piece(patch.points_m, mix(MAP_MARKING, MAP_ROAD, 0.3)) for patch in patches]
    return pieces


def _scenery(item: Scenery) -> list[Piece]:
    if item.kind in (SceneryKind.TREE, SceneryKind.POLE):
        radius = 0.5 * max(item.width_m, 0.4)
        turn = np.linspace(0.0, 2 * np.pi, 14 if item.kind is SceneryKind.TREE else 6, endpoint=False)
        ring = np.stack([item.x_m + radius * np.cos(turn), item.y_m + radius * np.sin(turn)], axis=-1)
        return [Piece(ring, MAP_TREE if item.kind is SceneryKind.TREE else MAP_BUILDING_EDGE)]
    box = box_corners(item.x_m, item.y_m, item.heading_rad, item.length_m, item.width_m)
    if item.kind is SceneryKind.HEDGE:
        return [Piece(box, MAP_TREE)]
    outline = np.concatenate([box, box[:1]])
    return [Piece(box, MAP_BUILDING), Piece(outline, MAP_BUILDING_EDGE, 0.3)]


def box_corners(x_m: float, y_m: float, heading_rad: float, length_m: float, width_m: float) -> NDArray[np.float64]:
    """Return a turned rectangle's corners, shape (4, 2): rear left, rear right, front right, front left."""
    c, s = cos(heading_rad), sin(heading_rad)
    half = np.array([[-length_m, width_m], [-length_m, -width_m], [length_m, -width_m], [length_m, width_m]]) / 2
    return half @ np.array([[c, s], [-s, c]]) + np.array([x_m, y_m])
