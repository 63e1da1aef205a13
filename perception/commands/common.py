"""What the commands with a network share: its weights, and what computes its answers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from perception.engine import Engine


class BackendName(StrEnum):
    """What the network's answers can be computed with."""

    KERAS = "keras"
    ONNX = "onnx"
    OPENVINO = "openvino"
    LITERT = "litert"


class PrecisionName(StrEnum):
    """Numbers in which the network can multiply."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"


Weights = Annotated[
    Path | None, typer.Option("--weights", "-w", help="A weights file (.npz); the shipped one if not given.")
]
BackendOption = Annotated[
    BackendName, typer.Option("--backend", help="What computes the network's answers; all but keras are extras.")
]
PrecisionOption = Annotated[
    PrecisionName | None, typer.Option("--precision", help="Numbers it multiplies in; the backend's own if not given.")
]


def make_engine(backend: BackendName, precision: PrecisionName | None) -> Engine:
    """Return what shall compute the network's answers."""
    from perception.engine import Backend, Engine, Precision

    return Engine(Backend(backend.value), Precision(precision.value) if precision else None)
