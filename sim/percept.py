"""What the car believes it sees: the only thing, with its own speed and steering, that reaches the driver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Box = tuple[float, float, float, float]
"""Pixels, half open: x0, y0, x1, y1 with u to the right and v down."""


class ObjectKind(StrEnum):
    """What can be seen; a network may know fewer kinds. The value is its name in data sets, reports and on screen."""

    STOP_SIGN = "stop_sign"
    DISTRACTOR = "distractor"
    VEHICLE = "vehicle"
    PEDESTRIAN = "pedestrian"


@dataclass(frozen=True, slots=True)
class Detection:
    """One object believed seen.

    Attributes:
        kind: What it is believed to be.
        box: Where in the frame, in pixels.
        score: Confidence from 0 to 1.
        distance_m: Depth from the camera along its optical axis.
        distance_spread_m: One standard deviation of `distance_m`.
    """

    kind: ObjectKind
    box: Box
    score: float
    distance_m: float
    distance_spread_m: float


@dataclass(frozen=True, slots=True)
class LaneEstimate:
    """The ego lane, in the car's frame (x forward, y left), origin at the ground under the camera.

    Attributes:
        offset_m: The car's position left (positive) of the lane's centre line.
        heading_rad: The car's heading relative to the lane's, counter-clockwise positive.
        curvature_per_m: The lane's curvature ahead, positive to the left; the mean over the next 20 m.
        confidence: From 0 (no lane seen) to 1.
        here_per_m: The lane's curvature where the car is, positive to the left; None from eyes that see only ahead.
    """

    offset_m: float
    heading_rad: float
    curvature_per_m: float
    confidence: float
    here_per_m: float | None = None


@dataclass(frozen=True, slots=True)
class StopLineEstimate:
    """The nearest stop line across the ego lane.

    Attributes:
        distance_m: From the camera along the optical axis to the near edge of the line.
        distance_spread_m: One standard deviation of `distance_m`.
        confidence: From 0 to 1.
    """

    distance_m: float
    distance_spread_m: float
    confidence: float


@dataclass(frozen=True, slots=True)
class FrameHealth:
    """What can be told of a picture without knowing what it shows.

    Attributes:
        black_share: Share of the picture's width that is black from top to bottom.
        white_share: Share of its pixels that are saturated.
        sharpness: Mean second difference along its rows, in grey levels.
    """

    black_share: float
    white_share: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Percept:
    """All that is believed of one moment.

    Attributes:
        step: The moment (20 Hz steps) at which the frame was taken.
        detections: Objects, highest score first.
        lane: The ego lane, or None if no lane is seen.
        stop_line: The nearest stop line, or None if none is seen.
        health: What can be told of the frame itself; None from eyes that read none.
    """

    step: int
    detections: tuple[Detection, ...] = ()
    lane: LaneEstimate | None = None
    stop_line: StopLineEstimate | None = None
    health: FrameHealth | None = None
