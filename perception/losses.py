"""How far the network's answers are from its targets.

All of it is computed in float32: logarithms of small probabilities do not survive bfloat16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from perception.backend import tf
from perception.channels import LANE_SCALES, BoxField
from sim.config import STRICT

MIN_LOG_SPREAD, MAX_LOG_SPREAD = -5.0, 3.0
"""Bounds of a spread's logarithm: a network sure to 0.7 % or lost by a factor of 20 learns nothing more from either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """How much each part counts in the whole.

    Attributes:
        heat: What is where.
        box: Offsets and sizes.
        distance: How far.
        lane: How the lane runs.

    Raises:
        ValueError: If one is negative.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    heat: float = 1.0
    box: float = 0.3
    distance: float = 0.5
    lane: float = 0.2

    def __post_init__(self) -> None:
        if min(self.heat, self.box, self.distance, self.lane) < 0:
            raise ValueError(f"Expected loss weights of at least 0. Received: {self}.")


def losses(outputs: dict[str, Any], targets: dict[str, Any], weights: LossWeights) -> dict[str, Any]:
    """Return each part of the loss and, under "loss", their weighted sum.

    Args:
        outputs: What the whole network, or the sign detector alone, answers for a batch.
        targets: The fields of `targets.Targets` for the same batch, as tensors.
        weights: How much each part counts.
    """
    answers = tf.gather_nd(outputs["boxes"], targets["cells"])
    share = targets["weights"] / tf.maximum(tf.reduce_sum(targets["weights"]), 1.0)
    # Nobody knows how far things on a photograph are: there the distance carries no loss.
    far = targets["boxes"][:, BoxField.LOG_DISTANCE]
    known = tf.math.is_finite(far)
    measured = tf.where(known, targets["weights"], 0.0)
    channels = outputs["heat"].shape[-1]
    parts = {
        "heat": focal_loss(outputs["heat"], targets["heat"][..., :channels]),
        "box": tf.reduce_sum(share * _box_errors(answers, targets["boxes"])),
        "distance": tf.reduce_sum(
            measured
            / tf.maximum(tf.reduce_sum(measured), 1.0)
            * laplace_loss(
                answers[:, BoxField.LOG_DISTANCE], answers[:, BoxField.LOG_SPREAD], tf.where(known, far, 0.0)
            )
        ),
    }
    if "lane" in outputs:
        parts["lane"] = lane_loss(outputs["lane"], targets["lane"], targets["lane_weight"])
    whole = tf.add_n([getattr(weights, name) * part for name, part in parts.items()])
    return {"loss": whole, **parts}


def focal_loss(logits: Any, heat: Any, *, alpha: float = 2.0, beta: float = 4.0) -> Any:
    """Return the penalty-reduced focal loss of the heat maps, per object (Zhou et al. 2019, CenterNet, equation 1).

        -1/N sum  (1 - p)^alpha log p                   where the heat is 1
                  (1 - heat)^beta p^alpha log(1 - p)    elsewhere, save where it is ignored

    Args:
        logits: Shape (batch, h, w, channels); p is their sigmoid.
        heat: The same shape; negative where nothing is asked.
        alpha: How much easy cells are played down.
        beta: How much cells near a centre are.
    """
    belief = tf.sigmoid(logits)
    log_belief, log_doubt = tf.math.log_sigmoid(logits), tf.math.log_sigmoid(-logits)
    at_centre = tf.cast(heat >= 1.0, tf.float32)
    asked = tf.cast(heat >= 0.0, tf.float32)
    found = at_centre * (1.0 - belief) ** alpha * log_belief
    quiet = (asked - at_centre) * (1.0 - heat) ** beta * belief**alpha * log_doubt
    return -tf.reduce_sum(found + quiet) / tf.maximum(tf.reduce_sum(at_centre), 1.0)


def laplace_loss(mean: Any, log_spread: Any, truth: Any) -> Any:
    """Return the negative log likelihood, up to a constant, of `truth` under a Laplace distribution, tempered.

        stop(b) * (|truth - mean| / b + log b),  b = exp(log_spread)

    The network thereby learns to say how unsure it is (Kendall and Gal 2017, section 3). The factor `stop(b)`, of
    which no gradient is taken, makes the gradient of `mean` that of the plain absolute error (Seitzer et al. 2022,
    beta-NLL with beta = 1): else a lane known to centimetres would pull at the shared features a hundred times harder
    than a sign.
    """
    log_spread = tf.clip_by_value(log_spread, MIN_LOG_SPREAD, MAX_LOG_SPREAD)
    spread = tf.exp(log_spread)
    return tf.stop_gradient(spread) * (tf.abs(truth - mean) / spread + log_spread)


def _box_errors(answers: Any, truths: Any) -> Any:
    """Return the Huber loss of offsets and log sizes, summed over the four; shape (n,)."""
    error = tf.abs(answers[:, : BoxField.LOG_DISTANCE] - truths[:, : BoxField.LOG_DISTANCE])
    # Quadratic only below a fifth of a cell, or 20 % of a size: far signs need sub-cell offsets.
    bend = 0.2
    return tf.reduce_sum(tf.where(error < bend, 0.5 * error**2 / bend, error - 0.5 * bend), axis=-1)


def lane_loss(answers: Any, truths: Any, weight: Any) -> Any:
    """Return the Laplace loss of the lane's three numbers, summed over them, of the frames in which it is asked for.

    Args:
        answers: The lane head's, shape (batch, 6).
        truths: In `LANE_SCALES`, shape (batch, 3).
        weight: 1 where the lane is asked for, else 0, shape (batch,).
    """
    count = len(LANE_SCALES)
    each = tf.reduce_sum(laplace_loss(answers[:, :count], answers[:, count:], truths), axis=-1)
    return tf.reduce_sum(weight * each) / tf.maximum(tf.reduce_sum(weight), 1.0)
