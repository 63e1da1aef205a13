"""What is shown between two steps of the drive: for the eye alone, since the drive itself goes by whole steps.

The window is one step behind the drive, so that it knows both ends of what it fills in. Poses go straight from one to
the other, and so do the boxes, since what is in them does; the picture is painted anew, of the world in between. Words
and numbers stay those of the step before: the network has said no others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim.actors import Actor
from sim.control import DriverMemory, Track
from sim.loop import Capture, Tick
from sim.percept import Box, Detection, LaneEstimate, Percept, StopLineEstimate
from sim.vehicle import EgoState, wrap_angle
from sim.world import World

REACH = 1.0
"""A box is taken for the next frame's box of the same thing if its middle moved by no more of its longer side."""

SLACK_PX = 4.0
"""And by so much more, since a far thing is small."""

Paint = Callable[[World], Capture]
"""Paints a moment that is no step of the drive."""


def follows(before: Tick, after: Tick) -> bool:
    """Return whether a tick is the next one of the same drive, on the same road."""
    one, other = before.world, after.world
    return one.scene is other.scene and other.step == one.step + 1


def between(before: Tick, after: Tick, share: float, paint: Paint | None) -> Tick:
    """Return what is to be shown at a moment between two ticks.

    Args:
        before: A tick.
        after: The next one.
        share: How much of the time between them has passed, from 0 to 1.
        paint: Paints the moment; with None the camera's picture, and the boxes on it, stay those of `before`.

    Returns:
        `before`, with all that moves moved on; `before` itself where nothing is to be filled in.
    """
    if share <= 0.0 or not follows(before, after):
        return before
    world = world_between(before.world, after.world, share)
    memory = _memory_between(before.memory, after.memory, share)
    if paint is None:
        return replace(before, world=world, memory=memory)
    percept = percept_between(before.percept, after.percept, share)
    return Tick(world, paint(world), percept, memory, before.control)


def world_between(before: World, after: World, share: float) -> World:
    """Return the world with the car and other road users on their way from one step's place to the next one's."""
    others = {actor.actor_id: actor for actor in after.actors}
    return replace(
        before,
        ego=_ego_between(before.ego, after.ego, share),
        actors=tuple(_actor_between(actor, others.get(actor.actor_id), share) for actor in before.actors),
        ego_s_m=_mix(before.ego_s_m, after.ego_s_m, share),
        ego_d_m=_mix(before.ego_d_m, after.ego_d_m, share),
    )


def _ego_between(before: EgoState, after: EgoState, share: float) -> EgoState:
    return EgoState(
        x_m=_mix(before.x_m, after.x_m, share),
        y_m=_mix(before.y_m, after.y_m, share),
        heading_rad=_turn(before.heading_rad, after.heading_rad, share),
        speed_mps=_mix(before.speed_mps, after.speed_mps, share),
        accel_mps2=_mix(before.accel_mps2, after.accel_mps2, share),
        steer_rad=_mix(before.steer_rad, after.steer_rad, share),
        pitch_rad=_mix(before.pitch_rad, after.pitch_rad, share),
        pitch_rate_radps=_mix(before.pitch_rate_radps, after.pitch_rate_radps, share),
    )


def _actor_between(before: Actor, after: Actor | None, share: float) -> Actor:
    # What stands stays the same object: the painter keeps what it prepared for it.
    if after is None or after == before:
        return before
    return replace(
        before,
        x_m=_mix(before.x_m, after.x_m, share),
        y_m=_mix(before.y_m, after.y_m, share),
        heading_rad=_turn(before.heading_rad, after.heading_rad, share),
        speed_mps=_mix(before.speed_mps, after.speed_mps, share),
        s_m=_mix(before.s_m, after.s_m, share),
        d_m=_mix(before.d_m, after.d_m, share),
    )


def percept_between(before: Percept, after: Percept, share: float) -> Percept:
    """Return what was believed, in the places that it has on the way to the next frame.

    Boxes that are found in both frames move, as do the lane and the stop line; all else, scores and distances of boxes
    included, stays as it was. What is new in the next frame is not there yet.
    """
    return replace(
        before,
        detections=_detections_between(before.detections, after.detections, share),
        lane=_lane_between(before.lane, after.lane, share),
        stop_line=_line_between(before.stop_line, after.stop_line, share),
    )


def _detections_between(
    before: tuple[Detection, ...], after: tuple[Detection, ...], share: float
) -> tuple[Detection, ...]:
    free = list(after)
    moved: list[Detection] = []
    for detection in before:
        found = min(
            (each for each in free if each.kind is detection.kind),
            key=lambda each: _way_px(detection.box, each.box),
            default=None,
        )
        if found is None or _way_px(detection.box, found.box) > REACH * _longer_px(detection.box) + SLACK_PX:
            moved.append(detection)
            continue
        free.remove(found)
        x0, y0, x1, y1 = (_mix(a, b, share) for a, b in zip(detection.box, found.box, strict=True))
        moved.append(replace(detection, box=(x0, y0, x1, y1)))
    return tuple(moved)


def _way_px(one: Box, other: Box) -> float:
    """Return how far apart the middles of two boxes are, along the axis on which they are farther."""
    return 0.5 * max(abs(other[0] + other[2] - one[0] - one[2]), abs(other[1] + other[3] - one[1] - one[3]))


def _longer_px(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _lane_between(before: LaneEstimate | None, after: LaneEstimate | None, share: float) -> LaneEstimate | None:
    if before is None or after is None:
        return before
    return replace(
        before,
        offset_m=_mix(before.offset_m, after.offset_m, share),
        heading_rad=_turn(before.heading_rad, after.heading_rad, share),
        curvature_per_m=_mix(before.curvature_per_m, after.curvature_per_m, share),
    )


def _line_between(
    before: StopLineEstimate | None, after: StopLineEstimate | None, share: float
) -> StopLineEstimate | None:
    if before is None or after is None:
        return before
    return replace(before, distance_m=_mix(before.distance_m, after.distance_m, share))


def _memory_between(before: DriverMemory, after: DriverMemory, share: float) -> DriverMemory:
    """Return the driver's memory with its tracks on their way: they lie in the car's frame, which moves on."""
    later = {track.track_id: track for track in after.tracks}
    stop_at_m = before.stop_at_m
    if stop_at_m is not None and after.stop_at_m is not None:
        stop_at_m = _mix(stop_at_m, after.stop_at_m, share)
    tracks = tuple(_track_between(track, later.get(track.track_id), share) for track in before.tracks)
    return replace(before, tracks=tracks, stop_at_m=stop_at_m)


def _track_between(before: Track, after: Track | None, share: float) -> Track:
    if after is None:
        return before
    return replace(before, x_m=_mix(before.x_m, after.x_m, share), y_m=_mix(before.y_m, after.y_m, share))


def _mix(one: float, other: float, share: float) -> float:
    return one + share * (other - one)


def _turn(one_rad: float, other_rad: float, share: float) -> float:
    """Return an angle on the shorter way between two."""
    return wrap_angle(one_rad + share * wrap_angle(other_rad - one_rad))
