"""Other road users: what they are, and how they move."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What an actor is."""

    CAR = "car"
    VAN = "van"
    LORRY = "lorry"


class Behaviour(StrEnum):
    """How an actor moves."""

    PARKED = "parked"
    WITH_EGO = "with_ego"
    ONCOMING = "oncoming"


SIZES_M: dict[ActorKind, tuple[float, float, float]] = {
    ActorKind.CAR: (4.4, 1.8, 1.5),
    ActorKind.VAN: (5.2, 2.0, 2.1),
    ActorKind.LORRY: (8.0, 2.4, 3.2),
}
"""Length, width and height of each kind."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One other road user; its pose is that of its centre on the ground.

    Attributes:
        actor_id: Its instance id, unique among all labelled things of a world.
        kind: What it is.
        behaviour: How it moves.
        x_m: World position of its centre.
        y_m: World position of its centre.
        heading_rad: Where it points.
        speed_mps: How fast it moves along its heading.
        s_m: Arc length of its centre on the ego road (0 and unused for the parked).
        d_m: Its place left of the ego road's centre line.
        cruise_mps: The speed that it wishes for.
        held_s: How long it has stood at the stop line that it waits at.
        served: How many stop lines it has already stopped at and left.
        look: A number that picks its colour.
    """

    actor_id: int
    kind: ActorKind
    behaviour: Behaviour
    x_m: float
    y_m: float
    heading_rad: float
    speed_mps: float
    s_m: float = 0.0
    d_m: float = 0.0
    cruise_mps: float = 0.0
    held_s: float = 0.0
    served: int = 0
    look: int = 0

    @property
    def size_m(self) -> tuple[float, float, float]:
        """Length, width and height."""
        return SIZES_M[self.kind]

    @property
    def front_s_m(self) -> float:
        """Arc length on the ego road of its foremost end, in the ego's direction of travel."""
        return self.s_m + 0.5 * self.size_m[0]
