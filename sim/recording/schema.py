"""What one labelled frame is, and how it lies in a Parquet shard.

Lengths are metres, angles radians, boxes pixels (half open: x0, y0, x1, y1; u to the right, v down). Every number that
a label holds is stored as float64, which is what Python computes with: reading a shard gives back exactly what was
written.
Each column says its unit and meaning in the field's metadata (`pyarrow.parquet.read_schema(shard)` shows them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from sim.percept import Box, ObjectKind
from sim.truth import GroundTruth, LaneTruth, ObjectTruth, SignAttributes, StopLineTruth

SCHEMA_VERSION = 2
"""Raised when a column is added, removed or changes its meaning."""

ArrowType = Any
"""A `pyarrow.DataType` or `pyarrow.Field`; pyarrow's compiled classes carry no types for a checker."""

ArrowTable = Any
"""A `pyarrow.Table`."""

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
"""IPTC's term for pictures made purely by an algorithm that was trained on no sampled media: what a renderer makes."""

FINGERPRINT = "recipe_sha256"
"""Key in a shard's metadata that ties it to its data set."""

ROWS_PER_GROUP = 50
"""Examples in one Parquet row group, the unit of reading: about 4 MB of pictures."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled frame.

    Attributes:
        index: Its number in the data set, from 0.
        world_seed: The seed of the world that it shows; no two examples of a data set share one.
        image: The picture, JPEG.
        truth: Its labels.
        attributes: What scores can be sliced by: exactly the keys of `ATTRIBUTES`.
    """

    index: int
    world_seed: int
    image: bytes = field(repr=False)
    truth: GroundTruth
    attributes: dict[str, str | float]


def _column(name: str, kind: ArrowType, about: str, unit: str = "", *, nullable: bool = False) -> ArrowType:
    metadata = {"about": about} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, nullable=nullable, metadata=metadata)


_TEXT = pa.string()
_NUMBER = pa.float64()
_BOX = pa.list_(pa.field("element", _NUMBER, nullable=False), 4)
_BOX_UNIT = "px: x0, y0, x1, y1, half open, u right, v down"

_SIGN = pa.struct(
    [
        _column("size_m", _NUMBER, "Width of its face.", "m"),
        _column("wear", _NUMBER, "From 0 (new) to 1 (faded and dirty).", "1"),
        _column("tilt_rad", _NUMBER, "Turned in its own plane, counter-clockwise as seen.", "rad"),
        _column("turn_rad", _NUMBER, "About its post, from looking straight at the camera; as seen from above.", "rad"),
        _column("mount", _TEXT, "What holds it up: post, mast_arm, island, stand, hand, school_bus, ..."),
        _column(
            "conditions",
            pa.list_(pa.field("element", _TEXT, nullable=False)),
            "What has befallen its face: of fade, dirt, rust, holes, stickers, graffiti, snow, glare.",
        ),
        _column("occluder", _TEXT, "What hides most of what is hidden of it, or null: vegetation, ...", nullable=True),
    ]
)

_OBJECT = pa.struct(
    [
        _column("instance_id", pa.int64(), "The same in every frame of one world."),
        _column("kind", _TEXT, "What the network should answer: stop_sign, distractor, vehicle or pedestrian."),
        _column("variant", _TEXT, "What it is exactly: stop, yield, car, ..."),
        _column("box", _BOX, "Tight box of its visible pixels.", _BOX_UNIT),
        _column("amodal_box", _BOX, "Box of all of it inside the frame, were nothing in front of it.", _BOX_UNIT),
        _column("visible_fraction", _NUMBER, "Visible pixels over those it would cover, were nothing in front.", "1"),
        _column("truncated", pa.bool_(), "Whether the frame's edge cuts it."),
        _column("distance_m", _NUMBER, "Depth of its centre from the camera along the optical axis.", "m"),
        _column("applies_to_ego", pa.bool_(), "Whether the ego must obey it."),
        _column("sign", _SIGN, "What a sign or an advert is like; null for vehicles and people.", nullable=True),
    ]
)

_LANE = pa.struct(
    [
        _column("offset_m", _NUMBER, "The camera's ground point, left (positive) of the lane's centre line.", "m"),
        _column("heading_rad", _NUMBER, "The car's heading relative to the lane's, counter-clockwise.", "rad"),
        _column("curvature_per_m", _NUMBER, "Mean over the next 20 m, positive to the left.", "1/m"),
        _column("width_m", _NUMBER, "Between the lane's edges.", "m"),
    ]
)

_STOP_LINE = pa.struct(
    [
        _column("distance_m", _NUMBER, "From the camera along the optical axis to its near edge.", "m"),
        _column("gap_m", _NUMBER, "From the front bumper along the lane to its near edge; below 0 once crossed.", "m"),
        _column("visible", pa.bool_(), "Whether at least half of it is in the frame and unhidden."),
        _column("box", _BOX, "Tight box of its visible pixels; null where none is visible.", _BOX_UNIT, nullable=True),
    ]
)

_ATTRIBUTES = pa.struct(
    [
        _column("part", _TEXT, "Which part of the recipe's mixture the world was drawn from."),
        _column("time_of_day", _TEXT, "day, dusk or night."),
        _column("light_family", _TEXT, "Of light and weather: sunny, rain, night_rain, ...; plain: even light."),
        _column("edge", _TEXT, "What borders the road: kerb (town) or verge (country)."),
        _column("visibility_m", _NUMBER, "Distance at which haze leaves 5 % of the contrast.", "m"),
        _column("marking_wear", _NUMBER, "Of lane markings, 0 fresh to 1 gone.", "1"),
        _column("lane_width_m", _NUMBER, "Of the ego lane.", "m"),
        _column("speed_limit_mps", _NUMBER, "Of the ego road.", "m/s"),
        _column("ego_s_m", _NUMBER, "Arc length of the ego's rear axle on the ego road.", "m"),
        _column("sign_ahead_m", _NUMBER, "Along the road, camera to the next stop sign for the ego; -1: none.", "m"),
    ]
)

ATTRIBUTES = tuple(item.name for item in _ATTRIBUTES)
"""The keys of `Example.attributes`."""

SCHEMA = pa.schema(
    [
        _column("index", pa.int64(), "Number of the example in the data set, from 0."),
        _column("world_seed", pa.int64(), "Seed of the world that it shows."),
        _column("image", pa.binary(), "Synthetic picture, JPEG, RGB, of the size that the manifest's camera gives."),
        _column("step", pa.int64(), "When it was taken.", "1/20 s"),
        _column("objects", pa.list_(pa.field("element", _OBJECT, nullable=False)), "Every sign and actor in the frame"),
        _column("lane", _LANE, "The ego lane at the ground under the camera; x forward, y left."),
        _column("stop_line", _STOP_LINE, "The nearest stop line ahead across the ego lane, or null.", nullable=True),
        _column("attributes", _ATTRIBUTES, "What scores can be sliced by."),
    ],
    metadata={"schema_version": str(SCHEMA_VERSION), "synthetic": "true", "digital_source_type": DIGITAL_SOURCE_TYPE},
)


def to_table(examples: Sequence[Example], metadata: Mapping[str, str] | None = None) -> ArrowTable:
    """Return examples as rows of `SCHEMA`.

    Args:
        examples: What to store.
        metadata: More entries for the schema's metadata.

    Raises:
        ValueError: If an example lacks an attribute or has an unknown one.
    """
    entries = {**(SCHEMA.metadata or {}), **{key.encode(): value.encode() for key, value in (metadata or {}).items()}}
    return pa.Table.from_pylist([_to_row(example) for example in examples], schema=SCHEMA.with_metadata(entries))


def from_table(table: ArrowTable) -> list[Example]:
    """Return the examples that rows of `SCHEMA` hold."""
    return [_from_row(row) for row in table.to_pylist()]


def _to_row(example: Example) -> dict[str, Any]:
    if set(example.attributes) != set(ATTRIBUTES):
        raise ValueError(f"Expected the attributes {', '.join(ATTRIBUTES)}. Received: {', '.join(example.attributes)}.")
    truth, line = example.truth, example.truth.stop_line
    return {
        "index": example.index,
        "world_seed": example.world_seed,
        "image": example.image,
        "step": truth.step,
        "objects": [
            {
                "instance_id": o.instance_id,
                "kind": str(o.kind),
                "variant": o.variant,
                "box": o.box,
                "amodal_box": o.amodal_box,
                "visible_fraction": o.visible_fraction,
                "truncated": o.truncated,
                "distance_m": o.distance_m,
                "applies_to_ego": o.applies_to_ego,
                "sign": None if o.sign is None else asdict(o.sign),
            }
            for o in truth.objects
        ],
        "lane": {
            "offset_m": truth.lane.offset_m,
            "heading_rad": truth.lane.heading_rad,
            "curvature_per_m": truth.lane.curvature_per_m,
            "width_m": truth.lane.width_m,
        },
        "stop_line": None
        if line is None
        else {"distance_m": line.distance_m, "gap_m": line.gap_m, "visible": line.visible, "box": line.box},
        "attributes": example.attributes,
    }


def _from_row(row: Mapping[str, Any]) -> Example:
    line = row["stop_line"]
    truth = GroundTruth(
        row["step"],
        tuple(
            ObjectTruth(
                o["instance_id"],
                ObjectKind(o["kind"]),
                o["variant"],
                _box(o["box"]),
                _box(o["amodal_box"]),
                o["visible_fraction"],
                o["truncated"],
                o["distance_m"],
                o["applies_to_ego"],
                _sign(o["sign"]),
            )
            for o in row["objects"]
        ),
        LaneTruth(**row["lane"]),
        None
        if line is None
        else StopLineTruth(
            line["distance_m"], line["gap_m"], line["visible"], None if line["box"] is None else _box(line["box"])
        ),
    )
    return Example(row["index"], row["world_seed"], row["image"], truth, row["attributes"])


def _sign(values: Mapping[str, Any] | None) -> SignAttributes | None:
    if values is None:
        return None
    plain: dict[str, Any] = {**values, "conditions": tuple(values["conditions"])}
    return SignAttributes(**plain)


def _box(edges: Sequence[float]) -> Box:
    x0, y0, x1, y1 = edges
    return x0, y0, x1, y1
