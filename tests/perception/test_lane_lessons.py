"""Lessons for the lane alone: what they change, and what they leave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perception import lane_lessons
from perception.augment import AugmentConfig
from perception.perceiver import load_perceiver
from perception.pipeline import Preparer
from perception.train import train
from perception.training_config import TrainConfig
from perception.weights import read_weights
from sim.camera import Camera
from sim.errors import WeightsError
from sim.recording import Dataset
from tests.perception.conftest import SMALL_TRAINING, Trained

LANE_ALONE = replace(
    SMALL_TRAINING, closeup_steps=0, epochs=0, lane_epochs=2, fovea_steps=0, learning_rate=3e-3, ema_decay=0.0
)


@pytest.fixture(scope="module")
def taught(trained: Trained, small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lane")
    train(small_dataset.path, folder, LANE_ALONE, start_from=trained.folder, workers=1)
    return folder


def test_only_the_lane_head_changes(taught: Path, trained: Trained) -> None:
    before, after = read_weights(trained.folder)[1], read_weights(taught)[1]

    assert set(before) == set(after)
    assert {name for name in before if not (before[name] == after[name]).all()} == {
        f"{layer}/{part}" for layer in ("lane_maps", "lane_hidden", "lane") for part in ("kernel", "bias")
    }


def test_the_lane_is_known_better_on_what_was_learned(taught: Path, trained: Trained, small_dataset: Dataset) -> None:
    from perception.evaluate import score_examples

    def error(weights: Path) -> float:
        found = score_examples(small_dataset.examples(0, 36), load_perceiver(weights)).lane.offset_error_median_m.value
        assert found is not None
        return found

    assert error(taught) < error(trained.folder)


def test_the_number_of_threads_changes_nothing(
    taught: Path, trained: Trained, small_dataset: Dataset, tmp_path: Path
) -> None:
    train(small_dataset.path, tmp_path, LANE_ALONE, start_from=trained.folder, workers=3)

    one, three = read_weights(taught)[1], read_weights(tmp_path)[1]
    assert all((one[name] == three[name]).all() for name in one)


def test_no_frame_is_enlarged(trained: Trained, small_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[AugmentConfig | None] = []

    class Watched(Preparer):
        def __init__(self, camera: Camera, augment: AugmentConfig | None, seed: int) -> None:
            used.append(augment)
            super().__init__(camera, augment, seed)

    monkeypatch.setattr(lane_lessons, "Preparer", Watched)
    enlarging = replace(LANE_ALONE, lane_epochs=1, augment=replace(LANE_ALONE.augment, zoom=1.0, blur=0.5))

    lane_lessons.learn_lane(small_dataset, 36, enlarging, read_weights(trained.folder)[1], 1)

    assert used == [replace(enlarging.augment, zoom=0.0)]


def test_a_share_of_what_was_known_remains(
    taught: Path, trained: Trained, small_dataset: Dataset, tmp_path: Path
) -> None:
    train(small_dataset.path, tmp_path, replace(LANE_ALONE, lane_base_share=0.75), start_from=trained.folder, workers=1)

    before, after, half = (read_weights(folder)[1] for folder in (trained.folder, taught, tmp_path))
    for name in before:
        assert half[name] == pytest.approx(0.75 * before[name] + 0.25 * after[name], abs=1e-5)


def test_a_share_of_what_is_named_remains(
    taught: Path, trained: Trained, small_dataset: Dataset, tmp_path: Path
) -> None:
    half = replace(LANE_ALONE, lane_base_share=0.5)
    train(small_dataset.path, tmp_path / "all", LANE_ALONE, start_from=taught, workers=1)
    result = train(small_dataset.path, tmp_path / "half", half, start_from=taught, temper_by=trained.folder, workers=1)

    named, learned, kept = (read_weights(folder)[1] for folder in (trained.folder, tmp_path / "all", tmp_path / "half"))
    lane = [name for name in named if name.startswith("lane")]
    assert lane
    for name in lane:
        assert kept[name] == pytest.approx(0.5 * named[name] + 0.5 * learned[name], abs=1e-5)
    assert result.card.tempered_by is not None
    assert f"Tempered by: weights {trained.result.card.sha256[:12]}" in (tmp_path / "half/README.md").read_text()


def test_what_goes_on_from_nothing_is_not_tempered(trained: Trained, small_dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="to temper by"):
        train(small_dataset.path, tmp_path, LANE_ALONE, temper_by=trained.folder, workers=1)


@pytest.mark.parametrize("name", ["lane_base_share", "fovea_base_share", "fovea_last_share"])
def test_a_share_of_all_that_was_known_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        TrainConfig(**{name: 1.0})


def test_a_second_look_stays_as_it_was(trained: Trained, small_dataset: Dataset, tmp_path: Path) -> None:
    twice = replace(LANE_ALONE, lane_epochs=0, fovea_steps=2, fovea_batch=8, fovea=(4, 4, 8), shuffle_buffer=8)
    train(small_dataset.path, tmp_path / "twice", twice, start_from=trained.folder, workers=1)
    train(small_dataset.path, tmp_path / "lane", LANE_ALONE, start_from=tmp_path / "twice", workers=1)

    before, after = read_weights(tmp_path / "twice")[1], read_weights(tmp_path / "lane")[1]
    kept = [name for name in before if name.startswith("fovea")]
    assert kept
    assert all(np.array_equal(before[name], after[name]) for name in kept)


def test_a_training_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="lane_epochs"):
        TrainConfig(epochs=0)
