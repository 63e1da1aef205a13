"""The world as a value: `advance(world, control, dt_s)` returns the next one and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from sim.actors import Actor
from sim.light import Light
from sim.right_of_way import STANDSTILL_MPS, EgoSpan
from sim.road import RoadNetwork, StopLine
from sim.signs import Sign
from sim.traffic import step_actors
from sim.vehicle import (
    PHYSICS_PER_STEP,
    STEP_S,
    Control,
    EgoState,
    Suspension,
    VehicleGeometry,
    VehicleLimits,
    step_vehicle,
    wrap_angle,
)


class SceneryKind(StrEnum):
    """Things that stand about, are not labelled, and hide what is behind them."""

    BUILDING = "building"
    TREE = "tree"
    POLE = "pole"
    HEDGE = "hedge"


@dataclass(frozen=True, slots=True)
class Scenery:
    """One such thing.

    Attributes:
        kind: What it is.
        x_m: World position of its centre.
        y_m: World position of its centre.
        heading_rad: Where its front looks.
        length_m: Along its heading (a building's depth).
        width_m: Across its heading; a tree crown's diameter.
        height_m: From the ground to its top.
        look: A number that picks its colours and details.
    """

    kind: SceneryKind
    x_m: float
    y_m: float
    heading_rad: float
    length_m: float
    width_m: float
    height_m: float
    look: int


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that never moves. Compared by identity, so that a renderer can keep what it prepared for one.

    Attributes:
        seed: What it was generated from.
        network: Roads, junctions and stop lines.
        signs: Every sign, backs and distractors included.
        scenery: Buildings, trees, poles.
        light: Light and air.
        ground: A number that picks the colours of road and verge.
        speed_limit_mps: For the ego road.
        route_end_s_m: Arc length on the ego road at which the route is finished.
        dropped_m: Length of road that has been taken up before where it now begins; 0 but on a road without end.
    """

    seed: int
    network: RoadNetwork
    signs: tuple[Sign, ...]
    scenery: tuple[Scenery, ...]
    light: Light
    ground: int
    speed_limit_mps: float
    route_end_s_m: float
    dropped_m: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """One moment of a drive.

    Attributes:
        scene: All that never moves.
        ego: The car.
        actors: Other road users.
        step: How many 20 Hz steps have passed; time is `step * STEP_S`.
        ego_s_m: Arc length of the ego's rear axle on the ego road.
        ego_d_m: Its place left of the ego road's centre line.
        ego_stood_s: For how long the ego has stood.
        geometry: The car's sizes.
        limits: What the car can do.
        suspension: How its body, and the camera with it, pitches.
    """

    scene: Scene
    ego: EgoState
    actors: tuple[Actor, ...]
    step: int = 0
    ego_s_m: float = 0.0
    ego_d_m: float = 0.0
    ego_stood_s: float = 0.0
    geometry: VehicleGeometry = field(default_factory=VehicleGeometry)
    limits: VehicleLimits = field(default_factory=VehicleLimits)
    suspension: Suspension = field(default_factory=Suspension)

    @property
    def time_s(self) -> float:
        """Seconds since the start of the drive."""
        return self.step * STEP_S

    @property
    def bumper_s_m(self) -> float:
        """Arc length on the ego road of the ego's front bumper."""
        x_m, y_m = self.ego.ahead(self.geometry.front_m)
        return self.scene.network.ego_road.path.project(x_m, y_m, self.ego_s_m)[0]

    @property
    def lane_offset_m(self) -> float:
        """How far the rear axle is left of the ego lane's centre."""
        return self.ego_d_m - self.scene.network.ego_road.lane_centre_d_m

    @property
    def lane_heading_rad(self) -> float:
        """The car's heading relative to the lane's at the rear axle."""
        return wrap_angle(self.ego.heading_rad - self.scene.network.ego_road.path.heading(self.ego_s_m))

    @property
    def next_stop_line(self) -> StopLine | None:
        """The first stop line that the front bumper has not passed."""
        return self.scene.network.next_stop_line(self.bumper_s_m)

    def gap_m(self, line: StopLine) -> float:
        """Return the distance along the lane from the front bumper to a stop line; negative once crossed."""
        return line.s_m - self.bumper_s_m

    @property
    def finished(self) -> bool:
        """Whether the route's end is reached."""
        return self.bumper_s_m >= self.scene.route_end_s_m


def place_ego(world: World, s_m: float, offset_m: float, heading_rad: float, speed_mps: float) -> World:
    """Return the world with the ego's rear axle at `s_m`, `offset_m` left of the lane's centre, turned against it."""
    road = world.scene.network.ego_road
    d_m = road.lane_centre_d_m + offset_m
    x_m, y_m = road.path.position(s_m, d_m)
    ego = EgoState(x_m, y_m, wrap_angle(road.path.heading(s_m) + heading_rad), speed_mps)
    return replace(world, ego=ego, ego_s_m=s_m, ego_d_m=d_m)


def advance(world: World, control: Control, dt_s: float = STEP_S) -> World:
    """Move the world by one control step of `dt_s`, in `PHYSICS_PER_STEP` finer physics steps."""
    ego, actors = world.ego, world.actors
    physics_s = dt_s / PHYSICS_PER_STEP
    for _ in range(PHYSICS_PER_STEP):
        ego = step_vehicle(ego, control, physics_s, world.geometry, world.limits, world.suspension)
    s_m, d_m = world.scene.network.ego_road.path.project(ego.x_m, ego.y_m, world.ego_s_m)
    stood_s = world.ego_stood_s + dt_s if ego.speed_mps <= STANDSTILL_MPS else 0.0
    span = EgoSpan(s_m - world.geometry.rear_m, s_m + world.geometry.front_m, d_m, ego.speed_mps, stood_s)
    actors = step_actors(actors, world.scene.network, span, dt_s)
    return replace(world, ego=ego, actors=actors, step=world.step + 1, ego_s_m=s_m, ego_d_m=d_m, ego_stood_s=stood_s)
