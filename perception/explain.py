"""What each layer sees, and what each answer rests on.

    frame ─► every layer's activations ─► the channels that tell most ─► pictures
          └► one answer (a head) ─► its gradient at a layer ─► Grad-CAM ─► two checks: random weights, true boxes

Grad-CAM (Selvaraju et al. 2017, section 3): the channels of a layer, added up, each weighted by the mean of the
answer's gradient over its map; what is below zero speaks against the answer and is left out. A map that looks right
proves nothing, so two checks belong to it. If the weights are made random, layer by layer from the answer down, the map
must change (Adebayo et al. 2018, Sanity Checks for Saliency Maps). And its strongest place must lie on the thing that
was found (the pointing game, Zhang et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from perception.backend import compute_precision, keras, tf
from perception.channels import CHANNEL_OF_KIND, LANE_SCALES, STRIDE, Channel
from perception.fovea import is_fovea
from perception.labels import STOP_LINE_RANGE_M, is_asked
from perception.network import NetworkConfig, build_network
from perception.scores import Measure, share
from perception.weights import fill, read_weights
from sim.camera import Camera
from sim.percept import Box, ObjectKind
from sim.seeding import Stream, stream
from sim.truth import GroundTruth


class Head(StrEnum):
    """An answer of the network that can be explained."""

    STOP_SIGN = "stop_sign"
    DISTRACTOR = "distractor"
    VEHICLE = "vehicle"
    PEDESTRIAN = "pedestrian"
    STOP_LINE = "stop_line"
    LANE_OFFSET = "lane_offset"


CHANNEL_OF_HEAD = {
    Head.STOP_SIGN: Channel.STOP_SIGN,
    Head.DISTRACTOR: Channel.DISTRACTOR,
    Head.VEHICLE: Channel.VEHICLE,
    Head.PEDESTRIAN: Channel.PEDESTRIAN,
    Head.STOP_LINE: Channel.STOP_LINE,
}
"""The heat map behind each head; the lane's offset has none."""

CAM_LAYERS = dict.fromkeys(CHANNEL_OF_HEAD, "head") | {Head.LANE_OFFSET: "context_3"}
"""Where Grad-CAM looks unless told otherwise: the last convolution that each head reads. Higher up, at "stem_8_3" or
"context_3", the maps of signs point past them in most frames; `pointing_game` measures it."""

TOLERANCE_PX = float(STRIDE)
"""In the pointing game, a place this near to a box is on it: one cell, the finest that the maps can tell."""


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """What one answer rests on.

    Attributes:
        head: Which answer.
        layer: At which layer the map was made.
        heat: The map in the layer's own resolution, from 0 to 1; all 0 where nothing speaks for the answer; float32,
            shape (h, w).
        belief: The answer itself: from 0 to 1 for things, metres left of the lane's centre for the lane.
        cell: Row and column of the heat map's cell that was asked; None for the lane.
    """

    head: Head
    layer: str
    heat: NDArray[np.float32] = field(repr=False)
    belief: float
    cell: tuple[int, int] | None

    def over(self, height_px: int, width_px: int) -> NDArray[np.float32]:
        """Return the map in a frame's resolution, float32, shape (height_px, width_px)."""
        return np.asarray(cv2.resize(self.heat, (width_px, height_px), interpolation=cv2.INTER_LINEAR), np.float32)

    def strongest_px(self, height_px: int, width_px: int) -> tuple[float, float] | None:
        """Return the middle of the map's strongest cell as u and v in pixels; None if the map is empty."""
        if not self.heat.any():
            return None
        row, column = np.unravel_index(int(self.heat.argmax()), self.heat.shape)
        rows, columns = self.heat.shape
        return (float(column) + 0.5) * width_px / columns, (float(row) + 0.5) * height_px / rows


@dataclass(frozen=True, slots=True)
class SanityStep:
    """How much of a map is left once more of the weights are random.

    Attributes:
        layer: The last layer that was made random; all layers after it are too.
        correlation: Spearman's rank correlation with the true map: 1 for the same map, about 0 for an unrelated one.
    """

    layer: str
    correlation: float


@dataclass(frozen=True, slots=True)
class PointingScores:
    """The outcome of the pointing game for one head.

    Attributes:
        hits: Share of the frames that show such a thing in which the map's strongest place lies on one.
        chance: The share that a place drawn at random would have.
        random_weights: The share with random weights in every layer.
    """

    hits: Measure
    chance: float
    random_weights: Measure


class Explainer:
    """A network that can be asked what it sees and why.

    Args:
        network: Its sizes.
        camera: Whose frames it sees.
        arrays: Its weights by name.

    Raises:
        WeightsError: If the weights are not those of such a network.
    """

    def __init__(self, network: NetworkConfig, camera: Camera, arrays: dict[str, NDArray[np.float32]]) -> None:
        self.camera = camera
        self.network = network
        # The second look is another network.
        self.arrays = {name: array for name, array in arrays.items() if not is_fovea(name)}
        # Gradients are compared and ranked: float32, whatever this machine multiplies fastest.
        self._model = build_network(network, camera, "float32")
        fill(self._model, arrays, "the weights file")
        self._tapped = _tapped(self._model)
        self._graphs: dict[tuple[Head, str], Any] = {}

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that compute something, from the picture to the answers."""
        return tuple(self._tapped.output["layers"])

    def activations(self, rgb: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return what every layer answers to a frame.

        Args:
            rgb: uint8 (height_px, width_px, 3) of the camera.

        Returns:
            By layer, in order: maps (h, w, channels), or (units,) of those layers that have no place.
        """
        answers = self._tapped(self._checked(rgb)[None], training=False)["layers"]
        return {name: np.asarray(answer[0], np.float32) for name, answer in answers.items()}

    def grad_cam(
        self,
        rgb: NDArray[np.uint8],
        head: Head,
        *,
        layer: str | None = None,
        cell: tuple[int, int] | None = None,
    ) -> Attention:
        """Return what an answer rests on.

        Args:
            rgb: uint8 (height_px, width_px, 3) of the camera.
            head: Which answer.
            layer: At which convolution; that of `CAM_LAYERS` if not given.
            cell: The heat map's cell that is asked; its strongest if not given. Without meaning for the lane.

        Raises:
            ValueError: If the frame is of another size or no convolution has that name.
        """
        layer = layer or CAM_LAYERS[head]
        if layer not in self._maps():
            raise ValueError(f"Expected a layer with maps: {', '.join(self._maps())}. Received: {layer!r}.")
        asked = -1 if cell is None else cell[0] * (self.camera.width_px // STRIDE) + cell[1]
        heat, belief, place = self._graph(head, layer)(tf.constant(self._checked(rgb)), tf.constant(asked))
        strongest = float(tf.reduce_max(heat))
        found = None
        if head in CHANNEL_OF_HEAD:
            row, column = divmod(int(place), self.camera.width_px // STRIDE)
            found = (row, column)
        return Attention(head, layer, heat.numpy() / max(strongest, 1e-20), float(belief), found)

    def random_weights(self, seed: int, layers: Iterable[str] | None = None) -> dict[str, NDArray[np.float32]]:
        """Return this network's weights, those of some layers shuffled within each array.

        Shuffling keeps each layer's distribution, and with it the size of what follows, and destroys what it learned.

        Args:
            seed: Of the shuffling.
            layers: Which; all of them if not given.
        """
        chosen = None if layers is None else set(layers)
        arrays = dict(self.arrays)
        for number, (name, array) in enumerate(self.arrays.items()):
            if chosen is None or name.split("/")[0] in chosen:
                shuffled = stream(seed, Stream.INITIAL_WEIGHTS, number).permutation(array.ravel())
                arrays[name] = shuffled.reshape(array.shape)
        return arrays

    @contextmanager
    def with_weights(self, arrays: dict[str, NDArray[np.float32]]) -> Iterator[None]:
        """Answer with other weights for a while; not for several threads at once."""
        fill(self._model, arrays, "other weights")
        try:
            yield
        finally:
            fill(self._model, self.arrays, "the weights file")

    def sanity_check(self, rgb: NDArray[np.uint8], head: Head, *, seed: int = 0) -> list[SanityStep]:
        """Make the weights random from the answer down to the picture, one layer more each time, and watch the map.

        A map that hardly changes shows the picture's edges and not what was learned. The same cell is asked throughout.

        Args:
            rgb: uint8 (height_px, width_px, 3) of the camera.
            head: Which answer.
            seed: Of the random weights.
        """
        true = self.grad_cam(rgb, head)
        steps: list[SanityStep] = []
        random: list[str] = []
        for layer in reversed(_weighted_layers(self.arrays)):
            random.append(layer)
            with self.with_weights(self.random_weights(seed, random)):
                other = self.grad_cam(rgb, head, cell=true.cell)
            steps.append(SanityStep(layer, rank_correlation(true.heat, other.heat)))
        return steps

    def _maps(self) -> tuple[str, ...]:
        return tuple(name for name, output in self._tapped.output["layers"].items() if len(output.shape) == 4)

    def _checked(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        expected = (self.camera.height_px, self.camera.width_px, 3)
        if rgb.shape != expected or rgb.dtype != np.uint8:
            raise ValueError(f"Expected rgb of shape {expected}, uint8. Received: {rgb.shape}, {rgb.dtype}.")
        return rgb

    def _graph(self, head: Head, layer: str) -> Any:
        """Return the graph of one map, made once."""
        key = (head, layer)
        if key not in self._graphs:
            self._graphs[key] = _grad_cam_graph(self._tapped, self.camera, head, layer)
        return self._graphs[key]


def load_explainer(weights: Path | None = None) -> Explainer:
    """Load a trained network to be explained.

    Raises:
        WeightsError: If the weights are missing, altered or foreign.
    """
    card, arrays = read_weights(weights)
    return Explainer(card.network, card.camera, arrays)


def rank_correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return Spearman's rank correlation of two maps of one shape; 0 if one of them is the same everywhere."""
    ranks = [rankdata(each, axis=None) for each in (first, second)]
    if any(np.ptp(each) == 0 for each in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def true_boxes(truth: GroundTruth, head: Head) -> list[Box]:
    """Return the boxes of the things that a head should point at; the lane has none."""
    if head is Head.LANE_OFFSET:
        return []
    if head is Head.STOP_LINE:
        line = truth.stop_line
        seen = line is not None and line.box is not None and line.visible and line.distance_m <= STOP_LINE_RANGE_M
        return [line.box] if seen and line is not None and line.box is not None else []
    kind = ObjectKind(head.value)
    return [each.box for each in truth.objects if each.kind is kind and kind in CHANNEL_OF_KIND and is_asked(each)]


def points_at(attention: Attention, boxes: Sequence[Box], camera: Camera) -> bool:
    """Return whether a map's strongest place lies on one of the boxes, or within `TOLERANCE_PX` of it."""
    place = attention.strongest_px(camera.height_px, camera.width_px)
    if place is None:
        return False
    u, v = place
    reach = TOLERANCE_PX
    return any(x0 - reach <= u < x1 + reach and y0 - reach <= v < y1 + reach for x0, y0, x1, y1 in boxes)


def pointing_game(
    explainer: Explainer,
    frames: Iterable[tuple[NDArray[np.uint8], GroundTruth]],
    *,
    seed: int = 0,
    layer: str | None = None,
    progress: Callable[[], None] = lambda: None,
) -> dict[Head, PointingScores]:
    """Play the pointing game with every head that points at things.

    A head is asked at its strongest cell, in those frames alone that show such a thing, and must point at one.

    Args:
        explainer: The network.
        frames: Frames and their truth.
        seed: Of the random weights that play against it.
        layer: At which layer, instead of each head's own.
        progress: Called after each frame.
    """
    random = explainer.random_weights(seed)
    hits: dict[Head, list[tuple[bool, bool, float]]] = {head: [] for head in CHANNEL_OF_HEAD}
    camera = explainer.camera
    for rgb, truth in frames:
        asked = {head: boxes for head in hits if (boxes := true_boxes(truth, head))}
        ours = {head: explainer.grad_cam(rgb, head, layer=layer) for head in asked}
        with explainer.with_weights(random):
            theirs = {head: explainer.grad_cam(rgb, head, layer=layer) for head in asked}
        for head, boxes in asked.items():
            pointed = (points_at(ours[head], boxes, camera), points_at(theirs[head], boxes, camera))
            hits[head].append((*pointed, _covered_share(boxes, camera)))
        progress()
    return {
        head: PointingScores(
            share(sum(ours for ours, _, _ in played), len(played)),
            float(np.mean([covered for _, _, covered in played])) if played else 0.0,
            share(sum(theirs for _, theirs, _ in played), len(played)),
        )
        for head, played in hits.items()
    }


class LayerViews:
    """What every layer sees, as pictures, fast enough for a window.

    Each picture shows the strongest channels of one layer side by side, each from black (nothing) to yellow (its own
    strongest answer in this frame). The last picture, "heat", shows the heat maps in the order of `Channel`, 0 to 1.

    Args:
        weights: The .npz file or its folder; the shipped weights if not given.
        channels: How many channels of a layer are shown.
        columns: How many side by side.
        tile_width_px: Width of each; its height follows from the frame's.

    Raises:
        WeightsError: If the weights are missing, altered or foreign.

    Example:
        >>> views = LayerViews()
        >>> pictures = views(frame.rgb)  # {"stem_2_1": uint8 (rows * h, columns * w, 3), ..., "heat": ...}
        >>> signs = views(frame.rgb, layers=("head", "heat"))  # only these: faster
    """

    def __init__(
        self, weights: Path | None = None, *, channels: int = 8, columns: int = 4, tile_width_px: int = 168
    ) -> None:
        card, arrays = read_weights(weights)
        self.camera = card.camera
        model = build_network(card.network, card.camera, compute_precision())
        fill(model, arrays, "the weights file")
        tapped = _tapped(model)
        self.layers = (*(name for name, each in tapped.output["layers"].items() if len(each.shape) == 4), "heat")
        self._count, self._columns = channels, columns
        height_px = round(tile_width_px * card.camera.height_px / card.camera.width_px)
        self._size = (tile_width_px, height_px)
        shape = (card.camera.height_px, card.camera.width_px, 3)

        @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
        def look(rgb: Any) -> dict[str, Any]:
            answers = tapped(rgb[None], training=False)
            maps = {name: tf.cast(answers["layers"][name][0], tf.float32) for name in self.layers[:-1]}
            chosen = {name: _strongest_graph(each, channels) for name, each in maps.items()}
            return {**chosen, "heat": tf.sigmoid(answers["heat"][0])}

        self._look = look
        look(tf.zeros(shape, tf.uint8))

    def __call__(self, rgb: NDArray[np.uint8], layers: Sequence[str] | None = None) -> dict[str, NDArray[np.uint8]]:
        """Return a picture for each layer, uint8 (rows * h, columns * w, 3), rgb.

        Args:
            rgb: uint8 (height_px, width_px, 3) of the camera.
            layers: Which; all if not given.
        """
        answers = self._look(tf.constant(rgb))
        return {name: self._sheet(answers[name].numpy(), name) for name in layers or self.layers}

    def _sheet(self, maps: NDArray[np.float32], name: str) -> NDArray[np.uint8]:
        tops = np.ones(maps.shape[-1]) if name == "heat" else np.maximum(maps.max(axis=(0, 1)), 1e-9)
        return tile([coloured(maps[..., k] / tops[k], self._size) for k in range(maps.shape[-1])], self._columns)


def strongest_channels(maps: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the channels that tell most about a frame, first the one that varies most over the picture.

    A channel that answers the same everywhere is strong and tells nothing.

    Args:
        maps: Shape (h, w, channels).
        count: How many to return, at most.
    """
    return np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:count].astype(np.int64)


def coloured(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return values from 0 to 1 as a picture of a width and height, from black over red to yellow; rgb."""
    grey = np.clip(255.0 * values, 0, 255).astype(np.uint8)
    bgr = cv2.applyColorMap(cv2.resize(grey, size, interpolation=cv2.INTER_NEAREST), cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def tile(pictures: Sequence[NDArray[np.uint8]], columns: int, gap_px: int = 2) -> NDArray[np.uint8]:
    """Lay pictures of one size out in rows, a dark gap between them."""
    height, width = pictures[0].shape[:2]
    rows = ceil(len(pictures) / columns)
    sheet = np.full((rows * (height + gap_px) - gap_px, columns * (width + gap_px) - gap_px, 3), 24, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top, left = row * (height + gap_px), column * (width + gap_px)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def overlay(rgb: NDArray[np.uint8], attention: Attention) -> NDArray[np.uint8]:
    """Return a frame in grey with what an answer rests on glowing over it."""
    height, width = rgb.shape[:2]
    strength = attention.over(height, width)[..., None]
    grey = cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) * np.float32(0.6)
    glow = coloured(strength[..., 0], (width, height)).astype(np.float32)
    return np.clip(grey * (1.0 - 0.85 * strength) + glow * strength, 0, 255).astype(np.uint8)


def _covered_share(boxes: Sequence[Box], camera: Camera) -> float:
    """Return the share of the frame in which a place would count as on one of the boxes."""
    covered = np.zeros((camera.height_px, camera.width_px), np.bool_)
    reach = TOLERANCE_PX
    for x0, y0, x1, y1 in boxes:
        rows = slice(max(round(y0 - reach), 0), max(round(y1 + reach), 0))
        covered[rows, max(round(x0 - reach), 0) : max(round(x1 + reach), 0)] = True
    return float(covered.mean())


def _tapped(model: Any) -> Any:
    """Return the same network with the answers of each layer that has weights, beside its own."""
    layers = {each.name: each.output for each in model.layers if each.weights}
    named = dict(
        zip(("heat", "boxes", "lane"), (model.output[name] for name in ("heat", "boxes", "lane")), strict=True)
    )
    return keras.Model(model.input, {"layers": layers, **named})


def _weighted_layers(arrays: dict[str, NDArray[np.float32]]) -> list[str]:
    """Return the names of the layers that have weights, from the picture to the answers."""
    return list(dict.fromkeys(name.split("/")[0] for name in arrays))


def _strongest_graph(maps: Any, count: int) -> Any:
    """Return the channels of maps (h, w, channels) that vary most, as `strongest_channels` chooses them."""
    spread = tf.math.reduce_std(maps, axis=[0, 1])
    _, chosen = tf.math.top_k(spread, min(count, maps.shape[-1]))
    return tf.gather(maps, chosen, axis=-1)


def _grad_cam_graph(tapped: Any, camera: Camera, head: Head, layer: str) -> Any:
    """Return a graph from a frame and a cell (-1: the strongest) to map, belief and cell."""
    shape = (camera.height_px, camera.width_px, 3)
    signature = [tf.TensorSpec(shape, tf.uint8), tf.TensorSpec((), tf.int32)]

    @tf.function(input_signature=signature, autograph=False)
    def explain(rgb: Any, asked: Any) -> tuple[Any, Any, Any]:
        with tf.GradientTape() as tape:
            answers = tapped(rgb[None], training=False)
            maps = answers["layers"][layer]
            if head in CHANNEL_OF_HEAD:
                logits = tf.reshape(answers["heat"][0, :, :, CHANNEL_OF_HEAD[head]], [-1])
                cell = tf.where(asked < 0, tf.argmax(logits, output_type=tf.int32), asked)
                answer = logits[cell]
                belief = tf.sigmoid(answer)
            else:
                cell = tf.constant(-1)
                belief = answers["lane"][0, 0] * LANE_SCALES[0]
                # Left or right: what makes the offset larger, whatever its sign.
                answer = tf.abs(belief)
        slopes = tape.gradient(answer, maps)
        weights = tf.reduce_mean(slopes, axis=[1, 2], keepdims=True)
        return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0], belief, cell

    return explain
