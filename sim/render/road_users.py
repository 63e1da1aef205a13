"""All other road users of a moment as meshes, each cached by kind, look, pose and the side that it is seen from."""

from __future__ import annotations

from functools import lru_cache
from math import atan2, cos, hypot, pi, sin

from sim.actors import ARM_ID_OFFSET, ON_FOOT, SIZES_M, Actor, ActorKind
from sim.render.bodies import SECTORS, Body
from sim.render.cars import car
from sim.render.faces import FaceKey, mean_colour, outline
from sim.render.lorries import box_lorry, bus, panel_van, school_bus
from sim.render.mesh import SILHOUETTE, Mesh, MeshBuilder
from sim.render.people import POSES, STANDING, cyclist, walker
from sim.render.projection import View
from sim.render.vehicles import vehicle_mesh
from sim.signs import AS_NEW, StopStyle
from sim.world import World

ARM_FACE: FaceKey = (StopStyle.BUS_ARM, 0, 0, 1.0, AS_NEW.steps, None)
"""The face of every school bus's stop arm."""

ARM_WIDTH_M = 0.46
"""FMVSS 131: an octagon of at least 450 mm, on the left side, with a legend of at least 150 mm on both faces."""

ARM_Z_M = 1.36
ARM_BEHIND_NOSE_M = 1.95
"""Height of its middle, and its hinge behind the front bumper: under the driver's window."""

_LOOKS = 8
_FINE_LOOKS = 24
_STRIDE_M = {ActorKind.PEDESTRIAN: 1.45, ActorKind.CHILD: 1.0, ActorKind.CROSSING_GUARD: 1.4, ActorKind.CYCLIST: 5.0}
"""Way that one gait cycle, or one turn of the pedals, covers."""

_OVERHANG_M = 1.2
"""Mirrors, a stop arm, and a stride reach no farther beyond the footprint than this."""

_PLAIN = (ActorKind.CAR, ActorKind.VAN, ActorKind.LORRY)


def road_user_meshes(world: World, view: View, arm_face: int) -> list[Mesh]:
    """Return the meshes of all actors where they are.

    Args:
        world: The moment.
        view: Where they are seen from.
        arm_face: The index of `ARM_FACE` among the textured faces.
    """
    meshes: list[Mesh] = []
    for actor in world.actors:
        if not _may_be_seen(actor, view):
            continue
        meshes.append(_moved(_mesh(actor, view), actor.x_m, actor.y_m, actor.heading_rad, actor.actor_id))
        if actor.kind is ActorKind.SCHOOL_BUS:
            arm = _arm_mesh(arm_face, actor.arm_out)
            owner = ARM_ID_OFFSET + actor.actor_id
            meshes.append(_moved(arm, actor.x_m, actor.y_m, actor.heading_rad, owner))
    return meshes


@lru_cache(maxsize=64)
def _moved(mesh: Mesh, x_m: float, y_m: float, heading_rad: float, owner: int) -> Mesh:
    """Return a mesh at a place: what stands still is moved there once."""
    return mesh.moved(x_m, y_m, heading_rad, owner)


def _may_be_seen(actor: Actor, view: View) -> bool:
    """Return whether any of an actor may be in the frame: a circle about it against the camera's two side planes."""
    c, s = cos(view.heading_rad), sin(view.heading_rad)
    dx, dy = actor.x_m - view.x_m, actor.y_m - view.y_m
    ahead_m, left_m = dx * c + dy * s, abs(dy * c - dx * s)
    length_m, width_m, _ = actor.size_m
    radius_m = 0.5 * hypot(length_m, width_m) + _OVERHANG_M
    slope = view.camera.centre_u_px / view.camera.focal_px
    # What is nearer than the near plane is drawn at its depth, farther aside than it is.
    return ahead_m > -radius_m and left_m - slope * max(ahead_m, 0.0) < radius_m * hypot(1.0, slope)


def arm_place(actor: Actor) -> tuple[float, float]:
    """Return the world x and y of the middle of a school bus's stop arm."""
    ahead_m, left_m = _arm_offset(actor.arm_out)
    c, s = cos(actor.heading_rad), sin(actor.heading_rad)
    return actor.x_m + c * ahead_m - s * left_m, actor.y_m + s * ahead_m + c * left_m


def _mesh(actor: Actor, view: View) -> Mesh:
    if actor.kind in _PLAIN:
        return vehicle_mesh(actor.kind, actor.look % _LOOKS)
    bearing = atan2(view.y_m - actor.y_m, view.x_m - actor.x_m) - actor.heading_rad
    sector = round(bearing / (2 * pi / SECTORS)) % SECTORS
    return _detailed_mesh(actor.kind, actor.look % _FINE_LOOKS, _pose(actor), sector)


def _pose(actor: Actor) -> int:
    """Return which moment of its movement an actor is in: by the way it has gone, so that feet do not slide."""
    stride_m = _STRIDE_M.get(actor.kind)
    if stride_m is None:
        return int(actor.arm_out)
    if actor.speed_mps < 0.05:
        return STANDING
    way_m = actor.d_m if actor.kind in ON_FOOT else actor.s_m
    return int(abs(way_m) / stride_m * POSES) % POSES


@lru_cache(maxsize=512)
def _detailed_mesh(kind: ActorKind, look: int, pose: int, sector: int) -> Mesh:
    return _body(kind, look, pose).mesh(sector)


def _body(kind: ActorKind, look: int, pose: int) -> Body:
    if kind in ON_FOOT:
        return walker(kind, look, pose)
    if kind is ActorKind.CYCLIST:
        return cyclist(look, pose)
    if kind is ActorKind.SCHOOL_BUS:
        return school_bus(look, flashing=pose > 0)
    builders = {ActorKind.BUS: bus, ActorKind.BOX_LORRY: box_lorry, ActorKind.PANEL_VAN: panel_van}
    build = builders.get(kind)
    return build(look) if build is not None else car(kind, look)


def _arm_offset(out: bool) -> tuple[float, float]:
    length_m, width_m, _ = SIZES_M[ActorKind.SCHOOL_BUS]
    hinge_m = 0.5 * length_m - ARM_BEHIND_NOSE_M
    return (hinge_m, 0.5 * width_m + 0.12 + 0.5 * ARM_WIDTH_M) if out else (hinge_m - 0.3, 0.5 * width_m + 0.05)


@lru_cache(maxsize=16)
def _arm_mesh(face: int, out: bool) -> Mesh:
    """Return the stop arm of a bus about the origin: out, it shows a face ahead and one behind; folded, one aside."""
    ahead_m, left_m = _arm_offset(out)
    builder = MeshBuilder()
    builder.group(ahead_m, left_m, 1)
    if out:
        hinge_m = 0.5 * SIZES_M[ActorKind.SCHOOL_BUS][1]
        for z in (ARM_Z_M - 0.08, ARM_Z_M + 0.06):
            rod = [
                (ahead_m, hinge_m, z),
                (ahead_m, left_m, z),
                (ahead_m, left_m, z + 0.03),
                (ahead_m, hinge_m, z + 0.03),
            ]
            builder.polygon(rod, (40, 40, 42))
    colour = mean_colour(*ARM_FACE)
    shape = outline(StopStyle.BUS_ARM)
    for normal_rad in (0.0, pi) if out else (pi / 2,):
        nx, ny = cos(normal_rad), sin(normal_rad)

        def at(u: float, v: float, nx: float = nx, ny: float = ny) -> tuple[float, float, float]:
            wide, down = u * ARM_WIDTH_M, v * ARM_WIDTH_M
            return ahead_m - ny * wide + 0.01 * nx, left_m + nx * wide + 0.01 * ny, ARM_Z_M - down

        builder.polygon([at(u, v) for u, v in reversed(shape)], colour, one_sided=True, face=SILHOUETTE)
        corners = [at(-0.5, 0.5), at(0.5, 0.5), at(0.5, -0.5), at(-0.5, -0.5)]
        builder.polygon(corners, colour, one_sided=True, face=face)
    return builder.build()
