"""How sources that are no feeds are configured, and what is said of mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import assert_said, here_fixture, lines

from aggregator.clean.concealing import concealed
from aggregator.config import load
from aggregator.model import Source

__all__ = ["here_fixture"]

BASE = lines(
    "sources:",
    "- id: base",
    "  url: https://a.example/?q=1",
    "  type: json",
    "  interval: 5m",
    "  items: list",
    "  fields: {title: t, link: u}",
)


def sources(text: str) -> tuple[Source, ...]:
    """The sources of a config without mistakes."""
    Path("c.yaml").write_text(text, "utf-8")
    return load(Path("c.yaml"), {}).sources


def test_a_source_takes_over_the_keys_of_another_and_its_own_win() -> None:
    base, other, third = sources(
        BASE
        + lines(
            "- {id: other, extends: base, url: https://b.example/, items: records}",
            "- {id: third, extends: other, url: https://c.example/, interval: 1h}",
        )
    )
    assert base.recipe
    assert other.recipe
    assert third.recipe
    assert [one.recipe.items for one in (base, other, third) if one.recipe] == ["list", "records", "records"]
    assert base.recipe.fields == other.recipe.fields == third.recipe.fields
    assert [one.interval.seconds for one in (base, other, third)] == [300, 300, 3600]


def test_a_matrix_makes_one_source_of_each_value_wherever_its_name_stands() -> None:
    found = sources(
        BASE
        + lines(
            "- id: many",
            "  extends: base",
            "  url: 'https://b.example/{market}?{kind}'",
            "  title: 'Market {market}'",
            "  matrix: {market: ['37', 38], kind: [a]}",
        )
    )
    assert [(one.id, one.url, one.title) for one in found[1:]] == [
        ("many-37-a", "https://b.example/37?a", "Market 37"),
        ("many-38-a", "https://b.example/38?a", "Market 38"),
    ]


def test_a_matrix_leaves_the_places_of_a_template_alone() -> None:
    (one,) = sources(
        lines(
            "sources:",
            "- {id: x, url: 'https://a.example/{m}', type: json, items: l, matrix: {m: [1]},",
            "   fields: {title: t, link: {template: 'https://a.example/{m}/{id}'}}}",
        )
    )
    assert one.recipe
    assert dict(one.recipe.fields)["link"].template == "https://a.example/1/{id}"


@pytest.mark.parametrize(
    ("written", "headers", "body"),
    [
        ("{}", {}, None),
        ("{headers: {Accept: text/json}}", {"Accept": "text/json"}, None),
        ("{method: POST}", {}, b""),
        ("{body: {q: 中, n: 1}}", {"Content-Type": "application/json"}, '{"q": "中", "n": 1}'.encode()),
        ("{body: '[1]'}", {"Content-Type": "application/json"}, b"[1]"),
        ("{method: POST, body: a=1&b=2}", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&b=2"),
        ("{body: <q/>, headers: {content-type: text/xml}}", {"content-type": "text/xml"}, b"<q/>"),
    ],
)
def test_a_request_may_have_a_body_and_headers(written: str, headers: dict[str, str], body: bytes | None) -> None:
    (one,) = sources(BASE + f"  request: {written}\n")
    assert (dict(one.asking.headers), one.asking.body) == (headers, body)


def test_a_request_takes_the_values_of_a_matrix_and_hides_those_put_in() -> None:
    text = BASE + lines(
        "  matrix: {market: ['37', '38']}",
        "  request: {headers: {X-Key: '${KEY}', X-Plain: plain}, body: {market: '{market}', token: 'a-${KEY}'}}",
    )
    Path("c.yaml").write_text(text, "utf-8")
    found = load(Path("c.yaml"), {"KEY": "very-secret"}).sources
    assert [one.asking.body for one in found] == [
        b'{"market": "37", "token": "a-very-secret"}',
        b'{"market": "38", "token": "a-very-secret"}',
    ]
    for one in found:
        assert one.asking.secrets == ("very-secret", "a-very-secret")
        assert "secret" not in repr(one)
        assert concealed("plain, very-secret and a-very-secret 37", one) == "plain, hidden and hidden 37"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "- {url: https://b.example/, extends: bass}",
            '8:29: sources[1].extends: "bass" is the id of no source',
        ),
        ("- {id: b, url: https://b.example/, extends: b}", '8:36: sources[1].extends: "b" leads back to this source'),
        ("- {extends: base, url: 'https://b.example/{m}', matrix: [1]}", "8:49: sources[1].matrix: must be a mapping"),
        (
            "- {extends: base, url: 'https://b.example/{m}', matrix: {m: 1}}",
            "8:49: sources[1].matrix: m must",
        ),
        (
            f"- {{extends: base, url: 'https://b.example/{{m}}', matrix: {{m: {list(range(1001))}}}}}",
            "8:49: sources[1].matrix: makes 1001 sources; at most 1000 may",
        ),
        ("- {url: https://b.example/, type: json}", "8:3: sources[1].fields: missing; write which"),
        ("- {url: https://b.example/, items: x}", "8:29: sources[1].items: belongs to a source of type json or html"),
        ("- {extends: base, url: https://b.example/, fields: {link: u}}", "8:44: sources[1].fields: name no title"),
        (
            "- {extends: base, url: https://b.example/, items: 'a['}",
            "8:44: sources[1].items: is no JMESPath",
        ),
        (
            "- {extends: base, url: https://b.example/, type: html, items: 'a >'}",
            "8:56: sources[1].items: is no CSS selector",
        ),
        (
            "- {extends: base, url: https://b.example/, type: html, items: {xpath: '//['}}",
            "8:64: sources[1].items.xpath: is no XPath expression",
        ),
        (
            "- {extends: base, url: https://b.example/, fields: {title: {path: t, replace: [{regex: '(?=a)'}]}}}",
            "8:81: sources[1].fields.title.replace[0].regex: is no RE2 expression (invalid perl operator: (?=)",
        ),
        (
            "- {extends: base, url: https://b.example/, fields: {title: {path: t, replace: [{regex: a, text: b}]}}}",
            "8:80: sources[1].fields.title.replace[0]: must hold either regex or text",
        ),
        (
            "- {extends: base, url: https://b.example/, fields: {title: {template: 'a{b'}}}",
            "8:61: sources[1].fields.title.template: holds a brace without its other half",
        ),
        (
            "- {extends: base, url: https://b.example/, fields: {title: {css: b}}}",
            "8:61: sources[1].fields.title.css: belongs in html",
        ),
        (
            "- {extends: base, url: https://b.example/, fields: {title: {path: b, template: c}}}",
            "8:53: sources[1].fields.title: says path and template; write one",
        ),
        (
            "- {extends: base, url: https://b.example/, fields: {title: {attr: href, date_format: x, replace: 5}}}",
            "8:89: sources[1].fields.title.replace: 5 must be a list",
        ),
        (
            "- {extends: base, url: https://b.example/, fields: {titel: b, title: c}}",
            "8:53: sources[1].fields.titel: ",
        ),
        (
            "- {extends: base, url: https://b.example/, request: {method: GET, body: a}}",
            "8:44: sources[1].request: says GET and has a body",
        ),
        ("- {extends: base, url: https://b.example/, request: {body: 5}}", "8:54: sources[1].request.body: 5 must"),
        (
            "- {extends: base, url: https://b.example/, request: {headers: {Host: x}}}",
            '8:64: sources[1].request.headers.Host: "Host" is set by the program itself',
        ),
        (
            "- {extends: base, url: https://b.example/, request: {method: PUT}}",
            '8:54: sources[1].request.method: "PUT" is not',
        ),
        ("- {url: https://b.example/, request: {}}", "8:29: sources[1].request: belongs to a source of type json"),
        (
            "- {extends: base, url: https://b.example/, paging: {from: page}}",
            "8:44: sources[1].paging: says not which parameter",
        ),
        (
            "- {extends: base, url: https://b.example/, paging: {from: link}}",
            "8:44: sources[1].paging: says not where it stands",
        ),
        (
            "- {extends: base, url: https://b.example/, detail: {url: 'https://b.example/{', fields: {content: c}}}",
            "8:53: sources[1].detail.url: holds a brace without",
        ),
        (
            "- {extends: base, url: https://b.example/, full_text: true,"
            " detail: {url: 'https://b.example/', fields: {content: c}}}",
            "8:44: sources[1].full_text: asks for the page behind an item, and detail for another one; remove one",
        ),
        (
            "- {url: https://b.example/, type: html, change_alert: main, full_text: true}",
            "8:61: sources[1].full_text: is for a list, and change_alert watches a page without one",
        ),
    ],
)
def test_a_mistake_in_a_recipe_is_named(more: str, said: str) -> None:
    missing = [said.replace("fields: missing; write which", "items: missing; write where")] if "missing" in said else []
    assert_said(BASE + lines(more), *sorted([said, *missing]))


def test_what_is_written_once_is_named_once_for_all_that_take_it_over() -> None:
    text = BASE.replace("items: list", "items: 'l['") + lines("- {id: b, extends: base, url: https://b.example/}")
    assert_said(text, "6:3: sources[0].items: is no JMESPath expression")
