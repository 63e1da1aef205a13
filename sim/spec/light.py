"""Which light and weather a world may have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import Any, ClassVar

from sim.config import STRICT
from sim.spec.spans import Span, check_spec

SKIES = ("sunny", "overcast", "backlight", "dusk", "night")
WEATHERS = ("rain", "fog", "snow")


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSpec:
    """The distributions of light, weather and surfaces. By default the light is even and the air dry.

    The shares of the five skies leave the rest to a plain one (even light, by `dusk_share` and `visibility_m` of the
    world's spec); the shares of the three weathers leave the rest dry. Sky and weather are drawn independently; in bad
    weather by day the sky is overcast.

    Attributes:
        sunny_share: A clear sky: shaded faces and cast shadows.
        overcast_share: A grey sky without shadows.
        backlight_share: A low sun ahead: glare, and silhouettes before it.
        dusk_share: Little light, lamps lit.
        night_share: Headlights, street lamps and reflecting signs alone.
        rain_share: Streaks, a wet road that mirrors, less contrast.
        fog_share: Contrast lost within `fog_visibility_m`.
        snow_share: Flakes, white verges and roofs, wheel tracks.
        textured_share: Share of worlds whose surfaces have texture rather than flat colours.
        sun_height_rad: Of a clear sky's sun above the horizon.
        backlight_height_rad: Of a low sun ahead.
        backlight_turn_rad: Of that sun aside from the direction of travel, to either side.
        sunlight: Share of the light on level ground that comes straight from the sun.
        night_ambient: What the night leaves of daylight, as a factor on colours.
        headlights: Illuminance 20 m ahead, as a multiple of daylight.
        rain_visibility_m: Distance at which rain leaves 5 % of the contrast.
        fog_visibility_m: The same of fog.
        snow_visibility_m: The same of falling snow.
        wetness: Of the road in rain.
        snow_cover: Of ground and roofs, when there is snow.
        in_air: How thick rain or snow falls.
        autumn_share: Share of worlds with trees in red, orange and yellow.
        red_walls_share: Share of worlds with facades in reds.

    Raises:
        ValueError: If a span or share is out of range, or the shares of skies or weathers exceed 1 together.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    sunny_share: float = 0.0
    overcast_share: float = 0.0
    backlight_share: float = 0.0
    dusk_share: float = 0.0
    night_share: float = 0.0
    rain_share: float = 0.0
    fog_share: float = 0.0
    snow_share: float = 0.0
    textured_share: float = 0.0
    sun_height_rad: Span = (0.25, 1.1)
    backlight_height_rad: Span = (0.05, 0.28)
    backlight_turn_rad: Span = (0.0, 0.35)
    sunlight: Span = (0.55, 0.85)
    night_ambient: Span = (0.03, 0.10)
    headlights: Span = (0.25, 0.6)
    rain_visibility_m: Span = (150.0, 700.0)
    fog_visibility_m: Span = (40.0, 200.0)
    snow_visibility_m: Span = (120.0, 800.0)
    wetness: Span = (0.4, 1.0)
    snow_cover: Span = (0.4, 1.0)
    in_air: Span = (0.15, 1.0)
    autumn_share: float = 0.0
    red_walls_share: float = 0.0

    def __post_init__(self) -> None:
        check_spec(self)
        for what, names in (("skies", SKIES), ("weathers", WEATHERS)):
            total = sum(getattr(self, f"{name}_share") for name in names)
            if total > 1.0 + 1e-9:
                raise ValueError(f"Expected the shares of all {what} to be at most 1 together. Received: {total:g}.")
        for name in ("sunlight", "wetness", "snow_cover", "in_air"):
            if getattr(self, name)[1] > 1.0:
                raise ValueError(f"Expected {name} to be within 0 to 1. Received: {list(getattr(self, name))}.")
        for name in ("rain_visibility_m", "fog_visibility_m", "snow_visibility_m"):
            if getattr(self, name)[0] < 5.0:
                raise ValueError(f"Expected {name} to be 5 m or more. Received: {list(getattr(self, name))}.")

    def share_of(self, family: str) -> float:
        """Return the share of the worlds that are of one family of light and weather, as `Light.family` names them."""
        sky, weather = _sky_and_weather(family)
        plain = 1.0 - fsum(getattr(self, f"{name}_share") for name in SKIES)
        dry = 1.0 - fsum(getattr(self, f"{name}_share") for name in WEATHERS)
        # Whatever the sky by day, in bad weather it is overcast.
        of_sky = {"plain": plain, "day": 1.0 - self.dusk_share - self.night_share}.get(sky)
        of_sky = getattr(self, f"{sky}_share") if of_sky is None else of_sky
        return max(of_sky, 0.0) * max(getattr(self, f"{weather}_share") if weather else dry, 0.0)

    def only(self, family: str) -> LightSpec:
        """Return these distributions in the worlds of one family alone."""
        sky, weather = _sky_and_weather(family)
        chosen = {"day": "overcast"}.get(sky, sky)
        shares = {f"{name}_share": float(name in (chosen, weather)) for name in (*SKIES, *WEATHERS)}
        return replace(self, **shares)


def _sky_and_weather(family: str) -> tuple[str, str | None]:
    """Return the sky of a family, or `day` for any that is neither dusk nor night, and its weather."""
    if family in WEATHERS:
        return "day", family
    sky, _, weather = family.partition("_")
    return sky, weather or None
