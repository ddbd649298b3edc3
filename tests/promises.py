"""What an `Entry` promises, checked on any entry by means that are not those of `clean`."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import timedelta
from html.parser import HTMLParser
from unicodedata import category, is_normalized
from urllib.parse import urlsplit

import lxml.html
import msgspec
from atom_rules import LANGUAGE

from aggregator.clean.markup import ATTRIBUTES, TAGS
from aggregator.clean.urls import is_iri
from aggregator.model import Entry

LEGAL = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")  # XML 1.0 §2.2
WEB = re.compile(r"https?://[^/?#\s@]+([/?#][^\x00-\x20]*)?")
# What may carry an address, in any HTML there is, besides those that are kept.
ADDRESS_ATTRIBUTES = {
    *(
        "href",
        "src",
        "cite",
        "poster",
        "action",
        "formaction",
        "data",
        "background",
        "longdesc",
        "usemap",
        "profile",
        "ping",
    ),
    *("xlink:href", "codebase", "classid", "archive", "manifest", "icon", "dynsrc", "lowsrc", "srcdoc", "content"),
}


def is_web(address: str) -> bool:
    """Whether this is an absolute http(s) address without a user name."""
    return WEB.fullmatch(address) is not None and bool(urlsplit(address).hostname)


def strings(shape: object) -> list[str]:
    """Every text in a shape, however deep."""
    if isinstance(shape, str):
        return [shape]
    if isinstance(shape, tuple):
        return [text for part in shape for text in strings(part)]
    if isinstance(shape, msgspec.Struct):
        return [text for name in shape.__struct_fields__ for text in strings(getattr(shape, name))]
    if is_dataclass(shape):
        return [text for one in fields(shape) for text in strings(getattr(shape, one.name))]
    return []


def active(markup: str) -> list[str]:
    """What runs, loads or sends something in a piece of HTML, and every address that is not absolute.

    Read by two parsers that are not the sanitiser's: whatever a lenient reader sees must be harmless.
    """
    found = _Tags()
    found.feed(markup)
    found.close()
    if markup.strip():
        for element in lxml.html.fragment_fromstring(markup, create_parent="div").iter():
            if isinstance(element.tag, str):
                found.handle_starttag(element.tag, list(element.attrib.items()))
            else:
                found.told.append(f"a comment or instruction: {element!r}")
    return found.told


class _Tags(HTMLParser):
    """Judges every tag as a lenient reader sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge one tag."""
        if tag not in TAGS:
            self.told.append(f"<{tag}>")
        for name, value in attrs:
            self.told += [f"<{tag} {name}={value!r}>" for _ in range(not harmless(tag, name, value or ""))]

    def handle_comment(self, data: str) -> None:
        """Comments are no text."""
        self.told.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        """Nor is a document type."""
        self.told.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        """Nor an instruction."""
        self.told.append(f"<?{data}>")


def harmless(tag: str, name: str, value: str) -> bool:
    """Whether an attribute runs nothing and leads nowhere but to the web."""
    if name.startswith("on") or name in ("style", "id", "class", "name", "srcdoc", "target"):
        return False
    if name == "href" and value.lower().startswith("mailto:"):
        return True
    if name == "srcset":
        return all(is_web(candidate.split()[0]) for candidate in value.split(", "))
    if name in ADDRESS_ATTRIBUTES:
        return is_web(value)
    return name in ATTRIBUTES.get(tag, set()) | ATTRIBUTES["*"] | {"rel", "referrerpolicy"}


def broken_promises(entry: Entry) -> list[str]:
    """What the docstring of `Entry` promises and this entry does not keep."""
    told = [f"not legal: {text!r}" for text in strings(entry) if not LEGAL.fullmatch(text)]
    origins = [origin for origin in (entry.origin, entry.upstream) if origin]
    authors = [*entry.authors, *(author for origin in origins for author in origin.authors)]
    addresses = [entry.link, *(file.href for file in (*entry.enclosures, *entry.media))]
    addresses += [entry.image.href] if entry.image else []
    if entry.episode:
        addresses += [one.href for one in (entry.episode.chapters, *entry.episode.transcripts) if one]
    addresses += [
        address
        for origin in origins
        for address in (origin.self_url, origin.html_url, origin.icon, origin.image)
        if address
    ]
    told += [f"not a web address: {address!r}" for address in addresses if not is_web(address)]
    told += [
        f"not an address of a person: {author.uri!r}" for author in authors if author.uri and not is_web(author.uri)
    ]
    told += [f"not an IRI: {origin.id!r}" for origin in origins if not (is_iri(origin.id) or is_web(origin.id))]
    lines = [entry.title, *(origin.title for origin in origins), *(author.name for author in authors)]
    lines += [text for term in entry.terms for text in (term.term, term.label or "x")]
    lines += [text for file in (*entry.enclosures, *entry.media) for text in (file.title, file.description) if text]
    lines += [one.name for file in entry.media for one in file.credits]
    lines += [text for text in (entry.episode.title, entry.episode.subtitle) if text] if entry.episode else []
    told += [f"not one line of text: {line!r}" for line in lines if not line or line != " ".join(line.split())]
    told += [f"not in Normalization Form C: {line!r}" for line in lines if not is_normalized("NFC", line)]
    told += [f"shows nothing: {line!r}" for line in lines if all(category(letter)[0] in "ZC" for letter in line)]
    told += [f"active: {thing}" for text in (entry.summary, entry.content) for thing in active(text)]
    told += [f"no language: {tag!r}" for tag in (entry.language,) if tag and not LANGUAGE.fullmatch(tag)]
    for moment in (entry.published, entry.updated, *(origin.updated for origin in origins)):
        if moment is not None and moment.utcoffset() != timedelta():
            told.append(f"not in UTC: {moment!r}")
    return told
