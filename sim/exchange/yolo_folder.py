"""Reading YOLO: `data.yaml` says where the pictures are and what the classes are called; a text file marks each one."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from sim.errors import DatasetError
from sim.exchange.annotated import PICTURES, Annotated, AnnotatedPicture, Format, Region

_PARTS = ("train", "val", "test")

_SCALAR = (str, int, float)
"""What is taken for a word: a list of lists that name each other would be a text that fills any memory."""

_MOST_SHARE = 1.5
"""Boxes that reach out of their picture are met; a larger number is one of pixels."""


def read_yolo(place: Path, images: Path | None = None) -> Annotated:
    """Read YOLO's `data.yaml`, or a folder with one; see `read_annotated`.

    Every part that the file names is read. Without `images` pictures lie where it says; a picture's text file lies in
    `labels` where the picture lies in `images`, or beside it. A picture without a text file shows nothing.
    """
    file = place if place.is_file() else _description(place)
    raw = _read_yaml(file)
    names = _names(raw, file)
    pictures: dict[Path, None] = {}
    for picture in _all_pictures(raw, file, images):
        pictures[picture] = None
    return Annotated(
        Format.YOLO,
        tuple(names.values()),
        tuple(
            AnnotatedPicture(path, None, tuple(_regions(_labels_of(path), names)), in_shares=True) for path in pictures
        ),
    )


def _description(folder: Path) -> Path:
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")], key=lambda file: (file.stem != "data", file.name))
    if not files:
        raise DatasetError(
            f"Expected YOLO's data.yaml in {folder}. Received: none.", hint="It names the classes: write one."
        )
    return files[0]


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as fault:
        raise DatasetError(f"Expected {file} to be YAML. Received: {' '.join(str(fault).split())}.") from None
    if not isinstance(raw, dict) or "names" not in raw:
        raise DatasetError(f"Expected {file} to have the key 'names'. Received: a file without.")
    return raw


def _names(raw: dict[str, Any], file: Path) -> dict[int, str]:
    names = raw["names"]
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(
        isinstance(number, int) and isinstance(name, _SCALAR) for number, name in names.items()
    ):
        raise DatasetError(f"Expected 'names' in {file} to be a list of names, or names by number. Received: others.")
    return {int(number): str(name) for number, name in names.items()}


def _all_pictures(raw: dict[str, Any], file: Path, images: Path | None) -> Iterator[Path]:
    if images is not None:
        yield from _pictures_in(images, images)
        return
    root = file.parent / "".join(_as_list(raw.get("path")))
    if not root.is_dir():
        root = file.parent
    places = [place for part in _PARTS for place in _as_list(raw.get(part))]
    if not places:
        raise DatasetError(f"Expected {file} to name folders at {', '.join(_PARTS)}. Received: none.")
    for place in places:
        # Some exporters write paths as from one folder deeper.
        found = next((p for p in (root / place, root / place.removeprefix("../")) if p.exists()), None)
        if found is None:
            raise DatasetError(
                f"Expected the pictures of {file} at {root / place}. Received: no such folder.",
                hint="Say with --images where they lie.",
            )
        yield from _pictures_in(found, root)


def _as_list(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each) for each in values if each and isinstance(each, _SCALAR)]


def _pictures_in(place: Path, root: Path) -> Iterator[Path]:
    """Yield the pictures in a folder and the folders in it, or those that a text file lists."""
    if place.is_dir():
        yield from sorted(path for path in place.rglob("*") if path.suffix.lower() in PICTURES)
        return
    try:
        lines = place.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as fault:
        raise DatasetError(f"Expected {place} to be a folder of pictures, or a list. Received: {fault}.") from None
    for line in filter(None, map(str.strip, lines)):
        path = place.parent / line if line.startswith("./") else root / line
        if not path.is_file():
            raise DatasetError(f"Expected the picture {line} of {place}. Received: no such file.")
        yield path


def _labels_of(picture: Path) -> Path:
    """Return the text file of a picture: `labels` takes the place of the last `images` in its path."""
    parts = list(picture.parts)
    for k in range(len(parts) - 2, -1, -1):
        if parts[k] == "images":
            parts[k] = "labels"
            return Path(*parts).with_suffix(".txt")
    return picture.with_suffix(".txt")


def _regions(file: Path, names: dict[int, str]) -> Iterator[Region]:
    """Yield what a text file marks: a box a line, or the corners of an outline, whose box is taken."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        return
    except (OSError, ValueError) as fault:
        raise DatasetError(f"Expected {file} to be text. Received: {fault}.") from None
    for count, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        try:
            number, values = int(words[0]), [float(word) for word in words[1:]]
        except ValueError:
            number, values = -1, []
        outline = len(values) >= 6 and len(values) % 2 == 0
        if not (len(values) == 4 or outline) or not all(isfinite(value) for value in values):
            raise DatasetError(
                f"Expected line {count} of {file} to be a class and four numbers, or the corners of an outline. "
                f"Received: {line.strip()[:80]!r}."
            )
        if max(map(abs, values)) > _MOST_SHARE or (not outline and min(values[2:]) < 0):
            raise DatasetError(
                f"Expected line {count} of {file} in shares of the picture's width and height, 0 to 1. "
                f"Received: {line.strip()[:80]!r}.",
                hint="Divide pixels by the picture's size.",
            )
        if number not in names:
            raise DatasetError(
                f"Expected line {count} of {file} to begin with a class of data.yaml, {min(names, default=0)} to "
                f"{max(names, default=0)}. Received: {words[0]}."
            )
        if outline:
            box = (min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2]))
        else:
            u, v, width, height = values
            box = (u - width / 2, v - height / 2, u + width / 2, v + height / 2)
        yield Region(names[number], box)
