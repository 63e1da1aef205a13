"""How much light falls on each thing: sun and sky, the ego's low beam, street lamps.

Illuminance is worked out as a multiple of daylight on level ground and then brought to the scale of the picture's
colours, on which it acts as a factor: its square root, which is near enough to the camera's own curve (gamma 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import radians, sqrt

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled
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


@compiled
def _daylight(
    anchors_m: NDArray[np.float64],
    offsets_m: NDArray[np.float64],
    starts: NDArray[np.int64],
    one_sided: NDArray[np.bool_],
    index: NDArray[np.int64],
    eye_m: tuple[float, float, float],
    sun: tuple[float, float, float],
    sunlight: float,
    ambient: tuple[float, float, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return sun and sky on the polygons of `index`, (p, 3), how far each looks up, and its middle, (p, 3).

    Args:
        anchors_m: Of the mesh, as the next three.
        offsets_m: Right and up in the picture plane.
        starts: First vertex of each polygon.
        one_sided: Whether it shows its front alone.
        index: Which polygons.
        eye_m: Where the camera is.
        sun: Direction of the sun.
        sunlight: Share of the light that comes straight from it.
        ambient: All light on level ground, as a multiple of daylight.
    """
    light, up, middle = np.empty((len(index), 3)), np.empty(len(index)), np.empty((len(index), 3))
    for k in range(len(index)):
        first = starts[index[k]]
        one, two, three = anchors_m[first], anchors_m[first + 1], anchors_m[first + 2]
        ax, ay, az = two[0] - one[0], two[1] - one[1], two[2] - one[2]
        bx, by, bz = three[0] - one[0], three[1] - one[1], three[2] - one[2]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        length = sqrt(nx * nx + ny * ny + nz * nz)
        outline = length < 1e-9
        x, y, z = 0.5 * (one[0] + three[0]), 0.5 * (one[1] + three[1]), 0.5 * (one[2] + three[2])
        if outline:
            z += 0.5 * offsets_m[first + 2, 1]
        far_x, far_y, far_z = eye_m[0] - x, eye_m[1] - y, 0.2 * (eye_m[2] - z)
        far = sqrt(far_x * far_x + far_y * far_y + far_z * far_z) + 1e-9
        if outline:
            nx, ny, nz = 0.62 * far_x / far, 0.62 * far_y / far, 0.62 * far_z / far + 0.55
        else:
            nx, ny, nz = nx / length, ny / length, nz / length
            if not one_sided[index[k]] and nx * far_x + ny * far_y + nz * far_z < 0.0:
                nx, ny, nz = -nx, -ny, -nz
        direct = max(nx * sun[0] + ny * sun[1] + nz * sun[2], 0.0) / max(sun[2], 0.4)
        level = (1.0 - sunlight) * (0.72 + 0.28 * nz) + sunlight * min(direct, 1.6)
        for channel in range(3):
            light[k, channel] = level * ambient[channel]
        up[k] = _ROUND_UP if outline else nz
        middle[k, 0], middle[k, 1], middle[k, 2] = x, y, z
    return light, up, middle


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
    red, green, blue = light.ambient
    total, up, centre = _daylight(
        mesh.anchors_m,
        mesh.offsets_m,
        mesh.starts,
        mesh.one_sided,
        index,
        (view.x_m, view.y_m, view.camera.height_m),
        light.sun_direction,
        light.sunlight,
        (red * red, green * green, blue * blue),
    )
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
    return np.minimum(np.sqrt(total), _MOST), up


def ground_beam(right_m: NDArray[np.float64], depth_m: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the low beam's illuminance on the road, which it meets at a flat angle."""
    up = np.zeros_like(depth_m)
    beam = low_beam(right_m, up, depth_m) * np.minimum(4 * BEAM_HEIGHT_M / np.maximum(depth_m, 1.0), 0.45)
    return beam.astype(np.float32)
