"""Who wrote an entry, where, and under which licence: recognised on the way in, and found by other people's readers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import atoma
import fastfeedparser
import feedparser
import lxml.etree
import lxml.html
import pytest
from planet import Planet, item, planet_in, rss
from reader import make_reader

from aggregator.clean.credit import USUAL, credited
from aggregator.clean.licence import licence_in
from aggregator.clean.republishing import republished
from aggregator.config import load
from aggregator.intake import take_in
from aggregator.model import Document, Enclosure, Entry, Origin, Person, Source, amended

URL = "https://x.example/feed"
CC_BY_SA = "https://creativecommons.org/licenses/by-sa/4.0/"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture
async def planet(tmp_path: Path) -> AsyncIterator[Planet]:
    async with planet_in(tmp_path) as one:
        yield one


def config(source: str = "", categories: str = "", url: str = URL) -> str:
    described = f"categories:\n  news: {categories}\n" if categories else ""
    return (
        "site: {title: P, base_url: https://planet.example}\noutput: {compress: []}\n"
        f"{described}sources:\n  - id: x\n    url: {url}\n    category: news\n{source}"
    )


def entry_of(tmp_path: Path, document: str, source: str = "") -> Entry:
    (tmp_path / "c.yaml").write_text(config(source), "utf-8")
    intake = take_in(load(tmp_path / "c.yaml", {}).sources[0], Document(URL, document.encode(), ""))
    (entry,) = intake.entries  # type: ignore[union-attr]  # the document is ours
    return entry


# ---------------------------------------------------------------- credit in the text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<p>正文。</p><p>（文章来源：中国邮政快递报）</p>", "中国邮政快递报"),
        ("<p>正文。（来源：新华社）</p>", "新华社"),
        ("<p>来源：财联社</p><p>正文。</p><p>更多。</p><p>完。</p>", "财联社"),
        ("<p>本文。</p><p>轉載自：中央社</p>", "中央社"),
        ("<p>出典：共同通信</p>", "共同通信"),
        ("<p>기사.</p><p>출처: 연합뉴스</p>", "연합뉴스"),
        ("<p>Text.</p><p>Source: Reuters</p>", "Reuters"),
        ("<p>Text.</p><p><em>Sources: Reuters.</em></p>", "Reuters"),
        ("<p>Text. [Source: Associated Press]</p>", "Associated Press"),
        ("<p>Text.</p><p>via Daring Fireball</p>", "Daring Fireball"),
        ("<p>Text (via The Verge)</p>", "The Verge"),
        ("<p>Text.</p><p>Quelle: dpa</p>", "dpa"),
        ("<p>Texto.</p><p>Fuente: EFE</p>", "EFE"),
        ("<p>Текст.</p><p>Источник: ТАСС</p>", "ТАСС"),
        ("<p>Text.</p><p>This article originally appeared on Wired.</p>", "Wired"),
        ("Text.<br>Source: «Le Monde»", "Le Monde"),
    ],
)
def test_a_text_that_names_its_source_credits_it(text: str, name: str) -> None:
    found = credited(text, USUAL)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<p>He went via London to Paris.</p>",
        "<p>The source: nobody knows it, and everybody asks where it may be. So it goes on and on, it seems.</p>",
        "<p>Open source: a history</p><p>Then came Linux.</p>",
        "<p>来源于生活的故事，总是动人。</p>",
        "<p>one</p><p>two</p><p>Source: Reuters</p><p>four</p><p>five</p><p>six</p><p>seven</p>",
        "<p>Source:</p>",
        "<p>Source: —</p>",
    ],
)
def test_prose_credits_nobody(text: str) -> None:
    assert credited(text, USUAL) is None


def test_the_first_pattern_that_finds_a_name_is_believed_wherever_it_finds_it() -> None:
    text = "<p>Source: Reuters</p><p>Text.</p><p>By Ada</p>"
    by, source = "^By (?P<name>.+)", "^Source: (?P<name>.+)"
    assert credited(text, (by, source)) == Person("Ada")
    assert credited(text, (source, by)) == Person("Reuters")
    assert credited(text, ("^By (?P<name> *)", source)) == Person("Reuters")


def test_patterns_may_be_many() -> None:
    many = tuple(USUAL[0].replace("出典", f"出典{number}") for number in range(120))
    assert credited("<p>本文。（出典119：共同通信）</p>", many) == Person("共同通信")


def test_a_credit_that_is_a_link_has_its_address() -> None:
    linked = credited('<p>a</p><p>Source: <a href="https://www.reuters.com/x">Reuters</a></p>', USUAL)
    assert linked == Person("Reuters", None, "https://www.reuters.com/x")


def test_a_credit_is_data_and_stays_in_the_text(tmp_path: Path) -> None:
    text = "<p>正文。</p><p>（文章来源：中国邮政快递报）</p>"
    entry = entry_of(tmp_path, rss(item(1, text=text)))
    assert (entry.credit, entry.summary) == (Person("中国邮政快递报"), text)
    assert 'its text names "中国邮政快递报" as its source' in entry.notes
    assert entry_of(tmp_path, rss(item(1, text=text)), "    credit: false\n").credit is None
    assert entry_of(tmp_path, rss(item(1, text=text), title="中国邮政快递报")).credit is None


def test_patterns_of_ones_own_stand_alone_or_beside_the_usual_ones(tmp_path: Path) -> None:
    document = rss(item(1, text="<p>Reported by Ada</p><p>Text.</p>"))
    own = "    credit: '^Reported by (?P<name>[^.]+)'\n"
    assert entry_of(tmp_path, document, own).credit == Person("Ada")
    usual = rss(item(1, text="<p>Text.</p><p>Source: Reuters</p>"))
    assert entry_of(tmp_path, usual, own).credit is None
    both = "    credit: [true, '^Reported by (?P<name>[^.]+)']\n"
    assert entry_of(tmp_path, usual, both).credit == Person("Reuters")


# ---------------------------------------------------------------- licence


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("CC BY-SA 4.0", CC_BY_SA),
        ("CC-BY-4.0", CC_BY),
        ("© Ada, cc by-nc-nd 3.0", "https://creativecommons.org/licenses/by-nc-nd/3.0/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("Creative Commons Attribution-ShareAlike 4.0 International", CC_BY_SA),
        ("Licensed under http://creativecommons.org/licenses/by/2.5/deed.de.", None),
        ("Creative Commons", None),
        ("All rights reserved", None),
        (None, None),
    ],
)
def test_a_licence_is_known_by_its_name_where_that_says_which(said: str | None, address: str | None) -> None:
    found = licence_in(said)
    if said and "://" in said:
        assert found == "http://creativecommons.org/licenses/by/2.5/deed.de"
    else:
        assert found == address


@pytest.mark.parametrize(
    "more",
    [
        f"<creativeCommons:license>{CC_BY_SA}</creativeCommons:license>",
        f"<cc:license xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' rdf:resource='{CC_BY_SA}'/>",
        f"<atom:link rel='license' href='{CC_BY_SA}'/>",
        f"<dcterms:license>{CC_BY_SA}</dcterms:license>",
        "<dc:rights>CC BY-SA 4.0</dc:rights>",
    ],
)
def test_a_licence_is_found_however_it_is_written(tmp_path: Path, more: str) -> None:
    assert entry_of(tmp_path, rss(item(1, more=more))).licence == CC_BY_SA


async def licence_shown(planet: Planet, source: str) -> tuple[str | None, str | None]:
    await planet.run(config(source))
    (entry,) = feedparser.parse((planet.public / "category/news/feed.atom").read_bytes()).entries
    links = [link.href for link in entry.links if link.rel == "license"]
    return (links[0] if links else None), entry.get("rights")


async def test_the_entrys_licence_wins_over_its_feeds_and_the_operators_word_over_both(planet: Planet) -> None:
    feed = "<creativeCommons:license>https://example.org/feed</creativeCommons:license>"
    planet.answers[URL] = rss(item(1), more=feed)
    assert await licence_shown(planet, "") == ("https://example.org/feed", None)
    assert await licence_shown(planet, "    rights: CC BY 4.0\n") == (CC_BY, "CC BY 4.0")
    assert await licence_shown(planet, "    rights: Alle Rechte vorbehalten\n") == (None, "Alle Rechte vorbehalten")


# ---------------------------------------------------------------- content modes

LONG = "<p>" + "这是一句话。" * 100 + "</p><img src='https://x.example/a.png'>"
FULL = Entry(
    key="id:1",
    title="T",
    link="https://x.example/1",
    origin=Origin(URL, "X", URL),
    content=LONG,
    enclosures=(Enclosure("https://x.example/a.mp3", "audio/mpeg"),),
)


def test_a_summary_is_one_paragraph_that_ends_with_a_sentence() -> None:
    short = republished(FULL, "summary")
    assert (short.content, short.enclosures) == ("", FULL.enclosures)
    assert short.summary.startswith("<p>这是一句话。")
    assert re.fullmatch(r"<p>(这是一句话。)+…?</p>", short.summary)
    assert len(short.summary) <= 260
    own = amended(FULL, summary="<b>Own words</b> &amp; <i>more</i>")
    assert republished(own, "summary").summary == "<p>Own words &amp; more</p>"


def test_a_link_has_no_text_and_nothing_attached_and_full_is_all() -> None:
    assert republished(FULL, "full") == FULL
    link = republished(FULL, "link")
    assert (link.summary, link.content, link.enclosures, link.title) == ("", "", (), "T")


async def test_how_much_is_republished_changes_at_once_for_all_that_is_kept(planet: Planet) -> None:
    secret = "What stands only in the text."
    planet.answers[URL] = rss(item(1, text="<p>First sentence.</p>" + "<p>More of it.</p>" * 60 + f"<p>{secret}</p>"))
    names = ("feed.atom", "feed.rss", "feed.json")
    for mode, first, last in (("full", True, True), ("summary", True, False), ("link", False, False)):
        await planet.run(config(f"    content: {mode}\n"))
        for name in names:
            text = (planet.public / "category/news" / name).read_text("utf-8")
            assert ("First sentence." in text, secret in text) == (first, last), (mode, name)


# ---------------------------------------------------------------- what readers find


@dataclass(frozen=True)
class Found:
    """What a reader found of one entry; None where it does not look for that."""

    author: str | None
    link: str | None
    licence: str | None = None
    source: str | None = None
    rights: str | None = None


def by_feedparser(raw: bytes, _: str) -> Found:
    (entry,) = feedparser.parse(io.BytesIO(raw)).entries
    licence = next((link.href for link in entry.links if link.rel == "license"), None)
    return Found(entry.author, entry.link, licence, entry.source.title, entry.get("rights"))


def by_atoma(raw: bytes, name: str) -> Found:
    if name == "feed.atom":
        (entry,) = atoma.parse_atom_bytes(raw).entries
        links = {link.rel: link.href for link in entry.links}
        assert entry.source is not None
        rights = entry.rights.value if entry.rights else None
        return Found(entry.authors[0].name, links["alternate"], links["license"], entry.source.title.value, rights)
    (item_,) = atoma.parse_rss_bytes(raw).items
    assert item_.source is not None
    return Found(None, item_.link, None, item_.source.title)


def by_fastfeedparser(raw: bytes, name: str) -> Found:
    (entry,) = fastfeedparser.parse(raw).entries
    links = {link.get("rel"): link.get("href") for link in entry.get("links", ())}
    return Found(entry.author, entry.link, links.get("license") if name == "feed.atom" else None)


def by_reader(raw: bytes, name: str) -> Found:
    with make_reader(":memory:", feed_root="") as library:
        path = Path(name).absolute()
        path.write_bytes(raw)
        library.add_feed(str(path))
        library.update_feeds()
        (entry,) = library.get_entries()
        return Found(entry.author, entry.link, None, entry.source.title if entry.source else None)


def by_lxml(raw: bytes, name: str) -> Found:
    spaces = {"a": "http://www.w3.org/2005/Atom", "dc": "http://purl.org/dc/elements/1.1/"}
    tree = lxml.etree.fromstring(raw)

    def text(path: str) -> str:
        return str(tree.xpath(f"string({path})", namespaces=spaces))

    if name == "feed.atom":
        return Found(
            text("//a:entry/a:author/a:name"),
            text("//a:entry/a:link[@rel='alternate']/@href"),
            text("//a:entry/a:link[@rel='license']/@href"),
            text("//a:entry/a:source/a:title"),
            text("//a:entry/a:rights"),
        )
    return Found(
        text("//item/dc:creator"),
        text("//item/link"),
        text("//item/a:link[@rel='license']/@href"),
        text("//item/source"),
        text("//item/dc:rights"),
    )


def by_json(raw: bytes, _: str) -> Found:
    (entry,) = json.loads(raw)["items"]
    source = entry["_source"]["title"]
    return Found(entry["authors"][0]["name"], entry["url"], entry["_license"], source, entry["_rights"])


def by_json_feed_of_ours(raw: bytes, _: str) -> Found:
    hour = timedelta(hours=1)
    source = Source("y", "feed", "https://y.example/", "https://y.example/", (), hour, hour, hour)
    intake = take_in(source, Document("https://y.example/feed", raw, "", "application/feed+json"))
    (entry,) = intake.entries  # type: ignore[union-attr]  # the document is ours
    return Found(entry.authors[0].name, entry.link)


def by_html_of(raw: bytes, _: str) -> Found:
    tree = lxml.html.document_fromstring(raw.decode())
    (entry,) = tree.cssselect("article.h-entry")
    author = " ".join(one.text_content() for one in entry.cssselect(".p-author"))
    licence = entry.xpath(".//a[@rel='license']")
    source = entry.cssselect("a.source")[0].text_content()
    return Found(
        author, entry.cssselect("a.u-url")[0].get("href"), licence[0].get("href"), source, licence[0].text_content()
    )


FEED_READERS = (by_feedparser, by_atoma, by_fastfeedparser, by_reader, by_lxml)
READERS: list[tuple[str, Callable[[bytes, str], Found]]] = [
    *((name, by) for name in ("feed.atom", "feed.rss") for by in FEED_READERS),
    *(("feed.json", by) for by in (by_json, by_json_feed_of_ours, by_reader)),
    ("index.html", by_html_of),
]


async def test_independent_readers_find_who_wrote_it_where_and_under_which_licence(
    planet: Planet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    more = f"<dc:creator>Ada Lovelace</dc:creator><creativeCommons:license>{CC_BY_SA}</creativeCommons:license>"
    planet.answers[URL] = rss(
        item(1, text="<p>Text.</p>", more=more + "<dc:rights>© Ada</dc:rights>"), title="The Source"
    )
    await planet.run(config())
    for name, by in READERS:
        found = by((planet.public / "category/news" / name).read_bytes(), name)
        wanted = Found("Ada Lovelace", "https://x.example/1", CC_BY_SA, "The Source", "© Ada")
        known = Found(*(b if a is not None else None for a, b in zip(vars_of(found), vars_of(wanted), strict=True)))
        assert found == known, (name, by.__name__)
        assert found.link is not None
    for name in ("feed.atom", "feed.rss", "feed.json"):
        finders = [
            by((planet.public / "category/news" / name).read_bytes(), name) for one, by in READERS if one == name
        ]
        assert sum(one.author is not None for one in finders) >= 3


def vars_of(found: Found) -> tuple[str | None, ...]:
    return (found.author, found.link, found.licence, found.source, found.rights)


async def test_an_entry_that_names_nobody_has_its_credit_for_its_author(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, text="<p>Text.</p><p>Source: Reuters</p>"), title="Portal")
    await planet.run(config(categories="{attribution: 'From {credit}, by {source.title}'}"))
    (entry,) = feedparser.parse((planet.public / "category/news/feed.atom").read_bytes()).entries
    assert (entry.author, entry.source.title) == ("Reuters", "Portal")
    assert "From Reuters, by" in entry.summary
    (told,) = json.loads((planet.public / "category/news/feed.json").read_bytes())["items"]
    assert told["_credit"] == {"name": "Reuters"}
    for name in ("feed.atom", "feed.rss"):
        tree = lxml.etree.fromstring((planet.public / "category/news" / name).read_bytes())
        assert (
            tree.xpath("string(//*[local-name()='source' and namespace-uri()='http://purl.org/dc/elements/1.1/'])")
            == "Reuters"
        )


async def test_the_first_origin_is_kept_however_many_republished_it(planet: Planet) -> None:
    upstream = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>An aggregate</title><id>urn:x:agg</id>"
        "<updated>2026-03-01T00:00:00Z</updated><entry><id>urn:x:1</id><title>T</title>"
        "<link href='https://origin.example/1'/><updated>2026-03-01T00:00:00Z</updated>"
        "<link rel='via' href='https://middle.example/feed'/><content>Text</content>"
        "<source><id>urn:x:origin</id><title>The Origin</title><updated>2026-03-01T00:00:00Z</updated>"
        "<link rel='self' href='https://origin.example/feed'/><rights>CC BY 4.0</rights></source></entry></feed>"
    )
    planet.answers[URL] = upstream
    await planet.run(config())
    (entry,) = feedparser.parse((planet.public / "category/news/feed.atom").read_bytes()).entries
    assert (entry.source.title, entry.source.id, entry.author) == ("The Origin", "urn:x:origin", "The Origin")
    assert [link.href for link in entry.links if link.rel == "via"] == [URL, "https://middle.example/feed"]
    assert [link.href for link in entry.links if link.rel == "license"] == [CC_BY]
    (told,) = json.loads((planet.public / "category/news/feed.json").read_bytes())["items"]
    assert (told["_source"]["title"], told["_via"]) == ("The Origin", ["https://middle.example/feed"])


async def test_no_output_shows_a_secret_address(planet: Planet) -> None:
    secret = "https://x.example/feed?token=s3cr3t"
    document = rss(item(1, text="<p>T.</p>"), more=f"<atom:link rel='self' href='{secret}'/>")
    planet.answers[secret] = document
    await planet.run(config("    public_url: https://x.example/\n    content: full\n", url=secret))
    written = [path for path in planet.public.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} >= {".atom", ".rss", ".json", ".html", ".opml"}
    assert [path for path in written if b"s3cr3t" in path.read_bytes()] == []


async def test_the_visible_line_is_in_the_language_of_its_category(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, text="<p>T.</p>"), title="X")
    await planet.run(config(categories="{title: Nachrichten, language: de}"))
    text = (planet.public / "category/news/feed.atom").read_text("utf-8")
    assert "Quelle: " in text
    assert 'xml:lang="de"' in text
    assert "Source: " in (planet.public / "category/all/feed.atom").read_text("utf-8")
