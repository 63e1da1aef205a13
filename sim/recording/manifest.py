"""The manifest: what a data set was made from, what it was made with, and what it must weigh."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

from sim.config import STRICT, parse
from sim.errors import DatasetError
from sim.files import write_atomically
from sim.recording.recipe import Recipe, plain_recipe
from sim.recording.schema import SCHEMA_VERSION

MANIFEST_NAME = "manifest.json"
"""There once the data set is whole."""

REMAKE = "Run `rollingstop generate` with the same recipe and folder again: it remakes only what is missing."

_DRAWN_WITH = ("numpy", "pygame", "opencv-python-headless", "pyarrow")
_DRAW_NOTHING = (
    "commands",
    "control",
    "viewer",
    "show",
    "exchange",
    "loop.py",
    "benchmark.py",
    "cluster.py",
    "memory.py",
)
"""What in `sim` has no part in a frame: commands, driver, window, contact sheets, other formats, loop, stopwatches."""

_SHARD_NAME = re.compile(r"shard-\d{5}\.parquet")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRecord:
    """One finished shard.

    Attributes:
        name: Its file name.
        first_index: Index of its first example.
        rows: How many examples it holds.
        bytes: Its size.
        sha256: Of its bytes, hexadecimal.

    Raises:
        ValueError: If the name or the digest has another form: a manifest from elsewhere must not name any file.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    name: str
    first_index: int
    rows: int
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if not _SHARD_NAME.fullmatch(self.name):
            raise ValueError(f"Expected name to be like 'shard-00000.parquet'. Received: {self.name!r}.")
        if not _DIGEST.fullmatch(self.sha256):
            raise ValueError(f"Expected sha256 to be 64 hexadecimal digits. Received: {self.sha256!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a data set is.

    Attributes:
        synthetic: Whether every picture is drawn from the recipe; false for photographs that were imported.
        schema_version: Of the shards' columns.
        recipe_sha256: Of all that fixes the examples.
        recipe: The recipe whole, with the seed, the count and the camera that were used.
        versions: Of all that has a part in the bytes, the simulator's own sources included.
        shards: The finished shards, in the order of their examples.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    synthetic: bool
    schema_version: int
    recipe_sha256: str
    recipe: Recipe
    versions: dict[str, str]
    shards: tuple[ShardRecord, ...] = ()

    @property
    def rows(self) -> int:
        """How many examples the finished shards hold."""
        return sum(shard.rows for shard in self.shards)


def new_manifest(recipe: Recipe) -> Manifest:
    """Return the manifest of a data set that has no shard yet."""
    return Manifest(
        synthetic=True,
        schema_version=SCHEMA_VERSION,
        recipe_sha256=recipe.sha256,
        recipe=recipe,
        versions={"rollingstop": _own_version(), **{name: _version(name) for name in _DRAWN_WITH}},
    )


def _own_version() -> str:
    """Return the version with a digest of the sources that draw: between two versions, too, pixels may change."""
    root = Path(__file__).parents[1]
    sources = [p for p in root.rglob("*.py") if p.relative_to(root).parts[0] not in _DRAW_NOTHING]
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.relative_to(root).as_posix().encode())
        digest.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return f"{_version('rollingstop')}+{digest.hexdigest()[:12]}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest.

    Raises:
        StorageError: If it cannot be written.
    """
    write_atomically(path, manifest_bytes(manifest))


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return what stands in the file of a manifest."""
    return (json.dumps(plain_manifest(manifest), indent=2) + "\n").encode()


def plain_manifest(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as plain values."""
    return {**asdict(manifest), "recipe": plain_recipe(manifest.recipe)}


def read_manifest(path: Path) -> Manifest:
    """Read a manifest, and check it.

    Raises:
        DatasetError: If it is missing, unreadable, or of another form or version.
    """
    return checked_manifest(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Return what stands in the file of a manifest or a journal.

    Raises:
        DatasetError: If it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"Expected {path}. Received: no such file.", hint=REMAKE) from None
    except OSError as fault:
        raise DatasetError(f"Expected {path} to be readable. Received: {fault}.", hint=_AFRESH) from fault


def checked_manifest(data: bytes, path: Path, shards: Sequence[Any] | None = None) -> Manifest:
    """Return the manifest that a file says.

    Args:
        data: What stands in it.
        path: Which file, for the messages.
        shards: Plain values of its shards, where they stand elsewhere.

    Raises:
        DatasetError: If it is no JSON, or of another form or version.
    """
    try:
        raw = json.loads(data)
    except ValueError as fault:
        raise DatasetError(f"Expected {path} to be readable JSON. Received: {fault}.", hint=REMAKE) from None
    found = raw.get("schema_version") if isinstance(raw, dict) else None
    if found != SCHEMA_VERSION:
        raise DatasetError(
            f"Expected a data set of schema version {SCHEMA_VERSION} at {path.parent}. Received: {found}.", hint=_AFRESH
        )
    return parse(raw if shards is None else {**raw, "shards": shards}, Manifest, DatasetError, str(path))


_AFRESH = "Generate the data set into a new folder."
