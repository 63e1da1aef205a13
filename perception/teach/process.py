"""The tour's work in a process of its own: what it computes there keeps no window waiting."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sim.viewer.teach.content import Ended, News, Plan, Wish

NICENESS = 5
"""The window is drawn first, the network learns with what is left."""

STOP_WITHIN_S = 20.0
"""A training is given so long to write down where it stands."""

MOST_AT_ONCE = 50
"""Pieces that are taken in before the window is drawn again."""


class TeachingProcess:
    """A teacher in another process.

    Args:
        plan: What it is to do.
        out: The folder for frames and weights.
        known: What was told in an earlier run.
    """

    def __init__(self, plan: Plan, out: Path, known: frozenset[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: Any = context.Process(target=_teach, args=(theirs, plan, out, known), name="teacher")
        self._process.start()
        theirs.close()
        self._over = False

    @property
    def alive(self) -> bool:
        """Whether the other process is there."""
        return bool(self._process.is_alive())

    def poll(self) -> Iterator[News]:
        """Yield what has been told since; never waits. If the process has died, that is told once."""
        for _ in range(MOST_AT_ONCE):
            try:
                if self._over or not self._pipe.poll():
                    return
                news: News = self._pipe.recv()
            except (EOFError, OSError):
                self._over = True
                yield Ended(
                    "The process that trains has died; perhaps memory ran out. The same command goes on from there."
                )
                return
            self._over = isinstance(news, Ended)
            yield news

    def ask(self, wish: Wish) -> None:
        """Pass a wish on."""
        with suppress(OSError, ValueError):
            self._pipe.send(wish)

    def close(self) -> None:
        """Let it write down where it stands, and end it."""
        self.ask(Wish.STOP)
        self._drain(STOP_WITHIN_S)
        if self._process.is_alive():
            self._process.terminate()
        self._process.join()
        self._pipe.close()

    def _drain(self, within_s: float) -> None:
        """Read on until the other side ends, as a full pipe would keep it from ending."""
        waited_s, nap_s = 0.0, 0.05
        while self._process.is_alive() and waited_s < within_s:
            with suppress(EOFError, OSError):
                while self._pipe.poll():
                    self._pipe.recv()
            self._process.join(nap_s)
            waited_s += nap_s


def _teach(pipe: Connection, plan: Plan, out: Path, known: frozenset[str]) -> None:
    """Teach; the other process's whole life."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    asked: set[Wish] = set()

    def wishes(wait_s: float) -> set[Wish]:
        try:
            while pipe.poll(wait_s):
                asked.add(pipe.recv())
                wait_s = 0.0
        except (EOFError, OSError):
            asked.add(Wish.STOP)
        return asked

    # The window is gone if nobody takes what is told; then there is nobody to tell of it either.
    with suppress(KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        from perception.teach.teacher import Teacher

        Teacher(plan, out, pipe.send, wishes, known).teach()
    pipe.close()
