"""Frames to be looked at, from a recipe, a data set or bare seeds: labels at once, pictures when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.errors import RecipeError
from sim.light import Light, TimeOfDay
from sim.recording import SHIPPED_RECIPES, Dataset, Example, Recipe, load_recipe
from sim.recording.frames import frame_attributes, sample_world
from sim.render import Painter
from sim.truth import GroundTruth
from sim.world import World

HAZE_M = 400.0
"""Air that lets one see less far than this counts as haze."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One frame to be looked at.

    Attributes:
        name: How it can be found again: "12", or "seed 3, 12" where there are several seeds.
        truth: Its labels.
        weather: Its family of light and weather.
        attributes: Those of `sim.recording.schema.ATTRIBUTES`.
        picture: Draws or decodes it: uint8, shape (height_px, width_px, 3).
        world: What it shows; None where only the picture was kept.
    """

    name: str
    truth: GroundTruth
    weather: str
    attributes: dict[str, str | float]
    picture: Callable[[], NDArray[np.uint8]] = field(repr=False)
    world: World | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where shots come from.

    Attributes:
        name: For headings and file names.
        count: How many shots there are.
        painter: What draws them, and their maps.
        shots: Yields them in order, each time from the first on.
    """

    name: str
    count: int
    painter: Painter = field(repr=False)
    shots: Callable[[], Iterator[Shot]] = field(repr=False)


def open_source(words: Sequence[str], seed: int | None = None) -> Source:
    """Return what the words of a command name: a recipe's file, a data set's folder, or seeds.

    A seed stands for the standard recipe with that seed; several take turns.

    Args:
        words: As the user wrote them; the standard recipe if none.
        seed: Instead of a recipe's own.

    Raises:
        RecipeError: If they name nothing of the kind, or the recipe is wrong.
        DatasetError: If the data set is unfinished or damaged.
    """
    standard = SHIPPED_RECIPES / "standard.toml"
    if words and all(word.isdecimal() for word in words):
        if seed is not None:
            raise RecipeError(f"Expected either seeds or --seed. Received: {' '.join(words)} and --seed {seed}.")
        recipe = load_recipe(standard)
        return _of_recipes([recipe.with_size(seed=int(word)) for word in words], f"seed {', '.join(words)}")
    if len(words) > 1:
        raise RecipeError(f"Expected one recipe, one data set, or seeds. Received: {' '.join(words)}.")
    path = Path(words[0]) if words else standard
    if path.is_dir():
        if seed is not None:
            raise RecipeError(f"Expected no --seed for a data set, whose frames are drawn. Received: {seed}.")
        return _of_dataset(Dataset.open(path))
    if path.suffix != ".toml":
        raise RecipeError(
            f"Expected a recipe (.toml), a data set's folder, or seeds. Received: '{path}'.",
            hint="Try `rollingstop show datasets/standard.toml`.",
        )
    recipe = load_recipe(path).with_size(seed=seed)
    return _of_recipes([recipe], recipe.name)


def _of_recipes(recipes: Sequence[Recipe], name: str) -> Source:
    painter = Painter(recipes[0].camera)

    def shots() -> Iterator[Shot]:
        for index in range(recipes[0].count):
            for recipe in recipes:
                name = str(index) if len(recipes) == 1 else f"seed {recipe.seed}, {index}"
                yield _drawn(recipe, index, name, painter)

    return Source(name, sum(recipe.count for recipe in recipes), painter, shots)


def _drawn(recipe: Recipe, index: int, name: str, painter: Painter) -> Shot:
    world, part = sample_world(recipe, index)
    _, truth = painter.look(world, frame=False)
    if truth is None:
        raise ValueError("Expected the painter to return the truth asked for. Received: None.")
    attributes = frame_attributes(world, part)
    return Shot(name, truth, weather_of(world.scene.light), attributes, partial(_paint, painter, world), world)


def _paint(painter: Painter, world: World) -> NDArray[np.uint8]:
    frame, _ = painter.look(world, truth=False)
    if frame is None:
        raise ValueError("Expected the painter to return the frame asked for. Received: None.")
    return frame.rgb


def _of_dataset(dataset: Dataset) -> Source:
    def shots() -> Iterator[Shot]:
        for example in dataset.examples():
            time = str(example.attributes["time_of_day"])
            weather = _family(time, overcast=False, visibility_m=float(example.attributes["visibility_m"]))
            picture = partial(_decoded, example)
            yield Shot(str(example.index), example.truth, weather, example.attributes, picture)

    return Source(dataset.path.name, dataset.count, Painter(dataset.camera), shots)


def _decoded(example: Example) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.frombuffer(example.image, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f"Expected example {example.index} to hold a JPEG. Received: {len(example.image)} bytes.")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def weather_of(light: Light) -> str:
    """Return a word or two for a kind of light and weather."""
    if light.modelled:
        return light.family
    overcast = light.time_of_day is TimeOfDay.DAY and light.sky_top == light.sky_low
    return _family(str(light.time_of_day), overcast=overcast, visibility_m=light.visibility_m)


def _family(time: str, *, overcast: bool, visibility_m: float) -> str:
    return f"{time}, {'haze' if visibility_m < HAZE_M else 'overcast' if overcast else 'clear'}"
