"""Labels for each pixel and along the lane: what is true of a moment beyond its boxes, on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound=np.generic)


class SemanticClass(IntEnum):
    """What a pixel shows. Append only: the number is what stands in a map."""

    SKY = 0
    TERRAIN = 1
    ROAD = 2
    PAVEMENT = 3
    MARKING = 4
    CROSSWALK = 5
    STOP_LINE = 6
    BUILDING = 7
    VEGETATION = 8
    POLE = 9
    STOP_SIGN = 10
    DISTRACTOR = 11
    VEHICLE = 12
    PERSON = 13
    OTHER = 14


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Labels for each pixel of one moment; what was not asked for is None.

    The maps have the resolution at which edges are decided, `scale` times the frame's each way: the tight box of an
    object's pixels, divided by `scale`, is exactly its `ObjectTruth.box`. `at_frame_size` thins a map out.

    Attributes:
        step: When, in 20 Hz steps.
        scale: Map pixels to one frame pixel, each way.
        instances: `ObjectTruth.instance_id` of what is seen, 0 where it is not labelled; int32, shape
            (scale * height_px, scale * width_px). Every pixel belongs to one thing at most.
        semantics: `SemanticClass` of what is seen; uint8, same shape.
        depth_m: Depth along the optical axis of what is seen, at the pixel's centre; infinite in the sky; float32, same
            shape.
    """

    step: int
    scale: int
    instances: NDArray[np.int32] | None = field(default=None, repr=False)
    semantics: NDArray[np.uint8] | None = field(default=None, repr=False)
    depth_m: NDArray[np.float32] | None = field(default=None, repr=False)

    def at_frame_size(self, values: NDArray[Value]) -> NDArray[Value]:
        """Return one value of a map for each frame pixel: that just right of and below the pixel's centre."""
        return values[self.scale // 2 :: self.scale, self.scale // 2 :: self.scale]


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    """A line on the road ahead, nearest point first.

    Attributes:
        points_m: x forward and y left of the ground under the camera, shape (n, 2).
        pixels: u and v in the frame, or beyond its edges, shape (n, 2); NaN for a point that is not before the camera.
        visible: Whether a point is in the frame and nothing stands before it, shape (n,).
    """

    points_m: NDArray[np.float64] = field(repr=False)
    pixels: NDArray[np.float64] = field(repr=False)
    visible: NDArray[np.bool_] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LaneLines:
    """The ego lane ahead of the camera; the three lines have their points at the same arc lengths.

    Attributes:
        centre: The middle of the lane.
        left: Its left edge: on a road of one lane each way, the line between the directions of travel.
        right: Its right edge.
    """

    centre: Polyline
    left: Polyline
    right: Polyline


@dataclass(frozen=True, slots=True, eq=False)
class StopLineOutline:
    """The nearest stop line ahead of the camera, as it lies on the road.

    Attributes:
        points_m: Its corners, x forward and y left of the ground under the camera, shape (n, 2).
        pixels: The polygon as it is drawn, cut close in front of the camera, shape (m, 2); it may reach beyond the
            frame. Empty where none of it is in the frame.
        visible_fraction: Its visible pixels over all that it would cover, in the frame or not.
    """

    points_m: NDArray[np.float64] = field(repr=False)
    pixels: NDArray[np.float64] = field(repr=False)
    visible_fraction: float
