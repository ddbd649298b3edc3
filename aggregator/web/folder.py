"""Finds the published file behind a URL path, ready to send, and never anything outside the folder."""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from aggregator.web.headers import Headers, file_headers

INDEX = "index.html"
CAPACITY = 64 * 2**20

# Two seconds: coarser than the time stamps of any file system in use.
SETTLE = 2.0

# What a kept file costs beside its bytes, so that a million tiny ones are bounded too.
_OVERHEAD = 2048

# Ways of saying "no such page". Any other error (no descriptors left, a broken disk) is ours and stays a 500.
_NOT_HERE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM}
    | {errno.EINVAL, errno.EILSEQ, errno.ENXIO}
)

_Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A published file as it is sent: whole, of one version, with its validators and headers already made.

    `etag` is strong, the hash of `body`, with its quotes. `modified` is in seconds since 1970.
    """

    body: bytes = field(repr=False)
    etag: str
    modified: int
    headers: Headers = field(repr=False)
    unchanged_headers: Headers = field(repr=False)


@dataclass(frozen=True, slots=True)
class Moved:
    """The path names a folder without its slash; `location` is a relative reference (RFC 3986 §4.2)."""

    location: str


@dataclass(frozen=True, slots=True)
class _Kept:
    ready: ReadyFile
    stamp: _Stamp
    read_at: float
    settled: bool


class PublishedFolder:
    """The published folder, its files kept in memory from the first request on.

    Keeps at most `capacity` bytes, and lets go of what was not asked for longest. A kept file costs one
    `stat` per request; it is read and hashed anew when its stamp (device, inode, size, times) differs.

    `find` blocks. On purpose: files are small and local, a `stat` takes about a microsecond and reading and
    hashing 60 KB about a hundred, while handing the call to a thread and back costs more than either.
    """

    def __init__(self, root: Path, *, capacity: int = CAPACITY) -> None:
        self._root = os.path.abspath(root)
        self._capacity = capacity
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    def find(self, path: str, *, now: float) -> ReadyFile | Moved | None:
        """What the folder has for a decoded URL path; None when nothing, or nothing to be shown.

        `now` is any steadily growing count of seconds. Raises OSError when the machine, not the path, is
        at fault.
        """
        if not _plain(path):
            return None
        relative = path[1:] + INDEX if path.endswith("/") else path[1:]
        try:
            status = os.stat(os.path.join(self._root, relative))
            if stat.S_ISDIR(status.st_mode):
                return self._moved(relative)
            return self._file(relative, status, now)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        except ValueError:
            pass  # a name that the file system's encoding cannot spell
        self._forget(relative)
        return None

    def _moved(self, relative: str) -> Moved | None:
        index = self._inside(os.path.join(relative, INDEX))
        if index is None or not os.path.isfile(index):
            return None
        # Quoted with its colons, or "a:b/" would read as an address of the scheme "a".
        return Moved(quote(relative.rpartition("/")[2], safe="") + "/")

    def _file(self, relative: str, status: os.stat_result, now: float) -> ReadyFile | None:
        kept = self._kept.get(relative)
        same = kept is not None and kept.stamp == _stamp(status)
        # Two versions made within one tick of the file system's clock can have one stamp: replacing a file
        # twice may even give it its old inode number back. So a stamp is believed for good only once the
        # file was read again a while after it was first seen; by then a later version has a later time.
        if kept is not None and same and (kept.settled or now - kept.read_at < SETTLE):
            self._kept.move_to_end(relative)
            return kept.ready
        real = self._inside(relative) if stat.S_ISREG(status.st_mode) else None
        if real is None:
            self._forget(relative)
            return None
        body, status = _read(real)
        stamp = _stamp(status)
        settled = kept is not None and kept.stamp == stamp and now - kept.read_at >= SETTLE
        ready = _ready(relative, body, int(status.st_mtime))
        self._keep(relative, _Kept(ready, stamp, now, settled))
        return ready

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
        cost = len(kept.ready.body) + _OVERHEAD
        if cost > self._capacity:
            return
        self._kept[relative] = kept
        self._size += cost
        while self._size > self._capacity:
            self._forget(next(iter(self._kept)))

    def _forget(self, relative: str) -> None:
        kept = self._kept.pop(relative, None)
        if kept is not None:
            self._size -= len(kept.ready.body) + _OVERHEAD


def _plain(path: str) -> bool:
    """Whether a path can name something published: no empty, hidden, climbing or foreign segment."""
    if not path.startswith("/") or "\0" in path or "\\" in path:
        return False
    *folders, last = path[1:].split("/")
    return all(each and not each.startswith(".") for each in folders) and not last.startswith(".")


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


def _ready(name: str, body: bytes, modified: int) -> ReadyFile:
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers, unchanged = file_headers(name, etag=etag, modified=modified, length=len(body))
    return ReadyFile(body, etag, modified, headers, unchanged)
