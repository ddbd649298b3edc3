"""Cuts an XML feed at its entries, so that only those not seen before need to be read.

feedparser takes 60 to 140 ms for 100 KB, nearly all of it for entries we have. expat, the parser that feedparser's
strict path itself uses, gives the exact bytes of every entry and the verdict "well-formed"; wherever cutting is not
certain the answer is None, and the whole document is read: certainty first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container
from dataclasses import dataclass
from xml.parsers import expat

ENTRY_NAMES = frozenset({"item", "entry"})
# A name of one of these is an entry only as a child of its parent; anywhere else the document is an odd one.
PARENTS = {"item": frozenset({"channel", "rdf"}), "entry": frozenset({"feed"})}
HASH_BYTES = 8  # enough: what must not collide are the few entries of one document


TAG_NAME = re.compile(rb"<([^\s/>]+)")


class _Odd(Exception):  # noqa: N818  (an end, not a bug)
    """The document is not built as feeds are."""


@dataclass(frozen=True, slots=True)
class Slices:
    """A document, where its entries stand in it, and the hash of each, in the order of the document."""

    xml: bytes
    spans: tuple[tuple[int, int], ...]
    hashes: tuple[bytes, ...]

    def without(self, seen: Container[bytes]) -> bytes:
        """The document without the entries whose hash was seen before; the head and all between stays."""
        pieces, position = [], 0
        for (start, end), mark in zip(self.spans, self.hashes, strict=True):
            if mark in seen:
                pieces.append(self.xml[position:start])
                position = end
        pieces.append(self.xml[position:])
        return b"".join(pieces)


def cut(xml: bytes) -> Slices | None:
    """Where the entries of a UTF-8 document stand, or None where cutting is not certain."""
    if b"<!ENTITY" in xml:
        return None
    walk = _Walk(xml)
    try:
        walk.parser.Parse(xml, True)
    except (expat.ExpatError, _Odd):
        return None
    hashes = tuple(hashlib.blake2b(xml[a:b], digest_size=HASH_BYTES).digest() for a, b in walk.spans)
    return Slices(xml, tuple(walk.spans), hashes)


class _Walk:
    """One pass of expat that notes where entries begin and end."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        self.spans: list[tuple[int, int]] = []
        self.path: list[str] = []
        self.start = -1
        self.depth = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.end

    def begin(self, name: str, _attributes: object) -> None:
        """An element begins at the parser's byte index."""
        local = name.rpartition(" ")[2].lower()
        if local in ENTRY_NAMES:
            if self.start >= 0 or not self.path or self.path[-1] not in PARENTS[local]:
                raise _Odd
            self.start, self.depth = self.parser.CurrentByteIndex, len(self.path)
        self.path.append(local)

    def end(self, _name: str) -> None:
        """An element ends; the index stands at its end tag."""
        self.path.pop()
        if self.start >= 0 and len(self.path) == self.depth:
            index = self.parser.CurrentByteIndex
            name = TAG_NAME.match(self.xml, self.start)
            if index <= self.start or name is None or not self.xml.startswith(b"</" + name[1], index):
                raise _Odd  # an empty tag: the index stands behind it, at whatever comes next
            self.spans.append((self.start, self.xml.index(b">", index) + 1))
            self.start = -1
