"""The rooms stand in a row, and importing the loop costs no TensorFlow."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("tensorflow", "keras", "albumentations")


def _loaded_by(statement: str) -> list[str]:
    """Run a statement in a fresh process and return the top-level names of the modules that it loaded."""
    program = f"import json, sys; {statement}; print(json.dumps(sorted({{n.split('.')[0] for n in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "statement",
    [
        "import sim.loop",
        "import sim.recording, sim.recording.frames",
        "import sim.viewer.window",
        "import sim.show.contact, sim.show.stats, sim.show.page",
        "import sim.exchange.importing, sim.exchange.coco, sim.exchange.yolo, sim.exchange.hugging",
        "import scenarios.run, scenarios.report, scenarios.demo, scenarios.drives",
        "import scenarios.environment",
        "import perception",
        "import rollingstop",
    ],
)
def test_importing_loads_no_network_library(statement):
    assert not set(HEAVY) & set(_loaded_by(statement))


def test_the_command_line_loads_no_simulator_until_it_is_needed():
    loaded = _loaded_by("import rollingstop")

    assert not {"numpy", "pygame", "cv2", "pyarrow", "pydantic"} & set(loaded)


def test_only_the_environment_needs_gymnasium():
    statement = (
        "import rollingstop, scenarios.run, scenarios.report, scenarios.demo, scenarios.drives, sim.viewer.window"
    )

    assert "gymnasium" not in _loaded_by(statement)


def test_the_import_contracts_hold():
    program = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([program, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stdout


def test_pygame_is_drawn_with_in_few_places_only():
    using = {
        path.relative_to(ROOT).parts[:2]
        for room in ("sim", "perception", "scenarios")
        for path in (ROOT / room).rglob("*.py")
        if "import pygame" in path.read_text(encoding="utf-8")
    }

    assert using == {("sim", "render"), ("sim", "viewer")}


def test_datasets_is_data_and_no_python():
    assert not list((ROOT / "datasets").rglob("*.py"))


def test_floats_are_summed_alike_by_every_python() -> None:
    # From Python 3.12 on `sum` compensates rounding, before it does not: worlds and pictures use `math.fsum`.
    rooms = [path for room in ("generate", "render", "road", "control") for path in (ROOT / "sim" / room).rglob("*.py")]
    assert len(rooms) > 50
    found = [
        f"{path.name}:{node.lineno}"
        for path in rooms
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sum"
    ]
    # These add whole numbers: the red, green and blue of a colour.
    assert all(place.startswith("adverts.py") for place in found), found


def test_every_recipe_is_packed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert set(packed) == {
        "datasets/presets",
        *(f"datasets/{path.name}" for path in (ROOT / "datasets").glob("*.toml")),
    }
    assert all(place == source.replace("datasets", "sim/recording/recipes") for source, place in packed.items())
