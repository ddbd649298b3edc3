"""Reads an entry as feedparser would, where that is certain, at a tenth of its cost.

The elements here do what feedparser's handlers of the same name do, in the order in which they stand; what an entry
may hold besides is what feedparser has no handler for. Anything else (nested markup, relative addresses, roles that
change) is not certain: the answer is None, and feedparser reads that entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from feedparser.api import StrictFeedParser
from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252

from aggregator.sources.slices import ABOUT, BASE, LANGUAGE, Element, Root
from aggregator.sources.vocabulary import BARE, DUBLIN, ITUNES, MEDIA_TITLE, TERMS, THREAD, leaves_no_trace, vocabulary

# An absolute address, on which joining it to another changes nothing, and an id that is none.
ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:@%-]+(?:[/?#]\S*)?")
BARE_ID = re.compile(r"(?!wais:)[a-z][a-z0-9+.-]*:(?!//)\S+|[A-Za-z0-9_-]+")
TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html"}
TYPES |= {name: name for name in TYPES.values()}
C1 = re.compile("[\x80-\x9f]")
REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")


class _Uncertain(Exception):  # noqa: N818  (an end, not a bug)
    """feedparser must be asked."""


def read_certain(root: Root, entries: Iterable[Element]) -> list[dict[str, Any] | None]:
    """What feedparser makes of each entry, as far as it is of use, or None where that is not certain."""
    prefixes = vocabulary(root.declared) if root.plain else None
    if prefixes is None:
        return [None for _ in entries]
    return [_read(entry, prefixes, root.language, not root.is_atom) for entry in entries]


def _read(entry: Element, prefixes: Mapping[str, str], language: str | None, guess: bool) -> dict[str, Any] | None:
    try:
        return _Reader(entry, prefixes, language, guess).found
    except _Uncertain:
        return None


class _Reader:
    """One entry, element by element."""

    def __init__(self, entry: Element, prefixes: Mapping[str, str], language: str | None, guess: bool) -> None:
        self.found: dict[str, Any] = {}
        self.prefixes = prefixes
        self.guess = guess
        self.titled = False
        self.language = _language(entry, language)
        _only(entry, (LANGUAGE, ABOUT))
        if about := entry.attributes.get(ABOUT):
            self.found["id"] = about
        for child in entry.children:
            reader = READERS.get(child.name)
            if reader:
                reader(self, child)
            else:
                self.ignore(child)

    def ignore(self, element: Element) -> None:
        """An element that leaves no trace, with all in it."""
        second_title = element.name == MEDIA_TITLE and self.titled  # which does not count
        if not (second_title or leaves_no_trace(element.name, self.prefixes)):
            raise _Uncertain
        for child in element.children:
            self.ignore(child)

    def once(self, key: str) -> None:
        """The second of what there should be one of would overwrite the first, or not."""
        if key in self.found:
            raise _Uncertain

    def markup(self, element: Element, kind: str) -> dict[str, Any]:
        """Text with what is known of it."""
        _only(element, ("type", LANGUAGE, BASE))
        value, base = _text(element), element.attributes.get(BASE, "")
        type_ = TYPES.get(element.attributes.get("type", kind).lower())
        if type_ is None or (base and not ADDRESS.fullmatch(base)):
            raise _Uncertain
        if self.guess and type_ == "text/plain" and StrictFeedParser.looks_like_html(value):
            type_ = "text/html"
        language = _language(element, self.language)
        language = language.replace("_", "-") if language else language
        return {"type": type_, "language": language, "base": base, "value": _mended(value)}

    def plain(self, element: Element, key: str) -> None:
        self.once(key)
        detail = self.markup(element, "text/plain")
        self.found |= {key: detail["value"], f"{key}_detail": detail}

    def title(self, element: Element) -> None:
        self.plain(element, "title")
        self.titled = bool(self.found["title"])

    def summary(self, element: Element, kind: str = "text/plain") -> None:
        if "content" not in self.found:
            self.once("summary")  # the second would be the content
        detail = self.markup(element, kind)
        self.found |= {"summary": detail["value"], "summary_detail": detail}

    def content(self, element: Element, kind: str = "text/plain") -> None:
        self.once("content")
        detail = self.markup(element, kind)
        self.found["content"] = [detail]
        self.found.setdefault("summary", detail["value"])

    def link(self, element: Element) -> None:
        if "href" in element.attributes:
            return self.hyperlink(element)
        _only(element, ())
        href = _text(element)
        if not ADDRESS.fullmatch(href):
            raise _Uncertain
        href = REFERENCE.sub(r"&\1", _mended(href).replace("&amp;", "&"))
        self.found["link"] = href
        self.links().append({"rel": "alternate", "type": "text/html", "href": href})
        return None

    def hyperlink(self, element: Element) -> None:
        _only(element, ("href", "rel", "type", "title", "length", "hreflang", THREAD + "count", THREAD + "updated"))
        link = dict(element.attributes)
        if element.children or not ADDRESS.fullmatch(link["href"]):
            raise _Uncertain
        link["rel"] = link.get("rel", "alternate").lower()
        link["type"] = link.get("type", "application/atom+xml" if link["rel"] == "self" else "text/html").lower()
        self.links().append(link)
        if link["rel"] == "alternate" and TYPES.get(link["type"], link["type"]) in HTML_TYPES:
            self.found["link"] = link["href"]

    def enclosure(self, element: Element) -> None:
        _only(element, ("url", "type", "length"))
        link = dict(element.attributes)
        href = link.pop("url", "")
        if element.children or not href or href.startswith("wais:"):
            raise _Uncertain
        if "type" in link:
            link["type"] = link["type"].lower()
        self.links().append(link | {"rel": "enclosure", "href": href})

    def links(self) -> list[dict[str, str]]:
        links: list[dict[str, str]] = self.found.setdefault("links", [])
        return links

    def id(self, element: Element) -> None:
        self.once("id")
        _only(element, ("isPermaLink",))
        name, is_link = _text(element), element.attributes.get("isPermaLink", "true") == "true"
        known = ADDRESS.fullmatch(name) or BARE_ID.fullmatch(name)
        if not known and (is_link or not name or name.startswith("wais:")):
            raise _Uncertain
        self.found["id"] = _mended(name)
        if is_link:
            self.found.setdefault("link", self.found["id"])

    def date(self, element: Element, key: str) -> None:
        self.once(key)
        _only(element, ())
        self.found[key] = text = _mended(_text(element))
        self.found[f"{key}_parsed"] = _parse_date(text)

    def author(self, element: Element) -> None:
        _only(element, ())
        name = _text(element) if not element.children else ""
        if not name and self.found.get("author"):
            raise _Uncertain  # feedparser would give the parts of this one to the first, too
        author = {"name": _mended(name)} if name else self.person(element)
        # An address would be looked for in the text of the next author, too.
        if not author.get("name") or any("@" in part for part in (author["name"], author.get("email", ""))):
            raise _Uncertain
        self.found.setdefault("authors", []).append(author)
        self.found["author"] = name or self.found.get("author")

    def person(self, element: Element) -> dict[str, str]:
        author: dict[str, str] = {}
        for child in element.children:
            part = PARTS.get(child.name)
            if part is None:
                self.ignore(child)
                continue
            _only(child, ())
            text = _text(child)
            if part in author or (part == "href" and text and not ADDRESS.fullmatch(text)):
                raise _Uncertain
            author[part] = _mended(text) if part == "href" else text
        return author

    def category(self, element: Element) -> None:
        _only(element, ("term", "scheme", "domain", "label", LANGUAGE))
        said = element.attributes
        tags = self.add_tag(said.get("term"), said.get("scheme", said.get("domain")), said.get("label"))
        text = _mended(_text(element))
        if text and tags and not tags[-1]["term"]:
            tags[-1]["term"] = text
        elif text:
            self.add_tag(text, None, None)

    def keywords(self, element: Element) -> None:
        _only(element, ())
        for term in _mended(_text(element)).split(","):
            if term.strip():
                self.add_tag(term.strip(), "http://www.itunes.com/", None)

    def add_tag(self, term: str | None, scheme: str | None, label: str | None) -> list[dict[str, str | None]]:
        tags: list[dict[str, str | None]] = self.found.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if (term or scheme or label) and tag not in tags:
            tags.append(tag)
        return tags

    def said_language(self, element: Element) -> None:
        self.once("language")
        _only(element, ())
        self.found["language"] = _mended(_text(element))

    def source(self, element: Element) -> None:
        self.once("source")
        _only(element, ("url",))
        url, title = element.attributes.get("url"), _mended(_text(element))
        self.found["source"] = ({} if url is None else {"href": url}) | ({"title": title} if title else {})
        self.titled = False


def _only(element: Element, allowed: Container[str]) -> None:
    """Raise unless the element has no other attributes."""
    for name in element.attributes:
        if name not in allowed:
            raise _Uncertain


def _text(element: Element) -> str:
    """The text of an element without others in it."""
    if element.children:
        raise _Uncertain
    return "".join(element.pieces).strip()


def _language(element: Element, inherited: str | None) -> str | None:
    """The language in an element; "" takes back that of those around it."""
    return element.attributes.get(LANGUAGE, inherited) or None


def _mended(text: str) -> str:
    """feedparser's two repairs: UTF-8 that was taken for ISO 8859-1, and the C1 controls as windows-1252 has them."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if C1.search(text) else text


HTML_TYPES = ("text/html", "application/xhtml+xml", "xhtml")
PARTS = {space + name: part for space in BARE for name, part in (("name", "name"), ("uri", "href"), ("email", "email"))}
Handler = Callable[[_Reader, Element], None]
BARE_READERS: dict[str, Handler] = {
    "title": _Reader.title,
    "link": _Reader.link,
    "id": _Reader.id,
    "guid": _Reader.id,
    "description": partial(_Reader.summary, kind="text/html"),
    "summary": _Reader.summary,
    "content": _Reader.content,
    "pubDate": partial(_Reader.date, key="published"),
    "published": partial(_Reader.date, key="published"),
    "issued": partial(_Reader.date, key="published"),
    "updated": partial(_Reader.date, key="updated"),
    "modified": partial(_Reader.date, key="updated"),
    "created": partial(_Reader.date, key="created"),
    "author": _Reader.author,
    "category": _Reader.category,
    "enclosure": _Reader.enclosure,
    "source": _Reader.source,
    "rights": partial(_Reader.plain, key="rights"),
}
READERS: dict[str, Handler] = {
    **{space + name: reader for space in BARE for name, reader in BARE_READERS.items()},
    "http://purl.org/rss/1.0/modules/content/ encoded": partial(_Reader.content, kind="text/html"),
    DUBLIN + "creator": _Reader.author,
    DUBLIN + "date": partial(_Reader.date, key="updated"),
    DUBLIN + "subject": _Reader.category,
    DUBLIN + "language": _Reader.said_language,
    DUBLIN + "rights": partial(_Reader.plain, key="rights"),
    TERMS + "created": partial(_Reader.date, key="created"),
    TERMS + "issued": partial(_Reader.date, key="published"),
    TERMS + "modified": partial(_Reader.date, key="updated"),
    ITUNES + "author": _Reader.author,
    ITUNES + "keywords": _Reader.keywords,
    ITUNES + "summary": _Reader.summary,
}
