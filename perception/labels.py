"""From the truth of one moment to what the network is asked, as plain arrays that augmentation can move about."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from perception.channels import CHANNEL_OF_KIND, Channel
from sim.percept import ObjectKind
from sim.truth import MIN_VISIBLE_FRACTION, GroundTruth, ObjectTruth

MIN_HEIGHT_PX = {Channel.STOP_SIGN: 5.0, Channel.DISTRACTOR: 5.0, Channel.VEHICLE: 6.0, Channel.PEDESTRIAN: 12.0}
"""Smaller objects are ignored: a 0.76 m sign is 5 px high at 110 m, a grown person 12 px at 105 m, far past where
anything depends on them."""

STOP_LINE_RANGE_M = 30.0
"""Farther lines are ignored: seen from 1.4 m, a line 0.45 m thick covers half a row there, and worn ones less."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What the network is asked about one frame.

    Attributes:
        boxes: Half-open xyxy in pixels, float32, shape (n, 4).
        channels: Which heat map each box belongs to, int32, shape (n,).
        distances_m: Depth of each, NaN where it is unknown, float32, shape (n,).
        asked: Whether each is asked for; the others are ignored, neither asked for nor punished, bool, shape (n,).
        lane: Offset in metres, heading in radians, curvature in 1/m, float32, shape (3,).
        road_asked: Whether lane and stop line may be asked for: not where the picture's geometry was changed, nor on a
            photograph, where nobody knows them.
    """

    boxes: NDArray[np.float32]
    channels: NDArray[np.int32]
    distances_m: NDArray[np.float32]
    asked: NDArray[np.bool_]
    lane: NDArray[np.float32]
    road_asked: bool = True


def label(truth: GroundTruth) -> Labels:
    """Return what the network is asked about the frame of `truth`."""
    rows: list[tuple[tuple[float, float, float, float], Channel, float, bool]] = [
        (thing.box, CHANNEL_OF_KIND[thing.kind], thing.distance_m, is_asked(thing))
        for thing in truth.objects
        if thing.kind in CHANNEL_OF_KIND
    ]
    line = truth.stop_line
    if line is not None and line.box is not None:
        asked = line.visible and line.distance_m <= STOP_LINE_RANGE_M
        rows.append((line.box, Channel.STOP_LINE, line.distance_m, asked))
    road_known = isfinite(truth.lane.offset_m)
    lane = (truth.lane.offset_m, truth.lane.heading_rad, truth.lane.curvature_per_m) if road_known else (0.0, 0.0, 0.0)
    return Labels(
        boxes=np.array([row[0] for row in rows], dtype=np.float32).reshape(-1, 4),
        channels=np.array([row[1] for row in rows], dtype=np.int32),
        distances_m=np.array([row[2] for row in rows], dtype=np.float32),
        asked=np.array([row[3] for row in rows], dtype=np.bool_),
        lane=np.array(lane, dtype=np.float32),
        road_asked=road_known,
    )


def is_asked(thing: ObjectTruth) -> bool:
    """Return whether the network is asked for an object: of a kind that it knows, and no sign of another approach."""
    return (
        thing.kind in CHANNEL_OF_KIND
        and thing.visible_fraction >= MIN_VISIBLE_FRACTION
        and thing.box[3] - thing.box[1] >= MIN_HEIGHT_PX[CHANNEL_OF_KIND[thing.kind]]
        and (thing.kind is not ObjectKind.STOP_SIGN or thing.applies_to_ego)
    )


def no_labels() -> Labels:
    """Return the labels of a frame about which nothing is asked."""
    return Labels(
        boxes=np.zeros((0, 4), np.float32),
        channels=np.zeros(0, np.int32),
        distances_m=np.zeros(0, np.float32),
        asked=np.zeros(0, np.bool_),
        lane=np.zeros(3, np.float32),
        road_asked=False,
    )
