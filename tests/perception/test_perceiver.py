"""What becomes of the network's answers before the driver reads them."""

from __future__ import annotations

import numpy as np
import pytest

from perception.channels import LANE_SCALES, Channel
from perception.decode import RIVAL_WEIGHT
from perception.perceiver import Perceiver
from sim.camera import Camera, CameraFrame
from sim.percept import Detection, ObjectKind

CAMERA = Camera(width_px=192, height_px=96, focal_px=206.0)
PLACE = (100.0, 40.0, 130.0, 70.0)
Peak = tuple[float, Channel, tuple[float, float, float, float]]


def perceived(*peaks: Peak, lowest_score: float = 0.2) -> list[Detection]:
    """Return what a perceiver makes of the peaks of one frame."""
    rows = np.zeros((64, 8), np.float32)
    for row, (score, channel, box) in zip(rows, sorted(peaks, reverse=True), strict=False):
        row[:2], row[2:6], row[6] = (score, channel), box, np.log(30.0)
    perceive = Perceiver(CAMERA, None, lowest_score, lambda rgb: (rows, np.zeros(2 * len(LANE_SCALES), np.float32)))
    return list(perceive(CameraFrame(0, np.zeros((96, 192, 3), np.uint8), CAMERA)).detections)


def test_a_stop_sign_is_believed_less_where_a_distractor_is_believed_too() -> None:
    first, second = perceived((0.8, Channel.STOP_SIGN, PLACE), (0.6, Channel.DISTRACTOR, PLACE))

    assert (first.kind, second.kind) == (ObjectKind.DISTRACTOR, ObjectKind.STOP_SIGN)
    assert second.score == pytest.approx(0.8 * (1 - RIVAL_WEIGHT * 0.6))


def test_a_distractor_elsewhere_or_a_vehicle_in_its_place_takes_nothing_from_a_stop_sign() -> None:
    elsewhere = (30.0, 40.0, 60.0, 70.0)
    detections = perceived(
        (0.8, Channel.STOP_SIGN, PLACE), (0.9, Channel.DISTRACTOR, elsewhere), (0.95, Channel.VEHICLE, PLACE)
    )

    assert [round(each.score, 4) for each in detections] == [0.95, 0.9, 0.8]


def test_what_is_hardly_believed_is_not_reported_and_the_same_thing_once() -> None:
    shifted = (102.0, 41.0, 132.0, 71.0)
    detections = perceived(
        (0.8, Channel.STOP_SIGN, PLACE),
        (0.5, Channel.STOP_SIGN, shifted),
        (0.1, Channel.STOP_SIGN, (10.0, 10.0, 30.0, 30.0)),
    )

    assert [(each.box, each.distance_m) for each in detections] == [(PLACE, pytest.approx(30.0))]
