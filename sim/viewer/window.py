"""The view on a screen, in real time: the loop that hands a window its events and the time, and shows its pictures."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from sim.viewer.display import close_display, open_display, require_screen, when_screen_is_lost
from sim.viewer.drive_window import DriveWindow
from sim.viewer.film import Film, check_film_path
from sim.viewer.gamepad import Gamepad
from sim.viewer.layout import BASE_SIZE_PX
from sim.viewer.manual import ManualWheel
from sim.viewer.session import REWIND_STEPS, DriveSetup, DriveSummary, Recorder, Session

if TYPE_CHECKING:
    from sim.recording.run_log import RunLog

__all__ = ["DriveWindow", "open_display", "require_screen", "run_window", "turn"]

POLL_S = 0.004
"""A picture comes no later than this after it is due, at a cost of a hundredth of a core."""


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
        close_display()


def _show(window: DriveWindow) -> None:
    while window.running:
        if not turn(window, time.monotonic()):
            time.sleep(POLL_S)


def turn(window: DriveWindow, now_s: float) -> bool:
    """Turn the window's own loop once: keys, as many steps as are due, one picture; return whether there was one."""
    for event in pygame.event.get():
        window.handle(event, now_s)
    window.advance(now_s)
    return window.draw()
