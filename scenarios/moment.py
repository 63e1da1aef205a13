"""One step of a drive as the rules read it, and what a rule is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scenarios.outcomes import Finding
from sim.world import World


@dataclass(frozen=True, slots=True)
class Moment:
    """What the rules read of one step, worked out once.

    Attributes:
        world: The world.
        bumper_s_m: Arc length on the ego road of the front bumper.
        offset_m: How far the car's centre is left of the lane's.
    """

    world: World
    bumper_s_m: float
    offset_m: float

    @property
    def speed_mps(self) -> float:
        """The ego's speed."""
        return self.world.ego.speed_mps


def moment_of(world: World) -> Moment:
    """Return what the rules read of a world."""
    geometry, road = world.geometry, world.scene.network.ego_road
    centre = world.ego.ahead(0.5 * (geometry.front_m - geometry.rear_m))
    _, d_m = road.path.project(*centre, world.ego_s_m)
    return Moment(world, world.bumper_s_m, d_m - road.lane_centre_d_m)


class Rule(Protocol):
    """One expectation, watched over a drive."""

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """Say what was found, now that the drive is over."""
        ...
