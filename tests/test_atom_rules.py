"""Proves the judge of Atom documents: every rule catches what breaks it, and no good document is accused."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from atom_rules import house_violations, instant, read_back, violations

GOOD = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="urn:example:extra" xml:lang="zh-Hans-CN">
  <id>https://news.example.org/category/tech/</id>
  <title>科技 – Новости &amp; more</title>
  <updated>2026-03-02T08:00:00+08:00</updated>
  <link rel="self" type="application/atom+xml" href="https://news.example.org/category/tech/feed.atom"/>
  <link rel="alternate" type="text/html" hreflang="zh" href="https://news.example.org/category/tech/"/>
  <author><name>News Desk</name><uri>https://example.org</uri><email>desk@example.org</email></author>
  <generator uri="https://example.org/aggregator" version="0.1">aggregator</generator>
  <icon>https://news.example.org/icon.png</icon>
  <logo>https://news.example.org/logo.png</logo>
  <subtitle type="html">Every &lt;b>day&lt;/b></subtitle>
  <entry>
    <id>tag:blog.example.com,2026:1</id>
    <title>第一篇 A &lt; B</title>
    <link rel="alternate" type="text/html" href="https://blog.example.com/1"/>
    <published>2026-03-01T12:00:00.25Z</published>
    <updated>2026-03-02T00:00:00Z</updated>
    <author><name>王小明</name></author>
    <author><name>Zoë</name></author>
    <category term="tech" scheme="https://news.example.org/category/" label="科技"/>
    <category term="python"/>
    <summary>Short</summary>
    <content type="html">&lt;p>Long&lt;/p></content>
    <link rel="enclosure" type="audio/mpeg" length="1234" href="https://blog.example.com/1.mp3"/>
    <link rel="via" href="https://blog.example.com/feed.xml"/>
    <link rel="related" href="https://other.example.net/story"/>
    <link rel="related" href="https://third.example.net/story"/>
    <rights>CC-BY-4.0</rights>
    <source>
      <id>https://blog.example.com/</id>
      <title>Example Blog</title>
      <updated>2026-03-01T12:00:00Z</updated>
      <link rel="self" href="https://blog.example.com/feed.xml"/>
      <link rel="alternate" href="https://blog.example.com/"/>
      <author><name>The Blog</name></author>
    </source>
  </entry>
  <entry>
    <id>https://例子.example/二</id>
    <title>Second</title>
    <link rel="alternate" href="https://blog.example.com/2"/>
    <published>2026-02-01T12:00:00Z</published>
    <updated>2026-02-01T12:00:00Z</updated>
    <author><name>Ann</name></author>
    <category term="tech" scheme="https://news.example.org/category/" label="科技"/>
    <content type="html">&lt;p>Two&lt;/p></content>
    <link rel="via" href="https://blog.example.com/feed.xml"/>
    <source>
      <id>https://blog.example.com/</id>
      <title>Example Blog</title>
      <updated>2026-03-01T12:00:00Z</updated>
      <link rel="self" href="https://blog.example.com/feed.xml"/>
    </source>
  </entry>
</feed>
"""

ENTRY = """<entry xmlns="http://www.w3.org/2005/Atom">
<id>urn:uuid:2f1e5c40-0000-4000-8000-000000000001</id><title>Alone</title><updated>2026-01-01T00:00:00Z</updated>
<author><name>Ann</name></author><content>Words</content>
</entry>"""

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
TITLE_1 = "<title>第一篇 A &lt; B</title>"
CONTENT_1 = '<content type="html">&lt;p>Long&lt;/p></content>'
SUMMARY_1 = "<summary>Short</summary>"
ID_1 = "<id>tag:blog.example.com,2026:1</id>"
ID_2 = "<id>https://例子.example/二</id>"
UPDATED_1 = "<updated>2026-03-02T00:00:00Z</updated>"
LINK_1 = '<link rel="alternate" type="text/html" href="https://blog.example.com/1"/>'
LINK_2 = '<link rel="alternate" href="https://blog.example.com/2"/>'
VIA = '<link rel="via" href="https://blog.example.com/feed.xml"/>'
ENCLOSURE = '<link rel="enclosure" type="audio/mpeg" length="1234" href="https://blog.example.com/1.mp3"/>'
DESK = "<author><name>News Desk</name><uri>https://example.org</uri><email>desk@example.org</email></author>"
ANN = "<author><name>Ann</name></author>"
OURS = '<category term="tech" scheme="https://news.example.org/category/" label="科技"/>'
SOURCE_SELF = '<link rel="self" href="https://blog.example.com/feed.xml"/>'
SOURCE_1 = GOOD[GOOD.index("<source>") : GOOD.index("</source>") + len("</source>")]


@dataclass(frozen=True)
class Bad:
    """A good document with one thing changed, and what the one sentence about it must contain."""

    because: str
    old: str
    new: str
    says: tuple[str, ...]
    document: str = GOOD

    @property
    def written(self) -> bytes:
        assert self.old in self.document, f"nothing to change: {self.old}"
        return self.document.replace(self.old, self.new, 1).encode()


def title(value: str) -> str:
    return f"<title{value}</title>"


NOT_XML = [
    Bad("a tag is not closed", "</feed>", "", ("not well-formed", "RFC 4287 §2")),
    Bad("nothing was written", GOOD, "", ("not well-formed", "RFC 4287 §2")),
    Bad("a control character stands in text", TITLE_1, title(">\x0b"), ("character that XML forbids", "§2.2")),
    Bad("a control character is referred to", TITLE_1, title(">&#8;"), ("character that XML forbids", "§2.2")),
    Bad("a non-character stands in text", TITLE_1, title(">\uffff"), ("character that XML forbids", "§2.2")),
    Bad("an entity is not declared", TITLE_1, title(">a&nbsp;b"), ("not well-formed", "nbsp")),
    Bad("a prefix is not declared", "<x:", "", ("not well-formed", "y"), "<y:feed/><x:"),
    Bad("the root is RSS", ENTRY, '<rss version="2.0"/>', ("the root is rss", "§2"), ENTRY),
    Bad("the namespace is that of Atom 0.3", "www.w3.org/2005/Atom", "purl.org/atom/ns#", ("the root", "§2")),
]

GRAMMAR = [
    Bad("an entry has no id", ID_1, "", ("entry", "grammar", "id", "§4.1.2")),
    Bad("an entry has two ids", ID_1, ID_1 + "<id>urn:x:2</id>", ("entry", "Extra element id", "§4.1.2")),
    Bad("an entry has no title", TITLE_1, "", ("entry", "title", "§4.1.2")),
    Bad("an entry has two titles", TITLE_1, TITLE_1 * 2, ("entry", "Extra element title", "§4.1.2")),
    Bad("an entry has no updated", UPDATED_1, "", ("entry", "updated", "§4.1.2")),
    Bad("an entry has two updateds", UPDATED_1, UPDATED_1 * 2, ("entry", "Extra element updated", "§4.1.2")),
    Bad(
        "an entry has two publisheds",
        ID_1,
        ID_1 + "<published>2026-03-01T12:00:00Z</published>",
        ("Extra element published", "§4.1.2"),
    ),
    Bad("an entry has two summaries", SUMMARY_1, SUMMARY_1 * 2, ("Extra element summary", "§4.1.2")),
    Bad("an entry has two contents", CONTENT_1, CONTENT_1 * 2, ("Extra element content", "§4.1.2")),
    Bad(
        "an entry has two rights",
        "<source>",
        "<rights>x</rights><source>",
        ("Extra element rights", "§4.1.2"),
    ),
    Bad("an entry has two sources", "<source>", "<source/><source>", ("Extra element source", "§4.1.2")),
    Bad("an entry has a logo", ID_1, ID_1 + "<logo>https://e.org/l</logo>", ("entry", "logo", "§4.1.2")),
    Bad("a feed has no id", "<id>https://news.example.org/category/tech/</id>", "", ("feed", "id", "§4.1.1")),
    Bad("a feed has no title", "<title>科技 – Новости &amp; more</title>", "", ("feed", "title", "§4.1.1")),
    Bad(
        "a feed has no updated",
        "<updated>2026-03-02T08:00:00+08:00</updated>",
        "",
        ("feed", "updated", "§4.1.1"),
    ),
    Bad("a feed has two subtitles", "<subtitle", "<subtitle/><subtitle", ("Extra element subtitle", "§4.1.1")),
    Bad("a feed has two generators", "<icon>", "<generator/><icon>", ("Extra element generator", "§4.1.1")),
    Bad("a feed has two icons", "<logo>", "<icon>/i</icon><logo>", ("Extra element icon", "§4.1.1")),
    Bad("a feed has two logos", "<icon>", "<logo>/l</logo><icon>", ("Extra element logo", "§4.1.1")),
    Bad("a feed has a published", "<icon>", "<published>2026-03-01T12:00:00Z</published><icon>", ("§4.1.1",)),
    Bad("a feed has words between elements", "<icon>", "stray<icon>", ("feed", "text", "§4.1.1")),
    Bad("a source has two ids", "<source>", "<source><id>urn:x:1</id>", ("source", "id", "§4.2.11")),
    Bad("a source has an entry", "<source>", f"<source>{ENTRY}", ("source", "entry", "§4.2.11")),
    Bad("a source has a source", "<source>", "<source><source/>", ("source", "source", "§4.2.11")),
    Bad("an unknown Atom element stands in a feed", "<icon>", "<tagline/><icon>", ("tagline", "§4.1.1")),
    Bad("an unknown Atom element stands in an entry", ID_1, ID_1 + "<guid>1</guid>", ("guid", "§4.1.2")),
    Bad("an unknown Atom element stands in a person", "<author>", "<author><mail/>", ("mail", "§4.2.1")),
    Bad("an unknown Atom element stands in foreign markup", ID_1, ID_1 + "<x:a><guid/></x:a>", ("§4.1.2",)),
    Bad("words follow an entry's id", ID_1, ID_1 + "stray", ("entry", "text between", "§4.1.2")),
    Bad("an attribute is unknown", "<icon>", '<icon size="1">', ("icon", "size", "§4.2.5")),
    Bad("a person has no name", ANN, "<author/>", ("author", "name", "§4.2.1")),
    Bad("a person has two names", ANN, f"<author>{'<name>A</name>' * 2}</author>", ("name", "§4.2.1")),
    Bad("a contributor has no name", ANN, ANN + "<contributor/>", ("contributor", "name", "§4.2.3")),
    Bad("a person has two uris", "<uri>", "<uri>/a</uri><uri>", ("author", "uri", "§4.2.1")),
    Bad("an email has no at sign", "desk@", "desk.", ("email", "desk.example.org", "§3.2.3")),
    Bad("an email has a name around it", "desk@example.org", "D &lt;d@e.org>", ("email", "§3.2.3")),
    Bad("an id is empty", ID_1, "<id/>", ("id", "grammar", "§4.2.6")),
    Bad("a person's uri is empty", "<uri>https://example.org</uri>", "<uri/>", ("uri", "grammar", "§3.2.2")),
    Bad("a link has no href", ' href="https://blog.example.com/1"', "", ("link", "no href", "§4.2.7")),
    Bad("a link's href is empty", "https://blog.example.com/1.mp3", "", ("link", "grammar", "§4.2.7")),
    Bad("a category has no term", ' term="python"', ' label="p"', ("category", "no term", "§4.2.2")),
    Bad("a generator has markup", ">aggregator<", "><x:b/><", ("generator", "§4.2.4")),
    Bad("a date is not a date", UPDATED_1, "<updated>yesterday</updated>", ("updated", "yesterday", "§3.3")),
    Bad("a date has no time", "2026-03-02T00:00:00Z", "2026-03-02", ("updated", "§3.3")),
    Bad("a date has no zone", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00", ("updated", "§3.3")),
    Bad("a date has a small t", "2026-03-02T00:00:00Z", "2026-03-02t00:00:00Z", ("updated", "§3.3")),
    Bad("a date has a small z", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00z", ("updated", "§3.3")),
    Bad("a date has a zone without colon", "12:00:00.25Z", "12:00:00.25+0800", ("published", "§3.3")),
    Bad("a date has blanks around it", UPDATED_1, UPDATED_1.replace(">2", "> 2"), ("updated", "§3.3")),
    Bad("a date is written as in RSS", "2026-03-02T00:00:00Z", "Mon, 02 Mar 2026 00:00:00 GMT", ("§3.3",)),
]


TEXT = [
    Bad("a type is no type", TITLE_1, title(' type="plain">x'), ("title", '"plain"', "§3.1.1")),
    Bad("a title has a media type", TITLE_1, title(' type="text/html">x'), ("title", "text/html", "§3.1.1")),
    Bad("a type is empty", TITLE_1, title(' type="">x'), ("title", '""', "§3.1.1")),
    Bad("text has markup", TITLE_1, title("><x:b>x</x:b>"), ("title", "child element b", "§3.1.1.1")),
    Bad("html is not escaped", TITLE_1, title(f' type="html">{DIV}</div>'), ("child element div", "§3.1.1.2")),
    Bad("xhtml has no div", TITLE_1, title(' type="xhtml">x'), ("exactly one XHTML div", "§3.1.1.3")),
    Bad("xhtml has two divs", TITLE_1, title(f' type="xhtml">{DIV}</div>{DIV}</div>'), ("one", "§3.1.1.3")),
    Bad("xhtml has words beside the div", TITLE_1, title(f' type="xhtml">{DIV}</div>x'), ("§3.1.1.3",)),
    Bad("xhtml has an Atom div", TITLE_1, title(' type="xhtml"><div/>'), ("title", "§3.1.1.3")),
]

CONTENT = [
    Bad("content has no real type", CONTENT_1, '<content type="HTML">x</content>', ('"HTML"', "§4.1.3.1")),
    Bad("content has half a media type", CONTENT_1, '<content type="image/">x</content>', ("§4.1.3.1",)),
    Bad(
        "content has a composite type",
        CONTENT_1,
        '<content type="multipart/mixed">eA==</content>',
        ("composite", "§4.1.3.1"),
    ),
    Bad("html content is not escaped", CONTENT_1, '<content type="html"><p/></content>', ("p", "§4.1.3.3")),
    Bad("untyped content has markup", CONTENT_1, "<content><x:b/></content>", ("child", "§4.1.3.3")),
    Bad(
        "xhtml content has two divs",
        CONTENT_1,
        f'<content type="xhtml">{DIV}</div>{DIV}</div></content>',
        ("exactly one XHTML div", "§4.1.3.3"),
    ),
    Bad("xhtml content has no div", CONTENT_1, '<content type="xhtml"/>', ("exactly one", "§4.1.3.3")),
    Bad(
        "content of a text type has markup",
        CONTENT_1,
        '<content type="text/css"><x:b/></content>',
        ("text/css", "child", "§4.1.3.3"),
    ),
    Bad(
        "binary content is not Base64",
        CONTENT_1,
        '<content type="image/png">no!</content>',
        ("Base64", "§4.1.3.3"),
    ),
    Bad(
        "content has src and words",
        CONTENT_1,
        '<content src="https://e.org/c" type="text/plain">x</content>',
        ("src and content of its own", "§4.1.3.2"),
    ),
    Bad(
        "content has src and a child",
        CONTENT_1,
        '<content src="https://e.org/c" type="text/plain"><x:b/></content>',
        ("src and content of its own", "§4.1.3.2"),
    ),
    Bad(
        "content has src and type html",
        CONTENT_1,
        '<content src="https://e.org/c" type="html"/>',
        ("no media type", "§4.1.3.2"),
    ),
    Bad(
        "content has a src with a blank",
        CONTENT_1,
        '<content src="https://e.org/a b" type="text/plain"/>',
        ("U+0020", "§4.1.3.2"),
    ),
    Bad(
        "content elsewhere has no summary",
        SUMMARY_1 + "\n    " + CONTENT_1,
        '<content src="https://e.org/c" type="text/plain"/>',
        ("no summary", "§4.1.3.2"),
    ),
    Bad(
        "content in Base64 has no summary",
        SUMMARY_1 + "\n    " + CONTENT_1,
        '<content type="image/png">eA==</content>',
        ("no summary", "§4.1.3.3"),
    ),
]

VALUES = [
    Bad("an id is relative", ID_1, "<id>/posts/1</id>", ("/posts/1", "not absolute", "§4.2.6")),
    Bad("an id is a bare number", ID_1, "<id>4711</id>", ("4711", "not absolute", "§4.2.6")),
    Bad("an id has a blank", ID_1, "<id>urn:x:a b</id>", ("U+0020", "§4.2.6")),
    Bad("an id has blanks around it", ID_1, "<id> urn:x:a </id>", ("U+0020", "§4.2.6")),
    Bad("an id has angle brackets", ID_1, "<id>urn:x:&lt;a></id>", ("U+003C", "§4.2.6")),
    Bad("an id has a brace", ID_1, "<id>urn:x:{a}</id>", ("U+007B", "§4.2.6")),
    Bad("an id has a backslash", ID_1, "<id>urn:x:\\a</id>", ("U+005C", "§4.2.6")),
    Bad("an id has a control character", ID_1, "<id>urn:x:\x85</id>", ("U+0085", "§4.2.6")),
    Bad("an id has a mark of writing direction", ID_1, "<id>urn:x:\u200e</id>", ("U+200E", "§4.2.6")),
    Bad("an id has a lone percent sign", ID_1, "<id>urn:x:100%</id>", ("percent", "§4.2.6")),
    Bad("an id has two fragments", ID_1, "<id>urn:x:a#b#c</id>", ("two fragments", "§4.2.6")),
    Bad("an http id has no host", ID_1, "<id>http:///1</id>", ("no host", "§4.2.6")),
    Bad("an https id has no slashes", ID_1, "<id>https:1</id>", ("no host", "§4.2.6")),
    Bad("an http id has a port only", ID_1, "<id>http://:80/1</id>", ("no host", "§4.2.6")),
    Bad("a host is malformed", ID_1, "<id>http://[::1/</id>", ("malformed host", "§4.2.6")),
    Bad("a source's id is relative", "<id>https://blog.example.com/</id>", "<id>b</id>", ("§4.2.6",)),
    Bad("an icon is no IRI", "icon.png</icon>", "icon{}</icon>", ("icon", "U+007B", "§4.2.5")),
    Bad("a logo is no IRI", "logo.png</logo>", "logo|</logo>", ("logo", "U+007C", "§4.2.8")),
    Bad("a person's uri is no IRI", "<uri>https://e", "<uri>https://^e", ("uri", "U+005E", "§3.2.2")),
    Bad("a generator's uri is no IRI", 'uri="https://', 'uri="https:// ', ("generator", "§4.2.4")),
    Bad("an href is no IRI", "https://blog.example.com/1.mp3", "https://e.org/a`b", ("href", "§4.2.7.1")),
    Bad("an href has a bracket in its query", "/1.mp3", "/1.mp3?a[]=1", ("square bracket", "§4.2.7.1")),
    Bad("an href has no scheme before its colon", "https://blog.example.com/1.mp3", "1:2", ("§4.2.7.1",)),
    Bad("a scheme is relative", 'scheme="https://', 'scheme="//', ("not absolute", "§4.2.2.2")),
    Bad("a rel is neither registered nor an IRI", 'rel="via"', 'rel="origin"', ("origin", "§4.2.7.2")),
    Bad("a rel is empty", 'rel="via"', 'rel=""', ("rel", "§4.2.7.2")),
    Bad("a rel has two names", 'rel="via"', 'rel="via related"', ("via related", "§4.2.7.2")),
    Bad("a rel has a capital", 'rel="via"', 'rel="Via"', ("Via", "§4.2.7.2")),
    Bad("a link's type is no media type", 'type="audio/mpeg"', 'type="mp3"', ("mp3", "§4.2.7.3")),
    Bad("an hreflang is no language", 'hreflang="zh"', 'hreflang="chinese simplified"', ("§4.2.7.4",)),
    Bad("a length is negative", 'length="1234"', 'length="-1"', ('"-1"', "§4.2.7.6")),
    Bad("a length is a fraction", 'length="1234"', 'length="1.5"', ('"1.5"', "§4.2.7.6")),
    Bad("a length is empty", 'length="1234"', 'length=""', ('""', "§4.2.7.6")),
    Bad("a language has an underscore", "zh-Hans-CN", "zh_CN", ("zh_CN", "§2", "RFC 5646")),
    Bad("a language is a word", "zh-Hans-CN", "simplifiedchinese", ("xml:lang", "§2")),
    Bad("a language deep in markup is bad", TITLE_1, title(' xml:lang="e">x'), ("title", "xml:lang", "§2")),
    Bad("a base is no IRI", "<entry>", '<entry xml:base="https://e.org/ x">', ("entry", "xml:base", "§2")),
    Bad("a month is the thirteenth", "2026-03-01T12:00:00.25Z", "2026-13-01T12:00:00Z", ("13-01", "§3.3")),
    Bad("a day is not in its month", "2026-03-01T12:00:00.25Z", "2026-02-29T12:00:00Z", ("02-29", "§3.3")),
    Bad("an hour is the 24th", "2026-03-01T12:00:00.25Z", "2026-03-01T24:00:00Z", ("T24", "§3.3")),
    Bad("a minute is the 60th", "2026-03-01T12:00:00.25Z", "2026-03-01T12:60:00Z", (":60", "§3.3")),
    Bad("a leap second is at noon", "2026-03-01T12:00:00.25Z", "2026-03-01T12:00:60Z", (":60", "§3.3")),
    Bad("a zone is a day away", "2026-03-01T12:00:00.25Z", "2026-03-01T12:00:00+24:00", ("+24", "§3.3")),
]

PLACES = [
    Bad("two entries have one id", ID_2, ID_1, ("tag:blog.example.com,2026:1", "2 entries", "§4.1.1")),
    Bad("an entry has two alternates of a kind", LINK_2, LINK_2 * 2, ("entry", "2 alternate", "§4.1.2")),
    Bad(
        "an alternate without rel counts",
        LINK_2,
        LINK_2 + '<link href="https://b.example/"/>',
        ("2 alternate", "§4.1.2"),
    ),
    Bad(
        "an alternate with the long name counts",
        LINK_2,
        LINK_2 + '<link rel="http://www.iana.org/assignments/relation/alternate" href="https://b.example/"/>',
        ("2 alternate", "§4.1.2"),
    ),
    Bad(
        "a feed has two alternates of a kind",
        "<icon>",
        '<link type="text/html" hreflang="zh" href="https://b.example/"/><icon>',
        ("feed", "2 alternate", "§4.1.1"),
    ),
    Bad("an entry is nowhere", "<content>Words</content>", "", ("neither content", "§4.1.2"), ENTRY),
    Bad("an entry has no author anywhere", ANN, "", ("no author", "§4.1.2"), ENTRY),
    Bad(
        "an entry has no author and a silent source",
        ANN,
        "<source/>",
        ("no author", "§4.1.2"),
        ENTRY,
    ),
    Bad(
        "an entry of an authorless feed has no author",
        ANN,
        "",
        ("entry", "no author", "§4.1.2"),
        GOOD.replace(DESK, ""),
    ),
    Bad(
        "an entry of an authorless feed has an author in its source only",
        ANN,
        "<contributor><name>C</name></contributor>",
        ("its source only", "§4.1.1"),
        GOOD.replace(DESK, "").replace("</source>\n  </entry>\n</feed>", f"{ANN}</source></entry></feed>"),
    ),
]

RFC = [*NOT_XML, *GRAMMAR, *TEXT, *CONTENT, *VALUES, *PLACES]

HOUSE = [
    Bad("an entry has no alternate", LINK_2, "", ("0 alternate links",)),
    Bad("an entry has two alternates", LINK_1, LINK_1 + LINK_2, ("2 alternate links",)),
    Bad("an entry has no published", "<published>2026-03-01T12:00:00.25Z</published>", "", ("no published",)),
    Bad(
        "an entry has no updated",
        "<updated>2026-02-01T12:00:00Z</updated>",
        "",
        ("entry", "no updated"),
    ),
    Bad("an entry has no author", ANN, "", ("entry", "no author")),
    Bad("an author has an empty name", ANN, "<author><name> </name></author>", ("name", "empty")),
    Bad("an entry has no category", f"{ANN}\n    {OURS}", ANN, ("no category",)),
    Bad("an entry's first category is not ours", OURS, '<category term="a"/>' + OURS, ("first category",)),
    Bad("a category has an empty term", 'term="python"', 'term=" "', ("category", "empty term")),
    Bad("a category has an empty label", 'term="python"', 'term="p" label=""', ("category", "empty label")),
    Bad("an entry has no via", VIA, "", ("no via link",)),
    Bad("an entry has a via twice", VIA, VIA * 2, ("via link twice",)),
    Bad("an entry has no source", SOURCE_1, "", ("does not end with its source",)),
    Bad("foreign markup follows the source", "</source>", "</source><x:y/>", ("does not end with",)),
    Bad("a source has no id", "<id>https://blog.example.com/</id>", "", ("source", "no id")),
    Bad("a source has no title", "<title>Example Blog</title>", "", ("source", "no title")),
    Bad("a source has no updated", "<updated>2026-03-01T12:00:00Z</updated>", "", ("source", "no updated")),
    Bad("a source has no self link", SOURCE_SELF, "", ("source", "no self link")),
    Bad("a feed has no self link", 'rel="self"', 'rel="current"', ("feed", "no self link")),
    Bad("a feed is newer than its entries", "2026-03-02T08:00:00+08:00", "2026-03-02T08:00:00Z", ("newest",)),
    Bad("a feed is older than its entries", "2026-03-02T08:00:00+08:00", "2026-03-01T08:00:00Z", ("newest",)),
    Bad("a title is not plain", TITLE_1, title(' type="html">x'), ("title", "html, not plain text")),
    Bad("a title is empty", TITLE_1, title(">\n"), ("title", "empty")),
    Bad("an id is empty", ID_1, "<id/>", ("id", "empty")),
    Bad("a content is empty", CONTENT_1, '<content type="html"/>', ("content", "empty")),
    Bad("a summary is empty", SUMMARY_1, "<summary/>", ("summary", "empty")),
    Bad("a rights is empty", "CC-BY-4.0", "", ("rights", "empty")),
    Bad("an href is relative", "https://blog.example.com/1.mp3", "/1.mp3", ("link", "/1.mp3", "absolute")),
    Bad("an href has another scheme", "https://blog.example.com/1.mp3", "ftp://e.org/1", ("ftp:", "http")),
    Bad("an href has no host", "https://blog.example.com/1.mp3", "https:///1", ("https:///1", "absolute")),
    Bad("an author's uri runs code", "<uri>https://example.org", "<uri>javascript:x", ("uri", "mailto")),
    Bad("an icon is relative", "https://news.example.org/icon.png", "/icon.png", ("icon", "absolute")),
    Bad("an entry is no Atom at all", ENTRY, "<rss/>", ("the root is rss",), ENTRY),
    Bad("the title stands before the id", f"{ID_1}\n    {TITLE_1}", TITLE_1 + ID_1, ("id after its title",)),
    Bad(
        "the alternate stands before the title",
        f"{TITLE_1}\n    {LINK_1}",
        LINK_1 + TITLE_1,
        ("title after",),
    ),
    Bad(
        "updated stands before published",
        f"<published>2026-03-01T12:00:00.25Z</published>\n    {UPDATED_1}",
        f"{UPDATED_1}<published>2026-03-01T12:00:00.25Z</published>",
        ("published after its updated",),
    ),
    Bad(
        "a category stands before the author",
        f"{ANN}\n    {OURS}",
        OURS + ANN,
        ("author after its category",),
    ),
    Bad(
        "content stands after the enclosure",
        f"{CONTENT_1}\n    {ENCLOSURE}",
        ENCLOSURE + CONTENT_1,
        ("content",),
    ),
    Bad(
        "via stands before the enclosure",
        f"{ENCLOSURE}\n    {VIA}",
        VIA + ENCLOSURE,
        ("link enclosure after",),
    ),
    Bad(
        "related stands before via",
        VIA,
        f'<link rel="related" href="https://e.org/"/>{VIA}',
        ("link via after its link related",),
    ),
    Bad(
        "rights stand before a related link",
        '<link rel="related" href="https://third',
        '<rights>r</rights><link rel="related" href="https://third',
        ("link related after its rights",),
    ),
    Bad("an entry has a contributor", ANN, f"{ANN}<contributor><name>C</name></contributor>", ("contributor",)),
    Bad("an entry has a link of no use", VIA, VIA + '<link rel="edit" href="https://e.org/"/>', ("link edit",)),
]


def cases(table: list[Bad]) -> list[object]:
    return [pytest.param(bad, id=bad.because) for bad in table]


@pytest.mark.parametrize("bad", cases(RFC))
def test_a_document_that_breaks_one_rule_of_the_rfc_gets_one_sentence_naming_it(bad: Bad) -> None:
    found = violations(bad.written)
    assert len(found) == 1, found
    assert all(words in found[0] for words in (*bad.says, "RFC 4287 §")), found


@pytest.mark.parametrize("bad", cases([*GRAMMAR, *TEXT]))
def test_a_sentence_about_an_element_names_its_line(bad: Bad) -> None:
    assert violations(bad.written)[0].startswith("line ")


@pytest.mark.parametrize("bad", cases(HOUSE))
def test_an_entry_that_breaks_one_law_of_the_house_gets_a_sentence_naming_it(bad: Bad) -> None:
    found = house_violations(bad.written)
    assert any(all(words in sentence for words in bad.says) for sentence in found), found
    assert len(found) == 1, found


def test_two_broken_rules_get_two_sentences() -> None:
    twice = GOOD.replace(ID_1, "").replace('rel="via"', 'rel="origin"').replace("<name>Ann</name>", "")
    found = violations(twice.encode())
    assert [next(word for word in ("id", "origin", "name") if word in sentence) for sentence in found] == [
        "id",
        "name",
        "origin",
        "origin",
    ]


def test_our_own_shape_of_feed_breaks_nothing() -> None:
    assert violations(GOOD.encode()) == []
    assert house_violations(GOOD.encode()) == []


def test_an_entry_document_breaks_nothing() -> None:
    assert violations(ENTRY.encode()) == []


def test_one_of_our_entries_standing_alone_obeys_the_house() -> None:
    entry = GOOD[GOOD.index("<entry>") : GOOD.index("</entry>") + len("</entry>")]
    alone = entry.replace("<entry>", '<entry xmlns="http://www.w3.org/2005/Atom">', 1).encode()
    assert violations(alone) == []
    assert house_violations(alone) == []


def test_a_feed_without_entries_needs_neither_author_nor_a_newest_one() -> None:
    empty = (GOOD[: GOOD.index("<entry>")] + "</feed>").replace(DESK, "").encode()
    assert violations(empty) == []
    assert house_violations(empty) == []


def test_an_entry_document_may_have_its_author_in_its_source() -> None:
    assert violations(ENTRY.replace(ANN, f"<source>{ANN}</source>").encode()) == []


def test_an_author_of_the_feed_speaks_for_its_entries() -> None:
    assert violations(GOOD.replace(ANN, "").encode()) == []


def test_children_may_come_in_any_order_and_the_longest_feed_uses_everything() -> None:
    feed = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://example.net/" xml:lang="en-US">
      <!-- a remark --><?style sheet?>
      <entry xml:base="journal/" xml:lang="fr">
        <source><subtitle>s</subtitle><generator>g</generator><icon>i.png</icon><logo>l.png</logo></source>
        <content type="xhtml" xml:lang="" xml:base="http://example.net/deep/">
          {DIV}<p xml:lang="de"><i>Über</i> <svg xmlns="http://www.w3.org/2000/svg"/></p></div>
        </content>
        <link rel="alternate" type="text/html" href="2003/12/13"/>
        <link rel="alternate" type="text/html" hreflang="fr" href="2003/12/13.fr"/>
        <link rel="alternate" type="text/html; charset=&quot;utf-8&quot;" href="2003/12/13.u"/>
        <link rel="http://example.net/rel#mine" href="?q=1#f" title="q"/>
        <link rel="http://www.iana.org/assignments/relation/enclosure" href="a:b" length="0"/>
        <published>2003-12-13T08:29:29-04:00</published>
        <updated>2003-12-13T18:30:02.123456789+01:00</updated>
        <contributor><email>"j d"@example.net</email><name>Joe</name></contributor>
        <category term="" label="&lt;"/>
        <rights type="html">&amp;copy; 2003</rights>
        <id>http://[2001:db8::1]:8080/1</id>
        <title type="xhtml">{DIV}Less: <em>&lt;</em></div></title>
      </entry>
      <title/>
      <author><uri>/people/mark</uri><name>Mark</name></author>
      <updated>2003-12-31T23:59:60Z</updated>
      <link rel="self" href="feed"/><link rel="next" href="feed?2"/>
      <id>http://example.net/#feed</id>
    </feed>"""
    assert violations(feed.encode()) == []


def test_foreign_markup_may_stand_wherever_it_is_not_mistaken_for_ours() -> None:
    extra = '<x:a b="c" x:d="e">f<x:g><link xmlns="http://www.w3.org/2005/Atom"/></x:g></x:a>'
    feed = GOOD.replace("<icon>", extra + "<icon>").replace(ID_1, ID_1 + extra)
    feed = feed.replace("<source>", "<source>" + extra).replace("<author>", f"<author>{extra}")
    feed = feed.replace('<category term="python"/>', f'<category term="python" x:n="1">{extra}</category>')
    feed = feed.replace(VIA, VIA.replace("/>", f">{extra}</link>"))
    assert violations(feed.encode()) == []


def test_content_may_be_of_any_media_type_that_is_written_as_it_demands() -> None:
    for content in (
        '<content type="image/svg+xml"><svg xmlns="http://www.w3.org/2000/svg"/></content>',
        '<content type="application/atom+xml"><feed/></content>',
        '<content type="text/plain; charset=utf-8">a &lt; b</content>',
        '<content type="image/png">\n aGVs\nbG8= \n</content>',
        '<content src="/c" type="video/mp4"/>',
        '<content src="https://e.org/c"/>',
        "<content/>",
    ):
        assert violations(GOOD.replace(CONTENT_1, content).encode()) == [], content


def test_content_that_needs_no_summary_may_go_without() -> None:
    for kind in ("text/css", "application/xml", "application/rss+xml; charset=utf-8", "xhtml"):
        inside = f"{DIV}</div>" if kind == "xhtml" else ""
        content = f'<content type="{kind}">{inside}</content>'
        assert violations(ENTRY.replace("<content>Words</content>", content).encode()) == [], kind


def test_languages_of_every_shape_are_known() -> None:
    for language in (
        "de", "zh-yue-Hant-HK", "sr-Latn-RS", "es-419", "sl-rozaj-biske", "de-CH-1901",
        "en-a-myext-b-another",
        "x-whatever", "i-klingon", "en-GB-oed", "zh-min-nan", "de-x-private", "EN-us", "",
    ):  # fmt: skip
        assert violations(GOOD.replace("zh-Hans-CN", language).encode()) == [], language


def test_a_document_may_be_written_in_another_encoding() -> None:
    assert violations(GOOD.replace("utf-8", "gb18030", 1).encode("gb18030")) == []
    assert violations(GOOD.replace("utf-8", "utf-16", 1).encode("utf-16")) == []
    assert violations(b"\xef\xbb\xbf" + GOOD.encode()) == []


def test_no_bytes_make_the_judge_raise() -> None:
    for document in (
        b"",
        b"\x00",
        b"\xff\xfe",
        b"<",
        "<é>".encode("latin-1"),
        b"<feed/>",
        GOOD.encode()[:900],
    ):
        assert violations(document)
        assert house_violations(document)


def test_an_empty_skeleton_is_judged_without_raising() -> None:
    for name in ("feed", "entry"):
        bare = f'<{name} xmlns="http://www.w3.org/2005/Atom"><entry/><source/><link/><id/><updated/></{name}>'
        assert violations(bare.encode())
        assert house_violations(bare.encode())


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00.5Z", datetime(2026, 3, 1, 12, microsecond=500000, tzinfo=UTC)),
        ("2026-03-01T12:00:00-00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T20:00:00+08:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T18:59:60-05:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-30T23:59:60Z", None),
        ("2026-03-01 12:00:00Z", None),
        ("٢٠٢٦-03-01T12:00:00Z", None),
        ("", None),
    ],
)
def test_an_instant_is_the_same_in_every_zone(stamp: str, moment: datetime | None) -> None:
    assert instant(stamp) == moment


def test_a_reader_gets_back_what_was_written() -> None:
    first, second = read_back(GOOD.encode())
    assert first == {
        "id": "tag:blog.example.com,2026:1",
        "title": "第一篇 A < B",
        "link": "https://blog.example.com/1",
        "enclosures": [{"href": "https://blog.example.com/1.mp3", "type": "audio/mpeg", "length": "1234"}],
        "source": {
            "id": "https://blog.example.com/",
            "title": "Example Blog",
            "self": "https://blog.example.com/feed.xml",
        },
        "authors": ["王小明", "Zoë"],
        "published": datetime(2026, 3, 1, 12, microsecond=250000, tzinfo=UTC),
        "updated": datetime(2026, 3, 2, tzinfo=UTC),
        "terms": ["tech", "python"],
    }
    assert second["id"] == "https://例子.example/二"
    assert second["enclosures"] == []


def test_a_reader_of_a_bare_entry_gets_empty_values_and_no_invented_dates() -> None:
    feed = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title></entry></feed>'
    assert read_back(feed.encode()) == [
        {
            "id": "",
            "title": "x",
            "link": "",
            "enclosures": [],
            "source": None,
            "authors": [],
            "published": None,
            "updated": None,
            "terms": [],
        }
    ]


def test_a_reader_does_not_take_one_date_for_the_other() -> None:
    (entry,) = read_back(f'<feed xmlns="http://www.w3.org/2005/Atom">{ENTRY}</feed>'.encode())
    assert entry["published"] is None
    assert entry["updated"] == datetime(2026, 1, 1, tzinfo=UTC)
