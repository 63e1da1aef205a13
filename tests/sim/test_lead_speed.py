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


BUS_M, BUS_HALF_M, BUS_HIGH_M, OVERHANG_M = 2.55, 5.9, 3.1, 2.8


def bus(end_m: float, *, left_px: float | None = None, right_px: float | None = None) -> Detection:
    """The rear of a bus that stands before the car; or what is found of it, between two columns."""
    px = CAMERA.focal_px / end_m
    wheels_m = end_m + OVERHANG_M
    return Detection(
        ObjectKind.VEHICLE,
        (
            CAMERA.centre_u_px - 0.5 * BUS_M * px if left_px is None else left_px,
            max(CAMERA.centre_v_px - (BUS_HIGH_M - CAMERA.height_m) * px, 0.0),
            CAMERA.centre_u_px + 0.5 * BUS_M * px if right_px is None else right_px,
            min(CAMERA.centre_v_px + CAMERA.height_m * CAMERA.focal_px / wheels_m, float(CAMERA.height_px)),
        ),
        0.9,
        end_m + BUS_HALF_M,
        0.06 * (end_m + BUS_HALF_M),
    )


def come_up_to(near_m: float, from_m: float = 22.0, own_mps: float = 4.0) -> tuple[DriverMemory, DriverConfig]:
    """Return what is remembered once the end of a standing bus is so near to the camera."""
    memory, config = DriverMemory(), DriverConfig(cruise_mps=OWN_MPS)
    steps = round((from_m - near_m) / (own_mps * STEP_S))
    for step in range(steps + 1):
        seen = Percept(step, (bus(from_m - step * own_mps * STEP_S),), LANE)
        memory, _ = decide(memory, seen, OwnMotion(own_mps, 0.0), STEP_S, config)
    return memory, config


@pytest.mark.parametrize("near_m", [16.0, 12.0, 8.0, 6.0])
def test_the_end_of_a_bus_is_as_near_as_its_width_says_however_far_its_middle_and_its_wheels_are(near_m: float):
    memory, _ = come_up_to(near_m)
    lead = vehicle_ahead(memory.tracks)

    assert lead is not None
    assert lead.x_m == pytest.approx(near_m, abs=0.08 * near_m)


def test_a_bus_that_fills_the_frame_stays_where_it_is_while_parts_of_it_or_nothing_is_found():
    """As seen in a drive: boxes of its left and right half by turns, then none; then the car drove into it."""
    memory, config = come_up_to(6.0)
    parts = [bus(6.0, left_px=60.0, right_px=400.0), bus(6.0, left_px=280.0, right_px=600.0)]
    for step in range(60):
        found = () if step >= 20 else (parts[step % 2],)
        memory, control = decide(memory, Percept(500 + step, found, LANE), OwnMotion(0.0, 0.0), STEP_S, config)
        lead = vehicle_ahead(memory.tracks)
        assert lead is not None
        assert lead.x_m < 7.0
        assert control.accel_mps2 < 0.3


def test_what_fills_the_frame_is_never_believed_to_begin_to_drive_backwards():
    """Its distance may fall by a fifth as it does; to take that for speed would mean to brake hard."""
    memory, config = come_up_to(6.5)
    for step in range(20):
        one = bus(6.5)
        wrong = Detection(one.kind, one.box, one.score, (1.0 - 0.01 * step) * one.distance_m, one.distance_spread_m)
        memory, _ = decide(memory, Percept(500 + step, (wrong,), LANE), OwnMotion(0.5, 0.0), STEP_S, config)
        lead = vehicle_ahead(memory.tracks)
        assert lead is not None
        assert lead.speed_mps > -0.3
