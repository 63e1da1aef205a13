"""What is kept of failed runs: a bundle of each, films of some, and why they failed. Each is driven again for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perception.engine import STANDARD, Engine
from scenarios.film import record_run
from scenarios.outcomes import Verdict
from scenarios.page import FilmedFailure
from scenarios.pool import Progress, map_jobs
from scenarios.replay import Recorder, record_bundle, write_bundle
from scenarios.run import Results, eyes_of_process, painter_of_process
from scenarios.scenario import Scenario, find_scenario
from scenarios.trace import Trace
from scenarios.why import Explanation, explain
from sim.loop import Eyes, Tick


def keep_failures(
    results: Results,
    out: Path,
    *,
    films: int = 0,
    weights: Path | None = None,
    engine: Engine = STANDARD,
    workers: int = 1,
    progress: Progress | None = None,
) -> list[FilmedFailure]:
    """Leave a replay bundle of each failed run, `SCENARIO-SEED.replay.json`, and films of some, `SCENARIO-SEED.mp4`.

    Args:
        results: What was driven.
        out: The folder, which must exist.
        films: How many at most; the failures that count come first.
        weights: The network's weights; the shipped ones if not given.
        engine: What the network's answers are computed with.
        workers: Processes of this machine.
        progress: Called as runs are done.

    Returns:
        What was filmed, in that order.

    Raises:
        WeightsError: If the network's weights cannot be used.
        RollingStopError: If a worker was killed.
    """
    counted = results.counted_failures
    failures = [*counted, *(verdict for verdict in results.failures if verdict not in counted)]
    jobs = [
        _Keeping(_again(results, verdict, weights, engine), verdict, out, filmed=place < films)
        for place, verdict in enumerate(failures)
    ]
    eyes_of_process.cache_clear()
    return [kept for kept in map_jobs(_keep, jobs, workers, progress) if kept is not None]


def explain_failures(
    results: Results,
    *,
    weights: Path | None = None,
    engine: Engine = STANDARD,
    workers: int = 1,
    progress: Progress | None = None,
) -> list[Explanation]:
    """Return of each failed run why it failed, as `scenarios.why` finds out.

    Args:
        results: What was driven.
        weights: The network's weights; the shipped ones if not given.
        engine: What the network's answers are computed with.
        workers: Processes of this machine.
        progress: Called as runs are done.

    Raises:
        WeightsError: If the network's weights cannot be used.
        RollingStopError: If a worker was killed.
    """
    jobs = [_again(results, verdict, weights, engine) for verdict in results.failures]
    eyes_of_process.cache_clear()
    return [found for found in map_jobs(_explain, jobs, workers, progress) if found is not None]


@dataclass(frozen=True, slots=True)
class _Again:
    """A run to be driven once more, as it is sent to a worker."""

    scenario: Scenario
    run_seed: int
    eyes_name: str
    weights: Path | None
    engine: Engine

    @property
    def eyes(self) -> Eyes:
        """Its eyes, made once a process."""
        return eyes_of_process(self.eyes_name, self.weights, None, self.engine)


@dataclass(frozen=True, slots=True)
class _Keeping:
    """What to leave of a run."""

    again: _Again
    verdict: Verdict
    out: Path
    filmed: bool


def _again(results: Results, verdict: Verdict, weights: Path | None, engine: Engine) -> _Again:
    scenario = find_scenario(verdict.scenario, results.scenarios)
    return _Again(scenario, verdict.seed, results.eyes, weights, engine)


def _keep(job: _Keeping) -> FilmedFailure | None:
    scenario, seed, eyes, painter = job.again.scenario, job.again.run_seed, job.again.eyes, painter_of_process()
    if not job.filmed:
        write_bundle(record_bundle(scenario, seed, eyes, weights=job.again.weights, painter=painter), job.out)
        return None
    film, trace = job.out / f"{scenario.name}-{seed}.mp4", Trace()
    recorder = Recorder(scenario, seed, eyes, job.again.weights)

    def watch(tick: Tick) -> None:
        trace.add(tick)
        recorder.see(tick)

    verdict = record_run(scenario, seed, eyes, film, painter=painter, on_tick=watch)
    write_bundle(recorder.bundle(verdict), job.out)
    return FilmedFailure(job.verdict, film, trace.plot())


def _explain(job: _Again) -> Explanation | None:
    return explain(job.scenario, job.run_seed, job.eyes, painter=painter_of_process())
