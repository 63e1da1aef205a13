"""What the driver is told of how sure its eyes are."""

from __future__ import annotations

import sys
from itertools import islice
from types import SimpleNamespace

import pytest

from scenarios.run import make_eyes
from scenarios.why import HybridEyes, Part
from sim.control import DriverConfig, DriverMemory
from sim.control.evidence import MIN_SCORE
from sim.generate import generate_world
from sim.loop import SURE_SCORE, BlindEyes, OracleEyes, drive
from sim.spec import WorldSpec
from sim.vehicle import Control


@pytest.mark.parametrize(("fovea", "sure_score"), [(None, MIN_SCORE), (object(), SURE_SCORE)])
def test_only_eyes_that_look_twice_are_held_to_be_sure(
    monkeypatch: pytest.MonkeyPatch, fovea: object, sure_score: float
):
    """What a network that looks once makes of true signs, one just trained above all, is no surer than a flicker."""
    stand_in = SimpleNamespace(load_perceiver=lambda *_args, **_more: SimpleNamespace(fovea=fovea))
    monkeypatch.setitem(sys.modules, "perception.perceiver", stand_in)

    assert make_eyes("network").sure_score == sure_score


@pytest.mark.parametrize("eyes", [OracleEyes(), BlindEyes(), HybridEyes(OracleEyes(), Part.LANE)])
def test_the_driver_is_the_same_with_all_eyes_that_are_sure(monkeypatch: pytest.MonkeyPatch, eyes: OracleEyes):
    told: list[float] = []

    def decide(memory, _percept, _own, _dt_s, config, **_more):
        told.append(config.sure_score)
        return memory, Control()

    monkeypatch.setattr("sim.loop.decide", decide)
    list(islice(drive(generate_world(3, WorldSpec()), eyes, DriverConfig(), memory=DriverMemory()), 2))

    assert told == [SURE_SCORE] * 2
