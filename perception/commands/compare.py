"""`rollingstop compare`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perception.commands.common import Weights
from sim.commands.common import CORES, Json, Quiet, print_json, progress_bar, say

if TYPE_CHECKING:
    from perception.comparison.curves import Summary
    from perception.comparison.grid import Comparison, Plan
    from sim.recording import Dataset

VOLUMES = "100,300,1000,3000,10000"
MODELS = "rule,hog,cnn,shipped"
QUICK_OUT, ABLATION_OUT, OUT = Path("runs/compare-quick"), Path("runs/ablation"), Path("runs/compare")


def compare(
    volumes: Annotated[
        str | None, typer.Option(help=f"Training frames, such as {VOLUMES} (if not given) or up to 100000.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Trainings at each volume; 3 if not given.")] = None,
    steps: Annotated[
        int | None, typer.Option(min=10, help="The CNN's steps, the same at every volume; 2000 if not given.")
    ] = None,
    test_frames: Annotated[
        int | None, typer.Option("--test-frames", min=20, help="Frames to be measured on; 1000 if not given.")
    ] = None,
    models: Annotated[
        str,
        typer.Option(
            help="Which of rule, hog, cnn, cnn2 (which looks twice, and learns four times as long), shipped, and cnn2 "
            "without a part, as --ablate has them."
        ),
    ] = MODELS,
    train_on: Annotated[
        Path | None, typer.Option("--train", help="A data set to learn from; drawn by `standard` if not given.")
    ] = None,
    test_on: Annotated[
        Path | None, typer.Option("--test", help="A data set to be measured on; drawn by `test` if not given.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="For a class: 100, 300 and 1,000 frames, one seed, some five minutes.")
    ] = False,
    ablate: Annotated[
        bool,
        typer.Option(
            "--ablate",
            help="Instead: a network that looks twice, and what it loses where it lacks the second look or one of its "
            "parts; 1,000 frames if no other number is given.",
        ),
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Train nothing: tables, plots and page of the results that are there.")
    ] = False,
    human: Annotated[
        bool, typer.Option("--human", help="Instead, in a window: your own eyes against the network's, by distance.")
    ] = False,
    frames: Annotated[int, typer.Option("--frames", min=10, help="How many frames --human asks about.")] = 60,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Which frames --human asks about.")] = 0,
    weights: Weights = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=f"Where results, plots and page go; {OUT} if not given.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Data against design: train the CNN, a classical pipeline and ask a plain rule, on few frames and on many."""
    if human and (ablate or quick or report):
        raise typer.BadParameter("Expected --human alone. Received: --ablate, --quick or --report too.")
    if human:
        _ask_person(test_on, frames, seed, weights, out or OUT, quiet, as_json)
        return
    from perception.comparison.grid import run

    plan = _plan(volumes, seeds, steps, test_frames, models, quick, ablate)
    folder = out or (ABLATION_OUT if ablate else QUICK_OUT if quick else OUT)
    pool = _dataset(train_on, "standard.toml", plan.volumes[-1], folder / "train", quiet)
    test = _dataset(test_on, "test.toml", plan.test_count, folder / "test", quiet)
    with progress_bar("Comparing", quiet) as progress:
        comparison = run(plan, pool, test, folder, progress, weights=weights, only_report=report)
    summary = _write(comparison, folder, quiet)
    if as_json:
        print_json(summary.to_dict())
    elif not quiet:
        _print(summary)
        say(f"Page: {folder / 'compare.html'}; figure: {folder / 'compare.png'}")


def _plan(
    volumes: str | None,
    seeds: int | None,
    steps: int | None,
    test_frames: int | None,
    models: str,
    quick: bool,
    ablate: bool,
) -> Plan:
    from perception.comparison.grid import ABLATION, QUICK, Model, Plan, parse_volumes

    plan = QUICK if quick else Plan()
    if ablate:
        if models != MODELS:
            raise typer.BadParameter(f"Expected --ablate, which has models of its own, without --models {models}.")
        plan = replace(plan, volumes=ABLATION.volumes)
        models = ",".join(ABLATION.models)
    try:
        chosen = [word.strip() for word in models.split(",") if word.strip()]
        unknown = [word for word in chosen if word not in set(Model)]
        if unknown or not chosen:
            raise ValueError(f"Expected --models among {', '.join(Model)}. Received: {models}.")
        return replace(
            plan,
            volumes=plan.volumes if volumes is None else parse_volumes(volumes),
            seeds=seeds or plan.seeds,
            steps=steps or plan.steps,
            test_count=test_frames or plan.test_count,
            models=tuple(model for model in Model if model.value in chosen),
        )
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None


def _dataset(given: Path | None, recipe: str, count: int, folder: Path, quiet: bool) -> Dataset:
    """Open a data set, or draw as many frames as are needed."""
    from sim.recording import SHIPPED_RECIPES, Dataset, generate_dataset, load_recipe

    if given is not None:
        return Dataset.open(given)
    with progress_bar(f"Drawing {folder.name} frames", quiet) as progress:
        return generate_dataset(
            load_recipe(SHIPPED_RECIPES / recipe), folder, count=count, workers=CORES, progress=progress
        )


def _write(comparison: Comparison, folder: Path, quiet: bool) -> Summary:
    from perception.comparison.curves import summarise
    from perception.comparison.page import write_page
    from perception.comparison.plots import write_figure
    from sim.files import write_atomically

    say("Resampling frames and seeds ...", quiet)
    summary = summarise(comparison)
    figure, _ = write_figure(summary, folder)
    write_atomically(folder / "compare.json", (json.dumps(summary.to_dict(), indent=2) + "\n").encode())
    write_page(comparison, summary, figure, folder / "compare.html")
    return summary


def _print(summary: Summary) -> None:
    from rich.console import Console
    from rich.table import Table

    from perception.commands.scores import measured
    from perception.comparison.curves import METRIC_WORDS, Metric
    from perception.comparison.grid import Condition, Model
    from perception.comparison.plots import MISSING, NAMES
    from perception.comparison.verdict import sentences

    console = Console()
    settings = summary.settings
    for condition in Condition:
        table = Table(title=f"Stop signs in {settings['test_frames']:,} {condition} frames; 95 % intervals")
        table.add_column("model")
        table.add_column("training frames", justify="right")
        for metric in Metric:
            table.add_column(METRIC_WORDS[metric])
        panels = [summary.panel(condition, metric) for metric in Metric]
        for model, level in panels[0].levels.items():
            del level
            table.add_row(NAMES[model], "-", *(measured(panel.levels[model]) for panel in panels))
        for model, points in panels[0].curves.items():
            for place, point in enumerate(points):
                table.add_row(
                    NAMES[model], f"{point.volume:,}", *(measured(panel.curves[model][place].mean) for panel in panels)
                )
        console.print(table)
        if panels[0].losses:
            table = Table(title=f"How much less than {NAMES[Model.CNN2]}, {condition} frames")
            table.add_column("what is missing")
            for metric in Metric:
                table.add_column(METRIC_WORDS[metric])
            for model in panels[0].losses:
                table.add_row(MISSING[model], *(measured(panel.losses[model]) for panel in panels))
            console.print(table)
    for each in sentences(summary):
        console.print(f"- {each}", highlight=False)


def _ask_person(
    test_on: Path | None, count: int, seed: int, weights: Path | None, folder: Path, quiet: bool, as_json: bool
) -> None:
    from sim.viewer.display import require_screen

    # Known at once, not after a minute of drawing frames.
    require_screen()
    from perception.commands.scores import measured
    from perception.comparison.people import ask_network, choose_cases, score_people, threshold_of, write_people
    from perception.perceiver import load_perceiver
    from perception.pipeline import decode_image
    from sim.viewer.glance import SHOWN_S, ask, show_until_key

    dataset = _dataset(test_on, "test.toml", 1_000, folder / "test", quiet)
    perceiver = load_perceiver(weights)
    dataset.require_camera(perceiver.camera)
    cases = choose_cases(dataset, count, seed)
    threshold = threshold_of(perceiver)
    network = ask_network(cases, perceiver, threshold)
    glances = ask([decode_image(case.example, dataset.camera) for case in cases])
    if not glances.answers:
        say("Nothing was answered, so nothing was written.", quiet)
        return
    scores = score_people(cases, glances.answers, network, threshold, SHOWN_S, glances.seen_s)
    picture = write_people(scores, folder)
    if as_json:
        print_json(scores.to_dict())
    else:
        for who, eyes in (("you", scores.person), ("the network", scores.network)):
            say(f"{who}: {measured(eyes.all)} right", quiet)
        say(f"By distance: {folder / 'people.png'}", quiet)
    show_until_key(picture)
