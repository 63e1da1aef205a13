import errno
import hashlib
import os
from pathlib import Path

import pytest

from sim.errors import StorageError
from sim.files import open_atomically, remove_partials, sha256_of, write_atomically


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.bin", b"\x00\xff" * 1000)
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\x00\xff" * 1000
    assert entries(tmp_path / "a") == ["b.bin"]


def test_an_interrupted_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    write_atomically(path, b"old")
    with pytest.raises(KeyboardInterrupt), open_atomically(path) as file:
        file.write(b"half of the ne")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert entries(tmp_path) == ["file.bin"]


def test_the_file_has_no_name_until_it_is_whole(tmp_path: Path) -> None:
    with open_atomically(tmp_path / "file.bin") as file:
        file.write(b"half")
        file.flush()
        assert not (tmp_path / "file.bin").exists()
    assert (tmp_path / "file.bin").exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "Expected room on the disk"),
        (errno.EDQUOT, "Expected room on the disk"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permissions"),
        (errno.EIO, "Check the disk"),
        (errno.ENAMETOOLONG, "Choose a shorter one"),
    ],
)
def test_a_disk_that_refuses_is_told_in_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=words) as caught:
        write_atomically(tmp_path / "file.bin", b"data")
    assert "\n" not in str(caught.value)
    assert "file.bin" in str(caught.value)
    assert entries(tmp_path) == []


def test_a_real_full_disk_is_told(tmp_path: Path) -> None:
    """Linux has a device that is always full."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with (
        pytest.raises(StorageError, match="Expected room on the disk"),
        open_atomically(tmp_path / "x"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="Expected a place"):
        write_atomically(tmp_path / "file" / "inner.bin", b"data")


def test_a_fault_of_another_file_is_not_blamed_on_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_atomically(tmp_path / "file.bin"):
        Path("/no/such/font.ttf").read_bytes()
    assert entries(tmp_path) == []


def test_partials_of_a_killed_run_are_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".shard.parquet.abc.partial").write_bytes(b"half")
    (tmp_path / "kept.partial").write_bytes(b"someone's own")
    (tmp_path / "shard.parquet").write_bytes(b"whole")
    assert remove_partials(tmp_path) == 1
    assert entries(tmp_path) == ["kept.partial", "shard.parquet"]


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    data = b"stop" * 100_000
    (tmp_path / "file").write_bytes(data)
    assert sha256_of(tmp_path / "file") == hashlib.sha256(data).hexdigest()
