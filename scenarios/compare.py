"""Two results held against each other, run by run on the same worlds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from scenarios.report import to_json
from scenarios.run import Results
from scenarios.statistics import mcnemar_p
from sim.config import parse
from sim.errors import ScenarioError

_READ_WHAT_MATTERS = {"extra": "ignore", "frozen": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """One run of a results file.

    Attributes:
        scenario: Its scenario's name.
        seed: Its run seed.
        passed: Whether all that was expected held.
        reason: Why not, in a sentence.
    """

    __pydantic_config__: ClassVar[Any] = _READ_WHAT_MATTERS

    scenario: str
    seed: int
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedScenario:
    """One scenario of a results file.

    Attributes:
        name: Its name.
        family: What kind of situation it is.
        digest: Of all that it says; two scenarios of one name that differ in it draw different worlds.
    """

    __pydantic_config__: ClassVar[Any] = _READ_WHAT_MATTERS

    name: str
    family: str = "other"
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What is read of a results file, such as `test --out` leaves.

    Attributes:
        eyes: "network", "oracle" or "blind".
        scenarios: What was driven.
        verdicts: What each run came to.
    """

    __pydantic_config__: ClassVar[Any] = _READ_WHAT_MATTERS

    eyes: str
    scenarios: tuple[RecordedScenario, ...]
    verdicts: tuple[RecordedRun, ...]


def recorded(results: Results) -> Recorded:
    """Return results as they would be read from their file."""
    return parse(to_json(results), Recorded, ScenarioError, "results")


def load_results(path: Path) -> Recorded:
    """Read a results file.

    Raises:
        ScenarioError: If it is missing, no JSON, or no results file.
    """
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ScenarioError(
            f"Expected results at {path}. Received: no such file.", hint="`rollingstop test --out FOLDER` writes them."
        ) from None
    except IsADirectoryError:
        return load_results(path / "results.json")
    except (OSError, ValueError) as fault:
        raise ScenarioError(f"Expected {path} to be JSON. Received: {fault}.") from None
    return parse(raw, Recorded, ScenarioError, str(path))


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two results differ, of the runs that both have.

    Attributes:
        both: Runs that passed in both.
        only_first: Runs that passed in the first alone.
        only_second: Runs that passed in the second alone.
        neither: Runs that passed in neither.
    """

    both: int = 0
    only_first: int = 0
    only_second: int = 0
    neither: int = 0

    @property
    def runs(self) -> int:
        """How many runs are compared."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test: how likely so great a difference is between two that pass equally often."""
        return mcnemar_p(self.only_first, self.only_second)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results on the same worlds.

    Attributes:
        all: Over all runs that both have.
        families: The same by family.
        worse: Runs that passed in the first and failed in the second, as in the second.
        better: Runs that failed in the first and passed in the second, as in the first.
        left_out: Runs that only one of them has, or that drive another world in each.
    """

    all: Difference
    families: dict[str, Difference]
    worse: tuple[RecordedRun, ...]
    better: tuple[RecordedRun, ...]
    left_out: int = field(default=0)

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {
            "all": _plain(self.all),
            "families": {family: _plain(difference) for family, difference in self.families.items()},
            "worse": [_run(run) for run in self.worse],
            "better": [_run(run) for run in self.better],
            "left_out": self.left_out,
        }


def _plain(difference: Difference) -> dict[str, Any]:
    return {
        "runs": difference.runs,
        "both": difference.both,
        "only_first": difference.only_first,
        "only_second": difference.only_second,
        "neither": difference.neither,
        "p_value": difference.p_value,
    }


def _run(run: RecordedRun) -> dict[str, Any]:
    return {"scenario": run.scenario, "seed": run.seed, "reason": run.reason}


def compare(first: Recorded, second: Recorded) -> Comparison:
    """Pair the runs of two results by scenario and seed, and count where they differ.

    A scenario that says something else in one than in the other draws other worlds: its runs are left out.

    Raises:
        ScenarioError: If they have no run in common.
    """
    digests = [{scenario.name: scenario.digest for scenario in side.scenarios} for side in (first, second)]
    family = {scenario.name: scenario.family for scenario in second.scenarios}
    before = {(run.scenario, run.seed): run for run in first.verdicts}
    after = {(run.scenario, run.seed): run for run in second.verdicts}
    pairs = [
        (before[key], after[key])
        for key in sorted(before.keys() & after.keys())
        if digests[0].get(key[0]) == digests[1].get(key[0])
    ]
    if not pairs:
        raise ScenarioError(
            "Expected two results with runs of the same scenarios and seeds. Received: none in common.",
            hint="Drive both with the same --seed and --runs.",
        )
    families = sorted({family.get(new.scenario, "other") for _, new in pairs})
    return Comparison(
        _count(pairs),
        {name: _count([pair for pair in pairs if family.get(pair[1].scenario, "other") == name]) for name in families},
        tuple(new for old, new in pairs if old.passed and not new.passed),
        tuple(old for old, new in pairs if new.passed and not old.passed),
        len(before.keys() | after.keys()) - len(pairs),
    )


def _count(pairs: list[tuple[RecordedRun, RecordedRun]]) -> Difference:
    def number(first: bool, second: bool) -> int:
        return sum(old.passed is first and new.passed is second for old, new in pairs)

    return Difference(number(True, True), number(True, False), number(False, True), number(False, False))
