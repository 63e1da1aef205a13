"""Reports: the summary by scenario with its interval, JUnit XML and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any
from xml.etree import ElementTree

from scenarios.outcomes import Outcome, Verdict
from scenarios.run import Results
from scenarios.scenario import Scenario
from scenarios.scoring import CarlaScore
from scenarios.statistics import CONFIDENCE, pass_interval
from sim.files import write_atomically


@dataclass(frozen=True, slots=True)
class Tally:
    """What a number of runs came to.

    Attributes:
        runs: How many.
        passes: How many passed by the strict rule.
        low: Low end of the 95 % interval of the share that passes.
        high: High end of it.
        carla_stops: How many passed CARLA's stop test; None where it was not taken.
        driving_score_2_0: Mean driving score by leaderboards 1.0 and 2.0; None where it was not taken.
        driving_score_2_1: Mean driving score by leaderboard 2.1; None where it was not taken.
        outcomes: How often each failing outcome led a verdict, most often first.
    """

    runs: int
    passes: int
    low: float
    high: float
    carla_stops: int | None
    driving_score_2_0: float | None
    driving_score_2_1: float | None
    outcomes: tuple[tuple[Outcome, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {**asdict(self), "outcomes": {outcome.name: count for outcome, count in self.outcomes}}


@dataclass(frozen=True, slots=True)
class ScenarioSummary(Tally):
    """One row of the table.

    Attributes:
        scenario: What was driven.
    """

    scenario: Scenario


def tally(verdicts: Sequence[Verdict]) -> Tally:
    """Count what runs came to.

    Raises:
        ValueError: If there is none.
    """
    passes = sum(verdict.passed for verdict in verdicts)
    low, high = pass_interval(passes, len(verdicts))
    outcomes = Counter(verdict.outcome for verdict in verdicts if not verdict.passed)
    scores = [verdict.metrics.carla for verdict in verdicts]
    taken = [score for score in scores if score is not None]
    whole = len(taken) == len(verdicts)
    return Tally(
        len(verdicts),
        passes,
        low,
        high,
        sum(score.stop_test_passed for score in taken) if whole else None,
        fmean(score.driving_score_2_0 for score in taken) if whole else None,
        fmean(score.driving_score_2_1 for score in taken) if whole else None,
        tuple(outcomes.most_common()),
    )


def summarise(results: Results) -> tuple[ScenarioSummary, ...]:
    """Return a row for each scenario."""
    return tuple(_summary(scenario, results.of(scenario)) for scenario in results.scenarios)


def _summary(scenario: Scenario, verdicts: tuple[Verdict, ...]) -> ScenarioSummary:
    row = tally(verdicts)
    return ScenarioSummary(
        row.runs,
        row.passes,
        row.low,
        row.high,
        row.carla_stops,
        row.driving_score_2_0,
        row.driving_score_2_1,
        row.outcomes,
        scenario,
    )


def summarise_families(results: Results) -> dict[str, Tally]:
    """Return what the runs of each family came to, all of its scenarios together, in the order of the names."""
    families = sorted({scenario.family for scenario in results.scenarios})
    return {family: tally(_of_family(results, family)) for family in families}


def _of_family(results: Results, family: str) -> list[Verdict]:
    names = {scenario.name for scenario in results.scenarios if scenario.family == family}
    return [verdict for verdict in results.verdicts if verdict.scenario in names]


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
        "required_held": not results.counted_failures,
        "confidence": CONFIDENCE,
        "all": tally(results.verdicts).to_dict(),
        "families": {family: row.to_dict() for family, row in summarise_families(results).items()},
        "scenarios": [
            {
                "name": row.scenario.name,
                "title": row.scenario.title,
                "family": row.scenario.family,
                "required": row.scenario.required,
                "not_required_because": row.scenario.not_required_because,
                "digest": row.scenario.digest,
                **{key: value for key, value in row.to_dict().items() if key != "scenario"},
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
        "metrics": {**asdict(verdict.metrics), "carla": _plain_score(verdict.metrics.carla)},
    }


def _plain_score(score: CarlaScore | None) -> dict[str, Any] | None:
    if score is None:
        return None
    return {
        **asdict(score),
        "stop_test_passed": score.stop_test_passed,
        "driving_score_2_0": score.driving_score_2_0,
        "driving_score_2_1": score.driving_score_2_1,
    }


def to_junit(results: Results) -> bytes:
    """Return JUnit XML: a suite for each scenario, a case for each run, a failure's message the sentence that says why.

    A run that failed where the network need not hold counts as skipped, with both reasons.

    The times are simulated seconds, so that the same runs give the same bytes.
    """
    counted = {id(verdict) for verdict in results.counted_failures}
    root = ElementTree.Element("testsuites", _counts("rollingstop", results.verdicts, counted))
    for scenario in results.scenarios:
        verdicts = results.of(scenario)
        suite = ElementTree.SubElement(root, "testsuite", _counts(scenario.name, verdicts, counted))
        for verdict in verdicts:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"scenarios.{scenario.name}",
                name=f"{scenario.name}[{verdict.eyes}] seed {verdict.seed}",
                time=f"{verdict.simulated_s:.2f}",
            )
            if not verdict.passed and id(verdict) not in counted:
                why = f"Not required of the network: {scenario.not_required_because} {verdict.reason}"
                ElementTree.SubElement(case, "skipped", message=why)
            elif not verdict.passed:
                failure = ElementTree.SubElement(case, "failure", type=verdict.outcome.name, message=verdict.reason)
                failure.text = "\n".join(finding.sentence for finding in verdict.broken)
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _counts(name: str, verdicts: tuple[Verdict, ...], counted: set[int]) -> dict[str, str]:
    return {
        "name": name,
        "tests": str(len(verdicts)),
        "failures": str(sum(id(verdict) in counted for verdict in verdicts)),
        "errors": "0",
        "skipped": str(sum(not verdict.passed and id(verdict) not in counted for verdict in verdicts)),
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
