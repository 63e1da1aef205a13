"""Whether labels hold together: boxes in their frames, shares within 0 to 1, masks that fill their boxes."""

from __future__ import annotations

from itertools import combinations
from math import isfinite, isnan

import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.maps import Maps
from sim.percept import Box, ObjectKind
from sim.truth import CROWD, GroundTruth, ObjectTruth

CHECKS = {
    "picture": "The picture has the camera's size, and is not of one colour.",
    "finite": "Boxes and distances are finite, visible shares within 0 to 1. Only a vehicle's middle may be behind us.",
    "area": "Every box has an area.",
    "frame": "No box reaches outside the frame.",
    "amodal": "What is visible lies within what there is; they are the same where all of it is visible.",
    "twice": "Nothing is labelled twice: no number, and no two boxes of one kind in nearly the same place.",
    "size": "A stop sign that faces the camera is as wide as its size and distance make it.",
    "mask": "The pixels drawn for a thing fill its box to the edges, and are no more than its visible share allows.",
}
"""What is checked, in the order in which it is told."""

Fault = tuple[str, str]
"""Which check failed, and on what."""

SAME_PLACE = 0.95
"""Overlap over union from which on two boxes of one kind are held for one thing labelled twice."""

_HALF_A_LORRY_M = 10.0

SIZE_RANGE = (0.75, 1.3)
"""A stop sign's width over the one expected: it may be tilted, and pixels are coarse."""

_MIN_SPREAD = 2.0
_FACING_RAD = 0.35
_MEASURED_PX = 12.0
_EDGE_PX = 1e-6


def check_labels(truth: GroundTruth, camera: Camera, rgb: NDArray[np.uint8] | None = None) -> list[Fault]:
    """Return what is wrong with a frame's labels, by themselves.

    Args:
        truth: The labels.
        camera: Whose frame it is.
        rgb: The picture, if that is to be checked too; uint8 (H, W, 3).
    """
    faults: list[Fault] = []
    if rgb is not None:
        if rgb.shape != (camera.height_px, camera.width_px, 3):
            faults.append(("picture", f"{rgb.shape[1]} x {rgb.shape[0]} pixels"))
        elif float(rgb.std()) < _MIN_SPREAD:
            faults.append(("picture", "one colour"))
    for thing in truth.objects:
        faults += _of_thing(thing, camera)
    line = truth.stop_line.box if truth.stop_line is not None else None
    if line is not None:
        faults += _of_box("stop line", line, camera)
    things = [thing for thing in truth.objects if thing.variant != CROWD]
    for one, other in combinations(things, 2):
        if one.instance_id == other.instance_id:
            faults.append(("twice", f"number {one.instance_id}"))
        elif one.kind is other.kind and _overlap(one.box, other.box) > SAME_PLACE:
            faults.append(("twice", f"{_name(one)} and {_name(other)}"))
    return faults


def check_masks(truth: GroundTruth, maps: Maps) -> list[Fault]:
    """Return where labels differ from the pixels that were drawn for them.

    Args:
        truth: The labels.
        maps: The same moment's map of instances.
    """
    if maps.instances is None:
        raise ValueError("Expected a map of instances. Received: none.")
    faults: list[Fault] = []
    for thing in truth.objects:
        if thing.variant == CROWD:
            continue
        rows, columns = np.nonzero(maps.instances == thing.instance_id)
        if not len(rows):
            faults.append(("mask", f"{_name(thing)}: no pixel"))
            continue
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        if any(abs(float(edge) / maps.scale - side) > _EDGE_PX for edge, side in zip(found, thing.box, strict=True)):
            drawn = ", ".join(f"{float(edge) / maps.scale:g}" for edge in found)
            faults.append(("mask", f"{_name(thing)}: drawn in {drawn}, labelled {_in_words(thing.box)}"))
        x0, y0, x1, y1 = thing.amodal_box
        most = thing.visible_fraction * (x1 - x0) * (y1 - y0) * maps.scale**2
        if len(rows) > 1.001 * most + 1:
            faults.append(("mask", f"{_name(thing)}: {len(rows)} fine pixels, {most:.0f} at most by its visible share"))
    return faults


def _of_thing(thing: ObjectTruth, camera: Camera) -> list[Fault]:
    faults = _of_box(_name(thing), thing.box, camera)
    if not 0.0 <= thing.visible_fraction <= 1.0:
        faults.append(("finite", f"{_name(thing)}: visible share {thing.visible_fraction:g}"))
    # A bus beside the car still shows its nose when its middle, to which distances are measured, has passed the camera.
    nearest_m = -_HALF_A_LORRY_M if thing.kind is ObjectKind.VEHICLE else 0.0
    if not (isnan(thing.distance_m) or (thing.distance_m > nearest_m and isfinite(thing.distance_m))):
        faults.append(("finite", f"{_name(thing)}: {thing.distance_m:g} m away"))
    if thing.variant == CROWD:
        return faults
    outer, inner = thing.amodal_box, thing.box
    if (
        inner[0] < outer[0] - _EDGE_PX
        or inner[1] < outer[1] - _EDGE_PX
        or inner[2] > outer[2] + _EDGE_PX
        or inner[3] > outer[3] + _EDGE_PX
        or (thing.visible_fraction == 1.0 and inner != outer)
    ):
        faults.append(("amodal", f"{_name(thing)}: {_in_words(inner)} of {_in_words(outer)}"))
    return faults + _of_size(thing, camera)


def _of_size(thing: ObjectTruth, camera: Camera) -> list[Fault]:
    sign = thing.sign
    wide = thing.amodal_box[2] - thing.amodal_box[0]
    measured = not thing.truncated and wide >= _MEASURED_PX and thing.distance_m > 0
    if thing.kind is not ObjectKind.STOP_SIGN or sign is None or not measured or abs(sign.turn_rad) > _FACING_RAD:
        return []
    expected = sign.size_m * camera.focal_px / thing.distance_m
    if SIZE_RANGE[0] <= wide / expected <= SIZE_RANGE[1]:
        return []
    return [("size", f"{_name(thing)}: {wide:g} px wide, {expected:.1f} expected at {thing.distance_m:.0f} m")]


def _of_box(name: str, box: Box, camera: Camera) -> list[Fault]:
    if not all(isfinite(side) for side in box):
        return [("finite", f"{name}: {_in_words(box)}")]
    faults: list[Fault] = []
    x0, y0, x1, y1 = box
    if x1 <= x0 or y1 <= y0:
        faults.append(("area", f"{name}: {_in_words(box)}"))
    if x0 < 0 or y0 < 0 or x1 > camera.width_px or y1 > camera.height_px:
        faults.append(("frame", f"{name}: {_in_words(box)}"))
    return faults


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if not (wide > 0 and high > 0):
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return wide * high / (areas - wide * high)


def _name(thing: ObjectTruth) -> str:
    return f"{thing.kind.value} {thing.variant} (number {thing.instance_id})".replace("_", " ")


def _in_words(box: Box) -> str:
    return ", ".join(f"{side:g}" for side in box)
