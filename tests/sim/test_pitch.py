"""A camera that pitches with the braking car: the horizon's place, and labels that stay with the pixels."""

from __future__ import annotations

from dataclasses import replace
from math import pi, tan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.camera import Camera
from sim.generate import generate_world
from sim.light import Light, TimeOfDay
from sim.maps import SemanticClass
from sim.recording.frames import draw_example, sample_world
from sim.recording.recipe import Placement, Recipe
from sim.render import Painter
from sim.render.projection import View
from sim.road import CentreLine, Edge, Road, RoadNetwork, StopLine, build_path
from sim.signs import Sign, SignKind
from sim.spec import LightSpec, SensorSpec, WorldSpec
from sim.vehicle import Control, EgoState, Suspension
from sim.world import Scene, World, advance, place_ego

CAMERA = Camera()
PAINTER = Painter(CAMERA)
LIGHT = Light(TimeOfDay.DAY, 0.0, (1.0, 1.0, 1.0), (90, 140, 220), (200, 210, 230), 3000.0, 1.0)
PITCHING = SensorSpec(pitch_share=1.0)
WEATHERS = {
    "plain": LightSpec(),
    "sun": LightSpec(sunny_share=1.0, textured_share=1.0),
    "rain": LightSpec(rain_share=1.0, textured_share=1.0),
    "snow": LightSpec(snow_share=1.0, textured_share=1.0),
    "night": LightSpec(night_share=1.0, textured_share=1.0),
    "backlight": LightSpec(backlight_share=1.0),
}
BUSY = WorldSpec(distractors=(3, 8), parked=(1, 3), oncoming=(1, 2), lead_share=0.5, hidden_share=0.5, sensor=PITCHING)


def make_world(signs=(), lines=()):
    """Return a straight road along x with the ego's camera at x = 40 m in the middle of its lane."""
    road = Road(build_path([(300.0, 0.0, 0.0)]), 3.5, Edge.VERGE, CentreLine.SOLID, False, True, 0.0)
    scene = Scene(12, RoadNetwork(road, (), tuple(lines)), tuple(signs), (), LIGHT, 3, 10.0, 250.0)
    world = World(scene, EgoState(0, 0, 0, 0), ())
    return place_ego(world, 40.0 - world.geometry.camera_forward_m, 0.0, 0.0, 8.0)


def pitched(world, pitch_rad):
    """Return the world with the ego's nose down by an angle."""
    return replace(world, ego=replace(world.ego, pitch_rad=pitch_rad))


def near_stop(seed, spec, back_m=22.0):
    """Return a generated world with the ego before its first stop line."""
    world = generate_world(seed, spec)
    return place_ego(world, max(world.scene.network.stop_lines[0].s_m - back_m, 3.0), 0.0, 0.0, 8.0)


def horizon_row(maps):
    """Return the row of the frame at which the sky ends, where nothing stands."""
    return int((maps.semantics == SemanticClass.SKY).sum(axis=0).max()) / maps.scale


@pytest.mark.parametrize("pitch_rad", [-0.02, -0.0031, 0.0, 0.0052, 0.0158, 0.03])
def test_the_horizon_rises_in_the_picture_by_the_focal_length_times_the_pitch_of_the_nose(pitch_rad):
    maps = PAINTER.maps(pitched(make_world(), pitch_rad), semantics=True, depth=True)

    assert horizon_row(maps) == 144 - round(720 * tan(pitch_rad))


def test_braking_raises_the_horizon_and_what_is_drawn_moves_with_it():
    world = replace(make_world(), suspension=Suspension(0.0045))
    for _ in range(30):
        world = advance(world, Control(-3.5))
    assert world.ego.pitch_rad > 0.01
    raised_px = round(720 * tan(world.ego.pitch_rad))

    frame, _ = PAINTER.look(world, truth=False)
    level, _ = PAINTER.look(pitched(world, 0.0), truth=False)

    def horizon(rgb):
        brightness = rgb[100:190, 300:372].astype(float).mean(axis=(1, 2))
        return 100 + int(np.argmax(-np.diff(brightness)))

    assert horizon(level.rgb) - horizon(frame.rgb) == pytest.approx(raised_px, abs=1)


def test_a_sign_is_within_half_a_percent_of_where_a_camera_that_turns_sees_it():
    """The exact rotation about the camera's axis, of a sign 12 m ahead, 2.5 m aside and 1.2 m above the camera."""
    pitch_rad, ahead_m, right_m, up_m = 0.02, 12.0, 2.5, 1.2
    sign = Sign(100, SignKind.STOP, 40.0 + ahead_m + 0.04, -1.75 - right_m, 1.4 + up_m - 0.38, 0.76, 0.76, pi)

    _, truth = PAINTER.look(pitched(make_world([sign]), pitch_rad), frame=False)

    box = truth.objects[0].box
    c, s = np.cos(pitch_rad), np.sin(pitch_rad)
    down, depth = -up_m * c - ahead_m * s, ahead_m * c - up_m * s
    seen = 0.5 * (box[0] + box[2]), 0.5 * (box[1] + box[3])
    exact = CAMERA.project(np.array([right_m, down, depth]))
    # Half a map pixel of the box, and the error that the view states.
    np.testing.assert_allclose(seen, exact, atol=0.5 + 0.005 * np.hypot(*(exact - (336, 144))))


def test_ground_depth_and_lines_on_the_road_are_where_the_pitched_camera_sees_them():
    pitch_rad = 0.0157
    raised_px = round(720 * tan(pitch_rad))
    line = StopLine(60.0, 0.5, 0)
    world = pitched(make_world(lines=[line]), pitch_rad)

    maps, lane, outline = PAINTER.maps(world, semantics=True, depth=True), PAINTER.lane(world), PAINTER.stop_line(world)
    frame, truth = PAINTER.look(world)

    rows_px = (np.arange(len(maps.depth_m)) + 0.5) / maps.scale
    below = rows_px > 144 - raised_px
    expected_m = 720 * 1.4 / (rows_px[below] - (144 - raised_px))
    np.testing.assert_allclose(maps.depth_m[below, 336], expected_m)
    np.testing.assert_allclose(lane.right.pixels[30], (336 + 720 * 1.75 / 30, 144 - raised_px + 720 * 1.4 / 30))
    near_px = 144 - raised_px + 720 * 1.4 / 20
    assert outline.pixels[:, 1].max() == pytest.approx(near_px)
    assert truth.stop_line.distance_m == pytest.approx(20.0)
    assert truth.stop_line.box[3] == pytest.approx(near_px, abs=0.6)
    assert maps.semantics[round(2 * (near_px - 0.5)), 672] == SemanticClass.STOP_LINE
    asphalt = frame.rgb[round(near_px) + 4, 336].mean()
    assert frame.rgb[round(near_px) - 1, 336].mean() > asphalt + 20, "the line is painted where it is labelled"


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), back_m=st.floats(4.0, 50.0), pitch_rad=st.floats(-0.03, 0.06))
def test_boxes_are_those_of_the_masks_whatever_the_pitch(seed, back_m, pitch_rad):
    world = pitched(near_stop(seed, BUSY, back_m), pitch_rad)

    _, truth = PAINTER.look(world, frame=False)
    maps = PAINTER.maps(world, instances=True, semantics=True, depth=True)

    assert set(np.unique(maps.instances)) - {0} <= {thing.instance_id for thing in truth.objects}
    for thing in truth.objects:
        rows, columns = np.nonzero(maps.instances == thing.instance_id)
        if not len(rows):
            assert thing.visible_fraction < 0.3
            continue
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / maps.scale
        np.testing.assert_allclose(box, thing.box, atol=1 / maps.scale)
    assert np.isinf(maps.depth_m[maps.semantics == SemanticClass.SKY]).all()
    assert (maps.depth_m > 0).all()


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("raised_px", [-9, 11, 43])
def test_in_any_light_a_pitched_picture_is_the_level_one_shifted(weather, raised_px):
    """What falls through the air, and what the sensor does, stays in place: it is left out of the comparison."""
    world = near_stop(3, replace(BUSY, light=WEATHERS[weather], lead_share=0.0))
    light = replace(world.scene.light, in_air=0.0)
    world = replace(world, scene=replace(world.scene, light=light))

    level = PAINTER.look(world, truth=False)[0].rgb.astype(int)
    raised = PAINTER.look(pitched(world, raised_px / 720), truth=False)[0].rgb.astype(int)

    first, last = max(raised_px, 0) + 4, 288 + min(raised_px, 0) - 4
    away = np.abs(raised[first - raised_px : last - raised_px] - level[first:last])
    unshifted = np.abs(raised[first:last] - level[first:last])
    # Noise, vignette and, where the shift is odd, soft things worked out at every second row.
    assert np.median(away) <= 7
    assert away.mean() < 0.75 * unshifted.mean()


def test_the_frame_carries_the_camera_as_it_is_mounted():
    frame, _ = PAINTER.look(pitched(make_world(), 0.02))

    assert frame.camera == Camera()


def test_the_same_seed_gives_the_same_bytes_whatever_was_drawn_before():
    world = pitched(near_stop(5, replace(BUSY, light=WEATHERS["rain"])), 0.0158)
    first = PAINTER.look(world)
    for other in (-0.01, 0.0, 0.04):
        PAINTER.look(pitched(world, other))

    again, fresh = PAINTER.look(world), Painter(CAMERA).look(world)

    assert first[0].rgb.tobytes() == again[0].rgb.tobytes() == fresh[0].rgb.tobytes()
    assert first[1] == again[1] == fresh[1]


def test_no_more_pitch_is_drawn_than_there_are_rows_for():
    for camera in (Camera(), Camera(width_px=320, height_px=160, focal_px=1400.0), Camera(height_px=16)):
        for pitch_rad in (-1.0, -0.2, 0.2, 1.0):
            view = View.of(pitched(make_world(), pitch_rad), camera, 2)
            assert 0 < view.sky_rows < camera.height_px
            Painter(camera).look(pitched(near_stop(1, replace(BUSY, light=WEATHERS["rain"])), pitch_rad))


def test_worlds_pitch_as_often_as_the_spec_says_and_by_default_none_does():
    some = [generate_world(seed, WorldSpec(sensor=SensorSpec(pitch_share=0.5))) for seed in range(60)]
    gains = [world.suspension.pitch_per_mps2 for world in some]

    assert 15 < sum(gain > 0 for gain in gains) < 45
    assert all(0.0035 <= gain <= 0.0055 for gain in gains if gain)
    assert all(generate_world(seed, WorldSpec()).suspension == Suspension() for seed in range(20))


def test_a_still_shows_the_pitch_of_some_acceleration_and_is_otherwise_the_same():
    plain = Recipe(name="level", seed=9, count=200)
    recipe = replace(plain, world=WorldSpec(sensor=PITCHING))

    pitches = []
    for index in range(200):
        world, level = sample_world(recipe, index)[0], sample_world(plain, index)[0]
        pitches.append(world.ego.pitch_rad)
        assert level.ego.pitch_rad == 0.0
        assert replace(world.ego, pitch_rad=0.0) == level.ego
        assert world.actors == level.actors

    # Cut where the car's acceleration ends, which takes little of it.
    assert np.std(pitches) == pytest.approx(1.5 * 0.0045, rel=0.2)
    assert abs(np.mean(pitches)) < 0.0015


def test_the_same_index_gives_the_same_example():
    recipe = Recipe(name="pitched", seed=9, count=20, world=WorldSpec(sensor=PITCHING))
    still = replace(recipe, placement=Placement(accel_sd_mps2=0.0))

    assert draw_example(recipe, 7).image == draw_example(recipe, 7).image
    assert draw_example(recipe, 7).image != draw_example(still, 7).image
    assert sample_world(still, 7)[0].ego.pitch_rad == 0.0


def test_a_pitch_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="pitch_per_mps2"):
        SensorSpec(pitch_per_mps2=(0.003, 0.02))
