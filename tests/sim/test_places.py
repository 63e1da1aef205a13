"""A data set at a URI is read, looked over and mended as one in a folder is."""

import json
import pickle
from pathlib import Path

import pytest

from sim.camera import Camera
from sim.errors import DatasetError, StorageError
from sim.recording import Dataset, Recipe, generate_dataset
from sim.recording.places import located, telling, uri_of
from sim.recording.verify import verify_dataset
from tests.commands import run

RECIPE = Recipe(name="small", seed=21, count=6, frames_per_shard=2, camera=Camera(160, 64, 170.0))


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return generate_dataset(RECIPE, tmp_path_factory.mktemp("local") / "set").path


@pytest.fixture
def stored(local, request):
    """Put the data set into memory, under a place of the test's own; return its URI and the file system."""
    pytest.importorskip("upath", reason="universal-pathlib is not installed: pip install -e '.[cloud]'")
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install -e '.[cloud]'")
    system = fsspec.filesystem("memory")
    place = f"/places/{request.node.name}"
    for path in local.iterdir():
        system.pipe_file(f"{place}/{path.name}", path.read_bytes())
    yield f"memory:/{place}", system
    system.rm(place, recursive=True)


@pytest.mark.parametrize(
    ("typed", "uri"),
    [
        ("s3://bucket/set", "s3://bucket/set"),
        ("file:///data/set", "file:///data/set"),
        ("memory://a/b", "memory:///a/b"),
        ("datasets/generated/set", None),
        ("/data/set", None),
        ("C:/data/set", None),
        ("c:set", None),
    ],
)
def test_a_uri_is_known_though_a_path_folds_its_slashes(typed, uri):
    assert uri_of(Path(typed)) == uri
    if uri is None:
        assert located(Path(typed)) == Path(typed)


def test_examples_at_a_uri_are_those_of_the_folder(local, stored):
    there = Dataset.open(Path(stored[0]))
    here = Dataset.open(local)
    assert list(there.examples()) == list(here.examples())
    assert list(there.examples(3, 5)) == list(here.examples(3, 5))
    assert there.row_groups() == here.row_groups()
    assert there.read_row_group(1, 0) == here.read_row_group(1, 0)
    assert pickle.loads(pickle.dumps(there)).count == 6
    there.verify()


def test_verify_finds_at_a_uri_what_it_finds_in_a_folder(stored):
    uri, system = stored
    assert verify_dataset(Path(uri)) == ()
    place = uri.removeprefix("memory:/")
    data = bytearray(system.cat_file(f"{place}/shard-00001.parquet"))
    data[700] ^= 1
    system.pipe_file(f"{place}/shard-00001.parquet", bytes(data))
    system.rm_file(f"{place}/shard-00002.parquet")
    system.pipe_file(f"{place}/shard-00007.parquet", b"foreign")
    raw = json.loads(system.cat_file(f"{place}/manifest.json"))
    raw["shards"][0]["rows"] = 1
    system.pipe_file(f"{place}/manifest.json", json.dumps(raw).encode())
    names = {fault.name for fault in verify_dataset(Path(uri))}
    assert names >= {"manifest.json", "shard-00001.parquet", "shard-00002.parquet", "shard-00007.parquet"}


def test_what_was_altered_at_a_uri_is_mended_to_the_same_bytes(local, stored):
    from sim.recording.cloud import generate_to

    uri, system = stored
    place = uri.removeprefix("memory:/")
    system.pipe_file(f"{place}/manifest.json", b"{")
    system.pipe_file(f"{place}/README.md", b"All photographs.")
    generate_to(RECIPE, uri)
    system.rm_file(f"{place}/shard-00002.parquet")
    system.pipe_file(f"{place}/shard-00000.parquet", b"torn")
    generate_to(RECIPE, uri)
    assert {Path(n).name: system.cat_file(n) for n in system.ls(place, detail=False)} == {
        path.name: path.read_bytes() for path in local.iterdir()
    }
    assert verify_dataset(Path(uri)) == ()


def test_where_something_else_lies_nothing_is_begun(stored):
    from sim.recording.cloud import generate_to

    uri, system = stored
    place = uri.removeprefix("memory:/")
    for name in ("manifest.json", *(f"shard-{number:05d}.parquet" for number in range(3))):
        system.rm_file(f"{place}/{name}")
    with pytest.raises(DatasetError, match="to be empty or a data set"):
        generate_to(RECIPE, uri)


def test_the_command_line_reads_a_uri(stored, tmp_path, monkeypatch, capsys):
    uri, system = stored
    status, _, err = run(monkeypatch, capsys, "verify", uri)
    assert (status, "Whole" in err) == (0, True)
    status, _, err = run(monkeypatch, capsys, "show", uri, "--out", tmp_path / "sheet.png", "-n", 4)
    assert status == 0, err
    assert (tmp_path / "sheet.png").exists()
    system.rm_file(f"{uri.removeprefix('memory:/')}/shard-00000.parquet")
    status, out, _ = run(monkeypatch, capsys, "verify", uri, "-q")
    assert status == DatasetError.exit_code
    assert "shard-00000.parquet: Expected a shard. Received: no such file." in out


def test_where_there_is_no_data_set_one_line_says_so(monkeypatch, capsys):
    pytest.importorskip("upath", reason="universal-pathlib is not installed: pip install -e '.[cloud]'")
    for words in (("verify", "memory://nowhere/set"), ("show", "memory://nowhere/set")):
        status, _, err = run(monkeypatch, capsys, *words)
        assert status == DatasetError.exit_code
        assert "memory://" in err
        assert "no such folder" in err


def test_what_reaches_no_uri_is_told_of(monkeypatch):
    import importlib

    def missing(name):
        raise ImportError(f"No module named {name}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(StorageError, match=r"s3://bucket/set.*rollingstop\[cloud\]"):
        Dataset.open(Path("s3://bucket/set"))


def test_a_librarys_own_error_at_a_uri_is_one_line_and_a_mistake_of_ours_is_not():
    no_credentials = type("NoCredentialsError", (Exception,), {"__module__": "botocore.exceptions"})
    with (
        pytest.raises(StorageError, match=r"Received: Unable to locate credentials\. Check the address"),
        telling("s3://b"),
    ):
        raise no_credentials("Unable to locate credentials\nand more")
    with pytest.raises(KeyError), telling("s3://b"):
        raise KeyError("ours")
    with pytest.raises(OSError, match="disk"), telling(Path("/data")):
        raise OSError("disk")
