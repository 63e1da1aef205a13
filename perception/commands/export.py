"""`rollingstop export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from perception.commands.common import PrecisionName, Weights
from sim.commands.common import Json, Quiet, print_json, say


class FormatName(StrEnum):
    """What the network can be exported to."""

    ONNX = "onnx"
    OPENVINO = "openvino"
    LITERT = "litert"
    SAVEDMODEL = "savedmodel"


def export(
    to: Annotated[FormatName, typer.Option("--to", help="The format.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder; runs/export/FORMAT-PRECISION if not given.")
    ] = None,
    precision: Annotated[PrecisionName, typer.Option("--precision", help="float32 or int8.")] = PrecisionName.FLOAT32,
    weights: Weights = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the network for another library, after its answers on drawn frames were held against those of Keras."""
    from perception.engine import Precision
    from perception.export import Format
    from perception.export import export as write_export

    folder = out or Path("runs/export") / f"{to.value}-{precision.value}"
    made = write_export(weights, Format(to.value), folder, precision=Precision(precision.value))
    if as_json:
        print_json(made.to_dict())
        return
    near = made.agreement
    say(
        f"{made.model}: over {near.frames} frames its beliefs are {near.belief:.2g} from those of Keras in the mean "
        f"and {near.belief_most:.2g} at most, its boxes {near.box:.2g}, its lane at most {near.lane:.2g}.",
        quiet,
    )
