"""The network in the comparison: the project's sign detector, from random weights, for a fixed number of steps.

It learns as `rollingstop train` begins: on cuts about signs, at the frames' own resolution, augmented alike
(`perception/closeups.py`). Two things are done for speed, since thirty trainings are to fit into an hour: cuts are
smaller, and each frame that is decoded gives several. It answers on whole frames.

A second look (`perception/fovea.py`) may be trained on the same frames after it. Both looks' log odds are then added:
how to weigh them better would have to be learned from frames that are held back, and none are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.augment import SHARES, Augmenter
from perception.backend import compute_precision, keras, tf, training_precision
from perception.channels import Channel
from perception.closeups import cut_out
from perception.comparison.frames import Excerpt
from perception.decode import contested, find_peaks, suppress
from perception.fovea import FINE, LOOKED_AT, Cutting, Fovea, build_fovea, fovea_of
from perception.labels import Labels, label
from perception.learner import Learner
from perception.losses import losses
from perception.matching import Answer
from perception.network import NetworkConfig, build_sign_detector
from perception.pipeline import Batch, ahead, decode_image, shuffled
from perception.scores import LOWEST_COUNTED
from perception.second_lessons import Find, train_second_look
from perception.targets import Targets, encode, stack
from perception.training_config import TrainConfig
from perception.weights import fill
from sim.camera import Camera
from sim.seeding import Stream, stream

CUT_PX = (96, 96)
"""Width and height of a cut: room for a sign at 8 m, 70 px, and its surroundings."""

CUTS_PER_FRAME = 8
"""Cuts of one frame in one pass; they are mixed with those of others before they are learned from."""

MIXED = 512
"""Cuts that are mixed at a time."""

KEPT_DECODED = 500
"""Excerpts of at most so many frames stay decoded in memory: 290 MB."""

SETTINGS = [*CUT_PX, CUTS_PER_FRAME, MIXED]
"""What fixes the training beside its configuration, for telling one comparison from another."""


SECOND_SHARE = 0.3
"""Steps of the second look, as a share of the first one's: each takes nine times as long, since its cuttings are eight
times as many and what is cut out is found on whole frames."""

SECOND_RATE = 2.0e-3
"""Its learning rate, as in `weights/fovea.toml`."""

PREPARERS = 2
"""Threads that prepare its frames; how many makes no difference to what it learns."""

BOTH_ALIKE = np.tile(np.array([1.0, 1.0, 0.0], np.float32), (len(LOOKED_AT), 1))
"""How both looks are weighed, as `Fovea.weighing`."""


class Part(StrEnum):
    """What a second look can do without, to see what it is worth.

    `FIRST_BELIEF`: what the first look believed; the second alone decides about its candidates.
    `SURROUNDINGS`: the coarse cutting of what is about the thing; it is grey.
    `SHARPNESS`: the thing's cutting has 48 x 48 pixels, as its surroundings have, and not 96 x 96.
    `DEPTH`: the residual blocks, four convolutions of nine.
    `CANDIDATES`: lessons from what the first look takes for something, right or not; true boxes and random ones remain.
    `AUGMENTATION`: lessons from frames that are changed, and from cuttings that are.
    """

    FIRST_BELIEF = "first_belief"
    SURROUNDINGS = "surroundings"
    SHARPNESS = "sharpness"
    DEPTH = "depth"
    CANDIDATES = "candidates"
    AUGMENTATION = "augmentation"


@dataclass(frozen=True, slots=True)
class NeuralDetector:
    """A trained sign detector: a picture in, stop signs out."""

    _find: Find
    _fovea: Fovea | None

    def __call__(self, rgb: NDArray[np.uint8]) -> list[list[Answer]]:
        """Return the stop signs in each of a batch of pictures, strongest first.

        Args:
            rgb: uint8 (batch, H, W, 3), H and W multiples of 16.
        """
        return [_answers(each, peaks, self._fovea) for each, peaks in zip(rgb, self._find(rgb), strict=True)]


def train_detector(
    frames: Excerpt,
    steps: int,
    config: TrainConfig,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, NDArray[np.float32]], float]:
    """Train a sign detector from random weights.

    Returns:
        The running average of its weights by name, and the mean loss over the last tenth of the steps.

    Args:
        frames: What it learns from; all of them, however few: none are held back.
        steps: How many steps.
        config: Seed, batch, learning rate, augmentation and sizes.
        progress: Told the steps done and in all.
    """
    keras.utils.set_random_seed(config.seed % 2**32)
    learner = Learner(
        lambda: build_sign_detector(config.network, training_precision()),
        lambda outputs, targets: losses(outputs, targets, config.weights),
        config,
        steps,
    )
    lately: list[float] = []
    for batch in islice(ahead(_batches(frames, config), 4), steps):
        loss = learner.take_step(batch)["loss"]
        if learner.step > 0.9 * steps:
            lately.append(loss)
        if progress is not None:
            progress(learner.step, steps)
    return learner.averaged(), float(np.mean(lately))


def learn_second_look(
    frames: Excerpt,
    steps: int,
    config: TrainConfig,
    arrays: dict[str, NDArray[np.float32]],
    without: Part | None = None,
) -> Fovea:
    """Train a second look from random weights, for `SECOND_SHARE` of the steps of the first.

    Args:
        frames: What the first look learned from: it learns from all of them as well.
        steps: How many steps the first look took.
        config: As the first look was trained with.
        arrays: What the first look learned.
        without: A part that is left out of its lessons; `Part.FIRST_BELIEF` is in none.

    Raises:
        WeightsError: If the weights are not those of such a network.
    """
    # Nobody puts stickers on signs here.
    unused = SHARES if without is Part.AUGMENTATION else ("cut_sticker", "cut_sticker_others")
    augment = replace(config.augment, **dict.fromkeys(unused, 0.0))
    second = replace(
        config, fovea_steps=max(1, round(SECOND_SHARE * steps)), learning_rate=SECOND_RATE, fovea_augment=augment
    )
    keras.utils.set_random_seed(config.seed % 2**32)
    find = _find_nothing if without is Part.CANDIDATES else _finder(config.network, arrays)
    build = partial(build_fovea, deep=without is not Part.DEPTH)
    show = _BLINDED.get(without) if without is not None else None
    learned = train_second_look(frames, frames.stop, second, find, PREPARERS, build=build, show=show)
    model = build(config.fovea, compute_precision())
    fill(model, learned, "the weights")
    fovea = fovea_of(model, BOTH_ALIKE)
    return fovea if show is None else fovea.shown(show)


def deciding_alone(fovea: Fovea) -> Fovea:
    """Return a second look that decides by itself about what the first one finds (`Part.FIRST_BELIEF`)."""
    return replace(fovea, weighing=fovea.weighing * np.array([0.0, 1.0, 1.0], np.float32))


def make_detector(
    network: NetworkConfig, arrays: dict[str, NDArray[np.float32]], fovea: Fovea | None = None
) -> NeuralDetector:
    """Return the detector of a network with the given weights; those of a whole network serve as well.

    Args:
        network: Its sizes.
        arrays: Its weights by name.
        fovea: What looks again at what it finds, if anything does.

    Raises:
        WeightsError: If the weights are not those of such a network.
    """
    return NeuralDetector(_finder(network, arrays), fovea)


def _finder(network: NetworkConfig, arrays: dict[str, NDArray[np.float32]]) -> Find:
    model = build_sign_detector(network, compute_precision())
    fill(model, arrays, "the weights", allow_more=True)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)], autograph=False)
    def look(rgb: Any) -> Any:
        outputs = model(rgb, training=False)
        return find_peaks(outputs["heat"], outputs["boxes"])

    return lambda rgb: look(tf.constant(rgb)).numpy()


def _find_nothing(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.zeros((len(rgb), 1, 8), np.float32)


def _blurred(cuttings: Cutting) -> Cutting:
    """Return cuttings in which what were 2 x 2 pixels of the thing are one."""
    fine = cuttings[..., :-3].reshape(*cuttings.shape[:-1], FINE**2, 3)
    mean = np.rint(fine.mean(axis=-2, keepdims=True, dtype=np.float32)).astype(np.uint8)
    return np.concatenate([np.broadcast_to(mean, fine.shape).reshape(cuttings[..., :-3].shape), cuttings[..., -3:]], -1)


def _isolated(cuttings: Cutting) -> Cutting:
    """Return cuttings whose surroundings are grey."""
    alone = cuttings.copy()
    alone[..., -3:] = 128
    return alone


_BLINDED: dict[Part, Callable[[Cutting], Cutting]] = {Part.SHARPNESS: _blurred, Part.SURROUNDINGS: _isolated}


def _answers(rgb: NDArray[np.uint8], peaks: NDArray[np.float32], fovea: Fovea | None) -> list[Answer]:
    """Turn one frame's peaks, as `find_peaks` returns them, into stop signs."""
    peaks = peaks[peaks[:, 0] >= LOWEST_COUNTED]
    peaks = peaks[suppress(peaks[:, 2:6], peaks[:, 1].astype(np.int64))]
    signs, rivals = (peaks[peaks[:, 1] == channel] for channel in (Channel.STOP_SIGN, Channel.DISTRACTOR))
    if fovea is None:
        scores = contested(signs[:, 2:6], signs[:, 0], rivals[:, 2:6], rivals[:, 0])
    else:
        again = fovea.revise(rgb, signs[:, 2:6], signs[:, 0], signs[:, 1].astype(np.int64))
        best_first = np.argsort(-again.scores, kind="stable")
        kept = best_first[suppress(again.boxes[best_first], np.zeros(len(signs), np.int64))]
        signs, scores = signs[kept], again.scores[kept]
        signs[:, 2:6] = again.boxes[kept]
    order = [int(index) for index in np.argsort(-scores, kind="stable") if scores[index] >= LOWEST_COUNTED]
    return [
        Answer(_box(signs[index]), float(scores[index]), float(np.exp(min(signs[index, 6], 10.0)))) for index in order
    ]


def _box(peak: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(side) for side in peak[2:6])
    return x0, y0, x1, y1


def _batches(frames: Excerpt, config: TrainConfig) -> Iterator[Batch]:
    """Yield batches of cuts without end."""
    rng = stream(config.seed, Stream.SHUFFLE, 2_000_000)
    held: list[tuple[NDArray[np.uint8], Targets]] = []
    chosen: list[tuple[NDArray[np.uint8], Targets]] = []
    for cut in _cuts(frames, config):
        held.append(cut)
        if len(held) <= MIXED:
            continue
        place = int(rng.integers(len(held)))
        held[place], held[-1] = held[-1], held[place]
        chosen.append(held.pop())
        if len(chosen) == config.batch:
            yield Batch(np.stack([rgb for rgb, _ in chosen]), stack([targets for _, targets in chosen]))
            chosen = []


def _cuts(frames: Excerpt, config: TrainConfig) -> Iterator[tuple[NDArray[np.uint8], Targets]]:
    """Yield cuts with their targets, pass after pass over the frames."""
    size = replace(frames.camera, width_px=CUT_PX[0], height_px=CUT_PX[1])
    augmenter = Augmenter(replace(config.augment, zoom=config.augment.closeup_zoom), size, config.seed)
    for number, rgb, labels, index in _decoded(frames, config):
        for part in range(CUTS_PER_FRAME):
            turn = number * CUTS_PER_FRAME + part
            cut, inside = cut_out(rgb, labels, size, stream(config.seed, Stream.AUGMENT, turn, index, 2))
            yield _prepared(cut, inside, augmenter, size, turn, index)


def _prepared(
    cut: NDArray[np.uint8], labels: Labels, augmenter: Augmenter, size: Camera, turn: int, index: int
) -> tuple[NDArray[np.uint8], Targets]:
    changed, kept = augmenter(cut, labels, turn, index)
    return changed, encode(kept, size)


def _decoded(frames: Excerpt, config: TrainConfig) -> Iterator[tuple[int, NDArray[np.uint8], Labels, int]]:
    """Yield the number of the pass, and the picture, labels and index of each frame, pass after pass."""
    kept: dict[int, tuple[NDArray[np.uint8], Labels]] = {}
    if frames.count <= KEPT_DECODED:
        kept = {each.index: (decode_image(each, frames.camera), label(each.truth)) for each in frames.examples()}
    for number in count():
        if kept:
            for index in stream(config.seed, Stream.SHUFFLE, number).permutation(sorted(kept)).tolist():
                yield number, *kept[index], index
            continue
        for each in shuffled(frames, frames.stop, config.seed, number, config.shuffle_buffer):
            yield number, decode_image(each, frames.camera), label(each.truth), each.index
