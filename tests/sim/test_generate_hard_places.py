"""`generate` where it cannot write, on real file systems: one line, no traceback; and no TensorFlow in what draws."""

import dataclasses
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest

from sim.errors import DatasetError, StorageError
from sim.recording.recipe import load_recipe
from sim.recording.shards import plan_shards
from sim.recording.workers import write_shards_in_processes

ROOT = Path(__file__).parents[2]
RECIPE = """
name = "small"
seed = 21
count = 400
frames_per_shard = 20
[camera]
width_px = 160
height_px = 64
focal_px = 170.0
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def mounted(tmp_path):
    """Return the words that run a command where a folder is a small disk of its own, seen by that command alone."""
    if shutil.which("unshare") is None:
        pytest.skip("this system has no unshare")
    place = tmp_path / "disk"
    place.mkdir()

    def words(options, *command):
        script = f'mount -t tmpfs -o {options} none "$0" && exec "$@"'
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, place, *command]

    if subprocess.run(words("size=64k", "true"), capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets no test mount a disk")
    return place, words


def generate(recipe, out, workers, before=lambda *words: list(words)):
    words = [sys.executable, "-m", "rollingstop", "generate", recipe, "-q", "--out", out, "-j", str(workers)]
    return subprocess.run(before(*words), cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def assert_one_line(done, status, *words):
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith("rollingstop: Expected")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("options", "words"),
    [("size=600k", ("room on the disk", "no space left", "Free some space")), ("ro", ("read-only", "another folder"))],
)
def test_a_full_or_read_only_disk_is_one_line(recipe, mounted, workers, options, words):
    place, before = mounted
    done = generate(recipe, place / "set", workers, lambda *command: before(options, *command))
    assert_one_line(done, StorageError.exit_code, str(place), *words)


def test_a_full_disk_at_a_uri_is_one_line(recipe, mounted):
    pytest.importorskip("upath", reason="universal-pathlib is not installed: pip install -e '.[cloud]'")
    place, before = mounted
    done = generate(recipe, f"file://{place}/set", 2, lambda *command: before("size=600k", *command))
    assert_one_line(done, StorageError.exit_code, "No space left", f"file://{place}/set")


def test_storage_that_stays_full_is_told_once(recipe, tmp_path, caplog):
    tried = []

    def keep(record, _memory_mb):
        began = monotonic()
        # By then the other workers' shards wait to be recorded too.
        while not tried and len(list(tmp_path.glob("shard-*"))) < 6:
            assert monotonic() - began < 60
            sleep(0.02)
        tried.append(record.name)
        raise StorageError("Expected room. Received: none.", hint="Make room.")

    few = dataclasses.replace(load_recipe(recipe), frames_per_shard=1)
    with pytest.raises(StorageError, match="Expected room"):
        write_shards_in_processes(few, plan_shards(few), tmp_path, 2, keep, lambda _count: None)
    assert len(tried) > 1
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_folder_that_is_a_file_is_one_line(recipe, tmp_path):
    (tmp_path / "set").write_text("mine")
    assert_one_line(generate(recipe, tmp_path / "set", 1), DatasetError.exit_code, "a file", "--out")
    assert_one_line(generate(recipe, tmp_path / "set" / "below", 1), StorageError.exit_code, "another folder")
    assert (tmp_path / "set").read_text() == "mine"


@pytest.mark.skipif(os.name != "posix" or not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_no_process_of_a_run_holds_tensorflow(recipe, tmp_path):
    words = [sys.executable, "-m", "rollingstop", "generate", recipe, "-q", "--out", tmp_path / "set", "-j", "2"]
    running = subprocess.Popen([*words, "--count", "100000"], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        began = monotonic()
        # Workers that have finished a shard each have loaded whatever they load.
        while len(list((tmp_path / "set").glob("*.parquet"))) < 4:
            assert running.poll() is None
            assert monotonic() - began < 60
            sleep(0.05)
        family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
        workers = [process for process in family if "spawn_main" in " ".join(process.cmdline())]
        loaded = {process.pid: " ".join(part.path for part in process.memory_maps()) for process in family}
    finally:
        running.kill()
        running.wait()
    assert len(workers) == 2
    for process in workers:
        assert "cv2" in loaded[process.pid], "the worker was looked at before it drew"
    for libraries in loaded.values():
        assert not any(name in libraries for name in ("tensorflow", "keras", "jaxlib", "libtorch"))
