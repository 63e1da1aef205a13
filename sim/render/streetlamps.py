"""Where street lamps hang: on poles, over the edge of the road."""

from __future__ import annotations

from math import cos, sin

from sim.render.mesh import Colour, MeshBuilder
from sim.world import Scene, Scenery, SceneryKind

_ARM_M = 1.6
_HEAD_M = (0.45, 0.16)
"""Half length and height of a lamp's head."""

_GLOWING: Colour = (255, 240, 205)
_DARK: Colour = (96, 98, 100)


def _hangs_at(scene: Scene, pole: Scenery) -> tuple[float, float, float]:
    path = scene.network.ego_road.path
    s_m, d_m = path.project(pole.x_m, pole.y_m, None)
    across = path.heading(s_m)
    side = -1.0 if d_m > 0 else 1.0
    return pole.x_m - side * sin(across) * _ARM_M, pole.y_m + side * cos(across) * _ARM_M, pole.height_m - 0.1


def street_lamps(scene: Scene) -> list[tuple[float, float, float]]:
    """Return the world x, y, z of every street lamp of a scene, lit or not."""
    return [_hangs_at(scene, pole) for pole in scene.scenery if pole.kind is SceneryKind.POLE]


def add_lamp(builder: MeshBuilder, scene: Scene, pole: Scenery) -> None:
    """Add the arm and the head of a pole's lamp."""
    x_m, y_m, z_m = _hangs_at(scene, pole)
    builder.group(x_m, y_m)
    foot = (pole.x_m, pole.y_m)
    builder.polygon([(*foot, z_m - 0.15), (x_m, y_m, z_m + 0.02), (x_m, y_m, z_m + 0.10), (*foot, z_m - 0.05)], _DARK)
    half_m, high_m = _HEAD_M
    shape = [(-half_m, 0.0), (half_m, 0.0), (0.7 * half_m, high_m), (-0.7 * half_m, high_m)]
    builder.outline((x_m, y_m, z_m), shape, _DARK)
    if scene.light.lamps:
        glass = [(-0.8 * half_m, -0.08), (0.8 * half_m, -0.08), (half_m, 0.03), (-half_m, 0.03)]
        builder.outline((x_m, y_m, z_m), glass, _GLOWING, shining=1.0)
