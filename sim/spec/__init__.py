"""What a world may be: distributions over everything that generation draws. Recipes and scenarios fill it from TOML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from sim.config import STRICT
from sim.spec.light import LightSpec
from sim.spec.roads import RoadSpec
from sim.spec.sensor import SensorSpec
from sim.spec.signs import SignSpec
from sim.spec.spans import Count, Span, check_spec
from sim.spec.traffic import TrafficSpec

__all__ = [
    "Count",
    "LightSpec",
    "RoadSpec",
    "SensorSpec",
    "SignSpec",
    "Span",
    "TrafficSpec",
    "WorldSpec",
    "check_spec",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSpec:
    """The distributions from which one world is drawn.

    Attributes:
        junctions: How many roads cross the route.
        controlled_share: Share of junctions at which the ego has a stop sign (else it has the right of way).
        approach_m: From the ego's front bumper at the start to the first stop line (or the first junction's edge).
        spacing_m: From one junction to the next.
        after_m: From the last junction to the route's end.
        curvature_per_m: Size of the ego road's curvature on the approaches (1 / radius); its side is drawn.
        lane_width_m: Of every lane.
        speed_limit_mps: Of the ego road.
        all_way_share: Share of controlled junctions where the crossing road stops too.
        crosswalk_share: Share of junctions with a crosswalk on the ego's approach.
        kerb_share: Share of worlds in town (kerbs, buildings) rather than in the country (verges, trees).
        marking_wear: Of lane markings, 0 fresh to 1 gone.
        usual_sign_share: Share of stop signs of the usual 0.76 m; the rest are drawn from the other three sizes.
        sign_wear: 0 new to 1 faded and dirty.
        sign_tilt_rad: Size of a sign's turn in its own plane.
        sign_turn_rad: Size of a sign's turn about its post, away from the traffic that it faces.
        hidden_share: Share of stop signs behind branches or a pole.
        hidden_fraction: How much of such a sign is hidden as seen from 30 m, in the mean: branches are ragged.
        distractors: Signs and adverts that are no stop signs.
        lookalike_share: Share of these picked among the kinds most like a stop sign; the rest are picked among all.
        lead_share: Share of worlds with a car ahead of the ego in its lane.
        lead_gap_m: Ego's front bumper to that car's rear at the start.
        oncoming: Cars in the other lane.
        parked: Cars at the roadside.
        buildings: How many stand along the route in town; half as many in the country.
        trees: How many stand along the route.
        dusk_share: Share of worlds at dusk.
        visibility_m: Distance at which haze leaves 5 % of the contrast.
        road: Lay-out and markings of the roads.
        sign: Looks and places of signs beside the plain ones.
        light: Sun, lamps, weather and textures.
        sensor: What the camera's sensor and lens do to the picture.
        traffic: Road users beyond plain cars.

    Raises:
        ValueError: If the low end of a span is above its high end, a size is negative, or a share is not within 0 to 1.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    junctions: Count = (1, 1)
    controlled_share: float = 1.0
    approach_m: Span = (60.0, 85.0)
    spacing_m: Span = (75.0, 110.0)
    after_m: Span = (25.0, 25.0)
    curvature_per_m: Span = (0.0, 0.004)
    lane_width_m: Span = (3.0, 3.7)
    speed_limit_mps: Span = (8.0, 11.0)
    all_way_share: float = 0.5
    crosswalk_share: float = 0.4
    kerb_share: float = 0.5
    marking_wear: Span = (0.0, 0.5)
    usual_sign_share: float = 1.0
    sign_wear: Span = (0.0, 0.4)
    sign_tilt_rad: Span = (0.0, 0.06)
    sign_turn_rad: Span = (0.0, 0.15)
    hidden_share: float = 0.0
    hidden_fraction: Span = (0.1, 0.4)
    distractors: Count = (1, 4)
    lookalike_share: float = 0.0
    lead_share: float = 0.0
    lead_gap_m: Span = (15.0, 30.0)
    oncoming: Count = (0, 2)
    parked: Count = (0, 2)
    buildings: Count = (4, 10)
    trees: Count = (6, 18)
    dusk_share: float = 0.2
    visibility_m: Span = (400.0, 3000.0)
    road: RoadSpec = field(default_factory=RoadSpec)
    sign: SignSpec = field(default_factory=SignSpec)
    light: LightSpec = field(default_factory=LightSpec)
    sensor: SensorSpec = field(default_factory=SensorSpec)
    traffic: TrafficSpec = field(default_factory=TrafficSpec)

    def __post_init__(self) -> None:
        check_spec(self)
