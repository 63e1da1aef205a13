from __future__ import annotations

import numpy as np
import pytest

from perception.augment import SHARES, STICKER_AREA, AugmentConfig, Augmenter
from perception.channels import Channel
from perception.labels import Labels
from sim.camera import Camera

CAMERA = Camera(width_px=192, height_px=96, focal_px=206.0)
STILL = AugmentConfig(**dict.fromkeys(SHARES, 0.0))


def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 192, 3), dtype=np.uint8)


def labels() -> Labels:
    return Labels(
        boxes=np.array([[100, 20, 112, 32], [20, 50, 60, 80]], np.float32),
        channels=np.array([Channel.STOP_SIGN, Channel.VEHICLE], np.int32),
        distances_m=np.array([15.0, 10.0], np.float32),
        asked=np.array([True, True]),
        lane=np.array([0.3, -0.02, 0.001], np.float32),
    )


def changed(share: str) -> AugmentConfig:
    return AugmentConfig(**{**dict.fromkeys(SHARES, 0.0), share: 1.0})


def test_nothing_asked_for_changes_nothing() -> None:
    rgb, after = Augmenter(STILL, CAMERA, 1)(frame(), labels(), 0, 0)
    assert (rgb == frame()).all()
    assert (after.boxes == labels().boxes).all()


def test_the_same_index_gives_the_same_change_whatever_came_before() -> None:
    always = AugmentConfig(light=1, colour=1, blur=1, noise=1, compression=1, holes=1, flip=0.5, zoom=0.5)
    first, second = Augmenter(always, CAMERA, 3), Augmenter(always, CAMERA, 3)
    for index in range(5):
        second(frame(), labels(), 0, index)
    one, two = first(frame(), labels(), 1, 4), second(frame(), labels(), 1, 4)
    assert (one[0] == two[0]).all()
    assert (one[1].boxes == two[1].boxes).all()
    assert not (first(frame(), labels(), 1, 5)[0] == one[0]).all()


def test_a_mirror_image_mirrors_boxes_and_turns_the_lane_about() -> None:
    rgb, after = Augmenter(changed("flip"), CAMERA, 1)(frame(), labels(), 0, 0)
    assert (rgb == frame()[:, ::-1]).all()
    assert after.boxes == pytest.approx(np.array([[80, 20, 92, 32], [132, 50, 172, 80]]), abs=1e-3)
    assert after.lane == pytest.approx(-labels().lane)
    assert after.road_asked


@pytest.mark.parametrize("index", range(12))
def test_zoom_keeps_size_times_distance_and_asks_nothing_of_the_road(index: int) -> None:
    _, after = Augmenter(changed("zoom"), CAMERA, 1)(frame(), labels(), 0, index)
    assert not after.road_asked
    for box, channel, distance_m, asked in zip(
        after.boxes, after.channels, after.distances_m, after.asked, strict=True
    ):
        if channel == Channel.VEHICLE:
            assert not asked
        elif asked and box[0] > 0 and box[1] > 0 and box[2] < 192 and box[3] < 96:
            assert (box[3] - box[1]) * distance_m == pytest.approx(12 * 15.0, rel=0.01)


@pytest.mark.parametrize("index", range(12))
def test_a_sticker_lies_on_a_sign_alone_and_covers_little_of_it(index: int) -> None:
    rgb, after = Augmenter(changed("sticker"), CAMERA, 1)(frame(), labels(), 0, index)
    different = (rgb != frame()).any(axis=2)
    assert different.any()
    assert different.sum() <= STICKER_AREA * 12 * 12 * 1.5
    assert not np.delete(different, np.s_[20:32], axis=0).any()
    assert not np.delete(different, np.s_[100:112], axis=1).any()
    assert (after.boxes == labels().boxes).all()


def test_a_veil_takes_contrast_and_interlacing_moves_every_second_row() -> None:
    veiled, _ = Augmenter(changed("veil"), CAMERA, 1)(frame(), labels(), 0, 0)
    assert veiled.std() < 0.95 * frame().std()
    combed, _ = Augmenter(changed("interlace"), CAMERA, 1)(frame(), labels(), 0, 0)
    assert (combed[::2] == frame()[::2]).all()
    steps = [step for step in range(-3, 4) if (combed[1::2] == np.roll(frame()[1::2], step, axis=1)).all()]
    assert len(steps) == 1
    assert steps != [0]


def test_a_frame_without_objects_can_be_changed_too() -> None:
    always = AugmentConfig(flip=1, zoom=1)
    empty = Labels(
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int32),
        np.zeros(0, np.float32),
        np.zeros(0, bool),
        np.zeros(3, np.float32),
    )
    rgb, after = Augmenter(always, CAMERA, 1)(frame(), empty, 0, 0)
    assert rgb.shape == (96, 192, 3)
    assert after.boxes.shape == (0, 4)


@pytest.mark.parametrize("wrong", [{"light": 1.5}, {"zoom_scale": (2.0, 1.0)}, {"noise_sigma": -1.0}])
def test_shares_and_scales_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        AugmentConfig(**wrong)
