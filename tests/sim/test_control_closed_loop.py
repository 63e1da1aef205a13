"""The driver in the closed loop, with eyes made of numbers: noise, misses, flickers, a field of view, no pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import cos, inf, sin

import numpy as np
import pytest

from sim.actors import Behaviour
from sim.camera import Camera
from sim.control import DriverConfig, DriverMemory, Phase, decide
from sim.generate import generate_world
from sim.percept import Box, Detection, LaneEstimate, ObjectKind, Percept, StopLineEstimate
from sim.seeding import Stream, stream
from sim.signs import SignKind
from sim.spec import WorldSpec
from sim.vehicle import STEP_S, Control, wrap_angle
from sim.world import World, advance

CAMERA = Camera()
LINE_SEEN_M = (7.2, 30.0)


@dataclass(frozen=True, slots=True)
class Noise:
    """How bad the eyes are. Relative distances are one standard deviation; the rest are shares or rates."""

    sign_distance: float = 0.07
    line_distance: float = 0.03
    vehicle_distance: float = 0.06
    bias: float = 0.5  # share of a distance's error that stays the same all drive
    box_px: float = 1.0
    miss: float = 0.03
    burst: float = 0.004  # chance a frame that a blind spell of up to 0.6 s begins
    flickers_per_s: float = 0.4
    lane_offset_m: float = 0.08
    lane_heading_rad: float = 0.01
    lane_curvature: float = 0.002
    lane_missing: float = 0.03
    score: float = 0.12


NEAR_PERFECT = Noise(0.01, 0.01, 0.01, 0.0, 0.3, 0.0, 0.0, 0.0, 0.01, 0.002, 0.0003, 0.0, 0.0)
STATED = Noise()


def _memory() -> dict[str, float]:
    return {}


@dataclass(slots=True)
class Sensor:
    """Turns a world into a noisy percept; errors are alike from one frame to the next, as a network's are."""

    rng: np.random.Generator
    noise: Noise
    sign_range_m: float = 75.0
    wandering: dict[str, float] = field(default_factory=_memory)
    blind_until: dict[int, int] = field(default_factory=dict)
    flicker: tuple[float, float, int, float] | None = None

    def wander(self, name: str, rho: float = 0.75) -> float:
        """Return an error of unit variance: part of it constant, the rest a first-order autoregression."""
        constant = self.wandering.setdefault(name + "/bias", float(self.rng.normal()))
        last = self.wandering.get(name, 0.0)
        now = rho * last + (1 - rho * rho) ** 0.5 * float(self.rng.normal())
        self.wandering[name] = now
        bias = self.noise.bias
        return bias * constant + (1 - bias * bias) ** 0.5 * now

    def see(self, world: World) -> Percept:
        x, y = world.ego.ahead(world.geometry.camera_forward_m)
        heading = world.ego.heading_rad
        detections = [
            *self._signs(world, x, y, heading),
            *self._vehicles(world, x, y, heading),
            *self._flickers(),
        ]
        detections.sort(key=lambda d: -d.score)
        return Percept(
            world.step, tuple(detections), self._lane(world, x, y, heading), self._line(world, x, y, heading)
        )

    def _missed(self, number: int, world: World, chance: float) -> bool:
        if world.step < self.blind_until.get(number, -1):
            return True
        if self.rng.random() < self.noise.burst:
            self.blind_until[number] = world.step + int(self.rng.integers(4, 13))
        return bool(self.rng.random() < chance)

    def _score(self) -> float:
        return float(np.clip(1.0 - abs(self.rng.normal(0.0, self.noise.score)), 0.3, 1.0))

    def _signs(self, world: World, x: float, y: float, heading: float) -> Iterator[Detection]:
        for sign in world.scene.signs:
            if sign.kind is not SignKind.STOP or sign.cosine_to(x, y) < 0.5:
                continue
            depth, left = _in_frame(sign.x_m - x, sign.y_m - y, heading)
            if not 3.0 < depth < self.sign_range_m:
                continue
            box = _project(depth, left, sign.width_m, sign.bottom_m, sign.bottom_m + sign.height_m)
            if _visible_share(box) < 0.5:
                continue
            far = max(0.0, (depth - 45.0) / 45.0) if self.noise.miss else 0.0
            if not self._missed(sign.sign_id, world, self.noise.miss + far):
                error = self.noise.sign_distance * self.wander(f"sign{sign.sign_id}")
                yield self._detection(ObjectKind.STOP_SIGN, box, depth * (1 + error), self.noise.sign_distance)

    def _vehicles(self, world: World, x: float, y: float, heading: float) -> Iterator[Detection]:
        for actor in world.actors:
            depth, left = _in_frame(actor.x_m - x, actor.y_m - y, heading)
            length, width, height = actor.size_m
            if not 1.5 < depth - 0.5 * length < 70.0:
                continue
            corners: list[Box] = []
            for along in (-0.5 * length, 0.5 * length):
                for aside in (-0.5 * width, 0.5 * width):
                    turn = actor.heading_rad - heading
                    cx = depth + along * cos(turn) - aside * sin(turn)
                    cy = left + along * sin(turn) + aside * cos(turn)
                    if cx > 1.0:
                        corners.append(_project(cx, cy, 0.0, 0.0, height))
            if not corners:
                continue
            box = (
                min(c[0] for c in corners),
                min(c[1] for c in corners),
                max(c[2] for c in corners),
                max(c[3] for c in corners),
            )
            if _visible_share(box) >= 0.5 and not self._missed(actor.actor_id, world, self.noise.miss):
                error = self.noise.vehicle_distance * self.wander(f"car{actor.actor_id}")
                yield self._detection(ObjectKind.VEHICLE, box, depth * (1 + error), self.noise.vehicle_distance)

    def _detection(self, kind: ObjectKind, box: Box, distance_m: float, spread: float) -> Detection:
        u0, v0, u1, v1 = (edge + self.noise.box_px * float(self.rng.normal()) for edge in box)
        inside = (max(u0, 0.0), max(v0, 0.0), min(u1, CAMERA.width_px), min(v1, CAMERA.height_px))
        return Detection(kind, inside, self._score(), distance_m, spread * distance_m)

    def _flickers(self) -> Iterator[Detection]:
        """Yield false stop signs that last 1 to 4 frames."""
        if self.flicker is None and self.rng.random() < self.noise.flickers_per_s * STEP_S:
            depth = float(self.rng.uniform(12.0, 50.0))
            left = float(self.rng.uniform(-6.0, -2.0))
            self.flicker = (depth, left, int(self.rng.integers(1, 5)), float(self.rng.uniform(0.4, 0.98)))
        if self.flicker is not None:
            depth, left, frames, score = self.flicker
            self.flicker = (depth - 0.5, left, frames - 1, score) if frames > 1 else None
            box = _project(depth, left, 0.76, 2.1, 2.86)
            yield Detection(ObjectKind.STOP_SIGN, box, score, depth, 0.07 * depth)

    def _lane(self, world: World, x: float, y: float, heading: float) -> LaneEstimate | None:
        if self._missed(-1, world, self.noise.lane_missing):
            return None
        road = world.scene.network.ego_road
        s, d = road.path.project(x, y, world.ego_s_m)
        return LaneEstimate(
            d - road.lane_centre_d_m + self.noise.lane_offset_m * self.wander("offset", 0.5),
            wrap_angle(heading - road.path.heading(s)) + self.noise.lane_heading_rad * self.wander("heading", 0.5),
            road.path.mean_curvature(s, 20.0) + self.noise.lane_curvature * self.wander("curvature", 0.5),
            0.95,
        )

    def _line(self, world: World, x: float, y: float, heading: float) -> StopLineEstimate | None:
        network = world.scene.network
        for number, line in enumerate(network.stop_lines):
            lx, ly = network.lane_position(line.s_m)
            depth, left = _in_frame(lx - x, ly - y, heading)
            if depth < LINE_SEEN_M[0]:
                continue
            hidden = any(
                a.behaviour is Behaviour.WITH_EGO and world.ego_s_m < a.s_m < line.s_m + 3.0 for a in world.actors
            )
            if depth > LINE_SEEN_M[1] or abs(left) > 0.4 * depth or hidden:
                return None
            if self._missed(-10 - number, world, 2 * self.noise.miss):
                return None
            # Nearer the camera the ground is seen at a steeper angle.
            spread = self.noise.line_distance * (1.0 if depth < 20.0 else depth / 20.0)
            measured = depth * (1 + spread * self.wander(f"line{number}"))
            return StopLineEstimate(measured, spread * depth, self._score())
        return None


def _in_frame(dx: float, dy: float, heading: float) -> tuple[float, float]:
    return dx * cos(heading) + dy * sin(heading), -dx * sin(heading) + dy * cos(heading)


def _project(depth: float, left: float, width: float, bottom: float, top: float) -> Box:
    scale = CAMERA.focal_px / depth
    u, v = CAMERA.centre_u_px, CAMERA.centre_v_px
    return (
        u - scale * (left + 0.5 * width),
        v - scale * (top - CAMERA.height_m),
        u - scale * (left - 0.5 * width),
        v - scale * (bottom - CAMERA.height_m),
    )


def _visible_share(box: Box) -> float:
    u0, v0, u1, v1 = box
    wide = min(u1, CAMERA.width_px) - max(u0, 0.0)
    high = min(v1, CAMERA.height_px) - max(v0, 0.0)
    return max(wide, 0.0) * max(high, 0.0) / max((u1 - u0) * (v1 - v0), 1e-9)


@dataclass(slots=True)
class Drive:
    """What happened."""

    stops_m: dict[int, float] = field(default_factory=dict)  # controlled line: bumper to line where it stood 2 s
    crossed: set[int] = field(default_factory=set)  # lines passed, controlled or not
    phantom: str = ""
    min_lead_gap_m: float = inf
    standing_lead_gap_m: float = inf
    offsets_m: list[float] = field(default_factory=list)
    hardest_mps2: float = 0.0
    lateral_mps2: float = 0.0
    hunting: int = 0  # changes from gas to brake while cruising
    holds: int = 0
    finished_s: float = inf
    log: list[tuple[World, Percept, DriverMemory, Control]] = field(default_factory=list)


def drive(
    world: World, sensor: Sensor, *, steps: int = 1400, keep_log: bool = False, config: DriverConfig | None = None
) -> Drive:
    """Drive to the route's end and note what happened."""
    config = config or DriverConfig(cruise_mps=world.scene.speed_limit_mps)
    memory, result = DriverMemory(), Drive()
    standing_s, standing_gap, standing_line = 0.0, 0.0, -1
    braking_s, last_sign, before = 0.0, 0, memory.phase
    for _ in range(steps):
        percept = sensor.see(world)
        memory, control = decide(memory, percept, world.ego.own_motion, STEP_S, config)
        if keep_log:
            result.log.append((world, percept, memory, control))
        bumper = world.bumper_s_m
        result.holds += memory.phase is Phase.HOLDING and before is not Phase.HOLDING
        before = memory.phase
        lead = min(
            (
                a.s_m - 0.5 * a.size_m[0] - bumper
                for a in world.actors
                if a.behaviour is Behaviour.WITH_EGO and a.s_m > world.ego_s_m
            ),
            default=inf,
        )
        result.min_lead_gap_m = min(result.min_lead_gap_m, lead)
        controlled = [(i, ln.s_m - bumper) for i, ln in enumerate(world.scene.network.stop_lines) if ln.stop_controlled]
        ahead = min((gap for _, gap in controlled if gap > -3.0), default=inf)
        speed = world.ego.speed_mps
        if speed < 0.05:
            if lead < 15.0:
                result.standing_lead_gap_m = min(result.standing_lead_gap_m, lead)
            standing_s += STEP_S
            near = min(controlled, key=lambda c: abs(c[1]), default=(-1, inf))
            standing_line, standing_gap = near
            if abs(standing_gap) < 5.0 and standing_s >= 2.0 - 1e-9:
                result.stops_m[standing_line] = standing_gap
        else:
            standing_s = 0.0
        braking_s = braking_s + STEP_S if world.ego.accel_mps2 < -1.0 else 0.0
        if ahead > 45.0 and lead > 40.0:
            if braking_s >= 0.5:
                result.phantom = f"braked at step {world.step}: {memory.reason}"
            if speed < 0.5 and world.step > 40:
                result.phantom = f"stood at step {world.step}: {memory.reason}"
            sign = (control.accel_mps2 > 0.15) - (control.accel_mps2 < -0.15)
            result.hunting += sign != 0 and last_sign != 0 and sign != last_sign
            last_sign = sign or last_sign
        result.crossed |= {i for i, gap in controlled if gap < -0.5}
        result.offsets_m.append(world.lane_offset_m)
        result.hardest_mps2 = max(result.hardest_mps2, -world.ego.accel_mps2)
        turn = speed * speed * np.tan(abs(world.ego.steer_rad)) / world.geometry.wheelbase_m
        result.lateral_mps2 = max(result.lateral_mps2, float(turn))
        if world.finished:
            result.finished_s = world.time_s
            break
        world = advance(world, control)
    return result


QUIET = WorldSpec(distractors=(0, 0), oncoming=(0, 2), parked=(0, 2), buildings=(0, 0), trees=(0, 0), all_way_share=0.5)


def _rng(seed: int) -> np.random.Generator:
    return stream(seed, Stream.SENSOR)


def straight(seed: int) -> World:
    return generate_world(seed, replace(QUIET, curvature_per_m=(0.0, 0.0)))


def curved(seed: int) -> World:
    return generate_world(seed, replace(QUIET, curvature_per_m=(0.006, 0.012)))


def two_signs(seed: int) -> World:
    return generate_world(seed, replace(QUIET, junctions=(2, 2)))


def no_sign(seed: int) -> World:
    return generate_world(seed, replace(QUIET, junctions=(1, 2), controlled_share=0.0, oncoming=(1, 3), parked=(2, 6)))


def bare_line(seed: int) -> World:
    """A stop line with no sign."""
    world = generate_world(seed, replace(QUIET, all_way_share=0.0))
    network = world.scene.network
    lines = tuple(replace(line, stop_controlled=False) for line in network.stop_lines)
    signs = tuple(sign for sign in world.scene.signs if sign.kind is not SignKind.STOP)
    return replace(world, scene=replace(world.scene, network=replace(network, stop_lines=lines), signs=signs))


def sign_without_line(seed: int) -> World:
    return generate_world(seed, replace(QUIET, curvature_per_m=(0.0, 0.004)))


def lead_car(seed: int) -> World:
    return generate_world(seed, replace(QUIET, lead_share=1.0))


def sign_across_the_road(seed: int) -> World:
    """A stop sign that faces the ego from the left side of the road, and none at the right."""
    world = bare_line(seed)
    path = world.scene.network.ego_road.path
    donor = next(s for s in generate_world(seed, QUIET).scene.signs if s.kind is SignKind.STOP)
    s_m = world.scene.network.stop_lines[0].s_m
    x, y = path.position(s_m, world.scene.network.ego_road.half_width_m + 1.5)
    sign = replace(donor, x_m=x, y_m=y, facing_rad=path.heading(s_m) + np.pi, applies_to_ego=False, stop_line=None)
    return replace(world, scene=replace(world.scene, signs=(*world.scene.signs, sign)))


@dataclass(frozen=True, slots=True)
class Situation:
    make: Callable[[int], World]
    stops: bool = True
    sign_range_m: float = 75.0
    line_seen: bool = True


SITUATIONS = {
    "straight": Situation(straight),
    "curved": Situation(curved),
    "hidden until 25 m": Situation(straight, sign_range_m=25.0),
    "two signs": Situation(two_signs),
    "lead car": Situation(lead_car),
    "no line seen": Situation(sign_without_line, line_seen=False),
    "no sign": Situation(no_sign, stops=False),
    "bare line": Situation(bare_line, stops=False),
    "sign across the road": Situation(sign_across_the_road, stops=False),
}


class _NoLine(Sensor):
    def _line(self, world: World, x: float, y: float, heading: float) -> None:
        return None


def run(name: str, seed: int, noise: Noise, *, keep_log: bool = False) -> Drive:
    situation = SITUATIONS[name]
    kind = Sensor if situation.line_seen else _NoLine
    return drive(situation.make(seed), kind(_rng(seed), noise, situation.sign_range_m), keep_log=keep_log)


def faults(name: str, result: Drive, world: World) -> list[str]:
    """Return what went wrong, in words."""
    found: list[str] = []
    situation = SITUATIONS[name]
    for index in range(len(world.scene.network.stop_lines)) if situation.stops else ():
        gap = result.stops_m.get(index)
        low, high = (0.0, 1.5) if situation.line_seen else (-2.5, 5.0)
        if gap is None:
            found.append(f"no stop at line {index}")
        elif not low <= gap <= high:
            found.append(f"stood {gap:.2f} m before line {index}")
    expected = len(world.scene.network.stop_lines) if situation.stops else 0
    if result.holds > expected:
        found.append(f"held {result.holds} times")
    if result.phantom:
        found.append(f"phantom: {result.phantom}")
    if result.min_lead_gap_m < 1.0 or result.standing_lead_gap_m < 2.0:
        found.append(f"lead gap {result.min_lead_gap_m:.2f} m, standing {result.standing_lead_gap_m:.2f} m")
    if max(map(abs, result.offsets_m)) > 0.5:
        found.append(f"left the lane by {max(map(abs, result.offsets_m)):.2f} m")
    if result.finished_s == inf:
        found.append("never finished")
    return found


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("noise", [NEAR_PERFECT, STATED], ids=["near-perfect", "noisy"])
def test_driver_does_right_in(name: str, noise: Noise):
    wrong = {}
    for seed in range(900, 906):
        world = SITUATIONS[name].make(seed)
        found = faults(name, run(name, seed, noise), world)
        if found:
            wrong[seed] = found
    assert not wrong
