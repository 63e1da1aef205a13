"""From a recipe to a data set: resumable, and the same bytes however it was interrupted and whoever drew it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sim.errors import DatasetError
from sim.files import PARTIAL_SUFFIX, remove_partials, sha256_of, storage_error, sync_folder
from sim.recording.artist import new_artist
from sim.recording.dataset import Dataset
from sim.recording.manifest import (
    JOURNAL_NAME,
    MANIFEST_NAME,
    Manifest,
    ShardRecord,
    new_manifest,
    read_manifest,
    write_manifest,
)
from sim.recording.recipe import Recipe
from sim.recording.shards import ShardPlan, plan_shards, write_shard
from sim.recording.workers import write_shards_in_processes

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told how many frames are done, and how many there are in all."""


def generate_dataset(
    recipe: Recipe,
    out: Path,
    *,
    seed: int | None = None,
    count: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Dataset:
    """Make a data set, or finish or mend the one in `out`.

    Shards that are there and whole are kept; only the others are drawn. A run that was killed, however often, ends in
    the same bytes as one that was not, manifest included.

    Args:
        recipe: What to draw.
        out: The folder; made if missing.
        seed: Instead of the recipe's.
        count: Instead of the recipe's.
        workers: How many processes draw; one draws in this process.
        progress: Told of it several times a second.

    Raises:
        RecipeError: If seed or count is out of range.
        DatasetError: If `out` holds something else, or a worker dies.
        StorageError: If the disk is full, read-only or gone.
        ValueError: If `workers` is less than 1.
    """
    if workers < 1:
        raise ValueError(f"Expected at least 1 worker. Received: {workers}.")
    recipe = recipe.with_size(seed, count)
    run = _Run(new_manifest(recipe), out, progress)
    run.resume()
    missing = run.missing
    if missing:
        run.begin()
        _draw(run, missing, workers)
    run.finish()
    return Dataset.open(out)


def _draw(run: _Run, missing: Sequence[ShardPlan], workers: int) -> None:
    recipe, folder = run.manifest.recipe, run.folder
    if workers > 1 and len(missing) > 1:
        write_shards_in_processes(recipe, missing, folder, workers, run.on_shard, run.on_frames)
        return
    draw = new_artist(recipe)
    drawn = 0

    def on_frame() -> None:
        nonlocal drawn
        drawn += 1
        run.on_frames(drawn)

    for plan in missing:
        run.on_shard(write_shard(recipe, plan, folder, draw, on_frame))


class _Run:
    """One run: which shards are finished, and the journal that tells it to the next run.

    Attributes:
        manifest: What the data set will be, with the shards that are finished so far.
        folder: Where.
    """

    def __init__(self, manifest: Manifest, folder: Path, progress: Progress | None) -> None:
        self.manifest = manifest
        self.folder = folder
        self._progress = progress
        self._kept_rows = 0

    @property
    def missing(self) -> tuple[ShardPlan, ...]:
        """The shards that are not finished."""
        done = {shard.name for shard in self.manifest.shards}
        return tuple(plan for plan in plan_shards(self.manifest.recipe) if plan.name not in done)

    def resume(self) -> None:
        """Take over what an earlier run finished; refuse a folder that holds anything else."""
        found = self._found()
        if found is None:
            return
        if found.recipe_sha256 != self.manifest.recipe_sha256:
            raise DatasetError(
                f"Expected {self.folder} to be empty or to hold {_in_words(self.manifest.recipe)}. "
                f"Received: a folder with {_in_words(found.recipe)}"
                f"{', altered since' if _in_words(found.recipe) == _in_words(self.manifest.recipe) else ''}.",
                hint="Choose another folder with --out, or remove this one.",
            )
        plans = {(plan.name, plan.first_index, plan.rows) for plan in plan_shards(self.manifest.recipe)}
        kept = tuple(s for s in found.shards if (s.name, s.first_index, s.rows) in plans and self._is_whole(s))
        self.manifest = replace(self.manifest, shards=kept)
        self._kept_rows = self.manifest.rows
        if found.versions != self.manifest.versions:
            difference = _difference(found.versions, self.manifest.versions)
            if self.missing:
                raise DatasetError(
                    f"Expected {self.folder} to be made with the versions that are installed. Received: {difference}.",
                    hint="Choose another folder with --out, or remove this one: other versions may draw other pixels.",
                )
            _log.warning("%s is whole and left as it is, though made with other versions: %s.", self.folder, difference)
            self.manifest = replace(self.manifest, versions=found.versions)

    def _found(self) -> Manifest | None:
        if self.folder.exists() and not self.folder.is_dir():
            raise DatasetError(
                f"Expected a folder at {self.folder}. Received: a file.", hint="Choose another folder with --out."
            )
        for name in (MANIFEST_NAME, JOURNAL_NAME):
            if (self.folder / name).exists():
                return read_manifest(self.folder / name)
        try:
            names = [path.name for path in self.folder.iterdir()] if self.folder.exists() else []
        except OSError as fault:
            raise storage_error(fault, self.folder) from fault
        others = [name for name in names if not name.endswith(PARTIAL_SUFFIX)]
        if others:
            raise DatasetError(
                f"Expected {self.folder} to be empty or a data set. Received: a folder with {sorted(others)[0]} in it.",
                hint="Choose another folder with --out.",
            )
        return None

    def _is_whole(self, shard: ShardRecord) -> bool:
        path = self.folder / shard.name
        try:
            return path.stat().st_size == shard.bytes and sha256_of(path) == shard.sha256
        except OSError:
            return False

    def begin(self) -> None:
        """Mark the folder as unfinished, before anything in it changes."""
        write_manifest(self.manifest, self.folder / JOURNAL_NAME)
        self._remove(MANIFEST_NAME)
        remove_partials(self.folder)
        self.on_frames(0)

    def on_shard(self, record: ShardRecord) -> None:
        """Enter a finished shard in the journal."""
        shards = sorted((*self.manifest.shards, record), key=lambda shard: shard.first_index)
        self.manifest = replace(self.manifest, shards=tuple(shards))
        write_manifest(self.manifest, self.folder / JOURNAL_NAME)

    def on_frames(self, drawn: int) -> None:
        """Pass on how many frames are done."""
        if self._progress is not None:
            self._progress(self._kept_rows + drawn, self.manifest.recipe.count)

    def finish(self) -> None:
        """Mark the folder as whole."""
        if not (self.folder / MANIFEST_NAME).exists():
            write_manifest(self.manifest, self.folder / MANIFEST_NAME)
        self._remove(JOURNAL_NAME)
        remove_partials(self.folder)
        if self._progress is not None:
            self._progress(self.manifest.recipe.count, self.manifest.recipe.count)

    def _remove(self, name: str) -> None:
        path = self.folder / name
        try:
            path.unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError as fault:
            raise storage_error(fault, path) from fault


def _in_words(recipe: Recipe) -> str:
    return f"{recipe.count} examples of the recipe '{recipe.name}' with seed {recipe.seed}"


def _difference(theirs: dict[str, str], ours: dict[str, str]) -> str:
    names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
    return ", ".join(f"{name} {theirs.get(name, 'none')} in it, {ours.get(name, 'none')} installed" for name in names)
