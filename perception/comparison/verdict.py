"""What a comparison says, in sentences: drawn from the numbers, and no surer than they are."""

from __future__ import annotations

from perception.comparison.curves import METRIC_WORDS, Crossing, Duel, Metric, Panel, Summary
from perception.comparison.grid import Condition, Model
from perception.comparison.plots import MISSING
from perception.scores import Measure

_WHO = {Model.CNN: "the CNN", Model.CNN2: "the CNN with two looks"}


def sentences(summary: Summary) -> list[str]:
    """Return the comparison's answers: one for each condition, metric and network, and one of what a part is worth."""
    told: list[str] = []
    for condition in Condition:
        for metric in (Metric.AP50, Metric.RECALL_99):
            panel = summary.panel(condition, metric)
            told += [_told(panel, model, duel) for model, duel in panel.duels.items()]
            if panel.duels and panel.shipped_lead is not None:
                told[-1] += (
                    f" At {panel.curves[Model.HOG][-1].volume:,}, {_leads('the shipped network', panel.shipped_lead)}."
                )
            if set(panel.losses) - {Model.CNN}:
                told.append(_told_losses(panel))
    return told


def _told_losses(panel: Panel) -> str:
    last = panel.curves[Model.CNN2][-1]
    told = (
        f"On {panel.condition} frames, {METRIC_WORDS[panel.metric]}: with {last.volume:,} frames "
        f"{_WHO[Model.CNN2]} has {last.mean.value:.3f}"
    )
    alike: list[str] = []
    for model, loss in panel.losses.items():
        if loss.value is None or loss.low is None or loss.high is None or loss.low <= 0 <= loss.high:
            alike.append(MISSING[model])
            continue
        low, high = sorted((abs(loss.low), abs(loss.high)))
        more = "less" if loss.value > 0 else "more"
        told += f"; without {MISSING[model]} {abs(loss.value):.3f} {more} ({low:.3f} to {high:.3f})"
    return told + (f"; no difference is certain without {', '.join(alike)}." if alike else ".")


def _told(panel: Panel, model: Model, duel: Duel) -> str:
    first, last = duel.volumes[0], duel.volumes[-1]
    told = (
        f"On {panel.condition} frames, {METRIC_WORDS[panel.metric]}: with {first:,} frames {_WHO[model]} has "
        f"{_score(panel, model, first)} and the classical pipeline {_score(panel, Model.HOG, first)}"
    )
    if last != first:
        told += f"; with {last:,}, {_score(panel, model, last)} and {_score(panel, Model.HOG, last)}"
    told += f": {_leads(_WHO[model], duel.lead)}."
    return told if duel.crossing is None else f"{told} {told_crossing(model, duel.crossing)}"


def _score(panel: Panel, model: Model, volume: int) -> str:
    point = next(each for each in panel.curves[model] if each.volume == volume)
    return f"{point.mean.value:.3f}"


def told_crossing(model: Model, crossing: Crossing) -> str:
    """Return where a network passes the classical pipeline, as a sentence."""
    if crossing.volume is not None or crossing.always:
        return f"From {crossing.words} frames on, {_WHO[model]} is ahead."
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
