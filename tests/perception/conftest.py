"""A small camera, a small drawn data set, and a training on it, shared by the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from perception.network import NetworkConfig
from perception.train import TrainResult, train
from perception.training_config import TrainConfig
from sim.camera import Camera
from sim.recording import Dataset, Placement, Recipe, generate_dataset
from sim.spec import WorldSpec

SMALL_CAMERA = Camera(width_px=192, height_px=96, focal_px=206.0)

SMALL_NETWORK = NetworkConfig(stem=(4, 8, 8), context=8, branch=8, lane_maps=2, lane_units=8)

SMALL_TRAINING = TrainConfig(
    closeup_steps=2, closeup_batch=8, epochs=2, batch=8, network=SMALL_NETWORK, validation_share=0.25
)


@dataclass(frozen=True)
class Trained:
    folder: Path
    result: TrainResult


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    recipe = Recipe(name="tiny", seed=7, count=48, frames_per_shard=16, camera=SMALL_CAMERA)
    return generate_dataset(recipe, tmp_path_factory.mktemp("data") / "tiny", workers=1)


@pytest.fixture(scope="session")
def trained(small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("run")
    return Trained(folder, train(small_dataset.path, folder, SMALL_TRAINING, workers=1))


@pytest.fixture(scope="module")
def glances(tmp_path_factory):
    """Return plain worlds with a sign in every band, and some without."""
    recipe = Recipe(
        name="glances",
        seed=11,
        count=60,
        frames_per_shard=60,
        camera=SMALL_CAMERA,
        world=WorldSpec(hidden_share=0.0),
        placement=Placement(bands=((9.0, 80.0, 1.0),), no_sign_share=0.35, past_sign_share=0.0),
    )
    return generate_dataset(recipe, tmp_path_factory.mktemp("data") / "glances", workers=1)
