"""What is painted on roads beyond their centre and edge lines: crosswalks, stop lines for others, words and arrows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.render.gaps import between
from sim.render.patches import Patch, Surface, strip
from sim.road import Crosswalk, CrosswalkStyle, Road, Symbol, SymbolKind
from sim.road.sizes import (
    ARROW_LENGTH_M,
    ARROW_WIDTH_M,
    CROSSWALK_BAR_GAP_M,
    CROSSWALK_BAR_M,
    CROSSWALK_DEPTH_M,
    CROSSWALK_LINE_M,
    DASH_GAP_M,
    DASH_M,
    LEGEND_HEIGHT_M,
    LEGEND_WIDTH_M,
    LINE_M,
    STALL_M,
)

Points = tuple[tuple[float, float], ...]

_LETTERS: dict[str, Points] = {
    "S": (
        (0.0, 0.0), (1.0, 0.0), (1.0, 0.56), (0.3, 0.56), (0.3, 0.86), (1.0, 0.86), (1.0, 1.0), (0.0, 1.0), (0.0, 0.43),
        (0.7, 0.43), (0.7, 0.14), (0.0, 0.14),
    ),
    "T": ((0.35, 0.0), (0.65, 0.0), (0.65, 0.86), (1.0, 0.86), (1.0, 1.0), (0.0, 1.0), (0.0, 0.86), (0.35, 0.86)),
    # A seam joins the outline to that of the hole.
    "O": (
        (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.3, 0.14), (0.3, 0.86), (0.7, 0.86), (0.7, 0.14),
        (0.3, 0.14),
    ),
    "P": (
        (0.0, 0.0), (0.3, 0.0), (0.3, 0.43), (1.0, 0.43), (1.0, 1.0), (0.0, 1.0), (0.0, 0.43), (0.3, 0.57), (0.3, 0.86),
        (0.7, 0.86), (0.7, 0.57), (0.3, 0.57), (0.0, 0.43),
    ),
}  # fmt: skip
"""Outlines of block letters in a unit square, x to the reader's right, y away from the reader."""

_LETTER_GAP = 0.25
"""Between letters, as a share of a letter's width."""

_STRAIGHT: Points = ((-0.06, 0.0), (0.06, 0.0), (0.06, 0.6), (0.22, 0.6), (0.0, 1.0), (-0.22, 0.6), (-0.06, 0.6))
_TURN: Points = (
    (-0.06, 0.0), (0.06, 0.0), (0.06, 0.46), (0.28, 0.62), (0.28, 0.5), (0.5, 0.74), (0.28, 0.98), (0.28, 0.8),
    (-0.06, 0.6),
)  # fmt: skip
_BRANCH: Points = (
    (0.0, 0.14), (0.06, 0.14), (0.26, 0.38), (0.26, 0.24), (0.5, 0.5), (0.26, 0.76), (0.26, 0.56), (0.0, 0.3),
)  # fmt: skip
"""Arrows one unit long: x to the reader's right in units of the arrow's width, y away from the reader."""


def crosswalk_patches(road: Road, crosswalk: Crosswalk) -> Iterator[Patch]:
    """Yield a crosswalk's paint."""
    start_m, end_m = crosswalk.s_m, crosswalk.s_m + CROSSWALK_DEPTH_M
    wear, half_m = road.wear_at(start_m), road.half_width_m
    if crosswalk.style is not CrosswalkStyle.TWO_LINES:
        step_m = CROSSWALK_BAR_M + CROSSWALK_BAR_GAP_M
        for d_m in np.arange(-half_m + 0.4, half_m - 0.5, step_m).tolist():
            yield strip(road.path, (start_m, end_m), (d_m, d_m + CROSSWALK_BAR_M), Surface.WHITE_PAINT, wear=wear)
    if crosswalk.style is not CrosswalkStyle.ZEBRA:
        across = (-half_m + 0.1, half_m - 0.1)
        for s_m in (start_m, end_m - CROSSWALK_LINE_M):
            yield strip(road.path, (s_m, s_m + CROSSWALK_LINE_M), across, Surface.WHITE_PAINT, wear=wear)


def bar_patches(road: Road) -> Iterator[Patch]:
    """Yield the stop lines of those who are not the ego."""
    for bar in road.bars:
        span = (bar.s_m, bar.s_m + bar.thickness_m)
        yield strip(road.path, span, (bar.right_m, bar.left_m), Surface.WHITE_PAINT, wear=0.7 * road.wear_at(bar.s_m))


def lane_patches(road: Road, gaps_m: list[tuple[float, float]]) -> Iterator[Patch]:
    """Yield the broken lines between lanes of one direction, but for the gaps."""
    divider_m, width_m = road.divider_d_m, road.lane_width_m
    places = [divider_m - lane * width_m for lane in range(1, road.lanes_along)]
    places += [divider_m + lane * width_m for lane in range(1, road.lanes_against)]
    first_m, last_m = road.span_m
    starts = np.arange(first_m, last_m - DASH_M, DASH_M + DASH_GAP_M).tolist() if places else []
    for s_m in starts:
        wear = road.wear_at(s_m)
        if wear >= 1.0 or any(start < s_m + DASH_M and s_m < end for start, end in gaps_m):
            continue
        for d_m in places:
            yield strip(
                road.path, (s_m, s_m + DASH_M), (d_m - 0.5 * LINE_M, d_m + 0.5 * LINE_M), Surface.WHITE_PAINT, wear=wear
            )


def parking_patches(road: Road, side: float, gaps_m: list[tuple[float, float]]) -> Iterator[Patch]:
    """Yield the line along a parking lane and those between its places, but for the gaps."""
    width_m = road.parking_right_m if side < 0 else road.parking_left_m
    if width_m <= 0.0:
        return
    inner_m, outer_m = side * (road.half_width_m - width_m), side * (road.half_width_m - 0.15)
    line = (inner_m - 0.5 * LINE_M, inner_m + 0.5 * LINE_M)
    for first_m, last_m in between(*road.span_m, gaps_m):
        yield strip(road.path, (first_m, last_m), line, Surface.WHITE_PAINT, wear=road.wear)
        for s_m in np.arange(last_m - LINE_M, first_m, -STALL_M).tolist():
            yield strip(road.path, (s_m, s_m + LINE_M), (inner_m, outer_m), Surface.WHITE_PAINT, wear=road.wear)


def symbol_patches(road: Road) -> Iterator[Patch]:
    """Yield words and arrows."""
    for symbol in road.symbols:
        wear = road.wear_at(symbol.s_m)
        if wear >= 1.0:
            continue
        for outline in symbol_outlines(symbol.kind):
            yield Patch(_laid(road, symbol, outline), Surface.WHITE_PAINT, wear)


def symbol_outlines(kind: SymbolKind) -> list[NDArray[np.float64]]:
    """Return the outlines of a symbol, each of shape (n, 2): metres to the reader's right and away from the reader."""
    if kind is SymbolKind.STOP:
        return _word("STOP")
    size = np.array([ARROW_WIDTH_M, ARROW_LENGTH_M])
    mirrored = np.array([-1.0, 1.0])
    turns = {SymbolKind.RIGHT: 1.0, SymbolKind.LEFT: -1.0}
    if kind is SymbolKind.STRAIGHT:
        shapes = [np.array(_STRAIGHT)]
    elif kind in turns:
        shapes = [np.array(_TURN) * np.array([turns[kind], 1.0])]
    else:
        branch = np.array(_BRANCH)
        shapes = [np.array(_STRAIGHT), branch if kind is SymbolKind.STRAIGHT_RIGHT else branch * mirrored]
    return [(shape - np.array([0.0, 0.5])) * size for shape in shapes]


def _word(word: str) -> list[NDArray[np.float64]]:
    letter_m = LEGEND_WIDTH_M / (len(word) + _LETTER_GAP * (len(word) - 1))
    step_m = letter_m * (1.0 + _LETTER_GAP)
    size, left_m = np.array([letter_m, LEGEND_HEIGHT_M]), -0.5 * LEGEND_WIDTH_M
    return [
        np.array(_LETTERS[letter]) * size + np.array([left_m + place * step_m, -0.5 * LEGEND_HEIGHT_M])
        for place, letter in enumerate(word)
    ]


def _laid(road: Road, symbol: Symbol, outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an outline's world positions, laid on the road for those who read it."""
    x, y = road.path.position(symbol.s_m, symbol.d_m)
    heading = road.path.heading(symbol.s_m) + (np.pi if symbol.against else 0.0)
    c, s = np.cos(heading), np.sin(heading)
    right, ahead = outline[:, 0], outline[:, 1]
    return np.stack([x + ahead * c + right * s, y + ahead * s - right * c], axis=1)
