"""`rollingstop show`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.common import CORES, Json, Quiet, Workers, print_json, progress_bar, say

if TYPE_CHECKING:
    from sim.show.shots import Source
    from sim.show.stats import Stats


class GroupName(StrEnum):
    """What a contact sheet can be ordered by."""

    WEATHER = "weather"
    VARIANT = "variant"
    PART = "part"
    TIME = "time"
    DISTANCE = "distance"


def show(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RECIPE|DATASET|SEED...]",
            help="A recipe, a data set's folder or URI, or seeds of the standard recipe; that recipe if not given.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The sheet, .png or .jpg; runs/show/NAME.png if not given.")
    ] = None,
    by: Annotated[GroupName | None, typer.Option(help="Group the frames under headings.")] = None,
    labels: Annotated[bool, typer.Option("--labels", help="Draw boxes and names, the lane and the stop line.")] = False,
    masks: Annotated[bool, typer.Option("--masks", help="Add each frame in the colours of its classes.")] = False,
    depth: Annotated[bool, typer.Option("--depth", help="Add each frame's depth, red near and blue far.")] = False,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="How many frames; 24, or 1000 for --stats and --html.")
    ] = None,
    columns: Annotated[int, typer.Option(min=1, help="Frames side by side.")] = 4,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")] = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Count what the frames hold, and look for two alike; no sheet.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="One page instead: distributions, samples, label checks, frames that are alike."),
    ] = None,
    workers: Workers = CORES,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Look at what a recipe makes: a contact sheet, with labels if asked for, or what its worlds hold in numbers."""
    if html is not None and (stats or out is not None):
        raise typer.BadParameter("Expected one of --html, --stats and --out. Received: several.")
    if stats and out is not None:
        raise typer.BadParameter("Expected --stats, which draws no sheet, without --out. Received: both.")
    from sim.show.contact import check_sheet_path, draw_sheet, write_sheet
    from sim.show.groups import GroupBy, choose
    from sim.show.shots import open_source
    from sim.show.stats import count_shots

    if out is not None:
        check_sheet_path(out)
    source = open_source(what or [], seed)
    if html is not None:
        _write_page(source, html, count or 1000, quiet, as_json)
        return
    if stats:
        with progress_bar(f"Counting {source.name}", quiet) as progress:
            found = count_shots(source, count or 1000, progress, workers=workers)
        if as_json:
            print_json(found.to_dict())
        elif not quiet:
            _print_stats(found)
        return
    groups_by = GroupBy(by.value) if by is not None else None
    with progress_bar(f"Looking through {source.name}", quiet) as progress:
        groups = choose(source.shots(), count or 24, groups_by, progress)
    with progress_bar("Drawing", quiet) as progress:
        sheet = draw_sheet(source, groups, columns=columns, labels=labels, masks=masks, depth=depth, progress=progress)
    path = out or Path("runs/show") / f"{source.name.replace(', ', '-').replace(' ', '-')}.png"
    write_sheet(sheet, path)
    if as_json:
        print_json({"path": str(path), "frames": {heading: len(members) for heading, members in groups.items()}})
    else:
        say(str(path), quiet)


def _write_page(source: Source, path: Path, count: int, quiet: bool, as_json: bool) -> None:
    from sim.show.page import check_page_path, write_page

    check_page_path(path)
    with progress_bar(f"Looking through {source.name}", quiet) as progress:
        page = write_page(source, path, count, progress)
    if as_json:
        print_json(page.to_dict())
        return
    faults = sum(len(found) for found in page.faults.values())
    alike = len(page.alike)
    say(f"{page.frames} frames, {faults} faults in their labels, {alike} pairs of frames alike: {path}", quiet)


def _print_stats(stats: Stats) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    share = stats.with_sign / max(stats.frames, 1)
    console.print(f"{stats.frames} frames, {share:.1%} of them with a stop sign for the car in sight.", highlight=False)
    table = Table("what", show_lines=False)
    for column in ("how many", "share"):
        table.add_column(column, justify="right")
    for heading, counts in stats.tables.items():
        total = sum(counts.values())
        different = sum(1 for number in counts.values() if number)
        table.add_section()
        table.add_row(f"[bold]{heading}[/]: {different} different", f"[bold]{total}[/]", "")
        for name, number in counts.items():
            table.add_row(f"  {name.replace('_', ' ')}", str(number), f"{number / total:.1%}" if total else "-")
    console.print(table)
    if stats.nearest is not None:
        first, second, pair = stats.nearest
        verdict = "Two frames are alike" if pair.alike else "No two frames are alike"
        far = f"the nearest, {first} and {second}, differ in {pair.bits} bits of their hashes"
        console.print(f"{verdict}: {far}.", highlight=False)
