"""Whether any two of many frames are alike: a perceptual hash, and the nearest pair."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 16
"""The hash has SIDE x SIDE bits."""

ALIKE_BITS = 20
"""Frames whose hashes differ in no more bits are alike. Of the standard recipe, 60 worlds drawn twice with other noise
differed in 8 bits at most, and moved by 5 cm in 8; no two of 400 worlds in less than 68."""

_REDUCED_PX = 64
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Nearest:
    """The two frames of many that are most alike.

    Attributes:
        first: Which.
        second: Which other.
        bits: How many of the `SIDE * SIDE` bits of their hashes differ.
    """

    first: int
    second: int
    bits: int

    @property
    def alike(self) -> bool:
        """Whether a person would hold them for the same frame."""
        return self.bits <= ALIKE_BITS


def perceptual_hash(rgb: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return a frame's DCT hash (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010).

    Which of the lowest spatial frequencies of the grey picture are stronger than their median.

    Args:
        rgb: uint8, shape (height, width, 3).

    Returns:
        SIDE * SIDE bits as words, shape (SIDE * SIDE / 64,).
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_REDUCED_PX, _REDUCED_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:SIDE, :SIDE].ravel()
    bits = low > np.median(low[1:])
    # The first is the mean brightness, which says nothing.
    bits[0] = False
    return np.packbits(bits).view(np.uint64)


def nearest_pair(hashes: NDArray[np.uint64]) -> Nearest | None:
    """Return the two hashes that differ in the fewest bits; None if there are not two.

    Args:
        hashes: Shape (n, words).
    """
    best: Nearest | None = None
    beyond = 64 * hashes.shape[1] + 1 if len(hashes) else 0
    for start in range(0, len(hashes) - 1, _ROWS_AT_ONCE):
        rows = hashes[start : start + _ROWS_AT_ONCE]
        differing = np.bitwise_count(rows[:, None, :] ^ hashes[None, start:, :]).sum(axis=2, dtype=np.int64)
        # Each pair once, and none with itself.
        differing[np.tril_indices(len(rows), 0, differing.shape[1])] = beyond
        row, column = np.unravel_index(int(np.argmin(differing)), differing.shape)
        bits = int(differing[row, column])
        if bits < (best.bits if best is not None else beyond):
            best = Nearest(start + int(row), start + int(column), bits)
    return best


def alike_pairs(hashes: NDArray[np.uint64], most_bits: int = ALIKE_BITS) -> list[Nearest]:
    """Return every pair of hashes that differ in `most_bits` or less, nearest first.

    Args:
        hashes: Shape (n, words).
        most_bits: How many bits may differ.
    """
    pairs: list[Nearest] = []
    for start in range(0, len(hashes) - 1, _ROWS_AT_ONCE):
        rows = hashes[start : start + _ROWS_AT_ONCE]
        differing = np.bitwise_count(rows[:, None, :] ^ hashes[None, start:, :]).sum(axis=2, dtype=np.int64)
        differing[np.tril_indices(len(rows), 0, differing.shape[1])] = most_bits + 1
        for row, column in np.argwhere(differing <= most_bits).tolist():
            pairs.append(Nearest(start + row, start + column, int(differing[row, column])))
    return sorted(pairs, key=lambda pair: (pair.bits, pair.first, pair.second))
