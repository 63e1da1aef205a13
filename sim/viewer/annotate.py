"""A camera frame with what is believed of it drawn in: for reports and pages."""

from __future__ import annotations

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.camera import CameraFrame
from sim.percept import Percept
from sim.viewer.palette import KIND_STYLES, NEAR_BLACK
from sim.viewer.shapes import pixels_bgrx, surface
from sim.viewer.text import Typesetter

LOWEST_SHOWN = 0.3
"""Detections less believed than this are left out: they would hide what matters."""


def annotate(frame: CameraFrame, percept: Percept, zoom: int = 2) -> NDArray[np.uint8]:
    """Return the frame, enlarged, with the believed boxes, scores and distances.

    Args:
        frame: The picture.
        percept: What is believed of it.
        zoom: How many times larger the result is.

    Returns:
        uint8, shape (zoom * height_px, zoom * width_px, 3), red first.
    """
    size_px = (frame.camera.width_px * zoom, frame.camera.height_px * zoom)
    picture = surface(size_px)
    enlarged = cv2.resize(frame.rgb, size_px, interpolation=cv2.INTER_CUBIC)
    picture.blit(pygame.image.frombuffer(enlarged.tobytes(), size_px, "RGB"), (0, 0))
    type_ = Typesetter(1.0)
    for detection in reversed(percept.detections):
        if detection.score < LOWEST_SHOWN:
            continue
        style = KIND_STYLES[detection.kind]
        x0, y0, x1, y1 = (round(zoom * side) for side in detection.box)
        box = pygame.Rect(x0 - 2, y0 - 2, x1 - x0 + 4, y1 - y0 + 4)
        pygame.draw.rect(picture, style.colour, box, 2)
        words = type_.rendered(f"{style.label} {detection.score:.2f} · {detection.distance_m:.0f} m", 13, NEAR_BLACK)
        chip = words.get_rect(bottomleft=(box.left, box.top - 2)).inflate(8, 2).clamp(picture.get_rect())
        pygame.draw.rect(picture, style.colour, chip, border_radius=3)
        picture.blit(words, words.get_rect(center=chip.center))
    return np.asarray(cv2.cvtColor(pixels_bgrx(picture), cv2.COLOR_BGRA2RGB), dtype=np.uint8)


def png(rgb: NDArray[np.uint8]) -> bytes:
    """Return a picture as PNG."""
    return cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()
