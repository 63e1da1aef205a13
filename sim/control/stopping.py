"""When and where to stop: from believed signs and lines to a place, and the phases of a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from sim.control.looming import SMALLEST_M
from sim.control.stopline import LineTrack
from sim.control.track import SAME_STOP_ASIDE_M, SAME_STOP_M, Track
from sim.percept import ObjectKind

LINE_FROM_SIGN_M = 10.0
"""A stop line belongs to a sign that stands within this distance of it along the road, give or take what is unsure."""

SIGN_MARGIN_M = 1.0
"""Where no line is seen, the stop is this far before the sign."""

ARRIVED_M = 0.75
"""Standing no farther than this from where it meant to stand, the car has arrived; farther, it creeps up."""

MISSED_M = 4.0
"""A stop that lies farther back than this can no longer be made."""


SEEN_S = 0.3
"""What has not been seen for longer is not spoken of."""

ONCOMING_MPS = -2.0
"""What comes towards the car faster than this is in the other lane, wherever a bend makes it seem to be."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop to be made.

    Attributes:
        track_id: The sign that asks for it.
        sign_m: Depth of the sign from the camera.
        seen_s: For how long the sign has been seen.
        line_m: Depth of the believed stop line, or None.
        in_m: From the front bumper to where it means to stand; negative once passed.
        doubtful: Whether the sign may yet turn out to be a flicker.
    """

    track_id: int
    sign_m: float
    seen_s: float
    line_m: float | None
    in_m: float
    doubtful: bool


def line_for(sign: Track, lines: Sequence[LineTrack]) -> LineTrack | None:
    """Return the believed line that belongs to a sign, the nearest to it if there are several."""
    best, best_m = None, min(LINE_FROM_SIGN_M + 2.0 * sign.spread_m, SAME_STOP_M)
    for line in lines:
        apart_m = abs(line.x_m - sign.x_m)
        if line.believed and apart_m < best_m:
            best, best_m = line, apart_m
    return best


def next_stop(
    tracks: Sequence[Track], lines: Sequence[LineTrack], camera_to_bumper_m: float, gap_m: float
) -> Stop | None:
    """Return the nearest stop that believed signs ask for, or None.

    Args:
        tracks: What is believed to be there.
        lines: Stop lines believed to be there.
        camera_to_bumper_m: From the camera to the front bumper.
        gap_m: Where the bumper is to stand before the line.
    """
    nearest: Stop | None = None
    for track in tracks:
        if not _asks(track) or (track.doubtful and _outdone(track, tracks)):
            continue
        line = line_for(track, lines)
        if track.moves and line is None:
            continue
        line_m = line.x_m if line is not None else None
        in_m = (line_m if line_m is not None else track.x_m - SIGN_MARGIN_M) - camera_to_bumper_m - gap_m
        if nearest is None or in_m < nearest.in_m:
            nearest = Stop(track.track_id, track.x_m, track.seen_s, line_m, in_m, track.doubtful)
    return nearest


def _asks(track: Track) -> bool:
    """Return whether a track is a sign that asks for a stop."""
    return (
        track.kind is ObjectKind.STOP_SIGN
        and track.believed
        and track.matters
        and not track.handled
        and not track.wrong_size
    )


def dismissal(tracks: Sequence[Track], focal_px: float) -> str:
    """Return why the nearest of the things that look like a stop sign asks for none, in words; nothing without one."""
    alike = [track for track in tracks if _looks_like_one(track) and (track.wrong_size or track.moves)]
    if not alike:
        return ""
    size_m = min(alike, key=lambda each: each.x_m).looming.size_m(focal_px)
    if size_m is not None and size_m[1] < SMALLEST_M:
        return f"what looks like a stop sign grows too fast for one: it is at most {size_m[1]:.2f} m high"
    return "what looks like a stop sign grows too slowly for one: it is larger, or moves along"


def _looks_like_one(track: Track) -> bool:
    return track.kind is ObjectKind.STOP_SIGN and track.believed and not track.handled and track.unseen_s < SEEN_S


def _outdone(doubtful: Track, tracks: Sequence[Track]) -> bool:
    """Return whether a surer sign stands near: one junction has one stop, and the surer sign tells where."""
    return any(_asks(other) and not other.doubtful and abs(other.x_m - doubtful.x_m) < SAME_STOP_M for other in tracks)


def mark_handled(tracks: tuple[Track, ...], nearer_than_m: float) -> tuple[Track, ...]:
    """Return the tracks with every sign up to a depth marked as obeyed: all that belong to the stop just made."""
    if not any(_unhandled(track, nearer_than_m) for track in tracks):
        return tracks
    return tuple(replace(track, handled=True) if _unhandled(track, nearer_than_m) else track for track in tracks)


def _unhandled(track: Track, nearer_than_m: float) -> bool:
    stands_here = track.x_m < nearer_than_m and abs(track.y_m) < SAME_STOP_ASIDE_M
    return track.kind is ObjectKind.STOP_SIGN and not track.handled and stands_here


def vehicle_ahead(tracks: Sequence[Track]) -> Track | None:
    """Return the nearest believed vehicle in the own lane that is not oncoming, or None."""
    nearest: Track | None = None
    nearest_m = inf
    for track in tracks:
        if (
            track.kind is ObjectKind.VEHICLE
            and track.believed
            and track.matters
            and -1.0 < track.x_m < nearest_m
            and track.speed_mps > ONCOMING_MPS
        ):
            nearest, nearest_m = track, track.x_m
    return nearest
