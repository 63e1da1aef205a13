"""How scores are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perception.scores import Measure, PhotographScores, Scores


def measured(measure: Measure, digits: int = 3, unit: str = "") -> str:
    """Return a number with its interval and its sample size, as it stands in every table."""
    if measure.value is None:
        return f"- (n={measure.n})"
    interval = ""
    if measure.low is not None and measure.high is not None:
        interval = f" [{measure.low:.{digits}f}, {measure.high:.{digits}f}]"
    return f"{measure.value:.{digits}f}{unit}{interval} (n={measure.n})"


def print_scores(scores: Scores) -> None:
    """Print scores on a data set as tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    signs = scores.stop_sign
    table = Table(title=f"Stop signs in {scores.frames} frames, by distance; 95 % intervals")
    for column in ("distance, m", "AP50", "recall at 0.97 precision", "recall at 0.99", "distance error, median"):
        table.add_column(column)
    for name, band in {**signs.bands, "all": signs}.items():
        table.add_row(
            name,
            measured(band.ap),
            measured(band.recall_at_97),
            measured(band.recall_at_99),
            measured(band.distance_error_median),
        )
    console.print(table)
    table = Table(title="Vehicles and people, by distance; 95 % intervals")
    table.add_column("distance, m")
    for who in ("vehicles", "people"):
        table.add_column(f"{who}: AP50")
        table.add_column(f"{who}: recall at 0.90 precision")
    vehicles, people = scores.vehicle, scores.pedestrian
    for name in (*vehicles.bands, "all"):
        both = [each.bands.get(name, each) for each in (vehicles, people)]
        table.add_row(name, *(measured(m) for each in both for m in (each.ap, each.recall_at_90)))
    console.print(table)
    line, lane = scores.stop_line, scores.lane
    rest = Table(title="Everything else")
    rest.add_column("measure")
    rest.add_column("value")
    for name, value in (
        ("stop signs: precision at that threshold", measured(signs.precision)),
        ("stop signs: false ones a frame", measured(signs.false_per_frame, 4)),
        ("distractors: AP50", measured(scores.distractor.ap)),
        ("vehicles: AP50", measured(scores.vehicle.ap)),
        ("vehicles: distance error, median", measured(scores.vehicle.distance_error_median)),
        ("people: AP50", measured(scores.pedestrian.ap)),
        ("people: distance error, median", measured(scores.pedestrian.distance_error_median)),
        ("stop line: recall", measured(line.recall)),
        ("stop line: distance error, median", measured(line.distance_error_median_m, 2, " m")),
        ("lane: offset error, median", measured(lane.offset_error_median_m, 3, " m")),
        ("lane: offset error, 95 %", measured(lane.offset_error_p95_m, 3, " m")),
        ("lane: heading error, median", measured(lane.heading_error_median_rad, 4, " rad")),
        ("stop signs: calibration error (ECE)", measured(signs.reliability.ece)),
        ("vehicles: calibration error", measured(scores.vehicle.reliability.ece)),
        ("stop line: calibration error", measured(line.reliability.ece)),
        ("lane: calibration error", measured(lane.reliability.ece)),
    ):
        rest.add_row(name, value)
    console.print(rest)


def print_photograph_scores(scores: PhotographScores) -> None:
    """Print scores on photographs as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Stop signs in {scores.photographs} photographs; 95 % intervals")
    table.add_column("measure")
    table.add_column("value")
    signs = scores.stop_sign
    for name, measure in (
        ("AP50", signs.ap),
        ("recall at 0.90 precision", signs.recall_at_90),
        ("recall at 0.95 precision", signs.recall_at_95),
        ("recall at 0.97 precision", signs.recall_at_97),
        ("false ones a photograph, at 0.97", signs.false_per_frame),
    ):
        table.add_row(name, measured(measure))
    Console().print(table)
