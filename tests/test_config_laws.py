"""Laws of the config: whatever is written loads or is named; names fit addresses; the schema says what the keys say."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from aggregator.clean.slugs import SLUG, slugify, source_id
from aggregator.clean.urls import is_web_url, same_address
from aggregator.config import Settings, json_schema, load
from aggregator.config.keys import ConfigKeys
from aggregator.errors import ConfigError

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---------------------------------------------------------------- addresses and names


@pytest.mark.parametrize(
    ("url", "derived"),
    [
        ("https://lwn.net/headlines/rss", "lwn-net-headlines-rss"),
        ("http://www.a.example/", "a-example"),
        ("https://a.example", "a-example"),
        ("https://A.example/Feed.XML?x=1&y=2", "a-example-feed-xml-x-1-y-2"),
        ("https://a.example:8443/", "a-example-8443"),
        ("https://a.example:443/", "a-example"),
        ("https://u:p@a.example/#top", "a-example"),
        ("https://a.example/a%20b", "a-example-a-b"),
    ],
)
def test_an_id_is_derived_from_the_address_so_that_a_person_knows_it_again(url: str, derived: str) -> None:
    assert source_id(url) == derived


@pytest.mark.parametrize(
    "url",
    [
        "https://例え.jp/",
        "https://a.example/中文",
        "http://-/",
        "http://_/",
        "https://a.example/" + "x" * 500,
        "http://.../",
    ],
)
def test_an_id_can_always_be_derived_and_stand_in_an_address(url: str) -> None:
    assert is_web_url(url)
    assert SLUG.fullmatch(source_id(url))
    assert source_id(url) != source_id(url + "y")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.example/x", "https://a.example/x", True),
        ("http://a.example:80/", "https://a.example", True),
        ("https://a.example:443/", "http://A.EXAMPLE/", True),
        ("https://a.example/x#a", "https://a.example/x#b", True),
        ("http://a.example:443/", "http://a.example/", False),
        ("https://a.example:80/", "https://a.example/", False),
        ("http://a.example:8080/", "http://a.example/", False),
        ("http://a.example/x", "http://a.example/X", False),
        ("http://a.example/x", "http://a.example/x/", False),
        ("http://a.example/?a", "http://a.example/?b", False),
        ("http://www.a.example/", "http://a.example/", False),
    ],
)
def test_two_spellings_of_one_address_are_known_for_one(one: str, other: str, same: bool) -> None:
    assert (same_address(one) == same_address(other)) is same


@given(st.text())
def test_what_becomes_a_slug_can_stand_in_an_address(text: str) -> None:
    slug = slugify(text)
    assert slug == "" or re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert slugify(slug) == slug


# ---------------------------------------------------------------- the JSON Schema


def models(model: type[BaseModel] = ConfigKeys) -> Iterator[type[BaseModel]]:
    """Every mapping of the config file."""
    yield model
    for inner in model.__subclasses__():
        yield from models(inner)


def test_the_schema_describes_every_key_and_knows_no_other() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    shapes = {"ConfigKeys": schema, **schema["$defs"]}
    (base,) = {kind for kind in ConfigKeys.__mro__ if kind.__name__ == "Keys"}
    known = {model.__name__: model for model in models(base)} | {"ConfigKeys": ConfigKeys}
    assert shapes.keys() == known.keys() - {"Keys", "RuleKeys"}  # what others are built on
    for name, shape in shapes.items():
        fields = {field.alias or key: field for key, field in known[name].model_fields.items()}
        assert shape["properties"].keys() == fields.keys()
        assert shape["additionalProperties"] is False
        assert shape["type"] == "object"
        for key, said in shape["properties"].items():
            target = schema["$defs"][said["$ref"].rpartition("/")[2]] if "$ref" in said else {}
            assert said.get("description") or target.get("description"), f"{name}.{key}"
        needed = {key for key, field in fields.items() if field.is_required()}
        assert set(shape.get("required", ())) == needed


def test_the_schema_is_json_and_all_its_references_lead_somewhere() -> None:
    schema = json_schema()
    text = json.dumps(schema, allow_nan=False)
    assert json.loads(text) == schema
    targets = re.findall(r'"\$ref": "#/\$defs/(\w+)"', text)
    assert targets
    assert set(targets) <= schema["$defs"].keys()


def test_the_schema_gives_defaults_as_the_file_would_write_them() -> None:
    schema = json_schema()
    fetch = schema["$defs"]["FetchKeys"]["properties"]
    assert (fetch["timeout"]["default"], fetch["max_bytes"]["default"]) == ("30s", 10485760)
    assert schema["$defs"]["PerHostKeys"]["properties"]["delay"]["default"] == "1s"
    assert schema["$defs"]["SourceDefaults"]["properties"]["max_interval"]["default"] == "1d"
    assert schema["$defs"]["OutputKeys"]["properties"]["dir"]["default"] == "var/public"


def test_the_patterns_of_the_schema_and_the_program_agree() -> None:
    schema = json_schema()
    duration = re.compile(schema["$defs"]["FetchKeys"]["properties"]["timeout"]["pattern"])
    assert all(duration.search(good) for good in ("1s", "30m", "12h", "7d"))
    assert not any(duration.search(bad) for bad in ("", "5", "m", "1h30m", "1.5h", "５m"))
    (slug,) = schema["properties"]["categories"]["patternProperties"]
    assert re.search(slug, "a-b_1")
    assert not any(re.search(slug, bad) for bad in ("", "-a", "A", "a b", "中", "x" * 81))


def test_the_shipped_schema_is_the_one_the_program_prints() -> None:
    shipped = ROOT / "config/aggregator.schema.json"
    if shipped.exists():
        assert json.loads(shipped.read_text("utf-8")) == json_schema()


# ---------------------------------------------------------------- laws

GOOD = """\
site: {title: My planet, base_url: "https://planet.example.org", language: en, author: {name: me}}
store: sqlite:///var/a.db
output: {dir: var/public, limit: 50, formats: [atom, html]}
server:
  port: 8080
fetch: {timeout: 30s, max_bytes: 10MiB, per_host: {concurrency: 1, delay: 1s}, allow_private: [10.0.0.0/8]}
defaults: &d
  interval: 1h
categories:
  linux: {title: Linux, attribution: "From {source.title}", limit: 5}
sources:
  - url: &u https://lwn.net/headlines/rss
    category: linux
  - id: other
    url: https://b.example/?k=${TOKEN}
    html_url: *u
    category: [linux, 'blogs']
    auth: {basic: {username: u, password: "$${x}"}}
    timezone: Asia/Shanghai  # 中文
"""
LAWS = settings(
    max_examples=int(os.environ.get("LAWS", 150)),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def loaded_or_not() -> Settings | ConfigError:
    try:
        return load(Path("c.yaml"), {"TOKEN": "s3cret-s3cret"})
    except ConfigError as error:
        return error


def assert_loads_or_says_why(raw: bytes) -> None:
    """A config loads, or every mistake in it is named, in order, once, each on one printable line with its place."""
    Path("c.yaml").write_bytes(raw)
    got = loaded_or_not()
    if isinstance(got, ConfigError):
        assert got.problems
        assert got.problems == sorted(set(got.problems))
        for problem in got.problems:
            line = str(problem)
            assert problem.message
            assert line.isprintable(), ascii(line)
            assert "s3cret-s3cret" not in line
            assert re.match(r"c\.yaml:[1-9][0-9]*:[1-9][0-9]*: .", line), line
    else:
        assert got.sources
        assert len({source.id for source in got.sources}) == len(got.sources)
        assert all(SLUG.fullmatch(source.id) and source.min_interval <= source.max_interval for source in got.sources)
        for source in got.sources:
            assert "s3cret-s3cret" not in source.public_url or "s3cret-s3cret" in (urlsplit(source.url).hostname or "")


def test_the_config_that_the_laws_start_from_is_good() -> None:
    Path("c.yaml").write_text(GOOD)
    assert len(load(Path("c.yaml"), {"TOKEN": "x"}).sources) == 2


@LAWS
@given(st.text())
@example("? - a\n: b")
@example("'")
@example("- - - - *a")
@example("%TAG ! !\n--- !x")
@example("a: !!float x")
@example('"\\U00110000": "\\ud800"')
def test_any_text_loads_or_says_why(text: str) -> None:
    assert_loads_or_says_why(text.encode("utf-8", "replace"))


@LAWS
@given(st.binary())
def test_any_bytes_load_or_say_why(raw: bytes) -> None:
    assert_loads_or_says_why(raw)


@LAWS
@given(st.data())
def test_a_good_config_with_anything_written_over_it_loads_or_says_why(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.sampled_from([0, 1, 2, 5, 20, 100])))
        pieces = [
            "",
            " ",
            "\n",
            "\n  ",
            "\t",
            "{",
            "}",
            "[",
            "]",
            ":",
            ": ",
            "- ",
            "*d",
            "*u",
            "&u ",
            "!file ",
            "!x ",
            "${TOKEN}",
        ]
        pieces += [
            "${NO}",
            "'",
            '"',
            "#",
            "|",
            ">",
            "?",
            "null",
            "true",
            "-1",
            "9e999",
            "中文",
            "\0",
            "\ufeff",
            "<<: *d",
            "url",
        ]
        text = text[:start] + data.draw(st.sampled_from(pieces) | st.text(max_size=5)) + text[end:]
    assert_loads_or_says_why(text.encode("utf-8", "replace"))


WORDS = [
    "url",
    "id",
    "title",
    "category",
    "auth",
    "interval",
    "1h",
    "https://a.example/",
    "a",
    "",
    "${TOKEN}",
    "{title}",
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@LAWS
@example(key="categories", tree={"\U00010000": "${TOKEN}"}, whole=False)  # its JSON is two surrogates
@example(key="categories", tree={"\udc00": "${TOKEN}"}, whole=False)
@given(key=st.sampled_from(list(ConfigKeys.model_fields)), tree=TREES, whole=st.booleans())
def test_any_value_under_any_key_loads_or_says_why(key: str, tree: Any, whole: bool) -> None:
    config = {"sources": [{"url": "https://a.example/"}], key: tree}
    if whole:
        config = {"sources": [{"url": "https://a.example/", "auth": tree, "category": tree}, tree]}
    assert_loads_or_says_why(json.dumps(config).encode())
