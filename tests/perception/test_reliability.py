"""Beliefs held against what came true, and mistakes put down to their causes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import rollingstop
from perception.mistakes import MistakeBook
from perception.reliability import reliability
from sim.percept import Detection, ObjectKind, Percept
from sim.recording import Dataset, Example
from sim.truth import GroundTruth, LaneTruth, ObjectTruth, SignAttributes
from tests.perception.conftest import Trained


def test_beliefs_that_come_true_as_often_as_they_say_have_hardly_an_error() -> None:
    rng = np.random.default_rng(1)
    beliefs = rng.uniform(0.05, 1.0, 20_000)
    right = rng.random(20_000) < beliefs
    found = reliability(beliefs, right, np.arange(20_000))
    assert found.ece.value == pytest.approx(0.0, abs=0.02)
    assert sum(each.n for each in found.bins) == found.ece.n == 20_000


def test_the_error_of_beliefs_that_are_too_sure_is_how_much_too_sure_they_are() -> None:
    found = reliability([0.9] * 100, [True] * 60 + [False] * 40, list(range(100)))
    assert found.ece.value == pytest.approx(0.3)
    assert found.ece.low is not None
    assert found.ece.high is not None
    assert found.ece.low < 0.3 < found.ece.high
    assert found.bins[9].right == pytest.approx(0.6)
    assert found.bins[9].n == 100


def test_gaps_of_different_bins_do_not_cancel_out() -> None:
    found = reliability([0.25] * 10 + [0.75] * 10, [True] * 10 + [False] * 10, list(range(20)))
    assert found.ece.value == pytest.approx(0.75)


def test_doubted_beliefs_are_left_out_and_nothing_has_no_error() -> None:
    assert reliability([0.01] * 50, [False] * 50, list(range(50))).ece.value is None
    assert reliability([], [], []).ece.n == 0


def sign(
    kind: ObjectKind, variant: str, box: tuple[float, float, float, float], *, applies: bool = True
) -> ObjectTruth:
    attributes = SignAttributes(0.76, 0.0, 0.0, 0.0, "post", (), "vegetation" if variant == "stop" else None)
    return ObjectTruth(1, kind, variant, box, box, 1.0, False, 20.0, applies, attributes)


def seen(box: tuple[float, float, float, float], score: float) -> Detection:
    return Detection(ObjectKind.STOP_SIGN, box, score, 20.0, 1.0)


def test_mistakes_are_put_down_to_what_lay_there_and_to_how_the_sign_looked() -> None:
    near, far, yielding, others = (
        (100.0, 50.0, 130.0, 80.0),
        (300.0, 50.0, 310.0, 60.0),
        (400.0, 50.0, 430.0, 80.0),
        (500.0, 50.0, 530.0, 80.0),
    )
    objects = (
        sign(ObjectKind.STOP_SIGN, "stop", near),
        sign(ObjectKind.STOP_SIGN, "stop_arret", far),
        sign(ObjectKind.DISTRACTOR, "do_not_enter", yielding),
        sign(ObjectKind.STOP_SIGN, "stop", others, applies=False),
    )
    truth = GroundTruth(0, objects, LaneTruth(0.0, 0.0, 0.0, 3.5), None)
    example = Example(7, 1, b"", truth, {"light_family": "night_rain"})
    answers = (seen(near, 0.9), seen(near, 0.85), seen(yielding, 0.8), seen(others, 0.8), seen(far, 0.3))
    book = MistakeBook()
    book.add(example, Percept(0, (*answers, seen((600.0, 200.0, 620.0, 220.0), 0.7))))

    made = book.at(0.5)

    assert made.false_by == {"a stop sign, boxed badly or twice": 1, "do not enter": 1, "nothing that is labelled": 1}
    assert [each.score for each in made.false] == [0.85, 0.8, 0.7]
    assert len(made.missed) == 1
    assert made.missed[0].box == far
    assert made.missed[0].score == 0.3
    assert made.missed[0].index == 7
    assert made.missed_by["variant"] == {"stop": (0, 1), "stop arret": (1, 1)}
    assert made.missed_by["height"] == {"08-12 px": (1, 1), "24-48 px": (0, 1)}
    assert made.missed_by["light"] == {"night rain": (1, 2)}
    assert made.missed_by["hidden by"] == {"nothing": (1, 1), "vegetation": (0, 1)}
    # Lower, and the far one is found.
    assert book.at(0.2).missed == ()


def test_evaluate_writes_calibration_and_a_page_of_mistakes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    small_dataset: Dataset,
    trained: Trained,
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    words = ["evaluate", small_dataset.path, "-w", trained.folder, "--html", page, "--out", tmp_path, "-q", "--json"]
    monkeypatch.setattr(sys, "argv", ["rollingstop", *map(str, words)])
    with pytest.raises(SystemExit) as leaving:
        rollingstop.main()

    assert leaving.value.code == 0
    scores = json.loads(capsys.readouterr().out)
    for name in ("stop_sign", "distractor", "vehicle", "pedestrian", "stop_line", "lane"):
        assert len(scores[name]["reliability"]["bins"]) == 10
        assert "ece" in scores[name]["reliability"]
    assert scores["lane"]["reliability"]["ece"]["n"] <= 48
    assert (tmp_path / "reliability.png").stat().st_size > 5_000
    text = page.read_text()
    assert "Signs that were missed" in text
    assert text.count("data:image/") >= 4
    assert "http" not in text
