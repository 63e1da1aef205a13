"""The camera: from a world to a picture and its labels."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, hypot, log2, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera, CameraFrame
from sim.light import Light, Sky
from sim.maps import LaneLines, Maps, StopLineOutline
from sim.render.atmosphere import dazzle, falls, glow_lamps
from sim.render.backdrop import Backdrop, enlarge, with_rows
from sim.render.facades import WALL_FACE
from sim.render.faces import FaceKey, mean_colour, retroreflective, texture
from sim.render.ground import Ground, build_ground
from sim.render.illumination import Lamps, lit_lamps, surface_levels
from sim.render.labels import Labeler
from sim.render.lanes import AHEAD_M, lane_lines, stop_line_outline
from sim.render.lens import Lens
from sim.render.maps import Mapper
from sim.render.mesh import EMPTY, SILHOUETTE, Mesh, join
from sim.render.mirror import Mirror
from sim.render.projection import Projected, View, project_ground, project_mesh
from sim.render.raster import fill_chosen, fill_polygons
from sim.render.road_users import ARM_FACE, road_user_meshes
from sim.render.sensor import Sensor
from sim.render.solids import build_scene_mesh
from sim.render.surface import SNOW, Surface
from sim.render.textures import WALL_PX_PER_M, wall_tiles
from sim.render.texturing import lay_face, lay_grain
from sim.truth import GroundTruth
from sim.world import Scene, World

SUPERSAMPLING = 2
"""Everything is drawn at this multiple and averaged down: the only smooth edges that measure as smooth."""

_TINY_PX = 5
"""Faces narrower than this, supersampled, are filled with their mean colour."""

_GROUND_GAIN = 1.25
"""Makes good what the grain takes from the ground's mean brightness."""

_GRAINED_PX = 60
"""Walls wider than this, supersampled, show their bricks."""

_SPECK_PX = 10.0
"""In modelled light, details whose bounds cover less than so many supersampled pixels are left out."""

_SHADOW_NEAR_M = 2.0
"""A shadow under a vehicle that reaches nearer than this is left out."""

_FORESHORTENED = 0.55
"""Share of the ground's nearest visible distance at which flat polygons are cut."""


def _as_words(rgba: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the same memory with each pixel, or colour, as one number: the last axis, of four, is gone."""
    return rgba.view(np.uint32)[..., 0]


class Painter:
    """Draws frames and labels for one camera. Keeps caches; holds no state of the drive.

    Args:
        camera: Size and geometry of the frames.
    """

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        width, height = camera.width_px * SUPERSAMPLING, camera.height_px * SUPERSAMPLING
        self._pixels: NDArray[np.uint8] = np.zeros((height, width, 4), np.uint8)
        self._words = _as_words(self._pixels)
        self._backdrop = Backdrop(camera)
        self._sensor = Sensor(camera)
        self._labeler = Labeler(camera.width_px, camera.height_px, SUPERSAMPLING)
        self._mapper = Mapper(camera.width_px, camera.height_px, SUPERSAMPLING)
        self._near_m = _FORESHORTENED * camera.ground_distance_m(camera.height_px)
        self._surface = Surface(camera, self._near_m)
        self._mirror = Mirror(camera)
        self._lens = Lens(camera)
        self._lamps = Lamps(np.zeros((0, 3)), np.ones(3))
        self._scene: Scene | None = None
        self._mesh: Mesh | None = None
        self._joined, self._joined_of = EMPTY, list[Mesh]()
        self._faces: list[FaceKey] = []
        self._unseen: dict[int, FaceKey] = {}
        self._retroreflective = np.zeros(0, np.bool_)
        self._ground: Ground | None = None

    def look(
        self, world: World, *, frame: bool = True, truth: bool = True
    ) -> tuple[CameraFrame | None, GroundTruth | None]:
        """Return the picture and the labels of a moment; what is not asked for costs nothing and is None."""
        if not (frame or truth):
            return None, None
        view, mesh, solids, ground, flat = self._projected(world)
        picture = self._paint(world, view, mesh, solids, ground, flat) if frame else None
        labels = self._labeler.label(world, view, mesh, solids, ground, flat) if truth else None
        return picture, labels

    def maps(self, world: World, *, instances: bool = False, semantics: bool = False, depth: bool = False) -> Maps:
        """Return labels for each pixel of a moment; what is not asked for costs nothing and is None."""
        view, mesh, solids, ground, flat = self._projected(world)
        mapper = self._mapper
        numbered = mapper.number(mesh, solids, flat)
        truth = self._labeler.label(world, view, mesh, solids, ground, flat) if semantics else None
        return Maps(
            world.step,
            SUPERSAMPLING,
            mapper.instances(numbered, mesh, solids) if instances else None,
            mapper.semantics(numbered, view, mesh, solids, ground, flat, truth) if truth else None,
            mapper.depth_m(numbered, view, mesh, solids, ground, flat) if depth else None,
        )

    def lane(self, world: World, ahead_m: float = AHEAD_M) -> LaneLines:
        """Return the ego lane's middle and edges from under the camera to `ahead_m` metres along the road."""
        view, mesh, solids, _, flat = self._projected(world)
        return lane_lines(world, view, self._mapper.number(mesh, solids, flat), ahead_m)

    def stop_line(self, world: World) -> StopLineOutline | None:
        """Return the outline of the nearest stop line ahead of the camera, or None where there is none."""
        view, mesh, solids, ground, flat = self._projected(world)
        return stop_line_outline(world, view, self._mapper.number(mesh, solids, flat), ground, flat)

    def _projected(self, world: World) -> tuple[View, Mesh, Projected, Ground, Projected]:
        """Return the camera's place, and what stands and what lies flat, each with its polygons in the picture."""
        standing, ground = self._prepared(world.scene)
        view = View.of(world, self.camera, SUPERSAMPLING)
        meshes = [standing, *road_user_meshes(world, view, len(self._faces) - 1)]
        # Where nothing moves, the meshes are those of the last moment.
        if len(meshes) != len(self._joined_of) or any(a is not b for a, b in zip(meshes, self._joined_of, strict=True)):
            self._joined, self._joined_of = join(meshes), meshes
        mesh = self._joined
        solids = project_mesh(view, mesh, _SPECK_PX if world.scene.light.modelled else 0.0)
        self._colour_faces(standing, mesh, solids)
        return view, mesh, solids, ground, project_ground(view, ground, self._near_m)

    def _prepared(self, scene: Scene) -> tuple[Mesh, Ground]:
        if self._scene is not scene or self._mesh is None or self._ground is None:
            self._mesh, faces = build_scene_mesh(scene)
            self._faces = [*faces, ARM_FACE]
            corners = np.flatnonzero(self._mesh.faces >= 0).tolist()
            self._unseen = {polygon: key for at, key in zip(corners, faces, strict=True) for polygon in (at - 1, at)}
            self._retroreflective = np.array([retroreflective(key[0]) for key in self._faces], np.bool_)
            self._ground = build_ground(scene)
            self._lamps = lit_lamps(scene)
            self._scene = scene
        return self._mesh, self._ground

    def _colour_faces(self, standing: Mesh, mesh: Mesh, solids: Projected) -> None:
        """Give signs that are seen for the first time their mean colours; the standing mesh begins the whole one."""
        if not self._unseen:
            return
        carried = mesh.faces[solids.index]
        for polygon in solids.index[(carried >= 0) | (carried == SILHOUETTE)].tolist():
            key = self._unseen.pop(polygon, None)
            if key is not None:
                standing.colours[polygon] = mesh.colours[polygon] = mean_colour(*key)

    def _paint(
        self, world: World, view: View, mesh: Mesh, solids: Projected, ground: Ground, flat: Projected
    ) -> CameraFrame:
        light, seed = world.scene.light, world.scene.seed
        levels, colours = self._light_solids(light, view, mesh, solids)
        sky = self._paint_sky(world, view)
        if light.modelled:
            self._paint_ground(view, ground, flat, (1.0, 1.0, 1.0))
            self._finish_ground(world, view, ground, flat, mesh, solids, colours, sky)
            self._paint_hills(world, view)
        else:
            self._paint_ground(view, ground, flat, light.ambient, _GROUND_GAIN, lambda: self._paint_hills(world, view))
            self._paint_shadows(world, view)
        self._paint_solids(light, mesh, solids, levels, colours)
        small = cv2.resize(self._pixels, (self.camera.width_px, self.camera.height_px), interpolation=cv2.INTER_AREA)
        if light.modelled:
            rgb = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGBA2RGB), np.uint8)
            self._paint_air(rgb, world, view, mesh, solids, colours)
        else:
            rgb = self._backdrop.finish_ground(np.asarray(small, np.uint8), view, light)
        if light.sensor is not None:
            return CameraFrame(world.step, self._lens.expose(rgb, world), self.camera)
        return CameraFrame(world.step, self._sensor.expose(rgb, light, seed, world.step), self.camera)

    def _light_solids(
        self, light: Light, view: View, mesh: Mesh, solids: Projected
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return the light's factor on each polygon, shape (p, 3), and its colour in light and haze, RGBA, alpha 0."""
        index = solids.index
        surfaces = mesh.colours[index]
        if light.modelled:
            levels, up = surface_levels(light, view, mesh, solids, self._lamps, self._retroreflective)
            if light.snow_cover:
                covered = (light.snow_cover * np.clip(1.6 * up - 0.35, 0.0, 0.95) * (mesh.shining[index] == 0))[:, None]
                surfaces = surfaces * (1 - covered) + np.array(SNOW) * covered
        else:
            levels = np.repeat(np.array(light.ambient)[None, :], len(index), axis=0)
        clear = np.exp(-3.0 * solids.depth_m / light.visibility_m)[:, None]
        shining = mesh.shining[index][:, None]
        lit = surfaces * (shining + (1 - shining) * levels)
        colours = np.zeros((len(index), 4), np.uint8)
        colours[:, :3] = np.clip(lit * clear + np.array(light.sky_low) * (1 - clear), 0, 255)
        return levels, colours

    def _paint_sky(self, world: World, view: View) -> NDArray[np.uint8]:
        """Draw the sky; return it at half resolution, RGBA."""
        half, sky = self._backdrop.sky(world.scene.light, world.scene.seed, view.heading_rad)
        rows = SUPERSAMPLING * view.sky_rows
        self._pixels[:rows] = with_rows(sky, rows)
        return half

    def _paint_ground(
        self,
        view: View,
        ground: Ground,
        flat: Projected,
        ambient: tuple[float, float, float],
        gain: float = 1.0,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Draw what lies flat."""
        top = SUPERSAMPLING * view.sky_rows
        base = [*(min(255, int(gain * c * a)) for c, a in zip(ground.base, ambient, strict=True)), 255]
        self._words[top:] = _as_words(np.array(base, np.uint8))
        if before:
            before()
        colours = np.full((len(flat.index), 4), 255, np.uint8)
        colours[:, :3] = np.clip(ground.colours[flat.index] * np.array(ambient) * gain, 0, 255)
        fill_polygons(self._words, flat.points, flat.first, flat.last, _as_words(colours))

    def _fill(self, points: NDArray[np.float64], rgba: tuple[float, ...]) -> None:
        """Fill one polygon."""
        one = np.array([0]), np.array([len(points)])
        fill_polygons(self._words, points, *one, _as_words(np.array([rgba]).astype(np.uint8)))

    def _finish_ground(
        self,
        world: World,
        view: View,
        ground: Ground,
        flat: Projected,
        mesh: Mesh,
        solids: Projected,
        colours: NDArray[np.uint8],
        sky: NDArray[np.uint8],
    ) -> None:
        """Give the ground, drawn in its own colours, its grain and light, before anything stands on it."""
        lower = self._pixels[SUPERSAMPLING * view.sky_rows :]
        size = (lower.shape[1] // SUPERSAMPLING, lower.shape[0] // SUPERSAMPLING)
        drawn = cv2.cvtColor(cv2.resize(lower, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGBA2RGB)
        mirrored = self._mirror.picture(view, mesh, solids, colours, sky) if world.scene.light.wetness else None
        done = self._surface.finish(np.asarray(drawn, np.uint8), world, view, ground, flat, self._lamps, mirrored)
        enlarge(np.asarray(cv2.cvtColor(done, cv2.COLOR_RGB2RGBA), np.uint8), lower)

    def _paint_hills(self, world: World, view: View) -> None:
        light, seed = world.scene.light, world.scene.seed
        if seed % 3:
            woods = np.array([64.0, 84.0, 74.0]) * np.array(light.ambient)
            share = 0.45 * min(1.0, exp(2.0 - 6000.0 / light.visibility_m)) if light.modelled else 0.45
            hills = share * woods + (1 - share) * np.array(light.sky_low, np.float64)
            self._fill(self._backdrop.hills(seed, view), (*hills.tolist(), 0))

    def _paint_air(
        self,
        rgb: NDArray[np.uint8],
        world: World,
        view: View,
        mesh: Mesh,
        solids: Projected,
        colours: NDArray[np.uint8],
    ) -> None:
        """Let lamps glow, the sun dazzle, and rain or snow fall, in place."""
        light = world.scene.light
        glow_lamps(rgb, self._pixels, light, mesh, solids, colours)
        if light.sky is Sky.BACKLIGHT:
            dazzle(rgb, light, view, solids)
        falls(rgb, light, self.camera, world.scene.seed, world.step)

    def _paint_shadows(self, world: World, view: View) -> None:
        """Darken the road under each vehicle: without it they seem to float."""
        places: list[tuple[float, float]] = []
        for actor in world.actors:
            length_m, width_m = (0.5 * size if actor.on_foot else size for size in actor.size_m[:2])
            ahead_x, ahead_y = cos(actor.heading_rad), sin(actor.heading_rad)
            for along, aside in ((0.52, -0.56), (0.52, 0.56), (-0.54, 0.56), (-0.54, -0.56)):
                along_m, aside_m = along * length_m, aside * width_m
                places.append(
                    (
                        actor.x_m + ahead_x * along_m - ahead_y * aside_m,
                        actor.y_m + ahead_y * along_m + ahead_x * aside_m,
                    )
                )
        if not places:
            return
        points, depth_m = view.on_ground(np.array(places))
        chosen = np.min(depth_m.reshape(-1, 4), axis=1) >= _SHADOW_NEAR_M
        first = 4 * np.arange(len(chosen))
        words = np.full(len(chosen), _as_words(np.array([[38, 38, 40, 255]], np.uint8))[0])
        fill_chosen(self._words, points, first, first + 4, words, chosen, 0, len(chosen))

    def _paint_solids(
        self,
        light: Light,
        mesh: Mesh,
        solids: Projected,
        levels: NDArray[np.float64],
        colours: NDArray[np.uint8],
    ) -> None:
        clear = np.exp(-3.0 * solids.depth_m / light.visibility_m)
        faces = mesh.faces[solids.index]
        wide = solids.bounds[:, 2] - solids.bounds[:, 0]
        plain = (faces < 0) & ((faces != SILHOUETTE) | (wide <= _TINY_PX))
        textured = (faces >= 0) & (wide > _TINY_PX)
        if light.textured:
            textured |= (faces <= WALL_FACE) & (wide > _GRAINED_PX)
        words, done = _as_words(colours), 0
        for k in [*np.flatnonzero(textured).tolist(), len(faces)]:
            fill_chosen(
                self._words, solids.points, solids.first, solids.last, words, plain, done, min(k + 1, len(faces))
            )
            done = k + 1
            if k == len(faces):
                break
            face, corners = int(faces[k]), solids.points[solids.first[k] : solids.last[k]]
            if face >= 0:
                self._paint_face(self._faces[face], corners, light, levels[k], float(clear[k]))
            else:
                start = int(mesh.starts[solids.index[k]])
                self._grain_wall(face, mesh.anchors_m[start : start + 3], corners, float(clear[k]))

    def _grain_wall(self, face: int, places_m: NDArray[np.float64], corners: NDArray[np.float64], clear: float) -> None:
        """Lay a wall's grain over its corners: bottom left, bottom right, top right, top left.

        Args:
            face: The wall's kind.
            places_m: World x, y, z of the first three corners, shape (3, 3).
            corners: In supersampled pixels, shape (4, 2).
            clear: What haze leaves of it.
        """
        (x0_m, y0_m, _), (x1_m, y1_m, foot_m), (_, _, top_m) = places_m.tolist()
        wide_m, high_m = hypot(x1_m - x0_m, y1_m - y0_m), top_m - foot_m
        tiles = wall_tiles(WALL_FACE - face)
        (u0, v0), (u1, v1), *_ = corners.tolist()
        wide_px = 0.5 * max(hypot(u1 - u0, v1 - v0), 1.0)
        shrink = min(max(0, round(log2(max(WALL_PX_PER_M * wide_m / wide_px, 1.0)))), len(tiles) - 1)
        px_per_m = WALL_PX_PER_M / 2**shrink
        lay_grain(self._pixels, corners, px_per_m * wide_m, px_per_m * high_m, tiles[shrink], clear)

    def _paint_face(
        self,
        key: FaceKey,
        corners: NDArray[np.float64],
        light: Light,
        level: NDArray[np.float64],
        clear: float,
    ) -> None:
        """Lay a textured face over its corners: bottom left, bottom right, top right, top left."""
        (u0, v0), (u1, v1), (u2, v2), _ = corners.tolist()
        face = texture(key, 1.6 * max(hypot(u1 - u0, v1 - v0), hypot(u2 - u1, v2 - v1)))
        red, green, blue = (factor * clear for factor in level.tolist())
        sky_red, sky_green, sky_blue = (value * (1 - clear) / 255 for value in light.sky_low)
        # A sign takes neither the ground's grain nor its haze, wherever the horizon crosses it: its alpha is 0.
        lay_face(self._pixels, corners, face, (red, green, blue), (sky_red, sky_green, sky_blue))
