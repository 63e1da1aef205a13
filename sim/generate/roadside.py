"""Where things may stand beside the road, by the rules of `sim.signs`, and what they must not hide."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import hypot

import numpy as np

from sim.generate.drawing import uniform
from sim.road import Path, RoadNetwork
from sim.signs import (
    MIN_BEHIND_KERB_M,
    MIN_HEIGHT_COUNTRY_M,
    MIN_HEIGHT_TOWN_M,
    VERGE_OFFSET_M,
    Sign,
)


def draw_beside_m(rng: np.random.Generator, in_town: bool) -> float:
    """Return the distance from the carriageway's edge to a sign's near edge, by the rules for kerb and verge."""
    return float(rng.uniform(MIN_BEHIND_KERB_M, MIN_BEHIND_KERB_M + 0.9)) if in_town else uniform(rng, VERGE_OFFSET_M)


def draw_bottom_m(rng: np.random.Generator, in_town: bool) -> float:
    """Return the height of a sign's bottom edge, by the rules for town and country."""
    low = MIN_HEIGHT_TOWN_M if in_town else MIN_HEIGHT_COUNTRY_M
    return float(rng.uniform(low, low + 0.3))


@lru_cache(maxsize=16)
def _eyes_m(path: Path, line_s_m: float, d_m: float) -> tuple[tuple[float, float], ...]:
    """Return the world x and y of a driver's eyes on the way to a stop line."""
    return tuple(path.position(line_s_m - before_m, d_m) for before_m in (8.0, 18.0, 30.0, 45.0, 60.0, 75.0))


def blocks_sight(network: RoadNetwork, signs: Sequence[Sign], x_m: float, y_m: float, radius_m: float) -> bool:
    """Return whether a thing would stand between the driver, on the way to a stop line, and its sign."""
    for sign in signs:
        if sign.stop_line is None:
            continue
        road, line_s_m = network.ego_road, network.stop_lines[sign.stop_line].s_m
        for eye_x, eye_y in _eyes_m(road.path, line_s_m, road.lane_centre_d_m):
            dx, dy = sign.x_m - eye_x, sign.y_m - eye_y
            along = ((x_m - eye_x) * dx + (y_m - eye_y) * dy) / (dx * dx + dy * dy)
            if 0.0 < along < 1.05:
                off_m = abs((x_m - eye_x) * dy - (y_m - eye_y) * dx) / hypot(dx, dy)
                if off_m < radius_m + 0.8:
                    return True
    return False
