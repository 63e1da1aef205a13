"""Light, weather and the state of the sensor."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np

from sim.generate.drawing import count, draw_look, uniform
from sim.generate.signs import ROUND_CROWN
from sim.light import Light, SensorState, Sky, TimeOfDay, Weather
from sim.seeding import Stream, stream
from sim.spec import SensorSpec, WorldSpec
from sim.spec.light import SKIES, WEATHERS
from sim.world import Scenery, SceneryKind

Rgb = tuple[int, int, int]

_AUTUMN_LEAVES = (4, 5, 6)
"""Remainders by 24 of the looks whose leaves are turning."""

_RED_WALLS = (0, 6, 7)
"""Remainders by 10 of the looks whose walls are red."""


def draw_light(rng: np.random.Generator, spec: WorldSpec) -> Light:
    """Return the light and the air of one world, even and dry."""
    sun = float(rng.uniform(-pi, pi))
    visibility_m = uniform(rng, spec.visibility_m)
    if rng.random() < spec.dusk_share:
        level = float(rng.uniform(0.32, 0.60))
        warm = float(rng.uniform(-0.05, 0.12))
        ambient = (level * (1 + warm), level, level * (1.05 - warm))
        low = (int(rng.uniform(110, 215)), int(rng.uniform(90, 150)), int(rng.uniform(80, 150)))
        top = (int(rng.uniform(25, 70)), int(rng.uniform(35, 80)), int(rng.uniform(70, 130)))
        return Light(TimeOfDay.DUSK, sun, ambient, top, low, visibility_m, float(rng.uniform(0.85, 1.25)))
    level, warm = float(rng.uniform(0.75, 1.08)), float(rng.uniform(-0.06, 0.08))
    ambient = (level * (1 + warm), level, level * (1 - warm))
    if rng.random() < 0.4:
        grey = float(rng.uniform(150, 240))
        top = low = (int(grey), int(grey + 3), int(grey + 8))
    else:
        top = (int(rng.uniform(50, 130)), int(rng.uniform(110, 175)), int(rng.uniform(190, 245)))
        low = (int(rng.uniform(170, 225)), int(rng.uniform(195, 235)), int(rng.uniform(220, 250)))
    return Light(TimeOfDay.DAY, sun, ambient, top, low, visibility_m, float(rng.uniform(0.8, 1.2)))


def draw_weather(seed: int, spec: WorldSpec, plain: Light, heading_rad: float) -> Light:
    """Return the light of a world once its sky, its weather, its textures and its sensor are drawn.

    Args:
        seed: Of the world.
        spec: What the world may be; by default it changes nothing.
        plain: The even light of the same world.
        heading_rad: The direction of travel, ahead of which a low sun stands.
    """
    chosen, rng, sky_rng = spec.light, stream(seed, Stream.WEATHER), stream(seed, Stream.SKY)
    sky = Sky(_pick(rng, SKIES, [getattr(chosen, f"{name}_share") for name in SKIES], Sky.PLAIN))
    weather = Weather(_pick(rng, WEATHERS, [getattr(chosen, f"{name}_share") for name in WEATHERS], Weather.DRY))
    light = replace(plain, textured=bool(rng.random() < chosen.textured_share))
    if weather is not Weather.DRY and sky not in (Sky.DUSK, Sky.NIGHT):
        sky = Sky.OVERCAST
    light = _under(sky, sky_rng, spec, light, heading_rad)
    light = _in(weather, rng, spec, light)
    sensor = _sensor(stream(seed, Stream.SENSOR_STATE), spec.sensor, light)
    return replace(light, sensor=sensor) if sensor else light


def redden(seed: int, spec: WorldSpec, scenery: tuple[Scenery, ...]) -> tuple[Scenery, ...]:
    """Return the scenery with trees in autumn and facades in red, as often as the spec has them."""
    rng = stream(seed, Stream.WEATHER, 1)
    autumn = rng.random() < spec.light.autumn_share
    red_walls = rng.random() < spec.light.red_walls_share
    changed: list[Scenery] = []
    for thing in scenery:
        share, pick = float(rng.random()), int(rng.integers(0, 6))
        if autumn and thing.kind in (SceneryKind.TREE, SceneryKind.HEDGE) and share < 0.75:
            changed.append(replace(thing, look=_autumn_look(thing.look, _AUTUMN_LEAVES[pick % 3])))
        elif red_walls and thing.kind is SceneryKind.BUILDING and share < 0.7:
            changed.append(replace(thing, look=thing.look - thing.look % 10 + _RED_WALLS[pick % 3]))
        else:
            changed.append(thing)
    return tuple(changed)


def _autumn_look(look: int, leaves: int) -> int:
    """Return a look with other leaves, near enough that the bits that pick the crown's shape stay."""
    turned = look - look % 24 + leaves
    if turned // ROUND_CROWN != look // ROUND_CROWN:
        turned += 24 if turned < look else -24
    return turned


def _pick(rng: np.random.Generator, names: tuple[str, ...], shares: list[float], otherwise: str) -> str:
    """Return one of the names by its share, or what is otherwise."""
    left = float(rng.random())
    for name, share in zip(names, shares, strict=True):
        if left < share:
            return name
        left -= share
    return otherwise


def _rgb(rng: np.random.Generator, *spans: tuple[float, float]) -> Rgb:
    """Return a colour between two, its parts moving together."""
    share = float(rng.random())
    red, green, blue = (
        round(low + (high - low) * min(max(share + rng.uniform(-0.08, 0.08), 0), 1)) for low, high in spans
    )
    return red, green, blue


def _ambient(
    rng: np.random.Generator, levels: tuple[float, float], warmth: tuple[float, float]
) -> tuple[float, float, float]:
    level, warm = float(rng.uniform(*levels)), float(rng.uniform(*warmth))
    return level * (1 + warm), level, level * (1 - warm)


def _under(sky: Sky, rng: np.random.Generator, spec: WorldSpec, light: Light, heading_rad: float) -> Light:
    chosen = spec.light
    if sky is Sky.PLAIN:
        return light
    day = replace(light, sky=sky, time_of_day=TimeOfDay.DAY, exposure=float(rng.uniform(0.85, 1.15)))
    if sky is Sky.SUNNY:
        height_rad = uniform(rng, chosen.sun_height_rad)
        warm = 0.10 * max(0.0, 1 - height_rad / 0.6)
        return replace(
            day,
            sun_height_rad=height_rad,
            sunlight=uniform(rng, chosen.sunlight),
            ambient=_ambient(rng, (0.9, 1.12), (warm - 0.03, warm + 0.04)),
            sky_top=_rgb(rng, (45, 100), (100, 160), (180, 235)),
            sky_low=_rgb(rng, (165, 215), (190, 228), (215, 245)),
        )
    if sky is Sky.OVERCAST:
        low = _rgb(rng, (150, 232), (153, 234), (158, 238))
        top = (low[0] - 14, low[1] - 12, low[2] - 6)
        return replace(day, ambient=_ambient(rng, (0.7, 0.98), (-0.05, 0.03)), sky_top=top, sky_low=low)
    if sky is Sky.BACKLIGHT:
        turn_rad = uniform(rng, chosen.backlight_turn_rad) * (1.0 if rng.random() < 0.5 else -1.0)
        return replace(
            day,
            sun_heading_rad=heading_rad + turn_rad,
            sun_height_rad=uniform(rng, chosen.backlight_height_rad),
            sunlight=uniform(rng, chosen.sunlight),
            ambient=_ambient(rng, (0.52, 0.78), (0.03, 0.14)),
            sky_top=_rgb(rng, (95, 165), (130, 180), (175, 220)),
            sky_low=_rgb(rng, (228, 250), (205, 236), (165, 225)),
        )
    if sky is Sky.DUSK:
        return replace(
            day,
            time_of_day=TimeOfDay.DUSK,
            ambient=_ambient(rng, (0.24, 0.46), (-0.12, 0.06)),
            sky_top=_rgb(rng, (22, 62), (32, 74), (66, 122)),
            sky_low=_rgb(rng, (110, 215), (92, 150), (96, 140)),
            headlights=0.5 * uniform(rng, chosen.headlights),
            lamps=True,
        )
    level = uniform(rng, chosen.night_ambient)
    return replace(
        day,
        time_of_day=TimeOfDay.NIGHT,
        ambient=(0.92 * level, level, 1.12 * level),
        sky_top=_rgb(rng, (3, 14), (4, 16), (8, 28)),
        sky_low=_rgb(rng, (14, 52), (14, 44), (20, 48)),
        headlights=uniform(rng, chosen.headlights),
        lamps=True,
    )


def _in(weather: Weather, rng: np.random.Generator, spec: WorldSpec, light: Light) -> Light:
    chosen = spec.light
    if weather is Weather.DRY:
        return light
    visibility_m = uniform(rng, getattr(chosen, f"{weather}_visibility_m"))
    in_air = uniform(rng, chosen.in_air)
    if weather is Weather.RAIN:
        air, dim = _rgb(rng, (108, 178), (114, 182), (122, 188)), 0.82
        light = replace(light, wetness=uniform(rng, chosen.wetness), in_air=in_air)
    elif weather is Weather.FOG:
        air, dim = _rgb(rng, (152, 214), (156, 216), (160, 220)), 0.9
    else:
        air, dim = _rgb(rng, (166, 216), (170, 218), (178, 224)), 1.22
        light = replace(light, snow_cover=uniform(rng, chosen.snow_cover), in_air=in_air)
    # What hangs in the air is lit as the ground is: in the dark it is as dark as the sky behind it.
    dark = {Sky.DUSK: 0.5, Sky.NIGHT: 0.17}.get(light.sky, 1.0)
    low = (round(dark * air[0]), round(dark * air[1]), round(dark * air[2]))
    red, green, blue = light.ambient
    return replace(
        light,
        weather=weather,
        visibility_m=visibility_m,
        ambient=(dim * red, dim * green, dim * blue),
        sky_low=low,
        sky_top=(round(0.94 * low[0]), round(0.95 * low[1]), round(0.97 * low[2])),
        lamps=light.lamps or weather is Weather.FOG,
    )


def _sensor(rng: np.random.Generator, spec: SensorSpec, light: Light) -> SensorState | None:
    if rng.random() >= spec.modelled_share:
        return None
    dark = light.time_of_day is not TimeOfDay.DAY
    # A wrong colour temperature, and a little of green against purple.
    warm, tint = uniform(rng, spec.white_balance) * float(rng.choice((-1.0, 1.0))), float(rng.uniform(-0.02, 0.02))
    wet = light.weather is Weather.RAIN and spec.drops_share > 0.0
    shares = rng.random(4)
    return SensorState(
        look=draw_look(rng),
        metering=uniform(rng, spec.metering),
        hunting=uniform(rng, spec.hunting),
        hunting_steps=float(rng.uniform(16, 60)),
        white_balance=(1 + warm, 1.0 + tint, 1 - warm),
        read_noise=uniform(rng, spec.read_noise) * (1.6 if dark else 1.0),
        shot_noise=uniform(rng, spec.shot_noise) * (2.0 if dark else 1.0),
        exposure_s=uniform(rng, spec.exposure_s) * (2.0 if dark else 1.0),
        defocus_px=uniform(rng, spec.defocus_px) if shares[0] < spec.defocus_share else 0.0,
        vignette=uniform(rng, spec.vignette),
        jpeg_quality=count(rng, spec.jpeg_quality) if shares[1] < spec.compressed_share else 0,
        drops=count(rng, spec.drops) if shares[2] < (0.75 if wet else spec.drops_share) else 0,
        dirt=uniform(rng, spec.dirt) if shares[3] < spec.dirt_share else 0.0,
    )
