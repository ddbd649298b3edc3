"""The guides: what they say to type can be typed, what they say to write is a config, and their example works."""

from __future__ import annotations

import re
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Place
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from aggregator.clean.entry import clean
from aggregator.cli import app
from aggregator.config import load
from aggregator.errors import Unreadable
from aggregator.model import Document

DOCS = Path(__file__).parents[1] / "docs"
COMING, KIND = ((DOCS / name).read_text("utf-8") for name in ("coming-from.md", "new-source-kind.md"))
URL = "https://ada.example/twtxt.txt"


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks(COMING, "sh") for line in block.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_guide_could_be_typed(command: str) -> None:
    program, *words = shlex.split(command.partition(">")[0])
    assert program == "aggregator"
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert (shown.exit_code, "Usage: " in shown.output) == (0, True)


def test_what_the_guide_says_to_write_is_a_config(tmp_path: Path) -> None:
    examples = blocks(COMING, "yaml")
    assert examples
    for example in examples:
        (tmp_path / "c.yaml").write_text(example, "utf-8")
        assert load(tmp_path / "c.yaml", {"RSSHUB_KEY": "k"}).sources


@pytest.mark.parametrize("page", ["coming-from.md", "new-source-kind.md"])
def test_the_links_of_a_guide_lead_somewhere(page: str) -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", (DOCS / page).read_text("utf-8"))
    assert linked
    assert [name for name in linked if not (DOCS / name).exists()] == []


def test_every_program_that_people_come_from_has_a_section() -> None:
    headings = " ".join(re.findall(r"^## (.*)$", COMING, re.MULTILINE))
    for program in ("Planet Venus", "Miniflux", "FreshRSS", "RSSHub", "RSS-Bridge", "rss-funnel", "jekyll-feed"):
        assert program in headings


@pytest.fixture(scope="module")
def twtxt() -> ModuleType:
    """The kind that the guide adds, as a module."""
    (source,) = blocks(KIND, "python")
    module = ModuleType("aggregator.sources.twtxt")
    exec(compile(source, "docs/new-source-kind.md", "exec"), module.__dict__)
    return module


def document(body: bytes) -> Document:
    return Document(URL, body, "", "text/plain; charset=utf-8")


def test_the_kind_of_the_guide_reads_its_sample(twtxt: ModuleType, place: Place) -> None:
    (sample,) = blocks(KIND, "twtxt")
    (source,) = load(place.configure([{"url": URL}]), {}).sources
    reading = twtxt.read(document(sample.encode()), frozenset(), None)
    intake = clean(reading, source, URL)
    assert intake.origin.title == "ada"
    assert [(entry.title, entry.published) for entry in intake.entries] == [
        ("Hello, world", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("A second thing, see https://ada.example/2", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
    ]
    longer = sample + "2026-11-21T00:00:00Z\tThird\n"
    again = twtxt.read(document(longer.encode()), reading.hashes, None)
    assert [draft.content.value for draft in again.drafts] == ["Third"]
    assert again.hashes > reading.hashes


@settings(max_examples=50)
@given(st.binary(max_size=200) | st.text("#nick=\t2026-11T:Z\n x", max_size=200).map(str.encode))
def test_any_bytes_are_a_reading_of_that_kind_or_unreadable(twtxt: ModuleType, body: bytes) -> None:
    try:
        reading = twtxt.read(document(body), frozenset(), None)
    except Unreadable:
        return
    assert reading == twtxt.read(document(body), frozenset(), None)


def test_the_guide_names_the_lines_that_are_there() -> None:
    room = (DOCS.parent / "aggregator/sources/__init__.py").read_text("utf-8")
    (diff,) = blocks(KIND, "diff")
    kept = [line[1:] for line in diff.splitlines() if not line.startswith("+")]
    assert [line for line in kept if line not in room] == []
    assert "twtxt" not in sys.modules
