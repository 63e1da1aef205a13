"""The first page and the last: what this is about, and where to go from here."""

from __future__ import annotations

from itertools import pairwise

from sim.viewer.palette import INK, MUTED, SKY_BLUE, STOP_RED, TRUTH, YELLOW
from sim.viewer.shapes import octagon
from sim.viewer.teach.board import BODY, Board
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Page
from sim.viewer.text import Align, Weight

_STEPS = (
    ("Create the model", "Many small questions in layers, with random numbers in them. It knows nothing yet."),
    ("Throw data at it", "Pictures of roads, drawn from a seed, each with the answers: where is a stop sign?"),
    ("Train it", "Show, compare, change every number a little. Thousands of times. Watch it learn."),
    ("Predict", "On pictures it has never seen: there alone it shows what was learned. Then it drives."),
)


class WelcomePage(Page):
    """What will happen, and what a stop sign is."""

    chapter = "Start"
    title = "A network learns to see stop signs, on this computer"

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        y = 104.0
        for number, (name, words) in enumerate(_STEPS):
            board.panel(40, y, 640, 92)
            board.dot(80, y + 46, 22, SKY_BLUE)
            board.text(str(number + 1), 80, y + 31, 24, (10, 12, 15), Weight.BOLD, Align.CENTRE)
            board.text(name, 122, y + 13, 19, INK, Weight.BOLD)
            board.paragraph(words, 122, y + 40, 540, 15, MUTED)
            y += 102
        board.paragraph(
            "After that: what *deep* means, what *volume* of data means, and why whoever builds such a thing answers "
            "for it.",
            40, y + 8, 640, BODY,
        )  # fmt: skip
        plan = notes.plan
        words = (
            f"{plan.frames:,} frames, {plan.closeup_steps + plan.epochs * (plan.frames // plan.batch):,} steps of "
            f"training, seed {plan.seed}: nothing on these pages is prepared but what says so."
        )
        board.paragraph(words, 40, y + 62, 640, 13, MUTED)
        _draw_octagon(board)


def _draw_octagon(board: Board) -> None:
    x, y, radius = 985.0, 262.0, 132.0
    board.panel(720, 104, 520, 400)
    board.polygon(octagon((x, y), radius), TRUTH)
    board.polygon(octagon((x, y), radius - 6), STOP_RED)
    board.text("STOP", x, y - 38, 62, TRUTH, Weight.BOLD, Align.CENTRE)
    corners = octagon((x, y), radius)
    for number, (one, other) in enumerate(pairwise([*corners, corners[0]])):
        # Beside the middle of each side.
        u, v = x + ((one[0] + other[0]) / 2 - x) * 1.13, y + ((one[1] + other[1]) / 2 - y) * 1.13
        board.text(str(number + 1), u, v - 9, 14, YELLOW, Weight.BOLD, Align.CENTRE)
    board.paragraph(
        "A stop sign is an *octagon*: eight equal sides, 135° at each corner, red, a white border, a white word. "
        "Not a hexagon: a red hexagon is one of the traps in these pictures.",
        744, 424, 476, 15,
    )  # fmt: skip
    board.paragraph(
        "Nobody tells the network so. There is no rule in it about eight sides or red. It is shown pictures and "
        "answers, and finds out for itself what stop signs have in common.",
        720, 522, 520, BODY,
    )  # fmt: skip
    board.text("Shape and size: MUTCD, sign R1-1 (source 1, last page)", 720, 624, 12, MUTED)


_COMMANDS = (
    ("Create", "perception/network.py", "the network, 230 lines to read"),
    ("Data", "rollingstop generate datasets/standard.toml", "60,000 frames"),
    ("Train", "rollingstop train datasets/generated/standard", "as the shipped network began"),
    ("Predict", "rollingstop evaluate datasets/generated/test", "scores with their intervals"),
    ("Drive", "rollingstop drive --scenario two_signs", "a window; F1 lists the keys"),
    ("Look inside", "rollingstop explain", "what each answer rests on"),
    ("Judge", "rollingstop test", "some seventy situations on the road"),
)

SOURCES = (
    "Manual on Uniform Traffic Control Devices (MUTCD), FHWA, sections 2A and 2B, sign R1-1: shape, colour, sizes",
    "LeCun, Bengio, Hinton, Deep learning, Nature 521, 2015: layers that learn what to look for",
    "Zeiler, Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014: what layers answer to",
    "Zhou, Wang, Krähenbühl, Objects as Points, 2019: finding things as the middle of their box",
    "Hestness et al., Deep Learning Scaling is Predictable, Empirically, 2017: error and the amount of data",
    "Eykholt et al., Robust Physical-World Attacks on Deep Learning Visual Classification, CVPR 2018: stickers",
    "Okabe, Ito, Color Universal Design, 2008: the colours of these pages",
)


class EndPage(Page):
    """What was done, how to go on, and sources."""

    chapter = "End"
    title = "You have seen the whole of it"

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        board.paragraph(
            "Create the model, throw data at it, train it, predict on what it has never seen. Everything else in this "
            "field is more of these four, and more care. *The same by hand, and larger:*",
            40, 100, 1200,
        )  # fmt: skip
        y = 160.0
        for what, command, words in _COMMANDS:
            board.text(what, 40, y, 15, SKY_BLUE, Weight.BOLD)
            board.text(command, 170, y, 15, INK)
            board.text(words, 620, y, 15, MUTED)
            y += 26
        weights = notes.trained.weights if notes.trained else ""
        if weights:
            board.paragraph(
                f"*Your network lies in* {weights}. Let it drive: rollingstop drive --weights {weights}",
                40, y + 8, 1200, 15,
            )  # fmt: skip
        board.text("Sources", 40, 420, 16, INK, Weight.BOLD)
        for number, words in enumerate(SOURCES):
            board.text(f"{number + 1}", 40, 448 + number * 25, 13, SKY_BLUE, Weight.BOLD)
            board.text(words, 62, 448 + number * 25, 13, MUTED)
        board.text(
            "Figures on these pages were measured on this computer, in this tour, unless the page says otherwise.",
            40, 630, 13, MUTED,
        )  # fmt: skip
