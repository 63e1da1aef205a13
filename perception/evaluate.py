"""Scoring a network on labelled frames that it has not been trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import isfinite, isnan
from pathlib import Path

import numpy as np

from perception.engine import STANDARD, Engine
from perception.labels import STOP_LINE_RANGE_M, is_asked
from perception.matching import UNKNOWN_M, Answer, SceneAnswers, Target, score_kind
from perception.perceiver import LANE_TOLERANCE_M, Perceiver, load_perceiver
from perception.pipeline import decode_image
from perception.reliability import reliability
from perception.scores import LOWEST_COUNTED, LaneScores, Reliability, Scores, StopLineScores, quantile, rate, share
from sim.camera import CameraFrame
from sim.percept import ObjectKind, Percept, StopLineEstimate
from sim.recording import Dataset, Example
from sim.truth import MIN_VISIBLE_FRACTION, GroundTruth, ObjectTruth, StopLineTruth

Progress = Callable[[int, int], None]
Watch = Callable[[Example, Percept], None]

BANDS = {
    "0-8": (0.0, 8.0),
    "8-15": (8.0, 15.0),
    "15-25": (15.0, 25.0),
    "25-40": (25.0, 40.0),
    "40-55": (40.0, 55.0),
    "55-90": (55.0, 90.0),
    "8-40": (8.0, 40.0),
    "40-60": (40.0, 60.0),
    "60-80": (60.0, 80.0),
}
"""Distances in metres by which stop signs are scored: six that follow each other, three for which targets are set."""

ROAD_USER_BANDS = {name: BANDS[name] for name in ("0-8", "8-15", "15-25", "25-40")} | {"40-90": (40.0, 90.0)}
"""And vehicles and people: who is near and missed is worse than a mean over all shows."""

FARTHEST_M = 90.0
"""Objects farther away are ignored."""

BELIEVED_LINE = 0.5
"""A stop line counts as reported from this confidence on."""


def evaluate(
    dataset: Path,
    weights: Path | None = None,
    *,
    engine: Engine = STANDARD,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Score weights on a whole data set.

    Args:
        dataset: Its folder.
        weights: The weights file; the shipped one if not given.
        engine: What the answers are computed with.
        watch: Told each example and what was believed of it.
        progress: Told the frames done and the frames in all.

    Raises:
        DatasetError: If the data set is missing, damaged, or of another camera than the weights.
        WeightsError: If the weights are missing, altered or foreign.
    """
    source = Dataset.open(dataset)
    perceiver = load_perceiver(weights, lowest_score=LOWEST_COUNTED, engine=engine)
    source.require_camera(perceiver.camera)
    return score_examples(source.examples(), perceiver, count=source.count, watch=watch, progress=progress)


def score_examples(
    examples: Iterable[Example],
    perceiver: Perceiver,
    *,
    count: int = 0,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Score a perceiver on examples; it is asked frame by frame, exactly as in the loop."""
    tally = _Tally()
    for done, example in enumerate(examples, start=1):
        frame = CameraFrame(example.truth.step, decode_image(example, perceiver.camera), perceiver.camera)
        percept = perceiver(frame)
        tally.add(example.truth, percept)
        if watch is not None:
            watch(example, percept)
        if progress is not None:
            progress(done, count)
    return tally.scores()


@dataclass(slots=True)
class _Tally:
    """What has been seen so far, and what it ought to have been."""

    scenes: dict[ObjectKind, list[SceneAnswers]] = field(default_factory=lambda: {kind: [] for kind in ObjectKind})
    lane_errors: list[tuple[float, float, float]] = field(default_factory=list)
    line_beliefs: list[tuple[float, bool, int]] = field(default_factory=list)
    lane_beliefs: list[tuple[float, bool, int]] = field(default_factory=list)
    line_errors_m: list[float] = field(default_factory=list)
    roads: int = 0
    lines: int = 0
    lines_found: int = 0
    lines_false: int = 0

    def add(self, truth: GroundTruth, percept: Percept) -> None:
        """Take note of one frame."""
        for kind, scenes in self.scenes.items():
            targets = targets_of(truth, kind)
            scenes.append(SceneAnswers(targets, answers_of(percept, kind)))
        if not isfinite(truth.lane.offset_m):
            # Of a photograph nobody knows the lane and the stop line.
            return
        if percept.lane is not None:
            offset_error_m = abs(percept.lane.offset_m - truth.lane.offset_m)
            frame = len(self.lane_beliefs)
            self.lane_beliefs.append((percept.lane.confidence, offset_error_m <= LANE_TOLERANCE_M, frame))
            self.lane_errors.append(
                (
                    abs(percept.lane.offset_m - truth.lane.offset_m),
                    abs(percept.lane.heading_rad - truth.lane.heading_rad),
                    abs(percept.lane.curvature_per_m - truth.lane.curvature_per_m),
                )
            )
        self._add_line(truth, percept)

    def _add_line(self, truth: GroundTruth, percept: Percept) -> None:
        self.roads += 1
        line, believed = truth.stop_line, percept.stop_line
        reported = believed is not None and believed.confidence >= BELIEVED_LINE
        if believed is not None:
            self._judge_line_belief(believed, line)
        if line is None or line.box is None:
            self.lines_false += reported
            return
        if not line.visible or line.distance_m > STOP_LINE_RANGE_M:
            return
        self.lines += 1
        if believed is not None and reported:
            error_m = abs(believed.distance_m - line.distance_m)
            self.line_errors_m.append(error_m)
            self.lines_found += _is_placed(believed, line)

    def _judge_line_belief(self, believed: StopLineEstimate, line: StopLineTruth | None) -> None:
        """Take note of whether a belief in a line came true; lines that are not asked for leave it open."""
        shown = line is not None and line.box is not None
        if line is not None and shown and not (line.visible and line.distance_m <= STOP_LINE_RANGE_M):
            return
        right = line is not None and shown and _is_placed(believed, line)
        self.line_beliefs.append((believed.confidence, right, len(self.line_beliefs)))

    def scores(self) -> Scores:
        """Return the scores of all frames so far."""
        sign, curve, pairs = score_kind(self.scenes[ObjectKind.STOP_SIGN], BANDS)
        frames = len(self.scenes[ObjectKind.STOP_SIGN])
        lane = np.array(self.lane_errors, dtype=np.float64).reshape(-1, 3)
        return Scores(
            frames=frames,
            stop_sign=sign,
            distractor=score_kind(self.scenes[ObjectKind.DISTRACTOR], {})[0],
            vehicle=score_kind(self.scenes[ObjectKind.VEHICLE], ROAD_USER_BANDS)[0],
            pedestrian=score_kind(self.scenes[ObjectKind.PEDESTRIAN], ROAD_USER_BANDS)[0],
            stop_line=StopLineScores(
                recall=share(self.lines_found, self.lines),
                false_per_frame=rate(self.lines_false, self.roads),
                distance_error_median_m=quantile(self.line_errors_m, 0.5),
                distance_error_p90_m=quantile(self.line_errors_m, 0.9),
                reliability=_reliability(self.line_beliefs),
            ),
            lane=LaneScores(
                offset_error_median_m=quantile(lane[:, 0], 0.5),
                offset_error_p95_m=quantile(lane[:, 0], 0.95),
                heading_error_median_rad=quantile(lane[:, 1], 0.5),
                heading_error_p95_rad=quantile(lane[:, 1], 0.95),
                curvature_error_median_per_m=quantile(lane[:, 2], 0.5),
                reliability=_reliability(self.lane_beliefs),
            ),
            curves=curve,
            distance_pairs=pairs,
        )


def _is_placed(believed: StopLineEstimate, line: StopLineTruth) -> bool:
    return abs(believed.distance_m - line.distance_m) <= max(1.0, 0.1 * line.distance_m)


def _reliability(beliefs: list[tuple[float, bool, int]]) -> Reliability:
    values, right, frames = ([each[k] for each in beliefs] for k in range(3))
    return reliability(values, right, frames)


def targets_of(truth: GroundTruth, kind: ObjectKind) -> list[Target]:
    """Return what is to be found of one kind in one frame."""
    return [Target(each.box, _far_m(each), _counts(each)) for each in truth.objects if each.kind is kind]


def answers_of(percept: Percept, kind: ObjectKind) -> list[Answer]:
    """Return what a percept believes of one kind, most believed first."""
    return [Answer(d.box, d.score, d.distance_m) for d in percept.detections if d.kind is kind]


def _counts(thing: ObjectTruth) -> bool:
    """Return whether missing an object counts: the rule of training, save that no stop sign is too small to count."""
    near = isnan(thing.distance_m) or thing.distance_m <= FARTHEST_M
    if thing.kind is ObjectKind.STOP_SIGN:
        return near and thing.visible_fraction >= MIN_VISIBLE_FRACTION and thing.applies_to_ego
    return near and is_asked(thing)


def _far_m(thing: ObjectTruth) -> float:
    return UNKNOWN_M if isnan(thing.distance_m) else thing.distance_m
