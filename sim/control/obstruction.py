"""What stands or drives across the way just ahead of a car that enters a junction, told from boxes alone.

From its stop the car sees 25 degrees to either side: who comes from the side shows only when near, cut by the frame's
edge and soon larger than the frame. Such a box has no middle to be followed, and its depth is a guess; that it reaches
into the way is plain to see all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.ranging import CUT_PX
from sim.control.track import Track
from sim.percept import Detection, ObjectKind

WAY_HALF_M = 1.4
"""Half a car, and half a metre: what reaches nearer to the lane's centre than this, from either side, is in the way."""

WAY_LEFT_M = 3.2
"""The same, to the left, of what the frame's edge cuts there: it comes from the side, and soon is in the way. Who
comes towards the car keeps farther off."""

ONCOMING_MPS = 2.5
ONCOMING_SEEN_S = 1.0
ONCOMING_ASIDE = 0.5
ALIKE_M = 4.0
"""What has been followed for the second, coming along the road faster than the first, and to the side by less than the
third as a share of that, passes by on the left: a box that the frame's edge cuts is its, if nearer in depth than the
fourth."""

SIDE_M = 1.2
"""From the middle of a vehicle that drives across to the side that it shows."""

NEAR_M = 9.0
"""From the front bumper: what is farther away can be followed, and may be gone in time."""

SEEN_SCORE = 0.7
FADES_PER_S = 1.4
"""Scores are summed over frames until the first is reached, and this much of the sum is lost in a second."""

MOST_SCORE = 1.4


@dataclass(frozen=True, slots=True)
class Obstruction:
    """Belief that a vehicle is across the way just ahead.

    Attributes:
        score: Scores of the boxes that showed it, summed and fading.
        x_m: Depth of its near side from the camera.
    """

    score: float = 0.0
    x_m: float = 0.0

    @property
    def believed(self) -> bool:
        """Whether the car must not go on."""
        return self.score >= SEEN_SCORE


def update_obstruction(
    belief: Obstruction,
    detections: Sequence[Detection] | None,
    tracks: Sequence[Track],
    lane: LaneBelief,
    camera: Camera,
    camera_to_bumper_m: float,
    driven_m: float,
    dt_s: float,
) -> Obstruction:
    """Return the belief after the car has moved and looked.

    Args:
        belief: What was believed one step ago.
        detections: What is seen now, or None if nothing was looked at.
        tracks: What is believed to be there.
        lane: What is believed of the lane.
        camera: What the boxes were seen with.
        camera_to_bumper_m: From the camera to the front bumper.
        driven_m: How far the car has driven since the last step.
        dt_s: Time since the last step.
    """
    score, x_m = max(belief.score - FADES_PER_S * dt_s, 0.0), belief.x_m - driven_m
    best: tuple[float, float] | None = None
    oncoming = [track for track in tracks if _is_oncoming(track)]
    for detection in detections or ():
        if detection.kind is not ObjectKind.VEHICLE or _passes_by(detection, oncoming):
            continue
        side_m = _side_m(detection, camera)
        if not 0.0 < side_m - camera_to_bumper_m < NEAR_M or not _is_in_the_way(detection, side_m, lane, camera):
            continue
        if best is None or detection.score > best[0]:
            best = detection.score, side_m
    if best is None:
        return Obstruction(score, x_m) if score > 0.0 else Obstruction()
    return Obstruction(min(score + best[0], MOST_SCORE), best[1])


def _is_oncoming(track: Track) -> bool:
    return (
        track.kind is ObjectKind.VEHICLE
        and track.seen_s >= ONCOMING_SEEN_S
        and track.y_m > 0.0
        and track.speed_mps < -ONCOMING_MPS
        and abs(track.aside_mps) < ONCOMING_ASIDE * -track.speed_mps
    )


def _passes_by(detection: Detection, oncoming: Sequence[Track]) -> bool:
    return detection.box[0] < CUT_PX and any(
        abs(detection.distance_m - track.x_m - track.half_length_m) < ALIKE_M for track in oncoming
    )


def _side_m(detection: Detection, camera: Camera) -> float:
    """Return the depth of the side that a vehicle shows, the nearer of what its box and the network say.

    What is nearer than the bumper even so is no longer ahead, but passes by.
    """
    side_m = detection.distance_m - SIDE_M
    if detection.box[3] < camera.height_px - CUT_PX:
        side_m = min(side_m, camera.ground_distance_m(detection.box[3]))
    return side_m


def _is_in_the_way(detection: Detection, side_m: float, lane: LaneBelief, camera: Camera) -> bool:
    u0_px, _, u1_px, _ = detection.box
    left_m = WAY_LEFT_M if u0_px < CUT_PX else WAY_HALF_M
    centre_px = camera.centre_u_px - lane.centre_y_m(side_m) / side_m * camera.focal_px
    metre_px = camera.focal_px / side_m
    return u1_px > centre_px - left_m * metre_px and u0_px < centre_px + WAY_HALF_M * metre_px
