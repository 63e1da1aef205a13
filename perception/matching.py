"""Which detection found which object: COCO's own matching, and what follows from it.

Distances take the place of COCO's areas: each object's "area" is its true distance and each detection's the distance
that it believes in, so COCO's area ranges are our bands. Objects that must not count are "crowd": neither missed nor
falsely found.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from perception.reliability import reliability
from perception.scores import DetectionScores, KindScores, Measure, quantile, rate, share
from sim.percept import Box
from sim.seeding import Stream, stream

Band = tuple[float, float]

BOOTSTRAPS = 200
"""Resamples of the frames behind an interval of average precision, or of recall at a precision."""

LEVELS = (0.90, 0.95, 0.97, 0.99)
"""Precisions at which recall is told."""

_FAR_M = 1e6

UNKNOWN_M = 1e5
"""The distance of an object whose distance is not known: it counts in the whole, and in no band."""


@dataclass(frozen=True, slots=True)
class Target:
    """One object to be found. `counts` is false where finding it is neither asked for nor false.

    `distance_m` is `UNKNOWN_M` where nobody knows it.
    """

    box: Box
    distance_m: float
    counts: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One detection."""

    box: Box
    score: float
    distance_m: float


@dataclass(frozen=True, slots=True)
class SceneAnswers:
    """Objects and detections of one kind in one picture."""

    targets: Sequence[Target]
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Matched:
    """Every detection that counts, strongest first: its score, its picture, whether it is right, and what it found.

    Attributes:
        scores: Shape (n,).
        pictures: Index of the picture, shape (n,).
        right: Whether it found an object, shape (n,).
        believed_m: The distance that it believes in, shape (n,).
        found_m: The true distance of what it found, NaN if nothing, shape (n,).
    """

    scores: NDArray[np.float64]
    pictures: NDArray[np.int64]
    right: NDArray[np.bool_]
    believed_m: NDArray[np.float64]
    found_m: NDArray[np.float64]


def match(scenes: Sequence[SceneAnswers]) -> Matched:
    """Return every detection that counts, as COCO matches it over all distances; for bootstraps."""
    return _collect(_judge(scenes, {"all": (0.0, _FAR_M)}), scenes)


def score_kind(
    scenes: Sequence[SceneAnswers], bands: Mapping[str, Band]
) -> tuple[KindScores, NDArray[np.float64], NDArray[np.float64]]:
    """Score one kind of object.

    Args:
        scenes: Objects and detections, picture by picture.
        bands: Names and limits in metres.

    Returns:
        The scores; recall and precision along the threshold, shape (n, 2); true and believed distance of each object
        found at 0.97 precision, shape (m, 2).
    """
    spans = {"all": (0.0, _FAR_M), **bands}
    judged = _judge(scenes, spans)
    matched = _collect(judged, scenes)
    counted = np.array([t.distance_m for scene in scenes for t in scene.targets if t.counts], dtype=np.float64)
    curve = _curve(matched, len(counted))
    operating = _threshold(matched, 0.97)
    average, recalls = _average_precisions(judged), _recalls(matched, scenes, list(spans.values()))
    each = {
        name: _span_scores(
            matched, span, operating, recalls[number], _with_interval(average[number], judged, number, scenes)
        )
        for number, (name, span) in enumerate(spans.items())
    }
    whole = each.pop("all")
    acted = matched.scores >= operating if operating is not None else np.zeros(len(matched.scores), np.bool_)
    found = acted & matched.right
    scores = KindScores(
        **{name: getattr(whole, name) for name in DetectionScores.__slots__},
        threshold_97=operating,
        precision=share(int(found.sum()), int(acted.sum())),
        false_per_frame=rate(int((acted & ~matched.right).sum()), len(scenes)),
        bands=each,
        reliability=reliability(matched.scores, matched.right, matched.pictures),
    )
    known = found & (matched.found_m < UNKNOWN_M)
    return scores, curve, np.stack([matched.found_m[known], matched.believed_m[known]], axis=1)


def _judge(scenes: Sequence[SceneAnswers], spans: Mapping[str, Band]) -> COCOeval:
    """Let COCO match detections to objects, and work out average precision for each span of distance."""
    truths, answers = _as_coco(scenes)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = truths
        truth.createIndex()
        answer = COCO()
        answer.dataset = {**truths, "annotations": answers}
        answer.createIndex()
        judge = COCOeval(truth, answer, "bbox")
        judge.params.iouThrs = np.array([0.5])
        judge.params.areaRng = [list(span) for span in spans.values()]
        judge.params.areaRngLbl = list(spans)
        judge.params.maxDets = [100]
        judge.evaluate()
        judge.accumulate()
    return judge


def _as_coco(scenes: Sequence[SceneAnswers]) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return ground truth and detections as COCO holds them."""
    annotations: list[dict[str, object]] = []
    answers: list[dict[str, object]] = []
    for number, scene in enumerate(scenes):
        for target in scene.targets:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": _xywh(target.box),
                    "area": target.distance_m,
                    "iscrowd": int(not target.counts),
                }
            )
        for answer in scene.answers:
            answers.append(
                {
                    "id": len(answers) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": _xywh(answer.box),
                    "area": answer.distance_m,
                    "score": answer.score,
                }
            )
    images = [{"id": number} for number in range(len(scenes))]
    return {"info": {}, "images": images, "categories": [{"id": 1}], "annotations": annotations}, answers


def _xywh(box: Box) -> list[float]:
    x0, y0, x1, y1 = box
    return [x0, y0, x1 - x0, y1 - y0]


def _collect(judge: COCOeval, scenes: Sequence[SceneAnswers]) -> Matched:
    """Return every detection that counts, as COCO matched it over all distances."""
    distances_m = [target.distance_m for scene in scenes for target in scene.targets]
    believed_m = [answer.distance_m for scene in scenes for answer in scene.answers]
    rows: list[tuple[float, int, bool, float, float]] = []
    for picture in _pictures(judge, 0):
        matches, ignored = picture["dtMatches"][0], picture["dtIgnore"][0]
        for number, detection in enumerate(picture["dtIds"]):
            if not ignored[number]:
                target = int(matches[number])
                found_m = distances_m[target - 1] if target else float("nan")
                score = float(picture["dtScores"][number])
                rows.append((score, picture["image_id"], target > 0, believed_m[detection - 1], found_m))
    rows.sort(key=lambda row: -row[0])
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    return Matched(
        np.array(columns[0], np.float64),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.bool_),
        np.array(columns[3], np.float64),
        np.array(columns[4], np.float64),
    )


def _pictures(judge: COCOeval, span: int) -> list[dict[str, object]]:
    """Return COCO's findings for each picture in one span of distance; there is one category."""
    count = len(judge.params.imgIds)
    return [each for each in judge.evalImgs[span * count : (span + 1) * count] if each is not None]


def _curve(matched: Matched, n: int) -> NDArray[np.float64]:
    right = np.cumsum(matched.right)
    precision = right / np.arange(1, len(right) + 1)
    return np.stack([right / max(n, 1), precision], axis=1)


def _threshold(matched: Matched, precision: float) -> float | None:
    """Return the lowest score at which the precision of all detections above it still reaches `precision`."""
    reached = np.flatnonzero(np.cumsum(matched.right) >= precision * np.arange(1, len(matched.right) + 1))
    # Detections of equal score stand or fall together.
    last = [i for i in reached if i + 1 == len(matched.scores) or matched.scores[i + 1] < matched.scores[i]]
    return float(matched.scores[last[-1]]) if last else None


def _average_precisions(judge: COCOeval) -> list[float | None]:
    """Return COCO's AP50 for each span; None where there is nothing to find."""
    precision = judge.eval["precision"][0, :, 0, :, 0]
    return [None if (column < 0).all() else float(column.mean()) for column in precision.T]


def _with_interval(value: float | None, judge: COCOeval, span: int, scenes: Sequence[SceneAnswers]) -> Measure:
    """Return an average precision with the interval that resampling the pictures gives."""
    parts = _pictures(judge, span)
    wanted = [int(np.sum(~np.asarray(part["gtIgnore"], np.bool_))) for part in parts]
    if value is None:
        return Measure(None, None, None, 0)
    rng = stream(0, Stream.BOOTSTRAP, span)
    scores = np.concatenate([np.asarray(part["dtScores"], np.float64) for part in parts] or [np.zeros(0)])
    right = np.concatenate([np.asarray(part["dtMatches"][0]) > 0 for part in parts] or [np.zeros(0, np.bool_)])
    counts = np.concatenate([~np.asarray(part["dtIgnore"][0], np.bool_) for part in parts] or [np.zeros(0, np.bool_)])
    owner = np.repeat(np.arange(len(parts)), [len(part["dtScores"]) for part in parts])
    order = np.argsort(-scores, kind="stable")
    right, owner = right[order][counts[order]], owner[order][counts[order]]
    drawn = rng.multinomial(len(scenes), np.full(len(scenes), 1 / len(scenes)), size=BOOTSTRAPS)[:, : len(parts)]
    values = [average_precision(right, times[owner], int(times @ wanted)) for times in drawn]
    low, high = np.quantile(values, [0.025, 0.975])
    return Measure(value, float(low), float(high), sum(wanted))


def average_precision(right: NDArray[np.bool_], times: NDArray[np.int64], n: int) -> float:
    """Return COCO's 101-point average precision where each detection occurs a number of times.

    Args:
        right: Whether each detection is right, strongest first.
        times: How often each occurs.
        n: How many objects there are to find.
    """
    if n == 0:
        return 0.0
    found = np.cumsum(right * times)
    precision = found / np.maximum(np.cumsum(times), 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(found / n, np.linspace(0.0, 1.0, 101), side="left")
    return float(np.mean(np.where(places < len(envelope), np.append(envelope, 0.0)[places], 0.0)))


def recall_at(
    precision: float, scores: NDArray[np.float64], right: NDArray[np.bool_], times: NDArray[np.int64], n: int
) -> float:
    """Return the share found at the lowest score at which the precision of all above it still reaches `precision`.

    Args:
        precision: The one to reach.
        scores: Of the detections, highest first.
        right: Whether each found an object.
        times: How often each occurs.
        n: How many objects there are to find.
    """
    if n == 0:
        return 0.0
    above = _above(precision, scores, right, times)
    return float((right * times)[:above].sum() / n)


def _above(precision: float, scores: NDArray[np.float64], right: NDArray[np.bool_], times: NDArray[np.int64]) -> int:
    """Return how many detections, each occurring a number of times, are above the lowest score that keeps a precision.

    Detections of equal score stand or fall together.
    """
    found, counted = np.cumsum(right * times), np.cumsum(times)
    last = np.append(scores[1:] < scores[:-1], True)[: len(scores)]
    reached = np.flatnonzero(last & (found >= precision * counted) & (counted > 0))
    return int(reached[-1]) + 1 if len(reached) else 0


def _recalls(matched: Matched, scenes: Sequence[SceneAnswers], spans: Sequence[Band]) -> list[dict[float, Measure]]:
    """Return the share of each span's objects that is found at each of `LEVELS`, with intervals.

    Signs of one picture are alike, and the threshold is found on the same pictures. How much more that lets a share
    vary than as many independent signs would is told by resampling the pictures, threshold and all; Wilson's interval
    is then that of so many fewer signs (the design effect of Kish 1965, Survey Sampling, 8.2).
    """
    lows, highs = np.array(spans, np.float64).T
    owners = np.repeat(np.arange(len(scenes)), [sum(t.counts for t in scene.targets) for scene in scenes])
    counted_m = np.array([t.distance_m for scene in scenes for t in scene.targets if t.counts], np.float64)[:, None]
    wanted = np.zeros((len(scenes), len(spans)), np.int64)
    np.add.at(wanted, owners, (counted_m >= lows) & (counted_m < highs))
    found_m = matched.found_m[:, None]
    inside = matched.right[:, None] & (found_m >= lows) & (found_m < highs)

    def found(times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many of each span are found at each level, where each picture occurs a number of times."""
        each = times[matched.pictures]
        counts = np.cumsum(inside * each[:, None], axis=0)
        places = [_above(level, matched.scores, matched.right, each) for level in LEVELS]
        return np.stack([counts[place - 1] if place else np.zeros(len(spans), np.int64) for place in places])

    hits, n = found(np.ones(len(scenes), np.int64)), wanted.sum(axis=0)
    chances = np.full(len(scenes), 1 / max(len(scenes), 1))
    drawn = stream(0, Stream.BOOTSTRAP, 2_000).multinomial(len(scenes), chances, size=BOOTSTRAPS)
    resampled = np.stack([found(times) / np.maximum(times @ wanted, 1) for times in drawn])
    # Of none or all a share has no variance of its own: two more found and two more missed (Agresti and Coull 1998).
    shares = (hits + 2.0) / (n + 4.0)
    effect = np.maximum(resampled.var(axis=0) * (n + 4.0) / (shares * (1.0 - shares)), 1.0)
    return [
        {
            level: share(int(hits[place, span]), int(n[span]), float(effect[place, span]))
            for place, level in enumerate(LEVELS)
        }
        for span in range(len(spans))
    ]


def _span_scores(
    matched: Matched, span: Band, operating: float | None, recalls: Mapping[float, Measure], ap: Measure
) -> DetectionScores:
    """Score the objects of one span of distance; their distances from the score `operating` on."""
    inside = matched.right & (matched.found_m >= span[0]) & (matched.found_m < span[1])
    known = inside & (matched.scores >= (np.inf if operating is None else operating)) & (matched.found_m < UNKNOWN_M)
    errors = np.abs(matched.believed_m[known] - matched.found_m[known]) / np.maximum(matched.found_m[known], 1e-9)
    return DetectionScores(
        ap=ap,
        recall_at_90=recalls[0.90],
        recall_at_95=recalls[0.95],
        recall_at_97=recalls[0.97],
        recall_at_99=recalls[0.99],
        distance_error_median=quantile(errors, 0.5),
        distance_error_p95=quantile(errors, 0.95),
    )
