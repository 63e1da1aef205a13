"""Where a training stands, on the disk: all that is needed to go on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.calibration import Scaling
from perception.weights import pack, unpack
from sim.errors import WeightsError
from sim.files import write_atomically

CHECKPOINT_NAME = "checkpoint.npz"

_ABOUT, _KNOWN = "about", "known/"
_ELSEWHERE = "Choose another --out, or remove this folder to start afresh."


class Stage(StrEnum):
    """A training's lessons, in their order."""

    CLOSEUPS = "closeups"
    FRAMES = "frames"
    LANE = "lane"
    SECOND_LOOK = "second_look"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known once the network has seen all its frames.

    Attributes:
        arrays: Its weights by name, those of the lane's lessons among them if these are over.
        scalings: By what its beliefs were scaled.
    """

    arrays: dict[str, NDArray[np.float32]] = field(default_factory=dict[str, NDArray[np.float32]])
    scalings: dict[str, Scaling] = field(default_factory=dict[str, Scaling])


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch that is not yet over has brought.

    Attributes:
        sums: Of each part of the loss, over its steps.
        steps: How many these are.
        seconds: How long they took.
    """

    sums: dict[str, float] = field(default_factory=dict[str, float])
    steps: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training at one step.

    Attributes:
        fingerprint: Of configuration and data set; a run goes on only from its own.
        history: A row for each finished epoch.
        epoch: The one that is not finished.
        seconds: Time spent in training so far.
        stage: Which lessons it is in.
        place: Where in the data these are, if the number of their steps does not tell.
        arrays: Every variable of what learns in them, its average and its optimiser, by name.
        known: What the lessons before these ended in.
    """

    fingerprint: str
    history: list[dict[str, float]]
    epoch: Epoch
    seconds: float
    stage: Stage
    place: tuple[int, ...]
    arrays: dict[str, NDArray[Any]]
    known: Known


def write_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write it, whole or not at all.

    Raises:
        StorageError: If it cannot be written.
    """
    about = {
        "fingerprint": checkpoint.fingerprint,
        "history": checkpoint.history,
        "epoch": asdict(checkpoint.epoch),
        "seconds": checkpoint.seconds,
        "stage": checkpoint.stage,
        "place": checkpoint.place,
        "scalings": {name: asdict(scaling) for name, scaling in checkpoint.known.scalings.items()},
    }
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    known = {f"{_KNOWN}{name}": array for name, array in checkpoint.known.arrays.items()}
    write_atomically(folder / CHECKPOINT_NAME, pack({_ABOUT: text, **known, **checkpoint.arrays}))


def read_checkpoint(folder: Path, fingerprint: str) -> Checkpoint | None:
    """Return the checkpoint of a run, or None if it has none yet.

    Raises:
        WeightsError: If it is damaged, or of a run with another configuration or data set.
    """
    path = folder / CHECKPOINT_NAME
    if not path.exists():
        return None
    arrays = unpack(path.read_bytes(), path)
    try:
        about = json.loads(bytes(arrays.pop(_ABOUT)))
        scalings = {name: Scaling(**values) for name, values in about["scalings"].items()}
        known = {name: arrays.pop(name) for name in list(arrays) if name.startswith(_KNOWN)}
        found = Checkpoint(
            fingerprint=about["fingerprint"],
            history=about["history"],
            epoch=Epoch(**about["epoch"]),
            seconds=about["seconds"],
            stage=Stage(about["stage"]),
            place=tuple(about["place"]),
            arrays=arrays,
            known=Known({name.removeprefix(_KNOWN): array for name, array in known.items()}, scalings),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise WeightsError(
            f"Expected {path} to be a training's checkpoint. Received: another file.", hint=_ELSEWHERE
        ) from None
    if found.fingerprint != fingerprint:
        raise WeightsError(
            f"Expected {path} to be of the same training. Received: one with other settings or another data set.",
            hint=_ELSEWHERE,
        )
    return found


def variables_to_arrays(groups: dict[str, list[Any]]) -> dict[str, NDArray[Any]]:
    """Return every variable of some groups as arrays, named "group/number"."""
    return {
        f"{group}/{number:03d}": np.asarray(variable)
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    }


def arrays_to_variables(arrays: dict[str, NDArray[Any]], groups: dict[str, list[Any]]) -> None:
    """Set every variable of some groups from arrays as `variables_to_arrays` named them.

    Raises:
        WeightsError: If a name or a shape is not theirs.
    """
    expected = {name: array.shape for name, array in variables_to_arrays(groups).items()}
    if expected != {name: array.shape for name, array in arrays.items()}:
        raise WeightsError("Expected a checkpoint of this network. Received: one of another.", hint=_ELSEWHERE)
    for group, variables in groups.items():
        for number, variable in enumerate(variables):
            variable.assign(arrays[f"{group}/{number:03d}"])
