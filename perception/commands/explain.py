"""`rollingstop explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perception.commands.common import Weights
from sim.commands.common import Json, Quiet, print_json, progress_bar, say


def explain(
    image: Annotated[Path | None, typer.Argument(help="A picture of any size; a drawn frame if not given.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawn frame, the first of its seed to show a sign.")] = 0,
    weights: Weights = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page, .html; runs/explain/NAME.html if not given.")
    ] = None,
    pointing: Annotated[
        int, typer.Option("--pointing", min=0, help="Play the pointing game on so many drawn frames too.")
    ] = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """See what every layer of the network sees in a frame, what each answer rests on, and two checks of that."""
    from dataclasses import asdict

    from perception.explain import Head, load_explainer, pointing_game, true_boxes
    from perception.explain_page import explain_frame, read_picture, write_explanation
    from perception.perceiver import load_perceiver
    from sim.show.page import check_page_path
    from sim.show.shots import open_source

    if out is not None:
        check_page_path(out)
    explainer = load_explainer(weights)
    source = open_source([str(seed)], camera=explainer.camera)
    if image is not None:
        rgb, truth, name = read_picture(image, explainer.camera), None, image.stem
    else:
        shots = list(source.shots(0, 20))
        shot = next((each for each in shots if true_boxes(each.truth, Head.STOP_SIGN)), shots[0])
        rgb, truth, name = shot.picture(), shot.truth, f"seed-{seed}-frame-{shot.name}"
    explained = explain_frame(explainer, rgb, truth, perceiver=load_perceiver(weights))
    played = None
    if pointing:
        with progress_bar("Pointing", quiet) as progress:
            done = iter(range(1, pointing + 1))
            frames = ((shot.picture(), shot.truth) for shot in source.shots(0, pointing))
            played = pointing_game(explainer, frames, progress=lambda: progress(next(done), pointing))
    page = out or Path("runs/explain") / f"{name}.html"
    write_explanation(explained, page, str(image) if image is not None else name.replace("-", " "), played)
    if as_json:
        games = {head.value: asdict(scores) for head, scores in (played or {}).items()}
        print_json({"page": str(page), "heads": explained.to_dict(), "pointing": games})
    else:
        say(str(page), quiet)
