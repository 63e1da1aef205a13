"""`rollingstop generate`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.common import CORES, Address, Json, Quiet, Where, WhereOption, Workers, print_json, say

if TYPE_CHECKING:
    from sim.recording.effort import Effort


@contextmanager
def _drawing(title: str, folder: Path | None, quiet: bool) -> Generator[Callable[[int, int], None]]:
    """Show a live table while frames are drawn: how many, how fast, how long yet, and what they take on the disk."""
    if quiet:
        yield lambda _done, _total: None
        return
    from time import monotonic

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[disk]}"),
    )
    began: tuple[float, int] | None = None
    looked_s = 0.0
    with Progress(*columns, console=Console(stderr=True)) as table:
        task = table.add_task(title, total=None, rate="", disk="")

        def report(done: int, total: int) -> None:
            nonlocal began, looked_s
            now = monotonic()
            began = began or (now, done)
            table.update(task, completed=done, total=total)
            # The folder is looked through once a second, however fast frames come.
            if now - looked_s < 1.0 and done < total:
                return
            looked_s = now
            rate = (done - began[1]) / max(now - began[0], 1e-3)
            disk = sum(path.stat().st_size for path in folder.glob("*.parquet")) if folder else 0
            words = f"{disk / 1e6:.0f} MB, {disk / max(done, 1) * total / 1e6:.0f} in all" if disk else ""
            table.update(task, rate=f"{rate:.0f} frames/s" if done > began[1] else "", disk=words)

        yield report


def generate(
    recipe: Annotated[Path, typer.Argument(help="A recipe, such as datasets/standard.toml.")],
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", help="The data set's folder, or a URI (s3://...); datasets/generated/NAME if not given."
        ),
    ] = None,
    workers: Workers = CORES,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    count: Annotated[int | None, typer.Option(help="How many frames, instead of the recipe's.")] = None,
    engine: WhereOption = Where.LOCAL,
    address: Address = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw labelled frames from a recipe. A run that was stopped goes on where it stood, to the same bytes."""
    from sim.recording import generate_dataset, load_recipe
    from sim.recording.places import uri_of

    efforts: list[Effort] = []
    wanted = load_recipe(recipe)
    if out is not None and uri_of(out):
        from sim.recording.cloud import generate_to

        with _drawing(f"Drawing {wanted.name}", None, quiet) as progress:
            stored = generate_to(
                wanted,
                out,
                seed=seed,
                count=count,
                workers=workers,
                engine=engine.value,
                address=address,
                progress=progress,
                on_effort=efforts.append,
            )
        _tell(out, stored.rows, [shard.bytes for shard in stored.shards], efforts[0], quiet, as_json)
        return
    folder = Path(out) if out else Path("datasets/generated") / wanted.name
    with _drawing(f"Drawing {wanted.name}", folder, quiet) as progress:
        made = generate_dataset(
            wanted,
            folder,
            seed=seed,
            count=count,
            workers=workers,
            engine=engine.value,
            address=address,
            progress=progress,
            on_effort=efforts.append,
        )
    sizes = [shard.bytes for shard in made.manifest.shards]
    _tell(str(made.path), made.count, sizes, efforts[0], quiet, as_json)


def _tell(place: str, frames: int, shard_bytes: list[int], effort: Effort, quiet: bool, as_json: bool) -> None:
    """Say what was made: where, how many frames, the sizes of its shards, and what it took."""
    size = sum(shard_bytes)
    if as_json:
        took = {
            "drawn": effort.frames,
            "seconds": round(effort.seconds, 2),
            "frames_per_s": round(effort.frames_per_s, 1),
            "worker_peak_mb": round(effort.worker_peak_mb, 1),
            "parent_peak_mb": round(effort.parent_peak_mb, 1),
        }
        print_json({"path": place, "frames": frames, "shards": len(shard_bytes), "bytes": size, **took})
        return
    if quiet:
        return
    say(f"{frames} frames in {len(shard_bytes)} shards, {size / 1e6:.0f} MB: {place}")
    if not effort.frames:
        say("All of them were there already.")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("drawn", "seconds", "frames/s", "a worker's peak", "the parent's peak")
    table.add_row(
        str(effort.frames),
        f"{effort.seconds:.1f}",
        f"{effort.frames_per_s:.0f}",
        f"{effort.worker_peak_mb:.0f} MB",
        f"{effort.parent_peak_mb:.0f} MB",
    )
    Console(stderr=True).print(table)
