"""Signs: what kinds there are, how large they are, and where the rules put them.

Sizes and positions follow the MUTCD (R1-1 and section 2A); a test holds each rule.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from math import ceil, cos, sin
from operator import attrgetter

from sim.stickers import Sticker


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
    NO_TURN = "no_turn"
    STOP_AHEAD = "stop_ahead"
    SPEED_END = "speed_end"
    SPEED_ADVISORY = "speed_advisory"
    GIVE_WAY = "give_way"
    OCTAGON_WORD = "octagon_word"
    OCTAGON_BLANK = "octagon_blank"
    OCTAGON_NO_PARKING = "octagon_no_parking"
    ROAD_WORK = "road_work"
    CROSSBUCK = "crossbuck"
    ROUNDABOUT = "roundabout"
    PRIORITY_ROAD = "priority_road"
    ONE_WAY = "one_way"
    RED_SQUARE = "red_square"
    STOP_SHOP = "stop_shop"
    STOP_BILLBOARD = "stop_billboard"
    STOP_POSTER = "stop_poster"
    STOP_LORRY = "stop_lorry"
    STOP_SHIRT = "stop_shirt"
    LIGHT_RED = "light_red"
    LIGHT_GREEN = "light_green"
    SHOP_AWNING = "shop_awning"
    RED_DOOR = "red_door"
    BALLOONS = "balloons"


class StopStyle(StrEnum):
    """How a stop sign looks: the word and shape of a country, what is fixed to it, or what it is made for."""

    PLAIN = "stop_plain"
    HIGHWAY = "stop_highway"
    EUROPE = "stop_europe"
    ALL_WAY = "stop_all_way"
    FOUR_WAY = "stop_four_way"
    STREET_NAMES = "stop_street_names"
    LED = "stop_led"
    BEACON = "stop_beacon"
    BACKING_BOARD = "stop_backing_board"
    PARE = "stop_pare"
    ALTO = "stop_alto"
    ARRET = "stop_arret"
    ARRET_STOP = "stop_arret_stop"
    DUR = "stop_dur"
    BERHENTI = "stop_berhenti"
    CHINESE = "stop_chinese"
    KOREAN = "stop_korean"
    ARABIC = "stop_arabic"
    ARABIC_STOP = "stop_arabic_stop"
    HAND = "stop_hand"
    VIENNA_RING = "stop_vienna_ring"
    JAPANESE = "stop_japanese"
    JAPANESE_STOP = "stop_japanese_stop"
    TEMPORARY = "stop_temporary"
    WORKS = "stop_works"
    PADDLE = "stop_paddle"
    BUS_ARM = "stop_bus_arm"


class Plate(StrEnum):
    """What is fixed to a stop sign's post beside its face. It is no part of the sign's box."""

    ALL_WAY = "plate_all_way"
    FOUR_WAY = "plate_four_way"
    STREET_ALONG = "plate_street_along"
    STREET_ACROSS = "plate_street_across"


Face = SignKind | StopStyle | Plate
"""Whatever can be drawn as one flat picture."""


class Mount(StrEnum):
    """What holds a face up."""

    POST = "post"
    MAST_ARM = "mast_arm"
    ISLAND = "island"
    STAND = "stand"
    HAND = "hand"
    NOTHING = "nothing"
    LORRY = "lorry"


class Role(StrEnum):
    """Whom a stop sign speaks to, as the ego sees it."""

    OWN = "own"
    ONCOMING = "oncoming"
    CROSSING = "crossing"
    NONE = "none"


STOP_WIDTHS_M = (0.61, 0.76, 0.91, 1.22)
"""Width across the flats: minimum, usual, multi-lane or fast roads, oversized (24, 30, 36 and 48 in)."""

USUAL_STOP_WIDTH_M = 0.76

MIN_HEIGHT_TOWN_M = 2.1
MIN_HEIGHT_COUNTRY_M = 1.5
"""Bottom edge above the road."""

MIN_BEHIND_KERB_M = 0.6
VERGE_OFFSET_M = (1.8, 3.7)
"""Edge of the carriageway to the sign's near edge: behind a kerb, and where there is none."""

MIN_OVERHEAD_M = 5.2
"""Bottom edge of a sign over the carriageway: 17 ft (MUTCD 2A.18)."""

STAND_HEIGHT_M = (0.3, 0.6)
"""Bottom edge of a temporary sign on a portable stand: at least 1 ft (MUTCD 6F.03)."""

PADDLE_WIDTH_M = 0.46
"""Least width of a guard's paddle: 18 in (MUTCD 7D.05 and 6E.03)."""

PADDLE_HEIGHT_M = (1.4, 1.8)
"""Bottom edge of a paddle in a raised hand."""

ISLAND_M = (2.4, 0.5, 0.15)
"""Length, width and height of the kerbed island that holds a sign in the middle of the road."""

STOP_LINE_THICKNESS_M = (0.3, 0.6)
MIN_LINE_TO_CROSSWALK_M = 1.2
LINE_TO_CROSSING_ROAD_M = (1.2, 9.0)
"""Stop line's near edge to the crosswalk, or, with none, to the crossing road's edge."""


WEATHERING_STEPS = 4
"""Each condition of a face is drawn in so many steps, 0 (none) included."""


@dataclass(frozen=True, slots=True)
class Weathering:
    """What has befallen a face: each from 0 (nothing) to 1 (as bad as it gets); the least of it can be seen.

    Attributes:
        fade: Sun has bleached the red to pink and orange, and at last to a pale grey.
        dirt: Dust and streaks of grime.
        rust: Rust, from the edges and the bolts.
        holes: Bullet holes, bare metal around them.
        stickers: Stickers stuck on it.
        graffiti: A scrawl in spray paint.
        snow: Snow that clings to it, most at its foot and in patches.
        glare: A patch where the sun glances off the sheeting.
    """

    fade: float = 0.0
    dirt: float = 0.0
    rust: float = 0.0
    holes: float = 0.0
    stickers: float = 0.0
    graffiti: float = 0.0
    snow: float = 0.0
    glare: float = 0.0

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of all that can be seen, in the order of the attributes."""
        return tuple(name for name, step in zip(CONDITIONS, self.steps, strict=True) if step)

    @property
    def steps(self) -> tuple[int, ...]:
        """Each amount as one of `WEATHERING_STEPS`: what is drawn, and the key under which it is kept."""
        return tuple([ceil(amount * (WEATHERING_STEPS - 1)) for amount in _AMOUNTS(self)])


CONDITIONS = tuple(item.name for item in fields(Weathering))
"""The names of all conditions, in the order of `Weathering.steps`."""
_AMOUNTS = attrgetter(*CONDITIONS)

AS_NEW = Weathering()


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
        style: Which stop sign, if it is one.
        weathering: What has befallen the face, beside plain wear.
        mount: What holds it up.
        reach_m: From the face's centre to its post, to the right as seen from its front: for `Mount.MAST_ARM`.
        role: Whom it speaks to, if it is a stop sign.
        sticker: A sticker of a given picture on its face, or None.
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
    style: StopStyle = StopStyle.PLAIN
    weathering: Weathering = AS_NEW
    mount: Mount = Mount.POST
    reach_m: float = 0.0
    role: Role = Role.NONE
    sticker: Sticker | None = None

    @property
    def face(self) -> Face:
        """Which picture it carries: its kind, or, for a stop sign of some style, that."""
        return self.style if self.kind is SignKind.STOP and self.style is not StopStyle.PLAIN else self.kind

    @property
    def wear_class(self) -> str:
        """How worn it is, in a word: new, used, worn or ruined."""
        marks = self.weathering
        worst = max(self.wear, marks.fade, marks.dirt, marks.rust, marks.holes, marks.stickers, marks.graffiti)
        return ("new", "used", "worn", "ruined")[min(int(4 * worst), 3)]

    @property
    def attributes(self) -> dict[str, str | float | bool]:
        """What recall can be told by: plain values under names that do not change."""
        return {
            "variant": str(self.face),
            "role": str(self.role),
            "mount": str(self.mount),
            "width_m": self.width_m,
            "wear": self.wear_class,
            "conditions": "+".join((*self.weathering.conditions, *(("sticker",) if self.sticker else ()))) or "none",
            "tilt_rad": self.tilt_rad,
            "applies_to_ego": self.applies_to_ego,
        }

    @property
    def centre_z_m(self) -> float:
        """Height of the face's centre."""
        return self.bottom_m + 0.5 * self.height_m

    def on_face(self, u: float, v: float, out_m: float) -> tuple[float, float, float]:
        """Return the world place of a point of the face.

        Args:
            u: To the right as seen, in widths of the face about its centre.
            v: Downwards, in heights of the face about its centre.
            out_m: In front of the face.
        """
        nx, ny = cos(self.facing_rad), sin(self.facing_rad)
        c, s = cos(self.tilt_rad), sin(self.tilt_rad)
        wide, down = u * self.width_m, v * self.height_m
        wide, down = c * wide + s * down, c * down - s * wide
        return self.x_m - ny * wide + nx * out_m, self.y_m + nx * wide + ny * out_m, self.centre_z_m - down

    def cosine_to(self, x_m: float, y_m: float) -> float:
        """Return the cosine between the face's normal and the direction to a point; below 0, its back shows."""
        dx, dy = x_m - self.x_m, y_m - self.y_m
        length = max((dx * dx + dy * dy) ** 0.5, 1e-9)
        return (dx * cos(self.facing_rad) + dy * sin(self.facing_rad)) / length
