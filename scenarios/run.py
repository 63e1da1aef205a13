"""Running: one scenario on one seed, or a whole catalogue on all cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from perception.engine import STANDARD, Engine
from scenarios.judge import Judge
from scenarios.outcomes import Verdict
from scenarios.pool import Progress, map_jobs
from scenarios.scenario import Scenario, fault_of, start_world
from sim.camera import Camera
from sim.cluster import Cluster
from sim.control import DriverConfig
from sim.control.evidence import MIN_SCORE
from sim.loop import SURE_SCORE, BlindEyes, Eyes, NetworkEyes, OracleEyes, Tick, drive
from sim.render import Painter

EYES_NAMES = ("network", "oracle", "blind")
"""What a driver can see with."""


@dataclass(frozen=True, slots=True)
class Results:
    """The verdicts of a catalogue.

    Attributes:
        eyes: "network", "oracle" or "blind".
        seed: The first run seed; run `i` of each scenario has run seed `seed + i`.
        runs: Runs of each scenario.
        scenarios: What was driven.
        verdicts: By scenario in that order, and within each by run seed.
    """

    eyes: str
    seed: int
    runs: int
    scenarios: tuple[Scenario, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        """Whether every run of every scenario passed."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def failures(self) -> tuple[Verdict, ...]:
        """The runs that failed."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)

    @property
    def counted_failures(self) -> tuple[Verdict, ...]:
        """The failures that count: with the network's eyes, those alone in scenarios that are required of it."""
        if self.eyes != "network":
            return self.failures
        required = {scenario.name for scenario in self.scenarios if scenario.required}
        return tuple(verdict for verdict in self.failures if verdict.scenario in required)

    def of(self, scenario: Scenario) -> tuple[Verdict, ...]:
        """Return the verdicts of one scenario."""
        return tuple(verdict for verdict in self.verdicts if verdict.scenario == scenario.name)


def make_eyes(name: str, weights: Path | None = None, camera: Camera | None = None, engine: Engine = STANDARD) -> Eyes:
    """Return the eyes of a name; only the network's load TensorFlow.

    Args:
        name: "network", "oracle" or "blind".
        weights: The network's weights; the shipped ones if not given.
        camera: The camera that the network must be made for.
        engine: What the network's answers are computed with.

    Raises:
        ValueError: If there are no eyes of that name.
        WeightsError: If the weights are missing, altered, or of another network or camera.
    """
    if name == "oracle":
        return OracleEyes()
    if name == "blind":
        return BlindEyes()
    if name == "network":
        from perception.perceiver import load_perceiver

        perceiver = load_perceiver(weights, camera=camera, engine=engine)
        return NetworkEyes(perceiver, sure_score=SURE_SCORE if perceiver.fovea is not None else MIN_SCORE)
    raise ValueError(f"Expected eyes to be one of {', '.join(EYES_NAMES)}. Received: '{name}'.")


def driver_for(world_speed_limit_mps: float, *, yields: bool = False) -> DriverConfig:
    """Return the driver of every scenario: the standard one, told the road's speed limit and whether to mind others."""
    return DriverConfig(cruise_mps=world_speed_limit_mps, yields=yields)


def run_scenario(
    scenario: Scenario,
    run_seed: int,
    eyes: Eyes,
    *,
    camera: Camera | None = None,
    painter: Painter | None = None,
    want_frame: bool = False,
    want_truth: bool = False,
    on_tick: Callable[[Tick], None] | None = None,
) -> Verdict:
    """Drive one scenario on one seed, and judge it.

    Args:
        scenario: What is driven and expected.
        run_seed: Which of its worlds.
        eyes: What the driver sees with.
        camera: The camera, if not the standard one.
        painter: What draws; made anew if not given.
        want_frame: Draw frames for `on_tick` though the eyes need none.
        want_truth: Work out the truth for `on_tick` though the eyes need none.
        on_tick: Called with each tick, after it is judged.

    Returns:
        The verdict: the same for the same scenario, run seed and eyes.
    """
    world = start_world(scenario, run_seed)
    judge = Judge(scenario, world)
    ticks = drive(
        world,
        eyes,
        driver_for(world.scene.speed_limit_mps, yields=scenario.yields),
        camera=camera,
        painter=painter,
        want_frame=want_frame,
        want_truth=want_truth,
        fault=fault_of(scenario, world),
    )
    for tick in ticks:
        judge.see(tick.world)
        if on_tick is not None:
            on_tick(tick)
        if judge.over:
            break
    return judge.verdict(run_seed, eyes.name)


def run_catalogue(
    scenarios: Sequence[Scenario],
    eyes_name: str,
    *,
    runs: int,
    seed: int = 0,
    weights: Path | None = None,
    camera: Camera | None = None,
    engine: Engine = STANDARD,
    workers: int = 1,
    cluster: Cluster | None = None,
    progress: Progress | None = None,
) -> Results:
    """Drive every scenario on `runs` seeds, and judge each run.

    Args:
        scenarios: What is driven.
        eyes_name: "network", "oracle" or "blind".
        runs: Runs of each scenario; they have the run seeds `seed` to `seed + runs - 1`.
        seed: The first run seed, not negative.
        weights: The network's weights; the shipped ones if not given.
        camera: The camera, if not the standard one.
        engine: What the network's answers are computed with.
        workers: Processes. One drives in this process; more are started anew, one thread each.
        cluster: Where instead, a task for each run; weights must lie in the same place on each of its machines.
        progress: Called as runs are done.

    Returns:
        The verdicts, in the same order whatever the number of workers.

    Raises:
        ValueError: If `runs` or `workers` is under 1, `seed` is negative, or there are no eyes of that name.
        WeightsError: If the network's weights cannot be used.
        RollingStopError: If a worker was killed, as by a machine short of memory.
    """
    if eyes_name not in EYES_NAMES:
        raise ValueError(f"Expected eyes to be one of {', '.join(EYES_NAMES)}. Received: '{eyes_name}'.")
    if runs < 1 or workers < 1 or seed < 0:
        raise ValueError(f"Expected runs and workers >= 1 and seed >= 0. Received: {runs}, {workers} and {seed}.")
    jobs = [
        Job(scenario, run_seed, eyes_name, weights, camera, engine)
        for scenario in scenarios
        for run_seed in range(seed, seed + runs)
    ]
    # Weights may change between two calls in one process, as in a training session: what was loaded then is not kept.
    eyes_of_process.cache_clear()
    verdicts = map_jobs(run_job, jobs, workers, progress, cluster)
    return Results(eyes_name, seed, runs, tuple(scenarios), tuple(verdicts))


@dataclass(frozen=True, slots=True)
class Job:
    """One run, as it is sent to a worker."""

    scenario: Scenario
    run_seed: int
    eyes: str
    weights: Path | None
    camera: Camera | None
    engine: Engine


def run_job(job: Job) -> Verdict:
    """Run one job; what it needs to see and draw is made once a process."""
    eyes = eyes_of_process(job.eyes, job.weights, job.camera, job.engine)
    painter = painter_of_process(job.camera)
    return run_scenario(job.scenario, job.run_seed, eyes, camera=job.camera, painter=painter)


@lru_cache(maxsize=2)
def eyes_of_process(
    name: str, weights: Path | None = None, camera: Camera | None = None, engine: Engine = STANDARD
) -> Eyes:
    """Return the eyes of a name, as `make_eyes` does, kept for the next run in this process."""
    return make_eyes(name, weights, camera, engine)


@lru_cache(maxsize=1)
def painter_of_process(camera: Camera | None = None) -> Painter:
    """Return what draws for a camera, kept for the next run in this process."""
    return Painter(camera or Camera())
