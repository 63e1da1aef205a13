"""What a training writes while it runs: its history, TensorBoard's logs, and checkpoints."""

from __future__ import annotations

import csv
import io
import logging
import time
from pathlib import Path

import numpy as np

from perception.backend import tf
from perception.checkpoint import Checkpoint, variables_to_arrays, write_checkpoint
from perception.learner import Learner
from perception.scores import Scores
from sim.files import make_folder, write_atomically

HISTORY_NAME = "history.csv"

_LOG = logging.getLogger(__name__)


class Journal:
    """The record of one training.

    Args:
        out: The training's folder.
        fingerprint: Of the training, for its checkpoints.
        found: The checkpoint from which it goes on, if any.

    Attributes:
        history: A row for each finished epoch.
    """

    def __init__(self, out: Path, fingerprint: str, found: Checkpoint | None) -> None:
        self.history = list(found.history) if found else []
        self._seconds_before = found.seconds if found else 0.0
        self._begun = time.perf_counter()
        self._out = out
        self._fingerprint = fingerprint
        make_folder(out)
        self._board = tf.summary.create_file_writer(str(out / "tensorboard"))
        self._parts: list[dict[str, float]] = []
        self._epoch_begun = self._begun

    @property
    def seconds(self) -> float:
        """Time spent on this training, in this run and those before it."""
        return self._seconds_before + time.perf_counter() - self._begun

    @property
    def images_per_s(self) -> float:
        """Examples a second in the median epoch; 0 before the first has ended."""
        return float(np.median([row["images_per_s"] for row in self.history])) if self.history else 0.0

    def begin_epoch(self) -> None:
        """Start an epoch, or what is left of one."""
        self._parts = []
        self._epoch_begun = time.perf_counter()

    def add(self, parts: dict[str, float]) -> None:
        """Take note of a step's loss."""
        self._parts.append(parts)

    def end_epoch(self, learner: Learner, epoch: int, batch: int, spent_s: float, scores: Scores) -> None:
        """Write an epoch's row, its TensorBoard values, and a checkpoint.

        Args:
            learner: What learns.
            epoch: Which one, from 0.
            batch: Examples in a step.
            spent_s: How long its steps took.
            scores: On the examples that were held back.

        Raises:
            StorageError: If they cannot be written.
        """
        means = {name: float(np.mean([each[name] for each in self._parts])) for name in self._parts[0]}
        row = {"epoch": epoch + 1.0, "step": float(learner.step), **means, **headlines(scores)}
        row["images_per_s"] = len(self._parts) * batch / spent_s
        self.history.append(row)
        with self._board.as_default(step=learner.step):
            for name, value in row.items():
                tf.summary.scalar(name, value)
        self._board.flush()
        write_atomically(self._out / HISTORY_NAME, _as_csv(self.history))
        self.write_checkpoint(learner)
        _LOG.info("Epoch %d: %s", epoch + 1, ", ".join(f"{name} {value:.4g}" for name, value in row.items()))

    @property
    def epoch_seconds(self) -> float:
        """Time since the epoch began."""
        return time.perf_counter() - self._epoch_begun

    def write_checkpoint(self, learner: Learner) -> None:
        """Write where the training stands.

        Raises:
            StorageError: If it cannot be written.
        """
        arrays = variables_to_arrays(learner.groups)
        write_checkpoint(Checkpoint(self._fingerprint, self.history, self.seconds, arrays), self._out)


def headlines(scores: Scores) -> dict[str, float]:
    """Return the few scores that the history shows; NaN where there was nothing to measure."""
    chosen = {
        "stop_sign_ap": scores.stop_sign.ap,
        "stop_sign_recall_97": scores.stop_sign.recall_at_97,
        "vehicle_ap": scores.vehicle.ap,
        "stop_line_recall": scores.stop_line.recall,
        "distance_error": scores.stop_sign.distance_error_median,
        "lane_offset_error_m": scores.lane.offset_error_median_m,
    }
    return {name: float("nan") if each.value is None else each.value for name, each in chosen.items()}


def _as_csv(rows: list[dict[str, float]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
