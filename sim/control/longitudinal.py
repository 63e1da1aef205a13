"""Speed: how hard to brake for a stop, how to follow, how fast a curve may be, and how gently the wish may change."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

EASE_SPEED_MPS = 2.0
EASE_BRAKE_MPS2 = 0.8
"""Below the first the brake is eased off, down to the second at standstill: the car comes to rest without a nod."""

REACTION_S = 0.2
"""From asking to braking: half a control step and the actuator's lag. The car goes on for this long."""

COMFORT_LIMIT_MPS2 = 2.9
"""Braking stays below this unless less would not do."""

SPARE_BRAKE = 1.03
"""So much harder than is needed it brakes then: what is braked late is braked hard."""

GENTLE_BRAKE_MPS2 = 0.85
CALM_URGENCY, BRISK_URGENCY = 0.8, 1.35
"""Braking for what may yet turn out to be nothing, which hardly anyone notices; with what urgency the stop is to begin
where it no longer may, and with what at most."""

LATERAL_MPS2 = 1.8
"""Lateral acceleration in curves; passengers find 2 the limit of comfort."""

LIFT_MPS2 = 1.2
"""The braking with which a speed that is only too high is brought down."""

CRUISE_BAND_MPS = 0.05
"""So near the wished-for speed, neither engine nor brake is asked for much: no hunting between the two."""

RISE_JERK_MPS3 = 2.5
BRAKE_JERK_MPS3 = 5.0
RELEASE_JERK_MPS3 = 5.0
SURPRISE_JERK_MPS3 = 20.0
"""Fastest change asked for: of the engine's pull, of the brake as it bites and as it is let go, and when surprised."""


@dataclass(frozen=True, slots=True)
class StopProfile:
    """A comfortable stop: braking at `brake_mps2` throughout, but eased off in the last two metres a second.

    Attributes:
        brake_mps2: The braking planned with, above `EASE_BRAKE_MPS2`.
    """

    brake_mps2: float

    def brake_at(self, speed_mps: float) -> float:
        """Return the braking that the profile has at a speed."""
        share = min(speed_mps / EASE_SPEED_MPS, 1.0)
        return EASE_BRAKE_MPS2 + share * (self.brake_mps2 - EASE_BRAKE_MPS2)

    def distance_m(self, speed_mps: float) -> float:
        """Return the distance in which the profile brings a speed to 0.

        While easing, braking is e + c v, so that the distance is the integral of v / (e + c v) from 0, which is
        (v - e / c ln(1 + c v / e)) / c.
        """
        eased_mps = min(speed_mps, EASE_SPEED_MPS)
        slope = (self.brake_mps2 - EASE_BRAKE_MPS2) / EASE_SPEED_MPS
        eased_m = (eased_mps - EASE_BRAKE_MPS2 / slope * log(1.0 + slope * eased_mps / EASE_BRAKE_MPS2)) / slope
        return eased_m + (speed_mps**2 - eased_mps**2) / (2.0 * self.brake_mps2)


def stop_urgency(speed_mps: float, stop_in_m: float, profile: StopProfile, braking_mps2: float = 0.0) -> float:
    """Return the factor on the profile's braking with which it stops in a distance: 1 is just right, 10 the most.

    Args:
        speed_mps: The car's speed.
        stop_in_m: Where it is to stand.
        profile: The stop planned with.
        braking_mps2: With which it brakes already. In a stop harder than planned, so much of the way of reaction is
            behind it; to go on reckoning with all of it would mean to brake harder than is needed.
    """
    reaction_m = REACTION_S * speed_mps
    left_m = stop_in_m - reaction_m
    needed_m = profile.distance_m(speed_mps)
    if needed_m <= 0.0:
        return 0.0
    urgency = min(needed_m / left_m, 10.0) if left_m > 0.0 else 10.0
    if urgency <= 1.0 or braking_mps2 <= 0.0:
        return urgency
    left_m += reaction_m * min(braking_mps2 / (urgency * profile.brake_at(speed_mps)), 1.0)
    return max(min(needed_m / left_m, 10.0), 1.0) if left_m > 0.0 else 10.0


def stop_accel(speed_mps: float, urgency: float, profile: StopProfile, hardest_mps2: float) -> float:
    """Return the acceleration, at most 0, that leads to a stop.

    With less urgency than 1 it brakes with the urgency's square, hardly at all from afar, and settles on the profile; a
    believed distance that changes on the way is made up for smoothly. With more, it brakes somewhat harder than is
    needed, yet above `COMFORT_LIMIT_MPS2` only if needed.
    """
    planned = profile.brake_at(speed_mps)
    needed = planned * urgency
    return -min(needed * urgency, max(COMFORT_LIMIT_MPS2, SPARE_BRAKE * needed), hardest_mps2)


def speed_for(stop_in_m: float, urgency: float, profile: StopProfile) -> float:
    """Return the speed at which a stop has some urgency: the inverse of `stop_urgency`, for speeds above easing's.

    Above it the profile's distance is v^2 / (2 b) + c, so that v^2 / (2 b) + c = u (s - r v), with the reaction r.

    Args:
        stop_in_m: Where the car is to stand.
        urgency: As `stop_urgency` has it.
        profile: The stop planned with.

    Returns:
        Metres a second; `EASE_SPEED_MPS` where the way is too short for more.
    """
    extra_m = profile.distance_m(EASE_SPEED_MPS) - EASE_SPEED_MPS**2 / (2.0 * profile.brake_mps2)
    half = urgency * REACTION_S
    inside = half**2 + 2.0 * (urgency * stop_in_m - extra_m) / profile.brake_mps2
    return max(profile.brake_mps2 * (sqrt(max(inside, 0.0)) - half), EASE_SPEED_MPS)


def gentle_accel(speed_mps: float, stop_in_m: float, gentle_m: float, profile: StopProfile) -> float:
    """Return the acceleration, at most 0, with which a stop need not be begun in earnest for some way yet.

    Args:
        speed_mps: The car's speed.
        stop_in_m: Where it would have to stand.
        gentle_m: How much of that way it brakes with no more than `GENTLE_BRAKE_MPS2`, if what is left is then enough.
        profile: The stop planned with.
    """
    way_m = max(gentle_m, 5.0)  # what is too much at the very end is left to the stop itself
    calm, brisk = (
        (speed_mps**2 - speed_for(stop_in_m - gentle_m, urgency, profile) ** 2) / (2.0 * way_m)
        for urgency in (CALM_URGENCY, BRISK_URGENCY)
    )
    return -max(min(calm, GENTLE_BRAKE_MPS2), brisk, 0.0)


def curve_speed_mps(curvature_here_per_m: float, curvature_ahead_per_m: float) -> float:
    """Return the speed at which a curve's lateral acceleration is `LATERAL_MPS2`."""
    tightest = max(abs(curvature_here_per_m), abs(curvature_ahead_per_m), 1e-4)
    return sqrt(LATERAL_MPS2 / tightest)


def free_accel(speed_mps: float, wished_mps: float, max_accel_mps2: float) -> float:
    """Return the acceleration on a free road: towards the wished-for speed, ever more gently, never braking hard."""
    over_mps = speed_mps - wished_mps
    if over_mps > CRUISE_BAND_MPS:
        return -min(0.6 * over_mps, LIFT_MPS2)
    return min(max_accel_mps2, 0.5 * max(-over_mps, -CRUISE_BAND_MPS))


def limit_jerk(wanted_mps2: float, before_mps2: float, dt_s: float, *, surprised: bool) -> float:
    """Return the wanted acceleration as far as it may change in one step."""
    if surprised:
        fall = rise = SURPRISE_JERK_MPS3
    else:
        fall = BRAKE_JERK_MPS3
        rise = RELEASE_JERK_MPS3 if before_mps2 < 0.0 else RISE_JERK_MPS3
    return min(max(wanted_mps2, before_mps2 - fall * dt_s), before_mps2 + rise * dt_s)
