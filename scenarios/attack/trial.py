"""Trials: the same seeds driven under several conditions, counted with exact bounds and held against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scenarios.attack.drives import AttackJob, AttackRun, DriverKind, run_attacks
from scenarios.pool import Progress
from scenarios.scenario import Scenario
from scenarios.statistics import mcnemar_p, pass_interval

BAND_M = 5.0
"""Width of the bands of distance in which scores are averaged."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One condition of a trial.

    Attributes:
        name: What it is called.
        network: Which network drives: "given", or "defended".
        driver: Who drives.
        scenario: What is driven.
        job_for: Returns what a run seed's drive is to be, given the drive without any attack.
        weights: The network's; None for the shipped ones.
    """

    name: str
    network: str
    driver: DriverKind
    scenario: Scenario
    job_for: Callable[[AttackJob], AttackJob] = field(repr=False)
    weights: Path | None = None

    def jobs(self, seed: int, runs: int) -> list[AttackJob]:
        """Return the drives of the run seeds from `seed` on."""
        return [self.job_for(AttackJob(self.scenario, seed + k, self.weights, self.driver)) for k in range(runs)]


@dataclass(frozen=True, slots=True)
class Driven:
    """What the drives of one arm came to.

    Attributes:
        arm: Which.
        runs: In the order of their seeds.
    """

    arm: Arm
    runs: tuple[AttackRun, ...]

    def count(self, what: Callable[[AttackRun], bool]) -> Counted:
        """Return how many drives something happened in."""
        hits = sum(what(run) for run in self.runs)
        return Counted(hits, len(self.runs), *pass_interval(hits, len(self.runs)))

    @property
    def lost(self) -> Counted:
        """The drives of which something expected did not hold."""
        return self.count(lambda run: run.lost)

    @property
    def ran_the_stop(self) -> Counted:
        """Those that crossed the line without having stood."""
        return self.count(lambda run: run.ran_the_stop)

    @property
    def phantoms(self) -> Counted:
        """Those that stopped or braked with nothing to stop for."""
        return self.count(lambda run: run.phantom)

    def score_by_distance(self) -> list[tuple[float, float, int]]:
        """Return, for each band of distance, its middle, the mean score of the sign's frames in it, and how many."""
        bands: dict[int, list[float]] = {}
        for run in self.runs:
            for distance_m, score in run.seen:
                bands.setdefault(int(distance_m // BAND_M), []).append(score)
        return [
            ((band + 0.5) * BAND_M, sum(scores) / len(scores), len(scores)) for band, scores in sorted(bands.items())
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "name": self.arm.name,
            "network": self.arm.network,
            "driver": self.arm.driver.value,
            "scenario": self.arm.scenario.name,
            "lost": self.lost.to_dict(),
            "ran_the_stop": self.ran_the_stop.to_dict(),
            "phantoms": self.phantoms.to_dict(),
            "score_by_distance": [
                {"distance_m": middle_m, "score": round(score, 4), "frames": frames}
                for middle_m, score, frames in self.score_by_distance()
            ],
            "drives": [{"seed": run.verdict.seed, "lost": run.lost, "reason": run.verdict.reason} for run in self.runs],
        }


@dataclass(frozen=True, slots=True)
class Counted:
    """A share of drives with its exact 95 % bounds (Clopper and Pearson)."""

    hits: int
    runs: int
    low: float
    high: float

    @property
    def words(self) -> str:
        """The count, the share and its bounds: "3 of 30, 10 % (2-27 %)"."""
        share = 100.0 * self.hits / self.runs
        return f"{self.hits} of {self.runs}, {share:.0f} % ({100 * self.low:.0f}-{100 * self.high:.0f} %)"

    def to_dict(self) -> dict[str, float]:
        """Return it as plain values."""
        return {"hits": self.hits, "runs": self.runs, "low": round(self.low, 4), "high": round(self.high, 4)}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arms on the same seeds.

    Attributes:
        what: What is counted.
        first: Name of one.
        second: Name of the other.
        only_first: Drives in which it happened to the first alone.
        only_second: Drives in which it happened to the second alone.
        p: McNemar's exact test.
    """

    what: str
    first: str
    second: str
    only_first: int
    only_second: int
    p: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "what": self.what,
            "first": self.first, "second": self.second, "only_first": self.only_first,
            "only_second": self.only_second, "p": round(self.p, 6),
        }  # fmt: skip


LOST, RAN, PHANTOM = "drives lost", "ran the stop", "phantom stops"
_COUNTED: dict[str, Callable[[AttackRun], bool]] = {
    LOST: lambda run: run.lost,
    RAN: lambda run: run.ran_the_stop,
    PHANTOM: lambda run: run.phantom,
}


def paired(first: Driven, second: Driven, what: str = LOST) -> Pair:
    """Hold two arms against each other, seed by seed; `what` is `LOST`, `RAN` or `PHANTOM`.

    Raises:
        ValueError: If they were not driven on the same seeds.
    """
    ours, theirs = ([run.verdict.seed for run in each.runs] for each in (first, second))
    if ours != theirs:
        raise ValueError(f"Expected the same seeds in both. Received: {ours} and {theirs}.")
    happened = [
        (_COUNTED[what](one), _COUNTED[what](other)) for one, other in zip(first.runs, second.runs, strict=True)
    ]
    only_first, only_second = happened.count((True, False)), happened.count((False, True))
    p = mcnemar_p(only_first, only_second)
    return Pair(what, _label(first.arm), _label(second.arm), only_first, only_second, p)


def _label(arm: Arm) -> str:
    more = [each for each in (arm.driver.value if arm.driver is not DriverKind.STANDARD else "",
                              arm.network if arm.network != "given" else "") if each]  # fmt: skip
    return f"{arm.name} ({', '.join(more)})" if more else arm.name


def drive_arms(
    arms: Sequence[Arm], *, seed: int, runs: int, workers: int = 1, progress: Progress | None = None
) -> tuple[Driven, ...]:
    """Drive every arm on the same run seeds, `seed` to `seed + runs - 1`."""
    jobs = [job for arm in arms for job in arm.jobs(seed, runs)]
    done = run_attacks(jobs, workers=workers, progress=progress)
    return tuple(Driven(arm, tuple(done[k * runs : (k + 1) * runs])) for k, arm in enumerate(arms))


def unchanged(job: AttackJob) -> AttackJob:
    """Return a drive without an attack: as it is."""
    return job


def with_the_same(job: AttackJob, **changes: Any) -> AttackJob:
    """Return a drive with something of it changed."""
    return replace(job, **changes)
