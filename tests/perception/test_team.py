"""Devices that learn together: two logical processors stand for two GPUs, two processes for two machines."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tomllib

import numpy as np
import pytest

from perception.team import ALONE, TF_CONFIG, Team, find_team
from perception.weights import WEIGHTS_NAME, read_weights
from sim.errors import RollingStopError

SETTINGS = """
closeup_steps = 2
closeup_batch = 8
epochs = 1
batch = 8
lane_epochs = 1
fovea_steps = 2
fovea_batch = 16
shuffle_buffer = 20
warmup_steps = 2
validation_share = 0.25
fovea = [4, 4, 8]

[network]
stem = [4, 8, 8]
context = 8
branch = 8
lane_maps = 2
lane_units = 8
lane_dropout = 0.0
"""

TWO_PROCESSORS = """
import sys
from pathlib import Path
from perception.backend import tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from perception.team import ALONE, mirrored
"""

SAME_STEP = (
    TWO_PROCESSORS
    + """
import numpy as np
from perception.backend import keras
from perception.network import NetworkConfig
from perception.pipeline import Batch
from perception.targets import Targets, part
from perception.train import new_learner
from perception.training_config import TrainConfig
from sim.camera import Camera

camera = Camera(width_px=64, height_px=32, focal_px=68.0)
network = NetworkConfig(stem=(4, 8, 8), context=8, branch=8, lane_maps=2, lane_units=8, lane_dropout=0.0)
rng = np.random.default_rng(0)
rgb = rng.integers(0, 256, (2, 32, 64, 3), dtype=np.uint8)
heat = rng.uniform(0.0, 0.5, (2, 4, 8, 5)).astype(np.float32)
heat[:, 1, 3, 0] = 1.0
cells = np.array([[0, 1, 3, 0], [1, 1, 3, 0], [1, 2, 5, 2]], np.int32)
boxes = rng.normal(size=(3, 5)).astype(np.float32)
lane = rng.normal(size=(2, 3)).astype(np.float32)
half = Targets(heat, cells, boxes, np.ones(3, np.float32), lane, np.ones(2, np.float32))
double = Targets(
    np.concatenate([heat, heat]), np.concatenate([cells, cells + np.array([2, 0, 0, 0], np.int32)]),
    np.concatenate([boxes, boxes]), np.ones(6, np.float32), np.concatenate([lane, lane]), np.ones(4, np.float32),
)
one = new_learner(TrainConfig(batch=2, network=network), camera, 9, ALONE)
two = new_learner(TrainConfig(batch=4, network=network), camera, 9, mirrored(["CPU:0", "CPU:1"]))
begun = one.averaged()
two.start_from(begun)
one.start_from(begun)
for _ in range(3):
    single = one.take_step(Batch(rgb, half))
    shared = two.take_step(Batch(np.concatenate([rgb, rgb]), double))
    assert single.keys() == shared.keys()
    assert all(abs(single[name] - shared[name]) < 1e-3 * abs(single[name]) for name in single), (single, shared)
assert one.step == two.step == 3
ours, theirs = one.averaged(), two.averaged()
for name, array in ours.items():
    moved = np.abs(array - begun[name]).max()
    assert np.abs(array - theirs[name]).max() <= 0.02 * moved + 1e-6, name
"""
)

TRAIN = (
    TWO_PROCESSORS
    + """
import tomllib
from perception.train import train
from perception.training_config import TrainConfig
from sim.config import load_toml
from sim.errors import RecipeError

dataset, out, config = map(Path, sys.argv[1:])
settings = load_toml(config, TrainConfig, RecipeError)
train(dataset, out, settings, workers=1, team=mirrored(["CPU:0", "CPU:1"]))
"""
)


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS)
    assert tomllib.loads(SETTINGS)["network"]["context"] == 8
    return path


def python(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_devices_with_the_same_examples_move_as_one_with_half_of_them():
    python(SAME_STEP)


@pytest.mark.slow
def test_two_machines_come_to_the_weights_of_two_devices_and_one_writes_them(small_dataset, settings, tmp_path):
    together = tmp_path / "together"
    python(TRAIN, small_dataset.path, together, settings)
    held = [socket.socket() for _ in range(2)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in held]
    for each in held:
        each.close()
    apart = tmp_path / "apart"
    command = [sys.executable, "-m", "rollingstop", "train", str(small_dataset.path), "--out", str(apart)]
    machines = [
        subprocess.Popen(
            [*command, "--config", str(settings), "-j", "1", "-q"],
            env={
                **os.environ,
                TF_CONFIG: json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": number}}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(2)
    ]
    told = [machine.communicate(timeout=300)[0] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], told
    _, ours = read_weights(together / WEIGHTS_NAME)
    _, theirs = read_weights(apart / WEIGHTS_NAME)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], rtol=0.02, atol=2e-3, err_msg=name)


def test_one_device_is_no_team(monkeypatch):
    monkeypatch.delenv(TF_CONFIG, raising=False)
    assert find_team() is ALONE
    assert str(ALONE) == ""


@pytest.mark.parametrize(
    "told",
    [
        "nonsense",
        "[]",
        "{}",
        '{"cluster": 3}',
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 5}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "boss", "index": 0}}',
        '{"cluster": {"worker": "ab"}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_wrong_tf_config_is_one_clear_line(monkeypatch, told):
    monkeypatch.setenv(TF_CONFIG, told)
    with pytest.raises(RollingStopError, match="Expected TF_CONFIG to be JSON"):
        find_team()


def test_batches_must_be_shared_out_evenly():
    Team(None, 4).check(16, 128)
    with pytest.raises(RollingStopError, match="Received: 18 examples"):
        Team(None, 4).check(16, 18)
