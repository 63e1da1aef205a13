"""From shards on the disk to batches in memory: shuffled, augmented, with targets, never more than a few at a time.

Pictures are held as JPEG until their turn, so that memory stays small whatever the data set's size. Everything follows
from the seed: the order from (seed, pass), each example's changes from (seed, pass, index), however many threads share
the work.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.augment import AugmentConfig, Augmenter
from perception.labels import Labels, label
from perception.targets import Targets, encode, part, stack
from sim.camera import Camera
from sim.errors import DatasetError
from sim.recording import Dataset, Example
from sim.seeding import Stream, stream

T = TypeVar("T")

AHEAD = 4
"""Batches made before they are asked for."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames, uint8 (batch, H, W, 3), and what the network ought to answer."""

    rgb: NDArray[np.uint8]
    targets: Targets

    def part(self, number: int, of: int) -> Batch:
        """Return one of so many equal parts."""
        size = len(self.rgb) // of
        return Batch(self.rgb[number * size : (number + 1) * size], part(self.targets, number, of))


def decode_image(example: Example, camera: Camera) -> NDArray[np.uint8]:
    """Return the frame of an example, uint8 rgb (H, W, 3).

    Raises:
        DatasetError: If the bytes are no picture of the camera's size.
    """
    bgr = cv2.imdecode(np.frombuffer(example.image, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None or bgr.shape != (camera.height_px, camera.width_px, 3):
        received = "no picture" if bgr is None else f"a picture of {bgr.shape[1]} x {bgr.shape[0]} pixels"
        raise DatasetError(
            f"Expected example {example.index} to hold a picture of {camera.width_px} x {camera.height_px} pixels. "
            f"Received: {received}.",
            hint="Generate the data set again.",
        )
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr)


def shuffled(dataset: Dataset, stop: int, seed: int, epoch: int, buffer: int) -> Iterator[Example]:
    """Yield the examples before `stop` in the random order of one pass.

    Row groups are drawn in random order, and their examples mixed in a buffer: a data set larger than memory is read
    nearly in sequence, and neighbours on the disk still part.

    Args:
        dataset: Where they lie.
        stop: Index of the first example to leave out.
        seed: Of the training.
        epoch: Which pass; each has an order of its own.
        buffer: How many examples, still encoded, to mix.
    """
    rng = stream(seed, Stream.SHUFFLE, epoch)
    groups = dataset.row_groups()
    held: list[Example] = []
    for number in rng.permutation(len(groups)):
        for example in dataset.read_row_group(*groups[number]):
            if example.index >= stop:
                continue
            held.append(example)
            if len(held) > buffer:
                place = int(rng.integers(len(held)))
                held[place], held[-1] = held[-1], held[place]
                yield held.pop()
    for place in rng.permutation(len(held)):
        yield held[place]


class Preparer:
    """Turns an example into a frame and its targets; may be shared by threads.

    Args:
        camera: Whose frames they are.
        augment: How they are changed; None leaves them as they are.
        seed: From which the changes follow.
        cut: What takes a part of a frame and of its labels, before they are changed; given the pass and the example's
            index too.
        size: A camera of that part's size.
    """

    def __init__(
        self,
        camera: Camera,
        augment: AugmentConfig | None,
        seed: int,
        *,
        cut: Callable[..., tuple[NDArray[np.uint8], Labels]] | None = None,
        size: Camera | None = None,
    ) -> None:
        self._camera = camera
        self._size = size or camera
        self._cut = cut
        self._augment = augment
        self._seed = seed
        self._own = threading.local()

    def __call__(self, example: Example, epoch: int) -> tuple[NDArray[np.uint8], Targets]:
        """Return the frame and the targets of one example in one pass."""
        rgb, labels = self.change(example, epoch)
        return rgb, encode(labels, self._size)

    def change(self, example: Example, epoch: int) -> tuple[NDArray[np.uint8], Labels]:
        """Return the frame and the labels of one example in one pass."""
        rgb, labels = decode_image(example, self._camera), label(example.truth)
        if self._cut is not None:
            rgb, labels = self._cut(rgb, labels, epoch, example.index)
        if self._augment is not None:
            if not hasattr(self._own, "augmenter"):
                self._own.augmenter = Augmenter(self._augment, self._size, self._seed)
            rgb, labels = self._own.augmenter(rgb, labels, epoch, example.index)
        return rgb, labels


def batches(examples: Iterator[Example], prepare: Preparer, epoch: int, size: int, workers: int) -> Iterator[Batch]:
    """Yield full batches, made ahead of time in other threads; what is left over at the end is dropped.

    Args:
        examples: In the order in which they are to be used.
        prepare: What turns each into a frame and targets.
        epoch: Which pass it is.
        size: Examples in a batch.
        workers: Threads that prepare.
    """

    def made() -> Iterator[Batch]:
        with ThreadPoolExecutor(workers, thread_name_prefix="prepare") as pool:
            while len(chosen := tuple(islice(examples, size))) == size:
                yield _joined(list(pool.map(prepare, chosen, [epoch] * size)))

    return ahead(made(), AHEAD)


def ahead(items: Iterator[T], count: int) -> Iterator[T]:
    """Yield the same items, up to `count` of them made in advance in one other thread; errors arrive in their place."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    nothing = object()
    try:
        waiting = deque(pool.submit(next, items, nothing) for _ in range(count))
        while (item := waiting.popleft().result()) is not nothing:
            waiting.append(pool.submit(next, items, nothing))
            yield item  # type: ignore[misc]  # `nothing` is told apart by identity, which the checker cannot follow
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _joined(prepared: Sequence[tuple[NDArray[np.uint8], Targets]]) -> Batch:
    return Batch(np.stack([rgb for rgb, _ in prepared]), stack([targets for _, targets in prepared]))
