"""The journal of an unfinished data set: what it will be, and a line for each shard that is finished.

A shard costs one line, however many there are. What a kill left of a line does not count: its shard is drawn again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sim.recording.manifest import Manifest, ShardRecord, checked_manifest, plain_manifest, read_bytes

JOURNAL_NAME = "journal.jsonl"
"""There while a data set is not whole."""


def journal_lines(manifest: Manifest) -> list[bytes]:
    """Return the lines of a journal: the manifest without its shards, then each of them."""
    return [_line(plain_manifest(replace(manifest, shards=()))), *map(shard_line, manifest.shards)]


def shard_line(shard: ShardRecord) -> bytes:
    """Return the line that enters a finished shard."""
    return _line(asdict(shard))


def _line(plain: dict[str, Any]) -> bytes:
    return (json.dumps(plain, separators=(",", ":")) + "\n").encode()


def read_journal(path: Path) -> Manifest:
    """Read a journal: the manifest with the shards that are entered, in the order of their examples.

    Raises:
        DatasetError: If it is missing, its first line unreadable, or something in it of another form or version.
    """
    # After the end of the last line there is nothing, or what a kill left of another.
    head, *lines = read_bytes(path).split(b"\n")[:-1] or [b""]
    found: list[Any] = []
    for line in lines:
        with suppress(ValueError):
            found.append(json.loads(line))
    manifest = checked_manifest(head, path, found)
    shards = {shard.name: shard for shard in manifest.shards}
    return replace(manifest, shards=tuple(sorted(shards.values(), key=lambda shard: shard.first_index)))
