"""What a training writes while it runs: its history, TensorBoard's logs, and checkpoints."""

from __future__ import annotations

import csv
import io
import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from perception.backend import tf
from perception.checkpoint import (
    Checkpoint,
    Epoch,
    Known,
    Stage,
    arrays_to_variables,
    variables_to_arrays,
    write_checkpoint,
)
from perception.learner import Learner, Record
from perception.scores import Scores
from sim.files import make_folder, write_atomically

HISTORY_NAME = "history.csv"

CHECKPOINT_STEPS = 500
"""Steps between checkpoints: about a minute on two cores."""

_LOG = logging.getLogger(__name__)


class Journal:
    """The record of one training.

    Args:
        out: The training's folder.
        fingerprint: Of the training, for its checkpoints.
        found: The checkpoint from which it goes on, if any.
    """

    def __init__(self, out: Path, fingerprint: str, found: Checkpoint | None) -> None:
        self._so_far = (found.history, found.epoch) if found else (list[dict[str, float]](), Epoch())
        self._seconds_before = found.seconds if found else 0.0
        self._begun = time.perf_counter()
        self._out = out
        self._fingerprint = fingerprint
        self._found = found
        make_folder(out)
        self._board = tf.summary.create_file_writer(str(out / "tensorboard"))
        self._epoch_begun = self._begun
        if self.history:
            write_atomically(out / HISTORY_NAME, _as_csv(self.history))

    @property
    def history(self) -> list[dict[str, float]]:
        """A row for each finished epoch."""
        return self._so_far[0]

    @property
    def seconds(self) -> float:
        """Time spent on this training, in this run and those before it."""
        return self._seconds_before + time.perf_counter() - self._begun

    @property
    def images_per_s(self) -> float:
        """Examples a second in the median epoch; 0 before the first has ended."""
        return float(np.nanmedian([row["images_per_s"] for row in self.history])) if self.history else 0.0

    def past(self, stage: Stage) -> Known | None:
        """Return what was known after a stage, if the checkpoint is of a later one."""
        order = list(Stage)
        if self._found is None or order.index(self._found.stage) <= order.index(stage):
            return None
        return self._found.known

    @contextmanager
    def stage(
        self, stage: Stage, told: Callable[[Learner, float], None], known: Known | None = None
    ) -> Generator[StageRecord]:
        """Give the record of a stage's lessons, which go on where they were stopped.

        A checkpoint is written when the stage begins, every `CHECKPOINT_STEPS`, on Ctrl-C, and when it ends.

        Args:
            stage: Which lessons.
            told: Told of each step: what learns, and the loss.
            known: What the lessons before these ended in.
        """
        found = self._found if self._found is not None and self._found.stage is stage else None
        record = StageRecord(self, stage, told, known or Known(), found)
        try:
            yield record
        except KeyboardInterrupt:
            record.keep()
            raise
        record.keep()

    def begin_epoch(self) -> None:
        """Start an epoch, or what is left of one."""
        self._epoch_begun = time.perf_counter()

    def add(self, parts: dict[str, float]) -> None:
        """Take note of a step's loss."""
        now = time.perf_counter()
        history, before = self._so_far
        sums = {name: before.sums.get(name, 0.0) + part for name, part in parts.items()}
        self._so_far = history, Epoch(sums, before.steps + 1, before.seconds + now - self._epoch_begun)
        self._epoch_begun = now

    def end_epoch(self, learner: Learner, epoch: int, batch: int, scores: Scores) -> None:
        """Write an epoch's row and its TensorBoard values.

        Args:
            learner: What learns.
            epoch: Which one, from 0.
            batch: Examples in a step.
            scores: On the examples that were held back.

        Raises:
            StorageError: If they cannot be written.
        """
        history, over = self._so_far
        means = {name: total / over.steps for name, total in over.sums.items()}
        row = {"epoch": epoch + 1.0, "step": float(learner.step), **means, **headlines(scores)}
        row["images_per_s"] = over.steps * batch / over.seconds if over.steps else float("nan")
        # At once: a checkpoint has both as they were before the epoch ended, or both after.
        self._so_far = [*history, row], Epoch()
        with self._board.as_default(step=learner.step):
            for name, value in row.items():
                tf.summary.scalar(name, value)
        self._board.flush()
        write_atomically(self._out / HISTORY_NAME, _as_csv(self.history))
        _LOG.info("Epoch %d: %s", epoch + 1, ", ".join(f"{name} {value:.4g}" for name, value in row.items()))

    def write_checkpoint(self, stage: Stage, place: tuple[int, ...], learner: Learner, known: Known) -> None:
        """Write where the training stands.

        Raises:
            StorageError: If it cannot be written.
        """
        history, epoch = self._so_far
        checkpoint = Checkpoint(
            fingerprint=self._fingerprint,
            history=history,
            epoch=epoch,
            seconds=self.seconds,
            stage=stage,
            place=place,
            arrays=variables_to_arrays(learner.groups),
            known=known,
        )
        write_checkpoint(checkpoint, self._out)


class StageRecord(Record):
    """What one stage's lessons tell, and where they stand.

    Args:
        journal: Of the training.
        stage: Which lessons.
        told: Told of each step.
        known: What the lessons before these ended in.
        found: The checkpoint from which they go on, if any.
    """

    def __init__(
        self,
        journal: Journal,
        stage: Stage,
        told: Callable[[Learner, float], None],
        known: Known,
        found: Checkpoint | None,
    ) -> None:
        self._journal = journal
        self._stage = stage
        self._told = told
        self._known = known
        self._found = found
        self._learner: Learner | None = None

    def begin(self, learner: Learner) -> None:
        """Set what is to learn as it was when it was stopped, if it was, or write the first checkpoint.

        Raises:
            WeightsError: If the checkpoint is of another network.
            StorageError: If it cannot be written.
        """
        if self._found is None:
            self._learner = learner
            self.keep()
            return
        arrays_to_variables(self._found.arrays, learner.groups)
        self.place = self._found.place
        # Last: whoever is stopped before leaves the checkpoint as it was.
        self._learner = learner
        name = self._stage.replace("_", " ")
        _LOG.info("Going on with the lessons on: %s, at step %d of %d.", name, learner.step, learner.steps)

    def took_step(self, loss: float) -> None:
        """Tell of a step; write a checkpoint now and then.

        Raises:
            StorageError: If it cannot be written.
        """
        if self._learner is None:
            return
        self._told(self._learner, loss)
        if self._learner.step % CHECKPOINT_STEPS == 0:
            self.keep()

    def mark(self, place: tuple[int, ...]) -> None:
        """Take note of a place in the data, before the step that it leads to."""
        self.place = place

    def keep(self) -> None:
        """Write where these lessons stand, if they have begun.

        Raises:
            StorageError: If it cannot be written.
        """
        if self._learner is not None:
            self._journal.write_checkpoint(self._stage, self.place, self._learner, self._known)


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
    writer = csv.DictWriter(text, fieldnames=list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
