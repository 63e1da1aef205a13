"""One model that learns: its weights, their running average, the optimiser, and the step that moves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import keras, tf
from perception.network import named_weights
from perception.pipeline import Batch
from perception.training_config import TrainConfig
from sim.errors import WeightsError

Loss = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
"""Takes a model's outputs and its targets; returns each part of the loss, and their weighted sum under "loss"."""


class Learner:
    """A model in training: everything that a step changes.

    Args:
        model: Built in code; trained in place.
        loss: How far its outputs are from the targets.
        config: How to train.
        steps: How many steps there will be in all; the learning rate depends on it.
    """

    def __init__(self, model: Any, loss: Loss, config: TrainConfig, steps: int) -> None:
        self.steps = steps
        self._model = model
        self._loss = loss
        self._decay = config.ema_decay
        self._weights = list(named_weights(model).values())
        self._average = [tf.Variable(each.value, trainable=False) for each in self._weights]
        self._optimizer = _optimizer(config, steps)
        self._optimizer.build(self._weights)
        self._step = tf.function(self._move, reduce_retracing=True, autograph=False)

    @property
    def step(self) -> int:
        """Steps taken; the optimiser counts them."""
        return int(self._optimizer.iterations)

    @property
    def groups(self) -> dict[str, list[Any]]:
        """Every variable, for a checkpoint; the state of dropout's random numbers is among the model's."""
        return {
            "model": list(self._model.variables),
            "average": self._average,
            "optimizer": list(self._optimizer.variables),
        }

    def averaged(self) -> dict[str, NDArray[np.float32]]:
        """Return the running average of the weights by name."""
        names = named_weights(self._model)
        return {name: np.asarray(each, np.float32) for name, each in zip(names, self._average, strict=True)}

    def start_from(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Set weights, and their average, from arrays by name; those without an array stay as they are."""
        for (name, weight), mean in zip(named_weights(self._model).items(), self._average, strict=True):
            if name in arrays:
                weight.assign(arrays[name])
                mean.assign(arrays[name])

    def take_step(self, batch: Batch) -> dict[str, float]:
        """Learn from one batch and return each part of the loss.

        Raises:
            WeightsError: If the loss is no longer a finite number.
        """
        targets = {name: tf.constant(getattr(batch.targets, name)) for name in type(batch.targets).__slots__}
        parts = {name: float(part) for name, part in self._step(tf.constant(batch.rgb), targets).items()}
        if not np.isfinite(parts["loss"]):
            raise WeightsError(
                f"Expected a finite loss at step {self.step}. Received: {parts['loss']}.",
                hint="Train with a lower learning_rate, into a fresh folder.",
            )
        return parts

    def _move(self, rgb: Any, targets: dict[str, Any]) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            parts = self._loss(self._model(rgb, training=True), targets)
        self._optimizer.apply(tape.gradient(parts["loss"], self._weights), self._weights)
        # Early on the average forgets faster, or it would remember the untrained weights.
        taken = tf.cast(self._optimizer.iterations.value, tf.float32)
        decay = tf.minimum(self._decay, (1.0 + taken) / (10.0 + taken))
        for mean, weight in zip(self._average, self._weights, strict=True):
            mean.assign(decay * mean + (1.0 - decay) * weight.value)
        return parts


def _optimizer(config: TrainConfig, steps: int) -> Any:
    """Return AdamW with a rise, then a cosine fall, of the learning rate."""
    warmup = min(config.warmup_steps, max(steps // 10, 1))
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 20,
        decay_steps=max(steps - warmup, 1),
        alpha=0.2,  # of the initial rate, which is a twentieth: 1 % of the peak
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer
