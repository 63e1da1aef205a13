"""Car-following: how fast to go behind something that drives or stands ahead."""

from __future__ import annotations

from math import inf, sqrt

MAX_ACCEL_MPS2 = 1.4
COMFORT_BRAKE_MPS2 = 2.0
MIN_GAP_M = 2.0
TIME_GAP_S = 1.5
"""Parameters of the model, in the range that Treiber and Kesting (Traffic Flow Dynamics, chapter 11) give for cars."""


def idm_accel(
    speed_mps: float,
    cruise_mps: float,
    gap_m: float,
    leader_speed_mps: float,
    *,
    max_accel_mps2: float = MAX_ACCEL_MPS2,
    comfort_brake_mps2: float = COMFORT_BRAKE_MPS2,
    min_gap_m: float = MIN_GAP_M,
    time_gap_s: float = TIME_GAP_S,
) -> float:
    """Return the acceleration of the Intelligent Driver Model, unlimited below.

        a = a_max [1 - (v / v0)^4 - (s* / s)^2],    s* = s0 + max(0, v T + v (v - v_l) / (2 sqrt(a_max b)))

    Treiber, Hennecke and Helbing, Congested traffic states in empirical observations and microscopic simulations,
    Physical Review E 62 (2000), equations 2 and 3.

    Args:
        speed_mps: Own speed v.
        cruise_mps: The speed v0 that is wished for, above 0.
        gap_m: Own front to the leader's rear, s; infinity with no leader.
        leader_speed_mps: The leader's speed v_l along one's own direction.
        max_accel_mps2: a_max.
        comfort_brake_mps2: b.
        min_gap_m: s0, kept at standstill.
        time_gap_s: T.
    """
    free = 1.0 - (speed_mps / cruise_mps) ** 4
    if gap_m == inf:
        return max_accel_mps2 * free
    closing = speed_mps * (speed_mps - leader_speed_mps) / (2.0 * sqrt(max_accel_mps2 * comfort_brake_mps2))
    wanted_m = min_gap_m + max(0.0, speed_mps * time_gap_s + closing)
    return max_accel_mps2 * (free - (wanted_m / max(gap_m, 0.1)) ** 2)
