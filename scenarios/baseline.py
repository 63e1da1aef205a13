"""A baseline that is committed, and the gate that holds new results against it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from scenarios.report import summarise
from scenarios.run import Results
from scenarios.scenario import Scenario
from sim.config import STRICT, parse
from sim.errors import ScenarioError
from sim.files import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long the network takes from frame to percept.

    Attributes:
        machine: Where it was measured; on another, the numbers say nothing about each other.
        median_ms: Half of the frames take less.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    machine: str
    median_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """By how much results may be worse than the baseline.

    Attributes:
        passes: Runs fewer that hold, of each scenario. Runs are the same for the same weights, so that 0 asks only that
            a change breaks nothing; a network trained anew may need more.
        driving_score: Points of the mean driving score, of each scenario, by leaderboards 1.0 and 2.0 and by 2.1.
        latency_factor: How many times as long a frame may take.

    Raises:
        ValueError: If one is negative, or the factor under 1.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    passes: int = 0
    driving_score: float = 1.0
    latency_factor: float = 1.5

    def __post_init__(self) -> None:
        if self.passes < 0 or self.driving_score < 0.0 or self.latency_factor < 1.0:
            raise ValueError(
                "Expected passes and driving_score >= 0 and latency_factor >= 1. "
                f"Received: {self.passes}, {self.driving_score} and {self.latency_factor}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRow:
    """What one scenario came to.

    Attributes:
        digest: Of what the scenario said then.
        passes: How many runs held.
        driving_score_2_0: Mean driving score by leaderboards 1.0 and 2.0.
        driving_score_2_1: By leaderboard 2.1.
        failed: Run seeds of the runs that did not hold.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    digest: str
    passes: int
    driving_score_2_0: float
    driving_score_2_1: float
    failed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What results are held against.

    Attributes:
        reason: Why it is as it is; every change of it says why.
        eyes: "network", "oracle" or "blind".
        seed: The first run seed.
        runs: Runs of each scenario.
        scenarios: What each came to, by name.
        tolerance: By how much new results may be worse.
        latency: Of the network, if measured.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    reason: str
    eyes: str
    seed: int
    runs: int
    scenarios: dict[str, BaselineRow]
    tolerance: Tolerance = field(default_factory=Tolerance)
    latency: Latency | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """New results against a baseline.

    Attributes:
        worse: What got worse by more than is tolerated, a sentence each; empty if the gate is open.
        better: What got better.
        notes: What could not be compared, and why.
    """

    worse: tuple[str, ...]
    better: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether nothing got worse."""
        return not self.worse

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {"open": self.open, **asdict(self)}


def load_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        ScenarioError: If it is missing, no JSON, or holds a wrong or unknown key.
    """
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ScenarioError(
            f"Expected a baseline at {path}. Received: no such file.",
            hint="Make one with --update-baseline --reason WHY.",
        ) from None
    except (OSError, ValueError) as fault:
        raise ScenarioError(f"Expected {path} to be a baseline in JSON. Received: {fault}.") from None
    return parse(raw, Baseline, ScenarioError, str(path))


def make_baseline(
    results: Results, reason: str, *, latency: Latency | None = None, tolerance: Tolerance | None = None
) -> Baseline:
    """Return the baseline that results make.

    Raises:
        ScenarioError: If the reason says nothing.
    """
    if not reason.strip():
        raise ScenarioError("Expected a reason for a new baseline. Received: none.", hint="Say it with --reason WHY.")
    rows = {
        row.scenario.name: BaselineRow(
            digest=row.scenario.digest,
            passes=row.passes,
            driving_score_2_0=round(row.driving_score_2_0 or 0.0, 4),
            driving_score_2_1=round(row.driving_score_2_1 or 0.0, 4),
            failed=tuple(verdict.seed for verdict in results.of(row.scenario) if not verdict.passed),
        )
        for row in summarise(results)
    }
    return Baseline(
        reason=reason.strip(),
        eyes=results.eyes,
        seed=results.seed,
        runs=results.runs,
        scenarios=rows,
        tolerance=tolerance or Tolerance(),
        latency=latency,
    )


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline; one that says the same has the same bytes.

    Raises:
        StorageError: If it cannot be written.
    """
    write_atomically(path, (json.dumps(asdict(baseline), indent=2, sort_keys=True) + "\n").encode())


def scenarios_of(baseline: Baseline, known: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Return the scenarios of a baseline that are known; those that are gone are missed by `hold_against`."""
    return tuple(scenario for scenario in known if scenario.name in baseline.scenarios)


def hold_against(baseline: Baseline, results: Results, latency: Latency | None = None) -> Gate:
    """Compare results with a baseline, made on the same seeds.

    Raises:
        ScenarioError: If they were driven with other eyes, or on other seeds.
    """
    wanted = (baseline.eyes, baseline.seed, baseline.runs)
    if (results.eyes, results.seed, results.runs) != wanted:
        raise ScenarioError(
            f"Expected results with eyes, first seed and runs of {wanted}. "
            f"Received: {(results.eyes, results.seed, results.runs)}.",
            hint="Leave --eyes, --seed and --runs to the baseline.",
        )
    new = make_baseline(results, "held against another").scenarios
    worse: list[str] = []
    better: list[str] = []
    notes = [f"{name}: not in the baseline." for name in new if name not in baseline.scenarios]
    for name, old in baseline.scenarios.items():
        if name not in new:
            worse.append(f"{name}: in the baseline, and no longer driven.")
        elif new[name].digest != old.digest:
            worse.append(f"{name}: the scenario says something else than when the baseline was made.")
        else:
            _hold_row(name, old, new[name], baseline, worse, better)
    _hold_latency(baseline, latency, worse, better, notes)
    return Gate(tuple(worse), tuple(better), tuple(notes))


def _hold_row(
    name: str, old: BaselineRow, new: BaselineRow, baseline: Baseline, worse: list[str], better: list[str]
) -> None:
    tolerance = baseline.tolerance
    held = f"{name}: {new.passes} of {baseline.runs} runs held, {old.passes} before"
    fresh = sorted(set(new.failed) - set(old.failed))
    if new.passes < old.passes - tolerance.passes:
        worse.append(f"{held}; failed anew: seed {', '.join(map(str, fresh))}.")
    elif new.passes > old.passes:
        better.append(f"{held}.")
    for board in ("2_0", "2_1"):
        was, now = (float(getattr(row, f"driving_score_{board}")) for row in (old, new))
        told = f"{name}: driving score {board.replace('_', '.')} {now:.1f}, {was:.1f} before."
        if now < was - tolerance.driving_score:
            worse.append(told)
        elif now > was + tolerance.driving_score:
            better.append(told)


def _hold_latency(
    baseline: Baseline, latency: Latency | None, worse: list[str], better: list[str], notes: list[str]
) -> None:
    old = baseline.latency
    if old is None or latency is None:
        if old is not None or latency is not None:
            notes.append(f"Latency: not measured {'now' if latency is None else 'when the baseline was made'}.")
        return
    if old.machine != latency.machine:
        notes.append(f"Latency: not compared, for this is another machine ({latency.machine}; then {old.machine}).")
        return
    factor = baseline.tolerance.latency_factor
    told = f"Latency: {latency.median_ms:.1f} ms a frame, {old.median_ms:.1f} before."
    if latency.median_ms > factor * old.median_ms:
        worse.append(told)
    elif latency.median_ms * factor < old.median_ms:
        better.append(told)


def updated(old: Baseline | None, results: Results, reason: str, latency: Latency | None) -> Baseline:
    """Return the new baseline: the old one's tolerances, and its latency where none was measured."""
    made = make_baseline(results, reason, latency=latency)
    if old is None:
        return made
    return replace(made, tolerance=old.tolerance, latency=latency or old.latency)
