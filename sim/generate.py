"""A world from a seed: roads first, then what stands on and beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin

import numpy as np

from sim.actors import SIZES_M, Actor, ActorKind, Behaviour
from sim.road import CentreLine, Edge, Junction, Path, Road, RoadNetwork, StopLine, build_path
from sim.seeding import Stream, stream
from sim.signs import (
    LINE_TO_CROSSING_ROAD_M,
    MIN_BEHIND_KERB_M,
    MIN_HEIGHT_COUNTRY_M,
    MIN_HEIGHT_TOWN_M,
    MIN_LINE_TO_CROSSWALK_M,
    STOP_LINE_THICKNESS_M,
    STOP_WIDTHS_M,
    USUAL_STOP_WIDTH_M,
    VERGE_OFFSET_M,
    Sign,
    SignKind,
)
from sim.spec import Count, Span, WorldSpec
from sim.vehicle import EgoState, VehicleGeometry
from sim.world import Light, Scene, Scenery, SceneryKind, TimeOfDay, World, place_ego

START_BUMPER_S_M = 40.0
"""Where the ego's front bumper stands at the start: far enough from the path's own beginning to look back."""

BEYOND_ROUTE_M = 160.0
"""Road drawn past the route's end, out to where haze and perspective leave nothing to see."""

CROSSWALK_DEPTH_M = 2.7
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


def _uniform(rng: np.random.Generator, span: Span) -> float:
    return float(rng.uniform(span[0], span[1])) if span[1] > span[0] else span[0]


def _count(rng: np.random.Generator, count: Count) -> int:
    return int(rng.integers(count[0], count[1] + 1))


def _look(rng: np.random.Generator) -> int:
    return int(rng.integers(0, 1 << 30))


def generate_world(seed: int, spec: WorldSpec) -> World:
    """Draw one world.

    The same seed and spec give the same world; each kind of thing draws from a stream of its own.

    Args:
        seed: Any non-negative integer.
        spec: What the world may be.
    """
    rng = stream(seed, Stream.ROADS)
    in_town = bool(rng.random() < spec.kerb_share)
    network, end_s_m = _roads(rng, spec, in_town)
    signs, hiding = _signs(stream(seed, Stream.SIGNS), spec, network, in_town, end_s_m)
    scenery = _scenery(stream(seed, Stream.SCENERY), spec, network, signs, hiding, in_town, end_s_m)
    limit_mps = _uniform(stream(seed, Stream.EGO), spec.speed_limit_mps)
    scene = Scene(
        seed,
        network,
        signs,
        scenery,
        _light(stream(seed, Stream.LIGHT), spec),
        _look(stream(seed, Stream.TEXTURE)),
        limit_mps,
        end_s_m,
    )
    geometry = VehicleGeometry()
    world = World(scene, EgoState(0.0, 0.0, 0.0, 0.0), _actors(stream(seed, Stream.ACTORS), spec, network, limit_mps))
    return place_ego(world, START_BUMPER_S_M - geometry.front_m, 0.0, 0.0, 0.95 * limit_mps)


@dataclass(frozen=True, slots=True)
class _Approach:
    """One junction before there is a path: everything that is measured along the ego road."""

    line_s_m: float
    thickness_m: float
    controlled: bool
    crosswalk_s_m: float | None
    centre_s_m: float
    half_width_m: float
    all_way: bool


def _roads(rng: np.random.Generator, spec: WorldSpec, in_town: bool) -> tuple[RoadNetwork, float]:
    lane_width_m = _uniform(rng, spec.lane_width_m)
    approaches = list(_approaches(rng, spec))
    last_s_m = approaches[-1].centre_s_m if approaches else START_BUMPER_S_M + _uniform(rng, spec.approach_m)
    end_s_m = last_s_m + _uniform(rng, spec.after_m)
    path = build_path(list(_sections(rng, spec, approaches, end_s_m)))
    wear = _uniform(rng, spec.marking_wear)
    yellow = bool(rng.random() < 0.6)
    style = list(CentreLine)[int(rng.integers(len(CentreLine)))]
    edge = Edge.KERB if in_town else Edge.VERGE
    road = Road(path, lane_width_m, edge, style, yellow, bool(rng.random() < (0.4 if in_town else 0.9)), wear)
    junctions = tuple(_junction(rng, road, approach) for approach in approaches)
    lines = tuple(
        StopLine(approach.line_s_m, approach.thickness_m, index)
        for index, approach in enumerate(approaches)
        if approach.controlled
    )
    return RoadNetwork(road, junctions, lines), end_s_m


def _approaches(rng: np.random.Generator, spec: WorldSpec) -> Iterator[_Approach]:
    s_m = START_BUMPER_S_M + _uniform(rng, spec.approach_m)
    for _ in range(_count(rng, spec.junctions)):
        controlled = bool(rng.random() < spec.controlled_share)
        thickness_m = _uniform(rng, STOP_LINE_THICKNESS_M)
        half_width_m = _uniform(rng, spec.lane_width_m)
        crosswalk_s_m = None
        if rng.random() < spec.crosswalk_share:
            crosswalk_s_m = s_m + thickness_m + float(rng.uniform(MIN_LINE_TO_CROSSWALK_M, MIN_LINE_TO_CROSSWALK_M + 1))
            edge_s_m = crosswalk_s_m + CROSSWALK_DEPTH_M + float(rng.uniform(0.3, 1.0))
        else:
            edge_s_m = s_m + _uniform(rng, LINE_TO_CROSSING_ROAD_M)
        all_way = bool(rng.random() < spec.all_way_share) if controlled else True
        centre_s_m = edge_s_m + half_width_m
        yield _Approach(s_m, thickness_m, controlled, crosswalk_s_m, centre_s_m, half_width_m, all_way)
        s_m = max(centre_s_m + half_width_m + 30.0, s_m + _uniform(rng, spec.spacing_m))


def _sections(
    rng: np.random.Generator, spec: WorldSpec, approaches: list[_Approach], end_s_m: float
) -> Iterator[tuple[float, float, float]]:
    """Bend each approach: a clothoid in, an arc, a clothoid out that ends at the stop line, then straight across."""
    at_m = 0.0
    targets = [a.line_s_m for a in approaches] or [end_s_m]
    leaves = [a.centre_s_m + a.half_width_m + 5.0 for a in approaches] or [end_s_m]
    for line_s_m, leave_s_m in zip(targets, leaves, strict=True):
        curvature = _uniform(rng, spec.curvature_per_m) * (1.0 if rng.random() < 0.5 else -1.0)
        start_m = max(at_m, START_BUMPER_S_M - 5.0)
        length_m = line_s_m - start_m
        if start_m > at_m:
            yield start_m - at_m, 0.0, 0.0
        if abs(curvature) > 1e-4 and length_m > 25.0:
            ramp_m = min(20.0, 0.35 * length_m)
            yield ramp_m, 0.0, curvature
            yield length_m - 2 * ramp_m, curvature, curvature
            yield ramp_m, curvature, 0.0
        elif length_m > 0:
            yield length_m, 0.0, 0.0
        if leave_s_m > line_s_m:
            yield leave_s_m - line_s_m, 0.0, 0.0
        at_m = max(leave_s_m, line_s_m)
    yield max(end_s_m - at_m, 0.0) + BEYOND_ROUTE_M, 0.0, 0.0


def _junction(rng: np.random.Generator, ego_road: Road, approach: _Approach) -> Junction:
    x_m, y_m = ego_road.path.position(approach.centre_s_m)
    heading = ego_road.path.heading(approach.centre_s_m) + pi / 2 + float(rng.uniform(-0.1, 0.1))
    reach_m = 70.0
    path = build_path([(2 * reach_m, 0.0, 0.0)], x_m - reach_m * cos(heading), y_m - reach_m * sin(heading), heading)
    road = Road(
        path,
        approach.half_width_m,
        ego_road.edge,
        ego_road.centre_line,
        ego_road.yellow_centre,
        ego_road.edge_lines,
        ego_road.wear,
    )
    return Junction(approach.centre_s_m, road, approach.crosswalk_s_m, approach.all_way)


def _beside(rng: np.random.Generator, in_town: bool) -> float:
    """Return the distance from the carriageway's edge to a sign's near edge, by the rules for kerb and verge."""
    return float(rng.uniform(MIN_BEHIND_KERB_M, MIN_BEHIND_KERB_M + 0.9)) if in_town else _uniform(rng, VERGE_OFFSET_M)


def _bottom(rng: np.random.Generator, in_town: bool) -> float:
    low = MIN_HEIGHT_TOWN_M if in_town else MIN_HEIGHT_COUNTRY_M
    return float(rng.uniform(low, low + 0.3))


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
    turn = _uniform(rng, spec.sign_turn_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    tilt = _uniform(rng, spec.sign_tilt_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    return Sign(
        sign_id,
        SignKind.STOP,
        *place,
        bottom_m,
        width_m,
        width_m,
        facing_rad + turn,
        tilt,
        _uniform(rng, spec.sign_wear),
        _look(rng),
        stop_line is not None,
        stop_line,
    )


def _signs(
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
            s_m = line.s_m + float(rng.uniform(-0.5, 1.5))
            place = ego_road.path.position(s_m, -beside_m)
            facing = ego_road.path.heading(s_m) + pi
            sign = _stop_sign(rng, spec, FIRST_SIGN_ID + len(signs), place, facing, width_m, bottom_m, number)
            signs.append(sign)
            if rng.random() < spec.hidden_share:
                hiding.append(_branches(rng, spec, network, sign, line.s_m))
            if junction.all_way:
                far_s_m = 2 * junction.s_m - line.s_m
                place = ego_road.path.position(far_s_m, beside_m)
                facing = ego_road.path.heading(far_s_m)
                signs.append(_stop_sign(rng, spec, FIRST_SIGN_ID + len(signs), place, facing, width_m, bottom_m, None))
        if junction.all_way:
            crossing = junction.road
            middle_m = 0.5 * crossing.path.length_m
            back_m = ego_road.half_width_m + 2.5
            for side in (-1.0, 1.0):
                place = crossing.path.position(middle_m + side * back_m, side * (crossing.half_width_m + 1.5))
                facing = crossing.path.heading(middle_m) + (pi if side < 0 else 0.0)
                signs.append(_stop_sign(rng, spec, FIRST_SIGN_ID + len(signs), place, facing, width_m, bottom_m, None))
    for _ in range(_count(rng, spec.distractors)):
        sign = _distractor(rng, spec, network, in_town, end_s_m, FIRST_SIGN_ID + len(signs))
        if not any(hypot(sign.x_m - other.x_m, sign.y_m - other.y_m) < 3.0 for other in signs) and not _blocks(
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
    turn = _uniform(rng, spec.sign_turn_rad) * (1.0 if rng.random() < 0.5 else -1.0)
    bottom_m = float(rng.uniform(1.0, 3.5)) if kind in _ADVERTS else _bottom(rng, in_town)
    facing = network.ego_road.path.heading(s_m) + (0.0 if rng.random() < 0.15 else pi) + turn
    wear = _uniform(rng, spec.sign_wear)
    return Sign(sign_id, kind, x_m, y_m, bottom_m, width_m, height_m, facing, 0.0, wear, _look(rng))


def _branches(rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, sign: Sign, line_s_m: float) -> Scenery:
    """Return a tree whose crown covers part of a sign, from its outer side, as seen from 30 m before the stop line.

    Standing farther from the road than the line of sight, it uncovers the sign as the car comes nearer.
    """
    eye_x, eye_y = network.lane_position(line_s_m - HIDDEN_AS_SEEN_FROM_M)
    share = float(rng.uniform(0.80, 0.90))
    x_m, y_m = eye_x + share * (sign.x_m - eye_x), eye_y + share * (sign.y_m - eye_y)
    sight = atan2(sign.y_m - eye_y, sign.x_m - eye_x)
    crown_m = float(rng.uniform(1.8, 2.6))
    hidden = _uniform(rng, spec.hidden_fraction)
    # An outline of leaves reaches 0.84 of its radius in the mean.
    outward_m = 0.5 * crown_m * 0.84 + (0.5 - hidden) * sign.width_m * share
    x_m, y_m = x_m + outward_m * sin(sight), y_m - outward_m * cos(sight)
    height_m = 1.4 + share * (sign.centre_z_m - 1.4) + 0.5 * crown_m
    return Scenery(SceneryKind.TREE, x_m, y_m, 0.0, crown_m, crown_m, height_m, _look(rng) | ROUND_CROWN)


def _blocks(
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


def _scenery(
    rng: np.random.Generator,
    spec: WorldSpec,
    network: RoadNetwork,
    signs: tuple[Sign, ...],
    hiding: tuple[Scenery, ...],
    in_town: bool,
    end_s_m: float,
) -> tuple[Scenery, ...]:
    found = list(hiding)
    path = network.ego_road.path
    first_m, last_m = START_BUMPER_S_M - 10.0, end_s_m + 110.0
    houses = _count(rng, spec.buildings)
    for _ in range(houses if in_town else houses // 2):
        length_m, width_m = float(rng.uniform(8, 14)), float(rng.uniform(8, 20))
        away_m = network.ego_road.half_width_m + float(rng.uniform(5, 10) if in_town else rng.uniform(12, 35))
        side = 1.0 if rng.random() < 0.5 else -1.0
        s_m = float(rng.uniform(first_m, last_m))
        height_m = float(rng.uniform(4, 14) if in_town else rng.uniform(3.5, 7))
        x_m, y_m = path.position(s_m, side * (away_m + 0.5 * length_m))
        heading = path.heading(s_m) - side * pi / 2
        house = Scenery(SceneryKind.BUILDING, x_m, y_m, heading, length_m, width_m, height_m, _look(rng))
        if _stands_free(network, signs, house, found):
            found.append(house)
    for _ in range(_count(rng, spec.trees)):
        crown_m = float(rng.uniform(1.5, 6.0))
        side = 1.0 if rng.random() < 0.5 else -1.0
        d_m = side * (network.ego_road.half_width_m + 1.0 + 0.5 * crown_m + float(rng.gamma(1.5, 6.0)))
        x_m, y_m = path.position(float(rng.uniform(first_m, last_m)), d_m)
        height_m = crown_m * float(rng.uniform(1.1, 2.0))
        tree = Scenery(SceneryKind.TREE, x_m, y_m, 0.0, crown_m, crown_m, height_m, _look(rng))
        if _stands_free(network, signs, tree, found):
            found.append(tree)
    pole_side = 1.0 if rng.random() < 0.5 else -1.0
    first_pole_m, gap_m = float(rng.uniform(first_m, first_m + 30)), float(rng.uniform(28, 45))
    for number in range(int((last_m - first_pole_m) / gap_m) if rng.random() < 0.7 else 0):
        x_m, y_m = path.position(
            first_pole_m + number * gap_m, pole_side * (network.ego_road.half_width_m + (1.0 if in_town else 4.5))
        )
        pole = Scenery(SceneryKind.POLE, x_m, y_m, 0.0, 0.25, 0.25, float(rng.uniform(6, 9)), _look(rng))
        if _stands_free(network, signs, pole, found):
            found.append(pole)
    return tuple(found)


def _stands_free(network: RoadNetwork, signs: tuple[Sign, ...], thing: Scenery, others: list[Scenery]) -> bool:
    """Return whether a thing keeps off the roads, off its neighbours and out of the sight of stop signs."""
    radius_m = 0.5 * max(thing.length_m, thing.width_m)
    roads = [network.ego_road, *(junction.road for junction in network.junctions)]
    if any(_distance_to(road.path, thing.x_m, thing.y_m) < road.half_width_m + radius_m + 0.6 for road in roads):
        return False
    for other in others:
        apart_m = hypot(thing.x_m - other.x_m, thing.y_m - other.y_m)
        if apart_m < 0.8 * (radius_m + 0.5 * max(other.length_m, other.width_m)):
            return False
    return not _blocks(network, signs, thing.x_m, thing.y_m, radius_m)


def _distance_to(path: Path, x_m: float, y_m: float) -> float:
    every = slice(None, None, 4)
    return float(np.sqrt(np.min((path.x_m[every] - x_m) ** 2 + (path.y_m[every] - y_m) ** 2)))


def _light(rng: np.random.Generator, spec: WorldSpec) -> Light:
    sun = float(rng.uniform(-pi, pi))
    visibility_m = _uniform(rng, spec.visibility_m)
    if rng.random() < spec.dusk_share:
        level = float(rng.uniform(0.32, 0.60))
        warm = float(rng.uniform(-0.05, 0.12))
        ambient = (level * (1 + warm), level, level * (1.05 - warm))
        low = (int(rng.uniform(110, 215)), int(rng.uniform(90, 150)), int(rng.uniform(80, 150)))
        top = (int(rng.uniform(25, 70)), int(rng.uniform(35, 80)), int(rng.uniform(70, 130)))
        return Light(TimeOfDay.DUSK, sun, ambient, top, low, visibility_m, float(rng.uniform(0.85, 1.25)))
    level, warm = float(rng.uniform(0.75, 1.08)), float(rng.uniform(-0.06, 0.08))
    ambient = (level * (1 + warm), level, level * (1 - warm))
    if rng.random() < 0.4:
        grey = float(rng.uniform(150, 240))
        top = low = (int(grey), int(grey + 3), int(grey + 8))
    else:
        top = (int(rng.uniform(50, 130)), int(rng.uniform(110, 175)), int(rng.uniform(190, 245)))
        low = (int(rng.uniform(170, 225)), int(rng.uniform(195, 235)), int(rng.uniform(220, 250)))
    return Light(TimeOfDay.DAY, sun, ambient, top, low, visibility_m, float(rng.uniform(0.8, 1.2)))


def _actors(rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, limit_mps: float) -> tuple[Actor, ...]:
    actors: list[Actor] = []
    road = network.ego_road
    kinds = tuple(ActorKind)

    def add(kind: ActorKind, how: Behaviour, s_m: float, d_m: float, turn_rad: float, speed_mps: float) -> None:
        x_m, y_m = road.path.position(s_m, d_m)
        heading = road.path.heading(s_m) + turn_rad
        actors.append(
            Actor(
                len(actors) + 1,
                kind,
                how,
                x_m,
                y_m,
                heading,
                speed_mps,
                s_m,
                d_m,
                speed_mps or limit_mps,
                look=_look(rng),
            )
        )

    if rng.random() < spec.lead_share:
        kind = ActorKind.CAR if rng.random() < 0.7 else ActorKind.VAN
        rear_s_m = START_BUMPER_S_M + _uniform(rng, spec.lead_gap_m)
        pace_mps = limit_mps * float(rng.uniform(0.8, 0.95))
        add(kind, Behaviour.WITH_EGO, rear_s_m + 0.5 * SIZES_M[kind][0], road.lane_centre_d_m, 0.0, pace_mps)
    s_m = START_BUMPER_S_M
    for _ in range(_count(rng, spec.oncoming)):
        s_m += float(rng.uniform(25, 60))
        kind = kinds[int(rng.integers(len(kinds)))]
        add(kind, Behaviour.ONCOMING, s_m, -road.lane_centre_d_m, pi, limit_mps * float(rng.uniform(0.7, 1.0)))
    for _ in range(_count(rng, spec.parked)):
        s_m = START_BUMPER_S_M + float(rng.uniform(-5, 120))
        side = -1.0 if rng.random() < 0.6 else 1.0
        d_m = side * (road.half_width_m + float(rng.uniform(1.1, 2.2)))
        near_junction = any(
            abs(s_m - junction.s_m) < junction.road.half_width_m + 12.0 for junction in network.junctions
        )
        x_m, y_m = road.path.position(s_m, d_m)
        crowded = any(hypot(x_m - other.x_m, y_m - other.y_m) < 8.0 for other in actors if other.speed_mps == 0.0)
        if not near_junction and not crowded:
            add(ActorKind.CAR, Behaviour.PARKED, s_m, d_m, 0.0 if side < 0 else pi, 0.0)
    for junction in network.junctions:
        if junction.all_way and rng.random() < 0.3:
            actors.append(_waiting(rng, road, junction, len(actors) + 1))
    return tuple(actors)


def _waiting(rng: np.random.Generator, ego_road: Road, junction: Junction, actor_id: int) -> Actor:
    """Return a car that waits at the crossing road's own stop, left or right of the ego road."""
    side = -1.0 if rng.random() < 0.5 else 1.0
    path = junction.road.path
    s_m = 0.5 * path.length_m + side * (ego_road.half_width_m + 2.5 + 0.5 * SIZES_M[ActorKind.CAR][0])
    x_m, y_m = path.position(s_m, side * 0.5 * junction.road.lane_width_m)
    heading = path.heading(s_m) + (0.0 if side < 0 else pi)
    return Actor(actor_id, ActorKind.CAR, Behaviour.PARKED, x_m, y_m, heading, 0.0, look=_look(rng))
