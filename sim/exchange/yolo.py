"""YOLO: a text file beside each picture, a line a box: class, centre and size, as shares of the picture's size.

https://docs.ultralytics.com/datasets/detect. A picture without a box has an empty file.
"""

from __future__ import annotations

from pathlib import Path

from sim.exchange.folders import Source, picture_name, whole_folder
from sim.exchange.marks import CLASSES, Mark, marks_of


def write_yolo(source: Source, out: Path) -> None:
    """Write a data set as YOLO has it: `data.yaml`, `images/train/`, `labels/train/`.

    Args:
        source: What to write.
        out: The folder; empty or missing.

    Raises:
        DatasetError: If the data set is damaged, or `out` holds something.
        StorageError: If the disk is full, read-only or gone.
    """
    with whole_folder(out) as folder:
        for split in source.splits:
            images, labels = folder / "images" / split.name, folder / "labels" / split.name
            images.mkdir(parents=True)
            labels.mkdir(parents=True)
            for example in source.examples(split):
                name = picture_name(example.index)
                (images / name).write_bytes(example.image)
                marks = marks_of(example.truth, source.size_px, source.min_visible)
                # The format has no crowds.
                lines = "".join(_line(mark, source.size_px) for mark in marks if not mark.crowd)
                (labels / name).with_suffix(".txt").write_text(lines, encoding="ascii")
        first, last = source.splits[0].name, source.splits[-1].name
        names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
        # Without a `path` its own folder is meant, wherever it is moved to.
        text = f"train: images/{first}\nval: images/{last}\nnames:\n{names}"
        (folder / "data.yaml").write_text(text, encoding="ascii")


def _line(mark: Mark, size_px: tuple[int, int]) -> str:
    (x0, y0, x1, y1), (width, height) = mark.box, size_px
    numbers = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
    return f"{mark.number} {' '.join(f'{number:.8f}' for number in numbers)}\n"
