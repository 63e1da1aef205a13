"""Stop signs on photographs of any size: the sign detector on an image pyramid, scored as COCO does.

The network knows signs from about 10 to 70 pixels, and those near 20 best: it saw most of them. A photograph is looked
at in several sizes, a quarter of an octave apart, down to a picture of 32 rows, so that a sign of any size is of a
well-known size in some of them. A sign looks like one in all sizes that lie side by side; what looks like one in a
single size mostly is none. So a score rests on several sizes, and so does a box. Weights with a second look
(`perception.fovea`) then take it, in many glances, at the photograph's full sharpness.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, log2, sqrt
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from perception.backend import compute_precision, tf
from perception.channels import COARSEST_STRIDE, Channel
from perception.decode import NMS_IOU, contested, find_peaks, pairwise_iou, suppress
from perception.fovea import Fovea, load_fovea
from perception.matching import Answer, SceneAnswers, Target, score_kind
from perception.network import build_sign_detector
from perception.scores import LOWEST_COUNTED, PhotographScores
from perception.weights import fill, read_weights
from sim.errors import DatasetError
from sim.exchange.annotated import Annotated, find_picture, read_annotated, read_picture
from sim.exchange.coco import xywh
from sim.exchange.coco_folder import read_coco_file
from sim.exchange.importing import known_class
from sim.files import write_atomically
from sim.percept import ObjectKind

Progress = Callable[[int, int], None]
Seen = tuple[tuple[float, float, float, float], float]
"""A box in the photograph's pixels and its score."""

SMALLEST_SHARE = 0.02
"""Height of the smallest signs to be found, as a share of the photograph's height."""

SMALLEST_KNOWN_PX = 20.0
"""Height to which the smallest signs are enlarged."""

LEVELS_PER_OCTAVE = 4

WITNESSES = 4
"""A score is the mean, as log odds, of the best so many levels' scores in one place; those that say nothing count as
`LOWEST_COUNTED`."""

FEWEST_ROWS = 32
"""Height of the smallest level: a sign that fills the photograph has 29 rows there, as one 19 m ahead in a frame."""

LARGEST_FACTOR = 2.0
"""A photograph is enlarged no further: there is nothing more to see."""

LARGEST_AREA_PX = 3_000_000
"""No level is larger: memory stays bounded whatever the photograph."""

OUTSIDE_PX = (6.0, 160.0)
"""A level's boxes outside these heights are left to other levels."""

INSIDE_SHARE = 0.8
AROUND = 3.0
"""A weaker box that lies within a stronger one by this share of itself is a part of the same sign; one that holds a
stronger one so, and is no larger than so many of it, is the same sign with some of what surrounds it."""

MARGIN_PX = 16
"""Reflected pixels about each level: the network has never seen a sign cut by padding."""


@dataclass(frozen=True, slots=True)
class SignFinder:
    """The sign detector for pictures of any size."""

    _look: Any = field(repr=False)
    _fovea: Fovea | None = field(default=None, repr=False)

    def __call__(self, rgb: NDArray[np.uint8]) -> list[Seen]:
        """Return the stop signs in a photograph, strongest first.

        Args:
            rgb: uint8 (H, W, 3) of any size.
        """
        levels = [self._level(rgb, factor) for factor in pyramid(rgb.shape[0], rgb.shape[1])]
        boxes = np.concatenate([found[:, 2:6] for found in levels])
        scores = np.concatenate([found[:, 0] for found in levels])
        which = np.repeat(np.arange(len(levels)), [len(found) for found in levels])
        boxes, scores = _merged(*_agreed(*_inside(boxes, scores, which, rgb.shape[0], rgb.shape[1])))
        if self._fovea is not None:
            signs = np.full(len(boxes), Channel.STOP_SIGN, np.int64)
            final, measured = self._fovea.ponder(rgb, boxes, scores, signs)
            limits = np.array([rgb.shape[1], rgb.shape[0]] * 2, np.float32)
            boxes, scores = np.clip(measured, 0.0, limits), final.astype(np.float32)
            order = np.argsort(-scores, kind="stable")
            boxes, scores = _merged(boxes[order], scores[order])
        return [
            ((float(x0), float(y0), float(x1), float(y1)), float(score))
            for (x0, y0, x1, y1), score in zip(boxes, scores, strict=True)
        ]

    def _level(self, rgb: NDArray[np.uint8], factor: float) -> NDArray[np.float32]:
        """Return the peaks of one level as `find_peaks` gives them, boxes in the photograph's pixels."""
        height, width = max(round(rgb.shape[0] * factor), 1), max(round(rgb.shape[1] * factor), 1)
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(rgb, (width, height), interpolation=method)
        below, right = MARGIN_PX + -height % COARSEST_STRIDE, MARGIN_PX + -width % COARSEST_STRIDE
        padded = cv2.copyMakeBorder(scaled, MARGIN_PX, below, MARGIN_PX, right, cv2.BORDER_REFLECT)
        peaks = self._look(tf.constant(padded)).numpy()
        tall = peaks[:, 5] - peaks[:, 3]
        known = (tall >= OUTSIDE_PX[0]) & (tall <= OUTSIDE_PX[1])
        rivals = peaks[peaks[:, 1] == Channel.DISTRACTOR]
        peaks = peaks[(peaks[:, 1] == Channel.STOP_SIGN) & known]
        peaks[:, 0] = contested(peaks[:, 2:6], peaks[:, 0], rivals[:, 2:6], rivals[:, 0])
        peaks = peaks[peaks[:, 0] >= LOWEST_COUNTED]
        peaks[:, [2, 4]] = (peaks[:, [2, 4]] - MARGIN_PX) * (rgb.shape[1] / width)
        peaks[:, [3, 5]] = (peaks[:, [3, 5]] - MARGIN_PX) * (rgb.shape[0] / height)
        return peaks


def load_sign_finder(weights: Path | None = None) -> SignFinder:
    """Load the part of a trained network that finds signs.

    Raises:
        WeightsError: If the weights are missing, altered or foreign.
    """
    card, arrays = read_weights(weights)
    model = build_sign_detector(card.network, compute_precision())
    fill(model, arrays, "the weights file", allow_more=True)

    @tf.function(input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)], autograph=False)
    def look(rgb: Any) -> Any:
        outputs = model(rgb[None], training=False)
        # A small level has fewer cells than the usual number of peaks.
        count = tf.minimum(64, tf.size(outputs["heat"]))
        return find_peaks(outputs["heat"], outputs["boxes"], count)[0]

    return SignFinder(look, load_fovea(arrays))


def pyramid(height_px: int, width_px: int) -> list[float]:
    """Return the factors by which a photograph is resized, largest first, a quarter of an octave apart."""
    largest = min(
        SMALLEST_KNOWN_PX / (SMALLEST_SHARE * height_px),
        LARGEST_FACTOR,
        sqrt(LARGEST_AREA_PX / (height_px * width_px)),
    )
    smallest = min(FEWEST_ROWS / height_px, largest)
    steps = ceil(LEVELS_PER_OCTAVE * log2(largest / smallest) - 1e-9)
    return [largest / 2 ** (step / LEVELS_PER_OCTAVE) for step in range(steps + 1)]


def evaluate_photographs(
    images: Path, annotations: Path, weights: Path | None, out: Path, *, progress: Progress | None = None
) -> PhotographScores:
    """Find stop signs on photographs, write what was found, and score it.

    Args:
        images: Folder of the photographs.
        annotations: COCO ground truth, YOLO's `data.yaml`, or a folder of Pascal VOC's XML files.
        weights: The weights file; the shipped one if not given.
        out: Where `detections.json` goes: COCO results in the photographs' pixels, scores down to 0.005.
        progress: Told the photographs done and in all.

    Raises:
        DatasetError: If annotations or a photograph are missing or damaged.
        WeightsError: If the weights are missing, altered or foreign.
        StorageError: If the results cannot be written.
    """
    truth, places = _read_truth(images, annotations)
    categories = _stop_categories(truth, annotations)
    find = load_sign_finder(weights)
    results: list[dict[str, Any]] = []
    scenes: list[SceneAnswers] = []
    for done, (entry, place) in enumerate(zip(truth["images"], places, strict=True), start=1):
        seen = find(_photograph(place, entry))
        results += [
            {
                "image_id": entry["id"],
                "category_id": categories[0],
                "bbox": [round(x0, 2), round(y0, 2), round(x1 - x0, 2), round(y1 - y0, 2)],
                "score": round(score, 5),
            }
            for (x0, y0, x1, y1), score in seen
        ]
        targets = [
            _target(each)
            for each in truth["annotations"]
            if each["image_id"] == entry["id"] and each["category_id"] in categories
        ]
        scenes.append(SceneAnswers(targets, [Answer(box, score, 0.0) for box, score in seen]))
        if progress is not None:
            progress(done, len(places))
    write_atomically(out / "detections.json", json.dumps(results).encode())
    return PhotographScores(len(scenes), score_kind(scenes, {})[0])


def _inside(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], levels: NDArray[np.int64], height_px: int, width_px: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return what lies on the photograph, strongest first; signs mirrored in the margin are none."""
    limits = np.array([width_px, height_px, width_px, height_px], np.float32)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    kept = ((centres >= 0) & (centres <= limits[:2])).all(axis=1)
    boxes, scores, levels = np.clip(boxes[kept], 0.0, limits), scores[kept], levels[kept]
    order = np.argsort(-scores, kind="stable")
    order = order[np.prod(boxes[order, 2:] - boxes[order, :2], axis=1) > 1.0]
    return boxes[order], scores[order], levels[order]


def _agreed(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], levels: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Join what several levels found in one place, strongest first before and after.

    Args:
        boxes: xyxy in the photograph's pixels, shape (n, 4), strongest first.
        scores: Theirs, shape (n,).
        levels: On which level each was found, shape (n,).

    Returns:
        Boxes (m, 4), each the mean of its witnesses weighted by their scores, and scores (m,).
    """
    leaders = suppress(boxes, np.zeros(len(boxes), np.int64))
    same_place = pairwise_iou(boxes[leaders], boxes) > NMS_IOU
    joined, beliefs = [], []
    for near in same_place:
        found = np.flatnonzero(near)
        # Boxes come strongest first: the first of each level is its best.
        _, best = np.unique(levels[found], return_index=True)
        witnesses = found[np.sort(best)][:WITNESSES]
        heard = np.full(WITNESSES, LOWEST_COUNTED, np.float64)
        heard[: len(witnesses)] = scores[witnesses]
        beliefs.append(expit(logit(np.clip(heard, LOWEST_COUNTED, 1 - 1e-6)).mean()))
        joined.append(np.average(boxes[witnesses], axis=0, weights=scores[witnesses]))
    order = np.argsort(-np.asarray(beliefs), kind="stable")
    return np.asarray(joined, np.float32).reshape(-1, 4)[order], np.asarray(beliefs, np.float32)[order]


def _merged(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of boxes that overlap, or lie within one another, keep the strongest; they come strongest first."""
    kept = suppress(boxes, np.zeros(len(boxes), np.int64))
    boxes, scores = boxes[kept], scores[kept]
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    overlap = np.prod(np.maximum(high - low, 0.0), axis=-1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    # Rows are the stronger: a part of one, or one with not much more around it.
    part = overlap / areas[None, :] > INSIDE_SHARE
    around = (overlap / areas[:, None] > INSIDE_SHARE) & (areas[None, :] < AROUND * areas[:, None])
    same = np.triu(part | around, k=1).any(axis=0)
    return boxes[~same], scores[~same]


def _read_truth(images: Path, annotations: Path) -> tuple[dict[str, Any], list[Path]]:
    """Return ground truth as COCO has it, and where each of its photographs lies."""
    if annotations.is_dir() or annotations.suffix.lower() in (".yaml", ".yml"):
        return _as_coco(read_annotated(annotations, images=images))
    truth = read_coco_file(annotations)
    # Some files name their pictures from the folder above.
    folders = (images, images.parent, annotations.parent)
    return truth, [find_picture(str(entry["file_name"]), folders, annotations) for entry in truth["images"]]


def _as_coco(annotated: Annotated) -> tuple[dict[str, Any], list[Path]]:
    numbers = {name: number for number, name in enumerate(annotated.classes, start=1)}
    entries: list[dict[str, Any]] = []
    marked: list[dict[str, Any]] = []
    for number, picture in enumerate(annotated.pictures, start=1):
        regions, size = picture.regions, picture.size_px
        if picture.in_shares:
            rgb, regions = picture.read()
            size = (rgb.shape[1], rgb.shape[0])
        entry = {"id": number, "file_name": picture.path.name}
        entries.append(entry | ({"width": size[0], "height": size[1]} if size is not None else {}))
        marked += [
            {
                "image_id": number,
                "category_id": numbers[region.name],
                "bbox": xywh(region.box),
                "iscrowd": int(region.ignored),
            }
            for region in regions
        ]
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    truth = {"images": entries, "annotations": marked, "categories": categories}
    return truth, [picture.path for picture in annotated.pictures]


def _photograph(path: Path, entry: dict[str, Any]) -> NDArray[np.uint8]:
    """Return a photograph, uint8 rgb (H, W, 3), of the size that its entry says, if it says so."""
    width, height = entry.get("width"), entry.get("height")
    return read_picture(path, None if width is None or height is None else (width, height))


def _stop_categories(truth: dict[str, Any], path: Path) -> list[int | str]:
    """Return the ids of all categories that are stop signs."""
    found = [entry["id"] for entry in truth["categories"] if known_class(str(entry["name"])) == ObjectKind.STOP_SIGN]
    if found:
        return found
    names = ", ".join(str(entry.get("name")) for entry in truth["categories"])
    raise DatasetError(f"Expected a category named 'stop_sign' in {path}. Received: {names or 'none'}.")


def _target(annotation: dict[str, Any]) -> Target:
    x, y, width, height = annotation["bbox"]
    return Target((x, y, x + width, y + height), 0.0, annotation["iscrowd"] == 0)
