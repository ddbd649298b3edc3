"""Whatever a source writes in whatever field, nothing of what is published runs, loads or sends anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Place
from hostile_feeds import (
    ATOM_FIELDS,
    RSS_FIELDS,
    active_anywhere,
    active_in_page,
    addresses_in,
    atom,
    fragments_in,
    payloads,
    rss,
)
from promises import active, is_web
from scripted_web import ScriptedWeb

from aggregator.clean.markup import sanitise
from aggregator.model import Markup

PAYLOADS = payloads()
BASE = "https://site.example/blog/"


def test_there_are_more_payloads_than_a_handful() -> None:
    assert len(PAYLOADS) >= 550  # of our own
    assert sum("alert" in payload for payload in PAYLOADS) > len(PAYLOADS) / 2


def test_the_judge_finds_what_is_active() -> None:
    for payload in (
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<svg><a>x</a></svg>",
        "<math></math>",
        "<!-- x -->",
        "<p style='x'>y</p>",
        "<img src='/relative.png'>",
        "<img srcset='javascript:x 1x'>",
        "<p id=x>y</p>",
    ):
        assert active_anywhere(payload), payload
    assert active_anywhere("<p>x <a href='https://a.example/' rel='noopener noreferrer'>y</a></p>") == []
    assert active_in_page(b"<!doctype html><p onclick=x>y")
    assert active_in_page(b"<!doctype html><a href='javascript:x'>y</a>")
    assert active_in_page(b"<!doctype html><script>x</script>")
    assert active_in_page(b"<!doctype html><a href='../x/'>y</a>") == []


@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_no_payload_is_active_when_it_was_cleaned_and_cleaning_it_again_changes_nothing(kind: str) -> None:
    for payload in PAYLOADS:
        published = sanitise(Markup(payload, kind), BASE, BASE)
        assert active_anywhere(published) == [], payload
        assert active(published) == [], payload
        assert sanitise(Markup(published, "text/html"), BASE, BASE) == published, payload


# What an entry has beside the hostile field.
HONEST = {
    "rss": "<title>t</title><guid>urn:{0}</guid>",
    "atom": "<title>t</title><link href='/{0}'/><id>urn:{0}</id>",
}


def output(place: Place) -> dict[str, object]:
    """All entries on every page, also those that tell one story; without the search, whose form is our own."""
    return {"dir": str(place.public), "limit": 1000, "dedupe": False, "search": False}


def published_files(folder: Path) -> dict[str, list[Path]]:
    """The published files, by their ending."""
    found: dict[str, list[Path]] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found.setdefault(path.suffix, []).append(path)
    return found


def demand_nothing_active(folder: Path) -> int:
    """Judge every published byte; gives how many pieces of HTML that were."""
    files, pieces = published_files(folder), 0
    for path in files[".html"]:
        assert active_in_page(path.read_bytes()) == [], path
    for ending in (".atom", ".rss", ".json"):
        for path in files.get(ending, []):
            for fragment in fragments_in(path):
                pieces += 1
                assert active_anywhere(fragment) == [], path
    for ending in (".atom", ".rss"):
        for path in files.get(ending, []):
            assert [address for address in addresses_in(path) if not is_web(address)] == [], path
    return pieces


def test_nothing_active_is_published_of_a_source_that_is_hostile_in_every_field(place: Place, web: ScriptedWeb) -> None:
    few = PAYLOADS[::12]
    fields = {"rss": list(RSS_FIELDS.values()), "atom": list(ATOM_FIELDS.values())}
    entries = {
        kind: ["".join(field(payload) for field in written) for payload in few] for kind, written in fields.items()
    }
    sources = [
        {"id": "rss", "url": web.feed("/rss", rss(entries["rss"], few[0])), "category": "news"},
        {"id": "atom", "url": web.feed("/atom", atom(entries["atom"], few[1])), "category": "news"},
    ]
    place.configure(sources, output=output(place))
    place.run("once", check=None)
    assert demand_nothing_active(place.public) > 5 * len(few)  # each on three pages


@pytest.mark.slow
def test_nothing_active_is_published_of_any_payload_in_any_field(place: Place, web: ScriptedWeb) -> None:
    hundreds = [PAYLOADS[start : start + 100] for start in range(0, len(PAYLOADS), 100)]
    sources = []
    for kind, fields, document in (("rss", RSS_FIELDS, rss), ("atom", ATOM_FIELDS, atom)):
        for number, field in enumerate(fields.values()):
            for part, some in enumerate(hundreds):
                names = (f"{kind}:{number}:{part}:{place}" for place in range(len(some)))
                entries = [
                    field(payload) + HONEST[kind].format(name) for payload, name in zip(some, names, strict=True)
                ]
                url = web.feed(f"/{kind}/{number}/{part}", document(entries, some[number % len(some)]))
                sources.append({"id": f"{kind}-{number}-{part}", "url": url})
    place.configure(sources, output=output(place))
    place.run_apart("once", check=None, timeout=1500)
    assert demand_nothing_active(place.public) > len(PAYLOADS) * 10
