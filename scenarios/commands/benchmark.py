"""`rollingstop benchmark`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from perception.commands.common import BackendName, BackendOption, PrecisionOption, Weights, make_engine
from sim.commands.common import CORES, Json, Quiet, print_json, progress_bar


class BenchmarkName(StrEnum):
    """What can be timed."""

    RENDER = "render"
    LOOP = "loop"
    WINDOW = "window"
    INFERENCE = "inference"
    BATCH = "batch"
    TRAIN = "train"
    GENERATE = "generate"
    READ = "read"
    SEARCH = "search"
    ALL = "all"


def benchmark(
    what: Annotated[BenchmarkName, typer.Argument(help="What to time.")] = BenchmarkName.ALL,
    preset: Annotated[str | None, typer.Option(help="Light and weather of the frames that 'render' draws.")] = None,
    weights: Weights = None,
    backend: BackendOption = BackendName.KERAS,
    precision: PrecisionOption = None,
    cores: Annotated[int, typer.Option(min=1, help="How many cores to use; figures of one core compare best.")] = 1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Time the simulator and the network, on one core of this machine or on more."""
    from sim.benchmark import (
        Benchmark,
        benchmark_generate,
        benchmark_loop,
        benchmark_render,
        benchmark_window,
        benchmark_window_clock,
        machine,
        on_cores,
    )
    from sim.memory import peak_memory_mb

    if what is BenchmarkName.READ:
        # It asks how reading and training share the cores that training has: it is no part of "all", on one core.
        _benchmark_reading(quiet, as_json)
        return
    if what is BenchmarkName.BATCH:
        _benchmark_batches(weights, quiet, as_json)
        return
    if what is BenchmarkName.SEARCH:
        _benchmark_search(cores, quiet, as_json)
        return
    engine = make_engine(backend, precision)
    cores = on_cores(cores)
    alone = (BenchmarkName.ALL, BenchmarkName.READ, BenchmarkName.SEARCH, BenchmarkName.BATCH)
    wanted = [name for name in BenchmarkName if what in (name, BenchmarkName.ALL) and name not in alone]
    # TensorFlow takes its number of threads before its first computation: inference comes first.
    wanted.sort(key=lambda name: name is not BenchmarkName.INFERENCE)
    results: list[Benchmark] = []
    for name in wanted:
        with progress_bar(f"Timing {name.value}", quiet) as progress:
            if name is BenchmarkName.RENDER:
                results.append(benchmark_render(preset=preset, progress=progress))
            elif name is BenchmarkName.GENERATE:
                results.append(benchmark_generate(_standard_recipe(), progress=progress))
            elif name is BenchmarkName.LOOP:
                from scenarios.run import make_eyes
                from sim.loop import OracleEyes

                results.append(benchmark_loop(OracleEyes(), progress=progress))
                results.append(benchmark_loop(make_eyes("network", weights, engine=engine), progress=progress))
            elif name is BenchmarkName.WINDOW:
                from scenarios.run import make_eyes

                eyes = make_eyes("network", weights, engine=engine)
                sizes = ((1280, 720), (3840, 2160))
                results += [benchmark_window(eyes, size_px=size_px, progress=progress) for size_px in sizes]
                results += [
                    benchmark_window_clock(eyes, size_px=size_px, cores=cores, progress=progress) for size_px in sizes
                ]
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
        print_json({"machine": machine(), "benchmarks": [result.to_dict() for result in results]})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{cores} core{'s' * (cores > 1)} of {machine()}")
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

    with tempfile.TemporaryDirectory() as folder, progress_bar("Drawing frames to read", quiet) as progress:
        made = generate_dataset(load_recipe(_standard_recipe()), Path(folder) / "set", count=400, progress=progress)
        speed = benchmark_reading(made.path, workers=CORES)
    if as_json:
        print_json(asdict(speed))
        return
    typer.echo(
        f"{speed.images_per_s:.0f} training images a second over {speed.steps} steps, read from shards by "
        f"{speed.workers} threads; {speed.wait_share:.1%} of the time is spent waiting for data ({speed.device})."
    )


def _benchmark_batches(weights: Path | None, quiet: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from perception.benchmark import benchmark_batches

    with progress_bar("Looking at several frames at once", quiet):
        speeds = benchmark_batches(weights)
    if as_json:
        print_json([asdict(each) | {"images_per_s": each.images_per_s} for each in speeds])
        return
    one = speeds[0].images_per_s
    for each in speeds:
        typer.echo(
            f"{each.frames} at once: {each.median_ms:.1f} ms, {each.images_per_s:.0f} frames a second, "
            f"{each.images_per_s / one:.2f} times as many as one at a time ({each.device}, one thread)"
        )


def _benchmark_search(workers: int, quiet: bool, as_json: bool) -> None:
    from scenarios.search_benchmark import SCENARIO, SIGHTS_M, benchmark_search

    with progress_bar("Searching", quiet) as progress:
        found = benchmark_search(workers=workers, progress=progress)
    if as_json:
        print_json(found.to_dict())
        return
    for each in (found.guided, found.random):
        typer.echo(f"{each.sampler}: {each.failures} failures in {sum(each.runs)} runs, {len(each.runs)} searches")
    ratio = "-" if found.ratio is None else f"{found.ratio:.1f}"
    high = "" if found.high is None else f"{found.high:.1f}"
    sights = " and ".join(f"{each:.0f}" for each in SIGHTS_M)
    typer.echo(
        f"Guided, a run finds a failure {ratio} times as often (95 % interval {found.low:.1f} to {high or 'any'}), in "
        f"'{SCENARIO}', with eyes that see a new sign from {sights} m and a worn one from nearer."
    )


def _standard_recipe() -> Path:
    from sim.recording import SHIPPED_RECIPES

    return SHIPPED_RECIPES / "standard.toml"
