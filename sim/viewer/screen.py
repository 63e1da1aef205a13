"""The window's surface: a picture on it, its size, and which point of the picture lies under the mouse."""

from __future__ import annotations

import pygame

from sim.viewer.layout import MIN_SIZE_PX


class Screen:
    """Where the window draws; a window that is too small to compose a view in shows it smaller.

    Args:
        surface: Where to draw while no display is open.
    """

    def __init__(self, surface: pygame.Surface) -> None:
        self._surface = surface

    def _target(self) -> pygame.Surface:
        # A window that was resized has another surface.
        return pygame.display.get_surface() or self._surface

    @property
    def size_px(self) -> tuple[int, int]:
        """The view's size: the window's, or the smallest that can be composed."""
        width, height = self._target().get_size()
        return max(width, MIN_SIZE_PX[0]), max(height, MIN_SIZE_PX[1])

    def to_view(self, position: tuple[int, int]) -> tuple[int, int]:
        """Return a point of the window in the view, which may be larger."""
        shown, size_px = self._target().get_size(), self.size_px
        return round(position[0] * size_px[0] / shown[0]), round(position[1] * size_px[1] / shown[1])

    def show(self, view: pygame.Surface) -> None:
        """Show a view of `size_px`."""
        target = self._target()
        shown = target.get_size()
        target.blit(view if view.get_size() == shown else pygame.transform.smoothscale(view, shown), (0, 0))
        pygame.display.flip()
