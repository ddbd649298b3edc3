"""Sources from elsewhere: what feed readers and planets export becomes a config, and a config becomes a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import opml_rules
import pytest
from conftest import Place
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from scripted_web import ScriptedWeb

from aggregator.changes import decide
from aggregator.cli.lists import import_opml, import_planet
from aggregator.config import Plan, as_text, load, new_file, planned, settings_at, with_sources
from aggregator.config.adding import NEW_FILE
from aggregator.config.insertion import with_categories, with_items
from aggregator.errors import Unreadable, UsageError
from aggregator.model import Acquaintance, Document, Group, Intake, Origin, Outline, Said, Source
from aggregator.sources.opml import outlines
from aggregator.sources.planet import planet
from aggregator.store import open_store

LISTS = Path(__file__).parent / "lists"
NOW, HOUR = datetime(2026, 11, 1, tzinfo=UTC), timedelta(hours=1)


def plan_of(name: str) -> Plan:
    return planned(outlines((LISTS / name).read_bytes()), None)


def told(plan: Plan) -> list[tuple[str, object, tuple[str, ...]]]:
    return [(one.url, one.more.get("title"), one.categories) for one in plan.wanted]


# ---------------------------------------------------------------- what the readers export


def test_miniflux_its_category_for_everything_is_none() -> None:
    plan = plan_of("miniflux.opml")
    assert told(plan) == [
        ("https://notes.example/atom.xml?a=1&copy=2", "Nobody's Notes", ()),
        ("https://lwn.example/headlines/rss", "LWN.net", ("free-software",)),
        ("http://planet.debian.example/atom.xml", "Planet Debian", ("free-software",)),
    ]
    assert (plan.titles, plan.left) == ({"free-software": "Free Software"}, ())


def test_feedly_a_feed_in_two_folders_is_one_source_in_two_categories() -> None:
    plan = plan_of("feedly.opml")
    assert told(plan) == [
        ("http://feeds.feedburner.example/HighScalability", "High Scalability", ("every-day",)),
        ("http://www.ruanyifeng.example/blog/atom.xml", "阮一峰的网络日志", ("every-day", "zhongwenboke")),
        ("https://alone.example/feed/", "Alone", ()),
    ]
    assert plan.titles == {"every-day": "Every Day", "zhongwenboke": "中文博客"}


def test_newsblur_what_is_in_a_folder_of_a_folder_is_in_both() -> None:
    plan = plan_of("newsblur.opml")
    assert told(plan) == [
        ("http://daringfireball.example/index.xml", "Daring Fireball", ()),
        ("https://xkcd.example/rss.xml", "xkcd.com", ("comics",)),
        ("https://www.pbf.example/feed/", "The Perry Bible Fellowship", ("comics", "old-gold")),
    ]
    assert plan.titles == {"comics": "Comics", "old-gold": "Old & Gold"}


def test_inoreader_a_list_that_is_not_well_formed_is_read_and_what_is_no_feed_is_named() -> None:
    plan = plan_of("inoreader.opml")
    assert told(plan) == [
        ("https://www.nature.example/nature.rss?format=full&type=all", "Nature", ("science",)),
        ("http://physics.example/rss", "Physics — R&D", ("science",)),
    ]
    assert plan.left == ("inoreader://newsletter/12: not a web address",)


def test_freshrss_its_recipes_come_along(tmp_path: Path) -> None:
    plan = plan_of("freshrss.opml")
    path = tmp_path / "aggregator.yaml"
    after, sources = with_sources(path, {}, plan.wanted, plan.titles, write=True)
    assert [(source.url, source.kind) for source in sources] == [
        ("https://github.example/FreshRSS/FreshRSS/releases.atom", "feed"),
        ("https://www.lemonde.example/rss/une.xml", "feed"),
        ("https://mairie.example/actualites", "html"),
        ("https://api.meteo.example/v1/bulletins", "json"),
        ("https://carnets.example/feed.json", "feed"),
    ]
    _, monde, mairie, meteo, _ = sources
    assert monde.full_text
    assert monde.full_text.remove == (".pub",)
    assert mairie.recipe
    assert (mairie.recipe.items, mairie.recipe.language) == ("//article[contains(@class, 'actu')]", "xpath")
    fields = {name: (pick.path, pick.date_format) for name, pick in mairie.recipe.fields}
    assert fields["link"] == ("descendant::a/@href", None)
    assert fields["published"] == ("descendant::time", "%d/%m/%Y")
    assert meteo.recipe
    assert (meteo.recipe.items, dict(meteo.recipe.fields)["link"].path) == ("data.bulletins", "liens[0].url")
    assert after.categories["actualites"].title == "Actualités"
    (left,) = plan.left
    assert left.startswith('https://registre.example/export.xml: type: "xml+xpath" is not one of')


# ---------------------------------------------------------------- next to what is configured

HERE = """sources:
  - {id: old, url: "http://lwn.example:80/headlines/rss", category: linux}
categories:
  linux: {title: Free software}
"""


def test_what_is_configured_is_left_out_and_categories_of_one_name_are_one(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.yaml"
    path.write_text(HERE, "utf-8")
    plan = planned(outlines((LISTS / "miniflux.opml").read_bytes()), settings_at(path, {}), ("mine",))
    assert [(one.url, one.categories) for one in plan.wanted] == [
        ("https://notes.example/atom.xml?a=1&copy=2", ("mine",)),
        ("http://planet.debian.example/atom.xml", ("mine", "linux")),
    ]
    assert plan.titles == {}
    assert plan.left == ('https://lwn.example/headlines/rss: there already, as "old"',)


def test_two_addresses_that_would_have_one_id_get_two(tmp_path: Path) -> None:
    found = [Outline(f"https://{host}x.example/feed{end}") for host, end in (("", ""), ("www.", ""), ("", "/"))]
    plan = planned(found, None)
    _, sources = with_sources(tmp_path / "c.yaml", {}, plan.wanted, plan.titles, write=False)
    assert [source.id for source in sources] == ["x-example-feed", "x-example-feed-2", "x-example-feed-3"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [("con", "con-"), ("All", None), ("...", "category-"), ("新闻", "xinwen"), ("Ελληνικά", "ellinika")],
)
def test_any_name_of_a_folder_becomes_an_address(tmp_path: Path, name: str, slug: str | None) -> None:
    plan = planned([Outline("https://x.example/", groups=(Group(name),))], None)
    after, (source,) = with_sources(tmp_path / "c.yaml", {}, plan.wanted, plan.titles, write=True)
    assert [found.startswith(slug or "?") for found in source.categories] == ([True] if slug else [])
    if slug:
        assert after.categories[source.categories[0]].title == name


@settings(max_examples=40)
@given(
    st.lists(
        st.builds(
            Outline,
            url=st.sampled_from(
                ["https://a.example/", "http://b.example/${X}?{y}", "https://c.example/,[]", "ftp://d/"]
            )
            | st.text(max_size=20),
            title=st.none() | st.text(max_size=20),
            groups=st.lists(st.builds(Group, st.text(max_size=9), st.none() | st.text(max_size=9)), max_size=2).map(
                tuple
            ),
        ),
        max_size=6,
    )
)
def test_whatever_a_list_says_the_config_is_good_afterwards(
    tmp_path_factory: pytest.TempPathFactory, found: list[Outline]
) -> None:
    path = tmp_path_factory.mktemp("lists") / "c.yaml"
    path.write_text(HERE, "utf-8")
    plan = planned(found, settings_at(path, {}))
    if plan.wanted:
        _, sources = with_sources(path, {}, plan.wanted, plan.titles, write=True)
        assert [source.url for source in sources] == [one.url for one in plan.wanted]
        assert load(path, {}).sources[1:] == sources
        again = planned(found, settings_at(path, {}))
        assert again.wanted == ()


# ---------------------------------------------------------------- the text

ONE = [{"url": "https://n.example/", "category": "new"}]
TITLES = {"new": "New: things"}
LINE = '  new: {title: "New: things"}\n'
SOURCE = "  - url: https://n.example/\n    category: new\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"categories:\n{LINE}\nsources:\n{SOURCE}"),
        ("site: {}\n", f"site: {{}}\n\ncategories:\n{LINE}\nsources:\n{SOURCE}"),
        (
            "site: {}\n\n# who\n# we read\nsources:\n  - url: https://a.example/\n",
            f"site: {{}}\n\ncategories:\n{LINE}\n# who\n# we read\nsources:\n  - url: https://a.example/\n{SOURCE}",
        ),
        (
            "categories:\n    a: {title: A}  # a\n    b:\n      title: B\n# later\nsources: []\n",
            f"categories:\n    a: {{title: A}}  # a\n    b:\n      title: B\n  {LINE}# later\nsources:\n{SOURCE}",
        ),
        ("categories: {}\nsources: []\n", f"categories:\n{LINE}sources:\n{SOURCE}"),
        ("categories: # none\nsources: []\n", f"categories: # none\n{LINE}sources:\n{SOURCE}"),
        (
            "categories: {a: {title: A}}\nsources: []\n",
            f'categories: {{a: {{title: A}}, "new": {{"title": "New: things"}}}}\nsources:\n{SOURCE}',
        ),
        (
            '{"sources": [{"url": "https://a.example/"}]}',
            '{"categories": {"new": {"title": "New: things"}}, "sources": [{"url": "https://a.example/"}, '
            '{"url": "https://n.example/", "category": "new"}]}',
        ),
    ],
)
def test_categories_get_titles_and_every_other_byte_stays(tmp_path: Path, before: str, after: str) -> None:
    assert with_items(with_categories(before, TITLES), ONE) == after
    (tmp_path / "c.yaml").write_text(after, "utf-8")
    assert load(tmp_path / "c.yaml", {}).categories["new"].title == "New: things"


def test_several_sources_stand_apart_where_those_before_them_do() -> None:
    text = "sources:\n  - url: https://a.example/\n\n  - url: https://b.example/\n"
    assert with_items(text, ONE * 2) == text + f"\n{SOURCE}" * 2


def test_a_new_file_begins_with_the_name_and_address_of_the_planet() -> None:
    assert new_file(None, None) == NEW_FILE
    assert new_file('A "B"', "https://p.example").splitlines()[1:] == [
        "site:",
        '  title: "A \\"B\\""',
        '  base_url: "https://p.example"',
    ]
    assert "# base_url" in new_file("x", "https://p.example/?x")


# ---------------------------------------------------------------- documents


def test_planet_venus_its_filters_come_along_and_its_programs_are_named() -> None:
    found = planet((LISTS / "venus.ini").read_text("utf-8"))
    assert (found.title, found.url) == ("Planet Schmanet", "http://planet.schmanet.example/")
    assert [(one.url, one.title, one.kind, one.keep, one.drop) for one in found.outlines] == [
        ("http://www.netsplit.example/blog/index.rss", "Scott James Remnant", "feed", None, "(?i)sponsored post"),
        ("https://jeff.example/blog/index.php/feed/", "Jeff Waugh", "feed", r"(?i)\bgnome\b", "(?i)sponsored post"),
        ("http://friends.example/subscriptions.opml", "Friends", "opml", None, "(?i)sponsored post"),
    ]
    first, cut_down, followed = planned(found.outlines, None).wanted
    assert 'matches: "(?i)sponsored post"' in as_text([first], {})
    assert [one.more.get("content") for one in (first, cut_down, followed)] == [None, "summary", None]


def test_planet_venus_what_is_not_taken_over_is_named() -> None:
    assert planet((LISTS / "venus.ini").read_text("utf-8")).left == (
        "Planet: owner_name = Janet Weiss: see site.author in docs/config.md",
        "Planet: owner_email = janet@slug.example: see site.author in docs/config.md",
        "Planet: cache_directory = /var/cache/planet: see store in docs/config.md",
        "Planet: new_feed_items = 10: see backfill.max_items in docs/config.md",
        "Planet: log_level = DEBUG: nothing here is like it",
        "Planet: date_format = %B %d, %Y %I:%M %p: nothing here is like it",
        "Planet: template_files = themes/common/index.html.tmpl themes/common/atom.xml.xslt: see site.theme in "
        "docs/config.md",
        "Planet: facewidth = 64: nothing here is like it",
        "excerpt.py: a section that names no feed",
    )
    found = planet(
        "[DEFAULT]\nactivity_threshold = 90\n[Planet]\nname = x\nitems_per_page = 60\nfilters = excerpt.py a.sed\n"
        "[not-a-url]\nname = Lost\n[http://a.example/]\nnew_feed_items = 5\nname = A\nicon = a.png\n"
    )
    assert found.left == (
        "Planet: filters = a.sed: see docs/rules.md for what filters and rewrite can do",
        "Planet: items_per_page = 60: see output.limit in docs/config.md",
        "Planet: activity_threshold = 90: see backfill.max_age in docs/config.md",
        "not-a-url: a section that names no feed",
        "http://a.example/: new_feed_items = 5: see backfill.max_items in docs/config.md",
    )
    (one,) = planned(found.outlines, None).wanted
    assert "content: summary" in as_text([one], {})


def test_pluto_keys_before_any_section_and_indented_ones_are_read() -> None:
    found = planet((LISTS / "pluto.ini").read_text("utf-8"))
    assert (found.title, found.url) == ("Planet Ruby", "http://planetruby.example")
    assert [(one.url, one.title) for one in found.outlines] == [
        ("http://feeds.rubyflow.example/Rubyflow", "Ruby Flow"),
        ("http://weblog.rubyonrails.example/feed/atom.xml", "Ruby on Rails News"),
    ]


@pytest.mark.parametrize("text", ["", "[a]\nb = c\n", "nothing", "[x\n", "=\n", "[Planet]\nname = x\n"])
def test_what_is_no_planet_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="not the INI file of a planet"):
        planet(text)


@pytest.mark.parametrize("body", [b"", b"<html><body>x", b"<rss/>", b"\x00\xff", b"<outline xmlUrl='http://x/'/>"])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match="OPML"):
        outlines(body)


def test_lists_in_lists_upper_case_and_old_encodings_are_read() -> None:
    text = (
        '<?xml version="1.0" encoding="gb2312"?><OPML VERSION="1.1"><BODY><OUTLINE TEXT="博客">'
        '<OUTLINE TYPE="link" TEXT="List" URL="http://x.example/l.opml"/>'
        '<OUTLINE TITLE="T" XMLURL=" http://x.example/f "/></OUTLINE></BODY></OPML>'
    )
    assert outlines(text.encode("gb18030")) == (
        Outline("http://x.example/l.opml", "List", "opml", (Group("博客"),)),
        Outline("http://x.example/f", "T", "feed", (Group("博客"),)),
    )


def test_entities_neither_open_files_nor_explode() -> None:
    hostile = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 10}">' for n in range(10))
    for declared in (hostile, '<!ENTITY e9 SYSTEM "file:///etc/hostname">'):
        text = (
            f'<!DOCTYPE opml [{declared}]><opml><body><outline text="&e9;" xmlUrl="http://x.example/"/></body></opml>'
        )
        (found,) = outlines(text.encode())
        assert len(found.title or "") < 10


# ---------------------------------------------------------------- the commands


def test_a_list_is_imported_shown_and_exported_again(
    place: Place, web: ScriptedWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    title = "<rss version='2.0'><channel><title>What it says</title><item><title>x</title></item></channel></rss>"
    feed = web.feed("/feed", title)
    secret = {"id": "s", "url": "https://s.example/?k=1", "public_url": "https://s.example/"}
    path = place.configure([{"id": "own", "url": feed}, secret])
    before = path.read_text("utf-8")
    import_opml(LISTS / "feedly.opml", ["mine"], True, path)
    assert path.read_text("utf-8") == before
    tried = capsys.readouterr().out
    assert "category: [mine, every-day, zhongwenboke]\n" in tried
    assert f"would add 3 sources to {path} in the categories mine, every-day, zhongwenboke\n" in tried
    done = place.run("opml", "import", str(LISTS / "feedly.opml"))
    assert f"added 3 sources to {path} in the categories every-day, zhongwenboke\n" in done.stdout
    after = path.read_text("utf-8")
    assert after.startswith(before[: before.index("sources:")])
    import_opml(LISTS / "feedly.opml", config=path)
    assert path.read_text("utf-8") == after
    assert 'left out: https://alone.example/feed/: there already, as "alone-example-feed"\n' in capsys.readouterr().out
    place.run("once", "own")
    exported = place.run("opml", "export").stdout.encode()
    assert opml_rules.violations(exported) == []
    titles = dict(opml_rules.read_back(exported))
    assert (titles["What it says"], titles["s"]) == (feed, "https://s.example/")
    assert b"k=1" not in exported
    back = planned(outlines(exported), None)
    assert {one.url: one.categories for one in back.wanted}["http://www.ruanyifeng.example/blog/atom.xml"] == (
        "every-day",
        "zhongwenboke",
    )
    assert back.titles == {"every-day": "Every Day", "zhongwenboke": "中文博客"}


def test_a_source_that_is_no_feed_is_listed_by_our_feed_of_it(
    place: Place, web: ScriptedWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    news = web.feed("/news", "<ul><li><a href='/1'>One</a></ul>")
    recipe = {"items": "li", "fields": {"title": "a", "link": {"css": "a", "attr": "href"}}}
    api = {"items": "data", "fields": {"title": "t", "link": "l"}}
    path = place.configure(
        [
            {"id": "page", "type": "html", "url": news, **recipe},
            {"id": "api", "type": "json", "url": "https://api.example/v1", "html_url": "https://api.example/", **api},
            {"id": "watched", "type": "html", "url": "https://w.example/", "change_alert": {"select": "p"}},
            {"id": "feed", "url": "https://f.example/feed"},
        ]
    )
    ours = "https://planet.example/source"
    expected = {
        f"{ours}/page/feed.atom": news,
        f"{ours}/api/feed.atom": "https://api.example/",
        f"{ours}/watched/feed.atom": "https://w.example/",
        "https://f.example/feed": None,
    }
    place.run("once", "page")
    exported = place.run("opml", "export").stdout.encode()
    served = (place.public / "sources.opml").read_bytes()
    for written in (exported, served):
        outline = etree.fromstring(written).iterfind("body/outline")
        assert {one.get("xmlUrl"): one.get("htmlUrl") for one in outline} == expected
    assert (place.public / "source" / "page" / "feed.atom").exists()
    listed = path.with_name("own.opml")
    listed.write_bytes(exported)
    import_opml(listed, config=path)
    told = capsys.readouterr().out
    assert f"added 0 sources to {path}\n" in told
    assert f'left out: {ours}/watched/feed.atom: there already, as "watched"\n' in told


def test_a_source_of_which_no_entry_is_kept_goes_by_what_it_said_of_itself(place: Place, web: ScriptedWeb) -> None:
    feed = (
        "<rss version='2.0'><channel><title>{}</title><link>https://{}.example/</link>"
        "<item><title>x</title><link>https://{}.example/1</link></item></channel></rss>"
    )
    nothing = [{"keep": {"field": "title", "contains": "never"}}]
    place.configure(
        [
            {"id": "emptied", "url": web.feed("/a", feed.format("A says", "a", "a"))},
            {"id": "filtered", "url": web.feed("/b", feed.format("B says", "b", "b")), "filters": nothing},
        ]
    )
    place.run("once")
    place.run("remove", "https://a.example/1")
    place.run("build")
    known = [("A says", "https://a.example/"), ("B says", "https://b.example/")]
    for written in (place.run("opml", "export").stdout.encode(), (place.public / "sources.opml").read_bytes()):
        outline = etree.fromstring(written).iterfind("body/outline")
        assert [(one.get("title"), one.get("htmlUrl")) for one in outline] == known
    home = (place.public / "index.html").read_text("utf-8")
    for name, (title, html_url) in zip(("emptied", "filtered"), known, strict=True):
        own = etree.parse(place.public / "source" / name / "feed.atom")
        assert own.findtext("{*}title") == f"{title} – Test"
        assert html_url in (place.public / "source" / name / "index.html").read_text("utf-8")
        assert title in home


async def test_a_first_document_gives_its_title_to_what_was_built_before(tmp_path: Path) -> None:
    source = Source("s", "feed", "https://s.example/f", "https://s.example/f", (), HOUR, HOUR, HOUR)
    intake = Intake(Origin("https://s.example/", "S says"), ())
    async with open_store(tmp_path / "store.db", "https://planet.example", alone=True) as store:
        await store.enrol([source], NOW)
        for page, version in (await store.stale()).items():
            await store.mark_built(page, version)
        visit = await store.begin(source, NOW)
        document = Document(source.url, b"", "")
        await store.apply(decide(source, visit, (document, intake), Acquaintance(), NOW))
        assert set(await store.stale()) == {"", "source/s/"}
        assert await store.said(["s", "t"]) == {"s": Said("S says")}


def test_a_planet_becomes_the_first_config(place: Place) -> None:
    done = place.run("import", "planet", str(LISTS / "pluto.ini"), "--category", "ruby")
    path = place.folder / "aggregator.yaml"
    assert f"{path} was not there; made it" in done.stdout
    made = load(path, {})
    assert (made.site.title, made.site.base_url) == ("Planet Ruby", "http://planetruby.example")
    assert [(source.title, source.categories) for source in made.sources] == [
        ("Ruby Flow", ("ruby",)),
        ("Ruby on Rails News", ("ruby",)),
    ]


@pytest.mark.parametrize(
    ("command", "name", "message"),
    [
        (import_opml, "nowhere.opml", "nowhere.opml cannot be read (no such file"),
        (import_opml, "aggregator.yaml", "aggregator.yaml: not a list of feeds in OPML"),
        (import_planet, "aggregator.yaml", "aggregator.yaml: not the INI file of a planet"),
    ],
)
def test_what_cannot_be_imported_is_named_and_nothing_written(
    place: Place, command: Callable[..., None], name: str, message: str
) -> None:
    path = place.configure([{"url": "https://a.example/"}])
    before = path.read_bytes()
    with pytest.raises(UsageError) as refused:
        command(path.with_name(name), config=path)
    assert message in str(refused.value)
    assert path.read_bytes() == before
