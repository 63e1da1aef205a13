"""The errors that a user can cause, and what mends each.

    RollingStopError
    ├── RecipeError      a recipe or another configuration file is wrong
    ├── ScenarioError    a scenario file is wrong, or no scenario has that name
    ├── DatasetError     a data set is missing, damaged, or made for another camera
    ├── WeightsError     weights are missing, altered, or of another network
    ├── StorageError     the disk is full, read-only, or gone
    └── DisplayError     there is no screen to open a window on

Libraries raise these; only the command line prints them and exits.
"""

from __future__ import annotations


class RollingStopError(Exception):
    """One clear line for the user: what was expected, what came, and how to mend it.

    Args:
        message: What was expected and what came.
        hint: What the user can do about it; printed after the message.

    Attributes:
        exit_code: The status with which the command line leaves.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[RollingStopError], message: str, hint: str) -> RollingStopError:
    """Rebuild an error that a worker process sent: keyword-only arguments do not pickle by themselves."""
    return kind(message, hint=hint)


class RecipeError(RollingStopError):
    """A recipe or another configuration file is wrong."""

    exit_code = 2


class ScenarioError(RollingStopError):
    """A scenario file is wrong, or no scenario has that name."""

    exit_code = 2


class DatasetError(RollingStopError):
    """A data set is missing, damaged, or made for another camera."""

    exit_code = 3


class WeightsError(RollingStopError):
    """Weights are missing, altered, or of another network."""

    exit_code = 4


class StorageError(RollingStopError):
    """The disk is full, read-only, or gone."""

    exit_code = 5


class DisplayError(RollingStopError):
    """There is no screen to open a window on."""

    exit_code = 6
