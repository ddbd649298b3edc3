"""The laws of every format: same in, same out; what is rendered reads back; a broken entry harms nobody else."""

from __future__ import annotations

import json
import locale
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import atom_rules
import json_feed_rules
import opml_rules
import pytest
import rss_rules
from lxml import etree

from aggregator.formats import FILES, FORMATS
from aggregator.formats.opml import render_home as render_list
from aggregator.formats.rss import rfc822
from aggregator.formats.shelf import Shelf
from aggregator.model import (
    Chain,
    Enclosure,
    Episode,
    Home,
    Image,
    Listed,
    Origin,
    Page,
    Person,
    Removed,
    Show,
    Shown,
    Site,
    Term,
    amended,
)

NOON = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
SITE = Site(
    title="Planet Somewhere",
    base_url="https://example.org/planet",
    language="en",
    timezone="Asia/Shanghai",
    author=Person("Desk", "desk@example.org", "https://example.org/"),
    rights="Each entry belongs to its author.",
    hubs=("https://hub.example/",),
)


def shown(number: int = 0, **changes: Any) -> Shown:
    """An entry with something in every field."""
    entry = Shown(
        id=f"tag:example.org,2026:{number}",
        title=f"AT&T <says> “{number} < {number + 1}” 新闻",
        link=f"https://lwn.example/{number}/?a=1&b=2",
        published=NOON - timedelta(hours=number),
        updated=NOON - timedelta(minutes=number),
        authors=(Person("Jonathan <Corbet>", "jc@lwn.example", "https://lwn.example/~jc"), Person("Jake")),
        terms=(Term("linux", "https://example.org/planet/category/", "Linux"), Term("R&D")),
        summary="<p>Linus &amp; friends released <b>rc3</b>.</p>",
        content="<p>The whole story, with ]]&gt; and <i>x &lt; y</i>.</p>",
        language="de",
        rights="CC-BY-4.0",
        enclosures=(
            Enclosure("https://lwn.example/a.mp3", "audio/mpeg", 123, "Listen"),
            Enclosure("https://lwn.example/b.bin"),
        ),
        media=(Enclosure("https://lwn.example/v.mp4", "video/mp4", 9, "A <film>", "video", 60, 10, 20, group=0),),
        image=Image("https://lwn.example/i.png", 10, 20),
        episode=Episode(duration=60, season=1, number=2, kind="full", explicit=False, title="S1"),
        origin=Origin(
            id="urn:lwn",
            title="LWN & more",
            self_url="https://lwn.example/feed?x=1&y=2",
            html_url="https://lwn.example/",
            icon="https://lwn.example/icon.png",
            language="en",
            rights="LWN",
            updated=NOON,
            authors=(Person("Corbet"),),
        ),
        via="https://lwn.example/feed?x=1&y=2",
        attribution="Source: LWN & more",
        source_title="LWN & more",
        source_page="source/lwn/",
    )
    return replace(entry, **changes)


def page(*entries: Shown, **changes: Any) -> Page:
    made = Page(
        path="category/linux/",
        title="Linux <&> more",
        site=SITE,
        updated=max((one.updated for one in entries), default=None),
        shown=entries,
        sources=(Listed("LWN & more", "https://lwn.example/feed?x=1&y=2", "https://lwn.example/", ("linux", "news")),),
    )
    return replace(made, **changes)


LINE = '<p>Source: <a href="https://lwn.example/" rel="noopener noreferrer">LWN &amp; more</a></p>'


def told(word: str, body: bytes, made: Page) -> list[str]:
    """What the rules of a format have against a rendered page."""
    address = f"{SITE.base_url}/{made.document(word)}"
    match word:
        case "atom":
            return [
                *atom_rules.violations(body),
                *atom_rules.house_violations(body),
                *atom_rules.warnings(body, address),
            ]
        case "rss":
            return rss_rules.violations(body, address)
        case "json":
            return json_feed_rules.violations(body, address)
        case "opml":
            return opml_rules.violations(body)
    return []


READERS: dict[str, Callable[[bytes], list[dict[str, object]]]] = {
    "atom": atom_rules.read_back,
    "rss": rss_rules.read_back,
    "json": json_feed_rules.read_back,
}

PAGES = {
    "full": page(*map(shown, range(5))),
    "empty": page(),
    "without text": page(shown(1, summary="", content="", attribution=None)),
    "only a summary": page(shown(1, content="")),
    "a summary that is the content": page(shown(1, summary="<p>x</p>", content="<p>x</p>")),
    "its id is its link": page(shown(1, id="https://lwn.example/1", link="https://lwn.example/1")),
    "long ago": page(shown(1, published=datetime(1, 1, 1, tzinfo=UTC), updated=datetime(999, 2, 3, tzinfo=UTC))),
    "an archive": page(shown(1), chain=Chain("2026-10", "2026-09", "2026-11")),
    "with a past": page(shown(1), chain=Chain(previous="2026-10")),
    "with removed": page(shown(1), removed=(Removed("tag:x,2026:9", NOON, "asked <&>"), Removed("urn:8", NOON))),
    "a site of one name": page(shown(1), title=SITE.title),
    "a podcast": page(
        shown(1), image="https://lwn.example/cover.png", show=Show("serial", False, ("TV & Film", "<&>"))
    ),
    "no author": page(shown(1), site=replace(SITE, author=None, rights=None, hubs=())),
}


@pytest.mark.parametrize("word", FORMATS)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_keeps_the_rules_of_every_format(name: str, word: str) -> None:
    rendered = FORMATS[word](PAGES[name])
    assert rendered.problems == ()
    assert told(word, rendered.body, PAGES[name]) == []


@pytest.mark.parametrize("word", FORMATS)
def test_rendering_twice_gives_the_same_bytes_whatever_was_rendered_between(word: str) -> None:
    first = FORMATS[word](PAGES["full"])
    FORMATS[word](page(*map(shown, range(9, 3, -1)), language="de"))
    copy = page(*(shown(number) for number in range(5)))
    assert FORMATS[word](copy) == first
    assert first.path == f"category/linux/{FILES[word]}"


@pytest.mark.parametrize("word", READERS)
def test_what_was_kept_reads_back_in_its_order(word: str) -> None:
    read = READERS[word](FORMATS[word](PAGES["full"]).body)
    assert [one["id"] for one in read] == [one.id for one in PAGES["full"].shown]
    for found, kept in zip(read, PAGES["full"].shown, strict=True):
        assert (found["title"], found["link"]) == (kept.title, kept.link)
        assert (found["published"], found["updated"]) == (kept.published, kept.updated)


@pytest.mark.parametrize("word", ["rss", "json"])
def test_text_files_and_origin_read_back_too(word: str) -> None:
    (found,) = READERS[word](FORMATS[word](page(shown(1))).body)
    assert found["text"] == shown(1).content + LINE
    assert found["source"] == "LWN & more"
    files = [file.href for file in shown(1).enclosures]
    assert found["enclosures"] == (files if word == "json" else files[:1])  # RSS readers take one; Media RSS has all


def test_rss_has_every_file_and_author_in_the_namespaces_made_for_them() -> None:
    item = etree.fromstring(FORMATS["rss"](page(shown(1))).body).find("channel/item")
    assert item is not None
    assert [one.get("url") for one in item.iter("enclosure")] == ["https://lwn.example/a.mp3"]
    assert [one.get("url") for one in item.iter(f"{rss_rules.MEDIA}content")] == [
        "https://lwn.example/v.mp4",
        "https://lwn.example/b.bin",
    ]
    assert [one.text for one in item.iter(f"{rss_rules.DC}creator")] == ["Jonathan <Corbet>", "Jake"]
    assert item.find("source").attrib == {"url": "https://lwn.example/feed?x=1&y=2"}  # type: ignore[union-attr]
    assert item.findtext("description") == shown(1).summary
    assert [one.get("isPermaLink") for one in item.iter("guid")] == ["false"]


def test_json_feed_says_where_an_entry_comes_from() -> None:
    item = json.loads(FORMATS["json"](page(shown(1))).body)["items"][0]
    assert item["_source"] | {"about": ""} == {
        "about": "",
        "id": "urn:lwn",
        "title": "LWN & more",
        "feed_url": "https://lwn.example/feed?x=1&y=2",
        "home_page_url": "https://lwn.example/",
        "via": "https://lwn.example/feed?x=1&y=2",
        "date_modified": "2026-11-23T08:30:00+00:00",
        "authors": [{"name": "Corbet"}],
        "icon": "https://lwn.example/icon.png",
        "language": "en",
        "rights": "LWN",
    }
    assert item["summary"] == "Linus & friends released rc3."
    assert item["attachments"][0] == {
        "url": "https://lwn.example/a.mp3",
        "mime_type": "audio/mpeg",
        "title": "Listen",
        "size_in_bytes": 123,
    }


def test_dates_of_rss_are_english_whatever_the_locale_and_the_locale_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("the locale of the process was touched")

    monkeypatch.setattr(locale, "setlocale", refuse)
    assert b"<pubDate>Mon, 23 Nov 2026 07:30:00 GMT</pubDate>" in FORMATS["rss"](page(shown(1))).body
    assert rfc822(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=8)))) == "Thu, 01 Jan 2026 19:04:05 GMT"


def test_lists_of_sources_read_back_grouped_by_category() -> None:
    one, two = PAGES["full"], page(path="category/news/", title="News")
    alone = Listed("Alone <&>", "https://alone.example/feed", None, ())
    home = Home(SITE, replace(one, sources=(*one.sources, alone)), (one, two), ())
    rendered = render_list(home)
    assert rendered.path == "sources.opml"
    assert opml_rules.violations(rendered.body) == []
    lwn = ("LWN & more", "https://lwn.example/feed?x=1&y=2")
    assert opml_rules.read_back(rendered.body) == [lwn, lwn, ("Alone <&>", "https://alone.example/feed")]
    assert opml_rules.read_back(FORMATS["opml"](one).body) == [lwn]


def test_a_list_of_sources_has_a_line_for_each_and_leaves_out_what_xml_cannot_hold() -> None:
    broken = Listed("\0", "https://b.example/", None, ())
    whole = Listed("新闻 & more", "https://n.example/", None, ("news",))
    home = Home(SITE, page(sources=(broken,)), (page(title="News", sources=(broken, whole)),), ())
    rendered = render_list(home)
    assert [problem.partition(": ")[0] for problem in rendered.problems] == ["'https://b.example/'"] * 2
    assert rendered.body.decode().splitlines()[-6:] == [
        "<body>",
        '<outline text="News" title="News" category="/linux">',
        '<outline text="新闻 &amp; more" title="新闻 &amp; more" type="rss" xmlUrl="https://n.example/" category="/news"/>',  # noqa: E501
        "</outline>",
        "</body>",
        "</opml>",
    ]
    nothing = render_list(replace(home, categories=()))
    assert nothing.body.decode().splitlines()[-4:] == ["<body>", '<outline text="–"/>', "</body>", "</opml>"]


def test_a_feed_in_a_browser_is_dressed_by_a_sheet_of_the_site_and_readers_do_not_mind() -> None:
    for word in ("atom", "rss"):
        lines = FORMATS[word](PAGES["full"]).body.split(b"\n")
        assert lines[1] == b'<?xml-stylesheet type="text/css" href="https://example.org/planet/feed.css"?>'


# ---------------------------------------------------------------- history and removal


def test_the_documents_of_a_history_are_linked_in_both_directions() -> None:
    feed = etree.fromstring(FORMATS["atom"](PAGES["an archive"]).body)
    links = {link.get("rel"): link.get("href") for link in feed.iterfind(f"{atom_rules.ATOM}link")}
    folder = "https://example.org/planet/category/linux/"
    assert links == {
        "self": f"{folder}archive/2026-10.atom",
        "alternate": folder,
        "current": f"{folder}feed.atom",
        "prev-archive": f"{folder}archive/2026-09.atom",
        "next-archive": f"{folder}archive/2026-11.atom",
    }
    assert feed.find("{http://purl.org/syndication/history/1.0}archive") is not None
    assert feed.findtext(f"{atom_rules.ATOM}id") == f"{folder}feed.atom"
    newest = json.loads(FORMATS["json"](PAGES["with a past"]).body)
    assert newest["next_url"] == f"{folder}archive/2026-10.json"


def test_removed_entries_are_named_as_removed() -> None:
    feed = etree.fromstring(FORMATS["atom"](PAGES["with removed"]).body)
    tombs = feed.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert [dict(tomb.attrib) for tomb in tombs] == [
        {"ref": "tag:x,2026:9", "when": "2026-11-23T08:30:00+00:00"},
        {"ref": "urn:8", "when": "2026-11-23T08:30:00+00:00"},
    ]
    assert tombs[0].findtext("{http://purl.org/atompub/tombstones/1.0}comment") == "asked <&>"


# ---------------------------------------------------------------- poison

TEXTS: list[object] = [
    *(
        "\x00",
        "a\x0bb",
        "\ud800",
        "x\ufffe",
        "\x1b[31m",
        "\x7f",
        "",
        "  ",
        "]]>",
        "<![CDATA[x]]>",
        "&bogus;",
        "{{7*7}}",
    ),
    *("</entry></feed>", "</title>", "<script>x</script>", "\u202e", "\U0010ffff", "a\u2028b", "x" * 70_000, None, 7),
    *(b"x", 1.5, ["x"], True, object(), "‮\u0000", "<?xml version='1.0'?>", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "\r\n"),
]
ADDRESSES: list[object] = [
    *TEXTS,
    *(
        "javascript:alert(1)",
        "data:text/html,x",
        "//x.example/",
        "/relative",
        "http://",
        "ftp://x.example/",
        "http://a b/",
    ),
    *('http://x.example/"><', "http://x.example/\x00", "http://[", "http://x.example:99999/", "HTTP://X.example/%zz"),
    *("http://u:p@x.example/", "mailto:x@example.org", "http://x.example/ü", "http://x.example/#a#b"),
]
MOMENTS: list[object] = [
    *(None, "2026-01-01", 7, NOON.replace(tzinfo=None), NOON.date()),
    *(
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        NOON.astimezone(timezone(timedelta(hours=14))),
    ),
]


def poisons() -> Iterator[tuple[str, object, Shown]]:
    """Entries with one field of each kind spoilt by one hostile value."""
    good = shown(7)
    for name in ("title", "summary", "content", "rights", "attribution", "source_title", "source_page", "language"):
        for value in TEXTS:
            yield name, value, replace(good, **{name: value})
    for name in ("id", "link", "via"):
        for value in ADDRESSES:
            yield name, value, replace(good, **{name: value})
    for name in ("published", "updated"):
        for value in MOMENTS:
            yield name, value, replace(good, **{name: value})
    for name in ("id", "title", "self_url", "html_url", "icon", "language", "rights", "updated"):
        for value in ADDRESSES + MOMENTS:
            if value is None and name in ("self_url", "updated"):
                continue  # a law of ours, but no poison: an entry of somebody else's may know neither
            yield f"origin {name}", value, replace(good, origin=amended(good.origin, **{name: value}))
    for name in ("authors", "terms", "enclosures"):
        for value in (None, (), (None,), ("x",), 7, "text", [7]):
            yield name, value, replace(good, **{name: value})
    for name in ("name", "email", "uri"):
        for value in ADDRESSES:
            person: Any = amended(good.authors[0], **{name: value})
            yield f"author {name}", value, replace(good, authors=(*good.authors, person))
            yield f"only author {name}", value, replace(good, authors=(person,))
            yield f"origin author {name}", value, replace(good, origin=amended(good.origin, authors=(person,)))
    for name in ("term", "scheme", "label"):
        for value in ADDRESSES:
            term: Any = amended(good.terms[0], **{name: value})
            yield f"term {name}", value, replace(good, terms=(*good.terms, term))
            yield f"only term {name}", value, replace(good, terms=(term,))
    for name in ("href", "type", "title", "length"):
        for value in (*ADDRESSES, -1, 2**70, "12"):
            file: Any = amended(good.enclosures[0], **{name: value})
            yield f"file {name}", value, replace(good, enclosures=(file,))
            yield f"second file {name}", value, replace(good, enclosures=(*good.enclosures, file))
            yield f"media {name}", value, replace(good, media=(file,))
    for value in ADDRESSES:
        yield "image", value, replace(good, image=Image(value))  # type: ignore[arg-type]


CASES = list(poisons())


@pytest.mark.parametrize("part", [pytest.param(part, marks=[pytest.mark.slow] * (part > 0)) for part in range(8)])
def test_one_poisonous_entry_is_dropped_and_named_and_all_others_published(part: int) -> None:
    """Whatever a field holds, each format is sound, and holds the others; the poisonous one it holds whole or not."""
    assert len(CASES) > 2000
    before, after = shown(1), shown(2)
    for name, value, poison in CASES[part::8]:
        made = replace(page(before), shown=(before, poison, after))
        for word in ("atom", "rss", "json", "html"):
            rendered = FORMATS[word](replace(made, updated=_newest(made, word)))
            case = f"{name}={value!r:.80} in {word}"
            assert len(rendered.problems) <= 1, case
            if word == "html":
                assert rendered.body.count(b'<article class="entry') == 3 - len(rendered.problems), case
                continue
            assert told(word, rendered.body, made) == [], case
            read = READERS[word](rendered.body)
            assert len(read) == 3 - len(rendered.problems), case
            assert (read[0]["id"], read[-1]["id"]) == (before.id, after.id), case


def _newest(made: Page, word: str) -> datetime:
    """The date that selection would give a page of the entries that this format can write."""
    problems = FORMATS[word](made).problems
    entries = [one for one in made.shown if not problems or one.id in (shown(1).id, shown(2).id)]
    return max(one.updated for one in entries)


def test_two_entries_with_one_id_are_one() -> None:
    for word in READERS:
        rendered = FORMATS[word](page(shown(1), shown(1, title="again"), shown(2)))
        assert [one["id"] for one in READERS[word](rendered.body)] == [shown(1).id, shown(2).id]
        assert len(rendered.problems) == 1


def test_the_shelf_lets_go_of_what_was_not_asked_for_longest() -> None:
    written = list[str]()

    def write(entry: Shown, _: str) -> bytes:
        written.append(entry.id)
        return b"x" * 1000

    shelf = Shelf(write, capacity=7000)
    for number in (1, 2, 1, 3, 1, 4, 1, 2):
        assert shelf.written(shown(number), "") == b"x" * 1000
    ids = [shown(number).id for number in (1, 2, 3, 4, 2)]
    assert written == ids
