"""Which page is shown, and what keys and the mouse do; time and events are given to it."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from sim.viewer.palette import (
    GREEN,
    INK,
    MUTED,
    NEAR_BLACK,
    ORANGE,
    PANEL_EDGE,
    SKY_BLUE,
    TRACK,
    VERMILION,
)
from sim.viewer.teach.board import HEIGHT, WIDTH, Board
from sim.viewer.teach.lesson import Notebook
from sim.viewer.teach.page import Keys, Page
from sim.viewer.text import Align, Weight

NEXT_KEYS = frozenset({pygame.K_RIGHT, pygame.K_PAGEDOWN, pygame.K_n})
BACK_KEYS = frozenset({pygame.K_LEFT, pygame.K_PAGEUP, pygame.K_b, pygame.K_BACKSPACE})
KEYS_KEYS = frozenset({pygame.K_F1, pygame.K_h})
QUIT_KEYS = frozenset({pygame.K_q, pygame.K_ESCAPE})

COMMON_KEYS: Keys = (
    ("→  N  PAGE DOWN", "the next page"),
    ("←  B  PAGE UP", "the page before"),
    ("HOME  END", "the first page, the last"),
    ("1 … 9", "the first page of that chapter"),
    ("F11  or  F", "the whole screen, or a window"),
    ("F1  or  H", "show or hide this list"),
    ("Q  or  ESC", "leave; the same command goes on from here"),
)

_MARGIN = 40.0
_FOOT_Y = 672.0
_BUTTON = (104.0, 34.0)
_LINE_Y = 16.0


class Tour:
    """The pages in their order, and which one is open.

    Args:
        pages: In order; those of a chapter stand together.
        notes: What has been told.
        place: The page to open first.

    Attributes:
        running: Whether the tour shall go on.
        place: The page that is open, from 0.
        show_keys: Whether the list of keys is shown.
        full_screen: Whether the whole screen is wished for.
    """

    def __init__(self, pages: Sequence[Page], notes: Notebook, place: int = 0) -> None:
        self.running = True
        self.place = min(max(place, 0), len(pages) - 1)
        self.show_keys = False
        self.full_screen = False
        self._pages = tuple(pages)
        self._notes = notes
        self._chapters = tuple(dict.fromkeys(page.chapter for page in pages))

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self._pages[self.place]

    @property
    def pages(self) -> tuple[Page, ...]:
        """All of them."""
        return self._pages

    def go(self, place: int) -> None:
        """Open a page, the first or the last if there is no such."""
        self.place = min(max(place, 0), len(self._pages) - 1)

    def handle(self, event: pygame.event.Event, board: Board) -> bool:
        """Do what an event asks for; return whether the tour looks different."""
        if event.type == pygame.QUIT:
            self.running = False
        elif event.type == pygame.KEYDOWN:
            return self._press(event.key)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            return self._click(*board.units(event.pos), first=True)
        elif event.type == pygame.MOUSEMOTION and event.buttons[0]:
            return self._click(*board.units(event.pos), first=False)
        elif event.type == pygame.MOUSEWHEEL and event.y:
            return self.page.press(pygame.K_UP if event.y > 0 else pygame.K_DOWN, self._notes)
        elif event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWRESTORED, pygame.WINDOWSHOWN):
            return True
        return False

    def _press(self, key: int) -> bool:
        if key in QUIT_KEYS:
            # Whoever wants to leave a list of keys does not want to leave the tour.
            if self.show_keys:
                self.show_keys = False
                return True
            self.running = False
        elif key in KEYS_KEYS:
            self.show_keys = not self.show_keys
        elif key in (pygame.K_F11, pygame.K_f):
            self.full_screen = not self.full_screen
        elif key in NEXT_KEYS:
            self.go(self.place + 1)
        elif key in BACK_KEYS:
            self.go(self.place - 1)
        elif key == pygame.K_HOME:
            self.go(0)
        elif key == pygame.K_END:
            self.go(len(self._pages) - 1)
        elif pygame.K_1 <= key <= pygame.K_9 and key - pygame.K_1 < len(self._chapters):
            self._open_chapter(key - pygame.K_1)
        else:
            return self.page.press(key, self._notes)
        return True

    def _open_chapter(self, number: int) -> None:
        wanted = self._chapters[number]
        self.go(next(place for place, page in enumerate(self._pages) if page.chapter == wanted))

    def _click(self, x: float, y: float, *, first: bool) -> bool:
        if first and self.show_keys:
            self.show_keys = False
            return True
        if first and _FOOT_Y <= y <= _FOOT_Y + _BUTTON[1]:
            if WIDTH - _MARGIN - _BUTTON[0] <= x <= WIDTH - _MARGIN:
                self.go(self.place + 1)
                return True
            if _MARGIN <= x <= _MARGIN + _BUTTON[0]:
                self.go(self.place - 1)
                return True
        if first and y < _LINE_Y + 26:
            for number, (left, width) in enumerate(self._segments()):
                if left <= x <= left + width:
                    self._open_chapter(number)
                    return True
        return self.page.click(x, y, self._notes)

    def advance(self, now_s: float) -> bool:
        """Go on with what moves by itself; return whether the page looks different."""
        return self.page.advance(now_s, self._notes)

    def draw(self, board: Board) -> None:
        """Draw the open page with its header and its foot."""
        board.clear()
        self._draw_line(board)
        page = self.page
        board.text(page.title, _MARGIN, 50, 26, INK, Weight.BOLD)
        page.draw(board, self._notes)
        self._draw_foot(board)
        if self.show_keys:
            self._draw_keys(board)

    def _segments(self) -> list[tuple[float, float]]:
        """Return left side and width of each chapter in the line at the top."""
        gap = 8.0
        width = (WIDTH - 2 * _MARGIN - gap * (len(self._chapters) - 1)) / len(self._chapters)
        return [(_MARGIN + number * (width + gap), width) for number in range(len(self._chapters))]

    def _draw_line(self, board: Board) -> None:
        """Draw how far the tour is: a bar for each chapter, a part of it for each page."""
        for number, (chapter, (left, width)) in enumerate(zip(self._chapters, self._segments(), strict=True)):
            own = [place for place, page in enumerate(self._pages) if page.chapter == chapter]
            here = self.place in own
            each = width / len(own)
            for part, place in enumerate(own):
                colour = SKY_BLUE if place == self.place else GREEN if place < self.place else TRACK
                board.box(left + part * each, _LINE_Y, each - 2, 5, colour)
            words = f"{number + 1}  {chapter}"
            board.text(words, left, _LINE_Y + 9, 12, INK if here else MUTED, Weight.BOLD if here else Weight.REGULAR)

    def _draw_foot(self, board: Board) -> None:
        width, height = _BUTTON
        board.grid_line(_MARGIN, _FOOT_Y - 8, WIDTH - _MARGIN, _FOOT_Y - 8, PANEL_EDGE)
        board.button("← Back", _MARGIN, _FOOT_Y, width, height, on=self.place > 0)
        right = WIDTH - _MARGIN - width
        board.button("Next →", right, _FOOT_Y, width, height, on=self.place + 1 < len(self._pages))
        x = _MARGIN + width + 20
        hints = "   ".join(f"[{key}] {words}" for key, words in (*self.page.keys, ("F1", "keys")))
        work, fault = self._notes.work, self._notes.fault
        number = f"{self.place + 1} of {len(self._pages)}"
        board.text(number, right - 16, _FOOT_Y + 9, 13, MUTED, align=Align.RIGHT)
        room = right - 90 - x
        board.text(hints, x, _FOOT_Y + 1, 13, MUTED, width=room)
        if fault:
            board.text(fault, x, _FOOT_Y + 19, 12, VERMILION, Weight.BOLD, width=room)
        elif work is not None:
            words = work.words + (f"  {work.done:,} of {work.total:,}" if work.total else " …")
            board.dot(x + 5, _FOOT_Y + 27, 4, ORANGE)
            board.text(words, x + 16, _FOOT_Y + 19, 12, ORANGE, width=room - 16)

    def _draw_keys(self, board: Board) -> None:
        rows = (*self.page.keys, *COMMON_KEYS)
        width, row = 620.0, 27.0
        height = 64 + row * len(rows)
        x, y = (WIDTH - width) / 2, (HEIGHT - height) / 2
        shade = pygame.Surface(board.size_px, pygame.SRCALPHA, 32)
        shade.fill((*NEAR_BLACK, 170))
        board.surface.blit(shade, (0, 0))
        board.panel(x, y, width, height)
        board.text("Keys", x + 24, y + 16, 18, INK, Weight.BOLD)
        for number, (key, words) in enumerate(rows):
            top = y + 52 + number * row
            own = number < len(self.page.keys)
            board.text(key, x + 24, top, 14, SKY_BLUE if own else INK, Weight.BOLD)
            board.text(words, x + 230, top, 14, INK if own else MUTED)
