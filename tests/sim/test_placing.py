"""Where a sign or a vehicle must stand to matter."""

from __future__ import annotations

import pytest

from sim.camera import Camera
from sim.control.lane import LaneBelief
from sim.control.odometry import Travel
from sim.control.placing import place
from sim.control.track import Track
from sim.control.tracking import update_tracks
from sim.percept import ObjectKind, Percept
from sim.vehicle import STEP_S, VehicleGeometry


@pytest.mark.parametrize(
    ("aside_m", "rise_m", "meant"),
    [
        (-3.0, 2.5, True),  # by the roadside
        (-6.0, 2.5, True),
        (-13.0, 2.5, False),  # at another road
        (3.0, 2.2, True),  # on an island
        (7.0, 2.5, False),  # of the road that crosses, beyond the oncoming lane
        (0.0, 5.3, True),  # over the lane
        (0.0, 2.5, False),  # in the lane, as on somebody's shirt
        (4.9, 5.3, False),  # over the oncoming lane
        (-3.0, 1.8, True),  # the smallest sign on the lowest post
        (-2.6, 0.75, True),  # on a portable stand
        (-3.0, 1.3, False),  # on a shirt
        (-6.3, 0.8, False),  # on a shirt, taken for larger and farther away
    ],
)
def test_a_sign_is_meant_for_the_lane_by_where_it_stands(aside_m: float, rise_m: float, *, meant: bool) -> None:
    assert (place(ObjectKind.STOP_SIGN, 15.0, aside_m, 0.0, LaneBelief(), rise_m) >= 0.5) is meant


def test_from_afar_a_height_says_little_of_a_sign():
    assert place(ObjectKind.STOP_SIGN, 40.0, -3.0, 0.0, LaneBelief(), 1.3) >= 0.5
    assert place(ObjectKind.STOP_SIGN, 50.0, -9.0, 0.0, LaneBelief(), 0.8) >= 0.5
    assert place(ObjectKind.STOP_SIGN, 40.0, -8.0, 0.0, LaneBelief(), 0.8) < 0.5
    assert place(ObjectKind.STOP_SIGN, 20.0, -3.0, 0.0, LaneBelief(), 1.3) < 0.5


@pytest.mark.parametrize(("rise_m", "matters"), [(1.2, False), (2.0, True)])
def test_what_was_believed_from_afar_and_is_lost_from_sight_is_placed_anew(rise_m: float, *, matters: bool):
    shirt = Track(1, ObjectKind.STOP_SIGN, 30.0, -3.0, 1.0, 4.0, 2.0, 0.0, in_place=1.0, believed=True, rise_m=rise_m)
    tracks: tuple[Track, ...] = (shirt,)
    travel = Travel(0.5, 0.0, STEP_S, 10.0)
    for _ in range(24):
        tracks, _ = update_tracks(tracks, Percept(0), travel, LaneBelief(), Camera(), VehicleGeometry(), 2)
        if not tracks:
            pytest.fail("It was forgotten, which tells nothing of its place.")
    assert tracks[0].matters is matters


def test_on_a_curve_the_place_of_a_sign_is_taken_from_the_lanes_course():
    bent = LaneBelief(curvature_per_m=0.012, curvature_here_per_m=0.012)
    # 25 m ahead the lane lies 3.75 m to the left: straight ahead is its right roadside.
    assert place(ObjectKind.STOP_SIGN, 25.0, 0.0, 0.0, bent) > 0.5
    # Bent the other way, 3 m to the left of the car is beyond the oncoming lane.
    assert place(ObjectKind.STOP_SIGN, 25.0, 3.0, 0.0, LaneBelief(curvature_per_m=-0.012)) < 0.5


@pytest.mark.parametrize(
    ("left", "speed", "in_way"), [(0.4, 8.0, True), (0.0, 0.0, True), (-2.7, 0.0, False), (3.3, -9.0, False)]
)
def test_only_a_vehicle_in_the_lane_is_in_the_way(left: float, speed: float, in_way: bool):
    assert (place(ObjectKind.VEHICLE, 18.0, left, speed, LaneBelief()) > 0.5) is in_way
