"""Phantoms judged on whole drives: stop signs that flash up, and pictures of them, with nothing to stop for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from scenarios.attack.drives import DriverKind, Flash, Showing
from scenarios.attack.trial import PHANTOM, Arm, Driven, Pair, drive_arms, paired, unchanged, with_the_same
from scenarios.pool import Progress
from scenarios.scenario import Expectations, Scenario
from sim.signs import SignKind
from sim.spec import SignSpec, WorldSpec

FLASH_FRAMES = (0, 1, 3, 10, 30)
"""How long a stop sign is shown, in frames of 1/20 s; 0 is the road without it."""

PICTURES = (SignKind.STOP_SHIRT, SignKind.STOP_LORRY, SignKind.STOP_BILLBOARD)
"""Pictures of stop signs that stand at the road all the time."""

EMPTY_ROAD = Scenario(
    name="attack_empty_road",
    title="A road without signs",
    description="Neither junction nor sign: whatever the car brakes for is a phantom.",
    family="phantoms",
    world=WorldSpec(
        junctions=(0, 0), approach_m=(60.0, 65.0), after_m=(25.0, 25.0), curvature_per_m=(0.0, 0.0),
        distractors=(0, 0), parked=(0, 0), oncoming=(0, 0), trees=(2, 8), dusk_share=0.0,
    ),
    expect=Expectations(),
)  # fmt: skip
"""What flashes are shown on."""


def road_with(kind: SignKind) -> Scenario:
    """Return a road at which two pictures of a stop sign stand, of one kind."""
    spec = replace(EMPTY_ROAD.world, sign=SignSpec(distractors=(2, 2), kinds=(kind,)))
    return replace(EMPTY_ROAD, name=f"attack_{kind.value}", world=spec)


@dataclass(frozen=True, slots=True)
class PhantomTrial:
    """The drives of phantoms.

    Attributes:
        seed: The first run seed.
        flashes: Each length, way of showing and driver.
        pictures: Each kind of picture and driver.
        pairs: The same phantom under two drivers.
    """

    seed: int
    flashes: tuple[Driven, ...]
    pictures: tuple[Driven, ...]
    pairs: tuple[Pair, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "attack": "phantom",
            "seed": self.seed,
            "flashes": [each.to_dict() for each in self.flashes],
            "pictures": [each.to_dict() for each in self.pictures],
            "pairs": [each.to_dict() for each in self.pairs],
        }


def flash_name(showing: Showing, frames: int) -> str:
    """Return what a flash is called in tables."""
    return f"{showing.value}, {frames} frame{'s' if frames != 1 else ''}"


def phantom_arms(
    *,
    frames: Sequence[int] = FLASH_FRAMES,
    showings: Sequence[Showing] = tuple(Showing),
    pictures: Sequence[SignKind] = PICTURES,
    weights: Path | None = None,
) -> tuple[list[Arm], list[Arm]]:
    """Return the conditions under which phantoms are judged: of flashes, and of pictures.

    Args:
        frames: How long flashes are shown.
        showings: How they are shown.
        pictures: Kinds of pictures.
        weights: The network's; None for the shipped ones.
    """
    flashes = [
        Arm(
            flash_name(showing, count), "given", driver, EMPTY_ROAD,
            partial(with_the_same, flash=Flash(showing, count)), weights,
        )
        for showing in showings
        for count in frames
        for driver in (DriverKind.STANDARD, DriverKind.NO_MEMORY)
    ]  # fmt: skip
    standing = [
        Arm(kind.value.removeprefix("stop_"), "given", driver, road_with(kind), unchanged, weights)
        for kind in pictures
        for driver in (DriverKind.STANDARD, DriverKind.NO_MEMORY, DriverKind.ANY_SIZE)
    ]
    return flashes, standing


def try_phantoms(
    flashes: Sequence[Arm],
    pictures: Sequence[Arm],
    *,
    seed: int,
    runs: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> PhantomTrial:
    """Drive and judge phantoms on the run seeds `seed` to `seed + runs - 1`."""
    driven = drive_arms([*flashes, *pictures], seed=seed, runs=runs, workers=workers, progress=progress)
    found = {(each.arm.name, each.arm.driver): each for each in driven}
    pairs = [
        paired(found[name, DriverKind.STANDARD], each, PHANTOM)
        for (name, driver), each in found.items()
        if driver is not DriverKind.STANDARD and (name, DriverKind.STANDARD) in found
    ]
    return PhantomTrial(seed, driven[: len(flashes)], driven[len(flashes) :], tuple(pairs))
