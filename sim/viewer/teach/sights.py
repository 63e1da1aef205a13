"""Frames with what is true of them and what is believed, drawn the same on every page."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from sim.percept import Box, ObjectKind
from sim.viewer.palette import INK, KIND_STYLES, MUTED, NEAR_BLACK, TRUTH, WINDOW, mix
from sim.viewer.shapes import dashed_rect, outline
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import Sight, Thing
from sim.viewer.text import Weight

SHOWN_FROM = 0.3
"""Answers less believed than this are not drawn: they would hide what matters."""

FOUND_FROM = 0.4
"""A stop sign counts as found, or as a false alarm, from this belief on."""

_SMALL = 12.0

MATCH_IOU = 0.5
"""A believed box is a true one's if they overlap by this much of what they cover together."""


def overlap(one: Box, other: Box) -> float:
    """Return what two boxes share, as a part of what they cover together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


def judged(truths: Sequence[Thing], answers: Sequence[Thing], found_from: float = FOUND_FROM) -> tuple[int, int, int]:
    """Return how many stop signs of a frame were found, how many were to find, and how many were seen that are none.

    Each true sign is found once, by the answer that is believed most; a sign that is not asked for counts neither way.

    Args:
        truths: What is true of the frame.
        answers: What is believed of it.
        found_from: Answers less believed than this do not count.
    """
    signs = [thing for thing in truths if thing.kind is ObjectKind.STOP_SIGN]
    seen = sorted(
        (each for each in answers if each.kind is ObjectKind.STOP_SIGN and each.score >= found_from),
        key=lambda each: -each.score,
    )
    taken: set[int] = set()
    false = 0
    for answer in seen:
        shares = [(overlap(answer.box, sign.box), index) for index, sign in enumerate(signs) if index not in taken]
        best, index = max(shares, default=(0.0, -1))
        if best >= MATCH_IOU:
            taken.add(index)
        elif not any(overlap(answer.box, sign.box) > 0.1 and not sign.asked for sign in signs):
            false += 1
    asked = {index for index, sign in enumerate(signs) if sign.asked}
    return len(asked & taken), len(asked), false


def draw_sight(
    board: Board,
    sight: Sight,
    x: float,
    y: float,
    width: float,
    *,
    answers: Sequence[Thing] | None = None,
    truths: bool = True,
    size: float = 11.0,
) -> float:
    """Draw a frame with dashed true boxes and believed ones with their scores.

    Args:
        board: Where.
        sight: The frame.
        x: Its left side.
        y: Its top.
        width: How wide; its height follows.
        answers: What is believed; where there is nothing, what is true is drawn with its names instead.
        truths: Whether true boxes are drawn.
        size: Of the words.

    Returns:
        Where it ends below, in units.
    """
    bottom = board.picture(sight.rgb, x, y, width)
    zoom = width / sight.rgb.shape[1]
    frame = board.rect(x, y, width, bottom - y)
    board.surface.set_clip(frame)
    if answers is None:
        # Stop signs last: nothing shall lie over them.
        for thing in sorted(sight.truths, key=_rank) if truths else ():
            _draw_box(board, thing, x, y, zoom, size, frame, f"{KIND_STYLES[thing.kind].label}" if thing.asked else "")
    else:
        if truths:
            for thing in sight.truths:
                if thing.kind is ObjectKind.STOP_SIGN and thing.asked:
                    rect = _rect(board, thing.box, x, y, zoom).inflate(board.px(5), board.px(5))
                    dashed_rect(board.surface, rect, TRUTH, board.px(1.2), board.px(4))
        for thing in sorted(answers, key=lambda each: (_rank(each), each.score)):
            if thing.score >= SHOWN_FROM:
                # In a small frame only the stop signs are named, or the names would hide what matters.
                named = thing.kind is ObjectKind.STOP_SIGN or size > _SMALL
                words = f"{KIND_STYLES[thing.kind].label} {thing.score:.2f}" if named else ""
                _draw_box(board, thing, x, y, zoom, size, frame, words)
    board.surface.set_clip(None)
    return bottom


def _rank(thing: Thing) -> int:
    return (ObjectKind.PEDESTRIAN, ObjectKind.VEHICLE, ObjectKind.DISTRACTOR, ObjectKind.STOP_SIGN).index(thing.kind)


def _rect(board: Board, box: Box, x: float, y: float, zoom: float) -> pygame.Rect:
    x0, y0, x1, y1 = box
    return board.rect(x + x0 * zoom, y + y0 * zoom, (x1 - x0) * zoom, (y1 - y0) * zoom)


def _draw_box(
    board: Board, thing: Thing, x: float, y: float, zoom: float, size: float, frame: pygame.Rect, words: str
) -> None:
    style = KIND_STYLES[thing.kind]
    colour = style.colour if thing.asked else mix(style.colour, WINDOW, 0.35)
    rect = _rect(board, thing.box, x, y, zoom).inflate(board.px(2), board.px(2))
    pygame.draw.rect(board.surface, NEAR_BLACK, rect.inflate(2, 2), board.px(1.5) + 2)
    pygame.draw.rect(board.surface, colour, rect, board.px(1.5))
    if not words:
        return
    wide, high = board.px(board.width_of(words, size) + 6), board.px(size * 1.35)
    chip = pygame.Rect(rect.left, rect.top - high, wide, high)
    if chip.top < frame.top:
        chip.top = rect.bottom
    chip.clamp_ip(frame)
    pygame.draw.rect(board.surface, colour, chip)
    left, top = board.units(chip.topleft)
    board.text(words, left + 3, top + size * 0.08, size, NEAR_BLACK)


def legend(board: Board, x: float, y: float, kinds: Sequence[ObjectKind], *, truth: bool = False) -> None:
    """Draw which colour and shape stands for what."""
    if truth:
        dashed_rect(board.surface, board.rect(x, y + 3, 18, 14), TRUTH, board.px(1.2), board.px(4))
        x = board.text("a true stop sign", x + 24, y, 13, MUTED) + 22
    for kind in kinds:
        style = KIND_STYLES[kind]
        board.polygon(outline(style.shape, (x + 8, y + 10), 8), style.colour)
        x = board.text(style.label, x + 22, y, 13, MUTED) + 22


def estimate_words(hits: int, n: int, low: float, high: float) -> str:
    """Return a measured share in words: "41 of 50 (69 to 91 %)"."""
    return f"{hits} of {n} ({100 * low:.0f} to {100 * high:.0f} %)" if n else "none to find"


def label(board: Board, words: str, x: float, y: float, size: float = 13.0) -> None:
    """Draw a small heading."""
    board.text(words, x, y, size, INK, Weight.BOLD)
