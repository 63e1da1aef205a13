"""Everything that stands still and upright: buildings, trees and poles, with the signs of `signposts`, as polygons."""

from __future__ import annotations

from functools import lru_cache, partial
from math import cos, pi, sin

from sim.generate import ROUND_CROWN
from sim.light import Light
from sim.maps import SemanticClass
from sim.render.facades import add_building
from sim.render.faces import FaceKey
from sim.render.foliage import add_tree
from sim.render.mesh import Colour, Mesh, MeshBuilder
from sim.render.signposts import add_sign
from sim.render.streetlamps import add_lamp
from sim.seeding import Stream, stream
from sim.world import Scene, Scenery, SceneryKind

BAY_M = 4.5
"""Walls are cut into bays of about this length, each ordered by its own depth."""

SCENERY_CLASSES: dict[SceneryKind, SemanticClass] = {
    SceneryKind.BUILDING: SemanticClass.BUILDING,
    SceneryKind.TREE: SemanticClass.VEGETATION,
    SceneryKind.HEDGE: SemanticClass.VEGETATION,
    SceneryKind.POLE: SemanticClass.POLE,
}
"""What each kind is in a map of classes."""

_WALLS: tuple[Colour, ...] = (
    (168, 92, 74),
    (196, 186, 168),
    (214, 208, 196),
    (150, 148, 146),
    (178, 152, 118),
    (120, 108, 100),
    (205, 120, 90),
    (150, 60, 52),
    (176, 190, 196),
    (226, 214, 178),
)
_LEAVES: tuple[Colour, ...] = (
    (58, 92, 42),
    (72, 108, 50),
    (48, 78, 48),
    (92, 112, 48),
    (120, 104, 46),
    (150, 84, 40),
    (140, 52, 38),
    (84, 96, 70),
)


def _shade(colour: Colour, factor: float) -> Colour:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def _lit(normal_rad: float, light: Light) -> float:
    """Return how bright a wall is that looks in a direction: Lambert's cosine over a floor of sky light."""
    if light.modelled:
        return 1.0
    return 0.68 + 0.32 * max(0.0, cos(normal_rad - light.sun_heading_rad))


def build_scene_mesh(scene: Scene) -> tuple[Mesh, list[FaceKey]]:
    """Return the polygons of all that stands still, and the face textures that they refer to by index."""
    builder = MeshBuilder()
    faces: list[FaceKey] = []
    for thing in scene.scenery:
        builder.semantic = SCENERY_CLASSES[thing.kind]
        if thing.kind is SceneryKind.BUILDING:
            _building(builder, thing, scene.light)
        elif thing.kind is SceneryKind.POLE:
            _pole(builder, thing)
            if scene.light.modelled:
                add_lamp(builder, scene, thing)
        elif scene.light.textured:
            add_tree(builder, thing, _leaf(thing.look))
        else:
            _tree(builder, thing)
    for sign in scene.signs:
        add_sign(builder, sign, faces)
    return builder.build(), faces


def _wall(
    builder: MeshBuilder, left: tuple[float, float], right: tuple[float, float], z0: float, z1: float, colour: Colour
) -> None:
    builder.polygon(
        [(*left, z0), (*right, z0), (*right, z1), (*left, z1)],
        colour,
        one_sided=True,
    )


def _along_wall(x_m: float, y_m: float, nx: float, ny: float, along_m: float) -> tuple[float, float]:
    return x_m - ny * along_m, y_m + nx * along_m


def _building(builder: MeshBuilder, house: Scenery, light: Light) -> None:
    look = house.look
    colour = _WALLS[look % len(_WALLS)]
    glass: Colour = (52, 62, 74) if look // 16 % 3 else (120, 140, 156)
    roof: Colour = (96, 62, 54) if look // 64 % 2 else (84, 84, 88)
    if light.modelled:
        add_building(builder, house, colour, roof, light)
        if house.height_m < 7.5:
            _roof(builder, house, 0.65 * house.height_m, roof, light)
        return
    window_wide, window_high = 0.28 + 0.03 * (look // 256 % 6), 0.42 + 0.03 * (look // 2048 % 6)
    floors = max(1, int(house.height_m / 3.1))
    pitched = house.height_m < 7.5
    eaves_m = house.height_m * (0.65 if pitched else 1.0)
    floors = max(1, int(eaves_m / 3.1))
    for side in range(4):
        normal = house.heading_rad + side * pi / 2
        out_m, half_m = (
            (0.5 * house.length_m, 0.5 * house.width_m)
            if side % 2 == 0
            else (0.5 * house.width_m, 0.5 * house.length_m)
        )
        nx, ny = cos(normal), sin(normal)
        face_x, face_y = house.x_m + nx * out_m, house.y_m + ny * out_m
        shade = _lit(normal, light)
        at = partial(_along_wall, face_x, face_y, nx, ny)
        bays = max(1, round(2 * half_m / BAY_M))
        bay_m = 2 * half_m / bays
        for bay in range(bays):
            start_m = -half_m + bay * bay_m
            middle_m = start_m + 0.5 * bay_m
            builder.group(*at(middle_m))
            _wall(builder, at(start_m), at(start_m + bay_m), 0.0, eaves_m, _shade(colour, shade))
            floor_m = eaves_m / floors
            for floor in range(floors):
                foot_m = floor * floor_m + 0.30 * floor_m
                half_window_m = 0.5 * window_wide * bay_m
                if floor == 0 and side == 0 and bay == look // 32768 % bays:
                    _wall(
                        builder,
                        at(middle_m - 0.6),
                        at(middle_m + 0.6),
                        0.0,
                        min(2.2, 0.8 * floor_m),
                        _shade(roof, shade),
                    )
                    continue
                left, right = at(middle_m - half_window_m), at(middle_m + half_window_m)
                _wall(builder, left, right, foot_m, foot_m + window_high * floor_m, _shade(glass, shade))
    if pitched:
        _roof(builder, house, eaves_m, roof, light)


def _roof(builder: MeshBuilder, house: Scenery, eaves_m: float, colour: Colour, light: Light) -> None:
    builder.group(house.x_m, house.y_m)
    c, s = cos(house.heading_rad), sin(house.heading_rad)

    def at(ahead_m: float, left_m: float, z_m: float) -> tuple[float, float, float]:
        return house.x_m + c * ahead_m - s * left_m, house.y_m + s * ahead_m + c * left_m, z_m

    deep, wide = 0.5 * house.length_m + 0.4, 0.5 * house.width_m + 0.4
    ridge = max(wide - deep, 0.0)
    top = house.height_m
    for sign, normal in ((1.0, house.heading_rad), (-1.0, house.heading_rad + pi)):
        points = [at(sign * deep, -sign * wide, eaves_m), at(sign * deep, sign * wide, eaves_m)]
        points += [at(0.0, sign * ridge, top), at(0.0, -sign * ridge, top)]
        builder.polygon(points, _shade(colour, _lit(normal, light)), one_sided=True)
        points = [
            at(sign * deep, sign * wide, eaves_m),
            at(-sign * deep, sign * wide, eaves_m),
            at(0.0, sign * ridge, top),
        ]
        builder.polygon(points, _shade(colour, _lit(normal + pi / 2, light)), one_sided=True)


@lru_cache(maxsize=64)
def _blob(look: int, points: int) -> tuple[tuple[float, float], ...]:
    """Return an irregular leafy outline of radius about 1."""
    rng = stream(look, Stream.SCENERY, 1)
    radii = 0.84 + 0.16 * rng.uniform(-1, 1, points)
    return tuple(
        (float(r * cos(2 * pi * k / points)), float(r * sin(2 * pi * k / points))) for k, r in enumerate(radii)
    )


def _leaf(look: int) -> Colour:
    return _LEAVES[look % len(_LEAVES)] if look // 8 % 3 == 0 else _LEAVES[look % 4]


def _tree(builder: MeshBuilder, tree: Scenery) -> None:
    look = tree.look
    leaf = _leaf(look)
    radius_m = 0.5 * tree.width_m
    middle_m = max(tree.height_m - radius_m, 0.6 * radius_m)
    trunk_m = 0.05 * tree.width_m + 0.04
    builder.group(tree.x_m, tree.y_m)
    ground = (tree.x_m, tree.y_m, 0.0)
    builder.outline(
        ground, [(-trunk_m, 0.0), (trunk_m, 0.0), (0.7 * trunk_m, middle_m), (-0.7 * trunk_m, middle_m)], (78, 62, 50)
    )
    crown = (tree.x_m, tree.y_m, middle_m)
    if not look & (ROUND_CROWN | ROUND_CROWN << 1):
        foot_m = 0.18 * tree.height_m - middle_m
        for step in range(3):
            low_m = foot_m + step * 0.24 * tree.height_m
            half_m = radius_m * (1.0 - 0.25 * step)
            high_m = min(low_m + 0.42 * tree.height_m, tree.height_m - middle_m)
            builder.outline(crown, [(-half_m, low_m), (half_m, low_m), (0.0, high_m)], _shade(leaf, 0.72 + 0.1 * step))
        return
    for size, up, aside, tone in ((1.0, 0.0, 0.0, 0.80), (0.72, 0.16, -0.14, 0.95), (0.42, 0.34, 0.16, 1.12)):
        shape = _blob(look // 512 % 32 + int(10 * size), 14)
        points = [(radius_m * (aside + size * x), radius_m * (up + size * y)) for x, y in shape]
        builder.outline(crown, points, _shade(leaf, tone))


def _pole(builder: MeshBuilder, pole: Scenery) -> None:
    half_m = 0.5 * pole.width_m
    wooden = pole.look % 2 == 0
    colour: Colour = (96, 78, 62) if wooden else (128, 132, 134)
    builder.group(pole.x_m, pole.y_m)
    ground = (pole.x_m, pole.y_m, 0.0)
    top_m = pole.height_m
    builder.outline(ground, [(-half_m, 0.0), (half_m, 0.0), (0.7 * half_m, top_m), (-0.7 * half_m, top_m)], colour)
    arm_m = 1.1 if wooden else 0.7
    builder.outline(
        ground, [(-arm_m, top_m - 0.7), (arm_m, top_m - 0.7), (arm_m, top_m - 0.55), (-arm_m, top_m - 0.55)], colour
    )
