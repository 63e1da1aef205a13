"""Shards drawn on a Ray cluster: a task is one shard, the same as anywhere."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sim.cluster import map_on_ray
from sim.errors import DatasetError
from sim.memory import peak_memory_mb
from sim.recording.artist import new_artist
from sim.recording.manifest import Manifest, ShardRecord, new_manifest
from sim.recording.recipe import Recipe
from sim.recording.schema import Example
from sim.recording.shards import OnShard, ShardPlan, write_shard


def write_shards_on_ray(
    manifest: Manifest,
    plans: Sequence[ShardPlan],
    place: str,
    *,
    workers: int,
    address: str | None,
    on_shard: OnShard,
    on_frames: Callable[[int], None],
) -> None:
    """Write shards as Ray tasks.

    Args:
        manifest: Of the data set: its recipe, and the versions that every machine must have.
        plans: Which shards.
        place: A folder that every machine sees, or the URI of one.
        workers: How many processes, where a cluster is started here; a cluster at `address` has its own.
        address: Of a running cluster, or `auto`; None starts one on this machine.
        on_shard: Told of each finished shard.
        on_frames: Told how many frames are in finished shards.

    Raises:
        RollingStopError: If Ray is missing, the cluster cannot be reached, or a shard was begun too often.
        DatasetError: If a machine has other versions.
        StorageError: If a disk is full, read-only or gone.
    """
    drawn = 0

    def finished(written: tuple[ShardRecord, float]) -> None:
        nonlocal drawn
        record, peak_mb = written
        drawn += record.rows
        on_shard(record, peak_mb)

    map_on_ray(
        write_one,
        plans,
        workers=workers,
        address=address,
        shared=(manifest, place),
        on_done=finished,
        on_wait=lambda: on_frames(drawn),
    )


def write_one(manifest: Manifest, place: str, plan: ShardPlan) -> tuple[ShardRecord, float]:
    """Write one shard, the whole of a task; return its record and the largest memory of this process, in megabytes.

    Raises:
        DatasetError: If this machine has other versions than the one that began the data set.
        StorageError: If the disk is full, read-only or gone.
    """
    ours = new_manifest(manifest.recipe).versions
    if ours != manifest.versions:
        other = sorted(name for name in ours if ours[name] != manifest.versions.get(name))
        raise DatasetError(
            f"Expected every machine of the cluster to have the same versions. Received: another of {other[0]}.",
            hint="Install the same on all: other versions may draw other pixels.",
        )
    draw = _artist(manifest.recipe)
    if "://" not in place:
        return write_shard(manifest.recipe, plan, Path(place), draw, _nothing), peak_memory_mb()
    from sim.recording.cloud import Bucket

    with tempfile.TemporaryDirectory() as folder:
        record = write_shard(manifest.recipe, plan, Path(folder), draw, _nothing)
        Bucket(place).put(Path(folder) / plan.name)
        return record, peak_memory_mb()


def _nothing() -> None:
    pass


_artists: dict[str, Callable[[int], Example]] = {}


def _artist(recipe: Recipe) -> Callable[[int], Example]:
    """Return what draws a recipe: one a process, with its caches, for all of its tasks."""
    if recipe.sha256 not in _artists:
        _artists.clear()
        _artists[recipe.sha256] = new_artist(recipe)
    return _artists[recipe.sha256]
