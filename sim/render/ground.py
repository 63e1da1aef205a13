"""What lies flat: verges, asphalt, kerbs and markings, as long ribbons along the roads."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.generate import CROSSWALK_DEPTH_M
from sim.maps import SemanticClass
from sim.render.mesh import Colour
from sim.road import SAMPLE_M, CentreLine, Edge, Junction, Path, Road
from sim.world import Scene

_LINE_M = 0.12
_DASH_M, _DASH_GAP_M = 3.0, 9.0
"""Broken line: 10 ft long, 30 ft apart (MUTCD section 3A.06)."""

_VERGES: tuple[Colour, ...] = (
    (92, 112, 58),
    (112, 122, 66),
    (128, 112, 76),
    (84, 100, 62),
    (140, 132, 96),
    (150, 146, 138),
)
_ASPHALTS: tuple[Colour, ...] = ((84, 84, 86), (104, 102, 100), (70, 70, 74), (122, 120, 116), (96, 92, 88))
_PAVING: tuple[Colour, ...] = ((158, 154, 146), (138, 136, 132), (172, 166, 156))
_WHITE: Colour = (226, 226, 220)
_YELLOW: Colour = (214, 168, 48)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Flat polygons in drawing order.

    Attributes:
        points_m: World x and y of each vertex, shape (n, 2).
        starts: First vertex of each polygon, shape (p,).
        colours: Shape (p, 3).
        classes: `SemanticClass` of each polygon, shape (p,).
        lines: For each stop line of the network, the index of its polygon.
        base: The colour of the ground where nothing else lies.
    """

    points_m: NDArray[np.float64] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    colours: NDArray[np.float64] = field(repr=False)
    classes: NDArray[np.uint8] = field(repr=False)
    lines: tuple[int, ...]
    base: Colour


class _Layers:
    """Collects ribbons."""

    def __init__(self) -> None:
        self.points: list[NDArray[np.float64]] = []
        self.colours: list[Colour] = []
        self.classes: list[int] = []
        self.semantic = SemanticClass.TERRAIN
        self._frames: dict[tuple[int, float, float], tuple[NDArray[np.float64], ...]] = {}

    def ribbon(self, path: Path, s_m: tuple[float, float], d_m: tuple[float, float], colour: Colour) -> None:
        """Add the strip of a path between two arc lengths and two offsets."""
        start, end = max(s_m[0], 0.0), min(s_m[1], path.length_m)
        if end - start < 0.05:
            return
        # Many ribbons run along the same stretch of the same road.
        stretch = (id(path), start, end)
        if stretch not in self._frames:
            self._frames[stretch] = _frames(path, _stations(path, start, end))
        x, y, normal_x, normal_y = self._frames[stretch]
        left = np.stack([x + d_m[1] * normal_x, y + d_m[1] * normal_y], axis=1)
        right = np.stack([x + d_m[0] * normal_x, y + d_m[0] * normal_y], axis=1)
        self.points.append(np.concatenate([left, right[::-1]]))
        self.colours.append(colour)
        self.classes.append(self.semantic)

    def build(self, lines: tuple[int, ...], base: Colour) -> Ground:
        starts = np.cumsum([0] + [len(points) for points in self.points[:-1]])
        classes = np.array(self.classes, np.uint8)
        return Ground(np.concatenate(self.points), starts, np.array(self.colours), classes, lines, base)


def _frames(path: Path, s_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    index = np.clip((s_m / SAMPLE_M).astype(np.int64), 0, len(path.x_m) - 1)
    beyond = s_m - index * SAMPLE_M
    heading = path.heading_rad[index] + beyond * path.curvature_per_m[index]
    x = path.x_m[index] + beyond * np.cos(heading)
    y = path.y_m[index] + beyond * np.sin(heading)
    return x, y, -np.sin(heading), np.cos(heading)


def _stations(path: Path, start_m: float, end_m: float) -> NDArray[np.float64]:
    """Return arc lengths, few on straights, so close in bends that these look round (2 cm at a radius of 100 m)."""
    stations = np.concatenate([[start_m], np.arange(start_m + 4.0, end_m - 0.5, 4.0), [end_m]])
    index = np.clip((stations / SAMPLE_M).astype(np.int64), 0, len(path.x_m) - 1)
    bends = np.abs(np.diff(path.heading_rad[index])) > 1e-6
    keep = np.ones(len(stations), dtype=np.bool_)
    keep[1:-1] = bends[:-1] | bends[1:]
    return stations[keep]


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    return (
        first[0] + share * (second[0] - first[0]),
        first[1] + share * (second[1] - first[1]),
        first[2] + share * (second[2] - first[2]),
    )


def _worn(colour: Colour, asphalt: Colour, wear: float) -> Colour:
    return _mixed(colour, asphalt, 0.75 * wear)


def build_ground(scene: Scene) -> Ground:
    """Return the flat polygons of a scene."""
    look, network = scene.ground, scene.network
    road = network.ego_road
    base = _VERGES[look % len(_VERGES)]
    asphalt = _ASPHALTS[look // 8 % len(_ASPHALTS)]
    paving = _PAVING[look // 64 % len(_PAVING)]
    layers = _Layers()
    roads = [*(junction.road for junction in network.junctions), road]
    for other in roads:
        reach = (0.0, other.path.length_m)
        layers.semantic = SemanticClass.PAVEMENT if other.edge is Edge.KERB else SemanticClass.TERRAIN
        if other.edge is Edge.KERB:
            wide = other.half_width_m + 2.6
            layers.ribbon(other.path, reach, (-wide, wide), paving)
            layers.ribbon(other.path, reach, (-other.half_width_m - 0.2, other.half_width_m + 0.2), (176, 174, 168))
        else:
            wide = other.half_width_m + 0.7
            layers.ribbon(other.path, reach, (-wide, wide), _mixed(base, asphalt, 0.5))
    layers.semantic = SemanticClass.ROAD
    for other in roads:
        layers.ribbon(other.path, (0.0, other.path.length_m), (-other.half_width_m, other.half_width_m), asphalt)
    gaps = [
        (junction.near_edge_s_m - 1.0, 2 * junction.s_m - junction.near_edge_s_m + 1.0)
        for junction in network.junctions
    ]
    cuts = [
        (min((line.s_m for line in network.stop_lines if line.junction == index), default=gap[0]), gap[1])
        for index, gap in enumerate(gaps)
    ]
    _markings(layers, road, asphalt, cuts)
    for junction in network.junctions:
        middle = 0.5 * junction.road.path.length_m
        clear = road.half_width_m + 2.0
        _markings(layers, junction.road, asphalt, [(middle - clear, middle + clear)])
        if junction.crosswalk_s_m is not None:
            _crosswalk(layers, road, junction, asphalt)
    layers.semantic = SemanticClass.STOP_LINE
    lines: list[int] = []
    for line in network.stop_lines:
        lines.append(len(layers.points))
        across = (-road.lane_width_m + 0.15, -0.12)
        colour = _worn(_WHITE, asphalt, 0.7 * road.wear)
        layers.ribbon(road.path, (line.s_m, line.s_m + line.thickness_m), across, colour)
    return layers.build(tuple(lines), base)


def _markings(layers: _Layers, road: Road, asphalt: Colour, gaps: list[tuple[float, float]]) -> None:
    """Add a road's lines between the given gaps."""
    layers.semantic = SemanticClass.MARKING
    centre = _worn(_YELLOW if road.yellow_centre else _WHITE, asphalt, road.wear)
    edge = _worn(_WHITE, asphalt, road.wear)
    at_m = 0.0
    for gap_start, gap_end in [*gaps, (road.path.length_m, road.path.length_m)]:
        span = (at_m, gap_start)
        if road.edge_lines:
            for side in (-1.0, 1.0):
                d_m = side * (road.half_width_m - 0.2)
                layers.ribbon(road.path, span, (d_m - 0.5 * _LINE_M, d_m + 0.5 * _LINE_M), edge)
        if road.centre_line is CentreLine.DASHED:
            first = int(at_m // (_DASH_M + _DASH_GAP_M)) + 1
            for number in range(first, int(gap_start // (_DASH_M + _DASH_GAP_M))):
                s_m = number * (_DASH_M + _DASH_GAP_M)
                layers.ribbon(road.path, (s_m, s_m + _DASH_M), (-0.5 * _LINE_M, 0.5 * _LINE_M), centre)
        else:
            places = (-0.12, 0.12) if road.centre_line is CentreLine.DOUBLE else (0.0,)
            for d_m in places:
                layers.ribbon(road.path, span, (d_m - 0.5 * _LINE_M, d_m + 0.5 * _LINE_M), centre)
        at_m = gap_end


def _crosswalk(layers: _Layers, road: Road, junction: Junction, asphalt: Colour) -> None:
    """Add bars along the direction of travel, 0.4 m wide and 0.6 m apart."""
    start_m = junction.crosswalk_s_m
    if start_m is None:
        return
    layers.semantic = SemanticClass.CROSSWALK
    colour = _worn(_WHITE, asphalt, road.wear)
    for d_m in np.arange(-road.half_width_m + 0.4, road.half_width_m - 0.5, 1.0):
        layers.ribbon(road.path, (start_m, start_m + CROSSWALK_DEPTH_M), (float(d_m), float(d_m) + 0.4), colour)
