"""Roads in plan: centre lines, lanes, junctions, markings and the places at which to stop.

Along a road `s_m`, left of it `d_m`. Traffic keeps to the right.
"""

from __future__ import annotations

from sim.road.network import Junction, RoadNetwork, StopLine, StopMark
from sim.road.path import SAMPLE_M, Path, build_path
from sim.road.section import (
    Bar,
    CentreLine,
    Crosswalk,
    CrosswalkStyle,
    Driveway,
    Edge,
    Road,
    Symbol,
    SymbolKind,
    WornStretch,
)

__all__ = [
    "SAMPLE_M",
    "Bar",
    "CentreLine",
    "Crosswalk",
    "CrosswalkStyle",
    "Driveway",
    "Edge",
    "Junction",
    "Path",
    "Road",
    "RoadNetwork",
    "StopLine",
    "StopMark",
    "Symbol",
    "SymbolKind",
    "WornStretch",
    "build_path",
]
