"""What each layer sees, what each answer rests on, and whether the checks can tell a true map from a false one."""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

import rollingstop
from perception.explain import (
    CHANNEL_OF_HEAD,
    Attention,
    Explainer,
    Head,
    LayerViews,
    load_explainer,
    pointing_game,
    points_at,
    rank_correlation,
    strongest_channels,
    tile,
    true_boxes,
)
from perception.explain_page import read_picture
from sim.camera import Camera
from sim.errors import DatasetError
from sim.show.shots import Shot, open_source
from tests.perception.conftest import Trained


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return load_explainer()


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    """Frames of one seed that show a stop sign."""
    found = (each for each in open_source(["4242"]).shots(0, 60) if true_boxes(each.truth, Head.STOP_SIGN))
    return list(islice(found, 6))


def test_every_layer_with_weights_is_seen_from_the_picture_to_the_answers(
    explainer: Explainer, shots: list[Shot]
) -> None:
    answers = explainer.activations(shots[0].picture())

    assert tuple(answers) == explainer.layers
    assert {name.split("/")[0] for name in explainer.arrays} == set(answers)
    assert answers["stem_2_1"].shape == (144, 336, 16)
    assert answers["lane"].shape == (6,)
    assert all(np.isfinite(each).all() for each in answers.values())


def test_maps_point_at_stop_signs_and_those_of_random_weights_do_not(explainer: Explainer, shots: list[Shot]) -> None:
    scores = pointing_game(explainer, [(each.picture(), each.truth) for each in shots])[Head.STOP_SIGN]

    assert scores.hits.n == 6
    assert scores.hits.value is not None
    assert scores.hits.value >= 5 / 6
    assert scores.random_weights.value is not None
    assert scores.random_weights.value <= 2 / 6
    assert scores.chance < 0.1


@pytest.mark.parametrize("head", [Head.STOP_SIGN, Head.LANE_OFFSET])
def test_a_map_changes_once_its_answers_weights_are_random(explainer: Explainer, shots: list[Shot], head: Head) -> None:
    rgb = shots[0].picture()
    before = explainer.grad_cam(rgb, head).heat

    steps = {step.layer: step.correlation for step in explainer.sanity_check(rgb, head)}

    assert steps["lane" if head is Head.LANE_OFFSET else "sign_heat"] < 0.8
    assert abs(steps["stem_2_1"]) < 0.5
    # The branches on which this answer does not rest may be random without changing anything.
    if head is Head.STOP_SIGN:
        assert steps["road_heat"] == pytest.approx(1.0)
    # Afterwards the network is what it was.
    assert (explainer.grad_cam(rgb, head).heat == before).all()


def test_a_cell_can_be_asked_and_a_wrong_layer_or_frame_is_refused(explainer: Explainer, shots: list[Shot]) -> None:
    rgb = shots[0].picture()
    assert explainer.grad_cam(rgb, Head.VEHICLE, cell=(20, 3)).cell == (20, 3)
    with pytest.raises(ValueError, match=r"layer with maps: stem_2_1.*Received: 'nose'"):
        explainer.grad_cam(rgb, Head.VEHICLE, layer="nose")
    with pytest.raises(ValueError, match=r"shape \(288, 672, 3\)"):
        explainer.grad_cam(rgb[:100], Head.VEHICLE)


def test_pointing_is_judged_by_the_strongest_place() -> None:
    heat = np.zeros((36, 84), np.float32)
    heat[10, 40] = 1.0  # u 324, v 84
    attention = Attention(Head.STOP_SIGN, "head", heat, 0.9, (10, 40))
    assert attention.strongest_px(288, 672) == (324.0, 84.0)
    assert points_at(attention, [(320.0, 80.0, 340.0, 100.0)], Camera())
    assert points_at(attention, [(331.0, 80.0, 340.0, 100.0)], Camera())
    assert not points_at(attention, [(340.0, 80.0, 360.0, 100.0)], Camera())
    empty = Attention(Head.STOP_SIGN, "head", np.zeros((36, 84), np.float32), 0.9, None)
    assert not points_at(empty, [(0.0, 0.0, 672.0, 288.0)], Camera())


def test_rank_correlation_of_known_maps() -> None:
    rising = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert rank_correlation(rising, rising**3) == pytest.approx(1.0)
    assert rank_correlation(rising, -rising) == pytest.approx(-1.0)
    assert rank_correlation(rising, np.zeros_like(rising)) == 0.0


def test_the_channels_that_vary_most_come_first() -> None:
    maps = np.zeros((4, 5, 3), np.float32)
    maps[..., 0] = 100.0
    maps[0, 0, 1] = 1.0
    maps[0, 0, 2] = 5.0
    assert strongest_channels(maps, 2).tolist() == [2, 1]


def test_tiles_lie_in_rows() -> None:
    assert tile([np.zeros((10, 20, 3), np.uint8)] * 5, 4, gap_px=2).shape == (22, 86, 3)


def test_layer_views_are_pictures_of_every_layer_or_of_those_asked_for(shots: list[Shot]) -> None:
    views = LayerViews(channels=6, columns=3, tile_width_px=84)
    rgb = shots[0].picture()

    pictures = views(rgb)

    assert tuple(pictures) == views.layers
    assert pictures["head"].shape == (2 * 36 + 2, 3 * 84 + 4, 3)
    assert all(each.dtype == np.uint8 and each.max() > 60 for each in pictures.values())
    chosen = views(rgb, layers=("heat",))
    assert list(chosen) == ["heat"]
    assert (chosen["heat"] == pictures["heat"]).all()
    # The first tile is the stop signs' heat map: bright where the sign is.
    x0, y0, x1, y1 = (value / 8 for value in true_boxes(shots[0].truth, Head.STOP_SIGN)[0])
    tile_of_signs = pictures["heat"][:36, :84].sum(axis=-1)
    row, column = np.unravel_index(int(tile_of_signs.argmax()), tile_of_signs.shape)
    assert y0 - 1 <= row <= y1 + 1
    assert x0 - 1 <= column <= x1 + 1


def test_pictures_of_any_size_are_cut_to_the_cameras(tmp_path: Path) -> None:
    tall = np.zeros((600, 400, 3), np.uint8)
    tall[250:350] = 255
    cv2.imwrite(str(tmp_path / "tall.png"), tall)
    rgb = read_picture(tmp_path / "tall.png", Camera())
    assert rgb.shape == (288, 672, 3)
    assert rgb[144].min() == 255
    (tmp_path / "words.png").write_text("no picture")
    with pytest.raises(DatasetError, match="another kind of file"):
        read_picture(tmp_path / "words.png", Camera())


def test_the_command_writes_a_page_that_holds_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "explained.html"
    words = ["explain", "--seed", "3", "--out", str(page), "-q", "--json"]
    monkeypatch.setattr(sys, "argv", ["rollingstop", *words])
    with pytest.raises(SystemExit) as leaving:
        rollingstop.main()

    assert leaving.value.code == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["heads"]) == {head.value for head in Head}
    assert len(CHANNEL_OF_HEAD) + 1 == len(Head)
    text = page.read_text()
    for head in Head:
        assert f"<h3>{head.value.replace('_', ' ')}</h3>" in text
    assert text.count("data:image/") >= 1 + len(Head) + 20
    assert "http" not in text


def test_a_network_of_another_camera_is_shown_its_frames(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], trained: Trained, tmp_path: Path
) -> None:
    page = tmp_path / "explained.html"
    words = ["explain", "--seed", "3", "--weights", str(trained.folder), "--out", str(page), "--pointing", "2", "-q"]
    monkeypatch.setattr(sys, "argv", ["rollingstop", *words])
    with pytest.raises(SystemExit) as leaving:
        rollingstop.main()

    assert leaving.value.code == 0, capsys.readouterr().err
    assert "of 24 x 12" in page.read_text(), "layers at an eighth of 192 x 96"


def test_a_missing_picture_gets_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["rollingstop", "explain", str(tmp_path / "none.png"), "-q"])
    with pytest.raises(SystemExit) as leaving:
        rollingstop.main()

    assert leaving.value.code == 3
    assert "no such file" in capsys.readouterr().err
