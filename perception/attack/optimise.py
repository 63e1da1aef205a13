"""A sticker that makes the network miss stop signs: gradient descent on its picture over many views at once.

    picture = softmax(z) @ inks -> pasted into each view -> light, blur, noise -> both looks -> score of the stop sign
      ^------------------------- gradient of -log(1 - score) + smoothness -----------------------'

The expectation over places, light, blur and noise (Athalye et al. 2018; Eykholt et al. 2018) is a mean over views drawn
by the simulator and over changes drawn anew at each step. The picture is a mixture of a press's inks, so that whatever
comes out can be printed, and its total variation is held down, so that it survives being seen from afar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.attack.views import CUT_PX, SignView, pasting, region_px, take_views
from perception.backend import keras, make_deterministic, tf
from perception.channels import STRIDE, Channel
from perception.decode import RIVAL_WEIGHT
from perception.fovea import FINE, FOVEA_PX, LOOKED_AT, SURROUNDINGS, THING, Answer, load_fovea_model
from perception.network import build_sign_detector
from perception.weights import fill, read_weights
from sim.seeding import Stream, derive_seed, stream
from sim.spec import WorldSpec
from sim.stickers import INKS, Place, Sticker, noise_sticker, place_of, plain_sticker

PLACES: tuple[tuple[float, float, float], ...] = (
    (0.0, 0.0, 1.0),
    (0.0, 0.0, 2.5),
    (-0.22, 0.0, 0.7),
    (0.22, 0.0, 0.7),
    (0.0, -0.27, 2.0),
    (0.0, 0.27, 2.0),
)
"""Centre (u, v) and width over height of the places that are tried: the middle, the word, both sides, above, below."""

TEXELS = 16
"""Pixels of the picture along its longer side: what a camera can tell apart at 10 m."""

GAIN, SHIFT, PRINT = 0.2, 12.0, 0.08
MOST_BLUR_PX, MOST_NOISE = 1.0, 6.0
"""Changes to each view at each step: the light's factor, what is added to all values, how far the ink is off, and the
standard deviations of blur and noise."""

RATE = 0.25
"""Of Adam, on the logits of the inks' shares."""

WHITE_LOGIT = 3.0
"""Added to paper's logit where a descent begins from white: three quarters of each pixel are paper then."""


class Start(StrEnum):
    """What a descent begins from: it seldom ends at white, which can be as bad as anything, unless it begins there."""

    NOISE = "noise"
    WHITE = "white"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackConfig:
    """How a sticker is found.

    Attributes:
        area: Share of the sign's face that it hides.
        seed: Of the views, and of all that is random.
        views: How many it is found on.
        held_back: How many more, of other worlds, measure what was found.
        steps: Of gradient descent, from each of the best beginnings.
        place_steps: Of gradient descent, at each place that is tried, from noise and from white.
        places: How many of `PLACES` are tried.
        finalists: How many of the beginnings are gone on with.
        batch: Views in a step.
        smoothness: Weight of the total variation.

    Raises:
        ValueError: If a number is out of range.
    """

    area: float = 0.10
    seed: int = 0
    views: int = 128
    held_back: int = 64
    steps: int = 300
    place_steps: int = 40
    places: int = len(PLACES)
    finalists: int = 3
    batch: int = 12
    smoothness: float = 0.3

    def __post_init__(self) -> None:
        if not 0.005 <= self.area <= 0.4:
            raise ValueError(f"Expected an area of 0.005 to 0.4 of the face. Received: {self.area}.")
        for name in ("views", "held_back", "steps", "place_steps", "finalists", "batch"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"Expected {name} of at least 1. Received: {getattr(self, name)}.")
        if not 1 <= self.places <= len(PLACES):
            raise ValueError(f"Expected 1 to {len(PLACES)} places. Received: {self.places}.")
        if self.seed < 0 or self.smoothness < 0:
            raise ValueError(f"Expected seed and smoothness of at least 0. Received: {self.seed}, {self.smoothness}.")


@dataclass(frozen=True, slots=True)
class TriedPlace:
    """One beginning that was tried.

    Attributes:
        place: Where.
        start: From what.
        score: Mean score of the stop sign on the views, with what a few steps found there.
    """

    place: Place
    start: Start
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A sticker that was found.

    Attributes:
        sticker: The sticker.
        start: What it was made from.
        losses: Of each step, those of the trying apart.
        score: Mean score of the stop sign on the views that it was found on.
        held_back: The same on views of other worlds: with none, a white one, noise, and this one.
    """

    sticker: Sticker
    start: Start
    losses: tuple[float, ...]
    score: float
    held_back: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class FoundSticker:
    """What an optimisation came to.

    Attributes:
        candidates: What was found, the lowest score on the views that it was found on first.
        places: What was tried, in the order of `PLACES`, each from noise and then from white.
        views: How many views it was found on.
    """

    candidates: tuple[Candidate, ...]
    places: tuple[TriedPlace, ...]
    views: int


def find_stickers(
    spec: WorldSpec,
    config: AttackConfig,
    weights: Path | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> FoundSticker:
    """Return the stickers that hide stop signs best from a network whose weights are known.

    Args:
        spec: The worlds in which they are to work.
        config: How they are found.
        weights: The network's weights; the shipped ones if not given.
        progress: Told the steps done and the steps in all, views included.

    Returns:
        The stickers; the same for the same arguments on the same machine. Which of them costs most drives, frames alone
        do not tell: a driver sees many.

    Raises:
        WeightsError: If the weights cannot be used.
        RollingStopError: If the worlds show no stop sign.
        ValueError: If no place of such an area lies on the face.
    """
    beginnings = [(place, start) for place in candidate_places(config) for start in Start]
    make_deterministic(config.seed)
    card, arrays = read_weights(weights)
    network = SignScorer(card.network, arrays)
    finalists = min(config.finalists, len(beginnings))
    total = config.views + config.held_back + len(beginnings) * config.place_steps + finalists * config.steps
    tell = _Counter(progress, total)
    seen, others = (
        take_views(spec, derive_seed(config.seed, Stream.ATTACK, number), count, card.camera, progress=tell.within)
        for number, count in ((4, config.views), (5, config.held_back))
    )
    tell.add(config.views + config.held_back)
    tried: list[tuple[TriedPlace, _Descent]] = []
    for place, start in beginnings:
        descent = _Descent(network, seen, place, start, config)
        descent.run(config.place_steps, tell)
        tried.append((TriedPlace(place, start, network.mean_score(seen, descent.sticker)), descent))
    candidates: list[Candidate] = []
    for beginning, descent in sorted(tried, key=lambda each: each[0].score)[:finalists]:
        losses = descent.run(config.steps, tell)
        sticker = descent.sticker
        compared = {
            "none": None,
            "white": plain_sticker(beginning.place),
            "noise": noise_sticker(beginning.place, sticker.rows, sticker.columns, config.seed),
            "optimised": sticker,
        }
        held_back = {name: network.mean_score(others, each) for name, each in compared.items()}
        score = network.mean_score(seen, sticker)
        candidates.append(Candidate(sticker, beginning.start, tuple(losses), score, held_back))
    candidates.sort(key=lambda each: each.score)
    return FoundSticker(tuple(candidates), tuple(each for each, _ in tried), len(seen))


def candidate_places(config: AttackConfig) -> list[Place]:
    """Return the places to be tried, those alone that lie on the face whole.

    Raises:
        ValueError: If there is none.
    """
    places = [place_of(config.area, u, v, aspect) for u, v, aspect in PLACES[: config.places]]
    places = [place for place in places if place.on_octagon]
    if not places:
        raise ValueError(f"Expected an area that fits on the face. Received: {config.area}.")
    return places


def picture_size(place: Place) -> tuple[int, int]:
    """Return rows and columns of the picture of a sticker there: square pixels, `TEXELS` along the longer side."""
    longer = max(place.width, place.height)
    return max(2, round(TEXELS * place.height / longer)), max(2, round(TEXELS * place.width / longer))


class SignScorer:
    """The part of a network that finds signs, for cuttings whose values are no whole numbers.

    Args:
        config: The network's sizes.
        arrays: Its weights by name.
    """

    def __init__(self, config: Any, arrays: dict[str, NDArray[np.float32]]) -> None:
        whole = build_sign_detector(config)
        fill(whole, arrays, "the weights file", allow_more=True)
        # The picture's entry takes bytes, through which no gradient passes: begin behind the scaling.
        self._model = keras.Model(whole.get_layer("scale").output, whole.output)
        self._fovea = None
        loaded = load_fovea_model(arrays)
        if loaded is not None:
            fovea, weighing = loaded
            self._fovea = keras.Model(fovea.get_layer("fovea_scale").output, fovea.output)
            self._weighing = weighing[list(LOOKED_AT).index(Channel.STOP_SIGN)]
        self._scores = tf.function(self.scores, reduce_retracing=True)

    def scores(self, rgb: Any, masks: Any, boxes: Any) -> Any:
        """Return the score that a stop sign gets in each cutting, as the perceiver would report it; shape (n,).

        Args:
            rgb: float32 from 0 to 255, shape (n, CUT_PX, CUT_PX, 3).
            masks: 1 at the cells where the sign's peak may lie, else 0; shape (n, CUT_PX / 8, CUT_PX / 8).
            boxes: Of the signs, xyxy in the cuttings, shape (n, 4): where the second look is turned to.
        """
        heat = self._model(rgb / 64.0 - 2.0, training=False)["heat"]
        beliefs = tf.sigmoid(heat) * masks[..., None]
        stop, rival = (tf.reduce_max(beliefs[..., each], (1, 2)) for each in (Channel.STOP_SIGN, Channel.DISTRACTOR))
        if self._fovea is None:
            return stop * (1.0 - RIVAL_WEIGHT * rival)
        logits = self._fovea(_cuttings(rgb, boxes) / 64.0 - 2.0, training=False)[:, : len(Answer)]
        answer = LOOKED_AT[Channel.STOP_SIGN]
        others = tf.concat([logits[:, :answer], logits[:, answer + 1 :]], axis=1)
        second = logits[:, answer] - tf.reduce_logsumexp(others, axis=1)
        sure = tf.clip_by_value(stop, 1e-6, 1 - 1e-6)
        slope, trust, offset = self._weighing.tolist()
        return tf.sigmoid(slope * tf.math.log(sure / (1 - sure)) + trust * second + offset)

    def mean_score(self, views: Sequence[SignView], sticker: Sticker | None) -> float:
        """Return the mean score over views with a sticker, without blur and noise."""
        from perception.attack.views import pasted

        found: list[float] = []
        size = 0 if sticker is None else region_px(list(views), sticker.place)
        for start in range(0, len(views), 16):
            part = views[start : start + 16]
            frames = [
                view.plain
                if sticker is None
                else pasted(view, pasting(view, sticker.place, sticker.rows, sticker.columns, size), sticker.picture)
                for view in part
            ]
            masks = np.stack([sign_mask(view) for view in part])
            boxes = np.array([view.box_px for view in part], np.float32)
            found += self._scores(*(tf.constant(each) for each in (np.stack(frames), masks, boxes))).numpy().tolist()
        return float(np.mean(found))


def _cuttings(rgb: Any, boxes: Any) -> Any:
    """Return the second look's cuttings of one box each, float32 (n, 48, 48, 15), as `fovea.cut_candidates` does."""
    u, v = 0.5 * (boxes[:, 0] + boxes[:, 2]), 0.5 * (boxes[:, 1] + boxes[:, 3])
    longer = tf.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    # What lies outside repeats the edge; twice as many samples as pixels stand for the mean over an area.
    rgb = tf.pad(rgb, [[0, 0], [CUT_PX, CUT_PX], [CUT_PX, CUT_PX], [0, 0]], "SYMMETRIC")
    parts = []
    for extent, size in ((THING, FINE * FOVEA_PX), (SURROUNDINGS, FOVEA_PX)):
        low_u, low_v, side = u + CUT_PX - 0.5 * extent * longer, v + CUT_PX - 0.5 * extent * longer, extent * longer
        # Its corners are the centres of the first and last samples.
        inset = 0.25 * side / size
        ends = [low_v + inset, low_u + inset, low_v + side - inset, low_u + side - inset]
        places = (tf.stack(ends, axis=1) - 0.5) / (3.0 * CUT_PX - 1.0)
        fine = tf.image.crop_and_resize(rgb, places, tf.range(tf.shape(rgb)[0]), [2 * size, 2 * size])
        parts.append(tf.nn.avg_pool2d(fine, 2, 2, "VALID"))
    return tf.concat([tf.nn.space_to_depth(parts[0], FINE), parts[1]], axis=-1)


def sign_mask(view: SignView) -> NDArray[np.float32]:
    """Return 1 at the cells of a cutting within the middle of the sign, or one from its centre, else 0."""
    x0, y0, x1, y1 = view.box_px
    cells = STRIDE * (np.arange(CUT_PX // STRIDE, dtype=np.float32) + 0.5)
    reach_u, reach_v = max(0.35 * (x1 - x0), 1.1 * STRIDE), max(0.35 * (y1 - y0), 1.1 * STRIDE)
    across, down = np.abs(cells - 0.5 * (x0 + x1)) <= reach_u, np.abs(cells - 0.5 * (y0 + y1)) <= reach_v
    return (down[:, None] & across[None, :]).astype(np.float32)


class _Counter:
    """Adds up the steps of several parts for one progress bar."""

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def add(self, count: int = 1) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)

    def within(self, done: int, _of: int) -> None:
        if self._progress is not None:
            self._progress(min(self._done + done, self._total), self._total)


class _Descent:
    """Gradient descent on one sticker's picture at one place."""

    def __init__(
        self, network: SignScorer, views: list[SignView], place: Place, start: Start, config: AttackConfig
    ) -> None:
        self._network = network
        self._config = config
        self._place = place
        self._rows, self._columns = picture_size(place)
        size = region_px(views, place)
        self._size = size
        ways = [pasting(view, place, self._rows, self._columns, size) for view in views]
        parts = [(slice(way.top, way.top + size), slice(way.left, way.left + size)) for way in ways]
        self._plain = np.stack([view.plain for view in views])
        self._weights = np.stack([way.weights for way in ways])
        self._hidden = np.stack([v.black[p] - v.plain[p] for v, p in zip(views, parts, strict=True)])
        self._span = np.stack([v.white[p] - v.black[p] for v, p in zip(views, parts, strict=True)])
        self._corner = np.array([(way.top, way.left) for way in ways], np.int32)
        self._masks = np.stack([sign_mask(view) for view in views])
        self._boxes = np.array([view.box_px for view in views], np.float32)
        self._rng = stream(config.seed, Stream.ATTACK, 6)
        logits = self._rng.normal(0.0, 0.3, (self._rows * self._columns, len(INKS)))
        if start is Start.WHITE:
            logits[:, 0] += WHITE_LOGIT  # paper
        self._logits = tf.Variable(logits.astype(np.float32))
        self._optimizer = keras.optimizers.Adam(RATE)
        self._optimizer.build([self._logits])
        self._step = tf.function(self._move, reduce_retracing=True, autograph=False)

    @property
    def sticker(self) -> Sticker:
        """The sticker as it is now, in whole numbers."""
        picture = np.round(self._picture().numpy()).astype(np.uint8).reshape(self._rows, self._columns, 3)
        return Sticker.of(self._place, picture)

    def run(self, steps: int, tell: _Counter) -> list[float]:
        """Take so many steps; return the loss of each."""
        losses: list[float] = []
        size, views = min(self._config.batch, len(self._plain)), len(self._plain)
        order: list[int] = []
        for number in range(steps):
            if len(order) < size:
                order = self._rng.permutation(views).tolist()
            batch, order = np.array(order[:size]), order[size:]
            self._optimizer.learning_rate = RATE * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * number / steps)))
            losses.append(float(self._step(*self._batch(batch))))
            tell.add()
        return losses

    def _batch(self, batch: NDArray[np.int64]) -> list[Any]:
        """Return a batch of views, and the changes to each."""
        rng, count = self._rng, len(batch)
        gain = rng.uniform(1 - GAIN, 1 + GAIN, (count, 1, 1, 1))
        shift = rng.uniform(-SHIFT, SHIFT, (count, 1, 1, 1))
        ink = rng.uniform(1 - PRINT, 1 + PRINT, (count, 1, 3))
        blur = rng.uniform(0.05, MOST_BLUR_PX, count)
        noise = rng.normal(0.0, 1.0, (count, CUT_PX, CUT_PX, 3)) * rng.uniform(0.0, MOST_NOISE, (count, 1, 1, 1))
        # A Gaussian of three taps: exp(-1 / 2 sigma^2) beside its middle.
        beside = np.exp(-0.5 / blur**2)
        taps = np.stack([beside, np.ones(count), beside], axis=1) / (1 + 2 * beside)[:, None]
        arrays = (
            self._plain[batch], self._weights[batch], self._hidden[batch], self._span[batch], self._masks[batch],
            self._boxes[batch], gain, shift, ink, taps, noise,
        )  # fmt: skip
        return [tf.constant(each, tf.float32) for each in arrays] + [tf.constant(self._corner[batch])]

    def _picture(self) -> Any:
        """Return the picture, float32 (rows * columns, 3), from 0 to 255."""
        return tf.nn.softmax(self._logits) @ tf.constant(INKS, tf.float32)

    def _move(
        self, plain: Any, weights: Any, hidden: Any, span: Any, masks: Any, boxes: Any, gain: Any, shift: Any, ink: Any,
        taps: Any, noise: Any, corner: Any,
    ) -> Any:  # fmt: skip
        size = self._size
        with tf.GradientTape() as tape:
            picture = self._picture()
            printed = tf.clip_by_value(picture[None] * ink, 0.0, 255.0) / 255.0
            values = tf.reshape(weights @ printed, [-1, size, size, 3])
            cover = tf.reshape(tf.reduce_sum(weights, -1), [-1, size, size, 1])
            frames = plain + _scattered(cover * hidden + values * span, corner, size)
            frames = tf.clip_by_value(_blurred(frames, taps) * gain + shift + noise, 0.0, 255.0)
            scores = self._network.scores(frames, masks, boxes)
            grid = tf.reshape(picture / 255.0, [self._rows, self._columns, 3])
            rough = tf.reduce_mean(tf.abs(grid[1:] - grid[:-1])) + tf.reduce_mean(tf.abs(grid[:, 1:] - grid[:, :-1]))
            seen = -tf.reduce_mean(tf.math.log(1.0 - scores + 1e-4))
            loss = seen + self._config.smoothness * rough
        self._optimizer.apply(tape.gradient(loss, [self._logits]), [self._logits])
        return loss


def _scattered(parts: Any, corner: Any, size: int) -> Any:
    """Return parts (n, size, size, 3) in their places in cuttings of zeros."""
    count = tf.shape(parts)[0]
    rows = corner[:, 0, None] + tf.range(size)
    columns = corner[:, 1, None] + tf.range(size)
    shape = [count, size, size]
    number = tf.broadcast_to(tf.range(count)[:, None, None], shape)
    index = tf.stack(
        [number, tf.broadcast_to(rows[:, :, None], shape), tf.broadcast_to(columns[:, None, :], shape)], axis=-1
    )
    return tf.scatter_nd(index, parts, tf.stack([count, CUT_PX, CUT_PX, 3]))


def _blurred(frames: Any, taps: Any) -> Any:
    """Return frames (n, h, w, 3) under a separable blur of three taps each, (n, 3)."""
    before, middle, after = (taps[:, k, None, None, None] for k in range(3))
    frames = tf.pad(frames, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    frames = before * frames[:, :-2] + middle * frames[:, 1:-1] + after * frames[:, 2:]
    return before * frames[:, :, :-2] + middle * frames[:, :, 1:-1] + after * frames[:, :, 2:]
