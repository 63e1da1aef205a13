"""The percept as a short list: what the eyes report of this moment, in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import degrees

import pygame

from sim.percept import Detection, LaneEstimate, Percept, StopLineEstimate
from sim.viewer.layout import Layout
from sim.viewer.palette import FAINT, INK, KIND_STYLES, LANE, MUTED, PANEL_EDGE, STOP_LINE, TRACK, Rgb
from sim.viewer.shapes import sprite
from sim.viewer.text import Align, Typesetter, signed

STRAIGHT_CURVATURE_PER_M = 1 / 1500.0
"""Curves gentler than this are called straight."""

_ROW = 22


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of a row lie, and which of them there is room for.

    Attributes:
        score_x: The right end of the score.
        bar_x: The left end of its bar; None without one.
        spread: Whether the distance comes with its spread.
    """

    score_x: int
    bar_x: int | None
    spread: bool


def _columns(layout: Layout, type_: Typesetter) -> _Columns:
    """Return the columns: a narrow panel first drops how sure each distance is, and then the bars."""
    rect, px = layout.percept, layout.px
    names_end = rect.left + px(38) + max(type_.width_px(style.label, 13) for style in KIND_STYLES.values())
    full_w, short_w, score_w = (type_.width_px(words, 13) for words in ("100.0 ± 10.0 m", "100.0 m", "0.00"))
    end = rect.right - px(14)
    spread = names_end + px(8) + score_w + px(8) + full_w <= end
    score_x = min(rect.right - px(128), end - full_w - px(8)) if spread else end - short_w - px(8)
    bar_x = score_x - px(80)
    return _Columns(score_x, bar_x if bar_x >= names_end + px(4) else None, spread)


class PerceptPanel:
    """Draws the list.

    Args:
        layout: Where the panel lies.
        type_: What draws its text.
    """

    def __init__(self, layout: Layout, type_: Typesetter) -> None:
        self._layout = layout
        self._type = type_
        self._icons = {
            kind: sprite(style.shape, layout.px(7), style.colour, style.colour, 1)
            for kind, style in KIND_STYLES.items()
        }
        self._row_px = max(layout.px(_ROW), type_.line_px(13) + 1)
        self._columns = _columns(layout, type_)

    def draw(self, target: pygame.Surface, percept: Percept) -> None:
        """Draw detections, lane and stop line onto the view."""
        rect, px, type_ = self._layout.percept, self._layout.px, self._type
        left, right = rect.left + px(14), rect.right - px(14)
        for name, x in (("score", self._columns.score_x), ("distance", right)):
            type_.draw(target, name, (x, rect.top + px(10)), 11, FAINT, align=Align.RIGHT)
        second_y = px(9) + max(px(17), type_.line_px(13))
        line_y = max(px(45), second_y + type_.line_px(11))
        foot_y = rect.bottom - max(px(70), line_y + type_.line_px(13) + px(2))
        first_y = rect.top + px(34)
        rows = max(1, (foot_y - px(6) - first_y) // self._row_px)
        found = percept.detections
        shown = found if len(found) <= rows else found[: rows - 1]
        for index, detection in enumerate(shown):
            self._draw_detection(target, detection, first_y + index * self._row_px)
        if len(found) > len(shown):
            words = f"and {len(found) - len(shown)} more"
            type_.draw(target, words, (left + px(24), first_y + len(shown) * self._row_px), 12, MUTED)
        if not found:
            type_.draw(target, "no objects seen", (left, first_y), 13, MUTED)
        pygame.draw.line(target, PANEL_EDGE, (left, foot_y), (right, foot_y), 1)
        self._draw_line(target, "lane", LANE, lane_words(percept.lane), foot_y + px(9))
        self._draw_line(target, "stop line", STOP_LINE, stop_line_words(percept.stop_line), foot_y + line_y)

    def _draw_detection(self, target: pygame.Surface, detection: Detection, y: float) -> None:
        rect, px, type_ = self._layout.percept, self._layout.px, self._type
        style = KIND_STYLES[detection.kind]
        icon = self._icons[detection.kind]
        target.blit(icon, icon.get_rect(center=(rect.left + px(22), y + px(8))))
        type_.draw(target, style.label, (rect.left + px(38), y), 13, INK)
        score_x = self._columns.score_x
        type_.draw(target, f"{detection.score:.2f}", (score_x, y), 13, INK, align=Align.RIGHT)
        if self._columns.bar_x is not None:
            bar = pygame.Rect(self._columns.bar_x, y + px(6), px(44), px(5))
            pygame.draw.rect(target, TRACK, bar, border_radius=px(2))
            bar.width = round(bar.width * min(max(detection.score, 0.0), 1.0))
            if bar.width:
                pygame.draw.rect(target, style.colour, bar, border_radius=px(2))
        words = distance_words(detection.distance_m, detection.distance_spread_m)
        if not self._columns.spread:
            words = f"{detection.distance_m:.1f} m"
        type_.draw(target, words, (rect.right - px(14), y), 13, INK, align=Align.RIGHT)

    def _draw_line(self, target: pygame.Surface, name: str, colour: Rgb, words: tuple[str, str], y: float) -> None:
        rect, px, type_ = self._layout.percept, self._layout.px, self._type
        pygame.draw.rect(target, colour, (rect.left + px(15), y + px(1), px(4), px(15)), border_radius=px(2))
        type_.draw(target, name, (rect.left + px(28), y), 13, MUTED)
        value = type_.fitted(words[0], 13, rect.width - px(28 + 14 + 80))
        type_.draw(target, value, (rect.right - px(14), y), 13, INK, align=Align.RIGHT)
        detail = type_.fitted(words[1], 11, rect.width - px(28))
        y += max(px(17), type_.line_px(13))
        type_.draw(target, detail, (rect.right - px(14), y), 11, MUTED, align=Align.RIGHT)


def distance_words(distance_m: float, spread_m: float) -> str:
    """Return a distance and its spread: "31.2 ± 0.8 m"."""
    return f"{distance_m:.1f} ± {spread_m:.1f} m"


def lane_words(lane: LaneEstimate | None) -> tuple[str, str]:
    """Return where the car is in its lane, and how the lane goes on."""
    if lane is None:
        return "not seen", ""
    offset_m = round(lane.offset_m, 2)
    where = (
        "in the middle" if offset_m == 0 else f"{abs(offset_m):.2f} m {'left' if offset_m > 0 else 'right'} of centre"
    )
    if abs(lane.curvature_per_m) < STRAIGHT_CURVATURE_PER_M:
        bend = "straight"
    else:
        bend = f"{'left' if lane.curvature_per_m > 0 else 'right'} bend, radius {1 / abs(lane.curvature_per_m):.0f} m"
    heading = signed(degrees(lane.heading_rad), "°")
    return where, f"heading {heading} · {bend} · {lane.confidence:.2f}"


def stop_line_words(line: StopLineEstimate | None) -> tuple[str, str]:
    """Return how far the stop line is believed to be."""
    if line is None:
        return "not seen", ""
    return f"{distance_words(line.distance_m, line.distance_spread_m)} · {line.confidence:.2f}", ""
