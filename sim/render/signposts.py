"""Signs as polygons: the face, and what holds it up and what is fixed beside it."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

from sim.maps import SemanticClass
from sim.render.faces import LOOKS, WEARS, FaceKey, outline
from sim.render.mesh import SILHOUETTE, Colour, MeshBuilder
from sim.signs import ISLAND_M, Face, Mount, Plate, Sign, SignKind, StopStyle

_BACK: Colour = (146, 148, 150)

FACE_OUT_M = 0.04
"""How far the printed face is in front of the post's axis."""

UNSEEN: Colour = (0, 0, 0)
"""In the place of a face's mean colour until the face is seen: most signs stay behind the camera, or far aside."""

_STEEL: Colour = (128, 130, 132)
_WOOD: Colour = (92, 100, 84)
_ORANGE: Colour = (236, 112, 26)

_PLATES: dict[StopStyle, tuple[tuple[Plate, float, float, float, float], ...]] = {
    StopStyle.ALL_WAY: ((Plate.ALL_WAY, 0.60, 0.22, 0.64, 0.0),),
    StopStyle.FOUR_WAY: ((Plate.FOUR_WAY, 0.42, 0.20, 0.63, 0.0),),
    StopStyle.STREET_NAMES: (
        (Plate.STREET_ALONG, 1.05, 0.24, -0.64, 0.0),
        (Plate.STREET_ACROSS, 1.05, 0.24, -0.90, 0.5 * pi),
    ),
}
"""Plates of a style: which, its width and height over the face's width, how far below the face's centre its own lies in
widths of the face, and its turn about the post."""

_BOARDS: dict[StopStyle, Colour] = {
    StopStyle.BACKING_BOARD: (226, 214, 40),
    StopStyle.WORKS: _ORANGE,
}
_BOARD_SIZE = 1.22
"""A backing board's side over the face's width."""

_HOUSING: Colour = (36, 38, 36)
_DARK_BACKS = frozenset({SignKind.LIGHT_RED, SignKind.LIGHT_GREEN})

SUPPORT_CLASSES: dict[Mount, SemanticClass] = {
    Mount.POST: SemanticClass.POLE,
    Mount.MAST_ARM: SemanticClass.POLE,
    Mount.ISLAND: SemanticClass.PAVEMENT,
    Mount.STAND: SemanticClass.POLE,
    Mount.HAND: SemanticClass.PERSON,
    Mount.NOTHING: SemanticClass.POLE,
    Mount.LORRY: SemanticClass.VEHICLE,
}
"""What each kind of support is in a map of classes."""

Place = Callable[[float, float, float], tuple[float, float, float]]
"""From a place on the face (u right, v down as seen, in units of its size) and metres in front, to the world."""


def face_key(sign: Sign) -> FaceKey:
    """Return which texture a sign carries."""
    return (*_key(sign, sign.face, sign.width_m / sign.height_m)[:5], sign.sticker)


def _key(sign: Sign, face: Face, aspect: float) -> FaceKey:
    wear_step = min(int(sign.wear * WEARS), WEARS - 1)
    return face, sign.look % LOOKS, wear_step, round(aspect, 2), sign.weathering.steps, None


def add_sign(builder: MeshBuilder, sign: Sign, faces: list[FaceKey]) -> None:
    """Add a sign to a mesh, and its textures to the list that the mesh refers to by index.

    A face is two polygons, its silhouette and the corners of its texture, one after the other, both `UNSEEN`.
    """
    builder.semantic = SUPPORT_CLASSES[sign.mount]
    _SUPPORTS[sign.mount](builder, sign)
    builder.semantic = SemanticClass.POLE
    if sign.kind is SignKind.STOP and sign.style is not StopStyle.PLAIN:
        _fixtures(builder, sign, sign.on_face, faces)
    builder.group(sign.x_m, sign.y_m, sign.sign_id)
    _add_face(builder, sign.on_face, face_key(sign), faces, _HOUSING if sign.kind in _DARK_BACKS else _BACK)


def _add_face(builder: MeshBuilder, at: Place, key: FaceKey, faces: list[FaceKey], back: Colour = _BACK) -> None:
    shape = outline(key[0])
    # Outlines run clockwise as seen, and a front runs counter-clockwise: as it stands, an outline is its own back.
    builder.polygon([at(u, v, 0.02) for u, v in shape], back, one_sided=True)
    builder.polygon([at(u, v, FACE_OUT_M) for u, v in reversed(shape)], UNSEEN, one_sided=True, face=SILHOUETTE)
    corners = [at(u, v, FACE_OUT_M) for u, v in ((-0.5, 0.5), (0.5, 0.5), (0.5, -0.5), (-0.5, -0.5))]
    builder.polygon(corners, UNSEEN, one_sided=True, face=len(faces))
    faces.append(key)


def _fixtures(builder: MeshBuilder, sign: Sign, at: Place, faces: list[FaceKey]) -> None:
    """Add what a style has beside its face. None of it is labelled: a stop sign's box is its face's."""
    builder.group(sign.x_m, sign.y_m)
    if sign.style in _BOARDS:
        half = 0.5 * _BOARD_SIZE
        corners = [(-half, half), (half, half), (half, -half), (-half, -half)]
        builder.polygon([at(u, v, 0.015) for u, v in corners], _BOARDS[sign.style], one_sided=True)
        builder.polygon([at(u, v, 0.01) for u, v in reversed(corners)], _BACK, one_sided=True)
    if sign.style is StopStyle.BEACON:
        x, y, z = at(0.0, -0.5, 0.0)
        radius_m = 0.10
        ring = [(radius_m * cos(pi * k / 6), 0.12 + radius_m * sin(pi * k / 6)) for k in range(12)]
        builder.outline((x, y, z), [(1.4 * a, 1.4 * (b - 0.12) + 0.12) for a, b in ring], _HOUSING)
        builder.outline((x, y, z), ring, (255, 66, 54), shining=0.9)
    if sign.style is StopStyle.TEMPORARY:
        for side in (-1.0, 1.0):
            root, tip = at(0.30 * side, -0.42, 0.0), at(0.72 * side, -0.92, 0.0)
            low, far = at(0.62 * side, -0.46, 0.0), at(0.95 * side, -0.66, 0.0)
            builder.polygon([root, tip, far, low], _ORANGE)
    for plate, wide, high, below, turn in _PLATES.get(sign.style, ()):
        _add_plate(builder, sign, faces, (plate, wide, high, below), turn)


def _add_plate(
    builder: MeshBuilder, sign: Sign, faces: list[FaceKey], form: tuple[Plate, float, float, float], turn_rad: float
) -> None:
    plate, wide, high, below = form
    width_m, height_m = wide * sign.width_m, high * sign.width_m
    centre_z_m = sign.centre_z_m - below * sign.width_m
    # A plate across the post is printed on both sides; one along it shows its front alone, like the face.
    for facing in (sign.facing_rad + turn_rad, sign.facing_rad + turn_rad + pi) if turn_rad else (sign.facing_rad,):
        nx, ny = cos(facing), sin(facing)

        def at(u: float, v: float, out_m: float, nx: float = nx, ny: float = ny) -> tuple[float, float, float]:
            x_m, y_m = sign.x_m - ny * u * width_m + nx * out_m, sign.y_m + nx * u * width_m + ny * out_m
            return x_m, y_m, centre_z_m - v * height_m

        _add_face(builder, at, _key(sign, plate, wide / high), faces)


def _bar(builder: MeshBuilder, sign: Sign, half_m: float, top_m: float, colour: Colour, aside_m: float = 0.0) -> None:
    """Add an upright post, `aside_m` to the right of the sign as seen from its front."""
    x_m, y_m = sign.x_m - aside_m * sin(sign.facing_rad), sign.y_m + aside_m * cos(sign.facing_rad)
    builder.group(x_m, y_m)
    builder.outline((x_m, y_m, 0.0), [(-half_m, 0.0), (half_m, 0.0), (half_m, top_m), (-half_m, top_m)], colour)


def _post(builder: MeshBuilder, sign: Sign) -> None:
    colour = _STEEL if sign.look // 64 % 3 else _WOOD
    top_m = sign.centre_z_m
    if sign.style is StopStyle.STREET_NAMES and sign.kind is SignKind.STOP:
        top_m += 1.02 * sign.width_m
    _bar(builder, sign, 0.035 if sign.width_m < 2 else 0.12, top_m, colour)


def _mast_arm(builder: MeshBuilder, sign: Sign) -> None:
    arm_z_m = sign.bottom_m + sign.height_m + 0.15
    _bar(builder, sign, 0.12, arm_z_m + 0.4, _STEEL, sign.reach_m)
    builder.group(sign.x_m, sign.y_m)
    right_x, right_y = -sin(sign.facing_rad), cos(sign.facing_rad)
    end_x, end_y = sign.x_m + sign.reach_m * right_x, sign.y_m + sign.reach_m * right_y
    tip_x, tip_y = sign.x_m - 0.7 * right_x, sign.y_m - 0.7 * right_y
    arm = [(tip_x, tip_y, arm_z_m), (end_x, end_y, arm_z_m - 0.05), (end_x, end_y, arm_z_m + 0.2)]
    builder.polygon([*arm, (tip_x, tip_y, arm_z_m + 0.1)], _STEEL)
    for side in (-0.3, 0.3):
        x_m, y_m = sign.x_m + side * sign.width_m * right_x, sign.y_m + side * sign.width_m * right_y
        hanger = [(-0.02, 0.0), (0.02, 0.0), (0.02, 0.2), (-0.02, 0.2)]
        builder.outline((x_m, y_m, arm_z_m - 0.2), hanger, _STEEL)


def _island(builder: MeshBuilder, sign: Sign) -> None:
    length_m, width_m, height_m = ISLAND_M
    builder.group(sign.x_m, sign.y_m)
    c, s = cos(sign.facing_rad), sin(sign.facing_rad)

    def at(ahead: float, left: float, z_m: float) -> tuple[float, float, float]:
        x, y = 0.5 * ahead * length_m, 0.5 * left * width_m
        return sign.x_m + c * x - s * y, sign.y_m + s * x + c * y, z_m

    plan = [(1.0, -0.4), (1.0, 0.4), (0.8, 1.0), (-0.8, 1.0), (-1.0, 0.4), (-1.0, -0.4), (-0.8, -1.0), (0.8, -1.0)]
    for (a, b), (d, e) in zip(plan, plan[1:] + plan[:1], strict=True):
        colour: Colour = (222, 196, 60) if abs(a + d) > 1.9 else (168, 168, 164)
        builder.polygon([at(a, b, 0.0), at(d, e, 0.0), at(d, e, height_m), at(a, b, height_m)], colour, one_sided=True)
    builder.polygon([at(a, b, height_m) for a, b in plan], (186, 186, 180), one_sided=True)
    _bar(builder, sign, 0.035, sign.centre_z_m, _STEEL)


def _stand(builder: MeshBuilder, sign: Sign) -> None:
    builder.group(sign.x_m, sign.y_m)
    ground = (sign.x_m, sign.y_m, 0.0)
    hub_m = sign.bottom_m + 0.15
    for side in (-1.0, -0.35, 0.35, 1.0):
        foot_m = 0.55 * side * sign.width_m
        leg = [(foot_m - 0.025, 0.0), (foot_m + 0.025, 0.0), (0.02, hub_m), (-0.02, hub_m)]
        builder.outline(ground, leg, (66, 68, 70))
    upright = [(-0.02, hub_m - 0.1), (0.02, hub_m - 0.1), (0.02, sign.centre_z_m), (-0.02, sign.centre_z_m)]
    builder.outline(ground, upright, (66, 68, 70))


_GUARD: tuple[tuple[Colour, tuple[tuple[float, float], ...]], ...] = (
    ((40, 46, 66), ((-0.17, 0.0), (-0.03, 0.0), (0.0, 0.75), (0.03, 0.0), (0.17, 0.0), (0.19, 0.92), (-0.19, 0.92))),
    ((198, 222, 40), ((-0.21, 0.80), (0.21, 0.80), (0.25, 1.42), (0.10, 1.52), (-0.10, 1.52), (-0.25, 1.42))),
    ((214, 218, 214), ((-0.215, 0.98), (0.215, 0.98), (0.22, 1.06), (-0.22, 1.06))),
    ((198, 222, 40), ((0.17, 1.46), (0.25, 1.40), (0.33, 0.95), (0.25, 0.92))),
    ((206, 160, 128), ((-0.09, 1.52), (0.09, 1.52), (0.11, 1.66), (0.06, 1.78), (-0.06, 1.78), (-0.11, 1.66))),
    ((34, 36, 44), ((-0.13, 1.69), (0.13, 1.69), (0.09, 1.82), (-0.09, 1.82))),
)
"""A crossing guard's parts from the feet up: colour, and outline in metres about the feet."""

_GUARD_ASIDE_M = 0.42


def _hand(builder: MeshBuilder, sign: Sign) -> None:
    """Add a guard who holds the sign up at an outstretched arm."""
    right_x, right_y = -sin(sign.facing_rad), cos(sign.facing_rad)
    x_m, y_m = sign.x_m + _GUARD_ASIDE_M * right_x, sign.y_m + _GUARD_ASIDE_M * right_y
    builder.group(x_m, y_m)
    for colour, points in _GUARD:
        builder.outline((x_m, y_m, 0.0), points, colour)
    grip_m = sign.bottom_m - 0.12
    builder.group(sign.x_m, sign.y_m)
    ground = (sign.x_m, sign.y_m, 0.0)
    shoulder = _GUARD_ASIDE_M - 0.20
    arm = [(shoulder, 1.34), (shoulder + 0.04, 1.46), (0.0, grip_m + 0.06), (-0.02, grip_m - 0.04)]
    builder.outline(ground, arm, (186, 210, 38))
    stick_m = grip_m - 0.12
    stick = [(-0.018, stick_m), (0.018, stick_m), (0.018, sign.centre_z_m), (-0.018, sign.centre_z_m)]
    builder.outline(ground, stick, (150, 120, 84))


def _nothing(builder: MeshBuilder, sign: Sign) -> None:
    if sign.kind is SignKind.BALLOONS:
        _bar(builder, sign, 0.008, sign.bottom_m + 0.2 * sign.height_m, (210, 210, 206))


LORRY_LENGTH_M = 6.5


def _lorry(builder: MeshBuilder, sign: Sign) -> None:
    """Add the body in front of a lorry's rear doors: sides, roof and wheels."""
    c, s = cos(sign.facing_rad), sin(sign.facing_rad)
    half_m, low_m, high_m = 0.5 * sign.width_m, sign.bottom_m, sign.bottom_m + sign.height_m
    builder.group(sign.x_m - 0.5 * LORRY_LENGTH_M * c, sign.y_m - 0.5 * LORRY_LENGTH_M * s)

    def at(ahead_m: float, left_m: float, z_m: float) -> tuple[float, float, float]:
        return sign.x_m + c * ahead_m - s * left_m, sign.y_m + s * ahead_m + c * left_m, z_m

    front_m = -LORRY_LENGTH_M
    for side in (-1.0, 1.0):
        y_m = side * half_m
        wall = [at(front_m, y_m, low_m), at(0.0, y_m, low_m), at(0.0, y_m, high_m), at(front_m, y_m, high_m)]
        builder.polygon(wall if side < 0 else wall[::-1], (176, 180, 182), one_sided=True)
        for hub_m in (-1.6, front_m + 1.0):
            wheel = [(hub_m + 0.45 * cos(pi * k / 6), 0.45 + 0.45 * sin(pi * k / 6)) for k in range(12)]
            points = [at(x, y_m + 0.02 * side, z) for x, z in wheel]
            builder.polygon(points if side < 0 else points[::-1], (26, 26, 28), one_sided=True)
    cab = [at(front_m, half_m, low_m), at(front_m, -half_m, low_m)]
    cab += [at(front_m, -half_m, high_m), at(front_m, half_m, high_m)]
    builder.polygon(cab[::-1], (150, 154, 158), one_sided=True)
    for y_m in (-0.36 * sign.width_m, 0.36 * sign.width_m):
        tyre = [at(-0.1, y_m - 0.16, 0.0), at(-0.1, y_m + 0.16, 0.0)]
        tyre += [at(-0.1, y_m + 0.16, low_m + 0.1), at(-0.1, y_m - 0.16, low_m + 0.1)]
        builder.polygon(tyre, (22, 22, 24))


_SUPPORTS: dict[Mount, Callable[[MeshBuilder, Sign], None]] = {
    Mount.POST: _post,
    Mount.MAST_ARM: _mast_arm,
    Mount.ISLAND: _island,
    Mount.STAND: _stand,
    Mount.HAND: _hand,
    Mount.NOTHING: _nothing,
    Mount.LORRY: _lorry,
}
