"""Time control: back, forth, scrubbing, slow motion, and driving on from an earlier tick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
import pytest

from sim.control import DriverConfig
from sim.generate import generate_world
from sim.loop import BlindEyes, OracleEyes, Tick
from sim.spec import WorldSpec
from sim.vehicle import CONTROL_HZ, STEP_S
from sim.viewer.layout import lay_out
from sim.viewer.playback import SPEEDS
from sim.viewer.session import DriveSetup, EyesOffer, Judge, Session
from sim.world import World
from tests.sim.viewer_bench import SIZE_PX, Bench

SPEC = WorldSpec(junctions=(1, 1), approach_m=(20.0, 20.0), after_m=(25.0, 25.0), buildings=(0, 1), trees=(0, 2))
OFFERS = (
    EyesOffer("oracle", "oracle", OracleEyes),
    EyesOffer("blind", "blind", BlindEyes),
)


def setup_for(judge_for: object = None) -> DriveSetup:
    return DriveSetup(
        lambda seed: generate_world(seed, SPEC),
        OracleEyes(),
        lambda _: DriverConfig(),
        judge_for,  # type: ignore[arg-type]
        offers=OFFERS,
    )


def driven(steps: int, *, keep: int = 1200, judge_for: object = None) -> tuple[Session, list[Tick]]:
    session = Session(setup_for(judge_for), 5, want_truth=True, keep_steps=keep)
    return session, [session.step() for _ in range(steps)]


def assert_same(one: Tick, other: Tick) -> None:
    # Scenes are told apart by identity, and each drive makes its own.
    assert replace(one.world, scene=other.world.scene) == other.world
    assert one.percept == other.percept
    assert one.memory == other.memory
    assert one.control == other.control
    assert one.capture.truth == other.capture.truth
    assert one.capture.frame is not None
    assert other.capture.frame is not None
    assert one.capture.frame.rgb.tobytes() == other.capture.frame.rgb.tobytes()


def test_ticks_that_are_shown_again_are_the_same_to_the_last_pixel() -> None:
    session, ticks = driven(30)
    for place in (29, 7, 0, 13, 28):
        session.seek(place)
        assert session.tick is not None
        assert_same(session.tick, ticks[place])
        assert len(session.history.samples) == place + 1


def test_stepping_on_from_the_past_shows_what_was_and_then_drives_on() -> None:
    session, ticks = driven(12)
    _, further = driven(16)
    session.seek(3)
    assert not session.live
    for place in range(4, 12):
        assert_same(session.step(), ticks[place])
    assert session.live
    for place in range(12, 16):
        assert_same(session.step(), further[place])
    assert session.steps == 16


def test_driving_on_from_the_past_repeats_the_drive_where_nothing_is_changed() -> None:
    session, ticks = driven(25)
    session.seek(10)
    session.resume()
    assert session.live
    assert session.steps == 11
    for place in range(11, 25):
        assert_same(session.step(), ticks[place])


def test_other_eyes_see_the_shown_tick_anew_and_drive_on_from_it() -> None:
    session, ticks = driven(40)
    session.seek(20)
    session.see_with(OFFERS[1])
    assert session.tick is not None
    assert session.tick.world is ticks[20].world
    assert ticks[20].percept.detections
    assert not session.tick.percept.detections
    assert session.eyes_name == "blind"
    for _ in range(19):
        assert not session.step().percept.detections
    session.see_with(OFFERS[0])
    assert session.tick.percept.detections


def test_only_the_last_ticks_are_kept() -> None:
    session, ticks = driven(50, keep=20)
    assert session.span == (0, 19, 19)
    session.seek(-5)
    assert session.tick is not None
    assert_same(session.tick, ticks[30])


def counting_judge(world: World) -> Judge:
    seen: list[int] = []

    def judge(tick: Tick) -> str | None:
        seen.append(tick.world.step)
        assert seen == list(range(len(seen))), "every tick once, in order"
        return f"{len(seen)} ticks" if len(seen) >= 30 else None

    return judge


def test_the_judge_of_a_drive_that_was_taken_back_is_told_it_as_it_went() -> None:
    session, _ = driven(25, keep=10, judge_for=counting_judge)
    assert session.span == (15, 24, 24)
    session.seek(17)
    session.resume()
    session.step()
    session.redo()
    while not session.over:
        session.step()
    assert session.verdict == "30 ticks"
    assert session.steps == 30


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield Bench(tmp_path, setup_for())
    pygame.display.quit()


def test_keys_go_back_and_forth_and_stop_at_the_ends(bench: Bench) -> None:
    bench.pass_time(2.5)
    newest = bench.step
    for key, step in (
        (pygame.K_b, newest - 1),
        (pygame.K_LEFT, newest - 2),
        (pygame.K_PAGEUP, newest - 2 - CONTROL_HZ),
        (pygame.K_n, newest - 1 - CONTROL_HZ),
        (pygame.K_PAGEDOWN, newest - 1),
        (pygame.K_HOME, 0),
        (pygame.K_b, 0),
        (pygame.K_END, newest),
        (pygame.K_PAGEDOWN, newest),
        (pygame.K_RIGHT, newest + 1),
    ):
        bench.press(key)
        assert bench.step == step
        assert bench.window.paused


def test_space_in_the_past_plays_it_again_and_goes_on_driving(bench: Bench) -> None:
    bench.pass_time(1.5)
    newest = bench.step
    bench.press(pygame.K_HOME)
    bench.press(pygame.K_SPACE)
    bench.pass_time(0.5)
    assert bench.step in (9, 10)
    assert bench.session.steps == newest + 1
    bench.pass_time(2.0)
    assert bench.step > newest
    assert bench.session.live


def test_enter_forgets_what_came_after(bench: Bench) -> None:
    bench.pass_time(1.5)
    bench.press(pygame.K_PAGEUP)
    here = bench.step
    bench.press(pygame.K_RETURN)
    assert bench.session.live
    assert bench.session.steps == here + 1


def test_taking_the_wheel_in_the_past_drives_on_from_there(bench: Bench) -> None:
    bench.pass_time(1.5)
    bench.press(pygame.K_PAGEUP)
    here = bench.step
    bench.press(pygame.K_m)
    bench.hold(pygame.K_DOWN)
    bench.press(pygame.K_SPACE)
    bench.pass_time(0.2)
    assert bench.session.live
    assert here < bench.step < here + 6
    assert bench.session.tick is not None
    assert bench.session.tick.control.accel_mps2 < -4


def test_a_held_key_goes_on_stepping_until_it_is_let_go(bench: Bench) -> None:
    bench.pass_time(2.0)
    before = bench.step
    bench.hold(pygame.K_b)
    bench.pass_time(1.1)
    back = before - bench.step
    assert 8 <= back <= 13
    bench.release(pygame.K_b)
    bench.pass_time(0.5)
    assert before - bench.step == back


def test_while_a_key_is_held_each_tick_that_it_goes_to_is_drawn(bench: Bench) -> None:
    bench.pass_time(1.0)
    bench.hold(pygame.K_b)
    drawn = 0
    for _ in range(100):
        bench.pass_time(0.01)
        drawn += bench.window.draw()
    assert 6 <= drawn <= 12


def test_the_bar_under_the_camera_is_dragged_to_any_kept_tick(bench: Bench) -> None:
    bench.pass_time(2.0)
    newest = bench.step
    camera = bench.window.session.setup.camera
    rect = lay_out(SIZE_PX, camera.width_px / camera.height_px).camera
    y = rect.bottom - 8
    bench.mouse(pygame.MOUSEBUTTONDOWN, (rect.centerx, y))
    assert bench.window.paused
    assert abs(bench.step - newest / 2) <= 1
    bench.mouse(pygame.MOUSEMOTION, (rect.left, rect.top))
    assert bench.step == 0
    bench.mouse(pygame.MOUSEMOTION, (rect.right, rect.top))
    assert bench.step == newest
    bench.mouse(pygame.MOUSEBUTTONUP, (rect.right, y))
    bench.mouse(pygame.MOUSEMOTION, (rect.left, y))
    assert bench.step == newest


def test_slow_motion_and_fast_forward_change_how_many_steps_a_second_are_made(bench: Bench) -> None:
    for _ in range(len(SPEEDS)):
        bench.press(pygame.K_MINUS)
    assert bench.window.playback.speed == SPEEDS[0]
    before = bench.step
    bench.pass_time(2.0)
    assert bench.step - before in (4, 5)
    for _ in range(len(SPEEDS)):
        bench.press(pygame.K_PLUS)
    before = bench.step
    bench.pass_time(1.0)
    assert bench.step - before in (79, 80)


def test_a_minimised_window_draws_nothing_and_the_drive_waits(bench: Bench) -> None:
    bench.post(pygame.WINDOWMINIMIZED)
    bench.pass_time(0.5)
    before = bench.step
    bench.pass_time(1.0)
    assert bench.step == before
    assert not bench.window.draw()
    bench.post(pygame.WINDOWRESTORED)
    bench.pass_time(0.5)
    assert bench.step - before in (9, 10)
    assert bench.window.draw()


def test_the_past_is_marked_in_the_header_and_on_the_bar(bench: Bench) -> None:
    bench.pass_time(1.0)
    bench.press(pygame.K_SPACE)
    now = bench.window.picture(SIZE_PX)
    bench.press(pygame.K_b)
    bench.press(pygame.K_END)
    assert np.array_equal(bench.window.picture(SIZE_PX), now)
    bench.press(pygame.K_b)
    past = bench.window.picture(SIZE_PX)
    assert not np.array_equal(past[:40], now[:40])
    assert bench.session.span[1] - bench.session.span[2] == 1
    assert STEP_S == 0.05
