"""The network's eyes: a camera frame in, a percept out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import exp, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision, tf
from perception.card import Card
from perception.channels import KIND_OF_CHANNEL, LANE_SCALES, Channel
from perception.decode import contested, find_peaks, suppress
from perception.engine import STANDARD, Backend, Engine
from perception.losses import MAX_LOG_SPREAD, MIN_LOG_SPREAD
from perception.network import NetworkConfig, build_network
from perception.weights import fill, read_weights
from sim.camera import Camera, CameraFrame
from sim.errors import WeightsError
from sim.percept import Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate

LOWEST_SCORE = 0.2
"""Detections less believed than this are not reported; who reads a percept decides what to act on."""

LANE_TOLERANCE_M = 0.5
"""The lane's confidence is the belief that its offset is right to within this: half the room beside the car."""

_STD_PER_SCALE = sqrt(2.0)
"""Standard deviation of a Laplace distribution of scale 1."""


@dataclass(frozen=True, slots=True)
class Perceiver:
    """A trained network for the frames of one camera.

    Attributes:
        camera: Whose frames it understands.
        card: What is known of its weights; None while they are being trained.
        lowest_score: Detections less believed are not reported.
    """

    camera: Camera
    card: Card | None
    lowest_score: float
    _look: Any = field(repr=False)

    def __call__(self, frame: CameraFrame) -> Percept:
        """Return what the network believes of a frame.

        Raises:
            WeightsError: If another camera took the frame.
        """
        if frame.camera != self.camera:
            raise _other_camera(self.camera, frame.camera)
        peaks, lane = self._look(frame.rgb)
        return _percept(frame.step, peaks, lane, self.lowest_score)


def load_perceiver(
    weights: Path | None = None,
    *,
    camera: Camera | None = None,
    lowest_score: float = LOWEST_SCORE,
    engine: Engine = STANDARD,
) -> Perceiver:
    """Load a trained network.

    Args:
        weights: The .npz file or its folder; the shipped weights if not given.
        camera: What will take the frames, if already known.
        lowest_score: Detections less believed are not reported.
        engine: What the answers are computed with.

    Raises:
        WeightsError: If the weights are missing, altered, of another network, or of another camera.
        RollingStopError: If the engine's library is not installed.
    """
    card, arrays = read_weights(weights)
    if camera is not None and camera != card.camera:
        raise _other_camera(card.camera, camera)
    if engine.backend is not Backend.KERAS:
        from perception.export import exported_for
        from perception.runtimes import make_look

        exported = exported_for(weights, engine)
        return Perceiver(card.camera, card, lowest_score, make_look(engine.backend, exported.model, engine.precision))
    # Keras looks its policies up by plain strings alone.
    precision = engine.precision.value if engine.precision is not None else None
    return make_perceiver(card.network, card.camera, arrays, card=card, lowest_score=lowest_score, precision=precision)


def make_perceiver(
    network: NetworkConfig,
    camera: Camera,
    arrays: dict[str, NDArray[np.float32]],
    *,
    card: Card | None = None,
    lowest_score: float = LOWEST_SCORE,
    precision: str | None = None,
) -> Perceiver:
    """Return the perceiver of a network with the given weights, run by Keras.

    Args:
        network: Its sizes.
        camera: Whose frames it sees.
        arrays: Its weights by name.
        card: What is known of them.
        lowest_score: Detections less believed are not reported.
        precision: A Keras dtype; what this machine multiplies fastest if not given.

    Raises:
        WeightsError: If the weights are not those of such a network.
    """
    model = build_network(network, camera, precision or compute_precision())
    fill(model, arrays, "the weights file")
    return perceiver_of(model, camera, card=card, lowest_score=lowest_score)


def perceiver_of(
    model: Any, camera: Camera, *, card: Card | None = None, lowest_score: float = LOWEST_SCORE
) -> Perceiver:
    """Return the perceiver of a network that is built and filled; it sees with the weights that the network then has.

    Args:
        model: From `build_network`, for this camera.
        camera: Whose frames it sees.
        card: What is known of its weights.
        lowest_score: Detections less believed are not reported.
    """
    shape = (camera.height_px, camera.width_px, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def graph(rgb: Any) -> tuple[Any, Any]:
        outputs = model(rgb[None], training=False)
        return find_peaks(outputs["heat"], outputs["boxes"])[0], outputs["lane"][0]

    def look(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        peaks, lane = graph(tf.constant(rgb))
        return peaks.numpy(), lane.numpy()

    look(np.zeros(shape, np.uint8))
    return Perceiver(camera, card, lowest_score, look)


def _percept(step: int, peaks: NDArray[np.float32], lane: NDArray[np.float32], lowest_score: float) -> Percept:
    """Turn the graph's answers into a percept."""
    peaks = peaks[: int(np.searchsorted(-peaks[:, 0], -lowest_score, side="right"))]
    channels = peaks[:, 1].astype(np.int64)
    detections: list[Detection] = []
    line: StopLineEstimate | None = None
    for index in suppress(peaks[:, 2:6], channels):
        score, channel, x0, y0, x1, y1, log_distance, log_spread = peaks[index].tolist()
        distance_m = exp(min(log_distance, 10.0))
        spread_m = distance_m * _STD_PER_SCALE * _scale(log_spread)
        if channel == Channel.STOP_LINE:
            line = line or StopLineEstimate(distance_m, spread_m, score)
        else:
            kind = KIND_OF_CHANNEL[Channel(int(channel))]
            detections.append(Detection(kind, (x0, y0, x1, y1), score, distance_m, spread_m))
    believed = [each for each in _contested(detections) if each.score >= lowest_score]
    believed.sort(key=lambda each: -each.score)
    return Percept(step, tuple(believed), _lane_estimate(lane), line)


def _contested(detections: Sequence[Detection]) -> list[Detection]:
    """Lower each stop sign's score by that of the distractor, if any, that is believed to be in its place."""
    rivals = [each for each in detections if each.kind is ObjectKind.DISTRACTOR]
    signs = [each for each in detections if each.kind is ObjectKind.STOP_SIGN]
    if not rivals or not signs:
        return list(detections)
    (boxes, scores), (others, beliefs) = (
        (np.array([each.box for each in group], np.float32), np.array([each.score for each in group]))
        for group in (signs, rivals)
    )
    scores = contested(boxes, scores, others, beliefs)
    lowered = [replace(sign, score=score) for sign, score in zip(signs, scores.tolist(), strict=True)]
    return [*lowered, *(each for each in detections if each.kind is not ObjectKind.STOP_SIGN)]


def _lane_estimate(answers: NDArray[np.float32]) -> LaneEstimate:
    count = len(LANE_SCALES)
    offset_m, heading_rad, curvature_per_m = (float(x) * scale for x, scale in zip(answers, LANE_SCALES, strict=False))
    scale_m = LANE_SCALES[0] * _scale(float(answers[count]))
    # The cumulative distribution of a Laplace distribution about its own median.
    return LaneEstimate(offset_m, heading_rad, curvature_per_m, 1.0 - exp(-LANE_TOLERANCE_M / scale_m))


def _scale(log_spread: float) -> float:
    return exp(min(max(log_spread, MIN_LOG_SPREAD), MAX_LOG_SPREAD))


def _other_camera(ours: Camera, theirs: Camera) -> WeightsError:
    def words(camera: Camera) -> str:
        size = f"{camera.width_px} x {camera.height_px}"
        return f"{size}, focal length {camera.focal_px:g} px, {camera.height_m:g} m high"

    return WeightsError(
        f"Expected frames of the camera that the weights were trained for ({words(ours)}). Received: {words(theirs)}.",
        hint="Use that camera, or generate a data set with yours and train on it.",
    )
