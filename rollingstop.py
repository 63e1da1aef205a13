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

from sim.errors import DatasetError, RecipeError, RollingStopError, StorageError

if TYPE_CHECKING:
    from perception.engine import Engine
    from perception.scores import Measure, PhotographScores, Scores
    from scenarios.baseline import Gate, Latency
    from scenarios.compare import Comparison
    from scenarios.page import FilmedFailure
    from scenarios.run import Results
    from scenarios.scenario import Scenario
    from scenarios.three_eyes import ThreeEyes
    from scenarios.why import Explanation
    from sim.show.shots import Source
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
    READ = "read"
    ALL = "all"


class BackendName(StrEnum):
    """What the network's answers can be computed with."""

    KERAS = "keras"
    ONNX = "onnx"
    OPENVINO = "openvino"
    LITERT = "litert"


class PrecisionName(StrEnum):
    """Numbers in which the network can multiply."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"


class FormatName(StrEnum):
    """What the network can be exported to."""

    ONNX = "onnx"
    OPENVINO = "openvino"
    LITERT = "litert"
    SAVEDMODEL = "savedmodel"


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no tables.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Weights = Annotated[
    Path | None, typer.Option("--weights", "-w", help="A weights file (.npz); the shipped one if not given.")
]
BackendOption = Annotated[
    BackendName, typer.Option("--backend", help="What computes the network's answers; all but keras are extras.")
]
PrecisionOption = Annotated[
    PrecisionName | None, typer.Option("--precision", help="Numbers it multiplies in; the backend's own if not given.")
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


def _engine(backend: BackendName, precision: PrecisionName | None) -> Engine:
    from perception.engine import Backend, Engine, Precision

    return Engine(Backend(backend.value), Precision(precision.value) if precision else None)


def _say(text: str, quiet: bool = False) -> None:
    if not quiet:
        typer.echo(text, err=True)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


@contextmanager
def _drawing(title: str, folder: Path | None, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a live table while frames are drawn: how many, how fast, how long yet, and what they take on the disk."""
    if quiet:
        yield lambda _done, _total: None
        return
    from time import monotonic

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[disk]}"),
    )
    began: tuple[float, int] | None = None
    looked_s = 0.0
    with Progress(*columns, console=Console(stderr=True)) as table:
        task = table.add_task(title, total=None, rate="", disk="")

        def report(done: int, total: int) -> None:
            nonlocal began, looked_s
            now = monotonic()
            began = began or (now, done)
            table.update(task, completed=done, total=total)
            # The folder is looked through once a second, however fast frames come.
            if now - looked_s < 1.0 and done < total:
                return
            looked_s = now
            rate = (done - began[1]) / max(now - began[0], 1e-3)
            disk = sum(path.stat().st_size for path in folder.glob("*.parquet")) if folder else 0
            words = f"{disk / 1e6:.0f} MB, {disk / max(done, 1) * total / 1e6:.0f} in all" if disk else ""
            table.update(task, rate=f"{rate:.0f} frames/s" if done > began[1] else "", disk=words)

        yield report


class EngineName(StrEnum):
    """What draws a data set."""

    LOCAL = "local"
    RAY = "ray"


@app.command()
def generate(
    recipe: Annotated[Path, typer.Argument(help="A recipe, such as datasets/standard.toml.")],
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", help="The data set's folder, or a URI (s3://...); datasets/generated/NAME if not given."
        ),
    ] = None,
    workers: Workers = _CORES,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    count: Annotated[int | None, typer.Option(help="How many frames, instead of the recipe's.")] = None,
    engine: Annotated[EngineName, typer.Option(help="Processes of this machine, or tasks on a Ray cluster.")] = (
        EngineName.LOCAL
    ),
    address: Annotated[
        str | None, typer.Option(help="Of a running Ray cluster, or 'auto'; one is started here if not given.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw labelled frames from a recipe. A run that was stopped goes on where it stood, to the same bytes."""
    from sim.recording import generate_dataset, load_recipe

    wanted = load_recipe(recipe)
    if out is not None and "://" in out:
        from sim.recording.cloud import generate_to

        with _drawing(f"Drawing {wanted.name}", None, quiet) as progress:
            stored = generate_to(
                wanted,
                out,
                seed=seed,
                count=count,
                workers=workers,
                engine=engine.value,
                address=address,
                progress=progress,
            )
        size = sum(shard.bytes for shard in stored.shards)
        if as_json:
            _print_json({"path": out, "frames": stored.rows, "shards": len(stored.shards), "bytes": size})
        else:
            _say(f"{stored.rows} frames in {len(stored.shards)} shards, {size / 1e6:.0f} MB: {out}", quiet)
        return
    folder = Path(out) if out else Path("datasets/generated") / wanted.name
    with _drawing(f"Drawing {wanted.name}", folder, quiet) as progress:
        made = generate_dataset(
            wanted,
            folder,
            seed=seed,
            count=count,
            workers=workers,
            engine=engine.value,
            address=address,
            progress=progress,
        )
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
        int | None, typer.Option("--count", "-n", min=1, help="How many frames; 24, or 1000 for --stats and --html.")
    ] = None,
    columns: Annotated[int, typer.Option(min=1, help="Frames side by side.")] = 4,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")] = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Count what the frames hold, and look for two alike; no sheet.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="One page instead: distributions, samples, label checks, frames that are alike."),
    ] = None,
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
    if html is not None:
        _write_page(source, html, count or 1000, quiet, as_json)
        return
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


def _write_page(source: Source, path: Path, count: int, quiet: bool, as_json: bool) -> None:
    from sim.show.page import check_page_path, write_page

    check_page_path(path)
    with _bar(f"Looking through {source.name}", quiet) as progress:
        page = write_page(source, path, count, progress)
    if as_json:
        _print_json(page.to_dict())
        return
    faults = sum(len(found) for found in page.faults.values())
    alike = len(page.alike)
    _say(f"{page.frames} frames, {faults} faults in their labels, {alike} pairs of frames alike: {path}", quiet)


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
    frames: Annotated[int, typer.Option("--frames", min=1, help="How many frames --corruptions takes.")] = 200,
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
    if corruptions:
        if dataset is None:
            raise typer.BadParameter("Expected a data set with --corruptions. Received: photographs.")
        _evaluate_corruptions(dataset, weights, _engine(backend, precision), frames, out, quiet, as_json)
        return
    if dataset is not None:
        from perception.evaluate import evaluate as score_dataset
        from perception.mistakes import MistakeBook

        book = MistakeBook() if html is not None else None
        with _bar("Evaluating", quiet) as progress:
            scores = score_dataset(
                dataset,
                weights,
                engine=_engine(backend, precision),
                watch=book.add if book is not None else None,
                progress=progress,
            )
        _write_scores(scores, out)
        if html is not None and book is not None:
            from perception.evaluate_page import write_page

            write_page(scores, book, dataset, html)
            _say(f"Page: {html}", quiet)
        if as_json:
            _print_json(scores.to_dict())
        elif not quiet:
            _print_scores(scores)
        return
    if backend is not BackendName.KERAS or precision is not None:
        raise typer.BadParameter("Expected keras with --images: exported networks see one size. Received: another.")
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


def _evaluate_corruptions(
    dataset: Path, weights: Path | None, engine: Engine, frames: int, out: Path | None, quiet: bool, as_json: bool
) -> None:
    from rich.console import Console
    from rich.table import Table

    from perception.perceiver import load_perceiver
    from perception.robustness import evaluate_corruptions, unfamiliar_beliefs, write_robustness
    from perception.scores import LOWEST_COUNTED

    with _bar("Corrupting", quiet) as progress:
        scores = evaluate_corruptions(dataset, weights, frames=frames, engine=engine, progress=progress)
    beliefs = unfamiliar_beliefs(load_perceiver(weights, lowest_score=LOWEST_COUNTED, engine=engine))
    if out is not None:
        write_robustness(scores, beliefs, out)
    if as_json:
        _print_json({**scores.to_dict(), "unfamiliar": {name: sign for name, (sign, _) in beliefs.items()}})
        return
    if quiet:
        return
    table = Table(title=f"Stop signs: AP50 on {scores.frames} frames by severity; clean {_measured(scores.clean)}")
    for column in ("corruption", "1", "2", "3", "4", "5"):
        table.add_column(column, justify="left" if column == "corruption" else "right")
    for name, row in scores.cells.items():
        table.add_row(name.replace("_", " "), *("-" if each.value is None else f"{each.value:.3f}" for each in row))
    Console().print(table)
    error, surest = scores.mean_corruption_error, max(beliefs, key=lambda name: beliefs[name][0])
    _say(f"mCE against the colour rule (clean AP50 {scores.clean_rule:.3f}) on the same frames: {error:.3f}.")
    _say(f"Worst at severity 3: {scores.worst.replace('_', ' ')}, AP50 {scores.worst_ap:.3f}.")
    _say(f"Frames of no road: surest of a stop sign on '{surest}', {beliefs[surest][0]:.2f}.")


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
        ("stop signs: calibration error (ECE)", _measured(signs.reliability.ece)),
        ("vehicles: calibration error", _measured(scores.vehicle.reliability.ece)),
        ("stop line: calibration error", _measured(line.reliability.ece)),
        ("lane: calibration error", _measured(lane.reliability.ece)),
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
    weights: Annotated[
        list[Path] | None,
        typer.Option("--weights", "-w", help="A weights file (.npz); given more than once, V changes between them."),
    ] = None,
    backend: BackendOption = BackendName.KERAS,
    precision: PrecisionOption = None,
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
    engine = _engine(backend, precision)
    if endless:
        setup, limit = endless_setup(eyes.value, first, more, engine=engine)
    else:
        setup, limit = drive_setup(scenario, eyes.value, first, more, engine=engine)
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
    backend: BackendOption = BackendName.KERAS,
    precision: PrecisionOption = None,
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
        typer.Option(
            "--out", "-o", help="Write results.json, index.html, and a film and a replay bundle of each failure here."
        ),
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
    why: Annotated[
        bool, typer.Option("--why", help="Drive each failed run again to find out which part failed.")
    ] = False,
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
        eyes, runs, seed = eyes or TestEyesName(old.eyes), runs or old.runs, old.seed if seed is None else seed
        chosen = chosen if update_baseline else scenarios_of(old, chosen)
    engine = _engine(backend, precision)
    eyes, first, count = eyes or TestEyesName.NETWORK, seed or 0, runs or 1
    if until_proven is not None:
        _test_until_proven(
            chosen, eyes.value, until_proven, first, weights, engine, out, films, workers, quiet, as_json
        )
        return
    from scenarios.run import run_catalogue

    names = ("oracle", "blind", "network") if eyes is TestEyesName.ALL else (eyes.value,)
    driven: list[Results] = []
    for name in names:
        with _bar(f"Driving with {name} eyes", quiet) as progress:
            driven.append(
                run_catalogue(
                    chosen,
                    name,
                    runs=count,
                    seed=first,
                    weights=weights,
                    engine=engine,
                    workers=workers,
                    progress=progress,
                )
            )
    _report_test(
        driven,
        weights,
        engine,
        junit,
        out,
        films,
        why,
        against,
        baseline,
        update_baseline,
        reason,
        latency,
        quiet,
        as_json,
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
    engine: Engine,
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
        proof = prove(chosen, eyes, rate, seed=seed, weights=weights, engine=engine, workers=workers, progress=progress)
    _write_report([proof.results], weights, engine, None, out, films, None, quiet)
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
    engine: Engine,
    junit: Path | None,
    out: Path | None,
    films: int,
    why: bool,
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
        measured = _measure_latency(weights, engine) if latency else None
        if update_baseline:
            old = load_baseline(baseline) if baseline.exists() else None
            write_baseline(updated(old, results, reason, measured), baseline)
        else:
            gate = hold_against(load_baseline(baseline), results, measured)
    causes = _explain_failures(results, weights, engine, out, quiet) if why else []
    three = _write_report(driven, weights, engine, junit, out, films, gate, quiet)
    if as_json:
        plain = to_json(results) if three is None else three.to_dict()
        more = {"comparison": comparison, "gate": gate}
        found = {"why": _plain_causes(causes)} if why else {}
        _print_json({**plain, **{key: value.to_dict() for key, value in more.items() if value is not None}, **found})
    elif not quiet:
        for each in driven:
            _print_results(each)
        if comparison is not None:
            _print_comparison(comparison)
    else:
        for verdict in results.failures:
            typer.echo(failure_line(verdict))
    if causes and not as_json:
        _print_causes(causes)
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


def _measure_latency(weights: Path | None, engine: Engine) -> Latency:
    from perception.benchmark import benchmark_inference
    from scenarios.baseline import Latency
    from sim.benchmark import machine

    return Latency(machine=machine(), median_ms=round(benchmark_inference(weights, threads=None).median_ms, 3))


def _write_report(
    driven: list[Results],
    weights: Path | None,
    engine: Engine,
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
        filmed = _film_failures(results, weights, engine, out, films, quiet)
        _bundle_failures(results, weights, engine, out, quiet)
        write_page(results, out / "index.html", failures=filmed, three=three, gate=gate)
        _say(f"Report: {out / 'index.html'}", quiet)
    return three


def _film_failures(
    results: Results, weights: Path | None, engine: Engine, out: Path, most: int, quiet: bool
) -> list[FilmedFailure]:
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
    eyes = make_eyes(results.eyes, weights, engine=engine)
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
    backend: BackendOption = BackendName.KERAS,
    precision: PrecisionOption = None,
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

    if what is BenchmarkName.READ:
        # It asks how reading and training share the cores that training has: it is no part of "all", on one core.
        _benchmark_reading(quiet, as_json)
        return
    engine = _engine(backend, precision)
    on_one_core()
    alone = (BenchmarkName.ALL, BenchmarkName.READ)
    wanted = [name for name in BenchmarkName if what in (name, BenchmarkName.ALL) and name not in alone]
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
                results.append(benchmark_loop(make_eyes("network", weights, engine=engine), progress=progress))
            elif name is BenchmarkName.INFERENCE:
                from perception.benchmark import benchmark_inference

                speed = benchmark_inference(weights, engine=engine)
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


def _benchmark_reading(quiet: bool, as_json: bool) -> None:
    import tempfile
    from dataclasses import asdict

    from perception.benchmark import benchmark_reading
    from sim.recording import generate_dataset, load_recipe

    with tempfile.TemporaryDirectory() as folder, _bar("Drawing frames to read", quiet) as progress:
        made = generate_dataset(load_recipe(_standard_recipe()), Path(folder) / "set", count=400, progress=progress)
        speed = benchmark_reading(made.path, workers=_CORES)
    if as_json:
        _print_json(asdict(speed))
        return
    typer.echo(
        f"{speed.images_per_s:.0f} training images a second over {speed.steps} steps, read from shards by "
        f"{speed.workers} threads; {speed.wait_share:.1%} of the time is spent waiting for data ({speed.device})."
    )


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
    from scenarios.scenario import choose, load_catalogue, load_shipped

    known = load_catalogue(catalogue) if catalogue else load_shipped()
    chosen = sorted(choose(known, families=family or []), key=lambda one: (one.family, one.name))
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


def _bundle_failures(results: Results, weights: Path | None, engine: Engine, out: Path, quiet: bool) -> None:
    from scenarios.replay import record_bundle, write_bundle
    from scenarios.run import make_eyes
    from scenarios.scenario import find_scenario

    failures = results.failures
    if not failures:
        return
    eyes = make_eyes(results.eyes, weights, engine=engine)
    with _bar("Keeping failures for replay", quiet) as progress:
        for done, verdict in enumerate(failures, start=1):
            scenario = find_scenario(verdict.scenario, results.scenarios)
            write_bundle(record_bundle(scenario, verdict.seed, eyes, weights=weights), out)
            progress(done, len(failures))


def _explain_failures(
    results: Results, weights: Path | None, engine: Engine, out: Path | None, quiet: bool
) -> list[Explanation]:
    from scenarios.run import make_eyes
    from scenarios.scenario import find_scenario
    from scenarios.why import explain
    from sim.files import write_atomically

    found: list[Explanation] = []
    failures = results.failures
    if failures:
        eyes = make_eyes(results.eyes, weights, engine=engine)
        with _bar("Asking why", quiet) as progress:
            for done, verdict in enumerate(failures, start=1):
                reason = explain(find_scenario(verdict.scenario, results.scenarios), verdict.seed, eyes)
                found += [] if reason is None else [reason]
                progress(done, len(failures))
    if out is not None:
        write_atomically(out / "why.json", (json.dumps(_plain_causes(found), indent=2) + "\n").encode())
    return found


def _plain_causes(found: list[Explanation]) -> dict[str, Any]:
    from scenarios.why import to_json

    return to_json(found)


def _print_causes(found: list[Explanation]) -> None:
    from rich.console import Console
    from rich.table import Table

    from scenarios.why import Cause, count_by

    console = Console()
    causes = [cause for cause in Cause if any(each.cause is cause for each in found)]
    table = Table("", title="Failed runs by cause")
    for cause in causes:
        table.add_column(cause.name.lower().replace("_", " "), justify="right")
    for name, rows in count_by(found).items():
        table.add_section()
        table.add_row(f"[bold]{name}[/]", *("" for _ in causes))
        for key, counts in sorted(rows.items()):
            table.add_row(f"  {key}", *(str(counts[cause.name] or "") for cause in causes))
    console.print(table)
    for each in found:
        seen = "never visible" if each.visible_m is None else f"visible from {each.visible_m:.0f} m"
        found_at = "never found" if each.found_m is None else f"found at {each.found_m:.0f} m"
        mended = f" Passes {each.mended_by}." if each.mended_by else ""
        console.print(
            f"{each.scenario}, seed {each.seed}: {each.cause.value}{mended} ({seen}, {found_at})", highlight=False
        )


@app.command()
def replay(
    bundle: Annotated[Path, typer.Argument(help="A *.replay.json that `rollingstop test --out` left.")],
    weights: Weights = None,
    headless: Annotated[bool, typer.Option("--headless", help="Without a window.")] = False,
    record: Annotated[Path | None, typer.Option("--record", help="A film of the drive, .mp4 or .gif.")] = None,
    truth: Annotated[bool, typer.Option("--truth", help="Show the true boxes too, in a headless film.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Drive a recorded run again, and say where it first differs. The exit status is 0 only if it does not."""
    from dataclasses import asdict

    from scenarios.replay import read_bundle, replay_setup
    from sim.viewer.session import run_headless
    from sim.viewer.window import require_screen, run_window

    recorded = read_bundle(bundle)
    if not headless:
        require_screen()
    setup, comparison, changes = replay_setup(recorded, weights)
    most = len(recorded.ticks) + 1
    if headless:
        with _bar("Driving", quiet) as progress:
            summary = run_headless(
                setup, recorded.run_seed, max_steps=most, film=record, show_truth=truth, progress=progress
            )
    else:
        summary = run_window(setup, recorded.run_seed, max_steps=most, film=record)
    difference = comparison.difference
    if as_json:
        _print_json(
            {
                "scenario": recorded.scenario.name,
                "seed": recorded.run_seed,
                "ticks": len(recorded.ticks),
                "driven": summary.steps,
                "difference": None if difference is None else asdict(difference),
                "changes": list(changes),
                "recorded": recorded.reason,
                "verdict": summary.verdict,
                "film": str(summary.film) if summary.film else None,
            }
        )
    elif not quiet:
        for change in changes:
            _say(change)
        same = f"The same in all {min(summary.steps, len(recorded.ticks))} ticks that were driven."
        _say(difference.sentence if difference is not None else same)
        _say(f"Recorded: {recorded.reason} Now: {summary.verdict or 'not driven to its end.'}")
        if summary.film:
            _say(f"Film: {summary.film}")
    if difference is not None:
        raise typer.Exit(1)


class SamplerName(StrEnum):
    """How a search chooses what to drive next."""

    TPE = "tpe"
    RANDOM = "random"


@app.command()
def search(
    what: Annotated[str, typer.Argument(help="A scenario or a family of them by name, a file, or a folder.")],
    budget: Annotated[
        int, typer.Option("--budget", "-n", min=1, help="Most runs to find a failure with, in all.")
    ] = 100,
    eyes: Annotated[EyesName, typer.Option(help="Whose failures.")] = EyesName.NETWORK,
    weights: Weights = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search, and the first run's.")] = 0,
    sampler: Annotated[
        SamplerName, typer.Option(help="Optimisation, or random draws to compare it with.")
    ] = SamplerName.TPE,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where what is found is saved as a new scenario.")] = Path(
        "runs/search"
    ),
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Hunt for a failure by optimisation, shrink it to the simplest one, and save it. Exit status 1 if one is found."""
    from scenarios.run import make_eyes
    from scenarios.search import OTHER_SEEDS, choose, hunt, write_scenario

    chosen = choose(what)
    share = max(budget // len(chosen), 1)
    sees = make_eyes(eyes.value, weights)
    out.mkdir(parents=True, exist_ok=True)
    hunts: list[dict[str, Any]] = []
    for scenario in chosen:
        with _bar(f"Searching {scenario.name}", quiet) as progress:
            result = hunt(scenario, sees, budget=share, seed=seed, sampler=sampler.value, progress=progress)
        path = write_scenario(result.found.scenario, out) if result.found is not None else None
        hunts.append({**result.to_dict(), "path": str(path) if path else None})
        if result.found is None:
            _say(f"{scenario.name}: no failure in {result.trials} runs; margin {result.lowest_margin:.2f}.", quiet)
            continue
        found = result.found
        pins = ", ".join(f"{key} = {value:.4g}" for key, value in found.pins.items()) or "nothing pinned"
        _say(
            f"{scenario.name}: failed in run {result.trials}, seed {found.run_seed}: {found.verdict.reason}\n"
            f"  shrunk from {found.first_pins} pins to {len(found.pins)} in {result.shrink_runs} runs: {pins}\n"
            f"  fails on {found.others_failed} of the next {OTHER_SEEDS} seeds too; saved as {path}",
            quiet,
        )
    if as_json:
        _print_json({"eyes": eyes.value, "seed": seed, "budget": budget, "hunts": hunts})
    if any(each["found"] is not None for each in hunts):
        raise typer.Exit(1)


class ExportName(StrEnum):
    """Formats in which a data set can be written for other tools."""

    COCO = "coco"
    YOLO = "yolo"
    TFRECORD = "tfrecord"
    PARQUET = "parquet"


class ImportName(StrEnum):
    """Formats of labelled pictures that can be read."""

    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"


class FitName(StrEnum):
    """How a picture is brought to the camera's size."""

    LETTERBOX = "letterbox"
    CROP = "crop"


@app.command("export-data")
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
    with _bar(f"Writing {kind.value}", quiet) as progress:
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
        _print_json({"path": str(out), "format": kind.value, "frames": counts, "with_masks": masked})
        return
    _say(f"{found.count} frames: {out}", quiet)
    if masks and masked is not None and masked < found.count:
        _say(f"{found.count - masked} of them without masks: this version would not draw them as they are.", quiet)


@app.command("import-data")
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
    annotated = read_annotated(folder, Format(kind.value) if kind is not None else None, images)
    with _bar("Importing", quiet) as progress:
        made = import_pictures(
            annotated,
            out.name,
            out,
            fit=Fit(fit.value),
            classes={name: ours for name, _, ours in pairs},
            progress=progress,
        )
    if as_json:
        counts = {"things": dict(made.counts), "ignored": made.ignored, "empty_boxes": made.empty}
        _print_json({"path": str(out), "pictures": made.dataset.count, "classes": made.classes, **counts})
        return
    _say(f"{made.dataset.count} pictures: {out}", quiet)
    _say("; ".join(f"{name} {count}" for name, count in made.counts.items()) or "Nothing is marked on them.", quiet)
    left_out = [name for name, ours in made.classes.items() if ours == "none"]
    _say(f"Left out: {', '.join(left_out)} (see --class)." if left_out else "", quiet or not left_out)


@app.command()
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
    from sim.show.shots import open_source

    explainer = load_explainer(weights)
    source = open_source([str(seed)])
    if image is not None:
        rgb, truth, name = read_picture(image, explainer.camera), None, image.stem
    else:
        shots = list(source.shots(0, 20))
        shot = next((each for each in shots if true_boxes(each.truth, Head.STOP_SIGN)), shots[0])
        rgb, truth, name = shot.picture(), shot.truth, f"seed-{seed}-frame-{shot.name}"
    explained = explain_frame(explainer, rgb, truth)
    played = None
    if pointing:
        with _bar("Pointing", quiet) as progress:
            done = iter(range(1, pointing + 1))
            frames = ((shot.picture(), shot.truth) for shot in source.shots(0, pointing))
            played = pointing_game(explainer, frames, progress=lambda: progress(next(done), pointing))
    page = out or Path("runs/explain") / f"{name}.html"
    write_explanation(explained, page, str(image) if image is not None else name.replace("-", " "), played)
    if as_json:
        games = {head.value: asdict(scores) for head, scores in (played or {}).items()}
        _print_json({"page": str(page), "heads": explained.to_dict(), "pointing": games})
    else:
        _say(str(page), quiet)


@app.command()
def export(
    to: Annotated[FormatName, typer.Option("--to", help="The format.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder; runs/export/FORMAT-PRECISION if not given.")
    ] = None,
    precision: Annotated[PrecisionName, typer.Option("--precision", help="float32 or int8.")] = PrecisionName.FLOAT32,
    weights: Weights = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the network for another library, after its answers on drawn frames were held against those of Keras."""
    from perception.engine import Precision
    from perception.export import Format
    from perception.export import export as write_export

    folder = out or Path("runs/export") / f"{to.value}-{precision.value}"
    made = write_export(weights, Format(to.value), folder, precision=Precision(precision.value))
    if as_json:
        _print_json(made.to_dict())
        return
    near = made.agreement
    _say(
        f"{made.model}: over {near.frames} frames its beliefs are {near.belief:.2g} from those of Keras in the mean "
        f"and {near.belief_most:.2g} at most, its boxes {near.box:.2g}, its lane at most {near.lane:.2g}.",
        quiet,
    )


@app.command()
def verify(
    dataset: Annotated[Path, typer.Argument(help="A data set's folder.")],
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Check every byte of a data set and every claim of its manifest; say what is wrong, and what mends it."""
    from sim.recording.verify import verify_dataset

    with _bar(f"Checking {dataset.name}", quiet) as progress:
        faults = verify_dataset(dataset, progress)
    if as_json:
        _print_json([{"file": fault.name, "fault": fault.what, "mend": fault.mend} for fault in faults])
    else:
        for fault in faults:
            typer.echo(str(fault))
        _say("Whole: every file is what was written." if not faults else f"{len(faults)} at fault.", quiet)
    if faults:
        raise typer.Exit(DatasetError.exit_code)


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
