"""Shards drawn on a Ray cluster: Ray places, watches and repeats tasks; a task is one shard, the same as anywhere."""

from __future__ import annotations

import importlib
import logging
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sim.errors import DatasetError, RollingStopError
from sim.recording.artist import new_artist
from sim.recording.manifest import Manifest, ShardRecord, new_manifest
from sim.recording.recipe import Recipe
from sim.recording.schema import Example
from sim.recording.shards import ShardPlan, write_shard

RETRIES = 8
"""How often a shard is begun again whose worker or machine was lost."""

_REPORT_EVERY_S = 0.5


def write_shards_on_ray(
    manifest: Manifest,
    plans: Sequence[ShardPlan],
    place: str,
    *,
    workers: int,
    address: str | None,
    on_shard: Callable[[ShardRecord], None],
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
        DatasetError: If Ray is missing, the cluster cannot be reached, a machine has other versions, or a shard was
            begun too often.
        StorageError: If a disk is full, read-only or gone.
    """
    ray = _ray()
    mine = not ray.is_initialized()
    if mine:
        _start(ray, address, workers)
    drawn = 0
    waiting: list[Any] = []
    try:
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(write_one)
        told = ray.put(manifest)
        waiting = [task.remote(told, plan, place) for plan in plans]
        while waiting:
            ready, waiting = ray.wait(waiting, num_returns=1, timeout=_REPORT_EVERY_S)
            for done in ready:
                record = _answer(ray, done)
                drawn += record.rows
                on_shard(record)
            on_frames(drawn)
    finally:
        for task_left in waiting:
            ray.cancel(task_left, force=True)
        if mine:
            ray.shutdown()


def write_one(manifest: Manifest, plan: ShardPlan, place: str) -> ShardRecord:
    """Write one shard; the whole of a task.

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
        return write_shard(manifest.recipe, plan, Path(place), draw, _nothing)
    from sim.recording.cloud import Bucket

    with tempfile.TemporaryDirectory() as folder:
        record = write_shard(manifest.recipe, plan, Path(folder), draw, _nothing)
        Bucket(place).put(Path(folder) / plan.name)
        return record


def _nothing() -> None:
    pass


_artists: dict[str, Callable[[int], Example]] = {}


def _artist(recipe: Recipe) -> Callable[[int], Example]:
    """Return what draws a recipe: one a process, with its caches, for all of its tasks."""
    if recipe.sha256 not in _artists:
        _artists.clear()
        _artists[recipe.sha256] = new_artist(recipe)
    return _artists[recipe.sha256]


@cache
def _ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise DatasetError(
            "Expected Ray for --engine ray. Received: it is not installed.",
            hint='Install it with `pip install "rollingstop[ray]"`, in a clone `pip install -e ".[ray]"`.',
        ) from None


def _start(ray: Any, address: str | None, workers: int) -> None:
    size = {} if address else {"num_cpus": workers, "include_dashboard": False, "object_store_memory": 100_000_000}
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **size)
    except (ConnectionError, RuntimeError, ValueError, OSError) as fault:
        raise DatasetError(
            f"Expected a Ray cluster at {address or 'this machine'}. Received: {str(fault).splitlines()[0]}",
            hint="Check --address, or leave it out to start one on this machine.",
        ) from None


def _answer(ray: Any, done: Any) -> ShardRecord:
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as fault:
        if isinstance(fault.cause, RollingStopError):
            raise fault.cause from None
        raise
    except ray.exceptions.RayError as fault:
        raise DatasetError(
            f"Expected a shard within {RETRIES} retries. Received: {type(fault).__name__}; its workers were lost.",
            hint="Memory may have run out: run the same command again with fewer workers; what is finished is kept.",
        ) from None
