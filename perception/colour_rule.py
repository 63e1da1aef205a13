"""A rule without learning, to be measured against: a stop sign is a red patch, about as wide as high."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.matching import Answer

OCTAGON_FILL = 0.828
"""Share of its own square that a regular octagon covers."""

SMALLEST_PX = 5


def find_red(rgb: NDArray[np.uint8]) -> list[Answer]:
    """Return the red patches of a picture, the likeliest signs first; distances are unknown.

    Args:
        rgb: uint8 (H, W, 3).
    """
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    hue, saturation, value = cv2.split(hsv)
    red = ((hue < 9) | (hue > 171)) & (saturation > 90) & (value > 50)
    # The legend is white: it is closed before the patch is measured.
    closed = cv2.morphologyEx(red.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, _, patches, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    answers: list[Answer] = []
    for left, top, width, height, area in patches[1:].tolist():
        if min(width, height) < SMALLEST_PX:
            continue
        shape = np.exp(-abs(np.log(width / height))) * (1.0 - abs(area / (width * height) - OCTAGON_FILL))
        box = (float(left), float(top), float(left + width), float(top + height))
        answers.append(Answer(box, float(np.clip(shape, 0.0, 1.0)), 0.0))
    return sorted(answers, key=lambda each: -each.score)
