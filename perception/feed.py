"""The training's batches as a `tf.data.Dataset`, for loops other than our own.

    for rgb, targets in training_data(Dataset.open(path), TrainConfig()):
        ...

What is in it, and in which order, follows from the settings' seed and the pass, whatever the number of workers. At
most `pipeline.AHEAD` batches, and the shuffle buffer of pictures that are still encoded, are held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perception.backend import tf
from perception.channels import CHANNELS, LANE_SCALES, STRIDE, BoxField
from perception.pipeline import Batch, Preparer, batches, shuffled
from perception.training_config import TrainConfig
from sim.recording import Dataset


def training_data(
    dataset: Dataset, config: TrainConfig, *, epoch: int = 0, stop: int | None = None, workers: int = 2
) -> Any:
    """Return one pass over a data set: shuffled, augmented, with targets, in full batches.

    Args:
        dataset: Where the examples lie.
        config: Seed, batch, shuffle buffer and augmentation.
        epoch: Which pass; each has an order and changes of its own.
        stop: Index of the first example to leave out; none is left out if not given.
        workers: Threads that prepare.

    Returns:
        A `tf.data.Dataset` of pairs: frames, uint8 (batch, H, W, 3), and the fields of `targets.Targets` by name, as
        `losses.losses` takes them.
    """
    camera, size = dataset.camera, config.batch
    stop = dataset.count if stop is None else stop
    prepare = Preparer(camera, config.augment, config.seed)

    def made() -> Iterator[tuple[Any, dict[str, Any]]]:
        order = shuffled(dataset, stop, config.seed, epoch, config.shuffle_buffer)
        for batch in batches(order, prepare, epoch, size, workers):
            yield batch.rgb, fields_of(batch)

    rows, columns = camera.height_px // STRIDE, camera.width_px // STRIDE
    targets = {
        "heat": tf.TensorSpec((size, rows, columns, CHANNELS), tf.float32),
        "cells": tf.TensorSpec((None, 4), tf.int32),
        "boxes": tf.TensorSpec((None, BoxField.LOG_SPREAD), tf.float32),
        "weights": tf.TensorSpec((None,), tf.float32),
        "lane": tf.TensorSpec((size, len(LANE_SCALES)), tf.float32),
        "lane_weight": tf.TensorSpec((size,), tf.float32),
    }
    frames = tf.TensorSpec((size, camera.height_px, camera.width_px, 3), tf.uint8)
    whole = tf.data.Dataset.from_generator(made, output_signature=(frames, targets))
    return whole.apply(tf.data.experimental.assert_cardinality(stop // size))


def fields_of(batch: Batch) -> dict[str, Any]:
    """Return the targets of a batch by name."""
    return {name: getattr(batch.targets, name) for name in type(batch.targets).__slots__}
