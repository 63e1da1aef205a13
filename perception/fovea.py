"""A second look: what might be a stop sign or a person is cut out at full sharpness, judged and measured once more.

    frame ─► network ─► candidates ─► two cuttings of each: the thing, 96 x 96, and its surroundings, 48 x 48
                                            └─► 9 convolutions ─► nothing, stop sign, other sign, vehicle, person?
                                                              └─► its box, and how far it is

The network looks at all of the frame at once and pays for it: of a sign 60 m away its maps keep a cell or two. The eye
has a fovea for that, a small sharp spot that is turned to whatever seems to be something (for detectors: the second
stage of Girshick et al. 2014, R-CNN). A candidate's final score weighs both looks, by what became of candidates on
frames that were held back.

How far a thing is follows from how large it looks and how large it is. The first look tells its size in the picture to
a share of its cells; the second sees its edges, and, by what surrounds it, whether it is a sign on a post or the small
one on a school bus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision, keras, tf
from perception.channels import Channel
from perception.network import MOST_UNITS
from perception.runtimes import Judge
from perception.weights import FOVEA_PREFIX as PREFIX
from perception.weights import fill
from sim.errors import WeightsError

FOVEA_PX, FINE = 48, 2
"""Side of the surroundings' cutting, to which whatever it shows is enlarged or shrunk; and how many times as fine the
thing's own is. A sign 13 m away is 40 pixels wide: at 48 for one and a half signs, STOP and STAR come out alike."""

CUTTING_CHANNELS = 3 * FINE**2 + 3
"""The thing's squares of 2 x 2 pixels lie one behind the other, row by row; then come the surroundings. So both
cuttings are one picture of 48 x 48."""

THING, SURROUNDINGS = 1.5, 4.0
"""Sides of what the two cuttings show, in longer sides of the candidate's box."""

LOWEST_LOOKED_AT = 0.03
"""Candidates in which the first look believes less are not looked at again. Of the stop signs within 40 m in 2,000
frames of `rich_test`, 0.952 have one that is believed 0.02 or more, and 0.945 one of 0.05."""

MOST_LOOKED_AT = 12
"""Candidates that are looked at again in one frame, the most believed ones. Of 3,000 frames one had more, and none more
than 14; noise has 40."""

CROWDED = 2.0
"""Where there are k times as many, the odds of each are divided by k to this power: as many more may be wrong, and the
frame is so much less likely of a road at all."""

SURE = 12.0
"""Log odds beyond which the second look's answer counts no more."""

WEIGHING = "fovea_weighing"
"""Name of the array, float32 (2, 3), that says for stop signs and people what the first look's log odds and the
second's are multiplied by, and what is added."""

Cutting = NDArray[np.uint8]

GLANCES = tuple(
    (right, below, size)
    for right, below in ((0.0, 0.0), (-0.1, 0.0), (0.1, 0.0), (0.0, 0.1), (0.0, -0.1))
    for size in (0.85, 1.0, 1.18)
)
"""Where a candidate of which there is but one picture is looked at: how far aside, in the box's own sides, and how many
times as large."""

FARTHEST_CENTRE, SIZES = 0.5, (0.1, 1.5)
"""What measures may say at most: where the thing's centre is, and the least and the greatest of its sides, in sides of
the first cutting."""


class Answer(IntEnum):
    """What a cutting may show."""

    NOTHING = 0
    STOP_SIGN = 1
    OTHER_SIGN = 2
    VEHICLE = 3
    PERSON = 4


class Measured(IntEnum):
    """What is measured of the thing in a cutting, in sides of the first cutting."""

    CENTRE_U = 0
    """Its centre right of the cutting's."""

    CENTRE_V = 1
    """And below."""

    LOG_WIDTH = 2
    LOG_HEIGHT = 3

    LOG_SIZE = 4
    """Logarithm of the metres that the cutting's side spans at the thing's distance: that, over the side as an angle,
    is the distance."""

    LOG_SPREAD = 5
    """How unsure that is: logarithm of a Laplace distribution's scale."""


OUTPUTS = len(Answer) + len(Measured)
"""Numbers that the second look answers to each cutting: logits of the answers, then the measures."""

LOOKED_AT = {Channel.STOP_SIGN: Answer.STOP_SIGN, Channel.PEDESTRIAN: Answer.PERSON}
"""What is looked at twice, and the answer that confirms it: what the car stops for, and is small or has doubles."""


def build_fovea(widths: tuple[int, int, int], precision: str = "float32", *, deep: bool = True) -> Any:
    """Build the network of the second look, untrained.

    Args:
        widths: Channels at 24 x 24, 12 x 12 and 6 x 6.
        precision: Keras dtype policy of the layers; the answers are float32.
        deep: Whether residual blocks follow the convolutions at 24 x 24 and 12 x 12; they read what is written.

    Input shape:
        uint8 (batch, 48, 48, 15): the thing, then its surroundings, as `cut_candidates` gives them.

    Output shape:
        (batch, 11): logits of each `Answer`, then each of `Measured`.
    """
    cuttings = keras.Input((FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS), dtype="uint8", name="cuttings")
    x = keras.layers.Rescaling(1 / 64, offset=-2.0, dtype="float32", name=f"{PREFIX}scale")(cuttings)
    large, middle, small = widths
    for number, (filters, stride) in enumerate(((large, 2), (middle, 1), (middle, 2), (small, 1), (small, 2)), start=1):
        x = _convolution(f"{number}", filters, precision, strides=stride, activation="relu")(x)
        if deep and stride == 1:
            x = _corrected(x, f"{number}", precision)
    x = keras.layers.Flatten(dtype=precision, name=f"{PREFIX}flat")(x)
    x = keras.layers.Dropout(0.2, dtype=precision, name=f"{PREFIX}dropout")(x)
    x = keras.layers.Dense(
        small, activation="relu", kernel_initializer="he_normal", dtype=precision, name=f"{PREFIX}hidden"
    )(x)
    small_start = keras.initializers.RandomNormal(stddev=0.01)
    both = [
        keras.layers.Dense(count, kernel_initializer=small_start, dtype="float32", name=f"{PREFIX}{name}")(x)
        for name, count in (("answers", len(Answer)), ("measures", len(Measured)))
    ]
    outputs = keras.layers.Concatenate(dtype="float32", name=f"{PREFIX}outputs")(both)
    return keras.Model(cuttings, outputs, name="rollingstop_fovea")


def _convolution(name: str, filters: int, precision: str, **more: Any) -> Any:
    more = {"kernel_initializer": "he_normal"} | more
    return keras.layers.Conv2D(filters, 3, padding="same", dtype=precision, name=f"{PREFIX}{name}", **more)


def _corrected(x: Any, name: str, precision: str) -> Any:
    """Return features and what two more convolutions add to them: nothing before they have learned (He et al. 2016)."""
    filters = x.shape[-1]
    more = _convolution(f"{name}_more", filters, precision, activation="relu")(x)
    more = _convolution(f"{name}_again", filters, precision, kernel_initializer="zeros")(more)
    x = keras.layers.Add(dtype=precision, name=f"{PREFIX}{name}_sum")([x, more])
    return keras.layers.Activation("relu", dtype=precision, name=f"{PREFIX}{name}_kept")(x)


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """One candidate, looked at twice.

    Attributes:
        channel: What it is a candidate for.
        box: xyxy in the frame's pixels.
        first: How much the first look believed in it.
        shares: What the second look believes it to be: a share for each `Answer`, float64, shape (5,).
        score: How much both together believe in it.
        cuttings: What the second look saw, uint8 (48, 48, 15).
        measured: The thing's box as the second look has it, xyxy in the frame's pixels.
        log_span: How far it is, as `Revised.log_spans` has it.
    """

    channel: Channel
    box: tuple[float, float, float, float]
    first: float
    shares: NDArray[np.float64] = field(repr=False)
    score: float
    cuttings: Cutting = field(repr=False)
    measured: tuple[float, float, float, float]
    log_span: float


@dataclass(frozen=True, slots=True, eq=False)
class Revised:
    """Candidates after a second look.

    Attributes:
        seen: Places of those that were looked at again, shape (k,).
        scores: Of all, float64, shape (n,).
        boxes: Of all, xyxy in the frame's pixels, float32, shape (n, 4).
        log_spans: Of those looked at again: logarithm of the metres at their distance that one pixel shows, which is
            distance over focal length in pixels; float64, shape (k,).
        log_spreads: How unsure that is, shape (k,).
    """

    seen: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: NDArray[np.float32]
    log_spans: NDArray[np.float64]
    log_spreads: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fovea:
    """A trained second look.

    Attributes:
        weighing: How both looks are weighed, float32 (2, 3), a row for each of `LOOKED_AT`.
    """

    weighing: NDArray[np.float32]
    _judge: Judge = field(repr=False)

    def shown(self, show: Callable[[Cutting], Cutting]) -> Fovea:
        """Return a second look that sees of all cuttings, uint8 (n, 48, 48, 15), no more than a function leaves."""
        return replace(self, _judge=lambda cuttings: self._judge(show(cuttings)))

    def evidence(self, cuttings: Cutting, channels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the log odds, by the second look alone, that each cutting shows what it is a candidate for.

        Args:
            cuttings: uint8 (n, 48, 48, 15).
            channels: Of the candidates, shape (n,), all among `LOOKED_AT`.
        """
        return log_odds(self._judge(cuttings).astype(np.float64), _confirming(channels))

    def revise(
        self, rgb: NDArray[np.uint8], boxes: NDArray[np.float32], scores: NDArray[Any], channels: NDArray[np.int64]
    ) -> Revised:
        """Judge and measure candidates once more.

        Args:
            rgb: The frame, uint8 (H, W, 3), of any size.
            boxes: Of the candidates, xyxy, shape (n, 4), most believed first.
            scores: By the first look, shape (n,).
            channels: Shape (n,).

        Returns:
            Candidates of other kinds, those hardly believed, and those after the first `MOST_LOOKED_AT` as they were.
        """
        final, corrected = np.asarray(scores, np.float64).copy(), np.asarray(boxes, np.float32).copy()
        worth = _worth_it(final, channels)
        chosen = worth[:MOST_LOOKED_AT]
        if not len(chosen):
            return Revised(chosen, final, corrected, np.zeros(0), np.zeros(0))
        places = places_of(boxes[chosen], rgb.shape)
        outputs = self._judge(_cut_places(rgb, places)).astype(np.float64)
        evidence = log_odds(outputs, _confirming(channels[chosen]))
        final[chosen] = weighed(self.weighing, final[chosen], evidence, channels[chosen], len(worth))
        measures = outputs[:, len(Answer) :]
        corrected[chosen] = measured_boxes(measures, places)
        spans = measures[:, Measured.LOG_SIZE] - np.log(places[:, 0, 2])
        return Revised(chosen, final, corrected, spans, measures[:, Measured.LOG_SPREAD])

    def ponder(
        self, rgb: NDArray[np.uint8], boxes: NDArray[np.float32], scores: NDArray[Any], channels: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Judge candidates as `revise` does, by many glances instead of one; return scores and boxes of all.

        In a drive the next frame shows a thing anew and the driver weighs them all; of a photograph there is no next.
        So each candidate is looked at from all `GLANCES`, then again from as many about where these measured it to be,
        and the mean counts: of log odds, and of boxes.

        Args:
            rgb: As `revise` takes it, like all others.
            boxes: Shape (n, 4).
            scores: Shape (n,).
            channels: Shape (n,).
        """
        final, corrected = np.asarray(scores, np.float64).copy(), np.asarray(boxes, np.float32).copy()
        worth = _worth_it(final, channels)
        chosen = worth[:MOST_LOOKED_AT]
        if not len(chosen):
            return final, corrected
        confirming = _confirming(channels[chosen])
        evidence: list[NDArray[np.float64]] = []
        measured: list[NDArray[np.float32]] = []
        for _ in range(2):
            about = np.mean(measured, axis=0) if measured else corrected[chosen]
            for glance in GLANCES:
                places = places_of(_aside(about, *glance), rgb.shape)
                outputs = self._judge(_cut_places(rgb, places)).astype(np.float64)
                evidence.append(log_odds(outputs, confirming))
                measured.append(measured_boxes(outputs[:, len(Answer) :], places))
        final[chosen] = weighed(self.weighing, final[chosen], np.mean(evidence, axis=0), channels[chosen], len(worth))
        corrected[chosen] = np.mean(measured, axis=0)
        return final, corrected

    def looks(
        self, rgb: NDArray[np.uint8], boxes: NDArray[np.float32], scores: NDArray[Any], channels: NDArray[np.int64]
    ) -> list[SecondLook]:
        """Return all that the second look saw and made of it, for those candidates that `revise` looks at again.

        Args:
            rgb: As `revise` takes it, like all others.
            boxes: Shape (n, 4).
            scores: Shape (n,).
            channels: Shape (n,).
        """
        worth = _worth_it(np.asarray(scores, np.float64), channels)
        chosen = worth[:MOST_LOOKED_AT]
        if not len(chosen):
            return []
        places = places_of(boxes[chosen], rgb.shape)
        cuttings = _cut_places(rgb, places)
        outputs = self._judge(cuttings).astype(np.float64)
        logits = outputs[:, : len(Answer)]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        evidence = log_odds(outputs, _confirming(channels[chosen]))
        final = weighed(self.weighing, scores[chosen], evidence, channels[chosen], len(worth))
        measures = outputs[:, len(Answer) :]
        corrected = measured_boxes(measures, places)
        return [
            SecondLook(
                Channel(int(channels[place])),
                tuple(boxes[place].tolist()),
                float(scores[place]),
                shares[number],
                float(final[number]),
                cuttings[number],
                tuple(corrected[number].tolist()),
                float(measures[number, Measured.LOG_SIZE] - np.log(places[number, 0, 2])),
            )
            for number, place in enumerate(chosen)
        ]


def _aside(boxes: NDArray[np.float32], right: float, below: float, size: float) -> NDArray[np.float32]:
    """Return boxes moved by shares of their own sides, and so many times as large."""
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:]) + sides * (right, below)
    return np.concatenate([centres - 0.5 * size * sides, centres + 0.5 * size * sides], axis=1)


def _confirming(channels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the answer that confirms each candidate."""
    return np.array([LOOKED_AT[Channel(int(channel))] for channel in channels], np.int64)


def _worth_it(scores: NDArray[np.float64], channels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of the candidates that are worth another look."""
    places = np.flatnonzero(scores >= LOWEST_LOOKED_AT)
    chosen = [
        place for place, channel in zip(places.tolist(), channels[places].tolist(), strict=True) if channel in LOOKED_AT
    ]
    return np.array(chosen, np.int64)


def fovea_of(model: Any, weighing: NDArray[np.float32]) -> Fovea:
    """Return the second look of a network that is built and filled, run by Keras.

    Args:
        model: From `build_fovea`.
        weighing: As `Fovea.weighing`.
    """
    shape = (None, FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def judge(cuttings: Any) -> Any:
        return model(cuttings, training=False)

    concrete = judge.get_concrete_function()
    return Fovea(weighing, lambda cuttings: concrete(tf.constant(cuttings)).numpy())


def load_fovea(arrays: Mapping[str, NDArray[np.float32]], precision: str | None = None) -> Fovea | None:
    """Return the second look whose weights lie among a network's; None if there are none: that network looks once.

    Args:
        arrays: All weights by name.
        precision: A Keras dtype; what this machine multiplies fastest if not given.

    Raises:
        WeightsError: If its weights are missing or of another shape.
    """
    loaded = load_fovea_model(arrays, precision or compute_precision())
    return None if loaded is None else fovea_of(*loaded)


def exported_fovea(arrays: Mapping[str, NDArray[np.float32]], judge: Judge) -> Fovea:
    """Return a second look that another library runs.

    Args:
        arrays: All weights by name: they say how the looks are weighed.
        judge: What runs it.

    Raises:
        WeightsError: If they do not.
    """
    return Fovea(_weighing(arrays), judge)


def load_fovea_model(
    arrays: Mapping[str, NDArray[np.float32]], precision: str = "float32"
) -> tuple[Any, NDArray[np.float32]] | None:
    """Return the second look's network, filled, and `Fovea.weighing`; None if there are no weights of it.

    Args:
        arrays: All weights by name.
        precision: A Keras dtype.

    Raises:
        WeightsError: If its weights are missing or of another shape.
    """
    if not any(is_fovea(name) for name in arrays):
        return None
    model = build_fovea(_widths(arrays), precision)
    mine = {name: array for name, array in arrays.items() if is_fovea(name) and name != WEIGHING}
    fill(model, mine, "the weights file")
    return model, _weighing(arrays)


def _weighing(arrays: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    weighing = arrays.get(WEIGHING)
    if weighing is None or weighing.shape != (len(LOOKED_AT), 3) or not np.isfinite(weighing).all():
        received = "none" if weighing is None else f"{weighing.dtype} of shape {weighing.shape}"
        raise WeightsError(
            f"Expected '{WEIGHING}' in the weights file, finite, of shape ({len(LOOKED_AT)}, 3). Received: {received}."
        )
    return weighing


def _widths(arrays: Mapping[str, NDArray[np.float32]]) -> tuple[int, int, int]:
    """Return the sizes of the second look with such weights; any others do not fill it then."""
    biases = [arrays.get(f"{PREFIX}{number}/bias", np.zeros(1)) for number in (1, 2, 4)]
    for bias in biases:
        if bias.ndim != 1 or not 1 <= bias.size <= MOST_UNITS:
            raise WeightsError(
                f"Expected the second look's layers to have 1 to {MOST_UNITS} channels. Received: a bias of shape "
                f"{bias.shape}."
            )
    large, middle, small = (bias.size for bias in biases)
    return large, middle, small


def is_fovea(name: str) -> bool:
    """Return whether an array of a weights file belongs to the second look."""
    return name.startswith(PREFIX)


def cut_candidates(rgb: NDArray[np.uint8], boxes: NDArray[Any]) -> Cutting:
    """Return the two cuttings of each candidate, uint8 (n, 48, 48, 15); what lies outside the frame repeats its edge.

    Args:
        rgb: uint8 (H, W, 3).
        boxes: xyxy in its pixels, shape (n, 4).
    """
    return _cut_places(rgb, places_of(boxes, rgb.shape))


def places_of(boxes: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return where the two cuttings of each candidate lie: left, top and side in whole pixels, shape (n, 2, 3).

    Args:
        boxes: xyxy, shape (n, 4).
        shape: Of the frame, rows first.
    """
    boxes = np.asarray(boxes, np.float64)
    longer = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 2.0)
    sides = np.maximum(np.rint(longer[:, None] * (THING, SURROUNDINGS)), 2.0)
    corners = np.rint(0.5 * (boxes[:, :2] + boxes[:, 2:])[:, None] - 0.5 * sides[..., None])
    # A centre outside the frame would leave nothing to repeat.
    corners = np.minimum(np.maximum(corners, 1.0 - sides[..., None]), (shape[1] - 1.0, shape[0] - 1.0))
    return np.concatenate([corners, sides[..., None]], axis=-1).astype(np.int64)


def _cut_places(rgb: NDArray[np.uint8], places: NDArray[np.int64]) -> Cutting:
    cuttings = np.empty((len(places), FOVEA_PX, FOVEA_PX, CUTTING_CHANNELS), np.uint8)
    for number, (thing, surroundings) in enumerate(places.tolist()):
        cuttings[number, :, :, :-3] = folded(_cut(rgb, *thing, FINE * FOVEA_PX))
        cuttings[number, :, :, -3:] = _cut(rgb, *surroundings, FOVEA_PX)
    return cuttings


def folded(fine: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture, (96, 96, c), with its squares of 2 x 2 pixels one behind the other: (48, 48, 4 c)."""
    parts = fine.reshape(FOVEA_PX, FINE, FOVEA_PX, FINE, -1).transpose(0, 2, 1, 3, 4)
    return parts.reshape(FOVEA_PX, FOVEA_PX, -1)


def pictures_of(cuttings: Cutting) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what the cuttings of one candidate, (48, 48, 15), show: the thing, (96, 96, 3), and its surroundings."""
    fine = cuttings[..., :-3].reshape(FOVEA_PX, FOVEA_PX, FINE, FINE, 3).transpose(0, 2, 1, 3, 4)
    return fine.reshape(FINE * FOVEA_PX, FINE * FOVEA_PX, 3), np.ascontiguousarray(cuttings[..., -3:])


def _cut(rgb: NDArray[np.uint8], left: int, top: int, side: int, size: int) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    inside = rgb[max(top, 0) : top + side, max(left, 0) : left + side]
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    if inside.shape[:2] != (side, side):
        below, right = max(top + side - height, 0), max(left + side - width, 0)
        inside = cv2.copyMakeBorder(inside, max(-top, 0), below, max(-left, 0), right, cv2.BORDER_REPLICATE)
    return cv2.resize(inside, (size, size), interpolation=method)


def measured_boxes(measures: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the boxes that measures tell, xyxy, shape (n, 4).

    Args:
        measures: Shape (n, 6).
        places: Of their cuttings, as `places_of` has them.
    """
    side = places[:, 0, 2:].astype(np.float64)
    offsets = np.clip(measures[:, [Measured.CENTRE_U, Measured.CENTRE_V]], -FARTHEST_CENTRE, FARTHEST_CENTRE)
    centre = places[:, 0, :2] + side * (0.5 + offsets)
    sizes = np.clip(measures[:, [Measured.LOG_WIDTH, Measured.LOG_HEIGHT]], *np.log(SIZES))
    half = 0.5 * side * np.exp(sizes)
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def true_measures(boxes: NDArray[Any], log_spans: NDArray[Any], places: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what the second look ought to measure, all of `Measured` but the spread, float32 (n, 5).

    Args:
        boxes: Of the things themselves, xyxy, shape (n, 4).
        log_spans: As `Revised.log_spans`, shape (n,).
        places: Of the cuttings.
    """
    side = places[:, 0, 2].astype(np.float64)
    centre = (0.5 * (boxes[:, :2] + boxes[:, 2:]) - places[:, 0, :2]) / side[:, None] - 0.5
    sizes = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0) / side[:, None])
    return np.column_stack([centre, sizes, np.log(side) + log_spans]).astype(np.float32)


def log_odds(logits: NDArray[np.float64], answers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log odds of one answer in each row, within `SURE`.

    Args:
        logits: Of all answers, shape (n, 5); whatever follows them counts for nothing.
        answers: Which one, shape (n,).
    """
    rows = np.arange(len(logits))
    others = logits[:, : len(Answer)].copy()
    others[rows, answers] = -np.inf
    top = others.max(axis=1)
    rest = top + np.log(np.exp(others - top[:, None]).sum(axis=1))
    return np.clip(logits[rows, answers] - rest, -SURE, SURE)


def features(scores: NDArray[Any], evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is weighed of each candidate, shape (n, 3): both looks' log odds, and 1.

    Args:
        scores: By the first look, shape (n,).
        evidence: By the second, shape (n,).
    """
    sure = np.clip(np.asarray(scores, np.float64), 1e-6, 1 - 1e-6)
    return np.stack([np.log(sure / (1 - sure)), evidence, np.ones(len(sure))], axis=1)


def weighed(
    weighing: NDArray[np.float32],
    scores: NDArray[Any],
    evidence: NDArray[np.float64],
    channels: NDArray[np.int64],
    among: int,
) -> NDArray[np.float64]:
    """Return final scores, shape (n,).

    Args:
        weighing: As `Fovea.weighing`.
        scores: By the first look, shape (n,).
        evidence: By the second, shape (n,).
        channels: Shape (n,), all among `LOOKED_AT`.
        among: How many candidates of the frame are worth another look.
    """
    order: Sequence[Channel] = list(LOOKED_AT)
    rows = weighing[[order.index(Channel(int(channel))) for channel in channels]].astype(np.float64)
    odds = (rows * features(scores, evidence)).sum(axis=1) - CROWDED * np.log(max(1.0, among / MOST_LOOKED_AT))
    return 1.0 / (1.0 + np.exp(-odds))
