"""The main job in one go: generate, train, evaluate on unseen seeds, drive unseen scenarios, and show all of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from scenarios.film import record_run
from scenarios.outcomes import Verdict
from scenarios.run import make_eyes
from scenarios.scenario import find_scenario, load_catalogue
from sim.camera import CameraFrame
from sim.files import write_atomically
from sim.recording import SHIPPED_RECIPES, Dataset, generate_dataset, load_recipe
from sim.viewer.annotate import annotate, png

if TYPE_CHECKING:
    from perception.scores import Measure, Scores

SCENARIOS = ("straight", "two_signs", "distractors")
"""What the network drives that has just been trained."""

TEST_FRAMES = 400

Stage = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
"""Opens a progress bar with a title; what it yields is told how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo left behind.

    Attributes:
        page: One page that shows everything; it needs no other file but the films beside it.
        weights: What was trained.
        scores: On frames of unseen seeds.
        verdicts: Of the drives.
        films: Of the drives.
        minutes: How long all of it took.
    """

    page: Path
    weights: Path
    scores: Scores
    verdicts: tuple[Verdict, ...]
    films: tuple[Path, ...]
    minutes: float

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {
            "page": str(self.page),
            "weights": str(self.weights),
            "scores": self.scores.to_dict(),
            "verdicts": [
                {"scenario": v.scenario, "seed": v.seed, "passed": v.passed, "reason": v.reason} for v in self.verdicts
            ],
            "films": [str(film) for film in self.films],
            "minutes": self.minutes,
        }


def run_demo(out: Path, *, seed: int, workers: int, stage: Stage) -> DemoResult:
    """Run the four steps one after another. What an interrupted demo has finished is not done again.

    Args:
        out: Where everything goes: `data`, `test`, `training`, the films, the plots and `index.html`.
        seed: Shifts the seed of every world that is drawn and driven.
        workers: Processes that generate, and threads that prepare examples for training.
        stage: Opens a progress bar for each step.

    Raises:
        RollingStopError: As the steps do: a full disk, a folder that holds something else.
    """
    from perception.evaluate import evaluate
    from perception.plots import write_plots
    from perception.train import train
    from perception.training_config import DEMO, UNSEEN

    started_s = perf_counter()
    recipe = load_recipe(SHIPPED_RECIPES / "demo.toml")
    with stage("1/4 Drawing frames to learn from") as progress:
        data = generate_dataset(recipe, out / "data", seed=recipe.seed + seed, workers=workers, progress=progress)
    with stage("2/4 Training") as progress:
        trained = train(
            data.path,
            out / "training",
            replace(DEMO, seed=DEMO.seed + seed),
            workers=workers,
            command="rollingstop demo",
            progress=progress,
        )
    with stage("3/4 Drawing frames never seen") as progress:
        tests = generate_dataset(
            recipe,
            out / "test",
            seed=recipe.seed + seed + UNSEEN,
            count=TEST_FRAMES,
            workers=workers,
            progress=progress,
        )
    with stage("3/4 Evaluating on them") as progress:
        scores = evaluate(tests.path, trained.weights, progress=progress)
    plots = write_plots(scores, out, history=trained.history)
    verdicts: list[Verdict] = []
    films: list[Path] = []
    with stage("4/4 Driving with what was learned") as progress:
        eyes = make_eyes("network", trained.weights)
        catalogue = load_catalogue()
        for name in SCENARIOS:
            film = out / f"{name}.mp4"
            verdicts.append(record_run(find_scenario(name, catalogue), seed, eyes, film))
            films.append(film)
            progress(len(films), len(SCENARIOS))
    minutes = (perf_counter() - started_s) / 60
    page = out / "index.html"
    samples = _samples(tests, trained.weights)
    history = [{key: float(value) for key, value in row.items()} for row in trained.history]
    write_atomically(page, _render(data, scores, verdicts, films, plots, samples, history, minutes).encode())
    result = DemoResult(page, trained.weights, scores, tuple(verdicts), tuple(films), minutes)
    write_atomically(out / "summary.json", (json.dumps(result.to_dict(), indent=2) + "\n").encode())
    return result


def _samples(tests: Dataset, weights: Path) -> list[str]:
    """Return a few unseen frames with what the network believes, as PNG data for the page."""
    from perception.perceiver import load_perceiver
    from perception.pipeline import decode_image

    perceiver = load_perceiver(weights)
    pictures: list[str] = []
    for example in tests.examples(0, 60):
        if not any(thing.applies_to_ego and thing.distance_m < 45 for thing in example.truth.objects):
            continue
        frame = CameraFrame(example.truth.step, decode_image(example, perceiver.camera), perceiver.camera)
        pictures.append(_as_data(png(annotate(frame, perceiver(frame))), "image/png"))
        if len(pictures) == 6:
            break
    return pictures


def _as_data(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _in_words(measure: Measure, unit: str = "", scale: float = 1.0, digits: int = 2) -> str:
    if measure.value is None:
        return f"not measured (n = {measure.n})"
    words = f"{scale * measure.value:.{digits}f}{unit}"
    if measure.low is not None and measure.high is not None:
        words += f" (95 %: {scale * measure.low:.{digits}f} to {scale * measure.high:.{digits}f})"
    return f"{words}, n = {measure.n}"


def _render(
    data: Dataset,
    scores: Scores,
    verdicts: list[Verdict],
    films: list[Path],
    plots: list[Path],
    samples: list[str],
    history: list[dict[str, float]],
    minutes: float,
) -> str:
    import jinja2

    template = files("scenarios").joinpath("demo.html.jinja").read_text(encoding="utf-8")
    signs = scores.stop_sign
    rows = [
        ("Stop signs at 8-40 m: recall at 0.97 precision", _in_words(signs.bands["8-40"].recall_at_97)),
        ("Stop signs at 40-55 m: recall at 0.97 precision", _in_words(signs.bands["40-55"].recall_at_97)),
        ("Stop signs: average precision at IoU 0.5", _in_words(signs.ap)),
        ("Stop signs: distance error, median", _in_words(signs.distance_error_median, " %", 100.0, 1)),
        ("Vehicles: average precision at IoU 0.5", _in_words(scores.vehicle.ap)),
        ("Stop line: distance error, median", _in_words(scores.stop_line.distance_error_median_m, " m")),
        ("Lane: offset error, median", _in_words(scores.lane.offset_error_median_m, " m", digits=3)),
    ]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(template).render(
        frames=data.count,
        tests=scores.frames,
        minutes=minutes,
        rows=rows,
        drives=list(zip(verdicts, [film.name for film in films], strict=True)),
        plots=[_as_data(plot.read_bytes(), "image/png") for plot in plots],
        samples=samples,
        history=history,
    )
