"""Which of several stickers costs most drives: frames do not tell what a driver who sees hundreds makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.attack.drives import AttackJob, AttackRun, run_attacks
from scenarios.pool import Progress
from scenarios.scenario import Scenario
from sim.seeding import Stream, derive_seed
from sim.stickers import Sticker

if TYPE_CHECKING:
    from perception.attack.optimise import Candidate, FoundSticker

DECIDING_M = (8.0, 35.0)
"""Where a sign must be seen for a stop in comfort: of two stickers that cost as many drives, that is worse with which
it is seen less there."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a sticker did in its trial drives.

    Attributes:
        lost: How many were lost.
        drives: Of how many.
        score: The sign's mean score in their frames within `DECIDING_M`, or in frames without drives.
    """

    lost: int
    drives: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What was found, and which of it was chosen.

    Attributes:
        found: All of it.
        tried: What each candidate did, in their order.
        number: Which was chosen.
    """

    found: FoundSticker
    tried: tuple[Tried, ...]
    number: int

    @property
    def best(self) -> Candidate:
        """The candidate that was chosen."""
        return self.found.candidates[self.number]

    @property
    def sticker(self) -> Sticker:
        """Its sticker."""
        return self.best.sticker

    def to_list(self) -> list[dict[str, Any]]:
        """Return each candidate as plain values."""
        return [
            {
                "place": {"u": place.u, "v": place.v, "width": place.width, "height": place.height},
                "start": candidate.start.value,
                "held_back": round(candidate.held_back["optimised"], 4),
                "lost": tried.lost,
                "drives": tried.drives,
                "score_on_drives": round(tried.score, 4) if tried.drives else None,
                "chosen": k == self.number,
            }
            for k, (candidate, tried) in enumerate(zip(self.found.candidates, self.tried, strict=True))
            for place in (candidate.sticker.place,)
        ]


def choose(
    found: FoundSticker,
    scenario: Scenario,
    *,
    weights: Path | None,
    seed: int,
    drives: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> Chosen:
    """Return which sticker costs most, in drives whose run seeds no trial is judged on.

    Args:
        found: Among what is chosen.
        scenario: What is driven.
        weights: The network's; None for the shipped ones.
        seed: The run seeds are derived from it.
        drives: How many for each, the same for all; with 0, scores on frames choose.
        workers: Processes.
        progress: Called as drives are done.
    """
    if drives == 0:
        return Chosen(found, tuple(Tried(0, 0, each.score) for each in found.candidates), 0)
    stickers = [each.sticker for each in found.candidates]
    seeds = [derive_seed(seed, Stream.ATTACK, 9, k) for k in range(drives)]
    jobs = [AttackJob(scenario, each, weights, sticker=sticker) for sticker in stickers for each in seeds]
    runs = run_attacks(jobs, workers=workers, progress=progress)
    tried = tuple(_tried(runs[k * drives : (k + 1) * drives]) for k in range(len(stickers)))
    return Chosen(found, tried, min(range(len(tried)), key=lambda k: (-tried[k].lost, tried[k].score)))


def _tried(runs: Sequence[AttackRun]) -> Tried:
    near, far = DECIDING_M
    scores = [score for run in runs for distance_m, score in run.seen if near <= distance_m <= far]
    return Tried(sum(run.lost for run in runs), len(runs), sum(scores) / max(len(scores), 1))
