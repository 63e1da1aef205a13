"""The same runs with perfect eyes, with none, and with the network's: what perception costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scenarios.outcomes import Verdict
from scenarios.report import tally, to_json
from scenarios.run import Results


@dataclass(frozen=True, slots=True)
class ThreeEyes:
    """Three results on the same worlds.

    Attributes:
        oracle: With perfect eyes: whatever fails here is the driver's fault or the scenario's.
        blind: With eyes for the lane alone: whatever passes here asks for no eyes.
        network: With the network's eyes.
    """

    oracle: Results
    blind: Results
    network: Results

    @property
    def points_lost(self) -> float:
        """Driving score (leaderboards 1.0 and 2.0) of the oracle less the network's: what perception costs."""
        return _score(self.oracle) - _score(self.network)

    @property
    def passes_lost_percent(self) -> float:
        """The same by the strict rule: share of runs held, in points."""
        return _held_percent(self.oracle) - _held_percent(self.network)

    @property
    def toothless(self) -> tuple[Verdict, ...]:
        """Runs that the blind passed though the scenario has something to stop for in each of its worlds."""
        sighted = {scenario.name for scenario in self.blind.scenarios if scenario.needs_sight}
        return tuple(verdict for verdict in self.blind.verdicts if verdict.passed and verdict.scenario in sighted)

    @property
    def held(self) -> bool:
        """Whether the oracle passed every run, the blind none that has something to see, the network all required."""
        return self.oracle.passed and not self.toothless and not self.network.counted_failures

    @property
    def headline(self) -> str:
        """One sentence with the points lost."""
        oracle, network = _score(self.oracle), _score(self.network)
        return (
            f"Lost to perception: {self.points_lost:.1f} points of driving score (perfect eyes {oracle:.1f}, "
            f"the network {network:.1f}), and by the strict rule {self.passes_lost_percent:.1f} points of runs held "
            f"({_held_percent(self.oracle):.1f} %, {_held_percent(self.network):.1f} %)."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "headline": self.headline,
            "points_lost_to_perception": self.points_lost,
            "passes_lost_percent": self.passes_lost_percent,
            "held": self.held,
            "toothless": [{"scenario": verdict.scenario, "seed": verdict.seed} for verdict in self.toothless],
            "oracle": to_json(self.oracle),
            "blind": to_json(self.blind),
            "network": to_json(self.network),
        }


def _score(results: Results) -> float:
    return tally(results.verdicts).driving_score_2_0 or 0.0


def _held_percent(results: Results) -> float:
    counted = tally(results.verdicts)
    return 100.0 * counted.passes / counted.runs
