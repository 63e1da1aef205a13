"""Contact sheets: many small pictures with captions, under headings, in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.viewer.palette import INK, MUTED, WINDOW
from sim.viewer.shapes import pixels_bgrx, surface
from sim.viewer.text import Typesetter, Weight

_MARGIN, _GAP, _CAPTION, _HEADING, _TITLE = 16, 10, 20, 34, 40


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One place on the sheet.

    Attributes:
        pictures: One above the other: uint8, all of the same shape (height, width, 3) throughout a sheet.
        caption: A few words below them; cut where they are too long.
    """

    pictures: tuple[NDArray[np.uint8], ...] = field(repr=False)
    caption: str


def compose_sheet(title: str, groups: Sequence[tuple[str, Sequence[Cell]]], columns: int) -> NDArray[np.uint8]:
    """Return the sheet: uint8, shape (height, width, 3).

    Args:
        title: Above all.
        groups: A heading, or "" for none, and the cells below it.
        columns: Cells side by side.

    Raises:
        ValueError: If there is no cell.
    """
    cells = [cell for _, members in groups for cell in members]
    if not cells:
        raise ValueError("Expected at least one cell. Received: none.")
    high, wide = cells[0].pictures[0].shape[:2]
    columns = min(columns, max(len(members) for _, members in groups))
    cell_high = len(cells[0].pictures) * (high + 2) + _CAPTION
    rows = [-(-len(members) // columns) for _, members in groups]
    headings = sum(1 for heading, _ in groups if heading)
    size_px = (
        2 * _MARGIN + columns * wide + (columns - 1) * _GAP,
        2 * _MARGIN + _TITLE + headings * _HEADING + sum(rows) * (cell_high + _GAP) - _GAP,
    )
    sheet = surface(size_px)
    sheet.fill(WINDOW)
    type_ = Typesetter(1.0)
    type_.draw(sheet, type_.fitted(title, 20, size_px[0] - 2 * _MARGIN), (_MARGIN, _MARGIN - 4), 20, INK, Weight.BOLD)
    y = _MARGIN + _TITLE
    for (heading, members), lines in zip(groups, rows, strict=True):
        if heading:
            type_.draw(sheet, heading, (_MARGIN, y + 4), 16, INK, Weight.BOLD)
            y += _HEADING
        for number, cell in enumerate(members):
            left = _MARGIN + number % columns * (wide + _GAP)
            top = y + number // columns * (cell_high + _GAP)
            for place, picture in enumerate(cell.pictures):
                first = top + place * (high + 2)
                pixels_bgrx(sheet)[first : first + high, left : left + wide] = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
            below = top + len(cell.pictures) * (high + 2)
            type_.draw(sheet, type_.fitted(cell.caption, 12, wide), (left, below + 1), 12, MUTED)
        y += lines * (cell_high + _GAP)
    return np.asarray(cv2.cvtColor(pixels_bgrx(sheet), cv2.COLOR_BGRA2RGB), np.uint8)
