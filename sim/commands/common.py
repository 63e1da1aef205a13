"""What the commands of every room share: options, progress, printing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sim.cluster import Cluster

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no tables.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Workers = Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes; one for each core if not given.")]


class Where(StrEnum):
    """Where work is done."""

    LOCAL = "local"
    RAY = "ray"

    def cluster(self, address: str | None) -> Cluster | None:
        """Return the cluster of an address; None for processes of this machine."""
        from sim.cluster import Cluster

        return Cluster(address) if self is Where.RAY else None


WhereOption = Annotated[Where, typer.Option("--engine", help="Processes of this machine, or tasks on a Ray cluster.")]
Address = Annotated[
    str | None, typer.Option(help="Of a running Ray cluster, or 'auto'; one is started here if not given.")
]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def progress_bar(title: str, quiet: bool) -> Generator[Callable[[int, int], None]]:
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


def require_places(folder: Path | None, **files: Path | None) -> None:
    """See to it that results can be written, before they take an hour to make.

    Args:
        folder: For results, made if it is missing.
        files: By the name of their option; the folders that they lie in are made.

    Raises:
        BadParameter: If a folder stands where a file is to be.
        StorageError: If a folder cannot be made.
    """
    from sim.files import make_folder

    if folder is not None:
        make_folder(folder)
    for option, path in files.items():
        if path is None:
            continue
        if path.is_dir():
            raise typer.BadParameter(f"Expected a file for --{option}. Received: a folder, {path}.")
        make_folder(path.parent)


def say(text: str, quiet: bool = False) -> None:
    """Tell the person at the terminal; standard output is kept for results."""
    if not quiet:
        typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """Print a result for other programs."""
    typer.echo(json.dumps(value, indent=2))
