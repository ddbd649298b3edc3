"""The store as the hallways see it: asynchronous, in shapes of the model, every change in one transaction."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from aggregator.model import (
    Acquaintance,
    Archived,
    Awaited,
    Candidate,
    Changes,
    Document,
    Enlisted,
    Filling,
    Intake,
    Kept,
    Removed,
    Said,
    Source,
    Stretch,
    Unarchived,
    Visit,
)
from aggregator.placing import Place, Rules, no_rules, on_own_pages
from aggregator.store import (
    applying,
    archiving,
    awaiting,
    burying,
    enrolling,
    knowing,
    listing,
    naming,
    places,
    posting,
    searching,
    sharing,
    telling,
    timeline,
    visits,
)
from aggregator.store.database import hold, open_database
from aggregator.store.followings import SqlFollowings
from aggregator.store.subscriptions import SqlSubscriptions
from aggregator.store.tables import ENTRY, FACT, MEMBERSHIP, STALE, kept_of
from aggregator.store.writer import Writer

INDEXED_TOGETHER = 50
SEARCH_SECONDS = 2.0

# One statement for all pages: with 100,000 sources, one for each took 20 s.
_paths = func.json_each(bindparam("paths")).table_valued("value")
_LATEST = select(
    select(MEMBERSHIP.c.entry_number)
    .where(MEMBERSHIP.c.page == _paths.c.value)
    .order_by(MEMBERSHIP.c.published.desc(), MEMBERSHIP.c.entry_number.desc())
    .limit(1)
    .correlate(_paths)
    .scalar_subquery()
).select_from(_paths)
_ENTRIES = select(ENTRY).where(ENTRY.c.number.in_(bindparam("numbers", expanding=True)))


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What `status` says of one source; `visit` is None before its first poll is due."""

    source_id: str
    entries: int
    visit: Visit | None


class SqlStore:
    """The `Store` port over SQLite."""

    def __init__(self, writer: Writer, base_url: str) -> None:
        self._writer = writer
        self.subscriptions = SqlSubscriptions(writer)
        self.followings = SqlFollowings(writer)
        self._apply = partial(applying.apply, base_url=base_url)
        self._begun = set[str]()  # the sources whose polls are under way

    async def enrol(
        self, sources: Iterable[Source], now: datetime, place: Place = on_own_pages, rules: Rules = no_rules
    ) -> None:
        """Make the store agree with the config: sources, the pages their entries stand on, and who is due.

        Where a source's `rules` have changed, each of its entries stands afterwards where `place` says. That takes
        many short transactions; when it is cut off, it begins again at the next time.
        """
        configured = {source.id: source for source in sources}
        names = await self._writer.write(lambda c: enrolling.enrol(c, tuple(configured.values()), now, rules))
        for source in map(configured.__getitem__, names):
            last: int | None = 0
            while last is not None:
                last = await self._writer.write(partial(places.place_anew, source=source, place_of=place, after=last))
            await self._writer.write(partial(enrolling.placed, source=source, rules=rules))

    async def due(
        self, now: datetime, limit: int, sources: Collection[str] = (), hosts: Collection[str] = ()
    ) -> dict[str, str]:
        """At most `limit` enabled sources that are due and the host of each, the longest overdue first.

        These sources and all sources at these hosts are left out.
        """
        return await self._writer.read(lambda connection: enrolling.due(connection, now, limit, sources, hosts))

    async def hosts(self, names: Sequence[str]) -> dict[str, str]:
        """The host of each of these sources, in their order."""
        return await self._writer.read(lambda connection: enrolling.hosts(connection, names))

    async def begin(self, source: Source, now: datetime) -> Visit:
        """Record that a poll begins, and give what the last one left behind; only `attempted` is that of this poll.

        A source in whose poll the program died before is put off further each time, so that a crash loop neither
        hammers its host nor starves the others.
        """
        begun = await self._writer.write_each(visits.begin, (source.id, now))
        self._begun.add(source.id)
        return begun

    async def visit(self, source: Source) -> Visit | None:
        """What the last poll of the source left behind, without beginning another."""
        return await self._writer.read(lambda connection: visits.read(connection, [source.id]).get(source.id))

    async def known(self, source: Source, intake: Intake) -> Acquaintance:
        """What is known of the entries of a document: kept under their key, or under another name, or gone."""
        if source.blogroll:  # a list has no entries
            named = await self._writer.read(lambda connection: listing.named_by(connection, source.id))
            return Acquaintance(outlines=named)
        # Nothing is written, but what polls ask for at one time is asked for in few statements.
        return await self._writer.write_each(knowing.known, (source.id, intake), patient=self._has_company(source))

    async def enlisted(self) -> list[Enlisted]:
        """What all lists name, each in its order, and then what they named before."""
        return await self._writer.read(listing.enlisted)

    async def apply(self, changes: Changes) -> None:
        """Write down everything one poll decided, in one transaction."""
        patient = bool(changes.new) and self._has_company(changes.source)
        self._begun.discard(changes.source.id)
        await self._writer.write_each(self._apply, changes, patient=patient)

    def _has_company(self, source: Source) -> bool:
        """Whether other polls are under way, which may have something to write soon."""
        return not self._begun <= {source.id}

    async def awaited(self, source: Source, now: datetime) -> Sequence[Awaited]:
        """The entries of the source whose second document is to be had now, the newest first."""
        return await self._writer.read(lambda connection: awaiting.awaited(connection, source, now))

    async def fill_in(self, awaited: Awaited, filling: Filling) -> None:
        """Write down what came of a try to fill an entry in."""
        await self._writer.write(lambda connection: awaiting.fill_in(connection, awaited, filling))

    async def second_document(self, source: Source, url: str) -> Document | None:
        """What this address gave a source that asks like this one, where several sources ask for it."""
        return await self._writer.read(lambda connection: sharing.document_at(connection, source, url))

    async def share(self, source: Source, url: str, document: Document, now: datetime) -> None:
        """Keep what this address gave the source for the other sources that ask for it."""
        await self._writer.write(lambda connection: sharing.keep(connection, source, url, document, now))

    async def marks(self, path: str) -> dict[int, posting.Mark]:
        """By number, every entry of the page at `path`: its published id, and marks that change with what it says."""
        return await self._writer.read(lambda connection: posting.marks(connection, path))

    async def populated(self) -> frozenset[str]:
        """The pages of categories on which an entry stands."""
        return await self._writer.read(posting.populated)

    async def unplaced(self, path: str) -> frozenset[str]:
        """The published ids of the entries that are kept and do not stand on the page at `path`."""
        return await self._writer.read(lambda connection: posting.unplaced(connection, path))

    async def newest(self, path: str, limit: int) -> list[Kept]:
        """The newest entries of the page at `path`, newest first, the later row first where times are equal."""
        return await self._writer.read(lambda connection: timeline.newest(connection, path, limit))

    async def stretch(self, path: str, after: Candidate | None, most: int) -> Stretch:
        """At most so many of the page's entries, those after `after`, and the copies of the stories they tell."""
        return await self._writer.read(lambda connection: timeline.stretch(connection, path, after, most))

    async def told(self, path: str, numbers: Sequence[int]) -> Stretch:
        """Those of these entries that stand on the page, newest first, and the copies of the stories they tell."""
        return await self._writer.read(lambda connection: timeline.told(connection, path, numbers))

    async def before(self, path: str, number: int, most: int) -> Sequence[str]:
        """The sources of at most so many entries that stood before this one on the page when it was kept."""
        return await self._writer.read(lambda connection: timeline.before(connection, path, number, most))

    async def settle(self, path: str, faces: Mapping[int, int]) -> None:
        """Remember by which entry a page tells each of these stories."""
        await self._writer.write(lambda connection: timeline.settle(connection, path, faces, 0))

    async def entries(self, numbers: Sequence[int]) -> Mapping[int, Kept]:
        """The entries of these numbers, as far as they are kept."""
        return await self._writer.read(lambda connection: timeline.entries(connection, numbers))

    async def newest_of_each(self, paths: Sequence[str]) -> list[Kept]:
        """The newest entry of each of the pages that has one."""
        return await self._writer.read(lambda connection: _newest_of_each(connection, paths))

    async def said(self, names: Sequence[str]) -> Mapping[str, Said]:
        """What these sources said of themselves when they were last read."""
        return await self._writer.read(lambda connection: visits.said(connection, names))

    async def close_archives(self, path: str, size: int) -> list[str]:
        """Close the archive documents of a category that are full, with `size` entries, or whose month is over.

        Gives the paths of those that are marked stale now, oldest first.
        """
        if not await self._writer.read(lambda connection: archiving.is_due(connection, path, size)):
            return []
        return await self._writer.write(lambda connection: archiving.close(connection, path, size))

    async def unarchived(self, path: str) -> Unarchived:
        """The entries of a category that stand in none of its archive documents, or not with their present text."""
        return await self._writer.read(lambda connection: archiving.unarchived(connection, path))

    async def archived(self, path: str, name: str) -> Archived | None:
        """What an archive document of a category shows; None when there is none of this name."""
        return await self._writer.read(lambda connection: archiving.archived(connection, path, name))

    async def archives(self) -> list[str]:
        """The paths of all archive documents, without a suffix."""
        return await self._writer.read(archiving.names)

    async def removed(self, path: str, limit: int | None = None) -> tuple[Removed, ...]:
        """The entries that were removed from a page, the latest first."""
        return await self._writer.read(lambda connection: archiving.removed(connection, path, limit))

    async def named(self) -> Mapping[str, str]:
        """By slug, the categories that entries name themselves, each with its title."""
        return await self._writer.read(naming.titles)

    async def folders(self) -> Mapping[str, str]:
        """By slug, the categories that folders of followed lists were, each with its title."""
        return await self._writer.read(naming.folders)

    async def name_folders(self, named: Mapping[str, str]) -> None:
        """Let categories that are folders of followed lists keep these slugs; `named` are their titles by slug."""
        await self._writer.write(lambda connection: naming.name_folders(connection, named))

    async def stale(self) -> Mapping[str, int]:
        """The pages whose files are older than their entries, each with the version of its mark."""
        return await self._writer.read(lambda c: {row.page: row.version for row in c.execute(select(STALE))})

    async def mark_stale(self, pages: Iterable[str]) -> None:
        """Mark pages to be built."""
        marked = tuple(pages)
        await self._writer.write(lambda connection: places.mark_stale(connection, marked))

    async def mark_built(
        self, page: str, version: int, faces: Mapping[int, int] = MappingProxyType({}), latest: int = 0
    ) -> None:
        """Clear the mark of a page, unless it changed again since `version` was read.

        It shows these entries of these stories, and `latest` was the latest entry of all.
        """
        mine = (STALE.c.page == page) & (STALE.c.version == version)

        def write(connection: Connection) -> None:
            connection.execute(delete(STALE).where(mine))
            timeline.settle(connection, page, faces, latest)

        await self._writer.write(write)

    async def fact(self, name: str) -> str | None:
        """One fact about the store, or None."""
        query = select(FACT.c.value).where(FACT.c.name == name)
        return await self._writer.read(lambda connection: connection.execute(query).scalar())

    async def set_fact(self, name: str, value: str) -> None:
        """Remember a fact."""
        upsert = insert(FACT).values(name=name, value=value)
        upsert = upsert.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        await self._writer.write(lambda connection: connection.execute(upsert))

    async def status(self, source_ids: Sequence[str]) -> list[SourceStatus]:
        """The state of each source, in the order asked for."""
        return await self._writer.read(lambda connection: _status(connection, source_ids))

    async def index(self) -> bool:
        """Put some of what is new into the index of what is searched; whether there is more."""
        return await self._writer.write(lambda connection: searching.index(connection, INDEXED_TOGETHER)) > 0

    async def search(self, query: str, limit: int) -> list[Kept] | None:
        """The newest entries that hold every word of the query; None when that takes too long."""
        return await self._writer.read_aside(
            lambda connection: searching.search(connection, query, limit), SEARCH_SECONDS
        )

    async def id_behind(self, folder: str) -> str | None:
        """The published id of the entry whose own page is in this folder."""
        return await self._writer.read(lambda connection: telling.id_behind(connection, folder))

    async def stories(self, name: str) -> list[telling.Story]:
        """All that is known of the entry with this published id, or of those that link to this address."""
        return await self._writer.read(lambda connection: telling.stories(connection, name))

    async def graves(self, name: str) -> list[telling.Grave]:
        """What is left of the entry that had this published id, or of those that linked to this address."""
        return await self._writer.read(lambda connection: telling.graves(connection, name))

    async def remove(self, name: str, now: datetime, reason: str | None = None) -> list[Kept]:
        """Take out, for good, the entry with this published id, or those that link to this address; gives them."""
        return await self._writer.write(lambda connection: telling.remove(connection, name, now, reason))

    async def removals(self) -> str | None:
        """A mark that changes whenever an entry is taken out by hand."""
        return await self._writer.read(burying.removals)

    async def purge(self, sources: Sequence[Source], now: datetime, most: int = 500) -> int:
        """Take out at most `most` entries that the `retention` of these sources no longer keeps, and the oldest of too
        many tombstones. How many there were; fewer than `most` when all is done."""
        return await self._writer.write(lambda connection: burying.purge(connection, sources, now, most))

    async def close(self) -> None:
        """Commit what waits and let go of the database."""
        await self._writer.close()


@asynccontextmanager
async def open_store(path: Path, base_url: str, *, alone: bool) -> AsyncIterator[SqlStore]:
    """The store at `path`, closed at the end of the block; `alone` holds it against every other instance.

    Raises `StoreBusy`, `StoreTooNew`, `StoreUnusable`.
    """
    with hold(path) if alone else contextlib.nullcontext():
        store = SqlStore(Writer(open_database(path, held=alone), path), base_url)
        try:
            yield store
        finally:
            await store.close()


def _newest_of_each(connection: Connection, paths: Sequence[str]) -> list[Kept]:
    numbers = [number for (number,) in connection.execute(_LATEST, {"paths": json.dumps(paths)}) if number is not None]
    rows = {row.number: row for row in connection.execute(_ENTRIES, {"numbers": list(set(numbers))})}
    return [kept_of(rows[number]) for number in numbers]


def _status(connection: Connection, source_ids: Sequence[str]) -> list[SourceStatus]:
    counted = select(ENTRY.c.source_id, func.count().label("entries")).group_by(ENTRY.c.source_id)
    counts = {row.source_id: row.entries for row in connection.execute(counted)}
    polled = visits.read(connection)
    return [SourceStatus(name, counts.get(name, 0), polled.get(name)) for name in source_ids]
