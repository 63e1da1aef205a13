"""Presets: named worlds of one light and weather, or of a mixture of all, that a recipe may build on."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from sim.config import parse, read_toml
from sim.errors import RecipeError
from sim.spec import WorldSpec

_IN_CLONE = Path(__file__).parents[2] / "datasets"
SHIPPED_RECIPES = _IN_CLONE if _IN_CLONE.is_dir() else Path(__file__).parent / "recipes"
"""Where the recipes are that come with Rolling Stop: in a clone, `datasets`; in a wheel, beside this file."""

PRESETS = SHIPPED_RECIPES / "presets"


def preset_names() -> list[str]:
    """Return the names of all presets, in alphabetical order."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_preset(name: str) -> WorldSpec:
    """Return the worlds of a preset.

    Raises:
        RecipeError: If there is none of that name.
    """
    return parse(_read(name), WorldSpec, RecipeError, str(PRESETS / f"{name}.toml"))


def overlaid(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the keys of `own` laid over it, table by table."""
    merged = {**base, **own}
    for key, above in own.items():
        below = base.get(key)
        if isinstance(below, dict) and isinstance(above, dict):
            merged[key] = overlaid(below, above)
    return merged


def with_preset(world: dict[str, Any]) -> dict[str, Any]:
    """Return a `[world]` table, as read from a file, with the preset that it names under its own keys.

    Raises:
        RecipeError: If there is no such preset.
    """
    own = dict(world)
    name = own.pop("preset", None)
    return own if name is None else overlaid(_read(name), own)


def _read(name: object) -> dict[str, Any]:
    names = preset_names()
    if name not in names:
        close = difflib.get_close_matches(str(name), names, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else ""
        raise RecipeError(f"Expected a preset: one of {', '.join(names)}. Received: {name!r}.", hint=hint)
    return read_toml(PRESETS / f"{name}.toml", RecipeError)
