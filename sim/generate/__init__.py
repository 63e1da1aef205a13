"""A world from a seed: roads first, then what stands on and beside them."""

from __future__ import annotations

import numpy as np

from sim.generate.actors import draw_actors
from sim.generate.distractors import FIRST_SIGN_ID
from sim.generate.drawing import draw_look, uniform
from sim.generate.light import draw_light, draw_weather, redden
from sim.generate.road_users import draw_road_users
from sim.generate.roads import START_BUMPER_S_M, draw_roads
from sim.generate.scenery import draw_scenery
from sim.generate.signs import ROUND_CROWN, draw_signs
from sim.seeding import Stream, stream
from sim.spec import SensorSpec, WorldSpec
from sim.vehicle import RIGID, EgoState, Suspension, VehicleGeometry
from sim.world import Scene, World, place_ego

__all__ = ["FIRST_SIGN_ID", "ROUND_CROWN", "START_BUMPER_S_M", "generate_world"]


def generate_world(seed: int, spec: WorldSpec) -> World:
    """Draw one world.

    The same seed and spec give the same world; each kind of thing draws from a stream of its own.

    Args:
        seed: Any non-negative integer.
        spec: What the world may be.
    """
    rng = stream(seed, Stream.ROADS)
    in_town = bool(rng.random() < spec.kerb_share)
    network, end_s_m = draw_roads(rng, seed, spec, in_town)
    signs, hiding = draw_signs(stream(seed, Stream.SIGNS), spec, network, in_town, end_s_m, seed)
    scenery = draw_scenery(stream(seed, Stream.SCENERY), seed, spec, network, signs, hiding, in_town, end_s_m)
    heading_rad = network.ego_road.path.heading(START_BUMPER_S_M)
    limit_mps = uniform(stream(seed, Stream.EGO), spec.speed_limit_mps)
    scene = Scene(
        seed,
        network,
        signs,
        redden(seed, spec, scenery),
        draw_weather(seed, spec, draw_light(stream(seed, Stream.LIGHT), spec), heading_rad),
        draw_look(stream(seed, Stream.TEXTURE)),
        limit_mps,
        end_s_m,
    )
    geometry = VehicleGeometry()
    plain = draw_actors(stream(seed, Stream.ACTORS), spec, network, limit_mps)
    actors = draw_road_users(seed, spec.traffic, network, plain, end_s_m)
    suspension = draw_suspension(stream(seed, Stream.PITCH), spec.sensor)
    world = World(scene, EgoState(0.0, 0.0, 0.0, 0.0), actors, suspension=suspension)
    return place_ego(world, START_BUMPER_S_M - geometry.front_m, 0.0, 0.0, 0.95 * limit_mps)


def draw_suspension(rng: np.random.Generator, spec: SensorSpec) -> Suspension:
    """Return how the ego's body pitches; of most specs, not at all."""
    pitches, pitch_per_mps2 = bool(rng.random() < spec.pitch_share), uniform(rng, spec.pitch_per_mps2)
    return Suspension(pitch_per_mps2) if pitches else RIGID
