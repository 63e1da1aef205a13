"""A road without end, for watching: new stretches are laid ahead, and what lies far behind is taken up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import cos, floor, sin

import numpy as np

from sim.actors import Actor, Behaviour
from sim.generate import FIRST_SIGN_ID, generate_world
from sim.generate.turns import comes_near, road_points
from sim.road import SAMPLE_M, Edge, Junction, Path, Road, RoadNetwork
from sim.seeding import Stream, derive_seed
from sim.signs import Sign
from sim.spec import WorldSpec
from sim.vehicle import wrap_angle
from sim.world import Scenery, World

AHEAD_M = 260.0
"""With less route left than this, more is laid: farther off, nobody sees it change."""

BEHIND_M = 90.0
"""What lies farther behind the car than this is taken up."""


def start_endless(seed: int, spec: WorldSpec) -> World:
    """Return the beginning of a road without end.

    Args:
        seed: Any non-negative integer; the whole road follows from it.
        spec: What its stretches may be. The ego's road keeps one lane each way, and never ends.
    """
    return generate_world(seed, _unending(spec))


def lay_ahead(world: World, spec: WorldSpec) -> World:
    """Return the world with so much road ahead that its end is never in sight; mostly the same world.

    Args:
        world: A moment of a drive that began with `start_endless`.
        spec: The same as there.
    """
    while world.scene.route_end_s_m - world.bumper_s_m < AHEAD_M:
        world = _extend(world, spec)
    return world


def _unending(spec: WorldSpec) -> WorldSpec:
    road = replace(spec.road, lanes=(1, 1), one_way_share=0.0, parking_lane_share=0.0, end_share=0.0)
    return replace(spec, road=road)


def _alike(spec: WorldSpec, road: Road) -> WorldSpec:
    """Return what a stretch may be that leads on a road: as wide as it is, and bordered as it is."""
    unending = _unending(spec)
    raised = 1.0 if road.kerb_m > 0.0 else 0.0
    return replace(
        unending,
        lane_width_m=(road.lane_width_m, road.lane_width_m),
        kerb_share=1.0 if road.edge is Edge.KERB else 0.0,
        road=replace(unending.road, kerb_share=raised),
    )


CLEAR_M = 25.0
"""Between the middle of a new stretch and that of a road that was there before."""

ATTEMPTS = 12
"""So many stretches are tried where the first ones would lead back onto the road."""


@dataclass(frozen=True, slots=True)
class _Move:
    """A turn about the origin and a shift in plan, a shift along the ego road, and what tells new things from old.

    Attributes:
        x_m: Shift.
        y_m: Shift.
        turn_rad: Turn, before the shift.
        s_m: Shift along the ego road.
        junctions: How many junctions there were before.
        lines: How many stop lines there were before.
    """

    x_m: float
    y_m: float
    turn_rad: float
    s_m: float
    junctions: int
    lines: int

    def place(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Return where a place comes to lie."""
        c, s = cos(self.turn_rad), sin(self.turn_rad)
        return self.x_m + c * x_m - s * y_m, self.y_m + s * x_m + c * y_m

    def path(self, path: Path) -> Path:
        """Return where a path comes to lie."""
        x_m, y_m = path.x_m, path.y_m
        c, s = cos(self.turn_rad), sin(self.turn_rad)
        return Path(
            self.x_m + c * x_m - s * y_m,
            self.y_m + s * x_m + c * y_m,
            path.heading_rad + self.turn_rad,
            path.curvature_per_m,
        )


def _extend(world: World, spec: WorldSpec) -> World:
    """Take up what lies behind, and join a new stretch where the route ended."""
    scene, old = world.scene, world.scene.network
    road = old.ego_road
    first = max(0, floor((world.bumper_s_m - BEHIND_M) / SAMPLE_M))
    # Past a route's end the road is straight, and so is a new one's beginning: they join smoothly.
    join = floor(scene.route_end_s_m / SAMPLE_M)
    dropped_m, join_m = first * SAMPLE_M, join * SAMPLE_M
    kept = [j for j in old.junctions if j.s_m > dropped_m]
    lines = [line for line in old.stop_lines if line.s_m > dropped_m and old.junctions[line.junction] in kept]
    gone_junctions, gone_lines = len(old.junctions) - len(kept), len(old.stop_lines) - len(lines)
    x_m, y_m = float(road.path.x_m[join]), float(road.path.y_m[join])
    move = _Move(x_m, y_m, float(road.path.heading_rad[join]), join_m - dropped_m, len(kept), len(lines))
    place = round(scene.dropped_m + join_m)
    stretch = _free_stretch(scene.seed, place, _alike(spec, road), move, RoadNetwork(road, tuple(kept), ()), join_m)
    new = stretch.scene.network
    back = _Move(0.0, 0.0, 0.0, -dropped_m, -gone_junctions, -gone_lines)

    network = RoadNetwork(
        _join_roads(road, new.ego_road, first, join, move, back),
        (
            *(_along(junction, back.s_m) for junction in kept),
            *(_moved_junction(junction, move, road) for junction in new.junctions),
        ),
        (
            *(replace(line, s_m=line.s_m + back.s_m, junction=line.junction + back.junctions) for line in lines),
            *(
                replace(line, s_m=line.s_m + move.s_m, junction=line.junction + move.junctions)
                for line in new.stop_lines
            ),
        ),
    )
    path = network.ego_road.path
    end_m = move.s_m
    signs = [
        s for s in scene.signs if _is_between(path, s, end_m) and (s.stop_line is None or s.stop_line >= gone_lines)
    ]
    signs = [replace(s, stop_line=None if s.stop_line is None else s.stop_line - gone_lines) for s in signs]
    scenery = [thing for thing in scene.scenery if _is_between(path, thing, end_m)]
    added = [_moved_thing(thing, move) for thing in stretch.scene.scenery]
    if spec.road.turn_share > 0.0:
        roads = (network.ego_road, *network.side_roads)
        scenery, added = ([thing for thing in some if _is_off_roads(thing, roads)] for some in (scenery, added))
    actors = [
        _led_on(a, back)
        for a in world.actors
        if _is_between(path, a, end_m) and (a.behaviour is not Behaviour.CROSSING or a.junction >= gone_junctions)
    ]
    ids = _free_ids({s.sign_id for s in signs}, FIRST_SIGN_ID)
    signs += [_moved_sign(s, move, next(ids)) for s in stretch.scene.signs]
    ids = _free_ids({a.actor_id for a in actors}, 1)
    actors += [_moved_actor(a, move, next(ids)) for a in stretch.actors]
    return replace(
        world,
        scene=replace(
            scene,
            network=network,
            signs=tuple(signs),
            scenery=(*scenery, *added),
            route_end_s_m=stretch.scene.route_end_s_m + move.s_m,
            dropped_m=scene.dropped_m + dropped_m,
        ),
        actors=tuple(actors),
        ego_s_m=world.ego_s_m - dropped_m,
    )


def _free_stretch(seed: int, place: int, spec: WorldSpec, move: _Move, old: RoadNetwork, join_m: float) -> World:
    """Return a new stretch that, where routes turn, does not lead back onto what there is.

    Args:
        seed: Of the whole road.
        place: What tells this stretch from the others.
        spec: What it may be.
        move: Where it comes to lie.
        old: The roads that there are.
        join_m: Where on the ego's road it begins.
    """
    stretch = generate_world(derive_seed(seed, Stream.ROUTE, place), spec)
    if spec.road.turn_share == 0.0:
        return stretch
    start_m = join_m - BEHIND_M - AHEAD_M
    # Where the stretch begins, the two are near each other, and may be.
    route = road_points(old.ego_road, start_m, join_m - CLEAR_M)
    arms = [road_points(road, *road.span_m) for road in old.side_roads]
    taken = np.concatenate([route, *arms])
    for attempt in range(1, ATTEMPTS + 1):
        new = stretch.scene.network
        led = replace(new.ego_road, path=move.path(new.ego_road.path))
        ahead = road_points(led, CLEAR_M, stretch.scene.route_end_s_m + AHEAD_M)
        sides = [replace(road, path=move.path(road.path)) for road in new.side_roads]
        beside = [road_points(road, *road.span_m) for road in sides]
        if not comes_near(ahead, taken, CLEAR_M) and not comes_near(np.concatenate([*beside, ahead]), route, CLEAR_M):
            break
        stretch = generate_world(derive_seed(seed, Stream.ROUTE, place, attempt), spec)
    return stretch


def _free_ids(taken: set[int], first: int) -> Iterator[int]:
    """Yield ids from `first` on that are not taken."""
    return (number for number in range(first, 1_000_000) if number not in taken)


def _is_off_roads(thing: Scenery, roads: tuple[Road, ...]) -> bool:
    """Return whether a thing keeps off roads, among which a turn may have led one towards it."""
    place = np.array([[thing.x_m, thing.y_m]])
    radius_m = 0.5 * max(thing.length_m, thing.width_m)
    return not any(
        comes_near(road_points(road, *road.span_m), place, road.half_width_m + radius_m + 0.5) for road in roads
    )


def _is_between(path: Path, thing: Sign | Scenery | Actor, end_m: float) -> bool:
    """Return whether a thing stands beside the part of a road that is kept, and before its end."""
    return 0.5 < path.project(thing.x_m, thing.y_m)[0] < end_m + 15.0


def _join_roads(old: Road, new: Road, first: int, join: int, move: _Move, back: _Move) -> Road:
    """Return the ego road from one sample of the old to another, and then the new."""
    led = move.path(new.path)
    path = Path(
        np.concatenate([old.path.x_m[first:join], led.x_m]),
        np.concatenate([old.path.y_m[first:join], led.y_m]),
        np.concatenate([old.path.heading_rad[first:join], led.heading_rad]),
        np.concatenate([old.path.curvature_per_m[first:join], led.curvature_per_m]),
    )
    parts = ((old, back.s_m), (new, move.s_m))
    return replace(
        old,
        path=path,
        worn=tuple(
            replace(worn, start_s_m=worn.start_s_m + by_m, end_s_m=worn.end_s_m + by_m)
            for road, by_m in parts
            for worn in road.worn
            if worn.end_s_m + by_m > 0.0
        ),
        symbols=tuple(replace(x, s_m=x.s_m + by_m) for road, by_m in parts for x in road.symbols if x.s_m + by_m > 2.0),
        crosswalks=tuple(
            replace(x, s_m=x.s_m + by_m) for road, by_m in parts for x in road.crosswalks if x.s_m + by_m > 0.0
        ),
        bars=tuple(replace(x, s_m=x.s_m + by_m) for road, by_m in parts for x in road.bars if x.s_m + by_m > 0.0),
        driveways=tuple(
            replace(x, s_m=x.s_m + by_m) for road, by_m in parts for x in road.driveways if x.s_m + by_m > 5.0
        ),
    )


def _along(junction: Junction, by_m: float) -> Junction:
    """Return a junction shifted along the ego road."""
    crosswalk_s_m = None if junction.crosswalk_s_m is None else junction.crosswalk_s_m + by_m
    return replace(junction, s_m=junction.s_m + by_m, crosswalk_s_m=crosswalk_s_m)


def _moved_junction(junction: Junction, move: _Move, like: Road) -> Junction:
    """Return a new junction where it comes to lie, painted and bordered like the ego's road."""
    road, onward = _moved_road(junction.road, move, like), junction.onward
    onward = None if onward is None else _moved_road(onward, move, like)
    return replace(_along(junction, move.s_m), road=road, onward=onward)


def _moved_road(road: Road, move: _Move, like: Road) -> Road:
    return replace(
        road,
        path=move.path(road.path),
        centre_line=like.centre_line,
        yellow_centre=like.yellow_centre,
        edge_lines=like.edge_lines,
        wear=like.wear,
        kerb_m=like.kerb_m,
        pavement_m=like.pavement_m,
    )


def _moved_sign(sign: Sign, move: _Move, sign_id: int) -> Sign:
    x_m, y_m = move.place(sign.x_m, sign.y_m)
    line = None if sign.stop_line is None else sign.stop_line + move.lines
    facing_rad = wrap_angle(sign.facing_rad + move.turn_rad)
    return replace(sign, sign_id=sign_id, x_m=x_m, y_m=y_m, facing_rad=facing_rad, stop_line=line)


def _moved_thing(thing: Scenery, move: _Move) -> Scenery:
    x_m, y_m = move.place(thing.x_m, thing.y_m)
    return replace(thing, x_m=x_m, y_m=y_m, heading_rad=wrap_angle(thing.heading_rad + move.turn_rad))


def _moved_actor(actor: Actor, move: _Move, actor_id: int) -> Actor:
    x_m, y_m = move.place(actor.x_m, actor.y_m)
    heading_rad = wrap_angle(actor.heading_rad + move.turn_rad)
    return _led_on(replace(actor, actor_id=actor_id, x_m=x_m, y_m=y_m, heading_rad=heading_rad), move)


def _led_on(actor: Actor, move: _Move) -> Actor:
    """Return an actor that counts arc lengths, lines and junctions as the new network does."""
    # One on a crossing road counts along that, which stays as long as it is.
    s_m = actor.s_m if actor.behaviour is Behaviour.CROSSING else actor.s_m + move.s_m
    return replace(
        actor,
        s_m=s_m,
        served=max(0, actor.served + move.lines),
        junction=max(-1, actor.junction + move.junctions) if actor.junction >= 0 else -1,
        released=max(-1, actor.released + move.junctions) if actor.released >= 0 else -1,
    )
