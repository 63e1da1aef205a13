"""Data sets on whatever fsspec reaches (`s3://`, `gs://`, `file://`, ...): the bytes that a local folder would hold."""

from __future__ import annotations

import hashlib
import importlib
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pyarrow.parquet as pq

from sim.recording.card import card_text
from sim.recording.effort import Effort, Meter
from sim.recording.generation import (
    Engine,
    check_same_recipe,
    draw_shards,
    found_manifest,
    with_shards,
    with_versions_of,
)
from sim.recording.journal import JOURNAL_NAME, journal_lines, shard_line
from sim.recording.manifest import (
    MANIFEST_NAME,
    Manifest,
    ShardRecord,
    manifest_bytes,
    new_manifest,
)
from sim.recording.places import located, telling, unreachable
from sim.recording.recipe import Recipe
from sim.recording.seal import CARD_NAME, SEAL_NAME, seal_text
from sim.recording.shards import plan_shards

_BLOCK_BYTES = 1 << 20
_RECORD_EVERY_S = 5.0
"""Object stores cannot add to a file: the journal is written whole, but no more often than this."""
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
    worker. A shard counts only once the journal names it, so that a torn transfer is drawn again; so is, after a kill,
    what the last seconds stored.

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

    journal = _Journal(bucket, manifest)

    def on_frames(drawn: int) -> None:
        journal.keep()
        if progress is not None:
            progress(kept + drawn, manifest.recipe.count)

    with tempfile.TemporaryDirectory() as folder:

        def on_shard(record: ShardRecord, peak_mb: float) -> None:
            meter.count(record.rows, peak_mb)
            local = Path(folder) / record.name
            if local.exists():
                bucket.put(local)
                local.unlink()
            journal.enter(record)

        if missing:
            journal.keep(at_once=True)
            bucket.remove(MANIFEST_NAME)
            place = uri if engine == "ray" else folder
            try:
                draw_shards(manifest, missing, place, workers, engine, address, on_shard, on_frames)
            finally:
                journal.keep(at_once=True)
    manifest = with_shards(manifest, journal.finished)
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


class _Journal:
    """The journal at a URI.

    Attributes:
        finished: The shards that this run has stored.
    """

    def __init__(self, bucket: Bucket, manifest: Manifest) -> None:
        self.finished: list[ShardRecord] = []
        self._bucket = bucket
        self._lines = journal_lines(manifest)
        self._kept, self._kept_s = 0, 0.0

    def enter(self, record: ShardRecord) -> None:
        """Enter a shard that is stored."""
        self.finished.append(record)
        self._lines.append(shard_line(record))
        self.keep()

    def keep(self, *, at_once: bool = False) -> None:
        """Store what is new in it, unless it was stored just now."""
        if self._kept < len(self._lines) and (at_once or monotonic() - self._kept_s >= _RECORD_EVERY_S):
            self._bucket.write(JOURNAL_NAME, b"".join(self._lines))
            self._kept, self._kept_s = len(self._lines), monotonic()


def _resumed(bucket: Bucket, fresh: Manifest) -> Manifest:
    """Return the manifest with the shards that are there and whole."""
    folder = located(Path(bucket.uri))
    with telling(bucket.uri):
        found = found_manifest(folder, fresh, bucket.uri)
    if found is None:
        return fresh
    check_same_recipe(found, fresh, bucket.uri)
    plans = {(plan.name, plan.first_index, plan.rows) for plan in plan_shards(fresh.recipe)}
    kept = tuple(
        s for s in found.shards if (s.name, s.first_index, s.rows) in plans and bucket.sha256(s.name) == s.sha256
    )
    return with_versions_of(found, replace(fresh, shards=kept), bucket.uri)
