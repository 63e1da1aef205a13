"""Work spread over processes: results in order, Ctrl-C clean, one thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

from sim.cluster import Cluster, map_on_ray
from sim.errors import RollingStopError
from sim.recording.workers import leave_with_parent

J = TypeVar("J")
R = TypeVar("R")

Progress = Callable[[int, int], None]
"""Called with what is done and what there is in all."""

ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
}
"""The surroundings of each worker: as many of them as cores, with a thread for each core, would only stand in line."""


def map_jobs(
    work: Callable[[J], R],
    jobs: Sequence[J],
    workers: int,
    progress: Progress | None = None,
    cluster: Cluster | None = None,
) -> list[R]:
    """Return `work` of each job, in the order of the jobs, in this process if one worker is enough.

    Args:
        work: A function of a module, so that it can be sent.
        jobs: What to do; picklable.
        workers: How many processes at most.
        progress: Called in this process as jobs are done.
        cluster: Where instead of processes of this machine.

    Raises:
        RollingStopError: If a worker was killed, as by a machine short of memory, or the cluster cannot be used.
        Exception: The first that `work` raised; what was not yet begun is left.
    """
    report: Progress = progress or (lambda _done, _total: None)
    if cluster is not None:
        done = count(1)
        return map_on_ray(
            work,
            jobs,
            workers=workers,
            address=cluster.address,
            surroundings=ONE_THREAD,
            on_done=lambda _result: report(next(done), len(jobs)),
        )
    if min(workers, len(jobs)) > 1:
        return map_in_workers(work, jobs, min(workers, len(jobs)), report)
    results: list[R] = []
    for job in jobs:
        results.append(work(job))
        report(len(results), len(jobs))
    return results


def map_in_workers(work: Callable[[J], R], jobs: Sequence[J], workers: int, progress: Progress) -> list[R]:
    """Return `work` of each job, in the order of the jobs, worked out in freshly started processes.

    Workers never see Ctrl-C, which a terminal sends to all: this process alone does, and ends them. Otherwise each
    would print a trace of its own. When this process is killed, they leave with it.

    Args:
        work: A function of a module, so that it can be sent.
        jobs: What to do; picklable.
        workers: How many processes.
        progress: Called in this process as jobs are done, in whatever order that happens.

    Raises:
        RollingStopError: If a worker was killed, as by a machine short of memory.
        Exception: The first that `work` raised; what was not yet begun is left.
    """
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)
    try:
        with _as_workers_start():
            futures = [executor.submit(work, job) for job in jobs]
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            progress(done, len(jobs))
        executor.shutdown()
    except BaseException as fault:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        executor.shutdown(cancel_futures=True)
        if isinstance(fault, BrokenProcessPool):
            raise RollingStopError(
                "Expected every worker process to finish. Received: one that was killed.",
                hint="Memory may be short: try fewer workers.",
            ) from None
        raise
    return [future.result() for future in futures]


def _begin() -> None:
    """Run first in each worker."""
    threading.Thread(target=leave_with_parent, daemon=True).start()


@contextmanager
def _as_workers_start() -> Generator[None]:
    """Set what a process hands down to those that it starts: deaf to Ctrl-C, one thread each; afterwards, as before."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    # Only a program's main thread may set what a signal does; elsewhere Ctrl-C does not arrive anyway.
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main_thread else None
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if in_main_thread:
            signal.signal(signal.SIGINT, handler)
