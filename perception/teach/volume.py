"""What volume means, in the time that a class has: a small network learns from few frames and from many.

It is asked one thing only: is what was cut out of the frame a stop sign? A network of the second look's shape, small
enough to learn that in seconds, learns it several times over from each number of frames, and all are asked about the
same cuttings of the same other frames. To find signs anywhere in a frame takes a larger network longer: there, minutes
are too few for more frames to show (`rollingstop compare` measures it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perception.backend import keras, training_precision
from perception.fovea import FOVEA_PX, Answer, build_fovea, cut_candidates
from sim.percept import Box, ObjectKind
from sim.seeding import Stream, stream
from sim.viewer.teach.content import Sight

WIDTHS = (16, 24, 32)
"""Channels of the small network."""

BATCH = 64

LEARNING_RATE = 2e-3

VIEWS = 4
"""Times that each thing is cut out of a frame, each a little aside: a network is never told where a thing is to the
pixel."""

SHIFT, STRETCH = 0.08, 0.1
"""How far aside, in the thing's own size, and how much larger or smaller, as a logarithm: standard deviations."""

ELSEWHERE = 2
"""Places cut out of a frame where nothing is."""

_SIDE_PX = (10.0, 60.0)

_ANSWERS = {
    ObjectKind.STOP_SIGN: Answer.STOP_SIGN,
    ObjectKind.DISTRACTOR: Answer.OTHER_SIGN,
    ObjectKind.VEHICLE: Answer.VEHICLE,
    ObjectKind.PEDESTRIAN: Answer.PERSON,
}


@dataclass(frozen=True, slots=True)
class Cuttings:
    """What was cut out of frames.

    Attributes:
        pictures: uint8 (n, 48, 48, 6): each thing, and its surroundings.
        answers: What each shows, int32 (n,), of `Answer`.
    """

    pictures: NDArray[np.uint8]
    answers: NDArray[np.int32]

    @property
    def signs(self) -> NDArray[np.bool_]:
        """Which of them show a stop sign, shape (n,)."""
        return self.answers == Answer.STOP_SIGN


def cut_from(sights: Iterable[Sight], seed: int, views: int = VIEWS) -> Cuttings:
    """Cut all that is to be found out of frames, and places where nothing is.

    Args:
        sights: The frames, and what is true of them.
        seed: Of how far aside each thing is cut out, and of the places.
        views: Times that each thing and place is cut out.
    """
    pictures: list[NDArray[np.uint8]] = []
    answers: list[int] = []
    for number, sight in enumerate(sights):
        rng = stream(seed, Stream.AUGMENT, number, 3)
        boxes, shown = _boxes(sight, rng)
        for _ in range(views):
            if len(boxes):
                pictures.append(cut_candidates(sight.rgb, _aside(boxes, rng)))
                answers += shown
    if not pictures:
        return Cuttings(np.zeros((0, FOVEA_PX, FOVEA_PX, 6), np.uint8), np.zeros(0, np.int32))
    return Cuttings(np.concatenate(pictures), np.array(answers, np.int32))


def _boxes(sight: Sight, rng: np.random.Generator) -> tuple[NDArray[np.float64], list[int]]:
    """Return what to cut out of a frame, xyxy (n, 4), and what each shows; nothing of what nobody is asked about."""
    height, width = sight.rgb.shape[:2]
    boxes: list[Box] = [thing.box for thing in sight.truths if thing.asked]
    shown = [int(_ANSWERS[thing.kind]) for thing in sight.truths if thing.asked]
    for _ in range(ELSEWHERE):
        half = 0.5 * float(np.exp(rng.uniform(*np.log(_SIDE_PX))))
        u, v = float(rng.uniform(0, width)), float(rng.uniform(0.2 * height, 0.8 * height))
        box = (u - half, v - half, u + half, v + half)
        if not any(_touch(box, thing.box) for thing in sight.truths):
            boxes.append(box)
            shown.append(int(Answer.NOTHING))
    return np.array(boxes, np.float64).reshape(-1, 4), shown


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _aside(boxes: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:]) + SHIFT * sides * rng.standard_normal((len(boxes), 2))
    half = 0.5 * sides * np.exp(STRETCH * rng.standard_normal((len(boxes), 1)))
    return np.concatenate([centres - half, centres + half], axis=1)


def learn_cuttings(
    lesson: Cuttings, steps: int, seed: int, watch: Callable[[int], None] | None = None
) -> Callable[[NDArray[np.uint8]], NDArray[np.float64]]:
    """Train a small network, and return what tells how sure it is that each of some cuttings shows a stop sign.

    Args:
        lesson: What it learns from; with few cuttings it sees the same ones again and again.
        steps: Steps of `BATCH` cuttings that it takes, the same for however many there are.
        seed: Of its first weights and of the order.
        watch: Told the steps done.
    """
    keras.utils.set_random_seed(seed % 2**32)
    rng = stream(seed, Stream.AUGMENT, 4)
    model = build_fovea(WIDTHS, training_precision())
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(rate), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    for step in range(steps):
        chosen = rng.integers(len(lesson.answers), size=BATCH)
        model.train_on_batch(lesson.pictures[chosen], lesson.answers[chosen])
        if watch is not None:
            watch(step + 1)

    def beliefs(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        logits = np.asarray(model.predict_on_batch(pictures), np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares[:, Answer.STOP_SIGN] / shares.sum(axis=1)

    return beliefs


def average_precision(beliefs: NDArray[np.float64], signs: NDArray[np.bool_]) -> float:
    """Return the average precision: the mean, over all stop signs, of the precision down to each one's belief.

    Args:
        beliefs: Shape (n,).
        signs: Which of them are stop signs, shape (n,); at least one.
    """
    # Among equals the wrong ones come first: whoever believes the same of everything knows nothing.
    order = np.lexsort((signs, -beliefs))
    right = signs[order]
    return float((np.cumsum(right) / np.arange(1, len(right) + 1))[right].mean())


def best_at(beliefs: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return what networks that differ by chance alone believe in the mean, shape (n,)."""
    return np.mean(np.stack(list(beliefs)), axis=0)
