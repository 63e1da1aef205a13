"""`rollingstop compare-runs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.results import print_comparison
from sim.commands.common import Json, print_json


def compare_runs(
    first: Annotated[Path, typer.Argument(help="results.json of an earlier test, or its folder.")],
    second: Annotated[Path, typer.Argument(help="The same of a later one, on the same seeds.")],
    as_json: Json = False,
) -> None:
    """Compare two results run by run, with McNemar's exact test. The exit status is 0 whatever comes out."""
    from scenarios.compare import compare, load_results

    comparison = compare(load_results(first), load_results(second))
    if as_json:
        print_json(comparison.to_dict())
    else:
        print_comparison(comparison)
