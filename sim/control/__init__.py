"""The driver: from what is believed of the road, and the car's own motion, to acceleration and steering."""

from sim.control.driver import DriverConfig, DriverMemory, Phase, decide
from sim.control.track import Track

__all__ = ["DriverConfig", "DriverMemory", "Phase", "Track", "decide"]
