"""What a title says, apart from how it is written: case, width, punctuation, labels in front and names behind."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

WORD = re.compile(r"\w+")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# Scripts without blanks between words, and hangul, whose words change their ends.
DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
# "【快讯】", "[Video]", "Breaking:" in front say what kind of telling it is.
LABEL = re.compile(
    r"\s*(?:【[^】]{1,10}】|\[[^\]]{1,16}\]|〔[^〕]{1,10}〕"
    r"|(?:breaking(?: news)?|updated?|exclusive|video|watch|opinion|analysis|快讯|独家|视频|图集|速報|속보)"
    r"\s*[:：|])\s*",
    re.IGNORECASE,
)
# What parts a title from the name of its site.
TAIL = re.compile(r"(?:\s+[-–—|·•:]+\s+|\s*[|｜_]\s*|\s+::\s+|\s*——\s*|\s*[-–—](?=[\u3400-\u9fff]{2,8}$))(?=[^\s])")
PARTED = re.compile(r"[-–—|·•:｜_]")
MOST_LABELS = 3
MOST_TAIL_WORDS, LONGEST_TAIL = 5, 40
# Titles that come again with other content: they are no evidence that two entries are one. By word, by phrase, and by
# what stands in titles without blanks.
RECURRING_WORDS = frozenset(
    word
    for words in (
        "weekly daily monthly digest roundup newsletter links megathread episode ep",
        "podcast briefing horoscope horoscopes",
        "weather forecast crossword wordle sudoku recap headlines correction corrections obituary obituaries calendar",
        "schedule liveblog changelog hiring job jobs newsticker presseschau wochenrückblick hebdo semanal",
        "semaine rassegna",
        "дайджест погода прогноз итоги",
    )
    for word in words.split()
)
RECURRING_PHRASES = tuple(
    phrase
    for phrases in (
        "round up, open thread, discussion thread, this week, today in, in brief, photo of the, photos of the",
        "picture of the, quote of, question of, free talk, letters to, live blog",
        "live updates, release notes, what s new",
    )
    for phrase in phrases.split(", ")
)
RECURRING_DENSE = re.compile(
    r"每日|每周|一周|周刊|周报|月报|日报|早报|晚报|早餐|早间|晚间|午间|快讯$|汇总|合集|盘点|天气|预报|公告|收盘|开盘"
    r"|今日|今天|简报|播报|榜单|一图|まとめ|週刊|天気|日刊|今週|今日の|주간|일간|날씨|오늘의"
)
FEWEST_WORDS, FEWEST_DENSE = 2, 5  # in a title that says something at all
TELLING_WORDS, TELLING_DENSE = 6, 12  # in one that says enough for two that share it to be one story


class Headline(NamedTuple):
    """A title as one can compare it.

    `key` is what it says, "" when that is too little to tell it from others; `tail` a name behind it that was cut off
    and may be that of a site. `words` are its words, or pairs of letters where the script has no blanks. A `telling`
    title is long, and none that comes again every week.
    """

    key: str
    tail: str
    words: tuple[str, ...]
    numbers: tuple[str, ...]
    telling: bool


def headline(title: str, names: tuple[str, ...] = ()) -> Headline:
    """The title without labels, and without the name of its site: one of `names`, or what looks like one."""
    folded = title.casefold() if title.isascii() else unicodedata.normalize("NFKC", title).casefold()
    for _ in range(MOST_LABELS):
        if not (label := LABEL.match(folded)) or label.end() == len(folded):
            break
        folded = folded[label.end() :]
    head, tail = _parted(folded, names)
    words = WORD.findall(head)
    dense = "" if head.isascii() else "".join(DENSE.findall(head))
    if len(dense) * 2 > sum(map(len, words)):
        run = "".join(words)
        size, fewest, enough = len(run), FEWEST_DENSE, TELLING_DENSE
        pieces, key = tuple(map("".join, pairwise(run))), run
        recurring = RECURRING_DENSE.search(run) is not None
    else:
        size, fewest, enough = len(words), FEWEST_WORDS, TELLING_WORDS
        pieces, key = tuple(words), " ".join(words)
        recurring = not RECURRING_WORDS.isdisjoint(words) or any(phrase in key for phrase in RECURRING_PHRASES)
    numbers = tuple(NUMBER.findall(head))
    own = head.strip() in names
    telling = size >= enough and not recurring
    return Headline("" if size < fewest or own else key, tail, pieces, numbers, telling and not own)


def folded_name(name: str) -> str:
    """A site's name as `headline` compares it."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _parted(title: str, names: tuple[str, ...]) -> tuple[str, str]:
    """The title and the name behind it; "" for a name that is known to be the site's own, or none."""
    places = list(TAIL.finditer(title)) if PARTED.search(title) else []
    while places:
        place = places.pop()
        head, tail = title[: place.start()], title[place.end() :].strip()
        known = tail in names
        if not known and not _may_be_a_name(head, tail):
            return title, ""
        earlier = next((name for name in names if head.endswith(name)), None) if known else None
        if earlier is None:
            return head, "" if known else tail
        title = head
    return title, ""


def _may_be_a_name(head: str, tail: str) -> bool:
    """Whether what stands behind is short beside what stands before, and no number of a series."""
    short = len(tail) <= min(LONGEST_TAIL, len(head)) and len(tail.split()) <= MOST_TAIL_WORDS
    return short and bool(tail) and not any(word.isdecimal() for word in WORD.findall(tail))
