"""A drive against the clock: in real time, slower or faster, paused, taken back, begun anew, against a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.loop import Tick
from sim.vehicle import CONTROL_HZ, STEP_S
from sim.viewer.duel import Duel
from sim.viewer.gamepad import Gamepad
from sim.viewer.manual import ManualWheel
from sim.viewer.session import Recorder, Session

if TYPE_CHECKING:
    from sim.recording.run_log import RunLog

LINGER_S = 2.0
"""For how long the end of a drive is shown before the next one starts."""

MAX_STEPS_A_TURN = 5
"""A slow machine first drops pictures: up to this many steps are made for one. Only then does the drive itself slow."""

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
"""How fast the drive can go, in parts of real time."""

PICTURES_HZ = 2 * CONTROL_HZ
"""So many pictures a second the window draws if it can: each step's own, and at real time one between any two."""

_SAME_TIME_S = 1e-9


class Playback:
    """Turns the loop when it is time, and notes down each turn; time is given to it.

    Args:
        session: What is driven; its override must be `wheel`.
        wheel: Where a person's wishes are put.
        begun: Is called when a drive begins anew.
        max_steps: After how many steps to end; None to drive one seed after another without end.
        recorder: What records each step, or None.
        log: What notes down each step, or None.
        gamepad: A game controller, or None.

    Attributes:
        session: What is driven.
        running: Whether there is more to drive.
        paused: Whether the drive stands still.
        speed: How fast the drive goes, in parts of real time.
        show_truth: Whether the film has the true boxes.
        duel: The other driver, while a person drives against it.
    """

    def __init__(
        self,
        session: Session,
        wheel: ManualWheel,
        *,
        begun: Callable[[], None],
        max_steps: int | None = None,
        recorder: Recorder | None = None,
        log: RunLog | None = None,
        gamepad: Gamepad | None = None,
    ) -> None:
        self.session = session
        self.running = True
        self.paused = False
        self.speed = 1.0
        self.show_truth = False
        self.duel: Duel | None = None
        self._wheel = wheel
        self._begun = begun
        self._max_steps = max_steps
        self._recorder = recorder
        self._log = log
        self._gamepad = gamepad
        self._due_s: float | None = None
        self._ended_s: float | None = None
        self._eve: Tick | None = None

    @property
    def eve(self) -> Tick | None:
        """The tick before the newest, from which the window is on its way; None where the newest itself is shown."""
        return self._eve

    @property
    def ended(self) -> bool:
        """Whether the drive is over, and its end is what is shown."""
        return self._ended_s is not None and self.session.live

    @property
    def ticks(self) -> tuple[Tick | None, Tick | None]:
        """What is shown: the drive's tick, and the other driver's."""
        return self.session.tick, None if self.duel is None else self.duel.tick

    def rest(self) -> None:
        """Make no steps for the time that has passed: the next one is due one step from now."""
        self._due_s = None
        self._eve = None

    def share(self, now_s: float) -> float | None:
        """Return how far the window is from the tick `eve` to the newest; None where the newest itself is shown.

        The share goes in steps of the pictures that are wanted, and the first is 0: the very frame that was looked at.
        """
        tick, eve, pictures = self.session.tick, self._eve, round(PICTURES_HZ * STEP_S / self.speed)
        if self.paused or self.ended or tick is None or eve is None or self._due_s is None or pictures < 2:
            return None
        if tick.world.step != eve.world.step + 1:
            return None
        passed = 1.0 - (self._due_s - now_s) * self.speed / STEP_S
        return min(max(int(passed * pictures + 1e-6), 0), pictures - 1) / pictures

    def toggle_pause(self) -> None:
        """Stand still, or go on."""
        self.paused = not self.paused
        self.rest()

    def change_speed(self, by: int) -> None:
        """Go faster by so many of `SPEEDS`, or slower."""
        place = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]
        self.rest()

    def go_back(self, steps: int) -> None:
        """Show an earlier tick, or with a negative number a later one that was driven already."""
        self.show(self.session.span[2] - steps)

    def show(self, place: int) -> None:
        """Stand still at one of the kept ticks."""
        self.paused = True
        self._eve = None
        self.session.seek(place)

    def resume(self) -> bool:
        """Drive on from the tick that is shown; return whether later ones were forgotten for it."""
        if self.session.live:
            return False
        self.session.resume()
        self._ended_s = None
        self.rest()
        return True

    def redone(self) -> None:
        """Take note that the shown tick was seen anew: record it, and let the drive go on from it."""
        self._ended_s = None
        self.rest()
        self._begun()
        self._record()

    def restart(self, seed: int) -> None:
        """Begin anew; the first moment shows at once, even while paused."""
        if self.duel is not None:
            self.session.seed = seed
            self.begin_duel()
        else:
            self._begin(seed)

    def begin_duel(self) -> None:
        """Begin the drive anew with a person at the wheel and the eyes beside."""
        self._leave_wheel()
        self._wheel.toggle()
        self.duel = Duel(self.session)
        self._begin(self.session.seed)

    def leave_duel(self) -> None:
        """Go on alone, with the wheel given back."""
        self.duel = None
        self._leave_wheel()

    def _leave_wheel(self) -> None:
        if self._wheel.engaged:
            self._wheel.toggle()

    def _begin(self, seed: int) -> None:
        self.session.restart(seed)
        self._ended_s = None
        self.rest()
        self._begun()
        self._turn_loop()

    def step(self, now_s: float) -> None:
        """Turn the loop once, unless the drive is over; what was taken back is shown again first."""
        if not self.session.live:
            self.session.step()
            return
        if self._ended_s is not None:
            return
        self._turn_loop()
        if self.duel is not None and not self.duel.over:
            return
        if self.session.over:
            self._ended_s = now_s
            if self._recorder is not None:
                self._recorder.add_ending(self.session, show_truth=self.show_truth)
        elif self._max_steps is not None and self.session.steps >= self._max_steps:
            self.running = False

    def _turn_loop(self) -> None:
        if self._gamepad is not None:
            self._wheel.stick = self._gamepad.read()
        if self.duel is not None:
            self.duel.step()
        if self.duel is None or not self.session.over:
            self.session.step()
            self._record()

    def _record(self) -> None:
        """Put the newest tick into the film and the log."""
        session, by_hand = self.session, self._wheel.engaged
        if self._recorder is not None:
            self._recorder.add(session, show_truth=self.show_truth, state="manual" if by_hand else "")
        if self._log is not None and session.tick is not None:
            self._log.add(session.tick, seed=session.seed, take=session.take, eyes=session.eyes_name, by_hand=by_hand)

    def catch_up(self, now_s: float) -> None:
        """Make the steps that are due by now; after the end, linger and go on."""
        if self.paused:
            return
        if self.ended:
            assert self._ended_s is not None
            if self.duel is None and now_s - self._ended_s >= LINGER_S:
                self._go_on()
            return
        pause_s = STEP_S / self.speed
        if self._due_s is None:
            self._due_s = now_s + pause_s
        for _ in range(MAX_STEPS_A_TURN):
            if now_s < self._due_s - _SAME_TIME_S or not self.running:
                return
            if self.ended:
                self._ended_s = now_s
                return
            before = self.session.tick
            self.step(now_s)
            # In a duel, one's own drive may be over.
            self._eve = None if self.session.tick is before else before
            self._due_s += pause_s
        self._due_s = max(self._due_s, now_s)

    def _go_on(self) -> None:
        """After the end: the next drive, or out where only one was asked for."""
        if self._max_steps is None:
            self.restart(self.session.seed + 1)
        else:
            self.running = False
