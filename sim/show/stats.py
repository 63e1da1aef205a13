"""What the worlds of a recipe hold, counted: variants, light, distances, and what is hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from sim.percept import ObjectKind
from sim.show.alike import ALIKE_BITS, SIDE, Nearest, nearest_pair, perceptual_hash
from sim.show.groups import BANDS, band_of, own_sign
from sim.show.shots import Shot

VISIBLE = (("all of it", 0.995), ("most", 0.75), ("half to most", 0.5), ("a quarter to half", 0.25), ("less", 0.0))
"""In what words, and from which share on, it is told how much of a sign is visible."""


@dataclass(slots=True)
class Stats:
    """Counts over some frames.

    Attributes:
        frames: How many.
        with_sign: Frames with a stop sign for the car in sight.
        kinds: Labelled things by kind.
        variants: Of each kind, things by variant.
        weather: Frames by family of light and weather.
        parts: Frames by part of the mixture.
        distances: Stop signs for the car by band of distance.
        visible: Those by how much of them is visible.
        nearest: The names of the two frames most alike, and how near they are; None for less than two frames.
    """

    frames: int = 0
    with_sign: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    variants: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    weather: Counter[str] = field(default_factory=Counter[str])
    parts: Counter[str] = field(default_factory=Counter[str])
    distances: Counter[str] = field(default_factory=Counter[str])
    visible: Counter[str] = field(default_factory=Counter[str])
    nearest: tuple[str, str, Nearest] | None = None

    def add(self, shot: Shot) -> None:
        """Count one more frame."""
        self.frames += 1
        self.with_sign += own_sign(shot) is not None
        self.weather[shot.weather] += 1
        self.parts[str(shot.attributes["part"])] += 1
        for thing in shot.truth.objects:
            self.kinds[thing.kind] += 1
            self.variants.setdefault(thing.kind, Counter())[thing.variant] += 1
            if thing.kind is ObjectKind.STOP_SIGN and thing.applies_to_ego:
                self.distances[band_of(thing.distance_m)] += 1
                self.visible[next(name for name, least in VISIBLE if thing.visible_fraction >= least)] += 1

    @property
    def tables(self) -> dict[str, dict[str, int]]:
        """Every count by the heading under which a person reads it, in the order to be read."""
        tables = {"light and weather": _falling(self.weather), "part of the mixture": _falling(self.parts)}
        for kind in ObjectKind:
            tables[f"{kind.value.replace('_', ' ')}s"] = _falling(self.variants.get(kind, Counter()))
        signs = "stop signs for the car, by"
        tables[f"{signs} distance"] = {band: self.distances[band] for band in BANDS}
        tables[f"{signs} how much is visible"] = {name: self.visible[name] for name, _ in VISIBLE}
        return tables

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        nearest = None
        if self.nearest is not None:
            first, second, pair = self.nearest
            nearest = {"frames": [first, second], "bits": pair.bits, "of": SIDE * SIDE, "alike": pair.alike}
        return {
            "frames": self.frames,
            "with_stop_sign": self.with_sign,
            "with_stop_sign_share": self.with_sign / self.frames if self.frames else None,
            **{heading.replace(",", "").replace(" ", "_"): table for heading, table in self.tables.items()},
            "nearest_pair": nearest,
            "alike_up_to_bits": ALIKE_BITS,
        }


def _falling(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def count_shots(shots: Iterable[Shot], count: int, progress: Callable[[int, int], None] | None = None) -> Stats:
    """Count what the first shots hold, and look for two alike among them.

    Args:
        shots: To be counted.
        count: How many of them.
        progress: Told how many are counted, and how many there will be.
    """
    stats = Stats()
    names: list[str] = []
    hashes: list[np.ndarray[Any, np.dtype[np.uint64]]] = []
    for shot in islice(shots, count):
        stats.add(shot)
        names.append(shot.name)
        hashes.append(perceptual_hash(shot.picture()))
        if progress is not None:
            progress(stats.frames, count)
    pair = nearest_pair(np.array(hashes)) if len(hashes) > 1 else None
    if pair is not None:
        stats.nearest = (names[pair.first], names[pair.second], pair)
    return stats
