"""The card of a set of weights: what they are, how they were made, how good they are, and the digest to check."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

from perception.network import NetworkConfig
from sim.camera import Camera
from sim.config import STRICT, parse
from sim.errors import WeightsError
from sim.files import write_atomically

FORMAT = 2
"""Raised when the network's structure changes such that older weights no longer fit."""

MAX_CARD_BYTES = 4 * 2**20
"""Larger cards are not ours; the shipped ones have under 300 kB."""

_TRAINED_WITH = ("rollingstop", "tensorflow", "keras", "albumentations", "numpy")

LIMITS = """\
- Trained on pictures that the simulator drew and on no photograph; on photographs it misses more, and small, dull or
  hazy signs first.
- Level roads, traffic on the right, one camera. At night, in fog and in snow it misses more than by day.
- Finds the stop sign as an octagon, whatever the language; the ring of Vienna B,2b and Japan's triangle it takes for
  other signs.
- Not for use in a vehicle on a road."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of a set of weights.

    Attributes:
        sha256: Of the weights file, hexadecimal.
        bytes: Its size.
        camera: Whose frames the network sees.
        network: Its sizes.
        dataset: The recipe whole, its digest, and how many examples were trained on.
        training: The training's configuration, the time it took, and the device.
        command: The command line that made them.
        started_from: Digest, command and recipe of the weights that the training went on from; None if of none.
        tempered_by: The same of those of which a part remains in the end; None if of none but those.
        scores: As `Scores.to_dict` gives them, on examples that this training held back.
        machine: Processor and system.
        versions: Of the libraries that have a part in them.
        format: Version of the network's structure.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    sha256: str
    bytes: int
    camera: Camera
    network: NetworkConfig
    dataset: dict[str, Any]
    training: dict[str, Any]
    command: str
    started_from: dict[str, Any] | None = None
    tempered_by: dict[str, Any] | None = None
    scores: dict[str, Any]
    machine: str = field(default_factory=lambda: f"{platform.machine()}, {platform.system()}")
    versions: dict[str, str] = field(default_factory=lambda: {name: _version(name) for name in _TRAINED_WITH})
    format: int = FORMAT


def card_path(weights: Path) -> Path:
    """Return where the card of a weights file lies: beside it, with the same stem."""
    return weights.with_suffix(".json")


def write_card(card: Card, weights: Path) -> None:
    """Write the card beside its weights, and the README that people read.

    Raises:
        StorageError: If they cannot be written.
    """
    write_atomically(card_path(weights), (json.dumps(asdict(card), indent=2) + "\n").encode())
    write_atomically(weights.parent / "README.md", render(card).encode())


def read_card(weights: Path) -> Card:
    """Return the card of a weights file.

    Raises:
        WeightsError: If it is missing, damaged, or of another format.
    """
    path = card_path(weights)
    if path.is_file() and path.stat().st_size > MAX_CARD_BYTES:
        raise WeightsError(
            f"Expected the card {path} to have at most {MAX_CARD_BYTES} bytes. Received: {path.stat().st_size}.",
            hint="Train again or fetch the files again.",
        )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(
            f"Expected a card beside the weights, at {path}. Received: no such file.",
            hint="Keep the two files together, as `rollingstop train` writes them.",
        ) from None
    except (OSError, ValueError, RecursionError) as fault:
        raise WeightsError(
            f"Expected {path} to be a card in JSON. Received: {fault}.", hint="Train again or fetch the files again."
        ) from None
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        raise WeightsError(
            f"Expected {path} to be a card of format {FORMAT}. Received: format {found!r}.",
            hint="These weights are of another version of the network: train again.",
        )
    return parse(raw, Card, WeightsError, str(path))


def render(card: Card) -> str:
    """Return the card as a page in Markdown."""
    camera, recipe = card.camera, card.dataset.get("recipe", {})
    lines = [
        "# Weights of Rolling Stop's network",
        "",
        "One compact CNN that finds stop signs, signs that are none, vehicles, people, the stop line and the lane in a",
        f"frame of the simulated camera ({camera.width_px} x {camera.height_px}, focal length {camera.focal_px:g} px).",
        "",
        "## How they were made",
        "",
        f"- Data: recipe `{recipe.get('name', 'unknown')}`, seed {recipe.get('seed', 'unknown')}, "
        f"{card.dataset.get('trained_on', 'unknown')} synthetic frames",
        f"- Command: `{card.command}`",
        *_base_rows("Started from", card.started_from),
        *_base_rows("Tempered by", card.tempered_by),
        f"- Training: {_in_words(card.training)}",
        f"- Machine: {card.machine}; {', '.join(f'{name} {number}' for name, number in card.versions.items())}",
        f"- SHA-256: `{card.sha256}` ({card.bytes:,} bytes), checked on loading",
        "",
        "## How good they are",
        "",
        "On frames that this training held back (lessons before it may have had some of them); each value with its",
        "95 % interval and sample size.",
        "",
        "| score | value | 95 % interval | n |",
        "| --- | --- | --- | --- |",
        *_score_rows(card.scores),
        "",
        "## What they are for",
        "",
        "Driving, testing and teaching in this simulator.",
        "",
        "## Limits",
        "",
        LIMITS,
        "",
    ]
    return "\n".join(lines)


def _base_rows(what: str, base: dict[str, Any] | None) -> list[str]:
    """Return a line on weights that the training had, if any."""
    if base is None:
        return []
    recipe = (base["recipe"] or {}).get("name", "unknown")
    return [f"- {what}: weights {base['sha256'][:12]}..., of recipe `{recipe}`, made by `{base['command']}`"]


def _score_rows(scores: dict[str, Any], prefix: str = "") -> list[str]:
    """Return one table row for each measure, however deep it lies."""
    rows: list[str] = []
    for name, value in scores.items():
        label = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict) and "value" in value and "n" in value:
            if value["value"] is not None:
                interval = "" if value["low"] is None else f"{value['low']:.3f} to {value['high']:.3f}"
                rows.append(f"| {label} | {value['value']:.3f} | {interval} | {value['n']:,} |")
        elif isinstance(value, dict):
            rows += _score_rows(value, f"{label}, ")
    return rows


def _in_words(settings: dict[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in settings.items() if not isinstance(value, dict)
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
