"""What the layers panel needs of a network: pictures of what each layer makes of a frame, and when to ask for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.camera import CameraFrame

SHARE_OF_TIME = 0.2
"""The most of the window's time that looking into the network may take; the rest is for driving and drawing."""

SHORTEST_S = 0.1
"""Pictures that change more often than this are no longer looked at."""


@dataclass(frozen=True, slots=True)
class MapPicture:
    """One channel of a layer.

    Attributes:
        name: "ch 12", or what it stands for: "stop sign".
        grey: How strongly it answers at each place, uint8, shape (height, width); 255 is its strongest. Of a hidden
            layer it goes by the square root, as weak answers count too; of the decision it is the belief itself.
        peak: Its strongest answer.
    """

    name: str
    grey: NDArray[np.uint8]
    peak: float


@dataclass(frozen=True, slots=True)
class LookAgain:
    """One thing that was cut out of the frame and judged a second time.

    Attributes:
        name: What the first look took it for: "stop sign".
        cuttings: What was cut out: the thing, and its surroundings; uint8 rgb, all of one square shape (n, n, 3).
        first: How much the first look believed in it.
        answer: What the second look takes it for.
        share: How sure the second look is of that.
        score: How much both together believe in it.
    """

    name: str
    cuttings: tuple[NDArray[np.uint8], ...]
    first: float
    answer: str
    share: float
    score: float


@dataclass(frozen=True, slots=True)
class LayerView:
    """What one layer makes of a frame.

    Attributes:
        name: The layer's: "stem_2_1".
        caption: What kind of thing it answers to, in a word or two.
        detail: How many channels it has, and at which share of the frame's resolution.
        maps: Its strongest channels, the strongest first.
        again: In place of maps, of a second look: what was looked at again, the most believed first.
        over_camera: Whether its one map belongs over the camera's picture, and not into a column: where in the frame
            the answer that names it comes from.
    """

    name: str
    caption: str
    detail: str
    maps: tuple[MapPicture, ...]
    again: tuple[LookAgain, ...] | None = None
    over_camera: bool = False


class LayerViews(Protocol):
    """Looks into a network while it looks at a frame."""

    def __call__(self, frame: CameraFrame, *, attention: bool = False) -> Sequence[LayerView]:
        """Return its layers from the picture to the decision.

        Args:
            frame: What it looks at.
            attention: Whether it is asked, too, where in the frame its belief in a stop sign comes from.
        """
        ...


@dataclass(frozen=True, slots=True)
class LayerShot:
    """What a network's layers made of one frame.

    Attributes:
        step: Which moment's frame.
        views: The layers, from the picture to the decision.
    """

    step: int
    views: tuple[LayerView, ...]

    @property
    def attention(self) -> LayerView | None:
        """What belongs over the camera's picture; None if nobody asked for it."""
        return next((view for view in self.views if view.over_camera), None)


class LayerFeed:
    """Asks for new pictures as often as their cost allows.

    Args:
        clock: Tells the time in seconds, for measuring what a look costs.

    Attributes:
        shot: The last pictures, or None.
        cost_s: What a look took last.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.shot: LayerShot | None = None
        self.cost_s = 0.0
        self._clock = clock
        self._due_s = 0.0

    def forget(self) -> None:
        """Forget what was shown, as when other weights see."""
        self.shot = None
        self._due_s = 0.0

    def refresh(
        self, look: LayerViews, frame: CameraFrame, now_s: float, *, at_once: bool = False, attention: bool = False
    ) -> bool:
        """Look again if it is time; return whether there are new pictures.

        Args:
            look: What looks into the network.
            frame: What it looks at.
            now_s: The window's time.
            at_once: Whether to look whatever it costs, as while the drive stands still.
            attention: Whether to ask what the belief in a stop sign rests on, too.
        """
        if self.shot is not None and self.shot.step == frame.step and not at_once:
            return False
        if now_s < self._due_s and not at_once:
            return False
        started_s = self._clock()
        views = tuple(look(frame, attention=attention))
        self.cost_s = self._clock() - started_s
        self.shot = LayerShot(frame.step, views)
        self._due_s = now_s + max(self.cost_s / SHARE_OF_TIME, SHORTEST_S)
        return True
