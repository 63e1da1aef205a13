"""Views of a stop sign on which a sticker is found: cuttings of drawn frames through which its picture can be followed.

A sticker's light, haze, exposure and vignette need no model of their own. Each view is drawn three times by the world's
own painter, from the same place and with the same noise: as it is, with a white sticker over the whole face, and with a
black one. Between those two a picture's values are carried into the frame along a straight line, whatever the light.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.errors import RollingStopError
from sim.generate import generate_world
from sim.generate.restyle import with_sticker
from sim.render import Painter
from sim.render.projection import View
from sim.render.signposts import FACE_OUT_M
from sim.seeding import Stream, derive_seed, stream
from sim.signs import Sign, SignKind
from sim.spec import WorldSpec
from sim.stickers import Place, Sticker, plain_sticker
from sim.world import World, place_ego

CUT_PX = 128
"""Side of a cutting: a sign at 8 m with more around it than the network's answer depends on."""

GRID_PX = 16
"""Cuttings begin at multiples of the network's coarsest stride, so that its cells lie as they do in the frame."""

NEAREST_M, FARTHEST_M = 8.5, 65.0
MOST_ASIDE_M = 0.5
MOST_TURN_RAD = 0.04
"""Where the camera is, drawn at random: depth of the sign, place in the lane, and heading."""

SAMPLES = 4
"""Each pixel is followed into the sticker's picture from so many places across, and as many down."""

_WHOLE_FACE = Place(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class SignView:
    """One view of a stop sign.

    Attributes:
        plain: The cutting as it is, float32 rgb from 0 to 255, shape (CUT_PX, CUT_PX, 3).
        white: With the whole face white.
        black: With the whole face black.
        corners_px: The face's corners in the cutting: top left, top right, bottom right, bottom left; shape (4, 2).
        distance_m: Depth of the sign.
    """

    plain: NDArray[np.float32] = field(repr=False)
    white: NDArray[np.float32] = field(repr=False)
    black: NDArray[np.float32] = field(repr=False)
    corners_px: NDArray[np.float32]
    distance_m: float

    @property
    def box_px(self) -> tuple[float, float, float, float]:
        """The face's bounds in the cutting."""
        low, high = self.corners_px.min(axis=0), self.corners_px.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def face_corners_px(sign: Sign, view: View) -> NDArray[np.float32]:
    """Return where a sign's face is in the frame: top left, top right, bottom right, bottom left; shape (4, 2)."""
    ends = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    places = np.array([sign.on_face(u, v, FACE_OUT_M) for u, v in ends])
    right, depth = view.to_camera(places[:, 0], places[:, 1])
    scale = view.camera.focal_px / np.maximum(depth, 0.5)
    u_px = view.camera.centre_u_px + right * scale
    v_px = view.centre_v_px + (view.camera.height_m - places[:, 2]) * scale
    return np.stack([u_px, v_px], axis=1).astype(np.float32)


def take_views(
    spec: WorldSpec,
    seed: int,
    count: int,
    camera: Camera,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[SignView]:
    """Return views of the stop signs of worlds that no run is judged on: they come from `Stream.ATTACK`.

    Args:
        spec: What the worlds may be.
        seed: Of the worlds and the places that they are seen from.
        count: How many views, at distances spread evenly in their logarithm.
        camera: Whose frames they are cut from.
        progress: Told the views taken.

    Raises:
        RollingStopError: If the worlds hold no stop sign that the ego must obey.
    """
    painter = Painter(camera)
    views: list[SignView] = []
    tries = 0
    while len(views) < count:
        rng = stream(seed, Stream.ATTACK, 2, tries)
        world = generate_world(derive_seed(seed, Stream.ATTACK, 3, tries), spec)
        view = _view(painter, world, camera, rng)
        if view is not None:
            views.append(view)
            if progress is not None:
                progress(len(views), count)
        tries += 1
        if tries > 50 + 20 * count:
            raise RollingStopError(
                f"Expected worlds with a stop sign in view. Received: {len(views)} in {tries}.",
                hint="Choose another --scenario, such as straight.",
            )
    return views


def _view(painter: Painter, world: World, camera: Camera, rng: np.random.Generator) -> SignView | None:
    """Return a view of a world's first stop sign from a random distance, or None where it is not whole in the frame."""
    distance_m = float(np.exp(rng.uniform(np.log(NEAREST_M), np.log(FARTHEST_M))))
    aside_m, turn_rad = (float(rng.uniform(-most, most)) for most in (MOST_ASIDE_M, MOST_TURN_RAD))
    own = [sign for sign in world.scene.signs if sign.kind is SignKind.STOP and sign.applies_to_ego]
    if not own:
        return None
    sign = own[0]
    road = world.scene.network.ego_road
    sign_s_m = road.path.project(sign.x_m, sign.y_m, None)[0]
    s_m = sign_s_m - distance_m - world.geometry.camera_forward_m
    if s_m < 1.0:
        return None
    world = place_ego(world, s_m, aside_m, turn_rad, 8.0)
    corners = face_corners_px(sign, View.of(world, camera, 1.0))
    if corners.min() < 1.0 or (corners >= (camera.width_px - 1, camera.height_px - 1)).any():
        return None
    left, top = _cutting(corners, camera)

    def cut(sticker: Sticker | None) -> NDArray[np.float32]:
        frame, _ = painter.look(with_sticker(world, sticker), truth=False)
        assert frame is not None
        return frame.rgb[top : top + CUT_PX, left : left + CUT_PX].astype(np.float32)

    white, black = (cut(plain_sticker(_WHOLE_FACE, (level, level, level))) for level in (255, 0))
    visible = float(np.abs(white - black).sum() / (3 * 255))
    inside = corners - np.array([left, top], np.float32)
    if visible < 0.25 * float(np.prod(np.ptp(inside, axis=0))):
        return None  # behind something
    return SignView(cut(None), white, black, inside, distance_m)


def _cutting(corners: NDArray[np.float32], camera: Camera) -> tuple[int, int]:
    """Return the left and top end of the cutting about a face."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = 0.5 * (low + high) - 0.5 * CUT_PX
    room = np.array([camera.width_px, camera.height_px]) - CUT_PX
    left, top = np.clip(np.round(middle / GRID_PX) * GRID_PX, 0, room // GRID_PX * GRID_PX).astype(int).tolist()
    return left, top


@dataclass(frozen=True, slots=True, eq=False)
class Pasting:
    """How a sticker's picture gets into one view: everything but the picture.

    Attributes:
        left: Of the part of the cutting in which the sticker lies.
        top: Of that part.
        weights: Share of each pixel of that part that each pixel of the picture covers, shape (size * size, rows *
            columns).
    """

    left: int
    top: int
    weights: NDArray[np.float32] = field(repr=False)


def region_px(views: list[SignView], place: Place) -> int:
    """Return the side of the smallest square, in multiples of 4, that holds a sticker in every view."""
    sides = [float(np.ptp(_bounds(view, place), axis=0).max()) for view in views]
    return min(CUT_PX, 4 * int(np.ceil((max(sides) + 3.0) / 4)))


def _bounds(view: SignView, place: Place) -> NDArray[np.float32]:
    ends = [(sign_u, sign_v) for sign_v in (-0.5, 0.5) for sign_u in (-0.5, 0.5)]
    points = np.array([[(place.u + u * place.width, place.v + v * place.height) for u, v in ends]], np.float32)
    return cv2.perspectiveTransform(points, _homography(view.corners_px))[0]


def _homography(corners_px: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the map from the face's u and v to the cutting's pixels."""
    face = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)], np.float32)
    return cv2.getPerspectiveTransform(face, corners_px)


def pasting(view: SignView, place: Place, rows: int, columns: int, size_px: int) -> Pasting:
    """Return how a picture of so many pixels on a place of the face gets into a view.

    Args:
        view: Where it is seen.
        place: Where it is stuck.
        rows: Of the picture.
        columns: Of the picture.
        size_px: Side of the part of the cutting that is looked at: `region_px`.
    """
    low = np.floor(_bounds(view, place).min(axis=0)).astype(int) - 1
    left, top = np.clip(low, 0, CUT_PX - size_px).tolist()
    fine = (np.arange(size_px * SAMPLES, dtype=np.float32) + 0.5) / SAMPLES
    grid = np.stack(np.meshgrid(fine + left, fine + top), axis=-1).reshape(1, -1, 2)
    face = cv2.perspectiveTransform(grid, np.linalg.inv(_homography(view.corners_px)))[0]
    column = np.floor(((face[:, 0] - place.u) / place.width + 0.5) * columns).astype(np.int64)
    row = np.floor(((face[:, 1] - place.v) / place.height + 0.5) * rows).astype(np.int64)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    number = np.arange(size_px * SAMPLES) // SAMPLES
    pixel = (number[:, None] * size_px + number[None, :]).reshape(-1)
    weights = np.zeros((size_px * size_px, rows * columns), np.float32)
    np.add.at(weights, (pixel[inside], (row * columns + column)[inside]), np.float32(1 / SAMPLES**2))
    return Pasting(left, top, weights)


def pasted(view: SignView, way: Pasting, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a view with a picture pasted on its sign: what the optimisation sees of it, without blur and noise."""
    size = round(len(way.weights) ** 0.5)
    part = (slice(way.top, way.top + size), slice(way.left, way.left + size))
    ink = (way.weights @ picture.reshape(-1, 3).astype(np.float32)).reshape(size, size, 3) / 255
    cover = way.weights.sum(axis=1).reshape(size, size, 1)
    done = view.plain.copy()
    done[part] += cover * (view.black[part] - view.plain[part]) + ink * (view.white[part] - view.black[part])
    return np.clip(done, 0, 255)
