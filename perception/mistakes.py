"""Which stop signs were missed and which were none, and what each mistake has to do with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from perception.decode import pairwise_iou
from perception.evaluate import targets_of
from sim.percept import Box, Detection, ObjectKind, Percept
from sim.recording import Example
from sim.truth import GroundTruth, ObjectTruth

RIGHT_IOU = 0.5
"""From this overlap on a detection found an object, as in the scores."""

TOUCHING_IOU = 0.1
"""From this overlap on a false detection is put down to what lies there."""

SIZES_PX = (8.0, 12.0, 16.0, 24.0, 48.0)
"""Heights between which missed signs are counted."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A stop sign missed, or a detection of one that is none.

    Attributes:
        index: The example's number in its data set.
        box: Of the sign missed, or of the false detection.
        score: The strongest belief in the sign missed, 0 if none; or that of the false detection.
        about: What it is, in words.
    """

    index: int
    box: Box
    score: float
    about: str


@dataclass(frozen=True, slots=True)
class Mistakes:
    """All mistakes at one threshold.

    Attributes:
        threshold: Detections believed at least this much count.
        false: False detections, surest first.
        missed: Signs missed, nearest first.
        false_by: False detections by what lay there.
        missed_by: By cause ("variant", "hidden by", ...) and value: how many were missed, and how many there were.
    """

    threshold: float
    false: tuple[Mistake, ...]
    missed: tuple[Mistake, ...]
    false_by: dict[str, int]
    missed_by: dict[str, dict[str, tuple[int, int]]]


@dataclass(slots=True)
class MistakeBook:
    """What was believed of every frame, kept until the threshold is known."""

    _frames: list[tuple[int, GroundTruth, str, list[Detection]]] = field(default_factory=list)

    def add(self, example: Example, percept: Percept) -> None:
        """Take note of one frame."""
        signs = [each for each in percept.detections if each.kind is ObjectKind.STOP_SIGN]
        self._frames.append((example.index, example.truth, str(example.attributes["light_family"]), signs))

    def at(self, threshold: float) -> Mistakes:
        """Return the mistakes among the detections believed at least `threshold`."""
        false: list[tuple[str, Mistake]] = []
        missed: list[tuple[float, Mistake]] = []
        counts: dict[str, Counter[str]] = {}
        misses: dict[str, Counter[str]] = {}
        for index, truth, light, detections in self._frames:
            acted = sorted((d for d in detections if d.score >= threshold), key=lambda d: -d.score)
            signs = [each for each in truth.objects if each.kind is ObjectKind.STOP_SIGN]
            asked = [each.counts for each in targets_of(truth, ObjectKind.STOP_SIGN)]
            found, wrong = _match(acted, signs, asked)
            for detection in wrong:
                culprit = _what_lies_at(detection, truth)
                about = f"{culprit}, believed {detection.distance_m:.0f} m away"
                false.append((culprit, Mistake(index, detection.box, detection.score, about)))
            for number, sign in enumerate(signs):
                if not asked[number]:
                    continue
                causes = _causes(sign, light)
                for name, value in causes.items():
                    counts.setdefault(name, Counter())[value] += 1
                    misses.setdefault(name, Counter())[value] += number not in found
                if number not in found:
                    about = ", ".join([f"{sign.distance_m:.0f} m", *(f"{k} {v}" for k, v in causes.items())])
                    strongest = max((d.score for d in detections if _iou(d.box, sign.box) >= RIGHT_IOU), default=0.0)
                    missed.append((sign.distance_m, Mistake(index, sign.box, strongest, about)))
        false.sort(key=lambda each: -each[1].score)
        missed.sort(key=lambda each: each[0])
        return Mistakes(
            threshold,
            tuple(mistake for _, mistake in false),
            tuple(mistake for _, mistake in missed),
            dict(Counter(culprit for culprit, _ in false).most_common()),
            {
                name: {value: (misses[name][value], n) for value, n in sorted(values.items())}
                for name, values in counts.items()
            },
        )


def _match(
    acted: Sequence[Detection], signs: Sequence[ObjectTruth], asked: Sequence[bool]
) -> tuple[set[int], list[Detection]]:
    """Return which signs were found, and the detections that found none; signs not asked for excuse a detection."""
    found: set[int] = set()
    wrong: list[Detection] = []
    for detection in acted:
        overlaps = [_iou(detection.box, sign.box) for sign in signs]
        free = [k for k in range(len(signs)) if asked[k] and k not in found and overlaps[k] >= RIGHT_IOU]
        if free:
            found.add(max(free, key=lambda k: overlaps[k]))
        elif not any(not asked[k] and _inside(detection.box, signs[k].box) >= RIGHT_IOU for k in range(len(signs))):
            wrong.append(detection)
    return found, wrong


def _what_lies_at(detection: Detection, truth: GroundTruth) -> str:
    """Return what a false detection took for a sign."""
    overlaps = [_iou(detection.box, each.box) for each in truth.objects]
    best = int(np.argmax(overlaps)) if overlaps else -1
    if best < 0 or overlaps[best] < TOUCHING_IOU:
        return "nothing that is labelled"
    thing = truth.objects[best]
    if thing.kind is ObjectKind.STOP_SIGN:
        return "a stop sign, boxed badly or twice"
    return thing.variant.replace("_", " ")


def _causes(sign: ObjectTruth, light: str) -> dict[str, str]:
    height_px = sign.box[3] - sign.box[1]
    ends = [0.0, *SIZES_PX]
    size = next(
        (f"{low:02.0f}-{high:02.0f} px" for low, high in zip(ends, SIZES_PX, strict=False) if height_px < high),
        "48+ px",
    )
    causes = {"variant": sign.variant.replace("_", " "), "light": light.replace("_", " "), "height": size}
    if sign.sign is not None:
        causes["hidden by"] = (sign.sign.occluder or "nothing").replace("_", " ")
        causes["mount"] = sign.sign.mount.replace("_", " ")
    part = (
        "all" if sign.visible_fraction > 0.95 else "half to three quarters" if sign.visible_fraction < 0.75 else "most"
    )
    causes["visible"] = part
    return causes


def _iou(first: Box, second: Box) -> float:
    return float(pairwise_iou(np.array([first], np.float32), np.array([second], np.float32))[0, 0])


def _inside(inner: Box, outer: Box) -> float:
    """Return the share of a box that lies within another."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return max(width, 0.0) * max(height, 0.0) / max(area, 1e-9)
