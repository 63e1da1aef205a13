"""How much sooner a guided search comes upon a failure than random draws, with eyes whose weakness is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from scenarios.pool import Progress, map_jobs
from scenarios.scenario import find_scenario, load_shipped
from scenarios.search import hunt
from scenarios.statistics import pass_interval
from sim.faults import Capture
from sim.loop import OracleEyes
from sim.percept import Percept
from sim.truth import ObjectKind

SCENARIO = "straight"
"""Where the searches hunt: worlds from 8 to 11 m/s, signs from new to 0.4 worn."""

SIGHTS_M = (50.0, 52.0)
"""From how far the eyes see a new sign. Worn ones on fast roads alone come too late: 7 of 1,745 random runs failed."""

SEEDS_APART = 100_000
"""Between the first run seeds of two searches."""


@dataclass(frozen=True, slots=True)
class WornSight:
    """Eyes that see all as it is, but a stop sign only from near by: the nearer, the more it is worn.

    Attributes:
        sight_m: From how far they see a new one.
    """

    sight_m: float
    name: str = "worn sight"
    needs_frame: bool = False
    needs_truth: bool = True
    sure_score: float = OracleEyes().sure_score

    def __call__(self, step: int, capture: Capture) -> Percept:
        """Return what they see."""
        if capture.truth is None:
            raise ValueError("Expected the truth, to see a part of it. Received: None.")
        percept = OracleEyes()(step, capture)
        signs = [each for each in capture.truth.objects if each.kind is ObjectKind.STOP_SIGN]
        wear = max((each.sign.wear for each in signs if each.sign is not None), default=0.0)
        near_m = self.sight_m * (1.0 - wear)
        return replace(
            percept,
            detections=tuple(
                each for each in percept.detections if each.kind is not ObjectKind.STOP_SIGN or each.distance_m < near_m
            ),
            # The line is no sign's substitute.
            stop_line=None if percept.stop_line is None or percept.stop_line.distance_m > 20.0 else percept.stop_line,
        )


@dataclass(frozen=True, slots=True)
class Hunted:
    """What several searches of one kind came to.

    Attributes:
        sampler: How they chose what to drive.
        runs: How many runs each drove, until its first failure or the end of its budget.
        failures: How many of them found one.
    """

    sampler: str
    runs: tuple[int, ...]
    failures: int


@dataclass(frozen=True, slots=True)
class Advantage:
    """A guided search beside random draws.

    Attributes:
        guided: What it came to.
        random: What they did.
        ratio: How many times as many failures it finds with as many runs; None where either found none.
        low: Low end of the exact 95 % interval: given all failures, the share that is the guided search's is binomial.
        high: High end of it; None if it is infinite.
    """

    guided: Hunted
    random: Hunted
    ratio: float | None
    low: float
    high: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def benchmark_search(
    *,
    searches: int = 6,
    budget: int = 200,
    seed: int = 0,
    sights_m: Sequence[float] = SIGHTS_M,
    workers: int = 1,
    progress: Progress | None = None,
) -> Advantage:
    """Search for a first failure, several times each way.

    Args:
        searches: How often each way, with each pair of eyes.
        budget: Most runs of one search.
        seed: Of the first search.
        sights_m: From how far each pair of eyes sees a new sign.
        workers: Processes of this machine.
        progress: Told how many searches are done.

    Raises:
        ValueError: If a number is under 1.
        RollingStopError: If Optuna or cmaes is not installed.
    """
    if min(searches, budget) < 1:
        raise ValueError(f"Expected searches and budget of at least 1. Received: {searches} and {budget}.")
    jobs = [
        _Search(sampler, budget, seed + SEEDS_APART * number, sight_m)
        for sampler in ("guided", "random")
        for sight_m in sights_m
        for number in range(searches)
    ]
    found = map_jobs(_search, jobs, workers, progress)
    half = len(jobs) // 2
    guided, random = (
        Hunted(sampler, tuple(runs for runs, _ in part), sum(failed for _, failed in part))
        for sampler, part in (("guided", found[:half]), ("random", found[half:]))
    )
    return compare(guided, random)


def compare(guided: Hunted, random: Hunted) -> Advantage:
    """Return how much more often the first finds failures than the second."""
    of_all = guided.failures + random.failures
    if not of_all:
        return Advantage(guided, random, None, 0.0, None)
    per_run = sum(random.runs) / sum(guided.runs)
    low, high = pass_interval(guided.failures, of_all)
    return Advantage(
        guided,
        random,
        guided.failures / random.failures * per_run if guided.failures and random.failures else None,
        low / (1.0 - low) * per_run if low < 1.0 else 0.0,
        high / (1.0 - high) * per_run if high < 1.0 else None,
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """One search, as it is sent to a worker."""

    sampler: str
    budget: int
    seed: int
    sight_m: float


def _search(job: _Search) -> tuple[int, bool]:
    scenario = find_scenario(SCENARIO, load_shipped())
    found = hunt(scenario, WornSight(job.sight_m), budget=job.budget, seed=job.seed, sampler=job.sampler, shrink=False)
    return found.trials, found.found is not None
