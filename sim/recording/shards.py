"""Writing one shard: the unit of work, the same bytes whoever writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from sim.files import open_atomically, sha256_of
from sim.recording.manifest import ShardRecord
from sim.recording.recipe import Recipe
from sim.recording.schema import FINGERPRINT, ROWS_PER_GROUP, SCHEMA, Example, to_table

OnShard = Callable[[ShardRecord, float], None]
"""Told of a finished shard, and of the largest memory, in megabytes, of the process that wrote it."""


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """One shard that is to be written.

    Attributes:
        number: Which shard, from 0.
        first_index: Index of its first example.
        rows: How many examples it shall hold.
    """

    number: int
    first_index: int
    rows: int

    @property
    def name(self) -> str:
        """Its file name."""
        return f"shard-{self.number:05d}.parquet"


def plan_shards(recipe: Recipe) -> tuple[ShardPlan, ...]:
    """Return the shards that a recipe's data set consists of."""
    size = recipe.frames_per_shard
    return tuple(
        ShardPlan(number, first, min(size, recipe.count - first))
        for number, first in enumerate(range(0, recipe.count, size))
    )


def write_shard(
    recipe: Recipe, plan: ShardPlan, folder: Path, draw: Callable[[int], Example], on_frame: Callable[[], None]
) -> ShardRecord:
    """Draw and write one shard; one row group is held in memory at a time.

    Args:
        recipe: What it belongs to.
        plan: Which shard.
        folder: Where.
        draw: Returns the example of an index.
        on_frame: Called after each frame; what it raises ends the shard and leaves no trace of it.

    Raises:
        StorageError: If the disk is full, read-only or gone.
    """
    path = folder / plan.name
    metadata = {FINGERPRINT: recipe.sha256}
    schema = SCHEMA.with_metadata({**(SCHEMA.metadata or {}), **metadata})
    # Pictures do not compress and labels are a hundredth of the bytes: no codec, no dictionary, no statistics. But a
    # checksum for each page, so that a flipped bit is found on reading.
    with (
        open_atomically(path) as file,
        pq.ParquetWriter(
            file,
            schema,
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        ) as writer,
    ):
        for group in _groups(plan):
            writer.write_table(to_table(_drawn(group, draw, on_frame), metadata), row_group_size=ROWS_PER_GROUP)
    return ShardRecord(
        name=plan.name,
        first_index=plan.first_index,
        rows=plan.rows,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
    )


def _groups(plan: ShardPlan) -> Iterator[range]:
    stop = plan.first_index + plan.rows
    for first in range(plan.first_index, stop, ROWS_PER_GROUP):
        yield range(first, min(first + ROWS_PER_GROUP, stop))


def _drawn(indices: Sequence[int], draw: Callable[[int], Example], on_frame: Callable[[], None]) -> list[Example]:
    examples: list[Example] = []
    for index in indices:
        examples.append(draw(index))
        on_frame()
    return examples
