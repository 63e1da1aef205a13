"""Labelled pictures as other tools keep them: which pictures there are, and what is marked on each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.errors import DatasetError
from sim.percept import Box

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


class Format(StrEnum):
    """Formats of labelled pictures that can be read."""

    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"


@dataclass(frozen=True, slots=True)
class Region:
    """What is marked on a picture.

    Attributes:
        name: Its class, as the annotations call it.
        box: In pixels, or, of a picture with `in_shares`, in shares of its width and height.
        ignored: Whether it is marked as a crowd, or as too hard to count.
    """

    name: str
    box: Box
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class AnnotatedPicture:
    """One picture and what is marked on it.

    Attributes:
        path: The picture.
        size_px: Its width and height by the annotations, if they say so.
        regions: What is marked.
        in_shares: Whether boxes are shares of its size.
    """

    path: Path
    size_px: tuple[int, int] | None
    regions: tuple[Region, ...]
    in_shares: bool = False

    def read(self) -> tuple[NDArray[np.uint8], tuple[Region, ...]]:
        """Return the picture, uint8 rgb (H, W, 3), and what is marked on it, in its pixels.

        Raises:
            DatasetError: If it cannot be read or has another size than annotated.
        """
        rgb = read_picture(self.path, self.size_px)
        if not self.in_shares:
            return rgb, self.regions
        height, width = rgb.shape[:2]
        return rgb, tuple(
            Region(r.name, (r.box[0] * width, r.box[1] * height, r.box[2] * width, r.box[3] * height), r.ignored)
            for r in self.regions
        )


@dataclass(frozen=True, slots=True)
class Annotated:
    """Labelled pictures of other tools.

    Attributes:
        format: How they are kept.
        classes: All classes that were marked wherever they occur, whether or not they do.
        pictures: The pictures, in the order of the annotations.
    """

    format: Format
    classes: tuple[str, ...]
    pictures: tuple[AnnotatedPicture, ...]


def read_annotated(place: Path, kind: Format | None = None, images: Path | None = None) -> Annotated:
    """Read what is marked on pictures; the pictures themselves are read later, one at a time.

    Args:
        place: A folder as the format lays it out, or its annotations: a COCO file, YOLO's `data.yaml`, VOC's folder of
            XML files.
        kind: Which format; told by the files if not given.
        images: Where the pictures lie, if not where the format puts them.

    Raises:
        DatasetError: If something is missing or wrong; the message names the file.
    """
    from sim.exchange.coco_folder import read_coco
    from sim.exchange.voc import read_voc
    from sim.exchange.yolo_folder import read_yolo

    if not place.exists():
        raise DatasetError(f"Expected labelled pictures at {place}. Received: no such folder.", hint="Check the path.")
    read = {Format.COCO: read_coco, Format.YOLO: read_yolo, Format.VOC: read_voc}
    found = read[kind or _told_by_files(place)](place, images)
    if not found.pictures:
        raise DatasetError(f"Expected labelled pictures in {place}. Received: none.", hint="Check the path.")
    return found


def _told_by_files(place: Path) -> Format:
    """Return the format that the files in a folder, or the name of a file, speak for."""
    if place.suffix.lower() == ".json":
        return Format.COCO
    if place.suffix.lower() in (".yaml", ".yml"):
        return Format.YOLO
    if place.is_dir():
        for pattern, kind in (("*.y*ml", Format.YOLO), ("*.json", Format.COCO), ("*.xml", Format.VOC)):
            if next(place.glob(pattern), None) or next(place.glob(f"*/{pattern}"), None):
                return kind
    raise DatasetError(
        f"Expected COCO's JSON, YOLO's data.yaml or Pascal VOC's XML files in {place}. Received: none of them.",
        hint="Check the path, or say --format.",
    )


def find_picture(name: str, folders: tuple[Path, ...], origin: Path) -> Path:
    """Return where a picture lies that annotations name.

    Args:
        name: As they name it.
        folders: Where to look, in order.
        origin: The annotations.

    Raises:
        DatasetError: If it lies in none of them, or its name leads out of them.
    """
    # Annotations made on Windows have its strokes.
    parts = Path(name.replace("\\", "/"))
    if not name or parts.is_absolute() or os.pardir in parts.parts:
        raise DatasetError(f"Expected {origin} to name pictures inside its folders. Received: {name!r}.")
    for folder in folders:
        if (folder / parts).is_file():
            return folder / parts
    raise DatasetError(
        f"Expected the picture {name} of {origin} in {folders[0]}. Received: no such file.",
        hint="Say with --images where the pictures lie.",
    )


def read_picture(path: Path, size_px: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Return a picture as uint8 rgb (H, W, 3), turned as its annotations expect it.

    Args:
        path: The file.
        size_px: Width and height by the annotations; None takes it as it is to be shown.

    Raises:
        DatasetError: If it cannot be read or has another size than annotated.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as fault:
        raise DatasetError(f"Expected a picture at {path}. Received: {fault.strerror}.", hint="Check it.") from None
    size = None
    # Annotations are made on the picture as shown, or as stored: a camera held upright makes the two differ.
    for flags in (cv2.IMREAD_COLOR, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION):
        try:
            bgr = cv2.imdecode(data, flags) if data.size else None
        except cv2.error:  # more pixels than it takes
            bgr = None
        if bgr is None:
            raise DatasetError(f"Expected a photograph at {path}. Received: no picture.", hint="Fetch the file again.")
        size = (bgr.shape[1], bgr.shape[0])
        if size_px is None or size == size_px:
            return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    wide, high = size_px or (0, 0)
    raise DatasetError(
        f"Expected {path} to be {wide} x {high} pixels, as annotated. Received: {size[0] if size else 0} x "
        f"{size[1] if size else 0} pixels.",
        hint="Annotations and photographs must belong together.",
    )
