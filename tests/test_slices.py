"""Reading only what is new comes out as reading everything and leaving the rest away."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.errors import Unreadable
from aggregator.model import Document
from aggregator.sources.feed import read
from aggregator.sources.slices import cut

ITEM = "<item><guid>{0}</guid><title>T{0}</title><link>http://x.example/{0}</link></item>"
RSS = "<rss version='2.0' xmlns:a='http://a.example/'><channel><title>X</title>{}</channel></rss>"
NESTED = "<item><title>x</title><item><title>y</title></item></item>"
ATOM = (
    "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://b.example/' xml:lang='zh'><title>X</title>"
    "<entry xml:base='deep/'><id>urn:1</id><title>1</title><link href='1'/><content type='html'>a</content></entry>"
    "<entry><id>urn:2</id><title>2</title><link href='2'/><summary>b</summary></entry></feed>"
)


def document(text: str) -> Document:
    return Document("https://x.example/feed", text.encode(), "", "application/xml")


def test_a_document_is_cut_at_its_entries() -> None:
    xml = RSS.format(ITEM.format(1) + "\n" + ITEM.format(2)).encode()
    slices = cut(xml)
    assert slices
    assert [xml[a:b].decode() for a, b in slices.spans] == [ITEM.format(1), ITEM.format(2)]
    assert slices.without(slices.hashes[:1]) == RSS.format("\n" + ITEM.format(2)).encode()
    assert slices.without(()) == xml


@pytest.mark.parametrize(
    "text",
    [
        RSS.format(ITEM.format(1))[:-3],
        RSS.format("<item/>"),
        RSS.format(NESTED),
        RSS.format(f"<image>{ITEM.format(1)}</image>"),
        f"<!DOCTYPE rss [<!ENTITY x 'y'>]>{RSS.format(ITEM.format(1))}",
        RSS.format("<a:b>&nbsp;</a:b>" + ITEM.format(1)),
        "<item/>",
        "",
    ],
    ids=["cut off", "an empty tag", "nested", "elsewhere", "entities", "undeclared entity", "no feed", "nothing"],
)
def test_what_cannot_be_cut_with_certainty_is_not_cut(text: str) -> None:
    assert cut(text.encode()) is None


def test_what_an_article_says_of_types_and_entities_declares_none() -> None:
    said = "<description><![CDATA[<!DOCTYPE html> <!ENTITY x 'y'> &x;]]></description>"
    slices = cut(RSS.format(ITEM.format(1).replace("<link>", f"{said}<link>")).encode())
    assert slices
    assert slices.root.plain
    typed = cut(f"<!DOCTYPE rss>{RSS.format(ITEM.format(1))}".encode())
    assert typed
    assert not typed.root.plain


@pytest.mark.parametrize("text", [RSS.format("".join(map(ITEM.format, range(5)))), ATOM], ids=["rss", "atom"])
def test_entries_seen_before_are_not_read_again(text: str) -> None:
    whole = read(document(text), frozenset())
    for mark in whole.hashes:
        rest = read(document(text), frozenset([mark]))
        assert len(rest.drafts) == len(whole.drafts) - 1
        assert set(rest.drafts) < set(whole.drafts)
        assert replace(rest, drafts=()) == replace(whole, drafts=())
    assert read(document(text), whole.hashes).drafts == ()


@pytest.mark.parametrize(
    ("old", "new", "both"),
    [
        ("<link>http://x.example/1</link>", "<link>https://x.example/1</link>", True),
        ("<guid>1</guid><link>http://x.example/1</link>", "<guid>1</guid><link>http://x.example/2</link>", True),
        ("<guid>1</guid><link>http://x.example/1</link>", "<guid>2</guid><link>http://x.example/1</link>", False),
        ("<link> http://x.example/1?a&amp;b </link>", "<link><![CDATA[http://x.example/1?a&b]]></link>", True),
        ("<link>http://x.example/1</link>", "<a:link>http://x.example/1</a:link>", True),
        ("<title>http://x.example/1</title>", "<link>http://x.example/1</link>", False),
    ],
    ids=["links", "guids", "links of different guids", "one address written in two ways", "elsewhere", "a title"],
)
def test_a_new_entry_called_like_an_old_one_is_read_together_with_it(old: str, new: str, both: bool) -> None:
    # Alone it would be taken for the old one, edited.
    before = RSS.format(f"<item>{old}</item>")
    seen = read(document(before), frozenset()).hashes
    assert seen
    after = read(document(RSS.format(f"<item>{new}</item><item>{old}</item>")), seen)
    assert len(after.drafts) == 1 + both


def test_an_edited_entry_is_read_again() -> None:
    before = RSS.format(ITEM.format(1) + ITEM.format(2))
    seen = read(document(before), frozenset()).hashes
    after = read(document(before.replace("T2", "other")), seen)
    assert [draft.title.value for draft in after.drafts if draft.title] == ["other"]


def test_the_corpus_reads_the_same_in_part_and_whole(shared: Path) -> None:
    dice = random.Random(7)
    compared = 0
    for path in sorted((shared / "corpus" / "documents").iterdir()):
        found = Document("https://x.example/feed", path.read_bytes(), "")
        try:
            whole = read(found, frozenset())
        except Unreadable:
            continue
        seen = frozenset(mark for mark in whole.hashes if dice.random() < 0.7)
        part = read(found, seen)
        if seen:
            assert set(part.drafts) <= set(whole.drafts), path
            assert replace(part, drafts=()) == replace(whole, drafts=()), path
            # Where a new entry is called like an old one, all of them are read.
            compared += len(part.drafts) < len(whole.drafts)
    assert compared > 600
