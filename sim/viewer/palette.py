"""Colours and names: one colour for one thing, wherever it appears.

The hues are those of Okabe and Ito ("Color Universal Design", 2008), which people with any common colour blindness tell
apart; shapes and words say the same again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sim.control import Phase
from sim.percept import ObjectKind

Rgb = tuple[int, int, int]

ORANGE: Rgb = (230, 159, 0)
SKY_BLUE: Rgb = (86, 180, 233)
GREEN: Rgb = (0, 158, 115)
YELLOW: Rgb = (240, 228, 66)
VERMILION: Rgb = (213, 94, 0)
PURPLE: Rgb = (204, 121, 167)

WINDOW: Rgb = (14, 17, 22)
PANEL: Rgb = (23, 27, 34)
PANEL_EDGE: Rgb = (38, 44, 54)
TRACK: Rgb = (45, 52, 63)
GRID: Rgb = (44, 51, 62)
INK: Rgb = (236, 239, 244)
MUTED: Rgb = (154, 164, 178)
FAINT: Rgb = (98, 108, 122)
NEAR_BLACK: Rgb = (10, 12, 15)
TRUTH: Rgb = (255, 255, 255)

LANE = GREEN
STOP_LINE = YELLOW
SPEED = SKY_BLUE

MAP_GROUND: Rgb = (30, 37, 38)
MAP_ROAD: Rgb = (66, 72, 82)
MAP_MARKING: Rgb = (196, 200, 206)
MAP_YELLOW_MARKING: Rgb = (205, 176, 74)
MAP_KERB: Rgb = (104, 110, 120)
MAP_BUILDING: Rgb = (52, 56, 64)
MAP_BUILDING_EDGE: Rgb = (78, 84, 94)
MAP_TREE: Rgb = (44, 66, 54)
MAP_POLE: Rgb = (120, 112, 100)
MAP_CAR: Rgb = (158, 168, 182)
MAP_EGO: Rgb = (236, 239, 244)
STOP_RED: Rgb = (196, 30, 45)
"""The red of a stop sign's face on the map: its white border and eight sides tell it too."""


class Shape(Enum):
    """The outline that stands for a kind beside its colour."""

    OCTAGON = "octagon"
    DIAMOND = "diamond"
    CAR = "car"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class KindStyle:
    """How one kind of object is shown.

    Attributes:
        label: Its name on the screen.
        colour: Its hue.
        shape: Its outline.
    """

    label: str
    colour: Rgb
    shape: Shape


KIND_STYLES: dict[ObjectKind, KindStyle] = {
    ObjectKind.STOP_SIGN: KindStyle("stop sign", VERMILION, Shape.OCTAGON),
    ObjectKind.DISTRACTOR: KindStyle("distractor", PURPLE, Shape.DIAMOND),
    ObjectKind.VEHICLE: KindStyle("vehicle", SKY_BLUE, Shape.CAR),
    ObjectKind.PEDESTRIAN: KindStyle("pedestrian", YELLOW, Shape.PERSON),
}

PHASE_COLOURS: dict[Phase, Rgb] = {
    Phase.CRUISING: GREEN,
    Phase.FOLLOWING: SKY_BLUE,
    Phase.STOPPING: ORANGE,
    Phase.HOLDING: VERMILION,
    Phase.LEAVING: YELLOW,
    Phase.YIELDING: PURPLE,
    Phase.SAFE_STOP: STOP_RED,
}


def mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """Return `colour` with `share` (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue
