"""An entry that is read without feedparser comes out as feedparser reads it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import Unreadable
from aggregator.model import Document, Reading
from aggregator.sources.encoding import decode
from aggregator.sources.entries import read_certain
from aggregator.sources.feed import read
from aggregator.sources.slices import cut

INSTRUCTION = re.compile(r"<\?xml\b[^>]*\?>")
SPACES = """
xmlns:atom='http://www.w3.org/2005/Atom' xmlns:content='http://purl.org/rss/1.0/modules/content/'
xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:dcterms='http://purl.org/dc/terms/'
xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:media='http://search.yahoo.com/mrss/'
xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'
xmlns:thr='http://purl.org/syndication/thread/1.0' xmlns:x='urn:x'
"""
ROOTS = {
    "rss": ("<rss version='2.0' {0} {1}><channel><title>t</title>", "item", "</channel></rss>"),
    "atom": ("<feed xmlns='http://www.w3.org/2005/Atom' {0} {1}><title>t</title>", "entry", "</feed>"),
    "rdf": (
        "<rdf:RDF {0} xmlns='http://purl.org/rss/1.0/' {1}><channel><title>t</title></channel>",
        "item",
        "</rdf:RDF>",
    ),
}


def read_text(text: str) -> Reading | str:
    """What is read, or why nothing can be."""
    try:
        return read(Document("https://x.example/feed", text.encode(), "", "application/xml; charset=utf-8"))
    except Unreadable as error:
        return str(error)


def read_by_feedparser(text: str) -> Reading | str:
    """The same by feedparser alone, which any DOCTYPE makes sure of; feedparser drops it."""
    return read_text("<!DOCTYPE feed>" + text)


def certain(text: str) -> list[bool]:
    """Which of the entries are read without feedparser, which sees no address of an author in them."""
    slices = cut(text.replace("@", "\ufdd0").encode())
    return [one is not None for one in read_certain(slices.root, slices.entries)] if slices else []


def feed(kind: str, *entries: str, root: str = "") -> str:
    """A document of these entries."""
    head, name, tail = ROOTS[kind]
    return head.format(SPACES, root) + "".join(f"<{name}>{entry}</{name}>" for entry in entries) + tail


def corpus(shared: Path) -> list[tuple[str, str]]:
    """The names and texts of all documents, without what may stand before a DOCTYPE."""
    paths = sorted((shared / "corpus" / "documents").glob("*.xml"))
    return [(path.name, INSTRUCTION.sub("", decode(path.read_bytes(), "")[0]).lstrip()) for path in paths]


# ---------------------------------------------------------------- the corpus


def test_the_corpus_is_read_as_feedparser_reads_it(shared: Path) -> None:
    quick = total = 0
    for name, text in corpus(shared):
        marks = certain(text)
        quick, total = quick + sum(marks), total + len(marks)
        if any(marks):
            assert read_text(text) == read_by_feedparser(text), name
    assert total > 10_000
    assert quick > 0.85 * total


@pytest.mark.parametrize("times", [150, pytest.param(3000, marks=pytest.mark.slow)])
def test_damaged_documents_are_read_as_feedparser_reads_them(shared: Path, times: int) -> None:
    dice = random.Random(11)
    texts = [text for _, text in corpus(shared) if len(text) < 60_000]
    place = re.compile(r"<(/?[\w:]+)([^<>]*)>([^<>]*)")
    quick = 0
    for _ in range(times):
        text = dice.choice(texts)
        for _ in range(6):
            match = dice.choice(list(place.finditer(text)))
            what = dice.randrange(3)
            if what == 0:
                text = text[: match.start(3)] + dice.choice(SAID) + text[match.end(3) :]
            elif what == 1:
                text = text[: match.end(1)] + dice.choice(ATTRIBUTES) + text[match.end(1) :]
            else:
                name = dice.choice(NAMES)
                text = f"{text[: match.end()]}<{name}>{dice.choice(SAID)}</{name}>{text[match.end() :]}"
        marks = certain(text)
        quick += sum(marks)
        if any(marks):
            assert parsed(text) == parsed("<!DOCTYPE feed>" + text)
    assert quick > times / 2


def parsed(text: str) -> Reading | str | None:
    """What is read; None where feedparser breaks down."""
    try:
        return read_text(text)
    except Exception:  # any of them means that this poll failed
        return None


# ---------------------------------------------------------------- made of the white list, and of what is just beside it

NAMES = """
title link guid id description summary content author name uri email category pubDate published updated created issued
modified enclosure source rights comments language contributor image body div svg copyright post-id content:encoded
dc:creator dc:date dc:subject dc:rights dc:language dc:title dc:description dc:identifier dcterms:issued media:title
media:content media:thumbnail media:group media:description media:category media:keywords itunes:summary itunes:author
itunes:image itunes:keywords itunes:subtitle itunes:duration itunes:explicit atom:link atom:title atom:updated x:title
slash:comments thr:total
""".split()  # noqa: SIM905
SAID = [
    *(
        "",
        "x",
        " y ",
        "  ",
        "é",
        "Ã©",
        "中文",
        "\x85\x92",
        "12345",
        "Ada, Bob",
        "&amp;",
        "&amp;amp; z",
        "&#x80;",
        "&lt;b&gt;",
    ),
    *("&lt;b&gt;x&lt;/b&gt;", "<![CDATA[<p>&amp;</p>]]>", "a<!-- b -->c", "<b>x</b>", "a@b.example", "A (a@b.example)"),
    *("http://a.example/b?x=1&amp;y=2", "http://a.example/?a=&amp;amp;b;", "//host/p", "../a", "?q", "#f", "http:/a"),
    *(
        "http:///a/b",
        "HTTP://A.example",
        "https://x.example/[a]",
        "https://[::1/",
        "https://é.example/é",
        "javascript:x",
    ),
    *("tag:a,2020:1", "urn:x", "wais://here.invalid/0/x", "https://a.example/x y", "http://a.example"),
    *("2020-01-02T03:04:05Z", "Mon, 01 Mar 2021 00:00:00 GMT", "2021", "-21", "yesterday"),
    *("<name>n</name>", "<name>n</name><uri>http://u.example/</uri>", "<uri>u</uri><name>n</name>", "<name/>"),
    *("<name>n</name><email>q@r.example</email>", "<email>q</email>", "<media:title>m</media:title>"),
]
ATTRIBUTES = [
    *("", " type='html'", " type='text'", " type='xhtml'", " type='TEXT/HTML'", " type=''", " mode='base64'"),
    *(" isPermaLink='false'", " isPermaLink='TRUE'", " isPermaLink='true'", " term='t'", " label='q'", " domain='d'"),
    *(" term='t' scheme='s' label='l'", " xml:lang='de_DE'", " xml:lang=''", " lang='fr'", " base='http://z.example/'"),
    *(" xml:base='http://q.example/x'", " xml:base='rel/'", " href='http://h.example/a'", " href='h'", " src='s'"),
    *(" rel='enclosure' href='http://h.example/a' type='text/html'", " rel='SELF' href='http://h.example/b'"),
    *(
        " rel='alternate' type='text/plain' href='http://h.example/c'",
        " url='http://e.example/f' length='12' type='A/B'",
    ),
    *(
        " url=''",
        " url='f.mp3'",
        " x:href='http://h.example/x'",
        " xmlns='urn:y'",
        " xmlns='http://www.w3.org/2005/Atom'",
    ),
    *(" xmlns:dc='urn:other'", " xmlns:wiki='http://purl.org/dc/elements/1.1/'", " xmlns:title='urn:title'"),
]
elements = st.builds(
    "<{0}{1}>{2}</{0}>".format, st.sampled_from(NAMES), st.sampled_from(ATTRIBUTES), st.sampled_from(SAID)
)
plain_elements = st.builds("<{0}>{1}</{0}>".format, st.sampled_from(NAMES), st.sampled_from(SAID))
entries = st.lists(plain_elements | elements, max_size=7).map("".join)


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(ROOTS)),
    st.lists(entries, min_size=1, max_size=3),
    st.sampled_from(["", " xml:lang='en_US'"]),
)
def test_made_up_entries_are_read_as_feedparser_reads_them(kind: str, made: list[str], root: str) -> None:
    text = feed(kind, *made, root=root)
    assert parsed(text) == parsed("<!DOCTYPE feed>" + text)


RICH = {
    "rss": (
        "<title>T &amp; U</title><link>http://a.example/1?x=1&amp;y=2</link><guid isPermaLink='false'>1 at a</guid>"
        "<pubDate>Mon, 01 Mar 2021 00:00:00 GMT</pubDate><dc:creator>Ada</dc:creator><author>Bob (b@b.example)</author>"
        "<description>&lt;p&gt;x&lt;/p&gt;</description><content:encoded><![CDATA[<p>y</p>]]></content:encoded>"
        "<category domain='d'>c</category><category>c</category><category>c</category><comments>http://c.example</comments>"
        "<enclosure url='http://e.example/f.mp3' length='12' type='Audio/MPEG'/><slash:comments>3</slash:comments>"
        "<media:content url='u'><media:title type='plain'>m</media:title></media:content><x:y z='w'>v</x:y>"
        "<source url='http://s.example/feed'>S</source>"
    ),
    "atom": (
        "<id>tag:a.example,2020:1</id><title type='html'>T</title><link rel='alternate' href='http://a.example/1'/>"
        "<link rel='enclosure' href='http://a.example/f.mp3' type='audio/mpeg' length='9'/><summary>s</summary>"
        "<updated>2020-01-02</updated><published>2020-01-02T03:04:05+01:00</published>"
        "<category term='t' scheme='s' label='l'/><rights>R</rights><thr:total>1</thr:total>"
        "<content type='html' xml:base='http://b.example/' xml:lang='de'>&lt;a href='x'&gt;</content>"
        "<author><name>Ada</name><uri>http://ada.example/</uri><email>ada@ada.example</email></author>"
    ),
    "rdf": (
        "<title>T</title><link>http://a.example/1</link><description>d</description><dc:date>2020-01-02</dc:date>"
        "<dc:subject>s</dc:subject><dc:creator>Ada</dc:creator><dc:language>de</dc:language>"
    ),
}


@pytest.mark.parametrize("kind", RICH)
def test_usual_entries_need_no_feedparser(kind: str) -> None:
    text = feed(kind, RICH[kind])
    assert certain(text) == [True]
    assert read_text(text) == read_by_feedparser(text)


@pytest.mark.parametrize(
    "odd",
    [
        "<title type='xhtml'>x</title>",
        "<title><b>x</b></title>",
        "<link>/relative</link>",
        "<guid>//host/path</guid>",
        "<description>a</description><itunes:summary>b</itunes:summary>",
        "<description mode='base64'>YQ==</description>",
        "<media:title>before the title</media:title>",
        "<author>Ada</author><author><name>Bob</name></author>",
        "<content src='http://a.example/'/>",
        "<unheard-of>x</unheard-of>",
        "<title xml:base='rel/'>x</title>",
        "<georss:point xmlns:georss='http://www.georss.org/georss'>1 2</georss:point>",
        "<x:y xmlns:dc='urn:not-dublin-core'/>",
    ],
)
def test_what_is_not_certain_is_left_to_feedparser(odd: str) -> None:
    text = feed("rss", odd, "<guid>2</guid>")
    assert certain(text)[0] is False
    assert read_text(text) == read_by_feedparser(text)
