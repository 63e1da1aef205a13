"""Weights on the disk: arrays and nothing but arrays, checked before any of them is used.

A model file that can carry code is never read. The network is built in code; of the file only named arrays are taken,
after its size and SHA-256 have been held against the card beside it, without pickle, and each with its name, shape and
type checked.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.card import Card, read_card
from perception.network import named_weights
from sim.errors import WeightsError
from sim.files import write_atomically

WEIGHTS_NAME = "rollingstop.npz"

EPOCHS = "epochs"
"""Folder, in a training's, of the weights after each epoch, if they were kept."""

SHIPPED = Path(__file__).parent / "weights" / WEIGHTS_NAME
"""The weights that come with the program."""

FOVEA_PREFIX = "fovea_"
"""Begins the names of a second look's weights, which lie in one file with the network's."""

MAX_BYTES = 64 * 2**20
"""Larger files are not ours; the shipped one has under 5 MB."""

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

_DAMAGES = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    tokenize.TokenError,
    SyntaxError,
)
"""What reading a damaged or hostile archive can raise; an encrypted member is a RuntimeError."""

_AGAIN = "Fetch the file again, or train your own with `rollingstop train`."


def pack(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Return arrays as the bytes of an .npz file: the same arrays, the same bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(data: bytes, origin: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays in the bytes of an .npz file.

    Raises:
        WeightsError: If they are no such file, hold anything but plain arrays, or would unpack to more than
            `MAX_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size <= MAX_BYTES:
                _check_members(archive)
        if size > MAX_BYTES:
            raise WeightsError(
                f"Expected {origin} to unpack to at most {MAX_BYTES} bytes. Received: {size}.", hint=_AGAIN
            )
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except _DAMAGES as fault:
        raise WeightsError(
            f"Expected {origin} to be an .npz file of plain arrays. Received: another kind of file ({fault}).",
            hint=_AGAIN,
        ) from None


def _check_members(archive: zipfile.ZipFile) -> None:
    """Check that an archive holds plain arrays alone, each as large as it says, under names that lead nowhere else.

    NumPy makes room for an array before it reads it, so a header may not claim more than there is.

    Raises:
        ValueError: If it holds anything else.
    """
    names = [member.filename for member in archive.infolist()]
    if len(set(names)) < len(names):
        raise ValueError("two members of one name")
    for member in archive.infolist():
        parts = member.filename.replace("\\", "/").split("/")
        if os.pardir in parts or not parts[0] or ":" in member.filename or parts[-1] in ("", ".npy"):
            raise ValueError(f"the name {member.filename!r}")
        if not member.filename.endswith(".npy") or stat.S_ISLNK(member.external_attr >> 16):
            raise ValueError(f"the member {member.filename!r}, which is no array")
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            if version not in _HEADERS:
                raise ValueError(f"an array of format {version}")
            shape, _, dtype = _HEADERS[version](file)
            if dtype.hasobject or min(shape, default=0) < 0:
                raise ValueError(f"{member.filename!r}, no plain array")
            if prod(shape) * dtype.itemsize != member.file_size - file.tell():
                raise ValueError(f"{member.filename!r} of shape {shape}, which is not its size")


def arrays_of(model: Any) -> dict[str, NDArray[np.float32]]:
    """Return a model's weights as float32 arrays by name."""
    return {name: np.asarray(variable, dtype=np.float32) for name, variable in named_weights(model).items()}


def save_weights(path: Path, arrays: dict[str, NDArray[np.float32]]) -> tuple[str, int]:
    """Write a weights file; return its SHA-256 and its size, for the card.

    Raises:
        StorageError: If it cannot be written.
    """
    data = pack(arrays)
    write_atomically(path, data)
    return hashlib.sha256(data).hexdigest(), len(data)


def read_weights(path: Path | None = None) -> tuple[Card, dict[str, NDArray[np.float32]]]:
    """Return the card and the arrays of a weights file, both checked.

    Args:
        path: The .npz file, with its card beside it; the shipped ones if not given. A folder stands for the file of the
            usual name in it.

    Raises:
        WeightsError: If the file is missing, too large, altered, or of a foreign kind.
    """
    path = SHIPPED if path is None else path / WEIGHTS_NAME if path.is_dir() else path
    if not path.is_file():
        raise WeightsError(
            f"Expected a weights file at {path}. Received: no such file.",
            hint="Check the path, or train your own with `rollingstop train`.",
        )
    if path.suffix != ".npz":
        raise WeightsError(
            f"Expected weights as an .npz file of plain arrays. Received: {path}.",
            hint="Files that may carry code (.h5, .keras, pickles) are not opened. Use what `rollingstop train` wrote.",
        )
    card = read_card(path)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise WeightsError(f"Expected {path} to have at most {MAX_BYTES} bytes. Received: {size}.", hint=_AGAIN)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != card.sha256:
        raise WeightsError(
            f"Expected {path} to have the SHA-256 {card.sha256[:12]}... of its card. Received: {digest[:12]}...: "
            "the file was altered or belongs to another card.",
            hint=_AGAIN,
        )
    return card, unpack(data, path)


def fill(model: Any, arrays: dict[str, NDArray[Any]], origin: str, *, allow_more: bool = False) -> None:
    """Set a model's weights.

    Args:
        model: Built in code.
        arrays: Its weights by name.
        origin: Where they come from, for messages.
        allow_more: Whether arrays that the model does not have are passed over: the sign detector is a part.

    Raises:
        WeightsError: If a name, a shape or a type is not the model's; the model is unchanged then.
    """
    variables = named_weights(model)
    missing, foreign = sorted(set(variables) - set(arrays)), sorted(set(arrays) - set(variables))
    # A second look's weights lie in the same file and fill a network of their own.
    if not any(name.startswith(FOVEA_PREFIX) for name in variables):
        foreign = [name for name in foreign if not name.startswith(FOVEA_PREFIX)]
    if missing or (foreign and not allow_more):
        odd = f"without '{missing[0]}'" if missing else f"with the unknown array '{foreign[0]}'"
        raise WeightsError(f"Expected the weights of this network in {origin}. Received: weights {odd}.", hint=_AGAIN)
    for name, variable in variables.items():
        array = arrays[name]
        if array.shape != tuple(variable.shape) or array.dtype != np.float32:
            raise WeightsError(
                f"Expected '{name}' in {origin} to be float32 of shape {tuple(variable.shape)}. "
                f"Received: {array.dtype} of shape {array.shape}.",
                hint=_AGAIN,
            )
        if not np.isfinite(array).all():
            raise WeightsError(
                f"Expected finite numbers in '{name}' in {origin}. Received: some that are not.", hint=_AGAIN
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])
