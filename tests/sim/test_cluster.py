"""A cluster that is not there is told of at once, in one line, whichever way its address is written."""

import socket
from contextlib import closing
from time import monotonic
from types import SimpleNamespace

import pytest

from sim import cluster
from sim.errors import RollingStopError


def never(*args, **settings):
    raise AssertionError("Ray was asked to connect")


@pytest.fixture
def connected(monkeypatch):
    """A stand-in for Ray that notes where it is told to connect."""
    told = []
    ray = SimpleNamespace(is_initialized=lambda: False, shutdown=lambda: None, remote=lambda **_: lambda work: work)
    ray.init = lambda address, **settings: told.append(address)
    monkeypatch.setattr(cluster, "_ray", lambda: ray)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(cluster, "_last_started", lambda: None)
    monkeypatch.setattr(cluster, "_refusal", lambda *place: None)
    return told


@pytest.fixture
def closed_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        # Bound but not listening: nobody else gets it, and nobody answers.
        yield taken.getsockname()[1]


@pytest.fixture
def open_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def start(address):
    return cluster.map_on_ray(never, [], workers=1, address=address, on_done=never)


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "localhost:{}"])
def test_nothing_that_listens_is_one_line_at_once(connected, closed_port, form):
    began = monotonic()
    with pytest.raises(RollingStopError, match=r"nothing that listens there.*ray start --head") as told:
        start(form.format(closed_port))
    assert monotonic() - began < 10
    assert "\n" not in str(told.value)
    assert connected == []


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_what_listens_is_left_to_ray(connected, open_port, form):
    start(form.format(open_port))
    assert connected == [form.format(open_port)]


def test_auto_is_held_to_what_it_stands_for(connected, closed_port, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{closed_port}")
    with pytest.raises(RollingStopError, match=rf"127\.0\.0\.1:{closed_port}, which 'auto' stands for"):
        start("auto")
    monkeypatch.delenv("RAY_ADDRESS")
    monkeypatch.setattr(cluster, "_last_started", lambda: f"127.0.0.1:{closed_port}")
    with pytest.raises(RollingStopError, match="which 'auto' stands for"):
        start("auto")
    assert connected == []


def test_auto_without_a_trace_of_a_cluster_is_left_to_ray(connected):
    start("auto")
    assert connected == ["auto"]


@pytest.mark.parametrize("address", ["nonsense", "host:port", "ray://", ":6379", "host:99999"])
def test_what_is_no_address_says_what_one_looks_like(connected, address):
    with pytest.raises(RollingStopError, match=r"HOST:PORT, ray://HOST:PORT or auto\. Received"):
        start(address)
    assert connected == []


def test_a_cluster_of_ones_own_needs_no_knock(connected, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", never)
    start(None)
    assert connected == ["local"]


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_a_cluster_that_asks_for_a_token_is_one_line(connected, open_port, monkeypatch, address):
    asked = []
    monkeypatch.setattr(cluster, "_refusal", lambda *place: asked.append(place) or "it asks for Ray's token")
    with pytest.raises(RollingStopError, match=r"it asks for Ray's token\. Ray looks for it in .*RAY_AUTH_MODE=token"):
        start(address.format(open_port))
    assert connected == []
    assert asked == [("127.0.0.1", open_port, "ray" if address.startswith("ray:") else "")]


def test_auto_is_asked_for_no_token_where_ray_sends_it_unasked(connected, open_port, monkeypatch):
    monkeypatch.setattr(cluster, "_refusal", never)
    monkeypatch.setattr(cluster, "_last_started", lambda: f"127.0.0.1:{open_port}")
    start("auto")
    assert connected == ["auto"]


def test_without_the_parts_of_ray_that_tell_nothing_is_refused(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(cluster.importlib, "import_module", missing)
    assert cluster._refusal("127.0.0.1", 1, "") is None


def test_a_client_without_a_port_is_given_rays_own(connected, open_port, monkeypatch):
    monkeypatch.setattr(cluster, "_CLIENT_PORT", open_port)
    start("ray://127.0.0.1")
    assert connected == [f"ray://127.0.0.1:{open_port}"]


def test_more_jobs_than_are_watched_at_a_time_all_come_in_their_order(connected, monkeypatch):
    monkeypatch.setattr(cluster, "_WATCHED", 3)
    ray, watched, done = cluster._ray(), [], []

    def wait(tasks, num_returns, timeout):
        watched.append(len(tasks))
        return tasks[-1:], tasks[:-1]

    ray.remote = lambda **_: lambda work: SimpleNamespace(remote=lambda job: f"task {job}")
    ray.wait, ray.get, ray.cancel = wait, lambda task: task.removeprefix("task "), never
    monkeypatch.setattr(cluster, "_ray", lambda: ray)
    found = cluster.map_on_ray(never, range(8), workers=1, address=None, on_done=done.append)
    assert found == [str(number) for number in range(8)]
    assert sorted(done) == found
    assert watched == [3, 3, 3, 3, 3, 3, 2, 1]


@pytest.mark.parametrize(("failures", "calls"), [(1, 2), (5, 6), (6, 6)])
def test_a_head_whose_process_for_a_client_is_gone_is_asked_again(connected, open_port, failures, calls):
    ray, asked = cluster._ray(), []
    ray.exceptions = SimpleNamespace(RayError=ArithmeticError)

    def init(address, **settings):
        asked.append(address)
        if len(asked) <= failures:
            raise ConnectionAbortedError("Initialization failure from server:\nTraceback ...\nZombieProcess: gone.\n")

    ray.init = init
    address = f"ray://127.0.0.1:{open_port}"
    if failures < calls:
        start(address)
    else:
        with pytest.raises(RollingStopError, match=r"Received: ZombieProcess: gone\. Check"):
            start(address)
    assert asked == [address] * calls
