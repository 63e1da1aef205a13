"""Signs, vehicles and people followed over time with the car's own odometry.

A detector flickers: it misses what is there and sees, for a few frames, what is not. A track therefore gathers
evidence, as the logarithm of odds, and loses it where the thing ought to be seen and is not; out of view it is carried
by odometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, hypot

from sim.camera import Camera
from sim.control.evidence import AT_A_LINE_M, EDGE_PX, MIN_SCORE, evidence_of, is_at_a_line
from sim.control.lane import LaneBelief
from sim.control.looming import Looming
from sim.control.odometry import Travel, carry
from sim.control.placing import is_arm_place, is_nowhere, place, settle
from sim.control.ranging import arm_depths_of, bearing_of, depths_of, half_length_of, is_folded_arm, rise_of, whole_of
from sim.control.stopline import LineTrack
from sim.percept import Detection, ObjectKind, Percept
from sim.vehicle import VehicleGeometry

FIRST_LOG_ODDS = -3.0
BELIEVED_LOG_ODDS = 1.5
DISBELIEVED_LOG_ODDS = -1.5
DROPPED_LOG_ODDS = -3.5
MOST_LOG_ODDS = 4.5
"""A thing starts as unlikely, counts from the second number on, is forgotten below the third once it has counted and
below the fourth if it never has, and is never surer than the fifth, so that what has gone can be let go."""

DOUBTFUL_LOG_ODDS = 2.5
"""Of what counts, what is less sure than this is only acted upon if it cannot wait."""

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

GATE_BELIEVED = 10.0
GATE_CANDIDATE = 7.0
"""Squared deviations, of depth and bearing together, and of a sign's height, up to which a detection may belong to a
track (chi-squared, of two degrees of freedom: 99.3 and 97 %). Two flickers one after the other are not so easily taken
for one thing."""

JUMP_M, JUMP_SHARE = 8.0, 0.75
"""Whatever the spreads say, no vehicle is seen farther than this, and this share of its depth, from where it was: one
behind another, far off, is seen in nearly the same direction, and its depth is known so badly that it may be anywhere.
"""

SAME_STOP_M = 16.0
"""Signs nearer to each other than this along the road belong to one stop; junctions lie farther apart."""

SAME_STOP_ASIDE_M = 30.0
"""A sign farther aside than this belongs to no stop straight ahead: it stands at a road that the route turns into."""

SURELY_SEEN_M = 35.0
NEVER_SURE_M = 80.0
"""Nearer than the first, a miss tells; towards the second, small signs are missed often, and a miss tells less."""

ROAD_USERS = (ObjectKind.VEHICLE, ObjectKind.PEDESTRIAN)
"""What moves by itself."""

HIDING_SCORE = 0.5
HIDING_MARGIN_M = 0.5
"""A vehicle seen with this score, or its edge so near, hides what is behind it."""

SIGN_LEAVES_M = 8.5
ROAD_USER_LEAVES_M = 3.0
"""Depth at which a sign or a road user may have left the frame and no longer be seen."""
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


ASIDE_S = 0.3
"""Time over which a speed to the side is smoothed."""

LAG_S = 0.3
LAG_FROM_M = 16.0
MOVING_LAG = 0.10
"""Time over which a sign's lag is smoothed; nearer than the second it is a share of that; from the third on the sign
may be moving along. Now and then one that stands still gets there, too, if it is smaller than it seems, or one of two.
"""

RISE_S = 0.5
"""Time over which a height above the road is smoothed."""


AT_ITS_WORD_SCORE = 0.5
AT_ITS_WORD_S = 1.0
AT_ITS_WORD_M = 14.0
"""What is taken at its word counts from this score on, as if it had been seen for so long; nearer than the third, where
the frame's edge may soon cut it off, it is not given up any more."""


@dataclass(frozen=True, slots=True)
class Track:
    """One thing believed to be there, in the car's frame: x forward of the camera, y left of it.

    Attributes:
        track_id: A number that no other track of this drive has had.
        kind: What it is believed to be.
        x_m: Depth from the camera: of a sign's face, of a vehicle's near end.
        y_m: Left of the camera's axis.
        spread_m: One standard deviation of `x_m`.
        log_odds: Belief that it is real, as the logarithm of odds.
        seen_s: For how long it has been seen, in all.
        unseen_s: Since when it has not been seen.
        speed_mps: Of a vehicle: how fast it moves along the own car's heading; 0 for a sign.
        covariance: Of a vehicle's depth and speed.
        speed_var: Variance of a vehicle's speed.
        half_length_m: Of a vehicle: from its near end to its centre.
        in_place: How much it is in the place where it matters, from 0 to 1: a sign at the roadside of the own lane, a
            vehicle in the own lane.
        believed: Whether it is to be acted upon; once believed, it stays so until it is forgotten.
        handled: Of a sign: whether the car has already stopped for it.
        aside_mps: Of a vehicle or person: how fast it moves to the left, over the ground.
        rise_m: Height of its middle above the road.
        looming: Of a sign: how it grows.
        wrong_size: Of a sign: whether it grows like something too small or too large for one.
        lag: Of a sign: how much farther away it is seen than what stands still ought to be by now, as a smoothed share.
        moves: Of a sign: whether it moves along with the traffic, as a picture on a lorry: it lags, and hardly grows.
        half_width_m: Of a vehicle: half its width as last seen whole.
    """

    track_id: int
    kind: ObjectKind
    x_m: float
    y_m: float
    spread_m: float
    log_odds: float
    seen_s: float
    unseen_s: float
    speed_mps: float = 0.0
    covariance: float = 0.0
    speed_var: float = 0.0
    half_length_m: float = 0.0
    in_place: float = 0.5
    believed: bool = False
    handled: bool = False
    aside_mps: float = 0.0
    rise_m: float = 0.0
    looming: Looming = Looming()  # noqa: RUF009 - frozen, so one for all is safe
    wrong_size: bool = False
    lag: float = 0.0
    moves: bool = False
    half_width_m: float = 0.0

    @property
    def evidence(self) -> float:
        """Belief that it is real, from 0 to 1."""
        return 1.0 / (1.0 + exp(-self.log_odds))

    @property
    def doubtful(self) -> bool:
        """Whether it has been seen but little, or is less like what it is believed to be than it ought to be."""
        return self.log_odds < DOUBTFUL_LOG_ODDS

    @property
    def matters(self) -> bool:
        """Whether it stands in the place where it is to be acted upon."""
        return self.in_place >= 0.5


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
    matches = _associate(moved, seen, camera)
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
                    hidden=_is_hidden(track, percept.detections, camera),
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
            kept = _sized(kept, track.looming.driven(travel.distance_m), detection, camera, tells=checks_size)
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
    return _merge(after), next_id


def _taken_at_its_word(track: Track, detection: Detection) -> Track:
    """Return a sign's track believed for what one frame says of it."""
    believed = detection.score >= AT_ITS_WORD_SCORE
    log_odds = MOST_LOG_ODDS if believed else FIRST_LOG_ODDS
    return replace(track, believed=believed, log_odds=log_odds, seen_s=max(track.seen_s, AT_ITS_WORD_S))


def _sized(track: Track, looming: Looming, detection: Detection | None, camera: Camera, *, tells: bool) -> Track:
    """Return a sign's track with how it grows, unless the frame's edge cuts it, and what that `tells` of its size."""
    if detection is not None and detection.box[1] > 2.0 and detection.box[3] < camera.height_px - 2.0:
        looming = looming.seen(detection.box[3] - detection.box[1])
    moves = track.lag > MOVING_LAG and looming.grows_too_slowly(camera.focal_px)
    return replace(track, looming=looming, wrong_size=tells and looming.is_no_sign(camera.focal_px), moves=moves)


def coast_tracks(tracks: tuple[Track, ...], travel: Travel, geometry: VehicleGeometry) -> tuple[Track, ...]:
    """Return the tracks after the car has moved without looking: nothing is seen, and so nothing is missed."""
    moved = (_predict(track, travel, geometry.camera_forward_m) for track in tracks)
    return tuple(replace(track, unseen_s=track.unseen_s + travel.dt_s) for track in moved if track.x_m > -20.0)


def _predict(track: Track, travel: Travel, camera_forward_m: float) -> Track:
    x_m, y_m = carry(track.x_m, track.y_m, travel, camera_forward_m)
    variance, covariance, speed_var = track.spread_m**2, track.covariance, track.speed_var
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
        track.handled, track.aside_mps, track.rise_m, track.looming, track.wrong_size, track.lag, track.moves,
        track.half_width_m,
    )  # fmt: skip


def _associate(tracks: list[Track], seen: list[tuple[Detection, float]], camera: Camera) -> dict[int, int]:
    """Return which detection belongs to which track, nearest pairs first; both by index."""
    pairs: list[tuple[float, int, int]] = []
    for t, track in enumerate(tracks):
        if track.x_m < 1.0:
            continue
        for d, (detection, bearing) in enumerate(seen):
            if detection.kind is not track.kind:
                continue
            depth_m = track.x_m + track.half_length_m
            sd_m = hypot(max(detection.distance_spread_m, 0.06 * detection.distance_m), track.spread_m) + 0.5
            if track.kind is ObjectKind.VEHICLE:
                if abs(detection.distance_m - depth_m) > max(JUMP_M, JUMP_SHARE * depth_m):
                    continue
                bearing, _ = whole_of(detection, track.half_width_m, camera)
            aside = (bearing - track.y_m / depth_m) / _bearing_sd(track.kind, bearing, depth_m)
            along = (detection.distance_m - depth_m) / sd_m
            up = _up(track, detection, depth_m, camera) if track.kind is ObjectKind.STOP_SIGN else 0.0
            cost = aside * aside + along * along + up * up
            if cost < (GATE_BELIEVED if track.believed else GATE_CANDIDATE):
                pairs.append((cost, t, d))
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, t, d in sorted(pairs):
        if t not in matches and d not in taken:
            matches[t] = d
            taken.add(d)
    return matches


def _up(track: Track, detection: Detection, depth_m: float, camera: Camera) -> float:
    """Return by how many standard deviations a sign is seen higher than expected: one on a board, one on a shirt below.

    A car that nods moves both, by a hundredth of a radian or so.
    """
    middle_px = camera.centre_v_px - 0.5 * (detection.box[1] + detection.box[3])
    expected = (track.rise_m - camera.height_m) / depth_m
    return (middle_px / camera.focal_px - expected) / (0.02 + 0.3 / depth_m)


def _bearing_sd(kind: ObjectKind, bearing: float, depth_m: float) -> float:
    """Return how far a thing may be seen from where it was expected, as a tangent: sharp for a sign, a point on a post.

    A vehicle's box moves on it as it turns or is cut by the frame's edge. The farther aside a thing stands, the more an
    error of its depth turns into one of its bearing as the car comes nearer.
    """
    if kind is ObjectKind.VEHICLE:
        return 0.02 + 0.8 / depth_m
    return 0.012 + 0.3 / depth_m + 0.03 * abs(bearing)


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
    if vehicle:
        bearing, half_width_m = whole_of(detection, half_width_m, camera)
        half_m += 0.1 * (half_length_of(detection, camera, half_m) - half_m)
    floor_m = MIN_RELATIVE_SD[track.kind] * max(detection.distance_m, 3.0)
    ways = depths_of(detection, half_m, camera)
    if track.kind is ObjectKind.STOP_SIGN and is_arm_place(track.rise_m, track.y_m - lane.centre_y_m(x_m)):
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
    # The box's bearing is sharp, its depth is not: the lateral place follows from the bearing at the believed depth.
    centre_m = max(x_m + half_m, 0.5)
    y_noise = hypot(BEARING_SD_RAD * centre_m, 0.15)
    y_var = (0.01 * centre_m + 0.1) ** 2
    y_step_m = y_var / (y_var + y_noise * y_noise) * (bearing * centre_m - track.y_m)
    cut = track.kind is ObjectKind.PEDESTRIAN and not 2.0 < detection.box[0] < detection.box[2] < camera.width_px - 2.0
    if cut:
        y_step_m = 0.0  # the middle of what is left of someone at the frame's edge is not their middle
    y_m = track.y_m + y_step_m
    log_odds = min(track.log_odds + gain, MOST_LOG_ODDS)
    lowest = CONTRADICTED_LOG_ODDS if track.kind is ObjectKind.STOP_SIGN and gain < 0.0 else DISBELIEVED_LOG_ODDS
    if log_odds < (lowest if track.believed else DROPPED_LOG_ODDS):
        return None
    seen_s = track.seen_s + (travel.dt_s if gain > 0.0 else 0.0)
    rise_m = track.rise_m + min(1.0, travel.dt_s / RISE_S) * (rise_of(detection, camera) - track.rise_m)
    return Track(
        track.track_id, track.kind, x_m, y_m, max(variance**0.5, floor_m),
        log_odds, seen_s, 0.0, speed_mps, covariance, speed_var, half_m,
        settle(track.in_place, place(track.kind, centre_m, y_m, speed_mps, lane, rise_m), travel.dt_s),
        track.believed or (log_odds >= BELIEVED_LOG_ODDS and seen_s >= believed_after_s), track.handled,
        _aside_mps(track, y_step_m, travel.dt_s),
        rise_m, lag=lag, half_width_m=half_width_m,
    )  # fmt: skip


def _aside_mps(track: Track, y_step_m: float, dt_s: float) -> float:
    """Return a road user's speed to the side after its place has been put right by `y_step_m`."""
    if track.kind not in ROAD_USERS or dt_s <= 0.0:
        return 0.0
    share = min(1.0, dt_s / ASIDE_S)
    if track.kind is ObjectKind.PEDESTRIAN:
        return track.aside_mps + share * y_step_m / dt_s  # it was already moved along with its speed
    return track.aside_mps + share * (y_step_m / dt_s - track.aside_mps)


def _in_view(track: Track, camera: Camera) -> bool:
    """Return whether a track lies where it ought to be seen."""
    if track.x_m < (ROAD_USER_LEAVES_M if track.kind in ROAD_USERS else SIGN_LEAVES_M):
        return False
    depth_m = track.x_m + track.half_length_m
    unsure_px = camera.focal_px * 0.5 / depth_m
    above_px = (track.rise_m - camera.height_m) / depth_m * camera.focal_px
    return (
        abs(track.y_m / depth_m) * camera.focal_px < camera.centre_u_px - EDGE_PX - unsure_px
        and above_px < camera.centre_v_px - EDGE_PX - unsure_px
    )


def _is_hidden(track: Track, detections: Sequence[Detection], camera: Camera) -> bool:
    """Return whether a vehicle is seen before a sign that is believed in: not to see the sign then tells nothing."""
    if track.kind is not ObjectKind.STOP_SIGN or not track.believed or track.x_m < SIGN_LEAVES_M:
        return False
    u_px = camera.centre_u_px - track.y_m / track.x_m * camera.focal_px
    v_px = camera.centre_v_px - (track.rise_m - camera.height_m) / track.x_m * camera.focal_px
    margin_px = camera.focal_px * HIDING_MARGIN_M / track.x_m
    return any(
        each.kind is ObjectKind.VEHICLE
        and each.score >= HIDING_SCORE
        and 0.0 < each.distance_m < track.x_m
        and each.box[0] - margin_px < u_px < each.box[2] + margin_px
        and each.box[1] - margin_px < v_px < each.box[3]
        for each in detections
    )


def _miss(track: Track, dt_s: float, lane: LaneBelief, camera: Camera, *, hidden: bool, at_line: bool) -> Track | None:
    """Return a track after it has not been seen, or None if it is to be forgotten."""
    log_odds = track.log_odds
    if hidden:
        pass
    elif _in_view(track, camera):
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
        track.unseen_s + dt_s, track.speed_mps, track.covariance, track.speed_var, track.half_length_m, in_place,
        track.believed, track.handled, track.aside_mps, track.rise_m, lag=track.lag, half_width_m=track.half_width_m,
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
    half_m = half_length_of(detection, camera, 2.2) if vehicle else 0.0
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


def _merge(tracks: list[Track]) -> tuple[Track, ...]:
    """Return the tracks without doubles: of two of a kind in one place, the surer stays."""
    if len(tracks) < 2:
        return tuple(tracks)
    kept: list[Track] = []
    for track in sorted(tracks, key=_sureness, reverse=True):
        if not any(
            other.kind is track.kind
            and abs(other.x_m - track.x_m) < max(3.0, 0.12 * track.x_m)
            and abs(other.y_m - track.y_m) < 1.2 + 0.01 * track.x_m
            and not (track.kind is ObjectKind.PEDESTRIAN and _are_two_people(track, other))
            for other in kept
        ):
            kept.append(track)
    return tuple(kept)


def _are_two_people(one: Track, other: Track) -> bool:
    """Return whether two tracks of people in one place are two people: side by side, or on different ways."""
    return abs(one.y_m - other.y_m) > 0.4 + 0.004 * one.x_m or abs(one.aside_mps - other.aside_mps) > 1.0


def _sureness(track: Track) -> tuple[bool, float, float]:
    return track.handled, track.log_odds, track.seen_s
