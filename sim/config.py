"""Reading TOML at a file's edge: checked against a frozen dataclass, unknown keys refused, one clear line a fault."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import RollingStopError

T = TypeVar("T")

STRICT = {"extra": "forbid", "frozen": True, "allow_inf_nan": False}
"""The pydantic configuration of every dataclass that a file fills: `__pydantic_config__ = STRICT`."""


def load_toml(path: Path, kind: type[T], error: type[RollingStopError]) -> T:
    """Read a TOML file into a dataclass.

    Args:
        path: The file.
        kind: A dataclass whose `__pydantic_config__` is `STRICT`.
        error: What to raise.

    Raises:
        RollingStopError: Of the class `error`, if the file is missing, is no TOML, or holds a wrong or unknown key; the
            message names the file, the key, what was expected and what came.
    """
    return parse(read_toml(path, error), kind, error, str(path))


def read_toml(path: Path, error: type[RollingStopError]) -> dict[str, Any]:
    """Read a TOML file as plain values, unchecked: for a caller that completes them before `parse`.

    Raises:
        RollingStopError: Of the class `error`, if the file is missing, unreadable or no TOML.
    """
    try:
        # Editors of Windows begin a file with a mark.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise error(f"Expected a TOML file at {path}. Received: no such file.", hint="Check the path.") from None
    except IsADirectoryError:
        raise error(f"Expected a TOML file at {path}. Received: a folder.", hint="Name the file in it.") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise error(f"Expected a readable TOML file at {path}. Received: {fault}.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise error(f"Expected {path} to be TOML. Received: {fault}.", hint="Mend that line.") from None


def parse(raw: object, kind: type[T], error: type[RollingStopError], origin: str) -> T:
    """Check a plain value, as read from a file, against a dataclass; `origin` names it in messages."""
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError as fault:
        raise error(f"{origin}: {_sentence(fault.errors()[0], kind)}") from None


def faults(raw: object, kind: type) -> list[str]:
    """Return all that is wrong with a plain value, a sentence each; `parse` stops at the first."""
    try:
        TypeAdapter(kind).validate_python(raw)
    except ValidationError as fault:
        return [_sentence(one, kind) for one in fault.errors()]
    return []


def _sentence(first: ErrorDetails, kind: type) -> str:
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _names(kind, first["loc"][:-1])
        close = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        advice = f"Did you mean '{close[0]}'?" if close else f"Known keys: {', '.join(known)}."
        return f"unknown key '{where}'. {advice}"
    if first["type"] in ("missing", "missing_argument"):
        return f"the key '{where}' is missing. Add it."
    message = str(first["msg"]).removeprefix("Value error, ")
    if message.startswith("Expected"):
        return f"key '{where}': {message}" if where else message
    return f"key '{where}': {message[0].lower()}{message[1:]}. Received: {first['input']!r}."


def _names(kind: object, path: tuple[int | str, ...]) -> list[str]:
    """Return the keys that a dataclass knows, at the place inside it that `path` leads to."""
    for part in path:
        if is_dataclass(kind) and isinstance(part, str):
            kind = get_type_hints(kind).get(part, kind)
        elif isinstance(part, int) and get_args(kind):
            kind = get_args(kind)[0]
    return [f.name for f in fields(kind)] if is_dataclass(kind) else []
