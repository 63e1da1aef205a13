"""A person at the wheel: keys that are held, or a game controller, become acceleration and steering."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Stick:
    """How a game controller stands.

    Attributes:
        gas: How far the gas is pressed, 0 to 1.
        brake: How far the brake is pressed, 0 to 1.
        left: How far the stick is pushed to the left, -1 (right) to 1.
    """

    gas: float = 0.0
    brake: float = 0.0
    left: float = 0.0


class ManualWheel:
    """Takes the wheel from the driver while it is engaged; the `override` of `sim.loop.drive`.

    Attributes:
        engaged: Whether a person drives.
        held: The keys that are held.
        stick: How a game controller stands; None without one.
    """

    def __init__(self) -> None:
        self.engaged = False
        self.held: set[Hold] = set()
        self.stick: Stick | None = None

    def toggle(self) -> None:
        """Take the wheel, or give it back; either way with no key held."""
        self.engaged = not self.engaged
        self.held.clear()

    def __call__(self, world: World, control: Control) -> Control:
        """Return the person's control while engaged, else the driver's."""
        return manual_control(frozenset(self.held), world, self.stick) if self.engaged else control


def manual_control(held: frozenset[Hold], world: World, stick: Stick | None = None) -> Control:
    """Return what a person asks of the car; the brake wins over the gas, and the car's own limits smooth the rest.

    Args:
        held: Keys that are held; each counts as a pedal or a stick at its end.
        world: Where the car is.
        stick: How a game controller stands, if there is one.
    """
    stick = stick or Stick()
    speed = world.ego.speed_mps
    gas, brake = max(float(Hold.GAS in held), stick.gas), max(float(Hold.BRAKE in held), stick.brake)
    if brake > 0.0:
        accel = brake * BRAKE_MPS2
    elif gas > 0.0:
        accel = gas * GAS_MPS2
    else:
        accel = COAST_MPS2 if speed > 0 else 0.0
    gentle_rad = atan(MAX_LATERAL_MPS2 * world.geometry.wheelbase_m / max(speed, 1.0) ** 2)
    side = min(max((Hold.LEFT in held) - (Hold.RIGHT in held) + stick.left, -1.0), 1.0)
    return Control(accel, side * min(gentle_rad, world.limits.max_steer_rad))
