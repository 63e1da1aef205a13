"""What a comparison says, in sentences: drawn from the numbers, and no surer than they are."""

from __future__ import annotations

from perception.comparison.curves import METRIC_WORDS, Metric, Panel, Summary
from perception.comparison.grid import Condition, Model
from perception.scores import Measure


def sentences(summary: Summary) -> list[str]:
    """Return the comparison's answers, one for each condition and metric that was asked for."""
    told: list[str] = []
    for condition in Condition:
        for metric in (Metric.AP50, Metric.RECALL_99):
            panel = summary.panel(condition, metric)
            if panel.lead is None or panel.crossing is None or panel.lead_at is None:
                continue
            first = max(points[0].volume for points in panel.curves.values())
            told.append(
                f"On {condition} frames, {METRIC_WORDS[metric]}: with {first:,} frames the CNN has "
                f"{_score(panel, Model.CNN, first)} and the classical pipeline {_score(panel, Model.HOG, first)}; with "
                f"{panel.lead_at:,}, {_score(panel, Model.CNN, panel.lead_at)} and "
                f"{_score(panel, Model.HOG, panel.lead_at)}: {_leads('the CNN', panel.lead)}. "
                f"{told_crossing(panel)}"
            )
            if panel.shipped_lead is not None:
                told[-1] += (
                    f" At {panel.curves[Model.HOG][-1].volume:,}, {_leads('the shipped network', panel.shipped_lead)}."
                )
    return told


def _score(panel: Panel, model: Model, volume: int) -> str:
    point = next(each for each in panel.curves[model] if each.volume == volume)
    return f"{point.mean.value:.3f}"


def told_crossing(panel: Panel) -> str:
    """Return where the network passes the classical pipeline, as a sentence."""
    crossing = panel.crossing
    if crossing is None:
        return ""
    if crossing.volume is not None or crossing.always:
        return f"The CNN is ahead from {crossing.words} frames on."
    if crossing.never_share == 1.0:
        return "At no volume that was measured is it ahead for good."
    return f"At the largest volume it is not ahead; in {1 - crossing.never_share:.0%} of the resamples it is."


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
