"""TFRecord as TensorFlow Datasets reads it: `tfds.builder_from_directory(OUT).as_dataset(split="train")`.

Records are `tf.train.Example`s, so `tf.data.TFRecordDataset` reads them too, with no TensorFlow Datasets at all:

    image               the JPEG's bytes
    image/id            int64, the example's index
    image/filename      bytes
    objects/bbox        float32, 4 for each object: ymin, xmin, ymax, xmax as shares of the picture's size
    objects/label       int64, one for each object: a number of `sim.exchange.marks.CLASSES`, from 0
    objects/variant     bytes, one for each object
    objects/distance_m  float32, one for each object; NaN where nobody knows
    objects/visible_fraction    float32, one for each object; NaN for a stop line
    objects/applies_to_ego      int64, one for each object: 0 or 1
"""

from __future__ import annotations

import json
import re
from math import ceil, nan
from pathlib import Path
from typing import Any

from perception.backend import tf
from sim.exchange.folders import Source, Split, picture_name, whole_folder
from sim.exchange.marks import CLASSES, Mark, marks_of
from sim.recording import Example

VERSION = "1.0.0"

ROWS_PER_FILE = 2000
"""Records of one file: some 200 MB."""

_FEATURES = "tensorflow_datasets.core.features"


def write_tfrecord(source: Source, out: Path) -> None:
    """Write a data set as TensorFlow Datasets reads it: `NAME-train.tfrecord-00000-of-00030` and two JSON files.

    Args:
        source: What to write.
        out: The folder; empty or missing.

    Raises:
        DatasetError: If the data set is damaged, or `out` holds something.
        StorageError: If the disk is full, read-only or gone.
    """
    name = _identifier(source.dataset.manifest.recipe.name)
    with whole_folder(out) as folder:
        splits = [_write_split(source, split, folder, name) for split in source.splits]
        _write_json(folder / "features.json", _features(source))
        (folder / "objects-label.labels.txt").write_text("\n".join(CLASSES) + "\n", encoding="ascii")
        _write_json(
            folder / "dataset_info.json",
            {
                "name": name,
                "version": VERSION,
                "description": source.dataset.manifest.recipe.description,
                "fileFormat": "tfrecord",
                "splits": splits,
            },
        )


def _write_split(source: Source, split: Split, folder: Path, name: str) -> dict[str, Any]:
    """Write the records of one part; return what `dataset_info.json` says of it."""
    part = "validation" if split.name == "val" else split.name
    files = ceil(split.count / ROWS_PER_FILE)
    lengths: list[int] = []
    examples = source.examples(split)
    total = 0
    for number in range(files):
        lengths.append(min(ROWS_PER_FILE, split.count - number * ROWS_PER_FILE))
        path = folder / f"{name}-{part}.tfrecord-{number:05d}-of-{files:05d}"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for _ in range(lengths[-1]):
                record = _record(source, next(examples))
                total += len(record)
                writer.write(record)
    return {
        "name": part,
        "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
        "shardLengths": [str(length) for length in lengths],
        "numBytes": str(total),
    }


def _record(source: Source, example: Example) -> bytes:
    # The format has no crowds.
    marks = [m for m in marks_of(example.truth, source.size_px, source.min_visible) if not m.crowd]
    boxes = [share for mark in marks for share in _shares(mark, source.size_px)]
    line = example.truth.stop_line
    line_m = line.distance_m if line is not None else nan
    features = {
        "image": _bytes([example.image]),
        "image/id": _ints([example.index]),
        "image/filename": _bytes([picture_name(example.index).encode()]),
        "objects/bbox": _floats(boxes),
        "objects/label": _ints([mark.number for mark in marks]),
        "objects/variant": _bytes([(mark.thing.variant if mark.thing else mark.name).encode() for mark in marks]),
        "objects/distance_m": _floats([mark.thing.distance_m if mark.thing else line_m for mark in marks]),
        "objects/visible_fraction": _floats([mark.thing.visible_fraction if mark.thing else nan for mark in marks]),
        "objects/applies_to_ego": _ints([int(mark.thing is None or mark.thing.applies_to_ego) for mark in marks]),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


def _shares(mark: Mark, size_px: tuple[int, int]) -> tuple[float, float, float, float]:
    (x0, y0, x1, y1), (width, height) = mark.box, size_px
    return y0 / height, x0 / width, y1 / height, x1 / width


def _bytes(values: list[bytes]) -> Any:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def _ints(values: list[int]) -> Any:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _floats(values: list[float]) -> Any:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def _features(source: Source) -> dict[str, Any]:
    """Return the types of the records, in the JSON of TensorFlow Datasets' `feature.proto`."""
    width, height = source.size_px
    shape = {"dimensions": [str(size) for size in (height, width, 3)]}
    image = {"image": {"dtype": "uint8", "encodingFormat": "jpeg", "shape": shape}}
    box = {"boundingBox": {"bboxFormat": "REL_YXYX", "dtype": "float32", "shape": {"dimensions": ["4"]}}}
    objects = {
        "bbox": {**box, "pythonClassName": f"{_FEATURES}.bounding_boxes.BBoxFeature"},
        "label": {
            "classLabel": {"numClasses": str(len(CLASSES))},
            "pythonClassName": f"{_FEATURES}.class_label_feature.ClassLabel",
        },
        "variant": _text(),
        "distance_m": _tensor("float32"),
        "visible_fraction": _tensor("float32"),
        "applies_to_ego": _tensor("bool"),
    }
    return _dict(
        {
            "image": {**image, "pythonClassName": f"{_FEATURES}.image_feature.Image"},
            "image/id": _tensor("int64"),
            "image/filename": _text(),
            "objects": {
                "pythonClassName": f"{_FEATURES}.sequence_feature.Sequence",
                "sequence": {"feature": _dict(objects), "length": "-1"},
            },
        }
    )


def _dict(features: dict[str, Any]) -> dict[str, Any]:
    return {
        "featuresDict": {"features": features},
        "pythonClassName": f"{_FEATURES}.features_dict.FeaturesDict",
    }


def _tensor(dtype: str) -> dict[str, Any]:
    return {
        "pythonClassName": f"{_FEATURES}.tensor_feature.Tensor",
        "tensor": {"dtype": dtype, "encoding": "none", "shape": {}},
    }


def _text() -> dict[str, Any]:
    return {"pythonClassName": f"{_FEATURES}.text_feature.Text", "text": {}}


def _identifier(name: str) -> str:
    """Return a name as TensorFlow Datasets wants one: lower case, digits and strokes, a letter first."""
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return words if words[:1].isalpha() else f"set_{words}"


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
