"""Looking into the network: what each layer makes of a frame, its strongest channels as pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision, keras, tf
from perception.channels import KIND_OF_CHANNEL, Channel
from perception.explain import Attention, Explainer, Head
from perception.fovea import FINE, FOVEA_PX, Answer, SecondLook, load_fovea, pictures_of
from perception.network import NetworkConfig, build_network
from perception.perceiver import Perceiver, perceiver_of
from perception.weights import fill, read_weights
from sim.camera import Camera, CameraFrame
from sim.errors import WeightsError
from sim.viewer.layers import LayerView, LookAgain, MapPicture

STRONGEST = 4
"""Channels shown of each layer."""

STAGES = (
    ("stem_2_1", "edges, colours"),
    ("stem_4_2", "strokes, corners"),
    ("stem_8_1", "corners, textures"),
    ("stem_8_3", "parts"),
    ("context_1", "larger parts"),
    ("context_3", "surroundings"),
    ("head", "parts in their place"),
    ("sign_hidden", "evidence for signs"),
    ("road_hidden", "evidence on roads"),
)
"""Layers in the order in which the picture passes them, and what such layers mostly come to answer to. The words tell
the level, not what one channel found: that nobody chose."""

DECISION, SECOND_LOOK, ATTENTION = "decision", "second look", "grad-cam"


@dataclass(frozen=True, slots=True)
class LayerTap:
    """A network whose layers can be looked at; the callable that the window's layers panel asks for.

    Attributes:
        camera: Whose frames it understands.
    """

    camera: Camera
    _look: Any
    _sizes: tuple[tuple[int, int, int], ...]
    _twice: Perceiver | None = None
    _explainer: Callable[[], Explainer] | None = None

    def __call__(self, frame: CameraFrame, *, attention: bool = False) -> Sequence[LayerView]:
        """Return what each layer makes of a frame, from the picture to the decision.

        Args:
            frame: What the network looks at.
            attention: Whether to ask, too, where in the frame its belief in a stop sign comes from, by Grad-CAM.

        Raises:
            WeightsError: If another camera took the frame.
        """
        if frame.camera != self.camera:
            raise WeightsError("Expected a frame of the camera that the weights were trained for. Received: another's.")
        stages, heat = self._look(tf.constant(frame.rgb))
        views = [
            _view(name, caption, size, frame, *(part.numpy() for part in parts))
            for (name, caption), size, parts in zip(STAGES, self._sizes, stages, strict=True)
        ]
        if self._twice is None:
            views.append(_decision(heat.numpy()))
        else:
            views += [_decision(heat.numpy(), "first look"), _second_look(self._twice.second_looks(frame))]
        if attention and self._explainer is not None:
            views.append(_attention(self._explainer().grad_cam(frame.rgb, Head.STOP_SIGN)))
        return tuple(views)


def load_layers(weights: Path | None = None) -> LayerTap:
    """Load a trained network for looking into it.

    Args:
        weights: The .npz file or its folder; the shipped weights if not given.

    Raises:
        WeightsError: If the weights are missing, altered, or of another network.
    """
    card, arrays = read_weights(weights)
    return make_layers(card.network, card.camera, arrays)


def make_layers(network: NetworkConfig, camera: Camera, arrays: dict[str, NDArray[np.float32]]) -> LayerTap:
    """Return the tap of a network with the given weights.

    Raises:
        WeightsError: If the weights are not those of such a network.
    """
    model = build_network(network, camera, compute_precision())
    fill(model, arrays, "the weights file")
    taps = [model.get_layer(name).output for name, _ in STAGES]
    inner = keras.Model(model.input, [*taps, model.output["heat"]])
    shape = (camera.height_px, camera.width_px, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def look(rgb: Any) -> tuple[Any, Any]:
        *features, heat = inner(rgb[None], training=False)
        return [_strongest(tf.cast(each[0], tf.float32)) for each in features], tf.sigmoid(heat[0])

    look(tf.zeros(shape, tf.uint8))
    fovea = load_fovea(arrays)
    twice = None if fovea is None else perceiver_of(model, camera, fovea=fovea)
    sizes = tuple((int(t.shape[1]), int(t.shape[2]), int(t.shape[3])) for t in taps)
    # Made once, and not before somebody asks: it is another network of float32 numbers.
    explainer = cache(lambda: Explainer(network, camera, arrays))
    return LayerTap(camera, look, sizes, twice, explainer)


def _strongest(features: Any) -> tuple[Any, Any, Any]:
    """Return the channels of a map (h, w, c) that tell most of the frame: grey pictures, their numbers, their peaks.

    A channel that answers everywhere alike says nothing of where; the spread over places is what counts.
    """
    spread = tf.math.reduce_std(features, axis=(0, 1))
    _, numbers = tf.math.top_k(spread, min(STRONGEST, int(features.shape[-1])))
    chosen = tf.gather(features, numbers, axis=-1)
    peaks = tf.reduce_max(chosen, axis=(0, 1))
    share = tf.sqrt(tf.clip_by_value(chosen / tf.maximum(peaks, 1e-6), 0.0, 1.0))
    grey = tf.cast(tf.round(255.0 * share), tf.uint8)
    return grey, numbers, peaks


def _view(
    name: str,
    caption: str,
    size: tuple[int, int, int],
    frame: CameraFrame,
    grey: NDArray[np.uint8],
    numbers: NDArray[np.int32],
    peaks: NDArray[np.float32],
) -> LayerView:
    share = round(frame.camera.height_px / size[0])
    maps = tuple(
        MapPicture(f"ch {number}", np.ascontiguousarray(grey[..., index]), float(peak))
        for index, (number, peak) in enumerate(zip(numbers.tolist(), peaks.tolist(), strict=True))
    )
    return LayerView(name, caption, f"{name} · {size[2]} at 1/{share}", maps)


def _decision(scores: NDArray[np.float32], caption: str = DECISION) -> LayerView:
    """Return the heat maps: at each place, how sure the network is that a thing's middle is there."""
    maps = tuple(
        MapPicture(
            channel.name.lower().replace("_", " "),
            np.round(255 * scores[..., channel]).astype(np.uint8),
            float(scores[..., channel].max()),
        )
        for channel in (Channel.STOP_SIGN, Channel.DISTRACTOR, Channel.VEHICLE, Channel.STOP_LINE)
    )
    return LayerView(DECISION, caption, f"heat · {scores.shape[2]} at 1/8", maps)


def _second_look(looks: Sequence[SecondLook]) -> LayerView:
    """Return what was cut out and judged once more, the most believed first."""
    ordered = sorted(looks, key=lambda look: -look.score)
    again = tuple(
        LookAgain(
            _words(KIND_OF_CHANNEL[look.channel].value),
            pictures_of(look.cuttings),
            look.first,
            _words(Answer(int(look.shares.argmax())).name),
            float(look.shares.max()),
            look.score,
        )
        for look in ordered
    )
    detail = f"{FINE * FOVEA_PX} x {FINE * FOVEA_PX} · {len(again)} looked at"
    return LayerView(SECOND_LOOK, "second look: both scores", detail, (), again)


def _attention(attention: Attention) -> LayerView:
    """Return what a belief rests on, for the camera's picture."""
    grey = np.round(255.0 * attention.heat).astype(np.uint8)
    heat = MapPicture(_words(attention.head.value), np.ascontiguousarray(grey), attention.belief)
    return LayerView(ATTENTION, "Grad-CAM", f"at {attention.layer}", (heat,), over_camera=True)


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
