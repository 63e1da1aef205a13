"""Textures laid over quadrilaterals in the supersampled picture, in perspective, in place."""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from sim.render.compiled import compiled

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]
"""From homogeneous places in the picture to such in a texture, shape (3, 3); whole numbers are pixels' middles."""

_PART_BITS = 7
_PARTS = 1 << _PART_BITS
"""So many places between two pixels of a texture are told apart."""


@compiled
def lay_face(
    pixels: Pixels,
    bounds: tuple[int, int, int, int],
    matrix: Matrix,
    face: Pixels,
    level: tuple[float, float, float],
    haze: tuple[float, float, float],
) -> None:
    """Lay a face, lit and in haze, over what is there; where it covers, the picture's alpha goes down to 0.

    Args:
        pixels: RGBA, shape (rows, columns, 4).
        bounds: u0, v0, u1, v1 of the part of it that the face may reach.
        matrix: From that picture to the face.
        face: RGBA, premultiplied.
        level: Factor on red, green and blue.
        haze: Added to red, green and blue where the face covers.
    """
    u0, v0, u1, v1 = bounds
    high, wide, _ = face.shape
    shade = np.empty(3, np.int64)
    for channel in range(3):
        shade[channel] = int(level[channel] * 65536)
    veil = np.empty(3, np.int64)
    for channel in range(3):
        veil[channel] = int(haze[channel] * 65536)
    for v in range(v0, v1):
        across = matrix[0, 1] * v + matrix[0, 2]
        down = matrix[1, 1] * v + matrix[1, 2]
        depth = matrix[2, 1] * v + matrix[2, 2]
        for u in range(u0, u1):
            share = 1.0 / (matrix[2, 0] * u + depth)
            x, y = (matrix[0, 0] * u + across) * share, (matrix[1, 0] * u + down) * share
            if not (-1.0 < x < wide and -1.0 < y < high):
                continue
            left, top = floor(x), floor(y)
            right_part, low_part = int((x - left) * _PARTS), int((y - top) * _PARTS)
            alpha, red, green, blue = 0, 0, 0, 0
            for corner in range(4):
                column, row = left + (corner & 1), top + (corner >> 1)
                if 0 <= column < wide and 0 <= row < high:
                    weight = (right_part if corner & 1 else _PARTS - right_part) * (
                        low_part if corner >> 1 else _PARTS - low_part
                    )
                    texel = face[row, column]
                    red += weight * texel[0]
                    green += weight * texel[1]
                    blue += weight * texel[2]
                    alpha += weight * texel[3]
            if not alpha:
                continue
            alpha = (alpha + (1 << (2 * _PART_BITS - 1))) >> (2 * _PART_BITS)
            pixel = pixels[v, u]
            kept = 255 - alpha
            ones = (red, green, blue)
            for channel in range(3):
                lit = ((ones[channel] * shade[channel] >> (2 * _PART_BITS)) + alpha * veil[channel] + (1 << 15)) >> 16
                pixel[channel] = min(min(lit, alpha) + (pixel[channel] * kept + 127) // 255, 255)
            pixel[3] = (pixel[3] * kept + 127) // 255


@compiled
def lay_grain(
    pixels: Pixels,
    bounds: tuple[int, int, int, int],
    corners: Matrix,
    matrix: Matrix,
    tile: Pixels,
    clear: float,
) -> None:
    """Darken what is there by a grain, in blocks of 2 x 2 pixels.

    Args:
        pixels: RGBA, shape (rows, columns, 4).
        bounds: u0, v0, and the columns and rows of blocks from there on.
        corners: Of the quadrilateral, (x right, y down) in blocks from there on, shape (4, 2).
        matrix: From blocks to the tile.
        tile: How much of the light each spot leaves, 255 for all; all of it around.
        clear: What haze leaves of the grain.
    """
    u0, v0, columns, rows = bounds
    high, wide = tile.shape
    kept = int(clear * 256)
    for row in range(rows):
        low, most = np.inf, -np.inf
        for k in range(4):
            x0, y0, x1, y1 = corners[k - 1, 0], corners[k - 1, 1], corners[k, 0], corners[k, 1]
            if max(y0, y1) < row - 1.0 or min(y0, y1) > row + 2.0:
                continue
            for bound in (row - 1.0, row + 2.0):
                if (y0 < bound) != (y1 < bound):
                    x = x0 + (x1 - x0) * (bound - y0) / (y1 - y0)
                    low, most = min(low, x), max(most, x)
            for x, y in ((x0, y0), (x1, y1)):
                if row - 1.0 <= y <= row + 2.0:
                    low, most = min(low, x), max(most, x)
        if low > most:
            continue
        across = matrix[0, 1] * row + matrix[0, 2]
        down = matrix[1, 1] * row + matrix[1, 2]
        depth = matrix[2, 1] * row + matrix[2, 2]
        for column in range(int(min(max(low - 1.0, 0.0), columns)), int(min(max(most + 2.0, 0.0), columns))):
            share = 1.0 / (matrix[2, 0] * column + depth)
            x, y = (matrix[0, 0] * column + across) * share, (matrix[1, 0] * column + down) * share
            if not (-1.0 < x < wide and -1.0 < y < high):
                continue
            left, top = floor(x), floor(y)
            right_part, low_part = int((x - left) * _PARTS), int((y - top) * _PARTS)
            total = 0
            for corner in range(4):
                u, v = left + (corner & 1), top + (corner >> 1)
                weight = (right_part if corner & 1 else _PARTS - right_part) * (
                    low_part if corner >> 1 else _PARTS - low_part
                )
                total += weight * (tile[v, u] if 0 <= u < wide and 0 <= v < high else 255)
            grain = (total + (1 << (2 * _PART_BITS - 1))) >> (2 * _PART_BITS)
            grain = (grain * kept + 255 * (256 - kept) + 128) >> 8
            for v in range(v0 + 2 * row, min(v0 + 2 * row + 2, pixels.shape[0])):
                for u in range(u0 + 2 * column, min(u0 + 2 * column + 2, pixels.shape[1])):
                    for channel in range(3):
                        pixels[v, u, channel] = (pixels[v, u, channel] * grain + 127) // 255
