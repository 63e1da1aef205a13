"""The fifteen corruptions of Hendrycks and Dietterich (2019), in five severities: for measuring, never for training.

The constants are those that the authors give for pictures of 64 x 64 pixels: our signs are 5 to 70 pixels high, as
large as the things on such pictures, and those for 224 x 224 would leave little of them. Two things differ from the
publication. Fog is value noise with the same decay from octave to octave, in place of diamonds and squares. Frost is
drawn, in place of six photographs. Elastic transforms move pixels by up to five; the boxes stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from sim.seeding import Stream, stream

SEVERITIES = (1, 2, 3, 4, 5)

Picture = NDArray[np.float32]
"""Values from 0 to 1, float32, shape (H, W, 3)."""


class Corruption(StrEnum):
    """What can befall a picture, in the order of the publication: noise, blur, weather, digital."""

    GAUSSIAN_NOISE = "gaussian_noise"
    SHOT_NOISE = "shot_noise"
    IMPULSE_NOISE = "impulse_noise"
    DEFOCUS_BLUR = "defocus_blur"
    GLASS_BLUR = "glass_blur"
    MOTION_BLUR = "motion_blur"
    ZOOM_BLUR = "zoom_blur"
    SNOW = "snow"
    FROST = "frost"
    FOG = "fog"
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    ELASTIC = "elastic_transform"
    PIXELATE = "pixelate"
    JPEG = "jpeg_compression"


def corrupt(
    rgb: NDArray[np.uint8], corruption: Corruption, severity: int, *, seed: int = 0, index: int = 0
) -> NDArray[np.uint8]:
    """Return a picture as a corruption leaves it: the same for the same seed and index.

    Args:
        rgb: uint8 (H, W, 3).
        corruption: Which.
        severity: 1 to 5.
        seed: Of whatever is random.
        index: Which picture it is.

    Raises:
        ValueError: If there is no such severity.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"Expected a severity from 1 to 5. Received: {severity}.")
    rng = stream(seed, Stream.CORRUPTION, list(Corruption).index(corruption), severity, index)
    made = _MAKERS[corruption]((rgb / np.float32(255.0)).astype(np.float32), severity - 1, rng)
    return np.clip(255.0 * made, 0.0, 255.0).astype(np.uint8)


def _gaussian_noise(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    sigma = (0.04, 0.08, 0.12, 0.15, 0.18)[level]
    return x + np.float32(sigma) * rng.standard_normal(x.shape, np.float32)


def _shot_noise(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    photons = (250, 100, 50, 30, 15)[level]
    return (rng.poisson(x * photons) / photons).astype(np.float32)


def _impulse_noise(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    amount = (0.01, 0.02, 0.05, 0.08, 0.14)[level]
    drawn = rng.random(x.shape, np.float32)
    return np.where(drawn < amount / 2, np.float32(0), np.where(drawn > 1 - amount / 2, np.float32(1), x))


def _defocus_blur(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    del rng
    radius, alias = ((0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1))[level]
    reach = np.arange(-8, 9)
    disk = (reach[:, None] ** 2 + reach[None] ** 2 <= radius**2).astype(np.float32)
    return cv2.filter2D(x, -1, cv2.GaussianBlur(disk / disk.sum(), (3, 3), alias))


def _glass_blur(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    sigma, reach, times = ((0.1, 1, 1), (0.5, 1, 1), (0.6, 1, 2), (0.7, 2, 1), (0.9, 2, 2))[level]
    rows, columns = np.indices(x.shape[:2])
    shaken = _soft(x, sigma)
    for _ in range(times):
        # The publication swaps neighbours one after another; drawing each pixel's source at once shuffles as far.
        moved = rng.integers(-reach, reach, (2, *x.shape[:2]))
        shaken = shaken[np.clip(rows + moved[0], 0, x.shape[0] - 1), np.clip(columns + moved[1], 0, x.shape[1] - 1)]
    return _soft(shaken, sigma)


def _motion_blur(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    radius, sigma = ((10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3))[level]
    return cv2.filter2D(x, -1, _streak(radius, sigma, rng.uniform(-45, 45)), borderType=cv2.BORDER_REPLICATE)


def _zoom_blur(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    del rng
    most = (1.06, 1.11, 1.16, 1.21, 1.26)[level]
    factors = np.arange(1.0, most, 0.01)
    return (x + sum(_zoomed(x, factor) for factor in factors)) / np.float32(len(factors) + 1)


def _snow(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    mean, spread, zoom, threshold, radius, sigma, keep = (
        (0.1, 0.2, 1, 0.6, 8, 3, 0.8),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.8),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.7),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.65),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.6),
    )[level]
    flakes = _zoomed(rng.normal(mean, spread, x.shape[:2]).astype(np.float32), zoom)
    flakes = np.clip(np.where(flakes < threshold, 0, flakes), 0, 1).astype(np.float32)
    flakes = cv2.filter2D(flakes, -1, _streak(radius, sigma, rng.uniform(-135, -45)))[..., None]
    grey = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)[..., None]
    whitened = keep * x + (1 - keep) * np.maximum(x, grey * 1.5 + 0.5)
    return whitened + flakes + flakes[::-1, ::-1]


def _frost(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    keep, amount = ((1, 0.3), (0.9, 0.4), (0.8, 0.45), (0.75, 0.5), (0.7, 0.55))[level]
    return keep * x + np.float32(amount) * _frost_picture(x.shape[0], x.shape[1], rng)


def _fog(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    amount, decay = ((0.4, 3), (0.7, 3), (1, 2.5), (1.5, 2), (2, 1.75))[level]
    top = float(x.max())
    return (x + amount * _octaves(x.shape[0], x.shape[1], decay, rng)[..., None]) * top / (top + amount)


def _brightness(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    del rng
    hsv = cv2.cvtColor(x, cv2.COLOR_RGB2HSV)
    hsv[..., 2] = np.clip(hsv[..., 2] + (0.1, 0.2, 0.3, 0.4, 0.5)[level], 0, 1)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def _contrast(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    del rng
    means = x.mean(axis=(0, 1), keepdims=True)
    return (x - means) * (0.4, 0.3, 0.2, 0.1, 0.05)[level] + means


def _elastic(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    alpha, sigma, shift = (
        (0.0, 0.0, 5.12),
        (3.2, 19.2, 3.84),
        (6.4, 5.12, 3.84),
        (6.4, 1.92, 1.92),
        (10.24, 1.92, 1.28),
    )[level]
    height, width = x.shape[:2]
    middle, reach = np.array([width // 2, height // 2], np.float32), min(height, width) // 3
    corners = np.stack([middle + reach, middle + np.float32([reach, -reach]), middle - reach]).astype(np.float32)
    moved = corners + rng.uniform(-shift, shift, corners.shape).astype(np.float32)
    turned = cv2.warpAffine(
        x, cv2.getAffineTransform(corners, moved), (width, height), borderMode=cv2.BORDER_REFLECT_101
    )
    fields = [
        alpha * gaussian_filter(rng.uniform(-1, 1, (height, width)), sigma, mode="reflect", truncate=3)
        for _ in range(2)
    ]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    maps = [(base + field).astype(np.float32) for base, field in zip((columns, rows), fields, strict=True)]
    return cv2.remap(turned, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _pixelate(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    del rng
    factor = (0.9, 0.8, 0.7, 0.6, 0.5)[level]
    height, width = x.shape[:2]
    small = cv2.resize(x, (int(width * factor), int(height * factor)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def _jpeg(x: Picture, level: int, rng: np.random.Generator) -> Picture:
    del rng
    quality = (65, 58, 50, 40, 25)[level]
    bgr = cv2.cvtColor(np.round(255 * x).astype(np.uint8), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    back: Any = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return (cv2.cvtColor(back, cv2.COLOR_BGR2RGB) / np.float32(255)).astype(np.float32)


_MAKERS: dict[Corruption, Callable[[Picture, int, np.random.Generator], Picture]] = dict(
    zip(
        Corruption,
        (
            _gaussian_noise,
            _shot_noise,
            _impulse_noise,
            _defocus_blur,
            _glass_blur,
            _motion_blur,
            _zoom_blur,
            _snow,
            _frost,
            _fog,
            _brightness,
            _contrast,
            _elastic,
            _pixelate,
            _jpeg,
        ),
        strict=True,
    )
)


def _soft(x: Picture, sigma: float) -> Picture:
    return cv2.GaussianBlur(x, (0, 0), sigma)


def _streak(radius: int, sigma: float, angle_deg: float) -> NDArray[np.float32]:
    """Return the kernel of a one-sided Gaussian along a line, as motion draws it; sums to 1."""
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1), np.float32)
    along = np.arange(0, radius + 1)
    weights = np.exp(-(along**2) / (2 * sigma**2))
    u, v = radius + along * np.cos(np.radians(angle_deg)), radius + along * np.sin(np.radians(angle_deg))
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    for du in (0, 1):
        for dv in (0, 1):
            share = (1 - np.abs(u - left - du)) * (1 - np.abs(v - top - dv))
            np.add.at(kernel, (np.minimum(top + dv, 2 * radius), np.minimum(left + du, 2 * radius)), weights * share)
    return kernel / kernel.sum()


def _zoomed(x: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Return the middle of a picture enlarged to the whole of it."""
    height, width = x.shape[:2]
    rows, columns = int(np.ceil(height / factor)), int(np.ceil(width / factor))
    top, left = (height - rows) // 2, (width - columns) // 2
    cut = x[top : top + rows, left : left + columns]
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _octaves(height: int, width: int, decay: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise from 0 to 1 whose octaves, each half as wide as the one before, weaken by `decay`."""
    total, cells, strength = np.zeros((height, width), np.float32), 2, 1.0
    while cells <= max(height, width):
        rows = max(round(cells * height / width), 2)
        coarse = rng.uniform(-1, 1, (rows, cells)).astype(np.float32)
        total += np.float32(strength) * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cells, strength = 2 * cells, strength / decay
    total -= total.min()
    return total / max(float(total.max()), 1e-9)


def _frost_picture(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return ice on glass: bluish white, in needles that grow from the edges inwards, from 0 to 1."""
    needles = np.zeros((height, width), np.float32)
    for _ in range(160):
        u, v, angle = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, 2 * np.pi)
        length = rng.uniform(12, 70)
        end = (round(u + length * np.cos(angle)), round(v + length * np.sin(angle)))
        cv2.line(needles, (round(u), round(v)), end, float(rng.uniform(0.4, 1.0)), int(rng.integers(1, 4)), cv2.LINE_AA)
    ice = 0.55 * _octaves(height, width, 1.6, rng) + 0.45 * cv2.GaussianBlur(needles, (0, 0), 1.2)
    return np.clip(ice, 0, 1)[..., None] * np.float32([0.86, 0.93, 1.0])
