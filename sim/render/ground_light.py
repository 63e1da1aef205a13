"""What grain, light, water and snow do to each spot of the ground, in one pass: the compiled part of `surface`."""

from __future__ import annotations

from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

Mask = NDArray[np.uint8]
Small = NDArray[np.float32]
Rows = NDArray[np.float64]
Triple = tuple[float, float, float]

UNIT = 180
"""The factor's value that leaves a colour as it is; up to 255 / 180 of it fit into a byte."""

NEUTRAL = 128
"""The value of a grain that changes nothing."""

_STEP_BITS = 5
_STEPS = 1 << _STEP_BITS
"""So many places between two pixels of a tile are told apart."""

_DRY_RED, _DRY_GREEN, _DRY_BLUE = 0.34, 0.10, -0.10
"""How dry grass shifts red, green and blue."""

_SNOW_RED, _SNOW_GREEN, _SNOW_BLUE = 236.0, 240.0, 248.0


@compiled
def _blend(tile: Mask, above: int, below: int, step: int, weights: tuple[int, int, int, int]) -> int:
    """Return the mean of four values of a flat tile, by weights that sum to the square of the steps."""
    total = tile[above] * weights[0] + tile[above + step] * weights[1]
    total += tile[below] * weights[2] + tile[below + step] * weights[3]
    return (total + (1 << (2 * _STEP_BITS - 1))) >> (2 * _STEP_BITS)


@compiled
def _corner_weights(x: int, y: int) -> tuple[int, int, int, int]:
    """Return how much of each of four pixels is seen at a place in steps: two above, two below."""
    right, low = x & (_STEPS - 1), y & (_STEPS - 1)
    left, high = _STEPS - right, _STEPS - low
    return left * high, right * high, left * low, right * low


@compiled
def _byte(value: float) -> int:
    return int(min(max(value, 0.0), 255.0) + 0.5)


@compiled
def sample_grain(
    tile: Mask, depth_px: Rows, aside: Rows, fade: Rows, place_px: tuple[float, float], turn: tuple[float, float]
) -> Mask:
    """Return a tile laid out on the ground, fading with the distance.

    Args:
        tile: Shape (n + 1, n + 1, 1), n a power of two; with its first row and column once more at its ends.
        depth_px: Depth of each row, in pixels of the tile.
        aside: How far right of the camera each column is, as a share of the depth.
        fade: What is left of the grain in each row.
        place_px: Where the camera is on the tile.
        turn: Cosine and sine of its heading.
    """
    c, s = turn
    grain = np.empty((len(depth_px), len(aside)), np.uint8)
    wide, flat = tile.shape[1], tile.reshape(-1)
    for row in range(len(depth_px)):
        depth = depth_px[row] * _STEPS
        x0, y0 = place_px[0] * _STEPS + depth * c + 0.5, place_px[1] * _STEPS + depth * s + 0.5
        dx, dy = depth * s, -depth * c
        for column in range(len(aside)):
            x, y = floor(x0 + dx * aside[column]), floor(y0 + dy * aside[column])
            at = ((y >> _STEP_BITS) & (wide - 2)) * wide + ((x >> _STEP_BITS) & (wide - 2))
            grain[row, column] = int(_blend(flat, at, at + wide, 1, _corner_weights(x, y)) * fade[row] + 0.5)
    return grain


@compiled
def light_ground(
    masks: tuple[Mask, Mask, Mask, Mask],
    tile: Mask,
    depth_px: Rows,
    aside: Rows,
    fade: Rows,
    seen: Rows,
    mirrors: Rows,
    place_px: tuple[float, float],
    turn: tuple[float, float],
    beam: Small,
    pools: Small,
    mirrored: Mask,
    ambient: Triple,
    headlights: Triple,
    lamps: Triple,
    strength: float,
    dim: float,
    dry_tint: float,
    snow: float,
    wetness: float,
) -> tuple[Mask, Mask]:
    """Return the factor on the ground's colour and what is added to it, each RGB, shape (rows, columns, 3).

    Args:
        masks: What is hard, the tone (`NEUTRAL` changes nothing), wheel tracks, and shadow, 0-255.
        tile: The grain of asphalt, that of grass, and how dry its patches are, shape (n + 1, n + 1, 3).
        depth_px: Depth of each row, in pixels of the tile.
        aside: How far right of the camera each column is, as a share of the depth.
        fade: What is left of the grain in each row, for each of its levels.
        seen: What haze leaves of each row.
        mirrors: How much of what is above water mirrors in each row.
        place_px: Where the camera is on the tile.
        turn: Cosine and sine of its heading.
        beam: The low beam's illuminance; empty when it is off.
        pools: The street lamps' illuminance; empty without any.
        mirrored: What a wet road mirrors; empty when it is dry.
        ambient: Of the light.
        headlights: Red, green and blue of the beam.
        lamps: Of the street lamps.
        strength: Of the grain.
        dim: How much of the light is lost in shadow.
        dry_tint: How far dry patches of grass differ in colour.
        snow: Cover.
        wetness: Of the road.
    """
    hard, tone, track, shadow = masks
    rows, columns = hard.shape
    factors = np.empty((rows, columns, 3), np.uint8)
    summed = snow > 0.0 or mirrored.size > 0
    sums = np.empty((rows if summed else 0, columns, 3), np.uint8)
    c, s = turn
    wide, flat = tile.shape[1], tile.reshape(-1)
    lit_by_lamps = beam.size > 0 or pools.size > 0
    for row in range(rows):
        depth = depth_px[row] * _STEPS
        x0, y0 = place_px[0] * _STEPS + depth * c + 0.5, place_px[1] * _STEPS + depth * s + 0.5
        dx, dy = depth * s, -depth * c
        grained = strength * fade[row]
        for column in range(columns):
            x, y = floor(x0 + dx * aside[column]), floor(y0 + dy * aside[column])
            at = 3 * (((y >> _STEP_BITS) & (wide - 2)) * wide + ((x >> _STEP_BITS) & (wide - 2)))
            below, weights = at + 3 * wide, _corner_weights(x, y)
            # Most spots are all hard or all soft, and ask for one value of the three.
            asphalt = grass = dry = 0
            if hard[row, column]:
                asphalt = _blend(flat, at, below, 3, weights) - NEUTRAL
            if hard[row, column] < 255:
                grass = _blend(flat, at + 1, below + 1, 3, weights) - NEUTRAL
            if summed or (dry_tint and hard[row, column] < 255):
                dry = _blend(flat, at + 2, below + 2, 3, weights) - NEUTRAL
            firm = hard[row, column] * (1 / 255)
            soft = 1.0 - firm
            grain = 1.0 + grained * (asphalt * firm + grass * soft) + (int(tone[row, column]) - NEUTRAL) * fade[row]
            factor = UNIT * grain * seen[row]
            level = 1.0 - dim * shadow[row, column] * (1 / 255)
            if lit_by_lamps:
                light = beam[row, column] if beam.size else np.float32(0)
                pool = pools[row, column] if pools.size else np.float32(0)
                red = factor * sqrt(ambient[0] * ambient[0] * level + headlights[0] * light + lamps[0] * pool)
                green = factor * sqrt(ambient[1] * ambient[1] * level + headlights[1] * light + lamps[1] * pool)
                blue = factor * sqrt(ambient[2] * ambient[2] * level + headlights[2] * light + lamps[2] * pool)
            else:
                factor *= sqrt(level)
                red, green, blue = ambient[0] * factor, ambient[1] * factor, ambient[2] * factor
            add_red = add_green = add_blue = 0.0
            if snow > 0.0:
                # Snow lies over what colour there is, and is lit as that is: most of it on the verge, less on the road,
                # little in the tracks.
                tracked = track[row, column] * (1 / 255)
                on_road = snow * (1.0 - 0.6 * tracked) - 0.06 + 0.006 * dry * (1.0 + tracked)
                beside = 0.45 + 0.55 * snow + 0.003 * dry
                cover = min(max(firm * on_road + soft * beside, 0.0), 0.97)
                add_red = _SNOW_RED / UNIT * cover * red
                add_green = _SNOW_GREEN / UNIT * cover * green
                add_blue = _SNOW_BLUE / UNIT * cover * blue
                red, green, blue = red * (1.0 - cover), green * (1.0 - cover), blue * (1.0 - cover)
            elif dry_tint:
                tint = dry_tint * fade[row] * dry * soft
                red *= 1.0 + _DRY_RED * tint
                green *= 1.0 + _DRY_GREEN * tint
                blue *= 1.0 + _DRY_BLUE * tint
            if mirrored.size:
                # A film of water, and puddles where the road lies low.
                wet = min(max(wetness * (0.62 + 0.012 * dry), 0.0), 1.0) * (0.25 + 0.75 * firm)
                share = wet * mirrors[row] * seen[row]
                add_red = share * mirrored[row, column, 0]
                add_green = share * mirrored[row, column, 1]
                add_blue = share * mirrored[row, column, 2]
                dark = 1.0 - 0.62 * wet
                red, green, blue = red * dark, green * dark, blue * dark
            factors[row, column, 0], factors[row, column, 1] = _byte(red), _byte(green)
            factors[row, column, 2] = _byte(blue)
            if summed:
                sums[row, column, 0], sums[row, column, 1] = _byte(add_red), _byte(add_green)
                sums[row, column, 2] = _byte(add_blue)
    return factors, sums
