"""How much of a source's past is taken: the newest entries of a new source, and no archive that suddenly turns up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.model import NewEntry, PassedOver, Source, Visit


@dataclass(frozen=True, slots=True)
class Admitted:
    """What of the entries never seen before is taken, in the order of the document.

    `passed` must be remembered by name, for it has no date that would tell its age; `horizon` tells that of the rest.
    """

    new: tuple[NewEntry, ...]
    passed: tuple[PassedOver, ...] = ()
    horizon: datetime | None = None


def admit(news: Sequence[NewEntry], source: Source, visit: Visit, *, fresh: bool) -> Admitted:
    """Choose among entries never seen before; `fresh` says that nothing of the source is kept yet.

    Age is counted back from the newest entry of the source, not from now: of a blog that rests, its last year is
    taken. What is newer than anything before is news, however much it is; everything else is past, of which a poll
    takes `backfill.max_items`.
    """
    horizon = visit.horizon
    news = [one for one in news if horizon is None or (one.entry.claimed or one.published) > horizon]
    if not news:
        return Admitted((), horizon=horizon)
    dated = [one.published for one in news if one.entry.claimed]
    newest = max(dated, default=None) if fresh or not visit.recent else datetime.fromtimestamp(visit.recent[0], UTC)
    floor = newest and newest - source.backfill.max_age
    too_old = [one for one in news if floor and one.entry.claimed and one.published < floor]
    old = {id(one) for one in too_old}
    past = [one for one in news if id(one) not in old and (fresh or not _is_news(one, newest))]
    past.sort(key=lambda one: one.published, reverse=True)
    rest = past[source.backfill.max_items :]
    left = old | {id(one) for one in rest}
    passed = [one for one in rest if not (fresh and one.entry.claimed)]
    if fresh:
        behind = [one.published for one in (*too_old, *rest) if one.entry.claimed]
        horizon = max((*behind, *((horizon,) if horizon else ())), default=None)
    return Admitted(
        tuple(one for one in news if id(one) not in left),
        tuple(PassedOver(one.entry, one.published) for one in passed),
        horizon,
    )


def _is_news(one: NewEntry, newest: datetime | None) -> bool:
    return one.entry.claimed is not None and (newest is None or one.published >= newest)
