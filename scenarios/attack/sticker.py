"""A sticker judged on whole drives: against none, plain white and noise of the same size in the same place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scenarios.attack.drives import AttackJob, DriverKind
from scenarios.attack.trial import LOST, RAN, Arm, Driven, Pair, drive_arms, paired, unchanged, with_the_same
from scenarios.pool import Progress
from scenarios.scenario import Scenario
from sim.stickers import Sticker, noise_sticker, plain_sticker

CONDITIONS = ("none", "white", "noise", "optimised")
"""What is on the sign."""


@dataclass(frozen=True, slots=True)
class StickerTrial:
    """The drives of a sticker.

    Attributes:
        sticker: What was optimised.
        own: What was optimised against the defended network itself, or None.
        seed: The first run seed.
        driven: Each arm.
        pairs: The arms that differ in one thing, held against each other.
    """

    sticker: Sticker
    own: Sticker | None
    seed: int
    driven: tuple[Driven, ...]
    pairs: tuple[Pair, ...]

    def arm(self, name: str, driver: DriverKind = DriverKind.STANDARD, network: str = "given") -> Driven | None:
        """Return one arm, or None if it was not driven."""
        for each in self.driven:
            if (each.arm.name, each.arm.driver, each.arm.network) == (name, driver, network):
                return each
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        place = self.sticker.place
        return {
            "attack": "sticker",
            "area": round(place.area_share, 4),
            "place": {"u": place.u, "v": place.v, "width": place.width, "height": place.height},
            "seed": self.seed,
            "arms": [each.to_dict() for each in self.driven],
            "pairs": [each.to_dict() for each in self.pairs],
        }


def with_noise(place_of: Sticker, job: AttackJob) -> AttackJob:
    """Return a drive with a sticker of random colours, others for each seed, as large and in the same place."""
    return with_the_same(job, sticker=noise_sticker(place_of.place, place_of.rows, place_of.columns, job.run_seed))


def sticker_arms(
    scenario: Scenario,
    sticker: Sticker,
    *,
    weights: Path | None = None,
    other_drivers: bool = True,
    defended: Path | None = None,
    own: Sticker | None = None,
) -> list[Arm]:
    """Return the conditions that a sticker is judged under.

    Args:
        scenario: What is driven.
        sticker: What was optimised.
        weights: The network that it was optimised against; None for the shipped one.
        other_drivers: Whether drivers are to drive too that have no memory, or do not ease off for what they do not
            know.
        defended: Another network, to be driven under the same attack.
        own: A sticker that was optimised against that network.
    """
    what = {
        "none": unchanged,
        "white": partial(with_the_same, sticker=plain_sticker(sticker.place)),
        "noise": partial(with_noise, sticker),
        "optimised": partial(with_the_same, sticker=sticker),
    }
    arms = [Arm(name, "given", DriverKind.STANDARD, scenario, what[name], weights) for name in CONDITIONS]
    if other_drivers:
        arms += [
            Arm(name, "given", kind, scenario, what[name], weights)
            for kind in (DriverKind.UNWARY, DriverKind.NO_MEMORY)
            for name in ("none", "optimised")
        ]
    if defended is not None:
        found = {name: what[name] for name in ("none", "optimised")}
        if own is not None:
            found["its own"] = partial(with_the_same, sticker=own)
        arms += [Arm(name, "defended", DriverKind.STANDARD, scenario, job, defended) for name, job in found.items()]
    return arms


def try_sticker(
    arms: Sequence[Arm],
    sticker: Sticker,
    *,
    seed: int,
    runs: int,
    own: Sticker | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> StickerTrial:
    """Drive and judge a sticker's arms on the run seeds `seed` to `seed + runs - 1`.

    Args:
        arms: `sticker_arms`.
        sticker: What was optimised.
        seed: The first run seed.
        runs: Drives of each arm.
        own: What was optimised against the defended network.
        workers: Processes.
        progress: Called as drives are done.
    """
    driven = drive_arms(arms, seed=seed, runs=runs, workers=workers, progress=progress)
    found = {(each.arm.name, each.arm.driver, each.arm.network): each for each in driven}
    standard = {name: found[name, DriverKind.STANDARD, "given"] for name in CONDITIONS}
    others = ("none", "white", "noise")
    pairs = [paired(standard["optimised"], standard[name], what) for what in (LOST, RAN) for name in others]
    attacked = standard["optimised"]
    for name, driver, network in (
        ("optimised", DriverKind.UNWARY, "given"),
        ("optimised", DriverKind.NO_MEMORY, "given"),
        ("optimised", DriverKind.STANDARD, "defended"),
        ("its own", DriverKind.STANDARD, "defended"),
    ):
        if (name, driver, network) in found:
            pairs.append(paired(attacked, found[name, driver, network], LOST))
    return StickerTrial(sticker, own, seed, driven, tuple(pairs))
