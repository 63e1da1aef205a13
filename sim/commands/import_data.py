"""`rollingstop import-data`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.common import Json, Quiet, print_json, progress_bar, say


class ImportName(StrEnum):
    """Formats of labelled pictures that can be read."""

    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"


class FitName(StrEnum):
    """How a picture is brought to the camera's size."""

    LETTERBOX = "letterbox"
    CROP = "crop"


def import_data(
    folder: Annotated[Path, typer.Argument(help="Labelled pictures: a folder, COCO's JSON or YOLO's data.yaml.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The data set's folder, empty or missing.")],
    kind: Annotated[
        ImportName | None, typer.Option("--format", "-f", help="How they are kept; told by the files if not given.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Where the pictures lie, if not where the format puts them.")
    ] = None,
    fit: Annotated[
        FitName, typer.Option(help="Whole between grey bars, or as large as the frame and cropped.")
    ] = FitName.LETTERBOX,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", metavar="NAME=CLASS", help="What a class of theirs is to us, or 'none'; may be given often."
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Make a data set from labelled pictures in COCO, YOLO or Pascal VOC, to look at, train with and score on."""
    from sim.exchange.annotated import Format, read_annotated
    from sim.exchange.importing import Fit, import_pictures

    pairs = [word.rpartition("=") for word in classes or []]
    if any(not name for name, _, _ in pairs):
        raise typer.BadParameter(f"Expected --class NAME=CLASS. Received: {' '.join(classes or [])}.")
    twice = sorted({name for name, _, _ in pairs if sum(name == other for other, _, _ in pairs) > 1})
    if twice:
        raise typer.BadParameter(f"Expected --class once for {twice[0]!r}. Received: {' '.join(classes or [])}.")
    annotated = read_annotated(folder, Format(kind.value) if kind is not None else None, images)
    with progress_bar("Importing", quiet) as progress:
        made = import_pictures(
            annotated,
            out.resolve().name,
            out,
            fit=Fit(fit.value),
            classes={name: ours for name, _, ours in pairs},
            progress=progress,
        )
    if as_json:
        counts = {"things": dict(made.counts), "ignored": made.ignored, "empty_boxes": made.empty}
        print_json({"path": str(out), "pictures": made.dataset.count, "classes": made.classes, **counts})
        return
    say(f"{made.dataset.count} pictures: {out}", quiet)
    say("; ".join(f"{name} {count}" for name, count in made.counts.items()) or "Nothing is marked on them.", quiet)
    empty = f"Without area inside their picture, and left out: {made.empty} boxes. Are they in the format's own units?"
    say(empty if made.empty else "", quiet or not made.empty)
    left_out = [name for name, ours in made.classes.items() if ours == "none"]
    say(f"Left out: {', '.join(left_out)} (see --class)." if left_out else "", quiet or not left_out)
