import gc
from dataclasses import replace
from itertools import pairwise

import pytest

from scenarios.judge import Judge
from scenarios.outcomes import Expectation, Outcome
from scenarios.scenario import Expectations, Scenario
from sim.actors import Actor, ActorKind, Behaviour
from sim.road import StopLine, StopMark, build_path
from sim.world import Scene

SCENARIO = Scenario(name="by_hand", title="By hand", description="Worlds that a test makes.")


def judged(drive, **expect):
    scenario = replace(SCENARIO, expect=replace(Expectations(), **expect))
    judge = Judge(scenario, drive.start)
    for world in drive.worlds:
        judge.see(world)
    return judge.verdict(7, "oracle")


def finding(verdict, expectation):
    return next(found for found in verdict.findings if found.expectation is expectation)


def car(s_m, d_m=-1.7, behaviour=Behaviour.WITH_EGO, heading_rad=0.0):
    return Actor(1, ActorKind.CAR, behaviour, s_m, d_m, heading_rad, 0.0, s_m, d_m)


def test_a_full_stop_before_the_line_passes(make_drive):
    verdict = judged(make_drive().through(70, 80, 90).stop(99.4).through(99.9, 110).finish())
    assert verdict.passed
    assert verdict.outcome is Outcome.HELD
    assert verdict.reason == "All that was expected held."
    assert finding(verdict, Expectation.STOPS).sentence == "Stopped 0.60 m before stop line 1 for 2.20 s."
    assert verdict.metrics.stop_gaps_m == (pytest.approx(0.6),)
    assert verdict.metrics.dwells_s == (pytest.approx(2.2),)
    assert (verdict.scenario, verdict.seed, verdict.eyes) == ("by_hand", 7, "oracle")


def test_a_line_crossed_at_speed_is_rolled_through_with_its_speeds_told(make_drive):
    verdict = judged(make_drive().through(90).at(99, 4.0).at(100.1, 4.2).finish())
    assert verdict.outcome is Outcome.ROLLED_THROUGH
    assert verdict.reason == "Crossed stop line 1 at 4.2 m/s without a full stop; slowest before it 4.0 m/s."


def test_creeping_is_no_stop(make_drive):
    assert judged(make_drive().through(90).at(99.5, 0.06, steps=60).finish()).outcome is Outcome.ROLLED_THROUGH


@pytest.mark.parametrize(
    ("bumper_s_m", "outcome"),
    [
        (100.0, Outcome.HELD),
        (98.51, Outcome.HELD),
        (98.4, Outcome.STOPPED_SHORT),
        (92.0, Outcome.STOPPED_SHORT),
        (100.1, Outcome.STOPPED_LATE),
        (103.0, Outcome.STOPPED_LATE),
    ],
)
def test_the_bumper_belongs_within_a_metre_and_a_half_before_the_line(make_drive, bumper_s_m, outcome):
    assert judged(make_drive().through(80).stop(bumper_s_m).finish()).outcome is outcome


def test_where_the_car_stopped_is_told(make_drive):
    late = judged(make_drive().through(90).stop(100.8).finish())
    assert late.reason == "Stopped 0.80 m past stop line 1; expected 0 to 1.5 m before it."
    short = judged(make_drive().through(90).stop(97.0).finish())
    assert short.reason == "Stopped 3.00 m before stop line 1; expected 0 to 1.5 m."


@pytest.mark.parametrize(("steps", "outcome"), [(40, Outcome.HELD), (39, Outcome.HELD), (38, Outcome.STOPPED_BRIEFLY)])
def test_the_dwell_is_two_seconds_less_one_step_at_most(make_drive, steps, outcome):
    verdict = judged(make_drive().through(90).at(99.4, 0.0, steps=steps).through(101).finish())
    assert verdict.outcome is outcome


def test_two_short_stands_do_not_add_up_to_a_long_one(make_drive):
    drive = make_drive().through(90).stop(98.8, 1.5).at(99.0, 0.6).stop(99.4, 1.5).through(101).finish()
    verdict = judged(drive)
    assert verdict.outcome is Outcome.STOPPED_BRIEFLY
    assert verdict.reason == "Stopped 1.20 m before stop line 1 for 1.50 s; expected 2 s."


def test_a_stop_behind_another_car_may_come_before_the_stop_at_the_line(make_drive):
    drive = make_drive().through(70).at(92.0, 0.0, steps=60, actors=[car(97.0)])
    assert judged(drive.at(95, 2.0).stop(99.5).through(101).finish()).passed


def test_each_line_is_judged_by_itself(make_drive):
    drive = make_drive(lines_s_m=(100.0, 170.0), end_s_m=200.0).through(90).stop(99.0).through(110, 160, 171).finish()
    verdict = judged(drive)
    stops = [found for found in verdict.findings if found.expectation is Expectation.STOPS]
    assert [found.outcome for found in stops] == [Outcome.HELD, Outcome.ROLLED_THROUGH]
    assert "stop line 2" in verdict.reason
    assert verdict.metrics.stop_gaps_m == (pytest.approx(1.0), None)


def test_a_bare_line_asks_for_no_stop(make_drive):
    drive = make_drive()
    network = replace(drive.start.scene.network, stop_lines=(StopLine(100.0, 0.4, 0, stop_controlled=False),))
    drive.start = replace(drive.start, scene=replace(drive.start.scene, network=network))
    verdict = judged(drive.through(90, 101).finish())
    assert verdict.passed
    assert verdict.metrics.stop_gaps_m == ()


def test_a_line_never_reached_is_told_apart_from_one_run_over(make_drive):
    verdict = judged(make_drive().through(60, 75))
    assert verdict.outcome is Outcome.LINE_NOT_REACHED
    assert verdict.reason == "Ended 25.0 m before stop line 1, never having stopped at it."


def test_stopping_on_an_empty_road_is_a_phantom(make_drive):
    verdict = judged(make_drive(lines_s_m=()).through(60, 70).at(80, 0.3).finish())
    assert verdict.outcome is Outcome.PHANTOM_STOP
    assert verdict.reason == "Slowed to 0.3 m/s at 0.1 s, with no stop sign or car to stop for."


@pytest.mark.parametrize(("steps", "outcome"), [(10, Outcome.HELD), (11, Outcome.PHANTOM_STOP)])
def test_braking_for_nothing_for_over_half_a_second_is_a_phantom(make_drive, steps, outcome):
    drive = make_drive(lines_s_m=()).at(60, accel_mps2=-1.0, steps=10).at(61, accel_mps2=-1.1, steps=steps).finish()
    assert judged(drive).outcome is outcome


def test_braking_now_and_then_is_no_phantom(make_drive):
    drive = make_drive(lines_s_m=())
    for s_m in (60, 70, 80):
        drive.at(s_m, accel_mps2=-1.5, steps=8).at(s_m, accel_mps2=-0.5)
    assert judged(drive.finish()).passed


@pytest.mark.parametrize(("bumper_s_m", "outcome"), [(41.0, Outcome.HELD), (39.0, Outcome.PHANTOM_STOP)])
def test_a_controlled_line_within_sixty_metres_is_a_cause(make_drive, bumper_s_m, outcome):
    drive = make_drive().at(bumper_s_m, accel_mps2=-1.5, steps=20).stop(99.5).through(101).finish()
    assert judged(drive).outcome is outcome


def test_a_line_left_behind_is_no_cause(make_drive):
    drive = make_drive().through(90).stop(99.5).at(101, 2.0).at(105, 0.0, steps=5).finish()
    assert judged(drive).outcome is Outcome.PHANTOM_STOP


def test_a_stop_just_past_the_line_is_late_but_no_phantom(make_drive):
    verdict = judged(make_drive().through(90).stop(101.0).finish())
    assert finding(verdict, Expectation.NO_PHANTOM_STOP).held


@pytest.mark.parametrize(
    ("other", "held"),
    [
        (car(100.0), True),
        (car(130.0), False),
        (car(60.0), False),
        (car(100.0, d_m=1.7, behaviour=Behaviour.ONCOMING), False),
        (car(100.0, d_m=-4.7, behaviour=Behaviour.PARKED), False),
        (car(100.0, d_m=-3.4, behaviour=Behaviour.PARKED), True),
    ],
)
def test_a_car_is_a_cause_only_ahead_and_in_the_way(make_drive, other, held):
    drive = make_drive(lines_s_m=(), actors=[other]).through(74).at(75, 0.3).at(80, actors=[]).at(151, actors=[])
    assert finding(judged(drive), Expectation.NO_PHANTOM_STOP).held is held


def test_a_drive_that_begins_at_rest_has_not_stopped(make_drive):
    assert judged(make_drive(lines_s_m=()).at(40, 0.0, steps=3).through(50, 60).finish()).passed


@pytest.mark.parametrize(("offset_m", "outcome"), [(0.59, Outcome.HELD), (0.61, Outcome.LEFT_LANE)])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_the_car_keeps_within_its_lane(make_drive, offset_m, outcome, side):
    verdict = judged(make_drive(lines_s_m=()).through(60).at(61, offset_m=side * offset_m).finish())
    assert verdict.outcome is outcome
    assert verdict.metrics.max_offset_m == pytest.approx(offset_m)


def test_contact_outweighs_all_else_and_names_what_was_touched(make_drive):
    drive = make_drive(actors=[car(103.0)]).through(90, 98, 101).finish()
    verdict = judged(drive)
    assert verdict.outcome is Outcome.CONTACT
    assert verdict.reason == "Touched a car (with ego) at 0.1 s, at 10.0 m/s."
    assert verdict.metrics.min_distance_m == 0.0
    assert not finding(verdict, Expectation.STOPS).held


def test_a_car_passed_closely_is_measured_and_not_touched(make_drive):
    parked = car(100.0, d_m=-1.7 - 2.0, behaviour=Behaviour.PARKED)
    verdict = judged(make_drive(lines_s_m=(), actors=[parked]).through(90, 95, 100, 105).finish())
    assert verdict.passed
    assert verdict.metrics.min_distance_m == pytest.approx(0.2)


@pytest.mark.parametrize(("brake_mps2", "outcome"), [(3.0, Outcome.HELD), (3.1, Outcome.BRAKED_HARD)])
def test_braking_is_at_most_three_metres_a_second_squared(make_drive, brake_mps2, outcome):
    drive = make_drive()
    for step in range(13):
        drive.at(60 + step, accel_mps2=-brake_mps2 * step / 12)
    for step in range(12, -1, -1):
        drive.at(80 + step / 10, accel_mps2=-brake_mps2 * step / 12)
    assert judged(drive.stop(99.5).through(101).finish()).outcome is outcome


def test_a_scenario_may_loosen_the_braking(make_drive):
    drive = make_drive().at(80, accel_mps2=-4.0).stop(99.5).through(101).finish()
    assert judged(drive, comfort_jerk_mps3=20.0).outcome is Outcome.BRAKED_HARD
    assert judged(drive, comfort_jerk_mps3=20.0, comfort_brake_mps2=4.5).outcome is Outcome.HELD


def test_jerk_is_taken_over_three_tenths_of_a_second(make_drive):
    held = make_drive(lines_s_m=()).at(50, accel_mps2=0.0, steps=8).at(55, accel_mps2=0.9, steps=8).finish()
    verdict = judged(held, comfort_jerk_mps3=3.1)
    assert verdict.metrics.max_jerk_mps3 == pytest.approx(3.0)
    assert verdict.passed
    assert judged(held, comfort_jerk_mps3=2.9).outcome is Outcome.JERKY


def test_the_route_must_be_finished_in_time(make_drive):
    drive = make_drive(lines_s_m=()).at(60, 5.0, steps=30).finish()
    assert judged(drive, route_finished_s=2.0).passed
    late = judged(drive, route_finished_s=1.0)
    assert late.outcome is Outcome.OUT_OF_TIME
    unfinished = judged(make_drive(lines_s_m=()).at(60, 5.0, steps=30), route_finished_s=1.0)
    assert unfinished.reason == "Had 90.0 m of the route left when it ended; expected 1 s at most."
    assert unfinished.metrics.route_s is None


@pytest.mark.parametrize(
    ("drive_on", "expect"),
    [
        (lambda drive: drive.finish(), {}),
        (lambda drive: drive.at(101.0, actors=[car(103.0)]), {}),
        (lambda drive: drive.at(80.0, steps=20), {"route_finished_s": 1.0}),
    ],
)
def test_a_drive_is_over_at_the_end_at_a_contact_or_out_of_time(make_drive, drive_on, expect):
    drive = drive_on(make_drive().through(60))
    judge = Judge(replace(SCENARIO, expect=replace(Expectations(), **expect)), drive.start)
    over = []
    for world in drive.worlds:
        judge.see(world)
        over.append(judge.over)
    assert over[-1]
    assert not any(over[:-1])


def test_what_is_not_expected_is_measured_but_not_judged(make_drive):
    drive = make_drive(actors=[car(103.0)]).through(90, 98, 101).finish()
    verdict = judged(drive, stops_at_every_sign=False, no_contact=False, no_phantom_stop=False)
    assert verdict.passed
    assert {found.expectation for found in verdict.findings} == {
        Expectation.LANE_KEPT,
        Expectation.COMFORT_BRAKE,
        Expectation.COMFORT_JERK,
        Expectation.ROUTE_FINISHED,
    }
    assert verdict.metrics.dwells_s == (0.0,)


def test_the_judge_keeps_no_world(make_drive):
    drive = make_drive().through(60, 70)
    judge = Judge(SCENARIO, drive.start)
    for world in drive.worlds:
        judge.see(world)
    mark = drive.start.scene.seed
    del drive, world
    gc.collect()
    held = [thing for thing in gc.get_objects() if isinstance(thing, Scene) and thing.seed == mark]
    assert judge.verdict(7, "oracle").steps == 2
    assert held == []


def test_outcomes_are_ordered_by_weight_and_each_is_a_sentence():
    for one, next_one in pairwise(Outcome):
        assert one.weight < next_one.weight
    assert all(outcome.value.endswith(".") for outcome in Outcome)


@pytest.mark.parametrize(
    ("mark", "name"),
    [(StopMark.CROSSWALK, "crosswalk 1"), (StopMark.CROSSING_ROAD, "the edge of crossing road 1")],
)
@pytest.mark.parametrize(
    ("bumper_s_m", "outcome"),
    [(99.5, Outcome.HELD), (95.5, Outcome.HELD), (94.5, Outcome.STOPPED_SHORT), (100.3, Outcome.STOPPED_LATE)],
)
def test_with_no_line_the_bumper_belongs_before_what_the_law_names(make_drive, mark, name, bumper_s_m, outcome):
    drive = make_drive().through(80).stop(bumper_s_m).finish()
    network = replace(drive.start.scene.network, stop_lines=(StopLine(100.0, 0.0, 0, mark=mark),))
    scene = replace(drive.start.scene, network=network)
    drive.start = replace(drive.start, scene=scene)
    verdict = judged(drive)
    assert verdict.outcome is outcome
    assert name in finding(verdict, Expectation.STOPS).sentence


@pytest.mark.parametrize(("radius_m", "outcome"), [(30.0, Outcome.HELD), (120.0, Outcome.PHANTOM_STOP)])
def test_braking_before_a_sharp_bend_is_no_phantom(make_drive, radius_m, outcome):
    drive = make_drive(lines_s_m=())
    path = build_path([(75.0, 0.0, 0.0), (20.0, 0.0, 1 / radius_m), (305.0, 0.0, 0.0)])
    network = drive.start.scene.network
    network = replace(network, ego_road=replace(network.ego_road, path=path))
    drive.start = replace(drive.start, scene=replace(drive.start.scene, network=network))
    verdict = judged(drive.through(50).at(60, 9.0, accel_mps2=-1.2, steps=15), lane_kept_m=9.0)
    assert finding(verdict, Expectation.NO_PHANTOM_STOP).outcome is outcome
