"""`rollingstop export-data`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.common import Json, Quiet, print_json, progress_bar, say

if TYPE_CHECKING:
    pass


class ExportName(StrEnum):
    """Formats in which a data set can be written for other tools."""

    COCO = "coco"
    YOLO = "yolo"
    TFRECORD = "tfrecord"
    PARQUET = "parquet"


def export_data(
    dataset: Annotated[Path, typer.Argument(help="A data set's folder.")],
    kind: Annotated[ExportName, typer.Option("--format", "-f", help="What shall read it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder, empty or missing.")],
    val_share: Annotated[float, typer.Option(min=0.0, max=0.99, help="Share for validation: the last frames.")] = 0.0,
    min_visible: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Leave out things of which a smaller share is visible.")
    ] = 0.0,
    masks: Annotated[
        bool, typer.Option("--masks/--no-masks", help="COCO: draw masks again from the data set's recipe.")
    ] = True,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a data set for other tools: COCO, YOLO, TFRecord (TensorFlow Datasets), Parquet (Hugging Face)."""
    from sim.exchange.folders import Source
    from sim.recording import Dataset

    masked: int | None = None
    found = Dataset.open(dataset)
    with progress_bar(f"Writing {kind.value}", quiet) as progress:
        source = Source(found, val_share, min_visible, progress)
        if kind is ExportName.COCO:
            from sim.exchange.coco import write_coco

            masked = write_coco(source, out, masks=masks)
        elif kind is ExportName.YOLO:
            from sim.exchange.yolo import write_yolo

            write_yolo(source, out)
        elif kind is ExportName.PARQUET:
            from sim.exchange.hugging import write_parquet

            write_parquet(source, out)
        else:
            from perception.tfrecords import write_tfrecord

            write_tfrecord(source, out)
    if as_json:
        counts = {split.name: split.count for split in source.splits}
        print_json({"path": str(out), "format": kind.value, "frames": counts, "with_masks": masked})
        return
    say(f"{found.count} frames: {out}", quiet)
    if masks and masked is not None and masked < found.count:
        say(f"{found.count - masked} of them without masks: this version would not draw them as they are.", quiet)
