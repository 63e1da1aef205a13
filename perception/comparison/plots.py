"""Error over volume, on logarithmic axes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from perception.comparison.curves import FLOOR, METRIC_WORDS, Duel, Metric, Panel, Summary
from perception.comparison.grid import ABLATED, Condition, Model
from sim.files import write_atomically

COLOURS = {
    Model.RULE: "#888888",
    Model.HOG: "#c77700",
    Model.CNN: "#1f5f99",
    Model.CNN2: "#a3306f",
    Model.SHIPPED: "#009e73",
}
"""Grey, orange, blue, purple, green: apart for the colour-blind, and each with a marker of its own."""

MISSING = {Model.CNN: "second look", **{model: part.replace("_", " ") for model, part in ABLATED.items()}}
"""What a network has less than one that looks twice."""

NAMES = {
    Model.RULE: "colour rule",
    Model.HOG: "HOG + linear SVM",
    Model.CNN: "CNN",
    Model.CNN2: "CNN, two looks",
    **{model: f"CNN, two looks, without {MISSING[model]}" for model in ABLATED},
    Model.SHIPPED: "shipped network",
}

_MARKERS = {Model.HOG: "s", Model.CNN: "o", Model.CNN2: "^"}


def write_figure(summary: Summary, folder: Path) -> list[Path]:
    """Write the figure as PNG and SVG; return where they lie.

    Raises:
        StorageError: If they cannot be written.
    """
    figure = draw(summary)
    png, svg = io.BytesIO(), io.BytesIO()
    FigureCanvasAgg(figure).print_png(png)
    FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None})
    paths = [folder / "compare.png", folder / "compare.svg"]
    for path, page in zip(paths, (png, svg), strict=True):
        write_atomically(path, page.getvalue())
    return paths


def draw(summary: Summary) -> Figure:
    """Return the figure: a row for each condition, a column for each metric."""
    figure = Figure(figsize=(12.6, 7.4), dpi=120, layout="constrained")
    plan = summary.settings
    figure.suptitle(
        f"Data against design: stop signs in {plan['test_frames']:,} frames not trained on "
        f"({plan['signs']:,} signs); CNN {plan['steps']:,} steps at every volume"
    )
    axes: Any = figure.subplots(len(Condition), len(Metric), sharex=True)
    for row, condition in enumerate(Condition):
        for column, metric in enumerate(Metric):
            _draw_panel(axes[row, column], summary.panel(condition, metric), plan["volumes"])
    for each in axes[-1]:
        each.set_xlabel("training frames")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _draw_panel(axes: Any, panel: Panel, volumes: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    title = f"{panel.condition} frames: 1 - {METRIC_WORDS[panel.metric]}"
    for model, duel in panel.duels.items():
        title += f"\n{NAMES[model]} {_ahead(duel)}"
    axes.set_title(title, fontsize=9)
    for model, level in panel.levels.items():
        error = max(1.0 - (level.value or 0.0), FLOOR)
        style = ":" if model is Model.SHIPPED else "--"
        axes.axhline(error, color=COLOURS[model], linestyle=style, linewidth=1.6, label=NAMES[model])
    lowest = min([1.0 - (level.value or 0.0) for level in panel.levels.values()], default=1.0)
    curves = {model: points for model, points in panel.curves.items() if model not in ABLATED}
    for number, (model, points) in enumerate(curves.items()):
        at = np.array([point.volume for point in points], np.float64)
        errors = np.array([1.0 - (point.mean.value or 0.0) for point in points])
        low = np.array([1.0 - (point.mean.high or 0.0) for point in points])
        high = np.array([1.0 - (point.mean.low or 0.0) for point in points])
        lowest = min(lowest, float(low.min()))
        axes.fill_between(at, np.maximum(low, FLOOR), np.maximum(high, FLOOR), color=COLOURS[model], alpha=0.16, lw=0)
        axes.plot(at, np.maximum(errors, FLOOR), _MARKERS[model], color=COLOURS[model], label=NAMES[model])
        for point in points:
            spread = np.maximum(1.0 - np.array(point.seeds), FLOOR)
            axes.plot([point.volume] * len(spread), spread, ".", color=COLOURS[model], markersize=3, alpha=0.7)
        law = panel.laws[model]
        if law is not None:
            fine = np.geomspace(at[0], at[-1], 60)
            axes.plot(fine, np.maximum(law(fine), FLOOR), color=COLOURS[model], linewidth=1.2)
            words = f"{law.a:.2g} n^{law.b:.2f}" + (f" + {law.c:.2g}" if law.c > FLOOR else "")
            # The learners' formulas stand apart, however near their lines are.
            axes.text(
                0.03,
                0.03 + 0.07 * (len(curves) - 1 - number),
                words,
                transform=axes.transAxes,
                color=COLOURS[model],
                fontsize=7,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            )
    for model, duel in panel.duels.items():
        if duel.crossing is not None and duel.crossing.volume is not None:
            axes.axvline(duel.crossing.volume, color=COLOURS[model], linewidth=0.8, linestyle="-.")
    axes.set_ylim(max(10 ** np.floor(np.log10(max(lowest, FLOOR))), 0.6 * max(lowest, FLOOR)), 1.15)
    axes.set_xticks(volumes, [f"{volume:,}" for volume in volumes])
    axes.xaxis.set_minor_formatter(NullFormatter())
    for which in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        which(FuncFormatter(_error_words))
    axes.tick_params(axis="both", which="both", labelsize=7)
    axes.grid(color="0.92", which="both", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _ahead(duel: Duel) -> str:
    if duel.crossing is None:
        ahead = duel.lead.value is not None and duel.lead.value > 0
        return f"{'ahead' if ahead else 'not ahead'} with {duel.volumes[-1]:,}"
    if duel.crossing.always or duel.crossing.volume is not None:
        return f"ahead from {duel.crossing.words}"
    return "not ahead for good at any volume"


def _error_words(value: float, _place: int) -> str:
    """Return the label of a tick: few of the minor ones have one, or they would overlap."""
    first = f"{value:.0e}"[0]
    return f"{value:g}" if first in "125" else ""
