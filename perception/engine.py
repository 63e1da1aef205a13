"""What the network's answers are computed with. Importing this module loads no TensorFlow."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sim.errors import RollingStopError


class Backend(StrEnum):
    """Libraries that can run the network."""

    KERAS = "keras"
    ONNX = "onnx"
    OPENVINO = "openvino"
    LITERT = "litert"


class Precision(StrEnum):
    """Numbers in which the network multiplies."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"


OFFERED = {
    Backend.KERAS: (Precision.FLOAT32, Precision.BFLOAT16),
    Backend.ONNX: (Precision.FLOAT32, Precision.INT8),
    Backend.OPENVINO: (Precision.FLOAT32, Precision.BFLOAT16, Precision.INT8),
    Backend.LITERT: (Precision.FLOAT32, Precision.INT8),
}
"""Precisions for which each library has fast arithmetic on a processor."""

MODULES = {
    Backend.ONNX: ("onnx", "onnxruntime", "tf2onnx"),
    Backend.OPENVINO: ("openvino",),
    Backend.LITERT: ("ai_edge_litert.interpreter",),
}
"""What each library needs beside TensorFlow: the extra of its name installs it."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A library and a precision.

    Attributes:
        backend: The library.
        precision: None leaves it to the library's own: Keras takes what this machine multiplies fastest, the others
            float32.

    Raises:
        RollingStopError: If the library does not offer the precision.
    """

    backend: Backend = Backend.KERAS
    precision: Precision | None = None

    def __post_init__(self) -> None:
        if self.precision is not None and self.precision not in OFFERED[self.backend]:
            offered = ", ".join(OFFERED[self.backend])
            raise RollingStopError(
                f"Expected a precision that {self.backend} offers on a processor ({offered}). "
                f"Received: {self.precision}."
            )


STANDARD = Engine()
"""Keras, in what this machine multiplies fastest."""


def require(backend: Backend) -> None:
    """Check that what a library needs is installed.

    Raises:
        RollingStopError: If it is not; it says what to type.
    """
    for name in MODULES.get(backend, ()):
        import_or_tell(name, backend)


def import_or_tell(name: str, extra: str) -> Any:
    """Return an optional module.

    Raises:
        RollingStopError: If it is not installed; it says which extra brings it.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise RollingStopError(
            f"Expected the package of '{name}' to be installed. Received: none.",
            hint=f'Type: pip install -c constraints.txt -e ".[{extra}]"',
        ) from None


def thread_count() -> int:
    """Return how many threads one frame may use: what TensorFlow is told by its own variable, or each core."""
    told = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
