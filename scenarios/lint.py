"""Checking scenario files without driving them, and the schema by which an editor checks them as they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from scenarios.scenario import CATALOGUE_DIR, FAULTS_DIR, Scenario, load_scenario, read_scenario, start_world
from sim.config import faults
from sim.errors import RollingStopError, ScenarioError
from sim.recording.presets import preset_names

WORLDS = 3
"""So many worlds of each scenario are drawn: a spec that no world can meet shows at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a scenario file.

    Attributes:
        path: Which.
        message: The key, what was expected and what came.
    """

    path: Path
    message: str


def scenario_files(paths: Sequence[Path]) -> list[Path]:
    """Return the scenario files among files and folders; the shipped ones where none is given.

    Raises:
        ScenarioError: If a folder has none.
    """
    found: list[Path] = []
    for path in paths or (CATALOGUE_DIR, FAULTS_DIR):
        inside = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not inside:
            raise ScenarioError(f"Expected scenarios (*.toml) in {path}. Received: none.", hint="Check the folder.")
        found.extend(inside)
    return found


def lint(paths: Sequence[Path]) -> list[Fault]:
    """Return all that is wrong with scenario files: every wrong key of each, and worlds that cannot be drawn.

    Args:
        paths: Files.
    """
    return [Fault(path, message) for path in paths for message in _messages(path)]


def _messages(path: Path) -> list[str]:
    try:
        found = faults(read_scenario(path), Scenario)
        if found:
            return found
        scenario = load_scenario(path)
    except RollingStopError as fault:
        return [str(fault).removeprefix(f"{path}: ")]
    for run_seed in range(WORLDS):
        try:
            start_world(scenario, run_seed)
        except (ValueError, IndexError, ZeroDivisionError) as fault:
            return [
                f"expected a world that can be drawn from [world] and [start]. Received, for seed {run_seed}: {fault}."
            ]
    return []


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, with what each key means, for editors that complete and check TOML."""
    schema = TypeAdapter(Scenario).json_schema()
    # A scenario is named by its file.
    schema["properties"].pop("name")
    definitions: dict[str, Any] = schema.get("$defs", {})
    for kind in _dataclasses(Scenario):
        part = schema if kind is Scenario else definitions[kind.__name__]
        part["additionalProperties"] = False
        meanings = _meanings(kind)
        for key, value in part["properties"].items():
            if key in meanings:
                value["description"] = meanings[key]
    definitions["WorldSpec"]["properties"]["preset"] = {
        "description": "A named light and weather under the other keys.",
        "enum": preset_names(),
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Rolling Stop scenario"}


def _dataclasses(kind: type[Any]) -> list[type[Any]]:
    """Return a dataclass and those of its fields, each once."""
    found = [kind]
    for hint in get_type_hints(kind).values():
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and is_dataclass(part):
                found.extend(inner for inner in _dataclasses(part) if inner not in found)
    return found


def _meanings(kind: type[Any]) -> dict[str, str]:
    """Return what a dataclass's docstring says of each attribute, as one line."""
    text = cleandoc(kind.__doc__ or "")
    section = re.search(r"^Attributes:\n((?:[ ]+.*\n?|\n)*)", text, re.MULTILINE)
    if section is None:
        return {}
    names = {item.name for item in fields(kind)}
    entries = re.findall(r"^    (\w+): (.*(?:\n {8,}.*)*)", section.group(1), re.MULTILINE)
    return {name: " ".join(words.split()) for name, words in entries if name in names}
