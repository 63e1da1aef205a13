"""Reading a data set: checked at the door, streamed by row groups, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sim.camera import Camera
from sim.errors import DatasetError
from sim.files import sha256_of
from sim.recording.journal import JOURNAL_NAME, read_journal
from sim.recording.manifest import MANIFEST_NAME, REMAKE, Manifest, ShardRecord, read_manifest
from sim.recording.places import located, opened, telling
from sim.recording.schema import FINGERPRINT, SCHEMA, SCHEMA_VERSION, Example, from_table


@dataclass(frozen=True, slots=True)
class Dataset:
    """A whole data set, on the disk or at a URI. Holds no open file, so that it can be handed to threads and processes.

    Attributes:
        path: Its folder; at a URI, what is used like one.
        manifest: What it is.
    """

    path: Path
    manifest: Manifest = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Dataset:
        """Open a data set, after the checks that cost nothing: manifest, and each shard's presence and size.

        Args:
            path: A folder, or a URI (`Path("s3://bucket/set")`) that fsspec reaches.

        Raises:
            DatasetError: If it is missing, unfinished or damaged; the message says how to mend it.
            StorageError: If a URI cannot be reached.
        """
        path = located(path)
        with telling(path):
            return cls._open(path)

    @classmethod
    def _open(cls, path: Path) -> Dataset:
        if not path.is_dir():
            raise DatasetError(
                f"Expected a data set at {path}. Received: {'a file' if path.exists() else 'no such folder'}.",
                hint="Check the path, or make one with `rollingstop generate`.",
            )
        if not (path / MANIFEST_NAME).exists():
            if (path / JOURNAL_NAME).exists():
                done = read_journal(path / JOURNAL_NAME)
                raise DatasetError(
                    f"Expected a whole data set at {path}. "
                    f"Received: an unfinished one, with {done.rows} of {done.recipe.count} examples.",
                    hint=REMAKE,
                )
            raise DatasetError(
                f"Expected a data set at {path}. Received: a folder without {MANIFEST_NAME}.",
                hint="Check the path, or make one with `rollingstop generate`.",
            )
        dataset = cls(path, read_manifest(path / MANIFEST_NAME))
        dataset._check_shards()
        return dataset

    def _check_shards(self) -> None:
        expected = 0
        for shard in self.manifest.shards:
            if shard.first_index != expected:
                raise DatasetError(
                    f"Expected {shard.name} in {self.path / MANIFEST_NAME} to start at example {expected}. "
                    f"Received: {shard.first_index}.",
                    hint=REMAKE,
                )
            expected += shard.rows
            _check_size(self.path / shard.name, shard)
        if expected != self.count:
            raise DatasetError(
                f"Expected the shards of {self.path} to hold {self.count} examples. Received: {expected}.", hint=REMAKE
            )

    @property
    def camera(self) -> Camera:
        """What took the pictures."""
        return self.manifest.recipe.camera

    @property
    def count(self) -> int:
        """How many examples there are."""
        return self.manifest.recipe.count

    @property
    def shard_paths(self) -> tuple[Path, ...]:
        """The shards, in the order of their examples."""
        return tuple(self.path / shard.name for shard in self.manifest.shards)

    def require_camera(self, camera: Camera) -> None:
        """Check that the pictures are those of a camera.

        Raises:
            DatasetError: If another camera took them.
        """
        if self.camera != camera:
            raise DatasetError(
                f"Expected pictures of {_in_words(camera)}. "
                f"Received: the data set {self.path} of {_in_words(self.camera)}.",
                hint="Generate one with that camera in the recipe's [camera], or use the weights of this one.",
            )

    def verify(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Check every byte: the SHA-256 of each shard.

        Args:
            progress: Told the bytes checked so far and in all.

        Raises:
            DatasetError: If a shard is missing or not what was written.
        """
        total = sum(shard.bytes for shard in self.manifest.shards)
        done = 0
        for shard in self.manifest.shards:
            path = self.path / shard.name
            _check_size(path, shard)
            with _reading(path):
                digest = sha256_of(path)
            if digest != shard.sha256:
                raise DatasetError(
                    f"Expected {path} to have the SHA-256 {shard.sha256[:12]}... of the manifest. "
                    f"Received: {digest[:12]}...: its bytes were changed.",
                    hint=REMAKE,
                )
            done += shard.bytes
            if progress is not None:
                progress(done, total)

    def examples(self, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        """Yield the examples from `start` until before `stop`, in the order of their index.

        One row group is held in memory at a time, whatever the data set's size.

        Raises:
            DatasetError: If a shard is missing, truncated, or belongs to another data set.
        """
        stop = self.count if stop is None else min(stop, self.count)
        for shard in self.manifest.shards:
            if shard.first_index >= stop or shard.first_index + shard.rows <= start:
                continue
            with self._opened(shard) as file:
                first = shard.first_index
                for group in range(file.num_row_groups):
                    rows = file.metadata.row_group(group).num_rows
                    if first < stop and first + rows > start:
                        for example in from_table(file.read_row_group(group)):
                            if start <= example.index < stop:
                                yield example
                    first += rows

    def row_groups(self) -> tuple[tuple[int, int], ...]:
        """Return the number of the shard and of the row group in it, for every row group: what to shuffle.

        Raises:
            DatasetError: If a shard is missing, truncated, or belongs to another data set.
        """
        pairs: list[tuple[int, int]] = []
        for number, shard in enumerate(self.manifest.shards):
            with self._opened(shard) as file:
                pairs.extend((number, group) for group in range(file.num_row_groups))
        return tuple(pairs)

    def read_row_group(self, shard: int, group: int) -> list[Example]:
        """Return the examples of one row group, as numbered by `row_groups`.

        Raises:
            DatasetError: If the shard is missing, truncated, or belongs to another data set.
        """
        with self._opened(self.manifest.shards[shard]) as file:
            return from_table(file.read_row_group(group))

    @contextmanager
    def _opened(self, shard: ShardRecord) -> Generator[pq.ParquetFile]:
        with opened_shard(self.path / shard.name) as file:
            metadata = file.schema_arrow.metadata or {}
            found = metadata.get(FINGERPRINT.encode(), b"").decode()
            if found != self.manifest.recipe_sha256 or file.metadata.num_rows != shard.rows:
                raise DatasetError(
                    f"Expected {self.path / shard.name} to hold {shard.rows} examples of the data set's own recipe. "
                    f"Received: a shard of another data set.",
                    hint=REMAKE,
                )
            yield file


def read_shard(path: Path, groups: Sequence[int] | None = None) -> Iterator[Example]:
    """Yield the examples of one shard, row group by row group.

    Args:
        path: The shard.
        groups: Which row groups, in which order; all in file order, if not given.

    Raises:
        DatasetError: If the shard is missing, truncated, or no shard of this schema.
    """
    with opened_shard(path) as file:
        for group in range(file.num_row_groups) if groups is None else groups:
            yield from from_table(file.read_row_group(group))


def _check_size(path: Path, shard: ShardRecord) -> None:
    if not path.is_file():
        raise DatasetError(f"Expected the shard {path}. Received: no such file.", hint=REMAKE)
    size = path.stat().st_size
    if size != shard.bytes:
        raise DatasetError(
            f"Expected the shard {path} to have {shard.bytes} bytes. Received: {size}; it is truncated or foreign.",
            hint=REMAKE,
        )


@contextmanager
def opened_shard(path: Path) -> Generator[pq.ParquetFile]:
    """Open a shard and check its schema; what goes wrong inside the block is told in one line.

    Raises:
        DatasetError: If it is missing, damaged, or of another schema.
    """
    with _reading(path), opened(path) as source, pq.ParquetFile(source, page_checksum_verification=True) as file:
        found = file.schema_arrow
        version = (found.metadata or {}).get(b"schema_version", b"none").decode()
        if version != str(SCHEMA_VERSION) or not found.equals(SCHEMA, check_metadata=False):
            raise DatasetError(
                f"Expected {path} to be a shard of schema version {SCHEMA_VERSION}. "
                f"Received: a file of version {version} with the columns {', '.join(found.names[:8])}.",
                hint=REMAKE,
            )
        yield file


def fingerprint_of(path: Path) -> str | None:
    """Return the digest of the recipe that a shard says it is of, or None for what is no shard that can be read."""
    if not path.is_file():
        return None
    try:
        with opened_shard(path) as file:
            return (file.schema_arrow.metadata or {}).get(FINGERPRINT.encode(), b"").decode()
    except DatasetError:
        return None


@contextmanager
def _reading(path: Path) -> Generator[None]:
    """Turn what goes wrong while a shard is read into one line; the checksum of each page is checked on the way."""
    try:
        with telling(path):
            yield
    except FileNotFoundError:
        raise DatasetError(f"Expected the shard {path}. Received: no such file.", hint=REMAKE) from None
    except (pa.ArrowException, OSError) as fault:
        reason = str(fault).splitlines()[0].rstrip(".")
        raise DatasetError(
            f"Expected the shard {path} to be whole. Received: a truncated or damaged file ({reason}).", hint=REMAKE
        ) from None


def _in_words(camera: Camera) -> str:
    return (
        f"a {camera.width_px} x {camera.height_px} camera, "
        f"focal length {camera.focal_px:g} px, {camera.height_m:g} m high"
    )
