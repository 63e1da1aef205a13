"""How large the tour is."""

from __future__ import annotations

from dataclasses import replace

from perception.training_config import DEMO, TrainConfig
from sim.recording import SHIPPED_RECIPES, Recipe, load_recipe
from sim.viewer.teach.content import Plan

RECIPE = "demo"

VALIDATION_SHARE = 0.04
"""Of the frames; the tour shows what is found in frames of its own, and this only finds out how far scores can be
believed."""


def recipe_of() -> Recipe:
    """Return the recipe that the tour's frames are drawn from, with its own seed."""
    return load_recipe(SHIPPED_RECIPES / f"{RECIPE}.toml")


def make_plan(*, seed: int = 0, quick: bool = False) -> Plan:
    """Return the plan of a tour: some five minutes of work for two cores, or a quarter of an hour.

    Args:
        seed: Of everything that is drawn and trained.
        quick: The short one.
    """
    data_seed = recipe_of().seed + seed
    if quick:
        return Plan(seed, RECIPE, data_seed, 600, 900, 4, DEMO.batch, (24, 120, 600), 250, 3, quick)
    return Plan(seed, RECIPE, data_seed, 2000, 3000, 5, DEMO.batch, (20, 200, 2000), 500, 3, quick)


def training_of(plan: Plan) -> TrainConfig:
    """Return how the tour's network is trained."""
    return replace(
        DEMO,
        seed=DEMO.seed + plan.seed,
        closeup_steps=plan.closeup_steps,
        epochs=plan.epochs,
        batch=plan.batch,
        closeup_batch=plan.batch,
        validation_share=VALIDATION_SHARE,
    )
