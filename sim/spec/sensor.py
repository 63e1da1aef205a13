"""What a camera's sensor and lens may do to its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sim.config import STRICT
from sim.spec.spans import Count, Span, check_spec

MOST_PITCH_PER_MPS2 = 0.0055
"""With it, the hardest braking stays within the pitch that the renderer can draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSpec:
    """The distributions of a modelled sensor. By default no world has one: noise and vignette are plain.

    The camera's pitch is apart from the rest: any sensor's camera may pitch, and by default none does.

    Attributes:
        modelled_share: Share of worlds whose camera has the sensor that the rest of these describe.
        metering: How far the exposure makes good what a scene is darker or brighter than usual.
        hunting: How far the exposure swings about its mean.
        white_balance: Size of the error, to the warm side or the cold: red more and blue less, or the reverse.
        read_noise: Standard deviation in the dark, in grey levels.
        shot_noise: Variance in grey levels for each grey level of signal.
        exposure_s: How long the shutter is open by day; at dusk and at night twice as long.
        defocus_share: Share of cameras out of focus.
        defocus_px: Standard deviation of that blur.
        vignette: How much of the light is lost in the corners.
        compressed_share: Share of cameras that compress their pictures.
        jpeg_quality: Of that compression.
        drops_share: Share of cameras with water drops on the lens; in rain, three in four have them if any has.
        drops: How many.
        dirt_share: Share of cameras with a dirty lens.
        dirt: How dark the dirt is.
        pitch_share: Share of worlds whose camera pitches with the body of the braking car.
        pitch_per_mps2: By how many radians, nose down, for each m/s2 of steady braking.

    Raises:
        ValueError: If a span or share is out of range.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    modelled_share: float = 0.0
    metering: Span = (0.2, 0.7)
    hunting: Span = (0.0, 0.08)
    white_balance: Span = (0.0, 0.08)
    read_noise: Span = (0.4, 1.8)
    shot_noise: Span = (0.02, 0.10)
    exposure_s: Span = (0.002, 0.012)
    defocus_share: float = 0.2
    defocus_px: Span = (0.4, 1.0)
    vignette: Span = (0.0, 0.4)
    compressed_share: float = 0.15
    jpeg_quality: Count = (40, 85)
    drops_share: float = 0.05
    drops: Count = (2, 14)
    dirt_share: float = 0.15
    dirt: Span = (0.1, 0.5)
    pitch_share: float = 0.0
    pitch_per_mps2: Span = (0.0035, 0.0055)

    def __post_init__(self) -> None:
        check_spec(self)
        for name in ("metering", "hunting", "white_balance", "vignette", "dirt"):
            if getattr(self, name)[1] > 1.0:
                raise ValueError(f"Expected {name} to be within 0 to 1. Received: {list(getattr(self, name))}.")
        if self.pitch_per_mps2[1] > MOST_PITCH_PER_MPS2:
            raise ValueError(
                f"Expected pitch_per_mps2 to be within 0 to {MOST_PITCH_PER_MPS2}. "
                f"Received: {list(self.pitch_per_mps2)}."
            )
        if not 1 <= self.jpeg_quality[0] <= self.jpeg_quality[1] <= 100:
            raise ValueError(f"Expected jpeg_quality to be within 1 to 100. Received: {list(self.jpeg_quality)}.")
