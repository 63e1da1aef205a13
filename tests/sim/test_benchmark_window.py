"""The window's benchmark times pictures of a drive that goes on, each after one step."""

from __future__ import annotations

from dataclasses import dataclass, field

import pygame
import pytest

from sim.benchmark import WARM_UP, benchmark_window
from sim.loop import Capture, OracleEyes
from sim.percept import Percept


@dataclass
class NotingEyes:
    """Perfect eyes that note down when they looked, and whether there was a frame to look at."""

    name: str = "noting"
    needs_frame: bool = True
    needs_truth: bool = True
    sure_score: float = 0.9
    looks: list[tuple[int, bool]] = field(default_factory=list)

    def __call__(self, step: int, capture: Capture) -> Percept:
        self.looks.append((step, capture.frame is not None))
        return OracleEyes()(step, capture)


def test_each_timed_picture_follows_a_step_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    eyes, told = NotingEyes(), []
    done = benchmark_window(eyes, size_px=(640, 360), pictures=12, progress=lambda *at: told.append(at))
    assert eyes.looks == [(step, True) for step in range(WARM_UP + 12)]
    assert (done.name, done.count) == ("window, noting eyes", 12)
    assert done.per_second == pytest.approx(20 * (done.realtime or 0.0))
    assert done.detail.startswith("640 x 360")
    assert told[-1] == (12, 12)
    assert not pygame.display.get_init()
