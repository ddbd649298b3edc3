"""Joins entries to the stories that others have told before. Runs inside a transaction of the writer.

What a new entry costs does not depend on how many are kept: it has a few marks, each mark leads to one entry at most in
a period, and two periods are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from aggregator.clean.signatures import Traits, signature, traits
from aggregator.clean.stories import WINDOW, By, Verdict, judge
from aggregator.model import Changes, Entry, Signature
from aggregator.store.rows import listed, read_rows, write_rows
from aggregator.store.story_tables import FACE, MARK, SIGNATURE, STORY
from aggregator.store.tables import ENTRY

PERIOD = timedelta(days=28)
# Who has what in common is more surely one the earlier it stands here.
SUREST = (By.ADDRESS, By.TITLE, By.TEXT)


def _each(name: str) -> Select[Any]:
    """The numbers of a JSON list: there may be more of them than a statement takes variables."""
    return select(func.json_each(bindparam(name)).table_valued("value").c.value)


# Every entry comes through these.
_SIGN = (
    "INSERT INTO signature (entry_number, traits) VALUES (?, ?)"
    " ON CONFLICT (entry_number) DO UPDATE SET traits = excluded.traits"
)
_CLAIM = "INSERT OR IGNORE INTO mark (period, mark, entry_number) VALUES (?, ?, ?)"
_HELD = (
    "SELECT mark, entry_number FROM mark WHERE period = ? AND mark IN (SELECT value FROM json_each(?))"
    " AND entry_number NOT IN (SELECT value FROM json_each(?))"
)
_HOLDERS = (
    select(ENTRY.c.number, ENTRY.c.source_id, ENTRY.c.published, SIGNATURE.c.traits, STORY.c.story)
    .select_from(ENTRY)
    .join(SIGNATURE, SIGNATURE.c.entry_number == ENTRY.c.number)
    .outerjoin(STORY, STORY.c.entry_number == ENTRY.c.number)
    .where(ENTRY.c.number.in_(_each("numbers")))
)
_TELLERS = select(STORY.c.story, STORY.c.source_id).where(STORY.c.story.in_(_each("stories")))
_PUBLISHED = select(ENTRY.c.number, ENTRY.c.published).where(ENTRY.c.number.in_(_each("numbers")))
_SETTLED = select(STORY.c.entry_number).where(STORY.c.entry_number.in_(_each("numbers")))
_LAST_STORY = select(func.coalesce(func.max(STORY.c.story), 0))
_TELL = insert(STORY)
_PASS_ON = (
    update(MARK)
    .where(MARK.c.period == bindparam("in"), MARK.c.mark == bindparam("of"))
    .values(entry_number=bindparam("to"))
)
_its_mark = (
    (MARK.c.period == bindparam("in"))
    & (MARK.c.mark == bindparam("of"))
    & (MARK.c.entry_number == bindparam("held_by"))
)
_UNMARK = delete(MARK).where(_its_mark)
_BEQUEATH = update(MARK).where(_its_mark).values(entry_number=bindparam("to"))
_TOLD = select(STORY.c.story, STORY.c.entry_number).where(STORY.c.entry_number.in_(_each("numbers")))
_HEIRS = (
    select(STORY.c.story, func.min(STORY.c.entry_number).label("heir"))
    .where(STORY.c.story.in_(_each("stories")), STORY.c.entry_number.not_in(_each("numbers")))
    .group_by(STORY.c.story)
)
_UNFACE = delete(FACE).where(
    FACE.c.page == bindparam("on"), FACE.c.story == bindparam("of"), FACE.c.entry_number == bindparam("shown")
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An entry that was kept or revised."""

    number: int
    source_id: str
    published: datetime
    entry: Entry


Held = dict[int, dict[int, list[tuple[int, int]]]]  # by entry: who else has marks of it, and which, with their period


@dataclass(slots=True)
class _Known:
    """The holders of marks as the store knows them, the stories they tell, and the sources that tell those."""

    holders: dict[int, Any]
    stories: dict[int, int]
    tellers: dict[int, set[str]]


def period_of(moment: datetime) -> int:
    """The number of the period, counted from 1970."""
    return int(moment.timestamp() // PERIOD.total_seconds())


def revisited(connection: Connection, changes: Changes) -> list[Arrival]:
    """The entries that a poll revised, as far as they are still kept.

    Those with a second document are known by what that says, which a newer list does not change.
    """
    again = [one for one in changes.revised if not one.entry.detail]
    if not again:
        return []
    rows = connection.execute(_PUBLISHED, {"numbers": listed([one.number for one in again])})
    published = {row.number: row.published for row in rows}
    return [
        Arrival(one.number, changes.source.id, published[one.number], one.entry)
        for one in again
        if one.number in published
    ]


def part(connection: Connection, leaving: Sequence[Arrival], pages: Mapping[int, Sequence[str]]) -> None:
    """Take what leads to entries that are about to go, and stand on these `pages`, by number.

    The marks of one that tells a story pass to the next who tells it, so that copies to come are still found.
    """
    going = {"numbers": listed([one.number for one in leaving])}
    stories = {row.entry_number: row.story for row in connection.execute(_TOLD, going)}
    asked = {**going, "stories": listed(set(stories.values()))}
    heirs = {row.story: row.heir for row in connection.execute(_HEIRS, asked)} if stories else {}
    forgotten, passed_on = [], []
    for one in leaving:
        heir, period = heirs.get(stories.get(one.number)), period_of(one.published)
        marks = [{"in": period, "of": mark, "held_by": one.number} for mark in signature(one.entry).marks]
        if heir is None:
            forgotten += marks
        else:
            passed_on += [{**mark, "to": heir} for mark in marks]
    for statement, rows in ((_UNMARK, forgotten), (_BEQUEATH, passed_on)):
        if rows:
            connection.execute(statement, rows)
    faces = [{"on": page, "of": story, "shown": number} for number, story in stories.items() for page in pages[number]]
    if faces:
        connection.execute(_UNFACE, faces)


def join(connection: Connection, arrivals: Sequence[Arrival], signatures: Mapping[str, Signature]) -> None:
    """Let entries tell the stories that entries of other sources tell; one that tells a story goes on with it.

    `signatures` are those that were made already, by the keys of the entries; all are of one source then.
    """
    signed = [(one, signatures.get(one.entry.key) or signature(one.entry)) for one in arrivals]
    if not signed:
        return
    write_rows(connection, _SIGN, [(one.number, given.traits) for one, given in signed])
    held = _held(connection, signed)
    if not held:
        return
    known = _known(connection, {holder for holders in held.values() for holder in holders})
    _inherit(connection, held, known)
    settled = set(connection.execute(_SETTLED, {"numbers": listed(list(held))}).scalars())
    for one, given in signed:
        if one.number in held and one.number not in settled and one.number not in known.stories:
            _join(connection, one, traits(given.traits), held[one.number], known)


def _held(connection: Connection, signed: Sequence[tuple[Arrival, Signature]]) -> Held:
    """Who had marks of these entries before them, in their own period and in one they are close to."""
    asking: dict[int, dict[int, list[int]]] = {}
    claims: list[tuple[int, int, int]] = []
    for one, given in signed:
        own = period_of(one.published)
        claims += [(own, mark, one.number) for mark in given.marks]
        for period in {own, period_of(one.published - WINDOW), period_of(one.published + WINDOW)}:
            asked = asking.setdefault(period, {})
            for mark in given.marks:
                asked.setdefault(mark, []).append(one.number)
    write_rows(connection, _CLAIM, claims)
    held: Held = {}
    # Entries of one source are not compared with each other.
    mine = [one.number for one, _ in signed] if len({one.source_id for one, _ in signed}) == 1 else []
    for period, asked in asking.items():
        for mark, holder in read_rows(connection, _HELD, period, listed(list(asked)), listed(mine)):
            for number in asked[mark]:
                if number != holder:
                    held.setdefault(number, {}).setdefault(holder, []).append((period, mark))
    return held


def _known(connection: Connection, holders: set[int]) -> _Known:
    rows: dict[int, Any] = {row.number: row for row in connection.execute(_HOLDERS, {"numbers": listed(holders)})}
    stories = {number: row.story for number, row in rows.items() if row.story is not None}
    tellers: dict[int, set[str]] = {}
    if stories:
        for story, source_id in connection.execute(_TELLERS, {"stories": listed(set(stories.values()))}):
            tellers.setdefault(story, set()).add(source_id)
    return _Known(rows, stories, tellers)


def _inherit(connection: Connection, held: Held, known: _Known) -> None:
    """The marks of entries that are gone pass to those that asked for them."""
    rows = [
        {"in": period, "of": mark, "to": number}
        for number, holders in held.items()
        for holder, marks in holders.items()
        if holder not in known.holders
        for period, mark in marks
    ]
    if rows:
        connection.execute(_PASS_ON, rows)


def _join(connection: Connection, one: Arrival, mine: Traits, holders: Iterable[int], known: _Known) -> None:
    """Let one entry tell the story of whom it is surest one with, if of anybody."""
    judged: list[tuple[int, float, int, Verdict]] = []
    for number in holders:
        row = known.holders.get(number)
        if row is None or row.source_id == one.source_id:
            continue
        if one.source_id in known.tellers.get(known.stories.get(number, 0), ()):
            continue
        verdict = judge(mine, traits(row.traits), one.published - row.published)
        if verdict.by:
            judged.append((SUREST.index(verdict.by), verdict.distance or 0.0, number, verdict))
    if not judged:
        return
    *_, number, verdict = min(judged, key=lambda found: found[:3])
    assert verdict.by
    rows = []
    if number not in known.stories:
        story = connection.execute(_LAST_STORY).scalar_one() + 1
        first = known.holders[number]
        known.stories[number], known.tellers[story] = story, {first.source_id}
        rows.append(_row(number, story, first.source_id))
    story = known.stories[number]
    known.stories[one.number] = story
    known.tellers[story].add(one.source_id)
    likeness = {"like": number, "by": verdict.by.value, "distance": verdict.distance}
    connection.execute(_TELL, [*rows, {**_row(one.number, story, one.source_id), **likeness}])


def _row(number: int, story: int, source_id: str) -> dict[str, Any]:
    blank = {"like": None, "by": None, "distance": None}
    return {"entry_number": number, "story": story, "source_id": source_id, **blank}
