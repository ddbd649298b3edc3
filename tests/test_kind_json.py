"""An API that is no feed: items and fields by JMESPath, as its publisher wrote them, or a named failure."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load
from aggregator.errors import Unreadable
from aggregator.intake import take_in
from aggregator.model import Document, Entry, Failed, Intake, Reading, Source
from aggregator.sources.json import read

URL = "https://api.example/list?type=45"
RECIPE = """
    items: data.list
    fields:
      id: code
      title: title
      link: {template: "https://www.example/news?code={code}"}
      published: {path: time, date_format: "%Y-%m-%d %H:%M:%S"}
      summary: {path: digest, replace: [{regex: "^【.*?】"}, {text: "　　", with: ""}]}
      author: writers
"""
ITEM = {
    "code": "N1",
    "title": "茅台",
    "time": "2022-05-31 18:03:41",
    "digest": "【茅台】　　跌了】",
    "writers": ["甲", "乙"],
}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """The source of these tests."""
    return configured(tmp_path)


def configured(folder: Path, recipe: str = RECIPE, **keys: str) -> Source:
    """One json source with this recipe."""
    more = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    text = f"sources:\n  - id: api\n    url: {URL}\n    type: json\n    timezone: Asia/Shanghai\n{more}{recipe}"
    (folder / "c.yaml").write_text(text, "utf-8")
    (found,) = load(folder / "c.yaml", {}).sources
    return found


def document(answer: Any, content_type: str = "application/json") -> Document:
    """A document with this value, or this text, or these bytes."""
    body = (
        answer
        if isinstance(answer, bytes)
        else answer.encode()
        if isinstance(answer, str)
        else json.dumps(answer).encode()
    )
    return Document(URL, body, "", content_type)


def read_with(source: Source, answer: Any, seen: frozenset[bytes] = frozenset()) -> Reading:
    return read(document(answer), seen, source.recipe)


def entries(source: Source, answer: Any) -> tuple[Entry, ...]:
    intake = take_in(source, document(answer))
    assert isinstance(intake, Intake), intake
    return intake.entries


def failure(source: Source, answer: Any) -> str:
    failed = take_in(source, document(answer))
    assert isinstance(failed, Failed)
    return failed.detail


def test_an_item_becomes_an_entry(source: Source) -> None:
    (entry,) = entries(source, {"data": {"list": [ITEM]}})
    assert (entry.key, entry.title, entry.link) == ("id:N1", "茅台", "https://www.example/news?code=N1")
    assert entry.published == datetime(2022, 5, 31, 10, 3, 41, tzinfo=UTC)  # told in the source's zone
    assert entry.summary == "<p>跌了】</p>"  # the lead ends at its first bracket, not at the last
    assert [author.name for author in entry.authors] == ["甲", "乙"]


@pytest.mark.parametrize("lacking", ["title", "time", "code"])
@pytest.mark.parametrize("value", ["", None, "   ", {}])
def test_an_item_without_what_the_recipe_names_waits_and_is_looked_at_again(
    source: Source, lacking: str, value: Any
) -> None:
    answer = {"data": {"list": [ITEM, ITEM | {lacking: value, "digest": "x"}]}}
    reading = read_with(source, answer)
    assert len(reading.drafts) == 1
    assert len(reading.hashes) == 1  # the other is not seen
    assert reading.problems[0].startswith("item 2 has no ")
    whole = read_with(source, {"data": {"list": [ITEM, ITEM | {"code": "N2"}]}}, reading.hashes)
    assert [draft.id for draft in whole.drafts] == ["N2"]


def test_a_time_that_does_not_read_as_told_is_none(source: Source) -> None:
    reading = read_with(source, {"data": {"list": [ITEM | {"time": "31.5.2022"}]}})
    assert (reading.drafts, reading.problems) == ((), ("item 1 has no published yet",))


def test_items_seen_before_are_left_out_until_they_change(source: Source) -> None:
    first = read_with(source, {"data": {"list": [ITEM]}})
    again = read_with(source, {"data": {"list": [ITEM]}, "me": "another nonce"}, first.hashes)
    assert (again.drafts, again.hashes) == ((), first.hashes)
    changed = read_with(source, {"data": {"list": [ITEM | {"title": "茅台 2"}]}}, first.hashes)
    assert len(changed.drafts) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"rc": 0, "me": "系统繁忙"}, 'no list at "data.list"; the answer is {rc: 0, me: 系统繁忙}'),
        ({"data": {"list": None}}, 'no list at "data.list"; the answer is {data}'),
        ({"data": {"list": {"a": 1}}}, "no list at"),
        ([], "the answer is a list"),
        ({}, "the answer is an empty object"),
        ("<html>", "not JSON: "),
        ("", "not JSON: "),
        ('{"data": {"list": []}} x', "not JSON: something follows its end"),
        ("[" * 100_000, "not JSON: "),
        ('{"data": {"list": [' + "9" * 5000 + "]}}", "not JSON: "),
    ],
)
def test_an_answer_without_a_list_is_a_failure_in_its_own_words(source: Source, answer: Any, said: str) -> None:
    assert said in failure(source, answer)


def test_an_empty_list_is_no_failure(source: Source) -> None:
    assert entries(source, {"data": {"list": []}}) == ()


@pytest.mark.parametrize("wrapped", ["cb({})", "cb({});\n", "var x = {};", "/**/jQuery.cb({})", "\ufeff{}", "  {}\n"])
def test_json_in_a_script_is_taken_out_of_it(source: Source, wrapped: str) -> None:
    text = wrapped.replace("{}", json.dumps({"data": {"list": [ITEM]}}))
    assert len(entries(source, text)) == 1


def test_the_encoding_is_told_as_for_feeds(source: Source) -> None:
    body = json.dumps({"data": {"list": [ITEM]}}, ensure_ascii=False).encode("gbk")
    intake = take_in(source, document(body, "application/json; charset=gb2312"))
    assert isinstance(intake, Intake)
    assert intake.entries[0].title == "茅台"


def test_values_in_an_address_are_encoded(tmp_path: Path) -> None:
    recipe = RECIPE.replace("code={code}", "code={code}&of={data.of}")
    (entry,) = entries(
        configured(tmp_path, recipe), {"data": {"list": [ITEM | {"code": "a&b=ü", "data": {"of": "x/y"}}]}}
    )
    assert entry.link == "https://www.example/news?code=a%26b%3D%C3%BC&of=x/y"


@pytest.mark.parametrize(
    ("date_format", "value", "moment"),
    [
        ("unix", 1653991421, datetime(2022, 5, 31, 10, 3, 41, tzinfo=UTC)),
        ("unix", "1653991421.5", datetime(2022, 5, 31, 10, 3, 41, tzinfo=UTC)),
        ("unix_ms", 1653991421000, datetime(2022, 5, 31, 10, 3, 41, tzinfo=UTC)),
        ('"%d.%m.%Y %H:%M %z"', "31.05.2022 10:03 +0000", datetime(2022, 5, 31, 10, 3, tzinfo=UTC)),
        ('"%d.%m.%Y"', "31.05.2022", datetime(2022, 5, 30, 16, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_told(tmp_path: Path, date_format: str, value: Any, moment: datetime) -> None:
    recipe = RECIPE.replace('"%Y-%m-%d %H:%M:%S"', date_format)
    (entry,) = entries(configured(tmp_path, recipe), {"data": {"list": [ITEM | {"time": value}]}})
    assert entry.published == moment


def test_html_is_told_from_text_by_its_look(tmp_path: Path) -> None:
    source = configured(tmp_path, "    items: '@'\n    fields: {title: t, content: c}\n")
    found = entries(
        source, [{"t": "A &amp; B", "c": "<p onclick=x>1<script>2</script></p>"}, {"t": "1 < 2", "c": "3 < 4\n\n5 & 6"}]
    )
    assert [(entry.title, entry.content) for entry in found] == [
        ("A & B", "<p>1</p>"),
        ("1 < 2", "<p>3 &lt; 4</p><p>5 &amp; 6</p>"),
    ]


def test_of_a_flood_of_items_the_first_are_taken(source: Source) -> None:
    reading = read_with(source, {"data": {"list": [ITEM | {"code": str(n)} for n in range(5100)]}})
    assert len(reading.drafts) == 5000
    assert reading.problems == ("5100 items, of which the first 5000 are taken",)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from([*ITEM, "data", "list"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(ANY_JSON | st.builds(lambda items: {"data": {"list": items}}, st.lists(ANY_JSON, max_size=4)))
def test_any_json_is_entries_or_a_named_failure(answer: Any) -> None:
    with suppress(Unreadable):
        reading = read(document(answer), frozenset(), _RECIPE_OF_LAWS.recipe)
        assert len(reading.hashes) <= len(reading.drafts) + len(reading.problems)
        assert all(draft.title and draft.link and draft.published for draft in reading.drafts)


def _of_laws() -> Source:
    with TemporaryDirectory() as folder:
        return configured(Path(folder))


_RECIPE_OF_LAWS = _of_laws()


@pytest.mark.parametrize("name", ["webapi_type45.json", "newmarket_37.json", "newmarket_38.json"])
def test_the_answers_of_a_real_api_are_read_whole(shared: Path, tmp_path: Path, name: str) -> None:
    items, when, code = ("nodeList", "showtime", "infocode") if "45" in name else ("record", "datetime", "infoCode")
    recipe = f"""
    items: {items}
    fields: {{id: {code}, title: title, published: {when}, link: {{template: "https://x.example/{{{code}}}"}}}}
"""
    body = (shared / "finews/api" / name).read_bytes()
    found = entries(configured(tmp_path, recipe), body)
    wanted = json.loads(body)[items]
    assert [entry.title for entry in found] == [" ".join(item["title"].split()) for item in wanted if item["title"]]
    assert all(entry.published for entry in found)
