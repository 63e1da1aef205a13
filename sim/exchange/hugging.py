"""Parquet as Hugging Face's `datasets` reads it: pictures, classes and boxes with their types in the schema.

    datasets.load_dataset("parquet", data_files={"train": "OUT/data/train-*.parquet"})

`load_dataset("OUT")` does the same. Boxes are [x, y, width, height], as object detection there has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sim.exchange.coco import xywh
from sim.exchange.folders import Source, Split, picture_name, whole_folder
from sim.exchange.marks import CLASSES, Mark, marks_of
from sim.recording import Example

ROWS_PER_FILE = 5000
ROWS_PER_GROUP = 100

_OBJECTS: dict[str, Any] = {
    "bbox": pa.list_(pa.list_(pa.float32(), 4)),
    "category": pa.list_(pa.int64()),
    "area": pa.list_(pa.float32()),
    "variant": pa.list_(pa.string()),
    "distance_m": pa.list_(pa.float32()),
    "visible_fraction": pa.list_(pa.float32()),
    "applies_to_ego": pa.list_(pa.bool_()),
}

_SCHEMA = pa.schema(
    [
        pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        pa.field("image_id", pa.int64()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("light_family", pa.string()),
        pa.field("time_of_day", pa.string()),
        pa.field("objects", pa.struct(list(_OBJECTS.items()))),
    ]
)


def _value(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "_type": "Value"}


def _many(feature: dict[str, Any], length: int = -1) -> dict[str, Any]:
    return {"feature": feature, "length": length, "_type": "Sequence"}


_FEATURES: dict[str, Any] = {
    "image": {"_type": "Image"},
    "image_id": _value("int64"),
    "width": _value("int32"),
    "height": _value("int32"),
    "light_family": _value("string"),
    "time_of_day": _value("string"),
    "objects": {
        "bbox": _many(_many(_value("float32"), 4)),
        "category": _many({"names": list(CLASSES), "_type": "ClassLabel"}),
        "area": _many(_value("float32")),
        "variant": _many(_value("string")),
        "distance_m": _many(_value("float32")),
        "visible_fraction": _many(_value("float32")),
        "applies_to_ego": _many(_value("bool")),
    },
}


def write_parquet(source: Source, out: Path) -> None:
    """Write a data set as Hugging Face's `datasets` reads it: `data/train-00000-of-00012.parquet` and a card.

    Args:
        source: What to write.
        out: The folder; empty or missing.

    Raises:
        DatasetError: If the data set is damaged, or `out` holds something.
        StorageError: If the disk is full, read-only or gone.
    """
    metadata = {b"huggingface": json.dumps({"info": {"features": _FEATURES}}).encode()}
    schema = _SCHEMA.with_metadata(metadata)
    with whole_folder(out) as folder:
        (folder / "data").mkdir()
        for split in source.splits:
            _write_split(source, split, folder / "data", schema)
        (folder / "README.md").write_text(_card(source), encoding="utf-8")


def _write_split(source: Source, split: Split, folder: Path, schema: Any) -> None:
    files = ceil(split.count / ROWS_PER_FILE)
    rows = (_row(source, example) for example in source.examples(split))
    for number in range(files):
        path = folder / f"{split.name}-{number:05d}-of-{files:05d}.parquet"
        # Pictures do not compress.
        with pq.ParquetWriter(path, schema, compression="none") as writer:
            for group in _groups(islice(rows, ROWS_PER_FILE)):
                writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _groups(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while group := list(islice(rows, ROWS_PER_GROUP)):
        yield group


def _row(source: Source, example: Example) -> dict[str, Any]:
    # The format has no crowds.
    marks = [m for m in marks_of(example.truth, source.size_px, source.min_visible) if not m.crowd]
    width, height = source.size_px
    return {
        "image": {"bytes": example.image, "path": picture_name(example.index)},
        "image_id": example.index,
        "width": width,
        "height": height,
        "light_family": str(example.attributes["light_family"]),
        "time_of_day": str(example.attributes["time_of_day"]),
        "objects": {
            "bbox": [xywh(mark.box) for mark in marks],
            "category": [mark.number for mark in marks],
            "area": [xywh(mark.box)[2] * xywh(mark.box)[3] for mark in marks],
            "variant": [mark.thing.variant if mark.thing is not None else mark.name for mark in marks],
            "distance_m": [_distance_m(mark, example) for mark in marks],
            "visible_fraction": [mark.thing.visible_fraction if mark.thing is not None else None for mark in marks],
            "applies_to_ego": [mark.thing is None or mark.thing.applies_to_ego for mark in marks],
        },
    }


def _distance_m(mark: Mark, example: Example) -> float | None:
    line = example.truth.stop_line
    distance_m = mark.thing.distance_m if mark.thing is not None else line.distance_m if line is not None else None
    return distance_m if distance_m is not None and isfinite(distance_m) else None


def _card(source: Source) -> str:
    recipe = source.dataset.manifest.recipe
    files = "".join(
        f"  - split: {'validation' if split.name == 'val' else split.name}\n    path: data/{split.name}-*.parquet\n"
        for split in source.splits
    )
    kind = "Drawn by Rolling Stop; no photograph." if source.dataset.manifest.synthetic else "Photographs."
    return (
        f"---\npretty_name: {json.dumps(recipe.name)}\ntask_categories: [object-detection]\n"
        f"configs:\n- config_name: default\n  data_files:\n{files}---\n\n"
        f"# {recipe.name}\n\n{source.dataset.count} pictures. {kind} {recipe.description}\n\n"
        f"Classes: {', '.join(CLASSES)}. Boxes: `[x, y, width, height]` in pixels; distances in metres.\n"
    )
