"""One thing believed to be there."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from sim.control.looming import Looming
from sim.percept import ObjectKind

DOUBTFUL_LOG_ODDS = 2.5
"""Of what counts, what is less sure than this is only acted upon if it cannot wait."""

SAME_STOP_M = 16.0
"""Signs nearer to each other than this along the road belong to one stop; junctions lie farther apart."""

SAME_STOP_ASIDE_M = 30.0
"""A sign farther aside than this belongs to no stop straight ahead: it stands at a road that the route turns into."""

ROAD_USERS = (ObjectKind.VEHICLE, ObjectKind.PEDESTRIAN)
"""What moves by itself."""


@dataclass(frozen=True, slots=True)
class Track:
    """One thing believed to be there, in the car's frame: x forward of the camera, y left of it.

    Attributes:
        track_id: A number that no other track of this drive has had.
        kind: What it is believed to be.
        x_m: Depth from the camera: of a sign's face, of a vehicle's near end.
        y_m: Left of the camera's axis.
        spread_m: One standard deviation of `x_m`.
        log_odds: Belief that it is real, as the logarithm of odds.
        seen_s: For how long it has been seen, in all.
        unseen_s: Since when it has not been seen.
        speed_mps: Of a vehicle: how fast it moves along the own car's heading; 0 for a sign.
        covariance: Of a vehicle's depth and speed.
        speed_var: Variance of a vehicle's speed.
        half_length_m: Of a vehicle: from its near end to its centre.
        in_place: How much it is in the place where it matters, from 0 to 1: a sign at the roadside of the own lane, a
            vehicle in the own lane.
        believed: Whether it is to be acted upon; once believed, it stays so until it is forgotten.
        handled: Of a sign: whether the car has already stopped for it.
        aside_mps: Of a vehicle or person: how fast it moves to the left, over the ground.
        rise_m: Height of its middle above the road.
        looming: Of a sign: how it grows.
        wrong_size: Of a sign: whether it grows like something too small or too large for one.
        lag: Of a sign: how much farther away it is seen than what stands still ought to be by now, as a smoothed share.
        moves: Of a sign: whether it moves along with the traffic, as a picture on a lorry: it lags, and hardly grows.
        half_width_m: Of a vehicle: half its width as last seen whole.
        stretch: Of a sign: how much farther away it is than it looks, as a factor: a large one looks near.
    """

    track_id: int
    kind: ObjectKind
    x_m: float
    y_m: float
    spread_m: float
    log_odds: float
    seen_s: float
    unseen_s: float
    speed_mps: float = 0.0
    covariance: float = 0.0
    speed_var: float = 0.0
    half_length_m: float = 0.0
    in_place: float = 0.5
    believed: bool = False
    handled: bool = False
    aside_mps: float = 0.0
    rise_m: float = 0.0
    looming: Looming = Looming()  # noqa: RUF009 - frozen, so one for all is safe
    wrong_size: bool = False
    lag: float = 0.0
    moves: bool = False
    half_width_m: float = 0.0
    stretch: float = 1.0

    @property
    def evidence(self) -> float:
        """Belief that it is real, from 0 to 1."""
        return 1.0 / (1.0 + exp(-self.log_odds))

    @property
    def doubtful(self) -> bool:
        """Whether it has been seen but little, or is less like what it is believed to be than it ought to be."""
        return self.log_odds < DOUBTFUL_LOG_ODDS

    @property
    def matters(self) -> bool:
        """Whether it stands in the place where it is to be acted upon."""
        return self.in_place >= 0.5
