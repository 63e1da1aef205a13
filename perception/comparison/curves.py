"""Error over volume: means over the seeds, power laws, where one model passes the other, and how sure all of it is.

Uncertainty has two sources, and one bootstrap draws from both: which frames the models were tested on, and which seed
(data and start) they were trained with. Both learners are drawn alike, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import exp, inf, isfinite, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit

from perception.comparison.grid import (
    ABLATED,
    LEARNERS,
    NETWORKS,
    Comparison,
    Condition,
    Model,
    Result,
    settings_of,
)
from perception.matching import SceneAnswers, average_precision, match, recall_at
from perception.scores import Measure
from sim.seeding import Stream, stream

RESAMPLES = 400

FLOOR = 1e-4
"""Errors are drawn, and fitted, no smaller than this."""


class Metric(StrEnum):
    """What error is."""

    AP50 = "ap50"
    RECALL_97 = "recall_at_97"
    RECALL_99 = "recall_at_99"


METRIC_WORDS = {
    Metric.AP50: "AP50",
    Metric.RECALL_97: "recall at 0.97 precision",
    Metric.RECALL_99: "recall at 0.99 precision",
}


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """error = a n^b + c (Hestness et al. 2017): c is the error that no amount of data removes."""

    a: float
    b: float
    c: float

    def __call__(self, volume: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the error at some volumes."""
        return self.a * volume**self.b + self.c


@dataclass(frozen=True, slots=True)
class Point:
    """One model at one volume: its mean over the seeds with the 95 % interval of the bootstrap, and each seed's value.

    All are scores, not errors.
    """

    volume: int
    mean: Measure
    seeds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """The volume from which on the network's mean error is the smaller one, by interpolation between volumes.

    Attributes:
        volume: None if it lies outside of what was measured.
        words: The same in words: "2,300 (1,100 to 4,800)", "above 10,000".
        always: Whether it is ahead at every volume.
        never_share: Share of the resamples in which the network was not ahead at the largest volume.
    """

    volume: float | None
    words: str
    always: bool
    never_share: float


@dataclass(frozen=True, slots=True)
class Duel:
    """A network that learned against the classical pipeline.

    Attributes:
        volumes: Those at which both were measured.
        crossing: Where the network passes it; None with but one volume.
        lead: Score of the network less that of the pipeline, at the largest volume.
    """

    volumes: tuple[int, ...]
    crossing: Crossing | None
    lead: Measure


@dataclass(frozen=True, slots=True)
class Panel:
    """One condition and one metric.

    Attributes:
        condition: Clean or corrupted.
        metric: Which.
        curves: The points of each learner, by volume.
        laws: Their power laws; None where three volumes were not measured.
        levels: Models without a volume.
        duels: Each network that was measured at volumes at which the classical pipeline was.
        losses: What the network that looks twice loses where it looks once or lacks a part: its score less theirs, at
            the largest volume of both.
        shipped_lead: Score of the shipped network less that of the classical pipeline at its largest volume.
    """

    condition: Condition
    metric: Metric
    curves: dict[Model, list[Point]]
    laws: dict[Model, PowerLaw | None]
    levels: dict[Model, Measure]
    duels: dict[Model, Duel]
    losses: dict[Model, Measure]
    shipped_lead: Measure | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a comparison says."""

    settings: dict[str, Any]
    panels: list[Panel]
    train_s: dict[str, float]

    def panel(self, condition: Condition, metric: Metric) -> Panel:
        """Return one of its panels."""
        return next(each for each in self.panels if each.condition is condition and each.metric is metric)

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Run:
    """One result's detections on one condition, strongest first."""

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    pictures: NDArray[np.int64]

    def values(self, times: NDArray[np.int64], n: int) -> tuple[float, float, float]:
        """Return the score in each metric where each test frame occurs a number of times."""
        each = times[self.pictures]
        return (
            average_precision(self.right, each, n),
            recall_at(0.97, self.scores, self.right, each, n),
            recall_at(0.99, self.scores, self.right, each, n),
        )


def summarise(comparison: Comparison, *, resamples: int = RESAMPLES) -> Summary:
    """Return what a comparison says, with intervals."""
    panels: list[Panel] = []
    for condition in Condition:
        values = _bootstrap(comparison, condition, resamples)
        panels += [_panel(comparison, condition, metric, number, values) for number, metric in enumerate(Metric)]
    counts = {
        f"{model}-{volume}": len(comparison.of(model, volume))
        for model in LEARNERS
        for volume in comparison.volumes(model)
    }
    seconds = {
        f"{each.model}-{each.volume}": float(
            np.mean([other.train_s for other in comparison.of(each.model, each.volume)])
        )
        for each in comparison.results
        if each.volume
    }
    settings = settings_of(comparison.plan) | {
        "trained_on": comparison.pool.manifest.recipe.name,
        "pool": comparison.pool.count,
        "train_seed": comparison.pool.manifest.recipe.seed,
        "trainings": counts,
        "signs": sum(target.counts for frame in comparison.test.targets for target in frame),
    }
    return Summary(settings, panels, seconds)


def _bootstrap(comparison: Comparison, condition: Condition, resamples: int) -> dict[tuple[Model, int], Any]:
    """Return, for each model and volume, scores of shape (1 + resamples, seeds, metrics), the first unresampled."""
    wanted = np.array([sum(t.counts for t in frame) for frame in comparison.test.targets])
    count = len(wanted)
    rng = stream(0, Stream.BOOTSTRAP, list(Condition).index(condition), 1)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    times = np.concatenate([np.ones((1, count), np.int64), drawn])
    values: dict[tuple[Model, int], Any] = {}
    for result in comparison.results:
        matched = _matched(result, comparison, condition)
        rows = [matched.values(each, int(each @ wanted)) for each in times]
        values.setdefault((result.model, result.volume), []).append(rows)
    return {key: np.array(runs).transpose(1, 0, 2) for key, runs in values.items()}


def _matched(result: Result, comparison: Comparison, condition: Condition) -> _Run:
    scenes = [
        SceneAnswers(targets, answers)
        for targets, answers in zip(comparison.test.targets, result.answers[condition], strict=True)
    ]
    found = match(scenes)
    return _Run(found.scores, found.right, found.pictures)


def _panel(
    comparison: Comparison, condition: Condition, metric: Metric, number: int, values: dict[tuple[Model, int], Any]
) -> Panel:
    rng = stream(0, Stream.BOOTSTRAP, list(Condition).index(condition), 2)
    rows, most = len(next(iter(values.values()))), comparison.plan.seeds
    # Where a run was stopped there are fewer, each of which is drawn as often as any other.
    drawn = {seeds: _drawn_seeds(rng, seeds, rows) for seeds in range(most, 0, -1)}
    curves: dict[Model, list[Point]] = {}
    means: dict[tuple[Model, int], NDArray[np.float64]] = {}
    for model in LEARNERS:
        points: list[Point] = []
        for volume in comparison.volumes(model):
            each_seed = values[model, volume][..., number]
            # Each resample has its own seeds, the same at all volumes and for both learners.
            seeds = drawn[each_seed.shape[1]]
            means[model, volume] = np.take_along_axis(each_seed, seeds, axis=1).mean(axis=1)
            means[model, volume][0] = each_seed[0].mean()
            points.append(
                Point(volume, _measure(means[model, volume], comparison), tuple(float(x) for x in each_seed[0]))
            )
        if points:
            curves[model] = points
    levels = {
        model: _measure(values[model, 0][:, 0, number], comparison)
        for model in (Model.RULE, Model.SHIPPED)
        if (model, 0) in values
    }
    last = comparison.volumes(Model.HOG)[-1:]
    shipped = values[Model.SHIPPED, 0][:, 0, number] if Model.SHIPPED in levels else None
    return Panel(
        condition=condition,
        metric=metric,
        curves=curves,
        laws={
            model: fit([p.volume for p in points], [1.0 - (p.mean.value or 0.0) for p in points])
            for model, points in curves.items()
        },
        levels=levels,
        duels={
            model: _duel(both, means, model, comparison)
            for model in NETWORKS
            if (both := comparison.volumes(model, Model.HOG))
        },
        losses={
            model: _measure(means[Model.CNN2, both[-1]] - means[model, both[-1]], comparison)
            for model in (Model.CNN, *ABLATED)
            if (both := comparison.volumes(model, Model.CNN2))
        },
        shipped_lead=_measure(shipped - means[Model.HOG, last[0]], comparison)
        if shipped is not None and last
        else None,
    )


def _duel(
    volumes: Sequence[int],
    means: dict[tuple[Model, int], NDArray[np.float64]],
    model: Model,
    comparison: Comparison,
) -> Duel:
    network, other = (np.array([1.0 - means[each, volume] for volume in volumes]) for each in (model, Model.HOG))
    crossing = _crossing(volumes, network, other) if len(volumes) > 1 else None
    return Duel(tuple(volumes), crossing, _measure(other[-1] - network[-1], comparison))


def _drawn_seeds(rng: np.random.Generator, seeds: int, rows: int) -> NDArray[np.int64]:
    """Return which seeds take part in each resample, shape (rows, seeds); in the first row, each once."""
    drawn = rng.integers(seeds, size=(rows, seeds))
    drawn[0] = np.arange(seeds)
    return drawn


def _measure(values: NDArray[np.float64], comparison: Comparison) -> Measure:
    """Return the first value with the 95 % interval of the others."""
    low, high = np.quantile(values[1:], [0.025, 0.975]) if len(values) > 1 else (values[0], values[0])
    n = sum(target.counts for frame in comparison.test.targets for target in frame)
    return Measure(float(values[0]), float(low), float(high), n)


def fit(volumes: Sequence[int], errors: Sequence[float]) -> PowerLaw | None:
    """Fit a power law to errors by least squares of their logarithms; c is left at 0 below five volumes.

    Returns:
        None with fewer than three volumes, or where no fit is found.
    """
    if len(volumes) < 3:
        return None
    n, y = np.array(volumes, np.float64), np.log(np.maximum(np.array(errors, np.float64), FLOOR))
    with_floor = len(volumes) >= 5

    def model(at: NDArray[np.float64], log_a: float, b: float, c: float = 0.0) -> NDArray[np.float64]:
        return np.log(np.exp(log_a) * at**b + c + 1e-12)

    slope = float(np.clip((y[-1] - y[0]) / (np.log(n[-1]) - np.log(n[0])), -1.9, 0.4))
    start = [float(y[0] - slope * np.log(n[0])), slope] + ([0.5 * exp(y.min())] if with_floor else [])
    low, high = [-20.0, -2.0] + [0.0] * with_floor, [20.0, 0.5] + [1.0] * with_floor
    import warnings

    try:
        with warnings.catch_warnings():
            # As many parameters as points leave no covariance; it is not asked for.
            warnings.simplefilter("ignore", OptimizeWarning)
            found, _ = curve_fit(model, n, y, p0=start, bounds=(low, high), maxfev=20_000)
    except RuntimeError:
        return None
    return PowerLaw(float(np.exp(found[0])), float(found[1]), float(found[2]) if with_floor else 0.0)


def crossing_at(volumes: Sequence[int], network: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the volume from which on the network's error is the smaller, by interpolation of logarithms.

    Returns:
        -inf if it is smaller at every volume, inf if it is not at the largest.
    """
    gap = np.log(np.maximum(network, FLOOR)) - np.log(np.maximum(other, FLOOR))
    behind = np.flatnonzero(gap >= 0)
    if not len(behind):
        return -inf
    last = int(behind[-1])
    if last + 1 == len(volumes):
        return inf
    share = gap[last] / (gap[last] - gap[last + 1])
    return exp(log(volumes[last]) + share * (log(volumes[last + 1]) - log(volumes[last])))


def _crossing(volumes: Sequence[int], network: NDArray[np.float64], other: NDArray[np.float64]) -> Crossing:
    """Return where the mean errors, shape (volumes, 1 + resamples), cross."""
    found = np.array([crossing_at(volumes, network[:, k], other[:, k]) for k in range(network.shape[1])])
    resampled = np.sort(found[1:]) if len(found) > 1 else found
    # Order statistics, not quantiles: there is nothing between a number and infinity.
    low = float(resampled[int(0.025 * len(resampled))])
    high = float(resampled[min(int(0.975 * len(resampled)), len(resampled) - 1)])

    def words(value: float) -> str:
        if isfinite(value):
            return f"{float(f'{value:.2g}'):,.0f}"
        return f"below {volumes[0]:,}" if value < 0 else f"above {volumes[-1]:,}"

    told = words(float(found[0]))
    if words(low) != words(high) or words(low) != told:
        told += f" ({words(low)} to {words(high)})"
    value = float(found[0])
    return Crossing(value if isfinite(value) else None, told, value == -inf, float(np.mean(resampled == inf)))
