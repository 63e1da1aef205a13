"""What is true of one moment: for training, judging and the oracle, never for a perception-driven run."""

from __future__ import annotations

from dataclasses import dataclass

from sim.percept import Box, Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.road import StopMark

MIN_VISIBLE_FRACTION = 0.5
"""Objects of which less is visible are neither asked for nor counted as false: they are ignored."""

CROWD = "crowd"
"""Variant of a region in which things of its kind are neither asked for nor false: COCO's crowds, and whole photographs
in which nobody has marked the things of a kind. By its label nothing of it is visible, so it is ignored."""


@dataclass(frozen=True, slots=True)
class SignAttributes:
    """What a sign is like and how it is seen: what recall can be told by.

    Attributes:
        size_m: Width of its face.
        wear: From 0 (new) to 1 (faded and dirty).
        tilt_rad: Turned in its own plane, counter-clockwise as seen.
        turn_rad: Turned about its post, from looking straight at the camera; counter-clockwise as seen from above.
        mount: What holds it up: "post", "mast_arm", "island", "school_bus", ...
        conditions: What has befallen its face beside wear: "fade", "dirt", "snow", "stickers", ...
        occluder: What hides the largest part of what is hidden of it: "vegetation", "vehicle", ...; None if nothing is.
    """

    size_m: float
    wear: float
    tilt_rad: float
    turn_rad: float
    mount: str
    conditions: tuple[str, ...] = ()
    occluder: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectTruth:
    """One sign face or actor of which at least one pixel is in the frame.

    Attributes:
        instance_id: The same in every frame of one world.
        kind: The class that the network should answer.
        variant: What it is exactly: "stop", "stop_arret", "yield", "car", ...
        box: The tight box of its visible pixels, in output pixels.
        amodal_box: The box of all of it inside the frame, were nothing in front of it.
        visible_fraction: Visible pixels over the pixels that it would cover inside the frame, were nothing in front.
        truncated: Whether it is cut by the frame's edge.
        distance_m: Depth of its centre from the camera along the optical axis; NaN on a photograph, where nobody knows.
        applies_to_ego: Whether the ego must obey it.
        sign: What it is like, if it is a sign or an advert; None for actors.
    """

    instance_id: int
    kind: ObjectKind
    variant: str
    box: Box
    amodal_box: Box
    visible_fraction: float
    truncated: bool
    distance_m: float
    applies_to_ego: bool
    sign: SignAttributes | None = None


@dataclass(frozen=True, slots=True)
class LaneTruth:
    """The ego lane at the ground under the camera; same frame and signs as `LaneEstimate`. All NaN where nobody knows.

    Attributes:
        offset_m: The car's position left (positive) of the lane's centre line.
        heading_rad: The car's heading relative to the lane's.
        curvature_per_m: Mean curvature of the lane's centre line over the next 20 m.
        width_m: Between the lane's edges.
        here_per_m: Mean curvature of the lane's own centre line from the rear axle to the camera; not in shards.
    """

    offset_m: float
    heading_rad: float
    curvature_per_m: float
    width_m: float
    here_per_m: float = 0.0


@dataclass(frozen=True, slots=True)
class StopLineTruth:
    """The nearest stop line across the ego lane that is ahead of the camera.

    Attributes:
        distance_m: From the camera along the optical axis to the line's near edge, at the lane's centre.
        gap_m: From the front bumper along the lane to the near edge; negative once crossed.
        visible: Whether at least half of it is in the frame and unhidden.
        box: The tight box of its visible pixels; None where no pixel is visible.
    """

    distance_m: float
    gap_m: float
    visible: bool
    box: Box | None


@dataclass(frozen=True, slots=True)
class StopPlaceTruth:
    """The nearest place ahead of the camera at which the law wants the ego to stop, whether or not a line shows it.

    Attributes:
        mark: What marks it: a painted line, a crosswalk, or the crossing road's edge alone.
        distance_m: From the camera along the optical axis to its near edge, at the lane's centre.
        gap_m: From the front bumper along the lane to its near edge; negative once crossed.
    """

    mark: StopMark
    distance_m: float
    gap_m: float


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """All labels of one moment.

    Attributes:
        step: Which moment.
        objects: Signs and vehicles.
        lane: The ego lane.
        stop_line: The nearest painted stop line, or None.
        stop_place: The nearest legal stopping place at which a stop sign stands, or None; shards do not keep it.
    """

    step: int
    objects: tuple[ObjectTruth, ...]
    lane: LaneTruth
    stop_line: StopLineTruth | None
    stop_place: StopPlaceTruth | None = None


def perfect_percept(truth: GroundTruth) -> Percept:
    """Return what perfect eyes would see: the oracle's percept.

    Perfect eyes are still eyes: they see what is visible in the frame and nothing behind an occluder.
    """
    detections = tuple(
        Detection(o.kind, o.box, 1.0, o.distance_m, 0.01 * o.distance_m)
        for o in truth.objects
        if o.visible_fraction >= MIN_VISIBLE_FRACTION and (o.kind is not ObjectKind.STOP_SIGN or o.applies_to_ego)
    )
    lane = LaneEstimate(
        truth.lane.offset_m, truth.lane.heading_rad, truth.lane.curvature_per_m, 1.0, truth.lane.here_per_m
    )
    line = truth.stop_line
    seen = StopLineEstimate(line.distance_m, 0.01 * line.distance_m, 1.0) if line is not None and line.visible else None
    return Percept(truth.step, detections, lane, seen)
