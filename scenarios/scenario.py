"""Scenarios: a distribution of worlds, and what is expected of a drive through each."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar
from zlib import crc32

from sim.actors import CARS, SIZES_M, Actor, Behaviour
from sim.config import STRICT, parse, read_toml
from sim.errors import RecipeError, ScenarioError
from sim.faults import Fault, draw_fault
from sim.generate import generate_world
from sim.recording.presets import with_preset
from sim.seeding import Stream, derive_seed, stream
from sim.spec import Span, WorldSpec
from sim.spec.faults import FaultSpec
from sim.world import World, place_ego

CATALOGUE_DIR = Path(__file__).parent / "catalogue"
"""The scenarios that come with Rolling Stop."""


FOLLOWER_GAP_M = (2.0, 25.0)
"""A follower no nearer than one that stands in a queue, and not beyond where the road begins."""

FOLLOWER_HASTE = 1.15
"""What a follower wishes to drive, as a share of the speed limit."""

FAULTS_DIR = Path(__file__).parent / "faults"
"""Scenarios in which a camera, the network or a sensor fails on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How the ego stands in its lane when the drive begins; each is drawn anew for every run.

    Attributes:
        offset_m: Left (positive) of the lane's centre.
        heading_rad: Relative to the lane, counter-clockwise positive.
        speed_share: Of the speed limit.
        follower_gap_m: If given, a car is behind the ego in its lane, in more haste than the limit allows, and this is
            the gap between the two.

    Raises:
        ValueError: If the low end of a span is above its high end, a speed share is not within 0 to 1.2, or the gap to
            the follower is not within 2 to 25 m.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    offset_m: Span = (-0.2, 0.2)
    heading_rad: Span = (-0.02, 0.02)
    speed_share: Span = (0.8, 1.0)
    follower_gap_m: Span | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            if getattr(self, item.name) is None:
                continue
            low, high = getattr(self, item.name)
            if not (isfinite(low) and isfinite(high) and low <= high):
                raise ValueError(f"Expected {item.name} to be [low, high] with low <= high. Received: {[low, high]}.")
        if self.speed_share[0] < 0.0 or self.speed_share[1] > 1.2:
            raise ValueError(f"Expected speed_share to be within 0 to 1.2. Received: {list(self.speed_share)}.")
        gap_m = self.follower_gap_m
        if gap_m is not None and not (FOLLOWER_GAP_M[0] <= gap_m[0] and gap_m[1] <= FOLLOWER_GAP_M[1]):
            raise ValueError(f"Expected follower_gap_m to be within 2 to 25 m. Received: {list(gap_m)}.")


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
        family: What kind of situation it is, one word in small letters; reports sum up by it.
        required: Whether the shipped network must hold it. Where it need not, runs are driven and reported all the
            same, but a failure with the network's eyes is no failure of the suite.
        not_required_because: Why not, in a sentence.
        world: The distribution from which each run draws its world.
        start: How the ego begins.
        expect: What must hold.
        yields: Whether the driver minds who crosses its way; see `DriverConfig`.
        fault: What fails on the way, or None.

    Raises:
        ValueError: If title or description is empty, the family is no word, a scenario is not required and does not say
            why, or says why and is, or a safe stop is expected without a fault.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    title: str
    description: str
    name: str = ""
    family: str = "other"
    required: bool = True
    not_required_because: str = ""
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
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.family):
            raise ValueError(f"Expected family to be a word in small letters. Received: '{self.family}'.")
        if self.required == bool(self.not_required_because.strip()):
            raise ValueError(
                "Expected not_required_because to say why where required is false, and nowhere else. "
                f"Received: required {str(self.required).lower()}, '{self.not_required_because}'."
            )

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits of all that fixes its worlds and its verdicts; titles and the like do not."""
        plain = asdict(self)
        for key in ("title", "description", "family", "required", "not_required_because"):
            del plain[key]
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def has_signs(self) -> bool:
        """Whether every world of it has a stop sign to stop at."""
        return self.expect.stops_at_every_sign and self.world.junctions[0] >= 1 and self.world.controlled_share == 1.0

    @property
    def needs_sight(self) -> bool:
        """Whether every world of it has something to stop for, so that a blind driver must fail."""
        world, traffic, expect = self.world, self.world.traffic, self.expect
        bus = expect.school_bus_stop and traffic.school_bus_share == 1.0 and traffic.arm_out_s[0] > 0.0
        crosswalk = world.junctions[0] >= 1 and world.crosswalk_share == 1.0
        person = expect.people_safe and crosswalk and traffic.pedestrians[0] >= 1 and traffic.bold_share == 1.0
        return self.has_signs or bus or person


def read_scenario(path: Path) -> dict[str, Any]:
    """Read a scenario file as plain values, unchecked, with the preset that its `[world]` names under that.

    Raises:
        ScenarioError: If the file is missing, is no TOML, or there is no such preset.
    """
    raw = read_toml(path, ScenarioError)
    world = raw.get("world")
    if not isinstance(world, dict):
        return raw
    try:
        return {**raw, "world": with_preset(world)}
    except RecipeError as fault:
        raise ScenarioError(f"{path}: key 'world.preset': {fault.message}", hint=fault.hint) from None


def load_scenario(path: Path) -> Scenario:
    """Read one scenario file.

    Its `[world]` may build on a preset: `preset = "night"`.

    Raises:
        ScenarioError: If the file is missing or wrong; the message names the key.
    """
    scenario = parse(read_scenario(path), Scenario, ScenarioError, str(path))
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
    """Return every scenario that comes with Rolling Stop: the catalogue, and those with faults.

    Raises:
        ScenarioError: If a file is wrong.
    """
    return (*load_catalogue(), *load_catalogue(FAULTS_DIR))


def choose(
    scenarios: Sequence[Scenario], *, families: Sequence[str] = (), required: bool = False
) -> tuple[Scenario, ...]:
    """Return the scenarios of some families, or those that are required of the network.

    Args:
        scenarios: Among which.
        families: Names of families; all if none is given.
        required: Leave out those that are not required.

    Raises:
        ScenarioError: If there is no such family, or nothing is left.
    """
    known = sorted({scenario.family for scenario in scenarios})
    for family in families:
        if family not in known:
            close = difflib.get_close_matches(family, known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known families: {', '.join(known)}."
            raise ScenarioError(f"Expected a family of scenarios. Received: '{family}'.", hint=hint)
    chosen = [one for one in scenarios if (not families or one.family in families) and (one.required or not required)]
    if not chosen:
        raise ScenarioError("Expected a scenario that is required of the network. Received: none.")
    return tuple(chosen)


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
    placed = place_ego(
        world,
        world.ego_s_m,
        float(draw.uniform(*start.offset_m)),
        float(draw.uniform(*start.heading_rad)),
        float(draw.uniform(*start.speed_share)) * world.scene.speed_limit_mps,
    )
    if start.follower_gap_m is None:
        return placed
    follower = _follower(placed, float(draw.uniform(*start.follower_gap_m)), int(draw.integers(1 << 30)))
    return replace(placed, actors=(*placed.actors, follower))


def _follower(world: World, gap_m: float, look: int) -> Actor:
    """Return a car behind the ego, as fast as it, that would rather go faster."""
    road, kind = world.scene.network.ego_road, CARS[look % len(CARS)]
    s_m = world.bumper_s_m - world.geometry.front_m - world.geometry.rear_m - gap_m - 0.5 * SIZES_M[kind][0]
    x_m, y_m = road.path.position(s_m, road.lane_centre_d_m)
    number = max((actor.actor_id for actor in world.actors), default=0) + 1
    return Actor(
        number, kind, Behaviour.WITH_EGO, x_m, y_m, road.path.heading(s_m), world.ego.speed_mps, s_m,
        road.lane_centre_d_m, FOLLOWER_HASTE * world.scene.speed_limit_mps, look=look,
    )  # fmt: skip


def fault_of(scenario: Scenario, world: World) -> Fault | None:
    """Return what fails in a run that begins with a world; the same for the same scenario and run seed."""
    return None if scenario.fault is None else draw_fault(scenario.fault, world.scene.seed)
