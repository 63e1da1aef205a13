"""Shadows that the sun casts on the ground, as flat polygons."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.actors import Actor
from sim.light import Light
from sim.render.faces import outline
from sim.render.signposts import LORRY_LENGTH_M
from sim.signs import Mount, Sign
from sim.world import Scene, Scenery, SceneryKind

_LONGEST = 6.0
"""Shadows are cut at this multiple of a thing's height: beyond, they are too blurred to be seen."""

_CROWN_POINTS = 10

Outline = NDArray[np.float64]
"""A polygon in plan, shape (n, 2)."""


def stretch(light: Light) -> tuple[float, float]:
    """Return how far, along world x and y, the shadow of a point moves for each metre of its height."""
    length = min(1 / max(tan(light.sun_height_rad), 1e-3), _LONGEST)
    return -length * cos(light.sun_heading_rad), -length * sin(light.sun_heading_rad)


def scene_shadows(scene: Scene) -> list[Outline]:
    """Return the shadows of all that stands still; none without a sun."""
    if not scene.light.sunlight:
        return []
    per_m = np.array(stretch(scene.light))
    found: list[Outline] = []
    for thing in scene.scenery:
        if thing.kind is SceneryKind.BUILDING:
            corners = _rectangle(thing.x_m, thing.y_m, thing.heading_rad, thing.length_m, thing.width_m)
            found.append(_hull(corners, corners + per_m * thing.height_m))
        elif thing.kind is SceneryKind.POLE:
            found.append(_bar(thing.x_m, thing.y_m, thing.width_m, thing.height_m, per_m))
        else:
            found.extend(_tree(thing, per_m))
    for sign in scene.signs:
        found.extend(_sign(sign, per_m))
    return found


def actor_shadow(actor: Actor, light: Light) -> Outline:
    """Return the shadow of a vehicle: its outline, and that of its roof moved away from the sun."""
    length_m, width_m, height_m = actor.size_m
    corners = _rectangle(actor.x_m, actor.y_m, actor.heading_rad, length_m, width_m)
    if not light.sunlight:
        return corners
    roof = _rectangle(actor.x_m, actor.y_m, actor.heading_rad, 0.72 * length_m, 0.86 * width_m)
    return _hull(corners, roof + np.array(stretch(light)) * height_m)


def _rectangle(x_m: float, y_m: float, heading_rad: float, length_m: float, width_m: float) -> Outline:
    c, s = cos(heading_rad), sin(heading_rad)
    places = np.array([(1, -1), (1, 1), (-1, 1), (-1, -1)]) * (0.5 * length_m, 0.5 * width_m)
    return places @ np.array([[c, s], [-s, c]]) + (x_m, y_m)


def _hull(*parts: Outline) -> Outline:
    points = np.concatenate(parts).astype(np.float32)
    return np.asarray(cv2.convexHull(points), np.float64)[:, 0, :]


def _bar(x_m: float, y_m: float, width_m: float, height_m: float, per_m: NDArray[np.float64]) -> Outline:
    """Return the shadow of something tall and thin."""
    aside = np.array([-per_m[1], per_m[0]]) / max(float(np.hypot(*per_m)), 1e-6) * 0.5 * width_m
    foot, tip = np.array([x_m, y_m]), np.array([x_m, y_m]) + per_m * height_m
    return np.array([foot - aside, foot + aside, tip + aside, tip - aside])


def _tree(tree: Scenery, per_m: NDArray[np.float64]) -> Sequence[Outline]:
    """Return the shadows of a trunk and of a crown, which is a ball: an ellipse, longer the lower the sun."""
    radius_m = 0.5 * tree.width_m
    middle_m = max(tree.height_m - radius_m, 0.6 * radius_m)
    centre = np.array([tree.x_m, tree.y_m]) + per_m * middle_m
    length = float(np.hypot(*per_m))
    along = per_m / max(length, 1e-6)
    across = np.array([-along[1], along[0]])
    long_m = radius_m * float(np.hypot(1.0, length))
    turns = 2 * pi * np.arange(_CROWN_POINTS) / _CROWN_POINTS
    ripple = 1 + 0.10 * np.sin(3 * turns + tree.look)
    crown = (
        centre + np.outer(long_m * ripple * np.cos(turns), along) + np.outer(radius_m * ripple * np.sin(turns), across)
    )
    return _bar(tree.x_m, tree.y_m, 0.1 * tree.width_m + 0.08, middle_m, per_m), crown


def _sign(sign: Sign, per_m: NDArray[np.float64]) -> Sequence[Outline]:
    """Return the shadows of a face and of what holds it up."""
    face = _face(sign, per_m)
    if sign.mount is Mount.NOTHING:
        return (face,)
    if sign.mount is Mount.MAST_ARM:
        right_x, right_y = -sin(sign.facing_rad), cos(sign.facing_rad)
        foot_x, foot_y = sign.x_m + sign.reach_m * right_x, sign.y_m + sign.reach_m * right_y
        return face, _bar(foot_x, foot_y, 0.24, sign.bottom_m + sign.height_m + 0.5, per_m)
    if sign.mount is Mount.LORRY:
        half_m = 0.5 * LORRY_LENGTH_M
        middle = sign.x_m - half_m * cos(sign.facing_rad), sign.y_m - half_m * sin(sign.facing_rad)
        body = _rectangle(*middle, sign.facing_rad, LORRY_LENGTH_M, sign.width_m)
        return (_hull(body, body + per_m * (sign.bottom_m + sign.height_m)),)
    post_m = 0.45 if sign.mount is Mount.HAND else 0.07 if sign.width_m < 2 else 0.24
    return face, _bar(sign.x_m, sign.y_m, post_m, sign.centre_z_m, per_m)


def _face(sign: Sign, per_m: NDArray[np.float64]) -> Outline:
    right = np.array([-sin(sign.facing_rad), cos(sign.facing_rad)])
    shape = np.array(outline(sign.face))
    heights = sign.centre_z_m - shape[:, 1] * sign.height_m
    return np.array([sign.x_m, sign.y_m]) + np.outer(shape[:, 0] * sign.width_m, right) + np.outer(heights, per_m)
