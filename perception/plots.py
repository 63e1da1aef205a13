"""Pictures of scores: precision over recall, recall and error by distance, and a training's history."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from perception.scores import Scores
from sim.files import write_atomically

_BLUE, _RED, _GREY = "#1f5f99", "#b3261e", "#888888"


def write_plots(scores: Scores, folder: Path, *, history: Sequence[dict[str, float]] = ()) -> list[Path]:
    """Write the plots of some scores as PNG files; return where they lie.

    Raises:
        StorageError: If they cannot be written.
    """
    pages = {
        "precision_recall.png": _precision_recall(scores),
        "recall_by_distance.png": _recall_by_distance(scores),
        "distance_error.png": _distance_error(scores),
        "reliability.png": _reliability(scores),
    }
    if history:
        pages["history.png"] = _history(history)
    for name, figure in pages.items():
        write_atomically(folder / name, _png(figure))
    return [folder / name for name in pages]


def _page(title: str, across: str, up: str) -> tuple[Figure, object]:
    figure = Figure(figsize=(6.4, 4.0), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=across, ylabel=up)
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _precision_recall(scores: Scores) -> Figure:
    ap = scores.stop_sign.ap
    figure, axes = _page("Stop signs: precision over recall", "recall", "precision")
    axes.plot(scores.curves[:, 0], scores.curves[:, 1], color=_RED)
    axes.axhline(0.97, color=_GREY, linestyle=":", linewidth=1)
    if ap.value is not None:
        axes.text(0.02, 0.05, f"AP50 {ap.value:.3f} on {ap.n:,} signs", transform=axes.transAxes)
    axes.set(xlim=(0, 1.01), ylim=(0, 1.02))
    return figure


def _recall_by_distance(scores: Scores) -> Figure:
    figure, axes = _page("Stop signs found at 0.97 precision", "distance (m)", "recall")
    for name, low, high in one_after_the_other(scores.stop_sign.bands):
        recall = scores.stop_sign.bands[name].recall_at_97
        if recall.value is None or recall.low is None or recall.high is None:
            continue
        middle = (low + high) / 2
        axes.bar(middle, recall.value, width=0.94 * (high - low), color=_BLUE, alpha=0.75)
        reach = [[max(recall.value - recall.low, 0.0)], [max(recall.high - recall.value, 0.0)]]
        axes.errorbar(middle, recall.value, yerr=reach, color="black", capsize=3, linewidth=1)
        axes.text(middle, 0.03, f"n {recall.n}", ha="center", color="white", fontsize=7)
    axes.set(ylim=(0, 1.05), xlim=(0, None))
    return figure


def one_after_the_other(names: Iterable[str]) -> list[tuple[str, float, float]]:
    """Return those of the bands "0-8", "8-15", "8-40", ... that follow each other, the narrowest, with their ends."""
    spans = sorted((*(float(end) for end in name.split("-")), name) for name in names)
    chosen: list[tuple[str, float, float]] = []
    for low, high, name in spans:
        if not chosen or low == chosen[-1][2]:
            chosen.append((name, low, high))
    return chosen


def _distance_error(scores: Scores) -> Figure:
    figure, axes = _page("Stop signs: believed over true distance", "true distance (m)", "believed / true")
    true_m, believed_m = scores.distance_pairs.T
    axes.scatter(true_m, believed_m / np.maximum(true_m, 1e-9), s=5, color=_BLUE, alpha=0.4, linewidths=0)
    axes.axhline(1.0, color=_GREY, linestyle=":", linewidth=1)
    axes.set(ylim=(0.5, 1.5), xlim=(0, None))
    return figure


def _reliability(scores: Scores) -> Figure:
    names = ("stop_sign", "distractor", "vehicle", "pedestrian", "stop_line", "lane")
    figure = Figure(figsize=(8.4, 5.4), dpi=120, layout="constrained")
    figure.suptitle("Reliability: what is believed, and how often it is right")
    for place, name in enumerate(names, start=1):
        axes = figure.add_subplot(2, 3, place)
        found = getattr(scores, name).reliability
        bins = [each for each in found.bins if each.believed is not None and each.right is not None]
        axes.plot([0, 1], [0, 1], color=_GREY, linestyle=":", linewidth=1)
        axes.plot([each.believed for each in bins], [each.right for each in bins], color=_BLUE, marker=".")
        most = max((each.n for each in bins), default=1)
        axes.bar(
            [(each.low + each.high) / 2 for each in bins], [0.25 * each.n / most for each in bins], 0.09, color="0.88"
        )
        error = "nothing to judge" if found.ece.value is None else f"ECE {found.ece.value:.3f}, n {found.ece.n:,}"
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.set_title(f"{name.replace('_', ' ')}: {error}", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _history(rows: Sequence[dict[str, float]]) -> Figure:
    figure, axes = _page("Training", "epoch", "score on frames held back")
    epochs = [row["epoch"] for row in rows]
    for name, colour in (("stop_sign_ap", _RED), ("vehicle_ap", _BLUE), ("stop_line_recall", "#c79a00")):
        axes.plot(epochs, [row[name] for row in rows], color=colour, marker=".", label=name.replace("_", " "))
    axes.set(ylim=(0, 1.02))
    axes.legend(frameon=False, loc="lower right")
    return figure


def _png(figure: Figure) -> bytes:
    page = io.BytesIO()
    FigureCanvasAgg(figure).print_png(page)
    return page.getvalue()
