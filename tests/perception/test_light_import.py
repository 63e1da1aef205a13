from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["perception", "perception.channels", "perception.labels", "perception.targets"])
def test_these_modules_load_no_tensorflow(module: str) -> None:
    heavy = ("tensorflow", "keras", "albumentations")
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_network_prints_nothing() -> None:
    code = "import perception.perceiver"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert done.stdout == done.stderr == b""
