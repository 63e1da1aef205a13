"""Hands on: other light and weather, things on the map, a duel, a gamepad, other eyes, the layers panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
import pytest

from sim.camera import CameraFrame
from sim.control import DriverConfig
from sim.generate import generate_world
from sim.generate.endless import lay_ahead, start_endless
from sim.generate.restyle import Age, Clutter, Style, put_sign, restyled, take_sign
from sim.light import Sky, Weather
from sim.loop import BlindEyes, OracleEyes, Tick
from sim.render import Painter
from sim.signs import SignKind
from sim.spec import WorldSpec
from sim.viewer.camera_panel import attention_words, with_attention
from sim.viewer.display import open_display
from sim.viewer.gamepad import Gamepad
from sim.viewer.layers import LayerFeed, LayerView, MapPicture
from sim.viewer.layout import lay_out
from sim.viewer.manual import BRAKE_MPS2, GAS_MPS2, Stick, manual_control
from sim.viewer.session import DriveSetup, EyesOffer, Score, Session
from sim.viewer.tinkering import AGES, CLUTTERS, HOURS, WEATHERS, Thing, next_weather
from sim.viewer.view import locate_on_map
from sim.world import World
from tests.sim.viewer_bench import SIZE_PX, Bench

SPEC = WorldSpec(junctions=(1, 1), approach_m=(40.0, 40.0), after_m=(25.0, 25.0), buildings=(0, 1), trees=(0, 2))


def looking(frame: CameraFrame, *, attention: bool = False) -> Sequence[LayerView]:
    grey = np.full((6, 14), frame.step % 256, np.uint8)
    stem = LayerView("stem", "edges", "stem · 16 at 1/2", (MapPicture("ch 3", grey, 1.5),))
    heat = LayerView("grad-cam", "Grad-CAM", "at head", (MapPicture("stop sign", grey, 0.9),), over_camera=True)
    return (stem, heat) if attention else (stem,)


OFFERS = (
    EyesOffer("oracle", "oracle", OracleEyes),
    EyesOffer("network", "network", BlindEyes, lambda: looking),
    EyesOffer("network, other", "network", BlindEyes, lambda: looking),
)


class Timekeeper:
    """A judge that scores one thing: whether the car went fast."""

    def __init__(self, world: World) -> None:
        self.fastest_mps = 0.0
        self.last = world.step + 40

    def __call__(self, tick: Tick) -> str | None:
        self.fastest_mps = max(self.fastest_mps, tick.world.ego.speed_mps)
        return "Forty steps." if tick.world.step >= self.last else None

    def scores(self) -> tuple[Score, ...]:
        return (Score("is slow", self.fastest_mps < 9.0, f"At most {self.fastest_mps:.1f} m/s."),)


def setup_for(*, judged: bool = True, offers: tuple[EyesOffer, ...] = OFFERS) -> DriveSetup:
    return DriveSetup(
        lambda seed: generate_world(seed, SPEC),
        OracleEyes(),
        lambda _: DriverConfig(),
        Timekeeper if judged else None,
        offers=offers,
    )


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    pygame.display.quit()


@pytest.fixture
def bench(tmp_path: Path, screen: None) -> Bench:
    return Bench(tmp_path, setup_for())


@pytest.mark.parametrize("sky", [sky for sky in HOURS if sky is not None])
@pytest.mark.parametrize("weather", [Weather.DRY, Weather.RAIN])
def test_the_same_scene_comes_in_any_light(sky: Sky, weather: Weather) -> None:
    base = generate_world(11, SPEC).scene
    scene = restyled(base, Style(sky=sky, weather=weather))
    wanted = Sky.OVERCAST if weather is Weather.RAIN and sky not in (Sky.DUSK, Sky.NIGHT) else sky
    assert scene.light.sky is wanted
    assert scene.light.weather is weather
    assert (scene.network, scene.signs, scene.scenery) == (base.network, base.signs, base.scenery)
    assert restyled(base, Style(sky=sky, weather=weather)).light == scene.light


def test_a_style_of_nothing_changes_nothing() -> None:
    base = generate_world(11, SPEC).scene
    assert restyled(base, Style()) is base


def test_signs_age_and_things_come_and_go() -> None:
    base = generate_world(11, SPEC).scene
    ruined = restyled(base, Style(age=Age.RUINED))
    assert all(sign.wear == 1.0 for sign in ruined.signs if sign.kind is SignKind.STOP)
    assert {sign.wear for sign in restyled(base, Style(age=Age.NEW)).signs} == {0.0}
    many = restyled(base, Style(clutter=Clutter.MANY)).signs
    assert many[: len(base.signs)] == base.signs
    assert len(base.signs) < len(many) <= len(base.signs) + 20
    assert len({sign.sign_id for sign in many}) == len(many)
    assert {sign.kind for sign in restyled(base, Style(clutter=Clutter.NONE)).signs} == {SignKind.STOP}


def test_each_key_of_light_and_state_comes_round(bench: Bench) -> None:
    for key, choices in (
        (pygame.K_w, WEATHERS), (pygame.K_o, HOURS), (pygame.K_a, AGES), (pygame.K_d, CLUTTERS)
    ):  # fmt: skip
        looks: list[bytes] = []
        for _ in choices:
            bench.press(key)
            tick = bench.session.tick
            assert tick is not None
            assert tick.capture.frame is not None
            looks.append(tick.capture.frame.rgb.tobytes())
        assert bench.session.style == Style()
        assert len(set(looks)) >= len(choices) - 1
    assert bench.session.judged
    assert next_weather(Style()).weather is Weather.DRY


def test_a_style_stays_for_the_next_drive(bench: Bench) -> None:
    for _ in range(WEATHERS.index(Weather.FOG)):
        bench.press(pygame.K_w)
    bench.press(pygame.K_g)
    assert bench.tick.world.scene.light.weather is Weather.FOG
    assert bench.session.seed == 6


def test_a_road_without_end_takes_another_light_and_goes_on() -> None:
    setup = DriveSetup(
        lambda seed: start_endless(seed, SPEC),
        OracleEyes(),
        lambda _: DriverConfig(),
        onward=lambda world: lay_ahead(world, SPEC),
    )
    session = Session(setup, 3, want_frame=False, keep_steps=100)
    for _ in range(5):
        session.step()
    laid = session.tick
    assert laid is not None
    session.restyle(Style(sky=Sky.NIGHT))
    assert session.tick is not None
    assert session.tick.world.scene.network is laid.world.scene.network
    for _ in range(5):
        session.step()
    assert session.tick.world.scene.light.sky is Sky.NIGHT


@pytest.mark.parametrize("thing", list(Thing))
def test_things_put_before_the_car_are_in_its_picture(thing: Thing) -> None:
    world = generate_world(5, replace(SPEC, distractors=(0, 0)))
    x_m, y_m = world.scene.network.ego_road.path.position(world.ego_s_m + 22.0, -5.5)
    changed = thing.put(world, x_m, y_m)
    _, truth = Painter(DriveSetup(lambda _: world, OracleEyes(), lambda _: DriverConfig()).camera).look(changed)
    assert truth is not None
    new = changed.scene.signs[-1]
    (seen,) = [item for item in truth.objects if item.instance_id == new.sign_id]
    assert seen.visible_fraction > 0.5
    assert seen.applies_to_ego == (new.kind is SignKind.STOP)
    gone = take_sign(changed, x_m + 1.0, y_m)
    assert gone.scene.signs == world.scene.signs
    assert take_sign(gone, x_m + 500.0, y_m) is gone


def test_a_click_on_the_map_puts_a_stop_sign_there_for_which_the_driver_stops(bench: Bench) -> None:
    bench.press(pygame.K_SPACE)
    camera = bench.session.setup.camera
    panel = lay_out(SIZE_PX, camera.width_px / camera.height_px).map
    signs = len(bench.tick.world.scene.signs)
    tick = bench.tick
    # About 25 m ahead of the car, at the right of its lane.
    spot = (panel.centerx + round(4.5 * panel.height / 80), panel.bottom - round((16 + 28) * panel.height / 80))
    bench.click(spot)
    placed = bench.tick.world.scene.signs[-1]
    assert len(bench.tick.world.scene.signs) == signs + 1
    expected = locate_on_map(SIZE_PX, camera, tick, spot)
    assert (placed.x_m, placed.y_m) == pytest.approx(expected)
    assert not bench.session.judged
    assert locate_on_map(SIZE_PX, camera, tick, (5, 5)) is None
    bench.click(spot, pygame.BUTTON_RIGHT)
    assert len(bench.tick.world.scene.signs) == signs
    bench.click((5, 5))
    assert len(bench.tick.world.scene.signs) == signs
    bench.press(pygame.K_r)
    assert bench.session.judged


def test_p_goes_through_the_things_that_can_be_put(bench: Bench) -> None:
    for thing in [*list(Thing)[1:], Thing.STOP]:
        bench.press(pygame.K_p)
        assert bench.window.thing is thing


def test_e_changes_the_eyes_and_v_the_weights_alone(bench: Bench) -> None:
    names: list[str] = []
    for key in (pygame.K_e, pygame.K_v, pygame.K_v, pygame.K_e, pygame.K_e, pygame.K_v):
        bench.press(key)
        names.append(bench.session.eyes_name)
    assert names == ["network", "network, other", "network", "network, other", "oracle", "network"]


def test_without_other_eyes_or_weights_the_window_says_so(tmp_path: Path, screen: None) -> None:
    bench = Bench(tmp_path, setup_for(offers=OFFERS[:1]))
    before = bench.window.picture(SIZE_PX)
    bench.press(pygame.K_v)
    assert bench.session.eyes_name == "oracle"
    assert not np.array_equal(bench.window.picture(SIZE_PX), before)


def test_a_person_and_the_eyes_drive_the_same_seed_and_are_scored_side_by_side(bench: Bench) -> None:
    bench.pass_time(0.5)
    bench.press(pygame.K_c)
    duel = bench.window.duel
    assert duel is not None
    assert bench.wheel.engaged
    assert bench.tick.world.step == 0
    bench.hold(pygame.K_UP)
    bench.pass_time(1.0)
    rival = duel.rival()
    assert rival is not None
    assert rival.tick.world.step == bench.tick.world.step
    assert rival.tick.world.ego != bench.tick.world.ego
    bench.press(pygame.K_PAGEUP)
    bench.press(pygame.K_w)
    assert bench.session.live
    assert bench.session.style == Style()
    bench.pass_time(1.5)
    assert duel.over
    table = duel.table()
    assert table.names == ("you", "oracle eyes")
    (what, ((mine, _), (theirs, _))), _ = table.rows
    assert (what, mine, theirs) == ("is slow", False, True)
    shown = bench.window.picture(SIZE_PX)
    bench.pass_time(5.0)
    assert bench.window.duel is duel, "the table stays until a key is pressed"
    bench.press(pygame.K_c)
    assert bench.window.duel is None
    assert not bench.wheel.engaged
    assert not np.array_equal(bench.window.picture(SIZE_PX), shown)


def test_where_nobody_judges_there_is_no_duel(tmp_path: Path, screen: None) -> None:
    bench = Bench(tmp_path, setup_for(judged=False))
    bench.press(pygame.K_c)
    assert bench.window.duel is None


def test_layers_are_looked_into_as_seldom_as_their_cost_asks(bench: Bench) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.03  # Each look takes 30 ms.
        return now[0]

    feed = LayerFeed(clock)
    frames = [CameraFrame(step, np.zeros((288, 672, 3), np.uint8), bench.session.setup.camera) for step in range(100)]
    looks = sum(feed.refresh(looking, frame, 0.05 * step) for step, frame in enumerate(frames))
    assert feed.cost_s == pytest.approx(0.03)
    assert 5.0 * 0.2 / 0.03 * 0.8 <= looks <= 5.0 * 0.2 / 0.03 + 1
    assert feed.refresh(looking, frames[3], 5.0, at_once=True)
    assert feed.shot is not None
    assert feed.shot.step == 3


def test_l_shows_the_layers_of_the_shown_tick_and_says_where_there_are_none(bench: Bench) -> None:
    bench.press(pygame.K_l)
    none = bench.window.picture(SIZE_PX)
    bench.press(pygame.K_e)
    bench.press(pygame.K_SPACE)
    seen = bench.window.picture(SIZE_PX)
    assert not np.array_equal(none, seen)
    bench.press(pygame.K_n)
    assert not np.array_equal(bench.window.picture(SIZE_PX)[300:], seen[300:])
    bench.press(pygame.K_l)
    assert not bench.window.showing.layers


def test_k_lays_what_a_belief_rests_on_over_the_camera(bench: Bench) -> None:
    bench.press(pygame.K_SPACE)
    while bench.session.offer is None or bench.session.offer.make_layers is None:
        bench.press(pygame.K_e)
    plain = bench.window.picture(SIZE_PX)
    bench.press(pygame.K_k)
    shot = bench.window.showing.feed.shot
    assert shot is not None
    assert shot.attention is not None
    shown = bench.window.picture(SIZE_PX)
    camera = lay_out(SIZE_PX, 672 / 288).camera
    inside = (slice(camera.top, camera.bottom), slice(camera.left, camera.right))
    assert np.abs(shown[inside].astype(int) - plain[inside]).mean() > 5
    below = slice(camera.bottom + 2, None)
    assert np.array_equal(shown[below], plain[below])
    bench.press(pygame.K_k)
    assert bench.window.showing.feed.shot is None
    assert np.array_equal(bench.window.picture(SIZE_PX), plain)


def test_where_nothing_is_believed_no_noise_is_shown_as_a_reason() -> None:
    rgb = np.full((288, 672, 3), 90, np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (36, 84), np.uint8)
    view = LayerView("grad-cam", "Grad-CAM", "at head", (MapPicture("stop sign", noise, 0.02),), over_camera=True)
    assert np.array_equal(with_attention(rgb, view), rgb)
    assert "nothing is believed" in attention_words(view)
    sure = replace(view, maps=(MapPicture("stop sign", noise, 0.8),))
    assert not np.array_equal(with_attention(rgb, sure), rgb)
    assert "0.80" in attention_words(sure)


class FakePad:
    def __init__(self, axes: dict[int, int]) -> None:
        self.axes = axes

    def attached(self) -> bool:
        return True

    def get_axis(self, axis: int) -> int:
        return self.axes.get(axis, 0)


def test_a_gamepads_triggers_are_pedals_and_its_stick_steers(screen: None) -> None:
    open_display(SIZE_PX)
    gamepad = Gamepad()
    assert gamepad.read() is None
    gamepad._pad = FakePad({pygame.CONTROLLER_AXIS_TRIGGERRIGHT: 16384, pygame.CONTROLLER_AXIS_LEFTX: -32768})  # type: ignore[assignment]
    stick = gamepad.read()
    assert stick is not None
    assert stick.gas == pytest.approx(0.5, abs=0.01)
    assert (stick.brake, stick.left) == (0.0, pytest.approx(1.0))
    gamepad._pad = FakePad({pygame.CONTROLLER_AXIS_TRIGGERLEFT: 32767, pygame.CONTROLLER_AXIS_LEFTX: 2000})  # type: ignore[assignment]
    assert gamepad.read() == Stick(brake=1.0)
    gamepad.close()


def test_a_stick_asks_for_parts_of_what_keys_ask_for() -> None:
    world = generate_world(5, SPEC)
    half = manual_control(frozenset(), world, Stick(gas=0.5, left=0.5))
    assert half.accel_mps2 == 0.5 * GAS_MPS2
    assert half.steer_rad == pytest.approx(0.5 * manual_control(frozenset(), world, Stick(left=1.0)).steer_rad)
    assert manual_control(frozenset(), world, Stick(gas=1.0, brake=0.25)).accel_mps2 == 0.25 * BRAKE_MPS2


def test_a_sign_put_twice_at_a_place_is_two_signs() -> None:
    world = generate_world(5, SPEC)
    once = put_sign(world, SignKind.STOP, 30.0, 3.0)
    twice = put_sign(once, SignKind.STOP, 30.0, 3.0)
    assert len({sign.sign_id for sign in twice.scene.signs}) == len(world.scene.signs) + 2
