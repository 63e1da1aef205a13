"""The judge: every rule of a scenario, fed the drive tick by tick, in bounded memory."""

from __future__ import annotations

from scenarios.moment import moment_of
from scenarios.outcomes import Finding, Metrics, Verdict, leading_outcome
from scenarios.rules import ComfortRule, ContactRule, LaneRule, PhantomStopRule, RouteRule, SafeStopRule, StopRule
from scenarios.scenario import Scenario, fault_of
from scenarios.scoring import CarlaWatch
from scenarios.traffic_rules import PeopleRule, RightOfWayRule, SchoolBusRule
from sim.vehicle import STEP_S
from sim.world import World


class Judge:
    """Watches one drive and gives the verdict.

    It is shown each world of the drive once, in order, and keeps a few numbers of it, no world and no frame. Everything
    is measured; what the scenario does not expect is left out of the findings.

    Args:
        scenario: What is expected.
        world: The world at the start of the drive.
    """

    def __init__(self, scenario: Scenario, world: World) -> None:
        expect = scenario.expect
        self._scenario = scenario
        self._steps = 0
        self._stops = StopRule(world.scene.network.stop_lines, expect)
        self._phantom = PhantomStopRule()
        self._lane = LaneRule(expect.lane_kept_m)
        self._contact = ContactRule()
        self._turns = RightOfWayRule(world)
        self._people = PeopleRule()
        self._buses = SchoolBusRule()
        self._comfort = ComfortRule(expect.comfort_brake_mps2, expect.comfort_jerk_mps3)
        self._route = RouteRule(expect.route_finished_s)
        self._carla = CarlaWatch(world)
        fault = fault_of(scenario, world)
        self._safe = SafeStopRule(fault.start_step, expect.safe_stop_s) if fault and expect.safe_stop_s else None
        self._last_step = world.step + round(expect.route_finished_s / STEP_S)
        self._out_of_time = False

    def see(self, world: World) -> None:
        """Take note of the next world of the drive."""
        moment = moment_of(world)
        for rule in (
            self._stops, self._phantom, self._lane, self._contact, self._turns, self._people, self._buses,
            self._comfort, self._route, self._carla,
        ):  # fmt: skip
            rule.see(moment)
        if self._safe is not None:
            self._safe.see(moment)
        self._steps += 1
        self._out_of_time = world.step >= self._last_step

    @property
    def over(self) -> bool:
        """Whether there is nothing left to see: the route's end, the end of the time, or a contact."""
        touched = self._scenario.expect.no_contact and self._contact.touched is not None
        return touched or self._route.finished_s is not None or self._out_of_time

    def verdict(self, run_seed: int, eyes: str) -> Verdict:
        """Return the verdict on what was seen so far."""
        findings = self._findings()
        metrics = Metrics(
            stop_gaps_m=tuple(watch.stop_gap_m for watch in self._stops.watches),
            dwells_s=tuple(watch.dwell_steps * STEP_S for watch in self._stops.watches),
            max_brake_mps2=self._comfort.max_brake_mps2,
            max_jerk_mps3=self._comfort.max_jerk_mps3,
            max_offset_m=self._lane.max_offset_m,
            route_s=self._route.finished_s,
            min_distance_m=self._contact.min_distance_m,
            carla=self._carla.score(self._contact.touched_on_foot.values()),
        )
        return Verdict(self._scenario.name, run_seed, eyes, leading_outcome(findings), findings, metrics, self._steps)

    def _findings(self) -> tuple[Finding, ...]:
        expect = self._scenario.expect
        return (
            *(self._stops.findings() if expect.stops_at_every_sign else ()),
            *(self._phantom.findings() if expect.no_phantom_stop else ()),
            *self._lane.findings(),
            *(self._contact.findings() if expect.no_contact else ()),
            *(self._turns.findings() if expect.right_of_way else ()),
            *(self._people.findings() if expect.people_safe else ()),
            *(self._buses.findings() if expect.school_bus_stop else ()),
            *self._comfort.findings(),
            *self._route.findings(),
            *(self._safe.findings() if self._safe is not None else ()),
        )
