"""Stop signs of the world: one drawing for each style, as the countries' standards describe them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sim.render.faces.canvas import (
    BLACK,
    DISC,
    HIGHWAY_WEIGHT,
    OCTAGON,
    TRIANGLE_DOWN,
    WHITE,
    Box,
    Canvas,
    Points,
    Rgb,
    hand,
    moved,
    rectangle,
    red,
    rounded,
)
from sim.signs import Plate, StopStyle

LAMP_LIT: Rgb = (255, 244, 232)
LAMP_RED: Rgb = (255, 70, 60)

_BORDER = 0.945
"""The red octagon over the white one, about: a border of 3/4 in on a face of 30 in, rounded up."""

_LEGEND: Box = (-0.40, -0.167, 0.40, 0.167)
"""STOP on R1-1: letters of 10 in on a face of 30 in, Series C."""

_PADDLE = rounded(OCTAGON, 0.22)
_TRIANGLE = rounded(TRIANGLE_DOWN, 0.09)

OUTLINES: dict[StopStyle, Points] = {
    StopStyle.PADDLE: _PADDLE,
    StopStyle.VIENNA_RING: DISC,
    StopStyle.JAPANESE: _TRIANGLE,
    StopStyle.JAPANESE_STOP: _TRIANGLE,
}
"""The silhouettes of those that are no octagons."""


def _ground(canvas: Canvas, rng: np.random.Generator, border: float | None = None) -> None:
    canvas.shape(OCTAGON, WHITE)
    canvas.shape(OCTAGON, red(rng), border or float(rng.uniform(_BORDER - 0.025, _BORDER + 0.012)))


def _worded(canvas: Canvas, rng: np.random.Generator, *, word: str, box: Box = _LEGEND) -> None:
    _ground(canvas, rng)
    canvas.letters(word, WHITE, *hand(rng, box, HIGHWAY_WEIGHT))


def _europe(canvas: Canvas, rng: np.random.Generator) -> None:
    _ground(canvas, rng, float(rng.uniform(0.89, 0.94)))
    canvas.letters("STOP", WHITE, *hand(rng, (-0.37, -0.19, 0.37, 0.19), 0.15))


def _two_words(canvas: Canvas, rng: np.random.Generator) -> None:
    _ground(canvas, rng)
    words = ("ARRÊT", "STOP") if rng.random() < 0.5 else ("STOP", "ARRÊT")
    canvas.letters(words[0], WHITE, (-0.34, -0.27, 0.34, -0.05))
    canvas.line([(-0.36, 0.005), (0.36, 0.005)], WHITE, 0.014)
    canvas.letters(words[1], WHITE, (-0.34, 0.08 if words[1] == "STOP" else 0.12, 0.34, 0.32))


def _led(canvas: Canvas, rng: np.random.Generator) -> None:
    _worded(canvas, rng, word="STOP")
    lamp = LAMP_RED if rng.random() < 0.6 else LAMP_LIT
    for x, y in moved(OCTAGON, 0.0, 0.0, 0.91):
        canvas.disc(x, y, 0.034, (150, 20, 20))
        canvas.disc(x, y, 0.024, lamp)


def _chinese(canvas: Canvas, rng: np.random.Generator) -> None:
    _ground(canvas, rng)
    canvas.word("停", WHITE, (-0.27, -0.29, 0.27, 0.27), 0.095)


def _korean(canvas: Canvas, rng: np.random.Generator) -> None:
    _ground(canvas, rng)
    if rng.random() < 0.5:
        canvas.word("정", WHITE, (-0.38, -0.22, -0.03, 0.22), 0.115)
        canvas.word("지", WHITE, (0.05, -0.22, 0.37, 0.22), 0.115)
    else:
        canvas.word("정", WHITE, (-0.31, -0.32, -0.02, 0.04), 0.115)
        canvas.word("지", WHITE, (0.05, -0.32, 0.31, 0.04), 0.115)
        canvas.letters("STOP", WHITE, (-0.24, 0.10, 0.24, 0.28))


def _arabic(canvas: Canvas, rng: np.random.Generator) -> None:
    _ground(canvas, rng)
    canvas.word("قف", WHITE, (-0.35, -0.25, 0.35, 0.23), 0.15)


def _arabic_stop(canvas: Canvas, rng: np.random.Generator) -> None:
    _ground(canvas, rng)
    canvas.word("قف", WHITE, (-0.28, -0.37, 0.28, 0.01), 0.15)
    canvas.letters("STOP", WHITE, (-0.30, 0.07, 0.30, 0.29))


def _hand(canvas: Canvas, rng: np.random.Generator) -> None:
    _ground(canvas, rng)
    canvas.shape(
        rounded([(-0.15, -0.06), (0.15, -0.06), (0.15, 0.18), (0.09, 0.33), (-0.09, 0.33), (-0.15, 0.18)], 0.3), WHITE
    )
    for x, tip in ((-0.122, -0.22), (-0.042, -0.29), (0.040, -0.27), (0.120, -0.18)):
        canvas.line([(x, tip), (x * 0.95, 0.05)], WHITE, 0.068, round_ends=True)
    canvas.line([(0.10, 0.20), (0.24, 0.05), (0.26, -0.01)], WHITE, 0.07, round_ends=True)


def _vienna_ring(canvas: Canvas, rng: np.random.Generator) -> None:
    ground: Rgb = WHITE if rng.random() < 0.7 else (240, 205, 60)
    rim = red(rng)
    canvas.shape(DISC, rim)
    canvas.shape(DISC, ground, 0.84)
    canvas.shape([(-0.37, -0.20), (0.37, -0.20), (0.0, 0.415)], rim)
    canvas.shape([(-0.25, -0.13), (0.25, -0.13), (0.0, 0.285)], ground)
    canvas.shape(rectangle(-0.30, -0.115, 0.30, 0.085), ground)
    canvas.letters("STOP", BLACK if rng.random() < 0.7 else (24, 40, 110), (-0.285, -0.10, 0.285, 0.07), 0.2)


def _japanese(canvas: Canvas, rng: np.random.Generator, *, latin: bool) -> None:
    canvas.shape(_TRIANGLE, red(rng))
    canvas.ring(moved(_TRIANGLE, 0.0, -0.035, 0.86), WHITE, 0.018)
    for k, glyph in enumerate("止まれ"):
        left = -0.27 + 0.185 * k
        canvas.word(glyph, WHITE, (left, -0.345, left + 0.17, -0.105 if latin else -0.085), 0.12)
    if latin:
        canvas.letters("STOP", WHITE, (-0.145, -0.055, 0.145, 0.06), 0.18)


def _temporary(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(OCTAGON, WHITE)
    tone = red(rng)
    cloth: Rgb = (min(255, tone[0] + 25), tone[1] + 14, tone[2])
    canvas.shape(OCTAGON, cloth, _BORDER)
    canvas.letters("STOP", WHITE, (-0.38, -0.16, 0.38, 0.16))
    # A roll-up sign: its cross-braces press through the cloth.
    fold: Rgb = (int(0.8 * cloth[0]), int(0.8 * cloth[1]), int(0.8 * cloth[2]))
    canvas.line([(0.0, -0.46), (0.0, -0.20)], fold, 0.012)
    canvas.line([(0.0, 0.20), (0.0, 0.46)], fold, 0.012)


def _paddle(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(_PADDLE, WHITE)
    canvas.shape(_PADDLE, red(rng), 0.93)
    canvas.letters("STOP", WHITE, (-0.36, -0.17, 0.36, 0.17), 0.18)


def _bus_arm(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.shape(OCTAGON, WHITE)
    canvas.shape(OCTAGON, BLACK if rng.random() < 0.3 else WHITE, 0.98)
    canvas.shape(OCTAGON, red(rng), 0.91)
    canvas.letters("STOP", WHITE, (-0.36, -0.155, 0.36, 0.155), 0.18)
    lit = rng.random() < 0.5
    for y, on in ((-0.31, lit), (0.31, not lit)):
        canvas.disc(0.0, y, 0.085, BLACK)
        canvas.disc(0.0, y, 0.068, LAMP_RED if on else (96, 14, 16))


def _ways_plate(canvas: Canvas, rng: np.random.Generator, *, words: str) -> None:
    canvas.shape(rectangle(-0.5, -0.5, 0.5, 0.5), WHITE)
    canvas.shape(rectangle(-0.475, -0.42, 0.475, 0.42), red(rng))
    canvas.letters(words, WHITE, (-0.39, -0.27, 0.39, 0.27), 0.17)


_STREETS = ("MAIN ST", "OAK AVE", "3RD ST", "ELM DR", "PARK RD", "HIGH ST", "5TH AVE", "LAKE RD")


def _street_plate(canvas: Canvas, rng: np.random.Generator, *, first: int) -> None:
    ground: Rgb = ((16, 100, 58), (16, 100, 58), (28, 58, 138), (96, 54, 30))[int(rng.integers(4))]
    canvas.shape(rectangle(-0.5, -0.5, 0.5, 0.5), WHITE)
    canvas.shape(rectangle(-0.485, -0.40, 0.485, 0.40), ground)
    street = _STREETS[(first + 2 * int(rng.integers(4))) % len(_STREETS)]
    canvas.letters(street, WHITE, (-0.42, -0.24, 0.42, 0.24), 0.15)


_stop = partial(_worded, word="STOP")

DRAWINGS: dict[StopStyle | Plate, Callable[[Canvas, np.random.Generator], None]] = {
    StopStyle.HIGHWAY: _stop,
    StopStyle.EUROPE: _europe,
    StopStyle.ALL_WAY: _stop,
    StopStyle.FOUR_WAY: _stop,
    StopStyle.STREET_NAMES: _stop,
    StopStyle.LED: _led,
    StopStyle.BEACON: _stop,
    StopStyle.BACKING_BOARD: _europe,
    StopStyle.PARE: partial(_worded, word="PARE"),
    StopStyle.ALTO: partial(_worded, word="ALTO"),
    StopStyle.ARRET: partial(_worded, word="ARRÊT", box=(-0.405, -0.135, 0.405, 0.165)),
    StopStyle.ARRET_STOP: _two_words,
    StopStyle.DUR: partial(_worded, word="DUR", box=(-0.34, -0.18, 0.34, 0.18)),
    StopStyle.BERHENTI: partial(_worded, word="BERHENTI", box=(-0.42, -0.105, 0.42, 0.105)),
    StopStyle.CHINESE: _chinese,
    StopStyle.KOREAN: _korean,
    StopStyle.ARABIC: _arabic,
    StopStyle.ARABIC_STOP: _arabic_stop,
    StopStyle.HAND: _hand,
    StopStyle.VIENNA_RING: _vienna_ring,
    StopStyle.JAPANESE: partial(_japanese, latin=False),
    StopStyle.JAPANESE_STOP: partial(_japanese, latin=True),
    StopStyle.TEMPORARY: _temporary,
    StopStyle.WORKS: _stop,
    StopStyle.PADDLE: _paddle,
    StopStyle.BUS_ARM: _bus_arm,
    Plate.ALL_WAY: partial(_ways_plate, words="ALL WAY"),
    Plate.FOUR_WAY: partial(_ways_plate, words="4-WAY"),
    Plate.STREET_ALONG: partial(_street_plate, first=0),
    Plate.STREET_ACROSS: partial(_street_plate, first=1),
}
