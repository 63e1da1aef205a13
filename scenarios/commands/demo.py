"""`rollingstop demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perception.commands.scores import print_scores
from sim.commands.common import CORES, Json, Quiet, Workers, print_json, progress_bar, say


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where everything goes.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    workers: Workers = CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Generate a small set, train on it, evaluate on unseen seeds, drive unseen scenarios: film, plots, one page."""
    from scenarios.demo import run_demo

    result = run_demo(out, seed=seed, workers=workers, stage=lambda title: progress_bar(title, quiet))
    if as_json:
        print_json(result.to_dict())
        return
    if not quiet:
        print_scores(result.scores)
        for verdict in result.verdicts:
            say(f"{verdict.scenario}: {'held. ' if verdict.passed else ''}{verdict.reason}")
    say(f"{result.minutes:.1f} minutes in all. Open {result.page}", quiet)
