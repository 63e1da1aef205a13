"""Polygons to pixels: which pixels each covers, filled and counted, many polygons in one call.

A polygon covers what `pygame.draw.polygon` fills, pixel for pixel: its corners are cut to whole pixels, its rows run
from the first to the last corner's, and in each row it reaches outwards from edge to edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

Points = NDArray[np.float64]
Index = NDArray[np.int64]
Scratch = NDArray[np.int32]

THING_COLUMNS = 8
"""Of a thing that `fill_and_count` found: number, pixels, u0, v0, u1, v1 (half-open), first and last polygon drawn."""


@compiled
def _scratch(first: Index, last: Index, height: int) -> tuple[Scratch, Scratch, Scratch]:
    """Return room for the crossings of one polygon's rows, their count, and its spans."""
    most = 2
    for k in range(len(first)):
        most = max(most, last[k] - first[k])
    room = height * most
    return np.empty(room, np.int32), np.empty(height, np.int32), np.empty((room // 2 + most, 3), np.int32)


@compiled
def _whole(value: float) -> int:
    """Return a coordinate as Pygame takes it: by way of four bytes, cut towards 0."""
    return int(np.float32(value))


@compiled
def _spans(
    points: Points, first: int, last: int, height: int, width: int, crossings: Scratch, counts: Scratch, spans: Scratch
) -> int:
    """Write a polygon's spans (row, first column, last column) that lie in a picture; return how many."""
    low = high = _whole(points[first, 1])
    left = right = _whole(points[first, 0])
    for i in range(first + 1, last):
        u, v = _whole(points[i, 0]), _whole(points[i, 1])
        low, high, left, right = min(low, v), max(high, v), min(left, u), max(right, u)
    top, bottom = max(low, 0), min(high, height - 1)
    if top > bottom or right < 0 or left >= width:
        return 0
    if low == high:
        spans[0, 0], spans[0, 1], spans[0, 2] = low, max(left, 0), min(right, width - 1)
        return 1
    counts[: bottom - top + 1] = 0
    stride = last - first
    before_u, before_v = _whole(points[last - 1, 0]), _whole(points[last - 1, 1])
    level = False
    for i in range(first, last):
        u, v = _whole(points[i, 0]), _whole(points[i, 1])
        if v == before_v:
            level = level or low < v < high
        else:
            u1, v1, u2, v2 = (before_u, before_v, u, v) if before_v < v else (u, v, before_u, before_v)
            # An edge ends above its lower end, but for the polygon's last row.
            for row in range(max(v1, top), min(v2 if v2 < high else v2 + 1, bottom + 1)):
                place = row - top
                at = np.float32((row - v1) * (u2 - u1)) / np.float32(v2 - v1) + np.float32(u1)
                crossings[place * stride + counts[place]] = int(min(max(at, np.float32(-1)), np.float32(width)))
                counts[place] += 1
        before_u, before_v = u, v
    found = 0
    for row in range(top, bottom + 1):
        many = counts[row - top]
        own = crossings[(row - top) * stride : (row - top) * stride + many]
        for one in range(1, many):
            value, place = own[one], one
            while place > 0 and own[place - 1] > value:
                own[place] = own[place - 1]
                place -= 1
            own[place] = value
        for one in range(0, many - 1, 2):
            u1, u2 = max(own[one], 0), min(own[one + 1], width - 1)
            if u1 <= u2:
                spans[found, 0], spans[found, 1], spans[found, 2] = row, u1, u2
                found += 1
    if level:
        # A level edge between the first and the last row may bound the inside from below: no row crosses it.
        for i in range(first, last):
            j = i - 1 if i > first else last - 1
            row = _whole(points[i, 1])
            if top <= row <= bottom and low < row < high and _whole(points[j, 1]) == row:
                one, two = _whole(points[i, 0]), _whole(points[j, 0])
                u1, u2 = max(min(one, two), 0), min(max(one, two), width - 1)
                if u1 <= u2:
                    spans[found, 0], spans[found, 1], spans[found, 2] = row, u1, u2
                    found += 1
    return found


@compiled
def _fill(picture: NDArray[Any], spans: Scratch, count: int, value: Any) -> None:
    for s in range(count):
        row = picture[spans[s, 0]]
        for u in range(spans[s, 1], spans[s, 2] + 1):
            row[u] = value


@compiled
def fill_polygons(picture: NDArray[Any], points: Points, first: Index, last: Index, values: NDArray[Any]) -> None:
    """Fill polygons one over the other, in place.

    Args:
        picture: Shape (rows, columns).
        points: Corners as (u, v), shape (n, 2).
        first: Each polygon's first corner, shape (p,).
        last: One past each polygon's last corner, shape (p,).
        values: What each is filled with, of the picture's type, shape (p,).
    """
    height, width = picture.shape
    crossings, counts, spans = _scratch(first, last, height)
    for k in range(len(first)):
        found = _spans(points, first[k], last[k], height, width, crossings, counts, spans)
        _fill(picture, spans, found, values[k])


@compiled
def fill_chosen(
    picture: NDArray[Any],
    points: Points,
    first: Index,
    last: Index,
    values: NDArray[Any],
    chosen: NDArray[np.bool_],
    start: int,
    stop: int,
) -> None:
    """Fill those of the polygons from `start` until before `stop` that are chosen; see `fill_polygons`."""
    height, width = picture.shape
    crossings, counts, spans = _scratch(first[start:stop], last[start:stop], height)
    for k in range(start, stop):
        if chosen[k]:
            found = _spans(points, first[k], last[k], height, width, crossings, counts, spans)
            _fill(picture, spans, found, values[k])


@compiled
def fill_layers(
    layers: NDArray[np.uint8],
    points: Points,
    first: Index,
    last: Index,
    targets: Index,
    values: NDArray[np.uint8],
) -> None:
    """Fill polygons in several pictures of one size, shape (layers, rows, columns), each in that of `targets`."""
    _, height, width = layers.shape
    crossings, counts, spans = _scratch(first, last, height)
    for k in range(len(first)):
        found = _spans(points, first[k], last[k], height, width, crossings, counts, spans)
        _fill(layers[targets[k]], spans, found, values[k])


@compiled
def fill_and_count(
    mask: NDArray[np.uint8],
    points: Points,
    first: Index,
    last: Index,
    bounds: Points,
    owners: Index,
    covers: NDArray[np.uint8],
    also: Points,
    reach_px: float,
    most: int,
) -> tuple[Index, Index]:
    """Fill labelled things, and what may hide them, in numbers, and count each thing's pixels before more is drawn.

    Following polygons of one owner are one thing, and things are numbered from 1 in drawing order.

    Args:
        mask: Where to, shape (rows, columns).
        points: Corners as (u, v), shape (n, 2).
        first: Each polygon's first corner, shape (p,).
        last: One past each polygon's last corner.
        bounds: u0, v0, u1, v1 of each polygon, shape (p, 4).
        owners: The labelled thing that each belongs to, 0 for none.
        covers: What a polygon of no thing is filled with; 0 for what hides nothing.
        also: Bounds of what else must not be left uncovered, shape (m, 4).
        reach_px: What is so near to the bounds of a thing may hide it.
        most: The highest number of a thing.

    Returns:
        Things with pixels in the picture, shape (t, `THING_COLUMNS`), and the owner of each, shape (t,).
    """
    height, width = mask.shape
    crossings, counts, spans = _scratch(first, last, height)
    wanted = np.empty((len(first) + len(also), 4))
    boxes = 0
    for k in range(len(also)):
        wanted[boxes] = also[k]
        boxes += 1
    for k in range(len(first)):
        if owners[k]:
            wanted[boxes] = bounds[k]
            boxes += 1
    things = np.empty((len(first), THING_COLUMNS), np.int64)
    thing_owners = np.empty(len(first), np.int64)
    found, before = 0, 0
    for k in range(len(first)):
        owner = owners[k]
        if not owner:
            near = False
            if covers[k]:
                for box in range(boxes):
                    near = near or (
                        bounds[k, 0] < wanted[box, 2] + reach_px
                        and bounds[k, 2] > wanted[box, 0] - reach_px
                        and bounds[k, 1] < wanted[box, 3] + reach_px
                        and bounds[k, 3] > wanted[box, 1] - reach_px
                    )
            if near:
                count = _spans(points, first[k], last[k], height, width, crossings, counts, spans)
                _fill(mask, spans, count, covers[k])
                before = 0
            continue
        if owner != before:
            if found and not things[found - 1, 1]:
                found -= 1
            things[found] = (min(found + 1, most), 0, width, height, 0, 0, k, k)
            thing_owners[found] = owner
            found += 1
            before = owner
        thing = things[found - 1]
        thing[7] = k
        number = np.uint8(thing[0])
        count = _spans(points, first[k], last[k], height, width, crossings, counts, spans)
        for s in range(count):
            v, u1, u2 = spans[s]
            fresh = 0
            row = mask[v]
            for u in range(u1, u2 + 1):
                fresh += row[u] != number
                row[u] = number
            thing[1] += fresh
            thing[2], thing[3] = min(thing[2], u1), min(thing[3], v)
            thing[4], thing[5] = max(thing[4], u2 + 1), max(thing[5], v + 1)
    if found and not things[found - 1, 1]:
        found -= 1
    return things[:found], thing_owners[:found]


@compiled
def count_number(mask: NDArray[np.uint8], number: int, u0: int, v0: int, u1: int, v1: int) -> tuple[int, ...]:
    """Return how many pixels of a part of a mask carry a number, and their bounds u0, v0, u1, v1, half-open."""
    pixels, low_u, low_v, high_u, high_v = 0, u1, v1, u0, v0
    for v in range(v0, v1):
        row = mask[v]
        own = 0
        for u in range(u0, u1):
            own += row[u] == number
        if own:
            pixels += own
            low_v, high_v = min(low_v, v), v + 1
            left, right = u0, u1 - 1
            while row[left] != number:
                left += 1
            while row[right] != number:
                right -= 1
            low_u, high_u = min(low_u, left), max(high_u, right + 1)
    return pixels, low_u, low_v, high_u, high_v


@compiled
def numbers_under(
    mask: NDArray[np.uint8], points: Points, first: Index, last: Index, region: tuple[int, int, int, int]
) -> Index:
    """Return how many of the pixels that polygons cover together carry each number, shape (256,).

    Args:
        mask: Of numbers.
        points: Corners, as in `fill_polygons`.
        first: Each polygon's first corner.
        last: One past each polygon's last corner.
        region: Bounds u0, v0, u1, v1 of all of these pixels.
    """
    height, width = mask.shape
    crossings, counts, spans = _scratch(first, last, height)
    u0, v0, u_end, v_end = region
    taken = np.zeros((v_end - v0, u_end - u0), np.bool_)
    numbers = np.zeros(256, np.int64)
    for k in range(len(first)):
        for s in range(_spans(points, first[k], last[k], height, width, crossings, counts, spans)):
            v, u1, u2 = spans[s]
            for u in range(u1, u2 + 1):
                if not taken[v - v0, u - u0]:
                    taken[v - v0, u - u0] = True
                    numbers[mask[v, u]] += 1
    return numbers
