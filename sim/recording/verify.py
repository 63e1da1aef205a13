"""Looking a data set over: every byte, every name and every claim of the manifest, each fault with what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sim.errors import DatasetError
from sim.files import PARTIAL_SUFFIX, sha256_of
from sim.recording.dataset import opened_shard
from sim.recording.journal import JOURNAL_NAME, read_journal
from sim.recording.manifest import MANIFEST_NAME, Manifest, ShardRecord, read_manifest
from sim.recording.places import located, telling
from sim.recording.schema import FINGERPRINT
from sim.recording.seal import CARD_NAME, SEAL_NAME, is_sealed, read_seal

_SHARD = re.compile(r"shard-\d+\.parquet")
_REMADE = "`rollingstop generate` with the same recipe and folder remakes it, and nothing else."
_WRITTEN_ANEW = "`rollingstop generate` with the same recipe and folder writes it anew from the shards."
_MADE_WHOLE = (
    "`rollingstop generate` with the same recipe and folder makes it whole, redrawing what nothing vouches for."
)
_IMPORT = "Import the pictures again with `rollingstop import-data` into a new folder, or remove what does not belong."
_REMOVE = "Remove it, or move it elsewhere: `rollingstop generate` does not touch it."


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a data set.

    Attributes:
        name: Of the file.
        what: What was expected, and what came.
        mend: What the user can do about it.
    """

    name: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what} {self.mend}"


def verify_dataset(folder: Path, progress: Callable[[int, int], None] | None = None) -> tuple[Fault, ...]:
    """Return everything that is wrong with a data set; nothing, if it is what was written.

    Found are a flipped bit anywhere, a shard that is missing, cut short, of another data set or of another schema, a
    file that does not belong, a manifest, data card or seal that was altered, and what a killed run left behind.

    Args:
        folder: The data set's, or a URI (`Path("s3://bucket/set")`), from which every byte is fetched.
        progress: Told the bytes of shards checked so far and in all.

    Raises:
        DatasetError: If there is no data set at all, or no manifest that could be read and none that could be restored.
        StorageError: If a URI cannot be reached.
    """
    folder = located(folder)
    with telling(folder):
        return _verify(folder, progress)


def _verify(folder: Path, progress: Callable[[int, int], None] | None) -> tuple[Fault, ...]:
    if not folder.is_dir():
        raise DatasetError(
            f"Expected a data set at {folder}. Received: {'a file' if folder.exists() else 'no such folder'}.",
            hint="Check the path, or make one with `rollingstop generate`.",
        )
    if not (folder / MANIFEST_NAME).exists():
        return _without_manifest(folder)
    try:
        manifest = read_manifest(folder / MANIFEST_NAME)
    except DatasetError as fault:
        return _by_the_seal(folder, fault.message)
    faults = [*_manifest_faults(folder, manifest), *_strangers(folder, manifest)]
    total, done = sum(shard.bytes for shard in manifest.shards), 0
    for shard in manifest.shards:
        fault = _shard_fault(folder / shard.name, shard, manifest)
        faults.extend([fault] if fault else [])
        done += shard.bytes
        if progress is not None:
            progress(done, total)
    return tuple(faults if manifest.synthetic else (replace(fault, mend=_IMPORT) for fault in faults))


def _without_manifest(folder: Path) -> tuple[Fault, ...]:
    if (folder / JOURNAL_NAME).exists():
        try:
            done = read_journal(folder / JOURNAL_NAME)
        except DatasetError as fault:
            return (Fault(JOURNAL_NAME, fault.message, _MADE_WHOLE),)
        what = f"Expected a whole data set. Received: an unfinished one, {done.rows} of {done.recipe.count} examples."
        return (Fault(JOURNAL_NAME, what, "`rollingstop generate` with the same recipe and folder finishes it."),)
    if not (folder / SEAL_NAME).exists() and not any(_SHARD.fullmatch(path.name) for path in folder.iterdir()):
        raise DatasetError(
            f"Expected a data set at {folder}. Received: a folder without {MANIFEST_NAME}.",
            hint="Check the path, or make one with `rollingstop generate`.",
        )
    return _by_the_seal(folder, "Expected a manifest. Received: no such file.")


def _by_the_seal(folder: Path, what: str) -> tuple[Fault, ...]:
    """Return what is wrong with a data set whose manifest tells nothing, for the reason given: the seal is left."""
    sums = read_seal(folder)
    shards = sorted(name for name in sums if _SHARD.fullmatch(name))
    broken = [name for name in shards if not is_sealed(folder, name, sums)]
    faults = [Fault(MANIFEST_NAME, what, _WRITTEN_ANEW if shards and not broken else _MADE_WHOLE)]
    for name in broken:
        came = "others" if (folder / name).exists() else "no such file"
        faults.append(Fault(name, f"Expected the bytes that {SEAL_NAME} names. Received: {came}.", _MADE_WHOLE))
    return tuple(faults)


def _manifest_faults(folder: Path, manifest: Manifest) -> list[Fault]:
    faults: list[Fault] = []
    sums = read_seal(folder)
    if not sums and manifest.synthetic:
        missing = "no such file" if not (folder / SEAL_NAME).exists() else "no line of that form"
        faults.append(Fault(SEAL_NAME, f"Expected the SHA-256 of each file. Received: {missing}.", _WRITTEN_ANEW))
    elif sums and not is_sealed(folder, MANIFEST_NAME, sums):
        what = f"Expected the bytes that {SEAL_NAME} names. Received: others; one of the two was altered."
        faults.append(Fault(MANIFEST_NAME, what, _WRITTEN_ANEW))
    if sums and not is_sealed(folder, CARD_NAME, sums):
        came = "others" if (folder / CARD_NAME).exists() else "no such file"
        faults.append(Fault(CARD_NAME, f"Expected the bytes that {SEAL_NAME} names. Received: {came}.", _WRITTEN_ANEW))
    if manifest.synthetic and manifest.recipe_sha256 != manifest.recipe.sha256:
        what = "Expected recipe_sha256 to be that of the recipe in it. Received: another; the recipe was altered."
        faults.append(Fault(MANIFEST_NAME, what, _WRITTEN_ANEW))
    expected = 0
    for shard in manifest.shards:
        if shard.first_index != expected:
            what = f"Expected {shard.name} to start at example {expected}. Received: {shard.first_index}."
            faults.append(Fault(MANIFEST_NAME, what, _WRITTEN_ANEW))
        expected = shard.first_index + shard.rows
    if expected != manifest.recipe.count:
        what = f"Expected shards with {manifest.recipe.count} examples. Received: {expected}."
        faults.append(Fault(MANIFEST_NAME, what, _WRITTEN_ANEW))
    return faults


def _shard_fault(path: Path, shard: ShardRecord, manifest: Manifest) -> Fault | None:
    """Return what is wrong with a shard: first what it is, since that says more than a digest."""
    if not path.is_file():
        return Fault(shard.name, "Expected a shard. Received: no such file.", _REMADE)
    size = path.stat().st_size
    try:
        with opened_shard(path) as file:
            found = (file.schema_arrow.metadata or {}).get(FINGERPRINT.encode(), b"none").decode()
            rows = file.metadata.num_rows
    except DatasetError as fault:
        return Fault(shard.name, fault.message, _REMADE)
    if found != manifest.recipe_sha256:
        what = f"Expected a shard of the recipe {manifest.recipe_sha256[:12]}... Received: one of {found[:12]}..."
        return Fault(shard.name, what, _REMADE)
    if rows != shard.rows or size != shard.bytes:
        what = f"Expected {shard.rows} examples in {shard.bytes} bytes. Received: {rows} in {size}."
        return Fault(shard.name, what, _REMADE)
    try:
        digest = sha256_of(path)
    except OSError as fault:
        return Fault(shard.name, f"Expected a readable file. Received: {fault}.", _REMADE)
    if digest != shard.sha256:
        what = f"Expected the SHA-256 {shard.sha256[:12]}... Received: {digest[:12]}...; its bytes were changed."
        return Fault(shard.name, what, _REMADE)
    return None


def _strangers(folder: Path, manifest: Manifest) -> list[Fault]:
    """Return the files that do not belong to the data set."""
    known = {MANIFEST_NAME, SEAL_NAME, CARD_NAME, JOURNAL_NAME, *(shard.name for shard in manifest.shards)}
    faults: list[Fault] = []
    for path in sorted(folder.iterdir()):
        if path.name in known:
            continue
        if path.name.endswith(PARTIAL_SUFFIX):
            what, mend = "Expected no half-written file. Received: one that a killed run left.", _REMADE
            faults.append(Fault(path.name, what, mend.replace("remakes it, and nothing else", "removes it")))
        elif _SHARD.fullmatch(path.name):
            what = "Expected the manifest's shards alone. Received: a foreign one."
            faults.append(Fault(path.name, what, _REMOVE))
    return faults
