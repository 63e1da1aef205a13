"""From a recipe to a data set: resumable, and the same bytes however it was interrupted and whoever drew it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sim.errors import DatasetError
from sim.files import (
    PARTIAL_SUFFIX,
    append_synced,
    remove_partials,
    sha256_of,
    storage_error,
    sync_folder,
    write_atomically,
)
from sim.memory import peak_memory_mb
from sim.recording.artist import new_artist
from sim.recording.card import card_text
from sim.recording.dataset import Dataset, fingerprint_of, opened_shard
from sim.recording.effort import Effort, Meter
from sim.recording.journal import JOURNAL_NAME, journal_lines, read_journal, shard_line
from sim.recording.manifest import (
    MANIFEST_NAME,
    Manifest,
    ShardRecord,
    new_manifest,
    read_manifest,
    write_manifest,
)
from sim.recording.recipe import Recipe
from sim.recording.seal import CARD_NAME, SEAL_NAME, is_sealed, read_seal, restored_manifest, write_seal
from sim.recording.shards import OnShard, ShardPlan, plan_shards, write_shard
from sim.recording.workers import write_shards_in_processes

_log = logging.getLogger(__name__)

Engine = Literal["local", "ray"]

Progress = Callable[[int, int], None]
"""Told how many frames are done, and how many there are in all."""


def generate_dataset(
    recipe: Recipe,
    out: Path,
    *,
    seed: int | None = None,
    count: int | None = None,
    workers: int = 1,
    engine: Engine = "local",
    address: str | None = None,
    progress: Progress | None = None,
    on_effort: Callable[[Effort], None] | None = None,
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
        engine: `local` processes, or tasks on a `ray` cluster.
        address: Of a running Ray cluster, all of whose machines see `out`; one is started here if not given.
        progress: Told of it several times a second.
        on_effort: Told at the end what the run took.

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
        draw_shards(run.manifest, missing, str(out.absolute()), workers, engine, address, run.on_shard, run.on_frames)
    run.finish()
    if on_effort is not None:
        on_effort(run.meter.effort())
    return Dataset.open(out)


def draw_shards(
    manifest: Manifest,
    missing: Sequence[ShardPlan],
    place: str,
    workers: int,
    engine: Engine,
    address: str | None,
    on_shard: OnShard,
    on_frames: Callable[[int], None],
) -> None:
    """Draw shards into a folder by whatever engine is asked for; only Ray's takes the URI of one."""
    if engine == "ray":
        from sim.recording.on_ray import write_shards_on_ray

        write_shards_on_ray(
            manifest, missing, place, workers=workers, address=address, on_shard=on_shard, on_frames=on_frames
        )
        return
    recipe, folder = manifest.recipe, Path(place)
    if workers > 1 and len(missing) > 1:
        write_shards_in_processes(recipe, missing, folder, workers, on_shard, on_frames)
        return
    draw = new_artist(recipe)
    drawn = 0

    def on_frame() -> None:
        nonlocal drawn
        drawn += 1
        on_frames(drawn)

    for plan in missing:
        on_shard(write_shard(recipe, plan, folder, draw, on_frame), peak_memory_mb())


class _Run:
    """One run: which shards are finished, and the journal that tells it to the next run.

    Attributes:
        manifest: What the data set will be, with the shards that were finished before this run and, at its end, all.
        folder: Where.
        meter: What it takes.
    """

    def __init__(self, manifest: Manifest, folder: Path, progress: Progress | None) -> None:
        self.manifest = manifest
        self.folder = folder
        self.meter = Meter()
        self._progress = progress
        self._finished: list[ShardRecord] = []
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
        check_same_recipe(found, self.manifest, str(self.folder))
        plans = {(plan.name, plan.first_index, plan.rows) for plan in plan_shards(self.manifest.recipe)}
        kept = tuple(s for s in found.shards if (s.name, s.first_index, s.rows) in plans and self._is_whole(s))
        self.manifest = replace(self.manifest, shards=kept)
        self._kept_rows = self.manifest.rows
        self.manifest = with_versions_of(found, self.manifest, str(self.folder))

    def _found(self) -> Manifest | None:
        if self.folder.exists() and not self.folder.is_dir():
            raise DatasetError(
                f"Expected a folder at {self.folder}. Received: a file.", hint="Choose another folder with --out."
            )
        try:
            return found_manifest(self.folder, self.manifest, str(self.folder))
        except OSError as fault:
            raise storage_error(fault, self.folder) from fault

    def _is_whole(self, shard: ShardRecord) -> bool:
        path = self.folder / shard.name
        try:
            return path.stat().st_size == shard.bytes and sha256_of(path) == shard.sha256
        except OSError:
            return False

    def begin(self) -> None:
        """Mark the folder as unfinished, before anything in it changes."""
        write_atomically(self.folder / JOURNAL_NAME, b"".join(journal_lines(self.manifest)))
        self._remove(MANIFEST_NAME)
        remove_partials(self.folder)
        self.on_frames(0)

    def on_shard(self, record: ShardRecord, peak_mb: float) -> None:
        """Enter a finished shard in the journal."""
        self.meter.count(record.rows, peak_mb)
        self._finished.append(record)
        append_synced(self.folder / JOURNAL_NAME, shard_line(record))

    def on_frames(self, drawn: int) -> None:
        """Pass on how many frames are done."""
        if self._progress is not None:
            self._progress(self._kept_rows + drawn, self.manifest.recipe.count)

    def finish(self) -> None:
        """Mark the folder as whole."""
        self.manifest = with_shards(self.manifest, self._finished)
        sums = read_seal(self.folder)
        if not all(is_sealed(self.folder, name, sums) for name in (MANIFEST_NAME, CARD_NAME)):
            # The manifest comes last: it is there once all else is.
            self._remove(MANIFEST_NAME)
            card = card_text(self.manifest, lambda name: opened_shard(self.folder / name)).encode()
            write_atomically(self.folder / CARD_NAME, card)
            write_seal(self.folder, self.manifest, card)
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


def with_shards(manifest: Manifest, finished: Iterable[ShardRecord]) -> Manifest:
    """Return a manifest with further shards, all in the order of their examples."""
    shards = sorted((*manifest.shards, *finished), key=lambda shard: shard.first_index)
    return replace(manifest, shards=tuple(shards))


def found_manifest(folder: Path, fresh: Manifest, place: str) -> Manifest | None:
    """Return what an earlier run left in a folder, or None where nothing was begun.

    Where shards of the recipe lie but no manifest tells which are whole, none of them is trusted: what is returned then
    has no shard.

    Args:
        folder: The data set's, or what reaches a URI.
        fresh: A manifest of the recipe without shards.
        place: What to call the folder.

    Raises:
        DatasetError: If it holds something else.
        OSError: If it cannot be read.
    """
    sealed = sealed_manifest(folder, fresh)
    if sealed is not None:
        return sealed
    unreadable: DatasetError | None = None
    for name, read in ((MANIFEST_NAME, read_manifest), (JOURNAL_NAME, read_journal)):
        if (folder / name).is_file():
            try:
                return read(folder / name)
            except DatasetError as fault:
                unreadable = unreadable or fault
    if _holds_shards_of(folder, fresh, place):
        _log.warning("%s has no manifest that can be read: each of its shards is drawn anew.", place)
        return fresh
    if unreadable is not None:
        raise unreadable
    check_nothing_else([path.name for path in folder.iterdir()] if folder.is_dir() else [], place)
    return None


def _holds_shards_of(folder: Path, fresh: Manifest, place: str) -> bool:
    """Return whether some shard in a folder is of a recipe, so that what is broken there may be drawn over.

    Raises:
        DatasetError: If all of them are whole: then only the versions can be others than those that are installed.
    """
    plans = plan_shards(fresh.recipe)
    if not any(fingerprint_of(folder / plan.name) == fresh.recipe_sha256 for plan in plans):
        return False
    sums = read_seal(folder)
    if all(is_sealed(folder, plan.name, sums) for plan in plans):
        raise DatasetError(
            f"Expected {place} to be made with the versions that are installed. "
            f"Received: whole shards without a manifest, whose {SEAL_NAME} another one gave.",
            hint="Choose another folder with --out, or remove this one: other versions may draw other pixels.",
        )
    return True


def sealed_manifest(folder: Path, fresh: Manifest) -> Manifest | None:
    """Return the manifest that was sealed where the one that is there, or is gone, is not it; None elsewhere.

    Args:
        folder: The data set's.
        fresh: A manifest of the recipe without shards.
    """
    sums = read_seal(folder)
    if not sums or is_sealed(folder, MANIFEST_NAME, sums):
        return None
    try:
        versions = read_manifest(folder / MANIFEST_NAME).versions
    except DatasetError:
        versions = None
    return restored_manifest(folder, fresh, versions)


def with_versions_of(found: Manifest, ours: Manifest, place: str) -> Manifest:
    """Return our manifest with the versions of what is there: a whole data set of other versions is left as it is.

    Raises:
        DatasetError: If one of other versions is not whole.
    """
    if found.versions == ours.versions:
        return ours
    difference = _difference(found.versions, ours.versions)
    if ours.rows < ours.recipe.count:
        raise DatasetError(
            f"Expected {place} to be made with the versions that are installed. Received: {difference}.",
            hint="Choose another folder with --out, or remove this one: other versions may draw other pixels.",
        )
    _log.warning("%s is whole and left as it is, though made with other versions: %s.", place, difference)
    return replace(ours, versions=found.versions)


def check_nothing_else(names: Iterable[str], place: str) -> None:
    """Check that a place where no data set is begun holds nothing else.

    Raises:
        DatasetError: If it holds anything but what a killed run left.
    """
    others = [name for name in names if not name.endswith(PARTIAL_SUFFIX)]
    if others:
        raise DatasetError(
            f"Expected {place} to be empty or a data set. Received: a folder with {sorted(others)[0]} in it.",
            hint="Choose another folder with --out.",
        )


def check_same_recipe(found: Manifest, wanted: Manifest, place: str) -> None:
    """Check that what is there was made from the recipe that is wanted.

    Raises:
        DatasetError: If it was made from another.
    """
    if found.recipe_sha256 != wanted.recipe_sha256:
        theirs, ours = _in_words(found.recipe), _in_words(wanted.recipe)
        raise DatasetError(
            f"Expected {place} to be empty or to hold {ours}. "
            f"Received: a folder with {theirs}{', altered since' if theirs == ours else ''}.",
            hint="Choose another folder with --out, or remove this one.",
        )


def _in_words(recipe: Recipe) -> str:
    return f"{recipe.count} examples of the recipe '{recipe.name}' with seed {recipe.seed}"


def _difference(theirs: dict[str, str], ours: dict[str, str]) -> str:
    names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
    return ", ".join(f"{name} {theirs.get(name, 'none')} in it, {ours.get(name, 'none')} installed" for name in names)
