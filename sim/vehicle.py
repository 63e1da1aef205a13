"""The ego car: a kinematic bicycle with real limits.

Frames follow ISO 8855: x forward, y left, heading and steering counter-clockwise positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin, tan

CONTROL_HZ = 20
"""Steps a second of the camera, the driver and `World.step`."""

PHYSICS_PER_STEP = 10
"""Physics steps in one control step: 200 Hz."""

STEP_S = 1 / CONTROL_HZ


@dataclass(frozen=True, slots=True)
class VehicleGeometry:
    """Sizes of a mid-size car; positions are measured forward from the rear axle.

    Attributes:
        wheelbase_m: Rear axle to front axle.
        front_m: Rear axle to the front bumper.
        rear_m: Rear axle to the rear bumper (a positive length backwards).
        width_m: Body width.
        height_m: Body height.
        camera_forward_m: Rear axle to the camera.
    """

    wheelbase_m: float = 2.7
    front_m: float = 3.6
    rear_m: float = 1.0
    width_m: float = 1.8
    height_m: float = 1.5
    camera_forward_m: float = 1.7

    @property
    def camera_to_bumper_m(self) -> float:
        """How far the front bumper is ahead of the camera."""
        return self.front_m - self.camera_forward_m


@dataclass(frozen=True, slots=True)
class VehicleLimits:
    """What the car can do, whatever it is asked.

    Attributes:
        max_accel_mps2: Strongest acceleration.
        max_brake_mps2: Strongest braking, dry road (positive).
        max_jerk_mps3: Fastest change of acceleration.
        max_steer_rad: Largest road-wheel angle.
        max_steer_rate_radps: Fastest change of the road-wheel angle.
        accel_lag_s: Time constant of engine and brakes.
        steer_lag_s: Time constant of the steering.
        max_speed_mps: Top speed.
    """

    max_accel_mps2: float = 2.5
    max_brake_mps2: float = 8.0
    max_jerk_mps3: float = 25.0
    max_steer_rad: float = 0.55
    max_steer_rate_radps: float = 0.6
    accel_lag_s: float = 0.15
    steer_lag_s: float = 0.10
    max_speed_mps: float = 40.0


@dataclass(frozen=True, slots=True)
class Suspension:
    """How the body pitches on its springs: a damped spring that acceleration presses.

    Braking by a shifts the load m a h from the rear axle to the front one (h the height of the centre of gravity), and
    the body turns by m a h / K, with K its pitch stiffness (Gillespie, Fundamentals of Vehicle Dynamics, chapters 1 and
    5). For m = 1500 kg, h = 0.55 m, springs of 45 kN/m to an axle, 1.35 m before and behind the centre of gravity, and
    so K = 2 * 45 kN/m * (1.35 m)^2 = 164 kN m/rad, that is 0.005 rad per m/s2; anti-dive takes some of it. A body
    pitches at 1 to 2 Hz, damped to about a third of critical (the same, chapter 5).

    Attributes:
        pitch_per_mps2: Pitch, nose down, to which steady braking by 1 m/s2 leads; 0 for a body that stays level.
        frequency_hz: Undamped natural frequency of the pitch.
        damping: Of the pitch, as a share of critical.
    """

    pitch_per_mps2: float = 0.0
    frequency_hz: float = 1.5
    damping: float = 0.35


RIGID = Suspension()
"""A car whose body stays level."""


@dataclass(frozen=True, slots=True)
class Control:
    """What the driver asks of the car: acceleration (negative brakes) and road-wheel angle (positive left)."""

    accel_mps2: float = 0.0
    steer_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class OwnMotion:
    """What the car's own sensors tell the driver: speed and road-wheel angle, nothing of the world."""

    speed_mps: float
    steer_rad: float


@dataclass(frozen=True, slots=True)
class EgoState:
    """Where the car is and how it moves; the pose is that of the rear axle's centre on the ground.

    Attributes:
        x_m: World position.
        y_m: World position.
        heading_rad: Direction in which the car points.
        speed_mps: Along its heading.
        accel_mps2: Along its heading.
        steer_rad: Road-wheel angle.
        pitch_rad: Turn of the body about the y axis: positive with the nose down, as in ISO 8855.
        pitch_rate_radps: Its change.
    """

    x_m: float
    y_m: float
    heading_rad: float
    speed_mps: float
    accel_mps2: float = 0.0
    steer_rad: float = 0.0
    pitch_rad: float = 0.0
    pitch_rate_radps: float = 0.0

    @property
    def own_motion(self) -> OwnMotion:
        """Return what the car's own sensors give."""
        return OwnMotion(self.speed_mps, self.steer_rad)

    def ahead(self, forward_m: float) -> tuple[float, float]:
        """Return the world position of the point `forward_m` ahead of the rear axle."""
        return self.x_m + forward_m * cos(self.heading_rad), self.y_m + forward_m * sin(self.heading_rad)


def wrap_angle(angle_rad: float) -> float:
    """Return the same angle in [-pi, pi)."""
    return (angle_rad + pi) % (2 * pi) - pi


def step_vehicle(
    ego: EgoState,
    control: Control,
    dt_s: float,
    geometry: VehicleGeometry,
    limits: VehicleLimits,
    suspension: Suspension = RIGID,
) -> EgoState:
    """Move the car by one physics step of `dt_s`.

    The kinematic bicycle about the rear axle (Rajamani, Vehicle Dynamics and Control, 2nd ed., section 2.2):

        x' = v cos(psi)    y' = v sin(psi)    psi' = v tan(delta) / L    v' = a

    Acceleration and steering follow what is asked through first-order lags, within jerk, steering rate and end stops.
    The pose is integrated at the step's mean speed and mean heading. The car does not roll backwards: brakes stop it.
    The body's pitch follows the acceleration, and changes nothing of the motion.
    """
    asked_accel = min(max(control.accel_mps2, -limits.max_brake_mps2), limits.max_accel_mps2)
    jerk = (asked_accel - ego.accel_mps2) / limits.accel_lag_s
    jerk = min(max(jerk, -limits.max_jerk_mps3), limits.max_jerk_mps3)
    accel = ego.accel_mps2 + jerk * dt_s

    asked_steer = min(max(control.steer_rad, -limits.max_steer_rad), limits.max_steer_rad)
    rate = (asked_steer - ego.steer_rad) / limits.steer_lag_s
    rate = min(max(rate, -limits.max_steer_rate_radps), limits.max_steer_rate_radps)
    steer = ego.steer_rad + rate * dt_s

    speed = ego.speed_mps + accel * dt_s
    if speed <= 0.0:
        speed = 0.0
        accel = max(accel, 0.0)
    elif speed >= limits.max_speed_mps:
        speed = limits.max_speed_mps
        accel = min(accel, 0.0)
    travel_m = 0.5 * (ego.speed_mps + speed) * dt_s
    turn_rad = travel_m * tan(0.5 * (ego.steer_rad + steer)) / geometry.wheelbase_m
    middle_rad = ego.heading_rad + 0.5 * turn_rad
    pitch, pitch_rate = _step_pitch(ego, accel, dt_s, suspension)
    return EgoState(
        ego.x_m + travel_m * cos(middle_rad),
        ego.y_m + travel_m * sin(middle_rad),
        wrap_angle(ego.heading_rad + turn_rad),
        speed,
        accel,
        steer,
        pitch,
        pitch_rate,
    )


def _step_pitch(ego: EgoState, accel_mps2: float, dt_s: float, suspension: Suspension) -> tuple[float, float]:
    """Return the body's pitch and its rate after a step, by the semi-implicit Euler method.

    With g the pitch per braking, w the natural frequency and z the damping:

        p'' = w^2 (-g a - p) - 2 z w p'
    """
    frequency = 2 * pi * suspension.frequency_hz
    rest_rad = -suspension.pitch_per_mps2 * accel_mps2
    spring = frequency**2 * (rest_rad - ego.pitch_rad) - 2 * suspension.damping * frequency * ego.pitch_rate_radps
    rate = ego.pitch_rate_radps + spring * dt_s
    return ego.pitch_rad + rate * dt_s, rate
