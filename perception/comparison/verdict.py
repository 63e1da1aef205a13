"""What a comparison says, in sentences: drawn from the numbers, and no surer than they are."""

from __future__ import annotations

from perception.comparison.curves import METRIC_WORDS, Metric, Panel, Summary
from perception.comparison.grid import Condition, Model
from perception.scores import Measure


def sentences(summary: Summary) -> list[str]:
    """Return the comparison's answers, one for each condition and metric that was asked for."""
    told: list[str] = []
    volumes = summary.settings["volumes"]
    for condition in Condition:
        for metric in (Metric.AP50, Metric.RECALL_99):
            panel = summary.panel(condition, metric)
            if panel.lead is None or panel.crossing is None:
                continue
            told.append(
                f"On {condition} frames, {METRIC_WORDS[metric]}: with {volumes[0]:,} frames the CNN has "
                f"{_score(panel, Model.CNN, 0)} and the classical pipeline {_score(panel, Model.HOG, 0)}; with "
                f"{volumes[-1]:,}, {_score(panel, Model.CNN, -1)} and {_score(panel, Model.HOG, -1)}: "
                f"{_leads('the CNN', panel.lead)}. The CNN is ahead from {panel.crossing.words} frames on."
            )
            if panel.shipped_lead is not None:
                told[-1] += f" At {volumes[-1]:,}, {_leads('the shipped network', panel.shipped_lead)}."
    return told


def _score(panel: Panel, model: Model, place: int) -> str:
    return f"{panel.curves[model][place].mean.value:.3f}"


def _leads(who: str, lead: Measure) -> str:
    """Return who is ahead; a difference whose interval holds 0 is none."""
    if lead.value is None or lead.low is None or lead.high is None:
        return f"nothing is known of {who}"
    interval = f"{lead.value:+.3f} ({lead.low:+.3f} to {lead.high:+.3f})"
    if lead.low > 0:
        return f"{who} is better than the classical pipeline by {interval}"
    if lead.high < 0:
        return f"{who} is worse than the classical pipeline by {interval}"
    return f"{who} and the classical pipeline cannot be told apart, {interval}"
