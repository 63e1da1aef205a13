"""Reading COCO: one or several JSON files, and pictures beside them or where COCO's own folders have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

from sim.errors import DatasetError
from sim.exchange.annotated import Annotated, AnnotatedPicture, Format, Region, find_picture
from sim.percept import Box

_LISTS = {
    "images": ("id", "file_name"),
    "annotations": ("image_id", "category_id", "bbox"),
    "categories": ("id", "name"),
}


def read_coco(place: Path, images: Path | None = None) -> Annotated:
    """Read a COCO file, or a folder with some; see `read_annotated`."""
    files = [place] if place.is_file() else list(_annotation_files(place))
    if not files:
        raise DatasetError(
            f"Expected COCO annotations in {place}: annotations/*.json, or *.json. Received: none.",
            hint="Name the JSON file itself.",
        )
    classes: dict[str, None] = {}
    pictures: list[AnnotatedPicture] = []
    for file in files:
        raw = read_coco_file(file)
        names = {entry["id"]: str(entry["name"]) for entry in raw["categories"]}
        classes.update(dict.fromkeys(names.values()))
        regions: dict[Any, list[Region]] = {entry["id"]: [] for entry in raw["images"]}
        for entry in raw["annotations"]:
            x, y, width, height = entry["bbox"]
            region = Region(names[entry["category_id"]], (x, y, x + width, y + height), entry["iscrowd"] == 1)
            regions[entry["image_id"]].append(region)
        folders = (images,) if images is not None else _picture_folders(file)
        for entry in raw["images"]:
            path = find_picture(str(entry["file_name"]), folders, file)
            known = (entry["width"], entry["height"]) if "width" in entry and "height" in entry else None
            pictures.append(AnnotatedPicture(path, known, tuple(regions[entry["id"]])))
    return Annotated(Format.COCO, tuple(classes), tuple(pictures))


def read_coco_file(path: Path) -> dict[str, Any]:
    """Return a COCO file, with its three lists checked.

    Sizes of pictures, where they are told, are ints, `bbox` is four finite floats with no side below 0, `iscrowd` is
    there and 0 or 1; each annotation is of one picture and one category.

    Raises:
        DatasetError: If it is missing, of another structure, or says what cannot be.
    """
    try:
        # Editors of Windows begin a file with a mark.
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DatasetError(
            f"Expected COCO annotations at {path}. Received: no such file.", hint="Check the path."
        ) from None
    except (OSError, ValueError, RecursionError) as fault:
        raise DatasetError(f"Expected {path} to be COCO annotations in JSON. Received: {fault}.") from None
    if not isinstance(raw, dict) or any(not isinstance(raw.get(key), list) for key in _LISTS):
        raise DatasetError(f"Expected {path} to hold the lists {', '.join(_LISTS)}. Received: another structure.")
    for key, needed in _LISTS.items():
        if any(not isinstance(entry, dict) or any(name not in entry for name in needed) for entry in raw[key]):
            raise DatasetError(
                f"Expected each of '{key}' in {path} to have {', '.join(needed)}. Received: one without."
            )
    if not raw["images"]:
        raise DatasetError(f"Expected photographs in {path}. Received: an empty list.")
    pictures, categories = (_ids(raw[key], key, path) for key in ("images", "categories"))
    for entry in raw["images"]:
        _check_size(entry, path)
    for entry in raw["annotations"]:
        if not (_is_one_of(entry["image_id"], pictures) and _is_one_of(entry["category_id"], categories)):
            raise DatasetError(
                f"Expected each annotation in {path} to be of a picture and a category of the file. "
                f"Received: image_id {entry['image_id']!r}, category_id {entry['category_id']!r}."
            )
        entry["bbox"] = _sides(entry["bbox"], path)
        crowd = entry.get("iscrowd", 0)
        if crowd not in (0, 1):
            raise DatasetError(f"Expected each iscrowd in {path} to be 0 or 1. Received: {crowd!r}.")
        entry["iscrowd"] = int(crowd)
    return raw


def _ids(entries: list[dict[str, Any]], key: str, path: Path) -> set[Any]:
    """Return the ids of pictures or categories.

    Raises:
        DatasetError: If one is neither a number nor text, or there twice.
    """
    found: set[Any] = set()
    for entry in entries:
        if not isinstance(entry["id"], int | str) or entry["id"] in found:
            raise DatasetError(
                f"Expected each of '{key}' in {path} to have an id of its own. Received: {entry['id']!r}"
                f"{' twice' if isinstance(entry['id'], int | str) else ''}."
            )
        found.add(entry["id"])
    return found


def _is_one_of(number: Any, ids: set[Any]) -> bool:
    return isinstance(number, int | str) and number in ids


def _check_size(entry: dict[str, Any], path: Path) -> None:
    """Make a picture's width and height ints; those that are None or 0 are not told, and go."""
    for side in ("width", "height"):
        told = entry.pop(side, None)
        if not told:
            continue
        try:
            entry[side] = int(told)
        except (TypeError, ValueError, OverflowError):
            entry[side] = 0
        if entry[side] < 1:
            raise DatasetError(
                f"Expected each {side} in {path} to be a number of pixels. Received: {told!r} of {entry['file_name']}."
            )


def _annotation_files(folder: Path) -> Iterator[Path]:
    """Yield the JSON files of a folder that are detection annotations: COCO's folder also has captions and others."""
    for place in (folder / "annotations", folder, *sorted(each for each in folder.iterdir() if each.is_dir())):
        files = sorted(place.glob("*.json")) if place.is_dir() else []
        named = [file for file in files if file.name.startswith(("instances", "_annotations", "annotations"))]
        if files:
            yield from named or files
            # Roboflow has one file in the folder of each part.
            if place.name == "annotations" or place == folder:
                return


def _picture_folders(file: Path) -> tuple[Path, ...]:
    """Return where the pictures of a COCO file may lie, likeliest first."""
    above, part = file.parent.parent, file.stem.rsplit("_", 1)[-1]
    return (
        above / part,
        above / "images" / part,
        file.parent,
        file.parent / part,
        file.parent / "images",
        file.parent / "images" / part,
        above / "images",
        above,
    )


def _sides(values: Any, file: Path) -> Box:
    """Return a bbox: left, top, width and height."""
    try:
        x, y, width, height = (float(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        raise DatasetError(f"Expected each bbox in {file} to be four numbers. Received: {values!r}.") from None
    if not all(isfinite(value) for value in (x, y, width, height)):
        raise DatasetError(f"Expected each bbox in {file} to be finite. Received: {values!r}.")
    if min(width, height) < 0:
        raise DatasetError(
            f"Expected each bbox in {file} to be x, y, width and height, none of the two below 0. Received: {values!r}."
        )
    return x, y, width, height
