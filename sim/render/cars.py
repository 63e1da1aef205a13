"""Passenger cars: hatchback, saloon, estate, SUV and pick-up, told apart by their outline from the side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from sim.actors import SIZES_M, ActorKind
from sim.render.bodies import Body, shade
from sim.render.mesh import Colour

PAINTS: tuple[Colour, ...] = (
    (214, 216, 218),
    (44, 46, 50),
    (126, 130, 136),
    (182, 28, 32),
    (42, 74, 138),
    (238, 238, 235),
    (74, 92, 82),
    (158, 130, 96),
    (168, 174, 182),
    (120, 30, 36),
    (204, 128, 42),
    (88, 140, 176),
)
GLASS: Colour = (44, 54, 64)
_TRIM: Colour = (30, 31, 33)
_PLATE: Colour = (228, 228, 220)
_HUB: Colour = (158, 160, 164)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A car's outline from the side, in metres: x from the middle forwards, z up.

    Attributes:
        nose_z_m: Height of the bonnet's front edge.
        belt_z_m: Height of the windows' lower edge.
        tail_z_m: Height of the rear end below the rear window.
        base_m: x of the rear window's and the windscreen's lower edges.
        roof_m: x of the roof's rear and front edges.
        pillars_m: x of the pillars between side windows, at their middle.
        wheel_m: Radius of the wheels.
        clear_m: Height of the sill.
    """

    nose_z_m: float
    belt_z_m: float
    tail_z_m: float
    base_m: tuple[float, float]
    roof_m: tuple[float, float]
    pillars_m: tuple[float, ...]
    wheel_m: float = 0.32
    clear_m: float = 0.22


_SHAPES: dict[ActorKind, _Shape] = {
    ActorKind.HATCHBACK: _Shape(0.74, 0.93, 0.93, (-1.93, 1.05), (-1.42, 0.28), (-0.95, -0.12)),
    ActorKind.SALOON: _Shape(0.72, 0.90, 0.97, (-1.42, 1.12), (-0.86, 0.28), (-0.26,)),
    ActorKind.ESTATE: _Shape(0.72, 0.91, 0.92, (-2.28, 1.12), (-1.98, 0.28), (-1.22, -0.30)),
    ActorKind.SUV: _Shape(0.92, 1.08, 1.08, (-2.22, 1.05), (-1.88, 0.34), (-1.18, -0.22), 0.37, 0.32),
    ActorKind.PICKUP: _Shape(0.98, 1.12, 1.10, (-0.72, 1.28), (-0.62, 0.62), (0.22,), 0.39, 0.36),
}


def car(kind: ActorKind, look: int) -> Body:
    """Return a car; `look` picks its paint, plate and hubs."""
    length_m, width_m, height_m = SIZES_M[kind]
    shape, paint = _SHAPES[kind], PAINTS[look % len(PAINTS)]
    half, side = 0.5 * length_m, 0.5 * width_m
    body = Body()
    body.part(0.0, 0.0, 0.7)
    _lower(body, shape, half, side, paint)
    if kind is ActorKind.PICKUP:
        _bed(body, shape, half, side, paint)
    _cabin(body, shape, side, height_m, paint)
    _ends(body, shape, half, side, paint, look)
    base, _ = shape.base_m[1], shape.belt_z_m
    for y_m in (side, -side):
        body.part(base - 0.25, y_m * 1.06, shape.belt_z_m + 0.12)
        inner, outer = 0.98 * y_m, y_m + (0.17 if y_m > 0 else -0.17)
        low, high = shape.belt_z_m + 0.03, shape.belt_z_m + 0.19
        body.box((base - 0.34, base - 0.22), (min(inner, outer), max(inner, outer)), (low, high), shade(paint, 0.9))
    return body


def _lower(body: Body, shape: _Shape, half: float, side: float, paint: Colour) -> None:
    """Add everything below the windows: bonnet, doors, boot, wheels."""
    clear, (tail, screen) = shape.clear_m, shape.base_m
    axles = (-0.62 * half, 0.61 * half)
    for x in axles:
        body.axle(x, side, shape.wheel_m)
    profile = [
        (-half + 0.12, clear),
        (half - 0.14, clear),
        (half, clear + 0.16),
        (half - 0.04, shape.nose_z_m - 0.10),
        (half - 0.16, shape.nose_z_m),
        (screen, shape.belt_z_m),
        (tail, shape.belt_z_m),
        (-half + 0.05, shape.tail_z_m),
        (-half, shape.tail_z_m - 0.12),
        (-half, clear + 0.14),
    ]
    body.extrude(profile, side, paint)
    y = side + 0.004
    body.side([(-half + 0.1, clear), (half - 0.12, clear), (half - 0.1, clear + 0.10), (-half + 0.06, clear + 0.10)],
              y, _TRIM, tone=0.9)  # fmt: skip
    low, high = clear + 0.12, shape.belt_z_m - 0.02
    doors = (shape.roof_m[1] + 0.55, shape.pillars_m[-1], max(tail + 0.62, -half + 1.1))
    for x in doors:
        body.side([(x, low), (x + 0.025, low), (x + 0.025, high), (x, high)], y, shade(paint, 0.5))
    for x in doors[1:]:
        body.side([(x + 0.08, high - 0.12), (x + 0.26, high - 0.12), (x + 0.26, high - 0.08), (x + 0.08, high - 0.08)],
                  y, shade(paint, 0.4))  # fmt: skip
    for x in axles:
        body.wheel(x, side, shape.wheel_m, _HUB)


def _bed(body: Body, shape: _Shape, half: float, side: float, paint: Colour) -> None:
    """Add the open load bed of a pick-up, as seen from above its walls."""
    x0, x1, z, inner = -half + 0.12, shape.base_m[0] - 0.04, shape.belt_z_m + 0.004, side - 0.10
    body.face([(x0, -inner, z), (x1, -inner, z), (x1, inner, z), (x0, inner, z)], shade(paint, 0.28))


def _cabin(body: Body, shape: _Shape, side: float, top_m: float, paint: Colour) -> None:
    """Add windows that lean in on all sides between painted pillars, under the roof."""
    (tail, screen), (rear, front), belt = shape.base_m, shape.roof_m, shape.belt_z_m
    body.part(0.5 * (tail + screen), 0.0, 0.6 * belt + 0.4 * top_m)
    lean, high = 0.30, top_m - 0.03 - belt
    foot, head = side - 0.03, side - 0.03 - 0.30 * high
    pillar = shade(paint, 0.92)
    body.both([(tail, -foot, belt), (screen, -foot, belt), (front, -head, belt + high), (rear, -head, belt + high)],
              pillar)  # fmt: skip
    # Side windows, cut between the pillars and drawn in a little from the frame.
    low, up = 0.05, high - 0.07
    edges = (tail + 0.16, *shape.pillars_m, screen - 0.20)
    for x0, x1 in pairwise(edges):
        ends: list[tuple[float, float]] = []
        for z, outer in ((low, False), (up, True)):
            share = z / high
            back = max(x0 + 0.04, tail + share * (rear - tail) + 0.10)
            fore = min(x1 - 0.04, screen + share * (front - screen) - 0.10)
            ends += [(fore, belt + z), (back, belt + z)] if outer else [(back, belt + z), (fore, belt + z)]
        body.side(ends, foot + 0.004 - lean * low, GLASS, lean=lean)
    for (x0, x1), glass in (((screen, front), shade(GLASS, 1.12)), ((tail, rear), GLASS)):
        body.face([(x0, -foot, belt), (x0, foot, belt), (x1, head, belt + high), (x1, -head, belt + high)], pillar)
        out_m = 0.004 if x0 > 0.0 else -0.004
        pane = [(0.06, -1.0), (0.06, 1.0), (0.90, 1.0), (0.90, -1.0)]
        body.face(
            [
                (x0 + up * (x1 - x0) + out_m, y * (foot - 0.10 - up * (foot - head)), belt + up * high)
                for up, y in pane
            ],
            glass,
        )  # fmt: skip
    body.face([(rear, -head, belt + high), (front, -head, belt + high), (front, head, belt + high),
               (rear, head, belt + high)], paint)  # fmt: skip


def _ends(body: Body, shape: _Shape, half: float, side: float, paint: Colour, look: int) -> None:
    """Add what tells front from back: lamps, grille, bumpers, plates, tyres."""
    body.part(0.0, 0.0, 0.6)
    clear, nose, tail_z = shape.clear_m, shape.nose_z_m, shape.tail_z_m
    x = half + 0.012
    body.across(x, (-side + 0.06, side - 0.06), (clear, clear + 0.15), _TRIM)
    body.across(x, (-0.46 * side, 0.46 * side), (nose - 0.24, nose - 0.11), _TRIM)
    body.across(x + 0.004, (-0.09, 0.09), (nose - 0.22, nose - 0.14), shade(_HUB, 1.2))
    body.across(x + 0.004, (-0.26, 0.26), (clear + 0.17, clear + 0.28), _PLATE)
    for y0, y1 in ((0.52 * side, 0.94 * side), (-0.94 * side, -0.52 * side)):
        body.across(x, (y0, y1), (nose - 0.24, nose - 0.10), (246, 244, 232), shining=0.7)
    x = -half - 0.012
    body.across(x, (-side + 0.06, side - 0.06), (clear, clear + 0.13), _TRIM)
    body.across(x, (-side + 0.08, side - 0.08), (tail_z - 0.42, tail_z - 0.40), shade(paint, 0.5))
    body.across(x - 0.004, (-0.26, 0.26), (tail_z - 0.36, tail_z - 0.24), (238, 216, 120) if look % 3 == 0 else _PLATE)
    tall = 0.34 if shape.belt_z_m > 1.0 else 0.20
    for sign in (1.0, -1.0):
        outer, inner = sign * 0.96 * side, sign * 0.66 * side
        lamp = (min(outer, inner), max(outer, inner))
        body.across(x, lamp, (tail_z - 0.08 - tall, tail_z - 0.08), (190, 20, 24), shining=0.6)
        body.across(x - 0.004, lamp, (tail_z - 0.08 - tall, tail_z - 0.02 - tall), (232, 170, 60), shining=0.3)
