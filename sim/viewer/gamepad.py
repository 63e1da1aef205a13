"""A game controller, if there is one: its left stick steers, its triggers are the pedals."""

from __future__ import annotations

import pygame
from pygame._sdl2 import controller  # Known pads come with a mapping there, so that every make has the same axes.

from sim.viewer.manual import Stick

_FULL = 32767.0
_DEAD = 0.12
"""Sticks do not come back to their very middle."""


class Gamepad:
    """The first controller that is plugged in, at the start or later; none is as good as one that is let go."""

    def __init__(self) -> None:
        self._pad: controller.Controller | None = None
        try:
            controller.init()
            self._open()
        except pygame.error:
            self._pad = None

    def _open(self) -> None:
        for index in range(controller.get_count()):
            if controller.is_controller(index):
                self._pad = controller.Controller(index)
                return
        self._pad = None

    @property
    def plugged_in(self) -> bool:
        """Whether there is one."""
        return self._pad is not None

    def handle(self, event: pygame.event.Event) -> None:
        """Take note of a controller that comes or goes."""
        if event.type in (pygame.CONTROLLERDEVICEADDED, pygame.CONTROLLERDEVICEREMOVED):
            try:
                self._open()
            except pygame.error:
                self._pad = None

    def read(self) -> Stick | None:
        """Return how stick and triggers stand; None without a controller."""
        pad = self._pad
        if pad is None or not pad.attached():
            return None
        return Stick(
            gas=_pressed(pad.get_axis(pygame.CONTROLLER_AXIS_TRIGGERRIGHT)),
            brake=_pressed(pad.get_axis(pygame.CONTROLLER_AXIS_TRIGGERLEFT)),
            left=-_turned(pad.get_axis(pygame.CONTROLLER_AXIS_LEFTX)),
        )

    def close(self) -> None:
        """Let go of it."""
        self._pad = None
        controller.quit()


def _pressed(value: int) -> float:
    share = max(value, 0) / _FULL
    return share if share > 0.02 else 0.0


def _turned(value: int) -> float:
    share = value / _FULL
    size = max(abs(share) - _DEAD, 0.0) / (1.0 - _DEAD)
    return min(size, 1.0) * (1.0 if share > 0 else -1.0)
