"""A person and the eyes on the same seed, step by step, judged by the same judge."""

from __future__ import annotations

from dataclasses import replace

from sim.loop import Tick
from sim.viewer.between import between
from sim.viewer.session import Session
from sim.viewer.view import Rival, ScoreTable

FOOT = "R: once more   ·   G: the next drive   ·   C: leave it"


class Duel:
    """The other driver, who goes one step for each of the person's.

    Args:
        session: The person's drive; the other has the same setup, seed, eyes and style.

    Attributes:
        name: What the other is called.
    """

    def __init__(self, session: Session) -> None:
        self.name = f"{session.eyes_name} eyes"
        self._mine = session
        setup = replace(session.setup, eyes=session.eyes, offers=())
        self._other = Session(setup, session.seed, style=session.style)
        self._eve: Tick | None = None

    def step(self) -> None:
        """Let the other driver make a step, unless its drive is over."""
        self._eve = self._other.tick
        if not self._other.over:
            self._other.step()

    @property
    def tick(self) -> Tick | None:
        """Where the other driver is; None before its first step."""
        return self._other.tick

    @property
    def over(self) -> bool:
        """Whether both have arrived."""
        return self._mine.over and self._other.over

    def rival(self, share: float | None = None) -> Rival | None:
        """Return what is shown of the other; None before its first step.

        Args:
            share: How far the window is from the tick before to the newest; None shows the newest.
        """
        tick = self._other.tick
        if tick is None:
            return None
        if share is not None and self._eve is not None:
            tick = between(self._eve, tick, share, None)
        return Rival(tick, self.name, self._other.ending())

    def table(self) -> ScoreTable:
        """Return both scores side by side."""
        mine, others = self._mine.scores(), self._other.scores()
        rows = tuple((a.what, ((a.held, a.words), (b.held, b.words))) for a, b in zip(mine, others, strict=True))
        ended = ("the drive", tuple((each.scored_all, each.ending()) for each in (self._mine, self._other)))
        return ScoreTable(f"Seed {self._mine.seed}: the same drive twice", ("you", self.name), (*rows, ended), FOOT)
