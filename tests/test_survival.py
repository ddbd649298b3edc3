"""What a source says survives to the published feed: one row per field and feed format, read with two readers.

Every row is a source of its own on a real web. One run of the program polls them all; then each test looks at its
own row in the published `feed.atom`, once through feedparser and once through lxml.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from atom_rules import house_violations, violations
from conftest import Place
from lxml import etree
from scripted_web import ScriptedWeb

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
BASE_URL = "https://planet.example"
SCHEME = f"{BASE_URL}/category/"

# ---------------------------------------------------------------- documents


def rss(version: str, items: str, channel: str = "", root: str = "") -> str:
    """An RSS document of the family that has `rss` for its root."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="{version}" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:atom="http://www.w3.org/2005/Atom"{root}>
<channel><title>Old Times</title><link>https://site.example/</link><description>All of it</description>{channel}{items}
</channel></rss>"""


def rss2(item: str, channel: str = "", root: str = "") -> str:
    """An RSS 2.0 document of one item."""
    return rss("2.0", f"<item>{item}</item>", channel, root)


def rss10(item: str, channel: str = "", about: str = "https://site.example/1") -> str:
    """An RSS 1.0 (RDF) document of one item."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
         xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel rdf:about="https://site.example/feed.rdf"><title>RDF Site</title><link>https://site.example/</link>
<description>d</description>{channel}<items><rdf:Seq><rdf:li rdf:resource="{about}"/></rdf:Seq></items></channel>
<item rdf:about="{about}">{item}</item></rdf:RDF>"""


def atom03(entry: str, feed: str = "", root: str = "") -> str:
    """An Atom 0.3 document of one entry."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed version="0.3" xmlns="http://purl.org/atom/ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"{root}>
<title>Atom Past</title><link rel="alternate" type="text/html" href="https://site.example/"/>
<id>tag:site.example,2003:feed</id><modified>2003-12-13T18:30:02Z</modified>{feed}<entry>{entry}</entry></feed>"""


def atom(entry: str, feed: str = "", root: str = "") -> str:
    """An Atom 1.0 document of one entry."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"{root}><title>Atom Now</title><link href="https://site.example/"/>
<link rel="self" href="https://site.example/feed.atom"/><id>urn:feed:now</id><updated>2010-01-01T00:00:00Z</updated>
{feed}<entry>{entry}</entry></feed>"""


def cdf(item: str, channel: str = "") -> str:
    """A CDF document."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<CHANNEL HREF="https://site.example/" LASTMOD="1998-11-05T22:15">{channel}<TITLE>Channels</TITLE>
<ABSTRACT>What there was before RSS</ABSTRACT>{item}</CHANNEL>"""


# ---------------------------------------------------------------- what is expected


class Minted:
    """Equal to an id of ours: a `tag:` URI under our own authority."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and bool(
            re.fullmatch(r"tag:planet\.example,\d{4}-\d\d-\d\d:[a-z0-9-]+/[0-9a-f]{24}", other)
        )

    __hash__ = None  # type: ignore[assignment]


class FirstSight:
    """Equal to the moment of the first poll."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime) and STARTED - timedelta(seconds=1) <= other <= datetime.now(UTC)

    __hash__ = None  # type: ignore[assignment]


STARTED = datetime.now(UTC)
MINTED, FIRST_SIGHT = Minted(), FirstSight()


def utc(text: str) -> datetime:
    """A moment, written as RFC 3339."""
    return datetime.fromisoformat(text).astimezone(UTC)


@dataclass(frozen=True)
class Row:
    """A document and what must come out of it; `source` holds more keys of its source in the config."""

    name: str
    document: str
    expected: dict[str, Any]
    source: dict[str, Any] = field(default_factory=dict)


def who(name: str, email: str | None = None, uri: str | None = None) -> tuple[str, str | None, str | None]:
    """An author."""
    return (name, email, uri)


def term(name: str, scheme: str | None = None, label: str | None = None) -> tuple[str, str | None, str | None]:
    """A category of the source's own."""
    return (name, scheme, label)


def file(
    href: str, kind: str | None = None, length: str | None = None, title: str | None = None
) -> tuple[str, str | None, str | None, str | None]:
    """An enclosure."""
    return (href, kind, length, title)


# One document per format that says everything its format can say, and every field that must come through.
WHOLE: dict[str, tuple[str, dict[str, Any]]] = {
    "RSS 0.91": (
        rss(
            "0.91",
            "<item><title>First &amp; last</title><link>https://site.example/091?a=1&amp;b=2</link>"
            "<description>Plain words</description></item>",
            "<language>en-gb</language><copyright>© Old Times</copyright>"
            "<managingEditor>ed@site.example (Ed Itor)</managingEditor>"
            "<image><title>i</title><url>https://site.example/logo.png</url><link>https://site.example/</link></image>"
            "<pubDate>Wed, 02 Oct 2002 08:00:00 EST</pubDate>",
        ),
        {
            "id": MINTED,
            "title": "First & last",
            "link": "https://site.example/091?a=1&b=2",
            "published": FIRST_SIGHT,
            "updated": FIRST_SIGHT,
            "authors": [who("Ed Itor", "ed@site.example")],
            "terms": [],
            "enclosures": [],
            "language": "en-gb",
            "rights": "© Old Times",
            "text": "Plain words",
            "source_title": "Old Times",
            "source_page": "https://site.example/",
            "source_icon": "https://site.example/logo.png",
            "source_rights": "© Old Times",
            "source_language": "en-gb",
            "source_authors": [who("Ed Itor", "ed@site.example")],
            "source_updated": utc("2002-10-02T13:00:00Z"),
        },
    ),
    "RSS 0.92": (
        rss(
            "0.92",
            "<item><title>Song</title><link>https://site.example/092</link><description>&lt;b&gt;Bold&lt;/b&gt;"
            "</description><category domain='https://terms.example/'>Music/Rock</category><category>live</category>"
            "<enclosure url='https://site.example/s.mp3' length='1069871' type='audio/mpeg'/>"
            "<source url='https://first.example/rss.xml'>The First</source></item>",
        ),
        {
            "id": MINTED,
            "title": "Song",
            "link": "https://site.example/092",
            "published": FIRST_SIGHT,
            "authors": [who("The First")],
            "terms": [term("Music/Rock", "https://terms.example/"), term("live")],
            "enclosures": [file("https://site.example/s.mp3", "audio/mpeg", "1069871")],
            "language": "en",
            "rights": None,
            "text": "<b>Bold</b>",
            "source_id": "https://first.example/rss.xml",
            "source_title": "The First",
            "source_self": "https://first.example/rss.xml",
        },
    ),
    "RSS 1.0": (
        rss10(
            "<title>Meerkat</title><link>https://site.example/rdf/1</link><description>Short</description>"
            "<content:encoded>&lt;p&gt;Long &lt;em&gt;text&lt;/em&gt;&lt;/p&gt;</content:encoded>"
            "<dc:creator>Rael Dornfest</dc:creator><dc:creator>Second Author</dc:creator>"
            "<dc:date>2000-06-08T15:25:55+02:00</dc:date><dc:subject>XML</dc:subject><dc:subject>RDF</dc:subject>"
            "<dc:language>de</dc:language><dc:rights>Copyright © 2000 Rael</dc:rights>",
            "<dc:language>en-us</dc:language><dc:rights>© RDF Site</dc:rights><dc:date>2000-06-08T20:00Z</dc:date>",
            about="https://site.example/rdf/1#this",
        ),
        {
            "id": "https://site.example/rdf/1#this",
            "title": "Meerkat",
            "link": "https://site.example/rdf/1",
            "published": utc("2000-06-08T13:25:55Z"),
            "updated": utc("2000-06-08T13:25:55Z"),
            "authors": [who("Rael Dornfest"), who("Second Author")],
            "terms": [term("XML"), term("RDF")],
            "language": "de",
            "rights": "Copyright © 2000 Rael",
            "summary": "Short",
            "content": "<p>Long <em>text</em></p>",
            "source_title": "RDF Site",
            "source_language": "en-us",
            "source_rights": "© RDF Site",
            "source_updated": utc("2000-06-08T20:00:00Z"),
        },
    ),
    "RSS 2.0": (
        rss2(
            "<title>Venice Film Festival</title><link>https://site.example/20</link>"
            "<guid isPermaLink='false'>urn:item:20</guid><pubDate>Sun, 19 May 2002 15:21:36 +0200</pubDate>"
            "<author>lawyer@boyer.example (Lawyer Boyer)</author><category domain='https://terms.example/'>Film"
            "</category><description>Short</description><content:encoded>&lt;p&gt;Long&lt;/p&gt;</content:encoded>"
            "<enclosure url='https://site.example/a.ogg' length='12216320' type='audio/ogg'/>",
            "<language>it</language><copyright>© 2002</copyright><lastBuildDate>Mon, 20 May 2002 00:00:00 GMT"
            "</lastBuildDate><atom:link rel='self' href='https://site.example/elsewhere.rss'/>",
        ),
        {
            "id": "urn:item:20",
            "title": "Venice Film Festival",
            "link": "https://site.example/20",
            "published": utc("2002-05-19T13:21:36Z"),
            "updated": utc("2002-05-19T13:21:36Z"),
            "authors": [who("Lawyer Boyer", "lawyer@boyer.example")],
            "terms": [term("Film", "https://terms.example/")],
            "enclosures": [file("https://site.example/a.ogg", "audio/ogg", "12216320")],
            "language": "it",
            "rights": "© 2002",
            "summary": "Short",
            "content": "<p>Long</p>",
            "source_title": "Old Times",
            "source_page": "https://site.example/",
            "source_updated": utc("2002-05-20T00:00:00Z"),
        },
    ),
    "Atom 0.3": (
        atom03(
            "<title>Atom snapshot</title><link rel='alternate' type='text/html' href='https://site.example/03'/>"
            "<id>tag:site.example,2003:3.2397</id><issued>2003-12-13T08:29:29-04:00</issued>"
            "<modified>2003-12-13T18:30:02Z</modified><author><name>Mark</name><url>https://mark.example/</url>"
            "<email>mark@site.example</email></author><dc:subject>specs</dc:subject>"
            "<summary type='text/plain'>Some text</summary>"
            "<content type='text/html' mode='escaped'>&lt;p&gt;All &lt;i&gt;of it&lt;/i&gt;&lt;/p&gt;</content>",
            "<copyright>© 2003 Mark</copyright>",
            " xml:lang='en-au'",
        ),
        {
            "id": "tag:site.example,2003:3.2397",
            "title": "Atom snapshot",
            "link": "https://site.example/03",
            "published": utc("2003-12-13T12:29:29Z"),
            "updated": utc("2003-12-13T18:30:02Z"),
            "authors": [who("Mark", "mark@site.example", "https://mark.example/")],
            "terms": [term("specs")],
            "language": "en-au",
            "rights": "© 2003 Mark",
            "summary": "<p>Some text</p>",
            "content": "<p>All <i>of it</i></p>",
            "source_id": "tag:site.example,2003:feed",
            "source_title": "Atom Past",
            "source_page": "https://site.example/",
            "source_updated": utc("2003-12-13T18:30:02Z"),
        },
    ),
    "Atom 1.0": (
        atom(
            "<title>Robots</title><link href='https://site.example/10'/><id>urn:entry:10</id>"
            "<published>2005-07-31T12:29:29-04:00</published><updated>2005-07-31T18:29:29Z</updated>"
            "<author><name>Ada</name><uri>https://ada.example/</uri><email>ada@site.example</email></author>"
            "<author><name>Bob</name></author><category term='ai' scheme='https://terms.example/' label='Thinking'/>"
            "<category term='steel'/><link rel='enclosure' type='video/mp4' length='77' href='https://site.example/v'"
            " title='The film'/><rights>CC0</rights><summary>Some</summary>"
            "<content type='html'>&lt;p&gt;All&lt;/p&gt;</content>",
            "<rights>© Atom Now</rights><icon>https://site.example/i.png</icon>"
            "<author><name>Feed Author</name></author>",
            " xml:lang='fr'",
        ),
        {
            "id": "urn:entry:10",
            "title": "Robots",
            "link": "https://site.example/10",
            "published": utc("2005-07-31T16:29:29Z"),
            "updated": utc("2005-07-31T18:29:29Z"),
            "authors": [who("Ada", "ada@site.example", "https://ada.example/"), who("Bob")],
            "terms": [term("ai", "https://terms.example/", "Thinking"), term("steel")],
            "enclosures": [file("https://site.example/v", "video/mp4", "77", "The film")],
            "language": "fr",
            "rights": "CC0",
            "summary": "<p>Some</p>",
            "content": "<p>All</p>",
            "source_id": "urn:feed:now",
            "source_title": "Atom Now",
            "source_page": "https://site.example/",
            "source_icon": "https://site.example/i.png",
            "source_rights": "© Atom Now",
            "source_language": "fr",
            "source_authors": [who("Feed Author")],
            "source_updated": utc("2010-01-01T00:00:00Z"),
        },
    ),
    "CDF": (
        cdf(
            '<ITEM HREF="https://site.example/cdf" LASTMOD="1998-11-05T22:15:30">'
            "<TITLE>Old news</TITLE><ABSTRACT>From the last century</ABSTRACT></ITEM>"
        ),
        {
            "id": MINTED,
            "title": "Old news",
            "link": "https://site.example/cdf",
            "published": utc("1998-11-05T22:15:30Z"),
            "updated": utc("1998-11-05T22:15:30Z"),
            "authors": [who("Channels")],
            "text": "<p>From the last century</p>",
            "source_title": "Channels",
            "source_page": "https://site.example/",
            "source_updated": utc("1998-11-05T22:15:00Z"),
        },
    ),
}

# ---------------------------------------------------------------- rows: dates


def dated(text: str) -> str:
    """An RSS item with this date."""
    return rss2(f"<title>Dated</title><link>https://site.example/dated</link><pubDate>{text}</pubDate>")


DATES: dict[str, str] = {
    # RFC 822, and what becomes of it
    "Mon, 02 Jan 2006 15:04:05 GMT": "2006-01-02T15:04:05Z",
    "Mon, 02 Jan 2006 15:04:05 +0800": "2006-01-02T07:04:05Z",
    "Mon, 02 Jan 2006 15:04:05 -0330": "2006-01-02T18:34:05Z",
    "Mon, 02 Jan 2006 15:04:05 -0000": "2006-01-02T15:04:05Z",
    "Mon, 2 Jan 2006 15:04 EST": "2006-01-02T20:04:00Z",
    "02 Jan 06 15:04:05 UT": "2006-01-02T15:04:05Z",
    "Mon, 02 Jan 2006 15:04:05 PDT": "2006-01-02T22:04:05Z",
    "Mon, 02 Jan 2006 15:04:05 CET": "2006-01-02T14:04:05Z",
    "Sun, 02 Jul 2006 15:04:05 CEST": "2006-07-02T13:04:05Z",
    "Mon, 02 Jan 2006 15:04:05 JST": "2006-01-02T06:04:05Z",
    "Mon, 02 Jan 2006 15:04:05": "2006-01-02T15:04:05Z",
    "Mon, 02 Jan 2006": "2006-01-02T00:00:00Z",
    "Monday, 02 January 2006 15:04:05 GMT": "2006-01-02T15:04:05Z",
    # RFC 3339, and its neighbours
    "2006-01-02T15:04:05Z": "2006-01-02T15:04:05Z",
    "2006-01-02t15:04:05z": "2006-01-02T15:04:05Z",
    "2006-01-02T15:04:05.678+08:00": "2006-01-02T07:04:05Z",
    "2006-01-02T15:04:05.999999999Z": "2006-01-02T15:04:05Z",
    "2006-01-02T15:04:05+05:30": "2006-01-02T09:34:05Z",
    "2006-01-02T15:04:05+0530": "2006-01-02T09:34:05Z",
    "2006-01-02T15:04:05-09:30": "2006-01-03T00:34:05Z",
    "2006-01-02T15:04Z": "2006-01-02T15:04:00Z",
    "2006-01-02 15:04:05": "2006-01-02T15:04:05Z",
    "2006-01-02 15:04:05 +0800": "2006-01-02T07:04:05Z",
    "20060102T150405Z": "2006-01-02T15:04:05Z",
    "2006-01-02": "2006-01-02T00:00:00Z",
    # what people write by hand
    "2006/01/02 15:04:05": "2006-01-02T15:04:05Z",
    "2006/1/2": "2006-01-02T00:00:00Z",
    "2006年1月2日 15:04:05": "2006-01-02T15:04:05Z",
    "2006年01月02日": "2006-01-02T00:00:00Z",
    "January 2, 2006 3:04 PM": "2006-01-02T15:04:00Z",
    "Mon Jan 02 15:04:05 2006": "2006-01-02T15:04:05Z",
}
NO_DATES = [
    "",
    "yesterday",
    "15:04:05",
    "T15:04",
    "10:30 Monday",
    "--01-02",
    "-06",
    "---02",
    "0000-00-00T00:00:00Z",
    "Mon, 32 Foo 2006 99:99:99 GMT",
    "1136214245000000000000",
]

# ---------------------------------------------------------------- rows: everything else


def entry(words: str) -> str:
    """An Atom entry with what one must have."""
    return f"<title>T</title><updated>2010-01-01T00:00:00Z</updated>{words}"


ROWS = [
    # dates
    Row(
        "an entry without a date is dated at first sight",
        rss2("<title>Undated</title><link>https://site.example/undated</link>"),
        {"published": FIRST_SIGHT, "updated": FIRST_SIGHT},
    ),
    Row(
        "a date in the future is clamped to first sight",
        dated("Fri, 01 Jan 2100 00:00:00 GMT"),
        {"published": FIRST_SIGHT, "updated": FIRST_SIGHT},
    ),
    Row(
        "an update in the future is clamped and the past date of publication stays",
        atom(
            "<title>T</title><id>urn:clamped</id><link href='https://site.example/clamped'/>"
            "<published>2001-02-03T04:05:06Z</published><updated>2100-01-01T00:00:00Z</updated>"
        ),
        {"published": utc("2001-02-03T04:05:06Z"), "updated": FIRST_SIGHT},
    ),
    Row(
        "an Atom entry that was only updated is published then",
        atom(entry("<id>urn:only-updated</id><link href='https://site.example/only-updated'/>")),
        {"published": utc("2010-01-01T00:00:00Z"), "updated": utc("2010-01-01T00:00:00Z")},
    ),
    Row(
        "dc:date dates an RSS 2.0 item",
        rss2("<title>T</title><link>https://site.example/dc</link><dc:date>2007-08-09T10:11:12Z</dc:date>"),
        {"published": utc("2007-08-09T10:11:12Z")},
    ),
    Row(
        "a naive date is read in the source's zone",
        dated("2006-07-02 15:04:05"),
        {"published": utc("2006-07-02T13:04:05Z")},
        {"timezone": "Europe/Berlin"},
    ),
    Row(
        "a date with a zone keeps it whatever the source's zone is",
        dated("Mon, 02 Jan 2006 15:04:05 EST"),
        {"published": utc("2006-01-02T20:04:05Z")},
        {"timezone": "Europe/Berlin"},
    ),
    Row(
        "a zone abbreviation that nobody knows leaves the word to the source's zone",
        dated("Mon, 02 Jan 2006 15:04:05 XQT"),
        {"published": utc("2006-01-02T14:04:05Z")},
        {"timezone": "Europe/Berlin"},
    ),
    # ids
    Row(
        "a urn stays the id",
        atom(entry("<id>urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a</id><link href='https://site.example/urn'/>")),
        {"id": "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"},
    ),
    Row(
        "a tag URI stays the id",
        atom(entry("<id>tag:site.example,2005:post/1</id><link href='https://site.example/tag'/>")),
        {"id": "tag:site.example,2005:post/1"},
    ),
    Row(
        "an http id stays as it was written, letter by letter",
        atom(entry("<id>http://Site.Example:80/a%7eb/../c?x=1&amp;y=é#f</id><link href='https://site.example/http'/>")),
        {"id": "http://Site.Example:80/a%7eb/../c?x=1&y=é#f"},
    ),
    Row(
        "a permalink guid is id and link",
        rss2("<title>T</title><guid isPermaLink='true'>https://site.example/permalink</guid>"),
        {"id": "https://site.example/permalink", "link": "https://site.example/permalink"},
    ),
    Row(
        "a guid is a permalink when nothing is said",
        rss2("<title>T</title><guid>https://site.example/silent-permalink</guid>"),
        {"id": "https://site.example/silent-permalink", "link": "https://site.example/silent-permalink"},
    ),
    Row(
        "a guid that is no permalink is the id, and no link",
        rss2("<title>T</title><guid isPermaLink='false'>https://site.example/?p=123</guid>"),
        {"id": "https://site.example/?p=123", "link": "https://site.example/"},
    ),
    Row(
        "a link beside a permalink guid wins as the link",
        rss2("<title>T</title><guid>https://site.example/guid-2</guid><link>https://site.example/link-2</link>"),
        {"id": "https://site.example/guid-2", "link": "https://site.example/link-2"},
    ),
    Row(
        "a guid that is no IRI is replaced by a minted id, and is no link",
        rss2("<title>T</title><guid>12345</guid>"),
        {"id": MINTED, "link": "https://site.example/"},
    ),
    Row(
        "a guid with blanks is replaced by a minted id",
        rss2("<title>T</title><guid isPermaLink='false'>post 5 of Ada</guid><link>https://site.example/blanks</link>"),
        {"id": MINTED, "link": "https://site.example/blanks"},
    ),
    Row(
        "a javascript id is replaced by a minted id",
        rss2("<title>T</title><guid>javascript:alert(1)</guid><link>https://site.example/js</link>"),
        {"id": MINTED, "link": "https://site.example/js"},
    ),
    Row(
        "a relative id is not resolved",
        atom(entry("<id>post/7</id><link href='https://site.example/relative-id'/>")),
        {"id": MINTED},
    ),
    Row(
        "a relative id is not resolved at xml:base either",
        atom(
            entry("<id>post/8</id><link href='https://site.example/relative-id-8'/>"),
            root=" xml:base='https://base.example/'",
        ),
        {"id": MINTED},
    ),
    Row(
        "an id with blanks around is the id without",
        atom(entry("<id>\n  urn:blank:around  \n</id><link href='https://site.example/around'/>")),
        {"id": "urn:blank:around"},
    ),
    # links
    Row(
        "a relative link hangs on xml:base",
        atom(entry("<id>urn:l:1</id><link href='a/1.html'/>"), root=" xml:base='https://base.example/blog/'"),
        {"link": "https://base.example/blog/a/1.html"},
    ),
    Row(
        "an inner xml:base hangs on the outer",
        atom(entry("<id>urn:l:2</id><link xml:base='2010/' href='x'/>"), root=" xml:base='https://base.example/blog/'"),
        {"link": "https://base.example/blog/2010/x"},
    ),
    Row(
        "a relative link without a base hangs on the site",
        rss2("<title>T</title><link>/posts/1?a=b#c</link>"),
        {"link": "https://site.example/posts/1?a=b#c"},
    ),
    Row(
        "a protocol-relative link takes the scheme of the site",
        rss2("<title>T</title><link>//cdn.example/x</link>"),
        {"link": "https://cdn.example/x"},
    ),
    Row(
        "of several links the alternate page is the link",
        atom(
            entry(
                "<id>urn:l:3</id><link rel='edit' href='https://site.example/edit'/>"
                "<link rel='alternate' type='application/json' href='https://site.example/json'/>"
                "<link rel='alternate' type='text/html' href='https://site.example/page'/>"
                "<link rel='self' href='https://site.example/self'/>"
            )
        ),
        {"link": "https://site.example/page"},
    ),
    Row(
        "letters beyond ASCII and blanks in a link are escaped, for strict readers take URIs",
        rss2("<title>T</title><link>https://site.example/é 新?q=a b</link>"),
        {"link": "https://site.example/%C3%A9%20%E6%96%B0?q=a%20b"},
    ),
    Row(
        "a link of another scheme is replaced by the site's page",
        rss2("<title>T</title><link>javascript:alert(1)</link>"),
        {"link": "https://site.example/"},
    ),
    Row(
        "user name and password in a link are not passed on",
        rss2("<title>T</title><link>https://u:p@site.example/secret</link>"),
        {"link": "https://site.example/secret"},
    ),
    Row(
        "an entry without a link leads to its enclosure",
        rss2("<title>T</title><enclosure url='https://site.example/only.mp3' length='1' type='audio/mpeg'/>"),
        {"link": "https://site.example/only.mp3"},
    ),
    # enclosures
    Row(
        "several enclosures keep their order, types and lengths",
        rss2(
            "<title>T</title><link>https://site.example/several</link>"
            "<enclosure url='https://site.example/1.mp3' length='1' type='audio/mpeg'/>"
            "<enclosure url='https://site.example/2.mp4' length='22' type='video/mp4'/>"
            "<enclosure url='https://site.example/3.pdf' length='333' type='application/pdf'/>"
        ),
        {
            "enclosures": [
                file("https://site.example/1.mp3", "audio/mpeg", "1"),
                file("https://site.example/2.mp4", "video/mp4", "22"),
                file("https://site.example/3.pdf", "application/pdf", "333"),
            ]
        },
    ),
    Row(
        "a relative enclosure is made absolute",
        rss2(
            "<title>T</title><link>https://site.example/rel</link>"
            "<enclosure url='/files/a b.mp3' length='5' type='audio/mpeg'/>"
        ),
        {"enclosures": [file("https://site.example/files/a%20b.mp3", "audio/mpeg", "5")]},
    ),
    Row(
        "an enclosure that does not say type or length gets none",
        atom(
            entry(
                "<id>urn:e:1</id><link href='https://site.example/untyped'/>"
                "<link rel='enclosure' href='https://site.example/untyped.mp3'/>"
            )
        ),
        {"enclosures": [file("https://site.example/untyped.mp3")]},
    ),
    Row(
        "a length that is no number is left out, and so are the parameters of a type",
        rss2(
            "<title>T</title><link>https://site.example/odd</link>"
            "<enclosure url='https://site.example/odd.mp4' length='about 5' type='video/mp4; codecs=\"avc1\"'/>"
        ),
        {"enclosures": [file("https://site.example/odd.mp4", "video/mp4")]},
    ),
    Row(
        "the same file twice is one enclosure",
        rss2(
            "<title>T</title><link>https://site.example/twice</link>"
            "<enclosure url='https://site.example/t.mp3' length='1' type='audio/mpeg'/>"
            "<enclosure url='https://site.example/t.mp3' length='1' type='audio/mpeg'/>"
        ),
        {"enclosures": [file("https://site.example/t.mp3", "audio/mpeg", "1")]},
    ),
    # authors
    Row(
        "dc:creator is the author of an RSS 2.0 item",
        rss2("<title>T</title><link>https://site.example/dcc</link><dc:creator>Grace Hopper</dc:creator>"),
        {"authors": [who("Grace Hopper")]},
    ),
    Row(
        "an RSS author of nothing but an address is named by its first part",
        rss2("<title>T</title><link>https://site.example/mail</link><author>grace@navy.example</author>"),
        {"authors": [who("grace", "grace@navy.example")]},
    ),
    Row(
        "an RSS author in the manner of mail is taken apart",
        rss2("<title>T</title><link>https://site.example/mail2</link><author>Grace &lt;g@navy.example&gt;</author>"),
        {"authors": [who("Grace", "g@navy.example")]},
    ),
    Row(
        "an entry without an author is by the feed's",
        atom(
            entry("<id>urn:a:1</id><link href='https://site.example/feed-author'/>"),
            "<author><name>House Writer</name><email>house@site.example</email><uri>/about</uri></author>",
        ),
        {"authors": [who("House Writer", "house@site.example", "https://site.example/about")]},
    ),
    Row(
        "an entry of a feed without authors is by the feed itself",
        atom(entry("<id>urn:a:2</id><link href='https://site.example/no-author'/>")),
        {"authors": [who("Atom Now")]},
    ),
    Row(
        "a source title of the operator's names the author where nobody else does",
        atom(entry("<id>urn:a:3</id><link href='https://site.example/no-author-3'/>")),
        {"authors": [who("Called Otherwise")], "source_title": "Called Otherwise"},
        {"title": "Called Otherwise"},
    ),
    Row(
        "an author's address that is no web address is left out and the name stays",
        atom(
            entry(
                "<id>urn:a:4</id><link href='https://site.example/bad-uri'/>"
                "<author><name>Mallory</name><uri>javascript:alert(1)</uri><email>no mail</email></author>"
            )
        ),
        {"authors": [who("Mallory")]},
    ),
    # categories
    Row(
        "terms keep their scheme and label, and ours comes first with both",
        atom(
            entry(
                "<id>urn:c:1</id><link href='https://site.example/terms'/>"
                "<category term='x' scheme='urn:scheme' label='The X'/><category term='编程'/>"
            )
        ),
        {"ours": [term("rows", SCHEME, "Rows")], "terms": [term("x", "urn:scheme", "The X"), term("编程")]},
    ),
    Row(
        "a scheme that is no IRI is left out and its term stays",
        rss2("<title>T</title><link>https://site.example/dom</link><category domain='Top Level'>news</category>"),
        {"terms": [term("news")]},
    ),
    Row(
        "an entry of two categories is in both",
        rss2("<title>T</title><link>https://site.example/both</link>"),
        {"ours": [term("rows", SCHEME, "Rows"), term("second", SCHEME, "second")]},
        {"category": ["rows", "second"]},
    ),
    # languages
    Row(
        "xml:lang of an entry wins over that of the feed",
        atom(
            "<title>T</title><updated>2010-01-01T00:00:00Z</updated><id>urn:lang:1</id>"
            "<link href='https://site.example/lang1'/>",
            root=" xml:lang='fr'",
        ).replace("<entry>", "<entry xml:lang='pt-BR'>"),
        {"language": "pt-BR", "source_language": "fr"},
    ),
    Row(
        "an RSS language is that of its items",
        rss2("<title>T</title><link>https://site.example/lang2</link>", "<language>de-ch</language>"),
        {"language": "de-ch", "source_language": "de-ch"},
    ),
    Row(
        "dc:language of an item wins over the channel's",
        rss2(
            "<title>T</title><link>https://site.example/lang3</link><dc:language>ja</dc:language>",
            "<language>de</language>",
        ),
        {"language": "ja", "source_language": "de"},
    ),
    Row(
        "an underscore in a language is a hyphen",
        rss2("<title>T</title><link>https://site.example/lang4</link>", "<language>zh_CN</language>"),
        {"language": "zh-CN", "source_language": "zh-CN"},
    ),
    Row(
        "a language that is none is left out",
        rss2("<title>T</title><link>https://site.example/lang5</link>", "<language>English (US)</language>"),
        {"language": "en", "source_language": None},
    ),
    # rights
    Row(
        "rights of the entry win over those of the feed",
        atom(
            entry("<id>urn:r:1</id><link href='https://site.example/r1'/><rights>Entry's own</rights>"),
            "<rights>Feed's own</rights>",
        ),
        {"rights": "Entry's own", "source_rights": "Feed's own"},
    ),
    Row(
        "rights of the feed stand where the entry says nothing",
        atom(
            entry("<id>urn:r:2</id><link href='https://site.example/r2'/>"),
            "<rights type='html'>&amp;copy; &lt;b&gt;Feed&lt;/b&gt;</rights>",
        ),
        {"rights": "© Feed", "source_rights": "© Feed"},
    ),
    Row(
        "rights in the config win over everything",
        atom(
            entry("<id>urn:r:3</id><link href='https://site.example/r3'/><rights>Entry's own</rights>"),
            "<rights>Feed's own</rights>",
        ),
        {"rights": "CC-BY-4.0", "source_rights": "CC-BY-4.0"},
        {"rights": "CC-BY-4.0"},
    ),
    # source
    Row(
        "an entry that carried a source keeps it and says by whom it came",
        atom(
            entry(
                "<id>urn:s:1</id><link href='https://first.example/1'/>"
                "<source><id>urn:first</id><title>First Hand</title><updated>2009-09-09T09:09:09Z</updated>"
                "<link rel='self' href='https://first.example/feed'/><link href='https://first.example/'/>"
                "<author><name>First Author</name></author><rights>First rights</rights>"
                "<icon>https://first.example/i.png</icon></source>"
            )
        ),
        {
            "title": "T",
            "link": "https://first.example/1",
            "authors": [who("First Author")],
            "rights": "First rights",
            "source_id": "urn:first",
            "source_title": "First Hand",
            "source_self": "https://first.example/feed",
            "source_page": "https://first.example/",
            "source_icon": "https://first.example/i.png",
            "source_rights": "First rights",
            "source_authors": [who("First Author")],
            "source_updated": utc("2009-09-09T09:09:09Z"),
        },
    ),
    Row(
        "a source that stands first does not lend its title and id to the entry",
        atom(
            "<source><id>urn:front</id><title>In Front</title><updated>2009-09-09T09:09:09Z</updated></source>"
            + entry("<id>urn:s:2</id><link href='https://site.example/s2'/>")
        ),
        {"id": "urn:s:2", "title": "T", "source_id": "urn:front", "source_title": "In Front"},
    ),
    Row(
        "an RSS source is kept",
        rss2(
            "<title>T</title><link>https://site.example/s3</link>"
            "<source url='https://first.example/rss'>First RSS</source>"
        ),
        {
            "source_id": "https://first.example/rss",
            "source_title": "First RSS",
            "source_self": "https://first.example/rss",
        },
    ),
    Row(
        "title and page of a source in the config win over the feed's",
        rss2("<title>T</title><link>https://site.example/s4</link>"),
        {"source_title": "My Name For It", "source_page": "https://mine.example/"},
        {"title": "My Name For It", "html_url": "https://mine.example/"},
    ),
    Row(
        "a public address stands in for a secret one everywhere",
        rss2("<title>T</title><link>https://site.example/s5</link>"),
        {
            "via": "https://public.example/feed",
            "source_self": "https://public.example/feed",
            "source_id": "https://public.example/feed",
        },
        {"public_url": "https://public.example/feed"},
    ),
    # titles
    Row(
        "an HTML title becomes plain text",
        atom(
            "<title type='html'>&lt;b&gt;Fish &amp;amp; chips&lt;/b&gt; 1 &amp;lt; 2</title><id>urn:t:1</id>"
            "<updated>2010-01-01T00:00:00Z</updated><link href='https://site.example/t1'/>"
        ),
        {"title": "Fish & chips 1 < 2"},
    ),
    Row(
        "an XHTML title becomes plain text",
        atom(
            "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Less <em>is</em> more &amp; 1 &lt; 2</div>"
            "</title><id>urn:t:2</id><updated>2010-01-01T00:00:00Z</updated><link href='https://site.example/t2'/>"
        ),
        {"title": "Less is more & 1 < 2"},
    ),
    Row(
        "a text title that looks like HTML stays as it is",
        atom(
            "<title>How to use &lt;b&gt;bold&lt;/b&gt; &amp;amp; more</title><id>urn:t:3</id>"
            "<updated>2010-01-01T00:00:00Z</updated><link href='https://site.example/t3'/>"
        ),
        {"title": "How to use <b>bold</b> &amp; more"},
    ),
    Row(
        "a double escaped RSS title is read once more",
        rss2(
            "<title>Fish &amp;amp; chips&amp;#8217; &lt;i&gt;price&lt;/i&gt;</title><link>https://site.example/t4</link>"
        ),
        {"title": "Fish & chips’ price"},
    ),
    Row(
        "a title in CDATA is read",
        rss2("<title><![CDATA[Fish & chips, 1 < 2]]></title><link>https://site.example/t5</link>"),
        {"title": "Fish & chips, 1 < 2"},
    ),
    Row(
        "a title over several lines is one line",
        rss2("<title>\n   Over\n\t several   lines\n</title><link>https://site.example/t6</link>"),
        {"title": "Over several lines"},
    ),
    Row(
        "a missing title is the beginning of the text",
        rss2("<link>https://site.example/t7</link><description>&lt;p&gt;Just a note.&lt;/p&gt;</description>"),
        {"title": "Just a note."},
    ),
    Row(
        "without title and text the address gives the name",
        rss2("<link>https://site.example/posts/a-nice-day/</link>"),
        {"title": "a nice day"},
    ),
    Row(
        "the title of an image in an item is not the item's",
        rss2(
            "<title>Item's own &amp;amp; only</title><link>https://site.example/t8</link>"
            "<image><title>Image's</title><url>https://site.example/i.gif</url></image>"
        ),
        {"title": "Item's own & only"},
    ),
    # content and summary
    Row(
        "one description is the summary and there is no content",
        rss2("<title>T</title><link>https://site.example/x1</link><description>&lt;p&gt;One&lt;/p&gt;</description>"),
        {"summary": "<p>One</p>", "content": ""},
    ),
    Row(
        "content alone stays content",
        atom(
            entry(
                "<id>urn:x:2</id><link href='https://site.example/x2'/>"
                "<content type='html'>&lt;p&gt;C&lt;/p&gt;</content>"
            )
        ),
        {"summary": "", "content": "<p>C</p>"},
    ),
    Row(
        "of several contents the one in HTML is shown, and none is the summary",
        atom(
            entry(
                "<id>urn:x:22</id><link href='https://site.example/x22'/><content type='text'>plain</content>"
                "<content type='html'>&lt;p&gt;rich&lt;/p&gt;</content>"
            )
        ),
        {"summary": "", "content": "<p>rich</p>"},
    ),
    Row(
        "XHTML content keeps its markup",
        atom(
            entry(
                "<id>urn:x:3</id><link href='https://site.example/x3'/><content type='xhtml'>"
                "<div xmlns='http://www.w3.org/1999/xhtml'><p>A <strong>strong</strong> word &amp; 1 &lt; 2</p></div>"
                "</content>"
            )
        ),
        {"content": "<p>A <strong>strong</strong> word &amp; 1 &lt; 2</p>"},
    ),
    Row(
        "plain text content is no markup",
        atom(
            entry(
                "<id>urn:x:4</id><link href='https://site.example/x4'/>"
                "<content type='text'>if a &lt;b&gt; then\n\nc &amp; d</content>"
            )
        ),
        {"content": "<p>if a &lt;b&gt; then</p><p>c &amp; d</p>"},
    ),
    Row(
        "addresses in the text are absolute",
        rss2(
            "<title>T</title><link>https://site.example/x5/</link><description>&lt;a href='/y'&gt;y&lt;/a&gt;"
            "&lt;img src='z.png' alt='z'&gt;&lt;a href='#n'&gt;n&lt;/a&gt;</description>"
        ),
        {
            "hrefs": ["https://site.example/y", "https://site.example/z.png", "https://site.example/x5/#n"],
        },
    ),
    Row(
        "addresses in the text hang on xml:base",
        atom(
            entry(
                "<id>urn:x:6</id><link href='https://site.example/x6'/>"
                "<content type='html' xml:base='https://base.example/a/'>&lt;a href='../b'&gt;b&lt;/a&gt;</content>"
            )
        ),
        {"hrefs": ["https://base.example/b"]},
    ),
    Row(
        "scripts are gone and the words stay",
        rss2(
            "<title>T</title><link>https://site.example/x7</link><description>&lt;p onclick='x()'&gt;Words"
            "&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;</description>"
        ),
        {"summary": "<p>Words</p>"},
    ),
]
ROWS += [
    Row(f"{text} is a date", dated(text), {"published": utc(moment), "updated": utc(moment)})
    for text, moment in DATES.items()
]
ROWS += [Row(f"{text or 'nothing'} is no date", dated(text), {"published": FIRST_SIGHT}) for text in NO_DATES]
ROWS += [Row(name, document, expected) for name, (document, expected) in WHOLE.items()]

# The visible line: what each category is told, and what must stand under the text of the same document.
LINED = (
    "<title>Lined &lt;i&gt;up&lt;/i&gt;</title><link>https://site.example/lined</link>"
    "<dc:creator>Ada &amp; Co</dc:creator>"
    "<description>&lt;p&gt;Text&lt;/p&gt;</description>"
)
LINK = '<a href="https://site.example/" rel="noopener noreferrer">{}</a>'
LINES: dict[str, tuple[Any, str, str]] = {
    "default": (None, "Old Times", f"<p>Source: {LINK.format('Old Times')}</p>"),
    "silent": (False, "Old Times", ""),
    "custom": (
        "{author} in {source.title}: {title} ({rights}, {source.url})",
        "Old Times",
        f"<p>Ada &amp; Co in {LINK.format('Old Times')}: Lined up (© 1999, https://site.example/)</p>",
    ),
    # The name of this source is also in the reference that stands for the "&" in front of it.
    "tricky": ("{author} – {source.title}", "amp", f"<p>Ada &amp; Co – {LINK.format('amp')}</p>"),
}

# ---------------------------------------------------------------- the one run, and two readers


Fields = dict[str, Any]


@dataclass
class Published:
    """What was published: each feed by the name of its category, its entries by reader and category, and the address
    of every row's source."""

    feeds: dict[str, bytes]
    entries: dict[tuple[str, str], list[Fields]]
    addresses: dict[str, str]
    place: Place
    web: ScriptedWeb


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Every row polled and published, in one run."""
    web, place = ScriptedWeb(), Place(tmp_path_factory.mktemp("survival"))
    sources: list[dict[str, Any]] = []
    addresses = {}
    for number, row in enumerate(ROWS):
        url = web.feed(f"/{number}.xml", row.document)
        sources.append({"id": f"row-{number}", "url": url, "category": "rows", **row.source})
        addresses[row.name] = row.source.get("public_url", url)
    for name, (_, title, _) in LINES.items():
        url = web.feed(f"/{name}.xml", rss2(LINED, "<copyright>© 1999</copyright>"))
        sources.append({"id": f"line-{name}", "url": url, "category": f"line-{name}", "title": title})
    categories: dict[str, Any] = {"rows": {"title": "Rows", "attribution": False}}
    categories |= {
        f"line-{name}": {} if line is None else {"attribution": line} for name, (line, _, _) in LINES.items()
    }
    place.configure(
        sources,
        output={"dir": str(place.public), "limit": 1000, "formats": ["atom"], "dedupe": False},
        categories=categories,
    )
    done = place.run("once", "--json")
    assert "left out" not in done.stderr
    feeds = {path.parent.name: path.read_bytes() for path in (place.public / "category").glob("*/feed.atom")}
    entries = {(name, category): read(feed) for name, read in READERS.items() for category, feed in feeds.items()}
    yield Published(feeds, entries, addresses, place, web)
    web.close()


def through_lxml(document: bytes) -> list[Fields]:
    """The entries as they stand in the XML."""
    root = etree.fromstring(document)
    return [_as_written(one, root) for one in root.iterfind(f"{ATOM}entry")]


def _as_written(one: Any, root: Any) -> Fields:
    def texts(element: Any, name: str) -> str | None:
        found: str | None = element.findtext(ATOM + name)
        return found

    def links(element: Any, relation: str) -> list[Any]:
        return [link for link in element.iterfind(f"{ATOM}link") if link.get("rel") == relation]

    def persons(element: Any) -> list[Any]:
        return [
            who(texts(author, "name") or "", texts(author, "email"), texts(author, "uri"))
            for author in element.iterfind(f"{ATOM}author")
        ]

    def moment(element: Any, name: str) -> datetime:
        return utc(texts(element, name) or "")

    source = one.find(f"{ATOM}source")
    terms = [term(c.get("term"), c.get("scheme"), c.get("label")) for c in one.iterfind(f"{ATOM}category")]
    page = links(source, "alternate")
    summary, content = texts(one, "summary") or "", texts(one, "content") or ""
    return {
        "id": texts(one, "id"),
        "title": texts(one, "title"),
        "link": links(one, "alternate")[0].get("href"),
        "published": moment(one, "published"),
        "updated": moment(one, "updated"),
        "authors": persons(one),
        "ours": [t for t in terms if t[1] == SCHEME],
        "terms": [t for t in terms if t[1] != SCHEME],
        "first_term": terms[0],
        "enclosures": [
            file(e.get("href"), e.get("type"), e.get("length"), e.get("title")) for e in links(one, "enclosure")
        ],
        "language": one.get(f"{XML}lang") or root.get(f"{XML}lang"),
        "rights": texts(one, "rights"),
        "via": links(one, "via")[0].get("href"),
        "summary": summary,
        "content": content,
        "source_id": texts(source, "id"),
        "source_title": texts(source, "title"),
        "source_self": next((link.get("href") for link in links(source, "self")), None),
        "source_page": page[0].get("href") if page else None,
        "source_icon": texts(source, "icon"),
        "source_rights": texts(source, "rights"),
        "source_language": source.get(f"{XML}lang"),
        "source_authors": persons(source),
        "source_updated": moment(source, "updated"),
    }


def through_feedparser(document: bytes) -> list[Fields]:
    """The entries as feedparser hands them to a reader."""
    parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    return [_as_read(one) for one in parsed.entries]


def _as_read(one: Any) -> Fields:
    def links(found: Any, relation: str) -> list[Any]:
        return [link for link in found.get("links", []) if link.get("rel") == relation]

    def persons(found: Any) -> list[Any]:
        return [who(a.get("name"), None, a.get("href")) for a in found.get("authors", [])]

    source = one.source
    terms = [term(tag.term, tag.get("scheme"), tag.get("label")) for tag in one.get("tags", [])]
    page = links(source, "alternate")
    content = one.content[0].value if one.get("content") else ""
    return {
        "id": one.id,
        "title": one.title,
        "link": one.link,
        "published": utc(one.published),
        "updated": utc(one.updated),
        "authors": persons(one),
        "ours": [t for t in terms if t[1] == SCHEME],
        "terms": [t for t in terms if t[1] != SCHEME],
        "first_term": terms[0],
        # A link that says no type is one to text/html for feedparser; none of our enclosures is.
        "enclosures": [
            file(e.href, None if e.type == "text/html" else e.type, e.get("length"), e.get("title"))
            for e in links(one, "enclosure")
        ],
        "language": one.title_detail.language,
        "rights": one.get("rights"),
        "via": links(one, "via")[0].href,
        # feedparser lets a content stand in for a summary that is not there.
        "summary": one.get("summary", "") if one.get("summary") != content else "",
        "content": content,
        "source_id": source.id,
        "source_title": source.title,
        "source_self": next((link.href for link in links(source, "self")), None),
        "source_page": page[0].href if page else None,
        "source_icon": source.get("icon"),
        "source_rights": source.get("rights"),
        "source_language": source.title_detail.language if source.title_detail.language != "en" else None,
        "source_authors": persons(source),
        "source_updated": utc(source.updated),
    }


READERS: dict[str, Callable[[bytes], list[Fields]]] = {"feedparser": through_feedparser, "lxml": through_lxml}


def found(published: Published, row: Row, reader: str, category: str = "rows") -> Fields:
    """The one entry of a row, as one reader sees it."""
    address = published.addresses[row.name]
    entries = [one for one in published.entries[reader, category] if one["via"] == address]
    assert len(entries) == 1, f"{row.name}: {len(entries)} entries"
    text = entries[0]["content"] or entries[0]["summary"]
    return {**entries[0], "text": text, "hrefs": re.findall(r'(?:href|src)="([^"]*)"', text)}


def as_seen(reader: str, expected: Fields) -> Fields:
    """What this reader can see of it: feedparser cuts mail addresses and gives one author's to the next."""
    if reader == "lxml":
        return expected
    seen = dict(expected)
    for name in {"authors", "source_authors"} & expected.keys():
        seen[name] = [who(author, None, uri) for author, _, uri in expected[name]]
    return seen


BY_NAME = {row.name: row for row in ROWS}
assert len(BY_NAME) == len(ROWS), "two rows have one name"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, (_, expected) in WHOLE.items() for name in expected])
def test_a_field_of_each_format_survives(published: Published, reader: str, kind: str, name: str) -> None:
    row = BY_NAME[kind]
    assert found(published, row, reader)[name] == as_seen(reader, row.expected)[name]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", [row.name for row in ROWS if row.name not in WHOLE])
def test_it_is_so_that(published: Published, reader: str, name: str) -> None:
    row = BY_NAME[name]
    one = found(published, row, reader)
    assert {key: one[key] for key in row.expected} == as_seen(reader, row.expected)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", LINES)
def test_the_visible_line_is_what_the_category_says(published: Published, reader: str, name: str) -> None:
    (one,) = published.entries[reader, f"line-{name}"]
    _, title, line = LINES[name]
    assert one["summary"] == f"<p>Text</p>{line}"
    # The line can be turned off, where it came from never.
    assert (one["source_title"], one["source_page"]) == (title, "https://site.example/")
    assert one["via"].endswith(f"/{name}.xml")


@pytest.mark.parametrize("reader", READERS)
def test_our_own_category_is_the_first_of_every_entry(published: Published, reader: str) -> None:
    for one in published.entries[reader, "rows"]:
        assert one["first_term"] == term("rows", SCHEME, "Rows")
    row = BY_NAME["an entry of two categories is in both"]
    assert found(published, row, reader, "second")["first_term"] == term("second", SCHEME, "second")


@pytest.mark.parametrize("reader", READERS)
def test_every_row_is_in_the_feed_once(published: Published, reader: str) -> None:
    seen = [one["via"] for one in published.entries[reader, "rows"]]
    assert sorted(seen) == sorted(published.addresses.values())


def test_every_published_feed_keeps_the_rules(published: Published) -> None:
    feeds = sorted(Path(published.place.public).rglob("feed.atom"))
    assert len(feeds) == 1 + 2 + len(LINES) + len(ROWS) + len(LINES)  # all, two categories and the lines', the sources'
    for path in feeds:
        told = violations(path.read_bytes()) + house_violations(path.read_bytes())
        # The source that an entry brought along may not say where its feed is: "as far as known".
        assert [sentence for sentence in told if "source: has no self link" not in sentence] == [], path


# ---------------------------------------------------------------- over time


def test_ids_stay_when_nearly_everything_else_of_an_entry_changes(web: ScriptedWeb, place: Place) -> None:
    # Where title, link, time and text all change at once, the guid was given to another article (test_identity.py).
    words = "The text of an article that its publisher moves, and gives another title on the way."
    dated = "<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate>"
    before = {
        "guid": f"<guid>42</guid><title>Old</title><link>https://site.example/1</link><description>{words}</description>",
        "link": "<title>Old</title><link>http://site.example/2</link><description>a</description>",
        "iri": f"<guid>urn:x:3</guid><title>Old</title><link>https://site.example/3</link>{dated}",
        "late": "<title>Old</title><link>https://site.example/4</link>",
    }
    after = {
        "guid": f"<guid>42</guid><title>New</title><link>https://site.example/new</link><description>{words}!</description>",
        "link": "<title>New</title><link>https://site.example/2</link><description>b</description>",
        "iri": f"<guid>urn:x:3</guid><title>New</title><link>https://site.example/new-3</link>{dated}",
        # A publisher that begins to give guids, and takes the links for them.
        "late": "<title>New</title><link>https://site.example/4</link><guid>https://site.example/4</guid>",
    }
    place.configure([{"id": name, "url": web.feed(f"/{name}", rss2(item))} for name, item in before.items()])
    place.run("once", "--json")

    def entries() -> dict[str, Fields]:
        feeds = {name: (place.public / "source" / name / "feed.atom").read_bytes() for name in before}
        read = {name: through_lxml(feed) for name, feed in feeds.items()}
        assert {name: len(found) for name, found in read.items()} == dict.fromkeys(before, 1)
        return {name: found[0] for name, found in read.items()}

    first = entries()
    for name, item in after.items():
        web.feed(f"/{name}", rss2(item))
    place.run("once", "--all", "--json")
    second = entries()
    for name in before:
        assert (first[name]["title"], second[name]["title"]) == ("Old", "New")
        assert first[name]["id"] == second[name]["id"]
        assert first[name]["published"] == second[name]["published"]
    assert second["guid"]["id"] == MINTED
    assert second["iri"]["id"] == "urn:x:3"


@pytest.mark.parametrize("later", [("B", "A"), ("A", "B"), ("C", "B", "A")])
def test_an_entry_that_comes_to_share_its_address_is_not_taken_for_its_neighbour(
    web: ScriptedWeb, place: Place, later: tuple[str, ...]
) -> None:
    def document(*titles: str) -> str:
        items = (f"<item><title>{title}</title><link>https://site.example/list</link></item>" for title in titles)
        return rss("2.0", "".join(items))

    place.configure([{"id": "one", "url": web.feed("/one.xml", document("A"))}])
    place.run("once", "--json")
    (first,) = through_lxml((place.public / "source/one/feed.atom").read_bytes())
    web.feed("/one.xml", document(*later))
    place.run("once", "--all", "--json")
    entries = through_lxml((place.public / "source/one/feed.atom").read_bytes())
    assert {one["title"] for one in entries} == set(later)
    # Who was there stays who it was.
    assert [one["title"] for one in entries if one["id"] == first["id"]] == ["A"]
