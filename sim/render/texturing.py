"""Textures laid over quadrilaterals in the supersampled picture, in perspective, in place."""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

Pixels = NDArray[np.uint8]
Corners = NDArray[np.float64]
"""Bottom left, bottom right, top right, top left of a texture in the picture, shape (4, 2)."""

Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""From homogeneous places in the picture to such in a texture, row by row."""

_PART_BITS = 7
_PARTS = 1 << _PART_BITS
"""So many places between two pixels of a texture are told apart."""


@compiled
def _bounds(corners: Corners, height: int, width: int) -> tuple[int, int, int, int]:
    """Return u0, v0, u1, v1, half-open, of what lies between corners, with a pixel to spare, in a picture."""
    u0, v0 = min(corners[:, 0].min(), float(width)), min(corners[:, 1].min(), float(height))
    u1, v1 = max(corners[:, 0].max(), 0.0), max(corners[:, 1].max(), 0.0)
    return (
        max(floor(max(u0, -9.0)) - 1, 0),
        max(floor(max(v0, -9.0)) - 1, 0),
        min(int(min(u1, float(width))) + 2, width),
        min(int(min(v1, float(height))) + 2, height),
    )


@compiled
def _perspective(corners: Corners, wide: float, high: float, shift: float) -> Matrix:
    """Return the map from the picture to a texture that lies between four corners (Heckbert 1989, for squares).

    Args:
        corners: Where the texture's own are.
        wide: Width of what lies between them.
        high: Its height.
        shift: Where the middle of the first pixel lies, in the picture and in the texture.
    """
    x0, y0, x1, y1 = corners[3, 0], corners[3, 1], corners[2, 0], corners[2, 1]
    x2, y2, x3, y3 = corners[1, 0], corners[1, 1], corners[0, 0], corners[0, 1]
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    area = ax * by - bx * ay
    g, h = (sx * by - bx * sy) / area, (ax * sy - sx * ay) / area
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0 - shift
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0 - shift
    a, b, d, e = a - shift * g, b - shift * h, d - shift * g, e - shift * h
    # Its inverse, but for a factor that homogeneous places do not have.
    depth = d * h - e * g, b * g - a * h, a * e - b * d
    return (
        wide * (e - f * h) - shift * depth[0],
        wide * (c * h - b) - shift * depth[1],
        wide * (b * f - c * e) - shift * depth[2],
        high * (f * g - d) - shift * depth[0],
        high * (a - c * g) - shift * depth[1],
        high * (c * d - a * f) - shift * depth[2],
        *depth,
    )


@compiled
def lay_face(
    pixels: Pixels,
    corners: Corners,
    face: Pixels,
    level: tuple[float, float, float],
    haze: tuple[float, float, float],
) -> None:
    """Lay a face, lit and in haze, over what is there; where it covers, the picture's alpha goes down to 0.

    Args:
        pixels: RGBA, shape (rows, columns, 4).
        corners: Of the face.
        face: RGBA, premultiplied.
        level: Factor on red, green and blue.
        haze: Added to red, green and blue where the face covers.
    """
    height, width, _ = pixels.shape
    u0, v0, u1, v1 = _bounds(corners, height, width)
    high, wide, _ = face.shape
    matrix = _perspective(corners, wide, high, 0.5)
    shade = np.empty(3, np.int64)
    for channel in range(3):
        shade[channel] = int(level[channel] * 65536)
    veil = np.empty(3, np.int64)
    for channel in range(3):
        veil[channel] = int(haze[channel] * 65536)
    for v in range(v0, v1):
        across = matrix[1] * v + matrix[2]
        down = matrix[4] * v + matrix[5]
        depth = matrix[7] * v + matrix[8]
        for u in range(u0, u1):
            share = 1.0 / (matrix[6] * u + depth)
            x, y = (matrix[0] * u + across) * share, (matrix[3] * u + down) * share
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
    corners: Corners,
    wide_px: float,
    high_px: float,
    tile: Pixels,
    clear: float,
) -> None:
    """Darken what is there by a grain, in blocks of 2 x 2 pixels.

    Args:
        pixels: RGBA, shape (rows, columns, 4).
        corners: Of the wall.
        wide_px: How much of the tile is laid between them.
        high_px: How much of its height.
        tile: How much of the light each spot leaves, 255 for all; all of it around.
        clear: What haze leaves of the grain.
    """
    height, width, _ = pixels.shape
    u0, v0, u1, v1 = _bounds(corners, height, width)
    # Its edges are those of the wall under it.
    u0, v0 = u0 - u0 % 2, v0 - v0 % 2
    columns, rows = (u1 - u0 + 1) // 2, (v1 - v0 + 1) // 2
    high, wide = tile.shape
    blocks = np.empty((4, 2))
    for k in range(4):
        blocks[k, 0], blocks[k, 1] = 0.5 * (corners[k, 0] - u0), 0.5 * (corners[k, 1] - v0)
    matrix = _perspective(blocks, wide_px, high_px, 0.0)
    kept = int(clear * 256)
    for row in range(rows):
        low, most = np.inf, -np.inf
        for k in range(4):
            x0, y0, x1, y1 = blocks[k - 1, 0], blocks[k - 1, 1], blocks[k, 0], blocks[k, 1]
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
        across = matrix[1] * row + matrix[2]
        down = matrix[4] * row + matrix[5]
        depth = matrix[7] * row + matrix[8]
        for column in range(int(min(max(low - 1.0, 0.0), columns)), int(min(max(most + 2.0, 0.0), columns))):
            share = 1.0 / (matrix[6] * column + depth)
            x, y = (matrix[0] * column + across) * share, (matrix[3] * column + down) * share
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
            for v in range(v0 + 2 * row, min(v0 + 2 * row + 2, height)):
                for u in range(u0 + 2 * column, min(u0 + 2 * column + 2, width)):
                    for channel in range(3):
                        pixels[v, u, channel] = (pixels[v, u, channel] * grain + 127) // 255
