"""How large a sign is, told by how fast it grows while the car comes nearer.

A thing of height H at depth z is h = f H / z pixels high. Depth falls as the car drives, so 1 / h falls along a line
of slope -1 / (f H) over the way driven: the slope alone tells the size, whatever anybody believes of the distance. A
stop sign on a T-shirt or a billboard looks like one, but grows like what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot, inf, log, pi, sqrt

SMALLEST_M = 0.40
LARGEST_M = 1.45
"""Stop signs are 0.46 m (a guard's paddle) to 1.22 m (oversized) high."""

HEIGHT_SD_PX = 0.8
HEIGHT_RELATIVE_SD = 0.03
SMALLEST_PX = 10.0
"""Of a box's height in one frame; what looks smaller than the third is boxed too large in every frame, and so seems to
grow too slowly."""

FROM_M = 6.0
FEWEST = 8
"""Nothing is said of a size before so much way and so many frames."""

SURE = 2.0
MODEL_RELATIVE_SD = 0.10
"""So many standard deviations must lie between a size and those of stop signs; the second, of the slope, stands for
errors that frames share."""

USUAL_SHARE = 0.8
USUAL_SD = 0.08
OTHER_SIZES = 1.3
GROWTH_SD = 0.06
STRETCHES_FROM_SD = 0.05
"""Whether a thing is farther away than it looks. The distance that is seen of four fifths of all signs is right within
the second, as a logarithm; others are smaller or larger than they seem, and of their sizes' logarithm is known no more
than that it lies within the third. What growth says of a size is off by the fourth, beside what its scatter says, and
it says nothing until that is less than the fifth: from then on it is right to 0.03 (35 signs, 2,500 frames)."""

FEWEST_FOR_A_HINT, HINT_FROM_M, HINT_SURE = 6, 3.0, 1.0
"""The same for a hint, which decides nothing alone. Far away, where a pixel is a tenth of a sign, nothing is hinted."""


@dataclass(frozen=True, slots=True)
class Looming:
    """What has been seen of a thing's growth: the sums of a weighted straight line.

    Attributes:
        way_m: Driven since it was first seen.
        frames: In how many it was measured.
        first_m: Way at the first of them.
        weight: Sum of the weights; each is 1 over the variance of 1 / h.
        x: Weighted sum of the way.
        y: Weighted sum of 1 / h.
        xx: Weighted sum of the way squared.
        xy: Weighted sum of the products.
    """

    way_m: float = 0.0
    frames: int = 0
    first_m: float = 0.0
    weight: float = 0.0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def driven(self, distance_m: float) -> Looming:
        """Return the same after some way."""
        return Looming(
            self.way_m + distance_m, self.frames, self.first_m, self.weight, self.x, self.y, self.xx, self.xy
        )  # fmt: skip

    def seen(self, height_px: float) -> Looming:
        """Return the same after the thing was seen to be so high."""
        if height_px < SMALLEST_PX:
            return self
        sd_px = (HEIGHT_SD_PX**2 + (HEIGHT_RELATIVE_SD * height_px) ** 2) ** 0.5
        weight, y = (height_px * height_px / sd_px) ** 2, 1.0 / height_px
        return Looming(
            self.way_m, self.frames + 1, self.first_m if self.frames else self.way_m, self.weight + weight,
            self.x + weight * self.way_m, self.y + weight * y, self.xx + weight * self.way_m**2,
            self.xy + weight * self.way_m * y,
        )  # fmt: skip

    def size_m(self, focal_px: float) -> tuple[float, float] | None:
        """Return the least and the greatest height that fit what was seen, or None where too little was."""
        line = self._line(FEWEST, FROM_M)
        if line is None:
            return None
        slope, sd = line
        sd = (sd**2 + (MODEL_RELATIVE_SD * slope) ** 2) ** 0.5
        least_m, most_m = (_height_m(each, focal_px) for each in (slope + SURE * sd, slope - SURE * sd))
        return least_m, most_m

    def grows_too_slowly(self, focal_px: float) -> bool:
        """Return whether it rather grows like what is too large for a stop sign, or not at all, as what moves along."""
        line = self._line(FEWEST_FOR_A_HINT, HINT_FROM_M)
        return line is not None and _height_m(line[0] + HINT_SURE * line[1], focal_px) > LARGEST_M

    def stretch(self, seen_m: float, focal_px: float) -> float:
        """Return how much farther away it is, as a factor, than one frame says; 1 if nothing tells.

        The mean over two hypotheses: that its size is what it seems, and that it may be any.

        Args:
            seen_m: Its height, from its box at the distance at which it is seen.
            focal_px: Of the camera.
        """
        line = self._line(FEWEST, FROM_M)
        if line is None or line[0] <= 0.0 or line[1] > STRETCHES_FROM_SD * line[0] or seen_m <= 0.0:
            return 1.0
        size_m = _height_m(line[0], focal_px)
        if size_m > LARGEST_M:
            return 1.0  # it may as well move along
        larger = log(size_m / seen_m)
        sd = hypot(line[1] / line[0], GROWTH_SD, USUAL_SD)
        usual = USUAL_SHARE * exp(-0.5 * (larger / sd) ** 2) / (sd * sqrt(2.0 * pi))
        other = (1.0 - USUAL_SHARE) / OTHER_SIZES
        return exp(larger * other / (usual + other))

    def _line(self, fewest: int, from_m: float) -> tuple[float, float] | None:
        """Return how much 1 / h falls on a metre, and that one's standard deviation; None where too little was seen."""
        if self.frames < fewest or self.way_m - self.first_m < from_m:
            return None
        spread = self.xx - self.x**2 / self.weight
        if spread <= 0.0:
            return None
        return -(self.xy - self.x * self.y / self.weight) / spread, spread**-0.5

    def is_no_sign(self, focal_px: float) -> bool:
        """Return whether it is surely too small or too large for a stop sign."""
        size = self.size_m(focal_px)
        return size is not None and (size[1] < SMALLEST_M or size[0] > LARGEST_M)


def _height_m(slope: float, focal_px: float) -> float:
    return 1.0 / (focal_px * slope) if slope > 0.0 else inf
