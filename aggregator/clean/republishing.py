"""How much of an entry is republished: all of it, its first sentences, or nothing but where it is."""

from __future__ import annotations

import html

from aggregator.clean.excerpt import excerpt
from aggregator.model import Entry, Republished, amended

SUMMARY = 500
"""How long a summary is at most, in letters; a wide one (Han, kana, hangul) counts as two."""


def republished(entry: Entry, much: Republished) -> Entry:
    """The entry with as much of its text as may be published.

    A summary is the publisher's own, or else the beginning of the text, cut at the end of a sentence: one paragraph
    without pictures and links. A link has no text at all, and nothing attached.
    """
    if much == "full":
        return entry
    if much == "link":
        return amended(entry, summary="", content="", enclosures=())
    text = excerpt(entry.summary, SUMMARY) or excerpt(entry.content, SUMMARY)
    return amended(entry, summary=f"<p>{html.escape(text, quote=False)}</p>" if text else "", content="")
