"""`rollingstop scenarios list`, `lint` and `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.common import Json, print_json, say


def list_scenarios(
    catalogue: Annotated[
        Path | None, typer.Argument(help="A folder of scenarios, or one; the shipped ones if not given.")
    ] = None,
    family: Annotated[list[str] | None, typer.Option(help="Only scenarios of this family; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """List scenarios by family."""
    from scenarios.scenario import choose, load_catalogue, load_shipped

    known = load_catalogue(catalogue) if catalogue else load_shipped()
    chosen = sorted(choose(known, families=family or []), key=lambda one: (one.family, one.name))
    if as_json:
        keys = ("name", "family", "title", "description", "required", "not_required_because", "digest")
        print_json([{key: getattr(scenario, key) for key in keys} for scenario in chosen])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("family", "name", "what is hard about it", "required")
    for number, scenario in enumerate(chosen):
        first = number == 0 or chosen[number - 1].family != scenario.family
        if first:
            table.add_section()
        table.add_row(
            scenario.family.replace("_", " ") if first else "",
            scenario.name,
            scenario.description,
            "yes" if scenario.required else f"no: {scenario.not_required_because}",
        )
    Console().print(table)


def lint_scenarios(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]", help="Files or folders; the shipped ones if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check scenario files: every wrong key is named, with what was expected and what came; nothing is driven."""
    from scenarios.lint import lint, scenario_files
    from sim.errors import ScenarioError

    files = scenario_files(paths or [])
    faults = lint(files)
    if as_json:
        print_json({"files": len(files), "faults": [{"path": str(one.path), "message": one.message} for one in faults]})
    else:
        for fault in faults:
            typer.echo(f"{fault.path}: {fault.message}", err=True)
        say(f"{len(files)} files, {len(faults)} faults.")
    if faults:
        raise typer.Exit(ScenarioError.exit_code)


def scenario_schema() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check TOML."""
    from scenarios.lint import json_schema

    print_json(json_schema())
