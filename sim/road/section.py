"""A road: its cross-section, and what is painted on it and cut into its kerbs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sim.road.path import Path


class Edge(StrEnum):
    """What borders a road."""

    KERB = "kerb"
    VERGE = "verge"


class CentreLine(StrEnum):
    """What divides the two directions."""

    DASHED = "dashed"
    SOLID = "solid"
    DOUBLE = "double"


class SymbolKind(StrEnum):
    """What is written on a lane."""

    STOP = "stop"
    STRAIGHT = "straight"
    LEFT = "left"
    RIGHT = "right"
    STRAIGHT_RIGHT = "straight_right"
    STRAIGHT_LEFT = "straight_left"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A word or an arrow on a lane, to be read along the road's path, or against it.

    Attributes:
        kind: What it says.
        s_m: Arc length of its middle.
        d_m: Left of the path, its middle.
        against: Whether it is read by those who drive against the path.
    """

    kind: SymbolKind
    s_m: float
    d_m: float
    against: bool = False


class CrosswalkStyle(StrEnum):
    """How a crosswalk is painted."""

    ZEBRA = "zebra"
    LADDER = "ladder"
    TWO_LINES = "two_lines"


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """A crosswalk over a road.

    Attributes:
        s_m: Where it starts along the road's path.
        style: How it is painted.
    """

    s_m: float
    style: CrosswalkStyle


@dataclass(frozen=True, slots=True)
class Bar:
    """A stop line for those who are not the ego; it is painted, and nobody is judged by it.

    Attributes:
        s_m: Where it starts along the road's path.
        thickness_m: Along the road.
        right_m: Its right end, left of the path.
        left_m: Its left end.
    """

    s_m: float
    thickness_m: float
    right_m: float
    left_m: float


@dataclass(frozen=True, slots=True)
class WornStretch:
    """A stretch of road whose markings are not as elsewhere.

    Attributes:
        start_s_m: Where it starts.
        end_s_m: Where it ends.
        wear: From 0 (fresh) to 1, at which nothing is left.
    """

    start_s_m: float
    end_s_m: float
    wear: float


@dataclass(frozen=True, slots=True)
class Driveway:
    """A way off the road, over a dropped kerb.

    Attributes:
        s_m: Its middle.
        side: 1 to the left of the path, -1 to the right.
        width_m: Along the road.
    """

    s_m: float
    side: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Road:
    """One road.

    Attributes:
        path: The middle of the carriageway; the ego's direction of travel is along it.
        lane_width_m: Width of each lane.
        edge: Kerb (towns) or verge (country).
        centre_line: How the two directions are divided.
        yellow_centre: Whether that is marked in yellow (North America) or white.
        edge_lines: Whether the outer edges are marked.
        wear: From 0 (fresh markings) to 1 (gone).
        lanes_along: Lanes in the path's direction.
        lanes_against: Lanes in the other; 0 in a one-way street.
        parking_right_m: Width of a parking lane at the right edge, 0 for none.
        parking_left_m: Width of a parking lane at the left edge.
        kerb_m: Height of the kerb; 0 where it is drawn level with the road.
        pavement_m: Kerb's face to the pavement's outer edge.
        extent_m: The part of the path along which there is a road; all of it if None.
        worn: Stretches whose markings are not as elsewhere.
        symbols: What is written on the lanes.
        crosswalks: Over this road, but for the one on the ego's approach, which the junction has.
        bars: Stop lines for others.
        driveways: Ways off the road.
    """

    path: Path
    lane_width_m: float
    edge: Edge
    centre_line: CentreLine
    yellow_centre: bool
    edge_lines: bool
    wear: float
    lanes_along: int = 1
    lanes_against: int = 1
    parking_right_m: float = 0.0
    parking_left_m: float = 0.0
    kerb_m: float = 0.0
    pavement_m: float = 2.6
    extent_m: tuple[float, float] | None = None
    worn: tuple[WornStretch, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    crosswalks: tuple[Crosswalk, ...] = ()
    bars: tuple[Bar, ...] = ()
    driveways: tuple[Driveway, ...] = ()

    @property
    def half_width_m(self) -> float:
        """Middle of the carriageway to its edge."""
        lanes_m = (self.lanes_along + self.lanes_against) * self.lane_width_m
        return 0.5 * (lanes_m + self.parking_right_m + self.parking_left_m)

    @property
    def lane_centre_d_m(self) -> float:
        """Where the centre of the rightmost lane along the path lies: to the right, so mostly negative."""
        return -self.half_width_m + self.parking_right_m + 0.5 * self.lane_width_m

    @property
    def oncoming_d_m(self) -> float | None:
        """Where the centre of the outermost lane against the path lies; None in a one-way street."""
        if not self.lanes_against:
            return None
        return self.half_width_m - self.parking_left_m - 0.5 * self.lane_width_m

    @property
    def lane_centres_d_m(self) -> tuple[float, ...]:
        """Where the centres of all lanes lie, from right to left."""
        first_m, lanes = self.lane_centre_d_m, self.lanes_along + self.lanes_against
        return tuple(first_m + lane * self.lane_width_m for lane in range(lanes))

    @property
    def divider_d_m(self) -> float:
        """Where the two directions meet; in a one-way street, the left edge of the lanes."""
        return -self.half_width_m + self.parking_right_m + self.lanes_along * self.lane_width_m

    @property
    def span_m(self) -> tuple[float, float]:
        """First and last arc length at which there is a road."""
        return self.extent_m if self.extent_m is not None else (0.0, self.path.length_m)

    def wear_at(self, s_m: float) -> float:
        """Return how worn the markings are at a place."""
        return next((w.wear for w in self.worn if w.start_s_m <= s_m < w.end_s_m), self.wear)
