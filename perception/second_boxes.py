"""Where the second look's lessons are cut out of a frame: what the first look believed, what is there, and anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.channels import Channel
from perception.decode import pairwise_iou, share_within, suppress
from perception.fovea import Answer
from perception.labels import Labels
from sim.camera import Camera

SHOWN = {Channel.STOP_SIGN: 4, Channel.PEDESTRIAN: 3}
"""Candidates of each kind taken from a frame, the most believed ones."""

LEAST_BELIEVED = 0.002
"""Weaker candidates look like nothing at all."""

DRAWN = {Channel.STOP_SIGN: 4, Channel.DISTRACTOR: 4, Channel.PEDESTRIAN: 3, Channel.VEHICLE: 1}
"""True boxes of each kind taken from a frame, at most."""

ANYWHERE = 1
"""Boxes taken at random places of a frame."""

RIGHT_IOU, DOUBTFUL_IOU = 0.5, 0.2
"""A cutting shows what its box overlaps this much; between the two it shows neither that nor anything else, unless it
is a part of something."""

WITHIN = 0.8
"""A box of which this share lies within a sign that is no stop sign shows that: of a poster, the stop sign on it, which
is what the first look takes for one."""

SHIFT, STRETCH = 0.12, 0.15
"""How far true boxes are displaced, in their own sizes, and resized, as a logarithm: standard deviations."""

_ANSWER_OF = {
    Channel.STOP_SIGN: Answer.STOP_SIGN,
    Channel.DISTRACTOR: Answer.OTHER_SIGN,
    Channel.VEHICLE: Answer.VEHICLE,
    Channel.PEDESTRIAN: Answer.PERSON,
}


@dataclass(frozen=True, slots=True)
class Told:
    """Boxes of one frame of which is known what they show.

    Attributes:
        boxes: To cut out, xyxy, float32 (n, 4).
        answers: What each shows, int32 (n,).
        things: Boxes of the things themselves, NaN where there is none or it is not exactly known, float32 (n, 4).
        log_spans: As `fovea.Revised.log_spans`, NaN likewise, float32 (n,).
    """

    boxes: NDArray[np.float32]
    answers: NDArray[np.int32]
    things: NDArray[np.float32]
    log_spans: NDArray[np.float32]


def boxes_to_show(labels: Labels, peaks: NDArray[np.float32], camera: Camera, rng: np.random.Generator) -> Told:
    """Return boxes of one frame to cut out.

    Args:
        labels: What there is.
        peaks: What the network believes there is, as `find_peaks` gives it.
        camera: Whose frame it is.
        rng: Chooses and displaces.
    """
    candidates = [peaks[:0, 2:6]]
    for channel, most in SHOWN.items():
        mine = peaks[(peaks[:, 1] == channel) & (peaks[:, 0] >= LEAST_BELIEVED)]
        candidates.append(mine[suppress(mine[:, 2:6], np.zeros(len(mine), np.int64))][:most, 2:6])
    for channel, most in DRAWN.items():
        there = labels.boxes[labels.asked & (labels.channels == channel)]
        candidates.append(displaced(there[rng.permutation(len(there))[:most]], SHIFT, STRETCH, rng))
    size = np.exp(rng.uniform(np.log(8.0), np.log(80.0), (ANYWHERE, 1)))
    centre = rng.uniform([0.0, 0.0], [camera.width_px, camera.height_px], (ANYWHERE, 2))
    candidates.append(np.concatenate([centre - size / 2, centre + size / 2], axis=1).astype(np.float32))
    boxes = np.concatenate(candidates).astype(np.float32)
    return _told(boxes, labels, camera)


def displaced(boxes: NDArray[Any], shift: float, stretch: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return boxes a little aside, and a little larger or smaller: nobody is told where a thing is to the pixel.

    Args:
        boxes: xyxy, shape (n, 4).
        shift: How far aside, in the boxes' own sizes: a standard deviation.
        stretch: By how much they are resized, as a logarithm: another.
        rng: Draws both.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:]) + shift * sides * rng.standard_normal((len(boxes), 2))
    half = 0.5 * sides * np.exp(stretch * rng.standard_normal((len(boxes), 1)))
    return np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)


def _told(boxes: NDArray[np.float32], labels: Labels, camera: Camera) -> Told:
    """Return the boxes of which is known what they show."""
    answers = np.full(len(boxes), Answer.NOTHING, np.int32)
    things = np.full((len(boxes), 4), np.nan, np.float32)
    spans = np.full(len(boxes), np.nan, np.float32)
    known = np.ones(len(boxes), np.bool_)
    there = np.isin(labels.channels, list(_ANSWER_OF))
    if there.any():
        overlaps = pairwise_iou(boxes, labels.boxes[there])
        nearest, most = overlaps.argmax(axis=1), overlaps.max(axis=1)
        right = most >= RIGHT_IOU
        of = np.array([_ANSWER_OF[Channel(int(channel))] for channel in labels.channels[there]], np.int32)
        answers = np.where(right, of[nearest], answers).astype(np.int32)
        known = (most < DOUBTFUL_IOU) | (right & labels.asked[there][nearest])
        others = of == Answer.OTHER_SIGN
        inside = share_within(boxes, labels.boxes[there][others & labels.asked[there]]).max(axis=1, initial=0.0)
        part = (inside >= WITHIN) & ~right & (overlaps[:, ~others].max(axis=1, initial=0.0) < DOUBTFUL_IOU)
        answers[part], known[part] = Answer.OTHER_SIGN, True
        # Boxes of a turned picture are larger than what they hold.
        if labels.road_asked:
            things[right] = labels.boxes[there][nearest[right]]
            spans[right] = np.log(np.maximum(labels.distances_m[there][nearest[right]], 0.5) / camera.focal_px)
    return Told(boxes[known], answers[known], things[known], spans[known])
