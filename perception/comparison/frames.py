"""Which frames a model learns from and which it is measured on: the same for every model.

Frames are independent draws, so neighbours on the disk are as good as random ones. Seed 0 learns from the first frames
of the pool; each other seed from a run of frames that begins elsewhere, so that what differs between seeds is the data
as well as the start: the less, the more of the pool a volume takes, and with the whole of it the start alone. A seed's
larger volumes contain its smaller ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perception.corruptions import Corruption, corrupt
from perception.evaluate import targets_of
from perception.matching import Target
from perception.pipeline import decode_image
from sim.errors import DatasetError
from sim.percept import ObjectKind
from sim.recording import Dataset, Example

SEVERITY = 3
"""Of the corruptions."""

_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Excerpt(Dataset):
    """Part of a data set, as if it were one of its own; examples keep their indices.

    Attributes:
        start: Index of its first example.
        stop: Index of the first example after it.
    """

    start: int = 0
    stop: int = 0

    @property
    def count(self) -> int:
        """How many examples there are."""
        return self.stop - self.start

    def examples(self, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield its examples from `start` until before `stop`, both counted within the excerpt."""
        first, last = self.start + start, self.stop if stop is None else min(self.start + stop, self.stop)
        for group in self.row_groups():
            for example in self.read_row_group(*group):
                if first <= example.index < last:
                    yield example

    def row_groups(self) -> tuple[tuple[int, int], ...]:
        """Return the row groups in which its examples lie."""
        kept: list[tuple[int, int]] = []
        for number, shard in enumerate(self.manifest.shards):
            if shard.first_index >= self.stop or shard.first_index + shard.rows <= self.start:
                continue
            with self._opened(shard) as file:
                first = shard.first_index
                for group in range(file.num_row_groups):
                    rows = file.metadata.row_group(group).num_rows
                    if first < self.stop and first + rows > self.start:
                        kept.append((number, group))
                    first += rows
        return tuple(kept)

    def read_row_group(self, shard: int, group: int) -> list[Example]:
        """Return those examples of one row group that are part of it."""
        # Zero-argument super() does not work in a dataclass with slots.
        return [each for each in Dataset.read_row_group(self, shard, group) if self.start <= each.index < self.stop]


def excerpt(pool: Dataset, volume: int, seed: int) -> Excerpt:
    """Return the frames that one seed learns from.

    Raises:
        DatasetError: If the pool has fewer.
    """
    if volume > pool.count:
        raise DatasetError(
            f"Expected at least {volume:,} frames to train on in {pool.path}. Received: {pool.count:,}.",
            hint="Leave out the largest of --volumes, or generate more frames.",
        )
    # Multiples of the golden ratio spread any number of seeds evenly.
    start = int((seed * _GOLDEN) % 1.0 * (pool.count - volume))
    return Excerpt(pool.path, pool.manifest, start, start + volume)


def corruption_of(index: int) -> Corruption:
    """Return what befalls a test frame: one of the fifteen, in turn."""
    return list(Corruption)[index % len(Corruption)]


def test_frames(dataset: Dataset, count: int) -> Iterator[tuple[Example, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield test frames: the example, its picture, and the same picture corrupted; uint8 (H, W, 3)."""
    for example in dataset.examples(0, count):
        rgb = decode_image(example, dataset.camera)
        yield example, rgb, corrupt(rgb, corruption_of(example.index), SEVERITY, index=example.index)


def stop_signs(example: Example) -> list[Target]:
    """Return the stop signs to be found in a frame."""
    return targets_of(example.truth, ObjectKind.STOP_SIGN)
