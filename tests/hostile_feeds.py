"""Hostile text in every field of a feed that a source controls, and a judge of what comes out of it."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import html5lib
import lxml.etree
from conftest import SHARED
from html5lib.constants import DataLossWarning
from promises import ADDRESS_ATTRIBUTES, harmless, is_web

from aggregator.clean.markup import TAGS

LINES = Path(__file__).parent / "payloads"
LIST = SHARED / "payloads" / "html.json"  # DOMPurify's fixtures, when they are there
ESCAPED = re.compile(r"\\(?:n|t|r|\\|x[0-9a-f]{2}|u[0-9a-f]{4})")
# An address within our own site; "feed:" before it opens a reader.
WITHIN = re.compile(r"(?:(?:feed:)?https://planet\.example/)?[\w./%~-]*")
HTML = "{http://www.w3.org/1999/xhtml}"


def payloads() -> list[str]:
    """Every payload there is, each once."""
    lines = [line for path in sorted(LINES.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    own = [ESCAPED.sub(_character, line) for line in lines if line and not line.startswith("# ")]
    return list(dict.fromkeys(own + (json.loads(LIST.read_text("utf-8")) if LIST.exists() else [])))


def _character(match: re.Match[str]) -> str:
    spelt = match[0]
    simple = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\"}
    return simple[spelt] if spelt in simple else chr(int(spelt[2:], 16))


# ---------------------------------------------------------------- feeds


def _xml(payload: str) -> str:
    """The payload as an author of XML would write it, who can write no surrogate."""
    return escape(payload.encode("utf-8", "replace").decode())


def _attribute(payload: str) -> str:
    return quoteattr(payload.encode("utf-8", "replace").decode())


def _cdata(payload: str) -> str:
    return f"<![CDATA[{payload.encode('utf-8', 'replace').decode().replace(']]>', ']]]]><![CDATA[>')}]]>"


# Fields of an entry, each with one payload in it; the namespaces are those of `rss` and `atom`.
RSS_FIELDS: dict[str, Callable[[str], str]] = {
    "title": lambda p: f"<title>{_xml(p)}</title>",
    "link": lambda p: f"<link>{_xml(p)}</link>",
    "guid": lambda p: f"<guid>{_xml(p)}</guid>",
    "opaque guid": lambda p: f"<guid isPermaLink='false'>{_xml(p)}</guid>",
    "description": lambda p: f"<description>{_xml(p)}</description>",
    "description, bare": lambda p: f"<description>{_cdata(p)}</description>",
    "content:encoded": lambda p: f"<content:encoded>{_cdata(p)}</content:encoded>",
    "author": lambda p: f"<author>{_xml(p)}</author>",
    "dc:creator": lambda p: f"<dc:creator>{_xml(p)}</dc:creator>",
    "dc:rights": lambda p: f"<dc:rights>{_xml(p)}</dc:rights>",
    "dc:language": lambda p: f"<dc:language>{_xml(p)}</dc:language>",
    "category": lambda p: f"<category>{_xml(p)}</category>",
    "domain of a category": lambda p: f"<category domain={_attribute(p)}>x</category>",
    "enclosure": lambda p: f"<enclosure url={_attribute(p)} type='audio/mpeg' length='1'/>",
    "type of an enclosure": lambda p: f"<enclosure url='/x' type={_attribute(p)} length={_attribute(p)}/>",
    "source": lambda p: f"<source url={_attribute(p)}>{_xml(p)}</source>",
    "pubDate": lambda p: f"<pubDate>{_xml(p)}</pubDate>",
    "comments": lambda p: f"<comments>{_xml(p)}</comments>",
    "media": lambda p: (
        f"<media:content url={_attribute(p)} type={_attribute(p)} medium='image'/>"
        f"<media:thumbnail url={_attribute(p)}/><media:title>{_xml(p)}</media:title>"
    ),
    "itunes": lambda p: (
        f"<itunes:image href={_attribute(p)}/><itunes:summary>{_xml(p)}</itunes:summary>"
        f"<itunes:author>{_xml(p)}</itunes:author><itunes:duration>{_xml(p)}</itunes:duration>"
    ),
}
ATOM_FIELDS: dict[str, Callable[[str], str]] = {
    "id": lambda p: f"<id>{_xml(p)}</id>",
    "title": lambda p: f"<title>{_xml(p)}</title>",
    "title, html": lambda p: f"<title type='html'>{_xml(p)}</title>",
    "summary, html": lambda p: f"<summary type='html'>{_xml(p)}</summary>",
    "content, text": lambda p: f"<content>{_xml(p)}</content>",
    "content, html": lambda p: f"<content type='html'>{_xml(p)}</content>",
    "content, xhtml": lambda p: f"<content type='xhtml'><div xmlns='{HTML[1:-1]}'>{_as_xml(p)}</div></content>",
    "type of the content": lambda p: f"<content type={_attribute(p)}>{_xml(p)}</content>",
    "base of the content": lambda p: (
        f"<content type='html' xml:base={_attribute(p)}>"
        "&lt;a href='x'&gt;y&lt;/a&gt;&lt;img src='alert(1)'&gt;</content>"
    ),
    "language of the content": lambda p: f"<content type='html' xml:lang={_attribute(p)}>x</content>",
    "link": lambda p: f"<link href={_attribute(p)}/>",
    "type of a link": lambda p: (
        f"<link href='/x' type={_attribute(p)} title={_attribute(p)} hreflang={_attribute(p)}/>"
    ),
    "enclosure": lambda p: f"<link rel='enclosure' href={_attribute(p)} type={_attribute(p)} title={_attribute(p)}/>",
    "author": lambda p: f"<author><name>{_xml(p)}</name><uri>{_xml(p)}</uri><email>{_xml(p)}</email></author>",
    "category": lambda p: f"<category term={_attribute(p)} scheme={_attribute(p)} label={_attribute(p)}/>",
    "rights": lambda p: f"<rights type='html'>{_xml(p)}</rights>",
    "updated": lambda p: f"<updated>{_xml(p)}</updated><published>{_xml(p)}</published>",
    "source": lambda p: (
        f"<source><id>{_xml(p)}</id><title type='html'>{_xml(p)}</title><icon>{_xml(p)}</icon>"
        f"<link href={_attribute(p)}/><link rel='self' href={_attribute(p)}/><rights>{_xml(p)}</rights>"
        f"<author><name>{_xml(p)}</name></author></source>"
    ),
}


def _as_xml(payload: str) -> str:
    """What a parser of HTML makes of the payload, as XML; as text where it cannot be written as that."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataLossWarning)  # names that XML has not
            element = html5lib.parseFragment(payload, treebuilder="lxml", namespaceHTMLElements=True)
        return "".join(one if isinstance(one, str) else lxml.etree.tostring(one, encoding="unicode") for one in element)
    except (ValueError, TypeError, KeyError, lxml.etree.LxmlError):
        return _xml(payload)


def rss(entries: list[str], payload: str = "x") -> bytes:
    """An RSS document with these entries, and a payload in each field of its head."""
    text, name = _xml(payload), _attribute(payload)
    head = (
        f"<title>{text}</title><link>{text}</link><description>{text}</description><language>{text}</language>"
        f"<copyright>{text}</copyright><generator>{text}</generator><managingEditor>{text}</managingEditor>"
        f"<image><url>{text}</url><title>{text}</title><link>{text}</link></image><itunes:image href={name}/>"
    )
    names = (
        "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:dc='http://purl.org/dc/elements/1.1/' "
        "xmlns:media='http://search.yahoo.com/mrss/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    )
    items = "".join(f"<item>{entry}</item>" for entry in entries)
    return f"<rss version='2.0' {names}><channel>{head}{items}</channel></rss>".encode()


def atom(entries: list[str], payload: str = "x") -> bytes:
    """An Atom document with these entries, and a payload in each field of its head."""
    text, name = _xml(payload), _attribute(payload)
    head = (
        f"<id>{text}</id><title type='html'>{text}</title><link href={name}/><icon>{text}</icon><logo>{text}</logo>"
        f"<generator uri={name}>{text}</generator><rights>{text}</rights><author><name>{text}</name></author>"
    )
    items = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang={name}>{head}{items}</feed>".encode()


# ---------------------------------------------------------------- the judge


def active_anywhere(fragment: str) -> list[str]:
    """What is active in a piece of HTML as html5lib reads it, and as it reads what it writes of that."""
    told = []
    for _ in range(2):
        tree = html5lib.parseFragment(fragment, container="div")
        told += list(_judged(tree))
        fragment = html5lib.serialize(tree, omit_optional_tags=False, quote_attr_values="always")
    return told


def _judged(tree: object) -> Iterator[str]:
    """What is wrong with a fragment of ours."""
    for element in list(tree.iter())[1:]:  # type: ignore[attr-defined]
        if not isinstance(element.tag, str):
            yield "a comment"
        elif element.tag.removeprefix(HTML) not in TAGS:
            yield f"<{element.tag}>"
        else:
            tag = element.tag.removeprefix(HTML)
            for name, value in element.attrib.items():
                if not harmless(tag, str(name), value):
                    yield f"<{tag} {name}={value!r}>"


def active_in_page(page: bytes) -> list[str]:
    """What is active in one of our web pages as html5lib reads it."""
    told = []
    for element in html5lib.parse(page, transport_encoding="utf-8").iter():
        if not isinstance(element.tag, str) or not element.tag.startswith(HTML):
            told.append(f"foreign: {element.tag}")
            continue
        tag = element.tag.removeprefix(HTML)
        if tag in ("script", "style", "iframe", "object", "embed", "base", "form", "input", "template", "noscript"):
            told.append(f"<{tag}>")
        for name, value in element.attrib.items():
            moved = name == "http-equiv" and WITHIN.fullmatch(element.get("content", "").removeprefix("0; url="))
            runs = str(name).startswith("on") or (name in ("style", "srcdoc", "http-equiv") and not moved)
            runs = runs or (name == "srcset" and not harmless(tag, name, value))
            leads = name in ADDRESS_ATTRIBUTES - {"content"} and not (is_web(value) or WITHIN.fullmatch(value))
            if runs or leads:
                told.append(f"<{tag} {name}={value!r}>")
    return told


def fragments_in(path: Path) -> list[str]:
    """Every text of a published feed that a reader takes for HTML."""
    if path.suffix == ".json":
        return [
            item[name] for item in json.loads(path.read_bytes())["items"] for name in item if name == "content_html"
        ]
    found = []
    for element in lxml.etree.fromstring(path.read_bytes()).iter():
        name = lxml.etree.QName(element).localname if isinstance(element.tag, str) else ""
        in_rss = name in ("encoded", "description")
        if element.get("type") == "html" or (in_rss and path.suffix == ".rss"):
            found.append(element.text or "")
    return found


def addresses_in(path: Path) -> list[str]:
    """Every address in a published XML feed."""
    found = []
    for element in lxml.etree.fromstring(path.read_bytes()).iter():
        found += [value for name in ("href", "src", "url", "uri") if (value := element.get(name))]
        if isinstance(element.tag, str) and lxml.etree.QName(element).localname in (
            "uri",
            "icon",
            "logo",
            "link",
            "url",
        ):
            found += [element.text] if element.text and element.text.strip() else []
    return found
