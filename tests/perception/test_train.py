from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perception import second_lessons
from perception.augment import AugmentConfig
from perception.checkpoint import CHECKPOINT_NAME, Checkpoint, Epoch, Known, Stage, read_checkpoint
from perception.journal import Journal
from perception.perceiver import load_perceiver
from perception.pipeline import Preparer, ahead, batches, decode_image, shuffled
from perception.second_cuttings import cut_changed
from perception.train import train
from perception.training_config import TrainConfig
from perception.weights import WEIGHTS_NAME, read_weights
from sim.camera import CameraFrame
from sim.config import load_toml
from sim.errors import DatasetError, RecipeError, StorageError, WeightsError
from sim.recording import Dataset
from tests.perception.conftest import SMALL_CAMERA, SMALL_TRAINING, Trained

ALL_LESSONS = replace(
    SMALL_TRAINING,
    closeup_steps=6,
    epochs=1,
    lane_epochs=2,
    fovea_steps=20,
    fovea_batch=16,
    fovea=(4, 8, 8),
    fovea_last_share=0.5,
    fovea_last_augment=AugmentConfig(blur=0.9),
)
"""Six close-ups, four batches of frames, eight of the lane, twenty of cuttings."""

SHIPPED_SETTINGS = Path(__file__).parents[2] / "perception" / "weights"


def test_a_training_leaves_weights_card_history_and_logs(trained: Trained) -> None:
    names = {path.name for path in trained.folder.iterdir()}
    assert {WEIGHTS_NAME, "rollingstop.json", "README.md", "history.csv", "tensorboard", CHECKPOINT_NAME} <= names
    assert list((trained.folder / "tensorboard").iterdir())
    assert [row["epoch"] for row in trained.result.history] == [1, 2]
    assert trained.result.history[1]["loss"] < trained.result.history[0]["loss"]


@pytest.mark.parametrize("path", sorted(SHIPPED_SETTINGS.glob("*.toml")), ids=lambda path: path.stem)
def test_settings_that_the_model_card_names_can_be_read(path: Path) -> None:
    settings = load_toml(path, TrainConfig, RecipeError)
    assert settings != TrainConfig()


def test_a_finished_training_says_so_and_changes_nothing(trained: Trained, small_dataset: Dataset) -> None:
    before = (trained.folder / WEIGHTS_NAME).read_bytes()
    again = train(small_dataset.path, trained.folder, SMALL_TRAINING)
    assert again.finished_before
    assert (trained.folder / WEIGHTS_NAME).read_bytes() == before


def test_a_training_stopped_in_each_of_its_lessons_ends_in_the_same_weights(
    small_dataset: Dataset, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(second_lessons, "MIXED_BATCHES", 4)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    fingerprint = ALL_LESSONS.fingerprint(small_dataset.manifest.recipe_sha256)
    uninterrupted = train(small_dataset.path, whole, ALL_LESSONS)
    steps: list[int] = []

    def interrupt(done: int, total: int) -> None:
        assert total == 38
        steps.append(done)
        if done == stop:
            raise KeyboardInterrupt

    # Within an epoch and at its end, before it is scored; within a helping of cuttings.
    stops = {3: "closeups", 8: "frames", 10: "frames", 13: "lane", 31: "second_look"}
    for stop, stage in stops.items():  # noqa: B007, `interrupt` reads it
        with pytest.raises(KeyboardInterrupt):
            train(small_dataset.path, stopped, ALL_LESSONS, progress=interrupt)
        found = read_checkpoint(stopped, fingerprint)
        assert found is not None and found.stage == stage
        assert not (stopped / WEIGHTS_NAME).exists()
    stop = 0
    gone_on = train(small_dataset.path, stopped, ALL_LESSONS, workers=1, progress=interrupt)

    assert steps == list(range(1, 39)), "no step is taken twice, and none is left out"
    (first_card, first), (second_card, second) = read_weights(whole), read_weights(stopped)
    assert all((first[name] == second[name]).all() for name in first)
    assert first_card.training["calibration"] == second_card.training["calibration"]
    (first_row,), (second_row,) = uninterrupted.history, gone_on.history
    expected = first_row | {"images_per_s": second_row["images_per_s"]}
    assert second_row == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_a_checkpoint_survives_being_stopped_while_it_is_read(
    small_dataset: Dataset, tmp_path: Path, monkeypatch
) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done == SMALL_TRAINING.closeup_steps + 3:
            raise KeyboardInterrupt

    def restore(arrays, groups) -> None:
        groups["model"][0].assign(0 * groups["model"][0])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(small_dataset.path, tmp_path, SMALL_TRAINING, progress=interrupt)
    before = (tmp_path / CHECKPOINT_NAME).read_bytes()
    monkeypatch.setattr("perception.journal.arrays_to_variables", restore)
    with pytest.raises(KeyboardInterrupt):
        train(small_dataset.path, tmp_path, SMALL_TRAINING)

    assert (tmp_path / CHECKPOINT_NAME).read_bytes() == before


def test_a_history_that_was_not_written_is_written_again(tmp_path: Path) -> None:
    rows = [{"epoch": 1.0, "loss": 2.5}]
    Journal(tmp_path, "any", Checkpoint("any", rows, Epoch(), 1.0, Stage.FRAMES, (), {}, Known()))

    assert (tmp_path / "history.csv").read_text().split() == ["epoch,loss", "1.0,2.5"]


def test_cuttings_are_mixed_among_frames_and_each_is_shown_once(
    trained: Trained, small_dataset: Dataset, monkeypatch
) -> None:
    cut_of_frame: list[int] = []
    numbers = itertools.count()

    def cut(rgb, told, number, augment, rng):
        made = cut_changed(rgb, told, number, augment, rng)
        return replace(made, light=float(next(numbers)))

    def put_on(self, cuts):
        cut_of_frame.extend(int(each.light) for each in cuts)
        return shown(self, [replace(each, light=255.0) for each in cuts])

    shown = second_lessons.Opponent.put_on
    monkeypatch.setattr(second_lessons, "cut_changed", cut)
    monkeypatch.setattr(second_lessons.Opponent, "put_on", put_on)
    monkeypatch.setattr(second_lessons, "MIXED_BATCHES", 4)
    config = replace(ALL_LESSONS, fovea_steps=12)

    second_lessons.learn_to_look_twice(small_dataset, 36, config, read_weights(trained.folder)[1], 1)

    assert len(set(cut_of_frame)) == len(cut_of_frame) == 12 * config.fovea_batch
    apart = np.abs(np.diff(cut_of_frame))
    assert np.median(apart) > config.fovea_batch, "neighbours are of frames far apart"


def test_of_cuttings_that_are_mixed_less_than_a_batch_is_left_out() -> None:
    batches_made = second_lessons._mixed(list(range(100)), 16, np.random.default_rng(1))  # type: ignore[arg-type]

    assert [len(batch) for batch in batches_made] == 6 * [16]
    assert len({cut for batch in batches_made for cut in batch}) == 96


def test_a_folder_with_another_training_is_refused(trained: Trained, small_dataset: Dataset) -> None:
    with pytest.raises(WeightsError, match="other settings"):
        train(small_dataset.path, trained.folder, replace(SMALL_TRAINING, seed=9))


def test_a_damaged_checkpoint_is_refused(small_dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT_NAME).write_bytes(b"PK half a file")
    with pytest.raises(WeightsError, match=CHECKPOINT_NAME):
        train(small_dataset.path, tmp_path, SMALL_TRAINING)


def test_too_few_examples_are_refused(small_dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="at least 64 examples"):
        train(small_dataset.path, tmp_path, replace(SMALL_TRAINING, batch=64))


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        train(tmp_path / "none", tmp_path / "out", SMALL_TRAINING)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"ema_decay": 1.0},
        {"validation_share": 0.0},
        {"seed": -1},
        {"fovea": (0, 8, 8)},
        {"fovea": (8, 8, 10**6)},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"Expected {next(iter(wrong))}"):
        TrainConfig(**wrong)


def test_the_perceiver_answers_every_frame_with_a_percept(trained: Trained, small_dataset: Dataset) -> None:
    perceive = load_perceiver(trained.folder, lowest_score=0.0)
    example = next(small_dataset.examples())
    percept = perceive(CameraFrame(5, decode_image(example, SMALL_CAMERA), SMALL_CAMERA))
    assert percept.step == 5
    assert percept.lane is not None
    assert 0.0 <= percept.lane.confidence <= 1.0
    scores = [each.score for each in percept.detections]
    assert scores == sorted(scores, reverse=True)
    assert all(each.distance_m > 0 and each.distance_spread_m > 0 for each in percept.detections)


def test_each_pass_sees_every_example_once_in_an_order_of_its_own(small_dataset: Dataset) -> None:
    orders = [[e.index for e in shuffled(small_dataset, 40, seed=1, epoch=epoch, buffer=8)] for epoch in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == list(range(40))


def test_batches_do_not_depend_on_the_number_of_threads(small_dataset: Dataset) -> None:
    def made(workers: int) -> list[np.ndarray]:
        prepare = Preparer(SMALL_CAMERA, AugmentConfig(), seed=1)
        return [batch.rgb for batch in batches(small_dataset.examples(0, 20), prepare, 0, 8, workers)]

    one, three = made(1), made(3)
    assert len(one) == 2
    assert all((a == b).all() for a, b in zip(one, three, strict=True))


def test_an_error_in_another_thread_arrives_in_its_place() -> None:
    def items():
        yield 1
        raise DatasetError("damaged")

    stream = ahead(items(), 3)
    assert next(stream) == 1
    with pytest.raises(DatasetError, match="damaged"):
        next(stream)


def test_a_picture_of_another_size_is_refused(small_dataset: Dataset) -> None:
    example = next(small_dataset.examples())
    with pytest.raises(DatasetError, match="no picture"):
        decode_image(replace(example, image=b"no JPEG"), SMALL_CAMERA)


def test_a_training_goes_on_from_other_weights_and_says_so(
    trained: Trained, small_dataset: Dataset, tmp_path: Path
) -> None:
    settings = replace(SMALL_TRAINING, epochs=1, learning_rate=1e-4)
    result = train(small_dataset.path, tmp_path, settings, start_from=trained.folder)
    assert result.history[0]["loss"] < trained.result.history[0]["loss"]
    assert result.card.started_from is not None
    assert result.card.started_from["sha256"] == trained.result.card.sha256
    assert trained.result.card.sha256[:12] in (tmp_path / "README.md").read_text()


def test_frames_that_were_learned_from_before_are_told(
    trained: Trained, small_dataset: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    more_held_back = replace(SMALL_TRAINING, closeup_steps=0, epochs=1, validation_share=0.4)

    with caplog.at_level("WARNING", "perception"):
        train(small_dataset.path, tmp_path, more_held_back, start_from=trained.folder)

    assert "learned from frames that are held back here" in caplog.text


def test_weights_of_other_sizes_are_no_start(trained: Trained, small_dataset: Dataset, tmp_path: Path) -> None:
    wider = replace(SMALL_TRAINING, network=replace(SMALL_TRAINING.network, branch=56))
    with pytest.raises(WeightsError, match="Expected weights of this training's network"):
        train(small_dataset.path, tmp_path, wider, start_from=trained.folder)


def test_a_training_whose_folder_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("mine")
    with pytest.raises(StorageError, match="Expected a place for the file"):
        Journal(tmp_path / "a file", "fingerprint", None)
    assert (tmp_path / "a file").read_text() == "mine"
