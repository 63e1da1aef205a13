"""What a person can change of a drive while it goes on: the hour, the weather, the signs, and things put on the map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from sim.generate.restyle import Age, Clutter, Style, put_sign
from sim.light import Sky, Weather
from sim.signs import SignKind
from sim.world import World

HOURS = (None, Sky.SUNNY, Sky.OVERCAST, Sky.BACKLIGHT, Sky.DUSK, Sky.NIGHT)
WEATHERS = (None, Weather.DRY, Weather.RAIN, Weather.FOG, Weather.SNOW)
AGES = (None, *Age)
CLUTTERS = (None, Clutter.SOME, Clutter.MANY, Clutter.NONE)
"""What each key goes through; None is as the world was generated."""

_Choice = TypeVar("_Choice")


def following(choices: tuple[_Choice, ...], now: _Choice) -> _Choice:
    """Return what comes after a choice, the first after the last."""
    return choices[(choices.index(now) + 1) % len(choices)]


@dataclass(frozen=True, slots=True)
class _Stuff:
    kind: SignKind
    words: str
    stickers: float = 0.0


class Thing(Enum):
    """What a click on the map puts there."""

    STOP = _Stuff(SignKind.STOP, "a stop sign")
    STICKERS = _Stuff(SignKind.STOP, "a stop sign with stickers", 1.0)
    SHIRT = _Stuff(SignKind.STOP_SHIRT, "a T-shirt with a stop sign")
    BILLBOARD = _Stuff(SignKind.STOP_BILLBOARD, "a billboard with a stop sign")
    HEXAGON = _Stuff(SignKind.RED_HEXAGON, "a red hexagon")
    BLANK = _Stuff(SignKind.OCTAGON_BLANK, "an octagon without a word")
    NO_ENTRY = _Stuff(SignKind.DO_NOT_ENTER, "a do-not-enter sign")
    YIELD = _Stuff(SignKind.YIELD, "a yield sign")

    @property
    def words(self) -> str:
        """What it is called."""
        return self.value.words

    def put(self, world: World, x_m: float, y_m: float) -> World:
        """Return the world with it at a place."""
        return put_sign(world, self.value.kind, x_m, y_m, stickers=self.value.stickers)


def style_words(style: Style) -> tuple[str, ...]:
    """Return what a style changes, in words."""
    found: list[str] = []
    if style.sky is not None:
        found.append(f"sky: {style.sky}")
    if style.weather is not None:
        found.append(f"weather: {style.weather}")
    if style.age is not None:
        found.append(f"signs: {style.age.name.lower()}")
    if style.clutter is not None:
        number = style.clutter.value
        found.append("nothing but stop signs" if number is None else f"up to {number} more other things")
    return tuple(found)


def next_hour(style: Style) -> Style:
    """Return a style at the next hour of the day."""
    return replace(style, sky=following(HOURS, style.sky))


def next_weather(style: Style) -> Style:
    """Return a style in the next weather."""
    return replace(style, weather=following(WEATHERS, style.weather))


def next_age(style: Style) -> Style:
    """Return a style with signs in the next state."""
    return replace(style, age=following(AGES, style.age))


def next_clutter(style: Style) -> Style:
    """Return a style with more other things, or fewer."""
    return replace(style, clutter=following(CLUTTERS, style.clutter))
