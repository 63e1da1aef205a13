"""Work spread over a Ray cluster: Ray places, watches and repeats tasks; what a task does is the same as anywhere."""

from __future__ import annotations

import importlib
import logging
import os
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sim.errors import RollingStopError

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where work is done: a running Ray cluster, or one that is started on this machine.

    Attributes:
        address: Of a running cluster: `HOST:PORT`, `ray://HOST:PORT` or `auto`; None starts one here.
    """

    address: str | None = None


RETRIES = 8
"""How often a task is begun again whose worker or machine was lost."""

_REPORT_EVERY_S = 0.5
_WATCHED = 1000
"""How many tasks are waited for at a time, those that were begun first: each costs a little at every look."""
_CONNECT_WITHIN_S = 5.0
_CONNECT_ATTEMPTS = 6
_CLIENT_PORT = 10001
"""Where a `ray://` address without a port points."""


def map_on_ray(
    work: Callable[..., R],
    jobs: Sequence[Any],
    *,
    workers: int,
    address: str | None,
    shared: Sequence[Any] = (),
    surroundings: Mapping[str, str] | None = None,
    on_done: Callable[[R], None],
    on_wait: Callable[[], None] = lambda: None,
) -> list[R]:
    """Return `work` of each job, in the order of the jobs, each a Ray task.

    Args:
        work: A function of a module, given the shared arguments and then a job; picklable, as they are.
        jobs: What to do.
        workers: How many processes, where a cluster is started here; a cluster at `address` has its own.
        address: Of a running cluster, or `auto`; None starts one on this machine. `HOST:PORT` is for a machine that is
            one of the cluster's, `ray://HOST` for any other.
        shared: Sent to each machine once.
        surroundings: Environment variables of the tasks' processes.
        on_done: Told of each result as it comes, in whatever order.
        on_wait: Called at least twice a second.

    Raises:
        RollingStopError: If Ray is missing, the cluster cannot be reached, or a task was begun too often; or whatever
            of its kind `work` raised.
    """
    ray = _ray()
    mine = not ray.is_initialized()
    if mine:
        _start(ray, address, workers)
    results: list[R | None] = [None] * len(jobs)
    waiting: list[Any] = []
    try:
        options: dict[str, Any] = {"num_cpus": 1, "max_retries": RETRIES}
        if surroundings:
            options["runtime_env"] = {"env_vars": dict(surroundings)}
        task = ray.remote(**options)(work)
        told = [ray.put(each) for each in shared]
        waiting = [task.remote(*told, job) for job in jobs]
        places = {each: place for place, each in enumerate(waiting)}
        while waiting:
            ready, soon = ray.wait(waiting[:_WATCHED], num_returns=1, timeout=_REPORT_EVERY_S)
            waiting = [*soon, *waiting[_WATCHED:]]
            for done in ready:
                result = _answer(ray, done)
                results[places[done]] = result
                on_done(result)
            on_wait()
    finally:
        for task_left in waiting:
            ray.cancel(task_left, force=True)
        if mine:
            ray.shutdown()
    return results  # type: ignore[return-value]  # none is left out once nothing waits


@cache
def _ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise RollingStopError(
            "Expected Ray for --engine ray. Received: it is not installed.",
            hint='Install it with `pip install "rollingstop[ray]"`, in a clone `pip install -e ".[ray]"`.',
        ) from None


def _start(ray: Any, address: str | None, workers: int) -> None:
    if address is not None:
        if re.fullmatch(r"ray://[^:/]+/?", address):
            # Ray's own client would try no port at all, until it has waited half a minute.
            address = f"{address.rstrip('/')}:{_CLIENT_PORT}"
        _check_that_something_listens(address)
    size = {} if address else {"num_cpus": workers, "include_dashboard": False, "object_store_memory": 100_000_000}
    settings = {"log_to_driver": False, "logging_level": logging.ERROR, **size}
    try:
        for attempts_left in reversed(range(_CONNECT_ATTEMPTS)):
            try:
                ray.init(address=address or "local", **settings)
                break
            except ConnectionAbortedError:
                # A head forks a process for each client while gRPC's threads run: on a busy machine one in five of
                # them was gone before it served, and none where the head had GRPC_ENABLE_FORK_SUPPORT=0.
                if not attempts_left:
                    raise
    except (ConnectionError, RuntimeError, ValueError, OSError, ImportError, ray.exceptions.RayError) as fault:
        lines = [line for line in str(fault).splitlines() if line.strip()] or [type(fault).__name__]
        # A head's own traceback follows a first line that only announces it.
        reason = lines[-1 if lines[0].endswith(":") else 0].strip().rstrip(".")
        raise RollingStopError(
            f"Expected a Ray cluster at {address or 'this machine'}. Received: {reason}.",
            hint=_HINT,
        ) from None


_HINT = "Check --address, or leave it out to start one on this machine."
_TOKEN_HINT = (
    "Ray looks for it in RAY_AUTH_TOKEN, the file RAY_AUTH_TOKEN_PATH and ~/.ray/auth_token, where it must be that of "
    "the cluster, and sends it to an address only with RAY_AUTH_MODE=token."
)


def _check_that_something_listens(address: str) -> None:
    """Knock at a cluster's address; Ray itself would go on trying for minutes.

    Raises:
        RollingStopError: If it is no address, or nobody answers.
    """
    named = os.environ.get("RAY_ADDRESS") or _last_started() if address == "auto" else address
    if named in (None, "auto", "local"):
        return
    scheme, _, rest = named.rpartition("://")
    if scheme not in ("", "ray"):
        return
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port or (_CLIENT_PORT if scheme else None)
    except ValueError:
        host, port = None, None
    if host is None or port is None:
        raise RollingStopError(
            f"Expected a Ray cluster's address: HOST:PORT, ray://HOST:PORT or auto. Received: {named}.", hint=_HINT
        )
    told = named if named == address else f"{named}, which '{address}' stands for"
    try:
        socket.create_connection((host, port), timeout=_CONNECT_WITHIN_S).close()
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise RollingStopError(
            f"Expected a Ray cluster at {told}. Received: nothing that listens there ({reason}).",
            hint=f"Start one with `ray start --head`. {_HINT}",
        ) from None
    # To a cluster of this machine that it finds by itself, Ray sends the token unasked.
    refused = _refusal(host, port, scheme) if address != "auto" or os.environ.get("RAY_ADDRESS") else None
    if refused is not None:
        raise RollingStopError(f"Expected a Ray cluster at {told}. Received: {refused}.", hint=_TOKEN_HINT)


def _refusal(host: str, port: int, scheme: str) -> str | None:
    """Return how a cluster refuses this process for want of its token, which Ray would not say; None where it does not.

    Asked in parts of Ray that it promises to nobody: without them, Ray's own patience applies.
    """
    method = "/ray.rpc.RayletDriver/ClusterInfo" if scheme else "/ray.rpc.NodeInfoGcsService/GetClusterId"
    try:
        channels = importlib.import_module("ray._private.grpc_utils")
        with channels.init_grpc_channel(f"{host}:{port}") as channel:
            channel.unary_unary(method)(b"", timeout=_CONNECT_WITHIN_S)
    except Exception as fault:
        if type(fault).__name__ == "AuthenticationError":
            return "it was to be given Ray's token, and there is none on this machine"
        if "UNAUTHENTICATED" in str(getattr(fault, "code", str)()):
            token = os.environ.get("RAY_AUTH_MODE", "").lower() == "token"
            return "it has another token of Ray's than this machine" if token else "it asks for Ray's token"
    return None


def _last_started() -> str | None:
    """Return the address that `auto` stands for, as Ray notes it on this machine; None where Ray must tell itself."""
    try:
        services = importlib.import_module("ray._private.services")
        return str(services.get_ray_address_from_environment("auto", None))
    except Exception:
        # A part of Ray that it promises to nobody. Without it, Ray's own patience applies.
        return None


def _answer(ray: Any, done: Any) -> Any:
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as fault:
        if isinstance(fault.cause, RollingStopError):
            raise fault.cause from None
        raise
    except ray.exceptions.RayError as fault:
        raise RollingStopError(
            f"Expected a task within {RETRIES} retries. Received: {type(fault).__name__}; its workers were lost.",
            hint="Memory may have run out: run the same command again with fewer workers; what is finished is kept.",
        ) from None
