"""Kerbs that stand up from the road, the pavements behind them, rounded corners and driveways."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.render.patches import Patch, Surface, curves, ring, strip
from sim.road import Edge, Junction, Road, RoadNetwork
from sim.road.corners import Corner
from sim.road.sizes import DRIVEWAY_LENGTH_M, KERB_STONE_M

SHOULDER_M = 0.7


def corner_patches(network: RoadNetwork, corners: tuple[tuple[Corner, ...], ...]) -> list[Patch]:
    """Return what fills the corners of the carriageway, level with it, and the shoulders along it."""
    found: list[Patch] = []
    for junction, its_corners in zip(network.junctions, corners, strict=True):
        for corner in its_corners:
            if junction.road.edge is Edge.VERGE:
                inner_m = max(corner.radius_m - SHOULDER_M, 0.0)
                found.append(ring(corner.arc(corner.radius_m), corner.arc(inner_m), Surface.SHOULDER))
            straight, at_s_m = junction.straight(network.ego_road)
            inside = [
                junction.road.path.position(corner.crossing_s_m),
                straight.path.position(at_s_m),
                straight.path.position(corner.ego_s_m),
            ]
            found.append(Patch(np.concatenate([corner.arc(corner.radius_m), np.array(inside)]), Surface.ASPHALT))
    return found


def kerb_patches(network: RoadNetwork, corners: tuple[tuple[Corner, ...], ...]) -> list[Patch]:
    """Return raised kerbs and pavements: all faces first, so that those that look away are covered by their tops."""
    if network.ego_road.kerb_m <= 0.0:
        return []
    faces: list[Patch] = []
    tops: list[Patch] = []
    for road, side, stretch in kerb_stretches(network, corners):
        for start_m, end_m in _between_driveways(road, side, stretch):
            high, offsets_m = road.kerb_m, (0.0, KERB_STONE_M, road.pavement_m)
            d_m = [side * (road.half_width_m + offset_m) for offset_m in offsets_m]
            edge, stone, outer = curves(road.path, (start_m, end_m), d_m)
            faces.append(ring(edge, edge, Surface.KERB_FACE, (0.0, high)))
            faces.append(Patch(np.array([edge[0], outer[0], outer[0], edge[0]]), Surface.KERB_FACE, 0.0, _end(high)))
            tops.append(ring(stone, outer, Surface.PAVING, (high, high)))
            tops.append(ring(edge, stone, Surface.KERB_TOP, (high, high)))
    for junction, its_corners in zip(network.junctions, corners, strict=True):
        high, pavement_m = junction.road.kerb_m, junction.road.pavement_m
        for corner in its_corners:
            radius_m = corner.radius_m
            edge, stone = corner.arc(radius_m), corner.arc(radius_m - KERB_STONE_M)
            outer = corner.arc(max(radius_m - pavement_m, 0.0))
            faces.append(ring(edge, edge, Surface.KERB_FACE, (0.0, high)))
            tops.append(ring(stone, outer, Surface.PAVING, (high, high)))
            tops.append(ring(edge, stone, Surface.KERB_TOP, (high, high)))
    return [*faces, *tops]


def driveway_patches(road: Road) -> list[Patch]:
    """Return the driveways of a road."""
    return [
        strip(
            road.path,
            (driveway.s_m - 0.5 * driveway.width_m, driveway.s_m + 0.5 * driveway.width_m),
            (driveway.side * (road.half_width_m - 0.05), driveway.side * (road.half_width_m + DRIVEWAY_LENGTH_M)),
            Surface.DRIVE,
        )
        for driveway in road.driveways
    ]


def kerb_stretches(
    network: RoadNetwork, corners: tuple[tuple[Corner, ...], ...]
) -> Iterator[tuple[Road, float, tuple[float, float]]]:
    """Yield each stretch along which a road has an edge: the road, the side of it, and from where to where."""
    ego_road = network.ego_road
    for side in (-1.0, 1.0):
        at_m, end_m = ego_road.span_m
        for junction, its_corners in zip(network.junctions, corners, strict=True):
            if junction.turn:
                if side != junction.turn:
                    yield ego_road, side, (at_m, junction.s_m - junction.half_length_m)
                    at_m = junction.s_m + junction.half_length_m
                continue
            mouth = {corner.way: corner.ego_s_m for corner in its_corners if corner.side == side}
            if side in junction.arms:
                half_m = junction.road.half_width_m
                yield ego_road, side, (at_m, mouth.get(-1.0, junction.s_m - half_m))
                at_m = mouth.get(1.0, junction.s_m + half_m) if junction.ahead else end_m
        if end_m - at_m > 0.1:
            yield ego_road, side, (at_m, end_m)
    for junction, its_corners in zip(network.junctions, corners, strict=True):
        if junction.turn:
            yield from _turn_stretches(junction, its_corners)
            continue
        road, half_m = junction.road, ego_road.half_width_m
        first_m, last_m = road.span_m
        for way in (-1.0, 1.0):
            mouth = {corner.side: corner.crossing_s_m for corner in its_corners if corner.way == way}
            if way > 0 and not junction.ahead:
                yield road, -way, (first_m, last_m)
                continue
            if -1.0 in junction.arms:
                yield road, -way, (first_m, mouth.get(-1.0, junction.middle_m - half_m))
            if 1.0 in junction.arms:
                yield road, -way, (mouth.get(1.0, junction.middle_m + half_m), last_m)


def _turn_stretches(
    junction: Junction, corners: tuple[Corner, ...]
) -> Iterator[tuple[Road, float, tuple[float, float]]]:
    """Yield the edges of the roads at a turn of the ego road, but for that road's own."""
    road, straight, turn = junction.road, junction.onward, junction.turn
    if straight is None:
        return
    middle_m = 0.5 * straight.path.length_m
    first_m, last_m = straight.span_m
    mouths = {(corner.side, corner.way): corner for corner in corners}
    for side in (-turn, turn):
        if side == -turn and side not in junction.arms:
            yield straight, side, (first_m, last_m)
            continue
        before, after = mouths.get((side, -1.0)), mouths.get((side, 1.0))
        if side != turn:
            yield straight, side, (first_m, before.ego_s_m if before else middle_m - road.half_width_m)
        if junction.leads_on:
            yield straight, side, (after.ego_s_m if after else middle_m + road.half_width_m, last_m)
    first_m, last_m = road.span_m
    for way in (-1.0, 1.0):
        if way > 0 and not junction.leads_on:
            yield road, -way, (first_m, last_m)
            continue
        for side in (-1.0, 1.0):
            corner = mouths.get((side, way))
            at_m = corner.crossing_s_m if corner else junction.middle_m + side * straight.half_width_m
            if side in junction.arms or (side == turn and way > 0):
                yield road, -way, ((first_m, at_m) if side < 0 else (at_m, last_m))


def _between_driveways(road: Road, side: float, stretch: tuple[float, float]) -> Iterator[tuple[float, float]]:
    at_m, end_m = stretch
    for driveway in road.driveways:
        start_m = driveway.s_m - 0.5 * driveway.width_m
        if driveway.side == side and at_m < start_m < end_m:
            yield at_m, start_m
            at_m = start_m + driveway.width_m
    if end_m - at_m > 0.1:
        yield at_m, end_m


def _end(height_m: float) -> NDArray[np.float64]:
    """Return the heights of a raised pavement's end, as it is seen over a dropped kerb."""
    return np.array([0.0, 0.0, height_m, height_m])
