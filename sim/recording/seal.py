"""The seal of a data set: `SHA256SUMS`, which `sha256sum -c SHA256SUMS` checks too, and what it can bring back.

It names every file, the manifest included. A manifest that was altered is not trusted but worked out again from the
recipe and the shards: it is taken only if its bytes are those that were sealed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from sim.files import sha256_of, write_atomically
from sim.recording.manifest import MANIFEST_NAME, Manifest, ShardRecord, manifest_bytes
from sim.recording.shards import plan_shards

SEAL_NAME = "SHA256SUMS"
CARD_NAME = "README.md"

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+)")


def seal_text(manifest: Manifest, card: bytes) -> str:
    """Return the seal of a whole data set, in the form of coreutils' `sha256sum`."""
    sums = {shard.name: shard.sha256 for shard in manifest.shards}
    sums[MANIFEST_NAME] = hashlib.sha256(manifest_bytes(manifest)).hexdigest()
    sums[CARD_NAME] = hashlib.sha256(card).hexdigest()
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def write_seal(folder: Path, manifest: Manifest, card: bytes) -> None:
    """Write the seal of a whole data set.

    Raises:
        StorageError: If it cannot be written.
    """
    write_atomically(folder / SEAL_NAME, seal_text(manifest, card).encode())


def read_seal(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that the seal names; nothing if there is none, or lines of another form."""
    try:
        text = (folder / SEAL_NAME).read_bytes().decode("ascii", "replace")
    except OSError:
        return {}
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {match[2]: match[1] for match in found if match}


def is_sealed(folder: Path, name: str, sums: dict[str, str]) -> bool:
    """Return whether a file is there with the bytes that the seal gives it."""
    try:
        return name in sums and sha256_of(folder / name) == sums[name]
    except OSError:
        return False


def restored_manifest(folder: Path, fresh: Manifest, versions: dict[str, str] | None = None) -> Manifest | None:
    """Return the manifest that was sealed, worked out again, or None where the seal does not confirm it.

    Args:
        folder: The data set's.
        fresh: A manifest of the recipe without shards.
        versions: Those to try, besides the installed ones.
    """
    sums = read_seal(folder)
    records: list[ShardRecord] = []
    for plan in plan_shards(fresh.recipe):
        path = folder / plan.name
        if plan.name not in sums or not path.is_file():
            return None
        records.append(
            ShardRecord(
                name=plan.name,
                first_index=plan.first_index,
                rows=plan.rows,
                bytes=path.stat().st_size,
                sha256=sums[plan.name],
            )
        )
    whole = replace(fresh, shards=tuple(records))
    for candidate in (whole, replace(whole, versions=versions or whole.versions)):
        if hashlib.sha256(manifest_bytes(candidate)).hexdigest() == sums.get(MANIFEST_NAME):
            return candidate
    return None
