"""Undoes escaping that was done once too often, without taking from a text what it says about markup.

"AT&amp;T" as the text of a title means AT&T; "How to write &amp; in HTML" means what it says.
"""

from __future__ import annotations

import html
import re

_REFERENCE = r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
REFERENCE = re.compile(_REFERENCE)
NUMERIC = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});")
# One that stands for itself: whoever wrote it did not escape once too often.
BARE_AMPERSAND = re.compile(rf"&(?!{_REFERENCE[1:]})")
# Who uses these words, or puts it in quotes, speaks of markup.
ABOUT_MARKUP = re.compile(
    r"\b(?:x?html[45]?|xml|sgml|svg|css|jsx|dom|markdown|javascript|entit(?:y|ies)|ampersands?|markup"
    r"|(?:un)?escaping|unescaped?|(?:en|de)coding|elements?|tags|(?:closing|opening|void) tag)\b"
    r"|\b(?:escape|how\s+to\s+(?:use|write|type))\s+(?:an?\s+|the\s+)?[&<]"
    r"|[>;]\W{0,2}\s?tags?\b|\btags?\s?\W{0,2}(?:<|&lt;)"
    r"|[\"'`“‘«「『]\s?(?:<|&\w+;)|標籤|标签|实体|實體|转义|轉義|字符|元素|前端|タグ|要素|文字参照|エスケープ|태그"
    r"|\bтег|сущност|экранир",
    re.IGNORECASE,
)
# What people put into titles. An element of these that is opened and closed is markup; "<div>" alone is a topic.
_INLINE = "a|abbr|b|big|cite|code|del|em|font|i|ins|mark|p|q|s|small|span|strike|strong|sub|sup|tt|u"
PAIR = re.compile(rf"<({_INLINE})(?:\s[^<>]*)?>([^<>]*)</\1\s*>", re.IGNORECASE)
LINE_BREAK = re.compile(r"<(?:br|wbr)\s*/?>", re.IGNORECASE)
ALONE = re.compile(r"<([a-z][a-z0-9]*)>", re.IGNORECASE)
NEVER_CLOSED = frozenset(("br", "hr", "img", "wbr", "p", "li", "input", "script", "style", "xmp", "plaintext"))
MOST_TAGS = 40
# A text that begins with a paragraph or the like, or has links, pictures or line breaks in it.
BLOCK = re.compile(
    r"\s*<(p|div|h[1-6]|ul|ol|table|blockquote|figure|article|section)\b[^<>]*>.*</\1\s*>", re.IGNORECASE | re.DOTALL
)
INSIDE = re.compile(r"<a\s[^<>]*href=[^<>]*>[^<>]*</a>|<img\s[^<>]*src=[^<>]*>|<p>[^<>]*</p>|<br\s*/?>", re.IGNORECASE)


def meant(text: str) -> str:
    """What a line of plain text is meant to say: references resolved and pairs of tags taken out, if it is not about
    these."""
    if ("&" not in text and "<" not in text) or ABOUT_MARKUP.search(text):
        return text
    for _ in range(2):
        references = NUMERIC if BARE_AMPERSAND.search(text) else REFERENCE
        text = references.sub(lambda match: html.unescape(match[0]), text)
    return _without_pairs(text) if "<" in text else text


def unescaped_html(value: str) -> str:
    """HTML whose text is itself HTML, every tag of it escaped, as that HTML; any other as it is."""
    if "<" in value or "&lt;" not in value:
        return value
    once = html.unescape(value)
    return once if is_html(once) else value


def is_html(text: str) -> bool:
    """Whether a text that should be none is HTML: paragraphs, or one that is not about the links it has in it."""
    if "<" not in text:
        return False
    return BLOCK.match(text) is not None or (INSIDE.search(text) is not None and not ABOUT_MARKUP.search(text))


def topics_escaped(title: str) -> str:
    """The HTML of a title with the elements escaped that it opens amid its words and never closes: it is about them."""
    if "<" not in title or title.count("<") > MOST_TAGS:
        return title
    start = len(title) - len(title.lstrip())

    def told(match: re.Match[str]) -> str:
        name = match[1].lower()
        is_markup = match.start() == start or name in NEVER_CLOSED or f"</{name}" in title.lower()
        return match[0] if is_markup else f"&lt;{match[1]}&gt;"

    return ALONE.sub(told, title)


def _without_pairs(text: str) -> str:
    """The text without the elements that are opened and closed in it, and without line breaks."""
    if text.count("<") > MOST_TAGS:
        return text
    text, left = LINE_BREAK.sub(" ", text), 1
    while left:
        text, left = PAIR.subn(r"\2", text)
    return text
