"""A page that says what a network is worth and shows where it was wrong."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np
from numpy.typing import NDArray

from perception.mistakes import Mistake, MistakeBook
from perception.pipeline import decode_image
from perception.plots import write_plots
from perception.scores import Scores, share
from sim.files import write_atomically
from sim.percept import Box
from sim.recording import Dataset

SHOWN = 12
"""Mistakes of each kind that are shown with a picture."""

CUT_PX = 96
"""Side of the square about a mistake that is shown; a larger box brings a larger one."""

_TEMPLATE = Path(__file__).with_name("evaluate.html.jinja")
_KINDS = ("stop_sign", "distractor", "vehicle", "pedestrian")


def write_page(scores: Scores, book: MistakeBook, dataset: Path, path: Path) -> None:
    """Write the page: one HTML file with its pictures inside.

    Args:
        scores: What the network is worth.
        book: What it believed of each frame of the data set.
        dataset: The data set's folder, for the pictures.
        path: Where.

    Raises:
        DatasetError: If the data set is damaged.
        StorageError: If the page cannot be written.
    """
    threshold = scores.stop_sign.threshold_97
    # Where precision never reaches 0.97 there is no such threshold; what is likelier right than wrong stands in.
    mistakes = book.at(0.5 if threshold is None else threshold)
    source = Dataset.open(dataset)
    with tempfile.TemporaryDirectory() as folder:
        plots = [_as_uri(each.read_bytes(), "png") for each in write_plots(scores, Path(folder))]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        name=dataset.name,
        scores=scores,
        kinds=[(name.replace("_", " "), getattr(scores, name)) for name in _KINDS],
        plots=plots,
        mistakes=mistakes,
        reached=threshold is not None,
        wrong=_pictured(mistakes.false[:SHOWN], source),
        missed=_pictured(mistakes.missed[:SHOWN], source),
        share=share,
    )
    write_atomically(path, page.encode())


def cut_out(rgb: NDArray[np.uint8], box: Box, side_px: int = CUT_PX) -> NDArray[np.uint8]:
    """Return the square about a box, enlarged to 288 pixels, with the box drawn in."""
    x0, y0, x1, y1 = box
    side = int(min(max(side_px, 1.6 * (x1 - x0), 1.6 * (y1 - y0)), rgb.shape[0]))
    left = int(np.clip((x0 + x1 - side) / 2, 0, rgb.shape[1] - side))
    top = int(np.clip((y0 + y1 - side) / 2, 0, rgb.shape[0] - side))
    factor = 288 / side
    large = cv2.resize(rgb[top : top + side, left : left + side], (288, 288), interpolation=cv2.INTER_CUBIC)
    corners = [round((value - origin) * factor) for value, origin in zip(box, (left, top, left, top), strict=True)]
    cv2.rectangle(large, (corners[0] - 3, corners[1] - 3), (corners[2] + 3, corners[3] + 3), (0, 158, 255), 2)
    return np.asarray(large, np.uint8)


def _pictured(mistakes: Sequence[Mistake], source: Dataset) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for mistake in mistakes:
        example = next(iter(source.examples(mistake.index, mistake.index + 1)))
        cut = cut_out(decode_image(example, source.camera), mistake.box)
        _, data = cv2.imencode(".jpg", cv2.cvtColor(cut, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
        rows.append({"mistake": mistake, "picture": _as_uri(data.tobytes(), "jpeg")})
    return rows


def _as_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
