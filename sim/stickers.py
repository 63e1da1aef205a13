"""Stickers with a given picture, stuck on a sign's face at a given place: what somebody prints, and where it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.config import STRICT, parse
from sim.errors import RollingStopError
from sim.files import write_atomically
from sim.seeding import Stream, stream

OCTAGON_AREA = 0.8284
"""Area of an octagon over that of the square about it: 2 sqrt(2) - 2."""

INKS: tuple[tuple[int, int, int], ...] = (
    (238, 238, 234),
    (29, 29, 27),
    (0, 158, 224),
    (230, 0, 126),
    (255, 236, 0),
    (226, 0, 26),
    (0, 150, 64),
    (49, 39, 131),
)
"""What a four-colour press can lay down in full: paper, black, cyan, magenta, yellow, and red, green and blue as two of
them over each other. Halftones mix these by area (Neugebauer 1937), so what is printable is their convex hull."""

MAX_TEXELS = 64
"""Most rows, and most columns, of a sticker's picture."""


@dataclass(frozen=True, slots=True)
class Sticker:
    """A rectangle on a sign's face with a picture on it; a value, so that it can be a part of a world.

    Attributes:
        u: Its centre, right of the face's centre as seen, in widths of the face.
        v: Its centre, below the face's centre, in heights of the face.
        width: Its width in widths of the face.
        height: Its height in heights of the face.
        rows: Rows of its picture.
        columns: Columns of its picture.
        rgb: The picture's red, green and blue, row by row from the top, as hexadecimal digits.

    Raises:
        ValueError: If its size is not within 0 to 1, it does not touch the face, or the digits are not those of so many
            pixels.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    u: float
    v: float
    width: float
    height: float
    rows: int
    columns: int
    rgb: str

    def __post_init__(self) -> None:
        if not (0.0 < self.width <= 1.0 and 0.0 < self.height <= 1.0):
            raise ValueError(
                f"Expected a sticker's width and height above 0 to 1. Received: {self.width, self.height}."
            )
        if max(abs(self.u), abs(self.v)) > 0.5:
            raise ValueError(f"Expected a sticker's centre within -0.5 to 0.5. Received: {self.u, self.v}.")
        if not (1 <= self.rows <= MAX_TEXELS and 1 <= self.columns <= MAX_TEXELS):
            raise ValueError(f"Expected 1 to {MAX_TEXELS} rows and columns. Received: {self.rows, self.columns}.")
        try:
            size = len(bytes.fromhex(self.rgb))
        except ValueError:
            size = -1
        if size != 3 * self.rows * self.columns:
            raise ValueError(f"Expected rgb as {6 * self.rows * self.columns} hexadecimal digits. Received: others.")

    @classmethod
    def of(cls, place: Place, picture: NDArray[np.uint8]) -> Sticker:
        """Return the sticker with a picture, uint8 rgb of shape (rows, columns, 3), at a place."""
        rows, columns = picture.shape[:2]
        return cls(place.u, place.v, place.width, place.height, rows, columns, picture.tobytes().hex())

    @property
    def place(self) -> Place:
        """Where it is, and how large."""
        return Place(self.u, self.v, self.width, self.height)

    @property
    def picture(self) -> NDArray[np.uint8]:
        """Its picture, uint8 rgb of shape (rows, columns, 3)."""
        return np.frombuffer(bytes.fromhex(self.rgb), np.uint8).reshape(self.rows, self.columns, 3)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sticker is on a face, and how large: `Sticker` says in which units."""

    u: float
    v: float
    width: float
    height: float

    @property
    def area_share(self) -> float:
        """Share of an octagonal face that it hides."""
        return self.width * self.height / OCTAGON_AREA

    @property
    def on_octagon(self) -> bool:
        """Whether all of it is on an octagonal face."""
        u, v = abs(self.u) + 0.5 * self.width, abs(self.v) + 0.5 * self.height
        return u <= 0.5 and v <= 0.5 and u + v <= 2**-0.5 + 1e-9


def place_of(area: float, u: float, v: float, aspect: float = 1.0) -> Place:
    """Return the place of a sticker on a share of an octagon's area, `aspect` times as wide as high."""
    height = (area * OCTAGON_AREA / aspect) ** 0.5
    return Place(u, v, aspect * height, height)


def plain_sticker(place: Place, colour: tuple[int, int, int] = INKS[0]) -> Sticker:
    """Return a sticker of one colour, white paper if not given."""
    return Sticker.of(place, np.array(colour, np.uint8).reshape(1, 1, 3))


def noise_sticker(place: Place, rows: int, columns: int, seed: int) -> Sticker:
    """Return a sticker of random printable colours, each pixel another; the same for the same seed."""
    shares = stream(seed, Stream.ATTACK, 1).dirichlet(np.full(len(INKS), 0.4), (rows, columns))
    return Sticker.of(place, np.round(shares @ np.array(INKS, np.float64)).astype(np.uint8))


def write_sticker(sticker: Sticker, path: Path) -> None:
    """Write a sticker as JSON.

    Raises:
        StorageError: If it cannot be written.
    """
    place = sticker.place
    plain = {"u": place.u, "v": place.v, "width": place.width, "height": place.height}
    plain |= {"rows": sticker.rows, "columns": sticker.columns, "rgb": sticker.rgb}
    write_atomically(path, (json.dumps(plain, indent=1) + "\n").encode())


def read_sticker(path: Path) -> Sticker:
    """Read a sticker that `write_sticker` wrote.

    Raises:
        RollingStopError: If the file is missing or holds no sticker.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as fault:
        came = "no such file" if isinstance(fault, FileNotFoundError) else f"{type(fault).__name__}, {fault}"
        raise RollingStopError(
            f"Expected a sticker (JSON) at {path}. Received: {came}.",
            hint="Make one with `rollingstop attack sticker`.",
        ) from None
    return parse(raw, Sticker, RollingStopError, str(path))
