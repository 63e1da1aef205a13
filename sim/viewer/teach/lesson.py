"""What has been told so far, in the order in which pages ask for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.viewer.teach.content import (
    Data,
    Drive,
    Ended,
    Epoch,
    Experiment,
    Favourites,
    Lesson,
    Look,
    Losses,
    Model,
    Network,
    News,
    Plan,
    Quiz,
    Trained,
    Unseen,
    Wish,
    Work,
)

PHASES = ("closeups", "frames")


def key_of(news: News) -> str:
    """Return what a piece is called among those that are known already."""
    name = type(news).__name__
    match news:
        case Epoch():
            return f"{name} {news.number}"
        case Drive() | Favourites():
            return f"{name} {news.network}"
        case Look():
            return f"{name} {news.network} {news.sight.name}"
        case Lesson():
            return f"{name} {news.frames}"
        case _:
            return name


class Notebook:
    """Takes note of what is told.

    Args:
        plan: What the tour will do.
        ask: Passes a page's wish on to whoever teaches.

    Attributes:
        plan: What the tour will do.
        work: What the other process does at present, or None.
        model: The network, once built.
        data: What there is to learn from, once generated.
        tests: Frames that are not learned from.
        losses: Of each phase of the training, one value a step.
        epochs: Answers by part of the training.
        trained: The end of the training.
        drives: By network.
        looks: By network and frame.
        favourites: By network.
        quiz: What networks are asked that learned from few frames and from many, or None.
        lessons: Networks that learned from few frames and from many, by the number of frames.
        experiments: By name.
        wished: What pages have asked for.
        fault: What went wrong in the other process.
    """

    def __init__(self, plan: Plan, ask: Callable[[Wish], None] = lambda _: None) -> None:
        self.plan = plan
        self.work: Work | None = None
        self.model: Model | None = None
        self.data: Data | None = None
        self.tests: Unseen | None = None
        self.losses: dict[str, list[float]] = {phase: [] for phase in PHASES}
        self.epochs: dict[int, Epoch] = {}
        self.trained: Trained | None = None
        self.drives: dict[Network, Drive] = {}
        self.looks: dict[tuple[Network, str], Look] = {}
        self.favourites: dict[Network, Favourites] = {}
        self.quiz: Quiz | None = None
        self.lessons: dict[int, Lesson] = {}
        self.experiments: dict[str, Experiment] = {}
        self.wished: set[Wish] = set()
        self.fault = ""
        self._ask = ask

    def connect(self, ask: Callable[[Wish], None]) -> None:
        """Pass wishes on to somebody from now on."""
        self._ask = ask

    def ask(self, wish: Wish) -> None:
        """Pass a wish on, once."""
        if wish not in self.wished:
            self.wished.add(wish)
            self._ask(wish)

    def take(self, news: News) -> None:
        """Take note of a piece; what is told again replaces what was told before."""
        match news:
            case Plan():
                self.plan = news
            case Work():
                self.work = news
            case Model():
                self.model = news
            case Data():
                self.data = news
            case Unseen():
                self.tests = news
            case Losses():
                kept = self.losses[news.phase]
                # A training that was interrupted takes its last steps again.
                del kept[news.first_step - 1 :]
                kept.extend(float(value) for value in news.values)
            case Epoch():
                self.epochs[news.number] = news
            case Trained():
                self.trained = news
            case Drive():
                self.drives[news.network] = news
            case Look():
                self.looks[news.network, news.sight.name] = news
            case Favourites():
                self.favourites[news.network] = news
            case Quiz():
                self.quiz = news
            case Lesson():
                self.lessons[news.frames] = news
            case Experiment():
                self.experiments[news.name] = news
            case Ended():
                self.work = None
                self.fault = news.fault

    def pieces(self) -> list[News]:
        """Return all that was told, to be kept; what is told of the moment is left out."""
        news: list[News] = [self.plan]
        news += [each for each in (self.model, self.data, self.tests) if each is not None]
        for phase, values in self.losses.items():
            if values:
                news.append(Losses(phase, 1, np.array(values, np.float32)))
        news += self.epochs.values()
        news += [self.trained] if self.trained is not None else []
        news += [*self.drives.values(), *self.looks.values(), *self.favourites.values()]
        news += [*([] if self.quiz is None else [self.quiz]), *self.lessons.values(), *self.experiments.values()]
        return news

    def all_losses(self) -> NDArray[np.float32]:
        """Return the losses of both phases, one after the other."""
        return np.array([value for phase in PHASES for value in self.losses[phase]], np.float32)
