"""A second look: each thing that might be a stop sign or a person is cut out at full sharpness and judged once more.

    frame ─► network ─► candidates ─► two cuttings of each, 48 x 48: the thing, and its surroundings
                                            └─► 5 convolutions ─► nothing, stop sign, other sign, vehicle, person?

The network looks at all of the frame at once and pays for it: of a sign 60 m away its maps keep a cell or two. The eye
has a fovea for that, a small sharp spot that is turned to whatever seems to be something (for detectors: the second
stage of Girshick et al. 2014, R-CNN). A candidate's final score weighs both looks, by what became of candidates on
frames that were held back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision, keras, tf
from perception.channels import Channel
from perception.runtimes import Judge
from perception.weights import FOVEA_PREFIX as PREFIX
from perception.weights import fill
from sim.errors import WeightsError

FOVEA_PX = 48
"""Side of a cutting, to which whatever it shows is enlarged or shrunk."""

THING, SURROUNDINGS = 1.5, 4.0
"""Sides of what the two cuttings show, in longer sides of the candidate's box."""

LOWEST_LOOKED_AT = 0.03
"""Candidates in which the first look believes less are not looked at again. Of the stop signs within 40 m in 2,000
frames of `rich_test`, 0.952 have one that is believed 0.02 or more, and 0.945 one of 0.05."""

MOST_LOOKED_AT = 12
"""Candidates that are looked at again in one frame, the most believed ones: ten times what a frame has on average."""

SURE = 12.0
"""Log odds beyond which the second look's answer counts no more."""

WEIGHING = "fovea_weighing"
"""Name of the array, float32 (2, 3), that says for stop signs and people what the first look's log odds and the
second's are multiplied by, and what is added."""

Cutting = NDArray[np.uint8]


class Answer(IntEnum):
    """What a cutting may show."""

    NOTHING = 0
    STOP_SIGN = 1
    OTHER_SIGN = 2
    VEHICLE = 3
    PERSON = 4


LOOKED_AT = {Channel.STOP_SIGN: Answer.STOP_SIGN, Channel.PEDESTRIAN: Answer.PERSON}
"""What is looked at twice, and the answer that confirms it: what the car stops for, and is small or has doubles."""


def build_fovea(widths: tuple[int, int, int], precision: str = "float32") -> Any:
    """Build the network of the second look, untrained.

    Args:
        widths: Channels at 24 x 24, 12 x 12 and 6 x 6.
        precision: Keras dtype policy of the layers; the answers are float32.

    Input shape:
        uint8 (batch, 48, 48, 6): the thing, then its surroundings.

    Output shape:
        Logits (batch, 5), of each `Answer`.
    """
    cuttings = keras.Input((FOVEA_PX, FOVEA_PX, 6), dtype="uint8", name="cuttings")
    x = keras.layers.Rescaling(1 / 64, offset=-2.0, dtype=precision, name=f"{PREFIX}scale")(cuttings)
    large, middle, small = widths
    for number, (filters, stride) in enumerate(((large, 2), (middle, 1), (middle, 2), (small, 1), (small, 2)), start=1):
        x = keras.layers.Conv2D(
            filters,
            3,
            strides=stride,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            dtype=precision,
            name=f"{PREFIX}{number}",
        )(x)
    x = keras.layers.Flatten(dtype=precision, name=f"{PREFIX}flat")(x)
    x = keras.layers.Dropout(0.2, dtype=precision, name=f"{PREFIX}dropout")(x)
    x = keras.layers.Dense(
        small, activation="relu", kernel_initializer="he_normal", dtype=precision, name=f"{PREFIX}hidden"
    )(x)
    small_start = keras.initializers.RandomNormal(stddev=0.01)
    answers = keras.layers.Dense(len(Answer), kernel_initializer=small_start, dtype="float32", name=f"{PREFIX}answers")(
        x
    )
    return keras.Model(cuttings, answers, name="rollingstop_fovea")


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """One candidate, looked at twice.

    Attributes:
        channel: What it is a candidate for.
        box: xyxy in the frame's pixels.
        first: How much the first look believed in it.
        shares: What the second look believes it to be: a share for each `Answer`, float64, shape (5,).
        score: How much both together believe in it.
        cuttings: What the second look saw, uint8 (48, 48, 6).
    """

    channel: Channel
    box: tuple[float, float, float, float]
    first: float
    shares: NDArray[np.float64] = field(repr=False)
    score: float
    cuttings: Cutting = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fovea:
    """A trained second look.

    Attributes:
        weighing: How both looks are weighed, float32 (2, 3), a row for each of `LOOKED_AT`.
    """

    weighing: NDArray[np.float32]
    _judge: Judge = field(repr=False)

    def evidence(self, cuttings: Cutting, channels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the log odds, by the second look alone, that each cutting shows what it is a candidate for.

        Args:
            cuttings: uint8 (n, 48, 48, 6).
            channels: Of the candidates, shape (n,), all among `LOOKED_AT`.
        """
        logits = self._judge(cuttings).astype(np.float64)
        answers = np.array([LOOKED_AT[Channel(int(channel))] for channel in channels], np.int64)
        return log_odds(logits, answers)

    def scores(
        self, rgb: NDArray[np.uint8], boxes: NDArray[np.float32], scores: NDArray[Any], channels: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return the scores of candidates after a second look.

        Args:
            rgb: The frame, uint8 (H, W, 3), of any size.
            boxes: Of the candidates, xyxy, shape (n, 4), most believed first.
            scores: By the first look, shape (n,).
            channels: Shape (n,).

        Returns:
            float64 (n,). Candidates of other kinds, those hardly believed, and those after the first `MOST_LOOKED_AT`
            keep their score.
        """
        result = np.asarray(scores, np.float64).copy()
        chosen = _worth_it(result, channels)
        if len(chosen):
            seen = self.evidence(cut_candidates(rgb, boxes[chosen]), channels[chosen])
            result[chosen] = weighed(self.weighing, result[chosen], seen, channels[chosen])
        return result

    def looks(
        self, rgb: NDArray[np.uint8], boxes: NDArray[np.float32], scores: NDArray[Any], channels: NDArray[np.int64]
    ) -> list[SecondLook]:
        """Return all that the second look saw and made of it, for those candidates that `scores` looks at again.

        Args:
            rgb: As `scores` takes it, like all others.
            boxes: Shape (n, 4).
            scores: Shape (n,).
            channels: Shape (n,).
        """
        chosen = _worth_it(np.asarray(scores, np.float64), channels)
        if not len(chosen):
            return []
        cuttings = cut_candidates(rgb, boxes[chosen])
        logits = self._judge(cuttings).astype(np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        answers = np.array([LOOKED_AT[Channel(int(channel))] for channel in channels[chosen]], np.int64)
        final = weighed(self.weighing, scores[chosen], log_odds(logits, answers), channels[chosen])
        return [
            SecondLook(
                Channel(int(channels[place])),
                tuple(boxes[place].tolist()),
                float(scores[place]),
                shares[number],
                float(final[number]),
                cuttings[number],
            )
            for number, place in enumerate(chosen)
        ]


def _worth_it(scores: NDArray[np.float64], channels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of the candidates that are looked at again."""
    return np.flatnonzero(np.isin(channels, list(LOOKED_AT)) & (scores >= LOWEST_LOOKED_AT))[:MOST_LOOKED_AT]


def fovea_of(model: Any, weighing: NDArray[np.float32]) -> Fovea:
    """Return the second look of a network that is built and filled, run by Keras.

    Args:
        model: From `build_fovea`.
        weighing: As `Fovea.weighing`.
    """
    shape = (None, FOVEA_PX, FOVEA_PX, 6)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def judge(cuttings: Any) -> Any:
        return model(cuttings, training=False)

    return Fovea(weighing, lambda cuttings: judge(tf.constant(cuttings)).numpy())


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
    large, middle, small = (arrays.get(f"{PREFIX}{number}/bias", np.zeros(1)).shape[0] for number in (1, 2, 4))
    return large, middle, small


def is_fovea(name: str) -> bool:
    """Return whether an array of a weights file belongs to the second look."""
    return name.startswith(PREFIX)


def cut_candidates(rgb: NDArray[np.uint8], boxes: NDArray[Any]) -> Cutting:
    """Return the two cuttings of each candidate, uint8 (n, 48, 48, 6); what lies outside the frame repeats its edge.

    Args:
        rgb: uint8 (H, W, 3).
        boxes: xyxy in its pixels, shape (n, 4).
    """
    cuttings = np.empty((len(boxes), FOVEA_PX, FOVEA_PX, 6), np.uint8)
    for number, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
        longer = max(x1 - x0, y1 - y0, 2.0)
        for place, extent in ((slice(0, 3), THING), (slice(3, 6), SURROUNDINGS)):
            cuttings[number, :, :, place] = _cut(rgb, 0.5 * (x0 + x1), 0.5 * (y0 + y1), extent * longer)
    return cuttings


def _cut(rgb: NDArray[np.uint8], centre_u: float, centre_v: float, side_px: float) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    side = max(round(side_px), 2)
    left, top = round(centre_u - side / 2), round(centre_v - side / 2)
    # A centre outside the frame would leave nothing to repeat.
    left, top = min(max(left, 1 - side), width - 1), min(max(top, 1 - side), height - 1)
    inside = rgb[max(top, 0) : top + side, max(left, 0) : left + side]
    method = cv2.INTER_AREA if side > FOVEA_PX else cv2.INTER_LINEAR
    if inside.shape[:2] != (side, side):
        below, right = max(top + side - height, 0), max(left + side - width, 0)
        inside = cv2.copyMakeBorder(inside, max(-top, 0), below, max(-left, 0), right, cv2.BORDER_REPLICATE)
    return cv2.resize(inside, (FOVEA_PX, FOVEA_PX), interpolation=method)


def log_odds(logits: NDArray[np.float64], answers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log odds of one answer in each row, within `SURE`.

    Args:
        logits: Of all answers, shape (n, 5).
        answers: Which one, shape (n,).
    """
    rows = np.arange(len(logits))
    others = logits.copy()
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
    weighing: NDArray[np.float32], scores: NDArray[Any], evidence: NDArray[np.float64], channels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return final scores, shape (n,).

    Args:
        weighing: As `Fovea.weighing`.
        scores: By the first look, shape (n,).
        evidence: By the second, shape (n,).
        channels: Shape (n,), all among `LOOKED_AT`.
    """
    order: Sequence[Channel] = list(LOOKED_AT)
    rows = weighing[[order.index(Channel(int(channel))) for channel in channels]].astype(np.float64)
    return 1.0 / (1.0 + np.exp(-(rows * features(scores, evidence)).sum(axis=1)))
