"""`rollingstop verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.common import Json, Quiet, print_json, progress_bar, say
from sim.errors import DatasetError


def verify(
    dataset: Annotated[Path, typer.Argument(help="A data set's folder, or a URI (s3://...).")],
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Check every byte of a data set and every claim of its manifest; say what is wrong, and what mends it."""
    from sim.recording.verify import verify_dataset

    with progress_bar(f"Checking {dataset.name}", quiet) as progress:
        faults = verify_dataset(dataset, progress)
    if as_json:
        print_json([{"file": fault.name, "fault": fault.what, "mend": fault.mend} for fault in faults])
    else:
        for fault in faults:
            typer.echo(str(fault))
        say("Whole: every file is what was written." if not faults else f"{len(faults)} at fault.", quiet)
    if faults:
        raise typer.Exit(DatasetError.exit_code)
