"""The errors of the house, and the exit status each one ends the program with.

    AggregatorError                 1
    ├── ConfigError                 2   every mistake in the config, at once
    ├── UsageError                  2   the command line asks for what does not exist
    ├── StoreBusy                   3   another instance holds this store
    ├── StoreTooNew                 4   the store was written by a newer program
    ├── StoreUnusable               1   no database, no permission, disk full
    ├── PublishError                1   the published folder cannot be written
    ├── ServeError                  1   the address to serve on cannot be had
    └── Unreadable                  –   a document that is no feed; a value (`Failed`) outside `sources/`

A message names the thing and the next step. Foreign errors are translated once, at the door, by type.
"""

from __future__ import annotations

from dataclasses import dataclass


class AggregatorError(Exception):
    """Base of all: something was expected to work and did not."""

    exit_status = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in the config; prints as `file:line:column: key: what is wrong, and the next step`."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ConfigError(AggregatorError):
    """The config has mistakes; `problems` holds all of them, in the order of the file."""

    exit_status = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class UsageError(AggregatorError):
    """The command line names something that does not exist."""

    exit_status = 2


class StoreBusy(AggregatorError):  # noqa: N818  (reads as what it is: "the store is busy")
    """Another instance of the program holds the store."""

    exit_status = 3


class StoreTooNew(AggregatorError):  # noqa: N818  (likewise)
    """The store has a schema that this version of the program does not know."""

    exit_status = 4


class StoreUnusable(AggregatorError):  # noqa: N818  (likewise)
    """The store cannot be opened, read or written."""


class PublishError(AggregatorError):
    """A file of the published folder cannot be written."""


class ServeError(AggregatorError):
    """The web server cannot listen where it was told to."""


class Unreadable(AggregatorError):  # noqa: N818  (reads as what it is: "the document is unreadable")
    """A document cannot be read as what its source says it is."""
