"""`rollingstop teach`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.common import CORES, Quiet, progress_bar, say
from sim.errors import RollingStopError

if TYPE_CHECKING:
    from sim.viewer.teach.lesson import Notebook


def teach(
    out: Annotated[Path, typer.Option("--out", "-o", help="Frames, weights, and where the tour stands.")] = Path(
        "runs/teach"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn and trained.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Less of everything: some five minutes on two cores.")] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="Without a window: all of it at once, each page as a picture.")
    ] = False,
    size: Annotated[str, typer.Option("--size", help="Of the window or the pictures, in pixels.")] = "1280x720",
    again: Annotated[bool, typer.Option("--again", help="From the first page, not from where it was left.")] = False,
    quiet: Quiet = False,
) -> None:
    """Take the guided tour: build a network, train it here, see what it learns. F1 in the window lists the keys."""
    from perception.teach.plan import make_plan
    from sim.viewer.display import require_screen
    from sim.viewer.teach.keeping import KEPT_NAME, taken_up
    from sim.viewer.teach.lesson import Notebook, key_of
    from sim.viewer.teach.showing import WITHOUT_SCREEN, save_pages, show_tour

    size_px = _size_px(size)
    if not headless:
        require_screen(WITHOUT_SCREEN)
    plan = make_plan(seed=seed, quick=quick)
    kept = out / KEPT_NAME
    told, place = taken_up(kept)
    if plan not in told:
        told, place = [], 0
    notes = Notebook(plan)
    for news in told:
        notes.take(news)
    known = frozenset(map(key_of, told))
    if headless:
        _teach_here(notes, out, known, quiet)
        for path in save_pages(notes, out / "pages", size_px):
            say(str(path), quiet)
        return
    from perception.teach.process import TeachingProcess

    process = TeachingProcess(plan, out, known)
    notes.connect(process.ask)
    try:
        place = show_tour(notes, process.poll, place=0 if again else place, kept=kept, size_px=size_px)
    finally:
        process.close()
    say(f"Left at page {place + 1}. The same command goes on from there.", quiet)


def _teach_here(notes: Notebook, out: Path, known: frozenset[str], quiet: bool) -> None:
    """Do the tour's work in this process, without waiting for anybody."""
    from perception.teach.teacher import Teacher
    from sim.viewer.teach.content import News, Wish, Work
    from sim.viewer.teach.keeping import KEPT_NAME, keep

    with progress_bar("Teaching", quiet) as progress:

        def tell(news: News) -> None:
            notes.take(news)
            if isinstance(news, Work):
                progress(news.done, news.total)

        Teacher(notes.plan, out, tell, lambda _wait_s: {Wish.TRAIN}, known, CORES).teach()
    if notes.fault:
        raise RollingStopError(notes.fault)
    keep(out / KEPT_NAME, notes.pieces(), 0)


def _size_px(words: str) -> tuple[int, int]:
    width, _, height = words.partition("x")
    numbers = all(side.isdecimal() and len(side) <= 5 for side in (width, height))
    if numbers and int(width) >= 640 and int(height) >= 360:
        return int(width), int(height)
    raise typer.BadParameter(f"Expected a size such as 1280x720, of at least 640x360. Received: {words!r}.")
