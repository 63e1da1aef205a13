"""Rolling Stop's command line: it wires the rooms together, prints, and exits; everything else is done in the rooms."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.errors import RecipeError, RollingStopError, StorageError

if TYPE_CHECKING:
    from perception.scores import Measure, PhotographScores, Scores
    from scenarios.baseline import Gate, Latency
    from scenarios.compare import Comparison
    from scenarios.page import FilmedFailure
    from scenarios.run import Results
    from scenarios.scenario import Scenario
    from scenarios.three_eyes import ThreeEyes
    from sim.show.stats import Stats

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_UsageError: Any = typer.BadParameter.__base__
"""What every mistake in the words of a command is; Typer carries the class but does not export it."""

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 and the signal's number."""

app = typer.Typer(
    name="rollingstop",
    help="Generate road scenes, train a CNN on them, and let what it sees, and nothing else, drive the car.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class EyesName(StrEnum):
    """Whose eyes the driver sees with."""

    NETWORK = "network"
    ORACLE = "oracle"
    BLIND = "blind"


class BenchmarkName(StrEnum):
    """What can be timed."""

    RENDER = "render"
    LOOP = "loop"
    INFERENCE = "inference"
    TRAIN = "train"
    GENERATE = "generate"
    ALL = "all"


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no tables.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Weights = Annotated[
    Path | None, typer.Option("--weights", "-w", help="A weights file (.npz); the shipped one if not given.")
]
Workers = Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes; one for each core if not given.")]

_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"rollingstop {version('rollingstop')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what the libraries do.")] = False,
) -> None:
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s", stream=sys.stderr)


@contextmanager
def _bar(title: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar with the time that is left; yields what long steps report to, with done and total."""
    if quiet:
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _say(text: str, quiet: bool = False) -> None:
    if not quiet:
        typer.echo(text, err=True)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


@app.command()
def generate(
    recipe: Annotated[Path, typer.Argument(help="A recipe, such as datasets/standard.toml.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The data set's folder; datasets/generated/NAME if not given.")
    ] = None,
    workers: Workers = _CORES,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    count: Annotated[int | None, typer.Option(help="How many frames, instead of the recipe's.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw labelled frames from a recipe. A run that was stopped goes on where it stood, to the same bytes."""
    from sim.recording import generate_dataset, load_recipe

    wanted = load_recipe(recipe)
    folder = out or Path("datasets/generated") / wanted.name
    with _bar(f"Drawing {wanted.name}", quiet) as progress:
        made = generate_dataset(wanted, folder, seed=seed, count=count, workers=workers, progress=progress)
    size = sum(path.stat().st_size for path in made.shard_paths)
    if as_json:
        _print_json({"path": str(made.path), "frames": made.count, "shards": len(made.shard_paths), "bytes": size})
    else:
        _say(f"{made.count} frames in {len(made.shard_paths)} shards, {size / 1e6:.0f} MB: {made.path}", quiet)


class GroupName(StrEnum):
    """What a contact sheet can be ordered by."""

    WEATHER = "weather"
    VARIANT = "variant"
    PART = "part"
    TIME = "time"
    DISTANCE = "distance"


@app.command()
def show(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RECIPE|DATASET|SEED...]",
            help="A recipe, a data set's folder, or seeds of the standard recipe; that recipe if not given.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The sheet, .png or .jpg; runs/show/NAME.png if not given.")
    ] = None,
    by: Annotated[GroupName | None, typer.Option(help="Group the frames under headings.")] = None,
    labels: Annotated[bool, typer.Option("--labels", help="Draw boxes and names, the lane and the stop line.")] = False,
    masks: Annotated[bool, typer.Option("--masks", help="Add each frame in the colours of its classes.")] = False,
    depth: Annotated[bool, typer.Option("--depth", help="Add each frame's depth, red near and blue far.")] = False,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="How many frames; 24, or 1000 for --stats.")
    ] = None,
    columns: Annotated[int, typer.Option(min=1, help="Frames side by side.")] = 4,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")] = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Count what the frames hold, and look for two alike; no sheet.")
    ] = False,
    workers: Workers = _CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Look at what a recipe makes: a contact sheet, with labels if asked for, or what its worlds hold in numbers."""
    from sim.show.contact import check_sheet_path, draw_sheet, write_sheet
    from sim.show.groups import GroupBy, choose
    from sim.show.shots import open_source
    from sim.show.stats import count_shots

    if out is not None:
        check_sheet_path(out)
    source = open_source(what or [], seed)
    if stats:
        with _bar(f"Counting {source.name}", quiet) as progress:
            found = count_shots(source, count or 1000, progress, workers=workers)
        if as_json:
            _print_json(found.to_dict())
        elif not quiet:
            _print_stats(found)
        return
    groups_by = GroupBy(by.value) if by is not None else None
    with _bar(f"Looking through {source.name}", quiet) as progress:
        groups = choose(source.shots(), count or 24, groups_by, progress)
    with _bar("Drawing", quiet) as progress:
        sheet = draw_sheet(source, groups, columns=columns, labels=labels, masks=masks, depth=depth, progress=progress)
    path = out or Path("runs/show") / f"{source.name.replace(', ', '-').replace(' ', '-')}.png"
    write_sheet(sheet, path)
    if as_json:
        _print_json({"path": str(path), "frames": {heading: len(members) for heading, members in groups.items()}})
    else:
        _say(str(path), quiet)


def _print_stats(stats: Stats) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    share = stats.with_sign / max(stats.frames, 1)
    console.print(f"{stats.frames} frames, {share:.1%} of them with a stop sign for the car in sight.", highlight=False)
    table = Table("what", show_lines=False)
    for column in ("how many", "share"):
        table.add_column(column, justify="right")
    for heading, counts in stats.tables.items():
        total = sum(counts.values())
        different = sum(1 for number in counts.values() if number)
        table.add_section()
        table.add_row(f"[bold]{heading}[/]: {different} different", f"[bold]{total}[/]", "")
        for name, number in counts.items():
            table.add_row(f"  {name.replace('_', ' ')}", str(number), f"{number / total:.1%}" if total else "-")
    console.print(table)
    if stats.nearest is not None:
        first, second, pair = stats.nearest
        verdict = "Two frames are alike" if pair.alike else "No two frames are alike"
        far = f"the nearest, {first} and {second}, differ in {pair.bits} bits of their hashes"
        console.print(f"{verdict}: {far}.", highlight=False)


@app.command()
def train(
    dataset: Annotated[Path, typer.Argument(help="A generated data set.")] = Path("datasets/generated/standard"),
    out: Annotated[Path, typer.Option("--out", "-o", help="Weights, card, history, logs.")] = Path("runs/train"),
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of training settings; the standard ones if not given.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the settings'.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the settings'.")] = None,
    start_from: Annotated[Path | None, typer.Option(help="Weights to go on from, instead of random ones.")] = None,
    workers: Workers = _CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train the network on a data set. A training that was stopped goes on from its last checkpoint."""
    from dataclasses import replace

    from perception.train import train as run_training
    from perception.training_config import TrainConfig
    from sim.config import load_toml

    if not quiet:
        logging.getLogger("perception").setLevel(logging.INFO)
    settings = load_toml(config, TrainConfig, RecipeError) if config else TrainConfig()
    settings = replace(settings, epochs=epochs or settings.epochs, seed=settings.seed if seed is None else seed)
    command = " ".join(["rollingstop", *sys.argv[1:]])
    with _bar("Training", quiet) as progress:
        result = run_training(
            dataset, out, settings, start_from=start_from, workers=workers, command=command, progress=progress
        )
    if as_json:
        _print_json({"weights": str(result.weights), "images_per_s": result.images_per_s, "scores": result.scores})
        return
    _say("This training was finished before; nothing was left to do." if result.finished_before else "", quiet)
    _say(f"Weights: {result.weights}\nScores and everything else: {result.weights.parent / 'README.md'}", quiet)


@app.command()
def evaluate(
    dataset: Annotated[Path | None, typer.Argument(help="A generated data set that was not trained on.")] = None,
    weights: Weights = None,
    images: Annotated[Path | None, typer.Option(help="A folder of photographs, instead of a data set.")] = None,
    annotations: Annotated[Path | None, typer.Option(help="Their boxes, as COCO JSON.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where scores.json, plots and detections.json go.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score the network: on a data set by distance, or on photographs of any size through an image pyramid."""
    if (dataset is None) == (images is None):
        raise typer.BadParameter("Expected a data set, or --images with --annotations. Received: both or neither.")
    if (images is None) != (annotations is None):
        raise typer.BadParameter("Expected --images and --annotations together. Received: one of them.")
    if dataset is not None:
        from perception.evaluate import evaluate as score_dataset

        with _bar("Evaluating", quiet) as progress:
            scores = score_dataset(dataset, weights, progress=progress)
        _write_scores(scores, out)
        if as_json:
            _print_json(scores.to_dict())
        elif not quiet:
            _print_scores(scores)
        return
    from perception.photographs import evaluate_photographs

    if images is None or annotations is None or out is None:
        raise typer.BadParameter("Expected --out with --images: detections.json goes there. Received: no --out.")
    with _bar("Evaluating photographs", quiet) as progress:
        photo_scores = evaluate_photographs(images, annotations, weights, out, progress=progress)
    if as_json:
        _print_json(photo_scores.to_dict())
    elif not quiet:
        _print_photograph_scores(photo_scores)
        _say(f"Detections: {out / 'detections.json'}")


def _write_scores(scores: Scores, out: Path | None) -> None:
    if out is None:
        return
    from perception.plots import write_plots
    from sim.files import write_atomically

    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / "scores.json", (json.dumps(scores.to_dict(), indent=2) + "\n").encode())
    write_plots(scores, out)


def _measured(measure: Measure, digits: int = 3, unit: str = "") -> str:
    """Return a number with its interval and its sample size, as it stands in every table."""
    if measure.value is None:
        return f"- (n={measure.n})"
    interval = ""
    if measure.low is not None and measure.high is not None:
        interval = f" [{measure.low:.{digits}f}, {measure.high:.{digits}f}]"
    return f"{measure.value:.{digits}f}{unit}{interval} (n={measure.n})"


def _print_scores(scores: Scores) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    signs = scores.stop_sign
    table = Table(title=f"Stop signs in {scores.frames} frames, by distance; 95 % intervals")
    for column in ("distance, m", "AP50", "recall at 0.97 precision", "recall at 0.99", "distance error, median"):
        table.add_column(column)
    for name, band in {**signs.bands, "all": signs}.items():
        table.add_row(
            name,
            _measured(band.ap),
            _measured(band.recall_at_97),
            _measured(band.recall_at_99),
            _measured(band.distance_error_median),
        )
    console.print(table)
    line, lane = scores.stop_line, scores.lane
    rest = Table(title="Everything else")
    rest.add_column("measure")
    rest.add_column("value")
    for name, value in (
        ("stop signs: precision at that threshold", _measured(signs.precision)),
        ("stop signs: false ones a frame", _measured(signs.false_per_frame, 4)),
        ("distractors: AP50", _measured(scores.distractor.ap)),
        ("vehicles: AP50", _measured(scores.vehicle.ap)),
        ("vehicles: distance error, median", _measured(scores.vehicle.distance_error_median)),
        ("people: AP50", _measured(scores.pedestrian.ap)),
        ("people: distance error, median", _measured(scores.pedestrian.distance_error_median)),
        ("stop line: recall", _measured(line.recall)),
        ("stop line: distance error, median", _measured(line.distance_error_median_m, 2, " m")),
        ("lane: offset error, median", _measured(lane.offset_error_median_m, 3, " m")),
        ("lane: offset error, 95 %", _measured(lane.offset_error_p95_m, 3, " m")),
        ("lane: heading error, median", _measured(lane.heading_error_median_rad, 4, " rad")),
    ):
        rest.add_row(name, value)
    console.print(rest)


def _print_photograph_scores(scores: PhotographScores) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Stop signs in {scores.photographs} photographs; 95 % intervals")
    table.add_column("measure")
    table.add_column("value")
    signs = scores.stop_sign
    for name, measure in (
        ("AP50", signs.ap),
        ("recall at 0.90 precision", signs.recall_at_90),
        ("recall at 0.95 precision", signs.recall_at_95),
        ("recall at 0.97 precision", signs.recall_at_97),
        ("false ones a photograph, at 0.97", signs.false_per_frame),
    ):
        table.add_row(name, _measured(measure))
    Console().print(table)


@app.command()
def drive(
    scenario: Annotated[
        str | None, typer.Option("--scenario", "-s", help="A scenario that comes with Rolling Stop.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which world.")] = 0,
    eyes: Annotated[EyesName, typer.Option(help="Whose eyes the driver sees with.")] = EyesName.NETWORK,
    weights: Weights = None,
    endless: Annotated[bool, typer.Option("--endless", help="A road without end, which nobody judges.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Without a window.")] = False,
    record: Annotated[Path | None, typer.Option("--record", help="A film of the drive, .mp4 or .gif.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps; 20 are a second.")] = None,
    truth: Annotated[bool, typer.Option("--truth", help="Show the true boxes too, in a headless film.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Watch the car drive, or take its wheel. F1 in the window lists the keys."""
    from dataclasses import asdict

    from scenarios.drives import drive_setup, endless_setup
    from sim.viewer.session import run_headless
    from sim.viewer.window import require_screen, run_window

    if endless and scenario is not None:
        raise typer.BadParameter("Expected --endless or --scenario. Received: both.")
    if not headless:
        require_screen()
    setup, limit = endless_setup(eyes.value, weights) if endless else drive_setup(scenario, eyes.value, weights)
    if headless:
        with _bar("Driving", quiet) as progress:
            summary = run_headless(
                setup, seed, max_steps=steps or limit, film=record, show_truth=truth, progress=progress
            )
    else:
        summary = run_window(setup, seed, max_steps=steps, film=record)
    if as_json:
        _print_json({**asdict(summary), "film": str(summary.film) if summary.film else None})
        return
    _say(f"{summary.time_s:.1f} s, {summary.distance_m:.0f} m. {summary.verdict or ''}".strip(), quiet)
    if summary.film:
        _say(f"Film: {summary.film}", quiet)


class TestEyesName(StrEnum):
    """Whose eyes a test drives with."""

    NETWORK = "network"
    ORACLE = "oracle"
    BLIND = "blind"
    ALL = "all"


@app.command()
def test(
    catalogue: Annotated[
        Path | None, typer.Argument(help="A folder of scenarios, or one; the shipped ones if not given.")
    ] = None,
    eyes: Annotated[
        TestEyesName | None,
        typer.Option(
            help="Whose eyes the driver sees with; all three tell what perception costs. network if not given."
        ),
    ] = None,
    weights: Weights = None,
    runs: Annotated[
        int | None,
        typer.Option("--runs", "-n", min=1, help="Runs of each scenario, each on a seed of its own; 1 if not given."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The first of those seeds; 0 if not given.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="Only scenarios of this family; may be repeated.")] = None,
    required: Annotated[
        bool, typer.Option("--required", help="Only scenarios that the shipped network must hold.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write results.json, index.html and a film of each failure here."),
    ] = None,
    films: Annotated[int, typer.Option(min=0, help="At most so many films of failures.")] = 5,
    against: Annotated[
        Path | None, typer.Option(help="Results of an earlier test on the same seeds, to be compared with.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Drive what this baseline drove; fail only if something got worse.")
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write the results to the baseline; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why the baseline changes.")] = "",
    latency: Annotated[
        bool, typer.Option("--latency", help="Hold the network's latency against the baseline's, too.")
    ] = False,
    until_proven: Annotated[
        float | None,
        typer.Option(help="Drive on until it is proven, or refuted, at 95 % that fewer than this share of runs fail."),
    ] = None,
    workers: Workers = _CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Drive every scenario and judge it. The exit status is 0 only if every run held that must hold."""
    from scenarios.baseline import load_baseline, scenarios_of
    from scenarios.scenario import choose, load_catalogue

    chosen = choose(load_catalogue(catalogue), families=family or [], required=required)
    _refuse_clashes(eyes, runs, seed, baseline, update_baseline, reason, until_proven, latency)
    if baseline is not None and (baseline.exists() or not update_baseline):
        # The same worlds as then, whatever is asked for: others would compare nothing.
        old = load_baseline(baseline)
        eyes, runs, seed = TestEyesName(old.eyes), runs or old.runs, old.seed if seed is None else seed
        chosen = chosen if update_baseline else scenarios_of(old, chosen)
    eyes, first, count = eyes or TestEyesName.NETWORK, seed or 0, runs or 1
    if until_proven is not None:
        _test_until_proven(chosen, eyes.value, until_proven, first, weights, out, films, workers, quiet, as_json)
        return
    from scenarios.run import run_catalogue

    names = ("oracle", "blind", "network") if eyes is TestEyesName.ALL else (eyes.value,)
    driven: list[Results] = []
    for name in names:
        with _bar(f"Driving with {name} eyes", quiet) as progress:
            driven.append(
                run_catalogue(chosen, name, runs=count, seed=first, weights=weights, workers=workers, progress=progress)
            )
    _report_test(
        driven, weights, junit, out, films, against, baseline, update_baseline, reason, latency, quiet, as_json
    )


def _refuse_clashes(
    eyes: TestEyesName | None,
    runs: int | None,
    seed: int | None,
    baseline: Path | None,
    update_baseline: bool,
    reason: str,
    until_proven: float | None,
    latency: bool,
) -> None:
    """Refuse options that say two things at once, before anything is driven."""
    if update_baseline and (baseline is None or not reason.strip()):
        raise typer.BadParameter("Expected --baseline and --reason with --update-baseline. Received: not both.")
    if baseline is not None and not update_baseline and (eyes or runs or seed is not None):
        raise typer.BadParameter(
            "Expected --baseline alone to say eyes, runs and seed. Received: one of these as well."
        )
    if baseline is not None and eyes is TestEyesName.ALL:
        raise typer.BadParameter("Expected one kind of eyes with --baseline. Received: all.")
    if latency and baseline is None:
        raise typer.BadParameter("Expected --baseline with --latency. Received: none.")
    if until_proven is not None:
        if not 0.0 < until_proven < 1.0:
            raise typer.BadParameter(f"Expected --until-proven to be above 0 and below 1. Received: {until_proven}.")
        if runs is not None or baseline is not None or eyes is TestEyesName.ALL:
            raise typer.BadParameter(
                "Expected --until-proven to say how many runs, with one kind of eyes. "
                "Received: --runs, --baseline or --eyes all as well."
            )


def _test_until_proven(
    chosen: tuple[Scenario, ...],
    eyes: str,
    rate: float,
    seed: int,
    weights: Path | None,
    out: Path | None,
    films: int,
    workers: int,
    quiet: bool,
    as_json: bool,
) -> None:
    from scenarios.proof import Claim, prove
    from scenarios.report import to_json
    from scenarios.statistics import plan_proof

    plan = plan_proof(rate, of=len(chosen))
    first, last = plan.looks[0], plan.looks[-1]
    _say(
        f"The plan, laid down now: {first.runs} runs without a failure prove it; failures allow for later looks, "
        f"up to {last.allowed} in {last.runs} runs. Both decisions hold at 95 %, however often it is looked at.",
        quiet,
    )
    with _bar(f"Driving with {eyes} eyes", quiet) as progress:
        proof = prove(chosen, eyes, rate, seed=seed, weights=weights, workers=workers, progress=progress)
    _write_report([proof.results], weights, None, out, films, None, quiet)
    if as_json:
        _print_json({**to_json(proof.results), "proof": proof.to_dict()})
    elif not quiet:
        _print_results(proof.results)
    _say(f"{proof.claim.value} Claimed: under {rate:g}. {proof.failures} of {proof.runs} runs failed.", as_json)
    if proof.claim is not Claim.PROVEN:
        raise typer.Exit(1)


def _report_test(
    driven: list[Results],
    weights: Path | None,
    junit: Path | None,
    out: Path | None,
    films: int,
    against: Path | None,
    baseline: Path | None,
    update_baseline: bool,
    reason: str,
    latency: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Hold what was driven against baseline and earlier results, write and print all, and leave with the status."""
    from scenarios.baseline import hold_against, load_baseline, updated, write_baseline
    from scenarios.compare import compare, load_results, recorded
    from scenarios.report import failure_line, to_json

    results = driven[-1]
    comparison = compare(load_results(against), recorded(results)) if against is not None else None
    gate = None
    if baseline is not None:
        measured = _measure_latency(weights) if latency else None
        if update_baseline:
            old = load_baseline(baseline) if baseline.exists() else None
            write_baseline(updated(old, results, reason, measured), baseline)
        else:
            gate = hold_against(load_baseline(baseline), results, measured)
    three = _write_report(driven, weights, junit, out, films, gate, quiet)
    if as_json:
        plain = to_json(results) if three is None else three.to_dict()
        more = {"comparison": comparison, "gate": gate}
        _print_json({**plain, **{key: value.to_dict() for key, value in more.items() if value is not None}})
    elif not quiet:
        for each in driven:
            _print_results(each)
        if comparison is not None:
            _print_comparison(comparison)
    else:
        for verdict in results.failures:
            typer.echo(failure_line(verdict))
    if gate is not None and not as_json:
        for told in (
            *(f"Worse: {line}" for line in gate.worse),
            *(f"Better: {line}" for line in gate.better),
            *gate.notes,
        ):
            typer.echo(told)
        typer.echo("Nothing got worse." if gate.open else f"{len(gate.worse)} things got worse than the baseline.")
    if three is not None and not as_json:
        typer.echo(three.headline)
    if update_baseline:
        _say(f"Baseline: {baseline}", quiet)
        return
    held = gate.open if gate is not None else three.held if three is not None else not results.counted_failures
    if not held:
        raise typer.Exit(1)


def _measure_latency(weights: Path | None) -> Latency:
    from perception.benchmark import benchmark_inference
    from scenarios.baseline import Latency
    from sim.benchmark import machine

    return Latency(machine=machine(), median_ms=round(benchmark_inference(weights, threads=None).median_ms, 3))


def _write_report(
    driven: list[Results],
    weights: Path | None,
    junit: Path | None,
    out: Path | None,
    films: int,
    gate: Gate | None,
    quiet: bool,
) -> ThreeEyes | None:
    """Write what is asked for, of the last results; return what all three eyes come to, if they drove."""
    from scenarios.page import write_page
    from scenarios.report import write_json, write_junit
    from scenarios.three_eyes import ThreeEyes

    results = driven[-1]
    three = ThreeEyes(*driven) if len(driven) == 3 else None
    if junit is not None:
        junit.parent.mkdir(parents=True, exist_ok=True)
        write_junit(results, junit)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_json(results, out / "results.json")
        for other in driven[:-1]:
            write_json(other, out / f"results-{other.eyes}.json")
        filmed = _film_failures(results, weights, out, films, quiet)
        write_page(results, out / "index.html", failures=filmed, three=three, gate=gate)
        _say(f"Report: {out / 'index.html'}", quiet)
    return three


def _film_failures(results: Results, weights: Path | None, out: Path, most: int, quiet: bool) -> list[FilmedFailure]:
    """Film failures, those that count first."""
    from scenarios.film import record_run
    from scenarios.page import FilmedFailure
    from scenarios.run import make_eyes
    from scenarios.scenario import find_scenario
    from scenarios.trace import Trace

    counted = results.counted_failures
    failures = [*counted, *(verdict for verdict in results.failures if verdict not in counted)][:most]
    filmed: list[FilmedFailure] = []
    if not failures:
        return filmed
    eyes = make_eyes(results.eyes, weights)
    with _bar("Filming failures", quiet) as progress:
        for verdict in failures:
            scenario = find_scenario(verdict.scenario, results.scenarios)
            film, trace = out / f"{verdict.scenario}-{verdict.seed}.mp4", Trace()
            record_run(scenario, verdict.seed, eyes, film, on_tick=trace.add)
            filmed.append(FilmedFailure(verdict, film, trace.plot()))
            progress(len(filmed), len(failures))
    return filmed


def _print_results(results: Results) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from scenarios.report import Tally, failure_line, summarise, summarise_families, tally

    console = Console()
    title = f"{results.eyes} eyes, seeds {results.seed} to {results.seed + results.runs - 1}; 95 % intervals"
    table = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("scenario", min_width=24, overflow="ellipsis", no_wrap=True)
    for column in ("held", "interval, %", "CARLA stop", "2.0", "2.1"):
        table.add_column(column, justify="right")
    table.add_column("what failed", overflow="fold", min_width=16)

    def add(title: str, row: Tally, optional: bool = False) -> None:
        style = "green" if row.passes == row.runs else "yellow" if optional else "red"
        reasons = "; ".join(f"{count} x {outcome.value}" for outcome, count in row.outcomes)
        scores = (row.driving_score_2_0, row.driving_score_2_1)
        table.add_row(
            title,
            f"[{style}]{row.passes}/{row.runs}[/]",
            f"{100 * row.low:.1f}-{100 * row.high:.1f}",
            "-" if row.carla_stops is None else f"{row.carla_stops}/{row.runs}",
            *("-" if score is None else f"{score:.1f}" for score in scores),
            f"{reasons} (not required)" if reasons and optional else reasons,
        )

    rows = summarise(results)
    for family, counted in summarise_families(results).items():
        table.add_section()
        add(f"[bold]{family.replace('_', ' ')}[/]", counted)
        for row in rows:
            if row.scenario.family == family:
                optional = results.eyes == "network" and not row.scenario.required
                add(f"  {row.scenario.title}", row, optional)
    table.add_section()
    add("[bold]all[/]", tally(results.verdicts))
    console.print(table)
    for verdict in results.failures[:20]:
        console.print(failure_line(verdict), highlight=False)
    if len(results.failures) > 20:
        console.print(f"... and {len(results.failures) - 20} more; --out or --json has them all.")


def _print_comparison(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="The same runs before and now; p of McNemar's exact test")
    table.add_column("family")
    for column in ("runs", "held in both", "only before", "only now", "in neither", "p"):
        table.add_column(column, justify="right")
    for name, row in {**comparison.families, "all": comparison.all}.items():
        numbers = (row.runs, row.both, row.only_first, row.only_second, row.neither)
        table.add_row(name.replace("_", " "), *map(str, numbers), f"{row.p_value:.3g}")
    console = Console()
    console.print(table)
    for heading, runs in (("Worse", comparison.worse), ("Better", comparison.better)):
        for run in runs[:20]:
            console.print(f"{heading}: {run.scenario}, seed {run.seed}: {run.reason}", highlight=False)
    if comparison.left_out:
        console.print(f"{comparison.left_out} runs are in one result alone, or drive other worlds: left out.")


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where everything goes.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    workers: Workers = _CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Generate a small set, train on it, evaluate on unseen seeds, drive unseen scenarios: film, plots, one page."""
    from scenarios.demo import run_demo

    result = run_demo(out, seed=seed, workers=workers, stage=lambda title: _bar(title, quiet))
    if as_json:
        _print_json(result.to_dict())
        return
    if not quiet:
        _print_scores(result.scores)
        for verdict in result.verdicts:
            _say(f"{verdict.scenario}: {'held. ' if verdict.passed else ''}{verdict.reason}")
    _say(f"{result.minutes:.1f} minutes in all. Open {result.page}", quiet)


@app.command()
def benchmark(
    what: Annotated[BenchmarkName, typer.Argument(help="What to time.")] = BenchmarkName.ALL,
    preset: Annotated[str | None, typer.Option(help="Light and weather of the frames that 'render' draws.")] = None,
    weights: Weights = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Time the simulator and the network, on one core of this machine."""
    from sim.benchmark import (
        Benchmark,
        benchmark_generate,
        benchmark_loop,
        benchmark_render,
        machine,
        on_one_core,
        peak_memory_mb,
    )

    on_one_core()
    wanted = [name for name in BenchmarkName if what in (name, BenchmarkName.ALL) and name is not BenchmarkName.ALL]
    # TensorFlow takes its number of threads before its first computation: inference comes first.
    wanted.sort(key=lambda name: name is not BenchmarkName.INFERENCE)
    results: list[Benchmark] = []
    for name in wanted:
        with _bar(f"Timing {name.value}", quiet) as progress:
            if name is BenchmarkName.RENDER:
                results.append(benchmark_render(preset=preset, progress=progress))
            elif name is BenchmarkName.GENERATE:
                results.append(benchmark_generate(_standard_recipe(), progress=progress))
            elif name is BenchmarkName.LOOP:
                from scenarios.run import make_eyes
                from sim.loop import OracleEyes

                results.append(benchmark_loop(OracleEyes(), progress=progress))
                results.append(benchmark_loop(make_eyes("network", weights), progress=progress))
            elif name is BenchmarkName.INFERENCE:
                from perception.benchmark import benchmark_inference

                speed = benchmark_inference(weights)
                results.append(
                    Benchmark(
                        "frame to percept",
                        speed.frames,
                        1000 / speed.median_ms,
                        None,
                        speed.median_ms,
                        speed.p99_ms,
                        peak_memory_mb(),
                        f"one thread, {speed.device}",
                    )
                )
            else:
                from perception.benchmark import benchmark_training

                step = benchmark_training()
                detail = f"training images, {step.device}, data at hand"
                results.append(
                    Benchmark("training", step.steps, step.images_per_s, None, None, None, peak_memory_mb(), detail)
                )
    if as_json:
        _print_json({"machine": machine(), "benchmarks": [result.to_dict() for result in results]})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"One core of {machine()}")
    for column in ("what", "a second", "x real time", "median ms", "p99 ms", "peak MB", ""):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    for result in results:
        realtime = f"{result.realtime:.1f}" if result.realtime is not None else "-"
        median = f"{result.median_ms:.2f}" if result.median_ms is not None else "-"
        p99 = f"{result.p99_ms:.2f}" if result.p99_ms is not None else "-"
        table.add_row(
            result.name,
            f"{result.per_second:.0f}",
            realtime,
            median,
            p99,
            f"{result.peak_memory_mb:.0f}",
            result.detail,
        )
    Console().print(table)


def _standard_recipe() -> Path:
    from sim.recording import SHIPPED_RECIPES

    return SHIPPED_RECIPES / "standard.toml"


@app.command("compare-runs")
def compare_runs(
    first: Annotated[Path, typer.Argument(help="results.json of an earlier test, or its folder.")],
    second: Annotated[Path, typer.Argument(help="The same of a later one, on the same seeds.")],
    as_json: Json = False,
) -> None:
    """Compare two results run by run, with McNemar's exact test. The exit status is 0 whatever comes out."""
    from scenarios.compare import compare, load_results

    comparison = compare(load_results(first), load_results(second))
    if as_json:
        _print_json(comparison.to_dict())
    else:
        _print_comparison(comparison)


scenarios_app = typer.Typer(help="Look at scenario files, and check them, without driving.", no_args_is_help=True)
app.add_typer(scenarios_app, name="scenarios")


@scenarios_app.command("list")
def list_scenarios(
    catalogue: Annotated[
        Path | None, typer.Argument(help="A folder of scenarios, or one; the shipped ones if not given.")
    ] = None,
    family: Annotated[list[str] | None, typer.Option(help="Only scenarios of this family; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """List scenarios by family."""
    from scenarios.scenario import choose, load_catalogue

    chosen = sorted(choose(load_catalogue(catalogue), families=family or []), key=lambda one: (one.family, one.name))
    if as_json:
        keys = ("name", "family", "title", "description", "required", "not_required_because", "digest")
        _print_json([{key: getattr(scenario, key) for key in keys} for scenario in chosen])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("family", "name", "what is hard about it", "required")
    for number, scenario in enumerate(chosen):
        first = number == 0 or chosen[number - 1].family != scenario.family
        if first:
            table.add_section()
        table.add_row(
            scenario.family.replace("_", " ") if first else "",
            scenario.name,
            scenario.description,
            "yes" if scenario.required else f"no: {scenario.not_required_because}",
        )
    Console().print(table)


@scenarios_app.command("lint")
def lint_scenarios(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]", help="Files or folders; the shipped ones if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check scenario files: every wrong key is named, with what was expected and what came; nothing is driven."""
    from scenarios.lint import lint, scenario_files
    from sim.errors import ScenarioError

    files = scenario_files(paths or [])
    faults = lint(files)
    if as_json:
        _print_json(
            {"files": len(files), "faults": [{"path": str(one.path), "message": one.message} for one in faults]}
        )
    else:
        for fault in faults:
            typer.echo(f"{fault.path}: {fault.message}", err=True)
        _say(f"{len(files)} files, {len(faults)} faults.")
    if faults:
        raise typer.Exit(ScenarioError.exit_code)


@scenarios_app.command("schema")
def scenario_schema() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check TOML."""
    from scenarios.lint import json_schema

    _print_json(json_schema())


def main() -> None:
    """Run the command line; the one place where errors become a line and an exit status."""
    try:
        status = app(standalone_mode=False)
    except RollingStopError as fault:
        _fail(str(fault), fault.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except _UsageError as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as fault:
        _fail(
            f"The system refused: {fault}. Check the path, the permissions and the free space.", StorageError.exit_code
        )
    # Typer may answer Ctrl-C itself, with this status and without a word.
    if status == INTERRUPTED:
        _fail("Interrupted. What is finished is kept; the same command goes on from there.", INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str, status: int) -> None:
    typer.echo(f"rollingstop: {message}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
