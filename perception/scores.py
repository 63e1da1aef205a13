"""What a network is worth, in numbers that say how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST_COUNTED = 0.005
"""Detections less believed than this take no part in scores."""

_Z95 = 1.959964
"""Two-sided 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, its 95 % interval, and how many samples it rests on; None where there was nothing to measure."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Beliefs of one span of a reliability diagram.

    Attributes:
        low: Its lower end.
        high: Its upper end.
        believed: Their mean; None where there are none.
        right: The share of them that was right; None where there are none.
        n: How many there are.
    """

    low: float
    high: float
    believed: float | None
    right: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well beliefs agree with what came true.

    Attributes:
        ece: Expected calibration error: mean |believed - right| over the bins, each by its number of beliefs (Guo et
            al. 2017, On Calibration of Modern Neural Networks, section 2).
        bins: The reliability diagram.
    """

    ece: Measure
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """How well one kind of object is found, within one band of distance or over all.

    Thresholds belong to the whole: each is the lowest score at which the precision over all distances still holds, and
    the recall of a band is its share of objects found above that score. Intervals of recall hold that the threshold too
    comes from these pictures (`matching`).

    Attributes:
        ap: Average precision at IoU 0.5, as COCO has it.
        recall_at_90: Share found at a precision of 0.90.
        recall_at_95: At 0.95.
        recall_at_97: At 0.97.
        recall_at_99: At 0.99.
        distance_error_median: |believed - true| / true of those found at 0.97.
        distance_error_p95: Its 95th percentile.
    """

    ap: Measure
    recall_at_90: Measure
    recall_at_95: Measure
    recall_at_97: Measure
    recall_at_99: Measure
    distance_error_median: Measure
    distance_error_p95: Measure


@dataclass(frozen=True, slots=True)
class KindScores(DetectionScores):
    """How well one kind of object is found.

    Attributes:
        threshold_97: The score at which precision is 0.97; None if it is never reached.
        precision: At that score.
        false_per_frame: False detections a frame at that score.
        bands: The same by distance, "8-40" metres and so on; of signs that are none, nothing.
        reliability: Whether its beliefs mean what they say.
    """

    threshold_97: float | None
    precision: Measure
    false_per_frame: Measure
    bands: dict[str, DetectionScores]
    reliability: Reliability


@dataclass(frozen=True, slots=True)
class StopLineScores:
    """How well the stop line is found and placed.

    Attributes:
        recall: Share of visible lines within range that were found: believed with 0.5, and placed within 10 % or 1 m.
        false_per_frame: Lines believed with 0.5 where none can be seen, a frame.
        distance_error_median_m: |believed - true| of those believed.
        distance_error_p90_m: Its 90th percentile.
        reliability: Of every belief in a line: right if one is there, within 10 % or 1 m.
    """

    recall: Measure
    false_per_frame: Measure
    distance_error_median_m: Measure
    distance_error_p90_m: Measure
    reliability: Reliability


@dataclass(frozen=True, slots=True)
class LaneScores:
    """How well the lane is known: medians and 95th percentiles of the absolute errors.

    Its confidence is a belief too: that the offset is right to within half a metre.
    """

    offset_error_median_m: Measure
    offset_error_p95_m: Measure
    heading_error_median_rad: Measure
    heading_error_p95_rad: Measure
    curvature_error_median_per_m: Measure
    reliability: Reliability


@dataclass(frozen=True, slots=True)
class Scores:
    """What a network is worth on one set of frames.

    Attributes:
        frames: How many.
        stop_sign: How well stop signs are found.
        distractor: And signs that are none.
        vehicle: And vehicles.
        pedestrian: And people on foot.
        stop_line: And the stop line.
        lane: How well the lane is known.
        curves: Recall and precision of stop signs along the threshold, for plots; not part of `to_dict`.
        distance_pairs: True and believed distance of each stop sign found, for plots; not part of `to_dict`.
    """

    frames: int
    stop_sign: KindScores
    distractor: KindScores
    vehicle: KindScores
    pedestrian: KindScores
    stop_line: StopLineScores
    lane: LaneScores
    curves: NDArray[np.float64]
    distance_pairs: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain values, for JSON and for the card."""
        names = ("stop_sign", "distractor", "vehicle", "pedestrian", "stop_line", "lane")
        return {"frames": self.frames} | {name: asdict(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class PhotographScores:
    """What a network is worth on photographs, where only boxes of stop signs are known.

    Attributes:
        photographs: How many.
        stop_sign: How well stop signs are found; distances are unknown.
    """

    photographs: int
    stop_sign: KindScores

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain values, without those that need a distance."""
        plain = asdict(self)
        for name in ("distance_error_median", "distance_error_p95", "bands"):
            del plain["stop_sign"][name]
        return plain


def share(hits: int, n: int, design_effect: float = 1.0) -> Measure:
    """Return a share with its Wilson score interval (Wilson 1927).

    Args:
        hits: How many.
        n: Of how many.
        design_effect: How many times more it varies than a share of as many independent ones; the interval is that of
            so many times fewer.
    """
    if n == 0:
        return Measure(None, None, None, 0)
    p, m = hits / n, n / design_effect
    middle = (p + _Z95**2 / (2 * m)) / (1 + _Z95**2 / m)
    reach = _Z95 / (1 + _Z95**2 / m) * sqrt(p * (1 - p) / m + _Z95**2 / (4 * m**2))
    return Measure(p, max(middle - reach, 0.0), min(middle + reach, 1.0), n)


def rate(count: int, n: int) -> Measure:
    """Return events per trial with the interval of a Poisson count, by its square root's near-constant variance."""
    if n == 0:
        return Measure(None, None, None, 0)
    low = max(sqrt(count) - _Z95 / 2, 0.0) ** 2 if count else 0.0
    return Measure(count / n, low / n, (sqrt(count + 1) + _Z95 / 2) ** 2 / n, n)


def quantile(values: Sequence[float] | NDArray[np.float64], at: float) -> Measure:
    """Return a quantile with the interval between order statistics, whatever the distribution (Conover 1999, 3.2)."""
    n = len(values)
    if n == 0:
        return Measure(None, None, None, 0)
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    reach = _Z95 * sqrt(n * at * (1 - at))
    low = ordered[max(int(np.floor(n * at - reach)), 0)]
    high = ordered[min(int(np.ceil(n * at + reach)), n - 1)]
    return Measure(float(np.quantile(ordered, at)), float(low), float(high), n)
