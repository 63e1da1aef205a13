from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perception.backend import tf
from perception.channels import Channel
from perception.decode import PEAK_FIELDS
from perception.photographs import (
    FEWEST_ROWS,
    LARGEST_AREA_PX,
    SignFinder,
    evaluate_photographs,
    load_sign_finder,
    pyramid,
)
from sim.errors import DatasetError
from tests.perception.conftest import Trained


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    sizes = [(120, 90), (33, 57)]
    for number, (width, height) in enumerate(sizes):
        cv2.imwrite(str(folder / f"{number}.png"), rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    truth = {
        "images": [
            {"id": 7 + i, "file_name": f"images/{i}.png", "width": w, "height": h} for i, (w, h) in enumerate(sizes)
        ],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 10, 30, 30]}],
        "categories": [{"id": 2, "name": "car"}, {"id": 3, "name": "stop sign"}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    return tmp_path


@settings(max_examples=50)
@given(st.integers(16, 8000), st.integers(16, 8000))
def test_every_size_of_sign_has_a_level_an_eighth_of_an_octave_away_at_most(height: int, width: int) -> None:
    factors = pyramid(height, width)
    assert factors == sorted(factors, reverse=True)
    assert height * factors[-1] <= FEWEST_ROWS * 1.001
    assert all(a / b == pytest.approx(2**0.25) for a, b in itertools.pairwise(factors))
    assert factors[0] ** 2 * height * width <= LARGEST_AREA_PX * 1.001


class RedPatches:
    """Stands for the network: whatever is wholly red is a sign, with a score; `once` is seen on one level alone."""

    def __init__(self, once: tuple[float, float, float, float] | None = None) -> None:
        self.once = once

    def __call__(self, padded: Any) -> Any:
        rgb = padded.numpy()
        red = ((rgb[..., 0] > 200) & (rgb[..., 1] < 50)).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(red)
        boxes = [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:count] if area > 30]
        peaks = np.zeros((len(boxes) + (self.once is not None), PEAK_FIELDS), np.float32)
        for row, box in zip(peaks, boxes, strict=False):
            row[:6] = 0.6, Channel.STOP_SIGN, *box
        if self.once is not None:
            peaks[-1, :6], self.once = (0.9, Channel.STOP_SIGN, *self.once), None
        return tf.constant(peaks)


def red_sign_at(x: int, y: int, size: int) -> NDArray[np.uint8]:
    rgb = np.full((240, 320, 3), 128, np.uint8)
    rgb[y : y + size, x : x + size] = (230, 10, 10)
    return rgb


def test_a_sign_that_several_sizes_show_beats_one_that_a_single_size_shows() -> None:
    seen = SignFinder(RedPatches(once=(400.0, 300.0, 440.0, 340.0)))(red_sign_at(100, 80, 60))
    assert len(seen) == 2
    (box, score), (_, weaker) = seen
    assert np.allclose(box, (100, 80, 160, 140), atol=1.5)
    assert score == pytest.approx(0.6, abs=0.01)
    # Alone with 0.9 before three levels that say nothing.
    assert weaker < 0.1


def test_a_sign_mirrored_in_the_margin_is_none() -> None:
    seen = SignFinder(RedPatches())(red_sign_at(259, 80, 60))
    assert len(seen) == 1
    assert np.allclose(seen[0][0], (259, 80, 319, 140), atol=4)


def test_photographs_of_any_size_give_coco_results(trained: Trained, photographs: Path, tmp_path: Path) -> None:
    scores = evaluate_photographs(photographs / "images", photographs / "truth.json", trained.folder, tmp_path / "out")
    assert scores.photographs == 2
    assert not any("distance" in name for name in scores.to_dict()["stop_sign"])
    assert scores.stop_sign.ap.n == 1
    results = json.loads((tmp_path / "out" / "detections.json").read_text())
    for result in results:
        assert result["image_id"] in (7, 8)
        assert result["category_id"] == 3
        assert 0.005 <= result["score"] <= 1.0
        x, y, w, h = result["bbox"]
        assert x >= 0 and y >= 0 and x + w <= 120.1 and y + h <= 90.1


def test_file_names_may_be_relative_to_the_images_or_to_the_annotations(trained: Trained, photographs: Path) -> None:
    truth = json.loads((photographs / "truth.json").read_text())
    for entry in truth["images"]:
        entry["file_name"] = entry["file_name"].removeprefix("images/")
    (photographs / "truth.json").write_text(json.dumps(truth))

    scores = evaluate_photographs(
        photographs / "images", photographs / "truth.json", trained.folder, photographs / "out"
    )

    assert scores.photographs == len(truth["images"])


def test_every_category_that_is_a_stop_sign_counts(trained: Trained, photographs: Path) -> None:
    truth = json.loads((photographs / "truth.json").read_text())
    truth["categories"][0]["name"] = "Regulatory--Stop"
    truth["annotations"].append({"id": 2, "image_id": 8, "category_id": 2, "bbox": [5, 5, 20, 20]})
    (photographs / "truth.json").write_text(json.dumps(truth))

    scores = evaluate_photographs(
        photographs / "images", photographs / "truth.json", trained.folder, photographs / "out"
    )

    assert scores.stop_sign.ap.n == 2


def test_a_box_that_is_no_number_is_refused_and_finds_nothing(trained: Trained, photographs: Path) -> None:
    truth = json.loads((photographs / "truth.json").read_text())
    truth["annotations"][0]["bbox"] = [float("nan")] * 4
    (photographs / "truth.json").write_text(json.dumps(truth))
    with pytest.raises(DatasetError, match="to be finite"):
        evaluate_photographs(photographs / "images", photographs / "truth.json", trained.folder, photographs / "out")


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "missing.png"])
def test_a_photograph_elsewhere_or_missing_is_refused(trained: Trained, photographs: Path, name: str) -> None:
    truth = json.loads((photographs / "truth.json").read_text())
    truth["images"][0]["file_name"] = name
    (photographs / "truth.json").write_text(json.dumps(truth))
    with pytest.raises(DatasetError, match="Expected"):
        evaluate_photographs(photographs / "images", photographs / "truth.json", trained.folder, photographs / "out")
    assert not (photographs / "out").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"images": [], "annotations": [], "categories": []}'])
def test_annotations_of_another_form_are_refused(trained: Trained, photographs: Path, text: str) -> None:
    (photographs / "truth.json").write_text(text)
    with pytest.raises(DatasetError, match=r"truth\.json"):
        evaluate_photographs(photographs / "images", photographs / "truth.json", trained.folder, photographs / "out")


def test_a_photograph_of_another_size_than_annotated_is_refused(trained: Trained, photographs: Path) -> None:
    truth = json.loads((photographs / "truth.json").read_text())
    truth["images"][0]["width"] = 500
    (photographs / "truth.json").write_text(json.dumps(truth))
    with pytest.raises(DatasetError, match="500 x 90"):
        evaluate_photographs(photographs / "images", photographs / "truth.json", trained.folder, photographs / "out")


def test_the_smallest_photograph_is_looked_at_too(trained: Trained) -> None:
    assert load_sign_finder(trained.folder)(np.zeros((1, 1, 3), np.uint8)) == []
