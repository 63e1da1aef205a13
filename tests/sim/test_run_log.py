"""The log of a run and its plot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from sim.control import DriverConfig
from sim.errors import DatasetError, RollingStopError
from sim.generate import generate_world
from sim.loop import OracleEyes
from sim.recording.run_log import RUN_SCHEMA, RunLog, read_log
from sim.show.run_plot import draw_run, write_run_plot
from sim.spec import WorldSpec
from sim.viewer.session import DriveSetup, Session, run_headless

SPEC = WorldSpec(junctions=(1, 1), approach_m=(25.0, 25.0), after_m=(25.0, 25.0), buildings=(0, 1), trees=(0, 2))
SETUP = DriveSetup(lambda seed: generate_world(seed, SPEC), OracleEyes(), lambda _: DriverConfig())


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "run.parquet"
    with RunLog(path) as notes:
        run_headless(SETUP, 5, max_steps=60, log=notes)
    return path


def test_a_row_for_each_tick_says_what_was_true_and_what_was_believed(log: Path) -> None:
    table = read_log(log)
    assert table.schema.equals(RUN_SCHEMA, check_metadata=False)
    session = Session(SETUP, 5, want_frame=False, want_truth=True)
    rows = table.to_pylist()
    assert len(rows) == 60
    for row in rows:
        tick = session.step()
        assert (row["seed"], row["take"], row["eyes"], row["by_hand"]) == (5, 0, "oracle", False)
        assert (row["step"], row["speed_mps"]) == (tick.world.step, tick.world.ego.speed_mps)
        assert (row["phase"], row["reason"]) == (tick.memory.phase.value, tick.memory.reason)
        assert row["asked_accel_mps2"] == tick.control.accel_mps2
        assert row["true_gap_m"] == tick.world.gap_m(tick.world.scene.network.stop_lines[0])
    assert rows[0]["stop_score"] == 1.0
    assert rows[-1]["true_gap_m"] < rows[0]["true_gap_m"]
    assert all(b"description" in field.metadata for field in pq.read_schema(log))


def test_what_was_driven_before_a_fault_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    session = Session(SETUP, 5, want_frame=False)
    with pytest.raises(KeyboardInterrupt), RunLog(path) as notes:
        notes.add(session.step(), seed=5, take=0, eyes="oracle")
        raise KeyboardInterrupt
    assert len(read_log(path)) == 1


def test_another_suffix_and_what_is_no_log_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"ends in \.parquet"):
        RunLog(tmp_path / "run.csv")
    with pytest.raises(DatasetError, match="no such file"):
        read_log(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("text")
    with pytest.raises(DatasetError, match="Expected a log"):
        read_log(tmp_path / "text.parquet")
    with RunLog(tmp_path / "empty.parquet"):
        pass
    with pytest.raises(DatasetError, match="no rows"):
        read_log(tmp_path / "empty.parquet")


def test_the_plot_draws_what_the_log_holds(log: Path, tmp_path: Path) -> None:
    table = read_log(log)
    speed, way, belief = draw_run(table).axes
    drawn = speed.lines[0].get_ydata()
    assert np.allclose(drawn, 3.6 * np.array(table.column("speed_mps").to_pylist()))
    assert [line.get_label() for line in belief.lines] == ["stop sign", "stop line", "lane"]
    assert way.get_ylabel() == "bumper to stop, m"
    path = tmp_path / "run.png"
    write_run_plot(table, path)
    assert cv2.imread(str(path)).std() > 10
    with pytest.raises(RollingStopError, match=r"\.png, \.svg, \.pdf"):
        write_run_plot(table, tmp_path / "run.bmp")


def test_drives_that_follow_one_another_are_drawn_apart(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    session = Session(SETUP, 5, want_frame=False)
    with RunLog(path) as notes:
        for take in (0, 1):
            for _ in range(5):
                notes.add(replace(session.step()), seed=5, take=take, eyes="oracle", by_hand=take == 1)
    speed = draw_run(read_log(path)).axes[0]
    assert np.isnan(speed.lines[1].get_ydata()).sum() == 1
