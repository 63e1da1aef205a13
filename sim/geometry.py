"""Oriented rectangles in plan: the footprints of cars, whether they overlap, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, sin

Point = tuple[float, float]
"""World x and y in metres."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A footprint on the ground.

    Attributes:
        x_m: World position of its centre.
        y_m: World position of its centre.
        heading_rad: Where its length points.
        length_m: Along its heading.
        width_m: Across its heading.
    """

    x_m: float
    y_m: float
    heading_rad: float
    length_m: float
    width_m: float

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """The four corners, counter-clockwise, the front left one first."""
        along = (0.5 * self.length_m * cos(self.heading_rad), 0.5 * self.length_m * sin(self.heading_rad))
        left = (-0.5 * self.width_m * sin(self.heading_rad), 0.5 * self.width_m * cos(self.heading_rad))
        return (
            (self.x_m + along[0] + left[0], self.y_m + along[1] + left[1]),
            (self.x_m - along[0] + left[0], self.y_m - along[1] + left[1]),
            (self.x_m - along[0] - left[0], self.y_m - along[1] - left[1]),
            (self.x_m + along[0] - left[0], self.y_m + along[1] - left[1]),
        )

    def distance_to_point_m(self, point: Point) -> float:
        """Return how far a point is outside; 0 inside and on the border."""
        dx, dy = point[0] - self.x_m, point[1] - self.y_m
        along = abs(dx * cos(self.heading_rad) + dy * sin(self.heading_rad)) - 0.5 * self.length_m
        across = abs(-dx * sin(self.heading_rad) + dy * cos(self.heading_rad)) - 0.5 * self.width_m
        return hypot(max(along, 0.0), max(across, 0.0))


def rectangles_overlap(one: Rectangle, other: Rectangle) -> bool:
    """Return whether two rectangles share area; a common border alone is no overlap.

    The separating axis test: two convex shapes are apart if and only if their shadows are apart on the normal of some
    edge (Ericson, Real-Time Collision Detection, section 5.2.1). Two rectangles have four such normals.
    """
    corners, other_corners = one.corners, other.corners
    for heading in (one.heading_rad, other.heading_rad):
        for axis_x, axis_y in ((cos(heading), sin(heading)), (-sin(heading), cos(heading))):
            shadow = [x * axis_x + y * axis_y for x, y in corners]
            other_shadow = [x * axis_x + y * axis_y for x, y in other_corners]
            if max(shadow) <= min(other_shadow) or max(other_shadow) <= min(shadow):
                return False
    return True


def rectangle_gap_m(one: Rectangle, other: Rectangle) -> float:
    """Return the shortest distance between two rectangles; 0 if they overlap or touch.

    Between convex polygons that are apart, a corner of one is always among the nearest points.
    """
    if rectangles_overlap(one, other):
        return 0.0
    return min(
        *(other.distance_to_point_m(corner) for corner in one.corners),
        *(one.distance_to_point_m(corner) for corner in other.corners),
    )
