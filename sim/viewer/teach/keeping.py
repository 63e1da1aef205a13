"""What was told, on the disk: plain JSON and plain arrays, so that a tour can be left and taken up."""

from __future__ import annotations

import io
import json
import types
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from sim.files import write_atomically
from sim.viewer.teach.content import News

KEPT_NAME = "tour.npz"

FORMAT = 2
"""Raised when what is told changes its form; other files are then not taken up."""

_TOLD = {kind.__name__: kind for kind in get_args(News)}

_DAMAGES = (ValueError, TypeError, KeyError, IndexError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


def keep(path: Path, news: Sequence[News], page: int) -> None:
    """Write what was told, and at which page the tour stands.

    Raises:
        StorageError: If it cannot be written.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    told = [[type(each).__name__, _plain(each, arrays)] for each in news]
    text = json.dumps({"format": FORMAT, "page": page, "told": told}).encode()
    buffer = io.BytesIO()
    named: dict[str, Any] = {f"a{number}": array for number, array in enumerate(arrays)}
    np.savez(buffer, text=np.frombuffer(text, np.uint8), **named)
    write_atomically(path, buffer.getvalue())


def taken_up(path: Path) -> tuple[list[News], int]:
    """Return what was told, and the page; nothing and the first page if there is no file or it cannot be read."""
    try:
        # Of a damaged file NumPy would leave the handle open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        kept = json.loads(arrays["text"].tobytes())
        if kept["format"] != FORMAT:
            return [], 0
        told = [_told(kind, values, arrays) for kind, values in kept["told"]]
        return told, int(kept["page"])
    except _DAMAGES:
        return [], 0


def _told(kind: str, values: Any, arrays: dict[str, Any]) -> News:
    news: News = _rebuilt(values, _TOLD[kind], arrays)
    return news


def _plain(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """Return a value as JSON has it; arrays are put aside and named by their place."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return f"a{len(arrays) - 1}"
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return [_plain(getattr(value, item.name), arrays) for item in fields(value)]
    if isinstance(value, dict):
        return [[_plain(key, arrays), _plain(item, arrays)] for key, item in value.items()]
    if isinstance(value, (tuple, list)):
        return [_plain(item, arrays) for item in value]
    return value


def _rebuilt(value: Any, hint: Any, arrays: dict[str, Any]) -> Any:
    """Return the value of a type that `_plain` has made plain."""
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        names = [item.name for item in fields(hint)]
        values = {name: _rebuilt(item, hints[name], arrays) for name, item in zip(names, value, strict=True)}
        return hint(**values)
    if origin is np.ndarray:
        return arrays[value]
    if origin is dict:
        return {_rebuilt(key, inner[0], arrays): _rebuilt(item, inner[1], arrays) for key, item in value}
    if origin is tuple:
        kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_rebuilt(item, kind, arrays) for item, kind in zip(value, kinds, strict=True))
    if origin in (Union, types.UnionType):
        raise TypeError(f"Expected one type. Received: {hint}.")
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint in (int, float, bool, str) and isinstance(value, (int, float, bool, str)):
        return hint(value)
    raise TypeError(f"Expected a {hint}. Received: {type(value)}.")
