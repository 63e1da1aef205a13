from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from perception.calibration import FEWEST, LOWEST_USED, Scaling, calibrate, fit, likeliest, outcomes_of, scaled
from perception.channels import Channel
from perception.labels import Labels
from perception.network import build_network
from perception.weights import arrays_of, fill
from sim.recording import Dataset
from tests.perception.conftest import SMALL_CAMERA, SMALL_TRAINING, Trained


def labels_of(*things: tuple[Channel, tuple[float, float, float, float], float, bool]) -> Labels:
    return Labels(
        boxes=np.array([each[1] for each in things], np.float32).reshape(-1, 4),
        channels=np.array([each[0] for each in things], np.int32),
        distances_m=np.array([each[2] for each in things], np.float32),
        asked=np.array([each[3] for each in things], np.bool_),
        lane=np.zeros(3, np.float32),
    )


def peaks_of(*rows: tuple[float, tuple[float, float, float, float], float]) -> NDArray[np.float32]:
    return np.array([[score, 0, *box, np.log(distance_m), -2.0] for score, box, distance_m in rows], np.float32)


def test_scores_that_are_too_low_and_too_timid_are_put_right() -> None:
    rng = np.random.default_rng(4)
    true_logits = rng.normal(0.0, 2.0, 20_000)
    right = rng.random(20_000) < 1.0 / (1.0 + np.exp(-true_logits))
    scaling = fit((true_logits - 1.2) / 3.0, right)
    assert scaling.slope == pytest.approx(3.0, rel=0.06)
    assert scaling.offset == pytest.approx(1.2, abs=0.1)
    assert (scaling.right, scaling.wrong) == (int(right.sum()), int((~right).sum()))


def test_scores_that_are_far_too_sure_are_put_right() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(4.0, 1.0, 20_000)
    right = rng.random(20_000) < 1.0 / (1.0 + np.exp(-(0.5 * logits - 1.5)))

    scaling = fit(logits, right)

    assert scaling.slope == pytest.approx(0.5, rel=0.1)
    assert scaling.offset == pytest.approx(-1.5, abs=0.2)


@pytest.mark.parametrize("seed", range(6))
def test_three_weights_are_found_however_far_from_the_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = np.stack([rng.normal(3.0, 1.5, 6000), rng.normal(5.0, 3.0, 6000), np.ones(6000)], axis=1)
    true = np.array([0.4, -0.3, rng.uniform(-2.0, 2.0)])
    right = rng.random(6000) < 1.0 / (1.0 + np.exp(-inputs @ true))

    assert likeliest(inputs, right, np.array([1.0, 0.0, 0.0])) == pytest.approx(true, abs=0.25)


def test_too_few_outcomes_change_nothing() -> None:
    right = np.arange(1000) < FEWEST - 1
    assert fit(np.linspace(-3.0, 3.0, 1000), right) == Scaling(1.0, 0.0, FEWEST - 1, 1001 - FEWEST)
    assert fit(np.zeros(0), np.zeros(0, np.bool_)) == Scaling(1.0, 0.0, 0, 0)


def test_a_network_that_is_surer_where_it_is_wrong_is_left_alone() -> None:
    logits = np.linspace(-3.0, 3.0, 1000)
    assert fit(logits, logits < 0.5).slope == 1.0


def test_the_weights_scale_each_heat_map_and_nothing_else() -> None:
    model = build_network(SMALL_TRAINING.network, SMALL_CAMERA)
    arrays = arrays_of(model)
    frame = np.random.default_rng(1).integers(0, 256, (1, SMALL_CAMERA.height_px, SMALL_CAMERA.width_px, 3), np.uint8)
    before = {name: np.asarray(value) for name, value in model(frame, training=False).items()}
    fill(model, scaled(arrays, {channel: Scaling(2.0 + channel, 0.5 * channel, 9, 9) for channel in Channel}), "here")
    after = {name: np.asarray(value) for name, value in model(frame, training=False).items()}
    for channel in Channel:
        wanted = (2.0 + channel) * before["heat"][..., channel] + 0.5 * channel
        np.testing.assert_allclose(after["heat"][..., channel], wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(after["boxes"], before["boxes"])
    np.testing.assert_array_equal(after["lane"], before["lane"])


def test_a_detection_is_right_once_and_what_is_not_asked_for_is_left_out() -> None:
    there, aside, hidden = (100.0, 50.0, 120.0, 70.0), (300.0, 50.0, 320.0, 70.0), (200.0, 50.0, 220.0, 70.0)
    labels = labels_of(
        (Channel.STOP_SIGN, there, 20.0, True),
        (Channel.STOP_SIGN, hidden, 20.0, False),
        (Channel.DISTRACTOR, aside, 20.0, True),
    )
    half_off = (107.0, 50.0, 127.0, 70.0)
    peaks = peaks_of(
        (0.9, there, 20.0), (0.8, hidden, 20.0), (0.7, aside, 20.0), (0.5, half_off, 20.0), (0.05, aside, 9.0)
    )
    outcomes = outcomes_of(peaks, labels, Channel.STOP_SIGN)
    assert [right for _, right in outcomes] == [True, False, False]
    assert [logit for logit, _ in outcomes] == pytest.approx([np.log(9.0), np.log(7 / 3), 0.0], abs=1e-4)
    assert LOWEST_USED > 0.05


@pytest.mark.parametrize(("believed_m", "right"), [(11.9, True), (13.4, False), (10.9, True)])
def test_the_surest_stop_line_is_right_if_it_is_placed_well(believed_m: float, right: bool) -> None:
    line = (0.0, 200.0, 300.0, 204.0)
    labels = labels_of((Channel.STOP_LINE, line, 12.0, True))
    peaks = peaks_of((0.6, line, believed_m), (0.5, (0.0, 220.0, 300.0, 224.0), 12.0))
    assert outcomes_of(peaks, labels, Channel.STOP_LINE) == [(pytest.approx(np.log(1.5), abs=1e-5), right)]


def test_a_training_says_how_its_scores_were_scaled(trained: Trained, small_dataset: Dataset) -> None:
    told = trained.result.card.training["calibration"]
    assert list(told) == [channel.name.lower() for channel in Channel]
    scalings = calibrate(
        arrays_of(build_network(SMALL_TRAINING.network, SMALL_CAMERA)),
        SMALL_TRAINING.network,
        SMALL_CAMERA,
        small_dataset.examples(0, 4),
    )[1]
    assert all(each.slope == 1.0 for each in scalings.values())  # four frames prove nothing
