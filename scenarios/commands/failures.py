"""What a test leaves of failed runs: films, bundles for replay, causes."""

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


def film_failures(
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
    with progress_bar("Filming failures", quiet) as progress:
        for verdict in failures:
            scenario = find_scenario(verdict.scenario, results.scenarios)
            film, trace = out / f"{verdict.scenario}-{verdict.seed}.mp4", Trace()
            record_run(scenario, verdict.seed, eyes, film, on_tick=trace.add)
            filmed.append(FilmedFailure(verdict, film, trace.plot()))
            progress(len(filmed), len(failures))
    return filmed


def bundle_failures(results: Results, weights: Path | None, engine: Engine, out: Path, quiet: bool) -> None:
    """Leave a bundle of each failed run, to be replayed."""
    from scenarios.replay import record_bundle, write_bundle
    from scenarios.run import make_eyes
    from scenarios.scenario import find_scenario

    failures = results.failures
    if not failures:
        return
    eyes = make_eyes(results.eyes, weights, engine=engine)
    with progress_bar("Keeping failures for replay", quiet) as progress:
        for done, verdict in enumerate(failures, start=1):
            scenario = find_scenario(verdict.scenario, results.scenarios)
            write_bundle(record_bundle(scenario, verdict.seed, eyes, weights=weights), out)
            progress(done, len(failures))


def explain_failures(
    results: Results, weights: Path | None, engine: Engine, out: Path | None, quiet: bool
) -> list[Explanation]:
    """Drive each failed run again, one part replaced at a time; note down in `out` which part failed."""
    from scenarios.run import make_eyes
    from scenarios.scenario import find_scenario
    from scenarios.why import explain
    from sim.files import write_atomically

    found: list[Explanation] = []
    failures = results.failures
    if failures:
        eyes = make_eyes(results.eyes, weights, engine=engine)
        with progress_bar("Asking why", quiet) as progress:
            for done, verdict in enumerate(failures, start=1):
                reason = explain(find_scenario(verdict.scenario, results.scenarios), verdict.seed, eyes)
                found += [] if reason is None else [reason]
                progress(done, len(failures))
    if out is not None:
        write_atomically(out / "why.json", (json.dumps(plain_causes(found), indent=2) + "\n").encode())
    return found


def plain_causes(found: list[Explanation]) -> dict[str, Any]:
    """Return causes as JSON holds them."""
    from scenarios.why import to_json

    return to_json(found)
