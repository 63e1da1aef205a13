"""A drive that can be stepped, restarted and summed up: what the window and the headless run have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sim.camera import Camera
from sim.control import DriverConfig
from sim.faults import Fault
from sim.loop import Eyes, Tick, drive
from sim.render import Painter
from sim.vehicle import CONTROL_HZ, STEP_S, Control
from sim.viewer.film import Film, check_film_path
from sim.viewer.layout import BASE_SIZE_PX
from sim.viewer.strip import History
from sim.viewer.view import ViewOptions, compose_view
from sim.world import World

Judge = Callable[[Tick], str | None]
"""Is shown each tick of a drive in order; answers None until the drive is over, then with the sentence that ends it."""

ENDING_FRAMES = 2 * CONTROL_HZ
"""A film stays on its end for two seconds, so that it can be read."""

Override = Callable[[World, Control], Control]


@dataclass(frozen=True, slots=True)
class DriveSetup:
    """What to drive, and who drives.

    Attributes:
        start: Makes the world of a seed, at the start of the drive.
        eyes: What turns captures into percepts.
        driver_for: How the driver drives in a world.
        judge_for: Makes a judge for the drive that starts with a world, or None for no judge.
        onward: Lays more road ahead of a drive without end, or None.
        fault_for: Says what fails in the drive that starts with a world, or None.
        camera: The car's camera.
    """

    start: Callable[[int], World]
    eyes: Eyes
    driver_for: Callable[[World], DriverConfig]
    judge_for: Callable[[World], Judge] | None = None
    onward: Callable[[World], World] | None = None
    fault_for: Callable[[World], Fault | None] | None = None
    camera: Camera = field(default_factory=Camera)


@dataclass(frozen=True, slots=True)
class DriveSummary:
    """What became of a drive.

    Attributes:
        seed: The seed of the last world that was driven.
        steps: Ticks of that drive.
        time_s: How long it lasted in the world.
        distance_m: How far the car came along its road.
        finished: Whether the route's end was reached.
        verdict: The judge's sentence, or None.
        film: Where the film is, or None.
        film_frames: How many pictures it has.
    """

    seed: int
    steps: int
    time_s: float
    distance_m: float
    finished: bool
    verdict: str | None
    film: Path | None
    film_frames: int


class Session:
    """One drive after another, a tick at a time; holds the generator, the last tick and its history.

    Args:
        setup: What to drive.
        seed: The first world.
        override: What may take the wheel.
        want_frame: Whether to draw frames even for eyes that need none.
        want_truth: Whether to work out the truth even for eyes that need none.

    Attributes:
        setup: What is driven.
        seed: The world that is driven.
        tick: The last turn of the loop; None before the first.
        history: The last ten seconds.
        verdict: The judge's sentence, or None.
        steps: Ticks of this drive.
    """

    def __init__(
        self,
        setup: DriveSetup,
        seed: int,
        *,
        override: Override | None = None,
        want_frame: bool = True,
        want_truth: bool = False,
    ) -> None:
        self.setup = setup
        self._override = override
        self._want_frame = want_frame
        self._want_truth = want_truth
        self._painter = Painter(setup.camera)
        self.seed = seed
        self.tick: Tick | None = None
        self.history = History()
        self.verdict: str | None = None
        self.steps = 0
        self._start_s_m = 0.0
        self._judge: Judge | None = None
        self._ticks: Iterator[Tick] = self._begin()

    def restart(self, seed: int) -> None:
        """Begin a drive anew, with this seed's world."""
        self.seed = seed
        self._ticks = self._begin()

    def _begin(self) -> Iterator[Tick]:
        setup = self.setup
        world = setup.start(self.seed)
        self.tick = None
        self.history = History()
        self.verdict = None
        self.steps = 0
        self._start_s_m = world.ego_s_m
        self._judge = setup.judge_for(world) if setup.judge_for is not None else None
        return drive(
            world,
            setup.eyes,
            setup.driver_for(world),
            camera=setup.camera,
            painter=self._painter,
            want_frame=self._want_frame,
            want_truth=self._want_truth,
            override=self._override,
            onward=setup.onward,
            fault=setup.fault_for(world) if setup.fault_for is not None else None,
        )

    def step(self) -> Tick:
        """Turn the loop once and return what came of it."""
        tick = next(self._ticks)
        self.tick = tick
        self.steps += 1
        self.history = self.history.with_tick(tick)
        if self._judge is not None:
            self.verdict = self._judge(tick)
        return tick

    @property
    def finished(self) -> bool:
        """Whether the route's end is reached."""
        return self.tick is not None and self.tick.world.finished

    @property
    def over(self) -> bool:
        """Whether there is nothing left to see: the route's end is reached, or the judge has spoken."""
        return self.finished or self.verdict is not None

    def ending(self) -> str:
        """Return the sentence that ends a drive."""
        return self.verdict or ("The route's end is reached." if self.finished else "")

    def summary(self, film: Film | None = None) -> DriveSummary:
        """Return what became of the drive so far."""
        world = None if self.tick is None else self.tick.world
        here_m = self._start_s_m if world is None else world.ego_s_m + world.scene.dropped_m
        return DriveSummary(
            seed=self.seed,
            steps=self.steps,
            time_s=self.steps * STEP_S,
            distance_m=here_m - self._start_s_m,
            finished=self.finished,
            verdict=self.verdict,
            film=None if film is None else film.path,
            film_frames=0 if film is None else film.frames,
        )


class Recorder:
    """Records a session's ticks, each as one picture of the same size.

    Args:
        film: An open film.
        size_px: The pictures' size.
    """

    def __init__(self, film: Film, size_px: tuple[int, int] = BASE_SIZE_PX) -> None:
        self.film = film
        self._size_px = size_px

    def add(self, session: Session, *, show_truth: bool, state: str = "") -> None:
        """Record the session's last tick.

        Raises:
            StorageError: If the film cannot be written.
        """
        if session.tick is not None:
            self.film.add(
                compose_view(session.tick, session.history, self._size_px, _options(session, show_truth, state))
            )

    def add_ending(self, session: Session, *, show_truth: bool) -> None:
        """Hold the last picture for a while under the sentence that ends the drive, if there is one.

        Raises:
            StorageError: If the film cannot be written.
        """
        if session.tick is None or not session.ending():
            return
        options = replace(_options(session, show_truth), banner=session.ending())
        picture = compose_view(session.tick, session.history, self._size_px, options)
        for _ in range(ENDING_FRAMES):
            self.film.add(picture)


def _options(session: Session, show_truth: bool, state: str = "") -> ViewOptions:
    return ViewOptions(session.setup.eyes.name, show_truth, state, seed=session.seed, camera=session.setup.camera)


def run_headless(
    setup: DriveSetup,
    seed: int,
    *,
    max_steps: int,
    film: Path | None = None,
    size_px: tuple[int, int] = BASE_SIZE_PX,
    show_truth: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> DriveSummary:
    """Drive without a window until the drive is over or for `max_steps`, and record a film if asked to.

    Args:
        setup: What to drive.
        seed: Which world.
        max_steps: After how many 20 Hz steps to stop at the latest.
        film: Where to record, or None.
        size_px: The film's size.
        show_truth: Whether the film shows the true boxes.
        progress: Is told how many steps are done, and how many there are at most.

    Raises:
        ValueError: If `max_steps` is not positive.
        FilmError: If the film's suffix is unknown.
        StorageError: If the film cannot be written.
    """
    if max_steps < 1:
        raise ValueError(f"Expected max_steps of at least 1. Received: {max_steps}.")
    if film is None:
        session = Session(setup, seed, want_frame=False)
        for _ in _steps(session, max_steps, progress):
            pass
        return session.summary()
    check_film_path(film)
    session = Session(setup, seed, want_truth=show_truth)
    with Film(film) as reel:
        recorder = Recorder(reel, size_px)
        for _ in _steps(session, max_steps, progress):
            recorder.add(session, show_truth=show_truth)
        recorder.add_ending(session, show_truth=show_truth)
    return session.summary(reel)


def _steps(session: Session, max_steps: int, progress: Callable[[int, int], None] | None) -> Iterator[Tick]:
    for done in range(1, max_steps + 1):
        yield session.step()
        if progress is not None:
            progress(done, max_steps)
        if session.over:
            return
