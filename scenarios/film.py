"""Films of runs: what the driver saw and did, with the verdict at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scenarios.outcomes import Verdict
from scenarios.run import run_scenario
from scenarios.scenario import Scenario
from sim.camera import Camera
from sim.loop import Eyes, Tick
from sim.render import Painter
from sim.vehicle import CONTROL_HZ
from sim.viewer.film import Film
from sim.viewer.view import History, ViewOptions, compose_view

VERDICT_S = 2.0
"""How long the last picture stays, with the verdict written over it."""


def record_run(
    scenario: Scenario,
    run_seed: int,
    eyes: Eyes,
    path: Path,
    *,
    camera: Camera | None = None,
    painter: Painter | None = None,
    on_tick: Callable[[Tick], None] | None = None,
) -> Verdict:
    """Drive one run, and leave a film of it.

    Args:
        scenario: What is driven.
        run_seed: Which of its worlds.
        eyes: What the driver sees with.
        path: Where the film goes; .mp4 or .gif.
        camera: The camera, if not the standard one.
        painter: What draws; made anew if not given.
        on_tick: Called with each tick too.

    Returns:
        The verdict, the same as that of the run without a film.

    Raises:
        RollingStopError: If the film's name has another suffix, or it cannot be written.
    """
    options = ViewOptions(eyes_name=eyes.name, camera=camera or Camera())
    with Film(path, CONTROL_HZ) as film:
        filming = _Filming(film, options)

        def watch(tick: Tick) -> None:
            filming.add(tick)
            if on_tick is not None:
                on_tick(tick)

        verdict = run_scenario(scenario, run_seed, eyes, camera=camera, painter=painter, want_frame=True, on_tick=watch)
        filming.close(verdict.reason)
    return verdict


class _Filming:
    """Composes a picture of each tick; remembers the last one and the strip of the last seconds."""

    def __init__(self, film: Film, options: ViewOptions) -> None:
        self._film = film
        self._options = options
        self._history = History()
        self._last: Tick | None = None

    def add(self, tick: Tick) -> None:
        """Add the picture of a tick."""
        self._history = self._history.with_tick(tick)
        self._last = tick
        self._film.add(compose_view(tick, self._history, options=self._options))

    def close(self, sentence: str) -> None:
        """Hold the last picture, with a sentence over it."""
        if self._last is None:
            return
        options = ViewOptions(eyes_name=self._options.eyes_name, camera=self._options.camera, banner=sentence)
        picture = compose_view(self._last, self._history, options=options)
        for _ in range(round(VERDICT_S * CONTROL_HZ)):
            self._film.add(picture)
