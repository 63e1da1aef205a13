"""A person's eyes and the network's on the very same frames: "a stop sign for you?", yes or no."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binomtest

from perception.comparison.frames import stop_signs
from perception.evaluate import BANDS
from perception.perceiver import Perceiver
from perception.pipeline import decode_image
from perception.scores import Measure
from sim.camera import CameraFrame
from sim.errors import DatasetError
from sim.files import write_atomically
from sim.percept import ObjectKind
from sim.recording import Dataset, Example
from sim.seeding import Stream, stream

ASKED_BANDS = ("8-15", "15-25", "25-40", "40-55", "55-90")
NO_SIGN = "no sign"

UNCALIBRATED = 0.5
"""The threshold of weights whose card names none."""

_PERSON, _NETWORK = "#c77700", "#1f5f99"


@dataclass(frozen=True, slots=True)
class Case:
    """One frame that is asked about.

    Attributes:
        example: The frame with its truth.
        group: The band of the nearest stop sign's distance, or `NO_SIGN`.
    """

    example: Example
    group: str

    @property
    def truth(self) -> bool:
        """Whether yes is right."""
        return self.group != NO_SIGN


@dataclass(frozen=True, slots=True)
class Eyes:
    """How often one pair of eyes was right: in each group, among signs, and in all; exact 95 % intervals."""

    groups: dict[str, Measure]
    all: Measure


@dataclass(frozen=True, slots=True)
class PeopleScores:
    """A person and the network on the same frames.

    Attributes:
        shown_s: How long each frame was meant to be shown.
        seen_s: How long each was, in the median.
        threshold: The network says yes to a frame in which it finds a stop sign with at least this score.
        person: The person's.
        network: The network's.
        frames: Index, group and both answers of each frame.
    """

    shown_s: float
    seen_s: float
    threshold: float
    person: Eyes
    network: Eyes
    frames: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


def choose_cases(dataset: Dataset, count: int, seed: int) -> list[Case]:
    """Return frames in random order: half with a stop sign, as many in each band of distance, and half without.

    Frames that leave it open are left out: signs less than half visible, of other approaches, or too far.

    Args:
        dataset: Where they are drawn from.
        count: How many; rounded up to ten a round: one of each band, and five without.
        seed: Of the draw.

    Raises:
        DatasetError: If the data set has too few of a kind.
    """
    each = -(-count // (2 * len(ASKED_BANDS)))
    wanted = dict.fromkeys(ASKED_BANDS, each) | {NO_SIGN: each * len(ASKED_BANDS)}
    found: dict[str, list[Case]] = {group: [] for group in wanted}
    order = stream(seed, Stream.SHUFFLE, 3_000_000)
    for example in dataset.examples():
        group = _group(example)
        if group in found:
            found[group].append(Case(example, group))
    for group, cases in found.items():
        if len(cases) < wanted[group]:
            raise DatasetError(
                f"Expected at least {wanted[group]} frames of '{group}' in {dataset.path}. Received: {len(cases)}.",
                hint="Ask for fewer --frames, or choose a larger --test.",
            )
    chosen = [
        cases[int(place)]
        for group, cases in found.items()
        for place in order.choice(len(cases), wanted[group], replace=False)
    ]
    return [chosen[int(place)] for place in order.permutation(len(chosen))]


def _group(example: Example) -> str | None:
    """Return the group of a frame; None where the answer is open."""
    signs = stop_signs(example)
    if not signs:
        return NO_SIGN
    if not all(sign.counts for sign in signs):
        return None
    nearest_m = min(sign.distance_m for sign in signs)
    return next((band for band in ASKED_BANDS if BANDS[band][0] <= nearest_m < BANDS[band][1]), None)


def threshold_of(perceiver: Perceiver) -> float:
    """Return the score at which the network's precision was 0.97 on frames held back from training."""
    scores = perceiver.card.scores if perceiver.card is not None else {}
    told = scores.get("stop_sign", {}).get("threshold_97")
    return UNCALIBRATED if told is None else float(told)


def ask_network(cases: Sequence[Case], perceiver: Perceiver, threshold: float) -> list[bool]:
    """Return whether the network finds a stop sign in each frame."""
    said: list[bool] = []
    for case in cases:
        rgb = decode_image(case.example, perceiver.camera)
        percept = perceiver(CameraFrame(case.example.truth.step, rgb, perceiver.camera))
        said.append(any(d.kind is ObjectKind.STOP_SIGN and d.score >= threshold for d in percept.detections))
    return said


def score_people(
    cases: Sequence[Case],
    person: Sequence[bool],
    network: Sequence[bool],
    threshold: float,
    shown_s: float,
    seen_s: Sequence[float],
) -> PeopleScores:
    """Score both on the frames that the person answered."""
    answered = list(zip(cases, person, network, strict=False))[: len(person)]
    rows = [
        {"index": case.example.index, "group": case.group, "person": mine, "network": its}
        for case, mine, its in answered
    ]
    right = [(case.group, mine is case.truth, its is case.truth) for case, mine, its in answered]
    return PeopleScores(
        shown_s=shown_s,
        seen_s=float(np.median(seen_s)) if len(seen_s) else 0.0,
        threshold=threshold,
        person=_eyes([(group, mine) for group, mine, _ in right]),
        network=_eyes([(group, its) for group, _, its in right]),
        frames=rows,
    )


def _eyes(right: Sequence[tuple[str, bool]]) -> Eyes:
    groups = {name: exact_share([hit for group, hit in right if group == name]) for name in (*ASKED_BANDS, NO_SIGN)}
    return Eyes(groups, exact_share([hit for _, hit in right]))


def exact_share(hits: Sequence[bool]) -> Measure:
    """Return a share with its exact interval (Clopper and Pearson 1934)."""
    n, k = len(hits), sum(hits)
    if n == 0:
        return Measure(None, None, None, 0)
    interval = binomtest(k, n).proportion_ci(0.95, method="exact")
    return Measure(k / n, float(interval.low), float(interval.high), n)


def draw_people(scores: PeopleScores) -> Figure:
    """Return the figure: how often each was right, by distance."""
    figure = Figure(figsize=(9.6, 5.4), dpi=120, layout="constrained")
    axes: Any = figure.add_subplot()
    groups = list(scores.person.groups)
    for shift, (name, eyes, colour) in enumerate(
        (
            (f"you, {scores.seen_s:.2f} s a frame", scores.person, _PERSON),
            (f"the network, yes from a score of {scores.threshold:.2f}", scores.network, _NETWORK),
        )
    ):
        for place, group in enumerate(groups):
            share = eyes.groups[group]
            if share.value is None or share.low is None or share.high is None:
                continue
            at = place + 0.4 * (shift - 0.5)
            label = f"{name}: {_words(eyes.all)} of all right" if place == _first(eyes) else None
            axes.bar(at, share.value, 0.36, color=colour, alpha=0.85, label=label)
            reach = [[share.value - share.low], [share.high - share.value]]
            axes.errorbar(at, share.value, yerr=reach, color="black", capsize=3, linewidth=1)
            axes.text(at, 0.02, f"{round(share.value * share.n)}/{share.n}", ha="center", color="white", fontsize=8)
    axes.axhline(0.5, color="#888888", linestyle=":", linewidth=1)
    axes.set_xticks(range(len(groups)), [group if group == NO_SIGN else f"{group} m" for group in groups])
    axes.set(
        title='"A stop sign for you?" The same frames, asked of a person and of the network; exact 95 % intervals',
        xlabel="distance of the nearest stop sign",
        ylabel="share answered rightly",
        ylim=(0, 1.16),
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper center", ncols=1, fontsize=9)
    axes.set_ylim(0, 1.28)
    axes.set_yticks(np.linspace(0, 1, 6))
    return figure


def _first(eyes: Eyes) -> int:
    return next((k for k, share in enumerate(eyes.groups.values()) if share.n), 0)


def _words(share: Measure) -> str:
    return "-" if share.value is None else f"{share.value:.0%}"


def write_people(scores: PeopleScores, folder: Path) -> NDArray[np.uint8]:
    """Write people.json and people.png; return the picture, uint8 rgb.

    Raises:
        StorageError: If they cannot be written.
    """
    page = io.BytesIO()
    FigureCanvasAgg(draw_people(scores)).print_png(page)
    write_atomically(folder / "people.png", page.getvalue())
    write_atomically(folder / "people.json", (json.dumps(scores.to_dict(), indent=2) + "\n").encode())
    bgr = cv2.imdecode(np.frombuffer(page.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
