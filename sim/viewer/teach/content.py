"""What a tour tells, piece by piece: plain values and arrays, sent by whoever teaches a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sim.percept import Box, ObjectKind


class Network(StrEnum):
    """Which network answers; the value is its name on the pages."""

    UNTRAINED = "untrained"
    TRAINED = "trained just now"
    SHIPPED = "shipped with Rolling Stop"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a frame, true or believed.

    Attributes:
        kind: What it is.
        box: Where, in pixels.
        score: How sure the network is, 0 to 1; 1 for what is true.
        distance_m: How far it is.
        asked: Whether the network is to find it: near enough, and enough of it visible. True for what is believed.
    """

    kind: ObjectKind
    box: Box
    score: float
    distance_m: float
    asked: bool


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A frame and what is true of it.

    Attributes:
        name: How it can be found again: "frame 12".
        rgb: uint8, shape (height, width, 3).
        truths: What is in it.
    """

    name: str
    rgb: NDArray[np.uint8] = field(repr=False)
    truths: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share that was measured: `hits` of `n`, with its 95 % interval; NaN where there was nothing to measure."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; NaN of nothing."""
        return self.hits / self.n if self.n else float("nan")


@dataclass(frozen=True, slots=True)
class Plan:
    """What this tour will do.

    Attributes:
        seed: Of everything that is drawn and trained.
        recipe: The recipe of its frames.
        data_seed: Of the frames to learn from.
        frames: How many are generated to learn from.
        closeup_steps: Steps on close-ups of signs.
        epochs: Passes over whole frames after that.
        batch: Frames in a step.
        volume_frames: How many frames each network of the chapter on volume learns from.
        volume_steps: Steps that each of them takes.
        volume_repeats: How many networks learn from each number of frames, which differ by chance alone.
        quick: Whether it is the short tour.
    """

    seed: int
    recipe: str
    data_seed: int
    frames: int
    closeup_steps: int
    epochs: int
    batch: int
    volume_frames: tuple[int, ...]
    volume_steps: int
    volume_repeats: int
    quick: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What the other process does at present.

    Attributes:
        words: In words: "Drawing frames to learn from".
        done: How much of it.
        total: Of how much; 0 if that is not known.
    """

    words: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the network.

    Attributes:
        name: Its name in the code.
        kind: Its class: "Conv2D".
        shape: What it puts out for one frame: height, width, channels; or units.
        parameters: How many numbers in it are learned.
        kernel: Shape of its weights: height, width, channels in, channels out; or units in, units out; () for none.
        stride: Pixels from one place that it looks at to the next.
        dilation: Pixels between those that it looks at together.
        inputs: The layers of this list that it reads.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    kernel: tuple[int, ...]
    stride: int
    dilation: int
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The network as it was built.

    Attributes:
        layers: From the picture to the answers.
        sight: A real frame, for the convolution.
        kernels: Weights of the first layer by network, float32, shape (3, 3, 3, filters): rows, columns, colours.
        biases: Of the same, shape (filters,).
        scale: What pixel values are multiplied with before.
        offset: What is added then.
        stride: Of that layer.
    """

    layers: tuple[Layer, ...]
    sight: Sight
    kernels: dict[Network, NDArray[np.float32]] = field(repr=False)
    biases: dict[Network, NDArray[np.float32]] = field(repr=False)
    scale: float
    offset: float
    stride: int


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What the frames to learn from hold, counted.

    Attributes:
        count: How many frames.
        bytes: Of them on the disk.
        seconds: How long drawing them took; 0 if they were there.
        kinds: How many of each kind are labelled.
        unasked: How many more are too hidden or too far to be asked for.
        distances_m: Of each stop sign that is asked for, float32, shape (n,).
        scenes: How many frames by day, at dusk, in town, in the country.
        variants: The commonest things that are no stop sign, and how many of each.
        without_sign: Frames in which there is no stop sign to find.
    """

    count: int
    bytes: int
    seconds: float
    kinds: dict[str, int]
    unasked: int
    distances_m: NDArray[np.float32] = field(repr=False)
    scenes: dict[str, int]
    variants: dict[str, int]
    without_sign: int


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """Frames that no network of the tour has learned from.

    Attributes:
        sights: They.
        shown: Indices of those that are watched while the network learns.
    """

    sights: tuple[Sight, ...]
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """How wrong the network was in some steps that follow each other.

    Attributes:
        phase: "closeups" or "frames".
        first_step: The first of them, from 1, counted within the phase.
        values: One for each, float32.
    """

    phase: str
    first_step: int
    values: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Epoch:
    """What the network answers after a part of its training.

    Attributes:
        number: Which part; 0 is before the first step.
        phase: "", "closeups" or "frames": what it ended.
        step: Steps taken in both phases by then.
        answers: What it believes of each watched frame.
        found: Stop signs found in all test frames, of those to find.
        false: Things taken for a stop sign that are none, in all test frames.
    """

    number: int
    phase: str
    step: int
    answers: tuple[tuple[Thing, ...], ...]
    found: Estimate
    false: int


@dataclass(frozen=True, slots=True)
class Trained:
    """The end of the training.

    Attributes:
        weights: Where what was learned lies.
        seconds: How long it took, in all its parts.
        answers: What each network believes of every test frame.
        found: Stop signs found.
        false: Things taken for one.
    """

    weights: str
    seconds: float
    answers: dict[Network, tuple[tuple[Thing, ...], ...]]
    found: dict[Network, Estimate]
    false: dict[Network, int]


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One moment of a drive.

    Attributes:
        jpeg: What the camera saw, uint8.
        things: What the network believed.
        speed_mps: How fast the car was.
        gap_m: From its bumper to the stop line ahead; NaN if there is none.
        phase: What the driver did.
        reason: Why, in words.
    """

    jpeg: NDArray[np.uint8] = field(repr=False)
    things: tuple[Thing, ...]
    speed_mps: float
    gap_m: float
    phase: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """A short drive on a road that no network has seen.

    Attributes:
        network: Who drove.
        seed: Of the world.
        hz: Moments a second.
        moments: They.
        verdict: What happened at the stop line, measured.
    """

    network: Network
    seed: int
    hz: int
    moments: tuple[Moment, ...] = field(repr=False)
    verdict: str


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One layer's answer to a frame.

    Attributes:
        layer: Its name.
        caption: The level that such layers mostly stand at: "edges, colours".
        shape: Height, width and channels of its answer.
        sees_px: How wide a part of the frame one place in it depends on.
        numbers: Channels shown.
        maps: Their answers, uint8, shape (channels, height, width); 255 is each one's strongest.
        peaks: Their strongest answers.
    """

    layer: str
    caption: str
    shape: tuple[int, ...]
    sees_px: int
    numbers: tuple[str, ...]
    maps: NDArray[np.uint8] = field(repr=False)
    peaks: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame's way through one network.

    Attributes:
        network: Which.
        sight: The frame.
        levels: From the picture to the decision.
        answers: What it believes in the end.
    """

    network: Network
    sight: Sight
    levels: tuple[Level, ...]
    answers: tuple[Thing, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Favourite:
    """The parts of test frames to which one channel answers most.

    Attributes:
        channel: Its number.
        patches: uint8, shape (count, side, side, 3), the strongest first.
        on_signs: How many of them touch a stop sign's box.
    """

    channel: int
    patches: NDArray[np.uint8] = field(repr=False)
    on_signs: int


@dataclass(frozen=True, slots=True, eq=False)
class Favourites:
    """What the channels of some layers answer to most, in one network.

    Attributes:
        network: Which.
        frames: Over how many frames.
        layers: Name, caption, how many pixels wide a place sees, channels in all, and the channels shown.
    """

    network: Network
    frames: int
    layers: tuple[tuple[str, str, int, int, tuple[Favourite, ...]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Quiz:
    """What networks are asked that learned from little and from much: is it a stop sign?

    Attributes:
        frames: From so many frames that nobody learned from, all was cut out that they are asked about.
        cuttings: How many that is.
        stop_signs: How many of them show a stop sign.
        parameters: Weights of each network.
        shown: Some of the cuttings, uint8, shape (n, side, side, 3).
        answers: Whether each of these shows one, shape (n,).
    """

    frames: int
    cuttings: int
    stop_signs: int
    parameters: int
    shown: NDArray[np.uint8] = field(repr=False)
    answers: NDArray[np.bool_] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Networks that learned from so many frames, alike but for chance: their first weights, and the order.

    Attributes:
        frames: How many.
        steps: Steps that each took.
        batch: Cuttings in a step.
        cuttings: How many there were to learn from.
        precisions: The average precision of each on the quiz.
        beliefs: How sure they are, in the mean, that each of the shown cuttings is a stop sign.
        here: Whether they learned in this tour, or beforehand.
    """

    frames: int
    steps: int
    batch: int
    cuttings: int
    precisions: tuple[float, ...]
    beliefs: tuple[float, ...]
    here: bool

    @property
    def mean(self) -> float:
        """The mean of the average precisions."""
        return sum(self.precisions) / len(self.precisions)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One picture of an experiment.

    Attributes:
        words: What is done to it: "with stickers".
        sight: The frame; its first truth is the thing in question.
        beliefs: How sure each network is that a stop sign is in that place.
    """

    words: str
    sight: Sight
    beliefs: dict[Network, float]


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """Pictures that differ in one thing alone.

    Attributes:
        name: "stickers", "shirt" or "shapes".
        trials: They.
    """

    name: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The other process has no more to tell; with the words of what went wrong, if anything did."""

    fault: str


News = (
    Plan
    | Work
    | Model
    | Data
    | Unseen
    | Losses
    | Epoch
    | Trained
    | Drive
    | Look
    | Favourites
    | Quiz
    | Lesson
    | Experiment
    | Ended
)


class Wish(StrEnum):
    """What a page can ask of the other process."""

    TRAIN = "train"
    STOP = "stop"
