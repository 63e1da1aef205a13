"""What a drive did and believed over its way, kept for a plot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from sim.loop import Tick
from sim.percept import ObjectKind

WIDTH, HEIGHT = 640.0, 150.0
"""Of the plot, in units of its own; a page scales it."""

SPARE_MPS = 1.0
"""Left free above the fastest point."""


@dataclass(frozen=True, slots=True)
class Point:
    """One step.

    Attributes:
        s_m: Front bumper along the road.
        speed_mps: The car's speed.
        belief: Score of the stop sign believed in most, 0 with none.
        phase: What the driver was doing.
    """

    s_m: float
    speed_mps: float
    belief: float
    phase: str


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch driven in one phase, in the plot's units."""

    x: float
    width: float
    phase: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A drive as lines over its way, ready to be drawn: `points` attributes of SVG polylines.

    Attributes:
        speed: The car's speed.
        belief: Score of the stop sign believed in most.
        bands: What the driver was doing.
        stops: Where the ego must stop.
        top_mps: Speed at the top edge.
        from_m: Way at the left edge.
        to_m: Way at the right edge.
    """

    speed: str
    belief: str
    bands: tuple[Band, ...]
    stops: tuple[float, ...]
    top_mps: float
    from_m: float
    to_m: float


class Trace:
    """Takes note of each tick of one drive."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._stops_s_m: tuple[float, ...] = ()

    def add(self, tick: Tick) -> None:
        """Take note of the next tick."""
        world = tick.world
        if not self.points:
            lines = world.scene.network.stop_lines
            self._stops_s_m = tuple(line.s_m for line in lines if line.stop_controlled)
        scores = [seen.score for seen in tick.percept.detections if seen.kind is ObjectKind.STOP_SIGN]
        phase = tick.memory.phase.value
        self.points.append(Point(world.bumper_s_m, world.ego.speed_mps, max(scores, default=0.0), phase))

    def plot(self) -> Plot:
        """Return the drive as lines.

        Raises:
            ValueError: If nothing was driven.
        """
        if not self.points:
            raise ValueError("Expected a drive of one step at least. Received: none.")
        from_m, to_m = self.points[0].s_m, max(point.s_m for point in self.points)
        top_mps = max(point.speed_mps for point in self.points) + SPARE_MPS
        scale = WIDTH / max(to_m - from_m, 1.0)

        def x_of(s_m: float) -> float:
            return scale * (s_m - from_m)

        def line(values: list[float]) -> str:
            pairs = zip(self.points, values, strict=True)
            return " ".join(f"{x_of(point.s_m):.1f},{HEIGHT * (1.0 - value):.1f}" for point, value in pairs)

        bands: list[Band] = []
        for phase, group in groupby(self.points, key=lambda point: point.phase):
            members = list(group)
            begin = x_of(members[0].s_m)
            bands.append(Band(begin, max(x_of(members[-1].s_m) - begin, 1.0), phase))
        return Plot(
            line([point.speed_mps / top_mps for point in self.points]),
            line([point.belief for point in self.points]),
            tuple(bands),
            tuple(x_of(s_m) for s_m in self._stops_s_m if from_m <= s_m <= to_m),
            top_mps,
            from_m,
            to_m,
        )
