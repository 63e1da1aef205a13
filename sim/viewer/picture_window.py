"""One picture after the other in a window, in real time: for whoever steps the world by other means than the loop."""

from __future__ import annotations

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.vehicle import CONTROL_HZ
from sim.viewer.shapes import pixels_bgrx, surface
from sim.viewer.window import open_display

ZOOM = 2


class PictureWindow:
    """A window of the size of the first picture, twice enlarged; further pictures are fitted into it."""

    def __init__(self) -> None:
        self._screen: pygame.Surface | None = None
        self._clock = pygame.time.Clock()

    def show(self, rgb: NDArray[np.uint8]) -> None:
        """Show a picture for a step's time.

        Args:
            rgb: uint8, shape (height, width, 3).

        Raises:
            DisplayError: If there is no screen.
        """
        if self._screen is None:
            self._screen = open_display((ZOOM * rgb.shape[1], ZOOM * rgb.shape[0]))
        size_px = self._screen.get_size()
        picture = surface(size_px)
        pixels_bgrx(picture)[...] = cv2.cvtColor(
            cv2.resize(rgb, size_px, interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2BGRA
        )
        self._screen.blit(picture, (0, 0))
        pygame.display.flip()
        # Unread events would make the system call the window dead.
        pygame.event.clear()
        self._clock.tick(CONTROL_HZ)

    def close(self) -> None:
        """Close the window."""
        if self._screen is not None:
            self._screen = None
            pygame.display.quit()
