"""Attribution: which stage a failed run failed at.

The same run is driven again with one part of what the eyes see replaced by the truth, then another. The first single
replacement with which it passes names the cause. Before that the oracle drives: where it fails too, no eyes would do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum, StrEnum
from typing import Any

from scenarios.outcomes import Outcome, Verdict
from scenarios.run import run_scenario
from scenarios.scenario import Scenario, start_world
from sim.camera import Camera
from sim.control.evidence import MIN_SCORE
from sim.control.tracking import BELIEVED_AFTER_S
from sim.faults import Capture
from sim.loop import Eyes, OracleEyes, Tick
from sim.percept import Box, Detection, ObjectKind, Percept
from sim.render import Painter
from sim.truth import MIN_VISIBLE_FRACTION, GroundTruth, ObjectTruth, perfect_percept
from sim.vehicle import STEP_S, VehicleLimits

SAME_IOU = 0.3
"""A detection and a true object of its kind whose boxes overlap by more are the same thing."""

FRAMES_TO_BELIEVE = round(BELIEVED_AFTER_S / STEP_S)
"""So many frames with a sign in them make it found: fewer, and no driver would have believed it."""

DISTANCE_BANDS_M = (15.0, 30.0, 45.0, 60.0)
"""Bounds of the bands of distance by which failures are counted."""


class Cause(Enum):
    """At which stage a run failed; the value is the sentence that a person reads."""

    NOT_VISIBLE = "The sign was never visible: no eyes could have found it."
    PHYSICS = "The sign came into view when no car could have stopped any more."
    DRIVER = "The driver failed though it was told the truth."
    WRONG_DISTANCE = "Things were found, but believed to be at a wrong distance."
    LINE_WRONG = "The stop line was not seen, or in a wrong place."
    LANE_LOST = "The lane was lost, or seen in a wrong place."
    NOT_THERE = "Something was found that is not there, or that does not ask for a stop."
    DETECTED_LATE = "The sign or car was visible, but found too late."
    NOT_DETECTED = "The sign or car was visible, but never found."
    SEVERAL = "Several parts failed at once: no single one, put right, makes the run pass."


class Part(StrEnum):
    """What can be replaced by the truth, in the order in which it is tried: what changes least comes first."""

    DISTANCES = "true distances for what was found"
    LINE = "the true stop line"
    LANE = "the true lane"
    FALSE_ONES = "without what is not there"
    MISSED_ONES = "with what was missed"


CAUSE_OF_PART = {
    Part.DISTANCES: Cause.WRONG_DISTANCE,
    Part.LINE: Cause.LINE_WRONG,
    Part.LANE: Cause.LANE_LOST,
    Part.FALSE_ONES: Cause.NOT_THERE,
}
"""What is missed is told apart further, by whether it was found in the end."""


@dataclass(frozen=True, slots=True)
class HybridEyes:
    """Eyes of which one part sees the truth.

    Attributes:
        base: The eyes that see the rest.
        part: What is replaced.
    """

    base: Eyes
    part: Part

    @property
    def name(self) -> str:
        """What they are called in reports."""
        return f"{self.base.name}, {self.part}"

    @property
    def needs_frame(self) -> bool:
        """Whether they read the frame."""
        return self.base.needs_frame

    @property
    def needs_truth(self) -> bool:
        """Always: that is what the part is replaced by."""
        return True

    @property
    def sure_score(self) -> float:
        """What stop signs near by hardly ever score less than."""
        return self.base.sure_score

    def __call__(self, step: int, capture: Capture) -> Percept:
        """Return what the base sees, with the part as it truly is."""
        if capture.truth is None:
            raise ValueError("Expected the truth, to replace a part by. Received: None.")
        return put_right(self.base(step, capture), capture.truth, self.part)


def put_right(percept: Percept, truth: GroundTruth, part: Part) -> Percept:
    """Return a percept with one part of it replaced by the truth."""
    perfect = perfect_percept(truth)
    match part:
        case Part.DISTANCES:
            return replace(percept, detections=tuple(_placed(each, truth) for each in percept.detections))
        case Part.LINE:
            return replace(percept, stop_line=perfect.stop_line)
        case Part.LANE:
            return replace(percept, lane=perfect.lane)
        case Part.FALSE_ONES:
            there = tuple(each for each in percept.detections if _is_there(each, truth))
            return replace(percept, detections=there)
        case Part.MISSED_ONES:
            missed = tuple(each for each in perfect.detections if not _has(percept.detections, each.kind, each.box))
            return replace(percept, detections=(*missed, *percept.detections))


def _placed(seen: Detection, truth: GroundTruth) -> Detection:
    match_ = max(
        (each for each in truth.objects if each.kind is seen.kind and overlap(each.box, seen.box) > SAME_IOU),
        key=lambda each: overlap(each.box, seen.box),
        default=None,
    )
    if match_ is None:
        return seen
    return replace(seen, distance_m=match_.distance_m, distance_spread_m=0.01 * match_.distance_m)


def _is_there(seen: Detection, truth: GroundTruth) -> bool:
    return seen.kind is ObjectKind.DISTRACTOR or any(
        each.kind is seen.kind
        and (each.kind is not ObjectKind.STOP_SIGN or each.applies_to_ego)
        and overlap(each.box, seen.box) > SAME_IOU
        for each in truth.objects
    )


def _has(detections: Sequence[Detection], kind: ObjectKind, box: Box) -> bool:
    return any(
        each.kind is kind and each.score > MIN_SCORE and overlap(each.box, box) > SAME_IOU for each in detections
    )


def overlap(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0.0 or height <= 0.0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return width * height / (areas - width * height)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a run failed.

    Attributes:
        scenario: Its name.
        seed: The run seed.
        outcome: The name of the verdict's outcome.
        reason: The verdict's sentence.
        cause: The stage that failed.
        mended_by: The replacement with which the run passed; empty if there is none.
        visible_m: Where what mattered was first visible, as its distance, or None.
        found_m: Where the eyes had first found it in as many frames as it takes to believe, or None.
        light: Kind of light and weather.
        variant: The ego's stop sign, or the vehicle, that mattered; empty if there is none.
        runs: How often the run was driven to find out.
    """

    scenario: str
    seed: int
    outcome: str
    reason: str
    cause: Cause
    mended_by: str
    visible_m: float | None
    found_m: float | None
    light: str
    variant: str
    runs: int

    @property
    def band(self) -> str:
        """The band of distance at which what mattered was first visible."""
        if self.visible_m is None:
            return "never visible"
        low = 0.0
        for high in DISTANCE_BANDS_M:
            if self.visible_m < high:
                return f"{low:.0f}-{high:.0f} m"
            low = high
        return f"over {low:.0f} m"


class _Sighting:
    """When what mattered was first visible, and first found; for one kind of thing."""

    def __init__(self, kind: ObjectKind) -> None:
        self._kind = kind
        self.visible_m: float | None = None
        self.speed_mps = 0.0
        self.found_m: float | None = None
        self.variant = ""
        self._frames: Counter[int] = Counter()

    def see(self, tick: Tick) -> None:
        """Take note of the next tick; its truth must be known."""
        truth = tick.capture.truth
        if truth is None:
            raise ValueError("Expected the truth, to tell what was visible. Received: None.")
        for each in truth.objects:
            if not self._matters(each):
                continue
            if self.visible_m is None:
                self.visible_m, self.variant = each.distance_m, each.variant
                self.speed_mps = tick.world.ego.speed_mps
            if _has(tick.percept.detections, each.kind, each.box):
                self._frames[each.instance_id] += 1
                if self.found_m is None and self._frames[each.instance_id] >= FRAMES_TO_BELIEVE:
                    self.found_m = each.distance_m

    def _matters(self, each: ObjectTruth) -> bool:
        return (
            each.kind is self._kind
            and each.visible_fraction >= MIN_VISIBLE_FRACTION
            and (each.applies_to_ego or self._kind is not ObjectKind.STOP_SIGN)
        )


_KIND_OF_OUTCOME = {
    Outcome.CONTACT: ObjectKind.VEHICLE,
    Outcome.RIGHT_OF_WAY_TAKEN: ObjectKind.VEHICLE,
    Outcome.PERSON_ENDANGERED: ObjectKind.PEDESTRIAN,
}


def explain(
    scenario: Scenario,
    run_seed: int,
    eyes: Eyes,
    *,
    camera: Camera | None = None,
    painter: Painter | None = None,
) -> Explanation | None:
    """Return why a run fails, or None if it does not.

    Args:
        scenario: What is driven and expected.
        run_seed: Which of its worlds.
        eyes: The eyes that failed.
        camera: The camera, if not the standard one.
        painter: What draws; made anew if not given.
    """
    painter = painter or Painter(camera or Camera())

    def again(with_eyes: Eyes, on_tick: Callable[[Tick], None] | None = None) -> Verdict:
        return run_scenario(
            scenario, run_seed, with_eyes, camera=camera, painter=painter, want_truth=True, on_tick=on_tick
        )

    sightings = {kind: _Sighting(kind) for kind in (ObjectKind.STOP_SIGN, *set(_KIND_OF_OUTCOME.values()))}

    def look(tick: Tick) -> None:
        for sighting in sightings.values():
            sighting.see(tick)

    verdict = again(eyes, look)
    if verdict.passed:
        return None
    sighting = sightings[_KIND_OF_OUTCOME.get(verdict.outcome, ObjectKind.STOP_SIGN)]
    cause, mended_by, runs = None, "", 2
    if not again(OracleEyes()).passed:
        cause = _cause_for_any_eyes(verdict, sighting)
    else:
        for part in Part:
            runs += 1
            if again(HybridEyes(eyes, part)).passed:
                mended_by = str(part)
                late = Cause.DETECTED_LATE if sighting.found_m is not None else Cause.NOT_DETECTED
                cause = CAUSE_OF_PART.get(part, late)
                break
    return Explanation(
        scenario.name,
        run_seed,
        verdict.outcome.name,
        verdict.reason,
        cause or Cause.SEVERAL,
        mended_by,
        sighting.visible_m,
        sighting.found_m,
        start_world(scenario, run_seed).scene.light.family,
        sighting.variant,
        runs,
    )


def _cause_for_any_eyes(verdict: Verdict, sighting: _Sighting) -> Cause:
    """Return the cause of a failure that perfect eyes do not mend."""
    if verdict.outcome not in (Outcome.ROLLED_THROUGH, Outcome.STOPPED_LATE, Outcome.CONTACT):
        return Cause.DRIVER
    if sighting.visible_m is None:
        return Cause.NOT_VISIBLE
    hardest_m = sighting.speed_mps**2 / (2.0 * VehicleLimits().max_brake_mps2)
    return Cause.PHYSICS if sighting.visible_m < hardest_m else Cause.DRIVER


def count_by(explanations: Sequence[Explanation]) -> dict[str, dict[str, Counter[str]]]:
    """Return how many failures there are by distance, light and variant, and within each by cause."""
    tables: dict[str, dict[str, Counter[str]]] = {"distance": {}, "light": {}, "variant": {}, "scenario": {}}
    for each in explanations:
        keys = {
            "distance": each.band,
            "light": each.light,
            "variant": each.variant or "none",
            "scenario": each.scenario,
        }
        for table, key in keys.items():
            tables[table].setdefault(key, Counter())[each.cause.name] += 1
    return tables


def to_json(explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Return everything as plain values."""
    causes = Counter(each.cause.name for each in explanations)
    return {
        "causes": dict(causes.most_common()),
        "tables": {
            name: {key: dict(counts) for key, counts in sorted(rows.items())}
            for name, rows in count_by(explanations).items()
        },
        "failures": [{**asdict(each), "cause": each.cause.name, "band": each.band} for each in explanations],
    }
