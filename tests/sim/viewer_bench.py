"""A window whose clock the test holds: keys and clicks go in as a person's would."""

from __future__ import annotations

from pathlib import Path

import pygame

from sim.loop import Tick
from sim.viewer.display import open_display
from sim.viewer.drive_window import DriveWindow
from sim.viewer.manual import ManualWheel
from sim.viewer.session import REWIND_STEPS, DriveSetup, Session

SIZE_PX = (960, 540)


class Bench:
    """A window with a drive in it, begun and at its first tick.

    Args:
        folder: Where pictures go.
        setup: What to drive.
        max_steps: After how many steps to close, or None.
    """

    def __init__(self, folder: Path, setup: DriveSetup, *, max_steps: int | None = None) -> None:
        self.now_s = 100.0
        self.wheel = ManualWheel()
        self.session = Session(setup, 5, override=self.wheel, want_truth=True, keep_steps=REWIND_STEPS)
        self.window = DriveWindow(
            open_display(SIZE_PX), self.session, self.wheel, max_steps=max_steps, screenshots=folder
        )
        self.pass_time(0.0)

    def pass_time(self, seconds: float) -> None:
        """Let time pass in turns of one hundredth of a second, as the window's own loop does."""
        for _ in range(max(1, round(seconds / 0.01))):
            self.now_s += 0.01 if seconds else 0.0
            for event in pygame.event.get():
                self.window.handle(event, self.now_s)
            self.window.advance(self.now_s)

    def post(self, kind: int, **fields: object) -> None:
        """Let something happen to the window."""
        pygame.event.post(pygame.event.Event(kind, **fields))  # type: ignore[arg-type]  # any field goes
        self.pass_time(0.0)

    def hold(self, key: int) -> None:
        """Press a key and keep it down."""
        self.post(pygame.KEYDOWN, key=key)

    def release(self, key: int) -> None:
        """Let a key go."""
        self.post(pygame.KEYUP, key=key)

    def press(self, key: int) -> None:
        """Press a key and let it go."""
        self.hold(key)
        self.release(key)

    def mouse(self, kind: int, position: tuple[int, int], button: int = pygame.BUTTON_LEFT) -> None:
        """Move the mouse, or press or let go one of its buttons."""
        self.post(kind, pos=position, button=button)

    def click(self, position: tuple[int, int], button: int = pygame.BUTTON_LEFT) -> None:
        """Press a button of the mouse and let it go."""
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            self.mouse(kind, position, button)

    @property
    def tick(self) -> Tick:
        """What is shown."""
        assert self.session.tick is not None
        return self.session.tick

    @property
    def step(self) -> int:
        """Which moment is shown."""
        return self.tick.world.step
