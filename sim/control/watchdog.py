"""The driver's mistrust: of percepts that are old, unchanging or no numbers, of spoilt pictures, of its sensors.

What cannot be trusted is not acted upon: the driver carries on with what it believes, by odometry, slower; and comes to
a stop in its lane if it has seen nothing for `BLIND_S`. All of it is told from the percept, the frame's health and the
car's own sensors; nothing says that there is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite

from sim.camera import Camera
from sim.control.odometry import Travel, carry, measure_travel
from sim.percept import Detection, FrameHealth, LaneEstimate, ObjectKind, Percept
from sim.vehicle import STEP_S, Control, OwnMotion, VehicleGeometry

OLD_S = 0.09
BLIND_S = 0.5
"""What is older than the first is late, and the driver slows down; having seen nothing of the last half second, the
length of 5 m at 10 m/s, it stops."""

SLOW_SHARE = 0.5
SHED_MPS = 1.3
"""Share of the usual speed while what it sees is not as it ought to be; and how far below its own the driver wishes for
meanwhile, which makes it shed its speed at 0.8 m/s2."""

TRUSTED_AGAIN_S = 1.0
"""So long all must have been well before the driver takes up its usual speed, or sets off again."""

SAME_M = 2.0
SAME_LANE_M = 8.0
ALONG_RAD = 0.001
"""No percept stays the same to the last digit while the car drives so far; the second where it shows nothing that
stands still. Of a car that drives along its lane to within the third, such a one may."""

BLACK_SHARE = 0.2
WHITE_SHARE = 0.7
BLUR_SHARE = 0.35
"""Unfit is a picture of which more than the first is black from top to bottom or more than the second is saturated, or
that has less than the third of the sharpness that it has had."""

SHARPNESS_S = 1.5
"""Time over which the usual sharpness of the pictures is learnt."""

STUCK_S = 0.3
STUCK_RAD = 0.004
STEER_LAG_S = 0.10
"""A steering sensor that has not moved at all for the first, while the wheels must have turned by the second, is stuck.
They follow what is asked of them with the third as time constant."""

REST_S = 1.5
PROBE_M = 0.4
"""Standing before a picture that stays the same, the driver creeps by the second after the first, to see if it does."""

PROBE_MPS = 0.5


class Trouble(StrEnum):
    """What is wrong; the value is what the window shows."""

    NO_PICTURE = "no new picture"
    LATE = "the picture is late"
    FROZEN = "the picture stays the same while the car moves"
    NO_NUMBERS = "what the network answers is no number"
    BLACK = "part of the picture is black"
    GLARE = "the picture is over-exposed"
    BLUR = "the picture has lost its sharpness"
    STEERING = "the steering sensor is stuck"


@dataclass(frozen=True, slots=True)
class Watch:
    """What the driver remembers in order to mistrust; a value.

    Attributes:
        trouble: What is wrong, or None.
        trouble_s: For how long.
        well_s: For how long all has been well since.
        blind_s: How old the last trusted look at the road is.
        stops: Whether the car is to stop, or to stay, where it is.
        probes: Whether it creeps to see whether the picture changes.
        last: The last percept, trusted or not.
        same_m: How far the car has gone while it stayed the same.
        rest_s: For how long the car has stood, for want of a picture that changes.
        sharpness: Usual sharpness of the pictures; 0 before the first.
        travels: How the car has moved in each of the last steps, the newest last.
        felt_rad: What the steering sensor told one step ago.
        wheels_rad: Where the wheels must be, from what was asked.
        turned_rad: How far they must have turned since the sensor last changed.
        stuck_s: For how long it has not changed.
    """

    trouble: Trouble | None = None
    trouble_s: float = 0.0
    well_s: float = TRUSTED_AGAIN_S
    blind_s: float = 0.0
    stops: bool = False
    probes: bool = False
    last: Percept | None = None
    same_m: float = 0.0
    rest_s: float = 0.0
    sharpness: float = 0.0
    travels: tuple[Travel, ...] = ()
    felt_rad: float = 0.0
    wheels_rad: float = 0.0
    turned_rad: float = 0.0
    stuck_s: float = 0.0

    @property
    def reason(self) -> str:
        """What is wrong, in words; nothing if nothing is."""
        if self.trouble is None:
            return ""
        if self.well_s > 0.0:
            return f"{self.trouble}: well again for {self.well_s:.1f} s"
        return f"{self.trouble}, for {self.trouble_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Sight:
    """What is left after mistrust.

    Attributes:
        percept: What may be acted upon, carried on to this moment; None if nothing.
        own: The car's own motion, mended where a sensor is stuck.
        travel: How the car has moved since the last step.
    """

    percept: Percept | None
    own: OwnMotion
    travel: Travel


def keep_watch(
    watch: Watch,
    percept: Percept,
    before: OwnMotion | None,
    own: OwnMotion,
    asked: Control,
    step: int,
    dt_s: float,
    geometry: VehicleGeometry,
    camera: Camera,
) -> tuple[Watch, Sight]:
    """Return what to remember, and what may be trusted.

    Args:
        watch: What was remembered one step ago.
        percept: What the eyes hand on.
        before: The car's own motion one step ago, as it was trusted; None at the start.
        own: What the car's sensors tell now.
        asked: What was asked of the car one step ago.
        step: The moment, by the driver's own clock.
        dt_s: Time since the last step.
        geometry: The car's sizes.
        camera: The camera that the percept's pixels belong to.
    """
    watch = _feel(watch, before, own, asked, dt_s)
    stuck = watch.stuck_s >= STUCK_S and watch.turned_rad > STUCK_RAD
    if stuck:
        own = OwnMotion(own.speed_mps, watch.wheels_rad)
    travel = measure_travel(before, own, dt_s, geometry)
    age_steps = max(step - percept.step, 0)
    fresh = watch.last is None or percept.step != watch.last.step or age_steps == 0
    same_m = _same_m(watch, percept, travel) if fresh else watch.same_m
    fault = _fault(watch, percept, same_m) if fresh else Trouble.NO_PICTURE
    trusted = fault is None
    blind_s = age_steps * STEP_S if trusted else watch.blind_s + dt_s
    if fault in (None, Trouble.NO_PICTURE):
        fault = None if blind_s < OLD_S else (Trouble.NO_PICTURE if not trusted else Trouble.LATE)
    if fault is None and stuck:
        fault = Trouble.STEERING
    travels = (*watch.travels[-_KEPT:], travel)
    watch = _judge(watch, fault, blind_s, own, travel, dt_s)
    seen = percept if trusted else None
    if seen is not None and age_steps > 0:
        seen = _carried(seen, travels[-age_steps:], geometry, camera) if age_steps <= len(travels) else None
    return (
        replace(
            watch, last=percept, same_m=same_m, travels=travels,
            sharpness=_sharpness(watch.sharpness, percept.health, dt_s) if trusted else watch.sharpness,
        ),
        Sight(seen, own, travel),
    )  # fmt: skip


_KEPT = 40
"""Steps, two seconds, over which a late percept is carried on."""


def _feel(watch: Watch, before: OwnMotion | None, own: OwnMotion, asked: Control, dt_s: float) -> Watch:
    """Return the watch after a look at the steering sensor."""
    if before is None or own.steer_rad != watch.felt_rad:
        return replace(
            watch, felt_rad=own.steer_rad, wheels_rad=own.steer_rad, turned_rad=0.0, stuck_s=0.0,
        )  # fmt: skip
    wheels_rad = watch.wheels_rad + (asked.steer_rad - watch.wheels_rad) * min(dt_s / STEER_LAG_S, 1.0)
    turned_rad = max(watch.turned_rad, abs(wheels_rad - own.steer_rad))
    return replace(watch, wheels_rad=wheels_rad, turned_rad=turned_rad, stuck_s=watch.stuck_s + dt_s)


def _same_m(watch: Watch, percept: Percept, travel: Travel) -> float:
    """Return how far the car has gone while the percept stayed the same, to the last digit."""
    last = watch.last
    same = (
        last is not None
        and last is not percept
        and last.lane is not None
        and percept.lane == last.lane
        and percept.detections == last.detections
        and percept.stop_line == last.stop_line
    )
    return watch.same_m + travel.distance_m if same else 0.0


def _fault(watch: Watch, percept: Percept, same_m: float) -> Trouble | None:
    if not _is_finite(percept):
        return Trouble.NO_NUMBERS
    if same_m > SAME_M and (same_m > SAME_LANE_M or _shows_what_stands(percept)) and not _may_stay(percept):
        return Trouble.FROZEN
    health = percept.health
    if health is None:
        return None
    if health.black_share > BLACK_SHARE:
        return Trouble.BLACK
    if health.white_share > WHITE_SHARE:
        return Trouble.GLARE
    return Trouble.BLUR if health.sharpness < BLUR_SHARE * watch.sharpness else None


def _shows_what_stands(percept: Percept) -> bool:
    """Return whether something is seen that comes nearer as the car moves: a sign or a line, other than a vehicle."""
    fixed = (ObjectKind.STOP_SIGN, ObjectKind.DISTRACTOR)
    return percept.stop_line is not None or any(each.kind in fixed for each in percept.detections)


def _may_stay(percept: Percept) -> bool:
    """Return whether a percept may stay as it is though the car moves: along a lane, behind a car as fast as it."""
    lane = percept.lane
    return not _shows_what_stands(percept) and lane is not None and abs(lane.heading_rad) < ALONG_RAD


def _is_finite(percept: Percept) -> bool:
    lane, line = percept.lane, percept.stop_line
    return (
        (lane is None or all(map(isfinite, (lane.offset_m, lane.heading_rad, lane.curvature_per_m, lane.confidence))))
        and (line is None or all(map(isfinite, (line.distance_m, line.distance_spread_m, line.confidence))))
        and all(
            all(map(isfinite, (each.distance_m, each.distance_spread_m, each.score, *each.box)))
            for each in percept.detections
        )
    )


def _sharpness(usual: float, health: FrameHealth | None, dt_s: float) -> float:
    if health is None:
        return usual
    return health.sharpness if usual == 0.0 else usual + (health.sharpness - usual) * min(dt_s / SHARPNESS_S, 1.0)


def _judge(watch: Watch, fault: Trouble | None, blind_s: float, own: OwnMotion, travel: Travel, dt_s: float) -> Watch:
    """Return the watch after this moment's fault, if any, has been taken note of."""
    if fault is None:
        well_s = watch.well_s + dt_s
        if watch.trouble is None:
            return watch if watch.blind_s == blind_s else replace(watch, blind_s=blind_s)
        if well_s < TRUSTED_AGAIN_S:
            return replace(watch, well_s=well_s, blind_s=blind_s, probes=False, rest_s=0.0)
        return replace(watch, trouble=None, trouble_s=0.0, well_s=well_s, blind_s=blind_s, stops=False, probes=False)
    frozen = fault is Trouble.FROZEN
    stops = watch.stops or frozen or (fault is not Trouble.STEERING and blind_s >= BLIND_S)
    rest_s, probes = watch.rest_s, watch.probes
    if frozen and stops:
        if probes:
            rest_s += travel.distance_m  # while creeping, what is counted is the way
            probes, rest_s = (True, rest_s) if rest_s < PROBE_M else (False, 0.0)
        elif own.speed_mps < 0.02:
            rest_s += dt_s
            probes, rest_s = (False, rest_s) if rest_s < REST_S else (True, 0.0)
    return replace(
        watch, trouble=fault, trouble_s=watch.trouble_s + dt_s, well_s=0.0, blind_s=blind_s, stops=stops, probes=probes,
        rest_s=rest_s,
    )  # fmt: skip


def _carried(percept: Percept, travels: tuple[Travel, ...], geometry: VehicleGeometry, camera: Camera) -> Percept:
    """Return a percept of an earlier moment as it would be now, had nothing but the car moved."""
    forward_m = geometry.camera_forward_m
    detections = tuple(_carry_detection(each, travels, forward_m, camera) for each in percept.detections)
    line, lane = percept.stop_line, percept.lane
    if line is not None:
        x_m = line.distance_m
        for travel in travels:
            x_m, _ = carry(x_m, 0.0, travel, forward_m)
        line = replace(line, distance_m=x_m)
    if lane is not None:
        lane = _carry_lane(lane, travels, forward_m)
    kept = tuple(each for each in detections if each is not None)
    return Percept(percept.step, kept, lane, line, percept.health)


def _carry_detection(
    seen: Detection, travels: tuple[Travel, ...], forward_m: float, camera: Camera
) -> Detection | None:
    u0, v0, u1, v1 = seen.box
    x_m = seen.distance_m
    y_m = x_m * (camera.centre_u_px - 0.5 * (u0 + u1)) / camera.focal_px
    for travel in travels:
        x_m, y_m = carry(x_m, y_m, travel, forward_m)
    if x_m < 1.0:
        return None
    grown = seen.distance_m / x_m
    u, half_px = camera.centre_u_px - camera.focal_px * y_m / x_m, 0.5 * (u1 - u0) * grown
    v0, v1 = (camera.centre_v_px + (v - camera.centre_v_px) * grown for v in (v0, v1))
    return replace(seen, box=(u - half_px, v0, u + half_px, v1), distance_m=x_m)


def _carry_lane(lane: LaneEstimate, travels: tuple[Travel, ...], forward_m: float) -> LaneEstimate:
    offset_m, heading_rad = lane.offset_m, lane.heading_rad
    here = lane.curvature_per_m if lane.here_per_m is None else lane.here_per_m
    for travel in travels:
        offset_m += travel.distance_m * heading_rad + forward_m * travel.turn_rad
        heading_rad += travel.turn_rad - here * travel.distance_m
    return replace(lane, offset_m=offset_m, heading_rad=heading_rad)
