"""What it took to make a data set: time, and memory at its highest, measured by the run itself."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from sim.memory import peak_memory_mb


@dataclass(frozen=True, slots=True)
class Effort:
    """What one run took.

    Attributes:
        frames: Drawn by this run; what earlier ones left is not among them.
        seconds: From its beginning to its end: checking what was there, starting processes, the data card.
        worker_peak_mb: Largest resident memory of any process that drew a shard; 0 if none was drawn.
        parent_peak_mb: Largest resident memory of the process that led the run; with one worker it is the same one.
    """

    frames: int
    seconds: float
    worker_peak_mb: float
    parent_peak_mb: float

    @property
    def frames_per_s(self) -> float:
        """How many frames came a second."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0


class Meter:
    """Measures a run from when it is made."""

    def __init__(self) -> None:
        self._began_s = monotonic()
        self._frames = 0
        self._worker_peak_mb = 0.0

    def count(self, frames: int, peak_mb: float) -> None:
        """Count a shard's frames, and the peak memory of the process that drew them."""
        self._frames += frames
        self._worker_peak_mb = max(self._worker_peak_mb, peak_mb)

    def effort(self) -> Effort:
        """Return what the run has taken so far."""
        return Effort(self._frames, monotonic() - self._began_s, self._worker_peak_mb, peak_memory_mb())
