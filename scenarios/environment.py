"""The drive as a Gymnasium environment, `rollingstop/StopSign-v0`: the loop's own pieces, driven by a learner.

Importing this module registers it:

    import gymnasium
    import scenarios.environment

    env = gymnasium.make("rollingstop/StopSign-v0", world="town")
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import cv2
import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from scenarios.judge import Judge
from scenarios.moment import moment_of
from scenarios.outcomes import Verdict
from scenarios.rewards import Paymaster, RewardParts
from scenarios.scenario import Scenario, find_scenario, load_catalogue, start_world
from sim.camera import Camera
from sim.render import Painter
from sim.spec import WorldSpec
from sim.vehicle import CONTROL_HZ, Control, VehicleLimits
from sim.world import World, advance

if TYPE_CHECKING:
    from sim.viewer.picture_window import PictureWindow

ENVIRONMENT_ID = "rollingstop/StopSign-v0"

Image = NDArray[np.uint8]
Observation = Image | dict[str, NDArray[Any]]
Info = dict[str, Any]

_RUN_SEEDS = 2**31


class StopSignEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """Drive by what the camera sees; stop where a stop sign says so.

    A step is 1/20 s. The action is two numbers from -1 to 1: full brake to full throttle, and full lock to the right to
    full lock to the left. An episode is terminated by a contact, by leaving the road or by reaching its end, and
    truncated when the scenario's time is up.

    `info` holds what a learner must not be shown but a person wants to know: `reward_parts`, whose sum is the reward,
    speed, lane offset and heading, the gap to the next stop line with a sign, the `run_seed` with which
    `rollingstop drive` shows the same world, and at the end the judge's `verdict`.

    Args:
        world: What is driven: a scenario's name in the catalogue, a scenario of one's own, or a distribution of worlds
            alone, which is judged by the standard expectations.
        size: Height and width of the image; the camera's own is the largest.
        with_speed: Whether the observation is a dictionary of `image` and `speed_mps`, not the image alone.
        render_mode: "human" for a window, "rgb_array" for the camera's picture, or None.

    Raises:
        ScenarioError: If no scenario has that name.
        ValueError: If the size or the render mode is none.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - as Gymnasium declares it
        "render_modes": ["human", "rgb_array"],
        "render_fps": CONTROL_HZ,
    }

    def __init__(
        self,
        world: str | Scenario | WorldSpec = "straight",
        *,
        size: tuple[int, int] = (288, 672),
        with_speed: bool = False,
        render_mode: str | None = None,
    ) -> None:
        camera = Camera()
        if not (1 <= size[0] <= camera.height_px and 1 <= size[1] <= camera.width_px):
            raise ValueError(
                f"Expected size to be a height and a width of at most {camera.height_px} and {camera.width_px}. "
                f"Received: {size}."
            )
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(
                f"Expected render_mode to be None or one of {', '.join(self.metadata['render_modes'])}. "
                f"Received: '{render_mode}'."
            )
        self.render_mode = render_mode
        self._scenario = _scenario_of(world)
        self._size = size
        self._with_speed = with_speed
        self._painter = Painter(camera)
        self._window: PictureWindow | None = None
        self._world: World | None = None
        image = spaces.Box(0, 255, (*size, 3), np.uint8)
        speed = spaces.Box(0.0, VehicleLimits().max_speed_mps, (1,), np.float32)
        space = spaces.Dict({"image": image, "speed_mps": speed}) if with_speed else image
        self.observation_space = cast("spaces.Space[Observation]", space)
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, Info]:
        """Begin the next run.

        Args:
            seed: Of the random generator that picks the runs, as Gymnasium has it.
            options: `{"run_seed": n}` for that run of the scenario, instead of one picked at random.
        """
        super().reset(seed=seed)
        asked = (options or {}).get("run_seed")
        self._run_seed = int(self.np_random.integers(_RUN_SEEDS)) if asked is None else int(asked)
        self._world = start_world(self._scenario, self._run_seed)
        self._judge = Judge(self._scenario, self._world)
        self._judge.see(self._world)
        self._paymaster = Paymaster(self._scenario.expect, self._world)
        self._look(self._world)
        return self._observation(self._world), self._info(self._world)

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, Info]:
        """Drive for 1/20 s.

        Raises:
            ValueError: If the action is no pair of finite numbers, or nothing was reset yet.
        """
        if self._world is None:
            raise ValueError("Expected `reset` before the first `step`.")
        world = advance(self._world, _control(action, self._world))
        self._world = world
        self._judge.see(world)
        parts = self._paymaster.pay(world)
        self._look(world)
        info = self._info(world, parts)
        verdict = self._judge.verdict(self._run_seed, "agent") if self._judge.over else None
        terminated = _left_road(world) or (verdict is not None and _ended(verdict))
        truncated = verdict is not None and not terminated
        if terminated or truncated:
            info["verdict"] = (verdict or self._judge.verdict(self._run_seed, "agent")).reason
        return self._observation(world), parts.total, terminated, truncated, info

    def render(self) -> Image | None:
        """Return the camera's picture in full size, or, in a window, show it."""
        if self._world is None or self.render_mode is None:
            return None
        if self.render_mode == "rgb_array":
            return self._picture.copy()
        self._show()
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def _look(self, world: World) -> None:
        frame, _ = self._painter.look(world, truth=False)
        if frame is None:
            raise ValueError("Expected the painter to return the frame asked for. Received: None.")
        self._picture: Image = frame.rgb
        if self.render_mode == "human":
            self._show()

    def _show(self) -> None:
        from sim.viewer.picture_window import PictureWindow

        if self._window is None:
            self._window = PictureWindow()
        self._window.show(self._picture)

    def _observation(self, world: World) -> Observation:
        height, width = self._size
        image = self._picture.copy()
        if image.shape[:2] != self._size:
            image = np.asarray(cv2.resize(self._picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        if not self._with_speed:
            return image
        return {"image": image, "speed_mps": np.array([world.ego.speed_mps], np.float32)}

    def _info(self, world: World, parts: RewardParts | None = None) -> Info:
        moment = moment_of(world)
        gaps_m = [line.s_m - moment.bumper_s_m for line in world.scene.network.stop_lines if line.stop_controlled]
        return {
            "run_seed": self._run_seed,
            "speed_mps": world.ego.speed_mps,
            "speed_limit_mps": world.scene.speed_limit_mps,
            "lane_offset_m": moment.offset_m,
            "lane_heading_rad": world.lane_heading_rad,
            "stop_gap_m": min((gap for gap in gaps_m if gap >= 0.0), default=float("inf")),
            "reward_parts": asdict(parts or RewardParts(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        }


def _scenario_of(world: str | Scenario | WorldSpec) -> Scenario:
    if isinstance(world, Scenario):
        return world
    if isinstance(world, WorldSpec):
        return Scenario(name="gymnasium", title="Worlds of one's own", description="As asked for.", world=world)
    return find_scenario(world, load_catalogue())


def _control(action: NDArray[np.float32], world: World) -> Control:
    """Return the pedals and the wheel that an action stands for; beyond -1 and 1 it counts as these."""
    values = np.asarray(action, np.float64)
    if values.shape != (2,) or not np.isfinite(values).all():
        raise ValueError(f"Expected an action of two finite numbers from -1 to 1. Received: {action}.")
    pedals, wheel = (min(max(float(value), -1.0), 1.0) for value in values)
    limits = world.limits
    return Control(
        pedals * (limits.max_accel_mps2 if pedals > 0 else limits.max_brake_mps2), wheel * limits.max_steer_rad
    )


def _left_road(world: World) -> bool:
    """Return whether the car's rear axle is beside the carriageway."""
    return abs(world.ego_d_m) > world.scene.network.ego_road.half_width_m


def _ended(verdict: Verdict) -> bool:
    """Return whether a drive that is over came to an end of its own, not to the end of its time."""
    return verdict.metrics.route_s is not None or verdict.metrics.min_distance_m == 0.0


gymnasium.register(ENVIRONMENT_ID, entry_point="scenarios.environment:StopSignEnv")
