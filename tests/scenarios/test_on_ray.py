"""The same verdicts from a Ray cluster as from this process."""

from __future__ import annotations

import pytest

from scenarios.pool import ONE_THREAD
from scenarios.run import run_catalogue
from scenarios.scenario import find_scenario, load_shipped
from sim.cluster import Cluster, map_on_ray
from sim.errors import WeightsError

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def ray():
    found = pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    yield found
    found.shutdown()


def surroundings(name):
    import os

    return os.environ.get(name)


def refuse(number):
    if number == 2:
        raise WeightsError("Altered.", hint="Train again.")
    return number


def test_a_cluster_judges_as_this_process_does(ray):
    chosen = (find_scenario("straight", load_shipped()),)
    told = []

    there = run_catalogue(
        chosen, "oracle", runs=3, workers=2, cluster=Cluster(), progress=lambda *done: told.append(done)
    )

    assert there == run_catalogue(chosen, "oracle", runs=3)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_tasks_have_one_thread_each_and_come_back_in_order(ray):
    names = list(ONE_THREAD)

    found = map_on_ray(
        surroundings, [*names, "NO_SUCH"], workers=2, address=None, surroundings=ONE_THREAD, on_done=lambda _: None
    )

    assert found == [*ONE_THREAD.values(), None]


def test_what_a_task_refuses_arrives_as_it_was_said(ray):
    with pytest.raises(WeightsError, match="Altered"):
        map_on_ray(refuse, [1, 2, 3], workers=1, address=None, on_done=lambda _: None)
