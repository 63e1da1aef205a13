"""Sign faces, drawn from a description as shapes and text, once each, with smaller copies for the distance."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.seeding import Stream, stream
from sim.signs import SignKind

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

LOOKS = 8
"""How many looks each kind of face has."""

WEARS = 4
"""Steps of wear that are drawn; in between, the nearest serves."""

TEXTURE_PX = 192
"""Longest side of a finished face: about that of the usual sign where the camera sees it nearest, supersampled."""

_DRAW = 2
"""Faces are drawn at this multiple and reduced, which smooths their edges."""

Rgb = tuple[int, int, int]
Points = list[tuple[float, float]]

WHITE: Rgb = (238, 238, 234)
BLACK: Rgb = (22, 22, 24)


def regular_polygon(sides: int, turn_rad: float = 0.0) -> Points:
    """Return a regular polygon that fills the width of a unit square about its centre (across the flats, if even)."""
    points = [(cos(turn_rad + 2 * pi * k / sides), sin(turn_rad + 2 * pi * k / sides)) for k in range(sides)]
    reach = max(abs(x) for x, _ in points)
    return [(0.5 * x / reach, 0.5 * y / reach) for x, y in points]


OCTAGON = regular_polygon(8, pi / 8)
HEXAGON = regular_polygon(6, 0.0)
_DISC = regular_polygon(32)
_DIAMOND: Points = [(0.0, -0.5), (0.5, 0.0), (0.0, 0.5), (-0.5, 0.0)]
_SQUARE: Points = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
_TRIANGLE_DOWN: Points = [(-0.5, -0.5), (0.5, -0.5), (0.0, 0.5)]


def outline(kind: SignKind) -> Points:
    """Return the silhouette of a face in units of its width and height about its centre, v downwards."""
    return {
        SignKind.STOP: OCTAGON,
        SignKind.SIGN_BACK: OCTAGON,
        SignKind.RED_HEXAGON: [(x, y * 0.5 / 0.433) for x, y in HEXAGON],
        SignKind.YIELD: _TRIANGLE_DOWN,
        SignKind.WARNING: _DIAMOND,
        SignKind.RED_DISC: _DISC,
        SignKind.SPEED_RING: _DISC,
        SignKind.NO_PARKING: _DISC,
    }.get(kind, _SQUARE)


class _Canvas:
    """A face in the making: shapes and text placed in units of its width and height about its centre."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.surface = pygame.Surface((width_px, height_px), pygame.SRCALPHA, 32)
        self.width_px, self.height_px = width_px, height_px

    def shape(self, points: Points, colour: Rgb, scale: float = 1.0) -> None:
        """Fill a polygon, shrunk about the centre by `scale`."""
        pygame.draw.polygon(
            self.surface,
            colour,
            [((0.5 + x * scale) * self.width_px, (0.5 + y * scale) * self.height_px) for x, y in points],
        )

    def text(self, words: str, colour: Rgb, box: tuple[float, float, float, float]) -> None:
        """Write words stretched to fill a box (x0, y0, x1, y1)."""
        written = _font().render(words, True, colour)
        tight = written.get_bounding_rect()
        width = max(1, round((box[2] - box[0]) * self.width_px))
        height = max(1, round((box[3] - box[1]) * self.height_px))
        scaled = pygame.transform.smoothscale(written.subsurface(tight), (width, height))
        self.surface.blit(scaled, ((0.5 + box[0]) * self.width_px, (0.5 + box[1]) * self.height_px))


@lru_cache(maxsize=1)
def _font() -> pygame.font.Font:
    pygame.font.init()
    return pygame.font.Font(pygame.font.get_default_font(), 160)


def _red(rng: np.random.Generator) -> Rgb:
    return int(rng.uniform(165, 215)), int(rng.uniform(18, 48)), int(rng.uniform(22, 52))


def _stop(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(OCTAGON, WHITE)
    canvas.shape(OCTAGON, _red(rng), 0.945)
    high = float(rng.uniform(0.155, 0.185))
    wide = float(rng.uniform(0.37, 0.42))
    canvas.text("STOP", WHITE, (-wide, -high, wide, high))


def _yield(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_TRIANGLE_DOWN, _red(rng))
    inner: Points = [(-0.27, -0.36), (0.27, -0.36), (0.0, 0.18)]
    canvas.shape(inner, WHITE)
    if rng.random() < 0.5:
        canvas.text("YIELD", _red(rng), (-0.17, -0.31, 0.17, -0.18))


def _do_not_enter(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_SQUARE, WHITE)
    canvas.shape(_DISC, _red(rng), 0.94)
    canvas.shape([(-0.34, -0.07), (0.34, -0.07), (0.34, 0.07), (-0.34, 0.07)], WHITE)
    if rng.random() < 0.5:
        canvas.text("DO NOT", WHITE, (-0.22, -0.28, 0.22, -0.13))
        canvas.text("ENTER", WHITE, (-0.22, 0.13, 0.22, 0.28))


def _wrong_way(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_SQUARE, WHITE)
    canvas.shape(_SQUARE, _red(rng), 0.94)
    canvas.text("WRONG", WHITE, (-0.38, -0.36, 0.38, -0.06))
    canvas.text("WAY", WHITE, (-0.28, 0.06, 0.28, 0.36))


def _speed_limit(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_SQUARE, BLACK)
    canvas.shape(_SQUARE, WHITE, 0.95)
    canvas.text("SPEED", BLACK, (-0.36, -0.43, 0.36, -0.27))
    canvas.text("LIMIT", BLACK, (-0.30, -0.22, 0.30, -0.06))
    canvas.text(str(rng.choice([15, 25, 30, 35, 45])), BLACK, (-0.30, 0.02, 0.30, 0.42))


def _speed_ring(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_DISC, _red(rng))
    canvas.shape(_DISC, WHITE, 0.76)
    canvas.text(str(rng.choice([20, 30, 40, 50, 60, 80])), BLACK, (-0.27, -0.20, 0.27, 0.20))


def _no_parking(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_DISC, _red(rng))
    canvas.shape(_DISC, (28, 70, 150), 0.80)
    canvas.shape([(-0.34, -0.28), (-0.28, -0.34), (0.34, 0.28), (0.28, 0.34)], _red(rng))
    if rng.random() < 0.5:
        canvas.shape([(-0.34, 0.28), (-0.28, 0.34), (0.34, -0.28), (0.28, -0.34)], _red(rng))


def _warning(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_DIAMOND, BLACK)
    canvas.shape(_DIAMOND, (238, 190, 30), 0.95)
    if rng.random() < 0.6:
        canvas.shape(
            [(-0.05, 0.25), (0.05, 0.25), (0.05, -0.05), (0.14, -0.05), (0, -0.26), (-0.14, -0.05), (-0.05, -0.05)],
            BLACK,
        )
    else:
        canvas.shape(OCTAGON, _red(rng), 0.32)


def _parking(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_SQUARE, WHITE)
    canvas.shape(_SQUARE, (25, 75, 165), 0.93)
    canvas.text("P", WHITE, (-0.18, -0.30, 0.20, 0.30))


def _crossing(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_SQUARE, (25, 80, 170))
    canvas.shape([(0.0, -0.36), (0.40, 0.34), (-0.40, 0.34)], WHITE)
    canvas.shape(_DISC, BLACK, 0.12)
    canvas.shape(
        [(-0.03, 0.05), (0.05, 0.05), (0.12, 0.28), (0.06, 0.28), (0.0, 0.14), (-0.08, 0.28), (-0.13, 0.28)], BLACK
    )


def _street_name(canvas: _Canvas, rng: np.random.Generator) -> None:
    colour: Rgb = (20, 105, 60) if rng.random() < 0.7 else (30, 60, 140)
    canvas.shape(_SQUARE, WHITE)
    canvas.shape(_SQUARE, colour, 0.93)
    canvas.text(
        str(rng.choice(["OAK ST", "MAIN ST", "3RD AVE", "ELM DR", "PARK RD"])), WHITE, (-0.40, -0.30, 0.40, 0.30)
    )


def _red_hexagon(canvas: _Canvas, rng: np.random.Generator) -> None:
    shape = outline(SignKind.RED_HEXAGON)
    canvas.shape(shape, WHITE)
    canvas.shape(shape, _red(rng), 0.92)
    canvas.text(str(rng.choice(["OPEN", "SALE", "HALT", "STAR"])), WHITE, (-0.30, -0.15, 0.30, 0.15))


def _red_disc(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_DISC, WHITE if rng.random() < 0.5 else _red(rng))
    canvas.shape(_DISC, _red(rng), 0.92)
    canvas.text(str(rng.choice(["COLA", "PIZZA", "BAR", "50%", "TAXI"])), WHITE, (-0.32, -0.14, 0.32, 0.14))


def _sale(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_SQUARE, _red(rng))
    words, colour = (str(rng.choice(["SALE", "STOP IN", "OPEN", "50% OFF", "SHOP"])), WHITE)
    canvas.text(words, colour, (-0.40, -0.28, 0.40, 0.10))
    canvas.shape([(-0.4, 0.22), (0.4, 0.22), (0.4, 0.30), (-0.4, 0.30)], (240, 200, 60))


def _billboard(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_SQUARE, BLACK)
    ground: Rgb = (int(rng.uniform(60, 250)), int(rng.uniform(60, 250)), int(rng.uniform(60, 250)))
    canvas.shape(_SQUARE, ground, 0.96)
    for _ in range(4):
        x, y, size = float(rng.uniform(-0.35, 0.35)), float(rng.uniform(-0.3, 0.3)), float(rng.uniform(0.1, 0.3))
        colour = _red(rng) if rng.random() < 0.5 else tuple(int(c) for c in rng.integers(20, 250, 3))
        sides = int(rng.choice([4, 5, 6, 32]))
        points = [(x + size * px, y + 1.7 * size * py) for px, py in regular_polygon(sides, float(rng.uniform(0, pi)))]
        canvas.shape(points, (colour[0], colour[1], colour[2]))
    canvas.text(str(rng.choice(["FRESH", "BUY NOW", "STOP BY", "HOTEL", "BEST"])), BLACK, (-0.42, 0.18, 0.30, 0.42))


_DRAWINGS: dict[SignKind, Callable[[_Canvas, np.random.Generator], None]] = {
    SignKind.STOP: _stop,
    SignKind.YIELD: _yield,
    SignKind.DO_NOT_ENTER: _do_not_enter,
    SignKind.WRONG_WAY: _wrong_way,
    SignKind.SPEED_LIMIT: _speed_limit,
    SignKind.SPEED_RING: _speed_ring,
    SignKind.NO_PARKING: _no_parking,
    SignKind.WARNING: _warning,
    SignKind.PARKING: _parking,
    SignKind.CROSSING: _crossing,
    SignKind.STREET_NAME: _street_name,
    SignKind.RED_HEXAGON: _red_hexagon,
    SignKind.RED_DISC: _red_disc,
    SignKind.SALE: _sale,
    SignKind.BILLBOARD: _billboard,
}


def _age(rgba: NDArray[np.uint8], wear: float, rng: np.random.Generator) -> None:
    """Fade a premultiplied face towards pale and grey, and let dirt run over it, in place."""
    fade = 0.45 * wear
    grey = rgba[..., :3].mean(axis=2, keepdims=True, dtype=np.float32)
    pale = np.array([205.0, 160.0, 150.0], np.float32) * (rgba[..., 3:] / np.float32(255))
    rgb = rgba[..., :3] * np.float32(1 - fade) + (0.6 * grey + 0.4 * pale) * np.float32(fade)
    height, width = rgba.shape[:2]
    blotches = cv2.resize(rng.uniform(0, 1, (7, 7)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    rgb *= 1 - np.float32(0.5 * wear) * np.clip(blotches - 0.35, 0, 1)[..., None]
    rgba[..., :3] = np.clip(rgb, 0, 255)


@lru_cache(maxsize=640)
def textures(kind: SignKind, look: int, wear_step: int, aspect: float) -> tuple[NDArray[np.uint8], ...]:
    """Return a face as premultiplied RGBA at full size, half, quarter and so on down to 6 px.

    Args:
        kind: Which face.
        look: Which of its `LOOKS`.
        wear_step: Which of the `WEARS`.
        aspect: Width over height.
    """
    # pygame.Surface and font work without a window; the display is never opened here.
    width = TEXTURE_PX if aspect >= 1 else max(8, round(TEXTURE_PX * aspect))
    height = TEXTURE_PX if aspect <= 1 else max(8, round(TEXTURE_PX / aspect))
    canvas = _Canvas(width * _DRAW, height * _DRAW)
    rng = stream(look, Stream.TEXTURE, list(SignKind).index(kind))
    _DRAWINGS[kind](canvas, rng)
    raw = np.frombuffer(pygame.image.tobytes(canvas.surface, "RGBA_PREMULT"), np.uint8)
    rgba = raw.reshape(height * _DRAW, width * _DRAW, 4)
    finished = np.asarray(cv2.resize(rgba, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if wear_step:
        _age(finished, (wear_step + float(rng.uniform(-0.5, 0.5))) / WEARS, rng)
    levels = [finished]
    while min(levels[-1].shape[:2]) >= 12:
        last = levels[-1]
        size = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
        levels.append(np.asarray(cv2.resize(last, size, interpolation=cv2.INTER_AREA), np.uint8))
    return tuple(np.ascontiguousarray(level) for level in levels)


@lru_cache(maxsize=640)
def mean_colour(kind: SignKind, look: int, wear_step: int, aspect: float) -> tuple[float, float, float]:
    """Return the mean colour of a face's opaque part: how it looks from far away."""
    smallest = textures(kind, look, wear_step, aspect)[-1].reshape(-1, 4).astype(np.float64)
    alpha = max(float(smallest[:, 3].sum()), 1.0)
    red, green, blue = (float(255 * smallest[:, k].sum() / alpha) for k in range(3))
    return red, green, blue
