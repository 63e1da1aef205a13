"""What the worlds of a recipe hold, counted: variants, light, distances, and what is hidden."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.errors import RecipeError
from sim.percept import ObjectKind
from sim.recording.workers import leave_with_parent
from sim.show.alike import ALIKE_BITS, SIDE, Nearest, nearest_pair, perceptual_hash
from sim.show.groups import BANDS, UNKNOWN_BAND, band_of, own_sign
from sim.show.shots import Shot, Source, open_source
from sim.truth import CROWD

VISIBLE = (("all of it", 0.995), ("most", 0.75), ("half to most", 0.5), ("a quarter to half", 0.25), ("less", 0.0))
"""In what words, and from which share on, it is told how much of a sign is visible."""

NO_CONDITION = "none"
"""Under what signs are counted that nothing has befallen."""

_COUNTERS = ("kinds", "weather", "parts", "distances", "visible", "conditions", "mounts", "occluders")


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
        conditions: Stop signs for the car by what has befallen them; one may count under several.
        mounts: Those by what holds them up.
        occluders: Those of which a part is hidden, by what hides it.
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
    conditions: Counter[str] = field(default_factory=Counter[str])
    mounts: Counter[str] = field(default_factory=Counter[str])
    occluders: Counter[str] = field(default_factory=Counter[str])
    nearest: tuple[str, str, Nearest] | None = None

    def add(self, shot: Shot) -> None:
        """Count one more frame."""
        self.frames += 1
        self.with_sign += own_sign(shot) is not None
        self.weather[shot.weather] += 1
        self.parts[str(shot.attributes["part"])] += 1
        for thing in shot.truth.objects:
            if thing.variant == CROWD:
                continue
            self.kinds[thing.kind] += 1
            self.variants.setdefault(thing.kind, Counter())[thing.variant] += 1
            if thing.kind is ObjectKind.STOP_SIGN and thing.applies_to_ego:
                self.distances[band_of(thing.distance_m)] += 1
                self.visible[next(name for name, least in VISIBLE if thing.visible_fraction >= least)] += 1
                if thing.sign is not None:
                    self.conditions.update(thing.sign.conditions or (NO_CONDITION,))
                    self.mounts[thing.sign.mount] += 1
                    if thing.sign.occluder is not None:
                        self.occluders[thing.sign.occluder] += 1

    def merge(self, other: Stats) -> None:
        """Add the counts of other frames."""
        self.frames += other.frames
        self.with_sign += other.with_sign
        for kind, variants in other.variants.items():
            self.variants.setdefault(kind, Counter()).update(variants)
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))

    @property
    def tables(self) -> dict[str, dict[str, int]]:
        """Every count by the heading under which a person reads it, in the order to be read."""
        tables = {"light and weather": _falling(self.weather), "part of the mixture": _falling(self.parts)}
        for kind in ObjectKind:
            tables[f"{kind.value.replace('_', ' ')}s"] = _falling(self.variants.get(kind, Counter()))
        signs = "stop signs for the car, by"
        tables[f"{signs} distance"] = {
            band: self.distances[band] for band in BANDS if band != UNKNOWN_BAND or self.distances[band]
        }
        tables[f"{signs} how much is visible"] = {name: self.visible[name] for name, _ in VISIBLE}
        tables[f"{signs} what has befallen them"] = _falling(self.conditions)
        tables[f"{signs} what holds them up"] = _falling(self.mounts)
        tables[f"{signs} what hides a part"] = _falling(self.occluders)
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


def count_shots(
    source: Source, count: int, progress: Callable[[int, int], None] | None = None, *, workers: int = 1
) -> Stats:
    """Count what the first shots hold, and look for two alike among them.

    Args:
        source: Where they come from.
        count: How many of them.
        progress: Told how many are counted, and how many there will be.
        workers: Processes; 1 counts in this one.
    """
    count = min(count, source.count)
    chunks = [(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    stats = Stats()
    names: list[str] = []
    hashes: list[_Hash] = []
    with _counting(source, min(workers, len(chunks))) as counted:
        for part in counted(chunks):
            stats.merge(part.stats)
            names += part.names
            hashes += part.hashes
            if progress is not None:
                progress(stats.frames, count)
    pair = nearest_pair(np.array(hashes)) if len(hashes) > 1 else None
    if pair is not None:
        stats.nearest = (names[pair.first], names[pair.second], pair)
    return stats


_Hash = np.ndarray[Any, np.dtype[np.uint64]]
_CHUNK = 25
"""Frames that one process counts at a time."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What a run of frames holds, with their names and hashes."""

    stats: Stats
    names: list[str]
    hashes: list[_Hash]


def _count_part(source: Source, start: int, stop: int) -> _Part:
    part = _Part(Stats(), [], [])
    for shot in source.shots(start, stop):
        part.stats.add(shot)
        part.names.append(shot.name)
        part.hashes.append(perceptual_hash(shot.picture()))
    return part


@contextmanager
def _counting(source: Source, workers: int) -> Generator[Callable[[list[tuple[int, int]]], Iterator[_Part]]]:
    """Give what counts runs of frames, in order, in this process or in several."""
    if workers <= 1:
        yield lambda chunks: (_count_part(source, start, stop) for start, stop in chunks)
        return
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, source.words)
    try:
        yield lambda chunks: pool.map(_count_mine, chunks)
    except BrokenProcessPool:
        raise RecipeError(
            "Expected every worker to count its frames. Received: one died.",
            hint="Memory may have run out: try fewer --workers.",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


_opened: list[Source] = []
"""In a worker process, what it counts."""


def _begin(words: tuple[str, ...], seed: int | None) -> None:
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=leave_with_parent, daemon=True).start()
    _opened[:] = [open_source(words, seed)]


def _count_mine(chunk: tuple[int, int]) -> _Part:
    return _count_part(_opened[0], *chunk)
