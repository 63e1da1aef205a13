"""From light to numbers: exposure, uneven light across the picture, vignette and noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera import Camera
from sim.light import Light, TimeOfDay
from sim.render.exposure import expose
from sim.seeding import Stream, stream

_FIELDS = 8
_NOISES = (1.5, 3.0, 5.5)
"""Standard deviations of the noise banks, in grey levels."""

_SLACK_PX = 64
"""How much larger than the frame a noise bank is: each frame cuts its noise from another place."""


class Sensor:
    """The noise and light of one camera; keeps banks from which each frame takes its own part."""

    def __init__(self, camera: Camera) -> None:
        self._size = (camera.width_px, camera.height_px)
        rng = stream(0, Stream.SENSOR)
        self._fields = [self._field(rng) for _ in range(_FIELDS)]
        shape = (camera.height_px + _SLACK_PX, camera.width_px + _SLACK_PX, 3)
        self._noises = [np.round(rng.normal(0.0, sigma, shape)).astype(np.int8) for sigma in _NOISES]

    def _field(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return a smooth field of light, 255 where nothing is lost, with a vignette."""
        width, height = self._size
        coarse = rng.uniform(0.80, 1.0, (4, 7)).astype(np.float32)
        field = np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
        u = (np.arange(width) + 0.5) / width - 0.5
        v = (np.arange(height) + 0.5) / height - 0.5
        field *= 1 - float(rng.uniform(0.0, 0.5)) * (u[None, :] ** 2 + v[:, None] ** 2)
        return np.repeat((255 * field).astype(np.uint8)[..., None], 3, axis=2)

    def expose(self, rgb: NDArray[np.uint8], light: Light, seed: int, step: int) -> NDArray[np.uint8]:
        """Return the picture as the sensor gives it.

        Args:
            rgb: The finished drawing, shape (height_px, width_px, 3).
            light: Its exposure scales the picture; at dusk there is more noise.
            seed: The scene's seed, which picks the field of light and the noise.
            step: The moment: each has noise of its own.
        """
        rng = stream(seed, Stream.SENSOR, step)
        field = self._fields[seed % _FIELDS]
        level = min(seed // _FIELDS % 2 + (1 if light.time_of_day is TimeOfDay.DUSK else 0), len(_NOISES) - 1)
        y, x = (int(value) for value in rng.integers(0, _SLACK_PX, 2))
        return expose(rgb, field, 1.08 * light.exposure / 255, self._noises[level], y, x)
