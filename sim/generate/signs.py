"""Stop signs where the rules put them, and the signs and adverts that are none."""

from __future__ import annotations

from math import atan2, cos, hypot, inf, pi, sin

import numpy as np

from sim.generate.drawing import count, draw_look, uniform
from sim.generate.roads import MOST_SKEW_RAD, START_BUMPER_S_M
from sim.road import Junction, RoadNetwork, StopLine, StopMark
from sim.road.sizes import SIGN_TO_CROSSING_ROAD_M, SIGN_TO_CROSSWALK_M
from sim.signs import (
    MIN_BEHIND_KERB_M,
    MIN_HEIGHT_COUNTRY_M,
    MIN_HEIGHT_TOWN_M,
    STOP_WIDTHS_M,
    USUAL_STOP_WIDTH_M,
    VERGE_OFFSET_M,
    Sign,
    SignKind,
)
from sim.spec import WorldSpec
from sim.world import Scenery, SceneryKind

FIRST_SIGN_ID = 100
HIDDEN_AS_SEEN_FROM_M = 30.0
"""Distance before the stop line at which `WorldSpec.hidden_fraction` of a sign is hidden."""

ROUND_CROWN = 128
"""This bit of a tree's `look` gives it a round crown rather than a conifer's."""

_FACE_SIZES_M: dict[SignKind, tuple[float, float]] = {
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
"""Width and height of the usual size of each face."""

_ADVERTS = (SignKind.RED_DISC, SignKind.SALE, SignKind.BILLBOARD)
_DISTRACTORS = tuple(_FACE_SIZES_M)
_LOOKALIKES = (
    SignKind.RED_HEXAGON,
    SignKind.RED_DISC,
    SignKind.DO_NOT_ENTER,
    SignKind.WRONG_WAY,
    SignKind.WARNING,
    SignKind.YIELD,
)


def _beside(rng: np.random.Generator, in_town: bool) -> float:
    """Return the distance from the carriageway's edge to a sign's near edge, by the rules for kerb and verge."""
    return float(rng.uniform(MIN_BEHIND_KERB_M, MIN_BEHIND_KERB_M + 0.9)) if in_town else uniform(rng, VERGE_OFFSET_M)


def _bottom(rng: np.random.Generator, in_town: bool) -> float:
    low = MIN_HEIGHT_TOWN_M if in_town else MIN_HEIGHT_COUNTRY_M
    return float(rng.uniform(low, low + 0.3))


def _latest_s_m(junction: Junction, beside_m: float) -> float:
    """Return how far along the ego road a sign may stand: where corners are rounded, clear of the crossing road."""
    if junction.corner_m <= 0.0:
        return inf
    return junction.near_edge_s_m - SIGN_TO_CROSSING_ROAD_M[0] - MOST_SKEW_RAD * beside_m


def _sign_s_m(rng: np.random.Generator, line: StopLine, junction: Junction, beside_m: float) -> float:
    """Return where along the ego road the sign of a stop stands: by its line, or else before what marks the place."""
    if line.painted:
        return min(line.s_m + float(rng.uniform(-0.5, 1.5)), _latest_s_m(junction, beside_m))
    return line.s_m - uniform(rng, SIGN_TO_CROSSWALK_M if line.mark is StopMark.CROSSWALK else SIGN_TO_CROSSING_ROAD_M)


def _stop_sign(
    rng: np.random.Generator,
    spec: WorldSpec,
    sign_id: int,
    place: tuple[float, float],
    facing_rad: float,
    width_m: float,
    bottom_m: float,
    stop_line: int | None,
) -> Sign:
    turn = uniform(rng, spec.sign_turn_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    tilt = uniform(rng, spec.sign_tilt_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    return Sign(
        sign_id,
        SignKind.STOP,
        *place,
        bottom_m,
        width_m,
        width_m,
        facing_rad + turn,
        tilt,
        uniform(rng, spec.sign_wear),
        draw_look(rng),
        stop_line is not None,
        stop_line,
    )


def draw_signs(
    rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, in_town: bool, end_s_m: float
) -> tuple[tuple[Sign, ...], tuple[Scenery, ...]]:
    """Return the signs, and the branches and posts that hide some of them."""
    signs: list[Sign] = []
    hiding: list[Scenery] = []
    ego_road = network.ego_road
    line_of = {line.junction: (index, line) for index, line in enumerate(network.stop_lines)}
    for index, junction in enumerate(network.junctions):
        width_m = USUAL_STOP_WIDTH_M
        if rng.random() >= spec.usual_sign_share:
            width_m = float(rng.choice([w for w in STOP_WIDTHS_M if w != USUAL_STOP_WIDTH_M]))
        beside_m = ego_road.half_width_m + _beside(rng, in_town) + 0.5 * width_m
        bottom_m = _bottom(rng, in_town)
        if index in line_of:
            number, line = line_of[index]
            s_m = _sign_s_m(rng, line, junction, beside_m)
            place = ego_road.path.position(s_m, -beside_m)
            facing = ego_road.path.heading(s_m) + pi
            sign = _stop_sign(rng, spec, FIRST_SIGN_ID + len(signs), place, facing, width_m, bottom_m, number)
            signs.append(sign)
            if rng.random() < spec.hidden_share:
                hiding.append(_branches(rng, spec, network, sign, line.s_m))
            if junction.all_way and junction.ahead and ego_road.lanes_against:
                far_s_m = 2 * junction.s_m - min(line.s_m, _latest_s_m(junction, beside_m))
                place = ego_road.path.position(far_s_m, beside_m)
                facing = ego_road.path.heading(far_s_m)
                signs.append(_stop_sign(rng, spec, FIRST_SIGN_ID + len(signs), place, facing, width_m, bottom_m, None))
        if junction.all_way:
            crossing = junction.road
            middle_m = 0.5 * crossing.path.length_m
            back_m = ego_road.half_width_m + junction.crossing_stop_m
            for side in junction.entries:
                place = crossing.path.position(middle_m + side * back_m, side * (crossing.half_width_m + 1.5))
                facing = crossing.path.heading(middle_m) + (pi if side < 0 else 0.0)
                signs.append(_stop_sign(rng, spec, FIRST_SIGN_ID + len(signs), place, facing, width_m, bottom_m, None))
    for _ in range(count(rng, spec.distractors)):
        sign = _distractor(rng, spec, network, in_town, end_s_m, FIRST_SIGN_ID + len(signs))
        if not any(hypot(sign.x_m - other.x_m, sign.y_m - other.y_m) < 3.0 for other in signs) and not blocks_sight(
            network, signs, sign.x_m, sign.y_m, 0.5 * sign.width_m
        ):
            signs.append(sign)
    return tuple(signs), tuple(hiding)


def _distractor(
    rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, in_town: bool, end_s_m: float, sign_id: int
) -> Sign:
    # With a share of 0 nothing is drawn for it, so that such worlds stay as they are.
    alike = spec.lookalike_share > 0.0 and rng.random() < spec.lookalike_share
    kinds = _LOOKALIKES if alike else _DISTRACTORS
    kind = kinds[int(rng.integers(len(kinds)))]
    size = float(rng.uniform(0.85, 1.3))
    width_m, height_m = (size * length for length in _FACE_SIZES_M[kind])
    right = rng.random() < 0.7
    beside_m = _beside(rng, in_town) + (float(rng.uniform(2.0, 6.0)) if kind in _ADVERTS else 0.0)
    d_m = (-1.0 if right else 1.0) * (network.ego_road.half_width_m + beside_m + 0.5 * width_m)
    s_m = float(rng.uniform(START_BUMPER_S_M + 8.0, end_s_m + 30.0))
    for junction in network.junctions:
        clear_m = junction.road.half_width_m + 3.0
        if abs(s_m - junction.s_m) < clear_m:
            s_m = junction.s_m + clear_m
    x_m, y_m = network.ego_road.path.position(s_m, d_m)
    turn = uniform(rng, spec.sign_turn_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    bottom_m = float(rng.uniform(1.0, 3.5)) if kind in _ADVERTS else _bottom(rng, in_town)
    facing = network.ego_road.path.heading(s_m) + (0.0 if rng.random() < 0.15 else pi) + turn
    wear = uniform(rng, spec.sign_wear)
    return Sign(sign_id, kind, x_m, y_m, bottom_m, width_m, height_m, facing, 0.0, wear, draw_look(rng))


def _branches(rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, sign: Sign, line_s_m: float) -> Scenery:
    """Return a tree whose crown covers part of a sign, from its outer side, as seen from 30 m before the stop line.

    Standing farther from the road than the line of sight, it uncovers the sign as the car comes nearer.
    """
    eye_x, eye_y = network.lane_position(line_s_m - HIDDEN_AS_SEEN_FROM_M)
    share = float(rng.uniform(0.80, 0.90))
    x_m, y_m = eye_x + share * (sign.x_m - eye_x), eye_y + share * (sign.y_m - eye_y)
    sight = atan2(sign.y_m - eye_y, sign.x_m - eye_x)
    crown_m = float(rng.uniform(1.8, 2.6))
    hidden = uniform(rng, spec.hidden_fraction)
    # An outline of leaves reaches 0.84 of its radius in the mean.
    outward_m = 0.5 * crown_m * 0.84 + (0.5 - hidden) * sign.width_m * share
    x_m, y_m = x_m + outward_m * sin(sight), y_m - outward_m * cos(sight)
    height_m = 1.4 + share * (sign.centre_z_m - 1.4) + 0.5 * crown_m
    return Scenery(SceneryKind.TREE, x_m, y_m, 0.0, crown_m, crown_m, height_m, draw_look(rng) | ROUND_CROWN)


def blocks_sight(
    network: RoadNetwork, signs: list[Sign] | tuple[Sign, ...], x_m: float, y_m: float, radius_m: float
) -> bool:
    """Return whether a thing would stand between the driver, on the way to a stop line, and its sign."""
    for sign in signs:
        if sign.stop_line is None:
            continue
        line_s_m = network.stop_lines[sign.stop_line].s_m
        for before_m in (8.0, 18.0, 30.0, 45.0, 60.0, 75.0):
            eye_x, eye_y = network.lane_position(line_s_m - before_m)
            dx, dy = sign.x_m - eye_x, sign.y_m - eye_y
            along = ((x_m - eye_x) * dx + (y_m - eye_y) * dy) / (dx * dx + dy * dy)
            if 0.0 < along < 1.05:
                off_m = abs((x_m - eye_x) * dy - (y_m - eye_y) * dx) / hypot(dx, dy)
                if off_m < radius_m + 0.8:
                    return True
    return False
