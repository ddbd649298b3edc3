"""Finds entries by words in them: an index of all substrings of three letters, which knows no language.

What is new or revised is marked by triggers in its own transaction, and put into the index a little later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, delete, exists, select, text
from sqlalchemy.engine import Connection

from aggregator.clean.excerpt import excerpt
from aggregator.model import EVERYTHING, Kept, category_page
from aggregator.store.codec import unpack_entry
from aggregator.store.tables import ENTRY, MEMBERSHIP, UNSEARCHED, kept_of

INDEXED = 500  # letters of an entry's text that are searched; a Han letter counts as two
MOST_TERMS = 8
SHORTEST = 3  # letters that the index can look up
WINDOW = 20_000  # the newest entries, in which shorter words are looked for one by one

_WAITING = select(UNSEARCHED.c.entry_number).order_by(UNSEARCHED.c.entry_number.desc()).limit(bindparam("most"))
_FORGET = text("DELETE FROM searched WHERE rowid = :number")
_ENTER = text("INSERT INTO searched (rowid, title, text) VALUES (:number, :title, :text)")
_DONE = delete(UNSEARCHED).where(UNSEARCHED.c.entry_number == bindparam("number"))


def index(connection: Connection, most: int) -> int:
    """Put so many of the entries that wait into the index, the newest first; how many those were."""
    numbers = list(connection.execute(_WAITING, {"most": most}).scalars())
    if not numbers:
        return 0
    rows = connection.execute(select(ENTRY.c.number, ENTRY.c.body).where(ENTRY.c.number.in_(numbers))).all()
    done = [{"number": number} for number in numbers]
    connection.execute(_FORGET, done)
    if rows:
        connection.execute(_ENTER, [_words(row.number, row.body) for row in rows])
    connection.execute(_DONE, done)
    return len(numbers)


def _words(number: int, body: bytes) -> dict[str, int | str]:
    entry = unpack_entry(body)
    names = " ".join(person.name for person in entry.authors)
    return {
        "number": number,
        "title": f"{entry.title} {names}",
        "text": excerpt(entry.content or entry.summary, INDEXED),
    }


def terms_of(query: str) -> tuple[str, ...]:
    """The words of a query, at most a few; quotation marks and signs mean nothing."""
    return tuple(dict.fromkeys(query.replace('"', " ").replace("\0", " ").split()))[:MOST_TERMS]


def search(connection: Connection, query: str, limit: int) -> list[Kept]:
    """Of the entries on the site that hold every word of the query those taken in last, the newest of them first."""
    terms = terms_of(query)
    if not terms:
        return []
    long = [term for term in terms if len(term) >= SHORTEST]
    short = [term for term in terms if len(term) < SHORTEST]
    found = list(_found(connection, long, short, limit))
    here = exists().where(
        MEMBERSHIP.c.page == category_page(EVERYTHING),
        MEMBERSHIP.c.published == ENTRY.c.published,
        MEMBERSHIP.c.entry_number == ENTRY.c.number,
    )
    rows = connection.execute(select(ENTRY).where(ENTRY.c.number.in_(found), here))
    return [kept_of(row) for row in sorted(rows, key=lambda row: (row.published, row.number), reverse=True)]


def _found(connection: Connection, long: Sequence[str], short: Sequence[str], limit: int) -> Iterator[int]:
    """The rows of the index with all of these; each long one is a phrase, in which no sign has a meaning."""
    parts = ["searched MATCH :match"] if long else ["rowid > (SELECT max(rowid) FROM searched) - :window"]
    values: dict[str, int | str] = {"match": " ".join(f'"{term}"' for term in long), "window": WINDOW, "limit": limit}
    for number, term in enumerate(short):
        parts.append(f"instr(lower(title || ' ' || text), lower(:short{number}))")
        values[f"short{number}"] = term
    # The parts are ours, what was asked for is bound.
    statement = text(f"SELECT rowid FROM searched WHERE {' AND '.join(parts)} ORDER BY rowid DESC LIMIT :limit")  # noqa: S608
    names = statement.compile().params.keys()
    yield from connection.execute(statement, {name: values[name] for name in names}).scalars()
