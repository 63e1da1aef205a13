"""The lane and the stop line as lines on the road: in metres, in pixels, and what hides them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.maps import LaneLines, Polyline, StopLineOutline
from sim.render.ground import Ground
from sim.render.labels import next_line
from sim.render.maps import Numbered
from sim.render.projection import NEAR_M, Projected, View
from sim.world import World

AHEAD_M = 60.0
STEP_M = 1.0
"""How far the lane is told, and how far apart its points are: a bend of 50 m radius strays 3 mm from its chord."""


def lane_lines(world: World, view: View, numbered: Numbered, ahead_m: float = AHEAD_M) -> LaneLines:
    """Return the ego lane's middle and edges.

    Args:
        world: The moment.
        view: The camera's place.
        numbered: The picture in polygon numbers, which tells what is hidden.
        ahead_m: How far along the road from the camera.
    """
    road = world.scene.network.ego_road
    start_m, _ = road.path.project(view.x_m, view.y_m, world.ego_s_m)
    stations = start_m + np.append(np.arange(0.0, ahead_m, STEP_M), ahead_m)
    half_m = 0.5 * road.lane_width_m
    centre, left, right = (
        _polyline(
            np.array([road.path.position(float(s), road.lane_centre_d_m + aside_m) for s in stations]), view, numbered
        )
        for aside_m in (0.0, half_m, -half_m)
    )
    return LaneLines(centre, left, right)


def stop_line_outline(
    world: World, view: View, numbered: Numbered, ground: Ground, flat: Projected
) -> StopLineOutline | None:
    """Return the outline of the nearest stop line ahead of the camera, or None where there is none.

    Args:
        world: The moment.
        view: The camera's place.
        numbered: The picture in polygon numbers.
        ground: All that lies flat.
        flat: The polygons of `ground` in the picture.
    """
    line = next_line(world, view)
    if line is None:
        return None
    polygon = ground.lines[world.scene.network.stop_lines.index(line)]
    first, last = (*ground.starts, len(ground.points_m))[polygon : polygon + 2]
    points_m = _from_camera(ground.points_m[first:last], view)
    found = np.flatnonzero(flat.index == polygon)
    if not len(found):
        return StopLineOutline(points_m, np.zeros((0, 2)), 0.0)
    k = int(found[0])
    pixels = flat.points[flat.first[k] : flat.last[k]]
    whole_px = cv2.contourArea(pixels.astype(np.float32))
    visible_px = int(np.count_nonzero(numbered.ids == k + 1))
    return StopLineOutline(points_m, pixels / view.scale, min(visible_px / max(whole_px, 1.0), 1.0))


def _from_camera(places_m: NDArray[np.float64], view: View) -> NDArray[np.float64]:
    """Return places in the plan, shape (n, 2), as x forward and y left of the ground under the camera."""
    right, depth = view.to_camera(places_m[:, 0], places_m[:, 1])
    return np.stack([depth, -right], axis=1)


def _polyline(places_m: NDArray[np.float64], view: View, numbered: Numbered) -> Polyline:
    points_m = _from_camera(places_m, view)
    camera = view.camera
    ahead = points_m[:, 0] > NEAR_M
    pixels = np.full(points_m.shape, np.nan)
    down = np.full(int(ahead.sum()), camera.height_m)
    pixels[ahead] = camera.project(np.stack([-points_m[ahead, 1], down, points_m[ahead, 0]], axis=1))
    pixels[ahead, 1] -= view.raised_px
    inside = ahead.copy()
    inside[ahead] = ((pixels[ahead] >= 0) & (pixels[ahead] < (camera.width_px, camera.height_px))).all(axis=1)
    visible = np.zeros(len(points_m), np.bool_)
    columns, rows = (pixels[inside] * view.scale).astype(np.int64).T
    visible[inside] = numbered.flat[rows, columns]
    return Polyline(points_m, pixels, visible)
