"""The view on a screen, in real time, with keys and mouse; the one place where a window's events are read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.errors import RollingStopError
from sim.files import write_atomically
from sim.generate.restyle import Style, take_sign
from sim.vehicle import CONTROL_HZ, STEP_S
from sim.viewer.display import open_display, require_screen, when_screen_is_lost
from sim.viewer.duel import Duel
from sim.viewer.film import Film, check_film_path
from sim.viewer.gamepad import Gamepad
from sim.viewer.keys import ACTIONS, HOLDS, KEY_LIST, REPEATED, Action
from sim.viewer.layers import LayerFeed
from sim.viewer.layout import BASE_SIZE_PX, MIN_SIZE_PX
from sim.viewer.manual import ManualWheel
from sim.viewer.session import REWIND_STEPS, DriveSetup, DriveSummary, EyesOffer, Recorder, Session
from sim.viewer.tinkering import (
    Thing,
    following,
    next_age,
    next_clutter,
    next_hour,
    next_weather,
    style_words,
)
from sim.viewer.view import ViewOptions, compose_view, locate_on_map, scrub_share

if TYPE_CHECKING:
    from sim.recording.run_log import RunLog

__all__ = ["DriveWindow", "open_display", "require_screen", "run_window"]

LINGER_S = 2.0
"""For how long the end of a drive is shown before the next one starts."""

NOTE_S = 2.5
"""For how long a note, such as where a picture was saved, stays."""

MAX_STEPS_A_TURN = 5
"""A slow machine first drops pictures: up to this many steps are made for one. Only then does the drive itself slow."""

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
"""How fast the drive can go, in parts of real time."""

_POLL_S = 0.01
_REPEAT_S = (0.6, 0.05)
"""A step key that is held repeats: after this long, and then so often."""

_STYLES: dict[Action, Callable[[Style], Style]] = {
    Action.WEATHER: next_weather,
    Action.HOUR: next_hour,
    Action.AGE: next_age,
    Action.CLUTTER: next_clutter,
}

_NOT_IN_A_DUEL = frozenset(
    {Action.STEP, Action.BACK, Action.SECOND_BACK, Action.SECOND_ON, Action.OLDEST, Action.NOW, Action.RESUME}
    | {Action.EYES, Action.WEIGHTS, Action.MANUAL, *_STYLES}
)
"""While two are judged on the same drive, nobody goes back and nothing changes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Held:
    """A key that is held, and when it acts again."""

    key: int
    action: Action
    due_s: float


class DriveWindow:
    """The window and what its keys have set; time is given to it, so that it can be tested without waiting.

    Args:
        screen: Where to draw.
        session: What is driven; its override must be `wheel`.
        wheel: Where keys put a person's wishes.
        max_steps: After how many steps to close; None to drive one seed after another without end.
        recorder: What records each step, or None.
        screenshots: The folder for pictures.
        log: What notes down each step, or None.
        gamepad: A game controller, or None.
        feed: When to look into the network's layers.

    Attributes:
        running: Whether the window shall stay open.
        paused: Whether the drive stands still.
        hidden: Whether the window is minimised: then nothing is drawn, and the drive waits.
        speed: How fast the drive goes, in parts of real time.
        thing: What a click on the map puts there.
        show_truth: Whether true boxes are drawn.
        show_layers: Whether the layers panel is shown.
        show_keys: Whether the list of keys is shown.
        duel: The other driver, while a person drives against it.
    """

    def __init__(
        self,
        screen: pygame.Surface,
        session: Session,
        wheel: ManualWheel,
        *,
        max_steps: int | None = None,
        recorder: Recorder | None = None,
        screenshots: Path | None = None,
        log: RunLog | None = None,
        gamepad: Gamepad | None = None,
        feed: LayerFeed | None = None,
    ) -> None:
        self.running = True
        self.paused = False
        self.hidden = False
        self.speed = 1.0
        self.thing = Thing.STOP
        self.show_truth = False
        self.show_layers = False
        self.show_keys = False
        self.duel: Duel | None = None
        self._screen = screen
        self._session = session
        self._wheel = wheel
        self._max_steps = max_steps
        self._recorder = recorder
        self._screenshots = screenshots or Path()
        self._log = log
        self._gamepad = gamepad
        self._feed = feed or LayerFeed()
        self._due_s: float | None = None
        self._ended_s: float | None = None
        self._note = ""
        self._note_until_s = 0.0
        self._stale = True
        self._held: _Held | None = None
        self._scrubbing = False

    @property
    def session(self) -> Session:
        """What is driven."""
        return self._session

    def handle(self, event: pygame.event.Event, now_s: float) -> None:
        """Do what an event asks for."""
        if event.type == pygame.QUIT:
            self.running = False
        elif event.type == pygame.KEYDOWN:
            self._press(event.key, now_s)
        elif event.type == pygame.KEYUP:
            self._wheel.held.discard(HOLDS[event.key]) if event.key in HOLDS else None
            if self._held is not None and self._held.key == event.key:
                self._held = None
        elif event.type == pygame.MOUSEBUTTONDOWN:
            self._click(event.pos, event.button, now_s)
        elif event.type == pygame.MOUSEBUTTONUP:
            self._scrubbing = False
        elif event.type == pygame.MOUSEMOTION:
            if not self._scrubbing:
                return
            self._scrub(event.pos, near=False)
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._wheel.held.clear()
            self._held = None
        elif event.type in (pygame.WINDOWMINIMIZED, pygame.WINDOWHIDDEN):
            self.hidden = True
        elif event.type in (pygame.WINDOWRESTORED, pygame.WINDOWSHOWN, pygame.WINDOWMAXIMIZED):
            self.hidden = False
            self._due_s = None
        elif self._gamepad is not None:
            self._gamepad.handle(event)
        self._stale = True

    def _press(self, key: int, now_s: float) -> None:
        if key in HOLDS and self._wheel.engaged:
            self._wheel.held.add(HOLDS[key])
        elif key in ACTIONS:
            action = ACTIONS[key]
            self._do(action, now_s)
            self._held = _Held(key, action, now_s + _REPEAT_S[0]) if action in REPEATED else None

    def _do(self, action: Action, now_s: float) -> None:
        if self.duel is not None and action in _NOT_IN_A_DUEL:
            self._say("Not while two are judged: C leaves it", now_s)
            return
        session = self._session
        match action:
            case Action.PAUSE:
                self.paused = not self.paused
                self._due_s = None
            case Action.STEP:
                self.paused = True
                self._step(now_s)
            case Action.BACK:
                self._go_back(1)
            case Action.SECOND_BACK:
                self._go_back(CONTROL_HZ)
            case Action.SECOND_ON:
                self._go_back(-CONTROL_HZ)
            case Action.OLDEST:
                self._go_back(REWIND_STEPS)
            case Action.NOW:
                session.seek(session.span[1])
            case Action.RESUME:
                self._resume(now_s)
            case Action.SLOWER | Action.FASTER:
                place = SPEEDS.index(self.speed) + (1 if action is Action.FASTER else -1)
                self.speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]
                self._due_s = None
            case Action.RESET:
                self._restart(session.seed)
            case Action.NEXT_SEED:
                self._restart(session.seed + 1)
            case Action.TRUTH:
                self.show_truth = not self.show_truth
            case Action.LAYERS:
                self._toggle_layers(now_s)
            case Action.EYES | Action.WEIGHTS:
                self._change_eyes(now_s, weights_only=action is Action.WEIGHTS)
            case Action.MANUAL:
                self._wheel.toggle()
                if not session.live:
                    self._resume(now_s)
            case Action.DUEL:
                self._toggle_duel(now_s)
            case Action.WEATHER | Action.HOUR | Action.AGE | Action.CLUTTER:
                session.restyle(_STYLES[action](session.style))
                self._changed()
            case Action.THING:
                self.thing = following(tuple(Thing), self.thing)
                self._say(f"A click on the map puts {self.thing.words} there", now_s)
            case Action.SCREENSHOT:
                self._save_picture(now_s)
            case Action.KEYS:
                self.show_keys = not self.show_keys
            case Action.QUIT:
                self.running = False

    def _say(self, words: str, now_s: float) -> None:
        self._note = words
        self._note_until_s = now_s + NOTE_S
        self._stale = True

    def _go_back(self, steps: int) -> None:
        """Show an earlier tick, or with a negative number a later one that was driven already."""
        self.paused = True
        self._session.seek(self._session.span[2] - steps)

    def _resume(self, now_s: float) -> None:
        if self._session.live:
            return
        self._session.resume()
        self._ended_s = None
        self._due_s = None
        self._say("What came after is forgotten; the drive goes on from here", now_s)

    def _changed(self) -> None:
        """The shown tick was seen anew: record it, and let the drive go on from it."""
        self._ended_s = None
        self._due_s = None
        self._feed.forget()
        self._record()

    def _change_eyes(self, now_s: float, *, weights_only: bool) -> None:
        """Go on with the next eyes, or with those of the next weights."""
        session = self._session
        offers = session.setup.offers
        if weights_only:
            offers = tuple(offer for offer in offers if offer.kind == "network")
        now = session.offer
        if len(offers) < 2 or now is None:
            self._say("There are no other weights: give --weights more than once" if weights_only else
                      "There are no other eyes", now_s)  # fmt: skip
            return
        wanted = following(offers, now) if now in offers else offers[0]
        self._wait_for(wanted)
        try:
            session.see_with(wanted)
        except RollingStopError as fault:
            _log.warning("%s", fault)
            self._say(str(fault), now_s)
        else:
            self._changed()

    def _wait_for(self, offer: EyesOffer) -> None:
        """Say that eyes are made, which takes a network a moment."""
        if offer.kind == "network":
            self._note = f"Loading {offer.name}"
            self._stale = True
            self.draw()
            self._note = ""

    def _toggle_layers(self, now_s: float) -> None:
        self.show_layers = not self.show_layers
        if self.show_layers and self._session.has_layers:
            self._note = "Opening the network"
            self._stale = True
            self.draw()
            self._note = ""
            self._session.layers()
        self._look_inside(now_s, at_once=True)

    def _look_inside(self, now_s: float, *, at_once: bool) -> None:
        """Ask for the layers' pictures if they are shown, and it is time."""
        tick = self._session.tick
        if not self.show_layers or tick is None or tick.capture.frame is None:
            return
        look = self._session.layers()
        if look is None:
            self._feed.forget()
        elif self._feed.refresh(look, tick.capture.frame, now_s, at_once=at_once):
            self._stale = True

    def _toggle_duel(self, now_s: float) -> None:
        """Begin the drive anew with a person at the wheel and the eyes beside; or leave that."""
        if self.duel is not None:
            self.duel = None
            self._leave_wheel()
        elif self._session.setup.judge_for is None:
            self._say("Nobody judges this drive: take a scenario, not --endless", now_s)
        else:
            self.paused = False
            self._begin_duel()

    def _leave_wheel(self) -> None:
        if self._wheel.engaged:
            self._wheel.toggle()

    def _begin_duel(self) -> None:
        self._leave_wheel()
        self._wheel.toggle()
        self.duel = Duel(self._session)
        self._begin(self._session.seed)

    def _restart(self, seed: int) -> None:
        """Begin anew; the first moment shows at once, even while paused."""
        if self.duel is not None:
            self._session.seed = seed
            self._begin_duel()
        else:
            self._begin(seed)

    def _begin(self, seed: int) -> None:
        self._session.restart(seed)
        self._ended_s = None
        self._due_s = None
        self._feed.forget()
        self._turn_loop()

    def _click(self, position: tuple[int, int], button: int, now_s: float) -> None:
        """Put a thing on the map, take one away, or take hold of the bar under the camera."""
        tick = self._session.tick
        if tick is None:
            return
        if button == pygame.BUTTON_LEFT and self._scrub(position, near=True):
            self._scrubbing = True
            return
        camera = self._session.setup.camera
        place = locate_on_map(self._size_px(), camera, tick, self._to_view(position))
        if place is None or button not in (pygame.BUTTON_LEFT, pygame.BUTTON_RIGHT):
            return
        if self.duel is not None:
            self._say("Not while two are judged: C leaves it", now_s)
            return
        if button == pygame.BUTTON_LEFT:
            world, words = self.thing.put(tick.world, *place), f"Put there: {self.thing.words}"
        else:
            world, words = take_sign(tick.world, *place), "Taken away"
        if world is tick.world:
            return
        self._session.change(world)
        self._changed()
        self._say(words, now_s)

    def _scrub(self, position: tuple[int, int], *, near: bool) -> bool:
        """Show the tick under a point of the bar; return whether the point was on it."""
        if self.duel is not None:
            return False
        share = scrub_share(self._size_px(), self._session.setup.camera, self._to_view(position), near=near)
        if share is None:
            return False
        first, last, _ = self._session.span
        self.paused = True
        self._session.seek(round(first + share * (last - first)))
        return True

    def _step(self, now_s: float) -> None:
        """Turn the loop once, unless the drive is over; what was taken back is shown again first."""
        if not self._session.live:
            self._session.step()
            self._stale = True
            return
        if self._ended_s is not None:
            return
        self._turn_loop()
        if self.duel is not None and not self.duel.over:
            return
        if self._session.over:
            self._ended_s = now_s
            if self._recorder is not None:
                self._recorder.add_ending(self._session, show_truth=self.show_truth)
        elif self._max_steps is not None and self._session.steps >= self._max_steps:
            self.running = False

    def _turn_loop(self) -> None:
        if self._gamepad is not None:
            self._wheel.stick = self._gamepad.read()
        if self.duel is not None:
            self.duel.step()
        if self.duel is None or not self._session.over:
            self._session.step()
            self._record()
        self._stale = True

    def _record(self) -> None:
        """Put the newest tick into the film and the log."""
        session, by_hand = self._session, self._wheel.engaged
        if self._recorder is not None:
            self._recorder.add(session, show_truth=self.show_truth, state="manual" if by_hand else "")
        if self._log is not None and session.tick is not None:
            self._log.add(session.tick, seed=session.seed, take=session.take, eyes=session.eyes_name, by_hand=by_hand)

    def advance(self, now_s: float) -> None:
        """Let the drive catch up with the clock: one step for each twentieth of a second since the last call."""
        if self._note and now_s >= self._note_until_s:
            self._note = ""
            self._stale = True
        if self._session.tick is None:
            self._step(now_s)
        held = self._held
        if held is not None and now_s >= held.due_s:
            self._held = replace(held, due_s=now_s + _REPEAT_S[1])
            self._do(held.action, now_s)
        if not self.paused and not self.hidden:
            self._catch_up(now_s)
        if not self.hidden:
            self._look_inside(now_s, at_once=self.paused and self._is_other_moment())

    def _is_other_moment(self) -> bool:
        shot, tick = self._feed.shot, self._session.tick
        return tick is not None and (shot is None or shot.step != tick.world.step)

    def _catch_up(self, now_s: float) -> None:
        if self._ended_s is not None and self._session.live:
            if self.duel is None and now_s - self._ended_s >= LINGER_S:
                self._go_on()
            return
        pause_s = STEP_S / self.speed
        if self._due_s is None:
            self._due_s = now_s + pause_s
        for _ in range(MAX_STEPS_A_TURN):
            if now_s < self._due_s or not self.running:
                return
            if self._ended_s is not None and self._session.live:
                self._ended_s = now_s
                return
            self._step(now_s)
            self._due_s += pause_s
        self._due_s = max(self._due_s, now_s)

    def _go_on(self) -> None:
        """After the end: the next drive, or out where only one was asked for."""
        if self._max_steps is None:
            self._restart(self._session.seed + 1)
        else:
            self.running = False

    def _state(self) -> str:
        """Return what is unusual, in words for the header."""
        session = self._session
        first, last, shown = session.span
        words = [
            (self.duel is not None, "you against the eyes"),
            (self._wheel.engaged and self.duel is None, "manual"),
            (self.paused, "paused"),
            (not session.live and last >= first, f"{(last - shown) * STEP_S:.2f} s ago"),
            (self.speed != 1.0, f"{self.speed:g} x" if self.speed > 1 else f"1/{1 / self.speed:.0f} speed"),
        ]
        return " · ".join(word for on, word in words if on)

    def _banner(self) -> str:
        if self._note:
            return self._note
        if self.duel is not None:
            waits = self._session.over and not self.duel.over
            return f"You are done. {self.duel.name.capitalize()} still drive." if waits else ""
        return self._session.ending() if self._ended_s is not None and self._session.live else ""

    def picture(self, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """Return what the window shows, shape (height, width, 3); the drive must have begun."""
        session = self._session
        if session.tick is None:
            raise ValueError("Expected a drive that has begun: call advance() first.")
        changed = session.setup.judge_for is not None and not session.judged
        options = ViewOptions(
            eyes_name=session.eyes_name,
            show_truth=self.show_truth,
            state=self._state(),
            banner=self._banner(),
            hint="H: keys",
            keys=KEY_LIST if self.show_keys else (),
            seed=session.seed,
            camera=session.setup.camera,
            timeline=None if self.duel is not None else session.span,
            show_layers=self.show_layers,
            layers=self._feed.shot,
            layers_message="" if session.has_layers else "These eyes have no layers: E changes to a network",
            notes=(*style_words(session.style), *(("changed by hand: nobody judges",) if changed else ())),
            rival=None if self.duel is None else self.duel.rival(),
            table=self.duel.table() if self.duel is not None and self.duel.over else None,
        )
        return compose_view(session.tick, session.history, size_px, options)

    def _size_px(self) -> tuple[int, int]:
        """Return the view's size: the window's, or the smallest that can be composed."""
        width, height = (pygame.display.get_surface() or self._screen).get_size()
        return max(width, MIN_SIZE_PX[0]), max(height, MIN_SIZE_PX[1])

    def _to_view(self, position: tuple[int, int]) -> tuple[int, int]:
        """Return a point of the window in the view, which may be larger."""
        shown = (pygame.display.get_surface() or self._screen).get_size()
        size_px = self._size_px()
        return round(position[0] * size_px[0] / shown[0]), round(position[1] * size_px[1] / shown[1])

    def draw(self) -> bool:
        """Draw if anything changed since the last time; return whether it did."""
        if not self._stale or self.hidden or self._session.tick is None:
            return False
        screen = pygame.display.get_surface() or self._screen
        shown, size_px = screen.get_size(), self._size_px()
        image = pygame.image.frombuffer(self.picture(size_px).tobytes(), size_px, "RGB")
        screen.blit(image if size_px == shown else pygame.transform.smoothscale(image, shown), (0, 0))
        pygame.display.flip()
        self._stale = False
        return True

    def _save_picture(self, now_s: float) -> None:
        """Save what the window shows; what goes wrong is said in the window, since the drive can go on without it."""
        tick = self._session.tick
        if tick is None:
            return
        path = self._screenshots / f"rollingstop-seed{self._session.seed}-step{tick.world.step:05d}.png"
        self._note = ""
        _, encoded = cv2.imencode(".png", cv2.cvtColor(self.picture(self._size_px()), cv2.COLOR_RGB2BGR))
        try:
            write_atomically(path, encoded.tobytes())
        except RollingStopError as fault:
            _log.warning("%s", fault)
            self._say(str(fault), now_s)
        else:
            self._say(f"Saved {path}", now_s)


def run_window(
    setup: DriveSetup,
    seed: int,
    *,
    max_steps: int | None = None,
    film: Path | None = None,
    log: RunLog | None = None,
    screenshots: Path | None = None,
    size_px: tuple[int, int] = BASE_SIZE_PX,
) -> DriveSummary:
    """Show a drive in a window, in real time, until it is closed.

    When a drive is over, the window shows how it went and after two seconds goes on with the next seed. With
    `max_steps` there is one drive only, of at most so many steps, and then the window closes.

    Args:
        setup: What to drive.
        seed: The first world.
        max_steps: At most so many steps, or None.
        film: Where to record all that is driven, or None.
        log: What notes down every step that is driven, or None.
        screenshots: The folder for pictures; the current one if not given.
        size_px: The window's size at first.

    Raises:
        DisplayError: If there is no screen.
        FilmError: If the film's suffix is unknown.
        StorageError: If the film cannot be written.
    """
    if film is not None:
        check_film_path(film)
    wheel = ManualWheel()
    screen = open_display(size_px)
    try:
        with ExitStack() as stack:
            gamepad = Gamepad()
            stack.callback(gamepad.close)
            session = Session(setup, seed, override=wheel, want_truth=True, keep_steps=REWIND_STEPS)
            reel = stack.enter_context(Film(film)) if film is not None else None

            def save() -> None:
                if reel is not None:
                    reel.__exit__(None, None, None)
                if log is not None:
                    log.write()

            when_screen_is_lost(save)
            window = DriveWindow(
                screen,
                session,
                wheel,
                max_steps=max_steps,
                recorder=None if reel is None else Recorder(reel),
                screenshots=screenshots,
                log=log,
                gamepad=gamepad,
            )
            _show(window)
        return session.summary(reel)
    finally:
        pygame.display.quit()


def _show(window: DriveWindow) -> None:
    """Turn the window's own loop: keys, as many steps as are due, one picture, a nap."""
    while window.running:
        for event in pygame.event.get():
            window.handle(event, time.monotonic())
        window.advance(time.monotonic())
        if not window.draw():
            time.sleep(_POLL_S)
