"""`rollingstop replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perception.commands.common import Weights
from sim.commands.common import Json, Quiet, print_json, progress_bar, say


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
        with progress_bar("Driving", quiet) as progress:
            summary = run_headless(
                setup, recorded.run_seed, max_steps=most, film=record, show_truth=truth, progress=progress
            )
    else:
        summary = run_window(setup, recorded.run_seed, max_steps=most, film=record)
    difference = comparison.difference
    if as_json:
        print_json(
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
            say(change)
        same = f"The same in all {min(summary.steps, len(recorded.ticks))} ticks that were driven."
        say(difference.sentence if difference is not None else same)
        say(f"Recorded: {recorded.reason} Now: {summary.verdict or 'not driven to its end.'}")
        if summary.film:
            say(f"Film: {summary.film}")
    if difference is not None:
        raise typer.Exit(1)
