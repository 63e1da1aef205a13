from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.evaluate import BANDS, evaluate
from perception.matching import Answer, SceneAnswers, Target, average_precision, score_kind
from perception.plots import one_after_the_other, write_plots
from perception.scores import quantile, rate, share
from sim.errors import DatasetError
from sim.recording import Dataset, Recipe, generate_dataset
from tests.perception.conftest import Trained


def at(u: float) -> tuple[float, float, float, float]:
    return (u, 10.0, u + 10.0, 20.0)


def test_perfect_answers_score_one_in_every_band() -> None:
    scenes = [
        SceneAnswers([Target(at(0), d, True)], [Answer(at(0), 0.9, d)]) for d in (10.0, 20.0, 30.0, 50.0, 80.0) * 4
    ]
    scores, _, pairs = score_kind(scenes, BANDS)
    assert scores.ap.value == pytest.approx(1.0)
    assert scores.recall_at_99.value == 1.0
    assert scores.bands["40-55"].recall_at_97.value == 1.0
    assert scores.bands["40-55"].recall_at_97.n == 4
    assert scores.bands["8-40"].ap.n == 12
    assert scores.bands["0-8"].ap.value is None
    assert scores.distance_error_median.value == 0.0
    assert scores.false_per_frame.value == 0.0
    assert pairs.shape == (20, 2)


def test_what_is_to_be_ignored_is_neither_missed_nor_falsely_found() -> None:
    scenes = [
        SceneAnswers([Target(at(0), 10.0, False)], [Answer(at(0), 0.9, 10.0)]),
        SceneAnswers([Target(at(0), 10.0, False)], []),
        SceneAnswers([Target(at(0), 10.0, True)], [Answer(at(0), 0.5, 10.0)]),
    ]
    scores, _, _ = score_kind(scenes, {})
    assert scores.ap.value == pytest.approx(1.0)
    assert scores.ap.n == 1
    assert scores.precision.value == 1.0


def test_a_second_box_on_the_same_sign_is_false() -> None:
    scenes = [SceneAnswers([Target(at(0), 10.0, True)], [Answer(at(0), 0.9, 10.0), Answer(at(1), 0.8, 10.0)])]
    scores, curve, _ = score_kind(scenes, {})
    assert curve.tolist() == [[1.0, 1.0], [1.0, 0.5]]
    assert scores.threshold_97 == 0.9


def test_recall_is_taken_where_the_precision_of_the_whole_still_holds() -> None:
    good = [SceneAnswers([Target(at(0), 20.0, True)], [Answer(at(0), 0.9 - 0.001 * i, 20.0)]) for i in range(50)]
    weak = [SceneAnswers([Target(at(0), 50.0, True)], [Answer(at(0), 0.3, 50.0), Answer(at(50), 0.5, 9.0)])] * 10
    scores, _, _ = score_kind([*good, *weak], BANDS)
    assert scores.bands["15-25"].recall_at_97.value == 1.0
    assert scores.bands["40-55"].recall_at_97.value == 0.0
    assert scores.recall_at_97.value == pytest.approx(50 / 60)


def test_a_recall_is_as_unsure_as_the_threshold_that_it_is_taken_at() -> None:
    signs = [SceneAnswers([Target(at(0), 20.0, True)], [Answer(at(0), 0.9 - 0.001 * i, 20.0)]) for i in range(100)]
    # Four false detections, more believed than half of the signs: with three 0.97 precision would hold to the end.
    false = [SceneAnswers([], [Answer(at(0), 0.8555, 20.0)]), SceneAnswers([], [Answer(at(0), 0.8556, 20.0)])]

    sure, unsure = (score_kind([*signs, *more], {})[0] for more in ([], 2 * false))

    alone = share(100, 100)
    assert (sure.recall_at_97.low, sure.recall_at_97.high) == pytest.approx((alone.low, alone.high))
    assert unsure.recall_at_97.value == pytest.approx(0.45)
    alone = share(45, 100)
    assert unsure.recall_at_97.low < alone.low - 0.1 and unsure.recall_at_97.high > alone.high + 0.1
    assert unsure.recall_at_90.value == 1.0


def test_signs_of_one_picture_count_as_few_as_they_are_alike() -> None:
    all_or_none = [
        SceneAnswers(
            [Target(at(30 * k), 20.0, True) for k in range(9)],
            [Answer(at(30 * k), 0.9, 20.0) for k in range(9 if found else 0)],
        )
        for found in (True, False) * 50
    ]

    recall = score_kind(all_or_none, {})[0].recall_at_97

    alone = share(50, 100)
    assert recall.n == 900
    assert (recall.low, recall.high) == pytest.approx((alone.low, alone.high), abs=0.02)


def test_no_answers_at_all_score_nothing_without_fault() -> None:
    scores, curve, _ = score_kind([SceneAnswers([Target(at(0), 20.0, True)], [])], BANDS)
    assert scores.ap.value == 0.0
    assert scores.threshold_97 is None
    assert scores.precision.value is None
    assert curve.shape == (0, 2)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.05, 1.0), st.booleans()), min_size=1, max_size=40))
def test_our_average_precision_is_cocos(rows: list[tuple[float, bool]]) -> None:
    scores = sorted({score for score, _ in rows}, reverse=True)
    right = [hit for _, hit in rows][: len(scores)]
    scenes = [
        SceneAnswers([Target(at(0), 10.0, True)], [Answer(at(0 if hit else 100), score, 10.0)])
        for score, hit in zip(scores, right, strict=True)
    ]
    ours = average_precision(np.array(right), np.ones(len(right), np.int64), len(right))
    assert score_kind(scenes, {})[0].ap.value == pytest.approx(ours)


@settings(max_examples=50)
@given(st.integers(0, 200), st.integers(1, 200))
def test_an_interval_holds_its_share(hits: int, n: int) -> None:
    measure = share(min(hits, n), n)
    assert 0.0 <= measure.low <= measure.value + 1e-12 <= measure.high + 2e-12 <= 1.0 + 2e-12


def test_wilsons_interval_is_the_published_one() -> None:
    measure = share(81, 263)
    assert (measure.low, measure.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_a_quantile_lies_in_its_interval_and_an_empty_one_is_none() -> None:
    measure = quantile(np.arange(101.0), 0.5)
    assert measure.value == 50.0
    assert measure.low < 50.0 < measure.high
    assert quantile([], 0.5).value is None
    assert rate(0, 100).high == pytest.approx(0.039, abs=2e-3)


def test_evaluation_scores_a_data_set_and_draws_it(trained: Trained, small_dataset: Dataset, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    scores = evaluate(small_dataset.path, trained.folder, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (48, 48)
    assert scores.frames == 48
    assert scores.lane.offset_error_median_m.n == 48
    assert scores.to_dict()["stop_sign"]["bands"]["8-40"]["recall_at_97"]["n"] > 0
    near = scores.to_dict()["vehicle"]["bands"]
    assert sum(band["recall_at_90"]["n"] for band in near.values()) == scores.vehicle.recall_at_90.n > 0
    for page in write_plots(scores, tmp_path, history=trained.result.history):
        assert page.read_bytes().startswith(b"\x89PNG")


def test_a_data_set_of_another_camera_is_refused(trained: Trained, tmp_path: Path) -> None:
    other = generate_dataset(Recipe(name="other", seed=1, count=1), tmp_path / "other", workers=1)
    with pytest.raises(DatasetError, match="192 x 96"):
        evaluate(other.path, trained.folder)


def test_bands_are_drawn_side_by_side():
    drawn = one_after_the_other(BANDS)

    assert [name for name, _, _ in drawn] == ["0-8", "8-15", "15-25", "25-40", "40-55", "55-90"]
    assert all(before[2] == after[1] for before, after in pairwise(drawn))
