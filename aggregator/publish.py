"""The published folder: files replaced whole, durably, and only when their bytes change."""

from __future__ import annotations

import os
from pathlib import Path

from aggregator.errors import PublishError
from aggregator.model import Receipt, Rendered


class Folder:
    """The `Sink` port over a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, rendered: Rendered) -> Receipt:
        """Make the file hold these bytes: written beside it, synced, renamed over it, and the folder synced.

        Without both syncs a power cut loses what was acknowledged. Raises `PublishError`.
        """
        target = self.root / rendered.path
        try:
            if _holds(target, rendered.body):
                return Receipt.UNCHANGED
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, rendered.body)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PublishError(
                f"{target} cannot be written: {reason}; look at output.dir, its owner and the free space"
            ) from error
        return Receipt.WRITTEN


def _holds(target: Path, body: bytes) -> bool:
    """Whether the file has these bytes already."""
    try:
        return target.stat().st_size == len(body) and target.read_bytes() == body
    except FileNotFoundError:
        return False


def _replace(target: Path, body: bytes) -> None:
    # A fixed name: one instance writes, and what a killed one left behind is overwritten by the next write.
    beside = target.with_name(f".{target.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
