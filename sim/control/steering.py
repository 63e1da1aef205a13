"""Steering along the believed lane: curvature fed forward, offset and heading fed back."""

from __future__ import annotations

from math import atan, sin

from sim.control.lane import PREVIEW_M, LaneBelief
from sim.vehicle import VehicleGeometry

SETTLE_TIME_S = 0.65
MIN_SETTLE_M = 4.0
"""Distance over which an error is steered away: as far as the car drives in this time, but never less than this."""

DAMPING = 0.9
"""Of the second-order motion towards the lane's centre; 1 just does not overshoot."""

LAG_S = 0.2
"""From asking to turning: half a control step, the actuator's time constant and the car's rate limit."""

MAX_RATE_RADPS = 0.35
"""Fastest change of the road-wheel angle that is asked for; comfortable, and within what the car can do."""

MAX_FEEDBACK_PER_M = 0.03
"""No error, however large, is steered away with a curve tighter than this."""


def steer(belief: LaneBelief, speed_mps: float, before_rad: float, dt_s: float, geometry: VehicleGeometry) -> float:
    """Return the road-wheel angle to ask for.

    Along a road of curvature k, small errors of a kinematic bicycle at its rear axle obey d'' = u - k (primes: per
    metre driven, u: the curvature driven; Rajamani, Vehicle Dynamics and Control, 2nd ed., chapter 2). Asking for

        u = k - d / l^2 - 2 z d' / l,    tan(steer) = L u

    makes them a damped oscillator of length l and damping z, whatever the speed.

    Args:
        belief: The lane.
        speed_mps: Own speed.
        before_rad: What was asked for one step ago.
        dt_s: Time since.
        geometry: The car's sizes.
    """
    settle_m = max(MIN_SETTLE_M, SETTLE_TIME_S * speed_mps)
    # The belief is about the ground under the camera; from there back to the rear axle, along the lane's curve.
    back_m, here = geometry.camera_forward_m, belief.curvature_here_per_m
    offset_m = belief.offset_m - back_m * sin(belief.heading_rad) - 0.5 * here * back_m * back_m
    heading_rad = belief.heading_rad + here * back_m
    feedback = -offset_m / settle_m**2 - 2.0 * DAMPING * heading_rad / settle_m
    feedback = min(max(feedback, -MAX_FEEDBACK_PER_M), MAX_FEEDBACK_PER_M)
    preview = min(1.0, speed_mps * LAG_S / PREVIEW_M)
    ahead = here + preview * (belief.curvature_per_m - here)
    wanted_rad = atan(geometry.wheelbase_m * (ahead + feedback))
    change = MAX_RATE_RADPS * dt_s
    return min(max(wanted_rad, before_rad - change), before_rad + change)
