"""Throw data at it: frames drawn from a seed with their labels, how many, and what varies."""

from __future__ import annotations

import numpy as np
import pygame

from sim.percept import ObjectKind
from sim.recording import SHIPPED_RECIPES, Recipe, load_recipe
from sim.viewer.palette import GREEN, INK, KIND_STYLES, MUTED, SKY_BLUE, VERMILION, YELLOW
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Data, Sight
from sim.viewer.teach.frames import LiveFrames
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Keys, Page
from sim.viewer.teach.sights import draw_sight, legend
from sim.viewer.text import Align, Weight

_COLUMNS, _ROWS = 3, 3
_FRAME_W, _FRAME_H = 372.0, 372.0 * 288 / 672
LABELLED = (ObjectKind.STOP_SIGN, ObjectKind.DISTRACTOR, ObjectKind.VEHICLE, ObjectKind.PEDESTRIAN)


def _recipe(notes: Notebook) -> Recipe:
    return load_recipe(SHIPPED_RECIPES / f"{notes.plan.recipe}.toml").with_size(seed=notes.plan.data_seed)


class FramesPage(Page):
    """Frames, drawn while one looks, with their labels."""

    chapter = "Data"
    title = "Throw data at it: pictures with their answers"
    keys: Keys = (("G", "draw nine more"), ("L", "show or hide the labels"))

    def __init__(self) -> None:
        self.labels = True
        self.first = 0
        self._sights: list[Sight] = []
        self._frames: LiveFrames | None = None

    def press(self, key: int, notes: Notebook) -> bool:
        """Draw others, or hide the labels."""
        if key == pygame.K_g:
            self.first += _COLUMNS * _ROWS
            self._sights = []
        elif key == pygame.K_l:
            self.labels = not self.labels
        else:
            return False
        return True

    def advance(self, now_s: float, notes: Notebook) -> bool:
        """Draw one frame more."""
        if len(self._sights) >= _COLUMNS * _ROWS:
            return False
        self._frames = self._frames or LiveFrames(_recipe(notes))
        self._sights.append(self._frames.draw(self.first + len(self._sights)))
        return True

    def prepare(self, notes: Notebook) -> None:
        """Draw them all."""
        while self.advance(0.0, notes):
            pass

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        for place in range(_COLUMNS * _ROWS):
            row, column = divmod(place, _COLUMNS)
            x, y = 40 + column * (_FRAME_W + 42), 94 + row * (_FRAME_H + 9)
            if place < len(self._sights):
                draw_sight(board, self._sights[place], x, y, _FRAME_W, truths=self.labels)
            else:
                board.panel(x, y, _FRAME_W, _FRAME_H)
        y = 94 + _ROWS * (_FRAME_H + 9) + 2
        numbers = f"frames {self.first:,} to {self.first + _COLUMNS * _ROWS - 1:,}, seed {notes.plan.data_seed}"
        board.text(numbers, 1240, y, 13, MUTED, align=Align.RIGHT)
        legend(board, 40, y, LABELLED)
        board.paragraph(
            "The program that draws a frame knows what is in it: *the labels cost nothing and are never wrong.* A "
            "distractor is anything that could be taken for a stop sign and is none. The same seed gives the same "
            "pictures, to the byte.",
            40, y + 26, 1200, 14,
        )  # fmt: skip


class CountsPage(Page):
    """How many, and what varies."""

    chapter = "Data"
    title = "How many, and what varies"

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        data = notes.data
        if data is None:
            work = notes.work
            board.text("The frames to learn from are being drawn …", 640, 320, 18, MUTED, align=Align.CENTRE)
            if work is not None and work.total:
                board.bar(440, 360, 400, 10, work.done / work.total, SKY_BLUE)
                board.text(f"{work.done:,} of {work.total:,}", 640, 380, 15, MUTED, align=Align.CENTRE)
            return
        self._draw_volume(board, data)
        board.text("Labelled in them", 40, 280, 16, INK, Weight.BOLD)
        rows = [(KIND_STYLES[kind].label, data.kinds.get(kind.value, 0), KIND_STYLES[kind].colour) for kind in LABELLED]
        _bars(board, rows, 40, 312, 360)
        board.paragraph(
            f"{data.unasked:,} more things are too hidden or too far away: they are neither asked for nor counted as "
            f"wrong. {data.without_sign:,} frames show no stop sign to find: a network must also learn to say "
            "*nothing*.",
            40, 430, 370, 14, MUTED,
        )  # fmt: skip
        board.text("When and where", 460, 280, 16, INK, Weight.BOLD)
        _bars(board, [(name, count, YELLOW) for name, count in list(data.scenes.items())[:4]], 460, 312, 340)
        board.text("Commonest things that are none", 460, 430, 16, INK, Weight.BOLD)
        _bars(board, [(name, count, KIND_STYLES[ObjectKind.DISTRACTOR].colour)
                      for name, count in list(data.variants.items())[:7]], 460, 460, 340)  # fmt: skip
        self._draw_distances(board, data)

    def _draw_volume(self, board: Board, data: Data) -> None:
        board.panel(40, 98, 1200, 160)
        board.text(f"{data.count:,}", 64, 112, 44, SKY_BLUE, Weight.BOLD)
        board.text("frames to learn from", 64, 168, 16, INK)
        board.text(f"{data.bytes / 1e6:,.0f} MB as JPEG", 64, 192, 14, MUTED)
        if data.seconds > 1:
            rate = f"drawn in {data.seconds:,.0f} s: {data.count / data.seconds:,.0f} frames a second"
            board.text(rate, 64, 212, 14, MUTED)
        board.text(f"{data.count * 288 * 672 * 3 / 1e6:,.0f} million", 420, 112, 44, GREEN, Weight.BOLD)
        board.text("colour values in them", 420, 168, 16, INK)
        board.text("672 x 288 pixels x 3 colours each", 420, 192, 14, MUTED)
        board.paragraph(
            "*What varies is what is learned to be ignored.* Road and bends, sizes of signs and where they stand, "
            "wear, colours of everything, light and haze, cars, houses, trees, signs of other kinds, where the car "
            "is in its lane: all drawn at random from the seed. What stays is the octagon.",
            830, 116, 390, 14,
        )  # fmt: skip

    def _draw_distances(self, board: Board, data: Data) -> None:
        board.text("How far the stop signs are", 850, 280, 16, INK, Weight.BOLD)
        counts, edges = np.histogram(data.distances_m, bins=np.arange(0, 65, 5))
        most = max(int(counts.max()), 1)
        x, y, width, height = 866.0, 320.0, 374.0, 210.0
        for number, count in enumerate(counts.tolist()):
            left = x + number * width / len(counts)
            high = height * count / most
            board.box(left, y + height - high, width / len(counts) - 2, max(high, 1), VERMILION)
        for number in range(0, len(edges), 2):
            board.text(f"{edges[number]:g}", x + number * width / len(counts), y + height + 5, 12, MUTED,
                       align=Align.CENTRE)  # fmt: skip
        board.text(f"metres; {len(data.distances_m):,} signs; the highest bar: {most:,}", x, y + height + 24, 13, MUTED)
        board.paragraph(
            f"At 30 m a sign of 0.76 m is {0.76 * 720 / 30:.0f} pixels wide, at 60 m {0.76 * 720 / 60:.0f}. A car at "
            "40 km/h needs some 47 m to see, react and stop.",
            850, y + height + 46, 390, 13, MUTED,
        )  # fmt: skip


def _bars(board: Board, rows: list[tuple[str, int, tuple[int, int, int]]], x: float, y: float, width: float) -> None:
    most = max((count for _, count, _ in rows), default=1) or 1
    for name, count, colour in rows:
        board.text(name.replace("_", " "), x, y, 13, MUTED, width=128)
        room = width - 186
        board.box(x + 132, y + 3, max(room * count / most, 1), 12, colour)
        board.text(f"{count:,}", x + 138 + room * count / most, y, 13, INK)
        y += 26
