"""Trees with leaves: a ragged crown of clumps, lighter towards the top, each of its own shade."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

from sim.generate import ROUND_CROWN
from sim.render.mesh import Colour, MeshBuilder
from sim.seeding import Stream, stream
from sim.world import Scenery

_BARK: tuple[Colour, ...] = ((82, 66, 52), (98, 88, 76), (62, 54, 46))
_SHAPES = 48

Clump = tuple[tuple[tuple[float, float], ...], float, float]
"""Corners about the crown's centre in units of its radius, a tone, and a shift of its hue."""


@lru_cache(maxsize=_SHAPES)
def _crown(shape: int) -> tuple[Clump, ...]:
    rng = stream(shape, Stream.TEXTURE, 6)
    clumps: list[Clump] = [(_ragged(rng.uniform(-1, 1, 26).tolist(), 0.0, 0.0, 0.94, 0.08), 0.66, 0.0)]
    count = int(rng.integers(7, 11))
    places = sorted((float(rng.uniform(-0.75, 0.72)), float(rng.uniform(-0.7, 0.7))) for _ in range(count))
    for up, aside in places:
        room = max(0.0, 1.0 - (up * up + aside * aside) ** 0.5)
        size = 0.22 + 0.30 * room + 0.08 * float(rng.random())
        tone = 0.80 + 0.26 * up + float(rng.uniform(-0.09, 0.09))
        points = _ragged(rng.uniform(-1, 1, 11).tolist(), aside, up, size, 0.16)
        clumps.append((points, tone, float(rng.uniform(-0.10, 0.10))))
    return tuple(clumps)


def _ragged(ripple: list[float], aside: float, up: float, size: float, rough: float) -> tuple[tuple[float, float], ...]:
    count = len(ripple)
    found: list[tuple[float, float]] = []
    for k, part in enumerate(ripple):
        # Leaves stick out and leave gaps by turns.
        radius = size * (1.0 + rough * (1.2 * part + (0.4 if k % 2 else -0.4)))
        turn = 2 * pi * k / count
        found.append((aside + radius * cos(turn), up + radius * sin(turn)))
    return tuple(found)


def _toned(colour: Colour, tone: float, hue: float) -> Colour:
    return colour[0] * tone * (1 + hue), colour[1] * tone * (1 + 0.3 * hue), colour[2] * tone * (1 - hue)


def add_tree(builder: MeshBuilder, tree: Scenery, leaf: Colour) -> None:
    """Add a tree or a hedge; its outline keeps to the same bounds as that of a plain one."""
    look = tree.look
    radius_m = 0.5 * tree.width_m
    middle_m = max(tree.height_m - radius_m, 0.6 * radius_m)
    trunk_m = 0.05 * tree.width_m + 0.04
    builder.group(tree.x_m, tree.y_m)
    trunk = [(-trunk_m, 0.0), (trunk_m, 0.0), (0.7 * trunk_m, middle_m), (-0.7 * trunk_m, middle_m)]
    builder.outline((tree.x_m, tree.y_m, 0.0), trunk, _BARK[look // 7 % 3])
    crown = (tree.x_m, tree.y_m, middle_m)
    if not look & (ROUND_CROWN | ROUND_CROWN << 1):
        _conifer(builder, tree, crown, leaf)
        return
    mirror = -1.0 if look // 512 % 2 else 1.0
    for points, tone, hue in _crown(look // 1024 % _SHAPES):
        builder.outline(crown, [(mirror * radius_m * x, radius_m * y) for x, y in points], _toned(leaf, tone, hue))


def _conifer(builder: MeshBuilder, tree: Scenery, crown: tuple[float, float, float], leaf: Colour) -> None:
    radius_m, high_m = 0.5 * tree.width_m, tree.height_m
    layers = 5
    for step in range(layers):
        low_m = 0.16 * high_m + step * 0.155 * high_m - crown[2]
        half_m = radius_m * (1.0 - 0.17 * step)
        top_m = min(low_m + 0.34 * high_m, high_m - crown[2])
        droop = 0.05 * high_m
        skirt = [(half_m * (-1 + 2 * k / 8), low_m - (droop if k % 2 == 0 else 0.0)) for k in range(9)]
        builder.outline(crown, [*skirt, (0.0, top_m)], _toned(leaf, 0.62 + 0.085 * step, 0.04 * (step % 2)))
