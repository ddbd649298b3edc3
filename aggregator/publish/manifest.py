"""The list of the files that are ours: what is not on it is never removed, whoever put it there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from aggregator.publish.names import fault

NAME = ".manifest"


class Manifest:
    """The paths of our files, one a line, in a file that only grows between two removals.

    A path is on the disk before its file is, so that a power cut leaves no file of ours that nobody knows; a path
    without a file does no harm.
    """

    def __init__(self, root: Path, fault: Callable[[str], str | None] = fault) -> None:
        self._file = root / NAME
        self._fault = fault
        self._paths: set[str] | None = None

    def paths(self) -> set[str]:
        """Every path, relative to the folder. A line that no program of ours wrote whole is none."""
        if self._paths is None or not self._file.exists():  # somebody may have emptied the folder
            try:
                lines = self._file.read_text("utf-8", "replace").split("\n")
            except FileNotFoundError:
                lines = []
            self._paths = {line for line in lines if line and not self._fault(line)}
        return self._paths

    def add(self, paths: Iterable[str]) -> None:
        """Remember these."""
        known = self.paths()
        new = [path for path in paths if path not in known]
        if not new:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            # Begun on a line of its own: a power cut may have left half a line behind.
            file.write("".join(f"\n{path}" for path in new) + "\n")
            file.flush()
            os.fsync(file.fileno())
        known.update(new)

    def drop(self, paths: Iterable[str]) -> None:
        """Forget these, whose files are gone."""
        left = self.paths() - set(paths)
        beside = self._file.with_name(f"{NAME}.new")
        with beside.open("w", encoding="utf-8") as file:
            file.write("".join(f"{path}\n" for path in sorted(left)))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._file)
        self._paths = left
