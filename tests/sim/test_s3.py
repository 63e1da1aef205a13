"""An S3 server of our own holds a data set like a folder: drawn, killed, resumed, looked over, read."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from sim.camera import Camera
from sim.errors import DatasetError, StorageError
from sim.recording import Dataset, Recipe, generate_dataset
from sim.recording.verify import verify_dataset

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(name="small", seed=21, count=60, frames_per_shard=4, camera=Camera(160, 64, 170.0))
TOML = """
name = "small"
seed = 21
count = 60
frames_per_shard = 4
[camera]
width_px = 160
height_px = 64
focal_px = 170.0
"""


@pytest.fixture(scope="module")
def system():
    """Start a server, and return the file system that reaches it."""
    for name in ("s3fs", "upath"):
        pytest.importorskip(name, reason="Cloud storage is not installed: pip install -e '.[cloud]'")
    server = pytest.importorskip("moto.server", reason="No S3 server: pip install -e '.[dev]'")
    import fsspec

    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "x")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "y")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        found = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)
        found.mkdir("bucket")
        yield found
    running.stop()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return generate_dataset(RECIPE, tmp_path_factory.mktemp("local") / "set").path


def bytes_at(system, place):
    return {Path(name).name: system.cat_file(name) for name in system.ls(place, detail=False)}


def snapshot(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_that_is_killed_goes_on_to_the_bytes_of_a_folder(system, local, tmp_path):
    (tmp_path / "small.toml").write_text(TOML)
    words = [
        sys.executable,
        "-m",
        "rollingstop",
        "generate",
        tmp_path / "small.toml",
        "-q",
        "--out",
        "s3://bucket/kill",
    ]
    process = subprocess.Popen(words, cwd=ROOT, env=dict(os.environ))
    waited = monotonic()
    while monotonic() - waited < 120 and not system.exists("bucket/kill/shard-00001.parquet"):
        sleep(0.05)
    process.kill()
    process.wait()
    left = bytes_at(system, "bucket/kill")
    assert "journal.jsonl" in left
    assert "manifest.json" not in left
    (fault,) = verify_dataset(Path("s3://bucket/kill"))
    assert "unfinished" in fault.what
    done = subprocess.run(words, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert bytes_at(system, "bucket/kill") == snapshot(local)
    assert verify_dataset(Path("s3://bucket/kill")) == ()
    assert list(Dataset.open(Path("s3://bucket/kill")).examples(2, 9)) == list(Dataset.open(local).examples(2, 9))


def test_what_was_changed_there_is_found_and_drawn_anew(system, local):
    from sim.recording.cloud import generate_to

    for name, data in snapshot(local).items():
        system.pipe_file(f"bucket/mend/{name}", data)
    data = bytearray((local / "shard-00003.parquet").read_bytes())
    data[900] ^= 1
    system.pipe_file("bucket/mend/shard-00003.parquet", bytes(data))
    assert [fault.name for fault in verify_dataset(Path("s3://bucket/mend"))] == ["shard-00003.parquet"]
    efforts = []
    generate_to(RECIPE, "s3://bucket/mend", on_effort=efforts.append)
    assert efforts[0].frames == 4
    assert bytes_at(system, "bucket/mend") == snapshot(local)


def test_a_ray_cluster_stores_its_own_shards(system, local):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    from sim.recording.cloud import generate_to

    generate_to(RECIPE, "s3://bucket/ray", engine="ray", workers=2)
    ray.shutdown()
    assert bytes_at(system, "bucket/ray") == snapshot(local)


def test_a_bucket_that_is_not_there_is_not_made(system):
    from sim.recording.cloud import generate_to

    with pytest.raises(StorageError, match="bucket does not exist"):
        generate_to(RECIPE, "s3://slip-of-the-pen/set")
    assert not system.exists("slip-of-the-pen")
    with pytest.raises(DatasetError, match="s3://slip-of-the-pen/set"):
        Dataset.open(Path("s3://slip-of-the-pen/set"))
