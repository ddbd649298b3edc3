"""Judges RSS documents for the tests: by RSS 2.0 and the RSS Board's profile, and by what a reader gets out of them.

`violations` gives one sentence per breach of the specification (rssboard.org/rss-specification), of the profile
(rssboard.org/rss-profile) or of the namespaces that we use; it knows nothing of how the document was made.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

import feedparser
from atom_rules import LANGUAGE, MEDIA_TYPE, _iri_fault
from lxml import etree

ATOM, DC, MEDIA = (
    "{http://www.w3.org/2005/Atom}",
    "{http://purl.org/dc/elements/1.1/}",
    "{http://search.yahoo.com/mrss/}",
)
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
ONCE_IN_CHANNEL = {
    *("title", "link", "description", "language", "copyright", "managingEditor", "webMaster", "pubDate"),
    *("lastBuildDate", "generator", "docs", "cloud", "ttl", "image", "rating", "textInput", "skipHours", "skipDays"),
}
ONCE_IN_ITEM = {"title", "link", "description", "author", "comments", "enclosure", "guid", "pubDate", "source"}
# RFC 822 with a year of four digits, in a zone that every reader knows; the names are English whatever the locale.
DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT"
)
MAIL = re.compile(r"\S+@\S+( \(.+\))?")


def violations(document: bytes, address: str | None = None) -> list[str]:
    """What the specification and the profile forbid and this document does; `address` is where it is published."""
    try:
        root = etree.fromstring(document, etree.XMLParser(no_network=True, remove_pis=True))
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    if root.tag != "rss" or root.get("version") != "2.0" or [child.tag for child in root] != ["channel"]:
        return ["the root is no rss 2.0 with one channel"]
    channel = root[0]
    told = list(_channel(channel, address))
    for number, item in enumerate(channel.findall("item")):
        told += [f"item {number}: {sentence}" for sentence in _item(item)]
    guids = Counter(item.findtext("guid") for item in channel.findall("item"))
    return told + [f"the guid {guid!r} belongs to {count} items" for guid, count in guids.items() if count > 1]


def _channel(channel: etree._Element, address: str | None) -> Iterator[str]:
    yield from _once(channel, ONCE_IN_CHANNEL, {"item", "category"})
    for name in ("title", "link", "description"):
        if not (channel.findtext(name) or "").strip():
            yield f"the channel has no {name}"
    yield from _address(channel.findtext("link") or "", "link")
    for name in ("pubDate", "lastBuildDate"):
        yield from _date(channel.findtext(name), name)
    if (language := channel.findtext("language")) is not None and not LANGUAGE.fullmatch(language):
        yield f"language {language!r} is no tag"
    if (editor := channel.findtext("managingEditor")) is not None and not MAIL.fullmatch(editor):
        yield f"managingEditor {editor!r} is no mail address"
    selves = [link.get("href") for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]
    if len(selves) != 1 or (address and selves != [address]):
        yield f"atom:link rel=self is {selves}, not {address}"
    for link in channel.findall(ATOM + "link"):
        yield from _address(link.get("href") or "", "atom:link")
    last = max((i for i, child in enumerate(channel) if child.tag != "item"), default=0)
    first = min((i for i, child in enumerate(channel) if child.tag == "item"), default=len(channel))
    if last > first:
        yield "something of the channel's comes after its items"


def _once(element: etree._Element, once: set[str], often: set[str]) -> Iterator[str]:
    """Elements without a namespace that are unknown, or stand twice; and text between elements."""
    counts = Counter(child.tag for child in element if isinstance(child.tag, str) and not child.tag.startswith("{"))
    for tag, count in counts.items():
        if tag not in once | often:
            yield f"{tag} is no element of RSS 2.0 here"
        elif tag in once and count > 1:
            yield f"{tag} stands {count} times"
    if "".join([element.text or "", *(child.tail or "" for child in element)]).strip():
        yield "has text between its elements"


def _item(item: etree._Element) -> Iterator[str]:
    yield from _once(item, ONCE_IN_ITEM, {"category"})
    if not (item.findtext("title") or item.findtext("description")):
        yield "has neither a title nor a description"
    if item.find("title") is not None and not (item.findtext("title") or "").strip():
        yield "has an empty title"
    yield from _address(item.findtext("link") or "", "link")
    yield from _date(item.findtext("pubDate") or "", "pubDate")
    yield from _guid(item)
    yield from _files(item)
    if item.find("author") is not None and not MAIL.fullmatch(item.findtext("author") or ""):
        yield "author is no mail address; dc:creator takes names"
    if not item.findall(DC + "creator") or not all((one.text or "").strip() for one in item.findall(DC + "creator")):
        yield "has no dc:creator"
    if item.find(CONTENT + "encoded") is not None and item.findtext("description") == item.findtext(
        CONTENT + "encoded"
    ):
        yield "says the same in description and content:encoded"
    source = item.find("source")
    if source is None or not (source.text or "").strip():
        yield "has no source with a name"
    else:
        yield from _address(source.get("url") or "", "source url")
    for category in item.findall("category"):
        if not (category.text or "").strip():
            yield "has an empty category"


def _guid(item: etree._Element) -> Iterator[str]:
    guid = item.find("guid")
    if guid is None or not guid.text:
        yield "has no guid"
        return
    permalink = guid.get("isPermaLink", "true")
    if permalink not in ("true", "false"):
        yield f"isPermaLink is {permalink!r}"
    if permalink == "true" and guid.text != item.findtext("link"):
        yield f"guid {guid.text!r} claims to be the permanent link, which is another"


def _files(item: etree._Element) -> Iterator[str]:
    for file in item.findall("enclosure"):
        if set(file.attrib) != {"url", "length", "type"}:
            yield f"enclosure has the attributes {sorted(file.attrib)}"
        yield from _address(file.get("url") or "", "enclosure")
        if not re.fullmatch("[0-9]+", file.get("length") or ""):
            yield f"enclosure length {file.get('length')!r} is no number"
        if not MEDIA_TYPE.fullmatch(file.get("type") or ""):
            yield f"enclosure type {file.get('type')!r} is no media type"
    for file in item.iter(MEDIA + "content", MEDIA + "thumbnail"):
        yield from _address(file.get("url") or "", "media:content")
        if file.get("fileSize") is not None and not re.fullmatch("[0-9]+", file.get("fileSize") or ""):
            yield f"media fileSize {file.get('fileSize')!r} is no number"
        if file.get("medium", "document") not in ("image", "audio", "video", "document", "executable"):
            yield f"media medium is {file.get('medium')!r}"


def _address(text: str, where: str) -> Iterator[str]:
    if not text.startswith(("http://", "https://")) or _iri_fault(text, absolute=True):
        yield f"{where} {text!r} is no web address"


def _date(text: str | None, where: str) -> Iterator[str]:
    if text is None:
        return
    try:
        right = DATE.fullmatch(text) is not None and parsedate_to_datetime(text).strftime("%a") == text[:3]
    except ValueError:
        right = False
    if not right:
        yield f"{where} {text!r} is no date of RFC 822 in GMT with a year of four digits"


def read_back(document: bytes) -> list[dict[str, object]]:
    """The items as feedparser hands them to a reader, in the order of the document."""
    parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    return [
        {
            "id": entry.get("id", ""),
            "title": entry.get("title", ""),
            "link": entry.get("link", ""),
            "text": (entry.get("content") or [{"value": entry.get("summary", "")}])[0]["value"],
            "published": parsedate_to_datetime(entry["published"]),
            "updated": datetime.fromisoformat(entry["updated"]),
            "enclosures": [link["href"] for link in entry.get("links", []) if link.get("rel") == "enclosure"],
            "source": entry.get("source", {}).get("title"),
        }
        for entry in parsed.entries
    ]
