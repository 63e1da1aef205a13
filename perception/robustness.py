"""What is left of the network on corrupted frames, and what it believes of frames that are none of the road's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from perception.colour_rule import find_red
from perception.corruptions import SEVERITIES, Corruption, corrupt
from perception.engine import STANDARD, Engine
from perception.evaluate import targets_of
from perception.matching import Answer, SceneAnswers, score_kind
from perception.perceiver import Perceiver, load_perceiver
from perception.pipeline import decode_image
from perception.scores import LOWEST_COUNTED, Measure
from sim.camera import Camera, CameraFrame
from sim.files import write_atomically
from sim.percept import ObjectKind
from sim.recording import Dataset, Example
from sim.seeding import Stream, stream
from sim.show.shots import open_source

Progress = Callable[[int, int], None]

WORST_SEVERITY = 3
"""The severity whose worst corruption is reported."""

UNFAMILIAR_SEED = 770_079


@dataclass(frozen=True, slots=True)
class CorruptionScores:
    """Stop signs' AP50 under corruption.

    Attributes:
        frames: How many frames each cell rests on.
        clean: On the frames as they are.
        clean_rule: The colour rule's there.
        cells: By corruption, at severities 1 to 5.
        rule: The colour rule's, on the same frames.
        mean_corruption_error: Mean over the corruptions of the network's summed error over the colour rule's, error
            being 1 - AP50: below 1 it stands corruption better than the rule (Hendrycks and Dietterich 2019, 4).
        worst: The corruption with the lowest AP50 at severity 3.
        worst_ap: That AP50.
    """

    frames: int
    clean: Measure
    clean_rule: float
    cells: dict[Corruption, list[Measure]]
    rule: dict[Corruption, list[float]]
    mean_corruption_error: float
    worst: Corruption
    worst_ap: float

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


@dataclass(slots=True)
class _Cell:
    """Scenes of one corruption at one severity, as the network and as the rule answered them."""

    network: list[SceneAnswers] = field(default_factory=list)
    rule: list[SceneAnswers] = field(default_factory=list)

    def add(self, example: Example, rgb: NDArray[np.uint8], perceive: Perceiver) -> None:
        targets = targets_of(example.truth, ObjectKind.STOP_SIGN)
        percept = perceive(CameraFrame(example.truth.step, rgb, perceive.camera))
        answers = [Answer(d.box, d.score, d.distance_m) for d in percept.detections if d.kind is ObjectKind.STOP_SIGN]
        self.network.append(SceneAnswers(targets, answers))
        self.rule.append(SceneAnswers(targets, find_red(rgb)))


def evaluate_corruptions(
    dataset: Path,
    weights: Path | None = None,
    *,
    frames: int = 200,
    seed: int = 0,
    engine: Engine = STANDARD,
    progress: Progress | None = None,
) -> CorruptionScores:
    """Score weights on the first frames of a data set under every corruption in every severity.

    Args:
        dataset: Its folder.
        weights: The weights file; the shipped one if not given.
        frames: How many frames; every one is corrupted 75 times.
        seed: Of the corruptions.
        engine: What the answers are computed with.
        progress: Told the frames done and in all.

    Raises:
        DatasetError: If the data set is missing, damaged, or of another camera than the weights.
        WeightsError: If the weights are missing, altered or foreign.
    """
    source = Dataset.open(dataset)
    perceive = load_perceiver(weights, lowest_score=LOWEST_COUNTED, engine=engine)
    source.require_camera(perceive.camera)
    count = min(frames, source.count)
    return score_corruptions(source.examples(0, count), perceive, seed=seed, count=count, progress=progress)


def score_corruptions(
    examples: Iterable[Example], perceive: Perceiver, *, seed: int = 0, count: int = 0, progress: Progress | None = None
) -> CorruptionScores:
    """Score a perceiver on examples under every corruption in every severity."""
    clean = _Cell()
    cells = {(corruption, severity): _Cell() for corruption in Corruption for severity in SEVERITIES}
    for done, example in enumerate(examples, start=1):
        rgb = decode_image(example, perceive.camera)
        clean.add(example, rgb, perceive)
        for (corruption, severity), cell in cells.items():
            cell.add(example, corrupt(rgb, corruption, severity, seed=seed, index=example.index), perceive)
        if progress is not None:
            progress(done, count)
    network = {c: [score_kind(cells[c, s].network, {})[0].ap for s in SEVERITIES] for c in Corruption}
    rule = {c: [score_kind(cells[c, s].rule, {})[0].ap.value or 0.0 for s in SEVERITIES] for c in Corruption}
    worst = min(Corruption, key=lambda c: network[c][WORST_SEVERITY - 1].value or 0.0)
    return CorruptionScores(
        frames=len(clean.network),
        clean=score_kind(clean.network, {})[0].ap,
        clean_rule=score_kind(clean.rule, {})[0].ap.value or 0.0,
        cells=network,
        rule=rule,
        mean_corruption_error=mean_corruption_error(
            {c: [each.value or 0.0 for each in row] for c, row in network.items()}, rule
        ),
        worst=worst,
        worst_ap=network[worst][WORST_SEVERITY - 1].value or 0.0,
    )


def mean_corruption_error(ours: dict[Corruption, list[float]], theirs: dict[Corruption, list[float]]) -> float:
    """Return the mean over the corruptions of our summed error over theirs, error being 1 - AP50."""
    ratios = [
        sum(1.0 - ap for ap in ours[corruption]) / max(sum(1.0 - ap for ap in theirs[corruption]), 1e-9)
        for corruption in ours
    ]
    return float(np.mean(ratios))


def unfamiliar_frames(camera: Camera, *, count: int = 4) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield frames with no sign, nor anything like one, which no camera of ours would take, each with its name.

    Args:
        camera: Whose size they have.
        count: How many of each kind that is random.
    """
    height, width = camera.height_px, camera.width_px
    for name, value in (("black", 0), ("grey", 128), ("white", 255)):
        yield name, np.full((height, width, 3), value, np.uint8)
    yield "red", np.full((height, width, 3), (180, 20, 30), np.uint8)
    for number in range(count):
        rng = stream(UNFAMILIAR_SEED, Stream.CORRUPTION, number)
        noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        yield "noise", noise
        yield "soft noise", cv2.resize(noise[: height // 16, : width // 16], (width, height))
        square = int(rng.integers(4, 48))
        board = (np.indices((height, width)) // square).sum(axis=0) % 2
        yield "chessboard", np.repeat((255 * board).astype(np.uint8)[..., None], 3, axis=-1)
    shots = open_source([str(UNFAMILIAR_SEED)]).shots(0, 200)
    signs = (ObjectKind.STOP_SIGN, ObjectKind.DISTRACTOR)
    roads = (s for s in shots if not any(o.kind in signs for o in s.truth.objects))
    for shot, _ in zip(roads, range(count), strict=False):
        rgb = cv2.resize(shot.picture(), (width, height))
        yield "upside down", np.ascontiguousarray(rgb[::-1])
        yield "negative", 255 - rgb
        yield "four times nearer", cv2.resize(rgb[3 * height // 8 : 5 * height // 8, : width // 4], (width, height))
        yield (
            "four times wider",
            cv2.copyMakeBorder(
                cv2.resize(rgb, (width // 4, height // 4), interpolation=cv2.INTER_AREA),
                *(3 * height // 8, height - height // 4 - 3 * height // 8),
                *(3 * width // 8, width - width // 4 - 3 * width // 8),
                cv2.BORDER_CONSTANT,
            ),
        )


def unfamiliar_beliefs(perceive: Perceiver) -> dict[str, tuple[float, float]]:
    """Return, for each kind of unfamiliar frame, the strongest belief in a stop sign and the lane's least doubted one.

    Args:
        perceive: Should report detections down to a low score: what is not reported counts as 0.
    """
    beliefs: dict[str, tuple[float, float]] = {}
    for name, rgb in unfamiliar_frames(perceive.camera):
        percept = perceive(CameraFrame(0, rgb, perceive.camera))
        sign = max((d.score for d in percept.detections if d.kind is ObjectKind.STOP_SIGN), default=0.0)
        lane = percept.lane.confidence if percept.lane is not None else 0.0
        before = beliefs.get(name, (0.0, 0.0))
        beliefs[name] = (max(before[0], sign), max(before[1], lane))
    return beliefs


def write_robustness(
    scores: CorruptionScores | None, beliefs: dict[str, tuple[float, float]], folder: Path
) -> list[Path]:
    """Write the scores as JSON and as pictures; return where they lie.

    Raises:
        StorageError: If they cannot be written.
    """
    files: dict[str, bytes] = {"unfamiliar.png": _png(_unfamiliar_figure(beliefs))}
    kinds = {name: {"stop_sign": sign, "lane": lane} for name, (sign, lane) in beliefs.items()}
    if scores is not None:
        files["corruptions.png"] = _png(_grid_figure(scores))
    plain = {"corruptions": scores.to_dict() if scores else None, "unfamiliar": kinds}
    files["robustness.json"] = (json.dumps(plain, indent=2) + "\n").encode()
    for name, data in files.items():
        write_atomically(folder / name, data)
    return [folder / name for name in files]


def _grid_figure(scores: CorruptionScores) -> Figure:
    figure = Figure(figsize=(7.2, 6.0), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    clean = scores.clean.value or 0.0
    grid = np.array([[clean, *(each.value or 0.0 for each in row)] for row in scores.cells.values()])
    axes.imshow(grid, cmap="RdYlGn", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(*grid.shape):
        axes.text(column, row, f"{grid[row, column]:.2f}", ha="center", va="center", fontsize=8)
    axes.set_xticks(range(6), ["clean", *map(str, SEVERITIES)])
    axes.set_yticks(range(len(scores.cells)), [each.value.replace("_", " ") for each in scores.cells])
    title = f"Stop signs: AP50 under corruption, {scores.frames} frames; mCE {scores.mean_corruption_error:.2f}"
    axes.set(title=title, xlabel="severity")
    return figure


def _unfamiliar_figure(beliefs: dict[str, tuple[float, float]]) -> Figure:
    figure = Figure(figsize=(6.4, 4.0), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(beliefs))
    columns: Sequence[tuple[str, str]] = (("stop sign", "#b3261e"), ("lane", "#1f5f99"))
    for number, (name, colour) in enumerate(columns):
        values = [each[number] for each in beliefs.values()]
        axes.barh(places + 0.4 * number - 0.2, values, height=0.38, color=colour, label=name)
    axes.set_yticks(places, list(beliefs))
    axes.set(xlim=(0, 1), title="Strongest belief on frames that show no road of ours", xlabel="confidence")
    axes.invert_yaxis()
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _png(figure: Figure) -> bytes:
    page = io.BytesIO()
    FigureCanvasAgg(figure).print_png(page)
    return page.getvalue()
