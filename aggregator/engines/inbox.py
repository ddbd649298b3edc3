"""The room for what hubs brought and nobody has read yet: bounded in all and for each source, for it is memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aggregator.model import Document

# A hub that calls more often than its documents are read is asked to come again; so is everybody when memory is full.
MOST, MOST_OF_ONE, MOST_BYTES = 1000, 3, 64 * 2**20


@dataclass
class Inbox:
    """Documents that wait to be read or are being read."""

    _of: Counter[str] = field(default_factory=Counter)
    _bytes: int = 0

    def has_room(self, name: str, document: Document) -> bool:
        """Whether one more of this source can be kept. One is, however large: the server has bounded it already."""
        return not self._of or (
            self._of[name] < MOST_OF_ONE and self._of.total() < MOST and self._bytes + len(document.body) <= MOST_BYTES
        )

    def put(self, name: str, document: Document) -> None:
        """It is kept from now on."""
        self._of[name] += 1
        self._bytes += len(document.body)

    @contextmanager
    def reading(self, name: str, document: Document) -> Iterator[None]:
        """It is kept until the end of the block."""
        try:
            yield
        finally:
            self._bytes -= len(document.body)
            self._of[name] -= 1
            if not self._of[name]:
                del self._of[name]
