"""One drive under attack: a scenario's run with a sticker on its stop sign, or a stop sign that flashes up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import pi
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.judge import Judge
from scenarios.outcomes import Expectation, Outcome, Verdict
from scenarios.pool import Progress, map_jobs
from scenarios.run import driver_for, eyes_of_process, painter_of_process
from scenarios.scenario import Scenario, fault_of, start_world
from sim.camera import Camera
from sim.control import DriverConfig
from sim.generate.distractors import FORMS
from sim.generate.restyle import with_sticker
from sim.loop import Eyes, Tick, drive
from sim.percept import ObjectKind, Percept
from sim.render import Painter
from sim.render.projection import View
from sim.seeding import Stream, stream
from sim.signs import MIN_HEIGHT_TOWN_M, USUAL_STOP_WIDTH_M, Mount, Sign, SignKind
from sim.stickers import Sticker
from sim.world import Scene, World

SIGN_ID = 900
"""Of what flashes up: above all that a world numbers."""


class DriverKind(StrEnum):
    """Who drives; the value is what tables call it."""

    STANDARD = "standard"
    NO_MEMORY = "no memory"
    ANY_SIZE = "any size"
    UNWARY = "unwary"

    def configured(self, driver: DriverConfig) -> DriverConfig:
        """Return the standard driver changed into this one."""
        if self is DriverKind.NO_MEMORY:
            return replace(driver, at_its_word=True)
        if self is DriverKind.UNWARY:
            return replace(driver, eases_off=False)
        return replace(driver, checks_size=False) if self is DriverKind.ANY_SIZE else driver


class Showing(StrEnum):
    """How a stop sign is flashed where there is none."""

    PROJECTED = "projected"
    BILLBOARD = "billboard"


@dataclass(frozen=True, slots=True)
class Flash:
    """A stop sign's picture that is shown for a moment.

    Attributes:
        showing: As a sign of the usual size and height at the roadside, from a projector; or on an electronic
            billboard, which shows an advert before and after.
        frames: For how many frames; 0 for never.
    """

    showing: Showing
    frames: int


FLASH_AHEAD_M = (45.0, 60.0)
"""From the front bumper at the start to where it is shown."""

FLASH_AT_M: dict[Showing, tuple[float, float]] = {Showing.PROJECTED: (15.0, 35.0), Showing.BILLBOARD: (25.0, 45.0)}
"""Its depth when it is shown first: near enough to be large, and not yet out of the frame after 30 frames."""


class Flasher:
    """Puts a flash into the world while it is on: called with each world before it is looked at.

    Args:
        world: At the start; from its seed follows where and when.
        flash: What is shown.
    """

    def __init__(self, world: World, flash: Flash) -> None:
        rng = stream(world.scene.seed, Stream.ATTACK, 7)
        road = world.scene.network.ego_road
        s_m = world.bumper_s_m + float(rng.uniform(*FLASH_AHEAD_M))
        self._at_m = float(rng.uniform(*FLASH_AT_M[flash.showing]))
        self._frames = flash.frames
        look = int(rng.integers(1 << 16))
        facing_rad = road.path.heading(s_m) + pi
        if flash.showing is Showing.PROJECTED:
            width_m = height_m = USUAL_STOP_WIDTH_M
            place = road.path.position(s_m, -(road.half_width_m + 1.6 + 0.5 * width_m))
            bottom_m, mount = MIN_HEIGHT_TOWN_M, Mount.NOTHING
            before, shown = None, SignKind.STOP
        else:
            form = FORMS[SignKind.STOP_BILLBOARD]
            width_m, height_m = form.width_m, form.height_m
            place = road.path.position(s_m, -(road.half_width_m + 3.0 + 0.5 * width_m))
            bottom_m, mount = 2.0, Mount.POST
            before, shown = SignKind.BILLBOARD, SignKind.STOP_BILLBOARD

        def scene_with(kind: SignKind | None) -> Scene:
            if kind is None:
                return world.scene
            sign = Sign(SIGN_ID, kind, *place, bottom_m, width_m, height_m, facing_rad, look=look, mount=mount)
            return replace(world.scene, signs=(*world.scene.signs, sign))

        self.place = place
        self._off, self._on = scene_with(before), scene_with(shown)
        self._first_step: int | None = None

    def __call__(self, world: World) -> World:
        """Return the world with the flash on or off."""
        x_m, y_m = world.ego.ahead(world.geometry.camera_forward_m)
        gone_m = ((self.place[0] - x_m) ** 2 + (self.place[1] - y_m) ** 2) ** 0.5
        if self._first_step is None and gone_m <= self._at_m:
            self._first_step = world.step
        on = self._first_step is not None and world.step < self._first_step + self._frames
        return replace(world, scene=self._on if on else self._off)


@dataclass(frozen=True, slots=True)
class AttackJob:
    """One drive, as it is sent to a worker.

    Attributes:
        scenario: What is driven, and how it is judged.
        run_seed: Which of its worlds.
        weights: The network's; None for the shipped ones.
        driver: Who drives.
        sticker: On the stop signs that the car must obey.
        flash: What is shown on the way.
    """

    scenario: Scenario
    run_seed: int
    weights: Path | None = None
    driver: DriverKind = DriverKind.STANDARD
    sticker: Sticker | None = None
    flash: Flash | None = None


@dataclass(frozen=True, slots=True)
class AttackRun:
    """What one drive under attack came to.

    Attributes:
        verdict: As the judge of scenarios has it.
        seen: Depth of the stop sign, and the score that the network gave it, in each frame that it was whole in; a
            score that is too low to be reported counts as 0.
    """

    verdict: Verdict
    seen: tuple[tuple[float, float], ...]

    @property
    def lost(self) -> bool:
        """Whether anything that was expected did not hold."""
        return not self.verdict.passed

    @property
    def ran_the_stop(self) -> bool:
        """Whether the car crossed a stop line without having stood."""
        return any(finding.outcome is Outcome.ROLLED_THROUGH for finding in self.verdict.findings)

    @property
    def phantom(self) -> bool:
        """Whether it stopped, or braked, with nothing to stop for."""
        return any(
            finding.expectation is Expectation.NO_PHANTOM_STOP and not finding.held for finding in self.verdict.findings
        )


def run_attack(job: AttackJob, eyes: Eyes | None = None, painter: Painter | None = None) -> AttackRun:
    """Drive and judge one run under attack.

    Args:
        job: What is driven.
        eyes: What the driver sees with; the network's eyes, kept for the next run in this process, if not given.
        painter: What draws; kept likewise.
    """
    world = with_sticker(start_world(job.scenario, job.run_seed), job.sticker)
    eyes, painter = eyes or eyes_of_process("network", job.weights), painter or painter_of_process()
    judge = Judge(job.scenario, world)
    driver = driver_for(world.scene.speed_limit_mps, yields=job.scenario.yields)
    sign = next((each for each in world.scene.signs if each.kind is SignKind.STOP and each.applies_to_ego), None)
    seen: list[tuple[float, float]] = []
    ticks = drive(
        world,
        eyes,
        job.driver.configured(driver),
        painter=painter,
        onward=Flasher(world, job.flash) if job.flash is not None else None,
        fault=fault_of(job.scenario, world),
    )
    for tick in ticks:
        judge.see(tick.world)
        if sign is not None and (found := score_of(tick, sign, painter.camera)) is not None:
            seen.append(found)
        if judge.over:
            break
    return AttackRun(judge.verdict(job.run_seed, eyes.name), tuple(seen))


def score_of(tick: Tick, sign: Sign, camera: Camera) -> tuple[float, float] | None:
    """Return a sign's depth and the score that it was given, or None where it is not whole in the frame."""
    from perception.attack.views import face_corners_px

    view = View.of(tick.world, camera, 1.0)
    depth_m = view.depth_m(sign.x_m, sign.y_m)
    if depth_m < 5.0:
        return None
    corners = face_corners_px(sign, view)
    if corners.min() < 0.0 or (corners >= (camera.width_px, camera.height_px)).any():
        return None
    return depth_m, score_at(tick.percept, corners)


def score_at(percept: Percept, corners_px: NDArray[np.float32]) -> float:
    """Return the highest score of a stop sign whose box holds the middle of a face; 0 where there is none."""
    u_px, v_px = corners_px.mean(axis=0).tolist()
    scores = [
        each.score
        for each in percept.detections
        if each.kind is ObjectKind.STOP_SIGN
        and each.box[0] - 2.0 <= u_px <= each.box[2] + 2.0
        and each.box[1] - 2.0 <= v_px <= each.box[3] + 2.0
    ]
    return max(scores, default=0.0)


def run_attacks(jobs: Sequence[AttackJob], *, workers: int = 1, progress: Progress | None = None) -> list[AttackRun]:
    """Drive and judge runs under attack, in the order of the jobs whatever the number of workers.

    Raises:
        WeightsError: If the network's weights cannot be used.
        RollingStopError: If a worker was killed, as by a machine short of memory.
    """
    eyes_of_process.cache_clear()
    return map_jobs(run_attack, jobs, workers, progress)
