"""Tiles of noise from which surfaces get their grain, and where patches, cracks and wheel tracks lie on the road."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from math import pi

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.maps import SemanticClass
from sim.road import Road
from sim.seeding import Stream, stream
from sim.world import Scene

TILE_PX = 512
TILE_M = 16.0
"""The ground's grain repeats after 16 m."""

NEUTRAL = 128
"""The value of a tile that changes nothing."""

WALL_PX_PER_M = 48
WALL_TILE_M = (7, 14)
"""Width and height of a wall's grain: no bay is wider, no house higher."""

_TRACK_M = 0.75
"""Half the distance between the wheel tracks of a lane."""


HARD = (SemanticClass.ROAD, SemanticClass.PAVEMENT)
"""What has the grain of asphalt; what is painted lies on it."""


class Layer(IntEnum):
    """What a flat outline marks."""

    HARD = 0
    """Asphalt and paving, rather than verge."""
    TONE = 1
    """Something darker or lighter than what is around it."""
    TRACK = 2
    """Where wheels have cleared the snow."""


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A flat outline.

    Attributes:
        layer: What it marks.
        value: Its value there.
        points_m: Its corners in plan, shape (n, 2).
    """

    layer: Layer
    value: int
    points_m: NDArray[np.float64] = field(repr=False)


def _noise(rng: np.random.Generator, size: int, cells: int) -> NDArray[np.float32]:
    """Return smooth noise of mean 0 and deviation 1 that repeats at its edges, shape (size, size)."""
    coarse = np.pad(rng.normal(0, 1, (cells, cells)).astype(np.float32), 2, mode="wrap")
    wide = size * (cells + 4) // cells
    margin = (wide - size) // 2
    smooth = cv2.resize(coarse, (wide, wide), interpolation=cv2.INTER_CUBIC)[
        margin : margin + size, margin : margin + size
    ]
    return np.asarray(smooth / smooth.std(), np.float32)


@lru_cache(maxsize=1)
def ground_tile() -> NDArray[np.uint8]:
    """Return the grain of asphalt, that of grass, and how dry its patches are, shape (px + 1, px + 1, 3)."""
    rng = stream(0, Stream.TEXTURE, 3)
    asphalt = 7 * _noise(rng, TILE_PX, 256) + 10 * _noise(rng, TILE_PX, 512) + 5 * _noise(rng, TILE_PX, 24)
    asphalt += 4 * _noise(rng, TILE_PX, 6) + 34 * (rng.random((TILE_PX, TILE_PX)) > 0.988)
    grass = 20 * _noise(rng, TILE_PX, 400) + 14 * _noise(rng, TILE_PX, 130) + 9 * _noise(rng, TILE_PX, 20)
    dry = 22 * _noise(rng, TILE_PX, 9) + 12 * _noise(rng, TILE_PX, 40)
    tile = np.stack([asphalt, grass, dry], axis=2) + NEUTRAL
    return np.pad(np.clip(tile, 0, 255).astype(np.uint8), ((0, 1), (0, 1), (0, 0)), mode="wrap")


@lru_cache(maxsize=8)
def wall_tiles(kind: int) -> tuple[NDArray[np.uint8], ...]:
    """Return a wall's grain as a factor, 255 for 1, with smaller copies for the distance.

    Args:
        kind: 0 for bricks, 1 for plaster, 2 for boards or panels.
    """
    rng = stream(kind, Stream.TEXTURE, 4)
    wide, high = WALL_PX_PER_M * WALL_TILE_M[0], WALL_PX_PER_M * WALL_TILE_M[1]
    stains = cv2.resize(rng.normal(0, 1, (16, 9)).astype(np.float32), (wide, high), interpolation=cv2.INTER_CUBIC)
    tone = 232 + 7 * stains
    columns = np.arange(wide)
    if kind == 0:
        course, brick = 4, 11
        for row in range(high // course):
            rows = slice(row * course, (row + 1) * course)
            place = columns + brick // 2 * (row % 2)
            tone[rows] += rng.normal(0, 13, wide // brick + 2)[place // brick]
            tone[rows, place % brick == 0] -= 24
            tone[row * course] -= 26
    elif kind == 1:
        tone += 4 * rng.normal(0, 1, (high, wide)) + 6 * stains
        # Rain runs down a plastered wall.
        runs = cv2.GaussianBlur(rng.normal(0, 1, (1, wide)).astype(np.float32), (9, 1), 2.0)
        tone -= np.clip(22 * runs, 0, 30) * np.linspace(1, 0, high)[:, None]
    else:
        boards = 9
        tone += np.repeat(rng.normal(0, 7, high // boards + 1), boards)[:high, None]
        tone[::boards] -= 40
    levels = [np.clip(tone, 110, 255).astype(np.uint8)]
    for _ in range(3):
        last = levels[-1]
        half = cv2.resize(last, (last.shape[1] // 2, last.shape[0] // 2), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, np.uint8))
    return tuple(levels)


def _strip(road: Road, start_m: float, end_m: float, low_d_m: float, high_d_m: float) -> NDArray[np.float64]:
    """Return the outline of a stretch of a road between two offsets."""
    steps = np.linspace(start_m, end_m, max(2, int((end_m - start_m) / 6.0) + 1)).tolist()
    headings = np.array([road.path.heading(s_m) for s_m in steps])
    bends = np.abs(np.diff(headings)) > 1e-6
    kept = [True, *(bends[:-1] | bends[1:]).tolist(), True]
    stations = [s_m for s_m, keep in zip(steps, kept, strict=True) if keep]
    left = [road.path.position(s_m, high_d_m) for s_m in stations]
    right = [road.path.position(s_m, low_d_m) for s_m in reversed(stations)]
    return np.array(left + right)


def _crack(
    rng: np.random.Generator, road: Road, s_m: float, d_m: float, length_m: float, wide_m: float
) -> NDArray[np.float64]:
    """Return a crooked line from one place on a road, along or across it."""
    steps = max(4, int(length_m / 0.5))
    along = rng.random() < 0.5
    wander = np.cumsum(rng.normal(0, 0.10, steps))
    run = np.linspace(0, length_m, steps)
    places = [(s_m + (r if along else w), d_m + (w if along else r)) for r, w in zip(run, wander, strict=True)]
    one = [road.path.position(s, d) for s, d in places]
    shift = (0.0, wide_m) if along else (wide_m, 0.0)
    other = [road.path.position(s + shift[0], d + shift[1]) for s, d in reversed(places)]
    return np.array(one + other)


def surface_marks(scene: Scene) -> list[Mark]:
    """Return what lies on the roads of a scene: repairs, cracks with tar in them, wheel tracks."""
    rng = stream(scene.seed, Stream.TEXTURE, 5)
    network, light = scene.network, scene.light
    marks: list[Mark] = []
    if light.textured:
        marks.extend(_repairs(rng, network.ego_road))
    if light.snow_cover:
        for road in [*network.side_roads, network.ego_road]:
            for lane_d_m in road.lane_centres_d_m:
                for side in (-_TRACK_M, _TRACK_M):
                    d_m = lane_d_m + side
                    half_m = float(rng.uniform(0.18, 0.38))
                    marks.append(Mark(Layer.TRACK, 255, _strip(road, *road.span_m, d_m - half_m, d_m + half_m)))
    return marks


def _repairs(rng: np.random.Generator, road: Road) -> list[Mark]:
    marks: list[Mark] = []
    half_m = road.half_width_m
    first_m, last_m = road.span_m
    for lane_d_m in road.lane_centres_d_m:
        # Wheels polish and oil darkens the middle: lanes are never of one tone.
        tone = NEUTRAL + int(rng.integers(-9, 10))
        marks.append(Mark(Layer.TONE, tone, _strip(road, first_m, last_m, lane_d_m - 1.0, lane_d_m + 1.0)))
        marks.append(Mark(Layer.TONE, tone - 9, _strip(road, first_m, last_m, lane_d_m - 0.3, lane_d_m + 0.3)))
    for _ in range(int(rng.integers(0, 9))):
        s_m, d_m = float(rng.uniform(first_m, last_m - 8)), float(rng.uniform(-half_m, half_m - 1.2))
        size = float(rng.uniform(1.0, 7.0)), float(rng.uniform(0.6, 2.0))
        outline = _strip(road, s_m, s_m + size[0], d_m, min(d_m + size[1], half_m))
        marks.append(Mark(Layer.TONE, NEUTRAL + int(rng.integers(-36, 24)), outline))
    for _ in range(int(rng.integers(2, 14))):
        s_m, d_m = float(rng.uniform(first_m, last_m - 8)), float(rng.uniform(-half_m, half_m - 1.5))
        tar = rng.random() < 0.4
        tone, wide_m = (44, float(rng.uniform(0.05, 0.10))) if tar else (72, float(rng.uniform(0.02, 0.05)))
        marks.append(Mark(Layer.TONE, tone, _crack(rng, road, s_m, d_m, float(rng.uniform(1.5, 6.0)), wide_m)))
    for _ in range(int(rng.integers(0, 4))):
        s_m, d_m = float(rng.uniform(first_m, last_m)), float(rng.uniform(-0.6, 0.6)) * half_m
        centre = np.array(road.path.position(s_m, d_m))
        turns = 2 * pi * np.arange(12) / 12
        cover = centre + 0.33 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        marks.append(Mark(Layer.TONE, NEUTRAL - 52, cover))
    return marks
