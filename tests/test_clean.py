"""What `clean` promises, for everything a publisher can write; laws first, examples where a law has a reason."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import feedparser
import lxml.html
import pytest
from atom_rules import house_violations, read_back, violations
from conftest import SHARED
from feedparser import datetimes
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from promises import LEGAL, active, broken_promises, is_web

from aggregator.clean.attribution import person
from aggregator.clean.dates import settle
from aggregator.clean.entry import clean
from aggregator.clean.excerpt import excerpt
from aggregator.clean.identity import claim, entry_key, told_apart
from aggregator.clean.markup import LONGEST, sanitise
from aggregator.clean.text import legal, one_line, plain, strip_tags
from aggregator.clean.urls import absolute, as_uri, is_iri
from aggregator.errors import Unreadable
from aggregator.formats.atom import render
from aggregator.intake import take_in
from aggregator.model import (
    Category,
    Chapters,
    Credit,
    DateFound,
    Document,
    Draft,
    Enclosure,
    Entry,
    Episode,
    Failed,
    FeedFound,
    Image,
    Intake,
    Kept,
    Markup,
    Origin,
    Person,
    Reading,
    Reason,
    Show,
    Site,
    Source,
    Term,
    Transcript,
    amended,
)
from aggregator.selection import Catalogue, make_page
from aggregator.sources.feed import read

HOUR = timedelta(hours=1)
URL = "https://site.example/blog/feed.xml"
SOURCE = Source("one", "feed", URL, URL, ("news",), interval=HOUR, min_interval=HOUR, max_interval=HOUR)
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
CATALOGUE = Catalogue(
    Site("Test", "https://planet.example", "en", "UTC"),
    {name: Category(name, name.title(), "{author} in {source.title}: {title}", 1000) for name in ("all", "news")},
    {SOURCE.id: SOURCE},
)

# ---------------------------------------------------------------- what publishers write

# DOMPurify's fixtures when they are there, and some of our own always.
LIST = SHARED / "payloads" / "html.json"
PAYLOADS: list[str] = json.loads(LIST.read_text(encoding="utf-8")) if LIST.exists() else []
PAYLOADS += [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<img srcset='javascript:alert(1) 1x, data:image/png;base64,AAAA 2x, /a.png 3x'>",
    "<source srcset='//evil.example/x 1x, ,, y 2x'>",
    "<blockquote cite='javascript:alert(1)'>x</blockquote>",
    "<video poster='data:text/html,x' src='vbscript:x'></video>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<form action='https://evil.example'><input name=p><button formaction=javascript:x>b</button></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data='x'></object><embed src='x'>",
    "<meta http-equiv=refresh content='0;url=javascript:x'><base href='//evil.example/'><link rel=prefetch href=x>",
    "<p style='background:url(javascript:x)' onclick='x()' class='y' id='z'>words</p>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a><a href='blob:x'>y</a><a href='file:///etc/passwd'>z</a>",
    "<textarea><img src=x onerror=alert(1)></textarea><title><img src=x onerror=alert(1)></title>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<a href='https://site.example/\x01\ufffe\ud800'>x\x00\ud800\ufffe</a>",
    "{{constructor.constructor('alert(1)')()}}",
]
ADDRESSES = [
    *(
        "",
        " ",
        "#",
        "#top",
        "?q=1",
        "/",
        "..",
        "../../x y",
        "//other.example/x",
        "x.png",
        "\\\\other.example\\x",
        "http:x",
    ),
    *(
        "https://a.example/x",
        "HTTP://A.Example:80/%7e?x=[1]#a#b",
        "https://bücher.example/ä?ö=ü#ß",
        "https://u:p@a.example/",
    ),
    *(
        "http://",
        "https:///x",
        "http://[::1",
        "http://[::1]/x",
        "http://a:99999/",
        "http://a:0/",
        "http://a b/",
        "http://%41/",
    ),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " \x01javascript:x",
        "java\nscript:x",
        "javascript&#58;x",
        "vbscript:x",
    ),
    *(
        "data:text/html,<script>x</script>",
        "blob:x",
        "about:blank",
        "file:///etc/passwd",
        "ftp://a.example/x",
        "tel:+49",
    ),
    *(
        "mailto:a@b.example",
        "mailto:",
        "urn:x:1",
        "tag:a.example,2005:1",
        "urn:",
        "x",
        "http://a.example/%zz\ud800\ufffe",
    ),
    *(
        "https://a.example/" + "x" * 9000,
        "https://a.example/" + "x" * 7980,
        "https://a.example/" + "a b" * 2600,
        "https://a.example/\ufdd0\ue000\ufff9?\uf8ff",
        "urn:x:\ufdd0",
        "http://a.example/\u202egnp.exe",
        "http://a.example\\@b.example/",
        "http:///\\a",
    ),
]
ODD = st.characters(categories=["Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Zs", "Lo", "Mn", "So"])
words = st.text(max_size=40) | st.text(ODD, max_size=10)
addresses = st.sampled_from(ADDRESSES) | words
hostile = st.sampled_from(PAYLOADS) | words | st.sampled_from(ADDRESSES)
htmlish = st.builds("".join, st.lists(hostile, max_size=4))
kinds = st.sampled_from(["text/html", "application/xhtml+xml", "text/plain", "image/png", ""])
languages = st.sampled_from([None, "", "en", "zh_CN", "en-", "en-x", "english", "de-1", "a", "x-klingon"]) | words
markups = st.none() | st.builds(Markup, htmlish, kinds, addresses, languages)
maybe = st.none() | hostile
DATE_PARTS = [
    *(
        "2024",
        "24",
        "-",
        "/",
        ".",
        ":",
        " ",
        "T",
        "t",
        "Z",
        "z",
        "03",
        "5",
        "31",
        "13",
        "00",
        "99",
        "+0800",
        "-05:30",
        "+",
    ),
    *(
        "Mon, ",
        "Mar",
        "March",
        "Tue",
        "GMT",
        "CST",
        "CEST",
        "XQT",
        "AM",
        " PM",
        "年",
        "月",
        "日",
        "10:30",
        "10:30:59",
        ".123",
    ),
    *(
        "2024-03-05",
        "20240305",
        "05 Mar 2024",
        "2024-060",
        "W10",
        "--",
        "now",
        "today",
        "noon",
        "[Asia/Shanghai]",
        "\x00",
    ),
]
date_texts = st.builds("".join, st.lists(st.sampled_from(DATE_PARTS), min_size=1, max_size=6)) | words
naive = st.datetimes()
dates = st.none() | st.builds(DateFound, date_texts, st.none() | naive)
persons = st.lists(st.builds(Person, hostile, maybe, st.none() | addresses), max_size=3).map(tuple)
terms = st.lists(st.builds(Term, hostile, maybe, maybe), max_size=3).map(tuple)
sizes = st.none() | st.integers(0, 10**15)
credited = st.lists(st.builds(Credit, hostile, maybe), max_size=2).map(tuple)
files = st.lists(
    st.builds(Enclosure, addresses, maybe, sizes, maybe, maybe, sizes, sizes, sizes, maybe, maybe, credited, sizes),
    max_size=3,
).map(tuple)
pictures = st.lists(st.builds(Image, addresses, sizes, sizes), max_size=3).map(tuple)
transcripts = st.lists(st.builds(Transcript, addresses, hostile, maybe, st.booleans()), max_size=2).map(tuple)
chapters = st.none() | st.builds(Chapters, addresses, hostile)
episodes = st.none() | st.builds(
    Episode, sizes, sizes, sizes, maybe, st.none() | st.booleans(), maybe, maybe, chapters, transcripts
)
shows = st.none() | st.builds(Show, maybe, st.none() | st.booleans(), st.lists(hostile, max_size=3).map(tuple))
feeds = st.builds(
    FeedFound,
    id=st.none() | addresses,
    title=markups,
    html_url=st.none() | addresses,
    self_url=st.none() | addresses,
    icon=st.none() | addresses,
    language=languages,
    rights=markups,
    updated=dates,
    authors=persons,
    image=st.none() | addresses,
    show=shows,
)
drafts = st.builds(
    Draft,
    id=st.none() | addresses | hostile,
    link=st.none() | addresses | hostile,
    title=markups,
    summary=markups,
    content=markups,
    published=dates,
    updated=dates,
    authors=persons,
    terms=terms,
    enclosures=files,
    language=languages,
    rights=markups,
    source=st.none() | feeds,
    media=files,
    images=pictures,
    episode=episodes,
)
readings = st.builds(Reading, feeds, st.lists(drafts, max_size=4).map(tuple))

# ---------------------------------------------------------------- laws


@settings(max_examples=400)
@given(readings)
def test_whatever_is_drafted_becomes_entries_that_keep_every_promise(reading: Reading) -> None:
    intake = clean(reading, SOURCE, URL)
    for entry in intake.entries:
        assert broken_promises(entry) == []
        for text in (entry.summary, entry.content):
            # What is clean stays as it is: sanitising again finds nothing, and re-creates nothing.
            assert sanitise(Markup(text, "text/html"), entry.link, entry.link) == text
    keys = [entry.key for entry in intake.entries]
    assert len(set(keys)) == len(keys)
    empty = sum(problem.endswith("is empty") for problem in intake.problems)
    # One draft is one entry, or named as empty, or the double of another.
    assert len(keys) + empty <= len(reading.drafts)
    assert keys or empty == len(reading.drafts)


@settings(max_examples=200)
@given(readings)
def test_whatever_is_kept_is_published_by_the_rules_and_reads_back(reading: Reading) -> None:
    kept = [
        Kept(number, SOURCE.id, f"urn:kept:{number}", entry, entry.published or NOW, NOW, NOW, 0)
        for number, entry in enumerate(clean(reading, SOURCE, URL).entries)
    ]
    page = make_page(CATALOGUE, "category/news/", kept)
    rendered = render(page)
    assert rendered.problems == ()
    assert rendered == render(page)
    told = violations(rendered.body) + house_violations(rendered.body)
    assert [sentence for sentence in told if "source: has no self link" not in sentence] == []
    read_again = read_back(rendered.body)
    assert [one["id"] for one in read_again] == [one.id for one in kept]
    assert [one["link"] for one in read_again] == [as_uri(one.entry.link) for one in kept]
    assert [one["title"] for one in read_again] == [as_feedparser_has_it(one.entry.title) for one in kept]


def as_feedparser_has_it(text: str) -> str:
    """Text as feedparser hands it on: it takes what could be UTF-8 read as Latin-1 for that, and C1 for Windows."""
    document = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{_xml(text)}</title></feed>"
    return str(feedparser.parse(io.BytesIO(document.encode()), sanitize_html=False).feed.get("title", ""))


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# ---------------------------------------------------------------- HTML


@pytest.mark.parametrize("kind", ["text/html", "application/xhtml+xml", "text/plain"])
def test_no_payload_is_active_in_any_field(kind: str) -> None:
    assert len(PAYLOADS) > 20
    for payload in PAYLOADS:
        markup = Markup(payload, kind, payload, payload)
        draft = Draft(
            id=payload,
            link=payload,
            title=markup,
            summary=markup,
            content=markup,
            published=DateFound(payload),
            authors=(Person(payload, payload, payload),),
            terms=(Term(payload, payload, payload),),
            enclosures=(Enclosure(payload, payload, 1, payload), Enclosure("https://site.example/f", payload)),
            language=payload,
            rights=markup,
            source=FeedFound(payload, markup, payload, payload, payload, payload, markup, DateFound(payload)),
            media=(
                Enclosure(payload),
                Enclosure("https://site.example/m", payload, title=payload, medium=payload, description=payload),
            ),
            images=(Image(payload),),
            episode=Episode(
                kind=payload,
                title=payload,
                subtitle=payload,
                chapters=Chapters(payload, payload),
                transcripts=(Transcript(payload, payload), Transcript("https://site.example/t", payload)),
            ),
        )
        feed = FeedFound(payload, markup, payload, payload, payload, payload, markup, None, (Person(payload),))
        (entry,) = clean(Reading(feed, (draft,)), SOURCE, URL).entries
        assert broken_promises(entry) == [], payload
        kept = Kept(1, SOURCE.id, "urn:kept", entry, NOW, NOW, NOW, 0)
        body = render(make_page(CATALOGUE, "category/news/", [kept])).body
        told = violations(body) + house_violations(body)
        assert [sentence for sentence in told if "source: has no self link" not in sentence] == [], payload
        for text in published_markup(body):
            assert active(text) == [], payload


def published_markup(body: bytes) -> list[str]:
    """Every text of a feed that a reader takes for HTML."""
    (entry,) = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False).entries
    return [entry.get("summary", ""), *(content.value for content in entry.get("content", []))]


@settings(max_examples=300)
@given(htmlish, addresses, addresses)
def test_html_is_clean_at_any_base_and_stays_so(markup: str, base: str, page: str) -> None:
    once = sanitise(Markup(markup, "text/html", base), "https://site.example/", page)
    assert active(once) == []
    assert sanitise(Markup(once, "text/html", base), "https://site.example/", page) == once


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("<a href='b'>x</a>", '<a href="https://site.example/a/b" rel="noopener noreferrer">x</a>'),
        ("<a href='#n'>x</a>", '<a href="https://site.example/page#n" rel="noopener noreferrer">x</a>'),
        ("<a href='//c.example/'>x</a>", '<a href="https://c.example/" rel="noopener noreferrer">x</a>'),
        ("<a href='mailto:a@b.example'>x</a>", '<a href="mailto:a@b.example" rel="noopener noreferrer">x</a>'),
        ("<a href='javascript:x'>words</a>", '<a rel="noopener noreferrer">words</a>'),
        ("<q cite='/c'>x</q>", '<q cite="https://site.example/c">x</q>'),
        ("a < b &amp; c", "a &lt; b &amp; c"),
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
    ],
)
def test_html_comes_out_like_this(written: str, published: str) -> None:
    markup = Markup(written, "text/html", "https://site.example/a/")
    assert sanitise(markup, "https://elsewhere.example/", "https://site.example/page") == published


def test_each_text_of_a_document_hangs_on_its_own_address_and_is_counted_for_its_own_entry() -> None:
    def item(number: int, extra: str) -> str:
        words = [escape(f"<a href='{word}'>{word}</a><a href='#{word}'>there</a>{extra}") for word in ("short", "long")]
        return (
            f"<item><link>https://site.example/{number}</link><title>{number}</title>"
            f"<description xml:base='https://b{number}.example/'>{words[0]}</description>"
            f"<content:encoded xml:base='https://c{number}.example/'>{words[1]}</content:encoded></item>"
        )

    space = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    counter = "<img src='/dot' width='1' height='1'>"
    items = item(1, "") + "<item><title>2</title></item>" + item(3, counter)
    body = f"<rss version='2.0' {space}><channel><title>T</title>{items}</channel></rss>".encode()
    first, bare, third = clean(read(Document(URL, body, "")), SOURCE, URL).entries
    for entry, number in ((first, 1), (third, 3)):
        for text, host, word in ((entry.summary, "b", "short"), (entry.content, "c", "long")):
            assert f'href="https://{host}{number}.example/{word}"' in text
            assert f'href="https://site.example/{number}#{word}"' in text
    assert (bare.summary, bare.content) == ("", "")
    assert [entry.notes for entry in (first, bare, third)] == [(), (), ("2 tracking pixels removed",)]


def test_pictures_keep_every_size_with_absolute_addresses() -> None:
    markup = Markup("<img src=a.png srcset='a.png, b.png 2x,/c,d.png 300w' alt=A>", "text/html")
    published = sanitise(markup, "https://site.example/", "https://site.example/")
    (image,) = lxml.html.fragment_fromstring(published, create_parent="div")
    assert image.get("src") == "https://site.example/a.png"
    assert (
        image.get("srcset")
        == "https://site.example/a.png, https://site.example/b.png 2x, https://site.example/c%2Cd.png 300w"
    )
    assert image.get("alt") == "A"


_FRESH = """
from aggregator.clean.markup import sanitise
from aggregator.model import Markup
print(sanitise(Markup("<img src=x alt=y srcset='a 2x'><video src=x poster=y controls><a href=z title=t lang=de>",
                      "text/html"), "https://site.example/", "https://site.example/"))
"""


def test_the_same_html_is_the_same_bytes_in_every_process() -> None:
    # Else an entry would be revised because another worker read it.
    run = [sys.executable, "-c", _FRESH]
    said = {subprocess.run(run, capture_output=True, text=True, check=True).stdout for _ in range(8)}
    assert len(said) == 1
    markup = Markup("<img src=x alt=y width=1>", "text/html")
    bases = [f"https://site.example/{number}/" for number in range(64)]
    found = {sanitise(markup, base, base).replace(base, "") for base in bases}  # each has a cleaner of its own
    assert found == {'<img src="x" alt="y" width="1" referrerpolicy="no-referrer">'}


@pytest.mark.parametrize("piece", ["<b>", "<table><tr>", "&amp;", "<svg><g>", "<!--", "<a>", "<p>", "x "])
def test_a_megabyte_of_html_is_cut_before_it_is_cleaned(piece: str) -> None:
    whole, cut = piece * (1_000_000 // len(piece)), piece * (LONGEST // len(piece))
    published = sanitise(Markup(whole, "text/html"), URL, URL)
    assert len(published) <= len(sanitise(Markup(cut + piece, "text/html"), URL, URL))


# ---------------------------------------------------------------- text


@given(htmlish, st.integers(2, 300))
def test_plain_text_is_one_legal_line_of_bounded_length(text: str, longest: int) -> None:
    for line in (
        one_line(text, longest),
        plain(Markup(text, "text/html"), longest),
        plain(Markup(text, "text/plain"), longest),
        excerpt(text, longest),
    ):
        assert LEGAL.fullmatch(line)
        assert line == " ".join(line.split())
        assert len(line) <= longest + 1  # an ellipsis
    assert one_line(one_line(text, longest), longest) == one_line(text, longest)
    assert legal(legal(text)) == legal(text)


@pytest.mark.parametrize(
    ("written", "kind", "title"),
    [
        ("Fish &amp; chips", "text/html", "Fish & chips"),
        ("Fish &amp; chips", "text/plain", "Fish & chips"),
        ("<p>One</p><p>two</p>", "text/html", "One two"),
        ("a<br>b", "text/html", "a b"),
        ("H<sub>2</sub>O", "text/html", "H2O"),
        ("x<script>alert(1)</script>y", "text/html", "xy"),
        ("1 < 2 > 0", "text/html", "1 < 2 > 0"),
        ("　中文　标题　", "text/plain", "中文 标题"),
        ("a\u2028b\x00c\ud800d", "text/plain", "a bcd"),
    ],
)
def test_a_title_becomes_plain_text(written: str, kind: str, title: str) -> None:
    assert plain(Markup(written, kind)) == title


@given(htmlish)
def test_whatever_is_stripped_of_tags_is_text_that_xml_allows(text: str) -> None:
    # It may well show a "<p>": what stands in a style inside SVG, say, is text, and is written with references.
    bare = strip_tags(f"<p>{text}</p>")
    assert legal(bare) == bare
    assert strip_tags(f"<b>no</b> <i class='{len(text)}'>markup</i>") == "no markup"


# ---------------------------------------------------------------- addresses


@settings(max_examples=500)
@given(addresses | htmlish, addresses | st.just("https://site.example/a/b?c#d"))
def test_an_address_is_absolute_and_final_or_none(reference: str, base: str) -> None:
    address = absolute(reference, base)
    if address is not None:
        assert is_web(address)
        assert "@" not in urlsplit(address).netloc
        assert not re.search(r"[\x00-\x20\x7f-\x9f<>\"{}|\\^`\ud800-\udfff]", address)
        assert not re.search(r"%(?![0-9A-Fa-f]{2})", address)
        assert absolute(address) == address
        assert absolute(address, "https://other.example/") == address


@pytest.mark.parametrize(
    ("iri", "uri"),
    [
        ("https://site.example/a?b=%20#c", "https://site.example/a?b=%20#c"),
        (
            "https://例子.cn:8080/文章/1?q=鱼#段",
            "https://xn--fsqu00a.cn:8080/%E6%96%87%E7%AB%A0/1?q=%E9%B1%BC#%E6%AE%B5",
        ),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        (f"https://{'长' * 64}.example/", f"https://{'%E9%95%BF' * 64}.example/"),
    ],
)
def test_an_iri_stands_for_a_uri(iri: str, uri: str) -> None:
    assert as_uri(iri) == uri


@given(addresses)
def test_every_address_stands_for_a_uri_and_that_for_itself(text: str) -> None:
    address = absolute(text)
    if address is not None:
        assert as_uri(address).isascii()
        assert absolute(as_uri(address)) == as_uri(as_uri(address)) == as_uri(address)


@given(st.text("ab:/?#%4;=&.-@'()AZ", min_size=1, max_size=9), st.sampled_from(["", URL, "https://other.example?q"]))
def test_an_address_that_needs_nothing_comes_out_as_one_that_is_looked_at(rest: str, base: str) -> None:
    for scheme in ("http", "https"):
        address = f"{scheme}://{rest}"
        assert absolute(address, base) == absolute(f" {address}", base)  # the blank has it taken apart


@settings(max_examples=500)
@given(
    st.text("a/..?#%4=", min_size=1, max_size=9),
    st.sampled_from([URL, "https://x.example", "https://x.example/a/b/?q"]),
)
def test_a_reference_that_is_only_put_behind_comes_out_as_one_that_is_joined(reference: str, base: str) -> None:
    assert absolute(reference, base) == absolute(f" {reference}", base)


@given(addresses | htmlish | st.from_regex(r"[a-z]{2,6}:\S{1,20}", fullmatch=True))
def test_an_iri_is_what_the_rules_of_atom_take_for_one(text: str) -> None:
    if is_iri(text):
        feed = (
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><updated>2010-01-01T00:00:00Z</updated>"
            f"<author><name>n</name></author><id>{_xml(text)}</id></feed>"
        )
        assert violations(feed.encode()) == []
        assert text.partition(":")[0].lower() not in ("javascript", "data", "vbscript")
    assert claim(text) == (text if is_iri(text) else None)


# ---------------------------------------------------------------- persons


@pytest.mark.parametrize(
    ("written", "name", "email"),
    [
        ("ada@site.photography (Ada Lovelace)", "Ada Lovelace", "ada@site.photography"),
        ("Ada Lovelace <ada@site.example>", "Ada Lovelace", "ada@site.example"),
        ("Ada Lovelace (ada@site.example)", "Ada Lovelace", "ada@site.example"),
        ('"Ada Lovelace" <ada@site.example>', "Ada Lovelace", "ada@site.example"),
        ("ada@site.example", "ada", "ada@site.example"),
        ("Ada (of the Engine)", "Ada (of the Engine)", None),
        ("  张\n三 ", "张 三", None),
        ("noreply@", "noreply@", None),
        ("Guin@グイン (Guin)", "Guin", None),
        ("ada@site.example ()", "ada@site.example ()", None),
    ],
)
def test_a_person_is_taken_apart(written: str, name: str, email: str | None) -> None:
    assert person(written, None, None) == Person(name, email)


def test_a_nameless_person_is_called_by_the_address() -> None:
    assert person("", "ada@site.example", None) == Person("ada", "ada@site.example")
    assert person("", "call me @ home", None) == Person("call me", None)


def test_nobody_is_no_person() -> None:
    assert person(" \x00 ", None, "https://a.example/") is None


# ---------------------------------------------------------------- identity

TEMPLATE = Entry("k", "t", "https://a.example/", Origin("urn:o", "o"))
few = st.sampled_from
alike = st.builds(
    amended,
    st.just(TEMPLATE),
    key=few(["k", "k #2", "l", "x" * 300]),
    title=few(["a", "b"]),
    link=few(["https://a.example/1", "http://a.example/1", "https://a.example/2"]),
    published=few([None, NOW]),
    summary=few(["", "s", "r"]),
)


@settings(max_examples=300)
@given(st.lists(alike, max_size=12))
def test_every_key_is_there_once_and_no_entry_is_lost(entries: list[Entry]) -> None:
    apart, _ = told_apart(entries, [entry.link for entry in entries])
    assert len({entry.key for entry in apart}) == len(apart)
    assert [amended(entry, key="") for entry in apart] == [amended(entry, key="") for entry in dict.fromkeys(entries)]


@given(
    st.lists(alike, max_size=8, unique_by=lambda e: (e.key, e.title, e.link.partition(":")[2], e.published)),
    st.randoms(),
)
def test_a_key_does_not_depend_on_the_place_in_the_document(entries: list[Entry], random: Any) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)
    told, again = (told_apart(some, [one.link for one in some])[0] for some in (entries, shuffled))
    assert set(told) == set(again)


def test_an_entry_keeps_its_key_when_its_like_comes_before_it() -> None:
    older = [amended(TEMPLATE, summary=text) for text in ("first", "second")]
    apart, _ = told_apart(older, [TEMPLATE.link] * 2)
    again, _ = told_apart([amended(TEMPLATE, summary="newest"), *older], [TEMPLATE.link] * 3)
    assert again[1:] == apart


def test_entries_that_share_a_key_are_told_apart_by_their_links_as_found() -> None:
    links = ["http://a.example/?utm_source=one", "https://a.example/?utm_source=two"]
    apart, shared = told_apart([TEMPLATE, TEMPLATE], links)
    assert [entry.key for entry in apart] == ["k\n//a.example/?utm_source=one", "k\n//a.example/?utm_source=two"]
    assert set(shared.values()) == {"k"}


def test_keys_are_of_the_guid_then_of_the_link_then_of_the_text() -> None:
    by_guid = entry_key("42", "https://a.example/1", "t", NOW)
    assert by_guid == entry_key("42", "https://a.example/2", "u", None)
    by_link = entry_key("", "https://a.example/1", "t", NOW)
    assert by_link == entry_key("", "http://a.example/1", "u", None)  # a source that moves to TLS
    assert by_link == entry_key("http://a.example/1", "https://b.example/", "u", None)  # or begins to give guids
    assert by_link != entry_key("", "https://a.example/2", "t", NOW)
    assert entry_key("", None, "t", NOW) != entry_key("", None, "t", None)
    assert len(entry_key("x" * 10_000, None, "t", None)) <= 310
    assert entry_key("x" * 10_000, None, "t", None) != entry_key("x" * 10_000 + "y", None, "t", None)


# ---------------------------------------------------------------- dates


def naive_day(*parts: int) -> datetime:
    """A moment without a zone, which is what is tested here."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def read_date(text: str) -> DateFound:
    """A date as a document's reader finds it."""
    try:
        found = datetimes._parse_date(text)
        return DateFound(text, naive_day(*found[:6]) if found else None)
    except (ValueError, TypeError, ArithmeticError):
        return DateFound(text)


def parsed_on(day: datetime, text: str, monkeypatch: pytest.MonkeyPatch) -> DateFound:
    """A date as feedparser reads it on this day."""
    clock = SimpleNamespace(
        gmtime=lambda: day.timetuple(), mktime=datetimes.iso8601.time.mktime, localtime=datetimes.iso8601.time.localtime
    )
    with monkeypatch.context() as patched:
        patched.setattr(datetimes.iso8601, "time", clock)
        return read_date(text)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(date_texts, few([None, "Asia/Shanghai", "America/New_York"]))
@example("2024 Mar/Mar", None)
@example("2024-03-052024+080010:30", None)
@example("2006/01/02", None)
@example("15:04:05", None)
@example("-06", None)
def test_a_date_does_not_depend_on_the_day_it_is_read(
    monkeypatch: pytest.MonkeyPatch, text: str, zone: str | None
) -> None:
    # What differs with the day was filled up from it, so it was invented.
    days = (naive_day(2001, 2, 3), naive_day(2015, 11, 28))
    first, second = (settle(parsed_on(day, text, monkeypatch), zone) for day in days)
    assert first == second
    if first is not None:
        assert first.utcoffset() == timedelta()
        assert re.search(r"\d", text)


# As far as RFC 822's years of two digits, and what readers make of them, reach.
FROM, TO = naive_day(1971, 1, 1), naive_day(2068, 1, 1)
moments = st.datetimes(
    min_value=FROM,
    max_value=TO,
    timezones=st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
).map(lambda moment: moment.replace(microsecond=0))


@given(moments)
def test_a_moment_in_any_usual_form_is_read_as_that_moment(moment: datetime) -> None:
    offset = f"{moment:%z}"
    for text in (
        moment.isoformat(),
        moment.isoformat(" "),
        moment.isoformat(timespec="microseconds"),
        f"{moment:%Y-%m-%dT%H:%M:%S}{offset}",
        f"{moment:%Y%m%dT%H%M%S}{offset}",
        f"{moment:%a, %d %b %Y %H:%M:%S} {offset}",
        f"{moment:%d %b %Y %H:%M:%S} {offset}",
        f"{moment:%Y/%m/%d %H:%M:%S} {offset}",
        f"{moment.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT",
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z",
    ):
        assert settle(read_date(text), "Asia/Tokyo") == moment, text


@given(st.datetimes(min_value=FROM, max_value=TO))
def test_a_naive_moment_is_read_in_the_zone_of_its_source(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    for text in (moment.isoformat(), f"{moment:%a, %d %b %Y %H:%M:%S}", f"{moment:%Y/%m/%d %H:%M:%S}"):
        assert settle(read_date(text), "Etc/GMT-8") == moment.replace(tzinfo=UTC) - timedelta(hours=8), text
        assert settle(read_date(text), None) == moment.replace(tzinfo=UTC), text


def test_a_day_and_a_month_that_could_be_each_other_are_no_date() -> None:
    assert settle(DateFound("05/03/2024"), None) is None
    assert settle(DateFound("25/03/2024"), None) == datetime(2024, 3, 25, tzinfo=UTC)
    assert settle(DateFound("05.03.2024 10:00"), None) == datetime(2024, 3, 5, 10, tzinfo=UTC)  # dots: day first


# ---------------------------------------------------------------- reading

PIECES = [
    *(
        "<?xml version='1.0' encoding='gbk'?>",
        "<?xml version='1.1'?>",
        "<!DOCTYPE rss [<!ENTITY x 'y'>]>",
        "<rss version='2.0'>",
    ),
    *(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/b' xml:lang='de'>",
        "<rdf:RDF>",
        "<channel>",
        "<item>",
        "<entry>",
    ),
    *(
        "<title type='html'>",
        "</title>",
        "<link href='x' rel='enclosure' type=''/>",
        "<link>",
        "</link>",
        "<guid>",
        "</guid>",
    ),
    *(
        "<id>",
        "</id>",
        "<author>",
        "</author>",
        "<name>",
        "a@b.example",
        "</name>",
        "<pubDate>",
        "</pubDate>",
        "<updated>",
    ),
    *(
        "<source url='x'>",
        "</source>",
        "<enclosure url='y' length='-1'/>",
        "<category term='' scheme='x'>",
        "</category>",
    ),
    *(
        "<content type='xhtml'>",
        "<div>",
        "</div>",
        "</content>",
        "<description>",
        "</description>",
        "<![CDATA[",
        "]]>",
        "<!--",
    ),
    *(
        "-->",
        "</item>",
        "</entry>",
        "</channel>",
        "</rss>",
        "</feed>",
        "&#0;",
        "&#xD800;",
        "&nbsp;",
        "&x;",
        "&",
        "<",
        "\x00",
    ),
    *(
        "<html><body>",
        "<image>",
        "</image>",
        "<itunes:duration>1",
        "<media:content url='z'/>",
        "<CHANNEL HREF='x'>",
        "<TITLE>",
    ),
]
soup = st.builds("".join, st.lists(st.sampled_from(PIECES) | date_texts | hostile, max_size=30))
codecs_ = few(["utf-8", "utf-16", "gb18030", "big5", "latin-1", "utf-7", "hz", "iso2022_jp"])
bodies = st.binary(max_size=400) | st.builds(
    lambda text, codec, junk: text.encode(codec, "ignore") + junk, soup, codecs_, st.just(b"") | st.binary(max_size=8)
)
headers = few(
    ["", "application/rss+xml", "text/xml; charset=gbk", "text/html; charset=hex", 'x/y; charset="', "charset=utf-8"]
)


@settings(max_examples=500)
@given(bodies, headers, languages)
def test_any_bytes_give_a_reading_or_are_unreadable(body: bytes, content_type: str, language: str | None) -> None:
    document = Document(URL, body, "", content_type, language or "")
    try:
        reading = read(document)
    except Unreadable:
        return
    assert isinstance(reading, Reading)
    intake = clean(reading, SOURCE, URL)
    for entry in intake.entries:
        assert broken_promises(entry) == []


@settings(max_examples=100)
@given(bodies, headers)
def test_a_worker_always_gives_an_intake_or_a_named_failure(body: bytes, content_type: str) -> None:
    match take_in(SOURCE, Document(URL, body, "", content_type)):
        case Failed(reason=reason, detail=detail):
            assert reason in (Reason.NOT_A_FEED, Reason.UNREADABLE)
            assert detail
        case Intake(entries=entries):
            assert all(broken_promises(entry) == [] for entry in entries)


@given(soup)
def test_the_same_bytes_give_the_same_entries(text: str) -> None:
    document = Document(URL, f"<rss version='2.0'><item>{text}".encode("utf-8", "ignore"), "")
    assert take_in(SOURCE, document) == take_in(SOURCE, document)
