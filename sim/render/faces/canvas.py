"""A face in the making: shapes, words and strokes, placed in units of its width and height about its centre."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import cos, fsum, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled
from sim.render.faces.glyphs import LATIN, WORDS, Glyph

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

Rgb = tuple[int, int, int]
Points = list[tuple[float, float]]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

WHITE: Rgb = (238, 238, 234)
BLACK: Rgb = (22, 22, 24)
YELLOW: Rgb = (238, 190, 30)
ORANGE: Rgb = (232, 116, 22)
BLUE: Rgb = (25, 75, 165)

HIGHWAY_WEIGHT = 0.165
"""Stroke width over letter height. Series C has 0.14; the legend of a stop sign is drawn a little bolder."""


def regular_polygon(sides: int, turn_rad: float = 0.0) -> Points:
    """Return a regular polygon that fills the width of a unit square about its centre (across the flats, if even)."""
    points = [(cos(turn_rad + 2 * pi * k / sides), sin(turn_rad + 2 * pi * k / sides)) for k in range(sides)]
    reach = max(abs(x) for x, _ in points)
    return [(0.5 * x / reach, 0.5 * y / reach) for x, y in points]


OCTAGON = regular_polygon(8, pi / 8)
HEXAGON = regular_polygon(6, 0.0)
DISC = regular_polygon(32)
DIAMOND: Points = [(0.0, -0.5), (0.5, 0.0), (0.0, 0.5), (-0.5, 0.0)]
SQUARE: Points = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
TRIANGLE_DOWN: Points = [(-0.5, -0.5), (0.5, -0.5), (0.0, 0.5)]


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """Return the corners of an upright rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def rounded(points: Points, share: float) -> Points:
    """Return a polygon whose corners are cut round, from `share` of each edge before a corner to as much after it."""
    found: Points = []
    for (x0, y0), (x1, y1), (x2, y2) in zip(points[-1:] + points[:-1], points, points[1:] + points[:1], strict=True):
        ax, ay = x1 + share * (x0 - x1), y1 + share * (y0 - y1)
        bx, by = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
        for t in (0.0, 0.33, 0.67, 1.0):
            p, q, r = (1 - t) ** 2, 2 * t * (1 - t), t * t
            found.append((p * ax + q * x1 + r * bx, p * ay + q * y1 + r * by))
    return found


def moved(points: Points, x: float, y: float, wide: float, high: float | None = None) -> Points:
    """Return a shape scaled to a width (and height) and set about a place."""
    return [(x + wide * px, y + (wide if high is None else high) * py) for px, py in points]


def red(rng: np.random.Generator) -> Rgb:
    """Return one of the reds of road signs, from wine to vermilion."""
    return int(rng.uniform(148, 222)), int(rng.uniform(15, 56)), int(rng.uniform(18, 55))


def hand(rng: np.random.Generator, box: Box, weight: float) -> tuple[Box, float]:
    """Return a box and a stroke width as one of many makers letters them: standards differ, and so do their copies."""
    wide, high = float(rng.uniform(0.88, 1.06)), float(rng.uniform(0.86, 1.16))
    middle = 0.5 * (box[1] + box[3])
    fitted = (box[0] * wide, middle + (box[1] - middle) * high, box[2] * wide, middle + (box[3] - middle) * high)
    return fitted, weight * float(rng.uniform(0.72, 1.16))


@lru_cache(maxsize=1)
def _font() -> pygame.font.Font:
    pygame.font.init()
    return pygame.font.Font(pygame.font.get_default_font(), 160)


_BGRA = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
"""Where a surface has its red, green, blue and alpha: in memory blue comes first, on a little-endian machine."""


@compiled
def _halved(bgra: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a straight BGRA picture as premultiplied RGBA, four pixels averaged to one."""
    rows, columns = bgra.shape[0] // 2, bgra.shape[1] // 2
    small = np.zeros((rows, columns, 4), np.uint8)
    for row in range(rows):
        upper, lower = bgra[2 * row].reshape(-1), bgra[2 * row + 1].reshape(-1)
        for column in range(columns):
            one, two = 8 * column, 8 * column + 4
            alphas = upper[one + 3], upper[two + 3], lower[one + 3], lower[two + 3]
            opaque = alphas[0] + alphas[1] + alphas[2] + alphas[3]
            # Edges are drawn hard: most pixels are wholly there, or not at all.
            if opaque == 4 * 255:
                for k in range(3):
                    total = upper[one + k] + upper[two + k] + lower[one + k] + lower[two + k]
                    small[row, column, 2 - k] = (total + 2) >> 2
            elif opaque:
                for k in range(3):
                    total = upper[one + k] * alphas[0] // 255 + upper[two + k] * alphas[1] // 255
                    total += lower[one + k] * alphas[2] // 255 + lower[two + k] * alphas[3] // 255
                    small[row, column, 2 - k] = (total + 2) >> 2
            small[row, column, 3] = (opaque + 2) >> 2
    return small


class Canvas:
    """A face in the making: shapes and words placed in units of its width and height about its centre.

    Args:
        width_px: Of the drawing.
        height_px: Of the drawing.
        look: Which of a face's looks this is: picks in turn from lists of which every item shall be seen.
    """

    def __init__(self, width_px: int, height_px: int, look: int = 0) -> None:
        # pygame.Surface and font work without a window; the display is never opened here.
        self.surface = pygame.Surface((width_px, height_px), pygame.SRCALPHA, 32, _BGRA)
        self.width_px, self.height_px, self.look = width_px, height_px, look

    def shape(self, points: Points, colour: Rgb, scale: float = 1.0) -> None:
        """Fill a polygon, shrunk about the centre by `scale`."""
        pygame.draw.polygon(
            self.surface,
            colour,
            [((0.5 + x * scale) * self.width_px, (0.5 + y * scale) * self.height_px) for x, y in points],
        )

    def ring(self, points: Points, colour: Rgb, thickness: float) -> None:
        """Draw a closed outline, `thickness` wide in units of the face's width."""
        self.line([*points, points[0]], colour, thickness, round_ends=True)

    def text(self, words: str, colour: Rgb, box: Box) -> None:
        """Write words in the plain font, stretched to fill a box."""
        written = _font().render(words, True, colour)
        tight = written.get_bounding_rect()
        width = max(1, round((box[2] - box[0]) * self.width_px))
        height = max(1, round((box[3] - box[1]) * self.height_px))
        scaled = pygame.transform.smoothscale(written.subsurface(tight), (width, height))
        self.surface.blit(scaled, ((0.5 + box[0]) * self.width_px, (0.5 + box[1]) * self.height_px))

    def letters(self, words: str, colour: Rgb, box: Box, weight: float = HIGHWAY_WEIGHT) -> None:
        """Write Latin capitals as a road sign does: fitted to a box, the strokes as broad as their height asks.

        Args:
            words: Capitals, figures and the signs of `glyphs.LATIN`.
            colour: Of the strokes.
            box: What the words fill.
            weight: Stroke width over letter height.
        """
        gap = 0.17 if len(words) > 1 else 0.0
        widths = [LATIN[letter][0] for letter in words]
        total = fsum(widths) + gap * (len(words) - 1)
        unit = (box[2] - box[0]) / total
        left = box[0]
        for letter, width in zip(words, widths, strict=True):
            self.strokes(LATIN[letter][1], colour, (left, box[1], left + width * unit, box[3]), weight)
            left += (width + gap) * unit

    def word(self, glyph: str, colour: Rgb, box: Box, weight: float = 0.10) -> None:
        """Draw one of `glyphs.WORDS` into a box."""
        self.strokes(WORDS[glyph], colour, box, weight)

    def strokes(self, glyph: Glyph, colour: Rgb, box: Box, weight: float) -> None:
        """Draw a glyph with a pen of `weight` times the box's height; it stays within the box but for accents."""
        x0, y0 = (0.5 + box[0]) * self.width_px, (0.5 + box[1]) * self.height_px
        wide, high = (box[2] - box[0]) * self.width_px, (box[3] - box[1]) * self.height_px
        pen = min(weight * high, 0.45 * wide) if wide > 2 * weight * high else min(weight * high, wide)
        rise = high * max(0.0, -min((v for path in glyph for _, v in path), default=0.0))
        top = round(y0 - rise - (pen if rise else 0.0))
        spare = round(pen) if rise else 0
        area = (round(x0) - spare, top, round(wide) + 1 + 2 * spare, round(y0 + high) + 1 - top)
        self.surface.set_clip(pygame.Rect(area))
        for path in glyph:
            self._stroke(
                [(x0 + 0.5 * pen + u * (wide - pen), y0 + 0.5 * pen + v * (high - pen)) for u, v in path],
                colour,
                pen,
                round_ends=False,
            )
        self.surface.set_clip(None)

    def line(self, points: Points, colour: Rgb, thickness: float, *, round_ends: bool = False) -> None:
        """Draw a line through points, `thickness` wide in units of the face's width."""
        pixels = [((0.5 + x) * self.width_px, (0.5 + y) * self.height_px) for x, y in points]
        self._stroke(pixels, colour, thickness * self.width_px, round_ends=round_ends)

    def _stroke(self, points: Points, colour: Rgb, pen_px: float, *, round_ends: bool) -> None:
        half = 0.5 * pen_px
        last = len(points) - 1
        for k, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
            length = max(hypot(x1 - x0, y1 - y0), 1e-6)
            along_x, along_y = half * (x1 - x0) / length, half * (y1 - y0) / length
            # Open ends project by half a stroke, so that stems reach the full height of their box.
            if k == 0 and not round_ends:
                x0, y0 = x0 - along_x, y0 - along_y
            if k == last - 1 and not round_ends:
                x1, y1 = x1 + along_x, y1 + along_y
            quad = [(x0 - along_y, y0 + along_x), (x1 - along_y, y1 + along_x)]
            quad += [(x1 + along_y, y1 - along_x), (x0 + along_y, y0 - along_x)]
            pygame.draw.polygon(self.surface, colour, quad)
        for x, y in points if round_ends else points[1:-1]:
            pygame.draw.circle(self.surface, colour, (x, y), half)

    def disc(self, x: float, y: float, radius: float, colour: Rgb) -> None:
        """Fill a circle whose radius is in units of the face's width."""
        centre = (0.5 + x) * self.width_px, (0.5 + y) * self.height_px
        pygame.draw.circle(self.surface, colour, centre, radius * self.width_px)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the drawing at half its size, as premultiplied RGBA of shape (height_px // 2, width_px // 2, 4)."""
        raw = np.frombuffer(self.surface.get_buffer().raw, np.uint8)
        return _halved(raw.reshape(self.height_px, self.width_px, 4))

    def cut(self, points: Sequence[tuple[float, float]]) -> None:
        """Take away all that lies outside a silhouette."""
        mask = pygame.Surface(self.surface.get_size(), pygame.SRCALPHA, 32, _BGRA)
        corners = [((0.5 + x) * self.width_px, (0.5 + y) * self.height_px) for x, y in points]
        pygame.draw.polygon(mask, (255, 255, 255, 255), corners)
        self.surface.blit(mask, (0, 0), special_flags=pygame.BLEND_RGBA_MULT)
