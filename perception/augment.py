"""Making one drawn frame look like many others: light, colour, blur, noise, compression, now and then another geometry.

Only cheap transforms take part: a training step costs some 9 ms a frame on two cores; RandomFog, Illumination or
Gaussian noise drawn afresh would cost half as much or more. Noise is therefore cut from one large sheet at a random
place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.channels import SIGN_CHANNELS, Channel
from perception.labels import Labels
from sim.camera import Camera
from sim.config import STRICT
from sim.seeding import Stream, derive_seed, stream

# At import it would ask the network for a newer version of itself.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as A  # noqa: N812

SHARES = (
    "light",
    "colour",
    "blur",
    "noise",
    "compression",
    "veil",
    "interlace",
    "sticker",
    "holes",
    "flip",
    "zoom",
    "closeup_zoom",
    "cut_turned",
    "cut_ending",
    "cut_sticker",
    "cut_sticker_others",
    "cut_deceit",
)
"""What of the settings are shares."""

MIN_ZOOMED_SHARE = 0.6
"""A box of which zooming leaves less inside the frame is ignored from then on."""


STICKER_AREA = 0.2
"""Largest share of a sign's box that a sticker covers."""

MIN_STICKERED_PX = 10
"""Signs of fewer rows get none: the rest of them would tell nothing."""

VEIL = (0.1, 0.6)
"""How much of the light a veil replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig:
    """Shares of the frames that each change befalls.

    Attributes:
        light: Brightness and contrast; half as often, gamma.
        colour: Hue and saturation, colour of the light, a shift of one channel, and now and then grey or sepia.
        blur: Motion blur, softness, or a coarser picture.
        noise: Sensor noise.
        noise_sigma: Its largest standard deviation, of 255.
        compression: JPEG artefacts.
        veil: A grey veil over all, as of haze, a dirty pane or the sun in the lens.
        interlace: Every second row moved sideways, as by a camera that takes half of them later.
        sticker: A patch of a colour, a blend or noise on a sign, over up to `STICKER_AREA` of its box.
        holes: Small patches of noise laid over the picture.
        flip: Mirror image. Low: it shows mirrored letters and traffic on the other side.
        zoom: Part of the frame enlarged, or the whole of it made smaller, and turned and sheared a little as by a
            hand-held camera; lane and stop line are then not asked for.
        closeup_zoom: The same for close-ups of signs.
        zoom_scale: Smallest and largest factor.
        zoom_turn_deg: Largest turn and shear to either side.
        cut_turned: Of the second look's cuttings those that are seen askew.
        cut_ending: Those near which the picture ends.
        cut_sticker: Those of stop signs that wear a sticker.
        cut_sticker_others: Those of other signs that do. Where a sticker hides the word an octagon may be either, so
            these two say which of them such a one is to be taken for.
        cut_deceit: Of these stickers those that are painted such as to deceive the second look as it is by then.

    Raises:
        ValueError: If a share is not within 0 to 1 or the scales are not positive and in order.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    light: float = 0.6
    colour: float = 0.4
    blur: float = 0.2
    noise: float = 0.3
    noise_sigma: float = 8.0
    compression: float = 0.2
    veil: float = 0.15
    interlace: float = 0.05
    sticker: float = 0.12
    holes: float = 0.15
    flip: float = 0.1
    zoom: float = 0.15
    closeup_zoom: float = 0.4
    zoom_scale: tuple[float, float] = (0.5, 2.0)
    zoom_turn_deg: float = 12.0
    cut_turned: float = 0.4
    cut_ending: float = 0.25
    cut_sticker: float = 0.35
    cut_sticker_others: float = 0.35
    cut_deceit: float = 0.5

    def __post_init__(self) -> None:
        for name in SHARES:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"Expected {name} to be within 0 to 1. Received: {getattr(self, name)}.")
        if not 0.0 < self.zoom_scale[0] <= self.zoom_scale[1]:
            raise ValueError(f"Expected zoom_scale to be [low, high], 0 < low <= high. Received: {self.zoom_scale}.")
        if not 0.0 <= self.zoom_turn_deg <= 45.0:
            raise ValueError(f"Expected zoom_turn_deg to be within 0 to 45. Received: {self.zoom_turn_deg}.")
        if not 0.0 <= self.noise_sigma <= 64.0:
            raise ValueError(f"Expected noise_sigma to be within 0 to 64. Received: {self.noise_sigma}.")


class Augmenter:
    """Changes frames and their labels alike. Holds Albumentations' random state: give each thread its own.

    Args:
        config: How often and how strongly.
        camera: Whose frames they are.
        seed: From which, with each call's index, every change follows.
    """

    def __init__(self, config: AugmentConfig, camera: Camera, seed: int) -> None:
        self._config = config
        self._seed = seed
        self._looks = A.Compose(_looks(config), seed=0)
        self._mirror = A.Compose([A.HorizontalFlip(p=1.0)], bbox_params=_box_rules(), seed=0)
        self._zoom = A.Compose([_zoom(config)], bbox_params=_box_rules(), seed=0, save_applied_params=True)
        self._noise_sheet = _noise_sheet(camera)

    def __call__(self, rgb: NDArray[np.uint8], labels: Labels, *index: int) -> tuple[NDArray[np.uint8], Labels]:
        """Return a changed frame and its labels; the same for the same `index`, whatever came before.

        Args:
            rgb: uint8 (H, W, 3).
            labels: What is asked about it.
            index: Which pass over the data, and which example.
        """
        rng = stream(self._seed, Stream.AUGMENT, *index)
        if rng.random() < self._config.flip:
            rgb, labels = self._flipped(rgb, labels)
        if rng.random() < self._config.zoom:
            rgb, labels = self._zoomed(rgb, labels, *index)
        if rng.random() < self._config.sticker:
            rgb = _stickered(rgb, labels, rng)
        if rng.random() < self._config.veil:
            rgb = _veiled(rgb, rng)
        if rng.random() < self._config.interlace:
            rgb = _interlaced(rgb, rng)
        self._looks.set_random_seed(derive_seed(self._seed, Stream.AUGMENT, *index) % 2**32)
        rgb = self._looks(image=rgb)["image"]
        if rng.random() < self._config.noise:
            rgb = self._noisy(rgb, rng)
        return rgb, labels

    def _flipped(self, rgb: NDArray[np.uint8], labels: Labels) -> tuple[NDArray[np.uint8], Labels]:
        """Mirror frame and boxes; left and right of the lane change places, so its numbers change sign."""
        done = self._mirror(image=rgb, bboxes=labels.boxes, index=np.arange(len(labels.boxes)))
        kept = np.asarray(done["index"], dtype=np.int64)
        mirrored = _pick(labels, kept, np.asarray(done["bboxes"], np.float32).reshape(-1, 4))
        return done["image"], replace(mirrored, lane=-labels.lane)

    def _zoomed(self, rgb: NDArray[np.uint8], labels: Labels, *index: int) -> tuple[NDArray[np.uint8], Labels]:
        """Enlarge or shrink; a thing twice as large looks half as far, and the road no longer fits the camera."""
        self._zoom.set_random_seed(derive_seed(self._seed, Stream.AUGMENT, *index, 1) % 2**32)
        done = self._zoom(image=rgb, bboxes=labels.boxes, index=np.arange(len(labels.boxes)))
        scale = float(done["applied_transforms"][0][1]["scale"]["x"])
        kept = np.asarray(done["index"], dtype=np.int64)
        boxes = np.asarray(done["bboxes"], np.float32).reshape(-1, 4)
        changed = _pick(labels, kept, boxes)
        whole = scale**2 * _areas(labels.boxes[kept])
        seen = _areas(boxes) >= MIN_ZOOMED_SHARE * whole
        # A vehicle's distance shows in the row of its wheels, which zooming moves: only signs keep their labels.
        sign = changed.channels < Channel.VEHICLE
        return done["image"], replace(
            changed,
            asked=changed.asked & seen & sign,
            distances_m=changed.distances_m / np.float32(scale),
            road_asked=False,
        )

    def _noisy(self, rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        height, width = rgb.shape[:2]
        top = int(rng.integers(self._noise_sheet.shape[0] - height + 1))
        left = int(rng.integers(self._noise_sheet.shape[1] - width + 1))
        sheet = self._noise_sheet[top : top + height, left : left + width]
        sigma = float(rng.uniform(0.0, self._config.noise_sigma))
        # The sheet is noise of 32 about 128.
        return cv2.addWeighted(rgb, 1.0, sheet, sigma / 32, -128 * sigma / 32)


def _stickered(rgb: NDArray[np.uint8], labels: Labels, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the frame with a patch on one of its signs, stop sign or not: no patch may tell which it is."""
    tall = labels.boxes[:, 3] - labels.boxes[:, 1] >= MIN_STICKERED_PX
    signs = np.flatnonzero(labels.asked & tall & (labels.channels < SIGN_CHANNELS))
    if not len(signs):
        return rgb
    x0, y0, x1, y1 = labels.boxes[rng.choice(signs)]
    area = rng.uniform(0.03, STICKER_AREA) * (x1 - x0) * (y1 - y0)
    stretch = rng.uniform(0.5, 2.0)
    width, height = (max(round(float(side)), 2) for side in (np.sqrt(area * stretch), np.sqrt(area / stretch)))
    left = int(rng.uniform(x0, max(x1 - width, x0 + 1)))
    top = int(rng.uniform(y0, max(y1 - height, y0 + 1)))
    rgb = rgb.copy()
    patch = rgb[max(top, 0) : top + height, max(left, 0) : left + width]
    corners = rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    kind = rng.integers(3)
    if not patch.size:
        return rgb
    if kind == 0:
        patch[:] = corners[0, 0]
    elif kind == 1:
        patch[:] = cv2.resize(corners, patch.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    else:
        patch[:] = rng.integers(0, 256, patch.shape, dtype=np.uint8)
    return rgb


def _veiled(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the frame behind an even veil of grey, a little warmer or colder."""
    share = rng.uniform(*VEIL)
    grey = rng.uniform(110, 235) + rng.uniform(-12, 12, 3)
    sheet = np.broadcast_to(np.clip(grey, 0, 255).astype(np.uint8), rgb.shape)
    return cv2.addWeighted(rgb, 1 - share, np.ascontiguousarray(sheet), share, 0)


def _interlaced(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the frame with its odd rows moved sideways by a few pixels."""
    step = int(rng.integers(1, 4)) * int(rng.choice([-1, 1]))
    rgb = rgb.copy()
    rgb[1::2] = np.roll(rgb[1::2], step, axis=1)
    return rgb


def _looks(config: AugmentConfig) -> list[Any]:
    """Return the transforms that change how things look, not where they are."""
    return [
        A.RandomBrightnessContrast((-0.3, 0.3), (-0.55, 0.3), p=config.light),
        A.RandomGamma((65, 150), p=0.5 * config.light),
        A.OneOf(
            [
                A.HueSaturationValue(10, (-110, 40), 0, p=1.0),
                A.PlanckianJitter(p=0.5),
                A.RGBShift(20, 20, 20, p=0.75),
                A.RandomToneCurve(0.15, per_channel=True, p=0.75),
                A.ToSepia(p=0.08),
                A.ToGray(p=0.2),
            ],
            p=config.colour,
        ),
        A.OneOf(
            [
                A.MotionBlur((3, 5), p=1.0),
                A.GaussianBlur(0, (0.4, 1.2), p=1.0),
                A.Downscale((0.4, 0.9), {"downscale": cv2.INTER_AREA, "upscale": cv2.INTER_LINEAR}, p=0.5),
            ],
            p=config.blur,
        ),
        A.CoarseDropout((1, 4), (4, 14), (4, 14), fill="random_uniform", p=config.holes),
        A.ImageCompression("jpeg", (45, 90), p=config.compression),
    ]


def _zoom(config: AugmentConfig) -> Any:
    return A.Affine(
        scale=config.zoom_scale,
        translate_percent={"x": (-0.25, 0.25), "y": (-0.15, 0.15)},
        rotate=(-config.zoom_turn_deg, config.zoom_turn_deg),
        shear={
            "x": (-config.zoom_turn_deg, config.zoom_turn_deg),
            "y": (-0.5 * config.zoom_turn_deg, 0.5 * config.zoom_turn_deg),
        },
        # Most signs fill the ellipse in their box better than the box itself.
        rotate_method="ellipse",
        keep_ratio=True,
        border_mode=cv2.BORDER_REFLECT_101,
        p=1.0,
    )


def _box_rules() -> Any:
    return A.BboxParams("pascal_voc", label_fields=["index"], clip=True)


def _pick(labels: Labels, kept: NDArray[np.int64], boxes: NDArray[np.float32]) -> Labels:
    return replace(
        labels,
        boxes=boxes,
        channels=labels.channels[kept],
        distances_m=labels.distances_m[kept],
        asked=labels.asked[kept],
    )


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)


def _noise_sheet(camera: Camera) -> NDArray[np.uint8]:
    """Return Gaussian noise about 128 with a standard deviation of 32, larger than a frame by 64 px each way."""
    rng = stream(0, Stream.AUGMENT)
    noise = rng.standard_normal((camera.height_px + 64, camera.width_px + 64, 3), dtype=np.float32)
    return np.clip(128 + 32 * noise, 0, 255).astype(np.uint8)
