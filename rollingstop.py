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
    from scenarios.run import Results
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
        str | None, typer.Option("--scenario", "-s", help="A scenario of the catalogue, or of traffic.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which world.")] = 0,
    eyes: Annotated[EyesName, typer.Option(help="Whose eyes the driver sees with.")] = EyesName.NETWORK,
    weights: Annotated[
        list[Path] | None,
        typer.Option("--weights", "-w", help="A weights file (.npz); given more than once, V changes between them."),
    ] = None,
    endless: Annotated[bool, typer.Option("--endless", help="A road without end, which nobody judges.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Without a window.")] = False,
    record: Annotated[Path | None, typer.Option("--record", help="A film of the drive, .mp4 or .gif.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps; 20 are a second.")] = None,
    truth: Annotated[bool, typer.Option("--truth", help="Show the true boxes too, in a headless film.")] = False,
    log_path: Annotated[
        Path | None, typer.Option("--log", help="Note down every step, .parquet; `rollingstop plot` draws it.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Watch the car drive, or take its wheel. F1 in the window lists the keys."""
    from contextlib import nullcontext
    from dataclasses import asdict

    from scenarios.drives import drive_setup, endless_setup
    from sim.recording.run_log import RunLog, check_log_path
    from sim.viewer.session import run_headless
    from sim.viewer.window import require_screen, run_window

    if endless and scenario is not None:
        raise typer.BadParameter("Expected --endless or --scenario. Received: both.")
    if not headless:
        require_screen()
    if log_path is not None:
        check_log_path(log_path)
    first, *others = weights or [None]
    more = [path for path in others if path is not None]
    setup, limit = endless_setup(eyes.value, first, more) if endless else drive_setup(scenario, eyes.value, first, more)
    with RunLog(log_path) if log_path is not None else nullcontext() as log:
        if headless:
            with _bar("Driving", quiet) as progress:
                summary = run_headless(
                    setup, seed, max_steps=steps or limit, film=record, show_truth=truth, log=log, progress=progress
                )
        else:
            summary = run_window(setup, seed, max_steps=steps, film=record, log=log)
    if as_json:
        paths = {"film": summary.film, "log": log_path}
        _print_json({**asdict(summary), **{name: str(path) if path else None for name, path in paths.items()}})
        return
    _say(f"{summary.time_s:.1f} s, {summary.distance_m:.0f} m. {summary.verdict or ''}".strip(), quiet)
    if summary.film:
        _say(f"Film: {summary.film}", quiet)
    if log_path:
        _say(f"Log: {log_path}", quiet)


@app.command()
def test(
    catalogue: Annotated[
        Path | None, typer.Argument(help="A folder of scenarios, or one; the shipped ones if not given.")
    ] = None,
    eyes: Annotated[EyesName, typer.Option(help="Whose eyes the driver sees with.")] = EyesName.NETWORK,
    weights: Weights = None,
    runs: Annotated[
        int, typer.Option("--runs", "-n", min=1, help="Runs of each scenario, each on a seed of its own.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The first of those seeds.")] = 0,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write results.json and a film of each failure here.")
    ] = None,
    films: Annotated[int, typer.Option(min=0, help="At most so many films of failures.")] = 5,
    workers: Workers = _CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Drive every scenario and judge it. The exit status is 0 only if every run held."""
    from scenarios.report import failure_line, to_json, write_json, write_junit
    from scenarios.run import run_catalogue
    from scenarios.scenario import load_catalogue

    chosen = load_catalogue(catalogue)
    with _bar(f"Driving with {eyes.value} eyes", quiet) as progress:
        results = run_catalogue(
            chosen, eyes.value, runs=runs, seed=seed, weights=weights, workers=workers, progress=progress
        )
    if junit is not None:
        junit.parent.mkdir(parents=True, exist_ok=True)
        write_junit(results, junit)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_json(results, out / "results.json")
        _film_failures(results, weights, out, films, quiet)
    if as_json:
        _print_json(to_json(results))
    elif not quiet:
        _print_results(results)
    else:
        for verdict in results.failures:
            typer.echo(failure_line(verdict))
    if not results.passed:
        raise typer.Exit(1)


def _film_failures(results: Results, weights: Path | None, out: Path, most: int, quiet: bool) -> None:
    from scenarios.film import record_run
    from scenarios.run import make_eyes
    from scenarios.scenario import find_scenario

    failures = results.failures[:most]
    if not failures:
        return
    eyes = make_eyes(results.eyes, weights)
    with _bar("Filming failures", quiet) as progress:
        for done, verdict in enumerate(failures, start=1):
            scenario = find_scenario(verdict.scenario, results.scenarios)
            record_run(scenario, verdict.seed, eyes, out / f"{verdict.scenario}-{verdict.seed}.mp4")
            progress(done, len(failures))


def _print_results(results: Results) -> None:
    from rich.console import Console
    from rich.table import Table

    from scenarios.report import failure_line, summarise

    console = Console()
    table = Table(
        title=f"{results.eyes} eyes, seeds {results.seed} to {results.seed + results.runs - 1}; 95 % intervals"
    )
    table.add_column("scenario")
    table.add_column("held", justify="right")
    table.add_column("interval", justify="right")
    table.add_column("what failed", overflow="fold")
    for row in summarise(results):
        style = "green" if row.passes == row.runs else "red"
        reasons = "; ".join(f"{count} x {outcome.value}" for outcome, count in row.outcomes)
        table.add_row(
            row.scenario.title, f"[{style}]{row.passes}/{row.runs}[/]", f"{row.low:.0%} - {row.high:.0%}", reasons
        )
    console.print(table)
    for verdict in results.failures[:20]:
        console.print(failure_line(verdict), highlight=False)
    if len(results.failures) > 20:
        console.print(f"... and {len(results.failures) - 20} more; --out or --json has them all.")


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


@app.command()
def plot(
    log: Annotated[Path, typer.Argument(help="The log of a drive: `rollingstop drive --log run.parquet`.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The picture, .png, .svg or .pdf; beside the log if not given.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a drive's log: speed, the way to the stop, and how sure the eyes were, over time."""
    from sim.recording.run_log import read_log
    from sim.show.run_plot import write_run_plot

    table = read_log(log)
    path = out or log.with_suffix(".png")
    write_run_plot(table, path)
    if as_json:
        _print_json({"path": str(path), "ticks": len(table)})
    else:
        _say(str(path), quiet)


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
