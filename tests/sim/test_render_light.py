"""Light, weather and sensor in the picture, on scenes whose answer is known by construction."""

from __future__ import annotations

from dataclasses import replace
from math import pi, tan

import numpy as np
import pytest

from sim.actors import Actor, ActorKind, Behaviour
from sim.camera import Camera
from sim.generate import generate_world
from sim.light import Light, SensorState, Sky, TimeOfDay, Weather
from sim.recording import load_preset
from sim.render import Painter
from sim.render.illumination import BEAM_HEIGHT_M, low_beam
from sim.render.lens import Lens
from sim.render.shadows import actor_shadow, scene_shadows
from sim.road import CentreLine, Edge, Road, RoadNetwork, build_path
from sim.signs import Sign, SignKind
from sim.vehicle import EgoState
from sim.world import Scene, Scenery, SceneryKind, World, place_ego

CAMERA = Camera()
EVEN = Light(TimeOfDay.DAY, 0.0, (1.0, 1.0, 1.0), (90, 140, 220), (200, 210, 230), 3000.0, 1.0)
CLEAN = SensorState(read_noise=0.4, shot_noise=0.01)
"""A sensor that does next to nothing."""
OPEN = replace(EVEN, sky=Sky.OVERCAST, visibility_m=1e6, sensor=CLEAN)
NIGHT = replace(
    OPEN,
    sky=Sky.NIGHT,
    time_of_day=TimeOfDay.NIGHT,
    ambient=(0.05, 0.05, 0.05),
    sky_top=(4, 4, 8),
    sky_low=(10, 10, 14),
    headlights=0.4,
)


@pytest.fixture(scope="module")
def painter():
    return Painter(CAMERA)


def make_world(light, signs=(), scenery=(), actors=(), speed_mps=8.0):
    """Return a straight road along x with the ego's camera at 40 m."""
    road = Road(build_path([(300.0, 0.0, 0.0)]), 3.5, Edge.VERGE, CentreLine.SOLID, False, False, 0.0)
    scene = Scene(12, RoadNetwork(road, (), ()), tuple(signs), tuple(scenery), light, 3, 10.0, 250.0)
    world = World(scene, EgoState(0, 0, 0, 0), tuple(actors))
    return place_ego(world, 40.0 - world.geometry.camera_forward_m, 0.0, 0.0, speed_mps)


def picture(painter, world):
    frame, _ = painter.look(world, truth=False)
    return frame.rgb.astype(np.float64)


def at(rgb, ahead_m, right_m=0.0, up_m=0.0, half_px=2):
    """Return the mean colour where a place is seen."""
    u = int(CAMERA.centre_u_px + CAMERA.focal_px * right_m / ahead_m)
    v = int(CAMERA.centre_v_px + CAMERA.focal_px * (CAMERA.height_m - up_m) / ahead_m)
    return rgb[v - half_px : v + half_px + 1, u - half_px : u + half_px + 1].reshape(-1, 3).mean(axis=0)


def luminance(rgb):
    """Return the linear luminance of sRGB colours (IEC 61966-2-1, with its curve taken as gamma 2.2)."""
    return (np.asarray(rgb) / 255) ** 2.2 @ np.array([0.2126, 0.7152, 0.0722])


def stop_sign(ahead_m=20.0, right_m=3.0, width_m=0.76):
    return Sign(100, SignKind.STOP, 40.0 + ahead_m, -1.75 - right_m, 2.1, width_m, width_m, pi, applies_to_ego=True)


WALL = Scenery(SceneryKind.BUILDING, 60.0, -11.0, pi, 8.0, 10.0, 9.0, 5)


# -- night ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead_m", [10.0, 15.0, 25.0])
@pytest.mark.parametrize("headlights", [0.25, 0.6])
def test_a_sign_at_night_shows_white_at_least_three_times_as_bright_as_red(painter, ahead_m, headlights):
    world = make_world(replace(NIGHT, headlights=headlights), [stop_sign(ahead_m, width_m=1.22)])
    frame, truth = painter.look(world)

    x0, y0, x1, y1 = (round(c) for c in truth.objects[0].box)
    face = luminance(frame.rgb[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2].reshape(-1, 3))
    white, red = np.percentile(face, 96), np.percentile(face, 30)
    assert white > 0.05
    assert white / red >= 3.0


def test_a_reflecting_sign_outshines_a_wall_beside_it(painter):
    rgb = picture(painter, make_world(NIGHT, [stop_sign(20.0, 3.0, 1.22)], [replace(WALL, x_m=66.0, y_m=-8.0)]))
    sign, wall = at(rgb, 20.0, 3.0, 2.71, 6), at(rgb, 22.0, 5.6, 0.9)
    assert luminance(sign) > 3 * luminance(wall)


def test_without_headlights_a_sign_at_night_is_dark(painter):
    rgb = picture(painter, make_world(replace(NIGHT, headlights=0.0), [stop_sign()]))
    assert at(rgb, 20.0, 3.0, 2.48, 5).max() < 30


def test_the_low_beam_falls_with_the_square_of_the_distance():
    near, far = low_beam(np.zeros(2), np.array([0.25, 0.0]), np.array([20.0, 40.0])).tolist()
    assert near / far == pytest.approx(4.0, rel=0.3)


def test_the_low_beam_is_cut_off_above_and_rises_to_the_right():
    depth = np.full(3, 25.0)
    below, above, right = low_beam(np.array([0.0, 0.0, 3.0]), BEAM_HEIGHT_M + np.array([-0.5, 0.25, 0.25]), depth)
    assert above < 0.2 * below
    assert right > 2 * above


def test_headlights_light_the_near_road_and_not_the_far(painter):
    rgb = picture(painter, make_world(NIGHT))
    near, far = at(rgb, 9.0).mean(), at(rgb, 60.0).mean()
    assert near > 3 * far


def test_a_street_lamp_lights_the_road_beneath_it(painter):
    pole = Scenery(SceneryKind.POLE, 70.0, -5.0, 0.0, 0.25, 0.25, 8.0, 3)
    lit = replace(NIGHT, headlights=0.0, lamps=True)
    with_lamp, without = picture(painter, make_world(lit, (), [pole])), picture(painter, make_world(lit))
    assert at(with_lamp, 30.0, 1.0).mean() > 2 * at(without, 30.0, 1.0).mean()


def test_a_lamp_behind_a_wall_does_not_glow(painter):
    pole = Scenery(SceneryKind.POLE, 90.0, -8.0, 0.0, 0.25, 0.25, 5.0, 3)
    wall = replace(WALL, x_m=60.0, y_m=-8.0)
    lit = replace(NIGHT, headlights=0.0, lamps=True)
    hidden, without = (picture(painter, make_world(lit, (), things)) for things in ([pole, wall], [wall]))
    np.testing.assert_allclose(hidden[:120], without[:120], atol=6)


# -- sun --------------------------------------------------------------------------------------------------------------


def test_a_shadow_is_as_long_as_the_height_over_the_tangent_and_points_away_from_the_sun():
    light = replace(OPEN, sky=Sky.SUNNY, sunlight=0.7, sun_height_rad=0.5, sun_heading_rad=pi / 2)
    pole = Scenery(SceneryKind.POLE, 60.0, -5.0, 0.0, 0.25, 0.25, 8.0, 2)
    (shadow,) = scene_shadows(make_world(light, (), [pole]).scene)
    assert shadow[:, 1].min() == pytest.approx(-5.0 - 8.0 / tan(0.5), abs=0.05)
    assert shadow[:, 0].mean() == pytest.approx(60.0)


def test_nothing_casts_a_shadow_under_clouds():
    assert scene_shadows(make_world(OPEN, (), [WALL]).scene) == []


def test_ground_in_the_shadow_of_a_house_is_darker_than_in_the_open(painter):
    # The sun stands to the right, low: the house at the right of the road throws its shadow over it.
    sun = replace(OPEN, sky=Sky.SUNNY, sunlight=0.75, sun_height_rad=0.5, sun_heading_rad=-pi / 2)
    shaded, open_road = (
        at(picture(painter, make_world(sun, (), [WALL])), 20.0),
        at(picture(painter, make_world(sun)), 20.0),
    )
    np.testing.assert_allclose(shaded / open_road, 0.5, atol=0.06)


def test_a_wall_in_the_sun_is_brighter_than_one_turned_from_it(painter):
    sun = replace(OPEN, sky=Sky.SUNNY, sunlight=0.7)
    pictures = [picture(painter, make_world(replace(sun, sun_heading_rad=turn), (), [WALL])) for turn in (pi, 0.0)]
    towards, away = (at(rgb, 16.0, 6.0, 0.9).mean() for rgb in pictures)
    assert towards > 1.5 * away


def test_a_vehicle_has_its_shadow_on_the_side_away_from_the_sun():
    car = Actor(7, ActorKind.CAR, Behaviour.PARKED, 60.0, -4.0, 0.0, 0.0)
    light = replace(OPEN, sky=Sky.SUNNY, sunlight=0.7, sun_height_rad=0.6, sun_heading_rad=pi)
    outline = actor_shadow(car, light)
    assert outline[:, 0].max() > 60.0 + 2.2 + 1.0
    assert outline[:, 0].min() == pytest.approx(60.0 - 2.2, abs=0.01)


# -- weather ----------------------------------------------------------------------------------------------------------


def test_fog_leaves_five_per_cent_of_the_contrast_at_the_sight_that_it_names(painter):
    # Koschmieder: contrast exp(-3 d / V); a black car's contrast with the fog behind it at half of V is 22 %.
    fog = replace(OPEN, weather=Weather.FOG, visibility_m=60.0, sky_low=(200, 200, 200), sky_top=(200, 200, 200))
    wall = replace(WALL, x_m=74.0, y_m=-9.0, look=5)
    near, clear = (picture(painter, make_world(light, (), [wall])) for light in (fog, replace(fog, visibility_m=1e6)))
    place = 30.0, 6.2, 0.2
    seen, own = at(near, *place, half_px=1), at(clear, *place, half_px=1)
    np.testing.assert_allclose((200 - seen) / (200 - own), np.exp(-1.5), atol=0.06)


def test_a_wet_road_mirrors_what_is_bright(painter):
    van = Actor(7, ActorKind.VAN, Behaviour.PARKED, 70.0, -1.75, pi, 0.0)
    wet = replace(NIGHT, weather=Weather.RAIN, lamps=True, wetness=1.0, headlights=0.0)
    mirrored, dry = (picture(painter, make_world(light, (), (), [van])) for light in (wet, replace(wet, wetness=0.0)))
    # The left lamp, 0.9 m up at 27 m, is mirrored where a point 0.9 m under the road would be seen.
    assert at(mirrored, 27.4, 0.8, -0.9, 3).max() > at(dry, 27.4, 0.8, -0.9, 3).max() + 8


def test_a_wet_road_is_darker_at_ones_feet_and_brighter_far_away(painter):
    rain = replace(OPEN, weather=Weather.RAIN, wetness=1.0)
    wet, dry = (picture(painter, make_world(light)) for light in (rain, replace(rain, wetness=0.0)))
    assert at(wet, 7.4, half_px=3).mean() < 0.92 * at(dry, 7.4, half_px=3).mean()
    assert at(wet, 60.0).mean() > 1.2 * at(dry, 60.0).mean()


def test_snow_whitens_the_verge_and_wheels_clear_the_road(painter):
    snow = replace(OPEN, weather=Weather.SNOW, snow_cover=1.0)
    white, bare = picture(painter, make_world(snow)), picture(painter, make_world(OPEN))
    verge, was = at(white, 12.0, 4.5, half_px=6), at(bare, 12.0, 4.5, half_px=6)
    assert verge.min() > 180
    assert np.ptp(verge) < 0.5 * np.ptp(was)
    track, between = at(white, 12.0, 0.75, half_px=3), at(white, 12.0, 0.0, half_px=3)
    assert track.mean() < 0.8 * between.mean()


@pytest.mark.parametrize("weather", [Weather.RAIN, Weather.SNOW])
def test_what_falls_is_elsewhere_at_the_next_step(painter, weather):
    world = make_world(replace(OPEN, weather=weather, in_air=1.0))
    one, same, other = (picture(painter, replace(world, step=step)) for step in (3, 3, 4))
    assert np.array_equal(one, same)
    assert (np.abs(one - other) > 7).mean() > 0.005


@pytest.mark.parametrize("name", ["standard", "hard", "night_rain"])
def test_the_same_world_gives_the_same_bytes_from_any_painter(painter, name):
    worlds = [generate_world(seed, load_preset(name)) for seed in range(4)]
    first = [painter.look(world)[0].rgb for world in worlds]
    second = [Painter(CAMERA).look(world)[0].rgb for world in reversed(worlds)]
    for one, two in zip(first, reversed(second), strict=True):
        assert np.array_equal(one, two)


def test_light_and_weather_change_no_label(painter):
    things = [stop_sign(20.0)], [WALL], [Actor(7, ActorKind.CAR, Behaviour.PARKED, 62.0, -3.2, 0.0, 0.0)]
    truths = [painter.look(make_world(light, *things), frame=False)[1] for light in (EVEN, OPEN, NIGHT)]
    assert truths[0] == truths[1] == truths[2]


# -- sensor -----------------------------------------------------------------------------------------------------------


def exposed(state, value=100, speed_mps=0.0, step=0, rgb=None, steer_rad=0.0):
    world = replace(make_world(replace(EVEN, sensor=state), speed_mps=speed_mps), step=step)
    world = replace(world, ego=replace(world.ego, steer_rad=steer_rad))
    flat = np.full((CAMERA.height_px, CAMERA.width_px, 3), value, np.uint8) if rgb is None else rgb.copy()
    return Lens(CAMERA).expose(flat, world).astype(np.float64)


def stripes(width_px=8):
    """Return upright stripes, black and white."""
    row = (np.arange(CAMERA.width_px) // width_px % 2 * 200 + 20).astype(np.uint8)
    return np.repeat(np.repeat(row[None, :, None], CAMERA.height_px, 0), 3, 2)


@pytest.mark.parametrize("value", [16, 64, 200])
def test_the_noise_has_the_variance_that_its_signal_gives_it(value):
    state = replace(CLEAN, read_noise=2.0, shot_noise=0.10)
    assert exposed(state, value).std() == pytest.approx((4.0 + 0.10 * value) ** 0.5, rel=0.2)


def test_white_balance_shifts_red_against_blue():
    red, green, blue = exposed(replace(CLEAN, white_balance=(1.1, 1.0, 0.9))).mean(axis=(0, 1))
    assert red / green == pytest.approx(1.1, abs=0.02)
    assert blue / green == pytest.approx(0.9, abs=0.02)


def test_the_exposure_hunts_from_step_to_step():
    state = replace(CLEAN, hunting=0.1, hunting_steps=20.0)
    means = [exposed(state, step=step).mean() for step in range(0, 20, 2)]
    assert max(means) / min(means) == pytest.approx(1.1 / 0.9, abs=0.04)


def test_metering_brings_dark_pictures_up_and_bright_ones_down():
    state = replace(CLEAN, metering=0.5)
    assert exposed(state, 60).mean() > 70
    assert exposed(state, 190).mean() < 170


def test_a_fast_car_streaks_what_is_beside_it_and_a_standing_one_nothing():
    state = replace(CLEAN, exposure_s=0.012)
    still, fast = (exposed(state, rgb=stripes(2), speed_mps=speed) for speed in (0.0, 14.0))
    side, middle = (slice(None), slice(20, 60)), (slice(None), slice(300, 372))
    assert fast[side].std() < 0.6 * still[side].std()
    assert fast[middle].std() == pytest.approx(still[middle].std(), rel=0.02)


def test_turning_blurs_the_whole_picture():
    state = replace(CLEAN, exposure_s=0.02)
    straight, turning = (exposed(state, rgb=stripes(2), speed_mps=5.0, steer_rad=angle) for angle in (0.0, 0.3))
    middle = slice(None), slice(300, 372)
    assert turning[middle].std() < 0.7 * straight[middle].std()


def test_defocus_compression_and_a_vignette_do_what_they_say():
    sharp = exposed(CLEAN, rgb=stripes(2))
    assert exposed(replace(CLEAN, defocus_px=1.0), rgb=stripes(2)).std() < 0.6 * sharp.std()
    edge = np.abs(exposed(replace(CLEAN, jpeg_quality=15), rgb=stripes(11)) - stripes(11))
    assert edge.mean() > 1.5 * np.abs(exposed(CLEAN, rgb=stripes(11)) - stripes(11)).mean()
    dim = exposed(replace(CLEAN, vignette=0.5))
    assert dim[:8, :8].mean() < 0.8 * dim[140:148, 332:340].mean()


def test_drops_change_some_of_the_picture_and_leave_the_rest():
    clean, wet = (exposed(replace(CLEAN, look=5, drops=count), rgb=stripes(12)) for count in (0, 6))
    changed = (np.abs(clean - wet).max(axis=2) > 25).mean()
    assert 0.002 < changed < 0.2


def test_a_light_without_a_sensor_is_refused():
    with pytest.raises(ValueError, match="state of a sensor"):
        Lens(CAMERA).expose(np.zeros((288, 672, 3), np.uint8), make_world(EVEN))
