"""What becomes of the network's answers before the driver reads them."""

from __future__ import annotations

import pytest

from perception.decode import RIVAL_WEIGHT
from perception.perceiver import _contested
from sim.percept import Detection, ObjectKind

PLACE = (100.0, 80.0, 130.0, 110.0)


def seen(kind: ObjectKind, score: float, box: tuple[float, float, float, float] = PLACE) -> Detection:
    return Detection(kind, box, score, 30.0, 1.0)


def test_a_stop_sign_is_believed_less_where_a_distractor_is_believed_too() -> None:
    answers = _contested([seen(ObjectKind.STOP_SIGN, 0.8), seen(ObjectKind.DISTRACTOR, 0.6)])

    assert answers[0].score == pytest.approx(0.8 * (1 - RIVAL_WEIGHT * 0.6))
    assert answers[1].score == 0.6


def test_a_distractor_elsewhere_or_a_vehicle_in_its_place_takes_nothing_from_a_stop_sign() -> None:
    elsewhere = (300.0, 80.0, 330.0, 110.0)
    detections = [
        seen(ObjectKind.STOP_SIGN, 0.8),
        seen(ObjectKind.DISTRACTOR, 0.9, elsewhere),
        seen(ObjectKind.VEHICLE, 0.9),
    ]

    assert {(each.kind, each.score) for each in _contested(detections)} == {(d.kind, d.score) for d in detections}
