"""A screen that goes while a drive is shown: one line, and what was driven is kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import DisplayError
from sim.recording.run_log import read_log

_DRIVE = """
import sys
from pathlib import Path
from sim.control import DriverConfig
from sim.generate import generate_world
from sim.loop import OracleEyes
from sim.recording.run_log import RunLog
from sim.spec import WorldSpec
from sim.viewer.session import DriveSetup
from sim.viewer.window import run_window
setup = DriveSetup(lambda seed: generate_world(seed, WorldSpec()), OracleEyes(), lambda _: DriverConfig())
class Telling(RunLog):
    def add(self, *things, **more):
        super().add(*things, **more)
        print("step", flush=True)
with Telling(Path(sys.argv[1])) as log:
    run_window(setup, 5, log=log)
"""


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs an X server that can be stopped: Xvfb")
def test_what_was_driven_is_kept_when_the_screen_goes(tmp_path: Path) -> None:
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None
        name = f":{server.stdout.readline().decode().strip()}"
        kept = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
        path = tmp_path / "run.parquet"
        with subprocess.Popen(
            [sys.executable, "-c", _DRIVE, str(path)],
            env=kept | {"DISPLAY": name},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as drive:
            assert drive.stdout is not None
            for _ in range(5):
                assert drive.stdout.readline() == "step\n"
            server.send_signal(signal.SIGTERM)
            _, err = drive.communicate(timeout=60)
        assert drive.returncode == DisplayError.exit_code
        assert err.count("\n") == 1
        assert "screen is gone" in err
        assert len(read_log(path)) >= 5
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
