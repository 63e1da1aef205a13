"""Exact labels: the scene's polygons drawn once more, each labelled thing in a number of its own.

Everything that stands up is drawn in the same order and with the same points as in the picture, so that what hides a
thing in the picture hides it here. A thing's pixels are counted twice: right after it is drawn (all of it that is in
the frame), and when all is drawn (what is left visible).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.actors import ARM_ID_OFFSET
from sim.generate import FIRST_SIGN_ID
from sim.percept import Box, ObjectKind
from sim.render.ground import Ground
from sim.render.mesh import SILHOUETTE, Mesh
from sim.render.projection import Projected, View
from sim.render.road_users import arm_place
from sim.road import StopLine
from sim.signs import SignKind
from sim.truth import GroundTruth, LaneTruth, ObjectTruth, StopLineTruth, StopPlaceTruth
from sim.vehicle import wrap_angle
from sim.world import World

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

CURVATURE_AHEAD_M = 20.0
_OCCLUDER = 255
_LINE = 254
_MOST_OBJECTS = 250


@dataclass(slots=True)
class _Seen:
    """A labelled thing while it is being counted."""

    owner: int
    number: int
    region: tuple[int, int, int, int]
    whole_px: int
    whole_box: Box


class Labeler:
    """Makes the truth of one frame at a time; keeps the mask between frames."""

    def __init__(self, width_px: int, height_px: int, scale: int) -> None:
        self._scale = scale
        self._mask = np.zeros((height_px * scale, width_px * scale), np.uint8)
        # Surface and array share their memory: what Pygame draws, NumPy reads.
        self._surface = pygame.image.frombuffer(self._mask.data, (width_px * scale, height_px * scale), "P")

    def label(
        self, world: World, view: View, mesh: Mesh, solids: Projected, ground: Ground, flat: Projected
    ) -> GroundTruth:
        """Return all labels of a moment whose polygons are already projected.

        Args:
            world: The moment.
            view: The camera's place.
            mesh: All that stands up.
            solids: The polygons of `mesh` in the picture.
            ground: All that lies flat.
            flat: The polygons of `ground` in the picture.
        """
        self._mask.fill(0)
        line = next_line(world, view)
        bounds, whole_px = self._draw_line(world, line, ground, flat)
        seen = self._draw_solids(mesh, solids, bounds)
        signs = {sign.sign_id: sign for sign in world.scene.signs}
        actors = {actor.actor_id: actor for actor in world.actors}
        objects: list[ObjectTruth] = []
        for thing in seen:
            visible_px, box = self._count(thing.number, thing.region)
            if not visible_px:
                continue
            sign = signs.get(thing.owner)
            if sign is not None:
                kind = ObjectKind.STOP_SIGN if sign.kind is SignKind.STOP else ObjectKind.DISTRACTOR
                variant, applies, place = str(sign.face), sign.applies_to_ego, (sign.x_m, sign.y_m)
            elif thing.owner >= ARM_ID_OFFSET:
                actor = actors[thing.owner - ARM_ID_OFFSET]
                kind, applies, place = ObjectKind.STOP_SIGN, actor.arm_out, arm_place(actor)
                variant = "school_bus_arm_out" if actor.arm_out else "school_bus_arm_folded"
            else:
                actor = actors[thing.owner]
                kind = ObjectKind.PEDESTRIAN if actor.on_foot else ObjectKind.VEHICLE
                variant, applies, place = str(actor.kind), False, (actor.x_m, actor.y_m)
            cut = self._touches_edge(thing.whole_box)
            share = visible_px / thing.whole_px
            distance_m = view.depth_m(*place)
            objects.append(
                ObjectTruth(thing.owner, kind, variant, box, thing.whole_box, share, cut, distance_m, applies)
            )
        line_truth = None
        if line is not None:
            visible_px, box = self._count(_LINE, self._region(bounds)) if len(bounds) else (0, None)
            x_m, y_m = world.scene.network.lane_position(line.s_m)
            line_truth = StopLineTruth(
                view.depth_m(x_m, y_m),
                world.gap_m(line),
                visible_px > 0.5 * whole_px,
                box if visible_px else None,
            )
        return GroundTruth(world.step, tuple(objects), lane_truth(world, view), line_truth, _stop_place(world, view))

    def _draw_line(
        self, world: World, line: StopLine | None, ground: Ground, flat: Projected
    ) -> tuple[NDArray[np.float64], float]:
        """Draw the stop line; return its bounds, shape (0 or 1, 4), and its area, in the frame or not."""
        if line is not None:
            polygon = ground.lines[world.scene.network.stop_lines.index(line)]
            for k in np.flatnonzero(flat.index == polygon).tolist():
                points = flat.points[flat.first[k] : flat.last[k]]
                pygame.draw.polygon(self._surface, _LINE, points)
                return flat.bounds[k : k + 1], cv2.contourArea(np.array(points, np.float32))
        return np.zeros((0, 4)), 0.0

    def _draw_solids(self, mesh: Mesh, solids: Projected, also: NDArray[np.float64]) -> list[_Seen]:
        """Draw what is labelled, and of the rest only what can hide it or a thing within the bounds `also`."""
        owners = mesh.owners[mesh.groups[solids.index]]
        faces = mesh.faces[solids.index]
        labelled = labelled_polygons(mesh, solids)
        wanted = np.concatenate([solids.bounds[labelled], also])
        bounds = solids.bounds
        near = (
            (bounds[:, None, 0] < wanted[None, :, 2])
            & (bounds[:, None, 2] > wanted[None, :, 0])
            & (bounds[:, None, 1] < wanted[None, :, 3])
            & (bounds[:, None, 3] > wanted[None, :, 1])
        ).any(axis=1) & (faces < 0)
        found: list[_Seen] = []
        chosen = np.flatnonzero(near | labelled)
        owner_of = np.where(labelled, owners, 0)[chosen]
        breaks = np.flatnonzero(np.diff(owner_of)) + 1
        for run in np.split(chosen, breaks) if len(chosen) else []:
            owner = int(owners[run[0]]) if labelled[run[0]] else 0
            number = min(len(found) + 1, _MOST_OBJECTS) if owner else _OCCLUDER
            for k in run.tolist():
                pygame.draw.polygon(self._surface, number, solids.points[solids.first[k] : solids.last[k]])
            if owner:
                region = self._region(bounds[run])
                whole_px, box = self._count(number, region)
                if whole_px:
                    found.append(_Seen(owner, number, region, whole_px, box))
        return found

    def _region(self, bounds: NDArray[np.float64]) -> tuple[int, int, int, int]:
        """Return the part of the mask that holds all of the given bounds, with a pixel to spare."""
        height, width = self._mask.shape
        low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
        return (
            min(max(0, int(low[0]) - 2), width - 1),
            min(max(0, int(low[1]) - 2), height - 1),
            max(1, min(width, int(high[0]) + 3)),
            max(1, min(height, int(high[1]) + 3)),
        )

    def _count(self, number: int, region: tuple[int, int, int, int]) -> tuple[int, Box]:
        """Return how many supersampled pixels carry a number, and their tight box in output pixels."""
        u0, v0, u1, v1 = region
        own = cv2.inRange(self._mask[v0:v1, u0:u1], number, number)
        pixels = cv2.countNonZero(own)
        if not pixels:
            return 0, (0.0, 0.0, 0.0, 0.0)
        x, y, wide, high = cv2.boundingRect(own)
        s = self._scale
        return pixels, ((u0 + x) / s, (v0 + y) / s, (u0 + x + wide) / s, (v0 + y + high) / s)

    def _touches_edge(self, box: Box) -> bool:
        height, width = (length / self._scale for length in self._mask.shape)
        return box[0] <= 0 or box[1] <= 0 or box[2] >= width or box[3] >= height


def labelled_polygons(mesh: Mesh, solids: Projected) -> NDArray[np.bool_]:
    """Return which polygons of the picture belong to a labelled thing, shape (p,)."""
    owners = mesh.owners[mesh.groups[solids.index]]
    # A sign's label is its face: its back, and the corners of its texture, are no part of it.
    return np.where(owners >= FIRST_SIGN_ID, mesh.faces[solids.index] == SILHOUETTE, owners > 0)


def next_line(world: World, view: View) -> StopLine | None:
    """Return the nearest painted stop line ahead of the camera."""
    for line in world.scene.network.stop_lines:
        if line.painted and view.depth_m(*world.scene.network.lane_position(line.s_m)) > 0:
            return line
    return None


def _stop_place(world: World, view: View) -> StopPlaceTruth | None:
    """Return the nearest place ahead of the camera at which the ego must stop."""
    for line in world.scene.network.stop_lines:
        depth_m = view.depth_m(*world.scene.network.lane_position(line.s_m))
        if line.stop_controlled and depth_m > 0:
            return StopPlaceTruth(line.mark, depth_m, world.gap_m(line))
    return None


def lane_truth(world: World, view: View) -> LaneTruth:
    """Return the ego lane's geometry at the ground under the camera."""
    road = world.scene.network.ego_road
    s_m, d_m = road.path.project(view.x_m, view.y_m, world.ego_s_m)
    here_per_m = road.path.mean_curvature(s_m - world.geometry.camera_forward_m, world.geometry.camera_forward_m)
    return LaneTruth(
        d_m - road.lane_centre_d_m,
        wrap_angle(view.heading_rad - road.path.heading(s_m)),
        road.path.mean_curvature(s_m, CURVATURE_AHEAD_M),
        road.lane_width_m,
        # Left of a curve's middle, the way round is shorter and the curve sharper.
        here_per_m / (1.0 - road.lane_centre_d_m * here_per_m),
    )
