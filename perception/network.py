"""The network: one compact CNN that looks once and answers what, where, how far, and how the lane runs.

    rgb (H, W, 3) uint8
      └─ stem      16 at 1/2, 32-32 at 1/4, 48-48-48 at 1/8 ──────────────┐
           └─ context   64-64-64 at 1/16, the last one dilated ──┐        │
                │                                  brought back up and added
                │                                                └── head features, 48 at 1/8
                └─ lane head                                           ├─ signs: heat and box fields
                   8 maps, Flatten, Dense                              └─ road: the same for vehicles, people and the
                                                                             stop line, with each cell's row and column

Plain 3x3 convolutions without batch normalisation: on a CPU they train three times faster than with it. The sign branch
sees no coordinates, so it answers the same wherever a sign stands and runs on pictures of any size. The road branch
sees them, since on a level road the row of a thing's foot tells its distance. The lane head flattens: a lane is a
place, not a presence.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

from perception.backend import keras, tf
from perception.channels import BOX_FIELDS, CHANNELS, LANE_SCALES, SIGN_CHANNELS
from sim.camera import Camera
from sim.config import STRICT

PRIOR = 0.01
"""Belief in an object at each cell before training (Lin et al. 2017, Focal Loss, section 4.1)."""

MOST_UNITS = 1024
"""Of a layer: sizes are read from files, and one that is wrong shall not fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """The network's sizes. Resolution is not among them: it is the camera's.

    Attributes:
        stem: Channels at strides 2, 4 and 8.
        context: Channels at stride 16.
        branch: Channels of the sign branch and of the road branch.
        lane_maps: Maps that the lane head flattens.
        lane_units: Units of the lane head's hidden layer.
        lane_dropout: Share of the flattened maps left out at each training step.

    Raises:
        ValueError: If a size is not within 1 to `MOST_UNITS` or the share is not within 0 to below 1.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    stem: tuple[int, int, int] = (16, 32, 48)
    context: int = 64
    branch: int = 64
    lane_maps: int = 8
    lane_units: int = 64
    lane_dropout: float = 0.1

    def __post_init__(self) -> None:
        sizes = (*self.stem, self.context, self.branch, self.lane_maps, self.lane_units)
        if min(sizes) <= 0 or max(sizes) > MOST_UNITS:
            raise ValueError(f"Expected network sizes to be positive, at most {MOST_UNITS}. Received: {sizes}.")
        if not 0.0 <= self.lane_dropout < 1.0:
            raise ValueError(f"Expected lane_dropout to be within 0 to below 1. Received: {self.lane_dropout}.")


def build_network(config: NetworkConfig, camera: Camera, precision: str = "float32") -> Any:
    """Build the whole network, untrained.

    Args:
        config: Its sizes.
        camera: Whose frames it will see.
        precision: Keras dtype policy of the layers: "float32", "mixed_bfloat16" for training or "bfloat16" for
            inference alone. Outputs are float32 whatever it is.

    Output shape:
        A dictionary: `heat` (batch, H/8, W/8, 5) logits; `boxes` (batch, H/8, W/8, 5, 6), the fields of `BoxField` for
        each channel; `lane` (batch, 6), offset, heading and curvature in `LANE_SCALES`, then the logarithms of their
        spreads.
    """
    picture = keras.Input((camera.height_px, camera.width_px, 3), dtype="uint8", name="rgb")
    context, features = _trunk(picture, config, precision)
    sign_heat, sign_boxes = _branch(features, config, precision, "sign", SIGN_CHANNELS)
    placed = keras.layers.Concatenate(dtype=precision, name="road_place")(
        [features, Coordinates(dtype=precision, name="coordinates")(features)]
    )
    road_heat, road_boxes = _branch(placed, config, precision, "road", CHANNELS - SIGN_CHANNELS)
    outputs = {
        "heat": keras.layers.Concatenate(dtype="float32", name="heat")([sign_heat, road_heat]),
        "boxes": keras.layers.Concatenate(axis=3, dtype="float32", name="boxes")([sign_boxes, road_boxes]),
        "lane": _lane_head(context, config, precision),
    }
    return keras.Model(picture, outputs, name="rollingstop")


def build_sign_detector(config: NetworkConfig, precision: str = "float32") -> Any:
    """Build the part that finds signs, for pictures of any size in multiples of 16.

    Its weights carry the same names as the whole network's, so that a file of the one fills the other.

    Output shape:
        A dictionary: `heat` (batch, h/8, w/8, 2) and `boxes` (batch, h/8, w/8, 2, 6).
    """
    picture = keras.Input((None, None, 3), dtype="uint8", name="rgb")
    _, features = _trunk(picture, config, precision)
    heat, boxes = _branch(features, config, precision, "sign", SIGN_CHANNELS)
    return keras.Model(picture, {"heat": heat, "boxes": boxes}, name="rollingstop_signs")


def named_weights(model: Any) -> dict[str, Any]:
    """Return the model's variables by path, "stem_8_1/kernel", in the order of its layers.

    The road branch's coordinates and other layers without weights do not appear; neither does the state of dropout's
    random numbers.
    """
    return {variable.path: variable for variable in model.trainable_variables}


def _trunk(picture: Any, config: NetworkConfig, precision: str) -> tuple[Any, Any]:
    """Return the context features at stride 16 and the head features at stride 8."""
    half, quarter, eighth = config.stem
    # To [-2, 2): about unit variance, and exact in bfloat16, to which the next layer casts; worked out in float32, for
    # which processors have wide arithmetic.
    x = keras.layers.Rescaling(1 / 64, offset=-2.0, dtype="float32", name="scale")(picture)
    x = _conv(x, half, precision, "stem_2_1", stride=2)
    x = _conv(x, quarter, precision, "stem_4_1", stride=2)
    x = _conv(x, quarter, precision, "stem_4_2")
    x = _conv(x, eighth, precision, "stem_8_1", stride=2)
    x = _conv(x, eighth, precision, "stem_8_2")
    fine = _conv(x, eighth, precision, "stem_8_3")
    x = _conv(fine, config.context, precision, "context_1", stride=2)
    x = _conv(x, config.context, precision, "context_2")
    context = _conv(x, config.context, precision, "context_3", dilation=2)
    raised = keras.layers.Conv2D(eighth, 1, kernel_initializer="he_normal", dtype=precision, name="context_up")(context)
    raised = keras.layers.UpSampling2D(2, dtype=precision, name="up")(raised)
    merged = keras.layers.Add(dtype=precision, name="merge")([fine, raised])
    return context, _conv(merged, eighth, precision, "head")


def _conv(x: Any, filters: int, precision: str, name: str, *, stride: int = 1, dilation: int = 1) -> Any:
    return keras.layers.Conv2D(
        filters,
        3,
        strides=stride,
        dilation_rate=dilation,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        dtype=precision,
        name=name,
    )(x)


def _branch(x: Any, config: NetworkConfig, precision: str, name: str, channels: int) -> tuple[Any, Any]:
    """Return heat (batch, h, w, channels) and box fields (batch, h, w, channels, 6) of one branch."""
    dense = {"kernel_size": 1, "dtype": precision}
    hidden = keras.layers.Conv2D(
        config.branch, activation="relu", kernel_initializer="he_normal", name=f"{name}_hidden", **dense
    )(x)
    prior = keras.initializers.Constant(-log((1.0 - PRIOR) / PRIOR))
    small = keras.initializers.RandomNormal(stddev=0.01)
    heat = keras.layers.Conv2D(
        channels, kernel_initializer=small, bias_initializer=prior, name=f"{name}_heat", **dense
    )(hidden)
    boxes = keras.layers.Conv2D(channels * BOX_FIELDS, kernel_initializer=small, name=f"{name}_boxes", **dense)(hidden)
    fields = SplitFields(channels, dtype="float32", name=f"{name}_fields")(boxes)
    return keras.layers.Activation("linear", dtype="float32", name=f"{name}_logits")(heat), fields


def _lane_head(context: Any, config: NetworkConfig, precision: str) -> Any:
    maps = keras.layers.Conv2D(
        config.lane_maps, 1, activation="relu", kernel_initializer="he_normal", dtype=precision, name="lane_maps"
    )(context)
    flat = keras.layers.Flatten(dtype=precision, name="lane_flat")(maps)
    flat = keras.layers.Dropout(config.lane_dropout, dtype=precision, name="lane_dropout")(flat)
    hidden = keras.layers.Dense(
        config.lane_units, activation="relu", kernel_initializer="he_normal", dtype=precision, name="lane_hidden"
    )(flat)
    small = keras.initializers.RandomNormal(stddev=0.01)
    return keras.layers.Dense(2 * len(LANE_SCALES), kernel_initializer=small, dtype="float32", name="lane")(hidden)


class Coordinates(keras.layers.Layer):
    """Two maps that tell each cell its row and its column, from -1 to 1.

    Input shape:
        (batch, height, width, channels); only the sizes are read.

    Output shape:
        (batch, height, width, 2).
    """

    def call(self, features: Any) -> Any:
        """Return the row and column maps for a batch of `features`."""
        batch, height, width = tf.unstack(tf.shape(features)[:3])
        rows, columns = tf.meshgrid(tf.linspace(-1.0, 1.0, height), tf.linspace(-1.0, 1.0, width), indexing="ij")
        both = tf.cast(tf.stack([rows, columns], axis=-1), self.compute_dtype)
        return tf.broadcast_to(both, [batch, height, width, 2])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the two maps."""
        return (*input_shape[:3], 2)


class SplitFields(keras.layers.Layer):
    """Gives each channel its own axis of box fields.

    Args:
        channels: How many channels the fields belong to.

    Input shape:
        (batch, height, width, channels * 6).

    Output shape:
        (batch, height, width, channels, 6), float32.
    """

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(**options)
        self.channels = channels

    def call(self, fields: Any) -> Any:
        """Return `fields` with channels and fields apart."""
        shape = tf.shape(fields)
        split = tf.reshape(fields, [shape[0], shape[1], shape[2], self.channels, BOX_FIELDS])
        return tf.cast(split, tf.float32)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape after the split."""
        return (*input_shape[:3], self.channels, BOX_FIELDS)
