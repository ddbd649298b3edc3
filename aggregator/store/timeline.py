"""The timelines of pages: what a page may show, and what it has been built with. Runs inside a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, exists, func, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection

from aggregator.model import Candidate, Copies, Kept, Stretch
from aggregator.store.story_tables import BUILT, FACE, STORY
from aggregator.store.tables import ENTRY, MEMBERSHIP, kept_of

_NEWEST_FIRST = (MEMBERSHIP.c.published.desc(), MEMBERSHIP.c.entry_number.desc())
_TIMELINE = select(MEMBERSHIP.c.entry_number, MEMBERSHIP.c.published).where(MEMBERSHIP.c.page == bindparam("path"))
_TELLS = (
    select(ENTRY.c.number, ENTRY.c.source_id, STORY.c.story)
    .outerjoin(STORY, STORY.c.entry_number == ENTRY.c.number)
    .where(ENTRY.c.number.in_(bindparam("numbers", expanding=True)))
)
_numbers = func.json_each(bindparam("numbers")).table_valued("value")
# Asked of each entry, not joined: SQLite would go through the whole timeline to find a few.
_STANDS = exists().where(
    MEMBERSHIP.c.page == bindparam("path"),
    MEMBERSHIP.c.published == ENTRY.c.published,
    MEMBERSHIP.c.entry_number == ENTRY.c.number,
)
_STANDING = (
    select(ENTRY.c.number.label("entry_number"), ENTRY.c.published)
    .where(ENTRY.c.number.in_(select(_numbers.c.value)), _STANDS)
    .order_by(ENTRY.c.published.desc(), ENTRY.c.number.desc())
)
_TELLERS = (
    select(STORY.c.story, STORY.c.entry_number, STORY.c.source_id)
    .join(ENTRY, ENTRY.c.number == STORY.c.entry_number)
    .where(STORY.c.story.in_(bindparam("stories", expanding=True)), _STANDS)
    .order_by(STORY.c.story, STORY.c.entry_number)
)
_FACES = select(FACE.c.story, FACE.c.entry_number).where(
    FACE.c.page == bindparam("path"), FACE.c.story.in_(bindparam("stories", expanding=True))
)
_BUILT = select(BUILT.c.latest).where(BUILT.c.page == bindparam("path"))
_LATEST = select(func.coalesce(func.max(ENTRY.c.number), 0))
# None of them is dated later than it was kept itself, so of a page's timeline only what lies between is looked at.
_this = ENTRY.alias("this")
_BEFORE = (
    select(ENTRY.c.source_id)
    .select_from(_this)
    .join(
        MEMBERSHIP,
        (MEMBERSHIP.c.page == bindparam("path"))
        & (tuple_(MEMBERSHIP.c.published, MEMBERSHIP.c.entry_number) > tuple_(_this.c.published, _this.c.number))
        & (MEMBERSHIP.c.published <= _this.c.first_seen),
    )
    .join(ENTRY, ENTRY.c.number == MEMBERSHIP.c.entry_number)
    .where(_this.c.number == bindparam("number"), ENTRY.c.first_seen <= _this.c.first_seen)
    .limit(bindparam("most"))
)
_ENTRIES = select(ENTRY).where(ENTRY.c.number.in_(bindparam("numbers", expanding=True)))
_face, _built = upsert(FACE), upsert(BUILT)
_SET_FACE = _face.on_conflict_do_update(
    index_elements=["page", "story"], set_={"entry_number": _face.excluded.entry_number}
)
_SET_BUILT = _built.on_conflict_do_update(index_elements=["page"], set_={"latest": _built.excluded.latest})


def newest(connection: Connection, path: str, limit: int) -> list[Kept]:
    """The newest entries of a page, newest first, the later row first where times are equal."""
    timeline = _TIMELINE.order_by(*_NEWEST_FIRST).limit(limit)
    numbers = list(connection.execute(timeline, {"path": path}).scalars())
    known = entries(connection, numbers)
    return [known[number] for number in numbers]


def entries(connection: Connection, numbers: Sequence[int]) -> dict[int, Kept]:
    """The entries of these rows."""
    return {row.number: kept_of(row) for row in connection.execute(_ENTRIES, {"numbers": numbers})}


def stretch(connection: Connection, path: str, after: Candidate | None, most: int) -> Stretch:
    """At most so many of a page's entries, those that follow `after` in its timeline."""
    timeline = _TIMELINE.order_by(*_NEWEST_FIRST).limit(most)
    if after:
        place = tuple_(MEMBERSHIP.c.published, MEMBERSHIP.c.entry_number)
        timeline = timeline.where(place < (after.published, after.number))
    rows = connection.execute(timeline, {"path": path}).all()
    return replace(_told(connection, path, rows), ended=len(rows) < most)


def told(connection: Connection, path: str, numbers: Sequence[int]) -> Stretch:
    """Those of these entries that stand on the page, newest first, and the copies of the stories they tell."""
    rows = connection.execute(_STANDING, {"path": path, "numbers": json.dumps(numbers)}).all() if numbers else []
    return _told(connection, path, rows)


def _told(connection: Connection, path: str, rows: Sequence[Any]) -> Stretch:
    numbers = [row.entry_number for row in rows]
    tells = {row.number: row for row in connection.execute(_TELLS, {"numbers": numbers})}
    candidates = tuple(
        Candidate(row.entry_number, tells[row.entry_number].source_id, row.published, tells[row.entry_number].story)
        for row in rows
    )
    stories = {one.story for one in candidates if one.story is not None}
    latest = connection.execute(_LATEST).scalar_one()
    return Stretch(candidates, copies(connection, path, stories), latest)


def before(connection: Connection, path: str, number: int, most: int) -> Sequence[str]:
    """The sources of at most so many entries that stood before this one on a page when it was kept."""
    asked = {"path": path, "number": number, "most": most}
    return connection.execute(_BEFORE, asked).scalars().all()


def copies(connection: Connection, path: str, stories: set[int]) -> Mapping[int, Copies]:
    """The copies of each of these stories on a page."""
    if not stories:
        return {}
    asked = {"path": path, "stories": sorted(stories)}
    tellers: dict[int, list[tuple[int, str]]] = {}
    for row in connection.execute(_TELLERS, asked):
        tellers.setdefault(row.story, []).append((row.entry_number, row.source_id))
    faces = {row.story: row.entry_number for row in connection.execute(_FACES, asked)}
    built = connection.execute(_BUILT, {"path": path}).scalar() or 0
    return {story: Copies(tuple(tellers.get(story, ())), faces.get(story), built) for story in stories}


def settle(connection: Connection, path: str, faces: Mapping[int, int], latest: int) -> None:
    """Remember by which entry a page tells each of these stories, and which entry was the latest of all by then."""
    if faces:
        rows = [{"page": path, "story": story, "entry_number": number} for story, number in faces.items()]
        connection.execute(_SET_FACE, rows)
    if latest:
        connection.execute(_SET_BUILT, {"page": path, "latest": latest})
