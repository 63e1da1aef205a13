"""People: walkers tall and small, a crossing guard, and a rider on a bicycle, each in its pose."""

from __future__ import annotations

from math import cos, pi, sin

from sim.actors import SIZES_M, ActorKind
from sim.render.bodies import Body, Point, shade
from sim.render.mesh import Colour

POSES = 8
"""Moments of one gait cycle, or of one turn of the pedals, that are drawn; one more is standing still."""

STANDING = POSES

_SKINS: tuple[Colour, ...] = ((232, 190, 160), (214, 166, 132), (176, 124, 90), (128, 86, 60), (92, 62, 46))
_HAIR: tuple[Colour, ...] = ((42, 32, 26), (84, 56, 34), (150, 108, 60), (28, 26, 26), (176, 172, 166))
_TOPS: tuple[Colour, ...] = (
    (184, 34, 40),
    (52, 84, 140),
    (60, 62, 66),
    (226, 222, 212),
    (74, 116, 80),
    (206, 24, 34),
    (220, 168, 50),
    (128, 84, 140),
    (38, 44, 60),
    (112, 96, 80),
    (206, 112, 130),
)
_BOTTOMS: tuple[Colour, ...] = (
    (44, 54, 84),
    (38, 38, 42),
    (108, 98, 82),
    (70, 84, 112),
    (150, 140, 120),
    (60, 50, 48),
    (140, 30, 36),
)
_SHOES: tuple[Colour, ...] = ((30, 28, 28), (210, 210, 206), (96, 64, 44))
_VEST: Colour = (206, 230, 40)
_METAL: Colour = (92, 96, 102)


def walker(kind: ActorKind, look: int, pose: int) -> Body:
    """Return a person on foot, looking along x.

    Args:
        kind: Adult, child or crossing guard.
        look: Picks clothes, hair and skin.
        pose: Which of the `POSES` of the gait cycle, or `STANDING`.
    """
    height_m = SIZES_M[kind][2]
    child = kind is ActorKind.CHILD
    skin, hair = _SKINS[look % 5], _HAIR[look // 5 % 5]
    top, bottom = _TOPS[look % len(_TOPS)], _BOTTOMS[look // 3 % len(_BOTTOMS)]
    shoes = _SHOES[look // 7 % 3]
    guard = kind is ActorKind.CROSSING_GUARD
    if guard:
        top, bottom = _VEST, _BOTTOMS[0]
    scale = height_m / 1.76
    swing = 0.0 if pose == STANDING else sin(2 * pi * pose / POSES)
    lift = 0.0 if pose == STANDING else cos(2 * pi * pose / POSES)
    body = Body()

    def at(x: float, y: float, z: float) -> Point:
        return x * scale, y * scale, z * scale

    # Children have shorter limbs for their height, and larger heads.
    hip, shoulder = (0.84, 1.36) if child else (0.92, 1.44)
    wide = 1.12 if child else 1.0
    for side, forth, up in ((1.0, swing, lift), (-1.0, -swing, -lift)):
        body.part(0.0, side * 0.10 * scale, 0.45 * scale)
        knee_x, foot_x = 0.17 * forth + 0.05 * max(up, 0.0) + 0.02, 0.34 * forth - 0.06 * max(up, 0.0)
        rise = 0.10 * max(up, 0.0)
        legs = [
            at(0.0, side * 0.09, hip),
            at(knee_x, side * 0.095, 0.50 * hip + rise),
            at(foot_x, side * 0.095, 0.09 + rise),
        ]
        body.tube(
            legs, [0.095 * scale * wide, 0.066 * scale * wide, 0.046 * scale * wide], [bottom, shade(bottom, 0.96)]
        )
        toe = [at(foot_x - 0.07, side * 0.095, 0.05 + rise), at(foot_x + 0.19, side * 0.10, 0.035 + rise)]
        body.tube(toe, [0.055 * scale, 0.045 * scale], [shoes], 5)
        body.part(0.0, side * 0.24 * scale, 1.15 * scale)
        arm = -forth
        if guard and side < 0:
            arm = 0.0
            limb = [at(0.0, -0.19, shoulder - 0.03), at(0.05, -0.46, shoulder - 0.12), at(0.12, -0.52, shoulder + 0.14)]
        else:
            limb = [at(0.0, side * 0.19, shoulder - 0.03), at(0.10 * arm - 0.03, side * 0.235, shoulder - 0.29),
                    at(0.26 * arm + 0.05, side * 0.235, shoulder - 0.53)]  # fmt: skip
        body.tube(limb, [0.058 * scale, 0.046 * scale, 0.036 * scale], [top, top if look % 4 else skin])
        hand = limb[-1]
        body.tube(
            [hand, (hand[0] + 0.02 * scale, hand[1], hand[2] - 0.09 * scale)], [0.04 * scale, 0.032 * scale], [skin], 5
        )
    skirt = look % 6 == 4 and not guard
    body.part(0.0, 0.0, 1.2 * scale)
    if skirt:
        _column(body, [(0.0, 0.0, 0.55 * hip, 0.17, 0.22), (0.0, 0.0, hip + 0.1, 0.12, 0.16)], scale, [bottom])
    rings = [(0.0, 0.0, hip - 0.05, 0.105 * wide, 0.155 * wide), (0.0, 0.0, hip + 0.16, 0.10 * wide, 0.145 * wide),
             (0.01, 0.0, shoulder - 0.10, 0.125, 0.195), (0.0, 0.0, shoulder + 0.02, 0.085, 0.145),
             (0.0, 0.0, shoulder + 0.06, 0.045, 0.05)]  # fmt: skip
    band = (236, 236, 230) if guard else top
    _column(body, rings, scale, [bottom if not guard else top, band, top, shade(top, 1.05)])
    if look % 5 == 2 and not guard:  # a rucksack
        body.part(-0.18 * scale, 0.0, 1.25 * scale)
        body.box((-0.27 * scale, -0.10 * scale), (-0.14 * scale, 0.14 * scale),
                 ((shoulder - 0.42) * scale, shoulder * scale), _TOPS[(look // 11 + 1) % len(_TOPS)])  # fmt: skip
    _head(body, (0.015 * scale, 0.0, (shoulder + 0.185) * scale), (0.135 if child else 0.118) * scale, skin, hair,
          long_hair=look % 3 == 0)  # fmt: skip
    return body


def _column(
    body: Body, rings: list[tuple[float, float, float, float, float]], scale: float, colours: list[Colour]
) -> None:
    """Add a trunk: flat rings of x, y, z and two radii, joined upwards, closed by the last."""
    sides = 10
    loops = [
        [
            (scale * (x + rx * cos(2 * pi * k / sides)), scale * (y + ry * sin(2 * pi * k / sides)), scale * z)
            for k in range(sides)
        ]
        for x, y, z, rx, ry in rings
    ]
    for low, high, colour in zip(loops, loops[1:], colours, strict=False):
        for k in range(sides):
            j = (k + 1) % sides
            body.face([low[k], low[j], high[j], high[k]], colour)
    body.face(loops[-1], colours[-1])


def _head(body: Body, centre: Point, radius_m: float, skin: Colour, hair: Colour, *, long_hair: bool) -> None:
    """Add a head: a ball with its face forward and hair over the rest."""
    x, y, z = centre
    body.part(x, y, z)
    around, levels = 10, 5
    loops: list[list[Point]] = []
    for level in range(levels + 1):
        angle = pi * (level / levels - 0.5)
        long_m, wide_m, up_m = 1.06 * radius_m * cos(angle), 0.92 * radius_m * cos(angle), 1.22 * radius_m * sin(angle)
        loops.append(
            [(x + long_m * cos(2 * pi * (k + 0.5) / around), y + wide_m * sin(2 * pi * (k + 0.5) / around), z + up_m)
             for k in range(around)]
        )  # fmt: skip
    for level in range(levels):
        for k in range(around):
            j = (k + 1) % around
            forward = cos(2 * pi * (k + 1) / around)
            bare = level < levels - 1 and (
                forward > 0.25 or (level < 1 + (not long_hair) and forward > -0.9 + 0.6 * level)
            )
            if level >= levels - 2 and forward < 0.75:
                bare = False
            body.face(
                [loops[level][k], loops[level][j], loops[level + 1][j], loops[level + 1][k]], skin if bare else hair
            )
    for side in (-1.0, 1.0):
        eye = x + 1.03 * radius_m
        y0 = y + side * 0.34 * radius_m
        body.across(
            eye, (y0 - 0.10 * radius_m, y0 + 0.10 * radius_m), (z + 0.02 * radius_m, z + 0.17 * radius_m), (40, 32, 30)
        )


def cyclist(look: int, pose: int) -> Body:
    """Return a rider on a bicycle, looking along x.

    Args:
        look: Picks clothes, helmet and frame.
        pose: Which of the `POSES` of a turn of the pedals, or `STANDING`, with one foot down.
    """
    skin, top = _SKINS[look % 5], _TOPS[look % len(_TOPS)]
    bottom, frame = _BOTTOMS[look // 3 % len(_BOTTOMS)], _TOPS[(look // 5 + 3) % len(_TOPS)]
    turn = 0.6 if pose == STANDING else 2 * pi * pose / POSES
    body = Body()
    body.part(0.0, 0.0, 0.4)
    for x_m in (-0.53, 0.53):
        _bicycle_wheel(body, x_m, 0.34)
    crank: Point = (-0.08, 0.0, 0.30)
    saddle: Point = (-0.24, 0.0, 0.90)
    stem: Point = (0.36, 0.0, 0.88)
    for way in (
        (crank, saddle),
        (saddle, (-0.53, 0.0, 0.34)),
        (crank, (-0.53, 0.0, 0.34)),
        ((-0.20, 0.0, 0.78), stem),
        (crank, (0.38, 0.0, 0.74)),
        ((0.34, 0.0, 0.98), (0.53, 0.0, 0.34)),
    ):
        body.tube(list(way), [0.026, 0.026], [frame], 5)
    body.tube([(0.36, -0.27, 1.02), (0.36, 0.27, 1.02)], [0.018, 0.018], [(34, 34, 36)], 5)
    body.box((-0.38, -0.14), (-0.07, 0.07), (0.90, 0.96), (30, 30, 32))
    body.across(-0.42, (-0.04, 0.04), (0.72, 0.80), (214, 24, 24), shining=0.7)
    body.across(0.42, (-0.04, 0.04), (0.90, 0.98), (250, 248, 236), shining=0.7)
    for side in (1.0, -1.0):
        body.part(0.0, side * 0.14, 0.7)
        angle = turn if side > 0 else turn + pi
        foot: Point = (crank[0] + 0.17 * cos(angle), side * 0.12, crank[2] + 0.17 * sin(angle) + 0.03)
        if pose == STANDING and side > 0:
            foot = (0.02, 0.30, 0.07)
        hip: Point = (-0.20, side * 0.10, 0.96)
        knee = _joint(hip, foot, 0.44, 0.46, side)
        body.tube([hip, knee, foot], [0.095, 0.066, 0.045], [bottom, bottom if look % 2 else skin])
        body.tube([(foot[0] - 0.07, foot[1], foot[2] - 0.03), (foot[0] + 0.17, foot[1], foot[2] - 0.03)], [0.05, 0.042],
                  [_SHOES[look // 7 % 3]], 5)  # fmt: skip
        body.part(0.2, side * 0.26, 1.2)
        limb: list[Point] = [(0.10, side * 0.19, 1.40), (0.22, side * 0.27, 1.20), (0.36, side * 0.24, 1.05)]
        body.tube(limb, [0.056, 0.045, 0.036], [top, skin if look % 3 else top])
    body.part(-0.05, 0.0, 1.2)
    body.tube([(-0.24, 0.0, 0.93), (-0.13, 0.0, 1.15), (0.07, 0.0, 1.40), (0.12, 0.0, 1.50)], [0.15, 0.155, 0.17, 0.05],
              [bottom, top, top], 10)  # fmt: skip
    _head(body, (0.18, 0.0, 1.60), 0.112, skin, _HAIR[look // 5 % 5], long_hair=False)
    helmet = _TOPS[(look // 2 + 5) % len(_TOPS)]
    body.part(0.17, 0.0, 1.62)
    _column(body, [(0.17, 0.0, 1.63, 0.145, 0.118), (0.16, 0.0, 1.71, 0.12, 0.098), (0.16, 0.0, 1.76, 0.06, 0.05)], 1.0,
            [helmet, shade(helmet, 1.08)])  # fmt: skip
    return body


def _joint(hip: Point, foot: Point, upper_m: float, lower_m: float, side: float) -> Point:
    """Return where a knee bends forward between hip and foot: the cosine rule in the plane of the leg."""
    dx, dz = foot[0] - hip[0], foot[2] - hip[2]
    reach = min((dx * dx + dz * dz) ** 0.5, upper_m + lower_m - 1e-3)
    along = (upper_m**2 - lower_m**2 + reach**2) / (2 * reach)
    out = max(upper_m**2 - along**2, 0.0) ** 0.5
    ux, uz = dx / max(reach, 1e-6), dz / max(reach, 1e-6)
    return hip[0] + along * ux - out * uz, side * 0.12, hip[2] + along * uz + out * ux


def _bicycle_wheel(body: Body, x_m: float, radius_m: float) -> None:
    """Add a thin wheel with a hole: tyre and rim as rings, a few spokes."""
    sides, half = 16, 0.025
    inner = radius_m - 0.05
    spots = [(cos(2 * pi * k / sides), sin(2 * pi * k / sides)) for k in range(sides)]
    for (c0, s0), (c1, s1) in zip(spots, (*spots[1:], spots[0]), strict=True):
        ring = [(x_m + r * c, radius_m + r * s) for r, c, s in
                ((inner, c0, s0), (radius_m, c0, s0), (radius_m, c1, s1), (inner, c1, s1))]  # fmt: skip
        body.face([(x, 0.0, z) for x, z in ring], (30, 30, 32), two_sided=True, tone=1.0)
        (_, (ax, az), (bx, bz), _) = ring
        body.face(
            [(ax, -half, az), (ax, half, az), (bx, half, bz), (bx, -half, bz)], (30, 30, 32), two_sided=True, tone=0.9
        )
    for k in range(4):
        c, s = cos(pi * k / 4), sin(pi * k / 4)
        body.face(
            [(x_m + e * inner * c + w * s, 0.0, radius_m + e * inner * s - w * c)
             for e, w in ((-1, -0.006), (1, -0.006), (1, 0.006), (-1, 0.006))],
            _METAL, two_sided=True, tone=1.0,
        )  # fmt: skip
