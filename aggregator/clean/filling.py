"""Fills in an entry what its second document says, and carries that over when the list has a new version of it."""

from __future__ import annotations

import re
from typing import Any

from aggregator.clean.credit import credited
from aggregator.clean.dates import settle
from aggregator.clean.entry import persons_of, terms_of, written_in
from aggregator.clean.licence import licence_in
from aggregator.clean.markup import sanitise
from aggregator.clean.media import enclosures, image
from aggregator.clean.rewriting import rewritten
from aggregator.clean.text import plain
from aggregator.model import Draft, Entry, Markup, Source, Written, amended

HEADING = re.compile(r"\s*(?:<html>\s*)?(?:<body>\s*)?<h[12]\b[^>]*>(.{1,2000}?)</h[12]>", re.DOTALL)


def filled_in(entry: Entry, draft: Draft, source: Source, url: str) -> Entry:
    """The entry with the fields that its second document at `url` gave; what that left out stays as the list had it."""
    found_texts = written_in(draft) if source.keeps_written else None
    draft, notes = rewritten(draft, source.rewrite)
    given: dict[str, Any] = {
        "title": plain(draft.title),
        "summary": sanitise(draft.summary, url, entry.link),
        "content": sanitise(_without_title(draft.content, entry.title), url, entry.link),
        "published": settle(draft.published, source.timezone),
        "updated": settle(draft.updated, source.timezone),
        "authors": persons_of(draft.authors, url),
        "terms": tuple(dict.fromkeys((*entry.terms, *terms_of(draft.terms)))) if draft.terms else (),
        "enclosures": enclosures(draft, url),
        "rights": plain(draft.rights),
    }
    given["licence"] = licence_in(given["rights"])
    if entry.credit is None:
        found_name = credited(given["content"], source.credit)
        if found_name and found_name.name not in (source.title, entry.origin.title):
            given["credit"] = found_name
    if entry.image is None:
        given["image"] = image(draft, given["enclosures"], (), given["content"] or given["summary"], url)
    if found_texts:
        before = entry.written or Written()
        given["written"] = Written(
            *(getattr(found_texts, name) or getattr(before, name) for name in ("title", "summary", "content"))
        )
    found = {name: value for name, value in given.items() if value}
    told = tuple(dict.fromkeys((*entry.notes, *notes)))
    return amended(entry, waits=False, filled=tuple(sorted(found)), notes=told, **found)


def _without_title(found: Markup | None, title: str) -> Markup | None:
    """A text without the heading that only says once more what its entry is called."""
    heading = HEADING.match(found.value) if found else None
    if found is None or heading is None or plain(Markup(heading[1], "text/html")) != title:
        return found
    return amended(found, value=found.value[heading.end() :])


def carried_over(entry: Entry, before: Entry) -> Entry:
    """A new version of an entry out of the list, with what its second document had given the version before."""
    kept = {name: getattr(before, name) for name in before.filled}
    return amended(entry, waits=before.waits, filled=before.filled, **kept)
