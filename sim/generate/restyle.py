"""The same scene in another light, weather or state, and with things put into it or taken out: for trying out live."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from math import hypot, pi
from typing import Any

from sim.generate.distractors import FIRST_SIGN_ID, FORMS, add_more_distractors
from sim.generate.light import draw_light, draw_weather
from sim.generate.sign_styles import UNWEATHERED
from sim.light import Light, Sky, Weather
from sim.road import Edge
from sim.seeding import Stream, stream
from sim.signs import MIN_HEIGHT_TOWN_M, USUAL_STOP_WIDTH_M, Role, Sign, SignKind, Weathering
from sim.spec import LightSpec, SignSpec, WorldSpec
from sim.stickers import Sticker
from sim.vehicle import wrap_angle
from sim.world import Scene, World


class Age(Enum):
    """In which state every sign is; the value is its wear, from 0 to 1."""

    NEW = 0.0
    USED = 0.35
    WORN = 0.65
    RUINED = 1.0


class Clutter(Enum):
    """How many things that are no stop sign stand about; the value is how many are added, or None for none at all."""

    NONE = None
    SOME = 8
    MANY = 20


@dataclass(frozen=True, slots=True)
class Style:
    """What is changed of a scene; what is None stays as it was generated.

    Attributes:
        sky: Where the light comes from: the hour of the day.
        weather: What is in the air and on the ground.
        age: In which state the signs are.
        clutter: How many things that are no stop sign stand about.
    """

    sky: Sky | None = None
    weather: Weather | None = None
    age: Age | None = None
    clutter: Clutter | None = None


def restyled(base: Scene, style: Style) -> Scene:
    """Return a scene in another style, drawn from its own seed: the same scene and style, the same result.

    Args:
        base: The scene as it was generated.
        style: What to change.
    """
    scene = base
    if style.clutter is not None:
        scene = replace(scene, signs=_cluttered(scene, style.clutter))
    if style.age is not None:
        scene = replace(scene, signs=tuple(aged(sign, style.age) for sign in scene.signs))
    if style.sky is not None or style.weather is not None:
        sky = scene.light.sky if style.sky is None else style.sky
        weather = scene.light.weather if style.weather is None else style.weather
        scene = replace(scene, light=_relit(scene, sky, weather))
    return scene


def _relit(scene: Scene, sky: Sky, weather: Weather) -> Light:
    """Return the light of a scene under a given sky in a given weather; surfaces and sensor stay as they are."""
    shares: dict[str, Any] = {"textured_share": float(scene.light.textured)}
    if sky is not Sky.PLAIN:
        shares[f"{sky}_share"] = 1.0
    if weather is not Weather.DRY:
        shares[f"{weather}_share"] = 1.0
    plain = draw_light(stream(scene.seed, Stream.LIGHT), WorldSpec(dusk_share=0.0))
    heading_rad = scene.network.ego_road.path.heading(0.0)
    light = draw_weather(scene.seed, WorldSpec(dusk_share=0.0, light=LightSpec(**shares)), plain, heading_rad)
    return replace(light, sensor=scene.light.sensor)


def aged(sign: Sign, age: Age) -> Sign:
    """Return a sign in another state; what is no sheet of metal stays as it is."""
    if sign.kind in UNWEATHERED:
        return sign
    much = max(age.value - 0.35, 0.0)
    return replace(sign, wear=age.value, weathering=Weathering(fade=much, dirt=0.8 * much, rust=0.8 * much))


def _cluttered(scene: Scene, clutter: Clutter) -> tuple[Sign, ...]:
    if clutter.value is None:
        return tuple(sign for sign in scene.signs if sign.kind is SignKind.STOP)
    signs = list(scene.signs)
    spec = WorldSpec(sign=SignSpec(distractors=(clutter.value, clutter.value), lookalike_share=0.6))
    town = scene.network.ego_road.edge is Edge.KERB
    added: list[Sign] = []
    # Ids that follow from a count would be given twice where signs have been taken up.
    add_more_distractors(scene.seed, spec, scene.network, signs, town, scene.route_end_s_m)
    for sign in signs[len(scene.signs) :]:
        added.append(replace(sign, sign_id=_next_id((*scene.signs, *added))))
    return (*scene.signs, *added)


def _next_id(signs: tuple[Sign, ...]) -> int:
    return max((sign.sign_id for sign in signs), default=FIRST_SIGN_ID - 1) + 1


def put_sign(world: World, kind: SignKind, x_m: float, y_m: float, *, stickers: float = 0.0) -> World:
    """Return the world with a thing at a place, looking at those who come along the ego's road.

    A stop sign that is put there asks the ego to stop, though there is no line.

    Args:
        world: Where to put it.
        kind: What it is.
        x_m: World position.
        y_m: World position.
        stickers: How much of its face stickers hide, 0 to 1.
    """
    scene = world.scene
    path = scene.network.ego_road.path
    facing_rad = wrap_angle(path.heading(path.project(x_m, y_m, None)[0]) + pi)
    is_stop = kind is SignKind.STOP
    number = _next_id(scene.signs)
    if is_stop:
        width_m = height_m = USUAL_STOP_WIDTH_M
        sign = Sign(number, kind, x_m, y_m, MIN_HEIGHT_TOWN_M, width_m, height_m, facing_rad)
    else:
        form = FORMS[kind]
        bottom_m = MIN_HEIGHT_TOWN_M if form.bottom_m is None else 0.5 * (form.bottom_m[0] + form.bottom_m[1])
        sign = Sign(
            number, kind, x_m, y_m, bottom_m, form.width_m, form.height_m, facing_rad, look=number, mount=form.mount
        )
    sign = replace(
        sign,
        applies_to_ego=is_stop,
        role=Role.OWN if is_stop else Role.NONE,
        weathering=Weathering(stickers=stickers),
    )
    return replace(world, scene=replace(scene, signs=(*scene.signs, sign)))


def with_sticker(world: World, sticker: Sticker | None) -> World:
    """Return the world with a sticker on each stop sign that the ego must obey; None takes what is there away."""
    scene = world.scene
    signs = tuple(
        replace(sign, sticker=sticker) if sign.kind is SignKind.STOP and sign.applies_to_ego else sign
        for sign in scene.signs
    )
    return replace(world, scene=replace(scene, signs=signs))


def take_sign(world: World, x_m: float, y_m: float, within_m: float = 4.0) -> World:
    """Return the world without the sign, or whatever stands for one, nearest to a place; the same one if none is near.

    Args:
        world: Where to take it from.
        x_m: World position.
        y_m: World position.
        within_m: How near it must be.
    """
    scene = world.scene
    near = [(hypot(sign.x_m - x_m, sign.y_m - y_m), sign.sign_id) for sign in scene.signs]
    if not near or min(near)[0] > within_m:
        return world
    gone = min(near)[1]
    return replace(world, scene=replace(scene, signs=tuple(s for s in scene.signs if s.sign_id != gone)))
