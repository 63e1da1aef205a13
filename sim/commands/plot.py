"""`rollingstop plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.common import Json, Quiet, print_json, say


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
        print_json({"path": str(path), "ticks": len(table)})
    else:
        say(str(path), quiet)
