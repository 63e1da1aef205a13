"""Shards drawn by several processes, which stop when they are told to and never outlive the one that started them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from ctypes import Array, c_longlong
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

from sim.errors import DatasetError, RollingStopError, StorageError
from sim.memory import peak_memory_mb
from sim.recording.artist import new_artist
from sim.recording.manifest import ShardRecord
from sim.recording.recipe import Recipe
from sim.recording.shards import OnShard, ShardPlan, write_shard

_log = logging.getLogger(__name__)

_REPORT_EVERY_S = 0.2
_PATIENCE_S = 15.0
"""How long a worker may take to finish the frame that it is at, once it is told to stop."""


_Report = tuple[ShardRecord, float] | RollingStopError | str | None
"""A finished shard with the worker's largest memory, what went wrong, or that no more comes."""


class _ToldToStopError(Exception):
    """Raised in a worker between two frames; ends its shard."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the processes share.

    Attributes:
        drawn: Frames drawn so far, by each of them; each writes its own number alone, so no lock is needed.
        taken: Plans taken so far.
        stop: Set when all shall end.
    """

    drawn: Array[c_longlong]
    taken: Synchronized[int]
    stop: Event


@dataclass(frozen=True, slots=True)
class _Worker:
    process: SpawnProcess
    reports: Connection


def write_shards_in_processes(
    recipe: Recipe,
    plans: Sequence[ShardPlan],
    folder: Path,
    workers: int,
    on_shard: OnShard,
    on_frames: Callable[[int], None],
) -> None:
    """Write shards with several processes.

    Whatever ends this early, an error or Ctrl-C, ends the processes too: the shards that are finished stay and are
    reported, those that are not leave nothing behind.

    Args:
        recipe: What they belong to.
        plans: Which shards.
        folder: Where.
        workers: How many processes, started afresh (spawned): no state of this one reaches the pictures.
        on_shard: Told of each finished shard.
        on_frames: Told several times a second how many frames have been drawn.

    Raises:
        StorageError: If the disk is full, read-only or gone.
        DatasetError: If a process dies.
    """
    context = multiprocessing.get_context("spawn")
    count = min(workers, len(plans))
    shared = _Shared(context.RawArray(c_longlong, count), context.Value("q", 0), context.Event())
    crew: list[_Worker] = []
    try:
        with _interrupt_held_back():
            for number in range(count):
                reports, child_end = context.Pipe(duplex=False)
                process = context.Process(
                    target=_work, args=(number, recipe, tuple(plans), folder, shared, child_end), daemon=True
                )
                process.start()
                child_end.close()
                crew.append(_Worker(process, reports))
        active = list(crew)
        while active:
            ready = wait([worker.reports for worker in active], timeout=_REPORT_EVERY_S)
            on_frames(sum(shared.drawn))
            active = [w for w in active if w.reports not in ready or _heard(w, on_shard)]
        on_frames(sum(shared.drawn))
    finally:
        shared.stop.set()
        _dismiss(crew, on_shard, sys.exception())


def _heard(worker: _Worker, on_shard: OnShard) -> bool:
    """Take one report; return whether more may come."""
    try:
        report: _Report = worker.reports.recv()
    except EOFError:
        worker.process.join(_PATIENCE_S)
        raise DatasetError(
            f"Expected every worker to finish its shards. Received: one died with status {worker.process.exitcode}.",
            hint="Memory may have run out: run the same command again with fewer --workers; what is finished is kept.",
        ) from None
    if isinstance(report, tuple):
        on_shard(*report)
        return True
    if isinstance(report, RollingStopError):
        raise report
    if isinstance(report, str):
        raise RuntimeError(f"Expected a worker to draw its shard. Received:\n{report}")
    return False


def _dismiss(crew: Sequence[_Worker], on_shard: OnShard, reason: BaseException | None) -> None:
    """Wait until every worker is gone, and take the last shards that it finished on the way.

    Args:
        crew: The workers.
        on_shard: Told of each finished shard.
        reason: What ended the work early, None if nothing did.
    """
    for worker in crew:
        worker.process.join(_PATIENCE_S)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        try:
            while worker.reports.poll():
                report: _Report = worker.reports.recv()
                if isinstance(report, tuple):
                    on_shard(*report)
        except EOFError:
            pass
        except RollingStopError as fault:
            # Already on the way out. When storage is why, every later shard meets the same: the first fault tells it.
            told = isinstance(fault, StorageError) and isinstance(reason, StorageError)
            _log.log(logging.DEBUG if told else logging.WARNING, "A finished shard could not be recorded: %s", fault)
        worker.reports.close()


@contextmanager
def _interrupt_held_back() -> Generator[None]:
    """Hold Ctrl-C back while processes start; they inherit that, so that it reaches this process alone, right after."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(
    number: int, recipe: Recipe, plans: tuple[ShardPlan, ...], folder: Path, shared: _Shared, reports: Connection
) -> None:
    """Draw shards until none is left; the whole life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=leave_with_parent, daemon=True).start()

    def on_frame() -> None:
        shared.drawn[number] += 1
        if shared.stop.is_set():
            raise _ToldToStopError

    try:
        draw = new_artist(recipe)
        while not shared.stop.is_set():
            with shared.taken.get_lock():
                mine = shared.taken.value
                shared.taken.value += 1
            if mine >= len(plans):
                break
            reports.send((write_shard(recipe, plans[mine], folder, draw, on_frame), peak_memory_mb()))
        reports.send(None)
    except _ToldToStopError:
        reports.send(None)
    except RollingStopError as fault:
        reports.send(fault)
    except Exception:
        reports.send(traceback.format_exc())


def leave_with_parent() -> None:
    """End this process when the one that started it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
