"""A picture of a run's log: speed, the way to the stop, and how sure the network was, over time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.errors import RollingStopError
from sim.files import write_atomically
from sim.viewer.palette import GREEN, ORANGE, PURPLE, SKY_BLUE, VERMILION, Rgb

_RANGE_M = 70.0
"""Farther stops are not drawn: there is nothing to decide yet."""

_FORMATS = (".png", ".svg", ".pdf")


def write_run_plot(log: Any, path: Path) -> None:
    """Draw a log.

    Args:
        log: What `sim.recording.run_log.read_log` gave.
        path: Where the picture goes: .png, .svg or .pdf.

    Raises:
        RollingStopError: If the suffix is another.
        StorageError: If it cannot be written.
    """
    if path.suffix.lower() not in _FORMATS:
        raise RollingStopError(f"Expected a plot whose name ends in {', '.join(_FORMATS)}. Received: {path}.")
    figure = draw_run(log)
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix[1:].lower())
    write_atomically(path, buffer.getvalue())


def draw_run(log: Any) -> Figure:
    """Return the figure of a log; drives that follow one another stand side by side, by the time that was driven."""
    time_s = np.arange(len(log)) / 20.0
    seeds, takes = _column(log, "seed"), _column(log, "take")
    cuts = np.flatnonzero((np.diff(seeds) != 0) | (np.diff(takes) != 0)) + 1
    figure = Figure(figsize=(9.6, 7.2), dpi=120, layout="constrained")
    speed, way, belief = figure.subplots(3, 1, sharex=True)
    for axes, label in ((speed, "speed, km/h"), (way, "bumper to stop, m"), (belief, "confidence")):
        axes.set_ylabel(label)
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
        for cut in cuts.tolist():
            axes.axvline(time_s[cut], color="0.5", linewidth=1)
    lines: tuple[tuple[Any, str, NDArray[np.float64], Rgb, str], ...] = (
        (speed, "speed", 3.6 * _column(log, "speed_mps"), SKY_BLUE, "-"),
        (speed, "limit", 3.6 * _column(log, "speed_limit_mps"), (120, 120, 120), ":"),
        (way, "true, to where it must stop", _near(_column(log, "true_gap_m")), (60, 60, 60), "-"),
        (way, "believed, to where it means to stop", _near(_column(log, "stop_at_m")), ORANGE, "--"),
        (belief, "stop sign", _column(log, "stop_score"), VERMILION, "-"),
        (belief, "stop line", _column(log, "line_confidence"), PURPLE, "--"),
        (belief, "lane", _column(log, "lane_confidence"), GREEN, ":"),
    )
    for axes, label, values, colour, dashes in lines:
        split = np.insert(values, cuts, np.nan)
        axes.plot(np.insert(time_s, cuts, np.nan), split, dashes, label=label, color=[part / 255 for part in colour])
    hand = _column(log, "by_hand") > 0.5
    if hand.any():
        speed.fill_between(time_s, 0, 1, hand, color="0.88", transform=speed.get_xaxis_transform(), label="by hand")
    speed.set_ylim(bottom=0.0)
    way.set_ylim(-3.0, _RANGE_M)
    belief.set(ylim=(-0.02, 1.05), xlabel="time, s")
    for axes in (speed, way, belief):
        axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    eyes = ", ".join(sorted(set(log.column("eyes").to_pylist())))
    worlds = ", ".join(str(int(seed)) for seed in dict.fromkeys(seeds.tolist()))
    figure.suptitle(f"seed {worlds} · {eyes} eyes", fontsize=11)
    return figure


def _column(log: Any, name: str) -> NDArray[np.float64]:
    """Return a column as numbers, shape (rows,); what is missing is not a number."""
    values = log.column(name).to_pylist()
    return np.array([np.nan if value is None else float(value) for value in values])


def _near(gap_m: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(gap_m <= _RANGE_M, gap_m, np.nan)
