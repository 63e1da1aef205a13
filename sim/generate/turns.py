"""Where the route turns left or right at a stop: the turn itself, which way it leads, and the roads that are left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from sim.generate.drawing import uniform
from sim.generate.layout import Bend
from sim.road import Junction, Path, Road, build_path
from sim.seeding import Stream, stream
from sim.spec import RoadSpec

TURN_RAMP_M = 3.0
"""Length of the clothoid into a turn, and of that out of it: the steering wheel takes its time."""

TURN_SKEW_RAD = 0.08
"""A turn is out of the square by this at most."""

LINE_TO_TURN_M = 1.2
"""Without a crosswalk, the turn begins so far past the line, which must stand as far before a crossing road."""

MOST_AWAY_RAD = 1.9
"""No turn leads the route farther than this from where it headed at first, so that it never comes back on itself."""

SHORTEST_ARM_M = 16.0
APART_M = 16.0
"""An arm ends, but not before the first, where its middle is within the second of another road's."""

_STEP_M = 2.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the route at a stop.

    Attributes:
        bend: The turn, to the left; `turned` gives its side.
        left: Whether it leads left, if it may.
        straight_arm: Whether a road leads straight on.
        side_arm: Whether the crossing road leads to the other side too.
    """

    bend: Bend
    left: bool
    straight_arm: bool
    side_arm: bool

    @property
    def side(self) -> float:
        """1 to the left, -1 to the right."""
        return 1.0 if self.bend.turn_rad > 0 else -1.0

    def turned(self, away_rad: float) -> Turn:
        """Return the turn as it leads on a route that is `away_rad` off from where it headed at first."""
        side = 1.0 if self.left else -1.0
        if abs(away_rad + side * abs(self.bend.turn_rad)) > MOST_AWAY_RAD:
            side = -1.0 if away_rad > 0 else 1.0
        return replace(self, bend=replace(self.bend, turn_rad=side * abs(self.bend.turn_rad)))


def draw_turn(seed: int, index: int, spec: RoadSpec) -> Turn | None:
    """Return the turn at the stop of a number, or None where the route goes straight across.

    Args:
        seed: Of the world.
        index: Which junction.
        spec: Of the roads.
    """
    if spec.turn_share == 0.0:
        return None
    rng = stream(seed, Stream.TURNS, index)
    turns = rng.random() < spec.turn_share
    bend = Bend(
        0.5 * pi + float(rng.uniform(-TURN_SKEW_RAD, TURN_SKEW_RAD)), uniform(rng, spec.turn_radius_m), TURN_RAMP_M
    )
    left, one_sided, no_side = (bool(rng.random() < share) for share in (0.5, spec.t_share, 0.5))
    return Turn(bend, left, not one_sided or no_side, not (one_sided and no_side)) if turns else None


def lay_turn(ego_road: Road, junction: Junction, turn: Turn, arm_m: float) -> Junction:
    """Return a junction as it is where the route turns: the crossing road and the one straight on, where they meet.

    Args:
        ego_road: The ego's, which turns there.
        junction: The junction, its crossing road as wide as the ego's.
        turn: The turn.
        arm_m: Length of each arm.
    """
    half_m = 0.5 * turn.bend.length_m
    (x_m, y_m), heading_in, heading_out, reach_m = _meeting(ego_road.path, junction.s_m - half_m, junction.s_m + half_m)
    # The crossing road runs from right to left, the ego's leaves it to the right against it.
    across = heading_out if turn.side > 0 else heading_out + pi
    crossing, straight = (
        build_path([(2 * arm_m, 0.0, 0.0)], x_m - arm_m * cos(heading), y_m - arm_m * sin(heading), heading)
        for heading in (across, heading_in)
    )
    other_m = arm_m if turn.side_arm else 0.0
    right_m, left_m = (reach_m, other_m) if turn.side < 0 else (other_m, reach_m)
    plain = replace(ego_road, worn=(), symbols=(), crosswalks=(), bars=(), driveways=())
    onward = replace(plain, path=straight, extent_m=(arm_m - reach_m, 2 * arm_m if turn.straight_arm else arm_m))
    road = replace(plain, path=crossing, extent_m=(arm_m - right_m, arm_m + left_m))
    return replace(junction, road=road, turn=turn.side, turn_m=turn.bend.length_m, onward=onward)


def _meeting(path: Path, start_m: float, end_m: float) -> tuple[tuple[float, float], float, float, float]:
    """Return where two straights that a turn joins would meet, both headings, and how far it is to there."""
    (x0, y0), (x1, y1) = path.position(start_m), path.position(end_m)
    first, last = path.heading(start_m), path.heading(end_m)
    reach_m = ((x1 - x0) * sin(last) - (y1 - y0) * cos(last)) / sin(last - first)
    return (x0 + reach_m * cos(first), y0 + reach_m * sin(first)), first, last, reach_m


def clear_arms(ego_road: Road, junctions: Sequence[Junction]) -> list[Junction]:
    """Return junctions whose arms end before they come near another road; unchanged where the route never turns."""
    if not any(junction.turn for junction in junctions):
        return list(junctions)
    every = [list(_arms(junction)) for junction in junctions]
    found: list[Junction] = []
    for index, junction in enumerate(junctions):
        others = [_points(road.path, *span) for k, arms in enumerate(every) if k != index for road, span in arms]
        s = np.arange(0.0, ego_road.path.length_m, _STEP_M)
        s = s[np.abs(s - junction.s_m) > junction.half_length_m + 25.0]
        taken = np.concatenate([ego_road.path.beside(s, 0.0), *others])
        road, onward = _trimmed(junction.road, taken), junction.onward
        found.append(replace(junction, road=road, onward=None if onward is None else _trimmed(onward, taken)))
    return found


def _arms(junction: Junction) -> Iterator[tuple[Road, tuple[float, float]]]:
    for road in (junction.road, junction.onward):
        if road is not None:
            yield road, road.span_m


def _points(path: Path, start_m: float, end_m: float) -> NDArray[np.float64]:
    return path.beside(np.arange(start_m, end_m, _STEP_M), 0.0)


def _trimmed(road: Road, taken: NDArray[np.float64]) -> Road:
    """Return a road through a junction, each end of it cut where it comes near taken places."""
    middle_m = 0.5 * road.path.length_m
    ends: list[float] = []
    for end_m in road.span_m:
        way = 1.0 if end_m > middle_m else -1.0
        s = middle_m + way * np.arange(SHORTEST_ARM_M, abs(end_m - middle_m), _STEP_M)
        if len(s):
            places = road.path.beside(s, 0.0)
            near = np.hypot(*(places[:, None, :] - taken[None, :, :]).transpose(2, 0, 1)).min(axis=1) < APART_M
            end_m = float(s[int(np.argmax(near))]) if near.any() else end_m
        ends.append(end_m)
    first_m, last_m = ends
    return road if (first_m, last_m) == road.span_m else replace(road, extent_m=(first_m, last_m))


def comes_near(first: NDArray[np.float64], second: NDArray[np.float64], apart_m: float) -> bool:
    """Return whether any of some places, shape (n, 2), is within a distance of any of others, shape (m, 2)."""
    if not len(first) or not len(second):
        return False
    return bool((np.hypot(*(first[:, None, :] - second[None, :, :]).transpose(2, 0, 1)) < apart_m).any())


def road_points(road: Road, start_m: float, end_m: float) -> NDArray[np.float64]:
    """Return places along the middle of a road, shape (n, 2), between two arc lengths."""
    first_m, last_m = road.span_m
    return _points(road.path, max(start_m, first_m), min(end_m, last_m))
