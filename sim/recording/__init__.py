"""Recording: from a recipe to a data set of labelled frames on the disk, and back.

What draws frames (`sim.recording.frames`) is imported by the processes that generate alone: reading needs no renderer.
"""

from sim.recording.dataset import Dataset, read_shard
from sim.recording.generation import generate_dataset
from sim.recording.recipe import SHIPPED_RECIPES, Part, Placement, Recipe, load_recipe
from sim.recording.schema import ATTRIBUTES, SCHEMA, SCHEMA_VERSION, Example

__all__ = [
    "ATTRIBUTES",
    "SCHEMA",
    "SCHEMA_VERSION",
    "SHIPPED_RECIPES",
    "Dataset",
    "Example",
    "Part",
    "Placement",
    "Recipe",
    "generate_dataset",
    "load_recipe",
    "read_shard",
]
