"""The plain vehicles: a box, a cabin, wheels and lamps. `road_users` has those that look like what they are."""

from __future__ import annotations

from functools import lru_cache
from math import cos, fsum, pi, sin

from sim.actors import SIZES_M, ActorKind
from sim.render.bodies import shade as _shade
from sim.render.mesh import Colour, Mesh, MeshBuilder

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
        centre = [fsum(point[axis] for point in quad) / 4 for axis in range(3)]
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
