"""What weather and people do to a face: each condition a layer that is made once and laid over any face."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled
from sim.render.faces.canvas import BLACK, OCTAGON, SQUARE, WHITE, Canvas, Points, Rgb, moved
from sim.seeding import Stream, stream
from sim.signs import CONDITIONS, WEATHERING_STEPS

LAYERS = 8
"""How many layers of each condition there are for each of its steps."""

LAYER_PX = 192
"""Side of a layer; it is fitted to the face that it is laid on."""

Pixels = NDArray[np.uint8]

_BLEACHED = (
    np.array([[0.86, 0.10, 0.04], [0.20, 0.72, 0.08], [0.22, 0.14, 0.64]], np.float32),
    np.array([[0.80, 0.16, 0.08], [0.36, 0.56, 0.08], [0.24, 0.20, 0.56]], np.float32),
)
"""How red, green and blue of a bleached face are mixed from those of a fresh one: towards pink, or towards orange.

Red pigments fail first: their green and blue reflectance rises while the white stays white.
"""


def age(rgba: Pixels, wear: float, rng: np.random.Generator) -> None:
    """Fade a premultiplied face towards pale and grey, and let dirt run over it, in place."""
    height, width = rgba.shape[:2]
    blotches = cv2.resize(rng.uniform(0, 1, (7, 7)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    _fade(rgba, np.asarray(blotches, np.float32), 0.45 * wear, 0.5 * wear)


@compiled
def _fade(rgba: Pixels, blotches: NDArray[np.float32], fade: float, dirt: float) -> None:
    kept, lost, dirty, opaque = np.float32(1 - fade), np.float32(fade), np.float32(dirt), np.float32(255)
    pale = np.array([205.0, 160.0, 150.0], np.float32)
    for row in range(rgba.shape[0]):
        for column in range(rgba.shape[1]):
            pixel = rgba[row, column]
            grey = np.float32(pixel[0] + pixel[1] + pixel[2]) / np.float32(3)
            share = np.float32(pixel[3]) / opaque
            blotch = min(max(blotches[row, column] - np.float32(0.35), np.float32(0)), np.float32(1))
            clean = np.float32(1) - dirty * blotch
            for k in range(3):
                faded = np.float32(0.6) * grey + np.float32(0.4) * (pale[k] * share)
                level = (np.float32(pixel[k]) * kept + faded * lost) * clean
                pixel[k] = np.uint8(min(max(level, np.float32(0)), opaque))


def weather(rgba: Pixels, look: int, steps: tuple[int, ...]) -> Pixels:
    """Return a premultiplied face with all that has befallen it.

    Args:
        rgba: The face, shape (H, W, 4).
        look: Which of the layers are laid over it.
        steps: `Weathering.steps`.
    """
    amounts = dict(zip(CONDITIONS, steps, strict=True))
    fade = amounts.pop("fade")
    if fade:
        rgba = _bleach(rgba, look, fade)
    alpha = rgba[..., 3]
    shape = cv2.merge([alpha, alpha, alpha, alpha])
    for name, step in amounts.items():
        if step:
            ink, shows = _sized_layer(name, look % LAYERS, step, rgba.shape[1], rgba.shape[0])
            ink = cv2.multiply(ink, shape, scale=1 / 255)
            mixed = cv2.add(cv2.multiply(rgba, shows, scale=1 / 255), ink)
            # Rounding must not lift a colour over its alpha: premultiplied pixels would overflow where they are laid.
            rgba = np.asarray(cv2.min(mixed, shape), np.uint8)
    return rgba


def _bleach(rgba: Pixels, look: int, step: int) -> Pixels:
    share = step / (WEATHERING_STEPS - 1)
    tint = _BLEACHED[look % len(_BLEACHED)]
    mix = np.eye(4, dtype=np.float32)
    mix[:3, :3] = (1 - 0.85 * share) * np.eye(3, dtype=np.float32) + 0.85 * share * tint
    # What is left is paler by what the sheeting scatters; the alpha carries white into a premultiplied picture.
    mix[:3, :3] *= 1 - 0.25 * share
    mix[:3, 3] = share * np.array([0.40, 0.28, 0.25], np.float32)
    return np.minimum(np.asarray(cv2.transform(rgba, mix), np.uint8), rgba[..., 3:])


@lru_cache(maxsize=512)
def _sized_layer(name: str, look: int, step: int, width_px: int, height_px: int) -> tuple[Pixels, Pixels]:
    """Return a layer of a size as what it adds to a face, and what of the face shows through; both RGBA.

    Neither changes alpha: a face keeps its silhouette.
    """
    layer = _layer(name, look, step)
    if layer.shape[:2] != (height_px, width_px):
        layer = np.asarray(cv2.resize(layer, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)
    red, green, blue, cover = cv2.split(layer)
    clear = np.zeros_like(cover)
    shows = cv2.bitwise_not(cv2.merge([cover, cover, cover, clear]))
    return np.asarray(cv2.merge([red, green, blue, clear]), np.uint8), np.asarray(shows, np.uint8)


@lru_cache(maxsize=256)
def _layer(name: str, look: int, step: int) -> Pixels:
    """Return one condition alone, as premultiplied RGBA of shape (LAYER_PX, LAYER_PX, 4)."""
    index = CONDITIONS.index(name)
    rng = stream(look, Stream.SIGN_WEAR, index, step)
    share = step / (WEATHERING_STEPS - 1)
    if name in _SMOOTH:
        return _SMOOTH[name](rng, share)
    canvas = Canvas(2 * LAYER_PX, 2 * LAYER_PX)
    _DRAWN[name](canvas, rng, step)
    return canvas.pixels()


def _noise(rng: np.random.Generator, cells: tuple[int, int]) -> NDArray[np.float32]:
    """Return smooth noise from 0 to 1, shape (LAYER_PX, LAYER_PX)."""
    coarse = rng.uniform(0, 1, cells).astype(np.float32)
    fine = np.asarray(cv2.resize(coarse, (LAYER_PX, LAYER_PX), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.clip(fine, 0, 1)


def _tinted(alpha: NDArray[np.floating], colour: tuple[float, float, float]) -> Pixels:
    alpha = np.clip(alpha, 0, 1)[..., None]
    return np.concatenate([alpha * np.array(colour, np.float32), 255 * alpha], axis=2).astype(np.uint8)


def _rows() -> NDArray[np.float32]:
    return np.linspace(0, 1, LAYER_PX, dtype=np.float32)[:, None]


def _dirt(rng: np.random.Generator, share: float) -> Pixels:
    streaks = _noise(rng, (2, 26)) * _noise(rng, (5, 7))
    dust = _noise(rng, (9, 9)) * (0.35 + 0.65 * _rows())
    return _tinted(share * np.clip(1.3 * streaks + 0.75 * dust - 0.12, 0, 0.86), (74.0, 64.0, 50.0))


def _rust(rng: np.random.Generator, share: float) -> Pixels:
    across = np.abs(np.linspace(-1, 1, LAYER_PX, dtype=np.float32))
    edge = np.maximum(np.maximum(across[:, None], across[None, :]), (across[:, None] + across[None, :]) / 1.414)
    rough = 0.6 * _noise(rng, (9, 9)) + 0.4 * _noise(rng, (30, 30))
    # The edge of an octagon lies at 1 here; rust creeps inwards from it, and runs down from the two bolts.
    alpha = 5.0 * (edge + 0.75 * rough - 1.52 + 0.42 * share)
    columns = np.arange(LAYER_PX)[None, :]
    for bolt in (0.16, 0.84):
        width = 0.012 + 0.02 * float(rng.uniform()) + 0.02 * share
        run = np.exp(-(((columns / LAYER_PX - 0.5) / width) ** 2)) * (_rows() > bolt)
        alpha = np.maximum(alpha, share * run * np.exp(-(_rows() - bolt) / (0.05 + 0.2 * share)))
    return _tinted(np.clip(alpha, 0, 0.92) * (0.8 + 0.2 * rough), (112.0, 58.0, 28.0))


def _snow(rng: np.random.Generator, share: float) -> Pixels:
    drift = 0.75 * _noise(rng, (4, 6)) + 0.25 * _noise(rng, (24, 24))
    wind = np.linspace(0, 1, LAYER_PX, dtype=np.float32)[None, :] * float(rng.choice([-1.0, 1.0]))
    cover = drift + 0.42 * _rows() + 0.22 * wind + 0.50 * share - 1.0
    return _tinted(np.clip(7.0 * cover, 0, 0.97), (240.0, 244.0, 250.0))


def _glare(rng: np.random.Generator, share: float) -> Pixels:
    x, y = np.meshgrid(np.linspace(-1, 1, LAYER_PX, dtype=np.float32), np.linspace(-1, 1, LAYER_PX, dtype=np.float32))
    turn = float(rng.uniform(0, pi))
    across = (x - rng.uniform(-0.5, 0.5)) * cos(turn) + (y - rng.uniform(-0.5, 0.5)) * sin(turn)
    along = (x - rng.uniform(-0.3, 0.3)) * -sin(turn) + (y - rng.uniform(-0.3, 0.3)) * cos(turn)
    patch = np.exp(-((across / (0.16 + 0.16 * share)) ** 2) - (along / 0.8) ** 2)
    return _tinted(0.9 * (0.4 + 0.6 * share) * patch, (255.0, 252.0, 244.0))


def _stickers(canvas: Canvas, rng: np.random.Generator, step: int) -> None:
    inks: tuple[Rgb, ...] = (WHITE, BLACK, (250, 214, 60), (60, 120, 200), (70, 170, 90), (240, 120, 180))
    for _ in range(1 + step):
        x, y = float(rng.uniform(-0.34, 0.34)), float(rng.uniform(-0.34, 0.34))
        wide, high = float(rng.uniform(0.10, 0.22)), float(rng.uniform(0.07, 0.16))
        turn = float(rng.uniform(-0.5, 0.5))
        ground, ink = inks[int(rng.integers(6))], inks[int(rng.integers(6))]
        form = SQUARE if rng.random() < 0.7 else OCTAGON
        place: Points = [
            (x + wide * px * cos(turn) - high * py * sin(turn), y + wide * px * sin(turn) + high * py * cos(turn))
            for px, py in form
        ]
        canvas.shape(place, ground)
        canvas.shape([(0.7 * px + 0.3 * x, 0.7 * py + 0.3 * y) for px, py in place], ink)


def _graffiti(canvas: Canvas, rng: np.random.Generator, step: int) -> None:
    inks: tuple[Rgb, ...] = ((20, 20, 24), (24, 24, 30), (236, 236, 236), (40, 70, 180), (60, 60, 66), (230, 200, 40))
    for _ in range(step):
        ink = inks[int(rng.integers(6))]
        x, y = float(rng.uniform(-0.40, -0.10)), float(rng.uniform(-0.28, 0.28))
        heading = float(rng.uniform(-1.2, 1.2))
        scrawl: Points = [(x, y)]
        bend = float(rng.uniform(-0.7, 0.7))
        for k in range(int(rng.integers(26, 44))):
            # A tag: loops that drift to the right.
            heading += bend
            if k % 6 == 5:
                bend = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.35, 0.95))
            x = min(max(x + 0.034 * cos(heading) + 0.010, -0.45), 0.45)
            y = min(max(y + 0.040 * sin(heading), -0.40), 0.40)
            scrawl.append((x, y))
        canvas.line(scrawl, ink, float(rng.uniform(0.020, 0.034)), round_ends=True)


def _holes(canvas: Canvas, rng: np.random.Generator, step: int) -> None:
    for _ in range(2 + 3 * step):
        x, y = float(rng.uniform(-0.40, 0.40)), float(rng.uniform(-0.40, 0.40))
        radius = float(rng.uniform(0.010, 0.018))
        canvas.disc(x, y, 2.1 * radius, (150, 140, 130))
        canvas.disc(x + 0.3 * radius, y + 0.5 * radius, 1.6 * radius, (116, 70, 44))
        canvas.shape(moved(OCTAGON, x, y, 2 * radius), (24, 26, 26))


_SMOOTH = {"dirt": _dirt, "rust": _rust, "snow": _snow, "glare": _glare}
_DRAWN = {"stickers": _stickers, "graffiti": _graffiti, "holes": _holes}
