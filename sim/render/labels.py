"""Exact labels: the scene's polygons drawn once more, each labelled thing in a number of its own.

Everything that stands up is drawn in the same order and with the same points as in the picture, so that what hides a
thing in the picture hides it here. A thing's pixels are counted twice: right after it is drawn (all of it that is in
the frame), and when all is drawn (what is left visible).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, pi

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.actors import ARM_ID_OFFSET, Actor
from sim.generate import FIRST_SIGN_ID
from sim.maps import SemanticClass
from sim.percept import Box, ObjectKind
from sim.render.ground import Ground
from sim.render.mesh import SILHOUETTE, Mesh
from sim.render.projection import Projected, View
from sim.render.raster import count_number, fill_and_count, fill_polygons, numbers_under
from sim.render.road_users import ARM_WIDTH_M, arm_place
from sim.road import StopLine
from sim.signs import Sign, SignKind, Weathering
from sim.truth import GroundTruth, LaneTruth, ObjectTruth, SignAttributes, StopLineTruth, StopPlaceTruth
from sim.vehicle import wrap_angle
from sim.world import World

CURVATURE_AHEAD_M = 20.0
_LINE = 255
_LINES = np.array([_LINE], np.uint8)
_OCCLUDER = 200
"""What is not labelled is drawn in this number plus that of its class."""

_MOST_OBJECTS = _OCCLUDER - 1

_REACH_PX = 1.0
"""A drawn polygon fills every pixel that its outline touches: two whose bounds are this near may share one."""

KIND_CLASSES: dict[ObjectKind, SemanticClass] = {
    ObjectKind.STOP_SIGN: SemanticClass.STOP_SIGN,
    ObjectKind.DISTRACTOR: SemanticClass.DISTRACTOR,
    ObjectKind.VEHICLE: SemanticClass.VEHICLE,
    ObjectKind.PEDESTRIAN: SemanticClass.PERSON,
}
"""What each kind of labelled thing is in a map of classes."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A labelled thing as it was drawn, before anything hid it.

    Attributes:
        owner: Its instance id.
        number: What its pixels carry in the mask.
        region: Their bounds u0, v0, u1, v1 in the mask, half-open.
        whole_px: How many there are.
        whole_box: The same bounds in output pixels.
        polygons: Its first and its last polygon in the picture; those between that are not labelled hide nothing.
    """

    owner: int
    number: int
    region: tuple[int, int, int, int]
    whole_px: int
    whole_box: Box
    polygons: tuple[int, int]


class Labeler:
    """Makes the truth of one frame at a time; keeps the mask between frames."""

    def __init__(self, width_px: int, height_px: int, scale: int) -> None:
        self._scale = scale
        self._mask = np.zeros((height_px * scale, width_px * scale), np.uint8)

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
        classes = {thing.number: KIND_CLASSES[_kind(thing.owner, signs, actors)] for thing in seen}
        objects: list[ObjectTruth] = []
        for thing in seen:
            visible_px, box = self._count(thing.number, thing.region)
            if not visible_px:
                continue
            sign, kind = signs.get(thing.owner), _kind(thing.owner, signs, actors)
            attributes: SignAttributes | None = None
            if sign is not None:
                variant, applies, place = str(sign.face), sign.applies_to_ego, (sign.x_m, sign.y_m)
                attributes = _sign_attributes(sign, view, self._occluder(thing, visible_px, classes, solids))
            elif thing.owner >= ARM_ID_OFFSET:
                actor = actors[thing.owner - ARM_ID_OFFSET]
                applies, place = actor.arm_out, arm_place(actor)
                variant = "school_bus_arm_out" if actor.arm_out else "school_bus_arm_folded"
                attributes = _arm_attributes(actor, view, self._occluder(thing, visible_px, classes, solids))
            else:
                actor = actors[thing.owner]
                variant, applies, place = str(actor.kind), False, (actor.x_m, actor.y_m)
            cut = self._touches_edge(thing.whole_box)
            share = visible_px / thing.whole_px
            distance_m = view.depth_m(*place)
            objects.append(
                ObjectTruth(
                    thing.owner, kind, variant, box, thing.whole_box, share, cut, distance_m, applies, attributes
                )
            )
        line_truth, bumper_s_m = None, world.bumper_s_m
        if line is not None:
            visible_px, box = self._count(_LINE, self._region(bounds[0].tolist())) if len(bounds) else (0, None)
            x_m, y_m = world.scene.network.lane_position(line.s_m)
            line_truth = StopLineTruth(
                view.depth_m(x_m, y_m),
                line.s_m - bumper_s_m,
                visible_px > 0.5 * whole_px,
                box if visible_px else None,
            )
        return GroundTruth(
            world.step, tuple(objects), lane_truth(world, view), line_truth, _stop_place(world, view, bumper_s_m)
        )

    def _draw_line(
        self, world: World, line: StopLine | None, ground: Ground, flat: Projected
    ) -> tuple[NDArray[np.float64], float]:
        """Draw the stop line; return its bounds, shape (0 or 1, 4), and its area, in the frame or not."""
        if line is not None:
            polygon = ground.lines[world.scene.network.stop_lines.index(line)]
            for k in np.flatnonzero(flat.index == polygon).tolist():
                one = slice(k, k + 1)
                fill_polygons(self._mask, flat.points, flat.first[one], flat.last[one], _LINES)
                points = flat.points[flat.first[k] : flat.last[k]]
                return flat.bounds[one], cv2.contourArea(points.astype(np.float32))
        return np.zeros((0, 4)), 0.0

    def _draw_solids(self, mesh: Mesh, solids: Projected, also: NDArray[np.float64]) -> list[_Seen]:
        """Draw every labelled thing and what can hide it or a thing within the bounds `also`."""
        groups = mesh.groups[solids.index]
        owners = mesh.owners[groups]
        labelled = labelled_polygons(mesh, solids)
        # A labelled thing's own unlabelled polygons are the back of a sign, as in a map of classes.
        covers = (_OCCLUDER + np.where(owners > 0, SemanticClass.POLE, mesh.classes[groups])).astype(np.uint8)
        covers[mesh.faces[solids.index] >= 0] = 0
        found, thing_owners = fill_and_count(
            self._mask,
            solids.points,
            solids.first,
            solids.last,
            solids.bounds,
            np.where(labelled, owners, 0),
            covers,
            also,
            _REACH_PX,
            _MOST_OBJECTS,
        )
        return [
            _Seen(owner, number, (u0, v0, u1, v1), pixels, self._box(u0, v0, u1, v1), (first, last))
            for owner, (number, pixels, u0, v0, u1, v1, first, last) in zip(
                thing_owners.tolist(), found.tolist(), strict=True
            )
        ]

    def _region(self, bounds: list[float]) -> tuple[int, int, int, int]:
        """Return the part of the mask that holds the bounds u0, v0, u1, v1, with a pixel to spare."""
        height, width = self._mask.shape
        return (
            min(max(0, int(bounds[0]) - 2), width - 1),
            min(max(0, int(bounds[1]) - 2), height - 1),
            max(1, min(width, int(bounds[2]) + 3)),
            max(1, min(height, int(bounds[3]) + 3)),
        )

    def _occluder(
        self, thing: _Seen, visible_px: int, classes: Mapping[int, SemanticClass], solids: Projected
    ) -> str | None:
        """Return the class of what covers most of a thing's hidden pixels; None if none is hidden.

        Args:
            thing: What may be hidden.
            visible_px: How much of it is visible, in supersampled pixels.
            classes: Of the labelled things, by their numbers in the mask.
            solids: The polygons in the picture.
        """
        if visible_px == thing.whole_px:
            return None
        first, last = thing.polygons
        own = slice(first, last + 1)
        numbers = numbers_under(self._mask, solids.points, solids.first[own], solids.last[own], thing.region)
        numbers[thing.number] = 0
        pixels: dict[SemanticClass, int] = {}
        for number in np.flatnonzero(numbers).tolist():
            cover = SemanticClass(number - _OCCLUDER) if number >= _OCCLUDER else classes[number]
            pixels[cover] = pixels.get(cover, 0) + int(numbers[number])
        return max(pixels, key=lambda cover: pixels[cover]).name.lower()

    def _count(self, number: int, region: tuple[int, int, int, int]) -> tuple[int, Box]:
        """Return how many supersampled pixels of a region carry a number, and their box in output pixels."""
        pixels, *bounds = count_number(self._mask, number, *region)
        return (pixels, self._box(*bounds)) if pixels else (0, (0.0, 0.0, 0.0, 0.0))

    def _box(self, u0: int, v0: int, u1: int, v1: int) -> Box:
        s = self._scale
        return u0 / s, v0 / s, u1 / s, v1 / s

    def _touches_edge(self, box: Box) -> bool:
        height, width = (length / self._scale for length in self._mask.shape)
        return box[0] <= 0 or box[1] <= 0 or box[2] >= width or box[3] >= height


def _kind(owner: int, signs: Mapping[int, Sign], actors: Mapping[int, Actor]) -> ObjectKind:
    """Return the class that the network should answer for a labelled thing."""
    sign = signs.get(owner)
    if sign is not None:
        return ObjectKind.STOP_SIGN if sign.kind is SignKind.STOP else ObjectKind.DISTRACTOR
    if owner >= ARM_ID_OFFSET:
        return ObjectKind.STOP_SIGN
    return ObjectKind.PEDESTRIAN if actors[owner].on_foot else ObjectKind.VEHICLE


def _sign_attributes(sign: Sign, view: View, occluder: str | None) -> SignAttributes:
    turn_rad = wrap_angle(sign.facing_rad - atan2(view.y_m - sign.y_m, view.x_m - sign.x_m))
    conditions = _conditions(sign.weathering)
    return SignAttributes(sign.width_m, sign.wear, sign.tilt_rad, turn_rad, str(sign.mount), conditions, occluder)


@lru_cache(maxsize=256)
def _conditions(weathering: Weathering) -> tuple[str, ...]:
    return weathering.conditions


def _arm_attributes(bus: Actor, view: View, occluder: str | None) -> SignAttributes:
    """Return what the stop arm of a school bus is like: out, it looks ahead and behind; folded, to the left."""
    x_m, y_m = arm_place(bus)
    turn_rad = wrap_angle(bus.heading_rad - atan2(view.y_m - y_m, view.x_m - x_m))
    if not bus.arm_out:
        turn_rad = wrap_angle(turn_rad + 0.5 * pi)
    elif cos(turn_rad) < 0.0:
        turn_rad = wrap_angle(turn_rad + pi)
    return SignAttributes(ARM_WIDTH_M, 0.0, 0.0, turn_rad, "school_bus", (), occluder)


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


def _stop_place(world: World, view: View, bumper_s_m: float) -> StopPlaceTruth | None:
    """Return the nearest place ahead of the camera at which the ego must stop."""
    for line in world.scene.network.stop_lines:
        depth_m = view.depth_m(*world.scene.network.lane_position(line.s_m))
        if line.stop_controlled and depth_m > 0:
            return StopPlaceTruth(line.mark, depth_m, line.s_m - bumper_s_m)
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
