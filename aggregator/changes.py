"""What a poll changed: pure decisions, no database, no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never
from urllib.parse import urlsplit

from aggregator.backfill import admit
from aggregator.clean.likeness import likeness
from aggregator.clean.recognition import FROZEN_AFTER, new_names, recognise, with_own_keys
from aggregator.clean.rules import refusal_at_first
from aggregator.expectations import with_incidents
from aggregator.model import (
    Acquaintance,
    Changes,
    Document,
    Entry,
    Failed,
    Intake,
    Known,
    NewEntry,
    Outcome,
    RevisedEntry,
    Said,
    Source,
    Unchanged,
    Visit,
    amended,
)
from aggregator.placing import Place, on_own_pages
from aggregator.whereabouts import after_answer, after_failure

Placed = Callable[[Entry, timedelta], tuple[str, ...]]

HASH_BYTES = 8
# What a frozen entry must at least have in common with what is kept to be the same; and how long its `updated` stays
# even so.
SAME_TITLE, SAME_TEXT, FROZEN_STAYS = 0.6, 0.8, timedelta(days=1)
MOST_RECENT = 10  # entries whose times tell how often a source publishes


def fingerprint(entry: Entry) -> str:
    """A hash of what a reader would call the entry's content. Dates are left out: many sources re-date everything
    at every fetch, and a new date alone is no news; so is where the entry came from. So are the length of a file, which
    differs with the advertisements put into it, and what is behind the "?" of a picture's address: mostly a signature
    that ends tomorrow."""
    said: tuple[object, ...] = (
        entry.title,
        entry.link,
        entry.summary,
        entry.content,
        entry.authors,
        entry.terms,
        entry.enclosures and [(one.href, one.type, one.title) for one in entry.enclosures],
        entry.rights,
        entry.upstream and (entry.upstream.id, entry.upstream.title),
    )
    if entry.media or entry.episode or (entry.image and entry.image.href not in entry.content):
        said += (
            [(_without_query(one.href), one.title, one.description, one.credits) for one in entry.media],
            entry.image and _without_query(entry.image.href),
            entry.episode,
        )
    return hashlib.blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _without_query(address: str) -> str:
    return address.partition("?")[0]


def decide(
    source: Source,
    visit: Visit,
    ended: Unchanged | Failed | tuple[Document, Intake],
    known: Acquaintance,
    now: datetime,
    place: Place = on_own_pages,
) -> Changes:
    """Everything one poll changes but the time of the next; `visit` is what the poll before left behind.

    `place` says which pages an entry stands on.

    Validators and the hash of the body are kept only together with a document that was read: those of an error
    page would have the server answer 304 for ever.
    """
    return with_incidents(_decided(source, visit, ended, known, now, place), visit, ended, now)


def _decided(
    source: Source,
    visit: Visit,
    ended: Unchanged | Failed | tuple[Document, Intake],
    known: Acquaintance,
    now: datetime,
    place: Place,
) -> Changes:
    after = partial(amended, visit, finished=now, reason=None, detail="", failures=0, failing_since=None)
    match ended:
        case Failed():
            failed = after(
                outcome=Outcome.FAILED,
                reason=ended.reason,
                detail=ended.detail,
                failures=visit.failures + 1,
                failing_since=visit.failing_since or now,
            )
            return Changes(source, after_failure(failed, ended.status, now), before=visit)
        case Unchanged():
            same = after(
                outcome=Outcome.NOT_MODIFIED,
                validators=ended.validators or visit.validators,
                # That of a 304 holds for now alone, for it counts from when a cache on the way asked.
                max_age=visit.max_age if ended.by == "304" else ended.hints.max_age,
            )
            return Changes(source, after_answer(source, same, ended.moved_to, familiar=True, now=now), before=visit)
        case (document, intake):
            return _taken_in(source, visit, document, intake, known, place, now)
        case _:
            assert_never(ended)


def _taken_in(
    source: Source,
    visit: Visit,
    document: Document,
    intake: Intake,
    known: Acquaintance,
    place: Place,
    now: datetime,
) -> Changes:
    """What a document changes."""
    placed = partial(place, source)
    found = recognise(source.id, intake, known)
    fresh = not visit.recent and not found.kept
    strangers = with_own_keys(found.strangers, known)
    wanted = [one for one in strangers if refusal_at_first(source, one, now - _published(one, now)) is None]
    admitted = admit([_new(entry, placed, now) for entry in wanted], source, visit, fresh=fresh)
    revised = tuple(change for entry, kept in found.kept if (change := _revised(entry, kept, placed, now)))
    learned = amended(
        visit,
        finished=now,
        reason=None,
        failures=0,
        failing_since=None,
        outcome=Outcome.NEW if admitted.new else Outcome.REVISED if revised else Outcome.SAME,
        detail="; ".join(intake.problems)[:500],
        # What left entries out is looked at again, until they are whole.
        validators=None if intake.incomplete else document.validators,
        body_hash="" if intake.incomplete else document.body_hash,
        seen=b"".join(sorted(intake.hashes)),
        cadence=intake.cadence,
        recent=_recent(visit.recent, admitted.new),
        size=len(intake.hashes) or len(intake.entries),
        max_age=document.hints.max_age,
        horizon=admitted.horizon,
        bare=intake.bare,
        hub=intake.hub,
        said=Said(intake.origin.title, intake.origin.html_url),
    )
    outlines = intake.outlines if source.blogroll and intake.outlines != known.outlines else None
    if outlines is not None:
        learned = amended(learned, outcome=Outcome.REVISED)
    familiar = bool(found.kept) or not intake.hashes.isdisjoint(hashes_in(visit.seen)) or not visit.recent
    return Changes(
        source,
        after_answer(source, learned, document.moved_to, familiar=familiar, now=now),
        admitted.new,
        revised,
        aliases=new_names(source.id, found, known),
        passed=admitted.passed,
        dropped=len(strangers) - len(wanted),
        before=visit,
        signatures=intake.signatures,
        outlines=outlines,
    )


def hashes_in(seen: bytes) -> frozenset[bytes]:
    """The hashes of entries that a visit remembers."""
    return frozenset(seen[start : start + HASH_BYTES] for start in range(0, len(seen), HASH_BYTES))


def _recent(before: tuple[int, ...], new: tuple[NewEntry, ...]) -> tuple[int, ...]:
    """The times of the newest entries, newest first."""
    times = (int(one.published.timestamp()) for one in new)
    return tuple(sorted((*before, *times), reverse=True)[:MOST_RECENT]) if new else before


def _published(entry: Entry, now: datetime) -> datetime:
    """When an entry was published, settled at first sight: a missing date is now, and none is later than now."""
    return min(entry.claimed or now, now)


def _new(entry: Entry, placed: Placed, now: datetime) -> NewEntry:
    """The entry with its times settled, on its pages."""
    published = _published(entry, now)
    pages = placed(entry, now - published)
    return NewEntry(entry, fingerprint(entry), published, min(entry.updated or published, now), pages)


def _revised(entry: Entry, kept: Known, placed: Placed, now: datetime) -> RevisedEntry | None:
    """The revision of a kept entry, or None when its content is the same.

    `updated` is what the publisher says, when that is news and not in the future; else the moment we saw it.
    """
    mark = fingerprint(entry)
    if mark == kept.fingerprint:
        return None
    # Whether it still waits for its second document, only the store knows.
    awake = amended(entry, waits=False) if entry.waits else entry
    pages = placed(awake, kept.first_seen - kept.published)
    if kept.revision >= FROZEN_AFTER:
        if kept.entry and not _is_real(kept.entry, entry):
            return None
        if now - kept.updated < FROZEN_STAYS:
            return RevisedEntry(kept.number, entry, mark, kept.updated, kept.revision + 1, pages)
    said = entry.updated
    updated = said if said and kept.updated < said <= now else max(now, kept.updated)
    return RevisedEntry(kept.number, entry, mark, updated, kept.revision + 1, pages)


def _is_real(before: Entry, after: Entry) -> bool:
    """Whether a reader would call the change of a frozen entry one: another title, text or page, and no counter."""
    titles, texts = likeness(before, after)
    return titles < SAME_TITLE or texts < SAME_TEXT or urlsplit(before.link).path != urlsplit(after.link).path
