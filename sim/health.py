"""Whether a frame is fit to be looked at: what can be told of a picture without knowing what it shows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.percept import FrameHealth

BLACK_LEVEL = 6
WHITE_LEVEL = 250
"""Grey levels out of 255 up to which a pixel counts as black, and from which on as saturated."""

STRIPS = 8
"""The picture is cut into this many upright strips: a dead part of a sensor is black from top to bottom."""

_BEND = np.array([[-1.0, 2.0, -1.0]])
"""The second difference along a row: it answers to noise and fine edges, which a blur takes away, and to no slope."""


def measure_health(rgb: NDArray[np.uint8]) -> FrameHealth:
    """Return what can be told of a picture alone.

    Args:
        rgb: uint8, shape (height, width, 3).
    """
    # Every third row and column tells the shares within 1 %, and the noise that sharpness lives on is in each row.
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[::3]), cv2.COLOR_RGB2GRAY)
    thin = grey[:, ::3]
    strips = np.array_split(thin <= BLACK_LEVEL, STRIPS, axis=1)
    black = sum(float(strip.mean()) > 0.98 for strip in strips) / STRIPS
    white = float((thin >= WHITE_LEVEL).mean())
    bends = cv2.filter2D(grey, cv2.CV_16S, _BEND)
    return FrameHealth(black, white, cv2.norm(bends, cv2.NORM_L1) / bends.size)
