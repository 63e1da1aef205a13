"""Buildings, trees and poles beside the roads."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot, pi

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled
from sim.generate.drawing import count, draw_look
from sim.generate.roads import START_BUMPER_S_M
from sim.generate.roadside import blocks_sight
from sim.road import Junction, RoadNetwork
from sim.road.sizes import DRIVEWAY_LENGTH_M
from sim.seeding import Stream, stream
from sim.signs import Sign
from sim.spec import WorldSpec
from sim.world import Scenery, SceneryKind


def draw_scenery(
    rng: np.random.Generator,
    seed: int,
    spec: WorldSpec,
    network: RoadNetwork,
    signs: tuple[Sign, ...],
    hiding: tuple[Scenery, ...],
    in_town: bool,
    end_s_m: float,
) -> tuple[Scenery, ...]:
    """Return what stands about, `hiding` included; nothing but that stands between a driver and a stop sign."""
    found = list(hiding)
    path = network.ego_road.path
    first_m, last_m = START_BUMPER_S_M - 10.0, end_s_m + 110.0
    houses = count(rng, spec.buildings)
    for _ in range(houses if in_town else houses // 2):
        length_m, width_m = float(rng.uniform(8, 14)), float(rng.uniform(8, 20))
        away_m = network.ego_road.half_width_m + float(rng.uniform(5, 10) if in_town else rng.uniform(12, 35))
        side = 1.0 if rng.random() < 0.5 else -1.0
        s_m = float(rng.uniform(first_m, last_m))
        height_m = float(rng.uniform(4, 14) if in_town else rng.uniform(3.5, 7))
        x_m, y_m = path.position(s_m, side * (away_m + 0.5 * length_m))
        heading = path.heading(s_m) - side * pi / 2
        house = Scenery(SceneryKind.BUILDING, x_m, y_m, heading, length_m, width_m, height_m, draw_look(rng))
        if _stands_free(network, signs, house, found):
            found.append(house)
    for _ in range(count(rng, spec.trees)):
        crown_m = float(rng.uniform(1.5, 6.0))
        side = 1.0 if rng.random() < 0.5 else -1.0
        d_m = side * (network.ego_road.half_width_m + 1.0 + 0.5 * crown_m + float(rng.gamma(1.5, 6.0)))
        x_m, y_m = path.position(float(rng.uniform(first_m, last_m)), d_m)
        height_m = crown_m * float(rng.uniform(1.1, 2.0))
        tree = Scenery(SceneryKind.TREE, x_m, y_m, 0.0, crown_m, crown_m, height_m, draw_look(rng))
        if _stands_free(network, signs, tree, found):
            found.append(tree)
    pole_side = 1.0 if rng.random() < 0.5 else -1.0
    first_pole_m, gap_m = float(rng.uniform(first_m, first_m + 30)), float(rng.uniform(28, 45))
    for number in range(int((last_m - first_pole_m) / gap_m) if rng.random() < 0.7 else 0):
        x_m, y_m = path.position(
            first_pole_m + number * gap_m, pole_side * (network.ego_road.half_width_m + (1.0 if in_town else 4.5))
        )
        pole = Scenery(SceneryKind.POLE, x_m, y_m, 0.0, 0.25, 0.25, float(rng.uniform(6, 9)), draw_look(rng))
        if _stands_free(network, signs, pole, found):
            found.append(pole)
    if network.junctions and not network.junctions[-1].ahead:
        for thing in _facing(stream(seed, Stream.ROAD_LAYOUT, 1), network, network.junctions[-1], in_town):
            if _stands_free(network, signs, thing, found):
                found.append(thing)
    for index, junction in enumerate(network.junctions):
        if junction.turn:
            for thing in _at_turn(stream(seed, Stream.TURNS, index, 1), network, junction, in_town):
                if _stands_free(network, signs, thing, found):
                    found.append(thing)
    return tuple(found)


def _at_turn(rng: np.random.Generator, network: RoadNetwork, junction: Junction, in_town: bool) -> Iterator[Scenery]:
    """Yield what stands straight ahead where the route turns: across the road, or along the one that leads on."""
    if not junction.leads_on:
        yield from _facing(rng, network, junction, in_town)
        return
    road, at_m = junction.straight(network.ego_road)
    first_m, last_m = at_m + junction.road.half_width_m + 10.0, road.span_m[1] + 30.0
    for _ in range(int(rng.integers(2, 6)) if in_town else int(rng.integers(0, 3))):
        length_m, width_m, height_m = (float(rng.uniform(*span)) for span in ((8, 12), (8, 16), (4, 10)))
        side, s_m = (1.0 if rng.random() < 0.5 else -1.0), float(rng.uniform(first_m, last_m))
        away_m = road.half_width_m + 0.5 * length_m + float(rng.uniform(5, 10))
        heading = road.path.heading(s_m) - side * pi / 2
        x_m, y_m = road.path.position(s_m, side * away_m)
        yield Scenery(SceneryKind.BUILDING, x_m, y_m, heading, length_m, width_m, height_m, draw_look(rng))
    for _ in range(int(rng.integers(3, 9))):
        crown_m, side = float(rng.uniform(2.0, 5.0)), (1.0 if rng.random() < 0.5 else -1.0)
        away_m = road.half_width_m + 0.5 * crown_m + 1.0 + float(rng.gamma(1.5, 5.0))
        x_m, y_m = road.path.position(float(rng.uniform(first_m, last_m)), side * away_m)
        yield Scenery(SceneryKind.TREE, x_m, y_m, 0.0, crown_m, crown_m, 1.6 * crown_m, draw_look(rng))


def _facing(rng: np.random.Generator, network: RoadNetwork, junction: Junction, in_town: bool) -> Iterator[Scenery]:
    """Yield what stands across where a road ends: houses that look at it, and trees."""
    road, at_s_m = junction.straight(network.ego_road)
    edge_m = at_s_m + junction.road.half_width_m + (junction.road.pavement_m if in_town else 3.0)
    heading = road.path.heading(at_s_m) + pi
    at_m = -float(rng.uniform(24.0, 32.0))
    while at_m < 26.0:
        if in_town or rng.random() < 0.2:
            length_m, width_m = float(rng.uniform(8.0, 12.0)), float(rng.uniform(8.0, 16.0))
            away_m, height_m = float(rng.uniform(2.0, 6.0)), float(rng.uniform(4.0, 9.0))
            x_m, y_m = road.path.position(edge_m + away_m + 0.5 * length_m, at_m + 0.5 * width_m)
            yield Scenery(SceneryKind.BUILDING, x_m, y_m, heading, length_m, width_m, height_m, draw_look(rng))
            at_m += width_m
        crown_m = float(rng.uniform(2.0, 5.0))
        x_m, y_m = road.path.position(edge_m + 0.5 * crown_m + float(rng.uniform(1.0, 10.0)), at_m + 2.0)
        yield Scenery(SceneryKind.TREE, x_m, y_m, 0.0, crown_m, crown_m, 1.6 * crown_m, draw_look(rng))
        at_m += float(rng.uniform(3.0, 9.0))


def _stands_free(network: RoadNetwork, signs: tuple[Sign, ...], thing: Scenery, others: list[Scenery]) -> bool:
    """Return whether a thing keeps off the roads, off its neighbours and out of the sight of stop signs."""
    radius_m = 0.5 * max(thing.length_m, thing.width_m)
    roads = [network.ego_road, *network.side_roads]
    for road in roads:
        path, room_m = road.path, road.half_width_m + radius_m + 0.6
        if _distance_to(path.x_m, path.y_m, thing.x_m, thing.y_m) < room_m:
            return False
    if _on_driveway(network, thing.x_m, thing.y_m, radius_m):
        return False
    for other in others:
        apart_m = hypot(thing.x_m - other.x_m, thing.y_m - other.y_m)
        if apart_m < 0.8 * (radius_m + 0.5 * max(other.length_m, other.width_m)):
            return False
    return not blocks_sight(network, signs, thing.x_m, thing.y_m, radius_m)


def _on_driveway(network: RoadNetwork, x_m: float, y_m: float, radius_m: float) -> bool:
    """Return whether a thing stands on a driveway of the ego road."""
    if not network.ego_road.driveways:
        return False
    s_m, d_m = network.ego_road.path.project(x_m, y_m)
    off_m = abs(d_m) - network.ego_road.half_width_m - radius_m
    return off_m < DRIVEWAY_LENGTH_M and any(
        driveway.side * d_m > 0 and abs(driveway.s_m - s_m) < 0.5 * driveway.width_m + radius_m
        for driveway in network.ego_road.driveways
    )


@compiled
def _distance_to(path_x_m: NDArray[np.float64], path_y_m: NDArray[np.float64], x_m: float, y_m: float) -> float:
    """Return the distance from a place to the nearest of every fourth sample of a path."""
    nearest = np.inf
    for index in range(0, len(path_x_m), 4):
        away_x, away_y = path_x_m[index] - x_m, path_y_m[index] - y_m
        nearest = min(nearest, away_x * away_x + away_y * away_y)
    return float(np.sqrt(nearest))
