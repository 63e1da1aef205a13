"""The speed of a vehicle ahead, from depths whose errors are alike from one frame to the next."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.camera import Camera
from sim.control import DriverConfig, DriverMemory, decide
from sim.control.stopping import vehicle_ahead
from sim.percept import Detection, LaneEstimate, ObjectKind, Percept
from sim.vehicle import STEP_S, OwnMotion

CAMERA = Camera()
OWN_MPS = 9.0
HALF_M = 2.2
LANE = LaneEstimate(0.0, 0.0, 0.0, 0.95)


def follow(
    seed: int, lead_mps: NDArray[np.float64], *, relative_sd: float = 0.065, rho: float = 0.6
) -> NDArray[np.float64]:
    """Return error and claimed deviation of the lead's speed by step, with the time; shape (n, 3).

    Args:
        seed: Of the noise.
        lead_mps: The lead's speed, step by step; the own car drives steadily.
        relative_sd: Of a depth; the percept claims a fourth more.
        rho: Correlation of one frame's error with the next.
    """
    rng, error = np.random.default_rng(seed), 0.0
    bias = 0.05 * float(rng.normal())
    memory, config = DriverMemory(), DriverConfig(cruise_mps=OWN_MPS)
    near_m, rows = 16.0, []
    for step, speed in enumerate(lead_mps):
        error = rho * error + (1.0 - rho * rho) ** 0.5 * relative_sd * float(rng.normal())
        centre_m = near_m + HALF_M
        px = CAMERA.focal_px / near_m
        box = (
            CAMERA.centre_u_px - 0.9 * px,
            CAMERA.centre_v_px + (CAMERA.height_m - 1.5) * px,
            CAMERA.centre_u_px + 0.9 * px,
            CAMERA.centre_v_px + CAMERA.height_m * px + float(rng.normal()),
        )
        seen_m = centre_m * (1.0 + bias + error)
        percept = Percept(step, (Detection(ObjectKind.VEHICLE, box, 0.95, seen_m, 1.25 * relative_sd * seen_m),), LANE)
        memory, _ = decide(memory, percept, OwnMotion(OWN_MPS, 0.0), STEP_S, config)
        lead = vehicle_ahead(memory.tracks)
        if lead is not None:
            rows.append((step * STEP_S, lead.speed_mps - speed, lead.speed_var**0.5))
        near_m += (speed - OWN_MPS) * STEP_S
    return np.array(rows)


def test_a_lead_that_drives_as_fast_as_the_car_is_known_to_within_what_is_claimed():
    steady = np.full(80, OWN_MPS)
    runs = np.concatenate([follow(seed, steady) for seed in range(20)])
    young = runs[runs[:, 0] < 1.5]

    assert float(np.sqrt(np.mean(young[:, 1] ** 2))) < 0.62
    assert float(np.mean(np.abs(runs[:, 1]) < 2.0 * runs[:, 2])) > 0.95


@pytest.mark.parametrize("seed", range(5))
def test_a_lead_that_brakes_is_followed_within_the_second(seed: int):
    """3 m/s2 for a second and a half: smoothing must not hide it."""
    braking = np.concatenate([np.full(40, OWN_MPS), OWN_MPS - 3.0 * STEP_S * np.arange(1, 31)])
    last = follow(seed, braking, relative_sd=0.03)[-1]

    assert abs(last[1]) < 1.9
