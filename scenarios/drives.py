"""What the window drives: a scenario of the catalogue, or worlds of every kind without end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from perception.engine import STANDARD, Engine
from scenarios.judge import Judge
from scenarios.outcomes import Expectation
from scenarios.run import EYES_NAMES, driver_for, make_eyes
from scenarios.scenario import Expectations, Scenario, fault_of, find_scenario, load_shipped, start_world
from sim.camera import Camera
from sim.control import DriverConfig
from sim.generate.endless import lay_ahead, start_endless
from sim.loop import Eyes, Tick
from sim.spec import RoadSpec, WorldSpec
from sim.vehicle import CONTROL_HZ
from sim.viewer.layers import LayerViews
from sim.viewer.session import DriveSetup, EyesOffer, Score
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


def eyes_offers(eyes: str, weights: Sequence[Path | None], engine: Engine = STANDARD) -> tuple[EyesOffer, ...]:
    """Return all eyes that a window can change to, those of a name first.

    Args:
        eyes: "network", "oracle" or "blind": which come first.
        weights: The networks' weights, one network each; None stands for the shipped ones.
        engine: What the networks' answers are computed with.
    """
    files = list(dict.fromkeys(weights)) or [None]
    names = ["network" if path is None or _short(path) == "weights" else f"{_short(path)} network" for path in files]
    if len(set(names)) < len(names):
        names = [f"{path or 'shipped'} network" for path in files]
    offers = [_network_offer(name, path, engine) for name, path in zip(names, files, strict=True)]
    offers += [EyesOffer(name, name, lambda name=name: make_eyes(name)) for name in EYES_NAMES if name != "network"]
    first = next(offer for offer in offers if offer.kind == eyes)
    return (first, *(offer for offer in offers if offer is not first))


def _short(path: Path) -> str:
    """Return what weights are called: their folder's name for a file of the usual name, else the file's own."""
    if path.parent.parent.name == "epochs":
        return f"epoch {path.parent.name}"
    return path.parent.name if path.name == "rollingstop.npz" else path.stem


def _network_offer(name: str, weights: Path | None, engine: Engine) -> EyesOffer:
    def make() -> Eyes:
        return make_eyes("network", weights, engine=engine)

    def make_layers() -> LayerViews:
        from perception.layers import load_layers

        return load_layers(weights)

    return EyesOffer(name, "network", make, make_layers)


def drive_setup(
    scenario: str | None, eyes: str, weights: Path | None, others: Sequence[Path] = (), engine: Engine = STANDARD
) -> tuple[DriveSetup, int]:
    """Return what to drive, judged as the catalogue is, and the steps after which its time is up.

    Args:
        scenario: The name of one that comes with Rolling Stop; worlds of every kind if not given.
        eyes: "network", "oracle" or "blind".
        weights: The network's weights; the shipped ones if not given.
        others: More weights that a window can change to.
        engine: What the network's answers are computed with.

    Raises:
        ScenarioError: If there is no scenario of that name.
        WeightsError: If the network's weights cannot be used.
    """
    chosen = FREE_DRIVE if scenario is None else find_scenario(scenario, load_shipped())
    offers = eyes_offers(eyes, (weights, *others), engine)
    setup = DriveSetup(
        start=lambda seed: start_world(chosen, seed),
        eyes=offers[0].make(),
        driver_for=lambda world: driver_for(world.scene.speed_limit_mps, yields=chosen.yields),
        judge_for=lambda world: _Commentator(chosen, world, eyes),
        fault_for=lambda world: fault_of(chosen, world),
        camera=Camera(),
        offers=offers,
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


def endless_setup(
    eyes: str, weights: Path | None, others: Sequence[Path] = (), engine: Engine = STANDARD
) -> tuple[DriveSetup, int]:
    """Return a drive that nobody judges, on a road without end, and the steps after which a headless one stops.

    Args:
        eyes: "network", "oracle" or "blind".
        weights: The network's weights; the shipped ones if not given.
        others: More weights that a window can change to.
        engine: What the network's answers are computed with.

    Raises:
        WeightsError: If the network's weights cannot be used.
    """
    offers = eyes_offers(eyes, (weights, *others), engine)
    turn_share = ENDLESS_TURN_SHARE if eyes == "oracle" else 0.0
    spec = replace(ENDLESS, road=replace(ENDLESS.road, turn_share=turn_share))
    setup = DriveSetup(
        start=lambda seed: start_endless(seed, spec),
        eyes=offers[0].make(),
        driver_for=_driver_for,
        onward=lambda world: lay_ahead(world, spec),
        camera=Camera(),
        offers=offers,
    )
    return setup, HOUR_STEPS


def _driver_for(world: World) -> DriverConfig:
    return driver_for(world.scene.speed_limit_mps)


_WORDS = {
    Expectation.STOPS: "stops at the sign",
    Expectation.NO_PHANTOM_STOP: "no phantom stop",
    Expectation.LANE_KEPT: "keeps its lane",
    Expectation.NO_CONTACT: "touches nobody",
    Expectation.RIGHT_OF_WAY: "gives way",
    Expectation.PEOPLE_SAFE: "minds people on foot",
    Expectation.SCHOOL_BUS: "minds school buses",
    Expectation.COMFORT_BRAKE: "brakes gently",
    Expectation.COMFORT_JERK: "brakes smoothly",
    Expectation.ROUTE_FINISHED: "arrives",
    Expectation.SAFE_STOP: "stops when blind",
}


class _Commentator:
    """A judge for the window: silent until the drive is over, then it says how it went, and gives its scores."""

    def __init__(self, scenario: Scenario, world: World, eyes: str) -> None:
        self._judge = Judge(scenario, world)
        self._eyes = eyes
        self._seed = world.scene.seed

    def __call__(self, tick: Tick) -> str | None:
        self._judge.see(tick.world)
        return self._judge.verdict(self._seed, self._eyes).reason if self._judge.over else None

    def scores(self) -> tuple[Score, ...]:
        """Return each expectation held against what happened so far."""
        findings = self._judge.verdict(self._seed, self._eyes).findings
        return tuple(Score(_WORDS[each.expectation], each.held, each.sentence) for each in findings)
