"""The window and the headless run: keys, real time, the end of a drive, and machines without a screen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pygame
import pytest

from sim.control import DriverConfig
from sim.errors import DisplayError
from sim.generate import generate_world
from sim.loop import OracleEyes, Tick
from sim.spec import WorldSpec
from sim.vehicle import STEP_S, Control
from sim.viewer.film import FilmError
from sim.viewer.manual import BRAKE_MPS2, COAST_MPS2, GAS_MPS2, Hold, manual_control
from sim.viewer.playback import LINGER_S, MAX_STEPS_A_TURN
from sim.viewer.session import ENDING_FRAMES, DriveSetup, Judge, run_headless
from sim.viewer.window import run_window
from sim.world import World
from tests.sim.viewer_bench import SIZE_PX, Bench

SPEC = WorldSpec(
    junctions=(1, 1), approach_m=(20.0, 20.0), after_m=(25.0, 25.0), buildings=(0, 1), trees=(0, 2), lead_share=0.0
)


def short_world(seed: int) -> World:
    """A world whose route ends ten metres ahead of the car."""
    world = generate_world(seed, SPEC)
    return replace(world, scene=replace(world.scene, route_end_s_m=world.bumper_s_m + 10.0))


def setup_for(*, short: bool = False, judge_for: object = None) -> DriveSetup:
    start = short_world if short else lambda seed: generate_world(seed, SPEC)
    return DriveSetup(start, OracleEyes(), lambda _: DriverConfig(), judge_for)  # type: ignore[arg-type]


@pytest.fixture
def dummy_display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    pygame.display.quit()


@pytest.fixture
def bench(tmp_path: Path, dummy_display: None) -> Bench:
    return Bench(tmp_path, setup_for())


def test_the_drive_keeps_real_time(bench: Bench) -> None:
    before = bench.session.steps
    bench.pass_time(1.0)
    assert bench.session.steps - before in (19, 20)


def test_a_slow_machine_drops_pictures_before_it_drops_steps(bench: Bench) -> None:
    bench.pass_time(0.1)
    before = bench.session.steps
    bench.now_s += 0.2
    bench.window.advance(bench.now_s)
    assert bench.session.steps - before == 4
    before = bench.session.steps
    bench.now_s += 10.0
    bench.window.advance(bench.now_s)
    assert bench.session.steps - before == MAX_STEPS_A_TURN
    bench.pass_time(1.0)
    assert bench.session.steps - before <= MAX_STEPS_A_TURN + 21


def test_space_pauses_and_goes_on(bench: Bench) -> None:
    bench.press(pygame.K_SPACE)
    before = bench.session.steps
    bench.pass_time(1.0)
    assert bench.session.steps == before
    bench.press(pygame.K_SPACE)
    bench.pass_time(0.5)
    assert bench.session.steps - before in (9, 10)


@pytest.mark.parametrize("key", [pygame.K_n, pygame.K_RIGHT])
def test_a_step_key_makes_one_step_and_pauses(bench: Bench, key: int) -> None:
    before = bench.session.steps
    bench.press(key)
    bench.pass_time(0.5)
    assert bench.session.steps == before + 1
    assert bench.window.paused


def test_reset_starts_the_same_drive_again(bench: Bench) -> None:
    first = generate_world(5, SPEC).ego
    bench.pass_time(1.0)
    assert bench.tick.world.ego.x_m != first.x_m
    bench.press(pygame.K_SPACE)
    bench.press(pygame.K_r)
    assert bench.tick.world.ego == first
    assert bench.tick.world.step == 0
    assert len(bench.session.history.samples) == 1


def test_g_drives_the_next_seed(bench: Bench) -> None:
    bench.press(pygame.K_g)
    assert bench.session.seed == 6
    assert bench.tick.world.scene.seed == generate_world(6, SPEC).scene.seed


def test_t_shows_the_true_boxes_and_h_the_keys(bench: Bench) -> None:
    bench.press(pygame.K_SPACE)
    plain = bench.window.picture(SIZE_PX)
    bench.press(pygame.K_t)
    with_truth = bench.window.picture(SIZE_PX)
    assert not np.array_equal(plain, with_truth)
    bench.press(pygame.K_t)
    bench.press(pygame.K_F1)
    assert not np.array_equal(plain, bench.window.picture(SIZE_PX))
    bench.press(pygame.K_h)
    assert np.array_equal(plain, bench.window.picture(SIZE_PX))


@pytest.mark.parametrize("key", [pygame.K_q, pygame.K_ESCAPE])
def test_quit_keys_close_the_window(bench: Bench, key: int) -> None:
    bench.press(key)
    assert not bench.window.running


def test_closing_the_window_ends_the_drive(bench: Bench) -> None:
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    bench.pass_time(0.0)
    assert not bench.window.running


def test_m_takes_the_wheel_and_the_arrows_drive(bench: Bench) -> None:
    bench.press(pygame.K_m)
    bench.hold(pygame.K_UP)
    bench.hold(pygame.K_LEFT)
    before = bench.tick.world.ego
    bench.pass_time(0.5)
    assert bench.tick.control.accel_mps2 == GAS_MPS2
    assert bench.tick.control.steer_rad > 0
    assert bench.tick.world.ego.speed_mps > before.speed_mps
    bench.release(pygame.K_UP)
    bench.release(pygame.K_LEFT)
    bench.pass_time(0.1)
    assert bench.tick.control == Control(COAST_MPS2, 0.0)
    bench.hold(pygame.K_RIGHT)
    bench.pass_time(0.1)
    assert not bench.window.paused
    assert bench.tick.control.steer_rad < 0
    bench.press(pygame.K_m)
    assert bench.wheel.held == set()


def test_keys_held_when_the_window_loses_the_keyboard_are_let_go(bench: Bench) -> None:
    bench.press(pygame.K_m)
    bench.hold(pygame.K_UP)
    pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    bench.pass_time(0.0)
    assert bench.wheel.held == set()


def test_s_saves_what_the_window_shows(bench: Bench, tmp_path: Path) -> None:
    bench.press(pygame.K_SPACE)
    expected = bench.window.picture(SIZE_PX)
    bench.press(pygame.K_s)
    (path,) = tmp_path.iterdir()
    assert "seed5" in path.name
    saved = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    assert np.array_equal(saved, expected)
    assert not np.array_equal(bench.window.picture(SIZE_PX), expected)


def test_a_picture_that_cannot_be_saved_does_not_end_the_drive(tmp_path: Path, dummy_display: None) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    bench = Bench(blocked / "folder", setup_for())
    bench.press(pygame.K_s)
    bench.pass_time(0.1)
    assert bench.window.running
    assert blocked.read_bytes() == b""


def test_the_window_is_drawn_and_follows_its_size(bench: Bench) -> None:
    assert bench.window.draw()
    assert not bench.window.draw()
    screen = pygame.display.get_surface()
    assert screen is not None
    shown = pygame.surfarray.array3d(screen).swapaxes(0, 1)
    assert np.array_equal(shown, bench.window.picture(SIZE_PX))
    for size_px in ((1280, 720), (500, 300)):
        pygame.display.set_mode(size_px, pygame.RESIZABLE)
        pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE, size=size_px, w=size_px[0], h=size_px[1]))
        bench.pass_time(0.0)
        assert bench.window.draw()
        screen = pygame.display.get_surface()
        assert screen is not None
        assert screen.get_size() == size_px
        assert pygame.surfarray.array3d(screen).std() > 10


def test_at_the_routes_end_the_next_seed_starts_after_a_while(tmp_path: Path, dummy_display: None) -> None:
    bench = Bench(tmp_path, setup_for(short=True))
    while not bench.session.finished:
        bench.pass_time(STEP_S)
    steps = bench.session.steps
    bench.press(pygame.K_n)
    bench.press(pygame.K_SPACE)
    bench.pass_time(LINGER_S - 0.5)
    assert (bench.session.seed, bench.session.steps) == (5, steps)
    bench.pass_time(0.7)
    assert bench.session.seed == 6
    assert not bench.session.finished


def test_with_a_number_of_steps_the_window_closes_by_itself(tmp_path: Path, dummy_display: None) -> None:
    bench = Bench(tmp_path, setup_for(), max_steps=4)
    bench.pass_time(1.0)
    assert not bench.window.running
    assert bench.session.steps == 4
    bench = Bench(tmp_path, setup_for(short=True), max_steps=1000)
    while bench.window.running:
        bench.pass_time(STEP_S)
    assert bench.session.seed == 5
    assert bench.session.finished


def quitting_judge(world: World) -> Judge:
    def judge(tick: Tick) -> str | None:
        if tick.world.step == 3:
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_q))
        return None

    return judge


def strict_judge(world: World) -> Judge:
    return lambda tick: "Three steps were too many." if tick.world.step >= 3 else None


def test_run_window_drives_until_a_key_quits_and_records_every_step(tmp_path: Path, dummy_display: None) -> None:
    film = tmp_path / "drive.mp4"
    summary = run_window(setup_for(judge_for=quitting_judge), 5, film=film)
    assert summary.steps >= 4
    assert summary.verdict is None
    assert summary.film == film
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) == summary.steps == summary.film_frames
    assert not pygame.display.get_init()


def test_a_drive_is_over_when_its_judge_speaks(tmp_path: Path, dummy_display: None) -> None:
    judged = setup_for(judge_for=strict_judge)
    in_window = run_window(judged, 5, max_steps=50)
    assert (in_window.steps, in_window.verdict) == (4, "Three steps were too many.")
    headless = run_headless(judged, 5, max_steps=50)
    assert (headless.steps, headless.verdict, headless.finished) == (4, "Three steps were too many.", False)


def test_run_window_refuses_a_wrong_film_before_it_opens(dummy_display: None) -> None:
    with pytest.raises(FilmError, match=r"\.mp4 or \.gif"):
        run_window(setup_for(), 5, film=Path("drive.avi"))
    assert not pygame.display.get_init()


def test_a_headless_run_records_every_step_and_the_ending(tmp_path: Path) -> None:
    film = tmp_path / "drive.mp4"
    told: list[tuple[int, int]] = []
    summary = run_headless(
        setup_for(short=True),
        5,
        max_steps=200,
        film=film,
        size_px=(640, 360),
        progress=lambda done, total: told.append((done, total)),
    )
    assert summary.finished
    assert summary.distance_m == pytest.approx(10.0, abs=1.5)
    assert told == [(done, 200) for done in range(1, summary.steps + 1)]
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) == summary.steps + ENDING_FRAMES


def test_a_headless_run_needs_no_film_and_stops_after_its_steps() -> None:
    summary = run_headless(setup_for(), 5, max_steps=7)
    assert (summary.steps, summary.finished, summary.film) == (7, False, None)
    assert summary.time_s == pytest.approx(7 * STEP_S)
    with pytest.raises(ValueError, match="at least 1"):
        run_headless(setup_for(), 5, max_steps=0)


def test_held_keys_become_a_gentle_control() -> None:
    world = generate_world(5, SPEC)
    fast = replace(world, ego=replace(world.ego, speed_mps=20.0))
    crawling = replace(world, ego=replace(world.ego, speed_mps=0.5))
    assert manual_control(frozenset({Hold.GAS, Hold.BRAKE}), fast).accel_mps2 == BRAKE_MPS2
    assert manual_control(frozenset(), replace(world, ego=replace(world.ego, speed_mps=0.0))) == Control(0.0, 0.0)
    left = manual_control(frozenset({Hold.LEFT}), fast).steer_rad
    assert 0 < left < manual_control(frozenset({Hold.LEFT}), crawling).steer_rad <= world.limits.max_steer_rad
    assert manual_control(frozenset({Hold.RIGHT}), fast).steer_rad == -left
    assert manual_control(frozenset({Hold.LEFT, Hold.RIGHT}), fast).steer_rad == 0.0


_OPEN = """
from sim.errors import DisplayError
from sim.viewer.window import open_display
try:
    print(open_display().get_size())
except DisplayError as fault:
    print(fault)
"""


def opened(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    return subprocess.run(
        [sys.executable, "-c", _OPEN], env=kept | environment, capture_output=True, text=True, timeout=60, check=True
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ":987"}, {"SDL_VIDEODRIVER": "x11"}])
def test_without_a_screen_one_line_names_the_headless_way(environment: dict[str, str]) -> None:
    done = opened(environment)
    assert done.stdout.count("\n") == 1
    assert "--headless --record film.mp4" in done.stdout
    assert done.stderr == ""


def test_a_window_opens_without_a_word_about_sound() -> None:
    done = opened({"SDL_VIDEODRIVER": "dummy"})
    assert done.stdout == "(1280, 720)\n"
    assert done.stderr == ""


def test_a_missing_screen_is_a_display_error_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("other systems always have a screen")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DisplayError, match="neither DISPLAY nor WAYLAND_DISPLAY"):
        run_window(setup_for(), 5)
