"""The camera: from a world to a picture and its labels."""

from __future__ import annotations

import os
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera, CameraFrame
from sim.render.backdrop import Backdrop
from sim.render.faces import textures
from sim.render.ground import Ground, build_ground
from sim.render.labels import Labeler
from sim.render.mesh import Mesh, join
from sim.render.projection import Projected, View, project_ground, project_mesh
from sim.render.road_users import ARM_FACE, road_user_meshes
from sim.render.sensor import Sensor
from sim.render.solids import SILHOUETTE, FaceKey, build_scene_mesh
from sim.truth import GroundTruth
from sim.world import Light, Scene, World

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

SUPERSAMPLING = 2
"""Everything is drawn at this multiple and averaged down: the only smooth edges that measure as smooth."""

_TINY_PX = 5
"""Faces narrower than this, supersampled, are filled with their mean colour."""

_GROUND_GAIN = 1.25
"""Makes good what the grain takes from the ground's mean brightness."""

_FORESHORTENED = 0.55
"""Share of the ground's nearest visible distance at which flat polygons are cut."""


class Painter:
    """Draws frames and labels for one camera. Keeps caches; holds no state of the drive.

    Args:
        camera: Size and geometry of the frames.
    """

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        width, height = camera.width_px * SUPERSAMPLING, camera.height_px * SUPERSAMPLING
        # Surface and array share their memory: what Pygame draws, OpenCV reads without a copy.
        self._pixels: NDArray[np.uint8] = np.zeros((height, width, 4), np.uint8)
        self._canvas = pygame.image.frombuffer(self._pixels.data, (width, height), "RGBA")
        self._backdrop = Backdrop(camera)
        self._sensor = Sensor(camera)
        self._labeler = Labeler(camera.width_px, camera.height_px, SUPERSAMPLING)
        self._near_m = _FORESHORTENED * camera.ground_distance_m(camera.height_px)
        self._scene: Scene | None = None
        self._mesh: Mesh | None = None
        self._faces: list[FaceKey] = []
        self._ground: Ground | None = None

    def look(
        self, world: World, *, frame: bool = True, truth: bool = True
    ) -> tuple[CameraFrame | None, GroundTruth | None]:
        """Return the picture and the labels of a moment; what is not asked for costs nothing and is None."""
        if not (frame or truth):
            return None, None
        standing, ground = self._prepared(world.scene)
        view = View.of(world, self.camera, SUPERSAMPLING)
        mesh = join([standing, *road_user_meshes(world, view, len(self._faces) - 1)])
        solids = project_mesh(view, mesh)
        flat = project_ground(view, ground, self._near_m)
        picture = self._paint(world, view, mesh, solids, ground, flat) if frame else None
        labels = self._labeler.label(world, view, mesh, solids, ground, flat) if truth else None
        return picture, labels

    def _prepared(self, scene: Scene) -> tuple[Mesh, Ground]:
        if self._scene is not scene or self._mesh is None or self._ground is None:
            self._mesh, faces = build_scene_mesh(scene)
            self._faces = [*faces, ARM_FACE]
            self._ground = build_ground(scene)
            self._scene = scene
        return self._mesh, self._ground

    def _paint(
        self, world: World, view: View, mesh: Mesh, solids: Projected, ground: Ground, flat: Projected
    ) -> CameraFrame:
        light = world.scene.light
        self._paint_backdrop(world, view, ground)
        colours = np.clip(ground.colours * np.array(light.ambient) * _GROUND_GAIN, 0, 255).astype(np.int64).tolist()
        draw, canvas = pygame.draw.polygon, self._canvas
        for k, index in enumerate(flat.index.tolist()):
            draw(canvas, (*colours[index], 255), flat.points[flat.first[k] : flat.last[k]])
        self._paint_shadows(world, view)
        self._paint_solids(light, mesh, solids)
        small = cv2.resize(self._pixels, (self.camera.width_px, self.camera.height_px), interpolation=cv2.INTER_AREA)
        rgb = self._backdrop.finish_ground(np.asarray(small, np.uint8), view, light)
        return CameraFrame(world.step, self._sensor.expose(rgb, light, world.scene.seed, world.step), self.camera)

    def _paint_backdrop(self, world: World, view: View, ground: Ground) -> None:
        light, seed = world.scene.light, world.scene.seed
        sky = self._backdrop.sky(light, seed, view.heading_rad)
        rows = SUPERSAMPLING * self._backdrop.sky_rows
        width = SUPERSAMPLING * self.camera.width_px
        sky = cv2.resize(sky, (width // SUPERSAMPLING, rows // SUPERSAMPLING), interpolation=cv2.INTER_LINEAR)
        cv2.resize(sky, (width, rows), dst=self._pixels[:rows], interpolation=cv2.INTER_NEAREST)
        red, green, blue = (
            min(255, int(_GROUND_GAIN * c * a)) for c, a in zip(ground.base, light.ambient, strict=True)
        )
        self._canvas.fill((red, green, blue, 255), (0, rows, width, rows))
        if seed % 3:
            woods = np.array([64.0, 84.0, 74.0]) * np.array(light.ambient)
            haze = np.array(light.sky_low, np.float64)
            hills = 0.45 * woods + 0.55 * haze
            colour = (int(hills[0]), int(hills[1]), int(hills[2]), 0)
            pygame.draw.polygon(self._canvas, colour, self._backdrop.hills(seed, view.heading_rad, SUPERSAMPLING))

    def _paint_shadows(self, world: World, view: View) -> None:
        """Darken the road under each vehicle: without it they seem to float."""
        for actor in world.actors:
            length_m, width_m = (0.5 * size if actor.on_foot else size for size in actor.size_m[:2])
            ahead_x, ahead_y = cos(actor.heading_rad), sin(actor.heading_rad)
            points: list[tuple[float, float]] = []
            for along, aside in ((0.52, -0.56), (0.52, 0.56), (-0.54, 0.56), (-0.54, -0.56)):
                along_m, aside_m = along * length_m, aside * width_m
                place = view.on_ground(
                    actor.x_m + ahead_x * along_m - ahead_y * aside_m, actor.y_m + ahead_y * along_m + ahead_x * aside_m
                )
                if place is not None:
                    points.append(place)
            if len(points) == 4:
                pygame.draw.polygon(self._canvas, (38, 38, 40, 255), points)

    def _paint_solids(self, light: Light, mesh: Mesh, solids: Projected) -> None:
        index = solids.index
        clear = np.exp(-3.0 * solids.depth_m / light.visibility_m)[:, None]
        shining = mesh.shining[index][:, None]
        lit = mesh.colours[index] * (shining + (1 - shining) * np.array(light.ambient))
        colours = np.clip(lit * clear + np.array(light.sky_low) * (1 - clear), 0, 255).astype(np.int64).tolist()
        faces = mesh.faces[index].tolist()
        wide = (solids.bounds[:, 2] - solids.bounds[:, 0]).tolist()
        draw, canvas, points = pygame.draw.polygon, self._canvas, solids.points
        for k, (first, last) in enumerate(zip(solids.first, solids.last, strict=True)):
            face = faces[k]
            if face >= 0:
                if wide[k] > _TINY_PX:
                    self._paint_face(self._faces[face], points[first:last], light, float(clear[k, 0]))
            elif face != SILHOUETTE or wide[k] <= _TINY_PX:
                draw(canvas, (*colours[k], 0), points[first:last])

    def _paint_face(self, key: FaceKey, corners: list[list[float]], light: Light, clear: float) -> None:
        """Lay a textured face over its corners: bottom left, bottom right, top right, top left."""
        target = np.array(corners, np.float32)
        height, width = self._pixels.shape[:2]
        u0, v0 = np.maximum(np.floor(target.min(axis=0)).astype(int) - 1, 0).tolist()
        u1, v1 = np.minimum(np.ceil(target.max(axis=0)).astype(int) + 1, (width, height)).tolist()
        if u1 <= u0 or v1 <= v0:
            return
        levels = textures(*key)
        across = max(np.hypot(*(target[1] - target[0])), np.hypot(*(target[2] - target[1])))
        level = levels[0]
        for level in levels:
            if max(level.shape[:2]) < 1.6 * across:
                break
        high, broad = level.shape[:2]
        source = np.array([[0, high], [broad, high], [broad, 0], [0, 0]], np.float32) - 0.5
        matrix = cv2.getPerspectiveTransform(source, target - np.array([u0 + 0.5, v0 + 0.5], np.float32))
        sprite = cv2.warpPerspective(level, matrix, (u1 - u0, v1 - v0), flags=cv2.INTER_LINEAR)
        haze = [value * (1 - clear) / 255 for value in light.sky_low]
        red, green, blue = (factor * clear for factor in light.ambient)
        shade = np.array(
            [[red, 0, 0, haze[0]], [0, green, 0, haze[1]], [0, 0, blue, haze[2]], [0, 0, 0, 1]], np.float32
        )
        sprite = np.ascontiguousarray(cv2.transform(sprite, shade))
        picture = pygame.image.frombuffer(sprite.data, (u1 - u0, v1 - v0), "RGBA")
        self._canvas.blit(picture, (u0, v0), special_flags=pygame.BLEND_PREMULTIPLIED)
