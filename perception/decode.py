"""From heat maps and box fields to boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import tf
from perception.channels import STRIDE, BoxField

PEAKS = 64
"""Candidates taken from a frame, over all channels: several times what a street shows."""

PEAK_FIELDS = 8
"""Score, channel, x0, y0, x1, y1, log distance, log spread: one row of `find_peaks`."""

NMS_IOU = 0.5
"""Boxes of one channel that overlap more are the same thing."""

RIVAL_WEIGHT = 0.5
"""How much of its belief a stop sign loses to a distractor believed with certainty in the same place. Chosen on the
`validation` frames: recall at 0.97 precision, 8-40 m, rose from 0.91 to 0.95; 1.0 costs far signs more than it gains
near ones."""


def find_peaks(heat: Any, boxes: Any, count: int = PEAKS) -> Any:
    """Return the strongest local maxima of the heat maps, inside the graph.

    Args:
        heat: Logits (batch, h, w, channels).
        boxes: Box fields (batch, h, w, channels, 6).
        count: How many to return; at most h * w * channels.

    Returns:
        float32, shape (batch, count, 8), highest score first: score, channel, x0, y0, x1, y1 in pixels, log distance
        and the logarithm of its spread.
    """
    batch, _, width, channels = tf.unstack(tf.shape(heat))
    summit = tf.nn.max_pool2d(heat, 3, 1, "SAME")
    peaks = tf.where(heat >= summit, heat, tf.fill(tf.shape(heat), -1e9))
    logits, places = tf.math.top_k(tf.reshape(peaks, [batch, -1]), count)
    fields = tf.gather(tf.reshape(boxes, [batch, -1, len(BoxField)]), places, batch_dims=1)
    cell = places // channels
    centre_u = _pixels(cell % width, fields[..., BoxField.OFFSET_U])
    centre_v = _pixels(cell // width, fields[..., BoxField.OFFSET_V])
    # No object is wider than e^5 cells = 1,187 px; an untrained network's answers stay finite.
    half_w = 0.5 * STRIDE * tf.exp(tf.clip_by_value(fields[..., BoxField.LOG_WIDTH], -5.0, 5.0))
    half_h = 0.5 * STRIDE * tf.exp(tf.clip_by_value(fields[..., BoxField.LOG_HEIGHT], -5.0, 5.0))
    return tf.stack(
        [
            tf.sigmoid(logits),
            tf.cast(places % channels, tf.float32),
            centre_u - half_w,
            centre_v - half_h,
            centre_u + half_w,
            centre_v + half_h,
            fields[..., BoxField.LOG_DISTANCE],
            fields[..., BoxField.LOG_SPREAD],
        ],
        axis=-1,
    )


def _pixels(cell: Any, offset: Any) -> Any:
    return STRIDE * (tf.cast(cell, tf.float32) + 0.5 + offset)


def suppress(boxes: NDArray[np.float32], groups: NDArray[np.int64], iou: float = NMS_IOU) -> NDArray[np.int64]:
    """Return the indices of the boxes that remain after greedy non-maximum suppression within each group.

    Args:
        boxes: xyxy, shape (n, 4), highest score first.
        groups: Only boxes of the same group suppress each other, shape (n,).
        iou: Overlap above which the later box goes.
    """
    overlaps = pairwise_iou(boxes, boxes) > iou
    overlaps &= groups[:, None] == groups[None, :]
    gone = np.zeros(len(boxes), np.bool_)
    for index in range(len(boxes)):
        if not gone[index]:
            gone[index + 1 :] |= overlaps[index, index + 1 :]
    return np.flatnonzero(~gone)


def contested(
    boxes: NDArray[np.float32], scores: NDArray[Any], rivals: NDArray[np.float32], beliefs: NDArray[Any]
) -> NDArray[Any]:
    """Lower each stop sign's score by that of the distractor, if any, that is believed to be in its place.

    The two heat maps answer on their own, so a red sign with other words may be hot in both.

    Args:
        boxes: Of the stop signs, xyxy, shape (n, 4).
        scores: Theirs, shape (n,).
        rivals: Boxes of the distractors, shape (m, 4).
        beliefs: Their scores, shape (m,).
    """
    if not len(boxes) or not len(rivals):
        return scores
    believed = np.where(pairwise_iou(boxes, rivals) > NMS_IOU, beliefs, 0.0).max(axis=1)
    return scores * (1.0 - RIVAL_WEIGHT * believed)


def pairwise_iou(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection over union of each box of `first` (n, 4) with each of `second` (m, 4); shape (n, m)."""
    overlap = _overlaps(first, second)
    areas = [_areas(each) for each in (first, second)]
    return overlap / np.maximum(areas[0][:, None] + areas[1][None, :] - overlap, 1e-9)


def share_within(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return which share of each box of `first` (n, 4) lies within each of `second` (m, 4); shape (n, m)."""
    return _overlaps(first, second) / np.maximum(_areas(first)[:, None], 1e-9)


def _overlaps(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.prod(np.maximum(high - low, 0.0), axis=-1)


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=-1)
