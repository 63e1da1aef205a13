"""TensorFlow and Keras, imported once, quietly, and with the settings that every other module relies on.

`from perception.backend import keras, tf` is how the rest of the package gets both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@contextmanager
def _muted_standard_error() -> Iterator[None]:
    """Send the file behind standard error nowhere for a moment.

    TensorFlow's C++ prints notes on CUDA and oneDNN before it reads its own log level. Python errors still reach the
    user, since they are raised, not printed.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with _muted_standard_error():
    import keras
    import tensorflow as tf

__all__ = [
    "compute_precision",
    "describe_device",
    "keras",
    "limit_threads",
    "make_deterministic",
    "tf",
    "training_precision",
]


def compute_precision() -> str:
    """Return the Keras precision in which this machine multiplies fastest: "bfloat16" where it is native, or "float32".

    Weights are float32 in training and on disk either way. A processor without bfloat16 instructions emulates them
    slowly.
    """
    if tf.config.list_physical_devices("GPU"):
        return "bfloat16"
    try:
        processor = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "float32"
    return "bfloat16" if "avx512_bf16" in processor or "amx_bf16" in processor else "float32"


def training_precision() -> str:
    """Return the Keras precision for training: products as `compute_precision` says, weights float32."""
    return "mixed_bfloat16" if compute_precision() == "bfloat16" else "float32"


def describe_device() -> str:
    """Return what the network runs on, in words."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return f"CPU, {os.cpu_count()} cores, {compute_precision()}"
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    return f"GPU {', '.join(names)}, {compute_precision()}"


def make_deterministic(seed: int) -> None:
    """Make whatever follows in this process repeat itself on the same hardware: fixed seeds, deterministic kernels."""
    keras.utils.set_random_seed(seed % 2**32)
    tf.config.experimental.enable_op_determinism()


def limit_threads(count: int) -> None:
    """Let TensorFlow use `count` threads; only before its first operation.

    Raises:
        RuntimeError: If TensorFlow has already computed something in this process.
    """
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)
