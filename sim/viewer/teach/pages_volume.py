"""What volume means: the same network, the same time to learn, few frames or many."""

from __future__ import annotations

import math

from sim.viewer.palette import INK, MUTED, ORANGE, SKY_BLUE, YELLOW
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Lesson
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Page
from sim.viewer.teach.pages_predict import waiting
from sim.viewer.teach.sights import draw_sight
from sim.viewer.text import Align, Weight

_CHART = (92.0, 150.0, 380.0, 250.0)
_FRAME_W = 236.0


class VolumePage(Page):
    """Networks that learned from little and from much, on the same unseen frames."""

    chapter = "Volume"
    title = "What volume means: the same network, few frames or many"

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it."""
        lessons = [notes.lessons[frames] for frames in sorted(notes.lessons)]
        if not lessons or notes.tests is None:
            waiting(board, notes, "This comes after the training: the same network learns again, from fewer frames.")
            return
        self._draw_chart(board, lessons)
        steps = lessons[-1]
        y = board.paragraph(
            f"Each network took the *same {steps.steps:,} steps* on close-ups of signs, {steps.steps * steps.batch:,} "
            "looks in all; with few frames, at the same ones again and again. Each has the threshold at which it finds "
            f"most with at most {notes.plan.volume_false} false alarms.",
            40, 452, 440, 14,
        )  # fmt: skip
        few, many = lessons[0], lessons[-1]
        y = board.paragraph(volume_words(few, many), 40, y + 6, 440, 14, YELLOW)
        if len(lessons) < len(notes.plan.volume_frames):
            board.text("The next network is learning …", 40, y + 8, 14, ORANGE)
        elif not all(lesson.here for lesson in lessons):
            board.text("Hollow dots: learned beforehand; see the last page", 40, y + 8, 13, MUTED)
        board.text("dashed: a true stop sign", 512, 636, 13, MUTED)
        indices = notes.tests.shown[:3]
        for row, lesson in enumerate(_chosen(lessons)):
            y = 94.0 + row * 180
            board.text(f"{lesson.frames:,} frames", 512, y, 17, SKY_BLUE, Weight.BOLD)
            words = f"found {lesson.found.hits} of {lesson.found.n}, false alarms: {lesson.false}"
            board.text(words, 1240, y + 2, 14, INK, align=Align.RIGHT)
            for place, index in enumerate(indices):
                x = 512 + place * (_FRAME_W + 10)
                draw_sight(
                    board, notes.tests.sights[index], x, y + 28, _FRAME_W, answers=lesson.answers[place], size=10
                )

    def _draw_chart(self, board: Board, lessons: list[Lesson]) -> None:
        x, y, width, height = _CHART
        board.panel(40, 98, 446, 344)
        board.text("stop signs found, of those to find, in %", 56, 108, 14, MUTED)
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            at = y + height * (1 - share)
            board.grid_line(x, at, x + width, at)
            board.text(f"{100 * share:.0f}", x - 8, at - 8, 12, MUTED, align=Align.RIGHT)
        low, high = math.log10(lessons[0].frames), math.log10(max(lessons[-1].frames, lessons[0].frames * 10))

        def to_x(frames: int) -> float:
            return x + 24 + (width - 48) * (math.log10(frames) - low) / (high - low)

        points = [(to_x(each.frames), y + height * (1 - each.found.value)) for each in lessons if each.found.n]
        board.line(points, SKY_BLUE, 2.4)
        for lesson in lessons:
            if not lesson.found.n:
                continue
            at = to_x(lesson.frames)
            top, bottom = (y + height * (1 - share) for share in (lesson.found.high, lesson.found.low))
            board.line([(at, top), (at, bottom)], MUTED, 1.6)
            for end in (top, bottom):
                board.line([(at - 6, end), (at + 6, end)], MUTED, 1.6)
            board.dot(at, y + height * (1 - lesson.found.value), 6, SKY_BLUE if lesson.here else (10, 12, 15), SKY_BLUE)
            board.text(f"{lesson.frames:,}", at, y + height + 6, 13, INK, align=Align.CENTRE)
        board.text(
            "frames to learn from; bars: 95 % intervals", x + width, y + height + 24, 12, MUTED, align=Align.RIGHT
        )


def _chosen(lessons: list[Lesson]) -> list[Lesson]:
    """Return at most three: the least, one between, the most."""
    return lessons if len(lessons) <= 3 else [lessons[0], lessons[len(lessons) // 2], lessons[-1]]


def volume_words(few: Lesson, many: Lesson) -> str:
    """Return what was seen of few and many, whatever it was."""
    if few is many:
        return f"{few.frames:,} frames: {few.found.hits} of {few.found.n} found, {few.false} false alarms."
    parts = (
        f"From {few.frames:,} frames it finds {few.found.hits} of {few.found.n} and takes {few.false} other things "
        f"for a stop sign; from {many.frames:,} it finds {many.found.hits} and takes {many.false}."
    )
    apart = few.found.high < many.found.low or many.found.high < few.found.low
    return parts + (
        " The intervals lie apart: that is more than chance."
        if apart
        else " The intervals overlap: on so few test frames the difference may be chance."
    )
