"""Signs, adverts and other red things that are no stop signs: where they stand, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np

from sim.generate.drawing import count, draw_look, uniform
from sim.generate.roads import START_BUMPER_S_M
from sim.generate.roadside import blocks_sight, draw_beside_m, draw_bottom_m
from sim.road import RoadNetwork
from sim.seeding import Stream, stream
from sim.signs import Mount, Sign, SignKind
from sim.spec import Span, WorldSpec

FIRST_SIGN_ID = 100
"""Ids of signs begin here; those of other labelled things stay below."""

FACE_SIZES_M: dict[SignKind, tuple[float, float]] = {
    SignKind.YIELD: (0.91, 0.79),
    SignKind.DO_NOT_ENTER: (0.76, 0.76),
    SignKind.WRONG_WAY: (0.91, 0.61),
    SignKind.SPEED_LIMIT: (0.61, 0.76),
    SignKind.SPEED_RING: (0.70, 0.70),
    SignKind.NO_PARKING: (0.60, 0.60),
    SignKind.WARNING: (1.06, 1.06),
    SignKind.PARKING: (0.60, 0.60),
    SignKind.CROSSING: (0.75, 0.75),
    SignKind.STREET_NAME: (1.10, 0.25),
    SignKind.RED_HEXAGON: (0.80, 0.70),
    SignKind.RED_DISC: (0.90, 0.90),
    SignKind.SALE: (1.40, 0.90),
    SignKind.BILLBOARD: (4.80, 2.60),
}
"""Width and height of the usual size of each face of the plain world."""

_ADVERTS = (SignKind.RED_DISC, SignKind.SALE, SignKind.BILLBOARD)
_DISTRACTORS = tuple(FACE_SIZES_M)
_LOOKALIKES = (
    SignKind.RED_HEXAGON,
    SignKind.RED_DISC,
    SignKind.DO_NOT_ENTER,
    SignKind.WRONG_WAY,
    SignKind.WARNING,
    SignKind.YIELD,
)


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind stands at the road.

    Attributes:
        width_m: Of the usual size.
        height_m: Of the usual size.
        bottom_m: Height of its bottom edge; None where the rules for signs hold.
        setback_m: Its near edge from the carriageway's edge; None where the rules for signs hold.
        turn_rad: How far it is turned towards the road, from facing the traffic (0) to along the kerb (pi / 2).
        mount: What holds it up.
        depth_m: How far it reaches away from its face.
    """

    width_m: float
    height_m: float
    bottom_m: Span | None = None
    setback_m: Span | None = None
    turn_rad: Span = (0.0, 0.0)
    mount: Mount = Mount.POST
    depth_m: float = 0.0


_ADVERT_BOTTOM_M = (1.0, 3.5)
_ADVERT_SETBACK_M = (2.6, 8.0)

FORMS: dict[SignKind, Form] = {
    **{kind: Form(*size) for kind, size in FACE_SIZES_M.items() if kind not in _ADVERTS},
    **{kind: Form(*FACE_SIZES_M[kind], _ADVERT_BOTTOM_M, _ADVERT_SETBACK_M) for kind in _ADVERTS},
    SignKind.SIGN_BACK: Form(0.76, 0.76),
    SignKind.NO_TURN: Form(0.61, 0.61),
    SignKind.STOP_AHEAD: Form(1.06, 1.06),
    SignKind.SPEED_END: Form(0.60, 0.60),
    SignKind.SPEED_ADVISORY: Form(0.61, 0.61),
    SignKind.GIVE_WAY: Form(0.90, 0.79),
    SignKind.OCTAGON_WORD: Form(0.76, 0.76),
    SignKind.OCTAGON_BLANK: Form(0.76, 0.76),
    SignKind.OCTAGON_NO_PARKING: Form(0.60, 0.60),
    SignKind.ROAD_WORK: Form(1.20, 1.20, (0.3, 1.5), (0.3, 1.5)),
    SignKind.CROSSBUCK: Form(1.20, 1.20, (2.1, 2.5)),
    SignKind.ROUNDABOUT: Form(0.60, 0.60),
    SignKind.PRIORITY_ROAD: Form(0.75, 0.75),
    SignKind.ONE_WAY: Form(0.91, 0.30),
    SignKind.RED_SQUARE: Form(0.90, 0.90, (1.0, 3.0), (1.0, 6.0)),
    SignKind.STOP_SHOP: Form(1.80, 1.00, (1.0, 3.5), _ADVERT_SETBACK_M),
    SignKind.STOP_BILLBOARD: Form(4.80, 2.60, (1.5, 3.5), _ADVERT_SETBACK_M),
    SignKind.STOP_POSTER: Form(1.20, 1.60, (0.5, 1.2), (0.8, 5.0)),
    SignKind.STOP_LORRY: Form(2.45, 2.60, (0.75, 0.95), (0.2, 0.8), mount=Mount.LORRY, depth_m=6.5),
    SignKind.STOP_SHIRT: Form(0.76, 1.76, (0.0, 0.0), (0.4, 3.0), mount=Mount.NOTHING),
    SignKind.LIGHT_RED: Form(0.36, 1.00, (2.4, 4.5)),
    SignKind.LIGHT_GREEN: Form(0.36, 1.00, (2.4, 4.5)),
    SignKind.SHOP_AWNING: Form(5.00, 3.60, (0.0, 0.0), (3.0, 7.0), (0.3, 1.0), Mount.NOTHING),
    SignKind.RED_DOOR: Form(2.40, 3.00, (0.0, 0.0), (3.0, 7.0), (0.3, 1.0), Mount.NOTHING),
    SignKind.BALLOONS: Form(0.80, 0.80, (1.6, 2.6), (0.5, 4.0), mount=Mount.NOTHING),
}
"""Every kind that is no stop sign. Sizes of road signs after the MUTCD and the Vienna Convention's usual sizes."""

LOOKALIKES = (
    *_LOOKALIKES,
    SignKind.STOP_AHEAD,
    SignKind.OCTAGON_WORD,
    SignKind.OCTAGON_WORD,
    SignKind.OCTAGON_BLANK,
    SignKind.OCTAGON_NO_PARKING,
    SignKind.GIVE_WAY,
    SignKind.RED_SQUARE,
    SignKind.STOP_SHOP,
    SignKind.STOP_BILLBOARD,
    SignKind.STOP_POSTER,
    SignKind.STOP_LORRY,
    SignKind.STOP_SHIRT,
    SignKind.LIGHT_RED,
    SignKind.BALLOONS,
)
"""The kinds that share most with a stop sign; the hardest, an octagon with another word, is met twice as often."""

_OVERSIZE = (0.85, 1.3)


def add_distractors(
    rng: np.random.Generator,
    spec: WorldSpec,
    network: RoadNetwork,
    signs: list[Sign],
    in_town: bool,
    end_s_m: float,
) -> None:
    """Append the plain world's distractors to the signs, but for those that would stand too near or in the way."""
    for _ in range(count(rng, spec.distractors)):
        sign = _distractor(rng, spec, network, in_town, end_s_m, _next_id(signs))
        if _stands_free(network, signs, sign, 0.0):
            signs.append(sign)


def add_more_distractors(
    seed: int, spec: WorldSpec, network: RoadNetwork, signs: list[Sign], in_town: bool, end_s_m: float
) -> None:
    """Append the distractors of `spec.sign`, of every kind or of those that it names, each from a stream of its own."""
    for number in range(count(stream(seed, Stream.DISTRACTOR), spec.sign.distractors)):
        rng = stream(seed, Stream.DISTRACTOR, number)
        alike = rng.random() < spec.sign.lookalike_share
        kinds = spec.sign.kinds or (LOOKALIKES if alike else tuple(FORMS))
        kind = kinds[int(rng.integers(len(kinds)))]
        sign = _placed(rng, spec, network, kind, in_town, end_s_m, _next_id(signs))
        if _stands_free(network, signs, sign, FORMS[kind].depth_m):
            signs.append(sign)


def _next_id(signs: list[Sign]) -> int:
    return FIRST_SIGN_ID + len(signs)


def _stands_free(network: RoadNetwork, signs: list[Sign], sign: Sign, depth_m: float) -> bool:
    if any(hypot(sign.x_m - other.x_m, sign.y_m - other.y_m) < 3.0 for other in signs):
        return False
    back_x, back_y = sign.x_m - depth_m * cos(sign.facing_rad), sign.y_m - depth_m * sin(sign.facing_rad)
    places = {(sign.x_m, sign.y_m), (back_x, back_y)}
    return not any(blocks_sight(network, signs, x_m, y_m, 0.5 * sign.width_m) for x_m, y_m in places)


def _along(rng: np.random.Generator, network: RoadNetwork, end_s_m: float) -> float:
    """Return where along the ego road a thing stands, clear of junctions."""
    s_m = float(rng.uniform(START_BUMPER_S_M + 8.0, end_s_m + 30.0))
    for junction in network.junctions:
        clear_m = junction.half_length_m + 3.0
        if abs(s_m - junction.s_m) < clear_m:
            s_m = junction.s_m + clear_m
    return s_m


def _placed(
    rng: np.random.Generator,
    spec: WorldSpec,
    network: RoadNetwork,
    kind: SignKind,
    in_town: bool,
    end_s_m: float,
    sign_id: int,
) -> Sign:
    form = FORMS[kind]
    size = uniform(rng, _OVERSIZE) if form.mount is Mount.POST else 1.0
    width_m, height_m = size * form.width_m, size * form.height_m
    side = -1.0 if rng.random() < 0.7 or form.mount is Mount.LORRY else 1.0
    setback_m = draw_beside_m(rng, in_town) if form.setback_m is None else uniform(rng, form.setback_m)
    d_m = side * (network.ego_road.half_width_m + setback_m + 0.5 * width_m)
    s_m = _along(rng, network, end_s_m)
    x_m, y_m = network.ego_road.path.position(s_m, d_m)
    bottom_m = draw_bottom_m(rng, in_town) if form.bottom_m is None else uniform(rng, form.bottom_m)
    turn = uniform(rng, spec.sign_turn_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    # What stands at the right of the road turns clockwise, and at the left counter-clockwise, to look at the road.
    turn += side * uniform(rng, form.turn_rad)
    facing = network.ego_road.path.heading(s_m) + pi + turn
    tilt = uniform(rng, spec.sign_tilt_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    return Sign(
        sign_id,
        kind,
        x_m,
        y_m,
        bottom_m,
        width_m,
        height_m,
        facing,
        tilt if form.mount is Mount.POST else 0.0,
        uniform(rng, spec.sign_wear),
        draw_look(rng),
        mount=form.mount,
    )


def _distractor(
    rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, in_town: bool, end_s_m: float, sign_id: int
) -> Sign:
    # With a share of 0 nothing is drawn for it, so that such worlds stay as they are.
    alike = spec.lookalike_share > 0.0 and rng.random() < spec.lookalike_share
    kinds = _LOOKALIKES if alike else _DISTRACTORS
    kind = kinds[int(rng.integers(len(kinds)))]
    size = float(rng.uniform(0.85, 1.3))
    width_m, height_m = (size * length for length in FACE_SIZES_M[kind])
    right = rng.random() < 0.7
    beside_m = draw_beside_m(rng, in_town) + (float(rng.uniform(2.0, 6.0)) if kind in _ADVERTS else 0.0)
    d_m = (-1.0 if right else 1.0) * (network.ego_road.half_width_m + beside_m + 0.5 * width_m)
    s_m = _along(rng, network, end_s_m)
    x_m, y_m = network.ego_road.path.position(s_m, d_m)
    turn = uniform(rng, spec.sign_turn_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    bottom_m = float(rng.uniform(1.0, 3.5)) if kind in _ADVERTS else draw_bottom_m(rng, in_town)
    facing = network.ego_road.path.heading(s_m) + (0.0 if rng.random() < 0.15 else pi) + turn
    wear = uniform(rng, spec.sign_wear)
    return Sign(sign_id, kind, x_m, y_m, bottom_m, width_m, height_m, facing, 0.0, wear, draw_look(rng))
