"""How to read a kind of source: the YAML word, the file and the table key are the same word."""

from aggregator.ports import SourceKind
from aggregator.sources import feed, html, json, opml, sitemap

KINDS: dict[str, SourceKind] = {
    "feed": feed.read,
    "html": html.read,
    "json": json.read,
    "opml": opml.read,
    "sitemap": sitemap.read,
}
