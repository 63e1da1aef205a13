"""What a learner is paid: the judge's rules, step by step instead of at the end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from scenarios.moment import Moment, moment_of
from scenarios.rules import (
    JERK_WINDOW_S,
    PHANTOM_BRAKE_MPS2,
    PHANTOM_SPEED_MPS,
    ContactRule,
    StopRule,
    has_cause,
)
from scenarios.scenario import Expectations
from scenarios.traffic_rules import is_cause
from sim.vehicle import STEP_S
from sim.world import World

PROGRESS_PER_M = 0.1
"""For each metre along the road, up to the speed limit: what is gained by speeding is not paid."""

FULL_STOP = 10.0
"""For standing at a stop line for as long as is expected, bit by bit; taken for crossing one without."""

LANE_PER_S = 1.0
"""Taken at the judge's limit of strays from the lane's centre; it grows with the square, to four times that."""

COMFORT_PER_S = 2.0
"""Taken at twice the judge's limit of braking, and of jerk."""

PHANTOM_PER_S = 2.0
"""Taken while standing, or braking hard, with nothing to stop for."""

CONTACT = 20.0
"""Taken once for touching another road user."""


@dataclass(frozen=True, slots=True)
class RewardParts:
    """What one step was paid; the reward is their sum.

    Attributes:
        progress: For the way made.
        stop: For standing at a stop line, or, below 0, for crossing one without.
        lane: 0 in the middle of the lane, else below.
        comfort: 0 unless it braked or changed its acceleration harder than the judge allows.
        phantom: 0 unless it stood, or braked hard, with nothing to stop for.
        contact: 0 unless it touched another road user.
    """

    progress: float
    stop: float
    lane: float
    comfort: float
    phantom: float
    contact: float

    @property
    def total(self) -> float:
        """The reward."""
        return self.progress + self.stop + self.lane + self.comfort + self.phantom + self.contact


class Paymaster:
    """Watches one drive, world by world, and pays each step. It reads the truth; the learner never does.

    Args:
        expect: What the judge will hold the drive against.
        world: The world at the start, the first to be seen.
    """

    def __init__(self, expect: Expectations, world: World) -> None:
        self._expect = expect
        self._lines = [line for line in world.scene.network.stop_lines if line.stop_controlled]
        self._stops = StopRule(self._lines, expect)
        self._contact = ContactRule()
        self._stood = [0.0] * len(self._lines)
        self._crossed = [False] * len(self._lines)
        self._accels_mps2: deque[float] = deque(maxlen=round(JERK_WINDOW_S / STEP_S) + 1)
        self._under_way = False
        self._bumper_s_m = world.bumper_s_m
        self.pay(world)

    def pay(self, world: World) -> RewardParts:
        """Return what the step that led to this world is paid."""
        moment = moment_of(world)
        touched = self._contact.touched is not None
        self._stops.see(moment)
        self._contact.see(moment)
        contact = -CONTACT if self._contact.touched is not None and not touched else 0.0
        return RewardParts(
            self._progress(moment),
            self._stop(moment),
            self._lane(moment),
            self._comfort(moment),
            self._phantom(moment),
            contact,
        )

    def _progress(self, moment: Moment) -> float:
        moved_m = moment.bumper_s_m - self._bumper_s_m
        self._bumper_s_m = moment.bumper_s_m
        return PROGRESS_PER_M * min(moved_m, moment.world.scene.speed_limit_mps * STEP_S)

    def _stop(self, moment: Moment) -> float:
        paid = 0.0
        for number, (line, watch) in enumerate(zip(self._lines, self._stops.watches, strict=True)):
            held = watch.finding().held
            stood = 1.0 if held else min(watch.dwell_steps * STEP_S / self._expect.dwell_s, 1.0)
            paid += FULL_STOP * (stood - self._stood[number])
            self._stood[number] = stood
            if line.s_m < moment.bumper_s_m and not self._crossed[number]:
                self._crossed[number] = True
                paid -= 0.0 if held else FULL_STOP
        return paid

    def _lane(self, moment: Moment) -> float:
        strayed = moment.offset_m / self._expect.lane_kept_m
        return -LANE_PER_S * STEP_S * min(strayed * strayed, 4.0)

    def _comfort(self, moment: Moment) -> float:
        accel_mps2 = moment.world.ego.accel_mps2
        self._accels_mps2.append(accel_mps2)
        jerk_mps3 = abs(accel_mps2 - self._accels_mps2[0]) / JERK_WINDOW_S
        brake = max(-accel_mps2 / self._expect.comfort_brake_mps2 - 1.0, 0.0)
        jerk = max(jerk_mps3 / self._expect.comfort_jerk_mps3 - 1.0, 0.0)
        return -COMFORT_PER_S * STEP_S * (brake + jerk)

    def _phantom(self, moment: Moment) -> float:
        ego = moment.world.ego
        slow = ego.speed_mps < PHANTOM_SPEED_MPS
        stopping = (slow and self._under_way) or ego.accel_mps2 < -PHANTOM_BRAKE_MPS2
        self._under_way = self._under_way or not slow
        if not stopping or has_cause(moment) or any(is_cause(actor, moment) for actor in moment.world.actors):
            return 0.0
        return -PHANTOM_PER_S * STEP_S
