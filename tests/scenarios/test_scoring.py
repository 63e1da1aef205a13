"""CARLA's scoring: its stop test, and both formulas, on drives whose score is known."""

from __future__ import annotations

import pytest

from scenarios.judge import Judge
from scenarios.outcomes import Outcome
from scenarios.scenario import Scenario
from scenarios.scoring import CarlaScore
from sim.actors import Actor, ActorKind, Behaviour

SCENARIO = Scenario(name="made", title="Made", description="By hand.")


def judged(drive):
    judge = Judge(SCENARIO, drive.start)
    for world in drive.worlds:
        judge.see(world)
    return judge.verdict(0, "oracle")


@pytest.mark.parametrize(
    ("bumper_s_m", "speed_mps", "missed"),
    [(99.0, 0.09, 0), (96.1, 0.0, 0), (103.9, 0.0, 0), (95.9, 0.0, 1), (99.0, 0.11, 1)],
)
def test_one_slow_tick_within_four_metres_of_the_line_is_carlas_stop(make_drive, bumper_s_m, speed_mps, missed):
    drive = make_drive().through(60, 80).at(bumper_s_m, speed_mps).through(110).finish()
    score = judged(drive).metrics.carla
    assert score.stops_missed == missed
    assert score.stop_test_passed is (missed == 0)
    assert score.driving_score_2_0 == pytest.approx(100.0 * 0.8**missed)


def test_the_easier_rule_lets_through_what_the_strict_one_does_not(make_drive):
    verdict = judged(make_drive().through(60, 80).at(99.0, 0.0).through(110).finish())
    assert verdict.outcome is Outcome.STOPPED_BRIEFLY
    assert verdict.metrics.carla.stop_test_passed


def test_a_run_that_ends_early_is_scored_by_the_way_that_it_made(make_drive):
    drive = make_drive(lines_s_m=(), end_s_m=123.6).through(23.6, 48.6, 73.6)
    assert judged(drive).metrics.carla.completion_percent == pytest.approx(50.0)


def test_what_is_driven_outside_the_lane_is_taken_off(make_drive):
    drive = make_drive(lines_s_m=(), end_s_m=123.6).through(23.6, 73.6).at(98.6, offset_m=2.0).through(123.6)
    score = judged(drive).metrics.carla
    assert score.off_lane_percent == pytest.approx(25.0)
    assert score.driving_score_2_0 == pytest.approx(75.0)
    assert score.driving_score_2_1 == pytest.approx(75.0)


@pytest.mark.parametrize(("kind", "score_2_0", "score_2_1"), [("CAR", 0.60, 1 / 1.7), ("PEDESTRIAN", 0.50, 1 / 2.0)])
def test_who_was_touched_decides_what_it_costs(make_drive, kind, score_2_0, score_2_1):
    actor = Actor(1, ActorKind[kind], Behaviour.PARKED, 101.0, -1.7, 0.0, 0.0, s_m=101.0, d_m=-1.7)
    score = judged(make_drive(lines_s_m=(), actors=[actor]).through(23.6, 101.0)).metrics.carla
    assert score.driving_score_2_0 == pytest.approx(score.completion_percent * score_2_0)
    assert score.driving_score_2_1 == pytest.approx(score.completion_percent * score_2_1)


def test_faults_multiply_by_the_older_formula_and_add_by_the_newer():
    score = CarlaScore(80.0, stops_missed=2, people_hit=1, vehicles_hit=1, off_lane_percent=10.0)
    assert score.driving_score_2_0 == pytest.approx(80.0 * 0.8 * 0.8 * 0.5 * 0.6 * 0.9)
    assert score.driving_score_2_1 == pytest.approx(80.0 * 0.9 / (1 + 2 * 0.25 + 1.0 + 0.7))
