"""The report as one page that needs no other file: tables with bounds, plots, and a film of each failure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from scenarios.baseline import Gate
from scenarios.outcomes import Verdict
from scenarios.report import ScenarioSummary, Tally, summarise, summarise_families, tally
from scenarios.run import Results
from scenarios.three_eyes import ThreeEyes
from scenarios.trace import Plot
from sim.files import write_atomically

FILM_TYPES = {".mp4": "video/mp4", ".gif": "image/gif"}


@dataclass(frozen=True, slots=True)
class FilmedFailure:
    """A failure as the page shows it.

    Attributes:
        verdict: What it came to.
        film: The film, put into the page whole.
        plot: Speed, belief and phases over the way.
    """

    verdict: Verdict
    film: Path
    plot: Plot


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table.

    Attributes:
        name: Of a scenario or a family.
        title: What is shown.
        family: By which it is filtered.
        counted: The numbers.
        optional: Why it need not hold; "" where it must.
        held: Whether all its runs held.
    """

    name: str
    title: str
    family: str
    counted: Tally
    optional: str
    held: bool


def write_page(
    results: Results,
    path: Path,
    *,
    failures: Sequence[FilmedFailure] = (),
    three: ThreeEyes | None = None,
    gate: Gate | None = None,
) -> None:
    """Write the page.

    Args:
        results: What it is about.
        path: The file.
        failures: Those that were filmed.
        three: The same runs with other eyes, for the headline.
        gate: What a baseline says of the results.

    Raises:
        StorageError: If it cannot be written, or a film cannot be read.
    """
    import jinja2

    template = files("scenarios").joinpath("report.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = _percent
    filmed = {(item.verdict.scenario, item.verdict.seed): item for item in failures}
    family = {scenario.name: scenario.family for scenario in results.scenarios}
    text = environment.from_string(template).render(
        results=results,
        total=tally(results.verdicts),
        families=[_family_row(name, counted) for name, counted in summarise_families(results).items()],
        rows=[_scenario_row(row) for row in summarise(results)],
        failures=[
            {
                "verdict": verdict,
                "family": family[verdict.scenario],
                "counts": verdict in results.counted_failures,
                "film": _as_data(filmed[key].film) if key in filmed else "",
                "is_gif": key in filmed and filmed[key].film.suffix == ".gif",
                "plot": filmed[key].plot if key in filmed else None,
            }
            for verdict in results.failures
            for key in [(verdict.scenario, verdict.seed)]
        ],
        three=three,
        gate=gate,
    )
    write_atomically(path, text.encode())


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}"


def _family_row(name: str, counted: Tally) -> _Row:
    return _Row(name, name.replace("_", " "), name, counted, "", counted.passes == counted.runs)


def _scenario_row(row: ScenarioSummary) -> _Row:
    scenario = row.scenario
    return _Row(
        scenario.name,
        scenario.title,
        scenario.family,
        row,
        "" if scenario.required else scenario.not_required_because,
        row.passes == row.runs,
    )


def _as_data(film: Path) -> str:
    return f"data:{FILM_TYPES[film.suffix]};base64,{base64.b64encode(film.read_bytes()).decode()}"
