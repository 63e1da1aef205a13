"""A cluster that `ray start --head` began is used by its address; one that asks for a token says what is missing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import pytest

from sim.camera import Camera
from sim.recording import Recipe, generate_dataset

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(name="small", seed=21, count=24, frames_per_shard=4, camera=Camera(160, 64, 170.0))
TOML = """
name = "small"
seed = 21
count = 24
frames_per_shard = 4
[camera]
width_px = 160
height_px = 64
focal_px = 170.0
"""
RAY = Path(sys.executable).with_name("ray")


def free_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def surroundings(home, **more):
    """Return an environment whose Ray knows no cluster and no token but those in a home of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    # gRPC's fork handlers lose one in five of the processes that a busy head forks for its clients.
    plain["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    return {**plain, "HOME": str(home), "RAY_USAGE_STATS_ENABLED": "0", **more}


def token_in(home):
    home.mkdir()
    words = [RAY, "get-auth-token", "--generate"]
    subprocess.run(words, env=surroundings(home), check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """Start a cluster that asks for a token; return the home that has it, and where it listens, by scheme."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    home = tmp_path_factory.mktemp("head") / "home"
    token_in(home)
    ports = {"": free_port(), "ray://": free_port()}
    # A socket's path may be 107 bytes long: pytest's own folders are too deep.
    scratch = tempfile.mkdtemp(prefix="ray")
    words = [RAY, "start", "--head", "--block", f"--port={ports['']}", f"--ray-client-server-port={ports['ray://']}"]
    words += ["--num-cpus=2", "--include-dashboard=false", "--object-store-memory=100000000", f"--temp-dir={scratch}"]
    log = (home / "log").open("wb")
    running = subprocess.Popen(words, env=surroundings(home), stdout=log, stderr=log, start_new_session=True)
    try:
        began = monotonic()
        while b"Ray runtime started" not in (home / "log").read_bytes():
            assert running.poll() is None, (home / "log").read_text()
            assert monotonic() - began < 90, (home / "log").read_text()
            sleep(0.2)
        yield home, ports
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        log.close()
        shutil.rmtree(scratch, ignore_errors=True)


def generate(tmp_path, address, **env):
    (tmp_path / "small.toml").write_text(TOML)
    words = [sys.executable, "-m", "rollingstop", "generate", tmp_path / "small.toml", "-q", "--out", tmp_path / "set"]
    words += ["--engine", "ray", "--address", address]
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_a_cluster_is_used_by_its_address_and_makes_the_same_bytes(head, tmp_path, scheme):
    home, ports = head
    address = f"{scheme}127.0.0.1:{ports[scheme]}"
    done = generate(tmp_path, address, **surroundings(home, RAY_AUTH_MODE="token"))
    assert done.returncode == 0, done.stderr
    local = generate_dataset(RECIPE, tmp_path / "local").path
    assert {p.name: p.read_bytes() for p in (tmp_path / "set").iterdir()} == {
        p.name: p.read_bytes() for p in local.iterdir()
    }


@pytest.mark.parametrize("scheme", ["", "ray://"])
@pytest.mark.parametrize(
    ("mode", "token", "words"),
    [
        ("", True, "it asks for Ray's token"),
        ("token", False, "there is none on this machine"),
        ("token", True, "it has another token of Ray's"),
    ],
)
def test_what_is_missing_for_a_token_is_one_line_at_once(head, tmp_path, scheme, mode, token, words):
    home = tmp_path / "home"
    if token:
        token_in(home)
    else:
        home.mkdir()
    env = surroundings(home, **({"RAY_AUTH_MODE": mode} if mode else {}))
    began = monotonic()
    done = generate(tmp_path, f"{scheme}127.0.0.1:{head[1][scheme]}", **env)
    assert monotonic() - began < 20
    assert done.returncode == 1
    assert re.fullmatch(r"rollingstop: Expected a Ray cluster at .*\n", done.stderr), done.stderr
    assert words in done.stderr
    assert "RAY_AUTH_MODE=token" in done.stderr
