"""A folder of files that others shall read: it is there whole or not at all, in a training and a validation part."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sim.errors import DatasetError
from sim.files import PARTIAL_SUFFIX, storage_error
from sim.recording import Dataset, Example

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Split:
    """One part of a data set.

    Attributes:
        name: "train" or "val".
        start: Index of its first example.
        stop: Index of the first example after it.
    """

    name: str
    start: int
    stop: int

    @property
    def count(self) -> int:
        """How many examples it has."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be written.

    Attributes:
        dataset: Where the examples lie.
        val_share: Share of them, the last ones, for validation.
        min_visible: Things of which a smaller share is visible are left out.
        progress: Told how many examples are written, and how many there are.

    Raises:
        DatasetError: If a share is out of range.
    """

    dataset: Dataset
    val_share: float = 0.0
    min_visible: float = 0.0
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.val_share < 1.0:
            raise DatasetError(f"Expected a share for validation from 0 to below 1. Received: {self.val_share:g}.")
        if not 0.0 <= self.min_visible <= 1.0:
            raise DatasetError(f"Expected a visible share from 0 to 1. Received: {self.min_visible:g}.")

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return self.dataset.camera.width_px, self.dataset.camera.height_px

    @property
    def splits(self) -> tuple[Split, ...]:
        """Its parts that have examples; the first is for training."""
        count = self.dataset.count
        trained_on = count - round(count * self.val_share)
        splits = (Split("train", 0, trained_on), Split("val", trained_on, count))
        return tuple(split for split in splits if split.count)

    def examples(self, split: Split) -> Iterator[Example]:
        """Yield the examples of a part in order, and report each."""
        for example in self.dataset.examples(split.start, split.stop):
            if self.progress is not None:
                self.progress(example.index + 1, self.dataset.count)
            yield example


def picture_name(index: int) -> str:
    """Return the file name of an example's picture."""
    return f"{index:06d}.jpg"


@contextmanager
def whole_folder(path: Path) -> Generator[Path]:
    """Give a folder to write to that becomes `path` once all is written; whatever goes wrong, nothing is left.

    Raises:
        DatasetError: If there is something at `path` already.
        StorageError: If the disk is full, read-only or gone.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DatasetError(
            f"Expected {path} to be empty or missing. Received: "
            f"{'a folder with files in it' if path.is_dir() else 'a file'}.",
            hint="Choose another folder with --out.",
        )
    if path.resolve() == Path.cwd():
        raise DatasetError(
            f"Expected a folder of its own, not the one you are in. Received: {path}.",
            hint="Name a new folder in it with --out.",
        )
    partial = path.with_name(f".{path.name}{PARTIAL_SUFFIX}")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        if path.exists():
            path.rmdir()
        partial.replace(path)
    except OSError as fault:
        named = Path(fault.filename) if isinstance(fault.filename, str) else partial
        if fault.filename is None or named == path or partial in (named, *named.parents):
            raise storage_error(fault, path) from fault
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
