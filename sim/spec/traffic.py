"""Other road users: who they are, where they are met, and who has the right of way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sim.config import STRICT
from sim.spec.spans import Count, Span, check_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSpec:
    """The distributions from which road users are drawn, beyond the plain cars of `WorldSpec`.

    Attributes:
        varied_share: Share of vehicles that are hatchbacks, saloons, estates, SUVs, pick-ups, delivery vans, box
            lorries and buses instead of plain ones.
        crossing: Vehicles on each crossing road. With any, all who drive heed their own stop signs and take turns.
        crossing_m: From a crossing vehicle's front to the place where it would stop, at the start.
        crossing_speed_mps: What crossing vehicles wish for.
        pedestrians: People who mean to cross the ego road at each crosswalk.
        child_share: Share of people who are children.
        bold_share: Share of those who mean to cross that set off before the ego; the rest wait for a gap.
        steps_out_s: When the bold set off: the time in which the ego would be at the crosswalk.
        walk_mps: How fast people walk; children at nine tenths of it.
        strollers: People who walk along the road, on its edge.
        cyclists: Riders on the ego road, either way; of those that ride the ego's way, none begins nearer than 15 m.
        lorry_at_sign_share: Share of controlled junctions with a lorry or van parked where it hides the sign from afar.
        school_bus_share: Share of worlds in which a school bus stands on the other lane with its stop arm out.
        school_bus_m: The ego's front bumper to the bus's nose at the start.
        arm_out_s: How long the arm stays out, from the start.

    Raises:
        ValueError: If the low end of a span is above its high end, a size is negative, or a share is not within 0 to 1.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    varied_share: float = 0.0
    crossing: Count = (0, 0)
    crossing_m: Span = (5.0, 55.0)
    crossing_speed_mps: Span = (6.0, 9.0)
    pedestrians: Count = (0, 0)
    child_share: float = 0.25
    bold_share: float = 0.5
    steps_out_s: Span = (3.0, 4.5)
    walk_mps: Span = (1.1, 1.6)
    strollers: Count = (0, 0)
    cyclists: Count = (0, 0)
    lorry_at_sign_share: float = 0.0
    school_bus_share: float = 0.0
    school_bus_m: Span = (60.0, 75.0)
    arm_out_s: Span = (15.0, 20.0)

    def __post_init__(self) -> None:
        check_spec(self)
        if self.walk_mps[0] <= 0.0 or self.crossing_speed_mps[0] <= 0.0:
            raise ValueError(
                f"Expected walk_mps and crossing_speed_mps to be above 0. "
                f"Received: {list(self.walk_mps)} and {list(self.crossing_speed_mps)}."
            )
