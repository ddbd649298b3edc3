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
# What an entry is called by: its id, or where it has none its link. An entry that is called like another can only be
# told from it when both are read.
ID_NAMES, LINK_NAMES = frozenset({"guid", "id"}), frozenset({"link"})
ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
WEB_SCHEME = re.compile(r"https?:(?=//)", re.IGNORECASE)
HASH_BYTES = 8  # enough: what must not collide are the few entries of one document


TAG_NAME = re.compile(rb"<([^\s/>]+)")


class _Odd(Exception):  # noqa: N818  (an end, not a bug)
    """The document is not built as feeds are."""


@dataclass(frozen=True, slots=True)
class Slices:
    """A document, where its entries stand in it, the hash of each and what it is called by, in their order."""

    xml: bytes
    spans: tuple[tuple[int, int], ...]
    hashes: tuple[bytes, ...]
    names: tuple[frozenset[str], ...]

    def namesakes(self, seen: Container[bytes]) -> bool:
        """Whether an entry that was not seen before is called like one that was."""
        old, new = set[str](), set[str]()
        for names, mark in zip(self.names, self.hashes, strict=True):
            (old if mark in seen else new).update(names)
        return not old.isdisjoint(new)

    def first(self, number: int) -> Slices:
        """The document with only its first entries, at least one."""
        end = self.spans[number - 1][1]
        pieces, position = [self.xml[:end]], end
        for start, stop in self.spans[number:]:
            pieces.append(self.xml[position:start])
            position = stop
        pieces.append(self.xml[position:])
        return Slices(b"".join(pieces), self.spans[:number], self.hashes[:number], self.names[:number])

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
    return Slices(xml, tuple(walk.spans), hashes, tuple(walk.names))


class _Walk:
    """One pass of expat that notes where entries begin and end."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        self.spans: list[tuple[int, int]] = []
        self.names: list[frozenset[str]] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.said: list[str] = []
        self.path: list[str] = []
        self.start = -1
        self.depth = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.end

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins at the parser's byte index."""
        local = name.rpartition(" ")[2].lower()
        if local in ENTRY_NAMES:
            if self.start >= 0 or not self.path or self.path[-1] not in PARENTS[local]:
                raise _Odd
            self.start, self.depth = self.parser.CurrentByteIndex, len(self.path)
            self.ids, self.links = {_name(attributes.get(ABOUT, ""))}, set()
        elif self.start >= 0 and len(self.path) == self.depth + 1 and local in ID_NAMES | LINK_NAMES:
            self.said = [attributes.get("href", "")]
            self.parser.CharacterDataHandler = self.said.append
        self.path.append(local)

    def end(self, _tag: str) -> None:
        """An element ends; the index stands at its end tag."""
        local = self.path.pop()
        if self.parser.CharacterDataHandler and len(self.path) == self.depth + 1:
            self.parser.CharacterDataHandler = None
            (self.ids if local in ID_NAMES else self.links).add(_name("".join(self.said)))
        if self.start >= 0 and len(self.path) == self.depth:
            index = self.parser.CurrentByteIndex
            tag = TAG_NAME.match(self.xml, self.start)
            if index <= self.start or tag is None or not self.xml.startswith(b"</" + tag[1], index):
                raise _Odd  # an empty tag: the index stands behind it, at whatever comes next
            self.spans.append((self.start, self.xml.index(b">", index) + 1))
            self.names.append(frozenset((self.ids - {""} or self.links) - {""}))
            self.start = -1


def _name(text: str) -> str:
    return WEB_SCHEME.sub("", text.strip())
