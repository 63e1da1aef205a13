"""Last lessons: the second look learns from what the network took for something, rightly or not, and what it missed.

A frame has one or two signs and as many look-alikes. What fools the network is worth most, so candidates are those of
the trained network on frames as training changes them; and since it must not learn to trust that network, the true
boxes, a little displaced, are shown beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision, tf, training_precision
from perception.calibration import likeliest, right_ones
from perception.channels import Channel
from perception.decode import find_peaks, pairwise_iou, suppress
from perception.fovea import (
    LOOKED_AT,
    LOWEST_LOOKED_AT,
    SURROUNDINGS,
    WEIGHING,
    Answer,
    Fovea,
    build_fovea,
    cut_candidates,
    features,
    fovea_of,
    is_fovea,
)
from perception.labels import Labels, label
from perception.learner import Learner
from perception.network import build_network
from perception.pipeline import Preparer, ahead, decode_image, shuffled
from perception.training_config import TrainConfig
from perception.weights import fill
from sim.camera import Camera
from sim.recording import Dataset
from sim.seeding import Stream, stream

SHOWN = {Channel.STOP_SIGN: 4, Channel.PEDESTRIAN: 3}
"""Candidates of each kind taken from a frame, the most believed ones."""

LEAST_BELIEVED = 0.002
"""Weaker candidates look like nothing at all."""

DRAWN = {Channel.STOP_SIGN: 4, Channel.DISTRACTOR: 4, Channel.PEDESTRIAN: 3, Channel.VEHICLE: 1}
"""True boxes of each kind taken from a frame, at most."""

ANYWHERE = 1
"""Boxes taken at random places of a frame."""

RIGHT_IOU, DOUBTFUL_IOU = 0.5, 0.2
"""A cutting shows what its box overlaps this much; between the two it shows neither that nor anything else."""

SHIFT, STRETCH = 0.12, 0.15
"""How far true boxes are displaced, in their own sizes, and resized, as a logarithm: standard deviations."""

TURNED_SHARE, TURN_RAD, SLANT, NARROWEST = 0.4, 0.15, 0.12, 0.5
"""Share of the boxes that are seen askew, the standard deviations of turn and slant, and how narrow a sign that is
turned away looks at most."""

ENDING_SHARE = 0.25
"""Share of the boxes near which the picture ends."""

FRAMES_AT_ONCE = 16
MIXED_BATCHES = 24
"""Batches of cuttings among which those of a frame are scattered."""

_ANSWER_OF = {
    Channel.STOP_SIGN: Answer.STOP_SIGN,
    Channel.DISTRACTOR: Answer.OTHER_SIGN,
    Channel.VEHICLE: Answer.VEHICLE,
    Channel.PEDESTRIAN: Answer.PERSON,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a batch of cuttings shows, int32 (n,), of `Answer`."""

    answers: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class CuttingBatch:
    """Cuttings, uint8 (n, 48, 48, 6), and what they show."""

    rgb: NDArray[np.uint8]
    targets: Shown


def learn_to_look_twice(
    dataset: Dataset,
    trained_on: int,
    config: TrainConfig,
    arrays: Mapping[str, NDArray[np.float32]],
    workers: int,
    progress: Callable[[int], None] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Train the second look of a trained network; return its weights by name, how the looks are weighed among them.

    Args:
        dataset: Where the frames lie.
        trained_on: Only the examples before this index are learned from; those after it say how the looks are weighed.
        config: How to train; `fovea_steps` says how long.
        arrays: The trained network's weights by name, and those of a second look to go on from, if any.
        workers: Threads that prepare frames.
        progress: Told the steps done.
    """
    model = build_fovea(config.fovea, training_precision())
    learner = Learner(model, _loss, config, config.fovea_steps)
    base = {name: array for name, array in arrays.items() if is_fovea(name)}
    learner.start_from(base)
    find = _finder(config, dataset.camera, arrays)
    for batch in islice(_batches(dataset, trained_on, config, find, workers), config.fovea_steps):
        learner.take_step(batch)
        if progress is not None:
            progress(learner.step)
    learned = tempered(learner.averaged(), base, config.fovea_base_share)
    quick = build_fovea(config.fovea, compute_precision())
    fill(quick, learned, "the weights in training")
    fovea = fovea_of(quick, np.zeros((len(LOOKED_AT), 3), np.float32))
    learned[WEIGHING] = _weigh(dataset, trained_on, find, fovea)
    return learned


def tempered(
    learned: Mapping[str, NDArray[np.float32]], base: Mapping[str, NDArray[np.float32]], share: float
) -> dict[str, NDArray[np.float32]]:
    """Return the mean of learned weights and those that they went on from, if any; `share` is the latter's."""
    return {
        name: (array + np.float32(share) * (base[name] - array)).astype(np.float32) if name in base else array
        for name, array in learned.items()
    }


def boxes_to_show(
    labels: Labels, peaks: NDArray[np.float32], camera: Camera, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return boxes of one frame to cut out, xyxy (n, 4), and what each shows, (n,).

    Args:
        labels: What there is.
        peaks: What the network believes there is, as `find_peaks` gives it.
        camera: Whose frame it is.
        rng: Chooses and displaces.
    """
    candidates = [peaks[:0, 2:6]]
    for channel, most in SHOWN.items():
        mine = peaks[(peaks[:, 1] == channel) & (peaks[:, 0] >= LEAST_BELIEVED)]
        candidates.append(mine[suppress(mine[:, 2:6], np.zeros(len(mine), np.int64))][:most, 2:6])
    for channel, most in DRAWN.items():
        there = labels.boxes[labels.asked & (labels.channels == channel)]
        candidates.append(_displaced(there[rng.permutation(len(there))[:most]], rng))
    size = np.exp(rng.uniform(np.log(8.0), np.log(80.0), (ANYWHERE, 1)))
    centre = rng.uniform([0.0, 0.0], [camera.width_px, camera.height_px], (ANYWHERE, 2))
    candidates.append(np.concatenate([centre - size / 2, centre + size / 2], axis=1).astype(np.float32))
    boxes = np.concatenate(candidates).astype(np.float32)
    return _told(boxes, labels)


def _displaced(boxes: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:]) + SHIFT * sides * rng.standard_normal((len(boxes), 2))
    half = 0.5 * sides * np.exp(STRETCH * rng.standard_normal((len(boxes), 1)))
    return np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)


def cut_changed(rgb: NDArray[np.uint8], box: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the cuttings of one box, uint8 (1, 48, 48, 6), of a picture that is sometimes turned or ends near by.

    Signs are met at an angle, and photographs end where their taker pleased; the frames of one camera on a level road
    teach neither.
    """
    if rng.random() < TURNED_SHARE:
        rgb, box = _turned(rgb, box, rng)
    if rng.random() < ENDING_SHARE:
        rgb, box = _ending(rgb, box, rng)
    return cut_candidates(rgb, box[None])


def _turned(
    rgb: NDArray[np.uint8], box: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return what surrounds a box as seen from aside and askew, and the box in it."""
    wide, high = (max(float(side), 2.0) for side in box[2:] - box[:2])
    side = int(min(1.5 * SURROUNDINGS * max(wide, high), 2.0 * max(rgb.shape[:2])))
    angle, slant = rng.normal(0.0, TURN_RAD), rng.normal(0.0, SLANT)
    squeeze = rng.uniform(NARROWEST, 1.0) if rng.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    change = turn @ np.array([[squeeze, 0.0], [slant, 1.0]])
    centre = 0.5 * (box[:2] + box[2:]).astype(np.float64)
    there = side / 2 - change @ centre
    changed = cv2.warpAffine(
        rgb, np.column_stack([change, there]), (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    # Most signs fill the ellipse in their box better than the box itself.
    half = 0.5 * np.hypot(change[:, 0] * wide, change[:, 1] * high)
    return np.asarray(changed, np.uint8), np.concatenate([side / 2 - half, side / 2 + half]).astype(np.float32)


def _ending(
    rgb: NDArray[np.uint8], box: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a part of the picture that ends near a box, and the box in it."""
    longer = float((box[2:] - box[:2]).max())
    left, top = np.maximum(np.floor(box[:2] - longer * rng.uniform(0.02, 2.0, 2)), 0).astype(int)
    right, bottom = np.ceil(box[2:] + longer * rng.uniform(0.02, 2.0, 2)).astype(int)
    part = rgb[top:bottom, left:right]
    return (part, box - np.array([left, top, left, top], np.float32)) if part.size else (rgb, box)


def _told(boxes: NDArray[np.float32], labels: Labels) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the boxes of which is known what they show, and what it is."""
    things = np.isin(labels.channels, list(_ANSWER_OF))
    if not things.any():
        return boxes, np.full(len(boxes), Answer.NOTHING, np.int32)
    overlaps = pairwise_iou(boxes, labels.boxes[things])
    nearest, most = overlaps.argmax(axis=1), overlaps.max(axis=1)
    answers = np.array([_ANSWER_OF[Channel(int(channel))] for channel in labels.channels[things]], np.int32)
    shown = np.where(most >= RIGHT_IOU, answers[nearest], Answer.NOTHING).astype(np.int32)
    known = (most < DOUBTFUL_IOU) | ((most >= RIGHT_IOU) & labels.asked[things][nearest])
    return boxes[known], shown[known]


def _loss(logits: Any, targets: dict[str, Any]) -> dict[str, Any]:
    return {
        "loss": tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(targets["answers"], tf.cast(logits, tf.float32))
        )
    }


def _finder(
    config: TrainConfig, camera: Camera, arrays: Mapping[str, NDArray[np.float32]]
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return what turns frames, uint8 (n, H, W, 3), into the network's peaks, (n, 64, 8)."""
    model = build_network(config.network, camera, compute_precision())
    fill(model, dict(arrays), "the weights in training")
    shape = (None, camera.height_px, camera.width_px, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def find(rgb: Any) -> Any:
        outputs = model(rgb, training=False)
        return find_peaks(outputs["heat"], outputs["boxes"])

    return lambda rgb: find(tf.constant(rgb)).numpy()


def _batches(
    dataset: Dataset,
    trained_on: int,
    config: TrainConfig,
    find: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    workers: int,
) -> Iterator[CuttingBatch]:
    """Yield batches of cuttings without end, made ahead of time; no pass has the number of another kind of lesson's."""
    augment = config.augment
    prepare = Preparer(dataset.camera, augment, config.seed)

    def cuttings() -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int32]]]:
        with ThreadPoolExecutor(workers, thread_name_prefix="prepare") as pool:
            for number in count(2_000_000):
                order = shuffled(dataset, trained_on, config.seed, number, config.shuffle_buffer)
                while chosen := tuple(islice(order, FRAMES_AT_ONCE)):
                    changed = list(pool.map(prepare.change, chosen, [number] * len(chosen)))
                    peaks = find(np.stack([rgb for rgb, _ in changed]))
                    for example, (rgb, labels), found in zip(chosen, changed, peaks, strict=True):
                        rng = stream(config.seed, Stream.AUGMENT, number, example.index, 3)
                        boxes, answers = boxes_to_show(labels, found, dataset.camera, rng)
                        # All of a frame's boxes may be doubtful.
                        if len(boxes):
                            yield np.concatenate([cut_changed(rgb, box, rng) for box in boxes]), answers

    return ahead(_mixed(cuttings(), config.fovea_batch, stream(config.seed, Stream.SHUFFLE, 2_000_000)), 4)


def _mixed(
    parts: Iterator[tuple[NDArray[np.uint8], NDArray[np.int32]]], size: int, rng: np.random.Generator
) -> Iterator[CuttingBatch]:
    """Yield batches in which the cuttings of one frame are far apart."""
    held: list[tuple[NDArray[np.uint8], np.int32]] = []
    for cutting in chain.from_iterable(zip(cuttings, answers, strict=True) for cuttings, answers in parts):
        held.append(cutting)
        if len(held) >= MIXED_BATCHES * size:
            chosen = rng.permutation(len(held))
            now, later = chosen[:size], chosen[size:]
            yield CuttingBatch(
                np.stack([held[k][0] for k in now]), Shown(np.array([held[k][1] for k in now], np.int32))
            )
            held = [held[k] for k in later]


def _weigh(
    dataset: Dataset, trained_on: int, find: Callable[[NDArray[np.uint8]], NDArray[np.float32]], fovea: Fovea
) -> NDArray[np.float32]:
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
