"""The whole tour's work, in the order in which the pages want it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.backend import keras
from perception.explain import Explainer
from perception.network import build_network
from perception.perceiver import make_perceiver
from perception.teach.answers import (
    Answerer,
    Arrays,
    score,
    untrained,
)
from perception.teach.driving import drive_once
from perception.teach.experiments import Prepared, find_places, shirts, stickers
from perception.teach.looking import favourites_of, look_at
from perception.teach.network import fields_of_view, layers_of
from perception.teach.plan import recipe_of, training_of
from perception.teach.volume import BATCH, Cuttings, SmallNetwork, cut_from, examples_of, precision_of, quiz_of
from perception.train import train
from perception.training_config import UNSEEN, TrainConfig
from perception.weights import read_weights
from sim.errors import RollingStopError
from sim.percept import ObjectKind
from sim.recording import Dataset, Recipe, generate_dataset
from sim.render import Painter
from sim.viewer.teach.content import (
    Data,
    Ended,
    Epoch,
    Experiment,
    Lesson,
    Losses,
    Model,
    Network,
    News,
    Plan,
    Sight,
    Trained,
    Trial,
    Unseen,
    Wish,
    Work,
)
from sim.viewer.teach.frames import LiveFrames, truths_of

CLOSEUP_PARTS = 4
"""Into so many parts the close-ups are cut, for looking at what was learned in between."""

TESTS = {True: 60, False: 150}
"""Frames that nobody learns from, in the short tour and in the long one."""

QUIZZED = {True: 260, False: 500}
"""Frames from which the networks of the chapter on volume are asked: one kind of question, many times."""

_TIMES = {"day": "by day", "dusk": "at dusk"}
_PLACES = ("in town", "in the country")

WATCHED = 6
LOOKED_AT = 3

TOLD_EVERY = 10
"""Steps of training are told by so many at a time."""


class StoppedError(Exception):
    """The tour was left."""


class Teacher:
    """Does the tour's work and tells what comes of it.

    Args:
        plan: How much of it.
        out: The folder for frames and weights; a tour that was left goes on from what it holds.
        tell: Takes what comes of it.
        wishes: Returns what has been asked for so far; it may wait for as long as it is given, in seconds.
        known: Names of what was told in an earlier run, as `sim.viewer.teach.lesson.key_of` gives them: that is not
            done again.
        workers: Processes that draw frames, and threads that prepare them.
        recipe: What frames are like; the tour's if not given.
        config: How to train; as the tour does if not given.
    """

    def __init__(
        self,
        plan: Plan,
        out: Path,
        tell: Callable[[News], None],
        wishes: Callable[[float], set[Wish]],
        known: frozenset[str] = frozenset(),
        workers: int = 1,
        recipe: Recipe | None = None,
        config: TrainConfig | None = None,
    ) -> None:
        self._plan = plan
        self._out = out
        self._tell = tell
        self._wishes = wishes
        self._known = known
        self._workers = workers
        self._recipe = (recipe or recipe_of()).with_size(seed=plan.data_seed)
        self._config = config or training_of(plan)
        self._camera = self._recipe.camera
        self._painter = Painter(self._camera)
        self._arrays: dict[Network, Arrays] = {}
        self._sights: tuple[Sight, ...] = ()
        self._watched: tuple[int, ...] = ()
        self._prepared: dict[str, list[Prepared]] = {}
        self._waiting = False

    def teach(self) -> None:
        """Do all of it; what goes wrong is told, not raised."""
        try:
            self._begin()
            self._train()
            self._compare()
            self._teach_volume()
            self._tell(Ended(""))
        except StoppedError:
            self._tell(Ended(""))
        except RollingStopError as fault:
            self._tell(Ended(str(fault)))

    def _begin(self) -> None:
        """Do what comes before the training."""
        self._work("Building the network")
        keras.utils.set_random_seed(self._config.seed % 2**32)
        model = build_network(self._config.network, self._camera)
        self._layers = layers_of(model)
        self._widths = fields_of_view(self._layers, self._camera.height_px)
        self._arrays[Network.UNTRAINED] = untrained(self._config.network, self._camera)
        card, self._arrays[Network.SHIPPED] = read_weights()
        self._shipped_fits = (card.network, card.camera) == (self._config.network, self._camera)
        if not self._shipped_fits:
            del self._arrays[Network.SHIPPED]
        self._draw_tests()
        self._tell_model()
        self._answerer = Answerer(self._config.network, self._camera)
        self._tell_epoch(0, "", 0, self._arrays[Network.UNTRAINED])
        self._prepare_experiments()
        self._generate()
        for network in tuple(self._arrays):
            self._look_with(network)

    def _work(self, words: str, done: int = 0, total: int = 0) -> None:
        """Tell what is done at present, unless the tour was left."""
        if Wish.STOP in self._wishes(0.0):
            raise StoppedError
        self._tell(Work(words, done, total))

    def _draw_tests(self) -> None:
        """Draw frames that no network learns from, and choose those to watch by what is true of them alone."""
        frames = LiveFrames(self._recipe.with_size(seed=self._plan.data_seed + UNSEEN))
        count = TESTS[self._plan.quick]
        sights: list[Sight] = []
        for index in range(count):
            if index % 10 == 0:
                self._work("Drawing frames that are never learned from", index, count)
            sights.append(frames.draw(index))
        self._sights = tuple(sights)
        self._watched = watched(sights)
        self._tell(Unseen(self._sights, self._watched))

    def _tell_model(self) -> None:
        scale, first = "stem_2_1/kernel", "stem_2_1/bias"
        order = [network for network in (Network.SHIPPED, Network.UNTRAINED) if network in self._arrays]
        kernels = {network: self._arrays[network][scale] for network in order}
        biases = {network: self._arrays[network][first] for network in order}
        near = self._sights[self._watched[0]]
        self._tell(Model(self._layers, near, kernels, biases, 1 / 64, -2.0, 2))

    def _generate(self) -> None:
        plan, started_s = self._plan, perf_counter()
        folder = self._out / "data"
        words = "Drawing frames to learn from"
        was_there = folder.exists()
        dataset = generate_dataset(
            self._recipe,
            folder,
            count=plan.frames,
            workers=self._workers,
            progress=lambda done, total: self._work(words, done, total),
        )
        self._dataset = dataset
        # As `perception.train` splits it.
        self._trained_on = dataset.count - max(1, round(dataset.count * self._config.validation_share))
        if not (was_there and "Data" in self._known):
            self._work("Counting what is in them")
            self._tell(counted(dataset, 0.0 if was_there else perf_counter() - started_s))

    def _look_with(self, network: Network) -> None:
        """Look into a network's layers."""
        self._work(f"Looking into the network, {network}")
        explainer = Explainer(self._config.network, self._camera, self._arrays[network])
        self._answerer.use(self._arrays[network])
        for index in self._watched[:LOOKED_AT]:
            sight = self._sights[index]
            self._tell(look_at(explainer, network, sight, self._answerer.all([sight])[0], self._widths))
        if f"Favourites {network}" not in self._known or network is Network.TRAINED:
            self._work(f"Asking channels what they like best, {network}")
            self._tell(favourites_of(explainer, network, self._sights[: TESTS[True]], self._widths))

    def _prepare_experiments(self) -> None:
        self._work("Drawing signs with stickers, and T-shirts")
        places = find_places(self._recipe.with_size(seed=self._plan.data_seed + 2 * UNSEEN), self._painter)
        self._prepared = {
            "stickers": list(stickers(places, self._painter)),
            "shirt": list(shirts(places, self._painter)),
        }
        self._tell_experiments()

    def _tell_experiments(self) -> None:
        beliefs: dict[Network, dict[str, list[float]]] = {}
        for network in (Network.SHIPPED, Network.TRAINED):
            if network in self._arrays:
                self._answerer.use(self._arrays[network])
                beliefs[network] = {
                    name: [self._answerer.sign_belief(each.sight, each.sight.truths[0].box) for each in prepared]
                    for name, prepared in self._prepared.items()
                }
        for name, prepared in self._prepared.items():
            trials = [
                Trial(each.words, each.sight, {network: beliefs[network][name][place] for network in beliefs})
                for place, each in enumerate(prepared)
            ]
            self._tell(Experiment(name, tuple(trials)))

    def _train(self) -> None:
        """Train as `rollingstop train` does, once somebody wishes it."""
        out = self._out / "training"
        if not out.exists():
            while Wish.TRAIN not in (wishes := self._wishes(0.2)):
                if Wish.STOP in wishes:
                    raise StoppedError
                if not self._waiting:
                    self._tell(Work("Ready to train, once you begin it: page 6", 0, 0))
                    self._waiting = True
        started_s = perf_counter()
        journal = _Journal(self)
        try:
            result = train(
                self._dataset.path,
                out,
                self._config,
                workers=max(self._workers, 1),
                command="rollingstop teach",
                watch=journal.see,
            )
        except KeyboardInterrupt:
            raise StoppedError from None
        journal.close()
        self._weights = result.weights
        self._arrays[Network.TRAINED] = read_weights(result.weights)[1]
        self._training_s = perf_counter() - started_s

    def _tell_epoch(self, number: int, phase: str, step: int, arrays: Arrays) -> None:
        """Tell what a network in training believes of the test frames."""
        self._answerer.use(self._arrays[Network.UNTRAINED] | arrays)
        answers = self._answerer.all(self._sights)
        found, false = score(self._sights, answers)
        self._tell(Epoch(number, phase, step, tuple(answers[index] for index in self._watched), found, false))

    def _compare(self) -> None:
        """Let every network answer every test frame, then let those drive that can."""
        self._work("Answering frames that were never seen")
        networks = [each for each in (Network.TRAINED, Network.SHIPPED, Network.UNTRAINED) if each in self._arrays]
        answers: dict[Network, Any] = {}
        for network in networks:
            self._answerer.use(self._arrays[network])
            answers[network] = self._answerer.all(self._sights)
        scores = {network: score(self._sights, answers[network]) for network in networks}
        self._tell(
            Trained(
                str(self._weights.parent),
                self._training_s,
                answers,
                {network: found for network, (found, _) in scores.items()},
                {network: false for network, (_, false) in scores.items()},
            )
        )
        for network in networks[:-1]:
            if f"Drive {network}" not in self._known:
                self._drive(network)
        self._tell_experiments()
        self._look_with(Network.TRAINED)

    def _drive(self, network: Network) -> None:
        words = f"Driving with the network {network}"
        eyes = make_perceiver(self._config.network, self._camera, self._arrays[network])
        self._tell(
            drive_once(network, eyes, self._camera, self._plan.seed, lambda done, total: self._work(words, done, total))
        )

    def _teach_volume(self) -> None:
        """Let small networks learn from few frames and from many, for the same number of steps, and ask them all."""
        plan = self._plan
        if all(name in self._known for name in ("Quiz", *(f"Lesson {frames}" for frames in plan.volume_frames))):
            return
        quiz = self._draw_quiz()
        told = quiz_of(quiz, QUIZZED[plan.quick])
        self._tell(told.quiz)
        pupil = SmallNetwork(plan.volume_steps)
        for frames in plan.volume_frames:
            if f"Lesson {frames}" not in self._known:
                self._tell(self._lesson(pupil, frames, quiz, told.places))

    def _draw_quiz(self) -> Cuttings:
        frames = LiveFrames(self._recipe.with_size(seed=self._plan.data_seed + 3 * UNSEEN))
        count = QUIZZED[self._plan.quick]

        def drawn() -> Iterator[Sight]:
            for index in range(count):
                if index % 10 == 0:
                    self._work("Drawing frames to ask about", index, count)
                yield frames.draw(index)

        return cut_from(drawn(), self._plan.seed, views=1)

    def _lesson(self, pupil: SmallNetwork, frames: int, quiz: Cuttings, shown: NDArray[np.int64]) -> Lesson:
        """Let a network learn from so many frames, several times anew, and ask it each time."""
        plan, repeats = self._plan, self._plan.volume_repeats
        lesson = cut_from(examples_of(self._dataset, frames), plan.seed)
        precisions: list[float] = []
        beliefs: list[NDArray[np.float64]] = []
        for number in range(repeats):

            def see(done: int, number: int = number) -> None:
                if done % TOLD_EVERY == 0:
                    words = f"Learning from {frames:,} frames"
                    self._work(words, number * plan.volume_steps + done, repeats * plan.volume_steps)

            pupil.learn(lesson, plan.seed + number, see)
            answered = pupil.beliefs(quiz.pictures)
            precisions.append(precision_of(answered, quiz.signs))
            beliefs.append(answered[shown])
        mean = tuple(np.mean(beliefs, axis=0).tolist())
        return Lesson(frames, plan.volume_steps, BATCH, len(lesson.answers), tuple(precisions), mean, here=True)


class _Journal:
    """Tells of a training while it goes on.

    Args:
        teacher: Whose.
    """

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self._phase = ""
        self._first = 1
        self._values: list[float] = []

    def see(self, phase: str, step: int, loss: float, weights: Callable[[], dict[str, NDArray[np.float32]]]) -> None:
        """Take note of a step; tell now and then, and look at what was learned at the end of each part."""
        teacher = self._teacher
        plan, config = teacher._plan, teacher._config
        if phase != self._phase:
            self.close()
            self._phase = phase
        if not self._values:
            self._first = step
        self._values.append(loss)
        if phase == "closeups":
            part, number, before = plan.closeup_steps // CLOSEUP_PARTS, step // (plan.closeup_steps // CLOSEUP_PARTS), 0
            last = step == plan.closeup_steps
            ends = (step % part == 0 and number < CLOSEUP_PARTS) or last
            number = CLOSEUP_PARTS if last else number
            total, words = plan.closeup_steps, "Training on close-ups: step"
        else:
            part = teacher._trained_on // config.batch
            number, before = CLOSEUP_PARTS + step // part, plan.closeup_steps
            ends = step % part == 0
            total, words = config.epochs * part, "Training on whole frames: step"
        if len(self._values) >= TOLD_EVERY or ends:
            self.close()
            if ends:
                teacher._tell_epoch(number, phase, before + step, weights())
            # Whoever leaves here leaves after all that these steps brought has been told.
            try:
                teacher._work(words, step, total)
            except StoppedError:
                raise KeyboardInterrupt from None

    def close(self) -> None:
        """Tell what was not yet told."""
        if self._values:
            self._teacher._tell(Losses(self._phase, self._first, np.array(self._values, np.float32)))
            self._values = []


def watched(sights: Sequence[Sight]) -> tuple[int, ...]:
    """Return which frames to watch: with a stop sign near, at middling distance and far, and one without.

    What is true of them decides, before any network has seen them.
    """
    wanted = ((8, 20), (20, 32), None, (12, 26), (32, 45), (45, 60))
    chosen: list[int] = []
    for span in wanted:
        for index, sight in enumerate(sights):
            signs = [t for t in sight.truths if t.kind is ObjectKind.STOP_SIGN]
            others = any(t.kind is ObjectKind.DISTRACTOR and t.asked and t.distance_m < 40 for t in sight.truths)
            fits = (
                (not signs and others)
                if span is None
                else any(t.asked and span[0] <= t.distance_m < span[1] for t in signs)
            )
            if fits and index not in chosen:
                chosen.append(index)
                break
    rest = [index for index in range(len(sights)) if index not in chosen]
    return tuple((chosen + rest)[:WATCHED])


def counted(dataset: Dataset, seconds: float) -> Data:
    """Return what a data set holds, counted."""
    kinds: Counter[str] = Counter()
    variants: Counter[str] = Counter()
    scenes: Counter[str] = Counter(dict.fromkeys((*_TIMES.values(), *_PLACES), 0))
    distances: list[float] = []
    unasked = empty = 0
    for example in dataset.examples():
        things = truths_of(example.truth)
        scenes[_TIMES.get(str(example.attributes["time_of_day"]), "at night")] += 1
        scenes[_PLACES[0 if example.attributes["edge"] == "kerb" else 1]] += 1
        found = False
        for thing, true in zip(things, example.truth.objects, strict=True):
            if not thing.asked:
                unasked += 1
                continue
            kinds[thing.kind.value] += 1
            if thing.kind is ObjectKind.DISTRACTOR:
                variants[true.variant] += 1
            if thing.kind is ObjectKind.STOP_SIGN:
                distances.append(thing.distance_m)
                found = True
        empty += not found
    size = sum(path.stat().st_size for path in dataset.shard_paths)
    return Data(
        dataset.count,
        size,
        seconds,
        dict(kinds),
        unasked,
        np.array(distances, np.float32),
        dict(scenes),
        dict(variants.most_common(12)),
        empty,
    )
