"""Other road users, as they are at the start."""

from __future__ import annotations

from math import hypot, pi

import numpy as np

from sim.actors import SIZES_M, Actor, ActorKind, Behaviour
from sim.generate.drawing import count, draw_look, uniform
from sim.generate.roads import START_BUMPER_S_M
from sim.road import Junction, Road, RoadNetwork
from sim.spec import WorldSpec


def draw_actors(rng: np.random.Generator, spec: WorldSpec, network: RoadNetwork, limit_mps: float) -> tuple[Actor, ...]:
    """Return the cars that drive, stand at the roadside or wait at a crossing road's stop."""
    actors: list[Actor] = []
    road = network.ego_road
    kinds = (ActorKind.CAR, ActorKind.VAN, ActorKind.LORRY)

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
                look=draw_look(rng),
            )
        )

    if rng.random() < spec.lead_share:
        kind = ActorKind.CAR if rng.random() < 0.7 else ActorKind.VAN
        rear_s_m = START_BUMPER_S_M + uniform(rng, spec.lead_gap_m)
        pace_mps = limit_mps * float(rng.uniform(0.8, 0.95))
        # Nobody drives on where the road ends.
        if all(junction.ahead for junction in network.junctions):
            add(kind, Behaviour.WITH_EGO, rear_s_m + 0.5 * SIZES_M[kind][0], road.lane_centre_d_m, 0.0, pace_mps)
    s_m = START_BUMPER_S_M
    for _ in range(count(rng, spec.oncoming)):
        s_m += float(rng.uniform(25, 60))
        kind = kinds[int(rng.integers(len(kinds)))]
        pace_mps = limit_mps * float(rng.uniform(0.7, 1.0))
        if road.oncoming_d_m is not None and s_m < road.span_m[1] - 5.0:
            add(kind, Behaviour.ONCOMING, s_m, road.oncoming_d_m, pi, pace_mps)
    for _ in range(count(rng, spec.parked)):
        s_m = START_BUMPER_S_M + float(rng.uniform(-5, 120))
        side = -1.0 if rng.random() < 0.6 else 1.0
        d_m = side * (road.half_width_m + float(rng.uniform(1.1, 2.2)))
        parking_m = road.parking_right_m if side < 0 else road.parking_left_m
        if parking_m > 0.0:
            d_m = side * (road.half_width_m - 0.5 * parking_m)
        near_junction = any(abs(s_m - junction.s_m) < junction.half_length_m + 12.0 for junction in network.junctions)
        x_m, y_m = road.path.position(s_m, d_m)
        crowded = any(hypot(x_m - other.x_m, y_m - other.y_m) < 8.0 for other in actors if other.speed_mps == 0.0)
        # Behind a kerb that stands up lies a pavement: there is no place for a car.
        blocked = road.kerb_m > 0.0 and parking_m == 0.0
        if not near_junction and not crowded and not blocked:
            add(ActorKind.CAR, Behaviour.PARKED, s_m, d_m, 0.0 if side < 0 else pi, 0.0)
    for junction in network.junctions:
        if junction.all_way and rng.random() < 0.3 and junction.entries:
            actors.append(_waiting(rng, road, junction, len(actors) + 1))
    return tuple(actors)


def _waiting(rng: np.random.Generator, ego_road: Road, junction: Junction, actor_id: int) -> Actor:
    """Return a car that waits at the crossing road's own stop, left or right of the ego road."""
    side = -1.0 if rng.random() < 0.5 else 1.0
    if side not in junction.entries:
        side = -side
    road, path = junction.road, junction.road.path
    back_m = junction.crossing_stop_m
    s_m = 0.5 * path.length_m + side * (ego_road.half_width_m + back_m + 0.5 * SIZES_M[ActorKind.CAR][0])
    x_m, y_m = path.position(s_m, road.lane_centre_d_m if side < 0 else road.oncoming_d_m or 0.0)
    heading = path.heading(s_m) + (0.0 if side < 0 else pi)
    return Actor(actor_id, ActorKind.CAR, Behaviour.PARKED, x_m, y_m, heading, 0.0, look=draw_look(rng))
