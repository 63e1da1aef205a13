"""What of a frame's labels the formats of others can hold: a class and a box, and, where they have room, the rest."""

from __future__ import annotations

from dataclasses import dataclass

from sim.percept import Box, ObjectKind
from sim.truth import CROWD, GroundTruth, ObjectTruth

STOP_LINE = "stop_line"

CLASSES = (*(kind.value for kind in ObjectKind), STOP_LINE)
"""The classes of what is written, in their order; formats that count from 1 add one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A class and a box.

    Attributes:
        name: One of `CLASSES`.
        box: In pixels.
        thing: What else is known; None for a stop line.
        crowd: Whether things of the class are to be passed over in the box.
    """

    name: str
    box: Box
    thing: ObjectTruth | None = None
    crowd: bool = False

    @property
    def number(self) -> int:
        """Its class, from 0."""
        return CLASSES.index(self.name)


def marks_of(truth: GroundTruth, size_px: tuple[int, int], min_visible: float = 0.0) -> list[Mark]:
    """Return what is marked in a frame.

    Args:
        truth: Its labels.
        size_px: Its width and height: a crowd that fills it says only that nobody has looked, and is left out.
        min_visible: Things of which a smaller share is visible are left out.
    """
    marks = [
        Mark(thing.kind.value, thing.box, thing)
        for thing in truth.objects
        if thing.variant != CROWD and thing.visible_fraction >= min_visible
    ]
    marks += [
        Mark(thing.kind.value, thing.box, thing, crowd=True)
        for thing in truth.objects
        if thing.variant == CROWD and thing.box != (0.0, 0.0, *size_px)
    ]
    line = truth.stop_line
    if line is not None and line.box is not None:
        marks.append(Mark(STOP_LINE, line.box))
    return marks
