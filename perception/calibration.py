"""Scores that mean what they say: of detections with a score of 0.8, eight in ten are right.

The focal loss is content when right answers rank above wrong ones, and leaves scores too low or too high. After
training, the logits of each heat map are therefore scaled and shifted (Platt 1999) by what became of detections on
frames that were held back. Both numbers go into the last layer's weights, so that nothing else need know of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from perception.backend import compute_precision, tf
from perception.channels import CHANNELS, SIGN_CHANNELS, Channel
from perception.decode import find_peaks, pairwise_iou, suppress
from perception.labels import Labels, label
from perception.network import NetworkConfig, build_network
from perception.pipeline import decode_image
from perception.weights import fill
from sim.camera import Camera
from sim.recording import Example

LOWEST_USED = 0.1
"""Raw scores below this are left out: nobody acts on them, and they would outnumber all others."""

RIGHT_IOU = 0.5
LINE_RELATIVE, LINE_M = 0.1, 1.0
"""A detection is right if its box overlaps that of an object this much, a stop line if it is placed this well."""

FEWEST = 50
"""Right detections, and wrong ones, that are needed; with fewer, a heat map stays as it is."""

_ROUNDS = 50
_RIDGE = 1e-3
"""Newton's method takes a few rounds; the ridge, towards no change at all, keeps it from running off."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a heat map's logits are multiplied by, and what is then added.

    Attributes:
        slope: Positive.
        offset: In log-odds.
        right: Detections that were right, among those that it was fitted to.
        wrong: Those that were not.
    """

    slope: float
    offset: float
    right: int
    wrong: int


def calibrate(
    arrays: Mapping[str, NDArray[np.float32]], network: NetworkConfig, camera: Camera, examples: Iterable[Example]
) -> tuple[dict[str, NDArray[np.float32]], dict[str, Scaling]]:
    """Return weights whose scores are probabilities, and what was done to each heat map.

    Args:
        arrays: The whole network's weights by name.
        network: Its sizes.
        camera: Whose frames it sees.
        examples: Frames that it has not been trained on.
    """
    outcomes = _look(arrays, network, camera, examples)
    scalings = {channel: fit(logits, right) for channel, (logits, right) in outcomes.items()}
    return scaled(arrays, scalings), {channel.name.lower(): each for channel, each in scalings.items()}


def scaled(
    arrays: Mapping[str, NDArray[np.float32]], scalings: Mapping[Channel, Scaling]
) -> dict[str, NDArray[np.float32]]:
    """Return weights whose heat maps are scaled."""
    changed = {name: array.copy() for name, array in arrays.items()}
    for channel, scaling in scalings.items():
        branch, place = ("sign", channel) if channel < SIGN_CHANNELS else ("road", channel - SIGN_CHANNELS)
        changed[f"{branch}_heat/kernel"][..., place] *= scaling.slope
        bias = changed[f"{branch}_heat/bias"]
        bias[place] = scaling.slope * bias[place] + scaling.offset
    return changed


def fit(logits: NDArray[np.float64], right: NDArray[np.bool_]) -> Scaling:
    """Return the scaling under which what happened is likeliest: logistic regression on one number.

    Args:
        logits: Of detections, shape (n,).
        right: Whether each was right, shape (n,).
    """
    hits = int(right.sum())
    misses = len(right) - hits
    slope, offset = likeliest(np.stack([logits, np.ones(len(logits))], axis=1), right, np.array([1.0, 0.0])).tolist()
    # A network whose surer detections are no likelier right has nothing to scale.
    return Scaling(slope, offset, hits, misses) if slope > 0.0 else Scaling(1.0, 0.0, hits, misses)


def likeliest(inputs: NDArray[np.float64], right: NDArray[np.bool_], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights under which what happened is likeliest: logistic regression.

    Args:
        inputs: What is known of each detection, shape (n, k).
        right: Whether each was right, shape (n,).
        start: The weights to which too few detections, and the ridge, hold, shape (k,).
    """
    wanted = start.copy()
    if min(int(right.sum()), int((~right).sum())) < FEWEST:
        return wanted

    def unlikely(weights: NDArray[np.float64]) -> float:
        logits = inputs @ weights
        return float(np.sum(np.logaddexp(0.0, logits) - right * logits) + 0.5 * ridge * np.sum((weights - start) ** 2))

    ridge = _RIDGE * len(right)
    for _ in range(_ROUNDS):
        belief = expit(inputs @ wanted)
        gradient = inputs.T @ (belief - right) + ridge * (wanted - start)
        curvature = inputs.T @ (inputs * (belief * (1.0 - belief))[:, None]) + ridge * np.eye(len(start))
        step = np.linalg.solve(curvature, gradient)
        # Where beliefs are far too sure the curvature is near nothing, and a whole step leads away for good.
        before = unlikely(wanted)
        while unlikely(wanted - step) > before + 1e-9 * abs(before) and np.abs(step).max() >= 1e-9:
            step *= 0.5
        wanted -= step
        if np.abs(step).max() < 1e-9:
            break
    return wanted


def _look(
    arrays: Mapping[str, NDArray[np.float32]], network: NetworkConfig, camera: Camera, examples: Iterable[Example]
) -> dict[Channel, tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Return, for each heat map, the logit of each detection and whether it was right."""
    model = build_network(network, camera, compute_precision())
    fill(model, dict(arrays), "the weights in training")
    shape = (camera.height_px, camera.width_px, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def look(rgb: Any) -> Any:
        outputs = model(rgb[None], training=False)
        heat, boxes = outputs["heat"], outputs["boxes"]
        # Each heat map has its own number of candidates: the weakest must not lose them to the strongest.
        return tf.concat([find_peaks(heat[..., k : k + 1], boxes[..., k : k + 1, :]) for k in range(CHANNELS)], axis=0)

    rows: dict[Channel, list[tuple[float, bool]]] = {channel: [] for channel in Channel}
    for example in examples:
        labels = label(example.truth)
        peaks = look(tf.constant(decode_image(example, camera))).numpy()
        for channel, seen in rows.items():
            seen += outcomes_of(peaks[channel], labels, channel)
    return {
        channel: (np.array([row[0] for row in seen]), np.array([row[1] for row in seen], np.bool_))
        for channel, seen in rows.items()
    }


def outcomes_of(peaks: NDArray[np.float32], labels: Labels, channel: Channel) -> list[tuple[float, bool]]:
    """Return the logit of each detection of one heat map in one frame, and whether it was right.

    What lies on an object that is not asked for is left out: it is neither right nor wrong.

    Args:
        peaks: As `find_peaks` gives them, strongest first, shape (n, 8).
        labels: What there is.
        channel: Which heat map.
    """
    peaks = peaks[peaks[:, 0] >= LOWEST_USED]
    peaks = peaks[suppress(peaks[:, 2:6], np.zeros(len(peaks), np.int64))]
    if channel is Channel.STOP_LINE:
        peaks = peaks[:1]  # the driver is told of one line alone
    return [(_logit(float(peaks[place, 0])), right) for place, right in right_ones(peaks, labels, channel)]


def right_ones(peaks: NDArray[np.float32], labels: Labels, channel: Channel) -> list[tuple[int, bool]]:
    """Return which detections of one heat map are right; those on an object that is not asked for are left out.

    Args:
        peaks: As `find_peaks` gives them, strongest first and none twice, shape (n, 8).
        labels: What there is.
        channel: Which heat map.

    Returns:
        The places of detections among `peaks`, and whether each is right.
    """
    mine = labels.channels == channel
    if channel is Channel.STOP_LINE:
        fitting = _near_lines(peaks, labels.distances_m[mine])
    else:
        fitting = pairwise_iou(peaks[:, 2:6], labels.boxes[mine]) >= RIGHT_IOU
    asked = labels.asked[mine]
    free = asked.copy()
    outcomes: list[tuple[int, bool]] = []
    for place, fits in enumerate(fitting):
        found = np.flatnonzero(fits & free)
        if not len(found) and (fits & ~asked).any():
            continue
        free[found[:1]] = False
        outcomes.append((place, len(found) > 0))
    return outcomes


def _logit(score: float) -> float:
    score = min(score, 1.0 - 1e-6)
    return log(score / (1.0 - score))


def _near_lines(peaks: NDArray[np.float32], lines_m: NDArray[np.float32]) -> NDArray[np.bool_]:
    believed_m = np.exp(np.minimum(peaks[:, 6:7], 10.0))
    return np.abs(believed_m - lines_m[None]) <= np.maximum(LINE_M, LINE_RELATIVE * lines_m[None])
