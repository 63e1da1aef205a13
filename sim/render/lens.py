"""The modelled sensor: blur of motion and focus, drops and dirt, metering, white balance, noise, compression.

Noise is added where its strength does not depend on the signal: after Anscombe's transform, 2 sqrt(a x + s^2) / a for a
variance of s^2 + a x (Anscombe 1948; Starck, Murtagh and Bijaoui 1998), which a table applies and another takes back.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.light import SensorState
from sim.render.exposure import FIELD_UNIT, NOISE_REACH, blur_across, blur_down, expose_by_table
from sim.seeding import Stream, stream
from sim.world import World

_SLACK_PX = 64
"""How much larger than the frame the noise is: each frame cuts its own from another place."""

_MIDDLE_GREY = 112.0
"""Mean of a picture that is neither dark nor bright, which metering aims at."""

_GAINS = (0.6, 1.7)
_KNEE = 205.0
"""From here on highlights are compressed rather than cut."""

_ROADSIDE_M = 4.0
"""How far beside the camera lies what streaks at the picture's sides."""


@lru_cache(maxsize=12)
def _noise(size: tuple[int, int], sigma: float) -> NDArray[np.int8]:
    """Return noise, larger than a frame."""
    grains = stream(round(100 * sigma), Stream.SENSOR_STATE, 1).normal(
        0.0, sigma, (size[1] + _SLACK_PX, size[0] + _SLACK_PX, 3)
    )
    return np.clip(np.round(grains), -NOISE_REACH, NOISE_REACH - 1).astype(np.int8)


@lru_cache(maxsize=256)
def _tables(gain_64: int, read: float, shot: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8], float]:
    """Return the table from signal to a scale of even noise, that back, and the noise's deviation there.

    The table back is longer by `NOISE_REACH` at either end.
    """
    levels = np.arange(256.0)
    exposed = levels * gain_64 / 64
    over = np.maximum(exposed - _KNEE, 0.0)
    exposed = np.minimum(exposed, _KNEE) + (255.0 - _KNEE) * (1 - np.exp(-over / (255.0 - _KNEE)))
    low, high = (2 / shot * np.sqrt(shot * x + read**2) for x in (0.0, 255.0))
    unit = 255.0 / (high - low)
    there = unit * (2 / shot * np.sqrt(shot * exposed + read**2) - low)
    back = ((levels / unit + low) ** 2 * shot**2 / 4 - read**2) / shot
    return (
        np.clip(np.round(there), 0, 255).astype(np.uint8),
        np.pad(np.clip(np.round(back), 0, 255).astype(np.uint8), NOISE_REACH, mode="edge"),
        float(unit),
    )


class Lens:
    """The optics and sensor of one camera; keeps what it prepared for the last state."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._size = (camera.width_px, camera.height_px)
        self._state: SensorState | None = None
        self._field = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
        self._drops: list[tuple[int, int, NDArray[np.float32]]] = []

    def expose(self, rgb: NDArray[np.uint8], world: World) -> NDArray[np.uint8]:
        """Return the picture as the sensor gives it.

        Args:
            rgb: The finished drawing, shape (height_px, width_px, 3); it is drawn upon.
            world: Its light holds the sensor's state, its ego the motion, and its step the moment.

        Raises:
            ValueError: If the world's light has no sensor's state.
        """
        light = world.scene.light
        state = light.sensor
        if state is None:
            raise ValueError("Expected a light with the state of a sensor. Received: none.")
        self._prepare(state)
        picture = rgb
        self._streak(picture, world, state.exposure_s)
        if state.defocus_px:
            reach = (5, 5) if state.defocus_px > 0.6 else (3, 3)
            picture = np.asarray(cv2.GaussianBlur(picture, reach, state.defocus_px), np.uint8)
        for u, v, mask in self._drops:
            _lay_drop(picture, u, v, mask)
        mean = float(picture[::8, ::8].mean())
        swing = 1 + state.hunting * sin(2 * pi * (world.step / state.hunting_steps + state.look % 97 / 97))
        metered = (_MIDDLE_GREY / max(mean, 8.0)) ** state.metering
        gain = light.exposure * swing * min(max(metered, _GAINS[0]), _GAINS[1])
        there, back, sigma = _tables(round(64 * gain), round(state.read_noise, 1), round(state.shot_noise, 2) or 0.01)
        noise = _noise(self._size, max(0.5, round(2 * sigma) / 2))
        y, x = (int(part) for part in stream(world.scene.seed, Stream.SENSOR, world.step).integers(0, _SLACK_PX, 2))
        expose_by_table(picture, self._field, there, back, noise, y, x)
        if state.jpeg_quality:
            _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, state.jpeg_quality])
            picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        return np.asarray(picture, np.uint8)

    def _streak(self, rgb: NDArray[np.uint8], world: World, exposure_s: float) -> None:
        """Blur by the ego's motion, in place: turning moves everything aside, driving draws out what is near.

        What stands `_ROADSIDE_M` beside the camera is seen at u from the middle from a depth f * m / u, and moves by
        u * v t / depth = u^2 v t / (f m); the road at row v below the horizon likewise with the camera's height.
        """
        camera, ego = self._camera, world.ego
        run_m = ego.speed_mps * exposure_s
        width, height = self._size
        for inner, outer in ((0.55, 0.78), (0.78, 1.0)):
            middle_px = 0.5 * (inner + outer) * camera.centre_u_px
            reach = round(0.5 * middle_px**2 * run_m / (camera.focal_px * _ROADSIDE_M))
            if reach:
                near, far = round((1 - outer) * camera.centre_u_px), round((1 - inner) * camera.centre_u_px)
                blur_across(rgb, near, far, reach)
                blur_across(rgb, width - far, width - near, reach)
        below_px = 0.38 * height
        reach = round(0.5 * below_px**2 * run_m / (camera.focal_px * camera.height_m))
        if reach:
            blur_down(rgb, height - round(0.22 * height), reach)
        turn_rad = run_m * tan(ego.steer_rad) / world.geometry.wheelbase_m
        reach = round(0.5 * camera.focal_px * abs(turn_rad))
        if reach:
            blur_across(rgb, 0, width, reach)

    def _prepare(self, state: SensorState) -> None:
        if self._state == state:
            return
        rng = stream(state.look, Stream.SENSOR_STATE, 2)
        width, height = self._size
        u = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
        v = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
        field = 1 - 1.2 * state.vignette * (u[None, :] ** 2 + v[:, None] ** 2)
        if state.dirt:
            field *= _dirt(rng, self._size, state.dirt)
        channels = [cv2.convertScaleAbs(field, alpha=FIELD_UNIT * factor) for factor in state.white_balance]
        self._field = np.asarray(cv2.merge(channels), np.uint8)
        self._drops = [_drop(rng, self._size) for _ in range(state.drops)]
        self._state = state


def _dirt(rng: np.random.Generator, size: tuple[int, int], dark: float) -> NDArray[np.float32]:
    """Return how much of the light a dirty lens lets through: smears and specks out of focus."""
    width, height = size[0] // 4, size[1] // 4
    smear = cv2.resize(rng.uniform(0, 1, (5, 9)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    veil = np.clip(smear - 0.55, 0.0, 1.0) * 0.8
    for _ in range(int(rng.integers(3, 16))):
        place = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(veil, place, int(rng.integers(1, 6)), float(rng.uniform(0.2, 0.9)), -1)
    veil = cv2.GaussianBlur(veil, (7, 7), 1.8)
    smooth = cv2.resize(np.clip(veil, 0.0, 1.0), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(1 - dark * smooth, np.float32)


def _drop(rng: np.random.Generator, size: tuple[int, int]) -> tuple[int, int, NDArray[np.float32]]:
    """Return a drop's place and its mask, shape (n, n, 1): 1 where the picture is seen through it alone."""
    radius = int(rng.integers(5, 24))
    side = 2 * radius + 5
    mask = np.zeros((side, side), np.float32)
    axes = (radius, int(radius * rng.uniform(0.75, 1.0)))
    cv2.ellipse(mask, (side // 2, side // 2), axes, float(rng.uniform(60, 120)), 0, 360, 1.0, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (5, 5), 1.4)[..., None], np.float32)
    u, v = int(rng.integers(0, size[0] - side)), int(rng.integers(0, size[1] - side))
    return u, v, mask


def _lay_drop(picture: NDArray[np.uint8], u: int, v: int, mask: NDArray[np.float32]) -> None:
    """Show, through a drop, a wide and blurred view of the picture upside down, in place."""
    side = len(mask)
    height, width = picture.shape[:2]
    wide = picture[max(v - 2 * side, 0) : min(v + 3 * side, height), max(u - 2 * side, 0) : min(u + 3 * side, width)]
    seen = cv2.resize(wide[::4, ::4], (side, side), interpolation=cv2.INTER_LINEAR)[::-1]
    seen = cv2.blur(seen, (5, 5))
    part = picture[v : v + side, u : u + side]
    part[:] = part + (0.85 * seen.astype(np.float32) + 12.0 - part) * (0.82 * mask)
