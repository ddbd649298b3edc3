"""Pairs of entries, each labelled as one story or two: by hand, and made of real entries by edits that are named.

Ones: what others make of an entry when they carry it. Twos: different entries that look alike, the hardest that a set
of documents has.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import quote

from aggregator.clean.headlines import DENSE
from aggregator.clean.signatures import signature, traits
from aggregator.clean.stories import judge
from aggregator.clean.text import strip_tags
from aggregator.model import Entry, Origin, amended

BEGAN = datetime(2026, 11, 2, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """Two entries, published `apart`, that are one story (`same`) or two; `kind` says what was done or why not."""

    one: Entry
    other: Entry
    same: bool
    kind: str
    apart: timedelta = timedelta()

    @property
    def group(self) -> str:
        """The group of languages: whether there are blanks between words."""
        text = self.one.title + strip_tags(self.one.content or self.one.summary)[:300]
        dense = "".join(DENSE.findall(text))
        if re.search("[\uac00-\ud7af]", dense):
            return "ko"
        if re.search("[\u3040-\u30ff]", dense):
            return "ja"
        return "zh" if len(dense) * 3 > len(text) else "other"


def joined(pair: Pair) -> bool:
    """Whether the program takes the two for one story."""
    one, other = signature(pair.one), signature(pair.other)
    found = not set(one.marks).isdisjoint(other.marks)
    return found and judge(traits(one.traits), traits(other.traits), pair.apart).by is not None


def figures(pairs: list[Pair]) -> tuple[float, float]:
    """Precision and recall over these pairs."""
    taken = [pair.same for pair in pairs if joined(pair)]
    hits, same = sum(taken), sum(pair.same for pair in pairs)
    return hits / max(len(taken), 1), hits / max(same, 1)


def an_entry(title: str, text: str = "", link: str = "", site: str = "A Site") -> Entry:
    """An entry of a site, by hand."""
    name = re.sub(r"\W+", "-", site.lower()).strip("-") or "site"
    host = f"{name}.example" if name.isascii() else f"s{abs(sum(map(ord, site)))}.example"
    words = re.sub(r"\W+", "-", title)[:60]
    return Entry(
        key=f"{host}/{words}",
        title=title,
        link=link or f"https://{host}/2026/11/{words}",
        origin=Origin(f"https://{host}/feed", site, html_url=f"https://{host}/"),
        content="".join(f"<p>{escape(part)}</p>" for part in text.split("\n")) if text else "",
    )


# ---------------------------------------------------------------- ones: what others make of an entry


def elsewhere(entry: Entry, number: int, **changes: object) -> Entry:
    """The entry as another site carries it, at an address of its own."""
    host = f"wire{number % 97}.example"
    origin = Origin(f"https://{host}/feed", f"Wire {number % 97}", html_url=f"https://{host}/")
    told = {"link": f"https://{host}/story/{number}-copy", "origin": origin, "key": f"copy {number}", **changes}
    return amended(entry, **told)  # type: ignore[arg-type]


def _beside(entry: Entry, number: int, link: str) -> Entry:
    """The entry in another feed, with another spelling of its address, and nothing else of it."""
    return amended(elsewhere(entry, number), link=link, title=f"Seen: {number}", content="", summary="")


def _tracked(entry: Entry, number: int) -> Entry:
    tail = ("utm_source=feed&utm_medium=rss", "fbclid=IwAR0x", "at_medium=RSS", "spm=a2c4e.1", "ref=rss")[number % 5]
    page, hash_, fragment = entry.link.partition("#")
    return _beside(entry, number, f"{page}{'&' if '?' in page else '?'}{tail}{hash_}{fragment}")


def _amp(entry: Entry, number: int) -> Entry:
    page = re.sub(r"[?#].*", "", entry.link).rstrip("/")
    bare = re.sub(r"^https?://", "", page)
    twins = (f"{page}/amp/", f"https://www.google.com/amp/s/{bare}", f"https://x.cdn.ampproject.org/c/s/{bare}")
    return _beside(entry, number, twins[number % 3])


def _respelt(entry: Entry, number: int) -> Entry:
    page = re.sub(r"[?#].*", "", entry.link)
    other = page.replace("https://", "http://") if page.startswith("https") else page.replace("http://", "https://")
    host, slash, path = other.partition("://")[2].partition("/")
    host = host.removeprefix("www.") if number % 2 else f"www.{host.removeprefix('www.')}"
    return _beside(entry, number, f"http://{host.upper()}{slash}{path.rstrip('/')}/#comments")


def _redirected(entry: Entry, number: int) -> Entry:
    target = quote(entry.link, safe="")
    ways = ("https://www.google.com/url?sa=D&q=", "https://l.facebook.com/l.php?u=", "https://link.zhihu.com/?target=")
    return _beside(entry, number, ways[number % 3] + target)


def _suffixed(entry: Entry, number: int) -> Entry:
    tails = (" - Reuters", " | The Daily News", "_新浪财经", " – heise online", " | 36氪", "_腾讯新闻")
    return elsewhere(entry, number, title=entry.title + tails[number % len(tails)], content="", summary=_short(entry))


def _labelled(entry: Entry, number: int) -> Entry:
    labels = ("【快讯】", "[Updated] ", "【独家】", "BREAKING: ")
    return elsewhere(entry, number, title=labels[number % 4] + entry.title, content="", summary=_short(entry))


def _repunctuated(entry: Entry, number: int) -> Entry:
    table = str.maketrans("，。！？：“”‘’（）,!?:\"'()", ",.!?:\"\"''()，！？：“‘（）")
    wide = {code: code + 0xFEE0 for code in range(ord("0"), ord("9") + 1)}
    title = entry.title.translate(table)
    return elsewhere(entry, number, title=title.upper() if number % 2 else title.translate(wide))


def _retitled(entry: Entry, number: int) -> Entry:
    return elsewhere(
        entry, number, title=(f"What happened in case {_letters(number)}", "这件事情的来龙去脉都在这里")[number % 2]
    )


def _led(entry: Entry, number: int) -> Entry:
    text = entry.content or entry.summary
    lead = "This report first appeared elsewhere and is carried here by permission of its author."
    if DENSE.search(strip_tags(text)[:200]):
        lead = "本文经作者授权转载，文中观点不代表本站立场。"
    return elsewhere(entry, number, content=f"<p>{lead}</p>{text}", title=f"{entry.title} (reprint)")


def _trailed(entry: Entry, number: int) -> Entry:
    trailer = "<p>The post first appeared there. Follow us, subscribe to our letter, and tell your friends of it.</p>"
    return elsewhere(entry, number, content=(entry.content or entry.summary) + trailer, title=f"Copied: {entry.title}")


def _trimmed(entry: Entry, number: int) -> Entry:
    return elsewhere(entry, number, content="", summary=_short(entry))


def _short(entry: Entry) -> str:
    """An excerpt of the text, as feeds give it."""
    text = " ".join(strip_tags(entry.content or entry.summary).split())
    dense = len("".join(DENSE.findall(text[:200]))) > 80
    return escape(text[:90] if dense else " ".join(text.split()[:45]), quote=False) + "…"


def _letters(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number))


def text_length(entry: Entry) -> int:
    """How many letters its text has, wide ones counted three times."""
    text = strip_tags(entry.content or entry.summary)[:4000]
    return len(text) + 2 * len("".join(DENSE.findall(text)))


BY_ADDRESS: tuple[Callable[[Entry, int], Entry], ...] = (_tracked, _amp, _respelt, _redirected)
BY_TITLE = (_suffixed, _labelled, _trimmed, _repunctuated)
BY_TEXT = (_retitled, _led, _trailed, _repunctuated)


def ones(entries: list[Entry], each: int = 2) -> Iterator[Pair]:
    """`each` copies of every entry that has an address, a title and a text to be known by."""
    dice = random.Random(2026)
    for number, entry in enumerate(entries):
        if text_length(entry) < 600 or not has_own_page(entry):
            continue
        for edit in dice.sample([*BY_ADDRESS, *BY_TITLE, *BY_TEXT], each):
            if edit in (*BY_TITLE, _repunctuated) and title_length(entry) < 20:
                continue  # nobody could tell such a title from others
            if edit in (_amp, _respelt) and re.search("[?#]", entry.link):
                continue  # what stands there may be what tells its page from others
            yield Pair(entry, edit(entry, number), True, edit.__name__.strip("_"), timedelta(hours=dice.randint(0, 30)))


def title_length(entry: Entry) -> int:
    """How many letters its title has, wide ones counted twice."""
    return len(entry.title) + len("".join(DENSE.findall(entry.title)))


def has_own_page(entry: Entry) -> bool:
    """Whether its link leads to more than the front page of a site."""
    page = re.sub(r"[?#].*", "", entry.link)
    return page.count("/") > 2 and len(page.partition("://")[2].partition("/")[2].strip("/")) > 8


# ---------------------------------------------------------------- twos: different entries that look alike


def twos(documents: list[list[Entry]], each: int = 40) -> Iterator[Pair]:
    """Different entries of one document whose titles or texts are most alike, and such of different documents."""
    dice = random.Random(2026)
    for entries in documents:
        apart = distinct(entries)
        pairs = [(one, other) for place, one in enumerate(apart) for other in apart[place + 1 : place + 30]]
        dice.shuffle(pairs)
        hardest = sorted(pairs[:400], key=lambda pair: -likeness(*pair))[:each]
        for number, (one, other) in enumerate(hardest):
            gap = timedelta(hours=24 * (number % 3))
            yield Pair(one, other, False, "same source", gap)
            # As other sites would carry them: the publisher's name and addresses gone, nothing but what they say.
            yield Pair(one, elsewhere(other, number), False, "same source, carried elsewhere", gap)
    by_word: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    for place, entries in enumerate(documents):
        for entry in entries:
            for word in set(re.findall(r"\w{6,}|[\u4e00-\u9fff]{2}", entry.title.lower())):
                by_word[word].append((place, entry))
    for found in by_word.values():
        for place, (document, one) in enumerate(found[:12]):
            for other_document, other in found[place + 1 : 12]:
                if document != other_document and one.link != other.link and not related(one, other):
                    yield Pair(one, other, False, "same topic", timedelta(hours=12))


def distinct(entries: list[Entry]) -> list[Entry]:
    """The entries without those that the publisher himself gave twice: the same title, link or text."""
    seen: set[str] = set()
    kept = []
    for entry in entries:
        names = {entry.title, entry.link, (entry.content or entry.summary)[:3000]} - {""}
        if names.isdisjoint(seen):
            kept.append(entry)
        seen |= names
    return kept


def related(one: Entry, other: Entry) -> bool:
    """Whether two entries of different documents may be one story: somebody would have to read them to tell."""
    return (
        one.title == other.title
        or likeness(one, other) > 0.6
        or words(strip_tags(one.content or one.summary)[:400])
        == words(strip_tags(other.content or other.summary)[:400])
    )


def likeness(one: Entry, other: Entry) -> float:
    """How many words the titles share, and how many the beginnings of the texts."""
    titles = _jaccard(words(one.title), words(other.title))
    texts = _jaccard(
        words((one.content or one.summary)[:400]),
        words((other.content or other.summary)[:400]),
    )
    return max(titles, texts)


def words(text: str) -> frozenset[str]:
    """The words of a text, or its letters where there are no blanks."""
    return frozenset(re.findall(r"[a-z0-9à-ÿа-я]+|[\u3040-\u9fff\uac00-\ud7af]", text.lower()))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)
