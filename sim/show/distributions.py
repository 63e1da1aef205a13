"""Pictures of what many frames hold: bars for words, histograms of numbers, and where in the frame signs are."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_BLUE, _RED = "#1f5f99", "#b3261e"
_MOST_BARS = 24


def draw_bars(title: str, counts: Mapping[str, int]) -> bytes:
    """Return a PNG with a bar for each of the most frequent words."""
    shown = list(counts.items())[:_MOST_BARS]
    if len(counts) > len(shown):
        title = f"{title}: the {len(shown)} most frequent of {len(counts)}"
    figure, axes = _page(title, max(2.2, 0.24 * len(shown) + 1.0))
    names = [name.replace("_", " ") for name, _ in shown][::-1]
    values = [value for _, value in shown][::-1]
    axes.barh(names, values, color=_BLUE, height=0.7)
    for row, value in enumerate(values):
        axes.text(value, row, f" {value:,}", va="center", fontsize=8)
    axes.set_xlim(0, 1.15 * max([*values, 1]))
    axes.grid(visible=False, axis="y")
    return _png(figure)


def draw_histogram(title: str, unit: str, values: Sequence[float]) -> bytes:
    """Return a PNG with a histogram of those numbers that are known."""
    known = [value for value in values if isfinite(value)]
    figure, axes = _page(title, 2.6)
    axes.set_xlabel(unit if len(known) == len(values) else f"{unit} ({len(values) - len(known):,} unknown)".strip())
    if known:
        axes.hist(known, bins=min(40, max(8, len(set(known)))), color=_BLUE)
        middle = float(np.median(known))
        axes.axvline(middle, color=_RED, linewidth=1)
        axes.set_title(f"median {middle:,.4g}", fontsize=8, loc="right", color=_RED)
    return _png(figure)


def draw_places(title: str, points_px: Sequence[tuple[float, float]], size_px: tuple[int, int]) -> bytes:
    """Return a PNG of where in the frame the points lie: how many in each square."""
    width, height = size_px
    figure, axes = _page(title, 2.6)
    points = np.array(points_px, dtype=np.float64).reshape(-1, 2)
    counts, _, _ = np.histogram2d(
        points[:, 1], points[:, 0], bins=(height // 16, width // 16), range=((0, height), (0, width))
    )
    axes.imshow(counts, extent=(0, width, height, 0), cmap="magma", interpolation="nearest", aspect="equal")
    axes.grid(visible=False)
    return _png(figure)


def counted(values: Sequence[str]) -> dict[str, int]:
    """Return how often each word occurs, most frequent first."""
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _page(title: str, high: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.2, high), dpi=110, layout="constrained")
    axes: Any = figure.add_subplot()
    axes.set_title(title, fontsize=10, loc="left")
    axes.tick_params(labelsize=8)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    page = io.BytesIO()
    # Without a note of the version that drew it, the same data give the same bytes.
    FigureCanvasAgg(figure).print_png(page, metadata={"Software": None})
    return page.getvalue()
