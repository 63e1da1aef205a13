"""What lies flat: verges, asphalt, kerbs and markings, as long ribbons along the roads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled
from sim.maps import SemanticClass
from sim.render.gaps import Gaps, between, chipped, crossing_gaps, ego_gaps, onward_gaps
from sim.render.kerbs import SHOULDER_M, corner_patches, driveway_patches, kerb_patches
from sim.render.markings import (
    bar_patches,
    crosswalk_patches,
    lane_patches,
    parking_patches,
    symbol_patches,
)
from sim.render.mesh import Colour
from sim.render.patches import Patch, Surface
from sim.road import CentreLine, Crosswalk, Edge, Path, Road
from sim.road.corners import find_corners
from sim.road.path import Frames
from sim.road.sizes import DASH_GAP_M, DASH_M, LINE_M
from sim.seeding import Stream, stream
from sim.world import Scene

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
_KERB: Colour = (176, 174, 168)
_WHITE: Colour = (226, 226, 220)
_YELLOW: Colour = (214, 168, 48)


SURFACE_CLASSES: dict[Surface, SemanticClass] = {
    Surface.ASPHALT: SemanticClass.ROAD,
    Surface.SHOULDER: SemanticClass.TERRAIN,
    Surface.PAVING: SemanticClass.PAVEMENT,
    Surface.KERB_FACE: SemanticClass.PAVEMENT,
    Surface.KERB_TOP: SemanticClass.PAVEMENT,
    Surface.DRIVE: SemanticClass.PAVEMENT,
    Surface.WHITE_PAINT: SemanticClass.MARKING,
    Surface.YELLOW_PAINT: SemanticClass.MARKING,
}
"""What each surface is in a map of classes, unless whoever lays it says otherwise."""

_PIECE = 4
"""Stations that one polygon of a ribbon spans at most."""

NOT_PAINTED = -1
"""In the place of a stop line's polygon, where no line is painted."""


@compiled
def _ribbon(
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    normal_x: NDArray[np.float64],
    normal_y: NDArray[np.float64],
    right_m: float,
    left_m: float,
) -> tuple[NDArray[np.float64], list[int]]:
    """Return the corners of a ribbon's polygons, shape (n, 2), and how many each has.

    The rasteriser looks at every edge of a polygon in every row of it: near the camera, few edges should fill many
    rows.
    """
    last = len(x_m) - 1
    sizes = [2 * (min(first + _PIECE, last) - first + 1) for first in range(0, last, _PIECE)]
    # Where two pieces meet, both have the station.
    points = np.empty((2 * (last + len(sizes)), 2))
    at = 0
    for number, size in enumerate(sizes):
        half = size // 2
        for place in range(half):
            one, other = at + place, at + size - 1 - place
            index = number * _PIECE + place
            points[one, 0] = x_m[index] + left_m * normal_x[index]
            points[one, 1] = y_m[index] + left_m * normal_y[index]
            points[other, 0] = x_m[index] + right_m * normal_x[index]
            points[other, 1] = y_m[index] + right_m * normal_y[index]
        at += size
    return points, sizes


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Flat polygons in drawing order.

    Attributes:
        points_m: World x and y of each vertex, shape (n, 2).
        starts: First vertex of each polygon, shape (p,).
        colours: Shape (p, 3).
        classes: `SemanticClass` of each polygon, shape (p,).
        lines: For each stop line of the network, the index of its polygon, or `NOT_PAINTED`.
        base: The colour of the ground where nothing else lies.
        heights_m: Height of each vertex, shape (n,); None where all is level.
    """

    points_m: NDArray[np.float64] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    colours: NDArray[np.float64] = field(repr=False)
    classes: NDArray[np.uint8] = field(repr=False)
    lines: tuple[int, ...]
    base: Colour
    heights_m: NDArray[np.float64] | None = field(default=None, repr=False)


class _Layers:
    """Collects ribbons and patches.

    Args:
        palette: The colour of each surface.
        asphalt: What shows through worn paint.
    """

    def __init__(self, palette: dict[Surface, Colour], asphalt: Colour) -> None:
        self._points: list[NDArray[np.float64]] = []
        self._sizes: list[int] = []
        self._colours: list[Colour] = []
        self._classes: list[int] = []
        self._palette = palette
        self._asphalt = asphalt
        self._heights: dict[int, NDArray[np.float64]] = {}
        self._frames: dict[tuple[int, float, float], Frames] = {}

    def ribbon(
        self, path: Path, s_m: tuple[float, float], d_m: tuple[float, float], colour: Colour, semantic: SemanticClass
    ) -> None:
        """Add the strip of a path between two arc lengths and two offsets."""
        start, end = max(s_m[0], 0.0), min(s_m[1], path.length_m)
        if end - start < 0.05:
            return
        # Many ribbons run along the same stretch of the same road.
        stretch = (id(path), start, end)
        if stretch not in self._frames:
            self._frames[stretch] = path.frames(path.stations(start, end))
        points, sizes = _ribbon(*self._frames[stretch], *d_m)
        self._points.append(points)
        self._sizes += sizes
        self._colours += [colour] * len(sizes)
        self._classes += [semantic] * len(sizes)

    def __len__(self) -> int:
        """Return how many polygons there are."""
        return len(self._sizes)

    def lay(self, patches: Iterable[Patch], semantic: SemanticClass | None = None) -> None:
        """Add patches, which are of one class, or each of that of its surface."""
        for patch in patches:
            if patch.heights_m is not None:
                self._heights[len(self)] = patch.heights_m
            self._points.append(patch.points_m)
            self._sizes.append(len(patch.points_m))
            self._colours.append(_worn(self._palette[patch.surface], self._asphalt, patch.wear))
            self._classes.append(SURFACE_CLASSES[patch.surface] if semantic is None else semantic)

    def build(self, lines: tuple[int, ...], base: Colour) -> Ground:
        starts = np.cumsum([0, *self._sizes[:-1]])
        points = np.concatenate(self._points)
        heights = None
        if self._heights:
            heights = np.zeros(len(points))
            for index, values in self._heights.items():
                heights[starts[index] : starts[index] + len(values)] = values
        classes = np.array(self._classes, np.uint8)
        return Ground(points, starts, np.array(self._colours), classes, lines, base, heights)


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
    layers = _Layers(_palette(base, asphalt, paving), asphalt)
    corners = find_corners(network)
    roads = [*network.side_roads, road]
    for other in roads:
        if other.edge is Edge.VERGE:
            wide = other.half_width_m + SHOULDER_M
            layers.ribbon(other.path, other.span_m, (-wide, wide), _mixed(base, asphalt, 0.5), SemanticClass.TERRAIN)
        elif other.kerb_m == 0.0:
            wide = other.half_width_m + other.pavement_m
            stone = (-other.half_width_m - 0.2, other.half_width_m + 0.2)
            layers.ribbon(other.path, other.span_m, (-wide, wide), paving, SemanticClass.PAVEMENT)
            layers.ribbon(other.path, other.span_m, stone, _KERB, SemanticClass.PAVEMENT)
    layers.lay(driveway_patches(road))
    for other in roads:
        across = (-other.half_width_m, other.half_width_m)
        layers.ribbon(other.path, other.span_m, across, asphalt, SemanticClass.ROAD)
    layers.lay(corner_patches(network, corners))
    rng = stream(scene.seed, Stream.MARKINGS, 1)
    _markings(layers, road, asphalt, ego_gaps(network), rng)
    for junction in network.junctions:
        _markings(layers, junction.road, asphalt, crossing_gaps(road, junction), rng)
        if junction.onward is not None:
            _markings(layers, junction.onward, asphalt, onward_gaps(junction), rng)
        if junction.crosswalk_s_m is not None:
            crosswalk = Crosswalk(junction.crosswalk_s_m, junction.crosswalk_style)
            layers.lay(crosswalk_patches(road, crosswalk), SemanticClass.CROSSWALK)
    for other in roads:
        for crosswalk in other.crosswalks:
            layers.lay(crosswalk_patches(other, crosswalk), SemanticClass.CROSSWALK)
        layers.lay(bar_patches(other), SemanticClass.STOP_LINE)
        layers.lay(symbol_patches(other))
    layers.lay(kerb_patches(network, corners))
    lines: list[int] = []
    for line in network.stop_lines:
        if not line.painted:
            lines.append(NOT_PAINTED)
            continue
        lines.append(len(layers))
        across = (road.lane_centre_d_m - 0.5 * road.lane_width_m + 0.15, road.divider_d_m - 0.12)
        colour = _worn(_WHITE, asphalt, 0.7 * road.wear)
        along = (line.s_m, line.s_m + line.thickness_m)
        layers.ribbon(road.path, along, across, colour, SemanticClass.STOP_LINE)
    return layers.build(tuple(lines), base)


def _palette(base: Colour, asphalt: Colour, paving: Colour) -> dict[Surface, Colour]:
    return {
        Surface.ASPHALT: asphalt,
        Surface.SHOULDER: _mixed(base, asphalt, 0.5),
        Surface.PAVING: paving,
        Surface.KERB_FACE: _mixed(_KERB, (60.0, 60.0, 62.0), 0.45),
        Surface.KERB_TOP: _KERB,
        Surface.DRIVE: _mixed(asphalt, paving, 0.6),
        Surface.WHITE_PAINT: _WHITE,
        Surface.YELLOW_PAINT: _YELLOW,
    }


def _markings(layers: _Layers, road: Road, asphalt: Colour, gaps: Gaps, rng: np.random.Generator) -> None:
    """Add a road's lines along it, but for the gaps."""
    middle = road.divider_d_m
    centre = _YELLOW if road.yellow_centre else _WHITE
    plain = not road.worn

    def line(span: tuple[float, float], d_m: float, colour: Colour) -> None:
        across = (d_m - 0.5 * LINE_M, d_m + 0.5 * LINE_M)
        if plain:
            layers.ribbon(road.path, span, across, _worn(colour, asphalt, road.wear), SemanticClass.MARKING)
            return
        for piece, wear in chipped(road, span, rng):
            layers.ribbon(road.path, piece, across, _worn(colour, asphalt, wear), SemanticClass.MARKING)

    sides = ((-1.0, gaps.right), (1.0, gaps.left))
    first_m, last_m = road.span_m
    if road.edge_lines:
        for side, cuts in sides:
            parked = road.parking_right_m if side < 0 else road.parking_left_m
            other_way = not (road.lanes_along if side < 0 else road.lanes_against)
            for span in between(first_m, last_m, cuts) if not parked else ():
                line(span, side * (road.half_width_m - 0.2), centre if other_way else _WHITE)
    for span in between(first_m, last_m, gaps.centre) if road.lanes_along and road.lanes_against else ():
        if road.centre_line is CentreLine.DASHED:
            first = int(span[0] // (DASH_M + DASH_GAP_M)) + 1
            for number in range(first, int(span[1] // (DASH_M + DASH_GAP_M))):
                s_m = number * (DASH_M + DASH_GAP_M)
                line((s_m, s_m + DASH_M), middle, centre)
        else:
            places = (middle - 0.12, middle + 0.12) if road.centre_line is CentreLine.DOUBLE else (middle,)
            for d_m in places:
                line(span, d_m, centre)
    layers.lay(lane_patches(road, gaps.centre))
    for side, cuts in sides:
        layers.lay(parking_patches(road, side, cuts))
