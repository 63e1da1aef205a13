"""Frames to be looked at, from a recipe, a data set or bare seeds: labels at once, pictures when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.errors import RecipeError
from sim.recording import SHIPPED_RECIPES, Dataset, Example, Recipe, load_recipe
from sim.recording.frames import frame_attributes, sample_world
from sim.recording.places import located, uri_of
from sim.render import Painter
from sim.truth import GroundTruth
from sim.world import World

MOST_DIGITS = 19
"""Of a seed; what has more is taken for a name."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One frame to be looked at.

    Attributes:
        name: How it can be found again: "12", or "seed 3, 12" where there are several seeds.
        truth: Its labels.
        attributes: Those of `sim.recording.schema.ATTRIBUTES`.
        picture: Draws or decodes it: uint8, shape (height_px, width_px, 3).
        world: What it shows; None where only the picture was kept.
    """

    name: str
    truth: GroundTruth
    attributes: dict[str, str | float]
    picture: Callable[[], NDArray[np.uint8]] = field(repr=False)
    world: World | None = field(default=None, repr=False)

    @property
    def weather(self) -> str:
        """Its family of light and weather."""
        return str(self.attributes["light_family"])


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where shots come from.

    Attributes:
        name: For headings and file names.
        count: How many shots there are.
        painter: What draws them, and their maps.
        between: Yields those from a number on until before another, in order.
        words: What `open_source` was told, and with which seed, so that another process can open it too.
        recipe: What a data set's frames were drawn from, so that they can be drawn again; None where nothing drew them,
            or where every shot has its world.
    """

    name: str
    count: int
    painter: Painter = field(repr=False)
    between: Callable[[int, int], Iterator[Shot]] = field(repr=False)
    words: tuple[tuple[str, ...], int | None] = ((), None)
    recipe: Recipe | None = field(default=None, repr=False)

    def shots(self, start: int = 0, stop: int | None = None) -> Iterator[Shot]:
        """Yield the shots from `start` on, until before `stop`, in order."""
        return self.between(start, self.count if stop is None else min(stop, self.count))


def open_source(words: Sequence[str], seed: int | None = None, camera: Camera | None = None) -> Source:
    """Return what the words of a command name: a recipe's file, a data set's folder, or seeds.

    A seed stands for the standard recipe with that seed; several take turns.

    Args:
        words: As the user wrote them; the standard recipe if none.
        seed: Instead of a recipe's own.
        camera: What takes the frames of seeds, instead of the recipe's own.

    Raises:
        RecipeError: If they name nothing of the kind, or the recipe is wrong.
        DatasetError: If the data set is unfinished or damaged.
    """
    return replace(_open(words, seed, camera), words=(tuple(words), seed))


def _open(words: Sequence[str], seed: int | None, camera: Camera | None) -> Source:
    standard = SHIPPED_RECIPES / "standard.toml"
    if words and all(word.isdecimal() and len(word) <= MOST_DIGITS for word in words):
        if seed is not None:
            raise RecipeError(f"Expected either seeds or --seed. Received: {' '.join(words)} and --seed {seed}.")
        recipe = load_recipe(standard)
        recipe = replace(recipe, camera=camera or recipe.camera)
        return _of_recipes([recipe.with_size(seed=int(word)) for word in words], f"seed {', '.join(words)}")
    if len(words) > 1:
        raise RecipeError(f"Expected one recipe, one data set, or seeds. Received: {' '.join(words)}.")
    path = Path(words[0]) if words else standard
    folder = located(path)
    if uri_of(path) or folder.is_dir():
        if seed is not None:
            raise RecipeError(f"Expected no --seed for a data set, whose frames are drawn. Received: {seed}.")
        return _of_dataset(Dataset.open(folder))
    if path.suffix != ".toml":
        raise RecipeError(
            f"Expected a recipe (.toml), a data set's folder, or seeds. Received: '{path}'.",
            hint="Try `rollingstop show datasets/standard.toml`.",
        )
    recipe = load_recipe(path).with_size(seed=seed)
    return _of_recipes([recipe], recipe.name)


def _of_recipes(recipes: Sequence[Recipe], name: str) -> Source:
    painter = Painter(recipes[0].camera)

    def between(start: int, stop: int) -> Iterator[Shot]:
        for number in range(start, stop):
            index, turn = divmod(number, len(recipes))
            recipe = recipes[turn]
            yield _drawn(recipe, index, str(index) if len(recipes) == 1 else f"seed {recipe.seed}, {index}", painter)

    return Source(name, sum(recipe.count for recipe in recipes), painter, between)


def _drawn(recipe: Recipe, index: int, name: str, painter: Painter) -> Shot:
    world, part = sample_world(recipe, index)
    _, truth = painter.look(world, frame=False)
    if truth is None:
        raise ValueError("Expected the painter to return the truth asked for. Received: None.")
    attributes = frame_attributes(world, part)
    return Shot(name, truth, attributes, partial(_paint, painter, world), world)


def _paint(painter: Painter, world: World) -> NDArray[np.uint8]:
    frame, _ = painter.look(world, truth=False)
    if frame is None:
        raise ValueError("Expected the painter to return the frame asked for. Received: None.")
    return frame.rgb


def _of_dataset(dataset: Dataset) -> Source:
    def between(start: int, stop: int) -> Iterator[Shot]:
        for example in dataset.examples(start, stop):
            yield Shot(str(example.index), example.truth, example.attributes, partial(_decoded, example))

    recipe = dataset.manifest.recipe if dataset.manifest.synthetic else None
    return Source(dataset.path.name, dataset.count, Painter(dataset.camera), between, recipe=recipe)


def _decoded(example: Example) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.frombuffer(example.image, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f"Expected example {example.index} to hold a JPEG. Received: {len(example.image)} bytes.")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
