"""What we can stand behind: nobody downstream checks a promise again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from aggregator.model.asked import Person
from aggregator.model.media import Enclosure, Episode, Image, Show
from aggregator.model.subscribed import Advertised
from aggregator.model.theirs import Cadence, Outline, Term, Written


class Origin(msgspec.Struct, frozen=True):
    """The feed that an entry came from, complete enough for `atom:source` (RFC 4287 §4.2.11).

    `id` is an IRI and `title` plain and non-empty; addresses are absolute http(s), also that of the `licence`
    (RFC 4946); `rights` is plain text. `image` is the address of its picture (`atom:logo`, the cover of a podcast),
    `show` what only podcasts say.
    """

    id: str
    title: str
    self_url: str | None = None
    html_url: str | None = None
    icon: str | None = None
    language: str | None = None
    rights: str | None = None
    updated: datetime | None = None
    authors: tuple[Person, ...] = ()
    image: str | None = None
    show: Show | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a source said of itself when it was last read, for lists of sources; as in `Origin`."""

    title: str
    html_url: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """An entry we can stand behind.

    `key` identifies it inside its source and is unique in its document; `claim` is the source's own id when that
    is an IRI. `title` is plain and non-empty, `link` absolute http(s), `summary` and `content` sanitised HTML with
    absolute links (empty when there is none); all text is legal XML 1.0. Times are what the publisher said, never
    invented. `upstream` is the origin the entry already carried when the source itself is an aggregate, `vias` the
    addresses by which it says it came there, and `credit` whom its own text names as its source. `notes` tell
    people what was done to it on the way in, one line each; they are no part of what it says, and neither is `detail`,
    the address of a second document that holds the rest of it. `enclosures` are what a reader offers to open or fetch,
    `media` what Media RSS names (which may be the same files), `image` the picture that stands for the entry, `episode`
    what only entries of podcasts have. While an entry `waits` for its second document it stands on no page; `filled`
    names the fields that came out of that. `named` are the names of categories that its item gave it for us. `written`
    are its texts as found, where the operator wants them, and promise nothing.
    """

    key: str
    title: str
    link: str
    origin: Origin
    claim: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[Person, ...] = ()
    terms: tuple[Term, ...] = ()
    summary: str = ""
    content: str = ""
    language: str | None = None
    rights: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    upstream: Origin | None = None
    licence: str | None = None
    credit: Person | None = None
    vias: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    detail: str | None = None
    media: tuple[Enclosure, ...] = ()
    image: Image | None = None
    episode: Episode | None = None
    waits: bool = False
    filled: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    written: Written | None = None

    @property
    def claimed(self) -> datetime | None:
        """When the publisher says that it was published; its last change stands in for that."""
        return self.published or self.updated


class Signature(msgspec.Struct, frozen=True):
    """What tells the story of an entry from others, as `clean.stories` makes it.

    Two entries that may tell one story mostly share one of the `marks` (64 bits, signed); `traits` are compared then.
    """

    marks: tuple[int, ...] = ()
    traits: bytes = b""


@dataclass(frozen=True, slots=True)
class Intake:
    """One document, read and cleaned. `entries` are in the document's order, `signatures` theirs by key; `problems`
    is what was survived.

    `hashes` is what the next poll may take as seen: those of all entries, or none when entries had to be told apart,
    which takes all of them together. `more` is what the next page of its list is asked for with. `shared` says of each
    key that was made to tell entries apart, which one its entry shares with others. `size` is how many items the
    document has, `incomplete` says in a line what those of them lack that were left out for it, and `bare` names the
    fields of a recipe that none of them has. `hub` is the WebSub hub that it names. `outlines` are the feeds that a
    list names, each once, with absolute http(s) addresses that hold no user name.
    """

    origin: Origin
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()
    hashes: frozenset[bytes] = frozenset()
    cadence: Cadence = Cadence()
    more: str | None = None
    shared: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    size: int = 0
    incomplete: str = ""
    bare: tuple[str, ...] = ()
    hub: Advertised | None = None
    outlines: tuple[Outline, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """Our copy of an entry.

    `id` is the permanent published id and `published` the permanent published time: settled at first sight as
    min(what the publisher said, `first_seen`), so a dateless entry never floats and a future date never sits on
    top. `updated` moves only with a real change. `revision` counts from 0. `number` is the row it stands in. `pages`
    are the folders of the pages it stands on, or None when they are those of its source.
    """

    number: int
    source_id: str
    id: str
    entry: Entry
    published: datetime
    updated: datetime
    first_seen: datetime
    revision: int
    pages: tuple[str, ...] | None = None
