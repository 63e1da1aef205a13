"""Road users beyond plain cars: crossing traffic, people on foot, riders, lorries before signs, school buses."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np

from sim.actors import CARS, SIZES_M, Actor, ActorKind, Behaviour
from sim.generate.drawing import count, draw_look, uniform
from sim.generate.roads import START_BUMPER_S_M
from sim.road import Junction, RoadNetwork
from sim.road.sizes import CROSSWALK_DEPTH_M
from sim.seeding import Stream, stream
from sim.spec.traffic import TrafficSpec
from sim.traffic import turning_mps
from sim.vehicle import wrap_angle

_LARGE = (ActorKind.PANEL_VAN, ActorKind.BOX_LORRY, ActorKind.BUS)
_LARGE_SHARE = 0.25
_FIRST_CYCLIST_M = 15.0
_QUEUE_GAP_M = 9.0
"""Between crossing vehicles of one direction at the start, front to front, beyond the length of the one ahead."""


def draw_road_users(
    seed: int, spec: TrafficSpec, network: RoadNetwork, plain: tuple[Actor, ...], end_s_m: float
) -> tuple[Actor, ...]:
    """Return all road users of a world: the plain ones, some of them changed, and the others.

    With a spec at its defaults, these are the plain ones as they were.

    Args:
        seed: The world's.
        spec: What there may be.
        network: The roads.
        plain: The cars drawn so far.
        end_s_m: Arc length on the ego road at which the route ends.
    """
    actors = list(plain)
    if spec.varied_share > 0.0:
        rng = stream(seed, Stream.ACTORS, 1)
        actors = [_varied(rng, actor, network) if rng.random() < spec.varied_share else actor for actor in actors]
    _add_crossing(stream(seed, Stream.CROSS_TRAFFIC), spec, network, actors)
    _add_lorries(stream(seed, Stream.CROSS_TRAFFIC, 1), spec, network, actors)
    _add_people(stream(seed, Stream.PEDESTRIANS), spec, network, actors)
    _add_strollers(stream(seed, Stream.PEDESTRIANS, 1), spec, network, actors, end_s_m)
    _add_cyclists(stream(seed, Stream.CYCLISTS), spec, network, actors)
    _add_school_bus(stream(seed, Stream.BUSES), spec, network, actors)
    if spec.crossing[1] > 0:
        actors = [replace(actor, takes_turns=actor.behaviour is not Behaviour.PARKED) for actor in actors]
    if any(junction.turn for junction in network.junctions):
        actors = [replace(a, speed_mps=min(a.speed_mps, turning_mps(a, network))) for a in actors]
    return tuple(actors)


def _add(
    actors: list[Actor], network: RoadNetwork, kind: ActorKind, how: Behaviour, s_m: float, d_m: float, turn_rad: float,
    rng: np.random.Generator, *, speed_mps: float = 0.0, cruise_mps: float = 0.0, junction: int = -1,
    cue_s: float = 0.0, arm_out_s: float = 0.0,
) -> None:  # fmt: skip
    """Add an actor on the ego road, or, if it drives across, on the crossing road."""
    crossing = how is Behaviour.CROSSING
    path = (network.junctions[junction].road if crossing else network.ego_road).path
    x_m, y_m = path.position(s_m, d_m)
    number = max((actor.actor_id for actor in actors), default=0) + 1
    actors.append(
        Actor(
            number, kind, how, x_m, y_m, wrap_angle(path.heading(s_m) + turn_rad), speed_mps, s_m, d_m,
            cruise_mps or speed_mps, look=draw_look(rng), junction=junction, cue_s=cue_s, arm_out_s=arm_out_s,
        )
    )  # fmt: skip


def draw_vehicle_kind(rng: np.random.Generator) -> ActorKind:
    """Return the kind of a vehicle: three cars to one larger."""
    kinds = _LARGE if rng.random() < _LARGE_SHARE else CARS
    return kinds[int(rng.integers(len(kinds)))]


def _varied(rng: np.random.Generator, actor: Actor, network: RoadNetwork) -> Actor:
    """Return an actor as another kind of vehicle, its rear end where it was; the parked move off the carriageway."""
    kind = draw_vehicle_kind(rng)
    if actor.behaviour is Behaviour.PARKED:
        if actor.s_m == 0.0:
            kind = CARS[int(rng.integers(len(CARS)))]  # it waits at a crossing road's line
            return replace(actor, kind=kind)
        wider_m = 0.5 * (SIZES_M[kind][1] - SIZES_M[actor.kind][1])
        d_m = actor.d_m + (wider_m if actor.d_m > 0.0 else -wider_m)
        x_m, y_m = network.ego_road.path.position(actor.s_m, d_m)
        return replace(actor, kind=kind, d_m=d_m, x_m=x_m, y_m=y_m)
    longer_m = 0.5 * (SIZES_M[kind][0] - SIZES_M[actor.kind][0])
    s_m = actor.s_m + longer_m
    x_m, y_m = network.ego_road.path.position(s_m, actor.d_m)
    heading = network.ego_road.path.heading(s_m) + (0.0 if actor.behaviour is Behaviour.WITH_EGO else pi)
    return replace(actor, kind=kind, s_m=s_m, x_m=x_m, y_m=y_m, heading_rad=wrap_angle(heading))


def _add_crossing(rng: np.random.Generator, spec: TrafficSpec, network: RoadNetwork, actors: list[Actor]) -> None:
    """Add vehicles that drive straight across the ego road, some from each side, one behind the other."""
    for index, junction in enumerate(network.junctions):
        taken_m = {-1.0: 0.0, 1.0: 0.0}
        # Whoever waits there for ever would stand in their way.
        actors[:] = [actor for actor in actors if spec.crossing[1] == 0 or not _waits_at(actor, junction)]
        for _ in range(count(rng, spec.crossing)):
            direction = 1.0 if rng.random() < 0.5 else -1.0
            kind = draw_vehicle_kind(rng)
            back_m = max(uniform(rng, spec.crossing_m), taken_m[direction])
            speed_mps = uniform(rng, spec.crossing_speed_mps)
            length_m = SIZES_M[kind][0]
            taken_m[direction] = back_m + length_m + _QUEUE_GAP_M
            stop_m = network.ego_road.half_width_m + junction.crossing_stop_m
            s_m = junction.middle_m - direction * (stop_m + back_m + 0.5 * length_m)
            d_m = _crossing_lane_d_m(junction, direction)
            if d_m is None:
                continue
            # One that is already near brakes already.
            now_mps = min(speed_mps, (2.0 * 1.5 * max(back_m - 2.0, 0.0)) ** 0.5) if junction.all_way else speed_mps
            _add(actors, network, kind, Behaviour.CROSSING, s_m, d_m, 0.0 if direction > 0.0 else pi, rng,
                 speed_mps=now_mps, cruise_mps=speed_mps, junction=index)  # fmt: skip


def _crossing_lane_d_m(junction: Junction, direction: float) -> float | None:
    """Return where on a crossing road those drive who go straight across; None where nobody can from that side."""
    road = junction.road
    if len(junction.arms) < 2 or -direction not in junction.entries:
        return None
    d_m = road.lane_centre_d_m if direction > 0.0 else road.oncoming_d_m
    # The side of the road tells which way a crossing vehicle drives: in the middle of a single lane, nothing does.
    return d_m if d_m is not None and d_m * direction < 0.0 else None


def _waits_at(actor: Actor, junction: Junction) -> bool:
    if actor.behaviour is not Behaviour.PARKED or actor.s_m != 0.0:
        return False
    s_m, d_m = junction.road.path.project(actor.x_m, actor.y_m)
    return abs(d_m) < junction.road.half_width_m and 0.0 < s_m < junction.road.path.length_m


def _add_lorries(rng: np.random.Generator, spec: TrafficSpec, network: RoadNetwork, actors: list[Actor]) -> None:
    """Park lorries and vans at the roadside before signs: from afar they hide them, from near no longer."""
    road = network.ego_road
    for line in network.stop_lines:
        if spec.lorry_at_sign_share == 0.0 or rng.random() >= spec.lorry_at_sign_share:
            continue
        kind = ActorKind.BOX_LORRY if rng.random() < 0.6 else ActorKind.PANEL_VAN
        if road.kerb_m > 0.0:
            continue  # behind a kerb that stands up lies a pavement
        d_m = -(road.half_width_m + 0.5 * SIZES_M[kind][1] + float(rng.uniform(0.15, 0.6)))
        _add(actors, network, kind, Behaviour.PARKED, line.s_m - float(rng.uniform(20.0, 32.0)), d_m, 0.0, rng)


def _add_people(rng: np.random.Generator, spec: TrafficSpec, network: RoadNetwork, actors: list[Actor]) -> None:
    """Let people wait at the kerb of each crosswalk, on either side."""
    road = network.ego_road
    for index, junction in enumerate(network.junctions):
        if junction.crosswalk_s_m is None:
            continue
        people = count(rng, spec.pedestrians)
        for number in range(people):
            kind = ActorKind.CHILD if rng.random() < spec.child_share else ActorKind.PEDESTRIAN
            side = -1.0 if rng.random() < 0.6 else 1.0
            s_m = junction.crosswalk_s_m + CROSSWALK_DEPTH_M * (number + float(rng.uniform(0.4, 0.6))) / people
            d_m = side * (road.half_width_m + float(rng.uniform(0.6, 1.1)))
            pace_mps = uniform(rng, spec.walk_mps) * (0.9 if kind is ActorKind.CHILD else 1.0)
            cue_s = uniform(rng, spec.steps_out_s) if rng.random() < spec.bold_share else 0.0
            _add(actors, network, kind, Behaviour.WALKING, s_m, d_m, 0.5 * pi if side < 0.0 else -0.5 * pi, rng,
                 cruise_mps=pace_mps, junction=index, cue_s=cue_s)  # fmt: skip


def _add_strollers(
    rng: np.random.Generator, spec: TrafficSpec, network: RoadNetwork, actors: list[Actor], end_s_m: float
) -> None:
    road = network.ego_road
    for _ in range(count(rng, spec.strollers)):
        kind = ActorKind.CHILD if rng.random() < spec.child_share else ActorKind.PEDESTRIAN
        side = -1.0 if rng.random() < 0.6 else 1.0
        s_m = float(rng.uniform(START_BUMPER_S_M, end_s_m + 20.0))
        d_m = side * (road.half_width_m + float(rng.uniform(2.9, 3.7)))
        pace_mps = uniform(rng, spec.walk_mps)
        _add(actors, network, kind, Behaviour.STROLLING, s_m, d_m, 0.0 if side < 0.0 else pi, rng, speed_mps=pace_mps)


def _add_cyclists(rng: np.random.Generator, spec: TrafficSpec, network: RoadNetwork, actors: list[Actor]) -> None:
    road = network.ego_road
    for _ in range(count(rng, spec.cyclists)):
        with_ego = rng.random() < 0.4
        from_edge_m = float(rng.uniform(0.5, 0.9))
        s_m = START_BUMPER_S_M + _FIRST_CYCLIST_M + float(rng.uniform(5.0, 60.0))
        pace_mps = float(rng.uniform(3.5, 6.0))
        driving = (Behaviour.WITH_EGO, Behaviour.ONCOMING)
        near = any(abs(s_m - actor.s_m) < 8.0 for actor in actors if actor.behaviour in driving)
        leads_on = all(junction.ahead for junction in network.junctions) if with_ego else road.lanes_against > 0
        if near or not leads_on or s_m > road.span_m[1] - 5.0:
            continue
        if with_ego:
            how, turn_rad, d_m = Behaviour.WITH_EGO, 0.0, from_edge_m - road.half_width_m + road.parking_right_m
        else:
            how, turn_rad, d_m = Behaviour.ONCOMING, pi, road.half_width_m - road.parking_left_m - from_edge_m
        _add(actors, network, ActorKind.CYCLIST, how, s_m, d_m, turn_rad, rng, speed_mps=pace_mps)


def _add_school_bus(rng: np.random.Generator, spec: TrafficSpec, network: RoadNetwork, actors: list[Actor]) -> None:
    """Let a school bus stand on the other lane; what comes behind it is left out."""
    if spec.school_bus_share == 0.0 or rng.random() >= spec.school_bus_share:
        return
    road = network.ego_road
    half_m = 0.5 * SIZES_M[ActorKind.SCHOOL_BUS][0]
    s_m = START_BUMPER_S_M + uniform(rng, spec.school_bus_m) + half_m
    if not road.lanes_against or s_m + half_m > road.span_m[1]:
        return
    actors[:] = [
        actor for actor in actors if actor.behaviour is not Behaviour.ONCOMING or abs(actor.s_m - s_m) > half_m + 10.0
    ]
    d_m = road.half_width_m - road.parking_left_m - 1.45
    _add(actors, network, ActorKind.SCHOOL_BUS, Behaviour.ONCOMING, s_m, d_m, pi, rng,
         cruise_mps=8.0, arm_out_s=uniform(rng, spec.arm_out_s))  # fmt: skip
