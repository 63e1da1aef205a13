"""What is between the camera and the world: a sun that dazzles, lamps that glow, rain and snow that fall."""

from __future__ import annotations

from functools import lru_cache
from math import cos, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.light import Light, Weather
from sim.render.mesh import Mesh
from sim.render.projection import Projected, View
from sim.seeding import Stream, stream

_SLACK_PX = 96
"""How much larger than the frame a sheet of rain or snow is: each frame cuts another part of it."""

_GLOWS = 0.65
"""What shines at least so much by itself is a lamp."""

_SUN_PX = 420
_DENSITIES = 4


@lru_cache(maxsize=64)
def _glow(radius_px: int, colour: tuple[int, int, int], falls: float) -> NDArray[np.uint8]:
    """Return a disc of light that fades outwards, RGB, shape (2 r, 2 r, 3)."""
    place = (np.arange(2 * radius_px) + 0.5) / radius_px - 1
    away = np.minimum(np.hypot(place[None, :], place[:, None]), 1.0)
    strength = (1 - away) ** falls
    return np.clip(strength[..., None] * np.array(colour), 0, 255).astype(np.uint8)


def add_glow(
    rgb: NDArray[np.uint8], u: float, v: float, radius_px: int, colour: tuple[int, int, int], falls: float = 2.4
) -> None:
    """Add a disc of light about a place in the picture, in place."""
    sprite = _glow(max(radius_px, 2), colour, falls)
    u0, v0 = round(u) - len(sprite) // 2, round(v) - len(sprite) // 2
    height, width = rgb.shape[:2]
    left, top, right, bottom = max(u0, 0), max(v0, 0), min(u0 + len(sprite), width), min(v0 + len(sprite), height)
    if right > left and bottom > top:
        part = rgb[top:bottom, left:right]
        cv2.add(part, sprite[top - v0 : bottom - v0, left - u0 : right - u0], dst=part)


def sun_in_picture(light: Light, view: View) -> tuple[float, float] | None:
    """Return where the sun is in the picture, in output pixels, which may be outside of the frame; None behind."""
    turn = light.sun_heading_rad - view.heading_rad
    ahead, left = cos(turn), sin(turn)
    if ahead < 0.2:
        return None
    camera = view.camera
    u = camera.centre_u_px - camera.focal_px * left / ahead
    return u, view.centre_v_px - camera.focal_px * tan(light.sun_height_rad) / ahead


def dazzle(rgb: NDArray[np.uint8], light: Light, view: View, solids: Projected) -> None:
    """Let the sun bloom over the picture, and stray light veil it, in place; behind something wide it does less."""
    place = sun_in_picture(light, view)
    if place is None:
        return
    u, v = place
    bounds = solids.bounds / view.scale
    before = (bounds[:, 0] < u - 4) & (bounds[:, 2] > u + 4) & (bounds[:, 1] < v - 4) & (bounds[:, 3] > v + 4)
    share = 0.35 if before.any() else 1.0
    camera = view.camera
    outside = max(-u, u - camera.width_px, -v, 0.0)
    strength = share * max(0.0, 1.0 - outside / 260.0) * min(1.0, light.sunlight + 0.2)
    if strength < 0.05:
        return
    steps = max(1, round(8 * strength))
    level = steps / 8
    veil = 24 * level
    cv2.add(rgb, np.array([veil, 0.92 * veil, 0.78 * veil, 0.0]), dst=rgb)
    add_glow(rgb, u, v, _SUN_PX, (round(128 * level), round(114 * level), round(84 * level)), 3.2)
    add_glow(rgb, u, v, 44, (round(255 * level), round(252 * level), round(225 * level)), 1.3)


@lru_cache(maxsize=_DENSITIES * 2 + 2)
def _rain(size: tuple[int, int], density: int) -> NDArray[np.uint8]:
    """Return a sheet of streaks, how much each pixel is brightened, 0-255."""
    width, height = size[0] + _SLACK_PX, size[1] + _SLACK_PX
    rng = stream(density, Stream.WEATHER, 2)
    sheet = np.zeros((height, width), np.uint8)
    slant = float(rng.uniform(-0.12, 0.12))
    for _ in range(150 * (density + 1)):
        u, v = float(rng.uniform(0, width)), float(rng.uniform(-40, height))
        near = float(rng.beta(1.2, 4.0))
        length = 6 + 40 * near
        end = (round(8 * (u + slant * length)), round(8 * (v + length)))
        cv2.line(sheet, (round(8 * u), round(8 * v)), end, round(22 + 16 * near), 1, cv2.LINE_AA, 3)
    return np.asarray(cv2.GaussianBlur(sheet, (3, 3), 0.7), np.uint8)


@lru_cache(maxsize=_DENSITIES * 2 + 2)
def _flakes(size: tuple[int, int], density: int) -> NDArray[np.uint8]:
    """Return a sheet of snowflakes, how white each pixel is, 0-255."""
    width, height = size[0] + _SLACK_PX, size[1] + _SLACK_PX
    rng = stream(density, Stream.WEATHER, 3)
    sheet = np.zeros((height, width), np.uint8)
    for _ in range(240 * (density + 1)):
        u, v, near = float(rng.uniform(0, width)), float(rng.uniform(0, height)), float(rng.beta(1.0, 6.0))
        radius = 0.6 + 4.5 * near
        flake = np.zeros_like(sheet[:24, :24])
        axes = (round(8 * radius), round(8 * radius * (1.1 + 1.2 * near)))
        cv2.ellipse(
            flake, (96, 96), axes, float(rng.uniform(-25, 25)), 0, 360, round(215 - 120 * near), -1, cv2.LINE_AA, 3
        )
        if near > 0.25:
            flake = cv2.GaussianBlur(flake, (5, 5), 1.5)
        x, y = int(u) - 12, int(v) - 12
        if 0 <= x < width - 24 and 0 <= y < height - 24:
            part = sheet[y : y + 24, x : x + 24]
            cv2.max(part, flake, dst=part)
    return sheet


def falls(rgb: NDArray[np.uint8], light: Light, camera: Camera, seed: int, step: int) -> None:
    """Draw what falls through the air at a moment, in place."""
    if not light.in_air:
        return
    size = (camera.width_px, camera.height_px)
    y, x = (int(value) for value in stream(seed, Stream.WEATHER, 4, step).integers(0, _SLACK_PX, 2))
    density = min(int(light.in_air * _DENSITIES), _DENSITIES - 1)
    sheets = _rain if light.weather is Weather.RAIN else _flakes
    sheet = sheets(size, density)[y : y + size[1], x : x + size[0]]
    level = max(0.12, min(1.0, light.ambient[1])) + (0.25 if light.headlights else 0.0)
    if light.weather is Weather.RAIN:
        streaks = cv2.convertScaleAbs(sheet, alpha=min(level, 1.0))
        cv2.add(rgb, cv2.merge([streaks, streaks, streaks]), dst=rgb)
    else:
        flakes = cv2.convertScaleAbs(sheet, alpha=min(level, 1.0))
        cv2.max(rgb, cv2.merge([flakes, flakes, flakes]), dst=rgb)


def glow_lamps(
    rgb: NDArray[np.uint8],
    drawn: NDArray[np.uint8],
    light: Light,
    mesh: Mesh,
    solids: Projected,
    colours: NDArray[np.uint8],
) -> None:
    """Let every lamp that is lit and not hidden glow, in place.

    Args:
        rgb: The picture.
        drawn: The supersampled picture that it was made from: a lamp whose own colour is at its place there is seen.
        light: Its haze spreads the glow.
        mesh: What was drawn.
        solids: The polygons of `mesh` in the supersampled picture.
        colours: Of each of these, RGBA.
    """
    if not light.lamps:
        return
    high, wide = drawn.shape[:2]
    scale = wide / rgb.shape[1]
    middles = 0.5 * (solids.bounds[:, :2] + solids.bounds[:, 2:])
    spread = 1.0 + 0.9 * min(1.0, 120.0 / light.visibility_m)
    for k in np.flatnonzero(mesh.shining[solids.index] >= _GLOWS).tolist():
        u, v = middles[k].tolist()
        red, green, blue, _ = colours[k].tolist()
        if not (0 <= u < wide and 0 <= v < high) or drawn[int(v), int(u), :3].tolist() != [red, green, blue]:
            continue
        white = min(red, blue) > 110
        radius = (46 if white else 24) * spread * (12.0 / max(float(solids.depth_m[k]), 4.0)) ** 0.55
        part = 0.62 if white else 0.5
        colour = (_step(part * red), _step(part * green), _step(part * blue))
        add_glow(rgb, u / scale, v / scale, 2 * round(radius / 2), colour)


def _step(value: float) -> int:
    """Round a colour, so that glows of nearly the same one share a sprite."""
    return 16 * round(value / 16)
