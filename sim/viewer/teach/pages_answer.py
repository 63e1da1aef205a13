"""What responsibility means: pictures that differ in one thing, and what the networks say of them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from sim.viewer.palette import GREEN, INK, MUTED, SKY_BLUE, YELLOW
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Experiment, Network, Sight, Trial
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Page
from sim.viewer.teach.pages_predict import waiting
from sim.viewer.teach.sights import FOUND_FROM
from sim.viewer.text import Align, Weight

_COLOURS = {Network.SHIPPED: SKY_BLUE, Network.TRAINED: GREEN, Network.UNTRAINED: MUTED}
_SHORT = {Network.SHIPPED: "shipped", Network.TRAINED: "yours", Network.UNTRAINED: "untrained"}
_TILE = (184.0, 134.0)


class ExperimentPage(Page, ABC):
    """Trials side by side, what the networks made of them in words, and what that means.

    Attributes:
        experiment: Which one.
        until: What is said until it has been made.
        task: What is shown, and how to read it.
        moral: What to take home.
    """

    chapter = "Responsibility"
    experiment = ""
    until = ""
    task = ""
    moral = ""

    @abstractmethod
    def answer(self, experiment: Experiment) -> str:
        """Return what came out, whatever it was."""

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        experiment = notes.experiments.get(self.experiment)
        if experiment is None:
            waiting(board, notes, self.until)
            return
        board.paragraph(self.task, 40, 94, 1200, 15)
        _draw_trials(board, experiment, 150)
        board.text("What is seen here", 40, 568, 15, INK, Weight.BOLD)
        y = board.paragraph(self.answer(experiment), 40, 592, 1200, 14, YELLOW)
        board.paragraph(self.moral, 40, y + 2, 1200, 13, MUTED)


class StickersPage(ExperimentPage):
    """A sign that stickers hide from the network."""

    title = "Responsibility: a sticker that hides a sign"
    experiment = "stickers"
    until = "The signs are being drawn …"
    task = (
        "The same frames; only what is on the sign differs. A person knows all of them at once. The bars say how sure "
        "each network is that a stop sign stands there; the line in them is where it counts as seen."
    )
    moral = (
        "Stickers made on purpose do worse than these, drawn at random: Eykholt et al. 2018 had 84.8 % of the frames "
        "of a drive past a real stop sign misread (source 6)."
    )

    def answer(self, experiment: Experiment) -> str:
        """Return which signs are lost under which stickers."""
        return sticker_words(experiment)


class ShirtPage(ExperimentPage):
    """A T-shirt and other things that make a sign where there is none."""

    title = "Responsibility: a T-shirt that makes a sign"
    experiment = "shirt"
    until = "The things are being drawn …"
    task = (
        "In the same place by the road: a stop sign, and things that are none. Nobody has to stop for a T-shirt, and a "
        "car that brakes for it is a danger to who drives behind."
    )
    moral = (
        "A network answers what its training made likely, not what is true. Whoever lets it drive has to know, measure "
        "and say where it fails."
    )

    def answer(self, experiment: Experiment) -> str:
        """Return what is taken for a sign."""
        return shirt_words(experiment)


def _draw_trials(board: Board, experiment: Experiment, top: float) -> None:
    """Draw rows of trials: one for each place, one picture for each thing."""
    rows = _rows(experiment)
    row_h = 200.0
    for row, trials in enumerate(rows[:2]):
        y = top + row * (row_h + 8)
        gap = (1200 - len(trials) * _TILE[0]) / max(len(trials) - 1, 1)
        for column, trial in enumerate(trials):
            x = 40 + column * (_TILE[0] + gap)
            board.picture(closeup(trial.sight), x, y, _TILE[0], _TILE[1])
            board.text(trial.words, x, y + _TILE[1] + 3, 13, INK, width=_TILE[0])
            for number, (network, belief) in enumerate(trial.beliefs.items()):
                at = y + _TILE[1] + 23 + number * 17
                board.text(_SHORT[network], x, at - 2, 11, MUTED)
                board.bar(x + 56, at, 88, 11, belief, _COLOURS[network])
                board.box(x + 56 + 88 * FOUND_FROM, at - 2, 1.5, 15, INK)
                board.text(f"{belief:.2f}", x + _TILE[0], at - 2, 12, INK, Weight.BOLD, Align.RIGHT)


def _rows(experiment: Experiment) -> list[list[Trial]]:
    """Return the trials by the frame that they were made from, in the order in which they came."""
    rows: dict[str, list[Trial]] = {}
    for trial in experiment.trials:
        rows.setdefault(trial.sight.name, []).append(trial)
    return list(rows.values())


def closeup(sight: Sight) -> NDArray[np.uint8]:
    """Return the part of a frame about its first true thing, five times its size and at least 80 pixels wide."""
    height, width = sight.rgb.shape[:2]
    x0, y0, x1, y1 = sight.truths[0].box
    wide = min(max(5 * (x1 - x0), 96.0), width)
    high = min(wide * _TILE[1] / _TILE[0], height)
    wide = high * _TILE[0] / _TILE[1]
    left = round(min(max((x0 + x1 - wide) / 2, 0), width - wide))
    top = round(min(max((y0 + y1 - high) / 2, 0), height - high))
    return sight.rgb[top : top + round(high), left : left + round(wide)]


def _networks(experiment: Experiment) -> list[Network]:
    return list(dict.fromkeys(network for trial in experiment.trials for network in trial.beliefs))


def sticker_words(experiment: Experiment) -> str:
    """Return what the networks made of plain signs, and of the same with something on them, whatever it was."""
    parts: list[str] = []
    for network in _networks(experiment):
        plain, lost, rows = 0, dict[str, int](), _rows(experiment)
        for first, *others in rows:
            if first.beliefs.get(network, 0.0) < FOUND_FROM:
                continue
            plain += 1
            for trial in others:
                if trial.beliefs.get(network, 0.0) < FOUND_FROM:
                    lost[trial.words] = lost.get(trial.words, 0) + 1
        words = f"*{_SHORT[network].capitalize()}:* sees {plain} of {len(rows)} signs as new"
        if plain:
            words += f"; loses it under {_listed(lost)}" if lost else " and loses none of them under any of this"
        parts.append(words + ".")
    return " ".join(parts)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in counts.items())


def shirt_words(experiment: Experiment) -> str:
    """Return what the networks took for a stop sign that is none, whatever it was."""
    parts: list[str] = []
    for network in _networks(experiment):
        fooled: dict[str, int] = {}
        signs = seen = 0
        for trial in experiment.trials:
            believed = trial.beliefs.get(network, 0.0) >= FOUND_FROM
            if trial.sight.truths[0].kind.value == "stop_sign":
                signs, seen = signs + 1, seen + believed
            elif believed:
                fooled[trial.words] = fooled.get(trial.words, 0) + 1
        others = len(experiment.trials) - signs
        taken = f"is fooled by none of the {others} other things"
        if fooled:
            taken = f"takes {sum(fooled.values())} of {others} other things for one: {_listed(fooled)}"
        parts.append(f"*{_SHORT[network].capitalize()}:* sees {seen} of {signs} stop signs, and {taken}.")
    return " ".join(parts)
