"""Reading Pascal VOC: an XML file for each picture, in `Annotations`, and pictures in `JPEGImages`.

Boxes there count pixels from 1 and include their last (Everingham et al., VOC development kit): xmin 1, xmax 10 are the
first ten columns.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from xml.etree import ElementTree

from sim.errors import DatasetError
from sim.exchange.annotated import Annotated, AnnotatedPicture, Format, Region, find_picture
from sim.percept import Box

_MOST_DIGITS = 9
"""Of a picture's width or height: no number of more is one."""


def read_voc(place: Path, images: Path | None = None) -> Annotated:
    """Read a Pascal VOC folder, or its folder of XML files; see `read_annotated`. Its lists (`ImageSets`) are not read.

    VOC has no list of classes: those that occur are taken for all that were marked.
    """
    folder = place / "Annotations" if (place / "Annotations").is_dir() else place
    files = sorted(folder.glob("*.xml")) or sorted(folder.rglob("*.xml"))
    if not files:
        raise DatasetError(f"Expected Pascal VOC's XML files in {folder}. Received: none.", hint="Check the path.")
    classes: dict[str, None] = {}
    pictures: list[AnnotatedPicture] = []
    for file in files:
        root = _read_xml(file)
        regions = tuple(_region(entry, file) for entry in root.iter("object"))
        classes.update(dict.fromkeys(region.name for region in regions))
        above = file.parent.parent
        beside = (above / "JPEGImages", above / "images", file.parent, above)
        name = root.findtext("filename") or f"{file.stem}.jpg"
        path = find_picture(name.strip(), (images,) if images is not None else beside, file)
        pictures.append(AnnotatedPicture(path, _size_px(root), regions))
    return Annotated(Format.VOC, tuple(classes), tuple(pictures))


def _read_xml(file: Path) -> ElementTree.Element:
    try:
        data = file.read_bytes()
        # No annotation needs entities, and those that stand for one another fill any memory.
        if b"<!ENTITY" in data or b"<!DOCTYPE" in data:
            raise DatasetError(f"Expected {file} to be plain XML. Received: a document type of its own.")
        return ElementTree.fromstring(data)
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as fault:  # the last two: encodings it cannot
        raise DatasetError(f"Expected {file} to be XML. Received: {fault}.") from None


def _size_px(root: ElementTree.Element) -> tuple[int, int] | None:
    sizes = [(root.findtext(f"size/{side}") or "").strip() for side in ("width", "height")]
    # Some tools leave zeros there.
    if not all(size.isdecimal() and len(size) <= _MOST_DIGITS and int(size) > 0 for size in sizes):
        return None
    return int(sizes[0]), int(sizes[1])


def _region(entry: ElementTree.Element, file: Path) -> Region:
    name = (entry.findtext("name") or "").strip()
    try:
        xmin, ymin, xmax, ymax = (
            float(entry.findtext(f"bndbox/{side}") or "") for side in ("xmin", "ymin", "xmax", "ymax")
        )
    except ValueError:
        xmin = ymin = xmax = ymax = float("nan")
    if not name or not all(isfinite(value) for value in (xmin, ymin, xmax, ymax)):
        raise DatasetError(
            f"Expected each object in {file} to have a name, and a bndbox of xmin, ymin, xmax, ymax. "
            "Received: one without."
        )
    if xmin > xmax or ymin > ymax:
        raise DatasetError(
            f"Expected each bndbox in {file} with xmin to xmax, and ymin to ymax, from low to high. "
            f"Received: {xmin:g} to {xmax:g}, and {ymin:g} to {ymax:g}."
        )
    box: Box = (xmin - 1, ymin - 1, xmax, ymax)
    return Region(name, box, (entry.findtext("difficult") or "0").strip() == "1")
