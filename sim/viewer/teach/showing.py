"""The tour on a screen, or page by page as pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import pygame

from sim.files import write_atomically
from sim.viewer.display import open_display, when_screen_is_lost
from sim.viewer.layout import BASE_SIZE_PX
from sim.viewer.teach.board import Board
from sim.viewer.teach.content import News
from sim.viewer.teach.keeping import keep
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Page
from sim.viewer.teach.pages_answer import ShirtPage, StickersPage
from sim.viewer.teach.pages_data import CountsPage, FramesPage
from sim.viewer.teach.pages_deep import FavouritesPage, LayersPage
from sim.viewer.teach.pages_model import ConvolutionPage, NetworkPage
from sim.viewer.teach.pages_predict import DrivePage, TestPage
from sim.viewer.teach.pages_start import EndPage, WelcomePage
from sim.viewer.teach.pages_train import TrainPage
from sim.viewer.teach.pages_volume import VolumePage
from sim.viewer.teach.tour import Tour

_POLL_S = 0.01
_SHORTEST_S = 1 / 30
_KEPT_EVERY_S = 20.0

WITHOUT_SCREEN = "Without a screen, use `rollingstop teach --headless --out FOLDER`: each page as a picture."

Poll = Callable[[], Iterable[News]]
"""Returns what has been told since it was called last; never waits."""


def all_pages() -> list[Page]:
    """Return the pages of the tour, in order."""
    return [
        WelcomePage(),
        NetworkPage(),
        ConvolutionPage(),
        FramesPage(),
        CountsPage(),
        TrainPage(),
        TestPage(),
        DrivePage(),
        LayersPage(),
        FavouritesPage(),
        VolumePage(),
        StickersPage(),
        ShirtPage(),
        EndPage(),
    ]


def show_tour(
    notes: Notebook, poll: Poll, *, place: int = 0, kept: Path | None = None, size_px: tuple[int, int] = BASE_SIZE_PX
) -> int:
    """Show the tour in a window until it is closed.

    Args:
        notes: What was told before; what is told meanwhile is added.
        poll: Returns what has been told since.
        place: The page to open first.
        kept: Where what was told, and the page, are kept, now and then and at the end; nowhere if not given.
        size_px: The window's size at first.

    Returns:
        The page at which it was closed.

    Raises:
        DisplayError: If there is no screen.
        StorageError: If what was told cannot be kept.
    """
    screen = open_display(size_px, WITHOUT_SCREEN)
    tour = Tour(all_pages(), notes, place)

    def save() -> None:
        if kept is not None:
            keep(kept, notes.pieces(), tour.place)

    try:
        pygame.display.set_caption("Rolling Stop: how a network learns")
        when_screen_is_lost(save)
        board = Board(screen.get_size())
        stale, drawn_s, kept_s, news = True, 0.0, time.monotonic(), 0
        full = False
        while tour.running:
            for piece in poll():
                notes.take(piece)
                news += 1
                stale = True
            for event in pygame.event.get():
                stale = tour.handle(event, board) or stale
            if tour.full_screen is not full:
                full = tour.full_screen
                screen = _resized(full, size_px)
            if screen.get_size() != board.size_px:
                board, stale = Board(screen.get_size()), True
            now_s = time.monotonic()
            stale = tour.advance(now_s) or stale
            if stale and now_s - drawn_s >= _SHORTEST_S:
                tour.draw(board)
                screen.blit(board.surface, (0, 0))
                pygame.display.flip()
                stale, drawn_s = False, now_s
            else:
                time.sleep(_POLL_S)
            if news and now_s - kept_s > _KEPT_EVERY_S:
                save()
                kept_s, news = now_s, 0
        save()
        return tour.place
    finally:
        pygame.display.quit()


def _resized(full: bool, size_px: tuple[int, int]) -> pygame.Surface:
    if full:
        return pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
    return pygame.display.set_mode(size_px, pygame.RESIZABLE)


def save_pages(notes: Notebook, out: Path, size_px: tuple[int, int] = BASE_SIZE_PX) -> list[Path]:
    """Save every page as a picture; needs no display.

    Args:
        notes: What has been told.
        out: The folder; made if missing.
        size_px: Of the pictures.

    Returns:
        The pictures, in order: "01-start.png", ...

    Raises:
        StorageError: If they cannot be written.
    """
    board = Board(size_px)
    tour = Tour(all_pages(), notes)
    paths: list[Path] = []
    for place, page in enumerate(tour.pages):
        tour.go(place)
        page.prepare(notes)
        tour.draw(board)
        path = out / f"{place + 1:02d}-{page.chapter.lower()}.png"
        encoded = cv2.imencode(".png", cv2.cvtColor(board.rgb(), cv2.COLOR_RGB2BGR))[1]
        write_atomically(path, encoded.tobytes())
        paths.append(path)
    return paths
