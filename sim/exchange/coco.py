"""COCO: one JSON file for many pictures. Written with masks where the frame can be drawn again.

https://cocodataset.org/#format-data. Boxes are [x, y, width, height]; categories and all ids count from 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import ceil, floor
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from sim.exchange.folders import Source, Split, picture_name, whole_folder
from sim.exchange.marks import CLASSES, Mark, marks_of
from sim.percept import Box
from sim.recording import Example

_SUPERCATEGORY = {"stop_sign": "sign", "distractor": "sign", "vehicle": "road user", "pedestrian": "road user"}

Masks = Callable[[Example], "dict[int, NDArray[np.bool_]] | None"]
"""Returns an example's masks by instance, each of the frame's size; None where it cannot be drawn as it was."""


def write_coco(source: Source, out: Path, *, masks: bool = True) -> int:
    """Write a data set as COCO has it: `annotations/instances_train.json` beside the pictures in `train/`.

    Every annotation also has the keys `variant`, `distance_m`, `visible_fraction`, `truncated`, `applies_to_ego` and
    `amodal_bbox`, which readers of COCO pass over; what is not known is null.

    Args:
        source: What to write.
        out: The folder; empty or missing.
        masks: Whether to draw masks again from the data set's recipe, for those frames whose labels come out the same.

    Returns:
        How many pictures have masks.

    Raises:
        DatasetError: If the data set is damaged, or `out` holds something.
        StorageError: If the disk is full, read-only or gone.
    """
    draw = mask_drawer(source) if masks else None
    masked = 0
    with whole_folder(out) as folder:
        (folder / "annotations").mkdir()
        for split in source.splits:
            (folder / split.name).mkdir()
            with (folder / "annotations" / f"instances_{split.name}.json").open("w", encoding="utf-8") as file:
                masked += _write_split(source, split, folder / split.name, file, draw)
    return masked


def mask_drawer(source: Source) -> Masks | None:
    """Return what draws the masks of a data set's examples again; None if no recipe drew them."""
    if not source.dataset.manifest.synthetic:
        return None
    # What draws is imported only when there is something to draw.
    from dataclasses import replace

    from sim.recording.frames import sample_world
    from sim.render import Painter

    recipe = source.dataset.manifest.recipe
    painter = Painter(recipe.camera)

    def draw(example: Example) -> dict[int, NDArray[np.bool_]] | None:
        world, _ = sample_world(recipe, example.index)
        _, truth = painter.look(world, frame=False)
        # Between two versions of the simulator worlds change: only if each label is the same are the masks its own.
        if truth is None or replace(truth, lane=example.truth.lane, stop_place=None) != example.truth:
            return None
        maps = painter.maps(world, instances=True)
        if maps.instances is None:
            raise ValueError("Expected the painter to return the instances asked for. Received: None.")
        return {
            thing.instance_id: _mask(maps.instances, maps.scale, thing.instance_id, thing.box)
            for thing in example.truth.objects
        }

    return draw


def _mask(instances: NDArray[np.int32], scale: int, instance_id: int, box: Box) -> NDArray[np.bool_]:
    """Return the pixels of which a thing covers at least half, or, if it is too small for that, those it touches."""
    mask = np.zeros((instances.shape[0] // scale, instances.shape[1] // scale), np.bool_)
    x0, y0, x1, y1 = floor(box[0]), floor(box[1]), ceil(box[2]), ceil(box[3])
    fine = instances[scale * y0 : scale * y1, scale * x0 : scale * x1] == instance_id
    share = fine.reshape(y1 - y0, scale, x1 - x0, scale).mean(axis=(1, 3))
    covered = share >= 0.5
    mask[y0:y1, x0:x1] = covered if covered.any() else share > 0
    return mask


def _write_split(source: Source, split: Split, pictures: Path, file: TextIO, draw: Masks | None) -> int:
    """Write one part, annotation by annotation, so that memory stays small; return how many pictures have masks."""
    width, height = source.size_px
    head = {
        "info": {
            "description": f"{source.dataset.manifest.recipe.name}: {source.dataset.manifest.recipe.description}",
            "contributor": "Rolling Stop",
            "synthetic": source.dataset.manifest.synthetic,
        },
        "licenses": [],
        "categories": [
            {"id": number, "name": name, "supercategory": _SUPERCATEGORY.get(name, "road")}
            for number, name in enumerate(CLASSES, start=1)
        ],
    }
    file.write(json.dumps(head)[:-1] + ',\n"annotations": [')
    images: list[dict[str, Any]] = []
    count, masked = 0, 0
    for example in source.examples(split):
        (pictures / picture_name(example.index)).write_bytes(example.image)
        images.append(
            {
                "id": example.index + 1,
                "file_name": picture_name(example.index),
                "width": width,
                "height": height,
                "attributes": {key: _known(value) for key, value in example.attributes.items()},
            }
        )
        shapes = draw(example) if draw is not None else None
        masked += shapes is not None
        for mark in marks_of(example.truth, source.size_px, source.min_visible):
            count += 1
            mask = shapes.get(mark.thing.instance_id) if shapes is not None and mark.thing is not None else None
            entry = {"id": count, "image_id": example.index + 1, **_annotation(mark, mask)}
            file.write((",\n" if count > 1 else "\n") + json.dumps(entry, allow_nan=False))
    file.write('\n],\n"images": ' + json.dumps(images, allow_nan=False) + "}\n")
    return masked


def _annotation(mark: Mark, mask: NDArray[np.bool_] | None) -> dict[str, Any]:
    x, y, width, height = xywh(mark.box)
    entry: dict[str, Any] = {
        "category_id": mark.number + 1,
        "bbox": [x, y, width, height],
        "area": width * height,
        "iscrowd": int(mark.crowd),
    }
    if mask is not None:
        from pycocotools import mask as rle

        run: Any = rle.encode(np.asfortranarray(mask.astype(np.uint8)))
        entry["area"] = float(rle.area(run))
        entry["segmentation"] = {"size": list(run["size"]), "counts": bytes(run["counts"]).decode("ascii")}
    thing = mark.thing
    if thing is not None and not mark.crowd:
        entry |= {
            "variant": thing.variant,
            "distance_m": _known(thing.distance_m),
            "visible_fraction": _known(thing.visible_fraction),
            "truncated": thing.truncated,
            "applies_to_ego": thing.applies_to_ego,
            "amodal_bbox": xywh(thing.amodal_box),
        }
    return entry


def xywh(box: Box) -> list[float]:
    """Return a box as COCO has it."""
    x0, y0, x1, y1 = box
    return [x0, y0, x1 - x0, y1 - y0]


def _known(value: str | float) -> str | float | None:
    return None if isinstance(value, float) and not np.isfinite(value) else value
