"""Large vehicles: panel van, box lorry, city bus and school bus."""

from __future__ import annotations

from sim.actors import SIZES_M, ActorKind
from sim.render.bodies import Body, shade
from sim.render.cars import GLASS, PAINTS
from sim.render.mesh import Colour

_TRIM: Colour = (34, 35, 38)
_STEEL: Colour = (150, 152, 156)
_PLATE: Colour = (228, 228, 220)
_LAMP: Colour = (246, 244, 232)
_RED: Colour = (190, 20, 24)
_AMBER: Colour = (236, 164, 44)
SCHOOL_BUS_YELLOW: Colour = (242, 170, 20)
"""National School Bus Glossy Yellow is about sRGB 245, 165, 0; in daylight it looks a little paler."""

_BOXES: tuple[Colour, ...] = (
    (232, 232, 228),
    (214, 214, 208),
    (52, 92, 150),
    (186, 44, 40),
    (226, 200, 90),
    (70, 120, 84),
)
_LIVERIES: tuple[tuple[Colour, Colour], ...] = (
    ((188, 34, 36), (236, 236, 232)),
    ((44, 92, 168), (236, 236, 232)),
    ((236, 236, 232), (60, 140, 96)),
    ((70, 150, 110), (238, 226, 150)),
)


def panel_van(look: int) -> Body:
    """Return a delivery van: a short sloping nose before a tall closed box."""
    length_m, width_m, top = SIZES_M[ActorKind.PANEL_VAN]
    half, side = 0.5 * length_m, 0.5 * width_m
    paint = PAINTS[(0, 5, 2, 4, 5, 8)[look % 6]]
    body = Body()
    body.part(0.0, 0.0, 1.1)
    for x in (-half + 1.05, half - 0.92):
        body.axle(x, side, 0.35)
    profile = [(-half, 0.34), (half - 0.1, 0.30), (half, 0.55), (half - 0.1, 1.02), (half - 0.62, 1.22),
               (half - 1.36, top - 0.10), (half - 1.75, top), (-half, top)]  # fmt: skip
    body.extrude(profile, side, paint)
    y = side + 0.006
    body.side([(half - 1.72, 1.22), (half - 0.82, 1.22), (half - 1.28, 2.02), (half - 1.72, 2.02)], y, GLASS)
    for x in (half - 1.80, half - 3.15, half - 0.78):
        high = 2.25 if x < half - 1.0 else 1.2
        body.side([(x, 0.42), (x + 0.03, 0.42), (x + 0.03, high), (x, high)], y, shade(paint, 0.55))
    body.side([(-half + 0.05, 0.78), (half - 0.2, 0.78), (half - 0.2, 0.86), (-half + 0.05, 0.86)], y, _TRIM)
    body.side([(-half + 0.05, 0.34), (half - 0.1, 0.30), (half - 0.1, 0.42), (-half + 0.05, 0.46)], y, _TRIM)
    if look % 2:
        stripe = PAINTS[(3, 4, 10, 6)[look // 2 % 4]]
        body.side([(-half + 0.3, 1.25), (half - 1.95, 1.25), (half - 1.95, 1.75), (-half + 0.3, 1.75)], y, stripe)
    # The windscreen lies a little off its slope, inside its frame.
    x0, z0, x1, z1 = half - 0.66, 1.26, half - 1.30, top - 0.16
    body.face([(x0 + 0.02, -side + 0.12, z0), (x0 + 0.02, side - 0.12, z0), (x1 + 0.02, side - 0.16, z1),
               (x1 + 0.02, -side + 0.16, z1)], shade(GLASS, 1.1))  # fmt: skip
    _front(body, half, side, (0.66, 0.90), 0.42)
    x = -half - 0.01
    for sign in (-1.0, 1.0):
        body.across(x, (min(0.1 * sign, 0.82 * sign * side), max(0.1 * sign, 0.82 * sign * side)), (1.45, 2.15), GLASS)
    body.across(x, (-0.02, 0.02), (0.45, 2.35), shade(paint, 0.5))
    _rear(body, half, side, (0.80, 1.25), 0.40)
    for x in (-half + 1.05, half - 0.92):
        body.wheel(x, side, 0.35, _STEEL)
    _mirrors(body, half - 0.95, side, (1.25, 1.62))
    return body


def box_lorry(look: int) -> Body:
    """Return a lorry: a cab over the engine, a gap, and a box on a frame."""
    length_m, width_m, top = SIZES_M[ActorKind.BOX_LORRY]
    half, side = 0.5 * length_m, 0.5 * width_m
    paint, box = PAINTS[look % len(PAINTS)], _BOXES[look // 3 % len(_BOXES)]
    body = Body()
    front, back = half - 1.75, half - 1.95
    body.part(0.5 * (back - half), 0.0, 2.0)
    body.axle(-half + 1.9, side - 0.04, 0.48)
    body.box((-half, half - 0.3), (-side + 0.30, side - 0.30), (0.55, 0.95), _TRIM)
    body.box((-half, back), (-side, side), (0.98, top), box)
    y = side + 0.006
    for k in range(1, 4):
        x = -half + k * (back + half) / 4
        body.side([(x, 1.02), (x + 0.03, 1.02), (x + 0.03, top - 0.04), (x, top - 0.04)], y, shade(box, 0.8))
    if look % 3:
        stripe = PAINTS[(3, 4, 10, 6, 11)[look // 5 % 5]]
        body.side([(-half + 0.25, 1.75), (back - 0.25, 1.75), (back - 0.25, 2.55), (-half + 0.25, 2.55)], y, stripe)
    for z0, z1 in ((0.98, 1.06), (top - 0.07, top)):
        body.side([(-half, z0), (back, z0), (back, z1), (-half, z1)], y + 0.002, _STEEL)
    x = -half - 0.01
    body.across(x, (-side, side), (0.90, 1.04), _STEEL)
    body.across(x, (-0.025, 0.025), (1.05, top - 0.06), shade(box, 0.5))
    for yy in (-0.5, 0.5):
        body.across(x, (yy - 0.02, yy + 0.02), (1.05, top - 0.06), _STEEL)
    for k in range(8):
        colour = _RED if k % 2 == 0 else (236, 236, 232)
        body.across(x - 0.004, (-side + k * side / 4, -side + (k + 1) * side / 4), (0.92, 1.02), colour)
    body.across(x, (-side + 0.1, side - 0.1), (0.50, 0.60), _STEEL)
    _rear(body, half, side, (0.64, 0.84), 0.50)
    body.wheel(-half + 1.9, side - 0.04, 0.48, _STEEL)

    body.part(half - 0.85, 0.0, 1.5)
    body.axle(half - 1.05, side - 0.06, 0.48)
    profile = [(front, 0.50), (half - 0.04, 0.42), (half, 0.60), (half, 1.55), (half - 0.20, 2.55), (half - 0.5, 2.72),
               (front, 2.72)]  # fmt: skip
    body.extrude(profile, side - 0.04, paint)
    y = side - 0.034
    body.side([(front + 0.42, 1.55), (half - 0.12, 1.55), (half - 0.28, 2.38), (front + 0.42, 2.38)], y, GLASS)
    body.side(
        [(front + 0.34, 0.85), (front + 0.37, 0.85), (front + 0.37, 2.45), (front + 0.34, 2.45)], y, shade(paint, 0.5)
    )
    body.face([(half + 0.01, -side + 0.16, 1.58), (half + 0.01, side - 0.16, 1.58), (half - 0.17, side - 0.22, 2.48),
               (half - 0.17, -side + 0.22, 2.48)], shade(GLASS, 1.1))  # fmt: skip
    for k in range(3):
        body.across(half + 0.01, (-0.75, 0.75), (0.98 + 0.16 * k, 1.08 + 0.16 * k), _TRIM)
    _front(body, half, side - 0.04, (0.66, 0.86), 0.48)
    body.wheel(half - 1.05, side - 0.06, 0.48, _STEEL)
    _mirrors(body, half - 0.10, side, (1.65, 2.30))
    return body


def bus(look: int) -> Body:
    """Return a city bus: a long box of glass, doors on the right, its destination over the windscreen."""
    length_m, width_m, top = SIZES_M[ActorKind.BUS]
    half, side = 0.5 * length_m, 0.5 * width_m
    paint, band = _LIVERIES[look % len(_LIVERIES)]
    body = Body()
    body.part(0.0, 0.0, 1.5)
    for x in (-half + 2.9, half - 2.65):
        body.axle(x, side, 0.46)
    profile = [(-half, 0.36), (half - 0.02, 0.32), (half, 0.5), (half, 1.05), (half - 0.14, top - 0.1),
               (half - 0.3, top), (-half + 0.1, top), (-half, top - 0.2)]  # fmt: skip
    body.extrude(profile, side, paint)
    y = side + 0.006
    body.side([(-half, 0.50), (half, 0.50), (half, 0.72), (-half, 0.72)], y, band)
    body.side(
        [(-half + 0.35, 1.15), (half - 0.10, 1.15), (half - 0.22, 2.45), (-half + 0.35, 2.45)], y, _TRIM, tone=1.0
    )
    bays = 7
    for k in range(bays):
        x0 = -half + 0.42 + k * (2 * half - 0.62) / bays
        x1 = x0 + (2 * half - 0.62) / bays - 0.10
        body.side([(x0, 1.22), (x1, 1.22), (x1, 2.38), (x0, 2.38)], y + 0.003, shade(GLASS, 1.5 if k % 3 else 1.3))
    for x0 in (half - 1.62, -0.65):
        right = -(y + 0.008)
        body.face([(x0, right, 0.42), (x0 + 1.2, right, 0.42), (x0 + 1.2, right, 2.42), (x0, right, 2.42)], _TRIM)
        for a, b in ((0.06, 0.57), (0.63, 1.14)):
            body.face([(x0 + a, right - 0.003, 0.55), (x0 + b, right - 0.003, 0.55), (x0 + b, right - 0.003, 2.34),
                       (x0 + a, right - 0.003, 2.34)], shade(GLASS, 1.7))  # fmt: skip
    body.face([(half + 0.01, -side + 0.1, 1.10), (half + 0.01, side - 0.1, 1.10), (half - 0.09, side - 0.1, 2.46),
               (half - 0.09, -side + 0.1, 2.46)], shade(GLASS, 1.2))  # fmt: skip
    body.face([(half - 0.085, -side + 0.2, 2.52), (half - 0.085, side - 0.2, 2.52), (half - 0.125, side - 0.2, 2.92),
               (half - 0.125, -side + 0.2, 2.92)], (20, 20, 22))  # fmt: skip
    for k in range(7):
        y0 = -0.72 + 0.21 * k
        body.across(half - 0.07, (y0, y0 + 0.14), (2.64, 2.82), _AMBER, shining=0.9)
    _front(body, half, side, (0.58, 0.80), 0.40, grille=False)
    x = -half - 0.01
    body.across(x, (-side + 0.2, side - 0.2), (1.55, 2.55), GLASS)
    body.across(x, (-side + 0.25, side - 0.25), (0.62, 1.25), shade(paint, 0.7))
    for k in range(4):
        body.across(x - 0.004, (-side + 0.3, side - 0.3), (0.70 + 0.13 * k, 0.75 + 0.13 * k), _TRIM)
    body.across(x, (0.35, 0.95), (2.65, 2.90), (20, 20, 22))
    _rear(body, half, side, (0.80, 1.30), 0.38)
    for x in (-half + 2.9, half - 2.65):
        body.wheel(x, side, 0.46, _STEEL)
    _mirrors(body, half + 0.05, side, (1.75, 2.35))
    return body


def school_bus(look: int, *, flashing: bool) -> Body:
    """Return a conventional (type C) school bus: yellow, bonnet before the body, black rub rails and lamps on the roof.

    Args:
        look: Picks the number of its fleet.
        flashing: Whether its red lamps are lit: its stop arm is out.
    """
    length_m, width_m, top = SIZES_M[ActorKind.SCHOOL_BUS]
    half, side = 0.5 * length_m, 0.5 * width_m
    yellow = shade(SCHOOL_BUS_YELLOW, 0.97 + 0.03 * (look % 2))
    dash = half - 1.65
    body = Body()
    body.part(half - 0.8, 0.0, 1.0)
    nose = side - 0.22
    body.axle(half - 0.95, nose + 0.06, 0.48)
    profile = [(dash, 0.45), (half - 0.05, 0.42), (half, 0.60), (half - 0.03, 1.30), (half - 0.2, 1.42), (dash, 1.58)]
    body.extrude(profile, nose, yellow)
    body.across(half + 0.01, (-0.62, 0.62), (0.72, 1.28), _TRIM)
    for k in range(4):
        body.across(half + 0.014, (-0.58, 0.58), (0.78 + 0.12 * k, 0.84 + 0.12 * k), _STEEL)
    body.box((half - 0.02, half + 0.08), (-side + 0.06, side - 0.06), (0.42, 0.66), _TRIM)
    for y_m in (0.80 * nose, -0.80 * nose):
        body.across(half + 0.015, (y_m - 0.15, y_m + 0.15), (0.88, 1.12), _LAMP, shining=0.7)
    body.wheel(half - 0.95, nose + 0.06, 0.48, _TRIM)

    body.part(0.5 * (dash - half), 0.0, 1.6)
    body.axle(-half + 2.7, side - 0.02, 0.48)
    profile = [(-half, 0.55), (dash, 0.50), (dash + 0.03, 1.5), (dash - 0.25, top - 0.22), (dash - 0.5, top),
               (-half + 0.25, top), (-half, top - 0.22)]  # fmt: skip
    body.extrude(profile, side, yellow)
    y = side + 0.006
    for z in (0.62, 0.98, 1.38):
        body.side([(-half, z), (dash, z), (dash, z + 0.07), (-half, z + 0.07)], y, _TRIM, tone=0.95)
    panes = 10
    room = dash - 0.95 + half
    for k in range(panes):
        x0 = -half + 0.18 + k * room / panes
        x1 = x0 + room / panes - 0.09
        body.side([(x0 - 0.03, 1.60), (x1 + 0.03, 1.60), (x1 + 0.03, 2.40), (x0 - 0.03, 2.40)], y, _TRIM, tone=1.0)
        body.side([(x0, 1.64), (x1, 1.64), (x1, 1.98), (x0, 1.98)], y + 0.003, shade(GLASS, 1.4))
        body.side([(x0, 2.02), (x1, 2.02), (x1, 2.36), (x0, 2.36)], y + 0.003, shade(GLASS, 1.6))
    left = y + 0.004
    body.face([(dash - 0.72, left, 1.60), (dash - 0.12, left, 1.60), (dash - 0.28, left, 2.38),
               (dash - 0.72, left, 2.38)], GLASS)  # fmt: skip
    right = -(y + 0.004)
    body.face([(dash - 0.86, right, 0.55), (dash - 0.12, right, 0.55), (dash - 0.22, right, 2.42),
               (dash - 0.86, right, 2.42)], _TRIM)  # fmt: skip
    for z0, z1 in ((0.70, 1.48), (1.58, 2.36)):
        body.face([(dash - 0.80, right - 0.003, z0), (dash - 0.20, right - 0.003, z0), (dash - 0.26, right - 0.003, z1),
                   (dash - 0.80, right - 0.003, z1)], shade(GLASS, 1.7))  # fmt: skip
    # Windscreen, its board, and the warning lamps to both sides of it.
    body.face([(dash + 0.02, -side + 0.14, 1.60), (dash + 0.02, side - 0.14, 1.60), (dash - 0.20, side - 0.18, 2.45),
               (dash - 0.20, -side + 0.18, 2.45)], shade(GLASS, 1.15))  # fmt: skip
    body.across(dash - 0.02, (-0.03, 0.03), (1.60, 2.45), _TRIM)
    lit: Colour = (250, 40, 34) if flashing else (110, 24, 24)
    for x, board in ((dash - 0.17, 0.62), (-half - 0.01, 0.62)):
        body.across(x, (-board, board), (2.62, 2.90), shade(SCHOOL_BUS_YELLOW, 1.04))
        _letters(body, x + (0.006 if x > 0 else -0.006), (2.68, 2.84))
        for sign in (-1.0, 1.0):
            for inner, colour, glow in ((0.70, (150, 104, 30), 0.0), (0.93, lit, 0.95 if flashing else 0.0)):
                lamp = (min(sign * inner, sign * (inner + 0.19)), max(sign * inner, sign * (inner + 0.19)))
                body.across(x, (lamp[0] - 0.02, lamp[1] + 0.02), (2.64, 2.87), _TRIM)
                body.across(x + (0.006 if x > 0 else -0.006), lamp, (2.67, 2.84), colour, shining=glow)
    x = -half - 0.01
    body.across(x, (-0.42, 0.42), (0.62, 2.45), shade(SCHOOL_BUS_YELLOW, 0.86))
    body.across(x - 0.004, (-0.34, 0.34), (1.62, 2.36), GLASS)
    body.across(x - 0.004, (-0.34, 0.34), (0.98, 1.40), GLASS)
    for sign in (-1.0, 1.0):
        pane = (min(sign * 0.52, sign * 1.08), max(sign * 0.52, sign * 1.08))
        body.across(x, pane, (1.62, 2.36), GLASS)
    for z in (0.62, 0.98, 1.38):
        body.across(x - 0.002, (-side, -0.44), (z, z + 0.07), _TRIM)
        body.across(x - 0.002, (0.44, side), (z, z + 0.07), _TRIM)
    _rear(body, half, side, (1.08, 1.34), 0.55, bumper_z_m=(0.42, 0.62))
    body.wheel(-half + 2.7, side - 0.02, 0.48, _TRIM)
    _mirrors(body, half - 0.35, side - 0.12, (1.30, 1.62))
    return body


def _letters(body: Body, x_m: float, z_m: tuple[float, float]) -> None:
    """Add the ten letters of its legend as dark strokes: at the distances where they are read, they are no more."""
    widths = (0, 1, 2, 3, 4, 5, 7, 8, 9)
    for k in widths:
        y0 = -0.50 + 0.103 * k
        body.across(x_m, (y0, y0 + 0.07), z_m, (26, 24, 20))
        low, high = z_m
        middle = 0.5 * (low + high)
        body.across(x_m * 1.0008, (y0 + 0.025, y0 + 0.047), (middle + 0.012, high - 0.02), SCHOOL_BUS_YELLOW)
        if k % 2:
            body.across(x_m * 1.0008, (y0 + 0.025, y0 + 0.047), (low + 0.02, middle - 0.012), SCHOOL_BUS_YELLOW)


def _front(
    body: Body, half: float, side: float, lamps_z_m: tuple[float, float], clear_m: float, *, grille: bool = True
) -> None:
    x = half + 0.015
    body.across(x, (-side + 0.02, side - 0.02), (clear_m - 0.1, clear_m + 0.16), _TRIM)
    if grille:
        body.across(x, (-0.5 * side, 0.5 * side), lamps_z_m, _TRIM)
    body.across(x + 0.004, (-0.26, 0.26), (clear_m, clear_m + 0.12), _PLATE)
    for y0, y1 in ((0.58 * side, 0.93 * side), (-0.93 * side, -0.58 * side)):
        body.across(x, (y0, y1), lamps_z_m, _LAMP, shining=0.7)


def _rear(
    body: Body, half: float, side: float, lamps_z_m: tuple[float, float], clear_m: float,
    bumper_z_m: tuple[float, float] | None = None,
) -> None:  # fmt: skip
    x = -half - 0.015
    if bumper_z_m is not None:
        body.across(x, (-side, side), bumper_z_m, _TRIM)
    low, high = lamps_z_m
    for sign in (-1.0, 1.0):
        lamp = (min(sign * 0.80 * side, sign * 0.96 * side), max(sign * 0.80 * side, sign * 0.96 * side))
        body.across(x, lamp, (low, high), _RED, shining=0.6)
        body.across(x - 0.004, lamp, (low, low + 0.3 * (high - low)), _AMBER, shining=0.3)
    body.across(x - 0.004, (-0.26, 0.26), (clear_m + 0.06, clear_m + 0.18), _PLATE)


def _mirrors(body: Body, x_m: float, side: float, z_m: tuple[float, float]) -> None:
    for sign in (-1.0, 1.0):
        y0, y1 = sign * (side + 0.02), sign * (side + 0.22)
        body.part(x_m, sign * (side + 0.3), 0.5 * (z_m[0] + z_m[1]))
        body.box((x_m - 0.1, x_m), (min(y0, y1), max(y0, y1)), z_m, _TRIM)
