"""What a poll changed: pure decisions, no database, no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from aggregator.model import (
    Changes,
    Document,
    Entry,
    Failed,
    Intake,
    Known,
    NewEntry,
    Outcome,
    RevisedEntry,
    Source,
    Unchanged,
    Visit,
    Why,
)


def fingerprint(entry: Entry) -> str:
    """A hash of what a reader would call the entry's content. Dates are left out: many sources re-date everything
    at every fetch, and a new date alone is no news; so is where the entry came from."""
    said = (
        entry.title,
        entry.link,
        entry.summary,
        entry.content,
        entry.authors,
        entry.terms,
        entry.enclosures,
        entry.rights,
        entry.upstream and (entry.upstream.id, entry.upstream.title),
    )
    return hashlib.blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def decide(
    source: Source,
    visit: Visit,
    ended: Unchanged | Failed | tuple[Document, Intake],
    known: Mapping[str, Known],
    next_due: tuple[datetime, Why],
    now: datetime,
) -> Changes:
    """Everything one poll changes, `visit` being what the poll before left behind.

    Validators and the hash of the body are kept only together with a document that was read: those of an error
    page would have the server answer 304 for ever.
    """
    due, why = next_due
    after = replace(visit, due=due, why=why, finished=now, reason=None, detail="", failures=0)
    match ended:
        case Failed():
            failures = visit.failures + 1
            after = replace(after, outcome=Outcome.FAILED, failures=failures)
            return Changes(source, replace(after, reason=ended.reason, detail=ended.detail))
        case Unchanged():
            validators = ended.validators or visit.validators
            return Changes(source, replace(after, outcome=Outcome.NOT_MODIFIED, validators=validators))
        case (document, intake):
            new = tuple(_new(entry, now) for entry in intake.entries if entry.key not in known)
            again = [(entry, known[entry.key]) for entry in intake.entries if entry.key in known]
            revised = tuple(change for entry, kept in again if (change := _revised(entry, kept, now)))
            after = replace(
                after,
                outcome=Outcome.NEW if new else Outcome.REVISED if revised else Outcome.SAME,
                detail="; ".join(intake.problems)[:500],
                validators=document.validators,
                body_hash=document.body_hash,
                seen=intake.hashes,
            )
            return Changes(source, after, new, revised)
        case _:
            assert_never(ended)


def _new(entry: Entry, now: datetime) -> NewEntry:
    """Settle the times of an entry at first sight: a missing date is now, and none is later than now."""
    said = entry.published or entry.updated or now
    published = min(said, now)
    return NewEntry(entry, fingerprint(entry), published, min(entry.updated or published, now))


def _revised(entry: Entry, kept: Known, now: datetime) -> RevisedEntry | None:
    """The revision of a kept entry, or None when its content is the same.

    `updated` is what the publisher says, when that is news and not in the future; else the moment we saw it.
    """
    mark = fingerprint(entry)
    if mark == kept.fingerprint:
        return None
    said = entry.updated
    updated = said if said and kept.updated < said <= now else max(now, kept.updated)
    return RevisedEntry(kept.number, entry, mark, updated, kept.revision + 1)
