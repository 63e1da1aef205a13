"""The window's benchmark times pictures of a drive that goes on, two for each step."""

from __future__ import annotations

from dataclasses import dataclass, field

import pygame
import pytest

from sim.benchmark import WARM_UP, benchmark_window, benchmark_window_clock
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


def test_each_step_is_looked_at_once_and_drawn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    eyes, told = NotingEyes(), []
    done = benchmark_window(eyes, size_px=(640, 360), pictures=12, progress=lambda *at: told.append(at))
    steps = (WARM_UP + 12) // 2
    assert eyes.looks == [(step, True) for step in range(steps)]
    assert (done.name, done.count) == ("window, noting eyes", 12)
    assert done.per_second == pytest.approx(40 * (done.realtime or 0.0))
    assert done.detail.startswith("640 x 360")
    assert told[-1] == (12, 12)
    assert not pygame.display.get_init()


def test_by_the_clock_pictures_are_counted_for_as_long_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    eyes = NotingEyes()
    done = benchmark_window_clock(eyes, size_px=(640, 360), lasts_s=1.0)
    assert done.per_second * 1.0 == pytest.approx(done.count, rel=0.2)
    # Never more than one picture between two steps, and never more steps than there is time for.
    assert 0 < done.count <= 42
    assert (done.realtime or 0.0) <= 1.1
    assert done.count <= 2 * len(eyes.looks)
    assert "1 core:" in done.detail
    assert not pygame.display.get_init()
