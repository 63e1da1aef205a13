"""Scoring as CARLA's leaderboards do it, beside the strict rule: one tick below 0.1 m/s is a stop.

The strict rule asks for more (`rules.StopRule`): a dwell, and a bumper in the right place. Both are reported, so that
results can be set beside those of others, and so that it shows what the easier rule lets through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from sim.world import World

if TYPE_CHECKING:
    from scenarios.moment import Moment

STOP_SPEED_MPS = 0.1
STOP_ZONE_M = 4.0
"""Slower than this on one tick, no farther than this from the middle of the zone: RunningStopTest of CARLA's scenario
runner. Its zone lies round a box placed by hand; ours lies round the line, and it is the front bumper that counts."""

FACTOR_PERSON, FACTOR_VEHICLE, FACTOR_STOP = 0.50, 0.60, 0.80
"""What each fault leaves of the score: leaderboards 1.0 and 2.0."""

WEIGHT_PERSON, WEIGHT_VEHICLE, WEIGHT_STOP = 1.0, 0.7, 0.25
"""What each fault adds to the divisor: leaderboard 2.1."""


@dataclass(frozen=True, slots=True)
class CarlaScore:
    """What a run comes to by CARLA's rules; what this world does not have (red lights, walls to hit) is left out.

    A run ends here at its first contact, where CARLA would drive on, so that its completion is what was driven by then.
    Being out of time costs no factor, but what is left of the route.

    Attributes:
        completion_percent: How much of the route was driven.
        stops_missed: Stop zones left behind without one tick below 0.1 m/s.
        people_hit: People touched.
        vehicles_hit: Vehicles touched, bicycles among them.
        off_lane_percent: Share of what was driven with the car's centre outside its lane.
    """

    completion_percent: float
    stops_missed: int = 0
    people_hit: int = 0
    vehicles_hit: int = 0
    off_lane_percent: float = 0.0

    @property
    def stop_test_passed(self) -> bool:
        """Whether no stop zone was left without a stop."""
        return self.stops_missed == 0

    @property
    def driving_score_2_0(self) -> float:
        """Driving score of leaderboards 1.0 and 2.0, 0 to 100: completion times the product of all factors."""
        factors = FACTOR_PERSON**self.people_hit, FACTOR_VEHICLE**self.vehicles_hit, FACTOR_STOP**self.stops_missed
        return self.completion_percent * prod(factors) * (1.0 - 0.01 * self.off_lane_percent)

    @property
    def driving_score_2_1(self) -> float:
        """Driving score of leaderboard 2.1, 0 to 100: completion times (1 - off lane), over 1 + the sum of weights."""
        weights = WEIGHT_PERSON * self.people_hit + WEIGHT_VEHICLE * self.vehicles_hit + WEIGHT_STOP * self.stops_missed
        return self.completion_percent * (1.0 - 0.01 * self.off_lane_percent) / (1.0 + weights)


class CarlaWatch:
    """Watches a drive as CARLA's criteria would.

    Args:
        world: The world at the start.
    """

    def __init__(self, world: World) -> None:
        self._start_s_m = world.bumper_s_m
        self._end_s_m = world.scene.route_end_s_m
        self._lines_s_m = [line.s_m for line in world.scene.network.stop_lines if line.stop_controlled]
        self._stopped = [False] * len(self._lines_s_m)
        self._half_lane_m = 0.5 * world.scene.network.ego_road.lane_width_m
        self._bumper_s_m = self._start_s_m
        self._off_lane_m = 0.0

    def see(self, moment: Moment) -> None:
        """Take note of the next moment."""
        moved_m = max(moment.bumper_s_m - self._bumper_s_m, 0.0)
        self._bumper_s_m = max(moment.bumper_s_m, self._bumper_s_m)
        if abs(moment.offset_m) > self._half_lane_m:
            self._off_lane_m += moved_m
        if moment.speed_mps < STOP_SPEED_MPS:
            for index, line_s_m in enumerate(self._lines_s_m):
                if abs(line_s_m - moment.bumper_s_m) <= STOP_ZONE_M:
                    self._stopped[index] = True

    def score(self, touched_on_foot: Iterable[bool]) -> CarlaScore:
        """Return the score of what was seen so far.

        Args:
            touched_on_foot: Of each road user that was touched: whether it is on foot.
        """
        hit = list(touched_on_foot)
        driven_m = self._bumper_s_m - self._start_s_m
        left = (line_s_m + STOP_ZONE_M < self._bumper_s_m for line_s_m in self._lines_s_m)
        return CarlaScore(
            completion_percent=100.0 * min(max(driven_m / max(self._end_s_m - self._start_s_m, 1e-9), 0.0), 1.0),
            stops_missed=sum(gone and not stopped for gone, stopped in zip(left, self._stopped, strict=True)),
            people_hit=sum(hit),
            vehicles_hit=len(hit) - sum(hit),
            off_lane_percent=100.0 * self._off_lane_m / driven_m if driven_m > 0.0 else 0.0,
        )
