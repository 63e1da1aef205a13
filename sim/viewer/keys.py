"""Which key does what: one table for the window and for the list that it shows."""

from __future__ import annotations

from enum import Enum

import pygame

from sim.viewer.manual import Hold


class Action(Enum):
    """What a key does; the value is what the list of keys says of it."""

    PAUSE = "pause, or go on"
    STEP = "one step on"
    BACK = "one step back"
    SECOND_BACK = "a second back"
    SECOND_ON = "a second on"
    OLDEST = "as far back as a minute"
    NOW = "to the present"
    RESUME = "drive on from here, forget the rest"
    SLOWER = "slower, down to an eighth"
    FASTER = "faster, up to four times"
    RESET = "the same drive again"
    NEXT_SEED = "the next drive"
    TRUTH = "show or hide the true boxes"
    LAYERS = "show or hide what each layer sees"
    ATTENTION = "Grad-CAM over the camera"
    EYES = "other eyes: network, oracle, blind"
    WEIGHTS = "the network's next weights"
    MANUAL = "take the wheel, or give it back"
    DUEL = "you against the eyes, judged alike"
    WEATHER = "other weather"
    HOUR = "another hour of the day"
    AGE = "newer or older signs"
    CLUTTER = "more or fewer things that are no stop sign"
    THING = "what a click on the map puts there"
    SCREENSHOT = "save a picture"
    KEYS = "show or hide this list"
    QUIT = "quit"


ACTIONS: dict[int, Action] = {
    pygame.K_SPACE: Action.PAUSE,
    pygame.K_n: Action.STEP,
    pygame.K_RIGHT: Action.STEP,
    pygame.K_b: Action.BACK,
    pygame.K_LEFT: Action.BACK,
    pygame.K_PAGEUP: Action.SECOND_BACK,
    pygame.K_PAGEDOWN: Action.SECOND_ON,
    pygame.K_HOME: Action.OLDEST,
    pygame.K_END: Action.NOW,
    pygame.K_RETURN: Action.RESUME,
    pygame.K_KP_ENTER: Action.RESUME,
    pygame.K_MINUS: Action.SLOWER,
    pygame.K_KP_MINUS: Action.SLOWER,
    pygame.K_PLUS: Action.FASTER,
    pygame.K_EQUALS: Action.FASTER,
    pygame.K_KP_PLUS: Action.FASTER,
    pygame.K_r: Action.RESET,
    pygame.K_g: Action.NEXT_SEED,
    pygame.K_t: Action.TRUTH,
    pygame.K_l: Action.LAYERS,
    pygame.K_k: Action.ATTENTION,
    pygame.K_e: Action.EYES,
    pygame.K_v: Action.WEIGHTS,
    pygame.K_m: Action.MANUAL,
    pygame.K_c: Action.DUEL,
    pygame.K_w: Action.WEATHER,
    pygame.K_o: Action.HOUR,
    pygame.K_a: Action.AGE,
    pygame.K_d: Action.CLUTTER,
    pygame.K_p: Action.THING,
    pygame.K_s: Action.SCREENSHOT,
    pygame.K_h: Action.KEYS,
    pygame.K_F1: Action.KEYS,
    pygame.K_q: Action.QUIT,
    pygame.K_ESCAPE: Action.QUIT,
}

REPEATED = frozenset({Action.STEP, Action.BACK, Action.SECOND_BACK, Action.SECOND_ON})
"""What goes on being done while its key is held."""

HOLDS: dict[int, Hold] = {
    pygame.K_UP: Hold.GAS,
    pygame.K_DOWN: Hold.BRAKE,
    pygame.K_LEFT: Hold.LEFT,
    pygame.K_RIGHT: Hold.RIGHT,
}
"""The arrows steer while a person drives; else two of them step."""

KEY_LIST: tuple[tuple[str, str], ...] = (
    ("SPACE", Action.PAUSE.value),
    ("N  or  →", Action.STEP.value),
    ("B  or  ←", Action.BACK.value),
    ("PAGE UP, DOWN", "a second back, a second on"),
    ("HOME", Action.OLDEST.value),
    ("END", Action.NOW.value),
    ("bar under the camera", "drag to any moment of the last minute"),
    ("ENTER", Action.RESUME.value),
    ("−", Action.SLOWER.value),
    ("+", Action.FASTER.value),
    ("R", Action.RESET.value),
    ("G", Action.NEXT_SEED.value),
    ("T", Action.TRUTH.value),
    ("L", Action.LAYERS.value),
    ("K", Action.ATTENTION.value),
    ("S", Action.SCREENSHOT.value),
    ("E", Action.EYES.value),
    ("V", Action.WEIGHTS.value),
    ("M", Action.MANUAL.value),
    ("↑ ↓ ← →", "gas, brake, steer, while you have the wheel"),
    ("gamepad", "triggers and left stick, the same"),
    ("C", Action.DUEL.value),
    ("W", Action.WEATHER.value),
    ("O", Action.HOUR.value),
    ("A", Action.AGE.value),
    ("D", Action.CLUTTER.value),
    ("P", Action.THING.value),
    ("click on the map", "put it there; right click: take away"),
    ("H  or  F1", Action.KEYS.value),
    ("Q  or  ESC", Action.QUIT.value),
)
