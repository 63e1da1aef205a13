"""What a test leaves of failed runs, with its progress shown: films, bundles for replay, causes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.commands.common import progress_bar

if TYPE_CHECKING:
    from perception.engine import Engine
    from scenarios.page import FilmedFailure
    from scenarios.run import Results
    from scenarios.why import Explanation


def keep_failures(
    results: Results, weights: Path | None, engine: Engine, out: Path, films: int, workers: int, quiet: bool
) -> list[FilmedFailure]:
    """Leave a bundle of each failed run, to be replayed, and films of some; return what was filmed."""
    from scenarios import failures

    if not results.failures:
        return []
    with progress_bar("Keeping failures", quiet) as progress:
        return failures.keep_failures(
            results, out, films=films, weights=weights, engine=engine, workers=workers, progress=progress
        )


def explain_failures(
    results: Results, weights: Path | None, engine: Engine, out: Path | None, workers: int, quiet: bool
) -> list[Explanation]:
    """Drive each failed run again, one part replaced at a time; note down in `out` which part failed."""
    from scenarios import failures
    from sim.files import write_atomically

    found: list[Explanation] = []
    if results.failures:
        with progress_bar("Asking why", quiet) as progress:
            found = failures.explain_failures(
                results, weights=weights, engine=engine, workers=workers, progress=progress
            )
    if out is not None:
        write_atomically(out / "why.json", (json.dumps(plain_causes(found), indent=2) + "\n").encode())
    return found


def plain_causes(found: list[Explanation]) -> dict[str, Any]:
    """Return causes as JSON holds them."""
    from scenarios.why import to_json

    return to_json(found)
