"""Lessons for the lane alone: all else of a trained network stays as it is, so nothing else is forgotten.

Where the lane runs is learned beside four other things, and by a head of its own. Whole frames teach it best: close-ups
have no lane, and an enlarged frame's does not fit the camera: none is enlarged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import keras, tf, training_precision
from perception.learner import UNRECORDED, Learner, Record, tempered
from perception.losses import lane_loss
from perception.network import build_network
from perception.pipeline import Batch, Preparer, batches, shuffled
from perception.team import ALONE, Team
from perception.training_config import TrainConfig
from perception.weights import fill
from sim.recording import Dataset

FIRST_PASS = 3_000_000
"""No pass has the number of another kind of lesson's."""


def lane_steps(trained_on: int, config: TrainConfig) -> int:
    """Return how many steps the lane's lessons have."""
    return config.lane_epochs * (trained_on // config.batch)


def learn_lane(
    dataset: Dataset,
    trained_on: int,
    config: TrainConfig,
    arrays: Mapping[str, NDArray[np.float32]],
    workers: int,
    record: Record = UNRECORDED,
    team: Team = ALONE,
    temper_by: Mapping[str, NDArray[np.float32]] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Train the lane head of a trained network; return the head's weights by name.

    Args:
        dataset: Where the frames lie.
        trained_on: Only the examples before this index are learned from.
        config: How to train; `lane_epochs` says how long.
        arrays: The trained network's weights by name; of the head's, `lane_base_share` remains.
        workers: Threads that prepare frames.
        record: Told of each step; says where to go on, if these lessons were stopped.
        team: The devices that share each batch.
        temper_by: Weights of which `lane_base_share` remains, instead of those in `arrays`.
    """

    def build() -> Any:
        whole = build_network(config.network, dataset.camera, training_precision())
        fill(whole, dict(arrays), "the weights in training")
        for layer in whole.layers:
            layer.trainable = layer.name.startswith("lane")
        return keras.Model(whole.input, whole.get_layer("lane").output)

    learner = Learner(build, _loss, config, lane_steps(trained_on, config), team)
    record.begin(learner)
    for batch in _batches(dataset, trained_on, config, workers, learner.step):
        record.took_step(learner.take_step(batch)["loss"])
    return tempered(learner.averaged(), arrays if temper_by is None else temper_by, config.lane_base_share)


def _loss(answers: Any, targets: dict[str, Any]) -> dict[str, Any]:
    return {"loss": lane_loss(tf.cast(answers, tf.float32), targets["lane"], targets["lane_weight"])}


def _batches(dataset: Dataset, trained_on: int, config: TrainConfig, workers: int, begin: int) -> Iterator[Batch]:
    """Yield the batches of one pass after another, but for those before `begin`."""
    prepare = Preparer(dataset.camera, replace(config.augment, zoom=0.0), config.seed)
    passed, done = divmod(begin, trained_on // config.batch)
    for number in range(FIRST_PASS + passed, FIRST_PASS + config.lane_epochs):
        order = shuffled(dataset, trained_on, config.seed, number, config.shuffle_buffer)
        yield from batches(islice(order, done * config.batch, None), prepare, number, config.batch, workers)
        done = 0
