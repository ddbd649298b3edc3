"""From a web page to the feeds that it names, and to where one usually is (autodiscovery); nothing is fetched here."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from aggregator.clean.links import links_in
from aggregator.clean.urls import absolute
from aggregator.model import Document, FeedLink, NamedBy
from aggregator.sources.pages import decode_page

# A page names its feeds at its beginning; what stands far below is not worth the time.
MOST_READ = 4 * 1024**2
MOST_LINKS = 50
LONGEST_TITLE = 100
FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        # Not registered, or said of much else, and yet found at the feeds of old sites.
        "application/x-rss+xml",
        "application/x-atom+xml",
        "application/rss",
        "application/atom",
        "application/xml",
        "text/xml",
        "text/rss",
        "text/rss+xml",
        "text/atom+xml",
    }
)
JSON_FEED = "application/feed+json"
# Words in the path or query of a hyperlink that hardly stand in one to anything but a feed.
LIKE_A_FEED = re.compile(
    r"/(feeds?|rss2?|atom|rdf)(\.(xml|rss|atom|rdf|php))?/?$"
    r"|\.(rss|atom|rdf)$"
    r"|/[\w.-]{0,40}(rss|atom|feed)[\w.-]{0,40}\.xml$"
    r"|[?&](feed|format|type|output|alt)=(rss2?|atom|rdf)\b",
    re.IGNORECASE,
)
OF_COMMENTS = re.compile(r"/comments?(/|$)", re.IGNORECASE)
CALLED_COMMENTS = re.compile(
    r"\b(comments?|kommentare?|commentaires|comentarios|commenti)\b|评论|評論|コメント", re.IGNORECASE
)
# Where the programs behind most sites put the feed that their pages forget to name: WordPress and Ghost, Jekyll, Hugo,
# Hexo and Pelican, and what people call one that they write by hand. One of them is right, or the site has no feed.
USUAL_NAMES = ("feed", "feed.xml", "index.xml", "atom.xml", "rss.xml", "rss", "feeds/all.atom.xml")
NAMES_IN_A_FOLDER = USUAL_NAMES[:3]  # such as /blog/feed
HTML = re.compile(rb"<!doctype\s+html|<html\b|<head\b|<body\b", re.IGNORECASE)
LIST = re.compile(rb"(\xef\xbb\xbf)?\s*(<[?!][^<>]*>\s*)*<opml\b", re.IGNORECASE)  # it has a head and a body, too


def feed_links(page: Document) -> tuple[FeedLink, ...]:
    """The feeds that a page names, each once, the surest first; those of comments come last.

    Named are they by the Link header (RFC 8288), by link elements with `rel=alternate` and the media type of a feed
    (HTML §4.6.7.1), and by hyperlinks that look like it. A JSON Feed comes after the others.
    """
    body = page.body[:MOST_READ]
    seen = _look_at(body, page.content_type) if is_page(page) else _Seen()
    base = absolute(seen.base, page.url) or page.url
    named = [*_in_header(page), *_in_elements(seen, base), *_in_anchors(seen, base, page.url)]
    named.sort(key=lambda found: (_of_comments(found[0]), found[1] == JSON_FEED))
    links: dict[str, FeedLink] = {}
    for link, _ in named:
        if link.url != page.url:
            links.setdefault(link.url, link)
    return tuple(links.values())[:MOST_LINKS]


def is_page(document: Document) -> bool:
    """Whether a document is a web page: by what its server says, or by how it begins."""
    if LIST.match(document.body[:1024]):
        return False
    kind = document.content_type.partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml") or bool(HTML.search(document.body[:1024]))


def usual_places(page_url: str) -> tuple[FeedLink, ...]:
    """Where the feed of a page usually is, when the page does not say: in the first folder of its path, then at the
    root of its host."""
    root, first = urljoin(page_url, "/"), f"{urlsplit(page_url).path}/".split("/")[1]
    in_folder = [f"{first}/{name}" for name in NAMES_IN_A_FOLDER] if first and "." not in first else []
    places = (absolute(name, root) for name in (*in_folder, *USUAL_NAMES))
    return tuple(FeedLink(url, NamedBy.GUESS) for url in places if url)


# ---------------------------------------------------------------- the three ways to name a feed

Named = tuple[FeedLink, str]  # and its media type, if it was said


def _in_header(page: Document) -> Iterator[Named]:
    """What the Link header says of the page itself."""
    for said in links_in(page.links, page.url):
        if _is_alternate(said):
            title = unquote(said["title*"].rpartition("'")[2]) if "title*" in said else said.get("title", "")
            yield from _link(said["href"], page.url, NamedBy.HEADER, title, said)


def _in_elements(seen: _Seen, base: str) -> Iterator[Named]:
    for said in seen.links:
        if _is_alternate(said):
            yield from _link(said.get("href", ""), base, NamedBy.LINK, said.get("title", ""), said)


def _in_anchors(seen: _Seen, base: str, page_url: str) -> Iterator[Named]:
    """Hyperlinks that look like feeds; those to the page's own host first."""
    found: list[Named] = []
    for said in seen.anchors:
        href = said.get("href", "").strip()
        if LIKE_A_FEED.search(href.partition("#")[0]) or _type(said) in FEED_TYPES or href.lower().startswith("feed:"):
            found += _link(href, base, NamedBy.ANCHOR, said.get("title", ""), said)
    host = urlsplit(page_url).hostname
    yield from sorted(found, key=lambda named: urlsplit(named[0].url).hostname != host)


def _is_alternate(said: Mapping[str, str]) -> bool:
    """Whether these attributes, or parameters, name a feed: `alternate` alone may be a translation or a style sheet."""
    relations = said.get("rel", "").lower().split()
    if "stylesheet" in relations or not {"alternate", "feed"} & set(relations):
        return False
    kind = _type(said)
    if kind:
        return kind in FEED_TYPES
    return "feed" in relations or bool(LIKE_A_FEED.search(said.get("href", "").partition("#")[0]))


def _type(said: Mapping[str, str]) -> str:
    return said.get("type", "").partition(";")[0].strip().lower()


def _link(reference: str, base: str, by: NamedBy, title: str, said: Mapping[str, str]) -> Iterator[Named]:
    """The link, when it leads to a web address; `feed:` is another way to write one."""
    reference = re.sub(r"^\s*feed:(//)?(?=https?:)", "", reference, flags=re.IGNORECASE)
    reference = re.sub(r"^\s*feed:(?=//)", "http:", reference, flags=re.IGNORECASE)
    url = absolute(reference, base)
    if url:
        plain = "".join(c for c in " ".join(title.split()) if c.isprintable())
        yield FeedLink(url.partition("#")[0], by, plain[:LONGEST_TITLE]), _type(said)


def _of_comments(link: FeedLink) -> bool:
    return bool(OF_COMMENTS.search(urlsplit(link.url).path) or CALLED_COMMENTS.search(link.title))


# ---------------------------------------------------------------- the elements of a page


@dataclass
class _Seen:
    """A target for lxml that remembers the elements which can name a feed, and no tree."""

    base: str | None = None
    links: list[dict[str, str]] = field(default_factory=list)
    anchors: list[dict[str, str]] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins; only the first `base` counts (HTML §4.2.3)."""
        if tag == "link":
            self.links.append(dict(attributes))
        elif tag == "a":
            self.anchors.append(dict(attributes))
        elif tag == "base" and self.base is None:
            self.base = attributes.get("href")

    def close(self) -> None:
        """The page ends."""


def _look_at(body: bytes, content_type: str) -> _Seen:
    """The elements of a page that can name a feed."""
    text, _ = decode_page(body, content_type)
    seen = _Seen()
    parser = etree.HTMLParser(target=seen, encoding="utf-8")  # type: ignore[arg-type]  # asks what the target has
    with contextlib.suppress(etree.XMLSyntaxError):  # what was seen until then counts
        etree.fromstring(text.encode("utf-8", "replace"), parser)
    return seen
