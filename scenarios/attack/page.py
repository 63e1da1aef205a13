"""What an attack came to, as tables and as one page that needs no other file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.attack.phantom import PhantomTrial
from scenarios.attack.pictures import (
    SignPicture,
    bars_figure,
    curves_figure,
    enlarged,
    phantom_figure,
    png,
)
from scenarios.attack.sticker import CONDITIONS, StickerTrial
from scenarios.attack.trial import Driven
from sim.files import write_atomically

if TYPE_CHECKING:
    from scenarios.attack.choice import Chosen

STICKER_HEADS = ("on the sign", "network", "driver", "drives lost", "ran the stop")
PHANTOM_HEADS = ("what is shown", "driver", "drives with a phantom stop", "drives lost")

_MOST_FAILURES = 60


def sticker_rows(trial: StickerTrial) -> list[tuple[str, ...]]:
    """Return a row for each arm, under `STICKER_HEADS`."""
    return [
        (each.arm.name, each.arm.network, each.arm.driver.value, each.lost.words, each.ran_the_stop.words)
        for each in trial.driven
    ]


def phantom_rows(trial: PhantomTrial) -> list[tuple[str, ...]]:
    """Return a row for each arm, under `PHANTOM_HEADS`."""
    return [
        (each.arm.name, each.arm.driver.value, each.phantoms.words, each.lost.words)
        for each in (*trial.flashes, *trial.pictures)
    ]


def write_sticker_page(
    path: Path, trial: StickerTrial, signs: Sequence[SignPicture], about: str, found: Chosen | None = None
) -> None:
    """Write the page of a sticker.

    Args:
        path: The file.
        trial: What the drives came to.
        signs: The sign near and far.
        about: Which network, seeds and scenario.
        found: How the sticker was found, if it was found now.

    Raises:
        StorageError: If it cannot be written.
    """
    place = trial.sticker.place
    _write(
        path,
        title="A sticker on a stop sign",
        about=about,
        sticker=_data(png(enlarged(trial.sticker.picture, 320))),
        where=f"{100 * place.area_share:.0f} % of the face, its middle {abs(place.u):.2f} widths "
        f"{'right' if place.u >= 0 else 'left'} of the face's and {abs(place.v):.2f} heights "
        f"{'below' if place.v >= 0 else 'above'}.",
        views=f"{found.found.views} views of other worlds"
        if found is not None
        else "views of other worlds, in an earlier run",
        places=found.found.places if found is not None else (),
        finalists=found.to_list() if found is not None else (),
        signs=[
            {
                "name": sign.name,
                "distance_m": sign.distance_m,
                "score": sign.score,
                "cut": _data(png(enlarged(sign.cut, 300))),
                "frame": _data(png(sign.frame)) if sign.name in ("none", "optimised") else "",
            }
            for sign in signs
        ],
        plots=[
            _data(curves_figure([each for name in CONDITIONS if (each := trial.arm(name)) is not None])),
            _data(bars_figure(trial.driven)),
        ],
        heads=STICKER_HEADS,
        rows=sticker_rows(trial),
        pairs=trial.pairs,
        failures=_failures(trial.driven),
    )


def write_phantom_page(path: Path, trial: PhantomTrial, about: str) -> None:
    """Write the page of phantoms.

    Raises:
        StorageError: If it cannot be written.
    """
    _write(
        path,
        title="Stop signs that are none",
        about=about,
        sticker="",
        plots=[_data(phantom_figure(trial))],
        heads=PHANTOM_HEADS,
        rows=phantom_rows(trial),
        pairs=trial.pairs,
        failures=_failures((*trial.flashes, *trial.pictures)),
    )


def _failures(driven: Sequence[Driven]) -> list[dict[str, Any]]:
    lost = [
        {
            "name": f"{each.arm.name}, {each.arm.driver.value}, {each.arm.network}",
            "seed": run.verdict.seed,
            "reason": run.verdict.reason,
        }
        for each in driven
        for run in each.runs
        if run.lost
    ]
    return lost[:_MOST_FAILURES]


def _write(path: Path, **values: Any) -> None:
    import jinja2

    template = files("scenarios").joinpath("attack.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    write_atomically(path, environment.from_string(template).render(**values).encode())


def _data(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
