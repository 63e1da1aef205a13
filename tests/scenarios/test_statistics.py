"""Exact tests and the plan of a proof, against closed forms, tables and simulated peeking."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scenarios import proof
from scenarios.outcomes import Metrics, Outcome, Verdict
from scenarios.proof import Claim, prove
from scenarios.run import Results
from scenarios.scenario import Scenario
from scenarios.statistics import at_most, mcnemar_p, plan_proof


@pytest.mark.parametrize(
    ("count", "runs", "rate", "probability"),
    [(0, 10, 0.1, 0.9**10), (10, 10, 0.3, 1.0), (-1, 10, 0.3, 0.0), (2, 5, 0.5, 0.5), (1, 3, 0.2, 0.896)],
)
def test_the_binomial_is_the_binomial(count, runs, rate, probability):
    assert at_most(count, runs, rate) == pytest.approx(probability)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    # From R: binom.test(min(b, c), b + c)$p.value.
    [(0, 0, 1.0), (3, 3, 1.0), (5, 0, 0.0625), (1, 9, 0.021484375), (9, 1, 0.021484375)],
)
def test_mcnemars_p_counts_the_runs_that_differ_alone(first, second, p):
    assert mcnemar_p(first, second) == pytest.approx(p)


def test_a_plan_spends_five_percent_in_all_and_needs_the_fewest_runs_for_each_look():
    plan = plan_proof(0.001)
    assert [look.runs for look in plan.looks[:2]] == [3688, 6379]
    assert sum(look.alpha for look in plan.looks) <= 0.05
    for look in plan.looks:
        assert at_most(look.allowed, look.runs, 0.001) <= look.alpha < at_most(look.allowed, look.runs - 1, 0.001)
    assert all(look.runs % 7 == 0 for look in plan_proof(0.01, of=7).looks)


def test_a_claim_is_proven_at_planned_looks_alone_and_refuted_by_too_many_failures():
    plan = plan_proof(0.1)
    first, second = plan.looks[:2]
    assert plan.proven(first.runs, 0)
    assert not plan.proven(first.runs, 1)
    assert not plan.proven(first.runs + 1, 0)
    assert plan.proven(second.runs, 1)
    assert not plan.refuted(first.runs, 1)
    assert plan.refuted(3, 3)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 7.0])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        plan_proof(rate)


def test_a_claim_at_its_very_edge_is_proven_or_refuted_wrongly_in_five_percent_each_at_most():
    rate, trials = 0.1, 1500
    plan = plan_proof(rate)
    failed = np.random.default_rng(5).random((trials, plan.looks[-1].runs)) < rate
    counts = failed.cumsum(axis=1)
    proven = np.zeros(trials, bool)
    for look in plan.looks:
        proven |= counts[:, look.runs - 1] <= look.allowed
    refuted = [
        any(plan.refuted(int(at) + 1, number) for number, at in enumerate(np.flatnonzero(row)[:12], start=1))
        for row in failed[:400]
    ]
    # Three standard errors above 5 %.
    assert proven.mean() < 0.05 + 3 * (0.05 * 0.95 / trials) ** 0.5
    assert np.mean(refuted) < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


SCENARIOS = tuple(Scenario(name=name, title=name, description="One.") for name in ("a", "b"))
METRICS = Metrics((), (), 0.0, 0.0, 0.0, 1.0, None)


def driven(fails, seen):
    """Return a stand-in for driving: a run fails if `fails` says so."""

    def run(scenarios, eyes, *, runs, seed, weights, engine, workers, cluster, progress):
        seen.append((seed, runs))
        outcome = {True: Outcome.ROLLED_THROUGH, False: Outcome.HELD}
        verdicts = tuple(
            Verdict(scenario.name, one, eyes, outcome[fails(scenario.name, one)], (), METRICS, 1)
            for scenario in scenarios
            for one in range(seed, seed + runs)
        )
        return Results(eyes, seed, runs, tuple(scenarios), verdicts)

    return run


@pytest.mark.parametrize(
    ("fails", "claim", "failures"),
    [
        (lambda name, seed: False, Claim.PROVEN, 0),
        (lambda name, seed: (name, seed) == ("b", 11), Claim.PROVEN, 1),
        (lambda name, seed: name == "a", Claim.REFUTED, None),
        (lambda name, seed: name == "a" and seed % 25 == 0, Claim.UNDECIDED, None),
    ],
)
def test_a_proof_drives_on_until_the_claim_holds_or_fails(monkeypatch, fails, claim, failures):
    seen = []
    monkeypatch.setattr(proof, "run_catalogue", driven(fails, seen))
    ended = prove(SCENARIOS, "oracle", 0.02, seed=10)
    assert ended.claim is claim
    assert failures in (None, ended.failures)
    assert ended.runs == len(ended.results.verdicts) == 2 * ended.results.runs
    # Each run is another one, and the verdicts are in the order of any other results.
    assert seen[0][0] == 10
    assert all(one[0] + one[1] == other[0] for one, other in pairwise(seen))
    order = [(verdict.scenario, verdict.seed) for verdict in ended.results.verdicts]
    assert order == sorted(set(order))
    if claim is Claim.PROVEN:
        assert ended.runs == ended.plan.looks[failures].runs
