"""The weights after each epoch, kept to watch a network learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from perception.card import read_card
from perception.train import train
from perception.weights import read_weights
from scenarios.commands.drive import _epochs_of
from scenarios.drives import eyes_offers
from sim.recording import Dataset
from tests.perception.conftest import SMALL_TRAINING, Trained


def test_epochs_are_kept_if_asked_for_and_change_nothing(
    trained: Trained, small_dataset: Dataset, tmp_path: Path
) -> None:
    train(small_dataset.path, tmp_path, SMALL_TRAINING, workers=1, keep_epochs=True)

    files = _epochs_of(tmp_path)
    assert [path.relative_to(tmp_path).parts[:2] for path in files[:-1]] == [("epochs", "01"), ("epochs", "02")]
    assert files[-1] == tmp_path
    first, last, whole, plain = (read_weights(path)[1] for path in (*files, trained.folder))
    assert all(np.array_equal(whole[name], plain[name]) for name in plain)
    assert all(np.array_equal(whole[name], last[name]) for name in whole)
    assert any(not np.array_equal(first[name], last[name]) for name in whole)
    assert read_card(files[0]).scores["frames"] > 0
    assert not (trained.folder / "epochs").exists()


def test_the_window_names_them(tmp_path: Path) -> None:
    offers = eyes_offers("network", [tmp_path / "epochs" / "01" / "rollingstop.npz", tmp_path / "last"])

    assert [offer.name for offer in offers[:2]] == ["epoch 01 network", "last network"]


def test_weights_without_epochs_are_those_named(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()

    assert _epochs_of(tmp_path / "run") == [tmp_path / "run"]
    assert _epochs_of(tmp_path / "other.npz") == [tmp_path / "other.npz"]
