"""The composed view: all its parts are there, follow the tick, and need no display."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from itertools import pairwise
from math import degrees

import cv2
import numpy as np
import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.camera import Camera
from sim.control import DriverConfig, Phase
from sim.generate import generate_world
from sim.loop import Capture, OracleEyes, Tick, drive
from sim.percept import Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.spec import WorldSpec
from sim.viewer.camera_panel import lane_points, road_to_pixels
from sim.viewer.gauges import phase_pills
from sim.viewer.layout import MIN_SIZE_PX, Layout, lay_out
from sim.viewer.map_geometry import build_geometry
from sim.viewer.palette import KIND_STYLES, STOP_RED, Shape
from sim.viewer.percept_panel import lane_words, stop_line_words
from sim.viewer.shapes import octagon, sprite
from sim.viewer.strip import History
from sim.viewer.text import Typesetter, signed
from sim.viewer.view import ViewOptions, compose_view

SIZE_PX = (1280, 720)
SIGN = Detection(ObjectKind.STOP_SIGN, (400.0, 90.0, 424.0, 114.0), 0.97, 24.0, 0.8)


@pytest.fixture(scope="module")
def ticks() -> list[Tick]:
    world = generate_world(3, WorldSpec(approach_m=(40.0, 40.0), junctions=(1, 1)))
    ticks: list[Tick] = []
    for tick in drive(world, OracleEyes(), DriverConfig(), want_frame=True, want_truth=True):
        ticks.append(tick)
        if len(ticks) == 60:
            return ticks
    raise AssertionError("a drive has no end")


@pytest.fixture(scope="module")
def tick(ticks: list[Tick]) -> Tick:
    return ticks[-1]


@pytest.fixture(scope="module")
def layout() -> Layout:
    return lay_out(SIZE_PX, 672 / 288)


def part(view: NDArray[np.uint8], rect: object) -> NDArray[np.uint8]:
    left, top, width, height = rect  # type: ignore[misc]  # a pygame.Rect unpacks to four integers
    return view[top : top + height, left : left + width]


def changed_panels(first: NDArray[np.uint8], second: NDArray[np.uint8], layout: Layout) -> set[str]:
    names = ("header", "camera", "map", "speed", "pedals", "wheel", "driver", "strip", "percept")
    return {
        name
        for name in names
        if not np.array_equal(part(first, getattr(layout, name)), part(second, getattr(layout, name)))
    }


def test_a_view_has_its_shape_and_no_panel_is_blank(tick: Tick, layout: Layout) -> None:
    view = compose_view(tick, None, SIZE_PX)
    assert view.shape == (720, 1280, 3)
    assert view.dtype == np.uint8
    for panel in (layout.header, *layout.panels):
        assert np.unique(part(view, panel).reshape(-1, 3), axis=0).shape[0] > 8


def test_the_same_tick_gives_the_same_pixels_whatever_was_drawn_before(ticks: list[Tick]) -> None:
    first = compose_view(ticks[-1])
    compose_view(ticks[0], options=ViewOptions("oracle", show_truth=True, banner="The end.", keys=(("Q", "quit"),)))
    assert np.array_equal(first, compose_view(ticks[-1]))


def test_a_view_that_was_returned_does_not_change_later(ticks: list[Tick]) -> None:
    first = compose_view(ticks[-1])
    before = first.copy()
    compose_view(ticks[0])
    assert np.array_equal(first, before)


def test_the_camera_panel_shows_the_frame(tick: Tick, layout: Layout) -> None:
    bare = replace(tick, percept=Percept(tick.percept.step))
    assert tick.capture.frame is not None
    shown = part(compose_view(bare, None, SIZE_PX), layout.camera)
    expected = cv2.resize(tick.capture.frame.rgb, layout.camera.size, interpolation=cv2.INTER_CUBIC)
    below_the_caption = slice(60, None)
    assert np.array_equal(shown[below_the_caption], expected[below_the_caption])


def test_speed_changes_the_speedometer_and_nothing_of_the_percept(tick: Tick, layout: Layout) -> None:
    faster = replace(tick, world=replace(tick.world, ego=replace(tick.world.ego, speed_mps=3.0)))
    changed = changed_panels(compose_view(tick), compose_view(faster), layout)
    assert "speed" in changed
    assert "strip" in changed
    assert changed.isdisjoint({"camera", "percept", "wheel", "driver"})


def test_a_detection_changes_camera_percept_and_strip_only(tick: Tick, layout: Layout) -> None:
    without = replace(tick, percept=Percept(tick.percept.step))
    with_sign = replace(tick, percept=Percept(tick.percept.step, (SIGN,)))
    changed = changed_panels(compose_view(without), compose_view(with_sign), layout)
    assert changed == {"camera", "percept", "strip"}


def test_a_box_is_drawn_around_the_detection_in_the_colour_of_its_kind(tick: Tick, layout: Layout) -> None:
    view = compose_view(replace(tick, percept=Percept(tick.percept.step, (SIGN,))))
    zoom = layout.camera.width / 672
    rows = slice(*(round(layout.camera.top + v * zoom) for v in (92.0, 112.0)))
    left_edge = round(layout.camera.left + SIGN.box[0] * zoom) - 1
    assert (view[rows, left_edge] == KIND_STYLES[ObjectKind.STOP_SIGN].colour).all()


def test_lane_and_stop_line_are_drawn_on_the_road(tick: Tick, layout: Layout) -> None:
    step = tick.percept.step
    nothing = compose_view(replace(tick, percept=Percept(step)))
    lane = LaneEstimate(0.1, 0.0, 0.0, 0.9)
    with_lane = compose_view(replace(tick, percept=Percept(step, lane=lane)))
    with_line = compose_view(
        replace(tick, percept=Percept(step, lane=lane, stop_line=StopLineEstimate(15.0, 0.3, 0.9)))
    )
    assert changed_panels(nothing, with_lane, layout) == {"camera", "percept"}
    assert changed_panels(with_lane, with_line, layout) == {"camera", "percept"}


def test_steering_pedals_and_reason_each_change_their_own_panel(tick: Tick, layout: Layout) -> None:
    ego = tick.world.ego
    view = compose_view(tick)
    steered = replace(tick, world=replace(tick.world, ego=replace(ego, steer_rad=ego.steer_rad + 0.1)))
    braked = replace(tick, control=replace(tick.control, accel_mps2=-5.0))
    other = Phase.HOLDING if tick.memory.phase is not Phase.HOLDING else Phase.CRUISING
    minded = replace(tick, memory=replace(tick.memory, phase=other, reason="Because."))
    assert changed_panels(view, compose_view(steered), layout) == {"wheel"}
    assert changed_panels(view, compose_view(braked), layout) == {"pedals"}
    assert changed_panels(view, compose_view(minded), layout) == {"driver"}


@pytest.mark.parametrize("size_px", [(1280, 720), (1920, 1080), (3840, 2160)])
@pytest.mark.parametrize("active", Phase)
def test_every_phase_is_named_in_full_in_its_own_place(size_px: tuple[int, int], active: Phase) -> None:
    layout = lay_out(size_px, 672 / 288)
    type_ = Typesetter(layout.scale)
    row = layout.driver.inflate(-layout.px(28), -layout.px(90))
    pills = phase_pills(type_, row, active, layout.px(3))
    assert [words for _, _, words in pills] == [phase.value for phase in Phase]
    assert all(type_.width_px(words, 10) + layout.px(4) <= pill.width for _, pill, words in pills)
    assert all(row.contains(pill) for _, pill, _ in pills)
    assert all(a.right < b.left for (_, a, _), (_, b, _) in pairwise(pills))


def test_where_names_do_not_fit_the_phase_that_counts_is_named_in_full() -> None:
    type_ = Typesetter(0.5)
    pills = phase_pills(type_, pygame.Rect(0, 0, 150, 10), Phase.SAFE_STOP, 2)
    assert [words for _, _, words in pills] == ["", "", "", "", "", "", "Safe stop"]
    assert pills[-1][1].width >= type_.width_px("Safe stop", 10)


def test_what_is_tracked_is_on_the_map(ticks: list[Tick], layout: Layout) -> None:
    tick = next(t for t in reversed(ticks) if t.memory.tracks)
    forgetful = replace(tick, memory=replace(tick.memory, tracks=()))
    assert changed_panels(compose_view(tick), compose_view(forgetful), layout) == {"map"}


def test_true_boxes_are_drawn_only_when_asked_for(tick: Tick, layout: Layout) -> None:
    plain = compose_view(tick)
    shown = compose_view(tick, options=ViewOptions(show_truth=True))
    assert changed_panels(plain, shown, layout) == {"camera"}
    unknown = replace(tick, capture=Capture(tick.capture.frame, None))
    assert np.array_equal(plain, compose_view(unknown, options=ViewOptions(show_truth=True)))


def test_without_a_frame_the_percept_can_still_be_read(tick: Tick, layout: Layout) -> None:
    dark = replace(tick, capture=Capture(None, tick.capture.truth))
    view = compose_view(dark, options=ViewOptions("oracle"))
    panel = part(view, layout.camera)
    assert panel.max() > 200
    assert changed_panels(compose_view(tick, options=ViewOptions("oracle")), view, layout) == {"camera"}


def test_banner_state_and_keys_show(tick: Tick, layout: Layout) -> None:
    plain = compose_view(tick)
    assert changed_panels(plain, compose_view(tick, options=ViewOptions(banner="Stopped.")), layout) == {"camera"}
    assert changed_panels(plain, compose_view(tick, options=ViewOptions(state="paused")), layout) == {"header"}
    assert "camera" in changed_panels(plain, compose_view(tick, options=ViewOptions(keys=(("Q", "quit"),))), layout)


def test_the_seed_that_the_user_gave_is_shown_in_place_of_a_derived_one(tick: Tick, layout: Layout) -> None:
    given_seed = compose_view(tick, options=ViewOptions(seed=123))
    assert changed_panels(compose_view(tick), given_seed, layout) == {"header"}
    assert np.array_equal(compose_view(tick), compose_view(tick, options=ViewOptions(seed=tick.world.scene.seed)))


def test_many_detections_are_counted_rather_than_spilt(tick: Tick, layout: Layout) -> None:
    crowd = tuple(replace(SIGN, box=(20.0 * k, 90.0, 20.0 * k + 15, 105.0)) for k in range(30))
    view = compose_view(replace(tick, percept=Percept(tick.percept.step, crowd)))
    below = view[layout.percept.bottom + 1 :, :]
    assert np.unique(below.reshape(-1, 3), axis=0).shape[0] == 1


@pytest.mark.parametrize("size_px", [MIN_SIZE_PX, (800, 600), (1281, 723), (1920, 1080), (2000, 700), (700, 1400)])
def test_every_window_size_has_panels_inside_it_that_do_not_overlap(tick: Tick, size_px: tuple[int, int]) -> None:
    layout = lay_out(size_px, 672 / 288)
    panels = layout.panels
    for index, panel in enumerate(panels):
        assert panel.width > 0
        assert panel.height > 0
        assert panel.left >= 0
        assert panel.top >= layout.header.bottom
        assert panel.right <= size_px[0]
        assert panel.bottom <= size_px[1]
        assert panel.collidelist(panels[index + 1 :]) == -1
    assert compose_view(tick, None, size_px).shape == (size_px[1], size_px[0], 3)


def test_a_view_too_small_to_read_is_refused(tick: Tick) -> None:
    with pytest.raises(ValueError, match=r"at least 640 x 360. Received: 320 x 200"):
        compose_view(tick, None, (320, 200))


def test_another_camera_keeps_its_shape(tick: Tick) -> None:
    square = Camera(320, 320, 300.0)
    dark = replace(tick, capture=Capture(None, None))
    assert compose_view(dark, options=ViewOptions(camera=square)).shape == (720, 1280, 3)


def test_the_stop_sign_has_eight_sides_of_one_length_and_135_degrees() -> None:
    corners = np.array(octagon((0.0, 0.0), 10.0))
    assert corners.shape == (8, 2)
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(sides, axis=1)
    assert lengths == pytest.approx(np.full(8, lengths[0]))
    turns = np.roll(np.arctan2(sides[:, 1], sides[:, 0]), -1) - np.arctan2(sides[:, 1], sides[:, 0])
    inner = [180.0 - abs((degrees(turn) + 180.0) % 360.0 - 180.0) for turn in turns]
    assert inner == pytest.approx([135.0] * 8)
    assert corners[:, 1].max() == pytest.approx(sorted(corners[:, 1])[-2])


def test_the_stop_sign_drawn_on_the_map_has_eight_sides() -> None:
    picture = sprite(Shape.OCTAGON, 40, STOP_RED, (255, 255, 255), 4.0)
    opaque = (pygame.surfarray.array_alpha(picture).T > 127).astype(np.uint8)
    contours, _ = cv2.findContours(opaque, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    assert len(contours) == 1
    assert len(cv2.approxPolyDP(contours[0], 3.0, True)) == 8


def test_a_stop_sign_in_sight_is_red_on_the_map(ticks: list[Tick], layout: Layout) -> None:
    view = compose_view(ticks[-1])
    assert (part(view, layout.map) == STOP_RED).all(axis=-1).sum() > 40


@given(
    offset=st.floats(-1.5, 1.5), heading=st.floats(-0.3, 0.3), curvature=st.floats(-0.02, 0.02), s=st.floats(0.0, 40.0)
)
def test_lane_points_lie_on_the_parabola_in_the_lanes_own_frame(
    offset: float, heading: float, curvature: float, s: float
) -> None:
    lane = LaneEstimate(offset, heading, curvature, 1.0)
    x, y = lane_points(lane, np.array([s]))[0]
    along = np.cos(heading) * x - np.sin(heading) * y
    left = np.sin(heading) * x + np.cos(heading) * y
    assert along == pytest.approx(s, abs=1e-9)
    assert left + offset == pytest.approx(0.5 * curvature * s * s, abs=1e-9)


def test_a_car_left_of_the_lanes_middle_sees_the_lane_to_its_right() -> None:
    camera = Camera()
    points = lane_points(LaneEstimate(0.5, 0.0, 0.0, 1.0), np.array([10.0]))
    u, v = road_to_pixels(camera, points)[0]
    assert u == pytest.approx(camera.centre_u_px + 0.5 * 720 / 10)
    assert v == pytest.approx(camera.centre_v_px + 1.4 * 720 / 10)


def test_history_keeps_ten_seconds_and_starts_anew_when_time_goes_back(tick: Tick) -> None:
    history = History()
    for step in range(500):
        history = history.with_tick(replace(tick, world=replace(tick.world, step=step)))
    assert [s.step for s in history.samples] == list(range(299, 500))
    again = history.with_tick(replace(tick, world=replace(tick.world, step=0)))
    assert [s.step for s in again.samples] == [0]


def test_history_notes_the_best_stop_sign_and_no_other_kind(tick: Tick) -> None:
    weaker, car = replace(SIGN, score=0.4), replace(SIGN, kind=ObjectKind.VEHICLE, score=0.99)
    seen = replace(tick, percept=Percept(tick.percept.step, (car, SIGN, weaker)))
    assert History().with_tick(seen).samples[-1].stop_score == SIGN.score
    assert History().with_tick(replace(tick, percept=Percept(0))).samples[-1].stop_score == 0.0


def test_the_map_holds_the_roads_and_every_piece_of_scenery(tick: Tick) -> None:
    scene = tick.world.scene
    geometry = build_geometry(scene)
    assert len(geometry.pieces) > len(scene.scenery) + len(scene.network.junctions)
    assert geometry.ends[-1] == len(geometry.points_m)
    assert np.isfinite(geometry.points_m).all()


def test_the_percept_is_put_into_words() -> None:
    assert lane_words(None) == ("not seen", "")
    assert lane_words(LaneEstimate(-0.12, 0.01, 0.004, 0.9)) == (
        "0.12 m right of centre",
        "heading +0.6° · left bend, radius 250 m · 0.90",
    )
    assert lane_words(LaneEstimate(0.001, 0.0, 0.0, 1.0))[0] == "in the middle"
    assert stop_line_words(StopLineEstimate(12.34, 0.21, 0.8))[0] == "12.3 ± 0.2 m · 0.80"
    assert stop_line_words(None)[0] == "not seen"


def test_numbers_have_a_true_minus_and_none_before_zero() -> None:
    assert signed(-1.44, " m/s²") == "−1.4 m/s²"
    assert signed(0.26, "°") == "+0.3°"
    assert signed(-0.04, "°") == "0.0°"


def test_long_reasons_are_wrapped_and_end_in_an_ellipsis() -> None:
    type_ = Typesetter(1.0)
    lines = type_.wrapped("Stopping: " + "a very long reason " * 20, 14, 200, 2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert all(type_.width_px(line, 14) <= 200 for line in lines)


def test_a_number_is_not_parted_from_its_unit() -> None:
    type_ = Typesetter(1.0)
    words = "Holding: 0.0 s of 2.2 s, then 12 m on"
    for width in range(60, 300, 7):
        lines = type_.wrapped(words, 14, width, 9)
        assert " ".join(lines) == words or any(line.endswith("…") for line in lines)
        assert not any(line.split()[0].strip(",") in ("s", "m") for line in lines)


def test_thirty_views_a_second_are_composed(ticks: list[Tick]) -> None:
    history = History()
    spent_s: list[float] = []
    for tick in ticks:
        history = history.with_tick(tick)
        start_s = time.perf_counter()
        compose_view(tick, history, SIZE_PX, ViewOptions("oracle", show_truth=True))
        spent_s.append(time.perf_counter() - start_s)
    assert statistics.median(spent_s) < 1 / 30
