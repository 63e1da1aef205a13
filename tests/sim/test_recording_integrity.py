"""A data set is whole, or says where it is not and is mended; and no kill, wherever it strikes, costs a byte."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rollingstop
import sim.files
import sim.recording.generation
from sim.errors import DatasetError, StorageError
from sim.recording import ATTRIBUTES, Example, Recipe, generate_dataset
from sim.recording.verify import verify_dataset
from sim.truth import GroundTruth, LaneTruth

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(name="tiny", seed=5, count=50, frames_per_shard=20)


def stand_in(recipe: Recipe):
    def draw(index: int) -> Example:
        lane = LaneTruth(0.1 * index, 0.0, 0.0, recipe.seed)
        texts = dict.fromkeys(("part", "time_of_day", "light_family", "edge"), "x")
        numbers = {name: float(index) for name in ATTRIBUTES if name not in texts}
        return Example(index, 1000 + index, bytes([index]) * 300, GroundTruth(0, (), lane, None), texts | numbers)

    return draw


@pytest.fixture(autouse=True)
def fake_artist(monkeypatch):
    monkeypatch.setattr(sim.recording.generation, "new_artist", stand_in)


@pytest.fixture
def folder(tmp_path):
    return generate_dataset(RECIPE, tmp_path / "set").path


def snapshot(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def alter(folder, change):
    path = folder / "manifest.json"
    raw = json.loads(path.read_bytes())
    change(raw)
    path.write_text(json.dumps(raw, indent=2) + "\n")


def swap_schema(path):
    pq.write_table(pa.table({"x": [1, 2]}), path)


def foreign(path):
    other = generate_dataset(RECIPE, path.parent.parent / "other", seed=6).path
    path.write_bytes((other / path.name).read_bytes())


def test_a_whole_set_has_no_fault(folder):
    assert verify_dataset(folder) == ()


def test_the_seal_is_what_coreutils_checks(folder):
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    named = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert named == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}


DAMAGE = {
    "a bit of a shard": ("shard-00001.parquet", lambda f: flip(f / "shard-00001.parquet", 1500)),
    "a bit of a footer": ("shard-00001.parquet", lambda f: flip(f / "shard-00001.parquet", -200)),
    "no shard": ("shard-00002.parquet", lambda f: (f / "shard-00002.parquet").unlink()),
    "half a shard": ("shard-00000.parquet", lambda f: os.truncate(f / "shard-00000.parquet", 900)),
    "a shard of another set": ("shard-00000.parquet", lambda f: foreign(f / "shard-00000.parquet")),
    "another schema": ("shard-00000.parquet", lambda f: swap_schema(f / "shard-00000.parquet")),
    "another recipe": ("manifest.json", lambda f: alter(f, lambda raw: raw["recipe"].update(jpeg_quality=50))),
    "other rows": ("manifest.json", lambda f: alter(f, lambda raw: raw["shards"][0].update(rows=19))),
    "other versions": ("manifest.json", lambda f: alter(f, lambda raw: raw["versions"].update(numpy="1.0"))),
    "another digest": ("manifest.json", lambda f: alter(f, lambda raw: raw["shards"][0].update(sha256="0" * 64))),
    "no JSON": ("manifest.json", lambda f: (f / "manifest.json").write_text("{")),
    "no manifest": ("manifest.json", lambda f: (f / "manifest.json").unlink()),
    "another card": ("README.md", lambda f: (f / "README.md").write_text("All photographs.")),
    "no card": ("README.md", lambda f: (f / "README.md").unlink()),
    "no seal": ("SHA256SUMS", lambda f: (f / "SHA256SUMS").unlink()),
    "what a killed run left": (".x.partial", lambda f: (f / ".x.partial").write_text("torn")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_named_and_mended_to_the_same_bytes(folder, damage):
    name, strike = DAMAGE[damage]
    before = snapshot(folder)
    strike(folder)
    faults = verify_dataset(folder)
    assert name in {fault.name for fault in faults}
    assert all("rollingstop generate" in fault.mend and "Expected" in fault.what for fault in faults)
    untouched = {path: path.stat().st_mtime_ns for path in folder.glob("*.parquet") if path.name != name}

    generate_dataset(RECIPE, folder)

    assert snapshot(folder) == before
    assert verify_dataset(folder) == ()
    assert {path: path.stat().st_mtime_ns for path in untouched} == untouched


def test_a_foreign_shard_is_named_and_left_to_its_owner(folder):
    (folder / "shard-00009.parquet").write_bytes(b"mine")
    (fault,) = verify_dataset(folder)
    assert fault.name == "shard-00009.parquet"
    assert "Remove it" in fault.mend
    generate_dataset(RECIPE, folder)
    assert (folder / "shard-00009.parquet").read_bytes() == b"mine"


def test_where_there_is_no_data_set_one_line_says_so(tmp_path):
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(DatasetError, match="Expected a data set"):
            verify_dataset(place)


@pytest.mark.parametrize(("number", "word"), [(errno.ENOSPC, "room"), (errno.EROFS, "read-only"), (errno.EIO, "disk")])
def test_a_disk_that_refuses_costs_one_line_and_nothing_else(tmp_path, monkeypatch, number, word):
    out = tmp_path / "set"
    real, calls = os.fsync, []

    def refuse(descriptor):
        calls.append(descriptor)
        if len(calls) == 12:
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(sim.files.os, "fsync", refuse)
    with pytest.raises(StorageError, match=word) as told:
        generate_dataset(RECIPE, out)
    assert "\n" not in str(told.value)
    assert not list(out.glob(".*"))
    monkeypatch.undo()
    monkeypatch.setattr(sim.recording.generation, "new_artist", stand_in)
    generate_dataset(RECIPE, out)
    assert snapshot(out) == snapshot(generate_dataset(RECIPE, tmp_path / "fresh").path)


def test_the_command_tells_and_leaves_with_3(folder, monkeypatch, capsys):
    def run():
        monkeypatch.setattr(sys, "argv", ["rollingstop", "verify", str(folder), "-q"])
        with pytest.raises(SystemExit) as left:
            rollingstop.main()
        return left.value.code, capsys.readouterr().out

    assert run() == (0, "")
    flip(folder / "shard-00001.parquet", 1500)
    status, out = run()
    assert status == 3
    assert out.startswith("shard-00001.parquet: Expected")


KILLS = """
import hashlib, os, random, signal, sys
from pathlib import Path
import sim.recording.generation, sim.recording.manifest
from sim.recording import ATTRIBUTES, Example, Recipe, generate_dataset
from sim.truth import GroundTruth, LaneTruth

RECIPE = Recipe(name="tiny", seed=5, count=12, frames_per_shard=4)
WANTED = 105

def stand_in(recipe):
    def draw(index):
        lane = LaneTruth(0.1 * index, 0.0, 0.0, recipe.seed)
        texts = dict.fromkeys(("part", "time_of_day", "light_family", "edge"), "x")
        numbers = {name: float(index) for name in ATTRIBUTES if name not in texts}
        return Example(index, index, bytes([index]) * 9000, GroundTruth(0, (), lane, None), texts | numbers)
    return draw

sim.recording.generation.new_artist = stand_in
sim.recording.manifest._own_version = lambda: "0"
sim.recording.manifest._version = lambda name: "0"
# What a killed process has written stays with the system: syncing guards against a power cut, and only takes time here.
os.fsync = lambda descriptor: None

def life(out, kill_at, told=None):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    lines = 0
    def trace(frame, event, argument):
        nonlocal lines
        if "/sim/files.py" not in frame.f_code.co_filename and "/sim/recording/" not in frame.f_code.co_filename:
            return None
        if event == "line":
            lines += 1
            if lines == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    try:
        if kill_at or told:
            sys.settrace(trace)
        generate_dataset(RECIPE, out)
        sys.settrace(None)
        if told:
            told.write_text(str(lines))
        os._exit(0)
    except BaseException as fault:
        print(repr(fault), file=sys.stderr, flush=True)
        os._exit(1)

def snapshot(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()} if folder.exists() else {}

base = Path(sys.argv[1])
assert life(base / "whole", 0, base / "lines") == 0
total, whole = int((base / "lines").read_text()), snapshot(base / "whole")
dice = random.Random(7)
kills = torn = rounds = 0
while kills < WANTED:
    out = base / f"set-{rounds}"
    for _ in range(3):
        status = life(out, dice.randint(1, total))
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        kills += 1
        now = snapshot(out)
        torn += any(name.endswith(".partial") for name in now)
        for name, digest in now.items():
            if name.endswith((".parquet", ".md", "SUMS")) and not name.startswith("."):
                assert digest == whole[name], name
    assert life(out, 0) == 0
    assert snapshot(out) == whole, rounds
    rounds += 1
print(kills, rounds, torn, total)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork: each life is a process that is killed with SIGKILL")
def test_more_than_a_hundred_kills_at_any_line_all_end_in_the_same_bytes(tmp_path):
    words = [sys.executable, "-W", "ignore", "-c", KILLS, tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    kills, rounds, torn, _ = map(int, done.stdout.split())
    assert kills >= 105
    assert rounds >= 35
    assert torn > 0, "no kill struck while a file was being written"
