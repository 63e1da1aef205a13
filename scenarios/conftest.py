"""Collects every scenario of the catalogue for pytest.

All: `pytest scenarios/`; some: `pytest scenarios/ -k "curve and oracle"`. Each scenario gives `name[oracle]`,
which must pass on every seed, where it is required of the shipped network `name[network]`, which must pass too, and,
where each of its worlds has something to stop for, `name[blind]`, which must fail on every seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from scenarios.outcomes import Verdict
from scenarios.report import failure_line
from scenarios.run import make_eyes, run_scenario
from scenarios.scenario import CATALOGUE_DIR, FAULTS_DIR, Scenario, load_scenario
from sim.camera import Camera
from sim.errors import RollingStopError
from sim.loop import Eyes
from sim.render import Painter

RUNS = {"oracle": 2, "blind": 1, "network": 1}
"""Seeds of each: a smoke test; `rollingstop test` drives as many as wanted."""

FIRST_SEED = 1_000
"""Away from the seeds that `rollingstop test` begins with, so that the two look at different worlds."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take each scenario for a test file."""
    if file_path.suffix == ".toml" and file_path.parent in (CATALOGUE_DIR, FAULTS_DIR):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each kind of eyes that says something about the scenario."""
        scenario = load_scenario(self.path)
        unseen = set[str]() if scenario.required else {"network"}
        if not scenario.needs_sight:
            unseen.add("blind")
        for eyes in RUNS:
            if eyes not in unseen:
                yield ScenarioItem.from_parent(self, name=f"{scenario.name}[{eyes}]", scenario=scenario, eyes=eyes)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:
        """Say what is wrong with the file in one line."""
        if isinstance(excinfo.value, RollingStopError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))


class ScenarioItem(pytest.Item):
    """One scenario with one kind of eyes, on a few seeds."""

    def __init__(self, *, scenario: Scenario, eyes: str, **rest: object) -> None:
        super().__init__(**rest)  # pyright: ignore[reportArgumentType]  # pytest hands its own arguments through
        self.scenario = scenario
        self.eyes = eyes

    def runtest(self) -> None:
        """Drive, and hold the verdicts against what these eyes must come to."""
        eyes, painter = _eyes(self.eyes), _painter()
        seeds = range(FIRST_SEED, FIRST_SEED + RUNS[self.eyes])
        verdicts = [run_scenario(self.scenario, seed, eyes, painter=painter) for seed in seeds]
        must_pass = self.eyes != "blind"
        wrong = [verdict for verdict in verdicts if verdict.passed != must_pass]
        if wrong:
            raise WrongVerdictsError(wrong)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:
        """Say which run failed, and why, in a sentence each."""
        if isinstance(excinfo.value, RollingStopError | WrongVerdictsError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return how the test is called in the report."""
        return self.path, None, self.name


class WrongVerdictsError(Exception):
    """Runs that ought to have come to something else."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__("\n".join(_expected(verdict) + failure_line(verdict) for verdict in verdicts))


def _expected(verdict: Verdict) -> str:
    return "Expected a blind driver to fail, or the scenario has no teeth. Received: " if verdict.passed else ""


@cache
def _eyes(name: str) -> Eyes:
    return make_eyes(name)


@cache
def _painter() -> Painter:
    return Painter(Camera())
