"""From world points to the supersampled picture: one NumPy call for everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, cos, sin, tan

import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
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

    def to_camera(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return right and depth, in camera axes, of places in the plan."""
        c, s = cos(self.heading_rad), sin(self.heading_rad)
        dx, dy = x_m - self.x_m, y_m - self.y_m
        return dx * s - dy * c, dx * c + dy * s

    def on_ground(self, x_m: float, y_m: float) -> tuple[float, float] | None:
        """Return where a place on the ground is in the supersampled picture; None nearer than 2 m."""
        c, s = cos(self.heading_rad), sin(self.heading_rad)
        dx, dy = x_m - self.x_m, y_m - self.y_m
        depth = dx * c + dy * s
        if depth < 2.0:
            return None
        factor = self.scale * self.camera.focal_px / depth
        return (
            (dx * s - dy * c) * factor + self.scale * self.camera.centre_u_px,
            self.camera.height_m * factor + self.scale * self.centre_v_px,
        )

    def depth_m(self, x_m: float, y_m: float) -> float:
        """Return the depth of one place along the optical axis."""
        return (x_m - self.x_m) * cos(self.heading_rad) + (y_m - self.y_m) * sin(self.heading_rad)


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Polygons in the picture, in drawing order.

    Attributes:
        points: Vertices as (u, v) in supersampled pixels: tuples, since Pygame reads them faster than arrays.
        first: Each polygon's first vertex.
        last: One past each polygon's last vertex.
        index: Each polygon's index in its mesh.
        depth_m: Mean depth of each polygon.
        bounds: u0, v0, u1, v1 of each polygon, shape (p, 4).
    """

    points: list[tuple[float, float]] = field(repr=False)
    first: list[int] = field(repr=False)
    last: list[int] = field(repr=False)
    index: NDArray[np.int64] = field(repr=False)
    depth_m: NDArray[np.float64] = field(repr=False)
    bounds: NDArray[np.float64] = field(repr=False)


def project_mesh(view: View, mesh: Mesh, smallest_px: float = 0.0) -> Projected:
    """Return the polygons of a mesh that can be seen, far groups first.

    Args:
        view: The camera's place.
        mesh: What stands up.
        smallest_px: Polygons of no labelled thing whose bounds cover fewer supersampled pixels are left out.
    """
    camera, scale = view.camera, view.scale
    right, depth = view.to_camera(mesh.anchors_m[:, 0], mesh.anchors_m[:, 1])
    right = right + mesh.offsets_m[:, 0]
    down = camera.height_m - mesh.anchors_m[:, 2] - mesh.offsets_m[:, 1]
    factor = scale * camera.focal_px / np.maximum(depth, NEAR_M)
    u = right * factor + scale * camera.centre_u_px
    v = down * factor + scale * view.centre_v_px
    starts = mesh.starts
    if not len(starts):
        return Projected([], [], [], starts, np.zeros(0), np.zeros((0, 4)))
    u0, u1 = np.minimum.reduceat(u, starts), np.maximum.reduceat(u, starts)
    v0, v1 = np.minimum.reduceat(v, starts), np.maximum.reduceat(v, starts)
    ends = np.append(starts[1:], len(u))
    following = np.arange(1, len(u) + 1)
    following[ends - 1] = starts
    area = np.add.reduceat(u * v[following] - u[following] * v, starts)
    width, height = scale * camera.width_px, scale * camera.height_px
    shown = (
        (np.maximum.reduceat(depth, starts) > NEAR_M)
        & (u1 > 0)
        & (u0 < width)
        & (v1 > 0)
        & (v0 < height)
        & (~mesh.one_sided | (area < 0))
    )
    if smallest_px:
        shown &= ((u1 - u0) * (v1 - v0) >= smallest_px) | (mesh.owners[mesh.groups] > 0)
    chosen = np.flatnonzero(shown)
    centre_right, centre_depth = view.to_camera(mesh.centres_m[:, 0], mesh.centres_m[:, 1])
    away = np.hypot(centre_right, centre_depth)
    groups = mesh.groups[chosen]
    chosen = chosen[np.lexsort((chosen, groups, -away[groups]))]
    mean_depth = np.add.reduceat(depth, starts) / (ends - starts)
    counts = (ends - starts)[chosen]
    last = np.cumsum(counts)
    # Only what is drawn becomes tuples: that conversion costs more than all of the projection.
    corners = np.repeat(starts[chosen] - (last - counts), counts) + np.arange(counts.sum())
    return Projected(
        list(zip(u[corners].tolist(), v[corners].tolist(), strict=True)),
        (last - counts).tolist(),
        last.tolist(),
        chosen,
        mean_depth[chosen],
        np.stack([u0, v0, u1, v1], axis=1)[chosen],
    )


def project_ground(view: View, ground: Ground, near_m: float) -> Projected:
    """Return the flat polygons, cut at `near_m` in front of the camera, in their own order.

    Cutting follows Sutherland and Hodgman (1974), all polygons and edges at once: along each edge comes the point where
    it crosses the near plane, if it does, then the edge's end, if that is in front.
    """
    camera, scale = view.camera, view.scale
    right, depth = view.to_camera(ground.points_m[:, 0], ground.points_m[:, 1])
    starts = ground.starts
    ends = np.append(starts[1:], len(right))
    following = np.arange(1, len(right) + 1)
    following[ends - 1] = starts
    next_right, next_depth = right[following], depth[following]
    inside, next_inside = depth >= near_m, next_depth >= near_m
    crossing = inside != next_inside
    share = np.where(crossing, (near_m - depth) / np.where(crossing, next_depth - depth, 1.0), 0.0)
    keep = np.stack([crossing, next_inside], axis=1)
    cut_right = np.stack([right + share * (next_right - right), next_right], axis=1)[keep]
    cut_depth = np.stack([np.full_like(depth, near_m), next_depth], axis=1)[keep]
    counts = np.add.reduceat(keep.sum(axis=1), starts)
    last = np.cumsum(counts)
    factor = scale * camera.focal_px / cut_depth
    u = cut_right * factor + scale * camera.centre_u_px
    above_m: float | NDArray[np.float64] = camera.height_m
    if ground.heights_m is not None:
        height, next_height = ground.heights_m, ground.heights_m[following]
        above_m = camera.height_m - np.stack([height + share * (next_height - height), next_height], axis=1)[keep]
    v = above_m * factor + scale * view.centre_v_px
    chosen = np.flatnonzero(counts)
    first = (last - counts)[chosen]
    last = last[chosen]
    if not len(chosen):
        return Projected([], [], [], chosen, np.zeros(0), np.zeros((0, 4)))
    # What is left of a polygon has three corners or more, and those that vanished left none: there are no gaps.
    low = [np.minimum.reduceat(values, first) for values in (u, v)]
    high = [np.maximum.reduceat(values, first) for values in (u, v)]
    bounds = np.stack([*low, *high], axis=1)
    width, height = scale * camera.width_px, scale * camera.height_px
    shown = (bounds[:, 2] > 0) & (bounds[:, 0] < width) & (bounds[:, 1] < height)
    counts = (last - first)[shown]
    ends = np.cumsum(counts)
    # Only what is drawn becomes tuples: that conversion costs more than all of the projection.
    corners = np.repeat(first[shown] - (ends - counts), counts) + np.arange(counts.sum())
    return Projected(
        list(zip(u[corners].tolist(), v[corners].tolist(), strict=True)),
        (ends - counts).tolist(),
        ends.tolist(),
        chosen[shown],
        np.zeros(int(shown.sum())),
        bounds[shown],
    )
