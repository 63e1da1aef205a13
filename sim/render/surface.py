"""The ground as light and weather leave it: its grain, its shadows, lamplight on it, water, snow and haze.

All of that is soft, so it is worked out at half the picture's resolution, as a factor and a sum for each pixel, and
laid over the sharp flat polygons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.actors import Actor
from sim.camera import Camera
from sim.light import Light
from sim.render.ground import Ground
from sim.render.ground_light import UNIT, Mask, Small, light_ground
from sim.render.illumination import HEADLAMP_COLOUR, Lamps, ground_beam, lamp_light
from sim.render.projection import Projected, View, most_raised_px, project_ground
from sim.render.raster import fill_layers, fill_polygons
from sim.render.shadows import actor_shadow, scene_shadows
from sim.render.textures import HARD, NEUTRAL, TILE_M, TILE_PX, Layer, ground_tile, surface_marks
from sim.world import Scene, World

_COARSE = 2
_SHADOW = len(Layer)
_CONTACT = 0.75
"""How much of the light is lost under a vehicle."""

_SMOOTH = 0.6
"""Share of a wet road that lies under smooth water: grit stands out of the rest."""

SNOW = (236.0, 240.0, 248.0)
_GRAIN_TO_M = 11.0
"""Grit finer than a pixel averages out: from here on the grain fades."""

_TO_PX = TILE_PX / TILE_M
_NO_LIGHT, _NO_PICTURE = np.zeros((0, 0), np.float32), np.zeros((0, 0, 3), np.uint8)


class Surface:
    """Finishes the ground for one camera; keeps what does not change from frame to frame.

    Args:
        camera: Size and geometry of the frames.
        near_m: Depth at which flat polygons are cut.
    """

    def __init__(self, camera: Camera, near_m: float) -> None:
        self._near_m = near_m
        # A raised horizon leaves more rows of ground; others use the first of them.
        self._taller = replace(camera, height_px=camera.height_px + 16 * ceil(most_raised_px(camera) / 16))
        # In its drawings of marks the horizon is where it is in a level frame.
        self._raised_px = (self._taller.height_px - camera.height_px) // 2
        most_rows = self._taller.height_px - camera.height_px // 2
        self._width = camera.width_px
        rows, columns = most_rows // _COARSE, camera.width_px // _COARSE
        below_px = camera.height_px // 2 + _COARSE * (np.arange(rows) + 0.5) - camera.centre_v_px
        depth = camera.focal_px * camera.height_m / np.maximum(below_px, 0.3)
        u = _COARSE * (np.arange(columns) + 0.5) - camera.centre_u_px
        self._depth_m = np.repeat(depth[:, None], columns, axis=1)
        self._right_m = depth[:, None] * u[None, :] / camera.focal_px
        self._depth_px, self._aside = _TO_PX * depth, np.asarray(u / camera.focal_px, np.float64)
        self._fade = np.clip(_GRAIN_TO_M / depth, 0.0, 1.0) ** 0.8 / NEUTRAL
        self._beam = ground_beam(self._right_m, self._depth_m)
        # Schlick's approximation (1994) of how much water mirrors at a grazing angle.
        sine = camera.height_m / np.hypot(depth, camera.height_m)
        self._mirrors = _SMOOTH * (0.02 + 0.98 * (1 - sine) ** 5)
        shape = (self._taller.height_px // _COARSE, columns)
        self._layers = np.zeros((len(Layer) + 1, *shape), np.uint8)
        self._scene: Scene | None = None
        self._marks: Ground | None = None
        self._seen = np.zeros(rows)
        self._veil, self._veil_of = np.zeros((0, camera.width_px, 3), np.uint8), 0
        self._targets, self._values = np.zeros(0, np.int64), np.zeros(0, np.uint8)

    def finish(
        self,
        drawn: NDArray[np.uint8],
        world: World,
        view: View,
        ground: Ground,
        flat: Projected,
        lamps: Lamps,
        mirrored: NDArray[np.uint8] | None,
    ) -> NDArray[np.uint8]:
        """Return the ground under its light.

        Args:
            drawn: The ground in its own colours, RGB, shape (rows, width_px, 3).
            world: The moment.
            view: The camera's place.
            ground: All that lies flat.
            flat: The polygons of `ground` in the picture.
            lamps: The lit street lamps.
            mirrored: What a wet road mirrors, RGB at half resolution; None when it is dry.

        Returns:
            RGB, shape (rows, width_px, 3).
        """
        light = world.scene.light
        self._prepare(world.scene)
        rows, wide = drawn.shape[:2]
        coarse = -(-rows // _COARSE)
        size = (wide, _COARSE * coarse)
        factors, sums = light_ground(
            self._draw_marks(world, view, ground, flat, coarse),
            ground_tile(),
            self._depth_px[:coarse],
            self._aside,
            self._fade[:coarse],
            self._seen[:coarse],
            self._mirrors[:coarse],
            (view.x_m * _TO_PX % TILE_PX, view.y_m * _TO_PX % TILE_PX),
            (cos(view.heading_rad), sin(view.heading_rad)),
            self._beam[:coarse] if light.headlights else _NO_LIGHT,
            self._pools(view, lamps, coarse),
            mirrored if light.wetness and mirrored is not None else _NO_PICTURE,
            light.ambient,
            _scaled(HEADLAMP_COLOUR, light.headlights),
            _scaled(lamps.colour, 1.0),
            1.0 if light.textured else 0.35,
            light.sunlight if light.sunlight else _CONTACT,
            1.0 if light.textured else 0.0,
            light.snow_cover,
            light.wetness,
        )
        done = cv2.multiply(drawn, cv2.resize(factors, size)[:rows], scale=1 / UNIT)
        if len(sums):
            cv2.add(done, cv2.resize(sums, size)[:rows], dst=done)
        return np.asarray(cv2.add(done, self._haze(light, coarse)[:rows], dst=done), np.uint8)

    def _pools(self, view: View, lamps: Lamps, rows: int) -> Small:
        """Return the illuminance of the street lamps; empty without any."""
        if not len(lamps.places_m):
            return _NO_LIGHT
        c, s = cos(view.heading_rad), sin(view.heading_rad)
        # Pools of light are soft: every eighth point of them will do.
        depth, right = self._depth_m[:rows:2, ::4], self._right_m[:rows:2, ::4]
        places = np.stack([view.x_m + depth * c + right * s, view.y_m + depth * s - right * c], axis=2)
        pools = lamp_light(lamps, places.reshape(-1, 2)).reshape(depth.shape).astype(np.float32)
        return np.asarray(cv2.resize(pools, (self._depth_m.shape[1], rows), interpolation=cv2.INTER_LINEAR), np.float32)

    def _draw_marks(
        self, world: World, view: View, ground: Ground, flat: Projected, rows: int
    ) -> tuple[Mask, Mask, Mask, Mask]:
        """Return what is hard, the tone, wheel tracks, and shadow."""
        for number, layer in enumerate(self._layers):
            layer.fill(NEUTRAL if number == Layer.TONE else 0)
        low = replace(view, camera=self._taller, scale=1 / _COARSE, raised_px=self._raised_px)
        scale, shift = low.scale / view.scale, low.scale * (low.centre_v_px - view.centre_v_px)
        hard = np.flatnonzero(np.isin(ground.classes[flat.index], HARD))
        points = scale * flat.points + np.array([0.0, shift])
        full = np.full(len(hard), 255, np.uint8)
        fill_polygons(self._layers[Layer.HARD], points, flat.first[hard], flat.last[hard], full)
        lying = _with_shadows(self._marks, world.actors, world.scene.light)
        if lying is not None:
            marks = project_ground(low, lying, self._near_m)
            still = marks.index < len(self._targets)
            targets = np.full(len(still), _SHADOW)
            values = np.full(len(still), 255, np.uint8)
            targets[still], values[still] = self._targets[marks.index[still]], self._values[marks.index[still]]
            fill_layers(self._layers, marks.points, marks.first, marks.last, targets, values)
        top = self._layers.shape[1] - len(self._depth_m)
        # A blur stands for penumbras, ragged edges and the smoothing that masks lack.
        layers = [np.asarray(cv2.blur(layer[top : top + rows], (3, 3)), np.uint8) for layer in self._layers]
        return layers[Layer.HARD], layers[Layer.TONE], layers[Layer.TRACK], layers[_SHADOW]

    def _prepare(self, scene: Scene) -> None:
        """Work out what stays while a scene does: its marks, its shadows, how far one sees."""
        if self._scene is scene:
            return
        marks = surface_marks(scene)
        shadows = scene_shadows(scene)
        self._targets = np.array([int(mark.layer) for mark in marks] + [_SHADOW] * len(shadows), np.int64)
        self._values = np.array([mark.value for mark in marks] + [255] * len(shadows), np.uint8)
        outlines = [*(mark.points_m for mark in marks), *shadows]
        self._marks = _flat(outlines) if outlines else None
        self._seen = np.exp(-3.0 * self._depth_m[:, 0] / scene.light.visibility_m)
        self._veil_of = 0
        self._scene = scene

    def _haze(self, light: Light, rows: int) -> NDArray[np.uint8]:
        """Return what haze adds to the ground, RGB, of which so many rows are seen at half resolution."""
        if self._veil_of != rows:
            hidden = np.repeat(1.0 - self._seen[:rows, None], self._width, axis=1)
            hidden = cv2.resize(hidden, (self._width, _COARSE * rows), interpolation=cv2.INTER_LINEAR)
            veil = [cv2.convertScaleAbs(hidden, alpha=value) for value in light.sky_low]
            self._veil, self._veil_of = np.asarray(cv2.merge(veil), np.uint8), rows
        return self._veil


def _scaled(colour: NDArray[np.float64], factor: float) -> tuple[float, float, float]:
    """Return red, green and blue times a factor, as plain numbers."""
    red, green, blue = (factor * colour).tolist()
    return red, green, blue


def _flat(outlines: Sequence[NDArray[np.float64]]) -> Ground:
    starts = np.cumsum([0] + [len(points) for points in outlines[:-1]])
    count = len(outlines)
    return Ground(np.concatenate(outlines), starts, np.zeros((count, 3)), np.zeros(count, np.uint8), (), (0, 0, 0))


def _with_shadows(marks: Ground | None, actors: tuple[Actor, ...], light: Light) -> Ground | None:
    if not actors:
        return marks
    more = _flat([actor_shadow(actor, light) for actor in actors])
    if marks is None:
        return more
    return replace(
        marks,
        points_m=np.concatenate([marks.points_m, more.points_m]),
        starts=np.concatenate([marks.starts, more.starts + len(marks.points_m)]),
    )
