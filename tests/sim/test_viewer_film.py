"""Films: every picture is in them, and a film that was not finished is not there."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from sim.errors import StorageError
from sim.viewer import film as film_module
from sim.viewer.film import Film, FilmError, check_film_path


def picture(index: int, width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    rgb = np.full((height, width, 3), (30, 60, 90), np.uint8)
    rgb[:, 8 * index % width : 8 * index % width + 8] = (230, 159, 0)
    return rgb


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", ["drive.mp4", "drive.gif", "DRIVE.MP4"])
def test_a_film_has_every_picture_in_order(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new folder" / name
    with Film(path) as film:
        for index in range(10):
            film.add(picture(index))
    assert film.frames == 10
    pictures = decoded(path)
    assert len(pictures) == 10
    for index, shown in enumerate(pictures):
        wanted = picture(index)
        assert shown.shape == wanted.shape
        assert np.abs(shown.astype(int) - wanted).mean() < 12
    assert [entry.name for entry in path.parent.iterdir()] == [name]


def test_an_mp4_is_h264_at_twenty_pictures_a_second(tmp_path: Path) -> None:
    path = tmp_path / "drive.mp4"
    with Film(path) as film:
        for index in range(40):
            film.add(picture(index))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 20
        assert stream.frames == 40


def test_odd_sizes_are_made_even(tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    with Film(path) as film:
        film.add(picture(0, 97, 65))
    assert decoded(path)[0].shape == (66, 98, 3)


def test_without_x264_the_film_is_mpeg4_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(film_module.av, "codecs_available", {"mpeg4"})
    path = tmp_path / "old.mp4"
    with Film(path) as film:
        for index in range(5):
            film.add(picture(index))
    assert "libx264" in caplog.text
    assert len(decoded(path)) == 5


def test_a_film_left_by_an_exception_is_not_there_and_an_older_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "drive.mp4"
    path.write_bytes(b"the older film")
    with pytest.raises(KeyboardInterrupt), Film(path) as film:
        film.add(picture(0))
        raise KeyboardInterrupt
    assert path.read_bytes() == b"the older film"
    assert [entry.name for entry in tmp_path.iterdir()] == ["drive.mp4"]


def test_a_fault_of_the_drive_is_not_taken_for_one_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="something else") as caught, Film(tmp_path / "drive.mp4") as film:
        film.add(picture(0))
        raise OSError(errno.EIO, "something else")
    assert not isinstance(caught.value, StorageError)
    assert list(tmp_path.iterdir()) == []


_KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from sim.viewer.film import Film
with Film(Path(sys.argv[1])) as film:
    rng = np.random.default_rng(0)
    while True:
        film.add(rng.integers(0, 255, (64, 96, 3), dtype=np.uint8))
        if film.frames == 100:
            print("under way", flush=True)
"""


def test_a_killed_film_leaves_nothing_at_its_path(tmp_path: Path) -> None:
    path = tmp_path / "drive.mp4"
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"under way\n"
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait(timeout=30)
    process.stdout.close()
    assert not path.exists()


_FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from sim.errors import StorageError
from sim.viewer.film import Film
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with Film(Path(sys.argv[1])) as film:
        rng = np.random.default_rng(0)
        for _ in range(60):
            film.add(rng.integers(0, 255, (128, 192, 3), dtype=np.uint8))
except StorageError as fault:
    print(fault)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
@pytest.mark.parametrize("name", ["drive.mp4", "drive.gif"])
def test_a_disk_without_room_is_one_clear_line_and_no_film(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert str(path) in done.stdout
    assert done.stdout.startswith("Expected")
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file"), Film(tmp_path / "file" / "drive.mp4"):
        pass


def test_an_unknown_kind_of_film_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(FilmError, match=r"\.mp4 or \.gif\. Received: drive\.avi\. Try drive\.mp4\.") as caught:
        check_film_path(Path("drive.avi"))
    assert caught.value.exit_code != 0


def test_a_film_without_a_picture_is_an_error_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="at least one picture"), Film(tmp_path / "drive.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_another_size_or_type_are_refused(tmp_path: Path) -> None:
    with Film(tmp_path / "drive.mp4") as film:
        film.add(picture(0))
        with pytest.raises(ValueError, match="every picture"):
            film.add(picture(1, 98, 64))
        with pytest.raises(ValueError, match="uint8"):
            film.add(picture(1).astype(np.float32))  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="open film"):
        film.add(picture(2))


def test_encoding_keeps_up_with_real_time(tmp_path: Path) -> None:
    view = np.random.default_rng(0).integers(0, 255, (72, 128, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    start_s = time.perf_counter()
    with Film(tmp_path / "drive.mp4") as film:
        for _ in range(20):
            film.add(view)
    assert time.perf_counter() - start_s < 5.0
