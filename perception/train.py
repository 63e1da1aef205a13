"""Training: close-ups first, then whole frames, in a plain loop that may be stopped at any moment and resumed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import describe_device, keras, make_deterministic, training_precision
from perception.calibration import Scaling, calibrate
from perception.card import Card, card_path, read_card, write_card
from perception.checkpoint import Checkpoint, Known, Stage, read_checkpoint
from perception.closeups import learn_signs
from perception.evaluate import score_examples
from perception.fovea import is_fovea
from perception.journal import Journal, StageRecord
from perception.lane_lessons import lane_steps, learn_lane
from perception.learner import Learner
from perception.losses import losses
from perception.network import build_network
from perception.perceiver import make_perceiver
from perception.pipeline import Preparer, batches, shuffled
from perception.scores import LOWEST_COUNTED, Scores
from perception.second_lessons import learn_to_look_twice
from perception.team import ALONE, Team
from perception.training_config import TrainConfig
from perception.weights import EPOCHS, WEIGHTS_NAME, read_weights, save_weights
from sim.camera import Camera
from sim.errors import DatasetError, WeightsError
from sim.recording import Dataset

Progress = Callable[[int, int], None]

Watch = Callable[[str, int, float, Callable[[], dict[str, NDArray[np.float32]]]], None]
"""Told of each step: the phase, "closeups", "frames", "lane" or "second look"; the steps taken in it; the loss; and
what returns the weights of what learns, averaged: the sign detector's alone while it looks at close-ups."""

VALIDATED_EACH_EPOCH = 400
"""Validation examples scored after each epoch; all of them at the end."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training left behind.

    Attributes:
        weights: The weights file; its card and README lie beside it.
        card: What is known of them.
        scores: On the examples that were held back.
        history: A row for each epoch.
        images_per_s: Examples a second while training on whole frames.
        finished_before: Whether there was nothing left to do.
    """

    weights: Path
    card: Card
    scores: dict[str, Any] = field(repr=False)
    history: list[dict[str, float]] = field(repr=False)
    images_per_s: float
    finished_before: bool


def train(
    dataset: Path,
    out: Path,
    config: TrainConfig,
    *,
    start_from: Path | None = None,
    temper_by: Path | None = None,
    workers: int = 2,
    command: str = "rollingstop train",
    progress: Progress | None = None,
    watch: Watch | None = None,
    keep_epochs: bool = False,
    team: Team = ALONE,
) -> TrainResult:
    """Train on a data set, or go on with a training that was interrupted.

    A checkpoint is written every `CHECKPOINT_STEPS` of each stage's lessons, after each epoch, and on Ctrl-C. From one
    on, a run ends in the same weights as if it had not been interrupted.

    Of several machines each does all of this, on its part of each batch; all read the data set and the checkpoint, one
    writes.

    Args:
        dataset: Its folder.
        out: Where weights, card, history, checkpoint and TensorBoard logs go.
        config: How to train.
        start_from: Weights to go on from, close-ups and all; from random ones if not given.
        temper_by: Weights of which `lane_base_share` and `fovea_base_share` remain; of `start_from` if not given.
        workers: Threads that prepare examples; their number does not change the result.
        command: The command line, for the card.
        progress: Told the steps done and the steps in all, close-ups included.
        watch: Told of each step; it may raise KeyboardInterrupt to stop the training as Ctrl-C does.
        keep_epochs: Whether the weights after each epoch are kept too, in `out/epochs/01` and so on, their scores
            scaled like the last ones': to watch a network learn. They change nothing of the training.
        team: The devices that share each batch.

    Raises:
        DatasetError: If the data set is missing, damaged or too small.
        RollingStopError: If the team cannot share out batches of this size.
        WeightsError: If `out` holds another training, `start_from` or `temper_by` is missing, altered or of another
            network, or the network's answers are no longer finite.
        StorageError: If the disk is full.
    """
    team.check(config.batch, config.closeup_batch, config.fovea_batch)
    source = Dataset.open(dataset)
    trained_on = _split(source, config)
    base, kept = (
        _Base.read(path, config, source.camera) if path is not None else None for path in (start_from, temper_by)
    )
    if kept is not None:
        kept.check_shapes(base)
    if any(each is not None and each.knows_held_back(source, trained_on) for each in (base, kept)):
        _LOG.warning(
            "The weights to go on from learned from frames that are held back here: their scores will flatter. "
            "Score on another data set."
        )
    begun_from = "".join(each.card.sha256 for each in (base, kept) if each is not None)
    fingerprint = config.fingerprint(source.manifest.recipe_sha256, begun_from)
    found = read_checkpoint(out, fingerprint)
    if found is not None and (finished := _finished(out, found)) is not None:
        return finished
    if found is None and (out / WEIGHTS_NAME).exists():
        raise WeightsError(
            f"Expected {out} to be empty or to hold this training. Received: a folder with other weights.",
            hint="Choose another --out.",
        )
    if config.deterministic:
        make_deterministic(config.seed)
    else:
        keras.utils.set_random_seed(config.seed % 2**32)
    _LOG.info("Training on %d examples, %s.", trained_on, ", ".join(filter(None, (describe_device(), str(team)))))
    lesson = _Lesson(source, trained_on, config, base, kept, workers, progress, watch, team)
    if team.leads:
        return _train(out, lesson, fingerprint, found, keep_epochs, command)
    # What the others write is nobody's.
    with TemporaryDirectory() as nowhere:
        return _train(Path(nowhere), lesson, fingerprint, found, keep_epochs, command)


def _train(
    out: Path, lesson: _Lesson, fingerprint: str, found: Checkpoint | None, keep_epochs: bool, command: str
) -> TrainResult:
    """Take what lessons are left, and write what comes of them."""
    journal = Journal(out, fingerprint, found)
    lesson.look_at_closeups(journal)
    known = lesson.look_at_frames(journal, out / EPOCHS if keep_epochs else None, command)
    known = lesson.follow_the_lane(journal, known)
    arrays = known.arrays | lesson.look_twice(journal, known)
    return _finish(out, lesson, journal, command, arrays, known.scalings)


def new_learner(config: TrainConfig, camera: Camera, steps: int, team: Team = ALONE) -> Learner:
    """Return the whole network, untrained, ready to take `steps` steps."""
    return Learner(
        lambda: build_network(config.network, camera, training_precision()),
        lambda outputs, targets: losses(outputs, targets, config.weights),
        config,
        steps,
        team,
    )


def _split(source: Dataset, config: TrainConfig) -> int:
    """Return how many examples to train on; those after them are held back.

    Raises:
        DatasetError: If they fill no batch.
    """
    trained_on = source.count - max(1, round(source.count * config.validation_share))
    needed = max(config.batch, config.closeup_batch)
    if trained_on < needed:
        raise DatasetError(
            f"Expected at least {needed} examples to train on. Received: {max(trained_on, 0)}.",
            hint="Generate a larger data set.",
        )
    return trained_on


@dataclass(frozen=True, slots=True)
class _Base:
    """Weights that a training goes on from, and their card."""

    card: Card
    arrays: dict[str, NDArray[np.float32]]

    @classmethod
    def read(cls, path: Path, config: TrainConfig, camera: Camera) -> _Base:
        """Read them.

        Raises:
            WeightsError: If they are missing, altered, or of a network of other sizes or another camera.
        """
        card, arrays = read_weights(path)
        for what, ours, theirs in (("network", config.network, card.network), ("camera", camera, card.camera)):
            if ours != theirs:
                raise WeightsError(
                    f"Expected weights of this training's {what} in {path}. Received: {theirs} instead of {ours}.",
                    hint="Name weights of the same sizes, or none.",
                )
        return cls(card, arrays)

    def check_shapes(self, base: _Base | None) -> None:
        """Refuse to temper by these what goes on from others, if the two have no mean.

        Raises:
            WeightsError: If there are no others, or they differ in a shape.
        """
        other = {} if base is None else base.arrays
        differs = next((n for n, array in self.arrays.items() if n not in other or other[n].shape != array.shape), None)
        if differs is not None:
            raise WeightsError(
                f"Expected weights to temper by, shaped like those to go on from. Received: others in {differs}.",
                hint="Name both --start-from and --temper-by, of one kind; or only the first.",
            )

    def knows_held_back(self, source: Dataset, trained_on: int) -> bool:
        """Return whether these weights learned from examples of a data set that are now held back."""
        said = self.card.dataset
        same = (said.get("recipe") or {}).get("seed") == source.manifest.recipe.seed
        return same and int(said.get("trained_on", 0)) > trained_on

    def to_dict(self) -> dict[str, Any]:
        """Return what the card of the new weights says of these."""
        return {"sha256": self.card.sha256, "command": self.card.command, "recipe": self.card.dataset.get("recipe")}


class _Lesson:
    """One training's data and what learns from it.

    Attributes:
        source: The data set.
        trained_on: The examples from this index on are held back.
        config: How to train.
        base: The weights that it goes on from, if any.
        kept: Those of which a part remains in the end, if it is not of those.
        learner: What learns.
    """

    def __init__(
        self,
        source: Dataset,
        trained_on: int,
        config: TrainConfig,
        base: _Base | None,
        kept: _Base | None,
        workers: int,
        progress: Progress | None,
        watch: Watch | None,
        team: Team,
    ) -> None:
        self.source = source
        self.trained_on = trained_on
        self.config = config
        self.base = base
        self.kept = kept
        self._remaining = kept.arrays if kept is not None else None
        self.learner = new_learner(config, source.camera, config.epochs * (trained_on // config.batch), team)
        self._team = team
        self._workers = workers
        self._progress = progress
        self._watch = watch

    def look_at_closeups(self, journal: Journal) -> None:
        """Let the sign detector learn from close-ups, and start the whole network from its weights."""
        if journal.past(Stage.CLOSEUPS) is not None:
            return
        arrays = self.base.arrays if self.base is not None else {}
        if self.config.closeup_steps:
            with journal.stage(Stage.CLOSEUPS, self._tell("closeups")) as record:
                arrays = arrays | learn_signs(
                    self.source,
                    self.trained_on,
                    self.config,
                    self._workers,
                    record,
                    start_from=arrays,
                    team=self._team,
                )
        self.learner.start_from(arrays)

    def look_at_frames(self, journal: Journal, kept_in: Path | None, command: str) -> Known:
        """Let the whole network learn from whole frames; return its weights, scaled if it learned anything."""
        if (known := journal.past(Stage.FRAMES)) is not None:
            return known
        with journal.stage(Stage.FRAMES, self._tell("frames", self.config.closeup_steps)) as record:
            record.begin(self.learner)
            self._go_through_epochs(journal, record, kept_in, command)
        arrays = self.learner.averaged()
        if not self.learner.steps and not self.config.closeup_steps:
            return Known(arrays)
        held_back = self.source.examples(self.trained_on, self.source.count)
        return Known(*calibrate(arrays, self.config.network, self.source.camera, held_back))

    def _go_through_epochs(self, journal: Journal, record: StageRecord, kept_in: Path | None, command: str) -> None:
        """Take all steps that are left, epoch by epoch; keep each epoch's weights in a folder, if any is given."""
        config, learner = self.config, self.learner
        prepare = Preparer(self.source.camera, config.augment, config.seed)
        steps_per_epoch = self.trained_on // config.batch
        for epoch in range(len(journal.history), config.epochs):
            done = learner.step - epoch * steps_per_epoch
            order = shuffled(self.source, self.trained_on, config.seed, epoch, config.shuffle_buffer)
            left = islice(order, done * config.batch, None)
            journal.begin_epoch()
            for batch in batches(left, prepare, epoch, config.batch, self._workers):
                parts = learner.take_step(batch)
                journal.add(parts)
                record.took_step(parts["loss"])
            if kept_in is not None:
                held_back = self.source.examples(self.trained_on, self.source.count)
                arrays, scalings = calibrate(learner.averaged(), config.network, self.source.camera, held_back)
                folder = kept_in / f"{epoch + 1:02d}"
                scores = self.validate(VALIDATED_EACH_EPOCH, arrays)
                _keep(folder / WEIGHTS_NAME, self, journal, command, arrays, scores, scalings)
            journal.end_epoch(learner, epoch, config.batch, self.validate(VALIDATED_EACH_EPOCH))
            record.keep()

    def follow_the_lane(self, journal: Journal, known: Known) -> Known:
        """Let the lane head of a network with such weights learn alone, if it is to; return all weights."""
        if not self.config.lane_epochs:
            return known
        if (after := journal.past(Stage.LANE)) is not None:
            return after
        begun = self.config.closeup_steps + self.learner.steps
        self._draw_afresh()
        with journal.stage(Stage.LANE, self._tell("lane", begun), known) as record:
            learned = learn_lane(
                self.source,
                self.trained_on,
                self.config,
                known.arrays,
                self._workers,
                record,
                self._team,
                self._remaining,
            )
        return Known(known.arrays | learned, known.scalings)

    def look_twice(self, journal: Journal, known: Known) -> dict[str, NDArray[np.float32]]:
        """Let the second look learn from what a network with such weights sees; return its weights, if any.

        Without lessons it stays as it was in the weights that the training went on from.
        """
        base = self.base.arrays if self.base is not None else {}
        if not self.config.fovea_steps:
            return {name: array for name, array in base.items() if is_fovea(name)}
        begun = self.config.closeup_steps + self.learner.steps + lane_steps(self.trained_on, self.config)
        self._draw_afresh()
        with journal.stage(Stage.SECOND_LOOK, self._tell("second look", begun), known) as record:
            return learn_to_look_twice(
                self.source,
                self.trained_on,
                self.config,
                {**base, **known.arrays},
                self._workers,
                record,
                self._team,
                self._remaining,
            )

    def _draw_afresh(self) -> None:
        """Let what is built next begin in the same state, whether or not anything was built before in this run."""
        keras.utils.set_random_seed(self.config.seed % 2**32)

    def validate(self, most: int, arrays: dict[str, NDArray[np.float32]] | None = None) -> Scores:
        """Score weights, the averaged ones if not given, on the first `most` examples that were held back."""
        arrays = arrays or self.learner.averaged()
        perceiver = make_perceiver(self.config.network, self.source.camera, arrays, lowest_score=LOWEST_COUNTED)
        stop = min(self.trained_on + most, self.source.count)
        return score_examples(self.source.examples(self.trained_on, stop), perceiver)

    def _tell(self, phase: str, before: int = 0) -> Callable[[Learner, float], None]:
        """Return what tells of a step of one phase, with so many steps of others before it."""
        config = self.config
        steps = config.closeup_steps + self.learner.steps + lane_steps(self.trained_on, config) + config.fovea_steps

        def tell(learner: Learner, loss: float) -> None:
            if self._progress is not None:
                self._progress(before + learner.step, steps)
            if self._watch is not None:
                self._watch(phase, learner.step, loss, learner.averaged)

        return tell


def _finish(
    out: Path,
    lesson: _Lesson,
    journal: Journal,
    command: str,
    arrays: dict[str, NDArray[np.float32]],
    scalings: Mapping[str, Scaling],
) -> TrainResult:
    """Write weights and card. The card comes last: a folder with a card is a finished training."""
    scores = lesson.validate(lesson.source.count, arrays)
    card = _keep(out / WEIGHTS_NAME, lesson, journal, command, arrays, scores, scalings)
    return TrainResult(
        out / WEIGHTS_NAME, card, card.scores, journal.history, journal.images_per_s, finished_before=False
    )


def _keep(
    path: Path,
    lesson: _Lesson,
    journal: Journal,
    command: str,
    arrays: dict[str, NDArray[np.float32]],
    scores: Scores,
    scalings: Mapping[str, Scaling],
) -> Card:
    """Write weights and their card; return the card."""
    source, trained_on = lesson.source, lesson.trained_on
    digest, size = save_weights(path, arrays)
    card = Card(
        sha256=digest,
        bytes=size,
        camera=source.camera,
        network=lesson.config.network,
        dataset={
            "recipe": asdict(source.manifest.recipe),
            "recipe_sha256": source.manifest.recipe_sha256,
            "trained_on": trained_on,
            "validated_on": source.count - trained_on,
        },
        training={
            **asdict(lesson.config),
            "steps": lesson.learner.steps,
            "minutes": round(journal.seconds / 60, 1),
            "device": describe_device(),
            "calibration": {name: asdict(scaling) for name, scaling in scalings.items()},
        },
        command=command,
        started_from=lesson.base.to_dict() if lesson.base is not None else None,
        tempered_by=lesson.kept.to_dict() if lesson.kept is not None else None,
        scores=scores.to_dict(),
    )
    write_card(card, path)
    return card


def _finished(out: Path, found: Checkpoint) -> TrainResult | None:
    """Return the result of a training that is already complete, or None if there is more to do."""
    path = out / WEIGHTS_NAME
    if not (path.exists() and card_path(path).exists()):
        return None
    card = read_card(path)
    return TrainResult(path, card, card.scores, found.history, 0.0, finished_before=True)
