"""What the roads of a world may be, beyond one lane each way between kerbs or verges drawn level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sim.config import STRICT
from sim.spec.spans import Count, Span, check_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadSpec:
    """The distributions of lay-out and markings. As they stand here, all of it is left out.

    Attributes:
        lanes: Lanes in each direction.
        one_way_share: Share of roads, the ego's and each crossing one, with traffic in one direction alone.
        parking_lane_share: Share of a road's edges with a parking lane.
        kerb_share: Share of worlds in town whose kerbs stand up from the road, with pavements and rounded corners.
        corner_share: Share of junctions in the country whose corners are rounded.
        driveways: How many leave the ego road.
        t_share: Share of junctions at which the crossing road lies on one side only.
        end_share: Share of routes that end at a stop where the ego's own road ends: a T junction seen from its foot.
        bend_share: Share of junctions without a stop at which the ego's road, which has priority, bends.
        bend_radius_m: Radius of such a bend.
        bend_rad: By how much it turns.
        turn_share: Share of stops at which the route turns left or right into the crossing road, where the ego's road
            has one lane each way. Nothing in a picture tells where a route leads: this is for eyes that are told, such
            as the oracle, and no world that a network learns from or is judged by has it.
        turn_radius_m: Radius at which the middle of the ego's road takes such a turn; its lane's is smaller to the
            right and larger to the left.
        line_missing_share: Share of stops without a painted stop line.
        ladder_share: Share of crosswalks painted as a ladder.
        two_line_share: Share of crosswalks painted as two lines; the rest are zebras.
        far_crosswalk_share: Share of the other arms of a junction that have a crosswalk too.
        other_line_share: Share of junctions at which the others who must stop have painted lines too.
        legend_share: Share of stops before which STOP is written on the road.
        arrow_share: Share of stops before which the lanes have arrows.
        worn_stretches: Stretches of the ego road whose markings are worn more than elsewhere.
        stretch_wear: How worn these are; at 1 nothing is left.

    Raises:
        ValueError: If the low end of a span is above its high end, a size is negative, a share is not within 0 to 1, or
            a road has no lane.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    lanes: Count = (1, 1)
    one_way_share: float = 0.0
    parking_lane_share: float = 0.0
    kerb_share: float = 0.0
    corner_share: float = 0.0
    driveways: Count = (0, 0)
    t_share: float = 0.0
    end_share: float = 0.0
    bend_share: float = 0.0
    bend_radius_m: Span = (28.0, 60.0)
    bend_rad: Span = (0.5, 1.3)
    turn_share: float = 0.0
    turn_radius_m: Span = (9.9, 11.2)
    line_missing_share: float = 0.0
    ladder_share: float = 0.0
    two_line_share: float = 0.0
    far_crosswalk_share: float = 0.0
    other_line_share: float = 0.0
    legend_share: float = 0.0
    arrow_share: float = 0.0
    worn_stretches: Count = (0, 0)
    stretch_wear: Span = (0.6, 1.0)

    def __post_init__(self) -> None:
        check_spec(self)
        if self.lanes[0] < 1:
            raise ValueError(f"Expected lanes to be at least 1. Received: {list(self.lanes)}.")
        if self.bend_radius_m[0] < 15.0:
            raise ValueError(f"Expected bend_radius_m to be at least 15. Received: {list(self.bend_radius_m)}.")
        if self.turn_radius_m[0] < 9.0:
            raise ValueError(f"Expected turn_radius_m to be at least 9. Received: {list(self.turn_radius_m)}.")
        if self.ladder_share + self.two_line_share > 1.0:
            raise ValueError(
                "Expected ladder_share and two_line_share to sum to 1 at most. "
                f"Received: {self.ladder_share} and {self.two_line_share}."
            )
