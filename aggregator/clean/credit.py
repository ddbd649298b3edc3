"""Whom a text itself names as its source: “（文章来源：中国邮政快递报）”, “Source: Reuters”, “via …”."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from operator import itemgetter

from aggregator.clean.patterns import pattern, which_are_found
from aggregator.clean.text import one_line
from aggregator.clean.urls import absolute, host_of
from aggregator.model import Person

# RE2, each with a group `name`. They are looked for at the two ends of a text only, where such lines stand; a name ends
# where a sentence or a bracket does, so that prose which goes on after the colon is no name.
_SAID = (
    "(?:(?:文章|原文|新闻|新聞|稿件|内容|资料|信息|本文|图文|素材)?(?:来源|來源|出处|出處|摘自|转自|轉自|转载自|轉載自)(?:于)?"
    "|出典|引用元|転載元|ソース|출처|자료|Sources?|Original source|Quelle|Fuente|Fonte|Źródło|Bron|Källa|Источник)"
)
_NAME = r"(?P<name>[^()（）\[\]【】「」:：;；。!！?？\n]{2,60}?)"
USUAL = (
    rf"(?i)[(（\[【]\s*{_SAID}\s*[:：]\s*{_NAME}\s*[)）\]】]",
    rf"(?i)^[\s—–*·▪#-]*{_SAID}\s*[:：]\s*{_NAME}[\s.。]*$",
    rf"(?i)^[\s—–*·-]*(?:via|h/t|hat tip(?: to)?)\s*:?\s+{_NAME}[\s.]*$",
    rf"(?i)[(\[]\s*(?:via|h/t)\s*:?\s+{_NAME}\s*[)\]][\s.]*$",
    r"(?i)^this (?:article|story|post|piece) (?:was )?(?:originally|first) (?:appeared|published) (?:on|in|by|at) "
    rf"{_NAME}[\s.]*$",
)
BLOCKS = re.compile(r"</?(?:p|div|br|hr|li|ul|ol|h[1-6]|tr|td|blockquote|section|article|figure|footer)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")
LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
# How much of a text's ends is looked at: HTML, blocks of it, letters of a block.
END, OUTER_BLOCKS, LETTERS = 1500, 2, 160
EDGES = " \t\"'“”‘’«»《》*_—–-·,，、"


def credited(markup: str, patterns: tuple[str, ...]) -> Person | None:
    """Whom sanitised HTML credits, by the first of the patterns that finds somebody; `uri` where the name is a link."""
    if not (patterns and markup):
        return None
    found = [(place, block, line) for block, line in _ends(markup) for place in which_are_found(patterns, line)]
    for place, block, line in sorted(found, key=itemgetter(0)):
        name = one_line(pattern(patterns[place]).search(line)["name"] or "", 200).strip(EDGES)
        if any(letter.isalnum() for letter in name):
            return _person(name, block)
    return None


def _ends(markup: str) -> Iterator[tuple[str, str]]:
    """The last and the first blocks of a text, each as HTML and as a line; the end first, where most credits stand."""
    if len(markup) <= 2 * END:
        blocks = [block for block in BLOCKS.split(markup) if block.strip()]
        tail, head = blocks[-OUTER_BLOCKS:], blocks[:-OUTER_BLOCKS][:OUTER_BLOCKS]
    else:
        tail = [block for block in BLOCKS.split(markup[-END:]) if block.strip()][-OUTER_BLOCKS:]
        head = [block for block in BLOCKS.split(markup[:END]) if block.strip()][:OUTER_BLOCKS]
    for block in reversed(tail):
        yield block, _line(block)[-LETTERS:]
    for block in head:
        yield block, _line(block)[:LETTERS]


def _line(block: str) -> str:
    return " ".join(html.unescape(TAG.sub("", block)).split())


def _person(name: str, block: str) -> Person:
    """The name, with the address to which it links."""
    linked = (absolute(html.unescape(href)) for href, text in LINK.findall(block) if _line(text).strip(EDGES) == name)
    uri = next((address for address in linked if address), None)
    if address := absolute(name):
        return Person(host_of(address).removeprefix("www."), None, address)
    return Person(name, None, uri)
