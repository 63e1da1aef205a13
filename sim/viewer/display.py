"""Opening the window: with a screen, or with one clear line that says how to do without."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import pygame

from sim.errors import DisplayError
from sim.viewer.layout import BASE_SIZE_PX
from sim.viewer.palette import STOP_RED
from sim.viewer.shapes import octagon

_SCREENLESS_DRIVERS = ("dummy", "offscreen", "evdev")

_log = logging.getLogger(__name__)
_kept: list[Any] = []
"""What Xlib has been given to call must not be collected."""


_WITHOUT = "Without a screen, use `--headless --record film.mp4`."


def require_screen(without: str = _WITHOUT) -> None:
    """Tell a machine without a screen from one that has one, at once and without opening anything.

    Args:
        without: How to do without one, for the error.

    Raises:
        DisplayError: If there surely is no screen.
    """
    on_linux = sys.platform.startswith("linux")
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"))
    if on_linux and not named:
        raise _no_display("neither DISPLAY nor WAYLAND_DISPLAY is set", without)


def open_display(size_px: tuple[int, int] = BASE_SIZE_PX, without: str = _WITHOUT) -> pygame.Surface:
    """Open the window.

    Only the display is initialised, never sound: a machine without a sound card would fill the terminal with errors.

    Args:
        size_px: Its size.
        without: How to do without a screen, for the error.

    Raises:
        DisplayError: If there is no screen; also where SDL would quietly draw into nothing, unless SDL_VIDEODRIVER asks
            for that.
    """
    require_screen(without)
    # The view is composed in memory. Where OpenGL is drawn by the processor, Mesa's LLVM and TensorFlow's do not bear
    # each other, and a window that SDL hands over by OpenGL would crash.
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
    asked_for = os.environ.get("SDL_VIDEODRIVER", "")
    on_linux = sys.platform.startswith("linux")
    try:
        _init_display(x11_only=on_linux and not asked_for and not os.environ.get("WAYLAND_DISPLAY"))
        driver = pygame.display.get_driver()
        if driver in _SCREENLESS_DRIVERS and driver not in asked_for:
            raise _no_display(f"SDL found no screen and fell back to its driver '{driver}'", without)
        pygame.font.init()
        pygame.display.set_caption("Rolling Stop")
        pygame.display.set_icon(_icon())
        return pygame.display.set_mode(size_px, pygame.RESIZABLE)
    except pygame.error as fault:
        pygame.display.quit()
        raise _no_display(str(fault), without) from fault
    except DisplayError:
        pygame.display.quit()
        raise


def close_display() -> None:
    """Close the window."""
    pygame.display.quit()


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


def _no_display(reason: str, without: str = _WITHOUT) -> DisplayError:
    return DisplayError(f"Expected a screen to open a window on. Received: {reason}.", hint=without)


def _icon() -> pygame.Surface:
    icon = pygame.Surface((256, 256), pygame.SRCALPHA, 32)
    pygame.draw.polygon(icon, STOP_RED, octagon((128, 128), 128))
    return pygame.transform.smoothscale(icon, (32, 32))


def when_screen_is_lost(save: Callable[[], None]) -> None:
    """Have what was driven saved when the X server goes, as with a remote screen; elsewhere do nothing.

    Xlib ends the process as soon as its connection breaks, wherever the program is, and no exception can stop it. What
    it calls before is the one chance: `save` is called, one line is logged, and the process leaves with the exit status
    of a `DisplayError`.

    Args:
        save: Closes films and logs.
    """
    if pygame.display.get_driver() != "x11":
        return
    try:
        set_handler = ctypes.CDLL("libX11.so.6").XSetIOErrorHandler
    except (OSError, AttributeError):
        return

    def lost(_display: object) -> int:
        try:
            save()
        finally:
            _log.error("rollingstop: The window's screen is gone. What was driven until then is kept.")
            os._exit(DisplayError.exit_code)

    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(lost)
    _kept[:] = [handler]
    set_handler(handler)
