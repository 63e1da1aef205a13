"""How sure a count is: exact bounds, exact tests, and a plan for proving a rate without peeking."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

CONFIDENCE = 0.95


def pass_interval(passes: int, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact interval of Clopper and Pearson for the share that would pass.

    The share's bounds are quantiles of beta distributions: low of Beta(k, n - k + 1), high of Beta(k + 1, n - k), for k
    passes in n runs (Clopper and Pearson, Biometrika 26, 1934). It covers the true share at least as often as it says,
    for runs drawn independently from the scenario's worlds, and says nothing of other worlds. For equally many runs of
    each of several scenarios it speaks of their mean share, and the count varies less, not more, than in as many draws
    of one (Hoeffding, Annals of Mathematical Statistics 27, 1956).

    Raises:
        ValueError: If `passes` is not within 0 to `runs`, or there is no run.
    """
    if not 0 <= passes <= runs or runs < 1:
        raise ValueError(f"Expected 0 <= passes <= runs and at least one run. Received: {passes} of {runs}.")
    # Half a second to import: not before it is needed.
    from scipy.special import betaincinv

    tail = 0.5 * (1.0 - confidence)
    low = float(betaincinv(passes, runs - passes + 1, tail)) if passes > 0 else 0.0
    high = float(betaincinv(passes + 1, runs - passes, 1.0 - tail)) if passes < runs else 1.0
    return low, high


def at_most(count: int, runs: int, rate: float) -> float:
    """Return the probability of `count` failures or fewer in `runs` runs that each fail with probability `rate`."""
    if count >= runs:
        return 1.0
    from scipy.special import betainc

    return float(betainc(runs - count, count + 1, 1.0 - rate)) if count >= 0 else 0.0


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's exact test: two drivers on the same runs, alike in the runs on which they differ.

    Under the hypothesis that both pass equally often, a run that only one of them passed is as often the first's as the
    second's: `only_first` is binomial of n = `only_first + only_second` and one half, both tails.
    """
    differing = only_first + only_second
    return min(1.0, 2.0 * at_most(min(only_first, only_second), differing, 0.5)) if differing else 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """One point of a plan at which the runs so far are counted.

    Attributes:
        runs: How many there are by then.
        allowed: With so many failures, or fewer, the claim is proven.
        alpha: Probability of that, at most, if the claim is wrong.
    """

    runs: int
    allowed: int
    alpha: float


@dataclass(frozen=True, slots=True)
class Plan:
    """When to stop, laid down before the first run: the claim is that fewer than `rate` of all runs fail.

    Whoever looks after every run and stops when it suits finds 95 % sooner or later. So the error that is allowed, 5 %,
    is spent in advance: half of it on a look after which no failure is allowed, a quarter on a later look that allows
    one, an eighth on the next, and so on. A wrong claim is proven at any look with 5 % probability at most, whatever
    the order of failures, by adding up. That costs runs: 3,688 without a failure for a rate of 0.001, where one look
    planned alone needs 2,995.

    The claim fails in the same way: at the x-th failure in n runs, if x or more failures in n runs had a probability of
    at most 5 % times 2 to the power of -x under the claim. What is neither by the last look stays undecided.

    Attributes:
        rate: Of failures, claimed to be larger than the true one.
        looks: In the order of their runs.
        confidence: Of either decision.
    """

    rate: float
    looks: tuple[Look, ...]
    confidence: float = CONFIDENCE

    def proven(self, runs: int, failures: int) -> bool:
        """Return whether `runs` is a planned look, and few enough have failed by then."""
        return any(look.runs == runs and failures <= look.allowed for look in self.looks)

    def refuted(self, runs: int, failures: int) -> bool:
        """Return whether so many failures in so few runs speak against the claim."""
        if failures == 0:
            return False
        as_many = 1.0 - at_most(failures - 1, runs, self.rate)
        return as_many <= (1.0 - self.confidence) * 0.5**failures


def plan_proof(rate: float, *, looks: int = 6, of: int = 1, confidence: float = CONFIDENCE) -> Plan:
    """Return the plan for proving that fewer than `rate` of all runs fail.

    Args:
        rate: Above 0 and below 1.
        looks: How many failures, less one, are allowed at the last look.
        of: Each look comes after a multiple of so many runs: one of each scenario.
        confidence: Of the decision.

    Raises:
        ValueError: If the rate is not within 0 to 1.
    """
    if not 0.0 < rate < 1.0:
        raise ValueError(f"Expected the rate to be proven to be above 0 and below 1. Received: {rate}.")
    planned: list[Look] = []
    for allowed in range(looks):
        alpha = (1.0 - confidence) * 0.5 ** (allowed + 1)
        needed = _fewest_runs(rate, allowed, alpha)
        planned.append(Look(-(-needed // of) * of, allowed, alpha))
    return Plan(rate, tuple(planned), confidence)


def _fewest_runs(rate: float, allowed: int, alpha: float) -> int:
    """Return the fewest runs of which so many failures or fewer have a probability of at most `alpha`."""
    most = 64
    while at_most(allowed, most, rate) > alpha:
        most *= 2
    return bisect_left(range(most + 1), -alpha, key=lambda runs: -at_most(allowed, runs, rate))
