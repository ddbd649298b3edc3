"""Every mistake a config can hold, with the place, the key and the next step that are named for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import SMALLEST, SOURCES, assert_said, here_fixture, lines  # noqa: F401

from aggregator.config import load
from aggregator.errors import ConfigError

# ---------------------------------------------------------------- files that are no config at all


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", f"1:1: the file is empty; {SMALLEST}"),
        (b"\n\n\n", f"1:1: the file is empty; {SMALLEST}"),
        (b"# only\n# comments\n", f"1:1: the file is empty; {SMALLEST}"),
        (b"---\n...\n", "1:1: must be a mapping of keys; the smallest useful file"),
        (b"null\n", "1:1: must be a mapping of keys; the smallest useful file"),
        (b"- url: https://a.example/\n", f"1:1: must be a mapping of keys; {SMALLEST}"),
        (b"https://a.example/feed\n", f"1:1: must be a mapping of keys; {SMALLEST}"),
        (b"{}\n", f"1:1: sources: missing; {SMALLEST}"),
        (
            b"\xef\xbb\xbf" + SOURCES.encode(),
            "1:1: the file begins with a byte order mark (BOM); save it as UTF-8 with",
        ),
        (SOURCES.encode("utf-16-le"), "1:2: a control character stands here; remove it"),
        (SOURCES.encode("utf-16"), "1:1: the file is UTF-16; save it as UTF-8 without BOM"),
        (b"\xfe\xff" + SOURCES.encode("utf-16-be"), "1:1: the file is UTF-16; save it as UTF-8 without BOM"),
        ("site:\n  title: 中文\n".encode("gbk"), "2:10: byte 0xd6 is not UTF-8; save the file as UTF-8"),
        ("site:\n  title: 中文caf".encode() + b"\xe9\n", "2:15: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (b"\xff", "1:1: byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"site:\n\ttitle: x\n", "2:1: a tab stands here; YAML indents with spaces only"),
        (b"sources:\n  - url: https://a.example/\n\t  id: a\n", "3:1: a tab stands here; YAML indents with spaces"),
        (b"site:\n  title: a\x00b\n", "2:11: a control character stands here; remove it"),
        (b"site:\n  title: \x1b[31mred\n", "2:10: a control character stands here; remove it"),
        (b"site: {title: x\nsources: []\n", "2:8: is not YAML: while parsing a flow mapping expected ',' or '}'"),
        (b"site:\n  title: 'open\n", "3:1: is not YAML: while scanning a quoted scalar found unexpected end of stream"),
        (b"site:\n  title: a: b\n", "2:11: is not YAML: mapping values are not allowed here; check quotes, colons and"),
        (b"site:\n  title: @x\n", "2:10: is not YAML: while scanning for the next token found character '@' that"),
        (b"site:\n title: x\n  language: en\n", "3:11: is not YAML: mapping values are not allowed here"),
        (b"site: *nowhere\n", "1:7: is not YAML: found undefined alias 'nowhere'; check"),
        (b"site: {}\n---\nsources: []\n", "2:1: is not YAML: expected a single document in the stream"),
        (b'site: {title: "\\q"}\n', "1:17: is not YAML: while scanning a double-quoted scalar found unknown escape"),
        (b'site: {title: "\\UFFFFFFFF"}\n', "1:1: is not YAML; check it with an editor"),
        (b"[" * 600, "1:1: is not YAML; check it with an editor"),
        (b"%YAML 9.9\n---\nsite: {}\n", "1:1: is not YAML: found incompatible YAML document"),
        (b"site: !u!x {}\n", "1:7: is not YAML: while parsing a node found undefined tag handle '!u!'; check"),
    ],
    ids=lambda value: repr(value[:25]) if isinstance(value, bytes) else "",
)
def test_a_file_that_is_no_config_is_named_with_its_line(raw: bytes, said: str) -> None:
    assert_said(raw, said)


def test_a_tab_inside_a_text_is_not_taken_for_the_mistake_behind_it() -> None:
    assert_said(b'site: {title: "a\tb" c}\n', "1:21: is not YAML: while parsing a flow mapping")


def test_a_config_that_is_not_there_a_folder_or_forbidden_is_named(here: Path) -> None:
    (here / "folder").mkdir()
    for name, why in (
        ("nowhere.yaml", "no such file or directory"),
        ("folder", "is a directory"),
        ("a\0b", "not a path"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(Path(name), {})
        hint = "name another file with --config or AGGREGATOR_CONFIG"
        assert str(caught.value) == f"{name}:1:1: cannot be read ({why}); {hint}"


# ---------------------------------------------------------------- keys

MISTAKES = {
    "unknown key at the top, near a known one": (
        "souces: []\n" + SOURCES,
        ['1:1: souces: unknown key; did you mean "sources"?'],
    ),
    "unknown key, in capitals": (
        "sources: [{URL: https://a.example/}]\n",
        ["1:11: sources[0].url: missing; write the address", '1:12: sources[0].URL: unknown key; did you mean "url"?'],
    ),
    "unknown key, with a hyphen": (
        SOURCES + "site: {base-url: https://x.example}\n",
        ['2:8: site.base-url: unknown key; did you mean "base_url"?'],
    ),
    "unknown key at the top, near none": (
        SOURCES + "plugins: {}\n",
        ["2:1: plugins: unknown key; known here: site, store, output, server, websub, fetch, defaults, categ"],
    ),
    "unknown key in site": (SOURCES + "site:\n  titel: x\n", ['3:3: site.titel: unknown key; did you mean "title"?']),
    "unknown key in site.author": (
        SOURCES + "site:\n  author: {nam: x, name: y}\n",
        ['3:12: site.author.nam: unknown key; did you mean "name"?'],
    ),
    "unknown key in the second source": (
        lines("sources:", "  - url: https://a.example/", "  - url: https://b.example/", "    catgory: x"),
        ['4:5: sources[1].catgory: unknown key; did you mean "category"?'],
    ),
    "unknown key in a source's auth": (
        lines("sources:", "- url: https://a.example/", "  auth:", "    basic: {username: u, pasword: p}"),
        [
            "4:5: sources[0].auth.basic.password: missing; write it",
            '4:26: sources[0].auth.basic.pasword: unknown key; did you mean "password"?',
        ],
    ),
    "unknown key in defaults": (
        SOURCES + "defaults:\n  intervall: 1h\n",
        ['3:3: defaults.intervall: unknown key; did you mean "interval"?'],
    ),
    "a key of sources in defaults": (
        SOURCES + "defaults: {url: https://a.example/}\n",
        ["2:12: defaults.url: unknown key; known here: type, title, html_url, rights"],
    ),
    "unknown key in a category": (
        SOURCES + "categories:\n  news:\n    limt: 5\n",
        ['4:5: categories.news.limt: unknown key; did you mean "limit"?'],
    ),
    "unknown key in a category that is named like a key": (
        SOURCES + "categories: {limit: {titel: x}, title: {}}\n",
        ['2:22: categories.limit.titel: unknown key; did you mean "title"?'],
    ),
    "unknown key in output": (SOURCES + "output: {dri: x}\n", ['2:10: output.dri: unknown key; did you mean "dir"?']),
    "unknown key in server": (
        SOURCES + "server: {prot: 1}\n",
        ['2:10: server.prot: unknown key; did you mean "port"?'],
    ),
    "unknown key in fetch": (
        SOURCES + "fetch:\n  time_out: 5s\n",
        ['3:3: fetch.time_out: unknown key; did you mean "timeout"?'],
    ),
    "unknown key in fetch.per_host": (
        SOURCES + "fetch:\n  per_host:\n    dely: 1s\n",
        ['4:5: fetch.per_host.dely: unknown key; did you mean "delay"?'],
    ),
    "a key that is not text": (
        SOURCES + "site:\n  ? [a, b]\n  : x\n",
        ["3:5: site: a key must be plain text"],
    ),
    "an empty key": (SOURCES + "? \n: x\n", ['2:2: "": unknown key; known here: site']),
    "a key with a line break in it": (SOURCES + '"a\\nb": x\n', ['2:1: "a\\nb": unknown key; known here: site']),
    "a number as a key": (SOURCES + "5: x\n", ["2:1: 5: unknown key; known here: site"]),
    "a merge key": (
        lines("sources:", "  - &first {url: https://a.example/}", "  - <<: *first", "    url: https://b.example/"),
        ["3:5: sources[1].<<: YAML 1.2 has no merge key; write the keys here, or for all sources under `defaults:`"],
    ),
    # ---------------------------------------------------------------- duplicate keys
    "duplicate key at the top": (
        SOURCES + "site: {}\nsite: {}\n",
        ["3:1: site: duplicate key, first on line 2; remove one"],
    ),
    "duplicate key, quoted once": (
        SOURCES + "site: {title: a, 'title': b}\n",
        ["2:18: site.title: duplicate key, first on line 2; remove one"],
    ),
    "duplicate keys deep down, and three times": (
        lines(
            "sources:",
            "  - url: https://a.example/",
            "    auth:",
            "      header: {name: X, value: a, value: b}",
            "    url: https://b.example/",
            "    url: https://c.example/",
        ),
        [
            "4:35: sources[0].auth.header.value: duplicate key, first on line 4; remove one",
            "5:5: sources[0].url: duplicate key, first on line 2; remove one",
            "6:5: sources[0].url: duplicate key, first on line 2; remove one",
        ],
    ),
    "duplicate category": (
        SOURCES + "categories:\n  news: {}\n  tech: {}\n  news: {title: x}\n",
        ["5:3: categories.news: duplicate key, first on line 3; remove one"],
    ),
    # ---------------------------------------------------------------- types
    "a list where text is wanted": (
        SOURCES + "site: {title: [a]}\n",
        ['2:8: site.title: ["a"] must be text; put it in quotes'],
    ),
    "a number where text is wanted": (
        SOURCES + "site: {title: 2024}\n",
        ["2:8: site.title: 2024 must be text; put it in qu"],
    ),
    "true where text is wanted": (
        SOURCES + "site: {title: true}\n",
        ["2:8: site.title: true must be text; put it in quotes"],
    ),
    "nothing where text is wanted": (
        SOURCES + "site: {title: }\n",
        ["2:8: site.title: null must be text; put it in quotes"],
    ),
    "a huge number where text is wanted": (
        SOURCES + "site: {title: 123456789012345678901234567890}\n",
        ["2:8: site.title: 123456789012345678901234567890 must be text; put it in quotes"],
    ),
    "text where a mapping is wanted": (SOURCES + "site: planet\n", ['2:1: site: "planet" must be a mapping of keys']),
    "a list where a mapping is wanted": (SOURCES + "fetch: [a]\n", ['2:1: fetch: ["a"] must be a mapping of keys']),
    "nothing where a mapping is wanted": (SOURCES + "server:\n", ["2:1: server: null must be a mapping of keys"]),
    "text where categories are wanted": (
        SOURCES + "categories: x\n",
        ['2:1: categories: "x" must be a mapping of keys'],
    ),
    "nothing where a category is wanted": (
        SOURCES + "categories:\n  news:\n",
        ["3:3: categories.news: null must be a mapping of keys"],
    ),
    "a mapping where a list is wanted": (
        "sources: {url: https://a.example/}\n",
        ['1:1: sources: {"url": "https://a.example/"} must be a list'],
    ),
    "text where sources are wanted": (
        "sources: https://a.example/\n",
        ['1:1: sources: "https://a.example/" must be a list'],
    ),
    "text where a source is wanted": (
        "sources:\n  - https://a.example/\n",
        ['2:5: sources[0]: "https://a.example/" must be a mapping of keys'],
    ),
    "no sources": ("sources:\n", ["1:1: sources: is empty; list at least one source with its url"]),
    "an empty list of sources": ("sources: []\n", ["1:1: sources: is empty; list at least one source with its url"]),
    "text where a number is wanted": (
        SOURCES + "server: {port: http}\n",
        ['2:10: server.port: "http" must be a whole number'],
    ),
    "a quoted number": (SOURCES + 'server: {port: "80"}\n', ['2:10: server.port: "80" must be a whole number']),
    "a broken number": (SOURCES + "server: {port: 80.5}\n", ["2:10: server.port: 80.5 must be a whole number"]),
    "true where a number is wanted": (
        SOURCES + "server: {port: true}\n",
        ["2:10: server.port: true must be a whole number"],
    ),
    "an old octal number": (SOURCES + "server: {port: 0o17}\n", ['2:10: server.port: "0o17" must be a whole number']),
    "a number below its range": (
        SOURCES + "server: {port: -1}\n",
        ["2:10: server.port: -1 is too small; write at least 0"],
    ),
    "a number above its range": (
        SOURCES + "server: {port: 65536}\n",
        ["2:10: server.port: 65536 is too large; write at most 65535"],
    ),
    "a huge number": (
        SOURCES + "server: {port: 99999999999999999999999999}\n",
        ["2:10: server.port: 99999999999999999999999999 is too large; write at most 65535"],
    ),
    "a number that no machine holds": (
        SOURCES + f"server: {{port: {'9' * 5000}}}\n",
        ["2:10: server.port: Infinity must be a whole number"],
    ),
    "no place at all": (
        SOURCES + "fetch: {concurrency: 0}\n",
        ["2:9: fetch.concurrency: 0 is too small; write at least 1"],
    ),
    "text where true or false is wanted": (
        "sources: [{url: https://a.example/, enabled: yes}]\n",
        ['1:37: sources[0].enabled: "yes" must be true or false'],
    ),
    "a word of none known": (
        "sources: [{url: https://a.example/, type: jsonapi}]\n",
        ["1:37: sources[0].type: \"jsonapi\" is not one of 'feed', 'json', 'html', 'opml' or 'sitemap'; write one"],
    ),
    "a format of none known": (
        SOURCES + "output: {formats: [atom, pdf]}\n",
        ["2:26: output.formats[1]: \"pdf\" is not one of 'atom', 'rss', 'json', 'html', 'opml' or 'jekyll'; write"],
    ),
    "a single format of none known": (
        SOURCES + "output: {formats: pdf}\n",
        ["2:10: output.formats: \"pdf\" is not one of 'atom', 'rss', 'json', 'html', 'opml' or 'jekyll'; write"],
    ),
    "formats without atom": (
        SOURCES + "output: {formats: html}\n",
        ["2:1: output: formats must contain atom; every other"],
    ),
    "a number where a path is wanted": (
        SOURCES + "output: {dir: 5}\n",
        ["2:10: output.dir: 5 must be text; put it in quotes"],
    ),
    "an empty path": (
        SOURCES + 'output: {dir: ""}\n',
        ['2:10: output.dir: "" is not a path; write one such as var/public'],
    ),
    "a path with a NUL": (
        SOURCES + 'output: {dir: "a\\0b"}\n',
        ['2:10: output.dir: "a\\u0000b" is not a path; write one'],
    ),
    "an unknown tag": (
        SOURCES + "site: {title: !env HOME}\n",
        ["2:8: site.title: unknown tag !env; the only one is !file, before a path"],
    ),
    "an unknown tag on a mapping": (
        SOURCES + "site: !x {title: a}\n",
        ["2:1: site: unknown tag !x; the only one is !file"],
    ),
    "a tag for python": (
        SOURCES + "site: !!python/object/apply:os.system [id]\n",
        ["2:1: site: unknown tag tag:yaml.org,2002:python/object/apply:os.system; the only one is !file"],
    ),
    "a list that holds itself": (
        "sources: &all\n  - *all\n",
        ["1:10: sources[0]: refers to itself; remove the alias"],
    ),
    "a mapping that holds itself": (
        SOURCES + "site: &s\n  author: *s\n",
        ["3:3: site.author: refers to itself; remove th"],
    ),
    # ---------------------------------------------------------------- sources
    "a source without a url": (
        "sources:\n  - id: a\n",
        ["2:5: sources[0].url: missing; write the address to poll as `url: https://…`"],
    ),
    "a source without anything": ("sources:\n  -\n", ["2:4: sources[0]: null must be a mapping of keys"]),
    "two sources with one id": (
        lines("sources:", "- {id: a, url: https://a.example/}", "- id: a", "  url: https://b.example/"),
        ['3:3: sources[1].id: the id "a" is that of sources[0] in c.yaml:2 too; give it another id'],
    ),
    "two sources with one address": (
        lines(
            "sources:", "- url: https://a.example/f", "- url: https://b.example/", "- {id: c, url: https://a.example/f}"
        ),
        ["4:11: sources[2].url: the same address as sources[0] in c.yaml:2; remove one"],
    ),
    "three sources with one address": (
        lines("sources:", *["- url: https://a.example/f"] * 3),
        [
            "3:3: sources[1].url: the same address as sources[0] in c.yaml:2; remove one",
            "4:3: sources[2].url: the same address as sources[0] in c.yaml:2; remove one",
        ],
    ),
    "http and https twins": (
        lines("sources:", "- url: http://a.example/f", "- url: https://a.example/f"),
        ["3:3: sources[1].url: the same address as sources[0] in c.yaml:2; remove one"],
    ),
    "twins by default port, case of the host, fragment and missing path": (
        lines(
            "sources:",
            "- url: http://a.example",
            "- url: https://A.Example:443/",
            "- url: http://a.example:80/#top",
        ),
        [
            "3:3: sources[1].url: the same address as sources[0] in c.yaml:2; remove one",
            "4:3: sources[2].url: the same address as sources[0] in c.yaml:2; remove one",
        ],
    ),
    "two derived ids that are the same": (
        lines("sources:", "- url: https://a.example/x-y", "- url: https://a.example/x/y"),
        ['3:3: sources[1].id: the id "a-example-x-y" is that of sources[0] in c.yaml:2 too; give it another id'],
    ),
    "a derived id that is another's own": (
        lines("sources:", "- url: https://a.example/x", "- {id: a-example-x, url: https://b.example/}"),
        ['3:4: sources[1].id: the id "a-example-x" is that of sources[0] in c.yaml:2 too; give it another id'],
    ),
    "preferred sources that there are not": (
        lines(
            "sources:",
            '- {id: em, matrix: {market: ["37", "38"]}, url: "https://a.example/{market}"}',
            "- url: https://b.example/feed",
            "output: {prefer: [em-37, b-example-feed, em-39]}",
            "categories: {news: {prefer: other, per_source: 0}}",
        ),
        [
            '4:42: output.prefer[2]: there is no source "em-39"; did you mean "em-3',
            '5:21: categories.news.prefer: there is no source "other"; write the id of one, or remove it',
            "5:36: categories.news.per_source: 0 is too small; write at least 1",
        ],
    ),
    "an id that cannot be an address": (
        "sources: [{id: My Blog, url: https://a.example/}]\n",
        ['1:12: sources[0].id: "My Blog" cannot be an address; write "my-blog"'],
    ),
    "an id in Chinese": (
        "sources: [{id: 博客, url: https://a.example/}]\n",
        ['1:12: sources[0].id: "博客" cannot be an address; use a-z, 0-9 and hyphens'],
    ),
    "shortest interval above the longest": (
        lines("sources:", "- url: https://a.example/", "  min_interval: 2h", "  max_interval: 1h"),
        ["3:3: sources[0].min_interval: is longer than max_interval; write it shorter, or write a longer max_interval"],
    ),
    "shortest interval above the longest by default": (
        lines("sources:", "- url: https://a.example/", "  min_interval: 25h"),
        ["3:3: sources[0].min_interval: is longer than max_interval; write it shorter, or write a longer max_int"],
    ),
    "longest interval below the shortest of defaults": (
        lines("defaults: {min_interval: 2h}", "sources:", "- url: https://a.example/", "  max_interval: 1h"),
        ["4:3: sources[0].max_interval: is shorter than min_interval; write it longer, or write a shorter min_in"],
    ),
    "contradicting defaults are named once": (
        lines("defaults: {max_interval: 10m}", "sources:", "- url: https://a.example/", "- url: https://b.example/"),
        ["1:12: defaults.max_interval: is shorter than min_interval; write it longer, or write a shorter min_interval"],
    ),
    "two ways to authenticate": (
        "sources: [{url: https://a.example/, auth: {bearer: a, cookie: b=c}}]\n",
        ["1:37: sources[0].auth: must hold exactly one of basic, bearer, header, cookie; write that one with its"],
    ),
    "no way to authenticate": (
        "sources: [{url: https://a.example/, auth: {}}]\n",
        ["1:37: sources[0].auth: must hold exactly one of basic, bearer, header, cookie; write that one with its"],
    ),
    "a way to authenticate with nothing in it": (
        "sources: [{url: https://a.example/, auth: {bearer: }}]\n",
        ["1:37: sources[0].auth: must hold exactly one of basic, bearer, header, cookie; write that one with its"],
    ),
    "a user name with a colon": (
        'sources: [{url: https://a.example/, auth: {basic: {username: "a:b", password: c}}}]\n',
        ["1:52: sources[0].auth.basic.username: must not hold a colon; what follows it is the password"],
    ),
    "a header value that no header can hold": (
        lines(
            "sources:",
            '- {url: "https://a.example/", auth: {bearer: "a\\nb"}}',
            '- {url: "https://b.example/", auth: {bearer: "a "}}',
            '- {url: "https://c.example/", auth: {cookie: 名}}',
            '- {url: "https://d.example/", auth: {cookie: ""}}',
            '- {url: "https://e.example/", auth: {header: {name: "a b", value: x}}}',
            '- {url: "https://f.example/", auth: {header: {name: "", value: " x"}}}',
        ),
        [
            "2:38: sources[0].auth.bearer: must be one line of ASCII text without spaces around it; write what the pub",
            "3:38: sources[1].auth.bearer: must be one line of ASCII text without spaces around it",
            "4:38: sources[2].auth.cookie: must be one line of ASCII text without spaces around it",
            "5:38: sources[3].auth.cookie: must be one line of ASCII text without spaces around it",
            '6:47: sources[4].auth.header.name: "a b" is not a header name; write one such as X-Api-Key',
            '7:47: sources[5].auth.header.name: "" is not a header name; write one such as X-Api-Key',
            "7:57: sources[5].auth.header.value: must be one line of ASCII text without spaces around it",
        ],
    ),
    # ---------------------------------------------------------------- categories
    "names that are devices on Windows": (
        lines("sources:", "- url: https://a.example/", "  id: nul", "  category: [con, ok]"),
        [
            '3:3: sources[0].id: "nul" is the name of a device on Windows, and no folder can have it there; choose',
            '4:14: sources[0].category[0]: "con" is the name of a device on Windows',
        ],
    ),
    "categories that cannot be addresses": (
        lines(
            "sources:",
            "- url: https://a.example/",
            "  category: [Tech News, 科技, all, ok, Café, a/b, -x, '']",
            "- url: https://b.example/",
            "  category: UPPER",
        ),
        [
            '3:14: sources[0].category[0]: "Tech News" cannot be an address; write "tech-news" and give the words as '
            "categories.tech-news.title",
            '3:25: sources[0].category[1]: "科技" cannot be an address; use a-z, 0-9 and hyphens, and give',
            '3:29: sources[0].category[2]: "all" is taken: it is the page that shows everything; choose another',
            '3:38: sources[0].category[4]: "Café" cannot be an address; write "cafe" and',
            '3:44: sources[0].category[5]: "a/b" cannot be an address; write "a-b" and',
            '3:49: sources[0].category[6]: "-x" cannot be an address; write "x" and',
            '3:53: sources[0].category[7]: "" cannot be an address; use a-z, 0-9 and hyphens',
            '5:3: sources[1].category: "UPPER" cannot be an address; write "upper" and',
        ],
    ),
    "described categories that cannot be addresses": (
        SOURCES
        + "categories:\n  Tech News: {}\n  科技: {title: x}\n  all: {}\n  ALL: {}\n  '[key]': {limt: 1}\n  ok: {}\n",
        [
            '3:3: categories.Tech News: "Tech News" cannot be an address; write "tech-news" and give the words as cat',
            '4:3: categories.科技: "科技" cannot be an address; use a-z, 0-9 and hyphens, and give',
            '5:3: categories.all: "all" is taken: it is the page that shows everything; choose another',
            '6:3: categories.ALL: "ALL" cannot be an address; use a-z, 0-9 and hyphens',
            '7:3: categories.[key]: "[key]" cannot be an address; write "key" and',
            '7:13: categories.[key].limt: unknown key; did you mean "limit"?',
        ],
    ),
    "a category that is too long": (
        f"sources: [{{url: https://a.example/, category: {'x' * 81}}}]\n",
        [f'1:37: sources[0].category: "{"x" * 56}… cannot be an address; write "{"x" * 80}" and'],
    ),
    "an alias that is wrong is named where it is used": (
        lines(
            "sources:", "- {url: https://a.example/, category: &c Bad One}", "- {url: https://b.example/, category: *c}"
        ),
        [
            '2:29: sources[0].category: "Bad One" cannot be an address; write "bad-one"',
            '3:29: sources[1].category: "Bad One" cannot be an address; write "bad-one"',
        ],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place_its_key_and_the_next_step(name: str) -> None:
    text, expected = MISTAKES[name]
    assert_said(text, *expected)
