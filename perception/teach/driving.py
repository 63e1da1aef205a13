"""A short drive on a road that nobody has seen, and what happened at its stop line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan

import cv2

from perception.teach.answers import things_of
from sim.camera import Camera, CameraFrame
from sim.control import DriverConfig
from sim.generate import generate_world
from sim.loop import NetworkEyes, Tick, drive
from sim.percept import Percept
from sim.seeding import Stream, derive_seed
from sim.spec import WorldSpec
from sim.vehicle import CONTROL_HZ, STEP_S
from sim.viewer.teach.content import Drive, Moment, Network
from sim.world import STANDSTILL_MPS

ROAD = WorldSpec(
    junctions=(1, 1),
    approach_m=(55.0, 65.0),
    after_m=(20.0, 20.0),
    curvature_per_m=(0.0, 0.003),
    marking_wear=(0.0, 0.3),
    dusk_share=0.0,
    visibility_m=(600.0, 3000.0),
    distractors=(2, 5),
    oncoming=(0, 1),
    parked=(0, 1),
)
"""As gentle as the frames that the tour learns from."""

MOST_S = 30.0
SHOWN_EVERY = 2
"""Of the loop's steps, every second is sent to the page: ten a second."""

AT_LINE_M = 6.0
"""Who stands this near before the line has stopped for it."""

OFF_LANE_M = 1.4
"""Whose middle is this far from the lane's has left it: half of a narrow lane."""

_JPEG_QUALITY = 88


@dataclass(slots=True)
class _Record:
    """What happened so far, as measured in the world."""

    stood_at_m: float = nan
    stood_s: float = 0.0
    crossed_mps: float = nan
    off_lane_m: float = 0.0
    early_m: float = nan

    def see(self, tick: Tick, line_s_m: float) -> None:
        world = tick.world
        gap_m, speed_mps = line_s_m - world.bumper_s_m, world.ego.speed_mps
        self.off_lane_m = max(self.off_lane_m, abs(world.lane_offset_m))
        if speed_mps <= STANDSTILL_MPS and gap_m > AT_LINE_M and self.early_m != self.early_m:
            self.early_m = gap_m
        if speed_mps <= STANDSTILL_MPS and -1.0 <= gap_m <= AT_LINE_M:
            self.stood_at_m = gap_m
            self.stood_s += STEP_S
        if gap_m < 0 and self.crossed_mps != self.crossed_mps:
            self.crossed_mps = speed_mps

    def words(self) -> str:
        """Return what happened."""
        parts: list[str] = []
        if self.stood_s > 0:
            side = "before" if self.stood_at_m >= 0 else "beyond"
            parts.append(f"stopped {abs(self.stood_at_m):.1f} m {side} the line and stood for {self.stood_s:.1f} s")
            if self.crossed_mps == self.crossed_mps and self.stood_at_m >= 0:
                parts.append("then went on")
        elif self.crossed_mps == self.crossed_mps:
            parts.append(f"drove over the line at {3.6 * self.crossed_mps:.0f} km/h without stopping")
        else:
            parts.append("did not reach the line")
        if self.early_m == self.early_m:
            parts.append(f"stood still {self.early_m:.0f} m too early")
        if self.off_lane_m > OFF_LANE_M:
            parts.append(f"left its lane, by up to {self.off_lane_m:.1f} m")
        return ", ".join(parts)[:1].upper() + ", ".join(parts)[1:] + "."


def drive_once(
    network: Network,
    perceive: Callable[[CameraFrame], Percept],
    camera: Camera,
    seed: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Drive:
    """Drive up to a stop sign and, if all goes well, on.

    Args:
        network: Whose eyes they are.
        perceive: What turns a frame into a percept.
        camera: What takes the frames.
        seed: Of the road; the world is drawn from a stream from which no frame is.
        progress: Told the steps driven, and the most that there can be.
    """
    world_seed = derive_seed(seed, Stream.SCENARIO)
    world = generate_world(world_seed, ROAD)
    line = world.next_stop_line
    line_s_m = line.s_m if line is not None else inf
    record = _Record()
    moments: list[Moment] = []
    driver = DriverConfig(cruise_mps=world.scene.speed_limit_mps)
    most = round(MOST_S * CONTROL_HZ)
    for number, tick in enumerate(drive(world, NetworkEyes(perceive), driver, camera=camera)):
        record.see(tick, line_s_m)
        if number % SHOWN_EVERY == 0:
            moments.append(_moment(tick, line_s_m))
            progress(number, most)
        if number >= most or tick.world.finished or record.off_lane_m > 4.0:
            break
    return Drive(network, seed, CONTROL_HZ // SHOWN_EVERY, tuple(moments), record.words())


def _moment(tick: Tick, line_s_m: float) -> Moment:
    frame, gap_m = tick.capture.frame, line_s_m - tick.world.bumper_s_m
    if frame is None:
        raise ValueError("Expected a frame in each tick. Received: None.")
    bgr = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR)
    jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    return Moment(
        jpeg=jpeg.ravel(),
        things=things_of(tick.percept),
        speed_mps=tick.world.ego.speed_mps,
        gap_m=gap_m if 0 <= gap_m < inf else nan,
        phase=tick.memory.phase.value,
        reason=tick.memory.reason,
    )
