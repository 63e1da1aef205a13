"""A sticker with a given picture, laid over a face at whatever size the face is drawn."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.stickers import Sticker

_FINER = 4
"""A sticker's edges, and those of its picture's pixels, are drawn at this multiple and reduced."""


def stick(rgba: NDArray[np.uint8], sticker: Sticker) -> NDArray[np.uint8]:
    """Return a premultiplied face, shape (H, W, 4), with a sticker on it; what reaches over its silhouette is cut."""
    ink, cover = _layer(sticker, rgba.shape[1], rgba.shape[0])
    alpha = rgba[..., 3:].astype(np.float32)
    done = rgba[..., :3] * (1 - cover) + ink * (alpha / 255)
    return np.concatenate([np.minimum(np.round(done), alpha), alpha], axis=2).astype(np.uint8)


@lru_cache(maxsize=64)
def _layer(sticker: Sticker, width_px: int, height_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a sticker's premultiplied colours, shape (H, W, 3), and how much of each pixel it hides, (H, W, 1)."""
    place, picture = sticker.place, sticker.picture
    across = (np.arange(width_px * _FINER) + 0.5) / (width_px * _FINER) - 0.5
    down = (np.arange(height_px * _FINER) + 0.5) / (height_px * _FINER) - 0.5
    column = np.floor(((across - place.u) / place.width + 0.5) * sticker.columns).astype(np.int64)
    row = np.floor(((down - place.v) / place.height + 0.5) * sticker.rows).astype(np.int64)
    inside = ((row >= 0) & (row < sticker.rows))[:, None] & ((column >= 0) & (column < sticker.columns))[None, :]
    fine = picture[np.clip(row, 0, sticker.rows - 1)[:, None], np.clip(column, 0, sticker.columns - 1)[None, :]]
    layer = np.concatenate([fine, np.full((*fine.shape[:2], 1), 255, np.uint8)], axis=2) * inside[..., None]
    small = cv2.resize(layer.astype(np.float32), (width_px, height_px), interpolation=cv2.INTER_AREA)
    return np.asarray(small[..., :3], np.float32), np.asarray(small[..., 3:] / 255, np.float32)
