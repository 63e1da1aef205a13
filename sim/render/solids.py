"""Everything that stands up: buildings, trees, poles and vehicles, with the signs of `signposts`, as polygons."""

from __future__ import annotations

from functools import lru_cache, partial
from math import cos, pi, sin

from sim.actors import SIZES_M, ActorKind
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
_PAINTS: tuple[Colour, ...] = (
    (210, 212, 214),
    (38, 40, 44),
    (120, 124, 130),
    (176, 26, 30),
    (40, 70, 128),
    (235, 235, 232),
    (70, 86, 76),
    (150, 120, 84),
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


@lru_cache(maxsize=64)
def vehicle_mesh(kind: ActorKind, look: int) -> Mesh:
    """Return a vehicle about the origin, looking along x; `look` picks its paint."""
    length_m, width_m, height_m = SIZES_M[kind]
    paint = _PAINTS[look % len(_PAINTS)]
    builder = MeshBuilder()
    builder.group(0.0, 0.0, 1)
    half = 0.5 * length_m
    if kind is ActorKind.CAR:
        _box(builder, (-half, half), width_m, (0.28, 0.82), paint)
        _cabin(builder, width_m, paint)
    elif kind is ActorKind.VAN:
        _box(builder, (-half, half), width_m, (0.30, height_m), paint)
        _glass(builder, (-half, half), width_m, (1.15, 1.75))
    else:
        _box(builder, (half - 2.0, half), width_m, (0.45, 2.7), paint)
        _glass(builder, (half - 2.0, half), width_m, (1.5, 2.3))
        _box(builder, (-half, half - 2.1), width_m, (0.9, height_m), _shade((226, 226, 222), 0.9 + 0.1 * (look % 2)))
    _wheels(builder, length_m, width_m)
    _lamps(builder, half, width_m, 0.62 if kind is ActorKind.CAR else 0.85)
    return builder.build()


def _box(
    builder: MeshBuilder, x_m: tuple[float, float], width_m: float, z_m: tuple[float, float], colour: Colour
) -> None:
    """Add an upright box; each face runs counter-clockwise as seen from outside."""
    (x0, x1), y, (z0, z1) = x_m, 0.5 * width_m, z_m
    builder.polygon([(x1, -y, z0), (x1, y, z0), (x1, y, z1), (x1, -y, z1)], _shade(colour, 0.85), one_sided=True)
    builder.polygon([(x0, y, z0), (x0, -y, z0), (x0, -y, z1), (x0, y, z1)], _shade(colour, 0.80), one_sided=True)
    builder.polygon([(x1, y, z0), (x0, y, z0), (x0, y, z1), (x1, y, z1)], _shade(colour, 0.72), one_sided=True)
    builder.polygon([(x0, -y, z0), (x1, -y, z0), (x1, -y, z1), (x0, -y, z1)], _shade(colour, 0.92), one_sided=True)
    builder.polygon([(x0, -y, z1), (x1, -y, z1), (x1, y, z1), (x0, y, z1)], colour, one_sided=True)


_WINDOW: Colour = (46, 54, 62)


def _cabin(builder: MeshBuilder, width_m: float, paint: Colour) -> None:
    """Add a car's cabin: glass that leans in on all sides under a painted roof."""
    low, high = (-1.75, 1.0), (-1.15, 0.25)
    y0, y1, z0, z1 = 0.5 * width_m - 0.04, 0.5 * width_m - 0.24, 0.82, 1.45
    foot = [(low[0], -y0, z0), (low[1], -y0, z0), (low[1], y0, z0), (low[0], y0, z0)]
    head = [(high[0], -y1, z1), (high[1], -y1, z1), (high[1], y1, z1), (high[0], y1, z1)]
    for index, tone in ((0, 1.0), (1, 1.25), (2, 0.9), (3, 1.1)):
        following = (index + 1) % 4
        quad = [foot[index], foot[following], head[following], head[index]]
        builder.polygon(quad, _shade(paint, 0.85), one_sided=True)
        centre = [sum(point[axis] for point in quad) / 4 for axis in range(3)]
        inner = [
            (centre[0] + 0.84 * (x - centre[0]), centre[1] + 0.84 * (y - centre[1]), centre[2] + 0.84 * (z - centre[2]))
            for x, y, z in quad
        ]
        builder.polygon(inner, _shade(_WINDOW, tone), one_sided=True)
    builder.polygon(head, paint, one_sided=True)


def _glass(builder: MeshBuilder, x_m: tuple[float, float], width_m: float, z_m: tuple[float, float]) -> None:
    """Add a windscreen, side windows near the front, and a rear window on an upright box."""
    (x0, x1), y, (z0, z1) = x_m, 0.5 * width_m, z_m
    inner = y - 0.15
    front, back, side = x1 + 0.01, x0 - 0.01, y + 0.01
    builder.polygon(
        [(front, -inner, z0), (front, inner, z0), (front, inner, z1), (front, -inner, z1)], _WINDOW, one_sided=True
    )
    builder.polygon(
        [(back, inner, z0), (back, -inner, z0), (back, -inner, z1), (back, inner, z1)], _WINDOW, one_sided=True
    )
    a, b = x1 - 0.2, x1 - 1.4
    builder.polygon([(a, side, z0), (b, side, z0), (b, side, z1), (a, side, z1)], _WINDOW, one_sided=True)
    builder.polygon([(b, -side, z0), (a, -side, z0), (a, -side, z1), (b, -side, z1)], _WINDOW, one_sided=True)


def _wheels(builder: MeshBuilder, length_m: float, width_m: float) -> None:
    radius_m, side = 0.34 if length_m < 6 else 0.48, 0.5 * width_m + 0.02
    for x_m in (-0.30 * length_m, 0.30 * length_m):
        ring = [(radius_m * cos(2 * pi * k / 10), radius_m * sin(2 * pi * k / 10)) for k in range(10)]
        builder.polygon([(x_m + a, -side, radius_m + b) for a, b in ring], (26, 26, 28), one_sided=True)
        builder.polygon([(x_m - a, side, radius_m + b) for a, b in ring], (26, 26, 28), one_sided=True)
    for x_m, facing in ((-0.5 * length_m, -1.0), (0.5 * length_m, 1.0)):
        for y_m in (-0.36 * width_m, 0.36 * width_m):
            x, a, b = x_m + 0.01 * facing, y_m - 0.12 * facing, y_m + 0.12 * facing
            builder.polygon([(x, a, 0.0), (x, b, 0.0), (x, b, 0.32), (x, a, 0.32)], (22, 22, 24), one_sided=True)


def _lamps(builder: MeshBuilder, half_m: float, width_m: float, z_m: float) -> None:
    for y_m in (-0.40 * width_m, 0.40 * width_m):
        a, b = y_m - 0.14, y_m + 0.14
        x = half_m + 0.02
        builder.polygon(
            [(x, a, z_m), (x, b, z_m), (x, b, z_m + 0.13), (x, a, z_m + 0.13)],
            (250, 246, 226),
            one_sided=True,
            shining=0.8,
        )
        x = -half_m - 0.02
        builder.polygon(
            [(x, b, z_m), (x, a, z_m), (x, a, z_m + 0.15), (x, b, z_m + 0.15)],
            (196, 22, 24),
            one_sided=True,
            shining=0.7,
        )
    x = -half_m - 0.02
    builder.polygon(
        [(x, 0.26, 0.42), (x, -0.26, 0.42), (x, -0.26, 0.55), (x, 0.26, 0.55)], (214, 214, 206), one_sided=True
    )
