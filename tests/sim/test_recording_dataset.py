"""Making, mending and reading data sets, with a stand-in for what draws the frames."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim.recording.generation
from sim.camera import Camera
from sim.errors import DatasetError, RecipeError, StorageError
from sim.recording import ATTRIBUTES, Dataset, Example, Recipe, generate_dataset, read_shard
from sim.recording.schema import ROWS_PER_GROUP
from sim.truth import GroundTruth, LaneTruth

RECIPE = Recipe(name="tiny", seed=5, count=130, frames_per_shard=60)


def stand_in(recipe: Recipe) -> Callable[[int], Example]:
    def draw(index: int) -> Example:
        lane = LaneTruth(0.1 * index, 0.0, 0.0, recipe.seed)
        texts = dict.fromkeys(("part", "time_of_day", "light_family", "edge"), "x")
        numbers = {name: float(index) for name in ATTRIBUTES if name not in texts}
        image = bytes([index % 256]) * (100 + index)
        return Example(index, 1000 + index, image, GroundTruth(0, (), lane, None), texts | numbers)

    return draw


@pytest.fixture(autouse=True)
def fake_artist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.recording.generation, "new_artist", stand_in)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return generate_dataset(RECIPE, tmp_path / "set").path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def generated_until(limit: int, out: Path, fault: BaseException) -> None:
    """Generate, and have the run end by a fault once `limit` frames are drawn."""

    def progress(done: int, total: int) -> None:
        assert total == RECIPE.count
        if done == limit:
            raise fault

    with pytest.raises(type(fault)):
        generate_dataset(RECIPE, out, progress=progress)


def test_what_was_drawn_is_read_back_in_order(folder: Path) -> None:
    draw = stand_in(RECIPE)
    dataset = Dataset.open(folder)
    assert list(dataset.examples()) == [draw(index) for index in range(130)]
    assert (dataset.count, dataset.camera) == (130, Camera())
    assert [path.name for path in dataset.shard_paths] == [f"shard-0000{i}.parquet" for i in range(3)]


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (49, 51), (58, 62), (100, 130), (120, 999), (5, 5), (200, 300)])
def test_a_span_of_examples_is_read(folder: Path, start: int, stop: int) -> None:
    indices = [example.index for example in Dataset.open(folder).examples(start, stop)]
    assert indices == list(range(start, min(stop, 130)))


def test_row_groups_cover_every_example_once_and_are_small(folder: Path) -> None:
    dataset = Dataset.open(folder)
    groups = [dataset.read_row_group(*pair) for pair in reversed(dataset.row_groups())]
    assert sorted(example.index for group in groups for example in group) == list(range(130))
    assert max(map(len, groups)) == ROWS_PER_GROUP


def test_a_shard_is_read_alone_in_any_order_of_its_groups(folder: Path) -> None:
    path = Dataset.open(folder).shard_paths[1]
    assert [example.index for example in read_shard(path)] == list(range(60, 120))
    assert next(read_shard(path, groups=[1, 0])).index == 110


def test_a_whole_data_set_is_left_as_it_is(folder: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    calls: list[tuple[int, int]] = []
    generate_dataset(RECIPE, folder, progress=lambda done, total: calls.append((done, total)))
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert calls == [(130, 130)]


def test_progress_rises_frame_by_frame_to_the_end(tmp_path: Path) -> None:
    calls: list[int] = []
    generate_dataset(RECIPE, tmp_path / "set", progress=lambda done, total: calls.append(done))
    assert calls == sorted(calls)
    assert set(calls) == set(range(131))


def test_seed_and_count_replace_those_of_the_recipe(tmp_path: Path) -> None:
    recipe = generate_dataset(RECIPE, tmp_path / "set", seed=6, count=10).manifest.recipe
    assert recipe == replace(RECIPE, seed=6, count=10)
    with pytest.raises(RecipeError, match="count"):
        generate_dataset(RECIPE, tmp_path / "other", count=-1)


@pytest.mark.parametrize("limit", [0, 30, 60, 75, 130])
def test_a_run_cut_short_resumes_and_ends_in_the_same_bytes(folder: Path, tmp_path: Path, limit: int) -> None:
    out = tmp_path / "again"
    generated_until(limit, out, KeyboardInterrupt())
    with pytest.raises(DatasetError, match=r"unfinished one, with .* of 130 examples.*remakes only what is missing"):
        Dataset.open(out)
    assert not list(out.glob(".*"))
    kept = {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")}
    assert len(kept) == max(limit - 1, 0) // 60
    first: list[int] = []
    generate_dataset(RECIPE, out, progress=lambda done, total: first.append(done))
    assert snapshot(out) == snapshot(folder)
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    assert first[0] == 60 * len(kept)


def test_what_a_killed_run_left_half_written_is_removed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    generated_until(70, out, KeyboardInterrupt())
    (out / ".shard-00001.parquet.1234.partial").write_bytes(b"half")
    generate_dataset(RECIPE, out)
    assert snapshot(out) == snapshot(folder)


@pytest.mark.parametrize("harm", ["remove", "truncate", "alter", "replace"])
def test_a_damaged_data_set_is_mended_to_the_same_bytes(folder: Path, harm: str) -> None:
    before = snapshot(folder)
    HARMS[harm](folder)
    generate_dataset(RECIPE, folder)
    assert snapshot(folder) == before


def _alter(folder: Path) -> None:
    path = folder / "shard-00001.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


HARMS: dict[str, Callable[[Path], object]] = {
    "remove": lambda folder: (folder / "shard-00001.parquet").unlink(),
    "truncate": lambda folder: os.truncate(folder / "shard-00001.parquet", 1000),
    "alter": _alter,
    "replace": lambda folder: shutil.copy(folder / "shard-00000.parquet", folder / "shard-00001.parquet"),
}


@pytest.mark.parametrize(
    ("harm", "words"),
    [("remove", "no such file"), ("truncate", "truncated or foreign"), ("replace", "truncated or foreign")],
)
def test_a_missing_truncated_or_foreign_shard_is_found_at_the_door(folder: Path, harm: str, words: str) -> None:
    HARMS[harm](folder)
    with pytest.raises(DatasetError, match=words) as caught:
        Dataset.open(folder)
    assert "shard-00001.parquet" in str(caught.value)
    assert "rollingstop generate" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("harm", ["remove", "truncate", "alter", "replace"])
def test_harm_done_after_opening_is_found_by_verify_and_by_reading(folder: Path, harm: str) -> None:
    dataset = Dataset.open(folder)
    HARMS[harm](folder)
    with pytest.raises(DatasetError, match=r"shard-00001\.parquet"):
        dataset.verify()
    if harm != "replace":  # a shard of the same data set in another's place has a valid form: verify and open find it
        with pytest.raises(DatasetError, match=r"shard-00001\.parquet"):
            list(dataset.examples())


def test_verify_reports_its_progress_in_bytes(folder: Path) -> None:
    calls: list[tuple[int, int]] = []
    Dataset.open(folder).verify(lambda done, total: calls.append((done, total)))
    assert len(calls) == 3
    assert calls[-1][0] == calls[-1][1] == sum(path.stat().st_size for path in folder.glob("*.parquet"))


def test_a_shard_of_another_data_set_is_refused_on_reading(folder: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(folder)
    other = generate_dataset(replace(RECIPE, seed=6), tmp_path / "other")
    shutil.copy(other.shard_paths[1], dataset.shard_paths[1])
    with pytest.raises(DatasetError, match="a shard of another data set"):
        list(dataset.examples())


def test_a_file_that_is_no_shard_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(DatasetError, match="a file of version none with the columns a"):
        list(read_shard(tmp_path / "other.parquet"))
    (tmp_path / "text.parquet").write_text("hello, this is no parquet file")
    with pytest.raises(DatasetError, match="truncated or damaged"):
        list(read_shard(tmp_path / "text.parquet"))
    with pytest.raises(DatasetError, match="no such file"):
        list(read_shard(tmp_path / "none.parquet"))


def test_a_folder_that_is_no_data_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        Dataset.open(tmp_path / "none")
    with pytest.raises(DatasetError, match=r"without manifest\.json"):
        Dataset.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "readable JSON"),
        ("[]", "schema version"),
        ('{"schema_version": 99}', "schema version 2 .* Received: 99"),
        ('{"schema_version": 1}', "schema version 2 .* Received: 1"),
        ('{"schema_version": 2}', "is missing"),
    ],
)
def test_a_broken_manifest_is_told(folder: Path, text: str, words: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(DatasetError, match=words):
        Dataset.open(folder)


def test_a_manifest_cannot_name_a_file_elsewhere(folder: Path) -> None:
    path = folder / "manifest.json"
    raw = json.loads(path.read_text())
    raw["shards"][0]["name"] = "../secret.parquet"
    path.write_text(json.dumps(raw))
    with pytest.raises(DatasetError, match=r"like 'shard-00000\.parquet'"):
        Dataset.open(folder)


def test_a_manifest_that_lacks_a_shard_is_told(folder: Path) -> None:
    path = folder / "manifest.json"
    raw = json.loads(path.read_text())
    for shards in (raw["shards"][:2], raw["shards"][1:]):
        path.write_text(json.dumps({**raw, "shards": shards}))
        with pytest.raises(DatasetError, match=r"to start at example 0|to hold 130 examples"):
            Dataset.open(folder)


def test_the_manifest_says_what_and_with_what(folder: Path) -> None:
    raw = json.loads((folder / "manifest.json").read_text())
    assert raw["synthetic"] is True
    assert raw["recipe"]["seed"] == 5
    assert raw["recipe"]["camera"]["focal_px"] == 720.0
    assert {"rollingstop", "numpy", "pygame", "opencv-python-headless", "pyarrow"} == set(raw["versions"])
    assert sum(shard["rows"] for shard in raw["shards"]) == 130


def test_another_recipe_in_the_same_folder_is_refused_and_harms_nothing(folder: Path) -> None:
    before = snapshot(folder)
    for other, words in (
        (replace(RECIPE, seed=6), "seed 6.*Received: .*seed 5"),
        (replace(RECIPE, count=140), "140 examples.*Received: .*130 examples"),
        (replace(RECIPE, jpeg_quality=80), "altered since"),
    ):
        with pytest.raises(DatasetError, match=words):
            generate_dataset(other, folder)
    assert snapshot(folder) == before


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(DatasetError, match=r"thesis\.doc"):
        generate_dataset(RECIPE, tmp_path)
    with pytest.raises(DatasetError, match="a file"):
        generate_dataset(RECIPE, tmp_path / "thesis.doc")


def test_other_library_versions_do_not_finish_what_these_began(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "again"
    generated_until(70, out, KeyboardInterrupt())
    monkeypatch.setattr("sim.recording.manifest.version", lambda name: "0.0.1")
    with pytest.raises(DatasetError, match=r"numpy .* in it, 0\.0\.1 installed"):
        generate_dataset(RECIPE, out)
    assert generate_dataset(RECIPE, folder).count == 130  # whole already: nothing is drawn


def test_another_camera_is_refused(folder: Path) -> None:
    dataset = Dataset.open(folder)
    dataset.require_camera(Camera())
    with pytest.raises(DatasetError, match=r"320 x 160 camera.*672 x 288 camera"):
        dataset.require_camera(Camera(320, 160, 300.0))


def test_a_disk_that_fills_up_is_told_and_the_run_resumes(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, real, calls = tmp_path / "again", os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"Expected room on the disk.*run the same command again"):
        generate_dataset(RECIPE, out)
    monkeypatch.setattr(os, "fsync", real)
    assert not list(out.glob(".*"))
    assert list(out.glob("*.parquet"))
    generate_dataset(RECIPE, out)
    assert snapshot(out) == snapshot(folder)


def test_no_worker_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1 worker"):
        generate_dataset(RECIPE, tmp_path / "set", workers=0)
