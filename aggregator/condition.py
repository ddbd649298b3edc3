"""Says how a source does, in the words of `aggregator status`, of its page and of its JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aggregator.clean.urls import host_of
from aggregator.model import Source, Visit


def row_of(source: Source, visit: Visit | None, entries: int, no_push: str | None = None) -> dict[str, Any]:
    """What `status` says of a source; nothing in it is secret. Moments are RFC 3339, in UTC.

    `no_push` is the reason why no source's hub is asked to tell us of what is new.
    """
    return {
        "source": source.id,
        "state": state_of(source, visit),
        "last_poll": stamp(visit.finished if visit else None),
        "outcome": visit.outcome if visit else None,
        "reason": visit.reason if visit else None,
        "detail": (visit.detail or None) if visit else None,
        "entries": entries,
        "failures": visit.failures if visit else 0,
        "next_poll": stamp(visit.due if visit and source.enabled else None),
        "why": visit.why if visit and source.enabled else None,
        "url": source.public_url,
        "moved_to": _shown(source, visit.address if visit else None),
        "moving_to": _shown(source, visit.moving.to if visit and visit.moving else None),
        "insecure_tls": source.insecure_tls,
        "hub": visit.hub.hub if visit and visit.hub else None,
        "pushed_until": stamp(visit.leased if visit else None),
        "no_push": no_push if visit and visit.hub else None,
        "incidents": [
            {"cause": one.cause, "since": stamp(one.since), "what": one.what}
            for one in (visit.incidents if visit else ())
        ],
        "list": source.listed_by,
    }


def state_of(source: Source, visit: Visit | None) -> str:
    """How a source does, in a word."""
    if not source.enabled:
        return "disabled"
    if visit is None or visit.outcome is None:
        return "new"
    if visit.due is None:
        return "gone"
    return "failing" if visit.failures else "incident" if visit.incidents else "ok"


def stamp(moment: datetime | None) -> str | None:
    """A moment as programs read it (RFC 3339), in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _shown(source: Source, address: str | None) -> str | None:
    """An address that its server gave: where the source's own holds a secret, only its host, for it may too."""
    if address is None or source.url == source.public_url:
        return address
    return f"{host_of(address)} (the rest may be secret)"
