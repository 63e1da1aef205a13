"""Reports: the summary by scenario with its interval, JUnit XML and JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from scenarios.outcomes import Outcome, Verdict
from scenarios.run import Results
from scenarios.scenario import Scenario
from sim.files import write_atomically

CONFIDENCE = 0.95


def pass_interval(passes: int, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact interval of Clopper and Pearson for the share that would pass.

    The share's bounds are quantiles of beta distributions: low of Beta(k, n - k + 1), high of Beta(k + 1, n - k), for k
    passes in n runs (Clopper and Pearson, Biometrika 26, 1934). It covers the true share at least as often as it says,
    for runs drawn independently from the scenario's worlds, and says nothing of other worlds.

    Raises:
        ValueError: If `passes` is not within 0 to `runs`, or there is no run.
    """
    if not 0 <= passes <= runs or runs < 1:
        raise ValueError(f"Expected 0 <= passes <= runs and at least one run. Received: {passes} of {runs}.")
    # Half a second to import: not before it is needed.
    from scipy.special import betaincinv

    tail = 0.5 * (1.0 - confidence)
    low = float(betaincinv(passes, runs - passes + 1, tail)) if passes > 0 else 0.0
    high = float(betaincinv(passes + 1, runs - passes, 1.0 - tail)) if passes < runs else 1.0
    return low, high


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """One row of the table.

    Attributes:
        scenario: What was driven.
        runs: How often.
        passes: How many runs passed.
        low: Low end of the 95 % interval of the share that passes.
        high: High end of it.
        outcomes: How often each failing outcome led a verdict, most often first.
    """

    scenario: Scenario
    runs: int
    passes: int
    low: float
    high: float
    outcomes: tuple[tuple[Outcome, int], ...]


def summarise(results: Results) -> tuple[ScenarioSummary, ...]:
    """Return a row for each scenario."""
    return tuple(_summary(scenario, results.of(scenario)) for scenario in results.scenarios)


def _summary(scenario: Scenario, verdicts: tuple[Verdict, ...]) -> ScenarioSummary:
    passes = sum(verdict.passed for verdict in verdicts)
    low, high = pass_interval(passes, len(verdicts))
    outcomes = Counter(verdict.outcome for verdict in verdicts if not verdict.passed)
    return ScenarioSummary(scenario, len(verdicts), passes, low, high, tuple(outcomes.most_common()))


def failure_line(verdict: Verdict) -> str:
    """Return one line for a person: which run failed, and why; the numbers are what `rollingstop drive` takes."""
    return f"{verdict.scenario}, seed {verdict.seed}: {verdict.reason}"


def to_json(results: Results) -> dict[str, Any]:
    """Return everything as plain values, lengths in metres and times in seconds as the keys say."""
    return {
        "eyes": results.eyes,
        "seed": results.seed,
        "runs": results.runs,
        "passed": results.passed,
        "confidence": CONFIDENCE,
        "scenarios": [
            {
                "name": row.scenario.name,
                "title": row.scenario.title,
                "runs": row.runs,
                "passes": row.passes,
                "low": row.low,
                "high": row.high,
                "outcomes": {outcome.name: count for outcome, count in row.outcomes},
            }
            for row in summarise(results)
        ],
        "verdicts": [_plain(verdict) for verdict in results.verdicts],
    }


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "scenario": verdict.scenario,
        "seed": verdict.seed,
        "eyes": verdict.eyes,
        "passed": verdict.passed,
        "outcome": verdict.outcome.name,
        "reason": verdict.reason,
        "steps": verdict.steps,
        "findings": [
            {
                "expectation": finding.expectation.value,
                "held": finding.held,
                "outcome": finding.outcome.name,
                "sentence": finding.sentence,
            }
            for finding in verdict.findings
        ],
        "metrics": asdict(verdict.metrics),
    }


def to_junit(results: Results) -> bytes:
    """Return JUnit XML: a suite for each scenario, a case for each run, a failure's message the sentence that says why.

    The times are simulated seconds, so that the same runs give the same bytes.
    """
    root = ElementTree.Element("testsuites", _counts("rollingstop", results.verdicts))
    for scenario in results.scenarios:
        verdicts = results.of(scenario)
        suite = ElementTree.SubElement(root, "testsuite", _counts(scenario.name, verdicts))
        for verdict in verdicts:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"scenarios.{scenario.name}",
                name=f"{scenario.name}[{verdict.eyes}] seed {verdict.seed}",
                time=f"{verdict.simulated_s:.2f}",
            )
            if not verdict.passed:
                failure = ElementTree.SubElement(case, "failure", type=verdict.outcome.name, message=verdict.reason)
                failure.text = "\n".join(finding.sentence for finding in verdict.broken)
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _counts(name: str, verdicts: tuple[Verdict, ...]) -> dict[str, str]:
    return {
        "name": name,
        "tests": str(len(verdicts)),
        "failures": str(sum(not verdict.passed for verdict in verdicts)),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(verdict.simulated_s for verdict in verdicts):.2f}",
    }


def write_junit(results: Results, path: Path) -> None:
    """Write JUnit XML.

    Raises:
        StorageError: If the file cannot be written.
    """
    write_atomically(path, to_junit(results))


def write_json(results: Results, path: Path) -> None:
    """Write everything as JSON.

    Raises:
        StorageError: If the file cannot be written.
    """
    write_atomically(path, (json.dumps(to_json(results), indent=2) + "\n").encode())
