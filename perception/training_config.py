"""How a training runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from perception.augment import AugmentConfig
from perception.losses import LossWeights
from perception.network import MOST_UNITS, NetworkConfig
from sim.config import STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a training runs; together with the data set it fixes the weights.

    Attributes:
        seed: Of initial weights, order, augmentation and dropout.
        closeup_steps: Steps on close-ups of signs, before the first epoch.
        closeup_batch: Close-ups in a step.
        epochs: Passes over the training examples; none if only the lane head or the second look is to learn.
        batch: Examples in a step.
        lane_epochs: Passes in which the lane head alone learns, after the others.
        lane_base_share: Share, in the end, of the head's weights from which these passes began, as `fovea_base_share`.
        fovea_steps: Steps of the second look's lessons, after the last epoch; without any the network looks once.
        fovea_batch: Cuttings in such a step.
        fovea_base_share: Share, in the end, of the weights from which the second look's lessons began, if they began
            from any: what was learned last is tempered by what was known (Wortsman et al. 2022, Robust fine-tuning of
            zero-shot models). What is kept may be that of other weights (`temper_by` of `train`).
        shuffle_buffer: Examples, still encoded, that are mixed at a time: 2,000 take some 200 MB.
        learning_rate: Its peak; it rises to it in `warmup_steps` and falls along a cosine to 1 % of it at the end.
        warmup_steps: Steps of the rise; at most a tenth of all.
        weight_decay: Of kernels, as AdamW has it.
        clip_norm: Largest norm of the gradient of all weights together.
        ema_decay: Of the running average of the weights, which is what is kept in the end.
        validation_share: Share of the data set, its last examples, that is never trained on.
        deterministic: Whether the same run gives the same weights on the same hardware, with as many cores, which share
            out every sum; free of charge on a CPU.
        network: The network's sizes.
        fovea: Channels of the second look at 24 x 24, 12 x 12 and 6 x 6.
        augment: How frames are changed.
        fovea_augment: How they are changed in the second look's lessons, which has less to learn and bears more; as
            `augment` says if not given.
        fovea_last_share: Share of its lessons, the last, in which frames are changed as `fovea_last_augment` says.
        fovea_last_augment: How frames are changed then; given if that share is. What is met in the end is best like
            what will be met on the road (Ge et al. 2021, YOLOX, leave out their mosaics in the last epochs).
        weights: How much each part of the loss counts.

    Raises:
        ValueError: If a number is out of range.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    seed: int = 1
    closeup_steps: int = 20_000
    closeup_batch: int = 16
    epochs: int = 3
    batch: int = 16
    lane_epochs: int = 0
    lane_base_share: float = 0.0
    fovea_steps: int = 0
    fovea_batch: int = 128
    fovea_base_share: float = 0.0
    fovea_last_share: float = 0.0
    shuffle_buffer: int = 2000
    learning_rate: float = 2.5e-3
    warmup_steps: int = 300
    weight_decay: float = 0.01
    clip_norm: float = 5.0
    ema_decay: float = 0.998
    validation_share: float = 0.05
    deterministic: bool = True
    network: NetworkConfig = field(default_factory=NetworkConfig)
    fovea: tuple[int, int, int] = (32, 48, 96)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    fovea_augment: AugmentConfig | None = None
    fovea_last_augment: AugmentConfig | None = None
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        for name in ("batch", "closeup_batch", "fovea_batch", "shuffle_buffer", "learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Expected {name} to be positive. Received: {getattr(self, name)}.")
        for name in ("seed", "closeup_steps", "epochs", "lane_epochs", "fovea_steps", "warmup_steps", "weight_decay"):
            if getattr(self, name) < 0:
                raise ValueError(f"Expected {name} of at least 0. Received: {getattr(self, name)}.")
        if self.epochs == self.lane_epochs == self.fovea_steps == 0:
            raise ValueError("Expected epochs, lane_epochs or fovea_steps to be positive. Received: none.")
        if min(self.fovea) <= 0 or max(self.fovea) > MOST_UNITS:
            raise ValueError(f"Expected fovea to be positive, at most {MOST_UNITS}. Received: {self.fovea}.")
        if not 0.0 <= self.ema_decay < 1.0:
            raise ValueError(f"Expected ema_decay to be within 0 to below 1. Received: {self.ema_decay}.")
        for name in ("lane_base_share", "fovea_base_share", "fovea_last_share"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"Expected {name} to be within 0 to below 1. Received: {getattr(self, name)}.")
        if (self.fovea_last_share > 0.0) != (self.fovea_last_augment is not None):
            raise ValueError(
                "Expected fovea_last_share above 0 and fovea_last_augment together, or neither. "
                f"Received: {self.fovea_last_share} and {'some' if self.fovea_last_augment else 'none'}."
            )
        if not 0.0 < self.validation_share < 1.0:
            raise ValueError(f"Expected validation_share to be between 0 and 1. Received: {self.validation_share}.")

    def fingerprint(self, dataset_digest: str, base_digest: str = "") -> str:
        """Return the digest of all that fixes the weights, for telling one run from another.

        Args:
            dataset_digest: Of what it is trained on.
            base_digest: Of the weights that it goes on from; empty if it starts from random ones.
        """
        text = json.dumps([asdict(self), dataset_digest, base_digest], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


DEMO = TrainConfig(
    closeup_steps=4000,
    closeup_batch=8,
    epochs=4,
    batch=8,
    learning_rate=2.5e-3,
    warmup_steps=150,
    ema_decay=0.995,
    augment=AugmentConfig(veil=0.0, interlace=0.0, sticker=0.0),
)
"""For a small set and few minutes: small batches, so more steps; fewer of them, so a shorter memory of the average; and
nothing that plain worlds never show, for there is no time to learn it."""

UNSEEN = 1_000_000
"""Added to a seed for frames that are not trained on."""
