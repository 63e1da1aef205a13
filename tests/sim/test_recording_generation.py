"""Generation with the real painter, in processes of its own: the same bytes, whatever happens on the way."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

import sim.recording.workers
from sim.camera import Camera
from sim.errors import DatasetError, StorageError
from sim.recording import Dataset, Recipe, generate_dataset

RECIPE = Recipe(name="small", seed=21, count=60, frames_per_shard=10, camera=Camera(160, 64, 170.0))
ROOT = Path(__file__).parents[2]

RUN = """
import sys
from pathlib import Path
from sim.camera import Camera
from sim.recording import Recipe, generate_dataset

def progress(done, total):
    print(done, flush=True)

recipe = Recipe(name="small", seed=21, count={count}, frames_per_shard=10, camera=Camera(160, 64, 170.0))
try:
    generate_dataset(recipe, Path(sys.argv[1]), workers=int(sys.argv[2]), progress=progress)
except KeyboardInterrupt:
    sys.exit(130)
"""


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return snapshot(generate_dataset(RECIPE, tmp_path_factory.mktemp("unbroken") / "set").path)


def start(out: Path, workers: int, count: int = RECIPE.count) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN.format(count=count), str(out), str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def wait_for_frames(run: subprocess.Popen[str], least: int) -> None:
    assert run.stdout is not None
    for line in run.stdout:
        if int(line) >= least:
            return
    raise AssertionError(f"the run ended early: {run.stderr.read() if run.stderr else ''}")


def family(run: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(run.pid).children(recursive=True)


def test_two_workers_make_the_bytes_that_one_makes(tmp_path: Path, unbroken: dict[str, bytes]) -> None:
    calls: list[tuple[int, int]] = []
    dataset = generate_dataset(
        RECIPE, tmp_path / "set", workers=2, progress=lambda done, total: calls.append((done, total))
    )
    assert snapshot(tmp_path / "set") == unbroken
    dataset.verify()
    done = [done for done, _ in calls]
    assert done == sorted(done)
    assert calls[-1] == (60, 60)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_killed_outright_resumes_to_the_same_bytes(
    tmp_path: Path, unbroken: dict[str, bytes], workers: int
) -> None:
    out = tmp_path / "set"
    run = start(out, workers)
    wait_for_frames(run, 25)
    workers_alive = family(run)
    run.kill()
    run.communicate()
    _, alive = psutil.wait_procs(workers_alive, timeout=20)
    assert not alive, "workers outlive the run that started them"
    assert not (out / "manifest.json").exists()
    with pytest.raises(DatasetError, match="unfinished"):
        Dataset.open(out)
    generate_dataset(RECIPE, out)
    assert snapshot(out) == unbroken


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_stops_quietly_and_leaves_whole_shards_only(
    tmp_path: Path, unbroken: dict[str, bytes], workers: int
) -> None:
    out = tmp_path / "set"
    run = start(out, workers, count=100_000)
    wait_for_frames(run, 15)
    crew = family(run)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, words = run.communicate(timeout=30)
    assert run.returncode == 130
    assert words == ""
    assert not psutil.wait_procs(crew, timeout=20)[1]
    assert not list(out.glob(".*"))
    shards = sorted(path.name for path in out.glob("*.parquet"))
    assert shards
    assert all((out / name).read_bytes()[-4:] == b"PAR1" for name in shards)
    with pytest.raises(DatasetError, match=f"with {10 * len(shards)} of 100000 examples"):
        Dataset.open(out)


def test_a_worker_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victims: list[psutil.Process] = []

    def progress(done: int, total: int) -> None:
        if done > 0 and not victims:
            victims.extend(
                child
                for child in psutil.Process().children(recursive=True)
                if "spawn_main" in " ".join(child.cmdline())
            )
            victims[0].kill()

    monkeypatch.setattr(sim.recording.workers, "_REPORT_EVERY_S", 0.02)
    with pytest.raises(DatasetError, match=r"one died with status -9.*fewer --workers"):
        generate_dataset(RECIPE, tmp_path / "set", count=2000, workers=2, progress=progress)
    assert len(victims) == 2
    assert not psutil.wait_procs(victims, timeout=20)[1]


def test_a_disk_that_is_full_in_a_worker_is_told(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk; it fails the write with EFBIG."""
    resource = pytest.importorskip("resource")
    program = textwrap.dedent("""
        import resource, signal, sys
        from pathlib import Path
        from sim.camera import Camera
        from sim.errors import StorageError
        from sim.recording import Recipe, generate_dataset

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        recipe = Recipe(name="small", seed=21, count=60, frames_per_shard=10, camera=Camera(160, 64, 170.0))
        try:
            generate_dataset(recipe, Path(sys.argv[1]), workers=int(sys.argv[2]))
        except StorageError as fault:
            print(fault)
            sys.exit(fault.exit_code)
    """)
    assert resource is not None
    out = tmp_path / "set"
    run = subprocess.run(
        [sys.executable, "-c", program, str(out), "2"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (StorageError.exit_code, "")
    assert os.strerror(errno.EFBIG).lower() in run.stdout.lower()
    assert [path.name for path in out.iterdir()] == ["journal.jsonl"]


def test_importing_the_recorder_loads_neither_tensorflow_nor_a_renderer() -> None:
    program = (
        "import sys, sim.recording; print([m for m in ('tensorflow', 'keras', 'pygame', 'cv2') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.strip() == "[]"


def test_drawing_loads_no_tensorflow() -> None:
    program = "import sys, sim.recording.frames; print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_progress_comes_more_often_than_shards(tmp_path: Path) -> None:
    calls: list[float] = []
    generate_dataset(
        RECIPE, tmp_path / "set", count=30, workers=1, progress=lambda done, total: calls.append(time.monotonic())
    )
    assert len(calls) >= 30
