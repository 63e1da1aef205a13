"""What the second look learns from: cuttings of pictures that are changed, some of them with a sticker on the sign.

On some stickers is whatever, within what a few steps of gradient find, makes the second look err: who learns against an
opponent is not so easily deceived (Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks;
Rao et al. 2020 for patches). Other signs wear stickers too, if need be fewer, that none may tell which it is, but
those are of whatever: a few strokes make STOP of SHOP, and who learns to withstand them learns not to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.augment import AugmentConfig
from perception.backend import keras, tf
from perception.fovea import (
    CUTTING_CHANNELS,
    FINE,
    FOVEA_PX,
    SURROUNDINGS,
    Answer,
    cut_candidates,
    folded,
    places_of,
    true_measures,
)
from perception.second_boxes import Told
from perception.weights import FOVEA_PREFIX

TURN_RAD, SLANT, NARROWEST = 0.15, 0.12, 0.5
"""Of boxes seen askew: the standard deviations of turn and slant, and how narrow a sign that is turned away looks at
most."""

STICKER_AREA, STICKER_STRETCH, STICKER_CENTRE = (0.03, 0.16), 2.5, 0.38
"""A sticker's share of its sign's box, how many times longer it is than wide at most, and how far from the box's middle
its own lies at most, in sides of the box: mostly near it, where the word is."""

ON_THE_WORD, WORD_AREA, WORD_CENTRE = 0.75, (0.06, 0.16), 0.06
"""Of stickers those that lie on the word and along it, their area, and how far from the middle: a white one makes of a
stop sign what is red with a white bar, as a sign against entry is."""

MIN_STICKERED_PX = 8
TEXELS = 8
"""Signs of fewer rows get no sticker; a sticker has so many rows and columns of one colour each, and none is smaller
than a pixel."""

BARE = 255
"""Where no sticker is."""

DECEITS, DECEIT = 8, 45.0
"""Steps that a deceitful sticker is improved by, and how far each moves a colour, of 255."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a batch of cuttings shows.

    Attributes:
        answers: Of `Answer`, int32 (n,).
        measures: Of `fovea.Measured` all but the spread, NaN where unknown, float32 (n, 5).
    """

    answers: NDArray[np.int32]
    measures: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cut:
    """One box's cuttings.

    Attributes:
        rgb: uint8 (48, 48, 15).
        answer: What they show.
        measures: As `Shown.measures`, float32 (5,).
        sticker: Which texel of a sticker each of its pixels shows, uint8 (48, 48, 5), the thing's four and the
            surroundings' one; `BARE` where none is.
        texels: The sticker's colours, float32 (64, 3).
        light: How bright they may be, of 255: no brighter than what surrounds them.
        deceitful: Whether they are to be made such that a stop sign looks like none.
    """

    rgb: NDArray[np.uint8]
    answer: int
    measures: NDArray[np.float32]
    sticker: NDArray[np.uint8]
    texels: NDArray[np.float32]
    light: float
    deceitful: bool


@dataclass(frozen=True, slots=True)
class CuttingBatch:
    """Cuttings, uint8 (n, 48, 48, 15), and what they show."""

    rgb: NDArray[np.uint8]
    targets: Shown

    def part(self, number: int, of: int) -> CuttingBatch:
        """Return one of so many equal parts."""
        size = len(self.rgb) // of
        own = slice(number * size, (number + 1) * size)
        return CuttingBatch(self.rgb[own], Shown(self.targets.answers[own], self.targets.measures[own]))


def cut_changed(
    rgb: NDArray[np.uint8], told: Told, number: int, config: AugmentConfig, rng: np.random.Generator
) -> Cut:
    """Return the cuttings of one box, of a picture that is sometimes turned or ends near by, and maybe a sticker.

    Signs are met at an angle, and photographs end where their taker pleased; the frames of one camera on a level road
    teach neither.

    Args:
        rgb: The frame, uint8 (H, W, 3).
        told: Its boxes.
        number: Which of them.
        config: How often it is changed.
        rng: Chooses.
    """
    answer, log_span = int(told.answers[number]), float(told.log_spans[number])
    # The box that is looked at, and that of the thing itself.
    boxes = np.stack([told.boxes[number], told.things[number]])
    if rng.random() < config.cut_turned:
        rgb, boxes = _turned(rgb, boxes, rng)
        # A sign that is squeezed looks as far as before by its height and farther by its width.
        log_span = np.nan
    if rng.random() < config.cut_ending:
        rgb, boxes = _ending(rgb, boxes, rng)
    places = places_of(boxes[:1], rgb.shape)
    sticker = np.full((FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS // 3), BARE, np.uint8)
    tall = boxes[0, 3] - boxes[0, 1] >= MIN_STICKERED_PX
    stickered = {Answer.STOP_SIGN: config.cut_sticker, Answer.OTHER_SIGN: config.cut_sticker_others}
    if answer in stickered and tall and rng.random() < stickered[Answer(answer)]:
        sticker = _sticker(boxes[1] if np.isfinite(boxes[1]).all() else boxes[0], places[0], rng)
    cuttings = cut_candidates(rgb, boxes[:1])[0]
    light = float(cuttings.max())
    return Cut(
        cuttings,
        answer,
        true_measures(boxes[1:], np.array([log_span]), places)[0],
        sticker,
        _texels(rng) * np.float32(light / 255.0),
        light,
        answer == Answer.STOP_SIGN and bool(rng.random() < config.cut_deceit),
    )


def _sticker(box: NDArray[np.float32], places: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return where a sticker somewhere on a box lies in both cuttings, as `Cut.sticker`."""
    sides = (box[2:] - box[:2]).astype(np.float64)
    on_the_word = rng.random() < ON_THE_WORD
    area, centre = (WORD_AREA, WORD_CENTRE) if on_the_word else (STICKER_AREA, STICKER_CENTRE)
    stretch = STICKER_STRETCH ** rng.uniform(0.0 if on_the_word else -1.0, 1.0)
    size = np.sqrt(rng.uniform(*area) * sides.prod() * np.array([stretch, 1.0 / stretch]))
    low = 0.5 * (box[:2] + box[2:]) + rng.random() * rng.uniform(-centre, centre, 2) * sides - 0.5 * size
    fine = np.clip(np.rint(size), 1, TEXELS).astype(int).tolist()
    looks: list[NDArray[np.uint8]] = []
    for (left, top, side), across in zip(places.tolist(), (FINE * FOVEA_PX, FOVEA_PX), strict=True):
        pixels = np.arange(across) + 0.5
        columns, rows = (
            np.floor((start + pixels * side / across - edge) / extent * parts).astype(np.int64)
            for start, edge, extent, parts in zip((left, top), low.tolist(), size.tolist(), fine, strict=True)
        )
        within = ((rows >= 0) & (rows < fine[1]))[:, None] & ((columns >= 0) & (columns < fine[0]))[None]
        looks.append(np.where(within, TEXELS * rows[:, None] + columns[None], BARE).astype(np.uint8))
    return np.concatenate([folded(looks[0]), looks[1][..., None]], axis=-1)


def _texels(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the colours of a sticker: white, plain, a blend, or noise; float32 (64, 3)."""
    kind = rng.integers(8)
    if kind <= 4:
        # White is what signs are lettered in: nothing else looks so much as if it belonged there.
        plain = np.full(3, 255) if kind <= 3 else rng.integers(0, 256, 3)
        return np.broadcast_to(plain, (TEXELS**2, 3)).astype(np.float32)
    if kind == 5:
        corners = rng.integers(0, 256, (2, 2, 3)).astype(np.float32)
        return cv2.resize(corners, (TEXELS, TEXELS), interpolation=cv2.INTER_LINEAR).reshape(-1, 3)
    noise = rng.integers(0, 256, (TEXELS**2, 3))
    # Few colours are as loud as any: paper and paint have no more.
    return (np.where(noise >= 128, 255, 0) if kind == 6 else noise).astype(np.float32)


class Opponent:
    """Puts stickers on signs, some of them such as to deceive a second look in training.

    Args:
        model: From `build_fovea`.
    """

    def __init__(self, model: Any) -> None:
        # The entry takes bytes, through which no gradient passes: begin behind the scaling.
        self._model = keras.Model(model.get_layer(f"{FOVEA_PREFIX}scale").output, model.output)
        pixels = (None, FOVEA_PX, FOVEA_PX)
        signature = [
            tf.TensorSpec((*pixels, CUTTING_CHANNELS), tf.float32),
            tf.TensorSpec((*pixels, CUTTING_CHANNELS // 3), tf.uint8),
            tf.TensorSpec((None, TEXELS**2, 3), tf.float32),
            tf.TensorSpec((None,), tf.float32),
        ]
        self._deceive = tf.function(self._worsened, input_signature=signature, autograph=False)

    def put_on(self, cuts: Sequence[Cut]) -> CuttingBatch:
        """Return a batch of cuttings, their stickers on."""
        rgb = np.stack([cut.rgb for cut in cuts])
        answers = np.array([cut.answer for cut in cuts], np.int32)
        stickers = np.stack([cut.sticker for cut in cuts])
        texels = np.stack([cut.texels for cut in cuts])
        worn = np.flatnonzero((stickers != BARE).any(axis=(1, 2, 3)))
        chosen = worn[[cuts[k].deceitful for k in worn]]
        if len(chosen):
            light = np.array([cuts[k].light for k in chosen], np.float32)
            given = (rgb[chosen].astype(np.float32), stickers[chosen], texels[chosen], light)
            texels[chosen] = self._deceive(*map(tf.constant, given)).numpy()
        if len(worn):
            rgb[worn] = pasted(rgb[worn], stickers[worn], texels[worn])
        return CuttingBatch(rgb, Shown(answers, np.stack([cut.measures for cut in cuts])))

    def _worsened(self, rgb: Any, stickers: Any, texels: Any, light: Any) -> Any:
        texels = tf.convert_to_tensor(texels)
        bare = tf.repeat(stickers == BARE, 3, axis=-1)
        places = tf.minimum(tf.cast(stickers, tf.int32), TEXELS**2 - 1)
        for _ in range(DECEITS):
            with tf.GradientTape() as tape:
                tape.watch(texels)
                on = tf.reshape(tf.gather(texels, places, batch_dims=1), tf.shape(rgb))
                seen = tf.where(bare, rgb, on) / 64.0 - 2.0
                logits = tf.cast(self._model(seen, training=False), tf.float32)[:, : len(Answer)]
                belief = tf.reduce_sum(tf.nn.log_softmax(logits)[:, Answer.STOP_SIGN])
            moved = texels - DECEIT * tf.sign(tape.gradient(belief, texels))
            texels = tf.clip_by_value(moved, 0.0, light[:, None, None])
        return texels


def pasted(rgb: NDArray[np.uint8], stickers: NDArray[np.uint8], texels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return cuttings with their stickers on.

    Args:
        rgb: uint8 (n, 48, 48, 15).
        stickers: As `Cut.sticker`, (n, 48, 48, 5).
        texels: As `Cut.texels`, (n, 64, 3).
    """
    rows = np.arange(len(rgb))[:, None, None, None]
    on = np.rint(texels)[rows, np.minimum(stickers, TEXELS**2 - 1)].astype(np.uint8)
    return np.where(np.repeat(stickers == BARE, 3, axis=-1), rgb, on.reshape(rgb.shape))


def _turned(
    rgb: NDArray[np.uint8], boxes: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return what surrounds the first box as seen from aside and askew, and the boxes in it."""
    wide, high = (max(float(side), 2.0) for side in boxes[0, 2:] - boxes[0, :2])
    side = int(min(1.5 * SURROUNDINGS * max(wide, high), 2.0 * max(rgb.shape[:2])))
    angle, slant = rng.normal(0.0, TURN_RAD), rng.normal(0.0, SLANT)
    squeeze = rng.uniform(NARROWEST, 1.0) if rng.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    change = turn @ np.array([[squeeze, 0.0], [slant, 1.0]])
    centre = 0.5 * (boxes[0, :2] + boxes[0, 2:]).astype(np.float64)
    there = side / 2 - change @ centre
    changed = cv2.warpAffine(
        rgb, np.column_stack([change, there]), (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    # Most signs fill the ellipse in their box better than the box itself.
    middles = 0.5 * (boxes[:, :2] + boxes[:, 2:]) @ change.T + there
    half = 0.5 * np.sqrt(np.maximum(boxes[:, 2:] - boxes[:, :2], 2.0) ** 2 @ (change.T**2))
    return np.asarray(changed, np.uint8), np.concatenate([middles - half, middles + half], axis=1).astype(np.float32)


def _ending(
    rgb: NDArray[np.uint8], boxes: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a part of the picture that ends near the first box, and the boxes in it."""
    box = boxes[0]
    longer = float((box[2:] - box[:2]).max())
    left, top = np.maximum(np.floor(box[:2] - longer * rng.uniform(0.02, 2.0, 2)), 0).astype(int)
    right, bottom = np.ceil(box[2:] + longer * rng.uniform(0.02, 2.0, 2)).astype(int)
    part = rgb[top:bottom, left:right]
    if not part.size:
        return rgb, boxes
    moved = boxes - np.array([left, top, left, top], np.float32)
    # Of the thing itself only what is left can be seen.
    moved[1] = np.clip(moved[1], 0.0, np.array([part.shape[1], part.shape[0]] * 2))
    return part, moved
