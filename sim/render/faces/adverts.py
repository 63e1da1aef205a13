"""What stands at the road and is no road sign at all: adverts, pictures of stop signs, and other red things."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

import numpy as np

from sim.render.faces.canvas import (
    BLACK,
    DISC,
    OCTAGON,
    SQUARE,
    WHITE,
    YELLOW,
    Canvas,
    Points,
    Rgb,
    moved,
    rectangle,
    red,
    rounded,
)
from sim.signs import SignKind

_HALF_PERSON: Points = [
    (0.0, -0.5), (0.13, -0.485), (0.17, -0.42), (0.13, -0.35), (0.10, -0.325), (0.36, -0.28), (0.5, -0.06),
    (0.47, 0.08), (0.34, 0.07), (0.32, -0.10), (0.30, 0.08), (0.33, 0.5), (0.05, 0.5), (0.0, 0.16),
]  # fmt: skip
_PERSON: Points = [*_HALF_PERSON, *[(-x, y) for x, y in reversed(_HALF_PERSON[1:-1])]]


def _bunch() -> Points:
    """Return the silhouette of three balloons: the farthest of three discs in each direction from their middle."""
    discs = ((-0.24, -0.18, 0.25), (0.24, -0.20, 0.25), (0.0, 0.10, 0.25))
    found: Points = []
    for k in range(48):
        angle = 2 * pi * k / 48
        ux, uy = cos(angle), sin(angle)
        reach = 0.05
        for x, y, radius in discs:
            along, off = x * ux + (y + 0.09) * uy, x * uy - (y + 0.09) * ux
            if abs(off) < radius:
                reach = max(reach, along + (radius * radius - off * off) ** 0.5)
        found.append((min(max(reach * ux, -0.5), 0.5), min(max(reach * uy - 0.09, -0.5), 0.5)))
    return found


_BALLOONS = _bunch()

OUTLINES: dict[SignKind, Points] = {SignKind.STOP_SHIRT: _PERSON, SignKind.BALLOONS: _BALLOONS}
"""The silhouettes of those that are not rectangles."""


def _printed_stop(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    """Draw the picture of a stop sign, `size` wide in units of the face's width, on whatever is there."""
    high = size * canvas.width_px / canvas.height_px
    canvas.shape(moved(OCTAGON, x, y, size, high), WHITE)
    canvas.shape(moved(OCTAGON, x, y, 0.94 * size, 0.94 * high), red(rng))
    canvas.letters("STOP", WHITE, (x - 0.40 * size, y - 0.165 * high, x + 0.40 * size, y + 0.165 * high))


def _pastel(rng: np.random.Generator) -> Rgb:
    grounds: tuple[Rgb, ...] = ((236, 226, 200), (150, 190, 220), (246, 214, 90), (226, 228, 230), (60, 66, 80))
    return grounds[int(rng.integers(len(grounds)))]


def _red_square(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, WHITE)
    canvas.shape(SQUARE, red(rng), float(rng.choice([0.93, 1.0])))
    lines = (("SALE",), ("BAR",), ("HOT", "DOGS"), ("PIZZA",), ("TO LET",), ("STOP", "HERE"))[canvas.look % 6]
    if len(lines) == 1:
        canvas.letters(lines[0], WHITE, (-0.36, -0.17, 0.36, 0.17))
    else:
        canvas.letters(lines[0], WHITE, (-0.32, -0.32, 0.32, -0.04))
        canvas.letters(lines[1], WHITE, (-0.32, 0.06, 0.32, 0.34))


def _stop_shop(canvas: Canvas, rng: np.random.Generator) -> None:
    ground = red(rng) if rng.random() < 0.6 else (24, 104, 66)
    canvas.shape(SQUARE, ground)
    first, second = (("STOP", "& SHOP"), ("STOP IN", "TODAY"), ("ONE STOP", "SHOP"), ("PIT STOP", "CAFE"))[
        int(rng.integers(4))
    ]
    canvas.letters(first, WHITE, (-0.40, -0.36, 0.40, -0.02))
    canvas.letters(second, YELLOW if rng.random() < 0.5 else WHITE, (-0.36, 0.10, 0.36, 0.36))


def _stop_billboard(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, (70, 72, 76))
    ground = _pastel(rng)
    canvas.shape(SQUARE, ground, 0.96)
    left = rng.random() < 0.5
    ink: Rgb = WHITE if sum(ground) < 300 else BLACK
    _printed_stop(canvas, rng, -0.26 if left else 0.26, 0.0, 0.40)
    x0, x1 = (0.0, 0.44) if left else (-0.44, 0.0)
    first, second = (("THINK", "TWICE"), ("TEXTING", "KILLS"), ("DRIVE", "SAFELY"), ("FAST", "FOOD"))[
        int(rng.integers(4))
    ]
    canvas.letters(first, ink, (x0, -0.26, x1, -0.03))
    canvas.letters(second, ink, (x0, 0.06, x1, 0.29))


def _stop_poster(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, (40, 42, 46))
    ground = _pastel(rng)
    ink: Rgb = WHITE if sum(ground) < 300 else (30, 30, 34)
    canvas.shape(SQUARE, ground, 0.94)
    _printed_stop(canvas, rng, 0.0, -0.12, 0.74)
    canvas.letters(str(rng.choice(["SMOKING", "HUNGER", "THE WAR", "RATS"])), ink, (-0.38, 0.26, 0.38, 0.40))


def _stop_lorry(canvas: Canvas, rng: np.random.Generator) -> None:
    body: tuple[Rgb, ...] = ((222, 224, 224), (196, 202, 206), (236, 234, 226), (60, 92, 140))
    ground = body[int(rng.integers(len(body)))]
    edge: Rgb = (int(0.7 * ground[0]), int(0.7 * ground[1]), int(0.7 * ground[2]))
    canvas.shape(SQUARE, edge)
    canvas.shape(rectangle(-0.47, -0.47, -0.008, 0.40), ground)
    canvas.shape(rectangle(0.008, -0.47, 0.47, 0.40), ground)
    for x in (-0.30, -0.10, 0.10, 0.30):
        canvas.line([(x, -0.46), (x, 0.39)], edge, 0.012)
    canvas.shape(rectangle(-0.5, 0.41, 0.5, 0.5), (50, 50, 54))
    for x in (-0.40, 0.40):
        canvas.shape(rectangle(x - 0.07, 0.42, x + 0.07, 0.48), (190, 24, 26))
    canvas.shape(rectangle(-0.12, 0.425, 0.12, 0.485), (226, 222, 190))
    _printed_stop(canvas, rng, float(rng.choice([-0.24, 0.24])), -0.02, float(rng.uniform(0.34, 0.44)))


def _stop_shirt(canvas: Canvas, rng: np.random.Generator) -> None:
    skins: tuple[Rgb, ...] = ((236, 196, 164), (198, 148, 110), (120, 82, 60), (84, 58, 44))
    shirts: tuple[Rgb, ...] = ((236, 236, 234), (40, 42, 46), (70, 110, 160), (150, 152, 156))
    skin, shirt = skins[int(rng.integers(4))], shirts[int(rng.integers(4))]
    trousers: Rgb = (44, 56, 88) if rng.random() < 0.6 else (60, 58, 54)
    hair: Rgb = ((40, 30, 24), (110, 74, 40), (180, 150, 90))[int(rng.integers(3))]
    canvas.shape(SQUARE, trousers)
    canvas.shape(rectangle(-0.5, -0.5, 0.5, 0.09), skin)
    canvas.shape(rectangle(-0.3, -0.33, 0.3, 0.09), shirt)
    canvas.shape([(-0.5, -0.09), (-0.40, -0.30), (0.40, -0.30), (0.5, -0.09), (0.34, -0.08), (-0.34, -0.08)], shirt)
    canvas.shape(rectangle(-0.10, -0.35, 0.10, -0.305), skin)
    canvas.shape(rectangle(-0.2, -0.5, 0.2, -0.455), hair)
    canvas.shape(rectangle(-0.4, 0.46, 0.4, 0.5), (30, 28, 28))
    for x in (-0.055, 0.055):
        canvas.disc(x, -0.425, 0.018, BLACK)
    _printed_stop(canvas, rng, 0.0, -0.145, 0.42)


def _shop_awning(canvas: Canvas, rng: np.random.Generator) -> None:
    walls: tuple[Rgb, ...] = ((198, 188, 170), (168, 110, 88), (210, 206, 198), (140, 136, 132))
    canvas.shape(SQUARE, walls[int(rng.integers(4))])
    canvas.shape(rectangle(-0.42, -0.08, 0.12, 0.36), (70, 84, 96))
    canvas.shape(rectangle(-0.40, -0.06, -0.16, 0.34), (120, 138, 150))
    canvas.shape(rectangle(-0.13, -0.06, 0.10, 0.34), (104, 122, 134))
    canvas.shape(rectangle(0.20, -0.08, 0.42, 0.5), (74, 54, 44))
    tone = red(rng)
    stripes = 10
    for k in range(stripes):
        a, b = -0.47 + 0.94 * k / stripes, -0.47 + 0.94 * (k + 1) / stripes
        colour = tone if k % 2 == 0 or rng.random() < 0.05 else WHITE
        canvas.shape([(0.94 * a, -0.34), (0.94 * b, -0.34), (b, -0.08), (0.5 * (a + b), -0.04), (a, -0.08)], colour)
    canvas.letters(str(rng.choice(["BAKERY", "CAFE", "FLOWERS", "DELI"])), BLACK, (-0.28, -0.47, 0.28, -0.37))


def _red_door(canvas: Canvas, rng: np.random.Generator) -> None:
    brick = rng.random() < 0.5
    canvas.shape(SQUARE, (160, 96, 78) if brick else (206, 200, 188))
    if brick:
        for k in range(12):
            y = -0.5 + k / 12
            canvas.line([(-0.5, y), (0.5, y)], (188, 160, 146), 0.008)
    tone = red(rng)
    canvas.shape(rectangle(-0.32, -0.40, 0.32, 0.5), WHITE)
    canvas.shape(rectangle(-0.26, -0.35, 0.26, 0.5), tone)
    dark: Rgb = (int(0.72 * tone[0]), tone[1] // 2, tone[2] // 2)
    for x in (-0.12, 0.12):
        for y0, y1 in ((-0.29, 0.0), (0.08, 0.42)):
            canvas.shape(rectangle(x - 0.085, y0, x + 0.085, y1), dark)
    canvas.disc(0.21, 0.05, 0.022, (230, 200, 90))


def _balloons(canvas: Canvas, rng: np.random.Generator) -> None:
    tone = red(rng)
    for x, y, shade in ((-0.24, -0.18, 0.86), (0.24, -0.20, 0.93), (0.0, 0.10, 1.0)):
        lit: Rgb = (int(shade * tone[0]), int(shade * tone[1]), int(shade * tone[2]))
        canvas.shape(moved(DISC, x, y, 0.52), lit)
        canvas.shape(moved(rounded(OCTAGON, 0.3), x - 0.09, y - 0.10, 0.11), (250, 170, 170))
    canvas.shape([(0.0, 0.33), (0.05, 0.40), (-0.05, 0.40)], tone)


DRAWINGS: dict[SignKind, Callable[[Canvas, np.random.Generator], None]] = {
    SignKind.RED_SQUARE: _red_square,
    SignKind.STOP_SHOP: _stop_shop,
    SignKind.STOP_BILLBOARD: _stop_billboard,
    SignKind.STOP_POSTER: _stop_poster,
    SignKind.STOP_LORRY: _stop_lorry,
    SignKind.STOP_SHIRT: _stop_shirt,
    SignKind.SHOP_AWNING: _shop_awning,
    SignKind.RED_DOOR: _red_door,
    SignKind.BALLOONS: _balloons,
}
