"""What volume means: small networks alike, the same time to learn, few frames or many."""

from __future__ import annotations

import math

from sim.viewer.palette import GREEN, INK, MUTED, ORANGE, SKY_BLUE, VERMILION, YELLOW
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Lesson, Quiz
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Page
from sim.viewer.teach.pages_predict import waiting
from sim.viewer.text import Align, Weight

_CHART = (92.0, 150.0, 380.0, 236.0)
_COLUMNS, _CELL = 4, (184.0, 182.0)
_SIDE = 96.0

RIGHT_FROM = 0.5
"""Whoever believes more in a stop sign than this says that it is one."""


class VolumePage(Page):
    """Networks that learned from little and from much, asked about the same cuttings of unseen frames."""

    chapter = "Volume"
    title = "What volume means: the same small network, few frames or many"

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        lessons = [notes.lessons[frames] for frames in sorted(notes.lessons)]
        quiz = notes.quiz
        if not lessons or quiz is None:
            waiting(board, notes, "This comes after the training: small networks learn from few frames and from many.")
            return
        self._draw_chart(board, lessons)
        last = lessons[-1]
        y = board.paragraph(
            f"Is this a stop sign? Small networks of {quiz.parameters:,} weights are asked about *{quiz.cuttings:,} "
            f"cuttings* of {quiz.frames} frames that nobody learned from, {quiz.stop_signs} of them stop signs. Each "
            f"took the *same {last.steps:,} steps* of {last.batch} cuttings; of few frames, the same again and again. "
            f"{_times(last)} learned from each number of frames, alike but for chance: a dot each.",
            40, 440, 446, 13,
        )  # fmt: skip
        y = board.paragraph(volume_words(lessons[0], last), 40, y + 5, 446, 14, YELLOW)
        if len(lessons) < len(notes.plan.volume_frames):
            board.text("The next networks are learning …", 40, y + 4, 13, ORANGE)
        else:
            words = "Finding signs in whole frames takes longer: rollingstop compare."
            if not all(lesson.here for lesson in lessons):
                words = "Hollow dots: learned beforehand; see the last page."
            board.text(words, 40, y + 4, 12, MUTED, width=446)
        self._draw_quiz(board, quiz, _chosen(lessons))

    def _draw_chart(self, board: Board, lessons: list[Lesson]) -> None:
        x, y, width, height = _CHART
        board.panel(40, 98, 446, 334)
        board.text("average precision, in %", 56, 108, 14, MUTED)
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            at = y + height * (1 - share)
            board.grid_line(x, at, x + width, at)
            board.text(f"{100 * share:.0f}", x - 8, at - 8, 12, MUTED, align=Align.RIGHT)
        low, high = math.log10(lessons[0].frames), math.log10(max(lessons[-1].frames, lessons[0].frames * 10))

        def to_x(frames: int) -> float:
            return x + 24 + (width - 48) * (math.log10(frames) - low) / (high - low)

        known = [each for each in lessons if not math.isnan(each.mean)]
        board.line([(to_x(each.frames), y + height * (1 - each.mean)) for each in known], SKY_BLUE, 2.4)
        for lesson in known:
            at = to_x(lesson.frames)
            for precision in lesson.precisions:
                fill = SKY_BLUE if lesson.here else (10, 12, 15)
                board.dot(at, y + height * (1 - precision), 4.5, fill, SKY_BLUE)
            top = y + height * (1 - max(lesson.precisions)) - 24
            board.text(f"{100 * lesson.mean:.0f}", at, top, 14, INK, Weight.BOLD, Align.CENTRE)
            board.text(f"{lesson.frames:,}", at, y + height + 6, 13, INK, align=Align.CENTRE)
        board.text("frames to learn from", x + width, y + height + 24, 12, MUTED, align=Align.RIGHT)

    def _draw_quiz(self, board: Board, quiz: Quiz, lessons: list[Lesson]) -> None:
        """Draw some of what is asked, and how sure each number of frames makes that it is a stop sign."""
        board.text("How sure are they that this is a stop sign?", 512, 88, 14, MUTED)
        board.text("green: right   orange: wrong", 1240, 88, 13, MUTED, align=Align.RIGHT)
        for place, (rgb, is_sign) in enumerate(zip(quiz.shown, quiz.answers.tolist(), strict=True)):
            x = 512 + _CELL[0] * (place % _COLUMNS)
            y = 106 + _CELL[1] * (place // _COLUMNS)
            board.picture(rgb, x, y, _SIDE, _SIDE)
            board.text("stop sign" if is_sign else "another", x + _SIDE + 6, y + 2, 12, INK)
            for row, lesson in enumerate(lessons):
                belief = lesson.beliefs[place]
                colour = GREEN if (belief > RIGHT_FROM) == is_sign else VERMILION
                at = y + _SIDE + 6 + 21 * row
                board.text(f"{lesson.frames:,}", x + 36, at, 12, MUTED, align=Align.RIGHT)
                board.bar(x + 42, at + 3, 84, 11, belief, colour)
                board.box(x + 42 + 84 * RIGHT_FROM, at + 1, 1.5, 15, INK)
                board.text(f"{belief:.2f}", x + 164, at, 12, INK, align=Align.RIGHT)


def _times(lesson: Lesson) -> str:
    count = len(lesson.precisions)
    return {1: "One", 2: "Two", 3: "Three", 4: "Four", 5: "Five"}.get(count, str(count))


def _chosen(lessons: list[Lesson]) -> list[Lesson]:
    """Return at most three: the least, one between, the most."""
    return lessons if len(lessons) <= 3 else [lessons[0], lessons[len(lessons) // 2], lessons[-1]]


def volume_words(few: Lesson, many: Lesson) -> str:
    """Return what was seen of few and many, whatever it was."""
    if few is many:
        return f"From {few.frames:,} frames: {_range(few)}."
    parts = f"From {few.frames:,} frames: {_range(few)}; from {many.frames:,}: {_range(many)}."
    if min(many.precisions) > max(few.precisions):
        return parts + " The worst of those with many beats the best of those with few."
    if min(few.precisions) > max(many.precisions):
        return parts + " Here those with few did better, against what one would expect: too few steps, or chance."
    return parts + " They overlap: what more frames bring does not show here; it may be too little to learn, or chance."


def _range(lesson: Lesson) -> str:
    low, high = 100 * min(lesson.precisions), 100 * max(lesson.precisions)
    return f"{low:.0f} to {high:.0f} %"
