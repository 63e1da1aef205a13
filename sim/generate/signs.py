"""Stop signs where the rules put them, and what hides some of them."""

from __future__ import annotations

from math import atan2, cos, inf, pi, sin

import numpy as np

from sim.generate.distractors import FIRST_SIGN_ID, add_distractors, add_more_distractors
from sim.generate.drawing import draw_look, uniform
from sim.generate.roads import MOST_SKEW_RAD
from sim.generate.roadside import draw_beside_m, draw_bottom_m
from sim.generate.sign_styles import dress_stop_signs, weather_signs
from sim.road import Junction, RoadNetwork, StopLine, StopMark
from sim.road.sizes import SIGN_TO_CROSSING_ROAD_M, SIGN_TO_CROSSWALK_M
from sim.signs import STOP_WIDTHS_M, USUAL_STOP_WIDTH_M, Role, Sign, SignKind
from sim.spec import WorldSpec
from sim.world import Scenery, SceneryKind

HIDDEN_AS_SEEN_FROM_M = 30.0
"""Distance before the stop line at which `WorldSpec.hidden_fraction` of a sign is hidden."""

ROUND_CROWN = 128
"""This bit of a tree's `look` gives it a round crown rather than a conifer's."""


def _latest_s_m(junction: Junction, beside_m: float) -> float:
    """Return how far along the ego road a sign may stand: where corners are rounded, clear of the crossing road."""
    if junction.corner_m <= 0.0:
        return inf
    return junction.near_edge_s_m - SIGN_TO_CROSSING_ROAD_M[0] - MOST_SKEW_RAD * beside_m


def _sign_s_m(rng: np.random.Generator, line: StopLine, junction: Junction, beside_m: float) -> float:
    """Return where along the ego road the sign of a stop stands: by its line, or else before what marks the place."""
    if line.painted:
        s_m = line.s_m + float(rng.uniform(-0.5, 1.5))
        # Past the line the road may turn away.
        return min(s_m, line.s_m if junction.turn else _latest_s_m(junction, beside_m))
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
    role: Role,
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
        role=role,
    )


def draw_signs(
    rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, in_town: bool, end_s_m: float, seed: int
) -> tuple[tuple[Sign, ...], tuple[Scenery, ...]]:
    """Return the signs, and the branches and posts that hide some of them.

    Args:
        rng: Draws the plain world's signs.
        spec: What the world may be.
        network: The roads.
        in_town: Whether the roads have kerbs.
        end_s_m: Where the route ends.
        seed: The world's, from which styles, weathering and more distractors have streams of their own.
    """
    signs: list[Sign] = []
    hiding: list[Scenery] = []
    every_way: set[int] = set()
    ego_road = network.ego_road
    line_of = {line.junction: (index, line) for index, line in enumerate(network.stop_lines)}
    for index, junction in enumerate(network.junctions):
        first_id = FIRST_SIGN_ID + len(signs)
        width_m = USUAL_STOP_WIDTH_M
        if rng.random() >= spec.usual_sign_share:
            width_m = float(rng.choice([w for w in STOP_WIDTHS_M if w != USUAL_STOP_WIDTH_M]))
        d_m = ego_road.half_width_m + draw_beside_m(rng, in_town) + 0.5 * width_m
        size = (width_m, draw_bottom_m(rng, in_town))
        if index in line_of:
            number, line = line_of[index]
            s_m = _sign_s_m(rng, line, junction, d_m)
            place = ego_road.path.position(s_m, -d_m)
            facing = ego_road.path.heading(s_m) + pi
            sign = _stop_sign(rng, spec, FIRST_SIGN_ID + len(signs), place, facing, *size, number, Role.OWN)
            signs.append(sign)
            if rng.random() < spec.hidden_share:
                hiding.append(_branches(rng, spec, network, sign, line.s_m))
            if junction.all_way and junction.ahead and ego_road.lanes_against:
                latest_s_m = line.s_m if junction.turn else _latest_s_m(junction, d_m)
                far_s_m = 2 * junction.s_m - min(line.s_m, latest_s_m)
                place = ego_road.path.position(far_s_m, d_m)
                facing = ego_road.path.heading(far_s_m)
                number = FIRST_SIGN_ID + len(signs)
                signs.append(_stop_sign(rng, spec, number, place, facing, *size, None, Role.ONCOMING))
        if junction.all_way:
            crossing = junction.road
            middle_m = 0.5 * crossing.path.length_m
            back_m = ego_road.half_width_m + junction.crossing_stop_m
            if junction.onward is not None and junction.leads_on:
                straight, at_m = junction.straight(ego_road)
                s_m = at_m + crossing.half_width_m + junction.crossing_stop_m
                number, facing = FIRST_SIGN_ID + len(signs), straight.path.heading(at_m)
                place = straight.path.position(s_m, straight.half_width_m + 1.5)
                signs.append(_stop_sign(rng, spec, number, place, facing, *size, None, Role.ONCOMING))
            for side in junction.entries:
                place = crossing.path.position(middle_m + side * back_m, side * (crossing.half_width_m + 1.5))
                facing = crossing.path.heading(middle_m) + (pi if side < 0 else 0.0)
                number = FIRST_SIGN_ID + len(signs)
                signs.append(_stop_sign(rng, spec, number, place, facing, *size, None, Role.CROSSING))
        if index in line_of and junction.all_way:
            every_way.update(range(first_id, FIRST_SIGN_ID + len(signs)))
    signs = dress_stop_signs(seed, spec.sign, network, signs, every_way, in_town)
    add_distractors(rng, spec, network, signs, in_town, end_s_m)
    add_more_distractors(seed, spec, network, signs, in_town, end_s_m)
    return tuple(weather_signs(seed, spec.sign, signs)), tuple(hiding)


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
