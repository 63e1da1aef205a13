"""The camera's picture and its labels, drawn with Pygame from the same polygons."""

from sim.render.painter import Painter

__all__ = ["Painter"]
