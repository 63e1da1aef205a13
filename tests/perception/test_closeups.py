from __future__ import annotations

import numpy as np
import pytest

from perception.channels import Channel
from perception.closeups import closeup_camera, cut_out
from perception.labels import Labels
from sim.camera import Camera

CAMERA = Camera()
SIZE = closeup_camera(CAMERA)


def labels(*boxes: tuple[float, float, float, float]) -> Labels:
    count = len(boxes)
    return Labels(
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        channels=np.array([Channel.STOP_SIGN, Channel.DISTRACTOR, Channel.VEHICLE][:count], np.int32),
        distances_m=np.full(count, 20.0, np.float32),
        asked=np.ones(count, np.bool_),
        lane=np.zeros(3, np.float32),
    )


def test_a_closeup_has_a_fifth_of_the_frames_pixels() -> None:
    assert (SIZE.width_px, SIZE.height_px) == (224, 160)


@pytest.mark.parametrize("seed", range(20))
def test_what_a_label_marks_in_a_closeup_is_what_it_marked_in_the_frame(seed: int) -> None:
    rgb = np.zeros((288, 672, 3), np.uint8)
    rgb[50:70, 600:622] = 255
    closeup, found = cut_out(rgb, labels((600, 50, 622, 70)), SIZE, np.random.default_rng(seed))
    assert closeup.shape == (160, 224, 3)
    assert not found.road_asked
    for box, asked in zip(found.boxes.astype(int), found.asked, strict=True):
        assert (closeup[box[1] : box[3], box[0] : box[2]] == 255).all()
        assert asked == ((box[2] - box[0]) * (box[3] - box[1]) >= 0.6 * 22 * 20)
    if not len(found.boxes):
        assert not closeup.any()


def test_most_closeups_show_a_sign_and_none_a_vehicle() -> None:
    rgb = np.zeros((288, 672, 3), np.uint8)
    every = labels((600, 50, 622, 70), (100, 40, 110, 50), (300, 100, 400, 160))
    rng = np.random.default_rng(0)
    cuts = [cut_out(rgb, every, SIZE, rng)[1] for _ in range(200)]
    assert sum(bool(each.asked.any()) for each in cuts) > 160
    assert all(set(each.channels.tolist()) <= {Channel.STOP_SIGN, Channel.DISTRACTOR} for each in cuts)


def test_a_frame_without_signs_gives_a_closeup_of_somewhere() -> None:
    closeup, found = cut_out(np.zeros((288, 672, 3), np.uint8), labels(), SIZE, np.random.default_rng(0))
    assert closeup.shape == (160, 224, 3)
    assert len(found.boxes) == 0
