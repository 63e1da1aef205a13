"""Whether beliefs mean what they say: of what is believed with 0.8, four of five should be right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perception.scores import Bin, Measure, Reliability
from sim.seeding import Stream, stream

BINS = 10
"""Equal spans of belief from 0 to 1."""

LOWEST_JUDGED = 0.05
"""Detections less believed are left out: thousands of rightly doubted ones would make any network look calibrated."""

RESAMPLES = 200
"""Resamples of the frames behind an interval."""


def reliability(
    beliefs: NDArray[np.float64] | list[float],
    right: NDArray[np.bool_] | list[bool],
    frames: NDArray[np.int64] | list[int],
    *,
    lowest: float = LOWEST_JUDGED,
) -> Reliability:
    """Return how well beliefs agree with what came true; the interval comes from resampling the frames.

    Args:
        beliefs: From 0 to 1, shape (n,).
        right: Whether each came true, shape (n,).
        frames: In which frame each was, shape (n,).
        lowest: Lesser beliefs are left out.
    """
    believed, true = np.asarray(beliefs, np.float64), np.asarray(right, np.float64)
    kept = believed >= lowest
    believed, true, owner = believed[kept], true[kept], np.asarray(frames, np.int64)[kept]
    place = np.minimum((believed * BINS).astype(np.int64), BINS - 1)
    counts, sums, hits = (np.bincount(place, each, BINS) for each in (np.ones_like(believed), believed, true))
    bins = tuple(
        Bin(k / BINS, (k + 1) / BINS, float(sums[k] / n) if n else None, float(hits[k] / n) if n else None, int(n))
        for k, n in enumerate(counts)
    )
    if not len(believed):
        return Reliability(Measure(None, None, None, 0), bins)
    _, owner = np.unique(owner, return_inverse=True)
    number = int(owner.max()) + 1
    drawn = stream(0, Stream.BOOTSTRAP, 1_000).multinomial(number, np.full(number, 1 / number), size=RESAMPLES)
    gaps = believed - true
    errors = [_error(place, gaps, times[owner].astype(np.float64)) for times in drawn]
    low, high = np.quantile(errors, [0.025, 0.975])
    value = _error(place, gaps, np.ones_like(gaps))
    # Resamples are noisier than the sample, and noise adds to the error: the interval is made to hold the value.
    return Reliability(Measure(value, min(float(low), value), max(float(high), value), len(believed)), bins)


def _error(place: NDArray[np.int64], gaps: NDArray[np.float64], times: NDArray[np.float64]) -> float:
    """Return the sum of each bin's |sum of gaps| over the number of beliefs, each counted so many times."""
    return float(np.abs(np.bincount(place, times * gaps, BINS)).sum() / max(times.sum(), 1e-9))
