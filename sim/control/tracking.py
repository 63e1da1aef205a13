"""Signs, vehicles and people followed over time with the car's own odometry.

A detector flickers: it misses what is there and sees, for a few frames, what is not. A track therefore gathers
evidence, as the logarithm of odds, and loses it where the thing ought to be seen and is not; out of view it is carried
by odometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot

from sim.camera import Camera
from sim.control.association import associate, is_elsewhere, is_hidden, is_in_view, merge
from sim.control.evidence import AT_A_LINE_M, MIN_SCORE, evidence_of, is_at_a_line
from sim.control.lane import LaneBelief
from sim.control.looming import Looming
from sim.control.odometry import Travel, carry
from sim.control.placing import is_arm_place, is_nowhere, place, settle
from sim.control.ranging import (
    GUESSED_HALF_M,
    arm_depths_of,
    bearing_of,
    depths_of,
    half_length_of,
    is_folded_arm,
    rise_of,
    whole_of,
)
from sim.control.stopline import LineTrack
from sim.control.track import ROAD_USERS, SAME_STOP_ASIDE_M, SAME_STOP_M, Track
from sim.percept import Detection, ObjectKind, Percept
from sim.vehicle import VehicleGeometry

FIRST_LOG_ODDS = -3.0
BELIEVED_LOG_ODDS = 1.5
DISBELIEVED_LOG_ODDS = -1.5
DROPPED_LOG_ODDS = -3.5
MOST_LOG_ODDS = 4.5
"""A thing starts as unlikely, counts from the second number on, is forgotten below the third once it has counted and
below the fourth if it never has, and is never surer than the fifth, so that what has gone can be let go."""

CONTRADICTED_LOG_ODDS = 0.0
"""Below this a sign no longer counts that is seen, but not as a sign near by would be."""

BELIEVED_AFTER_S = 0.29
BELIEVED_AT_A_LINE_AFTER_S = 0.24
"""However high its scores, a thing counts only after being seen for this long: six frames, longer than any flicker; or
five, for a sign where a stop line is seen, too."""

MISS_BELIEVED = 0.20
MISS_CANDIDATE = 0.55
"""Log-odds lost by a miss in plain view. What is believed survives more than a second of them, a flicker does not."""

TRUSTED_AFTER_S = 2.0
"""What has been seen for this long loses belief half as fast."""

SURELY_SEEN_M = 35.0
NEVER_SURE_M = 80.0
"""Nearer than the first, a miss tells; towards the second, small signs are missed often, and a miss tells less."""

MIN_RELATIVE_SD = {
    ObjectKind.STOP_SIGN: 0.03,
    ObjectKind.DISTRACTOR: 0.03,
    ObjectKind.VEHICLE: 0.02,
    ObjectKind.PEDESTRIAN: 0.02,
}
"""A detector's errors are alike from frame to frame; however many it has seen, a track is never surer than this."""

BEARING_SD_RAD = 0.006
"""Of a box's centre: some 4 pixels at a focal length of 720."""

VEHICLE_ACCEL_SD_MPS2 = 2.2
"""How much a vehicle may change its speed unseen."""

VEHICLE_SPEED_SD_MPS = 4.0
"""How far from the own speed a vehicle's speed may be when first seen."""


FORWARD_AFTER_S = 1.0
"""What has been ahead for so long does not begin to drive backwards as it fills the frame: its distance is wrong."""

ASIDE_S = 0.3
"""Time over which a speed to the side is smoothed."""

LAG_S = 0.3
LAG_FROM_M = 16.0
MOVING_LAG = 0.10
"""Time over which a sign's lag is smoothed; nearer than the second it is a share of that; from the third on the sign
may be moving along. Now and then one that stands still gets there, too, if it is smaller than it seems, or one of two.
"""

ARM_WITHIN_M = 30.0
"""Nearer than this a school bus's arm is told by its place; farther away, nobody knows the lane so well."""

WIDE_SHARE = 0.35
STEADY_MPS = 1.5
"""The middle of a vehicle's box that takes so much of the frame's width says nothing of where it is, unless it moves to
the side faster than the second: of what fills the frame, any part may be found."""

FILLS_M = 7.0
HALTS_S = 0.7
"""A vehicle in the lane that is nearer than the first may fill the frame and not be seen for it. It is taken to come to
a stand, with this time constant."""

WHOLE_PX = 4.0
"""Nearer to the frame's edge than this a sign may be cut, and look smaller than it is."""

STRETCH_S = 0.5
STRETCHING, STRETCHING_SD = 0.005, 0.08
"""Time over which it is smoothed how much farther away a sign is than it looks. While that changes by more than the
second from frame to frame, its depth is known no better than the third, as a share: what was believed is forgotten."""

RISE_S = 0.5
"""Time over which a height above the road is smoothed."""


AT_ITS_WORD_SCORE = 0.5
AT_ITS_WORD_S = 1.0
AT_ITS_WORD_M = 14.0
"""What is taken at its word counts from this score on, as if it had been seen for so long; nearer than the third, where
the frame's edge may soon cut it off, it is not given up any more."""


def update_tracks(
    tracks: tuple[Track, ...],
    percept: Percept,
    travel: Travel,
    lane: LaneBelief,
    camera: Camera,
    geometry: VehicleGeometry,
    next_id: int,
    *,
    lines: Sequence[LineTrack] = (),
    sure_score: float = MIN_SCORE,
    at_its_word: bool = False,
    checks_size: bool = False,
) -> tuple[tuple[Track, ...], int]:
    """Return the tracks after the car has moved and looked, and the next unused track id.

    Args:
        tracks: What was believed one step ago.
        percept: What is seen now.
        travel: How the car has moved since.
        lane: What is believed of the lane now.
        camera: The camera that the percept's pixels belong to.
        geometry: The car's sizes.
        next_id: The first track id not yet given.
        lines: Stop lines believed to be there.
        sure_score: What stop signs near by hardly ever score less than, with these eyes.
        at_its_word: Whether each frame is believed of signs: one that it shows counts at once, and one that it does not
            show is forgotten at once.
        checks_size: Whether signs that grow like something else do not count.
    """
    moved = [_predict(track, travel, geometry.camera_forward_m) for track in tracks]
    others = [each for each in percept.detections if each.kind is ObjectKind.DISTRACTOR]
    seen = [
        (detection, bearing_of(detection, camera))
        for detection in percept.detections
        if detection.kind is not ObjectKind.DISTRACTOR
        and detection.distance_m > 0.0
        and not is_folded_arm(detection, lane, camera)
    ]
    gains = [evidence_of(detection, others, lines, sure_score, camera) for detection, _ in seen]
    matches = associate(moved, seen, camera)
    after: list[Track] = []
    for index, track in enumerate(moved):
        match = matches.get(index)
        if match is None:
            gone = at_its_word and track.kind is ObjectKind.STOP_SIGN and track.x_m > AT_ITS_WORD_M
            kept = (
                None
                if gone
                else _miss(
                    track, travel.dt_s, lane, camera,
                    hidden=is_hidden(track, percept.detections, camera),
                    elsewhere=is_elsewhere(track, [seen[each] for each in matches.values()], camera),
                    at_line=any(line.believed and abs(line.x_m - track.x_m) < AT_A_LINE_M for line in lines),
                )
            )  # fmt: skip
        else:
            after_s = BELIEVED_AT_A_LINE_AFTER_S if is_at_a_line(seen[match][0], lines) else BELIEVED_AFTER_S
            kept = _update(track, *seen[match], gains[match], after_s, travel, lane, camera)
        if kept is not None and kept.kind is ObjectKind.STOP_SIGN:
            detection = None if match is None else seen[match][0]
            if at_its_word and detection is not None:
                kept = _taken_at_its_word(kept, detection)
            kept = _sized(kept, track.looming, detection, travel.dt_s, camera, tells=checks_size)
        if kept is not None:
            after.append(kept)
    taken = set(matches.values())
    for index, (detection, bearing) in enumerate(seen):
        if index not in taken and detection.score > MIN_SCORE and gains[index] >= 0.0:
            found = _found(next_id, detection, bearing, gains[index], travel, lane, camera, after)
            if at_its_word and found.kind is ObjectKind.STOP_SIGN:
                found = _taken_at_its_word(found, detection)
            after.append(found)
            next_id += 1
    return merge(after), next_id


def _taken_at_its_word(track: Track, detection: Detection) -> Track:
    """Return a sign's track believed for what one frame says of it."""
    believed = detection.score >= AT_ITS_WORD_SCORE
    log_odds = MOST_LOG_ODDS if believed else FIRST_LOG_ODDS
    return replace(track, believed=believed, log_odds=log_odds, seen_s=max(track.seen_s, AT_ITS_WORD_S))


def _sized(
    track: Track, looming: Looming, detection: Detection | None, dt_s: float, camera: Camera, *, tells: bool
) -> Track:
    """Return a sign's track with how it grows, unless the frame's edge cuts it, and what that `tells` of its size."""
    stretch = track.stretch
    if detection is not None and _is_whole(detection, camera):
        height_px = detection.box[3] - detection.box[1]
        looming = looming.seen(height_px)
        told = looming.stretch(detection.distance_m * height_px / camera.focal_px, camera.focal_px)
        stretch += min(1.0, dt_s / STRETCH_S) * (told - stretch)
    moves = track.lag > MOVING_LAG and looming.grows_too_slowly(camera.focal_px)
    farther = stretch / track.stretch  # in the same direction
    x_m, spread_m = track.x_m * farther, track.spread_m * farther
    if abs(farther - 1.0) > STRETCHING:
        spread_m = max(spread_m, STRETCHING_SD * x_m)
    return replace(
        track, looming=looming, wrong_size=tells and looming.is_no_sign(camera.focal_px), moves=moves, stretch=stretch,
        x_m=x_m, y_m=track.y_m * farther, spread_m=spread_m,
    )  # fmt: skip


def _is_whole(detection: Detection, camera: Camera) -> bool:
    """Return whether a box is clear of the frame's edges."""
    u0, v0, u1, v1 = detection.box
    return min(u0, v0, camera.width_px - u1, camera.height_px - v1) > WHOLE_PX


def coast_tracks(tracks: tuple[Track, ...], travel: Travel, geometry: VehicleGeometry) -> tuple[Track, ...]:
    """Return the tracks after the car has moved without looking: nothing is seen, and so nothing is missed."""
    moved = (_predict(track, travel, geometry.camera_forward_m) for track in tracks)
    return tuple(replace(track, unseen_s=track.unseen_s + travel.dt_s) for track in moved if track.x_m > -20.0)


def _predict(track: Track, travel: Travel, camera_forward_m: float) -> Track:
    x_m, y_m = carry(track.x_m, track.y_m, travel, camera_forward_m)
    variance, covariance, speed_var = track.spread_m**2, track.covariance, track.speed_var
    looming = track.looming.driven(track.x_m - x_m) if track.kind is ObjectKind.STOP_SIGN else track.looming
    if track.kind is ObjectKind.VEHICLE:
        dt = travel.dt_s
        x_m += track.speed_mps * dt
        variance += 2.0 * dt * covariance + dt * dt * speed_var
        covariance += dt * speed_var
        # A vehicle's acceleration wanders; over one step it is taken as independent of the last (per root second).
        speed_var += VEHICLE_ACCEL_SD_MPS2**2 * dt
    else:
        # A person walks on as before; a sign's speed to the side is 0.
        y_m += track.aside_mps * travel.dt_s
        variance += (0.01 * travel.distance_m) ** 2 + (0.2 * travel.turn_rad * y_m) ** 2
    return Track(
        track.track_id, track.kind, x_m, y_m, variance**0.5, track.log_odds, track.seen_s, track.unseen_s,
        track.speed_mps, covariance, speed_var, track.half_length_m, track.in_place, track.believed,
        track.handled, track.aside_mps, track.rise_m, looming, track.wrong_size, track.lag, track.moves,
        track.half_width_m, track.stretch,
    )  # fmt: skip


def _update(
    track: Track,
    detection: Detection,
    bearing: float,
    gain: float,
    believed_after_s: float,
    travel: Travel,
    lane: LaneBelief,
    camera: Camera,
) -> Track | None:
    """Return a track after it has been seen, or None if what is seen in its place is rather something else."""
    x_m, variance = track.x_m, track.spread_m**2
    speed_mps, covariance, speed_var = track.speed_mps, track.covariance, track.speed_var
    half_m, half_width_m = track.half_length_m, track.half_width_m
    vehicle = track.kind is ObjectKind.VEHICLE
    wide = _is_ahead(track) and detection.box[2] - detection.box[0] > WIDE_SHARE * camera.width_px
    if vehicle:
        bearing, half_width_m = whole_of(detection, half_width_m, camera)
        half_m += 0.1 * (half_length_of(detection, camera, half_m) - half_m)
    floor_m = MIN_RELATIVE_SD[track.kind] * max(track.stretch * detection.distance_m, 3.0)
    ways = depths_of(detection, half_m, camera)
    if track.stretch != 1.0:
        ways = [(track.stretch * depth_m, track.stretch * noise_m) for depth_m, noise_m in ways]
    if track.kind is ObjectKind.STOP_SIGN and _is_arm(track, detection, bearing, lane):
        ways = arm_depths_of(detection, camera) or ways
    farther = (ways[0][0] - x_m) / max(x_m, LAG_FROM_M)
    lag = track.lag + min(1.0, travel.dt_s / LAG_S) * (farther - track.lag)
    for depth_m, noise_m in ways:
        total = variance + noise_m * noise_m
        miss = depth_m - x_m
        x_m += variance / total * miss
        speed_mps += covariance / total * miss
        speed_var -= covariance * covariance / total
        covariance *= 1.0 - variance / total
        variance *= 1.0 - variance / total
    if not vehicle:
        speed_mps = covariance = speed_var = 0.0
    elif wide and track.seen_s > FORWARD_AFTER_S:
        speed_mps = max(speed_mps, min(track.speed_mps, 0.0))
    # The box's bearing is sharp, its depth is not: the lateral place follows from the bearing at the believed depth.
    centre_m = max(x_m + half_m, 0.5)
    y_noise = hypot(BEARING_SD_RAD * centre_m, 0.15)
    y_var = (0.01 * centre_m + 0.1) ** 2
    y_step_m = y_var / (y_var + y_noise * y_noise) * (bearing * centre_m - track.y_m)
    cut = track.kind is ObjectKind.PEDESTRIAN and not 2.0 < detection.box[0] < detection.box[2] < camera.width_px - 2.0
    if cut or wide:
        y_step_m = 0.0  # the middle of what is left of someone at the frame's edge is not their middle
    y_m = track.y_m + y_step_m
    log_odds = min(track.log_odds + gain, MOST_LOG_ODDS)
    lowest = CONTRADICTED_LOG_ODDS if track.kind is ObjectKind.STOP_SIGN and gain < 0.0 else DISBELIEVED_LOG_ODDS
    if log_odds < (lowest if track.believed else DROPPED_LOG_ODDS):
        return None
    seen_s = track.seen_s + (travel.dt_s if gain > 0.0 else 0.0)
    rise_m = track.rise_m + min(1.0, travel.dt_s / RISE_S) * (rise_of(detection, camera, track.stretch) - track.rise_m)
    return Track(
        track.track_id, track.kind, x_m, y_m, max(variance**0.5, floor_m),
        log_odds, seen_s, 0.0, speed_mps, covariance, speed_var, half_m,
        settle(track.in_place, place(track.kind, centre_m, y_m, speed_mps, lane, rise_m), travel.dt_s),
        track.believed or (log_odds >= BELIEVED_LOG_ODDS and seen_s >= believed_after_s), track.handled,
        _aside_mps(track, y_step_m, travel.dt_s),
        rise_m, lag=lag, half_width_m=half_width_m, stretch=track.stretch,
    )  # fmt: skip


def _is_ahead(track: Track) -> bool:
    """Return whether a track is a vehicle in the own lane that does not drive across it."""
    return track.kind is ObjectKind.VEHICLE and track.matters and abs(track.aside_mps) < STEADY_MPS


def _is_arm(track: Track, detection: Detection, bearing: float, lane: LaneBelief) -> bool:
    """Return whether a sign is where a school bus's arm may be: where it is believed to be, and where it seems to be.

    A low sign at the roadside of a bend, far off, seems to be over the lane if it is taken for a smaller one near by.
    """
    seems_m = detection.distance_m
    return (
        track.x_m < ARM_WITHIN_M
        and is_arm_place(track.rise_m, track.y_m - lane.centre_y_m(track.x_m))
        and is_arm_place(track.rise_m, bearing * seems_m - lane.centre_y_m(seems_m))
    )


def _aside_mps(track: Track, y_step_m: float, dt_s: float) -> float:
    """Return a road user's speed to the side after its place has been put right by `y_step_m`."""
    if track.kind not in ROAD_USERS or dt_s <= 0.0:
        return 0.0
    share = min(1.0, dt_s / ASIDE_S)
    if track.kind is ObjectKind.PEDESTRIAN:
        return track.aside_mps + share * y_step_m / dt_s  # it was already moved along with its speed
    return track.aside_mps + share * (y_step_m / dt_s - track.aside_mps)


def _miss(
    track: Track, dt_s: float, lane: LaneBelief, camera: Camera, *, hidden: bool, elsewhere: bool, at_line: bool
) -> Track | None:
    """Return a track after it has not been seen, or None if it is to be forgotten."""
    log_odds, speed_mps = track.log_odds, track.speed_mps
    fills = _is_ahead(track) and track.believed and track.x_m < FILLS_M
    if elsewhere:
        log_odds -= MISS_CANDIDATE
    elif fills:
        speed_mps -= min(1.0, dt_s / HALTS_S) * max(speed_mps, 0.0)
    elif hidden:
        pass
    elif is_in_view(track, camera):
        tells = (NEVER_SURE_M - track.x_m) / (NEVER_SURE_M - SURELY_SEEN_M)
        # What has been seen for long is not so soon given up: something may stand before it.
        lost = MISS_BELIEVED / (1.0 + track.seen_s / TRUSTED_AFTER_S) if track.believed else MISS_CANDIDATE
        log_odds -= lost * min(max(tells, 0.3), 1.0)
    elif not track.believed:
        log_odds -= MISS_CANDIDATE
    elif track.kind is ObjectKind.STOP_SIGN and log_odds < (0.0 if at_line or track.handled else BELIEVED_LOG_ODDS):
        return None  # what was fading while in view is not carried on unseen, unless a stop line speaks for it
    vehicle = track.kind is ObjectKind.VEHICLE
    moves = track.kind in ROAD_USERS
    behind_m = -2.0 if moves else -20.0
    if (
        log_odds < (DISBELIEVED_LOG_ODDS if track.believed else DROPPED_LOG_ODDS)
        or track.x_m < behind_m
        or (moves and track.unseen_s > 4.0)
    ):
        return None
    in_place = track.in_place
    if vehicle:
        in_place = settle(
            in_place, place(track.kind, track.x_m + track.half_length_m, track.y_m, track.speed_mps, lane), dt_s
        )
    elif not moves and is_nowhere(track.x_m, track.y_m - lane.centre_y_m(track.x_m), track.rise_m):
        in_place = settle(in_place, 0.0, dt_s)
    return Track(
        track.track_id, track.kind, track.x_m, track.y_m, track.spread_m, log_odds, track.seen_s,
        track.unseen_s + dt_s, speed_mps, track.covariance, track.speed_var, track.half_length_m, in_place,
        track.believed, track.handled, track.aside_mps, track.rise_m, lag=track.lag, half_width_m=track.half_width_m,
        stretch=track.stretch,
    )  # fmt: skip


def _found(
    track_id: int,
    detection: Detection,
    bearing: float,
    gain: float,
    travel: Travel,
    lane: LaneBelief,
    camera: Camera,
    others: list[Track],
) -> Track:
    """Return the track that a detection starts."""
    vehicle = detection.kind is ObjectKind.VEHICLE
    half_m = half_length_of(detection, camera, GUESSED_HALF_M[0]) if vehicle else 0.0
    depth_m, noise_m = depths_of(detection, half_m, camera)[-1]
    y_m, rise_m = bearing * detection.distance_m, rise_of(detection, camera)
    # A sign seen anew beside one that has been obeyed is the same sign, or its twin at the same line.
    handled = detection.kind is ObjectKind.STOP_SIGN and any(
        o.handled and abs(o.x_m - depth_m) < SAME_STOP_M and abs(o.y_m - y_m) < SAME_STOP_ASIDE_M for o in others
    )
    return Track(
        track_id, detection.kind, depth_m, y_m, max(noise_m, 0.05 * detection.distance_m),
        FIRST_LOG_ODDS + gain, max(travel.dt_s, 0.05), 0.0,
        travel.speed_mps if vehicle else 0.0, 0.0, VEHICLE_SPEED_SD_MPS**2 if vehicle else 0.0, half_m,
        place(detection.kind, detection.distance_m, y_m, travel.speed_mps, lane, rise_m), False, handled,
        0.0, rise_m, half_width_m=whole_of(detection, 0.0, camera)[1] if vehicle else 0.0,
    )  # fmt: skip
