"""What a spec is made of: spans, counts and shares, checked alike everywhere."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

Span = tuple[float, float]
"""Low and high end of a uniform distribution."""

Count = tuple[int, int]
"""Fewest and most, both included, uniform."""


def check_spec(spec: Any) -> None:
    """Check every span, count and share of a spec's dataclass by its form and name.

    Raises:
        ValueError: If the low end of a span is above its high end, one is negative, or a `..._share` is not within 0
            to 1.
    """
    for item in fields(spec):
        value = getattr(spec, item.name)
        if isinstance(value, tuple) and not (value and isinstance(value[0], (int, float))):
            continue  # a list of names
        if isinstance(value, tuple):
            if value[0] > value[1] or value[0] < 0:
                raise ValueError(
                    f"Expected {item.name} to be [low, high] with 0 <= low <= high. Received: {list(value)}."
                )
        elif item.name.endswith("_share") and not 0.0 <= value <= 1.0:
            raise ValueError(f"Expected {item.name} to be within 0 to 1. Received: {value}.")
