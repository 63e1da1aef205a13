"""Replay: what a failed run leaves behind, and whether it happens again.

A bundle is one JSON file: the scenario whole, the run seed, the eyes and the digest of their weights, the versions, the
verdict, and for each tick a digest of the world, the frame, the percept and the driver. Driven again, the first tick
and the first of the four that differ tell where another machine, library or version parts from what was recorded.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

from scenarios.judge import Judge
from scenarios.outcomes import Verdict
from scenarios.run import driver_for, make_eyes, run_scenario
from scenarios.scenario import Scenario, fault_of, start_world
from sim.camera import Camera
from sim.config import STRICT, parse
from sim.errors import ScenarioError
from sim.files import write_atomically
from sim.loop import Eyes, NetworkEyes, Tick
from sim.render import Painter
from sim.viewer.session import DriveSetup
from sim.world import World

FORMAT = 1
"""Raised when bundles of before can no longer be read."""

PARTS = ("world", "frame", "percept", "driver")
"""What is digested of a tick, in the order in which each follows from the one before."""

VERSIONS_OF = ("rollingstop", "numpy", "opencv-python-headless", "pygame", "keras", "tensorflow")

_DIGEST_BYTES = 6


def tick_digest(tick: Tick) -> tuple[str, str, str, str]:
    """Return a digest of each of `PARTS`; the frame's is empty if none was looked at.

    Floats are digested by the shortest text that reads back as the same number: a difference in the last bit shows.
    """
    world, frame = tick.world, tick.capture.frame
    return (
        _digest(repr((world.step, world.ego, world.ego_s_m, world.ego_d_m, world.actors)).encode()),
        "" if frame is None else _digest(frame.rgb.tobytes()),
        _digest(repr(tick.percept).encode()),
        _digest(repr((tick.memory.phase, tick.memory.reason, tick.control)).encode()),
    )


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A run, such that it can be driven again and compared.

    Attributes:
        scenario: What was driven, whole: the file may have changed since.
        run_seed: Which of its worlds.
        eyes: "network", "oracle" or "blind".
        weights: Where the network's weights lay; None for the shipped ones, and for eyes without any.
        weights_sha256: Their digest; empty for eyes without any.
        versions: Of Python and of the libraries that have a part in it.
        machine: Processor and system.
        outcome: The name of the verdict's outcome.
        reason: The verdict's sentence.
        ticks: Of each tick the digest of each of `PARTS`.
        format: Of the bundle.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    scenario: Scenario
    run_seed: int
    eyes: str
    weights: str | None
    weights_sha256: str
    versions: dict[str, str]
    machine: str
    outcome: str
    reason: str
    ticks: tuple[tuple[str, str, str, str], ...]
    format: int = FORMAT

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.scenario.name}-{self.run_seed}.replay.json"


class Recorder:
    """Takes down what a bundle holds while a run is driven.

    Args:
        scenario: What is driven.
        run_seed: Which of its worlds.
        eyes: What the driver sees with.
        weights: Where the network's weights lie, if they are not the shipped ones.
    """

    def __init__(self, scenario: Scenario, run_seed: int, eyes: Eyes, weights: Path | None = None) -> None:
        self._scenario = scenario
        self._run_seed = run_seed
        self._eyes = eyes
        self._weights = weights
        self._ticks: list[tuple[str, str, str, str]] = []

    def see(self, tick: Tick) -> None:
        """Take down the next tick."""
        # A frame that the eyes do not need is not drawn for them, in no run: then its digest is empty in each.
        self._ticks.append(_seen(tick, self._eyes))

    def bundle(self, verdict: Verdict) -> Bundle:
        """Return the bundle of the run, which is over."""
        return Bundle(
            scenario=self._scenario,
            run_seed=self._run_seed,
            eyes=self._eyes.name,
            weights=None if self._weights is None else str(self._weights),
            weights_sha256=weights_sha256(self._eyes),
            versions=_versions(),
            machine=_machine(),
            outcome=verdict.outcome.name,
            reason=verdict.reason,
            ticks=tuple(self._ticks),
        )


def record_bundle(
    scenario: Scenario,
    run_seed: int,
    eyes: Eyes,
    *,
    weights: Path | None = None,
    camera: Camera | None = None,
    painter: Painter | None = None,
) -> Bundle:
    """Drive one run, and return its bundle."""
    recorder = Recorder(scenario, run_seed, eyes, weights)
    verdict = run_scenario(scenario, run_seed, eyes, camera=camera, painter=painter, on_tick=recorder.see)
    return recorder.bundle(verdict)


def _seen(tick: Tick, eyes: Eyes) -> tuple[str, str, str, str]:
    world, frame, percept, driver = tick_digest(tick)
    return world, frame if eyes.needs_frame else "", percept, driver


def weights_sha256(eyes: Eyes) -> str:
    """Return the digest of the weights that eyes see with; empty if they have none."""
    card = getattr(eyes.perceive, "card", None) if isinstance(eyes, NetworkEyes) else None
    return "" if card is None else card.sha256


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONS_OF:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _machine() -> str:
    return f"{platform.machine()}, {platform.system()}"


def write_bundle(bundle: Bundle, folder: Path) -> Path:
    """Write a bundle into a folder, and return where it is.

    Raises:
        StorageError: If it cannot be written.
    """
    path = folder / bundle.name
    write_atomically(path, (json.dumps(asdict(bundle)) + "\n").encode())
    return path


def read_bundle(path: Path) -> Bundle:
    """Read a bundle.

    Raises:
        ScenarioError: If there is none, or it is damaged or of another version.
    """
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ScenarioError(
            f"Expected a replay bundle at {path}. Received: no such file.",
            hint="`rollingstop test --out FOLDER` leaves one for each failed run.",
        ) from None
    except IsADirectoryError:
        raise ScenarioError(
            f"Expected a replay bundle at {path}. Received: a folder.", hint="Name a file *.replay.json in it."
        ) from None
    except (OSError, ValueError) as fault:
        raise ScenarioError(f"Expected a replay bundle at {path}. Received: {fault}.") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        received = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise ScenarioError(
            f"Expected a replay bundle of format {FORMAT} at {path}. Received: {received}.",
            hint="Record it again with this version.",
        )
    return parse(raw, Bundle, ScenarioError, str(path))


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay parts from what was recorded.

    Attributes:
        tick: The first tick that differs.
        part: The first of `PARTS` that differs in it, or "length" where one of the two is over.
    """

    tick: int
    part: str

    @property
    def sentence(self) -> str:
        """What a person reads."""
        if self.part == "length":
            return f"Differs first at tick {self.tick}: one of the two drives is over there."
        return f"Differs first at tick {self.tick}, in the {self.part}."


class Comparison:
    """Holds each tick of a replay against the recorded one.

    Args:
        bundle: What was recorded.
        eyes: What the replay sees with.

    Attributes:
        difference: The first one found, or None.
        verdict: The replay's own, once it is over.
    """

    def __init__(self, bundle: Bundle, eyes: Eyes) -> None:
        self.difference: Difference | None = None
        self.verdict: Verdict | None = None
        self._bundle = bundle
        self._eyes = eyes
        self._judge: Judge | None = None
        self._done = 0

    def begin(self, world: World) -> Callable[[Tick], str | None]:
        """Begin, perhaps anew, with a drive's first world; returns what is to be shown each tick."""
        self.difference = self.verdict = None
        self._judge = Judge(self._bundle.scenario, world)
        self._done = 0
        return self.see

    def see(self, tick: Tick) -> str | None:
        """Compare a tick; answers, once the drive is over, with the sentence that ends it."""
        if self._judge is None:
            raise ValueError("Expected a comparison that has begun: call begin() first.")
        recorded, index = self._bundle.ticks, self._done
        self._done += 1
        if self.difference is None:
            if index >= len(recorded):
                self.difference = Difference(index, "length")
            else:
                pairs = zip(PARTS, recorded[index], _seen(tick, self._eyes), strict=True)
                part = next((name for name, before, now in pairs if before != now), None)
                self.difference = None if part is None else Difference(index, part)
        self._judge.see(tick.world)
        if not self._judge.over:
            return None
        self.verdict = self._judge.verdict(self._bundle.run_seed, self._eyes.name)
        if self.difference is None and self._done < len(recorded):
            self.difference = Difference(self._done, "length")
        return self.verdict.reason


def replay_setup(bundle: Bundle, weights: Path | None = None) -> tuple[DriveSetup, Comparison, tuple[str, ...]]:
    """Return what to drive, what compares it, and in sentences what is not as it was when the bundle was made.

    Args:
        bundle: What was recorded.
        weights: Other weights than the recorded ones, to see whether they do better.

    Raises:
        WeightsError: If the network's weights cannot be used.
    """
    scenario = bundle.scenario
    path = weights or (Path(bundle.weights) if bundle.weights is not None else None)
    eyes = make_eyes(bundle.eyes, path)
    comparison = Comparison(bundle, eyes)
    setup = DriveSetup(
        start=lambda seed: start_world(scenario, seed),
        eyes=eyes,
        driver_for=lambda world: driver_for(world.scene.speed_limit_mps, yields=scenario.yields),
        judge_for=comparison.begin,
        fault_for=lambda world: fault_of(scenario, world),
        camera=Camera(),
    )
    return setup, comparison, tuple(_changes(bundle, weights_sha256(eyes)))


def _changes(bundle: Bundle, sha256: str) -> list[str]:
    changes: list[str] = []
    if sha256 != bundle.weights_sha256:
        changes.append(f"The weights differ: recorded {bundle.weights_sha256[:12]}, now {sha256[:12]}.")
    now = _versions()
    changes += [
        f"{name} differs: recorded {bundle.versions[name]}, now {now.get(name, 'not installed')}."
        for name in bundle.versions
        if bundle.versions[name] != now.get(name)
    ]
    if bundle.machine != _machine():
        changes.append(f"The machine differs: recorded {bundle.machine}, now {_machine()}.")
    return changes
