"""The roads of a scene, where they meet, and where the law wants the car to stop."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sim.road.section import CrosswalkStyle, Road


class StopMark(StrEnum):
    """What marks a legal stopping place (California Vehicle Code 22450): the first of these that is there."""

    LINE = "line"
    CROSSWALK = "crosswalk"
    CROSSING_ROAD = "crossing_road"


@dataclass(frozen=True, slots=True)
class StopLine:
    """The place across the ego lane before which the law wants the car to stop.

    Attributes:
        s_m: Arc length on the ego road of the near edge, where the front bumper must not be past.
        thickness_m: Of the painted line along the road, 0.3 to 0.6 m; 0 where none is painted.
        junction: Which junction it belongs to.
        stop_controlled: Whether a stop sign stands at it; a bare line asks for no stop.
        mark: What marks the place.
    """

    s_m: float
    thickness_m: float
    junction: int
    stop_controlled: bool = True
    mark: StopMark = StopMark.LINE

    @property
    def painted(self) -> bool:
        """Whether there is a line to be seen."""
        return self.mark is StopMark.LINE


@dataclass(frozen=True, slots=True)
class Junction:
    """Where a road crosses the ego road, or joins it.

    Attributes:
        s_m: Arc length on the ego road of the crossing's centre.
        road: The crossing road; its path runs from the ego's right to its left.
        crosswalk_s_m: Where the near crosswalk starts on the ego road, or None.
        all_way: Whether the crossing road stops too.
        crosswalk_style: How the near crosswalk is painted.
        corner_m: Radius of the corners; 0 where two edges meet at a point.
        ahead: Whether the ego road goes on beyond it.
        crossing_stop_m: Edge of the ego road to where traffic on the crossing road stops.
        turn: Into which arm of the crossing road the ego road turns: -1 right, 1 left; 0 where it goes straight across.
        turn_m: How long that turn is along the ego road; its middle is at `s_m`.
        onward: Where it turns, the road that it leaves, led on straight across; its path's middle lies on the crossing
            road's, and it ends there if nothing leads on.
    """

    s_m: float
    road: Road
    crosswalk_s_m: float | None
    all_way: bool
    crosswalk_style: CrosswalkStyle = CrosswalkStyle.ZEBRA
    corner_m: float = 0.0
    ahead: bool = True
    crossing_stop_m: float = 2.5
    turn: float = 0.0
    turn_m: float = 0.0
    onward: Road | None = None

    @property
    def near_edge_s_m(self) -> float:
        """Arc length on the ego road of the crossing road's near edge, measured on the road's centre, or of a turn."""
        return self.s_m - self.half_length_m

    @property
    def half_length_m(self) -> float:
        """How far the junction reaches along the ego road to either side of its centre."""
        return 0.5 * self.turn_m if self.turn else self.road.half_width_m

    @property
    def leads_on(self) -> bool:
        """Whether a road leads on straight across the crossing road."""
        if self.onward is None:
            return self.ahead
        return self.onward.span_m[1] > 0.5 * self.onward.path.length_m + 1.0

    def straight(self, ego_road: Road) -> tuple[Road, float]:
        """Return the road that goes straight across, or would, and where on it the crossing road's middle lies."""
        if self.onward is None:
            return ego_road, self.s_m
        return self.onward, 0.5 * self.onward.path.length_m

    @property
    def middle_m(self) -> float:
        """Arc length on the crossing road at which it meets the middle of the ego road."""
        return 0.5 * self.road.path.length_m

    @property
    def arms(self) -> tuple[float, ...]:
        """The sides of the ego road on which there is a crossing road that it does not turn into: -1 right, 1 left."""
        first, last = self.road.span_m
        sides = ((-1.0, first < self.middle_m - 1.0), (1.0, last > self.middle_m + 1.0))
        return tuple(side for side, there in sides if there and side != self.turn)

    @property
    def entries(self) -> tuple[float, ...]:
        """The sides from which traffic comes."""
        return tuple(side for side in self.arms if (self.road.lanes_along if side < 0 else self.road.lanes_against) > 0)


@dataclass(frozen=True, slots=True)
class RoadNetwork:
    """The ego road, the roads that cross it, and the places to stop in the order in which they are met."""

    ego_road: Road
    junctions: tuple[Junction, ...]
    stop_lines: tuple[StopLine, ...]

    @property
    def side_roads(self) -> tuple[Road, ...]:
        """All roads but the ego's."""
        crossing = (junction.road for junction in self.junctions)
        onward = (junction.onward for junction in self.junctions if junction.onward is not None)
        return (*crossing, *onward)

    def next_stop_line(self, bumper_s_m: float) -> StopLine | None:
        """Return the first stopping place that is not behind `bumper_s_m`, painted or not."""
        return next((line for line in self.stop_lines if line.s_m >= bumper_s_m), None)

    def lane_position(self, s_m: float, d_m: float = 0.0) -> tuple[float, float]:
        """Return the world position of a point of the ego lane, `d_m` left of its centre."""
        return self.ego_road.path.position(s_m, self.ego_road.lane_centre_d_m + d_m)
