"""The lay-out of roads: lanes across, arms of a junction, what is painted, and where kerbs are cut.

All of it draws from streams of its own; what a spec leaves out changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.generate.drawing import count, uniform
from sim.road import (
    Bar,
    Crosswalk,
    CrosswalkStyle,
    Driveway,
    Road,
    StopLine,
    Symbol,
    SymbolKind,
    WornStretch,
)
from sim.road.sizes import (
    ARROW_LENGTH_M,
    ARROW_TO_STOP_M,
    CORNER_RADIUS_M,
    CROSSWALK_DEPTH_M,
    DRIVEWAY_WIDTH_M,
    KERB_HEIGHT_M,
    LEGEND_HEIGHT_M,
    LEGEND_TO_STOP_M,
    PARKING_LANE_M,
    PAVEMENT_M,
)
from sim.signs import MIN_LINE_TO_CROSSWALK_M, STOP_LINE_THICKNESS_M
from sim.spec import RoadSpec

CLEAR_OF_JUNCTION_M = 14.0
"""Between a junction's crossing road and a driveway."""

TIGHT_CORNER_M = 3.0
"""Up to this radius a sign that stands by the rules is clear of the corner wherever it stands."""


@dataclass(frozen=True, slots=True)
class Section:
    """What lies side by side across a road.

    Attributes:
        lanes_along: Lanes along its path.
        lanes_against: Lanes against it.
        parking_right_m: Width of the parking lane at its right edge.
        parking_left_m: Width of the parking lane at its left edge.
    """

    lanes_along: int = 1
    lanes_against: int = 1
    parking_right_m: float = 0.0
    parking_left_m: float = 0.0

    def half_width_m(self, lane_width_m: float) -> float:
        """Return the middle of the carriageway to its edge."""
        lanes_m = (self.lanes_along + self.lanes_against) * lane_width_m
        return 0.5 * (lanes_m + self.parking_right_m + self.parking_left_m)


@dataclass(frozen=True, slots=True)
class Kerbs:
    """How the roads of a world are bordered.

    Attributes:
        height_m: Of the kerb; 0 where all is level.
        pavement_m: Its width.
    """

    height_m: float = 0.0
    pavement_m: float = 2.6


@dataclass(frozen=True, slots=True)
class Bend:
    """A turn of the ego's road at a junction: a clothoid in, an arc, a clothoid out.

    Attributes:
        turn_rad: By how much, positive to the left.
        radius_m: Of the arc.
        longest_ramp_m: Length of each clothoid, unless the turn is too short for that.
    """

    turn_rad: float
    radius_m: float
    longest_ramp_m: float = 14.0

    @property
    def ramp_m(self) -> float:
        """Length of each clothoid."""
        return min(self.longest_ramp_m, 0.5 * abs(self.turn_rad) * self.radius_m)

    @property
    def length_m(self) -> float:
        """Length of the whole turn: each clothoid turns half of what an arc of its length would."""
        return abs(self.turn_rad) * self.radius_m + self.ramp_m

    @property
    def curvature_per_m(self) -> float:
        """Of the arc."""
        return (1.0 if self.turn_rad > 0 else -1.0) / self.radius_m

    def sections(self) -> Iterator[tuple[float, float, float]]:
        """Yield length, first and last curvature of its parts."""
        yield self.ramp_m, 0.0, self.curvature_per_m
        if self.length_m - 2 * self.ramp_m > 1e-3:
            yield self.length_m - 2 * self.ramp_m, self.curvature_per_m, self.curvature_per_m
        yield self.ramp_m, self.curvature_per_m, 0.0


def draw_section(rng: np.random.Generator, spec: RoadSpec, in_town: bool, *, ego: bool) -> Section:
    """Return the cross-section of a road; the ego's leads along its path, whatever else it does."""
    along, against = count(rng, spec.lanes), count(rng, spec.lanes)
    turned = bool(rng.random() < 0.5) and not ego
    one_way = bool(rng.random() < spec.one_way_share)
    parking = [uniform(rng, PARKING_LANE_M) if rng.random() < spec.parking_lane_share else 0.0 for _ in range(2)]
    if not in_town:
        parking = [0.0, 0.0]
    if not one_way:
        against = along
    elif turned:
        along = 0
    else:
        against = 0
    return Section(along, against, *parking)


def draw_kerbs(rng: np.random.Generator, spec: RoadSpec, in_town: bool) -> Kerbs:
    """Return how the roads of a world are bordered."""
    raised, height_m, pavement_m = rng.random() < spec.kerb_share, uniform(rng, KERB_HEIGHT_M), uniform(rng, PAVEMENT_M)
    return Kerbs(height_m, pavement_m) if raised and in_town else Kerbs()


def draw_corner(rng: np.random.Generator, spec: RoadSpec, kerbs: Kerbs, in_town: bool, line_to_edge_m: float) -> float:
    """Return the radius of a junction's corners, so tight that the sign by the line stands clear of them."""
    radius_m = uniform(rng, CORNER_RADIUS_M)
    rounded = rng.random() < spec.corner_share
    if not (kerbs.height_m > 0.0 if in_town else rounded):
        return 0.0
    return min(radius_m, max(TIGHT_CORNER_M, line_to_edge_m))


def draw_bend(rng: np.random.Generator, spec: RoadSpec) -> Bend | None:
    """Return how the ego's road turns at a junction where it has priority; None where it goes straight on."""
    bends = rng.random() < spec.bend_share
    bend = Bend(uniform(rng, spec.bend_rad) * (1.0 if rng.random() < 0.5 else -1.0), uniform(rng, spec.bend_radius_m))
    return bend if bends else None


def draw_arms(rng: np.random.Generator, spec: RoadSpec, bend: Bend | None) -> tuple[bool, bool]:
    """Return whether a crossing road lies to the right and to the left; in a bend, only on its outer side."""
    one_sided, right = rng.random() < spec.t_share, bool(rng.random() < 0.5)
    if bend is not None:
        return bend.turn_rad > 0, bend.turn_rad < 0
    return (right, not right) if one_sided else (True, True)


def draw_crosswalk_style(rng: np.random.Generator, spec: RoadSpec) -> CrosswalkStyle:
    """Return how a crosswalk is painted."""
    pick = rng.random()
    if pick < spec.ladder_share:
        return CrosswalkStyle.LADDER
    return CrosswalkStyle.TWO_LINES if pick < spec.ladder_share + spec.two_line_share else CrosswalkStyle.ZEBRA


def arm_crosswalks(
    rng: np.random.Generator, spec: RoadSpec, style: CrosswalkStyle, places_m: list[tuple[float, float]]
) -> tuple[tuple[Crosswalk, ...], list[bool]]:
    """Return the crosswalks over a junction's arms, and which arms have one.

    Args:
        rng: Where to draw from.
        spec: Of the roads.
        style: Of all crosswalks of a junction.
        places_m: For each arm, the arc length at which the junction ends, and the way out of it: 1 or -1.
    """
    found: list[Crosswalk] = []
    has: list[bool] = []
    for edge_m, way in places_m:
        there, gap_m = bool(rng.random() < spec.far_crosswalk_share), float(rng.uniform(0.4, 1.2))
        has.append(there)
        if there:
            near_m = edge_m + way * gap_m
            found.append(Crosswalk(near_m if way > 0 else near_m - CROSSWALK_DEPTH_M, style))
    return tuple(found), has


def stop_setback_m(rng: np.random.Generator, has_crosswalk: bool) -> float:
    """Return the distance from a junction's edge to where the others stop."""
    back_m = float(rng.uniform(1.8, 3.2))
    return 1.2 + CROSSWALK_DEPTH_M + MIN_LINE_TO_CROSSWALK_M + 0.2 if has_crosswalk else back_m


def bar_before(road: Road, edge_m: float, way: float, back_m: float, thickness_m: float) -> Bar | None:
    """Return the stop line of those who come towards a junction from one side; None where nobody does.

    Args:
        road: What it is painted on.
        edge_m: Arc length at which the junction ends.
        way: The way out of the junction: 1 along the path, -1 against it.
        back_m: From the junction's edge to the line's near side.
        thickness_m: Along the road.
    """
    lanes = road.lanes_against if way > 0 else road.lanes_along
    if not lanes:
        return None
    near_m = edge_m + way * back_m
    start_m = near_m - thickness_m if way > 0 else near_m
    inner_m = road.divider_d_m + way * 0.12
    return Bar(start_m, thickness_m, *sorted((inner_m, inner_m + way * (lanes * road.lane_width_m - 0.27))))


def draw_bar_thickness(rng: np.random.Generator, spec: RoadSpec) -> float | None:
    """Return the thickness of the others' stop lines at a junction; None where they have none."""
    painted, thickness_m = rng.random() < spec.other_line_share, uniform(rng, STOP_LINE_THICKNESS_M)
    return thickness_m if painted else None


def draw_symbols(
    rng: np.random.Generator, spec: RoadSpec, road: Road, stop: StopLine, arms: tuple[float, ...], *, ahead: bool
) -> list[Symbol]:
    """Return what is written on the lanes before a stop."""
    found: list[Symbol] = []
    word, word_m = rng.random() < spec.legend_share, uniform(rng, LEGEND_TO_STOP_M)
    arrows, arrow_m = rng.random() < spec.arrow_share, uniform(rng, ARROW_TO_STOP_M)
    centres = [road.lane_centre_d_m + lane * road.lane_width_m for lane in range(road.lanes_along)]
    if word and stop.stop_controlled:
        found += [Symbol(SymbolKind.STOP, stop.s_m - word_m - 0.5 * LEGEND_HEIGHT_M, d_m) for d_m in centres]
    if arrows:
        kinds = lane_arrows(len(centres), right=-1.0 in arms, left=1.0 in arms, ahead=ahead)
        s_m = stop.s_m - arrow_m - 0.5 * ARROW_LENGTH_M
        found += [Symbol(kind, s_m, d_m) for kind, d_m in zip(kinds, centres, strict=True)]
    return found


def lane_arrows(lanes: int, *, right: bool, left: bool, ahead: bool) -> list[SymbolKind]:
    """Return the arrow of each lane from the right: outer lanes turn where there is a road to turn into."""
    middle = SymbolKind.STRAIGHT if ahead else (SymbolKind.RIGHT if right else SymbolKind.LEFT)
    kinds = [middle] * lanes
    if right:
        kinds[0] = SymbolKind.STRAIGHT_RIGHT if ahead else SymbolKind.RIGHT
    if left and (lanes > 1 or not right):
        kinds[-1] = SymbolKind.STRAIGHT_LEFT if ahead else SymbolKind.LEFT
    return kinds


def draw_worn(rng: np.random.Generator, spec: RoadSpec, first_m: float, last_m: float) -> tuple[WornStretch, ...]:
    """Return stretches with worn markings, in order, none over another."""
    found: list[WornStretch] = []
    at_m = first_m
    number = count(rng, spec.worn_stretches)
    for left in range(number, 0, -1):
        start_m = at_m + float(rng.uniform(0.0, max(1.0, (last_m - at_m) / left)))
        length_m, wear = float(rng.uniform(8.0, 35.0)), uniform(rng, spec.stretch_wear)
        found.append(WornStretch(start_m, start_m + length_m, wear))
        at_m = start_m + length_m
    return tuple(found)


def draw_driveways(
    rng: np.random.Generator, spec: RoadSpec, first_m: float, last_m: float, crossings: list[tuple[float, float]]
) -> tuple[Driveway, ...]:
    """Return driveways, clear of junctions and of each other.

    Args:
        rng: Where to draw from.
        spec: Of the roads.
        first_m: Where they may begin.
        last_m: Where they must end.
        crossings: Middle and half the width of each crossing road.
    """
    found: list[Driveway] = []
    for _ in range(count(rng, spec.driveways)):
        s_m, side = float(rng.uniform(first_m, last_m)), (1.0 if rng.random() < 0.5 else -1.0)
        driveway = Driveway(s_m, side, uniform(rng, DRIVEWAY_WIDTH_M))
        clear = all(abs(s_m - middle_m) > half_m + CLEAR_OF_JUNCTION_M for middle_m, half_m in crossings)
        if clear and all(abs(s_m - other.s_m) > 12.0 for other in found):
            found.append(driveway)
    return tuple(sorted(found, key=lambda driveway: driveway.s_m))
