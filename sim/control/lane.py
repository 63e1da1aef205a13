"""What the driver believes of its lane: noisy estimates smoothed with the car's own odometry."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sin

from sim.control.odometry import Travel
from sim.percept import LaneEstimate

OFFSET_SD_M = 0.08
HEADING_SD_RAD = 0.012
CURVATURE_SD_PER_M = 0.002
"""One standard deviation of a confident lane estimate."""

OFFSET_DRIFT_M = 0.02
HEADING_DRIFT_RAD = 0.010
CURVATURE_DRIFT_PER_M = 0.0030
"""How far odometry and the road lead a belief astray: one standard deviation after one second on the road."""

MIN_CONFIDENCE = 0.3
"""Estimates less sure than this count as no lane seen."""

PREVIEW_M = 10.0
"""A mean over the next 20 m is the curvature 10 m ahead: the car gets there after this distance."""

FORGET_CURVATURE_M = 20.0
"""Distance over which, unseen, a curve is believed to straighten to 1/e."""


TIGHT_PER_M = 0.06
TIGHT_KEPT_M = 12.0
"""From this curvature on, a turn is too tight to be known from its mean over 20 m: eyes that also tell the curvature
where the car is are followed, until the car is so far past it."""


@dataclass(frozen=True, slots=True)
class LaneBelief:
    """The ego lane in the car's frame, origin at the ground under the camera; signs as in `LaneEstimate`.

    Attributes:
        offset_m: The camera's place left of the lane's centre line.
        heading_rad: The car's heading relative to the lane's.
        curvature_per_m: The lane's mean curvature over the next 20 m.
        curvature_here_per_m: The lane's curvature under the car.
        offset_var: Variance of the offset.
        covariance: Covariance of offset and heading.
        heading_var: Variance of the heading.
        curvature_var: Variance of the curvature.
        unseen_s: For how long no lane has been seen.
        unseen_m: How far the car has gone without seeing one.
        tight_m: For how much farther the curvature told of where the car is is followed.
    """

    offset_m: float = 0.0
    heading_rad: float = 0.0
    curvature_per_m: float = 0.0
    curvature_here_per_m: float = 0.0
    offset_var: float = 1.0
    covariance: float = 0.0
    heading_var: float = 0.01
    curvature_var: float = 1e-4
    unseen_s: float = 0.0
    unseen_m: float = 0.0
    tight_m: float = 0.0

    def centre_y_m(self, x_m: float) -> float:
        """Return where the lane's centre lies, left of the camera's axis, at the depth `x_m`."""
        here = self.curvature_here_per_m
        # The curvature grows from here to the preview point and is believed to stay beyond it.
        bend_m = 0.5 * self.curvature_per_m * x_m * x_m
        if x_m > 0.0:
            near_m = min(x_m, 2.0 * PREVIEW_M)
            bend_m += (here - self.curvature_per_m) * near_m * near_m / 6.0
        return -self.offset_m - self.heading_rad * x_m + bend_m


def update_lane(
    belief: LaneBelief, estimate: LaneEstimate | None, travel: Travel, camera_forward_m: float
) -> LaneBelief:
    """Return the belief after the car has moved and, if a lane is seen, looked.

    A Kalman filter over offset and heading, and one over curvature; both as plain floats. The less confident an
    estimate, the larger its noise is taken to be.
    """
    offset_m, heading_rad, here, o_var, cov, h_var = _predict(belief, travel, camera_forward_m)
    seconds = travel.dt_s if travel.distance_m > 0.0 else 0.0
    k_var = belief.curvature_var + CURVATURE_DRIFT_PER_M**2 * seconds
    curvature = belief.curvature_per_m
    tight_m = max(0.0, belief.tight_m - travel.distance_m)
    if estimate is None or estimate.confidence < MIN_CONFIDENCE:
        fade = exp(-travel.distance_m / FORGET_CURVATURE_M)
        return LaneBelief(
            offset_m, heading_rad, curvature * fade, here * fade, o_var, cov, h_var, min(k_var, 1e-4),
            belief.unseen_s + travel.dt_s, belief.unseen_m + travel.distance_m, tight_m,
        )  # fmt: skip
    trust = 1.0 / estimate.confidence**2

    # Offset first, then heading: two scalar updates of a two-state filter need no matrix inverse.
    gain_o = o_var / (o_var + OFFSET_SD_M**2 * trust)
    gain_h = cov / (o_var + OFFSET_SD_M**2 * trust)
    miss = estimate.offset_m - offset_m
    offset_m, heading_rad = offset_m + gain_o * miss, heading_rad + gain_h * miss
    o_var, cov, h_var = (1.0 - gain_o) * o_var, (1.0 - gain_o) * cov, h_var - gain_h * cov

    gain_o = cov / (h_var + HEADING_SD_RAD**2 * trust)
    gain_h = h_var / (h_var + HEADING_SD_RAD**2 * trust)
    miss = estimate.heading_rad - heading_rad
    offset_m, heading_rad = offset_m + gain_o * miss, heading_rad + gain_h * miss
    o_var, cov, h_var = o_var - gain_o * cov, (1.0 - gain_h) * cov, (1.0 - gain_h) * h_var

    gain_k = k_var / (k_var + CURVATURE_SD_PER_M**2 * trust)
    change = gain_k * (estimate.curvature_per_m - curvature)
    if belief.curvature_var >= 1e-4:
        here += change  # nothing was known: the road is taken to bend here as it bends ahead
    if estimate.here_per_m is not None:
        if max(abs(estimate.here_per_m), abs(estimate.curvature_per_m)) > TIGHT_PER_M:
            tight_m = TIGHT_KEPT_M
        if tight_m > 0.0:
            here = estimate.here_per_m
    return LaneBelief(
        offset_m, heading_rad, curvature + change, here, o_var, cov, h_var, (1.0 - gain_k) * k_var, 0.0, 0.0, tight_m
    )  # fmt: skip


def _predict(
    belief: LaneBelief, travel: Travel, camera_forward_m: float
) -> tuple[float, float, float, float, float, float]:
    """Return offset, heading, curvature here, and the 2 x 2 covariance's three numbers, after the car has moved."""
    ds = travel.distance_m
    catch_up = min(1.0, ds / PREVIEW_M)
    here = belief.curvature_here_per_m + catch_up * (belief.curvature_per_m - belief.curvature_here_per_m)
    # The camera's swing to the side as the car turns about its rear axle, and its drift along its heading.
    offset_m = belief.offset_m + ds * sin(belief.heading_rad) + camera_forward_m * travel.turn_rad
    heading_rad = belief.heading_rad + travel.turn_rad - here * ds
    share = travel.dt_s if ds > 0.0 else 0.0
    o_var = belief.offset_var + 2.0 * ds * belief.covariance + ds * ds * belief.heading_var + OFFSET_DRIFT_M**2 * share
    cov = belief.covariance + ds * belief.heading_var
    return offset_m, heading_rad, here, o_var, cov, belief.heading_var + HEADING_DRIFT_RAD**2 * share
