"""A drive that can be stepped, taken back, changed, restarted and summed up: for windows and headless runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from sim.camera import Camera
from sim.control import DriverConfig, DriverMemory
from sim.faults import Fault
from sim.generate.restyle import Style, restyled
from sim.loop import Capture, Eyes, Tick, drive
from sim.render import Painter
from sim.vehicle import CONTROL_HZ, STEP_S, Control
from sim.viewer.between import between
from sim.viewer.film import Film, check_film_path
from sim.viewer.layers import LayerViews
from sim.viewer.layout import BASE_SIZE_PX
from sim.viewer.strip import History
from sim.viewer.view import ViewOptions, compose_view
from sim.world import World, advance

if TYPE_CHECKING:
    from sim.recording.run_log import RunLog

Judge = Callable[[Tick], str | None]
"""Is shown each tick of a drive in order; answers None until the drive is over, then with the sentence that ends it."""

ENDING_FRAMES = 2 * CONTROL_HZ
"""A film stays on its end for two seconds, so that it can be read."""

REWIND_STEPS = 60 * CONTROL_HZ
"""How far back a window can go: a minute."""

Override = Callable[[World, Control], Control]


@dataclass(frozen=True, slots=True)
class Score:
    """One line of a judge's score.

    Attributes:
        what: What was expected: "stop line 1".
        held: Whether it held.
        words: What happened, with numbers.
    """

    what: str
    held: bool
    words: str


@runtime_checkable
class ScoringJudge(Protocol):
    """A judge that can say more than one sentence."""

    def __call__(self, tick: Tick) -> str | None:
        """Take note of a tick; answer once the drive is over."""
        ...

    def scores(self) -> tuple[Score, ...]:
        """Return each expectation held against what happened so far."""
        ...


@dataclass(frozen=True, slots=True)
class EyesOffer:
    """Eyes that a drive can go on with; made when they are first wanted, since a network takes a moment to load.

    Attributes:
        name: What they are called where there are several: "rich network".
        kind: "network", "oracle" or "blind".
        make: Makes them.
        make_layers: Makes what looks into their layers; None for eyes that have none.
    """

    name: str
    kind: str
    make: Callable[[], Eyes]
    make_layers: Callable[[], LayerViews] | None = None


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
        offers: All eyes that a window can change to; the first are those that it starts with. Empty for none.
    """

    start: Callable[[int], World]
    eyes: Eyes
    driver_for: Callable[[World], DriverConfig]
    judge_for: Callable[[World], Judge] | None = None
    onward: Callable[[World], World] | None = None
    fault_for: Callable[[World], Fault | None] | None = None
    camera: Camera = field(default_factory=Camera)
    offers: tuple[EyesOffer, ...] = ()


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


@dataclass(frozen=True, slots=True)
class _Moment:
    """A tick as it is kept: without its frame, which is painted again from the world when it is shown."""

    tick: Tick
    history: History


class Session:
    """One drive after another, a tick at a time; keeps the last ones, since the world is a value.

    A drive can be taken back to any kept tick, and be driven on from there: as it was, with other eyes, or in a world
    that was changed.

    Args:
        setup: What to drive.
        seed: The first world.
        override: What may take the wheel.
        want_frame: Whether to draw frames even for eyes that need none.
        want_truth: Whether to work out the truth even for eyes that need none.
        keep_steps: How many ticks can be gone back.
        style: What is changed of the scene; nothing if not given.

    Attributes:
        setup: What is driven.
        eyes: What the driver sees with.
        offer: Which of the setup's offers the eyes are; None if they are not among them.
        style: What is changed of the scene.
        seed: The world that is driven.
        tick: The tick that is shown; None before the first.
        history: The ten seconds up to it.
        verdict: The judge's sentence, or None.
        steps: Ticks of this drive.
        judged: Whether the drive is still judged: not once things were put into its world.
        take: How many times it was begun anew, from the start or from a tick.
    """

    def __init__(
        self,
        setup: DriveSetup,
        seed: int,
        *,
        override: Override | None = None,
        want_frame: bool = True,
        want_truth: bool = False,
        keep_steps: int = 0,
        style: Style | None = None,
    ) -> None:
        self.setup = setup
        self.eyes = setup.eyes
        self.offer = setup.offers[0] if setup.offers else None
        self.style = style or Style()
        self._made: dict[str, Eyes] = {} if self.offer is None else {self.offer.name: setup.eyes}
        self._layers: dict[str, LayerViews] = {}
        self._override = override
        self._want_frame = want_frame
        self._want_truth = want_truth
        self._keep_steps = keep_steps
        self._painter = Painter(setup.camera)
        self.seed = seed
        self.tick: Tick | None = None
        self.history = History()
        self.verdict: str | None = None
        self.steps = 0
        self.judged = False
        self.take = -1
        self._start = setup.start(seed)
        self._first_m = 0.0
        self._judge: Judge | None = None
        self._moments: list[_Moment] = []
        self._shown = -1
        self._fault: Fault | None = None
        self._ticks: Iterator[Tick] = self._begin()

    def restart(self, seed: int) -> None:
        """Begin a drive anew, with this seed's world, in the style that is set."""
        self.seed = seed
        self._start = self.setup.start(seed)
        self._ticks = self._begin()

    def _begin(self) -> Iterator[Tick]:
        world = self._start
        self.tick = None
        self.history = History()
        self.steps = 0
        self._moments = []
        self._shown = -1
        self._first_m = world.ego_s_m
        self.judged = self.setup.judge_for is not None
        self._rejudge()
        return self._drive(replace(world, scene=restyled(world.scene, self.style)), None)

    def _drive(self, world: World, memory: DriverMemory | None) -> Iterator[Tick]:
        setup = self.setup
        self.take += 1
        self._fault = setup.fault_for(world) if setup.fault_for is not None else None
        return drive(
            world,
            self.eyes,
            setup.driver_for(self._start),
            camera=setup.camera,
            painter=self._painter,
            want_frame=self._want_frame,
            want_truth=self._want_truth,
            override=self._override,
            onward=setup.onward,
            fault=self._fault,
            memory=memory,
        )

    def _rejudge(self) -> None:
        """Take a new judge, who is told what was driven up to now."""
        self.verdict = None
        self._judge = None
        if self.judged and self.setup.judge_for is not None:
            self._judge = self.setup.judge_for(self._start)
            for moment in self._moments:
                self.verdict = self._judge(moment.tick)

    def step(self) -> Tick:
        """Turn the loop once and return what came of it; what was taken back is shown first."""
        if not self.live:
            self.seek(self._shown + 1)
            assert self.tick is not None
            return self.tick
        tick = next(self._ticks)
        self.tick = tick
        self.steps += 1
        self.history = self.history.with_tick(tick)
        if self._judge is not None:
            self.verdict = self._judge(tick)
        if self._keep_steps:
            self._moments.append(_Moment(replace(tick, capture=replace(tick.capture, frame=None)), self.history))
            # A judge may have to be told the whole drive again.
            if self._judge is None and len(self._moments) > self._keep_steps:
                del self._moments[: -self._keep_steps]
            self._shown = len(self._moments) - 1
        return tick

    @property
    def live(self) -> bool:
        """Whether the tick that is shown is the newest."""
        return self._shown == len(self._moments) - 1

    @property
    def span(self) -> tuple[int, int, int]:
        """The oldest tick that can be shown, the newest and the one that is, as places among those that are kept."""
        last = len(self._moments) - 1
        return max(0, last - self._keep_steps + 1), last, self._shown

    def seek(self, place: int) -> None:
        """Show another of the kept ticks; the nearest one if there is none at that place."""
        first, last, shown = self.span
        place = min(max(place, first), last)
        if last < 0 or place == shown:
            return
        moment = self._moments[place]
        self._shown = place
        self.tick = self._painted(moment.tick)
        self.history = moment.history

    def _painted(self, tick: Tick) -> Tick:
        if not (self._want_frame or self.eyes.needs_frame):
            return tick
        frame, _ = self._painter.look(tick.world, truth=False)
        return replace(tick, capture=Capture(frame, tick.capture.truth))

    def between(self, before: Tick, after: Tick, share: float, *, truth: bool) -> Tick:
        """Return what is shown between two ticks of the drive, with its own picture; changes nothing of the drive.

        What a fault has spoilt is not painted anew: the driver's picture, not the world's, is what is shown.

        Args:
            before: A tick.
            after: The next one.
            share: How much of the time between them has passed.
            truth: Whether the true boxes are wanted too.
        """

        def paint(world: World) -> Capture:
            return Capture(*self._painter.look(world, truth=truth))

        can = before.capture.frame is not None and self._fault is None
        return between(before, after, share, paint if can else None)

    def resume(self) -> None:
        """Forget what came after the tick that is shown; the next step goes on from it."""
        if self.live or self.tick is None:
            return
        tick = self.tick
        self.steps -= len(self._moments) - 1 - self._shown
        del self._moments[self._shown + 1 :]
        self._rejudge()
        self._ticks = self._drive(advance(tick.world, tick.control), tick.memory)

    def redo(self, world: World | None = None) -> None:
        """See and decide the tick that is shown anew, and forget what came after it.

        Args:
            world: Its world, changed; the same one if not given.
        """
        if self.tick is None or not self._moments:
            return
        place = self._shown
        world = world or self.tick.world
        memory = self._moments[place - 1].tick.memory if place else None
        self.history = self._moments[place - 1].history if place else History()
        self.steps -= len(self._moments) - place
        del self._moments[place:]
        self._shown = place - 1
        self._rejudge()
        self._ticks = self._drive(world, memory)
        self.step()

    def change(self, world: World) -> None:
        """Go on in a world that was changed by hand; from now on nobody judges: the rules were another world's."""
        self.judged = False
        self.redo(world)

    def restyle(self, style: Style) -> None:
        """Go on in another light or weather, with signs in another state, or with more or fewer other things.

        Things that were put into the world by hand are gone with it; what the road without end has brought is kept.
        """
        if self.tick is None:
            return
        world = self.tick.world
        base = self._start.scene
        if self.setup.onward is not None:
            base = replace(world.scene, light=base.light)
        self.style = style
        self.redo(replace(world, scene=restyled(base, style)))

    def see_with(self, offer: EyesOffer) -> None:
        """Go on with other eyes, from the tick that is shown on.

        Raises:
            WeightsError: If their weights cannot be used.
        """
        if offer.name not in self._made:
            self._made[offer.name] = offer.make()
        self.eyes, self.offer = self._made[offer.name], offer
        self.redo()

    @property
    def has_layers(self) -> bool:
        """Whether the eyes have layers that can be looked at."""
        return self.offer is not None and self.offer.make_layers is not None

    def layers(self) -> LayerViews | None:
        """Return what looks into the layers of the eyes; None if they have none."""
        offer = self.offer
        if offer is None or offer.make_layers is None:
            return None
        if offer.name not in self._layers:
            self._layers[offer.name] = offer.make_layers()
        return self._layers[offer.name]

    @property
    def eyes_name(self) -> str:
        """What the eyes are called."""
        return self.eyes.name if self.offer is None else self.offer.name

    def scores(self) -> tuple[Score, ...]:
        """Return the judge's score so far; empty where nobody judges, or the judge gives none."""
        return self._judge.scores() if isinstance(self._judge, ScoringJudge) else ()

    @property
    def scored_all(self) -> bool:
        """Whether all that was expected held."""
        return all(score.held for score in self.scores())

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
        here_m = self._first_m if world is None else world.ego_s_m + world.scene.dropped_m
        return DriveSummary(
            seed=self.seed,
            steps=self.steps,
            time_s=self.steps * STEP_S,
            distance_m=here_m - self._first_m,
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
    return ViewOptions(session.eyes_name, show_truth, state, seed=session.seed, camera=session.setup.camera)


def run_headless(
    setup: DriveSetup,
    seed: int,
    *,
    max_steps: int,
    film: Path | None = None,
    size_px: tuple[int, int] = BASE_SIZE_PX,
    show_truth: bool = False,
    log: RunLog | None = None,
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
        log: What notes down every step, or None.
        progress: Is told how many steps are done, and how many there are at most.

    Raises:
        ValueError: If `max_steps` is not positive.
        FilmError: If the film's suffix is unknown.
        StorageError: If the film cannot be written.
    """
    if max_steps < 1:
        raise ValueError(f"Expected max_steps of at least 1. Received: {max_steps}.")
    if film is None:
        session = Session(setup, seed, want_frame=False, want_truth=log is not None)
        for _ in _steps(session, max_steps, log, progress):
            pass
        return session.summary()
    check_film_path(film)
    session = Session(setup, seed, want_truth=show_truth or log is not None)
    with Film(film) as reel:
        recorder = Recorder(reel, size_px)
        for _ in _steps(session, max_steps, log, progress):
            recorder.add(session, show_truth=show_truth)
        recorder.add_ending(session, show_truth=show_truth)
    return session.summary(reel)


def _steps(
    session: Session, max_steps: int, log: RunLog | None, progress: Callable[[int, int], None] | None
) -> Iterator[Tick]:
    for done in range(1, max_steps + 1):
        tick = session.step()
        if log is not None:
            log.add(tick, seed=session.seed, take=session.take, eyes=session.eyes_name)
        yield tick
        if progress is not None:
            progress(done, max_steps)
        if session.over:
            return
