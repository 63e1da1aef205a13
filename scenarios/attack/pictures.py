"""Pictures of an attack: the sticker, the sign near and far with it, scores over distance, drives lost."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scenarios.attack.drives import DriverKind, score_at
from scenarios.attack.phantom import PhantomTrial
from scenarios.attack.sticker import CONDITIONS, StickerTrial
from scenarios.attack.trial import Driven
from scenarios.scenario import Scenario, start_world
from sim.camera import Camera
from sim.generate.restyle import with_sticker
from sim.loop import Eyes
from sim.render import Painter
from sim.render.projection import View
from sim.signs import SignKind
from sim.stickers import Sticker, noise_sticker, plain_sticker
from sim.world import World, place_ego

NEAR_M, FAR_M = 12.0, 30.0
"""Depths of the sign in the pictures."""

_COLOURS = {"none": "#3a7d44", "white": "#8a8a8a", "noise": "#c79a00", "optimised": "#b3261e", "its own": "#7a1fa2"}
_MARKS = {DriverKind.STANDARD: "#1f5f99", DriverKind.NO_MEMORY: "#b3261e", DriverKind.ANY_SIZE: "#3a7d44"}


@dataclass(frozen=True, slots=True, eq=False)
class SignPicture:
    """A sign as the network sees it.

    Attributes:
        name: What is on it.
        distance_m: Its depth.
        score: The score that the network gives it; 0 where it is too low to be reported.
        frame: The whole frame.
        cut: The part about the sign.
    """

    name: str
    distance_m: float
    score: float
    frame: NDArray[np.uint8]
    cut: NDArray[np.uint8]


def look_at_signs(scenario: Scenario, run_seed: int, sticker: Sticker, eyes: Eyes) -> list[SignPicture]:
    """Return the first stop sign of a run's world under each condition, near and then far.

    Args:
        scenario: Whose world.
        run_seed: Which of its worlds.
        sticker: What was optimised.
        eyes: What gives the scores.
    """
    painter = Painter(Camera())
    world = start_world(scenario, run_seed)
    on_sign: dict[str, Sticker | None] = {
        "none": None,
        "white": plain_sticker(sticker.place),
        "noise": noise_sticker(sticker.place, sticker.rows, sticker.columns, run_seed),
        "optimised": sticker,
    }
    return [
        _look(painter, with_sticker(world, on_sign[name]), name, distance_m, eyes)
        for distance_m in (NEAR_M, FAR_M)
        for name in CONDITIONS
    ]


def _look(painter: Painter, world: World, name: str, distance_m: float, eyes: Eyes) -> SignPicture:
    from perception.attack.views import face_corners_px
    from sim.faults import Capture

    sign = next(each for each in world.scene.signs if each.kind is SignKind.STOP and each.applies_to_ego)
    road = world.scene.network.ego_road
    s_m = road.path.project(sign.x_m, sign.y_m, None)[0] - distance_m - world.geometry.camera_forward_m
    world = place_ego(world, s_m, 0.0, 0.0, 8.0)
    frame, _ = painter.look(world, truth=False)
    assert frame is not None
    corners = face_corners_px(sign, View.of(world, painter.camera, 1.0))
    score = score_at(eyes(world.step, Capture(frame, None)), corners)
    middle, half = corners.mean(axis=0), max(10, round(0.95 * float(np.ptp(corners, axis=0).max())))
    height, width = frame.rgb.shape[:2]
    left, top = (int(np.clip(middle[k] - half, 0, (width, height)[k] - 2 * half)) for k in (0, 1))
    return SignPicture(name, distance_m, score, frame.rgb, frame.rgb[top : top + 2 * half, left : left + 2 * half])


def enlarged(rgb: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Return a picture enlarged so that its pixels show, its longer side about `side_px`."""
    factor = max(1, round(side_px / max(rgb.shape[:2])))
    size = (rgb.shape[1] * factor, rgb.shape[0] * factor)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def png(rgb: NDArray[np.uint8]) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    return cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()


def sticker_figure(trial: StickerTrial, signs: Sequence[SignPicture]) -> bytes:
    """Return one picture of it all, PNG: the sticker, the signs with their scores, the curves and the drives lost."""
    figure = Figure(figsize=(12.0, 8.6), dpi=100, layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=(1.35, 1.0))
    upper, lower = parts
    grid = upper.add_gridspec(2, len(CONDITIONS) + 1)
    axes = upper.add_subplot(grid[0, 0])
    axes.imshow(enlarged(trial.sticker.picture, 320), interpolation="nearest")
    _bare(axes, f"the sticker: {100 * trial.sticker.place.area_share:.0f} % of the face")
    note = upper.add_subplot(grid[1, 0])
    note.axis("off")
    note.text(
        0.5, 0.5, f"as the camera sees it,\nabove at {NEAR_M:.0f} m,\nbelow at {FAR_M:.0f} m,\nand the score that the\n"
        "network gives it", ha="center", va="center", fontsize=10,
    )  # fmt: skip
    for number, sign in enumerate(signs):
        row, column = divmod(number, len(CONDITIONS))
        axes = upper.add_subplot(grid[row, column + 1])
        axes.imshow(sign.cut, interpolation="nearest")
        _bare(axes, f"{sign.name}: {sign.score:.2f}" if sign.score else f"{sign.name}: not seen")
        axes.title.set_color(_COLOURS[sign.name])
    plots = lower.add_gridspec(1, 2, width_ratios=(1.25, 1.0))
    _curves(lower.add_subplot(plots[0]), [d for n in CONDITIONS if (d := trial.arm(n)) is not None])
    _bars(lower.add_subplot(plots[1]), trial.driven)
    return _finished(figure)


def curves_figure(driven: Sequence[Driven]) -> bytes:
    """Return the scores over distance, PNG."""
    figure = Figure(figsize=(7.0, 4.0), dpi=110, layout="constrained")
    _curves(figure.add_subplot(), driven)
    return _finished(figure)


def bars_figure(driven: Sequence[Driven]) -> bytes:
    """Return the drives lost, PNG."""
    figure = Figure(figsize=(6.0, 4.0), dpi=110, layout="constrained")
    _bars(figure.add_subplot(), driven)
    return _finished(figure)


def phantom_figure(trial: PhantomTrial) -> bytes:
    """Return the drives with a phantom over the flash's length, and by kind of picture, PNG."""
    figure = Figure(figsize=(11.0, 4.2), dpi=110, layout="constrained")
    showings = sorted({each.arm.name.split(",")[0] for each in trial.flashes}, reverse=True)
    panels = len(showings) + bool(trial.pictures)
    for number, showing in enumerate(showings):
        axes = figure.add_subplot(1, panels, number + 1)
        for driver, colour in _MARKS.items():
            rows = [d for d in trial.flashes if d.arm.driver is driver and d.arm.name.startswith(showing)]
            if rows:
                _shares(axes, [int(d.arm.name.split()[1]) for d in rows], rows, colour, driver.value)
        axes.set_xscale("symlog", linthresh=1)
        ticks = sorted({int(d.arm.name.split()[1]) for d in trial.flashes})
        axes.set_xticks(ticks, [str(each) for each in ticks])
        axes.set(
            title=f"A stop sign flashes up: {showing}", xlabel="frames (1/20 s)", ylabel="drives with a phantom stop"
        )
        axes.set(ylim=(-0.03, 1.03))
        axes.legend(frameon=False)
    if trial.pictures:
        axes = figure.add_subplot(1, panels, panels)
        names = list(dict.fromkeys(each.arm.name for each in trial.pictures))
        for shift, (driver, colour) in enumerate(_MARKS.items()):
            rows = [d for d in trial.pictures if d.arm.driver is driver]
            if rows:
                places = [names.index(d.arm.name) + 0.18 * (shift - 1) for d in rows]
                _shares(axes, places, rows, colour, driver.value, line="")
        axes.set_xticks(range(len(names)), names)
        axes.set(title="Pictures of a stop sign", ylim=(-0.03, 1.03))
        axes.legend(frameon=False)
    return _finished(figure)


def _shares(
    axes: Any, places: Sequence[float], rows: Sequence[Driven], colour: str, label: str, line: str = "-"
) -> None:
    counts = [each.phantoms for each in rows]
    shares = [each.hits / each.runs for each in counts]
    reach = [
        [share - each.low for share, each in zip(shares, counts, strict=True)],
        [each.high - share for share, each in zip(shares, counts, strict=True)],
    ]
    axes.errorbar(places, shares, yerr=reach, color=colour, marker="o", linestyle=line, capsize=3, label=label)
    axes.spines[["top", "right"]].set_visible(False)


def _curves(axes: Any, driven: Sequence[Driven]) -> None:
    for each in driven:
        rows = each.score_by_distance()
        axes.plot(
            [row[0] for row in rows], [row[1] for row in rows], marker=".", color=_COLOURS.get(each.arm.name, "0.3"),
            label=each.arm.name, linewidth=2 if each.arm.name == "optimised" else 1.3,
        )  # fmt: skip
    axes.set(
        title="Score of the stop sign on the way to it", xlabel="distance (m)", ylabel="mean score", ylim=(0, 1.02)
    )
    axes.invert_xaxis()
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, title="on the sign")


def _bars(axes: Any, driven: Sequence[Driven]) -> None:
    for place, each in enumerate(driven):
        lost = each.lost
        share = lost.hits / lost.runs
        colour = _COLOURS.get(each.arm.name, "0.5")
        axes.barh(place, 100 * share, color=colour, alpha=0.45)
        axes.barh(place, 100 * each.ran_the_stop.hits / lost.runs, height=0.5, color=colour)
        axes.errorbar(
            100 * share, place, xerr=[[100 * (share - lost.low)], [100 * (lost.high - share)]], color="black", capsize=3
        )
    names = [
        f"{each.arm.name}{'' if each.arm.network == 'given' else ', defended'}"
        f"{'' if each.arm.driver is DriverKind.STANDARD else ', ' + each.arm.driver.value}"
        for each in driven
    ]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.axvline(15.0, color="0.5", linestyle=":", linewidth=1)
    axes.set(
        title=f"Drives lost, of {driven[0].lost.runs} each; dark: ran the stop",
        xlabel="%, with 95 % bounds",
        xlim=(0, 100),
    )
    axes.spines[["top", "right"]].set_visible(False)


def _bare(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])


def _finished(figure: Figure) -> bytes:
    page = io.BytesIO()
    FigureCanvasAgg(figure).print_png(page)
    return page.getvalue()
