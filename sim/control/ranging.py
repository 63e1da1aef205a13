"""Where a thing is, told from its box: at what angle, how far, how high, and how long it is."""

from __future__ import annotations

from math import hypot, inf

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.placing import is_arm_place
from sim.percept import Detection, ObjectKind

CUT_PX = 2.0
"""A box that ends nearer to the frame's edge than this is cut by it."""

HALF_CAR_M = 2.3
"""Half of a car, seen from its side."""

FOOT_SD_PX = 2.0
FOOT_RELATIVE_SD = 0.05
"""Of the depth at which a vehicle's box touches the ground: its lower edge, and how high above the road that is."""

ARM_HEIGHT_M = 0.46
ARM_HEIGHT_SD_PX = 1.0
ARM_RELATIVE_SD = 0.05
"""A school bus's arm is 18 in across (FMVSS 131, S5.1); and how far its box's height may be off."""

FOLDED_WIDTH = 0.75
ARM_CLEAR_PX = 20.0
"""An arm of at least so many rows is folded if it is narrower than this share of them."""

WHEEL_INSET_M = 0.6
"""What touches the ground is a wheel, which stands back from the near end."""

WIDEST_M = 2.6
"""No vehicle is wider (102 in in the United States, 23 CFR 658.15; 2.55 m in Europe, 96/53/EC)."""

GUESSED_HALF_M = (2.2, 4.0)
LONGEST_HALF_M = 6.5
"""Half a vehicle's length: the least and the most that its shape may tell, and half of a bus. What is longer than its
shape may tell was told by its width, and stays so."""

TELLS_LENGTH_M = 9.0
"""Depth of its end from which on a width tells a length: what is nearer is cut, or nearly fills the frame."""

ENDWISE, CUT_ENDWISE = 0.9, 0.6
"""What is so many times as high as it is wide is seen from its end: a van, lorry or bus. The second holds for what the
frame's upper or lower edge cuts; whatever is seen from its side is lower still."""

ALIKE = 1.6
"""A vehicle's depth is wrong in much the same way in the next frame (correlation 0.6: as little is told by frames that
are independent of each other and have twice the spread), and by four fifths of what its spread says."""


def bearing_of(detection: Detection, camera: Camera) -> float:
    """Return the tangent of the angle, to the left, at which a detection's centre is seen."""
    u0, _, u1, _ = detection.box
    return (camera.centre_u_px - 0.5 * (u0 + u1)) / camera.focal_px


def rise_of(detection: Detection, camera: Camera, stretch: float = 1.0) -> float:
    """Return the height above a flat road of the middle of a detection that is so much farther away than it looks."""
    down_px = 0.5 * (detection.box[1] + detection.box[3]) - camera.centre_v_px
    return camera.height_m - down_px * stretch * detection.distance_m / camera.focal_px


def depths_of(detection: Detection, half_m: float, camera: Camera) -> list[tuple[float, float]]:
    """Return each way to measure the depth of a thing's near side, and its standard deviation."""
    noise_m = max(detection.distance_spread_m, 0.03 * detection.distance_m)
    if detection.kind is not ObjectKind.VEHICLE:
        return [(detection.distance_m, noise_m)]
    noise_m *= ALIKE
    farthest_m = _farthest_end_m(detection, camera)
    ways = [(min(detection.distance_m - half_m, farthest_m), hypot(noise_m, 0.4))]
    foot_px = detection.box[3]
    if foot_px < camera.height_px - 3.0:
        foot_m = camera.ground_distance_m(foot_px) - WHEEL_INSET_M
        if abs(foot_m - ways[0][0]) < 0.35 * detection.distance_m:
            noise_m = ALIKE * foot_m * hypot(FOOT_SD_PX / (foot_px - camera.centre_v_px), FOOT_RELATIVE_SD)
            ways.append((min(foot_m, farthest_m), noise_m))
    return ways


def _farthest_end_m(detection: Detection, camera: Camera) -> float:
    """Return the greatest depth at which a vehicle's near end can be, by its width; infinite if seen from its side.

    A bus is as long as three cars, and its wheels stand far back: by its middle or its wheels it seems metres farther
    away than its end is.
    """
    u0, v0, u1, v1 = detection.box
    wide_px = u1 - u0
    if u0 < CUT_PX or u1 > camera.width_px - CUT_PX or wide_px < 4.0:
        return inf
    cut = v0 < CUT_PX or v1 > camera.height_px - CUT_PX
    if v1 - v0 < (CUT_ENDWISE if cut else ENDWISE) * wide_px:
        return inf
    return camera.focal_px * WIDEST_M / wide_px


def arm_depths_of(detection: Detection, camera: Camera) -> list[tuple[float, float]]:
    """Return the depth of a school bus's arm and its standard deviation, as `depths_of` does; nothing if it is cut.

    Whoever knows it for one knows its size. Eyes that only see an octagon take it for a larger one farther away.
    """
    height_px = detection.box[3] - detection.box[1]
    if detection.box[1] < 2.0 or detection.box[3] > camera.height_px - 2.0 or height_px <= 0.0:
        return []
    depth_m = camera.focal_px * ARM_HEIGHT_M / height_px
    return [(depth_m, depth_m * hypot(ARM_HEIGHT_SD_PX / height_px, ARM_RELATIVE_SD))]


def half_length_of(detection: Detection, camera: Camera, before_m: float) -> float:
    """Return half a vehicle's length: from its near end, by its width, or guessed: the taller as seen, the longer.

    Args:
        detection: The vehicle.
        camera: What it is seen with.
        before_m: What was believed.
    """
    shortest_m, guessed_most_m = GUESSED_HALF_M
    by_width_m = min(detection.distance_m - _farthest_end_m(detection, camera), LONGEST_HALF_M)
    if before_m > guessed_most_m:
        tells = by_width_m > 0.0 and detection.distance_m - before_m > TELLS_LENGTH_M
        return max(by_width_m, guessed_most_m) if tells else before_m
    u0, v0, u1, v1 = detection.box
    if u0 < CUT_PX or v0 < CUT_PX or u1 > camera.width_px - CUT_PX or v1 > camera.height_px - CUT_PX or u1 - u0 < 4.0:
        return max(before_m, by_width_m)
    guessed_m = shortest_m + 3.6 * ((v1 - v0) / (u1 - u0) - 0.85)
    return max(min(max(guessed_m, shortest_m), guessed_most_m), by_width_m)


def whole_of(detection: Detection, half_width_m: float, camera: Camera) -> tuple[float, float]:
    """Return the tangent at which a vehicle's middle lies, to the left, and half its width.

    The middle of what is left of it at the frame's edge is not its middle: seen so, one that stands would drive off
    towards the lane. Its inner edge is still seen, and from there on it is as wide as it was.

    Args:
        detection: The vehicle.
        half_width_m: Half its width as last seen whole; 0 if it never was: then it is taken for a car from its side.
        camera: What it is seen with.
    """
    u0, _, u1, _ = detection.box
    metre_px = camera.focal_px / max(detection.distance_m, 1.0)
    seen_m = 0.5 * (u1 - u0) / metre_px
    cut_left, cut_right = u0 < CUT_PX, u1 > camera.width_px - CUT_PX
    if cut_left == cut_right:
        return bearing_of(detection, camera), half_width_m if cut_left else seen_m
    half_px = max(half_width_m or HALF_CAR_M, seen_m) * metre_px
    middle_px = u1 - half_px if cut_left else u0 + half_px
    return (camera.centre_u_px - middle_px) / camera.focal_px, half_width_m


def is_folded_arm(detection: Detection, lane: LaneBelief, camera: Camera) -> bool:
    """Return whether a detection is a school bus's arm that is folded, which asks for nothing.

    An arm that is out looks along the road, and so looks as wide as it is high; one that lies against the bus's side
    is seen askew for as long as it is in view.
    """
    u0, v0, u1, v1 = detection.box
    if detection.kind is not ObjectKind.STOP_SIGN or u0 < 2.0 or v1 - v0 < ARM_CLEAR_PX:
        return False
    depth_m = min(camera.focal_px * ARM_HEIGHT_M / (v1 - v0), detection.distance_m)
    aside_m = bearing_of(detection, camera) * depth_m - lane.centre_y_m(depth_m)
    return is_arm_place(rise_of(detection, camera), aside_m) and u1 - u0 < FOLDED_WIDTH * (v1 - v0)
