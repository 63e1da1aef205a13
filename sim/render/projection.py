"""From world points to the supersampled picture, and what of them is seen there."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, cos, sin, tan

import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.render.corners import cut_polygons, seen_polygons
from sim.render.ground import Ground
from sim.render.mesh import Mesh
from sim.world import World

NEAR_M = 0.6
"""Corners nearer than this are drawn at this depth: what passes beside the car thus reaches out of the frame."""


MOST_PITCH_RAD = 0.06
"""The camera is drawn with no more pitch than this."""


def most_raised_px(camera: Camera) -> int:
    """Return by how many rows, at most, pitch moves the horizon, to either side."""
    return min(ceil(camera.focal_px * tan(MOST_PITCH_RAD)), camera.height_px // 4)


@dataclass(frozen=True, slots=True)
class View:
    """The camera's place in the world.

    Pitch is drawn as a shift of the whole picture by f tan(pitch), in whole pixels. A camera that turns sees, at
    tangent t below the level, everything drawn together by 1 + t tan(pitch) about the picture's middle: leaving that
    out misplaces nothing by more than |t| tan(pitch) of its distance from there, 0.4 % at 0.02 rad at the lower edge of
    the standard frame (half a row, and 1.4 columns in the corner), and nothing at the horizon. In return, depth stays
    along the level axis, and labels, ground and sky are of one piece. The camera's height, which changes by less than
    a centimetre since it is near the axis of the pitch, is kept.

    Attributes:
        x_m: World position.
        y_m: World position.
        heading_rad: Where it looks.
        camera: The camera, as it is mounted: level.
        scale: Pixels of the drawing for each pixel of the frame.
        raised_px: By how many pixels of the frame the horizon is higher for the body's pitch; negative for lower.
    """

    x_m: float
    y_m: float
    heading_rad: float
    camera: Camera
    scale: float
    raised_px: int = 0

    @classmethod
    def of(cls, world: World, camera: Camera, scale: float) -> View:
        """Return the view of a world's ego car."""
        x_m, y_m = world.ego.ahead(world.geometry.camera_forward_m)
        raised_px, most = round(camera.focal_px * tan(world.ego.pitch_rad)), most_raised_px(camera)
        return cls(x_m, y_m, world.ego.heading_rad, camera, scale, min(max(raised_px, -most), most))

    @property
    def centre_v_px(self) -> float:
        """Row of the horizon in the frame."""
        return self.camera.centre_v_px - self.raised_px

    @property
    def sky_rows(self) -> int:
        """How many rows of the frame are above the horizon."""
        return self.camera.height_px // 2 - self.raised_px

    @property
    def place(self) -> tuple[float, float, float, float]:
        """World x and y, cosine and sine of the heading."""
        return self.x_m, self.y_m, cos(self.heading_rad), sin(self.heading_rad)

    @property
    def lens(self) -> tuple[float, float, float, float]:
        """Focal length, centre u and centre v in supersampled pixels, and height in metres."""
        camera, scale = self.camera, self.scale
        return scale * camera.focal_px, scale * camera.centre_u_px, scale * self.centre_v_px, camera.height_m

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in supersampled pixels."""
        return self.scale * self.camera.width_px, self.scale * self.camera.height_px

    def to_camera(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return right and depth, in camera axes, of places in the plan."""
        c, s = cos(self.heading_rad), sin(self.heading_rad)
        dx, dy = x_m - self.x_m, y_m - self.y_m
        return dx * s - dy * c, dx * c + dy * s

    def on_ground(self, places_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where places in the plan, shape (n, 2), are in the supersampled picture, (n, 2), and their depth."""
        right, depth = self.to_camera(places_m[:, 0], places_m[:, 1])
        focal_px, centre_u_px, centre_v_px, height_m = self.lens
        factor = focal_px / np.maximum(depth, NEAR_M)
        return np.stack([right * factor + centre_u_px, height_m * factor + centre_v_px], axis=1), depth

    def depth_m(self, x_m: float, y_m: float) -> float:
        """Return the depth of one place along the optical axis."""
        return (x_m - self.x_m) * cos(self.heading_rad) + (y_m - self.y_m) * sin(self.heading_rad)


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Polygons in the picture, in drawing order.

    Attributes:
        points: Vertices as (u, v) in supersampled pixels, shape (n, 2).
        first: Each polygon's first vertex, shape (p,).
        last: One past each polygon's last vertex, shape (p,).
        index: Each polygon's index in its mesh.
        depth_m: Mean depth of each polygon.
        bounds: u0, v0, u1, v1 of each polygon, shape (p, 4).
    """

    points: NDArray[np.float64] = field(repr=False)
    first: NDArray[np.int64] = field(repr=False)
    last: NDArray[np.int64] = field(repr=False)
    index: NDArray[np.int64] = field(repr=False)
    depth_m: NDArray[np.float64] = field(repr=False)
    bounds: NDArray[np.float64] = field(repr=False)


def _nothing() -> Projected:
    none = np.zeros(0, np.int64)
    return Projected(np.zeros((0, 2)), none, none, none, np.zeros(0), np.zeros((0, 4)))


def project_mesh(view: View, mesh: Mesh, smallest_px: float = 0.0) -> Projected:
    """Return the polygons of a mesh that can be seen, far groups first.

    Args:
        view: The camera's place.
        mesh: What stands up.
        smallest_px: Polygons of no labelled thing whose bounds cover fewer supersampled pixels are left out.
    """
    if not len(mesh.starts):
        return _nothing()
    return Projected(
        *seen_polygons(
            mesh.anchors_m,
            mesh.offsets_m,
            mesh.starts,
            mesh.one_sided,
            mesh.groups,
            mesh.centres_m,
            mesh.owners > 0,
            view.place,
            view.lens,
            view.size,
            NEAR_M,
            smallest_px,
        )
    )


def project_ground(view: View, ground: Ground, near_m: float) -> Projected:
    """Return the flat polygons, cut at `near_m` in front of the camera, in their own order.

    Cutting follows Sutherland and Hodgman (1974): along each edge comes the point where it crosses the near plane, if
    it does, then the edge's end, if that is in front.
    """
    heights_m = np.zeros(0) if ground.heights_m is None else ground.heights_m
    points, first, last, index, bounds = cut_polygons(
        ground.points_m, ground.starts, heights_m, view.place, view.lens, view.size, near_m
    )
    return Projected(points, first, last, index, np.zeros(len(index)), bounds)
