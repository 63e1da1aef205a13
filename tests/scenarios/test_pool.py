import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from scenarios.pool import ONE_THREAD, map_in_workers
from sim.errors import RollingStopError, WeightsError

ROOT = Path(__file__).parents[2]


def say_nothing(done, total):
    pass


def test_results_come_in_the_order_of_the_jobs_and_progress_counts_up():
    seen = []
    assert map_in_workers(abs, [-3, -1, -2, 5], 2, lambda done, total: seen.append((done, total))) == [3, 1, 2, 5]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert multiprocessing.active_children() == []


def test_workers_have_one_thread_each_and_this_process_keeps_its_own_surroundings():
    handler = signal.getsignal(signal.SIGINT)
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    assert map_in_workers(os.getenv, list(ONE_THREAD), 2, say_nothing) == ["1"] * len(ONE_THREAD)
    assert {name: os.environ.get(name) for name in ONE_THREAD} == before
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_error_in_a_worker_arrives_as_it_was_raised():
    with pytest.raises(ValueError, match="invalid literal"):
        map_in_workers(int, ["1", "no number"], 2, say_nothing)
    with pytest.raises(WeightsError, match=r"Altered\. Train again\."):
        map_in_workers(_raise, [WeightsError("Altered.", hint="Train again.")], 2, say_nothing)
    assert multiprocessing.active_children() == []


def test_a_killed_worker_is_an_error_and_not_a_wait_without_end():
    with pytest.raises(RollingStopError, match="one that was killed"):
        map_in_workers(os._exit, [3, 3], 2, say_nothing)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to a group of processes in another way there")
def test_ctrl_c_ends_all_workers_at_once_without_a_trace_from_any():
    program = textwrap.dedent(
        """
        import sys, time
        from scenarios.pool import map_in_workers

        if __name__ == "__main__":
            try:
                map_in_workers(time.sleep, [0.0] + [60.0] * 5, 2, lambda done, total: print(done, flush=True))
            except KeyboardInterrupt:
                sys.exit(130)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == ""
    assert time.monotonic() - began < 10


def test_workers_leave_with_a_process_that_is_killed():
    program = textwrap.dedent(
        """
        import time
        from scenarios.pool import map_in_workers

        if __name__ == "__main__":
            map_in_workers(time.sleep, [0.0, 0.0] + [600.0] * 4, 2, lambda done, total: print(done, flush=True))
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["1\n", "2\n"]
        family = psutil.Process(process.pid).children(recursive=True)
        workers = [child for child in family if "spawn_main" in " ".join(child.cmdline())]
        process.kill()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert len(workers) == 2
    assert not alive


def _raise(error):
    raise error
