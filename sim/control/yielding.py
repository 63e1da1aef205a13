"""Who goes first: people who cross, a school bus with its arm out, and crossing traffic, all by sight alone.

The camera looks ahead and sees 25 degrees to either side: from the line it no longer sees who waits at the crossing
road's own line. What was seen on the way there is therefore remembered, and carried on by odometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.odometry import Travel, carry
from sim.control.placing import is_arm_place
from sim.control.stopline import LineTrack
from sim.control.track import Track
from sim.percept import ObjectKind


class Cause(StrEnum):
    """For whom the car waits; the value is what the window shows."""

    PERSON = "someone crosses"
    SCHOOL_BUS = "a school bus has its arm out"
    TRAFFIC = "crossing traffic goes first"
    OBSTRUCTION = "a vehicle is across the way"


@dataclass(frozen=True, slots=True)
class Yield:
    """A place at which to wait for someone.

    Attributes:
        cause: For whom.
        thing_m: Depth of them from the camera.
        in_m: From the front bumper to where it means to stand; negative once passed.
    """

    cause: Cause
    thing_m: float
    in_m: float


PERSON_GAP_M = 3.0
"""Left between the front bumper and someone on foot, where no stop line says more."""

PATH_HALF_M = 1.9
"""Half the width of the way that must be free of people: half a car, half a person, and an arm's length."""

STEPPING_MPS = 0.35
"""Who moves sideways faster than this is walking."""

STEPPING_M = 4.5
"""Who walks towards the lane and is nearer to it than this is about to step onto it."""

PASS_SPARE_S = 2.5
"""The car passes before someone only if it is gone so long before they are there."""

LINE_BEFORE_PERSON_M = 7.0
"""A stop line no farther than this before a person belongs to the crosswalk that they are on."""

PERSON_LOST_S = 1.2
"""Unseen for longer than this, someone is no longer waited for."""

ARM_GAP_M = 6.5
"""Where to stand before a school bus's arm: most states ask for 20 ft, 6.1 m."""

ARM_HALF_WIDTH_M = 0.3
IN_VIEW = 0.85
"""A car that waits must go on seeing the arm: it stops while that is within this share of half the frame's width."""

ARM_LOST_S = 0.6
"""An arm unseen for so long has been folded."""


def next_yield(
    tracks: Sequence[Track], lines: Sequence[LineTrack], lane: LaneBelief, speed_mps: float, camera_to_bumper_m: float,
    line_gap_m: float, camera: Camera,
) -> Yield | None:  # fmt: skip
    """Return the nearest place at which to wait for a person or a school bus, or None.

    Args:
        tracks: What is believed to be there.
        lines: Stop lines believed to be there.
        lane: What is believed of the lane.
        speed_mps: The own speed.
        camera_to_bumper_m: From the camera to the front bumper.
        line_gap_m: Where the bumper is to stand before a line.
        camera: What the car sees with: it must not come so near to an arm as to lose it from view.
    """
    nearest: Yield | None = None
    for track in tracks:
        if not track.believed or track.x_m < camera_to_bumper_m - 0.5:
            continue
        aside_m = track.y_m - lane.centre_y_m(track.x_m)
        if track.kind is ObjectKind.PEDESTRIAN and track.unseen_s < PERSON_LOST_S:
            in_m = _before_person_m(track, lines, camera_to_bumper_m, line_gap_m)
            cause = Cause.PERSON
            if not _needs_the_lane(track, aside_m, max(in_m, 0.0) / max(speed_mps, 1.0)):
                continue
        elif is_arm(track, aside_m) and track.unseen_s < ARM_LOST_S:
            edge = IN_VIEW * camera.centre_u_px / camera.focal_px
            kept_m = max(camera_to_bumper_m + ARM_GAP_M, (abs(aside_m) + ARM_HALF_WIDTH_M) / edge)
            in_m, cause = track.x_m - kept_m, Cause.SCHOOL_BUS
        else:
            continue
        if nearest is None or in_m < nearest.in_m:
            nearest = Yield(cause, track.x_m, in_m)
    return nearest


def is_arm(track: Track, aside_m: float) -> bool:
    """Return whether a track is a school bus's stop arm, given its place left of the lane's centre."""
    return track.kind is ObjectKind.STOP_SIGN and is_arm_place(track.rise_m, aside_m)


def _before_person_m(track: Track, lines: Sequence[LineTrack], camera_to_bumper_m: float, line_gap_m: float) -> float:
    in_m = track.x_m - camera_to_bumper_m - PERSON_GAP_M
    for line in lines:
        if line.believed and 0.0 < track.x_m - line.x_m < LINE_BEFORE_PERSON_M:
            in_m = min(in_m, line.x_m - camera_to_bumper_m - line_gap_m)
    return in_m


def _needs_the_lane(track: Track, aside_m: float, arrive_s: float) -> bool:
    """Return whether a person is on the car's way, or will be before the car has passed."""
    towards_mps = -track.aside_mps if aside_m > 0.0 else track.aside_mps
    outside_m = abs(aside_m) - PATH_HALF_M
    if outside_m <= 0.0:
        return towards_mps > -STEPPING_MPS or outside_m < -0.6
    if towards_mps < STEPPING_MPS or outside_m > STEPPING_M:
        return False
    return outside_m / towards_mps < arrive_s + PASS_SPARE_S


CROSSING_BAND_M = (-2.0, 20.0)
"""Depth beyond the line within which a crossing road's traffic stands or drives."""

CROSSING_MPS = 1.0
WAITING_MPS = 2.5
"""Faster sideways than the first, a vehicle crosses; slower than the second, it stands at its line or is about to."""

ALONG_MPS = 2.5
"""What moves faster than this along the own way is no crossing traffic."""

WAITS_LEFT_M = (6.0, 15.0)
WAITS_RIGHT_M = (-11.0, -4.6)
"""Place left of the own lane's centre at which those wait who come from the left and from the right. Between them lie
both lanes of the own road; oncoming traffic waits there, and is in nobody's way."""

WAY_HALF_M = 3.2
"""Nearer to the own lane's centre than this, a crossing vehicle's middle is in the way."""

GAP_S = 5.0
"""A crossing vehicle that will be in the way sooner than this is let through."""

REMEMBERED_S = 10.0
"""For how long crossing traffic is remembered unseen."""

PATIENCE_S = 3.5
"""After its own stop the car waits no longer than this for those who came first: they may have given up their turn."""


@dataclass(frozen=True, slots=True)
class Crosser:
    """A vehicle of a crossing road, as last seen and carried on since.

    Attributes:
        track_id: The track that it was seen as.
        x_m: Depth of its middle from the camera.
        y_m: Left of the own lane's centre.
        aside_mps: Its speed to the left.
        unseen_s: Since when it has not been seen.
        came_first: Whether it waited at its line before the car had come to a stand at its own.
    """

    track_id: int
    x_m: float
    y_m: float
    aside_mps: float
    unseen_s: float
    came_first: bool

    @property
    def waits(self) -> bool:
        """Whether it stands at its line, or was about to when last seen."""
        low, high = WAITS_LEFT_M if self.y_m > 0.0 else WAITS_RIGHT_M
        return abs(self.aside_mps) < WAITING_MPS and low < self.y_m < high


def update_crossers(
    crossers: tuple[Crosser, ...], tracks: Sequence[Track], travel: Travel, lane: LaneBelief, line_m: float | None,
    camera_forward_m: float, *, standing: bool,
) -> tuple[Crosser, ...]:  # fmt: skip
    """Return the crossing traffic that is remembered, after the car has moved and looked.

    Args:
        crossers: What was remembered one step ago.
        tracks: What is believed to be there now.
        travel: How the car has moved since.
        lane: What is believed of the lane.
        line_m: Depth of the stop line that the car comes to or stands at, or None: then all is forgotten.
        camera_forward_m: Rear axle to the camera.
        standing: Whether the car stands at its line: who comes to wait from now on came later.
    """
    if line_m is None:
        return ()
    seen = _seen_crossing(tracks, lane, line_m, standing=standing)
    if not seen and not crossers:
        return ()
    before = {crosser.track_id: crosser for crosser in crossers}
    after = [
        replace(crosser, came_first=crosser.came_first or before[crosser.track_id].came_first)
        if crosser.track_id in before
        else crosser
        for crosser in seen
    ]
    known = {crosser.track_id for crosser in after}
    started = [crosser for crosser in seen if abs(crosser.y_m) < 5.0 and abs(crosser.aside_mps) > CROSSING_MPS]
    for crosser in crossers:
        if crosser.track_id in known:
            continue
        x_m, y_m = carry(crosser.x_m, crosser.y_m, travel, camera_forward_m)
        if not crosser.waits:
            y_m += crosser.aside_mps * travel.dt_s
        moved = replace(crosser, x_m=x_m, y_m=y_m, unseen_s=crosser.unseen_s + travel.dt_s)
        gone = y_m * crosser.aside_mps > 0.0 and abs(y_m) > WAY_HALF_M and not moved.waits
        # Who waited out of sight and now drives through the picture is seen as somebody new.
        drives = moved.waits and any(_from_side_of(moved, other) for other in started)
        if not gone and not drives and moved.unseen_s < REMEMBERED_S:
            after.append(moved)
    return tuple(after)


def _from_side_of(waiting: Crosser, driving: Crosser) -> bool:
    return waiting.y_m * driving.aside_mps < 0.0 and abs(waiting.x_m - driving.x_m) < 6.0


def _seen_crossing(tracks: Sequence[Track], lane: LaneBelief, line_m: float, *, standing: bool) -> list[Crosser]:
    found: list[Crosser] = []
    for track in tracks:
        if track.kind is not ObjectKind.VEHICLE or not track.believed or track.unseen_s > 0.0:
            continue
        x_m = track.x_m + track.half_length_m
        y_m = track.y_m - lane.centre_y_m(x_m)
        if not CROSSING_BAND_M[0] < x_m - line_m < CROSSING_BAND_M[1] or abs(track.speed_mps) > ALONG_MPS:
            continue
        crosser = Crosser(track.track_id, x_m, y_m, track.aside_mps, 0.0, False)
        if crosser.waits:
            found.append(replace(crosser, came_first=not standing))
        elif abs(track.aside_mps) > CROSSING_MPS:
            found.append(crosser)
    return found


def must_let_through(crossers: Sequence[Crosser], waited_s: float) -> bool:
    """Return whether someone of the crossing road goes first.

    Args:
        crossers: The crossing traffic that is remembered.
        waited_s: For how long the car has waited since its own stop was made.
    """
    for crosser in crossers:
        if crosser.waits:
            if crosser.came_first and waited_s < PATIENCE_S:
                return True
            continue
        outside_m = abs(crosser.y_m) - WAY_HALF_M
        towards_mps = -crosser.aside_mps if crosser.y_m > 0.0 else crosser.aside_mps
        if outside_m <= 0.0 or (towards_mps > 0.0 and outside_m < GAP_S * towards_mps):
            return True
    return False


CROSSES_SEEN_S = 0.3
"""Unseen for longer than this, a crossing vehicle has left the picture."""

CLEAR_OF_CROSSER_M = 3.0
"""Left between the front bumper and the middle of a vehicle that drives across, seen from its side."""

SLACK_M = 0.8
"""Who cannot stop in comfort, but for so much, is in the junction, and clears it."""

SOON_S = 3.0
"""A vehicle that will be before the car only later than this is left to wait for it."""


def crossing_before(
    tracks: Sequence[Track], lane: LaneBelief, speed_mps: float, camera_to_bumper_m: float, comfort_brake_mps2: float
) -> Yield | None:
    """Return where to wait for a vehicle that drives across just now, or None.

    From its line the car sees little of the crossing road: who comes from the side may show only after it has set off.

    Args:
        tracks: What is believed to be there.
        lane: What is believed of the lane.
        speed_mps: The own speed.
        camera_to_bumper_m: From the camera to the front bumper.
        comfort_brake_mps2: With which the car stops for it; if that is not enough, it goes on.
    """
    needed_m = speed_mps**2 / (2.0 * comfort_brake_mps2)
    nearest: Yield | None = None
    for track in tracks:
        if track.kind is not ObjectKind.VEHICLE or not track.believed or track.unseen_s > CROSSES_SEEN_S:
            continue
        aside_m = track.y_m - lane.centre_y_m(track.x_m)
        towards_mps = -track.aside_mps if aside_m > 0.0 else track.aside_mps
        crosses = abs(track.aside_mps) > CROSSING_MPS and abs(track.speed_mps) < ALONG_MPS
        in_m = track.x_m - camera_to_bumper_m - CLEAR_OF_CROSSER_M
        near = abs(aside_m) < WAY_HALF_M + max(SOON_S * towards_mps, 0.0)
        if not crosses or not near or in_m + SLACK_M < needed_m:
            continue
        if nearest is None or in_m < nearest.in_m:
            nearest = Yield(Cause.TRAFFIC, track.x_m, in_m)
    return nearest
