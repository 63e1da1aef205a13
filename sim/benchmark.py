"""How fast the simulator is, on one core or more, on the machine at hand."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any

import cv2
import numpy as np

from sim.camera import Camera
from sim.control import DriverConfig
from sim.generate import generate_world
from sim.loop import Eyes, drive
from sim.memory import peak_memory_mb
from sim.recording import generate_dataset, load_preset, load_recipe
from sim.render import Painter
from sim.seeding import Stream, derive_seed
from sim.spec import WorldSpec
from sim.vehicle import CONTROL_HZ, STEP_S, Control
from sim.viewer.display import close_display, open_display
from sim.viewer.drive_window import DriveWindow
from sim.viewer.layout import BASE_SIZE_PX
from sim.viewer.manual import ManualWheel
from sim.viewer.playback import PICTURES_HZ
from sim.viewer.session import REWIND_STEPS, DriveSetup, Session
from sim.viewer.window import POLL_S, turn
from sim.world import advance

WARM_UP = 10
"""Turns that are not timed: the first ones compile and fill caches, once."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured.

    Attributes:
        name: What was done.
        count: How often.
        per_second: How often a second.
        realtime: Multiple of real time, for what happens 20 times a second in a drive; None elsewhere.
        median_ms: Median time of one; None where single ones cannot be timed.
        p99_ms: Time that 99 of 100 stay under.
        peak_memory_mb: The process's largest resident memory so far.
        detail: Anything else worth a line.
    """

    name: str
    count: int
    per_second: float
    realtime: float | None
    median_ms: float | None
    p99_ms: float | None
    peak_memory_mb: float
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


def on_cores(count: int = 1) -> int:
    """Keep this process, and what it starts, to so many cores where the system can, and OpenCV to as many threads.

    Returns:
        How many it has.
    """
    cv2.setNumThreads(count)
    if not hasattr(os, "sched_setaffinity"):
        return count
    cores = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, set(cores))
    return len(cores)


def machine() -> str:
    """Return what this is measured on, in a few words."""
    model = platform.processor() or platform.machine()
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        names = [
            line.split(":", 1)[1].strip() for line in listing.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, Python {platform.python_version()}, {platform.system()}"


def summarise(name: str, times_s: list[float], *, per_drive_step: bool = False, detail: str = "") -> Benchmark:
    """Return the benchmark of something done once for each of `times_s`."""
    per_second = len(times_s) / sum(times_s)
    return Benchmark(
        name,
        len(times_s),
        per_second,
        per_second / CONTROL_HZ if per_drive_step else None,
        1000 * float(np.median(times_s)),
        1000 * float(np.percentile(times_s, 99)),
        peak_memory_mb(),
        detail,
    )


def benchmark_render(
    *, frames: int = 1500, seed: int = 0, preset: str | None = None, progress: Progress | None = None
) -> Benchmark:
    """Draw labelled frames as a drive does: 50 steps in each of several worlds, their preparation included.

    Args:
        frames: How many.
        seed: Of the worlds.
        preset: Whose light and weather they have; even light and dry air without one.
        progress: Told how many are done.

    Raises:
        RecipeError: If there is no such preset.
        RuntimeError: If a frame is blank: then nothing was measured.
    """
    painter = Painter(Camera())
    base = load_preset(preset) if preset else WorldSpec()
    spec = replace(base, curvature_per_m=(0.0, 0.006), distractors=(3, 6), parked=(1, 3))
    times_s: list[float] = []
    number = 0
    while len(times_s) < frames:
        world = generate_world(derive_seed(seed, Stream.SCENARIO, number), spec)
        number += 1
        for _ in range(min(50, frames - len(times_s))):
            start = perf_counter()
            frame, truth = painter.look(world, frame=True, truth=True)
            times_s.append(perf_counter() - start)
            if frame is None or truth is None or frame.rgb.std() < 4.0:
                raise RuntimeError("Expected a labelled picture. Received: a blank one.")
            world = advance(world, Control(), STEP_S)
        if progress:
            progress(len(times_s), frames)
    return summarise(
        f"labelled frames, {preset}" if preset else "labelled frames",
        times_s,
        per_drive_step=True,
        detail=f"{number} worlds, 672 x 288, 2 x 2 samples",
    )


def benchmark_loop(eyes: Eyes, *, steps: int = 1200, seed: int = 0, progress: Progress | None = None) -> Benchmark:
    """Drive: look, see, decide, move; a new world every 200 steps."""
    painter = Painter(Camera())
    spec = WorldSpec()
    times_s: list[float] = []
    number = 0
    while len(times_s) < steps:
        world = generate_world(derive_seed(seed, Stream.SCENARIO, number), spec)
        number += 1
        ticks = drive(world, eyes, DriverConfig(cruise_mps=world.scene.speed_limit_mps), painter=painter)
        for _ in range(min(200, steps - len(times_s))):
            start = perf_counter()
            next(ticks)
            times_s.append(perf_counter() - start)
        if progress:
            progress(len(times_s), steps)
    return summarise(f"loop, {eyes.name} eyes", times_s, per_drive_step=True)


def benchmark_window(
    eyes: Eyes,
    *,
    size_px: tuple[int, int] = BASE_SIZE_PX,
    pictures: int = 300,
    seed: int = 0,
    progress: Progress | None = None,
) -> Benchmark:
    """Turn the window's own loop as fast as it goes: events, a step of the drive at every other turn, a picture.

    It draws into memory, on no screen. While a drive's end is shown there is nothing to draw, and nothing is timed.

    Args:
        eyes: What the driver sees with.
        size_px: The window's size.
        pictures: How many.
        seed: Of the worlds, which follow each other as in a window.
        progress: Told how many are done.
    """
    window = _window(eyes, size_px, seed)
    times_s: list[float] = []
    turns, cpu_s = 0, 0.0
    try:
        while len(times_s) < pictures:
            start, cpu_start = perf_counter(), process_time()
            drawn = turn(window, turns / PICTURES_HZ)
            if drawn and turns >= WARM_UP:
                times_s.append(perf_counter() - start)
                cpu_s += process_time() - cpu_start
            turns += 1
            if progress:
                progress(len(times_s), pictures)
    finally:
        close_display()
    # Time of the processor too: on a machine that others use, it tells more than the clock.
    detail = (
        f"{size_px[0]} x {size_px[1]}, {1000 * cpu_s / pictures:.1f} ms of CPU a picture, its share of a step in it"
    )
    done = summarise(f"window, {eyes.name} eyes", times_s, detail=detail)
    return replace(done, realtime=done.per_second / PICTURES_HZ)


def benchmark_window_clock(
    eyes: Eyes,
    *,
    size_px: tuple[int, int] = BASE_SIZE_PX,
    lasts_s: float = 10.0,
    cores: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> Benchmark:
    """Let the window run by the clock, as a person has it, and count its pictures.

    It draws into memory, on no screen. Where a drive ends, the next one begins at once.

    Args:
        eyes: What the driver sees with.
        size_px: The window's size.
        lasts_s: For how long.
        cores: How many cores the process has, for the words.
        seed: Of the worlds.
        progress: Told how many seconds have passed.
    """
    window = _window(eyes, size_px, seed)
    drawn_s: list[float] = []
    steps = 0
    try:
        for number in range(WARM_UP):
            turn(window, perf_counter() + number / PICTURES_HZ)
        window.playback.rest()
        start_s, cpu_start_s = perf_counter(), process_time()
        while (now_s := perf_counter()) - start_s < lasts_s:
            before = window.session.steps
            if turn(window, now_s):
                drawn_s.append(perf_counter())
            else:
                sleep(POLL_S)
            steps += window.session.steps - before
            if window.playback.ended:
                window.playback.restart(window.session.seed + 1)
            if progress:
                progress(round(now_s - start_s), round(lasts_s))
        passed_s, cpu_s = perf_counter() - start_s, process_time() - cpu_start_s
    finally:
        close_display()
    gaps_s = np.diff([start_s, *drawn_s])
    detail = f"{size_px[0]} x {size_px[1]}, {cores} core{'s' * (cores > 1)}: {cpu_s / passed_s:.0%} of one is used"
    done = summarise(f"window by the clock, {eyes.name} eyes", gaps_s.tolist(), detail=detail)
    return replace(done, per_second=len(drawn_s) / passed_s, realtime=steps * STEP_S / passed_s)


def _window(eyes: Eyes, size_px: tuple[int, int], seed: int) -> DriveWindow:
    """Return a window in memory, with one world after another to drive in."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    setup = DriveSetup(
        lambda number: generate_world(derive_seed(seed, Stream.SCENARIO, number), WorldSpec()),
        eyes,
        lambda world: DriverConfig(cruise_mps=world.scene.speed_limit_mps),
    )
    wheel = ManualWheel()
    session = Session(setup, 0, override=wheel, want_truth=True, keep_steps=REWIND_STEPS)
    return DriveWindow(open_display(size_px), session, wheel)


def benchmark_generate(
    recipe: Path, *, frames: int = 1000, workers: int = 1, progress: Progress | None = None
) -> Benchmark:
    """Make a data set in a temporary folder, files and all."""
    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        generate_dataset(load_recipe(recipe), Path(folder) / "set", count=frames, workers=workers, progress=progress)
        passed_s = perf_counter() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    detail = f"{workers} worker{'s' * (workers > 1)}, {size / frames / 1000:.0f} kB a frame on disk"
    return Benchmark("generated frames", frames, frames / passed_s, None, None, None, peak_memory_mb(), detail)
