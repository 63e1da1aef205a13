"""A person at the wheel: keys that are held become acceleration and steering."""

from __future__ import annotations

from enum import Enum, auto
from math import atan

from sim.vehicle import Control
from sim.world import World

GAS_MPS2 = 2.0
BRAKE_MPS2 = -4.5
COAST_MPS2 = -0.4
"""What each pedal asks for; with neither, the car slows a little, as cars in gear do."""

MAX_LATERAL_MPS2 = 2.5
"""A held key steers no more than this sideways acceleration allows: full lock at a crawl, little at speed."""


class Hold(Enum):
    """A key that is held."""

    GAS = auto()
    BRAKE = auto()
    LEFT = auto()
    RIGHT = auto()


class ManualWheel:
    """Takes the wheel from the driver while it is engaged; the `override` of `sim.loop.drive`.

    Attributes:
        engaged: Whether a person drives.
        held: The keys that are held.
    """

    def __init__(self) -> None:
        self.engaged = False
        self.held: set[Hold] = set()

    def toggle(self) -> None:
        """Take the wheel, or give it back; either way with no key held."""
        self.engaged = not self.engaged
        self.held.clear()

    def __call__(self, world: World, control: Control) -> Control:
        """Return the person's control while engaged, else the driver's."""
        return manual_control(frozenset(self.held), world) if self.engaged else control


def manual_control(held: frozenset[Hold], world: World) -> Control:
    """Return what held keys ask of the car; the brake wins over the gas, and the car's own limits smooth the rest."""
    speed = world.ego.speed_mps
    if Hold.BRAKE in held:
        accel = BRAKE_MPS2
    elif Hold.GAS in held:
        accel = GAS_MPS2
    else:
        accel = COAST_MPS2 if speed > 0 else 0.0
    gentle_rad = atan(MAX_LATERAL_MPS2 * world.geometry.wheelbase_m / max(speed, 1.0) ** 2)
    side = (Hold.LEFT in held) - (Hold.RIGHT in held)
    return Control(accel, side * min(gentle_rad, world.limits.max_steer_rad))
