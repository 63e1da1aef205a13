"""Drawing from the distributions of a spec."""

from __future__ import annotations

import numpy as np

from sim.spec import Count, Span


def uniform(rng: np.random.Generator, span: Span) -> float:
    """Return a number drawn uniformly from a span."""
    return float(rng.uniform(span[0], span[1])) if span[1] > span[0] else span[0]


def count(rng: np.random.Generator, count: Count) -> int:
    """Return a whole number drawn uniformly, both ends included."""
    return int(rng.integers(count[0], count[1] + 1))


def draw_look(rng: np.random.Generator) -> int:
    """Return a number that picks among the looks of a thing."""
    return int(rng.integers(0, 1 << 30))
