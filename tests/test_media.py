"""Files, pictures and episodes come through whole, vetted, and said again in the published feed."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from atom_rules import house_violations, violations
from lxml import etree

from aggregator.changes import fingerprint
from aggregator.clean.entry import clean
from aggregator.formats import rss
from aggregator.formats.atom import render
from aggregator.intake import take_in
from aggregator.model import (
    Category,
    Chapters,
    Credit,
    Document,
    Draft,
    Enclosure,
    Entry,
    Episode,
    FeedFound,
    Image,
    Intake,
    Kept,
    Markup,
    Reading,
    Show,
    Site,
    Source,
    Transcript,
    amended,
)
from aggregator.selection import Catalogue, make_page
from aggregator.sources.encoding import decode
from aggregator.sources.feed import read
from aggregator.sources.media import attached, count, elements_of, seconds
from aggregator.sources.slices import cut

HOUR = timedelta(hours=1)
URL = "https://pod.example/feed.xml"
SOURCE = Source("pod", "feed", URL, URL, (), interval=HOUR, min_interval=HOUR, max_interval=HOUR)
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
CATALOGUE = Catalogue(
    Site("Test", "https://planet.example", "en", "UTC"),
    {"all": Category("all", "Everything", None, 50)},
    {SOURCE.id: SOURCE},
)
SPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:podcast="https://podcastindex.org/namespace/1.0"'
)
HEAD = (
    "<title>Pod</title><link>https://pod.example/</link><itunes:type>Serial</itunes:type>"
    "<itunes:explicit>true</itunes:explicit><itunes:image href='/cover.jpg'/><itunes:author>Ada</itunes:author>"
    "<itunes:category text='News'><itunes:category text='Tech News'/></itunes:category>"
    "<itunes:owner><itunes:name>Olga</itunes:name><itunes:email>olga@private.example</itunes:email></itunes:owner>"
)
EPISODE = (
    "<title>One</title><guid isPermaLink='false'>1</guid><link>https://pod.example/1</link>"
    "<enclosure url='/1.mp3' length='12345' type='audio/mpeg'/><itunes:duration>1:02:03</itunes:duration>"
    "<itunes:episode>3</itunes:episode><itunes:season>2</itunes:season><itunes:episodeType>Full</itunes:episodeType>"
    "<itunes:explicit>no</itunes:explicit><itunes:image href='/1.jpg'/><itunes:title>One, plainly</itunes:title>"
    "<itunes:subtitle>The first</itunes:subtitle><itunes:summary>All of it</itunes:summary>"
    "<podcast:transcript url='/1.vtt' type='text/vtt' language='en' rel='captions'/>"
    "<podcast:transcript url='/1.srt' type='application/x-subrip'/><podcast:transcript url='/1.none'/>"
    "<podcast:chapters url='/1.json' type='application/json+chapters'/>"
)
PICTURES = (
    "<title>Two</title><guid isPermaLink='false'>2</guid><link>https://pod.example/2</link>"
    "<media:group><media:content url='/a.mp4' type='video/mp4' fileSize='77' duration='90.5' width='640' height='360'>"
    "<media:title type='html'>Fish &amp;amp; &lt;b&gt;chips&lt;/b&gt;</media:title></media:content>"
    "<media:content url='/b.mp4' medium='VIDEO' width='1280px' lang='pt_BR'/>"
    "<media:credit role='camera'>Bob</media:credit><media:thumbnail url='/poster.jpg' width='480' height='360'/>"
    "</media:group><media:content url='javascript:alert(1)'/><media:content url='/c.bin' type='?' medium='smell'/>"
)


def feed(*items: str, head: str = HEAD) -> bytes:
    """A podcast with these items."""
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {SPACES}><channel>{head}{body}</channel></rss>'.encode()


def taken(*items: str, head: str = HEAD) -> Intake:
    """What is kept of a podcast with these items."""
    intake = take_in(SOURCE, Document(URL, feed(*items, head=head), "", "application/rss+xml"))
    assert isinstance(intake, Intake)
    return intake


def published(intake: Intake) -> bytes:
    """The feed of the source, with what was taken in."""
    kept = [
        Kept(number, SOURCE.id, f"urn:kept:{number}", entry, NOW, NOW, NOW, 0)
        for number, entry in enumerate(intake.entries)
    ]
    rendered = render(make_page(CATALOGUE, "source/pod/", kept))
    assert rendered.problems == ()
    assert violations(rendered.body) + house_violations(rendered.body) == []
    return rendered.body


def test_an_episode_keeps_all_that_a_podcast_client_shows() -> None:
    (entry,) = taken(EPISODE).entries
    (file,) = entry.enclosures
    assert (file.href, file.type, file.length) == ("https://pod.example/1.mp3", "audio/mpeg", 12345)
    assert file.duration == 3723
    assert entry.image == Image("https://pod.example/1.jpg")
    assert entry.summary == "<p>All of it</p>"
    assert entry.episode == Episode(
        duration=3723,
        season=2,
        number=3,
        kind="full",
        explicit=False,
        title="One, plainly",
        subtitle="The first",
        chapters=Chapters("https://pod.example/1.json", "application/json+chapters"),
        transcripts=(
            Transcript("https://pod.example/1.vtt", "text/vtt", "en", captions=True),
            Transcript("https://pod.example/1.srt", "application/x-subrip"),
        ),
    )


def test_a_show_says_who_and_what_it_is_but_not_who_owns_it() -> None:
    intake = taken(EPISODE)
    origin = intake.origin
    assert origin.show == Show("serial", True, ("News", "Tech News"))
    assert origin.image == "https://pod.example/cover.jpg"
    assert [author.name for author in origin.authors] == ["Ada"]
    assert b"<logo>https://pod.example/cover.jpg</logo>" in published(intake)
    # feedparser would have the owner for an author where there is no other.
    nobody = taken(EPISODE, head=HEAD.replace("<itunes:author>Ada</itunes:author>", ""))
    assert nobody.origin.authors == ()
    assert b"private.example" not in published(nobody)
    assert (
        taken("<title>x</title><link>https://pod.example/x</link>", head="<title>No podcast</title>").origin.show
        is None
    )


@pytest.mark.parametrize(
    ("said", "role"),
    [("role='producer'", "producer"), ("role='producer' scheme='urn:ebu'", "producer"), ("scheme='urn:yvs'", None)],
)
def test_a_role_is_known_by_the_scheme_that_it_is_from(said: str, role: str | None) -> None:
    said = said if role else f"role='owner' {said}"
    content = f"<media:content url='/a.mp4'><media:credit {said}>Bob</media:credit></media:content>"
    (entry,) = taken(f"<title>x</title>{content}").entries
    assert entry.media[0].credits == (Credit("Bob", role),)


def test_of_the_categories_of_a_podcast_those_are_written_that_clients_know() -> None:
    head = HEAD.replace("'Tech News'", "'golang'") + "<itunes:keywords>Comedy,open source</itunes:keywords>"
    head += "<itunes:category text='Arts'><itunes:category text='Books'/></itunes:category>"
    kept = [Kept(1, SOURCE.id, "urn:1", taken(EPISODE, head=head).entries[0], NOW, NOW, NOW, 0)]
    (channel,) = etree.fromstring(rss.render(make_page(CATALOGUE, "source/pod/", kept)).body)
    named = channel.findall("{http://www.itunes.com/dtds/podcast-1.0.dtd}category")
    assert [(one.get("text"), [within.get("text") for within in one]) for one in named] == [
        ("News", []),
        ("Comedy", []),
        ("Arts", ["Books"]),
    ]


def test_media_keep_their_group_texts_and_credits_and_nothing_unsafe() -> None:
    (entry,) = taken(PICTURES).entries
    bob = (Credit("Bob", "camera"),)
    assert entry.media == (
        Enclosure(
            "https://pod.example/a.mp4",
            "video/mp4",
            77,
            "Fish & chips",
            duration=90,
            width=640,
            height=360,
            credits=bob,
            group=1,
        ),
        Enclosure("https://pod.example/b.mp4", medium="video", width=1280, language="pt-BR", credits=bob, group=1),
        Enclosure("https://pod.example/c.bin"),
    )
    assert entry.image == Image("https://pod.example/poster.jpg", 480, 360)
    assert entry.enclosures == ()


def test_what_came_in_is_published_and_reads_back() -> None:
    body = published(taken(EPISODE, PICTURES))
    one, two = feedparser.parse(io.BytesIO(body)).entries
    told = {name: one[name] for name in ("itunes_duration", "itunes_season", "itunes_episode", "itunes_episodetype")}
    assert told == {
        "itunes_duration": "3723",
        "itunes_season": "2",
        "itunes_episode": "3",
        "itunes_episodetype": "full",
    }
    assert one["image"]["href"] == "https://pod.example/1.jpg"
    assert one["podcast_chapters"]["url"] == "https://pod.example/1.json"
    assert [content["url"] for content in two["media_content"]] == [
        "https://pod.example/a.mp4",
        "https://pod.example/b.mp4",
        "https://pod.example/c.bin",
    ]
    assert two["media_thumbnail"] == [{"url": "https://pod.example/poster.jpg", "width": "480", "height": "360"}]
    tree = etree.fromstring(body)
    names = {"m": "http://search.yahoo.com/mrss/", "p": "https://podcastindex.org/namespace/1.0"}
    assert len(tree.findall(".//m:group/m:content", names)) == 2
    assert [one.get("type") for one in tree.findall(".//p:transcript", names)] == ["text/vtt", "application/x-subrip"]


def test_an_entry_that_was_published_is_kept_the_same_when_it_is_read_again() -> None:
    first = taken(EPISODE, PICTURES)
    again = take_in(SOURCE, Document(URL, published(first), "", "application/atom+xml"))
    assert isinstance(again, Intake)
    for before, after in zip(first.entries, again.entries, strict=True):
        assert (after.media, after.image, after.episode) == (before.media, before.image, before.episode)


def test_prefixes_stand_at_the_root_and_only_where_they_are_used() -> None:
    body = published(taken(EPISODE, PICTURES))
    assert body.count(b"xmlns:media=") == body.count(b"xmlns:itunes=") == body.count(b"xmlns:podcast=") == 1
    plain = published(taken("<title>x</title><link>https://pod.example/x</link>"))
    assert b"xmlns:" not in plain


def test_an_enclosure_knows_what_media_rss_says_of_the_same_file() -> None:
    (entry,) = taken(
        "<title>x</title><enclosure url='/v.mp4' type='video/mp4' length='0'/>"
        "<media:content url='/v.mp4' duration='61' width='640' height='360' fileSize='9'/>"
    ).entries
    (file,) = entry.enclosures
    assert (file.duration, file.width, file.height, file.length, file.group) == (61, 640, 360, 9, None)


def test_a_broken_document_keeps_what_feedparser_keeps_of_it() -> None:
    whole, broken = taken(EPISODE, PICTURES).entries, taken(EPISODE, PICTURES + "<author>a & b</author>").entries
    one, two = whole[0].episode, broken[0].episode
    assert one is not None
    assert two is not None
    # Of several transcripts feedparser keeps one, here the one without a type; and no "no", nor groups of media.
    assert two == amended(one, transcripts=(), explicit=None)
    assert [media.href for media in broken[1].media] == [media.href for media in whole[1].media]
    assert [media.width for media in broken[1].media] == [640, 1280, None]
    assert broken[1].image == whole[1].image


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("3723", 3723),
        ("1:02:03", 3723),
        ("62:03", 3723),
        ("0:05", 5),
        (" 00:12:34.000 ", 754),
        ("90.5", 90),
        ("", None),
        ("an hour", None),
        ("1h2m", None),
        ("-5", None),
        ("٣", None),
        ("9" * 400, None),
    ],
)
def test_a_length_of_time_is_read_as_players_write_it(written: str, length: int | None) -> None:
    assert seconds(written) == length


def test_a_number_is_one_or_none() -> None:
    assert [count(text) for text in ("7", " 7 ", "7.5", "640px", "0", "", "x", "-7", "1e5")] == [
        *(7, 7, 7, 640, 0),
        *(None, None, None, None),
    ]


# ---------------------------------------------------------------- an image for the entry

ICON = "<img src='/i.png' width='16' height='16'>"


def imaged(
    content: str = "", *, media: tuple[Enclosure, ...] = (), images: tuple[Image, ...] = (), file: str = ""
) -> str:
    """The path of the image that is found for an entry, or ""."""
    draft = Draft(
        title=Markup("t"),
        content=Markup(content, "text/html"),
        enclosures=(Enclosure(file),) if file else (),
        media=media,
        images=images,
    )
    (entry,) = clean(Reading(FeedFound(), (draft,)), SOURCE, URL).entries
    return entry.image.href.removeprefix("https://pod.example") if entry.image else ""


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ("<p>x <img src='/a.jpg' alt='A'> <img src='/b.jpg'></p>", "/a.jpg"),
        ("no picture", ""),
        (ICON + "<img src='/a.jpg?x=1&amp;y=2'>", "/a.jpg?x=1&y=2"),
        ("<img width=1 height=1 src='/count'><img width=600 src='/a.jpg'>", "/a.jpg"),
        ("<img src='https://secure.gravatar.com/avatar/9'><img src='/a.jpg'>", "/a.jpg"),
        ("<img alt='🙂' src='https://s.w.org/images/core/emoji/15/72x72/1f642.png'>", ""),
        ("<img src='/themes/smilies/grin.gif'>", ""),
        ("<img src='/Themes/Smilies/Grin.GIF'>", ""),
        ("<img src='/x/spacer.gif'><img src='/blank.gif'><img src='/pixel.png'>", ""),
        ("<img src='javascript:x'><img src='data:image/gif;base64,R0lG'><img src='/a.png'>", "/a.png"),
        ("<video poster='/p.jpg' src='/v.mp4'></video>", "/p.jpg"),
        ("<img src='/market-share-icons-of-the-year.jpg'>", "/market-share-icons-of-the-year.jpg"),
        ("<img width='100%' src='/wide.jpg'>", "/wide.jpg"),
        ("<img title='a > b' src='/a.jpg'>", "/a.jpg"),
        ("<p>&lt;img src='/a.jpg'&gt;</p>", ""),
    ],
)
def test_the_first_picture_of_the_text_stands_for_it_when_it_is_one(content: str, path: str) -> None:
    assert imaged(content) == path


def test_an_image_that_was_named_goes_before_one_that_was_found() -> None:
    text = "<img src='/text.jpg'>"
    small, large = (Enclosure(f"/{width}.jpg", "image/jpeg", width=width) for width in (140, 700))
    assert imaged(text, media=(small, large), images=(Image("/thumb.jpg"),)) == "/700.jpg"
    assert imaged(text, images=(Image("/first.jpg"), Image("/second.jpg"))) == "/first.jpg"
    assert imaged(text, images=(Image("/s.jpg", 120), Image("/l.jpg", 480))) == "/l.jpg"
    assert imaged(text, file="/cover.jpeg") == "/cover.jpeg"
    assert imaged(text, file="/song.mp3") == "/text.jpg"
    assert imaged(text, media=(Enclosure("/v.mp4", "video/mp4"),)) == "/text.jpg"
    # What WordPress names first is a picture of the author.
    assert imaged(text, media=(Enclosure("https://0.gravatar.com/avatar/1?s=96", medium="image"),)) == "/text.jpg"
    assert imaged(text, images=(Image("/dot.gif", 1, 1),)) == "/text.jpg"


def test_an_image_of_the_text_is_not_named_again() -> None:
    text = "<title>x</title><link>https://pod.example/x</link>"
    text += "<description>&lt;img src='/a.jpg?b&amp;amp;c'&gt;</description>"
    intake = taken(text)
    assert intake.entries[0].image == Image("https://pod.example/a.jpg?b&c")
    assert b"thumbnail" not in published(intake)
    assert b"thumbnail" in published(taken(text + "<media:thumbnail url='/t.jpg'/>"))


# ---------------------------------------------------------------- what is news


def test_only_what_a_reader_would_see_of_a_file_is_news() -> None:
    (entry,) = taken(EPISODE + PICTURES).entries
    mark = fingerprint(entry)
    assert fingerprint(signed(entry, "?expires=1&sig=a")) == fingerprint(signed(entry, "?expires=2&sig=b"))
    assert fingerprint(amended(entry, enclosures=(amended(entry.enclosures[0], length=99),))) == mark
    assert entry.episode is not None
    for other in (
        amended(entry, enclosures=(amended(entry.enclosures[0], href="https://pod.example/2.mp3"),)),
        amended(entry, image=Image("https://pod.example/other.jpg")),
        amended(entry, media=entry.media[:1]),
        amended(entry, episode=amended(entry.episode, transcripts=())),
    ):
        assert fingerprint(other) != mark


def signed(entry: Entry, query: str) -> Entry:
    """The entry with signed addresses of its media."""
    image = Image(f"https://pod.example/i.jpg{query}")
    return amended(entry, image=image, media=(Enclosure(f"https://pod.example/m.mp4{query}"),))


def test_an_entry_without_files_has_the_fingerprint_it_always_had() -> None:
    (entry,) = taken("<title>T</title><link>https://pod.example/t</link><description>x</description>").entries
    # As it was before there were media: else every such entry would be revised by an upgrade.
    assert fingerprint(entry) == "6650d3378690f17286c7a9f7ee17e2da"


# ---------------------------------------------------------------- the corpus


def test_elements_and_feedparser_agree_on_the_corpus(shared: Path) -> None:
    """Where feedparser keeps it at all: not "true" and "no" for `explicit`, nor numbers with attributes beside them,
    and it takes the pictures of related links for those of the entry."""
    compared = 0
    for path in sorted((shared / "corpus" / "documents").glob("*.xml")):
        text = decode(path.read_bytes(), "")[0]
        if not re.search("search.yahoo.com/mrss|itunes.com/dtds", text, re.I) or 'rel="related"' in text:
            continue
        slices = cut(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).strip().encode())
        parsed = feedparser.parse(io.BytesIO(path.read_bytes()), sanitize_html=False, resolve_relative_uris=False)
        if slices is None or parsed.bozo or len(parsed.entries) != len(slices.entries):
            continue
        for element, entry in zip(slices.entries, parsed.entries, strict=True):
            ours, theirs = attached(element), attached(elements_of(entry))
            compared += bool(ours.media or ours.images or ours.episode)
            assert [one.href for one in ours.media] == [one.href for one in theirs.media], path.name
            assert [one.width for one in ours.media] == [one.width for one in theirs.media], path.name
            assert [one.href for one in ours.images] == [one.href for one in theirs.images], path.name
            assert facts(ours.episode) == facts(theirs.episode), path.name
    assert compared > 500


def facts(episode: Episode | None) -> list[object]:
    """What feedparser keeps of an episode."""
    episode = episode or Episode()
    return [episode.duration, episode.kind, episode.title, episode.subtitle, episode.chapters]


def test_media_are_read_of_entries_that_need_no_feedparser_too() -> None:
    text = feed(EPISODE, PICTURES).decode()
    quick = read(Document(URL, text.encode(), "", ""))
    slow = read(Document(URL, f"<!DOCTYPE rss>{text}".encode(), "", ""))
    assert quick == slow
    assert quick.drafts[0].episode is not None
    assert quick.drafts[1].media
