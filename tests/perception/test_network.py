from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.backend import tf
from perception.channels import CHANNELS, STRIDE, BoxField
from perception.decode import find_peaks, pairwise_iou, suppress
from perception.losses import LossWeights, focal_loss, laplace_loss, losses
from perception.network import NetworkConfig, build_network, build_sign_detector, named_weights
from perception.weights import arrays_of, fill
from sim.camera import Camera
from tests.perception.conftest import SMALL_CAMERA, SMALL_NETWORK


def test_output_shapes_follow_the_camera() -> None:
    model = build_network(SMALL_NETWORK, SMALL_CAMERA)
    outputs = model(np.zeros((2, 96, 192, 3), np.uint8))
    assert outputs["heat"].shape == (2, 12, 24, CHANNELS)
    assert outputs["boxes"].shape == (2, 12, 24, CHANNELS, len(BoxField))
    assert outputs["lane"].shape == (2, 6)


def test_the_standard_network_weighs_less_than_five_megabytes() -> None:
    model = build_network(NetworkConfig(), Camera())
    assert 4 * model.count_params() < 5e6


@pytest.mark.parametrize("wrong", [{"context": 0}, {"stem": (16, 32, 10**6)}, {"lane_dropout": 1.0}])
def test_sizes_that_no_network_has_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        NetworkConfig(**wrong)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "bfloat16"])
def test_outputs_are_float32_in_every_precision(precision: str) -> None:
    outputs = build_network(SMALL_NETWORK, SMALL_CAMERA, precision)(np.zeros((1, 96, 192, 3), np.uint8))
    assert {output.dtype for output in outputs.values()} == {tf.float32}


def test_the_sign_detector_answers_as_the_whole_network_does() -> None:
    whole = build_network(SMALL_NETWORK, SMALL_CAMERA)
    part = build_sign_detector(SMALL_NETWORK)
    fill(part, arrays_of(whole), "test", allow_more=True)
    rgb = np.random.default_rng(0).integers(0, 256, (1, 96, 192, 3), dtype=np.uint8)
    assert part(rgb)["heat"].numpy() == pytest.approx(whole(rgb)["heat"].numpy()[..., :2], abs=1e-5)
    assert part(np.zeros((1, 64, 80, 3), np.uint8))["heat"].shape == (1, 8, 10, 2)


def test_weights_are_named_by_layer() -> None:
    names = named_weights(build_network(SMALL_NETWORK, SMALL_CAMERA))
    assert "stem_2_1/kernel" in names
    assert "sign_heat/bias" in names


def test_an_untrained_network_believes_in_next_to_nothing() -> None:
    heat = build_network(SMALL_NETWORK, SMALL_CAMERA)(np.zeros((1, 96, 192, 3), np.uint8))["heat"]
    assert float(tf.reduce_max(tf.sigmoid(heat))) < 0.05


def test_focal_loss_is_nothing_when_right_and_much_when_wrong() -> None:
    heat = np.zeros((1, 4, 4, 1), np.float32)
    heat[0, 1, 2, 0] = 1.0
    right = np.where(heat == 1.0, 12.0, -12.0).astype(np.float32)
    assert float(focal_loss(right, heat)) < 1e-3
    assert float(focal_loss(-right, heat)) > 10


def test_focal_loss_does_not_punish_ignored_cells() -> None:
    heat = np.full((1, 4, 4, 1), -1.0, np.float32)
    assert float(focal_loss(np.full_like(heat, 9.0), heat)) == 0.0


@settings(max_examples=50)
@given(st.floats(0.05, 3), st.floats(-2, 1))
def test_the_spread_is_drawn_to_the_size_of_the_error(error: float, log_spread: float) -> None:
    spread = tf.Variable(log_spread)
    with tf.GradientTape() as tape:
        loss = laplace_loss(0.0, spread, error)
    slope = float(tape.gradient(loss, spread))
    assert slope == pytest.approx(np.exp(log_spread) - error, abs=1e-4)


def test_a_batch_without_objects_has_a_finite_loss() -> None:
    outputs = build_network(SMALL_NETWORK, SMALL_CAMERA)(np.zeros((1, 96, 192, 3), np.uint8))
    targets = {
        "heat": np.zeros((1, 12, 24, CHANNELS), np.float32),
        "cells": np.zeros((0, 4), np.int32),
        "boxes": np.zeros((0, 5), np.float32),
        "weights": np.zeros(0, np.float32),
        "lane": np.zeros((1, 3), np.float32),
        "lane_weight": np.zeros(1, np.float32),
    }
    assert np.isfinite(float(losses(outputs, targets, LossWeights())["loss"]))


@settings(max_examples=50)
@given(st.integers(1, 10), st.integers(1, 22), st.integers(0, CHANNELS - 1), st.floats(-0.5, 0.5), st.floats(0.5, 3.0))
def test_a_peak_comes_back_as_the_box_that_made_it(
    row: int, column: int, channel: int, offset: float, size: float
) -> None:
    heat = np.full((1, 12, 24, CHANNELS), -9.0, np.float32)
    heat[0, row, column, channel] = 4.0
    boxes = np.zeros((1, 12, 24, CHANNELS, len(BoxField)), np.float32)
    boxes[0, row, column, channel] = [offset, -offset, np.log(size), np.log(2 * size), 3.0, -2.0]
    best = find_peaks(tf.constant(heat), tf.constant(boxes), 8).numpy()[0, 0]
    assert best[0] == pytest.approx(1 / (1 + np.exp(-4.0)), abs=1e-5)
    assert best[1] == channel
    assert best[2] + best[4] == pytest.approx(2 * STRIDE * (column + 0.5 + offset), abs=1e-2)
    assert best[5] - best[3] == pytest.approx(2 * STRIDE * size, rel=1e-4)
    assert best[6:].tolist() == [3.0, -2.0]


def test_of_overlapping_boxes_of_one_channel_the_strongest_remains() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [40, 0, 50, 10]], np.float32)
    assert suppress(boxes, np.array([0, 0, 1, 0])).tolist() == [0, 2, 3]


def test_intersection_over_union_of_known_boxes() -> None:
    first = np.array([[0, 0, 10, 10]], np.float32)
    second = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert pairwise_iou(first, second)[0] == pytest.approx([1.0, 1 / 3, 0.0])
