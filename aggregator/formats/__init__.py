"""How an output is written: the YAML word, the file and the table key are the same word."""

from collections.abc import Sequence

from aggregator.formats import atom, html, json, opml, rss
from aggregator.ports import Format

FORMATS: dict[str, Format] = {
    "atom": atom.render,
    "rss": rss.render,
    "json": json.render,
    "html": html.render,
    "opml": opml.render,
}

FILES = {"atom": "feed.atom", "rss": "feed.rss", "json": "feed.json", "html": "index.html", "opml": "sources.opml"}
"""The file that a page is in each format."""

ARCHIVES = ("atom", "json", "html")
"""The formats whose documents lead back through the history (RFC 5005; JSON Feed's `next_url`; links of pages)."""


def formats_of(path: str, formats: Sequence[str]) -> tuple[str, ...]:
    """Those of the formats that the page at `path` is written in: lists of sources belong to categories."""
    return tuple(name for name in formats if name != "opml" or path.startswith("category/"))
