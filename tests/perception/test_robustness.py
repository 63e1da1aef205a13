"""Corruptions do what their names say, the same each time, and no training sees them."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from perception.colour_rule import find_red
from perception.corruptions import SEVERITIES, Corruption, corrupt
from perception.perceiver import load_perceiver
from perception.robustness import mean_corruption_error, score_corruptions, unfamiliar_beliefs, write_robustness
from perception.scores import LOWEST_COUNTED
from sim.camera import Camera
from sim.recording import Dataset
from sim.show.shots import open_source
from tests.perception.conftest import Trained

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def road() -> np.ndarray:
    return next(open_source(["5"]).shots()).picture()


@pytest.mark.parametrize("corruption", Corruption)
def test_a_corruption_repeats_itself_and_grows_with_severity(corruption: Corruption, road: np.ndarray) -> None:
    made = {severity: corrupt(road, corruption, severity, index=3) for severity in (1, 5)}
    assert all(each.shape == road.shape and each.dtype == np.uint8 for each in made.values())
    assert (corrupt(road, corruption, 5, index=3) == made[5]).all()
    apart = {severity: np.abs(each.astype(int) - road).mean() for severity, each in made.items()}
    assert apart[1] > 0.2
    # The elastic transform trades the picture's turn for finer waves, frost darkens what it whitens before, and coarser
    # pixels keep the picture's means: severity 5 destroys more there without lying farther off.
    if corruption not in (Corruption.ELASTIC, Corruption.FROST, Corruption.PIXELATE):
        assert apart[5] > 1.2 * apart[1]


def test_what_is_random_differs_from_frame_to_frame(road: np.ndarray) -> None:
    first, second = (corrupt(road, Corruption.SNOW, 3, index=index) for index in (0, 1))
    assert (first != second).any()
    with pytest.raises(ValueError, match="1 to 5"):
        corrupt(road, Corruption.SNOW, 6)


def test_known_corruptions_have_their_published_size() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    noisy = corrupt(grey, Corruption.GAUSSIAN_NOISE, 2)
    assert noisy.std() / 255 == pytest.approx(0.08, rel=0.03)
    impulses = corrupt(grey, Corruption.IMPULSE_NOISE, 5)
    assert np.mean((impulses == 0) | (impulses == 255)) == pytest.approx(0.14, rel=0.05)
    assert corrupt(grey, Corruption.BRIGHTNESS, 1)[0, 0, 0] == pytest.approx(128 + 25.5, abs=1)
    point = np.zeros((101, 101, 3), np.uint8)
    point[50, 50] = 255
    assert (corrupt(point, Corruption.DEFOCUS_BLUR, 5)[..., 0] > 0).sum() >= 25


def test_no_training_imports_the_corruptions() -> None:
    for name in ("augment", "closeups", "pipeline", "learner", "train", "training_config"):
        tree = ast.parse((ROOT / "perception" / f"{name}.py").read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {"perception.corruptions", "perception.robustness"}


def test_the_colour_rule_finds_a_red_octagon_first() -> None:
    rgb = np.full((100, 200, 3), 90, np.uint8)
    rgb[60:64, 20:150] = (190, 20, 30)
    rows, columns = np.indices((30, 30))
    corner = np.minimum(rows, 29 - rows) + np.minimum(columns, 29 - columns) >= 8
    rgb[10:40, 120:150][corner] = (190, 20, 30)
    found = find_red(rgb)
    assert found[0].box == (120.0, 10.0, 150.0, 40.0)
    assert found[0].score > 0.9
    assert find_red(np.full((50, 50, 3), 90, np.uint8)) == []


def test_the_mean_corruption_error_is_one_for_the_rule_itself_and_half_for_half_the_error() -> None:
    theirs = {each: [0.2] * len(SEVERITIES) for each in Corruption}
    assert mean_corruption_error(theirs, theirs) == pytest.approx(1.0)
    ours = {each: [0.6] * len(SEVERITIES) for each in Corruption}
    assert mean_corruption_error(ours, theirs) == pytest.approx(0.5)


def test_every_cell_is_scored_and_drawn(small_dataset: Dataset, trained: Trained, tmp_path: Path) -> None:
    perceive = load_perceiver(trained.folder, lowest_score=LOWEST_COUNTED)
    scores = score_corruptions(small_dataset.examples(0, 3), perceive)
    assert scores.frames == 3
    assert {len(row) for row in scores.cells.values()} == {5}
    assert set(scores.cells) == set(scores.rule) == set(Corruption)
    paths = write_robustness(scores, {"black": (0.1, 0.2)}, tmp_path)
    assert all(path.stat().st_size > 100 for path in paths)
    assert {path.name for path in paths} == {"unfamiliar.png", "corruptions.png", "robustness.json"}


def test_unfamiliar_frames_are_answered_with_low_confidence() -> None:
    beliefs = unfamiliar_beliefs(load_perceiver(lowest_score=LOWEST_COUNTED))
    assert {"black", "noise", "upside down", "four times wider"} <= set(beliefs)
    surest = {name: round(sign, 3) for name, (sign, _) in beliefs.items()}
    assert max(surest.values()) < 0.5, surest
    assert Camera().width_px == 672
