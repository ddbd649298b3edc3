"""Keeps rendered entries: of a page that changed, most entries are what they were at the last build."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from aggregator.model import Shown

CAPACITY = 64 * 2**20
OVERHEAD = 1000  # what an entry's own shape and its place here cost beside the texts

Written = bytes | str
"""What became of an entry; a `str` says why it cannot be written."""


class Shelf:
    """What one format made of entries, under the entry itself and whatever else went into it.

    Keeps at most `capacity` bytes, and lets go of what was not asked for longest. Many threads may use it.
    """

    def __init__(self, write: Callable[[Shown, str], bytes], capacity: int = CAPACITY) -> None:
        self._write = write
        self._capacity = capacity
        self._kept: OrderedDict[tuple[Shown, str], Written] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def written(self, shown: Shown, context: str) -> Written:
        """The entry in this format; `context` is what it takes from its page, such as a language."""
        try:
            key = (shown, context)
            with self._lock:
                if found := self._kept.get(key):
                    self._kept.move_to_end(key)
                    return found
            written: Written = self._write(shown, context)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            return str(error) or type(error).__name__
        with self._lock:
            if key not in self._kept:
                self._kept[key] = written
                self._size += _cost(shown, written)
            while self._size > self._capacity:
                (gone, _), bytes_of_it = self._kept.popitem(last=False)
                self._size -= _cost(gone, bytes_of_it)
        return written


def _cost(shown: Shown, written: Written) -> int:
    return len(written) + len(shown.content) + len(shown.summary) + OVERHEAD
