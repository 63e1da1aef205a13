"""Worlds made by hand, so that a test says all that it judges."""

from dataclasses import replace
from itertools import count

import pytest

from sim.light import Light, TimeOfDay
from sim.road import CentreLine, Edge, Road, RoadNetwork, StopLine, build_path
from sim.vehicle import EgoState
from sim.world import Scene, World, place_ego

LANE_WIDTH_M = 3.4
_MARKS = count(987_654_000)


class Drive:
    """A drive made by hand: a straight road along x, the front bumper where the test puts it, a step for each call."""

    def __init__(self, lines_s_m=(100.0,), end_s_m=150.0, actors=()):
        road = Road(build_path([(400.0, 0.0, 0.0)]), LANE_WIDTH_M, Edge.VERGE, CentreLine.DASHED, True, True, 0.0)
        lines = tuple(StopLine(s_m, 0.4, number) for number, s_m in enumerate(lines_s_m))
        light = Light(TimeOfDay.DAY, 0.0, (1.0, 1.0, 1.0), (90, 140, 220), (200, 210, 230), 2000.0, 1.0)
        scene = Scene(next(_MARKS), RoadNetwork(road, (), lines), (), (), light, 0, 10.0, end_s_m)
        self.start = place_ego(World(scene, EgoState(0.0, 0.0, 0.0, 0.0), tuple(actors)), 20.0, 0.0, 0.0, 10.0)
        self.worlds = []

    def at(self, bumper_s_m, speed_mps=10.0, accel_mps2=0.0, offset_m=0.0, steps=1, actors=None):
        """Append `steps` moments with the bumper at one place."""
        for _ in range(steps):
            s_m = bumper_s_m - self.start.geometry.front_m
            world = place_ego(self.start, s_m, offset_m, 0.0, speed_mps)
            ego = replace(world.ego, accel_mps2=accel_mps2)
            step = len(self.worlds)
            kept = world.actors if actors is None else tuple(actors)
            self.worlds.append(replace(world, ego=ego, step=step, actors=kept))
        return self

    def through(self, *bumpers_s_m, speed_mps=10.0):
        """Append a moment for each place, at one speed."""
        for bumper_s_m in bumpers_s_m:
            self.at(bumper_s_m, speed_mps)
        return self

    def stop(self, bumper_s_m, seconds=2.2):
        """Append a full stop at a place."""
        return self.at(bumper_s_m, 0.0, steps=round(20 * seconds))

    def finish(self):
        """Append the route's end."""
        return self.at(self.start.scene.route_end_s_m + 0.1)


@pytest.fixture
def make_drive():
    return Drive
