"""Other road users: what they are, and how they move."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What an actor is."""

    CAR = "car"
    VAN = "van"
    LORRY = "lorry"
    HATCHBACK = "hatchback"
    SALOON = "saloon"
    ESTATE = "estate"
    SUV = "suv"
    PICKUP = "pickup"
    PANEL_VAN = "panel_van"
    BOX_LORRY = "box_lorry"
    BUS = "bus"
    SCHOOL_BUS = "school_bus"
    CYCLIST = "cyclist"
    PEDESTRIAN = "pedestrian"
    CHILD = "child"
    CROSSING_GUARD = "crossing_guard"


class Behaviour(StrEnum):
    """How an actor moves."""

    PARKED = "parked"
    WITH_EGO = "with_ego"
    ONCOMING = "oncoming"
    CROSSING = "crossing"
    WALKING = "walking"
    STROLLING = "strolling"


SIZES_M: dict[ActorKind, tuple[float, float, float]] = {
    ActorKind.CAR: (4.4, 1.8, 1.5),
    ActorKind.VAN: (5.2, 2.0, 2.1),
    ActorKind.LORRY: (8.0, 2.4, 3.2),
    ActorKind.HATCHBACK: (4.1, 1.78, 1.48),
    ActorKind.SALOON: (4.75, 1.84, 1.45),
    ActorKind.ESTATE: (4.75, 1.84, 1.50),
    ActorKind.SUV: (4.70, 1.90, 1.74),
    ActorKind.PICKUP: (5.50, 1.98, 1.86),
    ActorKind.PANEL_VAN: (5.60, 2.02, 2.50),
    ActorKind.BOX_LORRY: (8.00, 2.50, 3.40),
    ActorKind.BUS: (11.50, 2.55, 3.10),
    ActorKind.SCHOOL_BUS: (10.60, 2.44, 3.15),
    ActorKind.CYCLIST: (1.80, 0.60, 1.78),
    ActorKind.PEDESTRIAN: (0.60, 0.60, 1.76),
    ActorKind.CHILD: (0.50, 0.50, 1.28),
    ActorKind.CROSSING_GUARD: (0.60, 0.70, 1.78),
}
"""Length, width and height of each kind."""

ON_FOOT = (ActorKind.PEDESTRIAN, ActorKind.CHILD, ActorKind.CROSSING_GUARD)
"""Those who walk; all others are vehicles."""

CARS = (ActorKind.HATCHBACK, ActorKind.SALOON, ActorKind.ESTATE, ActorKind.SUV, ActorKind.PICKUP)

ARM_ID_OFFSET = 10_000
"""A school bus's stop arm is labelled as a thing of its own: the bus's instance id and this."""


EGO_ID = 0
"""The ego among those who wait for one another; actors count from 1."""


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
        s_m: Arc length of its centre on its road: the ego road, or, of one that crosses, the crossing road (0 and
            unused for the parked).
        d_m: Its place left of that road's centre line. Who walks, walks across the ego road: `s_m` stays, `d_m` goes.
        cruise_mps: The speed that it wishes for.
        held_s: How long it has stood at the stop line that it waits at.
        served: How many stop lines it has already stopped at and left.
        look: A number that picks its colour.
        junction: Of one that crosses, on wheels or on foot: which junction of the network it crosses at.
        takes_turns: Whether it stops at its own stop signs and lets go first who comes first.
        released: The junction that it may enter, having waited for its turn, or -1.
        yields_to: While it stands at its line: the instance ids of those who have the right of way over it; the ego's
            is `EGO_ID`. None before it has come to a stand there.
        cue_s: Of one that walks: it sets off when the ego would be there after so long; where 0, into a gap alone.
        arm_out_s: Of a school bus: for how long its stop arm is still out; 0 is folded.
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
    junction: int = -1
    takes_turns: bool = False
    released: int = -1
    yields_to: tuple[int, ...] | None = None
    cue_s: float = 0.0
    arm_out_s: float = 0.0

    @property
    def on_foot(self) -> bool:
        """Whether it walks."""
        return self.kind in ON_FOOT

    @property
    def arm_out(self) -> bool:
        """Whether it is a school bus that shows its stop arm: nobody may pass it."""
        return self.arm_out_s > 0.0

    @property
    def size_m(self) -> tuple[float, float, float]:
        """Length, width and height."""
        return SIZES_M[self.kind]

    @property
    def front_s_m(self) -> float:
        """Arc length on the ego road of its foremost end, in the ego's direction of travel."""
        return self.s_m + 0.5 * self.size_m[0]
