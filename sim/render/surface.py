"""The ground as light and weather leave it: its grain, its shadows, lamplight on it, water, snow and haze.

All of that is soft, so it is worked out at half the picture's resolution, as a factor and a sum for each pixel, and
laid over the sharp flat polygons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, cos, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.actors import Actor
from sim.camera import Camera
from sim.light import Light
from sim.render.ground import Ground
from sim.render.illumination import HEADLAMP_COLOUR, Lamps, ground_beam, lamp_light
from sim.render.projection import Projected, View, most_raised_px, project_ground
from sim.render.raster import fill_layers, fill_polygons
from sim.render.shadows import actor_shadow, scene_shadows
from sim.render.textures import HARD, NEUTRAL, TILE_M, TILE_PX, Layer, ground_tile, laid_out, surface_marks
from sim.world import Scene, World

_COARSE = 2
_UNIT = 180
"""The factor's value that leaves a colour as it is; up to 255 / 180 of it fit into a byte."""

_SHADOW = len(Layer)
_CONTACT = 0.75
"""How much of the light is lost under a vehicle."""

_SMOOTH = 0.6
"""Share of a wet road that lies under smooth water: grit stands out of the rest."""

_DRY_GRASS = (0.34, 0.10, -0.10)
"""How dry grass shifts red, green and blue."""

SNOW = (236.0, 240.0, 248.0)
_GRAIN_TO_M = 11.0
"""Grit finer than a pixel averages out: from here on the grain fades."""

Small = NDArray[np.float32]
"""Half resolution, ground rows alone: shape (height_px / 4, width_px / 2) with the horizon in the middle."""


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
        to_px = TILE_PX / TILE_M
        self._ahead_px = (to_px * self._depth_m).astype(np.float32)
        self._right_px = (to_px * self._right_m).astype(np.float32)
        self._fade = (np.clip(_GRAIN_TO_M / self._depth_m, 0.0, 1.0) ** 0.8 / NEUTRAL).astype(np.float32)
        self._beam = ground_beam(self._right_m, self._depth_m)
        # Schlick's approximation (1994) of how much water mirrors at a grazing angle.
        sine = camera.height_m / np.hypot(self._depth_m, camera.height_m)
        self._mirrors = (_SMOOTH * (0.02 + 0.98 * (1 - sine) ** 5)).astype(np.float32)
        shape = (self._taller.height_px // _COARSE, columns)
        self._layers = np.zeros((len(Layer) + 1, *shape), np.uint8)
        self._scene: Scene | None = None
        self._marks: Ground | None = None
        self._seen = np.zeros((rows, columns), np.float32)
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
        hard, tone, track, shadow = self._draw_marks(world, view, ground, flat, coarse)
        c, s = cos(view.heading_rad), sin(view.heading_rad)
        to_px = TILE_PX / TILE_M
        ahead_px, right_px, fade, seen = (
            table[:coarse] for table in (self._ahead_px, self._right_px, self._fade, self._seen)
        )
        x = cv2.addWeighted(ahead_px, c, right_px, s, view.x_m * to_px % TILE_PX)
        y = cv2.addWeighted(ahead_px, s, right_px, -c, view.y_m * to_px % TILE_PX)
        grain = laid_out(ground_tile(), x, y)
        asphalt, grass, dry = (channel.astype(np.float32) - np.float32(NEUTRAL) for channel in cv2.split(grain))
        soft = 1.0 - hard
        strength = fade if light.textured else 0.35 * fade
        factor = _UNIT * (1.0 + strength * (asphalt * hard + grass * soft) + tone)
        level = 1.0 - (light.sunlight if light.sunlight else _CONTACT) * shadow
        factor *= seen
        extra = self._lamplight(light, view, lamps, coarse)
        if extra is None:
            lit = [factor * cv2.sqrt(level)]
            lit = [ambient * lit[0] for ambient in light.ambient]
        else:
            lit = [factor * cv2.sqrt(light.ambient[k] ** 2 * level + extra[k]) for k in range(3)]
        sums: list[NDArray[Any]] | None = None
        if light.snow_cover:
            # Snow lies over what colour there is, and is lit as that is.
            cover = _snow_cover(light.snow_cover, dry, hard, track)
            sums = [(SNOW[k] / _UNIT) * cover * lit[k] for k in range(3)]
            bare = 1.0 - cover
            lit = [part * bare for part in lit]
        elif light.textured:
            tint = strength * dry * soft
            lit = [part + weight * tint * part for part, weight in zip(lit, _DRY_GRASS, strict=True)]
        if light.wetness and mirrored is not None:
            wet = _wetness(light.wetness, dry, hard)
            mirrors = wet * self._mirrors[:coarse] * seen
            sums = [mirrors * mirrored[..., k] for k in range(3)]
            dark = 1.0 - 0.62 * wet
            lit = [part * dark for part in lit]
        factors = cv2.resize(cv2.convertScaleAbs(cv2.merge(lit)), size, interpolation=cv2.INTER_LINEAR)
        done = cv2.multiply(drawn, factors[:rows], scale=1 / _UNIT)
        if sums is not None:
            added = cv2.resize(cv2.convertScaleAbs(cv2.merge(sums)), size, interpolation=cv2.INTER_LINEAR)
            cv2.add(done, added[:rows], dst=done)
        return np.asarray(cv2.add(done, self._haze(light, coarse)[:rows], dst=done), np.uint8)

    def _lamplight(self, light: Light, view: View, lamps: Lamps, rows: int) -> list[Small] | None:
        """Return the illuminance that the ego's headlights and street lamps add to red, green and blue."""
        beam = None
        if light.headlights:
            beam = [light.headlights * part * self._beam[:rows] for part in HEADLAMP_COLOUR.tolist()]
        if not len(lamps.places_m):
            return beam
        c, s = cos(view.heading_rad), sin(view.heading_rad)
        # Pools of light are soft: every eighth point of them will do.
        depth, right = self._depth_m[:rows:2, ::4], self._right_m[:rows:2, ::4]
        places = np.stack([view.x_m + depth * c + right * s, view.y_m + depth * s - right * c], axis=2)
        pools = lamp_light(lamps, places.reshape(-1, 2)).reshape(depth.shape).astype(np.float32)
        pools = np.asarray(cv2.resize(pools, (self._depth_m.shape[1], rows), interpolation=cv2.INTER_LINEAR))
        if beam is None:
            return [part * pools for part in lamps.colour.tolist()]
        return [lit + part * pools for lit, part in zip(beam, lamps.colour.tolist(), strict=True)]

    def _draw_marks(
        self, world: World, view: View, ground: Ground, flat: Projected, rows: int
    ) -> tuple[Small, Small, Small, Small]:
        """Return, 0 to 1, what is hard; the tone as a difference from 1; wheel tracks; and shadow."""
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
        hard, tone, track, shadow = (cv2.blur(layer[top : top + rows], (3, 3)) for layer in self._layers)
        unit = np.float32(1 / 255)
        return hard * unit, (tone - np.float32(NEUTRAL)) * self._fade[:rows], track * unit, shadow * unit

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
        self._seen = np.exp(-3.0 * self._depth_m / scene.light.visibility_m).astype(np.float32)
        self._veil_of = 0
        self._scene = scene

    def _haze(self, light: Light, rows: int) -> NDArray[np.uint8]:
        """Return what haze adds to the ground, RGB, of which so many rows are seen at half resolution."""
        if self._veil_of != rows:
            seen = cv2.resize(self._seen[:rows], (self._width, _COARSE * rows), interpolation=cv2.INTER_LINEAR)
            veil = [cv2.convertScaleAbs(1.0 - seen, alpha=value) for value in light.sky_low]
            self._veil, self._veil_of = np.asarray(cv2.merge(veil), np.uint8), rows
        return self._veil


def _snow_cover(snow: float, dry: Small, hard: Small, track: Small) -> Small:
    """Return the share of the ground under snow: most of the verge, less of the road, little in the tracks."""
    patches = 0.006 * dry
    on_road = snow * (1.0 - 0.6 * track) - 0.06 + patches * (1.0 + track)
    beside = 0.45 + 0.55 * snow + 0.5 * patches
    return np.asarray(np.clip(hard * on_road + (1.0 - hard) * beside, 0.0, 0.97), np.float32)


def _wetness(wetness: float, dry: Small, hard: Small) -> Small:
    """Return how much of the ground is under water: a film, and puddles where it lies low."""
    return np.asarray(np.clip(wetness * (0.62 + 0.012 * dry), 0.0, 1.0) * (0.25 + 0.75 * hard), np.float32)


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
