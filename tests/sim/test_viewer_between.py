"""Between two steps the window shows the world on its way; the drive knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from hashlib import sha256
from itertools import pairwise
from math import pi
from pathlib import Path

import numpy as np
import pygame
import pytest

from sim.control import DriverConfig
from sim.faults import Fault, FaultKind
from sim.generate import generate_world
from sim.loop import SURE_SCORE, Capture, OracleEyes, Tick
from sim.percept import Detection, ObjectKind, Percept
from sim.spec import WorldSpec
from sim.truth import perfect_percept
from sim.vehicle import CONTROL_HZ, EgoState
from sim.viewer.between import between, percept_between, world_between
from sim.viewer.playback import PICTURES_HZ, SPEEDS
from sim.viewer.session import DriveSetup, Session
from sim.viewer.strip import History
from sim.viewer.view import ViewOptions, compose_view
from sim.world import World, advance
from tests.sim.viewer_bench import SIZE_PX, Bench

SPEC = WorldSpec(junctions=(1, 1), approach_m=(20.0, 20.0), after_m=(25.0, 25.0), buildings=(0, 1), trees=(0, 2))
BUSY = replace(SPEC, approach_m=(60.0, 60.0), oncoming=(1, 2), parked=(2, 3), curvature_per_m=(0.003, 0.006))


@dataclass
class NotingEyes:
    """Perfect eyes that note down the pixels that they were given."""

    name: str = "noting"
    needs_frame: bool = True
    needs_truth: bool = True
    sure_score: float = SURE_SCORE
    looks: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, step: int, capture: Capture) -> Percept:
        assert capture.frame is not None
        self.looks.append((step, sha256(capture.frame.rgb.tobytes()).hexdigest()))
        return OracleEyes()(step, capture)


def setup_for(spec: WorldSpec = SPEC, **more: object) -> DriveSetup:
    return DriveSetup(
        lambda seed: generate_world(seed, spec),
        more.pop("eyes", OracleEyes()),  # type: ignore[arg-type]
        lambda world: DriverConfig(cruise_mps=world.scene.speed_limit_mps),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def drive() -> tuple[Session, list[Tick]]:
    session = Session(setup_for(BUSY), 11, want_truth=True)
    return session, [session.step() for _ in range(120)]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield Bench(tmp_path, setup_for(BUSY))
    pygame.display.quit()


def pictures_in(bench: Bench, seconds: float, turn_s: float = 0.005) -> int:
    """Return how many pictures the window draws, with its loop turning this often."""
    drawn = 0
    for _ in range(round(seconds / turn_s)):
        bench.now_s += turn_s
        bench.window.advance(bench.now_s)
        drawn += bench.window.draw()
    return drawn


def test_half_way_between_two_steps_is_where_half_a_step_leads(drive: tuple[Session, list[Tick]]) -> None:
    for before, after in list(pairwise(drive[1]))[::7]:
        shown = world_between(before.world, after.world, 0.5)
        true = advance(before.world, before.control, 0.025)
        assert shown.ego.x_m == pytest.approx(true.ego.x_m, abs=0.01)
        assert shown.ego.y_m == pytest.approx(true.ego.y_m, abs=0.01)
        assert shown.ego.heading_rad == pytest.approx(true.ego.heading_rad, abs=1e-3)
        for one, other in zip(shown.actors, true.actors, strict=True):
            assert (one.x_m, one.y_m) == pytest.approx((other.x_m, other.y_m), abs=0.02)


def test_both_ends_are_the_steps_themselves(drive: tuple[Session, list[Tick]]) -> None:
    before, after = drive[1][40:42]
    assert between(before, after, 0.0, None) is before
    end = world_between(before.world, after.world, 1.0)
    assert np.allclose(astuple(end.ego), astuple(after.world.ego), atol=1e-9)
    places = [[(each.x_m, each.y_m, each.heading_rad) for each in world.actors] for world in (end, after.world)]
    assert np.allclose(places[0], places[1], atol=1e-9)


def test_what_stands_is_the_same_object_so_that_it_is_not_prepared_anew(drive: tuple[Session, list[Tick]]) -> None:
    before, after = drive[1][40:42]
    shown = world_between(before.world, after.world, 0.5)
    parked = [index for index, actor in enumerate(before.world.actors) if actor == after.world.actors[index]]
    assert parked
    assert all(shown.actors[index] is before.world.actors[index] for index in parked)


def test_a_turn_goes_the_shorter_way_round(drive: tuple[Session, list[Tick]]) -> None:
    world = drive[1][0].world
    ego = EgoState(0.0, 0.0, pi - 0.01, 5.0)
    end = replace(world, ego=replace(ego, heading_rad=-pi + 0.01))
    assert abs(abs(world_between(replace(world, ego=ego), end, 0.5).ego.heading_rad) - pi) < 1e-9


def test_a_tick_that_does_not_follow_is_not_led_to(drive: tuple[Session, list[Tick]]) -> None:
    ticks = drive[1]
    assert between(ticks[3], ticks[9], 0.5, None) is ticks[3]
    other = replace(ticks[4], world=replace(ticks[4].world, scene=replace(ticks[4].world.scene)))
    assert between(ticks[3], other, 0.5, None) is ticks[3]


def test_boxes_stay_on_what_is_in_the_picture_between_two_frames(drive: tuple[Session, list[Tick]]) -> None:
    """Perfect eyes believe true boxes: what is shown half way must be within a pixel or two of the truth there."""
    session, ticks = drive
    worst, count = 0.0, 0
    for before, after in list(pairwise(ticks))[::5]:
        shown = session.between(before, after, 0.5, truth=True)
        truth = shown.capture.truth
        assert truth is not None
        there = perfect_percept(truth)
        for detection in shown.percept.detections:
            close = [
                max(abs(a - b) for a, b in zip(detection.box, true.box, strict=True))
                for true in there.detections
                if true.kind is detection.kind
            ]
            if close and min(close) < 12:
                worst, count = max(worst, min(close)), count + 1
    assert count > 20
    assert worst <= 2.0


def test_the_picture_between_is_painted_and_lies_between(drive: tuple[Session, list[Tick]]) -> None:
    session, ticks = drive
    before, after = ticks[30:32]
    shown = session.between(before, after, 0.5, truth=False)
    frames = [tick.capture.frame for tick in (before, shown, after)]
    assert all(frame is not None for frame in frames)
    first, middle, last = (frame.rgb.astype(np.int16) for frame in frames if frame is not None)
    whole = np.abs(last - first).mean()
    assert 0 < np.abs(middle - first).mean() < whole
    assert 0 < np.abs(middle - last).mean() < whole


def test_scores_and_distances_stay_those_that_the_network_said() -> None:
    before = Percept(
        7,
        (
            Detection(ObjectKind.STOP_SIGN, (100.0, 50.0, 120.0, 70.0), 0.9, 30.0, 1.0),
            Detection(ObjectKind.VEHICLE, (300.0, 50.0, 340.0, 70.0), 0.8, 20.0, 1.0),
        ),
    )
    after = Percept(
        8,
        (
            Detection(ObjectKind.VEHICLE, (104.0, 50.0, 124.0, 70.0), 0.7, 25.0, 1.0),
            Detection(ObjectKind.STOP_SIGN, (104.0, 52.0, 128.0, 76.0), 0.5, 29.0, 1.0),
        ),
    )
    sign, car = percept_between(before, after, 0.5).detections
    assert sign.box == (102.0, 51.0, 124.0, 73.0)
    assert (sign.score, sign.distance_m) == (0.9, 30.0)
    # A box of another kind, or far away, is another thing.
    assert car == before.detections[1]


def test_two_signs_side_by_side_do_not_share_a_box() -> None:
    def sign(left: float) -> Detection:
        return Detection(ObjectKind.STOP_SIGN, (left, 0.0, left + 20.0, 20.0), 0.9, 30.0, 1.0)

    shown = percept_between(Percept(0, (sign(100.0), sign(125.0))), Percept(1, (sign(104.0), sign(130.0))), 0.5)
    assert [d.box[0] for d in shown.detections] == [102.0, 127.5]


def test_the_window_draws_forty_pictures_a_second_from_twenty_steps(bench: Bench) -> None:
    pictures_in(bench, 0.2)
    before = bench.session.steps
    assert pictures_in(bench, 1.0) in (PICTURES_HZ - 1, PICTURES_HZ)
    assert bench.session.steps - before in (CONTROL_HZ - 1, CONTROL_HZ)


def test_slow_motion_is_filled_in_and_fast_forward_is_not(bench: Bench) -> None:
    for _ in SPEEDS:
        bench.press(pygame.K_MINUS)
    pictures_in(bench, 0.5)
    assert pictures_in(bench, 1.0) >= PICTURES_HZ - 2
    for _ in SPEEDS:
        bench.press(pygame.K_PLUS)
    pictures_in(bench, 0.1)
    assert bench.window.playback.share(bench.now_s) is None


def test_a_machine_that_is_late_makes_its_steps_and_leaves_pictures_out(bench: Bench) -> None:
    pictures_in(bench, 0.2)
    before = bench.session.steps
    assert pictures_in(bench, 1.0, turn_s=0.1) == 10
    assert bench.session.steps - before in (CONTROL_HZ - 1, CONTROL_HZ)


def test_the_drive_is_the_same_to_the_last_pixel_whatever_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    seen: list[list[tuple[int, str]]] = []
    driven: list[list[tuple[object, ...]]] = []
    for turn_s, draws in ((0.006, True), (0.05, False)):
        eyes = NotingEyes()
        bench = Bench(tmp_path, setup_for(BUSY, eyes=eyes))
        ticks: list[tuple[object, ...]] = []
        while bench.session.steps < 60:
            before = bench.session.steps
            bench.now_s += turn_s
            bench.window.advance(bench.now_s)
            if draws:
                bench.window.draw()
            if bench.session.steps != before:
                tick = bench.tick
                ticks.append((tick.world.ego, tick.world.actors, tick.percept, tick.memory, tick.control))
        pygame.display.quit()
        seen.append(eyes.looks[:60])
        driven.append(ticks)
    assert seen[0] == seen[1]
    assert len(driven[0]) == len(driven[1]) == 59
    assert driven[0] == driven[1]


def test_the_first_picture_of_a_step_is_the_very_frame_that_was_looked_at(bench: Bench) -> None:
    pictures_in(bench, 0.5)
    playback = bench.window.playback
    while playback.share(bench.now_s) != 0.0:
        pictures_in(bench, 0.005)
    bench.window.draw()
    eve = playback.eve
    assert eve is not None
    assert bench.tick.world.step == eve.world.step + 1
    options = replace(bench.window.showing.options(playback, by_hand=False), now_step=eve.world.step)
    wanted = compose_view(eve, bench.session.history, SIZE_PX, options)
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    assert np.array_equal(shown, wanted)


def test_a_window_that_stands_shows_the_newest_step(bench: Bench) -> None:
    pictures_in(bench, 0.52)
    assert bench.window.playback.share(bench.now_s) is not None
    bench.press(pygame.K_SPACE)
    assert bench.window.playback.share(bench.now_s) is None
    bench.window.draw()
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    assert np.array_equal(shown, bench.window.picture(SIZE_PX))
    bench.press(pygame.K_SPACE)
    # Nothing jumps back on going on: the next picture starts where this one is.
    standing = bench.tick
    assert bench.window.playback.share(bench.now_s) is None
    while bench.window.playback.eve is None:
        pictures_in(bench, 0.005)
    assert bench.window.playback.eve is standing


def test_a_spoilt_picture_is_not_painted_clean() -> None:
    def fault_for(_: World) -> Fault:
        return Fault(FaultKind.FROZEN, start_step=5, end_step=100, strength=1.0, seed=0)

    session = Session(setup_for(BUSY, fault_for=fault_for), 11, want_truth=True)
    ticks = [session.step() for _ in range(12)]
    shown = session.between(ticks[9], ticks[10], 0.5, truth=False)
    assert shown.capture is ticks[9].capture
    assert shown.percept is ticks[9].percept
    assert shown.world.ego.x_m != ticks[9].world.ego.x_m


def test_the_strip_moves_on_between_two_steps(drive: tuple[Session, list[Tick]]) -> None:
    ticks = drive[1][:40]
    history = History()
    for tick in ticks:
        history = history.with_tick(tick)
    shown = ticks[-2]

    def strip(now_step: float) -> bytes:
        view = compose_view(shown, history, (1920, 1080), ViewOptions(now_step=now_step))
        return view[-260:, :1300].tobytes()

    step = shown.world.step
    assert len({strip(step), strip(step + 0.25), strip(step + 0.5)}) == 3
    upto = History(history.samples[:-1])
    assert strip(step) == compose_view(shown, upto, (1920, 1080))[-260:, :1300].tobytes()
