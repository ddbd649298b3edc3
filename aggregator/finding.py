"""The walk to a feed: from any address, over the page that may be there, to the feed behind it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from aggregator.clean.urls import split, without_secrets
from aggregator.model import Document, Failed, FeedLink, Fetched, Intake, NamedBy, Reason, Source, Unchanged
from aggregator.ports import Reader
from aggregator.sources.discover import is_page, usual_places

# A page with more feeds than this is a list of feeds, and nobody is asked for all of a list.
MOST_NAMED_TRIED = 8
# What says nothing about the host as a whole: it answered, only not with a feed.
ANSWERED = frozenset({Reason.HTTP_STATUS, Reason.NOT_A_FEED, Reason.UNREADABLE})
BUSY = frozenset({429, 503})
THIS_MACHINE = re.compile(r"localhost|127\..*|.*:.*", re.IGNORECASE)

Fetch = Callable[[Source], Awaitable[Fetched]]


@dataclass(frozen=True, slots=True)
class Found:
    """A feed, read: `source` is at the feed's own address.

    `page` is the address of the web page that it was found behind, or None; `links` are the feeds which that page
    names, the found one among them.
    """

    source: Source
    intake: Intake
    page: str | None = None
    links: tuple[FeedLink, ...] = ()


async def find(source: Source, fetch: Fetch, reader: Reader) -> Found | Failed:
    """The feed at the address of `source`, or else the first one behind the page there that has entries.

    Asks one address after the other. The usual places are asked only when the page names no feed that can be read, and
    no more once the host fails or is busy. A page behind an address that is not to be shown is not looked at.
    """
    document, ended = await _read(source, fetch, reader)
    if isinstance(ended, Intake):
        return Found(source, ended)
    if source.recipe:  # whoever writes one means this very document
        return ended
    hidden = source.public_url != without_secrets(source.url)
    if document is None or hidden or not (is_page(document) or document.links):
        return ended
    named = tuple(link for link in await reader.feed_links(document) if _may_lead_to(link.url, source.url))
    places = [link for link in usual_places(document.url) if _may_lead_to(link.url, source.url)]
    failures: list[str] = []
    empty: Found | None = None
    for link in (*named[:MOST_NAMED_TRIED], *(place for place in places if place.url not in {n.url for n in named})):
        if link.by is NamedBy.GUESS and empty:
            break
        there = _at(source, link.url)
        _, intake = await _read(there, fetch, reader)
        if isinstance(intake, Intake):
            found = Found(there, intake, document.url, named if link in named else (*named, link))
            if intake.entries:
                return found
            empty = empty or found
        elif link.by is not NamedBy.GUESS:
            failures.append(f"{link.url}: {intake.reason}: {intake.detail}")
        elif intake.reason not in ANSWERED or intake.status in BUSY:
            break
    return empty or Failed(Reason.NOT_A_FEED, _nothing_found(failures, document.url))


async def _read(source: Source, fetch: Fetch, reader: Reader) -> tuple[Document | None, Intake | Failed]:
    """What is at an address, and what was read there."""
    fetched = await fetch(source)
    assert not isinstance(fetched, Unchanged)  # nobody asked conditionally
    if isinstance(fetched, Failed):
        return None, fetched
    return fetched, await reader.read(source, fetched, frozenset())


def _may_lead_to(url: str, page_url: str) -> bool:
    """Whether a page may send us to an address. Only the operator vouches for this machine: a page does so for nothing
    but what he named himself, its own host and port."""
    there, here = split(url), split(page_url)
    if there is None or here is None:
        return False
    return (there.hostname, there.port) == (here.hostname, here.port) or not THIS_MACHINE.fullmatch(
        there.hostname or ""
    )


def _at(source: Source, url: str) -> Source:
    """The source at another address. What tells a publisher who asks goes to the same origin only."""
    there, here = urlsplit(url), urlsplit(source.url)
    if (there.scheme, there.hostname, there.port) != (here.scheme, here.hostname, here.port):
        return replace(source, url=url, public_url=url, headers=())
    user, at, _ = here.netloc.rpartition("@")
    own = urlunsplit((there.scheme, f"{user}{at}{there.netloc}", there.path, there.query, ""))
    return replace(source, url=own, public_url=url)


def _nothing_found(failures: list[str], page: str) -> str:
    if failures:
        return f"a web page whose feeds cannot be read ({'; '.join(failures[:3])})"
    return "a web page that names no feed, and none is where feeds usually are; look on it for the feed's own address"
