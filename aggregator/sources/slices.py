"""Cuts an XML feed at its entries, so that only those not seen before need to be read.

feedparser takes 60 to 140 ms for 100 KB, nearly all of it for entries we have. expat, the parser that feedparser's
strict path itself uses, gives the exact bytes of every entry and the verdict "well-formed"; wherever cutting is not
certain the answer is None, and the whole document is read: certainty first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container
from dataclasses import dataclass, field, replace
from functools import lru_cache
from xml.parsers import expat

ENTRY_NAMES = frozenset({"item", "entry"})
# A name of one of these is an entry only as a child of its parent; anywhere else the document is an odd one.
PARENTS = {"item": frozenset({"channel", "rdf"}), "entry": frozenset({"feed"})}
# What an entry is called by: its id, or where it has none its link. An entry that is called like another can only be
# told from it when both are read.
ID_NAMES, LINK_NAMES = frozenset({"guid", "id"}), frozenset({"link"})
ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
# What holds text. After markup in one that is not said to hold any, feedparser takes what follows for something else.
TEXTS = frozenset(
    {"title", "subtitle", "tagline", "rights", "copyright", "description", "abstract", "info", "browserfriendly"}
    | {"summary", "content", "body", "encoded", "fullitem"}
)
MEDIA_CONTENT = "http://search.yahoo.com/mrss/ content"
LANGUAGE, BASE = (f"http://www.w3.org/XML/1998/namespace {name}" for name in ("lang", "base"))
WEB_SCHEME = re.compile(r"https?:(?=//)", re.IGNORECASE)
HASH_BYTES = 8  # enough: what must not collide are the few entries of one document

TAG_NAME = re.compile(rb"<([^\s/>]+)")


class _Odd(Exception):  # noqa: N818  (an end, not a bug)
    """The document is not built as feeds are."""


@dataclass(slots=True)
class Element:
    """An element of an entry: its name as "namespace name", and the pieces of its own text."""

    name: str
    attributes: dict[str, str]
    children: list[Element]
    pieces: list[str]


@dataclass(slots=True)
class Root:
    """What stands around entries: whether it is a feed of Atom, its language, and all prefixes the document binds.

    `plain` says that nothing else there changes what entries mean.
    """

    is_atom: bool = False
    language: str | None = None
    declared: set[tuple[str | None, str]] = field(default_factory=set)
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Slices:
    """A document, where its entries stand in it, the hash of each, what it is called by and holds, in their order."""

    xml: bytes
    spans: tuple[tuple[int, int], ...]
    hashes: tuple[bytes, ...]
    entries: tuple[Element, ...]
    root: Root

    def namesakes(self, seen: frozenset[bytes]) -> bool:
        """Whether an entry that was not seen before is called like one that was."""
        if seen.isdisjoint(self.hashes):
            return False
        old, new = set[str](), set[str]()
        for entry, mark in zip(self.entries, self.hashes, strict=True):
            (old if mark in seen else new).update(_names(entry))
        return not old.isdisjoint(new)

    def first(self, number: int) -> Slices:
        """The document with only its first entries, at least one."""
        end = self.spans[number - 1][1]
        pieces, position = [self.xml[:end]], end
        for start, stop in self.spans[number:]:
            pieces.append(self.xml[position:start])
            position = stop
        pieces.append(self.xml[position:])
        return replace(
            self,
            xml=b"".join(pieces),
            spans=self.spans[:number],
            hashes=self.hashes[:number],
            entries=self.entries[:number],
        )

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
    walk = _Walk(xml)
    try:
        walk.parser.Parse(xml, True)
    except (expat.ExpatError, _Odd):
        return None
    hashes = tuple(hashlib.blake2b(xml[a:b], digest_size=HASH_BYTES).digest() for a, b in walk.spans)
    return Slices(
        xml,
        tuple(walk.spans),
        hashes,
        tuple(walk.entries),
        walk.root,
    )


class _Walk:
    """One pass of expat that notes where entries begin and end, and what is in them."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        self.spans: list[tuple[int, int]] = []
        self.entries: list[Element] = []
        self.root = Root()
        self.path: list[str] = []  # outside entries
        self.open: list[Element] = []  # inside of one
        self.start = -1
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self.have_type
        self.parser.EntityDeclHandler = self.have_entity
        self.parser.StartNamespaceDeclHandler = self.declare
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.end

    def have_type(self, *_said: object) -> None:
        """The document has a type, which feedparser drops with all that it declares."""
        self.root.plain = False

    def have_entity(self, *_said: object) -> None:
        """An entity is declared: what stands for it may be anything."""
        raise _Odd

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """A prefix is bound."""
        if uri:
            self.root.declared.add((prefix, uri))

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins at the parser's byte index."""
        local = _local(name)
        if self.open:
            if local in ENTRY_NAMES:
                raise _Odd
            element = Element(name, attributes, [], [])
            outer = self.open[-1]
            if len(self.open) > 1:
                self.within(outer.name)
            outer.children.append(element)
            self.open.append(element)
        elif local in ENTRY_NAMES:
            if not self.path or self.path[-1] not in PARENTS[local]:
                raise _Odd
            self.start = self.parser.CurrentByteIndex
            self.open.append(Element(name, attributes, [], []))
            self.parser.CharacterDataHandler = self.hear
        else:
            self.enter(local, attributes)
            self.path.append(local)

    def enter(self, local: str, attributes: dict[str, str]) -> None:
        """An element outside of entries begins."""
        root = self.root
        if not self.path:
            root.is_atom, root.language = local == "feed", attributes.get(LANGUAGE)
        elif attributes and not attributes.keys().isdisjoint((LANGUAGE, "lang")):
            root.plain = False
        if attributes and not attributes.keys().isdisjoint((BASE, "base")):
            root.plain = False
        if self.path:
            self.within(self.path[-1])

    def within(self, outer: str) -> None:
        """An element begins in `outer`."""
        if _local(outer) in TEXTS and outer != MEDIA_CONTENT:
            self.root.plain = False

    def hear(self, text: str) -> None:
        """Text stands in an entry."""
        self.open[-1].pieces.append(text)

    def end(self, _tag: str) -> None:
        """An element ends; the index stands at its end tag."""
        if not self.open:
            self.path.pop()
            return
        element = self.open.pop()
        if not self.open:
            self.parser.CharacterDataHandler = None
            index = self.parser.CurrentByteIndex
            tag = TAG_NAME.match(self.xml, self.start)
            if index <= self.start or tag is None or not self.xml.startswith(b"</" + tag[1], index):
                raise _Odd  # an empty tag: the index stands behind it, at whatever comes next
            self.spans.append((self.start, self.xml.index(b">", index) + 1))
            self.entries.append(element)


def _names(entry: Element) -> frozenset[str]:
    """What an entry is called by."""
    ids, links = {_name(entry.attributes.get(ABOUT, ""))}, set[str]()
    for child in entry.children:
        local = _local(child.name)
        if local in ID_NAMES or local in LINK_NAMES:
            said = _name(child.attributes.get("href", "") + "".join(child.pieces))
            (ids if local in ID_NAMES else links).add(said)
    return frozenset((ids - {""} or links) - {""})


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    return name.rpartition(" ")[2].lower()


def _name(text: str) -> str:
    return WEB_SCHEME.sub("", text.strip())
