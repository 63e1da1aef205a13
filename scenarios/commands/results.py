"""How results of drives are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.compare import Comparison
    from scenarios.run import Results
    from scenarios.why import Explanation


def print_results(results: Results) -> None:
    """Print results by family and scenario, and the first failures."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from scenarios.report import Tally, failure_line, summarise, summarise_families, tally

    console = Console()
    title = f"{results.eyes} eyes, seeds {results.seed} to {results.seed + results.runs - 1}; 95 % intervals"
    table = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("scenario", min_width=24, overflow="ellipsis", no_wrap=True)
    for column in ("held", "interval, %", "CARLA stop", "2.0", "2.1"):
        table.add_column(column, justify="right")
    table.add_column("what failed", overflow="fold", min_width=16)

    def add(title: str, row: Tally, optional: bool = False) -> None:
        style = "green" if row.passes == row.runs else "yellow" if optional else "red"
        reasons = "; ".join(f"{count} x {outcome.value}" for outcome, count in row.outcomes)
        scores = (row.driving_score_2_0, row.driving_score_2_1)
        table.add_row(
            title,
            f"[{style}]{row.passes}/{row.runs}[/]",
            f"{100 * row.low:.1f}-{100 * row.high:.1f}",
            "-" if row.carla_stops is None else f"{row.carla_stops}/{row.runs}",
            *("-" if score is None else f"{score:.1f}" for score in scores),
            f"{reasons} (not required)" if reasons and optional else reasons,
        )

    rows = summarise(results)
    for family, counted in summarise_families(results).items():
        table.add_section()
        add(f"[bold]{family.replace('_', ' ')}[/]", counted)
        for row in rows:
            if row.scenario.family == family:
                optional = results.eyes == "network" and not row.scenario.required
                add(f"  {row.scenario.title}", row, optional)
    table.add_section()
    add("[bold]all[/]", tally(results.verdicts))
    console.print(table)
    for verdict in results.failures[:20]:
        console.print(failure_line(verdict), highlight=False)
    if len(results.failures) > 20:
        console.print(f"... and {len(results.failures) - 20} more; --out or --json has them all.")


def print_comparison(comparison: Comparison) -> None:
    """Print how two results on the same seeds differ."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="The same runs before and now; p of McNemar's exact test")
    table.add_column("family")
    for column in ("runs", "held in both", "only before", "only now", "in neither", "p"):
        table.add_column(column, justify="right")
    for name, row in {**comparison.families, "all": comparison.all}.items():
        numbers = (row.runs, row.both, row.only_first, row.only_second, row.neither)
        table.add_row(name.replace("_", " "), *map(str, numbers), f"{row.p_value:.3g}")
    console = Console()
    console.print(table)
    for heading, runs in (("Worse", comparison.worse), ("Better", comparison.better)):
        for run in runs[:20]:
            console.print(f"{heading}: {run.scenario}, seed {run.seed}: {run.reason}", highlight=False)
    if comparison.left_out:
        console.print(f"{comparison.left_out} runs are in one result alone, or drive other worlds: left out.")


def print_causes(found: list[Explanation]) -> None:
    """Print failed runs by cause, and each with its own."""
    from rich.console import Console
    from rich.table import Table

    from scenarios.why import Cause, count_by

    console = Console()
    causes = [cause for cause in Cause if any(each.cause is cause for each in found)]
    table = Table("", title="Failed runs by cause")
    for cause in causes:
        table.add_column(cause.name.lower().replace("_", " "), justify="right")
    for name, rows in count_by(found).items():
        table.add_section()
        table.add_row(f"[bold]{name}[/]", *("" for _ in causes))
        for key, counts in sorted(rows.items()):
            table.add_row(f"  {key}", *(str(counts[cause.name] or "") for cause in causes))
    console.print(table)
    for each in found:
        seen = "never visible" if each.visible_m is None else f"visible from {each.visible_m:.0f} m"
        found_at = "never found" if each.found_m is None else f"found at {each.found_m:.0f} m"
        mended = f" Passes {each.mended_by}." if each.mended_by else ""
        console.print(
            f"{each.scenario}, seed {each.seed}: {each.cause.value}{mended} ({seen}, {found_at})", highlight=False
        )
