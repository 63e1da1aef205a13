"""Files that survive a crash: whole or not there, never half-written.

What is written goes to a temporary file in the same folder, is synced to the disk, and only then takes its name; the
folder is synced last, so that the name survives too.
"""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sim.errors import StorageError

PARTIAL_SUFFIX = ".partial"
"""How the name of a file ends while it is being written; one that is left over is rubbish from a killed run."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM)


def storage_error(fault: OSError, path: Path) -> StorageError:
    """Return the one line for a user that a failure of the disk at `path` is worth."""
    if fault.errno in _FULL:
        return StorageError(
            f"Expected room on the disk to write {path}. Received: {_reason(fault)}.",
            hint="Free some space or choose another folder, then run the same command again.",
        )
    if fault.errno == errno.EROFS:
        return StorageError(
            f"Expected to be able to write {path}. Received: the disk is read-only.", hint="Choose another folder."
        )
    if fault.errno in _FORBIDDEN:
        return StorageError(
            f"Expected to be allowed to write {path}. Received: {_reason(fault)}.",
            hint="Choose another folder or change its permissions.",
        )
    if fault.errno == errno.ENAMETOOLONG:
        return StorageError(
            f"Expected a name that the disk can hold. Received: one of {len(path.name)} letters, {path.name[:40]}...",
            hint="Choose a shorter one.",
        )
    if fault.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return StorageError(
            f"Expected a place for the file {path}. Received: {_reason(fault)}.",
            hint="Choose another folder, or move away what stands in its place.",
        )
    return StorageError(
        f"Expected to be able to write {path}. Received: {_reason(fault)}.",
        hint="Check the disk or choose another folder, then run the same command again.",
    )


def _reason(fault: OSError) -> str:
    text = fault.strerror or str(fault) or type(fault).__name__
    return text[0].lower() + text[1:]


def make_folder(path: Path) -> None:
    """Make a folder and those above it, unless it is there: before hours of work whose results are to go there.

    Raises:
        StorageError: If it cannot be made, or a file stands in its place.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise storage_error(fault, path) from fault


@contextmanager
def open_atomically(path: Path) -> Generator[BinaryIO]:
    """Open a file for writing that appears at `path` only once it is whole and on the disk.

    Missing folders are made. If the block is left by any exception, Ctrl-C included, the temporary file is removed and
    what stood at `path` before stays untouched.

    Args:
        path: Where the file shall stand.

    Yields:
        The open file.

    Raises:
        StorageError: If the disk is full, read-only, gone, or the folder cannot be written.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PARTIAL_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as fault:
        if _is_about(fault, path):
            raise storage_error(fault, path) from fault
        raise
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _is_about(fault: OSError, path: Path) -> bool:
    """Return whether a fault is one of writing `path`; one that names a file elsewhere has another cause."""
    if not isinstance(fault.filename, str):
        return True
    named = Path(fault.filename)
    return named.parent == path.parent or named in path.parents


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file, or leave what stood there before.

    Raises:
        StorageError: If the disk is full, read-only, gone, or the folder cannot be written.
    """
    with open_atomically(path) as file:
        file.write(data)


def append_synced(path: Path, data: bytes) -> None:
    """Add to the end of a file; once this returns, it is on the disk. A crash may leave a part of it.

    Raises:
        StorageError: If the disk is full, read-only, gone, or the file cannot be written.
    """
    try:
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        raise storage_error(fault, path) from fault


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut; nothing where the system cannot do so (Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partials(folder: Path) -> int:
    """Remove what a killed run left half-written in a folder, and return how many files that were.

    Raises:
        StorageError: If one cannot be removed.
    """
    partials = sorted(folder.glob(f".*{PARTIAL_SUFFIX}"))
    for partial in partials:
        try:
            partial.unlink(missing_ok=True)
        except OSError as fault:
            raise storage_error(fault, partial) from fault
    return len(partials)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal, read in blocks.

    Raises:
        OSError: If the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
