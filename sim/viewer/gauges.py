"""Speed, pedals, steering wheel, and the driver's phase and reason."""

from __future__ import annotations

from functools import partial
from math import cos, degrees, pi, radians, sin

import pygame

from sim.control import Phase
from sim.loop import Tick
from sim.viewer.layout import Layout
from sim.viewer.palette import (
    FAINT,
    GREEN,
    INK,
    MUTED,
    NEAR_BLACK,
    ORANGE,
    PANEL,
    PHASE_COLOURS,
    SKY_BLUE,
    TRACK,
    Rgb,
)
from sim.viewer.strip import KMH_PER_MPS
from sim.viewer.text import Align, Typesetter, Weight, signed

MPH_PER_MPS = 2.2369362920544
"""3600 s an hour over 1609.344 m a mile."""

STEERING_RATIO = 14.0
"""Steering-wheel turn over road-wheel angle: cars lie between 12 and 18. For show: drivers ask for the latter."""

_PHASE_TEXT = 10
_WHEEL_SIDE_SUPERSAMPLING = 4


class Gauges:
    """Draws the row of gauges; keeps a picture of the wheel for each degree that it has shown.

    Args:
        layout: Where the panels lie.
        type_: What draws their text.
    """

    def __init__(self, layout: Layout, type_: Typesetter) -> None:
        self._layout = layout
        self._type = type_
        self._wheels: dict[int, pygame.Surface] = {}

    def draw(self, target: pygame.Surface, tick: Tick) -> None:
        """Draw all gauges onto the view."""
        self._draw_speed(target, tick)
        self._draw_pedals(target, tick)
        self._draw_wheel(target, tick)
        self._draw_driver(target, tick)

    def _draw_speed(self, target: pygame.Surface, tick: Tick) -> None:
        rect, px, type_ = self._layout.speed, self._layout.px, self._type
        speed, limit = tick.world.ego.speed_mps, tick.world.scene.speed_limit_mps
        big = type_.draw(
            target,
            f"{speed * KMH_PER_MPS:.0f}",
            (rect.left + px(84), rect.top + px(22)),
            46,
            INK,
            Weight.BOLD,
            Align.RIGHT,
        )
        units_x = big.right + px(8)
        type_.draw(target, "km/h", (units_x, rect.top + px(30)), 14, MUTED)
        mph = type_.draw(target, f"{speed * MPH_PER_MPS:.0f} mph", (units_x, rect.top + px(51)), 14, INK)
        bar = pygame.Rect(rect.left + px(14), rect.bottom - px(16), rect.width - px(28), px(6))
        pygame.draw.rect(target, TRACK, bar, border_radius=px(3))
        share = min(speed / max(1.3 * limit, 1e-6), 1.0)
        filled = bar.copy()
        filled.width = round(bar.width * share)
        if filled.width:
            pygame.draw.rect(target, SKY_BLUE, filled, border_radius=px(3))
        limit_x = bar.left + bar.width / 1.3
        pygame.draw.line(target, INK, (limit_x, bar.top - px(3)), (limit_x, bar.bottom + px(2)), px(2))
        y = bar.top - max(px(17), type_.line_px(10) + px(3))
        if y >= mph.bottom - px(3):
            type_.draw(target, f"limit {limit * KMH_PER_MPS:.0f}", (limit_x, y), 10, MUTED, align=Align.CENTRE)

    def _draw_pedals(self, target: pygame.Surface, tick: Tick) -> None:
        rect, px, type_ = self._layout.pedals, self._layout.px, self._type
        limits = tick.world.limits
        asked, real = tick.control.accel_mps2, tick.world.ego.accel_mps2
        rows = (
            ("gas", GREEN, asked / limits.max_accel_mps2, real / limits.max_accel_mps2),
            ("brake", ORANGE, -asked / limits.max_brake_mps2, -real / limits.max_brake_mps2),
        )
        names_w = max(type_.width_px(name, 13) for name, *_ in rows)
        left, right = rect.left + max(px(60), px(20) + names_w), rect.right - px(14)
        for index, (name, colour, share, now) in enumerate(rows):
            y = rect.top + px(33 + 24 * index)
            type_.draw(target, name, (rect.left + px(14), y - px(3)), 13, MUTED)
            self._draw_bar(target, pygame.Rect(left, y, right - left, px(10)), colour, share, now)
        y = rect.bottom - px(26)
        value = type_.draw(target, signed(asked, " m/s²"), (right, y), 12, INK, Weight.BOLD, Align.RIGHT)
        if rect.left + px(18) + type_.width_px("asked", 12) <= value.left:
            type_.draw(target, "asked", (rect.left + px(14), y), 12, MUTED)

    def _draw_bar(self, target: pygame.Surface, bar: pygame.Rect, colour: Rgb, share: float, now: float) -> None:
        """Draw how far a pedal is pressed, and as a tick how much of it the car already does."""
        px = self._layout.px
        pygame.draw.rect(target, TRACK, bar, border_radius=px(3))
        filled = bar.copy()
        filled.width = round(bar.width * min(max(share, 0.0), 1.0))
        if filled.width:
            pygame.draw.rect(target, colour, filled, border_radius=px(3))
        if now > 0.01:
            x = bar.left + bar.width * min(now, 1.0)
            pygame.draw.line(target, INK, (x, bar.top - px(2)), (x, bar.bottom + px(1)), px(2))

    def _draw_wheel(self, target: pygame.Surface, tick: Tick) -> None:
        rect, px, type_ = self._layout.wheel, self._layout.px, self._type
        steer = tick.world.ego.steer_rad
        turn_deg = round(degrees(steer) * STEERING_RATIO)
        wheel = self._wheel(turn_deg)
        target.blit(wheel, wheel.get_rect(midleft=(rect.left + px(10), rect.centery + px(6))))
        right = rect.right - px(12)
        side = "straight" if abs(degrees(steer)) < 0.05 else "left" if steer > 0 else "right"
        type_.draw(
            target, f"{abs(degrees(steer)):.1f}°", (right, rect.centery - px(10)), 14, INK, Weight.BOLD, Align.RIGHT
        )
        type_.draw(target, side, (right, rect.centery + px(9)), 12, MUTED, align=Align.RIGHT)

    def _wheel(self, turn_deg: int) -> pygame.Surface:
        """Return the steering wheel turned counter-clockwise by whole degrees."""
        turn_deg %= 360
        if turn_deg not in self._wheels:
            self._wheels[turn_deg] = _draw_steering_wheel(self._layout.px(74), turn_deg)
        return self._wheels[turn_deg]

    def _draw_driver(self, target: pygame.Surface, tick: Tick) -> None:
        rect, px, type_ = self._layout.driver, self._layout.px, self._type
        memory = tick.memory
        pill_h = max(px(20), type_.line_px(_PHASE_TEXT) + px(2))
        row = pygame.Rect(rect.left + px(14), rect.top + px(28), rect.width - px(28), pill_h)
        for phase, pill, words in phase_pills(type_, row, memory.phase, px(3)):
            active = phase is memory.phase
            pygame.draw.rect(target, PHASE_COLOURS[phase] if active else TRACK, pill, border_radius=px(10))
            colour = NEAR_BLACK if active else MUTED
            words_y = pill.top + min(px(4), (pill.height - type_.line_px(_PHASE_TEXT) + 1) // 2)
            type_.draw(target, words, (pill.centerx, words_y), _PHASE_TEXT, colour, align=Align.CENTRE)
        top = max(rect.top + px(56), row.bottom + px(2))
        size, line_h = 14, max(px(20), type_.line_px(14))
        lines = type_.wrapped(memory.reason, size, row.width, 3)
        if len(lines) > 2:
            size, line_h = 12, max(px(17), type_.line_px(12))
            lines = type_.wrapped(memory.reason, size, row.width, min(3, max(1, (rect.bottom - top) // line_h)))
        for index, line in enumerate(lines):
            type_.draw(target, line, (row.left, top + line_h * index), size, INK)


def phase_pills(
    type_: Typesetter, row: pygame.Rect, active: Phase, gap_px: int
) -> list[tuple[Phase, pygame.Rect, str]]:
    """Return each phase's place in a row, and what is written there: its whole name.

    Where the names do not all fit, only that of the active phase is written, since half a word tells nobody anything.
    """
    widths = [type_.width_px(phase.value, _PHASE_TEXT) for phase in Phase]
    names = [phase.value for phase in Phase]
    room = row.width - gap_px * (len(names) - 1)
    if sum(widths) + 2 * gap_px * len(names) > room:
        names = [phase.value if phase is active else "" for phase in Phase]
        widths = [width if name else 0 for width, name in zip(widths, names, strict=True)]
    spare = (room - sum(widths)) / len(names)
    pills: list[tuple[Phase, pygame.Rect, str]] = []
    left: float = row.left
    for phase, width, name in zip(Phase, widths, names, strict=True):
        right = left + width + spare
        pills.append((phase, pygame.Rect(round(left), row.top, round(right) - round(left), row.height), name))
        left = right + gap_px
    return pills


def _draw_steering_wheel(side_px: int, turn_deg: int) -> pygame.Surface:
    """Draw a three-spoke wheel with a mark at its top, turned counter-clockwise."""
    finer = _WHEEL_SIDE_SUPERSAMPLING
    side = side_px * finer
    large = pygame.Surface((side, side), 0, 32)
    large.fill(PANEL)
    centre, radius, rim = side / 2, side * 0.48, side * 0.075

    def at(angle_deg: float, share: float) -> tuple[float, float]:
        angle = radians(angle_deg + turn_deg) + pi / 2
        return centre + share * radius * cos(angle), centre - share * radius * sin(angle)

    draw_circle = partial(pygame.draw.circle, large)
    draw_circle(MUTED, (centre, centre), radius)
    draw_circle(PANEL, (centre, centre), radius - rim)
    for angle_deg in (90.0, -90.0, 180.0):
        pygame.draw.line(large, MUTED, (centre, centre), at(angle_deg, 0.9), round(rim * 1.1))
    draw_circle(MUTED, (centre, centre), radius * 0.24)
    draw_circle(FAINT, (centre, centre), radius * 0.15)
    mark = [at(-8.0, 1.0), at(0.0, 1.01), at(8.0, 1.0), at(8.0, 0.83), at(0.0, 0.84), at(-8.0, 0.83)]
    pygame.draw.polygon(large, ORANGE, mark)
    return pygame.transform.smoothscale(large, (side_px, side_px))
