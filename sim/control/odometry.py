"""How the car has moved between two moments, from its own sensors, and where that leaves a fixed thing in its frame."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin, tan

from sim.vehicle import OwnMotion, VehicleGeometry


@dataclass(frozen=True, slots=True)
class Travel:
    """A motion of the rear axle over one step.

    Attributes:
        distance_m: Arc length driven.
        turn_rad: Change of heading, counter-clockwise positive.
        dt_s: Time that it took.
        speed_mps: Speed at its end.
    """

    distance_m: float
    turn_rad: float
    dt_s: float
    speed_mps: float


def measure_travel(before: OwnMotion | None, now: OwnMotion, dt_s: float, geometry: VehicleGeometry) -> Travel:
    """Return how the car has moved, by the kinematic bicycle at the step's mean speed and steering.

    Args:
        before: The car's sensors one step ago; None at the first step, when nothing has been driven yet.
        now: The car's sensors now.
        dt_s: Time between the two.
        geometry: The car's sizes.
    """
    if before is None:
        return Travel(0.0, 0.0, 0.0, now.speed_mps)
    distance_m = 0.5 * (before.speed_mps + now.speed_mps) * dt_s
    steer_rad = 0.5 * (before.steer_rad + now.steer_rad)
    return Travel(distance_m, distance_m * tan(steer_rad) / geometry.wheelbase_m, dt_s, now.speed_mps)


def carry(x_m: float, y_m: float, travel: Travel, camera_forward_m: float) -> tuple[float, float]:
    """Return where a fixed point lies after the car has moved.

    Args:
        x_m: Forward of the camera, before.
        y_m: Left of the camera, before.
        travel: How the car moved.
        camera_forward_m: Rear axle to the camera: the car turns about the former.

    Returns:
        x and y in the car's frame, after.
    """
    middle_rad = 0.5 * travel.turn_rad
    from_axle_m = x_m + camera_forward_m - travel.distance_m * cos(middle_rad)
    aside_m = y_m - travel.distance_m * sin(middle_rad)
    c, s = cos(travel.turn_rad), sin(travel.turn_rad)
    return c * from_axle_m + s * aside_m - camera_forward_m, -s * from_axle_m + c * aside_m
