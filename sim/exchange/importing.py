"""From labelled pictures of other tools to a data set of our own: to be looked at, trained with and scored on.

What nobody knows of a photograph is marked as unknown, and carries no loss and no score: distances and the lane are
NaN, attributes are NaN or "unknown", and kinds of things for which the annotations have no class are ignored all over
the picture.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.camera import Camera
from sim.errors import DatasetError
from sim.exchange.annotated import Annotated, AnnotatedPicture
from sim.exchange.folders import whole_folder
from sim.exchange.marks import CLASSES, STOP_LINE
from sim.percept import Box, ObjectKind
from sim.recording import SCHEMA, SCHEMA_VERSION, Dataset, Example, Recipe
from sim.recording.manifest import MANIFEST_NAME, Manifest, write_manifest
from sim.recording.shards import plan_shards, write_shard
from sim.truth import CROWD, GroundTruth, LaneTruth, ObjectTruth, StopLineTruth

UNKNOWN = "unknown"
NAN = float("nan")

LEFT_OUT = "none"
"""What a class is called that is left out."""

MIN_SHARE_INSIDE = 0.6
"""A thing of which cropping leaves less is ignored."""

BAR_GREY = 114
"""Colour of the bars beside a letterboxed picture."""

JPEG_QUALITY = 95

_NAMES = {
    ObjectKind.STOP_SIGN: ("stop sign", "stop", "stopsign", "traffic sign stop", "regulatory stop"),
    ObjectKind.DISTRACTOR: (
        "distractor",
        "traffic sign",
        "trafficsign",
        "yield",
        "give way",
        "do not enter",
        "no entry",
    ),
    ObjectKind.VEHICLE: ("vehicle", "car", "truck", "bus", "van", "lorry", "motorcycle", "motorbike", "cyclist"),
    ObjectKind.PEDESTRIAN: ("pedestrian", "person", "people"),
}

KNOWN_NAMES = {name: kind.value for kind, names in _NAMES.items() for name in names} | {"stop line": STOP_LINE}
"""Our class of each name that others are known to use; strokes and capitals make no difference."""


class Fit(StrEnum):
    """How a picture is brought to the camera's size."""

    LETTERBOX = "letterbox"
    CROP = "crop"


@dataclass(frozen=True, slots=True)
class Imported:
    """A data set made from labelled pictures.

    Attributes:
        dataset: The data set.
        classes: Our class of each of theirs, `LEFT_OUT` for those that are left out.
        counts: How many things of each of our classes there are.
        ignored: How many are marked but ignored: crowds, hard ones, and those that cropping cuts.
        empty: How many boxes had no area inside their picture, and were left out.
    """

    dataset: Dataset
    classes: dict[str, str]
    counts: Counter[str] = field(default_factory=Counter[str])
    ignored: int = 0
    empty: int = 0


@dataclass(slots=True)
class _Tally:
    counts: Counter[str] = field(default_factory=Counter[str])
    ignored: int = 0
    empty: int = 0


def class_table(names: tuple[str, ...], own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return which of our classes each of theirs is.

    Args:
        names: Theirs.
        own: What the user says of some.

    Raises:
        DatasetError: If the user names a class that is not there, or none of ours, or if all are left out.
    """
    own = dict(own or {})
    for name, ours in own.items():
        if name not in names:
            raise DatasetError(f"Expected one of the classes {', '.join(names)}. Received: {name!r}.")
        if ours not in (*CLASSES, LEFT_OUT):
            raise DatasetError(f"Expected {name!r} to be one of {', '.join((*CLASSES, LEFT_OUT))}. Received: {ours!r}.")
    table = {name: own.get(name) or known_class(name) for name in names}
    if set(table.values()) <= {LEFT_OUT}:
        raise DatasetError(
            f"Expected at least one class that is known, such as 'stop sign'. Received: {', '.join(names) or 'none'}.",
            hint="Say what each is: --class NAME=stop_sign.",
        )
    return table


def known_class(name: str) -> str:
    """Return our class of a name that others use, `LEFT_OUT` if it is none that is known."""
    words = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    return KNOWN_NAMES.get(" ".join(words), LEFT_OUT)


def import_pictures(
    annotated: Annotated,
    name: str,
    out: Path,
    *,
    camera: Camera | None = None,
    fit: Fit = Fit.LETTERBOX,
    classes: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Make a data set from labelled pictures.

    Args:
        annotated: The pictures and what is marked on them.
        name: What the data set is called.
        out: Its folder; empty or missing.
        camera: Whose frames' size the pictures are brought to; the standard one if not given.
        fit: How: whole, between grey bars, or as large as the frame, cut where least is marked.
        classes: Our class of some of theirs, or `LEFT_OUT`, instead of what their names say.
        progress: Told the pictures done and in all.

    Raises:
        DatasetError: If a picture is missing or damaged, or no class is known.
        StorageError: If the disk is full, read-only or gone.
    """
    camera = camera or Camera()
    table = class_table(annotated.classes, classes)
    description = f"Imported from {annotated.format.upper()}, {fit.value}: photographs, no drawn frames."
    recipe = Recipe(
        name=name,
        description=description,
        seed=_digest(annotated, table, fit),
        count=len(annotated.pictures),
        jpeg_quality=JPEG_QUALITY,
        camera=camera,
    )
    tally = _Tally()
    with whole_folder(out) as folder:
        draw = partial(_example, annotated.pictures, table, camera, fit, tally)
        done = 0

        def on_picture() -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(done, recipe.count)

        shards = tuple(write_shard(recipe, plan, folder, draw, on_picture) for plan in plan_shards(recipe))
        manifest = Manifest(
            synthetic=False,
            schema_version=SCHEMA_VERSION,
            recipe_sha256=recipe.sha256,
            recipe=recipe,
            versions={"rollingstop": _own_version(), "imported_from": annotated.format.value},
            shards=shards,
        )
        write_manifest(manifest, folder / MANIFEST_NAME)
    return Imported(Dataset.open(out), table, tally.counts, tally.ignored, tally.empty)


def _own_version() -> str:
    try:
        return version("rollingstop")
    except PackageNotFoundError:
        return UNKNOWN


def _digest(annotated: Annotated, table: Mapping[str, str], fit: Fit) -> int:
    """Return a number that stands for what is imported: no recipe's seed makes it, so it tells two imports apart."""
    digest = hashlib.sha256(repr((sorted(table.items()), fit.value)).encode())
    for picture in annotated.pictures:
        size = picture.path.stat().st_size if picture.path.exists() else 0
        digest.update(repr((picture.path.name, size, picture.size_px, picture.regions)).encode())
    return int.from_bytes(digest.digest()[:7], "big")


def _example(
    pictures: tuple[AnnotatedPicture, ...],
    table: Mapping[str, str],
    camera: Camera,
    fit: Fit,
    tally: _Tally,
    index: int,
) -> Example:
    # What encodes is imported only where there is something to encode.
    from sim.recording.frames import encode_jpeg

    rgb, regions = pictures[index].read()
    known = [region for region in regions if table[region.name] != LEFT_OUT]
    frame, scale, left, top = fitted(rgb, [region.box for region in known], camera, fit)
    height, width = rgb.shape[:2]
    inside = (
        max(left, 0.0),
        max(top, 0.0),
        min(left + scale * width, camera.width_px),
        min(top + scale * height, camera.height_px),
    )
    things: list[ObjectTruth] = []
    line: StopLineTruth | None = None
    for region in known:
        x0, y0, x1, y1 = (scale * e + shift for e, shift in zip(region.box, (left, top, left, top), strict=True))
        box = (max(x0, inside[0]), max(y0, inside[1]), min(x1, inside[2]), min(y1, inside[3]))
        if not (box[0] < box[2] and box[1] < box[3]):
            tally.empty += 1
            continue
        share = (box[2] - box[0]) * (box[3] - box[1]) / ((x1 - x0) * (y1 - y0))
        ours = table[region.name]
        if ours == STOP_LINE:
            tally.counts[ours] += 1
            line = line or StopLineTruth(NAN, NAN, visible=True, box=box)
            continue
        if region.ignored or share < MIN_SHARE_INSIDE:
            tally.ignored += 1
            things.append(_crowd(len(things) + 1, ObjectKind(ours), box))
            continue
        tally.counts[ours] += 1
        things.append(_thing(len(things) + 1, ObjectKind(ours), region.name, box, truncated=share < 0.99))
    for kind in ObjectKind:
        if kind.value not in table.values():
            things.append(_crowd(len(things) + 1, kind, (0.0, 0.0, camera.width_px, camera.height_px)))
    truth = GroundTruth(0, tuple(things), LaneTruth(NAN, NAN, NAN, NAN), line)
    note = f"Imported by Rolling Stop: {pictures[index].path.name[:200]}."
    return Example(index, index, encode_jpeg(frame, JPEG_QUALITY, note), truth, _no_attributes())


def _thing(instance_id: int, kind: ObjectKind, name: str, box: Box, *, truncated: bool) -> ObjectTruth:
    # A photograph does not tell whom a stop sign stands for: it is to be found all the same.
    obeyed = kind is ObjectKind.STOP_SIGN
    variant = name if name != CROWD else f"{name}_"
    return ObjectTruth(instance_id, kind, variant, box, box, 1.0, truncated, NAN, obeyed)


def _crowd(instance_id: int, kind: ObjectKind, box: Box) -> ObjectTruth:
    return ObjectTruth(instance_id, kind, CROWD, box, box, 0.0, truncated=False, distance_m=NAN, applies_to_ego=False)


def _no_attributes() -> dict[str, str | float]:
    fields = SCHEMA.field("attributes").type
    return {each.name: UNKNOWN if pa.types.is_string(each.type) else NAN for each in fields}


def fitted(
    rgb: NDArray[np.uint8], boxes: list[Box], camera: Camera, fit: Fit
) -> tuple[NDArray[np.uint8], float, float, float]:
    """Return a picture at the camera's size, and how a point of it comes there: times a scale, plus left and top.

    Args:
        rgb: uint8 (H, W, 3) of any size.
        boxes: What is marked on it; a crop keeps their middle.
        camera: Whose size.
        fit: Between bars, or cropped.
    """
    height, width = rgb.shape[:2]
    ratios = (camera.width_px / width, camera.height_px / height)
    scale = min(ratios) if fit is Fit.LETTERBOX else max(ratios)
    wide, high = max(round(scale * width), 1), max(round(scale * height), 1)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if fit is Fit.LETTERBOX:
        scaled = np.asarray(cv2.resize(rgb, (wide, high), interpolation=how), np.uint8)
        left, top = (camera.width_px - wide) // 2, (camera.height_px - high) // 2
        frame = np.full((camera.height_px, camera.width_px, 3), BAR_GREY, np.uint8)
        frame[top : top + high, left : left + wide] = scaled
        return frame, scale, float(left), float(top)
    middle = (width / 2, height / 2)
    if boxes:
        edges = np.array(boxes)
        middle = (
            float(edges[:, 0].min() + edges[:, 2].max()) / 2,
            float(edges[:, 1].min() + edges[:, 3].max()) / 2,
        )
    left = min(max(round(scale * middle[0] - camera.width_px / 2), 0), wide - camera.width_px)
    top = min(max(round(scale * middle[1] - camera.height_px / 2), 0), high - camera.height_px)
    if scale <= 1:
        scaled = np.asarray(cv2.resize(rgb, (wide, high), interpolation=how), np.uint8)
        frame = np.ascontiguousarray(scaled[top : top + camera.height_px, left : left + camera.width_px])
    else:
        frame = _enlarged(rgb, camera, scale, left, top)
    return frame, scale, float(-left), float(-top)


def _enlarged(rgb: NDArray[np.uint8], camera: Camera, scale: float, left: int, top: int) -> NDArray[np.uint8]:
    """Return the part of an enlarged picture that begins at a place; the rest, which may fill any memory, is not made.

    A picture of 20,000 x 2 pixels that is to fill the frame would be enlarged to 3 million columns.
    """
    height, width = rgb.shape[:2]
    # Two pixels more on each side, which the ones at the edges are blended with.
    x0, y0 = (max(int(start / scale) - 2, 0) for start in (left, top))
    x1 = min(int((left + camera.width_px) / scale) + 3, width)
    y1 = min(int((top + camera.height_px) / scale) + 3, height)
    there = np.array(
        [[scale, 0.0, scale * (x0 + 0.5) - left - 0.5], [0.0, scale, scale * (y0 + 0.5) - top - 0.5]], np.float64
    )
    size = (camera.width_px, camera.height_px)
    frame = cv2.warpAffine(rgb[y0:y1, x0:x1], there, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(frame, np.uint8)
