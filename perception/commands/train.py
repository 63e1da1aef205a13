"""`rollingstop train`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.common import CORES, Json, Quiet, Workers, print_json, progress_bar, say
from sim.errors import RecipeError


def train(
    dataset: Annotated[Path, typer.Argument(help="A generated data set.")] = Path("datasets/generated/standard"),
    out: Annotated[Path, typer.Option("--out", "-o", help="Weights, card, history, logs.")] = Path("runs/train"),
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of training settings; the standard ones if not given.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the settings'.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the settings'.")] = None,
    start_from: Annotated[Path | None, typer.Option(help="Weights to go on from, instead of random ones.")] = None,
    temper_by: Annotated[
        Path | None,
        typer.Option(help="Weights of which the settings' base shares remain, instead of those of --start-from."),
    ] = None,
    keep_epochs: Annotated[
        bool, typer.Option(help="Keep the weights after each epoch too; `drive --weights OUT` then has V go over them.")
    ] = False,
    workers: Workers = CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train the network on a data set. A training that was stopped goes on from its last checkpoint.

    Several GPUs share each batch; so do several machines, if the same command is given on each with TensorFlow's
    TF_CONFIG, and all see the same folders.
    """
    from dataclasses import replace

    from perception.team import find_team
    from perception.train import train as run_training
    from perception.training_config import TrainConfig
    from sim.config import load_toml

    if not quiet:
        logging.getLogger("perception").setLevel(logging.INFO)
    settings = load_toml(config, TrainConfig, RecipeError) if config else TrainConfig()
    settings = replace(settings, epochs=epochs or settings.epochs, seed=settings.seed if seed is None else seed)
    command = " ".join(["rollingstop", *sys.argv[1:]])
    team = find_team()
    with progress_bar("Training", quiet) as progress:
        result = run_training(
            dataset, out, settings, start_from=start_from, temper_by=temper_by, workers=workers, command=command,
            progress=progress, keep_epochs=keep_epochs, team=team,
        )  # fmt: skip
    if as_json:
        print_json({"weights": str(result.weights), "images_per_s": result.images_per_s, "scores": result.scores})
        return
    say("This training was finished before; nothing was left to do." if result.finished_before else "", quiet)
    say(f"Weights: {result.weights}\nScores and everything else: {result.weights.parent / 'README.md'}", quiet)
