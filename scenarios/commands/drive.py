"""`rollingstop drive`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perception.commands.common import BackendName, BackendOption, PrecisionOption, make_engine
from scenarios.commands.common import EyesName
from sim.commands.common import Json, Quiet, print_json, progress_bar, say


def drive(
    scenario: Annotated[
        str | None, typer.Option("--scenario", "-s", help="A scenario that comes with Rolling Stop.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which world.")] = 0,
    eyes: Annotated[EyesName, typer.Option(help="Whose eyes the driver sees with.")] = EyesName.NETWORK,
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            "--weights",
            "-w",
            help="A weights file (.npz), or a training's folder. Of several, or of kept epochs, V takes the next.",
        ),
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
    files = [each for path in weights or () for each in _epochs_of(path)]
    first, more = (files[0], files[1:]) if files else (None, [])
    engine = make_engine(backend, precision)
    if endless:
        setup, limit = endless_setup(eyes.value, first, more, engine=engine)
    else:
        setup, limit = drive_setup(scenario, eyes.value, first, more, engine=engine)
    with RunLog(log_path) if log_path is not None else nullcontext() as log:
        if headless:
            with progress_bar("Driving", quiet) as progress:
                summary = run_headless(
                    setup, seed, max_steps=steps or limit, film=record, show_truth=truth, log=log, progress=progress
                )
        else:
            summary = run_window(setup, seed, max_steps=steps, film=record, log=log)
    if as_json:
        paths = {"film": summary.film, "log": log_path}
        print_json({**asdict(summary), **{name: str(path) if path else None for name, path in paths.items()}})
        return
    say(f"{summary.time_s:.1f} s, {summary.distance_m:.0f} m. {summary.verdict or ''}".strip(), quiet)
    if summary.film:
        say(f"Film: {summary.film}", quiet)
    if log_path:
        say(f"Log: {log_path}", quiet)


def _epochs_of(path: Path) -> list[Path]:
    """Return the weights of a training from its first epoch to its last, or those alone that are named."""
    kept = sorted((path / "epochs").glob("*/*.npz")) if path.is_dir() else []
    return [*kept, path]
