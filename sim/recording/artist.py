"""What draws the frames of a recipe, imported only when there is something to draw: reading needs no renderer."""

from __future__ import annotations

from collections.abc import Callable

from sim.recording.recipe import Recipe
from sim.recording.schema import Example


def new_artist(recipe: Recipe) -> Callable[[int], Example]:
    """Return a function from an index to its example; it keeps one painter, and so its caches, from frame to frame."""
    import cv2

    from sim.recording.frames import draw_example
    from sim.render import Painter

    # Each process draws one frame at a time: more threads in OpenCV would only take each other's core.
    cv2.setNumThreads(1)
    painter = Painter(recipe.camera)

    def draw(index: int) -> Example:
        return draw_example(recipe, index, painter)

    return draw
