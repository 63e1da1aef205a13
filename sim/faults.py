"""Faults between camera and driver: what a drive with a broken camera, network or sensor hands on.

A fault is drawn from the world's own seed, so that the same run has the same fault. Each drive has a `FaultyLine` of
its own, which remembers the frames and percepts that a fault holds back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from math import ceil, nan
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import CameraFrame
from sim.health import measure_health
from sim.percept import Box, Detection, LaneEstimate, Percept, StopLineEstimate
from sim.seeding import Stream, stream
from sim.spec.faults import FaultKind, FaultSpec
from sim.truth import GroundTruth
from sim.vehicle import STEP_S, OwnMotion

IN_PICTURE = (FaultKind.BLURRED, FaultKind.DIRTY, FaultKind.HALF_BLACK, FaultKind.OVEREXPOSED)
"""Faults that change what the frame shows, rather than when it comes."""

BLOB_PX = (12.0, 42.0)
DIRT_RGB = (58.0, 46.0, 36.0)
HIDDEN_SHARE = 0.5
"""Spots of dirt on the lens: their radii and colour; perfect eyes do not see what is hidden by more than the last."""

SEEN_PX_PER_BLUR = 3.0
"""Perfect eyes see through a blur what is taller than this many of its standard deviations."""

BLIND_GAIN = 4.0
BLIND_BLUR_PX = 8.0
"""From this gain, or this blur, on even perfect eyes see nothing."""


@dataclass(frozen=True, slots=True)
class Capture:
    """Frame and truth of one moment; a part that nobody asked for is None."""

    frame: CameraFrame | None
    truth: GroundTruth | None


class Sees(Protocol):
    """Something that turns a capture into a percept."""

    def __call__(self, step: int, capture: Capture) -> Percept:
        """Return what they see of a moment."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one drive.

    Attributes:
        kind: What breaks.
        start_step: The first 20 Hz step at which it is there.
        end_step: The first at which it is gone.
        strength: How bad it is; `FaultSpec` says in what.
        seed: Of what it draws by itself, such as which frames are lost.
    """

    kind: FaultKind
    start_step: int
    end_step: int
    strength: float
    seed: int

    def acts(self, step: int) -> bool:
        """Return whether it is there at a step."""
        return self.start_step <= step < self.end_step

    @property
    def in_picture(self) -> bool:
        """Whether it changes what the frame shows."""
        return self.kind in IN_PICTURE


def draw_fault(spec: FaultSpec, seed: int) -> Fault:
    """Return the fault of one drive; the same for the same spec and seed."""
    draw = stream(seed, Stream.FAULT)
    start_s, duration_s, strength = (
        float(draw.uniform(*span)) for span in (spec.start_s, spec.duration_s, spec.strengths)
    )
    start = round(start_s / STEP_S)
    return Fault(spec.kind, start, start + max(round(duration_s / STEP_S), 1), strength, seed)


class FaultyLine:
    """What stands between the world and the driver of one drive, with a fault in it.

    Args:
        fault: What breaks, and when.
        see: The eyes behind the camera.
    """

    def __init__(self, fault: Fault, see: Sees) -> None:
        self._fault = fault
        self._see = see
        self._draw = stream(fault.seed, Stream.FAULT, 1)
        self._delay = max(ceil(fault.strength / STEP_S - 1e-9), 1)
        self._recent: deque[Percept] = deque(maxlen=self._delay + 1)
        self._good: Capture | None = None
        self._given: Percept | None = None
        self._in_work: tuple[int, Percept] | None = None
        self._hides: NDArray[np.float32] | None = None
        self._steer_rad = 0.0

    def look(self, step: int, capture: Capture) -> tuple[Capture, Percept]:
        """Return what camera and eyes hand on at a step: the capture as the eyes had it, and the percept."""
        if not self._fault.acts(step):
            percept = self._see(step, capture)
            if self._fault.in_picture and percept.health is None and capture.frame is not None:
                percept = replace(percept, health=measure_health(capture.frame.rgb))
            self._good, self._given = capture, percept
            self._recent.append(percept)
            return capture, percept
        capture, percept = self._broken(step, capture)
        self._given = percept
        return capture, percept

    def feel(self, step: int, own: OwnMotion) -> OwnMotion:
        """Return what the car's own sensors hand on at a step."""
        if self._fault.kind is not FaultKind.STUCK_STEERING:
            return own
        if not self._fault.acts(step) or step == 0:
            self._steer_rad = own.steer_rad
        return OwnMotion(own.speed_mps, self._steer_rad)

    def _broken(self, step: int, capture: Capture) -> tuple[Capture, Percept]:
        kind = self._fault.kind
        match kind:
            case FaultKind.DROPPED:
                if self._given is not None and float(self._draw.random()) < self._fault.strength:
                    return self._good or capture, self._given
                percept = self._see(step, capture)
                self._good = capture
            case FaultKind.FROZEN:
                capture = self._good = self._good or capture
                percept = replace(self._see(step, capture), step=step)
            case FaultKind.LATE:
                self._recent.append(self._see(step, capture))
                percept = self._newest(self._recent[0])
            case FaultKind.SLOW:
                percept = self._slowly(step, capture)
            case FaultKind.NO_NUMBERS:
                percept = _without_numbers(self._see(step, capture))
            case FaultKind.BLURRED | FaultKind.DIRTY | FaultKind.HALF_BLACK | FaultKind.OVEREXPOSED:
                capture, percept = self._through(step, capture)
            case FaultKind.STUCK_STEERING:
                percept = self._see(step, capture)
        return capture, percept

    def _newest(self, late: Percept) -> Percept:
        """Return a late percept, unless a later one has been handed on before."""
        return late if self._given is None or late.step > self._given.step else self._given

    def _slowly(self, step: int, capture: Capture) -> Percept:
        """Return what the eyes have finished; they take up the next frame only then."""
        done = self._given
        if self._in_work is None or step >= self._in_work[0]:
            done = self._in_work[1] if self._in_work is not None else self._given
            self._in_work = (step + self._delay, self._see(step, capture))
        return done if done is not None else self._in_work[1]

    def _through(self, step: int, capture: Capture) -> tuple[Capture, Percept]:
        """Return capture and percept where the fault is in the picture."""
        frame = capture.frame
        if frame is None:
            raise ValueError(f"Expected a frame for the fault '{self._fault.kind}' to spoil. Received: None.")
        height, width, _ = frame.rgb.shape
        if self._hides is None:
            self._hides = _hidden(self._fault, self._draw, height, width)
        rgb = spoil(frame.rgb, self._fault, self._hides)
        capture = replace(capture, frame=CameraFrame(frame.step, rgb, frame.camera))
        percept = self._see(step, capture)
        if percept.health is None:  # eyes that read the truth: they are made to suffer as the picture does
            percept = replace(_dimmed(percept, self._fault, self._hides), health=measure_health(rgb))
        return capture, percept


def spoil(rgb: NDArray[np.uint8], fault: Fault, hides: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a picture with a fault in it.

    Args:
        rgb: uint8, shape (height, width, 3).
        fault: One that is in the picture.
        hides: What dirt or a dead part of the sensor hides, 0 to 1, shape (height, width).
    """
    if fault.kind is FaultKind.BLURRED:
        spoilt = cv2.GaussianBlur(rgb, (0, 0), fault.strength)
    elif fault.kind is FaultKind.OVEREXPOSED:
        spoilt = cv2.convertScaleAbs(rgb, alpha=fault.strength)
    else:
        colour = np.array(DIRT_RGB if fault.kind is FaultKind.DIRTY else (0.0, 0.0, 0.0), np.float32)
        spoilt = rgb + (colour - rgb) * hides[..., None]
    return np.ascontiguousarray(spoilt, dtype=np.uint8)


def _hidden(fault: Fault, draw: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    hides = np.zeros((height, width), np.float32)
    if fault.kind is FaultKind.HALF_BLACK:
        black = round(fault.strength * width)
        hides[:, slice(0, black) if draw.random() < 0.5 else slice(width - black, width)] = 1.0
    elif fault.kind is FaultKind.DIRTY:
        while float(hides.mean()) < fault.strength:
            centre = (int(draw.integers(width)), int(draw.integers(height)))
            cv2.circle(hides, centre, round(float(draw.uniform(*BLOB_PX))), (1.0,), -1)
        hides = np.asarray(cv2.GaussianBlur(hides, (0, 0), 3.0), np.float32)
    return hides


def _dimmed(percept: Percept, fault: Fault, hides: NDArray[np.float32]) -> Percept:
    """Return what perfect eyes are left with behind a spoilt picture."""
    height = hides.shape[0]
    left = 1.0 - float(hides[height // 2 :].mean())
    if fault.kind is FaultKind.OVEREXPOSED:
        left = min(max(1.0 - (fault.strength - 1.0) / (BLIND_GAIN - 1.0), 0.0), 1.0)
    elif fault.kind is FaultKind.BLURRED:
        left = max(1.0 - fault.strength / BLIND_BLUR_PX, 0.0)
    smallest_px = SEEN_PX_PER_BLUR * fault.strength if fault.kind is FaultKind.BLURRED else 0.0
    detections = tuple(
        each
        for each in percept.detections
        if left > 0.0 and _covered(each.box, hides) <= HIDDEN_SHARE and each.box[3] - each.box[1] >= smallest_px
    )
    lane, line = percept.lane, percept.stop_line
    if lane is not None:
        lane = replace(lane, confidence=lane.confidence * left)
    if line is not None:
        line = replace(line, confidence=line.confidence * left)
    return replace(percept, detections=detections, lane=lane, stop_line=line)


def _covered(box: Box, hides: NDArray[np.float32]) -> float:
    u0, v0, u1, v1 = (max(int(edge), 0) for edge in box)
    part = hides[v0 : max(v1, v0 + 1), u0 : max(u1, u0 + 1)]
    return float(part.mean()) if part.size else 0.0


def _without_numbers(percept: Percept) -> Percept:
    """Return what a network hands on whose arithmetic has failed."""
    detections = tuple(Detection(each.kind, (nan, nan, nan, nan), nan, nan, nan) for each in percept.detections)
    line = StopLineEstimate(nan, nan, nan) if percept.stop_line is not None else None
    return Percept(percept.step, detections, LaneEstimate(nan, nan, nan, nan), line, percept.health)
