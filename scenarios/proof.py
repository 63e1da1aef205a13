"""Driving on until a claim about the rate of failures is proven, or has failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from perception.engine import STANDARD, Engine
from scenarios.outcomes import Verdict
from scenarios.pool import Progress
from scenarios.run import Results, run_catalogue
from scenarios.scenario import Scenario
from scenarios.statistics import Plan, plan_proof
from sim.cluster import Cluster

BATCH_RUNS = (8, 400)
"""Runs between two chances to find that a claim has failed, at first and at most; each batch is twice the one before,
for starting workers anew costs as much as some runs."""


class Claim(Enum):
    """What became of the claim; the value is what a person reads."""

    PROVEN = "Proven: at 95 % confidence, fewer fail than was claimed."
    REFUTED = "Refuted: at 95 % confidence, more fail than was claimed."
    UNDECIDED = "Undecided: the plan is at its end, and the rate is too near to the claim to tell."


@dataclass(frozen=True, slots=True)
class Proof:
    """The end of a proof.

    Attributes:
        claim: What became of it.
        plan: As it was laid down before the first run.
        runs: How many were driven, all scenarios together.
        failures: How many of them failed.
        results: Of all of them.
    """

    claim: Claim
    plan: Plan
    runs: int
    failures: int
    results: Results

    def to_dict(self) -> dict[str, object]:
        """Return what was claimed and what became of it as plain values."""
        return {
            "claim": self.claim.name,
            "failure_rate_below": self.plan.rate,
            "confidence": self.plan.confidence,
            "runs": self.runs,
            "failures": self.failures,
            "looks": [{"runs": k.runs, "allowed": k.allowed, "alpha": k.alpha} for k in self.plan.looks],
        }


def prove(
    scenarios: Sequence[Scenario],
    eyes_name: str,
    rate: float,
    *,
    seed: int = 0,
    weights: Path | None = None,
    engine: Engine = STANDARD,
    workers: int = 1,
    cluster: Cluster | None = None,
    progress: Progress | None = None,
) -> Proof:
    """Drive round after round, one run of each scenario, until the claim is proven or refuted, or the plan ends.

    The claim is about the mean share that fails over the scenarios, each counted alike. Within a round the scenarios
    differ and so may their rates; the count of failures then varies less than in the binomial of the plan (Hoeffding
    1956), which makes both decisions the surer.

    Args:
        scenarios: What is driven.
        eyes_name: "network", "oracle" or "blind".
        rate: The claim: fewer than this share of runs fail.
        seed: The first run seed.
        weights: The network's weights; the shipped ones if not given.
        engine: What computes the network.
        workers: Processes.
        cluster: Where instead.
        progress: Called as runs are done; the total is that of the next look.

    Raises:
        ValueError: If the rate is not within 0 to 1.
        RollingStopError: As `run_catalogue` does.
    """
    plan = plan_proof(rate, of=len(scenarios))
    verdicts: list[Verdict] = []
    failures, rounds, claim = 0, 0, Claim.UNDECIDED
    batch_runs, most_runs = BATCH_RUNS
    for look in plan.looks:
        while len(verdicts) < look.runs and claim is Claim.UNDECIDED:
            more = min(max(batch_runs // len(scenarios), 1), look.runs // len(scenarios) - rounds)
            batch_runs = min(2 * batch_runs, most_runs)
            done, total = len(verdicts), look.runs
            batch = run_catalogue(
                scenarios, eyes_name, runs=more, seed=seed + rounds, weights=weights, engine=engine, workers=workers,
                cluster=cluster,
                progress=lambda now, _all, done=done, total=total: progress(done + now, total) if progress else None,
            )  # fmt: skip
            verdicts.extend(batch.verdicts)
            rounds += more
            failures += len(batch.failures)
            if plan.refuted(len(verdicts), failures):
                claim = Claim.REFUTED
        if claim is Claim.UNDECIDED and plan.proven(len(verdicts), failures):
            claim = Claim.PROVEN
        if claim is not Claim.UNDECIDED:
            break
    place = {scenario.name: number for number, scenario in enumerate(scenarios)}
    verdicts.sort(key=lambda verdict: (place[verdict.scenario], verdict.seed))
    results = Results(eyes_name, seed, rounds, tuple(scenarios), tuple(verdicts))
    return Proof(claim, plan, len(verdicts), failures, results)
