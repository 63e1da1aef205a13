"""What might yet turn out to be a stop sign: now seen as one, now as something else, and not for long enough as either.

A sign that somebody has stuck a picture on, or that nobody can read yet, is believed in late, and what is believed late
is braked for hard. A driver who does not know eases off until they do: it costs a second where there was nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from sim.camera import Camera
from sim.control.evidence import is_on_a_board
from sim.control.lane import LaneBelief
from sim.control.longitudinal import GENTLE_BRAKE_MPS2, StopProfile, gentle_accel
from sim.control.odometry import Travel
from sim.control.placing import place
from sim.control.ranging import bearing_of, is_folded_arm, rise_of
from sim.control.stopping import SIGN_MARGIN_M
from sim.control.track import SAME_STOP_M, Track
from sim.control.tracking import BELIEVED_AFTER_S
from sim.percept import Detection, ObjectKind

SMOOTHED_S = 0.5
"""Time over which scores are smoothed; frames that follow each other are alike."""

SUSPECT_SHARE, CLEARED_SHARE = 0.08, 0.04
"""From the first smoothed score on the driver eases off, one in twelve such things being a stop sign if scores are what
they say; and until it falls below the second, lest they go on and ease off by turns."""

FARTHEST_M, NEAREST_M = 60.0, 9.0
"""Farther away there is time yet, and nearer nothing gentle helps."""

FORGOTTEN_SHARE = 0.01
"""Below this nothing is suspected."""

KNOWN_AT_M = 14.0
"""Where it will be known what it is: a sign with its word half hidden is read later than another."""

SAME_M, SAME_SHARE, DEPTH_SHARE = 2.0, 0.25, 0.3
"""A suspect is seen again within so many metres and such a share of its depth, which then moves by the third of what
it is off."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The likeliest of the things that may be a stop sign, whether or not it is believed to be one yet.

    Attributes:
        x_m: Its depth from the camera; infinity where there is none.
        share: Its score of late, smoothed, from 0 to 1.
        seen_s: For how long it has been seen, in all.
        felt: Whether the driver eases off for it.
    """

    x_m: float = inf
    share: float = 0.0
    seen_s: float = 0.0
    felt: bool = False


NOTHING = Suspicion()


def update_suspicion(
    before: Suspicion,
    detections: Sequence[Detection] | None,
    tracks: Sequence[Track],
    lane: LaneBelief,
    travel: Travel,
    camera: Camera,
) -> Suspicion:
    """Return what is suspected after the car has moved and looked.

    Args:
        before: What was suspected one step ago.
        detections: What is seen now; None if the car did not look.
        tracks: What is believed of it: signs that the car has stopped for, and what grows like no sign, are no
            suspects.
        lane: What is believed of the own lane.
        travel: How the car has moved.
        camera: The camera that it sees through.
    """
    now = replace(before, x_m=before.x_m - travel.distance_m)
    if detections is not None:
        now = _seen(now, _possible(detections, tracks, lane, camera), travel.dt_s)
    if now.x_m < NEAREST_M or now.share < FORGOTTEN_SHARE:
        return NOTHING
    enough = CLEARED_SHARE if now.felt else SUSPECT_SHARE
    felt = now.x_m < FARTHEST_M and now.share >= enough and now.seen_s >= BELIEVED_AFTER_S
    return replace(now, felt=felt)


def _seen(before: Suspicion, possible: Sequence[Detection], dt_s: float) -> Suspicion:
    """Return what is suspected after a look: the same thing, another that is likelier, or less."""
    weight = min(1.0, dt_s / SMOOTHED_S)
    again = [each for each in possible if abs(each.distance_m - before.x_m) < SAME_M + SAME_SHARE * before.x_m]
    if before.share > 0.0 and again:
        best = max(again, key=_score)
        x_m = before.x_m + DEPTH_SHARE * (best.distance_m - before.x_m)
        share = before.share + weight * (best.score - before.share)
        return replace(before, x_m=x_m, share=share, seen_s=before.seen_s + dt_s)
    faded = (1.0 - weight) * before.share
    best = max(possible, key=_score, default=None)
    if best is not None and weight * best.score > faded:
        return Suspicion(best.distance_m, weight * best.score, dt_s)
    return replace(before, share=faded)


def _score(detection: Detection) -> float:
    return detection.score


def _possible(
    detections: Sequence[Detection], tracks: Sequence[Track], lane: LaneBelief, camera: Camera
) -> list[Detection]:
    """Return what looks like a stop sign that is meant for the lane and has not been told to be none."""
    others = [each for each in detections if each.kind is ObjectKind.DISTRACTOR]
    cleared = [each.x_m for each in tracks if each.kind is ObjectKind.STOP_SIGN and (each.handled or each.wrong_size)]
    return [
        each
        for each in detections
        if each.kind is ObjectKind.STOP_SIGN
        and each.distance_m > NEAREST_M
        and not any(abs(each.distance_m - x_m) < SAME_STOP_M for x_m in cleared)
        and not is_folded_arm(each, lane, camera)
        and not is_on_a_board(each, others)
        and _in_place(each, lane, camera)
    ]


def _in_place(detection: Detection, lane: LaneBelief, camera: Camera) -> bool:
    """Return whether something stands where a sign that is meant for the lane does."""
    x_m = detection.distance_m
    aside_m = bearing_of(detection, camera) * x_m
    return place(detection.kind, x_m, aside_m, 0.0, lane, rise_of(detection, camera)) >= 0.5


def wary_accel(suspicion: Suspicion, speed_mps: float, profile: StopProfile, standoff_m: float) -> float:
    """Return the acceleration in m/s^2, at most 0, with which the stop would not be hard if it is one.

    Where it will be known, the car goes on as fast as it then is until it knows.

    Args:
        suspicion: What is suspected.
        speed_mps: The car's speed.
        profile: The stop that it would make.
        standoff_m: From the camera, with the car standing, to the line: what is before the bumper and the gap to it.
    """
    stop_in_m = suspicion.x_m - SIGN_MARGIN_M - standoff_m
    gentle_m = suspicion.x_m - KNOWN_AT_M
    if gentle_m <= 0.0:
        return 0.0
    return max(gentle_accel(speed_mps, stop_in_m, gentle_m, profile), -GENTLE_BRAKE_MPS2)
