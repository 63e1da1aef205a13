"""What the network looks for and what it says of each: the numbering and the grid that all other modules share."""

from __future__ import annotations

from enum import IntEnum

from sim.percept import ObjectKind

STRIDE = 8
"""Pixels from one cell of a heat map to the next."""

COARSEST_STRIDE = 16
"""Frames must be a multiple of it in both directions."""


class Channel(IntEnum):
    """The heat maps, in order. The stop line is found like an object: as the centre of its visible box."""

    STOP_SIGN = 0
    DISTRACTOR = 1
    VEHICLE = 2
    STOP_LINE = 3
    PEDESTRIAN = 4


SIGN_CHANNELS = 2
"""The first two channels are signs: they are judged by their looks alone, wherever in the frame they stand."""

CHANNELS = len(Channel)

KIND_OF_CHANNEL = {
    Channel.STOP_SIGN: ObjectKind.STOP_SIGN,
    Channel.DISTRACTOR: ObjectKind.DISTRACTOR,
    Channel.VEHICLE: ObjectKind.VEHICLE,
    Channel.PEDESTRIAN: ObjectKind.PEDESTRIAN,
}
CHANNEL_OF_KIND = {kind: channel for channel, kind in KIND_OF_CHANNEL.items()}


class BoxField(IntEnum):
    """What the network says of an object at each cell of a heat map.

    Offsets run from the cell's middle to the box's centre, in cells. Sizes are natural logarithms of cells, distances
    of metres; the last field is the logarithm of the spread of `LOG_DISTANCE`.
    """

    OFFSET_U = 0
    OFFSET_V = 1
    LOG_WIDTH = 2
    LOG_HEIGHT = 3
    LOG_DISTANCE = 4
    LOG_SPREAD = 5


BOX_FIELDS = len(BoxField)

LANE_SCALES = (0.5, 0.05, 0.005)
"""What one unit of the lane head means: offset in metres, heading in radians, curvature in 1/m."""
