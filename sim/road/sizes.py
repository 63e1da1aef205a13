"""How wide, high and far apart the parts of a road are. Signs have theirs in `sim/signs.py`; a test holds each rule.

Lengths of the MUTCD (Manual on Uniform Traffic Control Devices) are in feet and inches there.
"""

from __future__ import annotations

LANE_WIDTH_M = (2.7, 3.7)
"""9 to 12 ft (AASHTO, A Policy on Geometric Design of Highways and Streets)."""

PARKING_LANE_M = (2.1, 2.6)
"""7 to 8.5 ft."""

STALL_M = 6.1
"""One car's place along a parking lane: 20 ft (MUTCD figure 3B-21)."""

KERB_HEIGHT_M = (0.10, 0.15)
"""4 to 6 in: what a driver sees as a step and a wheel does not climb unasked."""

KERB_STONE_M = 0.15
PAVEMENT_M = (1.5, 3.0)
"""Kerb stone, 6 in, and the pavement behind it, at least 5 ft."""

CORNER_RADIUS_M = (2.0, 6.0)
"""Of the kerb at a junction's corner: streets, 10 to 20 ft, and tighter ones in old towns."""

DRIVEWAY_WIDTH_M = (3.0, 5.5)
DRIVEWAY_LENGTH_M = 7.0
"""Along the road, 10 to 18 ft, and from the road's edge to where it is lost among lawns."""

LINE_M = 0.12
"""Lines along the road: 4 to 6 in (MUTCD 3A.06)."""

DASH_M, DASH_GAP_M = 3.0, 9.0
"""Broken line: 10 ft long, 30 ft apart (MUTCD 3A.06)."""

CROSSWALK_DEPTH_M = 2.7
"""Along the road; at least 6 ft (MUTCD 3B.18)."""

CROSSWALK_LINE_M = 0.3
"""Each of a crosswalk's two lines across the road: 6 to 24 in (MUTCD 3B.18)."""

CROSSWALK_BAR_M, CROSSWALK_BAR_GAP_M = 0.4, 0.6
"""Bars along the direction of travel: 12 to 24 in wide, 12 to 60 in apart (MUTCD 3B.18)."""

LEGEND_HEIGHT_M = 2.4
"""Letters on the road, along it: 8 ft (MUTCD 3B.20), drawn out since they are seen at a low angle."""

LEGEND_WIDTH_M = 1.9
"""The word STOP across the lane."""

LEGEND_TO_STOP_M = (1.5, 4.0)
"""From the far end of the word to the place at which to stop."""

ARROW_LENGTH_M, ARROW_WIDTH_M = 2.9, 1.2
"""Lane-use arrow (MUTCD figure 3B-24): 9.5 ft long."""

ARROW_TO_STOP_M = (12.0, 22.0)

SIGN_TO_CROSSWALK_M = (1.2, 1.8)
"""Where no line is painted: stop sign to the crosswalk, at least 4 ft (MUTCD figure 2A-3) and as near as practical."""

SIGN_TO_CROSSING_ROAD_M = (1.8, 2.4)
"""Where neither is painted: stop sign to the crossing road's edge, at least 6 ft (MUTCD figure 2A-3), as near as
practical, never over 50 ft."""
