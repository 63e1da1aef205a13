"""One page for a class: what was measured, and the same few frames as each model sees them at each volume."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import jinja2
import numpy as np
from numpy.typing import NDArray

from perception.comparison.curves import METRIC_WORDS, Summary
from perception.comparison.grid import Comparison, Condition, Result
from perception.comparison.plots import MISSING, NAMES
from perception.comparison.verdict import sentences
from perception.decode import pairwise_iou
from perception.matching import Answer, SceneAnswers, Target, match
from sim.files import write_atomically
from sim.percept import Box, ObjectKind
from sim.recording import Example

VIEW_PX = (168, 112)
"""Width and height of the part of a frame that is shown, twice enlarged; a larger sign brings a larger part."""

ENLARGED = 2

RIGHT, WRONG, MISSED = (0, 190, 140), (230, 80, 0), (255, 255, 255)

_TEMPLATE = Path(__file__).with_name("page.html.jinja")


@dataclass(frozen=True, slots=True)
class Scene:
    """A test frame that is shown.

    Attributes:
        index: Which.
        condition: Clean or corrupted.
        words: What it is a case of.
        about: What to look at.
    """

    index: int
    condition: Condition
    words: str
    about: Box


def write_page(comparison: Comparison, summary: Summary, figure: Path, path: Path) -> None:
    """Write the page: one HTML file with its pictures inside.

    Raises:
        StorageError: If it cannot be written.
    """
    scenes, rows = choose_scenes(comparison), _rows(comparison)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        summary=summary,
        settings=summary.settings,
        sentences=sentences(summary),
        names=NAMES,
        missing=MISSING,
        metrics=METRIC_WORDS,
        figure=_as_uri(figure.read_bytes(), "png"),
        scenes=[(scene, _cells(comparison, rows, scene)) for scene in scenes],
    )
    write_atomically(path, page.encode())


def choose_scenes(comparison: Comparison) -> list[Scene]:
    """Return the first test frame of each case that a class ought to see, whatever any model made of it."""
    chosen: list[Scene] = []
    for words, condition, near_m, far_m in (
        ("a sign at 15-25 m", Condition.CLEAN, 15.0, 25.0),
        ("a sign at 25-40 m", Condition.CLEAN, 25.0, 40.0),
        ("a sign at 40-55 m", Condition.CLEAN, 40.0, 55.0),
        ("a sign at 55-80 m", Condition.CLEAN, 55.0, 80.0),
        ("a sign at 15-40 m, corrupted", Condition.CORRUPTED, 15.0, 40.0),
    ):
        for index, targets in enumerate(comparison.test.targets):
            seen = [each for each in targets if each.counts and near_m <= each.distance_m < far_m]
            if seen and index not in {each.index for each in chosen}:
                chosen.append(Scene(index, condition, words, seen[0].box))
                break
    for index, example in enumerate(comparison.test.examples):
        others = _distractors(example)
        if others and not comparison.test.targets[index]:
            largest = max(others, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
            chosen.append(Scene(index, Condition.CLEAN, "no stop sign, but something like one", largest))
            break
    return chosen


def _distractors(example: Example) -> list[Box]:
    """Return the boxes of a frame's signs that are octagons or red but none to stop at, large enough to be seen."""
    alike = ("hexagon", "octagon", "do_not_enter", "yield", "circle")
    return [
        each.box
        for each in example.truth.objects
        if each.kind is ObjectKind.DISTRACTOR
        and any(word in each.variant for word in alike)
        and each.visible_fraction > 0.9
        and each.box[3] - each.box[1] >= 14
    ]


@dataclass(frozen=True, slots=True)
class _Column:
    """One model at one volume: the first seed, and the score from which on its answers are shown."""

    caption: str
    result: Result
    threshold: float


def _rows(comparison: Comparison) -> list[tuple[str, list[_Column]]]:
    """Return each model's name with its columns."""
    rows: list[tuple[str, list[_Column]]] = []
    for model in comparison.plan.models:
        firsts = [(volume, comparison.of(model, volume)[:1]) for volume in comparison.volumes(model) or [0]]
        columns = [
            _Column(f"{volume:,} frames" if volume else "", result, best_threshold(comparison, result))
            for volume, results in firsts
            for result in results
        ]
        if columns:
            rows.append((NAMES[model], columns))
    return rows


def _cells(
    comparison: Comparison, rows: list[tuple[str, list[_Column]]], scene: Scene
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return, for each model, captions and pictures of a scene, volume by volume."""
    rgb = comparison.test.picture(scene.index, scene.condition)
    targets = comparison.test.targets[scene.index]

    def shown(column: _Column) -> list[Answer]:
        answers = column.result.answers[scene.condition][scene.index]
        return [each for each in answers if each.score >= column.threshold]

    return [
        (name, [(column.caption, _picture(rgb, scene.about, targets, shown(column))) for column in columns])
        for name, columns in rows
    ]


def best_threshold(comparison: Comparison, result: Result) -> float:
    """Return the score at which a model's F1 on the clean test frames is best; inf if it finds nothing."""
    targets = comparison.test.targets
    pairs = zip(targets, result.answers[Condition.CLEAN], strict=True)
    found = match([SceneAnswers(*pair) for pair in pairs])
    n = sum(each.counts for frame in targets for each in frame)
    if not found.right.any():
        return float("inf")
    right = np.cumsum(found.right)
    f1 = 2 * right / (np.arange(1, len(right) + 1) + n)
    return float(found.scores[int(np.argmax(f1))])


def _picture(rgb: NDArray[np.uint8], about: Box, targets: Sequence[Target], shown: Sequence[Answer]) -> str:
    """Return a part of a frame with what was found: right ones, wrong ones, and what was missed."""
    x0, y0, x1, y1 = about
    width = int(min(max(VIEW_PX[0], 2.5 * (x1 - x0)), rgb.shape[1]))
    height = min(round(width * VIEW_PX[1] / VIEW_PX[0]), rgb.shape[0])
    left = int(np.clip((x0 + x1 - width) / 2, 0, rgb.shape[1] - width))
    top = int(np.clip((y0 + y1 - height) / 2, 0, rgb.shape[0] - height))
    factor = ENLARGED * VIEW_PX[0] / width
    size = (ENLARGED * VIEW_PX[0], round(height * factor))
    large = cv2.resize(rgb[top : top + height, left : left + width], size, interpolation=cv2.INTER_CUBIC)
    asked = np.array([each.box for each in targets if each.counts], np.float32).reshape(-1, 4)
    any_sign = np.array([each.box for each in targets], np.float32).reshape(-1, 4)
    boxes = np.array([each.box for each in shown], np.float32).reshape(-1, 4)

    def outline(box: Sequence[float], colour: tuple[int, int, int], thick: int) -> None:
        corners = [round((side - origin) * factor) for side, origin in zip(box, (left, top, left, top), strict=True)]
        cv2.rectangle(large, (corners[0] - 3, corners[1] - 3), (corners[2] + 3, corners[3] + 3), (0, 0, 0), thick + 2)
        cv2.rectangle(large, (corners[0] - 3, corners[1] - 3), (corners[2] + 3, corners[3] + 3), colour, thick)

    hits = pairwise_iou(boxes, any_sign) >= 0.5
    for number, box in enumerate(boxes.tolist()):
        outline(box, RIGHT if hits[number].any() else WRONG, 2)
    found = pairwise_iou(asked, boxes) >= 0.5
    for number, box in enumerate(asked.tolist()):
        if not found[number].any():
            outline(box, MISSED, 1)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(large, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return _as_uri(data.tobytes(), "jpeg")


def _as_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
