"""Frames drawn while somebody watches, from a recipe and a seed: the same that a data set would hold."""

from __future__ import annotations

from sim.percept import ObjectKind
from sim.recording import Recipe
from sim.recording.frames import sample_world
from sim.render import Painter
from sim.truth import MIN_VISIBLE_FRACTION, GroundTruth
from sim.viewer.teach.content import Sight, Thing

FARTHEST_SHOWN_M = 60.0
"""Nothing farther away is asked of the network on these pages: there a sign is under ten pixels wide."""


def truths_of(truth: GroundTruth) -> tuple[Thing, ...]:
    """Return what is true of a frame; a stop sign is asked for if it is for the car, near, and half of it visible."""
    return tuple(
        Thing(
            each.kind,
            each.box,
            1.0,
            each.distance_m,
            each.distance_m <= FARTHEST_SHOWN_M
            and each.visible_fraction >= MIN_VISIBLE_FRACTION
            and (each.kind is not ObjectKind.STOP_SIGN or each.applies_to_ego),
        )
        for each in truth.objects
    )


class LiveFrames:
    """Draws one frame after another.

    Args:
        recipe: What frames are like, and their seed.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._painter = Painter(self._recipe.camera)

    def draw(self, index: int) -> Sight:
        """Return the frame of an index; the same each time."""
        world, _ = sample_world(self._recipe, index)
        frame, truth = self._painter.look(world)
        if frame is None or truth is None:
            raise ValueError("Expected the painter to return frame and truth. Received: None.")
        return Sight(f"frame {index:,}", frame.rgb, truths_of(truth))
