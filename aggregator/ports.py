"""The doors: what the hallways need from the rooms, as protocols. Tests hand in fakes of the outside here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from aggregator.model import (
    Acquaintance,
    Archived,
    Awaited,
    Candidate,
    Changes,
    Document,
    Entry,
    Failed,
    FeedLink,
    Fetched,
    Filling,
    Following,
    Heard,
    Intake,
    Kept,
    Page,
    Reading,
    Receipt,
    Recipe,
    Removed,
    Rendered,
    Said,
    Source,
    Stretch,
    Subscription,
    Unarchived,
    Visit,
)


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""


class Fetcher(Protocol):
    """The door to the web."""

    async def fetch(self, source: Source, visit: Visit) -> Fetched:
        """Get the source's document. Never raises for anything the web can do."""


class Reader(Protocol):
    """Reads and cleans documents, away from the event loop."""

    async def read(self, source: Source, document: Document, seen: frozenset[bytes]) -> Intake | Failed:
        """What the document holds besides entries whose hash was seen. Never raises for what a document can hold."""

    async def feed_links(self, page: Document) -> tuple[FeedLink, ...]:
        """The feeds that a web page names, the surest first; none where it cannot be read."""

    async def fill_in(self, source: Source, entry: Entry, document: Document) -> Entry | Failed:
        """The entry with what its second document says."""


class SourceKind(Protocol):
    """How one kind of source is read; a pure function."""

    def __call__(self, document: Document, seen: frozenset[bytes], recipe: Recipe | None, /) -> Reading:
        """Read the document as found, without the entries whose hash was seen before where it can tell them.

        `recipe` is never None where the kind needs one.

        Raises `Unreadable` when the document is not of this kind.
        """


class Format(Protocol):
    """How one output format is written; a pure function."""

    def __call__(self, page: Page) -> Rendered:
        """The page in this format: same page in, same bytes out."""


class Store(Protocol):
    """What the two walks need from the store."""

    async def begin(self, source: Source, now: datetime) -> Visit:
        """Record that a poll of `source` begins, and give what the last one left behind."""

    async def visit(self, source: Source) -> Visit | None:
        """What the last poll of the source left behind, without beginning another."""

    async def known(self, source: Source, intake: Intake) -> Acquaintance:
        """What is known of the entries of a document."""

    async def apply(self, changes: Changes) -> None:
        """Write down everything one poll decided, in one transaction."""

    async def awaited(self, source: Source, now: datetime) -> Sequence[Awaited]:
        """The entries of the source whose second document is to be had now, the newest first."""

    async def fill_in(self, awaited: Awaited, filling: Filling) -> None:
        """Write down what came of a try to fill an entry in."""

    async def second_document(self, source: Source, url: str) -> Document | None:
        """What this address gave a source that asks like this one, where several sources ask for it."""

    async def share(self, source: Source, url: str, document: Document, now: datetime) -> None:
        """Keep what this address gave the source for the other sources that ask for it."""

    async def newest(self, path: str, limit: int) -> list[Kept]:
        """The newest entries of the page at `path`, newest first."""

    async def newest_of_each(self, paths: Sequence[str]) -> list[Kept]:
        """The newest entry of each of the pages that has one."""

    async def said(self, names: Sequence[str]) -> Mapping[str, Said]:
        """What these sources said of themselves when they were last read."""

    async def close_archives(self, path: str, size: int) -> list[str]:
        """Close the archive documents of a category that are full, with `size` entries, or whose month is over.

        Gives the paths of those that are marked stale now, oldest first.
        """

    async def unarchived(self, path: str) -> Unarchived:
        """The entries of a category that stand in no archive document."""

    async def archived(self, path: str, name: str) -> Archived | None:
        """What an archive document of a category shows; None when there is none of this name."""

    async def archives(self) -> list[str]:
        """The paths of all archive documents, without a suffix."""

    async def removed(self, path: str, limit: int | None = None) -> tuple[Removed, ...]:
        """The entries that were removed from a page, the latest first."""

    async def purge(self, sources: Sequence[Source], now: datetime, most: int) -> int:
        """Take out at most `most` entries that the retention of these sources no longer keeps; how many those were."""

    async def removals(self) -> str | None:
        """A mark that changes whenever an entry is taken out by hand."""

    async def named(self) -> Mapping[str, str]:
        """By slug, the categories that entries name themselves, each with its title."""

    async def stretch(self, path: str, after: Candidate | None, most: int) -> Stretch:
        """At most so many of the page's entries, those after `after`, and the copies of the stories they tell."""

    async def told(self, path: str, numbers: Sequence[int]) -> Stretch:
        """Those of these entries that stand on the page, newest first, and the copies of the stories they tell."""

    async def before(self, path: str, number: int, most: int) -> Sequence[str]:
        """The sources of at most so many entries that stood before this one on the page when it was kept."""

    async def settle(self, path: str, faces: Mapping[int, int]) -> None:
        """Remember by which entry a page tells each of these stories."""

    async def entries(self, numbers: Sequence[int]) -> Mapping[int, Kept]:
        """The entries of these numbers, as far as they are kept."""

    async def stale(self) -> Mapping[str, int]:
        """The pages whose files are older than their entries, each with the version of its mark."""

    async def mark_built(self, page: str, version: int, faces: Mapping[int, int] = ..., latest: int = ...) -> None:
        """Clear the mark of a page, unless it changed again since `version` was read.

        It shows these entries of these stories, and `latest` was the latest entry of all.
        """


class Archive(Protocol):
    """What posts need from the store: everything that stands somewhere, however old."""

    async def marks(self, path: str) -> Mapping[int, tuple[str, *tuple[object, ...]]]:
        """By number, every entry of the page at `path`: its published id, and marks that change with what it says."""

    async def entries(self, numbers: Sequence[int]) -> Mapping[int, Kept]:
        """The entries of these numbers, as far as they are kept."""

    async def populated(self) -> frozenset[str]:
        """The pages of categories on which an entry stands."""

    async def unplaced(self, path: str) -> frozenset[str]:
        """The published ids of the entries that are kept and do not stand on the page at `path`."""

    async def removed(self, path: str, limit: int | None = None) -> tuple[Removed, ...]:
        """The entries that were removed from a page, the latest first."""

    async def named(self) -> Mapping[str, str]:
        """By slug, the categories that entries name themselves, each with its title."""


class Subscriptions(Protocol):
    """What the hub needs from the store."""

    async def find(self, topic: str, callback: str) -> Subscription | None:
        """The subscription of this callback, or None."""

    async def count(self, host: str | None = None) -> int:
        """How many there are, with callbacks at `host` when that is given."""

    async def keep(self, subscription: Subscription) -> None:
        """Add a subscription, or give the one of this topic and callback its new lease and secret."""

    async def end(self, topic: str, callback: str) -> None:
        """Forget a subscription."""

    async def expire(self, now: datetime) -> None:
        """Forget those whose lease has ended."""

    async def published(self, topics: Iterable[str] | None, now: datetime) -> None:
        """Look at the subscribers of these topics (None: all) now; who failed before keeps his time."""

    async def due(self, now: datetime, limit: int, without_hosts: Collection[str] = ()) -> list[Subscription]:
        """At most `limit` subscriptions to look at, the longest overdue first, none of these hosts."""

    async def told(self, subscription: Subscription) -> None:
        """Remember how telling ended: `delivered`, `due` and `failures` of this subscription."""


class Followings(Protocol):
    """What the subscriber needs from the store."""

    async def due(self, now: datetime, limit: int) -> list[Following]:
        """At most `limit` whose hub is to be asked, the longest overdue first."""

    async def called(self, token: str) -> Following | None:
        """The one with this token, or None."""

    async def asked(self, following: Following) -> None:
        """Remember what was said to the hub, and when to ask it again."""

    async def confirmed(self, following: Following, until: datetime, due: datetime) -> None:
        """Until then the hub tells us; `due` is when to renew that."""

    async def refused(self, following: Following, due: datetime) -> None:
        """The hub will not tell us; ask it again then."""


class Caller(Protocol):
    """The door to callbacks and other hubs."""

    async def ask(self, url: str) -> Heard:
        """GET `url`; the beginning of what comes back. Never raises for anything the web can do."""

    async def tell(self, url: str, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Heard:
        """POST `body` to `url`. Never raises for anything the web can do."""


class Sink(Protocol):
    """The door to the published folder."""

    def put_all(self, many: Sequence[Rendered]) -> list[Receipt]:
        """Make the files hold these bytes. Raises `PublishError`."""

    def tidy(self, wanted: Callable[[str], bool]) -> int:
        """Remove those of our files that are not wanted any more, and say how many. Raises `PublishError`."""
