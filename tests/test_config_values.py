"""Values that are none of their kind, includes, secrets in wrong places, all in one run, and the command itself."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import Place
from mistakes import SMALLEST, SOURCES, assert_said, here_fixture, lines, mistakes  # noqa: F401

# ---------------------------------------------------------------- values

HEAD = "sources: [{url: https://a.example/}]\n"
VALUES: list[tuple[str, str, list[str]]] = [
    (
        "fetch.timeout",
        " is not a duration; write a number and s, m, h or d, such as 30m",
        ["30", "30 s", "s", "1.5h", "-5s", "5S", "5ms", "1h30m", "PT1H", "soon", "", "３０s", "5w", "1e3s"],
    ),
    ("fetch.timeout", " is no time at all; write at least 1s", ["0s", "0d", "000h"]),
    (
        "fetch.timeout",
        " is longer than ten years; write a shorter duration",
        ["3651d", "99999999999999999999s", "9" * 99 + "d"],
    ),
    ("defaults.interval", " is no time at all; write at least 1s", ["0m"]),
    ("defaults.retention.max_age", " is longer than a hundred years; write a shorter duration", ["36501d"]),
    ("defaults.backfill.max_age", " is no time at all; write at least 1s", ["0d"]),
    ("fetch.per_host.delay", " is not a duration; write a number and s, m, h or d, such as 30m", ["never"]),
    (
        "fetch.max_bytes",
        " is not a size; write a number and KiB, MiB or GiB, such as 10MiB",
        ["10MB", "10 MiB", "10mib", "MiB", "-1", "0", "0KiB", "", "1.5MiB", "10MiBs", "１０MiB"],
    ),
    ("fetch.max_bytes", " is more than 1GiB; write a smaller size", ["2GiB", "1025MiB", "99999999999999999999"]),
    (
        "server.status[0]",
        " is not a network; write one such as 10.0.0.0/8 or 192.168.1.7",
        ["10.0.0.0/33", "wiki.lan", "1.2.3", "", "::1/129"],
    ),
    (
        "websub.hub",
        " is not a hub; write own, the address of a hub, a list of these, or false",
        ["mine", "ftp://hub.example/", "", "hub.example"],
    ),
    (
        "defaults.html_url",
        " is not a web address; write one that begins with http:// or https://",
        [
            "a.example",
            "//a.example/",
            "/feed",
            "ftp://a.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://",
            "https:///feed",
            "http:a.example",
            "http://a.example/a b",
            "http://a.example:99999/",
            "http://a.example:0/",
            "http://a.example:x/",
            "http://[::1/",
            "http://:80/",
            "feed:https://a.example/",
            "http://ⅰ／a",
            "",
        ],
    ),
    (
        "site.base_url",
        " is not a web address; write one that begins with http:// or https://",
        ["planet.example", "ftp://x/"],
    ),
    (
        "site.base_url",
        " must be a bare address such as https://planet.example.org",
        [
            "https://u@x.example",
            "https://u:p@x.example",
            "https://@x.example/",
            "https://x.example/?a=b",
            "https://x.example/?",
            "https://x.example/#a",
            "https://x.example/#",
        ],
    ),
    (
        "site.timezone",
        " is not a time zone; write one such as Europe/Berlin or Asia/Shanghai",
        ["Berlin", "+08:00", "UTC+8", "Europe/Nowhere", "", "../../etc/passwd", "/etc/localtime", "Europe", "x" * 999],
    ),
    ("defaults.timezone", " is not a time zone; write one such as Europe/Berlin or Asia/Shanghai", ["CST6"]),
    (
        "site.language",
        " is not a language tag; write one such as en, de or zh-CN",
        ["zh_CN", "english language", "e", "", "de-", "-de", "中文", "en--US"],
    ),
    (
        "store",
        " is not a store this version knows; write sqlite:///var/aggregator.db",
        ["postgresql://host/db", "sqlite://", "sqlite:///", "var/a.db", ""],
    ),
    (
        "fetch.allow_private[0]",
        " is neither a network nor a host name; write one such as 10.0.0.0/8 or wiki.lan",
        ["10.0.0.0/33", "10.0.0", "10.0.0.256", "http://wiki.lan", "wiki.lan:80", "a b", "", "-x.lan", "::g", "*"],
    ),
]


@pytest.mark.parametrize(
    ("key", "message", "value"),
    [pytest.param(key, message, value, id=f"{key}={value[:20]}") for key, message, many in VALUES for value in many],
)
def test_a_value_that_is_none_of_its_kind_is_shown_with_the_next_step(key: str, message: str, value: str) -> None:
    *outer, last = key.removesuffix("[0]").split(".")
    written = f"'{value}'" if not key.endswith("[0]") else f"['{value}']"
    text = HEAD + "".join(f"{name}: {{" for name in outer) + f"{last}: {written}" + "}" * len(outer) + "\n"
    column = sum(len(name) + 3 for name in outer) + 1 + (len(last) + 3 if key.endswith("[0]") else 0)
    shown = f'"{value}"' if len(value) <= 58 else f'"{value[:56]}…'
    assert_said(text, f"2:{column}: {key}: {shown}{message}")


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("fetch: {timeout: 30}", "2:9: fetch.timeout: 30 must be text such as 30m or 1h"),
        ("fetch: {timeout: [30s]}", '2:9: fetch.timeout: ["30s"] must be text such as 30m or 1h'),
        ("fetch: {max_bytes: 1.5}", "2:9: fetch.max_bytes: 1.5 is not a size; write a number and KiB"),
        ("fetch: {max_bytes: true}", "2:9: fetch.max_bytes: true is not a size; write a number and KiB"),
        ("site: {base_url: 5}", "2:8: site.base_url: 5 must be text: an address"),
        ("site: {language: 5}", "2:8: site.language: 5 must be text such as zh-CN"),
        ("site: {timezone: 8}", "2:8: site.timezone: 8 must be text such as Asia/Shanghai"),
        ("fetch: {allow_private: 10}", "2:9: fetch.allow_private: 10 must be a list"),
        ("fetch: {allow_private: [10]}", "2:25: fetch.allow_private[0]: 10 must be text"),
        ("defaults: {category: 5}", "2:12: defaults.category: 5 must be a list"),
        (
            "defaults: {category: {a: b}}",
            "2:12: defaults.category.a: unknown key; known here: field, path, slug, most",
        ),
        ("defaults: {category: [[a]]}", '2:23: defaults.category[0]: ["a"] must be text; put it in quotes'),
        ("site: {title: ''}", "2:8: site.title: is empty; write some text or leave the key out"),
        ("site: {title: '  '}", "2:8: site.title: is empty; write some text or leave the key out"),
        ('site: {title: "a\\0b"}', '2:8: site.title: "a\\u0000b" holds a character that no feed may hold; remove it'),
        ('site: {rights: "\\ud800"}', '2:8: site.rights: "\\ud800" holds a character that no feed may hold; remove it'),
        (
            r'defaults: {html_url: "http://a.example/\ud800"}',
            r'2:12: defaults.html_url: "http://a.example/\ud800" is not a web',
        ),
        ("site: {author: {email: a@b.example}}", "2:8: site.author.name: missing; write a name"),
        (
            "site: {title: {a: '{value}{hint}{ge}}}'}}",
            '2:8: site.title: {"a": "{value}{hint}{ge}}}"} must be text; put',
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_shown_with_the_next_step(key: str, start: str) -> None:
    assert_said(f"{HEAD}{key}\n", start)


@pytest.mark.parametrize(
    ("template", "start"),
    [
        ("'{titel}'", '"{titel}" uses an unknown field; the known ones, in braces, are source.title, source.url, auth'),
        ("'{}'", '"{}" uses an unknown field; the known ones, in braces, are source.title'),
        ("'By {author} {source.Title}'", '"By {author} {source.Title}" uses an unknown field; the known ones'),
        ("'{source.__class__}'", '"{source.__class__}" uses an unknown field; the known ones'),
        ("'{author!r:>10}'", '"{author!r:>10}" uses an unknown field; the known ones'),
        ("true", "true must be a template such as 'Source: {source.title}', or false"),
        ("5", "5 must be a template such as 'Source: {source.title}', or false"),
        ("[a]", "[\"a\"] must be a template such as 'Source: {source.title}', or false"),
        ('"\\0"', '"\\u0000" holds a character that no feed may hold; remove it'),
    ],
)
def test_an_attribution_that_is_no_template_is_shown_with_the_known_fields(template: str, start: str) -> None:
    text = f"{HEAD}categories:\n  news: {{attribution: {template}}}\n"
    assert_said(text, f"3:10: categories.news.attribution: {start}")


# ---------------------------------------------------------------- includes


def test_an_include_that_cannot_be_read_is_named_and_the_others_are_read(here: Path) -> None:
    (here / "folder").mkdir()
    (here / "good.yaml").write_text("sources: [{url: https://b.example/, titel: x}]\n")
    assert_said(
        lines("include:", "  - nowhere.yaml", "  - folder", "  - good.yaml", '  - "a\\0b"', "  - 5", "  - 中文.yaml")
        + SOURCES,
        '2:5: include[0]: "nowhere.yaml" cannot be read (no such file or directory); paths are relative to the working',
        '3:5: include[1]: "folder" cannot be read (is a directory); paths are relative to the working directory',
        '5:5: include[3]: "a\\u0000b" cannot be read (not a path); paths are relative to the working directory',
        "6:5: include[4]: must be a path, such as config/blogs.yaml",
        '7:5: include[5]: "中文.yaml" cannot be read (no such file or directory); paths are relative',
        'good.yaml:1:37: sources[0].titel: unknown key; did you mean "title"?',
    )


@pytest.mark.parametrize("wrong", ["5", "{a: b}", "true"])
def test_an_include_that_is_no_list_of_paths_is_named(wrong: str) -> None:
    assert_said(f"{SOURCES}include: {wrong}\n", "2:1: include: must be a list of paths, such as [config/blogs.yaml]")


def test_one_include_may_be_written_without_a_list() -> None:
    assert_said(
        SOURCES + "include: nowhere.yaml\n",
        '2:1: include: "nowhere.yaml" cannot be read (no such file or directory); paths are relative to the working',
    )


def test_a_mistake_in_an_included_file_is_named_by_its_own_file_line_and_key(here: Path) -> None:
    Path("blogs.yaml").write_text("\n\nsources:\n  - url: ftp://b.example/\n  - id: x\nsite: {titel: x}\n")
    assert_said(
        "include: blogs.yaml\nserver: {prot: 1}\n" + SOURCES,
        'blogs.yaml:4:5: sources[0].url: "ftp://b.example/" is not a web address; write one that begins',
        "blogs.yaml:5:5: sources[1].url: missing; write the address to poll",
        'blogs.yaml:6:8: site.titel: unknown key; did you mean "title"?',
        '2:10: server.prot: unknown key; did you mean "port"?',
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", f"1:1: the file is empty; {SMALLEST}"),
        (b"- a\n", f"1:1: must be a mapping of keys; {SMALLEST}"),
        (b"sources: [\n", "2:1: is not YAML: while parsing a flow node"),
        (b"\xef\xbb\xbfsite: {}\n", "1:1: the file begins with a byte order mark (BOM); save it as UTF-8 without BOM"),
    ],
)
def test_an_included_file_that_is_no_config_is_named(raw: bytes, said: str) -> None:
    Path("blogs.yaml").write_bytes(raw)
    assert_said("include: [blogs.yaml]\n" + SOURCES, f"blogs.yaml:{said}")


def test_sources_that_clash_across_files_are_named_with_both_places() -> None:
    Path("a.yaml").write_text("sources:\n- url: http://a.example/feed\n- {id: one, url: https://b.example/}\n")
    Path("b.yaml").write_text("\nsources:\n- {id: one, url: https://c.example/}\n")
    assert_said(
        "include: [a.yaml, b.yaml]\n" + SOURCES,
        "a.yaml:2:3: sources[0].url: the same address as sources[0] in c.yaml:2; remove one",
        'b.yaml:3:4: sources[0].id: the id "one" is that of sources[1] in a.yaml:3 too; give it another id',
    )


def test_what_is_said_in_two_files_is_named_with_both_places() -> None:
    Path("a.yaml").write_text("site: {title: a}\ncategories: {news: {title: x}, tech: {}}\nstore: sqlite:///a.db\n")
    assert_said(
        SOURCES + "include: a.yaml\nsite: {}\ncategories:\n  news: {}\nstore: sqlite:///b.db\n",
        "a.yaml:1:1: site: stands already in c.yaml:3; remove one",
        "a.yaml:2:14: categories.news: stands already in c.yaml:5; remove one",
        "a.yaml:3:1: store: stands already in c.yaml:6; remove one",
    )


def test_an_included_file_cannot_include() -> None:
    Path("a.yaml").write_text("sources: [{url: https://b.example/}]\ninclude: b.yaml\n")
    assert_said(
        SOURCES + "include: a.yaml\n",
        "a.yaml:2:1: include: an included file cannot include; name it in the main file",
    )


def test_a_file_that_includes_itself_is_not_read_for_ever() -> None:
    said = mistakes(SOURCES + "include: c.yaml\n")
    assert "2:1: include: an included file cannot include; name it in the main file" in said


# ---------------------------------------------------------------- the environment and secret files


def test_a_variable_that_is_not_set_is_named_once_and_every_one_of_them() -> None:
    assert_said(
        lines(
            "sources:", "- url: ${FEED}", "- url: https://${HOST}/${PATH_}?${HOST}", "server:", "  port: $${x}${PORT}"
        ),
        "2:3: sources[0].url: environment variable FEED is not set; export it before starting",
        "3:3: sources[1].url: environment variable HOST is not set; export it before starting",
        "3:3: sources[1].url: environment variable PATH_ is not set; export it before starting",
        "5:3: server.port: environment variable PORT is not set; export it before starting",
    )


def test_a_credential_out_of_a_variable_that_is_not_set_is_no_second_mistake() -> None:
    assert_said(
        lines("sources:", "- url: https://a.example/", "  auth:", "    bearer: ${TOKEN}"),
        "4:5: sources[0].auth.bearer: environment variable TOKEN is not set; export it before starting",
    )


def test_a_variable_between_braces_and_without_quotes_is_named_with_the_way_out() -> None:
    assert_said(
        SOURCES + "server: {port: ${PORT}}\n",
        "2:17: is not YAML: ${…} stands between { } or [ ] without quotes; put it in quotes",
        PORT="80",
    )


def test_blanks_at_the_end_of_a_secret_file_are_part_of_it(here: Path) -> None:
    (here / "token").write_text("s3cret \n")
    assert_said(
        "sources: [{url: https://a.example/, auth: {bearer: !file token}}]\n",
        "1:44: sources[0].auth.bearer: must be one line of ASCII text without spaces around it; write what the",
    )


def test_a_secret_file_that_cannot_be_read_is_named_once(here: Path) -> None:
    (here / "folder").mkdir()
    (here / "gbk").write_bytes("密码".encode("gbk"))
    entry = "- {{url: 'https://{0}.example/', auth: {{bearer: !file {1}}}}}"
    assert_said(
        lines(
            "sources:",
            *(entry.format(*pair) for pair in (("a", "nowhere"), ("b", "folder"), ("c", "gbk"), ("d", '"a\\0"'))),
        ),
        '2:38: sources[0].auth.bearer: the file "nowhere" cannot be read (no such file or directory); write a path',
        '3:38: sources[1].auth.bearer: the file "folder" cannot be read (is a directory); write a path relative to the',
        '4:38: sources[2].auth.bearer: the file "gbk" cannot be read (not UTF-8); write a path relative to the working',
        '5:38: sources[3].auth.bearer: the file "a\\u0000" cannot be read (not a path); write a path relative to t',
    )


# Where @ stands, something is put in; where % stands, it is put into a text.
WRONG_PLACES = """
site: {title: [@], base_url: @, language: @, timezone: @, author: {name: [@], uri: @}, contact: {x: @}}
store: @
output: {dir: [@], limit: @, formats: @}
server: {host: [@], port: @}
fetch: {concurrency: @, timeout: @, max_bytes: @, per_host: {delay: @, concurrency: @}, allow_private: [@, "% x"]}
defaults: {interval: @, enabled: @, type: @, category: [@, "x %"], timezone: @, auth: {basic: @, header: [@]}}
categories: {news: {limit: @, attribution: "{%}", title: {a: @}}, tech: @, Bad Slug: @}
include: [@, {a: @}, nowhere]
sources:
  - @
  - url: @
  - {id: "% x", url: "https://a.example/"}
  - {id: @, url: "https://b.example/"}
  - {id: @, url: "https://c.example/"}
  - {url: "https://a.example/?% ", public_url: @, html_url: @, min_interval: @, max_interval: @}
  - {url: "https://d.example/", auth: {bearer: ["%"], header: {name: "% %", value: "\\t%"}, cookie: "%\\n"}}
  - {url: "https://e.example/", auth: {basic: {username: "%:", password: "%\\n"}}, k: @, category: {k: @}}
  - {url: "https://f.example/?%"}
  - {url: "https://f.example/?%"}
"""


@pytest.mark.parametrize("way", ["variable", "file"])
@pytest.mark.parametrize("secret", ["hunter2Hunter2", "https://hunter2.example/", "hunter2 ü:\t{x}", "7772777"])
def test_a_secret_is_never_echoed_wherever_it_stands(way: str, secret: str) -> None:
    Path("secret").write_text(secret + "\n")
    if way == "file":
        text = re.sub('"[^"]*%[^"]*"', "@", WRONG_PLACES).replace("@", "!file secret")
    else:
        text = WRONG_PLACES.replace("@", '"${SECRET}"').replace("%", "${SECRET}")
    said = mistakes(text, SECRET=secret)
    assert len(said) > 30
    for word in ("hunter2", "Hunter2", "7772777"):
        assert not any(word in line for line in said), [line for line in said if word in line]


def test_what_was_put_in_is_spoken_of_without_being_shown() -> None:
    assert_said(
        lines("sources:", "- url: ${SECRET}", "  category: [ok, '${SECRET}']", "server:", "  port: ${SECRET}"),
        "2:3: sources[0].url: the value put in here is not a web address; write one that begins with http://",
        "3:18: sources[0].category[1]: the value put in here cannot be an address; ",
        "5:3: server.port: the value put in here must be a whole number",
        SECRET="hunter two",
    )


def test_the_hint_for_a_secret_slug_does_not_spell_the_secret_out() -> None:
    text = "sources: [{url: https://a.example/, id: '${SECRET}', category: '${SECRET}'}]\n"
    assert not any("hunter" in line for line in mistakes(text, SECRET="Hunter Two"))


# ---------------------------------------------------------------- all of them in one run


def test_mistakes_of_every_kind_are_named_in_one_run_and_in_the_order_of_the_file() -> None:
    Path("more.yaml").write_text("sources:\n- url: http://a.example/feed\n  intervall: 5m\n")
    assert_said(
        lines(
            "site:",
            "  titel: x",
            "  timezone: Berlin",
            "  language: 5",
            "server: {port: '${PORT}', port: 80}",
            "include: [more.yaml, nowhere.yaml]",
            "categories: {News: {}}",
            "sources:",
            "  - url: https://a.example/feed",
            "    interval: often",
            "    min_interval: 2d",
            "  - title: no url",
            "  - url: https://b.example/",
            "    auth: {bearer: !file nowhere}",
            "  - url: https://b.example/",
        ),
        '2:3: site.titel: unknown key; did you mean "title"?',
        '3:3: site.timezone: "Berlin" is not a time zone; write one such as',
        "4:3: site.language: 5 must be text such as zh-CN",
        "5:10: server.port: environment variable PORT is not set; export it before starting",
        "5:27: server.port: duplicate key, first on line 5; remove one",
        '6:22: include[1]: "nowhere.yaml" cannot be read (no such file or directory); paths are',
        '7:14: categories.News: "News" cannot be an address; write "news"',
        '10:5: sources[0].interval: "often" is not a duration; write a number and s, m, h or d',
        "11:5: sources[0].min_interval: is longer than max_interval; write it shorter",
        "12:5: sources[1].url: missing; write the address to poll",
        '14:12: sources[2].auth.bearer: the file "nowhere" cannot be read (no such file or directory)',
        "15:5: sources[3].url: the same address as sources[2] in c.yaml:13; remove one",
        "more.yaml:2:3: sources[0].url: the same address as sources[0] in c.yaml:9; remove one",
        'more.yaml:3:3: sources[0].intervall: unknown key; did you mean "interval"?',
    )


def test_thousands_of_mistakes_are_all_named_before_long() -> None:
    text = "sources:\n" + "".join(f"- {{url: ftp://{n}.example/, type: {n}, x: '${{A}}'}}\n" for n in range(1500))
    assert len(mistakes(text, A="a")) == 4500


# ---------------------------------------------------------------- the command


def test_check_prints_every_mistake_and_no_traceback_and_exits_with_2(place: Place) -> None:
    path = place.folder / "aggregator.yaml"
    path.write_text("site: {titel: x}\nserver: {port: 80, port: 81}\nsources: [{url: ftp://x/}, {id: 中}]\n")
    done = place.run("check", check=2)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""
    said = done.stderr.splitlines()
    places = ["1:8", "2:20", "3:12", "3:28", "3:29"]
    assert [line.removeprefix(f"{path}:").split(": ")[0] for line in said] == places
    assert said[0] == f'{path}:1:8: site.titel: unknown key; did you mean "title"?'


@pytest.mark.parametrize("raw", [b"a: [", None])
def test_check_exits_with_2_for_what_is_no_config_at_all(place: Place, raw: bytes | None) -> None:
    if raw is not None:
        (place.folder / "aggregator.yaml").write_bytes(raw)
    done = place.run("check", check=2)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_check_says_what_is_good(place: Place) -> None:
    path = place.configure(
        [{"url": "https://a.example/", "category": ["a", "b"]}, {"url": "https://b.example/", "enabled": False}]
    )
    done = place.run("check")
    assert done.stdout == f"{path}: good; 1 sources polled, 2 categories\n"
    assert done.stderr == ""


def test_check_takes_the_environment_and_never_shows_it(place: Place) -> None:
    path = place.folder / "aggregator.yaml"
    path.write_text("sources: [{url: '${FEED}'}]\n")
    bad = place.run("check", check=2, env={**os.environ, "FEED": "hunter2"})
    assert "hunter2" not in bad.stdout + bad.stderr
    assert bad.stderr.startswith(f"{path}:1:12: sources[0].url: the value put in here is not a web address; write one")
