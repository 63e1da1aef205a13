"""Where data sets lie: folders, and URIs that fsspec reaches (`s3://`, ...), which are read as if they were folders."""

from __future__ import annotations

import importlib
import re
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any, cast

from sim.errors import RollingStopError, StorageError

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//?)([^/].*|/.*)")
"""Two letters at least before the colon: one is a drive of Windows."""

_ROOTED = ("file", "local", "memory")
"""What follows the scheme is a path from the root, and no bucket."""


def uri_of(path: Path | str) -> str | None:
    """Return the URI that a path is, or None for one of this machine.

    A `Path` has folded the two slashes of what was typed (`s3:/bucket/set`); they are put back.
    """
    found = _URI.fullmatch(str(path))
    if found is None:
        return None
    scheme, slashes, rest = found.groups()
    root = "/" if scheme in _ROOTED and slashes == "/" else ""
    return f"{scheme}://{root}{rest}"


def located(path: Path) -> Path:
    """Return what reaches a path: itself or, if it is a URI, what is used like a path there.

    Raises:
        StorageError: If nothing that is installed reaches it.
    """
    uri = uri_of(path) if isinstance(path, Path) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if uri is None:
        return path
    with telling(uri):
        try:
            found = importlib.import_module("upath").UPath(uri)
            # What this process has listed before is kept by fsspec, and may have changed there since.
            found.fs.invalidate_cache()
            return cast(Path, found)
        except (ImportError, ValueError) as fault:
            raise unreachable(uri, fault) from None


def unreachable(uri: str, fault: Exception) -> StorageError:
    """Return the line for a URI that nothing which is installed reaches."""
    if isinstance(fault, ImportError):
        return StorageError(
            f"Expected something that reaches {uri}. Received: {fault}.",
            hint='Install it with `pip install "rollingstop[cloud]"`, in a clone `pip install -e ".[cloud]"`.',
        )
    return StorageError(f"Expected a URI such as s3://bucket/set. Received: {uri} ({fault}).")


@contextmanager
def opened(path: Path) -> Generator[Path | IO[bytes]]:
    """Open a file for Arrow, which takes the paths of this machine itself and reads them faster so."""
    local = isinstance(path, Path)  # pyright: ignore[reportUnnecessaryIsInstance]
    with nullcontext(path) if local else cast(Any, path).open("rb") as source:
        yield source


@contextmanager
def telling(place: Path | str) -> Generator[None]:
    """Turn what goes wrong at a URI, in whichever library, into one line; faults of this machine's disk pass.

    Raises:
        StorageError: If a place at a URI cannot be used.
    """
    try:
        yield
    except RollingStopError:
        raise
    except Exception as fault:
        ours = type(fault).__module__.split(".")[0] in ("builtins", "sim") and not isinstance(fault, OSError)
        if ours or isinstance(place, Path):
            raise
        reason = (str(fault).splitlines() or [type(fault).__name__])[0].rstrip(".")
        raise StorageError(
            f"Expected to be able to use {place}. Received: {reason}.",
            hint="Check the address, the rights and the room there, then run the same command again.",
        ) from fault
