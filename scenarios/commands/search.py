"""`rollingstop search`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from perception.commands.common import Weights
from scenarios.commands.common import EyesName
from sim.commands.common import Json, Quiet, print_json, progress_bar, say


class SamplerName(StrEnum):
    """How a search chooses what to drive next."""

    GUIDED = "guided"
    TPE = "tpe"
    RANDOM = "random"


def search(
    what: Annotated[str, typer.Argument(help="A scenario or a family of them by name, a file, or a folder.")],
    budget: Annotated[
        int, typer.Option("--budget", "-n", min=1, help="Most runs to find a failure with, in all.")
    ] = 100,
    eyes: Annotated[EyesName, typer.Option(help="Whose failures.")] = EyesName.NETWORK,
    weights: Weights = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search, and the first run's.")] = 0,
    sampler: Annotated[
        SamplerName, typer.Option(help="Scouts and descents, scouts alone, or random draws to compare with.")
    ] = SamplerName.GUIDED,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where what is found is saved as a new scenario.")] = Path(
        "runs/search"
    ),
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Hunt for a failure by optimisation, shrink it to the simplest one, and save it. Exit status 1 if one is found."""
    from scenarios.run import make_eyes
    from scenarios.search import OTHER_SEEDS, choose, hunt, write_scenario
    from sim.files import make_folder

    chosen = choose(what)
    share = max(budget // len(chosen), 1)
    sees = make_eyes(eyes.value, weights)
    make_folder(out)
    hunts: list[dict[str, Any]] = []
    for scenario in chosen:
        with progress_bar(f"Searching {scenario.name}", quiet) as progress:
            result = hunt(scenario, sees, budget=share, seed=seed, sampler=sampler.value, progress=progress)
        path = write_scenario(result.found.scenario, out) if result.found is not None else None
        hunts.append({**result.to_dict(), "path": str(path) if path else None})
        if result.found is None:
            say(f"{scenario.name}: no failure in {result.trials} runs; margin {result.lowest_margin:.2f}.", quiet)
            continue
        found = result.found
        pins = ", ".join(f"{key} = {value:.4g}" for key, value in found.pins.items()) or "nothing pinned"
        say(
            f"{scenario.name}: failed in run {result.trials}, seed {found.run_seed}: {found.verdict.reason}\n"
            f"  shrunk from {found.first_pins} pins to {len(found.pins)} in {result.shrink_runs} runs: {pins}\n"
            f"  fails on {found.others_failed} of the next {OTHER_SEEDS} seeds too; saved as {path}",
            quiet,
        )
    if as_json:
        print_json({"eyes": eyes.value, "seed": seed, "budget": budget, "hunts": hunts})
    if any(each["found"] is not None for each in hunts):
        raise typer.Exit(1)
