"""Houses with walls of brick, plaster or boards, framed windows that mirror the sky or are lit, doors and roofs."""

from __future__ import annotations

from functools import partial
from math import cos, pi, sin

from sim.light import Light
from sim.render.mesh import NO_FACE, Colour, MeshBuilder
from sim.world import Scenery

WALL_FACE = -3
"""Faces from here downwards are walls with a grain: brick, plaster, boards (`textures.brick_tile` of 0, 1, 2)."""

_BAY_M = 4.5
_FRAMES: tuple[Colour, ...] = ((228, 226, 218), (92, 76, 62), (204, 204, 200))
_LAMPLIGHT: tuple[Colour, ...] = ((255, 206, 132), (255, 226, 176), (230, 236, 240))

Place = tuple[float, float]


def _along(x_m: float, y_m: float, nx: float, ny: float, along_m: float) -> Place:
    return x_m - ny * along_m, y_m + nx * along_m


def _wall(
    builder: MeshBuilder,
    left: Place,
    right: Place,
    z_m: Place,
    colour: Colour,
    shining: float = 0.0,
    face: int = NO_FACE,
) -> None:
    corners = [(*left, z_m[0]), (*right, z_m[0]), (*right, z_m[1]), (*left, z_m[1])]
    builder.polygon(corners, colour, one_sided=True, shining=shining, face=face)


def add_building(builder: MeshBuilder, house: Scenery, wall: Colour, roof: Colour, light: Light) -> None:
    """Add a house; its walls and its roof take the same room as those of a plain one."""
    look = house.look
    reddish = wall[0] > 1.35 * wall[2]
    face = WALL_FACE - (0 if reddish or look // 512 % 4 == 0 else 1 + look // 2048 % 2)
    pitched = house.height_m < 7.5
    eaves_m = house.height_m * (0.65 if pitched else 1.0)
    floors = max(1, int(eaves_m / 3.1))
    plinth: Colour = (0.62 * wall[0], 0.62 * wall[1], 0.64 * wall[2])
    for side in range(4):
        normal = house.heading_rad + side * pi / 2
        deep, wide = (house.length_m, house.width_m) if side % 2 == 0 else (house.width_m, house.length_m)
        nx, ny = cos(normal), sin(normal)
        at = partial(_along, house.x_m + 0.5 * nx * deep, house.y_m + 0.5 * ny * deep, nx, ny)
        bays = max(1, round(wide / _BAY_M))
        bay_m = wide / bays
        for bay in range(bays):
            start_m = bay * bay_m - 0.5 * wide
            builder.group(*at(start_m + 0.5 * bay_m))
            ends = at(start_m), at(start_m + bay_m)
            _wall(builder, *ends, (0.0, eaves_m), wall, face=face)
            _wall(builder, *ends, (0.0, 0.45), plinth)
            if not pitched:
                _wall(builder, *ends, (eaves_m - 0.35, eaves_m), (0.8 * wall[0], 0.8 * wall[1], 0.82 * wall[2]))
            for floor in range(floors):
                door = floor == 0 and side == 0 and bay == look // 32768 % bays
                height_m = eaves_m / floors
                if door:
                    middle_m = start_m + 0.5 * bay_m
                    _wall(
                        builder, at(middle_m - 0.72), at(middle_m + 0.72), (0.0, min(2.35, 0.84 * height_m)), _FRAMES[0]
                    )
                    _wall(builder, at(middle_m - 0.58), at(middle_m + 0.58), (0.0, min(2.2, 0.8 * height_m)), roof)
                else:
                    number = (look // 3 + 7 * floor + 3 * bay + 5 * side) % 64
                    _window(
                        builder,
                        at,
                        start_m + 0.5 * bay_m,
                        bay_m,
                        (floor * height_m, height_m),
                        look,
                        number,
                        light,
                        framed=side == 0,
                    )


def _window(
    builder: MeshBuilder,
    at: partial[Place],
    middle_m: float,
    bay_m: float,
    storey_m: Place,
    look: int,
    number: int,
    light: Light,
    *,
    framed: bool,
) -> None:
    """Add glass, what it mirrors or what lamp burns behind it, and, on a front, its frame."""
    half_m = 0.5 * (0.28 + 0.03 * (look // 256 % 6)) * bay_m
    foot_m = storey_m[0] + 0.30 * storey_m[1]
    head_m = foot_m + (0.42 + 0.03 * (look // 2048 % 6)) * storey_m[1]
    frame = _FRAMES[look // 128 % 3]
    if framed:
        sides = at(middle_m - half_m - 0.09), at(middle_m + half_m + 0.09)
        _wall(builder, *sides, (foot_m - 0.12, head_m + 0.09), frame)
    ends = at(middle_m - half_m), at(middle_m + half_m)
    if light.lamps and number % 5 < 2:
        _wall(builder, *ends, (foot_m, head_m), _LAMPLIGHT[number % 3], shining=0.64)
        _wall(builder, at(middle_m - 0.04), at(middle_m + 0.04), (foot_m, head_m), frame)
        return
    sky = light.sky_low
    share = 0.20 + 0.05 * (number % 6)
    inside: Colour = (30, 36, 42)
    glass: Colour = (
        inside[0] + share * sky[0] * 0.8,
        inside[1] + share * sky[1] * 0.85,
        inside[2] + share * sky[2] * 0.9,
    )
    dim: Colour = (0.62 * glass[0], 0.62 * glass[1], 0.66 * glass[2])
    # What a pane mirrors is bright whatever falls on the wall: it shines with the sky's own light.
    _wall(builder, *ends, (foot_m, head_m), dim, shining=0.6)
    one, two = at(middle_m - half_m), at(middle_m + half_m)
    slant_m = foot_m + (0.25 + 0.09 * (number % 5)) * (head_m - foot_m)
    builder.polygon(
        [(*one, slant_m), (*two, slant_m + 0.25 * (head_m - foot_m)), (*two, head_m), (*one, head_m)],
        glass,
        one_sided=True,
        shining=0.6,
    )
    if framed and number % 2:
        _wall(builder, at(middle_m - 0.04), at(middle_m + 0.04), (foot_m, head_m), frame)
