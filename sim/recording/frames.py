"""One labelled frame from a recipe and an index, and from nothing else.

The world, the place in it and the picture derive from (recipe, seed, index): frame 1,234 is the same whether it is
drawn alone, last, or by another process.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.actors import Actor, Behaviour
from sim.generate import generate_world
from sim.geometry import Rectangle, rectangles_overlap
from sim.percept import ObjectKind
from sim.recording.recipe import Part, Placement, Recipe, Stratify
from sim.recording.schema import DIGITAL_SOURCE_TYPE, Example
from sim.render import Painter
from sim.right_of_way import EgoSpan
from sim.seeding import Stream, derive_seed, stream
from sim.signs import Sign, SignKind
from sim.spec import WorldSpec
from sim.traffic import step_actors
from sim.world import World, place_ego

_XMP = (
    b"http://ns.adobe.com/xap/1.0/\x00"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    b' Iptc4xmpExt:DigitalSourceType="' + DIGITAL_SOURCE_TYPE.encode() + b'"/></rdf:RDF></x:xmpmeta>'
)
"""What tells any tool that reads XMP that no camera took the picture."""

PAST_SIGN_M = 0.5
"""A camera this far past a sign has left it behind."""

FIRST_CAMERA_S_M = 6.0
"""The camera stands no nearer to the beginning of the road, where there is none behind it."""

CLEARANCE_M = 0.4
"""An actor nearer to the ego's body is left out: generated traffic does not know where the ego will stand."""

UNDERWAY = (Behaviour.WALKING, Behaviour.STROLLING, Behaviour.CROSSING)
"""Whom `Placement.elapsed_s` moves. Who drives on the ego's road stays: the one ahead, above all, as near as drawn."""

UNDERWAY_STEP_S, FAR_AWAY_M = 0.1, 1000.0


def draw_example(recipe: Recipe, index: int, painter: Painter | None = None) -> Example:
    """Draw one labelled frame.

    Args:
        recipe: What to draw; its seed with `index` fixes every byte.
        index: Which frame, from 0.
        painter: What draws it, of the recipe's camera; made here if not given. Holds caches alone.
    """
    painter = painter or Painter(recipe.camera)
    world, part = sample_world(recipe, index, painter)
    frame, truth = painter.look(world, frame=True, truth=True)
    if frame is None or truth is None:
        raise ValueError("Expected the painter to return the frame and the truth asked for. Received: None.")
    note = f"Synthetic image drawn by Rolling Stop: recipe {recipe.name}, seed {recipe.seed}, index {index}."
    image = encode_jpeg(frame.rgb, recipe.jpeg_quality, note)
    return Example(index, world.scene.seed, image, truth, frame_attributes(world, part))


def sample_world(recipe: Recipe, index: int, painter: Painter | None = None) -> tuple[World, Part]:
    """Return the world of one frame, the ego in its place, and the part of the mixture that it was drawn from.

    Args:
        recipe: What to draw.
        index: Which frame, from 0.
        painter: Of the recipe's camera; used only where the recipe wishes for occlusion. Made here if not given.
    """
    if recipe.stratify is None:
        return _sample(recipe, index)
    return _sample_as_wished(recipe, recipe.stratify, index, painter)


_HIDDEN = {"part": (0.1, 0.5), "most": (0.5, 0.9)}
"""How much of the stop signs is hidden, as seen from 30 m, in the worlds where hidden ones are looked for."""

_ASKED_AT_MOST = 12
"""How many worlds of a frame are looked at for what is hidden: that takes as long as labelling them."""


def _sample_as_wished(recipe: Recipe, stratify: Stratify, index: int, painter: Painter | None) -> tuple[World, Part]:
    """Return the first of the frame's worlds that is as it wishes, or the one that is most so."""
    rng = stream(recipe.seed, Stream.STRATUM, index)
    share = float(rng.random())
    bands = recipe.placement.bands
    weights = np.array([weight for _, _, weight in bands])
    band = bands[int(rng.choice(len(bands), p=weights / weights.sum()))]
    placement = replace(recipe.placement, bands=(band,))
    weather, variant, occlusion = (
        _wish(rng, axis) for axis in (stratify.weather, stratify.variant, stratify.occlusion)
    )
    if weather is not None:
        recipe = _under(recipe, weather)
    signed = share >= placement.no_sign_share + placement.past_sign_share
    best: tuple[World, Part] | None = None
    most, asked = -1, 0
    for attempt in range(stratify.tries):
        world, part = _sample(recipe, index, attempt, placement, share, _HIDDEN.get(occlusion or ""))
        met = int(weather in (None, world.scene.light.family))
        if signed:
            ahead = _sign_ahead(world)
            met += int(ahead is not None) + int(variant is None or (ahead is not None and str(ahead.face) == variant))
            # The costly question last, and only where the others are answered.
            if met == 3 and occlusion is not None:
                painter = painter or Painter(recipe.camera)
                met += int(_occlusion(world, painter) == occlusion)
                asked += 1
            else:
                met += int(occlusion is None)
        if met > most:
            best, most = (world, part), met
        # From very near, the sign stands outside the picture in every world: it is hidden in none.
        if met == (4 if signed else 1) or asked == _ASKED_AT_MOST:
            break
    if best is None:
        raise ValueError(f"Expected at least one try. Received: {stratify.tries}.")
    return best


def _under(recipe: Recipe, family: str) -> Recipe:
    """Return the recipe in the worlds of one family of light and weather, its parts by how often they have it."""
    parts = [
        replace(part, weight=part.weight * share, world=replace(part.world, light=part.world.light.only(family)))
        for part in recipe.parts
        if (share := part.world.light.share_of(family)) > 1e-9
    ]
    # Where no part ever has it, the wish cannot be met, and the others of the frame still can.
    return replace(recipe, mixture=tuple(parts)) if parts else recipe


def _wish(rng: np.random.Generator, weights: dict[str, float]) -> str | None:
    if not weights:
        return None
    names = sorted(weights)
    shares = np.array([weights[name] for name in names])
    name = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    return None if name == "any" else name


def _sign_ahead(world: World) -> Sign | None:
    """Return the next stop sign that the ego must obey, if there is one ahead."""
    path = world.scene.network.ego_road.path
    camera_s_m = world.ego_s_m + world.geometry.camera_forward_m
    ahead = [
        (path.project(sign.x_m, sign.y_m)[0], number)
        for number, sign in enumerate(world.scene.signs)
        if sign.kind is SignKind.STOP and sign.applies_to_ego
    ]
    coming = [item for item in ahead if item[0] > camera_s_m]
    return world.scene.signs[min(coming)[1]] if coming else None


def _occlusion(world: World, painter: Painter) -> str | None:
    """Return how much is hidden of the nearest stop sign for the ego that is in sight, in the words of `OCCLUSIONS`."""
    truth = painter.look(world, frame=False, truth=True)[1]
    if truth is None:
        raise ValueError("Expected the painter to return the truth asked for. Received: None.")
    signs = [o for o in truth.objects if o.kind is ObjectKind.STOP_SIGN and o.applies_to_ego]
    if not signs:
        return None
    visible = min(signs, key=lambda o: o.distance_m).visible_fraction
    return "none" if visible >= 0.95 else "part" if visible >= 0.5 else "most"


def split_of(world_seed: int) -> str:
    """Return which of `train`, `validation` and `test` a world belongs to: 8, 1 and 1 in 10, by its seed alone."""
    return {8: "validation", 9: "test"}.get(derive_seed(world_seed, Stream.SPLIT) % 10, "train")


def _world_seed(recipe: Recipe, *key: int) -> int:
    seed = derive_seed(recipe.seed, Stream.RECIPE, *key)
    while recipe.split is not None and split_of(seed) != recipe.split:
        seed = derive_seed(seed, Stream.RECIPE)
    return seed


def _sample(
    recipe: Recipe,
    index: int,
    attempt: int = 0,
    placement: Placement | None = None,
    settled: float | None = None,
    hidden: tuple[float, float] | None = None,
) -> tuple[World, Part]:
    key = (index, attempt) if attempt else (index,)
    rng = stream(recipe.seed, Stream.EGO, *key)
    part = _pick_part(rng, recipe.parts)
    placement = placement or part.placement or recipe.placement
    share = float(rng.random())
    share = share if settled is None else settled
    without_sign = share < placement.no_sign_share
    past_sign = not without_sign and share < placement.no_sign_share + placement.past_sign_share
    spec: WorldSpec = replace(part.world, controlled_share=0.0) if without_sign else part.world
    if hidden is not None:
        spec = replace(spec, hidden_share=1.0, hidden_fraction=hidden)
    world = generate_world(_world_seed(recipe, *key), spec)
    camera_s_m = _camera_s_m(rng, world, placement, past_sign=past_sign)
    offset_m = float(rng.uniform(-placement.offset_m, placement.offset_m))
    heading_rad = float(rng.uniform(-placement.heading_rad, placement.heading_rad))
    s_m = camera_s_m - world.geometry.camera_forward_m
    placed = place_ego(world, s_m, offset_m, heading_rad, world.ego.speed_mps)
    pitched = _pitched(placed, stream(recipe.seed, Stream.PITCH, *key), placement.accel_sd_mps2)
    if placement.elapsed_s:
        pitched = _underway(pitched, stream(recipe.seed, Stream.UNDERWAY, *key), placement.elapsed_s)
    return _with_traffic(pitched, s_m - world.ego_s_m), part


def _pitched(world: World, rng: np.random.Generator, accel_sd_mps2: float) -> World:
    """Return the world with the ego's body as some acceleration holds it, which a still does not otherwise show."""
    limits = world.limits
    accel = min(max(float(rng.normal(0.0, accel_sd_mps2)), -limits.max_brake_mps2), limits.max_accel_mps2)
    return replace(world, ego=replace(world.ego, pitch_rad=-world.suspension.pitch_per_mps2 * accel))


def _underway(world: World, rng: np.random.Generator, longest_s: float) -> World:
    """Return the world with those who walk or cross as they are some time later, as if the ego came, or nobody did."""
    if not any(actor.behaviour in UNDERWAY for actor in world.actors):
        return world
    geometry, network = world.geometry, world.scene.network
    steps = int(rng.uniform(0.0, longest_s) / UNDERWAY_STEP_S)
    # Whether they set off depends on how soon the ego would be there; who waits for a gap goes before nobody alone.
    speed_mps = float(rng.uniform(0.0, world.scene.speed_limit_mps))
    s_m = world.ego_s_m if rng.random() < 0.7 else -FAR_AWAY_M
    ego = EgoSpan(s_m - geometry.rear_m, s_m + geometry.front_m, world.ego_d_m, speed_mps)
    # Half of those who mean to cross have set off already, whoever comes.
    actors = tuple(
        replace(actor, released=max(actor.junction, 0))
        if actor.behaviour is Behaviour.WALKING and rng.random() < 0.5
        else actor
        for actor in world.actors
    )
    for _ in range(steps):
        later = step_actors(actors, network, ego, UNDERWAY_STEP_S)
        actors = tuple(new if old.behaviour in UNDERWAY else old for old, new in zip(actors, later, strict=True))
    return replace(world, actors=actors)


def _pick_part(rng: np.random.Generator, parts: tuple[Part, ...]) -> Part:
    weights = np.array([part.weight for part in parts])
    return parts[int(rng.choice(len(parts), p=weights / weights.sum()))]


def _sign_places_m(world: World) -> list[float]:
    """Return the arc lengths on the ego road of the stop signs that the ego must obey, nearest to its start first.

    Of two signs at one stop line, the first stands for both.
    """
    path = world.scene.network.ego_road.path
    signs: dict[int | None, Sign] = {}
    for sign in world.scene.signs:
        if sign.kind is SignKind.STOP and sign.applies_to_ego:
            signs.setdefault(sign.stop_line, sign)
    return sorted(path.project(sign.x_m, sign.y_m)[0] for sign in signs.values())


def _camera_s_m(rng: np.random.Generator, world: World, placement: Placement, *, past_sign: bool) -> float:
    """Return where on the ego road the camera shall stand."""
    places = _sign_places_m(world)
    end_s_m = world.scene.route_end_s_m
    if not places:
        return float(rng.uniform(FIRST_CAMERA_S_M, end_s_m))
    if past_sign:
        return float(rng.uniform(min(places[-1] + PAST_SIGN_M, end_s_m), end_s_m))
    weights = np.array([weight for _, _, weight in placement.bands])
    low, high, _ = placement.bands[int(rng.choice(len(weights), p=weights / weights.sum()))]
    distance_m = float(rng.uniform(low, high))
    sign = int(rng.integers(len(places)))
    first = FIRST_CAMERA_S_M if sign == 0 else places[sign - 1] + PAST_SIGN_M
    # Where the road before the sign is shorter than the distance drawn, the camera stands at its beginning.
    return max(places[sign] - distance_m, first)


def _with_traffic(world: World, moved_m: float) -> World:
    """Bring the car ahead along with an ego moved by `moved_m`, and leave out whoever the ego would stand in."""
    path = world.scene.network.ego_road.path
    kept: list[Actor] = []
    for actor in world.actors:
        if actor.behaviour is Behaviour.WITH_EGO:
            s_m = actor.s_m + moved_m
            x_m, y_m = path.position(s_m, actor.d_m)
            actor = replace(actor, s_m=s_m, x_m=x_m, y_m=y_m, heading_rad=path.heading(s_m))
        if not _touches_ego(world, actor):
            kept.append(actor)
    return replace(world, actors=tuple(kept))


def _touches_ego(world: World, actor: Actor) -> bool:
    """Return whether an actor's outline comes within `CLEARANCE_M` of the ego's."""
    geometry = world.geometry
    centre = world.ego.ahead(0.5 * (geometry.front_m - geometry.rear_m))
    length_m = geometry.front_m + geometry.rear_m
    return rectangles_overlap(
        Rectangle(*centre, world.ego.heading_rad, length_m + 2 * CLEARANCE_M, geometry.width_m + 2 * CLEARANCE_M),
        Rectangle(actor.x_m, actor.y_m, actor.heading_rad, *actor.size_m[:2]),
    )


def frame_attributes(world: World, part: Part) -> dict[str, str | float]:
    """Return what scores can be sliced by: exactly the keys of `schema.ATTRIBUTES`."""
    scene, road = world.scene, world.scene.network.ego_road
    camera_s_m = road.path.project(*world.ego.ahead(world.geometry.camera_forward_m), world.ego_s_m)[0]
    ahead_m = [place - camera_s_m for place in _sign_places_m(world) if place > camera_s_m]
    return {
        "part": part.name,
        "time_of_day": str(scene.light.time_of_day),
        "light_family": scene.light.family,
        "edge": str(road.edge),
        "visibility_m": scene.light.visibility_m,
        "marking_wear": road.wear,
        "lane_width_m": road.lane_width_m,
        "speed_limit_mps": scene.speed_limit_mps,
        "ego_s_m": world.ego_s_m,
        "sign_ahead_m": min(ahead_m, default=-1.0),
    }


def encode_jpeg(rgb: NDArray[np.uint8], quality: int, note: str) -> bytes:
    """Return a picture as JPEG with a comment in it.

    Colour is kept at full resolution (4:4:4): at 55 m a stop sign is 10 px wide, and halving its red would blur it into
    what stands behind.

    Args:
        rgb: uint8, shape (height, width, 3).
        quality: 1 to 100.
        note: What the picture's comment says; under 65,533 bytes.
    """
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise ValueError(f"Expected a picture that can be encoded. Received: {rgb.shape}, {rgb.dtype}.")
    data = encoded.tobytes()
    comment = note.encode()
    # After the marker that starts the image: FF FE, the length with its own two bytes, the text (ITU-T T.81, B.2.4.5).
    marked = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    # FF E1, the namespace and the packet (XMP Specification Part 3, 1.1.3).
    return data[:2] + marked + b"\xff\xe1" + (len(_XMP) + 2).to_bytes(2, "big") + _XMP + data[2:]
