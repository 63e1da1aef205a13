"""Which devices learn together: one, several of this machine, or several machines; found out from the surroundings.

    one device                       nothing to be said
    several GPUs in this machine     tf.distribute.MirroredStrategy
    several machines (`TF_CONFIG`)   tf.distribute.MultiWorkerMirroredStrategy, the same command on each

Each device, a replica, holds a copy of all weights and takes its part of each batch; gradients are averaged, so all
copies stay the same (synchronous data parallelism).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from perception.backend import tf
from sim.errors import RollingStopError

TF_CONFIG = "TF_CONFIG"
"""The variable in which TensorFlow is told of all machines, and which of them this one is."""


@dataclass(frozen=True, slots=True)
class Team:
    """Devices that learn together.

    Attributes:
        strategy: TensorFlow's, or None for one device.
        replicas: How many devices there are in all.
        leads: Whether this process writes what comes of it: of several machines, one.
    """

    strategy: Any = field(default=None, repr=False)
    replicas: int = 1
    leads: bool = True

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which a model that all share, and what learns it, are built."""
        return nullcontext() if self.strategy is None else self.strategy.scope()

    def check(self, *batches: int) -> None:
        """Check that batches can be shared out evenly.

        Raises:
            RollingStopError: If one cannot.
        """
        for size in batches:
            if size % self.replicas:
                raise RollingStopError(
                    f"Expected batches that {self.replicas} devices can share out evenly. Received: {size} examples.",
                    hint=f"Set batch, closeup_batch and fovea_batch to multiples of {self.replicas}.",
                )

    def __str__(self) -> str:
        """Return who they are, in words; nothing for one device."""
        return "" if self.strategy is None else f"{self.replicas} replicas, {type(self.strategy).__name__}"


ALONE = Team()
"""One device."""


def find_team() -> Team:
    """Return the team that this machine's devices and `TF_CONFIG` make; before TensorFlow has computed anything.

    Raises:
        RollingStopError: If `TF_CONFIG` cannot be read, or TensorFlow has already computed something.
    """
    if len(_workers(os.environ.get(TF_CONFIG, ""))) > 1:
        try:
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except (RuntimeError, ValueError, TypeError) as fault:
            raise RollingStopError(f"Expected {TF_CONFIG} to be taken up. Received: {fault}.") from None
        role = strategy.cluster_resolver
        return Team(strategy, strategy.num_replicas_in_sync, role.task_type == "chief" or _first(role))
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return mirrored()
    return ALONE


def mirrored(devices: list[str] | None = None) -> Team:
    """Return the team of several devices of this machine; all GPUs if none are named."""
    strategy = tf.distribute.MirroredStrategy(devices)
    return Team(strategy, strategy.num_replicas_in_sync)


def _first(role: Any) -> bool:
    """Return whether a worker leads where there is no chief: the first does."""
    return role.task_type == "worker" and role.task_id == 0 and "chief" not in role.cluster_spec().jobs


def _workers(told: str) -> list[str]:
    """Return the addresses of all machines that `TF_CONFIG` names.

    Raises:
        RollingStopError: If it is not JSON of the expected form.
    """
    if not told:
        return []
    try:
        config = json.loads(told)
        cluster = config["cluster"] if isinstance(config, Mapping) else None
        if not isinstance(cluster, Mapping):
            raise TypeError
        jobs = [cluster.get(job, []) for job in ("chief", "worker")]
        if not all(isinstance(job, list) and all(isinstance(each, str) for each in job) for job in jobs):
            raise TypeError
        workers = [address for job in jobs for address in job]
        if len(workers) > 1:
            kind, index = config["task"]["type"], int(config["task"]["index"])
            if not 0 <= index < len(cluster[kind]):
                raise ValueError
    except (ValueError, KeyError, TypeError):
        raise RollingStopError(
            f"Expected {TF_CONFIG} to be JSON with a cluster of workers, and a task with type and index. "
            f"Received: {told[:80]}.",
            hint='For example: {"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}',
        ) from None
    return workers
