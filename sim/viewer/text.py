"""Crisp text: rendered at its final size, anti-aliased, and kept, since most of a view's words stay the same."""

from __future__ import annotations

import importlib.util
import re
from collections import OrderedDict
from enum import StrEnum
from pathlib import Path

import pygame

from sim.viewer.palette import INK, Rgb

_CACHED_TEXTS = 2048
"""About forty texts are on the screen at once; this holds all numbers that come back within a minute or so."""


_WORD = r"\d\S* (?:m|s|m/s|km/h|%)[.,;:]?(?!\S)|\S+"
"""What a line is not broken within: a word, or a number with its unit."""


class Weight(StrEnum):
    """How bold."""

    REGULAR = "DejaVuSans.ttf"
    BOLD = "DejaVuSans-Bold.ttf"


class Align(StrEnum):
    """Which point of the text its position names."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


def font_path(weight: Weight) -> str | None:
    """Return the file of a typeface: DejaVu Sans, which Matplotlib carries; None means Pygame's own bold one.

    Matplotlib is looked up and not imported: importing it takes longer than opening the window.
    """
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / weight.value
    return str(path) if path.is_file() else None


class Typesetter:
    """Draws text, in sizes given for a view 720 pixels high.

    Args:
        scale: The view's size relative to 1280 x 720.
    """

    def __init__(self, scale: float) -> None:
        pygame.font.init()
        self._scale = scale
        self._fonts: dict[tuple[Weight, float], pygame.font.Font] = {}
        self._texts: OrderedDict[tuple[str, float, Weight, Rgb], pygame.Surface] = OrderedDict()

    def font(self, size: float, weight: Weight = Weight.REGULAR) -> pygame.font.Font:
        """Return the typeface at `size` units of the 720-pixel view."""
        key = (weight, size)
        if key not in self._fonts:
            self._fonts[key] = pygame.font.Font(font_path(weight), max(8, round(size * self._scale)))
        return self._fonts[key]

    def width_px(self, text: str, size: float, weight: Weight = Weight.REGULAR) -> int:
        """Return how wide a text will be."""
        return self.font(size, weight).size(text)[0]

    def line_px(self, size: float) -> int:
        """Return how high a line is: in a small view more than its share, as letters stay large enough to read."""
        return self.font(size).get_height()

    def rendered(self, text: str, size: float, colour: Rgb = INK, weight: Weight = Weight.REGULAR) -> pygame.Surface:
        """Return a text as a picture with transparency; kept for the next time."""
        key = (text, size, weight, colour)
        surface = self._texts.get(key)
        if surface is None:
            surface = self.font(size, weight).render(text, True, colour)
            self._texts[key] = surface
            if len(self._texts) > _CACHED_TEXTS:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(key)
        return surface

    def draw(
        self,
        target: pygame.Surface,
        text: str,
        position_px: tuple[float, float],
        size: float,
        colour: Rgb = INK,
        weight: Weight = Weight.REGULAR,
        align: Align = Align.LEFT,
    ) -> pygame.Rect:
        """Draw one line and return where it went; `position_px` is the top of its left end, middle or right end."""
        surface = self.rendered(text, size, colour, weight)
        x, y = position_px
        if align is Align.CENTRE:
            x -= surface.get_width() / 2
        elif align is Align.RIGHT:
            x -= surface.get_width()
        return target.blit(surface, (round(x), round(y)))

    def wrapped(self, text: str, size: float, width_px: int, max_lines: int) -> list[str]:
        """Break a text at spaces into lines that fit; what does not fit in `max_lines` ends in an ellipsis.

        A number and its unit stay together.
        """
        lines: list[str] = []
        line = ""
        for word in re.findall(_WORD, text):
            longer = f"{line} {word}".strip()
            if line and self.width_px(longer, size) > width_px:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
        if len(lines) > max_lines:
            lines = [*lines[: max_lines - 1], " ".join(lines[max_lines - 1 :])]
        return [self.fitted(each, size, width_px) for each in lines]

    def fitted(self, text: str, size: float, width_px: int) -> str:
        """Return the text, its end replaced by an ellipsis if it is too long."""
        if self.width_px(text, size) <= width_px:
            return text
        while text and self.width_px(f"{text}…", size) > width_px:
            text = text[:-1]
        return f"{text.rstrip()}…"


def signed(value: float, unit: str) -> str:
    """Return a number to one decimal with its sign, a true minus, and its unit; what rounds to nothing has no sign."""
    rounded = round(value, 1)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded):.1f}{unit}"
