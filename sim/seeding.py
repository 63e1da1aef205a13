"""One seed, many independent streams of randomness.

Each purpose draws from a stream of its own, `SeedSequence(seed, spawn_key=(stream, *index))`, so that a new purpose, or
one more draw in an old one, shifts no other.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What randomness is used for. Append only: a number, once given, fixes the bytes that every seed makes."""

    SCENERY = 0
    ROADS = 1
    SIGNS = 2
    ACTORS = 3
    LIGHT = 4
    EGO = 5
    SENSOR = 6
    RECIPE = 7
    SPLIT = 8
    AUGMENT = 9
    SHUFFLE = 10
    INITIAL_WEIGHTS = 11
    SCENARIO = 12
    TEXTURE = 13
    BOOTSTRAP = 14
    SIGN_STYLE = 15
    SIGN_WEAR = 16
    DISTRACTOR = 17
    WEATHER = 18
    SKY = 19
    SENSOR_STATE = 20
    PEDESTRIANS = 21
    CYCLISTS = 22
    CROSS_TRAFFIC = 23
    BUSES = 24
    ROAD_LAYOUT = 25
    MARKINGS = 26
    ROUTE = 27
    PITCH = 28
    TURNS = 29
    FAULT = 30
    STRATUM = 40
    CORRUPTION = 41
    UNDERWAY = 42
    ATTACK = 60


def stream(seed: int, purpose: Stream, *index: int) -> np.random.Generator:
    """Return the generator of one purpose, and of one item of it where `index` is given.

    Args:
        seed: Any non-negative integer.
        purpose: What the numbers are for.
        index: Which item: a frame, a sign, a step; non-negative integers.

    Raises:
        ValueError: If the seed or an index is negative.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(purpose), *index))))


def derive_seed(seed: int, purpose: Stream, *index: int) -> int:
    """Return a 63-bit seed made from another: for a world of its own for each frame or run."""
    words = np.random.SeedSequence(seed, spawn_key=(int(purpose), *index)).generate_state(1, np.uint64)
    return int(words[0]) >> 1
