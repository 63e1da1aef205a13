"""Corners to the picture: the arithmetic of `projection`, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

Values = NDArray[np.float64]
Index = NDArray[np.int64]
Flags = NDArray[np.bool_]


@compiled
def seen_polygons(
    anchors_m: Values,
    offsets_m: Values,
    starts: Index,
    one_sided: Flags,
    groups: Index,
    centres_m: Values,
    labelled: Flags,
    place: tuple[float, float, float, float],
    lens: tuple[float, float, float, float],
    size: tuple[float, float],
    near_m: float,
    smallest_px: float,
) -> tuple[Values, Index, Index, Index, Values, Values]:
    """Return what of a mesh is seen, far groups first.

    Args:
        anchors_m: Of the mesh, as all that follows.
        offsets_m: Right and up in the picture plane.
        starts: First vertex of each polygon.
        one_sided: Whether it shows its front alone.
        groups: Its group.
        centres_m: World x, y of each group.
        labelled: Whether each group belongs to a labelled thing.
        place: World x and y of the camera, cosine and sine of its heading.
        lens: Focal length, centre u, centre v (all in supersampled pixels), and height in metres.
        size: Width and height in supersampled pixels.
        near_m: Corners nearer than this are seen at this depth.
        smallest_px: Polygons of no labelled thing whose bounds cover fewer pixels are left out.

    Returns:
        Corners, first and last corner, index in the mesh, mean depth, and bounds of each polygon.
    """
    x_m, y_m, c, s = place
    focal, centre_u, centre_v, height_m = lens
    width, height = size
    count, corners = len(starts), len(anchors_m)
    points = np.empty((corners, 2))
    shown = np.zeros(count, np.bool_)
    depths, bounds = np.empty(count), np.empty((count, 4))
    polygons, vertices = 0, 0
    for k in range(count):
        first, last = starts[k], starts[k + 1] if k + 1 < count else corners
        u0 = v0 = np.inf
        u1 = v1 = farthest = -np.inf
        total = 0.0
        for i in range(first, last):
            dx, dy = anchors_m[i, 0] - x_m, anchors_m[i, 1] - y_m
            depth = dx * c + dy * s
            factor = focal / max(depth, near_m)
            u = (dx * s - dy * c + offsets_m[i, 0]) * factor + centre_u
            v = (height_m - anchors_m[i, 2] - offsets_m[i, 1]) * factor + centre_v
            points[i, 0], points[i, 1] = u, v
            u0, v0, u1, v1 = min(u0, u), min(v0, v), max(u1, u), max(v1, v)
            farthest = max(farthest, depth)
            total += depth
        if not (farthest > near_m and u1 > 0.0 and u0 < width and v1 > 0.0 and v0 < height):
            continue
        if smallest_px and (u1 - u0) * (v1 - v0) < smallest_px and not labelled[groups[k]]:
            continue
        if one_sided[k]:
            area = 0.0
            before = last - 1
            for i in range(first, last):
                area += points[before, 0] * points[i, 1] - points[i, 0] * points[before, 1]
                before = i
            if area >= 0.0:
                continue
        shown[k] = True
        depths[k] = total / (last - first)
        bounds[k, 0], bounds[k, 1], bounds[k, 2], bounds[k, 3] = u0, v0, u1, v1
        polygons += 1
        vertices += last - first
    away = np.empty(len(centres_m))
    for g in range(len(centres_m)):
        dx, dy = centres_m[g, 0] - x_m, centres_m[g, 1] - y_m
        right, depth = dx * s - dy * c, dx * c + dy * s
        away[g] = -np.sqrt(right * right + depth * depth)
    # Polygons of a group follow each other.
    head = np.full(len(centres_m) + 1, count)
    for k in range(count - 1, -1, -1):
        head[groups[k]] = k
    out_points = np.empty((vertices, 2))
    out_first, out_last, chosen = (
        np.empty(polygons, np.int64),
        np.empty(polygons, np.int64),
        np.empty(polygons, np.int64),
    )
    out_depths, out_bounds = np.empty(polygons), np.empty((polygons, 4))
    done, at = 0, 0
    for g in np.argsort(away, kind="mergesort"):
        k = head[g]
        while k < count and groups[k] == g:
            if shown[k]:
                first, last = starts[k], starts[k + 1] if k + 1 < count else corners
                out_first[done] = at
                for i in range(first, last):
                    out_points[at, 0], out_points[at, 1] = points[i, 0], points[i, 1]
                    at += 1
                out_last[done], chosen[done], out_depths[done] = at, k, depths[k]
                for side in range(4):
                    out_bounds[done, side] = bounds[k, side]
                done += 1
            k += 1
    return out_points, out_first, out_last, chosen, out_depths, out_bounds


@compiled
def cut_polygons(
    points_m: Values,
    starts: Index,
    heights_m: Values,
    place: tuple[float, float, float, float],
    lens: tuple[float, float, float, float],
    size: tuple[float, float],
    near_m: float,
) -> tuple[Values, Index, Index, Index, Values]:
    """Return what of flat polygons is seen, cut at a depth, in their own order.

    Args:
        points_m: World x and y of each corner.
        starts: First corner of each polygon.
        heights_m: Of each corner; none where all is level.
        place: World x and y of the camera, cosine and sine of its heading.
        lens: Focal length, centre u, centre v (all in supersampled pixels), and height in metres.
        size: Width and height in supersampled pixels.
        near_m: Where they are cut.

    Returns:
        Corners, first and last corner, index and bounds of each polygon.
    """
    x_m, y_m, c, s = place
    focal, centre_u, centre_v, height_m = lens
    width, height = size
    count, corners = len(starts), len(points_m)
    uneven = len(heights_m) > 0
    points = np.empty((2 * corners, 2))
    first_of, last_of = np.empty(count, np.int64), np.empty(count, np.int64)
    chosen, bounds = np.empty(count, np.int64), np.empty((count, 4))
    done, at = 0, 0
    for k in range(count):
        first, last = starts[k], starts[k + 1] if k + 1 < count else corners
        begin = at
        u0 = v0 = np.inf
        u1 = v1 = -np.inf
        dx, dy = points_m[first, 0] - x_m, points_m[first, 1] - y_m
        right, depth = dx * s - dy * c, dx * c + dy * s
        up = heights_m[first] if uneven else 0.0
        for i in range(first, last):
            j = i + 1 if i + 1 < last else first
            dx, dy = points_m[j, 0] - x_m, points_m[j, 1] - y_m
            next_right, next_depth = dx * s - dy * c, dx * c + dy * s
            next_up = heights_m[j] if uneven else 0.0
            for end in range(2):
                if end:
                    if next_depth < near_m:
                        continue
                    factor = focal / next_depth
                    u, v = next_right * factor + centre_u, (height_m - next_up) * factor + centre_v
                else:
                    if (depth >= near_m) == (next_depth >= near_m):
                        continue
                    share = (near_m - depth) / (next_depth - depth)
                    factor = focal / near_m
                    u = (right + share * (next_right - right)) * factor + centre_u
                    v = (height_m - (up + share * (next_up - up))) * factor + centre_v
                points[at, 0], points[at, 1] = u, v
                u0, v0, u1, v1 = min(u0, u), min(v0, v), max(u1, u), max(v1, v)
                at += 1
            right, depth, up = next_right, next_depth, next_up
        if at > begin and u1 > 0.0 and u0 < width and v0 < height:
            first_of[done], last_of[done], chosen[done] = begin, at, k
            bounds[done, 0], bounds[done, 1], bounds[done, 2], bounds[done, 3] = u0, v0, u1, v1
            done += 1
        else:
            at = begin
    return points[:at], first_of[:done], last_of[:done], chosen[:done], bounds[:done]
