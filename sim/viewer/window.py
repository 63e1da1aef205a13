"""The view on a screen, in real time, with keys; the one place that opens a display."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.errors import DisplayError, RollingStopError
from sim.files import write_atomically
from sim.vehicle import STEP_S
from sim.viewer.film import Film, check_film_path
from sim.viewer.keys import ACTIONS, HOLDS, KEY_LIST, Action
from sim.viewer.layout import BASE_SIZE_PX, MIN_SIZE_PX
from sim.viewer.manual import ManualWheel
from sim.viewer.palette import STOP_RED
from sim.viewer.session import DriveSetup, DriveSummary, Recorder, Session
from sim.viewer.shapes import octagon
from sim.viewer.view import ViewOptions, compose_view

LINGER_S = 2.0
"""For how long the end of a drive is shown before the next one starts."""

NOTE_S = 2.5
"""For how long a note, such as where a picture was saved, stays."""

MAX_STEPS_A_TURN = 5
"""A slow machine first drops pictures: up to this many steps are made for one. Only then does the drive itself slow."""

_POLL_S = 0.01
_SCREENLESS_DRIVERS = ("dummy", "offscreen", "evdev")

_log = logging.getLogger(__name__)


def require_screen() -> None:
    """Tell a machine without a screen from one that has one, at once and without opening anything.

    Raises:
        DisplayError: If there surely is no screen.
    """
    on_linux = sys.platform.startswith("linux")
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"))
    if on_linux and not named:
        raise _no_display("neither DISPLAY nor WAYLAND_DISPLAY is set")


def open_display(size_px: tuple[int, int] = BASE_SIZE_PX) -> pygame.Surface:
    """Open the window.

    Only the display is initialised, never sound: a machine without a sound card would fill the terminal with errors.

    Raises:
        DisplayError: If there is no screen; also where SDL would quietly draw into nothing, unless SDL_VIDEODRIVER asks
            for that.
    """
    require_screen()
    asked_for = os.environ.get("SDL_VIDEODRIVER", "")
    on_linux = sys.platform.startswith("linux")
    try:
        _init_display(x11_only=on_linux and not asked_for and not os.environ.get("WAYLAND_DISPLAY"))
        driver = pygame.display.get_driver()
        if driver in _SCREENLESS_DRIVERS and driver not in asked_for:
            raise _no_display(f"SDL found no screen and fell back to its driver '{driver}'")
        pygame.font.init()
        pygame.display.set_caption("Rolling Stop")
        pygame.display.set_icon(_icon())
        return pygame.display.set_mode(size_px, pygame.RESIZABLE)
    except pygame.error as fault:
        pygame.display.quit()
        raise _no_display(str(fault)) from fault
    except DisplayError:
        pygame.display.quit()
        raise


def _init_display(*, x11_only: bool) -> None:
    """Initialise SDL's display; with X11 alone where nothing else is on offer, as other drivers complain aloud."""
    if not x11_only:
        pygame.display.init()
        return
    os.environ["SDL_VIDEODRIVER"] = "x11"
    try:
        pygame.display.init()
    finally:
        del os.environ["SDL_VIDEODRIVER"]


def _no_display(reason: str) -> DisplayError:
    return DisplayError(
        f"Expected a screen to open a window on. Received: {reason}.",
        hint="Without a screen, use `--headless --record film.mp4`.",
    )


def _icon() -> pygame.Surface:
    icon = pygame.Surface((256, 256), pygame.SRCALPHA, 32)
    pygame.draw.polygon(icon, STOP_RED, octagon((128, 128), 128))
    return pygame.transform.smoothscale(icon, (32, 32))


class DriveWindow:
    """The window and what its keys have set; time is given to it, so that it can be tested without waiting.

    Args:
        screen: Where to draw.
        session: What is driven; its override must be `wheel`.
        wheel: Where keys put a person's wishes.
        max_steps: After how many steps to close; None to drive one seed after another without end.
        recorder: What records each step, or None.
        screenshots: The folder for pictures.

    Attributes:
        running: Whether the window shall stay open.
        paused: Whether the drive stands still.
        show_truth: Whether true boxes are drawn.
        show_keys: Whether the list of keys is shown.
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
    ) -> None:
        self.running = True
        self.paused = False
        self.show_truth = False
        self.show_keys = False
        self._screen = screen
        self._session = session
        self._wheel = wheel
        self._max_steps = max_steps
        self._recorder = recorder
        self._screenshots = screenshots or Path()
        self._due_s: float | None = None
        self._ended_s: float | None = None
        self._note = ""
        self._note_until_s = 0.0
        self._stale = True

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
        elif event.type == pygame.KEYUP and event.key in HOLDS:
            self._wheel.held.discard(HOLDS[event.key])
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._wheel.held.clear()
        self._stale = True

    def _press(self, key: int, now_s: float) -> None:
        if key in HOLDS and self._wheel.engaged:
            self._wheel.held.add(HOLDS[key])
        elif key == pygame.K_RIGHT:
            self._do(Action.STEP, now_s)
        elif key in ACTIONS:
            self._do(ACTIONS[key], now_s)

    def _do(self, action: Action, now_s: float) -> None:
        match action:
            case Action.PAUSE:
                self.paused = not self.paused
                self._due_s = None
            case Action.STEP:
                self.paused = True
                self._step(now_s)
            case Action.RESET:
                self._restart(self._session.seed)
            case Action.NEXT_SEED:
                self._restart(self._session.seed + 1)
            case Action.TRUTH:
                self.show_truth = not self.show_truth
            case Action.MANUAL:
                self._wheel.toggle()
            case Action.SCREENSHOT:
                self._save_picture(now_s)
            case Action.KEYS:
                self.show_keys = not self.show_keys
            case Action.QUIT:
                self.running = False

    def _restart(self, seed: int) -> None:
        """Begin anew; the first moment shows at once, even while paused."""
        self._session.restart(seed)
        self._ended_s = None
        self._due_s = None
        self._turn_loop()

    def _step(self, now_s: float) -> None:
        """Turn the loop once, unless the drive is over."""
        if self._ended_s is not None:
            return
        self._turn_loop()
        if self._session.over:
            self._ended_s = now_s
            if self._recorder is not None:
                self._recorder.add_ending(self._session, show_truth=self.show_truth)
        elif self._max_steps is not None and self._session.steps >= self._max_steps:
            self.running = False

    def _turn_loop(self) -> None:
        self._session.step()
        if self._recorder is not None:
            state = "manual" if self._wheel.engaged else ""
            self._recorder.add(self._session, show_truth=self.show_truth, state=state)
        self._stale = True

    def advance(self, now_s: float) -> None:
        """Let the drive catch up with the clock: one step for each twentieth of a second since the last call."""
        if self._note and now_s >= self._note_until_s:
            self._note = ""
            self._stale = True
        if self._session.tick is None:
            self._step(now_s)
        if self.paused:
            return
        if self._ended_s is not None:
            if now_s - self._ended_s >= LINGER_S:
                self._go_on()
            return
        if self._due_s is None:
            self._due_s = now_s + STEP_S
        for _ in range(MAX_STEPS_A_TURN):
            if now_s < self._due_s or not self.running or self._ended_s is not None:
                return
            self._step(now_s)
            self._due_s += STEP_S
        self._due_s = max(self._due_s, now_s)

    def _go_on(self) -> None:
        """After the end: the next drive, or out where only one was asked for."""
        if self._max_steps is None:
            self._restart(self._session.seed + 1)
        else:
            self.running = False

    def picture(self, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """Return what the window shows, shape (height, width, 3); the drive must have begun."""
        session = self._session
        if session.tick is None:
            raise ValueError("Expected a drive that has begun: call advance() first.")
        words = [word for word, on in (("manual", self._wheel.engaged), ("paused", self.paused)) if on]
        options = ViewOptions(
            eyes_name=session.setup.eyes.name,
            show_truth=self.show_truth,
            state=" · ".join(words),
            banner=self._note or (session.ending() if self._ended_s is not None else ""),
            hint="H: keys",
            keys=KEY_LIST if self.show_keys else (),
            seed=session.seed,
            camera=session.setup.camera,
        )
        return compose_view(session.tick, session.history, size_px, options)

    def draw(self) -> bool:
        """Draw if anything changed since the last time; return whether it did."""
        if not self._stale or self._session.tick is None:
            return False
        screen = pygame.display.get_surface() or self._screen
        width, height = screen.get_size()
        size_px = (max(width, MIN_SIZE_PX[0]), max(height, MIN_SIZE_PX[1]))
        image = pygame.image.frombuffer(self.picture(size_px).tobytes(), size_px, "RGB")
        screen.blit(
            image if size_px == (width, height) else pygame.transform.smoothscale(image, (width, height)), (0, 0)
        )
        pygame.display.flip()
        self._stale = False
        return True

    def _save_picture(self, now_s: float) -> None:
        """Save what the window shows; what goes wrong is said in the window, since the drive can go on without it."""
        tick = self._session.tick
        if tick is None:
            return
        screen = pygame.display.get_surface() or self._screen
        size_px = (max(screen.get_width(), MIN_SIZE_PX[0]), max(screen.get_height(), MIN_SIZE_PX[1]))
        path = self._screenshots / f"rollingstop-seed{self._session.seed}-step{tick.world.step:05d}.png"
        self._note = ""
        _, encoded = cv2.imencode(".png", cv2.cvtColor(self.picture(size_px), cv2.COLOR_RGB2BGR))
        try:
            write_atomically(path, encoded.tobytes())
        except RollingStopError as fault:
            _log.warning("%s", fault)
            self._note = str(fault)
        else:
            self._note = f"Saved {path}"
        self._note_until_s = now_s + NOTE_S


def run_window(
    setup: DriveSetup,
    seed: int,
    *,
    max_steps: int | None = None,
    film: Path | None = None,
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
            session = Session(setup, seed, override=wheel, want_truth=True)
            reel = stack.enter_context(Film(film)) if film is not None else None
            recorder = None if reel is None else Recorder(reel)
            window = DriveWindow(
                screen, session, wheel, max_steps=max_steps, recorder=recorder, screenshots=screenshots
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
