"""Road signs that are no stop signs, some of which share a stop sign's colour, shape or word."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.render.faces.canvas import (
    BLACK,
    BLUE,
    DIAMOND,
    DISC,
    HIGHWAY_WEIGHT,
    OCTAGON,
    ORANGE,
    SQUARE,
    TRIANGLE_DOWN,
    WHITE,
    YELLOW,
    Canvas,
    Points,
    Rgb,
    hand,
    moved,
    rectangle,
    red,
    rounded,
)
from sim.render.faces.glyphs import LATIN
from sim.signs import SignKind

_ROUNDED_DIAMOND = rounded(DIAMOND, 0.08)
_CROSS: Points = [
    (x * 0.5, y * 0.5)
    for x, y in (
        (-1.0, -0.76), (-0.78, -1.0), (0.0, -0.17), (0.78, -1.0), (1.0, -0.76), (0.2, 0.0),
        (1.0, 0.76), (0.78, 1.0), (0.0, 0.17), (-0.78, 1.0), (-1.0, 0.76), (-0.2, 0.0),
    )
]  # fmt: skip
_LIGHT_HOUSING = rounded(rectangle(-0.5, -0.5, 0.5, 0.5), 0.12)

OUTLINES: dict[SignKind, Points] = {
    SignKind.STOP_AHEAD: _ROUNDED_DIAMOND,
    SignKind.ROAD_WORK: _ROUNDED_DIAMOND,
    SignKind.PRIORITY_ROAD: _ROUNDED_DIAMOND,
    SignKind.SPEED_END: DISC,
    SignKind.GIVE_WAY: rounded(TRIANGLE_DOWN, 0.07),
    SignKind.OCTAGON_WORD: OCTAGON,
    SignKind.OCTAGON_BLANK: OCTAGON,
    SignKind.OCTAGON_NO_PARKING: OCTAGON,
    SignKind.CROSSBUCK: _CROSS,
    SignKind.ROUNDABOUT: DISC,
    SignKind.LIGHT_RED: _LIGHT_HOUSING,
    SignKind.LIGHT_GREEN: _LIGHT_HOUSING,
}
"""The silhouettes of those that are not rectangles."""


def _arrow_up(x: float, y: float, size: float) -> Points:
    shape: Points = [(-0.09, 0.5), (0.09, 0.5), (0.09, -0.1), (0.28, -0.1), (0.0, -0.5), (-0.28, -0.1), (-0.09, -0.1)]
    return moved(shape, x, y, size)


def _no_turn(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, BLACK)
    canvas.shape(SQUARE, WHITE, 0.96)
    way = ("left", "right", "about")[int(rng.integers(3))]
    if way == "about":
        canvas.line(
            [(0.14, 0.26), (0.14, -0.10), (0.08, -0.20), (-0.06, -0.20), (-0.12, -0.10), (-0.12, 0.06)], BLACK, 0.085
        )
        canvas.shape([(-0.25, 0.05), (0.01, 0.05), (-0.12, 0.24)], BLACK)
    else:
        side = -1.0 if way == "left" else 1.0
        canvas.line(
            [(-0.10 * side, 0.26), (-0.10 * side, -0.06), (-0.04 * side, -0.12), (0.06 * side, -0.12)], BLACK, 0.09
        )
        canvas.shape([(0.07 * side, -0.25), (0.07 * side, 0.01), (0.26 * side, -0.12)], BLACK)
    tone = red(rng)
    canvas.ring(moved(DISC, 0.0, 0.0, 0.82), tone, 0.085)
    canvas.line([(-0.29, -0.29), (0.29, 0.29)], tone, 0.085)


def _diamond(canvas: Canvas, ground: Rgb) -> None:
    canvas.shape(_ROUNDED_DIAMOND, ground)
    canvas.ring(moved(_ROUNDED_DIAMOND, 0.0, 0.0, 0.93), BLACK, 0.018)


def _stop_ahead(canvas: Canvas, rng: np.random.Generator) -> None:
    _diamond(canvas, YELLOW if rng.random() < 0.7 else (208, 226, 30))
    if rng.random() < 0.75:
        canvas.shape(_arrow_up(0.0, -0.20, 0.34), BLACK)
        canvas.shape(moved(OCTAGON, 0.0, 0.14, 0.34), WHITE)
        canvas.shape(moved(OCTAGON, 0.0, 0.14, 0.315), red(rng))
    else:
        canvas.letters("STOP", BLACK, (-0.20, -0.19, 0.20, -0.02))
        canvas.letters("AHEAD", BLACK, (-0.24, 0.04, 0.24, 0.20))


def _road_work(canvas: Canvas, rng: np.random.Generator) -> None:
    _diamond(
        canvas, (min(255, ORANGE[0] + int(rng.uniform(-14, 16))), ORANGE[1] + int(rng.uniform(-20, 16)), ORANGE[2])
    )
    words = (("ROAD", "WORK", "AHEAD"), ("ONE LANE", "ROAD"), ("FLAGGER", "AHEAD"), ("BE", "PREPARED", "TO STOP"))
    lines = words[int(rng.integers(len(words)))]
    high, gap = 0.13, 0.05
    top = -0.5 * (len(lines) * high + (len(lines) - 1) * gap)
    for line in lines:
        room = 0.40 - abs(top + 0.5 * high) * 0.75
        half = min(room, 0.036 * len(line) + 0.03)
        canvas.letters(line, BLACK, (-half, top, half, top + high))
        top += high + gap


def _priority_road(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_ROUNDED_DIAMOND, BLACK)
    canvas.shape(_ROUNDED_DIAMOND, WHITE, 0.96)
    canvas.shape(_ROUNDED_DIAMOND, (244, 184, int(rng.uniform(20, 50))), 0.66)


def _speed_end(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(DISC, (110, 112, 114))
    canvas.shape(DISC, WHITE, 0.96)
    if rng.random() < 0.6:
        canvas.letters(str(rng.choice(["30", "40", "50", "60", "80"])), (120, 122, 124), (-0.27, -0.20, 0.27, 0.20))
    for shift in (-0.12, -0.06, 0.0, 0.06, 0.12):
        canvas.line([(-0.28 + shift, 0.28 + shift), (0.28 + shift, -0.28 + shift)], BLACK, 0.022)


def _speed_advisory(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, BLACK)
    canvas.shape(SQUARE, YELLOW, 0.95)
    canvas.letters(str(rng.choice(["15", "20", "25", "30", "35", "45"])), BLACK, (-0.30, -0.34, 0.30, 0.12), 0.15)
    canvas.letters("MPH", BLACK, (-0.20, 0.20, 0.20, 0.38))


def _give_way(canvas: Canvas, rng: np.random.Generator) -> None:
    shape = OUTLINES[SignKind.GIVE_WAY]
    canvas.shape(shape, red(rng))
    canvas.shape([(-0.36, -0.39), (0.36, -0.39), (0.0, 0.30)], WHITE)
    words = ("", "GIVE WAY", "CEDA EL PASO", "YIELD")[int(rng.integers(4))]
    if words == "YIELD":
        canvas.letters(words, BLACK, (-0.19, -0.27, 0.19, -0.13))
    elif words:
        first, _, rest = words.partition(" ")
        canvas.letters(first, BLACK, (-0.15, -0.32, 0.15, -0.20))
        canvas.letters(rest, BLACK, (-0.17, -0.16, 0.17, -0.04))


_OTHER_WORDS = ("WAIT", "SLOW", "OPEN", "STAR", "GO", "KEEP OUT", "SHOP", "TOP")


def _octagon_word(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(OCTAGON, WHITE)
    canvas.shape(OCTAGON, red(rng), float(rng.uniform(0.92, 0.957)))
    first, _, rest = _OTHER_WORDS[canvas.look % len(_OTHER_WORDS)].partition(" ")
    if rest:
        canvas.letters(first, WHITE, (-0.32, -0.24, 0.32, -0.03))
        canvas.letters(rest, WHITE, (-0.26, 0.04, 0.26, 0.25))
    else:
        half = 0.10 * len(first) if len(first) < 4 else 0.39
        canvas.letters(first, WHITE, *hand(rng, (-half, -0.165, half, 0.165), HIGHWAY_WEIGHT))


def _octagon_blank(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(OCTAGON, WHITE)
    canvas.shape(OCTAGON, red(rng), float(rng.uniform(0.90, 1.0)))


def _sign_back(canvas: Canvas, rng: np.random.Generator) -> None:
    tone = int(rng.uniform(120, 176))
    canvas.shape(OCTAGON, (tone - 16, tone - 15, tone - 13))
    canvas.shape(OCTAGON, (tone, tone + 1, tone + 3), 0.97)
    canvas.line([(0.0, -0.45), (0.0, 0.45)], (tone - 34, tone - 33, tone - 30), 0.085)
    for y in (-0.34, 0.34):
        canvas.disc(0.0, y, 0.02, (60, 60, 62))


def _octagon_no_parking(canvas: Canvas, rng: np.random.Generator) -> None:
    tone = red(rng)
    canvas.shape(OCTAGON, tone)
    canvas.shape(OCTAGON, WHITE, 0.80)
    canvas.letters("P", BLACK, (-0.16, -0.25, 0.17, 0.25))
    canvas.line([(-0.27, -0.27), (0.27, 0.27)], tone, 0.07)


def _crossbuck(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_CROSS, WHITE)
    if rng.random() < 0.5:
        canvas.ring(_CROSS, red(rng), 0.10)
    else:
        for k in range(4):
            along = 0.37 - 0.075 * k
            for letter, x, y in (("RAIL"[k], -along, -0.95 * along), ("ROAD"[3 - k], along, -0.95 * along)):
                half = 0.4 * LATIN[letter][0] * 0.085
                canvas.letters(letter, BLACK, (x - half, y - 0.045, x + half, y + 0.045), 0.2)
        canvas.ring(_CROSS, BLACK, 0.02)


def _roundabout(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(DISC, WHITE)
    canvas.shape(DISC, BLUE, 0.94)
    for k in range(3):
        turn = 2 * np.pi * k / 3 + 0.3
        angles = [turn + 0.14 * step for step in range(10)]
        canvas.line([(0.25 * float(np.cos(a)), 0.25 * float(np.sin(a))) for a in angles], WHITE, 0.075)
        a = angles[-1] + 0.08
        tip = a + 0.42
        canvas.shape(
            [
                (0.15 * float(np.cos(a)), 0.15 * float(np.sin(a))),
                (0.35 * float(np.cos(a)), 0.35 * float(np.sin(a))),
                (0.25 * float(np.cos(tip)), 0.25 * float(np.sin(tip))),
            ],
            WHITE,
        )


def _one_way(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(SQUARE, BLACK)
    side = -1.0 if rng.random() < 0.5 else 1.0
    shape: Points = [
        (-0.44, -0.24),
        (0.22, -0.24),
        (0.22, -0.40),
        (0.47, 0.0),
        (0.22, 0.40),
        (0.22, 0.24),
        (-0.44, 0.24),
    ]
    canvas.shape([(side * x, y) for x, y in shape], WHITE)
    canvas.letters("ONE WAY", BLACK, (-0.34 if side > 0 else -0.24, -0.15, 0.24 if side > 0 else 0.34, 0.15), 0.17)


def _light(canvas: Canvas, lit: int) -> None:
    canvas.shape(SQUARE, (30, 32, 30))
    dark: tuple[Rgb, ...] = ((70, 18, 18), (72, 58, 16), (14, 58, 40))
    bright: tuple[Rgb, ...] = ((255, 48, 40), (255, 190, 40), (60, 246, 170))
    for k, y in enumerate((-0.32, 0.0, 0.32)):
        canvas.disc(0.0, y, 0.37, (16, 16, 16))
        canvas.disc(0.0, y, 0.31, bright[k] if k == lit else dark[k])
        if k == lit:
            core = bright[k]
            canvas.disc(-0.04, y - 0.015, 0.17, (core[0], min(255, core[1] + 70), min(255, core[2] + 70)))


def _light_red(canvas: Canvas, rng: np.random.Generator) -> None:
    _light(canvas, 0)


def _light_green(canvas: Canvas, rng: np.random.Generator) -> None:
    _light(canvas, 2)


DRAWINGS: dict[SignKind, Callable[[Canvas, np.random.Generator], None]] = {
    SignKind.NO_TURN: _no_turn,
    SignKind.STOP_AHEAD: _stop_ahead,
    SignKind.ROAD_WORK: _road_work,
    SignKind.PRIORITY_ROAD: _priority_road,
    SignKind.SPEED_END: _speed_end,
    SignKind.SPEED_ADVISORY: _speed_advisory,
    SignKind.GIVE_WAY: _give_way,
    SignKind.OCTAGON_WORD: _octagon_word,
    SignKind.OCTAGON_BLANK: _octagon_blank,
    SignKind.SIGN_BACK: _sign_back,
    SignKind.OCTAGON_NO_PARKING: _octagon_no_parking,
    SignKind.CROSSBUCK: _crossbuck,
    SignKind.ROUNDABOUT: _roundabout,
    SignKind.ONE_WAY: _one_way,
    SignKind.LIGHT_RED: _light_red,
    SignKind.LIGHT_GREEN: _light_green,
}
