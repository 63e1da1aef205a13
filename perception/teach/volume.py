"""What volume means, in the time that a class has: a small network learns from few frames and from many.

It is asked one thing only: is what was cut out of the frame a stop sign? A network of the second look's shape, small
enough to learn that in seconds, learns it several times over from each number of frames, and all are asked about the
same cuttings of the same other frames. To find signs anywhere in a frame takes a larger network longer: there, minutes
are too few for more frames to show (`rollingstop compare` measures it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.backend import keras, training_precision
from perception.fovea import CUTTING_CHANNELS, FINE, FOVEA_PX, Answer, build_fovea, cut_candidates, pictures_of
from perception.matching import average_precision
from perception.second_boxes import displaced
from perception.weights import FOVEA_PREFIX
from sim.percept import Box, ObjectKind
from sim.recording import Dataset
from sim.seeding import Stream, stream
from sim.viewer.teach.content import Quiz, Sight
from sim.viewer.teach.frames import truths_of

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

MOST_VIEWS = 1200
"""Of many frames each thing is cut out fewer times, so that all cuttings fit into memory: of this much, over frames."""

SHOWN_EACH, LEAST_SHOWN_PX = 6, 14.0
"""So many stop signs and so many other signs are shown, none smaller than a person can tell them apart."""

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
        pictures: uint8 (n, 48, 48, 15): each thing, and its surroundings, as `fovea.cut_candidates` gives them.
        answers: What each shows, int32 (n,), of `Answer`.
        sides_px: The longer side of each thing in its frame, float32 (n,).
    """

    pictures: NDArray[np.uint8]
    answers: NDArray[np.int32]
    sides_px: NDArray[np.float32]

    @property
    def signs(self) -> NDArray[np.bool_]:
        """Which of them show a stop sign, shape (n,)."""
        return self.answers == Answer.STOP_SIGN


def cut_from(sights: Iterable[Sight], seed: int, views: int | None = None) -> Cuttings:
    """Cut all that is to be found out of frames, and places where nothing is.

    Args:
        sights: The frames, and what is true of them.
        seed: Of how far aside each thing is cut out, and of the places.
        views: Times that each thing and place is cut out; `VIEWS`, or of many frames fewer, if not given.
    """
    if views is None:
        sights = list(sights)
        views = min(max(MOST_VIEWS // max(len(sights), 1), 1), VIEWS)
    pictures = [np.zeros((0, FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS), np.uint8)]
    answers: list[int] = []
    sides = [np.zeros(0, np.float32)]
    for number, sight in enumerate(sights):
        rng = stream(seed, Stream.AUGMENT, number, 3)
        boxes, shown = _boxes(sight, rng)
        for _ in range(views if shown else 0):
            pictures.append(cut_candidates(sight.rgb, displaced(boxes, SHIFT, STRETCH, rng)))
            sides.append((boxes[:, 2:] - boxes[:, :2]).max(axis=1).astype(np.float32))
            answers += shown
    return Cuttings(np.concatenate(pictures), np.array(answers, np.int32), np.concatenate(sides))


def examples_of(dataset: Dataset, count: int) -> Iterator[Sight]:
    """Yield the first frames of a data set, and what is true of them."""
    for number, example in enumerate(islice(dataset.examples(), count)):
        bgr = cv2.imdecode(np.frombuffer(example.image, np.uint8), cv2.IMREAD_COLOR)
        if bgr is not None:
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            yield Sight(f"frame {number:,}", rgb, truths_of(example.truth))


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a quiz, and where the cuttings that are shown lie in it."""

    quiz: Quiz
    places: NDArray[np.int64]


def quiz_of(cuttings: Cuttings, frames: int) -> Told:
    """Return what the page shows of a quiz: the first stop signs and the first other signs that a person can tell.

    What is true of them decides, before any network was asked.

    Args:
        cuttings: What is asked.
        frames: From how many frames it was cut out.
    """
    large = cuttings.sides_px >= LEAST_SHOWN_PX
    signs = np.flatnonzero(large & cuttings.signs)[:SHOWN_EACH]
    others = np.flatnonzero(large & (cuttings.answers == Answer.OTHER_SIGN))[:SHOWN_EACH]
    places = np.concatenate([signs, others]).astype(np.int64)
    things = [pictures_of(each)[0] for each in cuttings.pictures[places]]
    shown = np.array(things, np.uint8).reshape(-1, FINE * FOVEA_PX, FINE * FOVEA_PX, 3)
    parameters = int(_build().count_params())
    quiz = Quiz(frames, len(cuttings.answers), int(cuttings.signs.sum()), parameters, shown, cuttings.signs[places])
    return Told(quiz, places)


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


def _build(precision: str = "float32") -> Any:
    """Return a second look that answers what a cutting shows, and measures nothing; untrained."""
    whole = build_fovea(WIDTHS, precision)
    return keras.Model(whole.input, whole.get_layer(f"{FOVEA_PREFIX}answers").output)


class SmallNetwork:
    """One small network that begins anew for each lesson; built once, since building takes as long as a lesson.

    Args:
        steps: Steps of `BATCH` cuttings that it takes in each lesson.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._model = _build(training_precision())
        rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)

    def learn(self, lesson: Cuttings, seed: int, watch: Callable[[int], None] | None = None) -> None:
        """Forget all and learn.

        Args:
            lesson: What it learns from; with few cuttings it sees the same ones again and again.
            seed: Of its first weights and of the order.
            watch: Told the steps done.
        """
        keras.utils.set_random_seed(seed % 2**32)
        fresh = _build(training_precision())
        for mine, others in zip(self._model.layers, fresh.layers, strict=True):
            for variable, first in zip(mine.variables, others.variables, strict=True):
                variable.assign(first)
        for variable in self._model.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, variable.dtype))
        rng = stream(seed, Stream.AUGMENT, 4)
        for step in range(self._steps):
            chosen = rng.integers(len(lesson.answers), size=BATCH)
            self._model.train_on_batch(lesson.pictures[chosen], lesson.answers[chosen])
            if watch is not None:
                watch(step + 1)

    def beliefs(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return how sure it is that each cutting shows a stop sign, shape (n,)."""
        logits = np.asarray(self._model.predict_on_batch(pictures), np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares[:, Answer.STOP_SIGN] / shares.sum(axis=1)


def precision_of(beliefs: NDArray[np.float64], signs: NDArray[np.bool_]) -> float:
    """Return COCO's average precision of beliefs in stop signs.

    Args:
        beliefs: Shape (n,).
        signs: Which of them are stop signs, shape (n,).

    Returns:
        NaN without a stop sign.
    """
    if not signs.any():
        return float("nan")
    # Among equals the wrong ones come first: whoever believes the same of everything knows nothing.
    order = np.lexsort((signs, -beliefs))
    return average_precision(signs[order], np.ones(len(signs), np.int64), int(signs.sum()))
