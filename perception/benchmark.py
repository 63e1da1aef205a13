"""How fast the network answers and learns on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np

from perception.backend import compute_precision, describe_device, limit_threads, tf
from perception.channels import CHANNELS, STRIDE, BoxField
from perception.decode import find_peaks
from perception.engine import STANDARD, Backend, Engine, Precision
from perception.export import drawn_frames
from perception.network import build_network
from perception.perceiver import load_perceiver
from perception.pipeline import Batch, Preparer, batches, shuffled
from perception.targets import Targets
from perception.train import new_learner
from perception.training_config import TrainConfig
from perception.weights import fill, read_weights
from sim.camera import Camera, CameraFrame
from sim.errors import DatasetError
from sim.recording import Dataset
from sim.seeding import Stream, stream

ROADS_SEED = 770_081
"""Of the drawn frames on which latency is measured."""


@dataclass(frozen=True, slots=True)
class InferenceSpeed:
    """Time from frame to percept, one frame at a time.

    Attributes:
        median_ms: Half of the frames take less.
        p99_ms: 99 of 100 take less.
        frames: How many were timed.
        threads: How many TensorFlow may use; None for as many as it likes.
        device: What it ran on.
    """

    median_ms: float
    p99_ms: float
    frames: int
    threads: int | None
    device: str


@dataclass(frozen=True, slots=True)
class BatchSpeed:
    """Speed of the first look at several frames at once, as simultaneous drives could ask for.

    Attributes:
        frames: How many at once.
        median_ms: For all of them together; half of the times are less.
        p99_ms: 99 of 100 take less.
        rounds: How often it was timed.
        device: What it ran on.
    """

    frames: int
    median_ms: float
    p99_ms: float
    rounds: int
    device: str

    @property
    def images_per_s(self) -> float:
        """Frames a second, by the median."""
        return 1e3 * self.frames / self.median_ms


@dataclass(frozen=True, slots=True)
class TrainingSpeed:
    """Speed of training steps, with data at hand.

    Attributes:
        images_per_s: Median over the steps.
        steps: How many were timed.
        device: What it ran on.
    """

    images_per_s: float
    steps: int
    device: str


@dataclass(frozen=True, slots=True)
class ReadingSpeed:
    """Speed of training steps whose batches are read from shards, decoded, augmented and given targets meanwhile.

    Attributes:
        images_per_s: Over all timed steps.
        wait_share: Share of the time in which the training waits for a batch.
        steps: How many were timed.
        workers: Threads that prepare.
        device: What it ran on.
    """

    images_per_s: float
    wait_share: float
    steps: int
    workers: int
    device: str


def benchmark_inference(
    weights: Path | None = None, *, frames: int = 300, threads: int | None = 1, engine: Engine = STANDARD
) -> InferenceSpeed:
    """Time the perceiver on drawn roads: the second look costs by the candidates that it finds.

    Raises:
        RuntimeError: If `threads` is given and TensorFlow has already computed something in this process.
        WeightsError: If the weights are missing, altered or foreign.
    """
    if threads is not None:
        limit_threads(threads)
        os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    perceive = load_perceiver(weights, engine=engine)
    # A second look costs by the candidates that it finds, and noise is full of them: roads are not.
    frames_of = drawn_frames(ROADS_SEED, 24, perceive.camera)
    pictures = [CameraFrame(step, rgb, perceive.camera) for step, rgb in enumerate(frames_of)]
    spent_ms: list[float] = []
    for number in range(frames + 20):
        begun = time.perf_counter()
        perceive(pictures[number % len(pictures)])
        spent_ms.append(1e3 * (time.perf_counter() - begun))
    timed = spent_ms[20:]
    return InferenceSpeed(
        float(np.median(timed)), float(np.quantile(timed, 0.99)), len(timed), threads, _describe(engine)
    )


def benchmark_batches(
    weights: Path | None = None, *, at_once: Sequence[int] = (1, 2, 4, 8), rounds: int = 40, threads: int | None = 1
) -> list[BatchSpeed]:
    """Time the network's first look at one frame and at several at once, in turns, so that a noisy machine is fair.

    Raises:
        RuntimeError: If `threads` is given and TensorFlow has already computed something in this process.
        WeightsError: If the weights are missing, altered or foreign.
    """
    if threads is not None:
        limit_threads(threads)
    card, arrays = read_weights(weights)
    model = build_network(card.network, card.camera, compute_precision())
    fill(model, arrays, "the weights file")

    @tf.function(autograph=False)
    def look(rgb: Any) -> Any:
        outputs = model(rgb, training=False)
        return find_peaks(outputs["heat"], outputs["boxes"]), outputs["lane"]

    pictures = [tf.constant(np.stack(list(_noise(card.camera, frames)))) for frames in at_once]
    spent_ms: list[list[float]] = [[] for _ in at_once]
    for number in range(rounds + 3):
        for batch, spent in zip(pictures, spent_ms, strict=True):
            begun = time.perf_counter()
            _, lane = look(batch)
            lane.numpy()
            if number >= 3:
                spent.append(1e3 * (time.perf_counter() - begun))
    return [
        BatchSpeed(frames, float(np.median(spent)), float(np.quantile(spent, 0.99)), rounds, describe_device())
        for frames, spent in zip(at_once, spent_ms, strict=True)
    ]


def _describe(engine: Engine) -> str:
    if engine.backend is Backend.KERAS:
        return f"keras, {engine.precision}" if engine.precision else f"keras, {describe_device()}"
    return f"{engine.backend}, {engine.precision or Precision.FLOAT32}"


def benchmark_training(config: TrainConfig | None = None, *, steps: int = 20) -> TrainingSpeed:
    """Time training steps of the standard camera's frames."""
    config = config or TrainConfig()
    camera = Camera()
    learner = new_learner(config, camera, steps + 3)
    rows, columns = camera.height_px // STRIDE, camera.width_px // STRIDE
    targets = Targets(
        heat=np.zeros((config.batch, rows, columns, CHANNELS), np.float32),
        cells=np.zeros((1, 4), np.int32),
        boxes=np.zeros((1, BoxField.LOG_SPREAD), np.float32),
        weights=np.ones(1, np.float32),
        lane=np.zeros((config.batch, 3), np.float32),
        lane_weight=np.ones(config.batch, np.float32),
    )
    batch = Batch(np.stack(list(_noise(camera, config.batch))), targets)
    spent_s: list[float] = []
    for _ in range(steps + 3):
        begun = time.perf_counter()
        learner.take_step(batch)
        spent_s.append(time.perf_counter() - begun)
    return TrainingSpeed(config.batch / float(np.median(spent_s[3:])), steps, describe_device())


def benchmark_reading(
    dataset: Path, config: TrainConfig | None = None, *, steps: int = 30, workers: int = 2
) -> ReadingSpeed:
    """Time training steps on a data set, and how long they wait for their batches.

    Raises:
        DatasetError: If the data set is missing, damaged, or fills no batch.
    """
    config = config or TrainConfig()
    source = Dataset.open(dataset)
    if source.count < config.batch:
        raise DatasetError(f"Expected at least {config.batch} examples. Received: {source.count}.")
    learner = new_learner(config, source.camera, steps + 3)
    prepare = Preparer(source.camera, config.augment, config.seed)
    waited_s, spent_s = 0.0, 0.0
    made = islice(_endless(source, config, prepare, workers), steps + 3)
    for number in range(steps + 3):
        begun = time.perf_counter()
        batch = next(made)
        got = time.perf_counter()
        learner.take_step(batch)
        # The first steps build the graph.
        if number >= 3:
            waited_s += got - begun
            spent_s += time.perf_counter() - begun
    return ReadingSpeed(steps * config.batch / spent_s, waited_s / spent_s, steps, workers, describe_device())


def _endless(source: Dataset, config: TrainConfig, prepare: Preparer, workers: int) -> Iterator[Batch]:
    for epoch in count():
        order = shuffled(source, source.count, config.seed, epoch, config.shuffle_buffer)
        yield from batches(order, prepare, epoch, config.batch, workers)


def _noise(camera: Camera, pictures: int) -> Iterator[np.ndarray]:
    rng = stream(0, Stream.TEXTURE)
    for _ in range(pictures):
        yield rng.integers(0, 256, (camera.height_px, camera.width_px, 3), dtype=np.uint8)
