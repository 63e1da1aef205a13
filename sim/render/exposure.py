"""Light to numbers, pixel by pixel: motion blur, uneven light, the sensor's curve and its noise, each in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

Picture = NDArray[np.uint8]
"""RGB, shape (rows, columns, 3)."""

FIELD_UNIT = 200
"""The value of a field of light that leaves a colour as it is."""

NOISE_REACH = 128
"""Noise in a table of levels is no larger than this."""

_GAIN_BITS = 22


@compiled
def _reflected(place: int, length: int) -> int:
    """Return the place that stands for one beyond the ends: mirrored, with the last itself not repeated."""
    if length == 1:
        return 0
    while place < 0 or place >= length:
        place = -place if place < 0 else 2 * (length - 1) - place
    return place


@compiled
def blur_across(picture: Picture, first: int, last: int, reach: int) -> None:
    """Replace the columns from `first` until before `last` by means over `reach` of them to either side, in place."""
    rows, wide, taps = picture.shape[0], last - first, 2 * reach + 1
    sources = np.empty(wide + 2 * reach, np.int64)
    for place in range(len(sources)):
        sources[place] = 3 * (first + _reflected(place - reach, wide))
    padded = np.empty(3 * len(sources), np.uint16)
    total = np.empty(3 * wide, np.uint16)
    share = np.float32(1 / taps)
    for v in range(rows):
        row = picture[v].reshape(-1)
        for place in range(len(sources)):
            source = sources[place]
            padded[3 * place], padded[3 * place + 1], padded[3 * place + 2] = (
                row[source],
                row[source + 1],
                row[source + 2],
            )
        total[:] = 0
        for tap in range(taps):
            part = padded[3 * tap : 3 * (tap + wide)]
            for place in range(3 * wide):
                total[place] += part[place]
        target = row[3 * first : 3 * last]
        for place in range(3 * wide):
            target[place] = np.uint8(np.float32(total[place]) * share + np.float32(0.5))


@compiled
def blur_down(picture: Picture, first: int, reach: int) -> None:
    """Replace the rows from `first` on by means over `reach` of them to either side, in place."""
    source = picture[first:].copy().reshape(picture.shape[0] - first, -1)
    high, wide = source.shape
    total = np.zeros(wide, np.int32)
    share = np.float32(1 / (2 * reach + 1))
    for tap in range(-reach, reach):
        row = source[_reflected(tap, high)]
        for place in range(wide):
            total[place] += row[place]
    for v in range(high):
        come, gone = source[_reflected(v + reach, high)], source[_reflected(v - reach, high)]
        target = picture[first + v].reshape(-1)
        for place in range(wide):
            total[place] += come[place]
            target[place] = np.uint8(np.float32(total[place]) * share + np.float32(0.5))
            total[place] -= gone[place]


@compiled
def expose(picture: Picture, field: Picture, scale: float, noise: NDArray[np.int8], v0: int, u0: int) -> Picture:
    """Return a picture under uneven light, and with noise that is everywhere alike.

    Args:
        picture: What reaches the lens.
        field: The light's share for each pixel and colour.
        scale: Of their product.
        noise: Larger than the picture, in grey levels.
        v0: First row of the noise that is used.
        u0: First column.
    """
    rows, columns, _ = picture.shape
    wide = 3 * columns
    done = np.empty(picture.shape, np.uint8)
    gain = np.uint32(round(scale * (1 << _GAIN_BITS)))
    half = np.uint32(1 << (_GAIN_BITS - 1))
    most = np.uint32((1 << 31) // gain)
    for v in range(rows):
        row, light, target = picture[v].reshape(-1), field[v].reshape(-1), done[v].reshape(-1)
        grains = noise[v0 + v].reshape(-1)[3 * u0 : 3 * u0 + wide]
        for place in range(wide):
            lit = min(np.uint32(row[place]) * np.uint32(light[place]), most)
            level = min(np.int32((lit * gain + half) >> np.uint32(_GAIN_BITS)), np.int32(255)) + np.int32(grains[place])
            target[place] = np.uint8(max(min(level, np.int32(255)), np.int32(0)))
    return done


@compiled
def expose_by_table(
    picture: Picture,
    field: Picture,
    there: NDArray[np.uint8],
    back: NDArray[np.uint8],
    noise: NDArray[np.int8],
    v0: int,
    u0: int,
) -> None:
    """Put a picture under uneven light, and add noise on a scale on which it is everywhere alike, in place.

    Args:
        picture: What reaches the lens.
        field: The light for each pixel and colour; `FIELD_UNIT` leaves it as it is.
        there: From levels to that scale, shape (256,).
        back: From `NOISE_REACH` below that scale to as much above it, to levels, shape (256 + 2 NOISE_REACH,).
        noise: Larger than the picture.
        v0: First row of the noise that is used.
        u0: First column.
    """
    rows, columns, _ = picture.shape
    wide = 3 * columns
    lit = np.empty(wide, np.uint8)
    for v in range(rows):
        row, light = picture[v].reshape(-1), field[v].reshape(-1)
        grains = noise[v0 + v].reshape(-1)[3 * u0 : 3 * u0 + wide]
        for place in range(wide):
            product = np.uint32(row[place]) * np.uint32(light[place]) + np.uint32(FIELD_UNIT // 2)
            lit[place] = np.uint8(min(product // np.uint32(FIELD_UNIT), np.uint32(255)))
        for place in range(wide):
            row[place] = back[np.intp(there[lit[place]]) + np.intp(grains[place]) + NOISE_REACH]
