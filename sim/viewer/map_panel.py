"""The bird's-eye map: the car in the middle, its heading up; filled is what is there, outlined is what is believed."""

from __future__ import annotations

from math import atan, cos, pi, sin

import numpy as np
import pygame
from numpy.typing import NDArray

from sim.actors import Actor
from sim.camera import Camera
from sim.control import Track
from sim.loop import Tick
from sim.percept import ObjectKind
from sim.signs import Sign, SignKind
from sim.viewer.layout import Layout
from sim.viewer.map_geometry import MapGeometry, box_corners, build_geometry
from sim.viewer.palette import (
    INK,
    KIND_STYLES,
    MAP_CAR,
    MAP_EGO,
    MAP_GROUND,
    MAP_POLE,
    MUTED,
    NEAR_BLACK,
    PURPLE,
    STOP_LINE,
    STOP_RED,
    TRUTH,
    WINDOW,
    Shape,
)
from sim.viewer.shapes import SUPERSAMPLING, Canvas, sprite
from sim.viewer.text import Align, Typesetter
from sim.world import Scene, World

VIEW_LENGTH_M = 80.0
"""What the map shows along the car's heading."""

BEHIND_SHARE = 0.2
"""Share of it that lies behind the car."""

WEDGE_M = 60.0
"""How far the field of view is drawn: about where a 0.76 m sign becomes too small to tell."""

MIN_EVIDENCE_SHOWN = 0.02


class MapPanel:
    """Draws the map; keeps the geometry of the scene that it drew last, and its canvas.

    Args:
        layout: Where the panel lies.
        type_: What draws its text.
    """

    def __init__(self, layout: Layout, type_: Typesetter) -> None:
        self._layout = layout
        self._type = type_
        rect = layout.map
        self._px_per_m = rect.height / VIEW_LENGTH_M
        self._canvas = Canvas(rect.size)
        self._origin_px = (rect.width / 2, rect.height * (1 - BEHIND_SHARE))
        self._scene: Scene | None = None
        self._geometry: MapGeometry | None = None
        self._wedge: tuple[Camera, pygame.Surface, pygame.Rect] | None = None
        self._stop_icon = sprite(Shape.OCTAGON, layout.px(10), STOP_RED, TRUTH, 1.5 * layout.scale)
        self._stop_icon_other = sprite(Shape.OCTAGON, layout.px(8), STOP_RED, MUTED, 1.4 * layout.scale)
        self._sign_icon = sprite(Shape.DIAMOND, layout.px(5), MUTED, NEAR_BLACK, 1)
        self._beliefs = {
            kind: sprite(style.shape, layout.px(15), None, style.colour, 2.2 * layout.scale)
            for kind, style in KIND_STYLES.items()
        }
        upright = self._beliefs[ObjectKind.VEHICLE]
        self._beliefs[ObjectKind.VEHICLE] = pygame.transform.rotate(upright, 90)

    def locate(self, world: World, point_px: tuple[float, float]) -> tuple[float, float]:
        """Return the world position under a pixel of the map."""
        return _Pose(world, self._px_per_m, self._origin_px).place(point_px)

    def draw(self, target: pygame.Surface, tick: Tick, camera: Camera, *, ghost: World | None = None) -> None:
        """Draw the map onto the view.

        Args:
            target: The whole view.
            tick: What to show.
            camera: The camera, for when there is no frame to name it.
            ghost: Where another driver of the same world is, whose car is drawn as an outline; None for no other.
        """
        world = tick.world
        camera = camera if tick.capture.frame is None else tick.capture.frame.camera
        to_map = _Pose(world, self._px_per_m, self._origin_px)
        large = self._canvas.large
        large.fill(MAP_GROUND)
        self._draw_scene(large, world.scene, to_map)
        self._draw_stop_target(large, tick, to_map)
        for actor in world.actors:
            self._draw_actor(large, actor, to_map)
        if ghost is not None:
            corners = (to_map.pixels(_body(ghost)) * SUPERSAMPLING).tolist()
            pygame.draw.polygon(large, PURPLE, corners, round(2.5 * SUPERSAMPLING * self._layout.scale))
        self._draw_ego(large, world, to_map)
        panel = self._canvas.reduced()
        self._draw_wedge(panel, world, camera, to_map)
        for sign in world.scene.signs:
            self._draw_sign(panel, sign, to_map)
        for track in tick.memory.tracks:
            self._draw_track(panel, track, world, to_map)
        self._draw_scale(panel)
        target.blit(panel, self._layout.map)

    def _draw_scene(self, large: pygame.Surface, scene: Scene, to_map: _Pose) -> None:
        if scene is not self._scene or self._geometry is None:
            self._scene, self._geometry = scene, build_geometry(scene)
        geometry = self._geometry
        near = to_map.within(geometry.centres_m, geometry.radii_m, self._canvas.size_px)
        points = (to_map.pixels(geometry.points_m) * SUPERSAMPLING).tolist()
        ends = geometry.ends.tolist()
        for index in np.flatnonzero(near).tolist():
            piece = geometry.pieces[index]
            corners = points[ends[index - 1] if index else 0 : ends[index]]
            if piece.width_m is None:
                pygame.draw.polygon(large, piece.colour, corners)
            else:
                width = max(2, round(piece.width_m * self._px_per_m * SUPERSAMPLING))
                pygame.draw.lines(large, piece.colour, False, corners, width)

    def _draw_stop_target(self, large: pygame.Surface, tick: Tick, to_map: _Pose) -> None:
        """Draw where the driver means its bumper to stop, as a bar across its way."""
        if tick.memory.stop_at_m is None:
            return
        x = tick.world.geometry.camera_to_bumper_m + tick.memory.stop_at_m
        bar = np.array([[x, 1.9], [x, -1.9]])
        ends = (to_map.pixels(to_map.from_camera(bar, tick.world)) * SUPERSAMPLING).tolist()
        pygame.draw.line(large, STOP_LINE, ends[0], ends[1], round(2.5 * SUPERSAMPLING * self._layout.scale))

    def _draw_actor(self, large: pygame.Surface, actor: Actor, to_map: _Pose) -> None:
        length, width, _ = actor.size_m
        _draw_car(large, box_corners(actor.x_m, actor.y_m, actor.heading_rad, length, width), MAP_CAR, to_map)

    def _draw_ego(self, large: pygame.Surface, world: World, to_map: _Pose) -> None:
        _draw_car(large, _body(world), MAP_EGO, to_map)

    def _draw_wedge(self, panel: pygame.Surface, world: World, camera: Camera, to_map: _Pose) -> None:
        """Draw what the camera's width covers, as a faint light; it never moves, since the map turns with the car."""
        if self._wedge is None or self._wedge[0] != camera:
            half_rad = atan(camera.centre_u_px / camera.focal_px)
            turns = np.linspace(-half_rad, half_rad, 9)
            arc = np.stack([WEDGE_M * np.cos(turns), WEDGE_M * np.sin(turns)], axis=-1)
            points = to_map.pixels(to_map.from_camera(np.concatenate([[[0.0, 0.0]], arc]), world)).tolist()
            light = pygame.Surface(panel.get_size(), pygame.SRCALPHA, 32)
            pygame.draw.polygon(light, (*INK, 20), points)
            pygame.draw.aalines(light, (*INK, 70), True, points)
            # Blending what is clear all over costs as much as blending light.
            lit = light.get_bounding_rect()
            self._wedge = (camera, light.subsurface(lit), lit)
        panel.blit(self._wedge[1], self._wedge[2])

    def _draw_sign(self, panel: pygame.Surface, sign: Sign, to_map: _Pose) -> None:
        x, y = to_map.pixels(np.array([[sign.x_m, sign.y_m]]))[0].tolist()
        if not panel.get_rect().inflate(20, 20).collidepoint(x, y):
            return
        turn = to_map.turn(sign.facing_rad)
        face = (x + self._layout.px(14) * cos(turn), y - self._layout.px(14) * sin(turn))
        pygame.draw.line(panel, MAP_POLE, (x, y), face, 2)
        if sign.kind is SignKind.STOP:
            icon = self._stop_icon if sign.applies_to_ego else self._stop_icon_other
        else:
            icon = self._sign_icon
        panel.blit(icon, icon.get_rect(center=(round(x), round(y))))

    def _draw_track(self, panel: pygame.Surface, track: Track, world: World, to_map: _Pose) -> None:
        """Draw a belief: its outline, fainter with less evidence, and a bar for how unsure its distance is.

        A vehicle's depth is that of its near end, so its outline lies half a length farther on.
        """
        if track.evidence < MIN_EVIDENCE_SHOWN:
            return
        style = KIND_STYLES[track.kind]
        middle_m = track.x_m + track.half_length_m
        spread = np.array([[middle_m - track.spread_m, track.y_m], [middle_m + track.spread_m, track.y_m]])
        near, far = to_map.pixels(to_map.from_camera(spread, world)).tolist()
        pygame.draw.line(panel, style.colour, near, far, self._layout.px(2))
        x, y = (near[0] + far[0]) / 2, (near[1] + far[1]) / 2
        icon = self._beliefs[track.kind]
        icon.set_alpha(round(90 + 165 * min(track.evidence, 1.0)))
        panel.blit(icon, icon.get_rect(center=(round(x), round(y))))

    def _draw_scale(self, panel: pygame.Surface) -> None:
        """Draw a scale and what the two kinds of outline mean, each on a dark ground of its own."""
        px, type_ = self._layout.px, self._type
        bottom = panel.get_height() - px(6)
        length = round(20 * self._px_per_m)
        line_h = max(px(14), type_.line_px(11))
        plate_h = max(px(32), 2 * line_h + px(3))
        plate = pygame.Rect(px(6), bottom - plate_h, length + px(16), plate_h)
        pygame.draw.rect(panel, WINDOW, plate, border_radius=px(4))
        x, y = plate.left + px(8), plate.bottom - px(8)
        pygame.draw.line(panel, INK, (x, y), (x + length, y), px(2))
        for end in (x, x + length):
            pygame.draw.line(panel, INK, (end, y - px(3)), (end, y + px(3)), px(2))
        type_.draw(panel, "20 m", (plate.centerx, plate.top + px(3)), 11, INK, align=Align.CENTRE)
        legend = ("filled: there", "outlined: believed")
        width = max(type_.width_px(words, 11) for words in legend) + px(14)
        scale, plate = plate, pygame.Rect(panel.get_width() - px(6) - width, bottom - plate_h, width, plate_h)
        if plate.colliderect(scale):
            return
        pygame.draw.rect(panel, WINDOW, plate, border_radius=px(4))
        for index, words in enumerate(legend):
            type_.draw(panel, words, (plate.left + px(7), plate.top + px(2) + line_h * index), 11, MUTED)


class _Pose:
    """Turns world positions into the map's pixels: the car's rear axle at a fixed point, its heading up.

    Args:
        world: Where the car is.
        px_per_m: The map's scale.
        origin_px: Where the rear axle lies on the map.
    """

    def __init__(self, world: World, px_per_m: float, origin_px: tuple[float, float]) -> None:
        ego = world.ego
        c, s = cos(ego.heading_rad) * px_per_m, sin(ego.heading_rad) * px_per_m
        self._centre = np.array([ego.x_m, ego.y_m])
        self._turn = np.array([[s, -c], [-c, -s]])
        self._origin = np.array(origin_px)
        self._heading_rad = ego.heading_rad
        self._px_per_m = px_per_m

    def pixels(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return world positions, shape (n, 2), as pixels of the map, shape (n, 2)."""
        return (points_m - self._centre) @ self._turn + self._origin

    def place(self, point_px: tuple[float, float]) -> tuple[float, float]:
        """Return the world position under a pixel of the map."""
        # The turn is a rotation, a reflection and a scale: its inverse is its transpose over the scale's square.
        x_m, y_m = (np.array(point_px) - self._origin) @ self._turn.T / self._px_per_m**2 + self._centre
        return float(x_m), float(y_m)

    def from_camera(self, points_m: NDArray[np.float64], world: World) -> NDArray[np.float64]:
        """Return points in the camera's plan (x forward, y left; shape (n, 2)) as world positions."""
        c, s = cos(self._heading_rad), sin(self._heading_rad)
        return points_m @ np.array([[c, s], [-s, c]]) + np.array(world.ego.ahead(world.geometry.camera_forward_m))

    def turn(self, heading_rad: float) -> float:
        """Return a world direction as an angle on the map, counter-clockwise from its right."""
        return heading_rad - self._heading_rad + pi / 2

    def within(
        self, centres_m: NDArray[np.float64], radii_m: NDArray[np.float64], size_px: tuple[int, int]
    ) -> NDArray[np.bool_]:
        """Return which discs touch a map of this size, shape (n,)."""
        middle = self.pixels(centres_m)
        reach = radii_m[:, None] * self._px_per_m + 2.0
        return np.all((middle > -reach) & (middle < np.array(size_px) + reach), axis=1)


def _body(world: World) -> NDArray[np.float64]:
    """Return the corners of the ego's body, shape (4, 2)."""
    size = world.geometry
    middle = world.ego.ahead(0.5 * (size.front_m - size.rear_m))
    return box_corners(*middle, world.ego.heading_rad, size.front_m + size.rear_m, size.width_m)


def _draw_car(
    large: pygame.Surface, corners_m: NDArray[np.float64], colour: tuple[int, int, int], to_map: _Pose
) -> None:
    """Draw a car from above: body, and a dark windscreen near its front that tells which way it looks."""
    rear_left, rear_right, front_right, front_left = corners_m
    body = (to_map.pixels(corners_m) * SUPERSAMPLING).tolist()
    pygame.draw.polygon(large, colour, body)
    pygame.draw.polygon(large, NEAR_BLACK, body, 2)

    def at(forward: float, left: float) -> NDArray[np.float64]:
        rear = rear_right + (rear_left - rear_right) * left
        front = front_right + (front_left - front_right) * left
        return rear + (front - rear) * forward

    screen = np.array([at(0.6, 0.12), at(0.74, 0.08), at(0.74, 0.92), at(0.6, 0.88)])
    pygame.draw.polygon(large, NEAR_BLACK, (to_map.pixels(screen) * SUPERSAMPLING).tolist())
