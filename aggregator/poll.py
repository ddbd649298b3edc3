"""The walk in: one source, once, and what happened written down whatever happened."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import assert_never

from aggregator.changes import decide, hashes_in
from aggregator.clean.concealing import concealed
from aggregator.clean.recognition import is_doubtful
from aggregator.condition import stamp
from aggregator.errors import AggregatorError
from aggregator.expectations import as_expected
from aggregator.model import Acquaintance, Changes, Document, Failed, Intake, Outcome, Reason, Source, Unchanged, Visit
from aggregator.paging import is_all_new, joined, next_address, unfinished, with_first_page
from aggregator.placing import Place, on_own_pages
from aggregator.ports import Clock, Fetcher, Reader, Store
from aggregator.schedule import scheduled

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200  # entries that are decided on in a few milliseconds; more are no work for the event loop
STRANGE = Acquaintance()


async def poll(
    source: Source,
    *,
    fetcher: Fetcher,
    reader: Reader,
    store: Store,
    clock: Clock,
    place: Place = on_own_pages,
    delay: float = 0.0,
    asked: Callable[[int], None] = lambda _size: None,
) -> Changes:
    """Walk one source in.

    `place` says which pages an entry stands on, `delay` how many seconds lie between two pages of the source's list.
    `asked` hears the size of a document that is here, when its host is not needed any more.

    Raises only what the store raises: then nothing was written, and the attempt is.
    """
    began = clock.now()
    visit = await store.begin(source, began)
    ended = as_expected(source, visit, await _ended(source, visit, fetcher, reader, delay, asked), clock.now())
    known = STRANGE
    if isinstance(ended, tuple):
        ended, known = await _acquainted(source, visit, ended, reader, store)
    now = clock.now()
    if not isinstance(ended, tuple) or len(ended[1].entries) <= MOST_AT_ONCE:
        changes = decide(source, visit, ended, known, now, place)
    else:
        changes = await asyncio.to_thread(decide, source, visit, ended, known, now, place)
    failed = ended if isinstance(ended, Failed) else None
    hints = ended[0].hints if isinstance(ended, tuple) else ended.hints
    changes = scheduled(changes, visit, failed, hints, now)
    await store.apply(changes)
    _report(changes, (now - began).total_seconds())
    _report_incidents(changes)
    return changes


async def _acquainted(
    source: Source, visit: Visit, ended: tuple[Document, Intake], reader: Reader, store: Store
) -> tuple[tuple[Document, Intake] | Failed, Acquaintance]:
    """The document with what is known of its entries.

    Where one of them may be a kept one under another name it is read once more, now with the entries seen before: who
    is in it still has not changed his name.
    """
    document, intake = ended
    known = await store.known(source, intake)
    if source.recipe and source.recipe.alert and visit.seen:
        return ended, Acquaintance(known.by_key)  # page and title are always the same, and the text may hardly change
    if not is_doubtful(source.id, intake, known):
        return ended, known
    whole = await reader.read(source, document, frozenset())
    if isinstance(whole, Failed):
        return Failed(whole.reason, whole.detail, whole.status, document.hints), known
    if source.recipe and source.recipe.paging:  # the document is the first page only
        whole = with_first_page(intake, whole)
    return (document, whole), await store.known(source, whole)


async def _ended(
    source: Source, visit: Visit, fetcher: Fetcher, reader: Reader, delay: float, asked: Callable[[int], None]
) -> Unchanged | Failed | tuple[Document, Intake]:
    """How the poll ended: with nothing new, with a failure, or with a document and what it holds."""
    try:
        fetched = await fetcher.fetch(source, visit)
        match fetched:
            case Unchanged() | Failed():
                return fetched
            case Document():
                if not (source.recipe and source.recipe.paging):  # else its host is asked for more
                    asked(len(fetched.body))
                seen = hashes_in(visit.seen)
                intake = await reader.read(source, fetched, seen)
                if isinstance(intake, Intake):
                    return await _with_further_pages(
                        source, fetched, intake, partial(_page, fetcher, reader, seen), delay
                    )
                return Failed(intake.reason, intake.detail, intake.status, fetched.hints)
            case _:
                assert_never(fetched)
    except AggregatorError:
        raise
    except Exception as error:  # a mistake of ours must not end the polling of everything else
        # As a field: the error's own words may hold what the operator wants hidden, and a handler would print them.
        told = concealed(traceback.format_exc(), source)
        log.error("poll broke", extra={"fields": {"source": source.id, "traceback": told}})
        return Failed(Reason.INTERNAL, f"a mistake in the program: {type(error).__name__}")


async def _with_further_pages(
    source: Source,
    document: Document,
    intake: Intake,
    page: Callable[[Source], Awaitable[Intake | Failed]],
    delay: float,
) -> tuple[Document, Intake]:
    """The document and what it holds, with the further pages of its list as far as all of them is new.

    Where one of them cannot be had, the next poll asks for all again: what is only there would be lost otherwise.
    """
    number, latest = 2, intake
    while is_all_new(latest) and (url := next_address(source, intake.more, number)):
        await asyncio.sleep(delay)
        ended = await page(replace(source, url=url))
        if isinstance(ended, Failed):
            problem = f"page {number} of the list: {ended.reason}: {ended.detail}"
            return replace(document, validators=None, body_hash=""), unfinished(intake, problem)
        intake, latest, number = joined(intake, ended), ended, number + 1
    return document, intake


async def _page(fetcher: Fetcher, reader: Reader, seen: frozenset[bytes], source: Source) -> Intake | Failed:
    """What stands on a further page, asked for unconditionally."""
    fetched = await fetcher.fetch(source, Visit(source.id, None))
    if isinstance(fetched, Document):
        return await reader.read(source, fetched, seen)
    return fetched if isinstance(fetched, Failed) else Failed(Reason.PROTOCOL, "not modified, but nobody had asked")


def _report(changes: Changes, seconds: float) -> None:
    """One line per walk, fields not prose; never a body, never a secret."""
    visit = changes.visit
    failed = visit.outcome is Outcome.FAILED
    level = logging.WARNING if failed else logging.INFO
    if not log.isEnabledFor(level):
        return
    fields = {
        "source": changes.source.id,
        "outcome": visit.outcome,
        **({"reason": visit.reason, "detail": visit.detail} if failed else {}),
        "added": len(changes.new),
        "revised": len(changes.revised),
        **({"dropped": changes.dropped} if changes.dropped else {}),
        "took": f"{seconds:.2f}s",
        "due": f"+{int((visit.due - visit.finished).total_seconds())}s" if visit.due and visit.finished else "never",
        "why": visit.why,
    }
    log.log(level, "poll", extra={"fields": fields})


def _report_incidents(changes: Changes) -> None:
    """A line when an incident begins, and one when it ends, however many polls there are in between."""
    if not (changes.visit.incidents or (changes.before and changes.before.incidents)):
        return
    before = {one.cause: one for one in changes.before.incidents} if changes.before else {}
    after = {one.cause: one for one in changes.visit.incidents}
    for cause, one in after.items():
        if cause not in before:
            fields = {"source": changes.source.id, "cause": cause, "what": one.what, "since": stamp(one.since)}
            log.warning("incident", extra={"fields": fields})
    for cause, one in before.items():
        if cause not in after:
            fields = {"source": changes.source.id, "cause": cause, "since": stamp(one.since)}
            log.info("incident over", extra={"fields": fields})
