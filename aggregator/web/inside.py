"""What only the operator sees: `/status/` for people, `/metrics` for Prometheus."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.requests import Request

from aggregator.web.answers import Answer, text
from aggregator.web.headers import NO_STORE, SECURITY

MOST_ROWS = 1000
"""Sources that the page shows; with more, the failing ones come first and the rest is counted."""
STATES = ("ok", "failing", "incident", "new", "gone", "disabled")

_COLUMNS = ("source", "state", "last_poll", "outcome", "entries", "failures", "next_poll", "why", "notes")
# Whoever comes through a web server before us comes from its address, not from his own.
_THROUGH = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")
_REFUSED = "only from the networks of server.status, and not through a web server\n"


@dataclass(frozen=True, slots=True)
class Condition:
    """How the program does. `sources` are the rows of `aggregator status --json`; the counters run since the start.

    `timezone` is the zone in which people are told times.
    """

    sources: Sequence[Mapping[str, Any]]
    unready: str | None
    readers: int
    polls: Mapping[str, int] = field(default_factory=dict)
    hub: Mapping[str, int] = field(default_factory=dict)
    subscriber: Mapping[str, int] = field(default_factory=dict)
    timezone: str = "UTC"


Ask = Callable[[], Awaitable[Condition]]


def inside_routes(
    ask: Ask | None, networks: Iterable[str], base_url: str
) -> dict[str, Callable[[Request], Awaitable[Answer]]]:
    """The functions behind the operator's paths, which answer those who connect from `networks` alone."""
    may = tuple(ipaddress.ip_network(network, strict=False) for network in networks)

    def route(show: Callable[[Condition], Answer]) -> Callable[[Request], Awaitable[Answer]]:
        async def shown(request: Request) -> Answer:
            if ask is None:
                return text(HTTPStatus.NOT_FOUND, "not found\n")
            if not is_operator(request, may, base_url):
                return text(HTTPStatus.FORBIDDEN, _REFUSED)
            # In a thread: 100,000 sources are half a second of work.
            return await asyncio.to_thread(show, await ask())

        return shown

    page, numbers = route(_page), route(_numbers)
    return {"/status": page, "/status/": page, "/metrics": numbers}


def is_operator(
    request: Request, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network], base_url: str
) -> bool:
    """Whether who asks connects from one of these networks himself, and means us.

    A page on the web may let a name of its own lead to 127.0.0.1 and read what the operator's browser gets there; it
    cannot change what the browser then says in Host.
    """
    lines = dict(request.headers.raw)
    if any(name in lines for name in _THROUGH) or request.client is None:
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        client = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    client = getattr(client, "ipv4_mapped", None) or client
    meant = host in ("localhost", urlsplit(base_url).hostname) or _is_address(host)
    return meant and any(client in network for network in networks)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _answer(media_type: str, body: str) -> Answer:
    """Without the headers that let any page of the web read what is published."""
    said = body.encode("utf-8", "replace")
    length = (b"content-length", str(len(said)).encode())
    return Answer(HTTPStatus.OK, (length, (b"content-type", media_type.encode()), NO_STORE, *SECURITY), said)


def _page(condition: Condition) -> Answer:
    """A table of the sources, those with incidents first, then those that fail."""
    rows = sorted(
        condition.sources, key=lambda row: (not row["incidents"], row["state"] != "failing", -row["failures"])
    )
    states = Counter(row["state"] for row in rows)
    words = [f"{states[state]} {state}" for state in STATES if states[state]]
    facts = [condition.unready or "ready", f"{condition.readers} readers", *words, f"times of {condition.timezone}"]
    zone = ZoneInfo(condition.timezone)
    head = "".join(f'<th scope="col">{name.replace("_", " ")}</th>' for name in _COLUMNS)
    body = "\n".join(f"<tr>{''.join(_cells(row, zone))}</tr>" for row in rows[:MOST_ROWS])
    left = len(rows) - MOST_ROWS
    more = f"<p>{left} more sources: <code>aggregator status</code> shows all.</p>\n" if left > 0 else ""
    return _answer(
        "text/html; charset=utf-8",
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Status</title>\n'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">\n'
        '<link rel="stylesheet" href="/style.css"></head><body class="status"><main>\n<h1>Status</h1>\n'
        f"<p>{escape(' · '.join(facts))}</p>\n"
        # It can be scrolled with the keyboard only where it takes the focus.
        '<div class="scroll" role="region" aria-label="Sources" tabindex="0">\n'
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>\n</div>\n"
        f"{more}</main></body></html>\n",
    )


def _cells(row: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    for name in _COLUMNS:
        if name == "source":
            yield f'<th scope="row">{escape(row[name])}</th>'
        elif name == "notes":
            yield f"<td>{'<br>'.join(_notes(row, zone))}</td>"
        elif name in ("last_poll", "next_poll"):
            yield f"<td>{_time(row[name], zone) if row[name] else ''}</td>"
        else:
            yield f"<td>{'' if row[name] is None else escape(str(row[name]))}</td>"


def _notes(row: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """What a person should know of a source beside its numbers, as markup."""
    for one in row["incidents"]:
        yield f"{escape(one['cause'])} since {_time(one['since'], zone)}: {escape(one['what'])}"
    if why := ": ".join(filter(None, (row["reason"], row["detail"]))):
        yield escape(why)
    if row["list"]:
        yield f"from the list {escape(row['list'])}"


def _time(moment: str, zone: ZoneInfo) -> str:
    """An RFC 3339 moment to the minute, as the zone's clocks show it."""
    return f'<time datetime="{escape(moment)}">{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M}</time>'


def _numbers(condition: Condition) -> Answer:
    """The same as numbers, in Prometheus' text format 0.0.4."""
    states = Counter(row["state"] for row in condition.sources)
    failing = {row["source"]: row["failures"] for row in condition.sources if row["failures"]}
    metrics = (
        ("aggregator_ready", "gauge", "Whether /readyz says yes.", {None: int(condition.unready is None)}),
        ("aggregator_readers", "gauge", "Readers of the feeds within a day or two.", {None: condition.readers}),
        ("aggregator_entries", "gauge", "Entries kept.", {None: sum(row["entries"] for row in condition.sources)}),
        ("aggregator_sources", "gauge", "Sources by state.", {("state", one): states[one] for one in STATES}),
        (
            "aggregator_source_failures",
            "gauge",
            "Failures in a row of each source that fails.",
            {("source", one): many for one, many in failing.items()},
        ),
        (
            "aggregator_source_incident",
            "gauge",
            "One for each incident of a source that goes on, by its cause.",
            {
                (("source", row["source"]), ("cause", one["cause"])): 1
                for row in condition.sources
                for one in row["incidents"]
            },
        ),
        (
            "aggregator_polls_total",
            "counter",
            "Polls since the start by outcome.",
            {("outcome", one): many for one, many in condition.polls.items()},
        ),
        (
            "aggregator_hub_exchanges_total",
            "counter",
            "Exchanges with subscribers since the start by outcome.",
            {("outcome", one): many for one, many in condition.hub.items()},
        ),
        (
            "aggregator_subscriber_exchanges_total",
            "counter",
            "Exchanges with hubs of sources since the start by outcome.",
            {("outcome", one.replace(" ", "-")): many for one, many in condition.subscriber.items()},
        ),
    )
    lines = []
    for name, kind, meaning, samples in metrics:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{_label(label)} {value}" for label, value in samples.items()]
    return _answer("text/plain; version=0.0.4; charset=utf-8", "\n".join(lines) + "\n")


def _label(label: tuple[str, str] | tuple[tuple[str, str], ...] | None) -> str:
    if label is None:
        return ""
    pairs = (label,) if isinstance(label[0], str) else label
    return "{" + ",".join(f'{name}="{_escaped(str(value))}"' for name, value in pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
