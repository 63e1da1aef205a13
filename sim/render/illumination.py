"""How much light falls on each thing: sun and sky, the ego's low beam, street lamps.

Illuminance is worked out as a multiple of daylight on level ground and then brought to the scale of the picture's
colours, on which it acts as a factor: its square root, which is near enough to the camera's own curve (gamma 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import radians

import numpy as np
from numpy.typing import NDArray

from sim.light import Light
from sim.render.mesh import Mesh
from sim.render.projection import Projected, View
from sim.render.streetlamps import street_lamps
from sim.seeding import Stream, stream
from sim.world import Scene

BEAM_HEIGHT_M = 0.65
"""Height of the ego's headlamps above the road (UN R48 allows 0.5 to 1.2 m)."""

_CUT_OFF_RAD = radians(-0.57)
"""The low beam's upper edge: 1 % down (UN R112)."""

_KICK_UP = 0.26
"""Slope of that edge on the side away from oncoming traffic: 15 degrees (UN R112)."""

_REFERENCE_M = 20.0
HEADLAMP_COLOUR = np.array([1.0, 0.95, 0.86])
_RETRO_GAIN = 45.0
"""How much more of the headlights' light a retroreflective face returns to the camera than a matt one."""

_ROUND_UP = 0.5
"""How far an outline that stands for something round looks up, for the snow on it."""

_MOST = 1.12
"""Largest factor on a colour: more would bleach a lit sign's red."""

_LAMP_LEVEL = 0.30
"""Illuminance on the road right under a street lamp, as a multiple of daylight as a night camera sees it."""

_LAMP_COLOURS = ((1.0, 0.70, 0.36), (1.0, 0.86, 0.62), (0.90, 0.96, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Lamps:
    """The lit street lamps of a scene.

    Attributes:
        places_m: World x, y, z of each, shape (n, 3).
        colour: Red, green and blue of their light, shape (3,).
    """

    places_m: NDArray[np.float64] = field(repr=False)
    colour: NDArray[np.float64] = field(repr=False)


def lit_lamps(scene: Scene) -> Lamps:
    """Return the lamps of a scene; none by day."""
    places = street_lamps(scene) if scene.light.lamps else []
    look = int(stream(scene.seed, Stream.SKY, 1).integers(0, len(_LAMP_COLOURS)))
    return Lamps(np.array(places, np.float64).reshape(-1, 3), np.array(_LAMP_COLOURS[look]))


def low_beam(
    right_m: NDArray[np.float64], up_m: NDArray[np.float64], depth_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the low beam's illuminance on surfaces that face it, 1 at 20 m in the brightest part.

    Bright below a cut-off 1 % under the lamps' height, which rises to the right (right-hand traffic), a twentieth of
    that above it, and falling with the square of the distance.

    Args:
        right_m: Right of the camera's axis.
        up_m: Above the road.
        depth_m: Ahead of the camera.
    """
    ahead = np.maximum(depth_m, 1.0)
    aside_rad, above_rad = right_m / ahead, (up_m - BEAM_HEIGHT_M) / ahead
    edge = _CUT_OFF_RAD + _KICK_UP * np.clip(aside_rad, 0.0, 0.10)
    below = 1 / (1 + np.exp(np.clip((above_rad - edge) / radians(0.22), -30, 30)))
    spread = 0.78 * np.exp(-((aside_rad / 0.20) ** 2)) + 0.22 * np.exp(-((aside_rad / 0.55) ** 2))
    dip = np.exp(-((np.minimum(above_rad + 0.02, 0.0) / 0.11) ** 2))
    return spread * (0.05 + 0.95 * below) * dip * (_REFERENCE_M / np.maximum(ahead, 4.0)) ** 2


def lamp_light(lamps: Lamps, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the street lamps' illuminance at world points (n, 3), shape (n,).

    From a height h, at r aside, falls cos^3 = (h^2 / (h^2 + r^2))^1.5 of what falls right below (Lambert's cosine and
    the square of the distance).
    """
    if not len(lamps.places_m):
        return np.zeros(len(points_m))
    apart = points_m[:, None, :2] - lamps.places_m[None, :, :2]
    square = lamps.places_m[:, 2] ** 2
    share = square / (square + apart[..., 0] ** 2 + apart[..., 1] ** 2)
    return _LAMP_LEVEL * (share * np.sqrt(share)).sum(axis=1)


def surface_levels(
    light: Light, view: View, mesh: Mesh, solids: Projected, lamps: Lamps, retroreflective: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the factor on each drawn polygon's colour, shape (p, 3), and how far it looks up, -1 to 1, shape (p,).

    A polygon's normal comes from its first corners; an outline that always faces the camera is lit as if it were round.

    Args:
        light: Sun, sky and headlights.
        view: The camera's place.
        mesh: What stands up.
        solids: The polygons of `mesh` in the picture.
        lamps: The lit street lamps.
        retroreflective: Whether each textured face throws headlights back to where they come from.
    """
    index = solids.index
    first = mesh.starts[index]
    one, two, three = (mesh.anchors_m[first + k] for k in range(3))
    normal = np.cross(two - one, three - one)
    length = np.sqrt((normal**2).sum(axis=1))
    outline = length < 1e-9
    normal /= np.maximum(length, 1e-9)[:, None]
    centre = 0.5 * (one + three)
    centre[outline, 2] += 0.5 * mesh.offsets_m[first + 2, 1][outline]
    away = np.array([view.x_m, view.y_m, view.camera.height_m]) - centre
    away[:, 2] *= 0.2
    away /= np.sqrt((away**2).sum(axis=1))[:, None] + 1e-9
    normal[outline] = 0.62 * away[outline] + np.array([0.0, 0.0, 0.55])
    turned = ~mesh.one_sided[index] & ~outline & ((normal * away).sum(axis=1) < 0)
    normal[turned] *= -1
    sun = np.array(light.sun_direction)
    direct = np.clip(normal @ sun, 0.0, None) / max(float(sun[2]), 0.4)
    skylight = 0.72 + 0.28 * normal[:, 2]
    daylight = (1 - light.sunlight) * skylight + light.sunlight * np.minimum(direct, 1.6)
    total = daylight[:, None] * np.array(light.ambient) ** 2
    if light.headlights:
        right, depth = view.to_camera(centre[:, 0], centre[:, 1])
        beam = light.headlights * low_beam(right, centre[:, 2], depth)
        faces = mesh.faces[index]
        gain = np.full(len(index), 0.8)
        textured = faces >= 0
        gain[textured] = np.where(retroreflective[faces[textured]], _RETRO_GAIN, 0.8)
        beam *= gain
        total += beam[:, None] * HEADLAMP_COLOUR
    if len(lamps.places_m):
        total += 0.7 * lamp_light(lamps, centre)[:, None] * lamps.colour
    return np.minimum(np.sqrt(total), _MOST), np.where(outline, _ROUND_UP, normal[:, 2])


def ground_beam(right_m: NDArray[np.float64], depth_m: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the low beam's illuminance on the road, which it meets at a flat angle."""
    up = np.zeros_like(depth_m)
    beam = low_beam(right_m, up, depth_m) * np.minimum(4 * BEAM_HEIGHT_M / np.maximum(depth_m, 1.0), 0.45)
    return beam.astype(np.float32)
