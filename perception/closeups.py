"""First lessons: close-ups of signs, on which the sign detector learns before the whole network sees whole frames.

A frame shows one or two signs in 190,000 pixels, and a training step costs what its pixels cost. A cutting about a
sign has a fifth of them: for the same time the network sees five times as many signs, and telling a stop sign from its
look-alikes is what it learns slowest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import training_precision
from perception.channels import COARSEST_STRIDE, SIGN_CHANNELS
from perception.labels import Labels
from perception.learner import UNRECORDED, Learner, Record
from perception.losses import losses
from perception.network import build_sign_detector
from perception.pipeline import Preparer, batches, shuffled
from perception.team import ALONE, Team
from perception.training_config import TrainConfig
from sim.camera import Camera
from sim.recording import Dataset
from sim.seeding import Stream, stream

SHARE_OF_WIDTH, SHARE_OF_HEIGHT = 1 / 3, 5 / 9
"""Of a frame: 224 x 160 of 672 x 288 pixels, room for a sign at 8 m and its surroundings."""

ELSEWHERE_SHARE = 0.12
"""Share of close-ups that are taken anywhere: there are roads without signs."""

MIN_SHARE_INSIDE = 0.6
"""A sign of which less is inside the cutting is ignored."""


FIRST_PASS = 1_000_000
"""No pass has the number of another kind of lesson's."""


def closeup_camera(camera: Camera) -> Camera:
    """Return a camera of the close-ups' size; of it only the size is used."""
    width_px, height_px = (
        max(COARSEST_STRIDE, round(size * share / COARSEST_STRIDE) * COARSEST_STRIDE)
        for size, share in ((camera.width_px, SHARE_OF_WIDTH), (camera.height_px, SHARE_OF_HEIGHT))
    )
    return replace(camera, width_px=width_px, height_px=height_px)


def cut_out(
    rgb: NDArray[np.uint8], labels: Labels, size: Camera, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Labels]:
    """Return a close-up about a random sign, stop signs and others alike, with the signs in it as its labels."""
    height, width = rgb.shape[:2]
    centre = _centre(labels, rng, (width, height), size)
    left = int(np.clip(centre[0] - size.width_px / 2, 0, width - size.width_px))
    top = int(np.clip(centre[1] - size.height_px / 2, 0, height - size.height_px))
    moved = labels.boxes - np.array([left, top, left, top], np.float32)
    inside = np.clip(moved, 0, [size.width_px, size.height_px, size.width_px, size.height_px]).astype(np.float32)
    areas = np.prod(inside[:, 2:] - inside[:, :2], axis=1)
    whole = np.prod(moved[:, 2:] - moved[:, :2], axis=1)
    kept = (areas > 0) & (labels.channels < SIGN_CHANNELS)
    closeup = Labels(
        boxes=inside[kept],
        channels=labels.channels[kept],
        distances_m=labels.distances_m[kept],
        asked=(labels.asked & (areas >= MIN_SHARE_INSIDE * whole))[kept],
        lane=labels.lane,
        road_asked=False,
    )
    return np.ascontiguousarray(rgb[top : top + size.height_px, left : left + size.width_px]), closeup


def _centre(labels: Labels, rng: np.random.Generator, frame: tuple[int, int], size: Camera) -> tuple[float, float]:
    """Return where to look: near a sign, or anywhere."""
    kinds = [np.flatnonzero(labels.asked & (labels.channels == channel)) for channel in range(SIGN_CHANNELS)]
    kinds = [each for each in kinds if len(each)]
    anywhere = rng.random() < ELSEWHERE_SHARE or not kinds
    if anywhere:
        return float(rng.uniform(0, frame[0])), float(rng.uniform(0, frame[1]))
    x0, y0, x1, y1 = labels.boxes[rng.choice(kinds[rng.integers(len(kinds))])]
    aside = rng.uniform(-0.35, 0.35, 2) * (size.width_px, size.height_px)
    return float((x0 + x1) / 2 + aside[0]), float((y0 + y1) / 2 + aside[1])


def learn_signs(
    dataset: Dataset,
    trained_on: int,
    config: TrainConfig,
    workers: int,
    record: Record = UNRECORDED,
    *,
    start_from: Mapping[str, NDArray[np.float32]] | None = None,
    team: Team = ALONE,
) -> dict[str, NDArray[np.float32]]:
    """Train the sign detector on close-ups; return its weights by name.

    Args:
        dataset: Where the frames lie.
        trained_on: Only the examples before this index are looked at.
        config: How to train; `closeup_steps` says how long.
        workers: Threads that prepare close-ups.
        record: Told of each step; says where to go on, if these lessons were stopped.
        start_from: Weights by name to go on from; from random ones if there are none.
        team: The devices that share each batch.
    """
    learner = Learner(
        lambda: build_sign_detector(config.network, training_precision()),
        lambda outputs, targets: losses(outputs, targets, config.weights),
        config,
        config.closeup_steps,
        team,
    )
    learner.start_from(start_from or {})
    record.begin(learner)
    size = closeup_camera(dataset.camera)

    def cut(rgb: NDArray[np.uint8], labels: Labels, *index: int) -> tuple[NDArray[np.uint8], Labels]:
        return cut_out(rgb, labels, size, stream(config.seed, Stream.AUGMENT, *index, 2))

    augment = replace(config.augment, zoom=config.augment.closeup_zoom)
    prepare = Preparer(dataset.camera, augment, config.seed, cut=cut, size=size)
    made = chain.from_iterable(_passes(dataset, trained_on, config, prepare, workers, learner.step))
    for batch in islice(made, config.closeup_steps - learner.step):
        record.took_step(learner.take_step(batch)["loss"])
    return learner.averaged()


def _passes(
    dataset: Dataset, trained_on: int, config: TrainConfig, prepare: Preparer, workers: int, begin: int
) -> Iterator[Iterator[Any]]:
    """Yield the batches of one pass after another, without end, but for those before `begin`."""
    passed, done = divmod(begin, trained_on // config.closeup_batch)
    for number in count(FIRST_PASS + passed):
        order = shuffled(dataset, trained_on, config.seed, number, config.shuffle_buffer)
        yield batches(islice(order, done * config.closeup_batch, None), prepare, number, config.closeup_batch, workers)
        done = 0
