"""Every model at every volume with every seed: trained, asked about the test frames, and kept as one JSON file each.

A run that was stopped goes on with what is missing. What the results depend on, other than model, volume and seed, is
told by a fingerprint in each file: results of another comparison are not mixed in.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception import second_lessons
from perception.card import Card
from perception.colour_rule import find_red
from perception.comparison import classical, neural
from perception.comparison.frames import SEVERITY, excerpt, stop_signs, test_frames
from perception.engine import import_or_tell
from perception.evaluate import answers_of
from perception.fovea import Fovea
from perception.matching import Answer, Target
from perception.perceiver import load_perceiver
from perception.pipeline import decode_image
from perception.scores import LOWEST_COUNTED
from perception.training_config import TrainConfig
from perception.weights import read_weights
from sim.camera import CameraFrame
from sim.errors import DatasetError, RollingStopError, WeightsError
from sim.files import write_atomically
from sim.percept import ObjectKind
from sim.recording import Dataset, Example

Progress = Callable[[int, int], None]
"""Told the results that are there, and how many there will be."""

_LOG = logging.getLogger(__name__)

STEPS = 2000
BATCH = 16
"""The network's budget at every volume: the same number of steps, so that data alone differs."""

RESULTS = "results"


class Model(StrEnum):
    """What is compared.

    `CNN` looks once, `CNN2` twice: the same network, and a second look that learned from the same frames after it.
    The others like it lack a part of the second look, as `neural.Part` says. `SHIPPED` is what a drive sees with, both
    looks, trained on other frames for hours.
    """

    RULE = "rule"
    HOG = "hog"
    CNN = "cnn"
    CNN2 = "cnn2"
    NO_FIRST_BELIEF = "cnn2-no-first-belief"
    NO_SURROUNDINGS = "cnn2-no-surroundings"
    NO_SHARPNESS = "cnn2-no-sharpness"
    NO_DEPTH = "cnn2-no-depth"
    NO_CANDIDATES = "cnn2-no-candidates"
    NO_AUGMENTATION = "cnn2-no-augmentation"
    SHIPPED = "shipped"


class Condition(StrEnum):
    """Test frames as they are, and the same ones with one of fifteen corruptions each, at severity 3."""

    CLEAN = "clean"
    CORRUPTED = "corrupted"


NETWORKS = (Model.CNN, Model.CNN2)
ABLATED = {
    Model.NO_FIRST_BELIEF: neural.Part.FIRST_BELIEF,
    Model.NO_SURROUNDINGS: neural.Part.SURROUNDINGS,
    Model.NO_SHARPNESS: neural.Part.SHARPNESS,
    Model.NO_DEPTH: neural.Part.DEPTH,
    Model.NO_CANDIDATES: neural.Part.CANDIDATES,
    Model.NO_AUGMENTATION: neural.Part.AUGMENTATION,
}
"""What each of these has to do without."""

TWICE = (Model.CNN2, *ABLATED)
LEARNERS = (Model.HOG, Model.CNN, *TWICE)


@dataclass(slots=True)
class Learned:
    """What networks of one volume and seed have in common.

    Attributes:
        arrays: The first look's weights by name.
        loss: Its last.
        train_s: Seconds that its learning took.
        second: By what their lessons went without, second looks and the seconds that theirs took.
    """

    arrays: dict[str, NDArray[np.float32]]
    loss: float
    train_s: float
    second: dict[neural.Part | None, tuple[Fovea, float]] = field(default_factory=dict)


LearnedSoFar = dict[tuple[int, int], Learned]

USUAL = (Model.RULE, Model.HOG, Model.CNN, Model.SHIPPED)
"""What is compared if nothing else is asked for: a second look takes three times as long as the first to learn."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be compared.

    Attributes:
        volumes: Training frames, ascending.
        seeds: How many trainings at each volume.
        test_count: Test frames.
        steps: Steps of the network.
        batch: Cuts in a step.
        models: Which ones.

    Raises:
        ValueError: If a number is out of range.
    """

    volumes: tuple[int, ...] = (100, 300, 1_000, 3_000, 10_000)
    seeds: int = 3
    test_count: int = 1_000
    steps: int = STEPS
    batch: int = BATCH
    models: tuple[Model, ...] = USUAL

    def __post_init__(self) -> None:
        if not self.volumes or min(self.volumes) < 10 or list(self.volumes) != sorted(set(self.volumes)):
            raise ValueError(f"Expected ascending volumes of at least 10 frames. Received: {list(self.volumes)}.")
        for name in ("seeds", "test_count", "steps", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of at least 1. Received: {getattr(self, name)}.")

    def cells(self) -> list[tuple[Model, int, int]]:
        """Return model, volume and seed of every result; what needs no training has volume 0.

        Seed by seed, so that what is there after half of the time is a whole comparison with fewer seeds.
        """
        single = [(model, 0, 0) for model in (Model.RULE, Model.SHIPPED) if model in self.models]
        return single + [
            (model, volume, seed)
            for seed in range(self.seeds)
            for model in LEARNERS
            if model in self.models
            for volume in self.volumes
        ]


ABLATION = Plan(volumes=(1_000,), models=(Model.CNN, *TWICE))
"""What the second look is worth, and each of its parts."""

QUICK = Plan(volumes=(100, 300, 1_000), seeds=1, test_count=300, steps=600)
"""For a class: some five minutes."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one trained model answered.

    Attributes:
        model: Which.
        volume: Frames that it learned from; 0 if none were needed.
        seed: Of data and start.
        train_s: Seconds that learning took.
        about: What else is known: the SVM's penalty, the network's last loss.
        answers: For each condition, each test frame's answers.
    """

    model: Model
    volume: int
    seed: int
    train_s: float
    about: dict[str, float]
    answers: dict[Condition, list[list[Answer]]] = field(repr=False)

    def to_json(self, fingerprint: str) -> bytes:
        """Return the file's bytes."""
        rows = {
            condition: [
                [[*(round(side, 2) for side in a.box), round(a.score, 6), round(a.distance_m, 2)] for a in frame]
                for frame in frames
            ]
            for condition, frames in self.answers.items()
        }
        return json.dumps(
            {
                "fingerprint": fingerprint,
                "model": self.model,
                "volume": self.volume,
                "seed": self.seed,
                "train_s": round(self.train_s, 1),
                "about": self.about,
                "answers": rows,
            }
        ).encode()


def read_result(path: Path, fingerprint: str) -> Result:
    """Read a result.

    Raises:
        RollingStopError: If it is damaged, or of another comparison.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        theirs = plain["fingerprint"]
        answers = {
            Condition(condition): [
                [Answer((x0, y0, x1, y1), score, far) for x0, y0, x1, y1, score, far in frame] for frame in frames
            ]
            for condition, frames in plain["answers"].items()
        }
        result = Result(
            Model(plain["model"]), plain["volume"], plain["seed"], plain["train_s"], plain["about"], answers
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise RollingStopError(
            f"Expected {path} to be a result of a comparison. Received: another file ({fault}).",
            hint="Remove it, and run the same command again.",
        ) from None
    if theirs != fingerprint:
        raise RollingStopError(
            f"Expected {path} to be of this comparison. Received: one with other frames, budget or weights.",
            hint="Choose another --out, or remove that folder.",
        )
    return result


class TestSet:
    """The frames that all models are asked about, kept encoded.

    Args:
        dataset: Where they lie.
        count: How many, from the first.

    Raises:
        DatasetError: If there are fewer, or they are damaged.
    """

    __test__ = False  # no class of tests, whatever pytest thinks of its name

    def __init__(self, dataset: Dataset, count: int) -> None:
        self.targets: list[list[Target]] = []
        self.examples: list[Example] = []
        self._camera = dataset.camera
        self._corrupted: list[bytes] = []
        self._described: dict[Condition, list[tuple[NDArray[np.float32], NDArray[np.float32]]]] = {}
        for example, _, corrupted in test_frames(dataset, count):
            self.targets.append(stop_signs(example))
            self.examples.append(example)
            self._corrupted.append(cv2.imencode(".png", corrupted)[1].tobytes())

    def __len__(self) -> int:
        return len(self.examples)

    def picture(self, index: int, condition: Condition) -> NDArray[np.uint8]:
        """Return a frame, uint8 rgb (H, W, 3)."""
        if condition is Condition.CLEAN:
            return decode_image(self.examples[index], self._camera)
        data = cv2.imdecode(np.frombuffer(self._corrupted[index], np.uint8), cv2.IMREAD_COLOR)
        return np.asarray(data, np.uint8)

    def pictures(self, condition: Condition) -> Iterator[NDArray[np.uint8]]:
        """Yield every frame."""
        for index in range(len(self)):
            yield self.picture(index, condition)

    def described(self, condition: Condition) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Return each frame's proposals and their features: the same for every SVM, so worked out once."""
        if condition not in self._described:
            self._described[condition] = [classical.proposals(rgb) for rgb in self.pictures(condition)]
        return self._described[condition]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All results and what they were measured on.

    Attributes:
        plan: What was compared.
        pool: The training frames.
        test: The test frames.
        results: Those that are there, in the order of `Plan.cells`.
        folder: Where they lie.
    """

    plan: Plan
    pool: Dataset
    test: TestSet = field(repr=False)
    results: list[Result] = field(repr=False)
    folder: Path

    def of(self, model: Model, volume: int = 0) -> list[Result]:
        """Return the results of one model at one volume, by seed."""
        return [each for each in self.results if each.model is model and each.volume == volume]

    def volumes(self, *models: Model) -> list[int]:
        """Return the volumes at which there are results of every one of some models."""
        return [volume for volume in self.plan.volumes if all(self.of(model, volume) for model in models)]


def run(
    plan: Plan,
    pool: Dataset,
    test: Dataset,
    folder: Path,
    progress: Progress | None = None,
    *,
    weights: Path | None = None,
    only_report: bool = False,
) -> Comparison:
    """Train and ask whatever is not yet done; return all results.

    Args:
        plan: What to compare.
        pool: Frames to learn from: as many as the largest volume or more.
        test: Frames to be measured on, from other seeds.
        folder: Where each result is kept.
        progress: Told of each result.
        weights: Of `Model.SHIPPED`; those that come with the program if not given.
        only_report: Train nothing: take the results that are there.

    Raises:
        DatasetError: If there are too few frames, they are damaged, or both sets are the same worlds.
        RollingStopError: If an optional library is missing, or `folder` holds another comparison.
        WeightsError: If the weights are missing, altered, or of another camera than the test frames'.
        StorageError: If a result cannot be written.
    """
    _check(plan, pool, test)
    key = _fingerprint(plan, pool, test)
    keys = dict.fromkeys(Model, key)
    second = _digest([neural.SECOND_SHARE, neural.SECOND_RATE, *second_lessons.SETTINGS])
    keys |= dict.fromkeys(TWICE, f"{key}-{second}")
    if Model.SHIPPED in plan.models:
        card, _ = read_weights(weights)
        _check_unseen(card, test)
        keys[Model.SHIPPED] = f"{key}-{card.sha256}"
        if not only_report and card.camera != test.camera:
            raise WeightsError(
                f"Expected {test.path} to hold frames of the camera that the weights were trained for. "
                "Received: frames of another.",
                hint="Leave these weights out with `--models rule,hog,cnn`, or name others with --weights.",
            )
    told = progress or (lambda _done, _total: None)
    cells = plan.cells()
    told(0, len(cells))
    frames = TestSet(test, plan.test_count)
    results: list[Result] = []
    learned: LearnedSoFar = {}
    for done, (model, volume, seed) in enumerate(cells):
        path = folder / RESULTS / f"{model}-{volume:06d}-{seed}.json"
        if path.exists():
            results.append(read_result(path, keys[model]))
            continue
        told(done, len(cells))
        if only_report:
            continue
        result = _made(model, volume, seed, plan, pool, frames, weights, learned)
        write_atomically(path, result.to_json(keys[model]))
        # What is shown is what a rerun would read: numbers rounded as on the disk.
        results.append(read_result(path, keys[model]))
        _LOG.info("%s, %d frames, seed %d: %.0f s.", model, volume, seed, result.train_s)
    told(len(cells), len(cells))
    if not results:
        raise RollingStopError(
            f"Expected results in {folder / RESULTS}. Received: none.", hint="Leave out --report to make them."
        )
    return Comparison(plan, pool, frames, results, folder)


def _check(plan: Plan, pool: Dataset, test: Dataset) -> None:
    test.require_camera(pool.camera)
    if test.manifest.recipe.seed == pool.manifest.recipe.seed:
        raise DatasetError(
            f"Expected test frames of other seeds than those trained on. Received: seed {test.manifest.recipe.seed} "
            f"in {pool.path} and in {test.path}.",
            hint="Generate one of them with another --seed.",
        )
    if test.count < plan.test_count:
        raise DatasetError(
            f"Expected at least {plan.test_count:,} test frames in {test.path}. Received: {test.count:,}.",
            hint="Choose a smaller --test-frames, or generate more.",
        )
    excerpt(pool, plan.volumes[-1], 0)
    if Model.HOG in plan.models:
        import_or_tell("sklearn", classical.EXTRA)


def _fingerprint(plan: Plan, pool: Dataset, test: Dataset) -> str:
    parts = [
        pool.manifest.recipe_sha256,
        test.manifest.recipe_sha256,
        plan.test_count,
        plan.steps,
        plan.batch,
        SEVERITY,
        LOWEST_COUNTED,
        classical.SETTINGS,
        neural.SETTINGS,
        asdict(_settings_of_training(plan, 0)),
    ]
    return _digest(parts)


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _settings_of_training(plan: Plan, seed: int) -> TrainConfig:
    return TrainConfig(seed=seed + 1, batch=plan.batch)


def _check_unseen(card: Card, test: Dataset) -> None:
    """Check that weights, and those that they went on from, were not made from worlds of the test frames' seed.

    Raises:
        DatasetError: If they were.
    """
    bases = [each for each in (card.started_from, card.tempered_by) if each is not None]
    seeds = {(each.get("recipe") or {}).get("seed") for each in (card.dataset, *bases)}
    if test.manifest.recipe.seed in seeds:
        raise DatasetError(
            f"Expected test frames of other seeds than the weights were trained on. Received: seed "
            f"{test.manifest.recipe.seed} in {test.path}.",
            hint="Name other frames with --test, or other weights with --weights.",
        )


def _made(
    model: Model,
    volume: int,
    seed: int,
    plan: Plan,
    pool: Dataset,
    frames: TestSet,
    weights: Path | None,
    learned: LearnedSoFar,
) -> Result:
    """Train one model and ask it about every test frame."""
    if model is Model.RULE:
        answers = {each: [find_red(rgb) for rgb in frames.pictures(each)] for each in Condition}
        return Result(model, 0, 0, 0.0, {}, answers)
    if model is Model.HOG:
        return _made_hog(volume, seed, pool, frames)
    if model is Model.SHIPPED:
        return _made_shipped(weights, frames)
    return _made_cnn(model, volume, seed, plan, pool, frames, learned)


def _made_hog(volume: int, seed: int, pool: Dataset, frames: TestSet) -> Result:
    part = excerpt(pool, volume, seed)
    began = monotonic()
    pictures = ((decode_image(each, part.camera), stop_signs(each)) for each in part.examples())
    pipeline = classical.learn(classical.collect(pictures, seed, volume), seed)
    spent_s = monotonic() - began
    answers = {each: [pipeline.judge(*pair) for pair in frames.described(each)] for each in Condition}
    return Result(Model.HOG, volume, seed, spent_s, {"penalty": pipeline.penalty, "patches": pipeline.patches}, answers)


def _made_cnn(
    model: Model, volume: int, seed: int, plan: Plan, pool: Dataset, frames: TestSet, learned: LearnedSoFar
) -> Result:
    config = _settings_of_training(plan, seed)
    part = excerpt(pool, volume, seed)
    if (volume, seed) not in learned:
        began = monotonic()
        learned[volume, seed] = Learned(*neural.train_detector(part, plan.steps, config), monotonic() - began)
    mine = learned[volume, seed]
    fovea, spent_s = None, mine.train_s
    if model in TWICE:
        without = ABLATED.get(model)
        lessons = without if without is not neural.Part.FIRST_BELIEF else None
        if lessons not in mine.second:
            began = monotonic()
            fovea = neural.learn_second_look(part, plan.steps, config, mine.arrays, lessons)
            mine.second[lessons] = fovea, monotonic() - began
        fovea, more_s = mine.second[lessons]
        fovea = neural.deciding_alone(fovea) if lessons is not without else fovea
        spent_s += more_s
    find = neural.make_detector(config.network, mine.arrays, fovea)
    answers = {
        each: [found for batch in _batched(frames.pictures(each), 8) for found in find(batch)] for each in Condition
    }
    return Result(model, volume, seed, spent_s, {"loss": round(mine.loss, 4)}, answers)


def _made_shipped(weights: Path | None, frames: TestSet) -> Result:
    perceive = load_perceiver(weights, lowest_score=LOWEST_COUNTED)
    answers = {
        condition: [
            answers_of(perceive(CameraFrame(step, rgb, perceive.camera)), ObjectKind.STOP_SIGN)
            for step, rgb in enumerate(frames.pictures(condition))
        ]
        for condition in Condition
    }
    trained_on = perceive.card.dataset.get("trained_on", 0) if perceive.card is not None else 0
    return Result(Model.SHIPPED, 0, 0, 0.0, {"trained_on": float(trained_on)}, answers)


def _batched(pictures: Iterator[NDArray[np.uint8]], size: int) -> Iterator[NDArray[np.uint8]]:
    held: list[NDArray[np.uint8]] = []
    for rgb in pictures:
        held.append(rgb)
        if len(held) == size:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


def parse_volumes(text: str) -> tuple[int, ...]:
    """Return volumes from words such as "100,300,1000".

    Raises:
        ValueError: If they are none.
    """
    try:
        volumes = tuple(sorted({int(word.replace("_", "")) for word in text.split(",") if word.strip()}))
    except ValueError:
        raise ValueError(f"Expected volumes such as 100,300,1000. Received: {text}.") from None
    if not volumes:
        raise ValueError(f"Expected volumes such as 100,300,1000. Received: {text!r}.")
    return volumes


def settings_of(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain values."""
    return {
        "volumes": list(plan.volumes),
        "seeds": plan.seeds,
        "test_frames": plan.test_count,
        "steps": plan.steps,
        "batch": plan.batch,
        "models": [model.value for model in plan.models],
    }
