"""Recording: from a recipe to a data set of labelled frames on the disk, and back.

What draws frames (`sim.recording.frames`) is imported by the processes that generate alone: reading needs no renderer.
"""

from sim.recording.dataset import Dataset, read_shard
from sim.recording.generation import generate_dataset
from sim.recording.presets import SHIPPED_RECIPES, load_preset, preset_names
from sim.recording.recipe import Part, Placement, Recipe, load_recipe
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
    "load_preset",
    "load_recipe",
    "preset_names",
    "read_shard",
]
