import json
from dataclasses import dataclass, replace

import pytest

from scenarios.scenario import find_scenario, load_catalogue
from scenarios.why import Cause, Part, count_by, explain, overlap, put_right, to_json
from sim.loop import OracleEyes
from sim.percept import Detection, LaneEstimate, ObjectKind, Percept
from sim.truth import GroundTruth, LaneTruth, ObjectTruth

LONG = find_scenario("straight", load_catalogue())
STRAIGHT = replace(LONG, world=replace(LONG.world, approach_m=(40.0, 40.0), after_m=(5.0, 5.0)))
SIGN = ObjectKind.STOP_SIGN


@dataclass(frozen=True)
class SpoiltEyes:
    """Perfect eyes with one thing wrong."""

    spoil: object
    name: str = "spoilt"
    needs_frame: bool = False
    needs_truth: bool = True
    sure_score: float = 0.9

    def __call__(self, step, capture):
        return self.spoil(OracleEyes()(step, capture))


def without_signs_beyond(reach_m):
    def spoil(percept):
        near = tuple(each for each in percept.detections if each.kind is not SIGN or each.distance_m < reach_m)
        return replace(percept, detections=near)

    return spoil


def with_signs_farther(factor):
    def spoil(percept):
        wrong = tuple(
            replace(each, distance_m=factor * each.distance_m) if each.kind is SIGN else each
            for each in percept.detections
        )
        return replace(percept, detections=wrong, stop_line=None)

    return spoil


def with_a_lane_beside(percept):
    return replace(percept, lane=replace(percept.lane, offset_m=percept.lane.offset_m + 1.0))


def with_a_car_of_air(percept):
    ghost = Detection(ObjectKind.VEHICLE, (255.0, 105.0, 417.0, 235.0), 1.0, 8.0, 0.2)
    return replace(percept, detections=(*percept.detections, ghost))


def with_the_line_too_near(percept):
    line = percept.stop_line
    return replace(percept, stop_line=line and replace(line, distance_m=line.distance_m - 3.0))


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (without_signs_beyond(0.0), Cause.NOT_DETECTED),
        (without_signs_beyond(15.0), Cause.DETECTED_LATE),
        (with_signs_farther(3.5), Cause.WRONG_DISTANCE),
        (with_a_lane_beside, Cause.LANE_LOST),
        (with_the_line_too_near, Cause.LINE_WRONG),
    ],
    ids=lambda value: value.name if isinstance(value, Cause) else "",
)
def test_the_part_that_was_spoilt_is_named(spoil, cause):
    found = explain(STRAIGHT, 0, SpoiltEyes(spoil))
    assert found.cause is cause, found
    assert found.mended_by in set(Part)
    assert found.visible_m > 30.0


@pytest.mark.parametrize("factor", [0.5, 1.9, 2.5])
def test_growth_puts_right_a_distance_that_is_wrong_by_half_or_double(factor):
    assert explain(STRAIGHT, 0, SpoiltEyes(with_signs_farther(factor))) is None


def test_what_is_not_there_is_named():
    empty = find_scenario("empty_road", load_catalogue())
    found = explain(empty, 0, SpoiltEyes(with_a_car_of_air))
    assert (found.outcome, found.cause) == ("PHANTOM_STOP", Cause.NOT_THERE)


def test_two_parts_spoilt_are_several():
    def both(percept):
        return with_a_lane_beside(without_signs_beyond(0.0)(percept))

    found = explain(STRAIGHT, 0, SpoiltEyes(both))
    assert (found.cause, found.mended_by) == (Cause.SEVERAL, "")


def test_a_run_that_passes_has_no_cause():
    assert explain(STRAIGHT, 0, OracleEyes()) is None


def test_what_no_eyes_could_help_is_laid_to_the_driver():
    hurried = replace(STRAIGHT, expect=replace(STRAIGHT.expect, route_finished_s=2.0))
    assert explain(hurried, 0, OracleEyes()).cause is Cause.DRIVER


def test_each_part_alone_is_put_right():
    box, elsewhere = (10.0, 10.0, 30.0, 30.0), (200.0, 10.0, 220.0, 30.0)
    sign = ObjectTruth(1, SIGN, "stop", box, box, 1.0, False, 20.0, True)
    truth = GroundTruth(0, (sign,), LaneTruth(0.3, 0.0, 0.0, 3.4), None)
    seen = Detection(SIGN, box, 0.9, 35.0, 2.0)
    ghost = Detection(SIGN, elsewhere, 0.9, 35.0, 2.0)
    percept = Percept(0, (seen, ghost), LaneEstimate(0.0, 0.0, 0.0, 1.0))
    assert [each.distance_m for each in put_right(percept, truth, Part.DISTANCES).detections] == [20.0, 35.0]
    assert put_right(percept, truth, Part.FALSE_ONES).detections == (seen,)
    assert put_right(percept, truth, Part.MISSED_ONES).detections == (seen, ghost)
    assert len(put_right(replace(percept, detections=(ghost,)), truth, Part.MISSED_ONES).detections) == 2
    assert put_right(percept, truth, Part.LANE).lane.offset_m == 0.3


def test_overlap_is_intersection_over_union():
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (1, 0, 2, 1)) == 0.0


def test_tables_count_each_failure_once():
    found = [explain(STRAIGHT, 0, SpoiltEyes(without_signs_beyond(0.0)))]
    tables = count_by(found)
    assert all(sum(sum(row.values()) for row in rows.values()) == 1 for rows in tables.values())
    plain = json.loads(json.dumps(to_json(found)))
    assert plain["causes"] == {"NOT_DETECTED": 1}
    assert plain["failures"][0]["mended_by"] == "with what was missed"
