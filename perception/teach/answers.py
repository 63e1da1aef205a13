"""Networks that answer frames, and how many stop signs they find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perception.backend import compute_precision
from perception.fovea import load_fovea
from perception.network import NetworkConfig, build_network
from perception.perceiver import perceiver_of
from perception.scores import LOWEST_COUNTED, share
from perception.weights import arrays_of, fill
from sim.camera import Camera, CameraFrame
from sim.percept import Box, ObjectKind, Percept
from sim.viewer.teach.content import Estimate, Sight, Thing
from sim.viewer.teach.sights import judged

KEPT_FROM = 0.2
"""Answers less believed than this are not sent to the pages."""

Arrays = dict[str, NDArray[np.float32]]


class Answerer:
    """One network that can be given other weights, and asked.

    Args:
        network: Its sizes.
        camera: Whose frames it sees.
    """

    def __init__(self, network: NetworkConfig, camera: Camera) -> None:
        self.camera = camera
        self._model = build_network(network, camera, compute_precision())
        self._perceive = perceiver_of(self._model, camera, lowest_score=LOWEST_COUNTED)

    def use(self, arrays: Arrays) -> None:
        """See with other weights from now on."""
        fill(self._model, arrays, "the tour's weights")
        self._perceive = replace(self._perceive, fovea=load_fovea(arrays))

    def percept(self, sight: Sight) -> Percept:
        """Return what it believes of a frame."""
        return self._perceive(CameraFrame(0, sight.rgb, self.camera))

    def all(self, sights: Sequence[Sight], lowest: float = KEPT_FROM) -> tuple[tuple[Thing, ...], ...]:
        """Return what it believes of each frame, without what it believes less than `lowest`."""
        return tuple(things_of(self.percept(sight), lowest) for sight in sights)

    def sign_belief(self, sight: Sight, box: Box) -> float:
        """Return how sure it is that a stop sign is in a place: the most believed one whose middle lies there."""
        x0, y0, x1, y1 = box
        slack = 0.25 * max(x1 - x0, y1 - y0)
        beliefs = [
            each.score
            for each in self.percept(sight).detections
            if each.kind is ObjectKind.STOP_SIGN
            and x0 - slack <= (each.box[0] + each.box[2]) / 2 <= x1 + slack
            and y0 - slack <= (each.box[1] + each.box[3]) / 2 <= y1 + slack
        ]
        return max(beliefs, default=0.0)


def untrained(network: NetworkConfig, camera: Camera) -> Arrays:
    """Return weights as a network begins with; the seed was set before."""
    return arrays_of(build_network(network, camera))


def things_of(percept: Percept, lowest: float = KEPT_FROM) -> tuple[Thing, ...]:
    """Return what is believed as the pages show it."""
    return tuple(
        Thing(each.kind, each.box, each.score, each.distance_m, asked=True)
        for each in percept.detections
        if each.score >= lowest
    )


def score(sights: Sequence[Sight], answers: Sequence[Sequence[Thing]]) -> tuple[Estimate, int]:
    """Return how many stop signs were found, and how many things were taken for one."""
    found = asked = false = 0
    for sight, things in zip(sights, answers, strict=True):
        hits, n, wrong = judged(sight.truths, things)
        found, asked, false = found + hits, asked + n, false + wrong
    return estimate(found, asked), false


def estimate(hits: int, n: int) -> Estimate:
    """Return a share with its Wilson interval."""
    measure = share(hits, n)
    if measure.low is None or measure.high is None:
        return Estimate(0, 0, float("nan"), float("nan"))
    return Estimate(hits, n, measure.low, measure.high)
