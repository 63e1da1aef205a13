"""From labels to the arrays that the loss compares with the network's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from perception.channels import CHANNELS, LANE_SCALES, SIGN_CHANNELS, STRIDE, BoxField, Channel
from perception.labels import Labels
from sim.camera import Camera

IGNORED = -1.0
"""Heat of a cell that is neither asked for nor punished."""

SIGMA_PER_SIDE = 0.09
MIN_SIGMA = 0.45
"""Spread of an object's heat: a share of each side (Liu et al. 2020, TTFNet: 0.54 / 6), and at least so many cells."""

PADDED = 128
"""Cells are counted in steps of so many where a batch is shared out."""

POSITIVE_HEAT = 0.6
"""Cells at least this hot also learn the object's box: the peak may fall on a neighbour of the centre."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What the network ought to answer for one frame, or for a batch of them.

    Attributes:
        heat: Each cell's heat from 0 to 1, `IGNORED` where nothing is asked; float32, shape (h, w, 5).
        cells: Row, column and channel of each cell with a box; int32, shape (n, 3); (n, 4) for a batch, frame first.
        boxes: The first five of `BoxField` for each such cell, NaN for an unknown distance; float32, shape (n, 5).
        weights: How much each counts; float32, shape (n,).
        lane: In `LANE_SCALES`; float32, shape (3,).
        lane_weight: 1 where the lane is asked for, else 0.
    """

    heat: NDArray[np.float32]
    cells: NDArray[np.int32]
    boxes: NDArray[np.float32]
    weights: NDArray[np.float32]
    lane: NDArray[np.float32]
    lane_weight: NDArray[np.float32]


def encode(labels: Labels, camera: Camera) -> Targets:
    """Return the targets of one frame."""
    height, width = camera.height_px // STRIDE, camera.width_px // STRIDE
    heat = np.zeros((height, width, CHANNELS), np.float32)
    if not labels.road_asked:
        heat[..., Channel.STOP_LINE] = IGNORED
    for index in np.flatnonzero(~labels.asked):
        _ignore(heat, labels.boxes[index], int(labels.channels[index]))
    cells: list[NDArray[np.int32]] = []
    boxes: list[NDArray[np.float32]] = []
    weights: list[NDArray[np.float32]] = []
    for index in np.flatnonzero(labels.asked):
        channel = int(labels.channels[index])
        if channel == Channel.STOP_LINE and not labels.road_asked:
            continue
        rows, columns, weight = _splat(heat, labels.boxes[index], channel)
        cells.append(np.stack([rows, columns, np.full_like(rows, channel)], axis=1).astype(np.int32))
        boxes.append(_fields(labels.boxes[index], float(labels.distances_m[index]), rows, columns))
        weights.append(weight)
    return Targets(
        heat=heat,
        cells=np.concatenate(cells) if cells else np.zeros((0, 3), np.int32),
        boxes=np.concatenate(boxes) if boxes else np.zeros((0, BoxField.LOG_SPREAD), np.float32),
        weights=np.concatenate(weights) if weights else np.zeros(0, np.float32),
        lane=labels.lane / np.array(LANE_SCALES, np.float32),
        lane_weight=np.float32(labels.road_asked),
    )


def stack(targets: Sequence[Targets]) -> Targets:
    """Join the targets of several frames into those of a batch."""
    numbers = np.repeat(np.arange(len(targets), dtype=np.int32), [len(each.cells) for each in targets])
    return Targets(
        heat=np.stack([each.heat for each in targets]),
        cells=np.concatenate([numbers[:, None], np.concatenate([each.cells for each in targets])], axis=1),
        boxes=np.concatenate([each.boxes for each in targets]),
        weights=np.concatenate([each.weights for each in targets]),
        lane=np.stack([each.lane for each in targets]),
        lane_weight=np.array([each.lane_weight for each in targets], np.float32),
    )


def _ignore(heat: NDArray[np.float32], box: NDArray[np.float32], channel: int) -> None:
    """Mark the cells of a box that is not asked for; a stop sign of that sort is no distractor either."""
    x0, y0, x1, y1 = (float(side) / STRIDE for side in box)
    channels = slice(0, SIGN_CHANNELS) if channel == Channel.STOP_SIGN else slice(channel, channel + 1)
    heat[max(floor(y0), 0) : max(ceil(y1), 0), max(floor(x0), 0) : max(ceil(x1), 0), channels] = IGNORED


def _splat(
    heat: NDArray[np.float32], box: NDArray[np.float32], channel: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Draw one object's heat; return rows, columns and heat of the cells that learn its box.

    The heat is a Gaussian about the cell that holds the centre, so that one cell is exactly 1.
    """
    height, width = heat.shape[:2]
    x0, y0, x1, y1 = (float(side) / STRIDE for side in box)
    column = min(max(floor((x0 + x1) / 2), 0), width - 1)
    row = min(max(floor((y0 + y1) / 2), 0), height - 1)
    sigma_u, sigma_v = max(SIGMA_PER_SIDE * (x1 - x0), MIN_SIGMA), max(SIGMA_PER_SIDE * (y1 - y0), MIN_SIGMA)
    reach_u, reach_v = ceil(3 * sigma_u), ceil(3 * sigma_v)
    left, right = max(column - reach_u, 0), min(column + reach_u + 1, width)
    top, bottom = max(row - reach_v, 0), min(row + reach_v + 1, height)
    across = np.exp(-0.5 * ((np.arange(left, right) - column) / sigma_u) ** 2)
    down = np.exp(-0.5 * ((np.arange(top, bottom) - row) / sigma_v) ** 2)
    bell = np.outer(down, across).astype(np.float32)
    patch = heat[top:bottom, left:right, channel]
    np.maximum(patch, bell, out=patch, where=(patch >= 0) | (bell >= POSITIVE_HEAT))
    rows, columns = np.nonzero(bell >= POSITIVE_HEAT)
    return rows + top, columns + left, bell[rows, columns]


def _fields(
    box: NDArray[np.float32], distance_m: float, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the box fields, all but the spread, of one object as seen from each of its cells; shape (n, 5)."""
    x0, y0, x1, y1 = (float(side) / STRIDE for side in box)
    fields = np.empty((len(rows), BoxField.LOG_SPREAD), np.float32)
    fields[:, BoxField.OFFSET_U] = (x0 + x1) / 2 - (columns + 0.5)
    fields[:, BoxField.OFFSET_V] = (y0 + y1) / 2 - (rows + 0.5)
    fields[:, BoxField.LOG_WIDTH] = np.log(max(x1 - x0, 1.0 / STRIDE))
    fields[:, BoxField.LOG_HEIGHT] = np.log(max(y1 - y0, 1.0 / STRIDE))
    fields[:, BoxField.LOG_DISTANCE] = np.log(np.maximum(distance_m, 0.5))
    return fields


def part(whole: Targets, number: int, of: int) -> Targets:
    """Return the targets of one of so many equal parts of a batch, frames in order.

    Cells are filled up to a multiple of `PADDED` with such as count for nothing: a graph that is spread over devices is
    made anew for each number of them.
    """
    size = len(whole.heat) // of
    first = number * size
    own = (whole.cells[:, 0] >= first) & (whole.cells[:, 0] < first + size)
    room = -int(own.sum()) % PADDED
    cells = whole.cells[own] - np.array([first, 0, 0, 0], np.int32)
    frames = slice(first, first + size)
    return Targets(
        heat=whole.heat[frames],
        cells=np.pad(cells, ((0, room), (0, 0))),
        boxes=np.pad(whole.boxes[own], ((0, room), (0, 0))),
        weights=np.pad(whole.weights[own], (0, room)),
        lane=whole.lane[frames],
        lane_weight=whole.lane_weight[frames],
    )
