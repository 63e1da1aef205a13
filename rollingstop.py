"""Rolling Stop's command line: it joins the rooms' commands, and turns what they raise into a line and a status."""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from perception.commands.compare import compare
from perception.commands.evaluate import evaluate
from perception.commands.explain import explain
from perception.commands.export import export
from perception.commands.export_data import export_data
from perception.commands.teach import teach
from perception.commands.train import train
from scenarios.commands.attack import attack
from scenarios.commands.benchmark import benchmark
from scenarios.commands.catalogue import lint_scenarios, list_scenarios, scenario_schema
from scenarios.commands.compare_runs import compare_runs
from scenarios.commands.demo import demo
from scenarios.commands.drive import drive
from scenarios.commands.replay import replay
from scenarios.commands.search import search
from scenarios.commands.test import test
from sim.commands.generate import generate
from sim.commands.import_data import import_data
from sim.commands.plot import plot
from sim.commands.show import show
from sim.commands.verify import verify
from sim.errors import RollingStopError, StorageError
from sim.files import storage_error

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_UsageError: Any = typer.BadParameter.__base__
"""What every mistake in the words of a command is; Typer carries the class but does not export it."""

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 and the signal's number."""

app = typer.Typer(
    name="rollingstop",
    help="Generate road scenes, train a CNN on them, and let what it sees, and nothing else, drive the car.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"rollingstop {version('rollingstop')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what the libraries do.")] = False,
) -> None:
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s", stream=sys.stderr)


for _command in (teach, generate, show, train, evaluate, drive, test, demo, benchmark):
    app.command()(_command)
app.command("compare-runs")(compare_runs)
app.command("compare")(compare)
_scenarios = typer.Typer(help="Look at scenario files, and check them, without driving.", no_args_is_help=True)
_scenarios.command("list")(list_scenarios)
_scenarios.command("lint")(lint_scenarios)
_scenarios.command("schema")(scenario_schema)
app.add_typer(_scenarios, name="scenarios")
for _command in (replay, search, explain, export, verify, plot):
    app.command()(_command)
app.command("export-data")(export_data)
app.command("import-data")(import_data)
app.add_typer(attack, name="attack")


def main() -> None:
    """Run the command line; the one place where errors become a line and an exit status."""
    try:
        status = app(standalone_mode=False)
    except RollingStopError as fault:
        _fail(str(fault), fault.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except _UsageError as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as fault:
        if fault.errno == errno.ENAMETOOLONG:
            error = storage_error(fault, Path(str(fault.filename)))
            _fail(str(error), error.exit_code)
        _fail(
            f"The system refused: {fault}. Check the path, the permissions and the free space.", StorageError.exit_code
        )
    # Typer may answer Ctrl-C itself, with this status and without a word.
    if status == INTERRUPTED:
        _fail(
            "Interrupted. What had been finished is kept, nothing is half-written; run the same command to go on.",
            INTERRUPTED,
        )
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str, status: int) -> None:
    typer.echo(f"rollingstop: {message}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
