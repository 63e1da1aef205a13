from __future__ import annotations

from dataclasses import fields
from itertools import islice

import numpy as np
import pytest

from sim.camera import Camera
from sim.control import DriverConfig
from sim.generate import generate_world
from sim.loop import BlindEyes, Capture, NetworkEyes, OracleEyes, drive
from sim.percept import Percept
from sim.spec import WorldSpec
from sim.vehicle import Control, OwnMotion

CONFIG = DriverConfig(cruise_mps=9.0)


@pytest.fixture
def world():
    return generate_world(1, WorldSpec())


def test_a_network_is_handed_the_frame_and_nothing_else(world):
    handed = []

    def perceive(*things, **named):
        handed.append((things, named))
        return Percept(things[0].step)

    ticks = list(islice(drive(world, NetworkEyes(perceive), CONFIG, want_truth=True), 3))

    for (things, named), tick in zip(handed, ticks, strict=True):
        assert named == {}
        (frame,) = things
        assert frame is tick.capture.frame
        # Nothing that hangs on a frame leads to the world: a step, pixels, and the camera's own sizes.
        assert {field.name for field in fields(frame)} == {"step", "rgb", "camera"}
        assert isinstance(frame.rgb, np.ndarray)
        assert isinstance(frame.camera, Camera)


def test_the_driver_is_told_its_own_motion_alone(world):
    assert {field.name for field in fields(OwnMotion)} == {"speed_mps", "steer_rad"}
    assert world.ego.own_motion == OwnMotion(world.ego.speed_mps, world.ego.steer_rad)


def test_each_tick_is_one_step_further(world):
    ticks = list(islice(drive(world, OracleEyes(), CONFIG), 5))

    assert [tick.world.step for tick in ticks] == [0, 1, 2, 3, 4]
    assert ticks[-1].world.ego_s_m > ticks[0].world.ego_s_m


def test_what_nobody_asks_for_is_not_made(world):
    tick = next(drive(world, OracleEyes(), CONFIG))

    assert tick.capture.frame is None
    assert tick.capture.truth is not None


def test_the_blind_see_the_lane_and_nothing_else(world):
    tick = next(drive(world, BlindEyes(), CONFIG))

    assert tick.percept.lane is not None
    assert tick.percept.detections == ()
    assert tick.percept.stop_line is None


def test_two_drives_from_one_world_are_the_same(world):
    first, second = (list(islice(drive(world, OracleEyes(), CONFIG), 60)) for _ in range(2))

    assert [tick.world.ego for tick in first] == [tick.world.ego for tick in second]
    assert [tick.control for tick in first] == [tick.control for tick in second]


def test_the_wheel_can_be_taken(world):
    ticks = list(islice(drive(world, OracleEyes(), CONFIG, override=lambda _world, _control: Control(-3.0, 0.1)), 20))

    assert all(tick.control == Control(-3.0, 0.1) for tick in ticks)
    assert ticks[-1].world.ego.speed_mps < ticks[0].world.ego.speed_mps


def test_a_person_at_the_wheel_makes_the_driver_mistrust_no_sensor():
    bend = generate_world(1, WorldSpec(curvature_per_m=(0.008, 0.01)))
    hands_off = drive(bend, OracleEyes(), CONFIG, override=lambda _world, _control: Control(0.0, 0.0))

    troubles = {tick.memory.watch.trouble for tick in islice(hands_off, 40)}

    assert troubles == {None}


@pytest.mark.parametrize("eyes", [OracleEyes(), BlindEyes(), NetworkEyes(lambda frame: Percept(frame.step))])
def test_eyes_that_lack_what_they_read_say_so(eyes):
    with pytest.raises(ValueError, match="Received: None"):
        eyes(0, Capture(None, None))
