"""`rollingstop attack`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perception.commands.common import Weights
from sim.commands.common import Json, Quiet, print_json, progress_bar, say

if TYPE_CHECKING:
    from scenarios.attack.choice import Chosen
    from scenarios.attack.trial import Pair
    from scenarios.scenario import Scenario

attack = typer.Typer(
    help="What an adversary can do to the stop-sign perception, judged on whole drives in the simulator.",
    no_args_is_help=True,
)

Seed = Annotated[int, typer.Option(min=0, help="Of the optimisation, and the first run's.")]
Jobs = Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes that drive.")]


@attack.command()
def sticker(
    area: Annotated[float, typer.Option(min=0.005, max=0.4, help="Share of the sign's face that it hides.")] = 0.10,
    scenario: Annotated[str, typer.Option(help="What is driven, by name; it must have a stop sign.")] = "straight",
    weights: Weights = None,
    runs: Annotated[int, typer.Option("--runs", "-n", min=1, help="Drives of each condition.")] = 30,
    seed: Seed = 0,
    given: Annotated[
        Path | None, typer.Option("--sticker", help="Judge this sticker (JSON) instead of finding one.")
    ] = None,
    defended: Annotated[
        Path | None, typer.Option(help="Weights that were trained with stickers: drive them under attack, too.")
    ] = None,
    adapt: Annotated[
        bool, typer.Option("--adapt", help="Find another sticker against the defended weights themselves.")
    ] = False,
    trial_drives: Annotated[
        int,
        typer.Option(min=0, help="Drives of other seeds that choose among the best stickers found; 0: frames choose."),
    ] = 8,
    other_drivers: Annotated[
        bool,
        typer.Option(help="Let drivers drive, too, that do not ease off, or have no memory, to show what it is worth."),
    ] = True,
    quick: Annotated[bool, typer.Option("--quick", help="For a class: a short search and five drives each.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where sticker, results and page go.")] = Path("runs/attack"),
    workers: Jobs = 1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find a printable sticker that hides stop signs from the network, and judge it on whole drives."""
    from scenarios.scenario import find_scenario, load_shipped

    if adapt and defended is None:
        raise typer.BadParameter("Expected --defended with --adapt. Received: none.")
    chosen = find_scenario(scenario, load_shipped())
    if not chosen.has_signs:
        raise typer.BadParameter(f"Expected a scenario with a stop sign in each of its worlds. Received: {scenario}.")
    from scenarios.attack.page import STICKER_HEADS, sticker_rows, write_sticker_page
    from scenarios.attack.pictures import look_at_signs, sticker_figure
    from scenarios.attack.sticker import sticker_arms, try_sticker
    from scenarios.run import make_eyes
    from sim.camera import Camera
    from sim.files import make_folder, write_atomically
    from sim.stickers import read_sticker, write_sticker

    make_folder(out)
    # Known at once, not after the hunt.
    eyes = make_eyes("network", weights, Camera())
    if defended is not None:
        make_eyes("network", defended, Camera())
    if quick:
        runs, trial_drives = min(runs, 5), min(trial_drives, 2)
    hunt = _Hunt(chosen, area, seed, trial_drives, quick, workers, quiet)
    found = own = None
    if given is not None:
        chosen_sticker = read_sticker(given)
    else:
        found = hunt.find(weights, "Finding stickers")
        chosen_sticker = found.sticker
        write_sticker(chosen_sticker, out / "sticker.json")
    if adapt:
        own = hunt.find(defended, "Finding some against the defended network")
        write_sticker(own.sticker, out / "sticker-adapted.json")
    own_sticker = own.sticker if own is not None else None
    arms = sticker_arms(
        chosen, chosen_sticker, weights=weights, other_drivers=other_drivers, defended=defended, own=own_sticker
    )
    with progress_bar("Driving", quiet) as progress:
        trial = try_sticker(
            arms, chosen_sticker, seed=seed, runs=runs, own=own_sticker, workers=workers, progress=progress
        )
    plain = {
        **trial.to_dict(), "weights": _digest(weights), "sticker_scores": found.best.held_back if found else None,
        "finalists": found.to_list() if found else None,
    }  # fmt: skip
    if own is not None:
        plain["adapted_sticker_scores"] = own.best.held_back
    write_atomically(out / "sticker-results.json", _json(plain))
    signs = look_at_signs(chosen, seed, chosen_sticker, eyes)
    about = f"Scenario {scenario}, run seeds {seed} to {seed + runs - 1}, weights {_digest(weights)[:12]}."
    write_sticker_page(out / "sticker.html", trial, signs, about, found)
    write_atomically(out / "sticker.png", sticker_figure(trial, signs))
    say(f"Page: {out / 'sticker.html'}", quiet)
    if as_json:
        print_json(plain)
    elif not quiet:
        if found is not None:
            scores = ", ".join(f"{name} {score:.2f}" for name, score in found.best.held_back.items())
            typer.echo(f"Mean score on views of other worlds: {scores}.")
        share = 100 * chosen_sticker.place.area_share
        _print_table(f"Drives with a sticker on {share:.0f} % of the sign", STICKER_HEADS, sticker_rows(trial))
        _print_pairs(trial.pairs)


@dataclass(frozen=True)
class _Hunt:
    """How stickers are found and chosen among."""

    scenario: Scenario
    area: float
    seed: int
    trial_drives: int
    quick: bool
    workers: int
    quiet: bool

    def find(self, weights: Path | None, title: str) -> Chosen:
        """Return what is found against a network, and which of it costs most drives."""
        from perception.attack.optimise import AttackConfig, find_stickers
        from scenarios.attack.choice import choose

        config = AttackConfig(area=self.area, seed=self.seed)
        if self.quick:
            config = replace(
                config, views=40, held_back=24, places=3, place_steps=15, finalists=2, steps=90, batch=8
            )  # fmt: skip
        with progress_bar(title, self.quiet) as progress:
            found = find_stickers(self.scenario.world, config, weights, progress=progress)
        with progress_bar("Trial drives", self.quiet) as progress:
            return choose(
                found, self.scenario, weights=weights, seed=self.seed, drives=self.trial_drives, workers=self.workers,
                progress=progress,
            )  # fmt: skip


@attack.command()
def phantom(
    frames: Annotated[
        str, typer.Option(help="How long a stop sign is shown, in frames of 1/20 s, with commas between.")
    ] = "0,1,3,10,30",
    weights: Weights = None,
    runs: Annotated[int, typer.Option("--runs", "-n", min=1, help="Drives of each condition.")] = 15,
    seed: Seed = 0,
    pictures: Annotated[
        bool, typer.Option(help="Drive past T-shirts, lorries and billboards with a stop sign on them, too.")
    ] = True,
    quick: Annotated[bool, typer.Option("--quick", help="For a class: three drives each, three lengths.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where results and page go.")] = Path("runs/attack"),
    workers: Jobs = 1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Flash stop signs up where there is none, and drive past pictures of them."""
    lengths = _lengths(frames)
    from scenarios.attack.drives import Showing
    from scenarios.attack.page import PHANTOM_HEADS, phantom_rows, write_phantom_page
    from scenarios.attack.phantom import PICTURES, phantom_arms, try_phantoms
    from scenarios.attack.pictures import phantom_figure
    from sim.files import make_folder, write_atomically

    make_folder(out)
    showings: tuple[Showing, ...] = tuple(Showing)
    kinds = PICTURES if pictures else ()
    if quick:
        runs, lengths, showings, kinds = min(runs, 3), lengths[-3:], (Showing.PROJECTED,), kinds[:1]
    flashes, standing = phantom_arms(frames=lengths, showings=showings, pictures=kinds, weights=weights)
    with progress_bar("Driving", quiet) as progress:
        trial = try_phantoms(flashes, standing, seed=seed, runs=runs, workers=workers, progress=progress)
    plain = {**trial.to_dict(), "weights": _digest(weights)}
    write_atomically(out / "phantom-results.json", _json(plain))
    about = f"Run seeds {seed} to {seed + runs - 1}, weights {_digest(weights)[:12]}."
    write_phantom_page(out / "phantom.html", trial, about)
    write_atomically(out / "phantom.png", phantom_figure(trial))
    say(f"Page: {out / 'phantom.html'}", quiet)
    if as_json:
        print_json(plain)
    elif not quiet:
        _print_table("Drives with nothing to stop for", PHANTOM_HEADS, phantom_rows(trial))
        _print_pairs(trial.pairs)


def _lengths(text: str) -> tuple[int, ...]:
    """Return the whole numbers of a list with commas."""
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        found = ()
    if not found or found[0] < 0 or found[-1] > 400:
        raise typer.BadParameter(f"Expected --frames as whole numbers of 0 to 400, such as 1,3,10. Received: {text}.")
    return found


def _digest(weights: Path | None) -> str:
    """Return the SHA-256 of the weights that drive."""
    from perception.weights import read_weights

    return read_weights(weights)[0].sha256


def _json(value: Any) -> bytes:
    import json

    return (json.dumps(value, indent=1) + "\n").encode()


def _print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _print_pairs(pairs: Sequence[Pair]) -> None:
    rows = [(p.what, p.first, p.second, str(p.only_first), str(p.only_second), f"{p.p:.4f}") for p in pairs]
    _print_table("On the same seeds", ("counted", "first", "second", "only first", "only second", "McNemar p"), rows)
