"""Train it: the loss as it falls, and what the network believes after each part of its training."""

from __future__ import annotations

import math

import numpy as np
import pygame
from numpy.typing import NDArray

from sim.percept import ObjectKind
from sim.viewer.palette import GREEN, INK, MUTED, ORANGE, SKY_BLUE, TRACK, YELLOW
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Epoch, Plan, Wish
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Keys, Page
from sim.viewer.teach.sights import FOUND_FROM, draw_sight, legend
from sim.viewer.text import Align, Weight

REPLAY_S = 1.2
"""How long each part is shown while they play one after another."""

_FRAME_W = 388.0
_SCRUB = (40.0, 640.0, 1200.0)
_CHART = (96.0, 112.0, 560.0, 150.0)
MOST_POINTS = 400


class TrainPage(Page):
    """The training, live, and its parts to go back to."""

    chapter = "Train"
    title = "Train it: show, compare, change a little, again"
    keys: Keys = (
        ("ENTER", "begin the training"),
        ("↑ ↓  or  the bar", "an earlier part, a later one"),
        ("SPACE", "play them from first to last"),
    )

    def __init__(self) -> None:
        self.chosen: int | None = None
        """The part shown; None for the last there is."""
        self._playing_s: float | None = None
        self._seen: tuple[int, ...] = ()

    def press(self, key: int, notes: Notebook) -> bool:
        """Begin, or go back and forth among the parts."""
        numbers = sorted(notes.epochs)
        if key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            notes.ask(Wish.TRAIN)
        elif key == pygame.K_SPACE and numbers:
            self.chosen = numbers[0]
            self._playing_s = 0.0
        elif key in (pygame.K_UP, pygame.K_DOWN) and numbers:
            self._playing_s = None
            place = numbers.index(self._shown(numbers)) + (1 if key == pygame.K_DOWN else -1)
            self.chosen = numbers[min(max(place, 0), len(numbers) - 1)]
            if self.chosen == numbers[-1]:
                self.chosen = None
        else:
            return False
        return True

    def click(self, x: float, y: float, notes: Notebook) -> bool:
        """Begin, or choose a part in the bar."""
        if not self._begun(notes) and 720 <= x <= 980 and 206 <= y <= 250:
            notes.ask(Wish.TRAIN)
            return True
        numbers = sorted(notes.epochs)
        left, top, width = _SCRUB
        if len(numbers) > 1 and top - 14 <= y <= top + 20:
            share = min(max((x - left - 8) / (width - 16), 0.0), 1.0)
            self.chosen = numbers[round(share * (len(numbers) - 1))]
            self._playing_s = None
            return True
        return False

    def advance(self, now_s: float, notes: Notebook) -> bool:
        """Play, and follow the training."""
        numbers = sorted(notes.epochs)
        state = (sum(len(values) for values in notes.losses.values()), len(numbers))
        moved = state != self._seen
        self._seen = state
        if self._playing_s is None or not numbers:
            return moved
        if self._playing_s == 0.0:
            self._playing_s = now_s
        elif now_s - self._playing_s >= REPLAY_S:
            self._playing_s = now_s
            place = numbers.index(self._shown(numbers)) + 1
            if place >= len(numbers):
                self._playing_s, self.chosen = None, None
            else:
                self.chosen = numbers[place]
            return True
        return moved

    def _begun(self, notes: Notebook) -> bool:
        return Wish.TRAIN in notes.wished or bool(notes.epochs)

    def _shown(self, numbers: list[int]) -> int:
        return self.chosen if self.chosen in numbers else numbers[-1]

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        self._draw_chart(board, notes)
        numbers = sorted(notes.epochs)
        epoch = notes.epochs[self._shown(numbers)] if numbers else None
        self._draw_words(board, notes, epoch)
        if notes.tests is None:
            board.text("The frames that it will never learn from are being drawn …", 640, 420, 16, MUTED,
                       align=Align.CENTRE)  # fmt: skip
            return
        for place, index in enumerate(notes.tests.shown[:6]):
            row, column = divmod(place, 3)
            answers = epoch.answers[place] if epoch is not None else ()
            x, y = 40 + column * (_FRAME_W + 18), 294 + row * (_FRAME_W * 288 / 672 + 6)
            draw_sight(board, notes.tests.sights[index], x, y, _FRAME_W, answers=answers)
        self._draw_scrubber(board, notes, numbers)

    def _draw_chart(self, board: Board, notes: Notebook) -> None:
        x, y, width, height = _CHART
        board.panel(40, 94, 636, 192)
        plan = notes.plan
        total = plan.closeup_steps + plan.epochs * (plan.frames // plan.batch)
        losses = notes.all_losses()
        board.text("loss: how wrong it is, each step (faint) and smoothed", 96, 97, 12, MUTED)
        border = x + width * plan.closeup_steps / total
        board.text("close-ups of signs", x + 4, y + height + 4, 12, MUTED)
        board.text("whole frames", border + 4, y + height + 4, 12, MUTED)
        board.text(f"about {total:,} steps", x + width, 97, 12, MUTED, align=Align.RIGHT)
        board.grid_line(border, y, border, y + height)
        top = float(np.percentile(losses, 99.5)) * 1.1 if len(losses) else 10.0
        low = max(float(losses.min()) * 0.8, 1e-2) if len(losses) else 0.5
        first, last = math.log(low), math.log(max(top, low * 2))

        def to_y(value: float) -> float:
            share = (math.log(max(value, low)) - first) / (last - first)
            return y + height * (1 - min(max(share, 0.0), 1.0))

        for mark in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100):
            if low <= mark <= top:
                board.grid_line(x, to_y(mark), x + width, to_y(mark))
                board.text(f"{mark:g}", x - 8, to_y(mark) - 8, 12, MUTED, align=Align.RIGHT)
        done = 0
        for phase, colour in (("closeups", SKY_BLUE), ("frames", GREEN)):
            values = np.array(notes.losses[phase], np.float32)
            start = 0 if phase == "closeups" else plan.closeup_steps
            for curve, shade, thick in (
                (values, tuple(round(0.4 * part) for part in colour), 1.0),
                (smoothed(values), colour, 2.2),
            ):
                points = [(x + width * (start + step) / total, to_y(value)) for step, value in thinned(curve)]
                board.line(points, (shade[0], shade[1], shade[2]), thick)
            done = start + len(values) if len(values) else done
        if done:
            at = x + width * done / total
            board.grid_line(at, y, at, y + height, ORANGE)

    def _draw_words(self, board: Board, notes: Notebook, epoch: Epoch | None) -> None:
        x = 700.0
        plan = notes.plan
        if not self._begun(notes):
            board.paragraph(
                f"A step: show {plan.batch} pictures, compare answers and truth, work out for *each* of the learned "
                "numbers whether a little more or less would be less wrong, and move all of them a little that way. "
                "First on close-ups of signs, then on whole frames.",
                x, 98, 540, 15,
            )  # fmt: skip
            ready = notes.data is not None and notes.tests is not None
            board.button("Train it   (ENTER)", 720, 206, 260, 44)
            if not ready:
                board.text("begins as soon as the frames are drawn", 1000, 219, 13, MUTED)
            return
        if epoch is None:
            board.paragraph("The training begins as soon as the frames are drawn.", x, 110, 540, 15)
            return
        board.text(epoch_words(epoch, plan), x, 98, 20, YELLOW, Weight.BOLD)
        found = epoch.found
        board.text(f"{found.hits} of {found.n}", x, 130, 32, SKY_BLUE, Weight.BOLD)
        board.text("stop signs found", x, 172, 15, INK)
        tests = len(notes.tests.sights) if notes.tests else 0
        board.text(f"in {tests} frames never seen; 95 %: {100 * found.low:.0f} to {100 * found.high:.0f} %", x, 194, 13,
                   MUTED)  # fmt: skip
        board.text(f"{epoch.false}", x + 320, 130, 32, ORANGE, Weight.BOLD)
        board.text("false alarms", x + 320, 172, 15, INK)
        board.text("in the same frames", x + 320, 194, 13, MUTED)
        board.paragraph(
            f"Below: six of them. A sign counts as found from a score of {FOUND_FROM:g}. It never learns from these "
            "frames.",
            x, 222, 540, 14, MUTED,
        )  # fmt: skip
        legend(board, x, 264, (ObjectKind.STOP_SIGN, ObjectKind.DISTRACTOR, ObjectKind.VEHICLE), truth=True)

    def _draw_scrubber(self, board: Board, notes: Notebook, numbers: list[int]) -> None:
        left, top, width = _SCRUB
        board.box(left, top + 2, width, 4, TRACK)
        if not numbers:
            return
        shown = self._shown(numbers)
        for place, number in enumerate(numbers):
            x = left + 8 + place * (width - 16) / max(len(numbers) - 1, 1)
            phase = notes.epochs[number].phase
            colour = {"": MUTED, "closeups": SKY_BLUE}.get(phase, GREEN)
            if number == shown:
                board.dot(x, top + 4, 9, YELLOW, (10, 12, 15))
            else:
                board.dot(x, top + 4, 6, colour, (10, 12, 15))


def epoch_words(epoch: Epoch, plan: Plan) -> str:
    """Return which part of the training it was, in words."""
    if not epoch.phase:
        return "Before the first step: random numbers"
    if epoch.phase == "closeups":
        return f"After {epoch.step:,} steps on close-ups of signs"
    part = max(1, round((epoch.step - plan.closeup_steps) / (plan.frames // plan.batch)))
    return f"Epoch {part} of {plan.epochs} on whole frames: step {epoch.step:,}"


def smoothed(values: NDArray[np.float32], over: int = 25) -> NDArray[np.float32]:
    """Return the running mean of so many values before each, fewer at the beginning."""
    if not len(values):
        return values
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - over, 0)
    return ((sums[ends] - sums[starts]) / (ends - starts)).astype(np.float32)


def thinned(values: NDArray[np.float32], most: int = MOST_POINTS) -> list[tuple[int, float]]:
    """Return places and values of a curve, at most about so many, the last among them."""
    step = max(1, len(values) // most)
    kept = list(range(0, len(values), step))
    if kept and kept[-1] != len(values) - 1:
        kept.append(len(values) - 1)
    return [(index, float(values[index])) for index in kept]
