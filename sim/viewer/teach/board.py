"""What pages are drawn with: positions in units of a view 1280 x 720, pixels of any size, text crisp at each."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.viewer.palette import (
    GRID,
    INK,
    MUTED,
    NEAR_BLACK,
    PANEL,
    PANEL_EDGE,
    SKY_BLUE,
    TRACK,
    WINDOW,
    Rgb,
    mix,
)
from sim.viewer.shapes import pixels_bgrx, surface
from sim.viewer.text import Align, Typesetter, Weight

WIDTH, HEIGHT = 1280.0, 720.0
"""Of the view, in units."""

BODY = 16.0
"""Size of running text: read from the back of a class on a projector."""

_LEADING = 1.42
_FINER = 2


class Board:
    """A drawing surface.

    Args:
        size_px: Of the window. What is wider or higher than 16 : 9 keeps bars at its sides.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self.scale = min(size_px[0] / WIDTH, size_px[1] / HEIGHT)
        self.surface = surface(size_px)
        self._left = 0.5 * (size_px[0] - WIDTH * self.scale)
        self._top = 0.5 * (size_px[1] - HEIGHT * self.scale)
        self._type = Typesetter(self.scale)

    def clear(self) -> None:
        """Begin anew."""
        self.surface.fill(WINDOW)

    def rgb(self) -> NDArray[np.uint8]:
        """Return what is drawn, uint8, shape (height, width, 3)."""
        return np.asarray(cv2.cvtColor(pixels_bgrx(self.surface), cv2.COLOR_BGRA2RGB), np.uint8)

    def units(self, place_px: tuple[int, int]) -> tuple[float, float]:
        """Return where a pixel lies in units."""
        return (place_px[0] - self._left) / self.scale, (place_px[1] - self._top) / self.scale

    def px(self, units: float) -> int:
        """Return a length in pixels, at least 1."""
        return max(1, round(units * self.scale))

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a place in pixels."""
        return self._left + x * self.scale, self._top + y * self.scale

    def rect(self, x: float, y: float, width: float, height: float) -> pygame.Rect:
        """Return a rectangle in pixels; neighbours in units are neighbours in pixels."""
        x0, y0 = self.point(x, y)
        x1, y1 = self.point(x + width, y + height)
        return pygame.Rect(round(x0), round(y0), max(1, round(x1) - round(x0)), max(1, round(y1) - round(y0)))

    def width_of(self, words: str, size: float = BODY, weight: Weight = Weight.REGULAR) -> float:
        """Return how wide a text is, in units."""
        return self._type.width_px(words, size, weight) / self.scale

    def text(
        self,
        words: str,
        x: float,
        y: float,
        size: float = BODY,
        colour: Rgb = INK,
        weight: Weight = Weight.REGULAR,
        align: Align = Align.LEFT,
        width: float | None = None,
    ) -> float:
        """Draw one line, cut to a width if one is given; `x`, `y` is the top of its left end, middle or right end.

        Returns:
            Where it ends on the right, in units.
        """
        if width is not None:
            words = self._type.fitted(words, size, self.px(width))
        drawn = self._type.draw(self.surface, words, self.point(x, y), size, colour, weight, align)
        return (drawn.right - self._left) / self.scale

    def paragraph(self, words: str, x: float, y: float, width: float, size: float = BODY, colour: Rgb = INK) -> float:
        """Draw running text, broken at spaces; what stands between asterisks is bold.

        Returns:
            Where the next line would begin, in units.
        """
        space = self.width_of(" ", size)
        at = 0.0
        for number, run in enumerate(words.split("*")):
            weight = Weight.BOLD if number % 2 else Weight.REGULAR
            pieces = run.split(" ")
            for place, piece in enumerate(pieces):
                if place and at:
                    at += space
                if not piece:
                    continue
                wide = self.width_of(piece, size, weight)
                # A word that a bold end is glued to, such as a full stop, stays with it.
                if at and at + wide > width and not (place == 0 and number and len(piece) < 3):
                    at, y = 0.0, y + size * _LEADING
                self.text(piece, x + at, y, size, colour, weight)
                at += wide
        return y + size * _LEADING

    def panel(self, x: float, y: float, width: float, height: float, fill: Rgb = PANEL) -> None:
        """Draw the background of something that belongs together."""
        rect, radius = self.rect(x, y, width, height), self.px(6)
        pygame.draw.rect(self.surface, fill, rect, border_radius=radius)
        pygame.draw.rect(self.surface, PANEL_EDGE, rect, self.px(1), border_radius=radius)

    def box(self, x: float, y: float, width: float, height: float, colour: Rgb, edge: float = 0.0) -> None:
        """Draw a plain rectangle, filled, or with an edge of so many units its outline."""
        pygame.draw.rect(self.surface, colour, self.rect(x, y, width, height), self.px(edge) if edge else 0)

    def button(self, words: str, x: float, y: float, width: float, height: float, *, on: bool = True) -> None:
        """Draw something to be pressed."""
        rect, radius = self.rect(x, y, width, height), self.px(6)
        pygame.draw.rect(self.surface, mix(SKY_BLUE, NEAR_BLACK, 0.55) if on else TRACK, rect, border_radius=radius)
        pygame.draw.rect(self.surface, SKY_BLUE if on else PANEL_EDGE, rect, self.px(1.5), border_radius=radius)
        size = min(BODY, height * 0.5)
        colour = INK if on else MUTED
        self.text(words, x + width / 2, y + (height - size * 1.2) / 2, size, colour, Weight.BOLD, Align.CENTRE)

    def bar(self, x: float, y: float, width: float, height: float, share: float, colour: Rgb) -> None:
        """Draw a bar that is filled to a share."""
        self.box(x, y, width, height, TRACK)
        if share > 0:
            self.box(x, y, width * min(share, 1.0), height, colour)

    def picture(self, rgb: NDArray[np.uint8], x: float, y: float, width: float, height: float | None = None) -> float:
        """Draw a picture, in its own proportions if no height is given.

        Args:
            rgb: uint8, shape (height, width, 3).
            x: Its left side.
            y: Its top.
            width: How wide.
            height: How high.

        Returns:
            Where it ends below, in units.
        """
        high = width * rgb.shape[0] / rgb.shape[1] if height is None else height
        rect = self.rect(x, y, width, high)
        shrinks = rect.width < rgb.shape[1]
        self._put(cv2.resize(rgb, rect.size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC), rect)
        return y + high

    def pixels(self, rgb: NDArray[np.uint8], x: float, y: float, width: float, height: float) -> None:
        """Draw a picture whose single pixels are to be seen."""
        rect = self.rect(x, y, width, height)
        self._put(cv2.resize(rgb, rect.size, interpolation=cv2.INTER_NEAREST), rect)

    def heat(self, grey: NDArray[np.uint8], x: float, y: float, width: float, height: float | None = None) -> float:
        """Draw how strong something is at each place, in a scale that the colour-blind read as others do.

        Args:
            grey: uint8, shape (height, width); 255 is the strongest.
            x: Its left side.
            y: Its top.
            width: How wide.
            height: How high; in its own proportions if not given.

        Returns:
            Where it ends below, in units.
        """
        high = width * grey.shape[0] / grey.shape[1] if height is None else height
        rect = self.rect(x, y, width, high)
        large = cv2.resize(np.ascontiguousarray(grey), rect.size, interpolation=cv2.INTER_NEAREST)
        self._put(np.asarray(cv2.cvtColor(cv2.applyColorMap(large, cv2.COLORMAP_CIVIDIS), cv2.COLOR_BGR2RGB)), rect)
        return y + high

    def _put(self, rgb: NDArray[np.generic], rect: pygame.Rect) -> None:
        size = (int(rgb.shape[1]), int(rgb.shape[0]))
        self.surface.blit(pygame.image.frombuffer(np.ascontiguousarray(rgb).tobytes(), size, "RGB"), rect)

    def line(self, points: Sequence[tuple[float, float]], colour: Rgb, width: float = 1.5) -> None:
        """Draw a smooth line through points."""
        if len(points) < 2:
            return
        shift = 4
        at = np.array([self.point(x, y) for x, y in points]) * (1 << shift)
        view = pixels_bgrx(self.surface)
        cv2.polylines(
            view, [np.round(at).astype(np.int32)], False, (*colour[::-1], 255), self.px(width), cv2.LINE_AA, shift
        )

    def dot(self, x: float, y: float, radius: float, colour: Rgb, edge: Rgb | None = None) -> None:
        """Draw a smooth disc."""
        self._disc(x, y, radius + (1.5 if edge else 0.0), edge or colour)
        if edge is not None:
            self._disc(x, y, radius, colour)

    def _disc(self, x: float, y: float, radius: float, colour: Rgb) -> None:
        shift = 4
        u, v = self.point(x, y)
        centre = (round(u * (1 << shift)), round(v * (1 << shift)))
        size = round(radius * self.scale * (1 << shift))
        cv2.circle(pixels_bgrx(self.surface), centre, size, (*colour[::-1], 255), -1, cv2.LINE_AA, shift)

    def polygon(self, points: Sequence[tuple[float, float]], colour: Rgb) -> None:
        """Draw a filled shape, smooth at its edge."""
        at = np.array([self.point(x, y) for x, y in points])
        low, high = np.floor(at.min(axis=0)).astype(int), np.ceil(at.max(axis=0)).astype(int) + 1
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        large = pygame.Surface((size[0] * _FINER, size[1] * _FINER), pygame.SRCALPHA, 32)
        large.fill((*colour, 0))
        pygame.draw.polygon(large, colour, ((at - low) * _FINER).tolist())
        self.surface.blit(pygame.transform.smoothscale(large, size), (int(low[0]), int(low[1])))

    def grid_line(self, x0: float, y0: float, x1: float, y1: float, colour: Rgb = GRID) -> None:
        """Draw a thin straight line."""
        pygame.draw.line(self.surface, colour, self.point(x0, y0), self.point(x1, y1), self.px(1))
