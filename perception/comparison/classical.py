"""How signs were found before networks: red regions of a sign's shape, HOG of each, a linear support vector machine.

    rgb -> regions of several degrees of redness -> those about as wide as high, and not hollow
        -> each cut out, 40 x 40 -> HOG and a histogram of its colours -> linear SVM -> probability (Platt)

In the manner of Dalal and Triggs (2005), on proposals by colour and shape (Maldonado-Bascon et al. 2007). OpenCV
computes the gradients, scikit-learn learns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.decode import pairwise_iou, suppress
from perception.engine import import_or_tell
from perception.matching import Answer, Target
from perception.scores import LOWEST_COUNTED
from sim.errors import DatasetError
from sim.percept import Box

EXTRA = "compare"

REDNESS = (0.10, 0.18, 0.28, 0.40)
"""Degrees of redness, (r - max(g, b)) / (r + 32), above which regions are looked for: a hazy sign passes the first
alone, and one before a red wall comes apart from it at the last."""

SMALLEST_PX, LARGEST_PX = 5, 200
NARROWEST, EMPTIEST = 0.5, 0.35
"""A proposal's shorter side over its longer one, and its red share, are at least so large."""

SAME_IOU = 0.8
"""Proposals that overlap more are one."""

WINDOW_PX = 40
MARGIN = 0.15
"""Share of a proposal's side that is cut out about it: the border and what it stands against."""

RIGHT_IOU, WRONG_IOU = 0.5, 0.3
"""Overlap with a sign from which a proposal is one, and below which it is none; between them it teaches nothing."""

PROPOSALS_PER_FRAME = 45
"""About so many: from it follows which share of them is kept."""

MOST_WRONG = 60_000
"""Wrong proposals learned from, drawn at random from more: 1,500 frames bring about so many."""

PENALTIES = (0.001, 0.003, 0.01, 0.03)
"""The SVM's C is chosen among these by cross-validation within the training frames."""

FOLDS = 3

_HOG = cv2.HOGDescriptor((WINDOW_PX, WINDOW_PX), (16, 16), (8, 8), (8, 8), 9)
_COLOUR_BINS = (8, 6)

SETTINGS = [
    *REDNESS, SMALLEST_PX, LARGEST_PX, NARROWEST, EMPTIEST, SAME_IOU, WINDOW_PX, MARGIN, RIGHT_IOU, WRONG_IOU,
    PROPOSALS_PER_FRAME, MOST_WRONG, *PENALTIES, FOLDS, *_COLOUR_BINS,
]  # fmt: skip
"""What fixes the pipeline, for telling one comparison from another."""


@dataclass(frozen=True, slots=True)
class Patches:
    """Proposals to learn from.

    Attributes:
        features: float32, shape (n, FEATURES).
        signs: Whether each is a stop sign, shape (n,).
        frames: Which frame each is from, shape (n,): cross-validation must not part a frame.
    """

    features: NDArray[np.float32]
    signs: NDArray[np.bool_]
    frames: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Classical:
    """A trained pipeline: a picture in, stop signs out.

    Attributes:
        penalty: The C that cross-validation chose.
        patches: How many proposals it learned from.
    """

    penalty: float
    patches: int
    _weights: NDArray[np.float64] = field(repr=False)
    _offset: float = field(repr=False)

    def __call__(self, rgb: NDArray[np.uint8]) -> list[Answer]:
        """Return the stop signs in a picture, likeliest first; distances are unknown.

        Args:
            rgb: uint8 (H, W, 3).
        """
        return self.judge(*proposals(rgb))

    def judge(self, boxes: NDArray[np.float32], features: NDArray[np.float32]) -> list[Answer]:
        """Return the stop signs among proposals and their features, as `proposals` makes them."""
        if not len(boxes):
            return []
        log_odds = features @ self._weights + self._offset
        scores = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0)))
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= LOWEST_COUNTED]
        kept = order[suppress(boxes[order], np.zeros(len(order), np.int64), 0.3)]
        return [Answer(as_box(boxes[index]), float(scores[index]), 0.0) for index in kept]


def proposals(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the boxes that may be signs, (n, 4), and what the SVM is told of each, (n, features)."""
    boxes = propose(rgb)
    return boxes, describe(rgb, boxes) if len(boxes) else np.zeros((0, 0), np.float32)


def propose(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the boxes of red regions about as wide as high, xyxy, float32 (n, 4).

    Args:
        rgb: uint8 (H, W, 3).
    """
    red, green, blue = (channel.astype(np.float32) for channel in cv2.split(rgb))
    redness = (red - np.maximum(green, blue)) / (red + 32.0)
    found: list[tuple[float, float, float, float]] = []
    for level in REDNESS:
        mask = (redness > level).astype(np.uint8)
        # The legend is white: it is closed before the region is measured.
        for region in (mask, cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))):
            _, _, stats, _ = cv2.connectedComponentsWithStats(region, connectivity=8)
            left, top, width, height, area = stats[1:].T
            shorter, longer = np.minimum(width, height), np.maximum(width, height)
            fits = (shorter >= SMALLEST_PX) & (longer <= LARGEST_PX) & (shorter >= NARROWEST * longer)
            fits &= area >= EMPTIEST * width * height
            found += np.stack([left, top, left + width, top + height], axis=1)[fits].tolist()
    boxes = np.unique(np.array(found, np.float32).reshape(-1, 4), axis=0)
    # Larger ones first: of two that are nearly the same, the one with the border in it stays.
    boxes = boxes[np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind="stable")]
    return boxes[suppress(boxes, np.zeros(len(boxes), np.int64), SAME_IOU)]


def describe(rgb: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the SVM is told of each box: HOG, a histogram of hue and saturation, its shape; (n, features).

    Args:
        rgb: uint8 (H, W, 3).
        boxes: xyxy, shape (n, 4).
    """
    rows: list[NDArray[np.float32]] = []
    for x0, y0, x1, y1 in boxes.tolist():
        patch = _cut(rgb, (x0, y0, x1, y1))
        hog = _HOG.compute(patch).reshape(-1)
        hsv = cv2.cvtColor(patch, cv2.COLOR_RGB2HSV)
        colours = cv2.calcHist([hsv], [0, 1], None, _COLOUR_BINS, [0, 180, 0, 256]).reshape(-1)
        shape = [np.log((x1 - x0) / (y1 - y0)), np.log((y1 - y0) / 16.0), hsv[..., 2].mean() / 255.0]
        # The square root makes few pixels of a colour count (Hellinger's kernel); tens are HOG's own scale.
        rows.append(np.concatenate([hog, np.sqrt(colours / patch.shape[0] ** 2), shape]).astype(np.float32))
    return np.stack(rows)


def collect(frames: Iterable[tuple[NDArray[np.uint8], Sequence[Target]]], seed: int, count: int = 0) -> Patches:
    """Return the proposals of labelled frames.

    Args:
        frames: Pictures, uint8 (H, W, 3), with the signs in them.
        seed: Of the draw among wrong proposals, if there are too many.
        count: How many frames there are.
    """
    rng = np.random.default_rng(seed)
    # Rows are thinned out frame by frame: those of 100,000 frames would not fit into memory.
    kept_share = min(1.0, MOST_WRONG / (PROPOSALS_PER_FRAME * max(count, 1)))
    features: list[NDArray[np.float32]] = []
    signs: list[NDArray[np.bool_]] = []
    owners: list[NDArray[np.int64]] = []
    for number, (rgb, targets) in enumerate(frames):
        boxes = propose(rgb)
        right, wrong = _sorted_out(boxes, targets)
        wrong &= rng.random(len(boxes)) < kept_share
        used = right | wrong
        if used.any():
            features.append(describe(rgb, boxes[used]))
            signs.append(right[used])
            owners.append(np.full(int(used.sum()), number))
    if not features:
        return Patches(np.zeros((0, 1), np.float32), np.zeros(0, np.bool_), np.zeros(0, np.int64))
    return Patches(np.concatenate(features), np.concatenate(signs), np.concatenate(owners))


def _sorted_out(boxes: NDArray[np.float32], targets: Sequence[Target]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which proposals are stop signs, and which are surely none."""
    nothing = np.zeros(len(boxes), np.float32)
    asked = [target.box for target in targets if target.counts]
    ignored = [target.box for target in targets if not target.counts]
    best = pairwise_iou(boxes, np.array(asked, np.float32)).max(axis=1) if asked else nothing
    other = pairwise_iou(boxes, np.array(ignored, np.float32)).max(axis=1) if ignored else nothing
    return best >= RIGHT_IOU, (best < WRONG_IOU) & (other < WRONG_IOU)


def learn(patches: Patches, seed: int) -> Classical:
    """Train the SVM; its penalty and its probabilities are found by cross-validation within the training frames.

    Raises:
        DatasetError: If there are too few signs, or nothing else, to learn from.
        RollingStopError: If scikit-learn is not installed.
    """
    signs = int(patches.signs.sum())
    if min(signs, len(patches.signs) - signs) < 2 * FOLDS:
        raise DatasetError(
            f"Expected at least {2 * FOLDS} red regions that are stop signs, and as many that are none, in the "
            f"training frames. Received: {signs} and {len(patches.signs) - signs}.",
            hint="Take larger --volumes.",
        )
    svm, selection, linear = (
        import_or_tell(f"sklearn.{name}", EXTRA) for name in ("svm", "model_selection", "linear_model")
    )
    mean, spread = patches.features.mean(axis=0), patches.features.std(axis=0) + 1e-3
    x = (patches.features - mean) / spread
    folds = list(selection.GroupKFold(FOLDS, shuffle=True, random_state=seed).split(x, patches.signs, patches.frames))
    best: tuple[float, float, NDArray[np.float64]] | None = None
    for penalty in PENALTIES:
        margins = np.zeros(len(x))
        for train, held in folds:
            machine = svm.LinearSVC(
                C=penalty, class_weight="balanced", dual=True, random_state=seed, tol=1e-2, max_iter=2000
            )
            margins[held] = machine.fit(x[train], patches.signs[train]).decision_function(x[held])
        ap = float(import_or_tell("sklearn.metrics", EXTRA).average_precision_score(patches.signs, margins))
        if best is None or ap > best[0]:
            best = (ap, penalty, margins)
    machine = svm.LinearSVC(C=best[1], class_weight="balanced", dual=True, random_state=seed, tol=1e-2, max_iter=2000)
    machine.fit(x, patches.signs)
    platt = linear.LogisticRegression(C=1e6).fit(best[2][:, None], patches.signs)
    slope, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    weights = slope * machine.coef_[0] / spread
    return Classical(best[1], len(x), weights, float(slope * machine.intercept_[0] + shift - weights @ mean))


def _cut(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return a proposal and a margin about it, WINDOW_PX on a side."""
    x0, y0, x1, y1 = box
    scale_u = WINDOW_PX / ((x1 - x0) * (1 + 2 * MARGIN))
    scale_v = WINDOW_PX / ((y1 - y0) * (1 + 2 * MARGIN))
    left, top = x0 - MARGIN * (x1 - x0), y0 - MARGIN * (y1 - y0)
    move = np.array([[scale_u, 0.0, -left * scale_u], [0.0, scale_v, -top * scale_v]])
    return np.asarray(
        cv2.warpAffine(rgb, move, (WINDOW_PX, WINDOW_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def as_box(row: NDArray[Any]) -> Box:
    """Return a box of an array as plain numbers."""
    x0, y0, x1, y1 = (float(side) for side in row)
    return x0, y0, x1, y1
