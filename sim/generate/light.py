"""Light and air."""

from __future__ import annotations

from math import pi

import numpy as np

from sim.generate.drawing import uniform
from sim.spec import WorldSpec
from sim.world import Light, TimeOfDay


def draw_light(rng: np.random.Generator, spec: WorldSpec) -> Light:
    """Return the light and the air of one world."""
    sun = float(rng.uniform(-pi, pi))
    visibility_m = uniform(rng, spec.visibility_m)
    if rng.random() < spec.dusk_share:
        level = float(rng.uniform(0.32, 0.60))
        warm = float(rng.uniform(-0.05, 0.12))
        ambient = (level * (1 + warm), level, level * (1.05 - warm))
        low = (int(rng.uniform(110, 215)), int(rng.uniform(90, 150)), int(rng.uniform(80, 150)))
        top = (int(rng.uniform(25, 70)), int(rng.uniform(35, 80)), int(rng.uniform(70, 130)))
        return Light(TimeOfDay.DUSK, sun, ambient, top, low, visibility_m, float(rng.uniform(0.85, 1.25)))
    level, warm = float(rng.uniform(0.75, 1.08)), float(rng.uniform(-0.06, 0.08))
    ambient = (level * (1 + warm), level, level * (1 - warm))
    if rng.random() < 0.4:
        grey = float(rng.uniform(150, 240))
        top = low = (int(grey), int(grey + 3), int(grey + 8))
    else:
        top = (int(rng.uniform(50, 130)), int(rng.uniform(110, 175)), int(rng.uniform(190, 245)))
        low = (int(rng.uniform(170, 225)), int(rng.uniform(195, 235)), int(rng.uniform(220, 250)))
    return Light(TimeOfDay.DAY, sun, ambient, top, low, visibility_m, float(rng.uniform(0.8, 1.2)))
