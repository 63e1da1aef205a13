"""What lies behind and under everything: sky, clouds, hills, the grain of the ground, and haze."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.light import Light
from sim.render.ground_light import sample_grain
from sim.render.projection import View, most_raised_px
from sim.seeding import Stream, stream

_TILE_PX = 512
_TILE_M = 16.0
"""The ground's grain repeats after 16 m."""

_TO_PX = _TILE_PX / _TILE_M

_COARSE = 2
"""Sky and grain, which are soft, are worked out at one pixel in so many and enlarged."""

_CLOUD_PX = 2048
"""Width of the cloud panorama that goes once around the horizon."""


@lru_cache(maxsize=1)
def _grain() -> NDArray[np.uint8]:
    """Return how much darker each spot of a tile of ground is: blotches and grit, 0-255, shape (px + 1, px + 1, 1)."""
    rng = stream(0, Stream.TEXTURE, 1)
    tile = np.zeros((_TILE_PX, _TILE_PX), np.float32)
    for cells, weight in ((8, 0.35), (32, 0.35), (128, 0.45), (512, 0.35)):
        coarse = rng.uniform(0, 1, (cells, cells)).astype(np.float32)
        wrapped = np.pad(coarse, 2, mode="wrap")
        size = _TILE_PX * (cells + 4) // cells
        smooth = cv2.resize(wrapped, (size, size), interpolation=cv2.INTER_CUBIC)
        margin = (size - _TILE_PX) // 2
        tile += weight * smooth[margin : margin + _TILE_PX, margin : margin + _TILE_PX]
    tile -= tile.min()
    return np.pad(np.clip(tile / tile.max() * 105, 0, 255).astype(np.uint8), (0, 1), mode="wrap")[..., None]


@lru_cache(maxsize=4)
def _clouds(variant: int, rows: int) -> NDArray[np.uint8]:
    """Return cloud cover around the horizon, 0-255, shape (rows, _CLOUD_PX)."""
    rng = stream(variant, Stream.TEXTURE, 2)
    cover = np.zeros((rows, _CLOUD_PX), np.float32)
    for cells, weight in ((12, 0.6), (40, 0.3), (110, 0.15)):
        coarse = rng.uniform(-1, 1, (max(3, cells // 3), cells)).astype(np.float32)
        around = np.pad(coarse, ((0, 0), (cells, cells)), mode="wrap")
        thrice = cv2.resize(around, (3 * _CLOUD_PX, rows), interpolation=cv2.INTER_CUBIC)
        cover += weight * thrice[:, _CLOUD_PX : 2 * _CLOUD_PX]
    return np.clip((cover - 0.05) * 330, 0, 235).astype(np.uint8)


@lru_cache(maxsize=8)
def _waves(seed: int) -> tuple[float, ...]:
    """Return what shapes a scene's hills."""
    return tuple(stream(seed, Stream.SCENERY, 2).uniform(0, 1, 6).tolist())


def _ground_depth_m(camera: Camera, rows: int, step_px: int) -> NDArray[np.float32]:
    """Return the depth of the road at rows from the middle of the frame downwards, each `step_px` high."""
    below_px = camera.height_px // 2 + step_px * (np.arange(rows) + 0.5) - camera.centre_v_px
    return (camera.focal_px * camera.height_m / np.maximum(below_px, 0.3)).astype(np.float32)


def with_rows(sky: NDArray[np.uint8], rows: int) -> NDArray[np.uint8]:
    """Return the lowest rows of a picture of the sky; what it lacks at its top is the mirror image of what is there."""
    missing = rows - len(sky)
    if missing > 0:
        sky = np.asarray(cv2.copyMakeBorder(sky, missing, 0, 0, 0, cv2.BORDER_REFLECT), np.uint8)
    return sky[len(sky) - rows :]


_TWICE = np.uint64(2**32 + 1)
"""Multiplies a number of four bytes to two of them side by side."""


def enlarge(rgba: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Write an RGBA picture into one of twice its size, each pixel four times."""
    # Two pixels of four bytes are one number of eight.
    pairs = rgba.view(np.uint32)[..., 0].astype(np.uint64)
    pairs *= _TWICE
    out.reshape(len(rgba), 2, -1).view(np.uint64)[:] = pairs[:, None]


class Backdrop:
    """Draws sky and ground for one camera; keeps what does not change from frame to frame."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.sky_rows = camera.height_px // 2
        # A raised horizon leaves more rows of ground; others use the first of them.
        rows = camera.height_px - self.sky_rows + most_raised_px(camera)
        rows += rows % _COARSE
        self._depth_m = _ground_depth_m(camera, rows, 1)
        depth = _ground_depth_m(camera, rows // _COARSE, _COARSE)
        u = _COARSE * (np.arange(camera.width_px // _COARSE) + 0.5) - camera.centre_u_px
        self._depth_px, self._aside = _TO_PX * depth.astype(np.float64), np.asarray(u / camera.focal_px, np.float64)
        # Grit finer than a pixel averages out: from about 10 m on the grain fades.
        self._fade = np.clip(12.0 / depth.astype(np.float64), 0.0, 1.0) ** 0.8
        self._sky_key: tuple[int, Light, int] | None = None
        self._sky = np.zeros((0, 0, 4), np.uint8), np.zeros((0, 0, 4), np.uint8)
        self._haze_key: float | None = None
        self._haze = np.zeros((rows, camera.width_px), np.uint8)

    def sky(self, light: Light, seed: int, heading_rad: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the sky at half resolution and at twice the frame's, RGBA; alpha is 0, which marks it as no ground."""
        first = int((-heading_rad / (2 * pi) % 1.0) * _CLOUD_PX)
        # On a straight the sky stands still.
        if self._sky_key != (seed, light, first):
            self._sky = self._draw_sky(light, seed, first)
            self._sky_key = (seed, light, first)
        return self._sky

    def _draw_sky(self, light: Light, seed: int, first: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the sky seen from a column of the cloud panorama onwards."""
        rows, columns = self.sky_rows // _COARSE, self.camera.width_px // _COARSE
        share = np.linspace(0.0, 1.0, rows, dtype=np.float32)[:, None] ** 0.8
        top, low = np.array(light.sky_top, np.float32), np.array(light.sky_low, np.float32)
        column = np.concatenate([top + share * (low - top), np.zeros((rows, 1), np.float32)], axis=1)
        sky = np.repeat(column.astype(np.uint8)[:, None, :], columns, axis=1)
        cover = _clouds(seed % 4, rows)
        wide = int(_CLOUD_PX * self.camera.field_of_view_deg[0] / 360)
        window = np.take(cover, np.arange(first, first + wide) % _CLOUD_PX, axis=1)
        window = cv2.resize(window, (columns, rows), interpolation=cv2.INTER_LINEAR)
        strength = (seed // 4 % 5) / 6
        pale = [min(255.0, 0.5 * value + 0.5 * max(light.sky_low) + 10) for value in light.sky_low]
        cover = cv2.convertScaleAbs(window, alpha=strength)
        veil = cv2.merge([cover, cover, cover, np.zeros_like(cover)])
        bright = cv2.merge([*(cv2.convertScaleAbs(cover, alpha=value / 255) for value in pale), veil[..., 3]])
        half = cv2.add(cv2.multiply(sky, cv2.bitwise_not(veil), scale=1 / 255), bright)
        full = cv2.resize(half, (self.camera.width_px, self.sky_rows), interpolation=cv2.INTER_LINEAR)
        double = np.empty((2 * self.sky_rows, 2 * self.camera.width_px, 4), np.uint8)
        enlarge(np.asarray(full, np.uint8), double)
        return np.asarray(half, np.uint8), double

    def hills(self, seed: int, view: View) -> NDArray[np.float64]:
        """Return the outline of distant hills in supersampled pixels, shape (n, 2)."""
        camera, scale, heading_rad = self.camera, view.scale, view.heading_rad
        waves = _waves(seed)
        height_px = 4 + 26 * waves[0]
        u = np.linspace(0.0, camera.width_px, 25)
        azimuth = heading_rad - (u - camera.centre_u_px) / camera.focal_px
        rise = np.sin(3 * azimuth + 6 * waves[1]) + 0.6 * np.sin(7 * azimuth + 6 * waves[2])
        rise += 0.3 * np.cos(23 * azimuth + waves[3])
        top = scale * (view.centre_v_px - height_px * (0.5 + 0.28 * rise))
        bottom = scale * view.centre_v_px + scale
        ends = [[scale * camera.width_px, bottom], [0.0, bottom]]
        return np.concatenate([np.stack([scale * u, top], axis=1), ends])

    def finish_ground(self, rgba: NDArray[np.uint8], view: View, light: Light) -> NDArray[np.uint8]:
        """Give the ground its grain and haze, where alpha says that ground is seen.

        Args:
            rgba: Shape (height_px, width_px, 4); alpha is the share of each pixel that is ground.
            view: The camera's place, to which the grain does not move.
            light: For the haze.

        Returns:
            RGB of shape (height_px, width_px, 3).
        """
        rgb = cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB)
        lower = rgb[view.sky_rows :]
        rows, wide = lower.shape[:2]
        coarse = -(-rows // _COARSE)
        share = np.ascontiguousarray(rgba[view.sky_rows :, :, 3])
        place_px = view.x_m * _TO_PX % _TILE_PX, view.y_m * _TO_PX % _TILE_PX
        turn = cos(view.heading_rad), sin(view.heading_rad)
        grain = sample_grain(_grain(), self._depth_px[:coarse], self._aside, self._fade[:coarse], place_px, turn)
        grain = cv2.resize(grain, (wide, _COARSE * coarse), interpolation=cv2.INTER_LINEAR)[:rows]
        grain = cv2.multiply(grain, share, scale=1 / 255)
        haze = cv2.multiply(self._haze_of(light)[:rows], share, scale=1 / 255)
        kept = cv2.multiply(cv2.bitwise_not(grain), cv2.bitwise_not(haze), scale=1 / 255)
        cv2.multiply(lower, cv2.merge([kept, kept, kept]), dst=lower, scale=1 / 255)
        low = light.sky_low
        veil = cv2.merge([cv2.convertScaleAbs(haze, alpha=value / 255) for value in low])
        cv2.add(lower, veil, dst=lower)
        return np.asarray(rgb, np.uint8)

    def _haze_of(self, light: Light) -> NDArray[np.uint8]:
        if self._haze_key != light.visibility_m:
            hidden = 1 - np.exp(-3.0 * self._depth_m / light.visibility_m)
            self._haze = np.repeat((255 * hidden).astype(np.uint8)[:, None], self.camera.width_px, axis=1)
            self._haze_key = light.visibility_m
        return self._haze
