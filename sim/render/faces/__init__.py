"""Sign faces, drawn from a description as shapes and text, once each, with smaller copies for the distance."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.render.faces import adverts, classic, regulatory, stops
from sim.render.faces.canvas import OCTAGON, SQUARE, Canvas, Points
from sim.render.faces.stuck import stick
from sim.render.faces.weathering import age, weather
from sim.seeding import Stream, stream
from sim.signs import AS_NEW, Face, Plate, SignKind, StopStyle
from sim.stickers import Sticker

__all__ = [
    "LOOKS",
    "OCTAGON",
    "TEXTURE_PX",
    "WEARS",
    "FaceKey",
    "mean_colour",
    "outline",
    "retroreflective",
    "texture",
    "textures",
]

LOOKS = 16
"""How many looks each kind of face has."""

WEARS = 4
"""Steps of wear that are drawn; in between, the nearest serves."""

TEXTURE_PX = 192
"""Longest side of a finished face: about that of the usual sign where the camera sees it nearest, supersampled."""

FaceKey = tuple[Face, int, int, float, tuple[int, ...], Sticker | None]
"""Face, look, step of wear, width over height, steps of weathering, and a sticker: what `textures` needs."""

_KINDS = list(SignKind)
_STYLES: list[Face] = [*StopStyle, *Plate]
_FIRST_STYLE = 1000
"""Styles are counted from here on in the stream of textures, so that more kinds of signs shift none of them."""

_OUTLINES: dict[Face, Points] = {
    **classic.OUTLINES,
    **regulatory.OUTLINES,
    **adverts.OUTLINES,
    **dict.fromkeys(StopStyle, OCTAGON),
    **stops.OUTLINES,
}
_CLASSIC = frozenset(classic.DRAWINGS)
"""The faces of the plain world."""
_PLAINLY_LIT = frozenset({*adverts.DRAWINGS, SignKind.SALE, SignKind.BILLBOARD, SignKind.SIGN_BACK})
"""What is printed, painted or bare metal rather than covered with retroreflective sheeting."""

_DRAWINGS: dict[Face, Callable[[Canvas, np.random.Generator], None]] = {
    **classic.DRAWINGS,
    **regulatory.DRAWINGS,
    **adverts.DRAWINGS,
    **stops.DRAWINGS,
}


def outline(face: Face) -> Points:
    """Return the silhouette of a face in units of its width and height about its centre, v downwards."""
    return _OUTLINES.get(face, SQUARE)


def retroreflective(face: Face) -> bool:
    """Return whether a face throws headlights back to where they come from: traffic signs do, adverts do not."""
    return face not in _PLAINLY_LIT


@lru_cache(maxsize=512)
def _fresh(face: Face, look: int, wear_step: int, aspect: float) -> tuple[NDArray[np.uint8], ...]:
    """Return a face with plain wear alone, as premultiplied RGBA at full size, half, quarter and so on."""
    width = TEXTURE_PX if aspect >= 1 else max(8, round(TEXTURE_PX * aspect))
    height = TEXTURE_PX if aspect <= 1 else max(8, round(TEXTURE_PX / aspect))
    canvas = Canvas(2 * width, 2 * height, look)
    number = _KINDS.index(face) if isinstance(face, SignKind) else _FIRST_STYLE + _STYLES.index(face)
    rng = stream(look, Stream.TEXTURE, number)
    _DRAWINGS[face](canvas, rng)
    if face not in _CLASSIC:
        canvas.cut(outline(face))
    finished = canvas.pixels()
    if wear_step:
        age(finished, (wear_step + float(rng.uniform(-0.5, 0.5))) / WEARS, rng)
    levels = [finished]
    while min(levels[-1].shape[:2]) >= 12:
        last = levels[-1]
        size = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
        levels.append(np.asarray(cv2.resize(last, size, interpolation=cv2.INTER_AREA), np.uint8))
    return tuple(np.ascontiguousarray(level) for level in levels)


@lru_cache(maxsize=1024)
def _weathered(key: FaceKey, level: int) -> NDArray[np.uint8]:
    """Return one level of a face with all that has befallen it, a sticker last of all."""
    rgba = weather(_fresh(*key[:4])[level], key[1], key[4])
    return np.ascontiguousarray(rgba if key[5] is None else stick(rgba, key[5]))


def textures(
    face: Face,
    look: int,
    wear_step: int,
    aspect: float,
    weathering: tuple[int, ...] = AS_NEW.steps,
    sticker: Sticker | None = None,
) -> tuple[NDArray[np.uint8], ...]:
    """Return a face as premultiplied RGBA at full size, half, quarter and so on down to 6 px.

    Args:
        face: Which face.
        look: Which of its `LOOKS`.
        wear_step: Which of the `WEARS`.
        aspect: Width over height.
        weathering: `Weathering.steps` of what has befallen it.
        sticker: What is stuck on it, if anything.
    """
    levels = _fresh(face, look, wear_step, aspect)
    if not any(weathering) and sticker is None:
        return levels
    key = (face, look, wear_step, aspect, weathering, sticker)
    return tuple(_weathered(key, number) for number in range(len(levels)))


def texture(key: FaceKey, below_px: float) -> NDArray[np.uint8]:
    """Return the largest copy of a face whose longer side is below a length, or else the smallest there is.

    The other copies are not weathered for it: most signs are far away, and weathering a small copy costs little.
    """
    levels = _fresh(*key[:4])
    number = next((k for k, level in enumerate(levels) if max(level.shape[:2]) < below_px), len(levels) - 1)
    return levels[number] if key[5] is None and not any(key[4]) else _weathered(key, number)


@lru_cache(maxsize=1024)
def mean_colour(
    face: Face,
    look: int,
    wear_step: int,
    aspect: float,
    weathering: tuple[int, ...] = AS_NEW.steps,
    sticker: Sticker | None = None,
) -> tuple[float, float, float]:
    """Return the mean colour of a face's opaque part: how it looks from far away."""
    smallest = texture((face, look, wear_step, aspect, weathering, sticker), 0.0).reshape(-1, 4).astype(np.float64)
    alpha = max(float(smallest[:, 3].sum()), 1.0)
    red, green, blue = (float(255 * smallest[:, k].sum() / alpha) for k in range(3))
    return red, green, blue
