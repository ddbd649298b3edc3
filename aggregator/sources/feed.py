"""Reads RSS 0.9x/1.0/2.0, Atom 0.3/1.0 and CDF through feedparser, JSON Feed, and pages with h-entries, as found."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import feedparser

from aggregator.errors import Unreadable
from aggregator.model import (
    DateFound,
    Document,
    Draft,
    Enclosure,
    FeedFound,
    Markup,
    Person,
    Reading,
    Recipe,
    Term,
    amended,
)
from aggregator.sources import hfeed, jsonfeed
from aggregator.sources.cadence import cadence
from aggregator.sources.discover import feed_links
from aggregator.sources.encoding import decode
from aggregator.sources.entries import read_certain
from aggregator.sources.media import attached, elements_of, show
from aggregator.sources.pages import decode_page
from aggregator.sources.slices import Element, Slices, cut

# Characters that XML 1.0 (§2.2) does not allow, as themselves and as references: one of them makes the strict parser
# give up on the whole document.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LEGAL = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*+")  # the others; seen in half the time
REFERENCE = re.compile(r"&#(?:x0*([0-9a-fA-F]{1,8})|0*([0-9]{1,9}));")
DECLARATION = re.compile(r"<\?xml\b[^>]*\?>")
# An archive in one document may hold more; a flood does. (A feed of twenty is usual, one of a thousand rare.)
MOST_ENTRIES = 5000
ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
# What servers print before the document (warnings, blank lines) is looked for this far.
PREAMBLE = 4096
# feedparser looks for mail addresses in authors with a pattern that cuts "ada@site.online" after "onli", takes a
# quadratic time on hostile ones, and gives the address of one author to the next. It does not see one with this for
# an "@"; `clean` knows how to take such texts apart. The stand-in is a non-character, which no text can mean.
AUTHOR = re.compile(r"<(?:\w+:)?(?:author|creator|managingEditor|email)\b[^<>]{0,500}>.{0,2000}?</", re.I | re.S)
AT = "\ufdd0"
# Whom a podcast directory may write to. It is private; feedparser takes it for the author where there is no other.
OWNER = re.compile(r"<itunes:owner\b[^<>]{0,200}>.{0,2000}?</itunes:owner\s*>", re.I | re.S)
# Python would look through its whole path for the parser that feedparser likes best, "drv_libxml2", at each document.
feedparser.api.PREFERRED_XML_PARSERS.clear()
# The address that feedparser is told. Not the real one: it would hang relative ids on it, and an id must not change
# when a feed moves. Not none either: without one, the xml:base of an entry leaks into the next. The scheme is one that
# Python knows how to join and nobody uses, so that "//host/path" can be told, too.
FOLDERS = ("0", "1", "2")
SCHEME = "wais:"
ROOT = SCHEME + "//here.invalid/"
HERE = ROOT + "/".join(FOLDERS) + "/"
# With xml:base, feedparser resolves ids like links, unless they say that they are none.
BARE_ID = re.compile(r"<((?:\w+:)?id)>")
LIST = re.compile(r"\s*(<!--.*?-->\s*)*<opml\b", re.IGNORECASE | re.DOTALL)
WEB = re.compile(r"https?://", re.IGNORECASE)
HTML = re.compile(r"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


def read(document: Document, seen: frozenset[bytes] = frozenset(), _recipe: Recipe | None = None) -> Reading:
    """The document as its publisher wrote it, without the entries whose hash is in `seen`.

    Raises `Unreadable` when it is no feed. Where the document cannot be cut at its entries, or a new one has the name
    of an old one, all of it is read. Of very many entries only the first are taken.
    """
    text, problems = decode(document.body, document.content_type)
    if jsonfeed.is_json(text):
        return jsonfeed.read(text, seen, problems)
    if HTML.match(text) and hfeed.has_entries(text) and not feed_links(document):
        return hfeed.read(decode_page(document.body, document.content_type)[0], document.url, seen, problems)
    text, survived = _tidy(text)
    problems += survived
    slices = cut(text.encode("utf-8"))
    text, slices, left = _bounded(text, slices)
    problems += left
    found, elements = _parse_new(slices, frozenset() if slices.namesakes(seen) else seen) if slices else (None, [])
    if found is None:
        found = _parse(text.encode("utf-8"))
        elements = [elements_of(entry) for entry in found.entries[:MOST_ENTRIES]]
    _demand_feed(found, text)
    if found.bozo:
        problems.append(f"not well-formed: {_one_line(found.get('bozo_exception'))}")
    feed = _feed(found.feed, document.url)
    if not feed.language and document.content_language:
        feed = amended(feed, language=document.content_language.partition(",")[0].strip())
    hashes = frozenset(slices.hashes) if slices else frozenset()
    head = slices.without(hashes).decode("utf-8") if slices else ENTRY.split(text, maxsplit=1)[0]
    feed = amended(feed, show=show(found.feed, head))
    drafts = tuple(map(_draft, found.entries[:MOST_ENTRIES], elements))
    return Reading(feed, drafts, tuple(problems), hashes, cadence(head))


def _bounded(text: str, slices: Slices | None) -> tuple[str, Slices | None, list[str]]:
    """The document with its first entries alone, and the news of it, when it has too many.

    Where it cannot be cut it ends before the next one: the lenient parser takes a minute for 100,000.
    """
    starts = [start for start, _ in slices.spans] if slices else [found.start() for found in ENTRY.finditer(text)]
    if len(starts) <= MOST_ENTRIES:
        return text, slices, []
    problem = f"{len(starts)} entries, of which the first {MOST_ENTRIES} are taken"
    slices = slices.first(MOST_ENTRIES) if slices else None
    return slices.xml.decode("utf-8") if slices else text[: starts[MOST_ENTRIES]], slices, [problem]


def _parse_new(slices: Slices, seen: frozenset[bytes]) -> tuple[Any | None, list[Element]]:
    """feedparser's reading of the entries that were not seen, without asking it for those on which it is certain;
    with it the elements of each.

    None where it finds other entries than those that were left to it.
    """
    new = [(mark, entry) for mark, entry in zip(slices.hashes, slices.entries, strict=True) if mark not in seen]
    certain = read_certain(slices.root, [entry for _, entry in new])
    left = _parse(
        slices.without(seen.union(mark for (mark, _), one in zip(new, certain, strict=True) if one is not None))
    )
    if left.bozo or not left.version or len(left.entries) != certain.count(None):
        return None, []
    if left.version.startswith("atom") != slices.root.is_atom:
        return None, []
    rest = iter(left.entries)
    left.entries = [next(rest) if one is None else one for one in certain]
    return left, [entry for _, entry in new]


def _parse(xml: bytes) -> Any:
    """feedparser's reading. It gets an open file: it takes bytes for a path, and fetches text."""
    return feedparser.parse(
        io.BytesIO(xml),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": HERE},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _tidy(text: str) -> tuple[str, list[str]]:
    """The text without what stops a strict parser, beginning at the document, its declaration saying UTF-8."""
    problems = []
    start = text.find("<?xml", 0, PREAMBLE)
    if start > 0:
        if text[:start].strip():
            problems.append("text before the XML declaration")
        text = text[start:]
    text = text.lstrip()
    cleaned = text if LEGAL.fullmatch(text) else ILLEGAL.sub("", text)
    if "&#" in cleaned:
        cleaned = REFERENCE.sub(_legal_reference, cleaned)
    if cleaned != text:
        problems.append("characters that XML does not allow")
    if "itunes:owner" in cleaned:
        cleaned = OWNER.sub("", cleaned)
    if "@" in cleaned:
        cleaned = AUTHOR.sub(lambda match: match[0].replace("@", AT), cleaned)
    if "xml:base" in cleaned:
        cleaned = BARE_ID.sub(r'<\1 isPermaLink="false">', cleaned)
    # The text is UTF-8 from here on, and XML 1.1 documents are read as the XML 1.0 that nearly all of them are.
    declaration = DECLARATION.match(cleaned)
    body = cleaned[declaration.end() :] if declaration else cleaned
    return f'<?xml version="1.0" encoding="utf-8"?>{body}', problems


def _legal_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = code <= 0x10FFFF and not ILLEGAL.match(chr(code))
    return match[0] if legal else ""


def _demand_feed(found: Any, text: str) -> None:
    """Raise `Unreadable` unless feedparser found a feed."""
    if found.entries or (found.version and not found.bozo):
        return
    if LIST.match(text[text.find("?>") + 2 :]):
        raise Unreadable("a list of feeds, not a feed; write `type: opml` to follow it, or `aggregator opml import` it")
    if HTML.match(text[text.find("?>") + 2 :]):
        raise Unreadable("a web page, not a feed; look for the feed's own address on that page")
    if found.version:
        raise Unreadable(f"a broken feed without entries: {_one_line(found.get('bozo_exception'))}")
    raise Unreadable("not a feed: neither RSS, Atom nor CDF")


def _feed(found: Mapping[str, Any], url: str | None = None) -> FeedFound:
    """What a feed, or the `source` of an entry, says of itself."""
    image = found.get("image") or {}
    return FeedFound(
        id=_as_written(found.get("id")),
        title=_markup(found.get("title_detail"), found.get("title")),
        html_url=_link(found, "alternate")
        or (_as_written(found.get("link")) if found.get("link") != found.get("id") else None),
        self_url=_link(found, "self") or _as_written(found.get("href")) or url,
        icon=_as_written(found.get("icon") or image.get("href")),
        language=found.get("language"),
        rights=_markup(found.get("rights_detail"), found.get("rights")),
        updated=_date(found, "updated") or _date(found, "published"),
        authors=tuple(_persons(found)),
        image=_as_written(found.get("logo") or image.get("href")),
        licence=_licence(found),
        hub=_link(found, "hub"),
    )


def _draft(entry: Mapping[str, Any], element: Element) -> Draft:
    """One entry as found."""
    beside = attached(element)
    contents = entry.get("content") or ()
    content = _best_content(contents)
    summary = _markup(entry.get("summary_detail"), entry.get("summary"))
    if any(one.get("value") == entry.get("summary") for one in contents):  # feedparser lets a content stand in for it
        summary = None
    title = _markup(entry.get("title_detail"), entry.get("title"))
    parts = (title, content, summary)
    return Draft(
        id=_as_written(entry.get("id")),
        link=_page(entry),
        title=title,
        summary=summary,
        content=content,
        published=_date(entry, "published") or _date(entry, "created"),
        updated=_date(entry, "updated"),
        authors=tuple(_persons(entry)),
        terms=tuple(
            Term(tag["term"], tag.get("scheme"), tag.get("label")) for tag in entry.get("tags") or () if tag.get("term")
        ),
        enclosures=tuple(_enclosures(entry)),
        language=entry.get("language") or next((part.language for part in parts if part and part.language), None),
        rights=_markup(entry.get("rights_detail"), entry.get("rights")),
        source=_feed(entry["source"]) if entry.get("source") else None,
        media=beside.media,
        images=beside.images,
        episode=beside.episode,
        licence=_licence(entry),
        vias=tuple(
            _as_written(link["href"]) or ""
            for link in entry.get("links") or ()
            if link.get("rel") == "via" and link.get("href")
        ),
    )


def _licence(found: Mapping[str, Any]) -> str | None:
    """The address of a licence: RFC 4946, Creative Commons' modules, Dublin Core."""
    return _link(found, "license") or found.get("dcterms_license")


def _as_written(url: str | None) -> str | None:
    """A reference as its publisher wrote it: relative again, where feedparser hung it on our stand-in address."""
    if not url or not url.startswith(SCHEME):
        return url
    for up in range(len(FOLDERS)):
        start = ROOT + "/".join(FOLDERS[: len(FOLDERS) - up]) + "/"
        if url.startswith(start):
            return "../" * up + url.removeprefix(start)
    return "/" + url.removeprefix(ROOT) if url.startswith(ROOT) else url.removeprefix(SCHEME)


def _markup(detail: Mapping[str, Any] | None, value: Any) -> Markup | None:
    """Text with what is known of it. The detail that feedparser gives may be that of another, inner element: an
    item's image has a title too."""
    if detail and isinstance(detail.get("value"), str) and value in (None, detail["value"]):
        kind, base = detail.get("type") or "text/plain", _as_written(detail.get("base")) or ""
        return Markup(detail["value"].replace(AT, "@"), kind, base, detail.get("language"))
    return Markup(value.replace(AT, "@"), "text/html" if detail else "text/plain") if isinstance(value, str) else None


def _best_content(contents: Any) -> Markup | None:
    """The first content that is text; HTML before plain when there are several."""
    readable = [
        c
        for c in contents
        if c.get("value") and (c.get("type") or "text/html").startswith(("text/", "application/xhtml"))
    ]
    readable.sort(key=lambda c: "html" not in (c.get("type") or "text/html"))
    return _markup(readable[0], None) if readable else None


def _link(found: Mapping[str, Any], rel: str) -> str | None:
    """The first link of this relation, web pages first (RFC 4287 §4.2.7.2)."""
    # Past what feedparser's dictionaries do for other names, which takes ten times as long.
    links = [link for link in found.get("links") or () if dict.get(link, "rel") == rel and dict.get(link, "href")]
    links.sort(key=lambda link: (link.get("type") or "text/html") not in ("text/html", "application/xhtml+xml"))
    return _as_written(links[0]["href"]) if links else None


def _page(entry: Mapping[str, Any]) -> str | None:
    """The page of an entry. feedparser lends it its guid, unless that says it is no permalink; "12345" is none."""
    link = _link(entry, "alternate") or _as_written(entry.get("link"))
    return link if link and (link != _as_written(entry.get("id")) or WEB.match(link)) else None


def _date(found: Mapping[str, Any], name: str) -> DateFound | None:
    """A date as written and as feedparser read it; feedparser's mapping of one name to another is not wanted."""
    text = dict.get(found, name) if isinstance(found, dict) else found.get(name)
    if not isinstance(text, str) or not text.strip():
        return None
    parsed = dict.get(found, f"{name}_parsed") if isinstance(found, dict) else None
    try:
        return DateFound(text, datetime(*parsed[:6]) if parsed else None)  # noqa: DTZ001  (naive on purpose: see clean/dates)
    except (TypeError, ValueError):
        return DateFound(text)


def _persons(found: Mapping[str, Any]) -> Iterator[Person]:
    authors = found.get("authors") or ([found["author_detail"]] if found.get("author_detail") else [])
    for author in authors:
        if author:
            name, email = ((author.get(part) or "").replace(AT, "@") for part in ("name", "email"))
            yield Person(name, email or None, _as_written(author.get("href")))
    if not any(authors) and isinstance(found.get("author"), str):
        yield Person(found["author"].replace(AT, "@"))


def _enclosures(entry: Mapping[str, Any]) -> Iterator[Enclosure]:
    for link in entry.get("links") or ():
        if link.get("rel") == "enclosure" and (link.get("href") or link.get("url")):
            length = str(link.get("length") or "").strip()
            size = int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
            # An Atom link without a type is one to a web page for feedparser, which nobody attaches.
            kind = link.get("type") if link.get("type") != "text/html" else None
            href = _as_written(link.get("href") or link["url"]) or ""
            yield Enclosure(href, kind, size, link.get("title"))


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
