"""What one frame says for or against a thing: the log-odds that a detection adds to a track."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from sim.camera import Camera
from sim.control.stopline import LineTrack
from sim.percept import Box, Detection, ObjectKind

MIN_SCORE = 0.25
"""Detections with a lower score neither found nor feed a track, but they keep one from being missed."""

MAX_GAIN = 0.9
"""Log-odds that a sure detection adds; one at `MIN_SCORE` adds nothing."""

SIGN_SHARE = 0.35
MAX_LOSS = 0.6
"""A sign adds this share of its score's log-odds, reckoned from what a stop sign so far away hardly ever scores less
than; never more than `MAX_GAIN`, and at worst this is lost. Of one thing, the scores of frames that follow each other
are alike, and tell less than as many that are not: hence a share."""

AT_A_LINE_M = 8.0
AT_A_LINE_GAIN = 0.6
"""A sign no farther than this from a stop line that is believed in is where one ought to be, which adds the second to
what its score says; under `MIN_SCORE` it says nothing."""

SURE_WITHIN_M = 23.0
UNSURE_BEYOND_M = 45.0
"""Nearer than the first, where its word can be read, a stop sign scores what these eyes are sure of; beyond the second
it may score anything from `MIN_SCORE` on: what is braked for gently may be doubted late."""

RIVAL_IOU = 0.3
"""A sign and a distractor whose boxes overlap by more than this are one thing, and the network cannot tell which."""

RIVAL_LOSS = 1.5
"""Log-odds lost for each point by which the distractor's score is above the sign's."""

BOARD_HOLDS = 0.85
BOARD_LARGER = 1.8
BOARD_SCORE = 0.3
BOARD_SURE_SCORE = 0.985
"""A sign of which the first share lies in the box of a distractor so many times as large, seen with at least the third
score, is rather a picture on a board: so are two thirds of the sightings of those on billboards, and 0.3 % of true
signs'. It may be a true one before a board: then it scores more than the fourth, as five of six near ones do."""

EDGE_PX = 24.0
"""Distance from the frame's edge at which a sign or a road user may be cut off and no longer be seen."""


def evidence_of(
    detection: Detection,
    distractors: Sequence[Detection],
    lines: Sequence[LineTrack],
    sure_score: float,
    camera: Camera,
) -> float:
    """Return the log-odds that one detection adds; what is as likely something else adds nothing, or less.

    Args:
        detection: Of a sign or a road user.
        distractors: Seen in the same frame.
        lines: Stop lines believed to be there.
        sure_score: What stop signs near by hardly ever score less than, with these eyes; of eyes of which nothing is
            known, `MIN_SCORE`.
        camera: The camera that the boxes' pixels belong to.
    """
    return _by_score(detection, distractors, sure_score, camera) + (
        AT_A_LINE_GAIN if is_at_a_line(detection, lines) else 0.0
    )


def is_at_a_line(detection: Detection, lines: Sequence[LineTrack]) -> bool:
    """Return whether a sign is seen where a stop line is, too."""
    return (
        detection.kind is ObjectKind.STOP_SIGN
        and detection.score >= MIN_SCORE
        and any(line.believed and abs(line.x_m - detection.distance_m) < AT_A_LINE_M for line in lines)
    )


def _by_score(detection: Detection, distractors: Sequence[Detection], sure_score: float, camera: Camera) -> float:
    score, rival = detection.score, _rival_score(detection, distractors)
    if rival > score:
        return -RIVAL_LOSS * (rival - score)
    most = MAX_GAIN * min(max((score - max(MIN_SCORE, rival)) / (0.85 - MIN_SCORE), 0.0), 1.0)
    if detection.kind is not ObjectKind.STOP_SIGN or sure_score <= MIN_SCORE:
        return most
    near = min(max((UNSURE_BEYOND_M - detection.distance_m) / (UNSURE_BEYOND_M - SURE_WITHIN_M), 0.0), 1.0)
    neutral = _logit(MIN_SCORE) + near * (_logit(sure_score) - _logit(MIN_SCORE))
    if is_on_a_board(detection, distractors):
        neutral = max(neutral, _logit(BOARD_SURE_SCORE))
    least = 0.0 if _near_edge(detection.box, camera) else -MAX_LOSS
    return min(most, max(SIGN_SHARE * (_logit(score) - neutral), least))


def _rival_score(detection: Detection, distractors: Sequence[Detection]) -> float:
    """Return the highest score of a distractor seen in the same place as a sign, or 0."""
    if detection.kind is not ObjectKind.STOP_SIGN:
        return 0.0
    return max((each.score for each in distractors if _overlap(detection.box, each.box) > RIVAL_IOU), default=0.0)


def is_on_a_board(sign: Detection, distractors: Sequence[Detection]) -> bool:
    """Return whether a sign is seen within something larger that is none."""
    area = _area(sign.box)
    return any(
        each.score >= BOARD_SCORE
        and _area(each.box) > BOARD_LARGER * area
        and _shared(sign.box, each.box) > BOARD_HOLDS * area
        for each in distractors
    )


def _overlap(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes."""
    shared = _shared(first, second)
    return shared / (_area(first) + _area(second) - shared) if shared > 0.0 else 0.0


def _shared(first: Box, second: Box) -> float:
    """Return the area that two boxes share."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    return max(wide, 0.0) * max(high, 0.0)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _near_edge(box: Box, camera: Camera) -> bool:
    """Return whether a box is, or soon will be, cut by the frame's edge: what is left of a sign says less."""
    return box[0] < EDGE_PX or box[1] < EDGE_PX or box[2] > camera.width_px - EDGE_PX


def _logit(score: float) -> float:
    """Return a score's log-odds, those of a score of 0 or 1 held finite."""
    share = min(max(score, 1e-4), 1.0 - 1e-4)
    return log(share / (1.0 - share))
