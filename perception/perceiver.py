"""The network's eyes: a camera frame in, a percept out."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision, tf
from perception.card import Card
from perception.channels import KIND_OF_CHANNEL, LANE_SCALES, Channel
from perception.decode import contested, find_peaks, suppress
from perception.engine import STANDARD, Backend, Engine
from perception.fovea import LOWEST_LOOKED_AT, Fovea, SecondLook, exported_fovea, load_fovea
from perception.losses import MAX_LOG_SPREAD, MIN_LOG_SPREAD
from perception.network import NetworkConfig, build_network
from perception.weights import fill, read_weights
from sim.camera import Camera, CameraFrame
from sim.errors import WeightsError
from sim.percept import Detection, LaneEstimate, Percept, StopLineEstimate

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
        fovea: What looks at candidates once more; None if the network looks once.
    """

    camera: Camera
    card: Card | None
    lowest_score: float
    _look: Any = field(repr=False)
    fovea: Fovea | None = field(default=None, repr=False)

    def __call__(self, frame: CameraFrame) -> Percept:
        """Return what the network believes of a frame.

        Raises:
            WeightsError: If another camera took the frame.
        """
        if frame.camera != self.camera:
            raise _other_camera(self.camera, frame.camera)
        peaks, lane = self._candidates(frame.rgb)
        if self.fovea is None:
            _contest(peaks)
        else:
            peaks = _revised(self.fovea, frame, peaks)
        peaks = peaks[peaks[:, 0] >= self.lowest_score]
        return _percept(frame.step, peaks[np.argsort(-peaks[:, 0], kind="stable")], lane)

    def second_looks(self, frame: CameraFrame) -> list[SecondLook]:
        """Return what was looked at twice in a frame, for showing; empty if the network looks once.

        Raises:
            WeightsError: If another camera took the frame.
        """
        if frame.camera != self.camera:
            raise _other_camera(self.camera, frame.camera)
        if self.fovea is None:
            return []
        peaks, _ = self._candidates(frame.rgb)
        return self.fovea.looks(frame.rgb, peaks[:, 2:6], peaks[:, 0], peaks[:, 1].astype(np.int64))

    def _candidates(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the first look's peaks, each thing once, and the lane's answers."""
        peaks, lane = self._look(rgb)
        lowest = self.lowest_score if self.fovea is None else min(self.lowest_score, LOWEST_LOOKED_AT)
        return _distinct(peaks, lowest), lane


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
        from perception.runtimes import make_judge, make_look

        exported = exported_for(weights, engine)
        look = make_look(engine.backend, exported.model, engine.precision)
        judge = None if exported.fovea is None else make_judge(engine.backend, exported.fovea, engine.precision)
        return Perceiver(card.camera, card, lowest_score, look, judge and exported_fovea(arrays, judge))
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
    fovea = load_fovea(arrays, precision)
    return perceiver_of(model, camera, card=card, lowest_score=lowest_score, fovea=fovea)


def perceiver_of(
    model: Any,
    camera: Camera,
    *,
    card: Card | None = None,
    lowest_score: float = LOWEST_SCORE,
    fovea: Fovea | None = None,
) -> Perceiver:
    """Return the perceiver of a network that is built and filled; it sees with the weights that the network then has.

    Args:
        model: From `build_network`, for this camera.
        camera: Whose frames it sees.
        card: What is known of its weights.
        lowest_score: Detections less believed are not reported.
        fovea: What looks at candidates once more, if anything does.
    """
    shape = (camera.height_px, camera.width_px, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def graph(rgb: Any) -> tuple[Any, Any]:
        outputs = model(rgb[None], training=False)
        return find_peaks(outputs["heat"], outputs["boxes"])[0], outputs["lane"][0]

    # Called as it is, without TensorFlow's search for a fitting one: a quarter of a millisecond.
    concrete = graph.get_concrete_function()

    def look(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        peaks, lane = concrete(tf.constant(rgb))
        return peaks.numpy(), lane.numpy()

    look(np.zeros(shape, np.uint8))
    return Perceiver(camera, card, lowest_score, look, fovea)


def _distinct(peaks: NDArray[np.float32], lowest_score: float) -> NDArray[np.float32]:
    """Return the peaks believed at least so much, each thing once, most believed first."""
    peaks = peaks[: int(np.searchsorted(-peaks[:, 0], -lowest_score, side="right"))]
    return peaks[suppress(peaks[:, 2:6], peaks[:, 1].astype(np.int64))]


def _revised(fovea: Fovea, frame: CameraFrame, peaks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the peaks after a second look, most believed first; what turned out to be one thing is there once.

    Of two distances, each counts as much as it is sure (the mean weighted by inverse variances). Both looks err
    together where the light is bad, so the spread is no smaller than that of the surer.
    """
    channels = peaks[:, 1].astype(np.int64)
    again = fovea.revise(frame.rgb, peaks[:, 2:6], peaks[:, 0], channels)
    peaks[:, 0], peaks[:, 2:6] = again.scores, again.boxes
    first, spread = peaks[again.seen, 6].astype(np.float64), _clipped(peaks[again.seen, 7])
    second, other = again.log_spans + log(frame.camera.focal_px), _clipped(again.log_spreads)
    # The share of the first: its inverse variance of the sum of both.
    share = 1.0 / (1.0 + np.exp(2.0 * (spread - other)))
    peaks[again.seen, 6] = share * first + (1.0 - share) * second
    peaks[again.seen, 7] = np.minimum(spread, other)
    peaks = peaks[np.argsort(-peaks[:, 0], kind="stable")]
    return peaks[suppress(peaks[:, 2:6], peaks[:, 1].astype(np.int64))]


def _percept(step: int, peaks: NDArray[np.float32], lane: NDArray[np.float32]) -> Percept:
    """Turn peaks, most believed first, and the lane's answers into a percept."""
    detections: list[Detection] = []
    line: StopLineEstimate | None = None
    for score, channel, x0, y0, x1, y1, log_distance, log_spread in peaks.tolist():
        distance_m = exp(min(log_distance, 10.0))
        spread_m = distance_m * _STD_PER_SCALE * _scale(log_spread)
        if channel == Channel.STOP_LINE:
            line = line or StopLineEstimate(distance_m, spread_m, score)
        else:
            kind = KIND_OF_CHANNEL[Channel(int(channel))]
            detections.append(Detection(kind, (x0, y0, x1, y1), score, distance_m, spread_m))
    return Percept(step, tuple(detections), _lane_estimate(lane), line)


def _contest(peaks: NDArray[np.float32]) -> None:
    """Lower each stop sign's score by that of the distractor, if any, that is believed to be in its place."""
    signs, rivals = (peaks[:, 1] == channel for channel in (Channel.STOP_SIGN, Channel.DISTRACTOR))
    peaks[signs, 0] = contested(peaks[signs, 2:6], peaks[signs, 0], peaks[rivals, 2:6], peaks[rivals, 0])


def _lane_estimate(answers: NDArray[np.float32]) -> LaneEstimate:
    count = len(LANE_SCALES)
    offset_m, heading_rad, curvature_per_m = (float(x) * scale for x, scale in zip(answers, LANE_SCALES, strict=False))
    scale_m = LANE_SCALES[0] * _scale(float(answers[count]))
    # The cumulative distribution of a Laplace distribution about its own median.
    return LaneEstimate(offset_m, heading_rad, curvature_per_m, 1.0 - exp(-LANE_TOLERANCE_M / scale_m))


def _clipped(log_spreads: NDArray[Any]) -> NDArray[np.float64]:
    return np.clip(log_spreads.astype(np.float64), MIN_LOG_SPREAD, MAX_LOG_SPREAD)


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
