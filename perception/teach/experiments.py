"""Pictures that differ in one thing alone: what stickers hide, and what a T-shirt pretends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.generate.restyle import put_sign
from sim.percept import ObjectKind
from sim.recording import Recipe
from sim.recording.frames import sample_world
from sim.render import Painter
from sim.signs import Mount, Sign, SignKind, Weathering
from sim.truth import ObjectTruth
from sim.viewer.teach.content import Sight, Thing
from sim.world import World

PLACES = 2
"""Signs that are experimented with."""

DISTANCES_M = (11.0, 24.0)
"""Near enough for anybody to read them."""

STATES = (
    ("as new", Weathering()),
    ("a few stickers", Weathering(stickers=1 / 3)),
    ("many stickers", Weathering(stickers=1.0)),
    ("graffiti too", Weathering(stickers=1.0, graffiti=1.0)),
    ("bleached", Weathering(fade=1.0)),
    ("snow on it", Weathering(snow=1.0)),
)

INSTEAD = (
    (SignKind.STOP, "a stop sign"),
    (SignKind.STOP_SHIRT, "a T-shirt with one"),
    (SignKind.STOP_BILLBOARD, "a billboard with one"),
    (SignKind.RED_HEXAGON, "a red hexagon"),
    (SignKind.OCTAGON_BLANK, "an octagon, no word"),
    (SignKind.DO_NOT_ENTER, "do not enter"),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One picture of an experiment, before any network has seen it."""

    words: str
    sight: Sight


def find_places(recipe: Recipe, painter: Painter, count: int = PLACES) -> list[tuple[World, Sign]]:
    """Return the first worlds of a recipe in which a stop sign for the car stands near and in full view, and the sign.

    Args:
        recipe: Whose seed no network has learned from.
        painter: Of its camera.
        count: How many.
    """
    found: list[tuple[World, Sign]] = []
    for index in range(400):
        world, _ = sample_world(recipe, index)
        _, truth = painter.look(world, frame=False)
        for thing in truth.objects if truth is not None else ():
            sign = next((each for each in world.scene.signs if each.sign_id == thing.instance_id), None)
            if sign is not None and _is_plain(thing, sign):
                found.append((world, sign))
                break
        if len(found) == count:
            break
    return found


def stickers(places: list[tuple[World, Sign]], painter: Painter) -> Iterator[Prepared]:
    """Yield each sign as new, then with stickers and with what else befalls signs."""
    for number, (world, sign) in enumerate(places):
        for words, weathering in STATES:
            stuck = replace(sign, wear=0.0, weathering=weathering)
            yield _prepared(_without(world, sign, stuck), sign.sign_id, words, f"place {number}", painter)


def shirts(places: list[tuple[World, Sign]], painter: Painter) -> Iterator[Prepared]:
    """Yield other things in the place of each sign."""
    for number, (world, sign) in enumerate(places):
        bare = _without(world, sign)
        for kind, words in INSTEAD:
            other = put_sign(bare, kind, sign.x_m, sign.y_m)
            yield _prepared(other, other.scene.signs[-1].sign_id, words, f"place {number}", painter)


def _is_plain(thing: ObjectTruth, sign: Sign) -> bool:
    return (
        thing.kind is ObjectKind.STOP_SIGN
        and thing.applies_to_ego
        and thing.visible_fraction > 0.98
        and not thing.truncated
        and DISTANCES_M[0] <= thing.distance_m <= DISTANCES_M[1]
        and sign.mount is Mount.POST
    )


def _without(world: World, sign: Sign, instead: Sign | None = None) -> World:
    signs = [instead if each.sign_id == sign.sign_id else each for each in world.scene.signs]
    return replace(world, scene=replace(world.scene, signs=tuple(each for each in signs if each is not None)))


def _prepared(world: World, sign_id: int, words: str, name: str, painter: Painter) -> Prepared:
    frame, truth = painter.look(world)
    if frame is None or truth is None:
        raise ValueError("Expected the painter to return frame and truth. Received: None.")
    thing = next(each for each in truth.objects if each.instance_id == sign_id)
    true = Thing(thing.kind, thing.box, 1.0, thing.distance_m, asked=True)
    return Prepared(words, Sight(name, frame.rgb, (true,)))
