"""The walk in: one source, once, and what happened written down whatever happened."""

from __future__ import annotations

import logging
import traceback
from typing import assert_never

from aggregator.changes import decide, hashes_in
from aggregator.clean.concealing import concealed
from aggregator.errors import AggregatorError
from aggregator.model import Changes, Document, Failed, Intake, Outcome, Reason, Source, Unchanged, Visit
from aggregator.placing import Place, on_own_pages
from aggregator.ports import Clock, Fetcher, Reader, Store
from aggregator.schedule import scheduled

log = logging.getLogger(__name__)


async def poll(
    source: Source, *, fetcher: Fetcher, reader: Reader, store: Store, clock: Clock, place: Place = on_own_pages
) -> Changes:
    """Walk one source in; `place` says which pages an entry stands on.

    Raises only what the store raises: then nothing was written, and the attempt is.
    """
    began = clock.now()
    visit = await store.begin(source, began)
    ended = await _ended(source, visit, fetcher, reader)
    keys = [entry.key for entry in ended[1].entries] if isinstance(ended, tuple) else []
    known = await store.known(source, keys) if keys else {}
    now = clock.now()
    changes = decide(source, visit, ended, known, now, place)
    failed = ended if isinstance(ended, Failed) else None
    hints = ended[0].hints if isinstance(ended, tuple) else ended.hints
    changes = scheduled(changes, visit, failed, hints, now)
    await store.apply(changes)
    _report(changes, (now - began).total_seconds())
    return changes


async def _ended(
    source: Source, visit: Visit, fetcher: Fetcher, reader: Reader
) -> Unchanged | Failed | tuple[Document, Intake]:
    """How the poll ended: with nothing new, with a failure, or with a document and what it holds."""
    try:
        fetched = await fetcher.fetch(source, visit)
        match fetched:
            case Unchanged() | Failed():
                return fetched
            case Document():
                intake = await reader.read(source, fetched, hashes_in(visit.seen))
                if isinstance(intake, Intake):
                    return fetched, intake
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
        "took": f"{seconds:.2f}s",
        "due": f"+{int((visit.due - visit.finished).total_seconds())}s" if visit.due and visit.finished else "never",
        "why": visit.why,
    }
    log.log(level, "poll", extra={"fields": fields})
