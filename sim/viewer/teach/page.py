"""What a page is."""

from __future__ import annotations

from sim.viewer.teach.board import Board
from sim.viewer.teach.lesson import Notebook

Keys = tuple[tuple[str, str], ...]


class Page:
    """One page of the tour. Positions are those of a board of 1280 x 720 units, whatever the window's size.

    Attributes:
        chapter: Which step it belongs to.
        title: Its heading.
        keys: What its own keys do, for the line at the foot and the list.
    """

    chapter = ""
    title = ""
    keys: Keys = ()

    def draw(self, board: Board, notes: Notebook) -> None:
        """Draw it onto the board, between header and foot."""

    def press(self, key: int, notes: Notebook) -> bool:
        """Do what a key asks for; return whether it meant anything here."""
        return False

    def click(self, x: float, y: float, notes: Notebook) -> bool:
        """Do what a press of the mouse, or its move while held, asks for; return whether it meant anything here."""
        return False

    def advance(self, now_s: float, notes: Notebook) -> bool:
        """Go on with what moves by itself; return whether the page looks different."""
        return False

    def prepare(self, notes: Notebook) -> None:
        """Bring what moves by itself to where it tells most: for a picture of the page."""
