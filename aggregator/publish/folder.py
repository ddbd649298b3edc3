"""Puts files into the published folder and takes ours out of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aggregator.errors import PublishError
from aggregator.model import Receipt, Rendered
from aggregator.publish.coding import CODINGS, is_worth_it
from aggregator.publish.manifest import Manifest
from aggregator.publish.names import fault

SECOND = 10**9  # nanoseconds
SYNCING = 32  # how many files wait for the disk at a time
HELD = 100  # how many files are held open at a time


@dataclass(frozen=True, slots=True)
class _Written:
    """A file that lies whole and synced beside the one it is to replace."""

    beside: Path
    target: Path


class Folder:
    """The `Sink` port over a folder. `compress` names the codings whose variants lie beside each file."""

    def __init__(self, root: Path, compress: Sequence[str] = (), fault: Callable[[str], str | None] = fault) -> None:
        """`fault` says why a path cannot be one here."""
        self.root = root
        self._compress = tuple(compress)
        self._fault = fault
        self._manifest = Manifest(root, fault)
        self._working = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="compress")
        self._syncing = ThreadPoolExecutor(SYNCING, thread_name_prefix="sync")

    def put(self, rendered: Rendered) -> Receipt:
        """Make one file hold these bytes. Raises `PublishError`."""
        return self.put_all((rendered,))[0]

    def put_all(self, many: Sequence[Rendered]) -> list[Receipt]:
        """Make the files hold these bytes: written beside them, synced, renamed over them, and the folders synced.

        Without both syncs a power cut loses what was acknowledged. The renames come together at the end, each plain
        file before its variants, which carry its time to the nanosecond: one with another time is that of an older
        file, and no server of ours sends it. Raises `PublishError`.
        """
        targets = [self._place(rendered.path) for rendered in many]
        receipts, ready = [], list[_Written]()
        with _translated(self.root):
            self._manifest.add(rendered.path for rendered in many)
        # At once, for what compresses uses the other cores, and what is written waits for the disk meanwhile; all have
        # ended before one that failed is told.
        jobs = [self._working.submit(self._beside, *pair) for pair in zip(targets, many, strict=True)]
        sound = (job for job in as_completed(jobs) if job.exception() is None)
        syncs = [self._syncing.submit(_sync, one.beside, os.O_RDONLY) for job in sound for one in job.result()[1]]
        for job in jobs:
            receipt, written = job.result()
            receipts.append(receipt)
            ready += written
        with _translated(self.root):
            for sync in syncs:
                sync.result()
            for start in range(0, len(ready), HELD):
                self._replace(ready[start : start + HELD])
            folders = dict.fromkeys(one.target.parent for one in ready)
            for sync in [self._syncing.submit(_sync, folder, os.O_RDONLY | os.O_DIRECTORY) for folder in folders]:
                sync.result()
        return receipts

    def paths(self) -> frozenset[str]:
        """Where our files are. Raises `PublishError`."""
        with _translated(self.root):
            return frozenset(self._manifest.paths())

    def is_others(self, path: str) -> bool:
        """Whether a file is there that somebody else put there. Raises `PublishError`."""
        target = self._place(path)
        with _translated(target):
            return path not in self._manifest.paths() and target.exists()

    def tidy(self, wanted: Callable[[str], bool]) -> int:
        """Remove those of our files that are not wanted any more, and say how many. Others' files stay."""
        unwanted = sorted(path for path in self._manifest.paths() if not wanted(path))
        with _translated(self.root):
            for path in unwanted:
                target = self.root / path
                for name in (*_variants(target).values(), _new(target), target):  # no variant outlives its file
                    with suppress(FileNotFoundError, NotADirectoryError):
                        name.unlink()
                self._remove_empty(target.parent)
            if unwanted:
                self._manifest.drop(unwanted)
        return len(unwanted)

    def _place(self, path: str) -> Path:
        if reason := self._fault(path):
            raise PublishError(f"{path[:200]!r} cannot be published: {reason}")
        return self.root / path

    def _beside(self, target: Path, rendered: Rendered) -> tuple[Receipt, list[_Written]]:
        """Write what is not there yet beside where it belongs. Raises `PublishError`."""
        with _translated(target):
            return self._written_beside(target, rendered)

    def _written_beside(self, target: Path, rendered: Rendered) -> tuple[Receipt, list[_Written]]:
        before = _modified(target)
        same = before is not None and _holds(target, rendered.body)
        written = []
        if same and before is not None:
            moment = before
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            written.append(_write(target, rendered.body))
            moment = _later(written[0].beside, before)
        wanted = self._compress if is_worth_it(rendered.path, len(rendered.body)) else ()
        for coding, variant in _variants(target).items():
            if coding not in wanted:
                variant.unlink(missing_ok=True)
            elif not same or _modified(variant) != moment:
                written.append(_write(variant, CODINGS[coding][1](rendered.body), moment))
        return Receipt.UNCHANGED if same else Receipt.WRITTEN, written

    def _replace(self, written: Sequence[_Written]) -> None:
        """Rename files over those they replace, in their order.

        Those are held open until all are renamed. Whoever lets go of a file last waits until the disk has freed it,
        some 3 ms on ext4: in the renames one after the other, so for all of them together.
        """
        held = [number for one in written if (number := _opened(one.target)) is not None]
        try:
            for one in written:
                one.beside.replace(one.target)
        finally:
            for _ in self._syncing.map(os.close, held):
                pass

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder, and those around it, that nothing is left in."""
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


@contextmanager
def _translated(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        where = error.filename or target
        raise PublishError(
            f"{where} cannot be written: {reason}; look at output.dir, its owner and the free space"
        ) from error


def _variants(target: Path) -> dict[str, Path]:
    return {coding: target.with_name(target.name + suffix) for coding, (suffix, _) in CODINGS.items()}


def _new(target: Path) -> Path:
    # A fixed name: one instance writes, and what a killed one left behind is overwritten by the next write.
    return target.with_name(f".{target.name}.new")


def _modified(target: Path) -> int | None:
    """When the file was written last, in nanoseconds."""
    try:
        return target.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _holds(target: Path, body: bytes) -> bool:
    """Whether the file has these bytes already."""
    return target.stat().st_size == len(body) and target.read_bytes() == body


def _write(target: Path, body: bytes, moment: int | None = None) -> _Written:
    beside = _new(target)
    try:
        beside.write_bytes(body)
        if moment is not None:
            os.utime(beside, ns=(moment, moment))
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return _Written(beside, target)


def _later(beside: Path, before: int | None) -> int:
    """The time of a new file, in a later second than that of the one it replaces.

    HTTP tells a file's time in whole seconds. Readers that stand on libcurl take a version for the one they have when
    these are equal, whatever its entity-tag says, and would miss an entry; clocks are set back, too.
    """
    moment = beside.stat().st_mtime_ns
    if before is not None and moment // SECOND <= before // SECOND:
        moment = (before // SECOND + 1) * SECOND
        os.utime(beside, ns=(moment, moment))
    return moment


def _opened(path: Path) -> int | None:
    """The file, open; None where there is none, or no more may be open: it is only to save time."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # whatever somebody else put there
    except OSError:
        return None


def _sync(path: Path, flags: int) -> None:
    number = os.open(path, flags)
    try:
        os.fsync(number)
    finally:
        os.close(number)
