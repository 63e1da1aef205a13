"""The one closed loop: look, see, decide, move.

The window, the recorder, the judge and every test consume this generator; none has a loop of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from sim.camera import Camera, CameraFrame
from sim.control import DriverConfig, DriverMemory, decide
from sim.control.evidence import MIN_SCORE
from sim.faults import Capture, Fault, FaultyLine
from sim.health import measure_health
from sim.percept import Percept
from sim.render import Painter
from sim.truth import perfect_percept
from sim.vehicle import STEP_S, Control
from sim.world import World, advance

__all__ = ["BlindEyes", "Capture", "Eyes", "NetworkEyes", "OracleEyes", "Tick", "drive"]

SURE_SCORE = 0.85
"""Of stop signs within 40 m, what eyes that look twice score in most frames even if the word is foreign; 0.94 would be
right for STOP alone, and in a trial one drive of five went past a sign that says something else."""


class Eyes(Protocol):
    """Something that turns a capture into a percept.

    Attributes:
        name: "network", "oracle" or "blind".
        needs_frame: Whether `see` reads the frame.
        needs_truth: Whether `see` reads the truth; false for anything that may claim to perceive.
        sure_score: What stop signs near by hardly ever score less than; the driver is told, as of any sensor.
    """

    @property
    def name(self) -> str:
        """What they are called in reports."""
        ...

    @property
    def needs_frame(self) -> bool:
        """Whether they read the frame."""
        ...

    @property
    def needs_truth(self) -> bool:
        """Whether they read the truth."""
        ...

    @property
    def sure_score(self) -> float:
        """What stop signs near by hardly ever score less than."""
        ...

    def __call__(self, step: int, capture: Capture) -> Percept:
        """Return what they see of a moment."""
        ...


@dataclass(frozen=True, slots=True)
class NetworkEyes:
    """Eyes that are handed the camera frame alone."""

    perceive: Callable[[CameraFrame], Percept]
    name: str = "network"
    needs_frame: bool = True
    needs_truth: bool = False
    sure_score: float = MIN_SCORE

    def __call__(self, step: int, capture: Capture) -> Percept:
        """Return what the network believes of the frame."""
        if capture.frame is None:
            raise ValueError("Expected a frame for the network to see. Received: None.")
        return replace(self.perceive(capture.frame), health=measure_health(capture.frame.rgb))


@dataclass(frozen=True, slots=True)
class OracleEyes:
    """Perfect eyes, which read the truth: the proof that controller and scenario are sound."""

    name: str = "oracle"
    needs_frame: bool = False
    needs_truth: bool = True
    sure_score: float = SURE_SCORE

    def __call__(self, step: int, capture: Capture) -> Percept:
        """Return the truth as a percept."""
        if capture.truth is None:
            raise ValueError("Expected the truth for the oracle to read. Received: None.")
        return perfect_percept(capture.truth)


@dataclass(frozen=True, slots=True)
class BlindEyes:
    """Eyes that find no sign, no car and no stop line: the proof that a scenario has teeth.

    The lane alone is given, so that a blind run fails for what it did not see, not for leaving the road at once.
    """

    name: str = "blind"
    needs_frame: bool = False
    needs_truth: bool = True
    sure_score: float = SURE_SCORE

    def __call__(self, step: int, capture: Capture) -> Percept:
        """Return the lane and nothing else."""
        if capture.truth is None:
            raise ValueError("Expected the truth for the lane. Received: None.")
        return Percept(step, lane=perfect_percept(capture.truth).lane)


@dataclass(frozen=True, slots=True)
class Tick:
    """One turn of the loop: what was, what was seen of it, and what the driver asked for."""

    world: World
    capture: Capture
    percept: Percept
    memory: DriverMemory
    control: Control


def drive(
    world: World,
    eyes: Eyes,
    driver: DriverConfig,
    *,
    camera: Camera | None = None,
    painter: Painter | None = None,
    want_frame: bool = False,
    want_truth: bool = False,
    override: Callable[[World, Control], Control] | None = None,
    onward: Callable[[World], World] | None = None,
    fault: Fault | None = None,
    memory: DriverMemory | None = None,
) -> Iterator[Tick]:
    """Drive without end; the consumer stops when it has seen enough.

    Args:
        world: Where to start.
        eyes: What turns each capture into a percept.
        driver: How the driver drives; how sure its eyes are is told by them.
        camera: The camera, if not the standard one.
        painter: What draws frames and labels; made here if not given. Holds caches, no state of the drive.
        want_frame: Draw a frame at each step though the eyes do not need it.
        want_truth: Work out the truth at each step though the eyes do not need it.
        override: What may take the wheel: given the world and the driver's control, returns the control to apply.
        onward: Lays more road ahead of a drive without end; called with each world before it is looked at.
        fault: What breaks between the world and the driver, or None.
        memory: What the driver remembers at the start, to go on with a drive from one of its ticks; nothing if not
            given.

    Yields:
        A tick for each 20 Hz step, before the world moves on.
    """
    painter = painter or Painter(camera or Camera())
    memory = memory or DriverMemory()
    driver = replace(driver, sure_score=eyes.sure_score)
    line = FaultyLine(fault, eyes) if fault is not None else None
    want_frame = want_frame or eyes.needs_frame or (fault is not None and fault.in_picture)
    while True:
        if onward is not None:
            world = onward(world)
        frame, truth = painter.look(world, frame=want_frame, truth=want_truth or eyes.needs_truth)
        capture = Capture(frame, truth)
        own = world.ego.own_motion
        if line is None:
            percept = eyes(world.step, capture)
        else:
            (capture, percept), own = line.look(world.step, capture), line.feel(world.step, own)
        memory, control = decide(memory, percept, own, STEP_S, driver, step=world.step)
        if override is not None:
            control = override(world, control)
            # What the car does is held against what was asked of it, whoever asked: else the driver mistrusts a sensor.
            memory = replace(memory, asked=control)
        yield Tick(world, capture, percept, memory, control)
        world = advance(world, control, STEP_S)
