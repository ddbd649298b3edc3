"""What a good config means: defaults, levels, includes, what is put in, and what nobody may see."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.clean.credit import USUAL
from aggregator.clean.slugs import source_id
from aggregator.config import Settings, load
from aggregator.config.nodes import MOST_REPEATED
from aggregator.errors import ConfigError
from aggregator.model import Category, Person, Source

SMALLEST = "sources:\n  - url: https://a.example/feed\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: paths in a config are relative to where the program is started."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str | bytes, **environ: str) -> Settings:
    path = Path("c.yaml")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path, environ)


def only(text: str, **environ: str) -> Source:
    (source,) = read(text, **environ).sources
    return source


def of_source(keys: str, defaults: str = "", **environ: str) -> Source:
    """The one source of a config, with these lines in it and in `defaults:`."""
    head = f"defaults: {{{defaults}}}\n" if defaults else ""
    return only(f"{head}sources:\n  - {{url: 'https://a.example/feed', {keys}}}\n", **environ)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


# ---------------------------------------------------------------- defaults


def test_the_smallest_config_gets_every_default() -> None:
    got = read(SMALLEST)
    assert got.site.title == "Feeds"
    assert got.site.base_url == "http://127.0.0.1:8080"
    assert (got.site.language, got.site.timezone) == ("en", "UTC")
    assert (got.site.author, got.site.contact, got.site.rights) == (None, None, None)
    assert got.store == Path("var/aggregator.db")
    formats = ("atom", "rss", "json", "html", "opml")
    assert (got.output.dir, got.output.limit, got.output.formats) == (Path("var/public"), 50, formats)
    assert (got.server.host, got.server.port) == ("127.0.0.1", 8080)
    assert (got.fetch.concurrency, got.fetch.timeout, got.fetch.max_bytes) == (64, timedelta(seconds=30), 10485760)
    assert (got.fetch.max_redirects, got.fetch.allow_private) == (5, ())
    assert (got.fetch.per_host.concurrency, got.fetch.per_host.delay) == (1, timedelta(seconds=1))
    assert got.categories == {"all": Category("all", "Everything", "Source: {source.title}", 50)}
    assert got.sources == (
        Source(
            id="a-example-feed",
            kind="feed",
            url="https://a.example/feed",
            public_url="https://a.example/feed",
            categories=(),
            interval=minutes(60),
            min_interval=minutes(15),
            max_interval=minutes(24 * 60),
            adapts=True,
            credit=USUAL,
        ),
    )


@pytest.mark.parametrize(
    ("defaults", "own", "adapts"),
    [
        ("", "", True),
        ("", "interval: 5m", False),
        ("", "interval: 5m, max_interval: 1h", True),
        ("interval: 30m", "", False),
        ("interval: 30m, max_interval: 6h", "", True),
        ("interval: 30m, max_interval: 6h", "interval: 5m", False),
        ("interval: 30m", "max_interval: 6h", True),
    ],
)
def test_an_interval_that_is_written_is_kept_unless_it_is_given_room(defaults: str, own: str, adapts: bool) -> None:
    got = read(f"defaults: {{{defaults}}}\nsources: [{{url: 'https://a.example/feed', {own}}}]")
    assert got.sources[0].adapts is adapts


def test_everything_that_can_be_said_is_heard() -> None:
    got = read(
        """
site:
  title: 金融消息
  base_url: https://news.example.org/feeds/
  language: zh-CN
  timezone: Asia/Shanghai
  author: {name: News Desk, email: desk@example.org, uri: https://example.org}
  contact: https://news.example.org/about/bot
  rights: 各文章版权归原作者所有
store: sqlite:////srv/aggregator.db
output: {dir: /srv/public, limit: 20, formats: [html, atom]}
server: {host: "::1", port: 0}
fetch:
  concurrency: 8
  timeout: 5s
  max_bytes: 512KiB
  max_redirects: 0
  per_host: {concurrency: 2, delay: 0s}
  allow_private: [10.1.2.3/8, Wiki.LAN, "::1", fd00::/8]
defaults: {timezone: Europe/Berlin, rights: CC0, category: news}
categories:
  emnews: {title: 东财滚动新闻, attribution: "来源：{source.title}，{author}", limit: 5}
  quiet: {attribution: false}
sources:
  - id: one
    url: https://a.example/feed
    public_url: https://a.example/
    type: feed
    title: "  Ein \\n Titel "
    html_url: https://a.example/blog
    rights: CC-BY-4.0
    category: [tech, blogs, tech]
    enabled: false
    interval: 30m
    min_interval: 10m
    max_interval: 2d
    timezone: Asia/Shanghai
  - url: https://b.example/feed
"""
    )
    assert got.site.title == "金融消息"
    assert got.site.base_url == "https://news.example.org/feeds"
    assert got.site.author == Person("News Desk", "desk@example.org", "https://example.org")
    assert (got.site.language, got.site.timezone) == ("zh-CN", "Asia/Shanghai")
    assert (got.site.contact, got.site.rights) == ("https://news.example.org/about/bot", "各文章版权归原作者所有")
    assert got.store == Path("/srv/aggregator.db")
    assert (got.output.dir, got.output.limit, got.output.formats) == (Path("/srv/public"), 20, ("html", "atom"))
    assert (got.server.host, got.server.port) == ("::1", 0)
    assert (got.fetch.concurrency, got.fetch.timeout, got.fetch.max_bytes) == (8, timedelta(seconds=5), 524288)
    assert (got.fetch.max_redirects, got.fetch.per_host.concurrency, got.fetch.per_host.delay) == (0, 2, timedelta())
    assert got.fetch.allow_private == ("10.0.0.0/8", "wiki.lan", "::1/128", "fd00::/8")
    assert got.categories == {
        "all": Category("all", "全部", "来源：{source.title}", 20),
        "emnews": Category("emnews", "东财滚动新闻", "来源：{source.title}，{author}", 5),
        "quiet": Category("quiet", "quiet", None, 20),
        "tech": Category("tech", "tech", "来源：{source.title}", 20),
        "blogs": Category("blogs", "blogs", "来源：{source.title}", 20),
        "news": Category("news", "news", "来源：{source.title}", 20),
    }
    assert list(got.categories) == ["all", "emnews", "quiet", "tech", "blogs", "news"]
    one, two = got.sources
    assert one == Source(
        id="one",
        kind="feed",
        url="https://a.example/feed",
        public_url="https://a.example/",
        categories=("tech", "blogs"),
        interval=minutes(30),
        min_interval=minutes(10),
        max_interval=minutes(2 * 24 * 60),
        adapts=True,
        enabled=False,
        title="Ein Titel",
        html_url="https://a.example/blog",
        rights="CC-BY-4.0",
        timezone="Asia/Shanghai",
        credit=USUAL,
        licence="https://creativecommons.org/licenses/by/4.0/",
    )
    assert (two.categories, two.rights, two.timezone) == (("news",), "CC0", "Europe/Berlin")


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("{host: 127.0.0.1, port: 9000}", "http://127.0.0.1:9000"),
        ("{host: '::1'}", "http://[::1]:8080"),
        ("{host: feeds.lan, port: 80}", "http://feeds.lan:80"),
    ],
)
def test_a_site_without_an_address_is_where_it_is_served(server: str, address: str) -> None:
    assert read(f"{SMALLEST}server: {server}\n").site.base_url == address


@pytest.mark.parametrize("address", ["https://x.example", "https://x.example/", "https://x.example//"])
def test_the_address_of_the_site_has_no_slash_at_its_end(address: str) -> None:
    assert read(f"{SMALLEST}site: {{base_url: '{address}'}}\n").site.base_url == "https://x.example"


# ---------------------------------------------------------------- levels


@pytest.mark.parametrize(
    ("key", "value", "other", "field"),
    [
        ("title", "Its title", "Another", "title"),
        ("html_url", "https://b.example/", "https://c.example/", "html_url"),
        ("rights", "CC0", "CC-BY", "rights"),
        ("timezone", "Asia/Shanghai", "UTC", "timezone"),
        ("interval", "30m", "40m", "interval"),
        ("min_interval", "20m", "30m", "min_interval"),
        ("max_interval", "2h", "3h", "max_interval"),
        ("enabled", "false", "true", "enabled"),
        ("category", "a", "[b, c]", "categories"),
        ("auth", "{bearer: x}", "{cookie: y=z}", "headers"),
    ],
)
def test_a_source_takes_a_key_from_defaults_and_its_own_wins(key: str, value: str, other: str, field: str) -> None:
    own = getattr(of_source(f"{key}: {value}"), field)
    without = getattr(of_source(""), field)
    assert own != without
    assert getattr(of_source("", f"{key}: {value}"), field) == own
    assert getattr(of_source(f"{key}: {value}", f"{key}: {other}"), field) == own
    assert getattr(of_source(f"{key}: {other}", f"{key}: {value}"), field) != own


def test_a_source_can_take_back_what_defaults_say() -> None:
    source = of_source(
        "title: , category: [], auth: , timezone: null", "title: x, category: y, auth: {bearer: z}, timezone: UTC"
    )
    assert (source.title, source.categories, source.headers, source.timezone) == (None, (), (), None)


@pytest.mark.parametrize(
    ("defaults", "own", "interval", "shortest", "longest"),
    [
        ("", "", 60, 15, 1440),
        ("", "interval: 5m", 5, 5, 1440),  # the built-in bounds give way
        ("", "interval: 7d", 10080, 15, 10080),
        ("interval: 5m", "", 5, 5, 1440),
        ("min_interval: 30m", "interval: 5m", 5, 5, 1440),  # the source's word is nearer than the defaults'
        ("max_interval: 2h", "interval: 5h", 300, 15, 300),
        ("interval: 5m, min_interval: 10m", "", 5, 10, 1440),  # said in one breath, the bound holds
        ("interval: 5m", "min_interval: 10m", 5, 10, 1440),  # the bound is nearer
        ("interval: 5h", "max_interval: 2h", 300, 15, 120),
        ("", "interval: 5m, min_interval: 10m", 5, 10, 1440),
        ("", "interval: 5h, max_interval: 2h", 300, 15, 120),
        ("min_interval: 1m", "interval: 90m", 90, 1, 1440),
        ("interval: 30m, max_interval: 12h", "interval: 2h, min_interval: 1h", 120, 60, 720),
    ],
)
def test_an_interval_moves_the_bounds_that_were_said_less_nearly(
    defaults: str, own: str, interval: int, shortest: int, longest: int
) -> None:
    source = of_source(own, defaults)
    assert (source.interval, source.min_interval, source.max_interval) == (
        minutes(interval),
        minutes(shortest),
        minutes(longest),
    )


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1s", 1),
        ("90s", 90),
        ("5m", 300),
        ("1h", 3600),
        ("7d", 604800),
        ("3650d", 315360000),
        ("007m", 420),
        ("0000000000005s", 5),
    ],
)
def test_a_duration_is_a_number_and_its_unit(written: str, meant: int) -> None:
    assert read(f"{SMALLEST}fetch: {{timeout: {written}}}\n").fetch.timeout == timedelta(seconds=meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1", 1),
        ("100000", 100000),
        ("'2048'", 2048),
        ("1KiB", 1024),
        ("10MiB", 10485760),
        ("1GiB", 1073741824),
        ("0010KiB", 10240),
    ],
)
def test_a_size_is_a_number_and_its_unit_or_bytes(written: str, meant: int) -> None:
    assert read(f"{SMALLEST}fetch: {{max_bytes: {written}}}\n").fetch.max_bytes == meant


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT-8", "America/Argentina/Buenos_Aires", "Asia/Shanghai"])
def test_a_time_zone_is_one_of_the_database(zone: str) -> None:
    assert of_source(f"timezone: {zone}").timezone == zone


@pytest.mark.parametrize("tag", ["en", "de-AT", "zh-Hans-CN", "sr-Latn-RS", "x-klingon"[2:], "de-1996"])
def test_a_language_is_a_tag(tag: str) -> None:
    assert read(f"{SMALLEST}site: {{language: {tag}}}\n").site.language == tag


@pytest.mark.parametrize("slug", ["a", "0", "news", "2024", "a-b_c", "x" * 80])
def test_a_category_is_what_can_stand_in_an_address(slug: str) -> None:
    assert of_source(f"category: '{slug}'").categories == (slug,)


def test_a_category_tells_stories_as_output_says_unless_it_says_otherwise() -> None:
    sources = "sources: [{id: a, url: https://a.example/, category: [one, two]}, {id: b, url: https://b.example/}]\n"
    got = read(
        f"{sources}output: {{dedupe: false, prefer: a, per_source: 5}}\n"
        "categories: {two: {dedupe: true, prefer: [b, a], per_source: 2}}\n"
    ).categories
    for slug in ("all", "one"):
        assert (got[slug].dedupe, got[slug].prefer, got[slug].per_source) == (False, ("a",), 5)
    assert (got["two"].dedupe, got["two"].prefer, got["two"].per_source) == (True, ("b", "a"), 2)


@pytest.mark.parametrize(
    "template", ["Von {author}", "{title} {rights} {source.url}", "ohne Felder", "{offen", "zu}", "'{'"]
)
def test_a_template_may_hold_every_field_and_lone_braces(template: str) -> None:
    quoted = template.replace("'", "''")
    got = read(f"{SMALLEST}categories: {{news: {{attribution: '{quoted}'}}}}\n")
    assert got.categories["news"].attribution == template


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example", "HTTPS://A.example/", "https://a.example:8443/x?y=z&t=%20#frag", "http://[::1]:8080/",
        "http://127.0.0.1:1/", "https://例え.jp/フィード", "https://u:p@a.example/", "https://a.example/?q=https://b.example/",
    ],
)  # fmt: skip
def test_a_source_keeps_its_address_as_it_was_written(url: str) -> None:
    assert only(f"sources:\n  - url: '{url}'\n").url == url


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        ("{basic: {username: u, password: p}}", (("Authorization", "Basic dTpw"),)),
        (
            "{basic: {username: Aladdin, password: 'open:sesame'}}",
            (("Authorization", "Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ=="),),
        ),
        ("{bearer: abc.def}", (("Authorization", "Bearer abc.def"),)),
        ("{header: {name: X-Api-Key, value: 'k 1'}}", (("X-Api-Key", "k 1"),)),
        ("{cookie: 'a=b; c=d'}", (("Cookie", "a=b; c=d"),)),
        ("{cookie: 'a=b', bearer: , basic: null}", (("Cookie", "a=b"),)),
    ],
)
def test_the_ways_to_authenticate_become_headers(auth: str, headers: tuple[tuple[str, str], ...]) -> None:
    source = of_source(f"auth: {auth}")
    assert source.headers == headers
    assert headers[0][1] not in repr(source)


# ---------------------------------------------------------------- what is put in, and what nobody may see


def test_a_variable_is_put_in_and_typed_as_if_it_stood_there() -> None:
    got = read(
        "server:\n  host: ${HOST}\n  port: ${PORT}\n"
        "sources:\n  - url: https://${HOST}:${PORT}/${ID}.xml\n"
        "    enabled: ${ON}\n    title: '${PORT}'\n    id: x${ID}x${ID}\n",
        HOST="a.example",
        PORT="8443",
        ON="false",
        ID="7",
    )
    assert (got.server.host, got.server.port) == ("a.example", 8443)
    (source,) = got.sources
    assert (source.url, source.enabled) == ("https://a.example:8443/7.xml", False)
    assert (source.title, source.id) == ("8443", "x7x7")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("$${HOME}", "${HOME}"),
        ("a $${A} b ${A} $${A}", "a ${A} b 1 ${A}"),
        ("$A", "$A"),
        ("${A", "${A"),
        ("$ {A}", "$ {A}"),
        ("${}", "${}"),
        ("${1A}", "${1A}"),
        ("${A-b}", "${A-b}"),
        ("$(A)", "$(A)"),
        ("${A}${A}", "11"),
        ("${NESTED}", "${A}"),
    ],
)
def test_what_is_no_variable_stays_as_it_is_written(written: str, meant: str) -> None:
    assert read(f"{SMALLEST}site:\n  title: '{written}'\n", A="1", NESTED="${A}").site.title == meant


def test_what_a_variable_holds_cannot_become_yaml() -> None:
    evil = "x'\nstore: sqlite:///evil.db # {a: [b"
    assert read(f"{SMALLEST}site:\n  title: ${{A}}\n", A=evil).site.title == " ".join(evil.split())


def test_a_variable_in_a_key_or_a_comment_is_none() -> None:
    assert read(f"# ${{NOWHERE}}\n{SMALLEST}").sources


def test_a_file_is_put_in_without_the_line_end_at_its_end(here: Path) -> None:
    (here / "token").write_bytes(b"s3cret\r\n\n")
    assert of_source("auth: {bearer: !file token}").headers == (("Authorization", "Bearer s3cret"),)
    assert of_source(f"auth: {{bearer: !file '{here}/token'}}").headers == (("Authorization", "Bearer s3cret"),)


def test_a_file_is_always_text() -> None:
    Path("number").write_text("12345\n")
    assert of_source("auth: {bearer: !file number}").headers == (("Authorization", "Bearer 12345"),)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/feed?user=1", "https://a.example/feed?user=1"),
        ("https://a.example/feed#part", "https://a.example/feed"),
        ("https://me:s3cret@a.example/feed", "https://a.example/feed"),
        ("https://s3cret@a.example:8443/feed", "https://a.example:8443/feed"),
        ("https://a.example/feed?token=${TOKEN}", "https://a.example/"),
        ("https://a.example/${TOKEN}/feed", "https://a.example/"),
        ("https://a.example?token=${TOKEN}", "https://a.example/"),
        ("https://a.example:8443#${TOKEN}", "https://a.example:8443/"),
        ("https://me:${TOKEN}@a.example:8443/feed", "https://a.example:8443/"),
    ],
)
def test_nothing_secret_of_an_address_is_shown_or_becomes_an_id(url: str, shown: str) -> None:
    source = only(f"sources:\n  - url: {url}\n", TOKEN="s3cret")
    assert source.public_url == shown
    assert source.url == url.replace("${TOKEN}", "s3cret")
    assert "s3cret" not in source.id
    assert source.id == source_id(shown)


def test_tls_is_verified_unless_one_source_says_otherwise() -> None:
    assert of_source("").insecure_tls is False
    assert of_source("insecure_tls: true").insecure_tls is True
    with pytest.raises(ConfigError, match="insecure_tls"):
        of_source("", defaults="insecure_tls: true")


def test_an_address_out_of_a_file_is_shown_as_its_host(here: Path) -> None:
    (here / "address").write_text("https://a.example/s3cret/feed\n")
    source = only("sources:\n  - url: !file address\n")
    assert (source.url, source.public_url) == ("https://a.example/s3cret/feed", "https://a.example/")


def test_the_address_to_show_is_what_the_operator_says_it_is() -> None:
    source = of_source("public_url: https://www.a.example/about")
    assert source.public_url == "https://www.a.example/about"
    assert source.url == "https://a.example/feed"


def test_a_change_of_a_secret_changes_neither_id_nor_fingerprint() -> None:
    text = "sources:\n  - url: https://a.example/feed?token=${TOKEN}\n    auth: {bearer: '${TOKEN}'}\n"
    one, two = read(text, TOKEN="a"), read(text, TOKEN="b")
    assert one.sources[0].id == two.sources[0].id
    assert one.fingerprint == two.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        "site: {title: x}",
        "site: {base_url: 'https://x.example'}",
        "categories: {news: {}}",
        "output: {limit: 5}",
        "defaults: {title: x}",
    ],
)
def test_the_fingerprint_changes_with_what_is_published(change: str) -> None:
    assert read(SMALLEST).fingerprint != read(f"{SMALLEST}{change}\n").fingerprint
    assert read(SMALLEST).fingerprint == read(f"{SMALLEST}fetch: {{timeout: 5s}}\n").fingerprint


# ---------------------------------------------------------------- YAML


def test_anchors_and_aliases_mean_what_they_stand_for() -> None:
    got = read(
        "defaults: {interval: &often 5m}\n"
        "sources:\n"
        "  - {url: 'https://a.example/', interval: *often, category: &both [a, b], auth: &who {bearer: '${T}'}}\n"
        "  - {url: 'https://b.example/', category: *both, auth: *who}\n",
        T="s3cret",
    )
    one, two = got.sources
    assert one.interval == two.interval == minutes(5)
    assert one.categories == two.categories == ("a", "b")
    assert one.headers == two.headers == (("Authorization", "Bearer s3cret"),)


def test_an_anchor_may_be_given_again_in_silence(recwarn: pytest.WarningsRecorder) -> None:
    got = read(
        "sources:\n- {url: &a 'https://a.example/', html_url: *a}\n- {url: &a 'https://b.example/', html_url: *a}\n"
    )
    assert [source.html_url for source in got.sources] == ["https://a.example/", "https://b.example/"]
    assert not recwarn.list


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("2024-01-01", "2024-01-01"),
        ("12:30:00", "12:30:00"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("=", "="),
        ("!!str 5", "5"),
        ("!!str true", "true"),
        ("'5'", "5"),
        ("|\n    two\n    lines\n", "two lines"),
        (">-\n    two\n    lines\n", "two lines"),
        ('"\\u4e2d\\x41"', "中A"),
        ("中文 # a comment", "中文"),
        ('"\\ud83d\\ude00"', "😀"),  # as JSON writes it
    ],
)
def test_plain_words_are_read_by_the_core_schema_of_yaml_1_2(written: str, title: str) -> None:
    assert read(f"{SMALLEST}site:\n  title: {written}\n").site.title == title


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(line_end: str) -> None:
    assert only(SMALLEST.replace("\n", line_end)).url == "https://a.example/feed"


def test_a_billion_laughs_are_one_mistake() -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError) as caught:
        read("\n".join(lines) + "\n" + SMALLEST)
    assert sum(f"aliases repeat more than {MOST_REPEATED:,} values" in str(one) for one in caught.value.problems) == 1


def test_deep_nesting_through_aliases_is_a_mistake_and_no_crash() -> None:
    text = "a: &a " + "[" * 200 + "x" + "]" * 200 + "\n"
    for name, inner in ("ba", "cb", "dc", "ed"):
        text += f"{name}: &{name} " + "[" * 200 + f"*{inner}" + "]" * 200 + "\n"
    with pytest.raises(ConfigError, match="stands more than 20 levels deep; remove it"):
        read(text + SMALLEST)


def test_a_source_used_by_many_may_be_written_once_with_many_aliases() -> None:
    sources = "".join(f"- {{url: 'https://{n}.example/', category: *c, auth: *a}}\n" for n in range(2000))
    got = read(f"defaults: {{category: &c [a, b, c], auth: &a {{bearer: x}}}}\nsources:\n{sources}")
    assert len(got.sources) == 2000
    assert got.sources[-1].categories == ("a", "b", "c")


# ---------------------------------------------------------------- includes


def test_included_sources_and_categories_are_added_in_order() -> None:
    Path("a.yaml").write_text("sources: [{url: https://b.example/}]\ncategories: {two: {title: Zwei}}\n")
    Path("b.yaml").write_text("sources: [{url: https://c.example/, category: two}]\ndefaults: {interval: 5m}\n")
    got = read(
        "include: [a.yaml, b.yaml]\n"
        "sources: [{url: https://a.example/, category: one}]\ncategories: {one: {title: Eins}}\n"
    )
    assert [source.url for source in got.sources] == ["https://a.example/", "https://b.example/", "https://c.example/"]
    assert {slug: category.title for slug, category in got.categories.items() if slug != "all"} == {
        "one": "Eins",
        "two": "Zwei",
    }
    assert all(source.interval == minutes(5) for source in got.sources)


def test_the_main_file_may_hold_nothing_but_includes() -> None:
    Path("a.yaml").write_text("site: {title: From a}\nsources: [{url: https://a.example/}]\n")
    got = read("include: a.yaml\n")
    assert (got.site.title, len(got.sources)) == ("From a", 1)


def test_secrets_of_included_files_are_hidden_too() -> None:
    Path("a.yaml").write_text("sources:\n- url: https://b.example/${T}\n- url: https://c.example/plain\n")
    got = read(f"include: a.yaml\n{SMALLEST}", T="s3cret")
    assert [source.public_url for source in got.sources] == [
        "https://a.example/feed",
        "https://b.example/",
        "https://c.example/plain",
    ]


def test_includes_are_relative_to_the_working_directory_and_may_come_from_the_environment(here: Path) -> None:
    (here / "conf.d").mkdir()
    (here / "conf.d/main.yaml").write_text(f"include: ['${{WHERE}}', 'b.yaml']\n{SMALLEST}")
    (here / "a.yaml").write_text("site: {title: From a}\n")
    (here / "b.yaml").write_text("server: {port: 9}\n")
    got = load(Path("conf.d/main.yaml"), {"WHERE": "a.yaml"})
    assert (got.site.title, got.server.port) == ("From a", 9)
