"""Flat pieces of ground, each named by what it is made of; the ground gives them their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from sim.road import Path


class Surface(StrEnum):
    """What a piece of ground is made of."""

    ASPHALT = "asphalt"
    SHOULDER = "shoulder"
    PAVING = "paving"
    KERB_FACE = "kerb_face"
    KERB_TOP = "kerb_top"
    DRIVE = "drive"
    WHITE_PAINT = "white_paint"
    YELLOW_PAINT = "yellow_paint"


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """One polygon.

    Attributes:
        points_m: World x and y of its corners, shape (n, 2).
        surface: What it is made of.
        wear: Of paint: 0 fresh to 1 gone.
        heights_m: Height of each corner, shape (n,); None where all lie on the road.
    """

    points_m: NDArray[np.float64] = field(repr=False)
    surface: Surface
    wear: float = 0.0
    heights_m: NDArray[np.float64] | None = field(default=None, repr=False)


SHORT_M = 3.5
"""Up to this length a strip is a quadrilateral: on a radius of 28 m its side strays 5 cm."""


def strip(
    path: Path, s_m: tuple[float, float], d_m: tuple[float, float], surface: Surface, *, wear: float = 0.0
) -> Patch:
    """Return the strip along a path between two arc lengths and two offsets.

    Args:
        path: Along which it runs.
        s_m: Where it starts and ends.
        d_m: Its two sides, left of the path.
        surface: What it is made of.
        wear: Of paint.
    """
    if s_m[1] - s_m[0] > SHORT_M:
        first, second = curves(path, s_m, d_m)
        return Patch(np.concatenate([first, second[::-1]]), surface, wear)
    # Most strips are short, and a few floats are faster than arrays of two.
    corners: list[tuple[float, float]] = []
    for s, sides in ((s_m[0], d_m), (s_m[1], (d_m[1], d_m[0]))):
        x, y = path.position(s)
        heading = path.heading(s)
        normal_x, normal_y = -sin(heading), cos(heading)
        corners += [(x + d * normal_x, y + d * normal_y) for d in sides]
    # In the order of the longer strips: along one side, and back along the other.
    return Patch(np.array([corners[0], corners[3], corners[2], corners[1]]), surface, wear)


def curves(path: Path, s_m: tuple[float, float], d_m: Sequence[float]) -> list[NDArray[np.float64]]:
    """Return the curves, each of shape (n, 2), that run along a stretch of a path at several offsets."""
    x, y, normal_x, normal_y = path.frames(path.stations(*s_m))
    middle, normal = np.stack([x, y], axis=1), np.stack([normal_x, normal_y], axis=1)
    return [middle + d * normal for d in d_m]


def ring(
    outer_m: NDArray[np.float64],
    inner_m: NDArray[np.float64],
    surface: Surface,
    z_m: tuple[float, float] | None = None,
) -> Patch:
    """Return the piece between two curves of as many points each, at the heights `z_m`."""
    heights = None if z_m is None else np.repeat(np.array(z_m), len(outer_m))
    return Patch(np.concatenate([outer_m, inner_m[::-1]]), surface, 0.0, heights)
