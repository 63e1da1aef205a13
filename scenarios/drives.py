"""What the window drives: a scenario of the catalogue, or worlds of every kind without end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from perception.engine import STANDARD, Engine
from scenarios.judge import Judge
from scenarios.run import driver_for, make_eyes
from scenarios.scenario import Expectations, Scenario, fault_of, find_scenario, load_shipped, start_world
from sim.camera import Camera
from sim.control import DriverConfig
from sim.generate.endless import lay_ahead, start_endless
from sim.loop import Tick
from sim.spec import RoadSpec, WorldSpec
from sim.vehicle import CONTROL_HZ
from sim.viewer.session import DriveSetup
from sim.world import World

FREE_DRIVE = Scenario(
    name="free_drive",
    title="Free drive",
    description="A little of everything, for watching.",
    world=WorldSpec(
        junctions=(2, 3),
        curvature_per_m=(0.0, 0.006),
        distractors=(3, 8),
        oncoming=(1, 3),
        parked=(0, 3),
        lead_share=0.25,
    ),
    expect=Expectations(route_finished_s=120.0),
)
"""What is driven where no scenario is named."""


def drive_setup(
    scenario: str | None, eyes: str, weights: Path | None, engine: Engine = STANDARD
) -> tuple[DriveSetup, int]:
    """Return what to drive, judged as the catalogue is, and the steps after which its time is up.

    Args:
        scenario: A name in the catalogue or the traffic folder; worlds of every kind if not given.
        eyes: "network", "oracle" or "blind".
        weights: The network's weights; the shipped ones if not given.
        engine: What the network's answers are computed with.

    Raises:
        ScenarioError: If there is no scenario of that name.
        WeightsError: If the network's weights cannot be used.
    """
    chosen = FREE_DRIVE if scenario is None else find_scenario(scenario, load_shipped())
    setup = DriveSetup(
        start=lambda seed: start_world(chosen, seed),
        eyes=make_eyes(eyes, weights, engine=engine),
        driver_for=lambda world: driver_for(world.scene.speed_limit_mps, yields=chosen.yields),
        judge_for=lambda world: _Commentator(chosen, world, eyes),
        fault_for=lambda world: fault_of(chosen, world),
        camera=Camera(),
    )
    return setup, round(chosen.expect.route_finished_s * CONTROL_HZ)


ENDLESS = replace(
    FREE_DRIVE.world,
    junctions=(1, 2),
    controlled_share=0.7,
    after_m=(30.0, 60.0),
    road=RoadSpec(
        kerb_share=0.7,
        corner_share=0.8,
        driveways=(0, 3),
        t_share=0.3,
        bend_share=0.6,
        line_missing_share=0.2,
        ladder_share=0.3,
        two_line_share=0.3,
        far_crosswalk_share=0.4,
        other_line_share=0.7,
        legend_share=0.3,
        arrow_share=0.2,
        worn_stretches=(0, 2),
    ),
)
"""What the stretches of a road without end are drawn from."""

ENDLESS_TURN_SHARE = 0.4
"""Share of stops there at which the route turns, for eyes that are told where it leads: no picture shows that."""

HOUR_STEPS = 3600 * CONTROL_HZ


def endless_setup(eyes: str, weights: Path | None, engine: Engine = STANDARD) -> tuple[DriveSetup, int]:
    """Return a drive that nobody judges, on a road without end, and the steps after which a headless one stops.

    Args:
        eyes: "network", "oracle" or "blind".
        weights: The network's weights; the shipped ones if not given.
        engine: What the network's answers are computed with.

    Raises:
        WeightsError: If the network's weights cannot be used.
    """
    turn_share = ENDLESS_TURN_SHARE if eyes == "oracle" else 0.0
    spec = replace(ENDLESS, road=replace(ENDLESS.road, turn_share=turn_share))
    setup = DriveSetup(
        start=lambda seed: start_endless(seed, spec),
        eyes=make_eyes(eyes, weights, engine=engine),
        driver_for=_driver_for,
        onward=lambda world: lay_ahead(world, spec),
        camera=Camera(),
    )
    return setup, HOUR_STEPS


def _driver_for(world: World) -> DriverConfig:
    return driver_for(world.scene.speed_limit_mps)


class _Commentator:
    """A judge for the window: silent until the drive is over, then it says how it went."""

    def __init__(self, scenario: Scenario, world: World, eyes: str) -> None:
        self._judge = Judge(scenario, world)
        self._eyes = eyes

    def __call__(self, tick: Tick) -> str | None:
        self._judge.see(tick.world)
        return self._judge.verdict(tick.world.scene.seed, self._eyes).reason if self._judge.over else None
