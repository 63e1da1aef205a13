"""All that never moves, as polygons and lines in the world's plan: made once a scene, then only turned and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from sim.road import CentreLine, Edge, Path, Road, RoadNetwork
from sim.road.sizes import CROSSWALK_DEPTH_M
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

DASH_M, DASH_GAP_M = 3.0, 9.0
"""Broken centre line: 10 ft dashes and 30 ft gaps (MUTCD 3A.04)."""


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
    crossings = [junction.road for junction in network.junctions]
    pieces: list[Piece] = []
    for road in (*crossings, network.ego_road):
        pieces += _kerbs(road)
    for road in (*crossings, network.ego_road):
        pieces += _carriageway(road)
    gaps = [(j.s_m - j.road.half_width_m, j.s_m + j.road.half_width_m) for j in network.junctions]
    pieces += _markings(network.ego_road, gaps)
    for junction in network.junctions:
        middle, _ = junction.road.path.project(*network.ego_road.path.position(junction.s_m))
        half = network.ego_road.half_width_m
        pieces += _markings(junction.road, [(middle - half, middle + half)])
    pieces += _lines_across(network)
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


def _band(road: Road, half_m: float, colour: Rgb) -> list[Piece]:
    """Return a strip along a road as polygons that overlap a little, so that no seam shows."""
    path = road.path
    return [
        Piece(np.concatenate([_along(path, half_m, a, b + 0.2), _along(path, -half_m, a, b + 0.2)[::-1]]), colour)
        for a, b in _chunks(0.0, path.length_m)
    ]


def _kerbs(road: Road) -> list[Piece]:
    return _band(road, road.half_width_m + 0.35, MAP_KERB) if road.edge is Edge.KERB else []


def _carriageway(road: Road) -> list[Piece]:
    return _band(road, road.half_width_m, MAP_ROAD)


def _markings(road: Road, gaps_m: list[tuple[float, float]]) -> list[Piece]:
    """Return centre and edge lines, left out where another road crosses."""
    worn = 0.7 * road.wear
    centre = mix(MAP_YELLOW_MARKING if road.yellow_centre else MAP_MARKING, MAP_ROAD, worn)
    edge = mix(MAP_MARKING, MAP_ROAD, worn + 0.2)
    pieces: list[Piece] = []
    for first, last in _without(0.0, road.path.length_m, gaps_m):
        if road.centre_line is CentreLine.DASHED:
            starts = np.arange(first, last, DASH_M + DASH_GAP_M).tolist()
            spans = [(s, min(s + DASH_M, last)) for s in starts]
        else:
            spans = _chunks(first, last)
        sides = (0.12, -0.12) if road.centre_line is CentreLine.DOUBLE else (0.0,)
        pieces += [Piece(_along(road.path, d, a, b), centre, 0.12) for a, b in spans for d in sides]
        if road.edge_lines:
            inset = road.half_width_m - 0.15
            pieces += [
                Piece(_along(road.path, d, a, b), edge, 0.1) for a, b in _chunks(first, last) for d in (inset, -inset)
            ]
    return pieces


def _without(first: float, last: float, gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what is left of a stretch when gaps are taken out."""
    spans: list[tuple[float, float]] = []
    for start, end in sorted(gaps):
        if start > first:
            spans.append((first, min(start, last)))
        first = max(first, end)
    if first < last:
        spans.append((first, last))
    return spans


def _across(path: Path, s_m: float, depth_m: float, right_m: float, left_m: float, colour: Rgb) -> Piece:
    """Return a rectangle on the road from `s_m` on, between two distances left of its centre line."""
    corners = [(s_m, right_m), (s_m, left_m), (s_m + depth_m, left_m), (s_m + depth_m, right_m)]
    return Piece(np.array([path.position(s, d) for s, d in corners]), colour)


def _lines_across(network: RoadNetwork) -> list[Piece]:
    """Return stop lines (the ego lane's) and crosswalks."""
    road = network.ego_road
    edge = road.half_width_m - 0.15
    pieces = [
        _across(road.path, line.s_m, max(line.thickness_m, 0.5), -edge, -0.15, MAP_MARKING)
        for line in network.stop_lines
    ]
    for junction in network.junctions:
        if junction.crosswalk_s_m is not None:
            bars = np.arange(-edge, edge - 0.3, 0.9).tolist()
            pieces += [
                _across(
                    road.path, junction.crosswalk_s_m, CROSSWALK_DEPTH_M, d, d + 0.45, mix(MAP_MARKING, MAP_ROAD, 0.3)
                )
                for d in bars
            ]
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
