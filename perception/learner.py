"""One model that learns: its weights, their running average, the optimiser, and the step that moves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from perception.backend import keras, tf
from perception.network import named_weights
from perception.team import ALONE, Team
from perception.training_config import TrainConfig
from sim.errors import WeightsError

Loss = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
"""Takes a model's outputs and its targets; returns each part of the loss, and their weighted sum under "loss"."""


class Lesson(Protocol):
    """A batch: pictures, and what ought to be answered to them."""

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The pictures, their number first."""
        ...

    @property
    def targets(self) -> Any:
        """Arrays by name, in slots."""
        ...

    def part(self, number: int, of: int) -> Lesson:
        """Return one of so many equal parts."""
        ...


class Record:
    """What lessons tell while they go on, and where they stood when they were stopped; this one keeps nothing."""

    place: tuple[int, ...] = ()
    """Where in its data the learner stands, for lessons that the number of its steps does not tell."""

    def begin(self, learner: Learner) -> None:
        """Take note of what is to learn, before its first step; set it as it was when it was stopped, if it was."""

    def took_step(self, loss: float) -> None:
        """Take note of a step."""

    def mark(self, place: tuple[int, ...]) -> None:
        """Take note of a place in the data, before the step that it leads to."""


UNRECORDED = Record()


class Learner:
    """A model in training: everything that a step changes.

    Args:
        build: Builds the model in code; it is trained in place.
        loss: How far its outputs are from the targets.
        config: How to train.
        steps: How many steps there will be in all; the learning rate depends on it.
        team: The devices that share each batch.

    Attributes:
        model: The model.
    """

    def __init__(
        self, build: Callable[[], Any], loss: Loss, config: TrainConfig, steps: int, team: Team = ALONE
    ) -> None:
        self.steps = steps
        self._loss = loss
        self._decay = config.ema_decay
        self._team = team
        self._clip_norm = config.clip_norm
        with team.scope():
            self.model = build()
            self._weights = list(named_weights(self.model).values())
            # Copies of the weights are the same on each device: any one's average will do.
            one = tf.VariableAggregation.NONE if team is ALONE else tf.VariableAggregation.ONLY_FIRST_REPLICA
            self._average = [tf.Variable(each.value, trainable=False, aggregation=one) for each in self._weights]
            self._optimizer = _optimizer(config, steps, clips=team is ALONE)
            self._optimizer.build(self._weights)
        move = self._move if team is ALONE else self._move_all
        self._step = tf.function(move, reduce_retracing=True, autograph=False)

    @property
    def step(self) -> int:
        """Steps taken; the optimiser counts them."""
        return int(self._optimizer.iterations.value.numpy())

    @property
    def groups(self) -> dict[str, list[Any]]:
        """Every variable, for a checkpoint; the state of dropout's random numbers is among the model's."""
        return {
            "model": list(self.model.variables),
            "average": self._average,
            "optimizer": list(self._optimizer.variables),
        }

    def averaged(self) -> dict[str, NDArray[np.float32]]:
        """Return the running average of the weights by name."""
        names = named_weights(self.model)
        return {name: np.asarray(each.numpy(), np.float32) for name, each in zip(names, self._average, strict=True)}

    def start_from(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Set weights, and their average, from arrays by name; those without an array stay as they are."""
        for (name, weight), mean in zip(named_weights(self.model).items(), self._average, strict=True):
            if name in arrays:
                weight.assign(arrays[name])
                mean.assign(arrays[name])

    def take_step(self, batch: Lesson) -> dict[str, float]:
        """Learn from one batch and return each part of the loss.

        Raises:
            WeightsError: If the loss is no longer a finite number.
        """
        taken = _tensors(batch) if self._team is ALONE else self._shared_out(batch)
        parts = {name: float(part) for name, part in self._step(*taken).items()}
        if not np.isfinite(parts["loss"]):
            raise WeightsError(
                f"Expected a finite loss at step {self.step}. Received: {parts['loss']}.",
                hint="Train with a lower learning_rate, into a fresh folder.",
            )
        return parts

    def _shared_out(self, batch: Lesson) -> Any:
        """Return a batch's tensors, each device's part with the device."""
        team = self._team
        return team.strategy.experimental_distribute_values_from_function(
            lambda context: _tensors(batch.part(context.replica_id_in_sync_group, team.replicas))
        )

    def _move_all(self, rgb: Any, targets: dict[str, Any]) -> dict[str, Any]:
        """Let each device move its copy of the weights, by the mean of all gradients; return the mean of each loss."""
        strategy = self._team.strategy
        parts = strategy.run(self._move, args=(rgb, targets))
        return {name: strategy.reduce(tf.distribute.ReduceOp.MEAN, part, axis=None) for name, part in parts.items()}

    def _move(self, rgb: Any, targets: dict[str, Any]) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            parts = self._loss(self.model(rgb, training=True), targets)
        gradients = tape.gradient(parts["loss"], self._weights)
        if self._team is not ALONE:
            # The optimiser adds up what the devices hand it; clipped is the mean, as one device would.
            devices = tf.distribute.get_replica_context()
            gradients = devices.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
            gradients, _ = tf.clip_by_global_norm(gradients, self._clip_norm)
            gradients = [each / self._team.replicas for each in gradients]
        self._optimizer.apply(gradients, self._weights)
        # Early on the average forgets faster, or it would remember the untrained weights.
        taken = tf.cast(self._optimizer.iterations.value, tf.float32)
        decay = tf.minimum(self._decay, (1.0 + taken) / (10.0 + taken))
        for mean, weight in zip(self._average, self._weights, strict=True):
            mean.assign(decay * mean + (1.0 - decay) * weight.value)
        return parts


def _tensors(batch: Lesson) -> tuple[Any, dict[str, Any]]:
    """Return a batch's pictures, and its targets by name."""
    targets = {name: tf.constant(getattr(batch.targets, name)) for name in type(batch.targets).__slots__}
    return tf.constant(batch.rgb), targets


def _optimizer(config: TrainConfig, steps: int, *, clips: bool) -> Any:
    """Return AdamW with a rise, then a cosine fall, of the learning rate; it `clips` gradients itself or is not to."""
    warmup = min(config.warmup_steps, max(steps // 10, 1))
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 20,
        decay_steps=max(steps - warmup, 1),
        alpha=0.2,  # of the initial rate, which is a twentieth: 1 % of the peak
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
    )
    norm = config.clip_norm if clips else None
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, global_clipnorm=norm)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def tempered(
    learned: Mapping[str, NDArray[np.float32]], base: Mapping[str, NDArray[np.float32]], share: float
) -> dict[str, NDArray[np.float32]]:
    """Return the mean of learned weights and those that they went on from, if any; `share` is the latter's."""
    return {
        name: (array + np.float32(share) * (base[name] - array)).astype(np.float32) if name in base else array
        for name, array in learned.items()
    }
