"""`rollingstop evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perception.commands.common import BackendName, BackendOption, PrecisionOption, Weights, make_engine
from perception.commands.scores import measured, print_photograph_scores, print_scores
from sim.commands.common import Json, Quiet, print_json, progress_bar, require_places, say

if TYPE_CHECKING:
    from perception.engine import Engine
    from perception.scores import Scores


CORRUPTED_FRAMES = 200


def evaluate(
    dataset: Annotated[Path | None, typer.Argument(help="A generated data set that was not trained on.")] = None,
    weights: Weights = None,
    images: Annotated[Path | None, typer.Option(help="A folder of photographs, instead of a data set.")] = None,
    annotations: Annotated[
        Path | None, typer.Option(help="Their boxes: COCO's JSON, YOLO's data.yaml, or a folder of Pascal VOC's XML.")
    ] = None,
    backend: BackendOption = BackendName.KERAS,
    precision: PrecisionOption = None,
    corruptions: Annotated[
        bool, typer.Option("--corruptions", help="Instead, score stop signs under 15 corruptions in 5 severities.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="A page of scores, plots and the worst mistakes, with pictures.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option("--frames", min=1, help="How many frames --corruptions takes; 200 if not given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where scores.json, plots and detections.json go.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score the network: on a data set by distance, or on photographs of any size through an image pyramid."""
    from sim.show.page import check_page_path

    if (dataset is None) == (images is None):
        raise typer.BadParameter("Expected a data set, or --images with --annotations. Received: both or neither.")
    if (images is None) != (annotations is None):
        raise typer.BadParameter("Expected --images and --annotations together. Received: one of them.")
    if images is not None and not images.is_dir():
        raise typer.BadParameter(f"Expected a folder of photographs at --images. Received: {images}, which is none.")
    if corruptions and dataset is None:
        raise typer.BadParameter("Expected a data set with --corruptions. Received: photographs.")
    if html is not None and (corruptions or dataset is None):
        raise typer.BadParameter("Expected --html with a data set alone. Received: photographs, or --corruptions.")
    if frames is not None and not corruptions:
        raise typer.BadParameter("Expected --frames with --corruptions: all frames are scored without. Received: none.")
    require_places(out, html=html)
    if html is not None:
        check_page_path(html)
    if corruptions and dataset is not None:
        engine = make_engine(backend, precision)
        _evaluate_corruptions(dataset, weights, engine, frames or CORRUPTED_FRAMES, out, quiet, as_json)
        return
    if dataset is not None:
        from perception.evaluate import evaluate as score_dataset
        from perception.mistakes import MistakeBook

        book = MistakeBook() if html is not None else None
        with progress_bar("Evaluating", quiet) as progress:
            scores = score_dataset(
                dataset,
                weights,
                engine=make_engine(backend, precision),
                watch=book.add if book is not None else None,
                progress=progress,
            )
        _write_scores(scores, out)
        if html is not None and book is not None:
            from perception.evaluate_page import write_page

            write_page(scores, book, dataset, html)
            say(f"Page: {html}", quiet)
        if as_json:
            print_json(scores.to_dict())
        elif not quiet:
            print_scores(scores)
        return
    if backend is not BackendName.KERAS or precision is not None:
        raise typer.BadParameter("Expected keras with --images: exported networks see one size. Received: another.")
    from perception.photographs import evaluate_photographs

    if images is None or annotations is None or out is None:
        raise typer.BadParameter("Expected --out with --images: detections.json goes there. Received: no --out.")
    with progress_bar("Evaluating photographs", quiet) as progress:
        photo_scores = evaluate_photographs(images, annotations, weights, out, progress=progress)
    if as_json:
        print_json(photo_scores.to_dict())
    elif not quiet:
        print_photograph_scores(photo_scores)
        say(f"Detections: {out / 'detections.json'}")


def _evaluate_corruptions(
    dataset: Path, weights: Path | None, engine: Engine, frames: int, out: Path | None, quiet: bool, as_json: bool
) -> None:
    from rich.console import Console
    from rich.table import Table

    from perception.perceiver import load_perceiver
    from perception.robustness import evaluate_corruptions, unfamiliar_beliefs, write_robustness
    from perception.scores import LOWEST_COUNTED

    with progress_bar("Corrupting", quiet) as progress:
        scores = evaluate_corruptions(dataset, weights, frames=frames, engine=engine, progress=progress)
    beliefs = unfamiliar_beliefs(load_perceiver(weights, lowest_score=LOWEST_COUNTED, engine=engine))
    if out is not None:
        write_robustness(scores, beliefs, out)
    if as_json:
        print_json({**scores.to_dict(), "unfamiliar": {name: sign for name, (sign, _) in beliefs.items()}})
        return
    if quiet:
        return
    table = Table(title=f"Stop signs: AP50 on {scores.frames} frames by severity; clean {measured(scores.clean)}")
    for column in ("corruption", "1", "2", "3", "4", "5"):
        table.add_column(column, justify="left" if column == "corruption" else "right")
    for name, row in scores.cells.items():
        table.add_row(name.replace("_", " "), *("-" if each.value is None else f"{each.value:.3f}" for each in row))
    Console().print(table)
    error, surest = scores.mean_corruption_error, max(beliefs, key=lambda name: beliefs[name][0])
    say(f"mCE against the colour rule (clean AP50 {scores.clean_rule:.3f}) on the same frames: {error:.3f}.")
    say(f"Worst at severity 3: {scores.worst.replace('_', ' ')}, AP50 {scores.worst_ap:.3f}.")
    say(f"Frames of no road: surest of a stop sign on '{surest}', {beliefs[surest][0]:.2f}.")


def _write_scores(scores: Scores, out: Path | None) -> None:
    if out is None:
        return
    from perception.plots import write_plots
    from sim.files import write_atomically

    write_atomically(out / "scores.json", (json.dumps(scores.to_dict(), indent=2) + "\n").encode())
    write_plots(scores, out)
