"""Whether a thing stands where it matters: a sign at the own lane's roadside, a vehicle in the own lane."""

from __future__ import annotations

from math import exp

from sim.control.lane import LaneBelief
from sim.percept import ObjectKind

SIGN_NEAREST_M = -1.5
SIGN_FARTHEST_M = -9.0
"""Lateral place, left of the lane's centre, of a sign that is meant for the lane: at its right edge or beyond."""

ISLAND_NEAREST_M = 1.2
ISLAND_FARTHEST_M = 4.6
"""The same of a sign on an island: between the own lanes and the oncoming ones. The sign of a road that crosses stands
farther to the left, beyond the narrowest oncoming lane."""

ISLAND_LOWEST_M = 1.62
"""What is lower there is a school bus's arm: no sign's lower edge is under 1.5 m."""

POST_LOWEST_M = 1.5
STAND_HIGHEST_M = 1.05
STAND_FARTHEST_M = -4.5
"""Height of the middle of the lowest sign on a post, whose lower edge is 5 ft high (MUTCD 2A.18), less what a look may
be wrong; of the highest on a portable stand, with as much more; and how far aside that may stand, just off the
carriageway. What hangs between the two, or is low and far aside, is the print on somebody's shirt: taken for a sign of
the usual size, it seems farther away than it is, and so farther aside, and lower."""

POSTED_WITHIN_M = 25.0
LOW_WITHIN_M = 45.0
"""Nearer than the first a height is known well enough, in a car that nods, to tell so; nearer than the second, if it is
as low as on a stand."""

ARM_ASIDE_M = (-1.5, 5.5)
"""Where a school bus's arm may be, left of the lane's centre: nearer to the lane than any sign on a post."""

OVERHEAD_RISE_M = 4.2
OVERHEAD_ASIDE_M = 2.0
"""A sign whose middle is at least so high hangs over the road; this far from the lane's centre it is meant for it."""

VEHICLE_ASIDE_M = 1.4
STANDING_ASIDE_M = 1.1
STANDING_MPS = 1.5
"""A vehicle whose centre is nearer to the lane's centre than the first is in the way; oncoming or parked it is not.
One that is slower than the third is more likely parked, and must be nearer."""

SETTLE_S = 0.35
"""Time over which a belief about a place is smoothed."""


def place(kind: ObjectKind, x_m: float, y_m: float, speed_mps: float, lane: LaneBelief, rise_m: float = 0.0) -> float:
    """Return how likely a thing stands where it matters, from 0 to 1, given how well the lane is known at its depth.

    Args:
        kind: What it is.
        x_m: Depth of its centre from the camera.
        y_m: Left of the camera's axis.
        speed_mps: Of a vehicle, along the own heading.
        lane: What is believed of the own lane.
        rise_m: Of a sign: height of its middle above the road.
    """
    aside_m = y_m - lane.centre_y_m(x_m)
    # Errors of offset, heading and curvature grow with the distance, its first and its second power.
    known_m = 0.15 + 0.010 * x_m + 0.0006 * x_m * x_m
    if kind is ObjectKind.VEHICLE:
        # From afar a vehicle at the kerb of a bend may seem to be in the lane: there is time to see that it is not.
        widest_m = VEHICLE_ASIDE_M if speed_mps > STANDING_MPS else STANDING_ASIDE_M
        outside_m = abs(aside_m) - widest_m + 0.25 * known_m
    else:
        # From afar a roadside sign is given the benefit of the doubt: there is time to see that it is another road's.
        outside_m = max(aside_m - SIGN_NEAREST_M, SIGN_FARTHEST_M - aside_m) - 1.5 * known_m
        if rise_m >= ISLAND_LOWEST_M:
            outside_m = min(outside_m, max(ISLAND_NEAREST_M - aside_m, aside_m - ISLAND_FARTHEST_M))
        if rise_m >= OVERHEAD_RISE_M:
            outside_m = min(outside_m, abs(aside_m) - OVERHEAD_ASIDE_M)
        if is_nowhere(x_m, aside_m, rise_m):
            return 0.0
    return 1.0 / (1.0 + exp(min(max(3.0 * outside_m / known_m, -50.0), 50.0)))


def is_nowhere(x_m: float, aside_m: float, rise_m: float) -> bool:
    """Return whether neither a post nor a stand, on the right, holds a sign at such a place.

    Args:
        x_m: Depth from the camera: what is far off may be anywhere.
        aside_m: Left of the lane's centre.
        rise_m: Height of its middle above the road.
    """
    if aside_m >= SIGN_NEAREST_M or rise_m >= POST_LOWEST_M:
        return False
    if rise_m > STAND_HIGHEST_M:
        return x_m < POSTED_WITHIN_M
    return x_m < LOW_WITHIN_M and aside_m < STAND_FARTHEST_M


def is_arm_place(rise_m: float, aside_m: float) -> bool:
    """Return whether a stop sign there is a school bus's arm: it is lower than the lowest roadside sign.

    Args:
        rise_m: Height of its middle above the road.
        aside_m: Left of the lane's centre.
    """
    low_m, high_m = ARM_ASIDE_M
    return rise_m < ISLAND_LOWEST_M and low_m < aside_m < high_m


def settle(before: float, now: float, dt_s: float) -> float:
    """Return a belief about a place, smoothed over `SETTLE_S`."""
    return before + min(1.0, dt_s / SETTLE_S) * (now - before)
