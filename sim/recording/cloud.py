"""Data sets on whatever fsspec reaches (`s3://`, `gs://`, `file://`, ...): the bytes that a local folder would hold."""

from __future__ import annotations

import hashlib
import importlib
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from sim.recording.card import card_text
from sim.recording.effort import Effort, Meter
from sim.recording.generation import (
    Engine,
    check_nothing_else,
    check_same_recipe,
    draw_shards,
    sealed_manifest,
    with_versions_of,
)
from sim.recording.manifest import (
    JOURNAL_NAME,
    MANIFEST_NAME,
    Manifest,
    ShardRecord,
    manifest_bytes,
    new_manifest,
    read_manifest,
)
from sim.recording.places import located, telling, unreachable
from sim.recording.recipe import Recipe
from sim.recording.seal import CARD_NAME, SEAL_NAME, seal_text
from sim.recording.shards import plan_shards

_BLOCK_BYTES = 1 << 20
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "oss", "r2"})


class Bucket:
    """A folder at a URI.

    Args:
        uri: Such as `s3://bucket/set`.

    Raises:
        StorageError: If nothing that is installed reaches it.
    """

    def __init__(self, uri: str) -> None:
        try:
            fsspec = importlib.import_module("fsspec")
            self._system, root = fsspec.core.url_to_fs(uri)
        except (ImportError, ValueError) as fault:
            raise unreachable(uri, fault) from None
        self.uri = uri
        self._root = str(root).rstrip("/")
        self._system.invalidate_cache()
        # An object store knows no folders: to make one would make a bucket out of a slip of the pen.
        if not _OBJECT_STORES.intersection(_schemes(self._system.protocol)):
            with telling(uri):
                self._system.makedirs(self._root, exist_ok=True)

    def put(self, path: Path) -> None:
        """Store a local file under its own name."""
        with telling(self.uri):
            self._system.put_file(str(path), self._at(path.name))

    def write(self, name: str, data: bytes) -> None:
        """Store bytes under a name."""
        with telling(self.uri):
            self._system.pipe_file(self._at(name), data)

    def read(self, name: str) -> bytes | None:
        """Return what is stored under a name, or None."""
        with telling(self.uri):
            return self._system.cat_file(self._at(name)) if self._system.exists(self._at(name)) else None

    def remove(self, name: str) -> None:
        """Remove what is stored under a name, if anything is."""
        with telling(self.uri):
            if self._system.exists(self._at(name)):
                self._system.rm_file(self._at(name))

    def sha256(self, name: str) -> str | None:
        """Return the SHA-256 of what is stored under a name, read in blocks, or None."""
        digest = hashlib.sha256()
        with telling(self.uri):
            if not self._system.exists(self._at(name)):
                return None
            with self._system.open(self._at(name), "rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def parquet(self, name: str) -> Generator[pq.ParquetFile]:
        """Open a shard for reading."""
        with telling(self.uri), self._system.open(self._at(name), "rb") as raw, pq.ParquetFile(raw) as file:
            yield file

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


def _schemes(protocol: str | Sequence[str]) -> tuple[str, ...]:
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def generate_to(
    recipe: Recipe,
    uri: str,
    *,
    seed: int | None = None,
    count: int | None = None,
    workers: int = 1,
    engine: Engine = "local",
    address: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    on_effort: Callable[[Effort], None] | None = None,
) -> Manifest:
    """Make a data set at a URI, or finish the one there; arguments as those of `generate_dataset`.

    Shards are drawn into a temporary folder and stored one by one: the disk here holds no more than one for each
    worker. A shard counts only once the journal names it, so that a torn transfer is drawn again.

    Raises:
        RecipeError: If seed or count is out of range.
        DatasetError: If something else is there, or a worker dies.
        StorageError: If the place cannot be reached, or a disk is full.
    """
    meter = Meter()
    bucket = Bucket(uri)
    manifest = _resumed(bucket, new_manifest(recipe.with_size(seed, count)))
    kept = manifest.rows
    done = {shard.name for shard in manifest.shards}
    missing = tuple(plan for plan in plan_shards(manifest.recipe) if plan.name not in done)

    def on_frames(drawn: int) -> None:
        if progress is not None:
            progress(kept + drawn, manifest.recipe.count)

    with tempfile.TemporaryDirectory() as folder:

        def on_shard(record: ShardRecord, peak_mb: float) -> None:
            nonlocal manifest
            meter.count(record.rows, peak_mb)
            local = Path(folder) / record.name
            if local.exists():
                bucket.put(local)
                local.unlink()
            shards = sorted((*manifest.shards, record), key=lambda shard: shard.first_index)
            manifest = replace(manifest, shards=tuple(shards))
            bucket.write(JOURNAL_NAME, manifest_bytes(manifest))

        if missing:
            bucket.write(JOURNAL_NAME, manifest_bytes(manifest))
            bucket.remove(MANIFEST_NAME)
            place = uri if engine == "ray" else folder
            draw_shards(manifest, missing, place, workers, engine, address, on_shard, on_frames)
    card = card_text(manifest, bucket.parquet).encode()
    bucket.write(CARD_NAME, card)
    bucket.write(SEAL_NAME, seal_text(manifest, card).encode())
    bucket.write(MANIFEST_NAME, manifest_bytes(manifest))
    bucket.remove(JOURNAL_NAME)
    if progress is not None:
        progress(manifest.rows, manifest.recipe.count)
    if on_effort is not None:
        on_effort(meter.effort())
    return manifest


def _resumed(bucket: Bucket, fresh: Manifest) -> Manifest:
    """Return the manifest with the shards that are there and whole."""
    folder = located(Path(bucket.uri))
    with telling(bucket.uri):
        found = sealed_manifest(folder, fresh)
        if found is None:
            there = [name for name in (MANIFEST_NAME, JOURNAL_NAME) if (folder / name).is_file()]
            if not there:
                check_nothing_else([path.name for path in folder.iterdir()] if folder.is_dir() else [], bucket.uri)
                return fresh
            found = read_manifest(folder / there[0])
    check_same_recipe(found, fresh, bucket.uri)
    plans = {(plan.name, plan.first_index, plan.rows) for plan in plan_shards(fresh.recipe)}
    kept = tuple(
        s for s in found.shards if (s.name, s.first_index, s.rows) in plans and bucket.sha256(s.name) == s.sha256
    )
    return with_versions_of(found, replace(fresh, shards=kept), bucket.uri)
