"""Last lessons: the second look learns from what the network took for something, rightly or not, and what it missed.

A frame has one or two signs and as many look-alikes. What fools the network is worth most, so candidates are those of
the trained network on frames as training changes them; and since it must not learn to trust that network, the true
boxes, a little displaced, are shown beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, replace
from itertools import count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision, tf, training_precision
from perception.calibration import likeliest, right_ones
from perception.channels import Channel
from perception.decode import find_peaks, suppress
from perception.fovea import (
    LOOKED_AT,
    LOWEST_LOOKED_AT,
    WEIGHING,
    Answer,
    Cutting,
    Fovea,
    Measured,
    build_fovea,
    cut_candidates,
    features,
    fovea_of,
    is_fovea,
)
from perception.labels import label
from perception.learner import UNRECORDED, Learner, Record, tempered
from perception.losses import laplace_loss
from perception.network import build_network
from perception.pipeline import Preparer, ahead, decode_image, shuffled
from perception.second_boxes import boxes_to_show, displaced
from perception.second_cuttings import Cut, Opponent, cut_changed
from perception.team import ALONE, Team
from perception.training_config import TrainConfig
from perception.weights import fill
from sim.camera import Camera
from sim.recording import Dataset
from sim.seeding import Stream, stream

Find = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""A first look: from frames, uint8 (n, H, W, 3), to its peaks, (n, 64, 8), as `find_peaks` returns them."""

BOX_WEIGHT, BOX_BEND, DISTANCE_WEIGHT = 2.0, 0.05, 1.0
"""What measures count in the loss beside answers; errors of a box below the bend, in sides of a cutting, count as their
squares."""

FRAMES_AT_ONCE = 16
TIMES_SHOWN, SHIFT, STRETCH = 2, 0.05, 0.07
"""How often a frame's boxes are cut out, each time with changes of their own, since finding candidates costs more than
cutting them; and how far these are displaced after the first time, in their own sizes, and resized, as a logarithm:
standard deviations."""

MIXED_BATCHES = 24
"""Batches of cuttings, or a few more, among which those of a frame are scattered."""

FIRST_PASS = 2_000_000
"""No pass has the number of another kind of lesson's."""

SETTINGS = [BOX_WEIGHT, BOX_BEND, DISTANCE_WEIGHT, TIMES_SHOWN, SHIFT, STRETCH, MIXED_BATCHES, LOWEST_LOOKED_AT]
"""What fixes these lessons beside their configuration, for telling one comparison from another."""


def learn_to_look_twice(
    dataset: Dataset,
    trained_on: int,
    config: TrainConfig,
    arrays: Mapping[str, NDArray[np.float32]],
    workers: int,
    record: Record = UNRECORDED,
    team: Team = ALONE,
    temper_by: Mapping[str, NDArray[np.float32]] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Train the second look of a trained network; return its weights by name, how the looks are weighed among them.

    Args:
        dataset: Where the frames lie.
        trained_on: Only the examples before this index are learned from; those after it say how the looks are weighed.
        config: How to train; `fovea_steps` says how long.
        arrays: The trained network's weights by name, and those of a second look to go on from, if any.
        workers: Threads that prepare frames.
        record: Told of each step; says where to go on, if these lessons were stopped.
        team: The devices that share each batch.
        temper_by: Weights of which `fovea_base_share` remains, instead of those in `arrays`.
    """
    base = {name: array for name, array in arrays.items() if is_fovea(name)}
    find = _finder(config, dataset.camera, arrays)
    learned = train_second_look(dataset, trained_on, config, find, workers, record, team, start_from=base)
    learned = tempered(learned, base if temper_by is None else temper_by, config.fovea_base_share)
    quick = build_fovea(config.fovea, compute_precision())
    fill(quick, learned, "the weights in training")
    fovea = fovea_of(quick, np.zeros((len(LOOKED_AT), 3), np.float32))
    learned[WEIGHING] = _weigh(dataset, trained_on, find, fovea)
    return learned


def train_second_look(
    dataset: Dataset,
    stop: int,
    config: TrainConfig,
    find: Find,
    workers: int,
    record: Record = UNRECORDED,
    team: Team = ALONE,
    *,
    start_from: Mapping[str, NDArray[np.float32]] | None = None,
    build: Callable[[tuple[int, int, int], str], Any] = build_fovea,
    show: Callable[[Cutting], Cutting] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Train a second look at what a first one finds; return the running average of its weights by name.

    Args:
        dataset: Where the frames lie.
        stop: Only the examples of lower indices are learned from.
        config: How to train; `fovea_steps` says how long.
        find: The first look.
        workers: Threads that prepare frames.
        record: Told of each step; says where to go on, if these lessons were stopped.
        team: The devices that share each batch.
        start_from: Weights of a second look to go on from; random ones if there are none.
        build: Builds it, of `config.fovea` widths and a precision.
        show: What of a batch of cuttings it is shown, to learn without the rest; all of it if not given.
    """
    learner = Learner(lambda: build(config.fovea, training_precision()), _loss, config, config.fovea_steps, team)
    learner.start_from(dict(start_from or {}))
    opponent = Opponent(learner.model)
    record.begin(learner)
    batches = _batches(dataset, stop, config, find, workers, record, learner.step)
    for cuts in islice(batches, config.fovea_steps - learner.step):
        batch = opponent.put_on(cuts)
        record.took_step(learner.take_step(batch if show is None else replace(batch, rgb=show(batch.rgb)))["loss"])
    return learner.averaged()


def _loss(outputs: Any, targets: dict[str, Any]) -> dict[str, Any]:
    outputs = tf.cast(outputs, tf.float32)
    answers, measures = outputs[:, : len(Answer)], outputs[:, len(Answer) :]
    truths = targets["measures"]
    boxed, placed = (tf.math.is_finite(truths[:, each]) for each in (Measured.LOG_HEIGHT, Measured.LOG_SIZE))
    error = tf.abs(measures[:, : Measured.LOG_SIZE] - tf.where(boxed[:, None], truths[:, : Measured.LOG_SIZE], 0.0))
    bent = tf.where(error < BOX_BEND, 0.5 * error**2 / BOX_BEND, error - 0.5 * BOX_BEND)
    far = tf.where(placed, truths[:, Measured.LOG_SIZE], 0.0)
    parts = {
        "answer": tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets["answers"], answers)),
        "box": _mean_of(tf.reduce_sum(bent, axis=-1), boxed),
        "distance": _mean_of(
            laplace_loss(measures[:, Measured.LOG_SIZE], measures[:, Measured.LOG_SPREAD], far), placed
        ),
    }
    return {"loss": parts["answer"] + BOX_WEIGHT * parts["box"] + DISTANCE_WEIGHT * parts["distance"], **parts}


def _mean_of(errors: Any, known: Any) -> Any:
    known = tf.cast(known, tf.float32)
    return tf.reduce_sum(known * errors) / tf.maximum(tf.reduce_sum(known), 1.0)


def _finder(config: TrainConfig, camera: Camera, arrays: Mapping[str, NDArray[np.float32]]) -> Find:
    """Return what turns frames, uint8 (n, H, W, 3), into the network's peaks, (n, 64, 8)."""
    model = build_network(config.network, camera, compute_precision())
    fill(model, dict(arrays), "the weights in training")
    shape = (None, camera.height_px, camera.width_px, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def find(rgb: Any) -> Any:
        outputs = model(rgb, training=False)
        return find_peaks(outputs["heat"], outputs["boxes"])

    return lambda rgb: find(tf.constant(rgb)).numpy()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the data a helping begins.

    Attributes:
        passed: Passes before its first frame's.
        frame: Frames of that pass before it.
        step: Steps before it.
    """

    passed: int = 0
    frame: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class _Helping:
    """Some batches, in which the cuttings of one frame are far apart."""

    place: _Place
    batches: list[list[Cut]]


def _batches(
    dataset: Dataset,
    trained_on: int,
    config: TrainConfig,
    find: Find,
    workers: int,
    record: Record,
    begin: int,
) -> Iterator[list[Cut]]:
    """Yield batches without end, from the one on that the step `begin` leads to."""
    place = _Place(*record.place)
    taken = begin - place.step
    for helping in _helpings(dataset, trained_on, config, find, workers, place):
        record.mark(astuple(helping.place))
        yield from helping.batches[taken:]
        taken = 0


def _helpings(
    dataset: Dataset, trained_on: int, config: TrainConfig, find: Find, workers: int, place: _Place
) -> Iterator[_Helping]:
    """Yield helpings without end from a place on, each made while the one before it is learned from.

    Each follows from its place alone, so that lessons can go on from any.
    """
    first = config.fovea_augment or config.augment
    last = config.fovea_last_augment or first
    ways = [(Preparer(dataset.camera, way, config.seed), way) for way in (first, last)]
    size, before_last = config.fovea_batch, (1.0 - config.fovea_last_share) * config.fovea_steps

    def made() -> Iterator[_Helping]:
        begin, cuts = place, list[Cut]()
        with ThreadPoolExecutor(workers, thread_name_prefix="prepare") as pool:
            for passed in count(place.passed):
                number = FIRST_PASS + passed
                order = shuffled(dataset, trained_on, config.seed, number, config.shuffle_buffer)
                frame = place.frame if passed == place.passed else 0
                order = islice(order, frame, None)
                while chosen := tuple(islice(order, FRAMES_AT_ONCE)):
                    prepare, augment = ways[begin.step + len(cuts) / size >= before_last]
                    changed = list(pool.map(prepare.change, chosen, [number] * len(chosen)))
                    peaks = find(np.stack([rgb for rgb, _ in changed]))
                    for example, (rgb, labels), found in zip(chosen, changed, peaks, strict=True):
                        rng = stream(config.seed, Stream.AUGMENT, number, example.index, 3)
                        for time in range(TIMES_SHOWN):
                            if time:
                                found[:, 2:6] = displaced(found[:, 2:6], SHIFT, STRETCH, rng)
                            told = boxes_to_show(labels, found, dataset.camera, rng)
                            cuts += [cut_changed(rgb, told, k, augment, rng) for k in range(len(told.boxes))]
                    frame += len(chosen)
                    if len(cuts) >= MIXED_BATCHES * size:
                        rng = stream(config.seed, Stream.SHUFFLE, FIRST_PASS, begin.step)
                        helping = _Helping(begin, _mixed(cuts, size, rng))
                        yield helping
                        begin, cuts = _Place(passed, frame, begin.step + len(helping.batches)), []

    return ahead(made(), 1)


def _mixed(cuts: list[Cut], size: int, rng: np.random.Generator) -> list[list[Cut]]:
    """Return full batches of cuttings in random order; what is left over at the end is dropped."""
    order = rng.permutation(len(cuts))
    return [[cuts[k] for k in order[start : start + size]] for start in range(0, len(cuts) - size + 1, size)]


def _weigh(dataset: Dataset, trained_on: int, find: Find, fovea: Fovea) -> NDArray[np.float32]:
    """Return how both looks are best weighed, by what became of candidates on frames that were held back."""
    rows: dict[Channel, list[tuple[float, float, bool]]] = {channel: [] for channel in LOOKED_AT}
    for example in dataset.examples(trained_on, dataset.count):
        rgb, labels = decode_image(example, dataset.camera), label(example.truth)
        peaks = find(rgb[None])[0]
        for channel, seen in rows.items():
            mine = peaks[(peaks[:, 1] == channel) & (peaks[:, 0] >= LOWEST_LOOKED_AT)]
            mine = mine[suppress(mine[:, 2:6], np.zeros(len(mine), np.int64))]
            judged = right_ones(mine, labels, channel)
            if judged:
                places = [place for place, _ in judged]
                cuttings = cut_candidates(rgb, mine[places, 2:6])
                evidence = fovea.evidence(cuttings, np.full(len(places), channel, np.int64))
                seen += [(float(mine[place, 0]), e, right) for (place, right), e in zip(judged, evidence, strict=True)]
    weighing = []
    for seen in rows.values():
        scores, evidence = (np.array([row[k] for row in seen], np.float64) for k in (0, 1))
        right = np.array([row[2] for row in seen], np.bool_)
        weighing.append(likeliest(features(scores, evidence), right, np.array([1.0, 0.0, 0.0])))
    return np.array(weighing, np.float32)
