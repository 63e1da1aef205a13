"""Predict on what it has never seen: test frames, then a short drive."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.control import Phase
from sim.percept import ObjectKind
from sim.viewer.palette import GREEN, INK, MUTED, NEAR_BLACK, ORANGE, PHASE_COLOURS, SPEED, TRACK, VERMILION, YELLOW
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Drive, Network, Sight, Thing, Trained
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Keys, Page
from sim.viewer.teach.sights import draw_sight, estimate_words, judged, legend
from sim.viewer.text import Align, Weight

_FRAME_W = 388.0
_SHOWN = 6
KMH_PER_MPS = 3.6


def waiting(board: Board, notes: Notebook, what: str) -> None:
    """Say that what a page shows is still to come."""
    board.text(what, 640, 320, 18, MUTED, align=Align.CENTRE)
    board.text("The tour can go on meanwhile: → opens the next page.", 640, 350, 14, MUTED, align=Align.CENTRE)


class TestPage(Page):
    """Frames that it has never seen, with what it believes of them."""

    chapter = "Predict"
    title = "Predict on what it has never seen"
    keys: Keys = (("↑ ↓", "other frames"), ("S", "your network, the shipped one, an untrained one"))

    def __init__(self) -> None:
        self.first = 0
        self.network = Network.TRAINED

    def press(self, key: int, notes: Notebook) -> bool:
        """Show other frames, or another network's answers."""
        if notes.trained is None or notes.tests is None:
            return False
        count = len(notes.tests.sights)
        if key in (pygame.K_UP, pygame.K_DOWN):
            self.first = (self.first + (_SHOWN if key == pygame.K_DOWN else -_SHOWN)) % (count - count % _SHOWN)
        elif key == pygame.K_s:
            known = tuple(notes.trained.answers)
            self.network = known[(known.index(self.network) + 1) % len(known)]
        else:
            return False
        return True

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        trained, tests = notes.trained, notes.tests
        if trained is None or tests is None:
            waiting(board, notes, "The network is not trained yet: the page before begins it.")
            return
        answers = trained.answers[self.network]
        for place in range(_SHOWN):
            index = (self.first + place) % len(tests.sights)
            row, column = divmod(place, 3)
            x, y = 40 + column * (_FRAME_W + 18), 94 + row * (_FRAME_W * 288 / 672 + 34)
            sight = tests.sights[index]
            draw_sight(board, sight, x, y, _FRAME_W, answers=answers[index])
            words, colour = verdict(sight, answers[index])
            board.text(words, x, y + _FRAME_W * 288 / 672 + 5, 14, colour, Weight.BOLD)
        self._draw_table(board, trained, len(tests.sights))
        legend(board, 40, 634, (ObjectKind.STOP_SIGN, ObjectKind.DISTRACTOR, ObjectKind.VEHICLE), truth=True)
        board.text(f"frames {self.first + 1} to {self.first + _SHOWN} of {len(tests.sights)}", 1240, 634, 13, MUTED,
                   align=Align.RIGHT)  # fmt: skip

    def _draw_table(self, board: Board, trained: Trained, frames: int) -> None:
        y = 500.0
        board.panel(40, y, 700, 124)
        board.text("network", 58, y + 10, 13, MUTED)
        board.text("stop signs found (95 % interval)", 320, y + 10, 13, MUTED)
        board.text("false alarms", 722, y + 10, 13, MUTED, align=Align.RIGHT)
        for number, network in enumerate(trained.answers):
            top = y + 34 + number * 28
            on = network is self.network
            if on:
                board.box(44, top - 3, 692, 26, TRACK)
            weight = Weight.BOLD if on else Weight.REGULAR
            board.text(str(network), 58, top, 15, YELLOW if on else INK, weight)
            found = trained.found[network]
            board.text(estimate_words(found.hits, found.n, found.low, found.high), 320, top, 15, INK, weight)
            board.text(str(trained.false[network]), 722, top, 15, INK, weight, Align.RIGHT)
        board.paragraph(
            f"These {frames} frames come from seeds of their own. A network can learn frames *by heart* and know "
            "nothing; what it does here is all that counts. An honest score has three parts: how many it found, how "
            "often it was wrong, and on how much that rests: the interval.",
            764, y + 4, 476, 14,
        )  # fmt: skip


def verdict(sight: Sight, answers: tuple[Thing, ...]) -> tuple[str, tuple[int, int, int]]:
    """Return what came of a frame, in words, and their colour."""
    found, asked, false = judged(sight.truths, answers)
    parts: list[str] = []
    if asked:
        parts.append(f"{found} of {asked} found" if asked > 1 else "found" if found else "missed")
    elif not false:
        parts.append("no stop sign to find, none seen")
    if false:
        parts.append(f"{false} false alarm{'s' if false > 1 else ''}")
    good = found == asked and not false
    return ", ".join(parts), GREEN if good else ORANGE


class DrivePage(Page):
    """A short drive with what was learned."""

    chapter = "Predict"
    title = "Let it drive"
    keys: Keys = (("SPACE", "stop, go on"), ("S", "your network, or the shipped one"), ("R", "again"), ("bar", "drag"))

    def __init__(self) -> None:
        self.network = Network.TRAINED
        self.place = 0
        self.playing = True
        self._due_s = 0.0
        self._decoded: tuple[Network, int, NDArray[np.uint8]] | None = None

    def press(self, key: int, notes: Notebook) -> bool:
        """Stop, go on, begin anew, change the network."""
        if key == pygame.K_SPACE:
            self.playing = not self.playing
            drive = notes.drives.get(self.network)
            if self.playing and drive is not None and self.place + 1 >= len(drive.moments):
                self.place = 0
        elif key == pygame.K_r:
            self.place, self.playing = 0, True
        elif key == pygame.K_s and notes.drives:
            known = tuple(notes.drives)
            place = known.index(self.network) if self.network in known else -1
            self.network = known[(place + 1) % len(known)]
            self.place, self.playing = 0, True
        else:
            return False
        return True

    def click(self, x: float, y: float, notes: Notebook) -> bool:
        """Go to a moment."""
        drive = notes.drives.get(self.network)
        if drive is None or not (500 <= y <= 656 and 30 <= x <= 860):
            return False
        share = min(max((x - 84) / 756, 0.0), 1.0)
        self.place, self.playing = round(share * (len(drive.moments) - 1)), False
        return True

    def advance(self, now_s: float, notes: Notebook) -> bool:
        """Go on by a moment when it is time."""
        drive = notes.drives.get(self.network)
        if drive is None or not self.playing or now_s < self._due_s:
            return False
        self._due_s = max(self._due_s, now_s - 0.2) + 1.0 / drive.hz
        if self.place + 1 >= len(drive.moments):
            self.playing = False
        else:
            self.place += 1
        return True

    def prepare(self, notes: Notebook) -> None:
        """Show the moment in which the car is nearest to 12 m before the stop line."""
        drive = notes.drives.get(self.network)
        if drive is not None:
            away = [abs(moment.gap_m - 12.0) if moment.gap_m == moment.gap_m else 1e9 for moment in drive.moments]
            self.place = away.index(min(away))

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        drive = notes.drives.get(self.network)
        if drive is None:
            waiting(board, notes, "The drive comes after the training.")
            return
        self.place = min(self.place, len(drive.moments) - 1)
        moment = drive.moments[self.place]
        sight = Sight("", self._frame(drive), ())
        bottom = draw_sight(board, sight, 40, 94, 820, answers=moment.things, truths=False, size=13)
        words = f"eyes: {drive.network}"
        board.box(48, 101, board.width_of(words, 14, Weight.BOLD) + 12, 23, NEAR_BLACK)
        board.text(words, 54, 104, 14, YELLOW, Weight.BOLD)
        self._draw_speed(board, drive, bottom + 34)
        x, width = 884.0, 356.0
        board.panel(x, 94, width, bottom - 94)
        colour = next((PHASE_COLOURS[phase] for phase in Phase if phase.value == moment.phase), INK)
        board.text(moment.phase, x + 18, 106, 24, colour, Weight.BOLD)
        y = board.paragraph(moment.reason, x + 18, 146, width - 36, 15)
        board.text(f"{moment.speed_mps * KMH_PER_MPS:.0f} km/h", x + 18, max(y + 8, 216), 30, SPEED, Weight.BOLD)
        gap = "no stop line ahead" if math.isnan(moment.gap_m) else f"{moment.gap_m:.1f} m to the stop line (true)"
        board.text(gap, x + 18, max(y + 50, 260), 14, MUTED)
        board.paragraph(
            "The driver is handed what the network believes, and the car's own speed and steering. Nothing else: if "
            "the network overlooks the sign, the car does not stop.",
            x + 18, 318, width - 36, 14, MUTED,
        )  # fmt: skip
        y = 478.0
        for network in (Network.TRAINED, Network.SHIPPED):
            other = notes.drives.get(network)
            board.text(f"{network}:", x, y, 14, YELLOW if network is self.network else INK, Weight.BOLD)
            words = other.verdict if other is not None else "not driven yet"
            y = board.paragraph(words, x, y + 20, width, 14, INK if other else MUTED) + 10
        board.paragraph(
            "The same road for both, of a seed that nobody trained on. One drive proves little: rollingstop test "
            "drives hundreds.", x, max(y, 616), width, 12, MUTED,
        )  # fmt: skip

    def _frame(self, drive: Drive) -> NDArray[np.uint8]:
        """Return what the camera saw."""
        if self._decoded is None or self._decoded[:2] != (drive.network, self.place):
            bgr = cv2.imdecode(drive.moments[self.place].jpeg, cv2.IMREAD_COLOR)
            rgb = np.asarray(cv2.cvtColor(np.asarray(bgr), cv2.COLOR_BGR2RGB), np.uint8)
            self._decoded = (drive.network, self.place, rgb)
        return self._decoded[2]

    def _draw_speed(self, board: Board, drive: Drive, y: float) -> None:
        x, width, height = 84.0, 756.0, 120.0
        board.text("speed in km/h", x, y - 24, 13, SPEED)
        board.text("dots: belief in a stop sign, 0 to 1", x + width, y - 24, 13, VERMILION, align=Align.RIGHT)
        speeds = [moment.speed_mps * KMH_PER_MPS for moment in drive.moments]
        top = max(40.0, 10 * math.ceil(max(speeds) / 10))
        count = max(len(speeds) - 1, 1)
        for mark in (0.0, top / 2, top):
            at = y + height * (1 - mark / top)
            board.grid_line(x, at, x + width, at)
            board.text(f"{mark:.0f}", x - 8, at - 8, 12, MUTED, align=Align.RIGHT)
            board.text(f"{mark / top:g}", x + width + 8, at - 8, 12, MUTED)
        for number, moment in enumerate(drive.moments):
            score = max((t.score for t in moment.things if t.kind is ObjectKind.STOP_SIGN), default=0.0)
            if score > 0.2:
                board.dot(x + width * number / count, y + height * (1 - score), 2.2, VERMILION)
        points = [(x + width * number / count, y + height * (1 - speed / top)) for number, speed in enumerate(speeds)]
        board.line(points, SPEED, 2.4)
        at = x + width * self.place / count
        board.grid_line(at, y - 4, at, y + height + 4, YELLOW)
        board.dot(at, y + height * (1 - speeds[self.place] / top), 6, YELLOW, (10, 12, 15))
        times = f"{self.place / drive.hz:.1f} s of {len(speeds) / drive.hz:.0f} s"
        board.text(times, x + width, y + height + 6, 12, MUTED, align=Align.RIGHT)
