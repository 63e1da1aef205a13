from dataclasses import replace

import av
import numpy as np
import pytest

from scenarios.film import VERDICT_S, record_run
from scenarios.run import run_scenario
from scenarios.scenario import find_scenario, load_catalogue
from sim.errors import RollingStopError
from sim.loop import BlindEyes

STRAIGHT = find_scenario("straight", load_catalogue())
SHORT = replace(STRAIGHT, expect=replace(STRAIGHT.expect, route_finished_s=0.5))


def test_a_film_shows_every_step_and_then_the_verdict(tmp_path):
    path = tmp_path / "run.mp4"
    verdict = record_run(SHORT, 3, BlindEyes(), path)
    assert verdict == run_scenario(SHORT, 3, BlindEyes())
    with av.open(str(path)) as film:
        pictures = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(pictures) == verdict.steps + round(20 * VERDICT_S)
    assert all(picture.std() > 10 for picture in pictures)
    last, first_of_verdict = pictures[-1].astype(np.int16), pictures[verdict.steps - 1].astype(np.int16)
    assert np.abs(last - first_of_verdict).max() > 60


def test_a_film_of_an_unknown_kind_is_refused_before_the_drive(tmp_path):
    with pytest.raises(RollingStopError, match=r"\.mp4"):
        record_run(SHORT, 3, BlindEyes(), tmp_path / "run.avi")
    assert list(tmp_path.iterdir()) == []
