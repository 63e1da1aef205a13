"""The forward camera: a level pinhole, and the frame that it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import atan, degrees
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.config import STRICT

MOST_PX = 4096
"""Rows or columns of a frame: sizes are read from files, and one that is wrong shall not fill the memory."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera, mounted level, in the middle of the car; OpenCV axes (x right, y down, z forward).

    It is the camera as its makers know it: how the body pitches under braking is not in it.

    A 0.76 m sign is `0.76 * focal_px / distance_m` pixels wide. At 720 px that is 10 px at 55 m, past the 47 m in which
    a car stops from 25 mph (AASHTO stopping sight distance). 288 rows see the ground from 7 m and a roadside sign
    until 8 m.

    Attributes:
        width_px: Columns of the frame; a multiple of 16, the network's coarsest stride.
        height_px: Rows of the frame; a multiple of 16.
        focal_px: Focal length.
        height_m: Height above the road.

    Raises:
        ValueError: If a size is not a positive multiple of 16 or above `MOST_PX`, or a length is not positive.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    width_px: int = 672
    height_px: int = 288
    focal_px: float = 720.0
    height_m: float = 1.4

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px"):
            value = getattr(self, name)
            if value <= 0 or value % 16 or value > MOST_PX:
                raise ValueError(
                    f"Expected camera {name} to be a positive multiple of 16, at most {MOST_PX}. Received: {value}."
                )
        for name in ("focal_px", "height_m"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Expected camera {name} to be positive. Received: {getattr(self, name)}.")

    @property
    def centre_u_px(self) -> float:
        """Column of the optical axis; pixel centres lie at half integers."""
        return self.width_px / 2

    @property
    def centre_v_px(self) -> float:
        """Row of the optical axis, which is the horizon while the car's body is level."""
        return self.height_px / 2

    @property
    def field_of_view_deg(self) -> tuple[float, float]:
        """Horizontal and vertical angle of view in degrees."""
        return (
            2 * degrees(atan(self.centre_u_px / self.focal_px)),
            2 * degrees(atan(self.centre_v_px / self.focal_px)),
        )

    def project(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project points in front of the camera to pixels.

        Args:
            points_m: Shape (..., 3), camera axes: x right, y down, z forward, z > 0, in metres.

        Returns:
            Shape (..., 2): u and v in pixels.
        """
        scale = self.focal_px / points_m[..., 2:3]
        return points_m[..., :2] * scale + np.array([self.centre_u_px, self.centre_v_px])

    def unproject(self, pixels: NDArray[np.float64], depth_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the camera-frame points (..., 3) seen at `pixels` (..., 2) at the given depths (...)."""
        offsets = pixels - np.array([self.centre_u_px, self.centre_v_px])
        depth = np.asarray(depth_m, dtype=np.float64)[..., None]
        return np.concatenate([offsets * depth / self.focal_px, depth], axis=-1)

    def ground_distance_m(self, v_px: float) -> float:
        """Return the depth at which the flat road is seen at row `v_px`; infinity at and above the horizon."""
        below_px = v_px - self.centre_v_px
        return self.focal_px * self.height_m / below_px if below_px > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """One picture.

    Attributes:
        step: When it was taken, in 20 Hz steps.
        rgb: uint8, shape (height_px, width_px, 3), read-only.
        camera: What took it.

    Raises:
        ValueError: If `rgb` has another shape or type than the camera's.
    """

    step: int
    rgb: NDArray[np.uint8] = field(repr=False)
    camera: Camera

    def __post_init__(self) -> None:
        expected = (self.camera.height_px, self.camera.width_px, 3)
        if self.rgb.shape != expected or self.rgb.dtype != np.uint8:
            raise ValueError(f"Expected rgb of shape {expected}, uint8. Received: {self.rgb.shape}, {self.rgb.dtype}.")
        self.rgb.flags.writeable = False
