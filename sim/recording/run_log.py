"""The log of a run: one row for each tick, as Parquet, for plots and for tables of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import DatasetError
from sim.files import open_atomically
from sim.loop import Tick
from sim.percept import ObjectKind


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: how it is called, what it holds, and how it is read off a tick."""

    name: str
    kind: Any
    words: str
    read: Callable[[Tick], Any]


def _best_stop(tick: Tick) -> Any:
    found = [each for each in tick.percept.detections if each.kind is ObjectKind.STOP_SIGN]
    return max(found, key=lambda each: each.score, default=None)


def _true_gap_m(tick: Tick) -> float | None:
    lines = [line for line in tick.world.scene.network.stop_lines if line.stop_controlled]
    gaps = [gap for gap in (tick.world.gap_m(line) for line in lines) if gap >= -2.0]
    return min(gaps, default=None)


_TICK_COLUMNS = (
    _Column("step", pa.int32(), "Which 20 Hz step of the drive.", lambda t: t.world.step),
    _Column("time_s", pa.float64(), "Seconds since the start of the drive.", lambda t: t.world.time_s),
    _Column("x_m", pa.float64(), "The rear axle's place in the world.", lambda t: t.world.ego.x_m),
    _Column("y_m", pa.float64(), "The rear axle's place in the world.", lambda t: t.world.ego.y_m),
    _Column("heading_rad", pa.float64(), "Where the car points.", lambda t: t.world.ego.heading_rad),
    _Column(
        "road_m",
        pa.float64(),
        "How far along its road the car is.",
        lambda t: t.world.ego_s_m + t.world.scene.dropped_m,
    ),
    _Column("lane_offset_m", pa.float64(), "Truth: left of the lane's centre.", lambda t: t.world.lane_offset_m),
    _Column("speed_mps", pa.float64(), "The car's speed.", lambda t: t.world.ego.speed_mps),
    _Column("speed_limit_mps", pa.float64(), "The road's limit.", lambda t: t.world.scene.speed_limit_mps),
    _Column("accel_mps2", pa.float64(), "The car's acceleration.", lambda t: t.world.ego.accel_mps2),
    _Column("steer_rad", pa.float64(), "The road wheels' angle.", lambda t: t.world.ego.steer_rad),
    _Column("asked_accel_mps2", pa.float64(), "What was asked of the pedals.", lambda t: t.control.accel_mps2),
    _Column("asked_steer_rad", pa.float64(), "What was asked of the wheel.", lambda t: t.control.steer_rad),
    _Column("phase", pa.string(), "What the driver was doing.", lambda t: t.memory.phase.value),
    _Column("reason", pa.string(), "Why, in words.", lambda t: t.memory.reason),
    _Column(
        "stop_at_m", pa.float64(), "Believed: bumper to where the driver means to stop.", lambda t: t.memory.stop_at_m
    ),
    _Column("true_gap_m", pa.float64(), "Truth: bumper to the next place where the car must stop.", _true_gap_m),
    _Column("detections", pa.int32(), "How many objects were believed seen.", lambda t: len(t.percept.detections)),
    _Column(
        "stop_score",
        pa.float64(),
        "Believed: the highest score of a stop sign; 0 with none.",
        lambda t: getattr(_best_stop(t), "score", 0.0),
    ),
    _Column(
        "stop_distance_m",
        pa.float64(),
        "Believed: camera to that sign.",
        lambda t: getattr(_best_stop(t), "distance_m", None),
    ),
    _Column(
        "stop_distance_spread_m",
        pa.float64(),
        "Believed: standard deviation of that distance.",
        lambda t: getattr(_best_stop(t), "distance_spread_m", None),
    ),
    _Column(
        "line_distance_m",
        pa.float64(),
        "Believed: camera to the stop line.",
        lambda t: getattr(t.percept.stop_line, "distance_m", None),
    ),
    _Column(
        "line_confidence",
        pa.float64(),
        "Believed: how sure that is.",
        lambda t: getattr(t.percept.stop_line, "confidence", None),
    ),
    _Column(
        "lane_confidence",
        pa.float64(),
        "Believed: how sure the lane is.",
        lambda t: getattr(t.percept.lane, "confidence", None),
    ),
)

RUN_SCHEMA = pa.schema(
    [
        pa.field("seed", pa.int64(), metadata={"description": "Which world."}),
        pa.field("take", pa.int32(), metadata={"description": "Which beginning: anew, or from an earlier tick."}),
        pa.field("eyes", pa.string(), metadata={"description": "Whose eyes the driver saw with."}),
        pa.field("by_hand", pa.bool_(), metadata={"description": "Whether a person had the wheel."}),
        *(pa.field(each.name, each.kind, metadata={"description": each.words}) for each in _TICK_COLUMNS),
    ],
    metadata={"what": "The log of a Rolling Stop drive."},
)
"""What a log holds; each column says in its metadata what it means. "Truth" is what no driver was told."""


def check_log_path(path: Path) -> None:
    """Refuse a log of another suffix before anything is driven.

    Raises:
        DatasetError: If the name does not end in .parquet.
    """
    if path.suffix.lower() != ".parquet":
        raise DatasetError(
            f"Expected a log whose name ends in .parquet. Received: {path}.", hint="Try --log run.parquet."
        )


class RunLog:
    """Notes down every tick, and writes them when it is closed: also what there was before an error or Ctrl-C.

    Args:
        path: Where the log goes; .parquet.

    Raises:
        DatasetError: If the name has another suffix.
    """

    def __init__(self, path: Path) -> None:
        check_log_path(path)
        self.path = path
        self._rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> RunLog:
        """Return the open log."""
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        """Write it."""
        self.write()

    def __len__(self) -> int:
        """Return how many ticks were noted."""
        return len(self._rows)

    def add(self, tick: Tick, *, seed: int, take: int, eyes: str, by_hand: bool = False) -> None:
        """Note down a tick.

        Args:
            tick: What happened.
            seed: The seed that the user gave.
            take: Which beginning of the drive it belongs to.
            eyes: Whose eyes they were.
            by_hand: Whether a person had the wheel.
        """
        self._rows.append((seed, take, eyes, by_hand, *(column.read(tick) for column in _TICK_COLUMNS)))

    def write(self) -> None:
        """Write the log.

        Raises:
            StorageError: If it cannot be written.
        """
        columns = list(zip(*self._rows, strict=True)) or [()] * len(RUN_SCHEMA)
        arrays = [pa.array(values, kind) for values, kind in zip(columns, RUN_SCHEMA.types, strict=True)]
        with open_atomically(self.path) as file:
            pq.write_table(pa.Table.from_arrays(arrays, schema=RUN_SCHEMA), file, compression="zstd")


def read_log(path: Path) -> Any:
    """Read a log as a `pyarrow.Table`.

    Raises:
        DatasetError: If it is missing, or no log.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as fault:
        reason = "no such file" if not path.exists() else str(fault).splitlines()[0]
        raise DatasetError(
            f"Expected a log of `rollingstop drive --log`. Received: {path}, {reason}.", hint="Check the path."
        ) from fault
    missing = [name for name in RUN_SCHEMA.names if name not in table.column_names]
    if missing or not len(table):
        what = f"no column '{missing[0]}'" if missing else "no rows"
        raise DatasetError(f"Expected a log of `rollingstop drive --log`. Received: {path}, with {what}.")
    return table
