"""A contact sheet of chosen shots, with the labels that are asked for, in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isnan
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.errors import RecipeError
from sim.files import write_atomically
from sim.percept import Box
from sim.render import Painter
from sim.show.groups import Chosen, own_sign
from sim.show.shots import Shot, Source
from sim.truth import ObjectTruth
from sim.viewer.contact import Cell, compose_sheet
from sim.viewer.overlays import LabelWriter, Region, depth_in_colours, masks_over
from sim.viewer.text import Typesetter

CELL_WIDTH_PX = 448
THING_WIDTH_PX = 224
"""Width of a cell that shows a whole frame, and of one that shows one thing in it."""

THING_HIGH = 2.2
"""A thing to be looked at is shown with its surroundings, so many times its larger side high."""

SUFFIXES = (".png", ".jpg", ".jpeg")
JPEG_QUALITY = 88


def check_sheet_path(path: Path) -> None:
    """Refuse a name from which the kind of picture is not known; worth asking before a long look.

    Raises:
        RecipeError: If the suffix is none of `SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise RecipeError(
            f"Expected a sheet's name to end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}. Received: {path.name}.",
            hint=f"Try {path.with_suffix('.png').name}.",
        )


def draw_sheet(
    source: Source,
    groups: Mapping[str, Sequence[Chosen]],
    *,
    columns: int,
    labels: bool = False,
    masks: bool = False,
    depth: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """Return the sheet: uint8, shape (height, width, 3).

    Args:
        source: Where the shots came from.
        groups: Headings and shots, as `choose` returns them.
        columns: Cells side by side.
        labels: Whether to draw boxes and names, the lane and the stop line.
        masks: Whether to add a picture in the colours of its classes to each.
        depth: Whether to add a picture of its depth to each.
        progress: Told how many cells are drawn, and how many there are.

    Raises:
        RecipeError: If masks or depth are asked for of a data set, or there is no shot.
    """
    chosen = [pair for members in groups.values() for pair in members]
    if not chosen:
        raise RecipeError(f"Expected frames to show. Received: none of {source.name} that can be grouped so.")
    if (masks or depth) and any(shot.world is None for shot, _ in chosen):
        raise RecipeError(
            f"Expected a recipe or seeds for masks and depth. Received: the data set {source.name}, of boxes.",
            hint="Show its recipe, or leave --masks and --depth out.",
        )
    writer = LabelWriter(Typesetter(1.0))
    sheet: list[tuple[str, list[Cell]]] = []
    done = 0
    for heading, members in groups.items():
        cells: list[Cell] = []
        for shot, thing in members:
            pictures = _pictures(shot, thing, source.painter, writer if labels else None, masks=masks, depth=depth)
            cells.append(Cell(pictures, _caption(shot, thing)))
            done += 1
            if progress is not None:
                progress(done, len(chosen))
        sheet.append((heading.replace("_", " "), cells))
    return compose_sheet(f"{source.name}: {len(chosen)} of {source.count} frames", sheet, columns)


def _pictures(
    shot: Shot, thing: ObjectTruth | None, painter: Painter, writer: LabelWriter | None, *, masks: bool, depth: bool
) -> tuple[NDArray[np.uint8], ...]:
    region = _region(thing, painter.camera)
    plain = region.cut(shot.picture())
    picture = plain
    if writer is not None:
        lane = painter.lane(shot.world) if shot.world is not None else None
        picture = writer.draw(plain, region, shot.truth, lane)
    pictures = [picture]
    if shot.world is not None and (masks or depth):
        maps = painter.maps(shot.world, instances=masks, semantics=masks, depth=depth)
        if masks:
            pictures.append(masks_over(plain, region, maps, shot.truth))
        if depth:
            pictures.append(depth_in_colours(region, maps))
    return tuple(pictures)


def _region(thing: ObjectTruth | None, camera: Camera) -> Region:
    """Return the whole frame, or, for one thing, a square about it, pushed into the frame."""
    if thing is None:
        return Region(
            (0, 0, camera.width_px, camera.height_px),
            (CELL_WIDTH_PX, round(CELL_WIDTH_PX * camera.height_px / camera.width_px)),
        )
    x0, y0, x1, y1 = thing.amodal_box
    side = min(THING_HIGH * max(x1 - x0, y1 - y0), camera.height_px, camera.width_px)
    left = min(max(0.5 * (x0 + x1 - side), 0.0), camera.width_px - side)
    top = min(max(0.5 * (y0 + y1 - side), 0.0), camera.height_px - side)
    box: Box = (round(left), round(top), round(left) + round(side), round(top) + round(side))
    return Region(box, (THING_WIDTH_PX, THING_WIDTH_PX))


def _caption(shot: Shot, thing: ObjectTruth | None) -> str:
    if thing is not None:
        return f"{thing.variant.replace('_', ' ')} · {_metres(thing.distance_m)} · {shot.name}"
    sign = own_sign(shot)
    what = f"stop sign at {_metres(sign.distance_m)}" if sign is not None else "no stop sign"
    return f"{shot.name} · {what} · {shot.attributes['part']} · {shot.weather}"


def _metres(distance_m: float) -> str:
    return "? m" if isnan(distance_m) else f"{distance_m:.0f} m"


def write_sheet(rgb: NDArray[np.uint8], path: Path) -> None:
    """Write a sheet as PNG or JPEG, by its name.

    Raises:
        StorageError: If it cannot be written.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix.lower() != ".png" else []
    done, data = cv2.imencode(path.suffix.lower(), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise ValueError(f"Expected a picture that can be encoded. Received: {rgb.shape}, {rgb.dtype}.")
    write_atomically(path, data.tobytes())
