from __future__ import annotations

import json

import pytest
from scipy.stats import beta

from perception.comparison.people import (
    ASKED_BANDS,
    NO_SIGN,
    UNCALIBRATED,
    Case,
    _group,
    ask_network,
    choose_cases,
    exact_share,
    score_people,
    threshold_of,
    write_people,
)
from perception.evaluate import BANDS
from perception.perceiver import Perceiver
from perception.scores import LOWEST_COUNTED
from sim.errors import DatasetError
from sim.percept import ObjectKind
from tests.perception.conftest import SMALL_CAMERA


@pytest.fixture(scope="module")
def cases(glances):
    return choose_cases(glances, 10, 3)


def test_half_of_the_frames_have_a_sign_as_many_in_each_band(cases):
    groups = [case.group for case in cases]
    assert {band: groups.count(band) for band in ASKED_BANDS} == dict.fromkeys(ASKED_BANDS, 1)
    assert groups.count(NO_SIGN) == 5
    assert len({case.example.index for case in cases}) == 10


def test_the_group_is_the_nearest_signs_and_no_sign_means_none(cases):
    for case in cases:
        signs = [each for each in case.example.truth.objects if each.kind is ObjectKind.STOP_SIGN]
        assert case.truth == bool(signs)
        if signs:
            low, high = BANDS[case.group]
            assert low <= min(sign.distance_m for sign in signs) < high
            assert all(sign.applies_to_ego and sign.visible_fraction >= 0.5 for sign in signs)


def test_frames_that_leave_the_answer_open_are_left_out(glances):
    opened = [example for example in glances.examples() if _group(example) is None]
    for example in opened:
        signs = [each for each in example.truth.objects if each.kind is ObjectKind.STOP_SIGN]
        far = min(sign.distance_m for sign in signs)
        unclear = any(not sign.applies_to_ego or sign.visible_fraction < 0.5 or sign.distance_m > 90 for sign in signs)
        assert unclear or far < 8.0


def test_the_order_follows_from_the_seed(glances, cases):
    again = [case.example.index for case in choose_cases(glances, 10, 3)]
    assert again == [case.example.index for case in cases]
    assert again != [case.example.index for case in choose_cases(glances, 10, 4)]


def test_too_few_frames_are_told_in_one_line(glances):
    with pytest.raises(DatasetError, match="Ask for fewer --frames"):
        choose_cases(glances, 500, 0)


def test_shares_have_exact_intervals():
    share = exact_share([True] * 7 + [False] * 3)
    assert (share.value, share.n) == (0.7, 10)
    assert share.low == pytest.approx(beta.ppf(0.025, 7, 4))
    assert share.high == pytest.approx(beta.ppf(0.975, 8, 3))
    assert exact_share([True] * 5).high == 1.0
    assert exact_share([]).value is None


def test_both_are_scored_on_the_frames_that_were_answered(cases, tmp_path):
    person = [case.truth for case in cases[:6]]
    person[0] = not person[0]
    network = [True] * len(cases)
    scores = score_people(cases, person, network, 0.9, 0.2, [0.2, 0.21, 0.2])
    assert scores.person.all.value == pytest.approx(5 / 6)
    assert scores.network.all.value == pytest.approx(sum(case.truth for case in cases[:6]) / 6)
    assert (scores.person.all.n, scores.network.all.n, len(scores.frames)) == (6, 6, 6)
    assert scores.seen_s == 0.2
    assert sum(share.n for share in scores.person.groups.values()) == 6
    picture = write_people(scores, tmp_path)
    assert picture.shape[2] == 3
    plain = json.loads((tmp_path / "people.json").read_text())
    assert plain["threshold"] == 0.9
    assert plain["frames"][0]["index"] == cases[0].example.index
    assert (tmp_path / "people.png").read_bytes().startswith(b"\x89PNG")


def test_the_network_is_asked_with_the_threshold_of_its_card(cases, trained):
    from perception.perceiver import load_perceiver

    perceiver = load_perceiver(trained.result.weights, lowest_score=LOWEST_COUNTED)
    told = trained.result.scores["stop_sign"]["threshold_97"]
    assert threshold_of(perceiver) == (UNCALIBRATED if told is None else told)
    assert ask_network(cases, perceiver, 1.1) == [False] * len(cases)
    bare = Perceiver(perceiver.camera, None, perceiver.lowest_score, perceiver._look)
    assert threshold_of(bare) == UNCALIBRATED


def test_yes_needs_one_sign_believed_enough(cases):
    from sim.percept import Detection, LaneEstimate, Percept

    class Eyes:
        camera = SMALL_CAMERA

        def __call__(self, frame):
            sign = Detection(ObjectKind.STOP_SIGN, (0.0, 0.0, 9.0, 9.0), 0.6, 20.0, 1.0)
            other = Detection(ObjectKind.DISTRACTOR, (0.0, 0.0, 9.0, 9.0), 0.99, 20.0, 1.0)
            return Percept(frame.step, (other, sign), LaneEstimate(0.0, 0.0, 0.0, 0.5), None)

    assert ask_network(cases[:2], Eyes(), 0.6) == [True, True]
    assert ask_network(cases[:2], Eyes(), 0.61) == [False, False]
    assert Case(cases[0].example, NO_SIGN).truth is False
