"""Export, import and the page, as a user meets them on the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.commands import run


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    from sim.recording import Recipe, generate_dataset

    recipe = Recipe(name="tiny", seed=5, count=4)
    return generate_dataset(recipe, tmp_path_factory.mktemp("sets") / "tiny").path


@pytest.mark.parametrize("kind", ["coco", "yolo", "parquet"])
def test_what_is_exported_is_told_and_never_overwritten(monkeypatch, capsys, dataset, tmp_path, kind):
    words = ("export-data", dataset, "-f", kind, "-o", tmp_path / "out", "--val-share", 0.25, "-q", "--json")
    status, out, _ = run(monkeypatch, capsys, *words)
    again, _, err = run(monkeypatch, capsys, *words)

    assert status == 0
    told = json.loads(out)
    assert told["frames"] == {"train": 3, "val": 1}
    assert told["with_masks"] == (4 if kind == "coco" else None)
    assert again == 3
    assert "empty or missing" in err and len(err.splitlines()) == 1


def test_what_was_exported_is_imported_again(monkeypatch, capsys, dataset, tmp_path):
    run(monkeypatch, capsys, "export-data", dataset, "-f", "yolo", "-o", tmp_path / "yolo", "-q")
    words = ("import-data", tmp_path / "yolo", "-o", tmp_path / "mine", "--class", "vehicle=none")
    status, out, err = run(monkeypatch, capsys, *words)

    assert (status, out) == (0, "")
    assert "4 pictures" in err and "Left out: vehicle (see --class)." in err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("import-data", "nowhere", "-o", "x"), 3, "Expected labelled pictures at nowhere"),
        (("import-data", ".", "-o", "x"), 3, "COCO's JSON, YOLO's data.yaml or Pascal VOC's XML files"),
        (("import-data", ".", "-o", "x", "--class", "dog"), 2, "--class NAME=CLASS"),
        (("import-data", ".", "-o", "x", "-f", "png"), 2, "'coco', 'yolo', 'voc'"),
        (("export-data", "nowhere", "-f", "coco", "-o", "x"), 3, "Expected a data set at nowhere"),
        (("show", "1", "--html", "page.png"), 2, "end in .html"),
    ],
)
def test_bad_input_gets_one_clear_line(monkeypatch, capsys, tmp_path, words, status, message):
    monkeypatch.chdir(tmp_path)
    left, _, err = run(monkeypatch, capsys, *words)

    assert left == status
    assert message in " ".join(err.replace("│", " ").split())
    assert not any(tmp_path.iterdir())


def test_a_damaged_photograph_leaves_nothing_behind(monkeypatch, capsys, tmp_path):
    folder = tmp_path / "photographs"
    (folder / "images").mkdir(parents=True)
    cv2.imwrite(str(folder / "images" / "a.png"), np.zeros((20, 30, 3), np.uint8))
    (folder / "images" / "b.png").write_bytes(b"no picture")
    (folder / "data.yaml").write_text("train: images\nnames: [stop sign]\n")

    status, _, err = run(monkeypatch, capsys, "import-data", folder, "-o", tmp_path / "mine", "-q")

    assert status == 3
    assert "b.png. Received: no picture." in err
    assert [path.name for path in tmp_path.iterdir()] == ["photographs"]


def test_the_page_is_told(monkeypatch, capsys, dataset, tmp_path):
    status, out, _ = run(monkeypatch, capsys, "show", dataset, "--html", tmp_path / "page.html", "-q", "--json")

    assert status == 0
    told = json.loads(out)
    assert told["frames"] == 4
    assert told["checks"]["mask"] == {"frames": 4, "faults": 0, "first": []}
    assert (tmp_path / "page.html").stat().st_size > 20_000


def test_exporting_loads_no_tensorflow(dataset, tmp_path):
    words = ["rollingstop", "export-data", str(dataset), "-f", "coco", "-o", str(tmp_path / "out"), "-q"]
    code = (
        f"import sys, rollingstop\nsys.argv = {words!r}\n"
        "try:\n    rollingstop.main()\nexcept SystemExit as leaving:\n    assert not leaving.code\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
