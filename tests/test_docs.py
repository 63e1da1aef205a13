"""The documentation's site is built without a warning, and the notebooks run: where their extra is installed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))


def has(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


def test_every_page_is_in_the_navigation() -> None:
    listed = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert page.relative_to(ROOT / "docs").as_posix() in listed


@pytest.mark.slow
@pytest.mark.skipif(not has("mkdocs", "material", "mkdocstrings"), reason='needs `pip install -e ".[docs]"`')
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    page = (tmp_path / "site/reference/sim/index.html").read_text(encoding="utf-8")
    assert "The one closed loop" in page
    assert 'id="sim.loop.drive"' in page


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_short_and_carries_no_output(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert 0 < sum(len(cell["source"]) for cell in code) <= 30
    assert all(not cell["outputs"] for cell in code)


@pytest.mark.slow
@pytest.mark.skipif(not has("nbclient", "ipykernel"), reason='needs `pip install -e ".[docs]"`')
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    # In a process of its own: the notebook's client and its kernel warn of each other's event loops.
    script = (
        "import sys, nbformat, nbclient; book = nbformat.read(sys.argv[1], 4);"
        "nbclient.NotebookClient(book, timeout=600, resources={'metadata': {'path': sys.argv[2]}}).execute()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SDL_VIDEODRIVER": "dummy"},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not has("onnxruntime", "tf2onnx"), reason='needs `pip install -e ".[onnx]"`')
def test_the_page_on_exports_runs_as_it_stands(tmp_path: Path) -> None:
    page = (ROOT / "docs/howto/export.md").read_text(encoding="utf-8")
    within, without = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    # A frame with a sign some 24 m ahead, as the second block wants to find it.
    frame = (
        "from PIL import Image; from perception.export import drawn_frames;"
        "Image.fromarray(drawn_frames(seed=7, count=1)[0]).save('frame.png')"
    )
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    export = [sys.executable, "-m", "rollingstop", "export", "--to", "onnx", "--precision", "int8", "--quiet"]
    told: list[str] = []
    for words in (export, *([sys.executable, "-c", code] for code in (frame, within, without))):
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=env | {"PYTHONPATH": str(ROOT)})
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert "STOP_SIGN" in told[2]
    belief, far_m = re.findall(r"([0-9.]+) at .* ([0-9.]+) m away", told[3])[0]
    assert float(belief) > 0.5
    assert 18.0 < float(far_m) < 30.0
