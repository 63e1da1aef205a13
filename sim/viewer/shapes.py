"""Smooth shapes: drawn at twice the size and averaged down, a way that is truly anti-aliased and also quick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, pi, sin

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.viewer.palette import NEAR_BLACK, Rgb, Shape

SUPERSAMPLING = 2

Point = tuple[float, float]


def surface(size_px: tuple[int, int]) -> pygame.Surface:
    """Return a new opaque 32-bit surface, which needs no display."""
    return pygame.Surface(size_px, 0, 32)


def pixels_bgrx(target: pygame.Surface) -> NDArray[np.uint8]:
    """Return the memory of one of these surfaces, shape (height, width, 4), blue first; writing to it draws.

    The surface is locked for as long as the array lives.
    """
    width, height = target.get_size()
    return pygame.surfarray.pixels2d(target).T.view(np.uint8).reshape(height, width, 4)


class Canvas:
    """A surface at `SUPERSAMPLING` times the size of the panel that it is reduced to.

    Args:
        size_px: The panel's size.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self.large = surface((size_px[0] * SUPERSAMPLING, size_px[1] * SUPERSAMPLING))
        self._panel = surface(size_px)

    def reduced(self) -> pygame.Surface:
        """Return the panel; the same surface each time."""
        cv2.resize(pixels_bgrx(self.large), self.size_px, dst=pixels_bgrx(self._panel), interpolation=cv2.INTER_AREA)
        return self._panel


def regular_polygon(centre: Point, radius: float, sides: int, turn_rad: float = 0.0) -> list[Point]:
    """Return the corners of a regular polygon; with no turn, an even one stands on a flat side.

    Args:
        centre: Its middle.
        radius: Middle to corner.
        sides: How many.
        turn_rad: Turned by this much, clockwise on the screen.
    """
    first = pi / 2 + pi / sides + turn_rad
    return [
        (centre[0] + radius * cos(first + 2 * pi * k / sides), centre[1] + radius * sin(first + 2 * pi * k / sides))
        for k in range(sides)
    ]


def octagon(centre: Point, radius: float) -> list[Point]:
    """Return the eight corners of a stop sign's outline."""
    return regular_polygon(centre, radius, 8)


def outline(shape: Shape, centre: Point, radius: float) -> list[Point]:
    """Return the corners of the outline that stands for a kind."""
    x, y = centre
    if shape is Shape.OCTAGON:
        return octagon(centre, radius)
    if shape is Shape.DIAMOND:
        return [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
    if shape is Shape.PERSON:
        return [(x, y - radius), (x + 0.62 * radius, y + radius), (x - 0.62 * radius, y + radius)]
    return [(x - radius, y - 0.62 * radius), (x + radius, y - 0.62 * radius),
            (x + radius, y + 0.62 * radius), (x - radius, y + 0.62 * radius)]  # fmt: skip


def sprite(shape: Shape, radius_px: int, fill: Rgb | None, edge: Rgb, edge_px: float) -> pygame.Surface:
    """Return a small smooth picture of a kind's outline, with transparency around it.

    Args:
        shape: Which outline.
        radius_px: Its size in the view.
        fill: The colour inside, or None to leave it clear.
        edge: The colour of the line.
        edge_px: The line's width in the view.
    """
    finer = 4
    side = 2 * radius_px + 4
    large = pygame.Surface((side * finer, side * finer), pygame.SRCALPHA, 32)
    large.fill((*edge, 0))
    centre = (side * finer / 2, side * finer / 2)
    pygame.draw.polygon(large, edge, outline(shape, centre, radius_px * finer))
    inner = outline(shape, centre, (radius_px - edge_px) * finer)
    pygame.draw.polygon(large, (*edge, 0) if fill is None else fill, inner)
    return pygame.transform.smoothscale(large, (side, side))


def dashes(points: Sequence[Point], dash: float, gap: float) -> Iterator[tuple[Point, Point]]:
    """Yield the dashes along a polyline."""
    on, left = True, dash
    for (x0, y0), (x1, y1) in pairwise(points):
        length = hypot(x1 - x0, y1 - y0)
        done = 0.0
        while length - done > 1e-9:
            reach = min(left, length - done)
            if on:
                a, b = done / length, (done + reach) / length
                yield (x0 + a * (x1 - x0), y0 + a * (y1 - y0)), (x0 + b * (x1 - x0), y0 + b * (y1 - y0))
            done += reach
            left -= reach
            if left <= 1e-9:
                on, left = not on, gap if on else dash


def dashed_rect(target: pygame.Surface, rect: pygame.Rect, colour: Rgb, width_px: int, dash_px: int) -> None:
    """Draw a rectangle's outline in dashes, each with a dark shadow that keeps it visible on bright ground."""
    corners = [rect.topleft, rect.topright, rect.bottomright, rect.bottomleft, rect.topleft]
    pieces = list(dashes([(float(x), float(y)) for x, y in corners], dash_px, dash_px))
    for start, end in pieces:
        pygame.draw.line(target, NEAR_BLACK, start, end, width_px + 2)
    for start, end in pieces:
        pygame.draw.line(target, colour, start, end, width_px)
