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
            if entry["image_id"] not in regions or entry["category_id"] not in names:
                raise DatasetError(
                    f"Expected each annotation in {file} to be of a picture and a category of the file. "
                    f"Received: image_id {entry['image_id']}, category_id {entry['category_id']}."
                )
            region = Region(names[entry["category_id"]], _box(entry["bbox"], file), bool(entry.get("iscrowd", 0)))
            regions[entry["image_id"]].append(region)
        folders = (images,) if images is not None else _picture_folders(file)
        for entry in raw["images"]:
            path = find_picture(str(entry["file_name"]), folders, file)
            size = (entry.get("width"), entry.get("height"))
            known = (int(size[0]), int(size[1])) if size[0] and size[1] else None
            pictures.append(AnnotatedPicture(path, known, tuple(regions[entry["id"]])))
    return Annotated(Format.COCO, tuple(classes), tuple(pictures))


def read_coco_file(path: Path) -> dict[str, Any]:
    """Return a COCO file, with its three lists checked.

    Raises:
        DatasetError: If it is missing or of another structure.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
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
    return raw


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


def _box(values: Any, file: Path) -> Box:
    try:
        x, y, width, height = (float(value) for value in values)
    except (TypeError, ValueError):
        raise DatasetError(f"Expected each bbox in {file} to be four numbers. Received: {values!r}.") from None
    if not all(isfinite(value) for value in (x, y, width, height)):
        raise DatasetError(f"Expected each bbox in {file} to be finite. Received: {values!r}.")
    return x, y, x + width, y + height
