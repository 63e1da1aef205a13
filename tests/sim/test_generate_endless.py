"""A road without end: more ahead, less behind, and no jump where they join."""

from __future__ import annotations

from dataclasses import replace
from math import hypot

import numpy as np
import pytest

from sim.generate.endless import AHEAD_M, BEHIND_M, lay_ahead, start_endless
from sim.road import SAMPLE_M
from sim.spec import RoadSpec, WorldSpec
from sim.world import place_ego

SPEC = WorldSpec(
    junctions=(1, 2),
    after_m=(30.0, 50.0),
    oncoming=(1, 2),
    lead_share=0.5,
    curvature_per_m=(0.0, 0.006),
    road=RoadSpec(bend_share=0.5, worn_stretches=(1, 2), legend_share=1.0, kerb_share=1.0, driveways=(1, 2)),
)


def _driven(seed: int, stretches: int = 12):
    """Return worlds along a long drive, each placed 150 m farther on."""
    world = lay_ahead(start_endless(seed, SPEC), SPEC)
    for _ in range(stretches):
        yield world
        world = lay_ahead(place_ego(world, world.ego_s_m + 150.0, 0.0, 0.0, 8.0), SPEC)


@pytest.mark.parametrize("seed", range(4))
def test_the_end_is_never_in_sight_and_the_road_never_grows_without_bound(seed):
    driven_m = [world.ego_s_m + world.scene.dropped_m for world in _driven(seed)]
    for world in _driven(seed):
        assert world.scene.route_end_s_m - world.bumper_s_m >= AHEAD_M
        assert world.scene.network.ego_road.path.length_m < 1500.0
        assert world.bumper_s_m >= BEHIND_M - 60.0
    assert np.diff(driven_m) == pytest.approx(150.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_where_stretches_join_there_is_no_jump(seed):
    for world in _driven(seed):
        path = world.scene.network.ego_road.path
        steps_m = np.hypot(np.diff(path.x_m), np.diff(path.y_m))
        assert steps_m == pytest.approx(SAMPLE_M, abs=1e-3)
        assert np.abs(np.diff(path.heading_rad)).max() < 0.05


def test_what_is_kept_stays_where_it_was():
    world = lay_ahead(start_endless(3, SPEC), SPEC)
    later = lay_ahead(place_ego(world, world.ego_s_m + 200.0, 0.0, 0.0, 8.0), SPEC)
    before = {(sign.x_m, sign.y_m): sign for sign in world.scene.signs}
    kept = [sign for sign in later.scene.signs if (sign.x_m, sign.y_m) in before]
    assert kept
    for sign in kept:
        old = before[sign.x_m, sign.y_m]
        if sign.stop_line is not None:
            place = later.scene.network.lane_position(later.scene.network.stop_lines[sign.stop_line].s_m)
            old_place = world.scene.network.lane_position(world.scene.network.stop_lines[old.stop_line].s_m)
            assert hypot(place[0] - old_place[0], place[1] - old_place[1]) < 0.02


def test_stop_lines_name_their_junctions_and_signs_their_lines():
    for world in _driven(5):
        network = world.scene.network
        for line in network.stop_lines:
            assert 0.0 < network.junctions[line.junction].s_m - line.s_m < 40.0
        for sign in world.scene.signs:
            if sign.stop_line is not None:
                line = network.stop_lines[sign.stop_line]
                assert abs(network.ego_road.path.project(sign.x_m, sign.y_m)[0] - line.s_m) < 4.0
        ids = [sign.sign_id for sign in world.scene.signs] + [actor.actor_id for actor in world.actors]
        assert len(ids) == len(set(ids))


def test_a_world_with_road_enough_is_left_as_it_is():
    world = lay_ahead(start_endless(1, SPEC), SPEC)
    assert lay_ahead(world, SPEC) is world


def test_the_same_seed_lays_the_same_road():
    first, second = list(_driven(2, 4))[-1], list(_driven(2, 4))[-1]
    assert first.scene.signs == second.scene.signs
    assert np.array_equal(first.scene.network.ego_road.path.x_m, second.scene.network.ego_road.path.x_m)
    assert replace(first.scene, seed=0).signs == second.scene.signs
