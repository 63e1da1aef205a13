"""The last ten seconds: speed, belief in a stop sign, and the way left to where the driver means to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import pygame
from numpy.typing import NDArray

from sim.loop import Tick
from sim.percept import ObjectKind
from sim.vehicle import CONTROL_HZ, STEP_S
from sim.viewer.layout import Layout
from sim.viewer.palette import FAINT, GRID, INK, MUTED, PANEL, SPEED, STOP_LINE, VERMILION, Rgb
from sim.viewer.shapes import SUPERSAMPLING, Canvas
from sim.viewer.text import Align, Typesetter, Weight

HISTORY_S = 10.0
KMH_PER_MPS = 3.6

_SAMPLES = round(HISTORY_S * CONTROL_HZ) + 1
_STOP_RANGE_M = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment of the strip.

    Attributes:
        step: When.
        speed_mps: The car's speed.
        stop_score: The highest score of a stop sign in the percept; 0 with none.
        stop_at_m: From the front bumper to where the driver means to stop, or None.
    """

    step: int
    speed_mps: float
    stop_score: float
    stop_at_m: float | None


@dataclass(frozen=True, slots=True)
class History:
    """The moments of the last ten seconds, oldest first; a value."""

    samples: tuple[Sample, ...] = ()

    def with_tick(self, tick: Tick) -> History:
        """Return the history with one more moment; one that goes back in time starts it anew."""
        scores = [d.score for d in tick.percept.detections if d.kind is ObjectKind.STOP_SIGN]
        world = tick.world
        sample = Sample(world.step, world.ego.speed_mps, max(scores, default=0.0), tick.memory.stop_at_m)
        kept = self.samples
        if kept and sample.step <= kept[-1].step:
            kept = ()
        oldest = sample.step - _SAMPLES + 1
        return replace(self, samples=(*(s for s in kept if s.step >= oldest), sample))


@dataclass(frozen=True, slots=True)
class _Chart:
    """One of the three charts: what it shows, and how."""

    title: str
    colour: Rgb
    value: Callable[[Sample], float | None]
    words: Callable[[float], str]
    marks: tuple[float, ...]


_SPEED = _Chart("Speed", SPEED, lambda s: s.speed_mps * KMH_PER_MPS, lambda v: f"{v:.0f} km/h", (0.0,))
_SCORE = _Chart("Stop-sign score", VERMILION, lambda s: s.stop_score, lambda v: f"{v:.2f}", (0.0, 0.5, 1.0))
_STOP = _Chart("Bumper to stop", STOP_LINE, lambda s: s.stop_at_m, lambda v: f"{v:.1f} m", (0.0, 30.0, _STOP_RANGE_M))


class StripChart:
    """Draws the strip; keeps its canvas.

    Args:
        layout: Where the panel lies.
        type_: What draws its text.
    """

    def __init__(self, layout: Layout, type_: Typesetter) -> None:
        self._layout = layout
        self._type = type_
        self._rect = layout.strip
        pad, axis = layout.px(14), layout.px(24)
        column_w = (self._rect.width - 4 * pad) // 3
        top, bottom = layout.px(34), max(layout.px(20), type_.line_px(10) + layout.px(4))
        plot_h = self._rect.height - top - bottom
        self._plots = [pygame.Rect(pad + k * (column_w + pad) + axis, top, column_w - axis, plot_h) for k in range(3)]
        self._canvas = Canvas((column_w - axis, plot_h))

    def draw(self, target: pygame.Surface, history: History, now_step: float | None = None) -> None:
        """Draw the three charts onto the view.

        Args:
            target: The whole view.
            history: The last ten seconds.
            now_step: The moment at the right edge, in steps; the history's last if not given.
        """
        top_kmh = max([s.speed_mps * KMH_PER_MPS for s in history.samples], default=0.0)
        top_kmh = max(40.0, 20.0 * ceil(top_kmh / 20.0))
        speed = replace(_SPEED, marks=(0.0, top_kmh / 2, top_kmh))
        for chart, plot in zip((speed, _SCORE, _STOP), self._plots, strict=True):
            self._draw_chart(target, chart, plot.move(self._rect.topleft), history.samples, now_step)

    def _draw_chart(
        self,
        target: pygame.Surface,
        chart: _Chart,
        plot: pygame.Rect,
        samples: tuple[Sample, ...],
        now_step: float | None,
    ) -> None:
        type_, px = self._type, self._layout.px
        target.blit(self._plot_lines(chart, samples, now_step), plot)
        if now_step is not None:
            samples = tuple(sample for sample in samples if sample.step <= now_step)
        left = plot.left - px(24)
        title_y = self._rect.top + px(9)
        type_.draw(target, chart.title, (left, title_y), 12, MUTED)
        now = chart.value(samples[-1]) if samples else None
        words = "none" if now is None else chart.words(now)
        type_.draw(target, words, (plot.right, title_y), 12, MUTED if now is None else INK, Weight.BOLD, Align.RIGHT)
        low, high = chart.marks[0], chart.marks[-1]
        half = type_.line_px(10) // 2
        # In a low chart the middle mark would lie on the others.
        marks = chart.marks if 5 * half < plot.height else (low, high)
        for mark in marks if low < high else (low,):
            y = plot.bottom - (mark - low) / (high - low) * plot.height
            type_.draw(target, f"{mark:g}", (plot.left - px(6), y - max(px(6), half)), 10, FAINT, align=Align.RIGHT)
        for seconds, align in ((-10, Align.LEFT), (-5, Align.CENTRE), (0, Align.RIGHT)):
            x = plot.right + seconds / HISTORY_S * plot.width
            words = "now" if seconds == 0 else f"{seconds} s".replace("-", "−")
            type_.draw(target, words, (x, plot.bottom + px(3)), 10, FAINT, align=align)

    def _plot_lines(self, chart: _Chart, samples: tuple[Sample, ...], now_step: float | None) -> pygame.Surface:
        large = self._canvas.large
        width, height = large.get_size()
        low, high = chart.marks[0], chart.marks[-1]
        inset = 2 * SUPERSAMPLING

        def to_y(values: NDArray[np.float64]) -> NDArray[np.float64]:
            shares = np.clip((values - low) / (high - low), 0.0, 1.0)
            return height - inset - shares * (height - 2 * inset)

        large.fill(PANEL)
        for y in to_y(np.array(chart.marks)).tolist():
            pygame.draw.line(large, GRID, (0, y), (width, y), SUPERSAMPLING)
        for share in (0.0, 0.5, 1.0):
            x = min(share * width, width - SUPERSAMPLING)
            pygame.draw.line(large, GRID, (x, 0), (x, height), SUPERSAMPLING)
        steps = np.array([sample.step for sample in samples], np.float64)
        values = np.array([chart.value(sample) for sample in samples], np.float64)  # None becomes nan.
        if now_step is not None:
            steps, values = _until(now_step, steps, values)
        x = width - inset - (steps[-1:] - steps) * STEP_S / HISTORY_S * (width - 2 * inset)
        points = np.stack([x, to_y(values)], axis=-1)
        known = np.flatnonzero(~np.isnan(values))
        for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
            self._stroke(large, points[run].tolist(), chart.colour)
        return self._canvas.reduced()

    def _stroke(self, large: pygame.Surface, run: list[list[float]], colour: Rgb) -> None:
        width = max(2, round(2 * SUPERSAMPLING * self._layout.scale))
        if len(run) > 1:
            pygame.draw.lines(large, colour, False, run, width)
        if run:
            pygame.draw.circle(large, colour, run[-1], width)


def _until(
    now_step: float, steps: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a line's points, each shape (n,), up to a moment that may lie between two of them."""
    kept = steps <= now_step
    if kept.all() or not kept.any() or now_step in steps:
        return steps[kept], values[kept]
    here = np.interp(now_step, steps, values)
    return np.append(steps[kept], now_step), np.append(values[kept], here)
