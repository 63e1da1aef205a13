"""Signs: what kinds there are, how large they are, and where the rules put them.

Sizes and positions follow the MUTCD (R1-1 and section 2A); a test holds each rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import cos, sin


class SignKind(StrEnum):
    """Every face that can stand at the road. Only `STOP` asks for a stop."""

    STOP = "stop"
    YIELD = "yield"
    DO_NOT_ENTER = "do_not_enter"
    WRONG_WAY = "wrong_way"
    SPEED_LIMIT = "speed_limit"
    SPEED_RING = "speed_ring"
    NO_PARKING = "no_parking"
    WARNING = "warning"
    PARKING = "parking"
    CROSSING = "crossing"
    STREET_NAME = "street_name"
    RED_HEXAGON = "red_hexagon"
    RED_DISC = "red_disc"
    SALE = "sale"
    BILLBOARD = "billboard"
    SIGN_BACK = "sign_back"


STOP_WIDTHS_M = (0.61, 0.76, 0.91, 1.22)
"""Width across the flats: minimum, usual, multi-lane or fast roads, oversized (24, 30, 36 and 48 in)."""

USUAL_STOP_WIDTH_M = 0.76

MIN_HEIGHT_TOWN_M = 2.1
MIN_HEIGHT_COUNTRY_M = 1.5
"""Bottom edge above the road."""

MIN_BEHIND_KERB_M = 0.6
VERGE_OFFSET_M = (1.8, 3.7)
"""Edge of the carriageway to the sign's near edge: behind a kerb, and where there is none."""

STOP_LINE_THICKNESS_M = (0.3, 0.6)
MIN_LINE_TO_CROSSWALK_M = 1.2
LINE_TO_CROSSING_ROAD_M = (1.2, 9.0)
"""Stop line's near edge to the crosswalk, or, with none, to the crossing road's edge."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign on its post.

    Attributes:
        sign_id: Its instance id, unique among all labelled things of a world.
        kind: Which face.
        x_m: World position of the post.
        y_m: World position of the post.
        bottom_m: Height of the face's bottom edge above the road.
        width_m: Width of the face (across the flats, for an octagon).
        height_m: Height of the face.
        facing_rad: Direction in which the face looks: that of its outward normal, in the world frame.
        tilt_rad: Turned in its own plane, counter-clockwise as seen.
        wear: From 0 (new) to 1 (faded and dirty).
        look: A number that picks among the looks of a kind: legend, hue, speed.
        applies_to_ego: Whether the ego must obey it.
        stop_line: Index of the stop line that it controls, or None.
    """

    sign_id: int
    kind: SignKind
    x_m: float
    y_m: float
    bottom_m: float
    width_m: float
    height_m: float
    facing_rad: float
    tilt_rad: float = 0.0
    wear: float = 0.0
    look: int = 0
    applies_to_ego: bool = False
    stop_line: int | None = None

    @property
    def centre_z_m(self) -> float:
        """Height of the face's centre."""
        return self.bottom_m + 0.5 * self.height_m

    def cosine_to(self, x_m: float, y_m: float) -> float:
        """Return the cosine between the face's normal and the direction to a point; below 0, its back shows."""
        dx, dy = x_m - self.x_m, y_m - self.y_m
        length = max((dx * dx + dy * dy) ** 0.5, 1e-9)
        return (dx * cos(self.facing_rad) + dy * sin(self.facing_rad)) / length
