"""The same bytes from a Ray cluster, and at any URI that fsspec reaches, whoever is killed on the way."""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sim.camera import Camera
from sim.errors import DatasetError, RollingStopError, StorageError
from sim.recording import Recipe, generate_dataset
from sim.recording.manifest import read_manifest

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(name="small", seed=21, count=60, frames_per_shard=10, camera=Camera(160, 64, 170.0))


def snapshot(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return snapshot(generate_dataset(RECIPE, tmp_path_factory.mktemp("local") / "set").path)


@pytest.fixture
def ray():
    found = pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    yield found
    found.shutdown()


@pytest.fixture
def fsspec():
    pytest.importorskip("upath", reason="universal-pathlib is not installed: pip install -e '.[cloud]'")
    return pytest.importorskip("fsspec", reason="fsspec is not installed: pip install -e '.[cloud]'")


def test_without_ray_one_line_says_how_to_get_it(tmp_path, monkeypatch):
    from sim import cluster

    def missing(name):
        raise ImportError(name)

    cluster._ray.cache_clear()
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(RollingStopError, match=r"Expected Ray.*rollingstop\[ray\]"):
        generate_dataset(RECIPE, tmp_path / "set", engine="ray")
    cluster._ray.cache_clear()


def test_without_a_cloud_library_one_line_says_how_to_get_it(monkeypatch):
    from sim.recording.cloud import Bucket

    def missing(name):
        raise ImportError(f"No module named {name}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(StorageError, match=r"s3://bucket/set.*rollingstop\[cloud\]"):
        Bucket("s3://bucket/set")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_ray_cluster_makes_the_same_bytes_though_a_worker_is_killed(tmp_path, local, ray):
    killed = []

    def progress(done, total):
        crew = [p for p in psutil.Process().children(recursive=True) if "write_one" in " ".join(p.cmdline())]
        if crew and not killed:
            os.kill(crew[0].pid, signal.SIGKILL)
            killed.append(crew[0].pid)

    generate_dataset(RECIPE, tmp_path / "set", engine="ray", workers=2, progress=progress)
    assert killed, "no worker was seen at work"
    assert snapshot(tmp_path / "set") == local


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_ray_cluster_writes_to_a_uri(tmp_path, local, ray, fsspec):
    from sim.recording.cloud import generate_to

    generate_to(RECIPE, f"file://{tmp_path}/set", engine="ray", workers=2)
    assert snapshot(tmp_path / "set") == local


@pytest.mark.parametrize("workers", [1, 2])
def test_a_uri_gets_the_bytes_of_a_folder(tmp_path, local, workers, fsspec):
    from sim.recording.cloud import generate_to

    generate_to(RECIPE, f"file://{tmp_path}/set", workers=workers)
    assert snapshot(tmp_path / "set") == local


def test_a_stopped_run_to_memory_goes_on_and_redraws_what_was_torn(local, fsspec):
    from sim.recording.cloud import Bucket, generate_to

    def stop(done, total):
        if done == 35:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_to(RECIPE, "memory://stopped/set", progress=stop)
    system = fsspec.filesystem("memory")
    names = {Path(name).name for name in system.ls("/stopped/set", detail=False)}
    assert names == {"journal.jsonl", "shard-00000.parquet", "shard-00001.parquet", "shard-00002.parquet"}
    Bucket("memory://stopped/set").write("shard-00001.parquet", b"torn")
    began = []
    generate_to(RECIPE, "memory://stopped/set", progress=lambda done, total: began.append(done))
    assert min(began) == 21
    found = {Path(n).name: system.cat_file(n) for n in system.ls("/stopped/set", detail=False)}
    assert found == local


def test_another_recipe_at_the_uri_is_refused(fsspec):
    from sim.recording.cloud import generate_to

    generate_to(RECIPE, "memory://taken/set", count=1)
    with pytest.raises(DatasetError, match="Choose another"):
        generate_to(RECIPE, "memory://taken/set", count=2)


def test_the_command_line_takes_a_uri(tmp_path, fsspec):
    (tmp_path / "r.toml").write_text('name = "r"\nseed = 3\ncount = 2\n[camera]\nwidth_px = 160\nheight_px = 64\n')
    words = [sys.executable, "-m", "rollingstop", "generate", tmp_path / "r.toml", "--out", f"file://{tmp_path}/set"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 frames in 1 shards" in done.stderr
    assert read_manifest(tmp_path / "set" / "manifest.json").rows == 2
