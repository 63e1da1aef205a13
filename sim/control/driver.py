"""The driver: a small state machine over tracked beliefs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf
from typing import Any, ClassVar

from sim.camera import Camera
from sim.config import STRICT
from sim.control.evidence import MIN_SCORE
from sim.control.lane import LaneBelief, update_lane
from sim.control.longitudinal import (
    StopProfile,
    curve_speed_mps,
    free_accel,
    gentle_accel,
    limit_jerk,
    stop_accel,
    stop_urgency,
)
from sim.control.obstruction import Obstruction, update_obstruction
from sim.control.steering import steer
from sim.control.stopline import LineTrack, coast_lines, update_lines
from sim.control.stopping import ARRIVED_M, MISSED_M, Stop, dismissal, mark_handled, next_stop, vehicle_ahead
from sim.control.suspicion import NOTHING, Suspicion, update_suspicion, wary_accel
from sim.control.track import SAME_STOP_M, Track
from sim.control.tracking import coast_tracks, update_tracks
from sim.control.watchdog import PROBE_MPS, SHED_MPS, SLOW_SHARE, Watch, keep_watch
from sim.control.yielding import (
    Cause,
    Crosser,
    Yield,
    crossing_before,
    must_let_through,
    next_yield,
    update_crossers,
)
from sim.following import idm_accel
from sim.percept import Percept
from sim.vehicle import Control, OwnMotion, VehicleGeometry


class Phase(StrEnum):
    """What the driver is doing; the value is what the window shows."""

    CRUISING = "Cruising"
    FOLLOWING = "Following"
    STOPPING = "Stopping"
    HOLDING = "Holding"
    LEAVING = "Leaving"
    YIELDING = "Yielding"
    SAFE_STOP = "Safe stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverConfig:
    """How the driver drives.

    Attributes:
        cruise_mps: The speed that it wishes for: the road's limit, as any driver is told.
        max_accel_mps2: Acceleration that it asks for at most.
        comfort_brake_mps2: Braking that it plans with.
        hard_brake_mps2: Braking that it may use when surprised.
        stop_gap_m: Where it wants its bumper before the stop line.
        hold_s: How long it stands at the line.
        standstill_mps: Below this it counts itself as standing.
        standing_gap_m: What it leaves to a standing vehicle ahead.
        time_gap_s: What it leaves to a moving vehicle ahead.
        look_m: Before leaving, the lane must be free for this distance from the front bumper.
        sure_score: What stop signs near by hardly ever score less than with its eyes; what scores less there is taken
            for something else. With the standard one nothing is.
        yields: Whether it minds who crosses its way, on foot or on wheels. It then also brakes for people who might yet
            step out.
        at_its_word: Whether it believes each frame of signs at once, and forgets at once what the next one does not
            show: a driver without memory, to be compared with.
        checks_size: Whether it holds a sign's growth against the way driven, and minds none that is too small or too
            large for a stop sign.
        eases_off: Whether it slows for what may yet turn out to be a stop sign.
        geometry: The car's sizes, which a driver knows.
        camera: The camera that it sees through, which it knows too.

    Raises:
        ValueError: If a number is not above 0, or braking is planned with less than 1 m/s^2.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    cruise_mps: float = 10.0
    max_accel_mps2: float = 1.4
    comfort_brake_mps2: float = 2.0
    hard_brake_mps2: float = 6.0
    stop_gap_m: float = 0.7
    hold_s: float = 2.2
    standstill_mps: float = 0.05
    standing_gap_m: float = 3.5
    time_gap_s: float = 1.5
    look_m: float = 8.0
    sure_score: float = MIN_SCORE
    yields: bool = False
    at_its_word: bool = False
    checks_size: bool = True
    eases_off: bool = True
    geometry: VehicleGeometry = field(default_factory=VehicleGeometry)
    camera: Camera = field(default_factory=Camera)

    def __post_init__(self) -> None:
        for name in (
            "cruise_mps", "max_accel_mps2", "hard_brake_mps2", "stop_gap_m", "hold_s", "standstill_mps",
            "standing_gap_m", "time_gap_s", "look_m",
        ):  # fmt: skip
            if not getattr(self, name) > 0.0:
                raise ValueError(f"Expected {name} to be above 0. Received: {getattr(self, name)}.")
        if not 0.0 < self.sure_score < 1.0:
            raise ValueError(f"Expected sure_score to be above 0 and below 1. Received: {self.sure_score}.")
        if not self.comfort_brake_mps2 >= 1.0:
            raise ValueError(f"Expected comfort_brake_mps2 to be at least 1. Received: {self.comfort_brake_mps2}.")


@dataclass(frozen=True, slots=True)
class DriverMemory:
    """What the driver carries from one moment to the next; a value.

    Attributes:
        phase: What it is doing.
        reason: Why, in words: "Stopping: stop sign 31 m ahead, seen for 1.2 s".
        tracks: Objects believed to be there, in the car's frame.
        stop_at_m: Distance from the front bumper to where it means to stop, or None.
        lines: Stop lines believed to be there.
        lane: What is believed of the lane.
        own: The car's own sensors one step ago.
        asked: What was asked of the car one step ago.
        held_s: How long it has stood at the line.
        left_m: How far it has driven since it left the last line; infinity if it has left none lately.
        next_track_id: The first track id not yet given.
        crossers: The crossing traffic that it remembers while it comes to, or stands at, a stop line.
        obstruction: What is across its way just ahead, as it stands at a line or leaves it.
        watch: What it mistrusts.
        suspicion: What may yet turn out to be a stop sign.
    """

    phase: Phase = Phase.CRUISING
    reason: str = "Cruising: the road is clear"
    tracks: tuple[Track, ...] = ()
    stop_at_m: float | None = None
    lines: tuple[LineTrack, ...] = ()
    lane: LaneBelief = LaneBelief()  # noqa: RUF009 - frozen, so one for all is safe
    own: OwnMotion | None = None
    asked: Control = Control()  # noqa: RUF009 - frozen, so one for all is safe
    held_s: float = 0.0
    left_m: float = inf
    next_track_id: int = 1
    crossers: tuple[Crosser, ...] = ()
    obstruction: Obstruction = Obstruction()  # noqa: RUF009 - frozen, so one for all is safe
    watch: Watch = Watch()  # noqa: RUF009 - frozen, so one for all is safe
    suspicion: Suspicion = NOTHING


LEAVING_M = 6.0
"""So far from the line, leaving is over."""

BRAKING_URGENCY = 0.35
"""From this urgency on the driver says that it is stopping; before, the brake is not yet felt."""

SURPRISED_URGENCY = 1.4
"""From this urgency on the brake may bite as fast as it can."""

CANNOT_WAIT_URGENCY = 1.1
"""From this urgency on the driver brakes for what it is not yet sure of."""

SIGN_M, READ_PX = 0.75, 23.0
"""A usual stop sign, and the rows from which on its word can be read. Until then an octagon may say anything, and the
driver brakes for it so gently that a mistake is none, unless there is a stop line, too."""

SURELY_SEEN_S = 0.6
TOO_LATE_URGENCY = 3.0
"""A sign at the roadside is in sight for seconds. What turns up so near that only an emergency stop would do, which the
second stands for, is more often something else: the driver brakes for it once it has been seen for the first."""

MIN_STANDING_GAP_M = 2.5
"""Behind a vehicle, what must be left of the standing gap if it comes to the worst."""

WAIT_NEAR_M = 8.0
"""A standing car does not set off towards someone whom it would have to wait for again this soon."""

WALKING_MPS = 1.5
"""Before a school bus nobody stands to the half metre: what is left of a walking pace is braked gently."""

ENTERING_M = 8.0
"""For so long after its stop the car has not yet crossed the near lane of the crossing road."""

LOOKS_S = 1.5
"""Whoever minds others stands for so much longer: who came a moment before comes into view only after setting off."""

ENTERING_MPS = 2.5
"""Whoever minds others enters no faster than this: it sees them late, and must still be able to stop for them."""

OBSTRUCTION_GAP_M = 1.5
"""Left between the front bumper and the side of a vehicle across the way."""

LEADER_BRAKE_MPS2 = 2.5
"""The braking that a vehicle ahead may take up at any time."""

STAND_BRAKE_MPS2 = 1.5
"""With which the car is held when standing."""

LANE_LOST_S = 1.0
LANE_LOST_MPS = 3.0
LANE_LOST_M = 20.0
"""With no lane seen for so long, slow down to this speed; and stop once this far has been driven without."""


def decide(
    memory: DriverMemory,
    percept: Percept,
    own: OwnMotion,
    dt_s: float,
    config: DriverConfig,
    *,
    step: int | None = None,
) -> tuple[DriverMemory, Control]:
    """Return what to remember and what to ask of the car.

    Args:
        memory: What was remembered one step ago; `DriverMemory()` at the start.
        percept: What is believed of this moment.
        own: The car's own sensors at this moment.
        dt_s: Time since the last step.
        config: How to drive.
        step: The moment by the driver's own clock, which tells how old a percept is; the percept's own if not given.
    """
    geometry = config.geometry
    now = percept.step if step is None else step
    watch, sight = keep_watch(
        memory.watch, percept, memory.own, own, memory.asked, now, dt_s, geometry, config.camera
    )  # fmt: skip
    own, travel, next_id = sight.own, sight.travel, memory.next_track_id
    if watch.trouble is not None:
        # The speed wished for falls with the own: it is shed gently, as by one who lifts the foot.
        slow_mps = max(SLOW_SHARE * config.cruise_mps, own.speed_mps - SHED_MPS)
        config = replace(config, cruise_mps=min(config.cruise_mps, slow_mps))
    if sight.percept is None:
        lane = update_lane(memory.lane, None, travel, geometry.camera_forward_m)
        tracks = coast_tracks(memory.tracks, travel, geometry)
        lines = coast_lines(memory.lines, travel, geometry.camera_forward_m)
    else:
        seen = sight.percept
        lane = update_lane(memory.lane, seen.lane, travel, geometry.camera_forward_m)
        tracks, next_id = update_tracks(
            memory.tracks, seen, travel, lane, config.camera, geometry, next_id,
            lines=memory.lines, sure_score=config.sure_score,
            at_its_word=config.at_its_word, checks_size=config.checks_size,
        )  # fmt: skip
        lines = update_lines(memory.lines, seen.stop_line, travel, geometry.camera_forward_m)

    stop = next_stop(tracks, lines, geometry.camera_to_bumper_m, config.stop_gap_m)
    if stop is not None and stop.in_m < -MISSED_M and memory.phase is not Phase.HOLDING:
        tracks, stop = mark_handled(tracks, stop.sign_m + SAME_STOP_M), None
    leader = vehicle_ahead(tracks)
    crossers, obstruction, wait = memory.crossers, Obstruction(), None
    if config.yields:
        crossers = update_crossers(
            crossers, tracks, travel, lane, _line_m(memory, stop, geometry), geometry.camera_forward_m,
            standing=memory.phase is Phase.HOLDING,
        )  # fmt: skip
        wait = next_yield(
            tracks, lines, lane, own.speed_mps, geometry.camera_to_bumper_m, config.stop_gap_m, config.camera
        )
        if wait is None and memory.phase is Phase.HOLDING and must_let_through(crossers, memory.held_s - config.hold_s):
            wait = Yield(Cause.TRAFFIC, inf, 0.0)
        if memory.left_m < ENTERING_M or memory.phase is Phase.HOLDING:
            obstruction = update_obstruction(
                memory.obstruction, None if sight.percept is None else sight.percept.detections, tracks, lane,
                config.camera, geometry.camera_to_bumper_m, travel.distance_m, dt_s,
            )  # fmt: skip
            if wait is None and memory.phase is not Phase.HOLDING:
                wait = crossing_before(
                    tracks, lane, own.speed_mps, geometry.camera_to_bumper_m, config.comfort_brake_mps2
                )
            if obstruction.believed:
                in_m = obstruction.x_m - geometry.camera_to_bumper_m - OBSTRUCTION_GAP_M
                if wait is None or in_m < wait.in_m:
                    wait = Yield(Cause.OBSTRUCTION, obstruction.x_m, in_m)
    turn = _take_turn(memory, stop, leader, wait, own, travel.distance_m, dt_s, config)
    if watch.stops:
        stays = memory.phase is Phase.HOLDING
        turn = _Turn(Phase.HOLDING, memory.held_s + dt_s) if stays else replace(turn, phase=Phase.SAFE_STOP)
    if turn.left_m < SAME_STOP_M:
        # Whatever sign is seen, or seen again, so near to the line just left belongs to the stop just made.
        tracks = mark_handled(tracks, SAME_STOP_M - turn.left_m)

    suspicion = NOTHING
    if config.eases_off and not config.at_its_word and turn.left_m >= SAME_STOP_M:
        detections = None if sight.percept is None else sight.percept.detections
        suspicion = update_suspicion(memory.suspicion, detections, tracks, lane, travel, config.camera)

    accel, surprised = _wanted_accel(turn, stop, leader, wait, lane, own, config, memory.asked.accel_mps2)
    if _is_wary(suspicion, stop, turn):
        standoff_m = geometry.camera_to_bumper_m + config.stop_gap_m
        accel = min(accel, wary_accel(suspicion, own.speed_mps, StopProfile(config.comfort_brake_mps2), standoff_m))
    if turn.phase is Phase.SAFE_STOP:
        accel = min(accel, _safe_accel(watch, own, config))
    if turn.phase is not Phase.HOLDING:
        accel = limit_jerk(accel, memory.asked.accel_mps2, dt_s, surprised=surprised)
    steer_rad = memory.asked.steer_rad
    if own.speed_mps > config.standstill_mps or memory.own is None:
        steer_rad = steer(lane, own.speed_mps, steer_rad, dt_s, geometry)
    control = Control(accel, steer_rad)
    return (
        DriverMemory(
            turn.phase,
            _doubts(watch, turn, own, config)
            or _reason(turn, stop, leader, wait, tracks, lane, own, suspicion, config),
            tracks,
            stop.in_m if stop is not None and turn.phase is not Phase.LEAVING else None,
            lines,
            lane,
            own,
            control,
            turn.held_s,
            turn.left_m,
            next_id,
            crossers,
            obstruction,
            watch,
            suspicion,
        ),
        control,
    )


def _is_wary(suspicion: Suspicion, stop: Stop | None, turn: _Turn) -> bool:
    """Return whether the car eases off for what it does not know, having nothing surer to stop for."""
    return suspicion.felt and (stop is None or stop.doubtful) and turn.phase is not Phase.HOLDING


def _line_m(memory: DriverMemory, stop: Stop | None, geometry: VehicleGeometry) -> float | None:
    """Return the depth of the line that the car comes to or stands at, or None."""
    if stop is not None:
        return stop.sign_m if stop.line_m is None else stop.line_m
    return geometry.camera_to_bumper_m if memory.phase is Phase.HOLDING else None


@dataclass(frozen=True, slots=True)
class _Turn:
    """What to do in this step.

    Attributes:
        phase: What the driver does now.
        held_s: How long it has stood at the line.
        left_m: How far it has driven since it left the last line.
    """

    phase: Phase
    held_s: float = 0.0
    left_m: float = inf


def _take_turn(
    memory: DriverMemory,
    stop: Stop | None,
    leader: Track | None,
    wait: Yield | None,
    own: OwnMotion,
    driven_m: float,
    dt_s: float,
    config: DriverConfig,
) -> _Turn:
    """Return the next phase: the state machine, apart from all numbers of speed."""
    standing = own.speed_mps <= config.standstill_mps
    if memory.phase is Phase.HOLDING:
        # What has been reached is held: a belief that fades while standing does not cut the stop short.
        held_s = memory.held_s + dt_s
        if (
            held_s < config.hold_s + _looks_s(config) - 1e-9
            or _blocked(leader, config)
            or (wait is not None and wait.in_m < WAIT_NEAR_M)
        ):
            return _Turn(Phase.HOLDING, held_s)
        return _Turn(Phase.LEAVING, 0.0, 0.0)
    left_m = memory.left_m + driven_m
    if stop is not None and stop.in_m <= ARRIVED_M and standing:
        return _Turn(Phase.HOLDING)
    if stop is not None:
        urgency = stop_urgency(own.speed_mps, stop.in_m, StopProfile(config.comfort_brake_mps2))
        if urgency >= BRAKING_URGENCY or memory.phase is Phase.STOPPING:
            return _Turn(Phase.STOPPING, 0.0, left_m)
    if wait is not None and _is_felt(wait, own, memory, config):
        return _Turn(Phase.YIELDING, 0.0, left_m)
    if left_m < LEAVING_M:
        return _Turn(Phase.LEAVING, 0.0, left_m)
    if leader is not None and _gap_m(leader, config) < 3.0 + 2.5 * config.time_gap_s * max(own.speed_mps, 2.0):
        return _Turn(Phase.FOLLOWING, 0.0, left_m)
    return _Turn(Phase.CRUISING, 0.0, left_m)


def _looks_s(config: DriverConfig) -> float:
    return LOOKS_S if config.yields else 0.0


def _is_felt(wait: Yield, own: OwnMotion, memory: DriverMemory, config: DriverConfig) -> bool:
    """Return whether the car brakes, or stands, for someone who goes first."""
    if memory.phase is Phase.YIELDING:
        return True
    return stop_urgency(own.speed_mps, wait.in_m, StopProfile(config.comfort_brake_mps2)) >= BRAKING_URGENCY or (
        own.speed_mps <= config.standstill_mps and wait.in_m < WAIT_NEAR_M
    )


def _gap_m(leader: Track, config: DriverConfig) -> float:
    """Return the distance from the front bumper to a vehicle's near end."""
    return leader.x_m - config.geometry.camera_to_bumper_m


def _blocked(leader: Track | None, config: DriverConfig) -> bool:
    """Return whether a vehicle ahead leaves no room to leave the line."""
    return leader is not None and leader.unseen_s < 1.0 and _gap_m(leader, config) < config.look_m


def _wanted_accel(
    turn: _Turn,
    stop: Stop | None,
    leader: Track | None,
    wait: Yield | None,
    lane: LaneBelief,
    own: OwnMotion,
    config: DriverConfig,
    asked_mps2: float,
) -> tuple[float, bool]:
    """Return the acceleration to ask for, given the one asked for last, and whether the driver is surprised."""
    if turn.phase is Phase.HOLDING:
        return -STAND_BRAKE_MPS2, False
    speed = own.speed_mps
    wished = min(config.cruise_mps, curve_speed_mps(lane.curvature_here_per_m, lane.curvature_per_m))
    if config.yields and turn.left_m < ENTERING_M:
        wished = min(wished, ENTERING_MPS)
    if lane.unseen_s > LANE_LOST_S:
        wished = min(wished, LANE_LOST_MPS if lane.unseen_m < LANE_LOST_M else 0.0)
    accel = free_accel(speed, wished, config.max_accel_mps2)
    surprised = False
    if leader is not None:
        following, surprised = _following_accel(leader, wished, own, config)
        accel = min(accel, following)
    if wait is not None:
        braking, urgency = _waiting_accel(wait, accel, speed, config)
        if wait.cause is Cause.TRAFFIC:
            # It crosses farther away than where the car means to stand: there is no need for more than comfort.
            braking, urgency = max(braking, -config.comfort_brake_mps2), min(urgency, 1.0)
        accel = min(accel, braking)
        surprised = surprised or urgency > SURPRISED_URGENCY
    if stop is not None and turn.phase is not Phase.LEAVING:
        braking, urgency = _stopping_accel(stop, accel, speed, config, -asked_mps2)
        accel = min(accel, braking)
        surprised = surprised or urgency > SURPRISED_URGENCY
    return max(accel, -config.hard_brake_mps2), surprised


def _safe_accel(watch: Watch, own: OwnMotion, config: DriverConfig) -> float:
    """Return the acceleration with which the car comes to a safe stop, and stands; or creeps, to see if that helps."""
    if watch.probes:
        return free_accel(own.speed_mps, PROBE_MPS, config.max_accel_mps2)
    if own.speed_mps <= config.standstill_mps:
        return -STAND_BRAKE_MPS2
    return -StopProfile(config.comfort_brake_mps2).brake_at(own.speed_mps)


def _stopping_accel(
    stop: Stop, free_mps2: float, speed_mps: float, config: DriverConfig, braking_mps2: float
) -> tuple[float, float]:
    """Return the acceleration towards a stop, given the one without it and the braking now, and the stop's urgency."""
    profile = StopProfile(config.comfort_brake_mps2)
    urgency = stop_urgency(speed_mps, stop.in_m, profile, braking_mps2)
    unread_m = _unread_m(stop, config)
    if unread_m > 0.0:
        going = max(free_mps2, 0.0) * (1.0 - min(urgency, 1.0))
        gentle = gentle_accel(speed_mps, stop.in_m, unread_m, profile)
        return going + max(gentle, -config.hard_brake_mps2), urgency
    if stop.doubtful and urgency < CANNOT_WAIT_URGENCY:
        return 0.0, urgency  # a foot off the pedal is no brake for a flicker, nor much lost for a sign
    if stop.seen_s < SURELY_SEEN_S and urgency > TOO_LATE_URGENCY:
        return 0.0, 0.0
    if stop.in_m <= 0.0:
        return min(-1.0, stop_accel(speed_mps, urgency, profile, config.hard_brake_mps2)), urgency
    # Creeping up to the line, never faster than a short way asks for.
    creep = free_accel(speed_mps, 0.5 + 0.7 * stop.in_m, config.max_accel_mps2)
    going = max(min(free_mps2, creep), 0.0) * (1.0 - min(urgency, 1.0))
    return going + stop_accel(speed_mps, urgency, profile, config.hard_brake_mps2), urgency


def _unread_m(stop: Stop, config: DriverConfig) -> float:
    """Return how much nearer a sign must be to be read; no way at all if a stop line says what it would."""
    return 0.0 if stop.line_m is not None else stop.sign_m - config.camera.focal_px * SIGN_M / READ_PX


def _waiting_accel(wait: Yield, free_mps2: float, speed_mps: float, config: DriverConfig) -> tuple[float, float]:
    """Return the acceleration towards a place of waiting, given the one without it, and its urgency."""
    if speed_mps <= config.standstill_mps and wait.in_m < WAIT_NEAR_M:
        return -STAND_BRAKE_MPS2, 0.0
    profile = StopProfile(config.comfort_brake_mps2)
    urgency, hardest_mps2 = stop_urgency(speed_mps, wait.in_m, profile), config.hard_brake_mps2
    if wait.cause is Cause.SCHOOL_BUS and speed_mps < WALKING_MPS:
        urgency, hardest_mps2 = min(urgency, 1.0), config.comfort_brake_mps2
    # Whoever crosses may be gone before the car is there: until it must brake, it only lifts its foot.
    going = max(free_mps2, 0.0) * (1.0 - min(urgency, 1.0)) ** 2
    return going + stop_accel(speed_mps, urgency, profile, hardest_mps2), urgency


def _following_accel(leader: Track, wished_mps: float, own: OwnMotion, config: DriverConfig) -> tuple[float, bool]:
    """Return the acceleration behind a vehicle, and whether it is surprisingly near."""
    gap_m, speed = _gap_m(leader, config), own.speed_mps
    if speed < 0.3 and gap_m < config.standing_gap_m + 0.8:
        return -STAND_BRAKE_MPS2, False  # standing behind: no nudging back and forth
    # What is not known of the leader's speed is taken to be for the worse.
    leader_mps = max(leader.speed_mps - 0.5 * leader.speed_var**0.5, 0.0)
    accel = idm_accel(
        speed,
        max(wished_mps, 0.5),
        gap_m,
        leader_mps,
        max_accel_mps2=config.max_accel_mps2,
        comfort_brake_mps2=config.comfort_brake_mps2,
        min_gap_m=config.standing_gap_m,
        time_gap_s=config.time_gap_s,
    )
    # The braking with which the car stops behind the leader even if that brakes in comfort to a stop. From afar the
    # model asks for more than this, and from distances that are noisy: it is held to somewhat above what is needed.
    room_m = max(gap_m - MIN_STANDING_GAP_M, 0.2)
    needed = speed**2 / (2.0 * (room_m + leader_mps**2 / (2.0 * LEADER_BRAKE_MPS2)))
    softest = -(1.25 * needed + 0.3)
    if leader.in_place < 0.85 and needed < config.comfort_brake_mps2:
        softest = max(softest, -0.8)  # it may yet turn out to be parked at the kerb of a bend
    return max(accel, softest), needed > SURPRISED_URGENCY * config.comfort_brake_mps2


def _doubts(watch: Watch, turn: _Turn, own: OwnMotion, config: DriverConfig) -> str:
    """Return what is mistrusted and what is done about it, in words; nothing if all is well."""
    if watch.trouble is None:
        return ""
    if turn.phase is Phase.HOLDING:
        does = "standing" if watch.stops else ""
    elif watch.probes:
        does = "creeping to see whether it changes"
    elif watch.stops:
        does = "standing" if own.speed_mps <= config.standstill_mps else "braking in the lane"
    else:
        does = "driving slowly"
    return f"{turn.phase}: {does}: {watch.reason}" if does else ""


def _reason(
    turn: _Turn,
    stop: Stop | None,
    leader: Track | None,
    wait: Yield | None,
    tracks: Sequence[Track],
    lane: LaneBelief,
    own: OwnMotion,
    suspicion: Suspicion,
    config: DriverConfig,
) -> str:
    """Return the driver's reason in words."""
    if turn.phase is Phase.HOLDING:
        where = "before the line"
        if stop is not None:
            mark, depth_m = ("sign", stop.sign_m) if stop.line_m is None else ("line", stop.line_m)
            place = depth_m - config.geometry.camera_to_bumper_m
            where = f"{place:.1f} m before the {mark}" if place >= 0.0 else f"{-place:.1f} m past the {mark}"
        if turn.held_s >= config.hold_s and wait is not None:
            return f"Holding: stopped {where}, {wait.cause}"
        if config.hold_s <= turn.held_s < config.hold_s + _looks_s(config):
            return f"Holding: stopped {where}, looking whether anyone comes from the side"
        if turn.held_s >= config.hold_s:
            return f"Holding: stopped {where}, waiting for the car ahead"
        return f"Holding: stopped {where}, {turn.held_s:.1f} s of {config.hold_s:.1f} s"
    if turn.phase is Phase.LEAVING:
        return "Leaving: the stop is made and the way is free"
    if lane.unseen_s > LANE_LOST_S:
        return f"{turn.phase}: no lane seen for {lane.unseen_s:.1f} s, slowing down"
    if turn.phase is Phase.YIELDING and wait is not None:
        return f"Yielding: {wait.cause}, {wait.thing_m:.0f} m ahead"
    if turn.phase is Phase.STOPPING and stop is not None:
        if own.speed_mps < 1.5 and stop.in_m > ARRIVED_M and leader is None:
            return f"Stopping: creeping up, {stop.in_m:.1f} m to go"
        if _unread_m(stop, config) > 0.0:
            return f"Stopping: gently, what looks like a stop sign {stop.sign_m:.0f} m ahead cannot be read yet"
        if stop.sign_m > 0.0:
            return f"Stopping: stop sign {stop.sign_m:.0f} m ahead, seen for {stop.seen_s:.1f} s"
        return f"Stopping: {max(stop.in_m, 0.0):.1f} m to go"
    if _is_wary(suspicion, stop, turn):
        return f"{turn.phase}: easing off, what may be a stop sign {suspicion.x_m:.0f} m ahead"
    if turn.phase is Phase.FOLLOWING and leader is not None:
        return f"Following: car {max(_gap_m(leader, config), 0.0):.0f} m ahead"
    if stop is not None:
        return f"Cruising: stop sign {stop.sign_m:.0f} m ahead, seen for {stop.seen_s:.1f} s"
    return f"Cruising: {dismissal(tracks, config.camera.focal_px) or 'the road is clear'}"
