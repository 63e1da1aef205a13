"""A data set whose manifest is gone and whose shards are broken too is made again to the same bytes; no other is."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

import sim.recording.generation
from sim.errors import DatasetError
from sim.recording import generate_dataset
from sim.recording.journal import JOURNAL_NAME
from sim.recording.verify import verify_dataset
from tests.sim.test_recording_integrity import RECIPE, flip, snapshot, stand_in

SHARDS = [f"shard-{number:05d}.parquet" for number in range(3)]


@pytest.fixture(autouse=True)
def fake_artist(monkeypatch):
    monkeypatch.setattr(sim.recording.generation, "new_artist", stand_in)


@pytest.fixture
def folder(tmp_path):
    return generate_dataset(RECIPE, tmp_path / "set").path


def remove(folder, *names):
    for name in names:
        (folder / name).unlink()


def garbage(folder):
    (folder / "manifest.json").write_bytes(bytes(range(256)) * 4)


def truncated(folder):
    os.truncate(folder / "manifest.json", 700)


DAMAGE = {
    "garbage, and a shard is missing": lambda f: (garbage(f), remove(f, SHARDS[1])),
    "truncated, and a bit of a shard flipped": lambda f: (truncated(f), flip(f / SHARDS[1], 1500)),
    "truncated, and a shard cut short": lambda f: (truncated(f), os.truncate(f / SHARDS[0], 900)),
    "missing, with the seal and a shard": lambda f: remove(f, "manifest.json", "SHA256SUMS", SHARDS[1]),
    "missing, with seal and card, and no shard whole": lambda f: (
        remove(f, "manifest.json", "SHA256SUMS", "README.md", SHARDS[1]),
        flip(f / SHARDS[0], 1500),
        flip(f / SHARDS[2], 1500),
    ),
    "garbage, and the seal too": lambda f: (garbage(f), (f / "SHA256SUMS").write_bytes(b"\xff\x00")),
    "missing, and a journal that is garbage": lambda f: (
        remove(f, "manifest.json", SHARDS[2]),
        (f / JOURNAL_NAME).write_bytes(b"\x00\xff"),
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_manifest_and_more_is_mended_to_the_same_bytes(folder, damage, caplog):
    before = snapshot(folder)
    DAMAGE[damage](folder)
    faults = verify_dataset(folder)
    assert faults[0].name in ("manifest.json", JOURNAL_NAME)
    assert all("makes it whole" in fault.mend for fault in faults)
    efforts = []
    with caplog.at_level(logging.WARNING):
        generate_dataset(RECIPE, folder, on_effort=efforts.append)
    assert snapshot(folder) == before
    assert verify_dataset(folder) == ()
    # Where each shard still has its size, the seal confirms the manifest, and with it what is whole.
    told = "each of its shards is drawn anew" in caplog.text
    assert (efforts[0].frames, told) == ((20, False) if "flipped" in damage else (RECIPE.count, True))


def test_verify_names_each_shard_that_the_seal_does_not_confirm(folder):
    garbage(folder)
    remove(folder, SHARDS[0])
    flip(folder / SHARDS[2], 1500)
    faults = {fault.name: fault.what for fault in verify_dataset(folder)}
    assert set(faults) == {"manifest.json", SHARDS[0], SHARDS[2]}
    assert "no such file" in faults[SHARDS[0]]


def test_a_run_that_mends_may_be_stopped_too(folder):
    before = snapshot(folder)
    garbage(folder)
    remove(folder, SHARDS[1])

    def stop(done, total):
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_dataset(RECIPE, folder, progress=stop)
    began = []
    generate_dataset(RECIPE, folder, progress=lambda done, total: began.append(done))
    assert began[0] == 20
    assert snapshot(folder) == before


@pytest.mark.parametrize("manifest", [garbage, lambda f: remove(f, "manifest.json")])
@pytest.mark.parametrize("other", [replace(RECIPE, seed=6), replace(RECIPE, jpeg_quality=50)])
def test_shards_of_another_recipe_are_left_alone(folder, manifest, other):
    manifest(folder)
    remove(folder, SHARDS[1])
    before = snapshot(folder)
    with pytest.raises(DatasetError, match=r"--out|same recipe"):
        generate_dataset(other, folder)
    assert snapshot(folder) == before


def test_a_manifest_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a page"}')
    with pytest.raises(DatasetError, match="schema version"):
        generate_dataset(RECIPE, tmp_path)
    assert snapshot(tmp_path) == {"manifest.json": b'{"name": "a page"}'}


def test_whole_shards_of_other_versions_are_not_drawn_over(folder, monkeypatch):
    garbage(folder)
    before = snapshot(folder)
    monkeypatch.setattr(sim.recording.manifest, "_own_version", lambda: "0")
    with pytest.raises(DatasetError, match=r"versions that are installed.*remove this one"):
        generate_dataset(RECIPE, folder)
    assert snapshot(folder) == before


def test_what_lies_beside_the_shards_stays(folder):
    before = snapshot(folder)
    remove(folder, "manifest.json", SHARDS[1])
    (folder / "notes.txt").write_text("mine")
    generate_dataset(RECIPE, folder)
    assert snapshot(folder) == {**before, "notes.txt": b"mine"}


def test_at_a_uri_it_is_mended_too(folder):
    pytest.importorskip("upath", reason="universal-pathlib is not installed: pip install -e '.[cloud]'")
    from sim.recording.cloud import generate_to

    before = snapshot(folder)
    garbage(folder)
    remove(folder, SHARDS[1])
    uri = folder.as_uri()
    assert "makes it whole" in verify_dataset(Path(uri))[0].mend
    generate_to(RECIPE, uri)
    assert snapshot(folder) == before
