"""Which of the things seen is which of those believed in, and which of these are one."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from sim.camera import Camera
from sim.control.evidence import EDGE_PX
from sim.control.ranging import whole_of
from sim.control.track import ROAD_USERS, Track
from sim.percept import Detection, ObjectKind

GATE_BELIEVED = 10.0
GATE_CANDIDATE = 7.0
"""Squared deviations, of depth and bearing together, and of a sign's height, up to which a detection may belong to a
track (chi-squared, of two degrees of freedom: 99.3 and 97 %). Two flickers one after the other are not so easily taken
for one thing."""

JUMP_M, JUMP_SHARE = 8.0, 0.75
"""Whatever the spreads say, no vehicle is seen farther than this, and this share of its depth, from where it was: one
behind another, far off, is seen in nearly the same direction, and its depth is known so badly that it may be anywhere.
"""

HIDING_SCORE = 0.5
HIDING_MARGIN_M = 0.5
"""A vehicle seen with this score, or its edge so near, hides what is behind it."""

SIGN_LEAVES_M = 8.5
ROAD_USER_LEAVES_M = 3.0
"""Depth at which a sign or a road user may have left the frame and no longer be seen."""


def associate(tracks: list[Track], seen: list[tuple[Detection, float]], camera: Camera) -> dict[int, int]:
    """Return which detection belongs to which track, nearest pairs first; both by index."""
    pairs: list[tuple[float, int, int]] = []
    for t, track in enumerate(tracks):
        if track.x_m < 1.0:
            continue
        for d, (detection, bearing) in enumerate(seen):
            if detection.kind is not track.kind:
                continue
            depth_m = track.x_m + track.half_length_m
            seen_m = track.stretch * detection.distance_m
            sd_m = hypot(max(track.stretch * detection.distance_spread_m, 0.06 * seen_m), track.spread_m) + 0.5
            if track.kind is ObjectKind.VEHICLE:
                if abs(seen_m - depth_m) > max(JUMP_M, JUMP_SHARE * depth_m):
                    continue
                bearing, _ = whole_of(detection, track.half_width_m, camera)
            aside = (bearing - track.y_m / depth_m) / _bearing_sd(track.kind, bearing, depth_m)
            along = (seen_m - depth_m) / sd_m
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


def is_in_view(track: Track, camera: Camera) -> bool:
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


def is_elsewhere(track: Track, matched: Sequence[tuple[Detection, float]], camera: Camera) -> bool:
    """Return whether a sign that is not seen is one that is, elsewhere: it was believed to be nearer or farther.

    Args:
        track: What is not seen.
        matched: What is seen and belongs to other tracks, each with the tangent of its angle to the left.
        camera: The camera that the boxes' pixels belong to.
    """
    if track.kind is not ObjectKind.STOP_SIGN or track.x_m < SIGN_LEAVES_M:
        return False
    at = track.y_m / track.x_m
    return any(
        detection.kind is ObjectKind.STOP_SIGN
        and abs(bearing - at) < _bearing_sd(track.kind, bearing, track.x_m)
        and abs(_up(track, detection, track.x_m, camera)) < 1.0
        for detection, bearing in matched
    )


def is_hidden(track: Track, detections: Sequence[Detection], camera: Camera) -> bool:
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


def merge(tracks: list[Track]) -> tuple[Track, ...]:
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
