"""Light, weather, and the state of the camera's sensor in one world: values, drawn by `sim.generate`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import cos, sin


class TimeOfDay(StrEnum):
    """Which light."""

    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


class Sky(StrEnum):
    """Where the light comes from."""

    PLAIN = "plain"
    """Even light from everywhere: nothing casts a shadow and no lamp lights anything."""
    SUNNY = "sunny"
    OVERCAST = "overcast"
    BACKLIGHT = "backlight"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    """What is in the air and on the ground."""

    DRY = "dry"
    RAIN = "rain"
    FOG = "fog"
    SNOW = "snow"


@dataclass(frozen=True, slots=True)
class SensorState:
    """What one camera does to its pictures, on one drive.

    Attributes:
        look: A number that picks where drops and dirt lie.
        metering: How far the exposure makes good what a scene is darker or brighter than usual, 0 to 1.
        hunting: How far the exposure swings about its mean while it settles.
        hunting_steps: 20 Hz steps of one such swing.
        white_balance: Factors on red, green and blue.
        read_noise: Standard deviation of the noise in the dark, in grey levels.
        shot_noise: Variance of the noise in grey levels for each grey level of signal.
        exposure_s: How long the shutter is open.
        defocus_px: Standard deviation of the blur of an unfocused lens.
        vignette: How much of the light is lost in the corners.
        jpeg_quality: Of the compression in the camera, 1 to 100; 0 for none.
        drops: Water drops on the lens.
        dirt: How dark its dirt is, 0 to 1.
    """

    look: int = 0
    metering: float = 0.0
    hunting: float = 0.0
    hunting_steps: float = 40.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    read_noise: float = 1.0
    shot_noise: float = 0.05
    exposure_s: float = 0.0
    defocus_px: float = 0.0
    vignette: float = 0.0
    jpeg_quality: int = 0
    drops: int = 0
    dirt: float = 0.0


@dataclass(frozen=True, slots=True)
class Light:
    """Light, air and the camera's response to them.

    Attributes:
        time_of_day: Day, dusk or night.
        sun_heading_rad: Where the sun stands, in the world frame.
        ambient: Red, green and blue factor on every surface that does not shine by itself; where a sun shines, on
            level ground in its light.
        sky_top: Colour of the sky overhead, 0-255.
        sky_low: Colour of the sky at the horizon, to which haze fades, 0-255.
        visibility_m: Distance at which haze leaves 5 % of the contrast (Koschmieder).
        exposure: Factor on the finished picture.
        sky: Where the light comes from.
        weather: What is in the air and on the ground.
        sun_height_rad: The sun's height above the horizon.
        sunlight: Share of the light on level ground that comes straight from the sun: how deep shadows are.
        headlights: Illuminance of the ego's low beam 20 m ahead, as a multiple of daylight; 0 when off.
        lamps: Whether street lamps, windows and the lamps of other vehicles are lit.
        wetness: Of the road, 0 dry to 1 under a film of water.
        snow_cover: Of ground and roofs, 0 to 1.
        in_air: How thick rain or snow falls, 0 to 1.
        textured: Whether surfaces have grain, seams, bricks and leaves rather than one flat colour.
        sensor: The state of a modelled sensor; None for one with plain noise and vignette.
    """

    time_of_day: TimeOfDay
    sun_heading_rad: float
    ambient: tuple[float, float, float]
    sky_top: tuple[int, int, int]
    sky_low: tuple[int, int, int]
    visibility_m: float
    exposure: float
    sky: Sky = Sky.PLAIN
    weather: Weather = Weather.DRY
    sun_height_rad: float = 0.6
    sunlight: float = 0.0
    headlights: float = 0.0
    lamps: bool = False
    wetness: float = 0.0
    snow_cover: float = 0.0
    in_air: float = 0.0
    textured: bool = False
    sensor: SensorState | None = None

    @property
    def family(self) -> str:
        """A word or two for this kind of light and weather, by which results can be told apart."""
        if self.weather is Weather.DRY:
            return str(self.sky)
        dark = self.sky in (Sky.DUSK, Sky.NIGHT)
        return f"{self.sky}_{self.weather}" if dark else str(self.weather)

    @property
    def modelled(self) -> bool:
        """Whether surfaces are lit one by one, rather than all alike."""
        return self.textured or self.sky is not Sky.PLAIN or self.weather is not Weather.DRY

    @property
    def sun_direction(self) -> tuple[float, float, float]:
        """Unit vector towards the sun, in the world frame."""
        flat = cos(self.sun_height_rad)
        return flat * cos(self.sun_heading_rad), flat * sin(self.sun_heading_rad), sin(self.sun_height_rad)
