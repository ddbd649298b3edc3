"""Finds the published file behind a URL path, ready to send, and never anything outside the folder."""

from __future__ import annotations

import errno
import functools
import math
import os
import stat
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path

from aggregator.web.answers import Answer
from aggregator.web.codings import IDENTITY, SUFFIXES, undone
from aggregator.web.headers import INDEX, file_headers, is_feed
from aggregator.web.signpost import Signpost, reference

CAPACITY = 64 * 2**20

# Two seconds: coarser than the time stamps of any file system in use.
SETTLE = 2.0

# What a kept file costs beside its bytes, so that a million tiny ones are bounded too.
_OVERHEAD = 4096

# Ways of saying "no such page". Any other error (no descriptors left, a broken disk) is ours and stays a 500.
_NOT_HERE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM}
    | {errno.EINVAL, errno.EILSEQ, errno.ENXIO}
)

_Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Representation:
    """A file in one content coding ("" is none). `etag` is strong, the hash of its bytes, with its quotes."""

    coding: str
    etag: bytes
    whole: Answer
    unchanged: Answer


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A published file as it is sent: whole, of one version, with its validators and headers already made.

    `plain` is the file itself; `coded` are its compressed forms, which hold exactly its bytes. `modified` is in
    seconds since 1970, None while that is in the future; `name` is relative to the folder, and `feed` says that
    readers subscribe to it.
    """

    name: str
    modified: int | None
    plain: Representation
    coded: dict[str, Representation] = field(default_factory=dict)
    codings: tuple[str, ...] = ()
    feed: bool = False

    @property
    def body(self) -> bytes:
        """The file's bytes."""
        return self.plain.whole.body

    @property
    def etags(self) -> list[bytes]:
        """The entity-tags of this version, in all its codings."""
        return [self.plain.etag, *(form.etag for form in self.coded.values())]

    def form(self, coding: str) -> Representation:
        """The file in one of its codings."""
        return self.coded[coding] if coding else self.plain


@dataclass(frozen=True, slots=True)
class Moved:
    """What the path names lies elsewhere; `location` is a relative reference (RFC 3986 §4.2)."""

    location: str


@dataclass(frozen=True, slots=True)
class Removed:
    """What the path named was taken out for good."""


@dataclass(frozen=True, slots=True)
class _Kept:
    ready: ReadyFile
    place: str
    stamp: _Stamp
    read_at: float
    settled: bool
    looked_at: float  # for compressed forms that are not there


class PublishedFolder:
    """The published folder, its files kept in memory from the first request on.

    Keeps at most `capacity` bytes, and lets go of what was not asked for longest. A kept file costs one
    `stat` per request; it is read and hashed anew when its stamp (device, inode, size, times) differs.

    `find` blocks. On purpose: files are small and local, a `stat` takes about a microsecond and reading and
    hashing 60 KB about a hundred, while handing the call to a thread and back costs more than either.
    """

    def __init__(
        self,
        root: Path,
        signpost: Signpost | None = None,
        *,
        capacity: int = CAPACITY,
        today: Callable[[], float] = lambda: math.inf,
    ) -> None:
        """`today` gives the seconds since 1970; without it no file is taken for one that is dated ahead."""
        self._today = today
        self._root = os.path.abspath(root)
        self._signpost = signpost or Signpost()
        self._capacity = capacity
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    def post(self, signpost: Signpost) -> None:
        """Take new words about addresses."""
        if signpost != self._signpost:
            self._signpost = signpost
            self._kept.clear()
            self._size = 0

    def find(self, path: str, *, now: float) -> ReadyFile | Moved | Removed | None:
        """What the folder has for a decoded URL path; None when nothing, or nothing to be shown.

        `now` is any steadily growing count of seconds. Raises OSError when the machine, not the path, is
        at fault.
        """
        relative = _relative(path)
        if relative is None:
            return None
        found: ReadyFile | Moved | None
        # Whatever still lies there for hosts that know no 410.
        if path.startswith("/entry/") and self._was_removed(path):
            return Removed()
        try:
            kept = self._kept.get(relative)
            if kept is not None:
                found = self._again(relative, kept, os.stat(kept.place), now)
            else:
                found = self._moved(path) or self._first(relative, now)
            if found is not None:
                return found
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        except ValueError:
            pass  # a name that the file system's encoding cannot spell
        self._forget(relative)
        return None

    def _moved(self, path: str) -> Moved | None:
        """Where an old address leads, if that is there."""
        target = self._signpost.moved_to(path)
        there = _relative(target) if target else None
        if target is None or there is None or not self._is_file(there):
            return None
        return Moved(reference(path, target))

    def _first(self, relative: str, now: float) -> ReadyFile | Moved | None:
        """A file that is not in memory; a folder named without its slash has one."""
        place = os.path.join(self._root, relative)
        status = os.stat(place)
        if stat.S_ISDIR(status.st_mode):
            there = self._is_file(os.path.join(relative, INDEX))
            return Moved(reference(f"/{relative}", f"/{relative}/")) if there else None
        return self._read(relative, place, status, None, now)

    def _again(self, relative: str, kept: _Kept, status: os.stat_result, now: float) -> ReadyFile | None:
        """A file that is in memory, read again when it may be another.

        Two versions made within one tick of the file system's clock can have one stamp: replacing a file
        twice may even give it its old inode number back. So a stamp is believed for good only once the
        file was read again a while after it was first seen; by then a later version has a later time.
        """
        if kept.stamp != _stamp(status) or not (kept.settled or now - kept.read_at < SETTLE):
            return self._read(relative, kept.place, status, kept, now)
        self._kept.move_to_end(relative)
        if len(kept.ready.coded) < len(SUFFIXES) and now - kept.looked_at >= SETTLE:
            kept = self._with_forms(relative, replace(kept, looked_at=now))
            self._keep(relative, kept)
        return kept.ready

    def _read(
        self, relative: str, place: str, status: os.stat_result, kept: _Kept | None, now: float
    ) -> ReadyFile | None:
        real = self._inside(relative) if stat.S_ISREG(status.st_mode) else None
        if real is None:
            self._forget(relative)
            return None
        body, status = _read(real)
        stamp = _stamp(status)
        modified = self._modified(status)
        settled = kept is not None and kept.stamp == stamp and now - kept.read_at >= SETTLE and modified is not None
        plain = self._represent(relative, IDENTITY, body, modified)
        ready = ReadyFile(relative, modified, plain, feed=is_feed(relative))
        read = self._with_forms(relative, _Kept(ready, place, stamp, now, settled, now))
        self._keep(relative, read)
        return read.ready

    def _with_forms(self, relative: str, kept: _Kept) -> _Kept:
        """With the compressed forms that lie beside the file and hold its very bytes.

        Not judged by their times, but by what comes out of them: that costs one look at each version, and no order
        of writing, no clock and no copying tool can make a form of another version pass for one of this.
        """
        ready, coded = kept.ready, {}
        for coding, suffix in SUFFIXES.items():
            form = ready.coded.get(coding) or self._form(relative, coding, relative + suffix, ready)
            if form is not None:
                coded[coding] = form
        if coded.keys() == ready.coded.keys():
            return kept
        return replace(kept, ready=replace(ready, coded=coded, codings=tuple(coded)))

    def _form(self, relative: str, coding: str, beside: str, ready: ReadyFile) -> Representation | None:
        try:
            status = os.stat(os.path.join(self._root, beside))
            # One that is no smaller is no gain, and reading it would be the gain of who put it there.
            if not stat.S_ISREG(status.st_mode) or status.st_size >= len(ready.body):
                return None
            real = self._inside(beside)
            coded = _read(real)[0] if real else b""
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
            return None
        if undone(coding, coded, len(ready.body)) != ready.body:
            return None
        return self._represent(relative, coding, coded, ready.modified)

    def _modified(self, status: os.stat_result) -> int | None:
        """When a file was modified, in whole seconds since 1970. None while that is in the future, which no answer may
        say (RFC 9110 §8.8.2.1): of versions that follow each other within a second, the later ones are dated ahead."""
        return int(status.st_mtime) if status.st_mtime <= self._today() else None

    def _represent(self, name: str, coding: str, body: bytes, modified: int | None) -> Representation:
        etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        headers, unchanged = file_headers(
            name, etag=etag, modified=modified, length=len(body), coding=coding, link=self._signpost.link(name)
        )
        whole, bare = Answer(HTTPStatus.OK, headers, body), Answer(HTTPStatus.NOT_MODIFIED, unchanged)
        return Representation(coding, etag.encode("ascii"), whole, bare)

    def _is_file(self, relative: str) -> bool:
        real = self._inside(relative)
        return real is not None and os.path.isfile(real)

    def _was_removed(self, path: str) -> bool:
        """Whether an entry's page was here once: a marker lies in its place."""
        entry = path.removeprefix("/entry/").partition("/")[0]
        try:
            return os.path.isfile(os.path.join(self._root, "entry", entry, REMOVED))
        except ValueError:
            return False  # a name that the file system's encoding cannot spell

    def _inside(self, relative: str) -> str | None:
        """The real file behind all symbolic links, when that is still in the folder.

        Only asked when a file is read: a hit in memory has the stamp, and so the inode, of a file that
        passed. The folder's own real path is asked for each time, because it may be a link that moves.
        """
        root = os.path.realpath(self._root)
        real = os.path.realpath(os.path.join(root, relative))
        return real if os.path.commonpath((root, real)) == root else None

    def _keep(self, relative: str, kept: _Kept) -> None:
        self._forget(relative)
        cost = _cost(kept)
        if cost > self._capacity:
            return
        self._kept[relative] = kept
        self._size += cost
        while self._size > self._capacity:
            self._forget(next(iter(self._kept)))

    def _forget(self, relative: str) -> None:
        kept = self._kept.pop(relative, None)
        if kept is not None:
            self._size -= _cost(kept)


REMOVED = "gone"
"""The name of the marker that stands in the folder of a removed entry."""


@functools.lru_cache(4096)
def _relative(path: str) -> str | None:
    """The file behind a path; None for one that can name nothing published: with an empty, hidden, climbing or foreign
    segment."""
    if not path.startswith("/") or "\0" in path or "\\" in path or len(path) > _LONGEST:
        return None
    *folders, last = path[1:].split("/")
    if not all(each and not each.startswith(".") for each in folders) or last.startswith("."):
        return None
    return path[1:] + INDEX if path.endswith("/") else path[1:]


# No file system has longer ones, and none is remembered.
_LONGEST = 4096


def _cost(kept: _Kept) -> int:
    return _OVERHEAD + len(kept.ready.body) + sum(len(form.whole.body) for form in kept.ready.coded.values())


def _stamp(status: os.stat_result) -> _Stamp:
    # The change time too: unlike the modification time, no program can set it back.
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read(real: str) -> tuple[bytes, os.stat_result]:
    """The bytes and the stamp of one version: the file is opened once, so a rename cannot mix two.

    The stamp is taken before the bytes, so a file that somebody writes in place is read again.
    """
    with open(real, "rb") as stream:
        status = os.fstat(stream.fileno())
        return stream.read(), status
