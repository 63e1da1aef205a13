"""Flat pieces of ground, each named by what it is made of; the ground gives them their colours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

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


def strip(
    path: Path,
    s_m: tuple[float, float],
    d_m: tuple[float, float],
    surface: Surface,
    *,
    wear: float = 0.0,
    z_m: tuple[float, float] | None = None,
) -> Patch:
    """Return the strip along a path between two arc lengths and two offsets.

    Args:
        path: Along which it runs.
        s_m: Where it starts and ends.
        d_m: Its two sides, left of the path.
        surface: What it is made of.
        wear: Of paint.
        z_m: Height of each side.
    """
    stations = path.stations(*s_m)
    points = np.concatenate([path.beside(stations, d_m[0]), path.beside(stations, d_m[1])[::-1]])
    heights = None if z_m is None else np.repeat(np.array(z_m), len(stations))
    return Patch(points, surface, wear, heights)


def ring(
    outer_m: NDArray[np.float64],
    inner_m: NDArray[np.float64],
    surface: Surface,
    z_m: tuple[float, float] | None = None,
) -> Patch:
    """Return the piece between two curves of as many points each, at the heights `z_m`."""
    heights = None if z_m is None else np.repeat(np.array(z_m), len(outer_m))
    return Patch(np.concatenate([outer_m, inner_m[::-1]]), surface, 0.0, heights)
