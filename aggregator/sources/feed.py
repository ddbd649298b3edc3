"""Reads RSS 0.9x/1.0/2.0, Atom 0.3/1.0 and CDF through feedparser, as found."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import feedparser

from aggregator.errors import Unreadable
from aggregator.model import DateFound, Document, Draft, Enclosure, FeedFound, Markup, Person, Reading, Term
from aggregator.sources.encoding import decode

# Characters that XML 1.0 (§2.2) does not allow, as themselves and as references: one of them makes the strict parser
# give up on the whole document.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
REFERENCE = re.compile(r"&#(?:x0*([0-9a-fA-F]{1,8})|0*([0-9]{1,9}));")
DECLARATION = re.compile(r"<\?xml\b[^>]*\?>")
# What servers print before the document (warnings, blank lines) is looked for this far.
PREAMBLE = 4096
HTML = re.compile(r"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


def read(document: Document) -> Reading:
    """The document as its publisher wrote it. Raises `Unreadable` when it is no feed.

    feedparser gets an open file (it takes bytes for a path and fetches text) and no address: it would hang relative
    ids on it, and an id must not change when a feed moves. Relative references keep their xml:base in `Markup.base`.
    """
    text, problems = decode(document.body, document.content_type)
    text, survived = _tidy(text)
    found = feedparser.parse(
        io.BytesIO(text.encode("utf-8")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    _demand_feed(found, text)
    problems += survived
    if found.bozo:
        problems.append(f"not well-formed: {_one_line(found.get('bozo_exception'))}")
    feed = _feed(found.feed, document.url)
    if not feed.language and document.content_language:
        language = document.content_language.partition(",")[0].strip()
        feed = FeedFound(
            **{name: getattr(feed, name) for name in FeedFound.__slots__ if name != "language"},
            language=language,
        )
    return Reading(feed, tuple(_draft(entry) for entry in found.entries), tuple(problems))


def _tidy(text: str) -> tuple[str, list[str]]:
    """The text without what stops a strict parser, beginning at the document, its declaration saying UTF-8."""
    problems = []
    start = text.find("<?xml", 0, PREAMBLE)
    if start > 0:
        if text[:start].strip():
            problems.append("text before the XML declaration")
        text = text[start:]
    text = text.lstrip()
    cleaned = ILLEGAL.sub("", text)
    if "&#" in cleaned:
        cleaned = REFERENCE.sub(_legal_reference, cleaned)
    if cleaned != text:
        problems.append("characters that XML does not allow")
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
    if HTML.match(text[text.find("?>") + 2 :]):
        raise Unreadable("a web page, not a feed; look for the feed's own address on that page")
    if found.version:
        raise Unreadable(f"a broken feed without entries: {_one_line(found.get('bozo_exception'))}")
    raise Unreadable("not a feed: neither RSS, Atom nor CDF")


def _feed(found: Mapping[str, Any], url: str | None = None) -> FeedFound:
    """What a feed, or the `source` of an entry, says of itself."""
    image = found.get("image") or {}
    return FeedFound(
        id=found.get("id"),
        title=_markup(found.get("title_detail"), found.get("title")),
        html_url=_link(found, "alternate") or (found.get("link") if found.get("link") != found.get("id") else None),
        self_url=_link(found, "self") or found.get("href") or url,
        icon=found.get("icon") or image.get("href"),
        language=found.get("language"),
        rights=_markup(found.get("rights_detail"), found.get("rights")),
        updated=_date(found, "updated") or _date(found, "published"),
        authors=tuple(_persons(found)),
    )


def _draft(entry: Mapping[str, Any]) -> Draft:
    """One entry as found."""
    content = _best_content(entry.get("content") or ())
    summary = _markup(entry.get("summary_detail"), entry.get("summary"))
    if content and summary and content.value == summary.value:  # feedparser lets an Atom content stand in for both
        summary = None
    return Draft(
        id=entry.get("id"),
        link=_link(entry, "alternate") or entry.get("link"),
        title=_markup(entry.get("title_detail"), entry.get("title")),
        summary=summary,
        content=content,
        published=_date(entry, "published") or _date(entry, "created"),
        updated=_date(entry, "updated"),
        authors=tuple(_persons(entry)),
        terms=tuple(
            Term(tag["term"], tag.get("scheme"), tag.get("label")) for tag in entry.get("tags") or () if tag.get("term")
        ),
        enclosures=tuple(_enclosures(entry)),
        language=(entry.get("title_detail") or {}).get("language") or (content.language if content else None),
        rights=_markup(entry.get("rights_detail"), entry.get("rights")),
        source=_feed(entry["source"]) if entry.get("source") else None,
    )


def _markup(detail: Mapping[str, Any] | None, value: Any) -> Markup | None:
    if detail and isinstance(detail.get("value"), str):
        kind, base = detail.get("type") or "text/plain", detail.get("base") or ""
        return Markup(detail["value"], kind, base, detail.get("language"))
    return Markup(value) if isinstance(value, str) else None


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
    links = [link for link in found.get("links") or () if link.get("rel") == rel and link.get("href")]
    links.sort(key=lambda link: (link.get("type") or "text/html") not in ("text/html", "application/xhtml+xml"))
    return links[0]["href"] if links else None


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
            yield Person(author.get("name") or "", author.get("email"), author.get("href"))
    if not any(authors) and isinstance(found.get("author"), str):
        yield Person(found["author"])


def _enclosures(entry: Mapping[str, Any]) -> Iterator[Enclosure]:
    for link in entry.get("links") or ():
        if link.get("rel") == "enclosure" and (link.get("href") or link.get("url")):
            length = str(link.get("length") or "").strip()
            size = int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
            yield Enclosure(link.get("href") or link["url"], link.get("type"), size, link.get("title"))


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
