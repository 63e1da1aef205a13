from __future__ import annotations

import json

import pygame
import pytest

from perception.comparison import grid
from perception.training_config import TrainConfig
from sim.viewer import glance
from sim.viewer.glance import Phase
from tests.commands import run
from tests.perception.conftest import SMALL_NETWORK


def test_compare_trains_prints_and_leaves_a_page(monkeypatch, capsys, small_dataset, glances, tmp_path):
    monkeypatch.setattr(grid, "TrainConfig", lambda **words: TrainConfig(**words, network=SMALL_NETWORK))
    words = (
        "compare",
        "--train",
        small_dataset.path,
        "--test",
        glances.path,
        "--out",
        tmp_path,
        "--models",
        "rule,cnn",
    )
    words += ("--volumes", "12,30", "--seeds", "1", "--steps", "10", "--test-frames", "20")
    status, out, _ = run(monkeypatch, capsys, *words, "--json", "-q")
    assert status == 0
    plain = json.loads(out)
    assert plain["settings"]["trainings"] == {"cnn-12": 1, "cnn-30": 1}
    assert {name for panel in plain["panels"] for name in panel["levels"]} == {"rule"}
    assert plain == json.loads((tmp_path / "compare.json").read_text())
    for name in ("compare.png", "compare.svg", "compare.html"):
        assert (tmp_path / name).stat().st_size > 5000
    status, out, err = run(monkeypatch, capsys, *words, "--report")
    assert status == 0
    assert "colour rule" in out
    assert "compare.html" in err


def test_ablation_tells_what_two_looks_lose_without_each_part(monkeypatch, capsys, small_dataset, glances, tmp_path):
    sizes = {"network": SMALL_NETWORK, "fovea": (8, 8, 8), "fovea_batch": 8, "shuffle_buffer": 8}
    monkeypatch.setattr(grid, "TrainConfig", lambda **words: TrainConfig(**words, **sizes))
    words = ("compare", "--ablate", "--train", small_dataset.path, "--test", glances.path, "--out", tmp_path)
    words += ("--volumes", "20", "--seeds", "1", "--steps", "10", "--test-frames", "20")
    status, out, _ = run(monkeypatch, capsys, *words, "--json", "-q")
    assert status == 0
    plain = json.loads(out)
    assert plain["settings"]["trainings"] == {f"{model}-20": 1 for model in grid.ABLATION.models}
    for panel in plain["panels"]:
        assert list(panel["losses"]) == ["cnn", *grid.ABLATED]
        score = {model: points[0]["mean"]["value"] for model, points in panel["curves"].items()}
        for model, loss in panel["losses"].items():
            assert loss["value"] == pytest.approx(score["cnn2"] - score[model])
    page = (tmp_path / "compare.html").read_text()
    assert "what is missing" in page
    assert "nothing to compare" not in page
    assert "What a second look is worth" in page
    assert "Data against design" not in page
    status, out, _ = run(monkeypatch, capsys, *words, "--report")
    assert status == 0
    assert "How much less than CNN, two looks" in out
    assert "first belief" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--volumes", "few"), "Expected volumes such as"),
        (("--volumes", "3"), "at least 10 frames"),
        (("--models", "hog,forest"), "Expected --models among"),
        (("--ablate", "--models", "hog"), "Expected --ablate"),
        (("--frames", "4", "--human"), "10"),
        (("--human", "--report"), "Expected --human alone"),
    ],
)
def test_words_that_are_wrong_are_told_in_one_line(monkeypatch, capsys, words, told):
    status, _, err = run(monkeypatch, capsys, "compare", *words)
    assert status == 2
    assert told in err


def test_a_report_of_nothing_is_told_in_one_line(monkeypatch, capsys, small_dataset, glances, tmp_path):
    words = ("--train", small_dataset.path, "--test", glances.path, "--out", tmp_path, "--volumes", "20")
    status, _, err = run(monkeypatch, capsys, "compare", "--report", "--test-frames", "20", *words)
    assert status == 1
    assert "Leave out --report" in err


def test_without_a_screen_a_person_is_told_so_at_once(monkeypatch, capsys, tmp_path):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    status, _, err = run(monkeypatch, capsys, "compare", "--human", "--out", tmp_path)
    assert status == 6
    assert "Expected a screen" in err
    assert not list(tmp_path.iterdir())


def test_a_person_who_ends_early_is_scored_on_what_was_answered(monkeypatch, capsys, glances, trained, tmp_path):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    asked: list[Phase] = []
    real_ask, real_show = glance.ask, glance.show_until_key

    def press(test, _screen):
        if asked and asked[-1] is test.phase:
            return
        asked.append(test.phase)
        key = {Phase.READY: pygame.K_SPACE, Phase.QUESTION: pygame.K_y}.get(test.phase)
        if len(test.answers) == 2:
            key = pygame.K_ESCAPE
        if key is not None:
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))

    monkeypatch.setattr(glance, "ask", lambda pictures: real_ask(pictures, shown_s=0.02, watch=press))
    monkeypatch.setattr(
        glance,
        "show_until_key",
        lambda rgb: real_show(
            rgb, watch=lambda _screen: pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN))
        ),
    )
    words = ("--human", "--frames", "10", "--test", glances.path, "--weights", trained.result.weights)
    status, out, _ = run(monkeypatch, capsys, "compare", *words, "--out", tmp_path, "--json")
    assert status == 0
    plain = json.loads(out)
    assert plain["person"]["all"]["n"] == plain["network"]["all"]["n"] == 2
    assert all(frame["person"] for frame in plain["frames"])
    assert plain == json.loads((tmp_path / "people.json").read_text())
    assert (tmp_path / "people.png").stat().st_size > 5000
