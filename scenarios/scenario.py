"""Scenarios: a distribution of worlds, and what is expected of a drive through each."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar
from zlib import crc32

from sim.config import STRICT, load_toml
from sim.errors import ScenarioError
from sim.faults import Fault, draw_fault
from sim.generate import generate_world
from sim.seeding import Stream, derive_seed, stream
from sim.spec import Span, WorldSpec
from sim.spec.faults import FaultSpec
from sim.world import World, place_ego

CATALOGUE_DIR = Path(__file__).parent / "catalogue"
"""The scenarios that come with Rolling Stop."""

TRAFFIC_DIR = Path(__file__).parent / "traffic"
"""Scenarios that ask for eyes for more than the shipped network knows: people, school buses, crossing traffic."""

FAULTS_DIR = Path(__file__).parent / "faults"
"""Scenarios in which a camera, the network or a sensor fails on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How the ego stands in its lane when the drive begins; each is drawn anew for every run.

    Attributes:
        offset_m: Left (positive) of the lane's centre.
        heading_rad: Relative to the lane, counter-clockwise positive.
        speed_share: Of the speed limit.

    Raises:
        ValueError: If the low end of a span is above its high end, or a speed share is not within 0 to 1.2.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    offset_m: Span = (-0.2, 0.2)
    heading_rad: Span = (-0.02, 0.02)
    speed_share: Span = (0.8, 1.0)

    def __post_init__(self) -> None:
        for item in fields(self):
            low, high = getattr(self, item.name)
            if not (isfinite(low) and isfinite(high) and low <= high):
                raise ValueError(f"Expected {item.name} to be [low, high] with low <= high. Received: {[low, high]}.")
        if self.speed_share[0] < 0.0 or self.speed_share[1] > 1.2:
            raise ValueError(f"Expected speed_share to be within 0 to 1.2. Received: {list(self.speed_share)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What must hold of a drive. `scenarios/README.md` has the rules behind each in words.

    Attributes:
        stops_at_every_sign: A full stop at each stop line at which a stop sign stands.
        dwell_s: How long the car must stand there.
        bumper_gap_m: Where its front bumper must then be: nearest and farthest, before the line's near edge.
        unpainted_gap_m: The same where no line is painted, before the crosswalk or else the crossing road's edge. There
            the law names no farthest place; nuPlan counts a stop within 5 m.
        no_phantom_stop: No stop, and no hard braking, with nothing to stop for.
        lane_kept_m: How far the car's centre may be from the lane's. At 0.6 m a 1.8 m car just stays within the
            narrowest lane, 3.0 m.
        no_contact: No other road user is touched.
        right_of_way: No junction is entered before those whose turn it was, or who need not stop.
        people_safe: Nobody on foot in the car's path comes near it while it moves.
        school_bus_stop: No school bus is passed while its stop arm is out.
        comfort_brake_mps2: Strongest braking; loosened where the scenario itself is a surprise.
        comfort_jerk_mps3: Fastest change of acceleration, measured over 0.3 s.
        route_finished_s: Time by which the route's end must be reached; the run is cut there.
        safe_stop_s: Where a fault is drawn: so soon after it has set in, the car must stand; 0 where it may drive on.

    Raises:
        ValueError: If a number is not finite and positive, or the span is upside down or negative.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    stops_at_every_sign: bool = True
    dwell_s: float = 2.0
    bumper_gap_m: Span = (0.0, 1.5)
    unpainted_gap_m: Span = (0.0, 5.0)
    no_phantom_stop: bool = True
    lane_kept_m: float = 0.6
    no_contact: bool = True
    right_of_way: bool = True
    people_safe: bool = True
    school_bus_stop: bool = True
    comfort_brake_mps2: float = 3.0
    comfort_jerk_mps3: float = 6.0
    route_finished_s: float = 40.0
    safe_stop_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dwell_s", "lane_kept_m", "comfort_brake_mps2", "comfort_jerk_mps3", "route_finished_s"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0):
                raise ValueError(f"Expected {name} to be a positive number. Received: {value}.")
        if not (isfinite(self.safe_stop_s) and self.safe_stop_s >= 0):
            raise ValueError(f"Expected safe_stop_s to be 0 or a positive number. Received: {self.safe_stop_s}.")
        for name in ("bumper_gap_m", "unpainted_gap_m"):
            low, high = getattr(self, name)
            if not (isfinite(high) and 0 <= low < high):
                raise ValueError(f"Expected {name} to be [low, high] with 0 <= low < high. Received: {[low, high]}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is to be driven, and what is expected of the drive.

    Attributes:
        name: The file's stem; never written in the file.
        title: A few words, for tables.
        description: One sentence: what is hard about it.
        world: The distribution from which each run draws its world.
        start: How the ego begins.
        expect: What must hold.
        yields: Whether the driver minds who crosses its way; see `DriverConfig`.
        fault: What fails on the way, or None.

    Raises:
        ValueError: If title or description is empty, or a safe stop is expected without a fault.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    title: str
    description: str
    name: str = ""
    world: WorldSpec = field(default_factory=WorldSpec)
    start: Start = field(default_factory=Start)
    expect: Expectations = field(default_factory=Expectations)
    yields: bool = False
    fault: FaultSpec | None = None

    def __post_init__(self) -> None:
        if self.fault is None and self.expect.safe_stop_s > 0.0:
            raise ValueError("Expected a table [fault] beside safe_stop_s. Received: none.")
        for item in ("title", "description"):
            if not getattr(self, item).strip():
                raise ValueError(f"Expected {item} to say something. Received: nothing.")

    @property
    def needs_sight(self) -> bool:
        """Whether every world of it has something to stop for, so that a blind driver must fail."""
        world, traffic, expect = self.world, self.world.traffic, self.expect
        sign = expect.stops_at_every_sign and world.junctions[0] >= 1 and world.controlled_share == 1.0
        bus = expect.school_bus_stop and traffic.school_bus_share == 1.0
        crosswalk = world.junctions[0] >= 1 and world.crosswalk_share == 1.0
        person = expect.people_safe and crosswalk and traffic.pedestrians[0] >= 1 and traffic.bold_share == 1.0
        return sign or bus or person


def load_scenario(path: Path) -> Scenario:
    """Read one scenario file.

    Raises:
        ScenarioError: If the file is missing or wrong; the message names the key.
    """
    scenario = load_toml(path, Scenario, ScenarioError)
    if scenario.name:
        raise ScenarioError(
            f"{path}: expected no key 'name', since a scenario is named by its file. Received: '{scenario.name}'.",
            hint="Delete that line.",
        )
    return replace(scenario, name=path.stem)


def load_catalogue(path: Path | None = None) -> tuple[Scenario, ...]:
    """Read every scenario of a folder, or the one of a file, in the order of their names.

    Args:
        path: A folder of TOML files, or one such file; the catalogue that comes with Rolling Stop if not given.

    Raises:
        ScenarioError: If nothing is there, or a file is wrong.
    """
    path = path or CATALOGUE_DIR
    if not path.is_dir():
        return (load_scenario(path),)
    files = sorted(path.glob("*.toml"))
    if not files:
        raise ScenarioError(f"Expected scenarios (*.toml) in {path}. Received: none.", hint="Check the folder.")
    return tuple(load_scenario(file) for file in files)


def load_shipped() -> tuple[Scenario, ...]:
    """Return the catalogue, the scenarios that ask for more than the shipped network's eyes, and those with faults.

    Raises:
        ScenarioError: If a file is wrong.
    """
    return (*load_catalogue(), *load_catalogue(TRAFFIC_DIR), *load_catalogue(FAULTS_DIR))


def find_scenario(name: str, catalogue: tuple[Scenario, ...]) -> Scenario:
    """Return the scenario of a name.

    Raises:
        ScenarioError: If there is none; the message suggests the nearest name.
    """
    for scenario in catalogue:
        if scenario.name == name:
            return scenario
    names = [scenario.name for scenario in catalogue]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known scenarios: {', '.join(names)}."
    raise ScenarioError(f"Expected the name of a scenario. Received: '{name}'.", hint=hint)


def world_seed(scenario: Scenario, run_seed: int) -> int:
    """Return the seed of the world of one run.

    Every world that is judged comes from `Stream.SCENARIO`, from which no training example draws: two streams of one
    `SeedSequence` share no state, so no run is a training world seen again. The scenario's name is part of the key, so
    that a scenario added, renamed or left out changes no other's worlds.
    """
    return derive_seed(run_seed, Stream.SCENARIO, crc32(scenario.name.encode()))


def start_world(scenario: Scenario, run_seed: int) -> World:
    """Return the world at the beginning of one run; the same for the same scenario and run seed."""
    seed = world_seed(scenario, run_seed)
    world = generate_world(seed, scenario.world)
    draw = stream(seed, Stream.SCENARIO)
    start = scenario.start
    return place_ego(
        world,
        world.ego_s_m,
        float(draw.uniform(*start.offset_m)),
        float(draw.uniform(*start.heading_rad)),
        float(draw.uniform(*start.speed_share)) * world.scene.speed_limit_mps,
    )


def fault_of(scenario: Scenario, world: World) -> Fault | None:
    """Return what fails in a run that begins with a world; the same for the same scenario and run seed."""
    return None if scenario.fault is None else draw_fault(scenario.fault, world.scene.seed)
