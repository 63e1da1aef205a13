"""The benchmarks of the network: what they report, never how fast it is."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from perception.benchmark import BatchSpeed, benchmark_batches
from rollingstop import app


def test_frames_a_second_count_all_that_are_looked_at_together() -> None:
    assert BatchSpeed(4, 20.0, 25.0, 10, "CPU").images_per_s == pytest.approx(200.0)


def test_every_size_of_batch_is_timed_and_more_frames_take_longer() -> None:
    one, eight = benchmark_batches(at_once=(1, 8), rounds=4, threads=None)
    assert (one.frames, eight.frames, one.rounds) == (1, 8, 4)
    assert 0.0 < one.median_ms < eight.median_ms
    assert one.p99_ms >= one.median_ms


def test_the_command_says_what_looking_at_several_at_once_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = [BatchSpeed(1, 10.0, 12.0, 40, "CPU"), BatchSpeed(2, 16.0, 18.0, 40, "CPU")]
    monkeypatch.setattr("perception.benchmark.benchmark_batches", lambda weights: speeds)
    shown = CliRunner().invoke(app, ["benchmark", "batch", "--quiet"])
    assert shown.exit_code == 0
    assert "2 at once: 16.0 ms, 125 frames a second, 1.25 times as many" in shown.output
    told = json.loads(CliRunner().invoke(app, ["benchmark", "batch", "--quiet", "--json"]).output)
    assert [each["images_per_s"] for each in told] == [100.0, 125.0]
