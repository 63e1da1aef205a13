"""Which key does what: one table for the window and for the list that it shows."""

from __future__ import annotations

from enum import Enum

import pygame

from sim.viewer.manual import Hold


class Action(Enum):
    """What a key does; the value is what the list of keys says of it."""

    PAUSE = "pause, or go on"
    STEP = "one step"
    RESET = "the same drive again"
    NEXT_SEED = "the next drive"
    TRUTH = "show or hide the true boxes"
    MANUAL = "take the wheel, or give it back"
    SCREENSHOT = "save a picture"
    KEYS = "show or hide this list"
    QUIT = "quit"


ACTIONS: dict[int, Action] = {
    pygame.K_SPACE: Action.PAUSE,
    pygame.K_n: Action.STEP,
    pygame.K_r: Action.RESET,
    pygame.K_g: Action.NEXT_SEED,
    pygame.K_t: Action.TRUTH,
    pygame.K_m: Action.MANUAL,
    pygame.K_s: Action.SCREENSHOT,
    pygame.K_h: Action.KEYS,
    pygame.K_F1: Action.KEYS,
    pygame.K_q: Action.QUIT,
    pygame.K_ESCAPE: Action.QUIT,
}

HOLDS: dict[int, Hold] = {
    pygame.K_UP: Hold.GAS,
    pygame.K_DOWN: Hold.BRAKE,
    pygame.K_LEFT: Hold.LEFT,
    pygame.K_RIGHT: Hold.RIGHT,
}
"""The arrows steer while a person drives; else the right one steps."""

KEY_LIST: tuple[tuple[str, str], ...] = (
    ("SPACE", Action.PAUSE.value),
    ("N  or  →", Action.STEP.value),
    ("R", Action.RESET.value),
    ("G", Action.NEXT_SEED.value),
    ("T", Action.TRUTH.value),
    ("M", Action.MANUAL.value),
    ("↑ ↓ ← →", "gas, brake, steer, while you have the wheel"),
    ("S", Action.SCREENSHOT.value),
    ("H  or  F1", Action.KEYS.value),
    ("Q  or  ESC", Action.QUIT.value),
)
