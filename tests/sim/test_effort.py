"""A run measures itself: frames, time, and the largest memory of whoever drew and of whoever led."""

import json
import subprocess
import sys

import pytest

from sim.camera import Camera
from sim.memory import peak_memory_mb
from sim.recording import Recipe, generate_dataset
from tests.commands import run

RECIPE = Recipe(name="small", seed=21, count=6, frames_per_shard=2, camera=Camera(160, 64, 170.0))


def test_peak_memory_keeps_what_was_let_go_and_is_not_the_parents():
    before = peak_memory_mb()
    held = bytearray(60_000_000)
    held[::4096] = b"x" * len(held[::4096])
    assert peak_memory_mb() >= before
    filled = peak_memory_mb()
    del held
    # The system counts in steps of each thread: a few pages more or less.
    assert peak_memory_mb() > filled - 2
    words = [sys.executable, "-c", "from sim.memory import peak_memory_mb as p; print(p())"]
    child = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert 5 < child < filled


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_tells_what_it_took(tmp_path, workers):
    efforts = []
    generate_dataset(RECIPE, tmp_path / "set", workers=workers, on_effort=efforts.append)
    (effort,) = efforts
    assert effort.frames == 6
    assert effort.seconds > 0
    assert effort.frames_per_s == pytest.approx(6 / effort.seconds)
    assert effort.worker_peak_mb > 50
    assert effort.parent_peak_mb > 50
    if workers == 1:
        assert effort.worker_peak_mb <= effort.parent_peak_mb


def test_only_what_is_drawn_is_counted(tmp_path):
    efforts = []
    made = generate_dataset(RECIPE, tmp_path / "set")
    made.shard_paths[1].unlink()
    generate_dataset(RECIPE, tmp_path / "set", on_effort=efforts.append)
    generate_dataset(RECIPE, tmp_path / "set", on_effort=efforts.append)
    assert [effort.frames for effort in efforts] == [2, 0]
    assert efforts[1].worker_peak_mb == 0


def test_the_command_line_shows_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "r.toml").write_text('name = "r"\nseed = 3\ncount = 2\n[camera]\nwidth_px = 160\nheight_px = 64\n')
    words = ("generate", tmp_path / "r.toml", "--out", tmp_path / "set", "-j", "1")
    status, out, _ = run(monkeypatch, capsys, *words, "--json")
    told = json.loads(out)
    assert status == 0
    assert told["drawn"] == told["frames"] == 2
    assert told["worker_peak_mb"] > 50
    assert told["parent_peak_mb"] > 50
    (tmp_path / "set" / "shard-00000.parquet").unlink()
    _, _, err = run(monkeypatch, capsys, *words)
    assert "a worker's peak" in err
    _, _, err = run(monkeypatch, capsys, *words)
    assert "All of them were there already" in err
