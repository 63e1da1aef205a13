"""The usual stop sign, and the signs and adverts most often met, with eight looks each."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np

from sim.render.faces.canvas import (
    BLACK,
    DIAMOND,
    DISC,
    HEXAGON,
    OCTAGON,
    SQUARE,
    TRIANGLE_DOWN,
    WHITE,
    Canvas,
    Points,
    Rgb,
    red,
    regular_polygon,
)
from sim.signs import SignKind

RED_HEXAGON: Points = [(x, y * 0.5 / 0.433) for x, y in HEXAGON]

OUTLINES: dict[SignKind, Points] = {
    SignKind.STOP: OCTAGON,
    SignKind.SIGN_BACK: OCTAGON,
    SignKind.RED_HEXAGON: RED_HEXAGON,
    SignKind.YIELD: TRIANGLE_DOWN,
    SignKind.WARNING: DIAMOND,
    SignKind.RED_DISC: DISC,
    SignKind.SPEED_RING: DISC,
    SignKind.NO_PARKING: DISC,
}
"""The silhouettes of those that are not rectangles."""


def _stop(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(OCTAGON, WHITE)
    canvas.shape(OCTAGON, red(rng), 0.945)
    high = float(rng.uniform(0.145, 0.195))
    wide = float(rng.uniform(0.345, 0.425))
    canvas.text("STOP", WHITE, (-wide, -high, wide, high))


def _yield(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(TRIANGLE_DOWN, red(rng))
    inner: Points = [(-0.27, -0.36), (0.27, -0.36), (0.0, 0.18)]
    canvas.shape(inner, WHITE)
    if rng.random() < 0.5:
        canvas.text("YIELD", red(rng), (-0.17, -0.31, 0.17, -0.18))


def _do_not_enter(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, WHITE)
    canvas.shape(DISC, red(rng), 0.94)
    canvas.shape([(-0.34, -0.07), (0.34, -0.07), (0.34, 0.07), (-0.34, 0.07)], WHITE)
    if rng.random() < 0.5:
        canvas.text("DO NOT", WHITE, (-0.22, -0.28, 0.22, -0.13))
        canvas.text("ENTER", WHITE, (-0.22, 0.13, 0.22, 0.28))


def _wrong_way(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, WHITE)
    canvas.shape(SQUARE, red(rng), 0.94)
    canvas.text("WRONG", WHITE, (-0.38, -0.36, 0.38, -0.06))
    canvas.text("WAY", WHITE, (-0.28, 0.06, 0.28, 0.36))


def _speed_limit(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, BLACK)
    canvas.shape(SQUARE, WHITE, 0.95)
    canvas.text("SPEED", BLACK, (-0.36, -0.43, 0.36, -0.27))
    canvas.text("LIMIT", BLACK, (-0.30, -0.22, 0.30, -0.06))
    canvas.text(str(rng.choice([15, 25, 30, 35, 45])), BLACK, (-0.30, 0.02, 0.30, 0.42))


def _speed_ring(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(DISC, red(rng))
    canvas.shape(DISC, WHITE, 0.76)
    canvas.text(str(rng.choice([20, 30, 40, 50, 60, 80])), BLACK, (-0.27, -0.20, 0.27, 0.20))


def _no_parking(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(DISC, red(rng))
    canvas.shape(DISC, (28, 70, 150), 0.80)
    canvas.shape([(-0.34, -0.28), (-0.28, -0.34), (0.34, 0.28), (0.28, 0.34)], red(rng))
    if rng.random() < 0.5:
        canvas.shape([(-0.34, 0.28), (-0.28, 0.34), (0.34, -0.28), (0.28, -0.34)], red(rng))


def _warning(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(DIAMOND, BLACK)
    canvas.shape(DIAMOND, (238, 190, 30), 0.95)
    if rng.random() < 0.6:
        canvas.shape(
            [(-0.05, 0.25), (0.05, 0.25), (0.05, -0.05), (0.14, -0.05), (0, -0.26), (-0.14, -0.05), (-0.05, -0.05)],
            BLACK,
        )
    else:
        canvas.shape(OCTAGON, red(rng), 0.32)


def _parking(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, WHITE)
    canvas.shape(SQUARE, (25, 75, 165), 0.93)
    canvas.text("P", WHITE, (-0.18, -0.30, 0.20, 0.30))


def _crossing(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, (25, 80, 170))
    canvas.shape([(0.0, -0.36), (0.40, 0.34), (-0.40, 0.34)], WHITE)
    canvas.shape(DISC, BLACK, 0.12)
    canvas.shape(
        [(-0.03, 0.05), (0.05, 0.05), (0.12, 0.28), (0.06, 0.28), (0.0, 0.14), (-0.08, 0.28), (-0.13, 0.28)], BLACK
    )


def _street_name(canvas: Canvas, rng: np.random.Generator) -> None:
    colour: Rgb = (20, 105, 60) if rng.random() < 0.7 else (30, 60, 140)
    canvas.shape(SQUARE, WHITE)
    canvas.shape(SQUARE, colour, 0.93)
    canvas.text(
        str(rng.choice(["OAK ST", "MAIN ST", "3RD AVE", "ELM DR", "PARK RD"])), WHITE, (-0.40, -0.30, 0.40, 0.30)
    )


def _red_hexagon(canvas: Canvas, rng: np.random.Generator) -> None:
    shape = RED_HEXAGON
    canvas.shape(shape, WHITE)
    canvas.shape(shape, red(rng), 0.92)
    canvas.text(str(rng.choice(["OPEN", "SALE", "HALT", "STAR"])), WHITE, (-0.30, -0.15, 0.30, 0.15))


def _red_disc(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(DISC, WHITE if rng.random() < 0.5 else red(rng))
    canvas.shape(DISC, red(rng), 0.92)
    canvas.text(str(rng.choice(["COLA", "PIZZA", "BAR", "50%", "TAXI"])), WHITE, (-0.32, -0.14, 0.32, 0.14))


def _sale(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, red(rng))
    words, colour = (str(rng.choice(["SALE", "STOP IN", "OPEN", "50% OFF", "SHOP"])), WHITE)
    canvas.text(words, colour, (-0.40, -0.28, 0.40, 0.10))
    canvas.shape([(-0.4, 0.22), (0.4, 0.22), (0.4, 0.30), (-0.4, 0.30)], (240, 200, 60))


def _billboard(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, BLACK)
    ground: Rgb = (int(rng.uniform(60, 250)), int(rng.uniform(60, 250)), int(rng.uniform(60, 250)))
    canvas.shape(SQUARE, ground, 0.96)
    for _ in range(4):
        x, y, size = float(rng.uniform(-0.35, 0.35)), float(rng.uniform(-0.3, 0.3)), float(rng.uniform(0.1, 0.3))
        colour = red(rng) if rng.random() < 0.5 else tuple(int(c) for c in rng.integers(20, 250, 3))
        sides = int(rng.choice([4, 5, 6, 32]))
        points = [(x + size * px, y + 1.7 * size * py) for px, py in regular_polygon(sides, float(rng.uniform(0, pi)))]
        canvas.shape(points, (colour[0], colour[1], colour[2]))
    canvas.text(str(rng.choice(["FRESH", "BUY NOW", "STOP BY", "HOTEL", "BEST"])), BLACK, (-0.42, 0.18, 0.30, 0.42))


DRAWINGS: dict[SignKind, Callable[[Canvas, np.random.Generator], None]] = {
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
