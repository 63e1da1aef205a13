from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.channels import STRIDE, BoxField, Channel
from perception.labels import Labels, label, no_labels
from perception.targets import IGNORED, encode, stack
from sim.camera import Camera
from sim.percept import ObjectKind
from sim.truth import GroundTruth, LaneTruth, ObjectTruth, StopLineTruth

CAMERA = Camera()
LANE = LaneTruth(0.25, -0.02, 0.001, 3.5)
SIGN = ObjectTruth(
    1, ObjectKind.STOP_SIGN, "stop", (400.0, 80.0, 424.0, 104.0), (400.0, 80.0, 424.0, 104.0), 1.0, False, 23.0, True
)


def labels_of(*things: ObjectTruth, line: StopLineTruth | None = None) -> Labels:
    return label(GroundTruth(0, things, LANE, line))


def test_a_visible_sign_is_one_peak_of_heat_in_its_own_channel() -> None:
    heat = encode(labels_of(SIGN), CAMERA).heat
    assert heat[11, 51, Channel.STOP_SIGN] == 1.0
    assert (heat[..., Channel.STOP_SIGN] == 1.0).sum() == 1
    assert not heat[..., Channel.DISTRACTOR :].any()


@pytest.mark.parametrize(
    "change",
    [{"visible_fraction": 0.4}, {"applies_to_ego": False}, {"box": (400.0, 80.0, 404.0, 84.0)}],
    ids=["mostly hidden", "of another approach", "too small"],
)
def test_a_sign_that_is_not_asked_for_is_ignored_in_both_sign_channels(change: dict[str, object]) -> None:
    targets = encode(labels_of(replace(SIGN, **change)), CAMERA)
    assert (targets.heat[10, 50, : Channel.VEHICLE] == IGNORED).all()
    assert len(targets.cells) == 0
    assert not targets.heat[..., Channel.VEHICLE :].any()


def test_a_sign_in_front_of_one_to_ignore_is_still_asked_for() -> None:
    hidden = replace(SIGN, instance_id=2, box=(390.0, 70.0, 440.0, 120.0), visible_fraction=0.2)
    assert encode(labels_of(hidden, SIGN), CAMERA).heat[11, 51, Channel.STOP_SIGN] == 1.0


def test_a_stop_line_too_far_to_see_is_ignored() -> None:
    near = StopLineTruth(15.0, 13.0, True, (300.0, 210.0, 400.0, 214.0))
    assert encode(labels_of(line=near), CAMERA).heat[..., Channel.STOP_LINE].max() == 1.0
    far = replace(near, distance_m=60.0)
    assert encode(labels_of(line=far), CAMERA).heat[..., Channel.STOP_LINE].max() == 0.0


def test_a_frame_with_nothing_asked_has_no_lane_and_ignores_the_stop_line() -> None:
    targets = encode(no_labels(), CAMERA)
    assert targets.lane_weight == 0
    assert (targets.heat[..., Channel.STOP_LINE] == IGNORED).all()


@settings(max_examples=50)
@given(
    st.floats(0, CAMERA.width_px - 8),
    st.floats(0, CAMERA.height_px - 8),
    st.floats(6, 200),
    st.floats(6, 150),
    st.floats(1, 90),
)
def test_box_and_distance_come_back_from_any_of_its_cells(
    x0: float, y0: float, width: float, height: float, distance_m: float
) -> None:
    box = (x0, y0, min(x0 + width, CAMERA.width_px), min(y0 + height, CAMERA.height_px))
    targets = encode(labels_of(replace(SIGN, box=box, distance_m=distance_m)), CAMERA)
    for (row, column, _), fields in zip(targets.cells, targets.boxes, strict=True):
        u = STRIDE * (column + 0.5 + fields[BoxField.OFFSET_U])
        v = STRIDE * (row + 0.5 + fields[BoxField.OFFSET_V])
        w, h = STRIDE * np.exp(fields[BoxField.LOG_WIDTH]), STRIDE * np.exp(fields[BoxField.LOG_HEIGHT])
        assert (u - w / 2, v - h / 2, u + w / 2, v + h / 2) == pytest.approx(box, abs=0.01)
        assert np.exp(fields[BoxField.LOG_DISTANCE]) == pytest.approx(distance_m, rel=1e-4)


def test_a_batch_numbers_the_frames_of_its_cells() -> None:
    one = encode(labels_of(SIGN), CAMERA)
    none = encode(labels_of(), CAMERA)
    batch = stack([none, one, one])
    assert set(batch.cells[:, 0]) == {1, 2}
    assert batch.heat.shape[0] == 3
    assert len(batch.boxes) == 2 * len(one.boxes)
